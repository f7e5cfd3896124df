package web

import (
	"net/http"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/notify"
	"goshawk/store"
)

// settingsRoutes are the page of who manages the server: who is told what moved, and what became of it.
func settingsRoutes() []route {
	return []route{
		{"GET /settings", identity.ManageServer, (*request).serverPage},
		{"POST /settings/mail/try", identity.ManageServer, (*request).tryMail},
		{"POST /settings/webhooks", identity.ManageServer, (*request).addHook},
		{"POST /settings/webhooks/{hook}/try", identity.ManageServer, (*request).tryHook},
		{"POST /settings/webhooks/{hook}/remove", identity.ManageServer, (*request).removeHook},
		{"POST /settings/messages/again", identity.ManageServer, (*request).sendAgain},
	}
}

// telling is what the page of the server's settings shows.
type telling struct {
	mail     *notify.Mailer // nil: there is no mail server
	hooks    []store.Hook
	agencies []identity.Agency
	names    map[goshawk.ID]string // of agencies
	counts   map[string]int
	stuck    []store.Message
	secret   string // of a webhook that was just made
	entered  store.Hook
	problem  *problem
}

// mostStuck is how many messages that are not taken the page shows.
const mostStuck = 50

// sender tells people what moved, or is missing.
func (q *request) sender() (*notify.Sender, error) {
	if q.s.Notify == nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this server tells nobody what moves")
	}
	return q.s.Notify, nil
}

func (q *request) serverPage() error { return q.showServer(&telling{}, nil) }

// showServer shows the server's settings: no secret but of a webhook that was just made.
func (q *request) showServer(o *telling, failed error) error {
	if failed != nil {
		if q.forProgram() {
			return failed
		}
		p := q.s.problemOf(failed)
		o.problem = &p
	}
	if q.s.Notify != nil {
		o.mail = q.s.Notify.Mail
	}
	o.names = map[goshawk.ID]string{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if o.hooks, err = tx.AllHooks(); err != nil {
			return err
		}
		if o.agencies, err = tx.Agencies(); err != nil {
			return err
		}
		if o.counts, err = tx.CountMessages(); err != nil {
			return err
		}
		list, err := tx.Messages(4*mostStuck, store.MessageRefused, store.MessageWaiting)
		for _, m := range list {
			if m.Fault != "" && len(o.stuck) < mostStuck {
				o.stuck = append(o.stuck, m)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range o.agencies {
		o.names[a.ID] = a.Name
	}
	v := q.page("")
	v.title = v.t("server.title")
	code := http.StatusOK
	if o.problem != nil {
		code = o.problem.Status
	}
	return q.showAs(code, v, serverPage(v, o))
}

// hookName is what a webhook is called.
func (o *telling) hookName(id goshawk.ID) string {
	for i := range o.hooks {
		if o.hooks[i].ID == id {
			return o.hooks[i].Name
		}
	}
	return string(id)
}

// mailMyself sends a mail to who asks.
func (q *request) mailMyself() error {
	n, err := q.sender()
	if err == nil {
		err = q.s.Store.Do(q.Context(), q.note(identity.ManageServer, "tried whether mail comes through"), func(*store.Tx) error { return nil })
	}
	if err == nil {
		err = n.TryMail(q.Context(), q.subject.Person.Email)
	}
	return err
}

func (q *request) tryMail() error {
	if err := q.mailMyself(); err != nil {
		return q.showServer(&telling{}, err)
	}
	return q.done("/settings", "mail_tried", 0)
}

// addHook adds a webhook, and shows its key this once.
func (q *request) addHook() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	h := store.Hook{ID: casebook.NewID(), Agency: goshawk.ID(q.field("agency")), Name: q.field("name"), URL: strings.TrimSpace(q.field("url")), Created: q.s.Now(), Person: q.subject.Person.ID}
	err := q.makeHook(&h)
	if err != nil {
		return q.showServer(&telling{entered: h}, err)
	}
	return q.showServer(&telling{secret: h.Secret}, nil)
}

// makeHook checks a webhook, makes its key and keeps it.
func (q *request) makeHook(h *store.Hook) error {
	n, err := q.sender()
	if err != nil {
		return err
	}
	if h.Name == "" || len(h.Name) > 200 || strings.ContainsFunc(h.Name, goshawk.Unseen) {
		return goshawk.Errorf(goshawk.Invalid, "the webhook needs a name").WithHint("one line, by which colleagues know it")
	}
	if err := n.Hooks.Check(h.URL); err != nil {
		return err
	}
	if h.Secret, err = notify.NewHookSecret(); err != nil {
		return err
	}
	return q.s.Store.Do(q.Context(), q.note(identity.ManageServer, "added the webhook "+h.Name), func(tx *store.Tx) error {
		agencies, err := tx.Agencies()
		if err != nil {
			return err
		}
		for _, a := range agencies {
			if a.ID == h.Agency {
				return tx.AddHook(h)
			}
		}
		return goshawk.Errorf(goshawk.Invalid, "there is no such agency").WithHint("choose one of those there are")
	})
}

// callHook calls a webhook with a message that is none.
func (q *request) callHook(id goshawk.ID) error {
	n, err := q.sender()
	var hook *store.Hook
	if err == nil {
		err = q.s.Store.Do(q.Context(), q.note(identity.ManageServer, "tried the webhook "+string(id)), func(tx *store.Tx) error {
			all, err := tx.AllHooks()
			for i := range all {
				if all[i].ID == id {
					hook = &all[i]
				}
			}
			if err == nil && hook == nil {
				err = goshawk.Errorf(goshawk.NotFound, "there is no such webhook")
			}
			return err
		})
	}
	if err == nil {
		err = n.TryHook(q.Context(), hook)
	}
	return err
}

func (q *request) tryHook() error {
	if err := q.callHook(goshawk.ID(q.PathValue("hook"))); err != nil {
		return q.showServer(&telling{}, err)
	}
	return q.done("/settings", "webhook_tried", 0)
}

func (q *request) dropHook(id goshawk.ID) error {
	return q.s.Store.Do(q.Context(), q.note(identity.ManageServer, "removed the webhook "+string(id)), func(tx *store.Tx) error { return tx.RemoveHook(id) })
}

func (q *request) removeHook() error {
	if err := q.dropHook(goshawk.ID(q.PathValue("hook"))); err != nil {
		return err
	}
	return q.done("/settings", "webhook_removed", 0)
}

// tellAgain has what is not taken tried again now.
func (q *request) tellAgain() error {
	now := q.s.Now()
	return q.s.Store.Do(q.Context(), q.note(identity.ManageServer, "had messages that were not taken tried again"), func(tx *store.Tx) error { return tx.TryAgain(now) })
}

func (q *request) sendAgain() error {
	if err := q.tellAgain(); err != nil {
		return err
	}
	return q.done("/settings", "messages_again", 0)
}

// tellForm sets whom a watch tells: members by mail, and the agency's webhooks.
func (q *request) tellForm() error {
	if err := q.form(); err != nil {
		return err
	}
	c, watch := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("watch"))
	if err := q.s.Book.MayChange(q.Context(), q.subject, c); err != nil {
		return err
	}
	var edits []casebook.Edit
	for name := range q.PostForm {
		field, is := strings.CutPrefix(name, "b.")
		if !is || field != "webhook" && !strings.HasPrefix(field, "mail/") {
			continue
		}
		was, now := q.PostForm.Get(name) == "true", q.PostForm.Get("f."+field) == "true"
		if was == now {
			continue
		}
		e := casebook.Set(casebook.KindWatch, watch, field, now)
		if q.PostForm.Get(name) != "" {
			e.Before = []byte(q.PostForm.Get(name))
		}
		edits = append(edits, e)
	}
	if len(edits) > 0 {
		if _, err := q.s.Book.Change(q.Context(), q.subject, c, "set whom a watch tells", edits); err != nil {
			return err
		}
	}
	return q.done(casePath(c)+"/watches", "watch_told", 0)
}

// whom is a member of a case, and whether a watch tells them.
type whom struct {
	id   goshawk.ID
	name string
}

// members are the people that a watch of a case may tell, by name.
func (q *request) tellable(c *casebook.Case) ([]whom, error) {
	var ids []goshawk.ID
	for _, m := range records(c, casebook.KindMember) {
		ids = append(ids, m.ID)
	}
	names, err := q.names(ids...)
	list := make([]whom, len(ids))
	for i, id := range ids {
		list[i] = whom{id, names[id]}
	}
	return list, err
}

// hooksOf says whether a case's agency has webhooks.
func (q *request) hooksOf(c *casebook.Case) (has bool, err error) {
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Hooks(c.Agency)
		has = len(list) > 0
		return err
	})
	return has, err
}

// told is a watch's field as it was: the JSON of a flag; "" where it was never set.
func told(r *record, field string) string { return string(r.Record[field].JSON) }

// toldCount counts whom a watch tells.
func toldCount(r *record) (n int) {
	for name := range r.Record {
		if strings.HasPrefix(name, "mail/") && r.Flag(name) {
			n++
		}
	}
	if r.Flag("webhook") {
		n++
	}
	return n
}
