package report

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"goshawk"
)

// TraceText writes a trace for a person to read: what was asked and by which
// method, where the money is, what to do next, how it got there, and how to
// check all of it. Long lists are cut and say so; CSV and JSON have everything.
func TraceText(w io.Writer, t *goshawk.Trace, s Style) error {
	p := newPage(w, s)
	p.traceHead(t)
	p.notes(traceNotes(t))
	p.traceTotals(t)
	p.traceSteps(t)
	p.traceEnds(t)
	p.tree(t)
	p.heading("How to check this")
	p.line("  ", rerun(t, " "))
	p.prose("  ", rerunWords(t))
	p.line()
	p.prose("  ", grounds)
	return p.b.Flush()
}

func traceQuestion(t *goshawk.Trace) string {
	sum := startSum(t)
	if t.Direction == "backward" {
		return "Where did " + money(t.Asset, &sum) + " come from?"
	}
	return "Where did " + money(t.Asset, &sum) + " go?"
}

func (p *page) traceHead(t *goshawk.Trace) {
	p.line(p.paint(bold, traceQuestion(t)))
	p.line()
	p.starts(t)
	rule, assumes := explain(t.Method, t.Direction)
	p.field("Method", line(t.Method, 40)+", "+line(t.Direction, 20)+". "+rule+" "+assumes)
	p.field("Stops", limitWords(t))
	p.basis(traceBasis(t))
	p.field("Walked", goshawk.Count(t.Steps, "transaction", "transactions"))
}

func (p *page) starts(t *goshawk.Trace) {
	for i := range t.Start[:min(len(t.Start), textStarts)] {
		s := &t.Start[i]
		name := ""
		if i == 0 {
			name = "Start"
		}
		p.field(name, decimal(t.Asset, &s.Amount)+" in "+outpoint(s.Tx, s.Out))
		if s.Address != "" {
			p.field("", "at "+line(s.Address, 200))
		}
	}
	if n := len(t.Start) - textStarts; n > 0 {
		p.field("", "and "+goshawk.Count(n, "more coin", "more coins"))
	}
}

// traceNotes are what a reader must know before the figures.
func traceNotes(t *goshawk.Trace) (notes []string) {
	if t.Truncated {
		notes = append(notes, "The trace was stopped before it was done: what it had not walked ends at a limit.")
	}
	return append(notes, cautions(t.Warnings)...)
}

func (p *page) traceTotals(t *goshawk.Trace) {
	p.heading(totalsHead(t))
	if len(t.Totals) == 0 {
		p.line("  Nowhere: the trace found no ends.")
		return
	}
	whole := startSum(t)
	if t.Method == "poison" {
		whole.Clear() // shares of values touched mean nothing
	}
	var titles, amounts []string
	for i := range t.Totals {
		titles = append(titles, wordsOf(t.Totals[i].Kind, t.Direction).title)
		amounts = append(amounts, totalWords(t, &t.Totals[i], money))
	}
	titleWidth, amountWidth := widest(titles), widest(amounts)
	for i := range t.Totals {
		w := wordsOf(t.Totals[i].Kind, t.Direction)
		p.line("  ", p.paint(kindColour(w.kind), w.glyph+" "+pad(titles[i], titleWidth)), "  ", p.paint(bold, padLeft(amounts[i], amountWidth)),
			padLeft(share(knownPart(&t.Totals[i]), &whole), 9), padLeft(goshawk.Count(t.Totals[i].Count, "end ", "ends"), 14), "  ", p.paint(faint, meaningOf(w.kind, t)))
	}
	p.prose("  ", sumCheck(t))
}

// totalWords writes a sum as money or decimal does; where it misses ends of
// unknown amount it is a lower bound, or all unknown.
func totalWords(t *goshawk.Trace, total *goshawk.TraceTotal, write func(goshawk.Asset, *goshawk.Units) string) string {
	return spent(t.Asset, &total.Amount, uint64(total.Unknown), write)
}

func (p *page) traceSteps(t *goshawk.Trace) {
	steps := nextSteps(t)
	if len(steps) == 0 {
		return
	}
	p.heading("What to do next")
	for i, s := range steps[:min(len(steps), textParties)] {
		if i > 0 {
			p.line()
		}
		p.hang("  "+padLeft(strconv.Itoa(i+1), 2)+". ", "      ", p.paint(bold, s.Heading)+": "+s.sum(t.Asset)+" in "+paymentWords(s, t.Direction == "backward"))
		p.prose("      ", s.Advice)
		for _, d := range s.Deposits[:min(len(s.Deposits), textDeposits)] {
			p.deposit(t, s, d)
		}
		if n := len(s.Deposits) - textDeposits; n > 0 {
			p.line("      and ", goshawk.Count(n, "more address", "more addresses"), ", listed in the CSV and JSON forms")
		}
		for _, words := range s.Labels {
			p.hang("      Label: ", "             ", words)
		}
	}
	if n := len(steps) - textParties; n > 0 {
		p.line("  and ", goshawk.Count(n, "more party", "more parties"), ", listed in the CSV and JSON forms")
	}
}

func (p *page) deposit(t *goshawk.Trace, s *step, d *deposit) {
	address := d.Address
	if address == "" {
		address = "unknown"
	}
	p.line("        address   ", p.paint(bold, address))
	for _, e := range d.Payments[:min(len(d.Payments), textPayments)] {
		x := paymentOf(t, e)
		p.line("        ", x.Verb, "  ", money(t.Asset, e.Amount), x.When)
		p.line("                  ", x.Lead, x.Tx, x.Tail)
		if x.From != "" {
			p.line("                  from its coin ", x.From)
		}
		if e.Note != "" {
			p.prose("                  ", line(e.Note, 300))
		}
	}
	if n := len(d.Payments) - textPayments; n > 0 {
		p.line("                  and ", goshawk.Count(n, "smaller payment", "smaller payments"), ", listed in the CSV and JSON forms")
	}
	if len(d.Sweeps) > 0 {
		p.prose("          ", sweepWords(d, s.Party, t.Direction == "backward"))
	}
}

func (p *page) traceEnds(t *goshawk.Trace) {
	ends, others := largestEnds(t, textEnds)
	if len(ends) == 0 {
		return
	}
	p.heading("The largest ends")
	var amounts, titles []string
	for _, e := range ends {
		amounts = append(amounts, decimal(t.Asset, e.Amount))
		titles = append(titles, wordsOf(e.Kind, t.Direction).title)
	}
	amountWidth, titleWidth := widest(amounts), widest(titles)
	for i, e := range ends {
		w := wordsOf(e.Kind, t.Direction)
		address := ""
		if e.Address != nil {
			address = line(*e.Address, 400)
		}
		if e.Label != nil {
			address += "  " + line(e.Label.Text, 40)
		}
		p.line("  ", p.paint(bold, padLeft(amounts[i], amountWidth)), "  ", p.paint(kindColour(e.Kind), w.glyph+" "+pad(titles[i], titleWidth)), "  ", address)
		detail := day(e.Time)
		if detail != "" {
			detail += ", "
		}
		detail += goshawk.Count(e.Hops, "hop", "hops")
		if mix := mixWords(e, t.Direction); mix != "" {
			detail += ", " + mix
		}
		if e.Note != "" {
			detail += ", " + line(e.Note, 100)
		}
		coin := e.Tx.String()
		if e.Out != nil {
			coin = outpoint(e.Tx, *e.Out)
		}
		p.line(strings.Repeat(" ", amountWidth+4), p.paint(faint, coin+"  "+detail))
	}
	if others > 0 {
		p.line("  and ", goshawk.Count(others, "smaller end", "smaller ends"), ", listed in the CSV and JSON forms")
	}
}

// tree draws the flow in lines: children under the transaction they follow,
// the largest first. A transaction that several ways reach is drawn once.
func (p *page) tree(t *goshawk.Trace) {
	pic := newPicture(t, textTreeLines)
	if len(pic.edges) == 0 {
		return
	}
	p.heading(drawingHead(t))
	out := make([][]int, len(pic.nodes))
	for i := range pic.edges {
		out[pic.edges[i].from] = append(out[pic.edges[i].from], i)
	}
	for i := range out {
		slices.SortStableFunc(out[i], func(a, b int) int { return pic.edges[b].amount.Cmp(&pic.edges[a].amount) })
	}
	l := &lines{p: p, t: t, pic: pic, out: out, seen: make([]bool, len(pic.nodes))}
	for i := range pic.nodes {
		if pic.nodes[i].shape == shapeStart {
			l.node(i, -1, "  ", "  ")
		}
	}
	if pic.hidden > 0 {
		p.line("  ", goshawk.Count(pic.hidden, "end", "ends"), " beyond this tree, listed in the CSV and JSON forms")
	}
	if pic.unlisted > 0 {
		p.line("  ", goshawk.Count(pic.unlisted, "coin was", "coins were"), " walked but not kept for drawing")
	}
}

type lines struct {
	p    *page
	t    *goshawk.Trace
	pic  *picture
	out  [][]int
	seen []bool
}

func (l *lines) node(i, by int, first, indent string) {
	n := &l.pic.nodes[i]
	amount := ""
	if by >= 0 {
		amount = money(l.t.Asset, &l.pic.edges[by].amount)
	}
	switch n.shape {
	case shapeStart:
		l.p.line(first, l.p.paint(bold, n.top), "  ", n.bottom)
	case shapeTx, shapeChain:
		text := n.top
		if n.shape == shapeTx && n.bottom != "" {
			text += " (" + n.bottom + ")"
		}
		if l.seen[i] {
			l.p.line(first, amount, " → ", text, l.p.paint(faint, ", see above"))
			return
		}
		l.p.line(first, amount, " → ", text)
	case shapeEnd:
		w := wordsOf(n.kind, l.t.Direction)
		inference := ""
		if n.inference {
			inference = " (inference)"
		}
		who := ""
		if n.bottom != w.title {
			who = ": " + n.bottom
		}
		l.p.line(first, n.top, " ", l.p.paint(kindColour(n.kind), w.glyph+" "+w.title), who, inference)
	case shapeRest:
		l.p.line(first, n.bottom, " in ", strings.TrimPrefix(n.top, "+"))
	}
	l.seen[i] = true
	for k, e := range l.out[i] {
		branch, below := "├─ ", "│  "
		if k == len(l.out[i])-1 {
			branch, below = "└─ ", "   "
		}
		l.node(l.pic.edges[e].to, e, indent+branch, indent+below)
	}
}
