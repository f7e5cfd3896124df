package store

import (
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// TestReplay: whatever is changed in the tables behind the program's back is named.
func TestReplay(t *testing.T) {
	s := open(t)
	who := people(t, s)
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	ctx := t.Context()
	ines := who[identity.Investigator]
	id, err := b.Open(ctx, ines, "Harbour <ransom>", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	do(t, s, func(tx *Tx) error { // somewhere to move it to
		return tx.AddAgency(&identity.Agency{ID: "elsewhere", Name: "Elsewhere", Kind: identity.Police})
	})
	for _, edits := range [][]casebook.Edit{
		{casebook.Set(casebook.KindNote, "n1", "text", "a <b> & c")},
		{casebook.Set(casebook.KindTask, "t1", "title", "ring the bank")},
		{casebook.Set(casebook.KindMember, who[identity.Reader].Person.ID, "part", "viewer")},
	} {
		if _, err := b.Change(ctx, ines, id, "changed it", edits); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Undo(ctx, ines, id, 3); err != nil {
		t.Fatal(err)
	}
	replay := func() []string {
		var out []string
		err := s.Replay(ctx, func(_ int64, of goshawk.ID, what string) {
			if of != id {
				t.Errorf("about case %q: %s", of, what)
			}
			out = append(out, what)
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if found := replay(); len(found) > 0 {
		t.Fatal(found)
	}
	for sql, want := range map[string]string{
		`UPDATE fields SET value = '"a"' WHERE kind = 'note'`:                             `field "text" of the note n1`,
		`DELETE FROM fields WHERE kind = 'note'`:                                          `field "text" of the note n1 is gone`,
		`INSERT INTO fields VALUES ('` + string(id) + `', 'note', 'n2', 'text', '""', 2)`: `field "text" of the note n2`,
		`UPDATE fields SET seq = 1 WHERE kind = 'note'`:                                   `field "text" of the note n1`,
		`UPDATE changes SET person = 'x' WHERE seq = 2`:                                   "change 2 is not what was recorded",
		`UPDATE changes SET edits = '[]' WHERE seq = 2`:                                   "change 2 is not what was recorded",
		`UPDATE changes SET at = at + 1 WHERE seq = 5`:                                    "change 5 is not what was recorded",
		`UPDATE changes SET entry = 1 WHERE seq = 2`:                                      "change 2 names the entry 1",
		`DELETE FROM changes WHERE seq = 4`:                                               "change 4 is gone",
		`INSERT INTO changes VALUES ('` + string(id) + `', 6, 1, 0, '', 0, '[]')`:         "6 changes up to number 6",
		`UPDATE cases SET title = 'other'`:                                                "line in lists",
		`UPDATE cases SET agency = 'elsewhere'`:                                           "another agency",
		`UPDATE cases SET opened = opened - 1`:                                            "was opened",
		`UPDATE cases SET touched = touched + 1`:                                          "was changed last",
		`DELETE FROM texts WHERE kind = 'note'`:                                           "what the search finds of the note n1",
		`UPDATE texts SET body = 'b' WHERE kind = 'note'`:                                 "what the search finds of the note n1",
		`UPDATE texts SET id = 'n2' WHERE kind = 'note'`:                                  "what the search finds of the note n2",
		`UPDATE cases SET seq = 7`:                                                        "its last change is 7",
		`UPDATE members SET part = 'lead' WHERE part = 'viewer'`:                          `as "lead"`,
		`DELETE FROM members WHERE part = 'viewer'`:                                       "does not let in",
		`INSERT INTO members VALUES ('` + string(id) + `', 'mallory', 'viewer')`:          "lets in mallory",
	} {
		tx, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, sql); err != nil {
			t.Fatal(sql, err)
		}
		var found []string
		bad := (&Tx{ctx: ctx, tx: tx, s: s}).replay(id, func(_ int64, _ goshawk.ID, what string) { found = append(found, what) })
		if err := tx.Rollback(); bad != nil || err != nil {
			t.Fatal(sql, bad, err)
		}
		if !strings.Contains(strings.Join(found, "; "), want) {
			t.Errorf("%s: %q", sql, found)
		}
	}
	if found := replay(); len(found) > 0 {
		t.Fatal(found)
	}
}

// TestReplayNamesTheEntry: a field that was edited is named with the entry that made it, which is no change's number.
func TestReplayNamesTheEntry(t *testing.T) {
	s, b, lead, _, c := rulesBook(t)
	do(t, s, func(*Tx) error { return nil }) // an entry about something else
	done, err := b.Change(t.Context(), lead, c, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, "n1", "text", "x")})
	if err != nil || done.Entry == done.Seq {
		t.Fatal(done, err)
	}
	if _, err := s.writer.ExecContext(t.Context(), `UPDATE fields SET value = '"y"' WHERE kind = 'note'`); err != nil {
		t.Fatal(err)
	}
	var named []int64
	if err := s.Replay(t.Context(), func(entry int64, _ goshawk.ID, _ string) { named = append(named, entry) }); err != nil {
		t.Fatal(err)
	}
	if len(named) == 0 || named[0] != done.Entry {
		t.Errorf("named %d, made by %d", named, done.Entry)
	}
}

// TestAnEntryWithoutSaltHidesNoOther: a salt that was destroyed is one more fault, and does not end the look at
// the rest.
func TestAnEntryWithoutSaltHidesNoOther(t *testing.T) {
	s, _, _, _, _ := rulesBook(t)
	if _, err := s.writer.ExecContext(t.Context(), `UPDATE audit SET salt = 'none' WHERE seq = 1`); err != nil {
		t.Fatal(err)
	}
	list, err := Trail{s}.Entries(t.Context(), 1, 10)
	if err != nil || len(list) < 2 || list[0].Salt != [32]byte{} {
		t.Errorf("%d entries, %v", len(list), err)
	}
}
