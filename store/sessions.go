package store

import (
	"context"
	"time"

	"goshawk"
	"goshawk/identity"
)

// AddSession begins a session.
func (t *Tx) AddSession(s *identity.Session) error {
	return t.exec(`INSERT INTO sessions (hash, person, via, source, agent, created, seen, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		s.Hash, s.Person, s.Via, s.From, s.Agent, s.Created.UnixMicro(), s.Seen.UnixMicro(), s.Ends.UnixMicro())
}

// Session returns the session with a hash; nil where there is none.
func (t *Tx) Session(hash string) (*identity.Session, error) {
	s := identity.Session{Hash: hash}
	var created, seen, ends int64
	found, err := t.one(`SELECT person, via, source, agent, created, seen, ends FROM sessions WHERE hash = ?1`, []any{hash}, &s.Person, &s.Via, &s.From, &s.Agent, &created, &seen, &ends)
	s.Created, s.Seen, s.Ends = micro(created), micro(seen), micro(ends)
	if !found {
		return nil, err
	}
	return &s, nil
}

// EndSession ends a session.
func (t *Tx) EndSession(hash string) error {
	return t.exec(`DELETE FROM sessions WHERE hash = ?1`, hash)
}

// EndSessions ends all of a person's but one.
func (t *Tx) EndSessions(person goshawk.ID, but string) error {
	return t.exec(`DELETE FROM sessions WHERE person = ?1 AND hash <> ?2`, person, but)
}

// Seen notes that a session is in use. It stands for nothing that anybody did, and
// so has no entry.
func (s *Store) Seen(ctx context.Context, hash string, at time.Time) error {
	return s.in(ctx, s.writer, "write to", func(t *Tx) error {
		return t.exec(`UPDATE sessions SET seen = ?2 WHERE hash = ?1`, hash, at.UnixMicro())
	})
}
