package web

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

const formMedia = "application/x-www-form-urlencoded"

// send sends a form of a page.
func (b *browser) send(path string, fields ...string) answer {
	b.s.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return b.do("POST", path, v.Encode(), "Content-Type", formMedia, "Sec-Fetch-Site", "same-origin")
}

func findingsOf(s *stage, id goshawk.ID) map[goshawk.ID]casebook.Record {
	s.t.Helper()
	c, err := s.web.Book.Read(s.t.Context(), s.subject("investigator"), id, "looked", casebook.KindFinding, casebook.KindRun)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Records[casebook.KindFinding]
}

// change makes edits of a case: those of traces as the server itself does.
func (s *stage) change(id goshawk.ID, edits ...casebook.Edit) {
	s.t.Helper()
	var own, server []casebook.Edit
	for _, e := range edits {
		if e.Kind == casebook.KindRun {
			server = append(server, e)
		} else {
			own = append(own, e)
		}
	}
	if len(server) > 0 {
		if _, err := s.web.Book.Record(s.t.Context(), s.subject("investigator"), id, "set the stage", server); err != nil {
			s.t.Fatal(err)
		}
	}
	if len(own) > 0 {
		if _, err := s.web.Book.Change(s.t.Context(), s.subject("investigator"), id, "set the stage", own); err != nil {
			s.t.Fatal(err)
		}
	}
}

// A finding is written, rests on what is ticked, is put in order, and stands in the report.
func TestFindings(t *testing.T) {
	s := newStage(t)
	id, at := s.newCase(), ""
	at = casePath(id)
	s.change(id, casebook.Set(casebook.KindRun, "r1", "question", map[string]any{"ledger": "none", "method": "fifo", "starts": []string{"x:0"}}), casebook.Set(casebook.KindRun, "r1", "state", "failed"), casebook.Set(casebook.KindRun, "r1", "title", "An attempt"))
	b := s.as("investigator")
	b.send(at+"/findings/new", "f.title", "First", "f.order", "1", "runs", "r1", "back", at+"/findings").is(t, 303, nil)
	b.send(at+"/findings/new", "f.title", "Second", "f.order", "2", "f.support", "A statement", "back", at+"/findings").is(t, 303, nil)
	ids := map[string]goshawk.ID{}
	for one, r := range findingsOf(s, id) {
		ids[r.Text("title")] = one
		if r.Text("title") == "First" && strings.Join(r.List("runs"), " ") != "r1" {
			t.Errorf("it rests on %v", r.List("runs"))
		}
	}
	page := string(b.do("GET", at+"/findings", nil).body)
	if !strings.Contains(page, "1. First") || strings.Index(page, "1. First") > strings.Index(page, "2. Second") || !strings.Contains(page, "R-1 An attempt") {
		t.Error("the findings are not there in their order")
	}
	b.send(at+"/findings/"+string(ids["Second"])+"/move", "to", "up", "back", at+"/findings").is(t, 303, nil)
	page = string(b.do("GET", at+"/findings", nil).body)
	if !strings.Contains(page, "1. Second") || !strings.Contains(page, "2. First") {
		t.Error("the second was not moved up")
	}
	// Nothing ticked any more, from what the page showed.
	b.send(at+"/findings/"+string(ids["First"]), "f.title", "First", "b.title", `"First"`, "b.runs", `["r1"]`, "back", at+"/findings").is(t, 303, nil)
	if r := findingsOf(s, id)[ids["First"]]; len(r.List("runs")) != 0 {
		t.Errorf("it still rests on %v", r.List("runs"))
	}
	// Somebody who saw the old list is told so, and overwrites nothing.
	b.send(at+"/findings/"+string(ids["First"]), "b.runs", `["r1"]`, "runs", "r1", "runs", "r2", "back", at+"/findings").is(t, 409, nil)
	b.send(at+"/report/runs", "run", "r1", "used", "r1", "back", at+"/report").is(t, 303, nil)
	var out struct {
		Findings []struct {
			Title   string
			Support string `json:"independent_support"`
		}
		Traces []struct {
			Number string
			Used   bool
		}
		Missing []string
	}
	b.do("GET", apiRoot+"/cases/"+string(id)+"/report.json", nil).is(t, 200, &out)
	if len(out.Findings) != 2 || out.Findings[0].Title != "Second" || out.Findings[0].Support != "A statement" || len(out.Traces) != 1 || !out.Traces[0].Used {
		t.Errorf("the report: %+v", out)
	}
	if !strings.Contains(strings.Join(out.Missing, " "), "author") {
		t.Errorf("missing: %v", out.Missing)
	}
}

// The report in its three forms: harmless whatever the case says, under a policy of its own, and
// the same over pages and API.
func TestReportForms(t *testing.T) {
	const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	s := newStage(t)
	id := s.newCase()
	set := casebook.Set
	s.change(id, set(casebook.KindCase, "case", "question", attack), set(casebook.KindCase, "case", "marking", attack), set(casebook.KindReport, "case", "author", attack), set(casebook.KindReport, "case", "qualification", attack),
		set(casebook.KindReport, "case", "graph", "g"), set(casebook.KindGraph, "g", "title", attack), set(casebook.KindGraph, "g", "node/a:x", map[string]any{"what": "address", "text": attack, "title": attack, "x": 1, "y": 1}),
		set(casebook.KindFinding, "f1", "title", attack), set(casebook.KindFinding, "f1", "text", attack), set(casebook.KindFinding, "f1", "exhibits", []string{attack}),
		set(casebook.KindRun, "r1", "question", map[string]any{"ledger": "none", "method": attack, "starts": []string{attack}}), set(casebook.KindRun, "r1", "state", "failed"), set(casebook.KindRun, "r1", "title", attack))
	b := s.as("investigator")
	for _, path := range []string{"/findings", "/report"} {
		if a := b.do("GET", casePath(id)+path, nil); a.StatusCode != 200 || strings.Contains(string(a.body), "<script>alert") || strings.Contains(string(a.body), "<img") {
			t.Errorf("%s: %s, or it has the script in it", path, a.Status)
		}
	}
	for form, begins := range map[string]string{"html": "<!DOCTYPE html>", "pdf": "%PDF-", "json": "{"} {
		page, call := b.do("GET", casePath(id)+"/report."+form, nil), b.do("GET", apiRoot+casePath(id)+"/report."+form, nil)
		if page.StatusCode != 200 || call.StatusCode != 200 || !strings.HasPrefix(string(page.body), begins) || string(page.body) != string(call.body) {
			t.Fatalf("%s: %s and %s, %.300s", form, page.Status, call.Status, call.body)
		}
		for _, a := range []answer{page, call} {
			policy := a.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") {
				t.Errorf("%s is under the policy %s", form, policy)
			}
		}
		if attached := strings.HasPrefix(page.Header.Get("Content-Disposition"), "attachment"); attached != (form != "html") {
			t.Errorf("%s: attached %v", form, attached)
		}
		if form != "json" && (strings.Contains(string(page.body), "<script") || strings.Contains(string(page.body), "<img")) {
			t.Errorf("%s has markup of the case's texts in it", form)
		}
		if form == "json" && !json.Valid(page.body) {
			t.Error("the JSON is none")
		}
	}
	if n := strings.Count(string(b.do("GET", casePath(id)+"/report.html", nil).body), "alert(1)"); n < 10 {
		t.Errorf("the texts are in the page %d times", n)
	}
	// What nobody may see is not there, whatever the form.
	for _, form := range []string{"html", "pdf", "json"} {
		if a := s.as("outsider").do("GET", casePath(id)+"/report."+form, nil); a.StatusCode != 404 && a.StatusCode != 403 {
			t.Errorf("an outsider gets the report: %s", a.Status)
		}
	}
}

// The page names what is missing, and where to fill it in; each of these places is there.
func TestReportMissing(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	b := s.as("investigator")
	page := string(b.do("GET", casePath(id)+"/report", nil).body)
	links := regexp.MustCompile(`href="([^"]*)">Fill in`).FindAllStringSubmatch(page, -1)
	if len(links) != 8 {
		t.Errorf("%d things are missing of an empty report", len(links))
	}
	for _, l := range links {
		at, place, _ := strings.Cut(l[1], "#")
		a := b.do("GET", at, nil)
		if a.StatusCode != 200 || place != "" && !strings.Contains(string(a.body), `id="`+place+`"`) {
			t.Errorf("%s: %s, or nothing there has this name", l[1], a.Status)
		}
	}
	if strings.Contains(page, "lacks_") {
		t.Error("a text is not in the catalogue")
	}
}

// TestPackageOfBefore: the address of a package that was begun before the server was started again still shows the
// report; and exhibits to leave out are named by numbers that there are.
func TestPackageOfBefore(t *testing.T) {
	s := newStage(t)
	at, b := casePath(s.newCase()), s.as("investigator")
	b.do("GET", at+"/report?package=nobodyknows", nil).is(t, 200, nil)
	a := b.send(at+"/report/package", "make", "package", "without", "E-1, E-99")
	a.is(t, 400, nil)
	has(t, string(a.body), "no exhibit")
}
