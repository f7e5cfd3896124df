package world

import "slices"

// savers are people who bought coins before anything is measured, and leave them
// where they are until one day they need the money: they are why old coins are
// spent at all, and many at once.
type savers struct {
	people []*Person
	wakes  []int32 // the height at which each spends, ascending
	next   int
	buys   []uint32 // whose purchases, in the order in which they are made
}

// mostSavers bounds what the founding blocks have to hold.
const mostSavers = 60_000

func (e *Economy) foundSavers() {
	s := &e.savers
	n := min(e.spec.Txs/10_000*e.era.savers, mostSavers)
	r := newRand(e.spec.Seed, "savers", 0)
	for i := range n {
		own := newRand(e.spec.Seed, "saver", uint64(i))
		p := e.newPerson(e.NewActor(Citizen, ""), &own)
		p.gather = int(min(own.pareto(3, 80), 150))
		p.wealth = max(mulDiv(p.wealth, peoplesCoins/uint64(len(e.people)), 1<<26), 40_000)
		s.people = append(s.people, p)
		s.wakes = append(s.wakes, foundation+1+int32(r.Below(uint64(e.size.blocks-foundation))))
		for range p.gather {
			s.buys = append(s.buys, uint32(i))
		}
	}
	slices.Sort(s.wakes)
	for i := len(s.buys) - 1; i > 0; i-- {
		j := r.Pick(i + 1)
		s.buys[i], s.buys[j] = s.buys[j], s.buys[i]
	}
}

// fillSavers makes some of the savers' purchases: those from a part of the
// founding up to another.
func (e *Economy) fillSavers(from, to, parts int) {
	s := &e.savers
	for _, i := range s.buys[len(s.buys)*from/parts : len(s.buys)*to/parts] {
		p := s.people[i]
		p.asked = 0
		e.buy(p, p.wealth/100*p.Wallet.rng.Between(50, 150)/uint64(p.gather))
	}
	if to == parts {
		s.buys = nil
	}
}

// wakeSavers has those spend whose time has come: they sell, or pay for
// something large.
func (e *Economy) wakeSavers() {
	s := &e.savers
	r := &e.crowd
	for ; s.next < len(s.wakes) && s.wakes[s.next] <= e.height; s.next++ {
		p := s.people[s.next]
		w := p.Wallet
		switch {
		case w.balance < 40*Dust:
		case r.Chance(2_000):
			e.SendAll(w, p.Account.service.DepositAddress(e, p.Account), 100, Order{Kind: Deposit})
		case r.Chance(3_000):
			to := p.Account.service.DepositAddress(e, p.Account)
			e.Pay(w, []Payment{{to, e.typed(p, w.balance/100*r.Between(80, 98), r)}}, Order{Kind: Deposit})
		case r.Chance(4_000):
			e.Pay(w, []Payment{{e.invoice(e.shop(p, r)), e.typed(p, w.balance/100*r.Between(80, 98), r)}}, Order{Kind: Purchase})
		default:
			e.Pay(w, []Payment{{e.Receive(e.payee(p, r).Wallet), e.typed(p, w.balance/100*r.Between(80, 98), r)}}, Order{Kind: Personal})
		}
	}
}
