package pattern

import (
	"slices"

	"goshawk"
)

// The CoinJoin rules, in the order in which they are tried. docs/method has a
// page for each, with its sources.
const (
	RuleWasabi2     = "wasabi2/1"
	RuleWhirlpool   = "whirlpool/1"
	RuleWasabi11    = "wasabi1.1/1"
	RuleWasabi10    = "wasabi1.0/1"
	RuleJoinMarket  = "joinmarket/1"
	RuleEqualOutput = "equal-output/1"
)

// CoinJoinRules names the rules that CoinJoin can answer, in their order: the
// text that an answer carries as its CoinJoin rule.
func CoinJoinRules() []string {
	return []string{RuleWasabi2, RuleWhirlpool, RuleWasabi11, RuleWasabi10, RuleJoinMarket, RuleEqualOutput}
}

// Thresholds. Amounts are in the smallest unit of a coin with eight decimals.
// Sources: [D] Ficsór's Dumplings scanner, [S] Stütz et al., AFT 2022
// (arXiv 2109.10229), [G] GraphSense's published measurements of 2026 on the
// same conditions, [M] Möser and Böhme, "Join Me on a Market for Anonymity",
// WEIS 2016, [F] Goldfeder et al., PoPETs 2018(4); [own] chosen here.
const (
	// No rule holds below these counts: the cheap way out for nearly all transactions.
	leastInputs  = 3
	leastOutputs = 5

	wasabi2Since      = 1655294400 // 2022-06-15, release of 2.0 [D: height 741,213]
	wasabi2Opened     = 1717200000 // 2024-06-01: the first coordinator closed, smaller ones followed
	wasabi2Inputs     = 50         // until then [D]
	wasabi2InputsNow  = 20         // since then [G]
	wasabi2Least      = 5_000      // smallest output of a round [D]
	wasabi2Addresses  = 5          // distinct ones on either side [own]
	wasabi2Percent    = 80         // of outputs at standard amounts, until then [D]
	wasabi2PercentNow = 75         // since then [own]

	whirlpoolSince   = 1554249600 // 2019-04-03 [D: height 570,000]
	whirlpoolLeast   = 5          // coins on either side [D, S]
	whirlpoolMost    = 10         // with surge cycles [D]
	whirlpoolMaxFees = 110_000    // a new coin brings the pool's amount and at most this [D, S]

	wasabi1Since   = 1530748800 // 2018-07-05 [D: height 530,500]
	wasabi1Base    = 10_000_000 // about 0.1 coins, drifting [D, S]
	wasabi1Drift   = 2_000_000  // [D]
	wasabi1Equal   = 10         // equal outputs [D]
	wasabi1PerUser = 7          // inputs per participant at most [S]

	joinMarketEqual = 3     // participants at least: below it the shape is any payment's [G]
	joinMarketMost  = 50    // participants at most: far above what makers offer [own]
	perUser         = 20    // inputs per participant at most, of this rule and the next [G]
	dust            = 2_730 // amounts below which equal outputs are tokens, not money [F, G]

	equalLeast = 5 // equal outputs at least [own]
)

// whirlpoolPools are the amounts of Whirlpool's pools, those of its successor
// Ashigaru included (0.025 and 0.25), with the pool's fee where it is published [S, G].
var whirlpoolPools = [...]struct{ amount, fee uint64 }{
	{100_000, 5_000}, {1_000_000, 50_000}, {5_000_000, 175_000}, {50_000_000, 1_750_000},
	{2_500_000, 0}, {25_000_000, 0},
}

// CoinJoin says by which rule a transaction looks like a CoinJoin, if by any.
// It uses counts, values, addresses and the block's time, nothing that a batch
// may lack, so that everybody who asks gets the same answer. It costs a few
// nanoseconds for an ordinary transaction and does not allocate unless one side
// has more than 2,048 coins. Two-party shapes
// (Stonewall, PayJoin) and the preparation of a mix (tx0) are no CoinJoins here.
func CoinJoin(batch *goshawk.Transactions, row int) (rule string, ok bool) {
	r := &batch.Rows[row]
	if r.OutputEnd-r.FirstOutput < leastOutputs || r.InputEnd-r.FirstInput < leastInputs {
		return "", false
	}
	v := judge(batch, row)
	return v.rule, v.rule != ""
}

// verdict is what judge saw: the rule that holds and the numbers behind it.
type verdict struct {
	rule      string
	value     uint64 // the equal outputs' amount; for wasabi2 none
	equal     int    // outputs of that amount; for wasabi2 outputs at standard amounts
	levels    int    // for wasabi1.1: amounts at doubled levels
	payers    int    // distinct input addresses
	receivers int    // distinct output addresses
	fresh     int    // for whirlpool: inputs that bring a fee
	unknown   int    // for whirlpool: inputs of unknown amount
}

func judge(batch *goshawk.Transactions, row int) verdict {
	r := &batch.Rows[row]
	ins, outs := batch.In(row), batch.Out(row)
	if v, ok := wasabi2(r, ins, outs); ok {
		return v
	}
	// Every other rule needs more than a quarter of the outputs equal and as many payers.
	if 4*len(ins) < len(outs) {
		return verdict{}
	}
	value, equal := mode(outs)
	if equal < joinMarketEqual || equal > len(ins) || value <= dust {
		return verdict{}
	}
	for i := range outs {
		if outs[i].Value == 0 || outs[i].Spender == goshawk.Burnt {
			return verdict{} // none of these protocols writes data
		}
	}
	v := verdict{value: value, equal: equal}
	if !plausible(r, ins, outs, &v) {
		return verdict{}
	}
	// Only now the costlier part: distinct payers, and every output to its own address.
	v.payers, v.receivers = distinctInputs(ins), distinctOutputs(outs)
	if v.payers < equal || v.receivers != len(outs) {
		return verdict{}
	}
	if v.rule == RuleWhirlpool && v.payers != len(ins) {
		v.rule = RuleEqualOutput
	}
	return v
}

// plausible sets the rule whose conditions on counts and amounts hold.
func plausible(r *goshawk.Transaction, ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	switch {
	case r.Time >= whirlpoolSince && whirlpool(ins, outs, v):
		v.rule = RuleWhirlpool
	case r.Time >= wasabi1Since && wasabi1(ins, outs, v):
	case joinMarket(ins, outs, v):
		v.rule = RuleJoinMarket
	case equalOutput(ins, outs, v):
		v.rule = RuleEqualOutput
	default:
		return false
	}
	return true
}

// wasabi2 holds for rounds of Wasabi 2: many inputs and outputs, both ordered
// from large to small, nearly all outputs at standard amounts.
func wasabi2(r *goshawk.Transaction, ins []goshawk.Input, outs []goshawk.Output) (verdict, bool) {
	least, percent := wasabi2Inputs, wasabi2Percent
	if r.Time >= wasabi2Opened {
		least, percent = wasabi2InputsNow, wasabi2PercentNow
	}
	if r.Time < wasabi2Since || len(ins) < least {
		return verdict{}, false
	}
	last := ^uint64(0)
	for i := range ins {
		in := &ins[i]
		if in.Link == goshawk.Unresolved {
			continue
		}
		if in.Value > last {
			return verdict{}, false
		}
		last = in.Value
	}
	last = ^uint64(0)
	standard, d := 0, len(wasabi2Amounts)-1
	for i := range outs {
		o := &outs[i]
		if o.Value > last || o.Value < wasabi2Least {
			return verdict{}, false
		}
		last = o.Value
		for d >= 0 && wasabi2Amounts[d] > o.Value {
			d--
		}
		if d >= 0 && wasabi2Amounts[d] == o.Value {
			standard++
		}
	}
	if 100*standard <= percent*len(outs) {
		return verdict{}, false
	}
	v := verdict{rule: RuleWasabi2, equal: standard, payers: distinctInputs(ins), receivers: distinctOutputs(outs)}
	return v, v.payers >= wasabi2Addresses && v.receivers >= wasabi2Addresses
}

// wasabi2Amounts are the standard amounts of Wasabi 2, from small to large:
// powers of two, powers of three and their doubles, and one, two and five times
// the powers of ten, between 5,000 and 2^37 [D].
var wasabi2Amounts = func() []uint64 {
	const most = 1 << 37
	var list []uint64
	series := func(first, factor uint64) {
		for v := first; v <= most; v *= factor {
			if v >= wasabi2Least {
				list = append(list, v)
			}
		}
	}
	series(1, 2)
	series(1, 3)
	series(2, 3)
	series(1, 10)
	series(2, 10)
	series(5, 10)
	slices.Sort(list)
	return slices.Compact(list)
}()

// whirlpool holds for mixes of Whirlpool: as many inputs as outputs, all outputs
// of a pool's amount, some inputs of exactly that amount (mixed before) and some
// that bring a little more for the fee.
func whirlpool(ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	if len(ins) != len(outs) || v.equal != len(outs) || len(outs) < whirlpoolLeast || len(outs) > whirlpoolMost {
		return false
	}
	pool := slices.ContainsFunc(whirlpoolPools[:], func(p struct{ amount, fee uint64 }) bool { return p.amount == v.value })
	if !pool {
		return false
	}
	before, unknown := 0, 0
	for i := range ins {
		in := &ins[i]
		switch {
		case in.Link == goshawk.Unresolved:
			unknown++
		case in.Value == v.value:
			before++
		case in.Value < v.value || in.Value-v.value > whirlpoolMaxFees:
			return false
		default:
			v.fresh++
		}
	}
	v.unknown = unknown
	return before+unknown > 0 && v.fresh+unknown > 0
}

// wasabi1 holds for rounds of Wasabi 1: many equal outputs of about 0.1, at most
// one change output for each and one for the coordinator; 1.1 adds mixing levels
// of twice, four times, … that amount.
func wasabi1(ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	if v.equal < wasabi1Equal || v.value < wasabi1Base-wasabi1Drift || v.value > wasabi1Base+wasabi1Drift ||
		len(ins) > wasabi1PerUser*v.equal {
		return false
	}
	higher, levels := 0, 0
	for level := 2 * v.value; level < 1<<50; level *= 2 {
		n := 0
		for i := range outs {
			if outs[i].Value == level {
				n++
			}
		}
		if n >= 2 { // one output may be a change by chance
			higher, levels = higher+n, levels+1
		}
	}
	if 2*(v.equal+higher) < len(outs)-1 {
		return false
	}
	v.rule, v.levels = RuleWasabi10, levels
	if levels > 0 {
		v.rule = RuleWasabi11
	}
	return true
}

// joinMarket holds for the shape of JoinMarket: n equal outputs, and a change
// output for each participant but perhaps the one who sweeps, no two of them alike.
func joinMarket(ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	if v.equal > joinMarketMost || len(ins) > perUser*v.equal || len(outs) != 2*v.equal && len(outs) != 2*v.equal-1 || !funded(ins, outs, v) {
		return false
	}
	for i := range outs {
		if outs[i].Value == v.value {
			continue
		}
		for j := range i {
			if outs[i].Value == outs[j].Value {
				return false
			}
		}
	}
	return true
}

// equalOutput holds where at least five outputs, half of all or more, are equal,
// and the others can be their participants' change: seven for every ten at least
// [G], as one owner who pays n equal amounts has one change. Where every input
// is one equal output's own, no change is needed.
func equalOutput(ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	others := len(outs) - v.equal
	if v.equal < equalLeast || others > v.equal || len(ins) > perUser*v.equal {
		return false
	}
	if others == 0 && len(ins) != len(outs) || others > 0 && 10*others < 7*v.equal {
		return false
	}
	return funded(ins, outs, v)
}

// funded refuses what no set of participants, each with one equal output and at
// most one change, can have paid: an input larger than the equal amount and the
// largest change together. It refuses one owner who splits a coin into equal parts.
func funded(ins []goshawk.Input, outs []goshawk.Output, v *verdict) bool {
	var change, largest uint64
	for i := range outs {
		if outs[i].Value != v.value {
			change = max(change, outs[i].Value)
		}
	}
	for i := range ins {
		largest = max(largest, ins[i].Value)
	}
	fee := v.value/50 + whirlpoolMaxFees // its share of fees: generous, as it only refuses
	return largest <= v.value+change+fee
}

// mode returns the most frequent value of outputs and its count, if more than a
// quarter of them have it; else a value and count that may be less (Misra and
// Gries 1982, three counters).
func mode(outs []goshawk.Output) (value uint64, count int) {
	var v [3]uint64
	var n [3]int
next:
	for i := range outs {
		x := outs[i].Value
		free := -1
		for k := range v {
			if n[k] > 0 && v[k] == x {
				n[k]++
				continue next
			}
			if n[k] == 0 {
				free = k
			}
		}
		if free >= 0 {
			v[free], n[free] = x, 1
			continue
		}
		n[0], n[1], n[2] = n[0]-1, n[1]-1, n[2]-1
	}
	for k := range v {
		if n[k] == 0 {
			continue
		}
		exact := 0
		for i := range outs {
			if outs[i].Value == v[k] {
				exact++
			}
		}
		if exact > count || exact == count && v[k] < value {
			value, count = v[k], exact
		}
	}
	return value, count
}
