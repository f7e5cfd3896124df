package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"

	"goshawk"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

const (
	htmlEnds     = 500 // rows of the table of ends
	htmlStarts   = 50
	htmlParties  = 60
	htmlDeposits = 40 // addresses of one party
	htmlPayments = 20 // of one address
)

// view is what a page shows. All its texts are clean; the template escapes them.
type view struct {
	Policy     string
	Style      template.CSS
	Title      string
	Kicker     string
	Summary    string
	TotalsHead string
	Warnings   []string
	Facts      []fact
	Totals     []totalRow
	Check      string
	Steps      []stepView
	MoreSteps  string
	Drawing    template.HTML
	DrawHead   string
	DrawNote   string
	Rows       []rowView
	Ends       []endRow
	MoreEnds   string
	Methods    []methodView
	Compare    *compareView
	Sources    []sourceRow
	Command    []string
	Rerun      string
	Grounds    string
	Version    string
	Chain, Tip string
	Ticker     string
}

type fact struct {
	Name   string
	Values []factValue
}

// factValue is prose, or a code to be shown left to right and never cut.
type factValue struct{ Text, Code, After string }

type totalRow struct {
	Kind    string // class of its mark
	Mark    template.HTML
	Title   string
	Meaning string
	Amount  string
	Share   string
	Bar     string // of 100; empty for none
	Count   string
}

type stepView struct {
	Heading, Amount, Count, Advice string
	Deposits                       []depositView
	More                           string
	Labels                         []string
}

type depositView struct {
	Address, More, Inference string
	Payments                 []paymentView
}

type paymentView struct {
	payment
	Amount, Note string
}

// rowView is a part of the drawing as it is printed.
type rowView struct {
	Words string
	SVG   template.HTML
}

type endRow struct {
	Mark                                                                     template.HTML
	Kind, Title, Amount, Address, Coin, Hops, Label, Source, Inference, Note string
	When                                                                     []string
}

type methodView struct{ Name, Rule, Assumes string }

type sourceRow struct{ Name, Date, Hash string }

// TraceHTML writes a trace as one page that needs nothing else: no script, no
// font, no network; its policy forbids all of them. It shows the drawing, the
// tables, the method, and how to check the answer. Of very long answers it
// shows the largest ends and says how many it leaves to the other forms.
func TraceHTML(w io.Writer, t *goshawk.Trace) error {
	v := newView(traceBasis(t))
	v.Title = traceQuestion(t)
	v.Kicker = "Trace, " + line(t.Direction, 20) + ", by " + line(t.Method, 40)
	v.Warnings = append(claimNotes(t), traceNotes(t)...)
	v.addFacts(t)
	v.Facts = append(v.Facts, fact{"Method", []factValue{{Text: line(t.Method, 40)}}})
	v.TotalsHead = totalsHead(t)
	v.Totals = totalRows(t)
	v.Summary = summary(t)
	v.Check = sumCheck(t)
	v.addSteps(t)
	v.addDrawing(t)
	v.addEnds(t)
	rule, assumes := explain(t.Method, t.Direction)
	v.Methods = []methodView{{line(t.Method, 40), rule, assumes}}
	v.Command = []string{rerun(t, " \\\n    ")}
	v.Rerun = rerunWords(t)
	return v.write(w)
}

func newView(b Basis) *view {
	v := &view{Version: line(b.Version, 40), Chain: line(b.Network, 40), Tip: b.Ledger.Hash.String(), Ticker: line(b.Asset.Ticker, 12), Grounds: grounds, Style: template.CSS(pageStyle)}
	for i := range b.Labels {
		l := &b.Labels[i]
		v.Sources = append(v.Sources, sourceRow{line(l.Source, 120), line(l.Date, 20), line(l.Hash, 64)})
	}
	return v
}

// write fills in the template. The policy names the page's two style sheets by their hashes.
func (v *view) write(w io.Writer) error {
	hash := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
	}
	v.Policy = "default-src 'none'; style-src " + hash(pageStyle) + " " + hash(drawingStyle) + "; base-uri 'none'; form-action 'none'"
	b := bufio.NewWriter(w)
	if err := pageTemplate.Execute(b, v); err != nil {
		return err
	}
	return b.Flush()
}

func claimNotes(t *goshawk.Trace) []string {
	if t.Claim == "" {
		return nil
	}
	return []string{"Not checked against a chain of one's own: this is what " + line(t.Claim, 120) + " says. “Unspent” is its claim."}
}

func (v *view) addFacts(t *goshawk.Trace) {
	starts := fact{Name: goshawk.Count(len(t.Start), "Start", "Starts")}
	if len(t.Start) == 1 {
		starts.Name = "Start"
	}
	for i := range t.Start[:min(len(t.Start), htmlStarts)] {
		s := &t.Start[i]
		starts.Values = append(starts.Values, factValue{Text: money(t.Asset, &s.Amount) + " in", Code: outpoint(s.Tx, s.Out)})
		if s.Address != "" {
			starts.Values = append(starts.Values, factValue{Text: "at", Code: line(s.Address, 400)})
		}
	}
	if n := len(t.Start) - htmlStarts; n > 0 {
		starts.Values = append(starts.Values, factValue{Text: "and " + goshawk.Count(n, "more coin", "more coins") + ", listed in the JSON form"})
	}
	v.Facts = append(v.Facts, starts,
		fact{"Chain", []factValue{{Text: v.Chain + extent(t.Ledger), Code: v.Tip}}},
		fact{"Stops", []factValue{{Text: limitWords(t)}}},
		fact{"Walked", []factValue{{Text: goshawk.Count(t.Steps, "transaction", "transactions")}}})
}

func totalRows(t *goshawk.Trace) (rows []totalRow) {
	whole := startSum(t)
	if t.Method == "poison" {
		whole.Clear()
	}
	for i := range t.Totals {
		total := &t.Totals[i]
		w := wordsOf(total.Kind, t.Direction)
		r := totalRow{Kind: string(safeKind(total.Kind)), Mark: markHTML(total.Kind), Title: w.title, Meaning: meaningOf(total.Kind, t), Amount: totalWords(t, total, money), Share: share(knownPart(total), &whole), Count: number(total.Count)}
		if r.Share != "" {
			r.Bar = bar(&total.Amount, &whole)
		}
		rows = append(rows, r)
	}
	return rows
}

// markHTML is an end kind's sign, the same as in the drawing.
func markHTML(k goshawk.EndKind) template.HTML {
	var svg bytes.Buffer
	b := bufio.NewWriter(&svg)
	b.WriteString(`<svg class="mk" viewBox="-9 -9 18 18" aria-hidden="true">`)
	mark(b, k, 0, 0)
	b.WriteString("</svg>")
	_ = b.Flush() // a buffer in memory does not fail
	return template.HTML(svg.String())
}

// bar is a share of 100, at least 1 so that it can be seen.
func bar(part, whole *goshawk.Units) string {
	hundred := goshawk.U(100)
	var n goshawk.Units
	if _, over := n.MulDivOverflow(part, &hundred, whole); over || n.IsZero() {
		return "1"
	}
	return n.Dec()
}

// summary is the answer in one sentence.
func summary(t *goshawk.Trace) string {
	steps := nextSteps(t)
	var total goshawk.TraceTotal
	for i := range t.Totals {
		if t.Totals[i].Kind == goshawk.EndService {
			total = t.Totals[i]
		}
	}
	verb := "reached"
	if t.Direction == "backward" {
		verb = "came from"
	}
	if len(steps) == 0 {
		return "By this method and these labels, none of it " + verb + " a service that can be asked."
	}
	s := capital(totalWords(t, &total, money))
	if whole := startSum(t); t.Method != "poison" {
		if part := share(knownPart(&total), &whole); part != "" {
			s += " (" + part + ")"
		}
	} else {
		verb = "touched"
	}
	s += " " + verb + " "
	if len(steps) == 1 {
		return s + line(steps[0].Party, 60) + "."
	}
	s += number(len(steps)) + " labelled parties: "
	for i, step := range steps[:min(len(steps), 3)] {
		switch {
		case i > 0 && i == len(steps)-1:
			s += " and "
		case i > 0:
			s += ", "
		}
		s += line(step.Party, 60)
	}
	if n := len(steps) - 3; n > 0 {
		s += " and " + number(n) + " more"
	}
	return s + "."
}

func (v *view) addSteps(t *goshawk.Trace) {
	backward := t.Direction == "backward"
	steps := nextSteps(t)
	for _, s := range steps[:min(len(steps), htmlParties)] {
		x := stepView{Heading: s.Heading, Amount: s.sum(t.Asset), Count: paymentWords(s, backward), Advice: s.Advice, Labels: s.Labels}
		for _, d := range s.Deposits[:min(len(s.Deposits), htmlDeposits)] {
			y := depositView{Address: d.Address}
			for _, e := range d.Payments[:min(len(d.Payments), htmlPayments)] {
				y.Payments = append(y.Payments, paymentView{paymentOf(t, e), money(t.Asset, e.Amount), line(e.Note, 300)})
			}
			if n := len(d.Payments) - htmlPayments; n > 0 {
				y.More = "and " + goshawk.Count(n, "smaller payment", "smaller payments") + ", listed in the CSV and JSON forms"
			}
			if len(d.Sweeps) > 0 {
				y.Inference = sweepWords(d, s.Party, t.Direction == "backward")
			}
			x.Deposits = append(x.Deposits, y)
		}
		if n := len(s.Deposits) - htmlDeposits; n > 0 {
			x.More = "and " + goshawk.Count(n, "more address", "more addresses") + ", listed in the CSV and JSON forms"
		}
		v.Steps = append(v.Steps, x)
	}
	if n := len(steps) - htmlParties; n > 0 {
		v.MoreSteps = "And " + goshawk.Count(n, "more party", "more parties") + ", listed in the CSV and JSON forms."
	}
}

func (v *view) addDrawing(t *goshawk.Trace) {
	v.DrawHead = drawingHead(t)
	var svg bytes.Buffer
	b := bufio.NewWriter(&svg)
	printed := drawing(b, t, false)
	if len(printed) > 0 {
		v.DrawNote = "Wider than this column: scroll it sideways, or open the SVG form. On paper it is folded into rows."
	}
	for i := range printed {
		v.Rows = append(v.Rows, rowView{printed[i].words, template.HTML(printed[i].svg())})
	}
	_ = b.Flush() // a buffer in memory does not fail
	v.Drawing = template.HTML(svg.String())
}

func (v *view) addEnds(t *goshawk.Trace) {
	ends, others := largestEnds(t, htmlEnds)
	for _, e := range ends {
		r := endRow{Kind: string(safeKind(e.Kind)), Mark: markHTML(e.Kind), Title: wordsOf(e.Kind, t.Direction).title, Amount: decimal(t.Asset, e.Amount), Coin: e.Tx.String(), When: strings.Split(moment(e.Height, e.Time), ", "), Hops: strconv.Itoa(e.Hops), Note: line(e.Note, 200)}
		if e.Out != nil {
			r.Coin = outpoint(e.Tx, *e.Out)
		}
		if e.Address != nil {
			r.Address = line(*e.Address, 400)
		}
		if e.Label != nil {
			r.Label = line(e.Label.Text, 120)
			r.Source = line(e.Label.Source, 80) + ", " + Confidence(e.Label.Confidence)
		}
		if e.Sweep != nil {
			r.Inference = "inference"
		}
		if mix := mixWords(e, t.Direction); mix != "" && r.Note != "" {
			r.Note = mix + ". " + r.Note
		} else if mix != "" {
			r.Note = mix
		}
		v.Ends = append(v.Ends, r)
	}
	if others > 0 {
		v.MoreEnds = "And " + goshawk.Count(others, "smaller end", "smaller ends") + ", listed in the CSV and JSON forms."
	}
}
