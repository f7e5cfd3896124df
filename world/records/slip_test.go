package records

import (
	"slices"
	"strings"
	"testing"

	"goshawk/chain/bitcoin"
	"goshawk/label"
	"goshawk/world"
)

// slips is a scenario in which two customers share a machine, one of them under
// another's name and with a forged document, and one of them ends on a list.
type slips struct {
	real, straw *world.Person
	self        Identity
	address     string
}

func (s *slips) Name() string { return "slips" }

func (s *slips) Begin(e *world.Economy) error {
	r := e.Rand("slips", 0)
	s.real, s.straw = e.Newcomer(world.Criminal, "", &r), e.Newcomer(world.Criminal, "Vera Nobody", &r)
	s.self = Person(e, s.real.Actor)
	return nil
}

func (s *slips) Step(e *world.Economy) error {
	if e.Height() != 360 {
		return nil
	}
	s.real.Account.Visit(e, nil)
	s.straw.Account.Identify(e, world.Claim{Name: "Otto, \"the Pawn\"", Document: "ZZ0000000X", Forged: true})
	s.straw.Account.Visit(e, &world.Session{Device: s.self.Device, Address: s.self.Home})
	to := e.Receive(s.real.Wallet)
	s.address = e.Text(to.Address)
	e.State(world.Statement{Address: to.Address, Label: "Magpie's wallet", Abuse: "ransomware", Basis: "forensic", Source: "https://victim.example/report", Actor: s.real.Actor})
	e.State(world.Statement{Address: to.Address, Label: "MAGPIE, The", Sanction: "CYBER2", Actor: s.real.Actor})
	other := e.Receive(e.Someone(&world.Rand{}).Wallet)
	e.State(world.Statement{Address: other.Address, Label: "Magpie", Abuse: "ransomware", Wrong: "a typing mistake"})
	return nil
}

func (s *slips) End(*world.Economy, world.Create) error { return nil }

// TestSlips: what a scenario has customers do is in the customer files as the
// service saw it, and what was wrong with it is in truth; what it says in public
// is there as label files that goshawk reads.
func TestSlips(t *testing.T) {
	s := &slips{}
	m, _ := build(t, world.Spec{Seed: 15, Era: world.Era2015, Txs: 4_000, Scenarios: []world.Scenario{s}})
	file := func(p *world.Person, name string) (rows []map[string]string) {
		for _, r := range m.rows(t, "services/"+slug(p.Account.Service().Actor.Name, "-")+"/"+name) {
			if number(t, r["account"]) == uint64(p.Account.ID) {
				rows = append(rows, r)
			}
		}
		return rows
	}
	if logins := file(s.straw, "logins.csv"); !slices.ContainsFunc(logins, func(r map[string]string) bool {
		return r["device"] == s.self.Device && r["ip"] == s.self.Home.String()
	}) {
		t.Errorf("the straw man's log-ins are %v", logins)
	}
	if logins := file(s.real, "logins.csv"); len(logins) == 0 || logins[0]["device"] != s.self.Device && logins[0]["device"] != s.self.Second {
		t.Errorf("the other's are %v", logins)
	}
	papers := file(s.straw, "customers.csv")
	if len(papers) != 2 || papers[0]["name"] != "Vera Nobody" || papers[1]["name"] != "Otto, \"the Pawn\"" || papers[1]["number"] != "ZZ0000000X" || papers[1]["level"] < "2" {
		t.Errorf("the straw man's papers are %v", papers)
	}
	if own := file(s.real, "customers.csv"); len(own) != 1 || own[0]["name"] != s.self.Name || own[0]["email"] != s.self.Email {
		t.Errorf("the other's papers are %v, and they are %+v", own, s.self)
	}
	var verdicts []string
	for _, r := range m.rows(t, "truth/customers.csv") {
		if number(t, r["account"]) == uint64(s.straw.Account.ID) {
			verdicts = append(verdicts, r["papers"]+" "+r["name"])
		}
	}
	if !slices.Equal(verdicts, []string{"genuine Vera Nobody", "forged Vera Nobody"}) {
		t.Errorf("truth says %q", verdicts)
	}
	read := func(name string) *label.Source {
		source, err := label.Parse(name, m.MapFS[folder+name].Data, bitcoin.AddressCheck())
		if err != nil || len(source.Report()) > 0 {
			t.Fatalf("%s: %v %v", name, err, source.Report())
		}
		return source
	}
	reports := read("reports.yaml")
	if len(reports.Labels) != 2 || reports.Labels[0].Text != "Magpie's wallet" || reports.Labels[0].Abuse != "ransomware" || reports.Labels[0].Address != s.address ||
		reports.Labels[0].Confidence != 50 || reports.Labels[0].Reference != "https://victim.example/report" {
		t.Errorf("reports: %+v", reports.Labels)
	}
	list := read("sanctions.json")
	if len(list.Labels) != 1 || list.Labels[0].Address != s.address || list.Labels[0].Abuse != "sanction" || !strings.Contains(list.Labels[0].Context, "CYBER2") || list.Date == "" {
		t.Errorf("sanctions: %+v", list)
	}
	wrong := 0
	for _, r := range m.rows(t, "truth/labels.csv") {
		if r["why"] == "a typing mistake" && r["right"] == "no" {
			wrong++
		}
	}
	if wrong != 1 {
		t.Errorf("truth knows of %d mistakes of the public", wrong)
	}
}

// TestNobodyListed: without a listing the list names nobody, and without reports there is no pack of them.
func TestNobodyListed(t *testing.T) {
	m, _ := build(t, world.Spec{Seed: 16, Era: world.Era2019, Txs: 2_500})
	if m.MapFS[folder+"reports.yaml"] != nil {
		t.Error("somebody was spoken of")
	}
	list, err := label.Parse("sanctions.json", m.MapFS[folder+"sanctions.json"].Data, bitcoin.AddressCheck())
	if err != nil || len(list.Labels) != 0 || len(list.Report()) != 0 || list.Date == "" {
		t.Errorf("%+v, %v", list, err)
	}
}
