package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // addresses are made of it

	"goshawk"
)

// Opcodes of the standard scripts.
const (
	op0             = 0x00
	opPushData1     = 0x4c
	opPushData2     = 0x4d
	opPushData4     = 0x4e
	op1Negate       = 0x4f
	op1             = 0x51
	op16            = 0x60
	opReturn        = 0x6a
	opDup           = 0x76
	opEqual         = 0x87
	opEqualVerify   = 0x88
	opHash160       = 0xa9
	opCheckSig      = 0xac
	opCheckMultisig = 0xae
	opCheckMSVerify = 0xaf
	opCheckSigAdd   = 0xba
)

const (
	maxScriptSize   = 10_000 // a longer script can never be run, so never be spent
	maxMultisigKeys = 20
)

// Scratch is memory that classifying and deriving keys reuse. The zero value is
// ready; one Scratch serves one goroutine.
type Scratch struct {
	ripemd hash.Hash
	sha    [sha256.Size]byte
	key    [ripemd160.Size]byte
	buf    []byte
	tagBuf []byte
}

// hash160 returns RIPEMD-160(SHA-256(b)), valid until the next call.
func (s *Scratch) hash160(b []byte) []byte {
	if s.ripemd == nil {
		s.ripemd = ripemd160.New()
	}
	s.sha = sha256.Sum256(b)
	s.ripemd.Reset()
	s.ripemd.Write(s.sha[:])
	return s.ripemd.Sum(s.key[:0])
}

// Classify returns the kind of a locking script and the key that its address
// stands for: the 20-byte hash of P2PKH, P2SH and P2WPKH, the 32 bytes of P2WSH
// and P2TR, and for every other kind the script itself. A P2PK output is a
// PubKeyHash with byKey set: its key is the hash of the public key, so that it
// shares an address with the outputs that pay the hash.
//
// Burnt says that nobody can ever spend the output: the script begins with
// OP_RETURN or exceeds 10,000 bytes.
//
// The key is a part of script or of scratch, valid until scratch is used again.
// With a nil scratch it is the caller's to keep.
func Classify(script []byte, scratch *Scratch) (kind goshawk.Kind, key []byte, byKey, burnt bool) {
	n := len(script)
	switch {
	case n == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == 20 && script[23] == opEqualVerify && script[24] == opCheckSig:
		return goshawk.PubKeyHash, script[3:23], false, false
	case n == 23 && script[0] == opHash160 && script[1] == 20 && script[22] == opEqual:
		return goshawk.ScriptHash, script[2:22], false, false
	case n == 22 && script[0] == op0 && script[1] == 20:
		return goshawk.WitnessPubKeyHash, script[2:22], false, false
	case n == 34 && script[0] == op0 && script[1] == 32:
		return goshawk.WitnessScriptHash, script[2:34], false, false
	case n == 34 && script[0] == op1 && script[1] == 32:
		return goshawk.Taproot, script[2:34], false, false
	case n > 0 && script[0] == opReturn:
		return goshawk.NullData, script, false, true
	case n > maxScriptSize:
		return goshawk.NonStandard, script, false, true
	case (n == 35 || n == 67) && int(script[0]) == n-2 && script[n-1] == opCheckSig && isPubKey(script[1:n-1]):
		if scratch == nil {
			scratch = new(Scratch)
		}
		return goshawk.PubKeyHash, scratch.hash160(script[1 : n-1]), true, false
	case n >= 4 && n <= 42 && script[0] >= op1 && script[0] <= op16 && int(script[1]) == n-2:
		return goshawk.WitnessUnknown, script, false, false
	case n > 3 && script[n-1] == opCheckMultisig:
		if _, _, ok := multisig(script, nil); ok {
			return goshawk.Multisig, script, false, false
		}
	}
	return goshawk.NonStandard, script, false, false
}

// Script returns the locking script of a kind and key as Classify gives them.
// Of a PubKeyHash it is the script that pays the hash.
func Script(kind goshawk.Kind, key []byte) []byte {
	switch kind {
	case goshawk.PubKeyHash:
		s := append(make([]byte, 0, 25), opDup, opHash160, byte(len(key)))
		return append(append(s, key...), opEqualVerify, opCheckSig)
	case goshawk.ScriptHash:
		s := append(make([]byte, 0, 23), opHash160, byte(len(key)))
		return append(append(s, key...), opEqual)
	case goshawk.WitnessPubKeyHash, goshawk.WitnessScriptHash:
		return append([]byte{op0, byte(len(key))}, key...)
	case goshawk.Taproot:
		return append([]byte{op1, byte(len(key))}, key...)
	default:
		return append([]byte(nil), key...)
	}
}

// NullDataPayload returns what an OP_RETURN script carries: the data that it
// pushes, one piece each, parts of script. Bytes after the last whole push come
// as one more piece, so that nothing is lost. It is nil for any other script.
func NullDataPayload(script []byte) [][]byte {
	if len(script) == 0 || script[0] != opReturn {
		return nil
	}
	pieces := make([][]byte, 0, 1)
	for rest := script[1:]; len(rest) > 0; {
		op, data, next, ok := nextOp(rest)
		if !ok || op > opPushData4 {
			return append(pieces, rest)
		}
		pieces = append(pieces, data)
		rest = next
	}
	return pieces
}

// nextOp reads one operation: its opcode, the data it pushes if it is at most
// OP_PUSHDATA4, and what follows. It is not ok if the script ends within it.
func nextOp(script []byte) (op byte, data, rest []byte, ok bool) {
	if len(script) == 0 {
		return 0, nil, nil, false
	}
	op, rest = script[0], script[1:]
	var n uint64
	switch {
	case op < opPushData1:
		n = uint64(op)
	case op == opPushData1 && len(rest) >= 1:
		n, rest = uint64(rest[0]), rest[1:]
	case op == opPushData2 && len(rest) >= 2:
		n, rest = uint64(binary.LittleEndian.Uint16(rest)), rest[2:]
	case op == opPushData4 && len(rest) >= 4:
		n, rest = uint64(binary.LittleEndian.Uint32(rest)), rest[4:]
	case op <= opPushData4:
		return 0, nil, nil, false
	}
	if n > uint64(len(rest)) {
		return 0, nil, nil, false
	}
	return op, rest[:n], rest[n:], true
}

// isPubKey tells whether b has the length that its first byte promises of a
// public key. Whether the point lies on the curve is not asked: nodes do not
// ask either before it is spent.
func isPubKey(b []byte) bool {
	switch len(b) {
	case 33:
		return b[0] == 2 || b[0] == 3
	case 65:
		return b[0] == 4 || b[0] == 6 || b[0] == 7
	}
	return false
}

// isKeySize tells whether a public key can have n bytes.
func isKeySize(n int) bool { return n == 33 || n == 65 }

// multisig takes a bare multisig script apart: how many signatures it requires,
// and the public keys, parts of script, which it appends to keys unless that is nil.
func multisig(script []byte, keys *[][]byte) (required, count int, ok bool) {
	required, rest, ok := smallNumber(script)
	if !ok {
		return 0, 0, false
	}
	for len(rest) > 0 {
		op, data, next, ok := nextOp(rest)
		// Only the shortest push, so that the keys alone tell the script. Any
		// bytes of a key's length count: protocols such as Counterparty put data
		// in place of all keys but one, and that one still spends the coin.
		if !ok || int(op) != len(data) || !isKeySize(len(data)) {
			break
		}
		if keys != nil {
			*keys = append(*keys, data)
		}
		count, rest = count+1, next
	}
	stated, rest, ok := smallNumber(rest)
	if !ok || stated != count || required > count || len(rest) != 1 || rest[0] != opCheckMultisig {
		return 0, 0, false
	}
	return required, count, true
}

// smallNumber reads a number from 1 to 20, as OP_1 to OP_16 or as a push of one byte.
func smallNumber(script []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(script) >= 1 && script[0] >= op1 && script[0] <= op16:
		return int(script[0] - op1 + 1), script[1:], true
	case len(script) >= 2 && script[0] == 1 && script[1] > 16 && script[1] <= maxMultisigKeys:
		return int(script[1]), script[2:], true
	}
	return 0, nil, false
}
