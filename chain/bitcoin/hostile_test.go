package bitcoin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
	"goshawk/internal/fixture"
)

// payments returns a mined regtest block with inputs of several forms.
func payments(t testing.TB) []byte {
	t.Helper()
	p := network(t, "regtest")
	prev := goshawk.Outpoint{Tx: goshawk.Hash{7}, Index: 1}
	raw, _, err := p.NewBlock(p.Genesis, 1296688700,
		Coinbase(300, []byte("goshawk"), TxOutput{Value: 50, Script: Script(goshawk.WitnessPubKeyHash, make([]byte, 20))}),
		&Tx{Version: 1, Inputs: []TxInput{{Prev: prev, Script: []byte{1, 2}, Sequence: 5}}, Outputs: []TxOutput{{Value: 3, Script: []byte{opReturn, 1, 9}}}, LockTime: 77},
		&Tx{Version: -2, Inputs: []TxInput{{Prev: prev, Witness: [][]byte{{1}, {}}}, {Prev: prev}}, Outputs: []TxOutput{{Value: 3, Script: Script(goshawk.Taproot, make([]byte, 32))}, {}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// seal gives a damaged block the merkle root and proof of work that its
// transactions ask for, so that only the damage is left to find.
func seal(p *Params, raw []byte) []byte {
	split, err := SplitBlock(raw)
	if err != nil {
		return raw
	}
	ids := make([]goshawk.Hash, len(split.Txs))
	for i := range ids {
		ids[i] = split.Txs[i].ID
	}
	h := split.Header
	h.MerkleRoot, h.Bits = MerkleRoot(ids), p.EasiestBits
	if p.Mine(&h) != nil {
		return raw
	}
	return append(h.Append(nil), raw[HeaderSize:]...)
}

func TestRefuses(t *testing.T) {
	p := network(t, "regtest")
	coinbase := func() *Tx { return Coinbase(300, nil, TxOutput{Value: 50, Script: []byte{op1}}) }
	spend := func() *Tx {
		return &Tx{Version: 2, Inputs: []TxInput{{Prev: goshawk.Outpoint{Tx: goshawk.Hash{1}}}}, Outputs: []TxOutput{{Value: 1, Script: []byte{op1}}}}
	}
	build := func(txs ...*Tx) []byte {
		raw, _, err := p.NewBlock(p.Genesis, 1, txs...)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good := build(coinbase(), spend())
	change := func(at int, b ...byte) []byte {
		raw := bytes.Clone(good)
		copy(raw[at:], b)
		return raw
	}
	insert := func(at, cut int, b ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), b...), good[at+cut:]...)
	}
	firstTx := HeaderSize + 1
	inputCount := firstTx + 4

	rich := spend()
	rich.Outputs = []TxOutput{{Value: p.MaxMoney}, {Value: 1}}
	richest := spend()
	richest.Outputs[0].Value = p.MaxMoney + 1
	wrapping := spend()
	wrapping.Outputs = []TxOutput{{Value: math.MaxUint64}, {Value: 2}}
	spendsNothing := spend()
	spendsNothing.Inputs = append(spendsNothing.Inputs, TxInput{Prev: NoPrev()})
	paysNothing := spend()
	paysNothing.Outputs = nil
	other := spend()
	other.Outputs[0].Value = 2
	three := build(coinbase(), spend(), other)
	repeated := append(bytes.Clone(three), lastTx(t, three)...)
	repeated[HeaderSize] = 4
	last := lastTx(t, good)
	emptyWitness := append(append(bytes.Clone(good[:len(good)-len(last)+4]), 0, 1), last[4:len(last)-4]...)
	emptyWitness = append(append(emptyWitness, 0), last[len(last)-4:]...)

	easy := network(t, "bitcoin")

	for _, tc := range []struct {
		name   string
		raw    []byte
		params *Params
		says   string
	}{
		{"nothing", nil, p, "80 bytes"},
		{"half a header", good[:40], p, "80 bytes"},
		{"a header alone", good[:80], p, "end at 80 within a count"},
		{"no transactions", append(bytes.Clone(good[:80]), 0), p, "no transactions"},
		{"a byte too many", append(bytes.Clone(good), 0), p, "1 bytes follow"},
		{"a byte too few", good[:len(good)-1], p, "lock time"},
		{"a hash above the target", change(72, 0xff, 0xff, 0, 0x1d), p, "no proof of work"},
		{"another network's difficulty", good, easy, "easier than bitcoin allows"},
		{"target zero", change(72, 0, 0, 0, 0), p, "impossible target"},
		{"target negative", change(72, 1, 0, 0x80, 0x20), p, "impossible target"},
		{"target overflowing", change(72, 0xff, 0xff, 0xff, 0xff), p, "impossible target"},
		{"another coin", change(len(good)-9, 9), p, "merkle root"},
		{"a long count of transactions", insert(HeaderSize, 1, 0xfd, 2, 0), p, "more bytes than it needs"},
		{"2^60 inputs", insert(inputCount, 1, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x10), p, "inputs, more than"},
		{"an unknown flag", insert(inputCount, 0, 0, 2), p, "flag 2"},
		{"no inputs behind the flag", insert(inputCount, 1, 0, 1, 0), p, "no inputs"},
		{"a flag and no witness", emptyWitness, p, "announces a witness and has none"},
		{"two coinbases", build(coinbase(), Coinbase(5, nil, TxOutput{})), p, "after the first is a coinbase"},
		{"no coinbase", build(spend(), spend()), p, "first transaction is not a coinbase"},
		{"an input that spends nothing", build(coinbase(), spendsNothing), p, "spends nothing"},
		{"no outputs", build(coinbase(), paysNothing), p, "no outputs"},
		{"an output worth more than all coins", build(coinbase(), richest), p, "more than all coins"},
		{"outputs worth more than all coins", build(coinbase(), rich), p, "more than all coins"},
		{"outputs whose sum wraps", build(coinbase(), wrapping), p, "more than all coins"},
		{"the last transaction twice, the same root (CVE-2012-2459)", repeated, p, "twice"},
		{"too large", make([]byte, p.MaxBlockSize+1), p, "larger than"},
	} {
		var b goshawk.Block
		b.Height = 7
		err := NewDecoder(tc.params).Block(tc.raw, &b)
		if goshawk.CodeOf(err) != goshawk.Corrupt || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want one that says %q", tc.name, err, tc.says)
		}
		if b.Height != -1 || b.Hash != (goshawk.Hash{}) || len(b.Txs)+len(b.Ins)+len(b.Outs)+len(b.Keys)+len(b.Header) != 0 {
			t.Errorf("%s: something of the block is left", tc.name)
		}
	}
	var b goshawk.Block
	if err := NewDecoder(p).Block(good, &b); err != nil || b.Height != 300 {
		t.Errorf("the good block: height %d, %v", b.Height, err)
	}
}

// lastTx returns the bytes of a block's last transaction.
func lastTx(t *testing.T, raw []byte) []byte {
	split, err := SplitBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	last := split.Txs[len(split.Txs)-1]
	return raw[last.Start:last.End]
}

func TestEveryCutIsRefused(t *testing.T) {
	raw := payments(t)
	d := NewDecoder(network(t, "regtest"))
	var b goshawk.Block
	for n := range raw {
		if err := d.Block(raw[:n], &b); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Fatalf("cut at %d of %d: %v", n, len(raw), err)
		}
		if _, err := SplitBlock(raw[:n]); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Fatalf("split, cut at %d of %d: %v", n, len(raw), err)
		}
	}
	for bit := range 8 * len(raw) {
		flipped := bytes.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := d.Block(flipped, &b); err == nil {
			// What neither the hash of the header nor a transaction id covers:
			// a header that happens to have its work, and the witness.
			if bit/8 >= HeaderSize && !inWitness(t, raw, bit/8) {
				t.Fatalf("bit %d flipped is not noticed", bit)
			}
		}
	}
}

// inWitness tells whether a byte of a block belongs to a witness.
func inWitness(t *testing.T, raw []byte, at int) bool {
	split, err := SplitBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range split.Txs {
		if at >= tx.Start && at < tx.End {
			var s txScan
			if err := s.read(raw, tx.Start); err != nil {
				t.Fatal(err)
			}
			return s.segwit && at >= s.bodyEnd && at < s.end-4
		}
	}
	return false
}

// A claimed 2^60 of anything is refused before memory is taken for it.
func TestClaimsTakeNoMemory(t *testing.T) {
	p := network(t, "regtest")
	huge := []byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0x10}
	tx := append(append([]byte{1, 0, 0, 0}, huge...), make([]byte, 100)...)
	outs := append(append(append([]byte{1, 0, 0, 0, 1}, make([]byte, 41)...), huge...), make([]byte, 100)...)
	script := append(append(append([]byte{1, 0, 0, 0, 1}, make([]byte, 36)...), huge...), make([]byte, 100)...)
	witness := append(append(append(append([]byte{1, 0, 0, 0, 0, 1, 1}, make([]byte, 41)...), 1), make([]byte, 9)...), huge...)
	item := append(append(bytes.Clone(witness[:len(witness)-9]), 1), huge...)

	header := payments(t)[:80]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, raw := range [][]byte{tx, outs, script, witness, item} {
		if _, err := DecodeTx(raw); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%x: %v", raw[:14], err)
		}
		var b goshawk.Block
		if err := NewDecoder(p).Block(append(append(bytes.Clone(header), huge...), raw...), &b); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%x: %v", raw[:14], err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("refusing took %d bytes of memory", grown)
	}
}

func TestDecoderAllocatesNothing(t *testing.T) {
	for _, height := range []string{"300025", "367891", "866342"} {
		raw := fixture.Bytes(t, "bitcoin", "blocks", height+".blk")
		d := NewDecoder(network(t, "bitcoin"))
		var b goshawk.Block
		decode := func() {
			if err := d.Block(raw, &b); err != nil {
				t.Fatal(err)
			}
		}
		decode()
		if n := testing.AllocsPerRun(5, decode); n != 0 {
			t.Errorf("%s: %v allocations a block", height, n)
		}
	}
}

// wireDoesNotCheck holds a part of each message with which Goshawk refuses a
// block that btcd/wire reads. All are rules of consensus, which btcd checks in
// other packages than the one that reads bytes.
var wireDoesNotCheck = []string{
	"bytes follow the block", // wire reads from a stream and leaves the rest
	"is larger than",
	"impossible target", "easier than", "no proof of work",
	"merkle root", "lists transactions twice",
	"has no transactions", "transaction is not a coinbase", "after the first is a coinbase",
	"spends nothing", "has no outputs", "more than all coins",
}

func intended(err error) bool {
	return slices.ContainsFunc(wireDoesNotCheck, func(part string) bool { return strings.Contains(err.Error(), part) })
}

// FuzzDecode holds the decoder to btcd/wire: the same block or both refuse, but
// for what wireDoesNotCheck lists.
func FuzzDecode(f *testing.F) {
	p := network(f, "regtest")
	good := payments(f)
	f.Add(good, true)
	f.Add(good[:len(good)-3], false)
	f.Add(p.GenesisBlock, true)
	f.Add(append(bytes.Clone(good[:80]), 0xff, 0, 0, 0, 0, 0, 0, 0, 0x10), false)
	f.Add(append(bytes.Clone(good[:80]), 0xfd, 1, 0), false)
	d := NewDecoder(p)
	keys := NewDecoder(p)
	keys.DeriveKeys = true
	var b, derived goshawk.Block
	f.Fuzz(func(t *testing.T, raw []byte, sealed bool) {
		if sealed {
			raw = seal(p, raw) // past the checks that random bytes never pass
		}
		var want wire.MsgBlock
		reader := bytes.NewReader(raw)
		wireErr := readWire(&want, reader)
		err := d.Block(raw, &b)
		if keysErr := keys.Block(raw, &derived); (keysErr == nil) != (err == nil) {
			t.Fatalf("deriving keys changes the answer from %v to %v", err, keysErr)
		}
		switch {
		case err != nil && goshawk.CodeOf(err) != goshawk.Corrupt:
			t.Fatalf("error without its code: %v", err)
		case err != nil && wireErr == nil && !intended(err):
			t.Fatalf("refused, but wire reads it: %v", err)
		case err == nil && wireErr != nil:
			t.Fatalf("read, but wire refuses: %v", wireErr)
		case err == nil && reader.Len() > 0:
			t.Fatalf("read, but %d bytes follow", reader.Len())
		case err == nil:
			if err := sameAsWire(&b, &want); err != nil {
				t.Fatal(err)
			}
			for _, in := range derived.Ins {
				if in.Known == goshawk.CoinKnown || in.KeyStart > in.KeyEnd || int(in.KeyEnd) > len(derived.Keys) {
					t.Fatalf("input %+v", in)
				}
			}
		}
	})
}

// readWire reads a block as btcd does, which panics on a transaction whose
// scripts together exceed its buffer: that counts as refused.
func readWire(block *wire.MsgBlock, r io.Reader) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("wire panics")
		}
	}()
	return block.Deserialize(r)
}

// FuzzTx holds the decoder of single transactions to btcd/wire.
func FuzzTx(f *testing.F) {
	raw := payments(f)
	split, err := SplitBlock(raw)
	if err != nil {
		f.Fatal(err)
	}
	for _, tx := range split.Txs {
		f.Add(raw[tx.Start:tx.End])
		f.Add(append(bytes.Clone(raw[tx.Start:tx.End]), 0))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want wire.MsgTx
		reader := bytes.NewReader(raw)
		wireErr := want.Deserialize(reader)
		got, err := DecodeTx(raw)
		if wireErr == nil && reader.Len() > 0 {
			wireErr = errors.New("bytes follow") // wire reads from a stream
		}
		if (err == nil) != (wireErr == nil) {
			t.Fatalf("%v, wire says %v", err, wireErr)
		}
		if err != nil {
			return
		}
		if got.ID() != fromWire(want.TxHash()) || got.WitnessID() != fromWire(want.WitnessHash()) {
			t.Fatal("the ids differ")
		}
		if !bytes.Equal(got.Append(nil), raw) {
			t.Fatal("written again, it differs")
		}
	})
}

func TestCompactCounts(t *testing.T) {
	for _, n := range []uint64{0, 1, 0xfc, 0xfd, 0xffff, 0x10000, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64} {
		raw := appendCompact(nil, n)
		if got, next, err := compact(raw, 0); err != nil || got != n || next != len(raw) {
			t.Errorf("%d reads as %d: %v", n, got, err)
		}
		for cut := range raw {
			if _, _, err := compact(raw[:cut], 0); err == nil {
				t.Errorf("%d cut at %d is read", n, cut)
			}
		}
		// In more bytes than it needs.
		for _, long := range [][]byte{
			binary.LittleEndian.AppendUint16([]byte{0xfd}, uint16(n)),
			binary.LittleEndian.AppendUint32([]byte{0xfe}, uint32(n)),
			binary.LittleEndian.AppendUint64([]byte{0xff}, n),
		} {
			if len(long) <= len(raw) {
				continue
			}
			if _, _, err := compact(long, 0); goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%d in %d bytes is read", n, len(long))
			}
		}
	}
}
