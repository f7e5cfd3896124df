package trace

import (
	"math/bits"

	"goshawk"
)

// A page holds the pending coins of 256 consecutive transaction ids.
const (
	pageBits = 8
	pageSize = 1 << pageBits
)

type bitmap [pageSize / 64]uint64

func (b *bitmap) has(i uint32) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b *bitmap) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b *bitmap) clear(i uint32)    { b[i>>6] &^= 1 << (i & 63) }

type page struct {
	key     uint64 // of its ids, without their low bits
	pending bitmap // transactions with coins waiting
	fetched bitmap // and of those, the ones whose row is here
	head    [pageSize]uint32
	row     [pageSize]uint32
}

// frontier is the set of transactions that hold pending coins, in chain order
// (backward: in reverse). Every transaction added lies beyond the one at hand,
// so pages are emptied strictly in order: a heap of pages and a bitmap inside
// give the next transaction in constant time for most of them.
type frontier struct {
	back  bool
	dense []uint32          // page number + 1 by key, where ids are dense
	byKey map[uint64]uint32 // the same, where they are not
	pages []*page
	free  []uint32 // page numbers
	heap  []uint64 // keys; inverted if back, so that the least comes first
}

func newFrontier(head goshawk.Head, back bool) *frontier {
	f := &frontier{back: back}
	if head.Transactions > 0 {
		f.dense = make([]uint32, (head.Transactions-1)>>pageBits+1)
	} else {
		f.byKey = make(map[uint64]uint32)
	}
	return f
}

// slot returns the page and place of a transaction, marked pending; nil if the
// ledger holds no such id.
func (f *frontier) slot(id goshawk.TxID) (*page, uint32) {
	key, i := uint64(id)>>pageBits, uint32(id)&(pageSize-1)
	var number uint32
	if f.dense != nil {
		if key >= uint64(len(f.dense)) {
			return nil, 0
		}
		number = f.dense[key]
	} else {
		number = f.byKey[key]
	}
	if number == 0 {
		number = f.open(key)
	}
	p := f.pages[number-1]
	p.pending.set(i)
	return p, i
}

func (f *frontier) open(key uint64) uint32 {
	var number uint32
	if n := len(f.free); n > 0 {
		number = f.free[n-1]
		f.free = f.free[:n-1]
	} else {
		f.pages = append(f.pages, new(page))
		number = uint32(len(f.pages))
	}
	f.pages[number-1].key = key
	f.index(key, number)
	f.push(f.ordered(key))
	return number
}

func (f *frontier) index(key uint64, number uint32) {
	switch {
	case f.dense != nil:
		f.dense[key] = number
	case number == 0:
		delete(f.byKey, key)
	default:
		f.byKey[key] = number
	}
}

func (f *frontier) at(key uint64) *page {
	if f.dense != nil {
		return f.pages[f.dense[key]-1]
	}
	return f.pages[f.byKey[key]-1]
}

// ordered turns keys so that the first to process is the least, and back.
func (f *frontier) ordered(key uint64) uint64 {
	if f.back {
		return ^key
	}
	return key
}

// next returns the page and place of the first pending transaction; nil if none is left.
func (f *frontier) next() (*page, uint32) {
	for len(f.heap) > 0 {
		key := f.ordered(f.heap[0])
		p := f.at(key)
		if i, ok := f.first(p); ok {
			return p, i
		}
		f.pop()
		var number uint32
		if f.dense != nil {
			number = f.dense[key]
		} else {
			number = f.byKey[key]
		}
		f.index(key, 0)
		f.free = append(f.free, number)
	}
	return nil, 0
}

func (f *frontier) first(p *page) (uint32, bool) {
	if f.back {
		for w := len(p.pending) - 1; w >= 0; w-- {
			if p.pending[w] != 0 {
				return uint32(w<<6 + 63 - bits.LeadingZeros64(p.pending[w])), true
			}
		}
		return 0, false
	}
	for w, word := range p.pending {
		if word != 0 {
			return uint32(w<<6 + bits.TrailingZeros64(word)), true
		}
	}
	return 0, false
}

func (p *page) id(i uint32) goshawk.TxID { return goshawk.TxID(p.key<<pageBits | uint64(i)) }

func (f *frontier) push(key uint64) {
	f.heap = append(f.heap, key)
	i := len(f.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if f.heap[up] <= f.heap[i] {
			return
		}
		f.heap[up], f.heap[i] = f.heap[i], f.heap[up]
		i = up
	}
}

func (f *frontier) pop() {
	n := len(f.heap) - 1
	f.heap[0] = f.heap[n]
	f.heap = f.heap[:n]
	i := 0
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if f.heap[c] < f.heap[least] {
				least = c
			}
		}
		if least == i {
			return
		}
		f.heap[least], f.heap[i] = f.heap[i], f.heap[least]
		i = least
	}
}
