package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/fixture"
)

func TestNodeGivesItsChain(t *testing.T) {
	c := newChain(t).grow(200, "a")
	node := newFakeNode(t, c.blocks)
	to := &recorder{t: t}
	opts := ingest.Options{Params: c.params}
	summary, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), c.hashes) || summary.Blocks != 201 || to.committed != 201 {
		t.Errorf("summary is %+v", summary)
	}
	if _, missing := to.resolve(); missing != 0 {
		t.Errorf("%d inputs are not resolved", missing)
	}
	if node.requests > 120 {
		t.Errorf("%d requests for 200 blocks: they are not batched", node.requests)
	}
	if again, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts); err != nil || again.Blocks != 0 || to.commits != 1 {
		t.Errorf("the second time: %+v, %v, %d commits", again, err, to.commits)
	}
}

func TestNodeReorganisations(t *testing.T) {
	c := newChain(t).grow(150, "a")
	for _, depth := range []int{1, 2, 17, 100, 149} {
		node := newFakeNode(t, c.blocks)
		to := &recorder{t: t}
		opts := ingest.Options{Params: c.params}
		if _, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts); err != nil {
			t.Fatal(err)
		}
		other := c.fork(151-depth).grow(depth+1, "b")
		node.set(t, other.blocks)
		summary, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(to.hashes(), other.hashes) || summary.Reorganised != int64(depth) {
			t.Errorf("depth %d: %+v", depth, summary)
		}
		node.set(t, c.fork(100).blocks) // behind, or on the common part
		if depth < 51 {
			if summary, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts); err != nil || summary.Blocks != 0 || summary.Reorganised != 0 {
				t.Errorf("a node that is behind: %+v, %v", summary, err)
			}
		}
	}
}

func TestNodeThatChangesBranchWhileItIsRead(t *testing.T) {
	c := newChain(t).grow(300, "a")
	other := c.fork(100).grow(250, "b")
	node := newFakeNode(t, c.blocks)
	to := &recorder{t: t}
	to.onAppend = func(b *goshawk.Block) {
		if b.Hash == c.hashes[150] {
			node.set(t, other.blocks)
		}
	}
	summary, err := ingest.FromNode(t.Context(), to, node.client(t, nil), ingest.Options{Params: c.params})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), other.hashes) || summary.Reorganised == 0 {
		t.Errorf("summary is %+v", summary)
	}
}

func TestNodeFollows(t *testing.T) {
	c := newChain(t).grow(20, "a")
	node := newFakeNode(t, c.blocks)
	to := &recorder{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stage := 0
	other := c.fork(15).grow(10, "b")
	summary, err := ingest.FromNode(ctx, to, node.client(t, nil), ingest.Options{Params: c.params, Follow: true, Poll: time.Millisecond, Progress: func(p ingest.Progress) {
		if p.Stage != ingest.CaughtUp {
			return
		}
		if to.committed != len(to.blocks) {
			t.Error("caught up without a commit")
		}
		switch {
		case stage == 0 && len(to.blocks) == 21:
			node.set(t, c.grow(5, "a").blocks)
			stage++
		case stage == 1 && len(to.blocks) == 26:
			c.grow(1, "a")
			// The node restarts, and comes back on another branch.
			failures := 0
			node.mutex.Lock()
			node.before = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				if failures++; failures > 60 {
					return false
				}
				http.Error(w, "restarting", http.StatusBadGateway)
				return true
			}
			node.mutex.Unlock()
			node.set(t, other.grow(5, "b").blocks)
			stage++
		case stage == 2 && slices.Equal(to.hashes(), other.hashes):
			cancel()
		}
	}})
	if goshawk.CodeOf(err) != goshawk.Interrupted || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if summary.Reorganised != 11 || len(summary.Warnings) != 1 || !strings.Contains(summary.Warnings[0].Message, "busy") {
		t.Errorf("summary is %+v", summary)
	}
}

func TestNodeErrorsSayWhatToDo(t *testing.T) {
	c := newChain(t).grow(5, "a")
	const secret = "hunter2"
	tests := []struct {
		name       string
		before     func(w http.ResponseWriter, r *http.Request, n int) bool
		refuse     *nodeError
		pruned     int32
		code       goshawk.Code
		says, hint string
	}{
		{name: "wrong password", before: answerWith(401, ""), code: goshawk.Invalid, says: "refused user and password", hint: ".cookie"},
		{name: "not allowed", before: answerWith(403, ""), code: goshawk.Unavailable, says: "refuses this machine", hint: "rpcallowip"},
		{name: "warming up", refuse: &nodeError{-28, "Loading block index…"}, code: goshawk.Unavailable, says: "still starting: the node says: Loading block index…", hint: "wait"},
		{name: "busy", before: answerWith(503, "Work queue depth exceeded"), code: goshawk.Unavailable, says: "busy"},
		{name: "not a node", before: answerWith(200, "<html>Welcome to nginx!</html>"), code: goshawk.Corrupt, says: "makes no sense", hint: "port"},
		{name: "empty answer", before: answerWith(200, ""), code: goshawk.Corrupt, says: "makes no sense"},
		{name: "null answer", before: answerWith(200, `{"id":0}`), code: goshawk.Corrupt, says: "does not answer getblockhash"},
		{name: "half an answer", before: answerWith(200, `{"id":0,"result":"0f91`), code: goshawk.Corrupt, says: "makes no sense"},
		{name: "server error", before: answerWith(500, "panic"), code: goshawk.Corrupt, says: "500"},
		{name: "redirect", before: func(w http.ResponseWriter, r *http.Request, n int) bool {
			http.Redirect(w, r, "http://example.invalid/", http.StatusFound)
			return true
		}, code: goshawk.Corrupt, says: "302"},
		{name: "unknown call", refuse: &nodeError{-32601, "Method not found"}, code: goshawk.Unsupported, says: "does not know getblockhash"},
		{name: "pruned", pruned: 3, code: goshawk.Unsupported, says: "below height 3", hint: "--from-height 3"},
		{name: "endless answer", before: func(w http.ResponseWriter, r *http.Request, n int) bool {
			block := make([]byte, 1<<20)
			for i := range block {
				block[i] = ' '
			}
			for range 80 {
				if _, err := w.Write(block); err != nil {
					break
				}
			}
			return true
		}, code: goshawk.Corrupt, says: "more than 64 MB"},
		{name: "hanging up", before: func(w http.ResponseWriter, r *http.Request, n int) bool { panic(http.ErrAbortHandler) }, code: goshawk.Unavailable, says: "does not answer", hint: "server=1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			node := newFakeNode(t, c.blocks)
			node.before, node.pruned = test.before, test.pruned
			if test.refuse != nil {
				node.refuse = func(string) *nodeError { return test.refuse }
			}
			client := node.client(t, func(o *ingest.NodeOptions) { o.User, o.Password = "user", secret })
			to := &recorder{t: t}
			_, err := ingest.FromNode(t.Context(), to, client, ingest.Options{Params: c.params})
			if err == nil {
				t.Fatal("no error")
			}
			if goshawk.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) || !strings.Contains(goshawk.HintOf(err), test.hint) {
				t.Errorf("%s: %v (hint: %s)", goshawk.CodeOf(err), err, goshawk.HintOf(err))
			}
			if strings.Contains(err.Error()+goshawk.HintOf(err), secret) {
				t.Error("the error shows the password")
			}
			if len(to.blocks) != 0 {
				t.Error("blocks were appended")
			}
		})
	}
}

func TestSlowNode(t *testing.T) {
	c := newChain(t).grow(3, "a")
	node := newFakeNode(t, c.blocks)
	release := make(chan struct{})
	defer close(release)
	node.before = func(http.ResponseWriter, *http.Request, int) bool {
		<-release
		return false
	}
	client := node.client(t, func(o *ingest.NodeOptions) { o.Client = &http.Client{Timeout: 20 * time.Millisecond} })
	if _, err := ingest.FromNode(t.Context(), &recorder{t: t}, client, ingest.Options{Params: c.params}); goshawk.CodeOf(err) != goshawk.Unavailable || goshawk.HintOf(err) == "" {
		t.Errorf("%v (hint: %s)", err, goshawk.HintOf(err))
	}
}

func TestPartialFromNodeIsRefused(t *testing.T) {
	c := newChain(t)
	_, err := ingest.FromNode(t.Context(), &recorder{t: t}, newFakeNode(t, c.blocks).client(t, nil), ingest.Options{Params: c.params, Partial: true})
	if goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("error %v", err)
	}
}

func answerWith(status int, body string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that went away is its own concern
		return true
	}
}

func TestNodeHealsFromPassingFaults(t *testing.T) {
	c := newChain(t).grow(300, "a")
	node := newFakeNode(t, c.blocks)
	node.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch n % 5 {
		case 0:
			return answerWith(503, "busy")(w, r, n)
		case 2:
			return answerWith(200, `[{"id":0,"res`)(w, r, n)
		case 3:
			return answerWith(200, `{"id":0,"result":null,"error":{"code":-28,"message":"Verifying blocks"}}`)(w, r, n)
		}
		return false
	}
	to := &recorder{t: t}
	if _, err := ingest.FromNode(t.Context(), to, node.client(t, func(o *ingest.NodeOptions) { o.Patience = time.Second }), ingest.Options{Params: c.params}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), c.hashes) {
		t.Error("the chain is not the node's")
	}
}

func TestNodeWithoutBatches(t *testing.T) {
	c := newChain(t).grow(30, "a")
	node := newFakeNode(t, c.blocks)
	node.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if body[0] == '[' {
			return answerWith(200, `{"id":null,"result":null,"error":{"code":-32600,"message":"Invalid request"}}`)(w, r, n)
		}
		return false
	}
	to := &recorder{t: t}
	if _, err := ingest.FromNode(t.Context(), to, node.client(t, nil), ingest.Options{Params: c.params}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), c.hashes) {
		t.Error("the chain is not the node's")
	}
}

func TestCookieIsReadAgain(t *testing.T) {
	c := newChain(t).grow(3, "a")
	node := newFakeNode(t, c.blocks)
	password := "first"
	node.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if user, got, _ := r.BasicAuth(); user != "__cookie__" || got != password {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	cookie := filepath.Join(t.TempDir(), ".cookie")
	write := func(text string) {
		if err := os.WriteFile(cookie, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("__cookie__:first\n")
	client := node.client(t, func(o *ingest.NodeOptions) { o.CookieFile = cookie })
	to := &recorder{t: t}
	opts := ingest.Options{Params: c.params}
	if _, err := ingest.FromNode(t.Context(), to, client, opts); err != nil {
		t.Fatal(err)
	}
	password = "second"
	if _, err := ingest.FromNode(t.Context(), to, client, opts); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("error %v", err)
	}
	write("__cookie__:second")
	if _, err := ingest.FromNode(t.Context(), to, client, opts); err != nil {
		t.Error(err)
	}
}

func TestNodeOfAnotherNetwork(t *testing.T) {
	c := newChain(t)
	node := newFakeNode(t, c.blocks)
	_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(t, nil), ingest.Options{Params: params(t, "bitcoin")})
	if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(goshawk.HintOf(err), "--network regtest") {
		t.Errorf("%v (hint: %s)", err, goshawk.HintOf(err))
	}
}

func TestNodeAddresses(t *testing.T) {
	for _, address := range []string{"", "localhost:8332", "ftp://host", "http://", "http://user:secret@ho st"} {
		_, err := ingest.NewNode(ingest.NodeOptions{URL: address})
		if goshawk.CodeOf(err) != goshawk.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestCancelledNodeStopsAtOnce(t *testing.T) {
	c := newChain(t).grow(50, "a")
	node := newFakeNode(t, c.blocks)
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	node.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if n == 6 {
			cancel()
			<-release
		}
		return false
	}
	to := &recorder{t: t}
	_, err := ingest.FromNode(ctx, to, node.client(t, nil), ingest.Options{Params: c.params})
	if goshawk.CodeOf(err) != goshawk.Interrupted || to.committed != len(to.blocks) {
		t.Errorf("error %v, %d of %d blocks committed", err, to.committed, len(to.blocks))
	}
	close(release)
	if _, err := ingest.FromNode(t.Context(), to, node.client(t, nil), ingest.Options{Params: c.params}); err != nil || !slices.Equal(to.hashes(), c.hashes) {
		t.Errorf("not resumed: %v", err)
	}
}

func gunzip(t *testing.T, elem ...string) []byte {
	t.Helper()
	f, err := os.Open(fixture.Path(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lateNode serves block 279671 by its header and a verbose answer, above
// nothing but genesis.
func lateNode(t *testing.T, whole, verbose json.RawMessage) *fakeNode {
	t.Helper()
	var told struct {
		Version     int32
		Hash        goshawk.Hash
		Parent      goshawk.Hash `json:"previousblockhash"`
		MerkleRoot  goshawk.Hash
		Time, Nonce uint32
	}
	if err := json.Unmarshal(whole, &told); err != nil {
		t.Fatal(err)
	}
	header := bitcoin.Header{Version: told.Version, Parent: told.Parent, MerkleRoot: told.MerkleRoot, Time: told.Time, Nonce: told.Nonce, Bits: 0x1903071f}
	genesis := framed(t, fixture.Bytes(t, "bitcoin", "first600", "blk00000.dat"))[0]
	blocks := slices.Repeat([][]byte{genesis}, 279672)
	blocks[279671] = header.Append(nil)
	node := newFakeNode(t, blocks)
	if node.hashes[279671] != told.Hash {
		t.Fatalf("the header's hash is %s", node.hashes[279671])
	}
	node.verbose[told.Hash] = verbose
	return node
}

// A node's verbose block gives the coins that it spends: the fees that follow
// from them are those that the node itself counted.
func TestVerboseBlockGivesSpentCoins(t *testing.T) {
	var answer struct{ Result json.RawMessage }
	if err := json.Unmarshal(gunzip(t, "bitcoin", "rpc", "279671.getblock3.json.gz"), &answer); err != nil {
		t.Fatal(err)
	}
	var told struct {
		Hash         goshawk.Hash
		Transactions []struct{ Fee json.Number } `json:"tx"`
	}
	if err := json.Unmarshal(answer.Result, &told); err != nil {
		t.Fatal(err)
	}
	node := lateNode(t, answer.Result, answer.Result)
	to := &recorder{t: t}
	opts := ingest.Options{Params: params(t, "bitcoin"), FromHeight: 279671}
	if _, err := ingest.FromNode(t.Context(), to, node.client(t, nil), opts); err != nil {
		t.Fatal(err)
	}
	block := &to.blocks[0]
	if len(to.blocks) != 1 || block.Height != 279671 || block.Hash != told.Hash || len(block.Txs) != len(told.Transactions) {
		t.Fatalf("%d blocks, %s at height %d", len(to.blocks), block.Hash, block.Height)
	}
	for i := range block.Txs {
		if block.Txs[i].Coinbase {
			continue
		}
		fee := new(big.Int)
		for _, in := range block.TxInputs(i) {
			if in.Known != goshawk.CoinKnown || in.Height < 0 || in.KeyEnd <= in.KeyStart {
				t.Fatalf("transaction %d: coin %+v", i, in)
			}
			fee.Add(fee, new(big.Int).SetUint64(in.Value))
		}
		for _, out := range block.TxOutputs(i) {
			fee.Sub(fee, new(big.Int).SetUint64(out.Value))
		}
		want, ok := new(big.Rat).SetString(told.Transactions[i].Fee.String())
		if !ok || new(big.Rat).SetFrac(fee, big.NewInt(1e8)).Cmp(want) != 0 {
			t.Errorf("transaction %d: fee %s, the node says %s", i, fee, told.Transactions[i].Fee)
		}
	}
}

// A verbose block whose coins are missing or impossible is refused.
func TestVerboseBlocksThatMakeNoSense(t *testing.T) {
	whole := gunzip(t, "bitcoin", "rpc", "279671.getblock3.json.gz")
	var real struct{ Result json.RawMessage }
	if err := json.Unmarshal(whole, &real); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	tests := []struct {
		name   string
		change func(block, input, coin object)
		code   goshawk.Code
		says   string
	}{
		{"no coin", func(_, input, _ object) { delete(input, "prevout") }, goshawk.Unsupported, "does not say which coin input 0 of transaction 1"},
		{"more than all coins", func(_, _, coin object) { coin["value"] = json.Number("21000000.00000001") }, goshawk.Corrupt, "more than all coins"},
		{"a part of the smallest unit", func(_, _, coin object) { coin["value"] = json.Number("1.000000001") }, goshawk.Corrupt, "not an amount"},
		{"negative", func(_, _, coin object) { coin["value"] = json.Number("-1") }, goshawk.Corrupt, "not an amount"},
		{"no value", func(_, _, coin object) { delete(coin, "value") }, goshawk.Corrupt, "not an amount"},
		{"no hexadecimal script", func(_, _, coin object) { coin["scriptPubKey"] = object{"hex": "zz"} }, goshawk.Corrupt, "invalid byte"},
		{"no script", func(_, _, coin object) { delete(coin, "scriptPubKey") }, goshawk.Corrupt, "it has no script"},
		{"a script without its bytes", func(_, _, coin object) { coin["scriptPubKey"] = object{"type": "pubkeyhash"} }, goshawk.Corrupt, "it has no script"},
		{"a note", func(_, _, coin object) { coin["scriptPubKey"] = object{"hex": "6a04deadbeef"} }, goshawk.Corrupt, "nobody can spend"},
		{"a script beyond 10,000 bytes", func(_, _, coin object) { coin["scriptPubKey"] = object{"hex": strings.Repeat("00", 10_001)} }, goshawk.Corrupt, "nobody can spend"},
		{"worth less than it pays for", func(_, _, coin object) { coin["value"] = json.Number("0.00000001") }, goshawk.Corrupt, "its coins are said to be worth"},
		{"created above its spender", func(_, _, coin object) { coin["height"] = 279672 }, goshawk.Corrupt, "is said to be of height 279672, above its spender"},
		{"an input too many", func(block, input, _ object) {
			tx := block["tx"].([]any)[1].(object)
			tx["vin"] = append(tx["vin"].([]any), input)
		}, goshawk.Corrupt, "lists 2 inputs of 1"},
		{"a transaction too few", func(block, _, _ object) { block["tx"] = block["tx"].([]any)[:100] }, goshawk.Corrupt, "merkle root"},
		{"another target", func(block, _, _ object) { block["bits"] = "1903071e" }, goshawk.Corrupt, "proof of work"},
		{"no target", func(block, _, _ object) { block["bits"] = "easy" }, goshawk.Corrupt, "its bits are"},
		{"a transaction's bytes", func(block, _, _ object) { block["tx"].([]any)[7].(object)["hex"] = "0" }, goshawk.Corrupt, "transaction 7 is not hexadecimal"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var answer struct{ Result object }
			decoder := json.NewDecoder(bytes.NewReader(whole))
			decoder.UseNumber()
			if err := decoder.Decode(&answer); err != nil {
				t.Fatal(err)
			}
			input := answer.Result["tx"].([]any)[1].(object)["vin"].([]any)[0].(object)
			test.change(answer.Result, input, input["prevout"].(object))
			raw, err := json.Marshal(answer.Result)
			if err != nil {
				t.Fatal(err)
			}
			node := lateNode(t, real.Result, raw)
			to := &recorder{t: t}
			_, err = ingest.FromNode(t.Context(), to, node.client(t, nil), ingest.Options{Params: params(t, "bitcoin"), FromHeight: 279671})
			if goshawk.CodeOf(err) != test.code || !strings.Contains(err.Error(), "height 279671") || !strings.Contains(err.Error(), node.URL) || !strings.Contains(err.Error(), test.says) || len(to.blocks) != 0 {
				t.Errorf("%s: %v", goshawk.CodeOf(err), err)
			}
		})
	}
}

// The other recorded answer holds the block's bytes and the ids of its
// transactions: decoding has to find the same.
func TestRecordedBlockHasItsTransactions(t *testing.T) {
	var told struct {
		Hash         goshawk.Hash
		Height       int
		Transactions []goshawk.Hash `json:"tx"`
		Block        string
	}
	if err := json.Unmarshal(gunzip(t, "bitcoin", "rpc", "951658.getblock.json.gz"), &told); err != nil {
		t.Fatal(err)
	}
	to := &recorder{t: t, partial: true}
	files := newMemory(map[string][]byte{"b/951658.blk": unhex(t, told.Block)})
	summary, err := ingest.FromFiles(t.Context(), to, files, []string{"b/951658.blk"}, ingest.Options{Params: params(t, "bitcoin"), Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Blocks != 1 || to.blocks[0].Hash != told.Hash || int(to.blocks[0].Height) != told.Height {
		t.Fatalf("summary is %+v", summary)
	}
	for i, tx := range to.blocks[0].Txs {
		if tx.Hash != told.Transactions[i] {
			t.Fatalf("transaction %d is %s", i, tx.Hash)
		}
	}
}

// An answer nested as no node would is not asked for again.
func TestNestedAnswerFailsAtOnce(t *testing.T) {
	c := newChain(t).grow(3, "a")
	for text, again := range map[string]bool{
		`{"id":0,"result":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`:   false,
		`{"id":0,"result":` + strings.Repeat(`{"a":`, 20_000) + `1`:                             false,
		`{"id":0,"result":["` + strings.Repeat("[", 20_000) + `", "\"` + strings.Repeat("[", 9): true, // it broke off
	} {
		node := newFakeNode(t, c.blocks)
		node.before = func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n > 1 {
				_, _ = w.Write([]byte(text)) // a client that went away is its own concern
			}
			return n > 1
		}
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(t, nil), ingest.Options{Params: c.params})
		if goshawk.CodeOf(err) != goshawk.Corrupt || (node.requests > 2) != again {
			t.Errorf("%.30s…: %d requests, %v", text, node.requests, err)
		}
	}
}
