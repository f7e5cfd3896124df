package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	for seed := range uint64(20) {
		h := Random(seed, Shape{Blocks: 6, Start: 500 * int32(seed%2)})
		keep := int(seed) % (len(h.Blocks) + 1)
		m, err := h.Model()
		if err != nil {
			t.Fatal(err)
		}
		whole := m.Snapshot()
		m.Rollback(h.Start + int32(keep) - 1)
		short := m.Snapshot()
		part := &History{Codec: h.Codec, Start: h.Start, Blocks: h.Blocks[:keep]}
		report(t, Differences(t.Context(), short, part))
		for _, b := range h.Blocks[keep:] {
			if err := m.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		report(t, Differences(t.Context(), m.Snapshot(), h))
		report(t, Differences(t.Context(), short, part)) // a snapshot stays what it was
		report(t, Differences(t.Context(), whole, h))
	}
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
	if a.Transactions != 3 || a.Outputs != 3 || a.Spends != 3 || a.Unresolved != 1 || a.First != f.Transactions[0] || a.Last != f.Transactions[1] {
		t.Errorf("alice has %d transactions, %d outputs, %d spends of which %d are unresolved, from %d to %d", a.Transactions, a.Outputs, a.Spends, a.Unresolved, a.First, a.Last)
	}
	if r, s := a.Received.String(), a.Spent.String(); r != "60.00000000 COIN" || s != "22.00000000 COIN" {
		t.Errorf("alice received %s and spent %s", r, s)
	}
	p, err := l.History(t.Context(), goshawk.HistoryQuery{Address: f.Addresses[0], Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Entries) != 2 || !p.More || p.Entries[0].Tx != f.Transactions[1] || p.Entries[1].Spent.String() != "20.00000000 COIN" || p.Entries[1].Received.String() != "10.00000000 COIN" || p.Entries[0].Unresolved != 0 || p.Entries[1].Unresolved != 1 {
		t.Errorf("alice's page is %+v", p)
	}
}

// list writes what a ledger says of all its transactions.
func list(t *testing.T, h *History) string {
	t.Helper()
	v := h.Ledger().(*view)
	d := &differ{want: v, h: h}
	var s strings.Builder
	all := func(batch *goshawk.Transactions) error {
		for i, row := range batch.Rows {
			fmt.Fprintf(&s, "%s in block %d at %d.%d:", d.tx(row.ID), row.Block, row.Height, row.Position)
			for _, in := range batch.In(i) {
				fmt.Fprintf(&s, " [%s %d from %s, link %d, height %d]", d.coin(in.Spent), in.Value, d.person(in.Address), in.Link, in.Height)
			}
			s.WriteString(" ->")
			for _, out := range batch.Out(i) {
				fmt.Fprintf(&s, " [%d to %s, key %v, spent by %s]", out.Value, d.person(out.Address), out.ByKey, d.tx(out.Spender))
			}
			s.WriteString("\n")
		}
		return nil
	}
	if err := goshawk.Scan(t.Context(), v, 0, goshawk.TxID(len(v.txs)), 0, all); err != nil {
		t.Fatal(err)
	}
	return s.String()
}

// TestLinksByHand checks how the model links inputs with outputs, against lines
// read over by people.
func TestLinksByHand(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"whole": {`
			tx first: mint 2sat -> alice 1sat, bob/p2pk 1sat
			tx twice same as first: mint 2sat -> alice 1sat, carol 1sat
			tx spend: twice:0, twice:1 -> bob/p2pkh 2sat, data "x"
			tx next: spend:0 -> alice 2sat
			tx thrice same as first: mint 3sat -> dave 3sat`, `coinbase@0 in block 0 at 0.0: -> [5000000000 to miner, key false, spent by burnt]
first (1 of 3) in block 1 at 1.0: -> [1 to alice, key false, spent by burnt] [1 to bob/p2pk, key true, spent by burnt]
first (2 of 3) in block 2 at 2.0: -> [1 to alice, key false, spent by spend] [1 to carol, key false, spent by spend]
spend in block 2 at 2.1: [first (2 of 3):0 1 from alice, link 0, height -1] [first (2 of 3):1 1 from carol, link 0, height -1] -> [2 to bob/p2pk, key false, spent by next] [0 to nulldata:6a0178, key false, spent by burnt]
next in block 2 at 2.2: [spend:0 2 from bob/p2pk, link 0, height -1] -> [2 to alice, key false, spent by nothing]
first (3 of 3) in block 3 at 3.0: -> [3 to dave, key false, spent by nothing]
`},
		"partial": {`
			partial
			block 9
			tx a: unresolved, unresolved alice, before bob 5sat 3, before bob 6sat -> carol 1sat
			block
			tx b: a:0 -> alice`, `coinbase@9 in block 0 at 9.0: -> [5000000000 to miner, key false, spent by nothing]
a in block 0 at 9.1: [no output 0 from no address, link 3, height -1] [no output 0 from alice, link 3, height -1] [no output 5 from bob, link 2, height 3] [no output 6 from bob, link 2, height -1] -> [1 to carol, key false, spent by b]
coinbase@?1 in block 1 at -1.0: -> [5000000000 to miner, key false, spent by nothing]
b in block 1 at -1.1: [a:0 1 from carol, link 0, height -1] -> [1 to alice, key false, spent by nothing]
`},
	} {
		if got := list(t, MustChain(c.script)); got != c.want {
			t.Errorf("%s: the model says\n%s\nnot\n%s", name, got, c.want)
		}
	}
}

func TestTimeRangesByHand(t *testing.T) {
	l := MustChain(`
		block 1 time=1000
		block 2 time=3000
		block 3 time=2000
		block 4 time=4000`).Ledger()
	for _, c := range []struct {
		since, until int64 // 0: unbounded
		first, end   goshawk.TxID
	}{
		{1000, 1000, 1, 2}, {1001, 2999, 3, 4}, {1500, 3000, 2, 4}, {3000, 0, 0, 5}, {0, 1999, 1, 2}, {5000, 6000, 0, 0},
	} {
		names := goshawk.Names{}
		if c.since > 0 {
			names.Since = time.Unix(c.since, 0)
		}
		if c.until > 0 {
			names.Until = time.Unix(c.until, 0)
		}
		f, err := l.Find(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		if f.First != c.first || f.End != c.end {
			t.Errorf("between %d and %d lie [%d, %d), not [%d, %d)", c.since, c.until, f.First, f.End, c.first, c.end)
		}
	}
}
