package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/letter"
	"goshawk/report"
	"goshawk/store"
	"goshawk/workbench"
)

// profile is how a service wants to be written to, as the agency keeps it.
type profile struct {
	letter.Profile
	ID      goshawk.ID
	Version int64
	Made    time.Time
	Person  goshawk.ID
}

// template is a text of letters, as the agency keeps it.
type template struct {
	letter.Template
	ID      goshawk.ID
	Version int64
	Made    time.Time
	Person  goshawk.ID
}

// profiles are the agency's, by name.
func (q *request) profiles() ([]profile, error) {
	var list []profile
	err := q.papers(store.ProfilePaper, func(p *store.Paper) error {
		one := profile{ID: p.ID, Version: p.Version, Made: p.Made, Person: p.Person}
		list = append(list, one)
		return json.Unmarshal(p.Body, &list[len(list)-1].Profile)
	})
	slices.SortFunc(list, func(a, b profile) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, err
}

// templates are the agency's, by name.
func (q *request) templates() ([]template, error) {
	var list []template
	err := q.papers(store.TemplatePaper, func(p *store.Paper) error {
		one := template{ID: p.ID, Version: p.Version, Made: p.Made, Person: p.Person}
		list = append(list, one)
		return json.Unmarshal(p.Body, &list[len(list)-1].Template)
	})
	slices.SortFunc(list, func(a, b template) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, err
}

func (q *request) papers(kind store.PaperKind, each func(*store.Paper) error) error {
	return q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Papers(q.subject.Person.Agency, kind)
		for i := range list {
			if err == nil {
				err = each(&list[i])
			}
		}
		return err
	})
}

// savePaper stores the next version of a profile or a template, "new" for its first; nil deletes it.
func (q *request) savePaper(kind store.PaperKind, id goshawk.ID, seen int64, body any) (goshawk.ID, int64, error) {
	what := "changed a " + string(kind)
	if id == "new" {
		id, seen, what = casebook.NewID(), 0, "added a "+string(kind)
	}
	p := &store.Paper{Agency: q.subject.Person.Agency, Kind: kind, ID: id, Version: seen + 1, Made: q.s.Now(), Person: q.subject.Person.ID}
	if body != nil {
		var err error
		if p.Body, err = json.Marshal(body); err != nil {
			return "", 0, goshawk.Errorf(goshawk.Invalid, "it cannot be stored: %w", err)
		}
	} else {
		what = "deleted a " + string(kind)
	}
	e := q.note(identity.ChangeProfiles, what+": "+string(id))
	e.Detail = p.Body
	return id, p.Version, q.s.Store.Do(q.Context(), e, func(tx *store.Tx) error {
		if seen > 0 {
			if _, err := tx.PaperVersions(p.Agency, kind, id); err != nil {
				return err
			}
		}
		return tx.AddPaper(p)
	})
}

// agencyName is what the subject's agency is called.
func (q *request) agencyName() (string, error) {
	name := ""
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Agencies()
		for _, a := range list {
			if a.ID == q.subject.Person.Agency {
				name = a.Name
			}
		}
		return err
	})
	return name, err
}

// identifiersOf are what a letter's record names.
func identifiersOf(r casebook.Record) letter.Identifiers {
	var x letter.Identifiers
	if v := r["identifiers"].JSON; len(v) > 0 && json.Unmarshal(v, &x) != nil {
		x = letter.Identifiers{}
	}
	return x
}

// day is the day of a stored time; "" where there is none.
func day(s string) string {
	if len(s) < 10 {
		return ""
	}
	return s[:10]
}

// letterOf is all that a letter says, as its record and the case are now.
func (q *request) letterOf(c *casebook.Case, r casebook.Record, profiles []profile) (*letter.Letter, error) {
	agency, err := q.agencyName()
	if err != nil {
		return nil, err
	}
	l := &letter.Letter{Service: r.Text("service"), Agency: agency, Officer: q.subject.Person.Name, Email: q.subject.Person.Email, Reference: r.Text("reference"), Date: q.s.Now(),
		Due: r.Text("due"), From: day(r.Text("from")), Until: day(r.Text("until")), Days: int(min(r.Number("hold"), 36_500)), Paper: r.Text("paper"), Marking: c.Marking, Language: r.Text("language"), Identifiers: identifiersOf(r)}
	for _, a := range letter.AskedFor() {
		if slices.Contains(r.List("ask"), string(a)) {
			l.Ask = append(l.Ask, a)
		}
	}
	for _, p := range profiles {
		if string(p.ID) == r.Text("profile") {
			l.Profile = p.Profile
		}
	}
	return l, nil
}

// newLetter is what somebody wants a letter about: a service's ends of a trace, or an address.
type newLetter struct {
	Run     goshawk.ID `json:"run,omitempty" maxLength:"128" doc:"a trace of the case: the letter names its ends at the service"`
	Service string     `json:"service" minLength:"1" maxLength:"200" doc:"as the ends' labels call it; of an address, who is written to"`
	Address string     `json:"address,omitempty" maxLength:"200" doc:"without a trace: the address that the letter is about"`
	Ledger  goshawk.ID `json:"ledger,omitempty" maxLength:"128" doc:"of the address"`
}

// draft begins a letter with everything that the case knows filled in.
func (q *request) draft(id goshawk.ID, n *newLetter) (goshawk.ID, error) {
	b, err := q.bench()
	if err == nil {
		err = q.s.Book.MayChange(q.Context(), q.subject, id)
	}
	if err != nil {
		return "", err
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "began a letter", casebook.KindCase, casebook.KindRun)
	if err != nil {
		return "", err
	}
	ids, err := q.named(b, c, n)
	if err != nil {
		return "", err
	}
	profiles, err := q.profiles()
	if err != nil {
		return "", err
	}
	templates, err := q.templates()
	if err != nil {
		return "", err
	}
	text := letter.Standard()
	if len(templates) > 0 {
		text = templates[0].Template
	}
	now := q.s.Now().UTC()
	r := casebook.NewID()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindLetter, r, name, v) }
	edits := []casebook.Edit{set("service", n.Service), set("state", "draft"), set("identifiers", ids), set("text", strings.TrimSpace(text.Head+"\n\n"+text.Text)),
		set("ask", []letter.Asked{letter.Identity, letter.Account, letter.Logins, letter.Preserve})}
	if text.Language != "" {
		edits = append(edits, set("language", text.Language))
	}
	if c.Reference != "" {
		edits = append(edits, set("reference", c.Reference))
	}
	if n.Run != "" {
		edits = append(edits, set("run", n.Run))
	}
	if from := earliest(ids); !from.IsZero() {
		edits = append(edits, set("from", from.UTC().Truncate(24*time.Hour).Format(time.RFC3339)), set("until", now.Truncate(24*time.Hour).Add(24*time.Hour-time.Second).Format(time.RFC3339)))
	}
	// Of two profiles that fit, which is meant somebody has to say: a letter to the wrong service warns a stranger.
	fits := slices.DeleteFunc(profiles, func(p profile) bool { return !p.Names(n.Service) })
	if len(fits) == 1 {
		edits = append(edits, set("profile", fits[0].ID))
		if days := fits[0].Days; days > 0 {
			edits = append(edits, set("due", now.AddDate(0, 0, days).Format(time.DateOnly)))
		}
	}
	_, err = q.s.Book.Change(q.Context(), q.subject, id, "began a letter to "+n.Service, edits)
	return r, err
}

// named is what a new letter names.
func (q *request) named(b *workbench.Bench, c *casebook.Case, n *newLetter) (*letter.Identifiers, error) {
	if strings.TrimSpace(n.Service) == "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "a letter needs somebody to go to").WithHint("say which service")
	}
	priced := func(x *letter.Identifiers, err error) (*letter.Identifiers, error) {
		if err == nil {
			err = b.PriceLetter(q.Context(), c, x)
		}
		return x, err
	}
	if n.Run != "" {
		r, err := find(c, casebook.KindRun, n.Run)
		if err != nil {
			return nil, err
		}
		one := readRun(r)
		held, err := b.Use(q.Context(), one.q.Ledger)
		if err != nil {
			return nil, err
		}
		defer held.Release()
		return priced(held.FromRun(q.Context(), &one.q, &one.s, n.Service))
	}
	held, err := b.Use(q.Context(), n.Ledger)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	return priced(held.FromAddress(q.Context(), strings.TrimSpace(n.Address), time.Time{}, time.Time{}))
}

// earliest is the time of the first coin.
func earliest(x *letter.Identifiers) time.Time {
	var first time.Time
	for i := range x.Rows {
		if t := x.Rows[i].Time; t != nil && (first.IsZero() || t.Before(first)) {
			first = *t
		}
	}
	return first
}

// letterFile is a letter as a file.
type letterFile struct {
	name  string
	media string
	bytes []byte
}

// letterForms lists the forms of a letter.
func letterForms() []string { return []string{"pdf", "html", "text", "csv"} }

// write makes one form of a letter.
func (s *Server) writeLetter(l *letter.Letter, text, form, name string) (*letterFile, error) {
	markdown, _, err := l.Fill(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch form {
	case "csv":
		err = l.WriteCSV(&b)
		return &letterFile{name + ".csv", "text/csv; charset=utf-8", b.Bytes()}, err
	case "text":
		plain, err := letter.Plain(markdown)
		if l.Marking != "" {
			plain = l.Marking + "\n\n" + plain + "\n" + l.Marking + "\n"
		}
		return &letterFile{name + ".txt", "text/plain; charset=utf-8", []byte(plain)}, err
	case "pdf":
		parts, err := letter.Parts(markdown)
		if err != nil {
			return nil, err
		}
		err = report.WriteLetterPDF(&b, report.Letter{Version: goshawk.Version, Title: l.Service, Reference: l.Reference, Author: l.Officer + ", " + l.Agency, Marking: l.Marking, Language: l.Language, At: l.Date, Parts: parts})
		return &letterFile{name + ".pdf", "application/pdf", b.Bytes()}, err
	case "html":
		body, err := s.marker.html(markdown)
		if err != nil {
			return nil, err
		}
		mark := ""
		if l.Marking != "" {
			mark = `<p class="m">` + html.EscapeString(l.Marking) + "</p>\n"
		}
		b.WriteString("<!DOCTYPE html>\n<html lang=\"" + html.EscapeString(cmp.Or(l.Language, "und")) + "\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>" +
			html.EscapeString(l.Service+" "+l.Reference) + "</title>\n<style>" + letterStyle + "</style>\n</head>\n<body>\n" + mark)
		b.Write(body)
		b.WriteString(mark + "</body>\n</html>\n")
		return &letterFile{name + ".html", "text/html; charset=utf-8", b.Bytes()}, nil
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "a letter has no form %q", clipped(form)).WithHint("pdf, html, text or csv")
}

// letterStyle is inside the file of a letter, which stands alone: no page of the server has it.
const letterStyle = `@page{size:A4;margin:22mm 20mm}body{font:11pt/1.45 Georgia,"DejaVu Serif",serif;color:#000;background:#fff;max-width:46rem;margin:1.5rem auto;padding:0 1rem}` +
	`h1{font-size:1.3em}h2{font-size:1.1em;margin-top:1.4em}code{font:0.86em/1.4 "DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}li{margin:.25em 0;break-inside:avoid}` +
	`.m{text-align:center;font-weight:bold;border:1px solid #000;padding:2px}`

// letterName is what a letter's files are called.
func letterName(r casebook.Record) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, r.Text("service")+"-"+r.Text("reference"))
	for strings.Contains(clean, "--") {
		clean = strings.ReplaceAll(clean, "--", "-")
	}
	return "letter-" + strings.Trim(clean[:min(len(clean), 80)], "-")
}

// fixedForm is the field of a letter that names the exhibit of one of its forms, once it was sent; "" for others.
func fixedForm(form string) string {
	return map[string]string{"html": "exhibit", "pdf": "print", "csv": "annex"}[form]
}

// sendLetter fixes a letter's bytes as exhibits, with its identifiers as CSV, and notes that it was sent. Sending
// itself is done where the service wants it: in its portal, or by mail. seen is the case's last change that who asks
// knows of, 0 where they do not say: what somebody else wrote in the letter since is not what they sent.
func (q *request) sendLetter(id, which goshawk.ID, at time.Time, due string, seen int64) error {
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read a letter, to fix it", casebook.KindCase, casebook.KindLetter)
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
	if state := r.Text("state"); state != "draft" {
		return goshawk.Errorf(goshawk.Conflict, "the letter is %s already", state).WithHint("begin another one")
	}
	if due == "" {
		due = r.Text("due")
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the letter has no day until which an answer is due").WithHint("choose it: the clock needs it")
	}
	if due < at.UTC().Format(time.DateOnly) {
		return goshawk.Errorf(goshawk.Invalid, "an answer would be due on %s, before the letter is sent", due).WithHint("choose a later day")
	}
	if from, until := r.Text("from"), r.Text("until"); from != "" && until != "" && until < from { // times are written so that they sort
		return goshawk.Errorf(goshawk.Invalid, "the period that is asked for ends before it begins").WithHint("choose its first and its last day anew")
	}
	profiles, err := q.profiles()
	if err != nil {
		return err
	}
	l, err := q.letterOf(c, r.Record, profiles)
	if err != nil {
		return err
	}
	if name := l.Profile.Name; name != "" && !l.Profile.Names(l.Service) {
		return goshawk.Errorf(goshawk.Invalid, "the letter is to %q, and follows the profile of %q", l.Service, name).WithHint("choose the profile of who is written to; or add the name to the other names of this one")
	}
	l.Due, l.Date = due, at
	_, empty, err := l.Fill(r.Text("text"))
	if err != nil {
		return err
	}
	if len(l.Ask) == 0 {
		empty = append(empty, "what is asked")
	}
	if len(l.Rows) == 0 && !slices.Contains(empty, "identifiers") {
		empty = append(empty, "identifiers")
	}
	if len(empty) > 0 {
		return goshawk.Errorf(goshawk.Invalid, "the letter is not whole: it lacks %s", strings.Join(empty, ", ")).WithHint("fill them in, or take the fields out of the text")
	}
	made := &casebook.Made{Kind: casebook.KindLetter, ID: which, Read: c.Seq, Seen: seen}
	for _, form := range []string{"html", "pdf", "csv"} {
		f, err := q.s.writeLetter(l, r.Text("text"), form, letterName(r.Record))
		if err != nil {
			return err
		}
		x := casebook.Exhibit{Name: f.name, Media: f.media, Source: "written here: letter to " + r.Text("service") + ", as it was sent"}
		made.Files = append(made.Files, casebook.MadeFile{Exhibit: x, Bytes: f.bytes})
	}
	edit := func(name string, v any) casebook.Edit {
		e := casebook.Set(casebook.KindLetter, which, name, v)
		e.Before = r.Record[name].JSON
		return e
	}
	return q.s.Book.FixMade(q.Context(), q.subject, id, "sent the letter to "+r.Text("service"), made, func(x []*casebook.Fixed) []casebook.Edit {
		return []casebook.Edit{edit("state", "sent"), edit("sent", at.UTC().Format(time.RFC3339)), edit("due", due),
			edit("exhibit", x[0].ID), edit("print", x[1].ID), edit("annex", x[2].ID)}
	})
}

// overdue is how many days a letter's answer is late; 0: it is not.
func overdue(r casebook.Record, now time.Time) int {
	due, err := time.Parse(time.DateOnly, r.Text("due"))
	if err != nil || r.Text("state") != "sent" {
		return 0
	}
	return max(0, int(now.UTC().Truncate(24*time.Hour).Sub(due)/(24*time.Hour)))
}
