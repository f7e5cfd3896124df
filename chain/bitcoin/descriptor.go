package bitcoin

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2/hdkeychain"

	"goshawk"
)

// place is where in a descriptor a script stands: it decides which functions
// and keys may.
type place int

const (
	atTop place = iota
	inScriptHash
	inWitnessScriptHash
	inTaproot
)

// descriptorParser reads the text of a descriptor from left to right.
type descriptorParser struct {
	params   *Params
	rest     string
	branches int  // of the first <…;…>; 0 before one was seen
	ranged   bool // some key ends in /*
}

func (d *descriptorParser) fault(format string, args ...any) error {
	return goshawk.Errorf(goshawk.Invalid, "bad descriptor: "+format, args...).WithHint("a descriptor looks like wpkh([fingerprint/84h/0h/0h]xpub…/<0;1>/*)")
}

// script reads one script expression, such as wsh(…).
func (d *descriptorParser) script(where place) (scriptRule, error) {
	name, rest, ok := strings.Cut(d.rest, "(")
	if !ok {
		return nil, d.fault("it has no script such as wpkh(…)")
	}
	d.rest = rest
	rule, err := d.body(name, where)
	if err != nil {
		return nil, err
	}
	if d.rest, ok = strings.CutPrefix(d.rest, ")"); !ok {
		return nil, d.fault("%s( is not closed where it ends, at %q", clip(name), clip(d.rest))
	}
	return rule, nil
}

func (d *descriptorParser) body(name string, where place) (scriptRule, error) {
	single := func(keys place, build func([]byte) ([]byte, error)) (scriptRule, error) {
		key, err := d.key(keys)
		return &keyRule{key, build}, err
	}
	switch {
	case name == "pk":
		return single(where, payKey)
	case name == "pkh":
		return single(where, payKeyHash)
	case name == "wpkh" && where != inWitnessScriptHash:
		return single(inWitnessScriptHash, payWitnessKeyHash)
	case name == "tr" && where == atTop:
		rule, err := single(inTaproot, payTaproot)
		if err == nil && strings.HasPrefix(d.rest, ",") {
			return nil, unsupported("script trees")
		}
		return rule, err
	case name == "sh" && where == atTop:
		inner, err := d.script(inScriptHash)
		return &wrapRule{inner, payScriptHash, 520}, err
	case name == "wsh" && where != inWitnessScriptHash:
		inner, err := d.script(inWitnessScriptHash)
		return &wrapRule{inner, payWitnessScriptHash, maxScriptSize}, err
	case name == "multi" || name == "sortedmulti":
		return d.multisig(name, where)
	case slices.Contains([]string{"wpkh", "tr", "sh", "wsh"}, name):
		return nil, d.fault("%s cannot stand where it does", name)
	}
	return nil, unsupported(fmt.Sprintf("%q", clip(name)))
}

func unsupported(what string) error {
	return goshawk.Errorf(goshawk.Unsupported, "descriptors with %s are not supported", what).WithHint("supported are pk, pkh, wpkh, tr with a key alone, sh, wsh, multi and sortedmulti")
}

func (d *descriptorParser) multisig(name string, where place) (scriptRule, error) {
	number, rest, ok := strings.Cut(d.rest, ",")
	required, err := strconv.Atoi(number)
	if !ok || err != nil {
		return nil, d.fault("%s must begin with the number of signatures", name)
	}
	d.rest = rest
	rule := &multisigRule{required: required, sorted: name == "sortedmulti"}
	for {
		key, err := d.key(where)
		if err != nil {
			return nil, err
		}
		rule.keys = append(rule.keys, key)
		if d.rest, ok = strings.CutPrefix(d.rest, ","); !ok {
			break
		}
	}
	most := maxMultisigKeys
	if where == atTop {
		most = 3 // nodes relay no larger bare multisig
	}
	if required < 1 || required > len(rule.keys) || len(rule.keys) > most {
		return nil, d.fault("%s cannot ask for %d of %d keys", name, required, len(rule.keys))
	}
	return rule, nil
}

// keyExpression is one key of a descriptor: a fixed one, or an extended one
// with the steps below it.
type keyExpression struct {
	fixed    []byte
	extended *hdkeychain.ExtendedKey
	steps    []keyStep
}

// keyStep is one step of a path below an extended key.
type keyStep struct {
	choices []uint32 // one number, or one for each branch; nil for *
}

// at returns the public key for a branch and index and the path to it.
func (k *keyExpression) at(branch int, index uint32) (key []byte, path string, err error) {
	if k.extended == nil {
		return k.fixed, "", nil
	}
	at := k.extended
	numbers := make([]string, len(k.steps))
	for i, step := range k.steps {
		n := index
		switch len(step.choices) {
		case 0:
		case 1:
			n = step.choices[0]
		default:
			n = step.choices[branch]
		}
		if at, err = at.Derive(n); err != nil {
			// One in 2^127 indexes has no key; BIP 32 says to skip it.
			return nil, "", goshawk.Errorf(goshawk.Invalid, "the wallet has no key at index %d: %w", n, err)
		}
		numbers[i] = strconv.FormatUint(uint64(n), 10)
	}
	point, err := at.ECPubKey()
	if err != nil {
		return nil, "", goshawk.Errorf(goshawk.Invalid, "an extended key is not on the curve: %w", err)
	}
	return point.SerializeCompressed(), strings.Join(numbers, "/"), nil
}

// key reads one key expression: an origin in brackets, which only tells where
// the key comes from, the key, and the steps below it.
func (d *descriptorParser) key(where place) (keyExpression, error) {
	text := d.rest
	if end := strings.IndexAny(text, ",)"); end >= 0 {
		text = text[:end]
	}
	d.rest = d.rest[len(text):]
	if strings.ContainsAny(text, "({") {
		return keyExpression{}, unsupported("a script in place of a key")
	}
	if origin, rest, ok := strings.Cut(text, "]"); ok {
		if err := d.origin(origin); err != nil {
			return keyExpression{}, err
		}
		text = rest
	}
	key, path, hasPath := strings.Cut(text, "/")
	if raw, err := hex.DecodeString(key); err == nil && !hasPath {
		return d.fixedKey(raw, where)
	}
	extended, err := d.extendedKey(key)
	if err != nil {
		return keyExpression{}, err
	}
	expression := keyExpression{extended: extended}
	if !hasPath {
		return expression, nil
	}
	steps := strings.Split(path, "/")
	if int(extended.Depth())+len(steps) > 255 {
		return keyExpression{}, d.fault("the path %q is too long", clip(path))
	}
	branched := false
	for i, s := range steps {
		step, err := d.step(s, i == len(steps)-1)
		if err != nil {
			return keyExpression{}, err
		}
		if len(step.choices) > 1 {
			if branched {
				return keyExpression{}, d.fault("a key has two lists in < >")
			}
			branched = true
		}
		expression.steps = append(expression.steps, step)
	}
	return expression, nil
}

func (d *descriptorParser) origin(text string) error {
	path, ok := strings.CutPrefix(text, "[")
	if !ok {
		return d.fault("%q has no [", clip(text))
	}
	steps := strings.Split(path, "/")
	if raw, err := hex.DecodeString(steps[0]); err != nil || len(raw) != 4 {
		return d.fault("the key origin begins with %q, which is not a fingerprint of 8 hexadecimal digits", clip(steps[0]))
	}
	for _, s := range steps[1:] {
		if _, err := pathNumber(strings.TrimRight(s, "h'H")); err != nil || len(s)-len(strings.TrimRight(s, "h'H")) > 1 {
			return d.fault("the key origin has the step %q", clip(s))
		}
	}
	return nil
}

func (d *descriptorParser) fixedKey(raw []byte, where place) (keyExpression, error) {
	switch {
	case where == inTaproot && len(raw) == 32:
		raw = append([]byte{2}, raw...)
	case len(raw) == 33, len(raw) == 65 && (where == atTop || where == inScriptHash):
	default:
		return keyExpression{}, d.fault("a public key of %d bytes cannot stand where it does", len(raw))
	}
	if _, err := btcec.ParsePubKey(raw); err != nil {
		return keyExpression{}, d.fault("%x is not a public key: %v", raw, err)
	}
	return keyExpression{fixed: raw}, nil
}

func (d *descriptorParser) extendedKey(text string) (*hdkeychain.ExtendedKey, error) {
	if _, err := d.params.extendedVersion(text); err != nil {
		return nil, err
	}
	key, err := hdkeychain.NewKeyFromString(text)
	if err != nil || key.IsPrivate() {
		return nil, d.fault("a key is not an extended public key: %v", err)
	}
	return key, nil
}

func (d *descriptorParser) step(text string, last bool) (keyStep, error) {
	if strings.ContainsAny(text, "h'H") {
		return keyStep{}, goshawk.Errorf(goshawk.Invalid, "the step %q is a hardened one, which no public key can take", clip(text)).WithHint("give the extended public key below the hardened steps, with those in its origin: [fingerprint/84h/0h/0h]xpub…")
	}
	if text == "*" {
		if !last {
			return keyStep{}, d.fault("* may only be the last step of a path")
		}
		d.ranged = true
		return keyStep{}, nil
	}
	list, isList := strings.CutPrefix(text, "<")
	if !isList {
		n, err := pathNumber(text)
		if err != nil {
			return keyStep{}, d.fault("%v", err)
		}
		return keyStep{choices: []uint32{n}}, nil
	}
	list, closed := strings.CutSuffix(list, ">")
	var choices []uint32
	for part := range strings.SplitSeq(list, ";") {
		n, err := pathNumber(part)
		if err != nil {
			return keyStep{}, d.fault("%v", err)
		}
		if slices.Contains(choices, n) {
			return keyStep{}, d.fault("%q names a branch twice", clip(text))
		}
		choices = append(choices, n)
	}
	if !closed || len(choices) < 2 {
		return keyStep{}, d.fault("%q is not a list of branches such as <0;1>", clip(text))
	}
	if d.branches != 0 && d.branches != len(choices) {
		return keyStep{}, d.fault("its keys have %d and %d branches", d.branches, len(choices))
	}
	d.branches = len(choices)
	return keyStep{choices: choices}, nil
}

// pathNumber reads one number of a path, without a mark of hardening.
func pathNumber(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is not a step of a path", clip(text))
	}
	return uint32(n), nil
}
