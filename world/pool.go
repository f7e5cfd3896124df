package world

// miningPool is a pool with its members.
type miningPool struct {
	actor    *Actor
	wallet   *Wallet
	accounts []*Account // at all exchanges, where it sells
	members  []*Person
	paid     int32
	rng      Rand
}

// poolShares are the pools' shares of the blocks, in percent.
var poolShares = [...]uint64{28, 22, 17, 13, 11, 9}

func (e *Economy) foundPools() {
	for i := range poolShares {
		r := newRand(e.spec.Seed, "pool", uint64(i))
		a := e.NewActor(MiningPool, poolNames.of(i))
		s := &Software{Name: "pool", Form: e.era.mined, Choose: OldestFirst, Place: Last, Fee: Estimated, Version: 1, Reuse: 10_000, Back: i%2 == 0}
		p := &miningPool{actor: a, wallet: e.NewWallet(a, s), rng: r}
		for _, c := range e.exchanges {
			account := c.Open(e, a)
			account.sells = true
			p.accounts = append(p.accounts, account)
		}
		for range 8 + r.Pick(24) {
			p.members = append(p.members, e.people[r.Pick(len(e.people))])
		}
		e.pools = append(e.pools, p)
	}
}

// poolOfBlock returns the pool that finds the block.
func (e *Economy) poolOfBlock() *miningPool {
	n := e.chance.Below(100)
	for i, share := range poolShares {
		if n < share {
			return e.pools[i]
		}
		n -= share
	}
	return e.pools[0]
}

// rewardTo is where a pool's coinbases pay.
func (e *Economy) rewardTo(p *miningPool) Dest {
	if p.wallet.last == 0 {
		p.wallet.last = e.NewAddress(p.wallet, Reward).Address
	}
	return Dest{Address: p.wallet.last, wallet: p.wallet}
}

// minePayouts has pools pay their members and sell the rest. Their coins are few
// once the subsidy has halved away, and so are these payments.
func (e *Economy) minePayouts() {
	for i, p := range e.pools {
		if e.height-p.paid < int32(4+2*i) && e.height > foundation || e.height%4 != int32(i)%4 {
			continue
		}
		var ripe uint64
		for _, s := range p.wallet.coins[p.wallet.head:] {
			if e.ripe(s, false) {
				ripe += e.coins[s].value
			}
		}
		if ripe < 1_000_0000 {
			continue
		}
		p.paid = e.height
		if p.rng.Chance(7_500) {
			account := p.accounts[e.customers.draw(&p.rng)]
			to := account.service.DepositAddress(e, account)
			e.Pay(p.wallet, []Payment{{to, ripe / 100 * 95}}, Order{Kind: Deposit})
			continue
		}
		var members []Payment
		most := e.era.poolMembers
		first := p.rng.Pick(len(p.members))
		for k := range min(len(p.members), most) {
			m := p.members[(first+k)%len(p.members)]
			v := ripe / 100 * p.rng.Between(20, 90) / uint64(most)
			if v >= 10_000 {
				members = append(members, Payment{e.Receive(m.Wallet), v})
			}
		}
		if len(members) > 0 {
			e.Pay(p.wallet, members, Order{Kind: PoolPayout})
		}
	}
}
