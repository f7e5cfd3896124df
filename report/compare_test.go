package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"goshawk"
)

// TestInterruptedComparison: an interrupted comparison is truncated in every
// form that can say so, whichever of its methods was under way.
func TestInterruptedComparison(t *testing.T) {
	between := compared()
	between.NotRun = []string{"lifo"}
	within := compared()
	within.Traces[1].Truncated = true
	for name, c := range map[string]*goshawk.Comparison{"between": between, "within": within, "both": stopped()} {
		var asJSON, text, page bytes.Buffer
		if err := errors.Join(ComparisonJSON(&asJSON, c), ComparisonText(&text, c, Style{}), ComparisonHTML(&page, c)); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Methods   []string
			NotRun    []string `json:"not_run"`
			Truncated bool
		}
		if err := json.Unmarshal(asJSON.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !got.Truncated || !slices.Equal(got.Methods, []string{"haircut", "fifo"}) || !slices.Equal(got.NotRun, c.NotRun) {
			t.Errorf("%s: JSON says %+v", name, got)
		}
		for form, b := range map[string]string{"text": text.String(), "HTML": page.String()} {
			if !strings.Contains(b, "was stopped before it was done") {
				t.Errorf("%s: %s does not say that it was stopped", name, form)
			}
			for _, m := range c.NotRun {
				if !strings.Contains(b, m) {
					t.Errorf("%s: %s does not name %s", name, form, m)
				}
			}
		}
	}
}

// touchedToo is compared with poison, which alone reaches two more ends, one of
// them with an amount that nobody can say.
func touchedToo() *goshawk.Comparison {
	c := compared()
	poison := small()
	poison.Method = "poison"
	poison.Flows = nil
	of := func(kind goshawk.EndKind, n uint64, amount *goshawk.Units) {
		poison.Ends = append(poison.Ends, goshawk.End{Kind: kind, Tx: name(n), Out: ptr(uint32(0)), Amount: amount, Hops: 2})
		c.Ends = append(c.Ends, goshawk.ComparisonEnd{Kind: kind, Tx: name(n), Out: ptr(uint32(0)), Amounts: []*goshawk.Units{nil, nil}})
	}
	of(goshawk.EndCoinJoin, 71, ptr(goshawk.U(15_0000_0000)))
	of(goshawk.EndUnresolved, 72, nil)
	sum(poison)
	for i := range c.Ends {
		c.Ends[i].Amounts = append(c.Ends[i].Amounts, poison.Ends[i].Amount)
	}
	c.Ends[4].Unknown = []bool{false, false, true}
	c.Traces = append(c.Traces, poison)
	return c
}

// TestOnlyPoisonTouches: of an end that no method claims nothing is claimed in any
// form, and an amount that nobody can say is told from an end that is not reached.
func TestOnlyPoisonTouches(t *testing.T) {
	c := touchedToo()
	var asJSON, text, table, page bytes.Buffer
	if err := errors.Join(ComparisonJSON(&asJSON, c), ComparisonText(&text, c, Style{}), ComparisonCSV(&table, c), ComparisonHTML(&page, c)); err != nil {
		t.Fatal(err)
	}
	for form, b := range map[string]*bytes.Buffer{"text": &text, "HTML": &page} {
		if s := b.String(); strings.Contains(s, "all agree") || strings.Count(s, "only poison touches it") != 2 {
			t.Errorf("%s says\n%s", form, s)
		}
	}
	if n := strings.Count(page.String(), "<b>–</b>"); n != 4 {
		t.Errorf("%d of 4 bounds are left out of\n%s", n, &page)
	}
	for _, want := range []string{"Into a CoinJoin: only poison touches it: 15.00000000 BTC", "Unresolved: only poison touches it: an unknown amount"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, &text)
		}
	}
	var got struct {
		Ends []struct {
			Amounts     map[string]*string
			Unknown     []string
			Least, Most *string
			Agree       *bool
		}
	}
	if err := json.Unmarshal(asJSON.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for i, e := range got.Ends {
		claimed := i < 3
		if claimed != (e.Least != nil) || claimed != (e.Most != nil) || claimed != (e.Agree != nil) {
			t.Errorf("end %d: %+v", i, e)
		}
		if unknown := i == 4; unknown != slices.Equal(e.Unknown, []string{"poison"}) || unknown != (e.Amounts["poison"] == nil) {
			t.Errorf("end %d: amounts %v, unknown %q", i, e.Amounts, e.Unknown)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[int][]string{1: {"", "4000000000", "5000000000", "false"}, 4: {"", "", "", ""}, 5: {"poison", "", "", ""}} {
		at := slices.Index(rows[0], "unknown")
		if got := rows[row][at : at+4]; !slices.Equal(got, want) {
			t.Errorf("row %d: %q, not %q", row, got, want)
		}
	}
}

// TestBackwardComparison: asked backward, it says where value came from.
func TestBackwardComparison(t *testing.T) {
	c := touchedToo()
	for _, each := range c.Traces {
		each.Direction = "backward"
	}
	var text, page bytes.Buffer
	if err := errors.Join(ComparisonText(&text, c, Style{}), ComparisonHTML(&page, c)); err != nil {
		t.Fatal(err)
	}
	for form, b := range map[string]*bytes.Buffer{"text": &text, "HTML": &page} {
		s := strings.ToLower(b.String())
		if strings.Contains(s, "where it is") || !strings.Contains(s, "where it came from, method by method") || strings.Contains(s, "into a coinjoin") || !strings.Contains(s, "out of a coinjoin") {
			t.Errorf("%s says\n%s", form, b)
		}
	}
}

// TestMixWords: an end at a CoinJoin, and one beyond it, says what it could as
// well be, in the words of its direction, in every form that has words.
func TestMixWords(t *testing.T) {
	for _, x := range []struct {
		direction string
		kind      goshawk.EndKind
		want      string
	}{
		{"forward", goshawk.EndCoinJoin, "14 outputs could carry it on: none is a finding"},
		{"forward", goshawk.EndUnspent, "beyond a CoinJoin of which 14 outputs could carry it on: no finding"},
		{"backward", goshawk.EndCoinJoin, "14 inputs could have fed it: none is a finding"},
		{"backward", goshawk.EndOrigin, "beyond a CoinJoin of which 14 inputs could have fed it: no finding"},
	} {
		trace := small()
		trace.Direction = x.direction
		trace.Ends = trace.Ends[1:2]
		trace.Ends[0].Kind, trace.Ends[0].Candidates, trace.Ends[0].Note = x.kind, 14, "and a note"
		sum(trace)
		for form, print := range map[string]func(io.Writer) error{
			"text": func(w io.Writer) error { return TraceText(w, trace, Style{}) },
			"HTML": func(w io.Writer) error { return TraceHTML(w, trace) },
			"SVG":  func(w io.Writer) error { return TraceSVG(w, trace) },
		} {
			var b bytes.Buffer
			if err := print(&b); err != nil {
				t.Fatal(err)
			}
			times := 1
			if form == "HTML" {
				times = 2 // in the table and in the drawing
			}
			if s := b.String(); strings.Count(s, x.want) != times || form != "text" && strings.Count(s, "and a note") != times || x.direction == "backward" && strings.Contains(s, "Into a CoinJoin") {
				t.Errorf("%s of a %s trace: no %q in\n%s", form, x.direction, x.want, s)
			}
		}
		var b bytes.Buffer
		if err := TraceGraphML(&b, trace); err != nil {
			t.Fatal(err)
		}
		if s := b.String(); !strings.Contains(s, `<data key="n_candidates">14</data><data key="n_note">and a note</data>`) {
			t.Errorf("GraphML says\n%s", s)
		}
	}
}

func TestDifferWords(t *testing.T) {
	one := compared()
	one.Traces = one.Traces[:1]
	agreed := compared()
	for i := range agreed.Ends {
		e := &agreed.Ends[i]
		e.Amounts[1], e.Least, e.Most = e.Amounts[0], e.Amounts[0], e.Amounts[0]
	}
	single := *agreed
	single.Ends = single.Ends[:1]
	none := *agreed
	none.Ends = none.Ends[2:] // a fee
	beside := touchedToo()
	alone := touchedToo()
	alone.Traces = slices.Delete(alone.Traces, 0, 1)
	for want, c := range map[string]*goshawk.Comparison{
		"The methods disagree on 2 of 2 ends. Poison touches 2 more ends, which no method claims.":                                          beside,
		"Of the methods only fifo claims amounts: there is nothing to compare it with. Poison touches 2 more ends, which no method claims.": alone,
		"The methods disagree on 2 of 2 ends.":                 compared(),
		"The methods agree on all 2 ends.":                     agreed,
		"The methods agree on the only end.":                   &single,
		"The methods found no ends but fees.":                  &none,
		"There is one answer, and nothing to compare it with.": one,
	} {
		if got := differWords(c); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
