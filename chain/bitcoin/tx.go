package bitcoin

import (
	"encoding/binary"

	"goshawk"
)

// Tx is one transaction with everything it holds. To read whole blocks fast,
// use a Decoder.
type Tx struct {
	Version  int32
	Inputs   []TxInput
	Outputs  []TxOutput
	LockTime uint32
}

// TxInput is an input of a Tx.
type TxInput struct {
	Prev     goshawk.Outpoint
	Script   []byte // scriptSig
	Sequence uint32
	Witness  [][]byte
}

// TxOutput is an output of a Tx.
type TxOutput struct {
	Value  uint64
	Script []byte // scriptPubKey
}

// NoPrev is the outpoint that a coinbase's one input names.
func NoPrev() goshawk.Outpoint { return goshawk.Outpoint{Index: 0xffffffff} }

// DecodeTx reads one raw transaction and nothing after it. Scripts and witness
// items of the answer are parts of raw.
func DecodeTx(raw []byte) (*Tx, error) {
	var s txScan
	if err := s.read(raw, 0); err != nil {
		return nil, err
	}
	if s.end != len(raw) {
		return nil, damaged(s.end, "%d bytes follow the transaction", len(raw)-s.end)
	}
	t := &Tx{Version: s.version, LockTime: s.lockTime, Inputs: make([]TxInput, len(s.ins)), Outputs: make([]TxOutput, len(s.outs))}
	for i := range s.ins {
		in := &s.ins[i]
		t.Inputs[i] = TxInput{
			Prev:     outpointAt(raw, in.outpoint),
			Script:   part(raw, in.scriptStart, in.scriptEnd),
			Sequence: in.sequence,
			Witness:  appendWitness(nil, raw[in.witnessStart:in.witnessEnd]),
		}
	}
	for i := range s.outs {
		out := &s.outs[i]
		t.Outputs[i] = TxOutput{Value: out.value, Script: part(raw, out.scriptStart, out.scriptEnd)}
	}
	return t, nil
}

// part is raw[start:end] that appending cannot grow over what follows it.
func part(raw []byte, start, end uint32) []byte { return raw[start:end:end] }

func outpointAt(raw []byte, pos uint32) goshawk.Outpoint {
	return goshawk.Outpoint{Tx: reversed((*[32]byte)(raw[pos:])), Index: binary.LittleEndian.Uint32(raw[pos+32:])}
}

// appendWitness appends the items of a stack that txScan has read to dst.
func appendWitness(dst [][]byte, stack []byte) [][]byte {
	if len(stack) == 0 {
		return dst
	}
	count, pos, _ := compact(stack, 0) // txScan read the same bytes without an error
	for range count {
		n, start, _ := compact(stack, pos)
		pos = start + int(n)
		dst = append(dst, stack[start:pos:pos])
	}
	return dst
}

// Coinbase tells whether the transaction makes new coins.
func (t *Tx) Coinbase() bool { return len(t.Inputs) == 1 && t.Inputs[0].Prev == NoPrev() }

// HasWitness tells whether any input carries a witness.
func (t *Tx) HasWitness() bool {
	for i := range t.Inputs {
		if len(t.Inputs[i].Witness) > 0 {
			return true
		}
	}
	return false
}

// Append appends the transaction's bytes, with its witness if it has one, to dst.
func (t *Tx) Append(dst []byte) []byte { return t.append(dst, t.HasWitness()) }

// AppendStripped appends the transaction's bytes without its witness to dst:
// what its id is the hash of.
func (t *Tx) AppendStripped(dst []byte) []byte { return t.append(dst, false) }

func (t *Tx) append(dst []byte, witness bool) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.Version))
	if witness {
		dst = append(dst, 0, 1)
	}
	dst = appendCompact(dst, uint64(len(t.Inputs)))
	for i := range t.Inputs {
		in := &t.Inputs[i]
		prev := reversed((*[32]byte)(&in.Prev.Tx))
		dst = append(dst, prev[:]...)
		dst = binary.LittleEndian.AppendUint32(dst, in.Prev.Index)
		dst = appendBytes(dst, in.Script)
		dst = binary.LittleEndian.AppendUint32(dst, in.Sequence)
	}
	dst = appendCompact(dst, uint64(len(t.Outputs)))
	for i := range t.Outputs {
		dst = binary.LittleEndian.AppendUint64(dst, t.Outputs[i].Value)
		dst = appendBytes(dst, t.Outputs[i].Script)
	}
	if witness {
		for i := range t.Inputs {
			dst = appendCompact(dst, uint64(len(t.Inputs[i].Witness)))
			for _, item := range t.Inputs[i].Witness {
				dst = appendBytes(dst, item)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(dst, t.LockTime)
}

// ID returns the transaction's id.
func (t *Tx) ID() goshawk.Hash {
	h := sha256d(t.AppendStripped(nil))
	return reversed(&h)
}

// WitnessID returns the hash over the transaction with its witness (BIP 141).
func (t *Tx) WitnessID() goshawk.Hash {
	h := sha256d(t.Append(nil))
	return reversed(&h)
}

// Weight returns the transaction's weight (BIP 141).
func (t *Tx) Weight() int { return 3*len(t.AppendStripped(nil)) + len(t.Append(nil)) }

func appendCompact(dst []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(dst, byte(n))
	case n < 1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, 0xfd), uint16(n))
	case n < 1<<32:
		return binary.LittleEndian.AppendUint32(append(dst, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xff), n)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendCompact(dst, uint64(len(b))), b...)
}
