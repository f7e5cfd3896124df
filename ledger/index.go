package ledger

import (
	"encoding/binary"
	"math/bits"

	"goshawk"
)

// An index finds the id of a hash. Its newest part is an open-addressed table
// in memory (memIndex), the rest are immutable segments on disk, newest last,
// which are merged as they gather so that there are few. Neither stores the
// key: a candidate is checked against its row by the caller.

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
	clear(m.slots)
	m.used = 0
}

// newest returns the largest id below limit that has hash h and satisfies is.
func (m *memIndex) newest(h, limit uint64, is func(id uint64) bool) (uint64, bool) {
	if m.used == 0 {
		return 0, false
	}
	best, ok := uint64(0), false
	for i := m.start(h); ; i = (i + 1) & m.mask() {
		slot, id, found := m.probe(i, h)
		if !found {
			return best, ok
		}
		if id < limit && (!ok || id > best) && is(id) {
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
	dir     []byte // 2^bits + 1 four-byte entry numbers
	entries []byte
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

func openSegment(f *mapped) (*segment, error) {
	data := f.body
	if len(data) < segmentHeader || string(data[:8]) != segmentMagic {
		return nil, f.damaged("it is not an index segment")
	}
	n := binary.LittleEndian.Uint64(data[8:])
	b := uint(data[16])
	if b < segmentMinBits || b > segmentMaxBits {
		return nil, f.damaged("its directory has an impossible size")
	}
	dirSize := (uint64(1)<<b + 1) * 4
	if uint64(len(data)) != segmentHeader+dirSize+n*8 {
		return nil, f.damaged("its length does not fit its header")
	}
	return &segment{file: f, bits: b, dir: data[segmentHeader : segmentHeader+dirSize], entries: data[segmentHeader+dirSize:]}, nil
}

func (s *segment) n() uint64 { return uint64(len(s.entries) / 8) }

// bucket returns the range of entries whose hashes share h's first bits.
func (s *segment) bucket(h uint64) (from, to uint64) {
	i := h >> (64 - s.bits) * 4
	return uint64(binary.LittleEndian.Uint32(s.dir[i:])), uint64(binary.LittleEndian.Uint32(s.dir[i+4:]))
}

// newest returns the largest id below limit that has hash h and satisfies is.
func (s *segment) newest(h, limit uint64, is func(id uint64) bool) (uint64, bool) {
	from, to := s.bucket(h)
	best, ok := uint64(0), false
	for i := from; i < to; i++ {
		e := binary.LittleEndian.Uint64(s.entries[i*8:])
		if e>>40 != h>>(64-prefixBits)&(1<<24-1) {
			continue
		}
		if id := e & none40; id < limit && (!ok || id > best) && is(id) {
			best, ok = id, true
		}
	}
	return best, ok
}

// prefixed is an entry: the first 36 bits of its hash, and its id.
type prefixed struct{ prefix, id uint64 }

// writeSegment writes n entries, which next returns in order.
func writeSegment(w *fileWriter, n uint64, next func() prefixed) error {
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
	buf := make([]byte, 8)
	for i := uint64(0); i < n; i++ {
		e := next()
		for bucket <= e.prefix>>(prefixBits-b) {
			binary.LittleEndian.PutUint32(dir[bucket*4:], uint32(i))
			bucket++
		}
		binary.LittleEndian.PutUint64(buf, e.prefix<<40|e.id)
		entries.write(buf)
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

// segmentCursor walks a segment's entries in order.
type segmentCursor struct {
	s      *segment
	i      uint64
	bucket uint64
}

func (c *segmentCursor) peek() (prefixed, bool) {
	if c.i >= c.s.n() {
		return prefixed{}, false
	}
	for uint64(binary.LittleEndian.Uint32(c.s.dir[(c.bucket+1)*4:])) <= c.i {
		c.bucket++
	}
	e := binary.LittleEndian.Uint64(c.s.entries[c.i*8:])
	return prefixed{c.bucket>>(c.s.bits-segmentMinBits)<<24 | e>>40, e & none40}, true
}

// mergeSegments writes the union of two segments.
func mergeSegments(w *fileWriter, a, b *segment) error {
	ca, cb := segmentCursor{s: a}, segmentCursor{s: b}
	return writeSegment(w, a.n()+b.n(), func() prefixed {
		ea, oka := ca.peek()
		eb, okb := cb.peek()
		if !okb || oka && (ea.prefix < eb.prefix || ea.prefix == eb.prefix && ea.id < eb.id) {
			ca.i++
			return ea
		}
		cb.i++
		return eb
	})
}

// sortPrefixed sorts entries by prefix, then id: a counting pass over the first
// bits, then insertion within the few that share them.
func sortPrefixed(in []prefixed) []prefixed {
	b := segmentBits(uint64(len(in)))
	counts := make([]uint32, 1<<b+1)
	for i := range in {
		counts[in[i].prefix>>(prefixBits-b)+1]++
	}
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	out := make([]prefixed, len(in))
	at := make([]uint32, 1<<b)
	copy(at, counts)
	for _, e := range in {
		k := e.prefix >> (prefixBits - b)
		j := at[k]
		for ; j > counts[k] && (out[j-1].prefix > e.prefix || out[j-1].prefix == e.prefix && out[j-1].id > e.id); j-- {
			out[j] = out[j-1]
		}
		out[j] = e
		at[k]++
	}
	return out
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
