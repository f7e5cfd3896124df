package trace_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

// moved is a transaction that can be put into another block.
type moved struct {
	tx   goshawk.BlockTx
	ins  []goshawk.BlockInput
	outs []goshawk.BlockOutput
	keys []byte // what ins and outs point into
}

func take(b *goshawk.Block) (txs []moved) {
	for i := range b.Txs {
		txs = append(txs, moved{b.Txs[i], b.TxInputs(i), b.TxOutputs(i), b.Keys})
	}
	return txs
}

// put fills an empty block.
func put(b *goshawk.Block, txs []moved) {
	for _, m := range txs {
		key := func(from, to *uint32) {
			start := uint32(len(b.Keys))
			b.Keys = append(b.Keys, m.keys[*from:*to]...)
			*from, *to = start, uint32(len(b.Keys))
		}
		for _, in := range m.ins {
			key(&in.KeyStart, &in.KeyEnd)
			b.Ins = append(b.Ins, in)
		}
		for _, out := range m.outs {
			key(&out.KeyStart, &out.KeyEnd)
			b.Outs = append(b.Outs, out)
		}
		m.tx.InputEnd, m.tx.OutputEnd = uint32(len(b.Ins)), uint32(len(b.Outs))
		b.Txs = append(b.Txs, m.tx)
	}
}

// split puts a history's transactions, in their order, into other blocks.
func split(h *ledgertest.History, rng *rand.Rand) *ledgertest.History {
	var all []moved
	for _, b := range h.Blocks {
		all = append(all, take(b)...)
	}
	other := *h
	other.Blocks = nil
	most := 1 + rng.IntN(len(all))
	for parent := (goshawk.Hash{}); len(all) > 0; {
		n := 1 + rng.IntN(min(most, len(all)))
		height := h.Start + int32(len(other.Blocks))
		b := &goshawk.Block{Hash: sha256.Sum256(fmt.Appendf(nil, "split %d", height)), Parent: parent, Height: height, Time: 1_600_000_000 + rng.Uint32N(1000)}
		put(b, all[:n])
		all, parent = all[n:], b.Hash
		other.Blocks = append(other.Blocks, b)
	}
	return &other
}

// crowd puts transactions of others between a history's: they pay each other, and
// also the history's addresses unless these are to be left alone.
func crowd(h *ledgertest.History, rng *rand.Rand, most int, alone bool) *ledgertest.History {
	type coin struct {
		at    goshawk.Outpoint
		value uint64
	}
	var pool []coin
	count := 0
	stranger := func(b *goshawk.Block) (m moved) {
		count++
		m.tx = goshawk.BlockTx{Hash: sha256.Sum256(fmt.Appendf(nil, "stranger %d", count)), Version: 2, Weight: 500}
		total := uint64(0)
		for len(pool) > 0 && len(m.ins) < 3 && rng.IntN(3) > 0 {
			i := rng.IntN(len(pool))
			m.ins = append(m.ins, goshawk.BlockInput{Prev: pool[i].at, Height: -1})
			total += pool[i].value
			pool = slices.Delete(pool, i, i+1)
		}
		if len(m.ins) == 0 {
			m.tx.Coinbase, total = true, 50_0000_0000
		}
		m.keys = bytes.Clone(b.Keys)
		for j := range 1 + rng.IntN(4) {
			value := rng.Uint64N(total + 1)
			total -= value
			out := goshawk.BlockOutput{Value: value, Kind: goshawk.WitnessPubKeyHash, KeyStart: uint32(len(m.keys)), KeyEnd: uint32(len(m.keys)) + 20}
			m.keys = append(append(m.keys, make([]byte, 12)...), binary.LittleEndian.AppendUint64(nil, rng.Uint64N(30))...)
			if !alone && rng.IntN(2) == 0 && len(b.Outs) > 0 {
				to := b.Outs[rng.IntN(len(b.Outs))]
				if !to.Burnt {
					out.Kind, out.ByKey, out.KeyStart, out.KeyEnd = to.Kind, to.ByKey, to.KeyStart, to.KeyEnd
				}
			}
			m.outs = append(m.outs, out)
			pool = append(pool, coin{goshawk.Outpoint{Tx: m.tx.Hash, Index: uint32(j)}, value})
		}
		return m
	}
	other := *h
	other.Blocks = nil
	for _, b := range h.Blocks {
		var txs []moved
		for _, m := range take(b) {
			txs = append(txs, m)
			for range rng.IntN(most + 1) {
				txs = append(txs, stranger(b))
			}
		}
		filled := &goshawk.Block{Hash: b.Hash, Parent: b.Parent, Height: b.Height, Time: b.Time, Header: b.Header}
		put(filled, txs)
		other.Blocks = append(other.Blocks, filled)
	}
	return &other
}

// packed is a remote source whose ids lie as far apart as one likes: how many
// transactions are read at a time depends on it.
type packed struct {
	*remote
	gap goshawk.TxID
}

func (p packed) id(wide goshawk.TxID) goshawk.TxID {
	if wide >= goshawk.Later {
		return wide
	}
	return (wide - 3) / 7919 * p.gap
}

func (p packed) wide(id goshawk.TxID) goshawk.TxID { return widen(id / p.gap) }

func (p packed) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	f, err := p.remote.Find(ctx, names)
	for i := range f.Transactions {
		f.Transactions[i] = p.id(f.Transactions[i])
	}
	for _, ids := range f.Overwritten {
		for i := range ids {
			ids[i] = p.id(ids[i])
		}
	}
	f.First, f.End = p.id(f.First), p.id(f.End)
	return f, err
}

func (p packed) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	wide := make([]goshawk.TxID, len(ids))
	for i, id := range ids {
		wide[i] = p.wide(id)
	}
	err := p.remote.Transactions(ctx, wide, want, into)
	for i := range into.Rows {
		into.Rows[i].ID = p.id(into.Rows[i].ID)
	}
	for i := range into.Outputs {
		o := &into.Outputs[i]
		o.ID = goshawk.OutputID(uint64(p.id(goshawk.TxID(o.ID/sparse)))*sparse) + o.ID%sparse
	}
	return err
}

func (p packed) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	wide := make([]goshawk.OutputID, len(ids))
	for i, id := range ids {
		wide[i] = goshawk.OutputID(uint64(p.wide(goshawk.TxID(id/sparse)))*sparse) + id%sparse
	}
	coins, err := p.remote.Outputs(ctx, wide)
	for i := range coins {
		coins[i].ID, coins[i].Tx, coins[i].Spender = ids[i], p.id(coins[i].Tx), p.id(coins[i].Spender)
	}
	return coins, err
}

// named makes every few addresses services, by their text: ids depend on what
// else a ledger holds.
type named map[goshawk.AddressID]trace.Party

func servicesOf(t *testing.T, l goshawk.Ledger) named {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]goshawk.AddressID, head.Addresses)
	for i := range ids {
		ids[i] = goshawk.AddressID(i)
	}
	addresses, err := l.Addresses(t.Context(), ids, 0)
	if err != nil {
		t.Fatal(err)
	}
	services := named{}
	for i := range addresses {
		switch sum := sha256.Sum256([]byte(addresses[i].Text)); sum[0] % 9 {
		case 0:
			services[addresses[i].ID] = trace.Party(sum[1] % 2)
		case 1:
			services[addresses[i].ID] = trace.NoService
		default:
			services[addresses[i].ID] = trace.Unlabelled
		}
	}
	return services
}

func (n named) Party(a goshawk.AddressID) trace.Party { return n[a] }

func (n named) Label(goshawk.AddressID) *goshawk.Label {
	return &goshawk.Label{Text: "a service", Source: "test"}
}

// timeless is an answer without what depends on the blocks alone.
func timeless(t *testing.T, a *goshawk.Trace) string {
	b := *a
	b.Ledger, b.Claim = goshawk.TracePoint{}, ""
	b.Ends, b.Flows = slices.Clone(a.Ends), slices.Clone(a.Flows)
	for i := range b.Ends {
		b.Ends[i].Height, b.Ends[i].Time = 0, 0
	}
	for i := range b.Flows {
		b.Flows[i].Height, b.Flows[i].Time = 0, 0
	}
	return asBytes(t, &b)
}

// How many transactions are read at a time, how the chain is cut into blocks, and
// what others pay each other meanwhile, changes no answer of any method.
func TestWhatChangesNoAnswer(t *testing.T) {
	compared := map[string]int{}
	for seed := range uint64(60) {
		shape := ledgertest.Shape{Blocks: 14, Payments: 10}
		switch seed % 4 {
		case 2:
			shape.Start = 100
		case 3:
			shape.Partial = true
		}
		h := ledgertest.Random(seed, shape)
		rng := rand.New(rand.NewPCG(seed, 21))
		labelled := seed%3 == 0
		plain := h.Ledger()
		variants := map[string]goshawk.Ledger{
			"amid others":       crowd(h, rng, 2, labelled).Ledger(),
			"amid a crowd":      crowd(h, rng, 40, labelled).Ledger(),
			"read far apart":    packed{&remote{Ledger: plain}, 1 << 20},
			"read page by page": packed{&remote{Ledger: plain}, 37},
			"read at once":      packed{&remote{Ledger: plain}, 1},
		}
		if !shape.Partial { // where a block's height says how old a coin is
			variants["in other blocks"] = split(h, rng).Ledger()
			variants["in other blocks again"] = split(h, rng).Ledger()
		}
		starts := someStarts(t, rng, plain, 3)
		for _, m := range trace.Methods() {
			q := trace.Question{Method: m, Starts: starts, ByStart: rng.IntN(2) == 0, Flows: 10_000, Backward: m != trace.TIHO && rng.IntN(2) == 0}
			if rng.IntN(3) == 0 {
				hops := 1 + rng.IntN(6)
				q.MaxHops = &hops
			}
			asked := func(l goshawk.Ledger) *goshawk.Trace {
				if labelled {
					q.Services = servicesOf(t, l)
				}
				return ask(t, l, q)
			}
			q.Services = nil
			if labelled {
				q.Services = servicesOf(t, plain)
			}
			services := q.Services
			answer := ask(t, plain, q)
			for name, l := range variants {
				var got *goshawk.Trace
				if _, isRemote := l.(packed); isRemote { // its addresses are the plain ledger's, and it does not count them
					q.Services = services
					got = ask(t, l, q)
				} else {
					got = asked(l)
				}
				if timeless(t, got) != timeless(t, answer) {
					t.Fatalf("seed %d, %s, backward %v: another answer %s:\n%s\nalone:\n%s", seed, m, q.Backward, name, timeless(t, got), timeless(t, answer))
				}
				compared[name] += len(answer.Ends)
			}
		}
	}
	for name, ends := range compared {
		if ends < 1000 {
			t.Errorf("%s: only %d ends were compared", name, ends)
		}
	}
	if len(compared) != 7 {
		t.Errorf("only %d variants", len(compared))
	}
}
