package casebook

import (
	"context"
	"encoding/json"

	"goshawk"
	"goshawk/identity"
)

// Version is a record as it stood after one of its case's changes.
type Version struct {
	Case   Summary
	ID     goshawk.ID
	Seq    int64 // the change
	Fields map[string]json.RawMessage

	Currency string // that the case names now; "": none
}

// Text returns what a field says; "" where it is not set or no text.
func (v *Version) Text(name string) string {
	return Record{name: Value{JSON: v.Fields[name]}}.Text(name)
}

// Gone says whether the record was deleted.
func (v *Version) Gone() bool { return string(v.Fields[Deleted]) == "true" }

// manyChanges is how many changes are read at a time.
const manyChanges = 500

// Graph returns a graph as it stands, or, with the number of a change, as it stood after
// it. That it was looked at is noted.
func (b *Book) Graph(ctx context.Context, s *identity.Subject, c, id goshawk.ID, at int64) (v *Version, err error) {
	err = b.Store.Do(ctx, b.entry(s, identity.ReadCase, c, "looked at a graph"), func(tx Tx) error {
		standing, err := b.standing(tx, s, c)
		if err != nil {
			return err
		}
		if err := identity.May(s, identity.ReadCase, standing); err != nil {
			return err
		}
		if v, err = graphAt(tx, c, id, at); err == nil {
			v.Case.Part = standing.Part
		}
		return err
	})
	return v, err
}

// graphAt is a graph of a case as it stood after a change.
func graphAt(tx Tx, c, id goshawk.ID, at int64) (*Version, error) {
	seq, err := tx.Seq(c)
	if err != nil {
		return nil, err
	}
	now, err := tx.Case(c, KindGraph, KindCase)
	if err != nil {
		return nil, err
	}
	record, ok := now.Records[KindGraph][id]
	if !ok || at < 0 || at > seq {
		return nil, goshawk.Errorf(goshawk.NotFound, "the case has no such graph").WithHint("look for it among the graphs of the case")
	}
	v := &Version{Case: now.Summary, ID: id, Seq: seq, Fields: make(map[string]json.RawMessage, len(record)), Currency: now.Currency()}
	for name, value := range record {
		v.Fields[name] = value.JSON
	}
	if at == 0 || at == seq {
		return v, nil
	}
	v.Seq = at
	if err := rewind(tx, c, v); err != nil {
		return nil, err
	}
	if len(v.Fields) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "the graph was not there yet")
	}
	return v, nil
}

// rewind takes a graph back to a change: what the first later change of a field saw in it
// is what it held.
func rewind(tx Tx, c goshawk.ID, v *Version) error {
	known := map[string]bool{}
	for after := v.Seq; ; {
		list, err := tx.Changes(c, after, manyChanges)
		if err != nil {
			return err
		}
		for i := range list {
			after = list[i].Seq
			for _, e := range list[i].Edits {
				if e.Kind != KindGraph || e.ID != v.ID || known[e.Name] {
					continue
				}
				known[e.Name] = true
				if before := plain(e.Before); before == nil {
					delete(v.Fields, e.Name)
				} else {
					v.Fields[e.Name] = before
				}
			}
		}
		if len(list) < manyChanges {
			return nil
		}
	}
}
