package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"

	"goshawk"
	"goshawk/internal/fixture"
)

// What the spending scripts of two real blocks show is what was really spent,
// or nothing. The counts pin down how much they show.
func TestSpendingKeysOfRealBlocks(t *testing.T) {
	d := NewDecoder(network(t, "bitcoin"))
	d.DeriveKeys = true
	for _, tc := range []struct {
		height          string
		inputs, derived int
	}{{"367891", 20817, 817}, {"866342", 7972, 5749}} {
		var b goshawk.Block
		if err := d.Block(fixture.Bytes(t, "bitcoin", "blocks", tc.height+".blk"), &b); err != nil {
			t.Fatal(err)
		}
		coins := spentCoins(t, tc.height)
		derived := 0
		missed := map[goshawk.Kind]int{}
		for i, in := range b.Ins {
			kind, key, byKey, _ := Classify(coins[i].script, nil)
			if in.Known == goshawk.NothingKnown {
				if !byKey {
					missed[kind]++
				}
				continue
			}
			derived++
			if in.Known != goshawk.KeyKnown || in.Kind != kind || !bytes.Equal(b.Keys[in.KeyStart:in.KeyEnd], key) || in.Height != -1 || in.Value != 0 {
				t.Errorf("%s, input %d: %v %x claimed, %v %x spent", tc.height, i, in.Kind, b.Keys[in.KeyStart:in.KeyEnd], kind, key)
			}
		}
		if len(b.Ins) != tc.inputs || derived != tc.derived {
			t.Errorf("%s: %d of %d inputs show their address, want %d of %d; not shown: %v", tc.height, derived, len(b.Ins), tc.derived, tc.inputs, missed)
		}
	}
}

func TestSpendingKey(t *testing.T) {
	signature := append([]byte{0x30, 69}, make([]byte, 70)...)
	pub := unhex(t, compressed)
	full := unhex(t, uncompressed)
	hash := func(b []byte) []byte { return bytes.Clone(new(Scratch).hash160(b)) }
	redeem := append(append([]byte{op1}, appendPush(nil, pub)...), op1, opCheckMultisig)
	program := append([]byte{op0, 20}, hash(pub)...)
	witnessScript := sha256.Sum256(redeem)
	push := func(items ...[]byte) (script []byte) {
		for _, b := range items {
			script = appendPush(script, b)
		}
		return script
	}
	puzzle := []byte{0xa8, 1, 7, opEqual} // a script that checks no signature
	control := append([]byte{0xc0}, pub[1:]...)
	taprootKey, parity := taprootByBtcd(t, pub, []byte{op1})
	control[0] |= parity
	wrongParity := bytes.Clone(control)
	wrongParity[0] ^= 1

	scriptLike := append(append([]byte{0x30}, make([]byte, 48)...), opCheckSig)
	keyLike := append([]byte{2, 0, 0}, bytes.Repeat([]byte{opCheckSig}, 30)...)

	const now = 1700000000
	for _, tc := range []struct {
		name    string
		script  []byte
		witness [][]byte
		time    uint32
		kind    goshawk.Kind
		key     []byte
	}{
		{"P2PKH", push(signature, pub), nil, now, goshawk.PubKeyHash, hash(pub)},
		{"P2PKH, uncompressed, 2009", push(signature, full), nil, 1231006505, goshawk.PubKeyHash, hash(full)},
		{"P2PK", push(signature), nil, now, 0, nil},
		{"P2PK, its signature readable as a script", push(scriptLike), nil, now, 0, nil},
		{"three pushes and a key readable as a script", push(nil, nil, keyLike), nil, now, 0, nil},
		{"bare multisig", push(nil, signature, signature), nil, now, 0, nil},
		{"P2SH multisig", push(nil, signature, redeem), nil, now, goshawk.ScriptHash, hash(redeem)},
		{"the same before BIP 16", push(nil, signature, redeem), nil, p2shTime - 1, 0, nil},
		{"a last push that checks no signature", push([]byte{7}, puzzle), nil, now, 0, nil},
		{"a last push that is cut short", push(nil, signature, redeem[:len(redeem)-3]), nil, now, 0, nil},
		{"a last push that is a number", []byte{1, 7, op1}, nil, now, 0, nil},
		{"an operation that is no push", append(push(signature, pub), opDup), nil, now, 0, nil},
		{"a script that is cut short", []byte{5, 1}, nil, now, 0, nil},
		{"P2SH-P2WPKH", push(program), [][]byte{signature, pub}, now, goshawk.ScriptHash, hash(program)},
		{"a witness and another push", push(redeem), [][]byte{signature, pub}, now, 0, nil},
		{"a witness and two pushes", push(nil, program), [][]byte{signature, pub}, now, 0, nil},
		{"P2WPKH", nil, [][]byte{signature, pub}, now, goshawk.WitnessPubKeyHash, hash(pub)},
		{"a key behind no signature", nil, [][]byte{{1}, pub}, now, 0, nil},
		{"a key behind two signatures", nil, [][]byte{signature, signature, pub}, now, 0, nil},
		{"P2WSH", nil, [][]byte{nil, signature, redeem}, now, goshawk.WitnessScriptHash, witnessScript[:]},
		{"P2WSH without arguments", nil, [][]byte{redeem}, now, goshawk.WitnessScriptHash, witnessScript[:]},
		{"P2TR by its key", nil, [][]byte{make([]byte, 64)}, now, 0, nil},
		{"P2TR by its key, with a hash type", nil, [][]byte{make([]byte, 65)}, now, 0, nil},
		{"P2TR by its key, with an annex", nil, [][]byte{make([]byte, 64), {0x50, 1}}, now, 0, nil},
		{"P2TR by a script", nil, [][]byte{{op1}, control}, now, goshawk.Taproot, taprootKey},
		{"P2TR by a script, with an annex", nil, [][]byte{{op1}, control, {0x50}}, now, goshawk.Taproot, taprootKey},
		{"P2TR with the parity of another key", nil, [][]byte{{op1}, wrongParity}, now, 0, nil},
		{"P2TR by a leaf of another version", nil, [][]byte{{op1}, append([]byte{0xfa}, pub[1:]...)}, now, 0, nil},
		{"nothing", nil, nil, now, 0, nil},
		{"an empty witness script", nil, [][]byte{{1}, nil}, now, 0, nil},
		{"a witness script that is too long", nil, [][]byte{make([]byte, maxScriptSize+1)}, now, 0, nil},
	} {
		kind, key, ok := SpendingKey(tc.script, tc.witness, tc.time, nil)
		if ok != (tc.key != nil) || kind != tc.kind || !bytes.Equal(key, tc.key) {
			t.Errorf("%s: %v %x %v, want %v %x", tc.name, kind, key, ok, tc.kind, tc.key)
		}
	}
}

// taprootByBtcd returns the output key that commits to one script, and the
// parity bit of its control block.
func taprootByBtcd(t *testing.T, pub, script []byte) (key []byte, parity byte) {
	t.Helper()
	internal, err := btcec.ParsePubKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	tree := txscript.AssembleTaprootScriptTree(txscript.NewBaseTapLeaf(script))
	root := tree.RootNode.TapHash()
	output := txscript.ComputeTaprootOutputKey(internal, root[:])
	if output.SerializeCompressed()[0] == 3 {
		parity = 1
	}
	return schnorr.SerializePubKey(output), parity
}

func TestDeepTaprootTreesAgreeWithBtcd(t *testing.T) {
	internal, err := btcec.ParsePubKey(unhex(t, compressed))
	if err != nil {
		t.Fatal(err)
	}
	var leaves []txscript.TapLeaf
	for i := range 9 {
		leaves = append(leaves, txscript.NewBaseTapLeaf(bytes.Repeat([]byte{op1 + byte(i)}, 1+40*i)))
	}
	tree := txscript.AssembleTaprootScriptTree(leaves...)
	root := tree.RootNode.TapHash()
	want := schnorr.SerializePubKey(txscript.ComputeTaprootOutputKey(internal, root[:]))
	for i, proof := range tree.LeafMerkleProofs {
		block := proof.ToControlBlock(internal)
		control, err := block.ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		kind, key, ok := SpendingKey(nil, [][]byte{proof.Script, control}, 0, nil)
		if !ok || kind != goshawk.Taproot || !bytes.Equal(key, want) {
			t.Errorf("leaf %d: %v %x %v, want %x", i, kind, key, ok, want)
		}
	}
}
