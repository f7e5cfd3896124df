package store

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
)

// Once is a request that its sender may repeat: what it changes is changed once. The first
// entry of a change that is written with it (see WithOnce) notes the key, in the same transaction.
type Once struct {
	Person  goshawk.ID
	Key     string
	Request func() string // SHA-256 over what is asked: known at the latest when it is done
	Done    bool          // the key was noted
}

// Limits of what is kept of requests that may be repeated.
const (
	OnceLength  = 24 * time.Hour
	MostOnce    = 1_000     // of one person: the oldest give way
	MostAnswers = 256 << 10 // bytes of an answer
)

type onceKey struct{}

// WithOnce has the first change that is made with a context noted under a key. Where
// another request did that before, the change is not made: a Conflict error.
func WithOnce(ctx context.Context, o *Once) context.Context {
	return context.WithValue(ctx, onceKey{}, o)
}

// once returns the request that a change is made for, if it may be repeated. It is called before
// anything is done: what was done for the request before is not done again.
func (t *Tx) once(e *audit.Entry) (*Once, error) {
	o, ok := t.ctx.Value(onceKey{}).(*Once)
	if !ok || o.Done || identity.Action(e.Action).Reads() {
		return nil, nil
	}
	if err := t.exec(`DELETE FROM idempotency WHERE at < ?1`, e.At.Add(-OnceLength).UnixMicro()); err != nil {
		return nil, err
	}
	var entry int64
	found, err := t.one(`SELECT entry FROM idempotency WHERE person = ?1 AND key = ?2`, []any{o.Person, o.Key}, &entry)
	if err == nil && found {
		err = goshawk.Errorf(goshawk.Conflict, "a request with the same key was sent at the same time").WithHint("nothing was done twice: send it again in a moment, and it is answered as the other was")
	}
	return o, err
}

// noted notes the key of a request with what was done for it.
func (t *Tx) noted(o *Once, e *audit.Entry) error {
	if o == nil {
		return nil
	}
	if err := t.exec(`DELETE FROM idempotency WHERE person = ?1 AND at < (SELECT at FROM idempotency WHERE person = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)`, o.Person, MostOnce-2); err != nil {
		return err
	}
	return t.exec(`INSERT INTO idempotency (person, key, request, at, entry, status, header, body) VALUES (?1, ?2, ?3, ?4, ?5, 0, '', '')`,
		o.Person, o.Key, o.Request(), e.At.UnixMicro(), e.Seq)
}

// Answer is what a request that may be repeated was answered with.
type Answer struct {
	Request string
	Entry   int64 // of the audit trail: what was done
	Status  int   // 0: it was done, and what was answered is not, or not yet, known
	Header  http.Header
	Body    []byte
}

// Answered returns what a person's request with a key was answered with; nil where
// there was none that changed anything since a time.
func (t *Tx) Answered(person goshawk.ID, key string, since time.Time) (*Answer, error) {
	var a Answer
	var header, body string
	found, err := t.one(`SELECT request, entry, status, header, body FROM idempotency WHERE person = ?1 AND key = ?2 AND at >= ?3`, []any{person, key, since.UnixMicro()},
		&a.Request, &a.Entry, &a.Status, &header, &body)
	if err != nil || !found {
		return nil, err
	}
	a.Body = []byte(body)
	if header != "" {
		err = json.Unmarshal([]byte(header), &a.Header)
	}
	return &a, err
}

// Answered keeps what a request was answered with, for when it comes again. It repeats
// what an entry stands for, and so has none.
func (s *Store) Answered(ctx context.Context, o *Once, status int, header http.Header, body []byte) error {
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	return s.in(ctx, s.writer, "write to", func(t *Tx) error {
		return t.exec(`UPDATE idempotency SET status = ?3, header = ?4, body = ?5 WHERE person = ?1 AND key = ?2`, o.Person, o.Key, status, string(text), string(body))
	})
}
