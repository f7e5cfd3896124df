package node_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/btcutil/v2/bloom"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/node"
)

// TestMerkleBlock compares the proofs of single transactions, and of several of
// one block, with those that btcd makes for a filter that matches them.
func TestMerkleBlock(t *testing.T) {
	w := newWorld(t, "regtest")
	parent := goshawk.Hash{}
	for height, others := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 31, 32, 33, 300} {
		txs := []*bitcoin.Tx{bitcoin.Coinbase(int32(height), []byte("test"), bitcoin.TxOutput{Value: 50e8, Script: []byte{0x51}})}
		for n := range others { // the ledger of such chains does not ask where the coins come from
			txs = append(txs, &bitcoin.Tx{Version: 2, LockTime: uint32(n), Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: goshawk.Hash{byte(height), 1}, Index: uint32(n)}}},
				Outputs: []bitcoin.TxOutput{{Value: 1, Script: []byte{0x51}}}})
		}
		raw, header, err := w.params.NewBlock(parent, 1_600_000_000+600*uint32(height), txs...)
		if err != nil {
			t.Fatal(err)
		}
		w.model.Partial = true
		w.add(t, int32(height), raw, nil)
		parent = header.Hash
	}
	explorer, rpc := w.explorer(), node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	for _, hash := range w.blocks {
		block, err := btcutil.NewBlockFromBytes(w.raw[hash])
		if err != nil {
			t.Fatal(err)
		}
		count := len(block.Transactions())
		sets := [][]int{{0}, {count - 1}, {count / 2}}
		for n := range min(count, 16) {
			sets = append(sets, []int{n})
		}
		if count > 3 {
			sets = append(sets, []int{3, 1}, []int{0, 2, count - 1}, []int{count - 1, count - 2})
		}
		var all []int
		for n := range min(count, 40) {
			all = append(all, n)
		}
		for _, set := range append(sets, all) {
			ids, want := expected(t, block, set)
			if len(ids) == 1 {
				if status, _, body := get(explorer, "/tx/"+ids[0]+"/merkleblock-proof"); status != 200 || body != want {
					t.Errorf("%d of %d: %d %s, not %s", set, count, status, body, want)
				}
			}
			question, err := json.Marshal(map[string]any{"method": "gettxoutproof", "params": []any{ids}})
			if err != nil {
				t.Fatal(err)
			}
			if _, answer := call(rpc, string(question)); answer != `{"result":"`+want+`","error":null,"id":null}` {
				t.Errorf("%d of %d: %s, not %s", set, count, answer, want)
			}
		}
	}
}

// expected returns the ids of some of a block's transactions, and btcd's proof of them.
func expected(t *testing.T, block *btcutil.Block, set []int) (ids []string, proof string) {
	t.Helper()
	filter := bloom.NewFilter(uint32(len(set)), 0, 1e-9, wire.BloomUpdateNone)
	for _, n := range set {
		id := block.Transactions()[n].Hash()
		filter.AddHash(id)
		ids = append(ids, id.String())
	}
	message, matched := bloom.NewMerkleBlock(block, filter)
	sorted := slices.Sorted(slices.Values(set))
	if fmt.Sprint(matched) != fmt.Sprint(sorted) {
		t.Fatalf("the filter matches %d, not %d", matched, sorted)
	}
	var b bytes.Buffer
	if err := message.BtcEncode(&b, wire.ProtocolVersion, wire.BaseEncoding); err != nil {
		t.Fatal(err)
	}
	return ids, hex.EncodeToString(b.Bytes())
}

// TestMerkleBlockOfRealBlock: what btcd reads from a proof of the first payment
// leads to the merkle root of its block.
func TestMerkleBlockOfRealBlock(t *testing.T) {
	_, _, body := get(mainnet(t, 171).explorer(), "/tx/"+tx170+"/merkleblock-proof")
	raw, err := hex.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	var message wire.MsgMerkleBlock
	if err := message.BtcDecode(bytes.NewReader(raw), wire.ProtocolVersion, wire.BaseEncoding); err != nil {
		t.Fatal(err)
	}
	// Two transactions, of which the second is proved: its sibling's hash, then its own.
	if message.Transactions != 2 || len(message.Hashes) != 2 || message.Hashes[1].String() != tx170 || !bytes.Equal(message.Flags, []byte{0b101}) {
		t.Fatalf("%+v", message)
	}
	if root := chainhash.DoubleHashH(append(message.Hashes[0][:], message.Hashes[1][:]...)); root != message.Header.MerkleRoot {
		t.Errorf("it leads to %v, not %v", root, message.Header.MerkleRoot)
	}
}
