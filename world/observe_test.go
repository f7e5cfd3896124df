package world

import (
	"context"
	"errors"
	"strconv"
	"testing"
)

// clerk is an Observer that keeps what it is told.
type clerk struct {
	entries   []Entry
	addresses []string // of the entries
	owned     []Owned
	said      []string
	fail      error // of the first word about an address
}

func (c *clerk) Begin(*Economy, Create) error { return nil }

func (c *clerk) Owned(o *Owned) error {
	c.owned = append(c.owned, *o)
	return nil
}

func (c *clerk) Booked(n *Entry, address string) error {
	c.entries, c.addresses = append(c.entries, *n), append(c.addresses, address)
	return nil
}

func (c *clerk) Stated(s *Statement, address string, _ uint32) error {
	c.said = append(c.said, s.Label+" "+address)
	return c.fail
}

func (c *clerk) End(*Economy, Create) error { return nil }

// gossip is a scenario that says one thing about one address, and has a customer
// come from elsewhere and show other papers.
type gossip struct {
	person *Person
	about  Address
}

func (g *gossip) Name() string { return "gossip" }

func (g *gossip) Begin(e *Economy) error {
	r := e.Rand("gossip", 0)
	g.person = e.Newcomer(Criminal, "", &r)
	return nil
}

func (g *gossip) Step(e *Economy) error {
	if e.Height() == 350 {
		g.about = e.Receive(g.person.Wallet).Address
		e.State(Statement{Address: g.about, Label: "The Magpie", Actor: g.person.Actor})
		a := g.person.Account
		a.Use(&Session{Device: "borrowed"})
		a.Visit(e, nil)
		a.Visit(e, &Session{Device: "elsewhere"})
		a.Identify(e, Claim{Name: "Somebody Else", Forged: true})
	}
	return nil
}

func (g *gossip) End(*Economy, Create) error { return nil }

// TestObserver: an observer is told of every address that truth names, in its
// order, of what is said, and whence customers came.
func TestObserver(t *testing.T) {
	c, g := &clerk{}, &gossip{}
	m, _ := build(t, Spec{Seed: 4, Era: Era2019, Txs: 2_500, Scenarios: []Scenario{g}, Observer: c})
	rows := m.rows(t, "truth/addresses.csv")[1:] // nobody is told of the genesis block's
	if len(rows) != len(c.owned) {
		t.Fatalf("told of %d addresses, and truth has %d", len(c.owned), len(rows))
	}
	accounts := map[uint32]bool{}
	for i, o := range c.owned {
		r := rows[i]
		if o.Address != r[0] || strconv.Itoa(int(o.Actor.ID)) != r[3] || o.Purpose.String() != r[4] || strconv.Itoa(int(o.Height)) != r[5] {
			t.Fatalf("told of %+v, and truth has %v", o, r)
		}
		if o.Account != 0 {
			accounts[o.Account] = true
		}
	}
	for _, n := range c.entries {
		// Stakes come in at a house's addresses, which are nobody's.
		if n.Kind == EntryDeposit && !accounts[n.Account] && n.Service.Role != Gambling {
			t.Fatalf("%+v, and account %d has no address", n, n.Account)
		}
	}
	if len(c.said) != 1 || len(c.said[0]) < len("The Magpie ")+20 {
		t.Errorf("it was said %q", c.said)
	}
	var came []string
	for _, n := range c.entries {
		if n.Customer == g.person.Actor && n.Height == 350 {
			came = append(came, n.Kind.String()+" "+n.Session.Device)
			if n.Kind == EntryIdentify && (n.Claim == nil || !n.Claim.Forged) {
				t.Errorf("%+v", n.Claim)
			}
		}
	}
	if len(came) != 3 || came[0] != "login borrowed" || came[1] != "login elsewhere" || came[2] != "identify borrowed" {
		t.Errorf("the customer came: %q", came)
	}
}

// TestObserverFails: what an observer cannot write ends the world.
func TestObserverFails(t *testing.T) {
	want := errors.New("no ink")
	_, err := Build(context.Background(), Spec{Seed: 4, Era: Era2019, Txs: 2_500, Scenarios: []Scenario{&gossip{}}, Observer: &clerk{fail: want}}, newMemory(), nil)
	if !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}
