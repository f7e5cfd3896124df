package crime

import (
	"fmt"
	"slices"
	"strings"

	"goshawk/world"
)

// bazaar is a darknet market: buyers pay into escrow, one address for each
// order; vendors get the price without the commission when the goods have come,
// some buyers their money back; and the commission goes to the administrator,
// one payment at a time.
type bazaar struct {
	*Case
	site       string
	admin      *member
	nick       string
	mail       string // under that name
	escrow     *world.Wallet
	laptop     *world.Wallet
	vendors    []*vendor
	commission uint64 // of finished orders, still in the escrow wallet
	post       world.Dest
	fee        *income // for a job, paid to the address in an old forum post
	own        *account
	number     int
	trials     []*trial
}

// trial is an order that one officer placed with another, who sells under cover:
// both ends of it are known.
type trial struct {
	paid *income
	got  world.Receipt // of the seller's part
	part uint64
}

// done says whether it was paid and passed on.
func (x *trial) done() bool { return x.paid.receipt.Height > 0 && x.got.Height > 0 }

type vendor struct {
	*member
	wallet *world.Wallet
	exit   *account // nil: sells to the broker
}

var marketNames = [...]string{"Ferry Lane", "Lantern Court", "Old Mill", "Saltgate", "The Arcade"}

func market() story {
	return story{
		name: "market", title: "Darknet market with escrow and vendor cash-outs", abuse: "darknet_market",
		models: []string{"Silk Road, 2011 to 2013", "Hydra, 2015 to 2022"},
		play: func(c *Case) func() error {
			s := &bazaar{Case: c, site: marketNames[c.rng.Pick(len(marketNames))], nick: c.handle()}
			s.begin()
			return s.write
		},
	}
}

func (s *bazaar) begin() {
	s.admin = s.member("administrator of the market")
	s.escrow, s.laptop = s.wallet(s.admin), s.wallet(s.admin)
	s.own = s.account(s.admin, s.rng.Pick(4))
	s.mail = s.mailbox(s.nick)
	s.own.Identify(s.e, world.Claim{Email: s.mail})
	s.post = s.e.NewAddress(s.laptop, world.Published)
	for i := range 3 + s.level.Accounts {
		m := s.nicknamed(fmt.Sprintf("vendor %d", i+1))
		v := &vendor{member: m, wallet: s.wallet(m)}
		if i%4 != 3 {
			holder := s.member(fmt.Sprintf("vendor %d, by name", i+1))
			v.exit = s.account(holder, i)
			s.sells(v.exit, 6, 40)
		}
		s.vendors = append(s.vendors, v)
	}
	// Before the market opens the administrator looks for work in a forum.
	s.at(s.part(10), func() bool {
		s.e.State(world.Statement{Address: s.post.Address, Label: s.nick, Basis: "web_crawl", Source: "https://coders.example/" + s.nick, Actor: s.admin.actor})
		s.fee = s.collect(s.e.Someone(&s.rng), s.post, s.money(s.rng.Between(2_000, 8_000)), "fee for a small job, paid to the address in a forum post")
		return true
	})
	orders := 60 * s.level.Victims / 100
	for n := range orders {
		s.at(s.part(40+uint64(n*620/orders)), func() bool { s.sale(); return true })
	}
	for n := range uint64(3) {
		s.at(s.part(45+70*n), func() bool { s.try(); return true })
	}
	for n := range 8 {
		s.at(s.part(150+uint64(n)*85), func() bool { s.earn(); return true })
	}
	s.at(s.part(330), func() bool { s.vend(); return true })
	s.at(s.part(560), func() bool { s.vend(); return true })
	s.at(s.part(760), func() bool { s.vend(); return true })
	s.at(s.part(480), func() bool { s.clean(); return true })
}

// sale is one order, from the payment into escrow to its end.
func (s *bazaar) sale() {
	buyer := s.e.Someone(&s.rng)
	v := s.vendors[s.rng.Pick(len(s.vendors))]
	value := s.price()
	to := s.fresh(s.escrow)
	s.collect(buyer, to, value, s.note())
	refund := s.rng.Chance(700)
	due := s.pause() * 2
	s.after(due, func() bool {
		if !s.came(to) {
			return false
		}
		if refund {
			return s.pay(s.escrow, s.e.Receive(buyer.Wallet), value-value/50, Payback)
		}
		if !s.pay(s.escrow, s.e.Receive(v.wallet), value-share(value), Split) {
			return false
		}
		s.commission += share(value)
		return true
	})
}

// try is an order of an officer at another's: what they see is how the market pays.
func (s *bazaar) try() {
	buyer, seller := s.e.Newcomer(world.Citizen, "", &s.rng), s.e.Newcomer(world.Citizen, "", &s.rng)
	value := s.price()
	to := s.fresh(s.escrow)
	x := &trial{paid: s.collect(buyer, to, value, s.note()), part: value - share(value)}
	s.trials = append(s.trials, x)
	s.after(s.pause(), func() bool {
		if !s.came(to) {
			return false
		}
		o := s.order(Split)
		o.Receipt = &x.got
		if !s.e.Pay(s.escrow, []world.Payment{{To: s.e.Receive(seller.Wallet), Value: x.part}}, o) {
			return false
		}
		s.commission += share(value)
		return true
	})
}

// price is what an order costs, in satoshis.
func (s *bazaar) price() uint64 { return s.around(9_000, 5<<15) }

// share is what the market keeps of a price.
func share(price uint64) uint64 { return price / 100 * 6 }

// note numbers an order.
func (s *bazaar) note() string {
	s.number++
	return fmt.Sprintf("order %d", s.number)
}

// earn brings the commission of finished orders to the administrator.
func (s *bazaar) earn() {
	v := s.commission - s.commission/20 // the rest pays the fees
	if v < 200*world.Dust {
		return
	}
	s.after(1, func() bool {
		if !s.pay(s.escrow, s.e.Receive(s.laptop), v, Split) {
			return false
		}
		s.commission = 0
		return true
	})
}

// vend has every vendor cash out what came in.
func (s *bazaar) vend() {
	for i, v := range s.vendors {
		if v.wallet.Balance() < 300*world.Dust {
			continue
		}
		switch {
		case v.exit == nil:
			s.after(s.pause(), func() bool { return s.pay(v.wallet, s.e.Broker(v.actor), s.typed(v.wallet.Balance()/100*70), CashOut) })
		case i == 0 && s.e.Height() < s.part(700):
			// The most careful one mixes first.
			s.launder(v.wallet, v.member, 50, v.exit, func() {})
		default:
			s.decoys(v.wallet, s.level.Decoys/len(s.vendors))
			s.carry(v.wallet, v.member, min(s.level.Hops-1, 2), func(w *world.Wallet) {
				s.peel(w, max(s.level.Peels/6, 1), func(int) (world.Dest, uint64) {
					return s.into(v.exit), s.slice(w, 25)
				}, func() {})
			})
		}
	}
}

// clean has the administrator bring all of the laptop's coins together, the old
// fee for the job among them, and launder a part.
func (s *bazaar) clean() {
	s.carry(s.laptop, s.admin, s.level.Hops, func(w *world.Wallet) {
		s.sells(s.own, 12, 60)
		s.launder(w, s.admin, 2*s.level.Mixed, s.own, func() {
			s.after(s.pause(), func() bool { return s.deposit(w, s.own, s.typed(w.Balance()/100*30)) })
		})
	})
}

func (s *bazaar) write() error {
	a := s.answer
	if s.fee == nil || s.fee.receipt.Height == 0 || !slices.ContainsFunc(s.trials, (*trial).done) {
		return nil // the case is not whole, and its end says so
	}
	asked := s.fee.receipt.Time - 6_000
	opened := asked // when the first order was paid
	if n := slices.IndexFunc(a.Starts, func(x Source) bool { return strings.HasPrefix(x.Note, "order") }); n >= 0 {
		opened = a.Starts[n].Time
	}
	post := s.public("forum.md", `
# Board: coders for hire

**%s**, %s: Looking for small jobs, PHP and server work, paid in coins. I take half in advance:
`+"`%s`"+`. Write to %s.

**%s**: paid. Good work.

# Board: new places

**%s**, %s later: has anybody tried %s? Escrow, and the vendors seem honest. I have nothing to do with it.
`, s.nick, when(asked), s.e.Text(s.post.Address), s.mail, s.handle(), s.nick, lapse(asked, opened), s.site)
	record, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.mail, Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.admin.actor.Name}, {"e-mail", s.mail}, {"residence", s.person(s.admin.actor).City},
	}})
	if err != nil {
		return err
	}
	for _, v := range s.vendors {
		if v.exit == nil {
			continue
		}
		_, err := s.disclose(Record{Service: v.exit.Service().Actor.Name, About: fmt.Sprintf("account %d", v.exit.ID), Facts: []Fact{
			{"account", fmt.Sprint(v.exit.ID)}, {"holder", v.exit.Customer.Name}, {"said about the coins' origin", "online sales"},
		}})
		if err != nil {
			return err
		}
	}
	s.slip = Slip{Person: s.admin.actor.Name, What: "asked for work in a public forum before the market opened, with an address of the wallet that later took the commissions, and with an e-mail address that an account in the own name has too",
		Evidence: []string{post, record}, Proves: "who the administrator is", Tx: s.fee.receipt.Tx.String(), Address: s.e.Text(s.post.Address), Service: s.own.Service().Actor.Name, Account: s.own.ID}
	first := s.tried()
	var bought strings.Builder
	told := 0
	for i, x := range a.Starts {
		if strings.HasPrefix(x.Note, "order") && s.trial(&x) == nil && i%4 == 0 && told < 12*s.level.Victims/100 {
			told++
			fmt.Fprintf(&bought, "## Statement %d\n\nA buyer (%s) paid %s on %s for %s to `%s`, transaction `%s`, output %d.\n\n", told, x.From, coins(x.Satoshis), when(x.Time), x.Note, x.Address, x.Tx, x.Out)
		}
	}
	s.public("statements.md", "# Statements of buyers at %s\n\n%s", s.site, bought.String())
	s.brief(`
# The market %s

%s sells forbidden goods. A buyer pays each order to an address of its own, where the money is kept until the goods have come; then the vendor
gets the price without a commission. Officers ordered from an officer who sells there under cover, and noted what was paid and what was passed on
(test-orders.csv): the first, %s, was paid on %s to
`+"`%s`"+` (%s, %s; transaction `+"`%s`"+`, output %d). Buyers who were asked named their payments (statements.md).
Somebody who calls themselves %s was the first to write about the market (forum.md).

Find out:

1. how many orders the market took, and how large its commission is;
2. who the vendors are: which accounts at which exchanges their shares came to, how much, and until when it could have been frozen;
3. where the administrator's share is, and what of it can not be followed honestly;
4. who the administrator is, and what proves it.
`, s.site, s.site, first.Note, when(first.Time), first.Address, coins(first.Satoshis), dollars(first.Cents), first.Tx, first.Out, s.nick)
	return nil
}

// trial returns the officers' order that a coin paid; nil if it is another's.
func (s *bazaar) trial(x *Source) *trial {
	n := slices.IndexFunc(s.trials, func(y *trial) bool {
		return y.done() && y.paid.receipt.Tx == x.Tx && y.paid.receipt.Outputs[0] == x.Out
	})
	if n < 0 {
		return nil
	}
	return s.trials[n]
}

// tried writes what was seen of the officers' orders, and returns the first.
func (s *bazaar) tried() (first Source) {
	var rows strings.Builder
	rows.WriteString("order,paid,transaction,output,coins,passed_on,passed_on_transaction,passed_on_output,passed_on_coins\n")
	for i := range s.answer.Starts {
		x := &s.answer.Starts[i]
		y := s.trial(x)
		if y == nil {
			continue
		}
		if first.Satoshis == 0 {
			first = *x
		}
		fmt.Fprintf(&rows, "%s,%s,%s,%d,%s,%s,%s,%d,%s\n", strings.TrimPrefix(x.Note, "order "), when(x.Time), x.Tx, x.Out, bare(x.Satoshis), when(y.got.Time), y.got.Tx, y.got.Outputs[0], bare(y.part))
	}
	s.public("test-orders.csv", "%s", rows.String())
	return first
}
