package report

import (
	"cmp"
	"slices"
	"time"

	"goshawk"
)

// CaseMoney is in which currency, and by which daily rates, a report tells what amounts were worth beside the coin. Values are
// conversions and no findings; what is of a day without a rate has none.
type CaseMoney struct {
	Currency string         `json:"currency"`
	Rates    []CaseRate     `json:"rates"` // of the days that amounts are of, by network and day; empty: none was there
	Files    []CaseRateFile `json:"files"`
}

// CaseRate is what one whole coin of a network was worth on a day.
type CaseRate struct {
	Network string `json:"network"`
	Day     string `json:"day"`              // UTC
	Rate    string `json:"rate,omitempty"`   // empty: there is none of that day
	Source  string `json:"source,omitempty"` // SHA-256 of the file that says so
}

// CaseRateFile is a file of rates.
type CaseRateFile struct {
	Name string `json:"name"`
	Hash string `json:"sha256"`
}

// CaseRangeWorth is what a range was worth on the day of its end; nil where the amount, or the rate, is missing.
type CaseRangeWorth struct {
	Day   string  `json:"day"`
	Least *string `json:"least"`
	Most  *string `json:"most"`
}

// dayOf is the day on which a block says that it was made; "" where that is not known.
func dayOf(at *time.Time) string {
	if at == nil || at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

// RateDays lists the days of which a report needs rates, without them: those of its traces' ends, each once, in order.
func (c *Case) RateDays() []CaseRate {
	list := []CaseRate{}
	for i := range c.Runs {
		for k := range c.Runs[i].Ends {
			if day := dayOf(c.Runs[i].Ends[k].Time); day != "" {
				list = append(list, CaseRate{Network: c.Runs[i].Network, Day: day})
			}
		}
	}
	slices.SortFunc(list, func(a, b CaseRate) int { return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Day, b.Day)) })
	return slices.Compact(list)
}

// rest names an end that traces of one network share.
type rest struct {
	kind, tx string
	out      int64
}

func restsAt(kind, tx string, out *uint32) rest {
	p := rest{kind, tx, -1}
	if out != nil {
		p.out = int64(*out)
	}
	return p
}

// SetWorth says of each amount of an end, a total and a range what it was worth by the report's own rates, in place of whatever
// was said of it before. It reads nothing else, so that whoever has the report can do it again. Rates that are none, two of one day, and
// one of a file that is not named, are Invalid.
func (c *Case) SetWorth() error {
	rates, err := c.Money.byDay()
	if err != nil {
		return err
	}
	type when struct{ network, day string }
	days := map[string]map[rest]when{} // by trace
	for i := range c.Runs {
		r := &c.Runs[i]
		days[r.Number] = map[rest]when{}
		for k := range r.Ends {
			e := &r.Ends[k]
			day := dayOf(e.Time)
			at, of := restsAt(e.Kind, e.Tx, e.Out), when{r.Network, day}
			if other, twice := days[r.Number][at]; twice && other != of { // BIP 30: two of one name, of different days
				of = when{}
			}
			days[r.Number][at], e.Worth = of, nil
			if len(rates) > 0 {
				price := rates[CaseRate{Network: r.Network, Day: day}]
				e.Worth = make([]*string, len(e.Amounts))
				for m := range e.Amounts {
					e.Worth[m] = worthOf(r.Decimals, priced(e.Amounts[m], price))
				}
			}
		}
		for k := range r.Totals {
			if r.Totals[k].Worth = nil; len(rates) > 0 {
				r.Totals[k].Worth = r.totalWorth(&r.Totals[k], rates)
			}
		}
	}
	for i := range c.Ranges {
		r := &c.Ranges[i]
		r.Worth = nil
		if len(rates) == 0 {
			continue
		}
		var of when
		for _, name := range r.Runs { // one question of one ledger: they agree, or one does not list it
			if at := days[name][restsAt(r.Kind, r.Tx, r.Out)]; at.day != "" {
				of = at
			}
		}
		price := rates[CaseRate{Network: of.network, Day: of.day}]
		r.Worth = &CaseRangeWorth{of.day, worthOf(r.Decimals, priced(r.Least, price)), worthOf(r.Decimals, priced(r.Most, price))}
	}
	return nil
}

// byDay are the rates by network and day, where there are any; a day that has none is in it without.
func (m *CaseMoney) byDay() (map[CaseRate]string, error) {
	if m == nil {
		return nil, nil
	}
	bad := func(r *CaseRate, what string) error {
		return goshawk.Errorf(goshawk.Invalid, "the rate of %s of %s %s", line(r.Network, 40), line(r.Day, 20), what)
	}
	rates := map[CaseRate]string{}
	for i := range m.Rates {
		r := &m.Rates[i]
		key := CaseRate{Network: r.Network, Day: r.Day}
		if _, twice := rates[key]; twice {
			return nil, bad(r, "comes twice")
		}
		if rates[key] = r.Rate; r.Rate == "" {
			continue
		}
		if _, err := goshawk.ParsePrice(r.Rate); err != nil {
			return nil, bad(r, "is none")
		}
		if !slices.ContainsFunc(m.Files, func(f CaseRateFile) bool { return f.Hash == r.Source }) {
			return nil, bad(r, "is of a file that is not named")
		}
	}
	return rates, nil
}

// priced is an amount with its price; nil where either is missing.
func priced(amount *string, price string) []goshawk.AtPrice {
	u := units(amount)
	if u == nil || price == "" {
		return nil
	}
	return []goshawk.AtPrice{{Units: *u, Price: price}}
}

// worthOf is what amounts were worth together; nil where there are none.
func worthOf(decimals int, parts []goshawk.AtPrice) *string {
	if len(parts) == 0 {
		return nil
	}
	_, rounded, err := goshawk.Worth(min(max(decimals, 0), 77), parts...)
	if err != nil { // byDay has read them
		return nil
	}
	return &rounded
}

// totalWorth values a total part by part, each at its own day's rate. It has no value where a part has none, or where the ends
// listed are not all of it.
func (r *CaseRun) totalWorth(t *CaseSum, rates map[CaseRate]string) []*string {
	list := make([]*string, len(t.Amounts))
	for m := range t.Amounts {
		total := units(t.Amounts[m])
		if total == nil {
			continue
		}
		var sum goshawk.Units
		var parts []goshawk.AtPrice
		whole := true
		for i := range r.Ends {
			e := &r.Ends[i]
			amount := units(at(e.Amounts, m))
			if e.Kind != t.Kind || amount == nil {
				continue
			}
			sum.Add(&sum, amount)
			one := priced(e.Amounts[m], rates[CaseRate{Network: r.Network, Day: dayOf(e.Time)}])
			parts, whole = append(parts, one...), whole && one != nil
		}
		if whole && sum.Eq(total) {
			list[m] = worthOf(r.Decimals, parts)
		}
	}
	return list
}

// told says whether values stand beside amounts.
func (m *CaseMoney) told() bool { return m != nil && len(m.Rates) > 0 }

// words are what stands below an amount: its value, or why there is none. It is "" where values are not told.
func (m *CaseMoney) words(amount, worth *string, lacks string) string {
	switch {
	case !m.told() || amount == nil:
		return ""
	case worth == nil:
		return lacks
	}
	return m.sum(worth)
}

func (m *CaseMoney) sum(worth *string) string {
	return goshawk.Group(line(*worth, 100)) + " " + line(m.Currency, 10)
}

// lacks says why what is of a day has no value.
func (m *CaseMoney) lacks(day string) string {
	if m == nil {
		return ""
	}
	if day == "" {
		return "time not known: no value in " + line(m.Currency, 10)
	}
	return "no " + line(m.Currency, 10) + " rate of " + line(day, 20)
}

// lacksPart says why a total has no value.
func (m *CaseMoney) lacksPart() string {
	if m == nil {
		return ""
	}
	return "no value in " + line(m.Currency, 10) + ": not all parts have one"
}

// rangeWords are what stands below a range.
func (m *CaseMoney) rangeWords(r *CaseRange) string {
	w := r.Worth
	switch {
	case !m.told() || r.Most == nil || w == nil:
		return ""
	case w.Most == nil:
		return m.lacks(w.Day)
	case r.Least == nil:
		return "up to " + m.sum(w.Most)
	case w.Least == nil || *w.Least == *w.Most:
		return m.sum(w.Most)
	}
	return goshawk.Group(line(*w.Least, 100)) + " to " + m.sum(w.Most)
}

const caseRates = 100 // days in a report's table; its JSON has all

// money says what values in a currency are, and by which rates of which files.
func (d *document) money(c *Case) {
	m := c.Money
	if m == nil {
		return
	}
	currency := line(m.Currency, 10)
	s := d.begin("values", "Values in "+currency)
	if !m.told() {
		s.say("No daily rate in " + currency + " was there for any day of this report: amounts are told in the coin alone.")
		return
	}
	s.say("A value is the amount multiplied by the daily rate of the day (UTC) of the block that holds the transaction, rounded half up to hundredths; a total is valued part by part, and rounded once. " +
		"Values are conversions at daily rates, and no findings: nobody says that a coin was, or could be, sold at that price. Where a day has no rate, no other day's is taken for it, and the value is missing. " +
		"Drawings and the graph tell amounts in the coin alone.")
	numbers := map[string]string{}
	var files, rates [][]docCell
	for i, f := range m.Files {
		n := number(i + 1)
		numbers[f.Hash] = n
		files = append(files, []docCell{words(n), words(line(f.Name, 200)), code(f.Hash)})
	}
	s.add(block{kind: blockTable, text: "Files of rates", columns: []column{{name: "No.", weight: 8}, {name: "File", weight: 32}, {name: "SHA-256", weight: 60}}, rows: files})
	for _, r := range m.Rates[:min(len(m.Rates), caseRates)] {
		rate, from := goshawk.Group(line(r.Rate, 60)), numbers[r.Source]
		if r.Rate == "" {
			rate, from = "missing", "–"
		}
		rates = append(rates, []docCell{words(line(r.Day, 20)), words(line(r.Network, 40)), words(rate), words(from)})
	}
	s.add(block{kind: blockTable, text: "Rates of one whole coin, in " + currency, rows: rates, columns: []column{{name: "Day (UTC)", weight: 22}, {name: "Network", weight: 28}, {name: "Rate", weight: 36, number: true}, {name: "File", weight: 14}}})
	if n := len(m.Rates) - caseRates; n > 0 {
		s.say("And the rates of " + goshawk.Count(n, "more day", "more days") + ", listed in report.json.")
	}
}
