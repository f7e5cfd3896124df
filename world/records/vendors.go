package records

import "goshawk/world"

// vendor is somebody who collects labels. What a vendor knows, and how often it is
// wrong, are assumptions of this package: the gaps are chosen so that services'
// wallets are mostly known to somebody and customers' deposit addresses mostly
// to nobody, as with public tags of real services.
type vendor struct {
	name, about string
	basis       string // TagPack confidence level of what it worked out
	upTo        int32  // percent of the world's blocks that it has looked at
	wrong       int    // parts of ten thousand: labels of services' addresses that are wrong
	strangers   int    // parts of ten thousand: people's addresses that it takes for a service's
	scope       scope
	rng         world.Rand
	pack        pack
}

// scope is what a vendor knows of each kind of address, in percent.
type scope struct {
	house, hot, cold, change, deposit, reward int
	shy                                       int // of all that, for brokers and mixing services
	sites                                     int // merchants' and publishers' addresses
}

func vendors() []*vendor {
	return []*vendor{
		{name: "Larkspur Analytics", about: "Services' wallets, by test payments and clustering.", basis: "forensic", upTo: 97, wrong: 100, strangers: 2,
			scope: scope{house: 100, hot: 85, cold: 70, change: 60, deposit: 20, reward: 95, shy: 60}},
		{name: "Fernhill Data", about: "Services and mining pools, bought and licensed.", basis: "trusted_provider", upTo: 90, wrong: 300, strangers: 4,
			scope: scope{house: 80, hot: 45, cold: 20, change: 15, deposit: 4, reward: 90, shy: 20}},
		{name: "Open Tags", about: "Collected by volunteers from web pages and forums.", basis: "web_crawl", upTo: 75, wrong: 600, strangers: 1,
			scope: scope{house: 90, hot: 5, cold: 5, reward: 60, shy: 30, sites: 4}},
	}
}

// knows returns the chance in percent that a vendor knows an address, and how it does.
func (v *vendor) knows(o *world.Owned) (percent int, basis string) {
	s := &v.scope
	basis = v.basis
	switch o.Purpose {
	case world.House:
		percent = s.house
	case world.HotWallet:
		percent = s.hot
	case world.ColdWallet:
		percent = s.cold
	case world.Change, world.Receiving, world.Mixed:
		percent = s.change
	case world.DepositAddress, world.Invoice: // it paid in itself
		if percent = s.deposit; v.basis == "forensic" {
			basis = "manual_transaction"
		}
	case world.Reward: // pools sign their blocks
		if percent = s.reward; v.basis != "web_crawl" {
			basis = "service_data"
		}
	default:
	}
	switch o.Actor.Role {
	case world.ExchangeService, world.Gambling, world.PaymentProcessor, world.MiningPool, world.CoinJoinService:
		return percent, basis
	case world.Broker, world.MixingService:
		return percent * s.shy / 100, basis
	case world.Merchant, world.Publisher:
		return s.sites, basis
	default:
		return 0, basis
	}
}

// public is what is said in public of the world's addresses.
type public struct {
	e       *world.Economy
	create  world.Create
	vendors []*vendor
	reports pack
	truth   *sheet
	blocks  int32
	chance  world.Rand
	known   []*world.Actor // services, in the order in which they appeared
	seen    map[uint32]bool
	listed  []listing
	time    uint32
}

func newPublic(e *world.Economy, create world.Create) (*public, error) {
	p := &public{e: e, create: create, vendors: vendors(), blocks: e.Blocks(), chance: e.Rand("public", 0), seen: map[uint32]bool{}}
	for i, v := range p.vendors {
		v.rng = e.Rand("vendor", uint64(i))
		v.pack = pack{name: slug(v.name, "-"), title: v.name, about: v.about, link: "https://" + slug(v.name, "-") + ".example/tags"}
	}
	p.reports = pack{name: "reports", title: "Reports", about: "What victims, journalists and authorities say."}
	var err error
	p.truth, err = newSheet(create, "truth/labels.csv", "source,address,label,concept,abuse,confidence,right,why,actor")
	return p, err
}

// pools says whether actors of a role are services that keep their customers' coins
// or bring them together, and that everybody has heard of.
func pools(role world.Role) bool {
	switch role {
	case world.ExchangeService, world.Gambling, world.PaymentProcessor, world.MiningPool, world.CoinJoinService, world.Broker, world.MixingService:
		return true
	default:
		return false
	}
}

// owned has each vendor learn of a new address, or not.
func (p *public) owned(o *world.Owned) error {
	p.time = o.Time
	if pools(o.Actor.Role) && !p.seen[o.Actor.ID] {
		p.seen[o.Actor.ID] = true
		p.known = append(p.known, o.Actor)
	}
	for _, v := range p.vendors {
		if int64(o.Height)*100 > int64(p.blocks)*int64(v.upTo) {
			continue
		}
		percent, basis := v.knows(o)
		if percent == 0 {
			if o.Actor.Role != world.Citizen || !v.rng.Chance(v.strangers) || len(p.known) == 0 {
				continue
			}
			taken := p.known[v.rng.Pick(len(p.known))]
			t := p.tagOf(taken, o, v.basis)
			t.why = "an address of somebody who dealt with the service, taken for its own"
			if err := p.tag(&v.pack, t); err != nil {
				return err
			}
			continue
		}
		if !v.rng.Chance(percent * 100) {
			continue
		}
		t := p.tagOf(o.Actor, o, basis)
		if v.rng.Chance(v.wrong) {
			v.err(&t, p.known)
		}
		if err := p.tag(&v.pack, t); err != nil {
			return err
		}
	}
	return nil
}

// tagOf is the true label of an actor's address.
func (p *public) tagOf(a *world.Actor, o *world.Owned, basis string) tag {
	t := tag{address: o.Address, label: p.name(a), concept: a.Role.Concept(), basis: basis, cluster: o.Purpose != world.DepositAddress && o.Purpose != world.Invoice, time: o.Time, owner: o.Actor.ID}
	if pools(a.Role) {
		t.actor = slug(a.Name, "_")
	}
	return t
}

// name is what a service is called in public: a shop, what its customers and its
// exchange call it.
func (p *public) name(a *world.Actor) string {
	if a.Role == world.Merchant || a.Role == world.Publisher {
		return Person(p.e, a).Name
	}
	return a.Name
}

// err turns a label into one of the mistakes that are made.
func (v *vendor) err(t *tag, known []*world.Actor) {
	if other := known[v.rng.Pick(len(known))]; other.ID != t.owner && v.rng.Chance(6_000) {
		t.label, t.actor, t.concept = other.Name, slug(other.Name, "_"), other.Role.Concept()
		t.why = "another service's address"
		return
	}
	concepts := []string{"exchange", "gambling", "wallet_service", "payment_processor", "market"}
	for {
		if c := pick(&v.rng, concepts); c != t.concept {
			t.concept, t.why = c, "the service's business is another"
			return
		}
	}
}

// stated writes what somebody said of an address.
func (p *public) stated(s *world.Statement, address string, time uint32) error {
	t := tag{address: address, label: s.Label, concept: s.Concept, abuse: s.Abuse, basis: s.Basis, link: s.Source, time: time, why: s.Wrong}
	if s.Actor != nil {
		t.owner = s.Actor.ID
	}
	if t.basis == "" {
		t.basis = "web_crawl"
	}
	if s.Sanction != "" {
		p.listed = append(p.listed, listing{address, s.Label, s.Sanction, time})
		t.abuse, t.basis = "sanction", "authority_data"
		return p.note("sanctions", &t)
	}
	return p.tag(&p.reports, t)
}

// tag writes a tag, and what is true of it.
func (p *public) tag(k *pack, t tag) error {
	if err := k.add(p.create, &t); err != nil {
		return err
	}
	return p.note(k.name, &t)
}

func (p *public) note(source string, t *tag) error {
	right := "yes"
	if t.why != "" {
		right = "no"
	}
	return p.truth.text(source).text(t.address).text(t.label).text(t.concept).text(t.abuse).text(t.basis).text(right).text(t.why).number(uint64(t.owner)).end()
}

// close ends all files, and writes who the services are and, as of now, who is listed.
func (p *public) close(create world.Create, now uint32) error {
	for _, v := range p.vendors {
		if err := v.pack.close(); err != nil {
			return err
		}
	}
	if err := p.reports.close(); err != nil {
		return err
	}
	if err := p.truth.Close(); err != nil {
		return err
	}
	if err := p.actors(create); err != nil {
		return err
	}
	return p.sanctions(create, now)
}
