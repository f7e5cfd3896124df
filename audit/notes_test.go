package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestNotes: what is no fault, and what whoever relies on a log has to know, is said: when it was begun, that a clock was
// set back, and from when to when entries are not in it.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	began, err := l.Began()
	if err != nil || began == nil || began.Log == "" {
		t.Fatal(began, err)
	}
	detail, err := json.Marshal(began)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = OpenLog(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if again, err := l.Began(); again != nil || err != nil {
		t.Errorf("begun twice: %v, %v", again, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	said := func(trail list) string {
		t.Helper()
		v := verified(t, dir, trail, nil)
		if len(v.Faults) > 0 {
			t.Errorf("%+v", v.Faults)
		}
		var all []string
		for _, n := range v.Notes {
			all = append(all, n.What)
		}
		return strings.Join(all, "; ")
	}
	late := list(nil).grow(5)
	late[3].Case, late[3].Detail = "", detail
	first := list(nil).grow(5)
	first[0].Case, first[0].Detail = "", detail
	hidden := list(nil).grow(5) // what is in a case is not the server's word
	hidden[0].Detail = detail
	back := list(nil).grow(5)
	back[0].Case, back[0].Detail = "", detail
	back[2].At = back[2].At.Add(time.Hour)
	for what, c := range map[string]struct {
		trail list
		want  string
	}{
		"begun with the first entry": {first, ""}, "begun later": {late, "begun with this entry"}, "said in a case": {hidden, "no entry says when"}, "never said": {list(nil).grow(2), "no entry says when"},
		"a clock that was set back": {back, "before the one before it: a clock was set back"},
	} {
		dir = t.TempDir() // each of its own, with the same keys' name in the entry only where it is that log's
		logged(t, dir, nil)
		keys, err := readKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.trail {
			if string(c.trail[i].Detail) == string(detail) {
				if c.trail[i].Detail, err = json.Marshal(Beginning{keys[0].Verifier}); err != nil {
					t.Fatal(err)
				}
			}
		}
		logged(t, dir, c.trail)
		if got := said(c.trail); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", what, got)
		}
		if got := said(c.trail.grow(2)); !strings.Contains(got, "not in the log were written from 1970-01-01T00:00:0") {
			t.Errorf("%s, and more: %q", what, got)
		}
	}
}
