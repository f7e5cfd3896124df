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
	if r.Chance(e.era.wake) {
		p = e.people[r.Pick(len(e.people))]
	}
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
	switch {
	case d == deedMove:
	case p.gather > 0 && d <= deedDeposit:
		if len(w.coins)-w.head < p.gather {
			return
		}
	case p.spot && d <= deedPerson:
		v := e.wish(p, r)
		if e.buy(p, v+v/16+p.wealth/1000) {
			e.errands = append(e.errands, errand{p, d, v, e.height})
		}
		return
	case w.balance < p.wealth/3:
		if e.topUp(p, r) {
			return
		}
	case w.balance > 3*p.wealth:
		d = deedDeposit
	}
	e.do(p, d, r)
	if p.gather == 0 && d <= deedPerson && r.Chance(e.era.again) {
		e.errands = append(e.errands, errand{p, d, e.wish(p, r), e.height})
	}
}

// errand is a deed that waits: for the coins which were bought for it, or a
// little while.
type errand struct {
	person *Person
	deed   deed
	amount uint64 // satoshis, or bets to come
	since  int32
}

// runErrands has those pay whose coins have come.
func (e *Economy) runErrands() {
	kept := e.errands[:0]
	for _, n := range e.errands {
		p := n.person
		switch {
		case n.deed == deedBet:
			if e.bet(p, &e.crowd) && n.amount > 1 {
				n.amount--
				break
			}
			continue
		case e.height-n.since < 2:
		case e.height-n.since > 2*hour*6:
			continue
		case p.Wallet.balance < n.amount+n.amount/64:
		default:
			var to Dest
			o := Order{Kind: Personal}
			if n.deed == deedShop {
				to, o.Kind = e.invoice(e.shop(p, &e.crowd)), Purchase
			} else {
				to = e.Receive(e.payee(p, &e.crowd).Wallet)
			}
			if e.Pay(p.Wallet, []Payment{{to, n.amount}}, o) {
				continue
			}
		}
		kept = append(kept, n)
	}
	e.errands = kept
}

// do has somebody do something with what is in their wallet.
func (e *Economy) do(p *Person, d deed, r *Rand) {
	w := p.Wallet
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
		e.topUp(p, r)
	case deedMove:
		if r.Chance(3_000) {
			e.SendAll(w, e.NewAddress(w, Receiving), 1, Order{Kind: Transfer})
		} else if len(w.coins)-w.head > 2 {
			e.SendAll(w, e.NewAddress(w, Receiving), 60, Order{Kind: Consolidation})
		}
	case deedBet: // seldom only once
		e.errands = append(e.errands, errand{p, d, r.Between(1, e.era.bets), e.height})
	case deedMix:
		e.mix(p, r)
	case deedJoin:
		e.join(p, r)
	case deedBroker:
		e.deal(p, r)
	default:
	}
}

// payee returns somebody else, of a few the one whose means are most like the
// payer's.
func (e *Economy) payee(p *Person, r *Rand) *Person {
	var best *Person
	for n := 0; n < e.era.alike; {
		q := e.people[e.activity.draw(r)]
		if r.Chance(e.era.idle) {
			q = e.people[r.Pick(len(e.people))]
		}
		if q == p || !e.kin(p.Wallet, q.Wallet.Software.Form, r) {
			continue
		}
		if n++; best == nil || distance(p.wealth, q.wealth) < distance(p.wealth, best.wealth) {
			best = q
		}
	}
	return best
}

// distance says how far apart two sums are, in proportion.
func distance(a, b uint64) uint64 { return max(a, b) / (min(a, b)>>10 + 1) }

// shop returns a shop that somebody goes to.
func (e *Economy) shop(p *Person, r *Rand) *shop {
	for {
		s := e.shops[e.popularity.draw(r)]
		if r.Chance(e.era.idle) {
			s = e.shops[r.Pick(len(e.shops))]
		}
		f := s.wallet.Software.Form
		if s.till != nil {
			f = s.till.service.style.form
		}
		if e.kin(p.Wallet, f, r) {
			return s
		}
	}
}

// amount returns what a person pays: in proportion to their wealth and within
// their means, as they type it.
func (e *Economy) amount(p *Person, r *Rand) uint64 {
	if p.gather > 0 {
		return max(e.typed(p, p.Wallet.balance/100*r.Between(80, 98), r), 2*Dust)
	}
	v := e.wish(p, r)
	if most := p.Wallet.balance / 10 * 9; v > most {
		v = e.typed(p, p.Wallet.balance/100*r.Between(5, 80), r)
	}
	return max(v, 2*Dust)
}

// wish is what a person would like to pay, in proportion to their wealth.
func (e *Economy) wish(p *Person, r *Rand) uint64 {
	return max(e.typed(p, r.LogNormal(max(p.wealth/e.era.part, 3*Dust), e.era.partSpread), r), 3*Dust)
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
	return s.till.service.Invoice(e, s.till)
}

func (e *Economy) shopping(p *Person, r *Rand) {
	s := e.shop(p, r)
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

// topUp buys some coins, for the needs of days or weeks.
func (e *Economy) topUp(p *Person, r *Rand) bool {
	return e.buy(p, mulDiv(p.wealth, r.Between(e.era.topup/2, e.era.topup*3/2), 100))
}

// buy asks for coins from the exchange, unless the last ones are still to come.
func (e *Economy) buy(p *Person, satoshis uint64) bool {
	if e.height-p.asked < 3*hour && p.asked > 0 && !p.spot {
		return false
	}
	a, c := p.Account, p.Account.service
	satoshis = max(satoshis, 20*Dust)
	if p.coin {
		satoshis = e.typed(p, satoshis, &e.crowd)
	}
	if a.coins < satoshis+c.style.fee && !c.Buy(e, a, satoshis+c.style.fee-a.coins) {
		return false
	}
	if !c.Withdraw(e, a, e.Receive(p.Wallet), satoshis, Order{}) {
		return false
	}
	p.asked = e.height
	return true
}

// remote pays somebody straight from the account at the exchange.
func (e *Economy) remote(p *Person, r *Rand) {
	a, c := p.Account, p.Account.service
	v := e.wish(p, r)
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
