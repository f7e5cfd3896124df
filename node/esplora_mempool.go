package node

import (
	"crypto/sha256"
	"net/http"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Esplora's answers about transactions that are in no block yet. There is nothing
// here from which to estimate a fee.

// newest is how many transactions /mempool/recent lists.
const newest = 10

func (e *explorer) mempool(r *http.Request) (any, error) {
	list, err := e.weigh(r.Context())
	if err != nil {
		return nil, err
	}
	v := backlogValue{Count: len(list), FeeRates: []string{}}
	for i := range list {
		v.Size += list[i].vsize
		v.Fees += list[i].fee
	}
	return v, nil
}

func (e *explorer) mempoolTxids(*http.Request) (any, error) {
	ids := []goshawk.Hash{}
	for _, w := range e.pool.all() {
		ids = append(ids, w.ID)
	}
	return ids, nil
}

// mempoolRecent lists those that came last, the last one first.
func (e *explorer) mempoolRecent(r *http.Request) (any, error) {
	list, err := e.weigh(r.Context())
	if err != nil {
		return nil, err
	}
	type recent struct {
		Txid  goshawk.Hash `json:"txid"`
		Fee   uint64       `json:"fee"`
		Size  int          `json:"vsize"`
		Value uint64       `json:"value"`
	}
	out := []recent{}
	list = list[max(0, len(list)-newest):]
	for i := range slices.Backward(list) {
		w := &list[i]
		out = append(out, recent{w.ID, w.fee, w.vsize, w.value})
	}
	return out, nil
}

func (e *explorer) feeEstimates(*http.Request) (any, error) { return struct{}{}, nil }

// waiting is the transaction that a path names, if it waits.
func (e *explorer) waiting(r *http.Request) (Waiting, bool) {
	hash, err := pathHash(r, "txid")
	if err != nil {
		return Waiting{}, false
	}
	return e.pool.one(hash)
}

// waits is the same, with what can be said of it, beside all that waits; nil where it does not wait.
func (e *explorer) waits(r *http.Request) (one *weighed, all []weighed, err error) {
	if all, err = e.weigh(r.Context()); err != nil {
		return nil, nil, err
	}
	if w, ok := e.waiting(r); ok {
		if i := slices.IndexFunc(all, func(x weighed) bool { return x.ID == w.ID }); i >= 0 {
			one = &all[i]
		}
	}
	return one, all, nil
}

// mostWaiting is how many transactions that wait an address's pages list.
const mostWaiting = 50

// pays says whether a script is a party's.
func (p *party) pays(script []byte) bool {
	kind, key, _, _ := bitcoin.Classify(script, nil)
	return sha256.Sum256(bitcoin.Script(kind, key)) == p.script
}

// spends says whether a coin that an input spends was a party's.
func (p *party) spends(s *spent) bool {
	if s.script != nil {
		return p.pays(s.script)
	}
	return s.known && p.id != goshawk.NoAddress && s.address == p.id
}

// touches says what a transaction that waits brings a party, and what it takes.
func (p *party) touches(w *weighed) (v statsValue) {
	sum := uint64(0)
	for _, o := range w.tx.Outputs {
		if p.pays(o.Script) {
			v.Funded, v.FundedSum = v.Funded+1, v.FundedSum+o.Value
		}
	}
	for i := range w.spent {
		if p.spends(&w.spent[i]) {
			v.Spent, sum = v.Spent+1, sum+w.spent[i].value
		}
	}
	if v.SpentSum = &sum; v.Funded+v.Spent > 0 {
		v.TxCount = 1
	}
	return v
}

// partyMempool lists what waits and touches a party, the last that came first; what is more than a page holds is not
// listed, as Esplora has no second one of it.
func (e *explorer) partyMempool(r *http.Request, p party) ([]txValue, error) {
	list, err := e.weigh(r.Context())
	if err != nil {
		return nil, err
	}
	out := []txValue{}
	for i := range slices.Backward(list) {
		if p.touches(&list[i]).TxCount == 0 {
			continue
		}
		v, err := e.waitingValue(r.Context(), &list[i])
		if err != nil {
			return nil, err
		}
		if out = append(out, v); len(out) == mostWaiting {
			break
		}
	}
	return out, nil
}

// partyAll lists what waits, and then the newest of the chain.
func (e *explorer) partyAll(r *http.Request, p party) (any, error) {
	waiting, err := e.partyMempool(r, p)
	if err != nil {
		return nil, err
	}
	chain, err := e.partyTxs(r, p)
	if err != nil {
		return nil, err
	}
	return append(waiting, chain...), nil
}
