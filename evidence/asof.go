package evidence

import (
	"context"

	"goshawk"
)

// asOf is a ledger as it was when it ended with an earlier block: what came after is hidden. It
// remembers which transactions it was asked for.
type asOf struct {
	goshawk.Ledger
	head goshawk.Head
	end  goshawk.TxID // the first that is hidden
	met  map[goshawk.TxID]bool
}

// rewind returns a ledger as it was at a point. Where that cannot be had, because the chain was
// reorganised or the ledger made anew, it is a Conflict.
func rewind(ctx context.Context, l goshawk.Ledger, at goshawk.TracePoint, met map[goshawk.TxID]bool) (*asOf, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Transactions == 0 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "a trace over an explorer cannot be put into a package").WithHint("ingest the blocks, and trace again")
	}
	a := &asOf{Ledger: l, head: head, end: goshawk.TxID(head.Transactions), met: met}
	if head.Point() == at {
		return a, nil
	}
	gone := goshawk.Errorf(goshawk.Conflict, "the ledger no longer has the block %s, with which it ended then", at.Hash).WithHint("run the trace again")
	if head.Partial || at.Partial || at.Height > head.Height || at.Start != head.Start {
		return nil, gone
	}
	found, err := l.Find(ctx, goshawk.Names{Heights: []int32{at.Height}})
	if err != nil {
		return nil, err
	}
	if found.Blocks[0] == goshawk.NoBlock {
		return nil, gone
	}
	infos, err := l.Blocks(ctx, found.Blocks[:1])
	if err != nil {
		return nil, err
	}
	last := &infos[0]
	if last.Hash != at.Hash {
		return nil, gone
	}
	a.end = last.FirstTx + goshawk.TxID(last.TxCount)
	a.head.Height, a.head.Hash, a.head.Time, a.head.Transactions = last.Height, last.Hash, last.Time, uint64(a.end)
	return a, nil
}

// Head implements goshawk.Ledger.
func (a *asOf) Head(context.Context) (goshawk.Head, error) { return a.head, nil }

func (a *asOf) hide(o *goshawk.Output) {
	if o.Spender >= a.end && o.Spender < goshawk.Later {
		o.Spender = goshawk.NoTx
	}
}

// Find implements goshawk.Ledger.
func (a *asOf) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	found, err := a.Ledger.Find(ctx, names)
	for i, id := range found.Transactions {
		if id != goshawk.NoTx && id >= a.end {
			found.Transactions[i] = goshawk.NoTx
			for _, earlier := range found.Overwritten[names.Transactions[i]] {
				if earlier < a.end {
					found.Transactions[i] = earlier
				}
			}
		}
	}
	return found, err
}

// Transactions implements goshawk.Ledger.
func (a *asOf) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	if err := a.Ledger.Transactions(ctx, ids, want, into); err != nil {
		return err
	}
	if a.met != nil {
		for _, id := range ids {
			a.met[id] = true
		}
		if len(a.met) > MostTransactions {
			return errTooMany()
		}
	}
	for i := range into.Outputs {
		a.hide(&into.Outputs[i])
	}
	return nil
}

// Outputs implements goshawk.Ledger.
func (a *asOf) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	coins, err := a.Ledger.Outputs(ctx, ids)
	for i := range coins {
		a.hide(&coins[i].Output)
	}
	return coins, err
}

// MostTransactions is how many transactions one package holds at most.
const MostTransactions = 200_000

func errTooMany() error {
	return goshawk.Errorf(goshawk.Invalid, "the traces come to more than %s transactions", goshawk.Group("200000")).
		WithHint("bound them by hops, amount or time: nobody can look through so many")
}
