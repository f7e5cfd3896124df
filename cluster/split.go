package cluster

import (
	"cmp"
	"context"
	"slices"

	"goshawk"
)

// Split computes one cluster again without some of its evidence, and returns the
// parts it falls into: larger ones first, equal ones by age, each in ascending
// order. Members must be the whole cluster; taking evidence away can only divide
// it, so nothing but the members' own transactions is read.
func Split(ctx context.Context, l goshawk.Ledger, members []goshawk.AddressID, options Options) ([][]goshawk.AddressID, error) {
	parts := slices.Clone(members)
	slices.Sort(parts)
	parts = slices.Compact(parts)
	place := make(map[goshawk.AddressID]uint32, len(parts)) // in parts
	for i, a := range parts {
		place[a] = uint32(i)
	}
	var ids []goshawk.TxID
	for _, a := range parts {
		err := eachPage(ctx, l, a, func(page []goshawk.TxID) (bool, error) {
			ids = append(ids, page...)
			return true, nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	without := slices.Clone(options.Without)
	slices.Sort(without)
	ids = slices.DeleteFunc(ids, func(tx goshawk.TxID) bool {
		_, excluded := slices.BinarySearch(without, tx)
		return excluded
	})

	f := newFlat(len(parts), false)
	want := goshawk.Want(0)
	var finder *Finder
	if options.Change != nil {
		finder = NewFinder(l, options.Change)
		want |= finder.Want()
	}
	var batch goshawk.Transactions
	for chunk := range slices.Chunk(ids, 1024) {
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		if err := l.Transactions(ctx, chunk, want, &batch); err != nil {
			return nil, err
		}
		var changes []int
		if finder != nil {
			var err error
			if changes, err = finder.Changes(ctx, &batch); err != nil {
				return nil, err
			}
		}
		for row := range batch.Rows {
			if options.Exclude != nil && options.Exclude(&batch, row) {
				continue
			}
			first, known := uint32(0), false
			for _, in := range batch.In(row) {
				at, ours := place[in.Address]
				switch {
				case !ours:
				case known:
					f.join(f.find(first), f.find(at), 0)
				default:
					first, known = at, true
				}
			}
			if changes == nil || changes[row] < 0 || !known {
				continue
			}
			if at, ours := place[batch.Out(row)[changes[row]].Address]; ours {
				f.join(f.find(first), f.find(at), 0)
			}
		}
	}

	groups := map[uint32]int{}
	var out [][]goshawk.AddressID
	for i, a := range parts {
		r := f.find(uint32(i))
		g, ok := groups[r]
		if !ok {
			g = len(out)
			groups[r] = g
			out = append(out, nil)
		}
		out[g] = append(out[g], a)
	}
	slices.SortStableFunc(out, func(x, y []goshawk.AddressID) int {
		return cmp.Or(cmp.Compare(len(y), len(x)), cmp.Compare(x[0], y[0]))
	})
	return out, nil
}
