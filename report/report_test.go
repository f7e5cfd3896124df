package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

func TestUnitsAreDecimalStrings(t *testing.T) {
	huge, err := goshawk.U(0), error(nil)
	huge.SetAllOne()
	tr := small()
	tr.Start[0].Amount = huge
	tr.Ends[0].Amount = nil
	var b bytes.Buffer
	if err = TraceJSON(&b, tr); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Start []struct{ Amount any }
		Ends  []struct {
			Amount any
			Out    any
			Hops   any
		}
		Totals map[string]any
		Steps  any
	}
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := "115792089237316195423570985008687907853269984665640564039457584007913129639935"; back.Start[0].Amount != want {
		t.Errorf("start amount is %v", back.Start[0].Amount)
	}
	if back.Ends[0].Amount != nil {
		t.Errorf("an amount that nobody can say is %v", back.Ends[0].Amount)
	}
	if back.Ends[0].Out != 0.0 || back.Ends[2].Out != nil || back.Ends[0].Hops != 1.0 || back.Steps != 1.0 {
		t.Errorf("numbers: %v", back)
	}
	if back.Totals["unspent"] != "999990000" {
		t.Errorf("totals: %v", back.Totals)
	}
}

// TestSameBytes renders everything twice.
func TestSameBytes(t *testing.T) {
	all := forms()
	for what, print := range examples() {
		all[what+".json"] = print
	}
	for what, print := range all {
		var a, b bytes.Buffer
		if err := errors.Join(print(&a), print(&b)); err != nil {
			t.Fatal(what, err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs from run to run", what)
		}
	}
}

type brokenPipe struct{ left int }

var errPipe = errors.New("broken pipe")

func (w *brokenPipe) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errPipe
	}
	return len(p), nil
}

func TestWriteErrorsComeBack(t *testing.T) {
	all := forms()
	for what, print := range examples() {
		all[what+".json"] = print
	}
	for what, print := range all {
		if err := print(&brokenPipe{left: 10}); !errors.Is(err, errPipe) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestScreenStopsAtAnError(t *testing.T) {
	damaged := errors.New("damaged")
	hits := iter.Seq2[Hit, error](func(yield func(Hit, error) bool) {
		if yield(sampleHits()[0], nil) {
			yield(Hit{}, damaged)
		}
	})
	for what, print := range map[string]func(io.Writer) error{
		"text": func(w io.Writer) error { return ScreenText(w, Basis{Asset: coinAsset}, hits, &Screened{}, Style{}) },
		"json": func(w io.Writer) error { return ScreenJSON(w, hits) },
		"csv":  func(w io.Writer) error { return ScreenCSV(w, Basis{}, hits) },
	} {
		var b bytes.Buffer
		if err := print(&b); !errors.Is(err, damaged) {
			t.Errorf("%s: %v", what, err)
		}
		if what == "json" && json.Valid(b.Bytes()) {
			t.Error("half a screening reads like a whole one")
		}
	}
}

// largestWrite notes how much is held back before it is written.
type largestWrite struct{ most, total int }

func (w *largestWrite) Write(p []byte) (int, error) {
	w.most = max(w.most, len(p))
	w.total += len(p)
	return len(p), nil
}

func TestBigTracesStream(t *testing.T) {
	tr := big(50_000)
	for what, print := range map[string]func(io.Writer) error{
		"json": func(w io.Writer) error { return TraceJSON(w, tr) },
		"csv":  func(w io.Writer) error { return TraceCSV(w, tr) },
	} {
		var w largestWrite
		if err := print(&w); err != nil {
			t.Fatal(err)
		}
		if w.total < 5_000_000 || w.most > 1<<17 {
			t.Errorf("%s: %d bytes, up to %d at once", what, w.total, w.most)
		}
	}
}

// big is a trace with n ends.
func big(n int) *goshawk.Trace {
	t := small()
	e := t.Ends[1]
	t.Ends = make([]goshawk.End, n)
	for i := range t.Ends {
		t.Ends[i] = e
		t.Ends[i].Tx = name(uint64(i))
		t.Ends[i].Amount = ptr(goshawk.U(uint64(i)))
	}
	sum(t)
	return t
}

func BenchmarkTraceJSON(b *testing.B) {
	tr := big(500_000)
	for b.Loop() {
		if err := TraceJSON(io.Discard, tr); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTraceText(b *testing.B) {
	tr := big(500_000)
	for b.Loop() {
		if err := TraceText(io.Discard, tr, Style{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTraceSVG(b *testing.B) {
	tr := random(economy{seed: 5, starts: 3, steps: 100_000, mostOuts: 6, ends: 3, labels: someLabels})
	for b.Loop() {
		if err := TraceSVG(io.Discard, tr); err != nil {
			b.Fatal(err)
		}
	}
}

func drawEconomy(t *rapid.T) economy {
	return economy{
		seed:     rapid.Uint64Range(1, 1<<40).Draw(t, "seed"),
		starts:   rapid.IntRange(1, 40).Draw(t, "starts"),
		steps:    rapid.IntRange(0, 400).Draw(t, "steps"),
		mostOuts: rapid.IntRange(1, 12).Draw(t, "outs"),
		ends:     rapid.IntRange(1, 9).Draw(t, "ends"),
		peel:     rapid.Bool().Draw(t, "peel"),
		backward: rapid.Bool().Draw(t, "backward"),
		labels:   someLabels,
	}
}

// TestDrawings holds for any trace: boxes do not overlap, money flows to the
// right, the picture stays small, and no unit gets lost between start and the
// boxes at the end of a way.
func TestDrawings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawEconomy(t)
		tr := random(q)
		size := rapid.SampledFrom([]int{20, 60, mostNodes}).Draw(t, "size")
		p := newPicture(tr, size)
		p.arrange()
		fees := make(map[string]*goshawk.Units)
		var allFees goshawk.Units
		for i := range tr.Ends {
			if e := &tr.Ends[i]; e.Kind == goshawk.EndFee {
				fees[shortHash(e.Tx)] = e.Amount
				plus(&allFees, e.Amount)
			}
		}
		if len(p.nodes) > 2*size+60 {
			t.Errorf("%d boxes where %d were asked for", len(p.nodes), size)
		}
		for i := range p.nodes {
			for k := range i {
				a, b := &p.nodes[i], &p.nodes[k]
				if a.layer == b.layer && abs(a.y-b.y) < (boxHeight(a.shape)+boxHeight(b.shape))/2 {
					t.Errorf("%q at %d covers %q at %d in layer %d", a.top, a.y, b.top, b.y, a.layer)
				}
			}
		}
		in, out := make([]goshawk.Units, len(p.nodes)), make([]goshawk.Units, len(p.nodes))
		for i := range p.edges {
			e := &p.edges[i]
			if p.nodes[e.from].layer >= p.nodes[e.to].layer {
				t.Errorf("a curve leads from layer %d to %d", p.nodes[e.from].layer, p.nodes[e.to].layer)
			}
			if left, right := p.nodes[e.from].x, p.nodes[e.to].x; p.backward && left <= right || !p.backward && left >= right {
				t.Errorf("money flows from %d to %d", left, right)
			}
			plus(&out[e.from], &e.amount)
			plus(&in[e.to], &e.amount)
		}
		for i := range p.nodes {
			n := &p.nodes[i]
			if n.shape == shapeChain && !q.backward { // its fees are not drawn
				var lost goshawk.Units
				if _, under := lost.SubOverflow(&in[i], &out[i]); under || lost.Gt(&allFees) {
					t.Errorf("%s take %s and give %s", n.top, in[i].Dec(), out[i].Dec())
				}
			}
			if n.shape != shapeTx {
				continue
			}
			if in[i].IsZero() {
				t.Errorf("transaction %s has no curve to it", n.top)
			}
			if fee := fees[n.top]; !q.backward {
				if plus(&out[i], fee); !out[i].Eq(&in[i]) {
					t.Errorf("transaction %s takes %s and gives %s", n.top, in[i].Dec(), out[i].Dec())
				}
			}
		}
	})
}

func abs(n int) int { return max(n, -n) }

// TestSmallDrawingsShowAll draws everything that fits, each end in its own box.
func TestSmallDrawingsShowAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawEconomy(t)
		q.starts, q.steps, q.peel, q.mostOuts = min(q.starts, 5), min(q.steps, 10), false, min(q.mostOuts, 5)
		tr := random(q)
		p := newPicture(tr, mostNodes)
		ends := 0
		for i := range p.nodes {
			if p.nodes[i].shape == shapeEnd {
				ends++
			}
			if p.nodes[i].shape == shapeRest {
				t.Errorf("folds %q though everything fits", p.nodes[i].top)
			}
		}
		want := 0
		for i := range tr.Ends {
			if tr.Ends[i].Kind != goshawk.EndFee {
				want++
			}
		}
		if ends+p.hidden != want || !q.backward && p.hidden > 0 {
			t.Errorf("%d ends drawn, %d hidden, of %d", ends, p.hidden, want)
		}
	})
}

// TestStrangeTraces draws answers that no engine should give: circles, flows
// that contradict each other, ends on nothing.
func TestStrangeTraces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := blank("fifo", rapid.SampledFrom([]string{"forward", "backward", ""}).Draw(t, "direction"))
		hash := func(what string) goshawk.Hash { return name(rapid.Uint64Range(1, 8).Draw(t, what)) }
		out := func() uint32 { return rapid.Uint32Range(0, 2).Draw(t, "out") }
		amount := func() goshawk.Units { return goshawk.U(rapid.Uint64().Draw(t, "amount")) }
		for range rapid.IntRange(0, 3).Draw(t, "starts") {
			tr.Start = append(tr.Start, goshawk.TraceStart{Tx: hash("start"), Out: out(), Amount: amount()})
		}
		for range rapid.IntRange(0, 30).Draw(t, "flows") {
			f := goshawk.Flow{Tx: hash("tx"), Out: out(), Amount: amount(), Value: amount()}
			if rapid.Bool().Draw(t, "spent") {
				f.Spender = ptr(hash("spender"))
			}
			tr.Flows = append(tr.Flows, f)
		}
		for range rapid.IntRange(0, 20).Draw(t, "ends") {
			e := goshawk.End{Kind: rapid.SampledFrom(append(goshawk.EndKinds(), "no such kind")).Draw(t, "kind"), Tx: hash("end")}
			if rapid.Bool().Draw(t, "out known") {
				e.Out = ptr(out())
			}
			if rapid.Bool().Draw(t, "amount known") {
				e.Amount = ptr(amount())
			}
			tr.Ends = append(tr.Ends, e)
		}
		sum(tr)
		for _, print := range []func(io.Writer) error{
			func(w io.Writer) error { return TraceText(w, tr, Style{}) },
			func(w io.Writer) error { return TraceHTML(w, tr) },
			func(w io.Writer) error { return TraceJSON(w, tr) },
			func(w io.Writer) error { return TraceCSV(w, tr) },
		} {
			if err := print(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		for _, print := range []func(io.Writer) error{
			func(w io.Writer) error { return TraceSVG(w, tr) },
			func(w io.Writer) error { return TraceGraphML(w, tr) },
		} {
			var b bytes.Buffer
			if err := print(&b); err != nil {
				t.Fatal(err)
			}
			xmlElements(t, b.Bytes())
		}
	})
}

// TestTableReadsBack compares the ends' table with the trace.
func TestTableReadsBack(t *testing.T) {
	tr := samples()["hundreds"]
	var b bytes.Buffer
	if err := TraceCSV(&b, tr); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(tr.Ends)+1 {
		t.Fatalf("%d rows for %d ends", len(rows), len(tr.Ends))
	}
	for i := range tr.Ends {
		e, row := &tr.Ends[i], rows[i+1]
		if row[0] != string(e.Kind) || row[1] != e.Tx.String() || row[4] != e.Amount.Dec() {
			t.Fatalf("row %d is %v", i, row)
		}
	}
}

// TestGraphML checks what readers of GraphML insist on: declared keys of the
// right place and type, unique ids, edges between nodes that exist.
func TestGraphML(t *testing.T) {
	for what, tr := range samples() {
		var b bytes.Buffer
		if err := TraceGraphML(&b, tr); err != nil {
			t.Fatal(err)
		}
		type data struct {
			Key   string `xml:"key,attr"`
			Value string `xml:",chardata"`
		}
		var doc struct {
			XMLName xml.Name `xml:"http://graphml.graphdrawing.org/xmlns graphml"`
			Keys    []struct {
				ID   string `xml:"id,attr"`
				For  string `xml:"for,attr"`
				Type string `xml:"attr.type,attr"`
			} `xml:"key"`
			Graph struct {
				Edgedefault string `xml:"edgedefault,attr"`
				Data        []data `xml:"data"`
				Nodes       []struct {
					ID   string `xml:"id,attr"`
					Data []data `xml:"data"`
				} `xml:"node"`
				Edges []struct {
					ID     string `xml:"id,attr"`
					Source string `xml:"source,attr"`
					Target string `xml:"target,attr"`
					Data   []data `xml:"data"`
				} `xml:"edge"`
			} `xml:"graph"`
		}
		if err := xml.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatal(what, err)
		}
		if doc.Graph.Edgedefault != "directed" || len(doc.Graph.Edges) == 0 && what != "empty" {
			t.Errorf("%s: %s graph with %d edges", what, doc.Graph.Edgedefault, len(doc.Graph.Edges))
		}
		of, kind, ids := map[string]string{}, map[string]string{}, map[string]bool{}
		for _, k := range doc.Keys {
			of[k.ID], kind[k.ID] = k.For, k.Type
		}
		check := func(where string, list []data) {
			for _, d := range list {
				if of[d.Key] != where {
					t.Errorf("%s: key %s at a %s", what, d.Key, where)
				}
				if kind[d.Key] == "int" && !regexp.MustCompile(`^-?\d+$`).MatchString(d.Value) || kind[d.Key] == "double" && !regexp.MustCompile(`^\d+\.\d+$`).MatchString(d.Value) {
					t.Errorf("%s: %s is %q", what, d.Key, d.Value)
				}
			}
		}
		check("graph", doc.Graph.Data)
		for _, n := range doc.Graph.Nodes {
			if ids[n.ID] {
				t.Errorf("%s: two nodes %s", what, n.ID)
			}
			ids[n.ID] = true
			check("node", n.Data)
		}
		for _, e := range doc.Graph.Edges {
			if !ids[e.Source] || !ids[e.Target] {
				t.Errorf("%s: edge from %s to %s", what, e.Source, e.Target)
			}
			check("edge", e.Data)
			if into, out := e.Target[0] == 's', e.Source[0] == 's'; tr.Direction == "backward" && out || tr.Direction == "forward" && into {
				t.Errorf("%s: money flows from %s to %s in a %s trace", what, e.Source, e.Target, tr.Direction)
			}
		}
	}
}

// TestNothingToCopyIsCut looks for every address and transaction that an
// officer must copy, whole, in the text and on the page.
func TestNothingToCopyIsCut(t *testing.T) {
	tr := samples()["forty"]
	var text, page bytes.Buffer
	if err := errors.Join(TraceText(&text, tr, Style{}), TraceHTML(&page, tr)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range tr.Ends {
		e := &tr.Ends[i]
		if e.Kind != goshawk.EndService {
			continue
		}
		n++
		for _, what := range []string{*e.Address, e.Tx.String(), money(tr.Asset, e.Amount), when(e.Time)} {
			if !strings.Contains(text.String(), what) || !strings.Contains(page.String(), what) {
				t.Errorf("%s is missing", what)
			}
		}
		if e.Sweep != nil && (!strings.Contains(text.String(), e.Sweep.String()) || !strings.Contains(page.String(), e.Sweep.String())) {
			t.Errorf("the sweep %s is missing", e.Sweep)
		}
	}
	if n == 0 {
		t.Fatal("the sample has no service ends")
	}
}

// TestContrast computes the contrast of every text colour with the paper
// behind it (WCAG 2.2, 1.4.3: at least 4.5 to 1), light and dark.
func TestContrast(t *testing.T) {
	for what, sheet := range map[string]string{"page": pageStyle, "drawing": drawingStyle} {
		schemes := regexp.MustCompile(`(?s)\{(--paper:.*?)\}`).FindAllStringSubmatch(sheet, -1)
		schemes = append(schemes, regexp.MustCompile(`(?s)\{color-scheme:[a-z ]+;(--paper:.*?)\}`).FindAllStringSubmatch(sheet, -1)...)
		if len(schemes) < 3 {
			t.Fatalf("%s: %d colour schemes found", what, len(schemes))
		}
		for _, scheme := range schemes {
			colours := map[string]string{}
			for _, m := range regexp.MustCompile(`--([a-z]+):(#[0-9a-f]+)`).FindAllStringSubmatch(scheme[1], -1) {
				colours[m[1]] = m[2]
			}
			for _, ink := range []string{"ink", "soft", "service", "unspent", "coinjoin", "burnt", "unresolved", "origin", "start", "limit", "fee"} {
				for _, behind := range []string{"paper", "wash", "fill"} {
					if colours[behind] == "" {
						continue
					}
					if c := contrast(t, colours[ink], colours[behind]); c < 4.5 {
						t.Errorf("%s: %s %s on %s %s has contrast %.2f", what, ink, colours[ink], behind, colours[behind], c)
					}
				}
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"plain", 10, "plain"},
		{"  two  \n words ", 20, "two words"},
		{"\x1b[31mred", 20, "\ufffd[31mred"},
		{"abcdefghij", 5, "abcd…"},
		{strings.Repeat("é", 100), 5, "éééé…"},
		{"", 5, ""},
	} {
		if got := line(c.in, c.n); got != c.want {
			t.Errorf("line(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		units uint64
		want  string
	}{{0, "0.00000000 BTC"}, {1, "0.00000001 BTC"}, {1_0000_0000, "1.00000000 BTC"}, {119756_6203_2288, "119,756.62032288 BTC"}, {2100_0000_0000_0000, "21,000,000.00000000 BTC"}} {
		if got := money(coinAsset, ptr(goshawk.U(c.units))); got != c.want {
			t.Errorf("%d: %s", c.units, got)
		}
	}
	whole := goshawk.U(1000)
	for part, want := range map[uint64]string{0: "0.0 %", 1: "0.1 %", 999: "99.9 %", 1000: "100.0 %", 1001: ""} {
		if got := share(ptr(goshawk.U(part)), &whole); got != want {
			t.Errorf("%d of 1000: %q", part, got)
		}
	}
}

// TestWordsAreComplete: every end kind and method of the house has its words.
func TestWordsAreComplete(t *testing.T) {
	for _, k := range goshawk.EndKinds() {
		for _, direction := range []string{"forward", "backward"} {
			if wordsOf(k, direction).meaning == "" {
				t.Errorf("no words for %s, %s", k, direction)
			}
		}
	}
	var names []string
	for _, m := range methods {
		names = append(names, m.Name)
		if m.Rule == "" || m.Assumes == "" || (m.Backward == "") != (m.Name == "tiho") {
			t.Errorf("%s is half explained", m.Name)
		}
	}
	if want := []string{"poison", "haircut", "fifo", "lifo", "fifo-age", "tiho"}; !slices.Equal(names, want) {
		t.Errorf("methods %v", names)
	}
	for level, want := range map[int]string{100: "very high", 90: "very high", 89: "high", 70: "high", 50: "moderate", 49: "low", 20: "low", 5: "very low"} {
		if got := Confidence(level); got != want {
			t.Errorf("confidence %d is %s", level, got)
		}
	}
}

func luminance(t *testing.T, colour string) float64 {
	var r, g, b int
	if len(colour) == 4 {
		colour = "#" + strings.Repeat(colour[1:2], 2) + strings.Repeat(colour[2:3], 2) + strings.Repeat(colour[3:4], 2)
	}
	if _, err := fmt.Sscanf(colour, "#%02x%02x%02x", &r, &g, &b); err != nil {
		t.Fatal(colour, err)
	}
	linear := func(v int) float64 {
		c := float64(v) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// TestStepsGroupPayments: an officer writes one letter for an address, however
// often it was paid, and the letter names every sweep once.
func TestStepsGroupPayments(t *testing.T) {
	tr := small()
	second := tr.Ends[0]
	second.Tx, second.Amount = name(5), ptr(goshawk.U(60_0000_0000))
	third := second
	third.Tx, third.Address, third.Sweep = name(6), ptr("1Labelled1111111111111111111111111"), nil
	tr.Ends = append(tr.Ends, second, third)
	steps := nextSteps(tr)
	if len(steps) != 1 || len(steps[0].Deposits) != 2 || steps[0].Payments != 3 || len(steps[0].Labels) != 1 {
		t.Fatalf("steps %+v", steps)
	}
	d := steps[0].Deposits[0]
	if d.Address != "1Deposit111111111111111111111111111" || d.Amount.Uint64() != 100_0000_0000 || len(d.Payments) != 2 || d.Payments[0].Tx != name(5) || len(d.Sweeps) != 1 {
		t.Errorf("deposit %+v", d)
	}
	if paymentWords(steps[0], false) != "3 payments to 2 addresses" {
		t.Error(paymentWords(steps[0], false))
	}
}

// TestEvidenceWithoutTransaction: what names no transaction shows none.
func TestEvidenceWithoutTransaction(t *testing.T) {
	f := &Findings{Basis: sampleBasis(), Findings: addressFinding()}
	var asJSON, text, table bytes.Buffer
	if err := errors.Join(FindingsJSON(&asJSON, f), FindingsText(&text, f, Style{}), FindingsCSV(&table, f)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(asJSON.String(), `{"role": "reused", "tx": null, "out": null, "address": "`) {
		t.Errorf("JSON says %s", &asJSON)
	}
	for _, form := range []*bytes.Buffer{&asJSON, &text, &table} {
		if strings.Contains(form.String(), strings.Repeat("0", 64)) {
			t.Errorf("a transaction of zeros in\n%s", form)
		}
	}
}

// TestSingleBlocks: in a ledger of single blocks nothing is at rest up to a last
// block, nothing is absent from the chain, and the words that say so are a sentence.
func TestSingleBlocks(t *testing.T) {
	trace := small()
	trace.Ledger.Partial = true
	for form, print := range map[string]func(io.Writer, *goshawk.Trace) error{
		"text": func(w io.Writer, t *goshawk.Trace) error { return TraceText(w, t, Style{}) },
		"HTML": TraceHTML, "SVG": TraceSVG,
	} {
		var b bytes.Buffer
		if err := print(&b, trace); err != nil {
			t.Fatal(err)
		}
		s := strings.Join(strings.Fields(b.String()), " ")
		if strings.Contains(s, "at rest") || !strings.Contains(s, "no block of this ledger spends it") {
			t.Errorf("%s says of what is unspent\n%s", form, &b)
		}
		if form != "SVG" && !strings.Contains(s, "and no other, with label files of the SHA-256 hashes named here, gives") {
			t.Errorf("%s says how to ask again\n%s", form, &b)
		}
	}
	for _, ledger := range []goshawk.TracePoint{{}, {Start: 5}, {Partial: true}} {
		var b bytes.Buffer
		none := &Findings{Basis: sampleBasis()}
		none.Ledger = ledger
		if err := FindingsText(&b, none, Style{}); err != nil {
			t.Fatal(err)
		}
		if part := ledger != (goshawk.TracePoint{}); strings.Contains(b.String(), "None found.") == part || strings.Contains(b.String(), "None found in the blocks of this ledger.") != part {
			t.Errorf("%+v:\n%s", ledger, &b)
		}
	}
}

// TestUnknownWithdrawal: asked backward by poison, a service may have paid out a coin
// whose value the ledger does not know. No amount is invented for it, and the
// payment is named by its transaction.
func TestUnknownWithdrawal(t *testing.T) {
	trace := blank("poison", "backward")
	trace.Start = []goshawk.TraceStart{{Tx: name(1), Amount: goshawk.U(2_0000_0000)}}
	trace.Flows = []goshawk.Flow{{Tx: name(1), Amount: goshawk.U(2_0000_0000), Value: goshawk.U(2_0000_0000), Height: 170, Time: 1231731025}}
	trace.Ends = []goshawk.End{{Kind: goshawk.EndService, Tx: name(90), Out: ptr(uint32(3)), Address: ptr("1Hot"), Hops: 1, Label: &exchange, Height: -1, Spender: ptr(name(1))}}
	for known, want := range []string{"an unknown amount", "at least 1.00000000 BTC"} {
		if known == 1 {
			trace.Ends = append(trace.Ends, goshawk.End{Kind: goshawk.EndService, Tx: name(91), Out: ptr(uint32(0)), Address: ptr("1Hot"), Amount: ptr(goshawk.U(1_0000_0000)), Hops: 1, Label: &exchange, Height: 150, Spender: ptr(name(1))})
		}
		sum(trace)
		var text, page bytes.Buffer
		if err := errors.Join(TraceText(&text, trace, Style{}), TraceHTML(&page, trace)); err != nil {
			t.Fatal(err)
		}
		for form, b := range map[string]*bytes.Buffer{"text": &text, "HTML": &page} {
			if s := b.String(); strings.Contains(s, "0.00000000 BTC in") || strings.Contains(s, ">0.00000000") || strings.Contains(s, "the transaction that spent") {
				t.Errorf("%s says\n%s", form, s)
			}
		}
		for _, want := range []string{"Write to Example Exchange: " + want + " in ", "on 2009-01-12 03:30:25 UTC, block 170", "by transaction " + name(1).String(), "from its coin " + name(90).String() + ", output 3"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("no %q in\n%s", want, &text)
			}
		}
		if want := capital(want) + " touched Example Exchange."; !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s", want, &page)
		}
	}
}

// TestEveryFormWarns: what an answer cannot know, and from which block on its
// ledger knows anything, stands in every form that can be copied out of it.
func TestEveryFormWarns(t *testing.T) {
	late, partial := small(), small()
	late.Ledger.Start, late.Warnings = 517, []string{"a caution"}
	partial.Ledger.Partial, partial.Warnings = true, []string{"a caution"}
	for what, trace := range map[string]*goshawk.Trace{"517": late, "single blocks": partial} {
		basis := traceBasis(trace)
		both := &goshawk.Comparison{Traces: []*goshawk.Trace{trace, trace}, Ends: []goshawk.ComparisonEnd{{Kind: goshawk.EndFee, Tx: name(2), Amounts: make([]*goshawk.Units, 2)}}}
		for form, print := range map[string]func(io.Writer) error{
			"text":            func(w io.Writer) error { return TraceText(w, trace, Style{}) },
			"JSON":            func(w io.Writer) error { return TraceJSON(w, trace) },
			"CSV":             func(w io.Writer) error { return TraceCSV(w, trace) },
			"CSV of flows":    func(w io.Writer) error { return TraceFlowsCSV(w, trace) },
			"GraphML":         func(w io.Writer) error { return TraceGraphML(w, trace) },
			"SVG":             func(w io.Writer) error { return TraceSVG(w, trace) },
			"HTML":            func(w io.Writer) error { return TraceHTML(w, trace) },
			"comparison":      func(w io.Writer) error { return ComparisonText(w, both, Style{}) },
			"comparison JSON": func(w io.Writer) error { return ComparisonJSON(w, both) },
			"comparison CSV":  func(w io.Writer) error { return ComparisonCSV(w, both) },
			"comparison HTML": func(w io.Writer) error { return ComparisonHTML(w, both) },
			"findings":        func(w io.Writer) error { return FindingsText(w, &Findings{Basis: basis}, Style{}) },
			"findings JSON":   func(w io.Writer) error { return FindingsJSON(w, &Findings{Basis: basis}) },
			"findings CSV": func(w io.Writer) error {
				return FindingsCSV(w, &Findings{Basis: basis, Findings: addressFinding()})
			},
			"screening":     func(w io.Writer) error { return ScreenText(w, basis, each(nil), &Screened{}, Style{}) },
			"hits":          func(w io.Writer) error { return ScreenText(w, basis, each(sampleHits()), &Screened{}, Style{}) },
			"screening CSV": func(w io.Writer) error { return ScreenCSV(w, basis, each(sampleHits())) },
		} {
			var b strings.Builder
			if err := print(&b); err != nil {
				t.Fatal(err)
			}
			said := strings.ToLower(strings.Join(strings.Fields(b.String()), " "))
			if !strings.Contains(said, "a caution") {
				t.Errorf("%s, %s: the warning is missing", what, form)
			}
			extent := what
			if partial := trace.Ledger.Partial; partial && (strings.Contains(form, "JSON") || strings.Contains(form, "CSV") || form == "GraphML") {
				extent = "true"
			}
			if !strings.Contains(said, extent) {
				t.Errorf("%s, %s: the ledger's extent is missing:\n%s", what, form, b.String())
			}
		}
	}
}

// TestUnknownSums: ends of unknown amount sum to no amount, or to a lower bound,
// and a drawing shows them where a trace came to them.
func TestUnknownSums(t *testing.T) {
	trace := blank("poison", "backward")
	start := name(1)
	trace.Start = []goshawk.TraceStart{{Tx: start, Address: address(1), Amount: goshawk.U(70)}}
	trace.Flows = []goshawk.Flow{{Tx: start, Address: address(1), Amount: goshawk.U(70), Value: goshawk.U(70), Height: 9}}
	for i := range 40 {
		trace.Ends = append(trace.Ends, goshawk.End{Kind: goshawk.EndUnresolved, Tx: name(2, uint64(i)), Out: ptr(uint32(0)), Hops: 1, Height: -1, Spender: &start})
	}
	say := func(print func(io.Writer) error) string {
		var b strings.Builder
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	check := func(form, text, want string) {
		if !strings.Contains(text, want) || strings.Contains(text, "beyond this tree") || strings.Contains(text, "not drawn;") {
			t.Errorf("%s lacks %q, or an end:\n%s", form, want, text)
		}
	}
	text := func(w io.Writer) error { return TraceText(w, trace, Style{}) }
	asJSON := func(w io.Writer) error { return TraceJSON(w, trace) }
	page := func(w io.Writer) error { return TraceHTML(w, trace) }
	drawing := func(w io.Writer) error { return TraceSVG(w, trace) }
	sum(trace)
	check("JSON", say(asJSON), `"totals": {"unresolved": null}`)
	check("JSON", say(asJSON), `"unknown": {"unresolved": 40}`)
	check("text", say(text), "Unresolved  an unknown amount")
	check("page", say(page), "an unknown amount")
	check("drawing", say(drawing), "Unresolved: an unknown amount (40)")
	known := goshawk.U(5_0000_0000)
	trace.Ends[0].Amount = &known
	sum(trace)
	check("JSON", say(asJSON), `"totals": {"unresolved": "500000000"}`)
	check("JSON", say(asJSON), `"unknown": {"unresolved": 39}`)
	check("text", say(text), "at least 5.00000000 BTC")
	check("page", say(page), "at least 5.00000000 BTC")
	check("drawing", say(drawing), "Unresolved: at least 5.00000000 BTC (40)")
}
