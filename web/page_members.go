package web

import (
	"cmp"
	"slices"
	"strings"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// member is somebody who works on a case.
type member struct {
	record
	id     goshawk.ID
	name   string
	email  string
	agency goshawk.ID
	part   string
}

// members are a case's, the leads first.
func (q *request) members(c *casebook.Case) ([]member, error) {
	var list []member
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		for _, r := range records(c, casebook.KindMember) {
			p, _, err := tx.Person(r.ID)
			if err != nil && goshawk.CodeOf(err) != goshawk.NotFound {
				return err
			}
			if p.Name == "" {
				p.Name = string(r.ID)
			}
			list = append(list, member{r, r.ID, p.Name, p.Email, p.Agency, r.Text("part")})
		}
		return nil
	})
	rank := func(m *member) int { return slices.Index(parts(), identity.Part(m.part)) }
	slices.SortFunc(list, func(a, b member) int { return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.name, b.name)) })
	return list, err
}

func memberName(list []member, id string) string {
	for _, m := range list {
		if string(m.id) == id {
			return m.name
		}
	}
	return ""
}

// membersPage shows who works on a case.
func (q *request) membersPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the members", casebook.KindMember)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/members", "")
	v.title = v.t("nav.members")
	list, err := q.members(c)
	if err != nil {
		return err
	}
	var others []identity.Person
	if v.mayManage() {
		err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
			others, err = tx.People(q.subject.Person.Agency)
			return err
		})
		if err != nil {
			return err
		}
		others = slices.DeleteFunc(others, func(p identity.Person) bool { return p.Disabled || memberName(list, string(p.ID)) != "" })
	}
	return q.show(v, membersPage(v, list, others))
}

// addMember makes somebody a member: one's own agency's people by choice, others by their whole
// e-mail address.
func (q *request) addMember() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	// Who may not choose members learns nothing of who has an account.
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "chose a member", casebook.KindMember)
	if err != nil {
		return err
	}
	at := &identity.Standing{Agency: c.Agency, Part: c.Part, Closed: c.Status == "closed"}
	if err := identity.May(q.subject, identity.ManageCase, at); err != nil {
		return err
	}
	none := goshawk.Errorf(goshawk.NotFound, "nobody here has that e-mail address").WithHint("an administrator can invite them")
	var p identity.Person
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if who := q.PostForm.Get("person"); who != "" {
			p, _, err = tx.Person(goshawk.ID(who))
		} else {
			p, _, err = tx.PersonByEmail(strings.TrimSpace(q.PostForm.Get("email")))
		}
		return err
	})
	switch {
	case goshawk.CodeOf(err) == goshawk.NotFound || err == nil && p.Disabled:
		return none
	case err != nil:
		return err
	}
	was := c.Records[casebook.KindMember][p.ID]
	edits := []casebook.Edit{{Field: casebook.Field{Kind: casebook.KindMember, ID: p.ID, Name: "part"}, Before: was["part"].JSON, After: casebook.Set("", "", "", q.PostForm.Get("part")).After}}
	if was.Gone() {
		edits = append(edits, casebook.Edit{Field: casebook.Field{Kind: casebook.KindMember, ID: p.ID, Name: casebook.Deleted}, Before: was[casebook.Deleted].JSON})
	}
	if _, err := q.s.Book.Change(q.Context(), q.subject, id, "made somebody a member", edits); err != nil {
		return err
	}
	return q.done(casePath(id)+"/members", "added", 0)
}

// historyLine is a line of a case's history: an entry of the audit trail, with its change if it made one.
type historyLine struct {
	audit.Entry
	line *line
}

// perPage is how many lines a page of history has.
const perPage = 50

// historyPage shows who did what.
func (q *request) historyPage() error {
	id := goshawk.ID(q.PathValue("case"))
	all := q.URL.Query().Get("show") == "all"
	before := int64(0)
	if s := q.URL.Query().Get("before"); s != "" {
		n, err := number(s)
		if err != nil {
			return err
		}
		before = n
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read the history", casebook.KindCase)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/history", "")
	v.title = v.t("nav.history")
	if err := identity.May(q.subject, identity.ReadHistory, &identity.Standing{Agency: c.Agency, Part: c.Part}); err != nil {
		return err
	}
	var entries []store.Happened
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		entries, err = tx.History(id, before, perPage+1, !all)
		return err
	})
	if err != nil {
		return err
	}
	more := int64(0)
	if len(entries) > perPage {
		entries = entries[:perPage]
		more = entries[perPage-1].Seq
	}
	var changes []casebook.Change
	for _, e := range entries {
		if e.Change != nil {
			changes = append(changes, *e.Change)
		}
	}
	lines, err := q.lines(v, changes)
	if err != nil {
		return err
	}
	list := make([]historyLine, len(entries))
	for i, e := range entries {
		list[i].Entry = e.Entry
		if e.Change == nil {
			continue
		}
		list[i].line, lines = &lines[0], lines[1:]
		if list[i].line.what == "" {
			list[i].line.what = e.What // too large to be shown
		}
	}
	return q.show(v, historyPage(v, list, all, before, more))
}

// viaName is how somebody had signed in, in words.
func (w *words) viaName(via string) string {
	if key := "via." + via; w.has(key) {
		return w.t(key)
	}
	return via
}
