package report

import (
	"io"

	"goshawk"
)

// Cluster sums up who controls what, by the evidence of the heuristics named.
type Cluster struct {
	Basis
	Address    string // the one asked for
	Rule       string // co-spend/1 and whatever was merged in
	Size       uint64 // addresses
	Received   goshawk.Units
	Spent      goshawk.Units
	Unresolved uint64 // spends whose value is unknown, not in Spent
	Before     bool   // they may have spent coins from before the ledger's first block, which are not in Received
	First      *Moment
	Last       *Moment
	Labels     []goshawk.Label // of any of its addresses
	Addresses  []string        // the first of them, in the ledger's order
	Hints      []goshawk.Merge // what change heuristics would add, if asked; not merged
	Excluded   []goshawk.Merge // evidence that the caller threw out
}

// Why is the chain of evidence that joins two addresses, or its absence.
type Why struct {
	Basis
	From, To string
	Joined   bool
	Chain    []goshawk.Merge // from From to To, link by link
	Excluded []goshawk.Merge
}

// ClusterJSON writes a cluster in the shape of docs/json.md.
func ClusterJSON(w io.Writer, c *Cluster) error {
	e := newEncoder(w)
	e.lines()
	e.basis(c.Basis)
	e.key("address").string(c.Address)
	e.key("rule").string(c.Rule)
	e.key("size").uint(c.Size)
	e.key("received").units(&c.Received)
	e.spent(&c.Spent, c.Unresolved)
	e.key("balance").units(balance(&c.Received, &c.Spent, c.Unresolved, c.Before))
	e.moment("first", c.First)
	e.moment("last", c.Last)
	e.labels("cluster_labels", c.Labels)
	e.key("addresses").list()
	for _, a := range c.Addresses {
		e.string(a)
	}
	e.end()
	e.key("more").bool(uint64(len(c.Addresses)) < c.Size)
	e.merges("hints", c.Hints)
	e.merges("excluded", c.Excluded)
	e.end()
	return e.finish()
}

// ClusterText writes a cluster for a person to read.
func ClusterText(w io.Writer, c *Cluster, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Cluster of "+line(c.Address, 400)))
	p.line()
	p.field("Size", goshawk.Count(c.Size, "address", "addresses"))
	p.field("By", line(c.Rule, longRule))
	p.field("Received", money(c.Asset, &c.Received)+since(c.Ledger))
	p.field("Spent", spent(c.Asset, &c.Spent, c.Unresolved, money)+unknownOf(c.Unresolved))
	p.balance(c.Basis, balance(&c.Received, &c.Spent, c.Unresolved, c.Before))
	p.moment("First", c.First)
	p.moment("Last", c.Last)
	if len(c.Labels) == 0 {
		p.field("Labels", "none")
	}
	p.labelList("Labels", c.Labels)
	p.basis(c.Basis)
	p.notes(cautions(c.Warnings))
	if len(c.Addresses) > 0 {
		p.heading("Addresses")
		for _, a := range c.Addresses {
			p.line("  ", line(a, 400))
		}
		if shown := uint64(len(c.Addresses)); c.Size > shown {
			p.line("  and ", goshawk.Count(c.Size-shown, "more address", "more addresses"))
		}
	}
	if len(c.Hints) > 0 {
		p.heading("What change heuristics would add")
		p.merges(c.Hints)
	}
	if len(c.Excluded) > 0 {
		p.heading("Evidence that was left out, as asked")
		p.merges(c.Excluded)
	}
	p.line()
	p.prose("  ", clusterGrounds)
	return p.b.Flush()
}

// WhyJSON writes the evidence between two addresses in the shape of docs/json.md.
func WhyJSON(w io.Writer, y *Why) error {
	e := newEncoder(w)
	e.lines()
	e.basis(y.Basis)
	e.key("from").string(y.From)
	e.key("to").string(y.To)
	e.key("joined").bool(y.Joined)
	e.merges("chain", y.Chain)
	e.merges("excluded", y.Excluded)
	e.end()
	return e.finish()
}

// WhyText writes the chain of evidence between two addresses for a person to read.
func WhyText(w io.Writer, y *Why, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Why "+line(y.From, 400)+" and "+line(y.To, 400)))
	p.line()
	if y.Joined {
		p.prose("", "One party controls both, by "+goshawk.Count(len(y.Chain), "piece", "pieces")+" of evidence. This is an inference: each link is as strong as its heuristic.")
	} else {
		p.prose("", "Nothing in this ledger joins them. That is no proof that two parties control them.")
	}
	p.line()
	p.basis(y.Basis)
	p.notes(cautions(y.Warnings))
	if len(y.Chain) > 0 {
		p.heading("Evidence, link by link")
		p.merges(y.Chain)
	}
	if len(y.Excluded) > 0 {
		p.heading("Evidence that was left out, as asked")
		p.merges(y.Excluded)
	}
	return p.b.Flush()
}

func (e *encoder) merges(name string, merges []goshawk.Merge) {
	e.key(name).list()
	for i := range merges {
		m := &merges[i]
		e.object()
		e.key("a").text(m.A)
		e.key("b").text(m.B)
		e.key("tx").hash(m.Tx)
		e.key("height").height(m.Height)
		e.key("heuristic").string(m.Heuristic)
		e.end()
	}
	e.end()
}

func (p *page) merges(merges []goshawk.Merge) {
	for i := range merges[:min(len(merges), textCoins)] {
		m := &merges[i]
		by := "by "
		if m.A != "" || m.B != "" {
			p.line("  ", line(m.A, 400))
			p.line("  ", line(m.B, 400))
			by = "    by "
		}
		at := ""
		if m.Height >= 0 {
			at = " in block " + number(m.Height)
		}
		p.line("  ", by, line(m.Heuristic, 60), ", transaction ", m.Tx.String(), at)
	}
	if n := len(merges) - textCoins; n > 0 {
		p.line("  and ", goshawk.Count(n, "more", "more"), ", listed in the JSON form")
	}
}

// clusterGrounds is said wherever a cluster is shown.
const clusterGrounds = "A cluster is an inference: addresses that evidence says one party controls. Ask why for the evidence between any two of them."
