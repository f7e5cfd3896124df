package workbench

import (
	"context"
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/letter"
	"goshawk/report"
	"goshawk/store"
)

// Currency is what a case's values are told in beside the coin: the currency that the case names; where it names none, the one
// of which the most days of any of the assets are known; "" where there is neither. Pages, letters and reports all follow it, and the
// graph does where nobody chose another for it (web/ui/src/app.ts).
func (b *Bench) Currency(ctx context.Context, c *casebook.Case, assets ...goshawk.Asset) (string, error) {
	currency := c.Currency()
	if currency != "" {
		return currency, nil
	}
	return currency, b.Store.View(ctx, func(tx *store.Tx) error {
		spans, err := tx.RateSpans()
		days := int64(0)
		for _, s := range spans {
			if s.Days > days && slices.ContainsFunc(assets, func(a goshawk.Asset) bool { return s.Asset == a.Network || s.Asset == a.Ticker }) {
				currency, days = s.Currency, s.Days
			}
		}
		return err
	})
}

// PriceLetter gives a letter's identifiers the rates of their days, as they are known now: a letter says later what it said when it
// was begun, whatever rates come meanwhile.
func (b *Bench) PriceLetter(ctx context.Context, c *casebook.Case, x *letter.Identifiers) error {
	asset := goshawk.Asset{Network: x.Network, Ticker: x.Ticker}
	currency, err := b.Currency(ctx, c, asset)
	if err != nil || currency == "" {
		return err
	}
	p := &letter.Prices{Currency: currency, Days: map[string]string{}, Files: []string{}}
	x.Prices = p
	return b.Store.View(ctx, func(tx *store.Tx) error {
		looked := map[string]bool{}
		for i := range x.Rows {
			if x.Rows[i].Time == nil {
				continue
			}
			day := x.Rows[i].Time.UTC().Format(time.DateOnly)
			if looked[day] {
				continue
			}
			looked[day] = true
			rate, err := rateOf(tx, asset, currency, day)
			if err != nil {
				return err
			}
			if rate == nil {
				continue
			}
			p.Days[day] = rate.Price
			if !slices.Contains(p.Files, rate.Source) {
				p.Files = append(p.Files, rate.Source)
			}
		}
		return nil
	})
}

// priceReport gives a report the rates of the days that its amounts are of, with the files that they are from, and has it say what
// they were worth. Where there is no currency to speak of, nothing is said.
func (b *Bench) priceReport(ctx context.Context, c *casebook.Case, r *report.Case) error {
	assets := map[string]goshawk.Asset{}
	var all []goshawk.Asset
	for i := range r.Runs {
		if run := &r.Runs[i]; run.Network != "" {
			a := goshawk.Asset{Network: run.Network, Ticker: run.Ticker}
			assets[run.Network], all = a, append(all, a)
		}
	}
	currency, err := b.Currency(ctx, c, all...)
	if err != nil || currency == "" {
		return err
	}
	m := &report.CaseMoney{Currency: currency, Rates: r.RateDays(), Files: []report.CaseRateFile{}}
	err = b.Store.View(ctx, func(tx *store.Tx) error {
		for i := range m.Rates {
			one := &m.Rates[i]
			rate, err := rateOf(tx, assets[one.Network], currency, one.Day)
			if err != nil {
				return err
			}
			if rate == nil {
				continue
			}
			one.Rate, one.Source = rate.Price, rate.Source
			if slices.ContainsFunc(m.Files, func(f report.CaseRateFile) bool { return f.Hash == rate.Source }) {
				continue
			}
			file := report.CaseRateFile{Hash: rate.Source}
			if src, err := tx.RateSource(rate.Source); err != nil {
				return err
			} else if src != nil {
				file.Name = src.Name
			}
			m.Files = append(m.Files, file)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(m.Files) == 0 { // of none of the days: that is said once, and not with each amount
		m.Rates = []report.CaseRate{}
	}
	r.Money = m
	return r.SetWorth()
}
