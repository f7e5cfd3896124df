package store

import (
	"reflect"
	"testing"

	"goshawk"
	"goshawk/identity"
)

// contractPapers: an agency sees its own, every version is kept, and of two who change one the later is refused.
func contractPapers(t *testing.T, s *Store) {
	do(t, s, func(tx *Tx) error {
		for _, id := range []goshawk.ID{"east", "west"} {
			if err := tx.AddAgency(&identity.Agency{ID: id, Name: string(id), Kind: identity.Police, Created: at(0)}); err != nil {
				return err
			}
		}
		return nil
	})
	p := func(agency, id goshawk.ID, version int64, body string) *Paper {
		return &Paper{agency, ProfilePaper, id, version, []byte(body), at(version), "ines"}
	}
	do(t, s, func(tx *Tx) error {
		for _, one := range []*Paper{p("east", "b", 1, `{"name":"B"}`), p("east", "a", 1, `{"name":"A"}`), p("east", "a", 2, `{"name":"A é"}`), p("west", "a", 1, `{"name":"theirs"}`), p("east", "c", 1, `{}`), p("east", "c", 2, "")} {
			if err := tx.AddPaper(one); err != nil {
				return err
			}
		}
		return tx.AddPaper(&Paper{"east", TemplatePaper, "a", 1, []byte(`{}`), at(0), "ines"})
	})
	refused(t, s, goshawk.Conflict, func(tx *Tx) error { return tx.AddPaper(p("east", "a", 2, `{"name":"late"}`)) })
	refused(t, s, goshawk.Conflict, func(tx *Tx) error { return tx.AddPaper(p("east", "d", 2, `{}`)) })
	view(t, s, func(tx *Tx) error {
		list, err := tx.Papers("east", ProfilePaper)
		if want := []Paper{*p("east", "a", 2, `{"name":"A é"}`), *p("east", "b", 1, `{"name":"B"}`)}; err != nil || !reflect.DeepEqual(list, want) {
			t.Errorf("%+v, %v", list, err)
		}
		list, err = tx.PaperVersions("east", ProfilePaper, "a")
		if err != nil || len(list) != 2 || list[0].Version != 2 || string(list[1].Body) != `{"name":"A"}` {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err = tx.PaperVersions("east", ProfilePaper, "c"); err != nil || len(list) != 2 || list[0].Body != nil {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err = tx.PaperVersions("west", ProfilePaper, "b"); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("west sees what is east's: %v", err)
		}
		return nil
	})
}
