package trace

import "math/bits"

// slab hands out short runs of T from big chunks and takes them back, so that a
// trace of millions of coins allocates a few hundred times. Runs are rounded up
// to powers of two and reused by size.
type slab[T any] struct {
	chunks [][]T
	used   int // of the last shared chunk
	shared int // its number
	free   [33][]run
}

// run names a run: its chunk, where it begins there and its length.
type run struct{ chunk, at, n uint32 }

const (
	leastChunk = 1 << 6
	mostChunk  = 1 << 14
)

func class(n int) int { return bits.Len(uint(n - 1)) }

// put copies items into a run of its own.
func (s *slab[T]) put(items []T) run {
	if len(items) == 0 {
		return run{}
	}
	c := class(len(items))
	var r run
	if f := s.free[c]; len(f) > 0 {
		r = f[len(f)-1]
		s.free[c] = f[:len(f)-1]
	} else {
		r = s.grow(1 << c)
	}
	r.n = uint32(len(items))
	copy(s.chunks[r.chunk][r.at:], items)
	return r
}

func (s *slab[T]) grow(size int) run {
	if size > mostChunk/4 {
		s.chunks = append(s.chunks, make([]T, size))
		return run{chunk: uint32(len(s.chunks) - 1)}
	}
	if s.chunks == nil || s.used+size > len(s.chunks[s.shared]) {
		length := mostChunk
		if n := len(s.chunks); n < 8 { // small traces stay small
			length = max(leastChunk<<n, size)
		}
		s.chunks = append(s.chunks, make([]T, length))
		s.shared, s.used = len(s.chunks)-1, 0
	}
	r := run{chunk: uint32(s.shared), at: uint32(s.used)}
	s.used += size
	return r
}

// get returns a run's items; they are valid until it is freed.
func (s *slab[T]) get(r run) []T {
	if r.n == 0 {
		return nil
	}
	return s.chunks[r.chunk][r.at : r.at+r.n]
}

// drop takes a run back.
func (s *slab[T]) drop(r run) {
	if r.n > 0 {
		c := class(int(r.n))
		s.free[c] = append(s.free[c], run{chunk: r.chunk, at: r.at})
	}
}
