package ledger

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"goshawk"
)

// Append adds the next block of the chain. The block's memory may be reused
// afterwards. A block that does not follow, spends what is not there or was
// spent before is a Conflict or Corrupt error and leaves the ledger as it was.
// When enough has been gathered, Append commits.
func (w *Writer) Append(b *goshawk.Block) (err error) {
	defer guard(&err)()
	if w.err != nil {
		return w.err
	}
	if err := w.follows(b); err != nil {
		return err
	}
	if err := w.add(b); err != nil {
		if terr := w.truncate(len(w.marks)); terr != nil {
			w.err = terr
		}
		return err
	}
	w.mark()
	w.dirty = true
	if w.full() {
		return w.relieve()
	}
	return nil
}

func (w *Writer) add(b *goshawk.Block) (err error) {
	defer guard(&err)()
	first := w.v.txs()
	if err := w.addRows(b); err != nil {
		return err
	}
	return w.derive(first, w.v.txs())
}

func (w *Writer) mark() {
	var m mark
	for c := range columns {
		m[c] = w.v.cols[c].count()
	}
	w.marks = append(w.marks, m)
}

// follows checks that a block continues the chain and that its ids fit.
func (w *Writer) follows(b *goshawk.Block) error {
	if len(b.Txs) == 0 {
		return goshawk.Errorf(goshawk.Corrupt, "block %v has no transactions", b.Hash)
	}
	height, tip, ok := w.tip()
	switch {
	case w.opts.Partial:
		if w.has(b.Hash) {
			return goshawk.Errorf(goshawk.Conflict, "block %v is in the ledger already", b.Hash)
		}
	case !ok && b.Height != w.opts.Start:
		return goshawk.Errorf(goshawk.Conflict, "the ledger starts at height %d, and block %v is at height %d", w.opts.Start, b.Hash, b.Height)
	case ok && b.Parent != tip:
		return goshawk.Errorf(goshawk.Conflict, "block %v follows %v, and the ledger ends at %v", b.Hash, b.Parent, tip)
	case ok && b.Height != height+1:
		return goshawk.Errorf(goshawk.Conflict, "block %v is at height %d, and the ledger ends at height %d", b.Hash, b.Height, height)
	}
	cols := &w.v.cols
	if cols[colTx].count()+uint64(len(b.Txs)) > maxID || cols[colAddress].count()+uint64(len(b.Outs)+len(b.Ins)) > maxID ||
		cols[colInput].count()+uint64(len(b.Ins)) > maxID || cols[colOutput].count()+uint64(len(b.Outs)) > maxID ||
		cols[colBlob].count()+uint64(len(b.Keys)+len(b.Header)) > maxID {
		return goshawk.Errorf(goshawk.Unsupported, "the ledger is full: an id would exceed 38 bits")
	}
	return nil
}

// addRows appends the rows of a block: everything that its bytes say.
func (w *Writer) addRows(b *goshawk.Block) error {
	v := &w.v
	firstTx := v.txs()
	header := w.addBlob(b.Header)
	putBlock(v.cols[colBlock].extend(), &blockRow{hash: b.Hash, parent: b.Parent, height: b.Height, time: b.Time,
		firstTx: firstTx, headerAt: header, headerLen: uint64(len(b.Header))})

	input, output := v.cols[colInput].count(), v.cols[colOutput].count()
	for i := range b.Txs {
		t := &b.Txs[i]
		copy(v.cols[colHash].extend(), t.Hash[:])
		row := txRow{firstInput: input, firstOutput: output, version: t.Version, lockTime: t.LockTime, weight: t.Weight}
		if i > 0 {
			row.firstInput += uint64(b.Txs[i-1].InputEnd)
			row.firstOutput += uint64(b.Txs[i-1].OutputEnd)
		}
		if t.Coinbase {
			row.flags |= flagCoinbase
		}
		putTx(v.cols[colTx].extend(), &row)
	}

	ids := w.addressIDs(b)
	outs := v.cols[colOutput].extendN(len(b.Outs))
	for i := range b.Outs {
		o := &b.Outs[i]
		row := outs[i*18 : i*18+18]
		binary.LittleEndian.PutUint64(row, o.Value)
		a := ids[i]
		if o.ByKey {
			a |= byKeyBit
		}
		put40(row[8:], a)
		spender := uint64(none40)
		if o.Burnt {
			spender = burnt40
		}
		put40(row[13:], spender)
	}

	// A transaction that repeats an earlier one's hash overwrites it (BIP 30).
	// Only a coinbase, or what spends such a coinbase, can.
	for i := range b.Txs {
		if b.Txs[i].Coinbase || w.spendsRepeated(b.TxInputs(i)) {
			w.overwrite(&b.Txs[i].Hash, firstTx+uint64(i))
		}
	}
	for i := range b.Txs {
		w.txs.put(hashPrefix(&b.Txs[i].Hash), firstTx+uint64(i))
	}

	if err := w.resolve(b, firstTx); err != nil {
		return err
	}
	if err := w.tooLate(b); err != nil {
		return err
	}
	seqs := v.cols[colSequence].extendN(len(b.Ins))
	for i := range b.Ins {
		binary.LittleEndian.PutUint32(seqs[4*i:], b.Ins[i].Sequence)
	}
	ins := v.cols[colInput].extendN(len(b.Ins))
	known := len(b.Outs) // keys of inputs follow those of outputs in ids
	for i := range b.Ins {
		in := &b.Ins[i]
		row := ins[i*18 : i*18+18]
		key := uint64(none40)
		if in.Known != goshawk.NothingKnown {
			key = ids[known]
			known++
		}
		if prev := w.prevs.output[i]; prev != noPrev {
			put40(row[0:], prev)
			coin := v.cols[colOutput].at(prev)
			copy(row[5:18], coin[:13])
			row[17] &^= byKeyBit >> 32
			if in.Known == goshawk.CoinKnown {
				if value := binary.LittleEndian.Uint64(coin); in.Value != value {
					return goshawk.Errorf(goshawk.Corrupt, "block %v at height %d spends %v, which is worth %d units, and the data beside it says %d", b.Hash, b.Height, in.Prev, value, in.Value).
						WithHint(notItsCoins)
				}
				if key != get40(row[13:]) {
					return goshawk.Errorf(goshawk.Corrupt, "block %v at height %d spends %v, and the data beside it says that another address held it", b.Hash, b.Height, in.Prev).
						WithHint(notItsCoins)
				}
			}
			continue
		}
		outside := v.cols[colOutside].count()
		put40(row[0:], outside|outsideBit)
		value := uint64(0)
		if w.opts.Partial {
			w.missing[hashPrefix(&in.Prev.Tx)] = true
		}
		o := v.cols[colOutside].extend()
		copy(o, in.Prev.Tx[:])
		binary.LittleEndian.PutUint32(o[32:], in.Prev.Index)
		height := int32(-1)
		if in.Known == goshawk.CoinKnown {
			value = in.Value
			height = in.Height
			o[40] = flagKnown
			if height >= w.opts.Start && !w.opts.Partial {
				return goshawk.Errorf(goshawk.Corrupt, "block %v at height %d spends %v, which is said to be of height %d, and is not in the ledger, which begins at height %d", b.Hash, b.Height, in.Prev, height, w.opts.Start).
					WithHint(notItsCoins)
			}
		}
		binary.LittleEndian.PutUint32(o[36:], uint32(height))
		binary.LittleEndian.PutUint64(row[5:], value)
		put40(row[13:], key)
	}
	return w.covered(b, ins)
}

// covered refuses a block with a transaction that pays more than its inputs hold,
// where all of them are known; ins are the rows of the block's inputs. The chain's
// rules forbid it, so that no fee is below zero.
func (w *Writer) covered(b *goshawk.Block, ins []byte) error {
	input, output := 0, 0
	for i := range b.Txs {
		t := &b.Txs[i]
		known := !t.Coinbase
		var in, out, carries, carry uint64
		for ; input < int(t.InputEnd); input++ {
			known = known && (w.prevs.output[input] != noPrev || b.Ins[input].Known == goshawk.CoinKnown)
			in, carry = bits.Add64(in, binary.LittleEndian.Uint64(ins[18*input+5:]), 0)
			carries |= carry
		}
		for ; output < int(t.OutputEnd); output++ {
			out, carry = bits.Add64(out, b.Outs[output].Value, 0)
			carries |= carry
		}
		switch {
		case carries != 0:
			return goshawk.Errorf(goshawk.Corrupt, "the coins of transaction %v in block %v at height %d are worth more than can be counted", t.Hash, b.Hash, b.Height).WithHint(notOneChain)
		case known && in < out:
			err := goshawk.Errorf(goshawk.Corrupt, "transaction %v in block %v at height %d pays %d units, and its inputs hold %d", t.Hash, b.Hash, b.Height, out, in)
			if w.opts.Start > 0 {
				return err.WithHint(notItsCoins)
			}
			return err.WithHint(notOneChain)
		}
	}
	return nil
}

// tooLate refuses, in a partial ledger, a block whose coins a block before it
// spends: ids order as the chain does, and the coin would look unspent.
func (w *Writer) tooLate(b *goshawk.Block) error {
	if len(w.missing) == 0 {
		return nil
	}
	outside := &w.v.cols[colOutside]
	for i := range b.Txs {
		hash := &b.Txs[i].Hash
		if !w.missing[hashPrefix(hash)] {
			continue
		}
		for o := range outside.count() {
			if goshawk.Hash(outside.at(o)[:32]) == *hash {
				return goshawk.Errorf(goshawk.Conflict, "block %v holds transaction %v, whose coins a block that is in the ledger already spends", b.Hash, hash).
					WithHint("ingest all blocks together into a new ledger: they are then put in order")
			}
		}
	}
	return nil
}

// lookForMissing gathers what a partial ledger's inputs refer to in vain.
func (w *Writer) lookForMissing() {
	w.missing = map[uint64]bool{}
	if !w.opts.Partial {
		return
	}
	outside := &w.v.cols[colOutside]
	for o := range outside.count() {
		w.missing[hashPrefix((*goshawk.Hash)(outside.at(o)[:32]))] = true
	}
}

// extendN appends n empty rows and returns their bytes.
func (r *rows) extendN(n int) []byte {
	size := n * int(r.width)
	at := len(r.tail)
	r.tail = slices.Grow(r.tail, size)[:at+size]
	clear(r.tail[at:])
	return r.tail[at:]
}

func (w *Writer) addBlob(b []byte) uint64 {
	c := &w.v.cols[colBlob]
	at := c.count()
	c.tail = append(c.tail, b...)
	return at
}

// spendsRepeated says whether inputs spend a transaction whose hash was used twice.
func (w *Writer) spendsRepeated(ins []goshawk.BlockInput) bool {
	if len(w.v.overwritten) == 0 || len(ins) == 0 {
		return false
	}
	for i := range w.v.overwritten {
		if bytes.Equal(w.v.cols[colHash].at(w.v.overwritten[i].By), ins[0].Prev.Tx[:]) {
			return true
		}
	}
	return false
}

// overwrite records that a new transaction has an earlier one's hash.
func (w *Writer) overwrite(hash *goshawk.Hash, by uint64) {
	old, ok := w.txIndex.newest(hashPrefix(hash), by, &hashIs{&w.v, hash})
	if !ok {
		return
	}
	t := w.v.tx(old)
	w.v.overwritten = append(w.v.overwritten, overwrite{Tx: old, By: by, First: t.firstOutput, End: t.outputEnd})
}

func (w *Writer) addAddress(h uint64, kind goshawk.Kind, key []byte) uint64 {
	id := w.v.cols[colAddress].count()
	if len(key) == inlineKey {
		row := w.v.cols[colAddress].extend()
		row[0] = byte(kind)
		copy(row[1:], key)
	} else {
		at := w.addBlob(key)
		row := w.v.cols[colAddress].extend()
		row[0] = byte(kind) | kindBlob
		put40(row[1:], at)
		binary.LittleEndian.PutUint32(row[6:], uint32(len(key)))
	}
	link := w.v.cols[colLink].extend()
	put40(link[0:], none40)
	put40(link[5:], none40)
	w.addrs.put(h, id)
	return id
}

// derive brings what follows from the rows of transactions up to date: spent
// links and clusters.
func (w *Writer) derive(first, end uint64) error {
	v := &w.v
	w.batch.Reset()
	w.batch.Asset = w.asset()
	for tx := first; tx < end; tx++ {
		t := v.tx(tx)
		for ins := v.cols[colInput].span(t.firstInput, t.inputEnd); len(ins) > 0; ins = ins[18:] {
			o := get40(ins)
			if o&outsideBit != 0 {
				continue
			}
			coin := v.cols[colOutput].at(o)
			if s := v.spender(o, coin); s != goshawk.NoTx {
				return w.spentTwice(o, s, tx)
			}
			if o < v.cols[colOutput].n {
				v.spends.put(o, tx)
			} else {
				put40(coin[13:], tx)
			}
		}
		if w.opts.Join != nil && t.inputEnd-t.firstInput > 1 {
			w.batch.Rows, w.batch.Inputs, w.batch.Outputs = w.batch.Rows[:0], w.batch.Inputs[:0], w.batch.Outputs[:0]
			v.fill(&w.batch, tx, 0)
			w.opts.Join(forest{w}, &w.batch, 0)
		}
	}
	return nil
}

func (w *Writer) asset() goshawk.Asset {
	if w.opts.Codec == nil {
		return goshawk.Asset{}
	}
	return w.opts.Codec.Asset()
}

func (w *Writer) spentTwice(output uint64, spender goshawk.TxID, tx uint64) error {
	created := w.v.txOf(output)
	name := goshawk.Outpoint{Tx: goshawk.Hash(w.v.cols[colHash].at(created)), Index: uint32(output - w.v.tx(created).firstOutput)}
	hash := goshawk.Hash(w.v.cols[colHash].at(tx))
	if spender == goshawk.Burnt {
		return goshawk.Errorf(goshawk.Corrupt, "transaction %v spends %v, which nobody can spend", hash, name).WithHint(notOneChain)
	}
	return goshawk.Errorf(goshawk.Corrupt, "transaction %v spends %v, which %v spent before", hash, name, goshawk.Hash(w.v.cols[colHash].at(uint64(spender)))).WithHint(notOneChain)
}

const (
	notItsCoins = "the block, or what its node told of the coins that it spends, is damaged or was made by something else: take it from another node"
	notOneChain = "no node accepts such a block: its file was made by something else, or is damaged"
)

// forest is the Forest of a writer.
type forest struct{ w *Writer }

func (f forest) Parent(a goshawk.AddressID) (goshawk.AddressID, goshawk.TxID, bool) {
	p, t, ok := f.w.v.link(uint64(a))
	return goshawk.AddressID(p), goshawk.TxID(t), ok
}

func (f forest) Link(child, parent goshawk.AddressID, tx goshawk.TxID) {
	v := &f.w.v
	c := uint64(child)
	if c < v.cols[colLink].n {
		v.putLink(c, uint64(parent), uint64(tx))
	} else {
		row := v.cols[colLink].at(c)
		put40(row[0:], uint64(parent))
		put40(row[5:], uint64(tx))
	}
	f.w.children = append(f.w.children, posting{uint64(parent), c})
}

// keepMarks empties the tables of all but what the transactions from first up
// to end did to base rows.
func (v *view) keepMarks(first, end uint64) {
	var kept view
	v.copyMarks(first, end, &kept)
	v.spends, v.links = kept.spends, kept.links
}

// copyMarks copies what the transactions from first up to end did to base rows.
func (v *view) copyMarks(first, end uint64, to *view) {
	v.eachMark(first, end, to.spends.put, to.putLink)
}

// eachMark calls spend and link for what the transactions from first up to end
// did to base rows, in no order that means anything.
func (v *view) eachMark(first, end uint64, spend func(output, tx uint64), link func(address, parent, tx uint64)) {
	v.spends.each(func(output, tx uint64) {
		if tx >= first && tx < end {
			spend(output, tx)
		}
	})
	v.links.each(func(address, parent uint64) {
		if address&linkTx != 0 {
			return
		}
		if tx, _ := v.links.get(address | linkTx); tx >= first && tx < end {
			link(address, parent, tx)
		}
	})
}

func (v *view) putLink(address, parent, tx uint64) {
	v.links.put(address, parent)
	v.links.put(address|linkTx, tx)
}

// rebuild derives everything again from the rows of the tail.
func (w *Writer) rebuild() error {
	v := &w.v
	w.txs.clear()
	w.addrs.clear()
	w.children = w.children[:0]
	var base mark
	for c := range columns {
		base[c] = v.cols[c].n
	}
	first, end := base[colTx], v.txs()
	v.keepMarks(0, first)
	v.unmarked = v.spends.used+v.links.used > 0
	v.overwritten = slices.DeleteFunc(v.overwritten, func(o overwrite) bool { return o.By >= end })
	w.number(base)
	for a := base[colLink]; a < v.cols[colLink].count(); a++ {
		link := v.cols[colLink].at(a)
		put40(link[0:], none40)
		put40(link[5:], none40)
	}
	for o := base[colOutput]; o < v.cols[colOutput].count(); o++ {
		if row := v.cols[colOutput].at(o); get40(row[13:]) != burnt40 {
			put40(row[13:], none40)
		}
	}
	return w.derive(first, end)
}

// number puts the transactions and addresses from a mark on into the tail's indexes.
func (w *Writer) number(from mark) {
	v := &w.v
	for tx := from[colTx]; tx < v.txs(); tx++ {
		w.txs.put(binary.BigEndian.Uint64(v.cols[colHash].at(tx)), tx)
	}
	for a := from[colAddress]; a < v.cols[colAddress].count(); a++ {
		kind, key := v.address(a)
		w.addrs.put(secretHash(w.store.man.Secret, kind, key), a)
	}
}
