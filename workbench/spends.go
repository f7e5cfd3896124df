package workbench

import (
	"context"
	"slices"

	"goshawk"
)

// spends shows the coins that a transaction made, each with the transaction that spent it: the next
// transactions by spend. Addresses may be used again; coins are spent once, so that nothing here is
// ambiguous.
func (x *expansion) spends(ctx context.Context, batch *goshawk.Transactions, me string) (*Found, error) {
	made, hash, at := slices.Clone(batch.Out(0)), batch.Rows[0].Hash, batch.Rows[0].Time
	var order []int
	var later []goshawk.OutputID
	for i := range made {
		if made[i].Spender == goshawk.Later {
			later = append(later, made[i].ID)
		}
		if v := goshawk.U(made[i].Value); v.Lt(&x.min) || made[i].Spender == goshawk.Burnt {
			continue
		}
		order = append(order, i)
	}
	if len(later) > 0 {
		coins, err := x.Outputs(ctx, later)
		if err != nil {
			return nil, err
		}
		for n, i := 0, 0; i < len(made) && n < len(coins); i++ {
			if made[i].Spender == goshawk.Later {
				made[i].Spender = coins[n].Spender
				n++
			}
		}
	}
	if x.q.Order == "" || x.q.Order == "largest" {
		slices.SortStableFunc(order, func(a, b int) int { return compareValues(made[b].Value, made[a].Value) })
	}
	shown := order[min(x.place.Skip, len(order)):]
	more := max(len(shown)-x.most, 0)
	shown = shown[:len(shown)-more]
	var ids []goshawk.AddressID
	for _, n := range shown {
		if a := made[n].Address; a != goshawk.NoAddress {
			ids = append(ids, a)
		}
	}
	infos, err := x.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	text := map[goshawk.AddressID]string{}
	for i := range infos {
		text[infos[i].ID] = infos[i].Text
	}
	var spenders []goshawk.TxID
	for _, n := range shown {
		if s := made[n].Spender; s != goshawk.NoTx && s != goshawk.Burnt {
			spenders = append(spenders, s)
		}
	}
	slices.Sort(spenders)
	spenders = slices.Compact(spenders)
	var next goshawk.Transactions
	if err := x.Transactions(ctx, spenders, goshawk.WantHashes, &next); err != nil {
		return nil, err
	}
	for _, n := range shown {
		value := goshawk.U(made[n].Value)
		coin := x.draw.coin(goshawk.Outpoint{Tx: hash, Index: uint32(n)}, text[made[n].Address], value, at)
		spent := made[n].Spender != goshawk.NoTx
		x.draw.setSpent(coin, spent)
		x.draw.edge(Edge{From: me, To: coin, What: EdgeReceive, Value: value.Dec(), Count: 1}, moment(at), moment(at))
		if row, has := slices.BinarySearch(spenders, made[n].Spender); has {
			when := next.Rows[row].Time
			if x.timed(when) {
				x.draw.edge(Edge{From: coin, To: x.draw.transaction(&next, row), What: EdgeSpend, Value: value.Dec(), Count: 1}, moment(when), moment(when))
			}
		}
	}
	var on place
	if more > 0 {
		on = x.place
		on.Skip += len(shown)
	}
	return x.page(uint64(more), false, on), nil
}

func compareValues(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
