package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

// TestCheckExhibits: an exhibit whose bytes were changed, cut off or taken away is named.
func TestCheckExhibits(t *testing.T) {
	s, b, lead, _, c := rulesBook(t)
	ctx := t.Context()
	folder := filepath.Join(t.TempDir(), "exhibits")
	files, err := OpenFiles(folder)
	if err != nil {
		t.Fatal(err)
	}
	b.Files = files
	var sums []string
	for _, text := range []string{"one", "two", "three", "three"} {
		x, err := b.AddExhibit(ctx, lead, c, casebook.Exhibit{Name: text + ".txt", Source: "a phone"}, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, x.SHA256)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	look := func(read bool) (named []string) {
		t.Helper()
		list, err := s.Exhibits(ctx)
		if err != nil || len(list) != 4 {
			t.Fatal(list, err)
		}
		var told, of int64
		err = CheckExhibits(ctx, folder, list, read, func(x *FixedExhibit, what string) {
			if x.Case != c {
				t.Errorf("of the case %s", x.Case)
			}
			named = append(named, what)
		}, func(done, all int64) { told, of = done, all })
		if err != nil || told != 16 || of != 16 {
			t.Errorf("%d of %d bytes, %v", told, of, err)
		}
		return named
	}
	if named := append(look(true), look(false)...); len(named) > 0 {
		t.Fatal(named)
	}
	at := func(sum string) string { return filepath.Join(folder, filepath.FromSlash(fileOf(sum))) }
	if err := os.WriteFile(at(sums[0]), []byte("ONE"), 0o600); err != nil {
		t.Fatal(err)
	}
	if named := look(true); len(named) != 1 || !strings.Contains(named[0], "E-1 (one.txt): its bytes were changed") {
		t.Errorf("changed: %q", named)
	}
	if named := look(false); len(named) != 0 {
		t.Errorf("not read, and named: %q", named)
	}
	if err := os.WriteFile(at(sums[1]), []byte("tw"), 0o600); err != nil {
		t.Fatal(err)
	}
	if named := look(false); len(named) != 1 || !strings.Contains(named[0], "E-2 (two.txt): it has 2 bytes, and 3 were recorded") {
		t.Errorf("cut off: %q", named)
	}
	if err := os.Remove(at(sums[2])); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, what := range look(true) {
		named[what] = true
	}
	if len(named) != 4 || !named["the exhibit E-3 (three.txt): its bytes are gone"] || !named["the exhibit E-4 (three.txt): its bytes are gone"] {
		t.Errorf("gone: %v", named)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if named := look(true); len(named) != 4 {
		t.Errorf("all of them gone: %q", named)
	}
	list, err := s.Exhibits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list[0].SHA256 = "../../etc/passwd"
	err = CheckExhibits(ctx, t.TempDir(), list[:1], true, func(_ *FixedExhibit, what string) {
		if !strings.Contains(what, "nothing says which bytes") {
			t.Error(what)
		}
	}, nil)
	if goshawk.CodeOf(err) != "" {
		t.Error(err)
	}
}
