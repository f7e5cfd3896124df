package chaingen

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
)

// small is a chain that tests can read in no time.
var small = Options{Seed: 7, Transactions: 3_000, Blocks: 160}

func TestSameSeedSameBytes(t *testing.T) {
	const want = "6e8db6bfbc5570714177e87f85a76e715d5b89bb723430d671af33375cf3c819"
	sum := func(opts Options) string {
		h := sha256.New()
		if _, err := Write(h, opts); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	if got := sum(small); got != want {
		t.Errorf("the chain of seed 7 hashes to %s, not %s: recorded benchmarks are of another chain", got, want)
	}
	other := small
	other.Seed++
	if sum(other) == sum(small) {
		t.Error("two seeds gave one chain")
	}
}

// TestValid reads a chain with btcd's decoder and checks what a node would.
func TestValid(t *testing.T) {
	for name, opts := range map[string]Options{
		"shape":       small,
		"whale":       {Seed: 1, Transactions: 2_000, Blocks: 130, Whale: 900},
		"one payment": {Seed: 1, Transactions: 103, Blocks: 102},
		"coinbases":   {Seed: 1, Transactions: 40, Blocks: 40},
		"poor":        {Seed: 1, Transactions: 1_000, Blocks: 700},
		"no subsidy":  {Seed: 1, Transactions: 12_000, Blocks: 5_000},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			s, err := Write(&file, opts)
			if err != nil {
				t.Fatal(err)
			}
			if int64(file.Len()) != s.Bytes {
				t.Errorf("%d bytes, summary says %d", file.Len(), s.Bytes)
			}
			got := validate(t, file.Bytes())
			got.Bytes = s.Bytes
			got.WhaleKey = s.WhaleKey
			got.WhaleTransactions = uint64(len(got.txsOf[string(append([]byte{0, 20}, s.WhaleKey[:]...))]))
			if got.Summary != s {
				t.Errorf("the chain holds\n%+v\nbut its summary says\n%+v", got.Summary, s)
			}
			if s.Transactions != uint64(opts.Transactions) || s.Blocks != opts.Blocks {
				t.Errorf("asked for %d transactions in %d blocks, got %d in %d", opts.Transactions, opts.Blocks, s.Transactions, s.Blocks)
			}
			if w := uint64(opts.Whale); s.WhaleTransactions < w || s.WhaleTransactions > w+w/20 {
				t.Errorf("the whale is in %d transactions, not in about %d", s.WhaleTransactions, w)
			}
		})
	}
}

func TestRefusesImpossibleShapes(t *testing.T) {
	for name, opts := range map[string]Options{
		"fewer transactions than blocks": {Transactions: 10, Blocks: 20},
		"no room for payments":           {Transactions: 200, Blocks: 101},
		"negative":                       {Transactions: 10, Blocks: -1},
		"whale too big":                  {Transactions: 200, Blocks: 150, Whale: 51},
		"negative whale":                 {Transactions: 200, Blocks: 150, Whale: -1},
	} {
		if _, err := Write(io.Discard, opts); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ after int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestReportsFailedWrites(t *testing.T) {
	for after := range 5 {
		if _, err := Write(&failing{after}, small); !errors.Is(err, errFull) || goshawk.CodeOf(err) != goshawk.Unavailable {
			t.Errorf("after %d writes: %v", after, err)
		}
	}
}

// seen is what a chain turned out to hold.
type seen struct {
	Summary
	txsOf map[string]map[chainhash.Hash]bool // by script
	coins map[wire.OutPoint]*wire.TxOut      // unspent
	txs   map[chainhash.Hash]*wire.MsgTx
}

func validate(t *testing.T, file []byte) seen {
	t.Helper()
	s := seen{txsOf: map[string]map[chainhash.Hash]bool{}, coins: map[wire.OutPoint]*wire.TxOut{}, txs: map[chainhash.Hash]*wire.MsgTx{}}
	born := map[wire.OutPoint]int{} // heights of coinbases
	var tip chainhash.Hash
	touch := func(script []byte, tx chainhash.Hash) {
		if s.txsOf[string(script)] == nil {
			s.txsOf[string(script)] = map[chainhash.Hash]bool{}
		}
		s.txsOf[string(script)][tx] = true
	}
	for height := 0; len(file) > 0; height++ {
		if string(file[:4]) != "\xfa\xbf\xb5\xda" {
			t.Fatalf("block %d: magic %x", height, file[:4])
		}
		size := binary.LittleEndian.Uint32(file[4:])
		var block wire.MsgBlock
		r := bytes.NewReader(file[8 : 8+size])
		if err := block.Deserialize(r); err != nil || r.Len() != 0 {
			t.Fatalf("block %d: %v, %d bytes left", height, err, r.Len())
		}
		file = file[8+size:]
		if block.Header.PrevBlock != tip {
			t.Fatalf("block %d does not follow", height)
		}
		tip = block.BlockHash()
		if target := new(big.Int).Lsh(big.NewInt(0x7fffff), 8*(0x20-3)); new(big.Int).SetBytes(reversed(tip[:])).Cmp(target) > 0 {
			t.Fatalf("block %d: no proof of work", height)
		}
		var fees int64
		var txids, wtxids []chainhash.Hash
		for i, tx := range block.Transactions {
			id := tx.TxHash()
			txids, wtxids = append(txids, id), append(wtxids, tx.WitnessHash())
			s.txs[id] = tx
			var in, out int64
			for n, txin := range tx.TxIn {
				if i == 0 {
					continue
				}
				s.Inputs++
				coin, ok := s.coins[txin.PreviousOutPoint]
				if !ok {
					t.Fatalf("block %d: tx %d spends nothing", height, i)
				}
				if h, ok := born[txin.PreviousOutPoint]; ok && height < h+100 {
					t.Fatalf("block %d: tx %d spends a coinbase of block %d", height, i, h)
				}
				delete(s.coins, txin.PreviousOutPoint)
				in += coin.Value
				touch(coin.PkScript, id)
				if pushes := len(txin.Witness); pushes == 2 && len(coin.PkScript) == 22 {
					if key := hash160(tx.TxIn[n].Witness[1]); !bytes.Equal(key[:], coin.PkScript[2:]) {
						t.Fatalf("block %d: tx %d input %d shows another key than it spends", height, i, n)
					}
				}
			}
			for n, txout := range tx.TxOut {
				s.Outputs++
				out += txout.Value
				data := txout.PkScript[0] == 0x6a
				if txout.Value == 0 && !data {
					t.Fatalf("block %d: tx %d pays nothing", height, i)
				}
				if data {
					continue
				}
				touch(txout.PkScript, id)
				if height == 0 {
					continue
				}
				op := wire.OutPoint{Hash: id, Index: uint32(n)}
				s.coins[op] = txout
				if i == 0 {
					born[op] = height
				}
			}
			if i == 0 {
				fees -= out
			} else {
				if in < out {
					t.Fatalf("block %d: tx %d makes %d", height, i, out-in)
				}
				fees += in - out
			}
		}
		if limit := int64(50_0000_0000) >> (height / 150); -fees > limit {
			t.Fatalf("block %d: coinbase takes %d over the subsidy %d", height, -fees-limit, limit)
		}
		if got := root(txids); got != block.Header.MerkleRoot {
			t.Fatalf("block %d: merkle root %v, header says %v", height, got, block.Header.MerkleRoot)
		}
		coinbase := block.Transactions[0]
		if height > 0 && !bytes.HasPrefix(coinbase.TxIn[0].SignatureScript, bip34(height)) {
			t.Fatalf("block %d: coinbase begins with %x", height, coinbase.TxIn[0].SignatureScript)
		}
		if len(block.Transactions) > 1 {
			wtxids[0] = chainhash.Hash{}
			r := root(wtxids)
			commitment := chainhash.DoubleHashB(append(r[:], coinbase.TxIn[0].Witness[0]...))
			if script := coinbase.TxOut[len(coinbase.TxOut)-1].PkScript; !bytes.Equal(script, append([]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}, commitment...)) {
				t.Fatalf("block %d: no witness commitment", height)
			}
		}
		s.Blocks++
		s.Transactions += uint64(len(block.Transactions))
	}
	s.Addresses = uint64(len(s.txsOf))
	s.Tip = hash(digest(tip))
	return s
}

// root is BIP 98's recursion written the slow way, apart from the code under test.
func root(leaves []chainhash.Hash) chainhash.Hash {
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
	return root(up)
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

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return r
}

func BenchmarkWrite(b *testing.B) {
	var txs uint64
	for b.Loop() {
		s, err := Write(io.Discard, Options{Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		txs += s.Transactions
		b.SetBytes(s.Bytes)
	}
	b.ReportMetric(float64(txs)/b.Elapsed().Seconds(), "tx/s")
}
