package trace

import (
	"context"
	"math/bits"
	"slices"

	"goshawk"
)

const (
	fetchMost  = 256  // rows in one call
	aheadMost  = 4096 // rows of a remote ledger kept for later
	lookupMost = 16   // inputs of a row whose creators are looked up before they are known to matter
)

// fetch reads the rows of the open page's pending transactions. A remote ledger
// is asked for those of later pages at the same time: any pending transaction
// may be read early, only the processing keeps the chain's order.
func (e *engine) fetch(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := e.front.open
	e.ids = e.ids[:0]
	for w := range e.front.pending {
		for word := e.front.pending[w] &^ e.fetched[w]; word != 0; word &= word - 1 {
			i := uint32(w<<6 + bits.TrailingZeros64(word))
			if ref, ok := e.ahead[p.id(i)]; ok {
				delete(e.ahead, p.id(i))
				e.rows[i] = ref
				e.fetched.set(i)
				continue
			}
			e.ids = append(e.ids, p.id(i))
		}
	}
	if len(e.ids) == 0 {
		return nil
	}
	here := len(e.ids)
	if e.remote {
		e.lookAhead()
	}
	var b *batch
	if n := len(e.batches); n > 0 {
		b = e.batches[n-1]
		e.batches = e.batches[:n-1]
	} else {
		b = new(batch)
	}
	if err := e.load(ctx, e.ids, b); err != nil {
		e.batches = append(e.batches, b)
		return err
	}
	b.left = len(e.ids)
	for r, id := range e.ids {
		if r >= here {
			e.ahead[id] = rowRef{b, r}
			continue
		}
		i := uint32(id & (pageSize - 1))
		e.rows[i] = rowRef{b, r}
		e.fetched.set(i)
	}
	return nil
}

// lookAhead adds pending transactions of other pages that are not here yet.
func (e *engine) lookAhead() {
	here := len(e.ids)
	for _, key := range e.front.heap {
		if len(e.ids) >= fetchMost || len(e.ahead)+len(e.ids) >= aheadMost {
			break
		}
		p := e.front.pages[e.front.number(e.front.ordered(key))-1]
		if p == e.front.open {
			continue
		}
		for k := 0; k <= len(p.coins.full); k++ {
			chunk := p.coins.tail
			if k < len(p.coins.full) {
				chunk = p.coins.full[k]
			}
			for i := range chunk {
				id := p.id(uint32(chunk[i].slot))
				if _, ok := e.ahead[id]; !ok {
					e.ids = append(e.ids, id)
				}
			}
		}
	}
	slices.Sort(e.ids[here:])
	e.ids = e.ids[:here+len(slices.Compact(e.ids[here:]))]
	e.ids = e.ids[:max(here, min(len(e.ids), fetchMost))]
}

// load fills a batch, and asks in the same step for what its rows will need.
func (e *engine) load(ctx context.Context, ids []goshawk.TxID, b *batch) error {
	if err := e.ledger.Transactions(ctx, ids, e.want, &b.tx); err != nil {
		return err
	}
	if len(b.tx.Rows) != len(ids) {
		return goshawk.Errorf(goshawk.Corrupt, "the ledger answered %d transactions of %d", len(b.tx.Rows), len(ids))
	}
	if e.remote {
		for r := range b.tx.Rows {
			e.note(&b.tx.Rows[r])
		}
	}
	if e.prepare != nil {
		if err := e.prepareLabels(ctx, b); err != nil {
			return err
		}
	}
	if e.q.Backward {
		return e.creatorsAhead(ctx, b)
	}
	if e.remote {
		return e.spendersAhead(ctx, b)
	}
	return nil
}

func (e *engine) prepareLabels(ctx context.Context, b *batch) error {
	e.addrs = e.addrs[:0]
	for i := range b.tx.Inputs {
		if a := b.tx.Inputs[i].Address; a != goshawk.NoAddress {
			e.addrs = append(e.addrs, a)
		}
	}
	for i := range b.tx.Outputs {
		e.addrs = append(e.addrs, b.tx.Outputs[i].Address)
	}
	slices.Sort(e.addrs)
	return e.prepare.Prepare(ctx, slices.Compact(e.addrs))
}

// spendersAhead looks up who spent the outputs that will be traced, for the
// methods that trace every output. What is missed is looked up at its turn.
func (e *engine) spendersAhead(ctx context.Context, b *batch) error {
	if e.q.Method != Poison && e.q.Method != Haircut {
		return nil
	}
	var at []int
	for r := range b.tx.Rows {
		if e.q.CoinJoin != nil && !e.q.ThroughCoinJoin && e.q.CoinJoin(&b.tx, r) {
			continue
		}
		if e.sweep(&b.tx, r) {
			continue
		}
		for j := b.tx.Rows[r].FirstOutput; j < b.tx.Rows[r].OutputEnd; j++ {
			o := &b.tx.Outputs[j]
			if o.Spender == goshawk.Later && o.Value > 0 && e.party(o.Address) < 0 {
				at = append(at, int(j))
			}
		}
	}
	return e.spenders(ctx, b, at)
}

// spenders looks up who spent outputs, by their positions in a batch.
func (e *engine) spenders(ctx context.Context, b *batch, at []int) error {
	if len(at) == 0 {
		return nil
	}
	ids := make([]goshawk.OutputID, len(at))
	for i, j := range at {
		ids[i] = b.tx.Outputs[j].ID
	}
	coins, err := e.ledger.Outputs(ctx, ids)
	if err != nil {
		return err
	}
	for i, j := range at {
		b.tx.Outputs[j].Spender = coins[i].Spender
	}
	return nil
}

// creatorsAhead looks up where inputs come from, for inputs that will be
// claimed. What is missed is looked up at its turn.
func (e *engine) creatorsAhead(ctx context.Context, b *batch) error {
	b.creators = b.creators[:0]
	for range b.tx.Inputs {
		b.creators = append(b.creators, place{tx: goshawk.NoTx})
	}
	all := !e.remote && (e.q.Method == Poison || e.q.Method == Haircut)
	var at []int
	for r := range b.tx.Rows {
		row := &b.tx.Rows[r]
		if n := row.InputEnd - row.FirstInput; !all && n > lookupMost {
			continue
		}
		if e.remote && e.q.CoinJoin != nil && !e.q.ThroughCoinJoin && e.q.CoinJoin(&b.tx, r) {
			continue
		}
		for i := row.FirstInput; i < row.InputEnd; i++ {
			at = append(at, int(i))
		}
	}
	return e.lookUp(ctx, b, at)
}

// lookUp finds the transactions that created inputs' coins, by positions in a
// batch, in order. Coins from before the ledger's start stay without one.
func (e *engine) lookUp(ctx context.Context, b *batch, at []int) error {
	var linked []goshawk.OutputID
	var deferred []goshawk.Hash
	for _, i := range at {
		in := &b.tx.Inputs[i]
		switch {
		case b.creators[i].tx != goshawk.NoTx:
		case in.Link == goshawk.Linked:
			linked = append(linked, in.Spent)
		case in.Link == goshawk.Deferred && !e.remote:
			return goshawk.Errorf(goshawk.Corrupt, "a ledger that counts its transactions left an input without its coin").
				WithHint("run goshawk check on the ledger")
		case in.Link == goshawk.Deferred:
			deferred = append(deferred, b.tx.Outpoints[i].Tx)
		}
	}
	var coins []goshawk.Coin
	var err error
	if len(linked) > 0 {
		if coins, err = e.ledger.Outputs(ctx, linked); err != nil {
			return err
		}
	}
	var found goshawk.Found
	if len(deferred) > 0 {
		if found, err = e.ledger.Find(ctx, goshawk.Names{Transactions: deferred}); err != nil {
			return err
		}
	}
	l, d, r := 0, 0, 0
	for _, i := range at {
		in := &b.tx.Inputs[i]
		switch {
		case b.creators[i].tx != goshawk.NoTx:
		case in.Link == goshawk.Linked:
			b.creators[i] = place{coins[l].Tx, coins[l].Index}
			l++
		case in.Link == goshawk.Deferred:
			for i >= int(b.tx.Rows[r].InputEnd) {
				r++
			}
			b.creators[i] = place{before(&found, d, deferred[d], b.tx.Rows[r].ID), b.tx.Outpoints[i].Index}
			d++
		}
	}
	return nil
}

// before picks, of the transactions that a hash names, the last one before another.
func before(found *goshawk.Found, k int, hash goshawk.Hash, than goshawk.TxID) goshawk.TxID {
	id := found.Transactions[k]
	if id == goshawk.NoTx || id < than {
		return id
	}
	earlier := goshawk.NoTx
	for _, o := range found.Overwritten[hash] {
		if o < than && (earlier == goshawk.NoTx || o > earlier) {
			earlier = o
		}
	}
	return earlier
}

// outpoints returns the outpoints that a row's inputs spend.
func (e *engine) outpoints(ctx context.Context, b *batch, r int) ([]goshawk.Outpoint, error) {
	row := &b.tx.Rows[r]
	if len(b.tx.Outpoints) == len(b.tx.Inputs) {
		return b.tx.Outpoints[row.FirstInput:row.InputEnd], nil
	}
	var one goshawk.Transactions
	if err := e.ledger.Transactions(ctx, []goshawk.TxID{row.ID}, goshawk.WantOutpoints, &one); err != nil {
		return nil, err
	}
	return one.Outpoints, nil
}
