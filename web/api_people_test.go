package web

import (
	"fmt"
	"strings"
	"testing"

	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
)

func TestPeopleOverTheAPI(t *testing.T) {
	s := newStage(t)
	var list struct {
		People []identity.Person
		Next   string
	}
	names := func(b *browser, query string) (all []string) {
		t.Helper()
		for cursor := ""; ; cursor = list.Next {
			list.Next = ""
			b.do("GET", "/api/v1/people?most=3&cursor="+cursor+query, nil).is(t, 200, &list)
			for _, p := range list.People {
				all = append(all, p.Name)
			}
			if list.Next == "" {
				return all
			}
		}
	}
	ines, admin := s.as("investigator"), s.as("administrator")
	if got := names(ines, ""); len(got) != 8 || strings.Contains(fmt.Sprint(got), "outsider") {
		t.Errorf("one's own agency: %v", got)
	}
	west := string(s.who["outsider"].Agency)
	if got := names(admin, "&agency="+west); fmt.Sprint(got) != "[outsider]" {
		t.Errorf("another: %v", got)
	}
	if got := names(admin, "&agency=all"); len(got) != 9 {
		t.Errorf("all: %v", got)
	}
	ines.do("GET", "/api/v1/people?agency="+west, nil).is(t, 403, nil)
	ines.do("GET", "/api/v1/people?agency=all", nil).is(t, 403, nil)
	admin.do("GET", "/api/v1/people?cursor="+cursorOf(mark{ID: "gone"}), nil).is(t, 400, nil)
}

func TestSearchAndTrailOverTheAPI(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	s.setNote(c, "Wallet of the harbourmaster")
	ines := s.as("investigator")
	var found struct{ Hits []store.Hit }
	ines.do("GET", "/api/v1/search?q=wallet+harb", nil).is(t, 200, &found)
	if len(found.Hits) != 1 || found.Hits[0].Case != c || found.Hits[0].Kind != "note" {
		t.Errorf("found: %+v", found)
	}
	s.as("investigator2").do("GET", "/api/v1/search?q=wallet", nil).is(t, 200, &found)
	if len(found.Hits) != 0 {
		t.Errorf("another's case was found: %+v", found)
	}
	ines.do("GET", `/api/v1/search?q=`+`%22%27%28%29%2A%3A%26%7C%21%3C%3E%5C`, nil).is(t, 200, &found)
	ines.do("GET", "/api/v1/search", nil).is(t, 422, nil)

	var trail struct {
		Entries []audit.Entry
		More    bool
	}
	s.as("outsider").do("GET", "/api/v1/search?q=elsewhere", nil).is(t, 200, nil)
	s.as("supervisor").do("GET", "/api/v1/audit", nil).is(t, 200, &trail)
	said := func() string {
		var all []string
		for _, e := range trail.Entries {
			all = append(all, e.Name+" "+e.What+" "+string(e.Detail))
			if e.Case != "" {
				t.Errorf("an entry of a case: %+v", e)
			}
		}
		return strings.Join(all, "; ")
	}
	if got := said(); !strings.Contains(got, `investigator searched the cases {"words":"wallet harb"}`) || strings.Contains(got, "outsider") {
		t.Errorf("a supervisor reads: %s", got)
	}
	trail.Entries = nil // what is decoded over an entry would keep of it what the new one has not
	s.as("administrator").do("GET", "/api/v1/audit", nil).is(t, 200, &trail)
	// Who keeps the server sees that somebody searched, and not what for; whoever reads the trail on the server's machine sees all of it.
	if got := said(); !strings.Contains(got, `outsider searched the cases {"withheld":true}`) || strings.Contains(got, "elsewhere") || strings.Contains(got, "wallet") {
		t.Errorf("an administrator reads: %s", got)
	}

	var whole []int64
	before := int64(0)
	for {
		trail.More = false
		ines.do("GET", fmt.Sprintf("/api/v1/cases/%s/audit?most=1&before=%d", c, before), nil).is(t, 200, &trail)
		for _, e := range trail.Entries {
			if e.Case != c {
				t.Errorf("an entry of another case: %+v", e)
			}
			whole = append(whole, e.Seq)
			before = e.Seq
		}
		if !trail.More {
			break
		}
	}
	if len(whole) != 2 { // opened and changed; that it was read came after the first page
		t.Errorf("the case's trail: %v", whole)
	}
}
