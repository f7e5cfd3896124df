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
	pieces := c.rng.Pick(4)
	var next func() bool
	next = func() bool {
		if pieces == 0 {
			if !c.send(from, c.e.Receive(to), Layering) {
				return false
			}
			c.carry(to, m, hops-1, then)
			return true
		}
		pieces--
		c.pay(from, c.e.Receive(to), c.slice(from, 20), Layering)
		c.after(c.pause()/2, next)
		return true
	}
	c.after(c.pause(), next)
}

// divide splits a wallet's coins among as many wallets of one owner, itself the
// last of them: it keeps the change.
func (c *Case) divide(from *world.Wallet, m *member, branches int, then func(branch int, w *world.Wallet)) {
	var wallets []*world.Wallet
	var to []world.Payment
	var weights []uint64
	sum := c.rng.Between(70, 130)
	for range branches - 1 {
		w := c.wallet(m)
		wallets = append(wallets, w)
		to = append(to, world.Payment{To: c.e.Receive(w)})
		weights = append(weights, c.rng.Between(70, 130))
		sum += weights[len(weights)-1]
	}
	wallets = append(wallets, from)
	c.after(c.pause(), func() bool {
		for i := range to {
			to[i].Value = c.typed(from.Balance() / sum * weights[i])
		}
		if len(to) > 0 && !c.e.Pay(from, to, c.order(Layering)) {
			return false
		}
		for i, w := range wallets {
			then(i, w)
		}
		return true
	})
}

// peel cashes a wallet out: it pays sums again and again, each time from the change of the
// time before: to returns where and how much, or a value of 0 to skip one. Then
// the rest is someone else's business.
func (c *Case) peel(w *world.Wallet, times int, to func(n int) (world.Dest, uint64), then func()) {
	n := 0
	var next func() bool
	next = func() bool {
		if n == times {
			then()
			return true
		}
		d, v := to(n)
		if v > 0 && !c.pay(w, d, v, CashOut) {
			if v < w.Balance() {
				return false
			}
			n = times - 1 // there is nothing left to peel
		}
		n++
		c.after(c.pause()/3, next)
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
	if c.rng.Chance(2_500) {
		return max(v/unit*unit, 20*world.Dust)
	}
	return max(v-c.rng.Below(max(unit/10, 1)), 20*world.Dust)
}

// money is what a sum of cents buys, as a payer's wallet works it out.
func (c *Case) money(cents uint64) uint64 { return c.e.Satoshis(cents) + c.rng.Below(100) }

// slice is a part of a wallet's coins, around so many percent: people's payments
// spread over orders of magnitude.
func (c *Case) slice(w *world.Wallet, percent uint64) uint64 {
	return c.typed(min(c.rng.LogNormal(w.Balance()/100*percent, 3<<15), w.Balance()/2))
}

// decoys has a wallet's owner live on the proceeds: some of the coins go to a
// purse, from which shops and other people are paid so many times, as everybody
// pays them. These are honest ends, and among all others they look like nothing.
func (c *Case) decoys(from *world.Wallet, times int) {
	purse := c.wallet(&member{actor: from.Actor})
	left := uint64(max(c.e.Blocks()-c.e.Height(), 1))
	for n := range 3 {
		c.after(c.pause()*int32(1+n), func() bool {
			c.pay(from, c.e.Receive(purse), c.slice(from, 8), Spending)
			return true
		})
	}
	// What comes to exchanges is in part withdrawn again, to be spent.
	for range min(3, len(c.purses)) {
		until := c.e.Height() + int32(left/2)
		c.after(c.pause(), func() bool {
			a := c.purses[c.rng.Pick(len(c.purses))]
			v := c.typed(c.rng.LogNormal(a.Coins()/6+1, 3<<15))
			return v > 4*a.Service().Fee() && c.withdraw(a, purse, v, Spending) || c.e.Height() > until
		})
	}
	for range times {
		c.after(int32(c.rng.Below(left)), func() bool {
			c.spend(purse)
			return true
		})
	}
}

// spend pays a shop or a stranger from a purse.
func (c *Case) spend(purse *world.Wallet) {
	v := c.typed(min(c.rng.LogNormal(purse.Balance()/8, 3<<15), purse.Balance()/10*9))
	to := c.e.Checkout(&c.rng)
	if c.rng.Chance(6_000) {
		to = c.e.Receive(c.e.Someone(&c.rng).Wallet)
	}
	c.pay(purse, to, v, Spending)
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
