package ingest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/btcd"
)

// realNode is a running btcd.
type realNode struct {
	*btcd.Node
	t *testing.T
}

func startNode(t *testing.T) realNode {
	t.Helper()
	anybodys, err := hex.DecodeString("da1745e9b549bd0bfa1a569971c77eba30cd5a4b") // of a script that whoever wants to may spend: OP_TRUE
	if err != nil {
		t.Fatal(err)
	}
	return realNode{btcd.Start(t, "--miningaddr="+params(t, "regtest").FormatAddress(goshawk.ScriptHash, anybodys)), t}
}

func (n realNode) mine(count int) { n.t.Helper(); n.Call(nil, "generate", count) }

// best returns the hash of the node's best block.
func (n realNode) best() (h goshawk.Hash) {
	n.t.Helper()
	n.Call(&h, "getbestblockhash")
	return h
}

// chain returns the hashes of the node's best chain.
func (n realNode) chain() (hashes []goshawk.Hash) {
	n.t.Helper()
	var count int
	n.Call(&count, "getblockcount")
	for h := 0; h <= count; h++ {
		var hash goshawk.Hash
		n.Call(&hash, "getblockhash", h)
		hashes = append(hashes, hash)
	}
	return hashes
}

func (n realNode) client(change func(*ingest.NodeOptions)) *ingest.Node {
	n.t.Helper()
	opts := ingest.NodeOptions{URL: n.URL, Pause: 10 * time.Millisecond, Patience: 2 * time.Second}
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
	node := startNode(t)
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
		_, err := ingest.FromNode(t.Context(), &recorder{t: t}, node.client(func(o *ingest.NodeOptions) { o.URL = "http://127.0.0.1:1" }), opts)
		if goshawk.CodeOf(err) != goshawk.Unavailable || goshawk.HintOf(err) == "" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("follow through a reorganisation", func(t *testing.T) { followReorganisation(t, node, to, opts) })
}

// whatWaits sends a transaction, which waits until a block takes it.
func whatWaits(t *testing.T, node realNode) {
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
	node.Call(&block, "getblock", node.chain()[1], 1)
	const fee = 10_000
	tx := &bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: block.Tx[0]}, Script: []byte{1, 0x51}, Sequence: 0xffffffff}},
		Outputs: []bitcoin.TxOutput{{Value: 50_0000_0000 - fee, Script: bitcoin.Script(goshawk.PubKeyHash, make([]byte, 20))}}}
	node.Call(nil, "sendrawtransaction", hex.EncodeToString(tx.Append(nil)))
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
func followReorganisation(t *testing.T, node realNode, to *recorder, opts ingest.Options) {
	other := startNode(t)
	for _, hash := range node.chain()[1:] {
		var raw string
		node.Call(&raw, "getblock", hash, 0)
		other.Call(nil, "submitblock", raw)
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
	node.Call(nil, "addnode", other.Listen, "add")
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
