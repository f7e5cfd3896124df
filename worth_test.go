package goshawk_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

func TestWorth(t *testing.T) {
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
		exact, rounded, err := goshawk.Worth(c.decimals, goshawk.AtPrice{Units: u, Price: c.price})
		if err != nil || exact != c.exact || rounded != c.rounded {
			t.Errorf("%d × %s: %s, %s, %v", c.units, c.price, exact, rounded, err)
		}
	}
}

// TestWorthOfParts: a sum is rounded once, and what is no price has no worth.
func TestWorthOfParts(t *testing.T) {
	half := goshawk.AtPrice{Units: goshawk.U(50_000), Price: "10"} // 0.005
	if exact, rounded, err := goshawk.Worth(8, half, half, half); err != nil || exact != "0.015" || rounded != "0.02" {
		t.Errorf("%s, %s, %v", exact, rounded, err)
	}
	for _, price := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,000", "0x1", " 1", "١", strings.Repeat("1", 19), "1." + strings.Repeat("1", 19), "1.2.3"} {
		if _, _, err := goshawk.Worth(8, half, goshawk.AtPrice{Units: goshawk.U(1), Price: price}); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q is a price: %v", price, err)
		}
	}
}

// TestWorthIsExact compares with fractions, which lose nothing.
func TestWorthIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := goshawk.U(rapid.Uint64().Draw(t, "units"))
		price := rapid.StringMatching(`[0-9]{1,18}(\.[0-9]{1,18})?`).Draw(t, "price")
		decimals := rapid.IntRange(0, 18).Draw(t, "decimals")
		exact, rounded, err := goshawk.Worth(decimals, goshawk.AtPrice{Units: u, Price: price})
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
