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

// Watched returns up to which block a ledger's watches have looked; found is false where they never did.
func (t *Tx) Watched(ledger goshawk.ID) (height int32, block string, found bool, err error) {
	found, err = t.one(`SELECT height, block FROM watched WHERE ledger = ?1`, []any{ledger}, &height, &block)
	return height, block, found, err
}

// SetWatched notes up to which block a ledger's watches have looked.
func (t *Tx) SetWatched(ledger goshawk.ID, height int32, block string) error {
	return t.exec(`INSERT INTO watched (ledger, height, block) VALUES (?1, ?2, ?3) ON CONFLICT (ledger) DO UPDATE SET height = excluded.height, block = excluded.block`, ledger, height, block)
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
