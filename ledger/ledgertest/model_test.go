package ledgertest

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

// TestAppendRefuses gives the model a history whose last block it must refuse,
// and checks that the block leaves no trace.
func TestAppendRefuses(t *testing.T) {
	base := `
		tx theft: mint 50 -> alice 50
		tx other: mint 50 -> alice 50
		block
		tx split: theft:0 -> bob 30, carol 20
		block
		tx late: other:0 -> bob 50`
	last := func(b *goshawk.Block) *goshawk.BlockInput { return &b.Ins[len(b.Ins)-1] }
	for name, c := range map[string]struct {
		spoil func(h *History, b *goshawk.Block)
		says  string
	}{
		"a coin spent in an earlier block": {func(h *History, b *goshawk.Block) { last(b).Prev = h.Outpoint("theft:0") }, "already spent"},
		"a coin spent twice in one transaction": {func(h *History, b *goshawk.Block) {
			b.Ins = append(b.Ins, b.Ins[0])
			b.Txs[1].InputEnd = 2
		}, "already spent"},
		"a coin that does not exist":    {func(h *History, b *goshawk.Block) { last(b).Prev.Tx[5] ^= 1 }, "does not exist"},
		"an output beyond the last":     {func(h *History, b *goshawk.Block) { last(b).Prev.Index = 1 }, "does not exist"},
		"its own output":                {func(h *History, b *goshawk.Block) { last(b).Prev = h.Outpoint("late:0") }, "does not exist"},
		"the genesis coinbase":          {func(h *History, b *goshawk.Block) { last(b).Prev = h.Outpoint("coinbase@0:0") }, "nobody can spend"},
		"a coin known only by hearsay":  {func(h *History, b *goshawk.Block) { last(b).Prev.Tx[5] ^= 1; last(b).Known = goshawk.CoinKnown }, "does not exist"},
		"another parent":                {func(h *History, b *goshawk.Block) { b.Parent[0] ^= 1 }, "not the last block"},
		"another height":                {func(h *History, b *goshawk.Block) { b.Height++ }, "comes next"},
		"a block that is there already": {func(h *History, b *goshawk.Block) { *b = *h.Blocks[2] }, "already in the ledger"},
	} {
		t.Run(name, func(t *testing.T) {
			h := MustChain(base)
			n := len(h.Blocks) - 1
			before := &History{Codec: h.Codec, Blocks: h.Blocks[:n]}
			m, err := before.Model()
			if err != nil {
				t.Fatal(err)
			}
			bad := clone(h.Blocks[n])
			c.spoil(h, bad)
			err = m.Append(bad)
			if goshawk.CodeOf(err) != goshawk.Conflict || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the model says %v, not %q", err, c.says)
			}
			report(t, Differences(t.Context(), m.Snapshot(), before))
			if err := m.Append(h.Blocks[n]); err != nil {
				t.Errorf("after a refusal the right block is refused too: %v", err)
			}
			report(t, Differences(t.Context(), m.Snapshot(), h))
		})
	}
}

func TestRollbackIsAsIfNeverAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Random(rapid.Uint64().Draw(t, "seed"), Shape{Blocks: 6, Payments: 4, Addresses: 8, Start: rapid.Int32Range(0, 1).Draw(t, "start") * 500})
		keep := rapid.IntRange(0, len(h.Blocks)).Draw(t, "keep")
		m, err := h.Model()
		if err != nil {
			t.Fatal(err)
		}
		whole := m.Snapshot()
		m.Rollback(h.Start + int32(keep) - 1)
		short := m.Snapshot()
		part := &History{Codec: h.Codec, Start: h.Start, Blocks: h.Blocks[:keep]}
		check := func(l goshawk.Ledger, h *History) {
			if found := Differences(context.Background(), l, h); len(found) > 0 {
				t.Fatalf("%s", strings.Join(found, "\n"))
			}
		}
		check(short, part)
		for _, b := range h.Blocks[keep:] {
			if err := m.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		check(m.Snapshot(), h)
		check(short, part) // a snapshot stays what it was
		check(whole, h)
	})
}

func TestModelKeepsItsOwnCopy(t *testing.T) {
	h := Random(3, Shape{})
	m := New(h.Codec)
	var reused goshawk.Block
	for _, b := range h.Blocks {
		reused.Reset()
		header, txs, ins, outs, keys := reused.Header, reused.Txs, reused.Ins, reused.Outs, reused.Keys
		reused = *b
		reused.Header = append(header, b.Header...)
		reused.Txs = append(txs, b.Txs...)
		reused.Ins = append(ins, b.Ins...)
		reused.Outs = append(outs, b.Outs...)
		reused.Keys = append(keys, b.Keys...)
		if err := m.Append(&reused); err != nil {
			t.Fatal(err)
		}
	}
	m.Rollback(int32(len(h.Blocks))) // replays what the model kept
	report(t, Differences(t.Context(), m.Snapshot(), h))
}

// TestTotalsByHand checks the model itself, against numbers worked out on paper.
func TestTotalsByHand(t *testing.T) {
	h := MustChain(`
		partial
		tx a: mint 50 -> alice 20, alice 30
		tx b: a:0, unresolved alice -> bob 5, alice 10
		tx c: before alice 2 -> bob 1`)
	l := h.Ledger()
	f, err := l.Find(t.Context(), goshawk.Names{Addresses: []string{h.Address("alice")}, Transactions: []goshawk.Hash{h.Tx("a"), h.Tx("c")}})
	if err != nil {
		t.Fatal(err)
	}
	as, err := l.Addresses(t.Context(), f.Addresses, goshawk.WantTotals)
	if err != nil {
		t.Fatal(err)
	}
	a := as[0]
	if a.Transactions != 3 || a.Outputs != 3 || a.Spends != 3 || a.First != f.Transactions[0] || a.Last != f.Transactions[1] {
		t.Errorf("alice has %d transactions, %d outputs, %d spends from %d to %d", a.Transactions, a.Outputs, a.Spends, a.First, a.Last)
	}
	if r, s := a.Received.String(), a.Spent.String(); r != "60.00000000 COIN" || s != "22.00000000 COIN" {
		t.Errorf("alice received %s and spent %s", r, s)
	}
	p, err := l.History(t.Context(), goshawk.HistoryQuery{Address: f.Addresses[0], Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Entries) != 2 || !p.More || p.Entries[0].Tx != f.Transactions[1] || p.Entries[1].Spent.String() != "20.00000000 COIN" || p.Entries[1].Received.String() != "10.00000000 COIN" {
		t.Errorf("alice's page is %+v", p)
	}
}
