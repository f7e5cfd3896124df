package casebook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
)

// Summary is a case in a list of cases.
type Summary struct {
	ID        goshawk.ID    `json:"id"`
	Agency    goshawk.ID    `json:"agency"`
	Title     string        `json:"title"`
	Reference string        `json:"reference"`
	Status    string        `json:"status"`
	Marking   string        `json:"marking"`
	Retain    string        `json:"retain"` // the day until which it is kept, as 2031-11-30; empty where none was set
	Seq       int64         `json:"seq"`    // of its last change
	Opened    time.Time     `json:"opened"`
	Touched   time.Time     `json:"touched"`
	Part      identity.Part `json:"part"` // of who asks; empty for a supervisor who is no member
}

// Past says whether the day until which a case is kept is over.
func (s *Summary) Past(now time.Time) bool {
	return s.Retain != "" && s.Retain < now.UTC().Format(time.DateOnly) // days are written so that they sort
}

// Case is a case and all that is in it.
type Case struct {
	Summary
	Records map[Kind]map[goshawk.ID]Record `json:"records"`
}

// Currency is what the case names for its values to be told in, in capitals; "" where it names none.
func (c *Case) Currency() string {
	return strings.ToUpper(c.Records[KindCase]["case"].Text("currency"))
}

// Record is a record's fields.
type Record map[string]Value

// Tx is what a book asks of its store, in one transaction.
type Tx interface {
	// Standing says where a person stands to a case; nil where there is none.
	Standing(c, person goshawk.ID) (*identity.Standing, error)
	// Begin adds a case without any record.
	Begin(c, agency goshawk.ID, at time.Time) error
	// Seq is the number of a case's last change. No other change comes between it
	// and the transaction's end.
	Seq(c goshawk.ID) (int64, error)
	// Field returns what a field holds; a zero Value where it is not set.
	Field(c goshawk.ID, f Field) (Value, error)
	// Begun says whether a record has any field.
	Begun(c goshawk.ID, k Kind, id goshawk.ID) (bool, error)
	// Apply stores a change and what its fields hold now.
	Apply(c goshawk.ID, change *Change) error
	// Case returns a case with its records of some kinds, or of all.
	Case(c goshawk.ID, kinds ...Kind) (*Case, error)
	// Changes returns a case's changes after one, oldest first, at most so many.
	Changes(c goshawk.ID, after int64, most int) ([]Change, error)
	// Cases lists those that a person is a member of, or, for whole, all of the agency's too.
	Cases(person, agency goshawk.ID, whole bool) ([]Summary, error)
	// SharedWith names the shares with a person, of every case; also those that ended.
	SharedWith(person goshawk.ID) ([]ShareRef, error)
	// Leads counts a case's leaders.
	Leads(c goshawk.ID) (int, error)
	// Fields counts a case's fields that are set.
	Fields(c goshawk.ID) (int, error)
	// Hooks lists the webhooks of an agency that are in use.
	Hooks(agency goshawk.ID) ([]goshawk.ID, error)
	// Queue stores a message that is to go out; one that is stored stays as it is.
	Queue(n *Notice) error
}

// Store keeps cases. Whatever is done is done together with the entry that says
// so: where that cannot be written, it is not done.
type Store interface {
	// Do runs f in a transaction and writes the entry with it; f may complete the entry.
	Do(ctx context.Context, e *audit.Entry, f func(Tx) error) error
}

// Book is the casebook: what people do to cases, within what they may.
type Book struct {
	Store Store
	Now   func() time.Time
	Files Files // of exhibits; nil: there are none
	// MostExhibit is the most bytes of one exhibit; 0: MostExhibit.
	MostExhibit int64
	// MostFields is the most fields of a case; 0: MostFields.
	MostFields int
}

// entry begins an entry about what a subject does.
func (b *Book) entry(s *identity.Subject, a identity.Action, c goshawk.ID, what string) *audit.Entry {
	e := &audit.Entry{At: b.Now(), Action: string(a), Case: c, What: what}
	if s.Known() {
		e.Person, e.Name, e.Agency, e.Via, e.From = s.Person.ID, s.Person.Name, s.Person.Agency, string(s.Via), s.From
	}
	return e
}

// NewID returns an ID that was never given before.
func NewID() goshawk.ID { return goshawk.ID(strings.ToLower(rand.Text()[:20])) }

// Open opens a case of the subject's agency, led by them.
func (b *Book) Open(ctx context.Context, s *identity.Subject, title, reference string) (goshawk.ID, error) {
	if err := identity.May(s, identity.OpenCase, nil); err != nil {
		return "", err
	}
	id := NewID()
	set := func(k Kind, of goshawk.ID, name, v string) Edit { return Set(k, of, name, v) }
	edits := []Edit{set(KindCase, "case", "title", title), set(KindCase, "case", "status", "open"), set(KindMember, s.Person.ID, "part", string(identity.Lead))}
	if reference != "" {
		edits = append(edits, set(KindCase, "case", "reference", reference))
	}
	if _, err := CheckEdits(edits, func(Kind, goshawk.ID) (bool, error) { return false, nil }); err != nil {
		return "", err
	}
	e := b.entry(s, identity.OpenCase, id, "opened the case")
	return id, b.Store.Do(ctx, e, func(tx Tx) error {
		if err := tx.Begin(id, s.Person.Agency, e.At); err != nil {
			return err
		}
		_, err := b.apply(tx, e, id, edits, 0)
		return err
	})
}

// Set is an edit of a field that was not set before.
func Set(k Kind, id goshawk.ID, name string, v any) Edit {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a caller's value that is no JSON
	}
	return Edit{Field: Field{k, id, name}, After: text}
}

// Read returns a case with its records of some kinds, or of all. That it was read
// is noted.
func (b *Book) Read(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, kinds ...Kind) (c *Case, err error) {
	err = b.Store.Do(ctx, b.entry(s, identity.ReadCase, id, what), func(tx Tx) error {
		at, err := b.standing(tx, s, id)
		if err != nil {
			return err
		}
		if err := identity.May(s, identity.ReadCase, at); err != nil {
			return err
		}
		if c, err = tx.Case(id, kinds...); err == nil {
			c.Part = at.Part
		}
		return err
	})
	return c, err
}

func (b *Book) standing(tx Tx, s *identity.Subject, id goshawk.ID) (*identity.Standing, error) {
	if !s.Known() {
		return nil, nil
	}
	return tx.Standing(id, s.Person.ID)
}

// Change changes a case: all of the edits, or, with an error, nothing. What others
// did meanwhile is merged where it can be, else a ClashError says what clashes. It
// returns the change as it was stored; nil where everything was so already.
func (b *Book) Change(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, edits []Edit) (done *Change, err error) {
	if slices.ContainsFunc(edits, func(e Edit) bool { return e.Kind == KindExhibit && e.Name != "comment" }) {
		return nil, goshawk.Errorf(goshawk.Invalid, "an exhibit is fixed with its bytes, and stays as it is").WithHint("upload its file; only its comment can be changed")
	}
	if strings.ContainsFunc(what, goshawk.Unseen) {
		return nil, goshawk.Errorf(goshawk.Invalid, "what you do holds characters that are not seen, or turn the direction of writing round").WithHint("type it anew: it stands in the history")
	}
	e := b.entry(s, identity.ChangeCase, id, what)
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		if err := b.mayWrite(tx, s, id, edits); err != nil {
			return err
		}
		done, err = b.apply(tx, e, id, edits, 0)
		return err
	})
	return done, err
}

// Act is Change for what the program does for somebody who asked it to: it also writes what nobody writes by hand.
func (b *Book) Act(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, edits []Edit) (done *Change, err error) {
	e := b.entry(s, identity.ChangeCase, id, what)
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		if err := b.mayChange(tx, s, id, edits); err != nil {
			return err
		}
		if err := there(tx, id, edits); err != nil {
			return err
		}
		done, err = b.apply(tx, e, id, edits, 0)
		return err
	})
	return done, err
}

// mayChange says whether a subject may make a change.
func (b *Book) mayChange(tx Tx, s *identity.Subject, id goshawk.ID, edits []Edit) error {
	at, err := b.standing(tx, s, id)
	if err != nil {
		return err
	}
	if err := identity.May(s, identity.ReadCase, at); err != nil {
		return err
	}
	lead, err := CheckEdits(edits, func(k Kind, r goshawk.ID) (bool, error) { return tx.Begun(id, k, r) })
	if err != nil {
		return err
	}
	if lead {
		if err := identity.May(s, identity.ManageCase, at); err != nil {
			return err
		}
	}
	rest := slices.ContainsFunc(edits, func(e Edit) bool {
		f, _ := Lookup(e.Kind, e.Name)
		return !f.Lead
	})
	if rest {
		return identity.May(s, identity.ChangeCase, at)
	}
	return nil
}

// Undo takes back a change of a case.
func (b *Book) Undo(ctx context.Context, s *identity.Subject, id goshawk.ID, seq int64) (done *Change, err error) {
	e := b.entry(s, identity.ChangeCase, id, "took a change back")
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		at, err := b.standing(tx, s, id)
		if err == nil {
			err = identity.May(s, identity.ReadCase, at)
		}
		if err != nil {
			return err
		}
		list, err := tx.Changes(id, seq-1, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].Seq != seq {
			return goshawk.Errorf(goshawk.NotFound, "the case has no change %d", seq)
		}
		edits, err := list[0].Undo()
		if err != nil {
			return err
		}
		if err := b.mayWrite(tx, s, id, edits); err != nil {
			return err
		}
		if err := builtUpon(tx, s, id, seq, edits); err != nil {
			return err
		}
		done, err = b.apply(tx, e, id, edits, seq)
		return err
	})
	return done, err
}

// apply merges edits and stores them as the case's next change, which the entry
// repeats. Edits were checked.
func (b *Book) apply(tx Tx, e *audit.Entry, id goshawk.ID, edits []Edit, undoes int64) (*Change, error) {
	seq, err := tx.Seq(id)
	if err != nil {
		return nil, err
	}
	merged, err := Merge(edits, func(f Field) (Value, error) { return tx.Field(id, f) })
	if err != nil || len(merged) == 0 {
		return nil, err
	}
	if err := b.room(tx, id, merged); err != nil {
		return nil, err
	}
	c := &Change{Seq: seq + 1, At: e.At, Person: e.Person, Undoes: undoes, Edits: merged}
	if e.Detail, err = json.Marshal(c); err != nil {
		return nil, err
	}
	if len(e.Detail) > MostBytes {
		return nil, goshawk.Errorf(goshawk.Invalid, "the change is too large: %s", goshawk.Count(len(e.Detail), "byte", "bytes")).WithHint("split it")
	}
	c.Entry = e.Seq
	if err := tx.Apply(id, c); err != nil {
		return nil, err
	}
	leads, err := tx.Leads(id)
	if err == nil && leads == 0 {
		err = goshawk.Errorf(goshawk.Invalid, "a case needs somebody who leads it").WithHint("make somebody else its lead first")
	}
	return c, err
}

// Changes returns what was done to a case after one of its changes, oldest first.
func (b *Book) Changes(ctx context.Context, s *identity.Subject, id goshawk.ID, after int64, most int) (list []Change, err error) {
	err = b.Store.Do(ctx, b.entry(s, identity.ReadHistory, id, "read the history"), func(tx Tx) error {
		at, err := b.standing(tx, s, id)
		if err != nil {
			return err
		}
		if err := identity.May(s, identity.ReadHistory, at); err != nil {
			return err
		}
		list, err = tx.Changes(id, after, most)
		return err
	})
	return list, err
}

// List lists the cases that a subject may read.
func (b *Book) List(ctx context.Context, s *identity.Subject) (list []Summary, err error) {
	if err := identity.May(s, identity.ListCases, nil); err != nil {
		return nil, err
	}
	err = b.Store.Do(ctx, b.entry(s, identity.ListCases, "", "listed cases"), func(tx Tx) error {
		list, err = tx.Cases(s.Person.ID, s.Person.Agency, s.Person.Role == identity.Supervisor)
		return err
	})
	return list, err
}
