package main

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/trace"
)

// services answers a trace's question who pools customers' money at an address,
// from the labels of a ledger's addresses, gathered before the trace begins.
type services struct {
	party   map[goshawk.AddressID]trace.Party // labelled addresses
	bits    []uint64                          // which ids are in party, where ids are dense
	labels  map[goshawk.AddressID]*goshawk.Label
	parties map[string]trace.Party

	// Labels that define a cluster, by its root; nil unless asked.
	roots  map[goshawk.AddressID]*goshawk.Label
	forest cluster.Links

	// For explorers, whose addresses become known as the trace goes.
	remote     goshawk.Ledger
	set        *label.Set
	confidence int
	seen       map[goshawk.AddressID]bool
}

func newServices(ctx context.Context, ch *chain, set *label.Set, confidence int, byCluster bool) (*services, error) {
	s := &services{party: map[goshawk.AddressID]trace.Party{}, labels: map[goshawk.AddressID]*goshawk.Label{},
		parties: map[string]trace.Party{}, set: set, confidence: confidence}
	if ch.local == nil {
		if byCluster {
			return nil, goshawk.Errorf(goshawk.Unsupported, "an explorer knows no clusters").WithHint("leave --cluster-labels out, or ingest the chain into a ledger")
		}
		s.remote, s.seen = ch, map[goshawk.AddressID]bool{}
		return s, nil
	}
	s.bits = make([]uint64, ch.head.Addresses/64+1)
	matches, err := label.Match(ctx, ch, set, ch.params.ParseAddress)
	if err != nil {
		return nil, err
	}
	if byCluster {
		s.roots, s.forest = map[goshawk.AddressID]*goshawk.Label{}, ch.local
	}
	for _, m := range matches.Addresses {
		s.add(m.ID, m.Labels)
	}
	return s, nil
}

// add takes an address's labels in.
func (s *services) add(a goshawk.AddressID, labels []goshawk.Label) {
	if len(labels) == 0 {
		return
	}
	s.party[a] = trace.NoService
	if s.bits != nil {
		s.bits[a/64] |= 1 << (a % 64)
	}
	best, ok := label.Service(labels, s.confidence)
	if ok {
		s.party[a], s.labels[a] = s.number(best), best
	}
	if s.roots == nil {
		return
	}
	defining := slices.DeleteFunc(slices.Clone(labels), func(l goshawk.Label) bool { return !l.Cluster })
	if best, ok := label.Service(defining, s.confidence); ok {
		root := cluster.Root(s.forest, a)
		if has := s.roots[root]; has == nil || best.Less(has) {
			s.roots[root] = best
		}
	}
}

func (s *services) number(l *goshawk.Label) trace.Party {
	n, ok := s.parties[l.Party()]
	if !ok {
		n = trace.Party(len(s.parties))
		s.parties[l.Party()] = n
	}
	return n
}

// Party implements trace.Services.
func (s *services) Party(a goshawk.AddressID) trace.Party {
	p := trace.Unlabelled
	if s.bits == nil || s.bits[a/64]>>(a%64)&1 == 1 {
		if known, ok := s.party[a]; ok {
			p = known
		}
	}
	if p < 0 && len(s.roots) > 0 {
		if l := s.roots[cluster.Root(s.forest, a)]; l != nil {
			return s.number(l)
		}
	}
	return p
}

// Label implements trace.Services.
func (s *services) Label(a goshawk.AddressID) *goshawk.Label {
	if l := s.labels[a]; l != nil || len(s.roots) == 0 {
		return l
	}
	l := s.roots[cluster.Root(s.forest, a)]
	if l != nil {
		c := *l
		c.Match = "by its cluster"
		return &c
	}
	return nil
}

// Prepare implements trace.Preparer: an explorer's addresses are looked up when
// the trace comes to them.
func (s *services) Prepare(ctx context.Context, addresses []goshawk.AddressID) error {
	if s.remote == nil {
		return nil
	}
	var fresh []goshawk.AddressID
	for _, a := range addresses {
		if !s.seen[a] && a != goshawk.NoAddress {
			s.seen[a] = true
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	infos, err := s.remote.Addresses(ctx, fresh, 0)
	if err != nil {
		return err
	}
	for _, info := range infos {
		s.add(info.ID, s.set.Lookup(info.Text))
	}
	return nil
}
