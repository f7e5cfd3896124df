package node

import (
	"net/http"
	"slices"

	"goshawk"
)

// Esplora's answers about transactions that are in no block yet. There is nothing
// here from which to estimate a fee, and the pages of addresses do not know of them.

// newest is how many transactions /mempool/recent lists.
const newest = 10

func (e *explorer) mempool(r *http.Request) (any, error) {
	list, err := e.weigh(r.Context(), e.pool.all())
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
	all := e.pool.all()
	list, err := e.weigh(r.Context(), all[max(0, len(all)-newest):])
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
