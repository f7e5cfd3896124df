package crime

import (
	"fmt"
	"strings"

	"goshawk/world"
)

// desk is an over-the-counter exchange without a licence. It keeps its coins in
// accounts at a large exchange, under the names of relatives and employees, and
// serves whoever comes: ordinary clients, and crews with proceeds of crime. Late
// in the story an authority lists it, with two of its addresses.
type desk struct {
	*Case
	name     string
	firm     *member
	director *member
	crews    []*crew
	takings  *world.Wallet // where clients' coins come in
	float    *world.Wallet // from which buyers are paid
	counter  world.Dest    // the known address of the takings
	till     world.Dest    // and of the float
	nested   []*account
	own      *account
	capital  *returned // the director's own coins, with which the desk began
	device   string
	listed   uint32 // when the authority's list came out
}

// crew is a client with proceeds of crime.
type crew struct {
	*member
	wallet *world.Wallet
	exit   *account // at another exchange
}

var deskNames = [...]string{"Hillgate Cash Desk", "Moonrise OTC", "Quayside Exchange Point", "Sable Trade", "Riverbend Office"}

// The notes of payments by which the desk's clients are told from the crews' victims.
const (
	ordinary = "sells coins to the desk"
	extorted = "extorted by "
)

func broker() story {
	return story{
		name: "broker", title: "Sanctioned over-the-counter exchange, nested at a large one", abuse: "sanction",
		models: []string{"SUEX, listed in September 2021"},
		play: func(c *Case) func() error {
			s := &desk{Case: c, name: deskNames[c.rng.Pick(len(deskNames))]}
			s.begin()
			return s.write
		},
	}
}

func (s *desk) begin() {
	s.firm = &member{actor: s.e.NewActor(world.Broker, s.name), part: "the desk: buys and sells coins for cash, without a licence"}
	s.people = append(s.people, s.firm)
	s.director = s.member("director of the desk")
	s.takings, s.float = s.wallet(s.firm), s.wallet(s.firm)
	s.counter, s.till = s.e.NewAddress(s.takings, world.House), s.e.NewAddress(s.float, world.House)
	desk := s.person(s.director.actor)
	office := &world.Session{Address: desk.Home, Device: desk.Device} // the director's own
	s.device = office.Device
	s.own = s.account(s.director, 0)
	s.own.Use(office)
	for i := range s.level.Accounts {
		part := "relative of the director, holds an account for the desk"
		if i%2 == 1 {
			part = "employee of the desk, holds an account for it"
		}
		a := s.account(s.member(part), 0) // all at the largest exchange
		a.Use(office)
		s.nested = append(s.nested, a)
		s.sells(a, 10, 60)
	}
	for i := range 2 {
		m := s.nicknamed(fmt.Sprintf("crew %d: client of the desk, with proceeds of extortion", i+1))
		x := s.account(s.member("name on papers that a crew bought"), 1+i)
		x.Identify(s.e, world.Claim{Forged: true})
		s.sells(x, 10, 60)
		s.crews = append(s.crews, &crew{m, s.wallet(m), x})
	}
	s.at(s.part(20), s.found)
	clients, victims, buyers := 30*s.level.Victims/100, 14*s.level.Victims/100, 22*s.level.Victims/100
	for n := range clients {
		s.at(s.part(40+uint64(n*760/clients)), func() bool { s.serve(); return true })
	}
	for n := range victims {
		s.at(s.part(40+uint64(n*420/victims)), func() bool {
			k := s.crews[n%2]
			s.collect(s.e.Someone(&s.rng), s.fresh(k.wallet), s.deal(), extorted+k.nick)
			return true
		})
	}
	for n := range buyers {
		s.at(s.part(120+uint64(n*680/buyers)), s.sell(n))
	}
	for n := range 4 {
		s.at(s.part(180+uint64(n)*120), func() bool { return s.fence(s.crews[n%2]) })
	}
	for n := range 8 {
		s.at(s.part(130+uint64(n)*90), func() bool { return s.nest(n) })
	}
	for n := range 3 {
		s.at(s.part(290+uint64(n)*170), func() bool { return s.refill(n) })
	}
	s.at(s.part(660), func() bool { s.list(); return true })
}

// deal is the size of one, in satoshis.
func (s *desk) deal() uint64 { return s.around(25_000, 5<<15) }

// found begins the desk with coins that the director buys in the own name. It is
// the mistake: so that they are not lost the director saves the till's address at
// the exchange, by its name.
func (s *desk) found() bool {
	v, bank := s.deal(), s.own.Service()
	if need := v + bank.Fee(); s.own.Coins() < need && !bank.Buy(s.e, s.own.Account, need-s.own.Coins()) {
		return false
	}
	r := &returned{account: s.own}
	o := s.order(Setup)
	o.Receipt = &r.receipt
	if !bank.Withdraw(s.e, s.own.Account, s.till, v, o) {
		return false
	}
	s.capital, s.returns = r, append(s.returns, r)
	return true
}

// serve has an ordinary client sell coins: at the known address, as regular ones
// do, or at one of their own.
func (s *desk) serve() {
	to := s.counter
	if !s.rng.Chance(3_500) {
		to = s.fresh(s.takings)
	}
	s.collect(s.e.Someone(&s.rng), to, s.deal(), ordinary)
}

// sell has an ordinary client buy coins for cash: most of them come from the
// float, some are those that others have just brought.
func (s *desk) sell(n int) func() bool {
	buyer := s.e.Someone(&s.rng)
	return func() bool {
		from := s.float
		if n%3 == 0 {
			from = s.takings
		}
		v := min(s.deal(), from.Balance()/3)
		if v < 40*world.Dust || !s.pay(from, s.e.Receive(buyer.Wallet), s.typed(v), Spending) {
			return s.e.Height() > s.part(930)
		}
		return true
	}
}

// fence has a crew bring what it extorted: some of it through a mixing service to
// an account of its own, most to the desk.
func (s *desk) fence(k *crew) bool {
	if k.wallet.Balance() < 2000*world.Dust {
		return s.e.Height() > s.part(800)
	}
	s.carry(k.wallet, k.member, s.level.Hops, func(w *world.Wallet) {
		s.decoys(w, s.level.Decoys/4)
		s.launder(w, k.member, 10+s.level.Mixed, k.exit, func() {
			s.peel(w, max(s.level.Peels/4, 2), func(int) (world.Dest, uint64) {
				return s.fresh(s.takings), s.typed(w.Balance() / 100 * s.rng.Between(20, 50))
			}, func() {
				s.after(s.pause(), func() bool { return s.send(w, s.fresh(s.takings), CashOut) || s.e.Height() > s.part(900) })
			})
		})
	})
	return true
}

// nest brings a part of the takings to the accounts at the large exchange:
// straight there, or through wallets that are used once.
func (s *desk) nest(n int) bool {
	a := s.nested[n%len(s.nested)]
	v := s.typed(s.takings.Balance() / 100 * s.rng.Between(45, 70))
	late := s.e.Height() > s.part(940)
	switch {
	case v < 1000*world.Dust:
		return late
	case n%3 == 2:
		return s.deposit(s.takings, a, v) || late
	}
	pot := s.wallet(s.firm)
	if !s.pay(s.takings, s.fresh(pot), v, Layering) {
		return late
	}
	s.carry(pot, s.firm, s.level.Hops-1, func(w *world.Wallet) {
		s.divide(w, s.firm, min(s.level.Branches, len(s.nested)), func(branch int, w *world.Wallet) {
			s.after(s.pause(), func() bool { return s.empty(w, s.nested[(n+branch)%len(s.nested)]) })
		})
	})
	return true
}

// refill brings coins back from the exchange for the buyers.
func (s *desk) refill(n int) bool {
	a := s.nested[n%len(s.nested)]
	v := a.Coins() / 100 * 60
	if v < 1000*world.Dust || v < 4*a.Service().Fee() {
		return s.e.Height() > s.part(930)
	}
	return s.withdraw(a, s.float, s.typed(v), Layering)
}

// list has an authority name the desk, and the addresses that it knows.
func (s *desk) list() {
	s.listed = s.e.Time()
	for _, to := range []world.Dest{s.counter, s.till} {
		s.e.State(world.Statement{Address: to.Address, Label: s.name, Concept: "exchange", Abuse: s.story.abuse, Basis: "authority_data",
			Source: "https://sanctions.example/list", Actor: s.firm.actor, Sanction: "CYBER2"})
	}
}

func (s *desk) write() error {
	a := s.answer
	if s.capital == nil || s.capital.receipt.Height == 0 || s.listed == 0 {
		return nil // the case is not whole, and its end says so
	}
	var victim Source
	var clients strings.Builder
	clients.WriteString("tx,output,satoshis,coins,listed_before\n")
	for _, x := range a.Starts {
		kind := "proceeds of extortion"
		if x.Note == ordinary {
			kind = "ordinary client's"
		} else if x.Satoshis > victim.Satoshis {
			victim = x
		}
		fmt.Fprintf(&clients, "%s,%d,%d,%s,%t\n", x.Tx, x.Out, x.Satoshis, kind, x.Time > s.listed)
	}
	if victim.Satoshis == 0 {
		return nil
	}
	s.paper("truth/"+s.Name()+"/clients.csv", clients.String())
	counter, till := s.e.Text(s.counter.Address), s.e.Text(s.till.Address)
	bank := s.own.Service().Actor.Name
	listing := s.public("designation.md", `
# %s: designation of %s

The Office for Asset Control lists %s under the programme CYBER2. It turned coins into cash for crews that extort, and for many others.
It holds no licence. Identifying information:

- digital currency address: XBT %s
- digital currency address: XBT %s

From this day on nobody under the law of the listing state may deal with it. What was paid before is not forbidden by this listing.
`, when(s.listed), s.name, s.name, counter, till)
	r := &s.capital.receipt
	book, err := s.disclose(Record{Service: bank, About: till, Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.director.actor.Name}, {"withdrawal", fmt.Sprintf("on %s, in %s, output %d", when(r.Time), r.Tx, r.Outputs[0])},
		{"name of the address in the customer's address book", "till, our desk"}, {"device of the logins", s.device},
	}})
	if err != nil {
		return err
	}
	evidence := []string{listing, book}
	for _, x := range s.nested {
		file, err := s.disclose(Record{Service: bank, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"declared use", "own savings"}, {"device of the logins", s.device},
		}})
		if err != nil {
			return err
		}
		evidence = append(evidence, file)
	}
	for _, k := range s.crews {
		if _, err := s.disclose(Record{Service: k.exit.Service().Actor.Name, About: fmt.Sprintf("account %d", k.exit.ID), Facts: []Fact{
			{"account", fmt.Sprint(k.exit.ID)}, {"holder", k.exit.Customer.Name}, {"remark", "somebody of this name has reported papers as lost"},
		}}); err != nil {
			return err
		}
	}
	s.slip = Slip{Person: s.director.actor.Name, What: "began the desk with coins from the account in the own name, and saved the till's address there by its name, on the device from which all the nested accounts are used",
		Evidence: evidence, Proves: "who directs the desk, and that the accounts under other names are the desk's", Tx: r.Tx.String(), Address: till, Service: bank, Account: s.own.ID}
	s.public("brief.md", `
# %s

The over-the-counter desk %s was listed by an authority on %s, with two addresses (designation.md):
`+"`%s`"+` and `+"`%s`"+`.

Before that %s was extorted, and paid %s (%s at that day's price) on %s to
`+"`%s`"+` (transaction `+"`%s`"+`, output %d). Part of such payments is thought to have been sold to the desk, which keeps its coins at %s.

Find out:

1. which further addresses are the desk's, how much came to it, and how much of that came from extortion: say by which method, as its clients' coins
   are mixed in its wallets;
2. which payments came to it before and which after it was listed;
3. in which accounts at %s it is nested, how much came there, and until when it could have been frozen;
4. what can not be followed honestly, and how much that is;
5. who directs the desk, and what proves it.

Most of its clients are ordinary people. That somebody dealt with the desk before it was listed says nothing about them, and buyers who got coins from
it got what the desk chose to pay with.
`, s.name, s.name, when(s.listed), counter, till, victim.From, coins(victim.Satoshis), dollars(victim.Cents), when(victim.Time), victim.Address, victim.Tx, victim.Out, bank, bank)
	return nil
}
