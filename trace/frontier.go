package trace

import (
	"math/bits"

	"goshawk"
)

// A page holds the coins that wait for 256 consecutive transaction ids.
const (
	pageBits = 8
	pageSize = 1 << pageBits
)

// page keeps its coins, and what is known of them, in the order in which they
// came. To leave a coin there touches the ends of its lists only; when its turn
// comes it is read from front to back.
type page struct {
	key    uint64 // of its ids, without their low bits
	coins  pile[coin]
	units  pile[interval]
	shares pile[share]
}

func (p *page) id(i uint32) goshawk.TxID { return goshawk.TxID(p.key<<pageBits | uint64(i)) }

type bitmap [pageSize / 64]uint64

func (b *bitmap) has(i uint32) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b *bitmap) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b *bitmap) clear(i uint32)    { b[i>>6] &^= 1 << (i & 63) }

// frontier is the set of coins that wait, by the transaction they wait for, in
// chain order (backward: in reverse). Every coin added waits for a transaction
// beyond the one at hand, so pages are emptied strictly in order: a heap of
// pages, and a bitmap of the one that is open.
type frontier struct {
	back  bool
	dense []uint32          // page number + 1 by key, where ids are dense
	byKey map[uint64]uint32 // the same, where they are not
	pages []*page
	free  []uint32 // page numbers
	heap  []uint64 // keys; inverted if back, so that the least comes first
	count int      // coins

	coins  pool[coin]
	units  pool[interval]
	shares pool[share]

	// The open page: its coins as lists by transaction.
	open    *page
	pending bitmap
	list    []*coin
	next    []uint32 // beside list: 1 + the next of the same transaction
	head    [pageSize]uint32
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

// at returns the page of a transaction; nil if the ledger holds no such id.
func (f *frontier) at(id goshawk.TxID) *page {
	key := uint64(id) >> pageBits
	number := f.number(key)
	if number == 0 {
		if f.dense != nil && key >= uint64(len(f.dense)) {
			return nil
		}
		number = f.begin(key)
	}
	return f.pages[number-1]
}

func (f *frontier) number(key uint64) uint32 {
	switch {
	case f.dense == nil:
		return f.byKey[key]
	case key < uint64(len(f.dense)):
		return f.dense[key]
	default:
		return 0
	}
}

func (f *frontier) begin(key uint64) uint32 {
	var number uint32
	if n := len(f.free); n > 0 {
		number = f.free[n-1]
		f.free = f.free[:n-1]
	} else {
		f.pages = append(f.pages, new(page))
		number = uint32(len(f.pages))
	}
	f.pages[number-1].key = key
	if f.dense != nil {
		f.dense[key] = number
	} else {
		f.byKey[key] = number
	}
	f.push(f.ordered(key))
	return number
}

// add makes room for a coin at a page, for one of its transactions. The caller
// fills it, all but its slot.
func (f *frontier) add(p *page, tx goshawk.TxID) *coin {
	c := p.coins.add(&f.coins)
	c.slot = uint8(tx & (pageSize - 1))
	f.count++
	if p == f.open {
		f.link(c)
	}
	return c
}

func (f *frontier) link(c *coin) {
	f.list = append(f.list, c)
	f.next = append(f.next, f.head[c.slot])
	f.head[c.slot] = uint32(len(f.list))
	f.pending.set(uint32(c.slot))
}

// first returns the place, in the open page, of the first transaction that
// coins wait for; false if no coin waits at all.
func (f *frontier) first() (uint32, bool) {
	for {
		if f.open == nil {
			if len(f.heap) == 0 {
				return 0, false
			}
			f.unfold()
		}
		if i, ok := f.inPage(); ok {
			return i, true
		}
		f.fold()
	}
}

// unfold opens the page whose turn it is.
func (f *frontier) unfold() {
	p := f.pages[f.number(f.ordered(f.heap[0]))-1]
	f.open = p
	f.list, f.next = f.list[:0], f.next[:0]
	for k := 0; k <= len(p.coins.full); k++ {
		chunk := p.coins.tail
		if k < len(p.coins.full) {
			chunk = p.coins.full[k]
		}
		for i := range chunk {
			f.link(&chunk[i])
		}
	}
}

// fold puts the open page away; nothing waits there any more.
func (f *frontier) fold() {
	p := f.open
	f.open = nil
	p.coins.empty(&f.coins)
	p.units.empty(&f.units)
	p.shares.empty(&f.shares)
	f.free = append(f.free, f.number(p.key))
	if f.dense != nil {
		f.dense[p.key] = 0
	} else {
		delete(f.byKey, p.key)
	}
	f.pop()
}

// done takes a transaction of the open page off the list, with its coins.
func (f *frontier) done(i uint32, coins int) {
	f.head[i] = 0
	f.pending.clear(i)
	f.count -= coins
}

func (f *frontier) inPage() (uint32, bool) {
	if f.back {
		for w := len(f.pending) - 1; w >= 0; w-- {
			if f.pending[w] != 0 {
				return uint32(w<<6 + 63 - bits.LeadingZeros64(f.pending[w])), true
			}
		}
		return 0, false
	}
	for w := range f.pending { // no copy: its words were just written
		if word := f.pending[w]; word != 0 {
			return uint32(w<<6 + bits.TrailingZeros64(word)), true
		}
	}
	return 0, false
}

// ordered turns keys so that the first to process is the least, and back.
func (f *frontier) ordered(key uint64) uint64 {
	if f.back {
		return ^key
	}
	return key
}

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
