package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Waiting is a transaction that is in no block yet.
type Waiting struct {
	ID    goshawk.Hash
	Raw   []byte
	Since time.Time // when the node heard of it
}

// pool is what waits beside a chain; the zero value and nil hold nothing. What it holds may be replaced while
// requests are answered.
type pool struct {
	mu   sync.Mutex
	list []Waiting
}

// set replaces what waits. The list is not to be changed afterwards.
func (p *pool) set(list []Waiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = list
}

// all is what waits, in the order in which it came.
func (p *pool) all() []Waiting {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

// one is a transaction that waits.
func (p *pool) one(id goshawk.Hash) (Waiting, bool) {
	list := p.all()
	if i := slices.IndexFunc(list, func(w Waiting) bool { return w.ID == id }); i >= 0 {
		return list[i], true
	}
	return Waiting{}, false
}

// weighed is a transaction that waits, with what can be said of it.
type weighed struct {
	Waiting
	tx    *bitcoin.Tx
	vsize int
	value uint64 // of its outputs
	fee   uint64 // 0 where what it spends is not known here
}

// weigh takes what waits apart. What it spends is looked up in the ledger, and among what waits.
func (c *chain) weigh(ctx context.Context, list []Waiting) ([]weighed, error) {
	out := make([]weighed, len(list))
	made := map[goshawk.Hash]*bitcoin.Tx{}
	for i, w := range list {
		tx, err := bitcoin.DecodeTx(w.Raw)
		if err != nil {
			return nil, err
		}
		made[w.ID] = tx
		out[i] = weighed{Waiting: w, tx: tx, vsize: (tx.Weight() + 3) / 4}
		for _, o := range tx.Outputs {
			out[i].value += o.Value
		}
	}
	var names []goshawk.Hash
	for i := range out {
		for _, in := range out[i].tx.Inputs {
			if made[in.Prev.Tx] == nil {
				names = append(names, in.Prev.Tx)
			}
		}
	}
	slices.SortFunc(names, func(a, b goshawk.Hash) int { return slices.Compare(a[:], b[:]) })
	names = slices.Compact(names)
	paid := map[goshawk.Outpoint]uint64{}
	if len(names) > 0 {
		if err := c.values(ctx, names, paid); err != nil {
			return nil, err
		}
	}
	for id, tx := range made {
		for n, o := range tx.Outputs {
			paid[goshawk.Outpoint{Tx: id, Index: uint32(n)}] = o.Value
		}
	}
	for i := range out {
		sum, known := uint64(0), true
		for _, in := range out[i].tx.Inputs {
			v, ok := paid[in.Prev]
			sum, known = sum+v, known && ok
		}
		if known && sum >= out[i].value {
			out[i].fee = sum - out[i].value
		}
	}
	return out, nil
}

// values says what the outputs of transactions are worth; those that the ledger does not have are left out.
func (c *chain) values(ctx context.Context, names []goshawk.Hash, to map[goshawk.Outpoint]uint64) error {
	found, err := c.ledger.Find(ctx, goshawk.Names{Transactions: names})
	if err != nil {
		return err
	}
	var ids []goshawk.TxID
	var hashes []goshawk.Hash
	for i, id := range found.Transactions {
		if id != goshawk.NoTx {
			ids, hashes = append(ids, id), append(hashes, names[i])
		}
	}
	var batch goshawk.Transactions
	if err := c.ledger.Transactions(ctx, ids, 0, &batch); err != nil {
		return err
	}
	for i := range batch.Rows {
		for n, o := range batch.Out(i) {
			to[goshawk.Outpoint{Tx: hashes[i], Index: uint32(n)}] = o.Value
		}
	}
	return nil
}
