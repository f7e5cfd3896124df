package report

import (
	"cmp"
	"html/template"
	"io"
	"slices"
	"strings"

	"goshawk"
)

// compareView is the part of a page that sets methods side by side.
type compareView struct {
	Head    string
	Words   string
	Methods []string
	Columns int
	Totals  []compareTotal
	Ends    []compareEnd
	More    string
}

type compareTotal struct {
	Mark        template.HTML
	Kind, Title string
	Amounts     []string
}

type compareEnd struct {
	Mark                                                   template.HTML
	Kind, Title, Label, Address, Coin, Least, Most, Remark string
	Amounts                                                []string
}

const compareWords = "Each method answers the same question by its own rule. Least and most are taken over the methods that claim amounts; poison claims none, and shows values touched. Where a method does not reach an end it claims nothing there, and what only poison touches has neither least nor most. No method is the legal one: which applies is for the court."

// comparedTotals gathers the sums of each end kind under each method.
func comparedTotals(c *goshawk.Comparison) (rows []compareTotal) {
	for _, kind := range goshawk.EndKinds() {
		r := compareTotal{Kind: string(safeKind(kind)), Mark: markHTML(kind), Title: wordsOf(kind, c.Traces[0].Direction).title}
		any := false
		for _, t := range c.Traces {
			s := "–"
			for i := range t.Totals {
				if t.Totals[i].Kind == kind {
					s, any = totalWords(t, &t.Totals[i], decimal), true
				}
			}
			r.Amounts = append(r.Amounts, s)
		}
		if any {
			rows = append(rows, r)
		}
	}
	return rows
}

// agrees says whether the methods that claim amounts claim the same of an end that
// at least one of them reaches.
func agrees(e *goshawk.ComparisonEnd) bool { return e.Most != nil && e.Least.Eq(e.Most) }

// ranked orders a comparison's ends for people: those on which methods
// disagree first, by how much is at stake, then by their largest amount, then
// those that no method claims. Fees are left out.
func ranked(c *goshawk.Comparison, n int) (ends []*goshawk.ComparisonEnd, others int) {
	for i := range c.Ends {
		if c.Ends[i].Kind != goshawk.EndFee {
			ends = append(ends, &c.Ends[i])
		}
	}
	place := func(e *goshawk.ComparisonEnd) int {
		switch {
		case e.Most == nil:
			return 2
		case agrees(e):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ends, func(a, b *goshawk.ComparisonEnd) int {
		if d := cmp.Compare(place(a), place(b)); d != 0 {
			return d
		}
		if a.Most == nil {
			return more(touched(a), touched(b))
		}
		var x, y goshawk.Units
		return cmp.Or(y.Sub(b.Most, b.Least).Cmp(x.Sub(a.Most, a.Least)), b.Most.Cmp(a.Most))
	})
	if len(ends) > n {
		ends, others = ends[:n], len(ends)-n
	}
	return ends, others
}

// touched is the amount of an end that no method claims; nil where it is unknown.
func touched(e *goshawk.ComparisonEnd) *goshawk.Units {
	for _, a := range e.Amounts {
		if a != nil {
			return a
		}
	}
	return nil
}

// comparedAmounts writes an end's amount under each method; a dash where one does
// not reach it.
func comparedAmounts(c *goshawk.Comparison, e *goshawk.ComparisonEnd) (amounts []string) {
	for k, t := range c.Traces {
		if a := amountBy(e, k); a != nil || unknownTo(e, k) {
			amounts = append(amounts, decimal(t.Asset, a))
		} else {
			amounts = append(amounts, "–")
		}
	}
	return amounts
}

// differWords says on how many ends the methods that claim amounts disagree.
func differWords(c *goshawk.Comparison) string {
	claimed, differ, rest := 0, 0, 0
	for i := range c.Ends {
		switch e := &c.Ends[i]; {
		case e.Kind == goshawk.EndFee:
		case e.Most == nil:
			rest++
		default:
			claimed++
			if !agrees(e) {
				differ++
			}
		}
	}
	var s string
	switch claim := claimants(c); {
	case len(c.Traces) == 1:
		return "There is one answer, and nothing to compare it with."
	case len(claim) == 1:
		s = "Of the methods only " + claim[0] + " claims amounts: there is nothing to compare it with."
	case claimed == 0:
		s = "The methods found no ends but fees."
	case differ > 0:
		s = "The methods disagree on " + number(differ) + " of " + goshawk.Count(claimed, "end", "ends") + "."
	case claimed == 1:
		s = "The methods agree on the only end."
	default:
		s = "The methods agree on all " + number(claimed) + " ends."
	}
	if rest > 0 {
		s += " Poison touches " + goshawk.Count(rest, "more end", "more ends") + ", which no method claims."
	}
	return s
}

// claimants names the methods of a comparison that claim amounts: all but poison.
func claimants(c *goshawk.Comparison) []string {
	return slices.DeleteFunc(ran(c), func(name string) bool { return name == "poison" })
}

// verdict says what the methods make of an end.
func verdict(c *goshawk.Comparison, e *goshawk.ComparisonEnd) string {
	asset := c.Traces[0].Asset
	switch claim := claimants(c); {
	case e.Most == nil:
		return "only poison touches it: " + money(asset, touched(e))
	case len(claim) == 1:
		return claim[0] + " claims " + money(asset, e.Most)
	case agrees(e):
		return "all agree on " + money(asset, e.Most)
	}
	return decimal(asset, e.Least) + " to " + money(asset, e.Most)
}

// ran names the methods that answered.
func ran(c *goshawk.Comparison) (names []string) {
	for _, t := range c.Traces {
		names = append(names, line(t.Method, 40))
	}
	return names
}

// comparedNotes are what a reader must know before the figures: which methods did
// not run or not to their end, and what each trace warns of, once.
func comparedNotes(c *goshawk.Comparison) (notes []string) {
	if len(c.NotRun) > 0 {
		notes = append(notes, "The comparison was stopped before it was done. Methods that ran: "+strings.Join(ran(c), ", ")+". Methods that did not run: "+strings.Join(c.NotRun, ", ")+".")
	}
	for _, t := range c.Traces {
		for i, n := range traceNotes(t) {
			if i == 0 && t.Truncated {
				n = line(t.Method, 40) + ": " + n
			}
			if !slices.Contains(notes, n) {
				notes = append(notes, n)
			}
		}
	}
	return notes
}

// comparedWarnings are the warnings of all answers, each once.
func comparedWarnings(c *goshawk.Comparison) (all []string) {
	for _, t := range c.Traces {
		for _, w := range t.Warnings {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}

func rerunComparison(c *goshawk.Comparison, between string) string {
	return rerunWith(c.Traces[0], "--compare="+strings.Join(append(ran(c), c.NotRun...), ","), between)
}

// ComparisonHTML writes one question's answers by several methods as one page.
func ComparisonHTML(w io.Writer, c *goshawk.Comparison) error {
	if len(c.Traces) == 0 {
		return goshawk.Errorf(goshawk.Invalid, "there is nothing to compare").WithHint("name at least one method")
	}
	t := c.Traces[0]
	v := newView(traceBasis(t))
	ends, others := ranked(c, htmlEnds)
	v.Title = traceQuestion(t)
	v.Kicker = "Trace, " + line(t.Direction, 20) + ", by " + goshawk.Count(len(c.Traces), "method", "methods")
	v.Summary = differWords(c)
	v.Warnings = append(claimNotes(t), comparedNotes(c)...)
	for _, each := range c.Traces {
		rule, assumes := explain(each.Method, each.Direction)
		v.Methods = append(v.Methods, methodView{line(each.Method, 40), rule, assumes})
	}
	v.addFacts(t)
	v.Facts = v.Facts[:len(v.Facts)-1] // each method walks its own number of transactions
	x := &compareView{Head: totalsHead(t) + ", method by method", Words: compareWords, Methods: ran(c), Columns: 2 + len(c.Traces), Totals: comparedTotals(c)}
	for _, e := range ends {
		r := compareEnd{Kind: string(safeKind(e.Kind)), Mark: markHTML(e.Kind), Title: wordsOf(e.Kind, t.Direction).title, Coin: e.Tx.String(), Amounts: comparedAmounts(c, e)}
		if e.Most == nil {
			r.Least, r.Most, r.Remark = "–", "–", "only poison touches it"
		} else {
			r.Least, r.Most = decimal(t.Asset, e.Least), decimal(t.Asset, e.Most)
			if !agrees(e) {
				r.Remark = "methods disagree"
			}
		}
		if e.Out != nil {
			r.Coin = outpoint(e.Tx, *e.Out)
		}
		if e.Address != nil {
			r.Address = line(*e.Address, 400)
		}
		if e.Label != nil {
			r.Label = line(e.Label.Text, 120)
		}
		x.Ends = append(x.Ends, r)
	}
	if others > 0 {
		x.More = "And " + goshawk.Count(others, "more end", "more ends") + ", listed in the CSV and JSON forms."
	}
	v.Compare = x
	v.Command = []string{rerunComparison(c, " \\\n    ")}
	v.Rerun = rerunWords(t)
	return v.write(w)
}

// ComparisonText writes one question's answers by several methods for a person to read.
func ComparisonText(w io.Writer, c *goshawk.Comparison, s Style) error {
	if len(c.Traces) == 0 {
		return goshawk.Errorf(goshawk.Invalid, "there is nothing to compare").WithHint("name at least one method")
	}
	p := newPage(w, s)
	t := c.Traces[0]
	ends, others := ranked(c, 2*textEnds)
	p.line(p.paint(bold, traceQuestion(t)))
	p.prose("", differWords(c))
	p.line()
	p.starts(t)
	p.field("Stops", limitWords(t))
	p.basis(traceBasis(t))
	p.notes(comparedNotes(c))
	p.heading(totalsHead(t) + ", method by method")
	p.grid(c, comparedTotals(c))
	p.heading("Ends")
	p.prose("  ", compareWords)
	p.line()
	for _, e := range ends {
		p.comparedEnd(c, e)
	}
	if others > 0 {
		p.line("  and ", goshawk.Count(others, "more end", "more ends"), ", listed in the CSV and JSON forms")
	}
	p.heading("The methods")
	for _, each := range c.Traces {
		rule, assumes := explain(each.Method, each.Direction)
		p.hang("  "+p.paint(bold, pad(line(each.Method, 40), 9)), "           ", rule+" "+assumes)
	}
	p.heading("How to check this")
	p.line("  ", rerunComparison(c, " "))
	p.prose("  ", rerunWords(t))
	return p.b.Flush()
}

// grid writes a row for each end kind and a column for each method.
func (p *page) grid(c *goshawk.Comparison, rows []compareTotal) {
	titles := []string{""}
	for _, r := range rows {
		titles = append(titles, r.Title)
	}
	first := widest(titles)
	widths := make([]int, len(c.Traces))
	head := "  " + pad("", first+2)
	for k, t := range c.Traces {
		cells := []string{line(t.Method, 40)}
		for _, r := range rows {
			cells = append(cells, r.Amounts[k])
		}
		widths[k] = widest(cells)
		head += "  " + padLeft(cells[0], widths[k])
	}
	p.line(p.paint(faint, head))
	for _, r := range rows {
		text := "  " + wordsOf(goshawk.EndKind(r.Kind), "").glyph + " " + pad(r.Title, first)
		for k, a := range r.Amounts {
			text += "  " + padLeft(a, widths[k])
		}
		p.line(text)
	}
}

func (p *page) comparedEnd(c *goshawk.Comparison, e *goshawk.ComparisonEnd) {
	t := c.Traces[0]
	w := wordsOf(e.Kind, t.Direction)
	who := ""
	if e.Label != nil {
		who = ", " + line(e.Label.Text, 60)
	}
	p.line("  ", p.paint(kindColour(e.Kind), w.glyph+" "+w.title), who, ": ", p.paint(bold, verdict(c, e)))
	if e.Address != nil {
		p.line("      ", line(*e.Address, 400))
	}
	coin := e.Tx.String()
	if e.Out != nil {
		coin = outpoint(e.Tx, *e.Out)
	}
	p.line("      ", coin)
	if e.Most == nil || agrees(e) {
		return
	}
	text := "      "
	for k, a := range comparedAmounts(c, e) {
		if k > 0 {
			text += ", "
		}
		text += line(c.Traces[k].Method, 40) + " " + a
	}
	p.line(p.paint(faint, text))
}

// ComparisonJSON writes one question's answers by several methods in the shape of docs/json.md.
func ComparisonJSON(w io.Writer, c *goshawk.Comparison) error {
	e := newEncoder(w)
	e.lines()
	if len(c.Traces) > 0 {
		first := c.Traces[0]
		b := traceBasis(first)
		b.Warnings = comparedWarnings(c)
		e.basis(b)
		e.key("direction").string(first.Direction)
		e.parameters(&first.Parameters)
		e.starts(first.Start)
	}
	e.key("methods").tuple()
	for _, t := range c.Traces {
		e.string(t.Method)
	}
	e.end()
	e.key("not_run").strings(c.NotRun)
	e.key("totals").lines()
	for _, t := range c.Traces {
		e.key(t.Method).object()
		for _, total := range t.Totals {
			e.key(string(total.Kind)).units(knownPart(&total))
		}
		e.end()
	}
	e.end()
	truncated := func(t *goshawk.Trace) bool { return t.Truncated }
	e.key("truncated").bool(len(c.NotRun) > 0 || slices.ContainsFunc(c.Traces, truncated))
	e.key("ends").list()
	for i := range c.Ends {
		end := &c.Ends[i]
		e.object()
		e.key("kind").string(string(end.Kind))
		e.place(end.Tx, end.Out, end.Address)
		e.key("amounts").object()
		for k, t := range c.Traces {
			e.key(t.Method)
			e.units(amountBy(end, k))
		}
		e.end()
		e.key("unknown").strings(unknownBy(c, end))
		e.key("least").units(end.Least)
		e.key("most").units(end.Most)
		if e.key("agree"); end.Most != nil {
			e.bool(agrees(end))
		} else {
			e.null()
		}
		e.labelled(end.Label)
		e.end()
	}
	e.end()
	e.key("traces").list()
	for _, t := range c.Traces {
		e.trace(t)
	}
	e.end()
	e.end()
	return e.finish()
}

// amountBy returns an end's amount under the k-th method; nil where it does not
// reach the end, or as unknownTo says.
func amountBy(end *goshawk.ComparisonEnd, k int) *goshawk.Units {
	if k < len(end.Amounts) {
		return end.Amounts[k]
	}
	return nil
}

// unknownTo says whether the k-th method reaches an end with an amount that nobody can say.
func unknownTo(end *goshawk.ComparisonEnd, k int) bool { return k < len(end.Unknown) && end.Unknown[k] }

// unknownBy names the methods that reach an end with an amount that nobody can say.
func unknownBy(c *goshawk.Comparison, end *goshawk.ComparisonEnd) (names []string) {
	for k, t := range c.Traces {
		if unknownTo(end, k) {
			names = append(names, t.Method)
		}
	}
	return names
}
