package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// txid reads the first parameter.
func txid(params []json.RawMessage) (goshawk.Hash, error) {
	var text string
	if !given(params, 0) || json.Unmarshal(params[0], &text) != nil {
		return goshawk.Hash{}, rpcErrorf(codeType, "txid must be a string")
	}
	hash, err := goshawk.ParseHash(text)
	if err != nil {
		return hash, rpcErrorf(codeParameter, "txid must be 64 hexadecimal digits")
	}
	return hash, nil
}

// rawTransaction answers for every transaction of the chain, as a node with an
// index of all of them does, and for what waits.
func (s *rpc) rawTransaction(ctx context.Context, params []json.RawMessage) (any, error) {
	hash, err := txid(params)
	if err != nil {
		return nil, err
	}
	verbosity, err := verbosity(params, 1, 0)
	if err != nil {
		return nil, err
	}
	p, err := s.locate(ctx, hash)
	if goshawk.CodeOf(err) == goshawk.NotFound {
		if w, ok := s.pool.one(hash); ok && !given(params, 2) {
			return s.describeWaiting(w, verbosity)
		}
		return nil, rpcErrorf(codeAddress, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.")
	}
	if err != nil {
		return nil, err
	}
	if given(params, 2) {
		info, _, err := s.named(ctx, params[2:])
		if err != nil {
			return nil, err
		}
		if info.Hash != p.block.Hash {
			return nil, rpcErrorf(codeAddress, "No such transaction found in the provided block. Use gettransaction for wallet transactions.")
		}
	}
	raw, err := s.raw(ctx, p)
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		return hex.EncodeToString(raw), nil
	}
	return s.describePlaced(ctx, p, raw, given(params, 2), verbosity)
}

// describeWaiting is a transaction in no block: nothing is said of what it spends.
func (s *rpc) describeWaiting(w Waiting, verbosity int) (any, error) {
	if verbosity <= 0 {
		return hex.EncodeToString(w.Raw), nil
	}
	tx, err := bitcoin.DecodeTx(w.Raw)
	if err != nil {
		return nil, err
	}
	return s.describeRPCTx(w.ID, tx, w.Raw, tx.Weight(), nil), nil
}

// unspent is a coin as gettxout describes it.
type unspent struct {
	Best          goshawk.Hash `json:"bestblock"`
	Confirmations int32        `json:"confirmations"`
	Value         json.Number  `json:"value"`
	Script        rpcScript    `json:"scriptPubKey"`
	Coinbase      bool         `json:"coinbase"`
}

// waitingOut is a coin of a transaction that waits, which nothing that waits spends. A node says so of data outputs too:
// it takes out only those of blocks.
func (s *rpc) waitingOut(ctx context.Context, tx *bitcoin.Tx, index uint32) (any, error) {
	if int64(index) >= int64(len(tx.Outputs)) {
		return nil, nil
	}
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	o := &tx.Outputs[index]
	return unspent{head.Hash, 0, s.coins(o.Value), s.lock(o.Script), false}, nil
}

// txOut describes a coin that nobody has spent, in a block or, unless it is said to leave out what waits, in what waits;
// all others are null.
func (s *rpc) txOut(ctx context.Context, params []json.RawMessage) (any, error) {
	hash, err := txid(params)
	if err != nil {
		return nil, err
	}
	var index uint32
	if !given(params, 1) || json.Unmarshal(params[1], &index) != nil {
		return nil, rpcErrorf(codeType, "n must be a number")
	}
	beside := true
	if given(params, 2) && json.Unmarshal(params[2], &beside) != nil {
		return nil, rpcErrorf(codeType, "include_mempool must be true or false")
	}
	if beside {
		list, err := s.weigh(ctx)
		if err != nil {
			return nil, err
		}
		if by, _ := spender(list, goshawk.Outpoint{Tx: hash, Index: index}); by != nil {
			return nil, nil
		}
		if w := slices.IndexFunc(list, func(w weighed) bool { return w.ID == hash }); w >= 0 {
			return s.waitingOut(ctx, list[w].tx, index)
		}
	}
	p, err := s.locate(ctx, hash)
	if goshawk.CodeOf(err) == goshawk.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := s.ledger.Transactions(ctx, []goshawk.TxID{p.ID}, goshawk.WantKinds, &batch); err != nil {
		return nil, err
	}
	outputs := batch.Out(0)
	if int64(index) >= int64(len(outputs)) || outputs[index].Kind == goshawk.NullData {
		return nil, nil
	}
	coins, err := s.ledger.Outputs(ctx, []goshawk.OutputID{outputs[index].ID})
	if err != nil || coins[0].Spender != goshawk.NoTx {
		return nil, err
	}
	script, err := s.script(ctx, coins[0])
	if err != nil {
		return nil, err
	}
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	return unspent{head.Hash, head.Height - p.block.Height + 1, s.coins(coins[0].Value), s.lock(script), p.Coinbase}, nil
}

// txOutProof proves that transactions are in one block.
func (s *rpc) txOutProof(ctx context.Context, params []json.RawMessage) (any, error) {
	var texts []json.RawMessage
	if !given(params, 0) || json.Unmarshal(params[0], &texts) != nil {
		return nil, rpcErrorf(codeType, "txids must be an array")
	}
	if len(texts) == 0 {
		return nil, rpcErrorf(codeParameter, "Parameter 'txids' cannot be empty")
	}
	var holder *rawBlock
	seen := map[goshawk.Hash]bool{}
	var positions []int
	for i := range texts {
		hash, err := txid(texts[i:])
		if err != nil {
			return nil, err
		}
		if seen[hash] {
			return nil, rpcErrorf(codeParameter, "Invalid parameter, duplicated txid: %v", hash)
		}
		seen[hash] = true
		p, err := s.locate(ctx, hash)
		if goshawk.CodeOf(err) == goshawk.NotFound {
			return nil, rpcErrorf(codeAddress, "Transaction not yet in block")
		}
		if err != nil {
			return nil, err
		}
		b, err := s.holder(ctx, p)
		if err != nil {
			return nil, err
		}
		if holder != nil && holder.hash != b.hash {
			return nil, rpcErrorf(codeAddress, "Not all transactions found in specified or retrieved block")
		}
		holder = b
		positions = append(positions, int(p.Position))
	}
	if given(params, 1) {
		info, _, err := s.named(ctx, params[1:])
		if err != nil {
			return nil, err
		}
		if info.Hash != holder.hash {
			return nil, rpcErrorf(codeAddress, "Not all transactions found in specified or retrieved block")
		}
	}
	return hex.EncodeToString(holder.merkleBlock(positions...)), nil
}
