package cluster

import (
	"context"
	"math/bits"
	"slices"

	"goshawk"
)

// Finder looks for change outputs by combinations of heuristics. It asks the
// ledger only for what they need beyond the transactions themselves, in one
// request for each kind of thing and batch. It is for one goroutine.
type Finder struct {
	ledger  goshawk.Ledger
	rules   []*Expression
	needs   need
	seen    []uint64 // bit by address, for whole scans; nil: ask the ledger for first appearances
	found   [][]int  // by rule
	sight   sight
	next    goshawk.Transactions
	ids     []goshawk.TxID
	spender []int // row in next by output of the batch; -1
	first   []bool
}

// mostSpenders bounds how many spenders are held at once.
const mostSpenders = 4096

// NewFinder returns a Finder over a ledger, for one combination or more.
func NewFinder(l goshawk.Ledger, change ...*Expression) *Finder {
	f := &Finder{ledger: l, rules: change, found: make([][]int, len(change))}
	for _, rule := range change {
		f.needs |= rule.needs()
	}
	return f
}

// Want names what Changes and EachChange need in their batches.
func (f *Finder) Want() goshawk.Want {
	want := goshawk.WantKinds // tells data outputs from spendable ones
	if f.needs&needSequences != 0 {
		want |= goshawk.WantSequences
	}
	if f.needs&needOutpoints != 0 {
		want |= goshawk.WantOutpoints
	}
	return want
}

// Changes returns, for each transaction of a batch read with Want, the output
// that the heuristics point to, counted from 0, or -1 where they do not leave
// exactly one. Coinbases, transactions with fewer than two spendable outputs and
// those with more than 64 outputs are not judged. The answer is valid until the
// next call.
func (f *Finder) Changes(ctx context.Context, batch *goshawk.Transactions) ([]int, error) {
	found, err := f.EachChange(ctx, batch)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// EachChange is Changes for each of the Finder's combinations, in their order.
func (f *Finder) EachChange(ctx context.Context, batch *goshawk.Transactions) ([][]int, error) {
	for i := range f.found {
		f.found[i] = slices.Grow(f.found[i][:0], len(batch.Rows))[:len(batch.Rows)]
	}
	if f.needs&needFresh != 0 {
		if err := f.findFirst(ctx, batch); err != nil {
			return nil, err
		}
	}
	for row := 0; row < len(batch.Rows); {
		end := len(batch.Rows)
		if f.needs&needSpenders != 0 {
			var err error
			if end, err = f.readSpenders(ctx, batch, row); err != nil {
				return nil, err
			}
		}
		for ; row < end; row++ {
			s := f.look(batch, row)
			for i, rule := range f.rules {
				f.found[i][row] = -1
				if s == nil {
					continue
				}
				if set := rule.marked(s); bits.OnesCount64(set) == 1 {
					f.found[i][row] = bits.TrailingZeros64(set)
				}
			}
		}
	}
	return f.found, nil
}

// judged says whether a transaction can have change at all, and which outputs can be it.
func judged(batch *goshawk.Transactions, row int) (set uint64, ok bool) {
	r := &batch.Rows[row]
	if n := r.OutputEnd - r.FirstOutput; n < 2 || n > mostOutputs || r.InputEnd == r.FirstInput {
		return 0, false
	}
	outs := batch.Out(row)
	for i := range outs {
		if spendable(&outs[i]) {
			set |= 1 << i
		}
	}
	return set, set&(set-1) != 0
}

// look prepares what heuristics see of a row; nil if it is not judged.
func (f *Finder) look(batch *goshawk.Transactions, row int) *sight {
	set, ok := judged(batch, row)
	if !ok {
		return nil
	}
	s, r := &f.sight, &batch.Rows[row]
	*s = sight{batch: batch, row: row, tx: r, ins: batch.In(row), outs: batch.Out(row), spendable: set, next: &f.next}
	if f.needs&needSpenders != 0 {
		s.spender = f.spender[r.FirstOutput:r.OutputEnd]
	}
	if f.needs&needFresh != 0 {
		for i := range s.outs {
			if f.first[int(r.FirstOutput)+i] {
				s.fresh |= 1 << i
			}
		}
	}
	return s
}

// findFirst sets first for every output whose address appears for the first
// time in its transaction, and there only once.
func (f *Finder) findFirst(ctx context.Context, batch *goshawk.Transactions) error {
	f.first = append(f.first[:0], make([]bool, len(batch.Outputs))...)
	if f.seen != nil {
		for row := range batch.Rows {
			f.scanFirst(batch, row)
		}
		return nil
	}
	var ids []goshawk.AddressID
	var places []int
	var txs []goshawk.TxID
	for row := range batch.Rows {
		if _, ok := judged(batch, row); !ok {
			continue
		}
		r := &batch.Rows[row]
		for i := r.FirstOutput; i < r.OutputEnd; i++ {
			ids, places, txs = append(ids, batch.Outputs[i].Address), append(places, int(i)), append(txs, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	described, err := f.ledger.Addresses(ctx, ids, goshawk.WantTotals)
	if err != nil {
		return err
	}
	for i := range described {
		f.first[places[i]] = described[i].First == txs[i]
	}
	for row := range batch.Rows {
		f.onlyOnce(batch, row)
		f.notOwn(batch, row)
	}
	return nil
}

// notOwn takes addresses that a transaction spends from off the fresh ones. The
// coin may be one that the ledger does not hold, so that this is the first it
// knows of the address.
func (f *Finder) notOwn(batch *goshawk.Transactions, row int) {
	r := &batch.Rows[row]
	for i := r.FirstOutput; i < r.OutputEnd; i++ {
		if !f.first[i] {
			continue
		}
		for _, in := range batch.In(row) {
			if in.Address == batch.Outputs[i].Address {
				f.first[i] = false
			}
		}
	}
}

// scanFirst is findFirst for a scan from the first transaction: what no earlier
// transaction named is fresh.
func (f *Finder) scanFirst(batch *goshawk.Transactions, row int) {
	r := &batch.Rows[row]
	for _, in := range batch.In(row) {
		if in.Address != goshawk.NoAddress {
			f.seen[in.Address/64] |= 1 << (in.Address % 64)
		}
	}
	for i := r.FirstOutput; i < r.OutputEnd; i++ {
		a := batch.Outputs[i].Address
		f.first[i] = f.seen[a/64]>>(a%64)&1 == 0
	}
	f.onlyOnce(batch, row)
	for i := r.FirstOutput; i < r.OutputEnd; i++ {
		a := batch.Outputs[i].Address
		f.seen[a/64] |= 1 << (a % 64)
	}
}

// onlyOnce takes addresses that one transaction pays twice off the fresh ones.
func (f *Finder) onlyOnce(batch *goshawk.Transactions, row int) {
	r := &batch.Rows[row]
	if r.OutputEnd-r.FirstOutput > mostOutputs {
		return // not judged
	}
	for i := r.FirstOutput + 1; i < r.OutputEnd; i++ {
		for j := r.FirstOutput; j < i; j++ {
			if batch.Outputs[i].Address == batch.Outputs[j].Address {
				f.first[i], f.first[j] = false, false
			}
		}
	}
}

// readSpenders reads the spenders of rows from one on, of as many as fit, and
// returns the row after the last.
func (f *Finder) readSpenders(ctx context.Context, batch *goshawk.Transactions, row int) (end int, err error) {
	f.spender = append(f.spender[:0], make([]int, len(batch.Outputs))...)
	f.ids = f.ids[:0]
	var later []goshawk.OutputID
	var places []int
	for end = row; end < len(batch.Rows) && len(f.ids)+len(later) < mostSpenders; end++ {
		_, ok := judged(batch, end)
		r := &batch.Rows[end]
		for i := r.FirstOutput; i < r.OutputEnd; i++ {
			f.spender[i] = -1
			if !ok {
				continue
			}
			switch spender := batch.Outputs[i].Spender; spender {
			case goshawk.NoTx, goshawk.Burnt:
			case goshawk.Later:
				later, places = append(later, batch.Outputs[i].ID), append(places, int(i))
			default:
				f.spender[i] = len(f.ids)
				f.ids = append(f.ids, spender)
			}
		}
	}
	if len(later) > 0 {
		coins, err := f.ledger.Outputs(ctx, later)
		if err != nil {
			return 0, err
		}
		for i := range coins {
			if spender := coins[i].Spender; spender < goshawk.Later {
				f.spender[places[i]] = len(f.ids)
				f.ids = append(f.ids, spender)
			}
		}
	}
	if len(f.ids) == 0 {
		f.next.Reset()
		return end, nil
	}
	return end, f.ledger.Transactions(ctx, f.ids, f.Want(), &f.next)
}

// change judges one transaction.
func (f *Finder) change(ctx context.Context, id goshawk.TxID) (int, error) {
	var batch goshawk.Transactions
	if err := f.ledger.Transactions(ctx, []goshawk.TxID{id}, f.Want(), &batch); err != nil {
		return -1, err
	}
	found, err := f.Changes(ctx, &batch)
	if err != nil {
		return -1, err
	}
	return found[0], nil
}
