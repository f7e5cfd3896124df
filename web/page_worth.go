package web

import (
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// prices are the daily rates by which a page tells what amounts of one coin were worth when they moved.
type prices struct {
	currency string
	decimals int
	days     map[string]string // of one whole coin, by day (UTC)
}

// pricesOf reads the rates of the days of some times, in the currency that the case's values are told in. It is nil where there
// is no currency to speak of.
func (q *request) pricesOf(c *casebook.Case, asset goshawk.Asset, times []time.Time) (*prices, error) {
	times = slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return !known(t) })
	if q.s.Bench == nil || len(times) == 0 {
		return nil, nil
	}
	currency, err := q.s.Bench.Currency(q.Context(), c, asset)
	if err != nil || currency == "" {
		return nil, err
	}
	p := &prices{currency: currency, decimals: int(asset.Decimals)}
	first, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	r, err := q.s.Bench.Rates(q.Context(), asset, p.currency, first, last)
	if err != nil {
		return nil, err
	}
	p.days = r.Rates
	return p, nil
}

// worth says what units were worth on the day of a time, or that there is no rate of that day: no other day's is taken for it.
func (p *prices) worth(v *view, units string, at time.Time) string {
	var n goshawk.Units
	if p == nil || n.SetFromDecimal(units) != nil {
		return ""
	}
	if !known(at) {
		return v.t("worth.no_time")
	}
	day := at.UTC().Format(time.DateOnly)
	if price, has := p.days[day]; has {
		if _, rounded, err := goshawk.Worth(p.decimals, goshawk.AtPrice{Units: n, Price: price}); err == nil {
			return goshawk.Group(rounded) + " " + p.currency
		}
	}
	return v.t("worth.missing", "Currency", p.currency, "Day", day)
}
