package ledger

import "encoding/binary"

// A look-up waits for memory three or four times, each time for an address that
// the wait before it gave. A block's look-ups do not depend on each other, so
// before they are made for good these loops read where they will read, step by
// step for all of them: a processor has many such reads under way at a time.
// They decide nothing; their sum only keeps the compiler from leaving them out.

// warm reads the slots where the probes of hashes begin, then the rows that they
// name.
func (m *memIndex) warm(hashes []uint64, left []int, cols ...*rows) (sum uint64) {
	if m.used == 0 {
		return 0
	}
	for _, i := range left {
		sum += binary.LittleEndian.Uint64(m.slots[m.start(hashes[i])*tableSlot+8:])
	}
	for _, i := range left {
		h := hashes[i]
		slot := m.slots[m.start(h)*tableSlot:][:tableSlot]
		if id := binary.LittleEndian.Uint64(slot[8:]); id != 0 && binary.LittleEndian.Uint64(slot) == h {
			for _, c := range cols {
				sum += uint64(c.at(id - 1)[0])
			}
		}
	}
	return sum
}

// warm reads the directory, the buckets, and the rows that they name.
func (s *segment) warm(hashes []uint64, left []int, cols ...*rows) (sum uint64) {
	for _, i := range left {
		sum += uint64(s.dir.data[hashes[i]>>(64-s.bits)*4])
	}
	for _, i := range left {
		if from, to := s.bucket(hashes[i]); from < to {
			sum += uint64(s.entries.data[from*8]) + uint64(s.entries.data[to*8-1])
		}
	}
	for _, i := range left {
		h := hashes[i]
		from, to := s.bucket(h)
		for e := from; e < to; e++ {
			if entry := s.at(e); entry>>40 == h>>(64-prefixBits)&(1<<24-1) {
				for _, c := range cols {
					sum += uint64(c.at(entry & none40)[0])
				}
			}
		}
	}
	return sum
}
