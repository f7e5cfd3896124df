package world

// clientele is the books of a service whose customers have no wallets of their
// own there: a gambling site, a broker, a mixing service. Nothing that it notes
// changes what the service does.
type clientele struct {
	service *Actor
	known   map[*Actor]*client
	numbers numbers
	coming  []incoming // in the order in which they came
}

// client is a customer's account, or an order at a service that knows no customers.
type client struct {
	desk     *clientele // that keeps it
	account  uint32
	customer *Actor
	coins    uint64 // satoshis that the service owes
	seen     int32  // height of the last visit that was noted
}

// incoming is a coin that was paid to a client's address and is not confirmed yet.
type incoming struct {
	of     *client
	coin   slot
	height int32
}

func newClientele(service *Actor) clientele {
	return clientele{service: service, known: map[*Actor]*client{}}
}

// open opens an account, or takes an order.
func (b *clientele) open(e *Economy, customer *Actor) *client {
	k := &client{desk: b, account: b.numbers.next(e, b.service), customer: customer, seen: e.height}
	b.note(e, EntryOpen, k, 0)
	return k
}

// of returns a customer's account, which is opened when they first come.
func (b *clientele) of(e *Economy, customer *Actor) *client {
	k := b.known[customer]
	if k == nil {
		k = b.open(e, customer)
		b.known[customer] = k
	}
	return k
}

// note adds a line to the books. It is the caller's until the next one.
func (b *clientele) note(e *Economy, kind EntryKind, k *client, satoshis uint64) *Entry {
	switch kind {
	case EntryDeposit, EntryBuy, EntryWin:
		k.coins += satoshis
	case EntrySell, EntryLoss, EntryRequest:
		k.coins -= satoshis
	default:
	}
	e.plan.books = append(e.plan.books, Entry{Kind: kind, Service: b.service, Account: k.account, Customer: k.customer, Satoshis: satoshis, Balance: k.coins,
		Time: e.now, Height: e.height, Position: -1, coin: noSlot})
	return &e.plan.books[len(e.plan.books)-1]
}

// visit notes that a customer came, if that was not noted for some hours.
func (b *clientele) visit(e *Economy, k *client) {
	if e.height-k.seen >= 6*hour {
		k.seen = e.height
		b.note(e, EntryLogin, k, 0)
	}
}

// deposit notes a coin that came in for a customer.
func (b *clientele) deposit(e *Economy, k *client, s slot) {
	n := b.note(e, EntryDeposit, k, e.coins[s].value)
	n.Address, n.coin = e.coins[s].address, s
}

// expect notes a coin that came to a client's address, to be credited when it is
// confirmed.
func (b *clientele) expect(k *client, s slot, height int32) {
	b.coming = append(b.coming, incoming{k, s, height})
}

// credit notes the deposits that earlier blocks confirmed, and tells of whose each was.
func (b *clientele) credit(e *Economy, told func(k *client)) {
	n := 0
	for ; n < len(b.coming) && b.coming[n].height < e.height; n++ {
		in := &b.coming[n]
		b.deposit(e, in.of, in.coin)
		told(in.of)
	}
	b.coming = b.coming[:copy(b.coming, b.coming[n:])]
}

// trade notes coins bought or sold at so many percent of the day's price.
func (b *clientele) trade(e *Economy, kind EntryKind, k *client, satoshis, percent uint64) {
	b.note(e, kind, k, satoshis).Cents = mulDiv(satoshis/100*e.cents/1_000_000, percent, 100)
}

// request notes that a customer asked for a payment, of which the service keeps a fee.
func (b *clientele) request(e *Economy, k *client, to Address, satoshis, fee uint64) {
	k.coins -= fee
	n := b.note(e, EntryRequest, k, satoshis)
	n.To, n.Fee = to, fee
}

// pay notes that the transaction made last paid it.
func (b *clientele) pay(e *Economy, k *client, to Address, satoshis, fee uint64) {
	_, output := e.made()
	n := b.note(e, EntryWithdrawal, k, satoshis)
	n.Address, n.Fee, n.Position, n.Output = to, fee, int32(len(e.plan.txs)-1), output
}

// made returns the coin that paid the first of the payments that the transaction
// made last was asked for, and the number of its output.
func (e *Economy) made() (slot, uint32) {
	first := len(e.plan.outs) - len(e.draft.outs)
	for n := range e.draft.outs {
		if e.draft.outs[n].asked == 0 {
			return e.plan.outs[first+n].coin, uint32(n)
		}
	}
	return noSlot, 0
}
