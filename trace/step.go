package trace

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"goshawk"
)

// source is a traced coin on the entering side of the transaction at hand.
type source struct {
	pos  uint32 // among the inputs; backward among the outputs
	coin *coin
	kind uint8 // of the end that stops it; kindNone where it is walked
	note uint8
}

// facts are what the rules ask of a transaction.
type facts struct {
	in, out    uint64 // sums of values
	unresolved bool   // an input is
	ageless    bool   // fifo-age cannot tell the order of its inputs
	mixes      bool   // it is a CoinJoin
	swept      bool   // it pays one service only
	sweepAsked bool
	candidates uint32
}

// fate is where a traced sink goes next.
type fate struct {
	next  goshawk.TxID
	kind  uint8 // of its end; kindNone where it goes on
	note  uint8
	flags uint8
}

// step processes one transaction: all coins that wait there are known, as
// every transaction before it in the order of the walk has been processed.
// Whatever may fail or be interrupted comes before the first change.
func (e *engine) step(ctx context.Context, b *batch, r int, coins []*coin) error {
	row := &b.tx.Rows[r]
	var f facts
	if err := e.examine(ctx, b, r, &f); err != nil {
		return err
	}
	var err error
	if e.q.Backward {
		err = e.matchOutputs(b, r, coins)
	} else {
		err = e.matchInputs(b, r, coins)
	}
	if err != nil {
		return err
	}

	var total uint64
	hop, mixed, walked := uint32(none), uint32(0), false
	for i := range e.work.sources {
		s := &e.work.sources[i]
		c := s.coin
		s.kind, s.note = e.stop(b, r, &f, c)
		if s.kind != kindNone {
			continue
		}
		walked = true
		total += c.amount // at most f.in, or unused (poison)
		hop = min(hop, c.hop)
		mixed = max(mixed, c.mixed)
	}
	if !walked {
		e.settleSources(b, r, &f)
		return nil
	}
	if f.out > f.in && !f.unresolved {
		return goshawk.Errorf(goshawk.Corrupt, "transaction %d pays %d units and spends only %d", row.ID, f.out, f.in).
			WithHint("run goshawk check on the ledger")
	}
	if f.mixes {
		mixed = max(mixed, f.candidates)
	}
	if e.q.Backward {
		err = e.leaveByInputs(ctx, b, r, &f, total, hop+1, mixed)
	} else {
		err = e.leaveByOutputs(ctx, b, r, &f, total, hop+1, mixed)
	}
	if err != nil {
		return err
	}
	if f.mixes {
		e.found.mixes++
	}
	e.steps++
	return nil
}

// examine gathers a transaction's facts.
func (e *engine) examine(ctx context.Context, b *batch, r int, f *facts) error {
	var over uint64
	ins := b.tx.In(r)
	for i := range ins {
		var c uint64
		f.in, c = bits.Add64(f.in, ins[i].Value, 0)
		over |= c
		f.unresolved = f.unresolved || ins[i].Link == goshawk.Unresolved
	}
	outs := b.tx.Out(r)
	for i := range outs {
		var c uint64
		f.out, c = bits.Add64(f.out, outs[i].Value, 0)
		over |= c
	}
	if over != 0 {
		return goshawk.Errorf(goshawk.Corrupt, "the values of transaction %d exceed 64 bits", b.tx.Rows[r].ID).
			WithHint("run goshawk check on the ledger")
	}
	if e.q.CoinJoin != nil && e.q.CoinJoin(&b.tx, r) {
		f.mixes = true
		if e.q.Backward {
			f.candidates = uint32(len(ins))
		} else {
			for i := range outs {
				if outs[i].Value > 0 {
					f.candidates++
				}
			}
		}
	}
	if e.q.Method == FIFOAge && !f.unresolved {
		return e.orderByAge(ctx, b, r, f)
	}
	return nil
}

// stop says whether and why a coin that came to a transaction ends before it.
func (e *engine) stop(b *batch, r int, f *facts, c *coin) (kind, note uint8) {
	row := &b.tx.Rows[r]
	if c.flags&isStart == 0 {
		if !e.q.Backward && c.flags&isUnlabelled != 0 && e.swept(b, r, f) {
			return kindService, noteNone
		}
		if f.mixes && !e.q.ThroughCoinJoin {
			return kindCoinJoin, noteNone
		}
	}
	switch {
	case f.unresolved && e.q.Method != Poison:
		return kindUnresolved, noteUnresolved
	case f.ageless:
		return kindUnresolved, noteAge
	case e.q.Backward && row.Coinbase:
		return kindOrigin, noteNone
	case c.hop >= e.maxHops:
		return kindLimit, noteHops
	case c.amount < e.least || e.tooMuch:
		return kindLimit, noteAmount
	case !e.q.Until.IsZero() && (!e.q.Backward && row.Time > e.until || e.q.Backward && row.Time < e.until):
		return kindLimit, noteUntil
	}
	return kindNone, noteNone
}

func (e *engine) party(a goshawk.AddressID) Party {
	if a == goshawk.NoAddress {
		return NoService // nobody can know whose it is, nor write about it
	}
	if e.q.Services == nil {
		return Unlabelled
	}
	return e.q.Services.Party(a)
}

func (e *engine) swept(b *batch, r int, f *facts) bool {
	if !f.sweepAsked {
		f.sweepAsked = true
		f.swept = e.sweep(&b.tx, r)
	}
	return f.swept
}

// sweep says whether a transaction pays addresses of one service and nobody
// else. Outputs worth nothing pay nobody.
func (e *engine) sweep(t *goshawk.Transactions, r int) bool {
	if e.q.Services == nil {
		return false
	}
	to := Unlabelled
	outs := t.Out(r)
	for i := range outs {
		if outs[i].Value == 0 {
			continue
		}
		p := e.party(outs[i].Address)
		if p < 0 || to >= 0 && p != to {
			return false
		}
		to = p
	}
	return to >= 0
}

// matchOutputs finds the sources of a backward step, in output order.
func (e *engine) matchOutputs(b *batch, r int, coins []*coin) error {
	w := &e.work
	w.sources = w.sources[:0]
	outs := b.tx.Out(r)
	for _, c := range coins {
		if uint64(c.index) >= uint64(len(outs)) || c.amount > outs[c.index].Value {
			return e.mismatch(b.tx.Rows[r].ID)
		}
		w.sources = append(w.sources, source{pos: c.index, coin: c})
	}
	slices.SortFunc(w.sources, func(a, b source) int { return cmp.Compare(a.pos, b.pos) })
	return nil
}

// matchInputs finds the sources of a forward step, in input order.
func (e *engine) matchInputs(b *batch, r int, coins []*coin) error {
	w := &e.work
	w.sources = w.sources[:0]
	ins := b.tx.In(r)
	if e.remote {
		return e.matchOutpoints(b, r, coins)
	}
	const few = 512 // comparisons
	if len(coins)*len(ins) <= few {
		for i := range ins {
			if ins[i].Link != goshawk.Linked {
				continue
			}
			for _, c := range coins {
				if c.id == ins[i].Spent {
					w.sources = append(w.sources, source{pos: uint32(i), coin: c})
					break
				}
			}
		}
	} else {
		e.matchMany(ins, coins)
	}
	if len(w.sources) != len(coins) {
		return e.mismatch(b.tx.Rows[r].ID)
	}
	for i := range w.sources {
		if s := &w.sources[i]; s.coin.amount > ins[s.pos].Value {
			return e.mismatch(b.tx.Rows[r].ID)
		}
	}
	return nil
}

// matchMany does it for many inputs and many coins by a table of the coins.
func (e *engine) matchMany(ins []goshawk.Input, coins []*coin) {
	w := &e.work
	size := 1 << bits.Len(uint(2*len(coins)))
	w.table = resize(w.table, size)
	clear(w.table)
	slot := func(id goshawk.OutputID) int {
		return int(uint64(id) * 0x9e3779b97f4a7c15 >> 32 & uint64(size-1))
	}
	for at, c := range coins {
		k := slot(c.id)
		for w.table[k] != 0 {
			k = (k + 1) & (size - 1)
		}
		w.table[k] = uint32(at + 1)
	}
	for i := range ins {
		if ins[i].Link != goshawk.Linked {
			continue
		}
		for k := slot(ins[i].Spent); w.table[k] != 0; k = (k + 1) & (size - 1) {
			if c := coins[w.table[k]-1]; c.id == ins[i].Spent {
				w.sources = append(w.sources, source{pos: uint32(i), coin: c})
				break
			}
		}
	}
}

// matchOutpoints does it where inputs name their coins by outpoint.
func (e *engine) matchOutpoints(b *batch, r int, coins []*coin) error {
	w := &e.work
	row := &b.tx.Rows[r]
	waiting := make(map[goshawk.Outpoint]*coin)
	for _, c := range coins {
		waiting[goshawk.Outpoint{Tx: e.meta[c.other].hash, Index: c.index}] = c
	}
	ins := b.tx.In(r)
	for i := range ins {
		c := waiting[b.tx.Outpoints[int(row.FirstInput)+i]]
		if c == nil {
			continue
		}
		if c.amount > ins[i].Value {
			return e.mismatch(row.ID)
		}
		w.sources = append(w.sources, source{pos: uint32(i), coin: c})
	}
	if len(w.sources) != len(waiting) {
		return e.mismatch(row.ID)
	}
	return nil
}

func (e *engine) mismatch(tx goshawk.TxID) error {
	return goshawk.Errorf(goshawk.Corrupt, "transaction %d and the coins said to be its own do not fit", tx).
		WithHint("run goshawk check on the ledger")
}

// settleSources records what became of the coins that came to a transaction.
func (e *engine) settleSources(b *batch, r int, f *facts) {
	row := &b.tx.Rows[r]
	for i := range e.work.sources {
		s := &e.work.sources[i]
		listed := e.found.listed()
		if s.kind == kindNone && !listed {
			continue
		}
		c := s.coin
		var value uint64
		var address goshawk.AddressID
		next := goshawk.NoTx
		if e.q.Backward {
			o := &b.tx.Out(r)[s.pos]
			value, address, next = o.Value, o.Address, c.other
		} else {
			in := &b.tx.In(r)[s.pos]
			value, address = in.Value, in.Address
			if s.kind == kindNone {
				next = row.ID
			}
		}
		tx := e.creator(c, row.ID)
		if listed {
			e.found.flows = append(e.found.flows, flow{place: place{tx, c.index}, address: address, amount: c.amount, value: value, hop: c.hop, next: next})
		}
		if s.kind == kindNone {
			continue
		}
		x := e.found.late(end{tx: tx, index: c.index, amount: c.amount, address: address, hop: c.hop, kind: s.kind, note: s.note})
		mixed := c.mixed
		switch s.kind {
		case kindService:
			e.found.more(x).sweep = row.ID
		case kindCoinJoin:
			mixed = max(mixed, f.candidates)
		}
		e.found.candidates(x, mixed)
		e.shareCoin(x, s.coin)
	}
}

// shareCoin splits the end of a waiting coin over its starts.
func (e *engine) shareCoin(x *end, c *coin) {
	switch {
	case !e.q.ByStart:
	case e.ranges:
		e.found.shared(x, e.work.ofIntervals(e.front.open.units.get(c.parts)))
	default:
		e.found.shared(x, e.front.open.shares.get(c.parts))
	}
}
