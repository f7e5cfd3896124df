package crime

import (
	"goshawk"
	"goshawk/world"
)

// Stages of a crime, as the truth names them.
const (
	Setup    = "setup" // what the criminals did before, or beside it
	Income   = "income"
	Split    = "split" // of the proceeds among the criminals
	Layering = "layering"
	CashOut  = "cash-out"
	Spending = "spending" // purchases, wages, payments to innocent people
	Payback  = "payback"  // to victims or customers, to win their trust or as a refund
)

// Case is one crime in one world. It is a world.Scenario.
type Case struct {
	story story
	level Level

	e        *world.Economy
	rng      world.Rand
	trail    world.Trail
	cents    []uint64               // price of a coin at each move of the trail
	read     int                    // moves of the trail that came has read
	seen     map[world.Address]bool // addresses of the criminals that were paid
	people   []*member
	nicks    map[string]bool // that somebody has
	wallets  []*world.Wallet
	accounts []*account
	purses   []*account // from which the criminals withdraw what they spend; may be empty
	incomes  []*income
	returns  []*returned
	robbed   *world.Custodian // whose hot wallet was emptied; nil of most
	acts     []*act
	tell     func() error
	slip     Slip
	papers   []paper
	answer   *Answer // made in End
}

// member is somebody who takes part.
type member struct {
	actor    *world.Actor
	nick     string          // what the others know them by; may be empty
	part     string          // in the crime
	software *world.Software // that they are used to; nil until they have a wallet
}

// act is something that is tried in every block from a height on, until it succeeds.
type act struct {
	due int32
	do  func() bool
}

// Name implements world.Scenario.
func (c *Case) Name() string { return c.story.name }

// Begin implements world.Scenario.
func (c *Case) Begin(e *world.Economy) error {
	if c.e != nil {
		return goshawk.Errorf(goshawk.Invalid, "the case %s was played in another world", c.Name()).WithHint("make a new one for every world")
	}
	c.seen, c.nicks = make(map[world.Address]bool), make(map[string]bool)
	c.e, c.rng = e, e.Rand("crime/"+c.Name(), 0)
	c.tell = c.story.play(c)
	return nil
}

// Step implements world.Scenario: it plays what is due.
func (c *Case) Step(e *world.Economy) error {
	c.quote()
	kept := c.acts[:0:0]
	for i := 0; i < len(c.acts); i++ { // acts may add acts
		if a := c.acts[i]; a.due > e.Height() || !a.do() {
			kept = append(kept, a)
		}
	}
	c.acts = kept
	for _, a := range c.accounts {
		a.note(e)
	}
	c.quote()
	return nil
}

// quote notes the day's price for the moves that have none yet.
func (c *Case) quote() {
	for len(c.cents) < len(c.trail.Moves) {
		c.cents = append(c.cents, c.e.Cents())
	}
}

// at plans something for a height: it is tried in every block from there on until it is true.
func (c *Case) at(height int32, do func() bool) {
	c.acts = append(c.acts, &act{due: height, do: do})
}

// after plans something for some blocks from now.
func (c *Case) after(blocks int32, do func() bool) { c.at(c.e.Height()+max(blocks, 1), do) }

// part returns the height when so many thousandths of the world's life after its
// founding are over.
func (c *Case) part(thousandths uint64) int32 {
	first := c.e.Founded()
	return first + int32(uint64(c.e.Blocks()-first)*thousandths/1000)
}

// pause returns a number of blocks between two acts of one person. People do a
// few things in one sitting, and then nothing for long: as long as lets a small
// world hold the whole story.
func (c *Case) pause() int32 {
	if c.rng.Chance(5_000) {
		return 1
	}
	life := uint64(c.e.Blocks() - c.e.Founded())
	return int32(min(c.rng.LogNormal(max(life/80, 3), 2<<16), life/16+6))
}

func (c *Case) order(stage string) world.Order {
	return world.Order{Kind: world.Personal, Part: world.Part{Case: c.Name(), Stage: stage}}
}

// wallet opens a wallet for a member, with software that citizens use, mostly
// what they are used to. The case follows every coin in it.
func (c *Case) wallet(m *member) *world.Wallet {
	if m.software == nil || c.rng.Chance(2_500) {
		m.software = c.e.Software(&c.rng)
	}
	w := c.e.NewWallet(m.actor, m.software)
	c.wallets = append(c.wallets, w)
	c.e.Watch(w, &c.trail)
	return w
}

// fresh is a new address of a wallet.
func (c *Case) fresh(w *world.Wallet) world.Dest { return c.e.NewAddress(w, world.Receiving) }
