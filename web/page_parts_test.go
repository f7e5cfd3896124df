package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

// TestLongLists: a case with thousands of addresses and events is shown part by part, each thing on exactly one of them, and a
// link to an event leads to the part that it is in.
func TestLongLists(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	at, ines := casePath(id), s.as("investigator")
	const n = 2*perPart + 7
	var edits []casebook.Edit
	for i := range n {
		one, event := goshawk.ID(fmt.Sprintf("s%d", i)), goshawk.ID(fmt.Sprintf("e%d", i))
		edits = append(edits, casebook.Set(casebook.KindSubject, one, "network", "regtest"), casebook.Set(casebook.KindSubject, one, "what", "transaction"), casebook.Set(casebook.KindSubject, one, "text", fmt.Sprintf("%064x", i+1)),
			casebook.Set(casebook.KindEvent, event, "at", fmt.Sprintf("2026-01-01T%02d:%02d:00Z", i/60, i%60)), casebook.Set(casebook.KindEvent, event, "title", fmt.Sprintf("Event number %d.", i)))
	}
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), id, "added many", edits); err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct {
		path  string
		of    int
		words func(i int) string
	}{{"/subjects", n, func(i int) string { return fmt.Sprintf("/subjects/s%d\"", i) }}, {"/timeline", 2 * n, func(i int) string { return fmt.Sprintf(`<li id="e%d"`, i) }}} {
		all := ""
		for from := 0; from < list.of; from += perPart {
			part := ines.page(fmt.Sprintf("%s%s?from=%d", at, list.path, from))
			if want := fmt.Sprintf("%s to %s of %s", goshawk.Group(fmt.Sprint(from+1)), goshawk.Group(fmt.Sprint(min(from+perPart, list.of))), goshawk.Group(fmt.Sprint(list.of))); !strings.Contains(part, want) {
				t.Errorf("%s from %d does not say %q", list.path, from, want)
			}
			all += part
		}
		for i := range n {
			if k := strings.Count(all, list.words(i)); k != 1 {
				t.Fatalf("%s: %q is on %d parts", list.path, list.words(i), k)
			}
		}
	}
	last := fmt.Sprintf("e%d", n-1)
	if page := ines.page(at + "/timeline?event=" + last); !strings.Contains(page, `id="`+last+`"`) {
		t.Error("a link to an event leads to a part without it")
	}
	for _, odd := range []string{"?from=-5", "?from=x", "?from=99999999", "?event=none"} {
		if page := ines.page(at + "/subjects" + odd); !strings.Contains(page, " of "+goshawk.Group(fmt.Sprint(n))) {
			t.Errorf("%s shows no part", odd)
		}
	}
	// Who deletes something stays at the part that it was on.
	_, form, _ := strings.Cut(ines.page(fmt.Sprintf("%s/subjects?from=%d", at, perPart)), `action="`+at+`/records/subject/`)
	form, _, _ = strings.Cut(form, "</form>")
	which, _, _ := strings.Cut(form, `"`)
	back, err := url.Parse(ines.posted(recordPath(id, casebook.KindSubject, goshawk.ID(which)), hidden(form)))
	if err != nil || back.Path != at+"/subjects" || back.Query().Get("from") != fmt.Sprint(perPart) || back.Query().Get("done") != "deleted" {
		t.Errorf("who deletes on a later part is led to %s, %v", back, err)
	}
}
