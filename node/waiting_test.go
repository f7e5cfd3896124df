package node_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/node"
)

// TestWaiting: what waits is told as a node and an explorer tell it, with its fee, and no more once the next ledger is shown.
func TestWaiting(t *testing.T) {
	w, _ := growing(t, 3)
	server := node.NewServer(w, w.params, node.Login{}, nil)
	server.Wait(nil) // nothing is shown: nothing to wait beside
	server.Show(w.model.Snapshot(), nil)
	ask := func(path, body string) string {
		t.Helper()
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		r := httptest.NewRecorder()
		server.ServeHTTP(r, httptest.NewRequest(method, path, strings.NewReader(body)))
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	first, err := bitcoin.SplitBlock(w.raw[w.blocks[1]])
	if err != nil {
		t.Fatal(err)
	}
	script := bitcoin.Script(goshawk.PubKeyHash, make([]byte, 20))
	one := bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: first.Txs[0].ID}}}, Outputs: []bitcoin.TxOutput{{Value: 50e8 - 700, Script: script}}}
	two := bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: one.ID()}}}, Outputs: []bitcoin.TxOutput{{Value: 50e8 - 1000, Script: script}}}
	at := time.Unix(1_600_002_000, 0)
	server.Wait([]node.Waiting{{ID: one.ID(), Raw: one.Append(nil), Since: at}, {ID: two.ID(), Raw: two.Append(nil), Since: at.Add(time.Minute)}})
	a, b := one.ID().String(), two.ID().String()
	raw := hex.EncodeToString(one.Append(nil))
	paid, mined := w.params.FormatAddress(goshawk.PubKeyHash, make([]byte, 20)), first.Txs[0].ID.String()
	hash := sha256.Sum256(script)
	foreign := w.params.FormatAddress(goshawk.PubKeyHash, bytes.Repeat([]byte{7}, 20))
	const unconfirmed = `"status":{"confirmed":false}`
	stats := fmt.Sprintf(`"mempool_stats":{"funded_txo_count":2,"funded_txo_sum":%d,"spent_txo_count":2,"spent_txo_sum":%d,"tx_count":2}`, uint64(100e8-1700), uint64(100e8-700))
	for _, q := range []struct{ path, body, want string }{
		{"/", `{"method":"getrawmempool"}`, `"result":["` + a + `","` + b + `"]`},
		{"/", `{"method":"getrawmempool","params":[false,true]}`, `"mempool_sequence":3`},
		{"/", `{"method":"getrawmempool","params":[true]}`, `"fees":{"base":0.00000700},"depends":[]`},
		{"/", `{"method":"getrawmempool","params":[true]}`, `"fees":{"base":0.00000300},"depends":["` + a + `"]`},
		{"/", `{"method":"getmempoolinfo"}`, `"size":2,`},
		{"/", `{"method":"getmempoolinfo"}`, `"total_fee":0.00001000`},
		{"/", `{"method":"getrawtransaction","params":["` + a + `"]}`, `"result":"` + raw + `"`},
		{"/", `{"method":"getrawtransaction","params":["` + a + `",1]}`, `"txid":"` + a + `"`},
		{"/", `{"method":"getrawtransaction","params":["` + a + `",0,"` + w.blocks[1].String() + `"]}`, `No such`},
		{"/mempool", "", `"count":2,`},
		{"/mempool", "", `"total_fee":1000`},
		{"/mempool/txids", "", `["` + a + `","` + b + `"]`},
		{"/mempool/recent", "", `[{"txid":"` + b + `","fee":300,"vsize":`},
		{"/tx/" + a + "/hex", "", raw},
		{"/tx/" + a + "/status", "", `{"confirmed":false}`},
		{"/tx/" + a, "", `"prevout":{"scriptpubkey":"` + hex.EncodeToString(script) + `"`},
		{"/tx/" + a, "", `"fee":700,` + unconfirmed},
		{"/tx/" + b, "", fmt.Sprintf(`"value":%d},"scriptsig"`, uint64(50e8-700))},
		{"/tx/" + b, "", `"fee":300,` + unconfirmed},
		{"/tx/" + mined + "/outspend/0", "", `{"spent":true,"txid":"` + a + `","vin":0,` + unconfirmed + `}`},
		{"/tx/" + a + "/outspends", "", `[{"spent":true,"txid":"` + b + `","vin":0,` + unconfirmed + `}]`},
		{"/tx/" + b + "/outspends", "", `[{"spent":false}]`},
		{"/tx/" + b + "/outspend/7", "", `{"spent":false}`},
		{"/tx/" + b + "/merkle-proof", "", "not found or is unconfirmed"},
		{"/address/" + paid, "", stats},
		{"/scripthash/" + hex.EncodeToString(hash[:]), "", stats},
		{"/address/" + foreign + "/txs", "", `[]`},
		{"/", `{"method":"gettxout","params":["` + mined + `",0]}`, `"result":null`},
		{"/", `{"method":"gettxout","params":["` + mined + `",0,false]}`, `"confirmations":3,`},
		{"/", `{"method":"gettxout","params":["` + a + `",0]}`, `"result":null`},
		{"/", `{"method":"gettxout","params":["` + b + `",0,true]}`, `"confirmations":0,"value":49.99999000,`},
		{"/", `{"method":"gettxout","params":["` + b + `",0,false]}`, `"result":null`},
		{"/", `{"method":"gettxout","params":["` + b + `",1]}`, `"result":null`},
		{"/", `{"method":"gettxout","params":["` + b + `",0,"x"]}`, `must be true or false`},
	} {
		if got := ask(q.path, q.body); !strings.Contains(got, q.want) {
			t.Errorf("%s %s: %s, without %s", q.path, q.body, got, q.want)
		}
	}
	// What waits comes before the chain, the last first, on the page of it all and on its own; never on the chain's.
	type listed struct {
		Txid   string
		Status struct{ Confirmed bool }
	}
	for path, want := range map[string][]string{"/txs": {b, a, "", "", mined}, "/txs/mempool": {b, a}, "/txs/chain": {"", "", mined}, "/utxo": {"", "", b}} {
		var list []listed
		if err := json.Unmarshal([]byte(ask("/address/"+paid+path, "")), &list); err != nil || len(list) != len(want) {
			t.Errorf("%s: %d of %d, %v", path, len(list), len(want), err)
			continue
		}
		for i, name := range want {
			if waits := name == a || name == b; name != "" && list[i].Txid != name || list[i].Status.Confirmed == waits {
				t.Errorf("%s: %d is %+v", path, i, list[i])
			}
		}
	}
	server.Show(w.model.Snapshot(), nil)
	if got := ask("/mempool/txids", ""); got != "[]" {
		t.Errorf("with the next ledger, %s waits", got)
	}
	server.Show(nil, nil)
}
