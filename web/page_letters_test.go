package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/internal/worldstage"
	"goshawk/store"
	"goshawk/workbench"
)

// post sends a form, and returns the page that it leads to.
func (b *browser) posted(path string, form url.Values) string {
	b.s.t.Helper()
	a := b.do("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	a.is(b.s.t, http.StatusSeeOther, nil)
	return a.Header.Get("Location")
}

// sendFile sends a form with a file.
func (b *browser) sendFile(path, name string, file []byte, fields ...string) answer {
	b.s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			b.s.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err != nil || w.Close() != nil {
		b.s.t.Fatal(err)
	}
	return b.do("POST", path, body.String(), "Content-Type", w.FormDataContentType())
}

// record is a record of a case as it is now.
func (s *stage) record(c goshawk.ID, k casebook.Kind, id goshawk.ID) casebook.Record {
	s.t.Helper()
	whole, err := s.web.Book.Read(s.t.Context(), s.subject("investigator"), c, "looked", k)
	if err != nil {
		s.t.Fatal(err)
	}
	return whole.Records[k][id]
}

// last is the ID at the end of a page's path.
func last(to string) goshawk.ID {
	at, _, _ := strings.Cut(to, "?")
	return goshawk.ID(at[strings.LastIndex(at, "/")+1:])
}

// TestToTheExchangeAndBack is an officer's way without scripts: a trace ends at an exchange; one click makes the
// letter; it is sent, and stays as it was; the exchange's files are imported, held against the chain, and the trace
// goes on from what the account paid out.
func TestToTheExchangeAndBack(t *testing.T) {
	s := newStage(t)
	w := worldstage.Make(t, filepath.Dir(s.file), 7, "ransomware")
	c, b := s.newCase(), s.as("investigator")
	at := casePath(c)
	// What the agency knows of the exchange.
	harbour := last(b.posted("/profiles/new", url.Values{"name": {"Coinharbour"}, "entity": {"Coinharbour (Malta) Ltd"}, "portal": {"https://law.coinharbour.example/"}, "days": {"14"}, "requires": {"A court order."}}))
	tmpl := b.posted("/templates/new", url.Values{"name": {"Ours"}, "head": {"**EASTMARK POLICE**"}, "text": {"To {{service}}, {{entity}}.\n\n{{asked}}\n\nPeriod {{period}}; by {{due}}; on {{paper}}.\n\n{{identifiers}}"}})
	a := b.do("POST", "/templates/"+string(last(tmpl)), url.Values{"name": {"Ours"}, "text": {"{{nonsense}}"}, "version": {"1"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusBadRequest, nil)

	// The account that somebody puts a ransom through, as the truth has it.
	var account, tx string
	var paid []string
	for _, r := range w.Table("truth/withdrawals.csv") {
		if r["service"] == "Coinharbour" && r["stage"] == "layering" {
			account = r["account"]
			paid = append(paid, r["tx"]+":"+r["output"])
		}
	}
	for _, r := range w.Table("services/coinharbour/deposits.csv") {
		if r["account"] == account {
			tx = r["tx"]
		}
	}
	held, err := s.web.Bench.Use(t.Context(), "world")
	if err != nil {
		t.Fatal(err)
	}
	hash, err := goshawk.ParseHash(tx)
	if err != nil {
		t.Fatal(err)
	}
	found, err := held.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{hash}})
	var batch goshawk.Transactions
	if err == nil {
		err = held.Transactions(t.Context(), found.Transactions, goshawk.WantOutpoints, &batch)
	}
	held.Release()
	if err != nil {
		t.Fatal(err)
	}
	var starts []string
	for _, o := range batch.Outpoints {
		starts = append(starts, o.String())
	}
	run := last(b.posted(at+"/runs", url.Values{"ledger": {"world"}, "method": {"fifo"}, "starts": {strings.Join(starts, "\n")}}))
	if rec := s.ended(c, run); rec.Text("state") != "done" {
		t.Fatalf("the trace: %s", rec["summary"].JSON)
	}

	// One click: everything but the paper is in it.
	to := b.posted(at+"/letters", url.Values{"run": {string(run)}, "service": {"Coinharbour"}})
	which := last(to)
	page, _, _ := strings.Cut(to, "?")
	rec := s.record(c, casebook.KindLetter, which)
	if ids := identifiersOf(rec); len(ids.Rows) == 0 || ids.Ticker == "" || ids.Rows[0].Value == "" || rec.Text("from") == "" || rec.Text("reference") != "2026/17" || rec.Text("profile") == "" ||
		rec.Text("due") != s.now.AddDate(0, 0, 14).Format(time.DateOnly) || !strings.HasPrefix(rec.Text("text"), "**EASTMARK POLICE**") {
		t.Fatalf("the draft is not filled in: %+v", rec)
	}
	has(t, string(b.do("GET", page, nil).body), "Coinharbour \\(Malta\\) Ltd"[0:11], tx, "[paper ?]", "no label of its own")
	// It is not sent before it is whole.
	a = b.do("POST", page+"/send", "due=2026-12-24", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusBadRequest, nil)
	has(t, string(a.body), "paper")
	b.posted(page, url.Values{"f.paper": {"Order <b>12</b> of 3 May"}, "b.paper": {""}, "f.hold": {"90"}, "b.hold": {""}, "ask": {"identity", "account", "freeze"}, "b.ask": {string(rec["ask"].JSON)}})
	// Who wrote the same on an older page sees both, and is sent back to the letter: nothing was to be taken back.
	a = b.do("POST", page, url.Values{"f.paper": {"Another order"}, "b.paper": {""}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusConflict, nil)
	has(t, string(a.body), "go back to the letter", "Another order", "of 3 May")
	if strings.Contains(string(a.body), "cannot be taken back") || strings.Contains(string(a.body), "Save mine") {
		t.Error("the clash of a letter is that of another page")
	}
	text := string(b.do("GET", page+"/file?form=text", nil).body)
	has(t, text, "EASTMARK POLICE", "To Coinharbour, Coinharbour (Malta) Ltd.", "Order <b>12</b> of 3 May", tx, "Restrain the assets", "for 90 days")
	csv := string(b.do("GET", page+"/file?form=csv", nil).body)
	has(t, csv, "number,network,address", tx)
	html := b.do("GET", page+"/file?form=html", nil)
	if !strings.Contains(html.Header.Get("Content-Disposition"), "attachment") || strings.Contains(string(html.body), "<b>12") {
		t.Error("the letter is shown as a page of this server, or what people wrote became markup")
	}
	pdf := b.do("GET", page+"/file?form=pdf", nil)
	if !bytes.HasPrefix(pdf.body, []byte("%PDF-")) || !strings.Contains(pdf.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(pdf.Header.Get("Content-Disposition"), "-draft.pdf") {
		t.Errorf("the letter as PDF: %s, %.20q", pdf.Header.Get("Content-Disposition"), pdf.body)
	}
	b.posted(page+"/send", url.Values{"due": {"2026-12-24"}})
	rec = s.record(c, casebook.KindLetter, which)
	x := s.record(c, casebook.KindExhibit, goshawk.ID(rec.Text("exhibit")))
	if rec.Text("state") != "sent" || x == nil || s.record(c, casebook.KindExhibit, goshawk.ID(rec.Text("annex"))) == nil {
		t.Fatalf("%+v", rec)
	}
	sent := b.do("GET", at+"/exhibits/"+rec.Text("exhibit")+"/file", nil)
	has(t, string(sent.body), "Coinharbour", tx, "2026-12-24")
	printed := s.record(c, casebook.KindExhibit, goshawk.ID(rec.Text("print")))
	if printed == nil || printed.Text("media") != "application/pdf" {
		t.Fatalf("no PDF was fixed: %+v", printed)
	}
	if a := b.do("GET", at+"/exhibits/"+rec.Text("print")+"/file", nil); !bytes.HasPrefix(a.body, []byte("%PDF-")) || fmt.Sprintf("%x", sha256.Sum256(a.body)) != printed.Text("sha256") {
		t.Error("what was fixed is no PDF, or another one")
	}
	// Whoever takes the letter out later gets the bytes that were fixed, whatever is known of the service by then.
	b.posted("/profiles/"+string(harbour), url.Values{"name": {"Coinharbour"}, "entity": {"Another Ltd"}, "version": {"1"}})
	for form, exhibit := range map[string]string{"html": rec.Text("exhibit"), "pdf": rec.Text("print"), "csv": rec.Text("annex")} {
		fixed := b.do("GET", at+"/exhibits/"+exhibit+"/file", nil)
		if got := b.do("GET", page+"/file?form="+form, nil); !bytes.Equal(got.body, fixed.body) {
			t.Errorf("the letter as %s is not what was sent", form)
		}
	}
	b.do("GET", page+"/file?form=text", nil).is(t, http.StatusBadRequest, nil)
	a = b.do("POST", page, "f.paper=another", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusConflict, nil)
	// The clock.
	if n := overdue(rec, time.Date(2026, 12, 24, 23, 0, 0, 0, time.UTC)); n != 0 {
		t.Errorf("%d days late on the day", n)
	}
	if n := overdue(rec, time.Date(2026, 12, 27, 1, 0, 0, 0, time.UTC)); n != 3 {
		t.Errorf("%d days late, not 3", n)
	}
	b.posted(page+"/remind", nil)

	// The answer: fixed as it came; then what it means; then its rows.
	for _, f := range []struct{ name, unit string }{{"deposits.csv", ""}, {"withdrawals.csv", ""}, {"balances.csv", "smallest"}} {
		a := b.sendFile(at+"/answers/file", f.name, w.File("services/coinharbour/"+f.name), "letter", string(which))
		a.is(t, http.StatusSeeOther, nil)
		form := b.do("GET", a.Header.Get("Location"), nil)
		form.is(t, http.StatusOK, nil)
		fields := hidden(string(form.body))
		if f.unit != "" {
			has(t, string(form.body), "Something is still open", "Please say")
			q, err := url.Parse(a.Header.Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			v := q.Query()
			for _, kv := range [][2]string{{"chosen", "yes"}, {"list", "statement"}, {"ledger", "world"}, {"c.time", "0"}, {"c.account", "1"}, {"c.reference", "2"}, {"c.change", "3"}, {"c.balance", "4"}, {"time", "iso"}, {"unit", f.unit}, {"decimal", "."}} {
				v.Set(kv[0], kv[1])
			}
			form = b.do("GET", q.Path+"?"+v.Encode(), nil)
			fields = hidden(string(form.body))
		}
		has(t, string(form.body), "As it would be read")
		took := b.posted(at+"/answers", fields)
		page, _, _ := strings.Cut(took, "?")
		if f.unit == "" {
			has(t, string(b.do("GET", page, nil).body), "Matched")
			if rows, pages := listed(t, b, apiRoot+page, "rows", 3); rows < 4 || pages != (rows+2)/3 {
				t.Errorf("%s has %d rows in %d pages of three", f.name, rows, pages)
			}
		} else {
			has(t, string(b.do("GET", page, nil).body), "Statement")
		}
	}
	// Times of a place are read with its summer time; an hour that came twice there is no time.
	a = b.sendFile(at+"/answers/file", "local.csv", []byte("time,account,satoshis\n2022-07-25 14:04:05,7,5\n2022-10-30 03:30:00,7,5\n"), "letter", string(which))
	a.is(t, http.StatusSeeOther, nil)
	local, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	for zone, says := range map[string][]string{"Europe/Tallinn": {"2022-07-25T11:04:05Z", "2022-10-30 03:30 was twice in Europe/Tallinn"}, "Europe/Nowhere": {"is no zone that is known"}} {
		v := local.Query()
		for _, kv := range [][2]string{{"chosen", "yes"}, {"list", "deposits"}, {"ledger", "world"}, {"c.time", "0"}, {"c.account", "1"}, {"c.amount", "2"}, {"time", "iso"}, {"zone", zone}, {"unit", "smallest"}, {"decimal", "."}} {
			v.Set(kv[0], kv[1])
		}
		has(t, string(b.do("GET", local.Path+"?"+v.Encode(), nil).body), says...)
	}
	if got := s.record(c, casebook.KindLetter, which).Text("state"); got != "answered" {
		t.Errorf("the letter is %s", got)
	}
	across := string(b.do("GET", at+"/account?service=Coinharbour", nil).body)
	has(t, across, "account "+account, "First in, first out", "Lowest intermediate balance", "From the service&#39;s statement"[:8], paid[0])
	on := last(b.posted(at+"/account", url.Values{"service": {"Coinharbour"}, "account": {account}, "run": {string(run) + " fifo"}, "by": {"fifo"}, "method": {"fifo"}}))
	if rec := s.ended(c, on); rec.Text("state") != "done" {
		t.Fatalf("the trace that goes on: %s", rec["summary"].JSON)
	}
	var q workbench.RunQuestion
	if err := json.Unmarshal(s.record(c, casebook.KindRun, on)["question"].JSON, &q); err != nil {
		t.Fatal(err)
	}
	for _, start := range q.Starts {
		if !slices.Contains(paid, start) {
			t.Errorf("it goes on from %s, which nobody was paid", start)
		}
	}
	if len(q.Starts) == 0 {
		t.Error("it goes on from nowhere")
	}
	for _, page := range []string{at + "/letters", at + "/answers", "/profiles", at + "/runs/" + string(run), page} {
		b.do("GET", page, nil).is(t, http.StatusOK, nil)
	}
}

// TestWrongService: a letter does not choose between two profiles, does not follow that of somebody else, and is not due
// before it is sent; an answer is taken for that of a letter only where the names agree.
func TestWrongService(t *testing.T) {
	s := newStage(t)
	w := worldstage.Make(t, filepath.Dir(s.file), 7, "ransomware")
	c, b := s.newCase(), s.as("investigator")
	at := casePath(c)
	ours := last(b.posted("/profiles/new", url.Values{"name": {"Kestrel"}, "days": {"14"}}))
	b.posted("/profiles/new", url.Values{"name": {"Kestrel US"}, "also": {"Kestrel"}, "days": {"14"}})
	other := last(b.posted("/profiles/new", url.Values{"name": {"Osprey"}}))
	page, _, _ := strings.Cut(b.posted(at+"/letters", url.Values{"service": {"Kestrel"}, "address": {w.Table("services/coinharbour/deposits.csv")[0]["address"]}, "ledger": {"world"}}), "?")
	rec := s.record(c, casebook.KindLetter, last(page))
	if rec.Text("profile") != "" || rec.Text("due") != "" {
		t.Errorf("of two profiles one was chosen: %s", rec.Text("profile"))
	}
	b.posted(page, url.Values{"f.profile": {string(other)}, "b.profile": {""}, "f.paper": {"Order 12"}, "b.paper": {""}})
	a := b.do("POST", page+"/send", "due=2199-12-24", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusBadRequest, nil)
	has(t, string(a.body), "Osprey")
	b.posted(page, url.Values{"f.profile": {string(ours)}, "b.profile": {string(s.record(c, casebook.KindLetter, last(page))["profile"].JSON)}})
	a = b.do("POST", page+"/send", "due=2001-12-24", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusBadRequest, nil)
	has(t, string(a.body), "before the letter is sent")
	period := func(from, until string) {
		t.Helper()
		var edits []casebook.Edit
		for name, v := range map[string]string{"from": from, "until": until} {
			e := casebook.Set(casebook.KindLetter, last(page), name, v)
			e.Before = s.record(c, casebook.KindLetter, last(page))[name].JSON
			edits = append(edits, e)
		}
		if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "chose a period", edits); err != nil {
			t.Fatal(err)
		}
	}
	period("2022-02-01T00:00:00Z", "2022-01-01T00:00:00Z")
	a = b.do("POST", page+"/send", "due=2199-12-24", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, http.StatusBadRequest, nil)
	has(t, string(a.body), "ends before it begins")
	period("2022-01-01T00:00:00Z", "2022-02-01T00:00:00Z")
	// What somebody else wrote after the page was shown is not what was sent.
	_, form, _ := strings.Cut(string(b.do("GET", page, nil).body), page+"/send")
	form, _, _ = strings.Cut(form, "</form>")
	seen := hidden(form).Get("seen")
	s.change(c, casebook.Set(casebook.KindMember, s.who["supervisor"].ID, "part", "worker"))
	e := casebook.Set(casebook.KindLetter, last(page), "paper", "Order 13")
	e.Before = s.record(c, casebook.KindLetter, last(page))["paper"].JSON
	if _, err := s.web.Book.Change(t.Context(), s.subject("supervisor"), c, "wrote", []casebook.Edit{e}); err != nil {
		t.Fatal(err)
	}
	b.form(page+"/send", map[string]string{"due": "2199-12-24", "seen": seen}).is(t, http.StatusConflict, nil)
	b.do("POST", "/api/v1"+page+"/send", map[string]any{"due": "2199-12-24", "seen": 1}).is(t, http.StatusConflict, nil)
	b.form(page+"/send", map[string]string{"due": "2199-12-24", "seen": "x"}).is(t, http.StatusBadRequest, nil)
	b.posted(page+"/send", url.Values{"due": {"2199-12-24"}})
	if got := s.record(c, casebook.KindLetter, last(page)).Text("state"); got != "sent" {
		t.Errorf("the letter is %s", got)
	}
}

// hidden are a page's hidden fields of its last form.
func hidden(page string) url.Values {
	v := url.Values{}
	form := page[max(0, strings.LastIndex(page, "<form")):]
	for _, part := range strings.Split(form, `<input type="hidden" name="`)[1:] {
		name, rest, _ := strings.Cut(part, `" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		v.Add(name, strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(value))
	}
	return v
}

// TestProfileVersions: of two who change a profile the later is told so, and nothing is lost.
func TestProfileVersions(t *testing.T) {
	s := newStage(t)
	b := s.as("investigator")
	id := last(b.posted("/profiles/new", url.Values{"name": {"Kestrel"}}))
	b.posted("/profiles/"+string(id), url.Values{"name": {"Kestrel Exchange"}, "version": {"1"}})
	b.do("POST", "/profiles/"+string(id), "name=Late&version=1", "Content-Type", "application/x-www-form-urlencoded").is(t, http.StatusConflict, nil)
	has(t, string(b.do("GET", "/profiles/"+string(id)+"?version=1", nil).body), `value="Kestrel"`)
	has(t, string(b.do("GET", "/profiles/"+string(id), nil).body), `value="Kestrel Exchange"`)
	// Another agency sees none of it.
	s.as("outsider").do("GET", "/profiles/"+string(id), nil).is(t, http.StatusNotFound, nil)
	b.posted("/profiles/"+string(id)+"/delete", url.Values{"version": {"2"}})
	if page := string(b.do("GET", "/profiles", nil).body); strings.Contains(page, "Kestrel Exchange") {
		t.Error("what was deleted is still listed")
	}
	var list []store.Paper
	if err := s.db.View(t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.PaperVersions(s.who["investigator"].Agency, store.ProfilePaper, id)
		return err
	}); err != nil || len(list) != 3 {
		t.Errorf("%d versions, %v", len(list), err)
	}
}
