package solve_test

import (
	"testing"

	"goshawk"
	"goshawk/world/crime"
	"goshawk/world/solve"
)

// TestJudge: what counts as found, as the criminals', and as solved.
func TestJudge(t *testing.T) {
	coin := func(n byte, value uint64) crime.Coin { return crime.Coin{Tx: goshawk.Hash{n}, Satoshis: value} }
	key := &crime.Answer{Level: "basic", Ends: []crime.End{
		{Coin: coin(1, 600), Service: "Harbour", Own: true},
		{Coin: coin(2, 400), Service: "Northgate", Own: true},
		{Coin: coin(3, 500), Service: "Harbour", Own: true, Behind: []string{"mixing_service"}},
		{Coin: coin(4, 100), Service: "A shop"},
	}}
	ask := func(service string, n byte, value uint64) solve.Request {
		return solve.Request{Service: service, Tx: goshawk.Hash{n}, Value: value}
	}
	swept := ask("Harbour", 9, 610)
	swept.Sweep = &goshawk.Hash{1}
	for _, c := range []struct {
		name string
		asks []solve.Request
		want solve.Grade
	}{
		{"nothing", nil, solve.Grade{Decisive: 1000}},
		{"the larger part", []solve.Request{ask("Harbour", 1, 600)}, solve.Grade{Decisive: 1000, Found: 600, Requested: 600, Theirs: 600, Solved: true}},
		{"the smaller part", []solve.Request{ask("Northgate", 2, 400)}, solve.Grade{Decisive: 1000, Found: 400, Requested: 400, Theirs: 400}},
		{"the wrong service", []solve.Request{ask("Northgate", 1, 600)}, solve.Grade{Decisive: 1000, Requested: 600, Theirs: 600}},
		{"the transaction that made it", []solve.Request{swept}, solve.Grade{Decisive: 1000, Found: 600, Requested: 610, Theirs: 610, Solved: true}},
		{"one end twice", []solve.Request{ask("Harbour", 1, 600), swept}, solve.Grade{Decisive: 1000, Found: 600, Requested: 1210, Theirs: 1210, Solved: true}},
		{"behind a mixing service, and a shop", []solve.Request{ask("Harbour", 3, 500), ask("A shop", 4, 100)}, solve.Grade{Decisive: 1000, Requested: 600, Theirs: 600}},
		{"many innocents too", []solve.Request{ask("Harbour", 1, 600), ask("Harbour", 7, 500)}, solve.Grade{Decisive: 1000, Found: 600, Requested: 1100, Theirs: 600}},
	} {
		if got := solve.Judge(&solve.Solution{Requests: c.asks}, key); got != c.want {
			t.Errorf("%s: %+v, not %+v", c.name, got, c.want)
		}
	}
}

// TestRequired: a harder level asks for no more than an easier one.
func TestRequired(t *testing.T) {
	before := solve.Threshold{Found: 100, Theirs: 100}
	for _, l := range crime.Levels() {
		x := solve.Required(l.Name)
		if x.Found > before.Found || x.Theirs > before.Theirs || x.Found == 0 || x.Theirs == 0 {
			t.Errorf("%s asks for %+v, the level before for %+v", l.Name, x, before)
		}
		before = x
	}
}
