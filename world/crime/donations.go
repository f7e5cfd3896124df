package crime

import (
	"fmt"
	"strings"

	"goshawk/world"
)

// campaign collects donations for a terrorist group: first at one published
// address, then on a page that shows each donor an address of their own. A
// collector brings the coins together, an exchanger turns them into money.
type campaign struct {
	*Case
	name      string
	page      string
	admin     *member
	collector *member
	exchanger *member
	first     *world.Wallet // of the published address
	second    *world.Wallet // of the page
	published world.Dest
	exits     []*account
	own       *account
	test      *income      // the administrator's, of the new page
	probe     *income      // a researcher's, who is no donor
	shown     []world.Dest // the page's addresses, in order
	donors    []*income
}

var campaignNames = [...]string{"Banner Fund", "Call of the Valley", "Lion Brigade Fund", "Northern Front Appeal", "Steadfast Column"}

func donations() story {
	return story{
		name: "donations", title: "Terrorism financing by a donation campaign with one address per donor", abuse: "terrorism_financing",
		models: []string{"the al-Qassam Brigades' campaigns, 2019 to 2020"},
		play: func(c *Case) func() error {
			s := &campaign{Case: c, name: campaignNames[c.rng.Pick(len(campaignNames))]}
			s.begin()
			return s.write
		},
	}
}

func (s *campaign) begin() {
	s.page = strings.ToLower(strings.ReplaceAll(s.name, " ", "-")) + ".example"
	admin := s.e.Newcomer(world.Criminal, "", &s.rng)
	s.admin = s.enter(admin.Actor, "administrator of the campaign's page")
	s.own = &account{Account: admin.Account, holder: s.admin}
	s.accounts = append(s.accounts, s.own)
	s.collector = s.nicknamed("collector: brings donations together")
	s.exchanger = s.member("exchanger: turns coins into money, for a share")
	for i := range s.level.Accounts {
		m := s.exchanger
		if i > 0 {
			m = s.member("relative of the exchanger, holds an account for them")
		}
		a := s.account(m, i)
		s.exits = append(s.exits, a)
		s.sells(a, 10, 60)
	}
	s.purses = s.exits
	s.first, s.second = s.wallet(s.collector), s.wallet(s.collector)
	s.at(s.part(20), func() bool { s.publish(); return true })
	early, late := 18*s.level.Victims/100, 34*s.level.Victims/100
	for n := range early {
		s.at(s.part(30+uint64(n*260/early)), func() bool { s.give(s.published); return true })
	}
	// The page is tried before anybody hears of it.
	s.at(s.part(270), func() bool {
		s.test = s.remit(admin, s.show(), s.around(2_000, 1<<14), "a test of the new page by its administrator")
		return true
	})
	for n := range late {
		s.at(s.part(310+uint64(n*400/late)), func() bool { s.give(s.show()); return true })
	}
	// By then an authority has seen the campaign, and lists the address that it knows.
	s.at(s.part(400), func() bool {
		s.e.State(world.Statement{Address: s.published.Address, Label: s.name, Concept: "donation", Abuse: s.story.abuse, Basis: "authority_data",
			Source: "https://sanctions.example/list", Actor: s.collector.actor, Sanction: "SDGT"})
		return true
	})
	s.at(s.part(420), func() bool {
		researcher := s.e.Newcomer(world.Citizen, "Institute for Open Networks", &s.rng)
		s.probe = s.collect(researcher, s.show(), s.around(1_000, 1<<14), "a researcher's payment, to see where it goes: no donation")
		return true
	})
	for _, part := range []uint64{150, 300} {
		s.at(s.part(part), func() bool { return s.gather(s.first) })
	}
	for _, part := range []uint64{430, 560, 720} {
		s.at(s.part(part), func() bool { return s.gather(s.second) })
	}
}

// publish has the campaign name its first address.
func (s *campaign) publish() {
	s.published = s.e.NewAddress(s.first, world.Published)
	s.e.State(world.Statement{Address: s.published.Address, Label: s.name, Concept: "donation", Abuse: s.story.abuse, Basis: "web_crawl",
		Source: "https://" + s.page + "/", Actor: s.collector.actor})
}

// show is what the page does for each visitor who wants to donate.
func (s *campaign) show() world.Dest {
	to := s.e.NewAddress(s.second, world.Published)
	s.shown = append(s.shown, to)
	return to
}

// give has somebody donate: mostly a small sum, now and then a large one.
func (s *campaign) give(to world.Dest) {
	s.donors = append(s.donors, s.collect(s.e.Someone(&s.rng), to, s.around(6_000, 2<<16), "donation"))
}

// gather brings what has come in to the exchanger, in one way or another.
func (s *campaign) gather(from *world.Wallet) bool {
	pot := s.wallet(s.collector)
	if from.Balance() < 1500*world.Dust || !s.send(from, s.fresh(pot), Layering) {
		return s.e.Height() > s.part(880) // too little came
	}
	s.carry(pot, s.collector, s.level.Hops, func(w *world.Wallet) {
		s.divide(w, s.exchanger, s.level.Branches, func(branch int, w *world.Wallet) {
			exit := s.exits[branch%len(s.exits)]
			s.decoys(w, s.level.Decoys/s.level.Branches)
			out := func() { s.change(w, branch, exit) }
			if branch == 0 {
				s.launder(w, s.exchanger, 30+s.level.Mixed, exit, out)
				return
			}
			out()
		})
	})
	return true
}

// change has the exchanger sell a branch: some of it to the broker, the rest in accounts.
func (s *campaign) change(w *world.Wallet, branch int, exit *account) {
	s.peel(w, 1+s.level.Peels/3, func(n int) (world.Dest, uint64) {
		v := s.typed(w.Balance() / 100 * s.rng.Between(10, 30))
		if n == 0 && branch%2 == 1 {
			return s.e.Broker(w.Actor), v
		}
		return s.into(s.exits[(branch+n)%len(s.exits)]), v
	}, func() { s.after(s.pause(), func() bool { return s.empty(w, exit) }) })
}

func (s *campaign) write() error {
	a := s.answer
	if s.test == nil || s.test.receipt.Height == 0 || len(a.Starts) < 3 {
		return nil // the case is not whole, and its end says so
	}
	published := s.e.Text(s.published.Address)
	var large Source
	for _, x := range a.Starts {
		if x.Address == published && x.Satoshis > large.Satoshis {
			large = x
		}
	}
	if large.Satoshis == 0 {
		return nil
	}
	test := s.e.Text(s.test.to.Address)
	archive := s.public("page.md", `
# Copies of the page %s in a web archive

**First copy**, before the page was announced: a form without a text. The address that it shows is
`+"`%s`"+`.

**Second copy**, later: "You need not write to us. Press the button, and you get an address that nobody else has. Use it once." The button of
an archived copy does nothing.

**Announcement** in the campaign's channel: "The old address, `+"`%s`"+`, is watched. Give through the page."
`, s.page, test, published)
	var seen strings.Builder
	seen.WriteString("address,where\n")
	for i, to := range s.shown {
		if i%3 == 1 {
			fmt.Fprintf(&seen, "%s,picture of the page that a visitor posted\n", s.e.Text(to.Address))
		}
	}
	s.public("seen-addresses.csv", "%s", seen.String())
	var said strings.Builder
	words := []string{"I read that it was for food and medicine. I did not know who was behind it.", "I knew whose page it was.",
		"A friend asked me to send it from my account and gave me the money.", "I gave once, then it felt wrong."}
	told := 0
	for i, in := range s.donors {
		if r := &in.receipt; r.Height > 0 && i%7 == 3 && told < len(words) {
			fmt.Fprintf(&said, "## Statement %d\n\n%s, who paid `%s` in `%s` on %s: \"%s\"\n\n", told+1, s.person(in.payer.Actor).Name, s.e.Text(in.to.Address), r.Tx, when(r.Time), words[told])
			told++
		}
	}
	s.public("statements.md", "# Statements of payers\n\nA payment shows that somebody paid. It does not show what they knew.\n\n%s", said.String())
	r := &s.test.receipt
	record, err := s.disclose(Record{Service: s.own.Service().Actor.Name, About: test, Facts: []Fact{
		{"account", fmt.Sprint(s.own.ID)}, {"holder", s.admin.actor.Name}, {"withdrawal", fmt.Sprintf("on %s, in %s, output %d", when(r.Time), r.Tx, r.Outputs[0])},
		{"purpose that the customer entered", "testing the form"},
	}})
	if err != nil {
		return err
	}
	for _, x := range s.exits {
		_, err := s.disclose(Record{Service: x.Service().Actor.Name, About: fmt.Sprintf("account %d", x.ID), Facts: []Fact{
			{"account", fmt.Sprint(x.ID)}, {"holder", x.Customer.Name}, {"said about the coins' origin", "exchange of money for people from the neighbourhood"}, {"licence to exchange money", "none"},
		}})
		if err != nil {
			return err
		}
	}
	s.slip = Slip{Person: s.admin.actor.Name, What: "tried the page, before anybody knew of it, with a payment straight from the account in the own name",
		Evidence: []string{archive, record}, Proves: "who runs the page: only its maker could know the address on that day",
		Tx: r.Tx.String(), Address: test, Service: s.own.Service().Actor.Name, Account: s.own.ID}
	s.public("brief.md", `
# The campaign %s

A group that is listed as a terrorist organisation asks for coins. Its channel first named one address,
`+"`%s`"+`; the largest payment to it was %s (%s at that day's price) on %s, transaction `+"`%s`"+`, output %d.
Later it sent donors to %s, which shows each visitor an address of their own. Some of those were seen in public (seen-addresses.csv), and copies of
the page are in a web archive (page.md). %d payers were heard (statements.md).

Find out:

1. how much came to the first address and how much by the page, in how many payments;
2. where collectors brought it together, and at which broker and in which accounts it became money, how much, and until when it could have been frozen;
3. what can not be followed honestly, and how much that is;
4. who runs the page, and what proves it.

Keep donor, collector and exchanger apart. Say of a payer what the payment shows and no more: the sum, the day, the service it came from. Not everybody
who paid gave, and not everybody who gave knew for what.
`, s.name, published, coins(large.Satoshis), dollars(large.Cents), when(large.Time), large.Tx, large.Out, s.page, told)
	return nil
}
