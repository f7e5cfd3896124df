package bitcoin

import (
	"bytes"
	"math"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"pgregory.net/rapid"

	"goshawk"
	"goshawk/internal/fixture"
)

// undoRecord writes the undo record of a block as Bitcoin Core would.
func undoRecord(b *goshawk.Block, coins []spentCoin) []byte {
	raw := appendCompact(nil, uint64(len(b.Txs)-1))
	for i := 1; i < len(b.Txs); i++ {
		n := len(b.TxInputs(i))
		raw = appendCompact(raw, uint64(n))
		for _, c := range coins[:n] {
			code := 2 * uint64(c.height)
			if c.coinbase {
				code++
			}
			raw = appendVarint(raw, code)
			if c.height > 0 {
				raw = append(raw, 0)
			}
			raw = appendVarint(raw, packAmount(c.value))
			raw = appendPackedScript(raw, c.script)
		}
		coins = coins[n:]
	}
	return raw
}

// appendVarint appends n as varint reads it.
func appendVarint(dst []byte, n uint64) []byte {
	digits := []byte{byte(n & 0x7f)}
	for n > 0x7f {
		n = n>>7 - 1
		digits = append([]byte{byte(n&0x7f) | 0x80}, digits...)
	}
	return append(dst, digits...)
}

func packAmount(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	exponent := uint64(0)
	for n%10 == 0 && exponent < 9 {
		n /= 10
		exponent++
	}
	if exponent < 9 {
		digit := n % 10
		return 1 + (n/10*9+digit-1)*10 + exponent
	}
	return 1 + (n-1)*10 + 9
}

func appendPackedScript(dst, script []byte) []byte {
	kind, key, byKey, _ := Classify(script, nil)
	switch {
	case byKey:
		pub := script[1 : len(script)-1]
		if point, err := btcec.ParsePubKey(pub); err == nil {
			switch pub[0] {
			case 2, 3:
				return append(append(dst, pub[0]), pub[1:]...)
			case 4:
				compressed := point.SerializeCompressed()
				return append(append(dst, compressed[0]+2), compressed[1:]...)
			}
		}
	case kind == goshawk.PubKeyHash:
		return append(append(dst, 0), key...)
	case kind == goshawk.ScriptHash:
		return append(append(dst, 1), key...)
	}
	return append(appendVarint(dst, uint64(len(script))+specialScripts), script...)
}

func TestAmountsUnpack(t *testing.T) {
	// The pairs that Core's own tests hold (compress_tests.cpp).
	for amount, packed := range map[uint64]uint64{
		0: 0x0, 1: 0x1, 1_000_000: 0x7, 100_000_000: 0x9, 50 * 100_000_000: 0x32, 21_000_000 * 100_000_000: 0x1406f40,
	} {
		if got, ok := unpackAmount(packed); !ok || got != amount {
			t.Errorf("%#x unpacks to %d, want %d", packed, got, amount)
		}
	}
	if _, ok := unpackAmount(math.MaxUint64); ok {
		t.Error("an amount beyond 64 bits unpacks")
	}
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Uint64Range(0, 21_000_000*100_000_000).Draw(t, "amount")
		if got, ok := unpackAmount(packAmount(amount)); !ok || got != amount {
			t.Fatalf("%d comes back as %d", amount, got)
		}
		n := rapid.Uint64().Draw(t, "n")
		raw := appendVarint(nil, n)
		if got, next, err := varint(raw, 0); err != nil || got != n || next != len(raw) {
			t.Fatalf("%d comes back as %d: %v", n, got, err)
		}
	})
}

func TestVarintBounds(t *testing.T) {
	for _, raw := range [][]byte{{}, {0x80}, bytes.Repeat([]byte{0xff}, 9), append(bytes.Repeat([]byte{0xff}, 10), 0), append([]byte{0x81}, append(bytes.Repeat([]byte{0xff}, 9), 0)...)} {
		if n, _, err := varint(raw, 0); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%x reads as %d, error %v", raw, n, err)
		}
	}
}

// spendingBlock returns a decoded regtest block whose second transaction spends
// n coins and pays total.
func spendingBlock(t testing.TB, n int, total uint64) *goshawk.Block {
	t.Helper()
	p := network(t, "regtest")
	spend := &Tx{Version: 2, Outputs: []TxOutput{{Value: total, Script: []byte{op1}}}}
	for i := range n {
		spend.Inputs = append(spend.Inputs, TxInput{Prev: goshawk.Outpoint{Tx: goshawk.Hash{1}, Index: uint32(i)}})
	}
	raw, _, err := p.NewBlock(p.Genesis, 1, Coinbase(1, nil, TxOutput{Value: 1, Script: []byte{op1}}), spend)
	if err != nil {
		t.Fatal(err)
	}
	var b goshawk.Block
	if err := NewDecoder(p).Block(raw, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestUndoScripts(t *testing.T) {
	_, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	notOnCurve := append([]byte{4}, bytes.Repeat([]byte{5}, 64)...)
	scripts := [][]byte{
		Script(goshawk.PubKeyHash, make([]byte, 20)),
		Script(goshawk.ScriptHash, make([]byte, 20)),
		append(appendPush(nil, pub.SerializeCompressed()), opCheckSig),
		append(appendPush(nil, pub.SerializeUncompressed()), opCheckSig),
		append(appendPush(nil, unhex(t, uncompressed)), opCheckSig), // of the other parity
		append(appendPush(nil, notOnCurve), opCheckSig),
		Script(goshawk.Taproot, make([]byte, 32)),
		{},
		bytes.Repeat([]byte{op1}, 300),
	}
	b := spendingBlock(t, len(scripts), 100)
	coins := make([]spentCoin, len(scripts))
	for i, s := range scripts {
		coins[i] = spentCoin{value: uint64(100 + i), script: s, height: int32(i), coinbase: i%2 == 0}
	}
	record := undoRecord(b, coins)
	if err := DecodeUndo(record, b); err != nil {
		t.Fatal(err)
	}
	for i, in := range b.Ins {
		kind, key, _, _ := Classify(scripts[i], nil)
		height := int32(i)
		if i == 0 {
			height = -1 // an old record that leaves it out
		}
		if in.Kind != kind || !bytes.Equal(b.Keys[in.KeyStart:in.KeyEnd], key) || in.Height != height || in.Value != coins[i].value {
			t.Errorf("script %x: input %+v", scripts[i], in)
		}
	}

	// Cut anywhere, or with a byte to spare, it is refused and nothing is left of it.
	for n := range len(record) + 1 {
		cut := append(bytes.Clone(record[:n]), bytes.Repeat([]byte{0}, n/len(record))...)
		keys := len(b.Keys)
		if err := DecodeUndo(cut, b); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Fatalf("cut at %d of %d: %v", n, len(record), err)
		}
		if b.Ins[0].Known != goshawk.NothingKnown || len(b.Keys) != keys {
			t.Fatalf("cut at %d: something of the record is left", n)
		}
	}
}

func TestUndoRefuses(t *testing.T) {
	b := spendingBlock(t, 2, 100)
	coin := spentCoin{value: 60, script: []byte{op1}, height: 5}
	if err := DecodeUndo(undoRecord(b, []spentCoin{coin, coin}), b); err != nil {
		t.Fatal(err)
	}
	poor := coin
	poor.value = 39
	if err := DecodeUndo(undoRecord(b, []spentCoin{coin, poor}), b); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("coins worth less than the outputs are taken: %v", err)
	}
	other := spendingBlock(t, 3, 100)
	if err := DecodeUndo(undoRecord(b, []spentCoin{coin, coin}), other); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("another block's record is taken: %v", err)
	}
}

func TestUndoChecksum(t *testing.T) {
	parent := known("00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048")
	record := []byte{0}
	wire := reversed((*[32]byte)(&parent))
	if got, want := UndoChecksum(parent, record), sha256d(append(wire[:], record...)); got != want {
		t.Errorf("checksum %x, want %x", got, want)
	}
}

func FuzzUndo(f *testing.F) {
	b := spendingBlock(f, 3, 100)
	coin := spentCoin{value: 60, script: []byte{op1}, height: 5}
	p2pk := spentCoin{value: 60, script: append(appendPush(nil, append([]byte{2}, bytes.Repeat([]byte{2}, 32)...)), opCheckSig), height: 500, coinbase: true}
	f.Add(undoRecord(b, []spentCoin{coin, p2pk, coin}))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, record []byte) {
		if err := DecodeUndo(record, b); err != nil {
			if goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Fatalf("error without its code: %v", err)
			}
			return
		}
		var sum uint64
		for _, in := range b.Ins {
			if in.Known != goshawk.CoinKnown || in.Height < -1 || int(in.KeyEnd) > len(b.Keys) || in.KeyStart > in.KeyEnd {
				t.Fatalf("input %+v", in)
			}
			sum += in.Value
		}
		if sum < 100 {
			t.Fatalf("coins of %d pay for outputs of 100", sum)
		}
		b.Keys = b.Keys[:b.Outs[len(b.Outs)-1].KeyEnd]
	})
}

func TestUndoOfRealBlockIsBounded(t *testing.T) {
	var b goshawk.Block
	if err := NewDecoder(network(t, "bitcoin")).Block(fixture.Bytes(t, "bitcoin", "blocks", "367891.blk"), &b); err != nil {
		t.Fatal(err)
	}
	// A record that promises a script of 2^60 bytes.
	record := appendCompact(nil, uint64(len(b.Txs)-1))
	record = appendCompact(record, uint64(len(b.TxInputs(1))))
	record = append(appendVarint(append(appendVarint(record, 20), 0), 1<<60), 0xff)
	if err := DecodeUndo(record, &b); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("got %v", err)
	}
}
