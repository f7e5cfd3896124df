package report

import (
	"slices"
	"strings"

	"goshawk"
)

type shape uint8

const (
	shapeStart shape = iota
	shapeTx
	shapeChain // several transactions in a row, folded
	shapeEnd
	shapeRest // several small outputs of one transaction, folded
)

// picture is what a drawing shows: at most a few hundred boxes and curves.
type picture struct {
	backward bool
	nodes    []box
	edges    []curve
	hidden   int    // ends whose way is not in the drawing
	unlisted uint64 // coins that were walked but are not in the answer's flows
}

// box is a node with two lines of text and the whole of it as a tooltip.
type box struct {
	shape       shape
	kind        goshawk.EndKind // of an end
	inference   bool            // an end that rests on an inference
	top, bottom string
	title       string
	layer       int // away from the starts
	order       int // in the layer
	x, y        int
}

// curve is the value that flows between two boxes; from and to follow the
// direction walked.
type curve struct {
	from, to int
	coins    int
	amount   goshawk.Units
	unknown  uint64 // coins whose amount is not known
	kind     goshawk.EndKind
	title    string
}

const (
	mostNodes  = 300 // boxes: what stays legible
	mostLayers = 14  // columns, before runs of transactions with peels fold too
	leastFold  = 3   // transactions in a row that fold into one box
)

// painter turns a graph into a picture.
type painter struct {
	trace *goshawk.Trace
	g     *graph
	pick  choice
	own   int   // starts drawn on their own
	head  []int // by transaction: the first one of its fold; -1 where it is drawn on its own
	boxOf []int // by transaction: its box; -1 where it has none
	edge  map[[2]int]int
	picture
}

// newPicture draws a trace with at most about size boxes.
func newPicture(t *goshawk.Trace, size int) *picture {
	g := newGraph(t)
	p := &painter{trace: t, g: g, pick: g.choose(size), own: max(4, size/12), edge: make(map[[2]int]int)}
	p.backward = t.Direction == "backward"
	p.fold(false)
	if p.depth() > mostLayers {
		p.fold(true)
	}
	p.transactions()
	p.starts()
	p.ends()
	p.others()
	p.hidden += g.loose
	p.unlisted = t.FlowsCut
	return &p.picture
}

// ways returns what a drawn transaction leads to: coins to drawn transactions,
// ends drawn on their own, and the rest.
func (p *painter) ways(tx int) (on, ends, rest []int) {
	for _, k := range p.g.txs[tx].out {
		c := &p.g.coins[k]
		switch {
		case c.to >= 0 && p.pick.tx[c.to]:
			on = append(on, k)
		case c.to < 0 && p.pick.coin[k]:
			ends = append(ends, k)
		default:
			rest = append(rest, k)
		}
	}
	return on, ends, rest
}

// comesFrom returns the drawn transactions that lead to a drawn one, -1 for a
// start, and whether value also comes by ways that are not drawn.
func (p *painter) comesFrom(tx int) (from []int, others bool) {
	for _, k := range p.g.txs[tx].in {
		if at := p.g.coins[k].from; at < 0 || p.pick.tx[at] {
			from = append(from, at)
		} else {
			others = true
		}
	}
	return from, others
}

// fold joins runs of transactions that only pass value on. With peels, runs
// that also pay small amounts aside fold too.
func (p *painter) fold(peels bool) {
	n := len(p.g.txs)
	p.head = slices.Repeat([]int{-1}, n)
	through := make([]bool, n)
	next := slices.Repeat([]int{-1}, n)
	prev := slices.Repeat([]int{-1}, n)
	for tx := range n {
		if !p.pick.tx[tx] {
			continue
		}
		on, ends, rest := p.ways(tx)
		from, others := p.comesFrom(tx)
		ok := len(on) == 1 && len(from) == 1 && (peels || !others)
		if peels {
			for _, k := range ends {
				ok = ok && !p.pick.weighty[k]
			}
		} else {
			ok = ok && len(ends)+len(rest) == 0
		}
		if ok {
			through[tx], next[tx], prev[tx] = true, p.g.coins[on[0]].to, from[0]
		}
	}
	for tx := range n {
		if !through[tx] || prev[tx] >= 0 && through[prev[tx]] && next[prev[tx]] == tx {
			continue // not the first of a run
		}
		var run []int
		for at := tx; at >= 0 && through[at] && p.head[at] < 0 && (len(run) == 0 || prev[at] == run[len(run)-1]); at = next[at] {
			run = append(run, at)
			if len(run) > n {
				break
			}
		}
		if len(run) >= leastFold {
			for _, at := range run {
				p.head[at] = tx
			}
		}
	}
}

// depth is the longest row of boxes that the folded transactions give.
func (p *painter) depth() int {
	n := len(p.g.txs)
	depth := make([]int, n)
	waiting := make([]int, n)
	var ready []int
	for tx := range n {
		if !p.pick.tx[tx] {
			continue
		}
		from, _ := p.comesFrom(tx)
		for _, at := range from {
			if at >= 0 {
				waiting[tx]++
			}
		}
		if waiting[tx] == 0 {
			ready = append(ready, tx)
		}
	}
	most := 0
	for len(ready) > 0 {
		tx := ready[0]
		ready = ready[1:]
		most = max(most, depth[tx])
		on, _, _ := p.ways(tx)
		for _, k := range on {
			to := p.g.coins[k].to
			step := 1
			if p.head[to] >= 0 && p.head[to] == p.head[tx] {
				step = 0
			}
			depth[to] = max(depth[to], depth[tx]+step)
			if waiting[to]--; waiting[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	return most
}

func (p *painter) add(b box) int {
	p.nodes = append(p.nodes, b)
	return len(p.nodes) - 1
}

// join draws a coin between two boxes; coins between the same two share a curve.
func (p *painter) join(from, to int, c *coin) {
	if from == to {
		return
	}
	key := [2]int{from, to}
	i, ok := p.edge[key]
	if !ok {
		i = len(p.edges)
		p.edge[key] = i
		p.edges = append(p.edges, curve{from: from, to: to})
	}
	e := &p.edges[i]
	e.coins++
	plus(&e.amount, c.amount)
	if c.amount == nil {
		e.unknown++
	}
	if c.end != nil {
		e.kind = c.end.Kind
	}
	if e.coins == 1 {
		e.title = p.coinTitle(c)
	} else {
		e.title = goshawk.Count(e.coins, "coin", "coins") + ", " + spent(p.trace.Asset, &e.amount, e.unknown, money)
	}
}

func (p *painter) coinTitle(c *coin) string {
	s := money(p.trace.Asset, c.amount) + "\n" + outpoint(c.tx, c.out)
	if c.address != "" {
		s += "\n" + line(c.address, 200)
	}
	return s
}

func (p *painter) transactions() {
	g := p.g
	p.boxOf = slices.Repeat([]int{-1}, len(g.txs))
	runs := make(map[int][]int)
	for tx := range g.txs {
		if p.pick.tx[tx] && p.head[tx] >= 0 {
			runs[p.head[tx]] = append(runs[p.head[tx]], tx)
		}
	}
	for tx := range g.txs {
		if !p.pick.tx[tx] {
			continue
		}
		t := &g.txs[tx]
		switch head := p.head[tx]; {
		case head < 0:
			title := "Transaction " + t.hash.String()
			if t.height >= 0 {
				title += "\nblock " + number(t.height) + ", " + when(t.time)
			}
			if t.fee != nil && !t.fee.IsZero() {
				title += "\nfee, traced part: " + money(p.trace.Asset, t.fee)
			}
			p.boxOf[tx] = p.add(box{shape: shapeTx, top: shortHash(t.hash), bottom: txLine(t), title: title})
		case head == tx:
			run := runs[tx]
			last := &g.txs[run[len(run)-1]]
			for _, at := range run { // index order need not be chain order
				if on, _, _ := p.ways(at); len(on) == 1 && p.head[g.coins[on[0]].to] != head {
					last = &g.txs[at]
				}
			}
			b := p.add(box{shape: shapeChain, top: number(len(run)) + " transactions", bottom: "in a row, folded",
				title: goshawk.Count(len(run), "transaction", "transactions") + " in a row\nfirst walked " + t.hash.String() + "\nlast walked " + last.hash.String()})
			for _, at := range run {
				p.boxOf[at] = b
			}
		}
	}
	for tx := range g.txs {
		if !p.pick.tx[tx] {
			continue
		}
		on, _, _ := p.ways(tx)
		for _, k := range on {
			p.join(p.boxOf[tx], p.boxOf[g.coins[k].to], &g.coins[k])
		}
	}
}

func txLine(t *txNode) string {
	switch {
	case t.time > 0:
		return day(t.time)
	case t.height >= 0:
		return "block " + number(t.height)
	default:
		return ""
	}
}

// starts draws the coins that the trace starts from; many small ones share a box.
func (p *painter) starts() {
	g := p.g
	var starts []int
	for i := range g.coins {
		if g.coins[i].from < 0 && (g.coins[i].end == nil || g.coins[i].end.Kind != goshawk.EndStart) {
			starts = append(starts, i)
		}
	}
	slices.SortStableFunc(starts, g.rank)
	own, shared := starts, []int(nil)
	if len(starts) > p.own {
		own, shared = starts[:p.own-1], starts[p.own-1:]
	}
	for _, k := range own {
		c := &g.coins[k]
		bottom := middle(c.address, 8, 6)
		if bottom == "" {
			bottom = shortHash(c.tx) + ":" + number(c.out)
		}
		b := p.add(box{shape: shapeStart, top: money(p.trace.Asset, c.amount), bottom: bottom, title: "Start\n" + p.coinTitle(c)})
		p.leadOn(b, k)
	}
	if len(shared) == 0 {
		return
	}
	var sum goshawk.Units
	for _, k := range shared {
		plus(&sum, g.coins[k].amount)
	}
	b := p.add(box{shape: shapeStart, top: money(p.trace.Asset, &sum), bottom: number(len(shared)) + " more starts",
		title: number(len(shared)) + " more starts, smaller, sharing one box"})
	var rest []int
	for _, k := range shared {
		if to := g.coins[k].to; to >= 0 && p.pick.tx[to] {
			p.join(b, p.boxOf[to], &g.coins[k])
		} else {
			rest = append(rest, k)
		}
	}
	p.rest(b, rest)
}

// leadOn joins a start's box with what follows its coin.
func (p *painter) leadOn(b, k int) {
	c := &p.g.coins[k]
	switch {
	case c.to >= 0 && p.pick.tx[c.to]:
		p.join(b, p.boxOf[c.to], c)
	case c.to >= 0:
		p.rest(b, []int{k})
	case c.end != nil:
		p.join(b, p.end(c), c)
	}
}

func (p *painter) end(c *coin) int {
	e := c.end
	if e == nil { // the answer was cut before it
		e = &goshawk.End{Kind: "not listed"}
	}
	b := box{shape: shapeEnd, kind: e.Kind, inference: e.Sweep != nil, top: money(p.trace.Asset, c.amount)}
	w := wordsOf(e.Kind, p.trace.Direction)
	if c.amount == nil {
		b.top = "amount unknown"
	}
	switch {
	case e.Label != nil:
		b.bottom = line(e.Label.Text, 21)
	case c.address != "":
		b.bottom = middle(c.address, 8, 6)
	default:
		b.bottom = w.title
	}
	parts := []string{w.title, p.coinTitle(c)}
	if meaning := meaningOf(e.Kind, p.trace); meaning != "" {
		parts[0] += ": " + meaning
	}
	if e.Label != nil {
		parts = append(parts, "label: "+line(e.Label.Text, 200)+", confidence "+Confidence(e.Label.Confidence)+", source "+line(e.Label.Source, 80))
	}
	if e.Sweep != nil {
		parts = append(parts, "inference: swept by "+e.Sweep.String())
	}
	if mix := mixWords(e, p.trace.Direction); mix != "" {
		parts = append(parts, mix)
	}
	if e.Note != "" {
		parts = append(parts, line(e.Note, 200))
	}
	b.title = strings.Join(parts, "\n")
	return p.add(b)
}

func (p *painter) ends() {
	g := p.g
	folded := make(map[int][]int) // by box
	var boxes []int
	for tx := range g.txs {
		if !p.pick.tx[tx] {
			p.hidden += len(p.endsOf(tx))
			continue
		}
		b := p.boxOf[tx]
		_, ends, rest := p.ways(tx)
		if p.head[tx] >= 0 {
			rest, ends = append(rest, ends...), nil
		}
		for _, k := range ends {
			p.join(b, p.end(&g.coins[k]), &g.coins[k])
		}
		if len(rest) > 0 {
			if folded[b] == nil {
				boxes = append(boxes, b)
			}
			folded[b] = append(folded[b], rest...)
		}
	}
	for _, b := range boxes {
		p.rest(b, folded[b])
	}
}

// others draws the value that reaches drawn transactions by ways that are not
// drawn, so that no transaction seems to give more than it takes.
func (p *painter) others() {
	g := p.g
	for tx := range g.txs {
		if !p.pick.tx[tx] {
			continue
		}
		var from []int
		for _, k := range g.txs[tx].in {
			if at := g.coins[k].from; at >= 0 && !p.pick.tx[at] {
				from = append(from, k)
			}
		}
		if len(from) == 0 {
			continue
		}
		var sum goshawk.Units
		for _, k := range from {
			plus(&sum, g.coins[k].amount)
		}
		word := goshawk.Count(len(from), "other input", "other inputs")
		if p.backward {
			word = goshawk.Count(len(from), "other output", "other outputs")
		}
		n := p.add(box{shape: shapeRest, top: "+" + word, bottom: money(p.trace.Asset, &sum), title: "+" + word + ", " + money(p.trace.Asset, &sum) + "\ntraced here by ways that are not drawn"})
		for _, k := range from {
			p.join(n, p.boxOf[tx], &g.coins[k])
		}
	}
}

func (p *painter) endsOf(tx int) (ends []int) {
	for _, k := range p.g.txs[tx].out {
		if p.g.coins[k].end != nil {
			ends = append(ends, k)
		}
	}
	return ends
}

// rest draws coins that have no box of their own as one box beside b.
func (p *painter) rest(b int, coins []int) {
	if len(coins) == 0 {
		return
	}
	if len(coins) == 1 && p.g.coins[coins[0]].end != nil {
		c := &p.g.coins[coins[0]]
		p.join(b, p.end(c), c)
		return
	}
	var sum goshawk.Units
	unknown := uint64(0)
	counts := make(map[goshawk.EndKind]int)
	on := 0
	for _, k := range coins {
		c := &p.g.coins[k]
		plus(&sum, c.amount)
		if c.amount == nil {
			unknown++
		}
		if c.end != nil {
			counts[c.end.Kind]++
		} else {
			on++
		}
	}
	word := " smaller outputs"
	switch {
	case p.nodes[b].shape == shapeStart:
		word = " more coins"
	case p.backward && len(coins) == 1:
		word = " smaller input"
	case p.backward:
		word = " smaller inputs"
	case len(coins) == 1:
		word = " smaller output"
	}
	amount := spent(p.trace.Asset, &sum, unknown, money)
	title := "+" + number(len(coins)) + word + ", " + amount
	for _, kind := range goshawk.EndKinds() {
		if w := wordsOf(kind, p.trace.Direction); counts[kind] > 0 {
			title += "\n" + number(counts[kind]) + " " + strings.ToLower(w.title[:1]) + w.title[1:]
		}
	}
	if on > 0 {
		title += "\n" + number(on) + " followed further, not drawn"
	}
	n := p.add(box{shape: shapeRest, top: "+" + number(len(coins)) + word, bottom: amount, title: title})
	for _, k := range coins {
		c := p.g.coins[k]
		c.end = nil
		p.join(b, n, &c)
	}
}
