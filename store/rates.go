package store

import (
	"fmt"
	"time"

	"goshawk"
)

// Rate is what one coin was worth on a day.
type Rate struct {
	Asset    string // a network's name, or a ticker
	Currency string
	Day      string // YYYY-MM-DD, UTC
	Price    string // of one whole coin, decimal
	Source   string // SHA-256 of the file that says so
}

// RateSource is a file of rates that was imported.
type RateSource struct {
	SHA256   string     `json:"sha256"`
	Name     string     `json:"name"`
	Asset    string     `json:"asset"`
	Imported time.Time  `json:"imported"`
	Person   goshawk.ID `json:"person"`
	Rates    int64      `json:"rates"`
}

// AddRates stores a file's rates. A rate of the same asset, currency and day that another file brought is
// replaced; how many were is returned.
func (t *Tx) AddRates(src *RateSource, rates []Rate) (replaced int, err error) {
	for _, r := range rates {
		var has string
		found, err := t.one(`SELECT price FROM rates WHERE asset = ?1 AND currency = ?2 AND day = ?3`, []any{r.Asset, r.Currency, r.Day}, &has)
		if err != nil {
			return 0, err
		}
		if found && has != r.Price {
			replaced++
		}
		t.attest("rates", r.Asset+"/"+r.Currency)
		if err := t.exec(`INSERT INTO rates (asset, currency, day, price, source) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (asset, currency, day) DO UPDATE SET price = excluded.price, source = excluded.source`, r.Asset, r.Currency, r.Day, r.Price, src.SHA256); err != nil {
			return 0, err
		}
	}
	t.attest("rate_sources", src.SHA256)
	return replaced, t.exec(`INSERT INTO rate_sources (sha256, name, asset, imported, person, rates) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, asset = excluded.asset, imported = excluded.imported, person = excluded.person, rates = excluded.rates`,
		src.SHA256, src.Name, src.Asset, src.Imported.UnixMicro(), src.Person, src.Rates)
}

// Rate returns the rate of a day; nil where there is none.
func (t *Tx) Rate(asset, currency, day string) (*Rate, error) {
	r := Rate{Asset: asset, Currency: currency, Day: day}
	found, err := t.one(`SELECT price, source FROM rates WHERE asset = ?1 AND currency = ?2 AND day = ?3`, []any{asset, currency, day}, &r.Price, &r.Source)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// RatesOf returns the rates of the days from first to last, by day.
func (t *Tx) RatesOf(asset, currency, first, last string) ([]Rate, error) {
	list := []Rate{}
	err := t.each(func(scan func(...any) error) error {
		r := Rate{Asset: asset, Currency: currency}
		err := scan(&r.Day, &r.Price, &r.Source)
		list = append(list, r)
		return err
	}, `SELECT day, price, source FROM rates WHERE asset = ?1 AND currency = ?2 AND day >= ?3 AND day <= ?4 ORDER BY day`, asset, currency, first, last)
	return list, err
}

// RateSpan is the days of which there are rates.
type RateSpan struct {
	Asset    string `json:"asset"`
	Currency string `json:"currency"`
	First    string `json:"first"`
	Last     string `json:"last"`
	Days     int64  `json:"days"`
}

// RateSpans lists them.
func (t *Tx) RateSpans() ([]RateSpan, error) {
	list := []RateSpan{}
	err := t.each(func(scan func(...any) error) error {
		var s RateSpan
		err := scan(&s.Asset, &s.Currency, &s.First, &s.Last, &s.Days)
		list = append(list, s)
		return err
	}, `SELECT asset, currency, MIN(day), MAX(day), COUNT(*) FROM rates GROUP BY asset, currency ORDER BY asset, currency`)
	return list, err
}

// RateSource returns what is known of a file of rates by its SHA-256; nil where no such file was imported.
func (t *Tx) RateSource(sha256 string) (*RateSource, error) {
	s := RateSource{SHA256: sha256}
	var at int64
	found, err := t.one(`SELECT name, asset, imported, person, rates FROM rate_sources WHERE sha256 = ?1`, []any{sha256}, &s.Name, &s.Asset, &at, &s.Person, &s.Rates)
	if err != nil || !found {
		return nil, err
	}
	s.Imported = micro(at)
	return &s, nil
}

// RateSources lists the files that were imported last, at most so many.
func (t *Tx) RateSources(most int) ([]RateSource, error) {
	list := []RateSource{}
	err := t.each(func(scan func(...any) error) error {
		var s RateSource
		var at int64
		if err := scan(&s.SHA256, &s.Name, &s.Asset, &at, &s.Person, &s.Rates); err != nil {
			return err
		}
		s.Imported = micro(at)
		list = append(list, s)
		return nil
	}, fmt.Sprintf(`SELECT sha256, name, asset, imported, person, rates FROM rate_sources ORDER BY imported DESC, sha256 LIMIT %d`, most))
	return list, err
}
