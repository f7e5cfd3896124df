package crime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"goshawk/world"
)

// exploitation is human trafficking as its payments show it: customers pay in
// advance, and advertisements for the exploited persons are bought from a site
// that takes coins through a payment processor, one invoice for each.
type exploitation struct {
	*Case
	organiser *member
	helper    *member
	purse     *world.Wallet
	site      *world.Account // the advertising site's, at the processor
	ads       []*advertisement
	hasty     *advertisement // the one that was paid from the own account
	own       *account
	exits     []*account
	phones    [2]string
	mail      string
}

// advertisement is one that was bought.
type advertisement struct {
	city, phone string
	cents       uint64
	to          world.Dest
	receipt     world.Receipt
}

func advertisements() story {
	return story{
		name: "advertisements", title: "Human-trafficking advertisements paid through a payment processor", abuse: "human_trafficking",
		models: []string{"advertisements on Backpage linked to payments by price and time (Portnoff et al., KDD 2017)"},
		play: func(c *Case) func() error {
			s := &exploitation{Case: c}
			s.begin()
			return s.write
		},
	}
}

func (s *exploitation) begin() {
	s.organiser = s.member("organiser: controls the advertised persons, and takes their money")
	s.helper = s.nicknamed("answers the telephones and moves coins")
	s.purse = s.wallet(s.helper)
	s.own = s.account(s.organiser, s.rng.Pick(4))
	for i := range s.level.Accounts {
		a := s.account(s.member("lent name and face for an account"), i)
		s.exits = append(s.exits, a)
		s.sells(a, 8, 50)
	}
	for s.phones[0] == s.phones[1] {
		s.phones = [2]string{s.telephone(), s.telephone()}
	}
	s.purses = s.exits
	s.mail = s.mailbox(s.handle())
	customers := 46 * s.level.Victims / 100
	for n := range customers {
		s.at(s.part(20+uint64(n*700/customers)), func() bool {
			s.collect(s.e.Someone(&s.rng), s.fresh(s.purse), s.around(14_000, 5<<15), "paid in advance by a customer")
			return true
		})
	}
	s.at(s.part(10), func() bool {
		s.site = s.invoice().Account()
		return s.site != nil || s.e.Height() > s.part(100)
	})
	number := 18 * s.level.Victims / 100
	for n := range number {
		s.at(s.part(90+uint64(n*640/number)), s.advertise())
	}
	s.at(s.part(330), s.hurry)
	for n := range 4 {
		s.at(s.part(190+uint64(n)*160), func() bool { return s.take(n) })
	}
}

// prices are what the site asks for, in cents of 2019, by how prominent an
// advertisement is.
var prices = [...]uint64{1_200, 1_900, 2_700, 3_600, 5_200}

func (s *exploitation) draft() *advertisement {
	return &advertisement{city: s.city(), phone: s.phones[s.rng.Pick(2)], cents: s.grown(prices[s.rng.Pick(len(prices))])}
}

// advertise buys one advertisement from what customers paid.
func (s *exploitation) advertise() func() bool {
	ad := s.draft()
	return func() bool {
		v := s.e.Satoshis(ad.cents)
		if s.site == nil || s.purse.Balance() < 2*v {
			return s.e.Height() > s.part(900)
		}
		ad.to = s.site.Service().Invoice(s.e, s.site)
		o := s.order(Spending)
		o.Kind, o.Receipt = world.Purchase, &ad.receipt
		if !s.e.Pay(s.purse, []world.Payment{{To: ad.to, Value: v}}, o) {
			return false
		}
		s.ads = append(s.ads, ad)
		return true
	}
}

// hurry is the mistake: the purse is just being emptied, an advertisement has
// run out, and the organiser pays for the next from the account in the own name.
func (s *exploitation) hurry() bool {
	if s.site == nil || len(s.ads) < 2 {
		return false
	}
	ad := s.draft()
	ad.phone = s.ads[0].phone
	v, bank := s.e.Satoshis(ad.cents), s.own.Service()
	if need := v + bank.Fee(); s.own.Coins() < need && !bank.Buy(s.e, s.own.Account, need-s.own.Coins()) {
		return false
	}
	ad.to = s.site.Service().Invoice(s.e, s.site)
	o := s.order(Spending)
	o.Receipt = &ad.receipt
	if !bank.Withdraw(s.e, s.own.Account, ad.to, v, o) {
		return false
	}
	s.ads, s.hasty = append(s.ads, ad), ad
	return true
}

// take brings most of what is in the purse on its way to the accounts.
func (s *exploitation) take(n int) bool {
	pot := s.wallet(s.helper)
	if s.purse.Balance() < 2000*world.Dust || !s.pay(s.purse, s.fresh(pot), s.typed(s.purse.Balance()/100*s.rng.Between(60, 80)), Layering) {
		return s.e.Height() > s.part(900)
	}
	exit := s.exits[n%len(s.exits)]
	s.carry(pot, s.helper, s.level.Hops, func(w *world.Wallet) {
		s.divide(w, s.helper, min(s.level.Branches, 3), func(branch int, w *world.Wallet) {
			s.decoys(w, s.level.Decoys/6+1)
			out := func() {
				s.peel(w, max(s.level.Peels/4, 2), func(i int) (world.Dest, uint64) {
					return s.into(s.exits[(n+branch+i)%len(s.exits)]), s.typed(w.Balance() / 100 * s.rng.Between(10, 35))
				}, func() { s.after(s.pause(), func() bool { return s.empty(w, exit) }) })
			}
			if branch == n%2 {
				s.launder(w, s.helper, 20+s.level.Mixed, exit, out)
				return
			}
			out()
		})
	})
	return true
}

func (s *exploitation) write() error {
	a := s.answer
	if s.hasty == nil || s.hasty.receipt.Height == 0 || len(a.Starts) == 0 {
		return nil // the case is not whole, and its end says so
	}
	processor := s.site.Service().Actor.Name
	first := s.customers()
	shown := s.listings()
	var orders []Fact
	for _, ad := range s.ads {
		if r := &ad.receipt; r.Height > 0 {
			orders = append(orders, Fact{"order paid " + when(r.Time), fmt.Sprintf("$%s, %s in %s, output %d", price(ad.cents), s.e.Text(ad.to.Address), r.Tx, r.Outputs[0])})
		}
	}
	mailed, err := s.disclose(Record{Service: processor, About: s.e.Text(s.hasty.to.Address), Facts: append([]Fact{
		{"client", s.person(s.site.Customer).Name + ", the advertising site"}, {"e-mail of the buyer", s.mail}, {"other orders with this e-mail", fmt.Sprint(len(orders) - 1)},
	}, orders...)})
	if err != nil {
		return err
	}
	r := &s.hasty.receipt
	paid, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: s.e.Text(s.hasty.to.Address), Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.organiser.actor.Name}, {"withdrawal", fmt.Sprintf("on %s, in %s, output %d", when(r.Time), r.Tx, r.Outputs[0])},
	}})
	if err != nil {
		return err
	}
	for _, x := range s.exits {
		if _, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"said about the coins' origin", "savings"},
		}}); err != nil {
			return err
		}
	}
	s.slip = Slip{Person: s.organiser.actor.Name, What: "paid for one advertisement straight from the account in the own name, with the e-mail address of all the others",
		Evidence: []string{shown, mailed, paid}, Proves: "who buys the advertisements, and so who controls the purse that customers paid into",
		Tx: r.Tx.String(), Address: s.e.Text(s.hasty.to.Address), Service: s.own.Service().Actor.Name, Account: s.own.ID}
	s.public("brief.md", `
# Advertisements with two telephone numbers

A helpline was told of persons who are advertised in several cities and may not work of their own will. All advertisements name one of two telephone
numbers, %s and %s (listings.csv, beside others of the same site). The site takes coins through %s; its price list is
public: %s, and an advertisement appears when its invoice is paid.

One customer in %d could be heard (customers.md). The first paid %s in advance on %s to
`+"`%s`"+` (transaction `+"`%s`"+`, output %d).

This exercise holds payments and references only. The advertised persons are to be treated as victims: what leads to where they are comes first.

Find out:

1. which payments to %s have the price and the time of these advertisements, and which wallet made them;
2. how much customers paid into that wallet, in how many payments;
3. in which accounts it became money, how much, until when it could have been frozen, and what can not be followed honestly;
4. which advertisement was paid by another way than the rest, who ordered it, and what that proves.
`, s.phones[0], s.phones[1], processor, s.tariff(), heard, coins(first.Satoshis), when(first.Time), first.Address, first.Tx, first.Out, processor)
	return nil
}

// heard is one customer in so many that could be found, by the messages on the
// telephones that they wrote to.
const heard = 6

// customers writes what those said who were heard, and returns the first payment of these.
func (s *exploitation) customers() Source {
	var b strings.Builder
	starts := s.answer.Starts
	for i := 0; i < len(starts); i += heard {
		x := &starts[i]
		fmt.Fprintf(&b, "## Statement %d\n\nA customer was told an address in a message, and paid %s to it on %s: `%s`, transaction `%s`, output %d.\n\n", i/heard+1, coins(x.Satoshis), when(x.Time), x.Address, x.Tx, x.Out)
	}
	s.public("customers.md", "# Statements of customers\n\n%s", b.String())
	return starts[0]
}

// tariff is the site's price list.
func (s *exploitation) tariff() string {
	var list []string
	for _, p := range prices {
		list = append(list, "$"+price(s.grown(p)))
	}
	return strings.Join(list, ", ")
}

// listings writes the case's advertisements among others of the site.
func (s *exploitation) listings() string {
	type row struct {
		time  uint32
		texts string
	}
	var rows []row
	for _, ad := range s.ads {
		if r := &ad.receipt; r.Height > 0 {
			rows = append(rows, row{r.Time + 60*uint32(s.rng.Between(1, 25)), fmt.Sprintf("%s,%s,%s", ad.city, ad.phone, price(ad.cents))})
		}
	}
	from, to := rows[0].time, rows[len(rows)-1].time
	var others []string // numbers of those who advertise there too, some of them more than once
	for len(others) < len(rows) {
		if n := s.telephone(); !slices.Contains(s.phones[:], n) {
			others = append(others, n)
		}
	}
	for range 2 * len(rows) {
		rows = append(rows, row{from + uint32(s.rng.Below(uint64(max(to, from+1)-from))), fmt.Sprintf("%s,%s,%s", s.city(), others[s.rng.Pick(len(others))], price(s.grown(prices[s.rng.Pick(len(prices))])))})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.time, b.time) })
	var b strings.Builder
	b.WriteString("appeared,city,telephone,us_dollars\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "%s,%s\n", when(r.time), r.texts)
	}
	return s.public("listings.csv", "%s", b.String())
}

// price is a sum of cents, in dollars.
func price(cents uint64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
