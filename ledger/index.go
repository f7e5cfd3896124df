package ledger

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"goshawk"
)

// An index finds the id of a hash. Its newest part is an open-addressed table
// in memory (memIndex), the rest are immutable segments on disk, which are
// merged as they gather so that there are few. Neither stores the key: a
// candidate is checked against its row. Parts are in order, newest first, and
// their ids too: what a part finds is newer than all that later ones would.
type index []indexPart

type indexPart interface {
	// newest returns the largest id below limit that has hash h and is wanted.
	newest(h, limit uint64, want wanted) (id uint64, ok bool)
	// sift tells, of the hashes named by left, those that this part may have from
	// those that it has not, and reads the rows of columns that newest will read.
	// See sift.go.
	sift(s *sieve, hashes []uint64, left []int, cols ...*rows)
}

// wanted looks at the row of an id that has the right hash.
type wanted interface{ is(id uint64) bool }

// anyID is no limit.
const anyID = ^uint64(0)

func (x index) newest(h, limit uint64, want wanted) (uint64, bool) {
	for _, part := range x {
		if id, ok := part.newest(h, limit, want); ok {
			return id, true
		}
	}
	return 0, false
}

// hashIs wants a transaction.
type hashIs struct {
	v    *view
	hash *goshawk.Hash
}

func (w *hashIs) is(id uint64) bool { return w.v.isHash(id, w.hash) }

// addressIs wants an address.
type addressIs struct {
	v    *view
	kind goshawk.Kind
	key  []byte
}

func (w *addressIs) is(id uint64) bool { return w.v.isAddress(id, w.kind, w.key) }

// memIndex maps 64-bit hashes to ids; several ids may share a hash. Its bytes
// are the same in memory and on disk: a power of two of 16-byte slots, hash
// and id+1.
type memIndex struct {
	slots []byte
	used  int
}

func (m *memIndex) mask() uint64 { return uint64(len(m.slots)/tableSlot - 1) }

// start is the slot where a hash's probe begins: its high bits, so that a
// growing table keeps neighbours together.
func (m *memIndex) start(h uint64) uint64 {
	return h >> (65 - bits.Len64(uint64(len(m.slots)/tableSlot)))
}

// probe returns the first slot at or after i that is empty or holds h, and the
// id there (0, false if empty).
func (m *memIndex) probe(i, h uint64) (slot, id uint64, found bool) {
	mask := m.mask()
	for ; ; i = (i + 1) & mask {
		s := m.slots[i*tableSlot : i*tableSlot+tableSlot]
		v := binary.LittleEndian.Uint64(s[8:])
		if v == 0 {
			return i, 0, false
		}
		if binary.LittleEndian.Uint64(s) == h {
			return i, v - 1, true
		}
	}
}

// put adds an entry; it does not look for an equal one.
func (m *memIndex) put(h, id uint64) {
	if 4*(m.used+1) > 3*(len(m.slots)/tableSlot) {
		m.grow(max(2*len(m.slots), 64*tableSlot))
	}
	mask := m.mask()
	i := m.start(h)
	for binary.LittleEndian.Uint64(m.slots[i*tableSlot+8:]) != 0 {
		i = (i + 1) & mask
	}
	binary.LittleEndian.PutUint64(m.slots[i*tableSlot:], h)
	binary.LittleEndian.PutUint64(m.slots[i*tableSlot+8:], id+1)
	m.used++
}

func (m *memIndex) grow(size int) {
	old := m.slots
	m.slots = make([]byte, size)
	m.used = 0
	for i := 0; i < len(old); i += tableSlot {
		if v := binary.LittleEndian.Uint64(old[i+8:]); v != 0 {
			m.put(binary.LittleEndian.Uint64(old[i:]), v-1)
		}
	}
}

// tight returns the index in as few slots as its fill allows.
func (m *memIndex) tight() *memIndex {
	t := &memIndex{slots: make([]byte, tightSlots(m.used)*tableSlot)}
	for i := 0; i < len(m.slots); i += tableSlot {
		if v := binary.LittleEndian.Uint64(m.slots[i+8:]); v != 0 {
			t.put(binary.LittleEndian.Uint64(m.slots[i:]), v-1)
		}
	}
	return t
}

func (m *memIndex) clear() {
	if m.used > 0 {
		clear(m.slots)
	}
	m.used = 0
}

func (m *memIndex) newest(h, limit uint64, want wanted) (uint64, bool) {
	if m.used == 0 {
		return 0, false
	}
	best, ok := uint64(0), false
	for i := m.start(h); ; i = (i + 1) & m.mask() {
		slot, id, found := m.probe(i, h)
		if !found {
			return best, ok
		}
		if id < limit && (!ok || id > best) && want.is(id) {
			best, ok = id, true
		}
		i = slot
	}
}

// segment is an immutable part of an index: entries sorted by the first 36 bits
// of their hash, then by id, with a directory of buckets by the first b bits.
// An entry's 8 bytes hold bits 12 to 35 of the hash over a 40-bit id.
type segment struct {
	file    *mapped
	bits    uint
	dir     region // 2^bits + 1 four-byte entry numbers
	entries region
}

const (
	segmentMagic   = "gosix\x00\x00\x01"
	segmentHeader  = 32
	segmentMinBits = 12
	segmentMaxBits = 28
	prefixBits     = 36
)

// segmentBits gives buckets of about eight entries: one cache line.
func segmentBits(n uint64) uint {
	return uint(min(max(bits.Len64(n/8), segmentMinBits), segmentMaxBits))
}

func openSegment(f *mapped) (_ *segment, err error) {
	defer guard(&err)()
	if f.body.size() < segmentHeader || string(f.body.get(0, 8)) != segmentMagic {
		return nil, f.damaged("it is not an index segment")
	}
	header := f.body.get(0, segmentHeader)
	n, b := binary.LittleEndian.Uint64(header[8:]), uint(header[16])
	if b < segmentMinBits || b > segmentMaxBits {
		return nil, f.damaged("its directory has an impossible size")
	}
	dir := segmentHeader + (uint64(1)<<b+1)*4
	if f.body.size() != dir+n*8 {
		return nil, f.damaged("its length does not fit its header")
	}
	return &segment{file: f, bits: b, dir: f.body.part(segmentHeader, dir), entries: f.body.part(dir, dir+n*8)}, nil
}

func (s *segment) n() uint64 { return s.entries.size() / 8 }

// bucket returns the range of entries whose hashes share h's first bits.
func (s *segment) bucket(h uint64) (from, to uint64) {
	i := h >> (64 - s.bits) * 4
	b := s.dir.get(i, i+8)
	return uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
}

func (s *segment) newest(h, limit uint64, want wanted) (uint64, bool) {
	from, to := s.bucket(h)
	best, ok := uint64(0), false
	for entries := s.entries.get(from*8, to*8); len(entries) > 0; entries = entries[8:] {
		e := binary.LittleEndian.Uint64(entries)
		if e>>40 != h>>(64-prefixBits)&(1<<24-1) {
			continue
		}
		if id := e & none40; id < limit && (!ok || id > best) && want.is(id) {
			best, ok = id, true
		}
	}
	return best, ok
}

// entry is what a segment holds of a hash and an id.
func entry(h, id uint64) uint64 { return h>>(64-prefixBits)<<40 | id }

// newSegment makes a segment of the ids from first up to end, in memory: a
// counting sort by bucket, and insertion within one.
func newSegment(first, end uint64, hash func(id uint64) uint64) *segment {
	n := end - first
	b := segmentBits(n)
	dir, entries := make([]byte, (1<<b+1)*4), make([]byte, n*8)
	at := make([]uint32, 1<<b+1)
	for id := first; id < end; id++ {
		at[hash(id)>>(64-b)+1]++
	}
	for i := range at {
		if i > 0 {
			at[i] += at[i-1]
		}
		binary.LittleEndian.PutUint32(dir[i*4:], at[i])
	}
	for id := first; id < end; id++ {
		h := hash(id)
		bucket := h >> (64 - b)
		from, j := binary.LittleEndian.Uint32(dir[bucket*4:]), at[bucket]
		at[bucket]++
		e := entry(h, id)
		for ; j > from; j-- {
			before := binary.LittleEndian.Uint64(entries[j*8-8:])
			if before <= e {
				break
			}
			binary.LittleEndian.PutUint64(entries[j*8:], before)
		}
		binary.LittleEndian.PutUint64(entries[j*8:], e)
	}
	return &segment{bits: b, dir: region{data: dir}, entries: region{data: entries}}
}

func (s *segment) at(i uint64) uint64 { return binary.LittleEndian.Uint64(s.entries.data[i*8:]) }

// segmentCursor walks a segment's entries in order.
type segmentCursor struct {
	s      *segment
	i      uint64
	bucket uint64
	prefix uint64 // of entry i, if there is one
}

// load finds entry i's prefix: an entry lacks the first bits, which its bucket
// has. The segment must have been verified.
func (c *segmentCursor) load() bool {
	if c.i >= c.s.n() {
		return false
	}
	for uint64(binary.LittleEndian.Uint32(c.s.dir.data[(c.bucket+1)*4:])) <= c.i {
		c.bucket++
	}
	c.prefix = c.bucket>>(c.s.bits-segmentMinBits)<<24 | c.s.at(c.i)>>40
	return true
}

// mergeSegments writes the union of segments whose ids follow each other.
func mergeSegments(w *fileWriter, parts ...*segment) error {
	var n uint64
	var cursors []*segmentCursor // those with entries left
	for _, s := range parts {
		s.dir.verify()
		s.entries.verify()
		n += s.n()
		if c := (&segmentCursor{s: s}); c.load() {
			cursors = append(cursors, c)
		}
	}
	if n >= 1<<32 {
		return goshawk.Errorf(goshawk.Unsupported, "an index segment holds at most 2^32 entries, not %d", n)
	}
	b := segmentBits(n)
	header := make([]byte, segmentHeader)
	copy(header, segmentMagic)
	binary.LittleEndian.PutUint64(header[8:], n)
	header[16] = byte(b)
	dirSize := (uint64(1)<<b + 1) * 4
	// The directory is written after the entries that it counts, at its place
	// before them.
	dir := make([]byte, dirSize)
	entries := w.section(segmentHeader + dirSize)
	bucket := uint64(0)
	for i := uint64(0); len(cursors) > 0; i++ {
		k := 0 // of equal ones the oldest: its ids are smaller
		for j := 1; j < len(cursors); j++ {
			if cursors[j].prefix < cursors[k].prefix {
				k = j
			}
		}
		c := cursors[k]
		for bucket <= c.prefix>>(prefixBits-b) {
			binary.LittleEndian.PutUint32(dir[bucket*4:], uint32(i))
			bucket++
		}
		entries.put64(c.s.at(c.i))
		c.i++
		if !c.load() {
			cursors = slices.Delete(cursors, k, k+1)
		}
	}
	for ; bucket <= 1<<b; bucket++ {
		binary.LittleEndian.PutUint32(dir[bucket*4:], uint32(n))
	}
	entries.flush()
	front := w.section(0)
	front.write(header)
	front.write(dir)
	front.flush()
	return w.finish(segmentHeader + dirSize + n*8)
}

// secretHash hashes an address for the index, with the ledger's own secret so
// that nobody can craft scripts that collide in it. Folded multiplication, as
// wyhash does it.
func secretHash(secret uint64, kind goshawk.Kind, key []byte) uint64 {
	const m1, m2 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	h := secret ^ uint64(kind)*m2
	n := len(key)
	for len(key) >= 16 {
		h = fold(binary.LittleEndian.Uint64(key)^m1, binary.LittleEndian.Uint64(key[8:])^h)
		key = key[16:]
	}
	var a, b uint64
	switch {
	case len(key) >= 8:
		a, b = binary.LittleEndian.Uint64(key), tailBytes(key[8:])
	default:
		b = tailBytes(key)
	}
	return fold(fold(a^m1, b^h), secret^m2^uint64(n))
}

func tailBytes(b []byte) uint64 {
	var v uint64
	for i := range b {
		v |= uint64(b[i]) << (8 * i)
	}
	return v
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashPrefix is the index's hash of a transaction id, which is one already.
func hashPrefix(h *goshawk.Hash) uint64 { return binary.BigEndian.Uint64(h[:8]) }
