package pattern

import (
	"context"
	"fmt"

	"goshawk"
)

// RulePeelChain follows a coin through transactions with one input and two
// spendable outputs: a small part goes off, the rest goes on (Meiklejohn et al.,
// IMC 2013; Kappos et al., USENIX Security 2022).
const RulePeelChain = "peel-chain/1"

const (
	peelHops     = 5   // a whole search reports chains at least this long [own]
	peelModerate = 10  // hops from which the confidence is moderate [own]
	peelStrong   = 30  // and strong [own]
	peelAtOnce   = 128 // chains followed side by side
)

// chain is a coin on its way.
type chain struct {
	start goshawk.Coin
	at    goshawk.Coin // where it is now
	hops  []hop
	end   string // why it stopped; empty while it goes on
}

// hop is one transaction of a chain: its output that went off, and the other.
type hop struct {
	tx   goshawk.TxID
	time int64
	peel int
	out  goshawk.Output
}

func (s *search) peelsFrom(ctx context.Context, coin goshawk.Coin) error {
	c := &chain{start: coin, at: coin}
	if err := s.follow(ctx, []*chain{c}); err != nil {
		return err
	}
	if len(c.hops) == 0 {
		return nil
	}
	return s.report(ctx, []*draft{s.peelChain(c)})
}

// peels finds where chains begin and follows each once.
func (s *search) peels(ctx context.Context) error {
	return goshawk.Scan(ctx, s.ledger, s.First, s.end(), goshawk.WantKinds|s.ChangeWant, func(batch *goshawk.Transactions) error {
		heads, err := s.peelHeads(ctx, batch)
		if err != nil {
			return err
		}
		for len(heads) > 0 {
			n := min(peelAtOnce, len(heads))
			if err := s.follow(ctx, heads[:n]); err != nil {
				return err
			}
			var drafts []*draft
			for _, c := range heads[:n] {
				if len(c.hops) >= peelHops {
					drafts = append(drafts, s.peelChain(c))
				}
			}
			if err := s.report(ctx, drafts); err != nil {
				return err
			}
			heads = heads[n:]
		}
		return nil
	})
}

// isPeel says whether a transaction has the shape of a hop.
func isPeel(batch *goshawk.Transactions, row int) bool {
	r := &batch.Rows[row]
	if r.InputEnd-r.FirstInput != 1 || r.OutputEnd-r.FirstOutput < 2 {
		return false
	}
	n := 0
	for i := r.FirstOutput; i < r.OutputEnd; i++ {
		if spendable(&batch.Outputs[i]) {
			n++
		}
	}
	return n == 2
}

// rest points to the output of each peel that goes on: the change, where a
// heuristic tells it, else the larger one; -1 for what is no peel.
func (s *search) rest(ctx context.Context, batch *goshawk.Transactions) ([]int, error) {
	out := make([]int, len(batch.Rows))
	var changes []int
	if s.Change != nil {
		var err error
		if changes, err = s.Change(ctx, batch); err != nil {
			return nil, err
		}
	}
	for row := range out {
		out[row] = -1
		if !isPeel(batch, row) {
			continue
		}
		outs := batch.Out(row)
		if changes != nil {
			if i := changes[row]; i >= 0 && i < len(outs) && spendable(&outs[i]) {
				out[row] = i
			}
			continue
		}
		for i := range outs {
			if spendable(&outs[i]) && (out[row] < 0 || outs[i].Value > outs[out[row]].Value) {
				out[row] = i
			}
		}
	}
	return out, nil
}

// peelHeads returns the coins that enter a chain in a batch: those that a peel
// spends and that no peel left as its rest.
func (s *search) peelHeads(ctx context.Context, batch *goshawk.Transactions) ([]*chain, error) {
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	var spent []goshawk.OutputID
	for row := range batch.Rows {
		if isPeel(batch, row) && batch.In(row)[0].Link == goshawk.Linked {
			spent = append(spent, batch.In(row)[0].Spent)
		}
	}
	if len(spent) == 0 {
		return nil, nil
	}
	coins, err := s.ledger.Outputs(ctx, spent)
	if err != nil {
		return nil, err
	}
	parents := make([]goshawk.TxID, len(coins))
	for i := range coins {
		parents[i] = coins[i].Tx
	}
	var before goshawk.Transactions
	if err := s.ledger.Transactions(ctx, parents, goshawk.WantKinds|s.ChangeWant, &before); err != nil {
		return nil, err
	}
	rest, err := s.rest(ctx, &before)
	if err != nil {
		return nil, err
	}
	var heads []*chain
	for i := range coins {
		if rest[i] != int(coins[i].Index) {
			heads = append(heads, &chain{start: coins[i], at: coins[i]})
		}
	}
	return heads, nil
}

// follow walks all chains to their ends, a hop of each in one request.
func (s *search) follow(ctx context.Context, chains []*chain) error {
	var batch goshawk.Transactions
	for {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		var ids []goshawk.TxID
		var moving []*chain
		for _, c := range chains {
			if c.end == "" {
				if c.end = s.standstill(c); c.end == "" {
					ids, moving = append(ids, c.at.Spender), append(moving, c)
				}
			}
		}
		if len(ids) == 0 {
			return nil
		}
		if err := s.ledger.Transactions(ctx, ids, goshawk.WantKinds|s.ChangeWant, &batch); err != nil {
			return err
		}
		rest, err := s.rest(ctx, &batch)
		if err != nil {
			return err
		}
		var later []*chain
		for row, c := range moving {
			if s.hop(c, &batch, row, rest[row]); c.at.Spender == goshawk.Later {
				later = append(later, c)
			}
		}
		if err := s.resolve(ctx, later); err != nil {
			return err
		}
	}
}

// standstill says why a chain goes no further without looking at what comes next.
func (s *search) standstill(c *chain) string {
	if s.Services != nil && len(c.hops) > 0 {
		if name, ok := s.Services.Service(c.at.Address); ok {
			return "the rest came to an address labelled " + name
		}
	}
	switch {
	case c.at.Spender == goshawk.NoTx:
		return "the rest is unspent"
	case c.at.Spender == goshawk.Burnt:
		return "the rest can never be spent"
	case len(c.hops) >= s.MostHops:
		return "the search stops at " + goshawk.Count(s.MostHops, "hop", "hops")
	}
	return ""
}

// hop moves a chain through the transaction that spends its coin, or ends it there.
func (s *search) hop(c *chain, batch *goshawk.Transactions, row, rest int) {
	r, outs := &batch.Rows[row], batch.Out(row)
	if rest < 0 {
		if isPeel(batch, row) {
			c.end = "which output goes on cannot be said"
		} else if rule, ok := CoinJoin(batch, row); ok {
			c.end = "the rest was spent in a CoinJoin (" + rule + ")"
		} else {
			c.end = fmt.Sprintf("the rest was spent by a transaction with %s and %s",
				goshawk.Count(len(batch.In(row)), "input", "inputs"), goshawk.Count(len(outs), "output", "outputs"))
		}
		return
	}
	for i := range outs {
		if i != rest && spendable(&outs[i]) {
			c.hops = append(c.hops, hop{tx: r.ID, time: r.Time, peel: i, out: outs[i]})
		}
	}
	c.at = goshawk.Coin{Output: outs[rest], Tx: r.ID, Index: uint32(rest), Height: r.Height}
}

// resolve asks for spenders that a remote ledger has not looked up yet.
func (s *search) resolve(ctx context.Context, chains []*chain) error {
	if len(chains) == 0 {
		return nil
	}
	ids := make([]goshawk.OutputID, len(chains))
	for i, c := range chains {
		ids[i] = c.at.ID
	}
	coins, err := s.ledger.Outputs(ctx, ids)
	if err != nil {
		return err
	}
	for i, c := range chains {
		c.at.Spender = coins[i].Spender
	}
	return nil
}

func (s *search) peelChain(c *chain) *draft {
	confidence := weak
	switch {
	case len(c.hops) >= peelStrong:
		confidence = strong
	case len(c.hops) >= peelModerate:
		confidence = moderate
	}
	d := newDraft(KindPeelChain, RulePeelChain, confidence, "consistent with one owner paying out bit by bit from one coin", c.hops[0].tx)
	var sum, largest uint64
	for i := range c.hops {
		h := &c.hops[i]
		d.output("peel", h.tx, h.peel, &h.out)
		sum += h.out.Value
		largest = max(largest, h.out.Value)
	}
	first, last := c.hops[0].time, c.hops[len(c.hops)-1].time
	d.Saw = append(d.Saw,
		fmt.Sprintf("a coin of %s goes on through %s with one input and two outputs", s.amount(c.start.Value), goshawk.Count(len(c.hops), "transaction", "transactions")),
		fmt.Sprintf("%s went off in %s, the largest %s", s.amount(sum), goshawk.Count(len(c.hops), "peel", "peels"), s.amount(largest)),
		fmt.Sprintf("%s are left: %s", s.amount(c.at.Value), c.end))
	if last > first {
		d.Saw = append(d.Saw, "over "+goshawk.Count(int((last-first+86399)/86400), "day", "days")+" by block time")
	}
	d.parts = append([]part{{"start", c.start.Tx, int(c.start.Index), c.start.Address, c.start.Value, true}}, d.parts...)
	d.parts = append(d.parts, part{"rest", c.at.Tx, int(c.at.Index), c.at.Address, c.at.Value, true})
	return d
}
