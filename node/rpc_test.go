package node_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
	"goshawk/node"
)

func call(h http.Handler, body string) (int, string) {
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	return r.Code, strings.TrimSpace(r.Body.String())
}

func TestRPC(t *testing.T) {
	w := mainnet(t, 184)
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	tip := w.blocks[183].String()
	raw9 := hex.EncodeToString(w.raw[w.blocks[9]][81:])
	header := strings.TrimSpace(hex.EncodeToString(w.raw[w.blocks[9]][:80]))
	for _, test := range []struct {
		call   string
		status int
		answer string // or its beginning, up to …
	}{
		{`{"jsonrpc":"1.0","id":"a","method":"getblockcount","params":[]}`, 200, `{"result":183,"error":null,"id":"a"}`},
		{`{"jsonrpc":"2.0","id":7,"method":"getblockcount"}`, 200, `{"jsonrpc":"2.0","result":183,"id":7}`},
		{`{"method":"getbestblockhash"}`, 200, `{"result":"` + tip + `","error":null,"id":null}`},
		{`{"method":"getblockhash","params":[9]}`, 200, `{"result":"` + block9 + `","error":null,"id":null}`},
		{`{"method":"getblockhash","params":[184]}`, 500, `{"result":null,"error":{"code":-8,"message":"Block height out of range"},"id":null}`},
		{`{"method":"getblockhash","params":[-1]}`, 500, `{"result":null,"error":{"code":-8,"message":"Block height out of range"},"id":null}`},
		{`{"jsonrpc":"2.0","id":1,"method":"getblockhash","params":[184]}`, 200, `{"jsonrpc":"2.0","error":{"code":-8,"message":"Block height out of range"},"id":1}`},
		{`{"method":"getblockhash","params":["9"]}`, 500, `{"result":null,"error":{"code":-3,"message":"height must be a number"},"id":null}`},
		{`{"method":"getblockhash","params":[]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getblockhash","params":[1,2]}`, 500, `{"result":null,"error":{"code":-1,…`},
		{`{"method":"getblockhash","params":{"height":9}}`, 200, `{"result":"` + block9 + `","error":null,"id":null}`},
		{`{"method":"getblockhash","params":{"hight":9}}`, 500, `{"result":null,"error":{"code":-8,"message":"Unknown named parameter hight"},"id":null}`},
		{`{"method":"getblockhash","params":{}}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getblockhash","params":9}`, 400, `{"result":null,"error":{"code":-32600,"message":"Params must be an array or object"},"id":null}`},
		{`{"method":"getblockcount","params":null}`, 200, `{"result":183,"error":null,"id":null}`},
		{`{"method":"getblock","params":{"verbosity":0,"blockhash":"` + block9 + `"}}`, 200, `{"result":"` + hex.EncodeToString(w.raw[w.blocks[9]]) + `","error":null,"id":null}`},
		{`{"method":"getblock","params":{"verbose":false,"blockhash":"` + block9 + `"}}`, 200, `{"result":"` + header + `…`},
		{`{"method":"getblock","params":{"verbosity":0,"verbose":0,"blockhash":"` + block9 + `"}}`, 500, `{"result":null,"error":{"code":-8,"message":"Parameter verbose specified twice"},"id":null}`},
		{`{"method":"getblock","params":{"verbosity":0}}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getblockheader","params":["` + block9 + `",null]}`, 200, `{"result":{"hash":"` + block9 + `",…`},
		{`{"method":"getnetworkinfo"}`, 200, `{"result":{"version":280000,"subversion":"/Satoshi:28.0.0(goshawk)/",…`},
		{`{"method":"getrawtransaction","params":["` + tx9 + `"]}`, 200, `{"result":"` + raw9 + `","error":null,"id":null}`},
		{`{"method":"getrawtransaction","params":{"txid":"` + tx9 + `","blockhash":"` + block9 + `"}}`, 200, `{"result":"` + raw9 + `","error":null,"id":null}`},
		{`{"method":"getrawtransaction","params":["` + tx9 + `",1]}`, 200, `{"result":{"txid":"` + tx9 + `","hash":"` + tx9 + `","version":1,"size":134,…`},
		{`{"method":"getrawtransaction","params":["` + tx9 + `",true,"` + block9 + `"]}`, 200, `{"result":{"in_active_chain":true,"txid":"` + tx9 + `",…`},
		{`{"method":"getrawtransaction","params":["` + tx9 + `",0,"` + tip + `"]}`, 500, `{"result":null,"error":{"code":-5,"message":"No such transaction found in the provided block.…`},
		{`{"method":"getrawtransaction","params":["` + block9 + `"]}`, 500, `{"result":null,"error":{"code":-5,"message":"No such mempool or blockchain transaction.…`},
		{`{"method":"getrawtransaction","params":["xyz"]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"getrawtransaction","params":[null]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getblock","params":["` + block9 + `",0]}`, 200, `{"result":"` + hex.EncodeToString(w.raw[w.blocks[9]]) + `","error":null,"id":null}`},
		{`{"method":"getblock","params":["` + block9 + `",false]}`, 200, `{"result":"` + header + `…`},
		{`{"method":"getblock","params":["` + block9 + `",true]}`, 200, `{"result":{"hash":"` + block9 + `","confirmations":175,"height":9,"version":1,"versionHex":"00000001","merkleroot":"` + tx9 + `","time":1231473279,"mediantime":1231471428,"nonce":1397702696,"bits":"1d00ffff","difficulty":1,"chainwork":"0000000000000000000000000000000000000000000000000000000a000a000a","nTx":1,"previousblockhash":"00000000408c48f847aa786c2268fc3e6ec2af68e8468a34a28c61b7f1de0dc6","nextblockhash":"000000002c05cc2e78923c34df87fd108b22221ac6076c18f3ade378a4d915e9","strippedsize":215,"size":215,"weight":860,"tx":["` + tx9 + `"]},"error":null,"id":null}`},
		{`{"method":"getblock","params":["` + block9 + `","all"]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getblock","params":["` + strings.Repeat("ab", 32) + `"]}`, 500, `{"result":null,"error":{"code":-5,"message":"Block not found"},"id":null}`},
		{`{"method":"getblock","params":["xyz"]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"getblockheader","params":["` + block9 + `",false]}`, 200, `{"result":"` + header + `","error":null,"id":null}`},
		{`{"method":"getblockheader","params":["` + tip + `"]}`, 200, `{"result":{"hash":"` + tip + `","confirmations":1,"height":183,…`},
		{`{"method":"getblockchaininfo"}`, 200, `{"result":{"chain":"main","blocks":183,"headers":183,"bestblockhash":"` + tip + `","bits":"1d00ffff","difficulty":1,…`},
		{`{"method":"getdifficulty"}`, 200, `{"result":1,"error":null,"id":null}`},
		{`{"method":"getchaintips"}`, 200, `{"result":[{"height":183,"hash":"` + tip + `","branchlen":0,"status":"active"}],"error":null,"id":null}`},
		{`{"method":"getindexinfo"}`, 200, `{"result":{"txindex":{"synced":true,"best_block_height":183}},"error":null,"id":null}`},
		{`{"method":"getindexinfo","params":["coinstatsindex"]}`, 200, `{"result":{},"error":null,"id":null}`},
		{`{"method":"getindexinfo","params":[1]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"getconnectioncount"}`, 200, `{"result":0,"error":null,"id":null}`},
		{`{"method":"getpeerinfo"}`, 200, `{"result":[],"error":null,"id":null}`},
		{`{"method":"getzmqnotifications"}`, 200, `{"result":[],"error":null,"id":null}`},
		{`{"method":"getmempoolinfo"}`, 200, `{"result":{"loaded":true,"size":0,…`},
		{`{"method":"getrawmempool"}`, 200, `{"result":[],"error":null,"id":null}`},
		{`{"method":"getrawmempool","params":[true]}`, 200, `{"result":{},"error":null,"id":null}`},
		{`{"method":"getrawmempool","params":{"mempool_sequence":true}}`, 200, `{"result":{"txids":[],"mempool_sequence":1},"error":null,"id":null}`},
		{`{"method":"getrawmempool","params":[true,true]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"getrawmempool","params":[1]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"estimatesmartfee","params":[6,"economical"]}`, 200, `{"result":{"errors":["Insufficient data or no feerate found"],"blocks":6},"error":null,"id":null}`},
		{`{"method":"estimatesmartfee","params":[0]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"estimatesmartfee"}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"sendrawtransaction","params":["00"]}`, 500, `{"result":null,"error":{"code":-26,"message":"this chain is only read from…`},
		{`{"method":"gettxout","params":["` + tx9 + `",0]}`, 200, `{"result":null,"error":null,"id":null}`},
		{`{"method":"gettxout","params":["` + tx170 + `",2]}`, 200, `{"result":null,"error":null,"id":null}`},
		{`{"method":"gettxout","params":["` + block9 + `",0]}`, 200, `{"result":null,"error":null,"id":null}`},
		{`{"method":"gettxout","params":["` + tx170 + `",0,true]}`, 200, `{"result":{"bestblock":"` + tip + `","confirmations":14,"value":10.00000000,"scriptPubKey":{"hex":"4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac","type":"pubkey"},"coinbase":false},"error":null,"id":null}`},
		{`{"method":"gettxout","params":["` + tx170 + `"]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"gettxoutproof","params":[["` + tx9 + `"]]}`, 200, `{"result":"` + header + `01000000` + `01` + reversedHex(t, tx9) + `0101","error":null,"id":null}`},
		{`{"method":"gettxoutproof","params":[["` + tx9 + `"],"` + block9 + `"]}`, 200, `{"result":"` + header + `…`},
		{`{"method":"gettxoutproof","params":[["` + tx9 + `"],"` + tip + `"]}`, 500, `{"result":null,"error":{"code":-5,…`},
		{`{"method":"gettxoutproof","params":[["` + tx9 + `","` + tx170 + `"]]}`, 500, `{"result":null,"error":{"code":-5,…`},
		{`{"method":"gettxoutproof","params":[["` + tx9 + `","` + tx9 + `"]]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"gettxoutproof","params":[["` + block9 + `"]]}`, 500, `{"result":null,"error":{"code":-5,"message":"Transaction not yet in block"},"id":null}`},
		{`{"method":"gettxoutproof","params":[[]]}`, 500, `{"result":null,"error":{"code":-8,…`},
		{`{"method":"gettxoutproof","params":["` + tx9 + `"]}`, 500, `{"result":null,"error":{"code":-3,…`},
		{`{"method":"help","params":["getblock"]}`, 200, `{"result":"getblock blockhash verbosity|verbose","error":null,"id":null}`},
		{`{"method":"help"}`, 200, `{"result":"estimatesmartfee conf_target estimate_mode\n…`},
		{`{"method":"help","params":["dig"]}`, 200, `{"result":"help: unknown command: dig","error":null,"id":null}`},
		{`{"method":"stop"}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":null}`},
		{`{"method":5}`, 400, `{"result":null,"error":{"code":-32600,…`},
		{`{"id":1}`, 400, `{"result":null,"error":{"code":-32600,…`},
		{`{`, 500, `{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}`},
		{``, 500, `{"result":null,"error":{"code":-32700,…`},
		{`[]`, 400, `{"result":null,"error":{"code":-32600,…`},
		{`[` + strings.Repeat(`{},`, 1000) + `{}]`, 400, `{"result":null,"error":{"code":-32600,…`},
		{`[{"id":1,"method":"getblockcount"},5,{"jsonrpc":"2.0","id":2,"method":"getblockhash","params":[0]},{"id":3,"method":"nothing"}]`, 200,
			`[{"result":183,"error":null,"id":1},{"result":null,"error":{"code":-32600,"message":"Invalid Request object"},"id":null},` +
				`{"jsonrpc":"2.0","result":"` + w.blocks[0].String() + `","id":2},{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":3}]`},
	} {
		status, answer := call(h, test.call)
		start, cut := strings.CutSuffix(test.answer, "…")
		if status != test.status || (!cut && answer != test.answer) || !strings.HasPrefix(answer, start) || !json.Valid([]byte(answer)) {
			t.Errorf("%.200s: %d %s, not %d %s", test.call, status, answer, test.status, test.answer)
		}
	}
	if status, _ := call(h, strings.Repeat(" ", 2<<20)); status != http.StatusBadRequest {
		t.Errorf("a long request: %d", status)
	}
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/", nil))
	if r.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", r.Code)
	}
}

// reversedHex is a hash as it is sent, not as it is written.
func reversedHex(t *testing.T, hash string) string {
	t.Helper()
	raw, err := hex.DecodeString(hash)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(raw)
	return hex.EncodeToString(raw)
}

func TestRPCLogin(t *testing.T) {
	w := mainnet(t, 2)
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{User: "goshawk", Password: "secret"}, nil)
	for login, want := range map[[2]string]int{
		{"goshawk", "secret"}: 200, {"goshawk", "wrong"}: 401, {"other", "secret"}: 401, {"", ""}: 401, {"goshawk", ""}: 401,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"method":"getblockcount"}`))
		if login[0] != "" {
			r.SetBasicAuth(login[0], login[1])
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if answer.Code != want || want == 401 && answer.Body.String() != "\n" {
			t.Errorf("%q: %d %q", login, answer.Code, answer.Body)
		}
	}
}

// TestRPCKeepsFaultsToItself: a fault of ours says nothing of us.
func TestRPCKeepsFaultsToItself(t *testing.T) {
	w := mainnet(t, 12)
	h := node.RPC(w.model.Snapshot(), lossy{[]byte("garbage")}, w.params, node.Login{}, nil)
	for _, request := range []string{`{"method":"getblock","params":["` + block9 + `"]}`, `{"method":"getblockchaininfo"}`} {
		if status, answer := call(h, request); status != 500 || answer != `{"result":null,"error":{"code":-32603,"message":"Internal error"},"id":null}` {
			t.Errorf("%s: %d %s", request, status, answer)
		}
	}
}

// TestSpentOutputs: verbosity 3 tells of each input's coin, where it was created
// and whether it was newly mined.
func TestSpentOutputs(t *testing.T) {
	w := mainnet(t, 184)
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	for height, want := range map[int]string{
		170: `"prevout":{"generated":true,"height":9,"value":50.00000000,"scriptPubKey":{"hex":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","type":"pubkey"}}`,
		181: `"prevout":{"generated":false,"height":170,"value":40.00000000,`,
	} {
		_, answer := call(h, `{"method":"getblock","params":["`+w.blocks[height].String()+`",3]}`)
		if !strings.Contains(answer, want) || !strings.Contains(answer, `"fee":0.00000000`) {
			t.Errorf("block %d: %s", height, answer)
		}
		_, answer = call(h, `{"method":"getblock","params":["`+w.blocks[height].String()+`",2]}`)
		if strings.Contains(answer, "prevout") || strings.Contains(answer, `"fee":`) || !strings.Contains(answer, `"hex"`) {
			t.Errorf("block %d, verbosity 2: %s", height, answer)
		}
	}
}

// poorer is a ledger that takes every spent coin for worth less than it is.
type poorer struct {
	goshawk.Ledger
	less uint64
}

func (p poorer) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	err := p.Ledger.Transactions(ctx, ids, want, into)
	for i := range into.Inputs {
		into.Inputs[i].Value -= p.less
	}
	return err
}

// TestNoFeeBelowZero: where a transaction pays more than its coins hold, no fee is told.
func TestNoFeeBelowZero(t *testing.T) {
	w := mainnet(t, 184)
	for less, fee := range map[uint64]bool{0: true, 1: false} {
		l := poorer{w.model.Snapshot(), less}
		_, answer := call(node.RPC(l, w, w.params, node.Login{}, nil), `{"method":"getblock","params":["`+w.blocks[170].String()+`",3]}`)
		if strings.Contains(answer, `"fee":0.00000000`) != fee || strings.Count(answer, `"fee"`) != map[bool]int{true: 1}[fee] {
			t.Errorf("%d less: %s", less, answer)
		}
		status, _, answer := get(node.Esplora(l, w, w.params, nil), "/tx/f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16")
		if want := map[bool]string{true: `"fee":0,`, false: `"fee":null,`}[fee]; status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%d less: %s", less, answer)
		}
	}
}

// TestRPCLikeANode compares getblock with what Bitcoin Core answered for the
// same block, over a ledger that starts there.
func TestRPCLikeANode(t *testing.T) {
	packed, err := gzip.NewReader(bytes.NewReader(fixture.Bytes(t, "bitcoin", "rpc", "279671.getblock3.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct{ Result json.RawMessage }
	if json.Unmarshal(text, &recorded) == nil && recorded.Result != nil {
		text = recorded.Result
	}
	var want map[string]any
	var block struct {
		Height, Version int32
		Time, Nonce     uint32
		Bits            string
		MerkleRoot      goshawk.Hash
		Previous        goshawk.Hash `json:"previousblockhash"`
		Tx              []struct {
			Hex string
			Vin []struct {
				Prevout *struct {
					Height int32
					Value  float64
					Script struct{ Hex string } `json:"scriptPubKey"`
				}
			}
		}
	}
	for _, into := range []any{&want, &block} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	bits, err := strconv.ParseUint(block.Bits, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	header := bitcoin.Header{Version: block.Version, Parent: block.Previous, MerkleRoot: block.MerkleRoot, Time: block.Time, Bits: uint32(bits), Nonce: block.Nonce}
	var txs []*bitcoin.Tx
	for _, tx := range block.Tx {
		raw, err := hex.DecodeString(tx.Hex)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := bitcoin.DecodeTx(raw)
		if err != nil {
			t.Fatal(err)
		}
		txs = append(txs, decoded)
	}
	w := newWorld(t, "bitcoin")
	w.model.Start = block.Height
	w.add(t, block.Height, bitcoin.AppendBlock(nil, &header, txs), func(b *goshawk.Block) {
		in := 0
		for _, tx := range block.Tx {
			for _, vin := range tx.Vin {
				if vin.Prevout == nil {
					continue
				}
				script, err := hex.DecodeString(vin.Prevout.Script.Hex)
				if err != nil {
					t.Fatal(err)
				}
				kind, key, _, _ := bitcoin.Classify(script, nil)
				start := uint32(len(b.Keys))
				b.Keys = append(b.Keys, key...)
				i := &b.Ins[in]
				i.Known, i.Kind, i.Height, i.KeyStart, i.KeyEnd = goshawk.CoinKnown, kind, vin.Prevout.Height, start, uint32(len(b.Keys))
				i.Value = uint64(math.Round(vin.Prevout.Value * 1e8))
				in++
			}
		}
	})
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	_, answer := call(h, `{"method":"getblock","params":["`+w.blocks[0].String()+`",3]}`)
	var got struct{ Result map[string]any }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	// What a ledger that holds one block cannot know, and what Goshawk leaves out.
	for _, key := range []string{"confirmations", "mediantime", "chainwork", "nextblockhash"} {
		delete(want, key)
		delete(got.Result, key)
	}
	want = without(want, "asm", "desc", "generated").(map[string]any)
	without(got.Result, "generated")
	outputs := 0
	for i, tx := range want["tx"].([]any) {
		outputs += len(tx.(map[string]any)["vout"].([]any))
		if g := got.Result["tx"].([]any)[i]; !reflect.DeepEqual(g, tx) {
			t.Fatalf("transaction %d: %v\nnot %v", i, g, tx)
		}
	}
	if outputs < 400 {
		t.Errorf("only %d outputs were compared", outputs)
	}
	if !reflect.DeepEqual(got.Result, want) {
		delete(got.Result, "tx")
		delete(want, "tx")
		t.Errorf("%v\nnot %v", got.Result, want)
	}
}

// without removes keys at every depth.
func without(v any, keys ...string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range keys {
			delete(v, key)
		}
		for key := range v {
			v[key] = without(v[key], keys...)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], keys...)
		}
	}
	return v
}

func FuzzRPC(f *testing.F) {
	w := newWorld(f, "regtest")
	raw, header, err := w.params.NewBlock(goshawk.Hash{}, 1_600_000_000, bitcoin.Coinbase(0, nil, bitcoin.TxOutput{Value: 50e8, Script: []byte{0x51}}))
	if err != nil {
		f.Fatal(err)
	}
	w.add(f, 0, raw, nil)
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	for _, seed := range []string{
		`{"id":1,"method":"getblock","params":["` + header.Hash.String() + `",3]}`, `[{"method":"getblockhash","params":[0]},null,{"method":"getblockheader"}]`, `{"params":null}`, `[[]]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if _, answer := call(h, body); !json.Valid([]byte(answer)) || strings.Contains(answer, "-32603") {
			t.Errorf("%q: %s", body, answer)
		}
	})
}

// TestTransactionAlone: a transaction that is asked for by itself is what its block
// says of it, with its place.
func TestTransactionAlone(t *testing.T) {
	w := mainnet(t, 184)
	h := node.RPC(w.model.Snapshot(), w, w.params, node.Login{}, nil)
	type object = map[string]any
	ask := func(method string, params ...any) object {
		t.Helper()
		body, err := json.Marshal(object{"method": method, "params": params})
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Result object }
		if status, text := call(h, string(body)); status != 200 || json.Unmarshal([]byte(text), &answer) != nil {
			t.Fatal(status, text)
		}
		return answer.Result
	}
	block := ask("getblock", w.blocks[170].String(), 3)
	for _, listed := range block["tx"].([]any) {
		want := listed.(object)
		got := ask("getrawtransaction", want["txid"], 2)
		for key, value := range (object{"blockhash": block["hash"], "confirmations": block["confirmations"], "time": block["time"], "blocktime": block["time"]}) {
			if !reflect.DeepEqual(got[key], value) {
				t.Errorf("%s is %v, not %v", key, got[key], value)
			}
			delete(got, key)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("alone %v, in the block %v", got, want)
		}
	}
}
