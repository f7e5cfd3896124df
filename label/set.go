package label

import (
	"iter"
	"sort"

	"goshawk"
)

// Set is what one run knows of addresses: the label store and the files named
// for this run. It may be used from many goroutines.
type Set struct {
	stores  []*Store
	sources []goshawk.LabelSource
}

// NewSet puts a store (nil: none) and further files together. A file that the
// store holds already, of the same name and bytes, adds nothing; other versions of
// a stored file are added beside it, for that is what naming them asks for.
func NewSet(stored *Store, added []*Source) (*Set, error) {
	s := &Set{}
	type file struct{ name, hash string }
	known := map[file]bool{}
	if stored != nil {
		s.stores = append(s.stores, stored)
		for _, source := range stored.Sources() {
			if !source.Superseded {
				known[file{source.Name, source.Hash}] = true
				s.sources = append(s.sources, source.LabelSource())
			}
		}
	}
	var fresh []*Source
	for _, source := range added {
		if is := (file{source.Name, source.Hash}); !known[is] {
			known[is] = true
			fresh = append(fresh, source)
			s.sources = append(s.sources, source.LabelSource())
		}
	}
	if len(fresh) > 0 {
		data, err := build(fresh)
		if err != nil {
			return nil, err
		}
		store, err := Open(data)
		if err != nil {
			return nil, err
		}
		s.stores = append(s.stores, store)
	}
	sort.Slice(s.sources, func(i, j int) bool {
		if s.sources[i].Source != s.sources[j].Source {
			return s.sources[i].Source < s.sources[j].Source
		}
		return s.sources[i].Hash < s.sources[j].Hash
	})
	return s, nil
}

// Sources lists the files whose labels the set holds, by name and hash.
func (s *Set) Sources() []goshawk.LabelSource { return s.sources }

// Lookup returns all labels of an address, best first (goshawk.Label.Less), and
// nil if there is none. The address is a network's text for it; where case
// carries no meaning in its form either case is found. Labels whose source
// lower-cased its addresses are found by the lower-cased text, and their Match
// says so. A label that names an actor and neither category, concept nor abuse
// has its actor's categories, and is marked as Inherited.
func (s *Set) Lookup(address string) []goshawk.Label {
	var labels []goshawk.Label
	for _, store := range s.stores {
		store.each(address, func(l goshawk.Label) {
			s.inherit(&l)
			labels = append(labels, l)
		})
	}
	order(labels)
	return labels
}

// Has reports whether Lookup would find a label. It allocates nothing for
// addresses that have none.
func (s *Set) Has(address string) bool {
	for _, store := range s.stores {
		if store.has(address) {
			return true
		}
	}
	return false
}

// inherit gives a label without concepts those of its actor. A label that names
// an abuse speaks of what the address did, which is no service of the actor's.
func (s *Set) inherit(l *goshawk.Label) {
	if l.Actor == "" || len(l.Concepts) > 0 || l.Abuse != "" {
		return
	}
	if a, ok := s.Actor(l.Actor); ok && len(a.Categories) > 0 {
		l.Concepts, l.Inherited = a.Categories, true
	}
}

// Actor returns an actor by its id. Of several versions a file named for this
// run counts before the store's, and a newer file before an older.
func (s *Set) Actor(id string) (Actor, bool) {
	for i := len(s.stores) - 1; i >= 0; i-- {
		if n := s.stores[i].findActor(id); n >= 0 {
			return s.stores[i].actor(n), true
		}
	}
	return Actor{}, false
}

// Exact yields every address that a source wrote as its network does (in lower
// case where case carries no meaning), each once, in order: the names to ask a
// ledger for. They are of all networks.
func (s *Set) Exact() iter.Seq[string] {
	return merged(s.stores, func(store *Store) iter.Seq[string] { return store.addresses(0, store.exact) })
}

// Lowered yields every address that its source lower-cased, as it stands there,
// each once, in order. No ledger knows them by that name.
func (s *Set) Lowered() iter.Seq[string] {
	return merged(s.stores, func(store *Store) iter.Seq[string] { return store.addresses(store.exact, store.keys()) })
}

// NeedsScan reports whether Lowered yields anything: then only comparing all of
// a ledger's addresses finds every labelled one.
func (s *Set) NeedsScan() bool {
	for _, store := range s.stores {
		if store.hasLowered() {
			return true
		}
	}
	return false
}

// merged merges the sorted addresses of stores, each once.
func merged(stores []*Store, of func(*Store) iter.Seq[string]) iter.Seq[string] {
	return func(yield func(string) bool) {
		heads := make([]string, len(stores))
		live := make([]bool, len(stores))
		nexts := make([]func() (string, bool), len(stores))
		for i, store := range stores {
			next, stop := iter.Pull(of(store))
			defer stop()
			nexts[i] = next
			heads[i], live[i] = next()
		}
		for {
			least := -1
			for i := range heads {
				if live[i] && (least < 0 || heads[i] < heads[least]) {
					least = i
				}
			}
			if least < 0 || !yield(heads[least]) {
				return
			}
			for text, i := heads[least], 0; i < len(heads); i++ {
				if live[i] && heads[i] == text {
					heads[i], live[i] = nexts[i]()
				}
			}
		}
	}
}
