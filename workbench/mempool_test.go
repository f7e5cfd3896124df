package workbench

import (
	"context"
	"errors"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ledger/ledgertest"
)

// someNode is a node whose transactions a test chooses.
type someNode struct {
	raws map[goshawk.Hash][]byte
	best goshawk.Hash
	err  error
}

func (n *someNode) Waiting(context.Context) (ids []goshawk.Hash, err error) {
	for id := range n.raws {
		ids = append(ids, id)
	}
	return ids, n.err
}

func (n *someNode) Raw(_ context.Context, ids []goshawk.Hash) (raws [][]byte, err error) {
	for _, id := range ids {
		raws = append(raws, n.raws[id])
	}
	return raws, n.err
}

func (n *someNode) Best(context.Context) (goshawk.Hash, error) { return n.best, n.err }

// wait has a transaction wait.
func (n *someNode) wait(from goshawk.Outpoint, outs ...bitcoin.TxOutput) goshawk.Hash {
	tx := &bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: from}}, Outputs: outs}
	n.raws[tx.ID()] = tx.Append(nil)
	return tx.ID()
}

// pooled looks at what waits, and returns the alerts as look does.
func (d *desk) pooled(p *pool, script string) map[string]string {
	d.t.Helper()
	d.script = script
	if err := d.lookAtPool(d.t.Context(), "main", p, d.use); err != nil {
		d.t.Fatal(err)
	}
	return d.alerts(script)
}

// TestPool: what waits is told before it is in a block, once; then it is confirmed or dropped.
func TestPool(t *testing.T) {
	d := newDesk(t)
	chain := ledgertest.MustChain(watchedBefore)
	d.watch("w1", "address", chain.Address("thief"))
	d.watch("w2", "coin", chain.Outpoint("theft:0").String())
	d.script = watchedBefore
	h, err := d.use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 20)
	key[0] = 7
	drop := h.Params.FormatAddress(goshawk.PubKeyHash, key)
	d.watch("w3", "address", drop)
	n := &someNode{raws: map[goshawk.Hash][]byte{}, best: h.Known.Hash}
	p := &pool{from: n, txs: map[goshawk.Hash]*poolTx{}}
	d.expect("nothing waits", d.pooled(p, watchedBefore), nil)
	to := func(value uint64) bitcoin.TxOutput {
		return bitcoin.TxOutput{Value: value, Script: bitcoin.Script(goshawk.PubKeyHash, key)}
	}
	first := n.wait(chain.Outpoint("theft:0"), to(29))
	child := n.wait(goshawk.Outpoint{Tx: first}, to(28)) // spends what is in no block itself
	n.wait(goshawk.Outpoint{Tx: goshawk.Hash{9}}, bitcoin.TxOutput{Value: 5, Script: []byte{0x6a}})
	waits := map[string]string{"w1 " + first.String(): "unconfirmed spent", "w2 " + first.String(): "unconfirmed spent",
		"w3 " + first.String(): "unconfirmed received", "w3 " + child.String(): "unconfirmed both"}
	d.expect("two wait", d.pooled(p, watchedBefore), waits)
	d.expect("they still wait", d.pooled(p, watchedBefore), waits)
	// A server that is started anew holds none of it.
	again := &pool{from: n, txs: map[goshawk.Hash]*poolTx{}}
	d.expect("looked again after a kill", d.pooled(again, watchedBefore), waits)
	// The child is gone; while the ledger is behind the node, nobody knows whether it is in a block.
	delete(n.raws, child)
	n.best = goshawk.Hash{1}
	d.expect("the ledger is behind", d.pooled(p, watchedBefore), waits)
	n.best = h.Known.Hash
	waits["w3 "+child.String()] = "dropped both"
	d.expect("it is in no block", d.pooled(p, watchedBefore), waits)
	child2 := n.wait(goshawk.Outpoint{Tx: first}, to(28))
	if child2 != child {
		t.Fatal("the test's transactions are not the same")
	}
	waits["w3 "+child.String()] = "unconfirmed both"
	d.expect("it waits again", d.pooled(p, watchedBefore), waits)
	n.err = errors.New("away")
	if err := d.lookAtPool(t.Context(), "main", p, d.use); !errors.Is(err, n.err) {
		t.Error(err)
	}
	n.err = nil
	// A node that says of one transaction that it is another.
	n.raws[goshawk.Hash{5}] = n.raws[child]
	if err := d.lookAtPool(t.Context(), "main", p, d.use); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Error(err)
	}
}

// TestPoolConfirmed: the same alert is unconfirmed, and then confirmed by the block.
func TestPoolConfirmed(t *testing.T) {
	d := newDesk(t)
	chain := ledgertest.MustChain(watchedBefore)
	d.watch("w1", "coin", chain.Outpoint("theft:0").String())
	d.expect("at rest", d.look(watchedBefore), nil)
	h, err := d.use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	moved := ledgertest.MustChain(watchedBefore + movedOn).Tx("moved")
	// As the pool would hold it: the model's transactions have no bytes.
	p := &pool{from: &someNode{raws: map[goshawk.Hash][]byte{moved: nil}, best: h.Known.Hash}, txs: map[goshawk.Hash]*poolTx{moved: {ins: []poolCoin{{of: chain.Outpoint("theft:0"), value: 30, known: true}}}}}
	d.expect("it waits", d.pooled(p, watchedBefore), map[string]string{"w1 " + moved.String(): "unconfirmed spent"})
	d.expect("in a block", d.look(watchedBefore+movedOn), map[string]string{"w1 moved": "confirmed spent"})
	d.expect("the node still lists it", d.pooled(p, watchedBefore+movedOn), map[string]string{"w1 moved": "confirmed spent"})
	d.expect("a reorganisation takes it back", d.look(watchedBefore+movedElse), map[string]string{"w1 " + moved.String(): "taken back spent"})
	d.expect("it waits again", d.pooled(p, watchedBefore+movedElse), map[string]string{"w1 " + moved.String(): "unconfirmed spent"})
}
