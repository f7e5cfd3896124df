package crime

import "goshawk/world"

// account is a member's account at an exchange.
type account struct {
	*world.Account
	holder *member
	since  int32
	held   uint64
	series []sitting
}

// sitting is a sum that sat in an account, unchanged, in the blocks [from, to).
type sitting struct {
	from, to int32
	satoshis uint64
}

// account opens an account for a member at the n-th exchange.
func (c *Case) account(m *member, n int) *account {
	list := c.e.Exchanges()
	a := &account{Account: list[n%len(list)].Open(c.e, m.actor), holder: m}
	c.accounts = append(c.accounts, a)
	return a
}

// note keeps the series of what sits in the account.
func (a *account) note(e *world.Economy) {
	if a.Coins() == a.held {
		return
	}
	a.close(e.Height())
	a.held = a.Coins()
}

func (a *account) close(height int32) {
	if a.held > 0 {
		a.series = append(a.series, sitting{a.since, height, a.held})
	}
	a.since = height
}

// income is what one victim, donor or customer pays at one time.
type income struct {
	payer   *world.Person
	to      world.Dest
	receipt world.Receipt
	via     *world.Custodian // the exchange it was paid from; nil: the payer's own wallet
	note    string           // what it was for, for the papers
}

// collect has somebody pay: straight from their exchange, or from their own
// wallet, for which they buy coins if they have too few.
func (c *Case) collect(p *world.Person, to world.Dest, satoshis uint64, note string) *income {
	in := &income{payer: p, to: to, note: note}
	c.incomes = append(c.incomes, in)
	o := c.order(Income)
	o.Receipt = &in.receipt
	remit := func() bool {
		in.via = p.Account.Service()
		return c.e.Remit(p, to, satoshis, o)
	}
	if c.rng.Chance(5_000) {
		c.after(1, remit)
		return in
	}
	pay := []world.Payment{{To: to, Value: satoshis}}
	patience := c.e.Height() + 200
	asked := false
	c.after(1, func() bool {
		switch {
		case c.e.Pay(p.Wallet, pay, o):
			return true
		case c.e.Height() > patience:
			return remit()
		case !asked:
			asked = c.e.Obtain(p, satoshis+satoshis/50, world.Order{})
		}
		return false
	})
	return in
}

// came says whether a payment has come to an address of the criminals that is
// given out once.
func (c *Case) came(to world.Dest) bool {
	moves := c.trail.Moves
	for ; c.read < len(moves); c.read++ {
		for i := range moves[c.read].Outs {
			if o := &moves[c.read].Outs[i]; o.Ours {
				c.seen[o.To.Address] = true
			}
		}
	}
	return c.seen[to.Address]
}

// returned is what comes back to the criminals from one of their accounts.
type returned struct {
	account *account
	receipt world.Receipt
}

// withdraw has an account pay to a wallet. It is false where there is too little.
func (c *Case) withdraw(a *account, to *world.Wallet, satoshis uint64, stage string) bool {
	r := &returned{account: a}
	o := c.order(stage)
	o.Receipt = &r.receipt
	if !a.Service().Withdraw(c.e, a.Account, c.e.Receive(to), satoshis, o) {
		return false
	}
	c.returns = append(c.returns, r)
	return true
}

// deposit has a wallet pay into an account.
func (c *Case) deposit(w *world.Wallet, a *account, satoshis uint64) bool {
	return c.e.Deposit(w, a.Account, satoshis, c.order(CashOut))
}

// empty has a wallet send everything into an account.
func (c *Case) empty(w *world.Wallet, a *account) bool {
	o := c.order(CashOut)
	o.Kind = world.Deposit
	return c.e.SendAll(w, a.Service().DepositAddress(c.e, a.Account), 100, o) > 0
}

// sells has an account's holder turn into money what comes in, some time later:
// the time in which it could be frozen.
func (c *Case) sells(a *account, from, to uint64) {
	due := int32(-1)
	c.at(1, func() bool {
		switch {
		case a.Coins() == 0:
			due = -1
		case due < 0:
			due = c.e.Height() + int32(c.rng.Between(from, to))
		case c.e.Height() >= due:
			a.Service().Sell(c.e, a.Account, a.Coins())
			due = -1
		}
		return false
	})
}

// rob has a member take sums from a service's hot wallet.
func (c *Case) rob(by *member, from *world.Custodian, to []world.Payment) bool {
	c.robbed = from
	o := c.order(Income)
	o.Kind, o.Actor = world.Withdrawal, by.actor
	return c.e.Rob(from, to, o)
}

// send has a wallet send all its coins to one of the criminals' addresses.
func (c *Case) send(from *world.Wallet, to world.Dest, stage string) bool {
	o := c.order(stage)
	o.Kind = world.Transfer
	return c.e.SendAll(from, to, 100, o) > 0
}

// pay has a wallet pay one sum.
func (c *Case) pay(w *world.Wallet, to world.Dest, satoshis uint64, stage string) bool {
	return c.e.Pay(w, []world.Payment{{To: to, Value: satoshis}}, c.order(stage))
}

// carry moves a wallet's coins through new wallets of one owner, one after the
// other, each time in a few payments.
func (c *Case) carry(from *world.Wallet, m *member, hops int, then func(*world.Wallet)) {
	if hops == 0 {
		then(from)
		return
	}
	to := c.wallet(m)
	place := c.e.Receive(to)
	if c.rng.Chance(5_000) { // one address is copied once and used again, or each payment gets its own
		place = world.Dest{}
	}
	where := func() world.Dest {
		if place == (world.Dest{}) {
			return c.e.Receive(to)
		}
		return place
	}
	pieces := c.rng.Pick(2)
	var next func() bool
	next = func() bool {
		if pieces == 0 {
			if !c.clear(from, where()) {
				return false
			}
			c.carry(to, m, hops-1, then)
			return true
		}
		pieces--
		pay := []world.Payment{{To: where(), Value: c.slice(from, 30)}}
		if c.rng.Chance(4_000) {
			for range c.rng.Between(1, 3) {
				pay = append(pay, world.Payment{To: c.fresh(to), Value: c.slice(from, 15)})
			}
		}
		c.e.Pay(from, pay, c.order(Layering))
		c.after(c.pause(), next)
		return true
	}
	c.after(c.pause(), next)
}

// clear moves what a wallet holds, as people do: some send all of it, others
// type a sum and leave a little behind.
func (c *Case) clear(from *world.Wallet, to world.Dest) bool {
	all := 4_000
	if c.e.Era() == world.Era2015 { // few wallets could
		all = 1_000
	}
	if c.rng.Chance(all) {
		return c.send(from, to, Layering)
	}
	return c.pay(from, to, c.typed(from.Balance()/1000*c.rng.Between(920, 990)), Layering) || c.send(from, to, Layering)
}

// divide splits a wallet's coins among as many wallets of one owner, itself the
// last of them: it keeps the change. Each gets its coins in one payment or two.
func (c *Case) divide(from *world.Wallet, m *member, branches int, then func(branch int, w *world.Wallet)) {
	var wallets []*world.Wallet
	var weights []uint64
	sum := c.rng.Between(70, 130)
	for range branches - 1 {
		wallets = append(wallets, c.wallet(m))
		weights = append(weights, c.rng.Between(70, 130))
		sum += weights[len(weights)-1]
	}
	wallets = append(wallets, from)
	all, rounds := from.Balance(), uint64(1+c.rng.Pick(2))
	done := uint64(0)
	var next func() bool
	next = func() bool {
		if done == 0 {
			all = from.Balance()
		}
		var to []world.Payment
		for i, w := range wallets[:len(weights)] {
			v := c.typed(all / sum * weights[i] / rounds)
			if c.rng.Chance(5_000) { // in two coins
				part := v / 100 * c.rng.Between(20, 80)
				to = append(to, world.Payment{To: c.fresh(w), Value: part})
				v -= part
			}
			to = append(to, world.Payment{To: c.e.Receive(w), Value: v})
		}
		if len(to) > 0 && !c.e.Pay(from, to, c.order(Layering)) {
			return false
		}
		if done++; done < rounds {
			c.after(c.pause(), next)
			return true
		}
		for i, w := range wallets {
			if i == 0 && c.level.Hops > 1 {
				c.swap(w, m, func(w *world.Wallet) { then(i, w) })
				continue
			}
			then(i, w)
		}
		return true
	}
	c.after(c.pause(), next)
}

// swap brings a wallet's coins into an account under a bought name, and other
// coins out of it into a new wallet: between the two only the exchange knows.
func (c *Case) swap(from *world.Wallet, m *member, then func(*world.Wallet)) {
	a, to := c.account(m, c.rng.Pick(len(c.e.Exchanges()))), c.wallet(m)
	a.Identify(c.e, world.Claim{Forged: true})
	in := c.rng.Pick(3)
	var pay func() bool
	var draw func()
	again := func() bool { draw(); return true }
	pay = func() bool {
		if in == 0 {
			if !c.clear(from, c.into(a)) {
				return false
			}
			c.after(c.pause(), again)
			return true
		}
		in--
		c.pay(from, c.into(a), c.slice(from, 35), Layering)
		c.after(c.pause(), pay)
		return true
	}
	give := c.e.Height() + c.e.Blocks()/3
	draw = func() {
		have, least := a.Coins(), 4*a.Service().Fee()+200*world.Dust
		switch {
		case to.Balance() > 0 && have < least, c.e.Height() > give:
			then(to)
			return
		case have >= least:
			v := have - a.Service().Fee()
			if v > 4*least && c.rng.Chance(6_000) {
				v = c.typed(v / 100 * c.rng.Between(20, 70))
			}
			c.withdraw(a, to, v, Layering)
		}
		c.after(c.pause(), again)
	}
	c.after(c.pause(), pay)
}

// peel cashes a wallet out: it pays sums again and again, mostly from the change of the
// time before: to returns where and how much, or a value of 0 to skip one. Now and
// then a shop or a person is paid instead. Then the rest is someone else's business.
func (c *Case) peel(w *world.Wallet, times int, to func(n int) (world.Dest, uint64), then func()) {
	n := 0
	var next func() bool
	next = func() bool {
		if n == times {
			then()
			return true
		}
		d, v := to(n)
		pay := []world.Payment{{To: d, Value: v}}
		stage := CashOut
		switch {
		case v == 0:
		case n > 0 && c.rng.Chance(2_500): // a purchase in between
			pay[0].To, stage = c.payee(), Spending
		case n+1 < times && c.rng.Chance(3_000): // two at once
			if d, v := to(n + 1); v > 0 && v+pay[0].Value < w.Balance()/10*9 {
				pay = append(pay, world.Payment{To: d, Value: v})
				n++
			}
		}
		if v > 0 && !c.e.Pay(w, pay, c.order(stage)) {
			if v < w.Balance() {
				return false
			}
			n = times - 1 // there is nothing left to peel
		}
		n++
		c.after(c.pause(), next)
		return true
	}
	c.after(c.pause(), next)
}

// mix has a wallet pay so many percent of its coins to the mixing service, in sums
// that it can give back, and brings what comes back to another wallet. Then
// whatever comes next happens, also if the service does not take the coins for long.
func (c *Case) mix(from, to *world.Wallet, percent int, then func()) {
	left := from.Balance() / 100 * uint64(percent)
	most := uint64(12_0000_0000)
	tries := 0
	var next func() bool
	next = func() bool {
		v := c.typed(min(left, most, from.Balance()/10*9))
		if v < 90*world.Dust { // less than the service pays out in three parts
			then()
			return true
		}
		var places []world.Dest
		for range c.rng.Between(1, 3) {
			places = append(places, c.e.NewAddress(to, world.Mixed))
		}
		if !c.e.Mix(from, v, places, c.order(Layering)) {
			if tries++; tries%8 == 0 {
				most = v / 2
			}
			return false
		}
		left -= min(v, left)
		c.after(c.pause()/2, next)
		return true
	}
	c.after(c.pause()/2, next)
}

// join takes coins from a wallet to a CoinJoin and brings what comes back to
// another wallet. Where the time knows no such service, or the wallet has too
// little, it is not tried again.
func (c *Case) join(from, to *world.Wallet) {
	c.after(c.pause(), func() bool {
		if !c.e.JoinRound(from, to) {
			c.e.JoinPool(from, to, c.order(Layering))
		}
		return true
	})
}

// launder has a wallet's owner mix a part of its coins, take some to a CoinJoin,
// and bring what comes back to an account; then the rest of the wallet is free.
func (c *Case) launder(from *world.Wallet, m *member, percent int, a *account, then func()) {
	clean := c.wallet(m)
	c.after(c.pause(), func() bool {
		c.mix(from, clean, percent, func() {
			if c.level.Joins { // a round may take all that is left for a while
				c.join(from, clean)
			}
			then()
		})
		return true
	})
	c.late(clean, a)
}

// typed rounds an amount as its payer types it: to two digits, or not at all, as
// one who thinks in money and not in coins.
func (c *Case) typed(v uint64) uint64 {
	unit := uint64(1)
	for unit*100 <= v {
		unit *= 10
	}
	inCoins := 1_500
	switch c.e.Era() {
	case world.Era2015:
		inCoins = 5_000
	case world.Era2019:
		inCoins = 2_500
	}
	if c.rng.Chance(inCoins) {
		return max(v/unit*unit, 20*world.Dust)
	}
	return max(v-c.rng.Below(max(unit/10, 1)), 20*world.Dust)
}

// money is what a sum of cents buys, as a payer's wallet works it out.
func (c *Case) money(cents uint64) uint64 { return c.e.Satoshis(cents) + c.rng.Below(100) }

// slice is a part of a wallet's coins, around so many percent: people's payments
// spread over orders of magnitude.
func (c *Case) slice(w *world.Wallet, percent uint64) uint64 {
	return c.typed(min(c.rng.LogNormal(w.Balance()/100*percent, 5<<15), w.Balance()/2))
}

// decoys has a wallet's owner live on the proceeds: shops and other people are
// paid so many times, as everybody pays them, from one of the criminals' accounts
// or from a purse that gets some of the coins. These are honest ends, and among
// all others they look like nothing.
func (c *Case) decoys(from *world.Wallet, times int) {
	purse := c.wallet(&member{actor: from.Actor, software: from.Software})
	left := uint64(max(c.e.Blocks()-c.e.Height(), 1))
	fund := func() bool {
		c.pay(from, c.e.Receive(purse), c.slice(from, 15), Spending)
		return true
	}
	c.after(c.pause(), func() bool {
		fund()
		c.gamble(purse)
		return true
	})
	for range times {
		c.after(int32(c.rng.Below(left)), func() bool {
			if len(c.purses) == 0 || c.rng.Chance(2_500) {
				c.spend(purse)
			} else {
				c.shop(c.purses[c.rng.Pick(len(c.purses))], purse)
			}
			return true
		})
	}
}

// gamble has a wallet's owner play for a sitting, as many people of 2015 did: dirty
// coins are spent on it, and washed with it.
func (c *Case) gamble(w *world.Wallet) {
	bets, often := uint64(6), 2_500
	switch c.e.Era() {
	case world.Era2015:
		bets, often = 16, 6_000
	case world.Era2019:
		bets, often = 10, 5_000
	}
	if !c.rng.Chance(often) {
		return
	}
	bets = c.rng.Between(1, bets)
	var next func() bool
	next = func() bool {
		if bets--; bets > 0 && c.e.Wager(w, c.typed(c.rng.LogNormal(w.Balance()/20, 1<<16)), c.order(Spending)) {
			c.after(1, next)
		}
		return true
	}
	c.after(c.pause(), next)
}

// payee is a shop or a stranger.
func (c *Case) payee() world.Dest {
	if c.rng.Chance(6_000) {
		return c.e.Receive(c.e.Someone(&c.rng).Wallet)
	}
	return c.e.Checkout(&c.rng)
}

// spend pays a shop or a stranger from a purse.
func (c *Case) spend(purse *world.Wallet) {
	to := c.payee()
	c.pay(purse, to, c.typed(min(c.rng.LogNormal(purse.Balance()/4, 5<<15), purse.Balance()/10*9)), Spending)
}

// shop has an account pay a shop or a stranger, or a purse: what came to it was
// sold, and some is bought back when it is needed.
func (c *Case) shop(a *account, purse *world.Wallet) {
	v := c.around(6_100, 5<<15)
	if need := v + a.Service().Fee(); a.Coins() < need && !a.Service().Buy(c.e, a.Account, need-a.Coins()) {
		return
	}
	if c.rng.Chance(2_000) {
		c.withdraw(a, purse, v, Spending)
		return
	}
	a.Service().Withdraw(c.e, a.Account, c.payee(), v, c.order(Spending))
}

// late brings to an account whatever comes into a wallet, a few times in the
// world's life: coins come back from mixing one by one.
func (c *Case) late(w *world.Wallet, a *account) {
	for _, part := range []uint64{620, 740, 850, 930, 965} {
		c.at(c.part(part), func() bool {
			c.empty(w, a)
			return true
		})
	}
}

// invoice returns an invoice of a shop that takes payments through a processor,
// which keeps its customers' orders; a shop's own address if there is none.
func (c *Case) invoice() world.Dest {
	d := c.e.Checkout(&c.rng)
	for tries := 0; d.Account() == nil && tries < 100; tries++ {
		d = c.e.Checkout(&c.rng)
	}
	return d
}

// into is where a deposit to an account goes.
func (c *Case) into(a *account) world.Dest { return a.Service().DepositAddress(c.e, a.Account) }
