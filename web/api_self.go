package web

import (
	"net/http"
	"time"

	"goshawk/identity"
	"goshawk/store"
)

// selfCalls are about one's own account. Setting up a passkey or a password takes a browser's ceremony or an
// authenticator's picture: those are pages.
func selfCalls() []call {
	return []call{
		{id: "read-self", pattern: "GET /self", action: identity.ReadSelf, summary: "Who you are here",
			about: "The person that a token or session stands for, how they signed in, and a token's scopes.", handle: typed(readSelf)},
		{id: "list-sessions", pattern: "GET /self/sessions", action: identity.ReadSelf, summary: "List your sessions", handle: typed(listSessions)},
		{id: "end-session", pattern: "DELETE /self/sessions/{session}", action: identity.EndSelf, summary: "End one of your sessions", status: http.StatusNoContent, about: "Not with a token.", handle: typed(endSession)},
		{id: "end-other-sessions", pattern: "POST /self/sessions/end", action: identity.EndSelf, summary: "End all your sessions but this one", status: http.StatusNoContent, about: "Not with a token.", handle: typed(endOtherSessions)},
		{id: "list-ways", pattern: "GET /self/ways", action: identity.ReadSelf, summary: "List your ways to sign in",
			about: "New ones are set up on the page of your account: a passkey is made by your browser, and a password comes with an authenticator.", handle: typed(listWays)},
		{id: "remove-passkey", pattern: "DELETE /self/passkeys/{passkey}", action: identity.ChangeSelf, summary: "Remove one of your passkeys", status: http.StatusNoContent,
			about: "Ends your other sessions; never your last way in. " + inPerson, handle: typed(removePasskey)},
		{id: "remove-password", pattern: "DELETE /self/password", action: identity.ChangeSelf, summary: "Remove your password", status: http.StatusNoContent,
			about: "As for passkeys. " + inPerson, handle: typed(removePassword)},
	}
}

type readSelfOutput struct {
	Body struct {
		Person identity.Person     `json:"person"`
		Kind   identity.AgencyKind `json:"kind" doc:"of their agency"`
		Via    identity.Via        `json:"via"`
		Scopes []identity.Scope    `json:"scopes,omitempty"`
	} `nameHint:"Self"`
}

func readSelf(q *request, _ *struct{}) (*readSelfOutput, error) {
	out := &readSelfOutput{}
	out.Body.Person, out.Body.Kind, out.Body.Via, out.Body.Scopes = q.subject.Person, q.subject.Kind, q.subject.Via, q.subject.Scopes
	return out, nil
}

// sessionOut is a session by a name that signs nobody in.
type sessionOut struct {
	ID   string `json:"id"`
	This bool   `json:"this" doc:"the one that asks"`
	identity.Session
}

type listSessionsOutput struct {
	Body struct {
		Sessions []sessionOut `json:"sessions" nullable:"false"`
	} `nameHint:"SessionList"`
}

func listSessions(q *request, _ *struct{}) (*listSessionsOutput, error) {
	out := &listSessionsOutput{}
	out.Body.Sessions = []sessionOut{}
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Sessions(q.subject.Person.ID, q.s.Now())
		for _, s := range list {
			out.Body.Sessions = append(out.Body.Sessions, sessionOut{s.Hash, q.session != nil && q.session.Hash == s.Hash, s})
		}
		return err
	})
}

type sessionInput struct {
	Session string `path:"session" maxLength:"128"`
}

func endSession(q *request, in *sessionInput) (*struct{}, error) { return nil, q.signOutAt(in.Session) }

func endOtherSessions(q *request, _ *struct{}) (*struct{}, error) { return nil, q.signOutElsewhere() }

type listWaysOutput struct {
	Body struct {
		Ways            *identity.Ways     `json:"ways,omitempty"`
		Passkeys        []identity.Passkey `json:"passkeys" nullable:"false"`
		PasswordChanged time.Time          `json:"passwordChanged,omitzero"`
	} `nameHint:"WayList"`
}

func listWays(q *request, _ *struct{}) (*listWaysOutput, error) {
	out := &listWaysOutput{}
	id := q.subject.Person.ID
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Passkeys(id)
		if err != nil {
			return err
		}
		out.Body.Passkeys = append([]identity.Passkey{}, list...)
		ways, err := tx.Ways(id)
		if err != nil {
			return err
		}
		out.Body.Ways = ways[id]
		p, err := tx.Password(id)
		if p != nil {
			out.Body.PasswordChanged = p.Changed
		}
		return err
	})
}

type passkeyInput struct {
	Passkey string `path:"passkey" maxLength:"2048"`
	TokensInput
}

// TokensInput says what becomes of tokens when a way in is taken away.
type TokensInput struct {
	Tokens string `query:"tokens" enum:"end,keep" doc:"what becomes of your tokens that were made since this way in was set up. Where there are such, it is to be said"`
}

func removePasskey(q *request, in *passkeyInput) (*struct{}, error) {
	_, err := q.withoutPasskey(in.Passkey, in.Tokens)
	return nil, err
}

func removePassword(q *request, in *TokensInput) (*struct{}, error) {
	_, err := q.withoutPassword(in.Tokens)
	return nil, err
}
