package solve

import (
	"context"

	"goshawk"
	"goshawk/cluster"
	"goshawk/trace"
)

// unnamed is the label of a crowd that no source names.
const unnamed = "a service that nobody has named"

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
		p.seen[root] = p.name(root, members, more)
	}
	return nil
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
		if n < 0 {
			continue
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

// Party implements trace.Services.
func (p *parties) Party(a goshawk.AddressID) trace.Party {
	if p.suspect[a] {
		return trace.NoService
	}
	if n := p.service(a); n >= 0 || a == goshawk.NoAddress {
		return n
	}
	if x := p.seen[p.groups.Root(a)]; x != nil {
		return x.number
	}
	return trace.Unlabelled
}

// Label implements trace.Services.
func (p *parties) Label(a goshawk.AddressID) *goshawk.Label {
	if p.service(a) >= 0 {
		return p.Services.Label(a)
	}
	if a == goshawk.NoAddress {
		return nil
	}
	if x := p.seen[p.groups.Root(a)]; x != nil {
		return x.label
	}
	return nil
}
