package report

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"goshawk"
)

// graph is a trace as a drawing or a tree sees it: transactions joined by
// coins, in the direction walked. Forward a coin leads from the transaction
// that created it to the one that spends it, backward the other way round.
type graph struct {
	txs   []txNode
	coins []coin
	loose int // ends that hang on nothing listed: their way was cut from Trace.Flows
}

type txNode struct {
	hash    goshawk.Hash
	height  int32
	time    int64
	in, out []int // coins, in the order of the trace
	fee     *goshawk.Units
}

type coin struct {
	tx       goshawk.Hash
	out      uint32
	address  string
	amount   *goshawk.Units // traced units; nil where nobody can say
	hops     int
	height   int32
	time     int64
	from, to int          // transactions by index; from -1: a start, to -1: nothing follows
	end      *goshawk.End // nil while the trace goes on
}

type place struct {
	tx  goshawk.Hash
	out uint32
}

// newGraph joins a trace's flows and ends. It reads any trace, also one whose
// flows are cut or contradict each other.
func newGraph(t *goshawk.Trace) *graph {
	backward := t.Direction == "backward"
	g := &graph{}
	index := make(map[goshawk.Hash]int)
	tx := func(h goshawk.Hash) int {
		i, ok := index[h]
		if !ok {
			i = len(g.txs)
			index[h] = i
			g.txs = append(g.txs, txNode{hash: h, height: -1})
		}
		return i
	}
	starts := make(map[place]bool, len(t.Start))
	for i := range t.Start {
		starts[place{t.Start[i].Tx, t.Start[i].Out}] = true
	}
	at := make(map[place]int, len(t.Flows))
	add := func(c coin) int {
		i := len(g.coins)
		g.coins = append(g.coins, c)
		if c.from >= 0 {
			g.txs[c.from].out = append(g.txs[c.from].out, i)
		}
		if c.to >= 0 {
			g.txs[c.to].in = append(g.txs[c.to].in, i)
		}
		return i
	}
	ended := make(map[place]bool, len(t.Ends))
	for i := range t.Ends {
		if e := &t.Ends[i]; e.Out != nil && e.Kind != goshawk.EndStart {
			ended[place{e.Tx, *e.Out}] = true
		}
	}
	for i := range t.Flows {
		f := &t.Flows[i]
		p := place{f.Tx, f.Out}
		if _, twice := at[p]; twice {
			continue
		}
		c := coin{tx: f.Tx, out: f.Out, address: f.Address, amount: &f.Amount, hops: f.Hops, height: f.Height, time: f.Time, from: -1, to: -1}
		if backward {
			if !starts[p] && f.Spender != nil {
				c.from = tx(*f.Spender)
			}
			if !ended[p] {
				c.to = tx(f.Tx)
			}
		} else {
			if !starts[p] {
				c.from = tx(f.Tx)
			}
			if f.Spender != nil && !ended[p] {
				c.to = tx(*f.Spender)
			}
		}
		if i, known := index[f.Tx]; known {
			g.txs[i].height, g.txs[i].time = f.Height, f.Time
		}
		at[p] = add(c)
	}
	for i := range t.Start {
		s := &t.Start[i]
		p := place{s.Tx, s.Out}
		if _, listed := at[p]; !listed {
			at[p] = add(coin{tx: s.Tx, out: s.Out, address: s.Address, amount: &s.Amount, height: -1, from: -1, to: -1})
		}
	}
	for i := range t.Ends {
		g.attach(&t.Ends[i], index, at, add)
	}
	return g
}

func (g *graph) attach(e *goshawk.End, index map[goshawk.Hash]int, at map[place]int, add func(coin) int) {
	by := e.Tx
	if e.Spender != nil {
		by = *e.Spender
	}
	of, known := index[by]
	if known && e.Spender == nil && g.txs[of].height < 0 {
		g.txs[of].height, g.txs[of].time = e.Height, e.Time
	}
	if e.Kind == goshawk.EndFee || e.Out == nil {
		if known { // fees are summed, not drawn
			g.txs[of].fee = e.Amount
		}
		return
	}
	c := coin{tx: e.Tx, out: *e.Out, amount: e.Amount, hops: e.Hops, height: e.Height, time: e.Time, from: -1, to: -1, end: e}
	if e.Address != nil {
		c.address = *e.Address
	}
	listed, ok := at[place{e.Tx, *e.Out}]
	switch {
	case ok && e.Kind != goshawk.EndStart && g.coins[listed].end == nil && g.coins[listed].to < 0:
		g.coins[listed].end = e
	case ok && e.Kind != goshawk.EndStart: // a second end of the same coin
		c.from = g.coins[listed].from
		add(c)
	case known:
		c.from = of
		add(c)
	default:
		g.loose++
	}
}

// more compares two amounts, the larger first; unknown ones come last.
func more(a, b *goshawk.Units) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return b.Cmp(a)
	}
}

// plus adds amounts. A sum beyond 256 bits, which no coin supply reaches, stays at the largest number.
func plus(sum *goshawk.Units, u *goshawk.Units) {
	if u == nil {
		return
	}
	if _, over := sum.AddOverflow(sum, u); over {
		sum.SetAllOne()
	}
}

// rank orders coins for people: service ends first, then the larger amount,
// then the trace's order.
func (g *graph) rank(a, b int) int {
	x, y := &g.coins[a], &g.coins[b]
	if d := cmp.Compare(service(y), service(x)); d != 0 {
		return d
	}
	if d := more(x.amount, y.amount); d != 0 {
		return d
	}
	return cmp.Compare(a, b)
}

func service(c *coin) int {
	if c.end != nil && c.end.Kind == goshawk.EndService {
		return 1
	}
	return 0
}

// choice is the part of a graph that a drawing shows.
type choice struct {
	tx      []bool // by transaction
	coin    []bool // by coin: ends drawn on their own
	weighty []bool // by coin: ends never folded away
}

// choose picks all of a graph that fits into limit nodes, else fewer: first the ways to the ends that matter most,
// then from the starts on whatever carries most.
func (g *graph) choose(limit int) choice {
	const (
		mostOnWays  = 3000 // transactions; long ways fold into few nodes later
		mostWeighty = 6
	)
	c := choice{tx: make([]bool, len(g.txs)), coin: make([]bool, len(g.coins)), weighty: make([]bool, len(g.coins))}
	var ends []int
	for i := range g.coins {
		if g.coins[i].end != nil {
			ends = append(ends, i)
		}
	}
	slices.SortFunc(ends, g.rank)
	taken := 0
	starts := 0
	for i := range g.coins {
		if g.coins[i].from < 0 {
			starts++
		}
	}
	if len(g.txs)+len(ends)+starts <= limit { // all of it fits
		limit = math.MaxInt
	} else {
		limit = limit * 2 / 5 // a choice need not be as crowded as a whole
	}
	for n, i := range ends[:min(len(ends), max(2, min(limit, mostNodes)/10))] {
		way, ok := g.wayTo(i, &c)
		if !ok || taken+len(way) > mostOnWays {
			continue
		}
		for _, tx := range way {
			c.tx[tx] = true
		}
		taken += len(way)
		c.coin[i], c.weighty[i] = true, n < mostWeighty
	}
	g.fill(&c, limit)
	return c
}

// wayTo walks from an end back to a start along the largest coins and returns
// the transactions not yet chosen; false where the listed flows do not reach a start.
func (g *graph) wayTo(end int, c *choice) ([]int, bool) {
	var way []int
	seen := make(map[int]bool)
	at := g.coins[end].from
	for at >= 0 && !c.tx[at] {
		if seen[at] || len(g.txs[at].in) == 0 {
			return nil, false
		}
		seen[at] = true
		way = append(way, at)
		at = g.coins[slices.MinFunc(g.txs[at].in, g.rank)].from
	}
	return way, true
}

// frontier holds coins whose way on is not drawn yet, the best first.
type frontier struct {
	g     *graph
	coins []int
}

func (f *frontier) Len() int           { return len(f.coins) }
func (f *frontier) Less(i, j int) bool { return f.g.rank(f.coins[i], f.coins[j]) < 0 }
func (f *frontier) Swap(i, j int)      { f.coins[i], f.coins[j] = f.coins[j], f.coins[i] }
func (f *frontier) Push(x any)         { f.coins = append(f.coins, x.(int)) }
func (f *frontier) Pop() any {
	last := f.coins[len(f.coins)-1]
	f.coins = f.coins[:len(f.coins)-1]
	return last
}

func (g *graph) fill(c *choice, limit int) {
	open := make([]int, len(g.txs)) // coins of a chosen transaction that are not drawn yet
	nodes := 0
	f := &frontier{g: g}
	enter := func(tx int) {
		c.tx[tx] = true
		nodes++
		for _, k := range g.txs[tx].out {
			to := g.coins[k].to
			if c.coin[k] {
				nodes++
			} else if to < 0 || !c.tx[to] {
				if open[tx]++; open[tx] == 1 {
					nodes++ // they share one node while they are folded
				}
				heap.Push(f, k)
			}
		}
	}
	for i := range g.coins {
		if g.coins[i].from < 0 {
			nodes++
			heap.Push(f, i)
		}
	}
	for tx := range g.txs {
		if c.tx[tx] {
			enter(tx)
		}
	}
	for f.Len() > 0 && nodes < limit {
		k := heap.Pop(f).(int)
		coin := &g.coins[k]
		if coin.from >= 0 {
			if open[coin.from]--; open[coin.from] == 0 {
				nodes--
			}
		}
		if coin.to >= 0 {
			if !c.tx[coin.to] {
				enter(coin.to)
			}
		} else if !c.coin[k] {
			c.coin[k] = true
			nodes++
		}
	}
}
