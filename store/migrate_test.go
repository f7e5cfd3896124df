package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
)

// migrateOnly names, in the environment, the database that this process is to bring up to date.
const migrateOnly = "GOSHAWK_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if where := os.Getenv(migrateOnly); where != "" {
		s, err := Open(context.Background(), where)
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// older makes a database as the program of a version made it, with somebody in it.
func older(t *testing.T, where string, version int64) {
	t.Helper()
	s, err := connect(t.Context(), where, func(s *Store, ctx context.Context) error {
		p, err := s.provider()
		if err == nil {
			_, err = p.UpTo(ctx, version)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if version < attesting {
		// As that program wrote.
		for _, query := range []string{`UPDATE audit_head SET seq = 1`, `INSERT INTO agencies VALUES ('a', 'Eastmark Police', 'police', '', 0)`,
			`INSERT INTO people VALUES ('p', 'a', 'Ines', 'ines@police.example', 'investigator', 0, 0)`,
			`INSERT INTO audit (seq, at, person, name, agency, via, source, action, what, case_id, detail, salt) VALUES (1, 0, '', '', '', '', '', 'console', 'set up', '', '', '')`} {
			_, bad := s.writer.ExecContext(t.Context(), query)
			err = errors.Join(err, bad)
		}
	} else {
		err = s.Do(t.Context(), &audit.Entry{At: at(0), Action: "console", What: "set up"}, func(tx *Tx) error {
			return errors.Join(tx.AddAgency(&identity.Agency{ID: "a", Name: "Eastmark Police", Kind: identity.Police, Created: at(0)}),
				tx.AddPerson(&identity.Person{ID: "p", Agency: "a", Name: "Ines", Email: "ines@police.example", Role: identity.Investigator, Created: at(0)}))
		})
	}
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// attesting is the version from which on entries attest rows.
const attesting = 61

// works opens a database of a version and does a day's work in it.
func works(t *testing.T, where string, version int64) {
	t.Helper()
	s, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var p identity.Person
	view(t, s, func(tx *Tx) (err error) { p, _, err = tx.Person("p"); return err })
	ines := &identity.Subject{Person: p, Kind: identity.Police, Via: identity.ViaPasskey}
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), ines, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	do(t, s, func(tx *Tx) error {
		return tx.AddToken(&identity.Token{ID: "k", Hash: "h", Person: "p", Created: at(0), Ends: at(9)})
	})
	view(t, s, func(tx *Tx) error {
		hits, err := tx.Search("p", "a", false, "harb", 10)
		if len(hits) != 1 || hits[0].Case != id {
			t.Errorf("found %v", hits)
		}
		return err
	})
	want := int64(3)
	if version < attesting {
		want = 4 // what was there is taken up
	}
	if head, err := s.Head(t.Context()); head != want || err != nil {
		t.Errorf("entry %d, %v", head, err)
	}
	if err := s.Replay(t.Context(), func(entry int64, _ goshawk.ID, what string) { t.Errorf("entry %d: %s", entry, what) }); err != nil {
		t.Error(err)
	}
}

// TestMigrate: a database of every version there was is brought up to date with what is in
// it; one of a newer program is not touched.
func TestMigrate(t *testing.T) {
	for kind, where := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			first := where(t)
			s := openAt(t, first)
			p, err := s.provider()
			if err != nil {
				t.Fatal(err)
			}
			sources := p.ListSources()
			if len(sources) < 4 {
				t.Fatalf("only %d migrations", len(sources))
			}
			for _, source := range sources {
				at := where(t)
				older(t, at, source.Version)
				if source != sources[len(sources)-1] {
					if _, err := Look(t.Context(), at); goshawk.CodeOf(err) != goshawk.Unsupported {
						t.Errorf("an old database was looked at: %v", err)
					}
				}
				works(t, at, source.Version)
			}

			const newer = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (%s, %s)`
			values := []string{"999999", "true"}
			if s.sqlite {
				values[1] = "1"
			}
			query := strings.Replace(strings.Replace(newer, "%s", values[0], 1), "%s", values[1], 1)
			if _, err := s.writer.ExecContext(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			for _, open := range []func(context.Context, string) (*Store, error){Open, Look} {
				if _, err := open(t.Context(), first); goshawk.CodeOf(err) != goshawk.Unsupported || goshawk.HintOf(err) == "" {
					t.Errorf("a newer database: %v", err)
				}
			}
		})
	}
}

// TestMigrateRetain: the days until which cases are kept stand in lists of cases that were there before.
func TestMigrateRetain(t *testing.T) {
	for kind, where := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			at := where(t)
			older(t, at, 62)
			s, err := connect(t.Context(), at, func(s *Store, ctx context.Context) (err error) {
				for _, value := range []string{`"2031-11-30"`, `null`} {
					id := fmt.Sprint("c", len(value))
					_, bad := s.writer.ExecContext(ctx, `INSERT INTO cases VALUES ('`+id+`', 'a', 1, 0, 0, 'Harbour', '', 'open', '')`)
					_, worse := s.writer.ExecContext(ctx, `INSERT INTO fields VALUES ('`+id+`', 'case', 'case', 'retain', '`+value+`', 1)`)
					err = errors.Join(err, bad, worse)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = Open(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for id, want := range map[goshawk.ID]string{"c12": "2031-11-30", "c4": ""} {
				view(t, s, func(tx *Tx) error {
					c, err := tx.Case(id)
					if err == nil && c.Retain != want {
						t.Errorf("%s is kept until %q", id, c.Retain)
					}
					return err
				})
			}
		})
	}
}

// TestMigrateAtOnce: servers that start together on one database do not stand in each
// other's way. (A file has one server, which locks its folder.)
func TestMigrateAtOnce(t *testing.T) {
	where := databases(t)["PostgreSQL"]
	for range 2 {
		at := where(t)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s, err := Open(t.Context(), at)
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// TestMigrateKilled kills the program while it brings a database up to date: the next
// one ends what it began.
func TestMigrateKilled(t *testing.T) {
	dice := rand.New(rand.NewPCG(7, 7))
	killed := 0
	for tries := 0; killed < 5; tries++ {
		if tries == 200 {
			t.Fatalf("only %d of %d were killed in time", killed, tries)
		}
		file := filepath.Join(t.TempDir(), "goshawk.db")
		older(t, file, 1)
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), migrateOnly+"="+file)
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// Not a wait for anything: a moment to be killed at.
		time.Sleep(time.Duration(dice.Int64N(int64(60 * time.Millisecond))))
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if err := c.Wait(); err == nil {
			continue // it was ready
		} else if c.ProcessState.Exited() {
			t.Fatalf("%v\n%s", err, said.String())
		}
		killed++
		works(t, file, 1)
	}
}

// TestFullDisk: where there is no room nothing is half written, who asked is told, and when
// there is room again the work goes on.
func TestFullDisk(t *testing.T) {
	s := open(t)
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(query string) {
		t.Helper()
		if _, err := s.writer.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	limit("PRAGMA max_page_count = 1") // as small as it is now
	write := func(n goshawk.ID) error {
		_, err := b.Change(t.Context(), who, id, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, n, "text", strings.Repeat("x ", 20_000))})
		return err
	}
	before, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := write("n1"); goshawk.CodeOf(err) != goshawk.Unavailable || !strings.Contains(goshawk.HintOf(err), "room") {
		t.Errorf("%v: %s", err, goshawk.HintOf(err))
	}
	if after, err := s.Head(t.Context()); err != nil || after != before {
		t.Errorf("entry %d became %d: %v", before, after, err)
	}
	if _, err := b.Read(t.Context(), who, id, "read the case"); err != nil {
		t.Logf("reading is an entry, too: %v", err)
	}
	limit("PRAGMA max_page_count = 1000000")
	if err := write("n1"); err != nil {
		t.Error(err)
	}
	if err := s.Replay(t.Context(), func(_ int64, _ goshawk.ID, what string) { t.Error(what) }); err != nil {
		t.Error(err)
	}
}
