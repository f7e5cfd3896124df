package world

import (
	"strconv"
	"strings"
)

// firms are invented names; any likeness is chance.
type firms struct{ first, second []string }

// of returns the name of firm number i, different for each.
func (f firms) of(i int) string {
	name := f.first[i%len(f.first)]
	if n := i / len(f.first); n > 0 {
		name, _, _ = strings.Cut(name, " ")
		name += " " + f.second[(n-1)%len(f.second)]
		if n > len(f.second) {
			name += " " + strconv.Itoa(n/len(f.second)+1)
		}
	}
	return name
}

var (
	exchangeNames = firms{[]string{"Kestrel Exchange", "Northgate", "Coinharbour", "Baltic Bourse", "Juniper", "Saltmarsh", "Tidewater", "Copperfield"},
		[]string{"Markets", "Trade", "Digital", "Coin", "Pro", "Global"}}
	processorNames = firms{[]string{"Paylane", "Tillbridge", "Checkmint"}, []string{"Pay", "Checkout", "Merchant"}}
	poolNames      = firms{[]string{"Granite Pool", "Hashworks", "Ore Brothers", "Deep Shaft", "Polar Mining", "Solo Union"}, []string{"Mining"}}
)

// casino takes bets at addresses that everybody knows, and pays winners from there.
type casino struct {
	wallet *Wallet
	houses []Address
	bets   []bet
	books  clientele
	rng    Rand
}

type bet struct {
	value  uint64
	to     Dest
	height int32
	player *client
	coin   slot
	paid   Order // of the winnings
}

// mixer takes coins and gives others back, in parts and later, for a share.
type mixer struct {
	wallet *Wallet
	owed   []mixPayout
	books  clientele // an account for each order
	rng    Rand
}

type mixPayout struct {
	to    Dest
	value uint64
	due   int32
	order Order
	of    *client
	fee   uint64 // that the service keeps of this part
}

// broker buys and sells large sums privately, and keeps accounts at exchanges.
type broker struct {
	wallet   *Wallet
	accounts []*Account
	buyers   []*Person
	books    clientele
	rng      Rand
}

func (e *Economy) foundServices() {
	service := func(role Role, name string, s Software) *Wallet {
		s.Name = "service"
		return e.NewWallet(e.NewActor(role, name), &s)
	}
	form := e.era.mined
	e.casino = &casino{wallet: service(Gambling, "Lucky Heron", Software{Form: form, Choose: LargestFirst, Version: 1, Back: true, Changed: true}), rng: newRand(e.spec.Seed, "casino", 0)}
	for range 4 {
		house := e.NewAddress(e.casino.wallet, House)
		e.give(house, 0)
		e.casino.houses = append(e.casino.houses, house.Address)
	}
	e.casino.books = newClientele(e.casino.wallet.Actor)
	e.mixer = &mixer{wallet: service(MixingService, "Fogbank", Software{Form: form, Choose: OldestFirst, Place: Anywhere, Version: 1}), rng: newRand(e.spec.Seed, "mixer", 0)}
	e.broker = &broker{wallet: service(Broker, "Meridian Desk", Software{Form: form, Choose: LargestFirst, Version: 1, Changed: true}), rng: newRand(e.spec.Seed, "broker", 0)}
	e.mixer.books = newClientele(e.mixer.wallet.Actor)
	e.broker.books = newClientele(e.broker.wallet.Actor)
	for _, c := range e.exchanges[:2] {
		a := c.Open(e, e.broker.wallet.Actor)
		a.sells = true
		e.broker.accounts = append(e.broker.accounts, a)
	}
	for i := range 24 * e.size.crowds {
		s := Software{Name: "anchor", Form: e.era.notes[i%len(e.era.notes)], Choose: BestFit, Place: Last, Version: 1, Back: true, Changed: true}
		e.publishers = append(e.publishers, e.NewWallet(e.NewActor(Publisher, ""), &s))
	}
	for i := range 60 * e.size.crowds {
		r := newRand(e.spec.Seed, "holder", uint64(i))
		s := Software{Name: "token", Form: PayKeyHash, Choose: BestFit, Place: First, Version: 1, Back: true, Changed: true, Reuse: 10_000}
		if r.Chance(3_000) {
			s.Choose = SmallFirst
		}
		e.holders = append(e.holders, e.NewWallet(e.NewActor(TokenUser, ""), &s))
	}
	e.joins = e.foundJoins(service)
}

// serve is the services' work in one block.
func (e *Economy) serve() {
	e.payWinners()
	e.payMixed()
	e.brokerage()
	e.coordinate()
	e.supply()
}

// bet plays: the stake goes to the house. It is false where there is none.
func (e *Economy) bet(p *Person, r *Rand) bool {
	return e.Wager(p.Wallet, e.typed(p, r.LogNormal(max(p.wealth/60, 2_000), one), r), Order{})
}

// Wager has a wallet stake satoshis at the gambling site, which keeps them or
// pays twice as many back to the wallet in a later block. It is false where the
// wallet cannot pay.
func (e *Economy) Wager(w *Wallet, satoshis uint64, o Order) bool {
	c := e.casino
	to := Dest{Address: c.houses[c.rng.Pick(len(c.houses))], wallet: c.wallet}
	paid := o
	paid.Kind, paid.Receipt = Winnings, nil
	o.Kind = Bet
	if satoshis < 2*Dust || !e.Pay(w, []Payment{{to, satoshis}}, o) {
		return false
	}
	coin, _ := e.made()
	player := c.books.of(e, w.Actor)
	c.books.visit(e, player)
	c.bets = append(c.bets, bet{satoshis, e.Receive(w), e.height, player, coin, paid})
	return true
}

// payWinners pays double to not quite half of those who bet.
func (e *Economy) payWinners() {
	c := e.casino
	n := 0
	for ; n < len(c.bets) && c.bets[n].height < e.height; n++ {
		b := &c.bets[n]
		c.books.deposit(e, b.player, b.coin)
		if !c.rng.Chance(4_850) || c.wallet.balance <= 3*b.value {
			c.books.note(e, EntryLoss, b.player, b.value)
			continue
		}
		c.books.note(e, EntryWin, b.player, b.value)
		c.books.request(e, b.player, b.to.Address, 2*b.value, 0)
		if e.Pay(c.wallet, []Payment{{b.to, 2 * b.value}}, b.paid) {
			c.books.pay(e, b.player, b.to.Address, 2*b.value, 0)
		}
	}
	c.bets = c.bets[:copy(c.bets, c.bets[n:])]
	if len(c.wallet.coins)-c.wallet.head > mostHotCoins {
		e.SendAll(c.wallet, Dest{Address: c.houses[0], wallet: c.wallet}, mostHotCoins/2, Order{Kind: Consolidation})
	}
}

// Mix has a wallet's owner pay a sum to the mixing service, which pays 98 % of it
// to the given places, in equal parts, hours or days later. It is false where the
// wallet cannot pay, or the service not give so much back.
func (e *Economy) Mix(w *Wallet, satoshis uint64, to []Dest, o Order) bool {
	m := e.mixer
	if len(to) == 0 || m.wallet.balance < 2*satoshis {
		return false
	}
	part := satoshis / 100 * 98 / uint64(len(to))
	paid := o
	paid.Kind, paid.Actor = MixPayout, m.wallet.Actor
	o.Kind = MixDeposit
	if part < 20*Dust {
		return false
	}
	in := e.NewAddress(m.wallet, DepositAddress)
	row := len(e.plan.owners) - 1
	if !e.Pay(w, []Payment{{in, satoshis}}, o) {
		return false
	}
	coin, _ := e.made()
	k := m.books.open(e, w.Actor)
	e.plan.owners[row].account = k.account
	m.books.expect(k, coin, e.height)
	paid.Receipt = nil
	whole := satoshis / uint64(len(to))
	for i, d := range to {
		v := part
		if i+1 < len(to) {
			v -= m.rng.Below(part / 8)
		} else {
			whole = satoshis - whole*uint64(i)
		}
		m.owed = append(m.owed, mixPayout{d, v, e.height + int32(m.rng.Between(hour, 2*day)), paid, k, whole - v})
	}
	return true
}

func (e *Economy) mix(p *Person, r *Rand) {
	v := p.Wallet.balance / 100 * r.Between(20, 80)
	var to []Dest
	for range r.Between(1, 3) {
		to = append(to, e.NewAddress(p.Wallet, Mixed))
	}
	e.Mix(p.Wallet, v, to, Order{})
}

func (e *Economy) payMixed() {
	m := e.mixer
	m.books.credit(e, func(k *client) { // now the rest of the order stands
		for i := range m.owed {
			if o := &m.owed[i]; o.of == k {
				m.books.request(e, k, o.to.Address, o.value, o.fee)
			}
		}
	})
	kept := m.owed[:0]
	for _, o := range m.owed {
		if o.due > e.height || !e.Pay(m.wallet, []Payment{{o.to, o.value}}, o.order) {
			kept = append(kept, o)
			continue
		}
		m.books.pay(e, o.of, o.to.Address, o.value, o.fee)
	}
	m.owed = kept
}

// Broker returns where the over-the-counter broker takes coins from a client: an
// address for this deal.
func (e *Economy) Broker(client *Actor) Dest {
	b := e.broker
	to := e.NewAddress(b.wallet, DepositAddress)
	k := b.books.of(e, client)
	b.books.visit(e, k)
	e.give(to, k.account)
	to.client = k
	return to
}

// deal sells a large sum to the broker, or asks to buy one.
func (e *Economy) deal(p *Person, r *Rand) {
	b := e.broker
	if r.Chance(5_000) {
		b.buyers = append(b.buyers, p)
		return
	}
	v := p.Wallet.balance / 100 * r.Between(30, 80)
	if v > 40*Dust {
		e.Pay(p.Wallet, []Payment{{e.Broker(p.Actor), v}}, Order{Kind: Settlement})
	}
}

// brokerage has the broker serve buyers and bring what is left to its accounts.
func (e *Economy) brokerage() {
	b := e.broker
	// What clients brought it buys at once.
	b.books.credit(e, func(k *client) { b.books.trade(e, EntrySell, k, k.coins, 99) })
	if e.height%hour != 0 {
		return
	}
	kept := b.buyers[:0]
	for _, p := range b.buyers {
		v := e.typed(p, max(p.wealth, 40*Dust), &b.rng)
		to := e.Receive(p.Wallet)
		if !e.Pay(b.wallet, []Payment{{to, v}}, Order{Kind: Settlement}) {
			if len(kept) < 20 {
				kept = append(kept, p)
			}
			continue
		}
		k := b.books.of(e, p.Actor)
		b.books.visit(e, k)
		b.books.trade(e, EntryBuy, k, v, 101)
		b.books.request(e, k, to.Address, v, 0)
		b.books.pay(e, k, to.Address, v, 0)
	}
	b.buyers = kept
	if coins := len(b.wallet.coins) - b.wallet.head; coins >= 6 || coins > 0 && e.height%day == 0 {
		a := b.accounts[b.rng.Pick(len(b.accounts))]
		e.SendAll(b.wallet, a.service.DepositAddress(e, a), 8, Order{Kind: Deposit})
	}
}

// note writes 80 bytes into the chain.
func (e *Economy) note(r *Rand) {
	w := e.publishers[r.Pick(len(e.publishers))]
	e.addresses++
	data := Dest{Address: newAddress(dataNote, e.addresses)}
	d := &e.draft
	d.reset(Order{Kind: DataNote})
	d.pay(data, 0)
	e.settle(w, d, 0)
}

// token moves tokens: dust to their new holder, and a note of how many.
func (e *Economy) token(r *Rand) {
	w := e.holders[r.Pick(len(e.holders))]
	to := e.holders[r.Pick(len(e.holders))]
	if to == w {
		return
	}
	e.addresses++
	d := &e.draft
	d.reset(Order{Kind: TokenTransfer})
	d.pay(e.Receive(to), Dust)
	d.pay(Dest{Address: newAddress(dataToken, e.addresses)}, 0)
	e.settle(w, d, Dust)
}

// supply keeps those in coins who only spend fees, and gives the casino and the
// mixer what they start with. They buy as others do.
func (e *Economy) supply() {
	if e.height < foundation-60 || e.height%(day/2) != 12 {
		return
	}
	top := func(w *Wallet, least uint64, from ...*Custodian) {
		if w.balance >= least {
			return
		}
		v := 3 * least / uint64(len(from))
		for _, c := range from {
			a := e.treasury(w, c)
			if c.Buy(e, a, v+c.style.fee) {
				c.Withdraw(e, a, e.Receive(w), v, Order{})
			}
		}
	}
	// In a large world no exchange has what the services need: each sells a part.
	some := e.exchanges[:e.size.crowds]
	busy := uint64(e.spec.Txs/int(e.size.blocks)/e.size.crowds + 1)
	for i, w := range e.publishers {
		top(w, busy*e.feeRate*30, some[i%len(some)])
	}
	for i, w := range e.holders {
		top(w, busy*e.feeRate*20, some[i%len(some)])
	}
	top(e.casino.wallet, peoplesCoins/400, some...)
	top(e.mixer.wallet, peoplesCoins/100, some...)
	top(e.broker.wallet, peoplesCoins/200, some...)
}

// treasury returns the account through which a service's wallet buys at an exchange.
func (e *Economy) treasury(w *Wallet, at *Custodian) *Account {
	for _, a := range e.treasuries {
		if a.Customer == w.Actor && a.service == at {
			return a
		}
	}
	a := at.Open(e, w.Actor)
	e.treasuries = append(e.treasuries, a)
	return a
}
