package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/ledger/ledgertest"
)

func check(t *testing.T, fsys disk.FS, h *ledgertest.History) *ledger.Report {
	t.Helper()
	r, err := ledger.Check(t.Context(), fsys, h.Codec, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sound(t *testing.T, fsys disk.FS, h *ledgertest.History) *ledger.Report {
	t.Helper()
	r := check(t, fsys, h)
	for _, f := range r.Faults {
		t.Error(f)
	}
	return r
}

// However a ledger is built, it is the same ledger.
func TestDigest(t *testing.T) {
	for seed := range uint64(5) {
		h := ledgertest.Random(seed, ledgertest.Shape{Blocks: 25})
		digests := map[[32]byte]string{}
		for name, b := range budgets() {
			fsys := folder(t)
			fill(t, fsys, h, b)
			digests[sound(t, fsys, h).Digest] = name
			if unmarked, err := ledger.Unmarked(fsys); err != nil || unmarked {
				t.Errorf("%s: after the last commit old rows are not marked, %v", name, err)
			}
		}
		if len(digests) != 1 {
			t.Errorf("seed %d: the digests differ: %v", seed, digests)
		}
		shorter := *h
		shorter.Blocks = h.Blocks[:24]
		fsys := folder(t)
		fill(t, fsys, &shorter, budgets()["small tail"])
		if name, same := digests[sound(t, fsys, h).Digest]; same {
			t.Errorf("seed %d: a shorter chain has the digest of %s", seed, name)
		}
	}
}

// Every damaged byte of every file is found, or the ledger refuses to open.
func TestCheckFindsDamage(t *testing.T) {
	h := ledgertest.Random(3, ledgertest.Shape{Blocks: 20})
	dir := t.TempDir()
	fsys, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, quick{fsys}, h, budget{memory: 2000, reorg: 3, every: 100})
	sound(t, fsys, h)
	links := linksOf(open(t, fsys, h.Codec))
	names, err := fsys.List()
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, name := range names {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "lock" {
			continue
		}
		step := max(1, len(good)/40)
		for at := 0; at < len(good); at += step {
			bad := append([]byte(nil), good...)
			bad[at] ^= 0x10
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := ledger.Check(t.Context(), fsys, h.Codec, nil)
			if err == nil && len(r.Faults) == 0 && !beyond(t, fsys, name, at) {
				t.Errorf("%s: byte %d of %d was changed, and nothing found", name, at, len(good))
			}
			use(t, fsys, h, links)
			damaged++
		}
		if err := os.WriteFile(path, good, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if damaged < 300 {
		t.Errorf("only %d bytes were damaged", damaged)
	}
	sound(t, fsys, h)
}

// Damage stays damage: a writer that goes on, or first repairs what a killed one
// left, never seals it with a new checksum.
func TestDamageIsNotSealed(t *testing.T) {
	h := ledgertest.Random(3, ledgertest.Shape{Blocks: 20})
	short := *h
	short.Blocks = h.Blocks[:14]
	b := budget{memory: 2000, reorg: 3, every: 100}
	whole := folder(t)
	fill(t, whole, h, b)
	want := sound(t, whole, h).Digest

	// One ledger that was left in peace, and two whose writer was killed while it
	// marked old rows: early and late.
	states := map[string]map[string][]byte{}
	left := folder(t)
	fill(t, left, &short, b)
	states["left in peace"] = contents(t, left)
	full := errors.New("no space left on device")
	counting := disk.NewFaulty(folder(t), -1, nil)
	if err := attempt(counting, h, b); err != nil {
		t.Fatal(err)
	}
	for n := range counting.Count {
		fsys := folder(t)
		_ = attempt(disk.NewFaulty(fsys, n, full), h, b) // it fails, as it should
		if _, err := ledger.Network(fsys); err == nil && check(t, fsys, h).Pending {
			if states["killed early"] == nil {
				states["killed early"] = contents(t, fsys)
			}
			states["killed late"] = contents(t, fsys)
		}
	}
	if len(states) != 3 {
		t.Fatalf("only %d kinds of ledger", len(states))
	}

	for state, files := range states {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if !strings.HasSuffix(name, ".col") || len(files[name]) == 0 {
				continue
			}
			for at := 0; at < len(files[name]); at += max(1, len(files[name])/9) {
				dir := t.TempDir()
				for other, data := range files {
					if other == name {
						data = slices.Clone(data)
						data[at] ^= 0x20
					}
					if err := os.WriteFile(filepath.Join(dir, other), data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				d, err := disk.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				fsys := quick{d}
				if err := attempt(fsys, h, b); err != nil {
					if goshawk.CodeOf(err) != goshawk.Corrupt {
						t.Errorf("%s, %s, byte %d: %v", state, name, at, err)
					}
					continue
				}
				if r := check(t, fsys, h); len(r.Faults) == 0 && r.Digest != want {
					t.Errorf("%s, %s, byte %d: the damage was sealed", state, name, at)
				}
			}
		}
	}
}

func contents(t *testing.T, fsys disk.FS) map[string][]byte {
	t.Helper()
	names, err := fsys.List()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = fsys.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// What was put beside or behind the ledger's bytes is told.
func TestCheckFindsMore(t *testing.T) {
	h := ledgertest.Random(3, ledgertest.Shape{Blocks: 20})
	dir := t.TempDir()
	fsys, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, quick{fsys}, h, budget{memory: 2000, reorg: 3, every: 100})
	if r := sound(t, fsys, h); len(r.Remarks) != 0 {
		t.Errorf("remarks on a ledger that nobody touched: %q", r.Remarks)
	}
	names, err := fsys.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".crc") || name == "lock" || name == "manifest" {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("more"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		r := check(t, fsys, h)
		if told := fmt.Sprint(r.Faults, r.Remarks); !strings.Contains(told, name) || strings.HasSuffix(name, ".col") != (len(r.Faults) == 0) {
			t.Errorf("bytes were added to %s, and the check says %s", name, told)
		}
		if err := os.Truncate(filepath.Join(dir, name), size(t, fsys, name)-4); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"notes.txt", "tail-999"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if r := sound(t, fsys, h); !strings.Contains(fmt.Sprint(r.Remarks), name) {
			t.Errorf("%s does not belong, and the check says %q", name, r.Remarks)
		}
	}
}

func size(t *testing.T, fsys disk.FS, name string) int64 {
	t.Helper()
	n, err := fsys.Size(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// use asks a damaged ledger everything. What it answers is right, until it says
// that it is damaged and answers no more.
func use(t *testing.T, fsys disk.FS, h *ledgertest.History, links []string) {
	t.Helper()
	r, err := ledger.Open(fsys, h.Codec)
	if err != nil {
		return
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	got := linksOf(r)
	if _, err := r.Head(t.Context()); err == nil && !slices.Equal(got, links) {
		t.Error("wrong links between addresses")
	}
	if found := ledgertest.Differences(t.Context(), r, h); len(found) > 0 && !strings.Contains(found[0], "damaged") {
		t.Errorf("a wrong answer: %s", found[0])
	}
}

// linksOf writes down every link between addresses.
func linksOf(r *ledger.Reader) (links []string) {
	head, err := r.Head(context.Background())
	if err != nil {
		return nil
	}
	for a := range goshawk.AddressID(head.Addresses) {
		parent, tx, ok := r.Parent(a)
		links = append(links, fmt.Sprint(a, parent, tx, ok, r.Children(a)))
	}
	return links
}

// beyond says whether a byte lies behind what is committed of a column.
func beyond(t *testing.T, fsys disk.FS, name string, at int) bool {
	t.Helper()
	end, err := ledger.Committed(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return end >= 0 && int64(at) >= end
}

// faultPoints is how many of a history's disk operations are made to fail;
// GOSHAWK_FAULTS=all takes every one.
const faultPoints = 60

// Whatever operation of the disk fails, and all after it, what was committed is
// still there, a check finds nothing, and the next writer completes the chain.
func TestFailingDisk(t *testing.T) {
	h := ledgertest.Random(11, ledgertest.Shape{Blocks: 16, Payments: 3})
	for name, b := range map[string]budget{
		"often":   {memory: 1500, reorg: 2, every: 3},
		"at once": {memory: 1 << 20, reorg: 4, every: 100},
		"beside":  {memory: 1500, reorg: 2, every: 100},
	} {
		t.Run(name, func(t *testing.T) {
			whole := folder(t)
			fill(t, whole, h, b)
			want := sound(t, whole, h).Digest
			full := errors.New("no space left on device")
			counting := disk.NewFaulty(folder(t), -1, nil)
			if err := attempt(counting, h, b); err != nil {
				t.Fatal(err)
			}
			step := max(1, counting.Count/faultPoints)
			if os.Getenv("GOSHAWK_FAULTS") == "all" {
				step = 1
			}
			for n := 0; n < counting.Count; n += step {
				fsys := folder(t)
				if err := attempt(disk.NewFaulty(fsys, n, full), h, b); err != nil && !errors.Is(err, full) {
					t.Errorf("operation %d failed, and the error is %v", n, err)
				} else if err == nil {
					// Only what tidies up afterwards may fail unnoticed.
					t.Logf("operation %d failed unnoticed", n)
				}
				if _, err := ledger.Network(fsys); err == nil {
					sound(t, fsys, h)
					// The repair fails too, early or late.
					if err := attempt(disk.NewFaulty(fsys, n%13, full), h, b); err == nil {
						t.Logf("operation %d of a repair failed unnoticed", n%13)
					}
					sound(t, fsys, h)
				}
				fill(t, fsys, h, b)
				if got := sound(t, fsys, h); got.Digest != want || got.Pending {
					t.Fatalf("after operation %d failed the ledger is another one", n)
				}
			}
			t.Logf("%d operations, every %d. made to fail", counting.Count, step)
		})
	}
}

// attempt appends a history until an error.
func attempt(fsys disk.FS, h *ledgertest.History, b budget) error {
	o := options(h)
	o.Memory, o.Reorg = b.memory, b.reorg
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		return err
	}
	defer w.Close()
	for i := w.Blocks(); i < len(h.Blocks); i++ {
		if err := w.Append(h.Blocks[i]); err != nil {
			return err
		}
		if (i+1)%b.every == 0 {
			if err := w.Commit(); err != nil {
				return err
			}
		}
	}
	return w.Commit()
}
