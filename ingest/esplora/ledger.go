package esplora

import (
	"context"
	"errors"
	"fmt"

	"goshawk"
)

// Find implements goshawk.Ledger. A time range is not narrowed, because that
// would cost more questions than it saves: the whole chain comes back.
func (s *Source) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	if err := s.take(ctx); err != nil {
		return goshawk.Found{}, err
	}
	defer s.give()
	addresses, err := s.parseAddresses(names.Addresses)
	if err != nil {
		return goshawk.Found{}, err // before anything is asked
	}
	var found goshawk.Found
	if !names.Since.IsZero() || !names.Until.IsZero() {
		tip, err := s.blockHeaders(ctx, []int32{s.head.Height})
		if err == nil {
			err = s.count(ctx, tip)
		}
		if err != nil {
			return goshawk.Found{}, err
		}
		found.End = txID(s.head.Height, tip[0].count-1) + 1
	}
	if len(names.Transactions) > 0 {
		if err := s.place(ctx, names.Transactions); err != nil {
			return goshawk.Found{}, err
		}
	}
	for _, hash := range names.Transactions {
		id := goshawk.NoTx
		if tx := s.placed(hash); tx != nil {
			id = tx.id
		}
		found.Transactions = append(found.Transactions, id)
	}
	headers, err := s.blockHeaders(ctx, names.Heights)
	if err != nil {
		return goshawk.Found{}, err
	}
	for i, h := range headers {
		id := goshawk.NoBlock
		if h != nil {
			id = goshawk.BlockID(names.Heights[i])
		}
		found.Blocks = append(found.Blocks, id)
	}
	if found.Addresses, err = s.existing(ctx, addresses); err != nil {
		return goshawk.Found{}, err
	}
	return found, nil
}

// Blocks implements goshawk.Ledger.
func (s *Source) Blocks(ctx context.Context, ids []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	heights := make([]int32, len(ids))
	for i, id := range ids {
		if id > goshawk.BlockID(max(s.head.Height, 0)) {
			return nil, noBlock(id)
		}
		heights[i] = int32(id)
	}
	headers, err := s.blockHeaders(ctx, heights)
	if err != nil {
		return nil, err
	}
	for i, h := range headers {
		if h == nil {
			return nil, noBlock(ids[i])
		}
	}
	if err := s.count(ctx, headers); err != nil {
		return nil, err
	}
	infos := make([]goshawk.BlockInfo, len(ids))
	for i, h := range headers {
		infos[i] = goshawk.BlockInfo{ID: ids[i], Hash: h.hash, Parent: h.parent, Height: h.height, Time: h.time,
			FirstTx: txID(h.height, 0), TxCount: h.count, Header: h.raw}
	}
	return infos, nil
}

// count counts the transactions of blocks, by their ids, which must make up the
// merkle root.
func (s *Source) count(ctx context.Context, headers []*header) error {
	var qs []query
	var uncounted []*header
	for _, h := range headers {
		if h.count == 0 {
			uncounted = append(uncounted, h)
			qs = append(qs, query{path: "/block/" + h.hash.String() + "/txids", limit: limitTxids, check: func(body []byte) error {
				_, err := countTransactions(body, h.root)
				return err
			}})
		}
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if a.missing {
			return garbled(a.url, errors.New("it is missing, though the block is known"))
		}
		if uncounted[i].count, err = countTransactions(a.body, uncounted[i].root); err != nil {
			return garbled(a.url, err)
		}
	}
	return nil
}

// Transactions implements goshawk.Ledger. It loads every transaction that made
// a spent coin, because nobody else vouches for the coin's value and address;
// an input is Linked where that one's place is known, and Deferred where not.
func (s *Source) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	into.Reset()
	into.Asset = s.head.Asset
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if err := s.resolve(ctx, ids); err != nil {
		return err
	}
	var previous []goshawk.Hash
	for _, id := range ids {
		for _, in := range s.byID[id].ins {
			previous = append(previous, in.prev.Tx)
		}
	}
	if err := s.load(ctx, previous); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.appendRow(s.byID[id], want, into); err != nil {
			into.Reset()
			return err
		}
	}
	return nil
}

func (s *Source) appendRow(tx *transaction, want goshawk.Want, into *goshawk.Transactions) error {
	row := goshawk.Transaction{
		ID: tx.id, Block: goshawk.BlockID(tx.block.height), Time: tx.block.time, Height: tx.block.height, Position: tx.position,
		Version: tx.version, LockTime: tx.lockTime, Weight: tx.weight, Coinbase: tx.coinbase,
		FirstInput: uint32(len(into.Inputs)), FirstOutput: uint32(len(into.Outputs)),
	}
	if want&goshawk.WantHashes != 0 {
		row.Hash = tx.hash
	}
	for _, in := range tx.ins {
		coin, err := s.spentCoin(tx, in.prev)
		if err != nil {
			return err
		}
		if want&goshawk.WantKinds == 0 {
			coin.Kind = 0
		}
		into.Inputs = append(into.Inputs, coin)
		if want&goshawk.WantOutpoints != 0 {
			into.Outpoints = append(into.Outpoints, in.prev)
		}
		if want&goshawk.WantSequences != 0 {
			into.Sequences = append(into.Sequences, in.sequence)
		}
	}
	for _, out := range tx.outs {
		if want&goshawk.WantKinds == 0 {
			out.Kind = 0
		}
		into.Outputs = append(into.Outputs, out)
	}
	row.InputEnd, row.OutputEnd = uint32(len(into.Inputs)), uint32(len(into.Outputs))
	into.Rows = append(into.Rows, row)
	return nil
}

// spentCoin describes the coin at prev, which tx spends.
func (s *Source) spentCoin(tx *transaction, prev goshawk.Outpoint) (goshawk.Input, error) {
	from := s.txs[prev.Tx]
	if from == nil {
		return goshawk.Input{Spent: goshawk.NoOutput, Address: goshawk.NoAddress, Height: -1, Link: goshawk.Unresolved}, nil
	}
	if int(prev.Index) >= len(from.outs) {
		return goshawk.Input{}, goshawk.Errorf(goshawk.Corrupt, "transaction %v spends %v, which does not exist", tx.hash, prev).
			WithHint("no valid chain holds it; ask another server")
	}
	out := &from.outs[prev.Index]
	coin := goshawk.Input{Spent: goshawk.NoOutput, Value: out.Value, Address: out.Address, Height: -1, Link: goshawk.Deferred, Kind: out.Kind}
	if from.id != goshawk.NoTx {
		if from.id >= tx.id {
			return goshawk.Input{}, goshawk.Errorf(goshawk.Corrupt, "transaction %v spends an output of %v, which comes later in the chain", tx.hash, from.hash).
				WithHint("no valid chain holds both; ask another server")
		}
		coin.Spent, coin.Link = out.ID, goshawk.Linked
	}
	return coin, nil
}

// Outputs implements goshawk.Ledger. That an output is unspent is the source's
// claim; that it is spent is proved by the transaction that does.
func (s *Source) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	txs := make([]goshawk.TxID, len(ids))
	for i, id := range ids {
		txs[i], _ = splitOutput(id)
	}
	if err := s.resolve(ctx, txs); err != nil {
		return nil, err
	}
	for i, id := range ids {
		if _, index := splitOutput(id); int(index) >= len(s.byID[txs[i]].outs) {
			return nil, goshawk.Errorf(goshawk.NotFound, "no output has the id %d", uint64(id))
		}
	}
	if err := s.findSpenders(ctx, ids); err != nil {
		return nil, err
	}
	coins := make([]goshawk.Coin, len(ids))
	for i, id := range ids {
		_, index := splitOutput(id)
		tx := s.byID[txs[i]]
		coins[i] = goshawk.Coin{Output: tx.outs[index], Tx: tx.id, Index: index, Height: tx.block.height}
	}
	return coins, nil
}

// findSpenders looks up and proves what spends the outputs given, whose
// transactions are known.
func (s *Source) findSpenders(ctx context.Context, ids []goshawk.OutputID) error {
	var asked []*transaction
	var qs []query
	seen := map[goshawk.TxID]bool{}
	for _, id := range ids {
		txid, index := splitOutput(id)
		tx := s.byID[txid]
		if tx.spendsKnown || seen[txid] || tx.outs[index].Spender != goshawk.Later {
			continue
		}
		seen[txid] = true
		asked = append(asked, tx)
		qs = append(qs, query{path: "/tx/" + tx.hash.String() + "/outspends", limit: limitSpends, check: func(body []byte) error {
			_, err := parseSpends(body, len(tx.outs))
			return err
		}})
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return err
	}
	for i, a := range answers {
		tx := asked[i]
		if a.missing {
			return s.rejected(a.url, errors.New("it is missing, though the transaction is known"))
		}
		if tx.spends, err = parseSpends(a.body, len(tx.outs)); err != nil {
			return garbled(a.url, err)
		}
		tx.spendsURL, tx.spendsKnown = a.url, true
	}
	var spenders []goshawk.Hash
	for _, id := range ids {
		txid, index := splitOutput(id)
		tx := s.byID[txid]
		if tx.outs[index].Spender != goshawk.Later {
			continue
		}
		if c := tx.spends[index]; c.spent && c.height <= s.head.Height {
			spenders = append(spenders, c.tx)
		}
	}
	if err := s.place(ctx, spenders); err != nil {
		return err
	}
	for _, id := range ids {
		txid, index := splitOutput(id)
		tx := s.byID[txid]
		out := &tx.outs[index]
		if out.Spender != goshawk.Later {
			continue
		}
		claim := tx.spends[index]
		if !claim.spent || claim.height > s.head.Height {
			out.Spender = goshawk.NoTx
			continue
		}
		spender := s.placed(claim.tx)
		if err := spendsIt(spender, goshawk.Outpoint{Tx: tx.hash, Index: index}, tx.id, claim); err != nil {
			tx.spendsKnown = false
			return s.rejected(tx.spendsURL, err)
		}
		out.Spender = spender.id
	}
	return nil
}

// spendsIt checks a claimed spender against its own bytes.
func spendsIt(spender *transaction, coin goshawk.Outpoint, made goshawk.TxID, claim spend) error {
	switch {
	case spender == nil:
		return fmt.Errorf("it says that %v is spent by %v, which is not in the chain", coin, claim.tx)
	case int(claim.input) >= len(spender.ins) || spender.ins[claim.input].prev != coin:
		return fmt.Errorf("it says that %v is spent by input %d of %v, which does not spend it", coin, claim.input, claim.tx)
	case spender.id <= made:
		return fmt.Errorf("it says that %v is spent by %v, which comes before it in the chain", coin, claim.tx)
	}
	return nil
}

func noBlock(id goshawk.BlockID) error {
	return goshawk.Errorf(goshawk.NotFound, "no block has the id %d", uint64(id))
}
