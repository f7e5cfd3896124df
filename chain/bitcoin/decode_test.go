package bitcoin

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
	"goshawk/internal/fixture"
)

// realBlocks returns every real mainnet block at hand, by name.
func realBlocks(t testing.TB) map[string][]byte {
	t.Helper()
	blocks := map[string][]byte{}
	dir := fixture.Path(t, "bitcoin", "blocks")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		blocks[strings.TrimSuffix(f.Name(), ".blk")] = raw
	}
	if len(blocks) != 21 {
		t.Fatalf("%d block files, want 21", len(blocks))
	}
	for i, raw := range first600(t) {
		blocks[fmt.Sprintf("first600/%03d", i)] = raw
	}
	return blocks
}

// first600 returns the raw blocks of heights 0 to 599, in file order.
func first600(t testing.TB) [][]byte {
	t.Helper()
	var blocks [][]byte
	magic := network(t, "bitcoin").Magic
	for _, name := range []string{"blk00000.dat", "blk00001.dat"} {
		file := fixture.Bytes(t, "bitcoin", "first600", name)
		for len(file) >= 8 && bytes.Equal(file[:4], magic[:]) {
			n := int(uint32(file[4]) | uint32(file[5])<<8 | uint32(file[6])<<16)
			blocks = append(blocks, file[8:8+n])
			file = file[8+n:]
		}
	}
	if len(blocks) != 600 {
		t.Fatalf("%d blocks in first600, want 600", len(blocks))
	}
	return blocks
}

func names(blocks map[string][]byte) []string {
	var all []string
	for name := range blocks {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func fromWire(h chainhash.Hash) goshawk.Hash { return reversed((*[32]byte)(&h)) }

// sameAsWire compares a decoded block with what btcd/wire read, in everything
// that both know.
func sameAsWire(b *goshawk.Block, want *wire.MsgBlock) error {
	if b.Hash != fromWire(want.BlockHash()) || b.Parent != fromWire(want.Header.PrevBlock) || int64(b.Time) != want.Header.Timestamp.Unix() {
		return errors.New("the header differs")
	}
	if len(b.Txs) != len(want.Transactions) {
		return fmt.Errorf("%d transactions, want %d", len(b.Txs), len(want.Transactions))
	}
	for i, tx := range want.Transactions {
		got := b.Txs[i]
		if got.Hash != fromWire(tx.TxHash()) || got.Version != tx.Version || got.LockTime != tx.LockTime {
			return fmt.Errorf("transaction %d differs", i)
		}
		if weight := 3*tx.SerializeSizeStripped() + tx.SerializeSize(); int(got.Weight) != weight {
			return fmt.Errorf("transaction %d: weight %d, want %d", i, got.Weight, weight)
		}
		ins := b.TxInputs(i)
		if got.Coinbase != (i == 0) {
			return fmt.Errorf("transaction %d: coinbase %v", i, got.Coinbase)
		}
		if !got.Coinbase {
			if len(ins) != len(tx.TxIn) {
				return fmt.Errorf("transaction %d: %d inputs, want %d", i, len(ins), len(tx.TxIn))
			}
			for j, in := range tx.TxIn {
				prev := goshawk.Outpoint{Tx: fromWire(in.PreviousOutPoint.Hash), Index: in.PreviousOutPoint.Index}
				if ins[j].Prev != prev || ins[j].Sequence != in.Sequence {
					return fmt.Errorf("transaction %d, input %d differs", i, j)
				}
			}
		}
		outs := b.TxOutputs(i)
		if len(outs) != len(tx.TxOut) {
			return fmt.Errorf("transaction %d: %d outputs, want %d", i, len(outs), len(tx.TxOut))
		}
		for j, out := range tx.TxOut {
			if outs[j].Value != uint64(out.Value) {
				return fmt.Errorf("transaction %d, output %d: value %d, want %d", i, j, outs[j].Value, out.Value)
			}
			kind, key, byKey, burnt := Classify(out.PkScript, nil)
			burnt = burnt || b.Height == 0
			if o := outs[j]; o.Kind != kind || !bytes.Equal(b.Keys[o.KeyStart:o.KeyEnd], key) || o.ByKey != byKey || o.Burnt != burnt {
				return fmt.Errorf("transaction %d, output %d: the key differs", i, j)
			}
		}
	}
	return nil
}

func TestRealBlocksAgreeWithWire(t *testing.T) {
	d := NewDecoder(network(t, "bitcoin"))
	blocks := realBlocks(t)
	var b goshawk.Block
	for _, name := range names(blocks) {
		raw := blocks[name]
		if err := d.Block(raw, &b); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want wire.MsgBlock
		if err := want.Deserialize(bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		if err := sameAsWire(&b, &want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(b.Header, raw[:80]) {
			t.Errorf("%s: the header's bytes differ", name)
		}

		split, err := SplitBlock(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rebuilt := make([]*Tx, len(split.Txs))
		for i, tx := range split.Txs {
			if tx.ID != b.Txs[i].Hash {
				t.Fatalf("%s: SplitBlock gives transaction %d another id", name, i)
			}
			if rebuilt[i], err = DecodeTx(raw[tx.Start:tx.End]); err != nil {
				t.Fatalf("%s: transaction %d: %v", name, i, err)
			}
			if rebuilt[i].Weight() != int(b.Txs[i].Weight) {
				t.Fatalf("%s: transaction %d: the weights differ", name, i)
			}
		}
		if again := AppendBlock(nil, &split.Header, rebuilt); !bytes.Equal(again, raw) {
			t.Errorf("%s: written again, the block differs", name)
		}
		for i := range split.Txs {
			if i > 2 && i < len(split.Txs)-2 {
				continue // each branch costs a whole tree
			}
			if err := VerifyInclusion(rebuilt[i], split.Branch(i), uint32(i), &split.Header); err != nil {
				t.Errorf("%s: transaction %d: %v", name, i, err)
			}
		}
	}
}

func TestHeights(t *testing.T) {
	d := NewDecoder(network(t, "bitcoin"))
	blocks := realBlocks(t)
	var b goshawk.Block
	stated := 0
	for _, name := range names(blocks) {
		if err := d.Block(blocks[name], &b); err != nil {
			t.Fatal(err)
		}
		height, err := strconv.Atoi(name)
		want := int32(-1) // version 1 blocks state no height
		switch {
		case name == "first600/000":
			want = 0
		case err == nil && height > 227835:
			want = int32(height)
			stated++
		}
		if b.Height != want {
			t.Errorf("%s: height %d, want %d", name, b.Height, want)
		}
	}
	if stated != 19 {
		t.Errorf("%d blocks state their height, want 19", stated)
	}
}

func TestStatedHeight(t *testing.T) {
	d := NewDecoder(network(t, "regtest"))
	for _, tc := range []struct {
		script  string
		version int32
		want    int32
	}{
		{"51", 2, 1}, {"60", 2, 16}, {"0111", 2, 17}, {"017f", 2, 127}, {"028000", 2, 128}, {"03c8bd03", 4, 245192},
		{"51", 1, -1},                 // a version that states none
		{"0101", 2, -1},               // not the shortest form: OP_1 is
		{"021100", 2, -1},             // not the shortest form
		{"0181", 2, -1},               // negative
		{"00", 2, -1},                 // height 0 is the genesis block's alone
		{"", 2, -1},                   // nothing
		{"0411", 2, -1},               // cut short
		{"4c0111", 2, -1},             // not the shortest push
		{"05ffffffff01", 2, -1},       // beyond any height
		{"08ffffffffffffff7f", 2, -1}, // longer than a number
		{"04ffffff7f", 2, 2147483647},
	} {
		script, err := hex.DecodeString(tc.script)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.statedHeight(&Header{Version: tc.version}, script); got != tc.want {
			t.Errorf("script %s in version %d states %d, want %d", tc.script, tc.version, got, tc.want)
		}
	}
	// On the main network only blocks that had to state their height are believed.
	main := NewDecoder(network(t, "bitcoin"))
	for h, want := range map[int32]int32{227835: -1, 227836: 227836} {
		if got := main.statedHeight(&Header{Version: 2}, Coinbase(h, nil).Inputs[0].Script); got != want {
			t.Errorf("on the main network the coinbase of height %d states %d, want %d", h, got, want)
		}
	}
	for _, h := range []int32{1, 16, 17, 127, 128, 255, 256, 32767, 32768, 8388607, 8388608, 1 << 30} {
		if got := d.statedHeight(&Header{Version: 2}, Coinbase(h, nil).Inputs[0].Script); got != h {
			t.Errorf("the coinbase of height %d states %d", h, got)
		}
	}
}

type spentCoin struct {
	value    uint64
	script   []byte
	height   int32
	coinbase bool
}

// spentCoins returns the coins that a block spends, in input order.
func spentCoins(t testing.TB, height string) []spentCoin {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(fixture.Bytes(t, "bitcoin", "spent", height+".json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][4]any
	if err := json.NewDecoder(zipped).Decode(&rows); err != nil {
		t.Fatal(err)
	}
	coins := make([]spentCoin, len(rows))
	for i, r := range rows {
		script, err := hex.DecodeString(r[1].(string))
		if err != nil {
			t.Fatal(err)
		}
		isCoinbase, _ := r[3].(bool)
		if n, ok := r[3].(float64); ok {
			isCoinbase = n != 0
		}
		coins[i] = spentCoin{uint64(r[0].(float64)), script, int32(r[2].(float64)), isCoinbase}
	}
	return coins
}

func TestFeesAreExact(t *testing.T) {
	d := NewDecoder(network(t, "bitcoin"))
	for _, tc := range []struct {
		height  string
		fees    uint64
		subsidy uint64
	}{{"367891", 14001930, 25_00000000}, {"866342", 5026183, 3_12500000}} {
		var b goshawk.Block
		if err := d.Block(fixture.Bytes(t, "bitcoin", "blocks", tc.height+".blk"), &b); err != nil {
			t.Fatal(err)
		}
		coins := spentCoins(t, tc.height)
		if len(coins) != len(b.Ins) {
			t.Fatalf("%s: %d spent coins for %d inputs", tc.height, len(coins), len(b.Ins))
		}
		record := undoRecord(&b, coins)
		if err := DecodeUndo(record, &b); err != nil {
			t.Fatalf("%s: %v", tc.height, err)
		}
		var in, out, made uint64
		for i := range b.Ins {
			got, want := b.Ins[i], coins[i]
			kind, key, _, _ := Classify(want.script, nil)
			if got.Known != goshawk.CoinKnown || got.Value != want.value || got.Height != want.height || got.Kind != kind || !bytes.Equal(b.Keys[got.KeyStart:got.KeyEnd], key) {
				t.Fatalf("%s, input %d: %+v does not tell of %+v", tc.height, i, got, want)
			}
			in += got.Value
		}
		for i, o := range b.Outs {
			if i < int(b.Txs[0].OutputEnd) {
				made += o.Value
			} else {
				out += o.Value
			}
		}
		if in-out != tc.fees {
			t.Errorf("%s: fees of %d, want %d", tc.height, in-out, tc.fees)
		}
		if made != tc.subsidy+tc.fees {
			t.Errorf("%s: the coinbase is worth %d, want %d and the fees", tc.height, made, tc.subsidy)
		}
	}
}

// differsFromBtcd tells of the scripts that Goshawk means to class otherwise
// than btcd does, and why.
func differsFromBtcd(script []byte, class txscript.ScriptClass) (why string, intended bool) {
	kind, _, byKey, _ := Classify(script, nil)
	switch {
	case byKey && class == txscript.NonStandardTy:
		return "a public key that is not on the curve: nodes class it as P2PK all the same", true
	case kind == goshawk.NullData && class == txscript.NonStandardTy:
		return "OP_RETURN with more data, or other data, than btcd relays", true
	case kind == goshawk.WitnessUnknown && class == txscript.NonStandardTy:
		return "a witness program of a version beyond 1, which BIP 141 gives an address", true
	case kind == goshawk.NonStandard && class == txscript.MultiSigTy:
		return "multisig whose keys have not the size of a key", true
	}
	return "", false
}

var kindOfClass = map[txscript.ScriptClass]goshawk.Kind{
	txscript.NonStandardTy:         goshawk.NonStandard,
	txscript.PubKeyTy:              goshawk.PubKeyHash,
	txscript.PubKeyHashTy:          goshawk.PubKeyHash,
	txscript.ScriptHashTy:          goshawk.ScriptHash,
	txscript.WitnessV0PubKeyHashTy: goshawk.WitnessPubKeyHash,
	txscript.WitnessV0ScriptHashTy: goshawk.WitnessScriptHash,
	txscript.WitnessV1TaprootTy:    goshawk.Taproot,
	txscript.WitnessUnknownTy:      goshawk.WitnessUnknown,
	txscript.MultiSigTy:            goshawk.Multisig,
	txscript.NullDataTy:            goshawk.NullData,
	txscript.PayToAnchorTy:         goshawk.WitnessUnknown,
}

func TestAddressesAgreeWithBtcd(t *testing.T) {
	p := network(t, "bitcoin")
	blocks := realBlocks(t)
	seen := map[goshawk.Kind]int{}
	differences := map[string]int{}
	for _, name := range names(blocks) {
		var block wire.MsgBlock
		if err := block.Deserialize(bytes.NewReader(blocks[name])); err != nil {
			t.Fatal(err)
		}
		for _, tx := range block.Transactions {
			for _, out := range tx.TxOut {
				script := out.PkScript
				kind, key, byKey, _ := Classify(script, nil)
				seen[kind]++
				class, addresses, _, err := txscript.ExtractPkScriptAddrs(script, &chaincfg.MainNetParams)
				if err != nil {
					t.Fatal(err)
				}
				if want, known := kindOfClass[class]; !known || want != kind || byKey != (class == txscript.PubKeyTy) {
					why, intended := differsFromBtcd(script, class)
					if !intended {
						t.Errorf("%s: script %x is %v, btcd says %v", name, script, kind, class)
					}
					differences[why]++
					continue
				}
				text := p.FormatAddress(kind, key)
				switch {
				case kind == goshawk.Multisig, kind == goshawk.NullData, kind == goshawk.NonStandard:
				case byKey && len(addresses) == 0:
					differences["P2PK whose key is not on the curve has no address at btcd"]++
				case byKey:
					want := addresses[0].(interface{ ScriptAddress() []byte }).ScriptAddress()
					if hash := new(Scratch).hash160(want); !bytes.Equal(hash, key) {
						// btcd writes a hybrid key as an uncompressed one.
						differences["P2PK with a hybrid key"]++
					}
				case len(addresses) != 1 || addresses[0].EncodeAddress() != text:
					t.Errorf("%s: script %x pays %s, btcd says %v", name, script, text, addresses)
				}
				if byKey {
					continue
				}
				gotKind, gotKey, err := p.ParseAddress(text)
				if err != nil || gotKind != kind || !bytes.Equal(gotKey, key) {
					t.Errorf("%s: %s reads back as %v %x: %v", name, text, gotKind, gotKey, err)
				}
				if !bytes.Equal(Script(kind, key), script) {
					t.Errorf("%s: the script of %s differs", name, text)
				}
			}
		}
	}
	t.Logf("outputs by kind: %v; intended differences from btcd: %v", seen, differences)
	for kind := goshawk.NonStandard; kind < goshawk.Account; kind++ {
		if seen[kind] == 0 && kind != goshawk.WitnessUnknown {
			t.Errorf("no real output is %v: the test shows nothing of it", kind)
		}
	}
}
