package trace

import (
	"context"

	"goshawk"
)

// Compare asks the same question by several methods and sets their ends side by
// side, in chain order. Methods that the question's direction excludes are
// refused, as Run refuses them. If it is interrupted it returns the answers that
// it has, of which the last may be truncated, names the methods that it did not
// come to, and gives an Interrupted error; of no answer it then lists more than
// 10,000 ends, and sets side by side those up to where the first list breaks off.
func Compare(ctx context.Context, ledger goshawk.Ledger, q Question, methods []Method) (*goshawk.Comparison, error) {
	if len(methods) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "a comparison needs methods").WithHint("name two or more")
	}
	for _, m := range methods {
		one := q
		one.Method = m
		if err := one.check(); err != nil {
			return nil, err
		}
	}
	var results []*Result
	c := &goshawk.Comparison{}
	var stopped error
	for _, m := range methods {
		one := q
		one.Method = m
		result, err := Follow(ctx, ledger, one)
		if result == nil {
			if goshawk.CodeOf(err) == goshawk.Interrupted && len(results) > 0 {
				stopped = err
				break
			}
			return nil, err
		}
		t, wordsErr := result.Trace(ctx)
		if t == nil {
			return nil, wordsErr
		}
		results = append(results, result)
		c.Traces = append(c.Traces, t)
		if err == nil {
			err = wordsErr
		}
		if err != nil {
			stopped = err
			break
		}
	}
	for _, m := range methods[len(results):] {
		c.NotRun = append(c.NotRun, string(m))
	}
	if stopped == nil && align(ctx, c, results) {
		return c, nil
	}
	// There is no time to write down what the others found.
	for i, t := range c.Traces {
		if len(t.Ends) <= listedAfter {
			continue
		}
		if results[i].shorten(t, listedAfter); stopped == nil {
			stopped = goshawk.Errorf(goshawk.Interrupted, "interrupted while answers were set side by side: %w", ctx.Err())
		}
	}
	align(context.WithoutCancel(ctx), c, results)
	return c, stopped
}

// align merges the ends of all answers, which are in the same order. Beyond where
// an interrupted list breaks off it cannot say what its method found. It gives up,
// and says so, if it is interrupted itself.
func align(ctx context.Context, c *goshawk.Comparison, results []*Result) (done bool) {
	at := make([]int, len(results))
	most := 0
	for _, t := range c.Traces {
		most = max(most, len(t.Ends))
	}
	c.Ends = make([]goshawk.ComparisonEnd, 0, most)
	var room []*goshawk.Units
	var nothing goshawk.Units
	for {
		if len(c.Ends)%1024 == 0 && ctx.Err() != nil {
			return false
		}
		first := -1
		for m, r := range results {
			if at[m] == len(c.Traces[m].Ends) && at[m] < r.count {
				return true
			}
			if at[m] < len(c.Traces[m].Ends) && (first < 0 || position(results[m], at[m], results[first], at[first]) < 0) {
				first = m
			}
		}
		if first < 0 {
			return true
		}
		if len(room) == 0 {
			room = make([]*goshawk.Units, 1024*len(results))
		}
		x := &c.Traces[first].Ends[at[first]]
		line := goshawk.ComparisonEnd{Kind: x.Kind, Tx: x.Tx, Out: x.Out, Address: x.Address, Label: x.Label, Amounts: room[:len(results):len(results)]}
		room = room[len(results):]
		reference, from := results[first], at[first]
		missed, unknown := false, false
		for m := range results {
			claims := results[m].e.q.Method != Poison
			if at[m] >= len(c.Traces[m].Ends) || position(results[m], at[m], reference, from) != 0 {
				missed = missed || claims
				continue
			}
			amount := c.Traces[m].Ends[at[m]].Amount
			at[m]++
			line.Amounts[m] = amount
			if amount == nil {
				if line.Unknown == nil {
					line.Unknown = make([]bool, len(results))
				}
				line.Unknown[m], unknown = true, unknown || claims
				continue
			}
			if !claims {
				continue
			}
			if line.Least == nil || amount.Lt(line.Least) {
				line.Least = amount
			}
			if line.Most == nil || amount.Gt(line.Most) {
				line.Most = amount
			}
		}
		switch {
		case unknown:
			line.Least, line.Most = nil, nil
		case line.Least != nil && missed:
			line.Least = &nothing
		}
		c.Ends = append(c.Ends, line)
	}
}

// position compares ends of two results by their place in answers.
func position(a *Result, i int, b *Result, j int) int {
	return compareEnds(&a.e.found, &a.ends[i], &b.e.found, &b.ends[j])
}
