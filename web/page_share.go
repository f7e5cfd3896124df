package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// shareRoutes are the pages of snapshots that are shared with who is no member of their case.
func shareRoutes() []route {
	return []route{
		{"POST /cases/{case}/shares", identity.ManageCase, (*request).shareForm},
		{"POST /cases/{case}/shares/{share}/end", identity.ManageCase, (*request).endShareForm},
		{"GET /shared/{case}/{share}", identity.ReadShared, (*request).sharedPage},
	}
}

// sharePath is where a shared snapshot is looked at.
func sharePath(s *casebook.Share) string { return "/shared/" + string(s.Case) + "/" + string(s.ID) }

// standingShare is a share in the list of a case's graphs.
type standingShare struct {
	casebook.Share
	name, email string // of who it is shared with
}

// standingShares lists the shares of a case that hold, with whom, by when they end.
func (q *request) standingShares(c *casebook.Case) ([]standingShare, error) {
	var list []standingShare
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		for _, s := range c.Shares(q.s.Now()) {
			p, _, err := tx.Person(s.Person)
			if err != nil && goshawk.CodeOf(err) != goshawk.NotFound {
				return err
			}
			list = append(list, standingShare{s, cmp.Or(p.Name, string(s.Person)), p.Email})
		}
		return nil
	})
	slices.SortFunc(list, func(a, b standingShare) int { return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// colleague finds whom something is to be shared with: by ID, or by the whole e-mail address. Who may not
// share is told so first, and learns nothing of who has an account.
func (q *request) colleague(c goshawk.ID, person goshawk.ID, email string) (goshawk.ID, error) {
	if err := q.s.Book.MayManage(q.Context(), q.subject, c); err != nil {
		return "", err
	}
	var p identity.Person
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if person != "" {
			p, _, err = tx.Person(person)
		} else {
			p, _, err = tx.PersonByEmail(strings.TrimSpace(email))
		}
		return err
	})
	if goshawk.CodeOf(err) == goshawk.NotFound || err == nil && p.Disabled {
		return "", goshawk.Errorf(goshawk.Invalid, "nobody here has that e-mail address").WithHint("an administrator can invite them")
	}
	return p.ID, err
}

// shareForm shares a snapshot until the end of a day.
func (q *request) shareForm() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	who, err := q.colleague(id, "", q.PostForm.Get("email"))
	if err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, q.PostForm.Get("until"))
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "%q is no day", clipped(q.PostForm.Get("until"))).WithHint("write it as 2026-11-30")
	}
	if _, err := q.s.Book.Share(q.Context(), q.subject, id, goshawk.ID(q.PostForm.Get("snapshot")), who, day.Add(24*time.Hour-time.Second)); err != nil {
		return err
	}
	return q.done(casePath(id)+"/graphs", "shared", 0)
}

func (q *request) endShareForm() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.s.Book.EndShare(q.Context(), q.subject, id, goshawk.ID(q.PathValue("share"))); err != nil {
		return err
	}
	return q.done(casePath(id)+"/graphs", "share_ended", 0)
}

// sharedPage shows a snapshot to whom it is shared with: the picture and its table, the marking, who shared it
// and until when; nothing else of the case, not even its title.
func (q *request) sharedPage() error {
	x, err := q.s.Book.LookAtShared(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("share")))
	if err != nil {
		return err
	}
	g := &graphView{Version: &x.Graph, snapshot: cmp.Or(x.Title, "–"), shared: &x.Share}
	g.rows()
	v := q.page(x.Title)
	v.here, v.mark, v.wide = "/cases", x.Marking, true
	v.trail = []crumb{{v.t("nav.cases"), "/cases"}}
	return q.show(v, graphPage(v, g))
}

// inAMonth is the day that a form for sharing proposes.
func (v *view) inAMonth() string { return v.q.s.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly) }
