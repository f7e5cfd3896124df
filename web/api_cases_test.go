package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
)

func TestCasesOverTheAPI(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	var opened struct{ ID string }
	a := ines.do("POST", "/api/v1/cases", map[string]string{"title": "Harbour ransom", "reference": "2026/17"})
	a.is(t, http.StatusCreated, &opened)
	at := "/api/v1/cases/" + opened.ID
	if a.Header.Get("Location") != at {
		t.Errorf("Location: %q", a.Header.Get("Location"))
	}
	edit := func(name string, before, after any) map[string]any {
		return map[string]any{"kind": "note", "id": "n1", "field": name, "before": before, "after": after}
	}
	var out changed
	ines.do("POST", at+"/changes", map[string]any{"what": "wrote a note", "edits": []any{edit("title", nil, "First"), edit("text", nil, "one\ntwo\n")}}).is(t, 200, &out)
	if out.Change == nil || out.Change.Seq != 2 || out.Change.Entry == 0 || len(out.Change.Edits) != 2 {
		t.Errorf("change: %+v", out.Change)
	}
	out = changed{}
	ines.do("POST", at+"/changes", map[string]any{"what": "again", "edits": []any{edit("title", nil, "First")}}).is(t, 200, &out)
	if out.Change != nil {
		t.Errorf("nothing was to be changed, but was: %+v", out.Change)
	}

	var c casebook.Case
	a = ines.do("GET", at+"?kind=note", nil)
	a.is(t, 200, &c)
	if got := string(c.Records["note"]["n1"]["title"].JSON); got != `"First"` || len(c.Records) != 1 || c.Part != "lead" {
		t.Errorf("read: %+v", c)
	}
	if tag := a.Header.Get("ETag"); tag != `"2"` {
		t.Errorf("ETag: %s", tag)
	}
	if a := ines.do("GET", at, nil, "If-None-Match", `"2"`); a.StatusCode != http.StatusNotModified || len(a.body) > 0 {
		t.Errorf("unchanged: %s: %s", a.Status, a.body)
	}
	ines.do("GET", at, nil, "If-None-Match", `"1"`).is(t, 200, nil)
	ines.do("GET", at+"?kind=nothing", nil).is(t, 400, nil)
	ines.do("GET", at+"?kindd=note", nil).is(t, 422, nil)

	var p problem
	a = ines.do("POST", at+"/changes", map[string]any{"what": "clashed", "edits": []any{edit("title", "Zeroth", "Second")}})
	a.is(t, 409, &p)
	if len(p.Clashes) != 1 || string(p.Clashes[0].Theirs) != `"First"` || p.Code != "conflict" || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("clash: %s", a.body)
	}
	ines.do("POST", at+"/changes/2/undo", nil).is(t, 200, &out)
	if out.Change.Undoes != 2 {
		t.Errorf("undone: %+v", out.Change)
	}
	ines.do("POST", at+"/changes/99/undo", nil).is(t, 404, nil)

	var list struct {
		Changes []casebook.Change
		More    bool
	}
	ines.do("GET", at+"/changes?after=1&most=1", nil).is(t, 200, &list)
	if len(list.Changes) != 1 || list.Changes[0].Seq != 2 || !list.More {
		t.Errorf("changes: %+v", list)
	}
}

func TestWhatIsNotAsDescribedIsRefused(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	at := "/api/v1/cases/" + string(s.newCase())
	for _, bad := range []struct {
		path, body string
		status     int
	}{
		{"/changes", `{`, 400},
		{"/changes", ``, 400},
		{"/changes", `{"what":"x","edits":[]}`, 422},
		{"/changes", `{"what":"","edits":[{"kind":"note","id":"n","field":"title","before":null,"after":"x"}]}`, 422},
		{"/changes", `{"what":"a\nb","edits":[{"kind":"note","id":"n","field":"title","before":null,"after":"x"}]}`, 422},
		{"/changes", `{"what":"x","edits":[{"kind":"note","id":"n","field":"title","before":null,"after":"x","more":1}]}`, 422},
		{"/changes", `{"what":"x","edits":[{"kind":"no","id":"n","field":"title","before":null,"after":"x"}]}`, 400},
		{"/changes", `{"what":"x","edits":[{"kind":"note","id":"../n","field":"title","before":null,"after":"x"}]}`, 400},
		{"/changes", `{"what":"x","edits":[{"kind":"note","id":"n","field":"title","before":null,"after":"` + strings.Repeat("x", 10<<20) + `"}]}`, 413},
		{"/changes/x/undo", ``, 422},
		{"/changes/0/undo", ``, 422},
	} {
		a := ines.do("POST", at+bad.path, bad.body)
		var p problem
		if a.is(t, bad.status, &p); p.Code != "invalid" || p.Detail == "" || p.Status != bad.status {
			t.Errorf("%.80s: %s", bad.body, a.body)
		}
	}
	a := ines.do("POST", at+"/changes", "what=x", "Content-Type", "application/x-www-form-urlencoded")
	a.is(t, 415, nil)
	if c, err := s.web.Book.Read(t.Context(), s.subject("investigator"), s.newCase(), "read"); err != nil || c.Seq != 1 {
		t.Errorf("something was changed: %v %v", c, err)
	}
}

func TestPages(t *testing.T) {
	s := newStage(t)
	var all []string
	for i := range 23 {
		s.now = s.now.Add(time.Duration(i%3) * time.Second) // some at the same time
		id, err := s.web.Book.Open(t.Context(), s.subject("investigator"), fmt.Sprint("Case ", i), "")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(id))
	}
	ines := s.as("investigator")
	seen := map[string]bool{}
	cursor := ""
	for pages := 0; ; pages++ {
		var list struct {
			Cases []casebook.Summary
			Next  string
		}
		ines.do("GET", "/api/v1/cases?most=5&cursor="+cursor, nil).is(t, 200, &list)
		for _, c := range list.Cases {
			if seen[string(c.ID)] {
				t.Errorf("%s came twice", c.ID)
			}
			seen[string(c.ID)] = true
		}
		if pages == 1 { // somebody opens a case meanwhile: nothing is left out for it
			s.now = s.now.Add(time.Minute)
			s.newCase()
		}
		if list.Next == "" {
			break
		}
		cursor = list.Next
	}
	for _, id := range all {
		if !seen[id] {
			t.Errorf("%s was left out", id)
		}
	}
	for _, bad := range []string{"x", "bnVsbA", "eyJiIjoxLCJpIjoiPHM-In0", cursorOf(mark{1, "a b"})} {
		ines.do("GET", "/api/v1/cases?cursor="+bad, nil).is(t, 400, nil)
	}
}

func TestDescriptionIsOpen(t *testing.T) {
	s := newStage(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	s.as("").do("GET", "/openapi.json", nil).is(t, 200, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Paths["/api/v1/cases"]["post"] == nil {
		t.Errorf("%+v", doc)
	}
	s.as("").do("POST", "/api/v1/cases", map[string]string{"title": "x"}).is(t, 401, nil)
}

// TestWhatTheServerWritesIsReadOnly: the list of kinds says which fields the server writes, and a change of each by hand is
// refused; so is one of a letter that was sent.
func TestWhatTheServerWritesIsReadOnly(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	var kinds struct {
		Kinds []struct {
			Kind, While string
			Fields      []struct {
				Name     string
				ReadOnly bool `json:"readOnly"`
				Begins   string
			}
		}
	}
	ines.do("GET", "/api/v1/kinds", nil).is(t, 200, &kinds)
	var opened struct{ ID string }
	ines.do("POST", "/api/v1/cases", map[string]string{"title": "Harbour"}).is(t, 201, &opened)
	at := "/api/v1/cases/" + opened.ID + "/changes"
	set := func(kind, id, name string, v any) map[string]any {
		return map[string]any{"kind": kind, "id": id, "field": name, "before": nil, "after": v}
	}
	begin := func(edits ...any) answer {
		return ines.do("POST", at, map[string]any{"what": "wrote", "edits": edits})
	}
	begin(set("letter", "l1", "service", "Kestrel"), set("letter", "l1", "state", "draft")).is(t, 200, nil)
	begin(set("run", "r1", "question", map[string]any{}), set("run", "r1", "state", "running")).is(t, 403, nil)
	run := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, "r1", name, v) }
	if _, err := s.web.Book.Act(t.Context(), s.subject("investigator"), goshawk.ID(opened.ID), "began a trace", []casebook.Edit{run("question", map[string]any{}), run("state", "running")}); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{"letter sent": "2026-11-23T09:00:00Z", "letter exhibit": "x1", "letter print": "x1", "letter annex": "x1", "letter reminded": []string{"x"}, "run summary": map[string]any{}, "run exhibit": "x1"}
	found := 0
	for _, k := range kinds.Kinds {
		if k.Kind == "letter" && k.While != "draft" {
			t.Errorf("a letter is changed while it is %q", k.While)
		}
		for _, f := range k.Fields {
			v, known := values[k.Kind+" "+f.Name]
			if !known || !f.ReadOnly {
				continue
			}
			found++
			begin(set(k.Kind, map[string]string{"letter": "l1", "run": "r1"}[k.Kind], f.Name, v)).is(t, 403, nil)
		}
	}
	if found != len(values) {
		t.Errorf("%d of %d fields are said to be read-only", found, len(values))
	}
	if _, err := s.web.Book.Act(t.Context(), s.subject("investigator"), goshawk.ID(opened.ID), "sent it", []casebook.Edit{{Field: casebook.Field{Kind: casebook.KindLetter, ID: "l1", Name: "state"}, Before: json.RawMessage(`"draft"`), After: json.RawMessage(`"sent"`)}}); err != nil {
		t.Fatal(err)
	}
	var p problem
	begin(set("letter", "l1", "text", "another text")).is(t, 409, &p)
	if !strings.Contains(p.Hint, "another one") {
		t.Errorf("%+v", p)
	}
}
