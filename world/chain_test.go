package world

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// memory is a Folder in memory.
type memory struct{ fstest.MapFS }

func newMemory() memory { return memory{fstest.MapFS{}} }

func (m memory) Create(name string) (File, error) {
	if m.MapFS[name] != nil {
		return nil, fs.ErrExist
	}
	f := &fstest.MapFile{Mode: 0o644, ModTime: time.Unix(0, 0)}
	m.MapFS[name] = f
	return &memoryFile{file: f}, nil
}

type memoryFile struct {
	bytes.Buffer
	file   *fstest.MapFile
	closed bool
}

func (f *memoryFile) Close() error {
	if f.closed {
		return errors.New("closed twice")
	}
	f.closed, f.file.Data = true, f.Bytes()
	return nil
}

// build makes a world in memory.
func build(t testing.TB, spec Spec) (memory, *Manifest) {
	t.Helper()
	m := newMemory()
	manifest, err := Build(context.Background(), spec, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m, manifest
}

// rows reads a CSV file of a world, its header left out.
func (m memory) rows(t testing.TB, name string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(m.MapFS[name].Data)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s has no rows", name)
	}
	return rows[1:]
}

// blocks returns the blocks of all block files, as bytes.
func (m memory) blocks(t testing.TB) (blocks [][]byte) {
	t.Helper()
	for _, name := range []string{"blocks/blk00000.dat", "blocks/blk00001.dat"} {
		if m.MapFS[name] == nil {
			continue
		}
		for data := m.MapFS[name].Data; len(data) > 0; {
			if string(data[:4]) != "\xfa\xbf\xb5\xda" {
				t.Fatalf("block %d: magic %x", len(blocks), data[:4])
			}
			size := binary.LittleEndian.Uint32(data[4:])
			blocks = append(blocks, data[8:8+size])
			data = data[8+size:]
		}
	}
	return blocks
}

// seen is what a chain turned out to hold, read by btcd's decoder.
type seen struct {
	blocks  int
	outputs map[wire.OutPoint]*wire.TxOut // all there ever were
	unspent map[wire.OutPoint]int64
	txs     map[chainhash.Hash]*wire.MsgTx
	issued  int64
}

// validate checks what a node would, signatures aside.
func validate(t testing.TB, m memory) *seen {
	t.Helper()
	s := &seen{outputs: map[wire.OutPoint]*wire.TxOut{}, unspent: map[wire.OutPoint]int64{}, txs: map[chainhash.Hash]*wire.MsgTx{}}
	born := map[wire.OutPoint]int{} // heights of coinbases
	var tip chainhash.Hash
	last := uint32(0)
	for height, raw := range m.blocks(t) {
		s.blocks++
		var block wire.MsgBlock
		r := bytes.NewReader(raw)
		if err := block.Deserialize(r); err != nil || r.Len() != 0 {
			t.Fatalf("block %d: %v, %d bytes left", height, err, r.Len())
		}
		if block.Header.PrevBlock != tip {
			t.Fatalf("block %d does not follow", height)
		}
		if now := uint32(block.Header.Timestamp.Unix()); now <= last {
			t.Fatalf("block %d is not after the one before", height)
		} else {
			last = now
		}
		tip = block.BlockHash()
		if target := new(big.Int).Lsh(big.NewInt(0x7fffff), 8*(0x20-3)); new(big.Int).SetBytes(backwards(tip[:])).Cmp(target) > 0 {
			t.Fatalf("block %d: no proof of work", height)
		}
		if weight := 3*block.SerializeSizeStripped() + block.SerializeSize(); weight > 4_000_000 {
			t.Fatalf("block %d weighs %d", height, weight)
		}
		var fees int64
		var txids, wtxids []chainhash.Hash
		for i, tx := range block.Transactions {
			id := tx.TxHash()
			if s.txs[id] != nil {
				t.Fatalf("block %d: a second transaction %v", height, id)
			}
			txids, wtxids = append(txids, id), append(wtxids, tx.WitnessHash())
			s.txs[id] = tx
			if weight := 3*tx.SerializeSizeStripped() + tx.SerializeSize(); weight > 400_000 {
				t.Errorf("block %d: transaction %d weighs %d, no node relays it", height, i, weight)
			}
			in, out := int64(0), int64(0)
			for n, txin := range tx.TxIn {
				if i == 0 {
					continue
				}
				coin, ok := s.unspent[txin.PreviousOutPoint]
				if !ok {
					t.Fatalf("block %d: transaction %d spends nothing", height, i)
				}
				if h, ok := born[txin.PreviousOutPoint]; ok && height < h+100 {
					t.Fatalf("block %d: transaction %d spends a coinbase of block %d", height, i, h)
				}
				delete(s.unspent, txin.PreviousOutPoint)
				in += coin
				unlocks(t, s.outputs[txin.PreviousOutPoint].PkScript, tx, n)
			}
			for n, txout := range tx.TxOut {
				out += txout.Value
				data := txout.PkScript[0] == txscript.OP_RETURN
				if !data && txout.Value < Dust && i > 0 {
					t.Fatalf("block %d: transaction %d pays dust", height, i)
				}
				op := wire.OutPoint{Hash: id, Index: uint32(n)}
				s.outputs[op] = txout
				if data || height == 0 {
					continue
				}
				s.unspent[op] = txout.Value
				if i == 0 {
					born[op] = height
				}
			}
			if i == 0 {
				fees -= out
				continue
			}
			if in < out {
				t.Fatalf("block %d: transaction %d makes %d", height, i, out-in)
			}
			fees += in - out
		}
		limit := int64(50_0000_0000) >> (height / 150)
		if -fees != limit {
			t.Fatalf("block %d: the coinbase takes %d beyond the fees, the subsidy is %d", height, -fees, limit)
		}
		if height > 0 {
			s.issued += limit
		}
		if got := merkle(txids); got != block.Header.MerkleRoot {
			t.Fatalf("block %d: merkle root %v, header says %v", height, got, block.Header.MerkleRoot)
		}
		coinbase := block.Transactions[0]
		if height > 0 && !bytes.HasPrefix(coinbase.TxIn[0].SignatureScript, bip34(height)) {
			t.Fatalf("block %d: coinbase begins with %x", height, coinbase.TxIn[0].SignatureScript)
		}
		committed(t, height, &block, wtxids)
	}
	return s
}

// committed checks the witness commitment of BIP 141.
func committed(t testing.TB, height int, block *wire.MsgBlock, wtxids []chainhash.Hash) {
	t.Helper()
	witnessed := false
	for _, tx := range block.Transactions[1:] {
		witnessed = witnessed || tx.HasWitness()
	}
	if !witnessed {
		return
	}
	coinbase := block.Transactions[0]
	wtxids[0] = chainhash.Hash{}
	r := merkle(wtxids)
	commitment := chainhash.DoubleHashB(append(r[:], coinbase.TxIn[0].Witness[0]...))
	if script := coinbase.TxOut[len(coinbase.TxOut)-1].PkScript; !bytes.Equal(script, append([]byte("\x6a\x24\xaa\x21\xa9\xed"), commitment...)) {
		t.Fatalf("block %d: no witness commitment", height)
	}
}

// unlocks checks that an input shows what its address is the hash of.
func unlocks(t testing.TB, script []byte, tx *wire.MsgTx, n int) {
	t.Helper()
	in := tx.TxIn[n]
	var scratch bitcoin.Scratch
	kind, key, _, _ := bitcoin.Classify(script, &scratch)
	var ok bool
	hash160 := func(b []byte) []byte { return newKeyring(0, false).appendHash160(nil, b) }
	switch kind {
	case goshawk.PubKeyHash:
		ok = len(in.SignatureScript) >= 70 && (script[0] != txscript.OP_DUP || bytes.Equal(hash160(in.SignatureScript[len(in.SignatureScript)-33:]), key))
	case goshawk.ScriptHash:
		redeem := in.SignatureScript[1:]
		if len(in.Witness) == 0 {
			redeem = in.SignatureScript[len(in.SignatureScript)-105:]
		}
		ok = bytes.Equal(hash160(redeem), key)
		if len(in.Witness) == 2 {
			ok = ok && bytes.Equal(hash160(in.Witness[1]), redeem[2:])
		} else if len(in.Witness) > 0 {
			inner := sha256.Sum256(in.Witness[3])
			ok = ok && bytes.Equal(inner[:], redeem[2:])
		}
	case goshawk.WitnessPubKeyHash:
		ok = bytes.Equal(hash160(in.Witness[1]), key)
	case goshawk.WitnessScriptHash:
		inner := sha256.Sum256(in.Witness[3])
		ok = bytes.Equal(inner[:], key)
	case goshawk.Taproot:
		ok = len(in.Witness) == 1 && len(in.Witness[0]) == 64
	case goshawk.Multisig:
		ok = len(in.SignatureScript) > 70
	default:
		ok = false
	}
	if !ok {
		t.Fatalf("input %d of %v shows another key than its address has", n, tx.TxHash())
	}
}

// merkle is the tree's definition written the slow way, apart from the code under test.
func merkle(leaves []chainhash.Hash) chainhash.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	if len(leaves)%2 == 1 {
		leaves = append(leaves[:len(leaves):len(leaves)], leaves[len(leaves)-1])
	}
	var up []chainhash.Hash
	for i := 0; i < len(leaves); i += 2 {
		up = append(up, chainhash.DoubleHashH(append(append([]byte{}, leaves[i][:]...), leaves[i+1][:]...)))
	}
	return merkle(up)
}

// bip34 is how a script pushes a height.
func bip34(height int) []byte {
	switch {
	case height <= 16:
		return []byte{0x50 + byte(height)}
	case height < 0x80:
		return []byte{1, byte(height)}
	case height < 0x8000:
		return []byte{2, byte(height), byte(height >> 8)}
	default:
		return []byte{3, byte(height), byte(height >> 8), byte(height >> 16)}
	}
}

func backwards(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return r
}

// TestChainIsValid: every era's chain is what a node accepts, signatures aside;
// value is conserved, and inflation is exactly the subsidies.
func TestChainIsValid(t *testing.T) {
	for _, era := range Eras() {
		m, manifest := build(t, Spec{Seed: 11, Era: era, Txs: 6_000})
		s := validate(t, m)
		var unspent int64
		for _, v := range s.unspent {
			unspent += v
		}
		if f := manifest.Figures; unspent != s.issued || uint64(s.issued) != f.Issued || s.blocks != f.Blocks || uint64(len(s.txs)) != f.Transactions {
			t.Errorf("%d: %d unspent of %d issued in %d blocks and %d transactions; the manifest says %+v", era, unspent, s.issued, s.blocks, len(s.txs), f)
		}
		if n := len(s.txs); n < 5_700 || n > 6_300 {
			t.Errorf("%d: %d transactions are not about 6,000", era, n)
		}
	}
}

// TestEveryAddressHasOneOwner: truth names each address of the chain once, with
// a wallet and an actor that it describes, and each transaction once.
func TestEveryAddressHasOneOwner(t *testing.T) {
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	for _, era := range Eras() {
		m, _ := build(t, Spec{Seed: 12, Era: era, Txs: 6_000})
		s := validate(t, m)
		actors, wallets, owners := map[string]bool{}, map[string]bool{"0": true}, map[string]string{}
		for _, r := range m.rows(t, "truth/actors.csv") {
			actors[r[0]] = true
		}
		for _, r := range m.rows(t, "truth/wallets.csv") {
			wallets[r[0]] = true
			if !actors[r[1]] {
				t.Fatalf("wallet %s belongs to nobody", r[0])
			}
		}
		for _, r := range m.rows(t, "truth/addresses.csv") {
			if owners[r[0]] != "" || !wallets[r[2]] || !actors[r[3]] {
				t.Fatalf("%d: address %s: wallet %s, actor %s, named before as %q", era, r[0], r[2], r[3], owners[r[0]])
			}
			owners[r[0]] = r[2]
		}
		for op, out := range s.outputs {
			kind, key, _, burnt := bitcoin.Classify(out.PkScript, nil)
			if address := params.FormatAddress(kind, key); !burnt && owners[address] == "" {
				t.Fatalf("%d: nobody owns %s of %v", era, address, op)
			}
		}
		named := map[string]bool{}
		for _, r := range m.rows(t, "truth/transactions.csv") {
			hash, err := chainhash.NewHashFromStr(r[0])
			if err != nil || s.txs[*hash] == nil || named[r[0]] || !actors[r[4]] {
				t.Fatalf("%d: transaction %v", era, r)
			}
			named[r[0]] = true
		}
		if len(named) != len(s.txs) {
			t.Errorf("%d: truth names %d of %d transactions", era, len(named), len(s.txs))
		}
		if !strings.HasPrefix(string(m.MapFS["public/prices.csv"].Data), "date,currency,price\n20") {
			t.Errorf("%d: no prices", era)
		}
	}
}
