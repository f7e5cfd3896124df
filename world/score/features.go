package score

import (
	"cmp"
	"context"
	"math"
	"slices"

	"goshawk"
)

// local names what is read off a transaction by itself, without knowing who
// anybody is. Counts, values and ages are binary logarithms of one more.
var local = [...]string{
	"inputs", "outputs", "value", "largest output", "smallest output", "fee", "fee rate", "weight",
	"inputs P2PKH", "inputs P2SH", "inputs P2WPKH", "outputs P2PKH", "outputs P2SH", "outputs P2WPKH", "outputs of data",
	"version", "lock time", "sequence", "mean age of coins", "least age of coins", "own address among outputs",
	"outputs of the first input's type", "round outputs", "equal outputs", "input addresses",
	"earlier use of input addresses", "earlier use of output addresses", "outputs still unspent", "coinbase",
}

// Sample is what a naive observer sees of transactions: local features of each,
// and the means of the same over the transactions whose coins it spends and over
// those that spend its coins.
type Sample struct {
	Txs    []goshawk.TxID
	Crime  []bool    // in the order of Txs
	values []float32 // width for each transaction of the ledger; of a thin sample for each of Txs
	thin   bool
}

// row returns the features of the i-th of Txs.
func (s *Sample) row(i int) []float32 {
	if !s.thin {
		i = int(s.Txs[i])
	}
	return s.values[i*width:][:width]
}

// Thin returns all crimes and at most about so many of the others, evenly spaced
// over the chain, without the memory that the whole sample holds. An AUC of it is
// of the same expectation.
func (s *Sample) Thin(others int) *Sample {
	rest := 0
	for _, crime := range s.Crime {
		if !crime {
			rest++
		}
	}
	step := max(1, (rest+others-1)/max(1, others))
	t := &Sample{thin: true}
	rest = 0
	for i, crime := range s.Crime {
		if !crime {
			if rest++; (rest-1)%step != 0 {
				continue
			}
		}
		t.Txs, t.Crime = append(t.Txs, s.Txs[i]), append(t.Crime, crime)
		t.values = append(t.values, s.row(i)...)
	}
	return t
}

// FeatureNames lists the features, in their order.
func FeatureNames() []string {
	var names []string
	for _, of := range [...]string{"", "before: ", "after: "} {
		for _, name := range local {
			names = append(names, of+name)
		}
	}
	return names
}

const width = len(local) * 3

// Features reads the features of the transactions from first up to but not
// including end, but for coinbases, and asks crime about each. It reads the whole
// ledger, as neighbours and earlier uses may lie outside, and holds about 400
// bytes for each transaction.
func Features(ctx context.Context, l goshawk.Ledger, first, end goshawk.TxID, crime func(goshawk.TxID) bool) (*Sample, error) {
	head, err := dense(ctx, l)
	if err != nil {
		return nil, err
	}
	n := goshawk.TxID(head.Transactions)
	end = min(end, n)
	type edge struct{ from, to goshawk.TxID }
	var edges []edge
	g := gaze{thousandth: thousandth(head.Asset), used: make([]uint32, head.Addresses)}
	s := &Sample{values: make([]float32, int(n)*width)}
	var ids []goshawk.OutputID
	err = goshawk.Scan(ctx, l, 0, n, goshawk.WantKinds|goshawk.WantSequences, func(batch *goshawk.Transactions) error {
		var coins []goshawk.Coin
		if coins, ids, err = spentCoins(ctx, l, batch, ids); err != nil {
			return err
		}
		for row := range batch.Rows {
			id := batch.Rows[row].ID
			linked := coins[:countLinked(batch.In(row))]
			coins = coins[len(linked):]
			for i := range linked {
				edges = append(edges, edge{linked[i].Tx, id})
			}
			g.look(batch, row, linked, s.values[int(id)*width:][:len(local)])
			if id >= first && id < end && !batch.Rows[row].Coinbase {
				s.Txs = append(s.Txs, id)
				s.Crime = append(s.Crime, crime(id))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	froms, tos := make([]float32, n), make([]float32, n) // how many neighbours were added up
	for i, e := range edges {
		if err := every(ctx, i); err != nil {
			return nil, err
		}
		from, to := s.values[int(e.from)*width:][:width], s.values[int(e.to)*width:][:width]
		for k := range local {
			to[len(local)+k] += from[k]
			from[2*len(local)+k] += to[k]
		}
		froms[e.to]++
		tos[e.from]++
	}
	for i, id := range s.Txs {
		row := s.row(i)
		for k := range local {
			row[len(local)+k] /= max(1, froms[id])
			row[2*len(local)+k] /= max(1, tos[id])
		}
	}
	return s, nil
}

func countLinked(ins []goshawk.Input) (n int) {
	for i := range ins {
		if ins[i].Link == goshawk.Linked {
			n++
		}
	}
	return n
}

// gaze reads local features, transaction after transaction.
type gaze struct {
	thousandth uint64
	used       []uint32 // how often each address was seen so far
	values     []uint64
	addresses  []goshawk.AddressID
}

func lg(n uint64) float32 { return float32(log2(n+1)>>16) / (1 << 16) }

func part(n, whole int) float32 { return float32(n) / float32(max(1, whole)) }

// look fills f in the order of local.
func (g *gaze) look(batch *goshawk.Transactions, row int, coins []goshawk.Coin, f []float32) {
	r, ins, outs := &batch.Rows[row], batch.In(row), batch.Out(row)
	f = f[:0]
	add := func(v float32) { f = append(f, v) }
	g.values = g.values[:0]
	var in, out uint64
	kinds := func(kind goshawk.Kind, n int, of func(int) goshawk.Kind) (count int) {
		for i := range n {
			if of(i) == kind {
				count++
			}
		}
		return count
	}
	round := 0
	for i := range outs {
		out += outs[i].Value
		g.values = append(g.values, outs[i].Value)
		if outs[i].Value > 0 && outs[i].Value%g.thousandth == 0 {
			round++
		}
	}
	for i := range ins {
		in += ins[i].Value
	}
	fee := max(in, out) - out
	slices.Sort(g.values)
	equal, run := 0, 0
	for i, v := range g.values {
		if run++; i > 0 && v != g.values[i-1] {
			run = 1
		}
		equal = max(equal, run)
	}
	if len(outs) == 0 {
		g.values = append(g.values, 0)
	}
	add(lg(uint64(len(ins))))
	add(lg(uint64(len(outs))))
	add(lg(out))
	add(lg(g.values[len(g.values)-1]))
	add(lg(g.values[0]))
	add(lg(fee))
	add(lg(fee * 4096 / uint64(max(1, r.Weight))))
	add(lg(uint64(r.Weight)))
	inKind := func(i int) goshawk.Kind { return ins[i].Kind }
	outKind := func(i int) goshawk.Kind { return outs[i].Kind }
	for _, kind := range [...]goshawk.Kind{goshawk.PubKeyHash, goshawk.ScriptHash, goshawk.WitnessPubKeyHash} {
		add(part(kinds(kind, len(ins), inKind), len(ins)))
	}
	for _, kind := range [...]goshawk.Kind{goshawk.PubKeyHash, goshawk.ScriptHash, goshawk.WitnessPubKeyHash, goshawk.NullData} {
		add(part(kinds(kind, len(outs), outKind), len(outs)))
	}
	add(float32(r.Version))
	add(lockTime(r.LockTime))
	add(g.sequence(batch, row))
	mean, least := ages(r.Height, coins)
	add(mean)
	add(least)
	add(indicator(anyOwn(ins, outs)))
	if len(ins) > 0 {
		add(part(kinds(ins[0].Kind, len(outs), outKind), len(outs)))
	} else {
		add(0)
	}
	add(part(round, len(outs)))
	add(lg(uint64(equal)))
	distinct, inUse, outUse := g.uses(ins, outs)
	add(lg(uint64(distinct)))
	add(inUse)
	add(outUse)
	unspent := 0
	for i := range outs {
		if outs[i].Spender == goshawk.NoTx {
			unspent++
		}
	}
	add(part(unspent, len(outs)))
	add(indicator(r.Coinbase))
}

func indicator(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// lockTime is 0 for none, 1 for a height and 2 for a time.
func lockTime(n uint32) float32 {
	const firstTime = 500_000_000
	return indicator(n > 0) + indicator(n >= firstTime)
}

// sequence is 0 where all inputs are final, 1 where they only allow a lock time, 2 where they can be replaced.
func (g *gaze) sequence(batch *goshawk.Transactions, row int) float32 {
	least := uint32(math.MaxUint32)
	r := &batch.Rows[row]
	for _, n := range batch.Sequences[r.FirstInput:r.InputEnd] {
		least = min(least, n)
	}
	return indicator(least < math.MaxUint32) + indicator(least < math.MaxUint32-1)
}

func ages(height int32, coins []goshawk.Coin) (mean, least float32) {
	sum, youngest := uint64(0), uint64(math.MaxInt32)
	for i := range coins {
		age := uint64(max(0, height-coins[i].Height))
		sum += age
		youngest = min(youngest, age)
	}
	if len(coins) == 0 {
		return 0, 0
	}
	return lg(sum / uint64(len(coins))), lg(youngest)
}

// uses counts distinct input addresses, and says how often the most used input
// and output address were seen before.
func (g *gaze) uses(ins []goshawk.Input, outs []goshawk.Output) (distinct int, in, out float32) {
	g.addresses = g.addresses[:0]
	for i := range ins {
		if a := ins[i].Address; a != goshawk.NoAddress {
			in = max(in, lg(uint64(g.used[a])))
			g.addresses = append(g.addresses, a)
		}
	}
	slices.Sort(g.addresses)
	distinct = len(slices.Compact(g.addresses))
	for i := range outs {
		out = max(out, lg(uint64(g.used[outs[i].Address])))
	}
	for i := range ins {
		if a := ins[i].Address; a != goshawk.NoAddress {
			g.used[a]++
		}
	}
	for i := range outs {
		g.used[outs[i].Address]++
	}
	return distinct, in, out
}

// Telling is one feature, and how well it alone tells crime from the rest.
type Telling struct {
	Feature string
	AUC     Share // above a half where crimes have more of it, below where less
}

// MostTelling ranks the features of all samples together by how far their AUC is
// from a half: where a generator gives its crimes away.
func MostTelling(ctx context.Context, samples []*Sample) ([]Telling, error) {
	var list []Telling
	for k, name := range FeatureNames() {
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		var scores []float64
		var crime []bool
		for _, s := range samples {
			for i := range s.Txs {
				scores = append(scores, float64(s.row(i)[k]))
			}
			crime = append(crime, s.Crime...)
		}
		list = append(list, Telling{name, AUC(scores, crime)})
	}
	off := func(t Telling) float64 { return math.Abs(t.AUC.Value() - 0.5) }
	slices.SortStableFunc(list, func(a, b Telling) int { return cmp.Compare(off(b), off(a)) })
	return list, nil
}
