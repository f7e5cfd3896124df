package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"goshawk"
)

// attacks are texts that a label file from a stranger could hold.
var attacks = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'; DROP TABLE x; -- & < > " ' ]]> <!-- --`,
	"\x1b[2J\x1b]0;owned\x07\x9b31m", // clears the screen and renames the window
	"abc\u202edcba\u2066x\u200f",     // reverses what follows
	"line\r\nanother\tone\x00\x7f\u0085\u2028",
	"=HYPERLINK(\"http://example.com\")",
	"+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\ufeff=1", " =1", "＝1",
	"\xff\xfe not utf-8 \xc3",
	"\u200b\ue000\U000e0041\ufffe",
	strings.Repeat("long ", 2000),
	strings.Repeat("𝔘", 10000),
	"مرحبا بالعالم",
	"{{.Version}} </style></title></svg><svg onload=alert(1)>",
	"",
}

// poisoned is a trace whose every foreign text is an attack.
func poisoned(attack string) *goshawk.Trace {
	t := small()
	l := exchange
	l.Text, l.Actor, l.Concepts, l.Reference, l.Basis, l.Source, l.Modified, l.Match, l.Context = attack, attack, []string{attack}, attack, attack, attack, attack, attack, attack
	t.Ends[0].Label, t.Ends[0].Note = &l, attack
	t.Ends[0].Address = &attack
	t.Ends[1].Address = &attack
	for i := range t.Flows {
		t.Flows[i].Address = attack
	}
	t.Start[0].Address = attack
	t.Labels = []goshawk.LabelSource{{Source: attack, Hash: attack, Date: attack}}
	t.Warnings = []string{attack}
	t.Parameters.Until, t.Parameters.Services = attack, attack
	t.Claim, t.Version, t.Network, t.Asset.Ticker = attack, attack, attack, attack
	return t
}

func TestHostileLabels(t *testing.T) {
	for _, attack := range attacks {
		checkHarmless(t, attack)
	}
}

func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom(attacks), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		checkHarmless(t, text)
	})
}

func FuzzHostileText(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	f.Fuzz(func(t *testing.T, text string) { checkHarmless(t, text) })
}

type failer interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

func checkHarmless(t failer, attack string) {
	t.Helper()
	trace := poisoned(attack)
	comparison := compared()
	comparison.Traces[0], comparison.Ends[0].Label = trace, trace.Ends[0].Label
	comparison.Ends[0].Address = &attack
	print := func(f func(io.Writer) error) []byte {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatalf("%q: %v", attack, err)
		}
		return b.Bytes()
	}

	for _, f := range []func(io.Writer) error{
		func(w io.Writer) error { return TraceText(w, trace, Style{}) },
		func(w io.Writer) error { return ComparisonText(w, comparison, Style{}) },
		func(w io.Writer) error {
			return ScreenText(w, Basis{Asset: coinAsset}, each([]Hit{{File: attack, Address: attack, Label: *trace.Ends[0].Label}}), &Screened{}, Style{})
		},
		func(w io.Writer) error {
			return AddressText(w, &Address{Address: attack, Found: []goshawk.Label{*trace.Ends[0].Label}}, Style{})
		},
		func(w io.Writer) error {
			return WhyText(w, &Why{From: attack, To: attack, Chain: []goshawk.Merge{{A: attack, B: attack, Heuristic: attack}}}, Style{})
		},
	} {
		text := string(print(f))
		for _, r := range text {
			if r != '\n' && hostile(r) {
				t.Errorf("text for %q holds %U", attack, r)
				break
			}
		}
		if longest := longestLine(text); longest > 3000 {
			t.Errorf("text for %.20q… has a line of %d characters", attack, longest)
		}
	}

	// JSON gives the label back to the letter and can be printed safely.
	raw := print(func(w io.Writer) error { return TraceJSON(w, trace) })
	var back struct {
		Ends []struct {
			Label  string `json:"label"`
			Detail struct {
				Source string `json:"source"`
			} `json:"label_detail"`
		} `json:"ends"`
	}
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatalf("JSON for %q: %v", attack, err)
	}
	if want := strings.ToValidUTF8(attack, ""); utf8.ValidString(attack) && back.Ends[0].Label != want || !utf8.ValidString(attack) && strings.ReplaceAll(back.Ends[0].Label, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
		t.Errorf("JSON turned %q into %q", attack, back.Ends[0].Label)
	}
	for _, r := range string(raw) {
		if r != '\n' && hostile(r) {
			t.Errorf("JSON for %q holds %U unescaped", attack, r)
			break
		}
	}

	// CSV reads back with as many cells in every row, none of them a formula.
	for _, f := range []func(io.Writer) error{
		func(w io.Writer) error { return TraceCSV(w, trace) },
		func(w io.Writer) error { return TraceFlowsCSV(w, trace) },
		func(w io.Writer) error { return ComparisonCSV(w, comparison) },
		func(w io.Writer) error {
			return ScreenCSV(w, Basis{}, each([]Hit{{File: attack, Address: attack, Label: *trace.Ends[0].Label}}))
		},
	} {
		rows, err := csv.NewReader(bytes.NewReader(print(f))).ReadAll()
		if err != nil {
			t.Fatalf("CSV for %q: %v", attack, err)
		}
		for _, row := range rows {
			for _, c := range row {
				if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") {
					t.Errorf("CSV for %q holds the formula %q", attack, c)
				}
			}
		}
	}

	// Markup has the same elements whatever the text is.
	calm := poisoned("calm")
	calmComparison := compared()
	calmComparison.Traces[0], calmComparison.Ends[0].Label = calm, calm.Ends[0].Label
	for _, pair := range [][2]func(io.Writer) error{
		{func(w io.Writer) error { return TraceSVG(w, trace) }, func(w io.Writer) error { return TraceSVG(w, calm) }},
		{func(w io.Writer) error { return TraceGraphML(w, trace) }, func(w io.Writer) error { return TraceGraphML(w, calm) }},
	} {
		got, want := xmlElements(t, print(pair[0])), xmlElements(t, print(pair[1]))
		if attack != "" && clean(attack) != "" && got != want {
			t.Errorf("markup for %q has other elements:\n%s\n%s", attack, got, want)
		}
		if strings.Contains(got, "script") || strings.Contains(got, "onload") {
			t.Errorf("markup for %q: %s", attack, got)
		}
	}
	for _, pair := range [][2]func(io.Writer) error{
		{func(w io.Writer) error { return TraceHTML(w, trace) }, func(w io.Writer) error { return TraceHTML(w, calm) }},
		{func(w io.Writer) error { return ComparisonHTML(w, comparison) }, func(w io.Writer) error { return ComparisonHTML(w, calmComparison) }},
	} {
		page := print(pair[0])
		got, want := htmlElements(t, page), htmlElements(t, print(pair[1]))
		if attack != "" && clean(attack) != "" && got != want {
			t.Errorf("page for %q has other elements", attack)
		}
		for _, r := range string(page) {
			if r != '\n' && hostile(r) {
				t.Errorf("page for %q holds %U", attack, r)
				break
			}
		}
	}
}

func longestLine(s string) int {
	n := 0
	for l := range strings.Lines(s) {
		n = max(n, utf8.RuneCountInString(l))
	}
	return n
}

// xmlElements lists the elements and attribute names of well-formed XML.
func xmlElements(t failer, b []byte) string {
	t.Helper()
	var s strings.Builder
	last := ""
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return s.String()
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			element := e.Name.Local
			for _, a := range e.Attr {
				if a.Name.Local != "textLength" && a.Name.Local != "lengthAdjust" { // long texts are squeezed
					element += " " + a.Name.Local
				}
			}
			if element != last || e.Name.Local != "text" { // a long note takes several lines
				s.WriteString(element + "\n")
			}
			last = element
		}
	}
}

// htmlElements lists the elements and attribute names that a browser sees, and
// refuses what could act or load.
func htmlElements(t failer, b []byte) string {
	t.Helper()
	var s strings.Builder
	z := html.NewTokenizer(bytes.NewReader(b))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatalf("not HTML: %v", z.Err())
			}
			return s.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			switch token.Data {
			case "script", "img", "iframe", "object", "embed", "link", "a", "form", "base", "use", "image":
				t.Errorf("the page has an element %s", token.Data)
			}
			s.WriteString(token.Data)
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" || a.Key == "style" {
					t.Errorf("the page has an attribute %s", a.Key)
				}
				if a.Key != "textlength" && a.Key != "lengthadjust" {
					s.WriteString(" " + a.Key)
				}
			}
			s.WriteByte('\n')
		}
	}
}
