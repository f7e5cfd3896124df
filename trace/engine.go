package trace

import (
	"context"
	"errors"
	"math"
	"slices"

	"goshawk"
)

// engine is one trace at work. Forward, value enters a transaction by its
// inputs and leaves by its outputs; backward it enters by the outputs and
// leaves by the inputs. Coins on the entering side are called sources here,
// those on the leaving side sinks.
type engine struct {
	q      *Question
	ledger goshawk.Ledger
	head   goshawk.Head
	ranges bool // units are told apart (fifo, lifo, fifo-age)
	split  bool // shares by start are kept beside plain sums
	remote bool // ids are sparse, inputs may be Deferred, outputs Later
	want   goshawk.Want

	maxHops uint32 // none: no limit
	least   uint64 // sums below it end
	tooMuch bool   // the minimum exceeds 64 bits: every coin ends
	until   int64

	starts  []origin
	startAt map[place]uint32
	startLo goshawk.TxID // bounds of the starts' transactions
	startHi goshawk.TxID

	front   *frontier
	fetched bitmap // of the open page's transactions, those whose row is here
	rows    [pageSize]rowRef
	ahead   map[goshawk.TxID]rowRef // rows of a remote ledger that were read early
	batches []*batch                // to be reused
	meta    map[goshawk.TxID]txMeta
	ids     []goshawk.TxID
	addrs   []goshawk.AddressID
	prepare Preparer

	work  workspace
	found findings
	steps uint64
}

const none = math.MaxUint32

// place names an output by its transaction's id and its position there.
type place struct {
	tx    goshawk.TxID
	index uint32
}

// origin is a start.
type origin struct {
	place
	hash    goshawk.Hash
	value   uint64
	address goshawk.AddressID
	spender goshawk.TxID
	height  int32
	time    int64
	id      goshawk.OutputID
}

// coin is a traced coin that waits for the transaction on its other side.
type coin struct {
	id     goshawk.OutputID // forward only
	amount uint64           // traced units; for poison its value
	other  goshawk.TxID     // forward: the transaction that created it; backward: the one that spends it, NoTx for a start
	via    goshawk.AddressID
	index  uint32 // its position among its transaction's outputs
	hop    uint32
	mixed  uint32 // candidates, if it lies beyond a CoinJoin
	parts  run    // its intervals, or shares, at its page
	slot   uint8  // the transaction it waits for, at its page
	flags  uint8
}

const (
	isStart uint8 = 1 << iota
	isUnlabelled
)

// interval is the half-open range of a coin's units that came from one start.
type interval struct {
	from, to uint64
	start    uint32
}

// share is the number of units that came from one start.
type share struct {
	units uint64
	start uint32
}

// txMeta is what answers show of a transaction.
type txMeta struct {
	hash   goshawk.Hash
	time   int64
	height int32
}

// batch is one answer of Ledger.Transactions, kept until its last row is processed.
type batch struct {
	tx       goshawk.Transactions
	creators []place // backward: beside tx.Inputs; tx is NoTx while not looked up
	left     int
}

type rowRef struct {
	b   *batch
	row int
}

func newEngine(ctx context.Context, ledger goshawk.Ledger, q *Question) (*engine, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	head, err := ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	e := &engine{
		q: q, ledger: ledger, head: head,
		ranges:  q.Method.intervals(),
		remote:  head.Transactions == 0,
		maxHops: none,
		front:   newFrontier(head, q.Backward),
	}
	e.split = q.ByStart && !e.ranges
	if e.remote {
		e.want = goshawk.WantHashes | goshawk.WantOutpoints
		e.meta = make(map[goshawk.TxID]txMeta)
		e.ahead = make(map[goshawk.TxID]rowRef)
	}
	if q.Services != nil {
		e.prepare, _ = q.Services.(Preparer)
	}
	if q.MaxHops != nil && uint64(*q.MaxHops) < none {
		e.maxHops = uint32(*q.MaxHops)
	}
	if q.MinAmount != nil {
		e.least, e.tooMuch = q.MinAmount.Uint64(), !q.MinAmount.IsUint64()
	}
	if !q.Until.IsZero() {
		e.until = q.Until.Unix()
		if q.Backward && q.Until.Nanosecond() > 0 {
			e.until++
		}
	}
	e.found.init(q)
	if err := e.findStarts(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// findStarts looks the starts up, each once, in chain order.
func (e *engine) findStarts(ctx context.Context) error {
	var hashes []goshawk.Hash
	for _, s := range e.q.Starts {
		hashes = append(hashes, s.Tx)
	}
	found, err := e.ledger.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return err
	}
	seen := make(map[place]bool)
	var ids []goshawk.TxID
	for i, s := range e.q.Starts {
		id := found.Transactions[i]
		if id == goshawk.NoTx {
			return goshawk.Errorf(goshawk.NotFound, "the ledger has no transaction %s", s.Tx).
				WithHint("check the transaction id, and that the ledger of this network reaches its block")
		}
		if p := (place{id, s.Index}); !seen[p] {
			seen[p] = true
			e.starts = append(e.starts, origin{place: p, hash: s.Tx})
			ids = append(ids, id)
		}
	}
	slices.SortFunc(e.starts, func(a, b origin) int { return a.place.compare(b.place) })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var rows goshawk.Transactions
	var later []goshawk.OutputID
	for s := 0; len(ids) > 0; {
		n := min(len(ids), fetchMost)
		if err := e.ledger.Transactions(ctx, ids[:n], e.want&goshawk.WantHashes, &rows); err != nil {
			return err
		}
		for r := range ids[:n] {
			row, outs := &rows.Rows[r], rows.Out(r)
			e.note(row)
			for ; s < len(e.starts) && e.starts[s].tx == ids[r]; s++ {
				o := &e.starts[s]
				if int64(o.index) >= int64(len(outs)) {
					return goshawk.Errorf(goshawk.Invalid, "transaction %s has no output %d", o.hash, o.index).
						WithHint("it has %d, counted from 0", len(outs))
				}
				out := &outs[o.index]
				if out.Value == 0 {
					return goshawk.Errorf(goshawk.Invalid, "output %s:%d is worth nothing: there is nothing to follow", o.hash, o.index).
						WithHint("start from an output with a value")
				}
				o.value, o.address, o.spender, o.id = out.Value, out.Address, out.Spender, out.ID
				o.height, o.time = row.Height, row.Time
				if o.spender == goshawk.Later && !e.q.Backward {
					later = append(later, o.id)
				}
			}
		}
		ids = ids[n:]
	}
	if len(later) > 0 {
		coins, err := e.ledger.Outputs(ctx, later)
		if err != nil {
			return err
		}
		at := 0
		for s := range e.starts {
			if e.starts[s].spender == goshawk.Later {
				e.starts[s].spender = coins[at].Spender
				at++
			}
		}
	}
	e.startAt = make(map[place]uint32, len(e.starts))
	for i := range e.starts {
		e.startAt[e.starts[i].place] = uint32(i)
	}
	e.startLo, e.startHi = e.starts[0].tx, e.starts[len(e.starts)-1].tx
	return nil
}

func (p place) compare(o place) int {
	switch {
	case p.tx < o.tx:
		return -1
	case p.tx > o.tx:
		return 1
	case p.index < o.index:
		return -1
	case p.index > o.index:
		return 1
	default:
		return 0
	}
}

// run follows everything. On cancellation it returns an Interrupted error, and
// what is left is recorded as ends.
func (e *engine) run(ctx context.Context) error {
	err := e.walk(ctx)
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && (errors.Is(err, cause) || goshawk.CodeOf(err) == goshawk.Interrupted) {
		e.abandon()
		return goshawk.Errorf(goshawk.Interrupted, "the trace was interrupted after %s: %w", goshawk.Count(e.steps, "transaction", "transactions"), cause).
			WithHint("the answer so far is marked truncated; ask again to have all of it")
	}
	return err
}

func (e *engine) walk(ctx context.Context) error {
	e.work.acc = make([]uint64, len(e.starts))
	for s := range e.starts {
		if err := e.depart(uint32(s)); err != nil {
			return err
		}
	}
	const often = 64
	for n := 0; ; n++ {
		i, ok := e.front.first()
		if !ok {
			return nil
		}
		if n%often == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !e.fetched.has(i) {
			if err := e.fetch(ctx); err != nil {
				return err
			}
		}
		ref := e.rows[i]
		coins := e.waiting(i)
		if err := e.step(ctx, ref.b, ref.row, coins); err != nil {
			return err
		}
		e.front.done(i, len(coins))
		e.fetched.clear(i)
		if n%(often*64) == 0 && e.q.Progress != nil {
			e.q.Progress(Progress{Steps: e.steps, Pending: e.front.count, Height: ref.b.tx.Rows[ref.row].Height})
		}
		if ref.b.left--; ref.b.left == 0 {
			e.batches = append(e.batches, ref.b)
		}
	}
}

// waiting returns the coins that wait for a transaction of the open page.
func (e *engine) waiting(i uint32) []*coin {
	f := e.front
	e.work.coins = e.work.coins[:0]
	for at := f.head[i]; at != 0; at = f.next[at-1] {
		e.work.coins = append(e.work.coins, f.list[at-1])
	}
	return e.work.coins
}

// depart sends a start on its way. No stop applies to it, but what cannot be
// spent, and what nobody has spent, is where it is.
func (e *engine) depart(s uint32) error {
	o := &e.starts[s]
	next := o.tx
	if !e.q.Backward {
		switch o.spender {
		case goshawk.Burnt, goshawk.NoTx:
			kind := kindUnspent
			if o.spender == goshawk.Burnt {
				kind = kindBurnt
			}
			if e.found.listed() {
				e.found.flows = append(e.found.flows, flow{place: o.place, address: o.address, amount: o.value, value: o.value, next: goshawk.NoTx})
			}
			x := e.found.late(end{tx: o.tx, index: o.index, amount: o.value, address: o.address, kind: kind})
			if e.q.ByStart {
				e.found.shared(x, []share{{units: o.value, start: s}})
			}
			return nil
		}
		next = o.spender
		if next <= o.tx {
			return e.disorder(o.tx, next)
		}
	}
	p := e.front.at(next)
	if p == nil {
		return e.missing(next)
	}
	c := e.front.add(p, next)
	*c = coin{id: o.id, amount: o.value, other: goshawk.NoTx, via: o.address, index: o.index, flags: isStart, slot: c.slot}
	if !e.q.Backward {
		c.other = o.tx
	}
	switch {
	case e.ranges:
		if !e.q.ByStart {
			s = 0
		}
		c.parts = p.units.put(&e.front.units, []interval{{from: 0, to: o.value, start: s}})
	case e.split:
		c.parts = p.shares.put(&e.front.shares, []share{{units: o.value, start: s}})
	}
	return nil
}

func (e *engine) missing(tx goshawk.TxID) error {
	return goshawk.Errorf(goshawk.Corrupt, "the ledger names transaction %d, which it does not have", tx).
		WithHint("run goshawk check on the ledger")
}

// abandon ends every coin that still waits.
func (e *engine) abandon() {
	for {
		i, ok := e.front.first()
		if !ok {
			return
		}
		coins := e.waiting(i)
		for _, c := range coins {
			x := e.found.late(end{tx: e.creator(c, e.front.open.id(i)), index: c.index, amount: c.amount, address: c.via,
				hop: c.hop, kind: kindLimit, note: noteInterrupted})
			e.found.candidates(x, c.mixed)
			e.shareCoin(x, c)
		}
		e.front.done(i, len(coins))
	}
}

// creator is the transaction that made a coin which waits at a transaction.
func (e *engine) creator(c *coin, waits goshawk.TxID) goshawk.TxID {
	if e.q.Backward {
		return waits
	}
	return c.other
}

func (e *engine) disorder(tx, next goshawk.TxID) error {
	return goshawk.Errorf(goshawk.Corrupt, "the ledger links transaction %d to %d against the order of the chain", tx, next).
		WithHint("run goshawk check on the ledger")
}

// note keeps what answers show of a transaction, where asking again is dear.
func (e *engine) note(row *goshawk.Transaction) {
	if e.meta != nil {
		e.meta[row.ID] = txMeta{hash: row.Hash, time: row.Time, height: row.Height}
	}
}
