package trace_test

import (
	"context"
	"slices"

	"goshawk"
)

// remote shows a whole ledger as a remote source would: sparse ids, no counts,
// inputs whose transactions must be asked for, spenders that must be looked up.
type remote struct {
	goshawk.Ledger
	calls int
}

const sparse = 1 << 20 // outputs of a transaction's id, and the gap between ids

func (r *remote) Head(ctx context.Context) (goshawk.Head, error) {
	h, err := r.Ledger.Head(ctx)
	h.Blocks, h.Transactions, h.Inputs, h.Outputs, h.Addresses = 0, 0, 0, 0, 0
	h.Claim = "a remote source"
	return h, err
}

func widen(id goshawk.TxID) goshawk.TxID {
	if id >= goshawk.Later {
		return id
	}
	return id*7919 + 3
}

func (r *remote) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	r.calls++
	f, err := r.Ledger.Find(ctx, names)
	for i := range f.Transactions {
		f.Transactions[i] = widen(f.Transactions[i])
	}
	for h, ids := range f.Overwritten {
		ids = slices.Clone(ids)
		for i := range ids {
			ids[i] = widen(ids[i])
		}
		f.Overwritten[h] = ids
	}
	f.First, f.End = widen(f.First), widen(f.End)
	return f, err
}

func (r *remote) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	r.calls++
	inner := make([]goshawk.TxID, len(ids))
	for i, id := range ids {
		inner[i] = (id - 3) / 7919
	}
	if err := r.Ledger.Transactions(ctx, inner, want, into); err != nil {
		return err
	}
	for i := range into.Rows {
		row := &into.Rows[i]
		row.ID = widen(row.ID)
		for k, j := uint64(0), row.FirstOutput; j < row.OutputEnd; k, j = k+1, j+1 {
			o := &into.Outputs[j]
			o.ID = goshawk.OutputID(uint64(row.ID)*sparse + k)
			if o.Spender != goshawk.Burnt {
				o.Spender = goshawk.Later
			}
		}
	}
	for i := range into.Inputs {
		if in := &into.Inputs[i]; in.Link == goshawk.Linked {
			in.Link, in.Spent = goshawk.Deferred, goshawk.NoOutput
		}
	}
	return nil
}

func (r *remote) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	r.calls++
	coins := make([]goshawk.Coin, len(ids))
	for i, id := range ids {
		tx, index := goshawk.TxID(uint64(id)/sparse), uint32(uint64(id)%sparse)
		var b goshawk.Transactions
		if err := r.Ledger.Transactions(ctx, []goshawk.TxID{(tx - 3) / 7919}, 0, &b); err != nil {
			return nil, err
		}
		coins[i] = goshawk.Coin{Output: b.Outputs[index], Tx: tx, Index: index, Height: b.Rows[0].Height}
		coins[i].ID = id
		coins[i].Spender = widen(coins[i].Spender)
	}
	return coins, nil
}
