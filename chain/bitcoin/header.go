package bitcoin

import (
	"bytes"
	"encoding/binary"

	"github.com/holiman/uint256"

	"goshawk"
)

// HeaderSize is the length of a block header in bytes.
const HeaderSize = 80

// Header is a block header.
type Header struct {
	Hash       goshawk.Hash // of the header's bytes; DecodeHeader sets it, Append does not need it
	Version    int32
	Parent     goshawk.Hash
	MerkleRoot goshawk.Hash
	Time       uint32 // seconds since 1970
	Bits       uint32 // the target of its proof of work, in compact form
	Nonce      uint32
}

// DecodeHeader reads the header that a block begins with. It checks nothing but
// the length; Params.CheckWork checks the proof of work.
func DecodeHeader(raw []byte) (Header, error) {
	if len(raw) < HeaderSize {
		return Header{}, goshawk.Errorf(goshawk.Corrupt, "a block header has %d bytes, but only %d are here", HeaderSize, len(raw))
	}
	id := sha256d(raw[:HeaderSize])
	return Header{
		Hash:       reversed(&id),
		Version:    int32(binary.LittleEndian.Uint32(raw)),
		Parent:     reversed((*[32]byte)(raw[4:])),
		MerkleRoot: reversed((*[32]byte)(raw[36:])),
		Time:       binary.LittleEndian.Uint32(raw[68:]),
		Bits:       binary.LittleEndian.Uint32(raw[72:]),
		Nonce:      binary.LittleEndian.Uint32(raw[76:]),
	}, nil
}

// Append appends the header's 80 bytes to dst.
func (h *Header) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Version))
	parent, root := reversed((*[32]byte)(&h.Parent)), reversed((*[32]byte)(&h.MerkleRoot))
	dst = append(append(dst, parent[:]...), root[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, h.Time)
	dst = binary.LittleEndian.AppendUint32(dst, h.Bits)
	return binary.LittleEndian.AppendUint32(dst, h.Nonce)
}

// CheckWork checks that a header which DecodeHeader read states a target that
// the network allows, and meets it. Whether the target is the one that the
// chain's history asks for is not checked: a node did that.
func (p *Params) CheckWork(h *Header) error {
	target, ok := compactTarget(h.Bits)
	if !ok {
		return goshawk.Errorf(goshawk.Corrupt, "block %s states the impossible target %08x", h.Hash, h.Bits)
	}
	if easiest, _ := compactTarget(p.EasiestBits); bytes.Compare(target[:], easiest[:]) > 0 {
		return goshawk.Errorf(goshawk.Corrupt, "block %s states the target %08x, easier than %s allows", h.Hash, h.Bits, p.Name).WithHint("is it a block of another network?")
	}
	work := h.Hash
	if p.WorkHash != nil {
		var raw [HeaderSize]byte
		work = p.WorkHash(h.Append(raw[:0]))
	}
	if bytes.Compare(work[:], target[:]) > 0 {
		return goshawk.Errorf(goshawk.Corrupt, "block %s has no proof of work: its hash is above its own target %08x", h.Hash, h.Bits)
	}
	return nil
}

// Work returns the number of hashes that a header with these bits is expected
// to have cost, 0 if the target is impossible. The branch with the largest sum
// is the chain.
func Work(bits uint32) goshawk.Units {
	target, ok := compactTarget(bits)
	if !ok {
		return goshawk.Units{}
	}
	// 2^256 / (target+1), written so that it fits: ^target / (target+1) + 1.
	var t, work uint256.Int
	t.SetBytes32(target[:])
	work.Not(&t)
	t.AddUint64(&t, 1)
	work.Div(&work, &t)
	work.AddUint64(&work, 1)
	return work
}

// compactTarget expands a target's compact form into a number of 32 bytes, the
// highest first. It is not ok if the target is zero, negative or too large.
func compactTarget(bits uint32) (target [32]byte, ok bool) {
	size, mantissa := int(bits>>24), bits&0x007fffff
	if bits&0x00800000 != 0 {
		return target, false
	}
	for i := range 3 { // the mantissa's bytes, lowest first
		b := byte(mantissa >> (8 * i))
		place := size - 3 + i // of that byte, counted from the lowest
		switch {
		case b == 0 || place < 0:
		case place >= len(target):
			return target, false
		default:
			target[len(target)-1-place] = b
			ok = true
		}
	}
	return target, ok
}
