package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"goshawk"
	"goshawk/ledger"
	"goshawk/ledger/ledgertest"
)

// rival makes a branch of n blocks that forks off a history after its first k
// blocks. It spends coins that the history's own later blocks spend too, and
// pays them to others.
func rival(h *ledgertest.History, k, n int) *ledgertest.History {
	born := map[goshawk.Hash]bool{}
	for _, b := range h.Blocks[:k] {
		for i := range b.Txs {
			born[b.Txs[i].Hash] = true
		}
	}
	times := map[goshawk.Hash]int{} // what a hash used twice (BIP 30) means depends on the branch
	for _, b := range h.Blocks {
		for i := range b.Txs {
			times[b.Txs[i].Hash]++
		}
	}
	spent := map[goshawk.Outpoint]bool{}
	other := *h
	other.Blocks = slices.Clone(h.Blocks[:k])
	turn := func(x goshawk.Hash) goshawk.Hash { x[5] ^= 0x5a; return x }
	for j := range n {
		own := h.Blocks[k+j]
		b := &goshawk.Block{Hash: turn(own.Hash), Parent: other.Blocks[k+j-1].Hash, Height: own.Height, Time: own.Time, Header: own.Header, Keys: slices.Clone(own.Keys)}
		for i := range b.Keys {
			b.Keys[i] ^= 0x33
		}
		for i := range own.Txs {
			ins := own.TxInputs(i)
			if slices.ContainsFunc(ins, func(in goshawk.BlockInput) bool { return !born[in.Prev.Tx] || spent[in.Prev] || times[in.Prev.Tx] > 1 }) {
				continue
			}
			for _, in := range ins {
				spent[in.Prev] = true
			}
			tx := own.Txs[i]
			tx.Hash = turn(tx.Hash)
			b.Ins = append(b.Ins, ins...)
			b.Outs = append(b.Outs, own.TxOutputs(i)...)
			tx.InputEnd, tx.OutputEnd = uint32(len(b.Ins)), uint32(len(b.Outs))
			b.Txs = append(b.Txs, tx)
		}
		other.Blocks = append(other.Blocks, b)
	}
	return &other
}

// A branch of up to 100 blocks that lost leaves no trace, and who reads it goes
// on reading it.
func TestBranches(t *testing.T) {
	h := ledgertest.Random(5, ledgertest.Shape{Blocks: 330, Payments: 3, Addresses: 60})
	whole := folder(t)
	fill(t, whole, h, budget{memory: 1 << 20, reorg: 100, every: 1000})
	want := sound(t, whole, h).Digest
	for _, depth := range []int{1, 7, 100} {
		for name, b := range map[string]budget{"small": {memory: 4000}, "large": {memory: 1 << 20}} {
			t.Run(fmt.Sprint(depth, " ", name), func(t *testing.T) {
				const fork = 210
				lost := rival(h, fork, depth)
				fsys := folder(t)
				o := options(h)
				o.Memory, o.Reorg = b.memory, 100
				w, err := ledger.OpenWriter(fsys, o)
				if err != nil {
					t.Fatal(err)
				}
				add := func(blocks []*goshawk.Block) {
					t.Helper()
					for _, b := range blocks {
						if err := w.Append(b); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.Commit(); err != nil {
						t.Fatal(err)
					}
				}
				add(lost.Blocks)
				old := open(t, fsys, h.Codec)
				if err := w.Rollback(fork - 1); err != nil {
					t.Fatal(err)
				}
				add(h.Blocks[fork:])
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if sound(t, fsys, h).Digest != want {
					t.Error("the lost branch left a trace")
				}
				for _, d := range ledgertest.Differences(t.Context(), old, lost) {
					t.Errorf("a reader of the lost branch: %s", d)
				}
			})
		}
	}
}

// A branch that an earlier writer committed can be taken back by a later one,
// and some of its transactions come again.
func TestBranchesAfterResuming(t *testing.T) {
	h := ledgertest.Random(5, ledgertest.Shape{Blocks: 60, Payments: 3, Addresses: 60})
	whole := folder(t)
	fill(t, whole, h, budget{memory: 1 << 20, reorg: 100, every: 1000})
	want := sound(t, whole, h).Digest
	for _, back := range []int{1, 7, 40} {
		fsys := folder(t)
		fill(t, fsys, h, budget{memory: 1 << 20, reorg: 50, every: 1000})
		o := options(h)
		o.Reorg = 50
		w, err := ledger.OpenWriter(fsys, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Rollback(int32(len(h.Blocks)-1-back) + h.Start); err != nil {
			t.Fatal(err)
		}
		for _, b := range h.Blocks[len(h.Blocks)-back:] {
			if err := w.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if sound(t, fsys, h).Digest != want {
			t.Errorf("%d blocks taken back and appended again make another ledger", back)
		}
	}
}

// What cannot be taken back is refused, and nothing changes.
func TestRollbackTooDeep(t *testing.T) {
	h := ledgertest.Random(6, ledgertest.Shape{Blocks: 30})
	fsys := folder(t)
	o := options(h)
	o.Memory, o.Reorg = 1, 5
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range h.Blocks {
		if err := w.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Rollback(10); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("a rollback by 19 blocks gives %v", err)
	}
	if w.Blocks() != 30 {
		t.Errorf("%d blocks are left", w.Blocks())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// In a partial ledger a block whose coins are spent already came too late: they
// would look unspent.
func TestTooLate(t *testing.T) {
	h := ledgertest.MustChain(`
partial
block 300000
tx a: unresolved -> alice 5
block 300001
tx b: a:0 -> bob 5
`)
	n := len(h.Blocks)
	fsys := folder(t)
	w, err := ledger.OpenWriter(fsys, options(h))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(h.Blocks[n-1]); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(h.Blocks[n-2]); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("a block that came too late gives %v", err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w, err = ledger.OpenWriter(fsys, options(h)); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(h.Blocks[n-2]); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("on another day it gives %v", err)
	}
	if w.Blocks() != 1 {
		t.Errorf("the ledger holds %d blocks", w.Blocks())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
