package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"goshawk/chain/bitcoin"
)

// Framing of block files: the network's magic, the block's size, the block.
const (
	magicSize  = 4
	frameSize  = 8
	probeSize  = frameSize + bitcoin.HeaderSize
	leastBlock = bitcoin.HeaderSize + 1 // a header and a count of transactions
)

// scanner walks the framing of one block file and reads nothing of a block but
// its header. It finds its way again after any damage, by looking for the next
// magic with a header that has its proof of work behind it.
type scanner struct {
	params *bitcoin.Params
	file   io.ReaderAt
	mask   mask
	size   int64

	// found is called for every whole block, and with again set for a second
	// size that the block just found may have.
	found func(header *bitcoin.Header, offset int64, size uint32, again bool)
	warn  func(offset int64, format string, args ...any)
	// lost is called for a frame whose block cannot be had.
	lost func(offset int64)

	window []byte // the file's bytes from start on
	start  int64
	memory []byte
}

// look returns n bytes at an offset, fewer at the file's end. ahead says how
// many to fetch if they are not at hand. The bytes are valid until the next look.
func (s *scanner) look(offset int64, n, ahead int) ([]byte, error) {
	n = int(min(int64(n), s.size-offset))
	if offset >= s.start && offset+int64(n) <= s.start+int64(len(s.window)) {
		return s.window[offset-s.start:][:n], nil
	}
	ahead = int(min(int64(max(ahead, n)), s.size-offset))
	if cap(s.memory) < ahead {
		s.memory = make([]byte, ahead)
	}
	s.window, s.start = s.memory[:ahead], offset
	if err := readFull(s.file, s.window, offset); err != nil {
		s.window = s.window[:0]
		return nil, err
	}
	s.mask.undo(s.window, offset)
	return s.window[:n], nil
}

const (
	stepAhead   = 4 << 10  // bytes fetched when going from header to header
	searchAhead = 64 << 10 // and when looking through every byte
)

// frame is what stands at an offset.
type frame struct {
	header bitcoin.Header
	size   uint32
	fault  string // why it is no block; empty if it is one
}

// read takes the frame apart whose first bytes are probe.
func (s *scanner) read(probe []byte) (f frame, ok bool) {
	if len(probe) < probeSize || !bytes.Equal(probe[:magicSize], s.params.Magic[:]) {
		return frame{}, false
	}
	f.size = binary.LittleEndian.Uint32(probe[magicSize:])
	if f.size < leastBlock || int64(f.size) > int64(s.params.MaxBlockSize) {
		f.fault = "its size field is impossible"
	}
	h, err := bitcoin.DecodeHeader(probe[frameSize:])
	if err == nil {
		err = s.params.CheckWork(&h)
	}
	if err != nil {
		f.fault = err.Error()
	}
	f.header = h
	return f, true
}

// scan reads headers from an offset to the file's end and returns where to go
// on once the file has grown.
func (s *scanner) scan(ctx context.Context, from int64) (next int64, err error) {
	last := int64(-1) // offset of the frame that ends at the current offset
	for at, turns := from, 0; at < s.size; turns++ {
		if turns%1024 == 0 && ctx.Err() != nil {
			return at, interrupted(ctx)
		}
		probe, err := s.look(at, probeSize, stepAhead)
		if err != nil {
			return at, err
		}
		if f, ok := s.read(probe); ok && f.fault == "" {
			end := at + frameSize + int64(f.size)
			if end <= s.size {
				s.found(&f.header, at, f.size, false)
				last, at = at, end
				continue
			}
			after, err := s.search(ctx, at+probeSize)
			if err != nil {
				return at, err
			}
			if after == s.size {
				s.warn(at, "the file ends within a block of %d bytes: the block is left for later", f.size)
				return at, nil
			}
			s.warn(at, "the size field says %d bytes, but another block begins after %d", f.size, after-at-frameSize)
			s.found(&f.header, at, uint32(min(after-at-frameSize, int64(s.params.MaxBlockSize))), false)
			last, at = -1, after
			continue
		} else if ok {
			s.warn(at, "a block is unreadable: %s", f.fault)
			s.lost(at)
			after, err := s.search(ctx, at+magicSize)
			if err != nil || after == s.size {
				return at, err // a follower finds it again when the node has written more
			}
			last, at = -1, after
			continue
		}

		zeros, err := s.zeros(ctx, at)
		if err != nil || zeros == s.size {
			return at, err // the node's padding, which later blocks overwrite
		}
		search := at
		if last >= 0 {
			search = last + probeSize // in case the size field said too much
		}
		found, err := s.search(ctx, search)
		if err != nil {
			return at, err
		}
		switch {
		case found < at:
			f, err := s.frameAt(last)
			if err != nil {
				return at, err
			}
			s.warn(last, "the size field says %d bytes, but another block begins after %d", f.size, found-last-frameSize)
			s.found(&f.header, last, uint32(found-last-frameSize), true)
		case found == s.size:
			if s.size-at < probeSize && bytes.HasPrefix(s.params.Magic[:], probe[:min(magicSize, len(probe))]) {
				s.warn(at, "the file ends within a block's header: the block is left for later")
			} else {
				s.warn(at, "%s up to the file's end skipped", strayBytes(s.size-at))
				s.lostBetween(at, s.size)
			}
			return at, nil
		default:
			s.warn(at, "%s between blocks skipped", strayBytes(found-at))
			s.lostBetween(at, found)
		}
		last, at = -1, found
	}
	return s.size, nil
}

// lostBetween tells of stray bytes that are enough to have been a block.
func (s *scanner) lostBetween(from, to int64) {
	if to-from >= frameSize+leastBlock {
		s.lost(from)
	}
}

func (s *scanner) frameAt(at int64) (frame, error) {
	probe, err := s.look(at, probeSize, stepAhead)
	if err != nil {
		return frame{}, err
	}
	f, _ := s.read(probe)
	return f, nil
}

// zeros returns where the zero bytes that begin at an offset end.
func (s *scanner) zeros(ctx context.Context, at int64) (int64, error) {
	for at < s.size {
		if ctx.Err() != nil {
			return at, interrupted(ctx)
		}
		chunk, err := s.look(at, searchAhead, searchAhead)
		if err != nil {
			return at, err
		}
		if rest := bytes.TrimLeft(chunk, "\x00"); len(rest) > 0 {
			return at + int64(len(chunk)-len(rest)), nil
		}
		at += int64(len(chunk))
	}
	return at, nil
}

// search returns the offset of the next block's frame, or the file's size.
func (s *scanner) search(ctx context.Context, at int64) (int64, error) {
	for at < s.size {
		if ctx.Err() != nil {
			return at, interrupted(ctx)
		}
		chunk, err := s.look(at, searchAhead, searchAhead)
		if err != nil {
			return at, err
		}
		k := bytes.Index(chunk, s.params.Magic[:])
		switch {
		case k < 0 && at+int64(len(chunk)) == s.size:
			return s.size, nil
		case k < 0:
			at += int64(len(chunk) - magicSize + 1) // a magic may lie across the chunks
			continue
		}
		at += int64(k)
		probe, err := s.look(at, probeSize, searchAhead)
		if err != nil {
			return at, err
		}
		if f, ok := s.read(probe); ok && f.fault == "" {
			return at, nil
		}
		at += magicSize
	}
	return s.size, nil
}

func strayBytes(n int64) string {
	if n == 1 {
		return "1 stray byte"
	}
	return fmt.Sprintf("%d stray bytes", n)
}
