package records

import (
	"goshawk/world"
)

// Records writes a world's papers. It implements world.Observer; one serves one
// world.
//
// Below services/ every service has a folder: retention.json (what it keeps),
// and, as far as it does, customers.csv (who they say they are), accounts.json,
// logins.csv, addresses.csv (where they pay in), deposits.csv, internal.csv (what
// came to these addresses from the service itself), withdrawals.csv, trades.csv or
// bets.csv, and balances.csv, in which every change of an account names the row
// that it comes from. Below public/labels/ lie what vendors and the
// public say about addresses (TagPacks), who the services are (an ActorPack),
// and an authority's sanctions list, which may name nobody. truth/customers.csv
// says who customers are and whose papers are not their own,
// truth/withdrawals.csv which withdrawals are part of a crime, truth/labels.csv
// which labels are wrong, and why.
type Records struct {
	e        *world.Economy
	create   world.Create
	atlas    *atlas
	services []*service
	byActor  map[uint32]*service
	height   int32
	time     uint32 // of the block that is being told
	before   uint32 // of the block before
	public   *public
	cases    *sheet // withdrawals that are part of a crime
}

// New returns what writes the papers of one world.
func New() *Records { return &Records{atlas: newAtlas(), byActor: map[uint32]*service{}} }

// Begin implements world.Observer.
func (r *Records) Begin(e *world.Economy, create world.Create) error {
	r.e, r.create = e, create
	r.time, r.before = e.Started(), e.Started()
	var err error
	if r.cases, err = newSheet(create, "truth/withdrawals.csv", "service,withdrawal,account,satoshis,tx,output,case,stage"); err != nil {
		return err
	}
	r.public, err = newPublic(e, create)
	return err
}

// tick begins a block, if it is a new one.
func (r *Records) tick(height int32, time uint32) error {
	if height == r.height {
		return nil
	}
	r.height, r.before, r.time = height, r.time, time
	return r.flush()
}

func (r *Records) flush() error {
	for _, s := range r.services {
		if err := s.flush(r.e.Era()); err != nil {
			return err
		}
	}
	return nil
}

// Owned implements world.Observer.
func (r *Records) Owned(o *world.Owned) error {
	if err := r.tick(o.Height, o.Time); err != nil {
		return err
	}
	if o.Account != 0 || o.Actor.Role == world.Gambling && o.Purpose == world.House {
		s, err := r.service(o.Actor)
		if err == nil {
			err = s.own(o)
		}
		if err != nil {
			return err
		}
	}
	return r.public.owned(o)
}

// Stated implements world.Observer.
func (r *Records) Stated(s *world.Statement, address string, time uint32) error {
	return r.public.stated(s, address, time)
}

// Booked implements world.Observer.
func (r *Records) Booked(n *world.Entry, address string) error {
	if err := r.tick(n.Height, n.Time); err != nil {
		return err
	}
	s, err := r.service(n.Service)
	if err != nil {
		return err
	}
	if n.Kind == world.EntryInternal {
		return s.returned(n, address)
	}
	a := s.byID[n.Account]
	if a == nil {
		a = r.open(s, n)
	}
	if n.Kind == world.EntryIdentify {
		a.identify(n)
	}
	if s.logins != nil && a.comes(n, s.bets != nil) {
		s.visit(n, a, r.before)
		a.renew(n)
	}
	if s.terms.forgets {
		return s.hold(told{entry: *n, address: address}, a)
	}
	return s.entry(n, a, address)
}

// comes says whether a customer logged in for what is noted. A player is paid
// without asking.
func (a *account) comes(n *world.Entry, player bool) bool {
	switch n.Kind {
	case world.EntryOpen:
		return a.opened == n.Time
	case world.EntryIdentify: // or the papers were handed in when the account was opened
		return n.Height > a.began
	case world.EntryLogin:
		return true
	case world.EntrySell:
		// What is sold as it comes in, nobody logs in for.
		return a.credited != n.Height && a.visited != n.Height
	case world.EntryBuy, world.EntryRequest:
		return a.visited != n.Height && !player
	case world.EntryDeposit:
		return a.visited != n.Height && !player && a.rng.Chance(1_500) // has it come?
	default:
		return false
	}
}

func (r *Records) service(a *world.Actor) (*service, error) {
	if s := r.byActor[a.ID]; s != nil {
		return s, nil
	}
	s, err := newService(a, termsOf(r.e, a), r.create)
	if err != nil {
		return nil, err
	}
	s.cases, s.text = r.cases, r.e.Text
	r.services = append(r.services, s)
	r.byActor[a.ID] = s
	return s, nil
}

// open opens an account. Those of the first block are older than the world, and
// exchanges' and processors' are older than their first use: most of their
// customers are there when the world begins, and whoever is not must not be told by it.
func (r *Records) open(s *service, n *world.Entry) *account {
	a := &account{id: n.Account, customer: n.Customer, opened: n.Time, began: n.Height, rng: r.e.Rand("visits/"+s.actor.Name, uint64(n.Account)), who: r.atlas.person(r.e, n.Customer)}
	if n.Height == 1 || s.actor.Role == world.ExchangeService || s.actor.Role == world.PaymentProcessor {
		a.opened -= 1 + uint32(a.rng.Below(2*365*86_400))
	}
	a.register(&s.terms.odds)
	s.accounts = append(s.accounts, a)
	s.byID[a.id] = a
	return a
}

// identify adds papers to an account, or puts them in the place of those that it
// was opened with in the same block. Who shows a document is verified by it.
func (a *account) identify(n *world.Entry) {
	p := a.papers[len(a.papers)-1]
	if n.Height > a.began {
		p.since = n.Time
		a.papers = append(a.papers, p)
	}
	if n.Claim.Document != "" {
		p.level = max(p.level, 2)
	}
	p.claim = claim(*n.Claim)
	a.papers[len(a.papers)-1] = p
}

// renew has a customer who comes hand in now and then what is asked for at the next
// level of verification, as far as they have shown something before.
func (a *account) renew(n *world.Entry) {
	p := a.papers[len(a.papers)-1]
	if p.level == 0 || p.level == 3 || n.Height <= a.began || n.Time <= p.since || !a.rng.Chance(60) {
		return
	}
	p.since = n.Time
	p.level++
	a.papers = append(a.papers, p)
}

// End implements world.Observer.
func (r *Records) End(_ *world.Economy, create world.Create) error {
	if err := r.flush(); err != nil {
		return err
	}
	truth, err := newSheet(create, "truth/customers.csv", "service,account,since,actor,name,papers")
	if err != nil {
		return err
	}
	for _, s := range r.services {
		if err := s.close(create, truth, r.e.Time()); err != nil {
			return err
		}
	}
	for _, a := range r.public.known {
		if a.Role != world.CoinJoinService {
			continue
		}
		t := termsOf(r.e, a)
		if err := t.retention(create, a); err != nil {
			return err
		}
	}
	if err := truth.Close(); err != nil {
		return err
	}
	if err := r.cases.Close(); err != nil {
		return err
	}
	return r.public.close(create, r.e.Time())
}
