package report

import (
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"goshawk"
)

const (
	textCoins  = 60 // inputs or outputs of a transaction
	textLabels = 12
	longRule   = 2000 // characters: a combination of heuristics is not cut, it would not be one
)

// labelList writes labels, highest confidence first, as they come.
func (p *page) labelList(name string, labels []goshawk.Label) {
	for i := range labels[:min(len(labels), textLabels)] {
		l := &labels[i]
		first := ""
		if i == 0 {
			first = name
		}
		s := labelWords(l)
		if len(l.Concepts) > 0 {
			s += ": " + line(strings.Join(l.Concepts, ", "), 80)
		}
		if l.Abuse != "" {
			s += ", " + line(l.Abuse, 40)
		}
		if l.Reference != "" {
			s += ", see " + line(l.Reference, 200)
		}
		p.field(first, s)
	}
	if n := len(labels) - textLabels; n > 0 {
		p.field("", "and "+goshawk.Count(n, "more label", "more labels"))
	}
}

func (p *page) moment(name string, m *Moment) {
	if m != nil {
		p.field(name, moment(m.Height, m.Time)+", "+m.Tx.String())
	}
}

// AddressText writes what is known of an address for a person to read.
func AddressText(w io.Writer, a *Address, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Address "+line(a.Address, 400)))
	p.line()
	p.field("Form", a.Kind.String())
	p.field("Received", money(a.Asset, &a.Received)+" in "+goshawk.Count(a.Outputs, "output", "outputs"))
	p.field("Spent", spent(a.Asset, &a.Spent, a.Unresolved, money)+" in "+goshawk.Count(a.Spends, "output", "outputs")+unknownOf(a.Unresolved))
	p.field("Balance", money(a.Asset, balance(&a.Received, &a.Spent, a.Unresolved)))
	p.field("Used in", goshawk.Count(a.Transactions, "transaction", "transactions"))
	p.moment("First", a.First)
	p.moment("Last", a.Last)
	if len(a.Found) == 0 {
		p.field("Label", "none")
	}
	p.labelList("Label", a.Found)
	if a.ClusterSize > 0 {
		p.field("Cluster", goshawk.Count(a.ClusterSize, "address", "addresses")+" by "+line(a.ClusterRule, longRule)+" (inference)")
		p.labelList("by cluster", a.ClusterLabels)
	}
	p.basis(a.Basis)
	if len(a.History) > 0 {
		p.heading("Transactions")
		var in, out []string
		for i := range a.History {
			h := &a.History[i]
			in = append(in, gain(a.Asset, &h.Received))
			out = append(out, spent(a.Asset, &h.Spent, h.Unresolved, loss))
		}
		inWidth, outWidth := widest(in), widest(out)
		for i := range in {
			h := &a.History[i]
			p.line("  ", pad(when(h.Time), 23), "  ", padLeft(in[i], inWidth), "  ", padLeft(out[i], outWidth), "  ", h.Tx.String())
		}
		if a.More {
			p.line("  and more: raise the limit to see them")
		}
	}
	return p.b.Flush()
}

func gain(a goshawk.Asset, u *goshawk.Units) string { return signed("+", a, u) }
func loss(a goshawk.Asset, u *goshawk.Units) string { return signed("-", a, u) }

// signed writes an amount with its sign; nothing for nothing.
func signed(sign string, a goshawk.Asset, u *goshawk.Units) string {
	switch {
	case u == nil:
		return decimal(a, u)
	case u.IsZero():
		return ""
	}
	return sign + decimal(a, u)
}

// spent writes a sum of spends as money or loss does. Where the values of some
// are unknown it is a lower bound, or all unknown.
func spent(a goshawk.Asset, known *goshawk.Units, unresolved uint64, write func(goshawk.Asset, *goshawk.Units) string) string {
	switch {
	case unresolved == 0:
		return write(a, known)
	case known.IsZero():
		return write(a, nil)
	}
	return "at least " + write(a, known)
}

// unknownOf says how many spends a sum is missing.
func unknownOf(unresolved uint64) string {
	if unresolved == 0 {
		return ""
	}
	return ", " + goshawk.Count(unresolved, "output", "outputs") + " of unknown value"
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
		if out.Hint != "" {
			fate += ", hint: " + line(out.Hint, 120)
		}
		p.line("        ", strings.Repeat(" ", width), p.paint(faint, fate))
	}
}

// tags writes the names that labels give an address.
func (p *page) tags(labels []goshawk.Label) string {
	if len(labels) == 0 {
		return ""
	}
	s := "  [" + line(labels[0].Text, 40) + ", confidence " + Confidence(labels[0].Confidence)
	if len(labels) > 1 {
		s += ", and " + goshawk.Count(len(labels)-1, "more label", "more labels")
	}
	return p.paint(yellow, s+"]")
}

func (p *page) cut(n int, one, many string) {
	if n -= textCoins; n > 0 {
		p.line("  and ", goshawk.Count(n, "more "+one, "more "+many), ", listed in the JSON form")
	}
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

// clusterGrounds is said wherever a cluster is shown.
const clusterGrounds = "A cluster is an inference: addresses that evidence says one party controls. Ask why for the evidence between any two of them."

// ClusterText writes a cluster for a person to read.
func ClusterText(w io.Writer, c *Cluster, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Cluster of "+line(c.Address, 400)))
	p.line()
	p.field("Size", goshawk.Count(c.Size, "address", "addresses"))
	p.field("By", line(c.Rule, longRule))
	p.field("Received", money(c.Asset, &c.Received))
	p.field("Spent", spent(c.Asset, &c.Spent, c.Unresolved, money)+unknownOf(c.Unresolved))
	p.field("Balance", money(c.Asset, balance(&c.Received, &c.Spent, c.Unresolved)))
	p.moment("First", c.First)
	p.moment("Last", c.Last)
	if len(c.Labels) == 0 {
		p.field("Labels", "none")
	}
	p.labelList("Labels", c.Labels)
	p.basis(c.Basis)
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

// PathsText writes paths for a person to read.
func PathsText(w io.Writer, q *goshawk.Paths, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "From "+line(q.From, 400)+" to "+line(q.To, 400)))
	p.line()
	if q.MaxHops > 0 {
		p.field("Within", goshawk.Count(q.MaxHops, "hop", "hops"))
	}
	p.basis(pathsBasis(q))
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

// FindingsText writes findings for a person to read.
func FindingsText(w io.Writer, f *Findings, s Style) error {
	p := newPage(w, s)
	title := "Patterns"
	if f.Kind != "" {
		title += ": " + line(f.Kind, 60)
	}
	p.line(p.paint(bold, title))
	p.line()
	p.basis(f.Basis)
	if len(f.Findings) == 0 {
		p.line()
		p.line("None found.")
	}
	p.findings(f.Asset, f.Findings)
	if f.Truncated {
		p.line("  and more: raise the limit to see them")
	}
	return p.b.Flush()
}

func (p *page) findings(a goshawk.Asset, findings []goshawk.Finding) {
	if len(findings) > 0 {
		p.heading("Findings")
	}
	for i := range findings {
		f := &findings[i]
		at := ""
		if f.Height >= 0 {
			at = ", block " + number(f.Height)
		}
		p.hang("  ", "    ", p.paint(bold, sentence(line(f.Statement, 300)))+" Confidence: "+line(f.Confidence, 30)+" (rule "+line(f.Rule, 60)+").")
		p.line("    ", f.Tx.String(), at)
		for _, saw := range f.Saw[:min(len(f.Saw), 12)] {
			p.hang("    - ", "      ", line(saw, 300))
		}
		for k := range f.Parts[:min(len(f.Parts), textCoins)] {
			part := &f.Parts[k]
			role := "      " + pad(line(part.Role, 20), 8) + "  "
			if part.Tx != nil {
				coin := part.Tx.String()
				if part.Out != nil {
					coin = outpoint(*part.Tx, *part.Out)
				}
				if part.Amount != nil {
					coin += "  " + money(a, part.Amount)
				}
				p.line(role, coin)
				role = pad("", utf8.RuneCountInString(role))
			}
			if part.Address != "" {
				p.line(role, line(part.Address, 400))
			}
		}
		if n := len(f.Parts) - textCoins; n > 0 {
			p.line("      and ", goshawk.Count(n, "more", "more"), ", listed in the JSON form")
		}
	}
}

// sentence makes a clause a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	s = strings.ToUpper(string(r[:1])) + string(r[1:])
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// ScreenText writes hits for a person to read, as they come, and then how many
// there were among how many addresses: looked is read when the hits have ended.
// It stops at the first error, which it returns.
func ScreenText(w io.Writer, a goshawk.Asset, hits iter.Seq2[Hit, error], looked *Screened, s Style) error {
	p := newPage(w, s)
	n := 0
	for h, err := range hits {
		if err != nil {
			if flushed := p.b.Flush(); flushed != nil {
				return flushed
			}
			return err
		}
		n++
		p.line(p.paint(bold, line(h.Address, 400)))
		switch {
		case h.Tx == nil:
			p.line("    line ", number(h.Index), " of ", line(h.File, 200))
		case h.Side == "in":
			p.line("    spent ", money(a, h.Amount), ", input ", number(h.Index), " of ", h.Tx.String(), ", ", moment(h.Height, h.Time))
		default:
			p.line("    received ", money(a, h.Amount), ", output ", number(h.Index), " of ", h.Tx.String(), ", ", moment(h.Height, h.Time))
		}
		p.hang("    ", "    ", labelWords(&h.Label))
	}
	if n == 0 {
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
