package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"golang.org/x/crypto/sha3"

	"goshawk/chain/bitcoin"
)

// Word is what a word is to the networks.
type Word struct {
	What     string   // address or wallet
	Networks []string // that it may belong to, the likeliest first; never empty
	Text     string   // in the form in which the network writes it
	Checked  bool     // it has a checksum, and the checksum is right
	Wrong    string   // why it can be the address of nobody, although it has the form of one; else ""
}

// Limits of what Recognise looks at, in characters.
const (
	Shortest = 14
	Longest  = 130 // an extended key has 111
)

// byVersion are networks whose Base58Check addresses begin with given bytes, and that have no
// Params: they are known by sight, and no ledger reads them yet.
func byVersion() []struct {
	network string
	version []byte
} {
	return []struct {
		network string
		version []byte
	}{
		{"tron", []byte{0x41}},
		{"litecoin", []byte{0x30}}, {"litecoin", []byte{0x32}},
		{"dogecoin", []byte{0x1e}}, {"dogecoin", []byte{0x16}},
		{"dash", []byte{0x4c}}, {"dash", []byte{0x10}},
		{"zcash", []byte{0x1c, 0xb8}}, {"zcash", []byte{0x1c, 0xbd}},
	}
}

// Recogniser returns a function that says what a word is; false for what is nothing that the
// networks know. The function is safe for use by several goroutines, and takes a time that
// does not depend on the word, but for its length, which is bounded.
func Recogniser() func(word string) (Word, bool) {
	r := &recogniser{networks: bitcoin.Networks(), sight: map[string]string{}}
	for _, v := range byVersion() {
		r.sight[string(v.version)] = v.network
	}
	return r.word
}

type recogniser struct {
	networks []*bitcoin.Params
	sight    map[string]string // by the bytes before the 20 of a key's or script's hash
}

func (r *recogniser) word(s string) (Word, bool) {
	switch {
	case len(s) < Shortest || len(s) > Longest:
		return Word{}, false
	case len(s) > 90:
		return r.wallet(s)
	}
	if digits, ok := cutHexMark(s); ok {
		return account(digits)
	}
	if i := strings.LastIndexByte(s, '1'); i > 0 {
		if w, ok := r.bech32(s, strings.ToLower(s[:i])); ok {
			return w, true
		}
	}
	return r.base58(s)
}

func cutHexMark(s string) (string, bool) {
	if len(s) == 42 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:], true
	}
	return "", false
}

// account reads an address of Ethereum and the networks like it: 40 hexadecimal digits, whose
// letters' case is a checksum (EIP-55) where it is mixed.
func account(digits string) (Word, bool) {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return Word{}, false
	}
	lower := hex.EncodeToString(raw)
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(lower))
	sum := h.Sum(nil)
	right := []byte(lower)
	for i, c := range right {
		if nibble := sum[i/2] >> (4 * (1 - i%2)) & 15; c >= 'a' && nibble >= 8 {
			right[i] = c - 'a' + 'A'
		}
	}
	w := Word{What: "address", Networks: []string{"ethereum"}, Text: "0x" + string(right)}
	switch {
	case digits == string(right):
		w.Checked = true
	case digits != lower && digits != strings.ToUpper(lower):
		w.Text, w.Wrong = "0x"+digits, "its letters' case, which is its checksum, is wrong"
	}
	return w, true
}

// bech32 reads a segregated witness address; letters whose case was mixed up are read in small ones.
func (r *recogniser) bech32(s, prefix string) (Word, bool) {
	w := Word{What: "address", Text: strings.ToLower(s), Checked: true}
	known := false
	for _, p := range r.networks {
		if p.HRP != prefix {
			continue
		}
		known = true
		if _, _, err := p.ParseAddress(w.Text); err == nil {
			w.Networks = append(w.Networks, p.Name)
		}
	}
	if len(w.Networks) > 0 {
		return w, true
	}
	if prefix == "ltc" { // known by sight
		if _, data, _, err := bech32.DecodeGeneric(w.Text); err == nil && len(data) > 1 {
			w.Networks = []string{"litecoin"}
			return w, true
		}
		known = true
	}
	if !known || len(s) < 20 {
		return Word{}, false
	}
	for _, c := range w.Text[len(prefix)+1:] {
		if !strings.ContainsRune("qpzry9x8gf2tvdw0s3jn54khce6mua7l", c) {
			return Word{}, false
		}
	}
	w.Checked, w.Text, w.Wrong = false, s, "its checksum is wrong: at least one character is wrong or missing"
	w.Networks = r.named(prefix)
	return w, true
}

func (r *recogniser) named(prefix string) []string {
	var names []string
	for _, p := range r.networks {
		if p.HRP == prefix {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		names = []string{"litecoin"}
	}
	return names
}

// base58 reads an address with Base58Check.
func (r *recogniser) base58(s string) (Word, bool) {
	if len(s) < 25 || len(s) > 36 {
		return Word{}, false
	}
	raw := base58.Decode(s)
	if len(raw) < 24 || len(raw) > 26 {
		return Word{}, false
	}
	body, sum := raw[:len(raw)-4], raw[len(raw)-4:]
	w := Word{What: "address", Text: s, Checked: true}
	once := sha256.Sum256(body)
	if twice := sha256.Sum256(once[:]); !bytes.Equal(twice[:4], sum) {
		// Nearly everything that looks like it is one: mistyped, or cut.
		p := r.networks[0]
		if len(raw) == 25 && (raw[0] == p.PubKeyHash || raw[0] == p.ScriptHash) && strings.IndexFunc(s, isLower) >= 0 && strings.IndexFunc(s, isUpper) >= 0 {
			w.Checked, w.Networks, w.Wrong = false, []string{p.Name}, "its checksum is wrong: at least one character is wrong or missing"
			return w, true
		}
		return Word{}, false
	}
	for _, p := range r.networks {
		if len(body) == 21 && (body[0] == p.PubKeyHash || body[0] == p.ScriptHash || bytes.IndexByte(p.ScriptHashOld, body[0]) >= 0) {
			w.Networks = append(w.Networks, p.Name)
		}
	}
	if name := r.sight[string(body[:len(body)-20])]; name != "" {
		w.Networks = append(w.Networks, name)
	}
	return w, len(w.Networks) > 0
}

func isLower(c rune) bool { return c >= 'a' && c <= 'z' }
func isUpper(c rune) bool { return c >= 'A' && c <= 'Z' }

// wallet reads an extended public key. Private ones are not known: what holds one is for nobody's
// list.
func (r *recogniser) wallet(s string) (Word, bool) {
	if len(s) < 107 || len(s) > 113 || s[1:4] != "pub" && s[1:4] != "Pub" {
		return Word{}, false
	}
	w := Word{What: "wallet", Text: s, Checked: true}
	for _, p := range r.networks {
		if _, err := p.ParseWallet(s); err == nil {
			w.Networks = append(w.Networks, p.Name)
		}
	}
	return w, len(w.Networks) > 0
}
