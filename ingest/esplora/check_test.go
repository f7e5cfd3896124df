package esplora

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// TestTransactionsAndNodes: 64 bytes that are both a transaction and two hashes
// side by side prove nothing, in either role.
func TestTransactionsAndNodes(t *testing.T) {
	// A transaction of 64 bytes: its second half would be the hash of a forged one.
	dual := &bitcoin.Tx{Version: 1, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: goshawk.Hash{1}}}},
		Outputs: []bitcoin.TxOutput{{Script: []byte{1, 2, 3, 4}}}}
	raw := dual.Append(nil)
	if len(raw) != nodeSize {
		t.Fatalf("%d bytes", len(raw))
	}
	var left, right goshawk.Hash
	copy(left[:], raw[:32])
	copy(right[:], raw[32:])
	slices.Reverse(left[:])
	slices.Reverse(right[:])
	other := goshawk.Hash{9}
	root, err := bitcoin.VerifyMerkle([]goshawk.Hash{other}, 1, dual.ID())
	if err != nil {
		t.Fatal(err)
	}
	forged := &proof{position: 3, branch: []goshawk.Hash{left, other}}
	if got, err := bitcoin.VerifyMerkle(forged.branch, 3, right); err != nil || got != root {
		t.Fatalf("the forged branch leads to %v, not %v: %v", got, root, err)
	}
	if err := prove(&transaction{hash: right}, forged, root); err == nil || !strings.Contains(err.Error(), "is itself a transaction") {
		t.Errorf("a branch through a transaction: %v", err)
	}
	if err := prove(&transaction{hash: dual.ID(), nodeLike: true}, &proof{position: 1, branch: []goshawk.Hash{other}}, root); err == nil {
		t.Error("a transaction of 64 bytes was taken for proved")
	}
	if err := prove(&transaction{hash: dual.ID()}, &proof{position: 1, branch: []goshawk.Hash{other}}, root); err != nil {
		t.Errorf("a branch without fault: %v", err)
	}
}

func TestIDs(t *testing.T) {
	for _, p := range [][2]uint32{{0, 0}, {0, 1}, {1, 0}, {170, 1}, {900_000, 5000}, {maxHeights - 1, maxPositions - 1}} {
		id := txID(int32(p[0]), p[1])
		if h, pos, ok := placeOf(id); h != int32(p[0]) || pos != p[1] || !ok {
			t.Errorf("%v becomes %d, %d, %v", p, h, pos, ok)
		}
		for _, index := range []uint32{0, 1, maxIndexes - 1} {
			if tx, i := splitOutput(outputID(id, index)); tx != id || i != index {
				t.Errorf("%v:%d becomes %v:%d", id, index, tx, i)
			}
		}
		if id >= goshawk.Later {
			t.Errorf("%v means something else", id)
		}
	}
	if txID(5, 2) <= txID(5, 1) || txID(6, 0) <= outputTx(txID(5, maxPositions-1), maxIndexes-1) {
		t.Error("ids do not order as the chain does")
	}
	for _, id := range []goshawk.TxID{goshawk.NoTx, goshawk.Burnt, goshawk.Later, 1, txID(5, 1) + 7} {
		if _, _, ok := placeOf(id); ok {
			t.Errorf("%v has a place", uint64(id))
		}
	}
}

func outputTx(tx goshawk.TxID, index uint32) goshawk.TxID { return goshawk.TxID(outputID(tx, index)) }

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "3.5": 0, "soon": 0, "99999999999": 0,
		"Fri, 01 May 2026 10:01:00 GMT": time.Minute, "Fri, 01 May 2026 09:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q means %v, not %v", text, got, want)
		}
	}
}

// FuzzAnswers: no answer makes a parser panic, and what it lets through keeps its promises.
func FuzzAnswers(f *testing.F) {
	hash := `"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"`
	for _, seed := range []string{
		"170", "0", "-1", hash[1:65], `{"block_height":170,"merkle":[` + hash + `],"pos":1}`, `{"block_height":1,"merkle":[],"pos":0}`,
		`[{"spent":false},{"spent":true,"txid":` + hash + `,"vin":0,"status":{"confirmed":true,"block_height":5}}]`,
		`[{"txid":` + hash + `,"vin":[{"prevout":{"scriptpubkey":"6a"}},{"prevout":null}],"status":{"confirmed":true,"block_height":5}}]`,
		`{"chain_stats":{"funded_txo_count":1,"funded_txo_sum":1,"spent_txo_count":0,"spent_txo_sum":0,"tx_count":1}}`, `[` + hash + `]`, `null`, `[[[[`,
	} {
		f.Add([]byte(seed))
	}
	params, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		f.Fatal(err)
	}
	s := &Source{params: params, addressID: map[string]goshawk.AddressID{}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if h, err := parseHeight(body); err == nil && (h < 0 || h >= maxHeights) {
			t.Errorf("height %d", h)
		}
		if p, err := parseProof(body); err == nil {
			if p.height < 0 || p.height >= maxHeights || p.position >= maxPositions || len(p.branch) > maxDepth {
				t.Errorf("proof %+v", p)
			}
			if err := prove(&transaction{hash: goshawk.Hash{1}}, &p, goshawk.Hash{2}); err == nil {
				t.Error("a proof of nothing")
			}
		}
		if spends, err := parseSpends(body, 2); err == nil && len(spends) != 2 {
			t.Errorf("%d spends", len(spends))
		}
		if list, err := parseHistory(body); err == nil {
			for _, l := range list {
				s.spendsOf(s.intern(goshawk.PubKeyHash, make([]byte, 20)), l.scripts)
				if l.height < 0 || l.height >= maxHeights {
					t.Errorf("height %d", l.height)
				}
			}
		}
		if ids, err := parseTxids(body); err == nil && len(ids) == 0 {
			t.Error("a block without transactions")
		}
		if h, err := parseHash(body); err == nil {
			if _, err := s.parseHeader(body, h); err == nil {
				t.Error("a hash is no header")
			}
		}
		if _, err := parseStats(body); err == nil && !json.Valid(body) {
			t.Error("totals that are no JSON")
		}
		if _, err := s.decode(body, goshawk.Hash{}); err == nil {
			t.Error("bytes that hash to 0")
		}
	})
}

// FuzzIndex: no index makes reading it panic, and only whole lines count.
func FuzzIndex(f *testing.F) {
	first := `{"kind":"format","version":1,"name":"goshawk exhibits"}` + "\n"
	sum := sumOf([]byte("x"))
	f.Add([]byte(""))
	f.Add([]byte(first + `{"kind":"answer","url":"u/tx/1/raw","status":200,"size":1,"sha256":"` + sum + `"}` + "\n" + `{"kind":"pin","source":"u","height":5,"hash":"` + sum + `"}` + "\n"))
	f.Add([]byte(first + `{"kind":"rejected","url":"u"}` + "\n{"))
	f.Fuzz(func(t *testing.T, file []byte) {
		e := &exhibits{source: "u", byURL: map[string]kept{}}
		size, err := readIndex(bytes.NewReader(file), e.take)
		if err != nil {
			if goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%v", err)
			}
			return
		}
		if size < 0 || size > int64(len(file)) || size > 0 && file[size-1] != '\n' {
			t.Errorf("%d of %d bytes", size, len(file))
		}
		for url, k := range e.byURL {
			if len(k.sum) != 64 || strings.ContainsAny(k.sum, "/.") {
				t.Errorf("%s is kept under %q", url, k.sum)
			}
		}
	})
}
