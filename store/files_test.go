package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

func openFiles(t *testing.T) (*Files, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "exhibits")
	f, err := OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, dir
}

// endless reads as many bytes as anybody wants.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestFiles(t *testing.T) {
	f, dir := openFiles(t)
	for _, n := range []int{0, 1, 511, 64 << 10, 64<<10 + 1, 128 << 10, 300_000} {
		text := bytes.Repeat([]byte("x1"), n/2+1)[:n]
		want := sha256.Sum256(text)
		sum, size, err := f.Put(t.Context(), bytes.NewReader(text), int64(n))
		if err != nil || size != int64(n) || sum != hex.EncodeToString(want[:]) {
			t.Fatalf("%d bytes: %s, %d, %v", n, sum, size, err)
		}
		r, err := f.Open(sum)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes came back as %d: %v", n, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if n == 0 {
			continue
		}
		// A byte that changed on the disk is found before the last bytes are handed out.
		at := filepath.Join(dir, sum[:2], sum)
		text[n/2] ^= 1
		if err := os.WriteFile(at, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err = f.Open(sum); err != nil {
			t.Fatal(err)
		}
		got, err = io.ReadAll(r)
		if goshawk.CodeOf(err) != goshawk.Corrupt || len(got) >= n {
			t.Errorf("%d bytes, damaged: %d came, %v", n, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		// To bring the right bytes again mends it.
		text[n/2] ^= 1
		if _, _, err := f.Put(t.Context(), bytes.NewReader(text), int64(n)); err != nil {
			t.Fatal(err)
		}
		if back, err := os.ReadFile(at); err != nil || !bytes.Equal(back, text) {
			t.Errorf("%d bytes are not mended: %v", n, err)
		}
	}
	if _, _, err := f.Put(t.Context(), endless{}, 1<<20); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("too many bytes: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("half"), brokenReader{})
	if _, _, err := f.Put(t.Context(), broken, 1<<20); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("half a file: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Put(ended, endless{}, 1<<20); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("broken off: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, incoming))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for _, sum := range []string{"", "..", "../../goshawk.db", strings.Repeat("AB", 32), strings.Repeat("00", 33)} {
		if _, err := f.Open(sum); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q: %v", sum, err)
		}
	}
	if _, err := f.Open(strings.Repeat("0", 64)); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("none there: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the line is dead") }

func TestFilesLeftHalfWritten(t *testing.T) {
	f, dir := openFiles(t)
	sum, _, err := f.Put(t.Context(), strings.NewReader("kept"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, incoming, "HALF"), []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if left, err := os.ReadDir(filepath.Join(dir, incoming)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	r, err := again.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); string(text) != "kept" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestExhibits(t *testing.T) {
	s := open(t)
	who := people(t, s)
	files, dir := openFiles(t)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return now }, Files: files, MostExhibit: 100}
	ctx := t.Context()
	ines := who[identity.Investigator]
	id, err := b.Open(ctx, ines, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct{ name, text, number, called, media string }{
		{`C:\Users\x\note.txt`, "pay here", "E-1", "note.txt", "text/plain; charset=utf-8"},
		{"../../etc/passwd", "%PDF-1.7", "E-2", "passwd", "application/pdf"},
		{"evil\u202egpj.exe\r\n", "MZ", "E-3", "evilgpj.exe", "text/plain; charset=utf-8"},
		{"..", "<script>", "E-4", "unnamed", "text/html; charset=utf-8"},
	} {
		x, err := b.AddExhibit(ctx, ines, id, casebook.Exhibit{Name: c.name, Source: "the victim's phone"}, strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if x.Number != c.number || x.Name != c.called || x.Media != c.media || x.Bytes != int64(len(c.text)) {
			t.Errorf("%d: %+v", i, x)
		}
		r, rec, err := b.OpenExhibit(ctx, ines, id, x.ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if string(text) != c.text || err != nil || rec.Text("custodian") != ines.Person.Name || rec.Text("obtained") != "2026-11-01T12:00:00Z" {
			t.Errorf("%d: %q, %v, %v", i, text, err, rec)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := b.Undo(ctx, ines, id, x.Change.Seq); goshawk.CodeOf(err) != goshawk.Denied {
			t.Errorf("an exhibit was taken back: %v", err)
		}
	}
	if _, err := b.AddExhibit(ctx, ines, id, casebook.Exhibit{Name: "big", Source: "x"}, endless{}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("too large: %v", err)
	}
	forged := []casebook.Edit{casebook.Set(casebook.KindExhibit, "e9", "number", "E-9"), casebook.Set(casebook.KindExhibit, "e9", "name", "x"), casebook.Set(casebook.KindExhibit, "e9", "media", "x"),
		casebook.Set(casebook.KindExhibit, "e9", "sha256", strings.Repeat("0", 64)), casebook.Set(casebook.KindExhibit, "e9", "bytes", 1), casebook.Set(casebook.KindExhibit, "e9", "source", "x"),
		casebook.Set(casebook.KindExhibit, "e9", "obtained", "2026-11-01T12:00:00Z"), casebook.Set(casebook.KindExhibit, "e9", "custodian", "x")}
	if _, err := b.Change(ctx, ines, id, "forged an exhibit", forged); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("an exhibit without bytes: %v", err)
	}
	// Who may not change the case has not a byte read, and none stored.
	before := count(t, dir)
	for _, role := range []identity.Role{identity.Reader, identity.Supervisor, identity.Administrator} {
		if _, err := b.AddExhibit(ctx, who[role], id, casebook.Exhibit{Name: "n", Source: "s"}, unread{t}); err == nil {
			t.Errorf("%s fixed an exhibit", role)
		}
	}
	if after := count(t, dir); after != before {
		t.Errorf("%d files became %d", before, after)
	}
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("bytes were read of who may not send any")
	return 0, io.EOF
}

func count(t *testing.T, dir string) (n int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(_ string, _ os.DirEntry, err error) error { n++; return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFixMade: what was made of a record is fixed with it, or not at all where it is not the record's any more.
func TestFixMade(t *testing.T) {
	s := open(t)
	who := people(t, s)
	files, _ := openFiles(t)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return now }, Files: files}
	ctx, ines := t.Context(), who[identity.Investigator]
	id, err := b.Open(ctx, ines, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(name string, before, after any) casebook.Edit {
		e := casebook.Set(casebook.KindLetter, "l1", name, after)
		if before != nil {
			e.Before = casebook.Set(casebook.KindLetter, "l1", name, before).After
		}
		return e
	}
	change := func(s *identity.Subject, e ...casebook.Edit) int64 {
		t.Helper()
		c, err := b.Change(ctx, s, id, "wrote", e)
		if err != nil {
			t.Fatal(err)
		}
		return c.Seq
	}
	other := who[identity.Supervisor]
	change(ines, casebook.Set(casebook.KindMember, other.Person.ID, "part", "worker"))
	begun := change(ines, edit("service", nil, "Kestrel"), edit("state", nil, "draft"), edit("text", nil, "one"))
	theirs := change(other, edit("text", "one", "two"))
	mine := change(ines, edit("reference", nil, "17"))
	fix := func(read, seen int64) error {
		m := &casebook.Made{Kind: casebook.KindLetter, ID: "l1", Read: read, Seen: seen}
		for _, name := range []string{"a.html", "a.pdf"} {
			m.Files = append(m.Files, casebook.MadeFile{Exhibit: casebook.Exhibit{Name: name, Source: "written here"}, Bytes: []byte(name)})
		}
		return b.FixMade(ctx, ines, id, "sent it", m, func(x []*casebook.Fixed) []casebook.Edit {
			return []casebook.Edit{edit("state", "draft", "sent"), edit("exhibit", nil, x[0].ID), edit("print", nil, x[1].ID)}
		})
	}
	state := func() (*casebook.Case, int) {
		t.Helper()
		c, err := b.Read(ctx, ines, id, "looked")
		if err != nil {
			t.Fatal(err)
		}
		return c, len(c.Records[casebook.KindExhibit])
	}
	for _, bad := range [][2]int64{{begun, 0}, {theirs, 0}, {mine, begun}} {
		if err := fix(bad[0], bad[1]); goshawk.CodeOf(err) != goshawk.Conflict {
			t.Errorf("read at %d, seen at %d: %v", bad[0], bad[1], err)
		}
	}
	if c, n := state(); n != 0 || c.Seq != mine || c.Records[casebook.KindLetter]["l1"].Text("state") != "draft" {
		t.Errorf("what was refused left %d exhibits, at change %d", n, c.Seq)
	}
	if err := fix(mine, theirs); err != nil { // what came after they wrote themselves
		t.Fatal(err)
	}
	c, n := state()
	l := c.Records[casebook.KindLetter]["l1"]
	if printed := c.Records[casebook.KindExhibit][goshawk.ID(l.Text("print"))]; n != 2 || c.Seq != mine+1 || l.Text("state") != "sent" || printed.Text("number") != "E-2" || printed.Text("name") != "a.pdf" {
		t.Errorf("%d exhibits, change %d, %+v", n, c.Seq, l)
	}
	if err := fix(c.Seq, 0); err == nil {
		t.Error("it was sent twice")
	}
}
