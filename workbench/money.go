package workbench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// Limits of a file of rates.
const (
	mostRateBytes = 32 << 20
	mostRates     = 500_000
)

var (
	currencyForm = regexp.MustCompile(`^[A-Z]{3,5}$`)
	assetForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

// ImportedRates is what came of a file of rates.
type ImportedRates struct {
	SHA256   string `json:"sha256"`
	Rates    int    `json:"rates"`
	Replaced int    `json:"replaced" doc:"of them: what an earlier file said was another price"`
	First    string `json:"first"`
	Last     string `json:"last"`
}

// ImportRates takes daily rates from CSV: columns, in any order, date (or day), currency, price, and
// asset, which may be left out where asset says whose prices they are. A file with any row
// that cannot be read is refused whole: nothing is guessed. Prices are of one whole coin.
func (b *Bench) ImportRates(ctx context.Context, s *identity.Subject, name, asset string, r io.Reader) (*ImportedRates, error) {
	if err := identity.May(s, identity.ManageServer, nil); err != nil {
		return nil, err
	}
	rates, sum, err := ReadRates(r, asset)
	if err != nil {
		return nil, err
	}
	out := &ImportedRates{SHA256: sum, Rates: len(rates), First: rates[0].Day, Last: rates[0].Day}
	for i := range rates {
		rates[i].Source = sum
		out.First, out.Last = min(out.First, rates[i].Day), max(out.Last, rates[i].Day)
	}
	now := b.Now()
	err = b.Store.Do(ctx, entry(s, now, identity.ManageServer, fmt.Sprintf("imported %d rates, SHA-256 %s", len(rates), sum)), func(tx *store.Tx) (err error) {
		out.Replaced, err = tx.AddRates(&store.RateSource{SHA256: sum, Name: casebook.FileName(name), Asset: rates[0].Asset, Imported: now, Person: s.Person.ID, Rates: int64(len(rates))}, rates)
		return err
	})
	return out, err
}

// ReadRates reads a file of rates, and returns them with the SHA-256 of its bytes.
func ReadRates(r io.Reader, asset string) (rates []store.Rate, sum string, err error) {
	hash := sha256.New()
	limited := &io.LimitedReader{R: r, N: mostRateBytes + 1}
	in := bufio.NewReader(io.TeeReader(limited, hash))
	if mark, err := in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		if _, err := in.Discard(3); err != nil {
			return nil, "", err
		}
	}
	c := csv.NewReader(in)
	c.ReuseRecord = true
	c.FieldsPerRecord = 0
	bad := func(line int, format string, args ...any) error {
		return goshawk.Errorf(goshawk.Invalid, "line %d of the rates: %s", line, fmt.Sprintf(format, args...)).
			WithHint("write date,currency,price, and asset where it is not named beside the file; dates as 2026-11-23, prices as 64250.10")
	}
	header, err := c.Read()
	if err != nil {
		return nil, "", bad(1, "there are no columns")
	}
	at := map[string]int{}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		if h == "day" {
			h = "date"
		}
		if _, twice := at[h]; twice {
			return nil, "", bad(1, "the column %s comes twice", h)
		}
		at[h] = i
	}
	for _, need := range []string{"date", "currency", "price"} {
		if _, ok := at[need]; !ok {
			return nil, "", bad(1, "there is no column %s", need)
		}
	}
	column, named := at["asset"]
	if !named && !assetForm.MatchString(asset) {
		return nil, "", bad(1, "there is no column asset, and nobody said whose prices these are")
	}
	seen := map[store.Rate]bool{}
	for line := 2; ; line++ {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", bad(line, "it is no CSV")
		}
		if limited.N <= 0 || len(rates) == mostRates {
			return nil, "", goshawk.Errorf(goshawk.Invalid, "the file is too large").WithHint("split it")
		}
		one := store.Rate{Asset: asset, Currency: strings.ToUpper(strings.TrimSpace(rec[at["currency"]])), Day: strings.TrimSpace(rec[at["date"]]), Price: strings.TrimSpace(rec[at["price"]])}
		if named {
			one.Asset = strings.TrimSpace(rec[column])
		}
		day, err := time.Parse(time.DateOnly, one.Day)
		switch {
		case err != nil || day.Year() < 2009 || day.Year() > 2199:
			return nil, "", bad(line, "%.40q is no day", one.Day)
		case !currencyForm.MatchString(one.Currency):
			return nil, "", bad(line, "%.40q is no currency", one.Currency)
		case !assetForm.MatchString(one.Asset):
			return nil, "", bad(line, "%.40q is no asset", one.Asset)
		}
		// A file that writes 0 where it knows no price would make coins worth nothing.
		if price, err := goshawk.ParsePrice(one.Price); err != nil || price.Sign() == 0 {
			return nil, "", bad(line, "%.40q is no price", one.Price)
		}
		key := store.Rate{Asset: one.Asset, Currency: one.Currency, Day: one.Day}
		if seen[key] {
			return nil, "", bad(line, "%s of %s comes twice", one.Day, one.Currency)
		}
		seen[key] = true
		rates = append(rates, one)
	}
	if len(rates) == 0 {
		return nil, "", bad(2, "there are none")
	}
	return rates, hex.EncodeToString(hash.Sum(nil)), nil
}

// Worth is what an amount was worth in a currency when it moved.
type Worth struct {
	Value    string `json:"value,omitempty" doc:"rounded half up to hundredths; left out where the rate is missing"`
	Exact    string `json:"exact,omitempty" doc:"not rounded"`
	Currency string `json:"currency"`
	Day      string `json:"day"`
	Rate     string `json:"rate,omitempty" doc:"of one whole coin"`
	Source   string `json:"source,omitempty" doc:"SHA-256 of the file that says so"`
	Missing  bool   `json:"missing,omitempty" doc:"there is no rate of that day"`
}

// Worth says what an amount was worth on the day of a time, UTC. Rates of the network by its name come
// before those of its ticker; test networks' coins have no ticker's price. A missing
// rate is said to be missing: no other day's is taken for it.
func (b *Bench) Worth(ctx context.Context, asset goshawk.Asset, units *goshawk.Units, at time.Time, currency string) (*Worth, error) {
	w := &Worth{Currency: strings.ToUpper(currency), Day: at.UTC().Format(time.DateOnly)}
	var rate *store.Rate
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		rate, err = rateOf(tx, asset, w.Currency, w.Day)
		return err
	})
	if err != nil {
		return nil, err
	}
	if rate == nil {
		w.Missing = true
		return w, nil
	}
	w.Rate, w.Source = rate.Price, rate.Source
	w.Exact, w.Value, err = goshawk.Worth(int(asset.Decimals), goshawk.AtPrice{Units: *units, Price: rate.Price})
	return w, err
}

// rateOf is an asset's rate of a day: the one of its network's name, or that of its ticker; nil where there is none.
func rateOf(tx *store.Tx, asset goshawk.Asset, currency, day string) (rate *store.Rate, err error) {
	for _, name := range []string{asset.Network, asset.Ticker} {
		if rate, err = tx.Rate(name, currency, day); err != nil || rate != nil {
			return rate, err
		}
	}
	return nil, nil
}

// mostRateDays is of how many days rates are told at once.
const mostRateDays = 20_000

// DayRates is a currency's rates of a ledger's coin, by day. A day without a rate is not in it.
type DayRates struct {
	Currency string            `json:"currency"`
	Rates    map[string]string `json:"rates" nullable:"false" doc:"of one whole coin, by day (UTC); a day that is not here has none"`
	Sources  []string          `json:"sources" nullable:"false" doc:"SHA-256 of the files that say so"`
}

// Rates tells the rates of an asset's days, both included, as Worth takes them: those of the network by its
// name come before those of its ticker, day by day.
func (b *Bench) Rates(ctx context.Context, asset goshawk.Asset, currency string, first, last time.Time) (*DayRates, error) {
	if last.Before(first) || last.Sub(first) > mostRateDays*24*time.Hour {
		return nil, goshawk.Errorf(goshawk.Invalid, "rates of at most %s days are told at once, the earlier day first", goshawk.Group(fmt.Sprint(mostRateDays))).WithHint("ask for fewer")
	}
	out := &DayRates{Currency: strings.ToUpper(currency), Rates: map[string]string{}, Sources: []string{}}
	used := map[string]string{} // the file that each day's rate is from
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		for _, name := range []string{asset.Ticker, asset.Network} {
			list, err := tx.RatesOf(name, out.Currency, first.UTC().Format(time.DateOnly), last.UTC().Format(time.DateOnly))
			if err != nil {
				return err
			}
			for _, r := range list {
				out.Rates[r.Day], used[r.Day] = r.Price, r.Source
			}
		}
		return nil
	})
	out.Sources = append(out.Sources, slices.Compact(slices.Sorted(maps.Values(used)))...)
	return out, err
}
