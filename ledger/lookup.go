package ledger

import (
	"slices"

	"goshawk"
)

// addressLookup is the working memory of addressIDs.
type addressLookup struct {
	hash []uint64
	id   []uint64
	left []int // keys that are still looked for
	keys [][]byte
	kind []goshawk.Kind
	want addressIs
}

// addressIDs returns the ids of a block's outputs' keys, then of its inputs'
// known keys, and numbers the new ones. It works through the block part by
// part, not key by key: independent look-ups in a loop wait for memory together.
func (w *Writer) addressIDs(b *goshawk.Block) []uint64 {
	k := &w.keys
	k.hash, k.left, k.keys, k.kind = k.hash[:0], k.left[:0], k.keys[:0], k.kind[:0]
	add := func(kind goshawk.Kind, from, to uint32) {
		key := b.Keys[from:to]
		k.left = append(k.left, len(k.keys))
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
	k.id = slices.Grow(k.id[:0], len(k.keys))[:len(k.keys)]
	k.want.v = &w.v
	want := func(i int) wanted {
		k.want.kind, k.want.key = k.kind[i], k.keys[i]
		return &k.want
	}
	for _, part := range w.addrIndex {
		k.left = w.sieve.find(part, k.hash, k.left, func(int) uint64 { return anyID }, want,
			func(i int, id uint64) { k.id[i] = id }, &w.v.cols[colAddress])
	}
	for _, i := range k.left {
		id, ok := w.addrs.newest(k.hash[i], anyID, want(i)) // new, but seen before in this block
		if !ok {
			id = w.addAddress(k.hash[i], k.kind[i], k.keys[i])
		}
		k.id[i] = id
	}
	return k.id
}

// coinLookup is the working memory of resolve.
type coinLookup struct {
	hash   []uint64
	limit  []uint64 // the transaction that spends
	tx     []uint64
	output []uint64
	left   []int
	want   hashIs
}

const noPrev = ^uint64(0)

// resolve finds the outputs that a block's inputs spend.
func (w *Writer) resolve(b *goshawk.Block, firstTx uint64) error {
	p := &w.prevs
	n := len(b.Ins)
	p.limit, p.tx, p.output = slices.Grow(p.limit[:0], n)[:n], slices.Grow(p.tx[:0], n)[:n], slices.Grow(p.output[:0], n)[:n]
	p.hash, p.left = p.hash[:0], p.left[:0]
	next := 0
	for i := range b.Txs {
		for ; next < int(b.Txs[i].InputEnd); next++ {
			p.hash = append(p.hash, hashPrefix(&b.Ins[next].Prev.Tx))
			p.left = append(p.left, next)
			p.limit[next] = firstTx + uint64(i)
		}
	}
	for i := range p.tx {
		p.tx[i] = noPrev
	}
	p.want.v = &w.v
	want := func(i int) wanted {
		p.want.hash = &b.Ins[i].Prev.Tx
		return &p.want
	}
	for _, part := range w.txIndex {
		p.left = w.sieve.find(part, p.hash, p.left, func(i int) uint64 { return p.limit[i] }, want,
			func(i int, id uint64) { p.tx[i] = id }, &w.v.cols[colHash], &w.v.cols[colTx])
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
			w.sieve.sum += uint64(w.v.cols[colOutput].at(o)[0])
		}
	}
	return nil
}
