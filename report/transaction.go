package report

import (
	"io"
	"strings"

	"goshawk"
)

// Transaction is what a ledger says of one transaction.
type Transaction struct {
	Basis
	Moment
	Block    goshawk.Hash
	Position uint32 // in its block
	Version  int32  // its own; Basis.Version is the program's
	LockTime uint32
	Weight   uint32
	Coinbase bool
	Inputs   []TransactionInput
	Outputs  []TransactionOutput
	Output   *uint32        // the one that was asked for; nil for all of them
	Fee      *goshawk.Units // nil where an input is unresolved, or for a coinbase
	Findings []goshawk.Finding
}

// TransactionInput is a coin that a transaction spends.
type TransactionInput struct {
	Prev     goshawk.Outpoint
	Address  string         // empty where it is not known
	Kind     *goshawk.Kind  // nil where it is not known
	Amount   *goshawk.Units // nil where it is not known
	Height   int32          // where the coin was created; -1 where it is not known
	Sequence uint32
	Labels   []goshawk.Label
}

// TransactionOutput is a coin that a transaction creates.
type TransactionOutput struct {
	Address string
	Kind    goshawk.Kind
	ByKey   bool // P2PK: paid to the key itself, shown under its hash
	Amount  goshawk.Units
	Burnt   bool
	Spender *goshawk.Hash // nil while unspent
	Hint    string        // the rules by which it may be change, with confidence in words; empty where none says so
	Labels  []goshawk.Label
}

// TransactionJSON writes a transaction in the shape of docs/json.md.
func TransactionJSON(w io.Writer, t *Transaction) error {
	e := newEncoder(w)
	e.lines()
	e.basis(t.Basis)
	e.key("tx").hash(t.Tx)
	e.key("block").hash(t.Block)
	e.key("height").height(t.Height)
	e.key("time").time(t.Time)
	e.key("position").uint(uint64(t.Position))
	e.key("tx_version").int(int64(t.Version))
	e.key("lock_time").uint(uint64(t.LockTime))
	e.key("weight").uint(uint64(t.Weight))
	e.key("coinbase").bool(t.Coinbase)
	e.key("fee").units(t.Fee)
	optional(e.key("output"), t.Output, e.index)
	e.key("inputs").list()
	for i := range t.Inputs {
		in := &t.Inputs[i]
		e.object()
		e.key("prev_tx").hash(in.Prev.Tx)
		e.key("prev_out").index(in.Prev.Index)
		e.key("address").text(in.Address)
		optional(e.key("kind"), in.Kind, func(k goshawk.Kind) { e.string(k.String()) })
		e.key("amount").units(in.Amount)
		e.key("height").height(in.Height)
		e.key("sequence").uint(uint64(in.Sequence))
		e.labels("labels", in.Labels)
		e.end()
	}
	e.end()
	e.key("outputs").list()
	for i := range t.Outputs {
		out := &t.Outputs[i]
		e.object()
		e.key("address").string(out.Address)
		e.key("kind").string(out.Kind.String())
		e.key("by_key").bool(out.ByKey)
		e.key("amount").units(&out.Amount)
		e.key("burnt").bool(out.Burnt)
		optional(e.key("spender"), out.Spender, e.hash)
		e.key("change_hint").text(out.Hint)
		e.labels("labels", out.Labels)
		e.end()
	}
	e.end()
	e.findings("findings", t.Findings)
	e.end()
	return e.finish()
}

// TransactionText writes a transaction for a person to read.
func TransactionText(w io.Writer, t *Transaction, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Transaction "+t.Tx.String()))
	p.line()
	p.field("Time", moment(t.Height, t.Time)+", "+t.Block.String())
	p.field("Position", number(t.Position)+" in its block")
	switch {
	case t.Coinbase:
		p.field("Fee", "none: it makes new coins")
	case t.Fee == nil:
		p.field("Fee", "unknown: an input is unresolved")
	default:
		p.field("Fee", money(t.Asset, t.Fee))
	}
	p.field("Weight", number(t.Weight))
	p.basis(t.Basis)
	p.notes(cautions(t.Warnings))
	if t.Output != nil {
		p.heading("Output " + number(*t.Output) + " of " + goshawk.Count(uint64(len(t.Outputs)), "output", "outputs") + ", counted from 0")
		p.outputs(t, int(*t.Output), int(*t.Output)+1)
	} else {
		p.inputs(t)
		p.heading("Outputs")
		p.outputs(t, 0, min(len(t.Outputs), textCoins))
		p.cut(len(t.Outputs), "output", "outputs")
	}
	p.findings(t.Asset, t.Findings)
	return p.b.Flush()
}

// inputs lists what a transaction spends.
func (p *page) inputs(t *Transaction) {
	p.heading("Inputs")
	if t.Coinbase {
		p.line("  none: newly mined coins")
	}
	var amounts []string
	for i := range t.Inputs[:min(len(t.Inputs), textCoins)] {
		amounts = append(amounts, decimal(t.Asset, t.Inputs[i].Amount))
	}
	width := widest(amounts)
	for i := range amounts {
		in := &t.Inputs[i]
		address := in.Address
		if address == "" {
			address = "address unknown"
		}
		p.line("  ", padLeft(number(i), 4), "  ", padLeft(amounts[i], width), "  ", line(address, 400), p.tags(in.Labels))
		p.line("        ", strings.Repeat(" ", width), p.paint(faint, in.Prev.String()))
	}
	p.cut(len(t.Inputs), "input", "inputs")
}

// outputs lists what a transaction creates, from one output up to another.
func (p *page) outputs(t *Transaction, from, end int) {
	var amounts []string
	for i := from; i < end; i++ {
		amounts = append(amounts, decimal(t.Asset, &t.Outputs[i].Amount))
	}
	width := widest(amounts)
	for i := from; i < end; i++ {
		out, amount := &t.Outputs[i], amounts[i-from]
		note := ""
		if out.ByKey {
			note = " (paid to the key itself)"
		}
		p.line("  ", padLeft(number(i), 4), "  ", padLeft(amount, width), "  ", line(out.Address, 400), note, p.tags(out.Labels))
		fate := "unspent"
		switch {
		case out.Burnt:
			fate = "burnt"
		case out.Spender != nil:
			fate = "spent by " + out.Spender.String()
		}
		indent := "        " + strings.Repeat(" ", width)
		p.line(indent, p.paint(faint, fate))
		if out.Hint != "" {
			p.hang(indent, indent+"  ", "hint: may be change, by "+line(out.Hint, longRule))
		}
	}
}
