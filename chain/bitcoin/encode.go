package bitcoin

import (
	"bytes"
	"encoding/binary"
	"math"

	"goshawk"
)

// Coinbase returns the transaction that makes a block's new coins. Its script
// states the height (BIP 34); tag, which may be empty, follows it and tells
// blocks of the same height apart.
func Coinbase(height int32, tag []byte, outputs ...TxOutput) *Tx {
	script := appendNumber(nil, int64(height))
	if len(tag) > 0 {
		script = appendPush(script, tag)
	}
	if len(script) < 2 {
		script = append(script, op0) // nodes refuse a coinbase script of one byte
	}
	return &Tx{Version: 2, Inputs: []TxInput{{Prev: NoPrev(), Script: script, Sequence: math.MaxUint32}}, Outputs: outputs}
}

// CommitWitness makes the coinbase, the first of the transactions, commit to
// the witnesses of all (BIP 141): it gains a witness and one more output.
func CommitWitness(txs []*Tx) {
	ids := make([]goshawk.Hash, len(txs)) // the coinbase's stands as zero
	for i := 1; i < len(txs); i++ {
		ids[i] = txs[i].WitnessID()
	}
	var reserved [32]byte
	root := MerkleRoot(ids)
	wire := reversed((*[32]byte)(&root))
	commitment := sha256d(append(wire[:], reserved[:]...))
	coinbase := txs[0]
	coinbase.Inputs[0].Witness = [][]byte{reserved[:]}
	script := append([]byte{opReturn, 36, 0xaa, 0x21, 0xa9, 0xed}, commitment[:]...)
	coinbase.Outputs = append(coinbase.Outputs, TxOutput{Script: script})
}

// NewBlock builds a block on a parent and mines it at the network's easiest
// target, which takes two hashes on regtest and is hopeless on a public
// network. The first transaction is the coinbase, which is made to commit to
// the witnesses if there are any.
func (p *Params) NewBlock(parent goshawk.Hash, time uint32, txs ...*Tx) (raw []byte, header Header, err error) {
	if len(txs) == 0 {
		return nil, Header{}, goshawk.Errorf(goshawk.Invalid, "a block needs a coinbase")
	}
	for _, t := range txs[1:] {
		if t.HasWitness() {
			CommitWitness(txs)
			break
		}
	}
	ids := make([]goshawk.Hash, len(txs))
	for i, t := range txs {
		ids[i] = t.ID()
	}
	header = Header{Version: 0x20000000, Parent: parent, MerkleRoot: MerkleRoot(ids), Time: time, Bits: p.EasiestBits}
	if err := p.Mine(&header); err != nil {
		return nil, Header{}, err
	}
	return AppendBlock(nil, &header, txs), header, nil
}

// Mine sets a header's nonce so that it meets its own target, and its hash. It
// gives up after a million attempts: it is for regtest.
func (p *Params) Mine(header *Header) error {
	raw := header.Append(make([]byte, 0, HeaderSize))
	target, _ := compactTarget(header.Bits)
	for nonce := range uint32(1_000_000) {
		binary.LittleEndian.PutUint32(raw[76:], nonce)
		id := sha256d(raw)
		header.Nonce, header.Hash = nonce, reversed(&id)
		work := header.Hash
		if p.WorkHash != nil {
			work = p.WorkHash(raw)
		}
		if bytes.Compare(work[:], target[:]) <= 0 {
			return p.CheckWork(header)
		}
	}
	return goshawk.Errorf(goshawk.Unsupported, "no nonce was found for the target %08x of %s", header.Bits, p.Name).WithHint("blocks are made for regtest only")
}

// AppendBlock appends a block's bytes to dst, as its header and transactions are.
func AppendBlock(dst []byte, header *Header, txs []*Tx) []byte {
	dst = appendCompact(header.Append(dst), uint64(len(txs)))
	for _, t := range txs {
		dst = t.Append(dst)
	}
	return dst
}

// AppendFramed appends a block as a block file holds it: the network's magic,
// the length, the block.
func (p *Params) AppendFramed(dst, raw []byte) []byte {
	dst = append(dst, p.Magic[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(raw)))
	return append(dst, raw...)
}

// appendNumber appends the push of a number in its one shortest form.
func appendNumber(script []byte, n int64) []byte {
	switch {
	case n == 0:
		return append(script, op0)
	case n >= 1 && n <= 16:
		return append(script, op1+byte(n)-1)
	}
	var b []byte
	for v := n; v > 0; v >>= 8 {
		b = append(b, byte(v))
	}
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
	}
	return appendPush(script, b)
}

// appendPush appends the push of data with the shortest opcode for its length.
func appendPush(script, data []byte) []byte {
	switch n := len(data); {
	case n < opPushData1:
		script = append(script, byte(n))
	case n <= math.MaxUint8:
		script = append(script, opPushData1, byte(n))
	case n <= math.MaxUint16:
		script = binary.LittleEndian.AppendUint16(append(script, opPushData2), uint16(n))
	default:
		script = binary.LittleEndian.AppendUint32(append(script, opPushData4), uint32(n))
	}
	return append(script, data...)
}
