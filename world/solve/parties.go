package solve

import (
	"context"

	"goshawk"
	"goshawk/cluster"
	"goshawk/trace"
)

// unnamed is the label of a crowd that no source names.
const unnamed = "a service that nobody has named"

// few is how many transactions of an address are looked at to see whose it is.
const few = 20

// others is how many others than itself a service pays at least, to be known by that.
const others = 2

// crowdParty is where the numbers of crowds begin, above those of services.
const crowdParty = 1 << 24

// parties are the services that labels name, those that their customers' deposit
// addresses give away, and the clusters that are too large for a person.
type parties struct {
	*solver
	groups cluster.Grouping
	seen   map[goshawk.AddressID]*party // by root
}

// party is what is known of a cluster beside its own label.
type party struct {
	number trace.Party
	label  *goshawk.Label // nil where it is taken for a person's
}

// Prepare implements trace.Preparer: it opens each cluster that it is told of.
func (p *parties) Prepare(ctx context.Context, addresses []goshawk.AddressID) error {
	for _, a := range addresses {
		if a == goshawk.NoAddress || p.suspect[a] {
			continue
		}
		root := p.groups.Root(a)
		if p.seen[root] != nil {
			continue
		}
		p.effort.Queries++
		members, more, err := p.groups.Members(ctx, a, crowd)
		if err != nil {
			return err
		}
		if err := p.prepare(ctx, members); err != nil {
			return err
		}
		x := p.name(root, members, more)
		if x.number == trace.Unlabelled && p.service(a) < 0 {
			if x, err = p.spender(ctx, a); err != nil {
				return err
			}
		}
		p.seen[root] = x
	}
	return nil
}

// spender says whose an address is by what became of its coins: who pays others
// with them and keeps the change at a service, or pays several and a wallet that a
// label says is a service's, is the service itself, which pays out from what was
// deposited there. Followed on, the coins would be other customers' withdrawals.
func (p *parties) spender(ctx context.Context, a goshawk.AddressID) (*party, error) {
	none := &party{number: trace.Unlabelled}
	p.effort.Queries++
	page, err := p.Chain.History(ctx, goshawk.HistoryQuery{Address: a, Oldest: true, Limit: few})
	if err != nil {
		return nil, err
	}
	var ids []goshawk.TxID
	for i := range page.Entries {
		if page.Entries[i].Spent.Units.Uint64() > 0 {
			ids = append(ids, page.Entries[i].Tx)
		}
	}
	if len(ids) == 0 {
		return none, nil
	}
	p.effort.Steps += uint64(len(ids))
	change, err := cluster.Parse(ownChange)
	if err != nil {
		return nil, err
	}
	finder := cluster.NewFinder(p.Chain, change)
	var batch goshawk.Transactions
	if err := p.Chain.Transactions(ctx, ids, finder.Want(), &batch); err != nil {
		return nil, err
	}
	changes, err := finder.Changes(ctx, &batch)
	if err != nil {
		return nil, err
	}
	found := none
	for row, c := range changes {
		outs := batch.Out(row)
		if len(outs) < 2 || coinJoin(&batch, row) {
			continue
		}
		to := goshawk.NoAddress
		if c >= 0 {
			to = outs[c].Address
		}
		var paid []goshawk.AddressID
		for _, o := range outs {
			paid = append(paid, o.Address)
		}
		if err := p.prepare(ctx, paid); err != nil {
			return nil, err
		}
		for _, a := range paid {
			if len(outs) > others && p.own(a) && p.Services.Label(a).Cluster {
				to = a // a wallet of the service, as the label says, and no customer's deposit address
			}
		}
		if to == goshawk.NoAddress {
			continue
		}
		n := p.service(to)
		if n < 0 || found != none && n != found.number {
			return none, nil
		}
		found = &party{n, p.Services.Label(to)}
	}
	return found, nil
}

// name says whose a cluster is by the labels of its members: deposit addresses
// are swept together, and some of a service's are known. Labels contradict each
// other; one service must have more than half of them, and at least two.
func (p *parties) name(root goshawk.AddressID, members []goshawk.AddressID, more bool) *party {
	votes := map[trace.Party]int{}
	total := 0
	best := party{number: trace.Unlabelled}
	for _, m := range members {
		n := p.service(m)
		if !p.own(m) {
			continue // what one label says of the whole cluster is one voice
		}
		total++
		if votes[n]++; best.number < 0 || votes[n] > votes[best.number] {
			best = party{n, p.Services.Label(m)}
		}
	}
	switch {
	case best.number >= 0 && votes[best.number] >= 2 && 2*votes[best.number] > total:
		return &best
	case more:
		return &party{crowdParty + trace.Party(root), &goshawk.Label{Text: unnamed}}
	}
	return &party{number: trace.Unlabelled}
}

// own says whether a label names a service for an address itself.
func (p *parties) own(a goshawk.AddressID) bool {
	return p.service(a) >= 0 && p.Services.Label(a).Match == ""
}

// Party implements trace.Services: what most labels of a cluster say goes before
// what one says of it.
func (p *parties) Party(a goshawk.AddressID) trace.Party {
	if p.suspect[a] {
		return trace.NoService
	}
	if a == goshawk.NoAddress {
		return p.service(a)
	}
	x, n := p.seen[p.groups.Root(a)], p.service(a)
	if x != nil && x.number >= 0 && (n < 0 || x.number < crowdParty) {
		return x.number
	}
	return n
}

// Label implements trace.Services.
func (p *parties) Label(a goshawk.AddressID) *goshawk.Label {
	if a == goshawk.NoAddress {
		return nil
	}
	x, n := p.seen[p.groups.Root(a)], p.service(a)
	if x != nil && x.number >= 0 && (n < 0 || x.number < crowdParty) {
		return x.label
	}
	if n >= 0 {
		return p.Services.Label(a)
	}
	return nil
}
