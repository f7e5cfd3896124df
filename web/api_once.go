package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// onceHeader names the key of a request that may be sent again
// (draft-ietf-httpapi-idempotency-key-header).
const onceHeader = "Idempotency-Key"

// once answers a request that may have been answered before. A key counts for one
// person, and only where something was changed: a request that failed, or that only
// read, is simply made again.
func (q *request) once(of identity.Action, limit int64, handle func(*request) error) error {
	key := q.Header.Get(onceHeader)
	if key == "" {
		return handle(q)
	}
	if len(key) > 128 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return goshawk.Errorf(goshawk.Invalid, "the %s has from 1 to 128 visible ASCII characters", onceHeader).WithHint("send a random one: a UUID")
	}
	sum := sha256.New()
	io.WriteString(sum, q.Method+"\n"+q.URL.RequestURI()+"\n") //nolint:errcheck // a hash takes everything
	q.Body = &summed{q.Body, sum}
	hashed := func() string {
		// What the call has no use for counts too.
		io.Copy(io.Discard, http.MaxBytesReader(nil, q.Body, limit)) //nolint:errcheck // too much of it is another request
		return hex.EncodeToString(sum.Sum(nil))
	}
	before, err := q.answered(of, key)
	if err != nil {
		return err
	}
	if before != nil {
		if hashed() != before.Request {
			return goshawk.Errorf(goshawk.Conflict, "another request was sent with this %s", onceHeader).WithHint("send a new key with each new request, and the same one only to repeat it")
		}
		return q.replay(before)
	}
	o := &store.Once{Person: q.subject.Person.ID, Key: key, Request: hashed}
	w := &kept{ResponseWriter: q.w, status: http.StatusOK}
	again := *q
	again.w = w
	again.Request = q.WithContext(store.WithOnce(q.Context(), o))
	if err := handle(&again); err != nil {
		again.fail(err)
	}
	if !o.Done || w.more || of == identity.ManageTokens {
		return nil // of a secret there is one answer, and nothing that is kept
	}
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Location", "ETag"} {
		if v := q.w.Header().Get(name); v != "" {
			header.Set(name, v)
		}
	}
	// What was done is done, whether its sender still listens or not.
	if err := q.s.Store.Answered(context.WithoutCancel(q.Context()), o, w.status, header, w.body.Bytes()); err != nil {
		q.s.Log.Error("an answer was not kept for when its request comes again", "error", err)
	}
	return nil
}

// answered looks for what was answered to a key. Who may no longer read the case that it was
// about is told so.
func (q *request) answered(of identity.Action, key string) (before *store.Answer, err error) {
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		if before, err = tx.Answered(q.subject.Person.ID, key, q.s.Now().Add(-store.OnceLength)); err != nil || before == nil || !of.OfCase() {
			return err
		}
		at, err := tx.Standing(goshawk.ID(q.PathValue("case")), q.subject.Person.ID)
		if err != nil {
			return err
		}
		return identity.May(q.subject, identity.ReadCase, at)
	})
	return before, err
}

func (q *request) replay(a *store.Answer) error {
	if a.Status == 0 {
		return goshawk.Errorf(goshawk.Conflict, "the request was carried out: entry %d of the audit trail; its answer holds a secret, was too large to keep, or is not written yet", a.Entry).
			WithHint("it is not carried out twice: look at what is there now")
	}
	for name, v := range a.Header {
		q.w.Header()[name] = v
	}
	q.w.Header().Set("Idempotent-Replayed", "true")
	q.w.WriteHeader(a.Status)
	q.w.Write(a.Body) //nolint:errcheck // who asked is gone
	return nil
}

// summed is a body that is hashed as it is read.
type summed struct {
	io.ReadCloser
	sum hash.Hash
}

// Read implements io.Reader.
func (b *summed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.sum.Write(p[:n])
	return n, err
}

// kept is an answer that is kept as it is written, up to store.MostAnswers bytes.
type kept struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	more   bool // there was more
}

// WriteHeader implements http.ResponseWriter.
func (k *kept) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (k *kept) Write(p []byte) (int, error) {
	if k.more = k.more || k.body.Len()+len(p) > store.MostAnswers; !k.more {
		k.body.Write(p)
	}
	return k.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (k *kept) Unwrap() http.ResponseWriter { return k.ResponseWriter }
