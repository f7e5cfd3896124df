// Package realblock reads real blocks for tests, one block a ledger. It never
// judges them, and no program imports it.
package realblock

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
	"goshawk/ledger/ledgertest"
)

// Ledger reads a public block of Bitcoin into a model of its own: a partial
// ledger, in which inputs have values only where the spent outputs are asked for.
func Ledger(t testing.TB, height string, spent bool) goshawk.Ledger {
	t.Helper()
	params, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	decoder := bitcoin.NewDecoder(params)
	decoder.DeriveKeys = true
	var block goshawk.Block
	if err := decoder.Block(fixture.Bytes(t, "bitcoin", "blocks", height+".blk"), &block); err != nil {
		t.Fatal(err)
	}
	if spent {
		spend(t, height, &block)
	}
	model := ledgertest.New(params)
	model.Partial = true
	if err := model.Append(&block); err != nil {
		t.Fatal(err)
	}
	return model.Snapshot()
}

// spend gives inputs what they spend.
func spend(t testing.TB, height string, block *goshawk.Block) {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(fixture.Bytes(t, "bitcoin", "spent", height+".json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var coins [][4]any
	if err := json.NewDecoder(zipped).Decode(&coins); err != nil {
		t.Fatal(err)
	}
	if len(coins) != len(block.Ins) {
		t.Fatalf("%d spent outputs for %d inputs", len(coins), len(block.Ins))
	}
	var scratch bitcoin.Scratch
	for i, coin := range coins {
		script, err := hex.DecodeString(coin[1].(string))
		if err != nil {
			t.Fatal(err)
		}
		bitcoin.SetCoin(block, i, uint64(coin[0].(float64)), script, int32(coin[2].(float64)), &scratch)
	}
}
