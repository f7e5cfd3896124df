package node

import (
	"context"
	"encoding/hex"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// The shapes of Esplora's answers, fields in its order:
// https://github.com/Blockstream/esplora/blob/master/API.md
type (
	txValue struct {
		Txid     goshawk.Hash `json:"txid"`
		Version  uint32       `json:"version"`
		LockTime uint32       `json:"locktime"`
		Vin      []vinValue   `json:"vin"`
		Vout     []voutValue  `json:"vout"`
		Size     int          `json:"size"`
		Weight   int          `json:"weight"`
		Fee      *uint64      `json:"fee"` // null where the ledger does not know every coin spent
		Status   statusValue  `json:"status"`
	}
	vinValue struct {
		Txid         goshawk.Hash `json:"txid"`
		Vout         uint32       `json:"vout"`
		Prevout      *voutValue   `json:"prevout"`
		ScriptSig    string       `json:"scriptsig"`
		ScriptSigAsm string       `json:"scriptsig_asm"`
		Witness      []string     `json:"witness,omitempty"`
		Coinbase     bool         `json:"is_coinbase"`
		Sequence     uint32       `json:"sequence"`
		InnerRedeem  string       `json:"inner_redeemscript_asm,omitempty"`
		InnerWitness string       `json:"inner_witnessscript_asm,omitempty"`
	}
	voutValue struct {
		Script  string `json:"scriptpubkey"`
		Asm     string `json:"scriptpubkey_asm"`
		Type    string `json:"scriptpubkey_type"`
		Address string `json:"scriptpubkey_address,omitempty"`
		Value   uint64 `json:"value"`
	}
	statusValue struct {
		Confirmed bool          `json:"confirmed"`
		Height    *int32        `json:"block_height,omitempty"`
		Hash      *goshawk.Hash `json:"block_hash,omitempty"`
		Time      *int64        `json:"block_time,omitempty"`
	}
	spendValue struct {
		Spent  bool          `json:"spent"`
		Txid   *goshawk.Hash `json:"txid,omitempty"`
		Vin    *uint32       `json:"vin,omitempty"`
		Status *statusValue  `json:"status,omitempty"`
	}
	proofValue struct {
		Height   int32          `json:"block_height"`
		Merkle   []goshawk.Hash `json:"merkle"`
		Position uint32         `json:"pos"`
	}
	blockValue struct {
		ID         goshawk.Hash  `json:"id"`
		Height     int32         `json:"height"`
		Version    uint32        `json:"version"`
		Timestamp  uint32        `json:"timestamp"`
		TxCount    int           `json:"tx_count"`
		Size       int           `json:"size"`
		Weight     int           `json:"weight"`
		MerkleRoot goshawk.Hash  `json:"merkle_root"`
		Previous   *goshawk.Hash `json:"previousblockhash"`
		MedianTime int64         `json:"mediantime"`
		Nonce      uint32        `json:"nonce"`
		Bits       uint32        `json:"bits"`
		Difficulty float64       `json:"difficulty"`
	}
	blockStatusValue struct {
		InBestChain bool          `json:"in_best_chain"`
		Height      *int32        `json:"height,omitempty"`
		Next        *goshawk.Hash `json:"next_best,omitempty"`
	}
	addressValue struct {
		// One of the two, as it was asked for.
		Address    string `json:"address,omitempty"`
		ScriptHash string `json:"scripthash,omitempty"`

		Chain   statsValue `json:"chain_stats"`
		Mempool statsValue `json:"mempool_stats"`
	}
	statsValue struct {
		Funded    uint64  `json:"funded_txo_count"`
		FundedSum uint64  `json:"funded_txo_sum"`
		Spent     uint64  `json:"spent_txo_count"`
		SpentSum  *uint64 `json:"spent_txo_sum"` // null where the ledger does not know the value of every coin spent
		TxCount   uint64  `json:"tx_count"`
	}
	backlogValue struct {
		Count    int      `json:"count"`
		Size     int      `json:"vsize"`
		Fees     uint64   `json:"total_fee"`
		FeeRates []string `json:"fee_histogram"` // pairs, of which there are none
	}
	utxoValue struct {
		Txid   goshawk.Hash `json:"txid"`
		Vout   uint32       `json:"vout"`
		Status statusValue  `json:"status"`
		Value  uint64       `json:"value"`
	}
)

func confirmed(block goshawk.BlockInfo) statusValue {
	return statusValue{Confirmed: true, Height: &block.Height, Hash: &block.Hash, Time: &block.Time}
}

func (c *chain) output(script []byte, value uint64) voutValue {
	return voutValue{Script: hex.EncodeToString(script), Asm: asm(script), Type: scriptType(script), Address: addressOf(c.params, script), Value: value}
}

// describe builds the full description of transactions, in the order given.
func (c *chain) describe(ctx context.Context, ids []goshawk.TxID) ([]txValue, error) {
	var batch goshawk.Transactions
	if err := c.ledger.Transactions(ctx, ids, goshawk.WantHashes|goshawk.WantKinds, &batch); err != nil {
		return nil, err
	}
	placed, err := c.inBlocks(ctx, batch.Rows)
	if err != nil {
		return nil, err
	}
	coins, err := c.spentScripts(ctx, &batch)
	if err != nil {
		return nil, err
	}
	out := make([]txValue, len(ids))
	for i, p := range placed {
		raw, err := c.raw(ctx, p)
		if err != nil {
			return nil, err
		}
		tx, err := bitcoin.DecodeTx(raw)
		if err != nil {
			return nil, err
		}
		if !tx.Coinbase() && len(tx.Inputs) != int(p.InputEnd-p.FirstInput) {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the ledger and the blocks disagree about transaction %v", p.Hash)
		}
		out[i] = c.txValue(p, tx, len(raw), batch.In(i), coins[p.FirstInput:p.InputEnd])
	}
	return out, nil
}

func (c *chain) txValue(p place, tx *bitcoin.Tx, size int, spent []goshawk.Input, scripts [][]byte) txValue {
	v := txValue{Txid: p.Hash, Version: uint32(tx.Version), LockTime: tx.LockTime, Size: size, Weight: tx.Weight(), Status: confirmed(p.block),
		Vin: make([]vinValue, len(tx.Inputs)), Vout: make([]voutValue, len(tx.Outputs))}
	var in, out uint64
	whole := true
	for i, input := range tx.Inputs {
		vin := vinValue{Txid: input.Prev.Tx, Vout: input.Prev.Index, ScriptSig: hex.EncodeToString(input.Script), ScriptSigAsm: asm(input.Script),
			Coinbase: tx.Coinbase(), Sequence: input.Sequence}
		for _, item := range input.Witness {
			vin.Witness = append(vin.Witness, hex.EncodeToString(item))
		}
		if !tx.Coinbase() {
			if scripts[i] == nil {
				whole = false
			} else {
				prevout := c.output(scripts[i], spent[i].Value)
				vin.Prevout = &prevout
				in += spent[i].Value
				redeem, witness := innerScripts(input, scripts[i])
				vin.InnerRedeem, vin.InnerWitness = asm(redeem), asm(witness)
			}
		}
		v.Vin[i] = vin
	}
	for i, output := range tx.Outputs {
		v.Vout[i] = c.output(output.Script, output.Value)
		out += output.Value
	}
	switch {
	case tx.Coinbase():
		v.Fee = new(uint64)
	case whole && in >= out:
		fee := in - out
		v.Fee = &fee
	}
	return v
}

// spentScripts returns the locking scripts of the coins that a batch spends, in
// the order of its inputs, nil for those that the ledger does not know. The
// ledger knows them by kind and key; only where that does not give the script
// back (P2PK) the block that holds it is read.
func (c *chain) spentScripts(ctx context.Context, batch *goshawk.Transactions) ([][]byte, error) {
	scripts := make([][]byte, len(batch.Inputs))
	var ids []goshawk.AddressID
	var linked []goshawk.OutputID
	for _, in := range batch.Inputs {
		if in.Link != goshawk.Unresolved {
			ids = append(ids, in.Address)
		}
		if in.Link == goshawk.Linked && in.Kind == goshawk.PubKeyHash {
			linked = append(linked, in.Spent)
		}
	}
	addresses, err := c.ledger.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	outputs, err := c.ledger.Outputs(ctx, linked)
	if err != nil {
		return nil, err
	}
	for i, in := range batch.Inputs {
		if in.Link == goshawk.Unresolved {
			continue
		}
		scripts[i] = bitcoin.Script(addresses[0].Kind, addresses[0].Payload)
		addresses = addresses[1:]
		if in.Link == goshawk.Linked && in.Kind == goshawk.PubKeyHash {
			if outputs[0].ByKey {
				if scripts[i], err = c.script(ctx, outputs[0]); err != nil {
					return nil, err
				}
			}
			outputs = outputs[1:]
		}
	}
	return scripts, nil
}

// script reads an output's script from its block.
func (c *chain) script(ctx context.Context, coin goshawk.Coin) ([]byte, error) {
	placed, err := c.places(ctx, []goshawk.TxID{coin.Tx})
	if err != nil {
		return nil, err
	}
	raw, err := c.raw(ctx, placed[0])
	if err != nil {
		return nil, err
	}
	tx, err := bitcoin.DecodeTx(raw)
	if err != nil {
		return nil, err
	}
	if int(coin.Index) >= len(tx.Outputs) {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the ledger and the blocks disagree about transaction %v", placed[0].Hash)
	}
	return tx.Outputs[coin.Index].Script, nil
}

// describeBlock builds the description of a block.
func (c *chain) describeBlock(ctx context.Context, info goshawk.BlockInfo, b *rawBlock) (blockValue, error) {
	medianTime, err := c.medianTime(ctx, info.Height)
	if err != nil {
		return blockValue{}, err
	}
	// What is not a transaction counts four times: the header and the count.
	weight := 4 * b.Txs[0].Start
	for i := range b.Txs {
		tx, err := bitcoin.DecodeTx(b.tx(uint32(i)))
		if err != nil {
			return blockValue{}, err
		}
		weight += tx.Weight()
	}
	h := &b.Header
	v := blockValue{ID: info.Hash, Height: info.Height, Version: uint32(h.Version), Timestamp: h.Time, TxCount: len(b.Txs), Size: len(b.raw), Weight: weight,
		MerkleRoot: h.MerkleRoot, MedianTime: medianTime, Nonce: h.Nonce, Bits: h.Bits, Difficulty: difficulty(h.Bits)}
	if h.Parent != (goshawk.Hash{}) {
		v.Previous = &h.Parent
	}
	return v, nil
}

// median is the middle one of the blocks' times, the later of two.
func median(blocks []goshawk.BlockInfo) int64 {
	times := make([]int64, len(blocks))
	for i := range blocks {
		times[i] = blocks[i].Time
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// spenders says what spends outputs.
func (c *chain) spenders(ctx context.Context, tx goshawk.Hash, ids []goshawk.OutputID) ([]spendValue, error) {
	coins, err := c.ledger.Outputs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]spendValue, len(coins))
	var spending []goshawk.TxID
	for _, coin := range coins {
		if isTx(coin.Spender) {
			spending = append(spending, coin.Spender)
		}
	}
	var batch goshawk.Transactions
	if err := c.ledger.Transactions(ctx, spending, goshawk.WantHashes|goshawk.WantOutpoints, &batch); err != nil {
		return nil, err
	}
	placed, err := c.inBlocks(ctx, batch.Rows)
	if err != nil {
		return nil, err
	}
	for i, coin := range coins {
		if !isTx(coin.Spender) {
			continue
		}
		p := placed[0]
		placed = placed[1:]
		at := slices.Index(batch.Outpoints[p.FirstInput:p.InputEnd], goshawk.Outpoint{Tx: tx, Index: coin.Index})
		if at < 0 {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the ledger says that %v spends %v:%d, which it does not", p.Hash, tx, coin.Index)
		}
		input, status := uint32(at), confirmed(p.block)
		out[i] = spendValue{Spent: true, Txid: &p.Hash, Vin: &input, Status: &status}
	}
	return out, nil
}

func isTx(id goshawk.TxID) bool {
	return id != goshawk.NoTx && id != goshawk.Burnt && id != goshawk.Later
}
