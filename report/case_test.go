package report

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"goshawk"
)

var caseForms = map[string]func(io.Writer, Case) error{"html": WriteCaseHTML, "pdf": WriteCasePDF, "json": WriteCaseJSON}

func written(t *testing.T, form string, c Case) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := caseForms[form](&b, c); err != nil {
		t.Fatalf("%s: %v", form, err)
	}
	return b.Bytes()
}

// The same case gives the same bytes, whenever it is written.
func TestCaseSameBytes(t *testing.T) {
	for form := range caseForms {
		if !bytes.Equal(written(t, form, sampleCase()), written(t, form, sampleCase())) {
			t.Errorf("%s: two reports of the same case differ", form)
		}
		c := sampleCase()
		c.At = time.Time{} // a time that is not known is no present time
		if !bytes.Equal(written(t, form, c), written(t, form, c)) {
			t.Errorf("%s: a case without a time is not always the same", form)
		}
	}
}

// streams are the contents of a PDF's streams, unpacked.
func streams(t *testing.T, pdf []byte) (all []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // a font's table, as it is
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// pdfText is a text as a page's stream has it.
func pdfText(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		for _, c := range []byte{byte(u >> 8), byte(u)} {
			if strings.IndexByte(`()\`, c) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

func pages(t *testing.T, c Case) (all []string) {
	t.Helper()
	for _, s := range streams(t, written(t, "pdf", c)) {
		if strings.Contains(s, " Tj") {
			all = append(all, s)
		}
	}
	return all
}

// Every page has the marking twice and says which it is of how many; the text is text, and
// the fonts are in the file.
func TestCasePDFPages(t *testing.T) {
	c := sampleCase()
	all := pages(t, c)
	if len(all) < 8 {
		t.Fatalf("%d pages", len(all))
	}
	// The contents say on which page the last part stands.
	if last := slices.IndexFunc(all[1:], func(p string) bool { return strings.Contains(p, "("+pdfText("Certification")+") Tj") }) + 2; last < 3 || !strings.Contains(all[0], "("+pdfText(strconv.Itoa(last))+") Tj") {
		t.Errorf("the contents do not say that the certification is on page %d", last)
	}
	for i, p := range all {
		if n := strings.Count(p, pdfText(c.Marking)); n < 2 {
			t.Errorf("page %d has the marking %d times", i+1, n)
		}
		if want := fmt.Sprintf("Page %d of %d", i+1, len(all)); !strings.Contains(p, pdfText(want)) {
			t.Errorf("page %d does not say %q", i+1, want)
		}
	}
	whole := strings.Join(all, "\n")
	for _, s := range []string{"Harbour ransom", "Ольга Семёнова", "1Deposit111111111111111111111111111", "not used in this report", "none", scoreHead[:30],
		"\ufeaa\ufee4\ufea4\ufee3"} { // a name, in the forms of its letters and the order of the eye
		if !strings.Contains(whole, pdfText(s)) {
			t.Errorf("the text %q is not in the pages", s)
		}
	}
	pdf := string(written(t, "pdf", c))
	for _, s := range []string{"/FontFile2", "/ToUnicode", "/Lang (en)", "/Outlines", "/Title (\xfe\xff" + pdfText("Harbour ransom") + ")"} {
		if !strings.Contains(pdf, s) {
			t.Errorf("the file lacks %s", s)
		}
	}
	if strings.Contains(pdf, "/Subtype /Image") {
		t.Error("a drawing is an image")
	}
}

// A table that goes on on the next page repeats the names of its columns.
func TestCasePDFTableHeads(t *testing.T) {
	c := sampleCase()
	c.Exhibits = nil
	for i := range 60 {
		c.Exhibits = append(c.Exhibits, CaseExhibit{Number: fmt.Sprintf("E-%d", i+1), Name: "a file", SHA256: hex64, Source: "a phone", Custodian: "Jan Brandt"})
	}
	heads := 0
	for _, p := range pages(t, c) {
		rows := strings.Contains(p, pdfText("a phone"))
		head := strings.Contains(p, pdfText("What, from where"))
		if rows && !head {
			t.Error("a page of the table has no heads")
		}
		if head {
			heads++
		}
	}
	if heads < 3 {
		t.Errorf("sixty exhibits stand on %d pages", heads)
	}
}

// The report keeps what it must say, in each of the forms.
func TestCaseSays(t *testing.T) {
	page := string(written(t, "html", sampleCase()))
	for _, s := range []string{"Ольга Семёнова", "R-2: an attempt", "not used in this report", "Independent support</dt><dd><div dir=\"auto\">none", "no rate measured for transactions of 2016", "OFFICIAL: SENSITIVE",
		"0.00009999 to 40.00000000", "The phone was not examined.", "goshawk trace --ledger DIR", "محمد"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q", s)
		}
	}
	if n := strings.Count(page, "not the probability that a finding"); n < 2 || strings.Contains(page[:strings.Index(page, `<section id="scores"`)], "wrongly joined") {
		t.Error("scores stand outside of their own section")
	}
	var c struct {
		Case
		Missing []string
		Scores  []ScoreWords
	}
	if err := json.Unmarshal(written(t, "json", sampleCase()), &c); err != nil {
		t.Fatal(err)
	}
	if c.Title != "Harbour ransom" || len(c.Runs) != 2 || len(c.Scores) != 2 || len(c.Missing) != 0 {
		t.Errorf("read back: %q, %d traces, %d scores, missing %v", c.Title, len(c.Runs), len(c.Scores), c.Missing)
	}
}

// What the author writes in Markdown is set, and nothing of it is lost: HTML is shown as it was written.
func TestCaseProse(t *testing.T) {
	c := sampleCase()
	c.Findings[0].Text = "The coins **did not stay** at `1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa`;\nthey moved <b onclick=x>on</b>.\n\n# Conclusion 7\n\n3. third\n4. fourth\n   - below\n\n> a quotation\n\n| Day | Sum |\n|---|---|\n| Monday | 5 |\n\n![a picture](http://evil.example/p.png) and [a link](http://evil.example/)  \nnext"
	page := string(written(t, "html", c))
	for _, s := range []string{"The coins <b>did not stay</b> at <bdi class=\"c\" dir=\"ltr\">1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa</bdi>; they moved &lt;b onclick=x&gt;on&lt;/b&gt;.",
		"<b>Conclusion 7</b>", `<ol start="3" class="in1"><li dir="auto">third</li><li dir="auto">fourth</li></ol>`, `<ul class="in2"><li dir="auto">below</li></ul>`, `<p class="in1" dir="auto">a quotation</p>`,
		`<td data-th="Day"><div dir="auto">Monday</div></td><td data-th="Sum"><div dir="auto">5</div></td>`, "a picture and a link &lt;http://evil.example/&gt;<br>next"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q", s)
		}
	}
	if strings.Contains(page, "**") || strings.Contains(page, "<a href=\"http") || strings.Contains(page, "<img") {
		t.Error("the page has marks, links or pictures of the author's text in it")
	}
	paper := strings.Join(pages(t, c), "")
	for _, s := range []string{"did", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "Conclusion", "onclick=x", "3.", "fourth", "quotation", "Monday"} {
		if !strings.Contains(paper, pdfText(s)) {
			t.Errorf("the PDF does not say %q", s)
		}
	}
	if strings.Contains(paper, pdfText("**")) {
		t.Error("the PDF has marks in it")
	}
	var read Case
	if err := json.Unmarshal(written(t, "json", c), &read); err != nil || read.Findings[0].Text != c.Findings[0].Text {
		t.Errorf("the text is kept as %q: %v", read.Findings[0].Text, err)
	}
}

// What is missing is named, on the report too.
func TestCaseMissing(t *testing.T) {
	c := Case{Version: "0.1.0", ID: "x"}
	want := "[marking author qualification question summary findings alternatives limitations]"
	if got := fmt.Sprint(c.Missing()); got != want {
		t.Errorf("missing: %s, not %s", got, want)
	}
	for form := range caseForms {
		if out := written(t, form, c); form == "html" && !bytes.Contains(out, []byte("This report is not complete: no classification marking; no author")) {
			t.Error("the page does not say what is missing")
		}
	}
}

// The sentences on scores are those of docs/accuracy.md, all of them and no other.
func TestScoreSentences(t *testing.T) {
	doc, err := os.ReadFile("../docs/accuracy.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(doc)
	if !strings.Contains(text, "\n"+scoreHead+"\n") {
		t.Error("the head is not in docs/accuracy.md")
	}
	for _, s := range scoreTable {
		if !strings.Contains(text, "\n> "+s.text+"\n") {
			t.Errorf("not in docs/accuracy.md: %s", s.text)
		}
	}
	if n := strings.Count(text, "\n> "); n != len(scoreTable) {
		t.Errorf("docs/accuracy.md has %d sentences that a report may say, and the report %d", n, len(scoreTable))
	}
}

func TestScores(t *testing.T) {
	day := func(year int) time.Time { return time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC) }
	for _, x := range []struct {
		h    CaseHeuristic
		want []string // how the sentences begin
	}{
		{CaseHeuristic{Name: "co-spend/1", First: day(2019), Last: day(2019), Measured: true}, []string{"On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2019), co-spend/1 wrongly"}},
		{CaseHeuristic{Name: "co-spend/1", First: day(2017), Last: day(2018), Measured: true}, []string{"no rate measured for transactions of 2017 and 2018"}},
		{CaseHeuristic{Name: "co-spend/1", First: day(2021), Last: day(2022), Measured: true}, []string{"On 20 synthetic", "no rate measured for transactions of 2021"}},
		{CaseHeuristic{Name: "co-spend/1", First: day(2019), Last: day(2019)}, []string{"no rate measured: the worlds"}},
		{CaseHeuristic{Name: "co-spend/1", Measured: true}, []string{"no rate measured: the times"}},
		{CaseHeuristic{Name: "co-spend/9", First: day(2019), Last: day(2019), Measured: true}, []string{"no rate measured: docs/accuracy.md has no sentence on co-spend/9"}},
	} {
		got := Scores(&Case{Heuristics: []CaseHeuristic{x.h}})[0].Words
		if len(got) != len(x.want) {
			t.Errorf("%+v: %q", x.h, got)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], x.want[i]) {
				t.Errorf("%+v: %q does not begin with %q", x.h, got[i], x.want[i])
			}
		}
	}
}

// Script, markup and what turns writing round do nothing in any text of a report.
func TestCaseHostile(t *testing.T) {
	const attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>) Tj ET /JS (app.alert\\(1\\)) \u202e\u0000\x1b[31m{{.}}\U0001F600"
	var c Case
	text, err := json.Marshal(sampleCase())
	if err != nil {
		t.Fatal(err)
	}
	var fields any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	fields = spoil(fields, attack)
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	c.Runs[0].State, c.Runs[0].Used, c.Runs[0].Traces = "done", true, []*goshawk.Trace{poisoned(attack)}
	page := string(written(t, "html", c))
	for _, bad := range []string{"<script", "<img", "\u202e", "\x1b"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	pdf := written(t, "pdf", c)
	if bytes.Contains(pdf, []byte("/JavaScript")) || bytes.Contains(pdf, []byte("/S /JS")) {
		t.Error("the PDF has a script")
	}
	for _, s := range streams(t, pdf) {
		if strings.Contains(s, "Tj ET /JS") {
			t.Error("a text broke out of its string")
		}
	}
	if !strings.Contains(strings.Join(pages(t, c), ""), pdfText("[U+1F600]")) {
		t.Error("what the font lacks is not written as its code")
	}
	for _, s := range streams(t, pdf) {
		if strings.ContainsRune(s, 0x202e) {
			t.Error("the PDF turns writing round")
		}
	}
}

// spoil puts an attack into every text.
func spoil(v any, attack string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if k != "at" && k != "first" && k != "last" && k != "time" && k != "amounts" && k != "least" && k != "most" {
				v[k] = spoil(v[k], attack)
			}
		}
	case []any:
		for i := range v {
			v[i] = spoil(v[i], attack)
		}
	case string:
		return v + attack
	}
	return v
}

// An answer that was written can be read again, and is written the same.
func TestReadTraces(t *testing.T) {
	for name, trace := range samples() {
		var b, again bytes.Buffer
		if err := TraceJSON(&b, trace); err != nil {
			t.Fatal(err)
		}
		list, err := ReadTraces(bytes.NewReader(b.Bytes()))
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		if err := TraceJSON(&again, list[0]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%s is not the same when it is read and written:\n%s\n%s", name, b.String(), again.String())
		}
	}
	var b bytes.Buffer
	if err := ComparisonJSON(&b, &goshawk.Comparison{Traces: []*goshawk.Trace{small(), blank("lifo", "forward")}}); err != nil {
		t.Fatal(err)
	}
	if list, err := ReadTraces(&b); err != nil || len(list) != 2 || list[0].Method != "haircut" || len(list[0].Ends) != 3 {
		t.Errorf("a comparison: %v, %v", list, err)
	}
	for _, bad := range []string{"", "{}", `{"method":1}`, `{"method":"fifo","ends":[{"tx":"xyz"}]}`} {
		if _, err := ReadTraces(strings.NewReader(bad)); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadTraces(f *testing.F) {
	var b bytes.Buffer
	if err := TraceJSON(&b, small()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(_ *testing.T, text []byte) {
		list, err := ReadTraces(bytes.NewReader(text))
		if err != nil {
			return
		}
		c := sampleCase()
		c.Runs[0].Traces = list
		_ = WriteCaseHTML(io.Discard, c)
	})
}

// Arabic letters take their forms, and lines the order of the eye.
func TestSeen(t *testing.T) {
	for _, x := range []struct{ in, want string }{
		{"plain", "plain"},
		{"אבג", "גבא"},
		{"see אבג there", "see גבא there"},
		{"אב 12.5 גד", "דג 12.5 בא"},
		{"see אב 12 גד", "see דג 12 בא"},
		{"(אב)", "(בא)"},
		{"אב abc גד", "דג abc בא"},
	} {
		if got := seen(x.in); got != x.want {
			t.Errorf("seen(%q) = %q, not %q", x.in, got, x.want)
		}
	}
	for _, x := range []struct{ in, want string }{
		{"محمد", "\ufee3\ufea4\ufee4\ufeaa"},
		{"لا", "\ufefb"},
		{"سلام", "\ufeb3\ufefc\ufee1"},
		{"دار", "\ufea9\ufe8d\ufead"},
	} {
		if got := arabic(x.in); got != x.want {
			t.Errorf("arabic(%q) = %+q, not %+q", x.in, got, x.want)
		}
	}
}

// The range over the methods leaves out poison, and needs the same question.
func TestRanges(t *testing.T) {
	s := func(v string) *string { return &v }
	end := func(a ...*string) []CaseEnd { return []CaseEnd{{Kind: "unspent", Tx: "aa", Amounts: a}} }
	run := func(n string, methods []string, ends []CaseEnd) CaseRun {
		return CaseRun{Number: n, State: "done", Direction: "forward", Block: "b", Starts: []string{"x:0"}, Methods: methods, Ends: ends}
	}
	cut := func(r CaseRun) CaseRun {
		r.EndsCut = 1
		return r
	}
	say := func(r *string) string {
		if r == nil {
			return "nil"
		}
		return *r
	}
	for name, x := range map[string]struct {
		runs []CaseRun
		want string
	}{
		"a comparison":        {[]CaseRun{run("R-1", []string{"fifo", "lifo", "poison"}, end(s("5"), s("7"), s("100")))}, "5 7"},
		"two runs":            {[]CaseRun{run("R-1", []string{"fifo"}, end(s("5"))), run("R-2", []string{"lifo"}, end(s("9")))}, "5 9"},
		"one does not reach":  {[]CaseRun{run("R-1", []string{"fifo", "lifo"}, end(s("5"), nil))}, "0 5"},
		"poison alone":        {[]CaseRun{run("R-1", []string{"poison"}, end(s("5")))}, "nil nil"},
		"only poison reaches": {[]CaseRun{run("R-1", []string{"fifo", "poison"}, end(nil, s("5")))}, "nil nil"},
		// A comparison's line has every method: who does not reach it claims nothing, however many lines there are.
		"a comparison that was cut": {[]CaseRun{cut(run("R-1", []string{"fifo", "lifo"}, end(s("5"), nil)))}, "0 5"},
	} {
		got := Ranges(x.runs)
		if len(got) != 1 || say(got[0].Least)+" "+say(got[0].Most) != x.want {
			t.Errorf("%s: %+v, not %s", name, got, x.want)
		}
	}
	// What a list leaves out can be as much as the last that it names.
	large := []CaseEnd{{Kind: "unspent", Tx: "bb", Amounts: []*string{s("20")}}, {Kind: "unspent", Tx: "cc", Amounts: []*string{s("8")}}}
	for _, r := range Ranges([]CaseRun{run("R-1", []string{"fifo"}, end(s("5"))), cut(run("R-2", []string{"lifo"}, large))}) {
		if want := map[string]string{"aa": "nil 8", "bb": "0 20", "cc": "0 8"}[r.Tx]; say(r.Least)+" "+say(r.Most) != want {
			t.Errorf("a list that was cut: %s from %s to %s, not %s", r.Tx, say(r.Least), say(r.Most), want)
		}
	}
	twice := append(end(s("5")), end(s("7"))...) // two transactions of one ID
	if got := Ranges([]CaseRun{run("R-1", []string{"fifo"}, twice)}); len(got) != 2 || say(got[0].Most) != "7" || say(got[1].Most) != "5" {
		t.Errorf("two ends of one name: %+v", got)
	}
	other := run("R-2", []string{"lifo"}, end(s("9")))
	other.Labels = []string{"another file"}
	if got := Ranges([]CaseRun{run("R-1", []string{"fifo"}, end(s("5"))), other}); len(got) != 2 {
		t.Errorf("traces with other labels are compared: %+v", got)
	}
	other = run("R-2", []string{"lifo"}, end(s("9")))
	other.Parameters = []CaseFact{{"most hops", "3"}}
	if got := Ranges([]CaseRun{run("R-1", []string{"fifo"}, end(s("5"))), other}); len(got) != 2 {
		t.Errorf("traces of other questions are compared: %+v", got)
	}
	broken := run("R-1", []string{"fifo"}, end(s("5")))
	broken.Truncated = true
	if got := Ranges([]CaseRun{broken}); len(got) != 0 {
		t.Errorf("a trace that was broken off has ranges: %+v", got)
	}
}

// TestTraceIsNoFact: on the graph no line of a trace is drawn or listed as a fact, and every line is listed.
func TestTraceIsNoFact(t *testing.T) {
	c := sampleCase()
	spots := c.Picture.spots()
	for i, e := range c.Picture.Edges {
		if want := e.What == "trace" || e.What == "member"; spots.edges[i].inferred != want {
			t.Errorf("%s: drawn as an inference: %t", e.What, !want)
		}
	}
	page := string(written(t, "html", c))
	for _, want := range []string{"followed by the method haircut", "40.00000000 BTC", "is held to belong to", "Lines of the graph"} {
		if !strings.Contains(page, want) {
			t.Errorf("the table of lines lacks %q", want)
		}
	}
}

// TestCautions: what is not known, and what lies beyond a CoinJoin, is said beside the amount.
func TestCautions(t *testing.T) {
	c := sampleCase()
	r := &c.Runs[0]
	r.Ends[1].Candidates = 5
	r.Totals[0].Unknown = []int{2, 0}
	for form, page := range map[string]string{"html": string(written(t, "html", c)), "json": string(written(t, "json", c))} {
		want := map[string][]string{"html": {"beyond a CoinJoin of which 5 outputs could carry it on: no finding", "at least 40.00000000, 2 not known"}, "json": {`"candidates": 5`, `"unknown": [`}}[form]
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s: %q is not said", form, w)
			}
		}
	}
}
