package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"

	"goshawk"
)

// sha256d is SHA-256 twice, in the order of the bytes on the wire.
func sha256d(b []byte) [sha256.Size]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

// reversed turns 32 bytes from wire order to the order in which hashes are
// written, or back.
func reversed(b *[32]byte) (h goshawk.Hash) {
	binary.BigEndian.PutUint64(h[0:], binary.LittleEndian.Uint64(b[24:]))
	binary.BigEndian.PutUint64(h[8:], binary.LittleEndian.Uint64(b[16:]))
	binary.BigEndian.PutUint64(h[16:], binary.LittleEndian.Uint64(b[8:]))
	binary.BigEndian.PutUint64(h[24:], binary.LittleEndian.Uint64(b[0:]))
	return h
}
