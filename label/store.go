package label

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"sort"
	"strings"

	"goshawk"
)

// The file's layout (docs/format/labels.md). All numbers are little-endian.
const (
	storeMagic   = "GOSHLBL\n"
	storeVersion = 1

	headerSize  = 8 + 4 + 4 + 8 + 4 + 4 + sections*16
	rowSize     = 8
	profileSize = 48
	sourceSize  = 48
	actorSize   = 24
	slotSize    = 8
)

// The file's sections in their order.
const (
	secSlots    = iota // hash table over the keys
	secKeyEnds         // where each key's text ends in secKeys
	secKeyRows         // where each key's rows end in secRows
	secKeys            // texts under which addresses are found
	secRows            // one for each label
	secProfiles        // what labels say, each once
	secSources         // files
	secActors          // actors
	secTextEnds        // where each text ends in secTexts
	secTexts           // all other texts, each once
	sections
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Store is an opened label store. It reads the bytes it was opened with in
// place and keeps no copy of them; all methods may be called at the same time
// from many goroutines.
type Store struct {
	data  []byte
	part  [sections][]byte
	exact int // keys before this one are addresses; the others are lower-cased Base58
}

// Open opens the bytes that Write wrote, mostly a mapped file; they must not
// change while the store is in use. It decodes nothing, but sums the bytes:
// damaged ones are a Corrupt error, those of a later version Unsupported.
func Open(data []byte) (*Store, error) {
	corrupt := func(what string) error {
		return goshawk.Errorf(goshawk.Corrupt, "the label store is damaged: %s", what).WithHint("import the label files again into a new store")
	}
	if len(data) < headerSize || string(data[:8]) != storeMagic {
		return nil, corrupt("it does not begin as a label store does")
	}
	le := binary.LittleEndian
	if v := le.Uint32(data[8:]); v != storeVersion {
		return nil, goshawk.Errorf(goshawk.Unsupported, "the label store has format %d, this program reads format %d", v, storeVersion).
			WithHint("use the program that wrote it, or import the label files again")
	}
	if n := le.Uint64(data[16:]); n != uint64(len(data)) {
		return nil, corrupt("it is cut short or has grown")
	}
	sum := crc32.Update(0, castagnoli, data[:24])
	if sum = crc32.Update(sum, castagnoli, data[28:]); sum != le.Uint32(data[24:]) {
		return nil, corrupt("its checksum is wrong")
	}
	s := &Store{data: data, exact: int(le.Uint32(data[12:]))}
	size := [sections]int{secSlots: slotSize, secKeyEnds: 4, secKeyRows: 4, secKeys: 1, secRows: rowSize,
		secProfiles: profileSize, secSources: sourceSize, secActors: actorSize, secTextEnds: 4, secTexts: 1}
	for i := range s.part {
		offset, length := le.Uint64(data[32+16*i:]), le.Uint64(data[40+16*i:])
		if offset > uint64(len(data)) || length > uint64(len(data))-offset || length%uint64(size[i]) != 0 {
			return nil, corrupt("a section lies outside of it")
		}
		s.part[i] = data[offset : offset+length : offset+length]
	}
	slots := len(s.part[secSlots]) / slotSize
	if slots == 0 || slots&(slots-1) != 0 || slots <= s.keys() || s.exact > s.keys() || len(s.part[secKeyRows]) != len(s.part[secKeyEnds]) {
		return nil, corrupt("its tables do not fit together")
	}
	return s, nil
}

// Readers of the sections. A store whose checksum is right holds what a writer
// wrote; should that writer have been hostile, numbers out of range read as
// nothing instead of as a crash.

func u32(b []byte, i int) int {
	if i < 0 || i > len(b)/4-1 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b[4*i:]))
}

// span returns entry i of a section of bytes whose ends stand in another.
func span(ends, content []byte, i int) []byte {
	start, end := 0, u32(ends, i)
	if i > 0 {
		start = u32(ends, i-1)
	}
	if start > end || end > len(content) {
		return nil
	}
	return content[start:end]
}

func (s *Store) keys() int { return len(s.part[secKeyEnds]) / 4 }

func (s *Store) key(i int) []byte { return span(s.part[secKeyEnds], s.part[secKeys], i) }

func (s *Store) text(i int) string { return string(span(s.part[secTextEnds], s.part[secTexts], i)) }

// list returns the texts that are kept as one, separated by line breaks.
func (s *Store) list(i int) []string {
	text := s.text(i)
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// hash spreads a key over the table (FNV-1a, then a finaliser so that the low
// bits depend on all of it). Lower-cased keys are hashed apart from addresses,
// and so that capitals make no difference.
func hash(key string, lowered bool) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		c := key[i]
		if lowered {
			c = lower(c)
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	if lowered {
		h = ^h
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// find returns the number of a key, or -1. A lower-cased key is found by any
// text that lower-cases to it.
func (s *Store) find(key string, lowered bool) int {
	table := s.part[secSlots]
	mask := len(table)/slotSize - 1
	h := hash(key, lowered)
	for i, probes := int(h)&mask, 0; probes <= mask; i, probes = (i+1)&mask, probes+1 {
		slot := binary.LittleEndian.Uint64(table[slotSize*i:])
		if slot == 0 {
			return -1
		}
		k := int(uint32(slot)) - 1
		if slot>>32 == h>>32 && k < s.keys() && (k >= s.exact) == lowered && s.is(k, key, lowered) {
			return k
		}
	}
	return -1
}

// is compares a key with a text.
func (s *Store) is(k int, text string, lowered bool) bool {
	key := s.key(k)
	if !lowered || len(key) != len(text) {
		return string(key) == text
	}
	for i := range key {
		if key[i] != lower(text[i]) {
			return false
		}
	}
	return true
}

// rows returns the range of a key's labels.
func (s *Store) rows(k int) (first, end int) {
	if k > 0 {
		first = u32(s.part[secKeyRows], k-1)
	}
	end = min(u32(s.part[secKeyRows], k), len(s.part[secRows])/rowSize)
	return first, max(first, end)
}

// label decodes one row; k is its key.
func (s *Store) label(k, row int) goshawk.Label {
	l := s.profile(u32(s.part[secRows][rowSize*row:], 0))
	l.Address = s.written(k, row)
	return l
}

// written returns a row's address as its source wrote it.
func (s *Store) written(k, row int) string {
	if text := u32(s.part[secRows][rowSize*row:], 1); text > 0 {
		return s.text(text - 1)
	}
	return string(s.key(k))
}

func (s *Store) profile(i int) goshawk.Label {
	if i >= len(s.part[secProfiles])/profileSize {
		return goshawk.Label{}
	}
	p := s.part[secProfiles][profileSize*i:][:profileSize]
	l := goshawk.Label{
		Text: s.text(u32(p, 0)), Actor: s.text(u32(p, 1)), Concepts: s.list(u32(p, 2)), Abuse: s.text(u32(p, 3)),
		Basis: s.text(u32(p, 4)), Network: s.text(u32(p, 5)), Currency: s.text(u32(p, 6)), Reference: s.text(u32(p, 7)),
		Context: s.text(u32(p, 8)), Modified: s.text(u32(p, 9)), Confidence: int(p[44]), Cluster: p[45]&1 != 0,
	}
	source := s.source(u32(p, 10))
	l.Source, l.SourceHash = source.Name, source.Hash
	return l
}

func (s *Store) source(i int) Source {
	if i >= len(s.part[secSources])/sourceSize {
		return Source{}
	}
	p := s.part[secSources][sourceSize*i:][:sourceSize]
	return Source{
		Name: s.text(u32(p, 0)), Hash: s.text(u32(p, 1)), Date: s.text(u32(p, 2)), Imported: s.text(u32(p, 3)),
		Title: s.text(u32(p, 4)), Format: s.text(u32(p, 5)), Count: u32(p, 6), Skipped: u32(p, 8), Superseded: p[36]&1 != 0,
	}
}

func (s *Store) actor(i int) Actor {
	p := s.part[secActors][actorSize*i:][:actorSize]
	return Actor{ID: s.text(u32(p, 0)), Label: s.text(u32(p, 1)), URI: s.text(u32(p, 2)),
		Categories: s.list(u32(p, 3)), Jurisdictions: s.list(u32(p, 4)), Source: s.source(u32(p, 5)).Name}
}

func (s *Store) actors() int { return len(s.part[secActors]) / actorSize }

// findActor returns the number of the first actor of that id, or -1.
func (s *Store) findActor(id string) int {
	n := s.actors()
	i := sort.Search(n, func(i int) bool {
		name := span(s.part[secTextEnds], s.part[secTexts], u32(s.part[secActors][actorSize*i:], 0))
		return string(name) >= id
	})
	if i < n && s.actor(i).ID == id {
		return i
	}
	return -1
}

// Sources lists the files in the store, those in use first, by name and hash,
// without their labels. Labels of a superseded one counts what it held.
func (s *Store) Sources() []Source {
	sources := make([]Source, len(s.part[secSources])/sourceSize)
	for i := range sources {
		sources[i] = s.source(i)
	}
	return sources
}

// each calls yield for every label whose address has this text, and for those of
// lower-cased addresses that could be it.
func (s *Store) each(address string, yield func(goshawk.Label)) {
	if i := s.find(canonical(address), false); i >= 0 {
		for row, end := s.rows(i); row < end; row++ {
			yield(s.label(i, row))
		}
	}
	if !s.hasLowered() {
		return
	}
	if i := s.find(address, true); i >= 0 {
		for row, end := s.rows(i); row < end; row++ {
			l := s.label(i, row)
			if l.Address != address {
				l.Match = LowerCased
			}
			yield(l)
		}
	}
}

// hasLowered reports whether some of the store's addresses were lower-cased.
func (s *Store) hasLowered() bool { return s.exact < s.keys() }

// has reports whether each would yield anything, without decoding.
func (s *Store) has(address string) bool {
	return s.find(canonical(address), false) >= 0 || s.hasLowered() && s.find(address, true) >= 0
}

// addresses yields the text of every address once, exact ones first, each part sorted.
func (s *Store) addresses(first, end int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := first; i < end; i++ {
			if !yield(string(s.key(i))) {
				return
			}
		}
	}
}

// All returns the files of the store with all their labels and actors, as Write
// takes them, after checking the store. It is for merging; a run asks a Set.
func (s *Store) All() ([]*Source, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	list := s.Sources()
	sources := make([]*Source, len(list))
	for i := range list {
		sources[i] = &list[i]
	}
	profiles := make([]goshawk.Label, len(s.part[secProfiles])/profileSize)
	for i := range profiles {
		profiles[i] = s.profile(i)
	}
	for k := range s.keys() {
		for row, end := s.rows(k); row < end; row++ {
			p := u32(s.part[secRows][rowSize*row:], 0)
			l := profiles[p]
			l.Address = s.written(k, row)
			source := sources[u32(s.part[secProfiles][profileSize*p:], 10)]
			source.Labels = append(source.Labels, l)
		}
	}
	for i := range s.actors() {
		source := sources[u32(s.part[secActors][actorSize*i:], 5)]
		source.Actors = append(source.Actors, s.actor(i))
	}
	return sources, nil
}

// Check reads the whole store and reports the first thing that is wrong with it
// as a Corrupt error. Open has summed the bytes; Check sees to what they say.
func (s *Store) Check() error {
	corrupt := func(format string, args ...any) error {
		return goshawk.Errorf(goshawk.Corrupt, "the label store is damaged: "+format, args...).WithHint("import the label files again into a new store")
	}
	for _, table := range []struct {
		ends, content int
		what          string
	}{{secKeyEnds, len(s.part[secKeys]), "addresses"}, {secTextEnds, len(s.part[secTexts]), "texts"}, {secKeyRows, len(s.part[secRows]) / rowSize, "labels"}} {
		last, n := 0, len(s.part[table.ends])/4
		for i := range n {
			end := u32(s.part[table.ends], i)
			if end < last || end > table.content {
				return corrupt("entry %d of its %s lies outside", i, table.what)
			}
			last = end
		}
		if last != table.content {
			return corrupt("%d of %d %s belong to nothing", table.content-last, table.content, table.what)
		}
	}
	texts, profiles, sources := len(s.part[secTextEnds])/4, len(s.part[secProfiles])/profileSize, len(s.part[secSources])/sourceSize
	for k := range s.keys() {
		if k > 0 && k != s.exact && bytes.Compare(s.key(k-1), s.key(k)) >= 0 {
			return corrupt("address %d is out of order", k)
		}
		if s.find(string(s.key(k)), k >= s.exact) != k {
			return corrupt("address %d cannot be found", k)
		}
		var before goshawk.Label
		first, end := s.rows(k)
		if first == end {
			return corrupt("address %d has no label", k)
		}
		for row := first; row < end; row++ {
			r := s.part[secRows][rowSize*row:]
			if u32(r, 0) >= profiles || u32(r, 1) > texts {
				return corrupt("label %d lies outside", row)
			}
			l := s.label(k, row)
			if is, lowered := key(l.Address); lowered != (k >= s.exact) || is != string(s.key(k)) {
				return corrupt("label %d is under the wrong address", row)
			}
			if row > first && less(&l, &before) {
				return corrupt("label %d is out of order", row)
			}
			before = l
		}
	}
	counts := make([]int, sources)
	for i := range profiles {
		p := s.part[secProfiles][profileSize*i:]
		for f := range 10 {
			if u32(p, f) >= texts {
				return corrupt("profile %d names a text that is not there", i)
			}
		}
		if u32(p, 10) >= sources || p[44] > 100 {
			return corrupt("profile %d names a file or a confidence that is not there", i)
		}
	}
	for row := range len(s.part[secRows]) / rowSize {
		counts[u32(s.part[secProfiles][profileSize*u32(s.part[secRows][rowSize*row:], 0):], 10)]++
	}
	for i := range sources {
		p := s.part[secSources][sourceSize*i:]
		for f := range 6 {
			if u32(p, f) >= texts {
				return corrupt("file %d names a text that is not there", i)
			}
		}
		if source := s.source(i); !source.Superseded && source.Count != counts[i] {
			return corrupt("%s has %d labels instead of %d", source.Name, counts[i], source.Count)
		}
	}
	for i := range s.actors() {
		p := s.part[secActors][actorSize*i:]
		for f := range 5 {
			if u32(p, f) >= texts {
				return corrupt("actor %d names a text that is not there", i)
			}
		}
		if u32(p, 5) >= sources || i > 0 && s.actor(i-1).ID > s.actor(i).ID {
			return corrupt("actor %d is out of order", i)
		}
	}
	return nil
}
