package trace

import (
	"context"
	"time"

	"goshawk"
)

// Coins lists the coins that an address received, worth more than nothing, in
// chain order: what a trace from an address starts from. Since and until, unless
// zero, bound the header times of the blocks that created them, both inclusive.
// An address that the ledger does not know is NotFound.
func Coins(ctx context.Context, ledger goshawk.Ledger, address string, since, until time.Time) ([]goshawk.Outpoint, error) {
	found, err := ledger.Find(ctx, goshawk.Names{Addresses: []string{address}, Since: since, Until: until})
	if err != nil {
		return nil, err
	}
	id := found.Addresses[0]
	if id == goshawk.NoAddress {
		return nil, goshawk.Errorf(goshawk.NotFound, "the ledger has no coin of address %s", address).
			WithHint("check the address, and that the ledger reaches the time when it was paid")
	}
	query := goshawk.HistoryQuery{Address: id, Oldest: true, Limit: wordsBatch}
	if !since.IsZero() || !until.IsZero() {
		if found.First >= found.End {
			return nil, nil
		}
		query.From, query.To = found.First, found.End
	}
	var coins []goshawk.Outpoint
	var rows goshawk.Transactions
	for {
		page, err := ledger.History(ctx, query)
		if err != nil {
			return nil, err
		}
		var ids []goshawk.TxID
		for i := range page.Entries {
			if !page.Entries[i].Received.Units.IsZero() {
				ids = append(ids, page.Entries[i].Tx)
			}
		}
		for len(ids) > 0 {
			n := min(len(ids), fetchMost)
			if err := ledger.Transactions(ctx, ids[:n], goshawk.WantHashes, &rows); err != nil {
				return nil, err
			}
			ids = ids[n:]
			for r := range rows.Rows {
				row := &rows.Rows[r]
				t := time.Unix(row.Time, 0)
				if !since.IsZero() && t.Before(since) || !until.IsZero() && t.After(until) {
					continue
				}
				for j, o := range rows.Out(r) {
					if o.Address == id && o.Value > 0 {
						coins = append(coins, goshawk.Outpoint{Tx: row.Hash, Index: uint32(j)})
					}
				}
			}
		}
		if !page.More {
			return coins, nil
		}
		query.From = page.Next
	}
}
