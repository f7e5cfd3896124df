package label

import "strings"

// LowerCased is the Match of a label whose source lower-cased an address in
// whose form case carries meaning (Base58). It matches every address that
// lower-cases to the same text: in practice one, but two addresses may.
const LowerCased = "lower-cased"

// key returns the text under which an address is kept, and whether its source
// lower-cased it: it is Base58 without a single capital, as two in 10^8 genuine
// addresses of 33 free characters are. Then the key is to be compared with other
// addresses' lower-cased forms.
func key(address string) (k string, lowered bool) {
	k = canonical(address)
	lowered = !capitals(address) && base58Lowered(address) && !hexadecimal(address) && !caseless(address)
	return k, lowered
}

// canonical returns the text under which an address is looked up: its own, or
// where case carries no meaning (hexadecimal, Bech32, CashAddr) its lower-cased
// form.
func canonical(address string) string {
	if !capitals(address) {
		return address
	}
	if hexadecimal(address) {
		return strings.ToLower(address)
	}
	for i := range len(address) {
		if 'a' <= address[i] && address[i] <= 'z' {
			return address
		}
	}
	if folded := strings.ToLower(address); caseless(folded) {
		return folded
	}
	return address
}

func capitals(text string) bool {
	for i := range len(text) {
		if 'A' <= text[i] && text[i] <= 'Z' {
			return true
		}
	}
	return false
}

// hexadecimal reports whether the text is 0x and hexadecimal digits, or at
// least 32 such digits: no network writes Base58 that way but by a chance of
// less than one in 10^13.
func hexadecimal(text string) bool {
	rest := text
	if len(text) > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') {
		rest = text[2:]
	} else if len(text) < 32 {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// caseless reports whether lower-cased text is Bech32 or Bech32m with a right
// checksum (BIP 173, BIP 350), or has the form of CashAddr: their letters mean the
// same in either case. The checksum is asked for because one lower-cased Base58
// address in thirty looks like Bech32 without it.
func caseless(text string) bool {
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		return len(text)-i > 40 && inCharset(text[i+1:])
	}
	if len(text) == 42 && (text[0] == 'q' || text[0] == 'p') && inCharset(text) {
		return true
	}
	i := strings.LastIndexByte(text, '1')
	if i < 1 || len(text)-i < 7 || !inCharset(text[i+1:]) {
		return false
	}
	sum := uint32(1)
	step := func(v byte) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		for bit, generator := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>bit&1 == 1 {
				sum ^= generator
			}
		}
	}
	for _, c := range []byte(text[:i]) {
		step(c >> 5)
	}
	step(0)
	for _, c := range []byte(text[:i]) {
		step(c & 31)
	}
	for _, c := range []byte(text[i+1:]) {
		step(byte(strings.IndexByte(charset, c)))
	}
	return sum == 1 || sum == 0x2bc830a3
}

const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l" // of Bech32 and CashAddr

func inCharset(text string) bool {
	for i := range len(text) {
		if strings.IndexByte(charset, text[i]) < 0 {
			return false
		}
	}
	return true
}

// base58Lowered reports whether text could be lower-cased Base58 of an address:
// 25 to 110 of its digits and letters with a letter among them and no 0. Filecoin's addresses (f,
// a digit, then base 32) are lower-case by themselves.
func base58Lowered(text string) bool {
	if len(text) < 25 || len(text) > 110 {
		return false
	}
	base32, letters := true, false
	for i := range len(text) {
		c := text[i]
		if !('1' <= c && c <= '9' || 'a' <= c && c <= 'z') {
			return false
		}
		letters = letters || c >= 'a'
		base32 = base32 && (i < 2 || 'a' <= c && c <= 'z' || '2' <= c && c <= '7')
	}
	return letters && !(base32 && text[0] == 'f' && '0' <= text[1] && text[1] <= '9')
}
