package store

import (
	"context"
	"slices"
	"time"

	"goshawk"
	"goshawk/identity"
)

// AddSession begins a session.
func (t *Tx) AddSession(s *identity.Session) error {
	t.attest("sessions", s.Hash)
	return t.exec(`INSERT INTO sessions (hash, person, via, source, agent, created, seen, ends, proved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
		s.Hash, s.Person, s.Via, s.From, s.Agent, s.Created.UnixMicro(), s.Seen.UnixMicro(), s.Ends.UnixMicro(), stamp(s.Proved))
}

// Session returns the session with a hash; nil where there is none.
func (t *Tx) Session(hash string) (*identity.Session, error) {
	list, err := t.sessions(`hash = ?1`, hash)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Sessions lists a person's that have not ended by a time, the newest first.
func (t *Tx) Sessions(person goshawk.ID, now time.Time) ([]identity.Session, error) {
	list, err := t.sessions(`person = ?1`, person)
	return slices.DeleteFunc(list, func(s identity.Session) bool { return !s.Live(now) }), err
}

func (t *Tx) sessions(where string, args ...any) (list []identity.Session, err error) {
	err = t.each(func(scan func(...any) error) error {
		var s identity.Session
		var created, seen, ends, proved int64
		if err := scan(&s.Hash, &s.Person, &s.Via, &s.From, &s.Agent, &created, &seen, &ends, &proved); err != nil {
			return err
		}
		s.Created, s.Seen, s.Ends, s.Proved = micro(created), micro(seen), micro(ends), stamped(proved)
		list = append(list, s)
		return nil
	}, `SELECT hash, person, via, source, agent, created, seen, ends, proved FROM sessions WHERE `+where+` ORDER BY created DESC, hash`, args...)
	return list, err
}

// ForgetSessions removes those that ended before a time.
func (t *Tx) ForgetSessions(before time.Time) error {
	return t.endSessions(`ends < ?1 OR seen < ?2`, before.UnixMicro(), before.Add(-identity.SessionIdle).UnixMicro())
}

// EndSession ends a session.
func (t *Tx) EndSession(hash string) error {
	return t.endSessions(`hash = ?1`, hash)
}

// EndSessionOf ends a session of a person; a NotFound error where they have no such.
func (t *Tx) EndSessionOf(person goshawk.ID, hash string) error {
	var id string
	t.attest("sessions", hash)
	found, err := t.one(`DELETE FROM sessions WHERE person = ?1 AND hash = ?2 RETURNING person`, []any{person, hash}, &id)
	return orMissing(found, err, "there is no such session")
}

// EndSessions ends all of a person's but one.
func (t *Tx) EndSessions(person goshawk.ID, but string) error {
	return t.endSessions(`person = ?1 AND hash <> ?2`, person, but)
}

func (t *Tx) endSessions(where string, args ...any) error {
	if err := t.attestWhere("sessions", where, args...); err != nil {
		return err
	}
	return t.exec(`DELETE FROM sessions WHERE `+where, args...)
}

// Seen notes that a session is in use. It stands for nothing that anybody did, and
// so has no entry.
func (s *Store) Seen(ctx context.Context, hash string, at time.Time) error {
	return s.in(ctx, s.writer, "write to", func(t *Tx) error {
		return t.exec(`UPDATE sessions SET seen = ?2 WHERE hash = ?1`, hash, at.UnixMicro())
	})
}
