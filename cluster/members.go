package cluster

import (
	"context"
	"slices"

	"goshawk"
)

// Of returns the clusters that a ledger's forest holds. Members are listed
// through the forest if it is a Lister, else through the histories of the
// addresses, at one page of requests for each member.
func Of(l goshawk.Ledger, f Links) Grouping { return grouping{l, f} }

type grouping struct {
	ledger goshawk.Ledger
	forest Links
}

func (g grouping) Root(a goshawk.AddressID) goshawk.AddressID { return Root(g.forest, a) }

func (g grouping) Members(ctx context.Context, a goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
	if lister, ok := g.forest.(Lister); ok {
		return g.listed(ctx, lister, a, limit)
	}
	return g.walked(ctx, a, limit)
}

// listed follows the links downward from the root.
func (g grouping) listed(ctx context.Context, lister Lister, a goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
	members := []goshawk.AddressID{Root(g.forest, a)}
	for i := 0; i < len(members); i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, false, interrupted(ctx)
		}
		if limit > 0 && len(members) > limit {
			break
		}
		members = append(members, lister.Children(members[i])...)
	}
	return cut(members, a, limit)
}

// walked goes from address to address through the transactions that spent them
// together. Only addresses with the same root are taken, so CoinJoins that the
// forest left out join nothing here either.
func (g grouping) walked(ctx context.Context, a goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
	root := Root(g.forest, a)
	members := []goshawk.AddressID{a}
	seen := map[goshawk.AddressID]bool{a: true}
	looked := map[goshawk.TxID]bool{}
	var batch goshawk.Transactions
	for i := 0; i < len(members) && (limit == 0 || len(members) <= limit); i++ {
		err := eachPage(ctx, g.ledger, members[i], func(ids []goshawk.TxID) (bool, error) {
			ids = slices.DeleteFunc(ids, func(tx goshawk.TxID) bool { return looked[tx] })
			if len(ids) == 0 {
				return true, nil
			}
			if err := g.ledger.Transactions(ctx, ids, 0, &batch); err != nil {
				return false, err
			}
			for row, id := range ids {
				looked[id] = true
				for _, in := range batch.In(row) {
					if in.Address != goshawk.NoAddress && !seen[in.Address] && Root(g.forest, in.Address) == root {
						seen[in.Address] = true
						members = append(members, in.Address)
					}
				}
			}
			return limit == 0 || len(members) <= limit, nil
		})
		if err != nil {
			return nil, false, err
		}
	}
	return cut(members, a, limit)
}

// eachSpend hands over the transactions that spent coins of an address, oldest
// first and page by page, until the callback says enough.
func eachPage(ctx context.Context, l goshawk.Ledger, a goshawk.AddressID, each func([]goshawk.TxID) (bool, error)) error {
	query := goshawk.HistoryQuery{Address: a, Oldest: true, Limit: 1000}
	var ids []goshawk.TxID
	for {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		page, err := l.History(ctx, query)
		if err != nil {
			return err
		}
		ids = ids[:0]
		for i := range page.Entries {
			ids = append(ids, page.Entries[i].Tx)
		}
		on, err := each(ids)
		if err != nil || !on || !page.More {
			return err
		}
		query.From = page.Next
	}
}

// cut sorts members and shortens them to limit, keeping the address asked for.
func cut(members []goshawk.AddressID, asked goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
	slices.Sort(members)
	if limit == 0 || len(members) <= limit {
		return members, false, nil
	}
	kept := members[:limit]
	if _, ok := slices.BinarySearch(kept, asked); !ok {
		kept[limit-1] = asked
		slices.Sort(kept)
	}
	return kept, true, nil
}

func interrupted(ctx context.Context) error {
	return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
}
