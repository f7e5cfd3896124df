package crime

import (
	"fmt"
	"strings"

	"goshawk/world"
)

// extortion is ransomware as a service: developers run the payment pages, an
// affiliate breaks in and gets the larger share of what is paid.
type extortion struct {
	*Case
	strain     string
	developer  *member
	affiliate  *member
	mules      []*account    // under names on papers that the affiliate bought
	panel      *world.Wallet // receives all payments; the developer's share stays in it
	notes      []world.Dest  // the addresses that the notes to the many name
	victim     *income       // the firm
	many       []*income
	own        *account // in the affiliate's own name
	test       world.Receipt
	testAmount uint64
}

// demand is what the notes ask for, in cents: machines of private people, and a firm.
func (c *Case) demand() (person, firm uint64) {
	switch c.e.Era() {
	case world.Era2015:
		return 8_000, 90_000
	case world.Era2019:
		return 30_000, 1_500_000
	default:
		return 200_000, 20_000_000
	}
}

func ransomware() story {
	return story{
		name: "ransomware", title: "Ransomware with an affiliate split", abuse: "ransomware",
		models: []string{"Colonial Pipeline and DarkSide, 2021", "CryptoLocker, 2013 to 2014", "WannaCry, 2017"},
		play: func(c *Case) func() error {
			s := &extortion{Case: c, strain: strainNames[c.rng.Pick(len(strainNames))]}
			s.begin()
			return s.write
		},
	}
}

var strainNames = [...]string{"BlackHeron", "CryptVault", "IronMaw", "NightLocker", "Sandglass", "Umbralock"}

func (s *extortion) begin() {
	s.developer = s.nicknamed("developer: runs the payment pages and keeps a fifth")
	s.affiliate = s.member("affiliate: breaks in and gets four fifths")
	for i := range s.level.Accounts {
		m := s.member("name on papers that the affiliate bought")
		// Each account is opened when its papers are there.
		s.at(s.part(60+uint64(i*130/s.level.Accounts)), func() bool {
			a := s.account(m, i)
			a.Identify(s.e, world.Claim{Forged: true})
			s.mules = append(s.mules, a)
			return true
		})
	}
	s.panel = s.wallet(s.developer)
	for range 3 {
		s.notes = append(s.notes, s.e.NewAddress(s.panel, world.Published))
		s.e.State(world.Statement{Address: s.notes[len(s.notes)-1].Address, Label: s.strain, Abuse: "ransomware", Basis: "web_crawl",
			Source: "https://notes.example/" + s.strain, Actor: s.developer.actor})
	}
	small, large := s.demand()
	s.at(s.part(40), func() bool {
		// The many: private machines, one of three addresses each.
		for n := range 22 * s.level.Victims / 100 {
			s.at(s.part(40+uint64(n)*8), func() bool {
				v := s.money(small)
				s.many = append(s.many, s.collect(s.e.Someone(&s.rng), s.notes[s.rng.Pick(3)], v, "ransom for a private computer"))
				return true
			})
		}
		return true
	})
	s.at(s.part(90), func() bool {
		victim := s.e.Newcomer(world.Citizen, s.firm(), &s.rng)
		v := s.money(large / 100 * s.rng.Between(85, 120))
		s.victim = s.collect(victim, s.fresh(s.panel), v, "ransom for a firm's network")
		return true
	})
	s.share()
}

// share divides what has come in: four fifths to the affiliate, the rest stays.
func (s *extortion) share() {
	loot := s.wallet(s.affiliate)
	var taken uint64
	paid := func(part uint64) func() bool {
		return func() bool {
			v := s.panel.Balance() / 100 * part
			if v < 50*world.Dust || !s.pay(s.panel, s.e.Receive(loot), s.typed(v), Split) {
				return false
			}
			taken++
			return true
		}
	}
	s.at(s.part(70), paid(80))
	s.at(s.part(70), func() bool { return s.slipUp(loot) })
	s.at(s.part(170), func() bool { return s.firmPaid() && paid(80)() })
	s.at(s.part(260), paid(70))
	// The affiliate launders when the firm's money is there; the developer waits.
	s.at(s.part(200), func() bool {
		if !s.firmPaid() || taken < 2 {
			return false
		}
		s.scatter(loot)
		return true
	})
	s.at(s.part(420), func() bool { s.develop(); return true })
}

// firmPaid says whether the firm has paid.
func (s *extortion) firmPaid() bool { return s.victim != nil && s.came(s.victim.to) }

// slipUp is the affiliate's mistake: a small sum of the first split, to the
// account in the affiliate's own name, to see whether the exchange takes it.
func (s *extortion) slipUp(loot *world.Wallet) bool {
	if loot.Balance() < 400*world.Dust {
		return false
	}
	if s.own == nil {
		s.own = s.account(s.affiliate, s.rng.Pick(len(s.e.Exchanges())))
		s.sells(s.own, 3, 12)
	}
	s.testAmount = s.typed(loot.Balance() / 40)
	o := s.order(CashOut)
	o.Receipt = &s.test
	return s.e.Deposit(loot, s.own.Account, s.testAmount, o)
}

// scatter takes the affiliate's share apart and to accounts under bought names.
func (s *extortion) scatter(loot *world.Wallet) {
	exits := s.mules
	for _, a := range exits {
		s.sells(a, 10, 60)
	}
	s.purses = exits
	s.carry(loot, s.affiliate, s.level.Hops, func(w *world.Wallet) {
		s.divide(w, s.affiliate, s.level.Branches, func(branch int, w *world.Wallet) {
			s.decoys(w, s.level.Decoys/s.level.Branches)
			out := func() { s.cashOut(w, branch, exits) }
			if branch == 0 {
				s.launder(w, s.affiliate, 40+s.level.Mixed, exits[len(exits)-1], out)
				return
			}
			out()
		})
	})
}

// cashOut peels a branch off into accounts and brings the rest to one of them.
func (s *extortion) cashOut(w *world.Wallet, branch int, exits []*account) {
	s.peel(w, s.level.Peels, func(n int) (world.Dest, uint64) {
		return s.into(exits[(branch+n)%len(exits)]), s.slice(w, 9)
	}, func() {
		s.carry(w, s.affiliate, s.level.Hops/2, func(w *world.Wallet) {
			s.after(s.pause(), func() bool { return s.empty(w, exits[branch%len(exits)]) })
		})
	})
}

// develop sells half of the developer's share to the broker; the rest is kept.
func (s *extortion) develop() {
	s.carry(s.panel, s.developer, 1+s.level.Hops/3, func(w *world.Wallet) {
		s.after(s.pause(), func() bool { return s.pay(w, s.e.Broker(w.Actor), s.typed(w.Balance()/2), CashOut) })
	})
}

// early says how long before the accounts under bought names the own one was used.
func (s *extortion) early() string {
	for _, d := range s.answer.Ends { // in the order of the chain
		if d.Own && d.Account != s.own.ID && d.Time > s.test.Time {
			return fmt.Sprintf(", %s before the first coins went to accounts under bought names", lapse(s.test.Time, d.Time))
		}
	}
	return ""
}

// payer is who paid a ransom. Names do not tell them apart.
func (s *extortion) payer(x Source) *world.Person {
	for _, in := range s.incomes {
		if r := &in.receipt; r.Height > 0 && r.Tx == x.Tx && r.Outputs[0] == x.Out {
			return in.payer
		}
	}
	return nil
}

func (s *extortion) write() error {
	if s.test.Height == 0 {
		return nil // the case is not whole, and its end says so
	}
	var firm Source
	for _, x := range s.answer.Starts {
		if s.victim != nil && x.Address == s.e.Text(s.victim.to.Address) {
			firm = x
		}
	}
	s.public("ransom-note.txt", `
Your files are locked by %s.
Buy Bitcoin and send the sum that the page names to the address that the page names.
Private computers: the sum is on your screen, the address is one of
  %s
  %s
  %s
Firms get an address of their own on the page. After the payment is confirmed the page shows the key.
`, s.strain, s.e.Text(s.notes[0].Address), s.e.Text(s.notes[1].Address), s.e.Text(s.notes[2].Address))
	var reports strings.Builder
	told, before := 0, map[*world.Person]int{} // the report of who reports again
	for i, x := range s.answer.Starts {
		if i%2 == 1 && x.Tx != firm.Tx {
			continue // not everybody reports
		}
		told++
		again, payer := "", s.payer(x)
		if n := before[payer]; n > 0 {
			again = fmt.Sprintf(", who told of another computer in report %d,", n)
		}
		before[payer] = told
		fmt.Fprintf(&reports, "## Report %d\n\n%s%s paid %s (%s at that day's price) on %s to `%s`.\n", told, x.From, again, coins(x.Satoshis), dollars(x.Cents), when(x.Time), x.Address)
		if x.Via != "" {
			fmt.Fprintf(&reports, "The coins were bought at %s and sent from there.\n", x.Via)
		}
		fmt.Fprintf(&reports, "Transaction: `%s`, output %d.\n\n", x.Tx, x.Out)
	}
	s.public("victim-reports.md", "# Reports of victims of %s\n\n%s", s.strain, reports.String())
	record, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.e.Text(s.own.Address()), Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.affiliate.actor.Name},
		{"residence", s.person(s.affiliate.actor).City}, {"first deposit", fmt.Sprintf("%s in %s", coins(s.testAmount), s.test.Tx)},
		{"note of the holder to support", "\"Just testing if this works before a bigger transfer.\""},
	}})
	if err != nil {
		return err
	}
	s.slip = Slip{Person: s.affiliate.actor.Name, What: "sent a small part of the first split to an account in the own name, to test it" + s.early(),
		Evidence: []string{record}, Proves: "who controls the wallet into which four fifths of every ransom went",
		Tx: s.test.Tx.String(), Address: s.e.Text(s.own.Address()), Service: s.own.Service().Actor.Name, Account: s.own.ID}
	s.brief(`
# %s: the payment of %s

On %s %s paid %s, %s at that day's price, to the people behind the ransomware %s, to the address
`+"`%s`"+` (transaction `+"`%s`"+`, output %d).

Researchers say that %s is rented out: its developers keep about a fifth of each ransom, the affiliate who breaks in gets the rest.
Many private computers were locked with the same program; their notes name three addresses (ransom-note.txt, victim-reports.md).

Find out:

1. how the ransom was divided, and where both shares are;
2. which accounts at which exchanges received it, how much, and until when it could have been frozen;
3. what can not be followed honestly, and how much that is;
4. who the affiliate is, and what proves it.
`, s.strain, firm.From, when(firm.Time), firm.From, coins(firm.Satoshis), dollars(firm.Cents), s.strain, firm.Address, firm.Tx, firm.Out, s.strain)
	return nil
}
