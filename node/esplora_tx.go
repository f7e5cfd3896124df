package node

import (
	"encoding/hex"
	"errors"
	"math"
	"net/http"

	"goshawk"
)

func (e *explorer) located(r *http.Request) (place, error) {
	hash, err := pathHash(r, "txid")
	if err != nil {
		return place{}, err
	}
	p, err := e.locate(r.Context(), hash)
	return p, orMissing(err, noTx)
}

func (e *explorer) tx(r *http.Request) (any, error) {
	if _, waiting := e.waiting(r); waiting {
		w, _, err := e.waits(r)
		if err != nil {
			return nil, err
		}
		if w != nil {
			return e.waitingValue(r.Context(), w)
		}
	}
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	values, err := e.describe(r.Context(), []goshawk.TxID{p.ID})
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

func (e *explorer) txRaw(r *http.Request) (any, error) {
	if w, ok := e.waiting(r); ok {
		return w.Raw, nil
	}
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	return e.raw(r.Context(), p)
}

func (e *explorer) txHex(r *http.Request) (any, error) {
	if w, ok := e.waiting(r); ok {
		return hex.EncodeToString(w.Raw), nil
	}
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	raw, err := e.raw(r.Context(), p)
	return hex.EncodeToString(raw), err
}

// txStatus answers for unknown transactions too, as Esplora does, and as for those that wait.
func (e *explorer) txStatus(r *http.Request) (any, error) {
	p, err := e.located(r)
	if errors.Is(err, noTx) {
		return statusValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	return confirmed(p.block), nil
}

// proved returns where the transaction is that a path names, and its block.
func (e *explorer) proved(r *http.Request) (place, *rawBlock, error) {
	p, err := e.located(r)
	if errors.Is(err, noTx) {
		err = notFound("Transaction not found or is unconfirmed")
	}
	if err != nil {
		return place{}, nil, err
	}
	b, err := e.holder(r.Context(), p)
	return p, b, err
}

func (e *explorer) txMerkleBlock(r *http.Request) (any, error) {
	p, b, err := e.proved(r)
	if err != nil {
		return nil, err
	}
	return hex.EncodeToString(b.merkleBlock(int(p.Position))), nil
}

func (e *explorer) txProof(r *http.Request) (any, error) {
	p, b, err := e.proved(r)
	if err != nil {
		return nil, err
	}
	branch := b.Branch(int(p.Position))
	if branch == nil {
		branch = []goshawk.Hash{}
	}
	return proofValue{Height: p.block.Height, Merkle: branch, Position: p.Position}, nil
}

// txSpend says that an output which does not exist is unspent, as Esplora does.
func (e *explorer) txSpend(r *http.Request) (any, error) {
	n, err := pathNumber(r, "vout", 32)
	if err != nil {
		return nil, err
	}
	all, err := e.spends(r, int(n), 1)
	if errors.Is(err, noTx) || err == nil && len(all) == 0 {
		return spendValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (e *explorer) txSpends(r *http.Request) (any, error) {
	return e.spends(r, 0, math.MaxInt)
}

func (e *explorer) spends(r *http.Request, first, most int) ([]spendValue, error) {
	w, list, err := e.waits(r)
	if err != nil {
		return nil, err
	}
	var out []spendValue
	var hash goshawk.Hash
	if w != nil {
		hash, out = w.ID, make([]spendValue, len(w.tx.Outputs))[min(first, len(w.tx.Outputs)):]
		out = out[:min(most, len(out))]
	} else if hash, out, err = e.chainSpends(r, first, most); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Spent {
			continue
		}
		if by, input := spender(list, goshawk.Outpoint{Tx: hash, Index: uint32(first + i)}); by != nil {
			out[i] = spendValue{Spent: true, Txid: &by.ID, Vin: &input, Status: &statusValue{}}
		}
	}
	return out, nil
}

// chainSpends says what of the chain spends some outputs of a transaction of the chain.
func (e *explorer) chainSpends(r *http.Request, first, most int) (goshawk.Hash, []spendValue, error) {
	p, err := e.located(r)
	if err != nil {
		return goshawk.Hash{}, nil, err
	}
	var batch goshawk.Transactions
	if err := e.ledger.Transactions(r.Context(), []goshawk.TxID{p.ID}, 0, &batch); err != nil {
		return goshawk.Hash{}, nil, err
	}
	var ids []goshawk.OutputID
	outputs := batch.Out(0)[min(first, len(batch.Out(0))):]
	for _, out := range outputs[:min(most, len(outputs))] {
		ids = append(ids, out.ID)
	}
	list, err := e.spenders(r.Context(), p.Hash, ids)
	return p.Hash, list, err
}
