package ingest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
)

// btcdVersion is the node that the RPC source is held to.
const btcdVersion = "v0.26.2"

// btcdBinary builds btcd once and keeps it beside Go's build cache.
func btcdBinary(t *testing.T) string {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(cache)), "goshawk-tools", "btcd-"+btcdVersion)
	name := filepath.Join(dir, "btcd")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if _, err := os.Stat(name); err == nil {
		return name
	}
	build := exec.Command("go", "install", "github.com/btcsuite/btcd@"+btcdVersion)
	build.Dir = t.TempDir()
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GO111MODULE=on")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build btcd: %v\n%s", err, out)
	}
	return name
}

// btcd is a running node.
type btcd struct {
	t      *testing.T
	url    string
	listen string
}

func startBtcd(t *testing.T) *btcd {
	t.Helper()
	dir := t.TempDir()
	n := &btcd{t: t, listen: freePort(t)}
	rpc := freePort(t)
	n.url = "http://goshawk:secret@" + rpc
	command := exec.Command(btcdBinary(t),
		"--regtest", "--notls", "--rpcuser=goshawk", "--rpcpass=secret", "--rpclisten="+rpc, "--listen="+n.listen, "--nodnsseed",
		"--datadir="+dir, "--logdir="+dir, "--configfile="+filepath.Join(dir, "none.conf"),
		"--miningaddr="+params(t, "regtest").FormatAddress(goshawk.ScriptHash, anybodys(t)))
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed at the end
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("btcd said:\n%s", log.String())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := n.try("getblockcount"); err == nil {
			return n
		} else if time.Now().After(deadline) {
			t.Fatalf("btcd does not start: %v", err)
		}
		select {
		case <-ended:
			t.Fatalf("btcd ended:\n%s", log.String())
		default:
		}
	}
}

// anybodys is the hash of a script that whoever wants to may spend: OP_TRUE.
func anybodys(t *testing.T) []byte {
	t.Helper()
	hash, err := hex.DecodeString("da1745e9b549bd0bfa1a569971c77eba30cd5a4b")
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *btcd) try(method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	response, err := http.Post(n.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	if answer.Error != nil {
		return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	return answer.Result, nil
}

func (n *btcd) call(method string, params ...any) json.RawMessage {
	n.t.Helper()
	result, err := n.try(method, params...)
	if err != nil {
		n.t.Fatal(err)
	}
	return result
}

func (n *btcd) mine(count int) { n.t.Helper(); n.call("generate", count) }

// best returns the hash of the node's best block.
func (n *btcd) best() (h goshawk.Hash) {
	n.t.Helper()
	if err := json.Unmarshal(n.call("getbestblockhash"), &h); err != nil {
		n.t.Fatal(err)
	}
	return h
}

// chain returns the hashes of the node's best chain.
func (n *btcd) chain() (hashes []goshawk.Hash) {
	n.t.Helper()
	var count int
	if err := json.Unmarshal(n.call("getblockcount"), &count); err != nil {
		n.t.Fatal(err)
	}
	for h := 0; h <= count; h++ {
		var hash goshawk.Hash
		if err := json.Unmarshal(n.call("getblockhash", h), &hash); err != nil {
			n.t.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func (n *btcd) client(change func(*ingest.NodeOptions)) *ingest.Node {
	n.t.Helper()
	opts := ingest.NodeOptions{URL: n.url, Pause: 10 * time.Millisecond, Patience: 2 * time.Second}
	if change != nil {
		change(&opts)
	}
	client, err := ingest.NewNode(opts)
	if err != nil {
		n.t.Fatal(err)
	}
	return client
}

// A real node: its whole chain, the same once more, one that it reorganised
// away, and the errors that it really gives.
func TestBtcd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	node := startBtcd(t)
	node.mine(120)
	opts := ingest.Options{Params: params(t, "regtest")}
	to := &recorder{t: t}

	summary, err := ingest.FromNode(t.Context(), to, node.client(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), node.chain()) || summary.Blocks != 121 {
		t.Fatalf("the ledger holds %d blocks: %+v", len(to.blocks), summary)
	}
	if again, err := ingest.FromNode(t.Context(), to, node.client(nil), opts); err != nil || again.Blocks != 0 {
		t.Errorf("the second time: %+v, %v", again, err)
	}

	t.Run("what waits", func(t *testing.T) { whatWaits(t, node) })
	t.Run("wrong password", func(t *testing.T) {
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(func(o *ingest.NodeOptions) { o.User, o.Password = "goshawk", "guess" }), opts)
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), "refused user and password") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("another network", func(t *testing.T) {
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(nil), ingest.Options{Params: params(t, "bitcoin")})
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(goshawk.HintOf(err), "regtest") {
			t.Errorf("%v (hint: %s)", err, goshawk.HintOf(err))
		}
	})
	t.Run("verbosity 3 is not known to it", func(t *testing.T) {
		late := opts
		late.FromHeight = 50
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(nil), late)
		if err == nil || goshawk.CodeOf(err) == "" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no node", func(t *testing.T) {
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(func(o *ingest.NodeOptions) { o.URL = "http://" + freePort(t) }), opts)
		if goshawk.CodeOf(err) != goshawk.Unavailable || goshawk.HintOf(err) == "" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("follow through a reorganisation", func(t *testing.T) { followReorganisation(t, node, to, opts) })
}

// whatWaits sends a transaction, which waits until a block takes it.
func whatWaits(t *testing.T, node *btcd) {
	client := node.client(nil)
	waiting := func() []goshawk.Hash {
		t.Helper()
		ids, err := client.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if ids := waiting(); len(ids) != 0 {
		t.Errorf("%v wait", ids)
	}
	var block struct {
		Tx []goshawk.Hash `json:"tx"`
	}
	if err := json.Unmarshal(node.call("getblock", node.chain()[1], 1), &block); err != nil {
		t.Fatal(err)
	}
	const fee = 10_000
	tx := &bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: block.Tx[0]}, Script: []byte{1, 0x51}, Sequence: 0xffffffff}},
		Outputs: []bitcoin.TxOutput{{Value: 50_0000_0000 - fee, Script: bitcoin.Script(goshawk.PubKeyHash, make([]byte, 20))}}}
	node.call("sendrawtransaction", hex.EncodeToString(tx.Append(nil)))
	if ids := waiting(); !slices.Equal(ids, []goshawk.Hash{tx.ID()}) {
		t.Fatalf("%v wait, not %v", ids, tx.ID())
	}
	raws, err := client.Raw(t.Context(), []goshawk.Hash{tx.ID(), {7}})
	if err != nil || len(raws) != 2 || !bytes.Equal(raws[0], tx.Append(nil)) || raws[1] != nil {
		t.Errorf("%x, %v", raws, err)
	}
	node.mine(1)
	best, err := client.Best(t.Context())
	if ids := waiting(); err != nil || len(ids) != 0 || best != node.best() {
		t.Errorf("%v wait after block %v: %v", ids, best, err)
	}
}

// followReorganisation lets a second node mine a longer branch apart, then
// connects the two while a ledger follows the first.
func followReorganisation(t *testing.T, node *btcd, to *recorder, opts ingest.Options) {
	other := startBtcd(t)
	for _, hash := range node.chain()[1:] {
		other.call("submitblock", strings.Trim(string(node.call("getblock", hash, 0)), `"`))
	}
	if other.best() != node.best() {
		t.Fatal("the second node does not have the first one's chain")
	}

	to.t = t
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reached := make(chan goshawk.Hash, 1000)
	opts.Follow, opts.Poll = true, 20*time.Millisecond
	opts.Progress = func(p ingest.Progress) {
		if p.Stage == ingest.CaughtUp {
			reached <- to.blocks[len(to.blocks)-1].Hash
		}
	}
	type end struct {
		summary ingest.Summary
		err     error
	}
	ended := make(chan end, 1)
	client := node.client(nil)
	go func() {
		summary, err := ingest.FromNode(ctx, to, client, opts)
		ended <- end{summary, err}
	}()
	until := func(hash goshawk.Hash) {
		t.Helper()
		for {
			select {
			case h := <-reached:
				if h == hash {
					return
				}
			case e := <-ended:
				t.Fatalf("the follower ended: %v", e.err)
			}
		}
	}

	node.mine(7)
	lost := node.best()
	until(lost)
	other.mine(9)
	node.call("addnode", other.listen, "add")
	until(other.best())

	chain := node.chain()
	cancel()
	e := <-ended
	if goshawk.CodeOf(e.err) != goshawk.Interrupted {
		t.Errorf("the follower ended with %v", e.err)
	}
	if !slices.Equal(to.hashes(), chain) || to.committed != len(to.blocks) || slices.Contains(to.hashes(), lost) {
		t.Error("the ledger does not hold the node's chain")
	}
	if e.summary.Reorganised < 7 {
		t.Errorf("%d blocks were removed, not the 7 of the lost branch", e.summary.Reorganised)
	}
}
