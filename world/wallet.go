package world

// coin is an unspent output as its owner sees it.
type coin struct {
	value   uint64
	address Address
	height  int32
	own     bool // change: may be spent before it is confirmed
	mined   bool
	traced  bool // it belongs to a watched wallet
}

// Wallet holds an actor's coins and behaves as its software does.
type Wallet struct {
	ID       uint32
	Actor    *Actor
	Software *Software

	partner *Actor // shares the wallet: some of the coins are theirs
	coins   []slot // spendable or soon to be, oldest first, from head on
	head    int
	balance uint64
	last    Address          // given out last
	ring    []Address        // for change, of those who keep such addresses
	given   map[Address]bool // to customers, of a service whose change goes back to where its coin lay
	trail   *Trail           // that watches it; nil of most
	rng     Rand
}

// Balance returns the satoshis at the wallet's addresses, unconfirmed ones included.
func (w *Wallet) Balance() uint64 { return w.balance }

// Dest is where a payment goes: an address and the wallet that it belongs to,
// and, at a service, the customer's account.
type Dest struct {
	Address Address
	wallet  *Wallet
	account *Account
	client  *client // whose account it is at a service with a clientele
}

// Wallet returns the wallet that holds the address's key.
func (d Dest) Wallet() *Wallet { return d.wallet }

// Account returns the customer's account at a service that what is paid here is
// credited to; nil if it is nobody's.
func (d Dest) Account() *Account { return d.account }

// Client returns the number and the holder of the account at a broker that what
// is paid here is credited to; 0 and nil if it is nobody's.
func (d Dest) Client() (account uint32, holder *Actor) {
	if d.client == nil {
		return 0, nil
	}
	return d.client.account, d.client.customer
}

// NewWallet opens a wallet for an actor.
func (e *Economy) NewWallet(a *Actor, s *Software) *Wallet {
	e.wallets++
	w := &Wallet{ID: e.wallets, Actor: a, Software: s, rng: newRand(e.spec.Seed, "wallet", uint64(e.wallets))}
	e.plan.wallets = append(e.plan.wallets, walletRow{w.ID, a, nil, s})
	return w
}

// NewAddress makes a new address of a wallet, in the form of its software.
func (e *Economy) NewAddress(w *Wallet, p Purpose) Dest { return e.newAddress(w, w.Software.Form, p) }

func (e *Economy) newAddress(w *Wallet, f Form, p Purpose) Dest {
	e.addresses++
	a := newAddress(f, e.addresses)
	actor := w.Actor
	if w.partner != nil && w.rng.Chance(5_000) {
		actor = w.partner
	}
	e.plan.owners = append(e.plan.owners, owner{address: a, wallet: w.ID, actor: actor, purpose: p})
	return Dest{Address: a, wallet: w}
}

// give notes that a service gave out the address that it made last: to a
// customer with an account, or, of account 0, to everybody.
func (e *Economy) give(to Dest, account uint32) {
	e.plan.owners[len(e.plan.owners)-1].account = account
	if w := to.wallet; w.Software.Back {
		if w.given == nil {
			w.given = map[Address]bool{}
		}
		w.given[to.Address] = true
	}
}

// Receive returns the address that a wallet's owner gives to somebody who is
// about to pay: mostly a new one, or the last one again, as the software does.
func (e *Economy) Receive(w *Wallet) Dest {
	if w.last == 0 || !w.rng.Chance(w.Software.Reuse) {
		w.last = e.NewAddress(w, Receiving).Address
	}
	return Dest{Address: w.last, wallet: w}
}

// changeTo returns where a wallet's change goes.
func (e *Economy) changeTo(w *Wallet, input Address, payment Address) Dest {
	s := w.Software
	switch {
	case s.Back:
		return Dest{Address: input, wallet: w}
	case len(w.ring) < s.Ring:
		to := e.newAddress(w, s.Form, Change)
		w.ring = append(w.ring, to.Address)
		return to
	case s.Ring > 0:
		return Dest{Address: w.ring[w.rng.Pick(s.Ring)], wallet: w}
	case s.Match && payment != 0 && payment.Form() == PayWitnessKey:
		return e.newAddress(w, PayWitnessKey, Change)
	default:
		return e.newAddress(w, s.Form, Change)
	}
}

// put adds a coin to a wallet.
func (w *Wallet) put(s slot, value uint64) {
	w.coins = append(w.coins, s)
	w.balance += value
}

// take removes chosen coins, given by their ascending places behind head.
func (e *Economy) take(w *Wallet, places []int) {
	if len(places) == 0 {
		return
	}
	coins := w.coins[w.head:]
	if first := places[0]; first > len(coins)/2 { // those after the first chosen one move up
		to, next := first, 0
		for i := first; i < len(coins); i++ {
			if next < len(places) && places[next] == i {
				w.balance -= e.coins[coins[i]].value
				next++
				continue
			}
			coins[to] = coins[i]
			to++
		}
		w.coins = w.coins[:w.head+to]
		return
	}
	// Those before the last chosen one move back over the gaps.
	end := places[len(places)-1]
	to, next := end, len(places)-1
	for i := end; i >= 0; i-- {
		if next >= 0 && places[next] == i {
			w.balance -= e.coins[coins[i]].value
			next--
			continue
		}
		coins[to] = coins[i]
		to--
	}
	w.head += to + 1
	if w.head > 64 && 2*w.head > len(w.coins) {
		w.coins = w.coins[:copy(w.coins, w.coins[w.head:])]
		w.head = 0
	}
}

// ripe says whether a coin can be spent now by its owner.
func (e *Economy) ripe(s slot, unconfirmed bool) bool {
	c := &e.coins[s]
	switch {
	case c.mined:
		return e.height-c.height >= maturity
	case c.height < e.height:
		return true
	default:
		return unconfirmed && c.own
	}
}
