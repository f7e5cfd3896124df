package report

import (
	"io"

	"goshawk"
)

// PathsJSON writes paths in the shape of docs/json.md.
func PathsJSON(w io.Writer, p *goshawk.Paths) error {
	e := newEncoder(w)
	e.lines()
	e.basis(pathsBasis(p))
	e.key("from").string(p.From)
	e.key("to").string(p.To)
	if e.key("max_hops"); p.MaxHops > 0 {
		e.int(int64(p.MaxHops))
	} else {
		e.null()
	}
	e.key("truncated").bool(p.Truncated)
	e.key("paths").list()
	for i := range p.Paths {
		path := &p.Paths[i]
		e.lines()
		e.key("by").string(path.By)
		e.key("amount").units(&path.Amount)
		e.key("steps").list()
		for k := range path.Steps {
			s := &path.Steps[k]
			e.object()
			e.key("tx").hash(s.Tx)
			e.key("out").index(s.Out)
			e.key("address").text(s.Address)
			e.key("amount").units(s.Amount)
			e.key("height").height(s.Height)
			e.key("time").time(s.Time)
			optional(e.key("spender"), s.Spender, e.hash)
			e.end()
		}
		e.end()
		e.end()
	}
	e.end()
	e.end()
	return e.finish()
}

// PathsText writes paths for a person to read.
func PathsText(w io.Writer, q *goshawk.Paths, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "From "+line(q.From, 400)+" to "+line(q.To, 400)))
	p.line()
	if q.MaxHops > 0 {
		p.field("Within", goshawk.Count(q.MaxHops, "hop", "hops"))
	}
	p.basis(pathsBasis(q))
	p.notes(cautions(q.Warnings))
	if len(q.Paths) == 0 {
		p.line()
		if q.Truncated {
			p.prose("", "No path was found before the search reached its limit. There may be one.")
		} else {
			p.prose("", "There is no path in this ledger.")
		}
	} else if q.Truncated {
		p.line()
		p.prose("", "The search reached its limit before it was complete: there may be better paths.")
	}
	for i := range q.Paths {
		path := &q.Paths[i]
		title := "Path"
		switch path.By {
		case "shortest":
			title = "The shortest path"
		case "largest":
			title = "The path that carries most"
		}
		p.heading(title)
		p.line("  ", goshawk.Count(max(0, len(path.Steps)-1), "transaction", "transactions"), ", at most ", money(q.Asset, &path.Amount), " the whole way")
		for k := range path.Steps {
			s := &path.Steps[k]
			p.line("  ", padLeft(number(k), 3), "  ", p.paint(bold, money(q.Asset, s.Amount)), "  ", line(s.Address, 400))
			p.line("       ", outpoint(s.Tx, s.Out), "  ", p.paint(faint, moment(s.Height, s.Time)))
		}
	}
	p.line()
	p.prose("  ", "That each transaction spent one coin and created the next is a fact of the chain. That the same money took this way is not: coins mix in every transaction on it.")
	return p.b.Flush()
}
