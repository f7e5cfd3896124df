package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"goshawk"
	"goshawk/casebook"
)

// record is a record of a case as pages show it.
type record struct {
	casebook.Record
	Kind casebook.Kind
	ID   goshawk.ID
}

// seen is what the page shows in a field, as a form sends it back.
func (r record) seen(name string) string { return string(r.Record[name].JSON) }

// began is the number of the first of the changes that set what the record holds now.
func (r record) began() int64 {
	least := int64(0)
	for _, v := range r.Record {
		if least == 0 || v.Seq < least {
			least = v.Seq
		}
	}
	return least
}

// records are a case's of one kind that are not deleted, in the order in which they were begun.
func records(c *casebook.Case, k casebook.Kind) []record {
	var list []record
	for id, r := range c.Records[k] {
		if !r.Gone() {
			list = append(list, record{r, k, id})
		}
	}
	slices.SortFunc(list, func(a, b record) int { return cmp.Or(cmp.Compare(a.began(), b.began()), cmp.Compare(a.ID, b.ID)) })
	return list
}

// find returns the record with an ID; a NotFound error where there is none or it was deleted.
func find(c *casebook.Case, k casebook.Kind, id goshawk.ID) (record, error) {
	r := c.Records[k][id]
	if r == nil || r.Gone() {
		return record{}, goshawk.Errorf(goshawk.NotFound, "the case has nothing by that name").WithHint("it may have been deleted: the case's history shows it, and can take it back")
	}
	return record{r, k, id}, nil
}

// own is the record of a case's own fields.
func own(c *casebook.Case) record {
	return record{c.Records[casebook.KindCase]["case"], casebook.KindCase, "case"}
}

// recordPath is where a form for a record is sent.
func recordPath(c goshawk.ID, k casebook.Kind, id goshawk.ID) string {
	return casePath(c) + "/records/" + string(k) + "/" + string(id)
}

// byForm says whether records of a kind are begun and changed by forms of pages. The others have
// rooms of their own.
func byForm(k casebook.Kind) bool {
	return slices.Contains([]casebook.Kind{casebook.KindCase, casebook.KindMember, casebook.KindNote, casebook.KindTask, casebook.KindEvent, casebook.KindSubject,
		casebook.KindWallet, casebook.KindExhibit, casebook.KindCustody, casebook.KindGraph, casebook.KindFinding, casebook.KindReport}, k)
}

// mostForm is the most bytes of a form: a long text, and what it was before, percent-encoded.
const mostForm = 6 << 20

// form reads a form of a page.
func (q *request) form() error {
	if err := q.hurry(); err != nil {
		return err
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, mostForm)
	err := q.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return goshawk.Errorf(goshawk.Invalid, "the form is too large").WithHint("a text has at most 200,000 characters: make two of it, or an exhibit")
	}
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the form cannot be read: %w", err).WithHint("send it again")
	}
	return nil
}

// hurry gives a form's body a time in which it must have come: who sends a byte now and then
// would hold on for ever.
func (q *request) hurry() error {
	err := http.NewResponseController(q.w).SetReadDeadline(time.Now().Add(q.s.patience()))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return goshawk.Errorf(goshawk.Unavailable, "the form cannot be read: %w", err)
	}
	return nil
}

// formEdits makes edits of a form's fields: f.NAME is what a field is to be, b.NAME the JSON that
// its author saw. Fields that only repeat what was seen are left out.
func formEdits(k casebook.Kind, id goshawk.ID, form map[string][]string) ([]casebook.Edit, error) {
	var edits []casebook.Edit
	names := make([]string, 0, len(form))
	for name := range form {
		if strings.HasPrefix(name, "f.") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, key := range names {
		name := strings.TrimPrefix(key, "f.")
		rule, ok := casebook.Lookup(k, name)
		if !ok {
			return nil, goshawk.Errorf(goshawk.Invalid, "a %s has no field %q", k, name).WithHint("send the form from its own page")
		}
		values := form[key]
		after, err := formValue(&rule, values[len(values)-1]) // a box comes after the hidden field that says what it is without its tick
		if err != nil {
			return nil, err
		}
		e := casebook.Edit{Field: casebook.Field{Kind: k, ID: id, Name: name}, After: after}
		if before := form["b."+name]; len(before) > 0 && before[0] != "" {
			e.Before = json.RawMessage(before[0])
			if !json.Valid(e.Before) {
				return nil, goshawk.Errorf(goshawk.Invalid, "the form does not say what the field %q was before", name).WithHint("send the form from its own page")
			}
		}
		if string(e.Before) != string(e.After) {
			edits = append(edits, e)
		}
	}
	return edits, nil
}

// formValue is what a form's text means in a field: nothing, a text, or, where the field takes no
// text, a number or a truth.
func formValue(rule *casebook.FieldRule, s string) (json.RawMessage, error) {
	if !utf8.ValidString(s) {
		return nil, goshawk.Errorf(goshawk.Invalid, "the field %q holds bytes that are no text", rule.Name).WithHint("send it as UTF-8; bytes can be kept as an exhibit")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if !rule.Text {
		s = strings.TrimSpace(s)
	}
	if s == "" {
		return nil, nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the field %q is no text: %w", rule.Name, err)
	}
	if rule.Check(text) != nil && json.Valid([]byte(s)) && rule.Check(json.RawMessage(s)) == nil {
		return json.RawMessage(s), nil
	}
	return text, nil
}

// words of the history for what a form did.
func formWhat(rule casebook.KindRule, begins bool, edits []casebook.Edit) string {
	name := rule.Name
	article := "a "
	if strings.ContainsAny(name[:1], "aeiou") {
		article = "an "
	}
	for _, e := range edits {
		if e.Name == casebook.Deleted {
			if string(e.After) == "true" {
				return "deleted " + article + name
			}
			return "took back " + article + name
		}
	}
	switch {
	case rule.Kind == casebook.KindCase:
		return "changed the case"
	case begins:
		return "added " + article + name
	}
	return "changed " + article + name
}

// kindRule returns the rule of a kind.
func kindRule(k casebook.Kind) (casebook.KindRule, bool) {
	all := casebook.Kinds()
	i := slices.IndexFunc(all, func(r casebook.KindRule) bool { return r.Kind == k })
	if i < 0 {
		return casebook.KindRule{}, false
	}
	return all[i], true
}

// saveRecord sets fields of a record as a form says, or begins it, with the ID "new". A browser
// that saves as somebody types gets what the fields hold now; others go back to where they were.
func (q *request) saveRecord() error {
	id, k, r := goshawk.ID(q.PathValue("case")), casebook.Kind(q.PathValue("kind")), goshawk.ID(q.PathValue("id"))
	rule, ok := kindRule(k)
	if !ok || !byForm(k) {
		return goshawk.Errorf(goshawk.NotFound, "there is nothing here")
	}
	if err := q.form(); err != nil {
		return err
	}
	begins := r == "new"
	if begins {
		r = casebook.NewID()
	}
	edits, err := formEdits(k, r, q.PostForm)
	if err == nil {
		err = q.allow(id, edits)
	}
	if err != nil {
		return err
	}
	back := strings.ReplaceAll(q.back(id), "{id}", string(r))
	var done *casebook.Change
	if len(edits) > 0 {
		done, err = q.s.Book.Change(q.Context(), q.subject, id, formWhat(rule, begins, edits), edits)
	} else {
		err = q.s.Book.MayChange(q.Context(), q.subject, id) // who may not is told so, though there is nothing to do
	}
	asJSON := strings.Contains(q.Header.Get("Accept"), "application/json")
	if clash, ok := errors.AsType[*casebook.ClashError](err); ok && !asJSON {
		return q.showClash(id, k, r, back, clash)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return q.saved(done, edits)
	}
	seq, key := int64(0), "unchanged"
	if done != nil {
		seq, key = done.Seq, "saved"
		switch {
		case slices.ContainsFunc(done.Edits, func(e casebook.Edit) bool { return e.Name == casebook.Deleted && string(e.After) == "true" }):
			key = "deleted"
		case begins:
			key = "added"
		}
		if rule.Keep && begins {
			seq = 0 // it stays: there is nothing to take back
		}
	}
	return q.done(back, key, seq)
}

// saved tells a browser what fields hold after it saved them.
func (q *request) saved(done *casebook.Change, edits []casebook.Edit) error {
	out := struct {
		Seq    int64                      `json:"seq"`
		Values map[string]json.RawMessage `json:"values"`
	}{Values: map[string]json.RawMessage{}}
	if done != nil {
		out.Seq = done.Seq
		edits = done.Edits
	}
	for _, e := range edits {
		out.Values[e.Name] = e.After
		if e.After == nil {
			out.Values[e.Name] = json.RawMessage("null")
		}
	}
	q.w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(q.w).Encode(out); err != nil {
		return nil //nolint:nilerr // the browser is gone
	}
	return nil
}

// back is the page of the case that a form wants to return to.
func (q *request) back(c goshawk.ID) string {
	to := q.PostForm.Get("back")
	at, _, _ := strings.Cut(to, "?")
	if at, _, _ = strings.Cut(at, "#"); path.Clean(at) != at {
		return casePath(c)
	}
	if to != casePath(c) && !strings.HasPrefix(to, casePath(c)+"/") && !strings.HasPrefix(to, casePath(c)+"?") {
		return casePath(c)
	}
	return to
}

// undoChange takes a change back.
func (q *request) undoChange() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	seq, err := number(q.PostForm.Get("seq"))
	if err != nil {
		return err
	}
	back := q.back(id)
	_, err = q.s.Book.Undo(q.Context(), q.subject, id, seq)
	if clash, ok := errors.AsType[*casebook.ClashError](err); ok {
		return q.showClash(id, "", "", back, clash)
	}
	if err != nil {
		return err
	}
	return q.done(back, "undone", 0)
}

// clashing is a field that two people changed, on the page that shows both.
type clashing struct {
	casebook.Clash
	label        string
	yours, their string
	text         bool // can be written again here
	who          string
}

// showClash shows what somebody sent and what stands there, and lets them choose. Without a kind
// there is nothing to send again: the change was to be taken back. A letter has a form of its own, to which they go back.
func (q *request) showClash(id goshawk.ID, k casebook.Kind, r goshawk.ID, back string, clash *casebook.ClashError) error {
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked at two versions", casebook.KindCase)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "", "")
	v.title = v.t("clash.title")
	changes, err := q.changesOf(id, clash.Clashes)
	if err != nil {
		return err
	}
	var list []clashing
	for _, one := range clash.Clashes {
		rule, _ := casebook.Lookup(one.Kind, one.Name)
		list = append(list, clashing{Clash: one, label: v.fieldName(one.Kind, one.Name), yours: plainValue(one.Yours), their: plainValue(one.Theirs), text: rule.Text, who: changes[one.Seq]})
	}
	rest := map[string]string{}
	if k != "" {
		for name := range q.PostForm {
			if !slices.ContainsFunc(list, func(c clashing) bool { return name == "f."+c.Name || name == "b."+c.Name }) && (strings.HasPrefix(name, "f.") || strings.HasPrefix(name, "b.")) {
				values := q.PostForm[name]
				rest[name] = values[len(values)-1]
			}
		}
	}
	return q.showAs(http.StatusConflict, v, clashPage(v, k, r, back, list, rest))
}

// plainValue is a field's value as people read it.
func plainValue(v json.RawMessage) string {
	var s string
	if len(v) == 0 || string(v) == "null" {
		return ""
	}
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// fieldName is what a field is called on pages; its own name where it has no other.
func (w *words) fieldName(k casebook.Kind, name string) string {
	if family, _, ok := strings.Cut(name, "/"); ok {
		name = family
	}
	for _, key := range []string{"field." + string(k) + "_" + name, "field." + name} {
		if w.has(key) {
			return w.t(key)
		}
	}
	return name
}
