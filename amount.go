package goshawk

import (
	"fmt"
	"strings"

	"github.com/holiman/uint256"
)

// Units counts an asset's smallest unit exactly, in 256 bits.
type Units = uint256.Int

// Asset names what an amount counts: a network's own coin, or a token on it.
type Asset struct {
	Network  string `json:"network"`
	Token    string `json:"token,omitempty"` // contract address or identifier; empty for the network's own coin
	Ticker   string `json:"ticker"`
	Decimals uint8  `json:"decimals"` // digits after the point when people write it
}

// Amount is a number of an asset's smallest units.
type Amount struct {
	Asset Asset
	Units Units
}

// U returns n units.
func U(n uint64) Units { return *uint256.NewInt(n) }

// Format writes units as people write the asset: 1.50000000 BTC.
func (a Asset) Format(u Units) string { return a.Decimal(u) + " " + a.Ticker }

// Decimal writes units with the asset's decimal point and without its ticker.
func (a Asset) Decimal(u Units) string {
	s := u.Dec()
	d := int(a.Decimals)
	if d == 0 {
		return s
	}
	for len(s) <= d {
		s = "0" + s
	}
	return s[:len(s)-d] + "." + s[len(s)-d:]
}

// String writes the amount with point and ticker.
func (a Amount) String() string { return a.Asset.Format(a.Units) }

// Group puts a comma between the thousands of a decimal number's whole part, for
// people: 1,234.5.
func Group(number string) string {
	whole, rest, point := strings.Cut(number, ".")
	if len(whole) <= 3 {
		return number
	}
	var b strings.Builder
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if point {
		b.WriteString("." + rest)
	}
	return b.String()
}

// Count writes how many there are of something, for people: 1 coin, 1,234 coins.
func Count[T ~int | ~int64 | ~uint32 | ~uint64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Group(fmt.Sprint(n)) + " " + many
}
