package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// notesPage shows a case's notes: the newest, or how to begin one.
func (q *request) notesPage() error { return q.notes("") }

// notePage shows one note.
func (q *request) notePage() error { return q.notes(goshawk.ID(q.PathValue("note"))) }

func (q *request) notes(id goshawk.ID) error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the notes", casebook.KindNote)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/notes", "")
	v.title = v.t("nav.notes")
	list := records(c, casebook.KindNote)
	slices.Reverse(list)
	var one *record
	if id != "" {
		r, err := find(c, casebook.KindNote, id)
		if err != nil {
			return err
		}
		one = &r
		v.trail = append(v.trail, crumb{v.title, casePath(c.ID) + "/notes"})
		v.title = noteTitle(v, r)
	}
	return q.show(v, notesPage(v, list, one))
}

// noteTitle is what a note is called: its title, or how it begins.
func noteTitle(v *view, r record) string {
	if s := strings.TrimSpace(r.Text("title")); s != "" {
		return s
	}
	begin, _, _ := strings.Cut(strings.TrimSpace(r.Text("text")), "\n")
	if begin = strings.TrimLeft(begin, "# "); begin == "" {
		return v.t("note.untitled")
	}
	return clipped(begin)
}

// sortTasks puts the first due first, and those that are never due last.
func sortTasks(list []record) {
	slices.SortStableFunc(list, func(a, b record) int {
		x, y := a.Text("due"), b.Text("due")
		if (x == "") != (y == "") {
			if x == "" {
				return 1
			}
			return -1
		}
		return cmp.Compare(x, y)
	})
}

// tasksPage shows a case's tasks.
func (q *request) tasksPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the tasks", casebook.KindTask, casebook.KindMember)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/tasks", "")
	v.title = v.t("nav.tasks")
	members, err := q.members(c)
	if err != nil {
		return err
	}
	var todo, done []record
	for _, r := range records(c, casebook.KindTask) {
		if r.Flag("done") {
			done = append(done, r)
		} else {
			todo = append(todo, r)
		}
	}
	sortTasks(todo)
	return q.show(v, tasksPage(v, todo, done, members))
}

// happened is one thing on a case's timeline.
type happened struct {
	at    time.Time // zero where no ledger says it
	icon  string
	key   string // of what kind it is
	title string
	text  string
	chain string  // an address or transaction
	of    record  // that says it
	href  string  // of its page, where there is one
	event *record // of the timeline's own, which can be changed
}

// timelinePage shows what happened, in the order in which it did.
func (q *request) timelinePage() error {
	c, list, unknown, err := q.timeline(goshawk.ID(q.PathValue("case")))
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/timeline", "")
	v.title = v.t("nav.timeline")
	at := -1
	if event := goshawk.ID(q.URL.Query().Get("event")); event != "" { // a link to one of them
		at = slices.IndexFunc(list, func(h happened) bool { return h.of.Kind == casebook.KindEvent && h.of.ID == event })
	}
	p := q.part(len(list)+len(unknown), at)
	list, unknown = cut(p, list, 0), cut(p, unknown, len(list))
	for _, some := range [][]happened{list, unknown} {
		for i := range some {
			switch h := &some[i]; h.of.Kind {
			case casebook.KindEvent:
				h.event = &h.of
			case casebook.KindCustody:
				h.href = v.recordPage(casebook.KindExhibit, goshawk.ID(h.of.Text("exhibit")))
			default:
				h.href = v.recordPage(h.of.Kind, h.of.ID)
			}
		}
	}
	return q.show(v, timelinePage(v, list, unknown, p))
}

// timelineKinds are those of the records of which a timeline tells.
var timelineKinds = []casebook.Kind{casebook.KindEvent, casebook.KindSubject, casebook.KindExhibit, casebook.KindLetter, casebook.KindAlert, casebook.KindCustody}

// timeline brings together what happened in a case, in the order in which it did. Of unknown nobody can say when it was.
func (q *request) timeline(id goshawk.ID) (c *casebook.Case, list, unknown []happened, err error) {
	c, err = q.s.Book.Read(q.Context(), q.subject, id, "read the timeline", append(timelineKinds, casebook.KindCase)...)
	if err != nil {
		return nil, nil, nil, err
	}
	words := q.words()
	add := func(at string, h happened) {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return // a field that is not set
		}
		h.at = t
		list = append(list, h)
	}
	for _, r := range records(c, casebook.KindEvent) {
		add(r.Text("at"), happened{icon: "flag", key: "event", title: r.Text("title"), text: r.Text("text"), chain: r.Text("subject"), of: r})
	}
	for _, r := range records(c, casebook.KindExhibit) {
		add(r.Text("obtained"), happened{icon: "exhibit", key: "exhibit", title: r.Text("number") + " " + r.Text("name"), text: r.Text("source"), of: r})
	}
	for _, r := range records(c, casebook.KindCustody) {
		add(r.Text("at"), happened{icon: "exhibit", key: "custody", title: words.t("custody.line", "From", r.Text("from"), "To", r.Text("to")), text: r.Text("reason"), of: r})
	}
	for _, r := range records(c, casebook.KindLetter) {
		add(r.Text("sent"), happened{icon: "letter", key: "letter", title: r.Text("service"), text: r.Text("reference"), of: r})
	}
	for _, r := range records(c, casebook.KindAlert) {
		add(r.Text("at"), happened{icon: "watch", key: "alert", title: words.t("timeline.moved"), of: r})
	}
	times := map[string]time.Time{}
	subjects := slices.DeleteFunc(records(c, casebook.KindSubject), func(r record) bool { return r.Text("what") != "transaction" })
	if len(subjects) > 0 {
		byNetwork := map[string][]string{}
		for _, r := range subjects {
			byNetwork[r.Text("network")] = append(byNetwork[r.Text("network")], r.Text("text"))
		}
		for network, list := range byNetwork {
			// A ledger that does not answer leaves times unknown, which the page says.
			if err := q.times(network, own(c).Text("ledger"), list, times); err != nil {
				q.s.Log.Warn("a ledger does not say when transactions were", "error", err)
			}
		}
	}
	for _, r := range subjects {
		h := happened{icon: "trace", key: "transaction", title: r.Text("title"), text: r.Text("comment"), chain: r.Text("text"), of: r}
		if at, ok := times[r.Text("text")]; ok {
			add(at.UTC().Format(time.RFC3339), h)
		} else {
			unknown = append(unknown, h)
		}
	}
	slices.SortStableFunc(list, func(a, b happened) int { return a.at.Compare(b.at) })
	return c, list, unknown, nil
}
