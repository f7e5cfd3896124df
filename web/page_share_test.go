package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// TestShareSnapshot: who a snapshot is shared with sees that one picture as it was, and nothing else of the
// case; until it ends or is ended. Whoever else has the link sees nothing.
func TestShareSnapshot(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	lead, guest := s.as("investigator"), s.as("outsider")
	change := func(edits ...casebook.Edit) int64 {
		t.Helper()
		done, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "worked", edits)
		if err != nil {
			t.Fatal(err)
		}
		return done.Seq
	}
	set := casebook.Set
	seq := change(set(casebook.KindGraph, "g", "title", "Where it went"), set(casebook.KindGraph, "g", "node/a:bc1qshown", map[string]any{"what": "address", "text": "bc1qshown", "note": "seen here", "x": 1, "y": 1}))
	change(set(casebook.KindSnapshot, "p", "title", "As on Monday"), set(casebook.KindSnapshot, "p", "graph", "g"), set(casebook.KindSnapshot, "p", "seq", seq))
	change(set(casebook.KindGraph, "g", "node/a:bc1qlater", map[string]any{"what": "address", "text": "bc1qlater", "x": 2, "y": 2}), set(casebook.KindNote, "n", "title", "SECRET NOTE"),
		set(casebook.KindCase, "case", "marking", "RESTRICTED"))
	at := "/cases/" + string(c)
	if strings.Contains(string(guest.do("GET", "/cases", nil).body), "As on Monday") {
		t.Error("it is listed before it is shared")
	}
	day := s.now.UTC().AddDate(0, 0, 7)
	share := func() goshawk.ID {
		lead.posted(at+"/shares", url.Values{"snapshot": {"p"}, "email": {"outsider@police.example"}, "until": {day.Format(time.DateOnly)}})
		var got struct{ Shared []casebook.Share }
		if err := json.Unmarshal(guest.do("GET", "/api/v1/shared", nil).body, &got); err != nil || len(got.Shared) != 1 {
			t.Fatalf("%v: %+v", err, got)
		}
		return got.Shared[0].ID
	}
	id := share()
	page := "/shared/" + string(c) + "/" + string(id)
	has(t, string(guest.do("GET", "/cases", nil).body), page, "As on Monday", day.Format(time.DateOnly))
	shown := guest.do("GET", page, nil)
	shown.is(t, http.StatusOK, nil)
	has(t, string(shown.body), "As on Monday", "bc1qshown", "seen here", "RESTRICTED", `data-source="/api/v1`+page+`"`, `data-may="read"`)
	answer := guest.do("GET", "/api/v1"+page, nil)
	answer.is(t, http.StatusOK, nil)
	for _, body := range []string{string(shown.body), string(answer.body)} {
		for _, never := range []string{"bc1qlater", "SECRET", "Harbour ransom", "/cases/" + string(c)} {
			if strings.Contains(body, never) {
				t.Errorf("who it is shared with sees %q", never)
			}
		}
	}
	has(t, string(answer.body), "bc1qshown", "RESTRICTED")
	// Nothing else opens, and nobody else is let in: the link is no key.
	for _, path := range []string{at, at + "/graphs/g", at + "/graphs/g?snapshot=p", "/api/v1" + at, "/api/v1" + at + "/graphs/g", at + "/members"} {
		guest.do("GET", path, nil).is(t, http.StatusNotFound, nil)
	}
	for _, who := range []string{"investigator2", "investigator", "administrator", "supervisor"} {
		s.as(who).do("GET", page, nil).is(t, http.StatusNotFound, nil)
	}
	guest.do("GET", "/shared/"+string(s.newCase())+"/"+string(id), nil).is(t, http.StatusNotFound, nil)
	// The case says who may look, and who looked.
	has(t, string(lead.do("GET", at+"/graphs", nil).body), "outsider@police.example", day.Format(time.DateOnly), "/shares/"+string(id)+"/end")
	has(t, string(lead.do("GET", at+"/history?show=all", nil).body), "Share of a snapshot added", "looked at a snapshot that is shared with them")
	// It is made as the rules say, and not by hand.
	for what, f := range map[string]url.Values{"a day that is past": {"snapshot": {"p"}, "email": {"outsider@police.example"}, "until": {"2020-01-01"}},
		"more than a year": {"snapshot": {"p"}, "email": {"outsider@police.example"}, "until": {s.now.AddDate(2, 0, 0).Format(time.DateOnly)}},
		"nobody":           {"snapshot": {"p"}, "email": {"nobody@police.example"}, "until": {day.Format(time.DateOnly)}}} {
		if a := lead.do("POST", at+"/shares", f.Encode(), "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", what, a.Status)
		}
	}
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "by hand", []casebook.Edit{set(casebook.KindShare, "x", "snapshot", "p"), set(casebook.KindShare, "x", "person", s.who["investigator2"].ID),
		set(casebook.KindShare, "x", "until", "2099-01-01T00:00:00Z")}); goshawk.CodeOf(err) != goshawk.Denied {
		t.Errorf("a share is written by hand: %v", err)
	}
	// It ends: by hand, by its day, and with the account.
	lead.posted(at+"/shares/"+string(id)+"/end", nil)
	guest.do("GET", page, nil).is(t, http.StatusNotFound, nil)
	page = "/shared/" + string(c) + "/" + string(share())
	now := s.now
	s.now = day.AddDate(0, 0, 1)
	guest = s.as("outsider")
	guest.do("GET", page, nil).is(t, http.StatusNotFound, nil)
	if strings.Contains(string(guest.do("GET", "/cases", nil).body), page) {
		t.Error("what ended is listed")
	}
	s.now = now
	guest = s.as("outsider")
	guest.do("GET", page, nil).is(t, http.StatusOK, nil)
	gone := *s.who["outsider"]
	gone.Disabled = true
	s.write(func(tx *store.Tx) error { return tx.SetPerson(&gone) })
	guest.do("GET", "/api/v1"+page, nil).is(t, http.StatusUnauthorized, nil)
}
