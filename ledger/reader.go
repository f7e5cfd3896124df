package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"goshawk"
	"goshawk/internal/disk"
)

// Reader is a snapshot of a ledger: the generation that was committed when it
// was opened. It implements goshawk.Ledger and is safe for concurrent use. Its
// files stay mapped until Close, after which it must not be used. A damaged page
// is a Corrupt error of the method that comes to read it, and of every method
// from then on.
type Reader struct {
	store *store
	txs   index // with the tail's part
	addrs index
	codec Codec
	asset goshawk.Asset
	v     view
	tip   blockRow

	damage atomic.Pointer[goshawk.Error]

	timesOnce sync.Once
	sofar     []uint32 // the latest header time up to each block
	after     []uint32 // the earliest header time from each block on
}

// Network returns the network of the ledger in a folder. One that nothing was
// ever committed to is none: NotFound.
func Network(fsys disk.FS) (string, error) {
	man, err := readManifest(fsys)
	if err != nil {
		return "", err
	}
	if man == nil || man.Generation == 0 {
		return "", noLedger()
	}
	return man.Network, nil
}

func noLedger() error {
	return goshawk.Errorf(goshawk.NotFound, "there is no ledger in this folder").WithHint("make one with 'goshawk ingest --ledger DIR --network NAME PATH…'")
}

// Open opens the committed generation for reading.
func Open(fsys disk.FS, codec Codec) (*Reader, error) {
	r, err := open(fsys, codec)
	if err != nil || r.store.tail == nil {
		return r, err
	}
	// Of a tail nearly every answer reads nearly every page.
	if err := r.store.tail.file.intact(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// open opens the committed generation, whatever state its tail is in.
func open(fsys disk.FS, codec Codec) (*Reader, error) {
	for attempt := 0; ; attempt++ {
		man, err := readManifest(fsys)
		if err != nil {
			return nil, err
		}
		if man == nil {
			return nil, noLedger()
		}
		s, err := openStore(fsys, man, true)
		if disk.Missing(err) && attempt < 100 {
			continue // a writer committed meanwhile and removed what it replaced
		}
		if disk.Missing(err) {
			return nil, gone(err)
		}
		if err != nil {
			return nil, err
		}
		r := &Reader{store: s, txs: s.txs, addrs: s.addrs, codec: codec, asset: codec.Asset(), v: view{cols: s.base(), overwritten: man.Overwritten, unmarked: man.Unmarked}}
		if s.tail != nil {
			for c := range columns {
				r.v.cols[c].tail = s.tail.cols[c]
			}
			r.v.spends, r.v.links = s.tail.spends, s.tail.links
			r.txs, r.addrs = append(index{&s.tail.tx}, s.txs...), append(index{&s.tail.addr}, s.addrs...)
		}
		if n := r.v.cols[colBlock].count(); n > 0 {
			r.tip = r.v.block(n - 1)
		}
		return r, nil
	}
}

// Close unmaps the ledger.
func (r *Reader) Close() error { return r.store.close() }

// Generation counts the commits before this snapshot: a larger one is newer.
func (r *Reader) Generation() uint64 { return r.store.man.Generation }

// Rule names what linked the addresses of this ledger's clusters.
func (r *Reader) Rule() string { return r.store.man.Rule }

// Head implements goshawk.Ledger.
func (r *Reader) Head(ctx context.Context) (_ goshawk.Head, err error) {
	defer watch(&err, &r.damage)()
	h := goshawk.Head{
		Network: r.store.man.Network, Asset: r.asset, Start: r.store.man.Start, Height: -1, Partial: r.store.man.Partial,
		Blocks: r.v.cols[colBlock].count(), Transactions: r.v.txs(), Inputs: r.v.cols[colInput].count(),
		Outputs: r.v.cols[colOutput].count(), Addresses: r.v.cols[colAddress].count(),
	}
	if h.Blocks > 0 {
		h.Height, h.Hash, h.Time = r.tip.height, r.tip.hash, int64(r.tip.time)
	}
	return h, done(ctx)
}

// Find implements goshawk.Ledger.
func (r *Reader) Find(ctx context.Context, names goshawk.Names) (_ goshawk.Found, err error) {
	defer watch(&err, &r.damage)()
	var f goshawk.Found
	for i := range names.Transactions {
		if err := every(ctx, i); err != nil {
			return f, err
		}
		hash := &names.Transactions[i]
		id, ok := r.findTx(hash, r.v.txs())
		if !ok {
			f.Transactions = append(f.Transactions, goshawk.NoTx)
			continue
		}
		f.Transactions = append(f.Transactions, goshawk.TxID(id))
		if len(r.v.overwritten) == 0 {
			continue
		}
		var earlier []goshawk.TxID
		for {
			e, ok := r.findTx(hash, id)
			if !ok {
				break
			}
			earlier = append(earlier, goshawk.TxID(e))
			id = e
		}
		if len(earlier) > 0 {
			if f.Overwritten == nil {
				f.Overwritten = make(map[goshawk.Hash][]goshawk.TxID)
			}
			slices.Reverse(earlier)
			f.Overwritten[*hash] = earlier
		}
	}
	for _, height := range names.Heights {
		f.Blocks = append(f.Blocks, r.blockAt(height))
	}
	for i, text := range names.Addresses {
		if err := every(ctx, i); err != nil {
			return f, err
		}
		kind, key, err := r.codec.ParseAddress(text)
		if err != nil {
			return f, err
		}
		id, ok := r.findAddress(kind, key)
		if !ok {
			id = uint64(goshawk.NoAddress)
		}
		f.Addresses = append(f.Addresses, goshawk.AddressID(id))
	}
	if !names.Since.IsZero() || !names.Until.IsZero() {
		f.First, f.End = r.between(names.Since, names.Until)
	}
	return f, done(ctx)
}

// every polls the context once in a while of a loop.
func every(ctx context.Context, i int) error {
	if i&1023 == 0 {
		return done(ctx)
	}
	return nil
}

// done is the error of a context that was cancelled.
func done(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "the question was interrupted: %w", err)
	}
	return nil
}

func (r *Reader) findTx(hash *goshawk.Hash, limit uint64) (uint64, bool) {
	return r.txs.newest(hashPrefix(hash), limit, &hashIs{&r.v, hash})
}

func (r *Reader) findAddress(kind goshawk.Kind, key []byte) (uint64, bool) {
	return r.addrs.newest(secretHash(r.store.man.Secret, kind, key), anyID, &addressIs{&r.v, kind, key})
}

// blockAt finds a height: by counting, or in a partial ledger by looking.
func (r *Reader) blockAt(height int32) goshawk.BlockID {
	n := r.v.cols[colBlock].count()
	if !r.store.man.Partial {
		if i := int64(height) - int64(r.store.man.Start); i >= 0 && uint64(i) < n {
			return goshawk.BlockID(i)
		}
		return goshawk.NoBlock
	}
	for i := range n {
		if height >= 0 && r.v.block(i).height == height {
			return goshawk.BlockID(i)
		}
	}
	return goshawk.NoBlock
}

// between returns the transactions of the blocks from the first that may lie in
// a time range to the last. Header times are not in order: the latest time so
// far and the earliest time still to come are.
func (r *Reader) between(since, until time.Time) (first, end goshawk.TxID) {
	r.timesOnce.Do(func() {
		n := r.v.cols[colBlock].count()
		r.sofar, r.after = make([]uint32, n), make([]uint32, n)
		for i := range n {
			t := binary.LittleEndian.Uint32(r.v.cols[colBlock].at(i)[68:])
			r.sofar[i], r.after[i] = t, t
			if i > 0 {
				r.sofar[i] = max(t, r.sofar[i-1])
			}
		}
		for i := int(n) - 2; i >= 0; i-- {
			r.after[i] = min(r.after[i], r.after[i+1])
		}
	})
	n := len(r.sofar)
	from, to := 0, n
	if !since.IsZero() {
		from = sort.Search(n, func(i int) bool { return int64(r.sofar[i]) >= since.Unix() })
	}
	if !until.IsZero() {
		to = sort.Search(n, func(i int) bool { return int64(r.after[i]) > until.Unix() })
	}
	if from >= to {
		return 0, 0
	}
	return goshawk.TxID(r.v.block(uint64(from)).firstTx), goshawk.TxID(r.v.blockEnd(uint64(to - 1)))
}

// Blocks implements goshawk.Ledger.
func (r *Reader) Blocks(ctx context.Context, ids []goshawk.BlockID) (_ []goshawk.BlockInfo, err error) {
	defer watch(&err, &r.damage)()
	infos := make([]goshawk.BlockInfo, 0, len(ids))
	for i, id := range ids {
		if err := every(ctx, i); err != nil {
			return nil, err
		}
		if uint64(id) >= r.v.cols[colBlock].count() {
			return nil, unknown("block", uint64(id))
		}
		b := r.v.block(uint64(id))
		infos = append(infos, goshawk.BlockInfo{ID: id, Hash: b.hash, Parent: b.parent, Height: b.height, Time: int64(b.time),
			FirstTx: goshawk.TxID(b.firstTx), TxCount: uint32(r.v.blockEnd(uint64(id)) - b.firstTx),
			Header: slices.Clone(r.v.blob(b.headerAt, b.headerLen))})
	}
	return infos, done(ctx)
}

func unknown(what string, id uint64) error {
	return goshawk.Errorf(goshawk.NotFound, "this ledger has no %s with id %d", what, id)
}

// Transactions implements goshawk.Ledger.
func (r *Reader) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) (err error) {
	defer watch(&err, &r.damage)()
	into.Reset()
	into.Asset = r.asset
	txs := r.v.txs()
	var blockID, first, end uint64 // the block of the last transaction
	var block blockRow
	if err := done(ctx); err != nil {
		return err
	}
	for i, id := range ids {
		if err := every(ctx, i); err != nil {
			return err
		}
		tx := uint64(id)
		if tx >= txs {
			return unknown("transaction", tx)
		}
		if tx < first || tx >= end {
			if tx == end && end > 0 {
				blockID++
			} else {
				blockID = r.v.blockOf(tx)
			}
			block = r.v.block(blockID)
			first, end = block.firstTx, r.v.blockEnd(blockID)
		}
		row := r.v.fill(into, tx, want)
		row.Block, row.Height, row.Time, row.Position = goshawk.BlockID(blockID), block.height, int64(block.time), uint32(tx-first)
	}
	return nil
}

// Outputs implements goshawk.Ledger.
func (r *Reader) Outputs(ctx context.Context, ids []goshawk.OutputID) (_ []goshawk.Coin, err error) {
	defer watch(&err, &r.damage)()
	coins := make([]goshawk.Coin, 0, len(ids))
	for i, id := range ids {
		if err := every(ctx, i); err != nil {
			return nil, err
		}
		if uint64(id) >= r.v.cols[colOutput].count() {
			return nil, unknown("output", uint64(id))
		}
		tx := r.v.txOf(uint64(id))
		c := goshawk.Coin{Tx: goshawk.TxID(tx), Height: r.v.block(r.v.blockOf(tx)).height}
		r.v.output(&c.Output, uint64(id), r.v.cols[colOutput].at(uint64(id)))
		c.Index = uint32(uint64(id) - get40(r.v.cols[colTx].at(tx)[5:]))
		c.Kind = r.v.kind(uint64(c.Address))
		coins = append(coins, c)
	}
	return coins, done(ctx)
}

// Addresses implements goshawk.Ledger.
func (r *Reader) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) (_ []goshawk.Address, err error) {
	defer watch(&err, &r.damage)()
	infos := make([]goshawk.Address, 0, len(ids))
	for i, id := range ids {
		if err := every(ctx, i); err != nil {
			return nil, err
		}
		if uint64(id) >= r.v.cols[colAddress].count() {
			return nil, unknown("address", uint64(id))
		}
		kind, key := r.v.address(uint64(id))
		a := goshawk.Address{ID: id, Kind: kind, Payload: slices.Clone(key), Text: r.codec.FormatAddress(kind, key), First: goshawk.NoTx, Last: goshawk.NoTx}
		if want&goshawk.WantTotals != 0 {
			r.totals(&a)
		}
		infos = append(infos, a)
	}
	return infos, done(ctx)
}

// part is a key's list in one run.
type part struct {
	r        *run
	from, to uint64
}

// parts returns a key's lists, oldest first.
func parts(runs []*run, tail *run, key uint64) []part {
	var all []part
	for _, r := range runs {
		if from, to := r.list(key); from < to {
			all = append(all, part{r, from, to})
		}
	}
	if tail != nil {
		if from, to := tail.list(key); from < to {
			all = append(all, part{tail, from, to})
		}
	}
	return all
}

func (r *Reader) history(address goshawk.AddressID) []part {
	var tail *run
	if r.store.tail != nil {
		tail = r.store.tail.history
	}
	return parts(r.store.history, tail, uint64(address))
}

func (r *Reader) totals(a *goshawk.Address) {
	var total sums
	all := r.history(a.ID)
	for _, p := range all {
		a.Transactions += p.to - p.from
		if s, ok := p.r.sums(uint64(a.ID)); p.to-p.from >= longList && ok {
			total.add(s)
			continue
		}
		for i := p.from; i < p.to; i++ {
			total.add(r.v.did(uint64(a.ID), p.r.at(i)>>2))
		}
	}
	if len(all) > 0 {
		a.First = goshawk.TxID(all[0].r.at(all[0].from) >> 2)
		last := all[len(all)-1]
		a.Last = goshawk.TxID(last.r.at(last.to-1) >> 2)
	}
	a.Received = goshawk.Amount{Asset: r.asset, Units: total.received.units()}
	a.Spent = goshawk.Amount{Asset: r.asset, Units: total.spent.units()}
	a.Outputs, a.Spends, a.Unresolved = total.outputs, total.spends, total.unresolved
}

// History implements goshawk.Ledger.
func (r *Reader) History(ctx context.Context, q goshawk.HistoryQuery) (_ goshawk.HistoryPage, err error) {
	defer watch(&err, &r.damage)()
	var page goshawk.HistoryPage
	if uint64(q.Address) >= r.v.cols[colAddress].count() {
		return page, unknown("address", uint64(q.Address))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	from, to := uint64(q.From), uint64(q.To)
	if q.To == 0 {
		to = r.v.txs()
	}
	all := r.history(q.Address)
	var within []part
	for _, p := range all {
		p.from = p.r.search(p.from, p.to, from<<2)
		p.to = p.r.search(p.from, p.to, min(to, maxID+1)<<2)
		if p.from < p.to {
			within = append(within, p)
		}
	}
	add := func(value uint64) bool {
		if len(page.Entries) == limit {
			page.More = true
			return false
		}
		tx := value >> 2
		s := r.v.did(uint64(q.Address), tx)
		page.Entries = append(page.Entries, goshawk.HistoryEntry{Tx: goshawk.TxID(tx),
			Received: goshawk.Amount{Asset: r.asset, Units: s.received.units()},
			Spent:    goshawk.Amount{Asset: r.asset, Units: s.spent.units()}, Unresolved: s.unresolved})
		if q.Oldest {
			page.Next = goshawk.TxID(tx + 1)
		} else {
			page.Next = goshawk.TxID(tx)
		}
		return true
	}
	if q.Oldest {
		for _, p := range within {
			for i := p.from; i < p.to; i++ {
				if !add(p.r.at(i)) {
					return page, done(ctx)
				}
				if err := every(ctx, int(i)); err != nil {
					return page, err
				}
			}
		}
		return page, done(ctx)
	}
	for _, p := range slices.Backward(within) {
		for i := p.to; i > p.from; i-- {
			if !add(p.r.at(i - 1)) {
				return page, done(ctx)
			}
			if err := every(ctx, int(i)); err != nil {
				return page, err
			}
		}
	}
	return page, done(ctx)
}

// Parent implements the read side of Forest. Where the link is damaged there is
// none; the next method that returns an error returns that.
func (r *Reader) Parent(a goshawk.AddressID) (parent goshawk.AddressID, tx goshawk.TxID, ok bool) {
	var err error
	defer watch(&err, &r.damage)()
	if uint64(a) >= r.v.cols[colAddress].count() {
		return 0, 0, false
	}
	p, t, ok := r.v.link(uint64(a))
	return goshawk.AddressID(p), goshawk.TxID(t), ok && p < r.v.cols[colAddress].count()
}

// Children returns the addresses that were linked directly under one; for
// damage see Parent.
func (r *Reader) Children(a goshawk.AddressID) (ids []goshawk.AddressID) {
	var err error
	defer watch(&err, &r.damage)()
	var tail *run
	if r.store.tail != nil {
		tail = r.store.tail.children
	}
	for _, p := range parts(r.store.children, tail, uint64(a)) {
		for i := p.from; i < p.to; i++ {
			ids = append(ids, goshawk.AddressID(p.r.at(i)))
		}
	}
	return ids
}

// HighestFee returns the transaction that paid most to its miner, of those whose
// inputs are all known, and what it paid: a scan over the columns that copies
// nothing.
func (r *Reader) HighestFee() (best goshawk.TxID, most uint64, err error) {
	defer watch(&err, &r.damage)()
	v := &r.v
	best = goshawk.NoTx
	base, n := v.baseTxs(), v.txs()
	look := func(from, to uint64) {
		if from == to {
			return
		}
		t := v.tx(to - 1)
		rows := v.cols[colTx].span(from, to)
		input, output := get40(rows), get40(rows[5:])
		ins, outs := v.cols[colInput].span(input, t.inputEnd), v.cols[colOutput].span(output, t.outputEnd)
		for tx := from; tx < to; tx++ {
			inputEnd, outputEnd := t.inputEnd, t.outputEnd
			if tx+1 < to {
				inputEnd, outputEnd = get40(rows[23:]), get40(rows[28:])
			}
			in, out, known := uint64(0), uint64(0), rows[22]&flagCoinbase == 0
			for ; input < inputEnd; input++ {
				if ins[4]&(outsideBit>>32) != 0 {
					known = known && v.cols[colOutside].at(get40(ins) &^ outsideBit)[40]&flagKnown != 0
				}
				in += binary.LittleEndian.Uint64(ins[5:])
				ins = ins[18:]
			}
			for ; output < outputEnd; output++ {
				out += binary.LittleEndian.Uint64(outs)
				outs = outs[18:]
			}
			if known && in >= out && (best == goshawk.NoTx || in-out > most) {
				best, most = goshawk.TxID(tx), in-out
			}
			rows = rows[23:]
		}
	}
	look(0, base)
	look(base, n)
	return best, most, nil
}
