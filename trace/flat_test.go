package trace_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"

	"goshawk"
)

// flat is a big whole chain in flat arrays: what an embedded ledger costs at
// the least. Its coins are spent in random order, the worst locality there is.
type flat struct {
	rows    []goshawk.Transaction
	ins     []goshawk.Input
	outs    []goshawk.Output
	blocks  int
	calls   int
	onCall  func(call int)
	holders uint64
}

// bigChain is the chain of the published measurements: 1 M transactions in
// 2,000 blocks, 1 to 3 inputs, 2 to 3 outputs, 30 % of addresses used again.
var bigChain = sync.OnceValue(func() *flat { return newFlat(1_000_000, 2000) })

func newFlat(txs, blocks int) *flat {
	rng := rand.New(rand.NewPCG(1, 2))
	l := &flat{blocks: blocks}
	var pool []goshawk.OutputID
	add := func(height int, coinbase bool, take, pay int) {
		id := goshawk.TxID(len(l.rows))
		row := goshawk.Transaction{ID: id, Block: goshawk.BlockID(height), Height: int32(height), Time: 1_600_000_000 + int64(height)*600, Coinbase: coinbase,
			FirstInput: uint32(len(l.ins)), FirstOutput: uint32(len(l.outs))}
		total := uint64(50_0000_0000)
		if !coinbase {
			total = 0
			for range take {
				i := rng.IntN(len(pool))
				coin := pool[i]
				pool[i] = pool[len(pool)-1]
				pool = pool[:len(pool)-1]
				o := &l.outs[coin]
				o.Spender = id
				total += o.Value
				l.ins = append(l.ins, goshawk.Input{Spent: coin, Value: o.Value, Address: o.Address, Height: -1})
			}
			total -= min(total/2, 1000)
		}
		for j := range pay {
			v := total
			if j < pay-1 {
				v = rng.Uint64N(total/2 + 1)
			}
			total -= v
			a := goshawk.AddressID(l.holders)
			if l.holders > 0 && rng.IntN(10) < 3 {
				a = goshawk.AddressID(rng.Uint64N(l.holders))
			} else {
				l.holders++
			}
			pool = append(pool, goshawk.OutputID(len(l.outs)))
			l.outs = append(l.outs, goshawk.Output{ID: goshawk.OutputID(len(l.outs)), Value: v, Address: a, Spender: goshawk.NoTx})
		}
		row.InputEnd, row.OutputEnd = uint32(len(l.ins)), uint32(len(l.outs))
		l.rows = append(l.rows, row)
	}
	for height := range blocks {
		add(height, true, 0, 1)
		for len(l.rows) < (height+1)*txs/blocks && height >= 100 {
			add(height, false, 1+rng.IntN(min(3, len(pool))), 2+rng.IntN(2)*rng.IntN(2))
		}
	}
	return l
}

func (l *flat) hash(id goshawk.TxID) (h goshawk.Hash) {
	binary.BigEndian.PutUint64(h[:], uint64(id)+1)
	return h
}

func (l *flat) call(ctx context.Context) error {
	l.calls++
	if l.onCall != nil {
		l.onCall(l.calls)
	}
	return ctx.Err()
}

func (l *flat) Head(ctx context.Context) (goshawk.Head, error) {
	return goshawk.Head{Network: "test", Asset: goshawk.Asset{Network: "test", Ticker: "COIN", Decimals: 8}, Height: int32(l.blocks - 1),
		Transactions: uint64(len(l.rows)), Inputs: uint64(len(l.ins)), Outputs: uint64(len(l.outs)), Addresses: l.holders, Blocks: uint64(l.blocks)}, nil
}

func (l *flat) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	var f goshawk.Found
	for _, h := range names.Transactions {
		f.Transactions = append(f.Transactions, goshawk.TxID(binary.BigEndian.Uint64(h[:])-1))
	}
	return f, l.call(ctx)
}

func (l *flat) Blocks(context.Context, []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	return nil, nil
}

func (l *flat) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	into.Reset()
	if err := l.call(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		r := l.rows[id]
		ins, outs := l.ins[r.FirstInput:r.InputEnd], l.outs[r.FirstOutput:r.OutputEnd]
		r.FirstInput, r.FirstOutput = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Inputs = append(into.Inputs, ins...)
		into.Outputs = append(into.Outputs, outs...)
		r.InputEnd, r.OutputEnd = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		if want&goshawk.WantHashes != 0 {
			r.Hash = l.hash(id)
		}
		into.Rows = append(into.Rows, r)
	}
	return nil
}

func (l *flat) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	coins := make([]goshawk.Coin, len(ids))
	for i, id := range ids {
		lo, hi := 0, len(l.rows)
		for lo+1 < hi {
			if mid := (lo + hi) / 2; uint64(l.rows[mid].FirstOutput) <= uint64(id) {
				lo = mid
			} else {
				hi = mid
			}
		}
		r := &l.rows[lo]
		coins[i] = goshawk.Coin{Output: l.outs[id], Tx: r.ID, Index: uint32(id) - r.FirstOutput, Height: r.Height}
	}
	return coins, l.call(ctx)
}

func (l *flat) Addresses(ctx context.Context, ids []goshawk.AddressID, _ goshawk.Want) ([]goshawk.Address, error) {
	list := make([]goshawk.Address, len(ids))
	for i, id := range ids {
		list[i] = goshawk.Address{ID: id, Text: fmt.Sprint("address ", id)}
	}
	return list, l.call(ctx)
}

func (l *flat) History(context.Context, goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	return goshawk.HistoryPage{}, nil
}

// coinbase returns the coin that a block of a flat chain made, by its height.
func (l *flat) coinbase(height int32) goshawk.Outpoint {
	for i := range l.rows {
		if l.rows[i].Height == height {
			return goshawk.Outpoint{Tx: l.hash(l.rows[i].ID)}
		}
	}
	panic("no such block")
}
