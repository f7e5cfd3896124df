package cluster

import (
	"context"
	"math/bits"
	"strconv"

	"goshawk"
)

// Hint is what one heuristic says of one transaction: an output that is
// consistent with change. Hints are shown, and merge nothing.
type Hint struct {
	Output     uint32 `json:"output"`
	Heuristic  string `json:"heuristic"`  // with its version; "!round-value/1" for an output without the property
	Confidence string `json:"confidence"` // in words: strong, moderate, weak
	Saw        string `json:"saw"`
}

// Hints asks every heuristic, and the combination OneTimeChange, which output of
// a transaction looks like change. A heuristic that leaves none or several says
// nothing, and so does one about first uses where the ledger lacks what came
// before. Transactions that exclude (which may be nil) takes for CoinJoins have no hints.
func Hints(ctx context.Context, l goshawk.Ledger, id goshawk.TxID, exclude Exclude) ([]Hint, error) {
	all, err := Parse(OneTimeChange)
	if err != nil {
		return nil, err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	whole := head.Start == 0 && !head.Partial
	f := NewFinder(l, all)
	for i := range heuristics {
		f.needs |= heuristics[i].needs
	}
	var batch goshawk.Transactions
	if err := l.Transactions(ctx, []goshawk.TxID{id}, f.Want(), &batch); err != nil {
		return nil, err
	}
	if exclude != nil && exclude(&batch, 0) {
		return nil, nil
	}
	together, err := f.Changes(ctx, &batch)
	if err != nil {
		return nil, err
	}
	s := f.look(&batch, 0)
	if s == nil {
		return nil, nil
	}
	var hints []Hint
	for _, h := range heuristics {
		if h.needs&needFresh != 0 && !whole {
			continue
		}
		name, saw := h.Name+"/"+strconv.Itoa(h.Version), "of all outputs only this one: "+h.Property
		set := h.mark(s) & s.spendable
		if h.payment {
			// All outputs without the property say nothing; one beside others with it does.
			name, saw = "!"+name, "of every other output: "+h.Property
			set = s.spendable &^ set
		}
		if bits.OnesCount64(set) == 1 {
			hints = append(hints, Hint{uint32(bits.TrailingZeros64(set)), name, h.Confidence, saw})
		}
	}
	if together[0] >= 0 && whole {
		hints = append(hints, Hint{uint32(together[0]), all.Rule(), "moderate",
			"only this output is at a fresh address of the inputs' script type, not round and smaller than every input"})
	}
	return hints, nil
}
