package pattern

import "goshawk"

// tableSize is twice the number of coins counted without allocating.
const tableSize = 4096

// addressSet is a set of addresses of one transaction, open addressing, on the
// stack for all but giant transactions.
type addressSet struct {
	slots []goshawk.AddressID // id+1; 0 is empty
	count int
}

func (s *addressSet) add(a goshawk.AddressID) {
	mask := uint64(len(s.slots) - 1)
	for i := uint64(a) * 0x9e3779b97f4a7c15 >> 20; ; i++ {
		switch slot := &s.slots[i&mask]; *slot {
		case 0:
			*slot = a + 1
			s.count++
			return
		case a + 1:
			return
		}
	}
}

// few is the number of coins below which comparing all pairs is cheaper than a table.
const few = 24

// distinctInputs counts the known addresses among inputs; what the ledger could
// not resolve does not count, as nothing was seen of it.
func distinctInputs(ins []goshawk.Input) int {
	if len(ins) <= few {
		n := 0
	next:
		for i := range ins {
			if ins[i].Address == goshawk.NoAddress {
				continue
			}
			for j := range i {
				if ins[j].Address == ins[i].Address {
					continue next
				}
			}
			n++
		}
		return n
	}
	if len(ins) > tableSize/2 {
		set := addressSet{slots: make([]goshawk.AddressID, roomFor(len(ins)))}
		return set.inputs(ins)
	}
	var table [tableSize]goshawk.AddressID
	set := addressSet{slots: table[:]}
	return set.inputs(ins)
}

func (s *addressSet) inputs(ins []goshawk.Input) int {
	for i := range ins {
		if ins[i].Address != goshawk.NoAddress {
			s.add(ins[i].Address)
		}
	}
	return s.count
}

// distinctOutputs counts the addresses that outputs pay.
func distinctOutputs(outs []goshawk.Output) int {
	if len(outs) <= few {
		n := 0
	next:
		for i := range outs {
			for j := range i {
				if outs[j].Address == outs[i].Address {
					continue next
				}
			}
			n++
		}
		return n
	}
	if len(outs) > tableSize/2 {
		set := addressSet{slots: make([]goshawk.AddressID, roomFor(len(outs)))}
		return set.outputs(outs)
	}
	var table [tableSize]goshawk.AddressID
	set := addressSet{slots: table[:]}
	return set.outputs(outs)
}

func (s *addressSet) outputs(outs []goshawk.Output) int {
	for i := range outs {
		s.add(outs[i].Address)
	}
	return s.count
}

// roomFor returns a power of two, at least twice n.
func roomFor(n int) int {
	size := tableSize
	for size < 2*n {
		size *= 2
	}
	return size
}
