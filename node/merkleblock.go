package node

import (
	"encoding/binary"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// merkleBlock proves that transactions are in a block, in the form of the
// protocol's merkleblock message (BIP 37): the header, and the merkle tree from
// its root down to them, depth first. A bit for each node of it says whether the
// way goes on below; where it does not, and at its end, stands the node's hash.
func (b *rawBlock) merkleBlock(positions ...int) []byte {
	branches := map[int][]goshawk.Hash{} // by position: the hashes beside its way, the lowest first
	for _, p := range positions {
		branches[p] = b.Branch(p)
	}
	var bits []bool
	var hashes []goshawk.Hash
	// below gives the nodes from one down. One that no way goes through is beside one.
	var below func(height, index int)
	below = func(height, index int) {
		way := slices.IndexFunc(positions, func(p int) bool { return p>>height == index })
		bits = append(bits, way >= 0)
		switch {
		case way < 0:
			beside := slices.IndexFunc(positions, func(p int) bool { return p>>height == index^1 })
			hashes = append(hashes, branches[positions[beside]][height])
		case height == 0:
			hashes = append(hashes, b.Txs[index].ID)
		default:
			below(height-1, 2*index)
			if (2*index+1)<<(height-1) < len(b.Txs) { // an odd last node has none beside it
				below(height-1, 2*index+1)
			}
		}
	}
	below(len(branches[positions[0]]), 0)

	out := append([]byte(nil), b.raw[:bitcoin.HeaderSize]...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b.Txs)))
	out = appendCompact(out, len(hashes))
	for _, h := range hashes {
		slices.Reverse(h[:]) // hashes are written backwards, and sent as they are
		out = append(out, h[:]...)
	}
	packed := make([]byte, (len(bits)+7)/8)
	for i, bit := range bits {
		if bit {
			packed[i/8] |= 1 << (i % 8)
		}
	}
	return append(appendCompact(out, len(packed)), packed...)
}

// appendCompact appends a count as the protocol does, one below 65,536: a block
// has no room for as many transactions.
func appendCompact(out []byte, n int) []byte {
	if n < 0xfd {
		return append(out, byte(n))
	}
	return binary.LittleEndian.AppendUint16(append(out, 0xfd), uint16(n))
}
