package store

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "goshawk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// people adds an agency with somebody in each role.
func people(t *testing.T, s *Store) map[identity.Role]*identity.Subject {
	t.Helper()
	out := map[identity.Role]*identity.Subject{}
	agency := identity.Agency{ID: casebook.NewID(), Name: "Eastmark Police", Kind: identity.Police, Created: time.Unix(1, 0)}
	err := s.Do(t.Context(), &audit.Entry{Action: "console", What: "set up"}, func(tx *Tx) error {
		if err := tx.AddAgency(&agency); err != nil {
			return err
		}
		for _, role := range identity.Roles() {
			p := identity.Person{ID: casebook.NewID(), Agency: agency.ID, Name: string(role), Email: string(role) + "@police.example", Role: role}
			if err := tx.AddPerson(&p); err != nil {
				return err
			}
			out[role] = &identity.Subject{Person: p, Kind: identity.Police, Via: identity.ViaPasskey}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCase(t *testing.T) {
	s := open(t)
	who := people(t, s)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return now }}
	ctx := t.Context()
	ines := who[identity.Investigator]
	id, err := b.Open(ctx, ines, "Harbour ransom", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	first := []casebook.Edit{casebook.Set(casebook.KindNote, "n1", "title", "First look"), casebook.Set(casebook.KindNote, "n1", "text", "one\ntwo\nthree\n")}
	if _, err := b.Change(ctx, ines, id, "wrote a note", first); err != nil {
		t.Fatal(err)
	}
	text := func(before, after string) []casebook.Edit {
		return []casebook.Edit{{Field: casebook.Field{Kind: casebook.KindNote, ID: "n1", Name: "text"}, Before: json.RawMessage(before), After: json.RawMessage(after)}}
	}
	base := `"one\ntwo\nthree\n"`
	if _, err := b.Change(ctx, ines, id, "changed a note", text(base, `"ONE\ntwo\nthree\n"`)); err != nil {
		t.Fatal(err)
	}
	c, err := b.Change(ctx, ines, id, "changed a note", text(base, `"one\ntwo\nTHREE\n"`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Edits[0].After); got != `"ONE\ntwo\nTHREE\n"` {
		t.Errorf("merged: %s", got)
	}
	_, err = b.Change(ctx, ines, id, "changed a note", text(base, `"won\ntwo\nthree\n"`))
	if clash, ok := errors.AsType[*casebook.ClashError](err); !ok || len(clash.Clashes) != 1 || goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("no clash: %v", err)
	}
	if _, err := b.Undo(ctx, ines, id, c.Seq); err != nil {
		t.Fatal(err)
	}
	all, err := b.Read(ctx, ines, id, "read the case")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(all.Records[casebook.KindNote]["n1"]["text"].JSON); got != `"ONE\ntwo\nthree\n"` {
		t.Errorf("after undoing: %s", got)
	}
	for _, role := range []identity.Role{identity.Reader, identity.Administrator} {
		if _, err := b.Read(ctx, who[role], id, "read the case"); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := b.Read(ctx, who[identity.Supervisor], id, "read the case"); err != nil {
		t.Error(err)
	}
	err = s.View(ctx, func(tx *Tx) error {
		hits, err := tx.Search(ines.Person.ID, ines.Person.Agency, false, "harb", 10)
		if len(hits) != 1 {
			t.Errorf("found %v", hits)
		}
		list, bad := tx.Entries(1, 100, id)
		for _, e := range list {
			t.Log(e.Seq, e.What, string(e.Detail))
		}
		return errors.Join(err, bad)
	})
	if err != nil {
		t.Error(err)
	}
}
