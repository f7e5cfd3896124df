package world

import "goshawk"

// EntryKind is what happened in an account.
type EntryKind uint8

const (
	EntryOpen EntryKind = iota
	EntryDeposit
	EntryBuy
	EntrySell
	EntryRequest    // a withdrawal is asked for: the coins leave the account
	EntryWithdrawal // it is paid
	EntryLogin      // and nothing else
	EntryIdentify   // the customer hands in papers
	EntryWin        // a bet: the stake comes once more
	EntryLoss       // a bet: the stake is gone
	EntryInternal   // the service's own coins come to an address that it gave out: nobody's account changes
)

var entryKinds = [...]string{"open", "deposit", "buy", "sell", "request", "withdrawal", "login", "identify", "win", "loss", "internal"}

func (k EntryKind) String() string { return entryKinds[k] }

// Entry is one line in a service's books. What it says of the chain is true to
// the satoshi: a deposit is worth its output, a withdrawal too, and its network
// fee is Fee.
type Entry struct {
	Kind     EntryKind
	Service  *Actor
	Account  uint32 // 0 of EntryInternal
	Customer *Actor // nil of EntryInternal
	Satoshis uint64
	Fee      uint64  // satoshis that the service kept
	Cents    uint64  // that a trade moved the other way
	Balance  uint64  // the account's satoshis afterwards
	Address  Address // that received; 0 of trades
	To       Address // of EntryRequest: where the customer wants it
	Part     Part    // of EntryWithdrawal: in the crime that the request was made for

	Time     uint32
	Height   int32
	Position int32        // of the transaction in the block of that height; -1 if it is another block's
	Tx       goshawk.Hash // of deposits and withdrawals, known when the block is written
	Output   uint32

	Session *Session // whence the customer came; nil: as always
	Claim   *Claim   // of EntryIdentify

	coin slot
}

// Account is a customer's account at a service.
type Account struct {
	ID       uint32
	Customer *Actor

	service *Custodian
	coins   uint64 // satoshis that the service owes
	deposit Address
	session *Session // of visits from now on; nil: as always
	sells   bool     // sells at once what comes in
}

// Service returns the service that keeps the account.
func (a *Account) Service() *Custodian { return a.service }

// Coins returns the satoshis that the service owes its customer.
func (a *Account) Coins() uint64 { return a.coins }

// Custodian is a service that keeps its customers' coins: an exchange, or a
// broker or wallet service run like one.
type Custodian struct {
	Actor *Actor
	Hot   *Wallet
	Cold  *Wallet
	style custody

	deposits *Wallet // its customers' deposit addresses
	accounts []*Account
	numbers  numbers
	coming   []arrival // deposits that wait for confirmations, oldest first
	queue    []payout
	since    int32  // height since which the queue waits
	house    int64  // satoshis of its own; fees may put it below 0 for a while
	owed     uint64 // to all customers
	reserved uint64 // for payments in the queue
	swept    int32
	crowded  int // sweeps when so many deposits wait
	rng      Rand
}

// custody is how a custodian runs its wallets.
type custody struct {
	form      Form // of the deposit addresses
	hot       Form
	cold      Form
	confirms  int32
	batch     int   // pays out when so many wait; 0: each at once
	patience  int32 // or when the oldest waited so many blocks
	atMost    int   // payments in a batch
	sweepEach bool  // each deposit goes to the hot wallet alone
	direct    bool  // deposits are spent where they are, as the hot wallet's coins
	sweepAt   int   // else a third of so many at a time, or more
	sweepWait int32 // or after so many blocks
	fee       uint64
	choose    Choose // how the hot wallet chooses coins
	ring      int    // addresses that the hot wallet keeps for its change; 0: new ones
	back      bool   // hot wallet's change goes back to its address; if direct, to a customer's
}

type arrival struct {
	account *Account
	coin    slot
	value   uint64
	height  int32
}

type payout struct {
	account *Account
	to      Dest
	value   uint64
	order   Order
}

// NewCustodian opens a service with a style of its own.
func (e *Economy) newCustodian(a *Actor, style custody) *Custodian {
	hot := &Software{Name: "service", Form: style.hot, Choose: style.choose, Fee: Estimated, Version: 1, Changed: true, Back: style.back, Ring: style.ring}
	if e.spec.Era >= Era2019 {
		hot.Version = 2
	}
	cold := *hot
	cold.Form, cold.Choose, cold.Changed, cold.Back, cold.Ring = style.cold, BestFit, false, false, 0
	deposits := *hot
	deposits.Form, deposits.Changed = style.form, false
	c := &Custodian{Actor: a, Hot: e.NewWallet(a, hot), Cold: e.NewWallet(a, &cold), style: style, rng: newRand(e.spec.Seed, "custodian", uint64(a.ID))}
	c.deposits = c.Hot
	if !style.direct {
		c.deposits = e.NewWallet(a, &deposits)
	}
	return c
}

// Open opens an account for a customer.
func (c *Custodian) Open(e *Economy, customer *Actor) *Account {
	a := &Account{ID: c.numbers.next(e, c.Actor), Customer: customer, service: c}
	c.accounts = append(c.accounts, a)
	e.plan.books = append(e.plan.books, c.entry(e, EntryOpen, a))
	return a
}

func (c *Custodian) entry(e *Economy, k EntryKind, a *Account) Entry {
	return Entry{Kind: k, Service: c.Actor, Account: a.ID, Customer: a.Customer, Balance: a.coins, Time: e.now, Height: e.height, Position: -1, Session: a.session, coin: noSlot}
}

// DepositAddress returns where an account's owner, or anybody for them, pays in.
func (c *Custodian) DepositAddress(e *Economy, a *Account) Dest {
	if a.deposit == 0 {
		to := e.newAddress(c.deposits, c.style.form, DepositAddress)
		e.give(to, a.ID)
		a.deposit = to.Address
	}
	return Dest{Address: a.deposit, wallet: c.deposits, account: a}
}

// returned notes that an output of the transaction being made brings a service's own
// coins to an address that it gave out.
func (e *Economy) returned(service *Actor, o *wish, output int) {
	e.plan.books = append(e.plan.books, Entry{Kind: EntryInternal, Service: service, Satoshis: o.value, Address: o.to.Address,
		Time: e.now, Height: e.height, Position: int32(len(e.plan.txs)), Output: uint32(output), coin: noSlot})
}

// expect notes a deposit that is not confirmed yet.
func (c *Custodian) expect(a *Account, s slot, value uint64, height int32) {
	c.coming = append(c.coming, arrival{a, s, value, height})
}

// Sell turns coins of an account into money. It is false if the account has less.
func (c *Custodian) Sell(e *Economy, a *Account, satoshis uint64) bool {
	if satoshis == 0 || a.coins < satoshis {
		return false
	}
	a.coins -= satoshis
	c.owed -= satoshis
	c.house += int64(satoshis)
	c.trade(e, EntrySell, a, satoshis)
	return true
}

// Buy turns money into coins in an account. It is false if the service has not so
// many of its own.
func (c *Custodian) Buy(e *Economy, a *Account, satoshis uint64) bool {
	if satoshis == 0 || c.house < int64(satoshis) {
		return false
	}
	c.house -= int64(satoshis)
	c.owed += satoshis
	a.coins += satoshis
	c.trade(e, EntryBuy, a, satoshis)
	return true
}

func (c *Custodian) trade(e *Economy, k EntryKind, a *Account, satoshis uint64) {
	n := c.entry(e, k, a)
	n.Satoshis, n.Cents = satoshis, satoshis/100*e.cents/1_000_000
	e.plan.books = append(e.plan.books, n)
}

// Withdraw asks the service to pay coins of an account to an address. It is
// false if the account has less than the amount and the service's fee. The
// payment comes when the service makes it.
func (c *Custodian) Withdraw(e *Economy, a *Account, to Dest, satoshis uint64, o Order) bool {
	if satoshis < 2*Dust || a.coins < satoshis+c.style.fee {
		return false
	}
	a.coins -= satoshis + c.style.fee
	c.owed -= satoshis + c.style.fee
	c.reserved += satoshis
	c.house += int64(c.style.fee)
	if len(c.queue) == 0 {
		c.since = e.height
	}
	c.queue = append(c.queue, payout{a, to, satoshis, o})
	n := c.entry(e, EntryRequest, a)
	n.Satoshis, n.Fee, n.To = satoshis, c.style.fee, to.Address
	e.plan.books = append(e.plan.books, n)
	return true
}

// Holds returns what the service has on the chain and has booked.
func (c *Custodian) Holds() uint64 {
	sum := c.Hot.balance + c.Cold.balance
	if c.deposits != c.Hot {
		sum += c.deposits.balance
	}
	return sum
}

// step is a custodian's work in one block.
func (c *Custodian) step(e *Economy) {
	c.credit(e)
	before := e.fees
	c.sweep(e)
	c.payOut(e)
	c.balance(e)
	c.house -= int64(e.fees - before)
}

// credit books deposits that are confirmed.
func (c *Custodian) credit(e *Economy) {
	n := 0
	for ; n < len(c.coming) && e.height-c.coming[n].height >= c.style.confirms; n++ {
		in := &c.coming[n]
		in.account.coins += in.value
		c.owed += in.value
		entry := c.entry(e, EntryDeposit, in.account)
		entry.Satoshis, entry.Address, entry.coin = in.value, e.coins[in.coin].address, in.coin
		e.plan.books = append(e.plan.books, entry)
		c.deposits.put(in.coin, in.value)
		if in.account.sells {
			c.Sell(e, in.account, in.account.coins)
		}
	}
	c.coming = c.coming[:copy(c.coming, c.coming[n:])]
}

// sweep brings deposits into the hot wallet.
func (c *Custodian) sweep(e *Economy) {
	s := &c.style
	if s.direct {
		return
	}
	waiting := len(c.deposits.coins) - c.deposits.head
	switch {
	case waiting == 0:
		c.swept = e.height
	case s.sweepEach:
		for range waiting {
			if e.SendAll(c.deposits, e.hotAddress(c), 1, Order{Kind: Sweep}) == 0 {
				break
			}
		}
	case waiting >= c.crowded || e.height-c.swept >= s.sweepWait:
		for waiting > 0 {
			if e.SendAll(c.deposits, e.hotAddress(c), mostSwept, Order{Kind: Sweep}) == 0 {
				break
			}
			waiting -= mostSwept
		}
		c.swept = e.height
		// Now and then nobody looks after it for a while.
		c.crowded = int(min(c.rng.pareto(uint64(s.sweepAt)/3+1, 100), mostSwept))
	}
}

// mostSwept is how many deposits one transaction sweeps at most.
const mostSwept = 200

// hotAddress is where a custodian's own coins come in.
func (e *Economy) hotAddress(c *Custodian) Dest {
	if c.style.back && c.Hot.last != 0 {
		return Dest{Address: c.Hot.last, wallet: c.Hot}
	}
	to := e.NewAddress(c.Hot, HotWallet)
	c.Hot.last = to.Address
	return to
}

// payOut pays customers who asked for it.
func (c *Custodian) payOut(e *Economy) {
	s := c.style
	if e.height <= foundation { // everybody is waiting for their first coins
		s.batch, s.patience, s.atMost = 40, 2, 100
	}
	if s.batch > 0 && len(c.queue) < s.batch && (len(c.queue) == 0 || e.height-c.since < s.patience) {
		return
	}
	done := 0
	for done < len(c.queue) {
		n := 1
		if s.batch > 0 {
			n = min(len(c.queue)-done, s.atMost)
		}
		if !c.pay(e, c.queue[done:done+n]) {
			break
		}
		done += n
	}
	c.queue = c.queue[:copy(c.queue, c.queue[done:])]
	c.since = e.height
}

func (c *Custodian) pay(e *Economy, list []payout) bool {
	d := &e.draft
	o := Order{Kind: Batch, Actor: c.Actor}
	if len(list) == 1 {
		o = list[0].order
		o.Kind, o.Actor, o.Receipt = Withdrawal, c.Actor, nil
	}
	d.reset(o)
	var sum uint64
	for _, p := range list {
		d.pay(p.to, p.value)
		sum += p.value
	}
	if !e.settle(c.Hot, d, sum) {
		return false
	}
	c.reserved -= sum
	position := len(e.plan.txs) - 1
	for place, w := range d.outs {
		if w.asked < 0 {
			continue
		}
		p := &list[w.asked]
		n := c.entry(e, EntryWithdrawal, p.account)
		n.Satoshis, n.Fee, n.Address = p.value, c.style.fee, p.to.Address
		n.Position, n.Output, n.Part = int32(position), uint32(place), p.order.Part
		e.plan.books = append(e.plan.books, n)
		if p.order.Receipt != nil {
			e.plan.shared = append(e.plan.shared, sharedReceipt{p.order.Receipt, position, n.Output})
		}
	}
	return true
}

// mostHotCoins is how many coins a service lets lie in its hot wallet before it
// brings the oldest together.
const mostHotCoins = 240

// balance moves coins between the hot and the cold wallet.
func (c *Custodian) balance(e *Economy) {
	if e.height%7 != int32(c.Actor.ID)%7 {
		return
	}
	if len(c.Hot.coins)-c.Hot.head > mostHotCoins {
		e.SendAll(c.Hot, e.hotAddress(c), mostHotCoins/4, Order{Kind: Consolidation})
	}
	all := c.Holds()
	var asked uint64
	for i := range c.queue {
		asked += c.queue[i].value
	}
	low, high := all/20+asked+asked/8, all/4+2*asked
	switch {
	case c.Hot.balance < low && c.Cold.balance > 0:
		want := min(all/8+2*asked-c.Hot.balance, c.Cold.balance-c.Cold.balance/64)
		to := []Payment{{e.hotAddress(c), max(want/10_000_000*10_000_000, 10_000_000)}}
		if !e.Pay(c.Cold, to, Order{Kind: Refill}) && c.Cold.balance > 2*Dust {
			e.SendAll(c.Cold, to[0].To, 40, Order{Kind: Refill})
		}
	case c.Hot.balance > high && high > 100_000_000:
		value := (c.Hot.balance - all/8 - asked) / 10_000_000 * 10_000_000
		if value > 0 {
			e.Pay(c.Hot, []Payment{{e.NewAddress(c.Cold, ColdWallet), value}}, Order{Kind: Refill})
		}
	}
}
