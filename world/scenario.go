package world

// Scenario plants a crime, or anything else with a story, into an economy. It
// acts through the economy's methods only, which are everybody's: it opens
// wallets with the software of the time, pays, deposits, withdraws, mixes and
// joins as citizens do. Whatever randomness it needs it takes from Economy.Rand
// under names of its own.
type Scenario interface {
	// Name is the scenario's name on the command line.
	Name() string
	// Begin is called once, before anything can be paid: people and wallets may
	// be made here.
	Begin(e *Economy) error
	// Step is called once in every block, somewhere among the transactions of the others.
	Step(e *Economy) error
	// End is called when every block is written and receipts are filled. What the
	// scenario writes about itself it writes here, through create, whose names
	// begin with public/, services/ or truth/.
	End(e *Economy, create Create) error
}

// Create makes a file of the world. The file must be closed before the next is made.
type Create func(name string) (File, error)

// Blocks returns the height of the world's last block.
func (e *Economy) Blocks() int32 { return e.size.blocks }

// Exchanges returns the exchanges, the one with the most customers first.
func (e *Economy) Exchanges() []*Custodian { return e.exchanges }

// Processors returns the payment processors.
func (e *Economy) Processors() []*Custodian { return e.processors }

// Software returns a wallet program that somebody of the time may use.
func (e *Economy) Software(r *Rand) *Software { return e.software(r) }

// Someone returns a citizen, more likely one who acts often.
func (e *Economy) Someone(r *Rand) *Person { return e.people[e.activity.draw(r)] }

// Newcomer adds a person as all citizens are: with wallet software of the time
// and an account at an exchange, but without coins. The crowd does not know
// them: only the scenario has them act.
func (e *Economy) Newcomer(role Role, name string, r *Rand) *Person {
	return e.newPerson(e.NewActor(role, name), r)
}

// Obtain has a person buy coins at their exchange and withdraw them to their
// wallet, where they arrive some blocks later. It is false where the exchange
// has not so many.
func (e *Economy) Obtain(p *Person, satoshis uint64, o Order) bool {
	return e.Remit(p, e.Receive(p.Wallet), satoshis, o)
}

// Remit has a person pay somebody straight from their account at the exchange,
// and buy there what is missing. It is false where the exchange has not so many.
func (e *Economy) Remit(p *Person, to Dest, satoshis uint64, o Order) bool {
	a, c := p.Account, p.Account.service
	need := satoshis + c.style.fee
	if a.coins < need && !c.Buy(e, a, need-a.coins) {
		return false
	}
	return c.Withdraw(e, a, to, satoshis, o)
}

// Fee returns what the service keeps of each withdrawal, in satoshis.
func (c *Custodian) Fee() uint64 { return c.style.fee }

// Deposit has a wallet pay into an account at a service, which credits it when
// the payment is confirmed. It is false where the wallet cannot pay.
func (e *Economy) Deposit(w *Wallet, a *Account, satoshis uint64, o Order) bool {
	o.Kind = Deposit
	return e.Pay(w, []Payment{{a.service.DepositAddress(e, a), satoshis}}, o)
}

// Founded returns the height of the last block in which people only buy their
// first coins.
func (e *Economy) Founded() int32 { return foundation }

// Checkout returns where a shop that somebody chooses wants to be paid for a
// purchase: an address of its wallet, or an invoice of its payment processor.
func (e *Economy) Checkout(r *Rand) Dest { return e.invoice(e.shops[e.popularity.draw(r)]) }

// Rob has somebody who stole the keys pay from a service's hot wallet. The
// service bears the loss; its customers' accounts stay as they are. It is false
// where the wallet cannot pay.
func (e *Economy) Rob(c *Custodian, to []Payment, o Order) bool {
	before := c.Hot.balance
	if !e.Pay(c.Hot, to, o) {
		return false
	}
	c.house -= int64(before - c.Hot.balance)
	return true
}

// Address returns where deposits to the account come in; 0 if nobody asked for it yet.
func (a *Account) Address() Address { return a.deposit }

// Era returns the time that the world's wallets and services are of.
func (e *Economy) Era() Era { return e.spec.Era }
