package goshawk

import "github.com/holiman/uint256"

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
