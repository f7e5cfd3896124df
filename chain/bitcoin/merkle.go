package bitcoin

import (
	"slices"

	"goshawk"
)

// RawBlock is a raw block taken apart without decoding its transactions.
type RawBlock struct {
	Header Header
	Txs    []RawTx
}

// RawTx is the place of one transaction in a raw block: its bytes are
// raw[Start:End].
type RawTx struct {
	ID         goshawk.Hash
	Start, End int
}

// SplitBlock finds the transactions of a raw block and computes their ids. It
// checks the framing only; Decoder.Block checks the rest.
func SplitBlock(raw []byte) (*RawBlock, error) {
	header, err := DecodeHeader(raw)
	if err != nil {
		return nil, err
	}
	count, pos, err := compact(raw, HeaderSize)
	if err != nil {
		return nil, err
	}
	var (
		s   txScan
		buf []byte
		id  [32]byte
		txs []RawTx
	)
	for range count {
		if err := s.read(raw, pos); err != nil {
			return nil, err
		}
		id, buf = s.id(raw, buf)
		txs = append(txs, RawTx{ID: reversed(&id), Start: s.start, End: s.end})
		pos = s.end
	}
	if pos != len(raw) {
		return nil, damaged(pos, "%d bytes follow the block", len(raw)-pos)
	}
	return &RawBlock{Header: header, Txs: txs}, nil
}

// Branch returns the merkle branch of the transaction at a position: the hashes
// that lead from its id to the root, the lowest first. VerifyMerkle walks it.
func (b *RawBlock) Branch(position int) []goshawk.Hash {
	level := make([]byte, 0, 32*len(b.Txs)+32)
	for i := range b.Txs {
		id := reversed((*[32]byte)(&b.Txs[i].ID))
		level = append(level, id[:]...)
	}
	var branch []goshawk.Hash
	for len(level) > 32 {
		if len(level)%64 != 0 {
			level = append(level, level[len(level)-32:]...) // an odd last hash is its own sibling
		}
		branch = append(branch, reversed((*[32]byte)(level[32*(position^1):])))
		level, _ = merkleLevel(level)
		position /= 2
	}
	return branch
}

// MerkleRoot returns the merkle root of transaction ids; it is zero for none.
func MerkleRoot(ids []goshawk.Hash) goshawk.Hash {
	if len(ids) == 0 {
		return goshawk.Hash{}
	}
	leaves := make([]byte, 0, 32*len(ids)+32)
	for i := range ids {
		id := reversed((*[32]byte)(&ids[i]))
		leaves = append(leaves, id[:]...)
	}
	root, _, _ := merkleRoot(leaves)
	return root
}

// VerifyMerkle returns the root to which a merkle branch leads from the
// transaction at a position. The transaction is in the block if that is the
// root in its header; VerifyInclusion does the whole comparison.
func VerifyMerkle(branch []goshawk.Hash, position uint32, txid goshawk.Hash) (root goshawk.Hash, err error) {
	if len(branch) >= 32 || position>>len(branch) != 0 {
		return goshawk.Hash{}, goshawk.Errorf(goshawk.Corrupt, "a merkle branch of %d hashes does not reach position %d", len(branch), position)
	}
	node := reversed((*[32]byte)(&txid))
	for i := range branch {
		sibling := reversed((*[32]byte)(&branch[i]))
		var pair [64]byte
		left, right := node, sibling
		if position&1 == 1 {
			left, right = sibling, node
			// A right sibling equal to the left one is a level filled up, where
			// no transaction is: the same root could be had for two positions.
			if left == right {
				return goshawk.Hash{}, goshawk.Errorf(goshawk.Corrupt, "a merkle branch leads through a repeated hash")
			}
		}
		copy(pair[:32], left[:])
		copy(pair[32:], right[:])
		node = goshawk.Hash(sha256d(pair[:]))
		position /= 2
	}
	return reversed((*[32]byte)(&node)), nil
}

// VerifyInclusion checks that a merkle branch proves a transaction to be in the
// block of a header. The header's own place in the chain, and its proof of
// work, are the caller's to check.
func VerifyInclusion(tx *Tx, branch []goshawk.Hash, position uint32, header *Header) error {
	raw := tx.AppendStripped(nil)
	// Two hashes of the tree, put together, can be passed off as a transaction.
	if len(raw) == 64 {
		return goshawk.Errorf(goshawk.Corrupt, "a transaction of 64 bytes cannot be told from an inner node of the merkle tree: its inclusion cannot be proved")
	}
	wire := sha256d(raw)
	id := reversed(&wire)
	root, err := VerifyMerkle(branch, position, id)
	if err != nil {
		return err
	}
	if root != header.MerkleRoot {
		return goshawk.Errorf(goshawk.Corrupt, "the merkle branch of transaction %s does not lead to the root of block %s", id, header.Hash)
	}
	return nil
}

// merkleRoot computes the root over hashes in wire order, one or more, which it
// overwrites; it returns their memory, perhaps grown, for the next call.
// Repeated tells that two hashes side by side are equal, so that other lists of
// transactions give the same root (CVE-2012-2459).
func merkleRoot(hashes []byte) (root goshawk.Hash, memory []byte, repeated bool) {
	hashes = slices.Grow(hashes, 32)
	for level := hashes; ; {
		if len(level) == 32 {
			return reversed((*[32]byte)(level)), hashes, repeated
		}
		var same bool
		level, same = merkleLevel(level)
		repeated = repeated || same
	}
}

// merkleLevel replaces a level of the tree, two hashes or more, by the next
// higher one. An odd last hash is paired with itself. Repeated tells that a pair
// was equal before that.
func merkleLevel(level []byte) (next []byte, repeated bool) {
	for i := 0; i+64 <= len(level); i += 64 {
		repeated = repeated || [32]byte(level[i:]) == [32]byte(level[i+32:])
	}
	if len(level)%64 != 0 {
		level = append(level, level[len(level)-32:]...)
	}
	for i := 0; i < len(level); i += 64 {
		h := sha256d(level[i : i+64])
		copy(level[i/2:], h[:])
	}
	return level[:len(level)/2], repeated
}
