package records

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"goshawk/world"
)

// TestRetention: every service says what it keeps, and keeps that and nothing else.
func TestRetention(t *testing.T) {
	for _, era := range world.Eras() {
		m, _ := build(t, world.Spec{Seed: 18, Era: era, Txs: 3_000})
		silent, seen := 0, map[string]bool{}
		for _, r := range m.rows(t, "truth/addresses.csv") {
			seen[r["actor"]] = true
		}
		for _, r := range m.rows(t, "truth/actors.csv") {
			switch world.Role(r["role"]) {
			case world.ExchangeService, world.PaymentProcessor, world.Broker, world.Gambling, world.MixingService, world.CoinJoinService:
			default:
				continue
			}
			folder := "services/" + slug(r["name"], "-") + "/"
			file := m.MapFS[folder+"retention.json"]
			if file == nil {
				if seen[r["actor"]] {
					t.Errorf("%d: %s says nothing", era, r["name"])
				}
				continue
			}
			var said struct {
				Service, Concept, Identity, Says string
				Files                            []string
				Hours                            *int
			}
			if err := json.Unmarshal(file.Data, &said); err != nil {
				t.Fatal(err)
			}
			if said.Service != r["name"] || said.Concept != r["concept"] || said.Identity == "" || said.Says == "" || (said.Hours != nil) != (said.Concept == "mixing_service") {
				t.Errorf("%d: %s", era, file.Data)
			}
			var kept []string
			for name := range m.MapFS {
				if dir, base := path.Split(name); dir == folder && base != "retention.json" {
					kept = append(kept, base)
				}
			}
			slices.Sort(kept)
			slices.Sort(said.Files)
			if !slices.Equal(kept, said.Files) {
				t.Errorf("%d: %s keeps %v, and says %v", era, r["name"], kept, said.Files)
			}
			if len(kept) == 0 {
				silent++
			}
		}
		if (silent > 0) != (era >= world.Era2019) {
			t.Errorf("%d: %d services keep nothing", era, silent)
		}
	}
}

// seller is a scenario in which a criminal sells coins to the broker.
type seller struct {
	person *world.Person
	self   Identity
	sold   bool
}

func (s *seller) Name() string { return "seller" }

func (s *seller) Begin(e *world.Economy) error {
	r := e.Rand("seller", 0)
	s.person = e.Newcomer(world.Criminal, "Vera Nobody", &r)
	s.self = Person(e, s.person.Actor)
	return nil
}

func (s *seller) Step(e *world.Economy) error {
	switch {
	case e.Height() == 310:
		e.Obtain(s.person, 1_000_000, world.Order{})
	case e.Height() > 310 && !s.sold && s.person.Wallet.Balance() > 900_000:
		s.sold = e.Pay(s.person.Wallet, []world.Payment{{To: e.Broker(s.person.Actor), Value: 600_000}}, world.Order{Kind: world.Settlement})
	}
	return nil
}

func (s *seller) End(*world.Economy, world.Create) error { return nil }

// TestWhoHidesFromTheBroker: a criminal's account at a broker has the coins, and
// neither papers nor a device or line that another service knows; others hide too.
func TestWhoHidesFromTheBroker(t *testing.T) {
	const broker = "services/meridian-desk/"
	for _, era := range world.Eras() {
		s := &seller{}
		m, _ := build(t, world.Spec{Seed: 19, Era: era, Txs: 8_000, Scenarios: []world.Scenario{s}})
		account := ""
		for _, r := range m.rows(t, "truth/customers.csv") {
			if r["service"] == "Meridian Desk" && number(t, r["actor"]) == uint64(s.person.Actor.ID) {
				if account = r["account"]; r["papers"] != "none" || r["name"] != "Vera Nobody" {
					t.Errorf("truth says %v", r)
				}
			}
		}
		deposits, others := 0, 0
		for _, r := range m.rows(t, broker+"deposits.csv") {
			if r["account"] == account && r["satoshis"] == "600000" {
				deposits++
			}
		}
		if account == "" || deposits != 1 {
			t.Fatalf("%d: account %q has %d deposits", era, account, deposits)
		}
		for _, r := range m.rows(t, broker+"customers.csv") {
			if r["account"] == account && (r["level"] != "0" || r["email"]+r["name"] != "") {
				t.Errorf("%d: %v", era, r)
			}
		}
		for _, r := range m.rows(t, broker+"logins.csv") {
			hides := strings.HasPrefix(r["ip"], "198.18.")
			if r["account"] == account && (!hides || r["device"] == s.self.Device) {
				t.Errorf("%d: %v gives %+v away", era, r, s.self)
			}
			if hides && r["account"] != account {
				others++
			}
		}
		if others < 2 {
			t.Errorf("%d: only %d others hide", era, others)
		}
	}
}
