package ingest_test

import (
	"encoding/hex"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// A chain for tests: regtest blocks that really pay each other.
type testChain struct {
	t      testing.TB
	params *bitcoin.Params
	blocks [][]byte
	hashes []goshawk.Hash
	coins  []testCoin
}

type testCoin struct {
	outpoint goshawk.Outpoint
	output   bitcoin.TxOutput
	height   int32
}

const regtestGenesis = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f20020000000101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"

// newChain starts with the real genesis block of regtest.
func newChain(t testing.TB) *testChain {
	t.Helper()
	genesis, err := hex.DecodeString(regtestGenesis)
	if err != nil {
		t.Fatal(err)
	}
	p := params(t, "regtest")
	h, err := bitcoin.DecodeHeader(genesis)
	if err != nil || h.Hash != p.Genesis {
		t.Fatalf("%v, %v", h.Hash, err)
	}
	return &testChain{t: t, params: p, blocks: [][]byte{genesis}, hashes: []goshawk.Hash{h.Hash}}
}

// fork returns a chain that shares the first n blocks.
func (c *testChain) fork(n int) *testChain {
	f := &testChain{t: c.t, params: c.params, blocks: append([][]byte(nil), c.blocks[:n]...), hashes: append([]goshawk.Hash(nil), c.hashes[:n]...)}
	for _, coin := range c.coins {
		if int(coin.height) < n {
			f.coins = append(f.coins, coin)
		}
	}
	return f
}

// grow adds blocks; every one after the first pays a coin of the block before
// to two addresses. tag tells branches apart.
func (c *testChain) grow(n int, tag string) *testChain {
	c.t.Helper()
	for range n {
		height := int32(len(c.blocks))
		key := make([]byte, 20)
		copy(key, tag)
		key[18], key[19] = byte(height>>8), byte(height)
		coinbase := bitcoin.Coinbase(height, []byte(tag), bitcoin.TxOutput{Value: 50_0000_0000, Script: bitcoin.Script(goshawk.PubKeyHash, key)})
		txs := []*bitcoin.Tx{coinbase}
		if len(c.coins) > 0 {
			coin := c.coins[len(c.coins)-1]
			txs = append(txs, &bitcoin.Tx{
				Version: 2,
				Inputs:  []bitcoin.TxInput{{Prev: coin.outpoint, Script: []byte{1, byte(height)}, Sequence: 0xfffffffd}},
				Outputs: []bitcoin.TxOutput{
					{Value: coin.output.Value / 3, Script: bitcoin.Script(goshawk.WitnessPubKeyHash, key)},
					{Value: coin.output.Value / 2, Script: bitcoin.Script(goshawk.ScriptHash, key)},
				},
			})
		}
		raw, header, err := c.params.NewBlock(c.hashes[height-1], 1_700_000_000+uint32(height)*600, txs...)
		if err != nil {
			c.t.Fatal(err)
		}
		c.blocks, c.hashes = append(c.blocks, raw), append(c.hashes, header.Hash)
		for _, tx := range txs {
			c.coins = append(c.coins, testCoin{goshawk.Outpoint{Tx: tx.ID()}, tx.Outputs[0], height})
		}
	}
	return c
}

// file returns blocks from up to end as a block file holds them.
func (c *testChain) file(from, end int) []byte {
	var b []byte
	for _, raw := range c.blocks[from:end] {
		b = c.params.AppendFramed(b, raw)
	}
	return b
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
