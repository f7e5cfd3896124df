package casebook

import (
	"context"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
)

// LongestShare is how long a snapshot can be shared for. Whoever needs it for longer shares it again, and
// so somebody looks at it again.
const LongestShare = 366 * 24 * time.Hour

// Share is a snapshot that somebody may look at who may see nothing else of its case.
type Share struct {
	ID       goshawk.ID `json:"id"`
	Case     goshawk.ID `json:"case"`
	Snapshot goshawk.ID `json:"snapshot"`
	Title    string     `json:"title"` // of the snapshot
	Marking  string     `json:"marking"`
	Person   goshawk.ID `json:"person"` // who may look
	By       string     `json:"by"`     // the name of who shared it
	Until    time.Time  `json:"until"`
	Ended    bool       `json:"ended"`
}

// Holds says whether a share is in force.
func (s *Share) Holds(now time.Time) bool { return !s.Ended && now.Before(s.Until) }

// Shared is what who it is shared with gets to see.
type Shared struct {
	Share
	Graph Version // without anything of the case but its ID
}

// Share lets somebody look at one snapshot of a case until a time. The person is somebody with an account.
func (b *Book) Share(ctx context.Context, s *identity.Subject, c, snapshot, person goshawk.ID, until time.Time) (goshawk.ID, error) {
	id := NewID()
	edits := []Edit{Set(KindShare, id, "snapshot", snapshot), Set(KindShare, id, "person", person), Set(KindShare, id, "until", until.UTC().Format(time.RFC3339))}
	if s.Known() {
		edits = append(edits, Set(KindShare, id, "by", s.Person.Name))
	}
	err := b.manageShares(ctx, s, c, "shared a snapshot", func(tx Tx, e *audit.Entry) error {
		if _, err := CheckEdits(edits, func(Kind, goshawk.ID) (bool, error) { return false, nil }); err != nil {
			return err
		}
		if now := b.Now(); !until.After(now) || until.Sub(now) > LongestShare {
			return goshawk.Errorf(goshawk.Invalid, "a snapshot is shared until a time between now and a year from now").WithHint("choose a day")
		}
		all, err := tx.Case(c, KindSnapshot)
		if err != nil {
			return err
		}
		if all.Records[KindSnapshot][snapshot] == nil {
			return goshawk.Errorf(goshawk.NotFound, "the case has no such snapshot").WithHint("take one of the graph, and share that")
		}
		_, err = b.apply(tx, e, c, edits, 0)
		return err
	})
	return id, err
}

// EndShare ends a share, from that moment on. One that ended stays so.
func (b *Book) EndShare(ctx context.Context, s *identity.Subject, c, id goshawk.ID) error {
	return b.manageShares(ctx, s, c, "ended the sharing of a snapshot", func(tx Tx, e *audit.Entry) error {
		all, err := tx.Case(c, KindShare)
		if err != nil {
			return err
		}
		r := all.Records[KindShare][id]
		if r == nil {
			return goshawk.Errorf(goshawk.NotFound, "the case shares nothing by that name").WithHint("load the page again")
		}
		edit := Set(KindShare, id, "ended", true)
		edit.Before = r["ended"].JSON
		_, err = b.apply(tx, e, c, []Edit{edit}, 0)
		return err
	})
}

// manageShares does something to a case's shares, as who may choose its members.
func (b *Book) manageShares(ctx context.Context, s *identity.Subject, c goshawk.ID, what string, do func(Tx, *audit.Entry) error) error {
	e := b.entry(s, identity.ManageCase, c, what)
	return b.Store.Do(ctx, e, func(tx Tx) error {
		at, err := b.standing(tx, s, c)
		if err == nil {
			err = identity.May(s, identity.ManageCase, at)
		}
		if err != nil {
			return err
		}
		return do(tx, e)
	})
}

// LookAtShared returns a snapshot as it is shared with a subject. That they looked is noted in the case.
func (b *Book) LookAtShared(ctx context.Context, s *identity.Subject, c, id goshawk.ID) (out *Shared, err error) {
	err = b.Store.Do(ctx, b.entry(s, identity.ReadShared, c, "looked at a snapshot that is shared with them: "+string(id)), func(tx Tx) error {
		at, err := b.standing(tx, s, c)
		if err != nil {
			return err
		}
		if at == nil { // there is no such case, or they are disabled
			return identity.May(s, identity.ReadShared, nil)
		}
		all, err := tx.Case(c, KindShare, KindSnapshot)
		if err != nil {
			return err
		}
		share, ok := all.share(id)
		at.Shared = ok && s.Known() && share.Person == s.Person.ID && share.Holds(b.Now())
		if err := identity.May(s, identity.ReadShared, at); err != nil {
			return err
		}
		snapshot := all.Records[KindSnapshot][share.Snapshot]
		v, err := graphAt(tx, c, goshawk.ID(snapshot.Text("graph")), snapshot.Number("seq"))
		if err != nil {
			return err
		}
		v.Case = Summary{ID: c, Marking: share.Marking}
		out = &Shared{*share, *v}
		return nil
	})
	return out, err
}

// SharedWith lists what is shared with a subject, by when it ends.
func (b *Book) SharedWith(ctx context.Context, s *identity.Subject) (list []Share, err error) {
	if err := identity.May(s, identity.ListCases, nil); err != nil {
		return nil, err
	}
	err = b.Store.Do(ctx, b.entry(s, identity.ListCases, "", "listed what is shared with them"), func(tx Tx) error {
		refs, err := tx.SharedWith(s.Person.ID)
		if err != nil {
			return err
		}
		known := map[goshawk.ID]*Case{}
		for _, ref := range refs {
			if known[ref.Case] == nil {
				if known[ref.Case], err = tx.Case(ref.Case, KindShare, KindSnapshot); err != nil {
					return err
				}
			}
			if share, ok := known[ref.Case].share(ref.ID); ok && share.Person == s.Person.ID && share.Holds(b.Now()) {
				list = append(list, *share)
			}
		}
		return nil
	})
	return list, err
}

// ShareRef names a share.
type ShareRef struct{ Case, ID goshawk.ID }

// share reads one of a case's shares; false where there is none, or not of a snapshot that is there.
func (c *Case) share(id goshawk.ID) (*Share, bool) {
	r := c.Records[KindShare][id]
	snapshot := c.Records[KindSnapshot][goshawk.ID(r.Text("snapshot"))]
	until, err := time.Parse(time.RFC3339, r.Text("until"))
	if r == nil || snapshot == nil || err != nil {
		return nil, false
	}
	return &Share{ID: id, Case: c.ID, Snapshot: goshawk.ID(r.Text("snapshot")), Title: snapshot.Text("title"), Marking: c.Marking, Person: goshawk.ID(r.Text("person")), By: r.Text("by"), Until: until, Ended: r.Flag("ended")}, true
}

// Shares lists a case's shares that hold; the case was read with its shares and snapshots.
func (c *Case) Shares(now time.Time) (list []Share) {
	for id := range c.Records[KindShare] {
		if s, ok := c.share(id); ok && s.Holds(now) {
			list = append(list, *s)
		}
	}
	return list
}
