package crime

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"goshawk/world"
)

// subscription is a hidden site that sells access to child abuse material. What
// is told of it is its payments: each user has an address of their own and pays
// small sums into it, most of them straight from an account at an exchange.
type subscription struct {
	*Case
	operation string
	operator  *member
	till      *world.Wallet // all users' addresses
	users     []*user
	own       *account
	others    []*account
	line      netip.Addr
	watched   *income // an officer's payment under cover
}

type user struct {
	person  *world.Person
	to      world.Dest
	distant bool // pays from the exchange
}

var operationNames = [...]string{"Breakwater", "Harbour Light", "Lantern", "Safe Shore", "Winter Gate"}

func site() story {
	return story{
		name: "site", title: "Abuse-material site paid by many from exchange accounts", abuse: "child_sexual_abuse",
		models: []string{"Welcome to Video, 2015 to 2018"},
		play: func(c *Case) func() error {
			s := &subscription{Case: c, operation: operationNames[c.rng.Pick(len(operationNames))]}
			s.begin()
			return s.write
		},
	}
}

func (s *subscription) begin() {
	s.operator = s.member("operator of the site")
	s.till = s.wallet(s.operator)
	s.line = s.person(s.operator.actor).Home
	s.own = s.account(s.operator, s.rng.Pick(4))
	s.own.Use(&world.Session{Address: s.line})
	s.sells(s.own, 8, 50)
	for i := range s.level.Accounts - 1 {
		m := s.member("sold an account to the operator")
		a := s.account(m, i)
		s.others = append(s.others, a)
		s.sells(a, 8, 50)
	}
	s.purses = s.others
	n := 44 * s.level.Victims / 100
	for i := range n {
		s.at(s.part(30+uint64(i*600/n)), func() bool { s.register(); return true })
	}
	s.at(s.part(120), func() bool {
		officer := s.e.Newcomer(world.Citizen, "", &s.rng)
		s.watched = s.remit(officer, s.fresh(s.till), s.price(), "payment under cover")
		return true
	})
	for i := range 6 {
		s.at(s.part(180+uint64(i)*110), func() bool { return s.take(i) })
	}
}

// price is what a user pays at one time, in satoshis.
func (s *subscription) price() uint64 { return s.around(8_000, 5<<15) }

// register has a user come and pay, once or again.
func (s *subscription) register() {
	u := &user{person: s.e.Someone(&s.rng), to: s.fresh(s.till), distant: s.rng.Chance(8_500)}
	s.users = append(s.users, u)
	for n := range 1 + s.rng.Pick(3) {
		v := s.price()
		s.after(1+int32(n)*s.pause()*2, func() bool {
			if u.distant {
				s.remit(u.person, u.to, v, "access")
			} else {
				s.collect(u.person, u.to, v, "access")
			}
			return true
		})
	}
}

// take brings what has come in on its way to an account. The first time it goes
// there directly.
func (s *subscription) take(n int) bool {
	if s.till.Balance() < 1500*world.Dust {
		return s.e.Height() > s.part(900)
	}
	if n == 0 {
		return s.deposit(s.till, s.own, s.typed(s.till.Balance()/100*70))
	}
	pot := s.wallet(s.operator)
	if !s.send(s.till, s.fresh(pot), Layering) {
		return s.e.Height() > s.part(900)
	}
	exits := append(slices.Clone(s.others), s.own)
	s.carry(pot, s.operator, s.level.Hops, func(w *world.Wallet) {
		s.decoys(w, s.level.Decoys/3)
		out := func() {
			s.peel(w, max(s.level.Peels/3, 2), func(i int) (world.Dest, uint64) {
				return s.into(exits[(n+i)%len(exits)]), s.typed(w.Balance() / 100 * s.rng.Between(8, 30))
			}, func() { s.after(s.pause(), func() bool { return s.empty(w, exits[n%len(exits)]) }) })
		}
		if n%2 == 0 {
			s.launder(w, s.operator, min(20+2*s.level.Mixed, 60), exits[0], out)
			return
		}
		out()
	})
	return true
}

// remit has somebody pay straight from their account at an exchange.
func (c *Case) remit(p *world.Person, to world.Dest, satoshis uint64, note string) *income {
	in := &income{payer: p, to: to, note: note, via: p.Account.Service()}
	c.incomes = append(c.incomes, in)
	o := c.order(Income)
	o.Receipt = &in.receipt
	c.after(1, func() bool { return c.e.Remit(p, to, satoshis, o) })
	return in
}

func (s *subscription) write() error {
	a := s.answer
	if s.watched == nil || s.watched.receipt.Height == 0 || len(a.Starts) < 3 || s.own.Address() == 0 {
		return nil // the case is not whole, and its end says so
	}
	var cover Source
	services := make(map[string]int)
	var names []string
	for _, x := range a.Starts {
		if x.Tx == s.watched.receipt.Tx && x.Out == s.watched.receipt.Outputs[0] {
			cover = x
		}
		if x.Via != "" {
			if services[x.Via] == 0 {
				names = append(names, x.Via)
			}
			services[x.Via]++
		}
	}
	var first End // the operator's first sale
	for _, d := range a.Ends {
		if d.Own && d.Account == s.own.ID && first.Satoshis == 0 {
			first = d
		}
	}
	analysis := s.public("page-analysis.md", `
# Operation %s: a fault of the site

The site is reached by a hidden name only. On %s the source of its login page named the machine itself:
%s. No material was viewed or kept for this note.

Users register under any name. The site then shows an address that belongs to that user alone, and counts what is paid to it.
`, s.operation, when(cover.Time), s.line)
	line, err := s.disclose(Record{Service: "Kestrel Bay Telecom (internet provider)", About: s.line.String(), Facts: []Fact{
		{"kind", "line of a private home, the same address since the contract began"}, {"subscriber", s.operator.actor.Name},
	}})
	if err != nil {
		return err
	}
	holder, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.e.Text(s.own.Address()), Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.operator.actor.Name}, {"logins", "all from " + s.line.String()},
		{"first deposit", fmt.Sprintf("%s in %s", coins(first.Satoshis), first.Tx)},
	}})
	if err != nil {
		return err
	}
	for _, x := range s.others {
		if _, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"remark", "the holder says that the account was sold to a stranger"},
		}}); err != nil {
			return err
		}
	}
	s.slip = Slip{Person: s.operator.actor.Name, What: "ran the site at home, let its page name the line, and used the account in the own name, where the users' coins came to, on the same line",
		Evidence: []string{analysis, line, holder}, Proves: "who operates the site and controls the wallet that all users paid",
		Tx: first.Tx.String(), Address: s.e.Text(s.own.Address()), Service: s.own.Service().Actor.Name, Account: s.own.ID}
	slices.Sort(names)
	s.public("brief.md", `
# Operation %s

A hidden site sells access to child abuse material for coins. An officer paid it under cover: %s, on %s, from an account at %s to
`+"`%s`"+` (transaction `+"`%s`"+`, output %d). Each user is shown an address of their own (page-analysis.md).

This exercise holds payments and references only.

Find out:

1. which other addresses are the site's, how many payments came to them, and how much;
2. which exchanges the payments came from, and which transactions and outputs each of them must be asked about: their customers' files may name the
   users, and a child may be living with one of them, so list first who paid often and lately;
3. which payments came from wallets of users' own, where no exchange can name the payer directly;
4. where the operator's share became money, how much, until when it could have been frozen, and what can not be followed honestly;
5. who the operator is, and what proves it.
`, s.operation, coins(cover.Satoshis), when(cover.Time), cover.Via, cover.Address, cover.Tx, cover.Out)
	var key strings.Builder
	key.WriteString("service,payments\n")
	for _, n := range names {
		fmt.Fprintf(&key, "%s,%d\n", n, services[n])
	}
	s.paper("truth/"+s.Name()+"/paid-from.csv", key.String())
	return nil
}
