package store

import (
	"context"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// AddedLedger is a ledger outside of the data folder.
type AddedLedger struct {
	ID     goshawk.ID
	Path   string
	Added  time.Time
	Person goshawk.ID // who added it
}

// AddLedger adds a ledger. Where there is one of its ID, it is a Conflict error.
func (t *Tx) AddLedger(l *AddedLedger) error {
	var n int
	if found, err := t.one(`SELECT 1 FROM ledgers WHERE id = ?1`, []any{l.ID}, &n); err != nil {
		return err
	} else if found {
		return goshawk.Errorf(goshawk.Conflict, "there is a ledger %q already", l.ID).WithHint("choose another name")
	}
	t.attest("ledgers", string(l.ID))
	return t.exec(`INSERT INTO ledgers (id, path, added, person) VALUES (?1, ?2, ?3, ?4)`, l.ID, l.Path, l.Added.UnixMicro(), l.Person)
}

// RemoveLedger forgets a ledger that was added; its files stay.
func (t *Tx) RemoveLedger(id goshawk.ID) error {
	var n int
	if found, err := t.one(`SELECT 1 FROM ledgers WHERE id = ?1`, []any{id}, &n); err != nil {
		return err
	} else if !found {
		return goshawk.Errorf(goshawk.NotFound, "no ledger %q was added", id).WithHint("those in the data folder are there as long as their folders are")
	}
	t.attest("ledgers", string(id))
	return t.exec(`DELETE FROM ledgers WHERE id = ?1`, id)
}

// AddedLedgers lists them by ID.
func (t *Tx) AddedLedgers() ([]AddedLedger, error) {
	var list []AddedLedger
	err := t.each(func(scan func(...any) error) error {
		var l AddedLedger
		var at int64
		if err := scan(&l.ID, &l.Path, &at, &l.Person); err != nil {
			return err
		}
		l.Added = micro(at)
		list = append(list, l)
		return nil
	}, `SELECT id, path, added, person FROM ledgers ORDER BY id`)
	return list, err
}

// Watched is how far a watch of a case has looked.
type Watched struct {
	Since  int32 // the first height that it looked at
	Height int32 // the last
	Block  string
}

// Watched returns how far a case's watch has looked; nil where it never did.
func (t *Tx) Watched(c, watch goshawk.ID) (*Watched, error) {
	var w Watched
	found, err := t.one(`SELECT since, height, block FROM watched WHERE case_id = ?1 AND watch = ?2`, []any{c, watch}, &w.Since, &w.Height, &w.Block)
	if err != nil || !found {
		return nil, err
	}
	return &w, nil
}

// SetWatched notes how far a case's watch has looked; of one that has looked before, Since stays.
func (t *Tx) SetWatched(c, watch goshawk.ID, w *Watched) error {
	return t.exec(`INSERT INTO watched (case_id, watch, since, height, block) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (case_id, watch) DO UPDATE SET height = excluded.height, block = excluded.block`, c, watch, w.Since, w.Height, w.Block)
}

// Note writes what needs no entry of the trail: how far the server itself has come.
func (s *Store) Note(ctx context.Context, f func(*Tx) error) error {
	return s.in(ctx, s.writer, "write to", f)
}

// RecordOf names a record of a case.
type RecordOf struct{ Case, ID goshawk.ID }

// RecordsWith lists the records of one kind, over all cases, of which a field holds a value, as JSON.
func (t *Tx) RecordsWith(k casebook.Kind, name, value string) ([]RecordOf, error) {
	var list []RecordOf
	err := t.each(func(scan func(...any) error) error {
		var r RecordOf
		err := scan(&r.Case, &r.ID)
		list = append(list, r)
		return err
	}, `SELECT case_id, id FROM fields WHERE kind = ?1 AND name = ?2 AND value = ?3 ORDER BY case_id, id`, k, name, value)
	return list, err
}

// CasesWith lists the cases, over all agencies, that have records of a kind.
func (t *Tx) CasesWith(k casebook.Kind) ([]goshawk.ID, error) {
	var list []goshawk.ID
	err := t.each(func(scan func(...any) error) error {
		var id goshawk.ID
		err := scan(&id)
		list = append(list, id)
		return err
	}, `SELECT DISTINCT case_id FROM fields WHERE kind = ?1 ORDER BY case_id`, k)
	return list, err
}
