package trace

import (
	"context"

	"goshawk"
)

// leaveByOutputs carries the walked units of a forward step to the outputs and the fee.
func (e *engine) leaveByOutputs(ctx context.Context, b *batch, r int, f *facts, total uint64, hop, mixed uint32) error {
	w := &e.work
	row, outs := &b.tx.Rows[r], b.tx.Out(r)
	n := len(outs)
	w.values, w.got = resize(w.values, n+1), resize(w.got, n+1)
	for j := range outs {
		w.values[j] = outs[j].Value
	}
	if !f.unresolved {
		w.values[n] = f.in - f.out
	} else {
		w.values[n] = 0
	}
	e.divide(b, r, f, total)
	if err := e.outputFates(ctx, b, r); err != nil {
		return err
	}

	e.settleSources(b, r, f)
	e.weigh()
	for j := range outs {
		got := w.got[j]
		if got == 0 {
			continue
		}
		o, fate := &outs[j], &w.fates[j]
		if fate.kind == kindNone {
			c, err := e.keep(fate.next, j, total)
			if err != nil {
				return err
			}
			c.id, c.amount, c.other, c.via = o.ID, got, row.ID, o.Address
			c.index, c.hop, c.mixed, c.flags = uint32(j), hop, mixed, fate.flags
			continue
		}
		if e.found.listed() {
			e.found.flows = append(e.found.flows, flow{place: place{row.ID, uint32(j)}, address: o.Address, amount: got, value: o.Value, hop: hop, next: goshawk.NoTx})
		}
		x := e.found.inOrder(fate.kind, got)
		x.tx, x.index, x.address, x.hop = row.ID, uint32(j), o.Address, hop
		e.found.candidates(x, mixed)
		e.shareSink(x, j, total)
	}
	fee := w.got[n]
	switch {
	case fee == 0 && !f.unresolved:
	case !f.unresolved && mixed == 0 && !e.q.ByStart && e.found.fee(row.ID, fee, hop):
	default:
		x := e.found.inOrder(kindFee, fee)
		x.tx, x.index, x.address, x.hop = row.ID, none, goshawk.NoAddress, hop
		if x.unknown = f.unresolved; x.unknown {
			e.found.unknown[kindFee]++
		}
		e.found.candidates(x, mixed)
		e.shareSink(x, n, total)
	}
	e.forget()
	return nil
}

// outputFates decides for each traced output whether it ends there or who spends it.
func (e *engine) outputFates(ctx context.Context, b *batch, r int) error {
	w := &e.work
	row, outs := &b.tx.Rows[r], b.tx.Out(r)
	w.fates = resize(w.fates, len(outs))
	w.look = w.look[:0]
	for j := range outs {
		if w.got[j] == 0 {
			continue
		}
		o, to := &outs[j], &w.fates[j]
		to.next, to.kind, to.note, to.flags = goshawk.NoTx, kindNone, noteNone, 0
		if e.isStart(place{row.ID, uint32(j)}) {
			to.kind = kindStart
			continue
		}
		if o.Spender == goshawk.Burnt {
			to.kind = kindBurnt
			continue
		}
		switch p := e.party(o.Address); {
		case p >= 0:
			to.kind = kindService
			continue
		case p == Unlabelled:
			to.flags = isUnlabelled
		}
		if o.Spender == goshawk.Later {
			w.look = append(w.look, int(row.FirstOutput)+j)
			continue
		}
		if err := e.setNext(to, row.ID, o.Spender); err != nil {
			return err
		}
	}
	if len(w.look) == 0 {
		return nil
	}
	if err := e.spenders(ctx, b, w.look); err != nil {
		return err
	}
	for _, k := range w.look {
		if err := e.setNext(&w.fates[k-int(row.FirstOutput)], row.ID, b.tx.Outputs[k].Spender); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) setNext(f *fate, tx, spender goshawk.TxID) error {
	switch {
	case spender == goshawk.NoTx:
		f.kind = kindUnspent
	case spender == goshawk.Burnt:
		f.kind = kindBurnt
	case spender <= tx || spender == goshawk.Later:
		return e.disorder(tx, spender)
	default:
		f.next = spender
	}
	return nil
}

func (e *engine) isStart(p place) bool {
	if p.tx < e.startLo || p.tx > e.startHi {
		return false
	}
	_, ok := e.startAt[p]
	return ok
}

// leaveByInputs carries the walked units of a backward step to the inputs.
func (e *engine) leaveByInputs(ctx context.Context, b *batch, r int, f *facts, total uint64, hop, mixed uint32) error {
	w := &e.work
	row, ins := &b.tx.Rows[r], b.tx.In(r)
	w.values, w.got = resize(w.values, len(ins)), resize(w.got, len(ins))
	for i := range ins {
		w.values[i] = ins[i].Value
	}
	e.divide(b, r, f, total)
	outpoints, err := e.inputFates(ctx, b, r, f)
	if err != nil {
		return err
	}

	e.settleSources(b, r, f)
	e.weigh()
	for i := range ins {
		in, got := &ins[i], w.got[i]
		unknown := in.Link == goshawk.Unresolved
		if got == 0 && !unknown {
			continue
		}
		fate, from := &w.fates[i], b.creators[int(row.FirstInput)+i]
		if fate.kind == kindNone {
			c, err := e.keep(from.tx, i, total)
			if err != nil {
				return err
			}
			c.id, c.amount, c.other, c.via = in.Spent, got, row.ID, in.Address
			c.index, c.hop, c.mixed, c.flags = from.index, hop, mixed, 0
			continue
		}
		x := end{tx: from.tx, index: from.index, amount: got, address: in.Address, hop: hop, kind: fate.kind, note: fate.note, unknown: unknown}
		var at *end
		if from.tx == goshawk.NoTx {
			x.foreign, x.index, x.tx = true, outpoints[i].Index, goshawk.TxID(len(e.found.foreign))
			e.found.foreign = append(e.found.foreign, foreign{outpoints[i], in.Height, row.ID})
			at = e.found.late(x)
		} else {
			at = e.found.late(x)
			if e.found.listed() {
				e.found.flows = append(e.found.flows, flow{place: from, address: in.Address, amount: got, value: in.Value, hop: hop, next: row.ID})
			}
		}
		if fate.flags&isUnlabelled != 0 { // a deposit address, by its sweep
			e.found.more(at).sweep = row.ID
		}
		e.found.candidates(at, mixed)
		e.shareSink(at, i, total)
	}
	e.forget()
	return nil
}

// inputFates decides for each claimed input whether its coin ends there or who
// created it, and returns the outpoints where some coin is not in the ledger.
func (e *engine) inputFates(ctx context.Context, b *batch, r int, f *facts) ([]goshawk.Outpoint, error) {
	w := &e.work
	row, ins := &b.tx.Rows[r], b.tx.In(r)
	w.fates = resize(w.fates, len(ins))
	w.look = w.look[:0]
	for i := range ins {
		if k := int(row.FirstInput) + i; w.got[i] > 0 && b.creators[k].tx == goshawk.NoTx {
			w.look = append(w.look, k)
		}
	}
	if err := e.lookUp(ctx, b, w.look); err != nil {
		return nil, err
	}
	foreign := false
	for i := range ins {
		in := &ins[i]
		unresolved := in.Link == goshawk.Unresolved
		if w.got[i] == 0 && !unresolved {
			continue
		}
		to, from := &w.fates[i], b.creators[int(row.FirstInput)+i]
		*to = fate{next: goshawk.NoTx}
		here := from.tx != goshawk.NoTx
		foreign = foreign || !here
		if here && e.isStart(from) {
			to.kind = kindStart
			continue
		}
		p := e.party(in.Address)
		switch {
		case p >= 0:
			to.kind = kindService
		case p == Unlabelled && e.swept(b, r, f):
			to.kind, to.flags = kindService, isUnlabelled
		case unresolved:
			to.kind, to.note = kindUnresolved, noteUnknown
		case !here && in.Link == goshawk.Before:
			to.kind, to.note = kindUnresolved, noteBefore
		case !here:
			to.kind, to.note = kindUnresolved, noteUnknown
		case from.tx >= row.ID:
			return nil, e.disorder(row.ID, from.tx)
		}
	}
	if !foreign {
		return nil, nil
	}
	return e.outpoints(ctx, b, r)
}

// divide fills workspace.got by the method's rule.
func (e *engine) divide(b *batch, r int, f *facts, total uint64) {
	w := &e.work
	switch e.q.Method {
	case Poison:
		copy(w.got, w.values)
	case Haircut:
		w.haircut(w.values, total, f.in, w.got)
	case TIHO:
		w.highest(w.values, total, w.got)
	default:
		e.thread(b, r, f)
	}
}

// thread follows single units: the inputs form a queue, and each output, and
// the fee, is a stretch of it. fifo outputs take from the front, lifo outputs
// from the back, and the fee is what remains.
func (e *engine) thread(b *batch, r int, f *facts) {
	w := &e.work
	ins, outs := b.tx.In(r), b.tx.Out(r)
	fee := f.in - f.out
	w.queue, w.cuts = w.queue[:0], w.cuts[:0]
	w.cutAt = resize(w.cutAt, len(w.values))
	entering := len(ins)
	if e.q.Backward {
		entering = len(outs)
	}
	w.at = resize(w.at, entering)
	for i := range w.at {
		w.at[i] = -1
	}
	for i := range w.sources {
		if s := &w.sources[i]; s.kind == kindNone {
			w.at[s.pos] = int32(i)
		}
	}

	var offset uint64
	at := 0
	enter := func(pos int, value uint64) {
		if i := w.at[pos]; i >= 0 {
			w.enqueue(e.front.open.units.get(w.sources[i].coin.parts), offset)
		}
		offset += value
	}
	leave := func(pos int, value uint64) {
		at = w.carve(pos, offset, offset+value, at)
		offset += value
	}
	inputs := func(do func(int, uint64)) {
		offset = 0
		for i := range ins {
			if e.q.Method == FIFOAge {
				i = int(w.order[i])
			}
			do(i, ins[i].Value)
		}
	}
	outputs := func(do func(int, uint64)) {
		offset = 0
		if e.q.Method != LIFO {
			for j := range outs {
				do(j, outs[j].Value)
			}
			return
		}
		offset = fee
		for j := len(outs) - 1; j >= 0; j-- {
			do(j, outs[j].Value)
		}
	}
	if e.q.Backward {
		outputs(enter)
		inputs(leave)
		return
	}
	inputs(enter)
	if e.q.Method == LIFO {
		offset = 0
		leave(len(outs), fee)
		outputs(leave)
		return
	}
	outputs(leave)
	leave(len(outs), fee)
}

// weigh prepares the split of this step's sinks over the starts, for the
// methods that do not tell units apart.
func (e *engine) weigh() {
	if !e.split {
		return
	}
	w := &e.work
	for i := range w.sources {
		s := &w.sources[i]
		if s.kind != kindNone {
			continue
		}
		for _, p := range e.front.open.shares.get(s.coin.parts) {
			if e.q.Method == Poison {
				p.units = 0
				if w.acc[p.start] == 0 {
					p.units = 1
				}
			}
			if p.units > 0 {
				w.collect(p.start, p.units)
			}
		}
	}
	w.whole = w.whole[:0]
	w.settle()
	for _, p := range w.parts {
		w.whole = append(w.whole, p.units)
	}
	w.part = resize(w.part, len(w.whole))
}

// portion splits the units of a sink over the starts.
func (e *engine) portion(j int, total uint64) []share {
	w := &e.work
	if e.ranges {
		return w.ofIntervals(w.cuts[w.cutAt[j].from:w.cutAt[j].to])
	}
	out := w.portion[:0]
	if e.q.Method == Poison {
		for _, p := range w.parts {
			out = append(out, share{units: w.got[j], start: p.start})
		}
		w.portion = out
		return out
	}
	w.haircut(w.whole, w.got[j], total, w.part)
	for k, p := range w.parts {
		if w.part[k] > 0 {
			out = append(out, share{units: w.part[k], start: p.start})
		}
	}
	w.portion = out
	return out
}

// keep sends a sink's coin on to the transaction on its other side, with what
// is known of it beyond its sum. The caller fills in the rest.
func (e *engine) keep(next goshawk.TxID, j int, total uint64) (*coin, error) {
	p := e.front.at(next)
	if p == nil {
		return nil, e.missing(next)
	}
	c := e.front.add(p, next)
	switch {
	case e.ranges:
		w := &e.work
		c.parts = p.units.put(&e.front.units, w.cuts[w.cutAt[j].from:w.cutAt[j].to])
	case e.split:
		c.parts = p.shares.put(&e.front.shares, e.portion(j, total))
	}
	return c, nil
}

func (e *engine) shareSink(x *end, j int, total uint64) {
	if e.q.ByStart {
		e.found.shared(x, e.portion(j, total))
	}
}

// forget ends the use of weigh's figures.
func (e *engine) forget() { e.work.parts, e.work.whole = e.work.parts[:0], e.work.whole[:0] }
