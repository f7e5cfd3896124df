package evaluate

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/world/score"
)

// changeMethods are the ways to find change that are measured: each heuristic
// alone, and the combination that the command line has.
func changeMethods() ([]*cluster.Expression, error) {
	var list []*cluster.Expression
	for _, h := range cluster.Heuristics() {
		list = append(list, h.Alone())
	}
	together, err := cluster.Parse(cluster.OneTimeChange)
	return append(list, together), err
}

// clusters computes the clusters in every way and compares them with the owners.
// An owner is a person or a firm with all of its wallets.
func (m *measurer) clusters(ctx context.Context) error {
	spent, err := score.Spent(ctx, m.Ledger, 0, m.end)
	if err != nil {
		return err
	}
	changes, err := changeMethods()
	if err != nil {
		return err
	}
	type way struct {
		method  string
		options cluster.Options
	}
	ways := []way{
		{cluster.CoSpendRule, cluster.Options{Exclude: isCoinJoin}},
		{cluster.CoSpendRule + ", CoinJoins not left out", cluster.Options{}},
	}
	for _, change := range changes {
		ways = append(ways, way{cluster.CoSpendRule + " with " + change.Rule(), cluster.Options{Exclude: isCoinJoin, Change: change}})
	}
	for i, by := range ways {
		c, err := cluster.Compute(ctx, m.Ledger, by.options)
		if err != nil {
			return err
		}
		if i == 0 {
			m.grouping = c
		}
		for _, of := range []struct {
			pairs, cubed string
			only         *score.Addresses
		}{{TaskPairsSpent, TaskCubedSpent, spent}, {TaskPairsAll, TaskCubedAll, nil}} {
			s, err := score.Clusters(ctx, c.Root, m.Truth.Owners, of.only)
			if err != nil {
				return err
			}
			m.add(of.pairs, by.method, s.PairPrecision.Value(), s.PairRecall.Value(),
				Value{Name: "largest_cluster", Rising: true, Value: float64(s.Largest.Addresses)},
				Value{Name: "largest_of_several_owners", Rising: true, Value: float64(s.Joined.Addresses)},
				Value{Name: "its_owners", Rising: true, Value: float64(s.Joined.Owners)})
			m.add(of.cubed, by.method, s.BCubedPrecision, s.BCubedRecall)
		}
	}
	return nil
}

// changes judges each way to find change alone. What is judged is a transaction
// that is not taken for a CoinJoin: the way is right where it points to an output
// that the payer owns, and it misses where the payer owns one and it says
// nothing, or something else.
func (m *measurer) changes(ctx context.Context) error {
	methods, err := changeMethods()
	if err != nil {
		return err
	}
	found := make([]score.Detection, len(methods))
	finder := cluster.NewFinder(m.Ledger, methods...)
	err = goshawk.Scan(ctx, m.Ledger, m.Founded, m.end, finder.Want(), func(batch *goshawk.Transactions) error {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		changes, err := finder.EachChange(ctx, batch)
		if err != nil {
			return err
		}
		for row := range batch.Rows {
			if isCoinJoin(batch, row) {
				continue
			}
			back := m.Truth.back(batch, row)
			for k := range methods {
				d, change := &found[k], changes[k][row]
				right := slices.Contains(back, change)
				switch {
				case right:
					d.True++
				case change >= 0:
					d.False++
				}
				if !right && len(back) > 0 {
					d.Missed++
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, change := range methods {
		m.detected(TaskChange, change.Rule(), found[k])
	}
	return nil
}

// payer returns who pays a transaction: its actor where one of the coins spent
// is theirs, else the one owner of them all; NoOwner where several parties'
// coins are joined.
func (t *Truth) payer(batch *goshawk.Transactions, row int) score.Owner {
	actor, sole := t.txs[batch.Rows[row].ID].actor, score.NoOwner
	several := false
	for i, in := range batch.In(row) {
		if in.Address == goshawk.NoAddress {
			continue
		}
		owner := t.Owners[in.Address]
		if owner == actor {
			return actor
		}
		several = several || i > 0 && owner != sole
		sole = owner
	}
	if several {
		return score.NoOwner
	}
	return sole
}

// back returns the outputs that come back to the payer of a transaction with two
// spendable outputs or more.
func (t *Truth) back(batch *goshawk.Transactions, row int) []int {
	payer := t.payer(batch, row)
	outs := batch.Out(row)
	var list []int
	spendable := 0
	for i := range outs {
		if outs[i].Value == 0 || outs[i].Spender == goshawk.Burnt {
			continue
		}
		spendable++
		if payer != score.NoOwner && t.Owners[outs[i].Address] == payer {
			list = append(list, i)
		}
	}
	if spendable < 2 {
		return nil
	}
	return list
}
