package crime

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"goshawk"
	"goshawk/world"
)

// listener hears what is said in public.
type listener struct{ said []world.Statement }

func (l *listener) Begin(*world.Economy, world.Create) error { return nil }
func (l *listener) Owned(*world.Owned) error                 { return nil }
func (l *listener) Booked(*world.Entry, string) error        { return nil }
func (l *listener) End(*world.Economy, world.Create) error   { return nil }
func (l *listener) Stated(s *world.Statement, _ string, _ uint32) error {
	l.said = append(l.said, *s)
	return nil
}

// five builds a world of the crimes that are told of below.
func five(t *testing.T, seed uint64, era world.Era) (memory, *listener) {
	t.Helper()
	cases, err := New([]string{"donations", "site", "advertisements", "giveaway", "broker"}, "standard")
	if err != nil {
		t.Fatal(err)
	}
	m, l := memory{fstest.MapFS{}}, &listener{}
	if _, err := world.Build(context.Background(), world.Spec{Seed: seed, Era: era, Level: "standard", Txs: 20_000, Scenarios: cases, Observer: l}, m, nil); err != nil {
		t.Fatalf("%v (%s)", err, goshawk.HintOf(err))
	}
	return m, l
}

// TestStories: what each story is known for is in the chain, and its slip can be found there.
func TestStories(t *testing.T) {
	for i, era := range world.Eras() {
		t.Run(fmt.Sprint(era), func(t *testing.T) {
			m, l := five(t, uint64(70+i), era)
			c := m.chain(t)
			for _, name := range []string{"donations", "site", "advertisements", "giveaway", "broker"} {
				slipped(t, m, c, m.answer(t, name))
			}
			oneAddressPerDonor(t, m.answer(t, "donations"))
			groupListed(t, l)
			paidFromExchanges(t, m.answer(t, "site"))
			priceAndTime(t, m, c, m.answer(t, "advertisements"))
			seeded(t, m, c, m.answer(t, "giveaway"))
			nested(t, m, l, m.answer(t, "broker"))
		})
	}
}

// groupListed: an authority lists the campaign's published address, and no other of it.
func groupListed(t *testing.T, l *listener) {
	t.Helper()
	var named []string
	for _, s := range l.said {
		if s.Sanction == "SDGT" {
			named = append(named, s.Label)
			if s.Concept != "donation" || s.Wrong != "" {
				t.Errorf("%+v is listed", s)
			}
		}
	}
	if len(named) != 1 {
		t.Errorf("%q are listed", named)
	}
}

// slipped: the slip's transaction pays the slip's address, and a paper that a
// service would disclose names it.
func slipped(t *testing.T, m memory, c *chain, a *Answer) {
	t.Helper()
	found := false
	for id, f := range c.txs {
		for n := range f.outs {
			found = found || id.String() == a.Slip.Tx && c.outs[goshawk.Outpoint{Tx: id, Index: uint32(n)}].address == a.Slip.Address
		}
	}
	if !found {
		t.Errorf("%s: the slip is not in the chain: %+v", a.Case, a.Slip)
	}
	if !slices.ContainsFunc(a.Slip.Evidence, func(f string) bool { return strings.Contains(string(m.MapFS[f].Data), a.Slip.Tx) }) {
		t.Errorf("%s: no evidence names %s", a.Case, a.Slip.Tx)
	}
	if !slices.ContainsFunc(a.Slip.Evidence, func(f string) bool { return strings.Contains(string(m.MapFS[f].Data), a.Slip.Person) }) {
		t.Errorf("%s: no evidence names %s", a.Case, a.Slip.Person)
	}
	for _, f := range a.Slip.Evidence {
		if strings.HasPrefix(f, "truth/") {
			t.Errorf("%s: %s is evidence that nobody may see", a.Case, f)
		}
	}
	for name, f := range m.MapFS {
		if strings.HasPrefix(name, "public/"+a.Case+"/") && strings.Contains(string(f.Data), a.Slip.Person) {
			t.Errorf("%s names %s", name, a.Slip.Person)
		}
		if strings.HasPrefix(name, "public/"+a.Case+"/") && (strings.Contains(string(f.Data), "%!") || strings.Contains(string(f.Data), "0.00000000")) {
			t.Errorf("%s is badly written:\n%s", name, f.Data)
		}
	}
}

func oneAddressPerDonor(t *testing.T, a *Answer) {
	t.Helper()
	paid := map[string]int{}
	most := 0
	for _, s := range a.Starts {
		paid[s.Address]++
		most = max(most, paid[s.Address])
	}
	// One address took the first donations, all others one each.
	if again := len(a.Starts) - len(paid); most < 5 || most > len(a.Starts)/2 || again != most-1 {
		t.Errorf("%d payments to %d addresses, %d to one of them", len(a.Starts), len(paid), most)
	}
}

func paidFromExchanges(t *testing.T, a *Answer) {
	t.Helper()
	via := map[string]int{}
	distant := 0
	users := map[string]string{}
	for _, s := range a.Starts {
		if s.Via != "" {
			via[s.Via]++
			distant++
		}
		if before, ok := users[s.Address]; ok && before != s.From {
			t.Errorf("%s is an address of %s and of %s", s.Address, before, s.From)
		}
		users[s.Address] = s.From
	}
	if distant*10 < len(a.Starts)*6 || distant == len(a.Starts) || len(via) < 3 {
		t.Errorf("of %d payments %d come from exchanges, %v", len(a.Starts), distant, via)
	}
}

// priceAndTime: each advertisement with a telephone number of the case appeared
// soon after a payment to the processor.
func priceAndTime(t *testing.T, m memory, c *chain, a *Answer) {
	t.Helper()
	paid := map[string]uint32{} // prices do not tell two of a time apart here
	for _, e := range a.Ends {
		if e.Kind == string(world.PaymentProcessor) {
			paid[e.Address] = e.Time
		}
	}
	brief := string(m.MapFS["public/advertisements/brief.md"].Data)
	ours, matched := 0, 0
	for _, r := range m.rows(t, "public/advertisements/listings.csv") {
		if !strings.Contains(brief, r[2]) {
			continue
		}
		ours++
		appeared, err := time.Parse("2006-01-02 15:04 UTC", r[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range paid {
			if late := appeared.Unix() - int64(at); late >= 0 && late <= 1_500 {
				matched++
				break
			}
		}
	}
	if ours < 5 || matched < ours-1 { // one was paid from elsewhere
		t.Errorf("of %d advertisements %d have a payment", ours, matched)
	}
	for _, h := range a.Ends {
		if h.Tx.String() == a.Slip.Tx {
			t.Error("the hasty advertisement was paid from the purse")
		}
	}
}

// seeded: the authors' own payments are no income, and the change of the earlier
// purchase was spent together with a victim's coin.
func seeded(t *testing.T, m memory, c *chain, a *Answer) {
	t.Helper()
	starts := map[goshawk.Outpoint]bool{}
	victims := map[string]bool{}
	for _, s := range a.Starts {
		starts[goshawk.Outpoint{Tx: s.Tx, Index: s.Out}] = true
		victims[s.Address] = victims[s.Address] || s.Note == "sent to be doubled"
	}
	seeds := m.rows(t, "truth/giveaway/seeds.csv")
	for _, r := range seeds {
		tx, err := goshawk.ParseHash(r[0])
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(r[1], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		p := goshawk.Outpoint{Tx: tx, Index: uint32(n)}
		if starts[p] || c.outs[p] == nil || !victims[c.outs[p].address] {
			t.Errorf("seed %v: income %t, %+v", p, starts[p], c.outs[p])
		}
	}
	if len(seeds) < 2 {
		t.Errorf("%d seeds", len(seeds))
	}
	posts := string(m.MapFS["public/giveaway/posts.md"].Data)
	for at, sent := range victims {
		if sent && !strings.Contains(posts, at) {
			t.Errorf("%s took victims' coins, and no post names it:\n%s", at, posts)
		}
	}
	slip, err := goshawk.ParseHash(a.Slip.Tx)
	if err != nil {
		t.Fatal(err)
	}
	together := false
	for _, f := range c.txs {
		change, victim := false, false
		for _, p := range f.ins {
			change = change || p.Tx == slip && c.outs[p].address != a.Slip.Address
			victim = victim || victims[c.outs[p].address]
		}
		together = together || change && victim
	}
	if !together {
		t.Error("nothing ties the purchase to the giveaway")
	}
}

// nested: the desk's coins lie at the exchange with the most customers, and the
// authority's list names two of its addresses.
func nested(t *testing.T, m memory, l *listener, a *Answer) {
	t.Helper()
	var there, all uint64
	for _, e := range a.Ends {
		if e.Own {
			all += e.Satoshis
			if e.Service == "Kestrel Exchange" {
				there += e.Satoshis
			}
		}
	}
	if there*10 < all*5 {
		t.Errorf("%d of %d satoshis came to the large exchange", there, all)
	}
	listed := 0
	for _, s := range l.said {
		if s.Sanction == "CYBER2" {
			listed++
			if s.Actor.Role != world.Broker || s.Wrong != "" {
				t.Errorf("%+v is listed", s)
			}
		}
	}
	kinds := map[string]int{}
	for _, r := range m.rows(t, "truth/broker/clients.csv") {
		kinds[r[3]+" "+r[4]]++
	}
	if listed != 2 || kinds["ordinary client's true"] == 0 || kinds["ordinary client's false"] == 0 || kinds["proceeds of extortion false"] == 0 {
		t.Errorf("%d addresses are listed; clients: %v", listed, kinds)
	}
}

// TestFiveAgain: the same seed gives the same papers.
func TestFiveAgain(t *testing.T) {
	a, _ := five(t, 5, world.Era2022)
	b, _ := five(t, 5, world.Era2022)
	for name, f := range a.MapFS {
		if other := b.MapFS[name]; other == nil || !bytes.Equal(f.Data, other.Data) {
			t.Errorf("%s differs", name)
		}
	}
}
