package workbench

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

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
		"date,currency,price\n2021-01-01,=CMD,1\n":                    "no currency",
		"date,currency,price\n2021-01-01,USD,1\n2021-01-01,USD,2\n":   "line 3",
		"date,currency,price\n2021-01-01,USD,1\n2021-01-02,USD,1,2\n": "line 3",
	} {
		if _, _, err := ReadRates(strings.NewReader(text), "coin"); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
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
		one := goshawk.U(100_000_000)
		for _, r := range rates {
			if _, _, err := Value(&one, 8, r.Price); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		units          uint64
		decimals       int
		price          string
		exact, rounded string
	}{
		{100_000_000, 8, "29001.72", "29001.72", "29001.72"},
		{1, 8, "29001.72", "0.0002900172", "0.00"},
		{50_000, 8, "10", "0.005", "0.01"}, // half, up
		{49_999, 8, "10", "0.0049999", "0.00"},
		{2_100_000_000_000_000, 8, "123456789.123456789", "2592592571592592.569", "2592592571592592.57"},
		{7, 0, "3", "21", "21.00"},
		{0, 8, "5", "0", "0.00"},
	} {
		u := goshawk.U(c.units)
		exact, rounded, err := Value(&u, c.decimals, c.price)
		if err != nil || exact != c.exact || rounded != c.rounded {
			t.Errorf("%d × %s: %s, %s, %v", c.units, c.price, exact, rounded, err)
		}
	}
}

// TestValueIsExact compares with fractions, which lose nothing.
func TestValueIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := goshawk.U(rapid.Uint64().Draw(t, "units"))
		price := rapid.StringMatching(`[0-9]{1,18}(\.[0-9]{1,18})?`).Draw(t, "price")
		decimals := rapid.IntRange(0, 18).Draw(t, "decimals")
		exact, rounded, err := Value(&u, decimals, price)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := new(big.Rat).SetString(price)
		want.Mul(want, new(big.Rat).SetFrac(u.ToBig(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
		if got, ok := new(big.Rat).SetString(exact); !ok || got.Cmp(want) != 0 {
			t.Fatalf("%s × %s: %s", u.Dec(), price, exact)
		}
		got, _ := new(big.Rat).SetString(rounded)
		if got.Sub(got, want).Cmp(big.NewRat(1, 200)) > 0 || got.Cmp(big.NewRat(-1, 200)) <= 0 {
			t.Fatalf("%s rounded to %s", exact, rounded)
		}
	})
}
