package esplora_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest/esplora"
	"goshawk/internal/chaingen"
	"goshawk/internal/fixture"
	"goshawk/ledger/ledgertest"
	"goshawk/node"
)

// chain is a history with the raw blocks it was decoded from.
type chain struct {
	params  *bitcoin.Params
	raw     map[goshawk.Hash][]byte
	history *ledgertest.History
}

// Block implements node.Blocks.
func (c *chain) Block(_ context.Context, hash goshawk.Hash) ([]byte, error) {
	raw, ok := c.raw[hash]
	if !ok {
		return nil, goshawk.Errorf(goshawk.NotFound, "no block %v", hash)
	}
	return raw, nil
}

// add decodes the next block.
func (c *chain) add(t testing.TB, raw []byte) *goshawk.Block {
	t.Helper()
	b := new(goshawk.Block)
	if err := bitcoin.NewDecoder(c.params).Block(raw, b); err != nil {
		t.Fatal(err)
	}
	b.Height = int32(len(c.history.Blocks))
	c.history.Blocks = append(c.history.Blocks, b)
	c.raw[b.Hash] = raw
	return b
}

// tip returns the latest block.
func (c *chain) tip() *goshawk.Block { return c.history.Blocks[len(c.history.Blocks)-1] }

// mine adds a block with a coinbase that pays script, and these transactions.
func (c *chain) mine(t testing.TB, script []byte, txs ...*bitcoin.Tx) *goshawk.Block {
	t.Helper()
	height := c.tip().Height + 1
	coinbase := bitcoin.Coinbase(height, nil, bitcoin.TxOutput{Value: 50e8, Script: script})
	raw, _, err := c.params.NewBlock(c.tip().Hash, c.tip().Time+600, append([]*bitcoin.Tx{coinbase}, txs...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c.add(t, raw)
}

// pay builds a transaction that spends outpoints.
func pay(from []goshawk.Outpoint, to ...bitcoin.TxOutput) *bitcoin.Tx {
	tx := &bitcoin.Tx{Version: 2, Outputs: to}
	for _, o := range from {
		tx.Inputs = append(tx.Inputs, bitcoin.TxInput{Prev: o, Sequence: 0xfffffffd})
	}
	return tx
}

func lookup(t testing.TB, name string) *bitcoin.Params {
	t.Helper()
	p, err := bitcoin.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func empty(t testing.TB, network string) *chain {
	p := lookup(t, network)
	return &chain{params: p, raw: map[goshawk.Hash][]byte{}, history: &ledgertest.History{Codec: p}}
}

// read adds the blocks of a block file, up to a number of blocks.
func (c *chain) read(t testing.TB, file []byte, most int) {
	t.Helper()
	for len(file) > 8 && bytes.Equal(file[:4], c.params.Magic[:]) && len(c.history.Blocks) < most {
		n := binary.LittleEndian.Uint32(file[4:])
		c.add(t, file[8:8+n])
		file = file[8+n:]
	}
}

// firstBlocks returns mainnet's first blocks.
func firstBlocks(t testing.TB, most int) *chain {
	c := empty(t, "bitcoin")
	c.read(t, fixture.Bytes(t, "bitcoin", "first600", "blk00000.dat"), most)
	c.read(t, fixture.Bytes(t, "bitcoin", "first600", "blk00001.dat"), most)
	if len(c.history.Blocks) != most {
		t.Fatalf("%d blocks, not %d", len(c.history.Blocks), most)
	}
	return c
}

// generated returns a generated regtest chain.
func generated(t testing.TB, o chaingen.Options) *chain {
	var file bytes.Buffer
	if _, err := chaingen.Write(&file, o); err != nil {
		t.Fatal(err)
	}
	c := empty(t, "regtest")
	c.read(t, file.Bytes(), o.Blocks)
	return c
}

// lock returns a locking script of a kind whose key is made of one byte.
func lock(kind goshawk.Kind, b byte) []byte {
	size := 20
	if kind == goshawk.WitnessScriptHash || kind == goshawk.Taproot {
		size = 32
	}
	return bitcoin.Script(kind, bytes.Repeat([]byte{b}, size))
}

// crafted returns a regtest chain of every kind of address, with coins spent in
// their own block, several transactions of an address in one block, and outputs
// that nobody can spend.
func crafted(t testing.TB) *chain {
	c := empty(t, "regtest")
	first := generated(t, chaingen.Options{Blocks: 1, Transactions: 1})
	c.add(t, first.raw[first.tip().Hash])
	key := append([]byte{33, 2}, append(bytes.Repeat([]byte{7}, 32), 0xac)...) // P2PK
	a, b := lock(goshawk.PubKeyHash, 1), lock(goshawk.WitnessPubKeyHash, 2)
	m1 := c.mine(t, key)
	m2 := c.mine(t, a)
	m3 := c.mine(t, a)
	coin := func(block *goshawk.Block, index uint32) goshawk.Outpoint {
		return goshawk.Outpoint{Tx: block.Txs[0].Hash, Index: index}
	}
	fan := pay([]goshawk.Outpoint{coin(m1, 0)}, bitcoin.TxOutput{Value: 10e8, Script: a}, bitcoin.TxOutput{Value: 10e8, Script: b},
		bitcoin.TxOutput{Value: 10e8, Script: lock(goshawk.ScriptHash, 3)}, bitcoin.TxOutput{Value: 10e8, Script: lock(goshawk.WitnessScriptHash, 4)},
		bitcoin.TxOutput{Value: 9e8, Script: lock(goshawk.Taproot, 5)}, bitcoin.TxOutput{Value: 0, Script: a},
		bitcoin.TxOutput{Value: 1000, Script: []byte{0x6a, 2, 'h', 'i'}}, bitcoin.TxOutput{Value: 2000, Script: []byte{0x51}})
	onward := pay([]goshawk.Outpoint{{Tx: fan.ID(), Index: 0}, coin(m2, 0), {Tx: fan.ID(), Index: 7}}, bitcoin.TxOutput{Value: 60e8, Script: b})
	again := pay([]goshawk.Outpoint{{Tx: onward.ID(), Index: 0}}, bitcoin.TxOutput{Value: 30e8, Script: a}, bitcoin.TxOutput{Value: 29e8, Script: b})
	c.mine(t, a, fan, onward, again)
	c.mine(t, b, pay([]goshawk.Outpoint{{Tx: again.ID(), Index: 0}, {Tx: fan.ID(), Index: 4}, coin(m3, 0)}, bitcoin.TxOutput{Value: 80e8, Script: lock(goshawk.Taproot, 5)}))
	// Enough for several pages of 25.
	last := goshawk.Outpoint{Tx: again.ID(), Index: 1}
	for value := uint64(29e8); len(c.history.Blocks) < 36; value -= 4000 {
		tx := pay([]goshawk.Outpoint{last}, bitcoin.TxOutput{Value: 1000, Script: a}, bitcoin.TxOutput{Value: value - 3000, Script: b})
		next := pay([]goshawk.Outpoint{{Tx: tx.ID(), Index: 1}}, bitcoin.TxOutput{Value: value - 4000, Script: b})
		c.mine(t, key, tx, next)
		last = goshawk.Outpoint{Tx: next.ID(), Index: 0}
	}
	return c
}

// handler answers as an explorer over a chain. Package node knows addresses
// only; here a script that has none is found by its hash too, as explorers do.
func handler(t testing.TB, c *chain) http.Handler {
	t.Helper()
	explorer := node.Esplora(c.history.Ledger(), c, c.params, nil)
	scripts := map[string]string{}
	for _, b := range c.history.Blocks {
		for _, out := range b.Outs {
			key := b.Keys[out.KeyStart:out.KeyEnd]
			scripts[fmt.Sprintf("%x", sha256.Sum256(bitcoin.Script(out.Kind, key)))] = c.params.FormatAddress(out.Kind, key)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/scripthash/"); ok {
			hash, rest, _ := strings.Cut(rest, "/")
			r = r.Clone(r.Context())
			r.URL.Path = strings.TrimSuffix("/address/"+scripts[hash]+"/"+rest, "/")
		}
		explorer.ServeHTTP(w, r)
	})
}

// serve starts an explorer over a chain.
func serve(t testing.TB, c *chain) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler(t, c))
	t.Cleanup(s.Close)
	return s
}

func now() time.Time { return time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC) }

// instant waits for nothing.
func instant(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func options(t testing.TB, c *chain) esplora.Options {
	return esplora.Options{Network: c.params, Exhibits: t.TempDir(), Now: now, Sleep: instant, Rate: 1e9}
}

func open(t testing.TB, url string, o esplora.Options) *esplora.Source {
	t.Helper()
	s, err := esplora.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
