// Package node answers like a public explorer and like a node: the Esplora REST
// API and the JSON-RPC calls that an ingest needs, from any goshawk.Ledger and
// the raw blocks behind it. Programs that speak either, Goshawk's own sources
// among them, work over a ledger or a synthetic world without noticing.
//
// It makes http.Handlers and nothing else: it does not listen, accepts no
// transactions and changes nothing; what waits for a block it knows from its caller. Its answers are as good
// as the ledger; addresses follow the ledger's view, where payments to a bare
// public key count for the key's P2PKH address.
package node

import (
	"context"
	"sync"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Blocks gives the raw bytes of blocks.
type Blocks interface {
	// Block returns the block of that hash, without framing; NotFound if there is none.
	Block(ctx context.Context, hash goshawk.Hash) ([]byte, error)
}

// chain reads what both kinds of answers need.
type chain struct {
	ledger goshawk.Ledger
	blocks Blocks
	params *bitcoin.Params
	pool   *pool // nil: nothing waits

	mu     sync.Mutex
	recent []*rawBlock // most recently used first
}

// rawBlock is a block taken apart.
type rawBlock struct {
	hash goshawk.Hash
	raw  []byte
	*bitcoin.RawBlock
}

// keepBlocks is how many raw blocks stay in memory: at most 4 MB each.
const keepBlocks = 16

// block returns a raw block, whether it is on the ledger's chain or not.
func (c *chain) block(ctx context.Context, hash goshawk.Hash) (*rawBlock, error) {
	c.mu.Lock()
	for i, b := range c.recent {
		if b.hash == hash {
			copy(c.recent[1:], c.recent[:i])
			c.recent[0] = b
			c.mu.Unlock()
			return b, nil
		}
	}
	c.mu.Unlock()
	raw, err := c.blocks.Block(ctx, hash)
	if err != nil {
		return nil, err
	}
	split, err := bitcoin.SplitBlock(raw)
	if err != nil {
		return nil, err
	}
	if split.Header.Hash != hash || len(split.Txs) == 0 {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the bytes kept for block %v are not that block", hash)
	}
	b := &rawBlock{hash: hash, raw: raw, RawBlock: split}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent = append([]*rawBlock{b}, c.recent[:min(len(c.recent), keepBlocks-1)]...)
	return b, nil
}

// tx returns the raw bytes of the transaction at a position.
func (b *rawBlock) tx(position uint32) []byte {
	t := b.Txs[position]
	return b.raw[t.Start:t.End]
}

// blockInfo finds a block of the ledger's chain by its hash. The contract knows
// blocks by height only, so the way leads through the block's coinbase.
func (c *chain) blockInfo(ctx context.Context, hash goshawk.Hash) (goshawk.BlockInfo, *rawBlock, error) {
	raw, err := c.block(ctx, hash)
	if err != nil {
		return goshawk.BlockInfo{}, nil, err
	}
	coinbase := raw.Txs[0].ID
	found, err := c.ledger.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{coinbase}})
	if err != nil {
		return goshawk.BlockInfo{}, nil, err
	}
	for _, id := range append(found.Overwritten[coinbase], found.Transactions[0]) {
		if id == goshawk.NoTx {
			continue
		}
		placed, err := c.places(ctx, []goshawk.TxID{id})
		if err != nil {
			return goshawk.BlockInfo{}, nil, err
		}
		if placed[0].block.Hash == hash {
			return placed[0].block, raw, nil
		}
	}
	return goshawk.BlockInfo{}, nil, goshawk.Errorf(goshawk.NotFound, "block %v is not on the chain", hash)
}

// at returns the blocks of heights, which must be there.
func (c *chain) at(ctx context.Context, heights ...int32) ([]goshawk.BlockInfo, error) {
	found, err := c.ledger.Find(ctx, goshawk.Names{Heights: heights})
	if err != nil {
		return nil, err
	}
	for i, id := range found.Blocks {
		if id == goshawk.NoBlock {
			return nil, goshawk.Errorf(goshawk.NotFound, "there is no block %d", heights[i])
		}
	}
	return c.ledger.Blocks(ctx, found.Blocks)
}

// place is a transaction's row and its block.
type place struct {
	goshawk.Transaction
	block goshawk.BlockInfo
}

// places says where transactions are.
func (c *chain) places(ctx context.Context, ids []goshawk.TxID) ([]place, error) {
	var batch goshawk.Transactions
	if err := c.ledger.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	return c.inBlocks(ctx, batch.Rows)
}

func (c *chain) inBlocks(ctx context.Context, rows []goshawk.Transaction) ([]place, error) {
	ids := make([]goshawk.BlockID, len(rows))
	for i := range rows {
		ids[i] = rows[i].Block
	}
	infos, err := c.ledger.Blocks(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]place, len(rows))
	for i := range rows {
		out[i] = place{Transaction: rows[i], block: infos[i]}
	}
	return out, nil
}

// find returns the id of a transaction; NotFound if it is not in the ledger.
func (c *chain) find(ctx context.Context, hash goshawk.Hash) (goshawk.TxID, error) {
	found, err := c.ledger.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{hash}})
	if err != nil {
		return 0, err
	}
	if found.Transactions[0] == goshawk.NoTx {
		return 0, goshawk.Errorf(goshawk.NotFound, "there is no transaction %v", hash)
	}
	return found.Transactions[0], nil
}

// locate returns the place of the transaction of that hash.
func (c *chain) locate(ctx context.Context, hash goshawk.Hash) (place, error) {
	id, err := c.find(ctx, hash)
	if err != nil {
		return place{}, err
	}
	placed, err := c.places(ctx, []goshawk.TxID{id})
	if err != nil {
		return place{}, err
	}
	return placed[0], nil
}

// holder returns the block that holds a transaction.
func (c *chain) holder(ctx context.Context, p place) (*rawBlock, error) {
	b, err := c.block(ctx, p.block.Hash)
	if err != nil {
		return nil, unexpected(err)
	}
	if int(p.Position) >= len(b.Txs) || b.Txs[p.Position].ID != p.Hash {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the ledger and the blocks disagree about transaction %v", p.Hash)
	}
	return b, nil
}

// raw returns the bytes of a transaction.
func (c *chain) raw(ctx context.Context, p place) ([]byte, error) {
	b, err := c.holder(ctx, p)
	if err != nil {
		return nil, err
	}
	return b.tx(p.Position), nil
}

// unexpected keeps a block that should be there and is not from looking like an
// answer: "not found".
func unexpected(err error) error {
	if goshawk.CodeOf(err) == goshawk.NotFound {
		return goshawk.Errorf(goshawk.Unavailable, "a block of the ledger is missing from the blocks: %v", err)
	}
	return err
}

// medianTime is the median of the times of the block at a height and the ten before it (BIP 113).
func (c *chain) medianTime(ctx context.Context, height int32) (int64, error) {
	head, err := c.ledger.Head(ctx)
	if err != nil {
		return 0, err
	}
	var heights []int32
	for h := max(height-10, head.Start); h <= height; h++ {
		heights = append(heights, h)
	}
	infos, err := c.at(ctx, heights...)
	if err != nil {
		return 0, err
	}
	return median(infos), nil
}

// difficulty is how much smaller a target is than that of difficulty 1.
func difficulty(bits uint32) float64 {
	mantissa := bits & 0x007fffff
	if mantissa == 0 {
		return 0
	}
	d := float64(0xffff) / float64(mantissa)
	for shift := bits >> 24; shift < 29; shift++ {
		d *= 256
	}
	for shift := bits >> 24; shift > 29; shift-- {
		d /= 256
	}
	return d
}
