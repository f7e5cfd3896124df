package node

import "net/http"

// Esplora's answers about transactions that are not in a block. There are none
// here, nor any from which to estimate a fee.

func (e *explorer) mempool(*http.Request) (any, error) {
	return backlogValue{FeeRates: []string{}}, nil
}

// mempoolTxs is the list of them all, and of the newest.
func (e *explorer) mempoolTxs(*http.Request) (any, error) { return []string{}, nil }

func (e *explorer) feeEstimates(*http.Request) (any, error) { return struct{}{}, nil }
