package trace

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"goshawk"
)

// Run follows value as the question asks and puts the answer into words.
//
// If the context is cancelled it returns both an answer, marked truncated, and
// an Interrupted error: what was not walked ends as limit, the totals are whole,
// and of the ends at most 10,000 are listed.
func Run(ctx context.Context, ledger goshawk.Ledger, q Question) (*goshawk.Trace, error) {
	result, err := Follow(ctx, ledger, q)
	if result == nil {
		return nil, err
	}
	answer, wordsErr := result.Trace(ctx)
	if err == nil {
		err = wordsErr
	}
	return answer, err
}

// Result is a finished trace in the ledger's own ids: small, and enough for
// its totals. Trace puts it into words, which costs more than the trace itself
// where it ends in a million places.
type Result struct {
	e         *engine
	ends      []end // sorted, once they are asked for
	count     int
	truncated bool
}

// Follow follows value as the question asks. On cancellation it returns what it
// has together with an Interrupted error; with any other error it returns nothing.
func Follow(ctx context.Context, ledger goshawk.Ledger, q Question) (*Result, error) {
	e, err := newEngine(ctx, ledger, &q)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			return nil, goshawk.Errorf(goshawk.Interrupted, "the trace was interrupted before it began: %w", cause)
		}
		return nil, err
	}
	err = e.run(ctx)
	if err != nil && goshawk.CodeOf(err) != goshawk.Interrupted {
		return nil, err
	}
	e.batches, e.ahead, e.front, e.work = nil, nil, nil, workspace{}
	e.rows = [pageSize]rowRef{}
	return &Result{e: e, count: e.found.ends(), truncated: err != nil}, err
}

// Steps is the number of transactions walked.
func (r *Result) Steps() uint64 { return r.e.steps }

// Truncated says whether the trace was interrupted.
func (r *Result) Truncated() bool { return r.truncated }

// Len is the number of ends.
func (r *Result) Len() int { return r.count }

// Totals sums the ends by kind, in the order of goshawk.EndKinds. For poison
// they are values touched.
func (r *Result) Totals() []goshawk.TraceTotal {
	var totals []goshawk.TraceTotal
	for _, name := range goshawk.EndKinds() {
		for k := kindNone + 1; k < kindsCount; k++ {
			if kindName(k) == name && r.e.found.counts[k] > 0 {
				totals = append(totals, goshawk.TraceTotal{Kind: name, Amount: r.e.found.total(k), Count: r.e.found.counts[k], Unknown: r.e.found.unknown[k]})
			}
		}
	}
	return totals
}

// sorted returns the ends in chain order, by output, the fee last, then by kind.
// Coins that are not in the ledger come first, by height and outpoint. If it is
// interrupted it returns the first of them.
func (r *Result) sorted(ctx context.Context) []end {
	if r.ends != nil {
		return r.ends
	}
	f := &r.e.found
	ordered, plain, tardy := slices.Concat(f.ordered.chunks()...), f.plain.chunks(), slices.Concat(f.tardy.chunks()...)
	n := r.count
	if r.truncated { // there is no time to sort what is not listed
		n = min(n, listedAfter)
		tardy = tardy[:min(len(tardy), listedAfter)]
	}
	slices.SortFunc(tardy, func(a, b end) int { return compareEnds(f, &a, f, &b) })
	ends := make([]end, 0, n)
	for len(ends) < n {
		if len(ends)%4096 == 0 && len(ends) >= listedAfter && ctx.Err() != nil {
			break
		}
		from := &ordered
		if len(ordered) == 0 || len(tardy) > 0 && compareEnds(f, &tardy[0], f, &ordered[0]) < 0 {
			from = &tardy
		}
		for len(plain) > 0 && len(plain[0]) == 0 {
			plain = plain[1:]
		}
		if len(plain) > 0 {
			if x := plain[0][0].end(); len(*from) == 0 || compareEnds(f, &x, f, &(*from)[0]) < 0 {
				ends = append(ends, x)
				plain[0] = plain[0][1:]
				continue
			}
		}
		ends = append(ends, (*from)[0])
		*from = (*from)[1:]
	}
	f.ordered, f.plain, f.tardy = list[end]{}, list[plainFee]{}, list[end]{}
	r.ends = ends
	return ends
}

// compareEnds orders ends, of one trace or of two of the same ledger.
func compareEnds(f *findings, a *end, g *findings, b *end) int {
	if a.foreign != b.foreign {
		if a.foreign {
			return -1
		}
		return 1
	}
	if a.foreign {
		x, y := &f.foreign[a.tx], &g.foreign[b.tx]
		return cmp.Or(cmp.Compare(x.height, y.height), bytes.Compare(x.outpoint.Tx[:], y.outpoint.Tx[:]),
			cmp.Compare(x.outpoint.Index, y.outpoint.Index), cmp.Compare(a.kind, b.kind))
	}
	return cmp.Or(cmp.Compare(a.tx, b.tx), cmp.Compare(a.index, b.index), cmp.Compare(a.kind, b.kind))
}

const (
	wordsBatch  = 4096
	listedAfter = 10_000 // ends listed after an interruption
)

// Trace puts the result into words: hashes, addresses, times and labels. After
// an interruption, of the trace or of this, it lists only the first ends.
func (r *Result) Trace(ctx context.Context) (*goshawk.Trace, error) {
	e := r.e
	q := e.q
	t := &goshawk.Trace{
		Version:    goshawk.Version,
		Network:    e.head.Network,
		Asset:      e.head.Asset,
		Ledger:     e.head.Point(),
		Claim:      e.head.Claim,
		Method:     string(q.Method),
		Direction:  q.direction(),
		Parameters: q.parameters(),
		Labels:     slices.Clone(q.Labels),
		Totals:     r.Totals(),
		Ends:       []goshawk.End{},
		Steps:      e.steps,
		FlowsCut:   e.found.cut,
		Truncated:  r.truncated,
		Warnings:   e.head.Warnings(),
	}
	if t.Labels == nil {
		t.Labels = []goshawk.LabelSource{}
	}
	words := speaker{e: e, ctx: ctx}
	if err := words.starts(t); err != nil {
		return nil, err
	}
	ends := r.sorted(ctx)
	words.cut = words.cut || ctx.Err() != nil
	t.Ends = make([]goshawk.End, len(ends))
	done := 0
	for done < len(ends) && (!words.cut || done < listedAfter) {
		n := min(done+wordsBatch, len(ends))
		if words.cut {
			n = min(n, listedAfter)
		}
		if err := words.ends(ends[done:n], t.Ends[done:n]); err != nil {
			return nil, err
		}
		done = n
	}
	if err := words.flows(t); err != nil {
		return nil, err
	}
	var err error
	if words.cut && !r.truncated {
		err = goshawk.Errorf(goshawk.Interrupted, "interrupted while the answer was written down: %w", ctx.Err())
		t.Truncated = true
	}
	r.shorten(t, done)
	if e.found.mixes > 0 {
		t.Warnings = append(t.Warnings, fmt.Sprintf("went through %s: what lies beyond one is no finding, each end there states the number of candidates", goshawk.Count(e.found.mixes, "CoinJoin", "CoinJoins")))
	}
	return t, err
}

// shorten leaves of a list of ends the first, and says so if others are missing.
func (r *Result) shorten(t *goshawk.Trace, most int) {
	t.Ends = t.Ends[:most:most]
	if most == r.count {
		return
	}
	t.Truncated = true
	t.Warnings = append(t.Warnings, fmt.Sprintf("interrupted: %d of %d ends are listed; the totals count all", most, r.count))
}

// speaker turns ids into words. Once its context is cancelled it goes on
// without it, and its caller cuts the work short.
type speaker struct {
	e     *engine
	ctx   context.Context
	cut   bool
	rows  goshawk.Transactions
	ids   []goshawk.TxID
	addrs []goshawk.AddressID
}

// context returns one under which the ledger still answers.
func (s *speaker) context() context.Context {
	if s.ctx.Err() != nil {
		s.cut = true
		return context.WithoutCancel(s.ctx)
	}
	return s.ctx
}

// transactions describes transactions; ids may repeat.
func (s *speaker) transactions(ids []goshawk.TxID) (map[goshawk.TxID]txMeta, error) {
	known := make(map[goshawk.TxID]txMeta, len(ids))
	var ask []goshawk.TxID
	for _, id := range ids {
		if m, ok := s.e.meta[id]; ok {
			known[id] = m
		} else {
			ask = append(ask, id)
		}
	}
	slices.Sort(ask)
	ask = slices.Compact(ask)
	for len(ask) > 0 {
		n := min(len(ask), wordsBatch)
		if err := s.retry(func(ctx context.Context) error {
			return s.e.ledger.Transactions(ctx, ask[:n], goshawk.WantHashes, &s.rows)
		}); err != nil {
			return nil, err
		}
		for i := range s.rows.Rows {
			row := &s.rows.Rows[i]
			known[row.ID] = txMeta{hash: row.Hash, time: row.Time, height: row.Height}
		}
		ask = ask[n:]
	}
	return known, nil
}

// addresses writes addresses out; ids may repeat, NoAddress is left out.
func (s *speaker) addresses(ids []goshawk.AddressID) (map[goshawk.AddressID]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if n := len(ids); n > 0 && ids[n-1] == goshawk.NoAddress {
		ids = ids[:n-1]
	}
	texts := make(map[goshawk.AddressID]string, len(ids))
	if len(ids) == 0 {
		return texts, nil
	}
	var list []goshawk.Address
	err := s.retry(func(ctx context.Context) (err error) {
		list, err = s.e.ledger.Addresses(ctx, ids, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		texts[ids[i]] = list[i].Text
	}
	return texts, nil
}

// retry calls again, without cancellation, what was cancelled.
func (s *speaker) retry(do func(context.Context) error) error {
	err := do(s.context())
	if err != nil && !s.cut && s.ctx.Err() != nil {
		err = do(s.context())
	}
	return err
}

func (s *speaker) starts(t *goshawk.Trace) error {
	s.addrs = s.addrs[:0]
	for i := range s.e.starts {
		s.addrs = append(s.addrs, s.e.starts[i].address)
	}
	texts, err := s.addresses(s.addrs)
	if err != nil {
		return err
	}
	for i := range s.e.starts {
		o := &s.e.starts[i]
		t.Start = append(t.Start, goshawk.TraceStart{Tx: o.hash, Out: o.index, Address: texts[o.address], Amount: goshawk.U(o.value)})
	}
	return nil
}

// ends writes a batch of ends.
func (s *speaker) ends(from []end, to []goshawk.End) error {
	f := &s.e.found
	s.ids, s.addrs = s.ids[:0], s.addrs[:0]
	coins := 0
	for i := range from {
		if from[i].kind != kindFee {
			coins++
		}
		if from[i].foreign {
			s.ids = append(s.ids, f.foreign[from[i].tx].spender)
		} else {
			s.ids = append(s.ids, from[i].tx)
		}
		if x := f.of(&from[i]); x != nil && x.sweep != goshawk.NoTx {
			s.ids = append(s.ids, x.sweep)
		}
		s.addrs = append(s.addrs, from[i].address)
	}
	known, err := s.transactions(s.ids)
	if err != nil {
		return err
	}
	texts, err := s.addresses(s.addrs)
	if err != nil {
		return err
	}
	labels, err := s.sweeps(from)
	if err != nil {
		return err
	}
	// What the ends point to, all in one: they are many.
	outs, names, amounts := make([]uint32, 0, coins), make([]string, 0, coins), make([]goshawk.Units, len(from))
	for i := range from {
		x, y := &from[i], &to[i]
		*y = goshawk.End{Kind: kindName(x.kind), Hops: int(x.hop), Note: noteText(x.note, s.e.q.Backward)}
		if x.foreign {
			coin := &f.foreign[x.tx]
			spender := known[coin.spender].hash
			y.Tx, y.Height, y.Spender = coin.outpoint.Tx, coin.height, &spender
		} else {
			m := known[x.tx]
			y.Tx, y.Height, y.Time = m.hash, m.height, m.time
		}
		if x.kind != kindFee {
			outs = append(outs, x.index)
			y.Out = &outs[len(outs)-1]
			if text, ok := texts[x.address]; ok {
				names = append(names, text)
				y.Address = &names[len(names)-1]
			}
		}
		if !x.unknown {
			amounts[i] = goshawk.U(x.amount)
			y.Amount = &amounts[i]
		}
		sweep := goshawk.NoTx
		if more := f.of(x); more != nil {
			if sweep = more.sweep; sweep != goshawk.NoTx {
				h := known[sweep].hash
				y.Sweep = &h
			}
			y.Candidates = int(more.mixed)
			for _, p := range f.shares.get(more.shares) {
				y.ByStart = append(y.ByStart, goshawk.StartShare{Start: int(p.start), Amount: goshawk.U(p.units)})
			}
		}
		if x.kind == kindService {
			if sweep == goshawk.NoTx {
				y.Label = s.e.q.Services.Label(x.address)
			} else {
				y.Label = labels[sweep]
			}
		}
	}
	return nil
}

// sweeps returns, for each sweep among ends, the best label of the addresses that it pays.
func (s *speaker) sweeps(from []end) (map[goshawk.TxID]*goshawk.Label, error) {
	s.ids = s.ids[:0]
	for i := range from {
		if x := s.e.found.of(&from[i]); x != nil && x.sweep != goshawk.NoTx {
			s.ids = append(s.ids, x.sweep)
		}
	}
	slices.Sort(s.ids)
	ids := slices.Compact(s.ids)
	if len(ids) == 0 {
		return nil, nil
	}
	if err := s.retry(func(ctx context.Context) error {
		return s.e.ledger.Transactions(ctx, ids, 0, &s.rows)
	}); err != nil {
		return nil, err
	}
	labels := make(map[goshawk.TxID]*goshawk.Label, len(ids))
	for r := range s.rows.Rows {
		var best *goshawk.Label
		for _, o := range s.rows.Out(r) {
			if o.Value == 0 {
				continue
			}
			if l := s.e.q.Services.Label(o.Address); l != nil && (best == nil || l.Less(best)) {
				best = l
			}
		}
		labels[s.rows.Rows[r].ID] = best
	}
	return labels, nil
}

func (s *speaker) flows(t *goshawk.Trace) error {
	s.ids, s.addrs = s.ids[:0], s.addrs[:0]
	list := s.e.found.flows
	for i := range list {
		s.ids = append(s.ids, list[i].tx)
		if list[i].next != goshawk.NoTx {
			s.ids = append(s.ids, list[i].next)
		}
		s.addrs = append(s.addrs, list[i].address)
	}
	known, err := s.transactions(s.ids)
	if err != nil {
		return err
	}
	texts, err := s.addresses(s.addrs)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		m := known[c.tx]
		f := goshawk.Flow{Tx: m.hash, Out: c.index, Address: texts[c.address], Amount: goshawk.U(c.amount), Value: goshawk.U(c.value),
			Hops: int(c.hop), Height: m.height, Time: m.time}
		if c.next != goshawk.NoTx {
			h := known[c.next].hash
			f.Spender = &h
		}
		t.Flows = append(t.Flows, f)
	}
	return nil
}
