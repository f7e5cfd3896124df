package world

// The coordinators' names, as actors: truth tells by them which kind a CoinJoin
// is of. One without a coordinator is its taker's.
const (
	PoolCoordinator  = "Maelstrom" // five coins in, five out, all of one amount
	RoundCoordinator = "Tea Room"  // many equal outputs, and change
)

// coordinators run CoinJoins of three kinds, each as its era knew it.
type coordinators struct {
	pool   *Wallet // whose software and fee address the pool mixes use
	rounds *Wallet // the same of rounds with many equal outputs
	market *Wallet // software of makers and takers who find each other
	tiers  []*tier
	joined []participant // in the next round
	since  int32
	rng    Rand
}

// tier is a pool of one amount: five coins in, five out.
type tier struct {
	amount, fee uint64
	fresh       []ticket // from preparations, a little more than the amount
	mixed       []ticket // from earlier mixes, exactly the amount
	next        []ticket // from mixes of this block
}

// ticket is a coin that waits for a mix; its wallet has given it up.
type ticket struct {
	wallet *Wallet
	coin   slot
	mixes  int
}

// participant of a round: coins that its wallet has given up.
type participant struct {
	from, to *Wallet
	coins    []slot
	sum      uint64
}

func (e *Economy) foundJoins(service func(Role, string, Software) *Wallet) *coordinators {
	form := PayWitnessKey
	if e.era.year == Era2015 {
		form = PayKeyHash
	}
	c := &coordinators{rng: newRand(e.spec.Seed, "coordinator", 0)}
	c.market = service(CoinJoinService, "Joiners' Market", Software{Form: form, Version: 1, Place: Anywhere, Sorted: false})
	if e.era.year >= Era2019 {
		c.pool = service(CoinJoinService, PoolCoordinator, Software{Form: form, Version: 1, Sorted: true, Reuse: 0})
		c.rounds = service(CoinJoinService, RoundCoordinator, Software{Form: form, Version: 1, Place: Anywhere})
		c.tiers = []*tier{{amount: 1_000_000, fee: 50_000}, {amount: 100_000, fee: 5_000}, {amount: 5_000_000, fee: 175_000}}
	}
	return c
}

// mixedWallet is where a person keeps mixed coins apart.
func (e *Economy) mixedWallet(p *Person) *Wallet {
	if p.mixed == nil {
		s := *e.joins.market.Software
		s.Name, s.Choose, s.Sorted, s.Changed = "mixed", BestFit, true, false
		p.mixed = e.NewWallet(p.Actor, &s)
	}
	return p.mixed
}

// join takes a person to one of the CoinJoins.
func (e *Economy) join(p *Person, r *Rand) {
	switch kind := r.Below(10); {
	case e.joins.pool != nil && kind < 4:
		e.JoinPool(p.Wallet, e.mixedWallet(p), Order{})
	case e.joins.rounds != nil && kind < 9:
		e.JoinRound(p.Wallet, e.mixedWallet(p))
	default:
		e.joinMarket(p, r)
	}
}

// JoinPool prepares up to eight coins of a pool's amount from a wallet and puts
// them up for mixing; mixed coins come to another wallet of the same owner. It is
// false where the wallet has too little for the smallest pool.
func (e *Economy) JoinPool(from, to *Wallet, o Order) bool {
	c := e.joins
	if c.pool == nil {
		return false
	}
	const premium = 12_000 // a fresh coin pays the mixes' fees
	for _, t := range c.tiers {
		n := min(from.balance/10*9/(t.amount+premium+t.fee), 8)
		if n < 2 {
			continue
		}
		o.Kind = CoinJoinPrepare
		d := &e.draft
		d.reset(o)
		sum := t.fee
		e.addresses++
		d.pay(Dest{Address: newAddress(dataNote, e.addresses)}, 0)
		d.pay(e.NewAddress(c.pool, House), t.fee)
		for range n {
			d.pay(e.NewAddress(from, Mixed), t.amount+premium)
			sum += t.amount + premium
		}
		if !e.settle(from, d, sum) {
			return false
		}
		// The prepared coins go from the wallet to the pool.
		for i := len(from.coins) - 1; i >= from.head; i-- {
			s := from.coins[i]
			if e.coins[s].height == e.height && e.coins[s].value == t.amount+premium {
				from.coins = append(from.coins[:i], from.coins[i+1:]...)
				from.balance -= e.coins[s].value
				t.fresh = append(t.fresh, ticket{wallet: to, coin: s})
			}
		}
		return true
	}
	return false
}

// JoinRound registers a wallet's coins for the next round of many equal outputs.
// It is false where the wallet has less than the round's amount.
func (e *Economy) JoinRound(from, to *Wallet) bool {
	c := e.joins
	if c.rounds == nil || from.balance < roundAmount+roundAmount/20 {
		return false
	}
	places, total := e.choose(from, roundAmount+roundAmount/50, 0)
	if places == nil || len(places) > 6 {
		return false
	}
	p := participant{from: from, to: to, sum: total}
	for _, i := range places {
		p.coins = append(p.coins, from.coins[from.head+i])
	}
	e.take(from, places)
	if len(c.joined) == 0 {
		c.since = e.height
	}
	c.joined = append(c.joined, p)
	return true
}

// roundAmount is what a round's equal outputs are worth, more or less.
const roundAmount = 10_000_000

// coordinate is the coordinators' work in one block.
func (e *Economy) coordinate() {
	c := e.joins
	for _, t := range c.tiers {
		for e.mixTier(t) {
		}
		t.mixed = append(t.mixed, t.next...)
		t.next = t.next[:0]
		// Some have enough of mixing.
		kept := t.mixed[:0]
		for _, k := range t.mixed {
			if k.mixes > 0 && len(t.mixed) > 6 && c.rng.Chance(60) {
				k.wallet.put(k.coin, e.coins[k.coin].value)
				continue
			}
			kept = append(kept, k)
		}
		t.mixed = kept
	}
	if n := len(c.joined); n > 0 && (n >= e.era.roundSize || n >= 12 && e.height-c.since > day) {
		e.round()
	}
}

// mixTier makes one mix of five if there are the coins for it.
func (e *Economy) mixTier(t *tier) bool {
	c := e.joins
	fresh, mixed := 2+c.rng.Pick(2), 0
	if mixed = 5 - fresh; len(t.mixed) < mixed {
		fresh, mixed = 5-min(len(t.mixed), 1), min(len(t.mixed), 1)
	}
	if len(t.fresh) < fresh {
		return false
	}
	var in []ticket
	for range fresh {
		in = append(in, drawTicket(&t.fresh, &c.rng))
	}
	for range mixed {
		in = append(in, drawTicket(&t.mixed, &c.rng))
	}
	d := &e.draft
	d.reset(Order{Kind: CoinJoin, Actor: c.pool.Actor})
	for _, k := range in {
		e.spend(d, k.coin)
		d.pay(e.NewAddress(k.wallet, Mixed), t.amount)
	}
	e.arrange(c.pool, d)
	e.commit(c.pool, d)
	e.coinjoins++
	for _, k := range in {
		s, ok := k.wallet.pull(e, t.amount)
		if ok {
			t.next = append(t.next, ticket{k.wallet, s, k.mixes + 1})
		}
	}
	return true
}

// drawTicket takes a random ticket out of a list whose coins are confirmed.
func drawTicket(list *[]ticket, r *Rand) ticket {
	l := *list
	i := r.Pick(len(l))
	k := l[i]
	l[i] = l[len(l)-1]
	*list = l[:len(l)-1]
	return k
}

// pull takes back the coin of a value that came into a wallet last.
func (w *Wallet) pull(e *Economy, value uint64) (slot, bool) {
	for i := len(w.coins) - 1; i >= w.head; i-- {
		if s := w.coins[i]; e.coins[s].value == value && e.coins[s].height == e.height {
			w.coins = append(w.coins[:i], w.coins[i+1:]...)
			w.balance -= value
			return s, true
		}
	}
	return noSlot, false
}

// round makes one CoinJoin of all who registered: an equal output for each, for
// the richer ones also of twice and four times the amount, their change, and the
// coordinator's fee.
func (e *Economy) round() {
	c := e.joins
	d := &e.draft
	d.reset(Order{Kind: CoinJoin, Actor: c.rounds.Actor})
	base := roundAmount - c.rng.Below(roundAmount/20)
	each := e.feeRate * 150 / 1000 // for an input, an equal output and a change
	list := c.joined
	c.joined = nil
	richer := [3]int{}
	for level := 1; level <= 2; level++ {
		for _, p := range list {
			if p.sum > (uint64(1)<<(level+1))*base+base/2 {
				richer[level]++
			}
		}
	}
	var fees uint64
	for _, p := range list {
		for _, s := range p.coins {
			e.spend(d, s)
		}
		cost := each * uint64(len(p.coins)+2)
		d.pay(e.NewAddress(p.to, Mixed), base)
		left := p.sum - base
		for level := 1; level <= 2; level++ {
			if v := base << level; richer[level] > 1 && p.sum > (uint64(1)<<(level+1))*base+base/2 && left > v+base/4 {
				d.pay(e.NewAddress(p.to, Mixed), v)
				left -= v
			}
		}
		fee := base * 3 / 1000 // the coordinator's
		if left > fee+cost+leastChange {
			d.pay(e.changeTo(p.from, e.coins[p.coins[0]].address, 0), left-fee-cost)
			fees += fee
		}
	}
	if fees > leastChange {
		d.pay(e.NewAddress(c.rounds, House), fees)
	}
	// The order of outputs tells nothing.
	for i := len(d.outs) - 1; i > 0; i-- {
		j := c.rng.Pick(i + 1)
		d.outs[i], d.outs[j] = d.outs[j], d.outs[i]
	}
	for i := len(d.ins) - 1; i > 0; i-- {
		j := c.rng.Pick(i + 1)
		d.ins[i], d.ins[j] = d.ins[j], d.ins[i]
	}
	e.commit(c.rounds, d)
	e.coinjoins++
}

// joinMarket has a taker pay a few makers to join: equal outputs for all, and
// change for all.
func (e *Economy) joinMarket(p *Person, r *Rand) {
	amount := p.Wallet.balance / 100 * r.Between(10, 60)
	if amount < 50_000 {
		return
	}
	list := []participant{}
	add := func(q *Person) {
		places, total := e.choose(q.Wallet, amount+amount/10, 0)
		if places == nil || len(places) > 8 {
			return
		}
		m := participant{from: q.Wallet, to: q.Wallet, sum: total}
		for _, i := range places {
			m.coins = append(m.coins, q.Wallet.coins[q.Wallet.head+i])
		}
		e.take(q.Wallet, places)
		list = append(list, m)
	}
	add(p)
	if len(list) == 0 {
		return
	}
	for tries := 0; len(list) < 3+int(p.Wallet.ID%3) && tries < 60; tries++ {
		if q := e.payee(p, r); q.Wallet.balance > amount+amount/10 && q.Wallet.partner == nil {
			add(q)
		}
	}
	if len(list) < 3 {
		for _, m := range list { // nobody there: the coins go back
			for _, s := range m.coins {
				m.from.put(s, e.coins[s].value)
			}
		}
		return
	}
	d := &e.draft
	d.reset(Order{Kind: CoinJoin, Actor: p.Actor})
	for _, m := range list {
		for _, s := range m.coins {
			e.spend(d, s)
		}
	}
	fee := e.fee(e.joins.market, d.weight+len(list)*2*4*34)
	for i, m := range list {
		d.pay(e.newAddress(m.to, m.to.Software.Form, Mixed), amount)
		left := m.sum - amount
		if i == 0 {
			left -= min(fee+uint64(len(list))*amount/2000, left/2)
		} else {
			left += amount / 2000
		}
		d.pay(e.newAddress(m.from, m.from.Software.Form, Change), left)
	}
	for i := len(d.outs) - 1; i > 0; i-- {
		j := r.Pick(i + 1)
		d.outs[i], d.outs[j] = d.outs[j], d.outs[i]
	}
	e.commit(e.joins.market, d)
	e.coinjoins++
}

// payJoin has a payee add a coin of theirs to a payment (BIP 78): the sum of two
// owners' coins is spent, and one of them gets more than was paid.
func (e *Economy) payJoin(p, q *Person, amount uint64) bool {
	theirs, ok := e.pullAny(q.Wallet)
	if !ok {
		return false
	}
	value := e.coins[theirs].value
	d := &e.draft
	d.reset(Order{Kind: PayJoin})
	e.spend(d, theirs)
	d.pay(e.NewAddress(q.Wallet, Receiving), amount+value)
	if !e.settle(p.Wallet, d, amount) {
		q.Wallet.put(theirs, value)
		return false
	}
	return true
}

// pullAny takes a ripe coin out of a wallet.
func (e *Economy) pullAny(w *Wallet) (slot, bool) {
	for i := w.head; i < len(w.coins); i++ {
		if s := w.coins[i]; e.ripe(s, false) {
			w.coins = append(w.coins[:i], w.coins[i+1:]...)
			w.balance -= e.coins[s].value
			return s, true
		}
	}
	return noSlot, false
}
