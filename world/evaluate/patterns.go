package evaluate

import (
	"context"

	"goshawk"
	"goshawk/cluster"
	"goshawk/pattern"
	"goshawk/world/score"
)

// roundRules names two rules as one: the truth does not tell rounds with higher
// levels from those without.
const roundRules = pattern.RuleWasabi10 + " or " + pattern.RuleWasabi11

// coinJoins judges each rule by the kind of CoinJoin that it is made for, and
// all of them together by whether it is one at all.
func (m *measurer) coinJoins(ctx context.Context) error {
	var all, left score.Detection
	by := map[string]*score.Detection{}
	kinds := []struct {
		rule string
		kind what
	}{{pattern.RuleWhirlpool, poolMix}, {roundRules, roundMix}, {pattern.RuleJoinMarket, marketMix}, {pattern.RuleWasabi2, none}}
	for _, k := range kinds {
		by[k.rule] = &score.Detection{}
	}
	err := goshawk.Scan(ctx, m.Ledger, m.Founded, m.end, 0, func(batch *goshawk.Transactions) error {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		for row := range batch.Rows {
			so := m.Truth.txs[batch.Rows[row].ID].what
			rule, found := pattern.CoinJoin(batch, row)
			all.Count(found, so.coinJoin())
			if rule == pattern.RuleWasabi10 || rule == pattern.RuleWasabi11 {
				rule = roundRules
			}
			for _, k := range kinds {
				by[k.rule].Count(rule == k.rule, so == k.kind)
			}
			if !found || rule == pattern.RuleEqualOutput { // it is asked last
				left.Count(found, so.coinJoin())
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.detected(TaskCoinJoin, "all rules", all)
	for _, k := range kinds {
		m.detected(TaskCoinJoin, k.rule, *by[k.rule])
	}
	m.detected(TaskCoinJoin, pattern.RuleEqualOutput+", of what the others leave", left)
	if err := m.found(ctx, pattern.KindCoinJoin, pattern.RuleTx0, preparation); err != nil {
		return err
	}
	return m.found(ctx, pattern.KindStonewall, pattern.RuleStonewall, none)
}

// found judges a rule whose findings are single transactions.
func (m *measurer) found(ctx context.Context, kind, rule string, so what) error {
	var hashes []goshawk.Hash
	err := pattern.Find(ctx, m.Ledger, pattern.Query{Kind: kind, First: m.Founded}, func(f goshawk.Finding) error {
		if f.Rule == rule {
			hashes = append(hashes, f.Tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	found, err := m.Ledger.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return err
	}
	var d score.Detection
	for _, tx := range found.Transactions {
		d.Count(true, m.Truth.txs[tx].what == so)
	}
	for _, t := range m.Truth.txs[m.Founded:] {
		if t.what == so {
			d.Missed++
		}
	}
	d.Missed -= d.True
	m.detected(TaskCoinJoin, rule, d)
	return nil
}

// leastHops is how long a chain has to be to count, which is also from where on
// the engine reports one.
const leastHops = 5

// hops is what the truth says of transactions with one input and two spendable
// outputs of which exactly one comes back to the payer.
type hops struct {
	rest  map[goshawk.TxID]int  // the output that comes back
	long  map[goshawk.TxID]bool // in a chain of at least leastHops
	payer map[goshawk.TxID]score.Owner
}

// peels judges the hops of the peel chains that are found in the whole ledger. A
// hop is right where the chain goes on with the output that came back to the
// payer, and the payer is the owner of the coin at which the chain begins. Missed
// are hops of true chains of at least leastHops that no chain found follows rightly.
func (m *measurer) peels(ctx context.Context) error {
	truth, err := m.trueHops(ctx)
	if err != nil {
		return err
	}
	together, err := cluster.Parse(cluster.OneTimeChange)
	if err != nil {
		return err
	}
	peel, err := cluster.Named("peel")
	if err != nil {
		return err
	}
	for _, change := range []*cluster.Expression{nil, peel, together} {
		method, query := pattern.RulePeelChain, pattern.Query{Kind: pattern.KindPeelChain, First: m.Founded}
		if change != nil {
			finder := cluster.NewFinder(m.Ledger, change)
			query.Change, query.ChangeWant = finder.Changes, finder.Want()
			method += " by " + change.Rule()
		}
		var d score.Detection
		followed := map[goshawk.TxID]bool{}
		err := pattern.Find(ctx, m.Ledger, query, func(f goshawk.Finding) error { return m.chain(ctx, &f, truth, followed, &d) })
		if err != nil {
			return err
		}
		for tx := range truth.long { // a sum: its order does not matter
			if !followed[tx] {
				d.Missed++
			}
		}
		m.detected(TaskPeel, method, d)
	}
	return nil
}

// chain judges the hops of one finding.
func (m *measurer) chain(ctx context.Context, f *goshawk.Finding, truth *hops, followed map[goshawk.TxID]bool, d *score.Detection) error {
	var txs []goshawk.Hash
	var peeled []int
	var start goshawk.Hash
	var out uint32
	for i := range f.Parts {
		switch p := &f.Parts[i]; p.Role {
		case "start":
			start, out = *p.Tx, *p.Out
		case "peel":
			txs, peeled = append(txs, *p.Tx), append(peeled, int(*p.Out))
		}
	}
	ids, err := m.Ledger.Find(ctx, goshawk.Names{Transactions: append(txs, start)})
	if err != nil {
		return err
	}
	var batch goshawk.Transactions
	if err := m.Ledger.Transactions(ctx, ids.Transactions[len(txs):], 0, &batch); err != nil {
		return err
	}
	who := m.Truth.Owners[batch.Outputs[out].Address]
	for i, tx := range ids.Transactions[:len(txs)] {
		rest, ok := truth.rest[tx]
		if ok && rest != peeled[i] && truth.payer[tx] == who {
			d.True++
			followed[tx] = true
		} else {
			d.False++
		}
	}
	return nil
}

func (m *measurer) trueHops(ctx context.Context) (*hops, error) {
	h := &hops{map[goshawk.TxID]int{}, map[goshawk.TxID]bool{}, map[goshawk.TxID]score.Owner{}}
	next := map[goshawk.TxID]goshawk.TxID{} // by hop: who spends the rest
	var order []goshawk.TxID
	err := goshawk.Scan(ctx, m.Ledger, m.Founded, m.end, 0, func(batch *goshawk.Transactions) error {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		for row := range batch.Rows {
			outs := batch.Out(row)
			if len(batch.In(row)) != 1 {
				continue
			}
			spendable := 0
			for i := range outs {
				if outs[i].Value > 0 && outs[i].Spender != goshawk.Burnt {
					spendable++
				}
			}
			back := m.Truth.back(batch, row)
			if spendable != 2 || len(back) != 1 {
				continue
			}
			tx := batch.Rows[row].ID
			h.rest[tx], h.payer[tx], next[tx] = back[0], m.Truth.payer(batch, row), outs[back[0]].Spender
			order = append(order, tx)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	before := map[goshawk.TxID]int{} // hops of the chain before each
	for _, tx := range order {
		if _, on := h.rest[next[tx]]; on {
			before[next[tx]] = before[tx] + 1
		}
	}
	length := map[goshawk.TxID]int{} // of the chain that each is in
	for i := len(order) - 1; i >= 0; i-- {
		tx := order[i]
		length[tx] = before[tx] + 1
		if whole, on := length[next[tx]]; on {
			length[tx] = whole
		}
		if length[tx] >= leastHops {
			h.long[tx] = true
		}
	}
	return h, nil
}

// deposits judges which addresses are taken for customers' deposit addresses.
// Missed are those that services made for a customer, and from which a coin was
// spent: of the others nobody can tell.
func (m *measurer) deposits(ctx context.Context) error {
	spent, err := score.Spent(ctx, m.Ledger, 0, m.end)
	if err != nil {
		return err
	}
	so := uint64(0)
	for a := range m.Truth.Owners {
		if id := goshawk.AddressID(a); m.Truth.Deposits.Has(id) && spent.Has(id) {
			so++
		}
	}
	for _, by := range []struct {
		method   string
		services pattern.Services
	}{{pattern.RuleDepositAddress, nil}, {pattern.RuleDepositAddress + ", services labelled", known{m.Truth}}} {
		var names []string
		query := pattern.Query{Kind: pattern.KindDepositAddress, Owner: m.grouping.Root, Members: m.grouping.Members, Services: by.services}
		err := pattern.Find(ctx, m.Ledger, query, func(f goshawk.Finding) error {
			for i := range f.Parts {
				if p := &f.Parts[i]; p.Role == "deposit" {
					names = append(names, p.Address)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		found, err := m.Ledger.Find(ctx, goshawk.Names{Addresses: names})
		if err != nil {
			return err
		}
		var d score.Detection
		for _, a := range found.Addresses {
			d.Count(true, m.Truth.Deposits.Has(a))
		}
		d.Missed = so - d.True
		m.detected(TaskDeposit, by.method, d)
	}
	return nil
}

// known names services by the addresses that anybody can come to know.
type known struct{ t *Truth }

// Service implements pattern.Services.
func (k known) Service(a goshawk.AddressID) (string, bool) {
	if !k.t.Open.Has(a) {
		return "", false
	}
	return k.t.names[k.t.Owners[a]], true
}
