package web

import (
	"net/http"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

func settingsCalls() []call {
	return []call{
		{id: "read-mail", pattern: "GET /mail", action: identity.ManageServer, summary: "Read how mail is sent", about: "As the server was started with it: never its password.", handle: typed(readMail)},
		{id: "try-mail", pattern: "POST /mail/try", action: identity.ManageServer, summary: "Send yourself a mail", status: http.StatusNoContent, about: "To find out whether mail comes through: what the mail server says is the answer.", handle: typed(tryMailCall)},
		{id: "list-webhooks", pattern: "GET /webhooks", action: identity.ManageServer, summary: "List webhooks", about: "Programs that are told what moved. Their keys are shown to nobody.", handle: typed(listHooks)},
		{id: "add-webhook", pattern: "POST /webhooks", action: identity.ManageServer, summary: "Add a webhook", status: http.StatusCreated, about: "The answer holds the key that signs what it is sent, this once.", handle: typed(addHookCall)},
		{id: "try-webhook", pattern: "POST /webhooks/{hook}/try", action: identity.ManageServer, summary: "Try a webhook", status: http.StatusNoContent, about: "Calls it with a message that is none.", handle: typed(tryHookCall)},
		{id: "remove-webhook", pattern: "DELETE /webhooks/{hook}", action: identity.ManageServer, summary: "Remove a webhook", status: http.StatusNoContent, about: "What waits for it is withheld.", handle: typed(removeHookCall)},
		{id: "list-messages", pattern: "GET /messages", action: identity.ManageServer, summary: "List messages",
			about: "What became of the messages to people and programs: how many in each state, and the newest of one. What they say stays in their cases.", handle: typed(listMessages)},
		{id: "send-again", pattern: "POST /messages/again", action: identity.ManageServer, summary: "Try messages again", status: http.StatusNoContent, about: "Those that were given up, and those whose last try failed, now.", handle: typed(sendAgainCall)},
	}
}

type readMailOutput struct {
	Body struct {
		Configured bool   `json:"configured"`
		Host       string `json:"host,omitempty"`
		Port       int    `json:"port,omitempty"`
		Security   string `json:"security,omitempty" enum:"starttls,tls,none"`
		From       string `json:"from,omitempty"`
		User       string `json:"user,omitempty"`
	} `nameHint:"MailSettings"`
}

func readMail(q *request, _ *struct{}) (*readMailOutput, error) {
	out := &readMailOutput{}
	if q.s.Notify == nil || q.s.Notify.Mail == nil {
		return out, nil
	}
	m := q.s.Notify.Mail
	b := &out.Body
	b.Configured, b.Host, b.Port, b.Security, b.From, b.User = true, m.Host, m.Port, m.Security, m.From, m.User
	return out, nil
}

func tryMailCall(q *request, _ *struct{}) (*struct{}, error) { return nil, q.mailMyself() }

type hookOut struct {
	ID      goshawk.ID `json:"id"`
	Agency  goshawk.ID `json:"agency"`
	Name    string     `json:"name"`
	URL     string     `json:"url"`
	Created time.Time  `json:"created"`
}

type listHooksOutput struct {
	Body struct {
		Webhooks []hookOut `json:"webhooks" nullable:"false"`
	} `nameHint:"WebhookList"`
}

func listHooks(q *request, _ *struct{}) (*listHooksOutput, error) {
	out := &listHooksOutput{}
	out.Body.Webhooks = []hookOut{}
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.AllHooks()
		for i := range list {
			h := &list[i]
			out.Body.Webhooks = append(out.Body.Webhooks, hookOut{h.ID, h.Agency, h.Name, h.URL, h.Created})
		}
		return err
	})
}

type addHookInput struct {
	Body struct {
		Agency goshawk.ID `json:"agency" minLength:"1" maxLength:"128" doc:"whose cases it is told of"`
		Name   string     `json:"name" minLength:"1" maxLength:"200"`
		URL    string     `json:"url" maxLength:"2000" doc:"an https address that is no private one, unless the server was told otherwise"`
	} `nameHint:"NewWebhook"`
}

type addHookOutput struct {
	Body struct {
		ID     goshawk.ID `json:"id"`
		Secret string     `json:"secret" doc:"shown this once"`
	} `nameHint:"WebhookMade"`
}

func addHookCall(q *request, in *addHookInput) (*addHookOutput, error) {
	h := store.Hook{ID: casebook.NewID(), Agency: in.Body.Agency, Name: strings.TrimSpace(in.Body.Name), URL: strings.TrimSpace(in.Body.URL), Created: q.s.Now(), Person: q.subject.Person.ID}
	if err := q.makeHook(&h); err != nil {
		return nil, err
	}
	out := &addHookOutput{}
	out.Body.ID, out.Body.Secret = h.ID, h.Secret
	return out, nil
}

type hookInput struct {
	Hook string `path:"hook" maxLength:"128" doc:"ID of the webhook"`
}

func tryHookCall(q *request, in *hookInput) (*struct{}, error) {
	return nil, q.callHook(goshawk.ID(in.Hook))
}

func removeHookCall(q *request, in *hookInput) (*struct{}, error) {
	return nil, q.dropHook(goshawk.ID(in.Hook))
}

type listMessagesInput struct {
	State string `query:"state" enum:"waiting,told,refused,withheld" default:"waiting"`
	Most  int    `query:"most" minimum:"1" maximum:"200" default:"50"`
}

type messageOut struct {
	ID    goshawk.ID `json:"id"`
	Way   string     `json:"way" enum:"mail,webhook"`
	To    goshawk.ID `json:"to" doc:"ID of the person or the webhook"`
	State string     `json:"state"`
	Made  time.Time  `json:"made"`
	Due   time.Time  `json:"due" doc:"of one that waits: when it is tried next"`
	Tries int        `json:"tries"`
	Fault string     `json:"fault,omitempty" doc:"why the last try failed"`
	Ended *time.Time `json:"ended,omitempty"`
}

type listMessagesOutput struct {
	Body struct {
		Counts   map[string]int `json:"counts" doc:"of each state"`
		Messages []messageOut   `json:"messages" nullable:"false"`
	} `nameHint:"MessageList"`
}

func listMessages(q *request, in *listMessagesInput) (*listMessagesOutput, error) {
	out := &listMessagesOutput{}
	out.Body.Messages = []messageOut{}
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Messages(in.Most, in.State)
		for i := range list {
			m := &list[i]
			one := messageOut{ID: m.ID, Way: string(m.Way), To: m.To, State: m.State, Made: m.Made, Due: m.Due, Tries: m.Tries, Fault: m.Fault}
			if !m.Ended.IsZero() {
				one.Ended = &m.Ended
			}
			out.Body.Messages = append(out.Body.Messages, one)
		}
		if err == nil {
			out.Body.Counts, err = tx.CountMessages()
		}
		return err
	})
}

func sendAgainCall(q *request, _ *struct{}) (*struct{}, error) { return nil, q.tellAgain() }
