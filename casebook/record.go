package casebook

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/identity"
)

// Record writes what the server itself saw or ended: traces and alerts, and nothing else of a case. Nobody's
// permission is asked, so that a trace that runs when its case is closed still has an end. The entry names the
// subject, who may be nobody: then it was the server. With an alert are stored the messages that its watch asks for.
func (b *Book) Record(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, edits []Edit) (done *Change, err error) {
	if slices.ContainsFunc(edits, func(e Edit) bool { return e.Kind != KindRun && e.Kind != KindAlert }) {
		return nil, goshawk.Errorf(goshawk.Denied, "the server records traces and alerts only")
	}
	e := b.entry(s, identity.ChangeCase, id, what)
	if !s.Known() {
		e.Via = string(identity.ViaConsole)
	}
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		if _, err := CheckEdits(edits, func(k Kind, r goshawk.ID) (bool, error) { return tx.Begun(id, k, r) }); err != nil {
			return err
		}
		if done, err = b.apply(tx, e, id, edits, 0); err != nil || done == nil {
			return err
		}
		return b.notices(tx, id, done)
	})
	return done, err
}
