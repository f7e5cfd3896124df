package report

import (
	"io"

	"goshawk"
)

// Block is what a ledger says of one block.
type Block struct {
	Basis
	Hash         goshawk.Hash
	Parent       goshawk.Hash
	Height       int32
	Time         int64
	Transactions uint64
	Outputs      uint64
	Paid         goshawk.Units  // sum of all outputs
	Txs          []goshawk.Hash // the first of them, in order
}

// BlockJSON writes a block in the shape of docs/json.md.
func BlockJSON(w io.Writer, b *Block) error {
	e := newEncoder(w)
	e.lines()
	e.basis(b.Basis)
	e.key("hash").hash(b.Hash)
	e.key("parent").hash(b.Parent)
	e.key("height").height(b.Height)
	e.key("time").time(b.Time)
	e.key("transactions").uint(b.Transactions)
	e.key("outputs").uint(b.Outputs)
	e.key("paid").units(&b.Paid)
	e.key("txs").list()
	for _, h := range b.Txs {
		e.hash(h)
	}
	e.end()
	e.key("more").bool(uint64(len(b.Txs)) < b.Transactions)
	e.end()
	return e.finish()
}

// BlockText writes a block for a person to read.
func BlockText(w io.Writer, b *Block, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Block "+number(b.Height)))
	p.line()
	p.field("Hash", b.Hash.String())
	p.field("Parent", b.Parent.String())
	p.field("Time", when(b.Time))
	p.field("Holds", goshawk.Count(b.Transactions, "transaction", "transactions")+" with "+goshawk.Count(b.Outputs, "output", "outputs")+" of "+money(b.Asset, &b.Paid))
	p.basis(b.Basis)
	p.notes(cautions(b.Warnings))
	if len(b.Txs) > 0 {
		p.heading("Transactions")
		for i, h := range b.Txs {
			p.line("  ", padLeft(number(i), 5), "  ", h.String())
		}
		if n := b.Transactions - uint64(len(b.Txs)); uint64(len(b.Txs)) < b.Transactions {
			p.line("  and ", goshawk.Count(n, "more transaction", "more transactions"))
		}
	}
	return p.b.Flush()
}
