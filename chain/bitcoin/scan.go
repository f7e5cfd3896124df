package bitcoin

import (
	"encoding/binary"
	"math"

	"goshawk"
)

// The fewest bytes that an input and an output take. A count beyond what the
// remaining bytes could hold is refused before anything is stored for it.
const (
	minInputSize  = 32 + 4 + 1 + 4
	minOutputSize = 8 + 1
)

// txScan finds the parts of one raw transaction: the only reader of the format.
// It keeps its memory from one transaction to the next and copies nothing.
type txScan struct {
	start, end         int // the transaction
	bodyStart, bodyEnd int // its inputs and outputs, as they are hashed with and without witness
	version            int32
	lockTime           uint32
	segwit             bool
	ins                []scannedInput
	outs               []scannedOutput
}

// scannedInput holds positions in the raw bytes. The witness stack, its count
// first, is there only if segwit is set.
type scannedInput struct {
	outpoint                 uint32
	scriptStart, scriptEnd   uint32
	sequence                 uint32
	witnessStart, witnessEnd uint32
}

type scannedOutput struct {
	value                  uint64
	scriptStart, scriptEnd uint32
}

// strippedSize is the size without the witness.
func (s *txScan) strippedSize() int { return 4 + s.bodyEnd - s.bodyStart + 4 }

func (s *txScan) weight() uint32 { return uint32(3*s.strippedSize() + s.end - s.start) }

// id hashes the transaction without its witness. It uses buf where the bytes to
// be hashed are not in one piece, and returns it for the next call.
func (s *txScan) id(raw, buf []byte) ([32]byte, []byte) {
	if !s.segwit {
		return sha256d(raw[s.start:s.end]), buf
	}
	buf = append(buf[:0], raw[s.start:s.start+4]...)
	buf = append(buf, raw[s.bodyStart:s.bodyEnd]...)
	buf = append(buf, raw[s.end-4:s.end]...)
	return sha256d(buf), buf
}

// read finds the parts of the transaction that starts at pos. It refuses what
// nodes refuse: a count or length in more bytes than it needs, no inputs, an
// unknown flag, a witness that is announced and empty, and bytes that run out.
func (s *txScan) read(raw []byte, pos int) error {
	if len(raw) > math.MaxUint32 {
		return damaged(pos, "the bytes are more than any block's")
	}
	s.start, s.ins, s.outs, s.segwit = pos, s.ins[:0], s.outs[:0], false
	if len(raw)-pos < 4 {
		return cutShort(len(raw), "a transaction's version")
	}
	s.version = int32(binary.LittleEndian.Uint32(raw[pos:]))
	s.bodyStart = pos + 4

	count, pos, err := compact(raw, s.bodyStart)
	if err != nil {
		return err
	}
	if count == 0 {
		if pos >= len(raw) {
			return cutShort(len(raw), "a transaction's flag")
		}
		if raw[pos] != 1 {
			return damaged(pos, "a transaction has no inputs, or the unknown flag %d", raw[pos])
		}
		s.segwit = true
		s.bodyStart = pos + 1
		if count, pos, err = compact(raw, s.bodyStart); err != nil {
			return err
		}
		if count == 0 {
			return damaged(pos, "a transaction has no inputs")
		}
	}
	if count > uint64(len(raw)-pos)/minInputSize {
		return damaged(pos, "a transaction claims %d inputs, more than the bytes that follow can hold", count)
	}
	for range count {
		in := scannedInput{outpoint: uint32(pos)}
		script, n := pos+36, uint64(0)
		if n, script, err = compact(raw, script); err != nil {
			return err
		}
		if n > uint64(len(raw)-script) || uint64(len(raw)-script)-n < 4 {
			return cutShort(len(raw), "an input")
		}
		pos = script + int(n)
		in.scriptStart, in.scriptEnd = uint32(script), uint32(pos)
		in.sequence = binary.LittleEndian.Uint32(raw[pos:])
		pos += 4
		s.ins = append(s.ins, in)
	}

	if count, pos, err = compact(raw, pos); err != nil {
		return err
	}
	if count > uint64(len(raw)-pos)/minOutputSize {
		return damaged(pos, "a transaction claims %d outputs, more than the bytes that follow can hold", count)
	}
	for range count {
		if len(raw)-pos < 8 {
			return cutShort(len(raw), "an output's value")
		}
		out := scannedOutput{value: binary.LittleEndian.Uint64(raw[pos:])}
		n, script, err := compact(raw, pos+8)
		if err != nil {
			return err
		}
		if n > uint64(len(raw)-script) {
			return cutShort(len(raw), "an output's script")
		}
		pos = script + int(n)
		out.scriptStart, out.scriptEnd = uint32(script), uint32(pos)
		s.outs = append(s.outs, out)
	}
	s.bodyEnd = pos

	if s.segwit {
		empty := true
		for i := range s.ins {
			s.ins[i].witnessStart = uint32(pos)
			if count, pos, err = compact(raw, pos); err != nil {
				return err
			}
			if count > uint64(len(raw)-pos) {
				return damaged(pos, "an input claims %d witness items, more than the bytes that follow can hold", count)
			}
			empty = empty && count == 0
			for range count {
				var n uint64
				if n, pos, err = compact(raw, pos); err != nil {
					return err
				}
				if n > uint64(len(raw)-pos) {
					return cutShort(len(raw), "a witness")
				}
				pos += int(n)
			}
			s.ins[i].witnessEnd = uint32(pos)
		}
		if empty {
			return damaged(pos, "a transaction announces a witness and has none")
		}
	}
	if len(raw)-pos < 4 {
		return cutShort(len(raw), "a transaction's lock time")
	}
	s.lockTime = binary.LittleEndian.Uint32(raw[pos:])
	s.end = pos + 4
	return nil
}

// compact reads a count or length (CompactSize). It refuses one that takes more
// bytes than it needs.
func compact(raw []byte, pos int) (n uint64, next int, err error) {
	if pos < len(raw) && raw[pos] < 0xfd {
		return uint64(raw[pos]), pos + 1, nil
	}
	return longCompact(raw, pos)
}

func longCompact(raw []byte, pos int) (n uint64, next int, err error) {
	if pos >= len(raw) {
		return 0, 0, cutShort(len(raw), "a count")
	}
	var least uint64
	switch rest := raw[pos+1:]; {
	case raw[pos] == 0xfd && len(rest) >= 2:
		n, next, least = uint64(binary.LittleEndian.Uint16(rest)), pos+3, 0xfd
	case raw[pos] == 0xfe && len(rest) >= 4:
		n, next, least = uint64(binary.LittleEndian.Uint32(rest)), pos+5, 1<<16
	case raw[pos] == 0xff && len(rest) >= 8:
		n, next, least = binary.LittleEndian.Uint64(rest), pos+9, 1<<32
	default:
		return 0, 0, cutShort(len(raw), "a count")
	}
	if n < least {
		return 0, 0, damaged(pos, "the count %d is written in more bytes than it needs", n)
	}
	return n, next, nil
}

func damaged(pos int, format string, args ...any) error {
	return goshawk.Errorf(goshawk.Corrupt, "at byte %d: "+format, append([]any{pos}, args...)...)
}

func cutShort(pos int, what string) error {
	return goshawk.Errorf(goshawk.Corrupt, "the bytes end at %d within %s", pos, what)
}
