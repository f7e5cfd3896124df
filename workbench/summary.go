package workbench

import (
	"slices"

	"goshawk"
)

// mostSummed is how many ends a run's record lists; the exhibit lists them all.
const mostSummed = 500

// summarise is what a run's record says of an answer.
func summarise(t *goshawk.Trace) *RunSummary {
	s := &RunSummary{Method: t.Method, Direction: t.Direction, Network: t.Network, Ticker: t.Asset.Ticker, Decimals: int(t.Asset.Decimals), Version: t.Version,
		Height: t.Ledger.Height, Block: t.Ledger.Hash.String(), Started: len(t.Start), Steps: t.Steps, Truncated: t.Truncated, Totals: totals(t), Warnings: t.Warnings}
	for i := range t.Labels {
		s.Labels = append(s.Labels, t.Labels[i].Hash)
	}
	var sum goshawk.Units
	for i := range t.Start {
		sum.Add(&sum, &t.Start[i].Amount)
	}
	s.Amount = sum.Dec()
	order := make([]int, len(t.Ends))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return larger(t.Ends[a].Amount, t.Ends[b].Amount) })
	for _, i := range order[:min(len(order), mostSummed)] {
		e := &t.Ends[i]
		end := RunEnd{Kind: string(e.Kind), Tx: e.Tx.String(), Out: e.Out, Address: e.Address, Amount: decimal(e.Amount), Hops: e.Hops, Time: moment(e.Time), Height: e.Height,
			Label: runLabel(e.Label), Candidates: e.Candidates, Note: e.Note}
		if e.Sweep != nil {
			end.Sweep = e.Sweep.String()
		}
		s.Ends = append(s.Ends, end)
	}
	s.EndsCut = len(order) - len(s.Ends)
	return s
}

// summariseAll is what a run's record says of a comparison.
func summariseAll(c *goshawk.Comparison) *RunSummary {
	s := summarise(c.Traces[0])
	s.Method, s.Totals, s.Ends, s.EndsCut, s.Steps = "", nil, nil, 0, 0
	for _, t := range c.Traces {
		s.Methods = append(s.Methods, t.Method)
		s.Each = append(s.Each, RunOfMethod{t.Method, t.Steps, t.Truncated, totals(t)})
		s.Steps += t.Steps
		s.Truncated = s.Truncated || t.Truncated
		for _, w := range t.Warnings {
			if !slices.Contains(s.Warnings, w) {
				s.Warnings = append(s.Warnings, w)
			}
		}
	}
	if len(c.NotRun) > 0 {
		s.Truncated = true
	}
	order := make([]int, len(c.Ends))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return larger(c.Ends[a].Most, c.Ends[b].Most) })
	one := reachedBy(c)
	for _, i := range order[:min(len(order), mostSummed)] {
		e := &c.Ends[i]
		end := RunEnd{Kind: string(e.Kind), Tx: e.Tx.String(), Out: e.Out, Address: e.Address, Label: runLabel(e.Label), Least: decimal(e.Least), Most: decimal(e.Most)}
		if t := one[i]; t != nil {
			end.Time, end.Height, end.Candidates, end.Note = moment(t.Time), t.Height, t.Candidates, t.Note
			if t.Sweep != nil {
				end.Sweep = t.Sweep.String()
			}
		}
		for _, a := range e.Amounts {
			end.Amounts = append(end.Amounts, decimal(a))
		}
		s.Ends = append(s.Ends, end)
	}
	s.EndsCut = len(order) - len(s.Ends)
	return s
}

// reachedBy finds, for each end of a comparison, that end of the first method that reaches it: what a comparison does
// not say of its ends (when, by which sweep, of how many candidates) is the same in every method's answer. Nil where
// a list broke off.
func reachedBy(c *goshawk.Comparison) []*goshawk.End {
	list := make([]*goshawk.End, len(c.Ends))
	at := make([]int, len(c.Traces))
	for i := range c.Ends {
		e := &c.Ends[i]
		for m, t := range c.Traces { // both lists are in the order of the chain
			if at[m] >= len(t.Ends) || e.Amounts[m] == nil && !(e.Unknown != nil && e.Unknown[m]) {
				continue
			}
			if x := &t.Ends[at[m]]; x.Kind == e.Kind && x.Tx == e.Tx {
				at[m]++
				if list[i] == nil || x.Candidates > list[i].Candidates {
					list[i] = x
				}
			}
		}
	}
	return list
}

func totals(t *goshawk.Trace) map[string]RunTotal {
	m := map[string]RunTotal{}
	for i := range t.Totals {
		k := &t.Totals[i]
		m[string(k.Kind)] = RunTotal{k.Amount.Dec(), k.Count, k.Unknown}
	}
	return m
}

func decimal(u *goshawk.Units) *string {
	if u == nil {
		return nil
	}
	s := u.Dec()
	return &s
}

// larger orders amounts the largest first, and those that nobody knows last.
func larger(a, b *goshawk.Units) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return b.Cmp(a)
}

func runLabel(l *goshawk.Label) *RunLabel {
	if l == nil {
		return nil
	}
	w := labelWords(l)
	return &RunLabel{w.Text, w.Confidence, w.Words, w.Category, w.Source}
}
