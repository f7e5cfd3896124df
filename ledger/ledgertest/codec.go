package ledgertest

import (
	"encoding/hex"
	"strings"

	"goshawk"
)

// Codec is what a ledger must know of a network: its coin, and how its addresses
// are written. Every network's parameters satisfy it.
type Codec interface {
	Asset() goshawk.Asset
	FormatAddress(kind goshawk.Kind, key []byte) string
	ParseAddress(text string) (kind goshawk.Kind, key []byte, err error)
}

// Text is the simplest codec: an address is its kind and its key in hexadecimal,
// p2wpkh:00ff…, on a network called test whose coin has 8 decimals.
type Text struct{}

// Asset returns the test network's coin.
func (Text) Asset() goshawk.Asset {
	return goshawk.Asset{Network: "test", Ticker: "COIN", Decimals: 8}
}

// FormatAddress writes kind:hex.
func (Text) FormatAddress(kind goshawk.Kind, key []byte) string {
	return kind.String() + ":" + hex.EncodeToString(key)
}

// ParseAddress reads kind:hex.
func (Text) ParseAddress(text string) (goshawk.Kind, []byte, error) {
	name, digits, _ := strings.Cut(text, ":")
	kind, known := kindNamed(name)
	key, err := hex.DecodeString(digits)
	if !known || err != nil || (Text{}).FormatAddress(kind, key) != text {
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q is not an address", text).
			WithHint("an address of the test network is a kind, a colon and lower-case hexadecimal digits")
	}
	return kind, key, nil
}

// kindNamed is the inverse of Kind.String.
func kindNamed(name string) (goshawk.Kind, bool) {
	for kind := goshawk.NonStandard; kind <= goshawk.Account; kind++ {
		if kind.String() == name {
			return kind, true
		}
	}
	return 0, false
}
