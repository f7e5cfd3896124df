package crime

import (
	"fmt"
	"strings"

	"goshawk/world"
)

// ponzi is an investment scam: victims are led from a first small payment, some
// of which they get back with a profit, to large ones; a funnel of addresses, one
// for each victim, ends at a broker and in a few accounts.
type ponzi struct {
	*Case
	site      string
	organiser *member
	dealer    *member
	holders   []*member
	desk      *world.Wallet   // victims' addresses
	pools     []*world.Wallet // where the desk brings coins together
	exits     []*account
	own       *account
	test      world.Receipt
	tested    uint64
	marks     []*mark
	phone     string         // the organiser's, for all accounts
	line      *world.Session // that all accounts are used from
}

// mark is a victim.
type mark struct {
	person   *world.Person
	to       world.Dest
	paid     []*income
	stake    uint64 // the first payment
	returned uint64 // what came back of it, to win the victim's trust
	back     world.Receipt
}

var siteNames = [...]string{"Aurum Yield", "Clearwater Quant", "GrandTide Capital", "NovaPlus Wallet", "Orchid Prime"}

func scam() story {
	return story{
		name: "scam", title: "Investment scam with a funnel of victims to brokers", abuse: "investment_fraud",
		models: []string{"PlusToken, 2018 to 2020", "pig-butchering scams, 2020 to 2025"},
		play: func(c *Case) func() error {
			s := &ponzi{Case: c, site: siteNames[c.rng.Pick(len(siteNames))]}
			s.begin()
			return s.write
		},
	}
}

func (s *ponzi) begin() {
	s.organiser = s.member("organiser of the scam")
	s.dealer = s.nicknamed("brings the coins to brokers and accounts")
	s.desk = s.wallet(s.organiser)
	self := s.person(s.organiser.actor)
	s.phone, s.line = self.Phone, &world.Session{Address: self.Home, Device: self.Device}
	for i := range s.level.Accounts {
		m := s.member("lent name and face for an account")
		s.holders = append(s.holders, m)
		a := s.account(m, i%2) // the two exchanges with the most customers
		a.Use(s.line)
		a.Identify(s.e, world.Claim{Phone: s.phone})
		s.exits = append(s.exits, a)
		s.sells(a, 10, 70)
	}
	s.purses = s.exits
	s.own = s.account(s.organiser, s.rng.Pick(4))
	s.own.Use(s.line)
	s.sells(s.own, 4, 20)
	n := 14 * s.level.Victims / 100
	for i := range n {
		s.at(s.part(30+uint64(i*260/n)), func() bool { s.lure(); return true })
	}
	for i := range 6 {
		s.at(s.part(150+uint64(i)*70), func() bool { s.gather(); return true })
	}
	s.at(s.part(130), s.try)
	for _, part := range []uint64{330, 520} {
		s.at(s.part(part), func() bool { s.scatter(); return true })
	}
}

// stakes are what a victim pays first and last, in cents.
func (s *ponzi) stakes() (first, last uint64) {
	switch s.e.Era() {
	case world.Era2015:
		return s.rng.Between(2_000, 8_000), s.rng.Between(8_000, 60_000)
	case world.Era2019:
		return s.rng.Between(6_000, 25_000), s.rng.Between(50_000, 400_000)
	default:
		return s.rng.Between(40_000, 150_000), s.rng.Between(500_000, 6_000_000)
	}
}

// lure takes one victim from the first payment to the last.
func (s *ponzi) lure() {
	m := &mark{person: s.e.Someone(&s.rng), to: s.fresh(s.desk)}
	s.marks = append(s.marks, m)
	first, last := s.stakes()
	stake := s.money(first)
	m.stake = stake
	m.paid = append(m.paid, s.collect(m.person, m.to, stake, "first deposit"))
	s.after(s.pause()*2, func() bool {
		// The proof that it works: the stake and a profit.
		if !s.came(m.to) || s.desk.Balance() < 2*stake {
			return s.e.Height() > s.part(600)
		}
		o := s.order(Payback)
		o.Receipt = &m.back
		m.returned = s.typed(stake / 100 * s.rng.Between(20, 60))
		return s.e.Pay(s.desk, []world.Payment{{To: s.e.Receive(m.person.Wallet), Value: m.returned}}, o)
	})
	for i := range 1 + s.rng.Pick(3) {
		s.after(s.pause()*int32(3+2*i), func() bool {
			m.paid = append(m.paid, s.collect(m.person, m.to, s.money(last/uint64(1+i)), "further deposit"))
			return true
		})
	}
}

// gather brings what has come into a new pool.
func (s *ponzi) gather() {
	w := s.wallet(s.dealer)
	to := s.fresh(w)
	tries := 0
	s.after(1, func() bool {
		if tries++; !s.send(s.desk, to, Layering) {
			return tries > 50
		}
		s.pools = append(s.pools, w)
		return true
	})
}

// try is the organiser's mistake: before the brokers are trusted, a small sum
// goes to an account in the own name, opened on the same line as the others.
func (s *ponzi) try() bool {
	if s.desk.Balance() < 4000*world.Dust {
		return false
	}
	s.tested = s.typed(s.desk.Balance() / 30)
	o := s.order(CashOut)
	o.Receipt = &s.test
	return s.e.Deposit(s.desk, s.own.Account, s.tested, o)
}

// scatter brings the pools to the broker, into accounts, and through mixing.
func (s *ponzi) scatter() {
	pools := s.pools
	s.pools = nil
	for i, pool := range pools {
		exit := s.exits[i%len(s.exits)]
		s.carry(pool, s.dealer, s.level.Hops, func(w *world.Wallet) {
			s.divide(w, s.dealer, s.level.Branches, func(branch int, w *world.Wallet) {
				switch (branch + i) % 3 {
				case 0:
					s.trade(w, exit)
				case 1:
					s.launder(w, s.dealer, min(3*s.level.Mixed, 60), exit, func() { s.trade(w, exit) })
				default:
					s.decoys(w, s.level.Decoys/s.level.Branches)
					s.peel(w, s.level.Peels, func(n int) (world.Dest, uint64) {
						return s.into(s.exits[(i+n)%len(s.exits)]), s.slice(w, 12)
					}, func() { s.after(s.pause(), func() bool { return s.empty(w, exit) }) })
				}
			})
		})
	}
}

// trade sells most of a wallet to the broker, in a few deals, and brings the rest
// to an account.
func (s *ponzi) trade(w *world.Wallet, exit *account) {
	s.peel(w, 2, func(int) (world.Dest, uint64) {
		return s.e.Broker(w.Actor), s.typed(w.Balance() / 100 * s.rng.Between(35, 60))
	}, func() { s.after(s.pause(), func() bool { return s.empty(w, exit) }) })
}

// praise is what somebody writes whom a payout has convinced: of those who paid
// more after it, the one who waited longest.
func (s *ponzi) praise() string {
	text, longest := "support says that payouts take a while.", uint32(0)
	for _, m := range s.marks {
		first, last := &m.paid[0].receipt, &m.paid[len(m.paid)-1].receipt
		if first.Height == 0 || m.back.Time < first.Time+longest || last.Time <= m.back.Time {
			continue
		}
		longest = m.back.Time - first.Time
		text = fmt.Sprintf("got %d %% of my first deposit back, %s later. Putting in more.", m.returned*100/m.stake, lapse(first.Time, m.back.Time))
	}
	return text
}

func (s *ponzi) write() error {
	a := s.answer
	if s.test.Height == 0 || len(a.Starts) == 0 {
		return nil // the case is not whole, and its end says so
	}
	var evidence []string
	for _, x := range append([]*account{s.own}, s.exits...) {
		facts := []Fact{{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"opened from", s.line.Address.String()}}
		if x == s.own {
			facts = append(facts, Fact{"telephone", s.phone}, Fact{"first deposit", fmt.Sprintf("%s in %s", coins(s.tested), s.test.Tx)})
		} else {
			facts = append(facts, Fact{"telephone for lost passwords", s.phone})
		}
		file, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: facts})
		if err != nil {
			return err
		}
		evidence = append(evidence, file)
	}
	s.slip = Slip{Person: s.organiser.actor.Name, What: "opened an account in the own name on the same line, and with the telephone, that the accounts under other names have, and paid a small sum of the victims' coins into it",
		Evidence: evidence, Proves: "who controls the accounts that the funnel ends in", Tx: s.test.Tx.String(), Address: s.e.Text(s.own.Address()), Service: s.own.Service().Actor.Name, Account: s.own.ID}
	at := make(map[string][]Source)
	for _, x := range a.Starts {
		at[x.Address] = append(at[x.Address], x)
	}
	var reports strings.Builder
	var first Source
	var cents uint64
	told, reported := 0, map[*world.Person]bool{}
	for i, m := range s.marks {
		list := at[s.e.Text(m.to.Address)]
		if len(list) == 0 || i%3 == 2 && told > 3 || reported[m.person] {
			continue // not everybody reports
		}
		told++
		reported[m.person] = true
		back := m.back.Height > 0
		for _, other := range s.marks[i+1:] { // who was led there twice
			if other.person == m.person {
				list = append(list, at[s.e.Text(other.to.Address)]...)
				back = back || other.back.Height > 0
			}
		}
		victim := s.person(m.person.Actor)
		fmt.Fprintf(&reports, "## Report %d\n\n%s of %s was shown the site %s by an acquaintance from the internet, who never showed up in person.\n\n", told, victim.Name, victim.City, s.site)
		for _, x := range list {
			if x.Satoshis > first.Satoshis {
				first = x
			}
			cents += x.Cents
			fmt.Fprintf(&reports, "- %s: %s (%s), %s, to `%s`, transaction `%s`, output %d", when(x.Time), coins(x.Satoshis), dollars(x.Cents), x.Note, x.Address, x.Tx, x.Out)
			if x.Via != "" {
				fmt.Fprintf(&reports, ", sent from %s", x.Via)
			}
			reports.WriteString("\n")
		}
		if back {
			reports.WriteString("\nA small payout came after a first deposit. The site is gone.\n\n")
		} else {
			reports.WriteString("\nNothing was ever paid out. The site is gone.\n\n")
		}
	}
	s.public("victim-reports.md", "# Reports of victims of %s\n\n%s", s.site, reports.String())
	s.public("forum.md", `
# Has anybody been paid by %s?

**%s**: %s

**%s**: then support asked me for a tax before any withdrawal. That is when I knew.

**%s**: site is down. Has anyone gone to the police? Each of us had an address of our own, I think.
`, s.site, s.handle(), s.praise(), s.handle(), s.handle())
	s.brief(`
# %s

%d people report that they paid %s to the investment site %s (victim-reports.md). Each deposit address is one victim's. The largest
single payment was %s, %s at that day's price, on %s to
`+"`%s`"+` (transaction `+"`%s`"+`, output %d).

Find out:

1. where the victims' coins were brought together, and how many more victims there are than reports;
2. which broker and which accounts they ended at, how much, and until when it could have been frozen;
3. what can not be followed honestly, and how much that is;
4. who controls the accounts, and what proves it.
`, s.site, told, dollars(cents), s.site, coins(first.Satoshis), dollars(first.Cents), when(first.Time), first.Address, first.Tx, first.Out)
	return nil
}
