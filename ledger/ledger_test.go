package ledger_test

import (
	"fmt"
	"testing"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/ledger/ledgertest"
)

// cospend links every pair of input addresses: enough to exercise the links
// without the cluster package. Roots are linked by their ids' bits, so that
// trees of some depth arise.
func cospend(f ledger.Forest, batch *goshawk.Transactions, row int) {
	in := batch.In(row)
	root := func(a goshawk.AddressID) goshawk.AddressID {
		for {
			p, _, ok := f.Parent(a)
			if !ok {
				return a
			}
			a = p
		}
	}
	for i := range in {
		if in[i].Address == goshawk.NoAddress || in[0].Address == goshawk.NoAddress {
			continue
		}
		a, b := root(in[0].Address), root(in[i].Address)
		if a == b {
			continue
		}
		if a*0x9e3779b97f4a7c15 < b*0x9e3779b97f4a7c15 {
			a, b = b, a
		}
		f.Link(a, b, batch.Rows[row].ID)
	}
}

func options(h *ledgertest.History) ledger.Options {
	return ledger.Options{Network: "test", Codec: h.Codec, Start: h.Start, Partial: h.Partial, Join: cospend, Rule: "test/1"}
}

// budgets vary what must not matter: how much is gathered before it is written
// out, how deep the tail is, and how often there is a commit.
type budget struct {
	memory, reorg, every int
}

func budgets() map[string]budget {
	return map[string]budget{
		"all in the tail":     {memory: 1 << 20, reorg: 1000, every: 1000},
		"written out at once": {memory: 1, reorg: 1, every: 1},
		"small tail":          {memory: 2000, reorg: 3, every: 2},
		"one commit":          {memory: 1 << 20, reorg: 2, every: 1000},
		"written out beside":  {memory: 1500, reorg: 2, every: 1000},
	}
}

// fill appends a history's blocks from the ledger's tip on.
func fill(t *testing.T, fsys disk.FS, h *ledgertest.History, b budget) {
	t.Helper()
	o := options(h)
	o.Memory, o.Reorg = b.memory, b.reorg
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := w.Blocks(); i < len(h.Blocks); i++ {
		if err := w.Append(h.Blocks[i]); err != nil {
			t.Fatal(err)
		}
		if (i+1)%b.every == 0 {
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, fsys disk.FS, codec ledger.Codec) *ledger.Reader {
	t.Helper()
	r, err := ledger.Open(fsys, codec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func folder(t *testing.T) disk.FS {
	t.Helper()
	d, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return quick{d}
}

// quick does not wait for the disk: what these tests kill is the program, not
// the machine.
type quick struct{ disk.FS }

func (quick) Sync() error { return nil }

func (q quick) Create(name string) (disk.File, error) { return unsynced(q.FS.Create(name)) }
func (q quick) Edit(name string) (disk.File, error)   { return unsynced(q.FS.Edit(name)) }

type quickFile struct{ disk.File }

func (quickFile) Sync() error { return nil }

func unsynced(f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	return quickFile{f}, nil
}

func TestContract(t *testing.T) {
	for name, b := range budgets() {
		t.Run(name, func(t *testing.T) {
			ledgertest.TestLedger(t, func(t *testing.T, h *ledgertest.History) goshawk.Ledger {
				fsys := folder(t)
				fill(t, fsys, h, b)
				sound(t, fsys, h)
				return open(t, fsys, h.Codec)
			})
		})
	}
}

// Blocks that are taken back leave no trace, whether in memory or committed,
// and readers of the other branch do not notice.
func TestReorganisation(t *testing.T) {
	for name, b := range budgets() {
		if name == "written out at once" {
			b.reorg = 8
		}
		for seed := range uint64(6) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				h := ledgertest.Random(seed, ledgertest.Shape{Blocks: 30})
				reorganise(t, h, b, seed)
			})
		}
	}
}

func reorganise(t *testing.T, h *ledgertest.History, b budget, seed uint64) {
	fsys := folder(t)
	o := options(h)
	o.Memory, o.Reorg = b.memory, b.reorg
	if o.Reorg < 8 {
		o.Reorg = 8
	}
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	type snapshot struct {
		r *ledger.Reader
		h *ledgertest.History
	}
	var old []snapshot
	at := 0
	forward := func(n int) {
		for ; n > 0 && at < len(h.Blocks); n-- {
			if err := w.Append(h.Blocks[at]); err != nil {
				t.Fatal(err)
			}
			at++
		}
	}
	step := int(seed%5) + 3
	for at < len(h.Blocks) {
		forward(step + 4)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		past := *h
		past.Blocks = h.Blocks[:at]
		old = append(old, snapshot{open(t, fsys, h.Codec), &past})
		back := min(step, at-1)
		if at == len(h.Blocks) {
			break
		}
		if err := w.Rollback(int32(at-1-back) + h.Start); err != nil {
			t.Fatal(err)
		}
		at -= back
		if seed%2 == 0 { // come back another day
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if w, err = ledger.OpenWriter(fsys, o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range old {
		for _, d := range ledgertest.Differences(t.Context(), s.r, s.h) {
			t.Errorf("snapshot of %d blocks: %s", len(s.h.Blocks), d)
		}
	}
}
