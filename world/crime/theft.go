package crime

import (
	"fmt"

	"goshawk"
	"goshawk/world"
)

// heist is the emptying of an exchange's hot wallet: most of the coins lie still
// for long, the rest is peeled off, sum by sum, into accounts under false names.
type heist struct {
	*Case
	target  *world.Custodian
	thief   *member
	partner *member
	aliases []*member
	vaults  []*world.Wallet
	exits   []*account
	own     *account // in the partner's own name
	card    world.Receipt
	shop    world.Dest
	spent   uint64
	phone   string
	mail    string
}

func theft() story {
	return story{
		name: "theft", title: "Exchange theft with long peel chains", abuse: "service_hack",
		models: []string{"Bitfinex, 2016", "the Silk Road withdrawals of 2012 (Zhong)", "the accounts of Tian and Li, 2018 to 2020"},
		play: func(c *Case) func() error {
			s := &heist{Case: c}
			s.begin()
			return s.write
		},
	}
}

func (s *heist) begin() {
	s.thief = s.nicknamed("took the keys of the hot wallet")
	s.partner = s.member("launders, and shops")
	for range s.level.Accounts {
		s.aliases = append(s.aliases, s.member("false name, one of the partner's accounts"))
	}
	list := s.e.Exchanges()
	n := s.rng.Pick(2)
	s.target = list[n]
	for i, m := range s.aliases {
		s.exits = append(s.exits, s.account(m, n+1+i%(len(list)-1))) // not where they stole
	}
	s.purses = s.exits
	s.own = s.account(s.partner, n+1)
	s.phone = s.person(s.partner.actor).Phone
	s.mail = s.mailbox(s.handle())
	for _, a := range s.exits {
		a.Identify(s.e, world.Claim{Email: s.mail, Forged: true})
	}
	for range 3 {
		s.vaults = append(s.vaults, s.wallet(s.thief))
	}
	s.at(s.part(50), func() bool { s.take(); return true })
	s.at(s.part(180), func() bool { s.move(); return true })
}

// take empties the hot wallet in many payments, within hours.
func (s *heist) take() {
	// Bitfinex lost 0.76 % of all coins there were; of this world's, half as much.
	total := min(uint64(56_0000_0000), s.target.Hot.Balance()/3)
	times := 16 + s.level.Victims/8
	for i := range times {
		v := s.typed(min(s.rng.LogNormal(total/uint64(3*times), 3<<15), total/8))
		to := []world.Payment{{To: s.fresh(s.vaults[i%len(s.vaults)]), Value: v}}
		tries := 0
		s.after(1+int32(i/4), func() bool {
			tries++
			return s.rob(s.thief, s.target, to) || tries > 30
		})
	}
}

// move begins to launder one vault; the others lie still.
func (s *heist) move() {
	for i, a := range s.exits {
		if i%2 == 0 {
			s.sells(a, 8, 50)
		}
	}
	s.carry(s.vaults[0], s.partner, s.level.Hops, func(w *world.Wallet) {
		s.divide(w, s.partner, s.level.Branches, func(branch int, w *world.Wallet) {
			s.decoys(w, s.level.Decoys/s.level.Branches)
			out := func() {
				s.peel(w, 2*s.level.Peels, func(n int) (world.Dest, uint64) {
					return s.into(s.exits[(branch+n/2)%len(s.exits)]), s.slice(w, 6)
				}, func() {})
			}
			switch branch {
			case 0:
				s.after(s.pause(), func() bool { s.shopping(w); return true })
				out()
			case 1:
				s.launder(w, s.partner, min(4*s.level.Mixed, 70), s.exits[0], out)
			default:
				out()
			}
		})
	})
	s.hop()
}

// hop has one account pay out again: who asks the exchange only where its
// customer's coins came from, and not where they went, stops here.
func (s *heist) hop() {
	if len(s.exits) < 2 {
		return
	}
	a, next := s.exits[1], s.exits[0]
	w := s.wallet(s.partner)
	s.at(s.part(400), func() bool {
		v := a.Coins() / 100 * 90
		if v < 200*world.Dust || v < a.Service().Fee()*4 || !s.withdraw(a, w, s.typed(v), Layering) {
			return false
		}
		s.after(20, func() bool { return s.empty(w, next) })
		return true
	})
}

// shopping is the mistake: a gift card, paid with stolen coins and sent to the
// partner's own telephone.
func (s *heist) shopping(w *world.Wallet) {
	s.shop = s.invoice()
	s.after(1, func() bool {
		s.spent = s.money(50_000)
		if s.spent > w.Balance()/2 {
			s.spent = w.Balance() / 20
		}
		o := s.order(Spending)
		o.Kind, o.Receipt = world.Purchase, &s.card
		return s.e.Pay(w, []world.Payment{{To: s.shop, Value: s.spent}}, o)
	})
}

func (s *heist) write() error {
	a := s.answer
	if s.card.Height == 0 || len(a.Starts) == 0 {
		return nil // the case is not whole, and its end says so
	}
	seller := s.shop.Wallet().Actor.Name
	var merchant string
	if x := s.shop.Account(); x != nil {
		seller, merchant = x.Service().Actor.Name, s.person(x.Customer).Name
	}
	price := uint64(0)
	for _, d := range a.Ends {
		if d.Tx == s.card.Tx {
			price = d.Cents
		}
	}
	order, err := s.disclose(Record{Service: seller, About: s.e.Text(s.shop.Address), Facts: []Fact{
		{"shop", merchant}, {"goods", "gift card worth " + dollars(price) + ", sent by text message"}, {"paid", fmt.Sprintf("%s in %s", coins(s.spent), s.card.Tx)},
		{"telephone", s.phone}, {"e-mail", s.mail},
	}})
	if err != nil {
		return err
	}
	holder, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.phone, Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.partner.actor.Name}, {"telephone", s.phone}, {"residence", s.person(s.partner.actor).City},
	}})
	if err != nil {
		return err
	}
	evidence := []string{order, holder}
	for _, x := range s.exits {
		file, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"remark", "the picture of the holder was used for another name too"}, {"e-mail", s.mail},
		}})
		if err != nil {
			return err
		}
		evidence = append(evidence, file)
	}
	s.slip = Slip{Person: s.partner.actor.Name, What: "bought a gift card with stolen coins and had it sent to the own telephone", Evidence: evidence,
		Proves: "who holds the peel chain's wallet and, by the e-mail address, the accounts under false names", Tx: s.card.Tx.String(), Address: s.e.Text(s.shop.Address), Service: seller}
	var list string
	for i, x := range a.Starts {
		if i < 6 {
			list += fmt.Sprintf("- `%s`, output %d: %s to `%s`\n", x.Tx, x.Out, coins(x.Satoshis), x.Address)
		}
	}
	var worth uint64
	for _, x := range a.Starts {
		worth += x.Cents
	}
	s.public("forum.md", `
# %s: coins are missing

**support**: We found payments out of our hot wallet that we did not make, beginning %s. Customers' balances are not touched. We are working with the police.

**%s**: explorers show %s payments to fresh addresses within %s. Whoever it was did not batch anything.

**%s**: and nothing moves. They will sit on it.
`, s.target.Actor.Name, when(a.Starts[0].Time), s.handle(), goshawk.Group(fmt.Sprint(len(a.Starts))), lapse(a.Starts[0].Time, a.Starts[len(a.Starts)-1].Time), s.handle())
	s.brief(`
# The theft from %s

On %s somebody who had the keys of the hot wallet of %s began to pay its coins to addresses of their own: %s in %d payments,
%s at that day's price. The exchange's report names all of them (report.csv); the first are

%s
Find out:

1. which of the coins still lie where they first came to, and which have moved;
2. into which accounts at which exchanges they were peeled off, how much, and until when it could have been frozen;
3. what can not be followed honestly, and how much that is;
4. which purchase was made with them, and what it proves.
`, s.target.Actor.Name, when(a.Starts[0].Time), s.target.Actor.Name, coins(a.Totals.Income), len(a.Starts), dollars(worth), list)
	report := "tx,output,address,satoshis\n"
	for _, x := range a.Starts {
		report += fmt.Sprintf("%s,%d,%s,%d\n", x.Tx, x.Out, x.Address, x.Satoshis)
	}
	s.public("report.csv", "%s", report)
	return nil
}
