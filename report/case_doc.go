package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/letter"
)

// document is a case's report, the same for every form: sections of blocks. What is in it is
// clean text; each writer escapes it for its form.
type document struct {
	title, marking, foot string
	author, subject      string
	version, language    string
	letter               bool // no report: its pages' numbers are in no language
	at                   time.Time
	sections             []section
}

type section struct {
	id, title string
	own       bool // begins a page, and the next one begins another
	blocks    []block
}

type blockKind uint8

const (
	blockText  blockKind = iota // a paragraph
	blockHead                   // a heading within the section
	blockItem                   // of a list
	blockProse                  // a part of a text of the author
	blockNote                   // a paragraph that must not be missed
	blockFacts                  // names and what they stand for
	blockTable
	blockCode
	blockTrace   // a drawing of a trace
	blockPicture // the graph
	blockSign    // a line to be written on by hand
)

type block struct {
	kind    blockKind
	text    string
	id      string // of a heading: what links go to
	facts   []docFact
	columns []column
	rows    [][]docCell
	trace   *goshawk.Trace
	picture *CasePicture
	prose   letter.Part
}

type docFact struct {
	name string
	is   docCell
}

type column struct {
	name   string
	weight int // of its width, against the others'
	number bool
}

// docCell holds lines, one below the other.
type docCell []piece

type piece struct {
	text string
	code bool // an address, a hash: left to right, its own letters
	bold bool
}

func words(s string) docCell  { return docCell{{text: s}} }
func strong(s string) docCell { return docCell{{text: s, bold: true}} }

// code is an identifier; an empty one is a dash.
func code(s string) docCell {
	if s = line(s, 400); s == "" {
		return words("–")
	}
	return docCell{{text: s, code: true}}
}

const (
	caseLine = 2_000   // most characters of a line of a case
	caseText = 200_000 // of a text
)

func newDocument(c *Case) *document {
	d := &document{title: line(c.Title, 200), marking: line(c.Marking, 200), author: line(c.Author, 200), version: c.Version, language: "en", at: c.At}
	if d.title == "" {
		d.title = "Case without a title"
	}
	d.foot = line(c.Reference, 200)
	if d.foot == "" {
		d.foot = line(c.ID, 60)
	}
	d.subject = "Report, " + d.foot
	own := *c
	own.Runs = slices.Clone(c.Runs)
	for i := range own.Runs {
		own.Runs[i].Number = line(own.Runs[i].Number, 60)
	}
	c = &own
	d.front(c)
	d.findings(c)
	d.flow(c)
	d.graph(c)
	d.ranges(c)
	d.money(c)
	d.runs(c)
	d.methods(c)
	d.texts("alternatives", "Alternatives considered", c.Alternatives, "None are stated. The author has not written which other explanations were considered.")
	d.limits(c)
	d.exhibits(c)
	d.custody(c)
	d.again(c)
	d.scores(c)
	d.glossary()
	d.certification(c)
	return d
}

func (d *document) begin(id, title string) *section {
	d.sections = append(d.sections, section{id: id, title: title})
	return &d.sections[len(d.sections)-1]
}

func (s *section) add(b ...block)       { s.blocks = append(s.blocks, b...) }
func (s *section) say(text string)      { s.add(block{kind: blockText, text: text}) }
func (s *section) head(id, text string) { s.add(block{kind: blockHead, id: id, text: text}) }

// prose adds a text that its author set in Markdown. A heading in it is a line in bold: the report's own headings are the program's.
func (s *section) prose(text, none string) {
	if strings.TrimSpace(text) == "" {
		s.say(none)
		return
	}
	if r := []rune(text); len(r) > caseText {
		text = string(r[:caseText]) + "…"
	}
	list, err := letter.Parts(text)
	if err != nil { // it stands as it was written
		list = []letter.Part{{Spans: []letter.Span{{Text: text}}}}
	}
	for _, p := range list {
		if p.Kind == letter.PartHead {
			p.Kind = letter.PartText
			for i := range p.Spans {
				p.Spans[i].Strong = true
			}
		}
		s.add(block{kind: blockProse, prose: p})
	}
}

func (d *document) texts(id, title, text, none string) { d.begin(id, title).prose(text, none) }

func (d *document) front(c *Case) {
	s := d.begin("case", "The case")
	fact := func(name, value, none string) docFact {
		if value = line(value, caseLine); value == "" {
			value = none
		}
		return docFact{name, words(value)}
	}
	s.add(block{kind: blockFacts, facts: []docFact{
		fact("Reference", c.Reference, "none"), fact("Agency", c.Agency, "not stated"), fact("Marking", c.Marking, "none"), fact("Author", c.Author, "not stated"),
		{"As of", words("change " + number(c.Seq) + " of the case, " + stamp(c.At))}, fact("Written by", "Goshawk "+c.Version, "not stated"),
	}})
	if list := c.Missing(); len(list) > 0 {
		s.add(block{kind: blockNote, text: "This report is not complete: " + missingWords(list) + "."})
	}
	s.head("qualification", "The author's qualification")
	s.prose(c.Qualification, "Not stated.")
	d.begin("question", "Question").prose(c.Question, "Not stated.")
	s = d.begin("summary", "Summary")
	s.prose(c.Summary, "Not stated.")
	s.add(block{kind: blockNote, text: grounds})
}

func (d *document) findings(c *Case) {
	s := d.begin("findings", "Findings")
	if len(c.Findings) == 0 {
		s.say("None.")
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		s.head("finding-"+strconv.Itoa(f.Number), "Finding "+strconv.Itoa(f.Number)+": "+line(f.Title, caseLine))
		s.prose(f.Text, "No more is said of it.")
		support := strings.TrimSpace(f.Support)
		if support == "" {
			support = "none"
		}
		s.add(block{kind: blockFacts, facts: []docFact{
			{"Exhibits", words(named(f.Exhibits))}, {"Traces", words(named(f.Runs))}, {"Independent support", words(clean(support))},
		}})
	}
}

func named(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	var out []string
	for _, n := range list {
		out = append(out, line(n, 60))
	}
	return strings.Join(out, ", ")
}

func (d *document) flow(c *Case) {
	s := d.begin("flow", "Where the money went")
	drawn := 0
	for i := range c.Runs {
		r := &c.Runs[i]
		if !r.Used || len(r.Traces) == 0 {
			continue
		}
		drawn++
		s.head("flow-"+strconv.Itoa(i+1), r.Number+": "+line(r.Title, caseLine))
		t := r.Traces[0]
		if len(r.Traces) > 1 {
			s.say("The first of its methods, " + line(t.Method, 40) + ", is drawn; where the methods differ says the section on ranges.")
		}
		s.add(block{kind: blockTrace, trace: t})
		s.ends(r, c.Money)
	}
	if drawn == 0 {
		s.say("No trace of the case is marked as used, or none has an answer.")
	}
}

const caseEnds = 100 // of one trace in a report

func (s *section) ends(r *CaseRun, m *CaseMoney) {
	columns := append([]column{{name: "End", weight: 14}, {name: "Address, coin, time", weight: 42}, {name: "Who is said to be there", weight: 28}}, amountColumns(r)...)
	var rows [][]docCell
	fees, cut := 0, r.EndsCut
	for i := range r.Ends {
		e := &r.Ends[i]
		if goshawk.EndKind(e.Kind) == goshawk.EndFee {
			fees++ // one for each transaction: their sum stands in the totals
			continue
		}
		if len(rows) == caseEnds {
			cut++
			continue
		}
		rows = append(rows, append([]docCell{strong(endTitle(e.Kind, r.Direction)), placed(e), claimed(e, r.Direction)}, amountCells(r, &CaseSum{Amounts: e.Amounts, Worth: e.Worth}, m, m.lacks(dayOf(e.Time)))...))
	}
	if len(rows) == 0 {
		return
	}
	s.add(block{kind: blockTable, text: "Ends of " + r.Number + ", the largest first", columns: columns, rows: rows})
	if fees > 0 {
		s.say("And the fees of " + goshawk.Count(fees, "transaction", "transactions") + ", whose sum stands with every trace that was made.")
	}
	if cut > 0 {
		s.say("And " + goshawk.Count(cut, "smaller end", "smaller ends") + ", listed in the exhibit of the trace.")
	}
}

// mostColumns is how many methods a table has columns for; more stand below each other.
const mostColumns = 2

func amountColumns(r *CaseRun) []column {
	ticker := line(r.Ticker, 12)
	if len(r.Methods) > mostColumns {
		return []column{{name: "By method, " + ticker, weight: 34, number: true}}
	}
	var list []column
	for _, m := range r.Methods {
		list = append(list, column{name: line(m, 20) + ", " + ticker, weight: 24, number: true})
	}
	return list
}

// amountCells are amounts by each of a trace's methods, each with what it was worth below it, where values are told; lacks says
// why one has none.
func amountCells(r *CaseRun, of *CaseSum, money *CaseMoney, lacks string) []docCell {
	amounts, counts, unknown := of.Amounts, of.Counts, of.Unknown
	var list []docCell
	var below docCell
	for k, m := range r.Methods {
		text := amountWords(at(amounts, k), r.Decimals, "–")
		if k < len(unknown) && unknown[k] > 0 {
			text = "at least " + amountWords(at(amounts, k), r.Decimals, "0") + ", " + number(unknown[k]) + " not known"
		}
		if k < len(counts) && counts[k] > 0 {
			text += " (" + number(counts[k]) + ")"
		}
		cell, value := words(text), money.words(at(amounts, k), at(of.Worth, k), lacks)
		below = append(below, piece{text: line(m, 20) + ": " + text})
		if value != "" {
			cell, below = append(cell, piece{text: value}), append(below, piece{text: value})
		}
		list = append(list, cell)
	}
	if len(list) > mostColumns {
		return []docCell{below}
	}
	return list
}

func endTitle(kind, direction string) string {
	return line(wordsOf(goshawk.EndKind(kind), direction).title, 60)
}

func at[T any](list []T, k int) (none T) {
	if k < len(list) {
		return list[k]
	}
	return none
}

func placed(e *CaseEnd) docCell {
	var c docCell
	if e.Address != "" {
		c = append(c, piece{text: line(e.Address, 400), code: true})
	}
	tx := line(e.Tx, 100)
	if e.Out != nil {
		tx += ":" + strconv.FormatUint(uint64(*e.Out), 10)
	}
	c = append(c, piece{text: tx, code: true})
	if e.Time != nil {
		c = append(c, piece{text: stamp(*e.Time)})
	}
	if e.Note != "" {
		c = append(c, piece{text: line(e.Note, 300)})
	}
	return c
}

func claimed(e *CaseEnd, direction string) docCell {
	var mix docCell
	if m := mixWords(&goshawk.End{Kind: goshawk.EndKind(e.Kind), Candidates: e.Candidates}, direction); m != "" {
		mix = words(m)
	}
	if e.Label == "" {
		return append(words("no label"), mix...)
	}
	c := docCell{{text: line(e.Label, 200), bold: true}, {text: "confidence: " + line(e.Sure, 40)}, {text: "source: " + line(e.Source, 120)}}
	if e.Inference {
		c = append(c, piece{text: "inference, from a sweep: a customer's deposit address"})
	}
	return append(c, mix...)
}

// units10 writes smallest units with their point and grouped.
func amountWords(s *string, decimals int, none string) string {
	u := units(s)
	if u == nil {
		return none
	}
	return decimal(goshawk.Asset{Decimals: uint8(min(max(decimals, 0), 77))}, u)
}

func (d *document) ranges(c *Case) {
	s := d.begin("ranges", "Each amount's range over the methods")
	s.say("Each line is one end of traces that asked the same question of the same ledger, by different methods. The range leaves out poison, which shows what the money could have touched and claims no amounts. A method that does not reach an end claims nothing of it.")
	if len(c.Ranges) == 0 {
		s.say("No trace of the case ended with an answer: there is nothing to compare.")
		return
	}
	var rows [][]docCell
	for i := range c.Ranges {
		r := &c.Ranges[i]
		e := CaseEnd{Kind: r.Kind, Tx: r.Tx, Out: r.Out, Address: r.Address}
		where := placed(&e)
		if r.Label != "" {
			where = append(where, piece{text: line(r.Label, 200)})
		}
		var by docCell
		for k, m := range r.Methods {
			by = append(by, piece{text: line(m, 20) + ": " + amountWords(at(r.Amounts, k), r.Decimals, "–")})
		}
		between := words(r.words())
		if value := c.Money.rangeWords(r); value != "" {
			between = append(between, piece{text: value})
		}
		rows = append(rows, []docCell{strong(endTitle(r.Kind, r.Direction)), where, words(named(r.Runs)), by, between})
	}
	s.add(block{kind: blockTable, text: "Ends and their ranges", rows: rows,
		columns: []column{{name: "End", weight: 13}, {name: "Where", weight: 40}, {name: "Traces", weight: 9}, {name: "By method", weight: 26, number: true}, {name: "Range", weight: 21, number: true}}})
	if len(c.Ranges) == mostRanges {
		s.say("These are the largest " + number(mostRanges) + "; the exhibits of the traces have all.")
	}
}

func (r *CaseRange) words() string {
	claims := 0
	for _, m := range r.Methods {
		if m != "poison" {
			claims++
		}
	}
	most := amountWords(r.Most, r.Decimals, "not known")
	switch {
	case claims == 0:
		return "none: poison claims no amounts"
	case r.Most == nil:
		return "none: only poison touches it"
	case claims == 1:
		return most + ": one method only, so no range"
	case r.Least == nil:
		return "up to " + most + "; the least is not known, for a list of ends is cut"
	case *r.Least == *r.Most:
		return most + ": the methods agree"
	}
	return amountWords(r.Least, r.Decimals, "") + " to " + most
}

func (d *document) runs(c *Case) {
	s := d.begin("traces", "Every trace that was made")
	s.say("All of them are listed, also those that no finding rests on.")
	if len(c.Runs) == 0 {
		s.say("None was made.")
		return
	}
	for i := range c.Runs {
		r := &c.Runs[i]
		used := "not used in this report"
		if r.Used {
			used = "used in this report"
		}
		s.head("trace-"+strconv.Itoa(i+1), r.Number+": "+line(r.Title, caseLine))
		facts := []docFact{{"Standing", words(stateWords(r) + "; " + used)}, {"Methods", words(named(r.Methods) + ", " + wayWords(r.Direction))}}
		var from docCell
		for _, one := range r.Starts[:min(len(r.Starts), 20)] {
			from = append(from, piece{text: line(one, 400), code: true})
		}
		if n := len(r.Starts) - 20; n > 0 {
			from = append(from, piece{text: "and " + number(n) + " more, listed in the exhibit"})
		}
		if r.Amount != "" {
			from = append(from, piece{text: amountWords(&r.Amount, r.Decimals, "not known") + " " + line(r.Ticker, 12) + " in all"})
		}
		facts = append(facts, docFact{"Starts", from})
		var asked docCell
		for _, p := range r.Parameters {
			asked = append(asked, piece{text: line(p.Name, 60) + ": " + line(p.Value, 400)})
		}
		if len(asked) > 0 {
			facts = append(facts, docFact{"Parameters", asked})
		}
		if r.Block != "" {
			facts = append(facts, docFact{"Ledger", docCell{{text: line(r.Ledger, 100) + ": " + line(r.Network, 40) + " up to block " + number(r.Height)}, {text: line(r.Block, 64), code: true}}},
				docFact{"Program", words("Goshawk " + line(r.Version, 40) + "; " + goshawk.Count(r.Steps, "transaction", "transactions") + " walked")})
		}
		if r.Exhibit != "" {
			facts = append(facts, docFact{"Answer", docCell{{text: "exhibit " + line(r.Exhibit, 60)}, {text: line(r.SHA256, 64), code: true}}})
		}
		for _, w := range r.Warnings {
			facts = append(facts, docFact{"Warning", words(line(w, 600))})
		}
		s.add(block{kind: blockFacts, facts: facts})
		s.totals(r, c.Money)
	}
}

func (s *section) totals(r *CaseRun, m *CaseMoney) {
	if len(r.Totals) == 0 {
		return
	}
	columns := append([]column{{name: "What it comes to", weight: 40}}, amountColumns(r)...)
	var rows [][]docCell
	for _, t := range r.Totals {
		rows = append(rows, append([]docCell{words(endTitle(t.Kind, r.Direction))}, amountCells(r, &t, m, m.lacksPart())...))
	}
	s.add(block{kind: blockTable, text: "Totals of " + r.Number + ", and how many ends", columns: columns, rows: rows})
}

func stateWords(r *CaseRun) string {
	s := map[string]string{"done": "it ended with an answer", "failed": "it failed", "cancelled": "it was cancelled", "running": "it was still running"}[r.State]
	if s == "" {
		s = line(r.State, 40)
	}
	if r.Truncated {
		s += ", stopped early"
	}
	if r.Error != "" {
		s += ": " + line(r.Error, 300)
	}
	return s
}

func wayWords(direction string) string {
	if direction == "backward" {
		return "backward: where the money came from"
	}
	return "forward: where the money went"
}

func (d *document) methods(c *Case) {
	s := d.begin("methods", "Methods")
	s.say("No method is the legal one: each assumes something, and where they differ the report says by how much.")
	for _, m := range methods {
		if !slices.ContainsFunc(c.Runs, func(r CaseRun) bool { return slices.Contains(r.Methods, m.Name) }) {
			continue
		}
		s.head("", m.Name)
		s.say(m.Rule)
		if m.Backward != "" && slices.ContainsFunc(c.Runs, func(r CaseRun) bool { return r.Direction == "backward" && slices.Contains(r.Methods, m.Name) }) {
			s.say("Backward: " + m.Backward)
		}
		s.say(m.Assumes)
	}
	if len(c.Heuristics) > 0 {
		s.head("", "Heuristics")
		var rows [][]docCell
		for _, h := range c.Heuristics {
			rows = append(rows, []docCell{words(line(h.Name, 300)), words(line(h.Where, 300))})
		}
		s.add(block{kind: blockTable, text: "What was inferred, by which rule and version", columns: []column{{name: "Rule and version", weight: 50}, {name: "Where it was used", weight: 50}}, rows: rows})
	}
	if len(c.Labels) > 0 {
		s.head("", "Label sources")
		var rows [][]docCell
		for _, l := range c.Labels {
			rows = append(rows, []docCell{words(line(l.Name, 200)), words(line(l.Date, 20)), code(l.Hash)})
		}
		s.add(block{kind: blockTable, text: "Files of labels that the traces rest on", columns: []column{{name: "File", weight: 26}, {name: "Of", weight: 14}, {name: "SHA-256", weight: 60}}, rows: rows})
	}
}

func (d *document) limits(c *Case) {
	s := d.begin("limitations", "Limitations")
	s.prose(c.Limitations, "The author states none of their own.")
	s.head("", "What holds of every trace")
	for _, l := range standingLimits {
		s.add(block{kind: blockItem, text: l})
	}
	for i := range c.Runs {
		if r := &c.Runs[i]; r.Truncated && r.Used {
			s.add(block{kind: blockNote, text: r.Number + " stopped early, and is used: what it did not walk is not in it."})
		}
	}
}

func (d *document) exhibits(c *Case) {
	s := d.begin("exhibits", "Exhibits")
	if len(c.Exhibits) == 0 {
		s.say("None.")
		return
	}
	var rows [][]docCell
	for i := range c.Exhibits {
		x := &c.Exhibits[i]
		what := docCell{{text: line(x.Name, 300), bold: true}, {text: line(x.Source, caseLine)}}
		if x.Comment != "" {
			what = append(what, piece{text: line(x.Comment, caseLine)})
		}
		what = append(what, piece{text: line(x.SHA256, 64), code: true})
		rows = append(rows, []docCell{strong(line(x.Number, 20)), what, words(number(x.Bytes)), words(spoken(x.Obtained))})
	}
	s.add(block{kind: blockTable, text: "Exhibits with their sources and SHA-256", columns: []column{{name: "No.", weight: 8}, {name: "What, from where", weight: 62}, {name: "Bytes", weight: 12, number: true}, {name: "Obtained", weight: 18}}, rows: rows})
}

func (d *document) custody(c *Case) {
	s := d.begin("custody", "Chain of custody")
	if len(c.Exhibits) == 0 {
		s.say("There are no exhibits.")
		return
	}
	var rows [][]docCell
	for i := range c.Exhibits {
		x := &c.Exhibits[i]
		rows = append(rows, []docCell{strong(line(x.Number, 20)), words(spoken(x.Obtained)), words("–"), words(line(x.Custodian, 200)), words("obtained")})
		for _, t := range x.Transfers {
			rows = append(rows, []docCell{words(line(x.Number, 20)), words(spoken(t.At)), words(line(t.From, 200)), words(line(t.To, 200)), words(line(t.Reason, caseLine))})
		}
	}
	s.add(block{kind: blockTable, text: "Who kept what, from when on", columns: []column{{name: "No.", weight: 8}, {name: "When", weight: 20}, {name: "From", weight: 20}, {name: "To", weight: 20}, {name: "Why", weight: 32}}, rows: rows})
}

func (d *document) again(c *Case) {
	s := d.begin("rerun", "How to compute it again")
	s.say("Each command asks the same question again. DIR is a ledger of the network up to the block that is named, made from any node's block files; PATH is the folder of label files of the hashes in this report. With --format json the answer has the same bytes as the exhibit.")
	read := false
	for i := range c.Runs {
		r := &c.Runs[i]
		if len(r.Traces) == 0 {
			continue
		}
		read = true
		t, method := r.Traces[0], "--method "+line(r.Traces[0].Method, 40)
		if len(r.Traces) > 1 {
			method = "--compare=" + strings.ReplaceAll(named(r.Methods), ", ", ",")
		}
		s.head("", r.Number)
		s.add(block{kind: blockCode, text: rerunWith(t, method, " \\\n    ")})
		s.say(rerunWords(t))
	}
	if !read {
		s.say("No trace of the case has an answer that can be read.")
	}
	s.say("The package that this report comes in is verified without a network by: goshawk verify PACKAGE. The plain Python program in it computes the amounts again from the raw transactions, without Goshawk.")
}

func (d *document) scores(c *Case) {
	s := d.begin("scores", "How the rules scored where the truth is known")
	s.own = true
	s.add(block{kind: blockNote, text: scoreHead})
	list := Scores(c)
	if len(list) == 0 {
		s.say("No heuristic was used in this case: " + NoRate + ".")
	}
	for _, one := range list {
		s.head("", line(one.Heuristic, 300))
		s.say("Used on: " + line(one.Where, 300) + "; transactions of " + one.Period + ".")
		for _, w := range one.Words {
			s.say(w)
		}
	}
}

func (d *document) glossary() {
	s := d.begin("glossary", "Glossary")
	var facts []docFact
	for _, w := range glossary {
		facts = append(facts, docFact{w[0], words(w[1])})
	}
	s.add(block{kind: blockFacts, facts: facts})
}

func (d *document) certification(c *Case) {
	s := d.begin("certification", "Certification")
	s.own = true
	for _, t := range certified {
		s.say(t)
	}
	s.add(block{kind: blockFacts, facts: []docFact{{"Author", words(orBlank(c.Author))}, {"Agency", words(orBlank(c.Agency))}, {"Reference", words(orBlank(c.Reference))}, {"Report of", words("change " + number(c.Seq) + ", " + stamp(c.At))}}},
		block{kind: blockSign, text: "Place and date"}, block{kind: blockSign, text: "Signature"})
}

func orBlank(s string) string {
	if s = line(s, 200); s == "" {
		return "not stated"
	}
	return s
}

// stamp writes a time for people.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// spoken writes a stored time for people; what is no time stays as it is.
func spoken(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return line(s, 60)
	}
	return stamp(t)
}

func missingWords(list []string) string {
	var out []string
	for _, key := range list {
		out = append(out, lackWords(key))
	}
	return strings.Join(out, "; ")
}
