package world

import "math/bits"

// society is who lives in an economy.
type society struct {
	size        size
	people      []*Person
	activity    table // of people: how often they act
	shops       []*shop
	popularity  table // of shops
	exchanges   []*Custodian
	processors  []*Custodian
	customers   table // of exchanges, by their share of the customers
	pools       []*miningPool
	casino      *casino
	mixer       *mixer
	broker      *broker
	joins       *coordinators
	publishers  []*Wallet // who write data into the chain
	holders     []*Wallet // of tokens
	deeds       table
	errands     []errand
	savers      savers
	sticky      []Software // the era's, of those who keep to one address, habit by habit
	stickyTable table      // of the habits
	treasuries  []*Account // of services that buy coins
	coinjoins   int        // so far
	done        int        // transactions so far
}

// Person is a citizen: somebody with coins, habits and an account at an exchange.
type Person struct {
	Actor   *Actor
	Wallet  *Wallet
	Account *Account

	mixed  *Wallet // for coins that come out of CoinJoins; nil until there are any
	wealth uint64  // satoshis that they like to have at hand
	coin   bool    // thinks in coins, and types round amounts of them
	gather int     // spends when so many coins have come in, and then most; 0: spends at any time
	spot   bool    // buys coins when they are needed, and no more
	asked  int32   // height of the last withdrawal to the own wallet
}

// shop is a merchant.
type shop struct {
	actor   *Actor
	wallet  *Wallet
	account *Account // at an exchange, where it sells
	till    *Account // at a payment processor; nil: takes payments itself
	sold    int32    // height of the last sale
	hoard   int
}

// size is how large a world is.
type size struct {
	blocks int32
	people int
	shops  int
	crowds int // how often the services of a world of 50,000 transactions are needed
}

// foundation is the number of blocks in which the first coins are mined and
// sold. What is measured of a world is measured after them.
const foundation = 300

func (e *Economy) plannedSize() size {
	life := uint64(2_200) * uint64(e.era.stretch) / 100
	if txs := uint64(e.spec.Txs); txs < 50_000 {
		life = max(life*txs/50_000, 100)
	} else { // with the fourth root of the number
		life = life * root(root(txs<<32/50_000)) >> 8
	}
	s := size{blocks: foundation + int32(life)}
	usual := 50_000 / (foundation + 2_200*int(e.era.stretch)/100)
	s.crowds = max((e.spec.Txs/int(s.blocks)+usual/2)/usual, 1)
	s.people = max(e.spec.Txs*e.era.people/int(s.blocks), 300)
	s.shops = max(s.people/25, 12)
	return s
}

// root returns the whole part of a number's square root.
func root(n uint64) uint64 {
	var r uint64
	for bit := uint64(1) << 31; bit > 0; bit >>= 1 {
		if t := r | bit; t*t <= n {
			r = t
		}
	}
	return r
}

// mulDiv returns a·b/c, c > a or c > b.
func mulDiv(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	q, _ := bits.Div64(high, low, c)
	return q
}

// found lets everybody be born, with nothing but their wallets.
func (e *Economy) found() {
	s := &e.society
	var shares []uint64
	for i := range s.size.crowds * len(e.era.exchanges) {
		style := i % len(e.era.exchanges)
		s.exchanges = append(s.exchanges, e.newCustodian(e.NewActor(ExchangeService, exchangeNames.of(i)), e.era.exchanges[style]))
		shares = append(shares, exchangeShares[style])
	}
	for i := range s.size.crowds * len(e.era.processors) {
		s.processors = append(s.processors, e.newCustodian(e.NewActor(PaymentProcessor, processorNames.of(i)), e.era.processors[i%len(e.era.processors)]))
	}
	s.customers = newTable(shares)
	s.stickyTable = newTable(e.era.sticky[:])
	for _, reuse := range stickyReuse {
		for _, w := range e.era.software {
			sticky := w.Software
			sticky.Reuse, sticky.Back = reuse, true
			s.sticky = append(s.sticky, sticky)
		}
	}
	var activity, popularity []uint64
	var wealth uint64
	for i := range s.size.people {
		r := newRand(e.spec.Seed, "citizen", uint64(i))
		p := e.newPerson(e.NewActor(Citizen, ""), &r)
		s.people = append(s.people, p)
		wealth += p.wealth
		activity = append(activity, min(r.pareto(64, e.era.activityTail), 64*busiest))
	}
	for _, p := range s.people {
		p.wealth = max(mulDiv(peoplesCoins, p.wealth, wealth), 20_000)
	}
	for i := range s.size.shops {
		r := newRand(e.spec.Seed, "merchant", uint64(i))
		s.shops = append(s.shops, e.newShop(&r))
		popularity = append(popularity, min(r.pareto(64, 110), 64*mostVisited))
	}
	s.activity, s.popularity, s.deeds = newTable(activity), newTable(popularity), newTable(e.era.mix[:])
	e.foundServices()
	e.foundPools()
	e.foundSavers()
}

// stickyReuse are the habits of those who keep to an address: change always goes
// back to it, and they give it out so many times of ten thousand.
var stickyReuse = [...]int{9_200, 7_000, 1_500}

// exchangeShares are the shares of customers that an era's exchanges have.
var exchangeShares = [...]uint64{35, 30, 20, 15}

// Nobody acts, and no shop is visited, more often than so many times the least.
const (
	busiest     = 60
	mostVisited = 6
)

// peoplesCoins is what citizens like to have at hand, all together, of the
// 15,000 coins that there will ever be.
const peoplesCoins = 4_000_0000_0000

// bank returns the exchange that somebody chooses.
func (e *Economy) bank(r *Rand) *Custodian { return e.exchanges[e.customers.draw(r)] }

// kin says whether somebody is content with a counterparty of a form of address.
// People of one time and taste use each other's services.
func (e *Economy) kin(w *Wallet, f Form, r *Rand) bool {
	return formTable[w.Software.Form].kind == formTable[f].kind || !r.Chance(e.era.kin)
}

// software returns the wallet program that somebody chooses.
func (e *Economy) software(r *Rand) *Software {
	i := e.softwareTable.draw(r)
	if r.Chance(e.spec.Assumptions.Reuse) {
		return &e.sticky[i+len(e.era.software)*e.stickyTable.draw(r)]
	}
	return &e.era.software[i].Software
}

func (e *Economy) newPerson(a *Actor, r *Rand) *Person {
	p := &Person{Actor: a, Wallet: e.NewWallet(a, e.software(r))}
	c := e.bank(r)
	for range 4 {
		if e.kin(p.Wallet, c.style.form, r) {
			break
		}
		c = e.bank(r)
	}
	p.Account = c.Open(e, a)
	if r.Chance(e.spec.Assumptions.SharedCustody) {
		p.Wallet.partner = e.NewActor(Citizen, "")
	}
	p.Account.sells = r.Chance(7_000)
	if r.Chance(e.era.gather) {
		p.gather = 1 + int(min(r.pareto(e.era.gatherLeast, e.era.gatherTail), 120))
	}
	p.coin, p.spot = r.Chance(e.era.round), r.Chance(e.era.spot)
	p.wealth = r.LogNormal(1<<24, e.era.spread)
	return p
}

func (e *Economy) newShop(r *Rand) *shop {
	a := e.NewActor(Merchant, "")
	s := &shop{actor: a, wallet: e.NewWallet(a, e.software(r)), account: e.bank(r).Open(e, a)}
	s.account.sells = true
	s.hoard = int(min(r.pareto(uint64(e.era.hoard)/6+1, 80), 400))
	if r.Chance(e.era.prompt) {
		s.hoard = 1
	}
	s.sold = int32(r.Below(uint64(e.era.hoardWait)))
	if r.Chance(4_000) {
		s.till = e.processors[r.Pick(len(e.processors))].Open(e, a)
	}
	return s
}

// block makes the transactions of one block: services first, then a crowd of
// people until there are enough, with the scenarios somewhere among them.
func (e *Economy) block() error {
	s := &e.society
	if e.height <= maturity {
		return e.scenes()
	}
	e.minePayouts()
	for _, c := range s.exchanges {
		c.step(e)
	}
	for _, c := range s.processors {
		c.step(e)
	}
	e.serve()
	if e.height <= foundation {
		e.endow()
		return e.scenes()
	}
	e.sellShops()
	e.runErrands()
	e.wakeSavers()
	quota := e.quota()
	scene := quota
	if have := len(e.plan.txs); have < quota {
		scene = have + e.crowd.Pick(quota-have+1)
	}
	played := false
	for tries := 20 + 20*quota; tries > 0; tries-- {
		if !played && len(e.plan.txs) >= scene {
			played = true
			if err := e.scenes(); err != nil {
				return err
			}
		}
		if len(e.plan.txs) >= quota {
			break
		}
		e.act()
	}
	e.handOver()
	if !played {
		return e.scenes()
	}
	return nil
}

// handOver has somebody sell a wallet, keys and all, at the rate that is assumed.
func (e *Economy) handOver() {
	r := &e.crowd
	n := uint64(len(e.people)) * uint64(e.spec.Assumptions.ChangeHands)
	if r.Below(10_000*uint64(e.size.blocks-foundation)) >= n {
		return
	}
	p := e.people[r.Pick(len(e.people))]
	p.Actor = e.NewActor(Citizen, "")
	p.Wallet.Actor = p.Actor
	p.Account = e.bank(r).Open(e, p.Actor)
	e.plan.wallets = append(e.plan.wallets, walletRow{p.Wallet.ID, p.Actor, nil, p.Wallet.Software})
}

func (e *Economy) scenes() error {
	for _, s := range e.scenarios {
		if err := s.Step(e); err != nil {
			return err
		}
	}
	return nil
}

// quota returns how many transactions the block should have: a share of those
// that are left, more after a long wait.
func (e *Economy) quota() int {
	left := max(e.spec.Txs-e.done, 0)
	blocks := int(e.size.blocks-e.height) + 1
	waited := min(max(int(e.waited), 120), 2_400)
	return max(left*waited/600/blocks, 1)
}

// endow has people buy their first coins, a few in each block.
func (e *Economy) endow() {
	const from, to = maturity + 40, foundation - 10
	if e.height <= from || e.height > to {
		return
	}
	e.fillSavers(int(e.height-from-1), int(e.height-from), to-from)
	n := len(e.people)
	for _, p := range e.people[n*int(e.height-from-1)/(to-from) : n*int(e.height-from)/(to-from)] {
		if !p.spot {
			e.buy(p, p.wealth)
		}
	}
}
