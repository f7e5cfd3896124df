package casebook

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

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
		f, _ := Lookup(e.Kind, e.Name)
		if begins := f.Begins != "" && e.Before == nil && textIs(e.After, f.Begins); f.Made && !begins {
			return goshawk.Errorf(goshawk.Denied, "the field %q of %s is what the server saw, computed or fixed: nobody writes it by hand", e.Name, e.Kind.one()).
				WithHint("say in a note, or in the report, what is to be said about it")
		}
		if e.Kind == KindCase && e.Name == "retain" && e.After != nil {
			if err := kept(tx, id, e); err != nil {
				return err
			}
		}
		if e.Kind == KindCustody && e.Name == "at" && e.After != nil {
			if err := b.handed(e); err != nil {
				return err
			}
		}
		if e.Kind == KindSnapshot && e.Name == "seq" {
			if err := happened(tx, id, e); err != nil {
				return err
			}
		}
		if f.Names != "" && e.After != nil {
			if err := named(tx, id, e, f.Names); err != nil {
				return err
			}
		}
	}
	if err := unsettled(tx, id, edits); err != nil {
		return err
	}
	return there(tx, id, edits)
}

// room says whether a case has room for what a change adds. What the server itself saw or ended always has: a trace that
// ran when its case was filled has an end.
func (b *Book) room(tx Tx, id goshawk.ID, edits []Edit) error {
	more := 0
	for _, e := range edits {
		if f, _ := Lookup(e.Kind, e.Name); f.Made && e.Kind != KindExhibit {
			continue
		}
		if before, after := len(plain(e.Before)) > 0, len(plain(e.After)) > 0; after && !before {
			more++
		} else if before && !after {
			more--
		}
	}
	if more <= 0 {
		return nil
	}
	most := b.MostFields
	if most <= 0 {
		most = MostFields
	}
	has, err := tx.Fields(id)
	if err == nil && has+more > most {
		err = goshawk.Errorf(goshawk.Invalid, "the case is full: it has %d fields, and %d would come to them; %d are the most of a case", has, more, most).
			WithHint("nothing of the change was stored: take out of its pictures what is not needed, or open another case")
	}
	return err
}

// kept says whether a day until which a case is kept can be one: it is not kept until before it was there.
func kept(tx Tx, id goshawk.ID, e *Edit) error {
	s, err := textOf(e.After)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the day until which the case is kept cannot be read: %w", err)
	}
	c, err := tx.Case(id, none)
	if err != nil {
		return err
	}
	if began := c.Opened.UTC().Format(time.DateOnly); s < began { // days are written so that they sort
		return goshawk.Errorf(goshawk.Invalid, "the case cannot be kept until %s: it was opened on %s", s, began).WithHint("choose a later day, or none")
	}
	return nil
}

// handed says whether an exhibit can have been handed over when a transfer of it says.
func (b *Book) handed(e *Edit) error {
	s, err := textOf(e.After)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the time of a transfer cannot be read: %w", err)
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the time of a transfer cannot be read: %w", err)
	}
	return past("handed over", at, b.Now())
}

// happened says whether the change that a snapshot names was made: one that is still to come would show what nobody has seen.
func happened(tx Tx, id goshawk.ID, e *Edit) error {
	var n int64
	if err := json.Unmarshal(e.After, &n); err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the change that a snapshot is of cannot be read: %w", err)
	}
	seq, err := tx.Seq(id)
	if err == nil && n > seq {
		err = goshawk.Errorf(goshawk.Invalid, "a snapshot is of a change that was made: the case has %d, and it names the %dth", seq, n).WithHint("name the last one")
	}
	return err
}

// textIs says whether a value is a text.
func textIs(v json.RawMessage, want string) bool {
	s, err := textOf(v)
	return err == nil && s == want
}

// named says whether the record that an edit names is in the case.
func named(tx Tx, id goshawk.ID, e *Edit, k Kind) error {
	s, err := textOf(e.After)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the field %q of %s cannot be set: %w", e.Name, e.Kind.one(), err)
	}
	is, err := tx.Begun(id, k, goshawk.ID(s))
	if err == nil && !is {
		err = goshawk.Errorf(goshawk.Invalid, "the field %q of %s names the %s %s, and the case has none", e.Name, e.Kind.one(), k, s).WithHint("nothing of the change was stored: name one that is in the case")
	}
	return err
}

// unsettled says whether the records that edits write into are still people's to write in: a letter that was sent stays
// as it was.
func unsettled(tx Tx, id goshawk.ID, edits []Edit) error {
	looked := map[record]bool{}
	for _, e := range edits {
		r := record{e.Kind, e.ID}
		i := slices.IndexFunc(kinds, func(k KindRule) bool { return k.Kind == e.Kind })
		if looked[r] || kinds[i].While == "" {
			continue
		}
		looked[r] = true
		v, err := tx.Field(id, Field{e.Kind, e.ID, "state"})
		if err != nil {
			return err
		}
		if len(v.JSON) > 0 && !textIs(v.JSON, kinds[i].While) {
			return goshawk.Errorf(goshawk.Conflict, "the %s is %s: it stays as it is", kinds[i].Name, strings.Trim(string(v.JSON), `"`)).WithHint("begin another one, which says what is to be corrected")
		}
	}
	return nil
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
