package ledger_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"

	"goshawk"
	"goshawk/ledger"
	"goshawk/ledger/ledgertest"
)

// fingerprint hashes everything that a ledger says of its transactions and of
// who owns what.
func fingerprint(ctx context.Context, l goshawk.Ledger) (string, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, head)
	err = goshawk.Scan(ctx, l, 0, goshawk.TxID(head.Transactions), goshawk.WantHashes|goshawk.WantKinds|goshawk.WantOutpoints|goshawk.WantSequences, func(b *goshawk.Transactions) error {
		fmt.Fprintln(h, b.Rows, b.Inputs, b.Outputs, b.Outpoints, b.Sequences)
		return nil
	})
	if err != nil {
		return "", err
	}
	for a := range goshawk.AddressID(head.Addresses) {
		info, err := l.Addresses(ctx, []goshawk.AddressID{a}, goshawk.WantTotals)
		if err != nil {
			return "", err
		}
		page, err := l.History(ctx, goshawk.HistoryQuery{Address: a, Limit: 7})
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, info, page)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// Readers that come and go beside a writer that appends, commits and takes
// blocks back see one branch whole, whenever they open and however long they stay.
func TestReadersBesideWriter(t *testing.T) {
	h := ledgertest.Random(21, ledgertest.Shape{Blocks: 60, Payments: 3})
	want := map[goshawk.Hash]string{} // by tip
	var mu sync.Mutex
	alone := folder(t) // the same chain, with nobody else about
	for i, b := range h.Blocks {
		past := *h
		past.Blocks = h.Blocks[:i+1]
		fill(t, alone, &past, budget{memory: 1 << 20, reorg: 1000, every: 1000})
		f, err := fingerprint(t.Context(), open(t, alone, h.Codec))
		if err != nil {
			t.Fatal(err)
		}
		want[b.Hash] = f
	}
	fsys := folder(t)
	o := options(h)
	o.Memory, o.Reorg = 3000, 6
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	append := func(i int) {
		t.Helper()
		if err := w.Append(h.Blocks[i]); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	append(0)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	looks := 0
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				r, err := ledger.Open(fsys, h.Codec)
				if err != nil {
					t.Error(err)
					return
				}
				for range 2 { // the second look is at files that the writer went on with
					head, err := r.Head(context.Background())
					if err != nil {
						t.Error(err)
					}
					got, err := fingerprint(context.Background(), r)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					if want[head.Hash] != got {
						t.Errorf("at height %d a reader sees another ledger", head.Height)
					}
					looks++
					mu.Unlock()
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for at := 1; at < len(h.Blocks); at++ {
		append(at)
		if at%7 == 0 { // take blocks back, and write them again
			back := at - at%5 - 1
			if err := w.Rollback(int32(back)); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			for i := back + 1; i <= at; i++ {
				append(i)
			}
		}
	}
	stop()
	readers.Wait()
	if looks < 10 {
		t.Errorf("readers looked %d times only", looks)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// A second writer is refused, and let in when the first has gone.
func TestSecondWriter(t *testing.T) {
	h := ledgertest.Random(1, ledgertest.Shape{})
	fsys := folder(t)
	first, err := ledger.OpenWriter(fsys, options(h))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.OpenWriter(fsys, options(h)); goshawk.CodeOf(err) != goshawk.Locked {
		t.Errorf("a second writer gets %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := ledger.OpenWriter(fsys, options(h))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// However deep the tail is, blocks are written out in large parts, not one by one.
func TestGathering(t *testing.T) {
	h := ledgertest.Random(8, ledgertest.Shape{Blocks: 80})
	var rows int
	for _, b := range h.Blocks {
		rows += 100*len(b.Txs) + 20*len(b.Ins) + 40*len(b.Outs)
	}
	fsys := folder(t)
	o := options(h)
	o.Reorg, o.Memory = 40, rows/8
	w, err := ledger.OpenWriter(fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range h.Blocks {
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
	if n := open(t, fsys, h.Codec).Generation(); n < 2 || n > 12 {
		t.Errorf("%d commits for 40 blocks that left the tail", n)
	}
}
