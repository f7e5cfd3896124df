package chaingen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
)

func writeStory(t *testing.T) (Story, []byte) {
	t.Helper()
	var file bytes.Buffer
	d, err := WriteStory(&file, 1)
	if err != nil {
		t.Fatal(err)
	}
	return d, file.Bytes()
}

func TestStorySameSeedSameBytes(t *testing.T) {
	const want = "f055c535b39d588a96cda7faf4bb0feded66a1ac0f8e8d4735b6cbd088b86292"
	_, file := writeStory(t)
	if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the story hashes to %x, not %s: the answers in documents are of another chain", sum, want)
	}
}

// TestStoryIsTold looks in the chain for what the summary names.
func TestStoryIsTold(t *testing.T) {
	d, file := writeStory(t)
	s := validate(t, file)
	s.Bytes = d.Bytes
	if s.Summary != d.Summary {
		t.Errorf("the chain holds\n%+v\nbut its summary says\n%+v", s.Summary, d.Summary)
	}
	if n := d.Transactions; n < 300 || n > 1_000 {
		t.Errorf("%d transactions are not a few hundred", n)
	}
	spender := map[wire.OutPoint]*wire.MsgTx{}
	classes := map[txscript.ScriptClass]int{}
	for _, tx := range s.txs {
		for _, in := range tx.TxIn {
			spender[in.PreviousOutPoint] = tx
		}
		for _, out := range tx.TxOut {
			classes[txscript.GetScriptClass(out.PkScript)]++
		}
	}
	for _, class := range []txscript.ScriptClass{
		txscript.PubKeyTy, txscript.PubKeyHashTy, txscript.ScriptHashTy, txscript.WitnessV0PubKeyHashTy, txscript.WitnessV0ScriptHashTy,
		txscript.WitnessV1TaprootTy, txscript.MultiSigTy, txscript.NullDataTy,
	} {
		if classes[class] == 0 {
			t.Errorf("no output is %v", class)
		}
	}
	if classes[txscript.NonStandardTy] != 0 {
		t.Errorf("%d outputs are of no form", classes[txscript.NonStandardTy])
	}

	tx := func(h goshawk.Hash) *wire.MsgTx {
		found := s.txs[chainhash.Hash(reversed(h[:]))]
		if found == nil {
			t.Fatalf("the chain has no transaction %v", h)
		}
		return found
	}
	theft := tx(d.Theft.Tx)
	for i, in := range theft.TxIn {
		coin := s.txs[in.PreviousOutPoint.Hash].TxOut[in.PreviousOutPoint.Index]
		if !bytes.HasSuffix(coin.PkScript, d.Victim[i].Key) {
			t.Errorf("input %d of the theft is not the victim's", i)
		}
	}
	if len(theft.TxIn) != 3 || len(theft.TxOut) != 1 || theft.TxOut[0].Value != 60*btc-storyFee {
		t.Errorf("the theft has %d inputs and %d outputs", len(theft.TxIn), len(theft.TxOut))
	}

	reached := map[chainhash.Hash]bool{}
	next := []*wire.MsgTx{theft}
	for len(next) > 0 {
		now := next[0]
		next = next[1:]
		id := now.TxHash()
		if reached[id] {
			continue
		}
		reached[id] = true
		for i := range now.TxOut {
			if by := spender[wire.OutPoint{Hash: id, Index: uint32(i)}]; by != nil {
				next = append(next, by)
			}
		}
	}
	for what, h := range map[string]goshawk.Hash{"CoinJoin": d.CoinJoin, "peel chain": d.Peel, "sweep": d.Sweep} {
		if !reached[tx(h).TxHash()] {
			t.Errorf("the stolen coins do not reach the %s", what)
		}
	}

	equal := map[int64]int{}
	for _, out := range tx(d.CoinJoin).TxOut {
		equal[out.Value]++
	}
	if n := equal[storyDeal]; n < 6 || len(tx(d.CoinJoin).TxIn) < n || len(tx(d.CoinJoin).TxOut) != 2*n {
		t.Errorf("the CoinJoin has %d inputs, %d outputs, %d of them equal", len(tx(d.CoinJoin).TxIn), len(tx(d.CoinJoin).TxOut), n)
	}
	if n := len(tx(d.Peel).TxOut); n != 2 {
		t.Errorf("a peel has %d outputs", n)
	}
	if n := len(tx(d.Batch).TxOut); n < 12 {
		t.Errorf("a batch has %d outputs", n)
	}
	sweep := tx(d.Sweep)
	if len(sweep.TxOut) != 1 || !bytes.HasSuffix(sweep.TxOut[0].PkScript, d.Exchange.Key) || len(sweep.TxIn) < 2 {
		t.Errorf("the sweep has %d inputs and %d outputs", len(sweep.TxIn), len(sweep.TxOut))
	}
}

// TestStoryScriptsMatch runs every script that can fail without its signature.
func TestStoryScriptsMatch(t *testing.T) {
	_, file := writeStory(t)
	s := validate(t, file)
	for id, tx := range s.txs {
		for i, in := range tx.TxIn {
			from := s.txs[in.PreviousOutPoint.Hash]
			if from == nil {
				continue // a coinbase
			}
			script := from.TxOut[in.PreviousOutPoint.Index].PkScript
			switch txscript.GetScriptClass(script) {
			case txscript.PubKeyHashTy:
				key := hash160(in.SignatureScript[len(in.SignatureScript)-33:])
				if !bytes.Equal(key[:], script[3:23]) {
					t.Errorf("%v input %d shows another key", id, i)
				}
			case txscript.ScriptHashTy:
				redeem := in.SignatureScript[1:]
				key, outer := hash160(in.Witness[1]), hash160(redeem)
				if !bytes.Equal(outer[:], script[2:22]) || !bytes.Equal(key[:], redeem[2:]) {
					t.Errorf("%v input %d shows another script", id, i)
				}
			case txscript.WitnessV0ScriptHashTy:
				if h := sha256.Sum256(in.Witness[3]); !bytes.Equal(h[:], script[2:]) {
					t.Errorf("%v input %d shows another script", id, i)
				}
			case txscript.WitnessV1TaprootTy:
				if len(in.Witness) != 1 || len(in.Witness[0]) != 64 {
					t.Errorf("%v input %d is no key spend", id, i)
				}
			case txscript.PubKeyTy, txscript.MultiSigTy:
				if len(in.SignatureScript) < 72 || len(in.Witness) != 0 {
					t.Errorf("%v input %d is not signed", id, i)
				}
			}
		}
	}
}

func TestStoryReportsFailedWrites(t *testing.T) {
	for after := range 5 {
		if _, err := WriteStory(&failing{after}, 1); goshawk.CodeOf(err) != goshawk.Unavailable {
			t.Errorf("after %d writes: %v", after, err)
		}
	}
}

func TestStoryOfAnySeed(t *testing.T) {
	for seed := range uint64(40) {
		var file bytes.Buffer
		d, err := WriteStory(&file, seed)
		if err != nil {
			t.Fatal(err)
		}
		s := validate(t, file.Bytes())
		s.Bytes = d.Bytes
		if s.Summary != d.Summary || d.CoinJoin == (goshawk.Hash{}) || d.Batch == (goshawk.Hash{}) || d.Sweep == (goshawk.Hash{}) {
			t.Errorf("seed %d: the chain holds %+v, the summary says %+v", seed, s.Summary, d)
		}
	}
}
