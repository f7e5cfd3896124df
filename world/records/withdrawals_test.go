package records

import (
	"testing"

	"goshawk/world"
)

// ransom is a scenario in which people pay from their accounts, some of them so
// late that the world ends before they are paid.
type ransom struct {
	own     *world.Wallet
	address map[string]bool
}

func (s *ransom) Name() string { return "ransom" }

func (s *ransom) Begin(e *world.Economy) error {
	r := e.Rand("ransom", 0)
	s.own, s.address = e.NewWallet(e.NewActor(world.Criminal, ""), e.Software(&r)), map[string]bool{}
	return nil
}

func (s *ransom) Step(e *world.Economy) error {
	r := e.Rand("ransom", uint64(e.Height()))
	if h := e.Height(); h == e.Blocks() || h > 350 && h < 380 {
		to := e.NewAddress(s.own, world.Receiving)
		if e.Remit(e.Someone(&r), to, 1_000_000, world.Order{Part: world.Part{Case: "ransom", Stage: "income"}}) {
			s.address[e.Text(to.Address)] = true
		}
	}
	return nil
}

func (s *ransom) End(*world.Economy, world.Create) error { return nil }

// TestWithdrawalsOfACase: truth says which withdrawals are a case's, also of those
// that a batch pays, in which the case is not the transaction's; and what is not
// paid at the end has a destination.
func TestWithdrawalsOfACase(t *testing.T) {
	s := &ransom{}
	m, _ := build(t, world.Spec{Seed: 17, Era: world.Era2022, Txs: 5_000, Scenarios: []world.Scenario{s}})
	kinds, cases := map[string]string{}, map[string]string{}
	for _, r := range m.rows(t, "truth/transactions.csv") {
		kinds[r["tx"]], cases[r["tx"]] = r["kind"], r["case"]
	}
	found, batched := map[string]bool{}, 0
	outs := m.chain(t)
	services := map[string]map[string]string{}
	for _, r := range m.rows(t, "truth/withdrawals.csv") {
		o := outs[r["tx"]+":"+r["output"]]
		if !s.address[o.address] || o.value != number(t, r["satoshis"]) || r["case"] != "ransom" || r["stage"] != "income" {
			t.Errorf("%v, and the chain has %v", r, o)
		}
		found[o.address] = true
		if kinds[r["tx"]] == "batch" && cases[r["tx"]] == "" {
			batched++
		}
		name := "services/" + slug(r["service"], "-") + "/withdrawals.csv"
		if services[name] == nil {
			services[name] = map[string]string{}
			for _, w := range m.rows(t, name) {
				services[name][w["withdrawal"]] = w["account"] + " " + w["tx"] + " " + w["output"]
			}
		}
		if own := r["account"] + " " + r["tx"] + " " + r["output"]; services[name][r["withdrawal"]] != own {
			t.Errorf("%v, and the service has %q", r, services[name][r["withdrawal"]])
		}
	}
	pending := 0
	for _, folder := range m.services("withdrawals.csv") {
		for _, r := range m.rows(t, folder+"withdrawals.csv") {
			if !s.address[r["address"]] {
				continue
			}
			if r["paid"] == "" {
				pending++
			}
			if found[r["address"]] != (r["paid"] != "") {
				t.Errorf("%v is a case's, and truth has it: %v", r, found[r["address"]])
			}
			delete(s.address, r["address"])
		}
	}
	if len(s.address) > 0 || len(found) < 20 || batched < 3 || pending == 0 {
		t.Errorf("%d withdrawals are a case's, %d of them in batches; %d are not paid, and %d have no row", len(found), batched, pending, len(s.address))
	}
}
