package trace

import "math/bits"

// pool hands out slices and takes them back, so that a trace of millions of
// coins allocates a few hundred times. Capacities are powers of two.
type pool[T any] struct {
	block []T // not handed out yet
	made  int
	free  [64][][]T
}

// take returns an empty slice with room for n or more.
func (p *pool[T]) take(n int) []T {
	c := bits.Len(uint(n - 1))
	if f := p.free[c]; len(f) > 0 {
		p.free[c] = f[:len(f)-1]
		return f[len(f)-1]
	}
	const least, most = 1 << 6, 1 << 14
	size := 1 << c
	if size > most/4 {
		return make([]T, 0, size)
	}
	if len(p.block) < size {
		p.block = make([]T, max(size, min(most, max(least, p.made))))
		p.made += len(p.block)
	}
	s := p.block[:0:size]
	p.block = p.block[size:]
	return s
}

// give takes a slice back that take returned.
func (p *pool[T]) give(s []T) {
	if cap(s) > 0 {
		c := bits.Len(uint(cap(s) - 1))
		p.free[c] = append(p.free[c], s[:0])
	}
}

// pile is an append-only list of runs of items that never moves them.
type pile[T any] struct {
	tail []T
	full [][]T
}

// run names consecutive items of a pile.
type run struct{ chunk, at, n uint32 }

// add appends an item, whose content is left to the caller, and returns its place.
func (l *pile[T]) add(p *pool[T]) *T {
	n := len(l.tail)
	if n == cap(l.tail) {
		l.grow(p, 1)
		n = 0
	}
	l.tail = l.tail[:n+1]
	return &l.tail[n]
}

// put appends items, together.
func (l *pile[T]) put(p *pool[T], items []T) run {
	if cap(l.tail)-len(l.tail) < len(items) {
		l.grow(p, len(items))
	}
	r := run{chunk: uint32(len(l.full)), at: uint32(len(l.tail)), n: uint32(len(items))}
	l.tail = append(l.tail, items...)
	return r
}

func (l *pile[T]) grow(p *pool[T], n int) {
	const first, usual = 4, 16
	if l.tail == nil {
		l.tail = p.take(max(n, first))
		return
	}
	l.full = append(l.full, l.tail)
	l.tail = p.take(max(n, usual))
}

func (l *pile[T]) get(r run) []T {
	if int(r.chunk) == len(l.full) {
		return l.tail[r.at : r.at+r.n]
	}
	return l.full[r.chunk][r.at : r.at+r.n]
}

// empty gives the memory back.
func (l *pile[T]) empty(p *pool[T]) {
	for i, s := range l.full {
		p.give(s)
		l.full[i] = nil
	}
	p.give(l.tail)
	l.full, l.tail = l.full[:0], nil
}
