package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/letter"
	"goshawk/workbench"
)

// letterRoutes are the pages of letters, of what answers them, and of whom they go to.
func letterRoutes() []route {
	return []route{
		{"GET /profiles", identity.ReadProfiles, (*request).profilesPage},
		{"GET /profiles/{profile}", identity.ReadProfiles, (*request).profilePage},
		{"POST /profiles/{profile}", identity.ChangeProfiles, (*request).saveProfile},
		{"POST /profiles/{profile}/delete", identity.ChangeProfiles, (*request).deleteProfile},
		{"GET /templates/{template}", identity.ReadProfiles, (*request).templatePage},
		{"POST /templates/{template}", identity.ChangeProfiles, (*request).saveTemplate},
		{"POST /templates/{template}/delete", identity.ChangeProfiles, (*request).deleteTemplate},
		{"GET /cases/{case}/letters", identity.ReadCase, (*request).lettersPage},
		{"POST /cases/{case}/letters", identity.ChangeCase, (*request).newLetterForm},
		{"GET /cases/{case}/letters/{letter}", identity.ReadCase, (*request).letterPage},
		{"GET /cases/{case}/letters/{letter}/file", identity.ReadCase, (*request).letterFile},
		{"POST /cases/{case}/letters/{letter}", identity.ChangeCase, (*request).saveLetter},
		{"POST /cases/{case}/letters/{letter}/send", identity.ChangeCase, (*request).sendLetterForm},
		{"POST /cases/{case}/letters/{letter}/withdraw", identity.ChangeCase, (*request).withdrawLetterForm},
		{"POST /cases/{case}/letters/{letter}/remind", identity.ChangeCase, (*request).remindLetterForm},
		{"GET /cases/{case}/answers", identity.ReadCase, (*request).answersPage},
		{"POST /cases/{case}/answers", identity.ChangeCase, (*request).takeAnswerForm},
		{"GET /cases/{case}/answers/new", identity.ReadCase, (*request).newAnswerPage},
		{"POST /cases/{case}/answers/file", identity.ChangeCase, (*request).uploadAnswer},
		{"GET /cases/{case}/answers/{answer}", identity.ReadCase, (*request).answerPage},
		{"GET /cases/{case}/account", identity.ReadCase, (*request).acrossPage},
		{"POST /cases/{case}/account", identity.ChangeCase, (*request).continueForm},
	}
}

// lettersPage lists the letters of a case, those that are overdue first, and begins one.
func (q *request) lettersPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the letters", casebook.KindCase, casebook.KindLetter, casebook.KindRun)
	if err != nil {
		return err
	}
	list := records(c, casebook.KindLetter)
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b record) int { return overdue(b.Record, q.s.Now()) - overdue(a.Record, q.s.Now()) })
	profiles, err := q.profiles()
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/letters", "")
	v.title = v.t("nav.letters")
	return q.show(v, lettersPage(v, list, reached(c), profiles, q.ledgers(), own(c).Text("ledger")))
}

// reachedService is a service that a trace of the case ends at.
type reachedService struct {
	run     run
	service string
	ends    int
}

// reached lists the services that the case's traces end at, the latest trace first.
func reached(c *casebook.Case) []reachedService {
	var list []reachedService
	for _, r := range slices.Backward(records(c, casebook.KindRun)) {
		one := readRun(r)
		at := map[string]int{}
		for i := range one.s.Ends {
			e := &one.s.Ends[i]
			if e.Kind != string(goshawk.EndService) || e.Label == nil {
				continue
			}
			if _, met := at[e.Label.Label]; !met {
				at[e.Label.Label] = len(list)
				list = append(list, reachedService{one, e.Label.Label, 0})
			}
			list[at[e.Label.Label]].ends++
		}
		if len(list) > 100 {
			break
		}
	}
	return list
}

// newLetterForm begins a letter: with one click on a trace's end, everything is in it.
func (q *request) newLetterForm() error {
	if err := q.form(); err != nil {
		return err
	}
	f, id := q.PostForm, goshawk.ID(q.PathValue("case"))
	made, err := q.draft(id, &newLetter{Run: goshawk.ID(f.Get("run")), Service: strings.TrimSpace(f.Get("service")), Address: f.Get("address"), Ledger: goshawk.ID(f.Get("ledger"))})
	if err != nil {
		return err
	}
	return q.done(casePath(id)+"/letters/"+string(made), "letter_begun", 0)
}

// letterView is what the page of a letter shows.
type letterView struct {
	record
	seq      int64 // of the case's last change, as it is shown
	l        *letter.Letter
	profiles []profile
	profile  *profile
	markdown string // filled in
	empty    []string
	missing  []string
	fault    string // why it cannot be filled in
	late     int
	numbers  map[string]string // of exhibits
	answers  []record
}

func (x *letterView) draft() bool { return x.Text("state") == "draft" }

func (x *letterView) asks(a letter.Asked) bool { return slices.Contains(x.l.Ask, a) }

// letterPage shows a letter: to be written, as long as it is a draft; then as it was sent, and its clock.
func (q *request) letterPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read a letter", casebook.KindCase, casebook.KindLetter, casebook.KindAnswer, casebook.KindExhibit)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindLetter, goshawk.ID(q.PathValue("letter")))
	if err != nil {
		return err
	}
	x := &letterView{record: r, seq: c.Seq, late: overdue(r.Record, q.s.Now()), numbers: map[string]string{}}
	if x.profiles, err = q.profiles(); err != nil {
		return err
	}
	if x.l, err = q.letterOf(c, r.Record, x.profiles); err != nil {
		return err
	}
	for i := range x.profiles {
		if string(x.profiles[i].ID) == r.Text("profile") {
			x.profile = &x.profiles[i]
		}
	}
	if x.markdown, x.empty, err = x.l.Fill(r.Text("text")); err != nil {
		x.fault = err.Error()
	}
	x.missing = x.l.Missing()
	for id, rec := range c.Records[casebook.KindExhibit] {
		x.numbers[string(id)] = rec.Text("number")
	}
	for _, a := range records(c, casebook.KindAnswer) {
		if a.Text("letter") == string(r.ID) {
			x.answers = append(x.answers, a)
		}
	}
	v := q.casePage(&c.Summary, "/letters", "")
	v.trail = append(v.trail, crumb{v.t("nav.letters"), casePath(c.ID) + "/letters"})
	v.title = v.t("letter.to", "Name", r.Text("service"))
	return q.show(v, letterPage(v, x))
}

// letterFile hands a letter out: a draft as it would be sent, one that was sent as it was.
func (q *request) letterFile() error {
	f, err := q.letterBytes(goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("letter")), q.URL.Query().Get("form"))
	if err != nil {
		return err
	}
	q.handOut(f)
	return nil
}

// handOut sends a letter's file: it is kept, and not shown as a page of this server, for its style is inside it.
func (q *request) handOut(f *letterFile) {
	h := q.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	h.Set("Content-Length", strconv.Itoa(len(f.bytes)))
	q.w.Write(f.bytes) //nolint:errcheck // the browser is gone
}

// letterBytes is one form of a letter: of a draft as it is now, of one that was sent the bytes that were fixed then.
func (q *request) letterBytes(id, which goshawk.ID, form string) (*letterFile, error) {
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "took a letter out as a file", casebook.KindCase, casebook.KindLetter)
	if err != nil {
		return nil, err
	}
	r, err := find(c, casebook.KindLetter, which)
	if err != nil {
		return nil, err
	}
	if form == "" {
		form = "html"
	}
	if r.Text("exhibit") != "" {
		return q.sentBytes(id, r, form)
	}
	profiles, err := q.profiles()
	if err != nil {
		return nil, err
	}
	l, err := q.letterOf(c, r.Record, profiles)
	if err != nil {
		return nil, err
	}
	name := letterName(r.Record)
	if r.Text("state") == "draft" {
		name += "-draft"
	}
	return q.s.writeLetter(l, r.Text("text"), form, name)
}

// sentBytes are the bytes of a letter that was sent.
func (q *request) sentBytes(id goshawk.ID, r record, form string) (*letterFile, error) {
	which := r.Text(fixedForm(form))
	if which == "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "the letter was sent, and has no form %q", clipped(form)).WithHint("take html, pdf or csv: they are its exhibits")
	}
	in, about, err := q.s.Book.OpenExhibit(q.Context(), q.subject, id, goshawk.ID(which))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, mostLetter+1))
	if err == nil && len(text) > mostLetter {
		err = goshawk.Errorf(goshawk.Invalid, "the letter is larger than any can be").WithHint("take it from the exhibits")
	}
	return &letterFile{about.Text("name"), about.Text("media"), text}, err
}

// mostLetter is the most bytes of a form of a letter.
const mostLetter = 32 << 20

// saveLetter changes a draft: its text as somebody types, the rest by a button.
func (q *request) saveLetter() error {
	id, which := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("letter"))
	if err := q.form(); err != nil {
		return err
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read a letter, to change it", casebook.KindLetter)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindLetter, which)
	if err != nil {
		return err
	}
	if r.Text("state") != "draft" {
		if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
			return err
		}
		return goshawk.Errorf(goshawk.Conflict, "the letter is %s: it stays as it is", r.Text("state")).WithHint("begin another one")
	}
	edits, err := q.letterEdits(which, r)
	if err != nil {
		return err
	}
	var done *casebook.Change
	if len(edits) > 0 {
		done, err = q.s.Book.Change(q.Context(), q.subject, id, "changed the letter to "+r.Text("service"), edits)
	} else {
		err = q.s.Book.MayChange(q.Context(), q.subject, id)
	}
	to := casePath(id) + "/letters/" + string(which)
	asJSON := strings.Contains(q.Header.Get("Accept"), "application/json")
	if clash, ok := errors.AsType[*casebook.ClashError](err); ok && !asJSON {
		return q.showClash(id, casebook.KindLetter, which, to, clash)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return q.saved(done, edits)
	}
	if done == nil {
		return q.done(to, "unchanged", 0)
	}
	return q.done(to, "saved", done.Seq)
}

// letterEdits makes edits of the form of a letter.
func (q *request) letterEdits(which goshawk.ID, r record) ([]casebook.Edit, error) {
	f := q.PostForm
	// A day is the first or the last moment of it.
	for name, moment := range map[string]string{"f.from": "T00:00:00Z", "f.until": "T23:59:59Z"} {
		if d := strings.TrimSpace(f.Get(name)); d != "" {
			if _, err := time.Parse(time.DateOnly, d); err != nil {
				return nil, goshawk.Errorf(goshawk.Invalid, "%q is no day", clipped(d)).WithHint("write it as 2026-11-30")
			}
			f.Set(name, d+moment)
		}
	}
	for name := range f {
		if field := strings.TrimPrefix(name, "f."); field != name && !slices.Contains([]string{"service", "profile", "reference", "from", "until", "paper", "text", "due", "hold"}, field) {
			return nil, goshawk.Errorf(goshawk.Invalid, "the form of a letter has no field %q", field).WithHint("send the form from its own page")
		}
	}
	edits, err := formEdits(casebook.KindLetter, which, f)
	if err != nil {
		return nil, err
	}
	list := func(name string, v any) error {
		e := casebook.Set(casebook.KindLetter, which, name, v)
		if e.Before = json.RawMessage(f.Get("b." + name)); len(e.Before) == 0 {
			e.Before = nil
		} else if !json.Valid(e.Before) {
			return goshawk.Errorf(goshawk.Invalid, "the form does not say what the field %q was before", name)
		}
		edits = append(edits, e)
		return nil
	}
	if f.Has("b.ask") {
		if err := list("ask", append([]string{}, f["ask"]...)); err != nil {
			return nil, err
		}
	}
	if drop := f["drop"]; len(drop) > 0 {
		ids := identifiersOf(r.Record)
		var kept []letter.Identifier
		for i := range ids.Rows {
			if !slices.Contains(drop, strconv.Itoa(i)) {
				kept = append(kept, ids.Rows[i])
			}
		}
		ids.Rows = append([]letter.Identifier{}, kept...)
		e := casebook.Set(casebook.KindLetter, which, "identifiers", ids)
		e.Before = r.Record["identifiers"].JSON
		if f.Get("rows") != strconv.FormatInt(r.Record["identifiers"].Seq, 10) {
			return nil, goshawk.Errorf(goshawk.Conflict, "somebody else changed the identifiers meanwhile").WithHint("load the page again, and choose once more")
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// worth says what the followed part of an identifier's coin was worth, as the letter does.
func (x *letterView) worth(v *view, r *letter.Identifier) string {
	p := x.l.Prices
	if p == nil || r.Time == nil {
		return ""
	}
	if value := x.l.ValueOf(r, r.Amount); value != "" {
		return goshawk.Group(value) + " " + p.Currency
	}
	return v.t("worth.missing", "Currency", p.Currency, "Day", r.Time.UTC().Format(time.DateOnly))
}

func (q *request) sendLetterForm() error {
	if err := q.form(); err != nil {
		return err
	}
	id, which := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("letter"))
	at := q.s.Now().UTC()
	if text := strings.TrimSpace(q.PostForm.Get("at")); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.After(at.Add(time.Minute)) {
			return goshawk.Errorf(goshawk.Invalid, "%q is no time at which it was sent", clipped(text)).WithHint("write it as 2026-11-30T12:00:00Z, in UTC; not later than now")
		}
		at = t.UTC()
	}
	seen, err := strconv.ParseInt(cmp.Or(q.PostForm.Get("seen"), "0"), 10, 64)
	if err != nil || seen < 0 {
		return goshawk.Errorf(goshawk.Invalid, "the form is not whole").WithHint("load the page again")
	}
	if err := q.sendLetter(id, which, at, strings.TrimSpace(q.PostForm.Get("due")), seen); err != nil {
		return err
	}
	return q.done(casePath(id)+"/letters/"+string(which), "letter_sent", 0)
}

// stateOfLetter sets a letter's state, and one field more.
func (q *request) stateOfLetter(id, which goshawk.ID, from []string, to, what string, more func(record) *casebook.Edit) error {
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read a letter, to change it", casebook.KindLetter)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindLetter, which)
	if err != nil {
		return err
	}
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	if !slices.Contains(from, r.Text("state")) {
		return goshawk.Errorf(goshawk.Conflict, "the letter is %s", r.Text("state")).WithHint("load the page again")
	}
	var edits []casebook.Edit
	if to != "" {
		e := casebook.Set(casebook.KindLetter, which, "state", to)
		e.Before = r.Record["state"].JSON
		edits = append(edits, e)
	}
	if more != nil {
		edits = append(edits, *more(r))
	}
	_, err = q.s.Book.Act(q.Context(), q.subject, id, what+" "+r.Text("service"), edits)
	return err
}

func (q *request) withdrawLetter(id, which goshawk.ID) error {
	return q.stateOfLetter(id, which, []string{"draft", "sent"}, "withdrawn", "withdrew the letter to", nil)
}

// remindLetter notes that the service was reminded today.
func (q *request) remindLetter(id, which goshawk.ID) error {
	return q.stateOfLetter(id, which, []string{"sent"}, "", "reminded", func(r record) *casebook.Edit {
		e := casebook.Set(casebook.KindLetter, which, "reminded", append(r.List("reminded"), q.s.Now().UTC().Format(time.RFC3339)))
		e.Before = r.Record["reminded"].JSON
		return &e
	})
}

func (q *request) withdrawLetterForm() error {
	id, which := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("letter"))
	if err := q.withdrawLetter(id, which); err != nil {
		return err
	}
	return q.done(casePath(id)+"/letters/"+string(which), "letter_withdrawn", 0)
}

func (q *request) remindLetterForm() error {
	id, which := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("letter"))
	if err := q.remindLetter(id, which); err != nil {
		return err
	}
	return q.done(casePath(id)+"/letters/"+string(which), "letter_reminded", 0)
}

// letterLook is how a letter's state looks.
func letterLook(r casebook.Record, late int) string {
	switch {
	case late > 0:
		return "bad"
	case r.Text("state") == "sent":
		return "waiting"
	case r.Text("state") == "answered":
		return "good"
	}
	return "open"
}

// ledgerChoices are the ledgers that a form can name.
func ledgerChoices(list []workbench.Status) []workbench.Status {
	return slices.DeleteFunc(slices.Clone(list), func(l workbench.Status) bool { return l.Fault != "" })
}
