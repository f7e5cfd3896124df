package trace

import (
	"cmp"
	"context"
	"math"
	"slices"

	"goshawk"
)

// PathQuery asks how value can have come from some addresses or coins to some
// addresses.
type PathQuery struct {
	From  []string           // addresses: paths begin with any coin that they spent
	Coins []goshawk.Outpoint // or with these
	To    []string           // addresses: paths end with any coin that they received

	MaxHops         int // transactions on a path at most; 0: no limit
	MaxTransactions int // transactions read at most; 0 means 100,000

	// Paths do not lead through coins at services, whose customers' money is
	// mixed there, nor through CoinJoins unless told to. Both may be nil.
	Services        Services
	CoinJoin        func(batch *goshawk.Transactions, row int) bool
	ThroughCoinJoin bool
	Labels          []goshawk.LabelSource // echoed

	Progress func(Progress)
}

const (
	defaultRead   = 100_000
	mostRead      = 50_000_000
	pointsPerRead = 16 // ways remembered for each transaction that may be read
)

// waypoint is a transaction reached by a coin that it spends.
type waypoint struct {
	tx     goshawk.TxID
	from   int32 // waypoint whose transaction created the coin; -1 for a first coin
	index  uint32
	value  uint64       // of the coin
	width  uint64       // of the smallest coin so far
	first  goshawk.TxID // creator of a first coin, with its index; NoTx if it must be looked up by input
	input  uint32       // of a first coin, among the transaction's inputs
	direct bool         // a first coin named by outpoint
}

// pathfinder searches level by level: after n levels it knows, of every
// transaction reached, the widest way there over at most n transactions.
type pathfinder struct {
	q      *PathQuery
	ledger goshawk.Ledger
	head   goshawk.Head
	to     map[goshawk.AddressID]bool
	from   map[goshawk.AddressID]bool
	last   goshawk.TxID // nothing after it leads to a target
	limit  int

	points  []waypoint
	best    map[goshawk.TxID]uint64 // width reached
	read    int
	cut     bool
	joins   int
	short   goal
	large   goal
	batch   goshawk.Transactions
	prepare Preparer
}

// goal is a coin at a target.
type goal struct {
	found bool
	point int32
	index uint32
	value uint64
	width uint64
	depth int
}

// Path finds the shortest path (fewest transactions; then the largest value, then
// the earliest) and the largest (its smallest coin is as large as possible; then
// fewest transactions). It reads at most MaxTransactions; where that ends the
// search, the answer is truncated. The answer leaves From and To to the caller. If it is interrupted it returns what it has, with an Interrupted error.
func Path(ctx context.Context, ledger goshawk.Ledger, q PathQuery) (*goshawk.Paths, error) {
	if len(q.From)+len(q.Coins) == 0 || len(q.To) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "a path needs an address to come from and one to lead to").WithHint("give both --from and --to")
	}
	if q.MaxHops < 0 || q.MaxTransactions < 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "a limit below nothing is no limit").WithHint("leave it out for no limit")
	}
	head, err := ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	p := &pathfinder{q: &q, ledger: ledger, head: head, best: make(map[goshawk.TxID]uint64), limit: q.MaxTransactions}
	if p.limit == 0 {
		p.limit = defaultRead
	}
	p.limit = min(p.limit, mostRead)
	if q.Services != nil {
		p.prepare, _ = q.Services.(Preparer)
	}
	err = p.search(ctx)
	cause := ctx.Err()
	if err != nil && cause == nil {
		return nil, err
	}
	if cause != nil {
		p.cut = true
		ctx = context.WithoutCancel(ctx)
		err = goshawk.Errorf(goshawk.Interrupted, "the search was interrupted after %s: %w", goshawk.Count(p.read, "transaction", "transactions"), cause)
	}
	answer, wordsErr := p.answer(ctx)
	if wordsErr != nil {
		return nil, wordsErr
	}
	return answer, err
}

func (p *pathfinder) search(ctx context.Context) error {
	var err error
	if p.to, err = p.resolve(ctx, p.q.To); err != nil {
		return err
	}
	if p.from, err = p.resolve(ctx, p.q.From); err != nil {
		return err
	}
	if err := p.horizon(ctx); err != nil {
		return err
	}
	level, err := p.begin(ctx)
	if err != nil {
		return err
	}
	for depth := 1; len(level) > 0 && !p.cut; depth++ {
		if p.q.MaxHops > 0 && depth > p.q.MaxHops {
			return nil
		}
		if level, err = p.advance(ctx, level, depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *pathfinder) resolve(ctx context.Context, texts []string) (map[goshawk.AddressID]bool, error) {
	set := make(map[goshawk.AddressID]bool, len(texts))
	if len(texts) == 0 {
		return set, nil
	}
	found, err := p.ledger.Find(ctx, goshawk.Names{Addresses: texts})
	if err != nil {
		return nil, err
	}
	for _, id := range found.Addresses {
		if id != goshawk.NoAddress {
			set[id] = true
		}
	}
	if len(set) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "the ledger has no coin of address %s", texts[0]).
			WithHint("check the address, and that the ledger reaches the time when it was used")
	}
	return set, nil
}

// sortedIDs lists a set in order.
func sortedIDs(set map[goshawk.AddressID]bool) []goshawk.AddressID {
	ids := make([]goshawk.AddressID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// horizon finds the last transaction of the targets, where they are few.
func (p *pathfinder) horizon(ctx context.Context) error {
	const few = 64
	p.last = goshawk.Later - 1
	if len(p.to) > few {
		return nil
	}
	last := goshawk.TxID(0)
	for _, id := range sortedIDs(p.to) {
		page, err := p.ledger.History(ctx, goshawk.HistoryQuery{Address: id, Limit: 1})
		if err != nil {
			return err
		}
		if len(page.Entries) > 0 {
			last = max(last, page.Entries[0].Tx)
		}
	}
	p.last = last
	return nil
}

// begin lists the transactions that spend a first coin. An address with more
// of them than may be read is cut short.
func (p *pathfinder) begin(ctx context.Context) ([]int32, error) {
	var level []int32
	for _, id := range sortedIDs(p.from) {
		query := goshawk.HistoryQuery{Address: id, Oldest: true, Limit: wordsBatch}
		for {
			page, err := p.ledger.History(ctx, query)
			if err != nil {
				return nil, err
			}
			for i := range page.Entries {
				e := &page.Entries[i]
				if _, known := p.best[e.Tx]; known || e.Spent.Units.IsZero() && e.Unresolved == 0 || e.Tx > p.last {
					continue
				}
				p.best[e.Tx] = 0 // its width is known when it is read
				p.points = append(p.points, waypoint{tx: e.Tx, from: -1, first: goshawk.NoTx})
				level = append(level, int32(len(p.points)-1))
			}
			if !page.More {
				break
			}
			if len(level) >= p.limit {
				p.cut = true
				break
			}
			query.From = page.Next
		}
	}
	return p.beginCoins(ctx, level)
}

func (p *pathfinder) beginCoins(ctx context.Context, level []int32) ([]int32, error) {
	if len(p.q.Coins) == 0 {
		return level, nil
	}
	e, err := newEngine(ctx, p.ledger, &Question{Method: Poison, Starts: p.q.Coins})
	if err != nil {
		return nil, err
	}
	for i := range e.starts {
		o := &e.starts[i]
		if o.spender >= goshawk.Later || o.spender > p.last {
			continue
		}
		p.best[o.spender] = max(p.best[o.spender], o.value)
		p.points = append(p.points, waypoint{tx: o.spender, from: -1, first: o.tx, index: o.index, value: o.value, width: o.value, direct: true})
		level = append(level, int32(len(p.points)-1))
	}
	return level, nil
}

// advance reads the transactions of a level, in chain order, and returns those
// that their outputs lead to.
func (p *pathfinder) advance(ctx context.Context, level []int32, depth int) ([]int32, error) {
	slices.SortStableFunc(level, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.points[a].tx, p.points[b].tx), cmp.Compare(p.points[b].width, p.points[a].width), cmp.Compare(a, b))
	})
	reached := make(map[goshawk.TxID]int32)
	var ids []goshawk.TxID
	for len(level) > 0 {
		if p.read >= p.limit {
			p.cut = true
			return nil, nil
		}
		n := min(len(level), fetchMost, p.limit-p.read)
		ids = ids[:0]
		for _, at := range level[:n] {
			ids = append(ids, p.points[at].tx)
		}
		if err := p.readRows(ctx, ids); err != nil {
			return nil, err
		}
		p.read += n
		if p.q.Progress != nil {
			p.q.Progress(Progress{Steps: uint64(p.read), Pending: len(level) + len(reached), Height: p.batch.Rows[0].Height})
		}
		for r, at := range level[:n] {
			p.expand(r, at, depth, reached)
		}
		level = level[n:]
	}
	next := make([]int32, 0, len(reached))
	for _, at := range reached {
		next = append(next, at)
	}
	slices.Sort(next)
	return next, nil
}

func (p *pathfinder) readRows(ctx context.Context, ids []goshawk.TxID) error {
	if err := p.ledger.Transactions(ctx, ids, 0, &p.batch); err != nil {
		return err
	}
	var later []goshawk.OutputID
	var at []int
	var addresses []goshawk.AddressID
	for j := range p.batch.Outputs {
		o := &p.batch.Outputs[j]
		addresses = append(addresses, o.Address)
		if o.Spender == goshawk.Later && o.Value > p.large.width {
			later, at = append(later, o.ID), append(at, j)
		}
	}
	if p.prepare != nil {
		slices.Sort(addresses)
		if err := p.prepare.Prepare(ctx, slices.Compact(addresses)); err != nil {
			return err
		}
	}
	if len(later) > 0 {
		coins, err := p.ledger.Outputs(ctx, later)
		if err != nil {
			return err
		}
		for i, j := range at {
			p.batch.Outputs[j].Spender = coins[i].Spender
		}
	}
	return ctx.Err()
}

// expand looks at one transaction's outputs: goals, and ways on.
func (p *pathfinder) expand(r int, at int32, depth int, reached map[goshawk.TxID]int32) {
	w := &p.points[at]
	if w.from < 0 && !w.direct { // the largest coin of a starting address; one of unknown value may be of any
		ins := p.batch.In(r)
		for i := range ins {
			value := ins[i].Value
			if ins[i].Link == goshawk.Unresolved {
				value = math.MaxUint64
			}
			if p.from[ins[i].Address] && (value > w.value || w.value == 0) {
				w.value, w.width, w.input = value, value, uint32(i)
			}
		}
		p.best[w.tx] = max(p.best[w.tx], w.width)
	}
	if p.q.CoinJoin != nil && p.q.CoinJoin(&p.batch, r) {
		if !p.q.ThroughCoinJoin {
			p.joins++
			return
		}
	}
	width, tx := w.width, w.tx
	outs := p.batch.Out(r)
	for j := range outs {
		o := &outs[j]
		if o.Value == 0 {
			continue
		}
		narrow := min(width, o.Value)
		if p.to[o.Address] {
			g := goal{found: true, point: at, index: uint32(j), value: o.Value, width: narrow, depth: depth}
			if !p.short.found || depth == p.short.depth && narrow > p.short.width {
				p.short = g
			}
			if !p.large.found || narrow > p.large.width {
				p.large = g
			}
		}
	}
	for j := range outs {
		o := &outs[j]
		narrow := min(width, o.Value)
		if narrow == 0 || p.large.found && narrow <= p.large.width || o.Spender >= goshawk.Later || o.Spender > p.last || o.Spender <= tx {
			continue
		}
		if p.q.Services != nil && p.q.Services.Party(o.Address) >= 0 {
			continue
		}
		if known, ok := p.best[o.Spender]; ok && narrow <= known {
			continue
		}
		if len(p.points) >= pointsPerRead*p.limit {
			p.cut = true
			return
		}
		p.best[o.Spender] = narrow
		next := waypoint{tx: o.Spender, from: at, index: uint32(j), value: o.Value, width: narrow}
		if k, ok := reached[o.Spender]; ok {
			p.points[k] = next
			continue
		}
		p.points = append(p.points, next)
		reached[o.Spender] = int32(len(p.points) - 1)
	}
}

func (p *pathfinder) answer(ctx context.Context) (*goshawk.Paths, error) {
	a := &goshawk.Paths{
		Version: goshawk.Version, Network: p.head.Network, Asset: p.head.Asset, Claim: p.head.Claim,
		Ledger: p.head.Point(),
		Labels: slices.Clone(p.q.Labels), MaxHops: p.q.MaxHops, Truncated: p.cut,
		Warnings: p.head.Warnings(),
	}
	if p.short.found { // then so is a largest
		for _, best := range []struct {
			by   string
			goal goal
		}{{"shortest", p.short}, {"largest", p.large}} {
			path, err := p.path(ctx, best.by, best.goal)
			if err != nil {
				return nil, err
			}
			a.Paths = append(a.Paths, path)
		}
	}
	if p.cut {
		a.Warnings = append(a.Warnings, "the search stopped after "+goshawk.Count(p.read, "transaction", "transactions")+": there may be other paths")
	}
	if p.joins > 0 {
		a.Warnings = append(a.Warnings, goshawk.Count(p.joins, "CoinJoin was", "CoinJoins were")+" not searched through")
	}
	return a, nil
}

// path writes the way to a goal.
func (p *pathfinder) path(ctx context.Context, by string, g goal) (goshawk.Path, error) {
	var txs []goshawk.TxID
	var outs []uint32
	at := g.point
	for ; p.points[at].from >= 0; at = p.points[at].from {
		txs = append(txs, p.points[at].tx)
		outs = append(outs, p.points[at].index)
	}
	start := &p.points[at]
	txs = append(txs, start.tx)
	slices.Reverse(txs)
	slices.Reverse(outs)
	outs = append(outs, g.index)

	path := goshawk.Path{By: by, Amount: goshawk.U(g.width)}
	var rows goshawk.Transactions
	if err := p.ledger.Transactions(ctx, txs, goshawk.WantHashes|goshawk.WantOutpoints, &rows); err != nil {
		return path, err
	}
	first, address, err := p.firstCoin(ctx, start, &rows)
	if err != nil {
		return path, err
	}
	path.Steps = append(path.Steps, first)
	addresses := []goshawk.AddressID{address}
	for r := range rows.Rows {
		row, o := &rows.Rows[r], &rows.Out(r)[outs[r]]
		hash, value := row.Hash, goshawk.U(o.Value)
		path.Steps[r].Spender = &hash
		addresses = append(addresses, o.Address)
		path.Steps = append(path.Steps, goshawk.PathStep{Tx: row.Hash, Out: outs[r], Amount: &value, Height: row.Height, Time: row.Time})
	}
	texts, err := p.ledger.Addresses(ctx, addresses, 0)
	if err != nil {
		return path, err
	}
	for i := range texts {
		path.Steps[i].Address = texts[i].Text
	}
	return path, nil
}

// firstCoin describes the coin that a path begins with, which its first
// transaction spends.
func (p *pathfinder) firstCoin(ctx context.Context, w *waypoint, rows *goshawk.Transactions) (goshawk.PathStep, goshawk.AddressID, error) {
	var one goshawk.Transactions
	value := goshawk.U(w.value)
	if w.direct {
		if err := p.ledger.Transactions(ctx, []goshawk.TxID{w.first}, goshawk.WantHashes, &one); err != nil {
			return goshawk.PathStep{}, 0, err
		}
		row := &one.Rows[0]
		return goshawk.PathStep{Tx: row.Hash, Out: w.index, Amount: &value, Height: row.Height, Time: row.Time}, one.Out(0)[w.index].Address, nil
	}
	in := rows.In(0)[w.input]
	point := rows.Outpoints[int(rows.Rows[0].FirstInput+w.input)]
	step := goshawk.PathStep{Tx: point.Tx, Out: point.Index, Height: in.Height}
	if in.Link != goshawk.Unresolved {
		step.Amount = &value
	}
	found, err := p.ledger.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{point.Tx}})
	if err != nil {
		return goshawk.PathStep{}, 0, err
	}
	if id := before(&found, 0, point.Tx, rows.Rows[0].ID); id != goshawk.NoTx {
		if err := p.ledger.Transactions(ctx, []goshawk.TxID{id}, 0, &one); err != nil {
			return goshawk.PathStep{}, 0, err
		}
		step.Height, step.Time = one.Rows[0].Height, one.Rows[0].Time
	}
	return step, in.Address, nil
}
