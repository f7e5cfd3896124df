package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

// TestGraph follows a graph from its beginning to a snapshot, and reads it back as it
// stood after each change.
func TestGraph(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	b := s.as("investigator")
	made := b.do("POST", "/cases/"+string(c)+"/graphs", "title=Where+it+went", "Content-Type", "application/x-www-form-urlencoded")
	at := made.Header.Get("Location")
	if made.StatusCode != 303 || !strings.HasPrefix(at, "/cases/"+string(c)+"/graphs/") {
		t.Fatalf("a graph is begun with %d to %q", made.StatusCode, at)
	}
	id := goshawk.ID(at[strings.LastIndex(at, "/")+1:])
	const address = "bc1qhostile"
	node := func(x int, note string) map[string]any {
		return map[string]any{"what": "address", "text": address, "x": x, "y": 0, "note": note, "label": map[string]any{"text": "<script>alert(1)</script>", "confidence": 70, "source": "a & b"}}
	}
	field := func(name string, before, after any) casebook.Edit {
		e := casebook.Set(casebook.KindGraph, id, name, after)
		if before != nil {
			e.Before = casebook.Set(casebook.KindGraph, id, name, before).After
		}
		if after == nil {
			e.After = nil
		}
		return e
	}
	name := "node/a:" + address
	var seqs []int64
	for _, e := range [][]casebook.Edit{
		{field(name, nil, node(0, "")), field("edge/"+strings.Repeat("0", 32), nil, map[string]any{"from": "a:" + address, "to": "t:1", "what": "spend", "value": "5", "first": "2024-03-12T10:00:00Z"})},
		{field(name, node(0, ""), node(10, "seen at <b>midnight</b>"))},
		{field(name, node(10, "seen at <b>midnight</b>"), nil), field("title", "Where it went", "Nowhere")},
	} {
		done, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "drew", e)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, done.Seq)
	}
	read := func(query string) (int64, map[string]json.RawMessage) {
		t.Helper()
		a := b.do("GET", "/api/v1/cases/"+string(c)+"/graphs/"+string(id)+query, nil)
		var got struct {
			Seq    int64
			Fields map[string]json.RawMessage
		}
		if err := json.Unmarshal(a.body, &got); a.StatusCode != 200 || err != nil {
			t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
		}
		return got.Seq, got.Fields
	}
	for _, want := range []struct {
		query, x, title string
		seq             int64
	}{
		{fmt.Sprintf("?at=%d", seqs[0]), `"x":0`, "Where it went", seqs[0]},
		{fmt.Sprintf("?at=%d", seqs[1]), `"x":10`, "Where it went", seqs[1]},
		{fmt.Sprintf("?at=%d", seqs[2]), ``, "Nowhere", seqs[2]},
		{"", ``, "Nowhere", seqs[2]},
	} {
		seq, fields := read(want.query)
		if seq != want.seq || !strings.Contains(string(fields[name]), want.x) || (fields[name] == nil) != (want.x == "") || string(fields["title"]) != `"`+want.title+`"` {
			t.Errorf("%s: after change %d: %s", want.query, seq, fields)
		}
	}
	for query, status := range map[string]int{"?at=1": 404, "?at=999": 404, "?at=-1": 422} {
		if a := b.do("GET", "/api/v1/cases/"+string(c)+"/graphs/"+string(id)+query, nil); a.StatusCode != status {
			t.Errorf("%s: %d, want %d", query, a.StatusCode, status)
		}
	}
	// A snapshot is a page of its own, and stays as it was.
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "fixed it", []casebook.Edit{
		casebook.Set(casebook.KindSnapshot, "s1", "title", "As on Monday"), casebook.Set(casebook.KindSnapshot, "s1", "graph", id), casebook.Set(casebook.KindSnapshot, "s1", "seq", seqs[1])}); err != nil {
		t.Fatal(err)
	}
	fixed := b.do("GET", at+"?snapshot=s1", nil)
	for _, want := range []string{"As on Monday", address, "confidence high", "seen at &lt;b&gt;midnight&lt;/b&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"} {
		if !strings.Contains(string(fixed.body), want) {
			t.Errorf("the snapshot's page does not say %q", want)
		}
	}
	if strings.Contains(string(fixed.body), "<script>alert") || strings.Contains(string(fixed.body), `data-may="change"`) {
		t.Error("the snapshot's page runs what a label holds, or offers to change it")
	}
	if now := b.do("GET", at, nil); strings.Contains(string(now.body), address) {
		t.Error("the graph's page shows what was removed")
	}
	if list := b.do("GET", "/cases/"+string(c)+"/graphs", nil); !strings.Contains(string(list.body), "Nowhere") || !strings.Contains(string(list.body), at+"?snapshot=s1") {
		t.Errorf("the list of graphs: %s", list.body)
	}
	for _, wrong := range []string{at + "?snapshot=none", "/cases/" + string(c) + "/graphs/none"} {
		if a := b.do("GET", wrong, nil); a.StatusCode != 404 {
			t.Errorf("%s: %d", wrong, a.StatusCode)
		}
	}
	if a := s.as("outsider").do("GET", at, nil); a.StatusCode != 404 {
		t.Errorf("who is no member of the case is answered %d", a.StatusCode)
	}
}

// TestGraphOfTheCase: a graph begins with what the case is about, where that is wished, and the page offers it.
func TestGraphOfTheCase(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	b := s.as("investigator")
	at := casePath(c) + "/graphs"
	if strings.Contains(string(b.do("GET", at, nil).body), `name="with"`) {
		t.Error("a case about nothing is offered as a graph's beginning")
	}
	var edits []casebook.Edit
	for i := range mostBegun + 1 {
		id := goshawk.ID(fmt.Sprintf("s%03d", i))
		for name, v := range map[string]string{"network": "bitcoin", "what": "coin", "text": strings.Repeat("0", 64) + fmt.Sprintf(":%d", i), "title": "Seen"} {
			edits = append(edits, casebook.Set(casebook.KindSubject, id, name, v))
		}
	}
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "added", edits); err != nil {
		t.Fatal(err)
	}
	has(t, string(b.do("GET", at, nil).body), `name="with" value="case" checked`, "Begin with 200 addresses")
	for with, want := range map[string]int{"": 0, "case": mostBegun} {
		r := s.record(c, casebook.KindGraph, last(b.posted(at, url.Values{"title": {"Where it went"}, "with": {with}})))
		n := 0
		for name := range r {
			if strings.HasPrefix(name, "node/u:") {
				n++
			}
		}
		if n != want {
			t.Errorf("with=%q: %d nodes", with, n)
		}
	}
}
