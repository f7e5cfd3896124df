package world

import "testing"

// robbery takes coins from the first exchange's hot wallet into a watched wallet
// and pays some of them on.
type robbery struct {
	t      *testing.T
	wallet *Wallet
	trail  Trail
	robbed bool
	paid   bool
}

func (s *robbery) Name() string { return "robbery" }

func (s *robbery) Begin(e *Economy) error {
	r := e.Rand("robbery", 0)
	s.wallet = e.NewWallet(e.NewActor(Criminal, "The Jackdaw"), e.Software(&r))
	e.Watch(s.wallet, &s.trail)
	return nil
}

func (s *robbery) Step(e *Economy) error {
	if e.Height() < foundation+5 {
		return nil
	}
	c := e.Exchanges()[0]
	r := e.Rand("robbery", uint64(e.Height()))
	switch {
	case !s.robbed:
		s.robbed = e.Rob(c, []Payment{{e.NewAddress(s.wallet, Receiving), 300_000_000}}, Order{})
	case !s.paid:
		s.paid = e.Pay(s.wallet, []Payment{{e.Checkout(&r), 40_000_000}}, Order{})
	}
	if has := int64(c.Holds()); has != int64(c.owed)+int64(c.reserved)+c.house {
		s.t.Fatalf("block %d: %s holds %d, owes %d, pays out %d and has %d of its own", e.height, c.Actor.Name, has, c.owed, c.reserved, c.house)
	}
	return nil
}

func (s *robbery) End(*Economy, Create) error { return nil }

// TestTrail: every coin of a watched wallet is noted, with where it came from and
// went; and a service that is robbed bears the loss in its books.
func TestTrail(t *testing.T) {
	s := &robbery{t: t}
	m, _ := build(t, Spec{Seed: 3, Era: Era2022, Txs: 4_000, Scenarios: []Scenario{s}})
	if !s.robbed || !s.paid || len(s.trail.Moves) != 2 {
		t.Fatalf("robbed %t, paid %t: %d moves", s.robbed, s.paid, len(s.trail.Moves))
	}
	took, paid := s.trail.Moves[0], s.trail.Moves[1]
	if len(took.Spent) != 0 || len(took.Outs) != 1 || took.Outs[0].Value != 300_000_000 || !took.Outs[0].Ours || !took.Outs[0].Spent {
		t.Errorf("the robbery: %+v", took)
	}
	if len(paid.Spent) != 1 || paid.Spent[0].Move != took || paid.Paid != 300_000_000 || len(paid.Outs) != 2 {
		t.Fatalf("the payment: %+v", paid)
	}
	var out uint64
	for _, o := range paid.Outs {
		if out += o.Value; o.Ours != (o.To.Wallet() == s.wallet) || o.Spent {
			t.Errorf("the payment's output: %+v", o)
		}
	}
	if out+paid.Fee != paid.Paid {
		t.Errorf("%d in, %d out, %d fee", paid.Paid, out, paid.Fee)
	}
	known := map[string]bool{}
	for _, r := range m.rows(t, "truth/transactions.csv") {
		known[r[0]] = true
	}
	if !known[took.Tx.String()] || !known[paid.Tx.String()] {
		t.Error("the moves' transactions are not in the chain")
	}
}
