package trace

import (
	"math/bits"

	"goshawk"
)

// The kinds of ends, in the order in which they are tried.
const (
	kindNone uint8 = iota
	kindStart
	kindBurnt
	kindService
	kindCoinJoin
	kindUnresolved
	kindOrigin
	kindUnspent
	kindLimit
	kindFee
	kindsCount
)

func kindName(k uint8) goshawk.EndKind {
	return [kindsCount]goshawk.EndKind{"", goshawk.EndStart, goshawk.EndBurnt, goshawk.EndService, goshawk.EndCoinJoin,
		goshawk.EndUnresolved, goshawk.EndOrigin, goshawk.EndUnspent, goshawk.EndLimit, goshawk.EndFee}[k]
}

// What stopped a trace, where the kind does not say it.
const (
	noteNone uint8 = iota
	noteHops
	noteAmount
	noteUntil
	noteInterrupted
	noteUnresolved
	noteAge
	noteBefore
	noteUnknown
	notesCount
)

func noteText(n uint8, backward bool) string {
	texts := [notesCount]string{"",
		"at the limit of hops",
		"below the least amount",
		"spent after the time limit",
		"the trace was interrupted before it came to this coin",
		"the transaction that spends it has an input that the ledger cannot resolve",
		"the order of age of the coins spent with it is not known",
		"created before the ledger's first block",
		"the ledger cannot resolve this input",
	}
	if backward {
		switch n {
		case noteUntil:
			return "created before the time limit"
		case noteUnresolved:
			return "the transaction that created it has an input that the ledger cannot resolve"
		case noteAge:
			return "the order of age of the coins that paid for it is not known"
		}
	}
	return texts[n]
}

// end is an end before it is put into words.
type end struct {
	tx      goshawk.TxID
	amount  uint64
	address goshawk.AddressID
	index   uint32 // none for a fee
	hop     uint32
	extra   uint32 // 1 + its place in extras; 0 for nothing extra
	kind    uint8
	note    uint8
	unknown bool // nobody can say how much
	foreign bool // its coin is not in the ledger: tx is its place in foreigns
}

// plainFee is the end of units that became a fee, where there is no more to
// say: most ends are of this kind.
type plainFee struct {
	amount uint64
	at     uint64 // transaction, and hop in the low bits
}

const plainHopBits = 26

// end returns it as any other end.
func (f plainFee) end() end {
	return end{tx: goshawk.TxID(f.at >> plainHopBits), index: none, amount: f.amount, address: goshawk.NoAddress,
		hop: uint32(f.at & (1<<plainHopBits - 1)), kind: kindFee}
}

// extra is what few ends have.
type extra struct {
	sweep  goshawk.TxID // NoTx for none
	mixed  uint32
	shares run
}

// foreign is a coin that is not in the ledger.
type foreign struct {
	outpoint goshawk.Outpoint
	height   int32
	spender  goshawk.TxID
}

// flow is a coin to be drawn.
type flow struct {
	place
	address goshawk.AddressID
	amount  uint64
	value   uint64
	hop     uint32
	next    goshawk.TxID
}

type sum struct{ hi, lo uint64 }

// findings collects what a trace found.
type findings struct {
	ordered list[end]      // ends in chain order
	plain   list[plainFee] // the same
	tardy   list[end]      // ends in any order
	extras  []extra
	foreign []foreign
	shares  pile[share]
	room    pool[share]
	sums    [kindsCount]sum
	counts  [kindsCount]int
	unknown [kindsCount]int // of these, those whose amount nobody can say
	flows   []flow
	most    int // flows
	cut     uint64
	mixes   uint64 // CoinJoins walked through
}

// list is an append-only list that never moves its items.
type list[T any] struct {
	tail []T
	full [][]T
	n    int // items in full
}

// add appends an empty item.
func (l *list[T]) add() *T {
	n := len(l.tail)
	if n == cap(l.tail) {
		l.grow()
		n = 0
	}
	l.tail = l.tail[:n+1]
	return &l.tail[n]
}

func (l *list[T]) grow() {
	const least, most = 32, 1 << 13
	if l.tail != nil {
		l.full = append(l.full, l.tail)
		l.n += len(l.tail)
	}
	l.tail = make([]T, 0, min(most, max(least, l.n)))
}

func (l *list[T]) count() int { return l.n + len(l.tail) }

func (l *list[T]) chunks() [][]T { return append(l.full[:len(l.full):len(l.full)], l.tail) }

func (f *findings) init(q *Question) {
	f.most = q.Flows
	if f.most == 0 {
		f.most = defaultFlows
	}
}

func (f *findings) count(kind uint8, amount uint64) {
	s := &f.sums[kind]
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, amount, 0)
	s.hi += carry
	f.counts[kind]++
}

// ends is the number of all ends.
func (f *findings) ends() int { return f.ordered.count() + f.plain.count() + f.tardy.count() }

// inOrder adds an end that lies after all those added so before, in chain
// order. The caller fills in the rest.
func (f *findings) inOrder(kind uint8, amount uint64) *end {
	f.count(kind, amount)
	x := f.ordered.add()
	x.kind, x.amount = kind, amount
	return x
}

// fee adds a plain fee that lies after all those before; false if it does not fit.
func (f *findings) fee(tx goshawk.TxID, amount uint64, hop uint32) bool {
	if tx>>(64-plainHopBits) != 0 || hop>>plainHopBits != 0 {
		return false
	}
	f.count(kindFee, amount)
	x := f.plain.add()
	x.amount, x.at = amount, uint64(tx)<<plainHopBits|uint64(hop)
	return true
}

// late adds an end in any order.
func (f *findings) late(x end) *end {
	f.count(x.kind, x.amount)
	if x.unknown {
		f.unknown[x.kind]++
	}
	at := f.tardy.add()
	*at = x
	return at
}

// more returns an end's extras, which begin empty. It is valid until the next call.
func (f *findings) more(x *end) *extra {
	if x.extra == 0 {
		f.extras = append(f.extras, extra{sweep: goshawk.NoTx})
		x.extra = uint32(len(f.extras))
	}
	return &f.extras[x.extra-1]
}

// of returns what an end has beyond the rest; nil for nothing.
func (f *findings) of(x *end) *extra {
	if x.extra == 0 {
		return nil
	}
	return &f.extras[x.extra-1]
}

func (f *findings) candidates(x *end, n uint32) {
	if n > 0 {
		f.more(x).mixed = n
	}
}

func (f *findings) shared(x *end, parts []share) { f.more(x).shares = f.shares.put(&f.room, parts) }

// listed says whether the next coin is to be listed for drawings, and counts
// it if not.
func (f *findings) listed() bool {
	if len(f.flows) < f.most {
		return true
	}
	f.cut++
	return false
}

func (f *findings) total(kind uint8) goshawk.Units {
	var u goshawk.Units
	u[0], u[1] = f.sums[kind].lo, f.sums[kind].hi
	return u
}
