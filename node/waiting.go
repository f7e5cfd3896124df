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
	spent []spent
}

// spent is the coin that an input of a transaction that waits spends.
type spent struct {
	known   bool
	value   uint64
	coin    goshawk.OutputID  // of the ledger, where script is nil
	address goshawk.AddressID // of the same
	script  []byte            // of a coin that waits itself
}

// weigh takes apart what waits. What it spends is looked up in the ledger, and among what waits.
func (c *chain) weigh(ctx context.Context) ([]weighed, error) {
	list := c.pool.all()
	out := make([]weighed, len(list))
	paid := map[goshawk.Outpoint]spent{}
	waits := map[goshawk.Hash]bool{}
	for i, w := range list {
		tx, err := bitcoin.DecodeTx(w.Raw)
		if err != nil {
			return nil, err
		}
		waits[w.ID] = true
		out[i] = weighed{Waiting: w, tx: tx, vsize: (tx.Weight() + 3) / 4, spent: make([]spent, len(tx.Inputs))}
		for n, o := range tx.Outputs {
			out[i].value += o.Value
			paid[goshawk.Outpoint{Tx: w.ID, Index: uint32(n)}] = spent{known: true, value: o.Value, script: o.Script}
		}
	}
	var names []goshawk.Hash
	for i := range out {
		for _, in := range out[i].tx.Inputs {
			if !waits[in.Prev.Tx] {
				names = append(names, in.Prev.Tx)
			}
		}
	}
	slices.SortFunc(names, func(a, b goshawk.Hash) int { return slices.Compare(a[:], b[:]) })
	if names = slices.Compact(names); len(names) > 0 {
		if err := c.made(ctx, names, paid); err != nil {
			return nil, err
		}
	}
	for i := range out {
		sum, known := uint64(0), true
		for n, in := range out[i].tx.Inputs {
			s := paid[in.Prev]
			out[i].spent[n] = s
			sum, known = sum+s.value, known && s.known
		}
		if known && sum >= out[i].value {
			out[i].fee = sum - out[i].value
		}
	}
	return out, nil
}

// made says what the outputs of transactions are; those that the ledger does not have are left out.
func (c *chain) made(ctx context.Context, names []goshawk.Hash, to map[goshawk.Outpoint]spent) error {
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
			to[goshawk.Outpoint{Tx: hashes[i], Index: uint32(n)}] = spent{known: true, value: o.Value, coin: o.ID, address: o.Address}
		}
	}
	return nil
}

// spender is who of what waits spends a coin, and by which input.
func spender(list []weighed, coin goshawk.Outpoint) (by *weighed, input uint32) {
	for i := range list {
		for n := range list[i].tx.Inputs {
			if list[i].tx.Inputs[n].Prev == coin {
				return &list[i], uint32(n)
			}
		}
	}
	return nil, 0
}

// waitingValue is the full description of a transaction that waits.
func (c *chain) waitingValue(ctx context.Context, w *weighed) (txValue, error) {
	inputs, scripts := make([]goshawk.Input, len(w.spent)), make([][]byte, len(w.spent))
	for i, s := range w.spent {
		inputs[i].Value = s.value
		if scripts[i] = s.script; s.known && s.script == nil {
			coins, err := c.ledger.Outputs(ctx, []goshawk.OutputID{s.coin})
			if err != nil {
				return txValue{}, err
			}
			if scripts[i], err = c.script(ctx, coins[0]); err != nil {
				return txValue{}, err
			}
		}
	}
	v := c.txValue(place{Transaction: goshawk.Transaction{Hash: w.ID}}, w.tx, len(w.Raw), inputs, scripts)
	v.Status = statusValue{}
	return v, nil
}
