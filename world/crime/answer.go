package crime

import (
	"slices"

	"goshawk"
	"goshawk/world"
)

// Answer is a case's answer key, truth/<case>/case.json. For the criminals'
// wallets together, sources (starts and returns) equal ends, fees and what is held, to the satoshi.
type Answer struct {
	Case   string   `json:"case"`
	Title  string   `json:"title"`
	Abuse  string   `json:"abuse"`
	Models []string `json:"models"`
	Level  string   `json:"level"`

	People   []Person  `json:"people"`
	Accounts []Account `json:"accounts"`
	Slip     Slip      `json:"slip"`

	// Starts are the payments to the criminals: where a trace begins.
	Starts []Source `json:"starts"`
	// Returns are what came to them from their own accounts, from a mixing
	// service or out of a CoinJoin: value that a trace from the starts does not
	// reach, since what comes out cannot honestly be told to be what went in.
	Returns []Source `json:"returns"`
	// Ends are where the coins left the criminals' wallets.
	Ends []End `json:"ends"`
	// Held are their unspent coins at the world's last block.
	Held []Coin `json:"held"`

	Totals Totals `json:"totals"`
}

// Totals are satoshis: Income + Returned = Ended + Fees + Held.
type Totals struct {
	Income   uint64 `json:"income"`
	Returned uint64 `json:"returned"`
	Ended    uint64 `json:"ended"`
	Fees     uint64 `json:"fees"`
	Held     uint64 `json:"held"`
	// Lost is the part of Ended that went to mixing services and CoinJoins.
	Lost uint64 `json:"cannot_be_followed"`
}

// Person is somebody who took part, with the wallets that hold the crime's coins.
type Person struct {
	Actor   uint32   `json:"actor"`
	Name    string   `json:"name"`
	Part    string   `json:"part"`
	Wallets []uint32 `json:"wallets"` // ids as in truth/wallets.csv
}

// Account is a criminal's account at a service.
type Account struct {
	Service string `json:"service"`
	Account uint32 `json:"account"`
	Holder  string `json:"holder"` // the name on its papers
	Address string `json:"deposit_address,omitempty"`
}

// Coin is an output.
type Coin struct {
	Tx       goshawk.Hash `json:"tx"`
	Out      uint32       `json:"out"`
	Address  string       `json:"address"`
	Satoshis uint64       `json:"satoshis"`
	Height   int32        `json:"height"`
	Time     uint32       `json:"time"` // seconds since 1970
}

// Source is a coin that came to the criminals from outside their wallets.
type Source struct {
	Coin
	Kind  string `json:"kind"`  // income; account, mixing_service, coinjoin, gambling
	From  string `json:"from"`  // the payer's or service's name
	Via   string `json:"via"`   // the exchange that paid it for the payer; empty: their own wallet
	Note  string `json:"note"`  // what for
	Cents uint64 `json:"cents"` // its worth on that day
	Owner string `json:"owner"` // whose wallet it came to
}

// End is a coin that left the criminals' wallets, and where to; of a CoinJoin,
// the coin that went in.
type End struct {
	Coin
	// Kind is the receiver's role: exchange, otc_broker, mixing_service,
	// coinjoin, payment_processor, merchant, user, …
	Kind    string `json:"kind"`
	Stage   string `json:"stage"`
	Service string `json:"service"`           // or the person's name
	Account uint32 `json:"account,omitempty"` // at the service; 0 where it keeps none
	Holder  string `json:"holder,omitempty"`  // the account's
	// Own says that it is one of the criminals' Accounts. What came to a broker is
	// bought at once: there it is never.
	Own   bool   `json:"own"`
	Cents uint64 `json:"cents"`
	// Behind lists what lies between the starts and this end beside open
	// payments: account, mixing_service, coinjoin, gambling. Empty: it can be followed.
	Behind []string `json:"behind"`
}

// Slip is the human mistake that off-chain evidence makes decisive.
type Slip struct {
	Person   string   `json:"person"`
	What     string   `json:"what"`
	Evidence []string `json:"evidence"` // files of the world in which it can be found
	Proves   string   `json:"proves"`
	Tx       string   `json:"tx,omitempty"`
	Address  string   `json:"address,omitempty"`
	Service  string   `json:"service,omitempty"`
	Account  uint32   `json:"account,omitempty"`
}

// The ways in which coins can have come, as bits.
const (
	openly = 1 << iota
	byAccount
	byMixer
	byJoin
	byBet
)

var ways = [...]string{"", "account", "mixing_service", "coinjoin", "gambling"}

func behind(mask int) []string {
	list := []string{}
	for i, w := range ways {
		if i > 0 && mask&(1<<i) != 0 {
			list = append(list, w)
		}
	}
	return list
}

// place is an output by its outpoint.
type place struct {
	tx  goshawk.Hash
	out uint32
}

// coin describes an output of the trail.
func (c *Case) coin(m *world.Move, o *world.Moved) Coin {
	return Coin{Tx: m.Tx, Out: o.Number, Address: c.e.Text(o.To.Address), Satoshis: o.Value, Height: m.Height, Time: m.Time}
}

// worth is what satoshis are worth in cents at a price of a coin.
func worth(satoshis, cents uint64) uint64 { return satoshis / 100 * cents / 1_000_000 }

// solve turns the trail into the answer key.
func (c *Case) solve() error {
	a := &Answer{Case: c.Name(), Title: c.story.title, Abuse: c.story.abuse, Models: c.story.models, Level: c.level.Name, Slip: c.slip,
		Accounts: []Account{}, Starts: []Source{}, Returns: []Source{}, Ends: []End{}, Held: []Coin{}}
	c.answer = a
	for _, p := range c.people {
		q := Person{p.actor.ID, p.actor.Name, p.part, []uint32{}}
		for _, w := range c.wallets {
			if w.Actor == p.actor {
				q.Wallets = append(q.Wallets, w.ID)
			}
		}
		a.People = append(a.People, q)
	}
	for _, x := range c.accounts {
		n := Account{Service: x.Service().Actor.Name, Account: x.ID, Holder: x.Customer.Name}
		if at := x.Address(); at != 0 {
			n.Address = c.e.Text(at)
		}
		a.Accounts = append(a.Accounts, n)
	}
	paid := make(map[place]*income)
	for _, in := range c.incomes {
		if r := &in.receipt; r.Height > 0 {
			paid[place{r.Tx, r.Outputs[0]}] = in
		}
	}
	back := make(map[place]*account)
	for _, r := range c.returns {
		if r := r; r.receipt.Height > 0 {
			back[place{r.receipt.Tx, r.receipt.Outputs[0]}] = r.account
		}
	}
	way := make(map[place]int)
	for i, m := range c.trail.Moves {
		mask := 0
		var in uint64
		for _, s := range m.Spent {
			mask |= way[place{s.Move.Tx, s.Coin().Number}]
			in += s.Coin().Value
		}
		join := m.Kind == world.CoinJoin
		switch {
		case join:
			for _, s := range m.Spent {
				a.Ends = append(a.Ends, End{Coin: c.coin(s.Move, s.Coin()), Kind: string(world.CoinJoinService), Stage: Layering, Service: m.Actor.Name,
					Cents: worth(s.Coin().Value, c.cents[i]), Behind: behind(way[place{s.Move.Tx, s.Coin().Number}])})
			}
		case len(m.Spent) > 0 && in != m.Paid:
			return goshawk.Errorf(goshawk.Conflict, "%s: a payment of the case %s spends %d satoshis of others", m.Tx, c.Name(), m.Paid-in)
		case len(m.Spent) > 0:
			a.Totals.Fees += m.Fee
		}
		for n := range m.Outs {
			o := &m.Outs[n]
			at := place{m.Tx, o.Number}
			switch {
			case o.Ours && (join || len(m.Spent) == 0):
				s := c.source(m, o, paid[at], back[at], worth(o.Value, c.cents[i]))
				switch s.Kind {
				case "income":
					way[at] = openly
					a.Starts = append(a.Starts, s)
				case "account":
					way[at] = byAccount
					a.Returns = append(a.Returns, s)
				case string(world.MixingService):
					way[at] = byMixer
					a.Returns = append(a.Returns, s)
				case string(world.CoinJoinService):
					way[at] = byJoin
					a.Returns = append(a.Returns, s)
				case string(world.Gambling):
					way[at] = byBet
					a.Returns = append(a.Returns, s)
				default:
					return goshawk.Errorf(goshawk.Conflict, "%s: nobody knows why it pays the case %s", m.Tx, c.Name())
				}
			case o.Ours:
				way[at] = mask
			case !join && o.Value > 0:
				a.Ends = append(a.Ends, c.end(m, o, worth(o.Value, c.cents[i]), mask))
			}
			if o.Ours && !o.Spent {
				a.Held = append(a.Held, c.coin(m, o))
			}
		}
	}
	return a.sum()
}

// source says where a coin came from.
func (c *Case) source(m *world.Move, o *world.Moved, in *income, back *account, cents uint64) Source {
	s := Source{Coin: c.coin(m, o), From: m.Actor.Name, Cents: cents, Owner: o.To.Wallet().Actor.Name}
	switch {
	case in != nil:
		s.Kind, s.From, s.Note = "income", c.person(in.payer.Actor).Name, in.note
		if in.via != nil {
			s.Via = in.via.Actor.Name
		}
	case back != nil:
		s.Kind = "account"
	case m.Kind == world.MixPayout:
		s.Kind = string(world.MixingService)
	case m.Kind == world.CoinJoin:
		s.Kind = string(world.CoinJoinService)
	case m.Kind == world.Winnings:
		s.Kind = string(world.Gambling)
	case c.robbed != nil && m.Part == c.order(Income).Part:
		s.Kind, s.From, s.Note = "income", c.robbed.Actor.Name, "taken from the hot wallet"
	}
	return s
}

// end says where a coin went.
func (c *Case) end(m *world.Move, o *world.Moved, cents uint64, mask int) End {
	d := End{Coin: c.coin(m, o), Stage: m.Part.Stage, Cents: cents, Behind: behind(mask)}
	if x := o.To.Account(); x != nil {
		d.Kind, d.Service, d.Account, d.Holder = string(x.Service().Actor.Role), x.Service().Actor.Name, x.ID, c.person(x.Customer).Name
		d.Own = slices.ContainsFunc(c.accounts, func(a *account) bool { return a.Account == x })
		return d
	}
	to := o.To.Wallet().Actor
	d.Kind, d.Service = string(to.Role), to.Name
	if n, holder := o.To.Client(); holder != nil {
		d.Account, d.Holder = n, c.person(holder).Name
	}
	return d
}

// sum adds up, and checks that nothing is missing.
func (a *Answer) sum() error {
	t := &a.Totals
	for _, s := range a.Starts {
		t.Income += s.Satoshis
	}
	for _, s := range a.Returns {
		t.Returned += s.Satoshis
	}
	for _, d := range a.Ends {
		t.Ended += d.Satoshis
		if d.Kind == string(world.MixingService) || d.Kind == string(world.CoinJoinService) {
			t.Lost += d.Satoshis
		}
	}
	for _, h := range a.Held {
		t.Held += h.Satoshis
	}
	if t.Income+t.Returned != t.Ended+t.Fees+t.Held {
		return goshawk.Errorf(goshawk.Conflict, "the books of the case %s do not balance: %+v", a.Case, *t)
	}
	return nil
}
