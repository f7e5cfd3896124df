package label

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"sort"
	"strings"

	"goshawk"
)

// builder gathers a store's sections.
type builder struct {
	part     [sections][]byte
	texts    map[string]uint32
	profiles map[string]uint32 // by their bytes
	exact    uint32            // keys of addresses that were not lower-cased
}

// text returns the number of a text, adding it if it is new.
func (b *builder) text(text string) uint32 {
	if n, ok := b.texts[text]; ok {
		return n
	}
	n := uint32(len(b.texts))
	b.texts[text] = n
	b.part[secTexts] = append(b.part[secTexts], text...)
	b.part[secTextEnds] = binary.LittleEndian.AppendUint32(b.part[secTextEnds], uint32(len(b.part[secTexts])))
	return n
}

func (b *builder) numbers(to []byte, numbers ...uint32) []byte {
	for _, n := range numbers {
		to = binary.LittleEndian.AppendUint32(to, n)
	}
	return to
}

// Write writes a store of the sources' labels and actors. The same sources give
// the same bytes, in whatever order they come. A hash that comes twice under
// one name is written once.
func Write(w io.Writer, sources []*Source) error {
	data, err := build(sources)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "the label store cannot be written: %w", err).WithHint("check the disk's free space and the folder's permissions")
	}
	return nil
}

func build(sources []*Source) ([]byte, error) {
	b := &builder{texts: map[string]uint32{}, profiles: map[string]uint32{}}
	b.text("") // number 0 is no text
	sources = distinct(sources)
	labels := 0
	for _, s := range sources {
		flags := uint32(0)
		count := len(s.Labels)
		if s.Superseded {
			flags, count = 1, s.Count
		} else {
			labels += count
		}
		b.part[secSources] = b.numbers(b.part[secSources], b.text(s.Name), b.text(s.Hash), b.text(s.Date), b.text(s.Imported),
			b.text(s.Title), b.text(s.Format), uint32(count), uint32(len(s.Actors)), uint32(s.Skipped), flags, 0, 0)
	}
	b.actors(sources)
	if err := b.labels(sources, labels); err != nil {
		return nil, err
	}
	return b.file()
}

// distinct orders sources: those in use by name and hash, then the superseded.
func distinct(sources []*Source) []*Source {
	sorted := append([]*Source(nil), sources...)
	sort.SliceStable(sorted, func(i, j int) bool {
		a, b := sorted[i], sorted[j]
		switch {
		case a.Superseded != b.Superseded:
			return b.Superseded
		case a.Name != b.Name:
			return a.Name < b.Name
		default:
			return a.Hash < b.Hash
		}
	})
	kept := sorted[:0]
	for i, s := range sorted {
		if i > 0 && s.Name == kept[len(kept)-1].Name && s.Hash == kept[len(kept)-1].Hash && s.Superseded == kept[len(kept)-1].Superseded {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// actors writes the actors by id; where several files know one, the newest
// file's comes first and counts.
func (b *builder) actors(sources []*Source) {
	type row struct {
		actor  *Actor
		source int
	}
	var rows []row
	for i, s := range sources {
		for j := range s.Actors {
			rows = append(rows, row{&s.Actors[j], i})
		}
	}
	sort.SliceStable(rows, func(i, j int) bool {
		if rows[i].actor.ID != rows[j].actor.ID {
			return rows[i].actor.ID < rows[j].actor.ID
		}
		return sources[rows[i].source].Date > sources[rows[j].source].Date
	})
	for _, r := range rows {
		a := r.actor
		b.part[secActors] = b.numbers(b.part[secActors], b.text(a.ID), b.text(a.Label), b.text(a.URI),
			b.text(strings.Join(a.Categories, "\n")), b.text(strings.Join(a.Jurisdictions, "\n")), uint32(r.source))
	}
}

// labels writes keys, rows and profiles. A text is a key of one kind only: whether
// it is lower-cased Base58 shows in itself.
func (b *builder) labels(sources []*Source, count int) error {
	type row struct {
		key     string
		lowered bool
		label   *goshawk.Label
		source  int
		place   int // among all labels, so that equal ones keep their order
	}
	rows := make([]row, 0, count)
	for i, s := range sources {
		if s.Superseded {
			continue
		}
		for j := range s.Labels {
			l := &s.Labels[j]
			k, lowered := key(l.Address)
			rows = append(rows, row{k, lowered, l, i, len(rows)})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		switch {
		case a.lowered != b.lowered:
			return sign(b.lowered)
		case a.key != b.key:
			return sign(a.key < b.key)
		case less(a.label, b.label):
			return -1
		case less(b.label, a.label):
			return 1
		default:
			return a.place - b.place
		}
	})
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.key != rows[i-1].key {
			b.part[secKeys] = append(b.part[secKeys], r.key...)
			b.part[secKeyEnds] = b.numbers(b.part[secKeyEnds], uint32(len(b.part[secKeys])))
			b.part[secKeyRows] = b.numbers(b.part[secKeyRows], 0)
			if !r.lowered {
				b.exact++
			}
		}
		written := uint32(0)
		if r.label.Address != r.key {
			written = b.text(r.label.Address) + 1
		}
		profile, err := b.profile(r.label, r.source)
		if err != nil {
			return err
		}
		b.part[secRows] = b.numbers(b.part[secRows], profile, written)
		ends := b.part[secKeyRows]
		binary.LittleEndian.PutUint32(ends[len(ends)-4:], uint32(i+1))
	}
	keys := len(b.part[secKeyEnds]) / 4
	slots := 16
	for slots < keys*3/2 {
		slots *= 2
	}
	b.part[secSlots] = make([]byte, slots*slotSize)
	for i, k := 0, uint32(0); i < len(rows); i++ {
		if i > 0 && rows[i].key == rows[i-1].key {
			continue
		}
		h := hash(rows[i].key, rows[i].lowered)
		k++
		at := int(h) & (slots - 1)
		for binary.LittleEndian.Uint64(b.part[secSlots][slotSize*at:]) != 0 {
			at = (at + 1) & (slots - 1)
		}
		binary.LittleEndian.PutUint64(b.part[secSlots][slotSize*at:], h>>32<<32|uint64(k))
	}
	return nil
}

// sign says which of two differing things comes first.
func sign(first bool) int {
	if first {
		return -1
	}
	return 1
}

// profile returns the number of what a label says beside its address.
func (b *builder) profile(l *goshawk.Label, source int) (uint32, error) {
	if l.Confidence < 0 || l.Confidence > 100 {
		return 0, goshawk.Errorf(goshawk.Invalid, "the label %q of %s has the confidence %d", l.Text, l.Address, l.Confidence).WithHint("a confidence is a number from 0 to 100")
	}
	var buf [profileSize]byte
	p := b.numbers(buf[:0], b.text(l.Text), b.text(l.Actor), b.text(strings.Join(l.Concepts, "\n")), b.text(l.Abuse), b.text(l.Basis),
		b.text(l.Network), b.text(l.Currency), b.text(l.Reference), b.text(l.Context), b.text(l.Modified), uint32(source))
	flags := byte(0)
	if l.Cluster {
		flags = 1
	}
	p = append(p, byte(l.Confidence), flags, 0, 0)
	if n, ok := b.profiles[string(p)]; ok {
		return n, nil
	}
	n := uint32(len(b.profiles))
	b.profiles[string(p)] = n
	b.part[secProfiles] = append(b.part[secProfiles], p...)
	return n, nil
}

// file puts header and sections together.
func (b *builder) file() ([]byte, error) {
	for i, p := range b.part {
		if uint64(len(p)) > math.MaxUint32 {
			return nil, goshawk.Errorf(goshawk.Unsupported, "the labels need %d bytes in section %d, more than one store can hold", len(p), i).WithHint("keep them in several stores")
		}
	}
	size := headerSize
	for _, p := range b.part {
		size += (len(p) + 7) &^ 7
	}
	data := make([]byte, headerSize, size)
	le := binary.LittleEndian
	copy(data, storeMagic)
	le.PutUint32(data[8:], storeVersion)
	le.PutUint32(data[12:], b.exact)
	le.PutUint64(data[16:], uint64(size))
	for i, p := range b.part {
		le.PutUint64(data[32+16*i:], uint64(len(data)))
		le.PutUint64(data[40+16*i:], uint64(len(p)))
		data = append(data, p...)
		for len(data)%8 != 0 {
			data = append(data, 0)
		}
	}
	sum := crc32.Update(0, castagnoli, data[:24])
	le.PutUint32(data[24:], crc32.Update(sum, castagnoli, data[28:]))
	return data, nil
}
