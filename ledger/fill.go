package ledger

import (
	"encoding/binary"
	"slices"

	"goshawk"
)

// fill appends a transaction with its coins to a batch and returns its row,
// where what says where it lies in the chain is left to the caller.
func (v *view) fill(b *goshawk.Transactions, tx uint64, want goshawk.Want) *goshawk.Transaction {
	var t txRow
	v.load(tx, &t)
	// Slicing first: in a damaged ledger it is what notices impossible numbers.
	ins, outs := v.cols[colInput].span(t.firstInput, t.inputEnd), v.cols[colOutput].span(t.firstOutput, t.outputEnd)
	in, out, transfer := len(b.Inputs), len(b.Outputs), uint32(len(b.Transfers))
	inputs, outputs := int(t.inputEnd-t.firstInput), int(t.outputEnd-t.firstOutput)
	n := len(b.Rows)
	b.Rows = slices.Grow(b.Rows, 1)[:n+1]
	row := &b.Rows[n]
	// Field by field: a value put together first and copied then would be read
	// back before its parts have reached the cache.
	row.ID, row.Block = goshawk.TxID(tx), goshawk.NoBlock
	row.Version, row.LockTime, row.Weight = t.version, t.lockTime, t.weight
	row.Coinbase = t.flags&flagCoinbase != 0
	row.FirstInput, row.InputEnd = uint32(in), uint32(in+inputs)
	row.FirstOutput, row.OutputEnd = uint32(out), uint32(out+outputs)
	row.FirstTransfer, row.TransferEnd = transfer, transfer
	row.Hash = goshawk.Hash{}
	if want&goshawk.WantHashes != 0 {
		row.Hash = goshawk.Hash(v.cols[colHash].at(tx))
	}
	if want&goshawk.WantOutpoints != 0 {
		for i := t.firstInput; i < t.inputEnd; i++ {
			b.Outpoints = append(b.Outpoints, v.outpoint(get40(v.cols[colInput].at(i))))
		}
	}
	if want&goshawk.WantSequences != 0 {
		for i := t.firstInput; i < t.inputEnd; i++ {
			b.Sequences = append(b.Sequences, binary.LittleEndian.Uint32(v.cols[colSequence].at(i)))
		}
	}

	b.Inputs = slices.Grow(b.Inputs, inputs)[:in+inputs]
	for i := in; i < len(b.Inputs); i++ {
		v.input(&b.Inputs[i], ins[:18])
		ins = ins[18:]
	}
	b.Outputs = slices.Grow(b.Outputs, outputs)[:out+outputs]
	id := t.firstOutput
	for i := out; i < len(b.Outputs); i++ {
		v.output(&b.Outputs[i], id, outs[:18])
		outs = outs[18:]
		id++
	}
	if want&goshawk.WantKinds != 0 {
		for i := in; i < len(b.Inputs); i++ {
			if a := b.Inputs[i].Address; a != goshawk.NoAddress {
				b.Inputs[i].Kind = v.kind(uint64(a))
			}
		}
		for i := out; i < len(b.Outputs); i++ {
			b.Outputs[i].Kind = v.kind(uint64(b.Outputs[i].Address))
		}
	}
	return row
}

func (v *view) kind(address uint64) goshawk.Kind {
	return goshawk.Kind(v.cols[colAddress].at(address)[0] &^ kindBlob)
}

// span returns the bytes of rows that were appended together.
func (r *rows) span(from, to uint64) []byte {
	if from < r.n {
		return r.base.get(from*r.width, to*r.width)
	}
	return r.tail[(from-r.n)*r.width : (to-r.n)*r.width : len(r.tail)]
}

func (v *view) input(in *goshawk.Input, row []byte) {
	_ = row[17]
	spent, a := get40(row), get40(row[13:])
	in.Spent = goshawk.OutputID(spent)
	in.Value = binary.LittleEndian.Uint64(row[5:])
	in.Address = goshawk.AddressID(a)
	in.Height, in.Link, in.Kind = -1, goshawk.Linked, 0
	if a == none40 {
		in.Address = goshawk.NoAddress
	}
	if spent&outsideBit != 0 {
		o := v.cols[colOutside].at(spent &^ outsideBit)
		in.Spent = goshawk.NoOutput
		in.Height = int32(binary.LittleEndian.Uint32(o[36:]))
		in.Link = goshawk.Unresolved
		if o[40]&flagKnown != 0 {
			in.Link = goshawk.Before
		}
	}
}

func (v *view) output(out *goshawk.Output, id uint64, row []byte) {
	_ = row[17]
	a, s := get40(row[8:]), get40(row[13:])
	spender := goshawk.TxID(s)
	// The usual case of fate, inline: spent, and surely so.
	if id < v.cols[colOutput].n && (v.unmarked || s >= v.baseTxs()) || s >= burnt40 {
		spender = v.fate(id, row)
	}
	out.ID = goshawk.OutputID(id)
	out.Value = binary.LittleEndian.Uint64(row)
	out.Address = goshawk.AddressID(a &^ byKeyBit)
	out.Spender = spender
	out.Kind, out.ByKey = 0, a&byKeyBit != 0
}

// outpoint names what an input spends.
func (v *view) outpoint(spent uint64) goshawk.Outpoint {
	if spent&outsideBit != 0 {
		o := v.cols[colOutside].at(spent &^ outsideBit)
		return goshawk.Outpoint{Tx: goshawk.Hash(o[:32]), Index: binary.LittleEndian.Uint32(o[32:])}
	}
	tx := v.txOf(spent)
	first := get40(v.cols[colTx].at(tx)[5:])
	return goshawk.Outpoint{Tx: goshawk.Hash(v.cols[colHash].at(tx)), Index: uint32(spent - first)}
}

// did sums what an address did in one transaction.
func (v *view) did(address, tx uint64) (s sums) {
	t := v.tx(tx)
	for o := t.firstOutput; o < t.outputEnd; o++ {
		if row := v.cols[colOutput].at(o); get40(row[8:])&^byKeyBit == address {
			s.received.add(wide{lo: binary.LittleEndian.Uint64(row)})
			s.outputs++
		}
	}
	for i := t.firstInput; i < t.inputEnd; i++ {
		if row := v.cols[colInput].at(i); get40(row[13:]) == address {
			s.spent.add(wide{lo: binary.LittleEndian.Uint64(row[5:])})
			s.spends++
			if spent := get40(row); spent&outsideBit != 0 && v.cols[colOutside].at(spent &^ outsideBit)[40]&flagKnown == 0 {
				s.unresolved++
			}
		}
	}
	return s
}

func (v *view) addUp(address uint64, values []uint64) (s sums) {
	for _, x := range values {
		s.add(v.did(address, x>>2))
	}
	return s
}
