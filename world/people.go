package world

// deed is something that people do of their own accord.
type deed int

const (
	deedShop    deed = iota // pay a merchant
	deedPerson              // pay somebody
	deedMany                // pay several at once
	deedDeposit             // pay in at an exchange
	deedCash                // buy at an exchange, and withdraw to the own wallet
	deedRemote              // pay somebody from the account at an exchange
	deedMove                // bring one's own coins together, or elsewhere
	deedBet
	deedMix
	deedJoin
	deedBroker
	deedNote
	deedToken
	deeds
)

// act has somebody do something. Often nothing comes of it: they have no coins,
// or what they asked for takes its time.
func (e *Economy) act() {
	r := &e.crowd
	d := deed(e.deeds.draw(r))
	p := e.people[e.activity.draw(r)]
	w := p.Wallet
	if e.coinjoins*10_000 < e.done*e.spec.Assumptions.CoinJoins && r.Chance(500) {
		d = deedJoin
	}
	switch d {
	case deedNote:
		e.note(r)
		return
	case deedToken:
		e.token(r)
		return
	case deedRemote:
		e.remote(p, r)
		return
	default:
	}
	if w.balance < p.wealth/3 && d != deedMove {
		e.buy(p, p.wealth/2+r.Below(p.wealth))
	}
	if w.balance > 3*p.wealth {
		d = deedDeposit
	}
	switch d {
	case deedShop:
		e.shopping(p, r)
	case deedPerson:
		to := e.payee(p, r)
		if r.Chance(e.spec.Assumptions.PayJoins) && e.payJoin(p, to, e.amount(p, r)) {
			return
		}
		e.Pay(w, []Payment{{e.Receive(to.Wallet), e.amount(p, r)}}, Order{Kind: Personal})
	case deedMany:
		e.payMany(p, r)
	case deedDeposit:
		e.depositSome(p, r)
	case deedCash:
		e.buy(p, p.wealth/4+r.Below(p.wealth))
	case deedMove:
		if r.Chance(3_000) {
			e.SendAll(w, e.NewAddress(w, Receiving), 1, Order{Kind: Transfer})
		} else if len(w.coins)-w.head > 2 {
			e.SendAll(w, e.NewAddress(w, Receiving), 60, Order{Kind: Consolidation})
		}
	case deedBet:
		e.bet(p, r)
	case deedMix:
		e.mix(p, r)
	case deedJoin:
		e.join(p, r)
	case deedBroker:
		e.deal(p, r)
	default:
	}
}

// payee returns somebody else.
func (e *Economy) payee(p *Person, r *Rand) *Person {
	for {
		if q := e.people[e.activity.draw(r)]; q != p {
			return q
		}
	}
}

// amount returns what a person pays: in proportion to their wealth and within
// their means, as they type it.
func (e *Economy) amount(p *Person, r *Rand) uint64 {
	v := r.LogNormal(max(p.wealth/e.era.part, 3*Dust), e.era.partSpread)
	if most := p.Wallet.balance / 10 * 9; v > most {
		v = p.Wallet.balance / 100 * r.Between(5, 80)
	}
	return max(e.typed(p, v, r), 2*Dust)
}

// typed rounds an amount as its payer types it: in coins to one or two digits, or
// in money, which makes some number of satoshis.
func (e *Economy) typed(p *Person, v uint64, r *Rand) uint64 {
	unit := uint64(1)
	for unit*10 <= v {
		unit *= 10
	}
	if p.coin {
		if r.Chance(4_000) {
			unit /= 10
		}
		return v / max(unit, 1) * max(unit, 1)
	}
	cents := v / 100 * e.cents / 1_000_000
	if r.Chance(5_000) && cents > 1_000 {
		cents = cents / 500 * 500
	}
	if cents < 10 {
		return v
	}
	return e.Satoshis(cents) + r.Below(100)
}

// invoice returns where a shop wants to be paid.
func (e *Economy) invoice(s *shop) Dest {
	if s.till == nil {
		return e.Receive(s.wallet)
	}
	to := e.newAddress(s.till.service.deposits, s.till.service.style.form, Invoice)
	to.account = s.till
	return to
}

func (e *Economy) shopping(p *Person, r *Rand) {
	s := e.shops[e.popularity.draw(r)]
	v := e.amount(p, r)
	if v > p.Wallet.balance {
		return
	}
	e.Pay(p.Wallet, []Payment{{e.invoice(s), v}}, Order{Kind: Purchase})
}

// payMany pays wages, friends or suppliers in one transaction.
func (e *Economy) payMany(p *Person, r *Rand) {
	var to []Payment
	var sum uint64
	for range r.Between(2, 6) {
		v := e.amount(p, r) / 4
		if v < 2*Dust || sum+v > p.Wallet.balance/10*9 {
			break
		}
		sum += v
		to = append(to, Payment{e.Receive(e.payee(p, r).Wallet), v})
	}
	if len(to) > 1 {
		e.Pay(p.Wallet, to, Order{Kind: Personal})
	}
}

// depositSome brings coins to the exchange: all, or what is too much.
func (e *Economy) depositSome(p *Person, r *Rand) {
	w := p.Wallet
	to := p.Account.service.DepositAddress(e, p.Account)
	switch {
	case w.balance < 20*Dust:
	case r.Chance(e.era.sendAll):
		e.SendAll(w, to, 1+r.Pick(3)*20, Order{Kind: Deposit})
	case w.balance > 2*p.wealth:
		e.Pay(w, []Payment{{to, e.typed(p, w.balance-p.wealth, r)}}, Order{Kind: Deposit})
	default:
		e.Pay(w, []Payment{{to, e.amount(p, r)}}, Order{Kind: Deposit})
	}
}

// buy asks for coins from the exchange, unless the last ones are still to come.
func (e *Economy) buy(p *Person, satoshis uint64) {
	if e.height-p.asked < 3*hour && p.asked > 0 {
		return
	}
	a, c := p.Account, p.Account.service
	satoshis = max(satoshis, 20*Dust)
	if p.coin {
		satoshis = e.typed(p, satoshis, &e.crowd)
	}
	if a.coins < satoshis+c.style.fee && !c.Buy(e, a, satoshis+c.style.fee-a.coins) {
		return
	}
	if c.Withdraw(e, a, e.Receive(p.Wallet), satoshis, Order{}) {
		p.asked = e.height
	}
}

// remote pays somebody straight from the account at the exchange.
func (e *Economy) remote(p *Person, r *Rand) {
	a, c := p.Account, p.Account.service
	v := max(e.typed(p, r.LogNormal(max(p.wealth/e.era.part, 3*Dust), e.era.partSpread), r), 3*Dust)
	if a.coins < v+c.style.fee && !c.Buy(e, a, v+c.style.fee-a.coins) {
		return
	}
	var to Dest
	switch n := r.Below(10); {
	case n < 4:
		to = e.invoice(e.shops[e.popularity.draw(r)])
	case n < 7:
		to = e.Receive(e.payee(p, r).Wallet)
	default: // to another exchange, for a better price or a friend
		other := e.payee(p, r).Account
		if other.service == c {
			return
		}
		to = other.service.DepositAddress(e, other)
	}
	c.Withdraw(e, a, to, v, Order{})
}

// sellShops has merchants bring what they took to the exchange.
func (e *Economy) sellShops() {
	for _, s := range e.shops {
		coins := len(s.wallet.coins) - s.wallet.head
		if coins < s.hoard && (coins == 0 || e.height-s.sold < e.era.hoardWait) {
			continue
		}
		s.sold = e.height
		to := s.account.service.DepositAddress(e, s.account)
		e.SendAll(s.wallet, to, 100, Order{Kind: Deposit})
	}
}
