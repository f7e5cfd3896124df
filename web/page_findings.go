package web

import (
	"encoding/json"
	"slices"
	"strconv"

	"goshawk"
	"goshawk/casebook"
	"goshawk/workbench"
)

// choosable is something that a finding may rest on.
type choosable struct {
	id    goshawk.ID
	name  string // its number and title
	state string // of a trace; "" else
}

// findingsView is what the page of findings shows.
type findingsView struct {
	list     []record
	exhibits []choosable
	runs     []choosable
}

func (f *findingsView) name(list []choosable, id string) string {
	for _, c := range list {
		if string(c.id) == id {
			return c.name
		}
	}
	return id
}

// findingsPage shows what was found, and what each finding rests on.
func (q *request) findingsPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the findings", casebook.KindFinding, casebook.KindExhibit, casebook.KindRun)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/findings", "")
	v.title = v.t("nav.findings")
	f := findingsView{exhibits: chooseExhibits(c), runs: v.chooseRuns(c)}
	for _, id := range workbench.ReportFindings(c) {
		f.list = append(f.list, record{c.Records[casebook.KindFinding][id], casebook.KindFinding, id})
	}
	return q.show(v, findingsPage(v, &f))
}

func chooseExhibits(c *casebook.Case) (list []choosable) {
	all := records(c, casebook.KindExhibit)
	slices.SortStableFunc(all, func(a, b record) int { return exhibitNumber(a) - exhibitNumber(b) })
	for _, r := range all {
		list = append(list, choosable{id: r.ID, name: r.Text("number") + " " + r.Text("name")})
	}
	return list
}

// chooseRuns names a case's traces as its report does.
func (v *view) chooseRuns(c *casebook.Case) (list []choosable) {
	for i, id := range workbench.ReportRuns(c) {
		r := c.Records[casebook.KindRun][id]
		list = append(list, choosable{id: id, name: "R-" + strconv.Itoa(i+1) + " " + r.Text("title"), state: r.Text("state")})
	}
	return list
}

// saveFinding begins or changes a finding: its texts, and the lists of what it rests on.
func (q *request) saveFinding() error {
	id, r := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("finding"))
	if err := q.form(); err != nil {
		return err
	}
	begins := r == "new"
	if begins {
		r = casebook.NewID()
	}
	edits, err := formEdits(casebook.KindFinding, r, q.PostForm)
	if err != nil {
		return err
	}
	for _, name := range []string{"exhibits", "runs"} {
		e, err := listEdit(casebook.Field{Kind: casebook.KindFinding, ID: r, Name: name}, q.PostForm[name], q.PostForm.Get("b."+name))
		if err != nil {
			return err
		}
		if e != nil {
			edits = append(edits, *e)
		}
	}
	return q.changeForm(id, casebook.KindFinding, r, begins, edits)
}

// listEdit sets a list of names; nil where it only repeats what was seen.
func listEdit(f casebook.Field, chosen []string, before string) (*casebook.Edit, error) {
	e := &casebook.Edit{Field: f}
	if before != "" {
		if e.Before = json.RawMessage(before); !json.Valid(e.Before) {
			return nil, goshawk.Errorf(goshawk.Invalid, "the form does not say what the field %q was before", f.Name).WithHint("send the form from its own page")
		}
	}
	if len(chosen) > 0 {
		text, err := json.Marshal(chosen)
		if err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "the field %q is no list: %w", f.Name, err)
		}
		e.After = text
	}
	if string(e.Before) == string(e.After) {
		return nil, nil
	}
	return e, nil
}

// changeForm makes a form's edits, and goes back to the page that it came from.
func (q *request) changeForm(id goshawk.ID, k casebook.Kind, r goshawk.ID, begins bool, edits []casebook.Edit) error {
	rule, _ := kindRule(k)
	back := q.back(id)
	if len(edits) == 0 {
		if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
			return err
		}
		return q.done(back, "unchanged", 0)
	}
	done, err := q.s.Book.Change(q.Context(), q.subject, id, formWhat(rule, begins, edits), edits)
	if clash, ok := errorsAsClash(err); ok {
		return q.showClash(id, k, r, back, clash)
	}
	if err != nil {
		return err
	}
	key, seq := "saved", int64(0)
	if begins {
		key = "added"
	}
	if done != nil {
		seq = done.Seq
	}
	return q.done(back, key, seq)
}

// moveFinding puts a finding before the one above it, or behind the one below.
func (q *request) moveFinding() error {
	id, r := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("finding"))
	if err := q.form(); err != nil {
		return err
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read the findings, to put them in order", casebook.KindFinding)
	if err != nil {
		return err
	}
	list := workbench.ReportFindings(c)
	at := slices.Index(list, r)
	if at < 0 {
		return goshawk.Errorf(goshawk.NotFound, "the case has no such finding").WithHint("it may have been deleted meanwhile")
	}
	to := at + 1
	if q.PostForm.Get("to") == "up" {
		to = at - 1
	}
	if to >= 0 && to < len(list) {
		list[at], list[to] = list[to], list[at]
	}
	var edits []casebook.Edit
	for i, one := range list {
		was := c.Records[casebook.KindFinding][one]["order"].JSON
		if now := strconv.Itoa(i + 1); string(was) != now {
			edits = append(edits, casebook.Edit{Field: casebook.Field{Kind: casebook.KindFinding, ID: one, Name: "order"}, Before: was, After: json.RawMessage(now)})
		}
	}
	return q.changeForm(id, casebook.KindFinding, r, false, edits)
}
