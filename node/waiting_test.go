package node_test

import (
	"encoding/hex"
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
	} {
		if got := ask(q.path, q.body); !strings.Contains(got, q.want) {
			t.Errorf("%s %s: %s, without %s", q.path, q.body, got, q.want)
		}
	}
	server.Show(w.model.Snapshot(), nil)
	if got := ask("/mempool/txids", ""); got != "[]" {
		t.Errorf("with the next ledger, %s waits", got)
	}
	server.Show(nil, nil)
}
