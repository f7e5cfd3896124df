package trace

import (
	"cmp"
	"math/bits"
	"slices"
)

// workspace is the scratch memory of one transaction's step, kept from step to step.
type workspace struct {
	coins   []*coin
	sources []source
	at      []int32  // source by position, -1 for none
	order   []uint32 // input positions in queue order; nil for as they are
	values  []uint64 // of the sinks; forward the fee comes last
	got     []uint64 // traced units of the sinks
	rest    []uint64 // remainders
	ranks   []uint32
	fates   []fate
	queue   []interval // the transaction's traced units, in queue order
	cuts    []interval // those of the sinks, one sink after the other
	cutAt   []cut      // by sink
	acc     []uint64   // by start
	touched []uint32   // starts with something in acc
	part    []uint64   // scratch of one split over starts
	whole   []uint64
	parts   []share
	portion []share
	table   []uint32
	look    []int
}

type cut struct{ from, to uint32 }

// haircut gives each value its part of total's traced units: the floor of
// traced x value / total; the units left over go one each to the largest
// remainders, ties to the earlier. The values sum to total, or to more than
// what is shared out.
func (w *workspace) haircut(values []uint64, traced, total uint64, got []uint64) {
	if traced == total {
		copy(got, values)
		return
	}
	if cap(w.rest) < len(values) {
		w.rest = make([]uint64, 2*len(values))
	}
	rest := w.rest[:len(values)]
	left := traced
	for i, v := range values {
		hi, lo := bits.Mul64(traced, v)
		var q, r uint64
		if hi == 0 {
			q, r = lo/total, lo%total
		} else {
			q, r = bits.Div64(hi, lo, total) // hi < traced < total
		}
		got[i], rest[i] = q, r
		left -= q
	}
	if left == 0 {
		return
	}
	const few = 8
	if left <= few {
		for ; left > 0; left-- {
			most := 0
			for i := 1; i < len(rest); i++ {
				if rest[i] > rest[most] {
					most = i
				}
			}
			got[most]++
			rest[most] = 0
		}
		return
	}
	w.ranks = w.ranks[:0]
	for i := range rest {
		w.ranks = append(w.ranks, uint32(i))
	}
	slices.SortFunc(w.ranks, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(rest[b], rest[a]), cmp.Compare(a, b))
	})
	for _, i := range w.ranks[:left] {
		got[i]++
	}
}

// highest fills the values from the largest down, ties to the earlier; what is
// left goes to the last place, the fee.
func (w *workspace) highest(values []uint64, traced uint64, got []uint64) {
	fee := len(values) - 1
	w.ranks = w.ranks[:0]
	for i := range fee {
		got[i] = 0
		w.ranks = append(w.ranks, uint32(i))
	}
	slices.SortFunc(w.ranks, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(a, b))
	})
	for _, i := range w.ranks {
		got[i] = min(values[i], traced)
		traced -= got[i]
		if traced == 0 {
			break
		}
	}
	got[fee] = traced
}

// enqueue appends a coin's intervals at their place in the transaction's queue
// and joins those that touch.
func (w *workspace) enqueue(units []interval, offset uint64) {
	for _, u := range units {
		u.from += offset
		u.to += offset
		if n := len(w.queue); n > 0 && w.queue[n-1].to == u.from && w.queue[n-1].start == u.start {
			w.queue[n-1].to = u.to
			continue
		}
		w.queue = append(w.queue, u)
	}
}

// carve cuts the part of the queue within [from, to) for sink j and returns
// where to go on. Sinks are carved in the order of the queue.
func (w *workspace) carve(j int, from, to uint64, at int) int {
	begin := uint32(len(w.cuts))
	var sum uint64
	for at < len(w.queue) && w.queue[at].from < to {
		u := w.queue[at]
		piece := interval{from: max(u.from, from) - from, to: min(u.to, to) - from, start: u.start}
		w.cuts = append(w.cuts, piece)
		sum += piece.to - piece.from
		if u.to > to {
			break
		}
		at++
	}
	w.got[j] = sum
	w.cutAt[j] = cut{begin, uint32(len(w.cuts))}
	return at
}

// collect adds units to a start's account.
func (w *workspace) collect(start uint32, units uint64) {
	if w.acc[start] == 0 {
		w.touched = append(w.touched, start)
	}
	w.acc[start] += units
}

// settle empties the accounts into parts, by start.
func (w *workspace) settle() []share {
	slices.Sort(w.touched)
	w.parts = w.parts[:0]
	for _, s := range w.touched {
		w.parts = append(w.parts, share{units: w.acc[s], start: s})
		w.acc[s] = 0
	}
	w.touched = w.touched[:0]
	return w.parts
}

// ofIntervals sums intervals by start.
func (w *workspace) ofIntervals(units []interval) []share {
	for _, u := range units {
		w.collect(u.start, u.to-u.from)
	}
	return w.settle()
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	return s[:n]
}
