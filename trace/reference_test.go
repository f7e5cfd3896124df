package trace_test

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"testing"

	"goshawk"
	"goshawk/trace"
)

// This is the simplest tracer that does what docs/method/tracing.md says: it
// reads a whole small ledger, goes through every transaction in turn, and keeps
// a coin's units one by one. It shares nothing with the engine.

type refTx struct {
	row       goshawk.Transaction
	ins       []refIn
	outs      []refOut
	joins     bool
	ambiguous bool // an input cannot be resolved
}

type refIn struct {
	from    goshawk.Outpoint
	value   int64
	link    goshawk.Link
	address goshawk.AddressID
	height  int32
}

type refOut struct {
	value   int64
	address goshawk.AddressID
	spender goshawk.TxID
}

type refCoin struct {
	units  []int // by unit: the start it came from, or -1
	amount int64
	shares map[int]int64
	hop    int
	mixed  int
	own    bool // a start's own coin
}

type refEnd struct {
	kind   goshawk.EndKind
	at     string // outpoint, or the transaction of a fee
	amount string // or unknown
	hops   int
	mixed  int
	sweep  string
	shares string
}

type refQuestion struct {
	trace.Question
	party func(goshawk.AddressID) trace.Party
	joins func(goshawk.Transaction) bool
}

type reference struct {
	q       refQuestion
	txs     []*refTx
	byHash  map[goshawk.Hash]*refTx
	partial bool
	starts  []goshawk.Outpoint // in chain order, once each
	state   map[goshawk.Outpoint]*refCoin
	ends    []refEnd
	steps   uint64
}

func readAll(t testing.TB, l goshawk.Ledger) (txs []*refTx, partial bool) {
	head, err := l.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for id := goshawk.TxID(0); uint64(id) < head.Transactions; id++ {
		var b goshawk.Transactions
		if err := l.Transactions(context.Background(), []goshawk.TxID{id}, goshawk.WantHashes|goshawk.WantOutpoints, &b); err != nil {
			t.Fatal(err)
		}
		x := &refTx{row: b.Rows[0]}
		for i, in := range b.Inputs {
			x.ins = append(x.ins, refIn{b.Outpoints[i], int64(in.Value), in.Link, in.Address, in.Height})
			x.ambiguous = x.ambiguous || in.Link == goshawk.Unresolved
		}
		for _, o := range b.Outputs {
			x.outs = append(x.outs, refOut{int64(o.Value), o.Address, o.Spender})
		}
		txs = append(txs, x)
	}
	return txs, head.Partial
}

func refTrace(txs []*refTx, partial bool, q refQuestion) *reference {
	f := &reference{q: q, txs: txs, partial: partial, byHash: map[goshawk.Hash]*refTx{}, state: map[goshawk.Outpoint]*refCoin{}}
	for _, x := range txs {
		f.byHash[x.row.Hash] = x
		x.joins = q.joins != nil && q.joins(x.row)
	}
	for _, x := range txs {
		for j := range x.outs {
			o := goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)}
			if slices.Contains(q.Starts, o) {
				f.starts = append(f.starts, o)
			}
		}
	}
	for s, o := range f.starts {
		out := f.byHash[o.Tx].outs[o.Index]
		c := &refCoin{amount: out.value, shares: map[int]int64{s: out.value}, own: true}
		for range out.value {
			c.units = append(c.units, s)
		}
		f.state[o] = c
		if !q.Backward && out.spender == goshawk.Burnt {
			f.endCoin(goshawk.EndBurnt, o, c, "")
		} else if !q.Backward && out.spender == goshawk.NoTx {
			f.endCoin(goshawk.EndUnspent, o, c, "")
		}
	}
	if q.Backward {
		for i := len(txs) - 1; i >= 0; i-- {
			f.backward(txs[i])
		}
	} else {
		for _, x := range txs {
			f.forward(x)
		}
	}
	return f
}

func (f *reference) end(e refEnd) { f.ends = append(f.ends, e) }

func (f *reference) endCoin(kind goshawk.EndKind, o goshawk.Outpoint, c *refCoin, sweep string) {
	f.end(refEnd{kind: kind, at: o.String(), amount: fmt.Sprint(c.amount), hops: c.hop, mixed: c.mixed, sweep: sweep, shares: f.shareText(c)})
	delete(f.state, o)
}

func (f *reference) shareText(c *refCoin) string {
	if !f.q.ByStart {
		return ""
	}
	text := ""
	for s := range f.starts {
		if n, named := c.shares[s]; n > 0 || named && f.q.Method == trace.Poison {
			text += fmt.Sprintf("%d:%d ", s, c.shares[s])
		}
	}
	return text
}

func (f *reference) isStart(o goshawk.Outpoint) bool { return slices.Contains(f.starts, o) }

func (f *reference) partyOf(a goshawk.AddressID) trace.Party {
	if a == goshawk.NoAddress {
		return trace.NoService
	}
	if f.q.party == nil {
		return trace.Unlabelled
	}
	return f.q.party(a)
}

// sweep: it pays only one service's addresses.
func (f *reference) sweep(x *refTx) bool {
	parties := map[trace.Party]bool{}
	for _, o := range x.outs {
		if o.value > 0 {
			parties[f.partyOf(o.address)] = true
		}
	}
	return len(parties) == 1 && !parties[trace.Unlabelled] && !parties[trace.NoService]
}

func (f *reference) beyondLimit(x *refTx, c *refCoin) bool {
	if f.q.MaxHops != nil && c.hop >= *f.q.MaxHops {
		return true
	}
	if f.q.MinAmount != nil && big.NewInt(c.amount).Cmp(f.q.MinAmount.ToBig()) < 0 {
		return true
	}
	if f.q.Until.IsZero() {
		return false
	}
	if f.q.Backward {
		return x.row.Time < f.q.Until.Unix()
	}
	return x.row.Time > f.q.Until.Unix()
}

// queue returns the order in which inputs enter; nil if it cannot be known.
func (f *reference) queue(x *refTx) []int {
	var order []int
	for i := range x.ins {
		order = append(order, i)
	}
	if f.q.Method != trace.FIFOAge {
		return order
	}
	type age struct{ height, position, index int }
	ages := make([]age, len(x.ins))
	for i, in := range x.ins {
		from := f.byHash[in.from.Tx]
		switch {
		case in.link == goshawk.Before && in.height >= 0:
			ages[i] = age{int(in.height), -1, int(in.from.Index)}
		case in.link == goshawk.Linked && from.row.Height >= 0:
			ages[i] = age{int(from.row.Height), int(from.row.Position), int(in.from.Index)}
		default:
			return nil
		}
		for j := range i {
			outside := ages[i].position < 0 || ages[j].position < 0
			if ages[i].height == ages[j].height && outside && x.ins[i].from.Tx != x.ins[j].from.Tx {
				return nil
			}
		}
	}
	sort.SliceStable(order, func(a, b int) bool {
		p, q := ages[order[a]], ages[order[b]]
		if p.height != q.height {
			return p.height < q.height
		}
		if p.position != q.position {
			return p.position < q.position
		}
		return p.index < q.index
	})
	return order
}

// share gives each weight floor(sum x weight / whole), and what is left over one
// by one to the largest remainders, ties to the earlier.
func refShare(sum int64, weights []int64, whole int64) []int64 {
	got := make([]int64, len(weights))
	left := sum
	rest := make([]*big.Int, len(weights))
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(sum), big.NewInt(w)), big.NewInt(whole), new(big.Int))
		got[i], rest[i] = q.Int64(), r
		left -= got[i]
	}
	for ; left > 0; left-- {
		best := -1
		for i := range rest {
			if rest[i] != nil && (best < 0 || rest[i].Cmp(rest[best]) > 0) {
				best = i
			}
		}
		got[best]++
		rest[best] = nil
	}
	return got
}

// distribute returns what each sink gets. values are the sinks' values; lay says
// which units of the queue belong to a source and to a sink.
func (f *reference) distribute(sources []*refCoin, values []int64, whole int64, sourceUnits, sinkUnits [][]int) []*refCoin {
	var sum int64
	byStart := make([]int64, len(f.starts))
	hop, mixed := 1<<30, 0
	for _, c := range sources {
		if c == nil {
			continue
		}
		sum += c.amount
		for s, n := range c.shares {
			byStart[s] += n
		}
		hop, mixed = min(hop, c.hop), max(mixed, c.mixed)
	}
	sinks := make([]*refCoin, len(values))
	for j := range sinks {
		sinks[j] = &refCoin{hop: hop + 1, mixed: mixed, shares: map[int]int64{}}
	}
	divide := func(c *refCoin) {
		for s, n := range refShare(c.amount, byStart, sum) {
			c.shares[s] = n
		}
	}
	switch f.q.Method {
	case trace.Poison:
		for j, v := range values {
			sinks[j].amount = v
			for s, n := range byStart {
				if n > 0 {
					sinks[j].shares[s] = v
				}
			}
		}
	case trace.Haircut:
		for j, n := range refShare(sum, values, whole) {
			sinks[j].amount = n
			divide(sinks[j])
		}
	case trace.TIHO:
		left := sum
		used := make([]bool, len(values))
		for range values[:len(values)-1] {
			best := -1
			for j := range values[:len(values)-1] {
				if !used[j] && (best < 0 || values[j] > values[best]) {
					best = j
				}
			}
			used[best] = true
			sinks[best].amount = min(values[best], left)
			left -= sinks[best].amount
			divide(sinks[best])
		}
		sinks[len(values)-1].amount = left
		divide(sinks[len(values)-1])
	default:
		line := make([]int, whole)
		for i := range line {
			line[i] = -1
		}
		for i, c := range sources {
			if c == nil {
				continue
			}
			for u, s := range c.units {
				line[sourceUnits[i][u]] = s
			}
		}
		for j := range values {
			for _, p := range sinkUnits[j] {
				sinks[j].units = append(sinks[j].units, line[p])
				if line[p] >= 0 {
					sinks[j].amount++
					sinks[j].shares[line[p]]++
				}
			}
		}
	}
	return sinks
}

// layout gives every unit of the inputs, and of the outputs and the fee, its
// place in the queue.
func (f *reference) layout(x *refTx) (ins, outs [][]int) {
	ins = make([][]int, len(x.ins))
	next := 0
	for _, i := range f.queue(x) {
		for range x.ins[i].value {
			ins[i] = append(ins[i], next)
			next++
		}
	}
	var queue []int
	for p := range next {
		queue = append(queue, p)
	}
	outs = make([][]int, len(x.outs)+1)
	for j, o := range x.outs {
		n := int(o.value)
		if f.q.Method == trace.LIFO {
			outs[j] = queue[len(queue)-n:]
			queue = queue[:len(queue)-n]
		} else {
			outs[j] = queue[:n]
			queue = queue[n:]
		}
	}
	outs[len(x.outs)] = queue
	return ins, outs
}

func (f *reference) forward(x *refTx) {
	sources := make([]*refCoin, len(x.ins))
	walked := false
	outputs := 0
	for _, o := range x.outs {
		if o.value > 0 {
			outputs++
		}
	}
	for i, in := range x.ins {
		c := f.state[in.from]
		if c == nil {
			continue
		}
		switch {
		case !c.own && f.partyOf(in.address) == trace.Unlabelled && f.sweep(x):
			f.endCoin(goshawk.EndService, in.from, c, x.row.Hash.String())
		case !c.own && x.joins && !f.q.ThroughCoinJoin:
			c.mixed = max(c.mixed, outputs)
			f.endCoin(goshawk.EndCoinJoin, in.from, c, "")
		case x.ambiguous && f.q.Method != trace.Poison, f.queue(x) == nil:
			f.endCoin(goshawk.EndUnresolved, in.from, c, "")
		case f.beyondLimit(x, c):
			f.endCoin(goshawk.EndLimit, in.from, c, "")
		default:
			sources[i] = c
			walked = true
			delete(f.state, in.from)
		}
	}
	if !walked {
		return
	}
	f.steps++
	var whole, paid int64
	for _, in := range x.ins {
		whole += in.value
	}
	var values []int64
	for _, o := range x.outs {
		values = append(values, o.value)
		paid += o.value
	}
	fee := whole - paid
	if x.ambiguous {
		fee = 0
	}
	values = append(values, fee)
	var inUnits, outUnits [][]int
	if f.q.Method == trace.FIFO || f.q.Method == trace.LIFO || f.q.Method == trace.FIFOAge {
		inUnits, outUnits = f.layout(x)
	}
	sinks := f.distribute(sources, values, whole, inUnits, outUnits)
	for j, c := range sinks {
		if x.joins {
			c.mixed = max(c.mixed, outputs)
		}
		o := goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)}
		switch {
		case j == len(x.outs):
			if c.amount > 0 || x.ambiguous {
				e := refEnd{kind: goshawk.EndFee, at: x.row.Hash.String(), amount: fmt.Sprint(c.amount), hops: c.hop, mixed: c.mixed, shares: f.shareText(c)}
				if x.ambiguous {
					e.amount = "unknown"
				}
				f.end(e)
			}
		case c.amount == 0:
		case f.isStart(o):
			own := f.state[o]
			f.endCoin(goshawk.EndStart, o, c, "")
			if own != nil {
				f.state[o] = own
			}
		case x.outs[j].spender == goshawk.Burnt:
			f.endCoin(goshawk.EndBurnt, o, c, "")
		case f.partyOf(x.outs[j].address) >= 0:
			f.endCoin(goshawk.EndService, o, c, "")
		case x.outs[j].spender == goshawk.NoTx:
			f.endCoin(goshawk.EndUnspent, o, c, "")
		default:
			f.state[o] = c
		}
	}
}

func (f *reference) backward(x *refTx) {
	sources := make([]*refCoin, len(x.outs))
	walked := false
	for j := range x.outs {
		o := goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)}
		c := f.state[o]
		if c == nil {
			continue
		}
		switch {
		case !c.own && x.joins && !f.q.ThroughCoinJoin:
			c.mixed = max(c.mixed, len(x.ins))
			f.endCoin(goshawk.EndCoinJoin, o, c, "")
		case x.ambiguous && f.q.Method != trace.Poison, f.queue(x) == nil && len(x.ins) > 0:
			f.endCoin(goshawk.EndUnresolved, o, c, "")
		case x.row.Coinbase:
			f.endCoin(goshawk.EndOrigin, o, c, "")
		case f.beyondLimit(x, c):
			f.endCoin(goshawk.EndLimit, o, c, "")
		default:
			sources[j] = c
			walked = true
			delete(f.state, o)
		}
	}
	if !walked {
		return
	}
	f.steps++
	var whole int64
	var values []int64
	for _, in := range x.ins {
		values = append(values, in.value)
		whole += in.value
	}
	var inUnits, outUnits [][]int
	if f.q.Method == trace.FIFO || f.q.Method == trace.LIFO || f.q.Method == trace.FIFOAge {
		inUnits, outUnits = f.layout(x)
	}
	sinks := f.distribute(sources, values, whole, outUnits, inUnits)
	for i, c := range sinks {
		in := x.ins[i]
		unknown := in.link == goshawk.Unresolved
		if c.amount == 0 && !unknown {
			continue
		}
		if x.joins {
			c.mixed = max(c.mixed, len(x.ins))
		}
		finish := func(kind goshawk.EndKind, sweep string) {
			f.endCoin(kind, in.from, c, sweep)
			if unknown {
				f.ends[len(f.ends)-1].amount = "unknown"
			}
		}
		switch {
		case f.isStart(in.from):
			own := f.state[in.from]
			finish(goshawk.EndStart, "")
			f.state[in.from] = own
		case f.partyOf(in.address) >= 0:
			finish(goshawk.EndService, "")
		case f.partyOf(in.address) == trace.Unlabelled && f.sweep(x):
			finish(goshawk.EndService, x.row.Hash.String())
		case unknown || in.link == goshawk.Before:
			finish(goshawk.EndUnresolved, "")
		default:
			f.state[in.from] = c
		}
	}
}
