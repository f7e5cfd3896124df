package account

import (
	"math/bits"
	"slices"
	"time"

	"goshawk"
)

// Method is a rule for which units leave an account.
type Method string

const (
	// FIFO takes the oldest credit first: Clayton's Case, Devaynes v Noble (1816) 1
	// Mer 529, 572.
	FIFO Method = "fifo"
	// LIFO takes the newest credit first.
	LIFO Method = "lifo"
	// ProRata takes of every credit the same share: at each debit, tainted units
	// leave in the proportion in which the balance holds them (the rolling charge;
	// Barlow Clowes v Vaughan [1992] 4 All ER 22 discusses it).
	ProRata Method = "pro-rata"
	// LowestBalance takes the holder's own units first, and what was paid out of the
	// tainted ones is not made good by later credits: the claim is never more than
	// the lowest balance since (James Roscoe (Bolton) Ltd v Winder [1915] 1 Ch 62;
	// Restatement (Third) of Restitution and Unjust Enrichment § 59 (2011)).
	LowestBalance Method = "lowest-balance"
)

// Methods lists them.
func Methods() []Method { return []Method{FIFO, LIFO, ProRata, LowestBalance} }

// Line is one line of an account: units that came in, or went out. Lines stand in
// the order in which the service booked them.
type Line struct {
	ID      string    // the caller's: a transaction, a reference
	At      time.Time // not before the line above it
	Credit  uint64    // units that came in; 0 for a debit
	Debit   uint64    // units that went out; 0 for a credit
	Tainted uint64    // of a credit: how many of its units are followed
}

// Part is how many tainted units of one credit went with a debit, or stayed.
type Part struct {
	Line  int    `json:"line"` // the credit's place among the lines, from 0
	Units uint64 `json:"units,string"`
}

// Out is what of the tainted units went with one debit.
type Out struct {
	Line  int    `json:"line"` // the debit's place among the lines, from 0
	Units uint64 `json:"units,string"`
	Parts []Part `json:"parts"` // in the order of the credits
}

// Result is where the tainted units are, by one method. What went out and what is
// left is what came in, to the unit, of every credit.
type Result struct {
	Method Method `json:"method"`
	Outs   []Out  `json:"outs"` // debits that took any, in order
	Left   uint64 `json:"left,string"`
	Parts  []Part `json:"parts"` // of what is left
}

// lot is what an account still holds of one credit. The opening balance is the lot
// before the first line.
type lot struct {
	line           int
	units, tainted uint64
}

// Follow says what a method makes of an account's lines, over an opening balance of
// which nothing is followed. Lines that cannot be, a debit of more than there is
// among them, are an Invalid error: the service's list then leaves something out.
//
// Which units of a credit are followed no book says: taking a part of a credit
// takes the same part of its tainted units, rounded down; the last part takes the rest.
func Follow(opening uint64, lines []Line, m Method) (*Result, error) {
	if !slices.Contains(Methods(), m) {
		return nil, goshawk.Errorf(goshawk.Invalid, "there is no method %q for accounts", m).WithHint("choose fifo, lifo, pro-rata or lowest-balance")
	}
	r := &Result{Method: m, Outs: []Out{}, Parts: []Part{}}
	lots := []lot{{line: -1, units: opening}}
	balance, looked := opening, 0
	for i := range lines {
		l := &lines[i]
		var over uint64
		switch {
		case (l.Credit > 0) == (l.Debit > 0):
			return nil, bad(i, l, "it must be a credit or a debit, of something")
		case l.Tainted > l.Credit:
			return nil, bad(i, l, "more of it is followed than came in")
		case i > 0 && l.At.Before(lines[i-1].At):
			return nil, bad(i, l, "it is earlier than the line above it")
		case l.Credit > 0:
			if balance, over = bits.Add64(balance, l.Credit, 0); over > 0 {
				return nil, bad(i, l, "the balance is larger than any can be")
			}
			// Where it makes no difference, credits of which nothing is followed are one lot: a trader's account has
			// a hundred thousand. By pro rata each has a rounding of its own.
			if last := len(lots) - 1; m != ProRata && l.Tainted == 0 && last >= 0 && lots[last].tainted == 0 {
				lots[last].units += l.Credit
				continue
			}
			lots = append(lots, lot{i, l.Credit, l.Tainted})
			continue
		case l.Debit > balance:
			return nil, bad(i, l, "it pays out more than the account holds: a credit or the opening balance is missing")
		}
		if looked += len(lots); looked > mostLooks {
			return nil, goshawk.Errorf(goshawk.Invalid, "the account has too many lines to be followed by %s", m).WithHint("ask about fewer accounts or a shorter time in one file, or take another method")
		}
		o := Out{Line: i}
		for _, p := range take(lots, l.Debit, balance, m) {
			o.Units += p.Units
			o.Parts = append(o.Parts, p)
		}
		balance -= l.Debit
		lots = slices.DeleteFunc(lots, func(x lot) bool { return x.units == 0 })
		if o.Units > 0 {
			r.Outs = append(r.Outs, o)
		}
	}
	for _, x := range lots {
		if x.tainted > 0 {
			r.Left += x.tainted
			r.Parts = append(r.Parts, Part{x.line, x.tainted})
		}
	}
	return r, nil
}

// mostLooks bounds the work: each debit looks at every credit that is left. It is some seconds'.
const mostLooks = 200_000_000

func bad(i int, l *Line, why string) error {
	return goshawk.Errorf(goshawk.Invalid, "line %d of the account (%s) cannot be: %s", i+1, l.ID, why).WithHint("ask the service for the whole list, and compare its balances")
}

// take takes units out of lots, and returns the tainted ones by credit, in the order of the credits.
func take(lots []lot, units, balance uint64, m Method) []Part {
	var parts []Part
	from := func(x *lot, n, tainted uint64) {
		x.units -= n
		x.tainted -= tainted
		if tainted > 0 {
			parts = append(parts, Part{x.line, tainted})
		}
	}
	switch m {
	case FIFO, LIFO:
		for i := range lots {
			x := &lots[i]
			if m == LIFO {
				x = &lots[len(lots)-1-i]
			}
			if n := min(units, x.units); n > 0 {
				from(x, n, share(x.tainted, n, x.units))
				units -= n
			}
		}
	case ProRata:
		// So many units of each lot, the odd ones of the oldest; of each then as above.
		counts := make([]uint64, len(lots))
		left := units
		for i := range lots {
			counts[i] = share(lots[i].units, units, balance)
			left -= counts[i]
		}
		for left > 0 { // fewer than there are lots
			for i := range lots {
				if left > 0 && counts[i] < lots[i].units {
					counts[i]++
					left--
				}
			}
		}
		for i := range lots {
			if counts[i] > 0 {
				from(&lots[i], counts[i], share(lots[i].tainted, counts[i], lots[i].units))
			}
		}
	case LowestBalance:
		for i := range lots { // the holder's own, the oldest first
			x := &lots[i]
			n := min(units, x.units-x.tainted)
			from(x, n, 0)
			units -= n
		}
		for i := range lots {
			x := &lots[i]
			n := min(units, x.units)
			from(x, n, n) // nothing else is left in it
			units -= n
		}
	}
	slices.SortFunc(parts, func(a, b Part) int { return a.Line - b.Line })
	return parts
}

// share is floor(a × n ÷ of); n is at most of.
func share(a, n, of uint64) uint64 {
	high, low := bits.Mul64(a, n)
	q, _ := bits.Div64(high, low, of)
	return q
}
