package solve

import (
	"testing"
	"testing/fstest"
	"time"

	"goshawk"
)

// TestReadListings: whose a row is, and what it cost.
func TestReadListings(t *testing.T) {
	papers := map[string]string{
		"brief.md": "They answer +99 012 3456, and ask 1140 for it in Halden.",
		"listings.csv": "appeared,city,telephone,us_dollars\n" +
			"2022-01-05 09:09 UTC,Halden,+99 012 3456,1140\n" + // named
			"2022-01-05 10:09 UTC,Halden,+99 012 9999,1140\n" + // another's, though its place is named
			"2022-01-05 11:09 UTC,Halden,+99 012 3456,11.40\n" +
			"2022-01-05 12:09 UTC,Halden,+99 012 3456,a lot\n" +
			"lately,Halden,+99 012 3456,7\n",
		"other.csv": "time,telephone\n2022-01-05 09:09 UTC,+99 012 3456\n",
	}
	at := func(hour int) time.Time { return time.Date(2022, 1, 5, hour, 9, 0, 0, time.UTC) }
	want := []listing{{at(9), 114_000, 114_099}, {at(11), 1_140, 1_140}}
	got := readListings("listings.csv", papers)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, not %+v", got[i], want[i])
		}
	}
	for _, name := range []string{"brief.md", "other.csv"} {
		if got := readListings(name, papers); len(got) > 0 {
			t.Errorf("%s lists %+v", name, got)
		}
	}
}

// TestFits: what is the price at a time.
func TestFits(t *testing.T) {
	p, err := readPrices(fstest.MapFS{"prices.csv": {Data: []byte("date,currency,price\n2022-01-04,USD,40000.00\n2022-01-05,USD,50000.00\n")}})
	if err != nil {
		t.Fatal(err)
	}
	const unit = 100_000_000
	whole := &listing{least: 100_000, most: 100_099}
	exact := &listing{least: 100_050, most: 100_050}
	noon, early := time.Date(2022, 1, 5, 12, 0, 0, 0, time.UTC), time.Date(2022, 1, 5, 0, 20, 0, 0, time.UTC)
	for _, c := range []struct {
		of    *listing
		value uint64
		at    time.Time
		want  bool
	}{
		{whole, 2_000_000, noon, true},
		{whole, 2_001_900, noon, true}, // a dollar less a cent
		{whole, 1_999_000, noon, true}, // rounded
		{whole, 1_990_000, noon, false},
		{whole, 2_010_000, noon, false},
		{whole, 2_500_000, noon, false}, // yesterday's price
		{whole, 2_500_000, early, true}, // asked for before midnight
		{exact, 2_001_000, noon, true},
		{exact, 2_004_000, noon, false},
		{whole, 2_000_000, noon.AddDate(0, 0, 3), false}, // no price
	} {
		if got := p.fits(c.of, c.value, c.at, unit); got != c.want {
			t.Errorf("%d of %+v at %s: %t", c.value, c.of, c.at, got)
		}
	}
	if _, err := readPrices(fstest.MapFS{"prices.csv": {Data: []byte("date,currency,price\n2022-01-04,USD,dear\n")}}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Error(err)
	}
	if _, err := readPrices(fstest.MapFS{"prices.csv": {Data: []byte("date\n2022-01-04\n")}}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Error(err)
	}
	if p, err := readPrices(fstest.MapFS{}); p != nil || err != nil {
		t.Error(p, err)
	}
}

// TestFirstOnly: a coin that its payee moves on was paid once.
func TestFirstOnly(t *testing.T) {
	got := firstOnly([]match{{payer: 3, payee: 4}, {payer: 1, payee: 2}, {payer: 2, payee: 3}, {payer: 1, payee: 5}})
	if len(got) != 2 || got[0].payee != 2 || got[1].payee != 5 {
		t.Errorf("%+v", got)
	}
}
