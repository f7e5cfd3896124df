package world

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // addresses are made of it

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Form is how an address locks its coins.
type Form uint8

const (
	PayKey           Form = iota // the public key itself
	PayKeyHash                   // P2PKH
	PayNestedKey                 // P2WPKH inside P2SH
	PayScript                    // 2-of-3 multisig in P2SH
	PayNestedScript              // 2-of-3 multisig in P2WSH inside P2SH
	PayWitnessKey                // P2WPKH
	PayWitnessScript             // 2-of-3 multisig in P2WSH
	PayTaproot                   // P2TR, spent by its key
	PayMultisig                  // bare 1-of-2 multisig
	dataNote                     // OP_RETURN with 80 bytes
	dataToken                    // OP_RETURN with the 20 bytes of a token transfer
	forms
)

// form describes a Form to those who count bytes and name it.
type form struct {
	name   string
	kind   goshawk.Kind
	weight int // of an input that spends it, with signatures of 72 bytes
	size   int // of an output that pays it, in bytes
	sigops int // cost of an output, and of an input, in the units of a block's limit
	spend  int
	keys   int
}

// formTable is in the order of the Forms.
var formTable = [forms]form{
	{"p2pk", goshawk.PubKeyHash, 456, 44, 4, 0, 1},
	{"p2pkh", goshawk.PubKeyHash, 592, 34, 4, 0, 1},
	{"p2sh-p2wpkh", goshawk.ScriptHash, 364, 32, 0, 1, 1},
	{"p2sh-multisig", goshawk.ScriptHash, 1188, 32, 0, 12, 3},
	{"p2sh-p2wsh-multisig", goshawk.ScriptHash, 558, 32, 0, 3, 3},
	{"p2wpkh", goshawk.WitnessPubKeyHash, 272, 31, 0, 1, 1},
	{"p2wsh-multisig", goshawk.WitnessScriptHash, 418, 43, 0, 3, 3},
	{"p2tr", goshawk.Taproot, 230, 43, 0, 0, 1},
	{"multisig", goshawk.Multisig, 460, 80, 80, 0, 2},
	{"note", goshawk.NullData, 0, 92, 0, 0, 0},
	{"token", goshawk.NullData, 0, 31, 0, 0, 0},
}

func (f Form) String() string { return formTable[f].name }

// witness says whether inputs that spend the form carry a witness.
func (f Form) witness() bool {
	switch f {
	case PayNestedKey, PayNestedScript, PayWitnessKey, PayWitnessScript, PayTaproot:
		return true
	default:
		return false
	}
}

// Address is a number that all keys of an address are made from, with its form
// in the top byte. 0 is no address.
type Address uint64

func newAddress(f Form, number uint64) Address { return Address(uint64(f)<<56 | number) }

// Form returns how the address locks its coins.
func (a Address) Form() Form { return Form(a >> 56) }

func (a Address) number() uint64 { return uint64(a) &^ (0xff << 56) }

// data says whether it is no address but an output that carries data.
func (a Address) data() bool { return a.Form() >= dataNote }

// keyring makes the keys and scripts of addresses. One keyring serves one
// goroutine; keyrings of one seed give the same keys.
type keyring struct {
	seed   uint64
	sign   bool // keys are points on the curve, with a secret
	ripemd hash.Hash
	held   Address // whose keys were asked for last
	keys   []byte  // they, one after the other
	inner  []byte  // script behind a hash
	script []byte  // locking script
	buffer []byte
}

// newKeyring has a seed of its own: the chain shows keys and notes that can be
// computed back to it.
func newKeyring(seed uint64, sign bool) *keyring {
	own := subSeed(seed, "keyring", 0)
	return &keyring{seed: binary.LittleEndian.Uint64(own[:]), sign: sign, ripemd: ripemd160.New()}
}

const keySize = 33

// secret returns a key of an address that signs. It is known by its number alone:
// its public key, which costs more than a signature, is not computed.
func (k *keyring) secret(a Address, i int) *btcec.PrivateKey {
	b := binary.LittleEndian.AppendUint64(k.buffer[:0], k.seed)
	b = binary.LittleEndian.AppendUint64(b, a.number())
	k.buffer = append(b, byte(i))
	digest := sha256.Sum256(k.buffer)
	var key btcec.PrivateKey
	key.Key.SetByteSlice(digest[:])
	return &key
}

// public returns a public key of an address, 33 bytes, valid until another
// address is asked about. Without signatures it has the form of a key; nobody
// asks whether it lies on the curve.
func (k *keyring) public(a Address, i int) []byte {
	if k.held != a {
		k.keys = k.keys[:0]
		for n := range formTable[a.Form()].keys {
			k.keys = k.appendKey(k.keys, a, n)
		}
		k.held = a
	}
	return k.keys[keySize*i : keySize*(i+1)]
}

// hold sets the keys of an address that somebody else has computed.
func (k *keyring) hold(a Address, keys []byte) {
	k.held, k.keys = a, append(k.keys[:0], keys...)
}

func (k *keyring) appendKey(dst []byte, a Address, i int) []byte {
	if k.sign {
		return append(dst, k.secret(a, i).PubKey().SerializeCompressed()...)
	}
	state := k.seed ^ a.number()*0x9e3779b97f4a7c15 + uint64(i)<<56
	first := splitmix(&state)
	dst = append(dst, 2+byte(first&1))
	dst = binary.LittleEndian.AppendUint64(dst, first)
	for range 3 {
		dst = binary.LittleEndian.AppendUint64(dst, splitmix(&state))
	}
	return dst
}

// appendHash160 appends RIPEMD-160 of SHA-256, the hash in addresses.
func (k *keyring) appendHash160(dst, b []byte) []byte {
	inner := sha256.Sum256(b)
	k.ripemd.Reset()
	k.ripemd.Write(inner[:])
	return k.ripemd.Sum(dst)
}

// behind returns the script that an address keeps behind its hash, or, of bare
// multisig, in the open. It is valid until the next call of any method.
func (k *keyring) behind(a Address) []byte {
	b := k.inner[:0]
	switch a.Form() {
	case PayNestedKey:
		b = k.appendHash160(append(b, 0x00, 20), k.public(a, 0))
	case PayScript, PayNestedScript, PayWitnessScript:
		b = append(b, txscript.OP_2)
		for i := range 3 {
			b = append(append(b, keySize), k.public(a, i)...)
		}
		b = append(b, txscript.OP_3, txscript.OP_CHECKMULTISIG)
	case PayMultisig:
		b = append(b, txscript.OP_1)
		for i := range 2 {
			b = append(append(b, keySize), k.public(a, i)...)
		}
		b = append(b, txscript.OP_2, txscript.OP_CHECKMULTISIG)
	default:
	}
	k.inner = b
	return b
}

// lock returns the locking script of an address, valid until the next call.
func (k *keyring) lock(a Address) []byte {
	b := k.script[:0]
	switch a.Form() {
	case PayKey:
		b = append(append(append(b, keySize), k.public(a, 0)...), txscript.OP_CHECKSIG)
	case PayKeyHash:
		b = k.appendHash160(append(b, txscript.OP_DUP, txscript.OP_HASH160, 20), k.public(a, 0))
		b = append(b, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
	case PayNestedKey, PayScript:
		b = k.appendHash160(append(b, txscript.OP_HASH160, 20), k.behind(a))
		b = append(b, txscript.OP_EQUAL)
	case PayNestedScript:
		digest := sha256.Sum256(k.behind(a))
		k.buffer = append(append(k.buffer[:0], 0x00, 32), digest[:]...)
		b = k.appendHash160(append(b, txscript.OP_HASH160, 20), k.buffer)
		b = append(b, txscript.OP_EQUAL)
	case PayWitnessKey:
		b = k.appendHash160(append(b, 0x00, 20), k.public(a, 0))
	case PayWitnessScript:
		digest := sha256.Sum256(k.behind(a))
		b = append(append(b, 0x00, 32), digest[:]...)
	case PayTaproot:
		b = append(b, txscript.OP_1, 32)
		if key, err := btcec.ParsePubKey(k.public(a, 0)); k.sign && err == nil {
			b = append(b, txscript.ComputeTaprootKeyNoScript(key).SerializeCompressed()[1:]...)
		} else {
			b = append(b, k.public(a, 0)[1:]...)
		}
	case PayMultisig:
		b = append(b, k.behind(a)...)
	case dataNote:
		b = k.appendNoise(append(b, txscript.OP_RETURN, txscript.OP_PUSHDATA1, 80), a, 10)
	case dataToken: // as Omni Layer writes a simple send of one property
		b = append(b, txscript.OP_RETURN, 20, 'o', 'm', 'n', 'i', 0, 0, 0, 0, 0, 0, 0, 31)
		state := k.seed ^ a.number()
		b = binary.BigEndian.AppendUint64(b, splitmix(&state)>>26) // up to 2,748 of a token with eight decimals
	default:
	}
	k.script = b
	return b
}

// appendNoise appends random words that differ by address.
func (k *keyring) appendNoise(dst []byte, a Address, words int) []byte {
	state := k.seed + a.number()*0xbf58476d1ce4e5b9
	for range words {
		dst = binary.LittleEndian.AppendUint64(dst, splitmix(&state))
	}
	return dst
}

// text writes the address as the network does.
func (k *keyring) text(params *bitcoin.Params, a Address) string {
	kind, key, _, _ := bitcoin.Classify(k.lock(a), nil)
	return params.FormatAddress(kind, key)
}
