package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// post sends a form, as a browser does.
func (b *browser) post(path string, pairs ...string) answer {
	b.s.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
}

// page gets a page.
func (b *browser) page(path string) string {
	b.s.t.Helper()
	res := b.do("GET", path, nil, "Accept", "text/html")
	if res.StatusCode != 200 {
		b.s.t.Fatalf("%s: %s\n%s", path, res.Status, res.body)
	}
	return string(res.body)
}

// to is where an answer sends the browser; it fails where it does not.
func (a answer) to(t *testing.T) string {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s %s: %s\n%.3000s", a.Request.Method, a.Request.URL.Path, a.Status, a.body)
	}
	return a.Header.Get("Location")
}

// has fails where a page does not say something.
func has(t *testing.T, page string, all ...string) {
	t.Helper()
	for _, s := range all {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q:\n%s", s, inMain(page))
		}
	}
}

func hasNot(t *testing.T, page string, all ...string) {
	t.Helper()
	for _, s := range all {
		if strings.Contains(page, s) {
			t.Errorf("the page says %q:\n%s", s, inMain(page))
		}
	}
}

func inMain(page string) string {
	if i := strings.Index(page, "<main"); i > 0 {
		return page[i:]
	}
	return page
}

// A case by its forms alone, as without scripts: what is saved, seen, clashes, and is undone.
func TestCaseByForms(t *testing.T) {
	s := newStage(t)
	ines, tom := s.as("investigator"), s.as("investigator2")
	has(t, ines.page("/cases"), "No cases yet", "New case")
	at := ines.post("/cases", "title", "Harbour <ransom>", "reference", "2026/17").to(t)
	at, _, _ = strings.Cut(at, "?")
	has(t, ines.page(at), "Harbour &lt;ransom&gt;", "2026/17")
	if got := tom.do("GET", at, nil, "Accept", "text/html"); got.StatusCode != 404 {
		t.Errorf("who is no member is answered %s", got.Status)
	}
	has(t, ines.page("/cases?with=HARBOUR&status=open"), "Harbour")
	has(t, ines.page("/cases?status=closed"), "No case fits")

	// Members.
	ines.post(at+"/members", "email", s.who["investigator2"].Email, "part", "worker").to(t)
	has(t, tom.page(at+"/members"), s.who["investigator2"].Email)
	if got := tom.post(at+"/members", "email", s.who["reader"].Email, "part", "viewer"); got.StatusCode != 403 {
		t.Errorf("who does not lead chose a member: %s", got.Status)
	}
	if got := ines.post(at+"/members", "email", "nobody@police.example", "part", "viewer"); got.StatusCode != 404 {
		t.Errorf("a member who is nobody: %s", got.Status)
	}

	// A note, by both at once.
	to := ines.post(at+"/records/note/new", "f.title", "First look", "f.text", "one\r\ntwo\r\nthree\r\n", "back", at+"/notes/{id}").to(t)
	note, _, _ := strings.Cut(to, "?")
	saved := at + "/records/note/" + note[strings.LastIndex(note, "/")+1:]
	has(t, ines.page(to), "Added.", "Undo", "one\ntwo\nthree\n</textarea>", `name="b.text" value="&#34;one\ntwo\nthree\n&#34;"`)
	base := `"one\ntwo\nthree\n"`
	ines.post(saved, "f.text", "ONE\r\ntwo\r\nthree\r\n", "b.text", base, "back", note).to(t)
	tom.post(saved, "f.text", "one\r\ntwo\r\nTHREE\r\n", "b.text", base, "back", note).to(t)
	has(t, tom.page(note), "ONE\ntwo\nTHREE\n</textarea>")
	clash := tom.post(saved, "f.text", "won\r\ntwo\r\nthree\r\n", "b.text", base, "f.title", "Another title", "b.title", `"First look"`, "back", note)
	if clash.StatusCode != http.StatusConflict {
		t.Fatalf("no clash: %s", clash.Status)
	}
	has(t, string(clash.body), "Two versions", "ONE\ntwo\nTHREE\n</div>", "won\ntwo\nthree\n</textarea>", `name="f.title" value="Another title"`)
	tom.post(saved, "f.text", "won\ntwo\nTHREE\n", "b.text", `"ONE\ntwo\nTHREE\n"`, "f.title", "Another title", "b.title", `"First look"`, "back", note).to(t)
	has(t, ines.page(note), "won\ntwo\nTHREE\n</textarea>", "Another title")

	// Saved as somebody types.
	auto := ines.do("POST", saved, url.Values{"f.text": {"won\ntwo\nthree again\n"}, "b.text": {`"won\ntwo\nTHREE\n"`}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json")
	var said struct {
		Seq    int64
		Values map[string]string
	}
	auto.is(t, 200, &said)
	if said.Seq == 0 || said.Values["text"] != "won\ntwo\nthree again\n" {
		t.Errorf("%+v", said)
	}

	// Taken back, in the history.
	history := ines.page(at + "/history")
	has(t, history, "three again", "Note changed")
	ines.post(at+"/undo", "seq", fmt.Sprint(said.Seq), "back", at+"/history").to(t)
	has(t, ines.page(note), "won\ntwo\nTHREE\n</textarea>")
	has(t, ines.page(at+"/history?show=all"), "read the notes", "Took back change")
	// Deleted, and taken back.
	to = ines.post(saved, "f.deleted", "true", "b.deleted", "", "back", at+"/notes").to(t)
	list := ines.page(to)
	has(t, list, "Deleted.", "No notes yet")
	seq := regexp.MustCompile(`name="seq" value="(\d+)"`).FindStringSubmatch(list)
	ines.post(at+"/undo", "seq", seq[1], "back", at+"/notes").to(t)
	has(t, ines.page(at+"/notes"), "Another title")

	// The search, of those who may.
	has(t, ines.page("/search?q=another+tit"), "<mark>Another</mark>", note)
	hasNot(t, s.as("outsider").page("/search?q=another"), "Another title")

	// The lead's own fields, and the marking on each page.
	settings := at + "/records/case/case"
	if got := tom.post(settings, "f.marking", "RESTRICTED", "b.marking", ""); got.StatusCode != 403 {
		t.Errorf("who does not lead marked the case: %s", got.Status)
	}
	ines.post(settings, "f.marking", "RESTRICTED", "b.marking", "", "back", at+"/settings").to(t)
	if page := ines.page(at + "/tasks"); strings.Count(page, "RESTRICTED") != 2 {
		t.Errorf("the marking is there %d times", strings.Count(page, "RESTRICTED"))
	}
	// A closed case is read.
	ines.post(settings, "f.status", "closed", "b.status", `"open"`).to(t)
	if got := ines.post(saved, "f.title", "x", "b.title", `"Another title"`); got.StatusCode != 403 {
		t.Errorf("a closed case was changed: %s", got.Status)
	}
	hasNot(t, ines.page(note), "<textarea")
}

// Forms lead nowhere but to pages of their case.
func TestFormsLeadBack(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	ines := s.as("investigator")
	for _, back := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/cases/" + string(id) + "x", "", "javascript:alert(1)", "/cases/" + string(id) + "/../../evil"} {
		to := ines.post(casePath(id)+"/records/task/new", "f.title", "x", "back", back).to(t)
		at, err := url.Parse(to)
		if err != nil || at.Host != "" || at.Scheme != "" || !strings.HasPrefix(at.Path, casePath(id)) {
			t.Errorf("%q leads to %q", back, to)
		}
	}
}

// TestRetention: a case whose day is over is marked until it is given a later one.
func TestRetention(t *testing.T) {
	s := newStage(t)
	id, other := s.newCase(), s.newCase()
	today := s.now.UTC().Format(time.DateOnly)
	s.change(id, casebook.Set(casebook.KindCase, "case", "retain", today))
	s.change(id, casebook.Set(casebook.KindMember, s.who["reader"].ID, "part", "viewer"))
	at := "/cases/" + string(id)
	over := func(want bool) {
		t.Helper()
		ines := s.as("investigator")
		for path, words := range map[string]string{"/cases": "Retention ended " + today, at: "Nothing is deleted by itself"} {
			if strings.Contains(ines.page(path), words) != want {
				t.Errorf("%s: %q, and it should be %t", path, words, want)
			}
		}
		if viewer := s.as("reader").page(at); strings.Contains(viewer, "Retention ended") != want || strings.Contains(viewer, "Change the day") {
			t.Error("who only reads is told wrongly")
		}
		past := ines.page("/cases?status=past")
		if strings.Contains(past, `href="`+at+`"`) != want || strings.Contains(past, `href="/cases/`+string(other)+`"`) {
			t.Error("the list of those that are over has others")
		}
		var list struct{ Cases []casebook.Summary }
		ines.do("GET", "/api/v1/cases?past=true", nil).is(t, 200, &list)
		if (len(list.Cases) == 1 && list.Cases[0].ID == id && list.Cases[0].Retain == today) != want {
			t.Errorf("the API lists %v", list.Cases)
		}
	}
	over(false) // the last day is kept, too
	s.now = s.now.AddDate(0, 0, 1)
	over(true)
	later := casebook.Set(casebook.KindCase, "case", "retain", s.now.UTC().Format(time.DateOnly))
	later.Before = json.RawMessage(`"` + today + `"`)
	s.change(id, later)
	today = s.now.UTC().Format(time.DateOnly)
	over(false)
}

// Addresses from a text to the case.
func TestFindAndImport(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	at := casePath(id)
	ines := s.as("investigator")
	text := "Pay 0.5 to 1A1zP1eP5QGefi2DMP\nTfTL5SLmv7DivfNa or 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb. <b>Key</b>: " + someWallet + " tx 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", `..\chat.txt`)
	if err == nil {
		_, err = io.WriteString(part, text)
	}
	if err == nil {
		err = w.WriteField("keep", "yes")
	}
	if err == nil {
		err = w.WriteField("source", "the victim's chat")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	res := ines.do("POST", at+"/find", form.String(), "Content-Type", w.FormDataContentType(), "Accept", "text/html")
	if res.StatusCode != 200 {
		t.Fatalf("%s\n%s", res.Status, res.body)
	}
	page := string(res.body)
	has(t, page, "Put together from pieces", "checksum is wrong", "Kept as E-1", "&lt;b&gt;Key")
	if n := strings.Count(page, `name="pick"`); n != 3 {
		t.Errorf("%d are offered", n)
	}
	ines.post(at+"/import", "pick", "0", "t.0", firstAddress, "n.0", "bitcoin", "pick", "2", "t.2", someWallet, "n.2", "bitcoin", "source", "E-1 chat.txt", "title", "Ransom").to(t)
	list := ines.page(at + "/subjects")
	has(t, list, firstAddress, "Ransom", "E-1 chat.txt", "Wallets")
	// What a form says is tried again, and what is there is not added twice.
	for _, bad := range [][]string{{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bitcoin"}, {firstAddress, "regtest"}, {firstAddress, "<script>"}, {"<script>", "bitcoin"}} {
		if got := ines.post(at+"/import", "pick", "0", "t.0", bad[0], "n.0", bad[1]); got.StatusCode != 400 {
			t.Errorf("%v: %s", bad, got.Status)
		}
	}
	to := ines.post(at+"/import", "pick", "0", "t.0", firstAddress, "n.0", "bitcoin").to(t)
	if !strings.Contains(to, "unchanged") {
		t.Errorf("added twice: %s", to)
	}
	// A wallet's addresses.
	at2 := regexp.MustCompile(at + `/wallets/[a-z0-9]+`).FindString(list)
	has(t, ines.page(at2), "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el", "No ledger here")
	private := "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
	refused := ines.post(at+"/wallets", "network", "bitcoin", "key", private)
	if refused.StatusCode != 400 || bytes.Contains(refused.body, []byte(private)) {
		t.Errorf("a private key: %s\n%s", refused.Status, refused.body)
	}
}

// upload sends files as the form of the page does.
func (b *browser) upload(at, source string, files ...[2]string) answer {
	b.s.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	err := w.WriteField("source", source)
	for _, f := range files {
		var part io.Writer
		if err == nil {
			part, err = w.CreateFormFile("file", f[0])
		}
		if err == nil {
			_, err = io.WriteString(part, f[1])
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.do("POST", at+"/exhibits", form.String(), "Content-Type", w.FormDataContentType(), "Accept", "text/html")
}

func TestExhibitsByForms(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	at := casePath(id)
	ines := s.as("investigator")
	bomb := "PK\x03\x04" + strings.Repeat("\x00", 1000)
	ines.upload(at, "the phone", [2]string{"../../etc/passwd", "root"}, [2]string{"page.html", "<script>alert(1)</script>"}, [2]string{"bomb.zip", bomb}).to(t)
	has(t, ines.page(at+"/exhibits"), "E-1", "passwd", "E-3", "bomb.zip", "the phone")
	c, err := s.web.Book.Read(t.Context(), s.subject("investigator"), id, "looked", casebook.KindExhibit)
	if err != nil {
		t.Fatal(err)
	}
	var html goshawk.ID
	for _, r := range records(c, casebook.KindExhibit) {
		if r.Text("name") == "page.html" {
			html = r.ID
		}
	}
	got := ines.do("GET", at+"/exhibits/"+string(html)+"/file", nil)
	if string(got.body) != "<script>alert(1)</script>" || got.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") ||
		!strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v\n%s", got.Header, got.body)
	}
	has(t, ines.page(at+"/exhibits/"+string(html)+"?verify=1"), "what they were")
	ines.post(at+"/records/custody/new", "f.exhibit", string(html), "f.from", "investigator", "f.to", "Forensics", "f.reason", "image", "f.at", s.now.Format(time.RFC3339)).to(t)
	has(t, ines.page(at+"/exhibits/"+string(html)), "investigator → Forensics")
	if bad := ines.upload(at, "", [2]string{"a", "b"}); bad.StatusCode != 400 {
		t.Errorf("without a source: %s", bad.Status)
	}
	if bad := ines.post(at+"/records/exhibit/new", "f.number", "E-9", "f.name", "x", "f.media", "x", "f.sha256", strings.Repeat("0", 64), "f.bytes", "1", "f.source", "x", "f.obtained", "2026-11-30T12:00:00Z", "f.custodian", "x"); bad.StatusCode != 400 {
		t.Errorf("an exhibit without bytes: %s", bad.Status)
	}
}

// What a form's fields mean.
func TestFormEdits(t *testing.T) {
	edits, err := formEdits(casebook.KindTask, "t1", map[string][]string{"f.title": {" Ask <them> "}, "f.done": {"false", "true"}, "b.done": {"false"}, "f.due": {""}, "b.due": {`"2026-11-30"`}, "f.text": {"a\r\nb\r\n"}, "other": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(edits)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"kind":"task","id":"t1","field":"done","before":false,"after":true},{"kind":"task","id":"t1","field":"due","before":"2026-11-30","after":null},` +
		`{"kind":"task","id":"t1","field":"text","before":null,"after":"a\nb\n"},{"kind":"task","id":"t1","field":"title","before":null,"after":"Ask \u003cthem\u003e"}]`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, bad := range []map[string][]string{{"f.nothing": {"x"}}, {"f.title": {"x"}, "b.title": {"{"}}} {
		if _, err := formEdits(casebook.KindTask, "t1", bad); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%v: %v", bad, err)
		}
	}
	// A title of digits stays a text.
	edits, err = formEdits(casebook.KindTask, "t1", map[string][]string{"f.title": {"42"}})
	if err != nil || string(edits[0].After) != `"42"` {
		t.Errorf("%v, %v", edits, err)
	}
}
