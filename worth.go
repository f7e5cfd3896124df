package goshawk

import (
	"math/big"
	"strings"
)

// AtPrice is an amount, and what one whole coin was worth when it moved: a decimal
// number, as ParsePrice reads it.
type AtPrice struct {
	Units Units
	Price string
}

// finestPrice is how many digits a price has behind its point at most, and before it.
const finestPrice = 18

// ParsePrice reads a price as 10^-18 of the currency: digits, at most 18, and behind a
// point as many more. Signs, exponents and commas are Invalid.
func ParsePrice(price string) (*big.Int, error) {
	whole, part, point := strings.Cut(price, ".")
	if !digits(whole) || point && !digits(part) {
		return nil, Errorf(Invalid, "%q is no price", price).WithHint("write it as 64250.10")
	}
	n, ok := new(big.Int).SetString(whole+part+strings.Repeat("0", finestPrice-len(part)), 10)
	if !ok {
		return nil, Errorf(Invalid, "%q is no price", price)
	}
	return n, nil
}

func digits(s string) bool {
	return s != "" && len(s) <= finestPrice && strings.Trim(s, "0123456789") == ""
}

// Worth multiplies amounts of a coin with so many decimals by their prices and sums that, in
// whole numbers: exact, without zeros at its end, and once rounded, half up, to hundredths.
// A price that is none is Invalid.
func Worth(decimals int, parts ...AtPrice) (exact, rounded string, err error) {
	var sum big.Int
	for i := range parts {
		price, err := ParsePrice(parts[i].Price)
		if err != nil {
			return "", "", err
		}
		sum.Add(&sum, price.Mul(price, parts[i].Units.ToBig()))
	}
	scale := decimals + finestPrice
	exact = strings.TrimSuffix(strings.TrimRight(point(&sum, scale), "0"), ".")
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-2)), nil)
	sum.Add(&sum, new(big.Int).Rsh(unit, 1)) // powers of ten above one are even
	return exact, point(sum.Quo(&sum, unit), 2), nil
}

// point writes a whole number of 10^-scale; scale is above 0.
func point(n *big.Int, scale int) string {
	s := n.String()
	for len(s) <= scale {
		s = "0" + s
	}
	return s[:len(s)-scale] + "." + s[len(s)-scale:]
}
