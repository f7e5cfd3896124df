package score

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

// realBlock reads a public block into a model of its own: a partial ledger, in
// which inputs have values only where the spent outputs are at hand.
func realBlock(t testing.TB, height string, spent bool) goshawk.Ledger {
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
		setSpent(t, height, &block)
	}
	model := ledgertest.New(params)
	model.Partial = true
	if err := model.Append(&block); err != nil {
		t.Fatal(err)
	}
	return model.Snapshot()
}

func setSpent(t testing.TB, height string, block *goshawk.Block) {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(fixture.Bytes(t, "bitcoin", "spent", height+".json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var coins [][4]any
	if err := json.NewDecoder(zipped).Decode(&coins); err != nil {
		t.Fatal(err)
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

// shapeOf measures a whole ledger.
func shapeOf(t testing.TB, l goshawk.Ledger, root Root) *Shape {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Shapes(t.Context(), l, 0, goshawk.TxID(head.Transactions), root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
