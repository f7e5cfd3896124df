package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
)

// list is a trail in memory.
type list []Entry

func (l list) Entries(_ context.Context, from int64, most int) ([]Entry, error) {
	var out []Entry
	for _, e := range l {
		if e.Seq >= from && len(out) < most {
			out = append(out, e)
		}
	}
	return out, nil
}

// grow adds n entries.
func (l list) grow(n int) list {
	for range n {
		e := Entry{Seq: int64(len(l)) + 1, At: time.Unix(int64(len(l)), 0).UTC(), Name: "Ines", Action: "case.change", What: "changed a note", Case: "c1", Detail: json.RawMessage(`{"seq":1}`)}
		rand.Read(e.Salt[:]) // it never fails
		l = append(l, e)
	}
	return l
}

// logged brings a trail into a new log.
func logged(t *testing.T, dir string, trail list) {
	t.Helper()
	l, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.CatchUp(t.Context(), trail); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, dir string, trail list, kept []byte) *Verification {
	t.Helper()
	v, err := Verify(t.Context(), dir, trail, kept)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLog: a log grows over several runs and a change of keys, and says of each
// entry that was changed, removed or added since which one it was.
func TestLog(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(600)
	logged(t, dir, trail)
	kept := []byte(verified(t, dir, trail, nil).Checkpoint)
	trail = trail.grow(3)
	logged(t, dir, trail)
	trail = trail.grow(1)
	key, err := Rotate(t.Context(), dir, trail)
	if err != nil || key.From != 604 {
		t.Fatalf("%v, %v", key, err)
	}
	trail = trail.grow(1)
	logged(t, dir, trail)
	trail = trail.grow(2) // written a moment ago
	v := verified(t, dir, trail, kept)
	if len(v.Faults) > 0 || v.Size != 605 || v.Entries != 605 || v.Pending != 2 || len(v.Keys) != 2 {
		t.Fatalf("%+v", v)
	}
	for _, c := range []struct {
		what string
		edit func(list) list
		want []int64 // entries that are named
	}{
		{"what it says", func(l list) list { l[299].What = "read the case"; return l }, []int64{300}},
		{"the change", func(l list) list { l[0].Detail = json.RawMessage(`{"seq":2}`); return l }, []int64{1}},
		{"when", func(l list) list { l[604].At = l[604].At.Add(time.Microsecond); return l }, []int64{605}},
		{"the salt", func(l list) list { l[9].Salt[31] ^= 1; return l }, []int64{10}},
		{"two removed", func(l list) list { return slices.Delete(l, 40, 42) }, []int64{41, 42}},
		{"the newest removed", func(l list) list { return l[:603] }, []int64{604, 605}},
		{"all removed but one", func(l list) list { return l[:604] }, []int64{605}},
		{"exchanged", func(l list) list {
			l[4].What, l[5].What = "a", "b"
			return l
		}, []int64{5, 6}},
		{"a pending one removed", func(l list) list { return slices.Delete(l, 605, 606) }, []int64{607}},
	} {
		v := verified(t, dir, c.edit(slices.Clone(trail)), kept)
		var got []int64
		for _, f := range v.Faults {
			got = append(got, f.Entry)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v", c.what, v.Faults)
		}
	}
}

// TestLogItself: a log whose files were changed is found out, as is one that is made
// anew from a trail that was changed, by who kept a checkpoint.
func TestLogItself(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(300)
	logged(t, dir, trail)
	kept := []byte(verified(t, dir, trail, nil).Checkpoint)
	var names []string
	err := filepath.Walk(filepath.Join(dir, logName), func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.Contains(path, ".state") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == 0 {
			continue
		}
		bad := slices.Clone(text)
		bad[len(bad)/2] ^= 1
		if err := os.WriteFile(name, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if v := verified(t, dir, trail, kept); len(v.Faults) > 0 {
			found++
		} else if !strings.Contains(name, ".p") { // a part of a tile that was filled later is not read any more
			t.Errorf("a changed byte in %s is not found", name)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if found < 4 {
		t.Errorf("%d of %d files", found, len(names))
	}
	if v := verified(t, dir, trail, kept); len(v.Faults) > 0 {
		t.Fatal(v.Faults)
	}
	// Whoever has the keys can write another history, but not with the same roots.
	forged := slices.Clone(trail)
	forged[10].What = "read the case"
	if err := os.RemoveAll(filepath.Join(dir, logName)); err != nil {
		t.Fatal(err)
	}
	logged(t, dir, forged)
	if v := verified(t, dir, forged, nil); len(v.Faults) > 0 {
		t.Error(v.Faults)
	}
	if v := verified(t, dir, forged, kept); len(v.Faults) != 1 || !strings.Contains(v.Faults[0].What, "kept") {
		t.Error(v.Faults)
	}
	if v := verified(t, dir, forged[:200], []byte("goshawk\n0\n\n")); len(v.Faults) == 0 {
		t.Error("any text counts as a checkpoint")
	}
}

// TestFeedRefuses: a trail that is not the log's is not added to it.
func TestFeedRefuses(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(5)
	logged(t, dir, trail)
	for what, bad := range map[string]list{
		"changed":          append(slices.Clone(trail[:4]), list(nil).grow(5)[4]),
		"shorter":          trail[:3],
		"an entry is gone": append(slices.Clone(trail), list(nil).grow(7)[6]),
	} {
		l, err := OpenLog(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.CatchUp(t.Context(), bad); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%s: %v", what, err)
		}
		if size, err := l.Size(t.Context()); size != 5 || err != nil {
			t.Errorf("%s: %d, %v", what, size, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestProof(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(400)
	logged(t, dir, trail)
	trail = trail.grow(1)
	if _, err := Rotate(t.Context(), dir, trail); err != nil {
		t.Fatal(err)
	}
	p, err := Prove(t.Context(), dir, []Entry{trail[0], trail[255], trail[256], trail[400]})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var again Proof
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if err := again.Check(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Proof){
		"an entry": func(p *Proof) {
			p.Proven[1].Entry = bytesOf(strings.Replace(string(p.Proven[1].Entry), "Ines", "Inez", 1))
		},
		"a salt": func(p *Proof) { p.Proven[0].Salt = p.Proven[1].Salt },
		"a hash": func(p *Proof) { p.Proven[2].Hashes[0] = p.Proven[2].Hashes[1] },
		"its number": func(p *Proof) {
			p.Proven[1].Entry = bytesOf(strings.Replace(string(p.Proven[1].Entry), `"seq":256`, `"seq":255`, 1))
		},
		"the key":      func(p *Proof) { p.Keys[1].Verifier = p.Keys[0].Verifier + "A" },
		"the handover": func(p *Proof) { p.Keys[1].Handover = p.Keys[1].Handover[:40] },
		"nothing":      func(p *Proof) { p.Keys = nil },
		"a checkpoint": func(p *Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "401", "400", 1) },
	} {
		var bad Proof
		if err := json.Unmarshal(text, &bad); err != nil {
			t.Fatal(err)
		}
		change(&bad)
		if err := bad.Check(); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Prove(t.Context(), dir, list(nil).grow(402)[401:]); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Error(err)
	}
}

func bytesOf(s string) json.RawMessage { return json.RawMessage(s) }

func FuzzProof(f *testing.F) {
	f.Add(`{"keys":[],"checkpoint":"","entries":[]}`)
	f.Add(`{"keys":[{"verifier":"goshawk-x+1+a"}],"checkpoint":"goshawk-x\n1\nAA==\n\n","entries":[{"entry":{"seq":1},"salt":"","hashes":[""]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var p Proof
		if json.Unmarshal([]byte(text), &p) == nil && p.Check() == nil {
			t.Errorf("%q is proven", text)
		}
	})
}

// TestKeysAreNotMadeOverALog: where a log is, and one of the files of its keys is gone, nothing is made in
// its place, and what is left of them stays.
func TestKeysAreNotMadeOverALog(t *testing.T) {
	for _, gone := range [][]string{{keysName}, {secretName}, {keysName, secretName}} {
		dir := t.TempDir()
		trail := list(nil).grow(2)
		logged(t, dir, trail)
		kept := map[string][]byte{}
		for _, name := range []string{keysName, secretName} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			kept[name] = text
		}
		for _, name := range gone {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if l, err := OpenLog(t.Context(), dir); err == nil {
			t.Errorf("without %s the log was opened", gone)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		for name, text := range kept {
			has, err := os.ReadFile(filepath.Join(dir, name))
			if slices.Contains(gone, name) != errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(has, text) {
				t.Errorf("without %s: %s is %q, %v", gone, name, has, err)
			}
		}
		// Brought back, all goes on.
		for name, text := range kept {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		logged(t, dir, trail.grow(1))
	}
}

// TestKeysSayFromWhere: since when a key signs is what the checkpoint says with which it took over.
func TestKeysSayFromWhere(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(3)
	logged(t, dir, trail)
	trail = trail.grow(1)
	if _, err := Rotate(t.Context(), dir, trail); err != nil {
		t.Fatal(err)
	}
	keys, err := readKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys[1].From--
	if err := writeKeys(dir, keys); err != nil {
		t.Fatal(err)
	}
	if v := verified(t, dir, trail, nil); len(v.Faults) != 1 {
		t.Errorf("%+v", v.Faults)
	}
}

// TestFaultsAreOnlyRead: what somebody wrote into the tables by hand is shown, and tells the terminal nothing.
func TestFaultsAreOnlyRead(t *testing.T) {
	dir := t.TempDir()
	trail := list(nil).grow(2)
	logged(t, dir, trail)
	trail[0].What, trail[1].Case = "read\x1b[2J\u202eesac", "c\x1b]0;x\a"
	v := verified(t, dir, trail, nil)
	v.Fault(0, "\x1bc", "the field \"\x1b\" is gone\n  FAULT made up")
	if len(v.Faults) != 3 {
		t.Fatalf("%+v", v.Faults)
	}
	for _, f := range v.Faults {
		if all := string(f.Case) + f.What; strings.ContainsAny(all, "\x1b\a\n\u202e") || !strings.Contains(all, "\uFFFD") {
			t.Errorf("%q", all)
		}
	}
}
