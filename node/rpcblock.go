package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// The shapes of getblockheader and getblock, fields in a node's order, less
// what restates other fields (asm, desc):
// https://bitcoincore.org/en/doc/28.0.0/rpc/blockchain/getblock/
type (
	rpcHeader struct {
		Hash          goshawk.Hash  `json:"hash"`
		Confirmations int32         `json:"confirmations"`
		Height        int32         `json:"height"`
		Version       int32         `json:"version"`
		VersionHex    string        `json:"versionHex"`
		MerkleRoot    goshawk.Hash  `json:"merkleroot"`
		Time          uint32        `json:"time"`
		MedianTime    int64         `json:"mediantime"`
		Nonce         uint32        `json:"nonce"`
		Bits          string        `json:"bits"`
		Difficulty    json.Number   `json:"difficulty"`
		Work          string        `json:"chainwork,omitempty"`
		TxCount       int           `json:"nTx"`
		Previous      *goshawk.Hash `json:"previousblockhash,omitempty"`
		Next          *goshawk.Hash `json:"nextblockhash,omitempty"`
	}
	rpcBlock struct {
		rpcHeader
		StrippedSize int   `json:"strippedsize"`
		Size         int   `json:"size"`
		Weight       int   `json:"weight"`
		Tx           []any `json:"tx"`
	}
	rpcTx struct {
		Txid        goshawk.Hash `json:"txid"`
		Hash        goshawk.Hash `json:"hash"`
		Version     uint32       `json:"version"`
		Size        int          `json:"size"`
		VirtualSize int          `json:"vsize"`
		Weight      int          `json:"weight"`
		LockTime    uint32       `json:"locktime"`
		Vin         []rpcInput   `json:"vin"`
		Vout        []rpcOutput  `json:"vout"`
		Fee         json.Number  `json:"fee,omitempty"`
		Hex         string       `json:"hex"`
	}
	// rpcPlacedTx is a transaction that was asked for by itself.
	rpcPlacedTx struct {
		InChain *bool `json:"in_active_chain,omitempty"` // only where the block was named
		rpcTx
		Block         goshawk.Hash `json:"blockhash"`
		Confirmations int32        `json:"confirmations"`
		Time          int64        `json:"time"`
		BlockTime     int64        `json:"blocktime"`
	}
	rpcInput struct {
		Coinbase  string        `json:"coinbase,omitempty"`
		Txid      *goshawk.Hash `json:"txid,omitempty"`
		Vout      *uint32       `json:"vout,omitempty"`
		ScriptSig *rpcScript    `json:"scriptSig,omitempty"`
		Witness   []string      `json:"txinwitness,omitempty"`
		Prevout   *rpcPrevout   `json:"prevout,omitempty"`
		Sequence  uint32        `json:"sequence"`
	}
	rpcPrevout struct {
		Generated *bool       `json:"generated,omitempty"` // absent where the ledger does not know
		Height    *int32      `json:"height,omitempty"`    // likewise
		Value     json.Number `json:"value"`
		Script    rpcScript   `json:"scriptPubKey"`
	}
	rpcOutput struct {
		Value  json.Number `json:"value"`
		N      int         `json:"n"`
		Script rpcScript   `json:"scriptPubKey"`
	}
	rpcScript struct {
		Hex     string `json:"hex"`
		Address string `json:"address,omitempty"`
		Type    string `json:"type,omitempty"`
	}
)

func (s *rpc) describeHeader(ctx context.Context, info goshawk.BlockInfo, b *rawBlock) (rpcHeader, error) {
	head, err := s.head(ctx)
	if err != nil {
		return rpcHeader{}, err
	}
	medianTime, err := s.medianTime(ctx, info.Height)
	if err != nil {
		return rpcHeader{}, err
	}
	work, err := s.workAt(ctx, info.Height)
	if err != nil {
		return rpcHeader{}, err
	}
	h := &b.Header
	v := rpcHeader{Hash: info.Hash, Confirmations: head.Height - info.Height + 1, Height: info.Height, Version: h.Version, VersionHex: fmt.Sprintf("%08x", uint32(h.Version)),
		MerkleRoot: h.MerkleRoot, Time: h.Time, MedianTime: medianTime, Nonce: h.Nonce, Bits: fmt.Sprintf("%08x", h.Bits), Difficulty: digits(difficulty(h.Bits)), Work: work, TxCount: len(b.Txs)}
	if h.Parent != (goshawk.Hash{}) {
		v.Previous = &h.Parent
	}
	if info.Height < head.Height {
		next, err := s.at(ctx, info.Height+1)
		if err != nil {
			return rpcHeader{}, err
		}
		v.Next = &next[0].Hash
	}
	return v, nil
}

func (s *rpc) describeRPCBlock(ctx context.Context, info goshawk.BlockInfo, b *rawBlock, verbosity int) (rpcBlock, error) {
	header, err := s.describeHeader(ctx, info, b)
	if err != nil {
		return rpcBlock{}, err
	}
	v := rpcBlock{rpcHeader: header, StrippedSize: b.Txs[0].Start, Size: len(b.raw), Weight: 4 * b.Txs[0].Start, Tx: make([]any, len(b.Txs))}
	var prevouts map[goshawk.Outpoint]prevout
	if verbosity >= 3 {
		if prevouts, err = s.prevouts(ctx, b); err != nil {
			return rpcBlock{}, err
		}
	}
	for i := range b.Txs {
		raw := b.tx(uint32(i))
		tx, err := bitcoin.DecodeTx(raw)
		if err != nil {
			return rpcBlock{}, err
		}
		weight := tx.Weight()
		v.Weight += weight
		v.StrippedSize += (weight - len(raw)) / 3
		if verbosity == 1 {
			v.Tx[i] = b.Txs[i].ID
			continue
		}
		v.Tx[i] = s.describeRPCTx(b.Txs[i].ID, tx, raw, weight, prevouts)
	}
	return v, nil
}

func (s *rpc) describeRPCTx(id goshawk.Hash, tx *bitcoin.Tx, raw []byte, weight int, prevouts map[goshawk.Outpoint]prevout) rpcTx {
	v := rpcTx{Txid: id, Hash: tx.WitnessID(), Version: uint32(tx.Version), Size: len(raw), VirtualSize: (weight + 3) / 4, Weight: weight, LockTime: tx.LockTime, Hex: hex.EncodeToString(raw)}
	var in, out uint64
	whole := !tx.Coinbase()
	for _, input := range tx.Inputs {
		var item rpcInput
		item.Sequence = input.Sequence
		for _, w := range input.Witness {
			item.Witness = append(item.Witness, hex.EncodeToString(w))
		}
		if tx.Coinbase() {
			item.Coinbase = hex.EncodeToString(input.Script)
		} else {
			item.Txid, item.Vout, item.ScriptSig = &input.Prev.Tx, &input.Prev.Index, &rpcScript{Hex: hex.EncodeToString(input.Script)}
			if coin, ok := prevouts[input.Prev]; ok {
				item.Prevout = &coin.rpcPrevout
				in += coin.value
			} else {
				whole = false
			}
		}
		v.Vin = append(v.Vin, item)
	}
	for n, output := range tx.Outputs {
		v.Vout = append(v.Vout, rpcOutput{Value: s.coins(output.Value), N: n, Script: s.lock(output.Script)})
		out += output.Value
	}
	if whole && in >= out {
		v.Fee = s.coins(in - out)
	}
	return v
}

// describePlaced describes a transaction with its block, of verbosity 2 also with
// the coins that it spends.
func (s *rpc) describePlaced(ctx context.Context, p place, raw []byte, named bool, verbosity int) (rpcPlacedTx, error) {
	head, err := s.head(ctx)
	if err != nil {
		return rpcPlacedTx{}, err
	}
	tx, err := bitcoin.DecodeTx(raw)
	if err != nil {
		return rpcPlacedTx{}, err
	}
	var prevouts map[goshawk.Outpoint]prevout
	if verbosity >= 2 {
		b, err := s.block(ctx, p.block.Hash)
		if err != nil {
			return rpcPlacedTx{}, unexpected(err)
		}
		if prevouts, err = s.prevouts(ctx, b); err != nil {
			return rpcPlacedTx{}, err
		}
	}
	v := rpcPlacedTx{rpcTx: s.describeRPCTx(p.Hash, tx, raw, tx.Weight(), prevouts), Block: p.block.Hash,
		Confirmations: head.Height - p.block.Height + 1, Time: p.block.Time, BlockTime: p.block.Time}
	if named {
		yes := true
		v.InChain = &yes
	}
	return v, nil
}

// digits writes a number as a node does, with 16 significant digits.
func digits(f float64) json.Number { return json.Number(strconv.FormatFloat(f, 'g', 16, 64)) }

// coins writes an amount as a node does: a number of coins with all decimals.
func (s *rpc) coins(units uint64) json.Number {
	return json.Number(s.params.Asset().Decimal(goshawk.U(units)))
}

// prevout is a coin that a block spends, and its value.
type prevout struct {
	rpcPrevout
	value uint64
}

// prevouts returns the coins that a block of the chain spends, those that the
// ledger knows.
func (s *rpc) prevouts(ctx context.Context, b *rawBlock) (map[goshawk.Outpoint]prevout, error) {
	hashes := make([]goshawk.Hash, len(b.Txs))
	for i := range b.Txs {
		hashes[i] = b.Txs[i].ID
	}
	found, err := s.ledger.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := s.ledger.Transactions(ctx, found.Transactions, goshawk.WantOutpoints|goshawk.WantKinds, &batch); err != nil {
		return nil, err
	}
	scripts, err := s.spentScripts(ctx, &batch)
	if err != nil {
		return nil, err
	}
	var ids []goshawk.OutputID
	for _, in := range batch.Inputs {
		if in.Link == goshawk.Linked {
			ids = append(ids, in.Spent)
		}
	}
	coins, err := s.ledger.Outputs(ctx, ids)
	if err != nil {
		return nil, err
	}
	minted, err := s.coinbases(ctx, coins)
	if err != nil {
		return nil, err
	}
	out := make(map[goshawk.Outpoint]prevout, len(batch.Inputs))
	for i, in := range batch.Inputs {
		if scripts[i] == nil {
			continue
		}
		p := prevout{rpcPrevout: rpcPrevout{Value: s.coins(in.Value), Script: s.lock(scripts[i])}, value: in.Value}
		if in.Link == goshawk.Linked {
			generated := minted[coins[0].Tx]
			p.Generated, p.Height = &generated, &coins[0].Height
			coins = coins[1:]
		} else if in.Height >= 0 {
			p.Height = &in.Height
		}
		out[batch.Outpoints[i]] = p
	}
	return out, nil
}

// coinbases returns which of the coins' transactions are their block's first.
func (s *rpc) coinbases(ctx context.Context, coins []goshawk.Coin) (map[goshawk.TxID]bool, error) {
	var heights []int32
	seen := map[int32]bool{}
	for _, coin := range coins {
		if !seen[coin.Height] {
			seen[coin.Height] = true
			heights = append(heights, coin.Height)
		}
	}
	infos, err := s.at(ctx, heights...)
	if err != nil {
		return nil, err
	}
	first := make(map[goshawk.TxID]bool, len(infos))
	for _, info := range infos {
		first[info.FirstTx] = true
	}
	return first, nil
}

// lock describes a locking script with a node's names for its type.
func (s *rpc) lock(script []byte) rpcScript {
	kind, _, byKey, _ := bitcoin.Classify(script, nil)
	name := "nonstandard"
	switch {
	case byKey:
		name = "pubkey"
	case kind == goshawk.PubKeyHash:
		name = "pubkeyhash"
	case kind == goshawk.ScriptHash:
		name = "scripthash"
	case kind == goshawk.WitnessPubKeyHash:
		name = "witness_v0_keyhash"
	case kind == goshawk.WitnessScriptHash:
		name = "witness_v0_scripthash"
	case kind == goshawk.Taproot:
		name = "witness_v1_taproot"
	case kind == goshawk.WitnessUnknown:
		name = "witness_unknown"
	case kind == goshawk.Multisig:
		name = "multisig"
	case kind == goshawk.NullData:
		name = "nulldata"
	}
	return rpcScript{Hex: hex.EncodeToString(script), Address: addressOf(s.params, script), Type: name}
}
