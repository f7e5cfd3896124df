package esplora

import "goshawk"

// An id is a place in the chain, so that ids order as the chain does without
// knowing all of it: 24 bits of height, 18 of position in the block and 21 of
// the output's index. A block of 4 MB has room for fewer than 2^18
// transactions, and a transaction of that size for fewer than 2^21 outputs.
const (
	positionBits = 18
	indexBits    = 21

	maxHeights   = 1 << 24
	maxPositions = 1 << positionBits
	maxIndexes   = 1 << indexBits
)

func txID(height int32, position uint32) goshawk.TxID {
	return goshawk.TxID(uint64(height)<<(positionBits+indexBits) | uint64(position)<<indexBits)
}

// placeOf splits an id into its place. ok is false where no transaction has such an id.
func placeOf(id goshawk.TxID) (height int32, position uint32, ok bool) {
	h := uint64(id) >> (positionBits + indexBits)
	if h >= maxHeights || uint64(id)%maxIndexes != 0 {
		return 0, 0, false
	}
	return int32(h), uint32(uint64(id)>>indexBits) % maxPositions, true
}

func outputID(tx goshawk.TxID, index uint32) goshawk.OutputID {
	return goshawk.OutputID(uint64(tx) | uint64(index))
}

func splitOutput(id goshawk.OutputID) (goshawk.TxID, uint32) {
	return goshawk.TxID(uint64(id) &^ (maxIndexes - 1)), uint32(uint64(id) % maxIndexes)
}
