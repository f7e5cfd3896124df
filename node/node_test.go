package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
	"goshawk/ledger/ledgertest"
	"goshawk/node"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world is a ledger and the raw blocks it was made of.
type world struct {
	params *bitcoin.Params
	raw    map[goshawk.Hash][]byte
	model  *ledgertest.Model
	blocks []goshawk.Hash
}

func newWorld(t testing.TB, network string) *world {
	t.Helper()
	p, err := bitcoin.Lookup(network)
	if err != nil {
		t.Fatal(err)
	}
	return &world{params: p, raw: map[goshawk.Hash][]byte{}, model: ledgertest.New(p)}
}

func (w *world) Block(_ context.Context, hash goshawk.Hash) ([]byte, error) {
	raw, ok := w.raw[hash]
	if !ok {
		return nil, goshawk.Errorf(goshawk.NotFound, "no block %v", hash)
	}
	return raw, nil
}

func (w *world) add(t testing.TB, height int32, raw []byte, change func(*goshawk.Block)) {
	t.Helper()
	var b goshawk.Block
	d := bitcoin.NewDecoder(w.params)
	d.DeriveKeys = w.model.Partial
	if err := d.Block(raw, &b); err != nil {
		t.Fatal(err)
	}
	b.Height = height
	if change != nil {
		change(&b)
	}
	if err := w.model.Append(&b); err != nil {
		t.Fatal(err)
	}
	w.raw[b.Hash] = raw
	w.blocks = append(w.blocks, b.Hash)
}

// mainnet returns the chain of the first blocks.
func mainnet(t testing.TB, most int) *world {
	w := newWorld(t, "bitcoin")
	file := fixture.Bytes(t, "bitcoin", "first600", "blk00000.dat")
	for height := int32(0); height < int32(most); height++ {
		if !bytes.Equal(file[:4], w.params.Magic[:]) {
			t.Fatalf("no block %d", height)
		}
		n := binary.LittleEndian.Uint32(file[4:])
		w.add(t, height, file[8:8+n], nil)
		file = file[8+n:]
	}
	return w
}

func (w *world) explorer() http.Handler {
	return node.Esplora(w.model.Snapshot(), w, w.params, nil)
}

func get(h http.Handler, path string) (status int, kind, body string) {
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
	return r.Code, r.Header().Get("Content-Type"), r.Body.String()
}

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and look at the difference:\n%s", path, got)
	}
}

const (
	tx170   = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
	tx9     = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"
	block9  = "000000008d9dc510f23c2657fc4f67bea30078cc05a90eb89e84cc475c080805"
	hal     = "1Q2TWHE3GMdB6BZKafqwxXtWAWgFt5Jvm3" // received the first payment
	satoshi = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S" // made it
)

// crafted returns a chain with every kind of script, and the hashes of its
// transactions.
func crafted(t testing.TB) (*world, []goshawk.Hash) {
	w := newWorld(t, "regtest")
	key := append([]byte{33, 2}, append(bytes.Repeat([]byte{7}, 32), 0xac)...)
	multisig := append(append([]byte{0x51, 33, 3}, bytes.Repeat([]byte{8}, 32)...), 0x51, 0xae)
	program := sha256.Sum256(multisig)
	nested := bitcoin.Script(goshawk.WitnessScriptHash, program[:])
	k := func(kind goshawk.Kind, size int) []byte {
		return bitcoin.Script(kind, bytes.Repeat([]byte{byte(kind)}, size))
	}
	scripts := [][]byte{
		key, k(goshawk.PubKeyHash, 20), k(goshawk.ScriptHash, 20), k(goshawk.WitnessPubKeyHash, 20), nested, k(goshawk.Taproot, 32),
		append([]byte{0x52, 4}, "abcd"...), multisig, append([]byte{0x6a, 0x4c, 3}, "abc"...), {0x51, 0x93, 0xb1, 0xfe}, {0x4d, 1}, {0x60, 5, 1}, {0x4f, 0x50, 0xba, 0xff}, {},
	}
	var outputs []bitcoin.TxOutput
	for i, script := range scripts {
		outputs = append(outputs, bitcoin.TxOutput{Value: uint64(1000 * (i + 1)), Script: script})
	}
	var txs []goshawk.Hash
	parent := goshawk.Hash{}
	mine := func(list ...*bitcoin.Tx) {
		height := int32(len(w.blocks))
		raw, header, err := w.params.NewBlock(parent, 1_600_000_000+600*uint32(height), append([]*bitcoin.Tx{bitcoin.Coinbase(height, []byte("test"), bitcoin.TxOutput{Value: 50e8, Script: scripts[1]})}, list...)...)
		if err != nil {
			t.Fatal(err)
		}
		w.add(t, height, raw, nil)
		parent = header.Hash
		split, err := bitcoin.SplitBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range split.Txs {
			txs = append(txs, tx.ID)
		}
	}
	mine()
	mine()
	mine(&bitcoin.Tx{Version: -1, LockTime: 7, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: txs[1]}, Script: []byte{1, 9}}}, Outputs: outputs})
	fan := txs[len(txs)-1]
	spend := &bitcoin.Tx{Version: 2, Outputs: []bitcoin.TxOutput{{Value: 20_000, Script: scripts[3]}}}
	for i, unlock := range []bitcoin.TxInput{
		{Script: []byte{2, 0xaa, 0xbb}}, {Script: []byte{1, 0xaa, 1, 0xbb}}, {Script: append([]byte{0, 34}, nested...), Witness: [][]byte{{}, {1}, multisig}},
		{Witness: [][]byte{{0xaa}, {0xbb}}}, {Witness: [][]byte{{}, {1}, multisig}}, {Witness: [][]byte{{0xcc}}}, {}, {Script: []byte{0}},
	} {
		unlock.Prev, unlock.Sequence = goshawk.Outpoint{Tx: fan, Index: uint32(i)}, 0xfffffffe
		spend.Inputs = append(spend.Inputs, unlock)
	}
	mine(spend)
	return w, txs
}

// TestExplorer shows every kind of answer, as a transcript.
func TestExplorer(t *testing.T) {
	w, txs := crafted(t)
	h := w.explorer()
	fan, spend := txs[3].String(), txs[5].String()
	block := "/block/" + w.blocks[3].String()
	paid := w.params.FormatAddress(goshawk.PubKeyHash, bytes.Repeat([]byte{byte(goshawk.PubKeyHash)}, 20))
	nobody := "/address/" + w.params.FormatAddress(goshawk.PubKeyHash, make([]byte, 20))
	var out strings.Builder
	for _, path := range []string{
		"/blocks/tip/height", "/blocks/tip/hash", "/block-height/2", "/block/" + w.blocks[0].String(), block, block + "/header", block + "/status",
		"/block/" + w.blocks[1].String() + "/status", block + "/txids", block + "/txid/1",
		"/tx/" + txs[0].String(), "/tx/" + fan, "/tx/" + spend, "/tx/" + spend + "/hex", "/tx/" + spend + "/status", "/tx/" + spend + "/merkle-proof", "/tx/" + spend + "/merkleblock-proof",
		"/tx/" + txs[0].String() + "/merkle-proof", "/tx/" + fan + "/outspend/0", "/tx/" + fan + "/outspend/8", "/tx/" + fan + "/outspends",
		"/address/" + paid, "/address/" + paid + "/utxo", "/address/" + paid + "/txs/mempool", nobody, nobody + "/txs", nobody + "/utxo",
	} {
		status, kind, body := get(h, path)
		fmt.Fprintf(&out, "> GET %s\n%d %s\n%s\n\n", path, status, kind, pretty(body))
	}
	golden(t, "esplora.txt", out.String())
}

// TestFirstPayment compares with what public explorers answer.
func TestFirstPayment(t *testing.T) {
	h := mainnet(t, 184).explorer()
	var tx struct {
		Size, Weight int
		Fee          *int
		Vin          []struct {
			Prevout struct {
				Value int
				Type  string `json:"scriptpubkey_type"`
				Asm   string `json:"scriptpubkey_asm"`
				Text  string `json:"scriptpubkey_address"`
			}
		}
		Vout   []struct{ Value int }
		Status struct {
			Height int    `json:"block_height"`
			Hash   string `json:"block_hash"`
			Time   int    `json:"block_time"`
		}
	}
	if _, _, body := get(h, "/tx/"+tx170); json.Unmarshal([]byte(body), &tx) != nil || len(tx.Vin) != 1 || len(tx.Vout) != 2 || tx.Fee == nil {
		t.Fatal(body)
	}
	prevout := tx.Vin[0].Prevout
	if tx.Size != 275 || tx.Weight != 1100 || *tx.Fee != 0 || prevout.Value != 50e8 || prevout.Type != "p2pk" || prevout.Text != "" ||
		!strings.HasPrefix(prevout.Asm, "OP_PUSHBYTES_65 0411db93e1dcdb8a") || !strings.HasSuffix(prevout.Asm, " OP_CHECKSIG") ||
		tx.Vout[0].Value != 10e8 || tx.Vout[1].Value != 40e8 || tx.Status.Height != 170 || tx.Status.Time != 1231731025 ||
		tx.Status.Hash != "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee" {
		t.Errorf("%+v", tx)
	}
	for _, test := range [][2]string{
		{"/tx/" + tx9 + "/outspend/0", `{"spent":true,"txid":"` + tx170 + `","vin":0,"status":{"confirmed":true,"block_height":170,`},
		{"/address/" + hal, `{"address":"` + hal + `","chain_stats":{"funded_txo_count":1,"funded_txo_sum":1000000000,"spent_txo_count":0,"spent_txo_sum":0,"tx_count":1},`},
		{"/address/" + hal + "/txs/chain/" + tx170, "[]"},
		{"/address/" + satoshi, `{"address":"` + satoshi + `","chain_stats":{"funded_txo_count":5,"funded_txo_sum":17700000000,"spent_txo_count":4,"spent_txo_sum":14900000000,"tx_count":5},`},
		{"/address/" + satoshi + "/utxo", `[{"txid":"`},
	} {
		if _, _, body := get(h, test[0]); !strings.HasPrefix(body, test[1]) {
			t.Errorf("%s: %s", test[0], body)
		}
	}
}

// pretty indents JSON and leaves all else as it is.
func pretty(body string) string {
	var indented bytes.Buffer
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		if json.Indent(&indented, []byte(body), "", "  ") == nil {
			return indented.String()
		}
	}
	return body
}

func TestRawAnswers(t *testing.T) {
	w := mainnet(t, 171)
	h := w.explorer()
	hash := w.blocks[170]
	status, kind, body := get(h, "/block/"+hash.String()+"/raw")
	if status != 200 || kind != "application/octet-stream" || body != string(w.raw[hash]) {
		t.Errorf("%d %s, %d bytes", status, kind, len(body))
	}
	_, kind, body = get(h, "/tx/"+tx170+"/raw")
	tx, err := bitcoin.DecodeTx([]byte(body))
	if err != nil || tx.ID().String() != tx170 || kind != "application/octet-stream" {
		t.Errorf("%v, %s", err, kind)
	}
	var list []struct{ ID string }
	_, _, body = get(h, "/blocks/20")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 10 || list[0].ID != w.blocks[20].String() || list[9].ID != w.blocks[11].String() {
		t.Errorf("%v: %s", err, body)
	}
	_, _, body = get(h, "/blocks")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 10 || list[0].ID != w.blocks[170].String() {
		t.Errorf("%v: %s", err, body)
	}
	_, _, body = get(h, "/blocks/3")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 4 {
		t.Errorf("%v: %s", err, body)
	}
}

// TestExplorerRefuses: what is wrong with the question is said in plain text.
func TestExplorerRefuses(t *testing.T) {
	h := mainnet(t, 12).explorer()
	unknown := strings.Repeat("ab", 32)
	for _, test := range []struct {
		path   string
		status int
		body   string
	}{
		{"/tx/" + unknown, 404, "Transaction not found"},
		{"/tx/" + unknown + "/raw", 404, "Transaction not found"},
		{"/tx/" + unknown + "/hex", 404, "Transaction not found"},
		{"/tx/" + unknown + "/outspends", 404, "Transaction not found"},
		{"/tx/" + unknown + "/merkle-proof", 404, "Transaction not found or is unconfirmed"},
		{"/tx/" + unknown + "/status", 200, `{"confirmed":false}`},
		{"/tx/" + unknown + "/outspend/0", 200, `{"spent":false}`},
		{"/tx/" + tx9 + "/outspend/7", 200, `{"spent":false}`},
		{"/tx/" + tx9 + "/outspend/4294967295", 200, `{"spent":false}`},
		{"/tx/" + tx9 + "/outspend/4294967296", 400, "Invalid number"},
		{"/tx/" + tx9 + "/outspend/-1", 400, "Invalid number"},
		{"/tx/" + tx9 + "/outspend/+1", 400, "Invalid number"},
		{"/tx/xyz", 400, "Invalid hex string"},
		{"/tx/" + tx9 + "00", 400, "Invalid hex string"},
		{"/tx/" + tx9 + "/nothing", 404, "endpoint does not exist"},
		{"/block/" + unknown, 404, "Block not found"},
		{"/block/" + unknown + "/header", 404, "Block not found"},
		{"/block/" + unknown + "/raw", 404, "Block not found"},
		{"/block/" + unknown + "/status", 200, `{"in_best_chain":false}`},
		{"/block/12", 400, "Invalid hex string"},
		{"/block/" + block9 + "/txid/1", 404, "tx index out of range"},
		{"/block/" + block9 + "/txid/4294967295", 404, "tx index out of range"},
		{"/block/" + block9 + "/txs/1", 400, "start index must be a multiple of 25"},
		{"/block/" + block9 + "/txs/25", 400, "start index out of range"},
		{"/block/" + block9 + "/txs/4294967275", 400, "start index out of range"},
		{"/block-height/12", 404, "Block not found"},
		{"/block-height/2147483648", 400, "Invalid number"},
		{"/block-height/x", 400, "Invalid number"},
		{"/blocks/12", 404, "Block not found"},
		{"/blocks/x", 400, "Invalid number"},
		{"/address/" + hal[:20], 400, "Invalid address"},
		{"/address/tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", 400, "Invalid address"},
		{"/address/" + satoshi + "/txs/chain/xyz", 400, "Invalid hex string"},
		{"/address/" + satoshi + "/txs/chain/" + unknown, 200, "[]"},
		{"/address/" + satoshi + "/txs/chain/4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", 200, "[]"},
		{"/", 404, "endpoint does not exist"},
		{"/tx/" + unknown + "/merkleblock-proof", 404, "Transaction not found or is unconfirmed"},
		{"/scripthash/" + unknown[:62] + "/utxo", 400, "Invalid script hash"},
		{"/scripthash/" + unknown + "ab", 400, "Invalid script hash"},
		{"/scripthash/" + strings.Repeat("xy", 32), 400, "Invalid script hash"},
		{"/scripthash/" + unknown + "/utxo", 200, "[]"},
		{"/address/" + hal[:20] + "/txs/mempool", 400, "Invalid address"},
		{"/address-prefix/nothing", 200, "[]"},
		{"/address-prefix/", 404, "endpoint does not exist"},
		{"/mempool", 200, `{"count":0,"vsize":0,"total_fee":0,"fee_histogram":[]}`},
		{"/mempool/txids", 200, "[]"},
		{"/mempool/recent", 200, "[]"},
		{"/mempool/else", 404, "endpoint does not exist"},
		{"/broadcast?tx=00", 403, "this chain is only read from"},
		{"/fee-estimates", 200, "{}"},
	} {
		status, kind, body := get(h, test.path)
		if status != test.status || !strings.HasPrefix(strings.TrimSpace(body), test.body) {
			t.Errorf("%s: %d %q, not %d %q", test.path, status, body, test.status, test.body)
		}
		if status != 200 && !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s: %s", test.path, kind)
		}
	}
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodPost, "/tx/"+tx9, nil))
	if r.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.Code)
	}
	for _, path := range []string{"/tx", "/txs/package"} {
		r := httptest.NewRecorder()
		h.ServeHTTP(r, httptest.NewRequest(http.MethodPost, path, strings.NewReader("00")))
		if r.Code != http.StatusForbidden || !strings.HasPrefix(r.Body.String(), "this chain is only read from") {
			t.Errorf("POST %s: %d %s", path, r.Code, r.Body)
		}
	}
}

// lossy is a source of blocks that lost them, or has others in their place.
type lossy struct{ raw []byte }

func (l lossy) Block(context.Context, goshawk.Hash) ([]byte, error) {
	if l.raw == nil {
		return nil, goshawk.Errorf(goshawk.NotFound, "the file /secret/blk00000.dat is gone")
	}
	return l.raw, nil
}

// TestKeepsFaultsToItself: a fault of ours is no answer, and says nothing of us.
func TestKeepsFaultsToItself(t *testing.T) {
	w := mainnet(t, 12)
	for name, blocks := range map[string]node.Blocks{"lost": lossy{}, "garbage": lossy{[]byte("garbage")}, "another": lossy{w.raw[w.blocks[3]]}} {
		h := node.Esplora(w.model.Snapshot(), blocks, w.params, nil)
		for _, path := range []string{"/tx/" + tx9, "/tx/" + tx9 + "/raw", "/tx/" + tx9 + "/merkle-proof", "/blocks"} {
			if status, _, body := get(h, path); status != 500 || body != "internal error\n" {
				t.Errorf("%s: %s: %d %q", name, path, status, body)
			}
		}
	}
}

// TestManyOutputs: an address with more unspent outputs than an answer may hold is refused.
func TestManyOutputs(t *testing.T) {
	w := newWorld(t, "regtest")
	a := bitcoin.Script(goshawk.WitnessPubKeyHash, bytes.Repeat([]byte{1}, 20))
	b := bitcoin.Script(goshawk.WitnessPubKeyHash, bytes.Repeat([]byte{2}, 20))
	var outputs []bitcoin.TxOutput
	for range 501 {
		outputs = append(outputs, bitcoin.TxOutput{Value: 1, Script: a})
	}
	for range 500 {
		outputs = append(outputs, bitcoin.TxOutput{Value: 1, Script: b})
	}
	parent := goshawk.Hash{}
	for height := range int32(2) {
		var to []bitcoin.TxOutput
		if height == 1 {
			to = outputs
		} else {
			to = outputs[:1]
		}
		raw, header, err := w.params.NewBlock(parent, 1_600_000_000+uint32(height), bitcoin.Coinbase(height, nil, to...))
		if err != nil {
			t.Fatal(err)
		}
		w.add(t, height, raw, nil)
		parent = header.Hash
	}
	h := w.explorer()
	text := func(script []byte) string {
		kind, key, _, _ := bitcoin.Classify(script, nil)
		return w.params.FormatAddress(kind, key)
	}
	if status, _, body := get(h, "/address/"+text(a)+"/utxo"); status != 400 || body != "Too many unspent transaction outputs (>500)\n" {
		t.Errorf("%d %q", status, body)
	}
	var list []any
	status, _, body := get(h, "/address/"+text(b)+"/utxo")
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || len(list) != 500 {
		t.Errorf("%d %v, %d outputs", status, err, len(list))
	}
	if status, _, body := get(h, "/address/"+text(a)+"/txs"); status != 200 || strings.Count(body, `"txid"`) == 0 {
		t.Errorf("%d %.100q", status, body)
	}
}

func FuzzExplorerPaths(f *testing.F) {
	w := newWorld(f, "regtest")
	raw, header, err := w.params.NewBlock(goshawk.Hash{}, 1_600_000_000, bitcoin.Coinbase(0, nil, bitcoin.TxOutput{Value: 50e8, Script: []byte{0x51}}))
	if err != nil {
		f.Fatal(err)
	}
	w.add(f, 0, raw, nil)
	h := w.explorer()
	for _, seed := range []string{"/tx/" + tx9 + "/outspend/0", "/block/" + header.Hash.String() + "/txs/0", "/address/x/utxo", "/blocks/5", "/address/nonstandard:51/txs/chain/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Proto: "HTTP/1.1", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if answer.Code == 500 {
			t.Errorf("%q: %d %s", path, answer.Code, answer.Body)
		}
	})
}

// TestUnknownSpends: where a ledger of single blocks does not know what the coins
// were worth that an address spent, no sum is given.
func TestUnknownSpends(t *testing.T) {
	w := newWorld(t, "bitcoin")
	w.model.Partial = true
	w.add(t, 227835, fixture.Bytes(t, "bitcoin", "blocks", "227835.blk"), nil)
	_, _, body := get(w.explorer(), "/address/1VZhqzMqpV9Xk8TVtuJHWAg4HtzPc3A7E")
	want := `"chain_stats":{"funded_txo_count":0,"funded_txo_sum":0,"spent_txo_count":34,"spent_txo_sum":null,"tx_count":1},"mempool_stats":{"funded_txo_count":0,"funded_txo_sum":0,"spent_txo_count":0,"spent_txo_sum":0,"tx_count":0}`
	if !strings.Contains(body, want) {
		t.Errorf("the answer is %s", body)
	}
}
