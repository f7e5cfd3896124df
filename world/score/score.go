// Package score measures: how much a chain looks like the real one, and how
// well clusters, detectors and traces agree with a known truth.
//
// It measures against whatever truth it is handed and knows no generator. Its
// figures describe the program on chains whose truth is known; none of them is
// the probability that a finding in a real case is wrong, and this package never
// offers one. It decides no ownership, follows no coin and writes no chain. It
// is pure: the same ledger, truth and seed give the same figures to the last
// bit on every machine. So it takes logarithms and exponentials from integers
// (number.go), and converts each product that is summed explicitly, which forbids
// the compiler to fuse the two; products with powers of two are exact anyway.
package score

import (
	"context"

	"goshawk"
)

// Share is an exact part of a whole, such as 3 of 7 transactions.
type Share struct {
	Part, Whole uint64
}

// Known says whether there is a whole to have a share of.
func (s Share) Known() bool { return s.Whole > 0 }

// Value returns the share between 0 and 1, or NaN where there is no whole: a
// detector that never speaks has no precision.
func (s Share) Value() float64 {
	if s.Whole == 0 {
		return undefined()
	}
	return float64(s.Part) / float64(s.Whole)
}

// add counts one more of the whole, and of the part if in is true.
func (s *Share) add(in bool) {
	s.Whole++
	if in {
		s.Part++
	}
}

// Detection counts the answers of a detector against the truth: a CoinJoin rule
// over transactions, a change heuristic over outputs, deposit detection over
// addresses, peel following over hops.
type Detection struct {
	True   uint64 // found, and so it is
	False  uint64 // found, and it is not
	Missed uint64 // not found, though it is
	Other  uint64 // neither found nor so
}

// Count adds one answer.
func (d *Detection) Count(found, so bool) {
	switch {
	case found && so:
		d.True++
	case found:
		d.False++
	case so:
		d.Missed++
	default:
		d.Other++
	}
}

// Add adds another detection's counts, as of another part of the same chain.
func (d *Detection) Add(e Detection) {
	d.True += e.True
	d.False += e.False
	d.Missed += e.Missed
	d.Other += e.Other
}

// Precision is how much of what was found is so.
func (d Detection) Precision() Share { return Share{d.True, d.True + d.False} }

// Recall is how much of what is so was found.
func (d Detection) Recall() Share { return Share{d.True, d.True + d.Missed} }

// F1 is the harmonic mean of precision and recall.
func (d Detection) F1() Share { return Share{2 * d.True, 2*d.True + d.False + d.Missed} }

func interrupted(ctx context.Context) error {
	return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
}

// every returns an error each few thousand steps of a loop if ctx has ended.
func every(ctx context.Context, step int) error {
	if step&4095 == 0 && ctx.Err() != nil {
		return interrupted(ctx)
	}
	return nil
}

// dense returns the ledger's head if it numbers densely, which all measures here need.
func dense(ctx context.Context, l goshawk.Ledger) (goshawk.Head, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return head, err
	}
	if head.Transactions == 0 || head.Addresses == 0 {
		return head, goshawk.Errorf(goshawk.Unsupported, "this ledger does not number its transactions and addresses densely, or holds none").
			WithHint("measure a ledger that was made by goshawk ingest")
	}
	return head, nil
}

// spentCoins appends the coins that a batch spends and the ledger holds, in the
// order of the inputs that are Linked.
func spentCoins(ctx context.Context, l goshawk.Ledger, batch *goshawk.Transactions, ids []goshawk.OutputID) ([]goshawk.Coin, []goshawk.OutputID, error) {
	ids = ids[:0]
	for i := range batch.Inputs {
		if batch.Inputs[i].Link == goshawk.Linked {
			ids = append(ids, batch.Inputs[i].Spent)
		}
	}
	coins, err := l.Outputs(ctx, ids)
	return coins, ids, err
}
