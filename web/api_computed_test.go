package web

import (
	"encoding/json"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

// TestFixComputed: what was computed is fixed as the server computed it, with what it was computed from; two questions at once are none.
func TestFixComputed(t *testing.T) {
	s := newStage(t)
	whale := s.chain(50)
	c, b := s.newCase(), s.as("investigator")
	at := apiRoot + casePath(c)
	b.do("POST", at+"/changes", map[string]any{"what": "began a graph", "edits": []casebook.Edit{casebook.Set(casebook.KindGraph, "g1", "title", "The way")}}).is(t, 200, nil)
	expand := map[string]any{"ledger": "main", "node": "a:" + whale, "direction": "in", "level": "transaction", "most": 3}
	why := map[string]any{"ledger": "main", "address": whale}
	graph := map[string]any{"graph": "g1"}
	for _, x := range []struct {
		what, path string
		ask        map[string]any
		source     string
	}{
		{"expand", "/expand", expand, "computed by Goshawk " + goshawk.Version + " over the ledger main, regtest, block 199"},
		{"why", "/why", why, "computed by Goshawk " + goshawk.Version + " over the ledger main, regtest, block 199"},
		{"graph", "", graph, "computed by Goshawk " + goshawk.Version + " from the case's own records"},
	} {
		var fixed casebook.Fixed
		b.do("POST", at+"/exhibits/computed", map[string]any{x.what: x.ask}).is(t, 201, &fixed)
		var kept struct {
			Goshawk  string
			Ledger   struct{ Block string }
			Question map[string]map[string]any
			Answer   json.RawMessage
		}
		b.do("GET", at+"/exhibits/"+string(fixed.ID)+"/bytes", nil).is(t, 200, &kept)
		if kept.Goshawk != goshawk.Version || len(kept.Question) != 1 || kept.Question[x.what] == nil || (kept.Ledger.Block == "") != (x.path == "") {
			t.Errorf("%s: %+v", x.what, kept)
		}
		var want, got any
		if x.path == "" {
			b.do("GET", at+"/graphs/g1", nil).is(t, 200, &want)
		} else {
			b.do("POST", at+x.path, x.ask).is(t, 200, &want)
		}
		if err := json.Unmarshal(kept.Answer, &got); err != nil {
			t.Fatal(err)
		}
		if m, ok := want.(map[string]any); ok {
			delete(m, "$schema")
			if g, ok := got.(map[string]any); ok && x.path == "" {
				delete(m, "seq") // an exhibit is a change, too
				delete(g, "seq")
			}
		}
		if a, b := text(t, got), text(t, want); a != b {
			t.Errorf("%s: the exhibit says\n%s\nand the answer was\n%s", x.what, a, b)
		}
		rec := s.record(c, casebook.KindExhibit, fixed.ID)
		if rec.Text("source") != x.source || rec.Text("media") != "application/json" {
			t.Errorf("%s: from %q, %q", x.what, rec.Text("source"), rec.Text("media"))
		}
	}
	b.do("POST", at+"/exhibits/computed", map[string]any{"why": why, "graph": graph}).is(t, 400, nil)
	b.do("POST", at+"/exhibits/computed", map[string]any{}).is(t, 400, nil)
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
