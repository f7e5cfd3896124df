package bitcoin

import (
	"bytes"
	"crypto/sha256"

	"github.com/btcsuite/btcd/btcec/v2"

	"goshawk"
)

// p2shTime is the header time from which spending a P2SH output asks for its
// redeem script (BIP 16). No network had such outputs earlier.
const p2shTime = 1333238400

// SpendingKey returns the kind and key of the coin that an input spends, where
// its scriptSig and witness show them: P2PKH, P2SH, P2WPKH, P2WSH, and P2TR
// spent by a script. Time is the header time of its block.
//
// It claims nothing that only looks likely. P2PK, bare multisig and P2TR spent
// by its key show nothing. A P2SH redeem script counts only if it reads to its
// end as a script that checks a signature, since any other last push could as
// well belong to an output without an address. What the answer does rest on is
// that nobody imitates a standard spend for an output of another kind, such as
// a witness version that has no rules yet.
//
// The key is a part of scratch, valid until scratch is used again. With a nil
// scratch it is the caller's to keep.
func SpendingKey(script []byte, witness [][]byte, time uint32, scratch *Scratch) (kind goshawk.Kind, key []byte, ok bool) {
	if scratch == nil {
		scratch = new(Scratch)
	}
	if len(script) == 0 {
		return scratch.witnessKey(witness)
	}
	var first, last []byte
	pushes := 0
	for rest := script; len(rest) > 0; pushes++ {
		op, data, next, ok := nextOp(rest)
		if !ok || op > op16 {
			return 0, nil, false
		}
		if pushes == 0 {
			first = data
		}
		last, rest = data, next
		if op > opPushData4 {
			last = nil // a number
		}
	}
	switch {
	case len(witness) > 0:
		// BIP 141: the scriptSig is the push of the witness program and nothing else.
		if kind, _, _, _ := Classify(last, scratch); pushes == 1 && isWitness(kind) {
			return goshawk.ScriptHash, scratch.hash160(last), true
		}
	case pushes == 2 && isSignature(first) && isPubKey(last):
		return goshawk.PubKeyHash, scratch.hash160(last), true
	case time >= p2shTime && !isSignature(last) && !isPubKey(last) && checksSignature(last):
		return goshawk.ScriptHash, scratch.hash160(last), true
	}
	return 0, nil, false
}

func isWitness(k goshawk.Kind) bool {
	switch k {
	case goshawk.WitnessPubKeyHash, goshawk.WitnessScriptHash, goshawk.Taproot, goshawk.WitnessUnknown:
		return true
	}
	return false
}

// isSignature tells whether b has the shape of an ECDSA signature with its hash
// type. Early ones were not strict DER, so only the frame is looked at.
func isSignature(b []byte) bool { return len(b) >= 9 && len(b) <= 80 && b[0] == 0x30 }

// checksSignature tells whether b reads to its end as a script that a node
// would run, with a signature check in it.
func checksSignature(b []byte) bool {
	const lastOp = 0xb9 // OP_NOP10; what lies above is invalid outside tapscript
	if len(b) > 520 {   // the largest push
		return false
	}
	found := false
	for len(b) > 0 {
		op, _, rest, ok := nextOp(b)
		if !ok || op > lastOp {
			return false
		}
		found = found || op >= opCheckSig && op <= opCheckMSVerify
		b = rest
	}
	return found
}

// witnessKey is SpendingKey for an input with an empty scriptSig.
func (s *Scratch) witnessKey(witness [][]byte) (kind goshawk.Kind, key []byte, ok bool) {
	n := len(witness)
	if n == 0 || len(witness[n-1]) == 0 {
		return 0, nil, false
	}
	// As the first byte of a P2WSH script neither the annex's tag nor a leaf
	// version would survive being run, so these tell Taproot (BIP 341).
	const annexTag, leafVersion, firstInvalidOp = 0x50, 0xc0, 0xbb
	annex := n >= 2 && witness[n-1][0] == annexTag
	if annex {
		n--
	}
	last := witness[n-1]
	switch {
	case len(last) == 0 || len(last) > maxScriptSize:
	case n == 1 && (annex || len(last) == 64 || len(last) == 65): // P2TR by its key
	case n >= 2 && last[0]&0xfe == leafVersion && len(last) >= 33 && len(last) <= 33+128*32 && len(last)%32 == 1:
		return s.taprootKey(witness[n-2], last)
	case annex || last[0] >= firstInvalidOp:
	case isPubKey(last):
		// The program of version 0 and 20 bytes is spent by exactly two items.
		if n == 2 && isSignature(witness[0]) {
			return goshawk.WitnessPubKeyHash, s.hash160(last), true
		}
	default:
		s.sha = sha256.Sum256(last)
		return goshawk.WitnessScriptHash, s.sha[:], true
	}
	return 0, nil, false
}

// taprootKey computes the output key that commits to a script by way of a
// control block (BIP 341).
func (s *Scratch) taprootKey(script, control []byte) (kind goshawk.Kind, key []byte, ok bool) {
	s.buf = append(s.buf[:0], control[0]&0xfe)
	s.buf = appendBytes(s.buf, script)
	node := s.tagged("TapLeaf", s.buf)
	for path := control[33:]; len(path) > 0; path = path[32:] {
		low, high := node[:], path[:32]
		if bytes.Compare(low, high) > 0 {
			low, high = high, low
		}
		s.buf = append(append(s.buf[:0], low...), high...)
		node = s.tagged("TapBranch", s.buf)
	}
	internal := control[1:33]
	s.buf = append(append(s.buf[:0], internal...), node[:]...)
	tweak := s.tagged("TapTweak", s.buf)

	x, odd, ok := tweaked(internal, &tweak)
	if !ok || odd != (control[0]&1 == 1) {
		return 0, nil, false
	}
	s.sha = x
	return goshawk.Taproot, s.sha[:], true
}

// tagged is the tagged hash of BIP 340.
func (s *Scratch) tagged(tag string, b []byte) [32]byte {
	t := sha256.Sum256([]byte(tag))
	s.tagBuf = append(append(append(s.tagBuf[:0], t[:]...), t[:]...), b...)
	return sha256.Sum256(s.tagBuf)
}

// tweaked adds a tweak to an x-only public key and returns the sum's x and
// whether its y is odd.
func tweaked(internal []byte, tweak *[32]byte) (x [32]byte, odd, ok bool) {
	var (
		scalar          btcec.ModNScalar
		px, py          btcec.FieldVal
		point, add, sum btcec.JacobianPoint
	)
	if scalar.SetBytes(tweak) != 0 || px.SetByteSlice(internal) || !btcec.DecompressY(&px, false, &py) {
		return x, false, false
	}
	py.Normalize()
	point.X.Set(&px)
	point.Y.Set(&py)
	point.Z.SetInt(1)
	btcec.ScalarBaseMultNonConst(&scalar, &add)
	btcec.AddNonConst(&point, &add, &sum)
	sum.ToAffine()
	if sum.X.IsZero() && sum.Y.IsZero() {
		return x, false, false
	}
	return *sum.X.Bytes(), sum.Y.IsOdd(), true
}
