package web

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// listener reads a stream of events.
type listener struct {
	t    *testing.T
	from *bufio.Scanner
	stop context.CancelFunc
}

// follow listens to a case; the stream must begin.
func (b *browser) follow(path string, headers ...string) *listener {
	b.s.t.Helper()
	ctx, cancel := context.WithTimeout(b.s.t.Context(), 30*time.Second)
	b.s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.s.http.URL+path, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	r.Header = b.header.Clone()
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	b.s.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		b.s.t.Fatalf("follow: %s %v", res.Status, res.Header)
	}
	return &listener{b.s.t, bufio.NewScanner(res.Body), cancel}
}

// next returns the next event, as "name id data"; "" at the stream's end.
func (l *listener) next() string {
	l.t.Helper()
	var name, id, data string
	for l.from.Scan() {
		field, value, _ := strings.Cut(l.from.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if name != "" {
				return strings.Join([]string{name, id, data}, " ")
			}
		}
	}
	return ""
}

func (l *listener) wants(want string) {
	l.t.Helper()
	if got := l.next(); got != want {
		l.t.Fatalf("event %q, not %q", got, want)
	}
}

func (s *stage) setNote(c goshawk.ID, title string) {
	s.t.Helper()
	id := casebook.NewID()
	if _, err := s.web.Book.Change(s.t.Context(), s.subject("investigator"), c, "wrote a note", []casebook.Edit{casebook.Set(casebook.KindNote, id, "title", title)}); err != nil {
		s.t.Fatal(err)
	}
}

func TestEvents(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	path := "/api/v1/cases/" + string(c) + "/events"
	l := s.as("supervisor").follow(path)
	l.wants(`change 1 {"seq":1}`)
	s.setNote(c, "one")
	l.wants(`change 2 {"seq":2}`)
	s.setNote(c, "two")
	s.setNote(c, "three")
	l.wants(`change 3 {"seq":3}`)
	l.wants(`change 4 {"seq":4}`)
	s.web.Events.Progress("another", Progress{Run: "r0"})
	s.web.Events.Progress(c, Progress{Run: "r1", Done: 2, Total: 5, Text: "following"})
	l.wants(`progress  {"run":"r1","done":2,"total":5,"text":"following"}`)

	// Who comes back hears what they missed.
	back := s.as("investigator").follow(path, "Last-Event-ID", "2")
	back.wants(`change 3 {"seq":3}`)
	back.wants(`change 4 {"seq":4}`)
	back = s.as("investigator").follow(path + "?after=3")
	back.wants(`change 4 {"seq":4}`)

	for _, who := range []string{"investigator2", "administrator", "outsider"} {
		s.as(who).do("GET", path, nil).is(t, 404, nil)
	}
	s.as("").do("GET", path, nil).is(t, 401, nil)
}

// TestEventsOfAnotherServer writes through another store on the same database, as
// another server does: nothing wakes the listener, which looks again by itself.
func TestEventsOfAnotherServer(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	l := s.as("investigator").follow("/api/v1/cases/" + string(c) + "/events")
	l.wants(`change 1 {"seq":1}`)
	other, err := store.Open(t.Context(), s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b := &casebook.Book{Store: store.Casebook{Store: other}, Now: time.Now}
	if _, err := b.Change(t.Context(), s.subject("investigator"), c, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, "n", "title", "x")}); err != nil {
		t.Fatal(err)
	}
	l.wants(`change 2 {"seq":2}`)
}

func TestEventsEndWithThePermission(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	path := "/api/v1/cases/" + string(c) + "/events"
	set := func(field string, v any) {
		t.Helper()
		if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "chose members", []casebook.Edit{casebook.Set(casebook.KindMember, s.who["reader"].ID, field, v)}); err != nil {
			t.Fatal(err)
		}
	}
	set("part", "viewer")
	rita := s.as("reader")
	l := rita.follow(path)
	l.wants(`change 2 {"seq":2}`)
	set("deleted", true)
	if got := l.next(); !strings.HasPrefix(got, `end  {"code":"not_found"`) || l.next() != "" {
		t.Errorf("no member any more: %s", got)
	}

	ines := s.as("investigator")
	l = ines.follow(path)
	l.wants(`change 3 {"seq":3}`)
	s.write(func(tx *store.Tx) error { return tx.EndSessions(s.who["investigator"].ID, "") })
	if got := l.next(); !strings.HasPrefix(got, `end  {"code":"stranger"`) {
		t.Errorf("signed out: %s", got)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	path := "/api/v1/cases/" + string(c) + "/events"
	ines := s.as("investigator")
	var all []*listener
	for range mostStreams {
		all = append(all, ines.follow(path))
	}
	ines.do("GET", path, nil).is(t, http.StatusTooManyRequests, nil)
	s.as("supervisor").follow(path) // others are not held up
	all[0].stop()
	for s.web.Events.count() > mostStreams {
		time.Sleep(time.Millisecond)
	}
	ines.follow(path)
	s.web.Events.Close()
	for _, l := range all[1:] {
		for got := l.next(); ; got = l.next() {
			if strings.HasPrefix(got, "end") {
				break
			}
			if got == "" {
				t.Fatal("a stream broke off when the server ended")
			}
		}
	}
}

// TestASlowReaderHoldsNobodyUp follows a case and reads nothing, while others work.
func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1/cases/%s/events HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", c, s.as("investigator").header.Get("Cookie"))
	for s.web.Events.count() == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 200_000 {
		s.web.Events.Progress(c, Progress{Run: "r", Text: strings.Repeat("x", 100)})
	}
	l := s.as("supervisor").follow("/api/v1/cases/" + string(c) + "/events")
	l.wants(`change 1 {"seq":1}`)
	s.setNote(c, "one")
	l.wants(`change 2 {"seq":2}`)
}
