package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/address/v2/base58"

	"goshawk"
)

// Wallet is the public side of a wallet: the rule by which it makes its
// addresses, from an extended public key or an output descriptor (BIP 380 to
// 386, 389). It holds no private key.
type Wallet struct {
	script   scriptRule
	branches int
	ranged   bool
}

// Derived is one address of a wallet.
type Derived struct {
	Kind goshawk.Kind
	Key  []byte
	Path string // the steps below the wallet's first key: 0/5
}

// maxDerived bounds the addresses of one call, against a mistyped count.
const maxDerived = 1 << 20

// Derive reads a wallet and returns count of its addresses from an index on:
// see ParseWallet and Wallet.Derive.
func (p *Params) Derive(text string, branch int, from, count uint32) ([]Derived, error) {
	w, err := p.ParseWallet(text)
	if err != nil {
		return nil, err
	}
	return w.Derive(branch, from, count)
}

// ParseWallet reads an extended public key (xpub, ypub, zpub, and the test
// networks' tpub, upub, vpub) or an output descriptor: pk, pkh, wpkh, sh, wsh,
// tr with a key alone, multi and sortedmulti, with key origins, /* and <0;1>. A
// checksum, where there is one, must be right. An xpub or tpub by itself stands
// for P2PKH addresses (BIP 44), a ypub for P2WPKH in P2SH (BIP 49), a zpub for
// P2WPKH (BIP 84), each with the branches 0 (receiving) and 1 (change).
//
// Private keys are refused: Goshawk has no use for them.
func (p *Params) ParseWallet(text string) (*Wallet, error) {
	text = strings.TrimSpace(text)
	if len(text) > 10_000 {
		return nil, goshawk.Errorf(goshawk.Invalid, "a descriptor of %d characters is too long", len(text))
	}
	if !strings.ContainsAny(text, "(#") {
		return p.parseExtended(text)
	}
	body, err := checkedDescriptor(text)
	if err != nil {
		return nil, err
	}
	d := descriptorParser{params: p, rest: body}
	rule, err := d.script(atTop)
	if err != nil {
		return nil, err
	}
	if d.rest != "" {
		return nil, d.fault("%q follows the descriptor", clip(d.rest))
	}
	if _, _, err := rule.at(0, 0); err != nil { // such as a script too long for sh
		return nil, err
	}
	return &Wallet{script: rule, branches: max(1, d.branches), ranged: d.ranged}, nil
}

// parseExtended reads an extended public key that stands by itself.
func (p *Params) parseExtended(text string) (*Wallet, error) {
	version, err := p.extendedVersion(text)
	if err != nil {
		return nil, err
	}
	function := ""
	switch version.Use {
	case UsePubKeyHash:
		function = "pkh(%s/<0;1>/*)"
	case UseNestedWitness:
		function = "sh(wpkh(%s/<0;1>/*))"
	case UseWitnessPubKeyHash:
		function = "wpkh(%s/<0;1>/*)"
	default:
		return nil, goshawk.Errorf(goshawk.Unsupported, "a %s is one key of a wallet that several sign for; alone it makes no address", version.Prefix).WithHint("give the wallet's descriptor, such as wsh(sortedmulti(2,key/<0;1>/*,key/<0;1>/*))")
	}
	return p.ParseWallet(fmt.Sprintf(function, text))
}

// extendedVersion finds what the version bytes of an extended key mean on this
// network. It refuses private keys without repeating them.
func (p *Params) extendedVersion(text string) (ExtendedKeyVersion, error) {
	raw := base58.Decode(text)
	if isPrivateText(raw) {
		return ExtendedKeyVersion{}, privateKey("a private key")
	}
	if len(raw) != 82 {
		// The text is not repeated: it may be a seed phrase or a damaged private key.
		return ExtendedKeyVersion{}, goshawk.Errorf(goshawk.Invalid, "a text of %d characters is neither an extended public key nor a descriptor", len(text)).WithHint("give a key such as xpub…, or a descriptor such as wpkh([fingerprint/84h/0h/0h]xpub…/<0;1>/*)")
	}
	version := binary.BigEndian.Uint32(raw)
	find := func(p *Params) (ExtendedKeyVersion, bool) {
		i := slices.IndexFunc(p.ExtendedKeys, func(k ExtendedKeyVersion) bool { return k.Version == version })
		if i < 0 {
			return ExtendedKeyVersion{}, false
		}
		return p.ExtendedKeys[i], true
	}
	key, ok := find(p)
	owners := []string{}
	for _, other := range Networks() {
		if k, known := find(other); known && !ok {
			owners = append(owners, other.Name)
			key = k
		}
	}
	if (ok || len(owners) > 0) && key.Use == UsePrivate {
		return ExtendedKeyVersion{}, privateKey("an extended private key (%s)", key.Prefix)
	}
	if sum := sha256d(raw[:78]); [4]byte(sum[:4]) != [4]byte(raw[78:]) {
		return ExtendedKeyVersion{}, goshawk.Errorf(goshawk.Invalid, "an extended key has a bad checksum").WithHint("at least one character is wrong or missing: copy the key again from its source")
	}
	switch {
	case ok:
		return key, nil
	case len(owners) > 0:
		return ExtendedKeyVersion{}, goshawk.Errorf(goshawk.Invalid, "the key %s… is one of %s, not of %s", key.Prefix, strings.Join(owners, ", "), p.Name)
	}
	return ExtendedKeyVersion{}, goshawk.Errorf(goshawk.Invalid, "an extended key has the unknown version %08x", version)
}

// isPrivateText tells whether decoded Base58 has the length of a private key as
// wallets export it, with or without the mark of a compressed public key.
func isPrivateText(raw []byte) bool { return len(raw) == 37 || len(raw) == 38 }

func privateKey(format string, args ...any) error {
	return goshawk.Errorf(goshawk.Invalid, format+" was given, which Goshawk refuses", args...).WithHint("give the public key instead (xpub…); whoever has seen the private one can spend the wallet's coins")
}

// Branches returns how many address chains the wallet has: 2 for receiving and
// change, 1 for a descriptor without <…;…>.
func (w *Wallet) Branches() int { return w.branches }

// Ranged tells whether the wallet makes many addresses, not one alone.
func (w *Wallet) Ranged() bool { return w.ranged }

// Derive returns count addresses of a branch, counted from 0, from an index on.
// A wallet that is not ranged has one address for each branch, at index 0.
func (w *Wallet) Derive(branch int, from, count uint32) ([]Derived, error) {
	switch {
	case branch < 0 || branch >= w.branches:
		return nil, goshawk.Errorf(goshawk.Invalid, "the wallet has no branch %d", branch).WithHint("it has %d, counted from 0", w.branches)
	case count > maxDerived:
		return nil, goshawk.Errorf(goshawk.Invalid, "%d addresses are too many for one call", count).WithHint("ask for at most %d at a time", maxDerived)
	case uint64(from)+uint64(count) > 1<<31:
		return nil, goshawk.Errorf(goshawk.Invalid, "a wallet has no index beyond %d", 1<<31-1)
	}
	if !w.ranged {
		if from > 0 {
			return nil, nil
		}
		count = min(count, 1)
	}
	var scratch Scratch
	all := make([]Derived, 0, count)
	for index := from; index < from+count; index++ {
		script, path, err := w.script.at(branch, index)
		if err != nil {
			return nil, err
		}
		kind, key, _, _ := Classify(script, &scratch)
		all = append(all, Derived{Kind: kind, Key: slices.Clone(key), Path: path})
	}
	return all, nil
}

// checkedDescriptor returns a descriptor without its checksum, which it
// verifies if there is one (BIP 380).
func checkedDescriptor(text string) (string, error) {
	body, sum, has := strings.Cut(text, "#")
	want, err := DescriptorChecksum(body)
	if err != nil {
		return "", err
	}
	if has && sum != want {
		return "", goshawk.Errorf(goshawk.Invalid, "the descriptor's checksum is #%s, but it ends in #%s", want, clip(sum)).WithHint("a character is wrong or missing: copy the descriptor again from its source")
	}
	return body, nil
}

// DescriptorChecksum computes the eight characters that stand behind the # of a
// descriptor (BIP 380).
func DescriptorChecksum(descriptor string) (string, error) {
	const (
		input  = "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
		output = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	)
	generator := [5]uint64{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd}
	state := uint64(1)
	feed := func(v uint64) {
		top := state >> 35
		state = state&0x7ffffffff<<5 ^ v
		for i, g := range generator {
			if top>>i&1 == 1 {
				state ^= g
			}
		}
	}
	groups, held := uint64(0), 0
	for i := range len(descriptor) {
		at := strings.IndexByte(input, descriptor[i])
		if at < 0 {
			return "", goshawk.Errorf(goshawk.Invalid, "a descriptor has no %q, as at character %d", descriptor[i], i+1)
		}
		feed(uint64(at) & 31)
		groups = groups*3 + uint64(at)>>5
		if held++; held == 3 {
			feed(groups)
			groups, held = 0, 0
		}
	}
	if held > 0 {
		feed(groups)
	}
	for range 8 {
		feed(0)
	}
	state ^= 1
	sum := make([]byte, 8)
	for i := range sum {
		sum[i] = output[state>>(5*(7-i))&31]
	}
	return string(sum), nil
}

// scriptRule makes the locking scripts of a descriptor.
type scriptRule interface {
	// at returns the script for a branch and index, and the path of its first key.
	at(branch int, index uint32) (script []byte, path string, err error)
}

// keyRule makes a script from one key: pk, pkh, wpkh, tr.
type keyRule struct {
	key   keyExpression
	build func(key []byte) ([]byte, error)
}

func (r *keyRule) at(branch int, index uint32) ([]byte, string, error) {
	key, path, err := r.key.at(branch, index)
	if err != nil {
		return nil, "", err
	}
	script, err := r.build(key)
	return script, path, err
}

// multisigRule is multi and sortedmulti (BIP 383).
type multisigRule struct {
	required int
	keys     []keyExpression
	sorted   bool // by their bytes (BIP 67)
}

func (r *multisigRule) at(branch int, index uint32) ([]byte, string, error) {
	keys := make([][]byte, len(r.keys))
	first := ""
	for i := range r.keys {
		key, path, err := r.keys[i].at(branch, index)
		if err != nil {
			return nil, "", err
		}
		keys[i] = key
		if i == 0 {
			first = path
		}
	}
	if r.sorted {
		slices.SortFunc(keys, slices.Compare)
	}
	script := appendSmallNumber(nil, r.required)
	for _, key := range keys {
		script = appendPush(script, key)
	}
	return append(appendSmallNumber(script, len(keys)), opCheckMultisig), first, nil
}

// wrapRule pays the hash of another rule's script: sh and wsh.
type wrapRule struct {
	inner scriptRule
	wrap  func(script []byte) []byte
	limit int // largest inner script in bytes
}

func (r *wrapRule) at(branch int, index uint32) ([]byte, string, error) {
	script, path, err := r.inner.at(branch, index)
	if err != nil {
		return nil, "", err
	}
	if len(script) > r.limit {
		return nil, "", goshawk.Errorf(goshawk.Invalid, "the descriptor's script has %d bytes, more than the %d that can be spent", len(script), r.limit)
	}
	return r.wrap(script), path, nil
}

func payScriptHash(script []byte) []byte {
	return Script(goshawk.ScriptHash, new(Scratch).hash160(script))
}

func payWitnessScriptHash(script []byte) []byte {
	h := sha256.Sum256(script)
	return Script(goshawk.WitnessScriptHash, h[:])
}

func payKey(key []byte) ([]byte, error) { return append(appendPush(nil, key), opCheckSig), nil }

func payKeyHash(key []byte) ([]byte, error) {
	return Script(goshawk.PubKeyHash, new(Scratch).hash160(key)), nil
}

func payWitnessKeyHash(key []byte) ([]byte, error) {
	return Script(goshawk.WitnessPubKeyHash, new(Scratch).hash160(key)), nil
}

// payTaproot pays a key that only its owner can spend: it is tweaked with the
// hash of itself, so that no script can be hidden in it (BIP 341, BIP 386).
func payTaproot(key []byte) ([]byte, error) {
	internal := key[len(key)-32:]
	tweak := new(Scratch).tagged("TapTweak", internal)
	x, _, ok := tweaked(internal, &tweak)
	if !ok {
		return nil, goshawk.Errorf(goshawk.Invalid, "the key %x is not on the curve", internal)
	}
	return Script(goshawk.Taproot, x[:]), nil
}
