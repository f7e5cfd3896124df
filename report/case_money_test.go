package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
)

// valued is the sample with rates of one of its days.
func valued(t *testing.T) Case {
	t.Helper()
	c := sampleCase()
	next := c.Runs[0].Ends[0].Time.AddDate(0, 0, 1)
	c.Runs[0].Ends[1].Time = &next
	c.Runs[0].Totals = append(c.Runs[0].Totals, CaseSum{Kind: "unspent", Amounts: []*string{ptr("9999"), nil}, Counts: []int{1, 0}})
	c.Money = &CaseMoney{Currency: "USD", Rates: c.RateDays(), Files: []CaseRateFile{{"prices <&>.csv", hex64}}}
	if len(c.Money.Rates) != 2 || c.Money.Rates[0] != (CaseRate{Network: "bitcoin", Day: "2015-07-01"}) {
		t.Fatalf("days: %+v", c.Money.Rates)
	}
	c.Money.Rates[0].Rate, c.Money.Rates[0].Source = "250.5", hex64
	if err := c.SetWorth(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWorthInReports: values stand beside amounts in every form, a day without a rate has none, and it is said by which rates.
func TestWorthInReports(t *testing.T) {
	c := valued(t)
	page := string(written(t, "html", c))
	for _, s := range []string{`40.00000000</div><div dir="auto">10,020.00 USD`, "0.03 to 10,020.00 USD", "no USD rate of 2015-07-02", "no value in USD: not all parts have one", "40.00000000 (1)</div><div dir=\"auto\">10,020.00 USD",
		"Values in USD", "and no findings", "prices &lt;&amp;&gt;.csv", "250.5", "missing"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q", s)
		}
	}
	all := strings.Join(pages(t, c), "")
	for _, s := range []string{"10,020.00 USD", "no USD rate"} {
		if !strings.Contains(all, pdfText(s)) {
			t.Errorf("the PDF does not say %q", s)
		}
	}
	// Without a currency nothing is said of one; with one and no rates, that alone.
	plain := sampleCase()
	if err := plain.SetWorth(); err != nil {
		t.Fatal(err)
	}
	if s := string(written(t, "json", plain)); strings.Contains(s, "worth") || strings.Contains(s, "money") {
		t.Error("a report without a currency tells of values")
	}
	plain.Money = &CaseMoney{Currency: "EUR", Rates: []CaseRate{}, Files: []CaseRateFile{}}
	if err := plain.SetWorth(); err != nil {
		t.Fatal(err)
	}
	without := string(written(t, "html", plain))
	if !strings.Contains(without, "No daily rate in EUR was there") || strings.Count(without, "EUR") != 3 {
		t.Errorf("EUR comes %d times, once in the contents, the title and the sentence", strings.Count(without, "EUR"))
	}
}

// TestSetWorth: a total is valued part by part, and rounded once; where a part is missing, so is its value.
func TestSetWorth(t *testing.T) {
	day := func(n int) *time.Time { at := time.Date(2021, 1, n, 23, 59, 59, 0, time.UTC); return &at }
	end := func(amount string, at *time.Time, out uint32) CaseEnd {
		return CaseEnd{Kind: "unspent", Tx: name(3).String(), Out: &out, Amounts: []*string{&amount}, Time: at}
	}
	make := func(total string, ends ...CaseEnd) *Case {
		c := &Case{Runs: []CaseRun{{Number: "R-1", State: "done", Network: "main", Decimals: 8, Methods: []string{"fifo"}, Ends: ends, Totals: []CaseSum{{Kind: "unspent", Amounts: []*string{&total}, Counts: []int{len(ends)}}}}}}
		c.Ranges = Ranges(c.Runs)
		c.Money = &CaseMoney{Currency: "USD", Files: []CaseRateFile{{"a", hex64}}, Rates: []CaseRate{{"main", "2021-01-01", "10", hex64}, {"main", "2021-01-02", "20", hex64}, {Network: "main", Day: "2021-01-03"}, {"other", "2021-01-03", "1", hex64}}}
		return c
	}
	for _, c := range []struct {
		of    *Case
		total string // "" is missing
		ends  []string
	}{
		{make("100000", end("50000", day(1), 0), end("50000", day(2), 1)), "0.02", []string{"0.01", "0.01"}}, // 0.005 + 0.010
		{make("100001", end("50000", day(1), 0), end("50000", day(2), 1)), "", []string{"0.01", "0.01"}},     // an end is not listed
		{make("100000", end("50000", day(1), 0), end("50000", day(3), 1)), "", []string{"0.01", ""}},
		{make("100000", end("50000", day(1), 0), end("50000", nil, 1)), "", []string{"0.01", ""}},
		{make("100000", end("50000", day(1), 0), end("50000", day(4), 1)), "", []string{"0.01", ""}},
		{make("0"), "", nil},
	} {
		if err := c.of.SetWorth(); err != nil {
			t.Fatal(err)
		}
		text := func(s *string) string {
			if s == nil {
				return ""
			}
			return *s
		}
		var got []string
		for i := range c.of.Runs[0].Ends {
			got = append(got, text(c.of.Runs[0].Ends[i].Worth[0]))
		}
		if total := text(c.of.Runs[0].Totals[0].Worth[0]); total != c.total || !slices.Equal(got, c.ends) {
			t.Errorf("%q, %q; want %q, %q", total, got, c.total, c.ends)
		}
		for i, want := range c.ends {
			if got := text(c.of.Ranges[i].Worth.Most); got != want {
				t.Errorf("range %d: %q, want %q", i, got, want)
			}
		}
	}
	for what, spoil := range map[string]func(*CaseMoney){"twice": func(m *CaseMoney) { m.Rates[1].Day = m.Rates[0].Day }, "no price": func(m *CaseMoney) { m.Rates[0].Rate = "-1" }, "no file": func(m *CaseMoney) { m.Rates[0].Source = "x" }} {
		c := make("1", end("1", day(1), 0))
		if spoil(c.Money); goshawk.CodeOf(c.SetWorth()) != goshawk.Invalid {
			t.Errorf("%s: taken", what)
		}
	}
}
