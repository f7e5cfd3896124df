package casebook

import (
	"context"

	"goshawk"
	"goshawk/identity"
)

// none is no kind: a case read with it has no records.
const none Kind = ""

// ReadSince is Read for who has seen a case as it was after one of its changes:
// where there was no other since, the records are left out. That it was looked at is noted.
func (b *Book) ReadSince(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, seen int64, kinds ...Kind) (c *Case, err error) {
	err = b.Store.Do(ctx, b.entry(s, identity.ReadCase, id, what), func(tx Tx) error {
		at, err := b.standing(tx, s, id)
		if err != nil {
			return err
		}
		if err := identity.May(s, identity.ReadCase, at); err != nil {
			return err
		}
		seq, err := tx.Seq(id)
		if err != nil {
			return err
		}
		if seq == seen {
			kinds = []Kind{none}
		}
		if c, err = tx.Case(id, kinds...); err == nil {
			c.Part = at.Part
		}
		return err
	})
	return c, err
}
