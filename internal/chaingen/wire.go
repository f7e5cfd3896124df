package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"

	"goshawk"
)

// Consensus values of regtest, from Bitcoin Core's kernel/chainparams.cpp.
const (
	magic           = "\xfa\xbf\xb5\xda"
	headerBits      = 0x207fffff // about every second hash is a proof of work
	genesisTime     = 1296688602
	maturity        = 100 // blocks until a coinbase may be spent
	halving         = 150 // blocks between two halvings of the subsidy
	firstSubsidy    = 50_0000_0000
	blockInterval   = 600 // seconds between the blocks written here
	sequenceFinal   = 0xffffffff
	sequenceFeeBump = 0xfffffffd // BIP 125
)

// genesis is the whole first block of regtest.
const genesis = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e" +
	"67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000" +
	"01" +
	"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054" +
	"696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f7574" +
	"20666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea" +
	"1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"

// digest is a hash in the order in which the chain serialises it.
type digest = [32]byte

// chain writes blocks one after the other. Between two blocks the caller
// assembles transactions: input and output in any order, then finish.
type chain struct {
	w       io.Writer
	height  int32 // of the last block written
	tip     digest
	written int64

	body   []byte   // the transactions of the block being assembled
	txids  []digest // theirs; the first place is the coinbase's
	wtxids []digest
	fees   uint64

	// The transaction being assembled.
	ins, outs, witness []byte
	inputs, outputs    uint64
	stripped           []byte

	totalTxs, totalInputs, totalOutputs uint64
}

// newChain writes the genesis block.
func newChain(w io.Writer) (*chain, error) {
	c := &chain{w: w}
	raw, err := hex.DecodeString(genesis)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the genesis block is not hexadecimal: %w", err)
	}
	c.tip = doubleHash(raw[:80])
	c.totalTxs, c.totalOutputs = 1, 1
	c.reset()
	return c, c.frame(raw)
}

// reset prepares for the next block.
func (c *chain) reset() {
	c.body, c.fees = c.body[:0], 0
	c.txids = append(c.txids[:0], digest{})
	c.wtxids = append(c.wtxids[:0], digest{})
}

// input adds an input with its signature script. If the transaction has any
// witness, the caller appends one stack per input to c.witness.
func (c *chain) input(prev *digest, index uint32, script []byte, sequence uint32) {
	c.ins = append(c.ins, prev[:]...)
	c.ins = binary.LittleEndian.AppendUint32(c.ins, index)
	c.ins = appendCount(c.ins, uint64(len(script)))
	c.ins = append(c.ins, script...)
	c.ins = binary.LittleEndian.AppendUint32(c.ins, sequence)
	c.inputs++
}

// output adds an output.
func (c *chain) output(value uint64, script []byte) {
	c.outs = binary.LittleEndian.AppendUint64(c.outs, value)
	c.outs = appendCount(c.outs, uint64(len(script)))
	c.outs = append(c.outs, script...)
	c.outputs++
}

// finish closes the transaction, adds it to the block and returns its id.
func (c *chain) finish(locktime uint32, fee uint64) digest {
	c.fees += fee
	txid := c.strip(2, locktime)
	wtxid := txid
	start := len(c.body)
	if len(c.witness) == 0 {
		c.body = append(c.body, c.stripped...)
	} else {
		c.body = append(c.body, c.stripped[:4]...)
		c.body = append(c.body, 0, 1) // BIP 144: marker and flag
		c.body = append(c.body, c.stripped[4:len(c.stripped)-4]...)
		c.body = append(c.body, c.witness...)
		c.body = append(c.body, c.stripped[len(c.stripped)-4:]...)
		wtxid = doubleHash(c.body[start:])
	}
	c.txids = append(c.txids, txid)
	c.wtxids = append(c.wtxids, wtxid)
	c.totalTxs++
	c.totalInputs += c.inputs
	c.totalOutputs += c.outputs
	c.clear()
	return txid
}

// strip serialises the transaction without its witness and hashes it.
func (c *chain) strip(version, locktime uint32) digest {
	b := binary.LittleEndian.AppendUint32(c.stripped[:0], version)
	b = appendCount(b, c.inputs)
	b = append(b, c.ins...)
	b = appendCount(b, c.outputs)
	b = append(b, c.outs...)
	c.stripped = binary.LittleEndian.AppendUint32(b, locktime)
	return doubleHash(c.stripped)
}

func (c *chain) clear() {
	c.ins, c.outs, c.witness, c.inputs, c.outputs = c.ins[:0], c.outs[:0], c.witness[:0], 0, 0
}

// seal adds the coinbase, which pays subsidy and fees to script, finds a proof
// of work and writes the block. It returns the coinbase's id and value.
func (c *chain) seal(script []byte) (txid digest, value uint64, err error) {
	c.height++
	value = subsidy(c.height) + c.fees
	witnessed := len(c.txids) > 1
	txid = c.coinbase(script, value, witnessed)
	c.txids[0] = txid
	coinbase := c.stripped
	if witnessed {
		coinbase = append([]byte{}, c.stripped[:4]...)
		coinbase = append(coinbase, 0, 1)
		coinbase = append(coinbase, c.stripped[4:len(c.stripped)-4]...)
		coinbase = append(coinbase, 1, 32)
		coinbase = append(coinbase, make([]byte, 32)...) // BIP 141: the reserved value
		coinbase = append(coinbase, c.stripped[len(c.stripped)-4:]...)
	}
	c.totalTxs++
	c.totalOutputs += c.outputs
	c.clear()

	count := uint64(len(c.txids))
	block := make([]byte, 0, 80+9+len(coinbase)+len(c.body))
	block = binary.LittleEndian.AppendUint32(block, 0x20000000)
	block = append(block, c.tip[:]...)
	root := merkle(c.txids)
	block = append(block, root[:]...)
	block = binary.LittleEndian.AppendUint32(block, genesisTime+uint32(c.height)*blockInterval)
	block = binary.LittleEndian.AppendUint32(block, headerBits)
	block = binary.LittleEndian.AppendUint32(block, 0)
	for nonce := uint32(0); ; nonce++ {
		binary.LittleEndian.PutUint32(block[76:], nonce)
		c.tip = doubleHash(block)
		if c.tip[31] < 0x7f { // the target's first byte is 7f: stricter than needed, and simple
			break
		}
	}
	block = appendCount(block, count)
	block = append(block, coinbase...)
	block = append(block, c.body...)
	c.reset()
	return txid, value, c.frame(block)
}

// coinbase assembles the coinbase transaction into c.stripped.
func (c *chain) coinbase(script []byte, value uint64, witnessed bool) digest {
	signature := appendHeight(nil, c.height)
	c.input(&digest{}, 0xffffffff, signature, sequenceFinal)
	c.output(value, script)
	if witnessed {
		root := merkle(c.wtxids)
		commitment := doubleHash(append(root[:], make([]byte, 32)...))
		c.output(0, append([]byte("\x6a\x24\xaa\x21\xa9\xed"), commitment[:]...)) // BIP 141
	}
	return c.strip(2, 0)
}

// frame writes a block as a block file holds it.
func (c *chain) frame(block []byte) error {
	head := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(block)))
	for _, part := range [][]byte{head, block} {
		n, err := c.w.Write(part)
		c.written += int64(n)
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "block %d could not be written: %w", c.height, err)
		}
	}
	return nil
}

// subsidy is what a coinbase may make at a height, beyond its block's fees.
func subsidy(height int32) uint64 {
	return firstSubsidy >> min(uint(height)/halving, 63)
}

func doubleHash(b []byte) digest {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// merkle hashes the leaves to their root.
func merkle(leaves []digest) digest {
	var pair [64]byte
	level := append([]digest(nil), leaves...)
	for len(level) > 1 {
		half := (len(level) + 1) / 2
		for i := range half {
			right := min(2*i+1, len(level)-1)
			copy(pair[:32], level[2*i][:])
			copy(pair[32:], level[right][:])
			level[i] = doubleHash(pair[:])
		}
		level = level[:half]
	}
	return level[0]
}

// appendCount appends Bitcoin's variable-length integer.
func appendCount(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	default:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
}

// appendHeight pushes a height as BIP 34 wants it, and one more byte, since a
// coinbase's script has at least two.
func appendHeight(b []byte, height int32) []byte {
	if height <= 16 {
		return append(b, 0x50+byte(height), 0)
	}
	n := bits.Len32(uint32(height))/8 + 1 // room for the sign bit
	b = append(b, byte(n))
	for i := range n {
		b = append(b, byte(height>>(8*i)))
	}
	return append(b, 0)
}

// hash turns a digest into the order in which people write it.
func hash(d digest) goshawk.Hash {
	var h goshawk.Hash
	for i := range d {
		h[i] = d[len(d)-1-i]
	}
	return h
}
