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
// start, direction, parameters, label files, program version, and the ledger's last block. Largest first, at most 200.
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
	return strings.Join([]string{r.Ledger, r.Block, r.Direction, r.Version, fmt.Sprint(r.Parameters), strings.Join(r.Labels, " "), strings.Join(starts, " ")}, "\n")
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
	at := map[string][]int{} // BIP 30: two of one name
	var list []CaseRange
	var listed []map[int]bool // of each end, by which methods it is listed
	for _, r := range runs {
		met := map[string]int{}
		for i := range r.Ends {
			e := &r.Ends[i]
			key := e.Kind + " " + e.Tx
			if e.Out != nil {
				key += fmt.Sprint(":", *e.Out)
			}
			nth := met[key]
			met[key]++
			if nth == len(at[key]) {
				at[key] = append(at[key], len(list))
				list = append(list, CaseRange{Runs: names, Kind: e.Kind, Tx: e.Tx, Out: e.Out, Address: e.Address, Label: e.Label, Direction: r.Direction, Methods: methods, Amounts: make([]*string, len(methods)),
					Ticker: r.Ticker, Decimals: r.Decimals})
				listed = append(listed, map[int]bool{})
			}
			n := at[key][nth]
			for k, m := range r.Methods {
				method := slices.Index(methods, m)
				listed[n][method] = true
				if k < len(e.Amounts) && e.Amounts[k] != nil {
					list[n].Amounts[method] = e.Amounts[k]
				}
			}
		}
	}
	for i := range list {
		list[i].bounds(func(method int) (*goshawk.Units, bool) {
			if listed[i][method] {
				return nil, false
			}
			return beyond(runs, methods[method])
		})
	}
	return list
}

// beyond says whether an end that no list of a method names may be reached by it all the same, because all of its
// lists are cut; and what it is at most: lists have the largest first.
func beyond(runs []*CaseRun, method string) (most *goshawk.Units, cut bool) {
	for _, r := range runs {
		if !slices.Contains(r.Methods, method) {
			continue
		}
		if r.EndsCut == 0 {
			return nil, false
		}
		var last *goshawk.Units
		if n := len(r.Ends); n > 0 {
			for k, m := range r.Methods {
				if u := units(at(r.Ends[n-1].Amounts, k)); u != nil && m != "poison" && (last == nil || u.Gt(last)) {
					last = u
				}
			}
		}
		if cut = true; last != nil && (most == nil || last.Lt(most)) {
			most = last
		}
	}
	return most, cut
}

// bounds sets the least and the most. A method that does not reach an end claims nothing
// of it, unless its list of ends is not whole: then nobody can say the least, and the most
// is what it can be. Both are nil where no method claims anything.
func (r *CaseRange) bounds(beyond func(method int) (*goshawk.Units, bool)) {
	zero, unsure, claimed := "0", false, false
	for k, m := range r.Methods {
		if m == "poison" {
			continue
		}
		amount := r.Amounts[k]
		claimed = claimed || amount != nil
		if amount == nil {
			amount = &zero
			if most, cut := beyond(k); cut {
				unsure = true
				if most != nil {
					s := most.Dec()
					amount = &s
				}
			}
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
	if unsure || !claimed {
		r.Least = nil
	}
	if !claimed && !unsure {
		r.Most = nil
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
