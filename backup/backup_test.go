package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/internal/pgtest"
	"goshawk/store"
)

// room is a server's data, with somebody at work in it.
type room struct {
	t      *testing.T
	folder string
	db     *store.Store
	log    *audit.Log
	book   *casebook.Book
	who    *identity.Subject
	id     goshawk.ID // of a case

	mu    sync.Mutex
	acked []goshawk.ID // notes
	bytes []string     // of exhibits
	n     int
}

// furnish makes a data folder; database is a URL, or empty.
func furnish(t *testing.T, database string) *room {
	t.Helper()
	r := &room{t: t, folder: t.TempDir()}
	if database == "" {
		database = filepath.Join(r.folder, Database)
	}
	var err error
	if r.db, err = store.Open(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	files, err := store.OpenFiles(filepath.Join(r.folder, Exhibits))
	if err != nil {
		t.Fatal(err)
	}
	if r.log, err = audit.OpenLog(t.Context(), filepath.Join(r.folder, Audit)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.log.Close(), files.Close(), r.db.Close()); err != nil {
			t.Error(err)
		}
	})
	r.book = &casebook.Book{Store: store.Casebook{Store: r.db}, Files: files, Now: time.Now}
	p := identity.Person{ID: casebook.NewID(), Agency: "a", Name: "Ines", Email: "ines@police.example", Role: identity.Investigator, Created: time.Now()}
	r.who = &identity.Subject{Person: p, Kind: identity.Police, Via: identity.ViaPasskey}
	err = r.db.Do(t.Context(), &audit.Entry{At: time.Now(), Action: "console", What: "set up"}, func(tx *store.Tx) error {
		return errors.Join(tx.AddAgency(&identity.Agency{ID: "a", Name: "Eastmark Police", Kind: identity.Police, Created: time.Now()}), tx.AddPerson(&p))
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.id, err = r.book.Open(t.Context(), r.who, "Harbour <ransom>", "2026/17"); err != nil {
		t.Fatal(err)
	}
	return r
}

// work changes the case once.
func (r *room) work() {
	r.mu.Lock()
	r.n++
	note := goshawk.ID(fmt.Sprint("n", r.n))
	r.mu.Unlock()
	if _, err := r.book.Change(r.t.Context(), r.who, r.id, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, note, "title", "مرحبا <"+string(note)+">")}); err != nil {
		r.t.Error(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acked = append(r.acked, note)
}

// fix adds an exhibit.
func (r *room) fix(text string) {
	r.t.Helper()
	x, err := r.book.AddExhibit(r.t.Context(), r.who, r.id, casebook.Exhibit{Name: "x.txt", Source: "a phone"}, strings.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes = append(r.bytes, string(x.ID))
}

func (r *room) backup(to ...age.Recipient) []byte {
	r.t.Helper()
	var out bytes.Buffer
	m, err := Write(r.t.Context(), &out, Source{Folder: r.folder, Store: r.db, Keys: true, Now: time.Now()}, to...)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(m.Damaged) > 0 {
		r.t.Error(m.Damaged)
	}
	return out.Bytes()
}

// holds restores a backup, and looks for what was acknowledged in it. A server can go on with it.
func (r *room) holds(text []byte, database string, notes, exhibits int, with ...age.Identity) {
	r.t.Helper()
	ctx := r.t.Context()
	folder := filepath.Join(r.t.TempDir(), "restored")
	done, err := Restore(ctx, bytes.NewReader(text), folder, database, with...)
	if err != nil {
		r.t.Fatalf("%v: %s", err, goshawk.HintOf(err))
	}
	for _, f := range done.Faults {
		r.t.Errorf("entry %d: %s", f.Entry, f.What)
	}
	if database == "" {
		database = filepath.Join(folder, Database)
	}
	db, err := store.Open(ctx, database)
	if err != nil {
		r.t.Fatal(err)
	}
	files, err := store.OpenFiles(filepath.Join(folder, Exhibits))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(files.Close(), db.Close()); err != nil {
			r.t.Error(err)
		}
	}()
	b := &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: time.Now}
	c, err := b.Read(ctx, r.who, r.id, "read the case")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, n := range r.acked[:notes] {
		if got := c.Records[casebook.KindNote][n].Text("title"); got != "مرحبا <"+string(n)+">" {
			r.t.Errorf("note %s: %q", n, got)
		}
	}
	for _, x := range r.bytes[:exhibits] {
		in, _, err := b.OpenExhibit(ctx, r.who, r.id, goshawk.ID(x))
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			r.t.Error(err)
		}
		in.Close()
	}
	// The search is made anew.
	err = db.View(ctx, func(tx *store.Tx) error {
		hits, err := tx.Search(r.who.Person.ID, "a", false, "harb", 5)
		if len(hits) != 1 {
			r.t.Errorf("%d hits", len(hits))
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
	log, err := audit.OpenLog(ctx, filepath.Join(folder, Audit))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := errors.Join(log.CatchUp(ctx, store.Trail{Store: db}), log.Close()); err != nil {
		r.t.Fatal(err)
	}
	v, err := audit.Verify(ctx, filepath.Join(folder, Audit), store.Trail{Store: db}, nil)
	if err != nil || len(v.Faults) > 0 || v.Pending > 0 {
		r.t.Errorf("%+v, %v", v, err)
	}
}

// TestUnderLoad: what was acknowledged before a backup began is in it, whatever happens
// meanwhile, from either database to either.
func TestUnderLoad(t *testing.T) {
	server := pgtest.Start(t)
	for i, c := range []struct{ from, to string }{{"", ""}, {"", server.Database(t, "to")}, {server.Database(t, "from"), ""}} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r := furnish(t, c.from)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for ctx.Err() == nil {
						r.work()
					}
				})
			}
			always := make(chan struct{})
			close(always)
			wg.Go(func() {
				if err := r.log.Feed(ctx, store.Trail{Store: r.db}, always); err != nil {
					t.Error(err)
				}
			})
			r.fix("the first\n")
			for many := range []int{0, 1, 2} {
				for enough := false; !enough; {
					r.mu.Lock()
					enough = len(r.acked) > 130*many
					r.mu.Unlock()
				}
				r.fix(strings.Repeat("x", 100_000*many+1))
				r.mu.Lock()
				notes, exhibits := len(r.acked), len(r.bytes)
				r.mu.Unlock()
				text := r.backup()
				if many == 2 || c.to == "" {
					r.holds(text, c.to, notes, exhibits)
				}
			}
			stop()
			wg.Wait()
		})
	}
}

func TestEncrypted(t *testing.T) {
	r := furnish(t, "")
	r.work()
	mine, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	text := r.backup(mine.Recipient())
	r.holds(text, "", 1, 0, other, mine)
	for _, with := range [][]age.Identity{nil, {other}} {
		folder := t.TempDir()
		if _, err := Restore(t.Context(), bytes.NewReader(text), folder, "", with...); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%v", err)
		}
		empty(t, folder)
	}
	if _, err := Restore(t.Context(), bytes.NewReader(text[:len(text)-20]), t.TempDir(), "", mine); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("cut off: %v", err)
	}
}

func empty(t *testing.T, folder string) {
	t.Helper()
	there, err := os.ReadDir(folder)
	if err != nil || len(there) > 0 {
		t.Errorf("%v, %v", there, err)
	}
}

// unpacked is what a compressed file holds, as far as it can be read; nil where not to its end.
func unpacked(text []byte) []byte {
	z, err := zstd.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	defer z.Close()
	all, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return all
}

// TestDamaged: of a backup that is cut off or was changed anywhere, nothing is kept.
func TestDamaged(t *testing.T) {
	r := furnish(t, "")
	r.work()
	r.fix("bytes of a phone")
	if err := r.log.CatchUp(t.Context(), store.Trail{Store: r.db}); err != nil {
		t.Fatal(err)
	}
	text := r.backup()
	for i := 0; i < len(text); i += 1 + len(text)/40 {
		changed := bytes.Clone(text)
		changed[i] ^= 0x10
		for what, bad := range map[string][]byte{"cut off": text[:i], "changed": changed} {
			if what == "changed" && bytes.Equal(unpacked(bad), unpacked(text)) {
				continue // a bit that compression has no use for
			}
			folder := t.TempDir()
			_, err := Restore(t.Context(), bytes.NewReader(bad), folder, "")
			if code := goshawk.CodeOf(err); code == "" {
				t.Errorf("%s at byte %d of %d: %v", what, i, len(text), err)
			}
			empty(t, folder)
		}
	}
	// An exhibit that is damaged on the disk is named, and the rest is in it.
	err := filepath.WalkDir(filepath.Join(r.folder, Exhibits), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.WriteFile(name, []byte("other bytes"), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	m, err := Write(t.Context(), &out, Source{Folder: r.folder, Store: r.db, Keys: true, Now: time.Now()})
	if err != nil || len(m.Damaged) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	r.holds(out.Bytes(), "", 1, 0)
}

func TestNotOverAnything(t *testing.T) {
	r := furnish(t, "")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), bytes.NewReader(r.backup()), folder, ""); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("%v", err)
	}
}

// TestKeys: the keys of packages come back as they were, the private ones for nobody else's eyes; without them the public
// ones do. An exhibit that a case names and the backup has not is named.
func TestKeys(t *testing.T) {
	r := furnish(t, "")
	r.fix("bytes of a phone")
	keys := filepath.Join(r.folder, Keys)
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"package": 0o600, "package.pub": 0o644, "package.123.partial": 0o600, ".lock": 0o600} {
		if err := os.WriteFile(filepath.Join(keys, name), []byte("it is "+name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for with, want := range map[bool]map[string]os.FileMode{true: {"package": 0o600, "package.pub": 0o644}, false: {"package.pub": 0o644}} {
		var out bytes.Buffer
		if _, err := Write(t.Context(), &out, Source{Folder: r.folder, Store: r.db, Keys: with, Now: time.Now()}); err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(t.TempDir(), "restored")
		if done, err := Restore(t.Context(), &out, folder, ""); err != nil || len(done.Faults) > 0 {
			t.Fatal(done, err)
		}
		list, err := os.ReadDir(filepath.Join(folder, Keys))
		if err != nil || len(list) != len(want) {
			t.Errorf("with %v: %v, %v", with, list, err)
		}
		for _, d := range list {
			text, err := os.ReadFile(filepath.Join(folder, Keys, d.Name()))
			if err != nil || string(text) != "it is "+d.Name() {
				t.Errorf("%s: %q, %v", d.Name(), text, err)
			}
			if info, err := d.Info(); err != nil || info.Mode() != want[d.Name()] {
				t.Errorf("%s: %v, %v", d.Name(), info.Mode(), err)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(r.folder, Exhibits)); err != nil {
		t.Fatal(err)
	}
	done, err := Restore(t.Context(), bytes.NewReader(r.backup()), filepath.Join(t.TempDir(), "restored"), "")
	if err != nil || len(done.Faults) != 1 || !strings.Contains(done.Faults[0].What, "E-1 (x.txt): its bytes are gone") {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestHostile: what a backup calls its parts never gets anywhere but where they belong.
func TestHostile(t *testing.T) {
	r := furnish(t, "")
	z, err := zstd.NewReader(bytes.NewReader(r.backup()))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	good, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []tar.Header{
		{Name: "../out", Typeflag: tar.TypeReg}, {Name: "/tmp/out", Typeflag: tar.TypeReg}, {Name: "audit/../../out", Typeflag: tar.TypeReg}, {Name: "exhibits/aa/../../../out", Typeflag: tar.TypeReg},
		{Name: "audit/keys.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, {Name: "audit/log", Typeflag: tar.TypeDir}, {Name: "audit/keys.json", Typeflag: tar.TypeLink, Linkname: "goshawk.db"},
		{Name: "keys/../out", Typeflag: tar.TypeReg}, {Name: "keys/.hidden", Typeflag: tar.TypeReg}, {Name: "keys/a/b", Typeflag: tar.TypeReg}, {Name: "keys/package", Typeflag: tar.TypeReg, Size: mostFile + 1},
		{Name: "goshawk.db", Typeflag: tar.TypeReg}, {Name: "audit/log/tile/0/000/../000", Typeflag: tar.TypeReg}, {Name: "audit/keys.json", Typeflag: tar.TypeReg, Size: mostFile + 1}, {Name: "database/000002.jsonl", Typeflag: tar.TypeReg},
		{Name: "audit/keys.json", Typeflag: tar.TypeReg}, // twice
	} {
		var tape bytes.Buffer
		w := tar.NewWriter(&tape)
		h.Mode = 0o600
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		tape.Write(good)
		var out bytes.Buffer
		c, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(tape.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		base := t.TempDir()
		folder := filepath.Join(base, "in")
		if _, err := Restore(t.Context(), &out, folder, ""); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%+v: %v", h, err)
		}
		empty(t, folder)
		if _, err := os.Stat(filepath.Join(base, "out")); err == nil {
			t.Errorf("%+v got out", h)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
