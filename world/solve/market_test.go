package solve_test

import (
	"testing"

	"goshawk/world"
	"goshawk/world/solve"
)

// TestMarket: few orders are named, and the parts that vendors get lead to the others.
func TestMarket(t *testing.T) {
	spec := small
	spec.Seed, spec.Era, spec.Txs = 3, world.Era2022, 12_000
	o := open(t, spec, "market")
	s, err := solve.Solve(t.Context(), o.Case)
	if err != nil {
		t.Fatal(err)
	}
	if g := solve.Judge(s, &o.key); !g.Solved {
		t.Errorf("%+v", g)
	}
	blind, err := solve.Solve(t.Context(), o.without("market/test-orders.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if blind.Income >= s.Income {
		t.Errorf("without the officers' orders an income of %d, not less than %d", blind.Income, s.Income)
	}
	if s.Income < o.key.Totals.Income/2 || s.Income > o.key.Totals.Income*5/4 {
		t.Errorf("an income of %d, not %d", s.Income, o.key.Totals.Income)
	}
}
