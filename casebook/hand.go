package casebook

import (
	"slices"

	"goshawk"
	"goshawk/identity"
)

// mayWrite says whether a subject may make a change by hand: it is theirs to make, of what people write, and in
// records that are there.
func (b *Book) mayWrite(tx Tx, s *identity.Subject, id goshawk.ID, edits []Edit) error {
	if err := b.mayChange(tx, s, id, edits); err != nil {
		return err
	}
	for i := range edits {
		e := &edits[i]
		begins := e.Kind == KindRun && e.Name == "state" && e.Before == nil && string(e.After) == `"running"` // and the server ends it
		if f, _ := Lookup(e.Kind, e.Name); f.Made && !begins {
			return goshawk.Errorf(goshawk.Denied, "the field %q of a %s is what the server saw or computed: nobody writes it by hand", e.Name, e.Kind).
				WithHint("say in a note, or in the report, what is to be said about it")
		}
	}
	return there(tx, id, edits)
}

// record is one record of a case.
type record struct {
	kind Kind
	id   goshawk.ID
}

// there says whether the records that edits write into were not deleted meanwhile. Who brings one back may
// write into it at once.
func there(tx Tx, id goshawk.ID, edits []Edit) error {
	written, back := map[record]bool{}, map[record]bool{}
	var order []record
	for _, e := range edits {
		r := record{e.Kind, e.ID}
		switch {
		case e.Name != Deleted:
			if !written[r] {
				written[r] = true
				order = append(order, r)
			}
		case string(e.After) != "true":
			back[r] = true
		}
	}
	var clash ClashError
	for _, r := range order {
		if _, can := Lookup(r.kind, Deleted); !can || back[r] {
			continue
		}
		f := Field{r.kind, r.id, Deleted}
		v, err := tx.Field(id, f)
		if err != nil {
			return err
		}
		if string(v.JSON) == "true" {
			clash.Clashes = append(clash.Clashes, Clash{f, nil, v.JSON, v.Seq})
		}
	}
	if len(clash.Clashes) > 0 {
		return &clash
	}
	return nil
}

// builtUpon refuses edits that take a change back and delete a record with it, in which others have written
// since: what they wrote would go unseen.
func builtUpon(tx Tx, s *identity.Subject, id goshawk.ID, seq int64, edits []Edit) error {
	gone := map[record]bool{}
	var kinds []Kind
	for _, e := range edits {
		if e.Name == Deleted && string(e.After) == "true" {
			gone[record{e.Kind, e.ID}] = true
			if !slices.Contains(kinds, e.Kind) {
				kinds = append(kinds, e.Kind)
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	c, err := tx.Case(id, kinds...)
	if err != nil {
		return err
	}
	others := map[int64]bool{} // changes, by whether they are somebody else's
	var clash ClashError
	for r := range gone {
		for name, v := range c.Records[r.kind][r.id] {
			if v.Seq <= seq {
				continue
			}
			if _, known := others[v.Seq]; !known {
				list, err := tx.Changes(id, v.Seq-1, 1)
				if err != nil {
					return err
				}
				others[v.Seq] = len(list) == 0 || list[0].Person != s.Person.ID
			}
			if others[v.Seq] {
				clash.Clashes = append(clash.Clashes, Clash{Field{r.kind, r.id, name}, nil, v.JSON, v.Seq})
			}
		}
	}
	if len(clash.Clashes) > 0 {
		slices.SortFunc(clash.Clashes, func(a, b Clash) int { return int(a.Seq - b.Seq) })
		return &clash
	}
	return nil
}
