package workbench

import (
	"strings"
	"testing"

	"goshawk"
)

func TestReadRates(t *testing.T) {
	// As worlds write it, and with every column in another order and a byte order mark.
	for _, text := range []string{"date,currency,price\n2021-01-01,USD,29001.72\n", "\xef\xbb\xbfprice,asset,day,currency\n29001.72,coin,2021-01-01,usd\n"} {
		rates, sum, err := ReadRates(strings.NewReader(text), "coin")
		if err != nil || len(rates) != 1 || len(sum) != 64 {
			t.Fatalf("%q: %v, %v", text, rates, err)
		}
		if r := rates[0]; r.Asset != "coin" || r.Currency != "USD" || r.Day != "2021-01-01" || r.Price != "29001.72" {
			t.Errorf("%+v", r)
		}
	}
	for text, want := range map[string]string{
		"": "no columns", "date,price\n": "no column currency", "date,currency,price\n": "there are none",
		"date,currency,price\n2021-13-01,USD,1\n":                     "no day",
		"date,currency,price\n2021-01-01,USD,1e9\n":                   "no price",
		"date,currency,price\n2021-01-01,USD,-1\n":                    "no price",
		"date,currency,price\n2021-01-01,USD,\"1,000\"\n":             "no price",
		"date,currency,price\n2021-01-01,USD,0\n":                     "no price",
		"date,currency,price\n2021-01-01,USD,0.00\n":                  "no price",
		"date,currency,price\n2201-01-01,USD,1\n":                     "no day",
		"date,currency,price\n2021-01-01,=CMD,1\n":                    "no currency",
		"date,currency,price\n2021-01-01,USD,1\n2021-01-01,USD,2\n":   "line 3",
		"date,currency,price\n2021-01-01,USD,1\n2021-01-02,USD,1,2\n": "line 3",
	} {
		if _, _, err := ReadRates(strings.NewReader(text), "coin"); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := ReadRates(strings.NewReader("date,currency,price\n2021-01-01,USD,"+strings.Repeat("5", 1_000_000)+"\n"), "coin"); err == nil || len(err.Error()) > 200 {
		t.Error("a price of a million digits is told whole")
	}
	if _, _, err := ReadRates(strings.NewReader("date,currency,price\n2021-01-01,USD,1\n"), ""); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("nobody said whose prices they are: %v", err)
	}
}

func FuzzReadRates(f *testing.F) {
	f.Add("date,currency,price\n2021-01-01,USD,29001.72\n")
	f.Add("asset,day,currency,price\nBTC,2021-01-01,EUR,1\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		rates, _, err := ReadRates(strings.NewReader(text), "coin")
		if (err == nil) != (len(rates) > 0) {
			t.Fatalf("%d rates with %v", len(rates), err)
		}
		for _, r := range rates {
			if _, err := goshawk.ParsePrice(r.Price); err != nil {
				t.Fatal(err)
			}
		}
	})
}
