package store

import (
	"context"
	"time"

	"goshawk"
)

// Beat notes that a server runs.
func (s *Store) Beat(ctx context.Context, server goshawk.ID, now time.Time) error {
	return s.Note(ctx, func(t *Tx) error {
		return t.exec(`INSERT INTO servers (id, beat) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET beat = excluded.beat`, server, now.UnixMicro())
	})
}

// Leave forgets a server that ends, and what it held.
func (s *Store) Leave(ctx context.Context, server goshawk.ID) error {
	return s.Note(ctx, func(t *Tx) error {
		if err := t.exec(`DELETE FROM leases WHERE server = ?1`, server); err != nil {
			return err
		}
		return t.exec(`DELETE FROM servers WHERE id = ?1`, server)
	})
}

// Lease gives a server what only one of them does at a time, until a time, or for longer; false where
// another has it.
func (s *Store) Lease(ctx context.Context, name string, server goshawk.ID, now, until time.Time) (held bool, err error) {
	err = s.Note(ctx, func(t *Tx) error {
		var who string
		found, err := t.one(`INSERT INTO leases (name, server, until) VALUES (?1, ?2, ?4)
			ON CONFLICT (name) DO UPDATE SET server = excluded.server, until = excluded.until WHERE leases.server = ?2 OR leases.until < ?3 RETURNING server`,
			[]any{name, server, now.UnixMicro(), until.UnixMicro()}, &who)
		held = found
		return err
	})
	return held, err
}

// SetRunning notes which server runs a trace of a case.
func (t *Tx) SetRunning(c, run, server goshawk.ID) error {
	return t.exec(`INSERT INTO running (case_id, run, server) VALUES (?1, ?2, ?3) ON CONFLICT (case_id, run) DO UPDATE SET server = excluded.server`, c, run, server)
}

// EndRunning forgets that a trace runs.
func (t *Tx) EndRunning(c, run goshawk.ID) error {
	return t.exec(`DELETE FROM running WHERE case_id = ?1 AND run = ?2`, c, run)
}

// RunsAt lists the servers that run traces, and when each was last heard of: the zero time for never.
func (t *Tx) RunsAt() (map[RecordOf]goshawk.ID, map[goshawk.ID]time.Time, error) {
	at, beats := map[RecordOf]goshawk.ID{}, map[goshawk.ID]time.Time{}
	err := t.each(func(scan func(...any) error) error {
		var r RecordOf
		var server goshawk.ID
		var beat int64
		if err := scan(&r.Case, &r.ID, &server, &beat); err != nil {
			return err
		}
		at[r], beats[server] = server, stamped(beat)
		return nil
	}, `SELECT r.case_id, r.run, r.server, COALESCE(s.beat, 0) FROM running r LEFT JOIN servers s ON s.id = r.server`)
	return at, beats, err
}
