package crime

import (
	"cmp"
	"fmt"
	"strings"

	"goshawk/world"
)

// hijack is a giveaway scam on accounts of well-known people that were taken over:
// whoever sends coins is promised double. It lasts hours; its authors pay in some
// of their own coins first, so that others are seen to send.
type hijack struct {
	*Case
	network   string
	nick      string
	intruder  *member
	sellers   []*member // who sold user names with the intruder before
	purse     *world.Wallet
	float     *world.Wallet // of the first seller
	published []world.Dest
	own       *account
	exits     []*account
	earlier   world.Receipt // the small purchase
	goods     world.Dest
	spent     uint64
	mail      string
	seeds     []*world.Receipt
	began     uint32
	gathered  bool
}

var networkNames = [...]string{"Chirper", "Friendwall", "Loopline", "Shoutbox", "Townsquare"}

func giveaway() story {
	return story{
		name: "giveaway", title: "Giveaway scam on hijacked accounts", abuse: "scam",
		models: []string{"the Twitter accounts of 15 July 2020"},
		play: func(c *Case) func() error {
			s := &hijack{Case: c, network: networkNames[c.rng.Pick(len(networkNames))], nick: c.handle()}
			s.begin()
			return s.write
		},
	}
}

func (s *hijack) begin() {
	s.intruder = s.member("intruder: took over the network's tools, and the accounts")
	for i := range 2 {
		m := s.member(fmt.Sprintf("accomplice %d: finds buyers of user names", i+1))
		s.sellers = append(s.sellers, m)
		a := s.account(m, i)
		s.exits = append(s.exits, a)
		s.sells(a, 8, 50)
	}
	s.purse, s.float = s.wallet(s.intruder), s.wallet(s.sellers[0])
	s.mail = s.mailbox(s.nick)
	s.own = s.account(s.intruder, 2)
	s.own.Identify(s.e, world.Claim{Email: s.mail})
	s.sells(s.own, 8, 50)
	for i := range s.level.Accounts - 1 {
		a := s.account(s.member("name on papers that the intruder bought"), i+1)
		a.Identify(s.e, world.Claim{Forged: true})
		s.exits = append(s.exits, a)
		s.sells(a, 8, 50)
	}
	s.purses = s.exits[2:]
	// Before: rare user names are sold in a forum.
	for n := range 10 {
		s.at(s.part(10+uint64(n)*18), func() bool {
			to := s.fresh(s.float)
			if n%2 == 0 {
				to = s.fresh(s.purse)
			}
			s.collect(s.e.Someone(&s.rng), to, s.around(30_000, 1<<16), "a user name, sold in a forum")
			return true
		})
	}
	s.at(s.part(150), s.buy)
	s.at(s.part(300), s.strike)
}

// buy is the mistake: a small purchase, before all that, from the wallet that the
// giveaway's addresses will be of.
func (s *hijack) buy() bool {
	if s.spent == 0 {
		s.spent, s.goods = s.scaled(2_500), s.invoice() // $25, as then
	}
	o := s.order(Setup)
	o.Kind, o.Receipt = world.Purchase, &s.earlier
	return s.e.Pay(s.purse, []world.Payment{{To: s.goods, Value: s.spent}}, o)
}

// strike posts the promise, from the moment on at which there are coins to seed it.
func (s *hijack) strike() bool {
	if s.float.Balance() < 2000*world.Dust {
		return false
	}
	s.began = s.e.Time()
	for i := range 2 {
		to := s.e.NewAddress(s.purse, world.Published)
		s.published = append(s.published, to)
		s.e.State(world.Statement{Address: to.Address, Label: "Giveaway on " + s.network, Abuse: s.story.abuse, Basis: "web_crawl",
			Source: fmt.Sprintf("https://%s.example/status/%d", strings.ToLower(s.network), 1000+i), Actor: s.intruder.actor})
	}
	for n := range 4 {
		s.after(1+int32(n), func() bool {
			r := new(world.Receipt)
			o := s.order(Setup)
			o.Receipt = r
			if !s.e.Pay(s.float, []world.Payment{{To: s.published[n%2], Value: s.typed(s.float.Balance() / 100 * s.rng.Between(15, 30))}}, o) {
				return s.e.Height() > s.part(500)
			}
			s.seeds = append(s.seeds, r)
			return true
		})
	}
	for range 80 * s.level.Victims / 100 {
		s.after(int32(s.rng.Between(2, 24)), func() bool {
			to := s.published[0]
			if s.rng.Chance(2_000) {
				to = s.published[1]
			}
			s.collect(s.e.Someone(&s.rng), to, s.around(13_000, 5<<15), "sent to be doubled")
			return true
		})
	}
	s.after(34, s.gather)
	s.after(140, s.gather)
	return true
}

// gather empties the purse, old change and all, and divides the coins.
func (s *hijack) gather() bool {
	pot := s.wallet(s.intruder)
	if s.purse.Balance() < 2000*world.Dust || !s.send(s.purse, s.fresh(pot), Layering) {
		return s.e.Height() > s.part(900)
	}
	if s.gathered { // what came late goes where the rest went
		s.carry(pot, s.intruder, s.level.Hops, func(w *world.Wallet) { s.out(w, 0) })
		return true
	}
	s.gathered = true
	for i, m := range s.sellers {
		w := s.wallet(m)
		to := s.fresh(w)
		s.after(s.pause(), func() bool {
			if !s.pay(pot, to, s.typed(pot.Balance()/100*s.rng.Between(12, 20)), Split) {
				return false
			}
			s.after(s.pause(), func() bool {
				s.peel(w, max(s.level.Peels/4, 2), func(int) (world.Dest, uint64) {
					return s.into(s.exits[i]), s.typed(w.Balance() / 100 * s.rng.Between(20, 45))
				}, func() {})
				return true
			})
			return true
		})
	}
	s.after(6+s.pause()*2, func() bool {
		s.carry(pot, s.intruder, s.level.Hops, func(w *world.Wallet) {
			s.divide(w, s.intruder, s.level.Branches, func(branch int, w *world.Wallet) {
				s.decoys(w, s.level.Decoys/s.level.Branches)
				out := func() { s.out(w, branch) }
				switch branch {
				case 0:
					s.blend(w, out)
				case 1:
					s.launder(w, s.intruder, min(30+2*s.level.Mixed, 70), s.exits[len(s.exits)-1], out)
				default:
					out()
				}
			})
		})
		return true
	})
	return true
}

// blend takes coins to a CoinJoin before anything else is done with them, where
// the level and the time have one. What is left comes back as change, when the
// round is made.
func (s *hijack) blend(w *world.Wallet, then func()) {
	if !s.level.Joins {
		then()
		return
	}
	clean := s.wallet(s.intruder)
	s.late(clean, s.exits[len(s.exits)-1])
	tries, least := 0, w.Balance()/4
	s.after(s.pause(), func() bool {
		if tries++; tries <= 12 && !s.e.JoinRound(w, clean) && !s.e.JoinPool(w, clean, s.order(Layering)) {
			return false
		}
		until := s.e.Height() + 60
		s.after(1, func() bool {
			if w.Balance() < least && s.e.Height() < until {
				return false
			}
			then()
			return true
		})
		return true
	})
}

// out peels a branch off into accounts, the intruder's own among them.
func (s *hijack) out(w *world.Wallet, branch int) {
	to := append([]*account{s.own}, s.exits[2:]...)
	s.peel(w, max(s.level.Peels/2, 3), func(n int) (world.Dest, uint64) {
		return s.into(to[(branch+n)%len(to)]), s.typed(w.Balance() / 100 * s.rng.Between(8, 22))
	}, func() { s.after(s.pause(), func() bool { return s.empty(w, to[branch%len(to)]) }) })
}

func (s *hijack) write() error {
	a := s.answer
	if s.earlier.Height == 0 || len(s.published) == 0 {
		return nil // the case is not whole, and its end says so
	}
	main := s.e.Text(s.published[0].Address)
	var first Source
	for _, x := range a.Starts {
		if x.Address == main {
			first = x
			break
		}
	}
	if first.Satoshis == 0 {
		return nil
	}
	processor := s.goods.Wallet().Actor.Name
	order, err := s.disclose(Record{Service: processor, About: s.e.Text(s.goods.Address), Facts: []Fact{
		{"goods", "a month of a game"}, {"paid", fmt.Sprintf("%s in %s, output %d", coins(s.spent), s.earlier.Tx, s.earlier.Outputs[0])}, {"e-mail", s.mail},
	}})
	if err != nil {
		return err
	}
	holder, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.mail, Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.intruder.actor.Name}, {"e-mail", s.mail},
	}})
	if err != nil {
		return err
	}
	for _, x := range s.exits {
		if _, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"said about the coins' origin", "no answer"},
		}}); err != nil {
			return err
		}
	}
	s.public("forum.md", `
# User names: selling

**%s**: short names on %s, any you like, no questions. Coins first. I have a way to the support tools.

**%s**: bought one, works.

**%s** (the day after the giveaway): nobody has seen %s since yesterday.
`, s.nick, s.network, s.handle(), s.handle(), s.nick)
	var second string
	for _, x := range a.Starts {
		if x.Address == s.e.Text(s.published[1].Address) {
			second = "`" + x.Address + "`"
			break
		}
	}
	posts := "I am giving back. All coins sent to the address below are sent back doubled. Only for thirty minutes."
	s.public("posts.md", `
# What the hijacked accounts said, from %s on

> %s
>
> %s

Of some accounts the address was another one: %s. The network took the posts down within hours. One exchange says that it kept %d of its customers
from sending.
`, when(s.began), posts, main, cmp.Or(second, "not kept"), 300+s.rng.Below(900))
	s.slip = Slip{Person: s.intruder.actor.Name, What: "paid for a game, before the giveaway, with coins of the wallet that the giveaway's addresses belong to, and gave the e-mail address that an account in the own name has too",
		Evidence: []string{order, holder}, Proves: "who holds the wallet that the giveaway was paid to: its coins were spent together with the change of that purchase",
		Tx: s.earlier.Tx.String(), Address: s.e.Text(s.goods.Address), Service: processor}
	if x := s.goods.Account(); x != nil {
		s.slip.Account = x.ID
	}
	var own strings.Builder
	own.WriteString("tx,output\n")
	for _, r := range s.seeds {
		if r.Height > 0 {
			fmt.Fprintf(&own, "%s,%d\n", r.Tx, r.Outputs[0])
		}
	}
	s.paper("truth/"+s.Name()+"/seeds.csv", own.String())
	s.public("brief.md", `
# The giveaway on %s

From %s on, accounts of well-known people on %s promised to double whatever is sent to
`+"`%s`"+` (posts.md). The first payment that a victim reported is %s (%s at that day's price) on %s, transaction `+"`%s`"+`, output %d.

Find out:

1. how many payments came, how much that is, and which of them the authors made themselves, so that others are seen to send;
2. what the wallet behind the address did before, and with whom it dealt;
3. how the coins were divided, in which accounts they became money, how much, until when it could have been frozen, and what can not be followed honestly;
4. who the authors are, and what proves it.
`, s.network, when(s.began), s.network, main, coins(first.Satoshis), dollars(first.Cents), when(first.Time), first.Tx, first.Out)
	return nil
}
