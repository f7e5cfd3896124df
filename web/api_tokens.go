package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

func tokenCalls() []call {
	return []call{
		{id: "list-tokens", pattern: "GET /tokens", action: identity.ReadSelf, summary: "List your tokens",
			about: "Also those that have ended.", handle: typed(listTokens)},
		{id: "make-token", pattern: "POST /tokens", action: identity.ManageTokens, summary: "Make a token", status: http.StatusCreated,
			about: "The secret is in this answer, and nowhere else. A token makes no tokens, and neither does who signed in with a recovery code.", handle: typed(makeToken)},
		{id: "end-token", pattern: "DELETE /tokens/{token}", action: identity.EndSelf, summary: "End a token", status: http.StatusNoContent, handle: typed(endToken)},
		{id: "end-tokens", pattern: "POST /tokens/end", action: identity.EndSelf, summary: "End all your tokens", status: http.StatusNoContent, about: "Not with a token.", handle: typed(endTokens)},
	}
}

// bearer returns the secret of a request's token; false where it sends none.
func (q *request) bearer() (string, bool) {
	scheme, secret, ok := strings.Cut(q.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

// byToken finds out for whom a token asks. One that is none, or has ended, is a Stranger error:
// who sends one is not taken for anybody else.
func (q *request) byToken(secret string) error {
	now := q.s.Now()
	hash := identity.HashSecret(secret)
	var used time.Time
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		k, err := tx.Token(hash)
		if err != nil {
			return err
		}
		bad := goshawk.Errorf(goshawk.Stranger, "the token is none, or has ended").WithHint("make another on the page of your account")
		if k == nil || !k.Live(now) {
			return bad
		}
		p, kind, err := tx.Person(k.Person)
		if err != nil {
			return err
		}
		if p.Disabled {
			return bad
		}
		used = k.Used
		q.subject = &identity.Subject{Person: p, Kind: kind, Via: identity.ViaToken, Scopes: k.Scopes, From: q.from()}
		return nil
	})
	if err == nil && now.Sub(used) > time.Minute {
		err = q.s.Store.TokenUsed(context.WithoutCancel(q.Context()), hash, q.from(), now)
	}
	return err
}

// note begins an entry about what is done outside of cases.
func (q *request) note(a identity.Action, what string) *audit.Entry {
	e := &audit.Entry{At: q.s.Now(), Action: string(a), What: what}
	if p := q.subject; p.Known() {
		e.Person, e.Name, e.Agency, e.Via, e.From = p.Person.ID, p.Person.Name, p.Person.Agency, string(p.Via), p.From
	}
	return e
}

type listTokensOutput struct {
	Body struct {
		Tokens []identity.Token `json:"tokens" nullable:"false"`
	} `nameHint:"TokenList"`
}

func listTokens(q *request, _ *struct{}) (*listTokensOutput, error) {
	out := &listTokensOutput{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Tokens(q.subject.Person.ID)
		out.Body.Tokens = append([]identity.Token{}, list...)
		return err
	})
	return out, err
}

type makeTokenInput struct {
	Body struct {
		Name   string           `json:"name" minLength:"1" maxLength:"100" doc:"what it is for"`
		Scopes []identity.Scope `json:"scopes" minItems:"1" maxItems:"3" nullable:"false" enum:"read,write,admin" doc:"write holds read, admin holds both"`
		Days   int              `json:"days,omitempty" minimum:"1" maximum:"366" default:"90" doc:"how long it is good for"`
	} `nameHint:"NewToken"`
}

type makeTokenOutput struct {
	Body struct {
		identity.Token
		Secret string `json:"secret" doc:"to send as Authorization: Bearer; it is not kept here"`
	} `nameHint:"TokenMade"`
}

func makeToken(q *request, in *makeTokenInput) (*makeTokenOutput, error) {
	out := &makeTokenOutput{}
	var err error
	out.Body.Token, out.Body.Secret, err = q.s.MakeToken(q.Context(), q.subject, in.Body.Name, in.Body.Scopes, time.Duration(in.Body.Days)*24*time.Hour)
	return out, err
}

// MakeToken makes a token of a person's own, good for some time, and returns it with its secret,
// which is kept nowhere.
func (s *Server) MakeToken(ctx context.Context, by *identity.Subject, name string, scopes []identity.Scope, length time.Duration) (k identity.Token, secret string, err error) {
	if err := identity.May(by, identity.ManageTokens, nil); err != nil {
		return k, "", err
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 400 || strings.ContainsFunc(name, goshawk.Unseen) {
		return k, "", goshawk.Errorf(goshawk.Invalid, "a token needs a name of one line").WithHint("say what it is for")
	}
	for _, sc := range scopes {
		if !slices.Contains(identity.Scopes(), sc) {
			return k, "", goshawk.Errorf(goshawk.Invalid, "there is no scope %q", sc).WithHint("choose read, write or admin")
		}
	}
	if len(scopes) == 0 || length <= 0 || length > identity.TokenLength {
		return k, "", goshawk.Errorf(goshawk.Invalid, "a token has a scope and from 1 to %d days", identity.TokenLength/(24*time.Hour))
	}
	now := s.Now().UTC().Truncate(time.Second)
	k = identity.Token{ID: casebook.NewID(), Person: by.Person.ID, Name: name, Scopes: slices.Compact(slices.Sorted(slices.Values(scopes))), Created: now, Ends: now.Add(length)}
	secret, k.Hash = identity.NewTokenSecret()
	q := &request{s: s, subject: by}
	return k, secret, s.Store.Do(ctx, q.note(identity.ManageTokens, "made a token: "+name), func(tx *store.Tx) error { return tx.AddToken(&k) })
}

type tokenInput struct {
	Token string `path:"token" maxLength:"128" doc:"ID of the token"`
}

func endToken(q *request, in *tokenInput) (*struct{}, error) {
	return nil, q.s.EndToken(q.Context(), q.subject, goshawk.ID(in.Token))
}

// EndToken ends a token of a person's own.
func (s *Server) EndToken(ctx context.Context, by *identity.Subject, id goshawk.ID) error {
	if err := identity.May(by, identity.EndSelf, nil); err != nil {
		return err
	}
	q := &request{s: s, subject: by}
	return s.Store.Do(ctx, q.note(identity.EndSelf, "ended a token"), func(tx *store.Tx) error { return tx.EndToken(by.Person.ID, id) })
}
