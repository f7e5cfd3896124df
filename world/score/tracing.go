package score

import (
	"math/bits"

	"goshawk"
)

// CrimeTruth is where a crime's value went.
type CrimeTruth struct {
	// Ends is where it rests: the coins up to which an ideal trace could follow
	// it with certainty (the deposit at an exchange, the coin put into a CoinJoin,
	// the coin still unspent), and, if they are to count, the fees paid on the way.
	Ends []TrueEnd
	// Side says on which side an address is. Addresses of services and of all who
	// were not part of the crime are innocent, and so are its victims.
	Side func(address string) Side
}

// TrueEnd is an amount of the crime's value at one place. It is named, most
// precisely first, by a coin, by the transaction that paid it as a fee, or by an
// address, any coin of which counts.
type TrueEnd struct {
	Tx      goshawk.Hash // with Out or Fee
	Out     uint32
	Fee     bool
	Address string // where Tx is zero
	Amount  uint64
	Held    bool // the criminals hold it still: to find it is no more than to follow a wallet
}

// Side is the part that the owner of an address has in a crime.
type Side uint8

const (
	Nobody   Side = iota // it has no owner: data
	Criminal             // part of the crime
	Innocent
)

// Tracing says how much of a trace's answer is true. The amounts that the trace
// claims at its ends are divided into five, which sum to Claimed:
//
//   - Right: at a true end, up to that end's true amount.
//   - Own: at a criminal's address, but at no true end or beyond its amount: the
//     trace stopped early or took the wrong coin, and accuses nobody else.
//   - Wrong: at an innocent's address beyond the true amount there.
//   - Fees: in fees beyond the true ones.
//   - Lost: at outputs that nobody owns.
type Tracing struct {
	Criminal uint64 // the sum of the true ends
	Claimed  uint64 // the sum of the trace's ends whose amounts it states

	Right, Own, Wrong, Fees, Lost uint64

	Held uint64 // the part of Right that the criminals hold still

	// Touched counts the innocent addresses through which the trace led or at
	// which it ended, but for those that hold a true end and those of its starts.
	// With AtLeast the trace listed not all coins that it walked.
	Touched uint64
	AtLeast bool
}

// Found is the share of the criminal value found at the right end: Right of Criminal, its recall.
func (s *Tracing) Found() Share { return Share{s.Right, s.Criminal} }

// Precision is the share of what the trace claims that is right: Right of Claimed.
func (s *Tracing) Precision() Share { return Share{s.Right, s.Claimed} }

// Misattributed is the share wrongly attributed to innocents: Wrong of Claimed.
// A method that conserves value claims what it starts with, so that this is a
// share of the crime; for poison, of the values that it touches.
func (s *Tracing) Misattributed() Share { return Share{s.Wrong, s.Claimed} }

// place is where value can rest.
type place struct {
	tx      goshawk.Hash
	out     uint32
	fee     bool
	address string
}

func (e *TrueEnd) place() place {
	switch {
	case e.Tx == goshawk.Hash{}:
		return place{address: e.Address}
	case e.Fee:
		return place{tx: e.Tx, fee: true}
	default:
		return place{tx: e.Tx, out: e.Out}
	}
}

// Trace judges a forward trace of a crime's value. Ends without an amount are
// touched, and claim nothing. Amounts beyond 64 bits are Unsupported.
func Trace(t *goshawk.Trace, truth CrimeTruth) (*Tracing, error) {
	s := &Tracing{AtLeast: t.FlowsCut > 0}
	known := map[string]bool{} // addresses that count as no innocent touched
	left := map[place]uint64{} // what each true end still lacks
	held := map[place]bool{}
	over := false
	sum := func(total *uint64, amount uint64) {
		var carry uint64
		*total, carry = bits.Add64(*total, amount, 0)
		over = over || carry != 0
	}
	for i := range truth.Ends {
		e := &truth.Ends[i]
		at := e.place()
		if at == (place{}) {
			return nil, goshawk.Errorf(goshawk.Invalid, "a true end names neither a transaction nor an address")
		}
		amount := left[at]
		sum(&amount, e.Amount)
		left[at] = amount
		if e.Held {
			held[at] = true
		}
		sum(&s.Criminal, e.Amount)
		known[e.Address] = true
	}
	for _, start := range t.Start {
		known[start.Address] = true
	}
	// A true end that is named by its coin alone has its address from the trace.
	eachCoin(t, func(at place, address string) {
		if _, truly := left[at]; truly {
			known[address] = true
		}
	})
	eachCoin(t, func(_ place, address string) {
		if !known[address] && truth.Side(address) == Innocent {
			known[address] = true
			s.Touched++
		}
	})
	for i := range t.Ends {
		e := &t.Ends[i]
		if e.Amount == nil {
			continue
		}
		if !e.Amount.IsUint64() {
			return nil, tooMuch()
		}
		s.end(e, e.Amount.Uint64(), left, held, truth.Side, sum)
	}
	if over {
		return nil, tooMuch()
	}
	return s, nil
}

// eachCoin visits the coins that a trace walked and those at which it ended.
func eachCoin(t *goshawk.Trace, visit func(at place, address string)) {
	for i := range t.Flows {
		f := &t.Flows[i]
		visit(place{tx: f.Tx, out: f.Out}, f.Address)
	}
	for i := range t.Ends {
		if e := &t.Ends[i]; e.Out != nil && e.Address != nil {
			visit(place{tx: e.Tx, out: *e.Out}, *e.Address)
		}
	}
}

// end divides what a trace claims at one end.
func (s *Tracing) end(e *goshawk.End, amount uint64, left map[place]uint64, held map[place]bool, side func(string) Side, sum func(*uint64, uint64)) {
	sum(&s.Claimed, amount)
	right := func(at place) {
		part := min(amount, left[at])
		if part > 0 {
			left[at] -= part
			amount -= part
			s.Right += part // no more than Criminal
			if held[at] {
				s.Held += part
			}
		}
	}
	if e.Out == nil {
		right(place{tx: e.Tx, fee: true})
		sum(&s.Fees, amount)
		return
	}
	right(place{tx: e.Tx, out: *e.Out})
	who := Nobody
	if e.Address != nil {
		right(place{address: *e.Address})
		who = side(*e.Address)
	}
	switch who {
	case Criminal:
		sum(&s.Own, amount)
	case Innocent:
		sum(&s.Wrong, amount)
	default:
		sum(&s.Lost, amount)
	}
}

func tooMuch() error {
	return goshawk.Errorf(goshawk.Unsupported, "the amounts of this trace or of its truth are more than 64 bits hold")
}
