package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"goshawk"
)

// mostRanges is how many ends a report says ranges of; the traces' exhibits have them all.
const mostRanges = 200

// Ranges says of each end of traces that ended well between which amounts it is over the
// methods. Traces are of one question where they differ in nothing but their methods:
// start, direction, parameters, and the ledger's last block. Largest first, at most 200.
func Ranges(runs []CaseRun) []CaseRange {
	type group struct {
		runs []*CaseRun
	}
	groups := map[string]*group{}
	var order []string
	for i := range runs {
		r := &runs[i]
		if r.State != "done" || r.Truncated || len(r.Methods) == 0 {
			continue
		}
		key := r.question()
		if groups[key] == nil {
			groups[key] = &group{}
			order = append(order, key)
		}
		groups[key].runs = append(groups[key].runs, r)
	}
	var all []CaseRange
	for _, key := range order {
		all = append(all, rangesOf(groups[key].runs)...)
	}
	slices.SortStableFunc(all, func(a, b CaseRange) int { return cmp.Or(more(units(a.Most), units(b.Most)), cmp.Compare(a.Tx, b.Tx)) })
	return all[:min(len(all), mostRanges)]
}

// question is all that a trace was asked but its methods.
func (r *CaseRun) question() string {
	starts := slices.Sorted(slices.Values(r.Starts))
	return strings.Join([]string{r.Ledger, r.Block, r.Direction, fmt.Sprint(r.Parameters), strings.Join(starts, " ")}, "\n")
}

// rangesOf puts the ends of traces of one question side by side.
func rangesOf(runs []*CaseRun) []CaseRange {
	var methods, names []string
	for _, r := range runs {
		names = append(names, r.Number)
		for _, m := range r.Methods {
			if !slices.Contains(methods, m) {
				methods = append(methods, m)
			}
		}
	}
	at := map[string]int{}
	var list []CaseRange
	cut := map[string]bool{} // methods whose list of ends is not whole: what is not in it may still be reached
	for _, r := range runs {
		for i := range r.Ends {
			e := &r.Ends[i]
			key := e.Kind + " " + e.Tx
			if e.Out != nil {
				key += fmt.Sprint(":", *e.Out)
			}
			n, known := at[key]
			if !known {
				n = len(list)
				at[key] = n
				list = append(list, CaseRange{Runs: names, Kind: e.Kind, Tx: e.Tx, Out: e.Out, Address: e.Address, Label: e.Label, Methods: methods, Amounts: make([]*string, len(methods)), Ticker: r.Ticker, Decimals: r.Decimals})
			}
			for k, m := range r.Methods {
				if k < len(e.Amounts) && e.Amounts[k] != nil {
					list[n].Amounts[slices.Index(methods, m)] = e.Amounts[k]
				}
			}
		}
		for _, m := range r.Methods {
			cut[m] = cut[m] || r.EndsCut > 0
		}
	}
	for i := range list {
		list[i].bounds(cut)
	}
	return list
}

// bounds sets the least and the most. A method that does not reach an end claims nothing
// of it, unless its list of ends is not whole: then nobody can say the least.
func (r *CaseRange) bounds(cut map[string]bool) {
	zero, unsure := "0", false
	for k, m := range r.Methods {
		if m == "poison" {
			continue
		}
		amount := r.Amounts[k]
		if amount == nil {
			amount = &zero
			unsure = unsure || cut[m]
		}
		u := units(amount)
		if u == nil {
			continue
		}
		if least := units(r.Least); least == nil || u.Lt(least) {
			r.Least = amount
		}
		if most := units(r.Most); most == nil || u.Gt(most) {
			r.Most = amount
		}
	}
	if unsure {
		r.Least = nil
	}
}

// units reads an amount of smallest units; nil where there is none.
func units(s *string) *goshawk.Units {
	var n goshawk.Units
	if s == nil || n.SetFromDecimal(*s) != nil {
		return nil
	}
	return &n
}
