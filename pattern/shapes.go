package pattern

import (
	"context"
	"fmt"
	"slices"

	"goshawk"
)

// The rules on single transactions besides the CoinJoins.
const (
	RuleTx0           = "whirlpool-tx0/1"
	RuleStonewall     = "stonewall/1"
	RuleConsolidation = "consolidation/1"
	RuleBatchPayout   = "batch-payout/1"
)

const (
	tx0LeastFees = 100 // what a premix coin brings beyond the pool's amount, at least [S]
	tx0Coins     = 2   // premix coins at least: a single one is any small payment with data [own]
	tx0MostCoins = 70  // and at most [S]

	stonewallLeast  = 5_000 // equal amounts at least [G]
	stonewallInputs = 10    // at most: two parties' [own]

	consolidationInputs = 10 // [own]
	payoutOutputs       = 10 // [own]
	payoutPayers        = 3  // input addresses at most, unless labelled [own]

	mostParts = 1000 // of a transaction's coins listed in a finding
)

// coinJoin words the verdict of CoinJoin. A transaction of a labelled service by
// the two broad rules is its batch payout, and no finding here.
func (s *search) coinJoin(batch *goshawk.Transactions, row int) *draft {
	if _, ok := CoinJoin(batch, row); !ok {
		return nil
	}
	v := judge(batch, row)
	ins, outs := batch.In(row), batch.Out(row)
	broad := v.rule == RuleJoinMarket || v.rule == RuleEqualOutput
	if broad && s.payer(ins) != "" {
		return nil
	}
	d := newDraft(KindCoinJoin, v.rule, strong, "", batch.Rows[row].ID)
	switch v.rule {
	case RuleWasabi2:
		d.Statement = "consistent with a CoinJoin round of Wasabi 2"
		d.Saw = append(d.Saw, fmt.Sprintf("%d of %d outputs are at standard amounts", v.equal, len(outs)),
			"inputs and outputs are both ordered from large to small")
	case RuleWhirlpool:
		d.Statement = "consistent with a mix of Whirlpool"
		d.Saw = append(d.Saw, fmt.Sprintf("all %d outputs are of the pool amount %s", v.equal, s.amount(v.value)))
		if same := len(ins) - v.fresh - v.unknown; same+v.fresh > 0 {
			d.Saw = append(d.Saw, fmt.Sprintf("%s of exactly that amount, %s a little more for the fee", goshawk.Count(same, "input is", "inputs are"), goshawk.Count(v.fresh, "brings", "bring")))
		}
		if v.unknown > 0 {
			d.Confidence = moderate
			d.Saw = append(d.Saw, goshawk.Count(v.unknown, "input is of unknown amount", "inputs are of unknown amounts"))
		}
	case RuleWasabi10, RuleWasabi11:
		d.Statement = "consistent with a CoinJoin round of Wasabi 1"
		d.Saw = append(d.Saw, s.equal(v, len(outs)))
		if v.levels > 0 {
			d.Saw = append(d.Saw, goshawk.Count(v.levels, "doubled amount repeats", "doubled amounts repeat"))
		}
	case RuleJoinMarket:
		d.Statement = "consistent with a CoinJoin as JoinMarket makes them"
		d.Confidence = moderate
		if v.equal < equalLeast {
			d.Confidence = weak
		}
		d.Saw = append(d.Saw, s.equal(v, len(outs)), "the others are all different, at most one for each equal output")
	default:
		d.Statement = "consistent with a CoinJoin, or with one party's payout of equal amounts from many addresses"
		d.Confidence = moderate
		d.Saw = append(d.Saw, s.equal(v, len(outs)))
	}
	d.Saw = append(d.Saw, fmt.Sprintf("%s from %s", goshawk.Count(len(ins), "input", "inputs"), goshawk.Count(v.payers, "address", "addresses")),
		fmt.Sprintf("%s to %s", goshawk.Count(len(outs), "output", "outputs"), goshawk.Count(v.receivers, "address", "addresses")))
	for i := range outs[:min(len(outs), mostParts)] {
		role := "other"
		if v.rule == RuleWasabi2 {
			if _, standard := slices.BinarySearch(wasabi2Amounts, outs[i].Value); standard {
				role = "mixed"
			}
		} else if outs[i].Value == v.value {
			role = "mixed"
		}
		d.output(role, d.tx, i, &outs[i])
	}
	return d
}

func (s *search) equal(v verdict, outs int) string {
	return fmt.Sprintf("%d of %d outputs are worth %s each", v.equal, outs, s.amount(v.value))
}

// payer names the labelled service that owns an input, if any.
func (s *search) payer(ins []goshawk.Input) string {
	if s.Services == nil {
		return ""
	}
	for i := range ins {
		if ins[i].Address == goshawk.NoAddress {
			continue
		}
		if name, ok := s.Services.Service(ins[i].Address); ok {
			return name
		}
	}
	return ""
}

// tx0 sees the preparation of Whirlpool mixes: one owner's coins cut into coins
// of a pool's amount plus one and the same fee, one output to the coordinator,
// one data output and perhaps change. It is one owner's transaction, not a CoinJoin.
func tx0(batch *goshawk.Transactions, row int) *draft {
	r, outs := &batch.Rows[row], batch.Out(row)
	if r.Coinbase || r.Time < whirlpoolSince || len(outs) < 3 || len(outs) > tx0MostCoins+3 {
		return nil
	}
	data := 0
	for i := range outs {
		switch {
		case !spendable(&outs[i]):
			data++
		case outs[i].Kind != goshawk.WitnessPubKeyHash:
			return nil // its wallets make no other scripts
		}
	}
	if data != 1 {
		return nil
	}
	for _, pool := range whirlpoolPools {
		// The coordinator's fee varied between half and three times the published one [S].
		value, coins, fees := uint64(0), 0, 0
		for i := range outs {
			v := outs[i].Value
			switch {
			case v >= pool.amount+tx0LeastFees && v <= pool.amount+whirlpoolMaxFees && (coins == 0 || v == value):
				value, coins = v, coins+1
			case pool.fee > 0 && 2*v >= pool.fee && v <= 3*pool.fee:
				fees++
			}
		}
		if coins < tx0Coins || coins < len(outs)-3 || fees != 1 {
			continue
		}
		d := newDraft(KindCoinJoin, RuleTx0, moderate, "consistent with a Whirlpool tx0, which cuts one owner's coins for later mixes and is no CoinJoin itself", r.ID)
		d.Saw = append(d.Saw,
			fmt.Sprintf("%s of %s, the amount of the pool %s and a fee", goshawk.Count(coins, "output", "outputs"), batch.Asset.Format(goshawk.U(value)), batch.Asset.Format(goshawk.U(pool.amount))),
			"one output of the size of that pool's coordinator fee and one data output")
		for i := range outs {
			if outs[i].Value == value {
				d.output("premix", d.tx, i, &outs[i])
			}
		}
		return d
	}
	return nil
}

// confirmTx0 looks where the coins of a tx0 were spent.
func (s *search) confirmTx0(ctx context.Context, d *draft) error {
	var batch goshawk.Transactions
	if err := s.ledger.Transactions(ctx, []goshawk.TxID{d.tx}, goshawk.WantKinds, &batch); err != nil {
		return err
	}
	var coins []goshawk.OutputID
	for _, p := range d.parts {
		coins = append(coins, batch.Outputs[p.out].ID)
	}
	found, err := s.ledger.Outputs(ctx, coins)
	if err != nil {
		return err
	}
	var spenders []goshawk.TxID
	for i := range found {
		if found[i].Spender < goshawk.Later {
			spenders = append(spenders, found[i].Spender)
		}
	}
	if len(spenders) == 0 {
		return nil
	}
	if err := s.ledger.Transactions(ctx, spenders, goshawk.WantKinds, &batch); err != nil {
		return err
	}
	mixed := 0
	for row := range batch.Rows {
		if rule, _ := CoinJoin(&batch, row); rule == RuleWhirlpool {
			mixed++
		}
	}
	d.Saw = append(d.Saw, goshawk.Count(mixed, "of these outputs was", "of these outputs were")+" spent in mixes of Whirlpool")
	if mixed > 0 {
		d.Confidence = strong
	}
	return nil
}

// stonewall sees the two-party shape of Stonewall: three or four outputs to
// different addresses, exactly two of them equal. Ordinary payments can have it.
func stonewall(batch *goshawk.Transactions, row int) *draft {
	ins, outs := batch.In(row), batch.Out(row)
	if len(ins) < 2 || len(ins) > stonewallInputs || len(outs) < 3 || len(outs) > 4 {
		return nil
	}
	pairs, value := 0, uint64(0)
	for i := range outs {
		for j := range i {
			if outs[i].Value == outs[j].Value {
				pairs, value = pairs+1, outs[i].Value
			}
		}
		if !spendable(&outs[i]) {
			return nil
		}
	}
	if pairs != 1 || value < stonewallLeast || distinctInputs(ins) < 2 || distinctOutputs(outs) != len(outs) {
		return nil
	}
	d := newDraft(KindStonewall, RuleStonewall, weak, "consistent with a Stonewall (a payment that looks like a CoinJoin of two), and with two equal payments by one owner", batch.Rows[row].ID)
	d.Saw = append(d.Saw, fmt.Sprintf("2 of %d outputs are worth %s each", len(outs), batch.Asset.Format(goshawk.U(value))),
		fmt.Sprintf("%s from %s", goshawk.Count(len(ins), "input", "inputs"), goshawk.Count(distinctInputs(ins), "address", "addresses")))
	for i := range outs {
		if outs[i].Value == value {
			d.output("equal", d.tx, i, &outs[i])
		}
	}
	return d
}

// consolidation sees many coins gathered into one.
func consolidation(batch *goshawk.Transactions, row int) *draft {
	ins, outs := batch.In(row), batch.Out(row)
	if len(ins) < consolidationInputs {
		return nil
	}
	to := -1
	for i := range outs {
		if !spendable(&outs[i]) {
			continue
		}
		if to >= 0 {
			return nil
		}
		to = i
	}
	if to < 0 {
		return nil
	}
	payers := distinctInputs(ins)
	d := newDraft(KindConsolidation, RuleConsolidation, strong, "consistent with one owner gathering coins", batch.Rows[row].ID)
	d.Saw = append(d.Saw, fmt.Sprintf("%s from %s and one output", goshawk.Count(len(ins), "input", "inputs"), goshawk.Count(payers, "address", "addresses")))
	if unresolved := unresolved(ins); unresolved > 0 {
		d.Saw = append(d.Saw, goshawk.Count(unresolved, "input is unresolved", "inputs are unresolved"))
	}
	d.output("gathered", d.tx, to, &outs[to])
	return d
}

func unresolved(ins []goshawk.Input) int {
	n := 0
	for i := range ins {
		if ins[i].Link == goshawk.Unresolved {
			n++
		}
	}
	return n
}

// batchPayout sees one party paying many at once.
func (s *search) batchPayout(batch *goshawk.Transactions, row int) *draft {
	ins, outs := batch.In(row), batch.Out(row)
	if len(outs) < payoutOutputs || len(ins) == 0 {
		return nil
	}
	payers, receivers := distinctInputs(ins), distinctOutputs(outs)
	name := s.payer(ins)
	if receivers < payoutOutputs || payers == 0 || payers > payoutPayers && name == "" {
		return nil
	}
	if rule, ok := CoinJoin(batch, row); ok && (name == "" || rule != RuleJoinMarket && rule != RuleEqualOutput) {
		return nil
	}
	d := newDraft(KindBatchPayout, RuleBatchPayout, moderate, "consistent with one party paying many at once, as services do", batch.Rows[row].ID)
	if name != "" {
		d.Confidence, d.Statement = strong, "consistent with a payout by "+name
		d.Saw = append(d.Saw, "an input's address is labelled "+name)
	}
	d.Saw = append(d.Saw, fmt.Sprintf("%s from %s", goshawk.Count(len(ins), "input", "inputs"), goshawk.Count(payers, "address", "addresses")),
		fmt.Sprintf("%s to %s", goshawk.Count(len(outs), "output", "outputs"), goshawk.Count(receivers, "address", "addresses")))
	for i := range outs[:min(len(outs), mostParts)] {
		d.output("payout", d.tx, i, &outs[i])
	}
	return d
}
