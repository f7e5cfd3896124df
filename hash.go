package goshawk

import "encoding/hex"

// Hash is a transaction's or block's 32-byte hash in the order in which people
// write it, so that its text is its bytes in hexadecimal. Chains that serialise
// hashes the other way round (Bitcoin) turn them at their decoder.
type Hash [32]byte

// String returns 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	v, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = v
	return nil
}

// ParseHash reads 64 hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return Hash{}, Errorf(Invalid, "%q is not a hash: it has %d characters", clip(s), len(s)).WithHint("a hash has 64 hexadecimal digits")
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, Errorf(Invalid, "%q is not a hash: %v", s, err).WithHint("a hash has 64 hexadecimal digits")
	}
	return h, nil
}

// clip shortens foreign text for an error message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
