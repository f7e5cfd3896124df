package ledger

import (
	"encoding/binary"
	"slices"
)

// A look-up waits for memory three or four times, each time for an address that
// the wait before it gave. The look-ups of a block do not depend on each other,
// so they are made together, step by step: a processor has many reads under way
// at a time. Most hashes that are looked for are in no part; sifting finds that
// out without looking at a row.

// sieve takes what sift tells apart.
type sieve struct {
	has, lacks []int  // which hashes, in order
	sum        uint64 // keeps the compiler from leaving reads out
}

// find looks for hashes in a part and calls found for each that is there, want
// having been told which it is. It returns which are not.
func (s *sieve) find(part indexPart, hashes []uint64, left []int, limit func(i int) uint64, want func(i int) wanted, found func(i int, id uint64), cols ...*rows) []int {
	s.has, s.lacks = s.has[:0], s.lacks[:0]
	part.sift(s, hashes, left, cols...)
	for _, i := range s.has {
		if id, ok := part.newest(hashes[i], limit(i), want(i)); ok {
			found(i, id)
		} else { // the hash is there, and what has it is something else
			at, _ := slices.BinarySearch(s.lacks, i)
			s.lacks = slices.Insert(s.lacks, at, i)
		}
	}
	return append(left[:0], s.lacks...)
}

func (m *memIndex) sift(s *sieve, hashes []uint64, left []int, cols ...*rows) {
	if m.used == 0 {
		s.lacks = append(s.lacks, left...)
		return
	}
	for _, i := range left {
		s.sum += binary.LittleEndian.Uint64(m.slots[m.start(hashes[i])*tableSlot+8:])
	}
	for _, i := range left {
		_, id, ok := m.probe(m.start(hashes[i]), hashes[i])
		if !ok {
			s.lacks = append(s.lacks, i)
			continue
		}
		s.has = append(s.has, i)
		for _, c := range cols {
			s.sum += uint64(c.at(id)[0])
		}
	}
}

func (s *segment) sift(v *sieve, hashes []uint64, left []int, cols ...*rows) {
	for _, i := range left {
		v.sum += uint64(s.dir.data[hashes[i]>>(64-s.bits)*4])
	}
	for _, i := range left {
		if from, to := s.bucket(hashes[i]); from < to {
			v.sum += uint64(s.entries.data[from*8]) + uint64(s.entries.data[to*8-1])
		}
	}
	for _, i := range left {
		h := hashes[i]
		from, to := s.bucket(h)
		has := false
		for entries := s.entries.get(from*8, to*8); len(entries) > 0; entries = entries[8:] {
			if e := binary.LittleEndian.Uint64(entries); e>>40 == h>>(64-prefixBits)&(1<<24-1) {
				has = true
				for _, c := range cols {
					v.sum += uint64(c.at(e & none40)[0])
				}
			}
		}
		if has {
			v.has = append(v.has, i)
		} else {
			v.lacks = append(v.lacks, i)
		}
	}
}
