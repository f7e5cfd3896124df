package node_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/node"
)

// TestScriptHash: asked for by its script's hash, each party has the answers that
// it has by its address.
func TestScriptHash(t *testing.T) {
	w, txs := crafted(t)
	h := w.explorer()
	var fan struct {
		Vout []struct {
			Script  string `json:"scriptpubkey"`
			Type    string `json:"scriptpubkey_type"`
			Address string `json:"scriptpubkey_address"`
			Value   int
		}
	}
	if _, _, body := get(h, "/tx/"+txs[3].String()); json.Unmarshal([]byte(body), &fan) != nil || len(fan.Vout) < 10 {
		t.Fatal(body)
	}
	compared := 0
	for _, out := range fan.Vout {
		script, err := hex.DecodeString(out.Script)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(script)
		hash := "/scripthash/" + hex.EncodeToString(sum[:])
		_, _, stats := get(h, hash)
		rest, ok := strings.CutPrefix(stats, `{"scripthash":"`+hash[len("/scripthash/"):]+`",`)
		// What is paid to a bare key is its P2PKH address's, here as elsewhere.
		if !ok || (out.Type == "p2pk") != strings.HasPrefix(rest, `"chain_stats":{"funded_txo_count":0,`) {
			t.Errorf("%s: %s", out.Script, stats)
		}
		if out.Address == "" {
			continue
		}
		compared++
		address := "/address/" + out.Address
		for _, part := range []string{"", "/txs", "/txs/chain", "/txs/chain/" + txs[5].String(), "/txs/mempool", "/utxo"} {
			status, _, want := get(h, address+part)
			gotStatus, _, got := get(h, hash+part)
			got = strings.Replace(got, `"scripthash":"`+hash[len("/scripthash/"):]+`"`, `"address":"`+out.Address+`"`, 1)
			if status != http.StatusOK || gotStatus != status || got != want || part == "/txs" && !strings.Contains(got, txs[3].String()) {
				t.Errorf("%s%s: %d %s, not %d %s", out.Address, part, gotStatus, got, status, want)
			}
		}
	}
	if compared < 5 {
		t.Errorf("only %d addresses were compared", compared)
	}
	// A script without an address has its payments by its hash only.
	bare := sha256.Sum256([]byte{0x51, 0x93, 0xb1, 0xfe})
	if _, _, body := get(h, "/scripthash/"+hex.EncodeToString(bare[:])); !strings.Contains(body, `"chain_stats":{"funded_txo_count":1,"funded_txo_sum":10000,`) {
		t.Errorf("a script without an address: %s", body)
	}
}

// TestAddressPrefix compares with all addresses that the chain pays.
func TestAddressPrefix(t *testing.T) {
	w := mainnet(t, 184)
	h := w.explorer()
	paid := map[string]bool{}
	for _, hash := range w.blocks {
		split, err := bitcoin.SplitBlock(w.raw[hash])
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range split.Txs {
			tx, err := bitcoin.DecodeTx(w.raw[hash][raw.Start:raw.End])
			if err != nil {
				t.Fatal(err)
			}
			for _, out := range tx.Outputs {
				kind, key, _, _ := bitcoin.Classify(out.Script, nil)
				paid[w.params.FormatAddress(kind, key)] = true
			}
		}
	}
	for _, prefix := range []string{"1", "12", "1Q2", hal, "3"} {
		want := []string{}
		for a := range paid {
			if strings.HasPrefix(a, prefix) {
				want = append(want, a)
			}
		}
		slices.Sort(want)
		want = want[:min(len(want), 10)]
		var got []string
		if _, _, body := get(h, "/address-prefix/"+prefix); json.Unmarshal([]byte(body), &got) != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %s, not %v", prefix, body, want)
		}
	}
	bare, _ := crafted(t)
	if _, _, body := get(bare.explorer(), "/address-prefix/n"); strings.Contains(body, "nulldata") || strings.Contains(body, "nonstandard") {
		t.Errorf("what is no address is found as one: %s", body)
	}
}

// unlisted is a ledger that cannot say what it holds, as a remote one.
type unlisted struct{ goshawk.Ledger }

func (u unlisted) Head(ctx context.Context) (goshawk.Head, error) {
	head, err := u.Ledger.Head(ctx)
	head.Blocks, head.Transactions, head.Inputs, head.Outputs, head.Addresses = 0, 0, 0, 0, 0
	return head, err
}

// TestUnlisted: that nobody is found where nobody can be looked up is no answer.
func TestUnlisted(t *testing.T) {
	w := mainnet(t, 12)
	h := node.Esplora(unlisted{w.model.Snapshot()}, w, w.params, nil)
	for _, path := range []string{"/scripthash/" + strings.Repeat("ab", 32), "/address-prefix/1"} {
		if status, _, body := get(h, path); status != http.StatusBadRequest || !strings.Contains(body, "by their names only") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	rpc := node.RPC(unlisted{w.model.Snapshot()}, w, w.params, node.Login{}, nil)
	if status, answer := call(rpc, `{"method":"getblockheader","params":["`+block9+`"]}`); status != http.StatusOK || strings.Contains(answer, "chainwork") {
		t.Errorf("%d %s", status, answer)
	}
}
