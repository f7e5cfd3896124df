package ledger

import (
	"bytes"
	"encoding/binary"
	"slices"

	"goshawk"
)

// Append adds the next block of the chain. The block's memory may be reused
// afterwards. A block that does not follow, spends what is not there or was
// spent before is a Conflict or Corrupt error and leaves the ledger as it was.
// When enough has been gathered, Append commits.
func (w *Writer) Append(b *goshawk.Block) error {
	if w.err != nil {
		return w.err
	}
	if err := w.follows(b); err != nil {
		return err
	}
	keep := len(w.marks)
	if err := w.add(b); err != nil {
		if terr := w.truncate(keep); terr != nil {
			w.err = terr
		}
		return err
	}
	w.mark()
	w.dirty = true
	if w.full() {
		return w.commit(len(w.marks)-w.opts.Reorg, w.unmarked() > w.opts.Memory/8)
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
		}
		binary.LittleEndian.PutUint32(o[36:], uint32(height))
		binary.LittleEndian.PutUint64(row[5:], value)
		put40(row[13:], key)
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
	old, ok := w.findTx(hash, by)
	if !ok {
		return
	}
	t := w.v.tx(old)
	w.v.overwritten = append(w.v.overwritten, overwrite{Tx: old, By: by, First: t.firstOutput, End: t.outputEnd})
}

// findTx returns the newest transaction below limit with a hash.
func (w *Writer) findTx(hash *goshawk.Hash, limit uint64) (uint64, bool) {
	h := hashPrefix(hash)
	is := func(id uint64) bool { return w.v.isHash(id, hash) }
	if id, ok := w.txs.newest(h, limit, is); ok {
		return id, ok
	}
	for i := len(w.store.txIndex) - 1; i >= 0; i-- {
		if id, ok := w.store.txIndex[i].newest(h, limit, is); ok {
			return id, ok
		}
	}
	return 0, false
}

// keyLookup is the working memory of addressIDs.
type keyLookup struct {
	hash []uint64
	id   []uint64
	left []int // keys that are still looked for
	keys [][]byte
	kind []goshawk.Kind
}

// addressIDs returns the ids of a block's outputs' keys, then of its inputs'
// known keys, and numbers the new ones. It works through the block part by
// part, not key by key: independent look-ups in a loop wait for memory together.
func (w *Writer) addressIDs(b *goshawk.Block) []uint64 {
	k := &w.keys
	k.hash, k.id, k.left, k.keys, k.kind = k.hash[:0], k.id[:0], k.left[:0], k.keys[:0], k.kind[:0]
	add := func(kind goshawk.Kind, from, to uint32) {
		key := b.Keys[from:to]
		k.keys = append(k.keys, key)
		k.kind = append(k.kind, kind)
		k.hash = append(k.hash, secretHash(w.store.man.Secret, kind, key))
	}
	for i := range b.Outs {
		add(b.Outs[i].Kind, b.Outs[i].KeyStart, b.Outs[i].KeyEnd)
	}
	for i := range b.Ins {
		if in := &b.Ins[i]; in.Known != goshawk.NothingKnown {
			add(in.Kind, in.KeyStart, in.KeyEnd)
		}
	}
	k.id = slices.Grow(k.id, len(k.keys))[:len(k.keys)]
	rows := &w.v.cols[colAddress]
	w.warmth += w.addrs.warm(k.hash, rows)
	for i, h := range k.hash {
		id, ok := w.recentAddress(h, k.kind[i], k.keys[i])
		k.id[i] = id
		if !ok {
			k.left = append(k.left, i)
		}
	}
	for s := len(w.store.addr) - 1; s >= 0; s-- {
		seg := w.store.addr[s]
		w.warmth += seg.warm(k.hash, k.left, rows)
		left := k.left[:0]
		for _, i := range k.left {
			h := k.hash[i]
			from, to := seg.bucket(h)
			found := false
			for e := from; e < to; e++ {
				entry := binary.LittleEndian.Uint64(seg.entries[e*8:])
				if entry>>40 == h>>(64-prefixBits)&(1<<24-1) && w.isAddress(entry&none40, k.kind[i], k.keys[i]) {
					k.id[i] = entry & none40
					found = true
					break
				}
			}
			if !found {
				left = append(left, i)
			}
		}
		k.left = left
	}
	for _, i := range k.left {
		id, ok := w.recentAddress(k.hash[i], k.kind[i], k.keys[i]) // new, but seen before in this block
		if !ok {
			id = w.addAddress(k.hash[i], k.kind[i], k.keys[i])
		}
		k.id[i] = id
	}
	return k.id
}

func (w *Writer) recentAddress(h uint64, kind goshawk.Kind, key []byte) (uint64, bool) {
	if w.addrs.used == 0 {
		return 0, false
	}
	for i := w.addrs.start(h); ; i = (i + 1) & w.addrs.mask() {
		slot, id, found := w.addrs.probe(i, h)
		if !found {
			return 0, false
		}
		if w.isAddress(id, kind, key) {
			return id, true
		}
		i = slot
	}
}

func (w *Writer) isAddress(id uint64, kind goshawk.Kind, key []byte) bool {
	return w.v.isAddress(id, kind, key)
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

// prevLookup is the working memory of resolve.
type prevLookup struct {
	hash   []uint64
	limit  []uint64 // the transaction that spends
	tx     []uint64
	output []uint64
	left   []int
}

const noPrev = ^uint64(0)

// resolve finds the outputs that a block's inputs spend.
func (w *Writer) resolve(b *goshawk.Block, firstTx uint64) error {
	p := &w.prevs
	n := len(b.Ins)
	p.limit, p.tx, p.output, p.left = slices.Grow(p.limit[:0], n)[:n], slices.Grow(p.tx[:0], n)[:n], slices.Grow(p.output[:0], n)[:n], p.left[:0]
	next := uint32(0)
	for i := range b.Txs {
		for ; next < b.Txs[i].InputEnd; next++ {
			p.limit[next] = firstTx + uint64(i)
		}
	}
	p.hash = p.hash[:0]
	for i := range b.Ins {
		p.hash = append(p.hash, hashPrefix(&b.Ins[i].Prev.Tx))
	}
	hashes, txs, outputs := &w.v.cols[colHash], &w.v.cols[colTx], &w.v.cols[colOutput]
	w.warmth += w.txs.warm(p.hash, hashes, txs)
	for i := range b.Ins {
		hash := &b.Ins[i].Prev.Tx
		id, ok := w.txs.newest(p.hash[i], p.limit[i], func(id uint64) bool { return w.v.isHash(id, hash) })
		p.tx[i] = id
		if !ok {
			p.tx[i] = noPrev
			p.left = append(p.left, i)
		}
	}
	for s := len(w.store.txIndex) - 1; s >= 0; s-- {
		seg := w.store.txIndex[s]
		w.warmth += seg.warm(p.hash, p.left, hashes, txs)
		left := p.left[:0]
		for _, i := range p.left {
			hash := &b.Ins[i].Prev.Tx
			id, ok := seg.newest(p.hash[i], p.limit[i], func(id uint64) bool { return w.v.isHash(id, hash) })
			if ok {
				p.tx[i] = id
			} else {
				left = append(left, i)
			}
		}
		p.left = left
	}
	for i := range b.Ins {
		in := &b.Ins[i]
		p.output[i] = noPrev
		if p.tx[i] == noPrev {
			if w.opts.Partial || w.opts.Start > 0 && in.Known == goshawk.CoinKnown {
				continue
			}
			err := goshawk.Errorf(goshawk.Corrupt, "block %v at height %d spends %v, which is not in the ledger", b.Hash, b.Height, in.Prev)
			if w.opts.Start > 0 {
				return err.WithHint("a ledger that starts late needs the node's spent outputs: its rev*.dat files beside the blocks, or a node that answers getblock with verbosity 3")
			}
			return err.WithHint("the chain's files are damaged or incomplete; '--partial' takes blocks without their parents")
		}
		t := w.v.tx(p.tx[i])
		if uint64(in.Prev.Index) >= t.outputEnd-t.firstOutput {
			return goshawk.Errorf(goshawk.Corrupt, "block %v at height %d spends %v, and that transaction has %d outputs", b.Hash, b.Height, in.Prev, t.outputEnd-t.firstOutput)
		}
		p.output[i] = t.firstOutput + uint64(in.Prev.Index)
	}
	for _, o := range p.output {
		if o != noPrev {
			w.warmth += uint64(outputs.at(o)[0])
		}
	}
	return nil
}

// derive brings everything that follows from the rows of transactions up to
// date: spent links, histories, clusters.
func (w *Writer) derive(first, end uint64) error {
	v := &w.v
	w.batch.Reset()
	w.batch.Asset = w.asset()
	for tx := first; tx < end; tx++ {
		t := v.tx(tx)
		for outs := v.cols[colOutput].span(t.firstOutput, t.outputEnd); len(outs) > 0; outs = outs[18:] {
			w.postings = append(w.postings, posting{get40(outs[8:]) &^ byKeyBit, tx<<2 | didReceive})
		}
		for ins := v.cols[colInput].span(t.firstInput, t.inputEnd); len(ins) > 0; ins = ins[18:] {
			row := ins[:18]
			if a := get40(row[13:]); a != none40 {
				w.postings = append(w.postings, posting{a, tx<<2 | didSpend})
			}
			o := get40(row)
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

const notOneChain = "no node accepts such a block: its file was made by something else, or is damaged"

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
		v.links.put(c, uint64(parent))
		v.links.put(c|linkTx, uint64(tx))
	} else {
		row := v.cols[colLink].at(c)
		put40(row[0:], uint64(parent))
		put40(row[5:], uint64(tx))
	}
	f.w.children = append(f.w.children, posting{uint64(parent), c})
}

// keepMarks empties the tables of all but what transactions before first did to
// older rows: those are written, and their marks are not.
func (v *view) keepMarks(first uint64) {
	var kept [][2]uint64
	v.spends.each(func(output, tx uint64) {
		if tx < first {
			kept = append(kept, [2]uint64{output, tx})
		}
	})
	v.spends.clear()
	for _, k := range kept {
		v.spends.put(k[0], k[1])
	}
	var links [][3]uint64
	v.links.each(func(address, parent uint64) {
		if tx, _ := v.links.get(address | linkTx); address&linkTx == 0 && tx < first {
			links = append(links, [3]uint64{address, parent, tx})
		}
	})
	v.links.clear()
	v.unmarked = len(kept)+len(links) > 0
	for _, l := range links {
		v.links.put(l[0], l[1])
		v.links.put(l[0]|linkTx, l[2])
	}
}

// rebuild derives everything again from the rows of the tail.
func (w *Writer) rebuild() error {
	v := &w.v
	w.txs.clear()
	w.addrs.clear()
	w.postings, w.children = w.postings[:0], w.children[:0]
	first, end := v.baseTxs(), v.txs()
	v.keepMarks(first)
	v.overwritten = slices.DeleteFunc(v.overwritten, func(o overwrite) bool { return o.By >= end })
	for tx := first; tx < end; tx++ {
		w.txs.put(binary.BigEndian.Uint64(v.cols[colHash].at(tx)), tx)
	}
	for a := v.cols[colAddress].n; a < v.cols[colAddress].count(); a++ {
		kind, key := v.address(a)
		w.addrs.put(secretHash(w.store.man.Secret, kind, key), a)
		link := v.cols[colLink].at(a)
		put40(link[0:], none40)
		put40(link[5:], none40)
	}
	for o := v.cols[colOutput].n; o < v.cols[colOutput].count(); o++ {
		if row := v.cols[colOutput].at(o); get40(row[13:]) != burnt40 {
			put40(row[13:], none40)
		}
	}
	return w.derive(first, end)
}
