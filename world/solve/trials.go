package solve

import (
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"

	"goshawk"
)

// Who buys from a market and sells there as well, under cover, knows both ends of
// an order: the payment, and what the market passed on of it. That tells the part
// which it keeps, to the unit, and a wallet that it pays from.

// trial is a row of a paper that says by which outputs a sum was paid to
// somebody, and then passed on by them.
type trial struct {
	paid, passed goshawk.Outpoint
}

// readTrials lists a table's trials. A text that is no such table has none.
func readTrials(text string) []trial {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil
	}
	var at [4]int
	for i, name := range []string{"transaction", "output", "passed_on_transaction", "passed_on_output"} {
		if at[i] = slices.Index(rows[0], name); at[i] < 0 {
			return nil
		}
	}
	var list []trial
	for _, row := range rows[1:] {
		paid, ok := parseOutpoint(row[at[0]], row[at[1]])
		passed, also := parseOutpoint(row[at[2]], row[at[3]])
		if ok && also {
			list = append(list, trial{paid, passed})
		}
	}
	return list
}

func parseOutpoint(tx, out string) (goshawk.Outpoint, bool) {
	h, err := goshawk.ParseHash(tx)
	n, wrong := strconv.ParseUint(out, 10, 32)
	return goshawk.Outpoint{Tx: h, Index: uint32(n)}, err == nil && wrong == nil
}

// tried takes for the criminals' who was paid in a trial and who passed it on, and
// learns the part of it that they agree on.
func (s *solver) tried(ctx context.Context, trials []trial) error {
	var sums [][2]uint64
	for _, t := range trials {
		s.effort.Queries++
		found, err := s.Chain.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{t.paid.Tx, t.passed.Tx}})
		if err != nil {
			return err
		}
		if slices.Contains(found.Transactions, goshawk.NoTx) {
			continue
		}
		paid, err := s.transaction(ctx, found.Transactions[0])
		if err != nil {
			return err
		}
		passedOn, err := s.transaction(ctx, found.Transactions[1])
		if err != nil {
			return err
		}
		if int(t.paid.Index) >= len(paid.Out(0)) || int(t.passed.Index) >= len(passedOn.Out(0)) || coinJoin(passedOn, 0) {
			continue
		}
		in, out := paid.Out(0)[t.paid.Index], passedOn.Out(0)[t.passed.Index]
		sums = append(sums, [2]uint64{in.Value, out.Value})
		theirs := []goshawk.AddressID{in.Address}
		for _, spent := range passedOn.In(0) {
			theirs = append(theirs, spent.Address)
		}
		for _, a := range theirs {
			if err := s.suspectAll(ctx, a); err != nil {
				return err
			}
		}
	}
	s.part = agreed(sums)
	return nil
}

// agreed returns the only part, in thousandths, in which all sums were passed on,
// each after what was paid; 0 if there is none, or more than one.
func agreed(sums [][2]uint64) uint64 {
	var found uint64
	for part := uint64(halves); part < whole && len(sums) > 0; part++ {
		if slices.ContainsFunc(sums, func(x [2]uint64) bool {
			least, most := passed(x[0], part)
			return x[1] < least || x[1] > most
		}) {
			continue
		}
		if found > 0 {
			return 0
		}
		found = part
	}
	return found
}
