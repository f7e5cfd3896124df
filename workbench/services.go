package workbench

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/trace"
)

// Services answers a trace's question who pools customers' money at an address.
// It looks labels up as the trace comes to addresses, since most traces visit
// few; one that visits many has all of a ledger's labelled addresses gathered at
// once, which costs as much as those look-ups.
type Services struct {
	ch         *Chain
	set        *label.Set
	confidence int

	seen     idSet // looked up
	count    int
	gathered bool

	labelled idSet
	party    map[goshawk.AddressID]trace.Party
	labels   map[goshawk.AddressID]*goshawk.Label
	parties  map[string]trace.Party

	// Labels that define a cluster, by its root; nil unless asked.
	roots map[goshawk.AddressID]*goshawk.Label
}

// manyVisited is how many addresses are looked up one by one before all are.
const manyVisited = 200_000

// NewServices knows the services among a chain's addresses, by the labels from a confidence on.
// With byCluster, labels that define a cluster reach all of it, which is inference and needs a
// ledger. It must not be used from several goroutines at once.
func NewServices(ctx context.Context, ch *Chain, set *label.Set, confidence int, byCluster bool) (*Services, error) {
	s := &Services{ch: ch, set: set, confidence: confidence, seen: newIDSet(ch.Known.Addresses), labelled: newIDSet(ch.Known.Addresses),
		party: map[goshawk.AddressID]trace.Party{}, labels: map[goshawk.AddressID]*goshawk.Label{}, parties: map[string]trace.Party{}}
	if len(set.Sources()) == 0 {
		s.gathered = true
		return s, nil
	}
	if !byCluster {
		return s, nil
	}
	s.roots = map[goshawk.AddressID]*goshawk.Label{}
	return s, s.gather(ctx)
}

// gather takes in every labelled address of the ledger.
func (s *Services) gather(ctx context.Context) error {
	matches, err := label.Match(ctx, s.ch, s.set, s.ch.Params.ParseAddress)
	if err != nil {
		return err
	}
	for _, m := range matches.Addresses {
		s.add(m.ID, m.Labels)
	}
	s.gathered = true
	return nil
}

// add takes an address's labels in.
func (s *Services) add(a goshawk.AddressID, labels []goshawk.Label) {
	if len(labels) == 0 {
		return
	}
	if best, ok := label.Service(labels, s.confidence); ok {
		s.labelled.add(a)
		s.party[a], s.labels[a] = s.number(best), best
	}
	if s.roots == nil {
		return
	}
	defining := slices.DeleteFunc(slices.Clone(labels), func(l goshawk.Label) bool { return !l.Cluster })
	if best, ok := label.Service(defining, s.confidence); ok {
		root := cluster.Root(s.ch.Local, a)
		if has := s.roots[root]; has == nil || best.Less(has) {
			s.roots[root] = best
		}
	}
}

func (s *Services) number(l *goshawk.Label) trace.Party {
	n, ok := s.parties[l.Party()]
	if !ok {
		n = trace.Party(len(s.parties))
		s.parties[l.Party()] = n
	}
	return n
}

// Party implements trace.Services.
func (s *Services) Party(a goshawk.AddressID) trace.Party {
	p := trace.Unlabelled
	if s.labelled.has(a) {
		p = s.party[a]
	}
	if p < 0 && len(s.roots) > 0 {
		if l := s.roots[cluster.Root(s.ch.Local, a)]; l != nil {
			return s.number(l)
		}
	}
	return p
}

// Label implements trace.Services.
func (s *Services) Label(a goshawk.AddressID) *goshawk.Label {
	if l := s.labels[a]; l != nil || len(s.roots) == 0 {
		return l
	}
	l := s.roots[cluster.Root(s.ch.Local, a)]
	if l == nil {
		return nil
	}
	c := *l
	c.Match = "by its cluster"
	return &c
}

// Prepare implements trace.Preparer.
func (s *Services) Prepare(ctx context.Context, addresses []goshawk.AddressID) error {
	if s.gathered {
		return nil
	}
	var fresh []goshawk.AddressID
	for _, a := range addresses {
		if a != goshawk.NoAddress && !s.seen.has(a) {
			s.seen.add(a)
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if s.count += len(fresh); s.count > manyVisited && s.ch.Local != nil {
		return s.gather(ctx)
	}
	infos, err := s.ch.Addresses(ctx, fresh, 0)
	if err != nil {
		return err
	}
	for _, info := range infos {
		s.add(info.ID, s.set.Lookup(info.Text))
	}
	return nil
}

// idSet is a set of addresses: bits where ids are dense, else a map.
type idSet struct {
	bits   []uint64
	sparse map[goshawk.AddressID]bool
}

func newIDSet(count uint64) idSet {
	if count == 0 {
		return idSet{sparse: map[goshawk.AddressID]bool{}}
	}
	return idSet{bits: make([]uint64, (count+63)/64)}
}

func (s *idSet) has(a goshawk.AddressID) bool {
	if s.bits == nil {
		return s.sparse[a]
	}
	return s.bits[a/64]>>(a%64)&1 == 1
}

func (s *idSet) add(a goshawk.AddressID) {
	if s.bits == nil {
		s.sparse[a] = true
		return
	}
	s.bits[a/64] |= 1 << (a % 64)
}
