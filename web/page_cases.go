package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// start sends who is signed in to their cases.
func (q *request) start() error {
	http.Redirect(q.w, q.Request, "/cases", http.StatusSeeOther)
	return nil
}

// statuses are those that a case may have.
func statuses() []string { return []string{"open", "waiting", "closed"} }

// pastRetention stands beside the statuses in the list of cases: those whose retention ended.
const pastRetention = "past"

// mostListed is the most cases that one page lists: the search finds the others.
const mostListed = 500

// casesPage lists the cases that one may read.
func (q *request) casesPage() error {
	list, err := q.s.Book.List(q.Context(), q.subject)
	if err != nil {
		return err
	}
	status, word, now := q.URL.Query().Get("status"), strings.TrimSpace(q.URL.Query().Get("with")), q.s.Now()
	counts := map[string]int{}
	for _, c := range list {
		counts[c.Status]++
		if c.Past(now) {
			counts[pastRetention]++
		}
	}
	total := len(list)
	list = slices.DeleteFunc(list, func(c casebook.Summary) bool {
		return status == pastRetention && !c.Past(now) || status != "" && status != pastRetention && c.Status != status || word != "" && !strings.Contains(strings.ToLower(c.Title+" "+c.Reference), strings.ToLower(word))
	})
	v := q.page("")
	v.title = v.t("cases.title")
	more := max(0, len(list)-mostListed)
	body := casesList(v, list[:len(list)-more], more, total, status, word)
	if q.partly() {
		return q.showPart(body)
	}
	shared, err := q.s.Book.SharedWith(q.Context(), q.subject)
	if err != nil {
		return err
	}
	return q.show(v, casesPage(v, body, counts, total, status, word, shared))
}

// openCase opens a case.
func (q *request) openCase() error {
	if err := q.form(); err != nil {
		return err
	}
	title := strings.TrimSpace(q.PostForm.Get("title"))
	if title == "" {
		return goshawk.Errorf(goshawk.Invalid, "a case needs a title").WithHint("say in a few words what it is about")
	}
	id, err := q.s.Book.Open(q.Context(), q.subject, title, strings.TrimSpace(q.PostForm.Get("reference")))
	if err != nil {
		return err
	}
	return q.done(casePath(id), "opened", 0)
}

// overview is what the first page of a case shows.
type overview struct {
	own      record
	tasks    []record // not done, the first due first
	done     int
	findings []record
	members  []member
	changes  []line // the newest first
	counts   []count
	alerts   int // that nobody has seen
}

// count is how many there are of something, and where.
type count struct {
	key, path string
	n         int
}

// overviewPage is the first page of a case.
func (q *request) overviewPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the case", casebook.KindCase, casebook.KindMember, casebook.KindTask, casebook.KindFinding,
		casebook.KindSubject, casebook.KindExhibit, casebook.KindNote, casebook.KindRun, casebook.KindLetter, casebook.KindAlert)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "", "")
	v.title, v.trail = caseTitle(v, &c.Summary), v.trail[:1]
	o := overview{own: own(c), findings: records(c, casebook.KindFinding)}
	for _, r := range records(c, casebook.KindTask) {
		if r.Flag("done") {
			o.done++
		} else {
			o.tasks = append(o.tasks, r)
		}
	}
	sortTasks(o.tasks)
	for _, r := range records(c, casebook.KindAlert) {
		if !r.Flag("seen") {
			o.alerts++
		}
	}
	for _, one := range []struct {
		kind      casebook.Kind
		key, path string
	}{{casebook.KindSubject, "nav.subjects", "/subjects"}, {casebook.KindRun, "nav.runs", "/runs"}, {casebook.KindExhibit, "nav.exhibits", "/exhibits"}, {casebook.KindNote, "nav.notes", "/notes"}, {casebook.KindLetter, "nav.letters", "/letters"}} {
		o.counts = append(o.counts, count{one.key, one.path, len(records(c, one.kind))})
	}
	if o.members, err = q.members(c); err != nil {
		return err
	}
	var last []casebook.Change
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		last, err = tx.Changes(c.ID, max(0, c.Seq-8), 8)
		return err
	})
	if err != nil {
		return err
	}
	if o.changes, err = q.lines(v, last); err != nil {
		return err
	}
	slices.Reverse(o.changes)
	return q.show(v, overviewPage(v, &o))
}

// line is a change of a case in words.
type line struct {
	casebook.Change
	who   string
	what  string // in short
	edits []editLine
}

// canUndo says whether the change can be taken back at all: evidence stays.
func (l *line) canUndo() bool {
	_, err := l.Undo()
	return err == nil && len(l.Edits) > 0
}

// editLine is one field's change in words.
type editLine struct {
	kind, field, before, after string
	href                       string // of the record; "": it has no page
}

// lines says changes in words.
func (q *request) lines(v *view, list []casebook.Change) ([]line, error) {
	people := make([]goshawk.ID, 0, len(list))
	for _, c := range list {
		people = append(people, c.Person)
	}
	names, err := q.names(people...)
	if err != nil {
		return nil, err
	}
	out := make([]line, 0, len(list))
	for _, c := range list {
		l := line{Change: c, who: names[c.Person]}
		l.edits, l.what = v.inWords(&c)
		out = append(out, l)
	}
	return out, nil
}

// mostShown is how many edits of a change its line shows.
const mostShown = 30

// inWords says what a change did: its edits, and all of it in short.
func (v *view) inWords(c *casebook.Change) (edits []editLine, short string) {
	type what struct {
		kind casebook.Kind
		how  string // added, changed, deleted
	}
	how := map[casebook.Kind]map[goshawk.ID]string{}
	var kinds []casebook.Kind
	for i, e := range c.Edits {
		if how[e.Kind] == nil {
			how[e.Kind] = map[goshawk.ID]string{}
			kinds = append(kinds, e.Kind)
		}
		rule, _ := casebook.Lookup(e.Kind, e.Name)
		was := how[e.Kind][e.ID]
		switch {
		case e.Name == casebook.Deleted && string(e.After) == "true":
			how[e.Kind][e.ID] = "deleted"
		case rule.Need && plainValue(e.Before) == "" && was != "deleted":
			how[e.Kind][e.ID] = "added"
		case was == "":
			how[e.Kind][e.ID] = "changed"
		}
		if i < mostShown {
			edits = append(edits, editLine{kind: v.kindName(e.Kind), field: v.fieldName(e.Kind, e.Name), before: shortened(plainValue(e.Before)), after: shortened(plainValue(e.After)), href: v.recordPage(e.Kind, e.ID)})
		}
	}
	var parts []string
	for _, k := range kinds {
		n := map[what]int{}
		for _, h := range how[k] {
			n[what{k, h}]++
		}
		for _, h := range []string{"added", "changed", "deleted"} {
			if m := n[what{k, h}]; m > 0 {
				parts = append(parts, v.n("did."+h, m, "What", v.kindName(k)))
			}
		}
	}
	short = strings.Join(parts, ", ")
	if c.Undoes > 0 {
		short = v.t("did.undid", "Seq", c.Undoes, "What", short)
	}
	return edits, upperFirst(short)
}

func shortened(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// kindName is what a kind of record is called on pages.
func (w *words) kindName(k casebook.Kind) string {
	if key := "kind." + string(k); w.has(key) {
		return w.t(key)
	}
	return string(k)
}

// recordPage is where a record is shown; "" where it has no page.
func (v *view) recordPage(k casebook.Kind, id goshawk.ID) string {
	if v.at == nil {
		return ""
	}
	return v.recordIn(v.at.ID, k, id)
}

func (v *view) recordIn(c goshawk.ID, k casebook.Kind, id goshawk.ID) string {
	at := casePath(c)
	for _, p := range []struct {
		kind    casebook.Kind
		pattern string // of the page
		path    string
	}{
		{casebook.KindCase, "", ""},
		{casebook.KindMember, "/members", "/members"},
		{casebook.KindNote, "/notes/{note}", "/notes/" + string(id)},
		{casebook.KindTask, "/tasks", "/tasks#" + string(id)},
		{casebook.KindEvent, "/timeline", "/timeline?event=" + string(id) + "#" + string(id)},
		{casebook.KindSubject, "/subjects/{subject}", "/subjects/" + string(id)},
		{casebook.KindWallet, "/wallets/{wallet}", "/wallets/" + string(id)},
		{casebook.KindExhibit, "/exhibits/{exhibit}", "/exhibits/" + string(id)},
		{casebook.KindCustody, "/exhibits", "/exhibits"},
		{casebook.KindGraph, "/graphs/{graph}", "/graphs/" + string(id)},
		{casebook.KindRun, "/runs/{run}", "/runs/" + string(id)},
		{casebook.KindFinding, "/findings", "/findings#" + string(id)},
		{casebook.KindReport, "/report", "/report"},
		{casebook.KindLetter, "/letters/{letter}", "/letters/" + string(id)},
		{casebook.KindAnswer, "/answers/{answer}", "/answers/" + string(id)},
		{casebook.KindWatch, "/watches", "/watches"},
		{casebook.KindAlert, "/watches", "/watches"},
	} {
		if p.kind == k && v.q.s.pages["GET /cases/{case}"+p.pattern] {
			return at + p.path
		}
	}
	return ""
}

// settingsPage is what a case is filed as.
func (q *request) settingsPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the case's settings", casebook.KindCase)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/settings", "")
	v.title = v.t("settings.title")
	return q.show(v, settingsPage(v, own(c), q.ledgers()))
}

// overdue says whether a day is past.
func (v *view) overdue(day string) bool { return day != "" && day < v.today() }

// soon says whether a day comes within a week.
func (v *view) soon(day string) bool {
	return day != "" && day >= v.today() && day <= v.q.s.Now().UTC().Add(7*24*time.Hour).Format(time.DateOnly)
}

// partOf is the part that who asks has in the case, as a key of the catalogue.
func partOf(c *casebook.Summary) string {
	if c.Part == "" {
		return "part.oversight"
	}
	return "part." + string(c.Part)
}

// parts are those that a member may have.
func parts() []identity.Part { return []identity.Part{identity.Lead, identity.Worker, identity.Viewer} }
