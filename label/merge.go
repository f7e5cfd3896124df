package label

// Outcome says what became of a file that was offered to a store.
type Outcome string

// Outcomes of Merge.
const (
	Added     Outcome = "added"
	Unchanged Outcome = "unchanged" // the store has it already: the same bytes under the same name
	Replaced  Outcome = "replaced"  // it took the place of another version of the file
	Older     Outcome = "older"     // the store has a later version, which stays
)

// Change is what Merge did with one file.
type Change struct {
	Source  *Source
	Outcome Outcome
	Other   *Source // the version in the store, unless the file was added
}

// Merge adds files to those of a store (nil: an empty one) and returns what the
// new store is to be written with, and what became of each file, in the order
// given. A file is known by its name: one of the same name takes the place of
// the store's version, unless both are dated and the store's is later, and the
// version that goes is kept in the list, without its labels. A file whose bytes
// are in the store already under its own name changes nothing; under another it
// is a source of its own, as two lists may say the same. A damaged store is a
// Corrupt error.
func Merge(stored *Store, added []*Source) ([]*Source, []Change, error) {
	var sources []*Source
	if stored != nil {
		var err error
		if sources, err = stored.All(); err != nil {
			return nil, nil, err
		}
	}
	changes := make([]Change, 0, len(added))
	for _, s := range added {
		c := Change{Source: s, Outcome: Added}
		var version *Source
		for _, other := range sources {
			if other.Superseded || other.Name != s.Name {
				continue
			}
			if other.Hash == s.Hash {
				c.Outcome, c.Other = Unchanged, other
				break
			}
			version = other
		}
		if c.Outcome == Added && version != nil {
			c.Outcome, c.Other = Replaced, version
			if s.Date != "" && s.Date < version.Date {
				c.Outcome = Older
			}
		}
		switch c.Outcome {
		case Replaced:
			version.supersede()
			sources = append(sources, s)
		case Added:
			sources = append(sources, s)
		case Older:
			old := *s
			old.supersede()
			sources = append(sources, &old)
		}
		changes = append(changes, c)
	}
	return sources, changes, nil
}

// supersede leaves of a source what a list of versions shows.
func (s *Source) supersede() {
	s.Superseded = true
	s.Labels, s.Actors = nil, nil
}
