package trace

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"goshawk"
)

// birth is when a coin was created, as far as the ledger tells.
type birth struct {
	height int64  // of coins from before the ledger, and in a ledger that lacks parents; else beyond all heights
	tx     uint64 // embedded: the coin's id; remote: its transaction's
	index  uint64
	hash   goshawk.Hash // of coins from before the ledger's start
	early  bool         // from before the ledger's start
	pos    uint32
}

// orderByAge queues a transaction's inputs by the creation of their coins, or
// says that their order cannot be known.
func (e *engine) orderByAge(ctx context.Context, b *batch, r int, f *facts) error {
	w := &e.work
	ins := b.tx.In(r)
	w.order = w.order[:0]
	simple := true
	for i := range ins {
		w.order = append(w.order, uint32(i))
		simple = simple && ins[i].Link == goshawk.Linked
	}
	if simple && !e.remote && !e.head.Partial {
		slices.SortFunc(w.order, func(a, b uint32) int { return cmp.Compare(ins[a].Spent, ins[b].Spent) })
		return nil
	}

	births := make([]birth, len(ins))
	var points []goshawk.Outpoint
	var err error
	for i := range ins {
		births[i] = birth{height: math.MaxInt64, pos: uint32(i)}
		switch ins[i].Link {
		case goshawk.Before:
			if ins[i].Height < 0 {
				f.ageless = true
				return nil
			}
			births[i].height, births[i].early = int64(ins[i].Height), true
		case goshawk.Linked:
			births[i].tx = uint64(ins[i].Spent)
		}
	}
	if e.remote || !simple {
		if points, err = e.outpoints(ctx, b, r); err != nil {
			return err
		}
	}
	if e.remote {
		if err := e.birthsByHash(ctx, b.tx.Rows[r].ID, ins, points, births, f); err != nil || f.ageless {
			return err
		}
	}
	for i := range ins {
		if births[i].early {
			births[i].hash, births[i].index = points[i].Tx, uint64(points[i].Index)
		}
	}
	if e.head.Partial {
		if err := e.birthsByHeight(ctx, births, f); err != nil || f.ageless {
			return err
		}
	}
	slices.SortFunc(births, func(a, b birth) int {
		return cmp.Or(cmp.Compare(a.height, b.height), cmp.Compare(a.tx, b.tx), bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.index, b.index))
	})
	for i := 1; i < len(births); i++ {
		a, b := &births[i-1], &births[i]
		if a.height == b.height && (a.early != b.early || a.early && a.hash != b.hash) {
			f.ageless = true
			return nil
		}
	}
	for i := range births {
		w.order[i] = births[i].pos
	}
	return nil
}

// birthsByHash finds the transactions of coins that a remote ledger names by outpoint.
func (e *engine) birthsByHash(ctx context.Context, spender goshawk.TxID, ins []goshawk.Input, points []goshawk.Outpoint, births []birth, f *facts) error {
	var hashes []goshawk.Hash
	for i := range ins {
		if ins[i].Link != goshawk.Before {
			hashes = append(hashes, points[i].Tx)
		}
	}
	found, err := e.ledger.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return err
	}
	k := 0
	for i := range ins {
		if ins[i].Link == goshawk.Before {
			continue
		}
		id := before(&found, k, points[i].Tx, spender)
		if id == goshawk.NoTx {
			f.ageless = true
			return nil
		}
		births[i].tx, births[i].index = uint64(id), uint64(points[i].Index)
		k++
	}
	return nil
}

// birthsByHeight finds the heights of coins in a ledger that lacks parents, where
// a coin from outside it may be younger than one inside.
func (e *engine) birthsByHeight(ctx context.Context, births []birth, f *facts) error {
	var ids []goshawk.OutputID
	var txs []goshawk.TxID
	for i := range births {
		switch {
		case births[i].early:
		case e.remote:
			txs = append(txs, goshawk.TxID(births[i].tx))
		default:
			ids = append(ids, goshawk.OutputID(births[i].tx))
		}
	}
	var heights []int32
	if len(ids) > 0 {
		coins, err := e.ledger.Outputs(ctx, ids)
		if err != nil {
			return err
		}
		for i := range coins {
			heights = append(heights, coins[i].Height)
		}
	}
	if len(txs) > 0 {
		var rows goshawk.Transactions
		if err := e.ledger.Transactions(ctx, txs, 0, &rows); err != nil {
			return err
		}
		for i := range rows.Rows {
			heights = append(heights, rows.Rows[i].Height)
		}
	}
	for i := range births {
		if births[i].early {
			continue
		}
		if heights[0] < 0 {
			f.ageless = true
			return nil
		}
		births[i].height, heights = int64(heights[0]), heights[1:]
	}
	return nil
}
