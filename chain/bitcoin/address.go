package bitcoin

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"

	"goshawk"
)

// How scripts without an address are written, before their bytes in hexadecimal.
const (
	nonStandardPrefix = "nonstandard:"
	nullDataPrefix    = "nulldata:"
	multisigPrefix    = "multisig:"
)

// FormatAddress writes the address of a kind and key as Classify gives them:
// Base58Check, Bech32 for witness version 0 and Bech32m for later ones (BIP 350).
// Scripts without an address are written as nulldata:<script>,
// multisig:1-of-2:<key>,<key> and nonstandard:<script>, in hexadecimal; so is,
// as nonstandard, the script of an address for which the network has no form.
// The text is never empty and ParseAddress reads it back.
func (p *Params) FormatAddress(kind goshawk.Kind, key []byte) string {
	switch kind {
	case goshawk.PubKeyHash:
		if len(key) == 20 {
			return base58.CheckEncode(key, p.PubKeyHash)
		}
	case goshawk.ScriptHash:
		if len(key) == 20 {
			return base58.CheckEncode(key, p.ScriptHash)
		}
	case goshawk.WitnessPubKeyHash, goshawk.WitnessScriptHash:
		if text, ok := p.formatWitness(0, key); ok && (len(key) == 20 || len(key) == 32) {
			return text
		}
	case goshawk.Taproot:
		if text, ok := p.formatWitness(1, key); ok && len(key) == 32 {
			return text
		}
	case goshawk.WitnessUnknown:
		if k, _, _, _ := Classify(key, nil); k == kind {
			if text, ok := p.formatWitness(key[0]-op1+1, key[2:]); ok {
				return text
			}
		}
	case goshawk.NullData:
		return nullDataPrefix + hex.EncodeToString(key)
	case goshawk.Multisig:
		var keys [][]byte
		if required, count, ok := multisig(key, &keys); ok {
			text := fmt.Appendf(nil, "%s%d-of-%d:", multisigPrefix, required, count)
			for i, k := range keys {
				if i > 0 {
					text = append(text, ',')
				}
				text = hex.AppendEncode(text, k)
			}
			return string(text)
		}
	}
	return nonStandardPrefix + hex.EncodeToString(Script(kind, key))
}

func (p *Params) formatWitness(version byte, program []byte) (string, bool) {
	if p.HRP == "" {
		return "", false
	}
	groups, err := bech32.ConvertBits(program, 8, 5, true)
	if err != nil {
		return "", false
	}
	groups = append([]byte{version}, groups...)
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode(p.HRP, groups)
	return text, err == nil
}

// ParseAddress reads an address of this network, or what FormatAddress writes
// for a script without one, and returns the kind and key that Classify gives
// for its script. Spaces around it do not matter. An Invalid error says what is
// wrong with the text: a character, the checksum, the letter case, or that it
// belongs to another network, and to which if that shows.
func (p *Params) ParseAddress(text string) (kind goshawk.Kind, key []byte, err error) {
	text = strings.TrimSpace(text)
	if form, rest, ok := strings.Cut(text, ":"); ok {
		return p.parseDescribed(text, form+":", rest)
	}
	switch {
	case text == "":
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "the address is empty").WithHint("give an address of %s, such as %s", p.Name, p.example())
	case len(text) > 90:
		return 0, nil, p.notAddress(text, "is too long for an address")
	case len(text) == 42 && (text[:2] == "0x" || text[:2] == "0X"):
		return 0, nil, p.foreign(text, []string{"ethereum or a chain like it"})
	}
	if hrp := hrpOf(text); hrp != "" {
		// The usual cases come first: whose else it could be costs a thousand times
		// what reading it costs. A 1 stands in many Base58 addresses too.
		if hrp == p.HRP {
			return p.parseWitness(text, hrp, nil)
		}
		if kind, key, ok := p.ownBase58(text); ok {
			return kind, key, nil
		}
		if networks := p.networksOf(func(f *addressForm) bool { return f.hrp == hrp }); networks != nil {
			return p.parseWitness(text, hrp, networks)
		}
	}
	return p.parseBase58(text)
}

// parseDescribed reads the texts of scripts without an address.
func (p *Params) parseDescribed(text, form, rest string) (goshawk.Kind, []byte, error) {
	script, err := hex.DecodeString(rest)
	switch form {
	case nonStandardPrefix, nullDataPrefix:
		if err != nil {
			return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q holds no script: %w", clip(text), err).WithHint("write %s and the whole script in hexadecimal", form)
		}
	case multisigPrefix:
		if script, err = multisigScript(rest); err != nil {
			return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q is not a multisig script: %w", clip(text), err).WithHint("write multisig:1-of-2: and the public keys in hexadecimal, separated by commas")
		}
	default:
		return 0, nil, p.notAddress(text, "is not an address: it has a colon")
	}
	kind, key, _, _ := Classify(script, nil)
	if form == nullDataPrefix && kind != goshawk.NullData {
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q is not an OP_RETURN script", clip(text)).WithHint("such a script begins with 6a")
	}
	return kind, key, nil
}

// multisigScript builds the script of a text such as 1-of-2:<key>,<key>.
func multisigScript(text string) ([]byte, error) {
	rule, list, _ := strings.Cut(text, ":")
	var required, count int
	if n, err := fmt.Sscanf(rule, "%d-of-%d", &required, &count); n != 2 || err != nil || rule != fmt.Sprintf("%d-of-%d", required, count) {
		return nil, errors.New("it does not say how many signatures of how many keys")
	}
	if required < 1 || count < required || count > maxMultisigKeys {
		return nil, fmt.Errorf("%d of %d keys cannot be", required, count)
	}
	if len(list) > maxMultisigKeys*(2*65+1) {
		return nil, errors.New("it is too long")
	}
	keys := strings.Split(list, ",")
	if len(keys) != count {
		return nil, fmt.Errorf("it names %d keys, not %d", len(keys), count)
	}
	script := appendSmallNumber(nil, required)
	for _, k := range keys {
		key, err := hex.DecodeString(k)
		if err != nil || !isKeySize(len(key)) {
			return nil, fmt.Errorf("%q has not the size of a public key", clip(k))
		}
		script = append(append(script, byte(len(key))), key...)
	}
	return append(appendSmallNumber(script, count), opCheckMultisig), nil
}

func appendSmallNumber(script []byte, n int) []byte {
	if n <= 16 {
		return append(script, op1+byte(n)-1)
	}
	return append(script, 1, byte(n))
}

func (p *Params) parseWitness(text, hrp string, networks []string) (goshawk.Kind, []byte, error) {
	got, data, encoding, err := bech32.DecodeGeneric(text)
	var badChar bech32.ErrNonCharsetChar
	switch {
	case errors.As(err, new(bech32.ErrMixedCase)):
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q mixes capital and small letters", clip(text)).WithHint("a %s1… address is written in one case, usually small letters; it may have been mistyped", hrp)
	case errors.As(err, &badChar):
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q has the character %q, which no such address has", clip(text), rune(badChar)).WithHint("after %s1 there are no 1, b, i and o: look for a mistyped one", hrp)
	case errors.As(err, new(bech32.ErrInvalidChecksum)):
		return 0, nil, p.badChecksum(text)
	case err != nil:
		return 0, nil, p.notAddress(text, fmt.Sprintf("is not an address: %v", err))
	case got != p.HRP:
		return 0, nil, p.foreign(text, networks)
	case len(data) == 0:
		return 0, nil, p.notAddress(text, "holds no witness program")
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	version := data[0]
	switch {
	case err != nil:
		return 0, nil, p.notAddress(text, fmt.Sprintf("holds a damaged witness program: %v", err))
	case version > 16:
		return 0, nil, p.notAddress(text, fmt.Sprintf("states witness version %d; the last is 16", version))
	case len(program) < 2 || len(program) > 40 || version == 0 && len(program) != 20 && len(program) != 32:
		return 0, nil, p.notAddress(text, fmt.Sprintf("holds a witness program of %d bytes, which version %d has not", len(program), version))
	case version == 0 && encoding != bech32.Version0, version != 0 && encoding != bech32.VersionM:
		return 0, nil, goshawk.Errorf(goshawk.Invalid, "%q has the checksum of another witness version", clip(text)).WithHint("the wallet that wrote it is out of date: version 0 uses Bech32, later ones Bech32m (BIP 350)")
	}
	script := []byte{op0, byte(len(program))}
	if version > 0 {
		script[0] = op1 + version - 1
	}
	kind, key, _, _ := Classify(append(script, program...), nil)
	return kind, key, nil
}

func (p *Params) parseBase58(text string) (goshawk.Kind, []byte, error) {
	for i, c := range text {
		if !strings.ContainsRune("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", c) {
			return 0, nil, p.notAddress(text, fmt.Sprintf("is not an address: it has %q at character %d", c, i+1))
		}
	}
	raw := base58.Decode(text)
	if len(raw) < 5 {
		return 0, nil, p.notAddress(text, "is too short for an address")
	}
	body, sum := raw[:len(raw)-4], raw[len(raw)-4:]
	if want := sha256d(body); !bytes.Equal(sum, want[:4]) {
		if len(body) != 21 {
			return 0, nil, p.notAddress(text, "is not an address: neither its length nor its checksum is that of one")
		}
		return 0, nil, p.badChecksum(text)
	}
	if kind, key, ok := p.ownBody(body); ok {
		return kind, key, nil
	}
	networks := p.networksOf(func(f *addressForm) bool {
		for _, version := range f.versions {
			if len(body) == len(version)+20 && bytes.HasPrefix(body, version) {
				return true
			}
		}
		return false
	})
	if networks != nil {
		return 0, nil, p.foreign(text, networks)
	}
	return 0, nil, p.notAddress(text, fmt.Sprintf("has a good checksum but is no address: it has %d bytes and begins with %#02x", len(body), body[0]))
}

// AddressCheck returns a function that tells what the form of a text shows, where
// it is not known which network it is of. known says that it has the form of an
// address that can be tried: Base58Check, Bech32, or 0x and 40 hexadecimal
// digits; an Invalid error beside it says why it can be the address of nobody.
// ticker is what the text's source calls its asset, "" where it says nothing:
// what a source calls bitcoin and is in no known form is an error too. Other
// networks' forms, and lower-cased Base58, cannot be tried: they are not known,
// and no error.
func AddressCheck() func(text, ticker string) (known bool, err error) {
	networks, p := Networks(), mainnet()
	try := func(text, ticker string) (known bool, err error) {
		if hrp := hrpOf(text); hrp != "" {
			for _, n := range networks {
				if n.HRP == hrp {
					_, _, err := n.parseWitness(text, hrp, nil)
					return true, err
				}
			}
			if _, _, err := bech32.DecodeNoLimit(text); err == nil {
				return true, nil
			}
		}
		if digits, ok := strings.CutPrefix(text, "0x"); ok {
			_, err := hex.DecodeString(digits)
			return err == nil && len(digits) == 40, nil
		}
		isBitcoin := strings.EqualFold(ticker, p.Ticker) || strings.EqualFold(ticker, "XBT") || strings.EqualFold(ticker, p.Name)
		if !isBitcoin && (len(text) < shortestBase58 || len(text) > longestBase58) {
			return false, nil
		}
		raw := base58.Decode(text)
		if len(raw) < 5 { // not Base58, or too short
			if isBitcoin {
				_, _, err = p.ParseAddress(text)
			}
			return err != nil, err
		}
		body, sum := raw[:len(raw)-4], raw[len(raw)-4:]
		if want := sha256d(body); bytes.Equal(sum, want[:4]) {
			return len(body) == 21 || len(body) == 22, nil
		}
		if isBitcoin || likeBase58Check(text, raw) {
			_, _, err := p.parseBase58(text)
			return true, err
		}
		return false, nil
	}
	return func(text, ticker string) (known bool, err error) {
		if known, err = try(text, ticker); err != nil && maybeLowered(text) {
			return false, nil
		}
		return known, err
	}
}

// Addresses in Base58Check have 25 or 26 bytes; each that is zero at their
// beginning is one character instead of more than one.
const (
	shortestBase58 = 25
	longestBase58  = 36
)

// maybeLowered says whether a text may be an address in Base58 whose source
// lower-cased it: it is as long as those are, shorter than the usual Bech32.
func maybeLowered(text string) bool {
	return len(text) >= shortestBase58 && len(text) <= longestBase58 && strings.ToLower(text) == text && !strings.Contains(text, "0")
}

// likeBase58Check says whether Base58 text is in all likelihood a mistyped
// address of Bitcoin or a network like it: it begins as those do and is as long,
// but for a character. Those of Waves are too, with another checksum.
func likeBase58Check(text string, raw []byte) bool {
	const size = 25
	waves := len(raw) == size+1 && raw[0] == 1
	return len(raw) >= size-1 && len(raw) <= size+1 && (text[0] == '1' || text[0] == '3') && !waves
}

func (p *Params) badChecksum(text string) error {
	return goshawk.Errorf(goshawk.Invalid, "%q has a bad checksum", clip(text)).WithHint("at least one character is wrong or missing: copy the address again from its source")
}

func (p *Params) notAddress(text, why string) error {
	return goshawk.Errorf(goshawk.Invalid, "%q %s", clip(text), why).WithHint("give an address of %s, such as %s", p.Name, p.example())
}

func (p *Params) foreign(text string, networks []string) error {
	last := len(networks) - 1
	names := networks[last]
	if last > 0 {
		names = strings.Join(networks[:last], ", ") + " or " + names
	}
	return goshawk.Errorf(goshawk.Invalid, "%q is an address of %s, not of %s", clip(text), names, p.Name).WithHint("ask a ledger of that network, or check where the address comes from")
}

// example is an address that nobody owns: the one of twenty zero bytes.
func (p *Params) example() string {
	return p.FormatAddress(goshawk.PubKeyHash, make([]byte, 20))
}

// ownBase58 reads a Base58 address of this network.
func (p *Params) ownBase58(text string) (goshawk.Kind, []byte, bool) {
	raw := base58.Decode(text)
	if len(raw) != 25 {
		return 0, nil, false
	}
	if want := sha256d(raw[:21]); !bytes.Equal(raw[21:], want[:4]) {
		return 0, nil, false
	}
	return p.ownBody(raw[:21])
}

// ownBody splits what a Base58 address of this network says, without its checksum.
func (p *Params) ownBody(body []byte) (goshawk.Kind, []byte, bool) {
	if len(body) != 21 {
		return 0, nil, false
	}
	switch version := body[0]; {
	case version == p.PubKeyHash:
		return goshawk.PubKeyHash, body[1:], true
	case version == p.ScriptHash, bytes.IndexByte(p.ScriptHashOld, version) >= 0:
		return goshawk.ScriptHash, body[1:], true
	default:
		return 0, nil, false
	}
}

// hrpOf returns what stands before the last 1 of a text, in small letters, or "".
func hrpOf(text string) string {
	if i := strings.LastIndexByte(text, '1'); i > 0 {
		return strings.ToLower(text[:i])
	}
	return ""
}

// addressForm is how a network's addresses show that they are its own.
type addressForm struct {
	network  string
	versions [][]byte // what stands before the 20 bytes in Base58Check
	hrp      string
}

func (p *Params) form() addressForm {
	f := addressForm{network: p.Name, versions: [][]byte{{p.PubKeyHash}, {p.ScriptHash}}, hrp: p.HRP}
	for _, v := range p.ScriptHashOld {
		f.versions = append(f.versions, []byte{v})
	}
	return f
}

// networksOf names the networks whose address form matches, or nil: this
// network, those of Networks, and others that addresses are often taken from.
func (p *Params) networksOf(match func(*addressForm) bool) []string {
	forms := []addressForm{p.form()}
	for _, other := range Networks() {
		if other.Name != p.Name {
			forms = append(forms, other.form())
		}
	}
	forms = append(forms,
		addressForm{"litecoin", [][]byte{{0x30}, {0x32}}, "ltc"},
		addressForm{"dogecoin", [][]byte{{0x1e}, {0x16}}, ""},
		addressForm{"dash", [][]byte{{0x4c}, {0x10}}, ""},
		addressForm{"zcash", [][]byte{{0x1c, 0xb8}, {0x1c, 0xbd}}, ""},
		addressForm{"tron", [][]byte{{0x41}}, ""},
	)
	var names []string
	for i := range forms {
		if match(&forms[i]) && (i == 0 || forms[i].network != p.Name) {
			names = append(names, forms[i].network)
		}
	}
	return names
}
