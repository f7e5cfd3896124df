package solve_test

import (
	"testing"

	"goshawk"
	"goshawk/world"
	"goshawk/world/solve"
)

// TestOrders: payments that are known by their price and time lead to a purse that
// the papers do not name, and to the service that one of them was made from.
func TestOrders(t *testing.T) {
	spec := small
	spec.Seed, spec.Era, spec.Txs = 2, world.Era2022, 12_000
	o := open(t, spec, "advertisements")
	all, err := solve.Solve(t.Context(), o.Case)
	if err != nil {
		t.Fatal(err)
	}
	if g := solve.Judge(all, &o.key); !g.Solved {
		t.Errorf("%+v", g)
	}
	// What customers say leads to the purse as well.
	s, err := solve.Solve(t.Context(), o.without("advertisements/customers.md"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Income >= all.Income {
		t.Errorf("without the customers' statements an income of %d, not less than %d", s.Income, all.Income)
	}
	paid := map[goshawk.Outpoint]bool{}
	for i := range o.key.Ends {
		e := &o.key.Ends[i]
		paid[goshawk.Outpoint{Tx: e.Tx, Index: e.Out}] = true
	}
	right, slip := 0, false
	for i := range s.Orders {
		switch a := &s.Orders[i]; {
		case a.Tx.String() == o.key.Slip.Tx: // no label may tell that it is a service's
			slip = a.From == o.key.Slip.Service || a.From == ""
		case a.From == "" && paid[goshawk.Outpoint{Tx: a.Tx, Index: a.Out}]:
			right++
		}
		if a := &s.Orders[i]; a.Time.After(a.Appeared) {
			t.Errorf("%+v came too late", a)
		}
	}
	if right == 0 || right*10 < len(s.Orders)*8 {
		t.Errorf("of %d payments %d are theirs", len(s.Orders), right)
	}
	if !slip {
		t.Errorf("the one in %s from %s is not seen", o.key.Slip.Tx, o.key.Slip.Service)
	}

	// What the price and the time tell is not told otherwise.
	for _, name := range []string{"prices.csv", "advertisements/listings.csv"} {
		less, err := solve.Solve(t.Context(), o.without("advertisements/customers.md", name))
		if err != nil {
			t.Fatal(err)
		}
		if len(less.Orders) > 0 || less.Income >= s.Income {
			t.Errorf("without %s: %d payments, an income of %d, not less than %d", name, len(less.Orders), less.Income, s.Income)
		}
	}
}
