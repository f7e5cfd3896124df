package report

import (
	"io"
	"iter"

	"goshawk"
)

// Hit is one place where a labelled address appears: in a ledger, or in a list or text that was screened.
type Hit struct {
	Tx      *goshawk.Hash // nil for a hit in a list or text
	Side    string        // in or out; empty for a hit in a list or text
	File    string        // name of the list or text, without its folder; empty for a hit in a ledger
	Index   uint32        // of the input or output; line number, from 1, for a list or text
	Address string        // as the ledger, list or text writes it
	Amount  *goshawk.Units
	Height  int32 // -1 where it is not known, and for a list or text
	Time    int64
	Label   goshawk.Label
}

// Screened counts what a screening looked at. Whoever yields the hits counts.
type Screened struct {
	Addresses  uint64 // looked up
	Impossible uint64 // texts that look like addresses and can be none
}

// ScreenJSON writes hits as they come, as a list in the shape of docs/json.md.
// It stops at the first error, which it returns; what was written by then is no
// complete JSON, so that nobody takes half a screening for a whole one.
func ScreenJSON(w io.Writer, hits iter.Seq2[Hit, error]) error {
	e := newEncoder(w)
	e.list()
	for h, err := range hits {
		if err != nil {
			e.flush()
			return err
		}
		e.object()
		optional(e.key("tx"), h.Tx, e.hash)
		e.key("side").text(h.Side)
		e.key("index").index(h.Index)
		e.key("address").string(h.Address)
		e.key("amount").units(h.Amount)
		e.key("label").string(h.Label.Text)
		e.key("source").string(h.Label.Source)
		e.key("source_hash").string(h.Label.SourceHash)
		e.key("confidence").int(int64(h.Label.Confidence))
		e.key("actor").text(h.Label.Actor)
		e.key("concepts").strings(h.Label.Concepts)
		e.key("match").text(h.Label.Match)
		e.key("height").height(h.Height)
		e.key("time").time(h.Time)
		e.key("file").text(h.File)
		e.end()
		if e.err != nil {
			return e.err
		}
	}
	e.end()
	return e.finish()
}

// ScreenText writes hits for a person to read, as they come, and then how many
// there were among how many addresses: looked is read when the hits have ended.
// It stops at the first error, which it returns; before the first hit nothing is
// written then.
func ScreenText(w io.Writer, b Basis, hits iter.Seq2[Hit, error], looked *Screened, s Style) error {
	p := newPage(w, s)
	n := 0
	begin := func() {
		p.line(p.paint(bold, "Screening against labels"))
		p.line()
		p.basis(b)
		p.notes(cautions(b.Warnings))
		p.line()
	}
	for h, err := range hits {
		if err != nil {
			if flushed := p.b.Flush(); flushed != nil {
				return flushed
			}
			return err
		}
		if n++; n == 1 {
			begin()
		}
		p.line(p.paint(bold, line(h.Address, 400)))
		switch {
		case h.Tx == nil:
			p.line("    line ", number(h.Index), " of ", line(h.File, 200))
		case h.Side == "in":
			p.hang("    ", "      ", "spent "+money(b.Asset, h.Amount)+", "+moment(h.Height, h.Time)+", input "+number(h.Index)+" of "+h.Tx.String())
		default:
			p.hang("    ", "      ", "received "+money(b.Asset, h.Amount)+", "+moment(h.Height, h.Time)+", output "+number(h.Index)+" of "+h.Tx.String())
		}
		p.hang("    ", "    ", labelWords(&h.Label))
	}
	if n == 0 {
		begin()
		p.line("No address here is in the labels.")
	} else {
		p.line()
		p.line(goshawk.Count(n, "hit", "hits"), ".")
	}
	p.line(goshawk.Count(looked.Addresses, "address was", "addresses were"), " looked up.")
	if looked.Impossible > 0 {
		p.line(goshawk.Count(looked.Impossible, "more looks like an address and can be", "more look like addresses and can be"), " nobody's: was a letter mistyped?")
	}
	return p.b.Flush()
}
