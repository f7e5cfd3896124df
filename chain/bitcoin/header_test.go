package bitcoin

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/internal/fixture"
)

// bigTarget expands a target as its definition reads: mantissa times 256 to the
// power of (exponent-3).
func bigTarget(bits uint32) (target *big.Int, ok bool) {
	target = big.NewInt(int64(bits & 0x7fffff))
	if shift := 8 * (int(bits>>24) - 3); shift >= 0 {
		target.Lsh(target, uint(shift))
	} else {
		target.Rsh(target, uint(-shift))
	}
	return target, bits&0x800000 == 0 && target.Sign() > 0 && target.BitLen() <= 256
}

func TestTargets(t *testing.T) {
	check := func(bits uint32) string {
		got, ok := compactTarget(bits)
		want, wantOK := bigTarget(bits)
		if ok != wantOK {
			return "differs in whether it is possible"
		}
		if !ok {
			if work := Work(bits); !work.IsZero() {
				return "counts work for an impossible target"
			}
			return ""
		}
		if new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
			return "differs"
		}
		hashes := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 256), want.Add(want, big.NewInt(1)))
		if work := Work(bits); work.ToBig().Cmp(hashes) != 0 {
			return "differs in its work"
		}
		return ""
	}
	for _, bits := range []uint32{0, 0x1d00ffff, 0x207fffff, 0x1e0377ae, 0x01003456, 0x01123456, 0x02008000, 0x04923456, 0x20ffffff, 0x2100ffff, 0x21010000, 0x2200ffff, 0x220000ff, 0x23000001, 0xff123456, 0xff000000} {
		if fault := check(bits); fault != "" {
			t.Errorf("target %08x %s", bits, fault)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint32Range(0, 40).Draw(t, "exponent")<<24 | rapid.Uint32Range(0, 1<<24-1).Draw(t, "mantissa")
		if fault := check(bits); fault != "" {
			t.Fatalf("target %08x %s", bits, fault)
		}
	})
}

func TestHeadersLink(t *testing.T) {
	p := network(t, "bitcoin")
	raws := first600(t)
	headers := map[goshawk.Hash]Header{}
	for _, raw := range raws {
		h, err := DecodeHeader(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.CheckWork(&h); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(h.Append(nil), raw[:HeaderSize]) {
			t.Errorf("%s: written again, it differs", h.Hash)
		}
		headers[h.Hash] = h
	}
	for h, header := range headers {
		if _, ok := headers[header.Parent]; !ok && h != p.Genesis {
			t.Errorf("%s has no parent here", h)
		}
	}
}

func TestNewBlock(t *testing.T) {
	p := network(t, "regtest")
	prev := goshawk.Outpoint{Tx: goshawk.Hash{9}, Index: 3}
	plain := &Tx{Version: 1, Inputs: []TxInput{{Prev: prev, Script: []byte{op1}}}, Outputs: []TxOutput{{Value: 5, Script: []byte{op1}}}}
	segwit := &Tx{Version: 2, Inputs: []TxInput{{Prev: prev, Witness: [][]byte{{1, 2, 3}}}}, Outputs: []TxOutput{{Value: 5, Script: []byte{op1}}}}
	for _, txs := range [][]*Tx{{}, {plain}, {plain, segwit}} {
		coinbase := Coinbase(17, []byte("tag"), TxOutput{Value: 50, Script: []byte{op1}})
		raw, header, err := p.NewBlock(p.Genesis, 1700000000, append([]*Tx{coinbase}, txs...)...)
		if err != nil {
			t.Fatal(err)
		}
		var b goshawk.Block
		if err := NewDecoder(p).Block(raw, &b); err != nil {
			t.Fatal(err)
		}
		if b.Hash != header.Hash || b.Parent != p.Genesis || b.Time != 1700000000 || b.Height != 17 || len(b.Txs) != 1+len(txs) {
			t.Errorf("the block of %d payments decodes to %+v", len(txs), b)
		}
		for i, tx := range txs {
			if b.Txs[i+1].Hash != tx.ID() || int(b.Txs[i+1].Weight) != tx.Weight() {
				t.Errorf("payment %d differs", i)
			}
		}
		if len(txs) < 2 {
			if coinbase.HasWitness() {
				t.Error("a block without witnesses commits to some")
			}
			continue
		}
		// BIP 141: the commitment hashes the witness root and the reserved value.
		root := MerkleRoot([]goshawk.Hash{{}, plain.WitnessID(), segwit.WitnessID()})
		wire := reversed((*[32]byte)(&root))
		want := sha256d(append(wire[:], coinbase.Inputs[0].Witness[0]...))
		script := coinbase.Outputs[1].Script
		if !bytes.HasPrefix(script, unhex(t, "6a24aa21a9ed")) || !bytes.Equal(script[6:], want[:]) {
			t.Errorf("the commitment is %x, want %x", script, want)
		}
	}
	if framed := p.AppendFramed(nil, p.GenesisBlock); !bytes.Equal(framed[:8], unhex(t, "fabfb5da1d010000")) {
		t.Errorf("the frame is %x", framed[:8])
	}
	if _, _, err := p.NewBlock(p.Genesis, 1); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a block without a coinbase: %v", err)
	}
	hard := Header{Bits: 0x03000001}
	if err := p.Mine(&hard); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("mining at a hopeless target: %v", err)
	}
}

// The witness commitment of a real block is the one that CommitWitness computes.
func TestCommitmentOfRealBlock(t *testing.T) {
	raw := fixture.Bytes(t, "bitcoin", "blocks", "866342.blk")
	split, err := SplitBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	txs := make([]*Tx, len(split.Txs))
	for i, tx := range split.Txs {
		if txs[i], err = DecodeTx(raw[tx.Start:tx.End]); err != nil {
			t.Fatal(err)
		}
	}
	var theirs []byte
	for _, out := range txs[0].Outputs {
		if bytes.HasPrefix(out.Script, unhex(t, "6a24aa21a9ed")) {
			theirs = out.Script
		}
	}
	CommitWitness(txs)
	if ours := txs[0].Outputs[len(txs[0].Outputs)-1].Script; theirs == nil || !bytes.Equal(ours, theirs) {
		t.Errorf("the commitment is %x, the miner's %x", ours, theirs)
	}
}

func TestMerkleBranches(t *testing.T) {
	for n := 1; n <= 9; n++ {
		block := &RawBlock{}
		var ids []goshawk.Hash
		for i := range n {
			ids = append(ids, goshawk.Hash{byte(i), 1})
			block.Txs = append(block.Txs, RawTx{ID: ids[i]})
		}
		root := MerkleRoot(ids)
		for i := range n {
			branch := block.Branch(i)
			got, err := VerifyMerkle(branch, uint32(i), ids[i])
			if err != nil || got != root {
				t.Fatalf("%d of %d: %s, want %s: %v", i, n, got, root, err)
			}
			if len(branch) == 0 {
				continue
			}
			if got, err := VerifyMerkle(branch, uint32(i^1), ids[i]); err == nil && got == root && branch[0] != ids[i] {
				t.Errorf("%d of %d: proved at another position too", i, n)
			}
			forged := slices.Clone(branch)
			forged[0][31] ^= 1
			if got, err := VerifyMerkle(forged, uint32(i), ids[i]); err == nil && got == root {
				t.Errorf("%d of %d: proved by a forged branch", i, n)
			}
			if _, err := VerifyMerkle(branch, uint32(i)+1<<len(branch), ids[i]); goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%d of %d: proved beyond the tree: %v", i, n, err)
			}
		}
	}
	// An odd last hash fills up the level: it is at its position, not at the next one.
	three := &RawBlock{Txs: []RawTx{{ID: goshawk.Hash{1}}, {ID: goshawk.Hash{2}}, {ID: goshawk.Hash{3}}}}
	if _, err := VerifyMerkle(three.Branch(2), 3, goshawk.Hash{3}); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("the filled-up place is proved: %v", err)
	}
	if MerkleRoot(nil) != (goshawk.Hash{}) {
		t.Error("no transactions have a root")
	}
}

func TestVerifyInclusionRefuses(t *testing.T) {
	tx := &Tx{Inputs: []TxInput{{}}, Outputs: []TxOutput{{}}}
	header := &Header{MerkleRoot: tx.ID()}
	if err := VerifyInclusion(tx, nil, 0, header); err != nil {
		t.Fatal(err)
	}
	if err := VerifyInclusion(tx, nil, 0, &Header{}); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("another block's root: %v", err)
	}
	// 64 bytes could be two hashes of the tree.
	tx.Inputs[0].Script = make([]byte, 64-len(tx.AppendStripped(nil)))
	header.MerkleRoot = tx.ID()
	if err := VerifyInclusion(tx, nil, 0, header); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("a transaction of 64 bytes: %v", err)
	}
}
