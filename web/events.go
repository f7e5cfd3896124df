package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// How a stream of events is kept.
const (
	mostStreams = 20               // of one person at once: as many open pages
	heartbeat   = 20 * time.Second // so that proxies and browsers know that the line stands
	lookAgain   = 3 * time.Second  // for changes that came through another server, and for a permission that ended
	mostWaiting = 64               // progress events that wait for a reader
	mostMissed  = 1_000            // changes told one by one to who comes back: after more, read the case anew
)

// Progress says how far a run of a case is.
type Progress struct {
	Run   goshawk.ID `json:"run"`
	Done  int64      `json:"done"`
	Total int64      `json:"total" doc:"0: not known"`
	Text  string     `json:"text" doc:"what is being done, or that it is done"`
}

// Events brings what happens in cases to those who look at them. Its zero value is
// ready to use.
type Events struct {
	mu      sync.Mutex
	streams map[*stream]bool
	people  map[goshawk.ID]int
	ended   chan struct{}
}

// stream is one who looks at a case.
type stream struct {
	of       goshawk.ID
	person   goshawk.ID
	progress chan Progress
}

// Progress tells those who look at a case how far a run is. It never waits: who
// reads too slowly misses it, and hears the next.
func (e *Events) Progress(c goshawk.ID, p Progress) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for s := range e.streams {
		if s.of != c {
			continue
		}
		select {
		case s.progress <- p:
		default:
		}
	}
}

// Close ends all streams, and refuses new ones: the server ends.
func (e *Events) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.end():
	default:
		close(e.ended)
	}
}

// end is closed when the server ends. The caller holds the lock.
func (e *Events) end() chan struct{} {
	if e.ended == nil {
		e.ended = make(chan struct{})
	}
	return e.ended
}

// open begins a stream; a Busy error where the person has too many.
func (e *Events) open(c, person goshawk.ID) (*stream, <-chan struct{}, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.people[person] >= mostStreams {
		return nil, nil, goshawk.Errorf(goshawk.Busy, "you follow %d cases at once already", mostStreams).WithHint("close some of the pages")
	}
	if e.streams == nil {
		e.streams, e.people = map[*stream]bool{}, map[goshawk.ID]int{}
	}
	s := &stream{of: c, person: person, progress: make(chan Progress, mostWaiting)}
	e.streams[s] = true
	e.people[person]++
	return s, e.end(), nil
}

func (e *Events) close(s *stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, s)
	if e.people[s.person]--; e.people[s.person] <= 0 {
		delete(e.people, s.person)
	}
}

// open counts the streams.
func (e *Events) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.streams)
}

func eventCalls() []call {
	return []call{{id: "follow-case", pattern: "GET /cases/{case}/events", action: identity.ReadCase, summary: "Follow a case",
		about: "Server-sent events, as long as you may read the case. `change`: its data is `{\"seq\": N}`, its ID is N: there is a change N; read it with `GET …/changes?after=`. " +
			"`progress`: a run of the case comes on. `end`: nothing more comes, and why. With `Last-Event-ID` (or `after`) the changes since then come first; without it, the number of the last one.",
		adjust: func(op *huma.Operation) {
			op.Responses["200"] = &huma.Response{Description: "The events, as they happen", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}
		}, handle: typed(followCase)}}
}

type followCaseInput struct {
	CaseInput
	Last  string `header:"Last-Event-ID" doc:"of the last event that came"`
	After int64  `query:"after" minimum:"-1" default:"-1" doc:"number of the last change that you know"`
}

type followCaseOutput struct {
	Body func(huma.Context)
}

// followCase answers with what happens in a case until it ends.
func followCase(q *request, in *followCaseInput) (*followCaseOutput, error) {
	id := goshawk.ID(in.Case)
	// Before anything is read, so that nothing falls between.
	woken, end := q.s.Store.Listen(id)
	c, err := q.s.Book.ReadSince(q.Context(), q.subject, id, "followed the case live", -1, casebook.KindCase)
	if err != nil {
		end()
		return nil, err
	}
	s, ended, err := q.s.Events.open(id, q.subject.Person.ID)
	if err != nil {
		end()
		return nil, err
	}
	after := in.After
	if n, err := strconv.ParseInt(in.Last, 10, 64); err == nil && n >= 0 {
		after = n
	}
	if after < 0 || after > c.Seq {
		after = c.Seq - 1
	}
	f := &follower{q: q, s: s, seen: max(after, c.Seq-mostMissed), woken: woken, ended: ended}
	return &followCaseOutput{func(hc huma.Context) {
		defer end()
		defer q.s.Events.close(s)
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // a proxy does not hold it back
		w.WriteHeader(http.StatusOK)
		f.to, f.control = w, http.NewResponseController(w)
		f.run(r.Context())
	}}, nil
}

// follower writes a stream.
type follower struct {
	q       *request
	s       *stream
	seen    int64 // the last change that was told
	woken   <-chan struct{}
	ended   <-chan struct{}
	to      http.ResponseWriter
	control *http.ResponseController
}

// run tells what happens until the reader leaves, is too slow, or may read no more.
func (f *follower) run(ctx context.Context) {
	// Whoever only listens sends nothing, and this is no request that hangs.
	if err := f.control.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	look, beat := time.NewTicker(lookAgain), time.NewTicker(heartbeat)
	defer look.Stop()
	defer beat.Stop()
	if f.write("retry: 2000\n\n") != nil || !f.changes(ctx) {
		return
	}
	for {
		ok := true
		select {
		case <-ctx.Done():
			return
		case <-f.ended:
			f.event("end", "", map[string]string{"code": string(goshawk.Unavailable), "detail": "the server ends"}) //nolint:errcheck // it ends
			return
		case <-f.woken:
			ok = f.changes(ctx)
		case <-look.C:
			ok = f.changes(ctx)
		case p := <-f.s.progress:
			ok = f.event("progress", "", p) == nil
		case <-beat.C:
			ok = f.write(": still here\n\n") == nil
		}
		if !ok {
			return
		}
	}
}

// changes tells of the changes since the last that was told; false where the
// stream ends.
func (f *follower) changes(ctx context.Context) bool {
	var seq int64
	err := f.q.s.Store.View(ctx, func(tx *store.Tx) error {
		if err := f.q.still(tx, f.s.of); err != nil {
			return err
		}
		var err error
		seq, err = tx.Seq(f.s.of)
		return err
	})
	if err != nil {
		if goshawk.CodeOf(err) != goshawk.Interrupted {
			p := f.q.s.problemOf(err)
			f.event("end", "", map[string]string{"code": string(p.Code), "detail": p.Detail}) //nolint:errcheck // it ends
		}
		return false
	}
	for ; f.seen < seq; f.seen++ {
		if f.event("change", strconv.FormatInt(f.seen+1, 10), map[string]int64{"seq": f.seen + 1}) != nil {
			return false
		}
	}
	return true
}

// still says whether who asked may still read a case: they may have been signed out,
// disabled or taken from it since.
func (q *request) still(tx *store.Tx, c goshawk.ID) error {
	now := q.s.Now()
	none := goshawk.Errorf(goshawk.Stranger, "you are not signed in any more")
	if secret, ok := q.bearer(); ok {
		k, err := tx.Token(identity.HashSecret(secret))
		if err != nil {
			return err
		}
		if k == nil || !k.Live(now) {
			return none
		}
	} else {
		s, err := tx.Session(q.session.Hash)
		if err != nil {
			return err
		}
		if s == nil || !s.Live(now) {
			return none
		}
	}
	p, kind, err := tx.Person(q.subject.Person.ID)
	if err != nil {
		return err
	}
	subject := *q.subject
	subject.Person, subject.Kind = p, kind
	at, err := tx.Standing(c, p.ID)
	if err != nil {
		return err
	}
	return identity.May(&subject, identity.ReadCase, at)
}

// event writes one event.
func (f *follower) event(name, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\n", name)
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	fmt.Fprintf(&b, "data: %s\n\n", text)
	return f.write(b.String())
}

func (f *follower) write(text string) error {
	if _, err := f.to.Write([]byte(text)); err != nil {
		return err
	}
	return f.control.Flush() // who does not take it in time is dropped
}
