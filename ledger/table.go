package ledger

import "encoding/binary"

// table is an open-addressed map from 62-bit keys to 64-bit values whose bytes
// are the same in memory and on disk: a power of two of 16-byte slots, key+1
// and value, probed in order from the key's hash.
type table struct {
	slots []byte
	used  int
}

const tableSlot = 16

func tableHash(key uint64) uint64 {
	key *= 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	return key ^ key>>29
}

func (t *table) get(key uint64) (uint64, bool) {
	if t.used == 0 {
		return 0, false
	}
	mask := uint64(len(t.slots)/tableSlot - 1)
	for i := tableHash(key) & mask; ; i = (i + 1) & mask {
		slot := t.slots[i*tableSlot : (i+1)*tableSlot]
		switch binary.LittleEndian.Uint64(slot) {
		case key + 1:
			return binary.LittleEndian.Uint64(slot[8:]), true
		case 0:
			return 0, false
		}
	}
}

// put sets a key's value.
func (t *table) put(key, value uint64) {
	if 4*(t.used+1) > 3*(len(t.slots)/tableSlot) {
		t.grow()
	}
	mask := uint64(len(t.slots)/tableSlot - 1)
	for i := tableHash(key) & mask; ; i = (i + 1) & mask {
		slot := t.slots[i*tableSlot : (i+1)*tableSlot]
		k := binary.LittleEndian.Uint64(slot)
		if k == 0 {
			t.used++
		} else if k != key+1 {
			continue
		}
		binary.LittleEndian.PutUint64(slot, key+1)
		binary.LittleEndian.PutUint64(slot[8:], value)
		return
	}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]byte, max(2*len(old), 64*tableSlot))
	t.used = 0
	for i := 0; i < len(old); i += tableSlot {
		if k := binary.LittleEndian.Uint64(old[i:]); k != 0 {
			t.put(k-1, binary.LittleEndian.Uint64(old[i+8:]))
		}
	}
}

// each calls f for every entry, in no order that means anything.
func (t *table) each(f func(key, value uint64)) {
	for i := 0; i < len(t.slots); i += tableSlot {
		if k := binary.LittleEndian.Uint64(t.slots[i:]); k != 0 {
			f(k-1, binary.LittleEndian.Uint64(t.slots[i+8:]))
		}
	}
}

// tight returns the table in as few slots as its fill allows.
func (t *table) tight() *table {
	c := &table{slots: make([]byte, tightSlots(t.used)*tableSlot)}
	t.each(c.put)
	return c
}

// tightSlots is the smallest table that holds n entries and stays three
// quarters full at most.
func tightSlots(n int) int {
	slots := 64
	for 4*n > 3*slots {
		slots *= 2
	}
	return slots
}
