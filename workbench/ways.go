package workbench

import (
	"cmp"
	"slices"

	"goshawk"
)

// laidEnd is an end of a trace as its answer has it.
type laidEnd struct {
	Kind string       `json:"kind"`
	Tx   goshawk.Hash `json:"tx"`
	Out  *uint32      `json:"out"`
	Text *string      `json:"amount"`

	Address *string        `json:"address"`
	Label   *goshawk.Label `json:"label_detail"`
	Sweep   *goshawk.Hash  `json:"sweep"`
}

// ways leaves in traces only the coins on the ways to the largest ends, and returns how many coins it left
// out. The same ends are taken for every method, the largest by what any method says, so that
// methods can be looked at side by side. Of several coins by which value came to an end, the way
// goes along the one that carried most; what the other coins carried is on no line, and the scope says so.
func ways(traces []answered, most int) (left uint64) {
	largest := map[goshawk.Outpoint]*goshawk.Units{}
	for i := range traces {
		for _, e := range traces[i].Ends {
			if e.Out == nil || e.Text == nil {
				continue // fees, and amounts that nobody can say
			}
			var v goshawk.Units
			if v.SetFromDecimal(*e.Text) != nil {
				continue
			}
			at := goshawk.Outpoint{Tx: e.Tx, Index: *e.Out}
			if has := largest[at]; has == nil || has.Lt(&v) {
				largest[at] = &v
			}
		}
	}
	order := make([]goshawk.Outpoint, 0, len(largest))
	for o := range largest {
		order = append(order, o)
	}
	slices.SortFunc(order, func(a, b goshawk.Outpoint) int {
		return cmp.Or(largest[b].Cmp(largest[a]), cmp.Compare(a.String(), b.String()))
	})
	order = order[:min(len(order), most)]
	for i := range traces {
		n := len(traces[i].Flows)
		traces[i].Flows = onWays(&traces[i], order)
		left += uint64(n - len(traces[i].Flows))
	}
	return left
}

// onWays is the coins of one method's flow on the ways to some ends, in the flow's order.
func onWays(a *answered, ends []goshawk.Outpoint) []laidFlow {
	coins := map[goshawk.Outpoint]int{}
	into := map[goshawk.Hash][]int{} // the coins nearer to the start, by the transaction between
	for i, f := range a.Flows {
		coins[goshawk.Outpoint{Tx: f.Tx, Index: f.Out}] = i
		if a.Back == "backward" {
			into[f.Tx] = append(into[f.Tx], i)
		} else if f.Spender != nil {
			into[*f.Spender] = append(into[*f.Spender], i)
		}
	}
	keep := make([]bool, len(a.Flows))
	for _, e := range ends {
		for i, on := coins[e]; on && !keep[i]; {
			keep[i] = true
			between := &a.Flows[i].Tx
			if a.Back == "backward" {
				between = a.Flows[i].Spender
			}
			if between == nil {
				break
			}
			on = false
			var largest goshawk.Units
			for _, j := range into[*between] {
				var v goshawk.Units
				if v.SetFromDecimal(a.Flows[j].Amount) == nil && (!on || largest.Lt(&v)) {
					i, on, largest = j, true, v
				}
			}
		}
	}
	kept := make([]laidFlow, 0, len(ends))
	for i, f := range a.Flows {
		if keep[i] {
			kept = append(kept, f)
		}
	}
	return kept
}
