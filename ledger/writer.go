package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"goshawk"
	"goshawk/internal/disk"
)

// Forest is the write side of clusters: each address is linked once, when
// evidence shows that its owner is another's too. Readers of the same method
// set answer from it later.
type Forest interface {
	// Parent returns the address that a was linked under and the transaction
	// that showed it; ok is false for a root.
	Parent(a goshawk.AddressID) (parent goshawk.AddressID, tx goshawk.TxID, ok bool)
	// Link puts child, a root, under parent.
	Link(child, parent goshawk.AddressID, tx goshawk.TxID)
}

// Options say what a new ledger holds. An existing one remembers them, and
// refuses others.
type Options struct {
	Network string
	Codec   Codec
	// Start is the height of the first block; above 0, coins created before it
	// must come with the blocks that spend them. An existing ledger's may be
	// left out.
	Start int32
	// Partial accepts blocks without their parents, whose inputs may stay unresolved.
	Partial bool
	// Join links the addresses that a transaction with several inputs shows to
	// be of one owner; nil links none. It must depend on its arguments and the
	// forest alone. Rule names it with its version.
	Join func(f Forest, batch *goshawk.Transactions, row int)
	Rule string
	// Reorg is how many of the newest blocks can be taken back; 0 means 100.
	Reorg int
	// Memory is about how many bytes of rows are gathered, beyond those of the
	// newest Reorg blocks, before they are written out; 0 means 64 MiB. While
	// they are, as many may gather again, and the indexes over both take as much.
	Memory int
}

// Codec writes and reads a network's addresses.
type Codec interface {
	Asset() goshawk.Asset
	FormatAddress(kind goshawk.Kind, key []byte) string
	ParseAddress(text string) (kind goshawk.Kind, key []byte, err error)
}

const (
	defaultReorg  = 100 // what a coinbase takes to mature: consensus counts on nothing deeper
	defaultMemory = 64 << 20
)

// Writer appends to a ledger. It is not safe for concurrent use.
type Writer struct {
	fsys  disk.FS
	lock  io.Closer
	opts  Options
	store *store // its manifest is the committed one
	dirty bool   // there is something to commit
	err   error  // after a failed write nothing is accepted any more

	v        view
	marks    []mark    // one for each block of the tail
	children []posting // parent, child, in the order of transactions

	txs, addrs             memIndex // of the tail
	frozenTxs, frozenAddrs memIndex // of what is being written out
	txIndex, addrIndex     index    // all parts

	pending   *flush
	committed uint64 // blocks

	copies  [columns][]byte // see begin
	sorting sortMemory
	batch   goshawk.Transactions
	keys    addressLookup
	prevs   coinLookup
	sieve   sieve
	// In a partial ledger, the hash prefixes of transactions that are spent and
	// not there.
	missing map[uint64]bool
}

// mark is the number of rows of each column at the end of a block.
type mark [columns]uint64

// OpenWriter opens the ledger in a folder for appending, or makes a new one.
// Another writer's lock is a Locked error. Whatever an interrupted writer left
// is put right first.
func OpenWriter(fsys disk.FS, opts Options) (_ *Writer, err error) {
	if opts.Reorg == 0 {
		opts.Reorg = defaultReorg
	}
	if opts.Memory == 0 {
		opts.Memory = defaultMemory
	}
	lock, err := fsys.Lock("lock")
	if errors.Is(err, disk.ErrLocked) {
		return nil, goshawk.Errorf(goshawk.Locked, "another program is writing to this ledger").
			WithHint("wait until it ends; reading is possible meanwhile")
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot lock the ledger: %w", err)
	}
	w := &Writer{fsys: fsys, lock: lock, opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	man, err := readManifest(fsys)
	if err != nil {
		return nil, err
	}
	if man == nil || man.Generation == 0 && opts.Network != "" { // nothing was ever committed to it
		if man, err = w.create(); err != nil {
			return nil, err
		}
	}
	if err := w.agree(man); err != nil {
		return nil, err
	}
	if err := w.recover(man); err != nil {
		return nil, err
	}
	return w, w.load(man)
}

// create makes the files of an empty ledger.
func (w *Writer) create() (*manifest, error) {
	if w.opts.Codec == nil || w.opts.Network == "" {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no ledger here").WithHint("make one with 'goshawk ingest --ledger DIR --network NAME …'")
	}
	var secret [8]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	man := &manifest{Format: formatVersion, Network: w.opts.Network, Start: w.opts.Start, Partial: w.opts.Partial,
		Rule: w.opts.Rule, Secret: binary.LittleEndian.Uint64(secret[:])}
	for c := range columns {
		for _, name := range []string{columnFile(c), checksumFile(c)} {
			f, err := w.fsys.Create(name)
			if err != nil {
				return nil, writeError(name, err)
			}
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				return nil, writeError(name, err)
			}
		}
	}
	return man, writeManifest(w.fsys, man)
}

// agree compares the options with what the ledger is.
func (w *Writer) agree(man *manifest) error {
	o := &w.opts
	differ := func(what string, has, wants any) error {
		return goshawk.Errorf(goshawk.Conflict, "the ledger has %s %v, not %v", what, has, wants).
			WithHint("use another folder for another ledger")
	}
	switch {
	case o.Network != man.Network:
		return differ("network", man.Network, o.Network)
	case o.Start != 0 && o.Start != man.Start:
		return differ("its first block at height", man.Start, o.Start)
	case o.Partial != man.Partial:
		if man.Partial {
			return goshawk.Errorf(goshawk.Conflict, "the ledger holds single blocks without their parents").WithHint("add '--partial', or use another folder")
		}
		return goshawk.Errorf(goshawk.Conflict, "the ledger holds a whole chain, not single blocks").WithHint("leave '--partial' out, or use another folder")
	case o.Rule != man.Rule:
		return differ("the cluster rule", man.Rule, o.Rule)
	}
	o.Start = man.Start
	return nil
}

// load maps a generation and brings its tail into memory.
func (w *Writer) load(man *manifest) (err error) {
	defer guard(&err)()
	s, err := openStore(w.fsys, man, true)
	if disk.Missing(err) {
		return gone(err)
	}
	if err != nil {
		return err
	}
	w.use(s)
	w.v = view{cols: w.writable(s), overwritten: slices.Clone(man.Overwritten)}
	w.marks = w.marks[:0]
	defer func() {
		w.committed = w.v.cols[colBlock].count()
		w.lookForMissing()
	}()
	if s.tail == nil {
		w.reserve()
		return nil
	}
	if err := s.tail.file.intact(); err != nil {
		return err
	}
	for c := range columns {
		w.v.cols[c].tail = slices.Clone(s.tail.cols[c])
	}
	w.v.spends = table{slices.Clone(s.tail.spends.slots), s.tail.spends.used}
	w.v.links = table{slices.Clone(s.tail.links.slots), s.tail.links.used}
	for b := s.tail.marks; len(b) > 0; b = b[markSize:] {
		var m mark
		for c := range m {
			m[c] = binary.LittleEndian.Uint64(b[8*c:])
		}
		w.marks = append(w.marks, m)
	}
	w.reserve()
	return w.rebuild()
}

// writable is base for a writer, which sets fields in place itself: a page that
// it sets just now is verified when it has.
func (w *Writer) writable(s *store) [columns]rows {
	cols := s.base()
	for _, c := range []column{colOutput, colLink} {
		p := cols[c].base.pages
		p.changed = func(page uint64) bool {
			if w.pending == nil {
				return false
			}
			<-w.pending.done
			return w.pending.err == nil && p.good(page)
		}
		if size := uint64(len(p.body)); size%pageSize != 0 {
			p.need(size-1, size) // it gets more rows, and another checksum
		}
	}
	return cols
}

// reserve gives the tail's columns their room at once: growing by copying
// would leave as much garbage as there is data.
func (w *Writer) reserve() {
	var row uint64 // bytes a transaction, by the usual shape of a block
	share := [columns]float64{colBlock: 0.001, colHash: 1, colTx: 1, colInput: 2, colSequence: 2, colOutput: 2.2, colAddress: 1.8, colLink: 1.8}
	for c := range columns {
		row += uint64(share[c] * float64(columnWidths[c]))
	}
	n := 2.4 * float64(w.opts.Memory) / float64(row) // what is written out, what gathers meanwhile, and blocks that stay
	for c := range columns {
		col := &w.v.cols[c]
		if want := int(n*share[c]) * int(col.width); cap(col.tail) < want {
			col.tail = append(make([]byte, 0, want), col.tail...)
		}
	}
}

// Close releases the ledger without committing.
func (w *Writer) Close() error {
	f, err := w.wait()
	errs := []error{err}
	if f != nil && f.next != nil {
		errs = append(errs, f.next.close())
	}
	if w.store != nil {
		errs = append(errs, w.store.close())
		w.store = nil
	}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
		w.lock = nil
	}
	w.err = errors.New("the ledger is closed")
	return errors.Join(errs...)
}

// tip returns the last block; ok is false for an empty ledger.
func (w *Writer) tip() (height int32, hash goshawk.Hash, ok bool) {
	n := w.v.cols[colBlock].count()
	if n == 0 {
		return 0, goshawk.Hash{}, false
	}
	b := w.v.block(n - 1)
	return b.height, b.hash, true
}

// Blocks returns the number of blocks.
func (w *Writer) Blocks() int { return int(w.v.cols[colBlock].count()) }

// Committed returns the height of the last block that is committed; ok is false
// if none is.
func (w *Writer) Committed() (height int32, ok bool) {
	if w.committed == 0 {
		return 0, false
	}
	var err error
	defer guard(&err)()
	return w.v.block(w.committed - 1).height, true
}

// Header returns the height of block i, -1 where it is not known, and the
// header's own bytes, which are valid until the next call.
func (w *Writer) Header(i int) (height int32, header []byte, err error) {
	defer guard(&err)()
	if i < 0 || i >= w.Blocks() {
		return 0, nil, unknown("block", uint64(i))
	}
	b := w.v.block(uint64(i))
	return b.height, w.v.blob(b.headerAt, b.headerLen), nil
}

// has says whether a block is in the ledger.
func (w *Writer) has(hash goshawk.Hash) bool {
	for i := w.v.cols[colBlock].count(); i > 0; i-- {
		if goshawk.Hash(w.v.cols[colBlock].at(i - 1)[:32]) == hash {
			return true
		}
	}
	return false
}

// oldest returns the lowest height to which Rollback can go.
func (w *Writer) oldest() int32 {
	n := w.v.cols[colBlock].n
	if n == 0 {
		return w.store.man.Start - 1
	}
	return w.v.block(n - 1).height
}

// Rollback takes back the blocks above a height. Blocks that are no longer in
// the tail cannot be taken back: a Conflict error, and nothing changes.
func (w *Writer) Rollback(height int32) (err error) {
	defer guard(&err)()
	if w.err != nil {
		return w.err
	}
	if err := w.settle(); err != nil {
		return err
	}
	if oldest := w.oldest(); w.v.cols[colBlock].n > 0 && height < oldest || w.opts.Partial {
		return goshawk.Errorf(goshawk.Conflict, "the chain was reorganised at height %d, below %d, the lowest that this ledger can take back", height, oldest).
			WithHint("build the ledger again from the chain")
	}
	keep := 0
	for keep < len(w.marks) && w.v.block(w.v.cols[colBlock].n+uint64(keep)).height <= height {
		keep++
	}
	if keep == len(w.marks) {
		return nil
	}
	w.dirty = true
	return w.truncate(keep)
}

// truncate keeps the first blocks of the tail.
func (w *Writer) truncate(keep int) error {
	for c := range columns {
		col := &w.v.cols[c]
		n := col.n
		if keep > 0 {
			n = w.marks[keep-1][c]
		}
		col.tail = col.tail[:(n-col.n)*col.width]
	}
	w.marks = w.marks[:keep]
	f, err := w.wait()
	if err != nil {
		return err
	}
	if f != nil {
		if f.marked {
			w.v.keepMarks(f.end[colTx], math.MaxUint64)
		}
		if err := w.rebase(f); err != nil {
			return err
		}
	}
	return w.rebuild()
}

// Commit makes everything appended durable and visible to new readers.
func (w *Writer) Commit() (err error) {
	defer guard(&err)()
	if w.err != nil {
		return w.err
	}
	if !w.dirty {
		return nil
	}
	if err := w.settle(); err != nil {
		return err
	}
	// Writing twice as many blocks as need to stay in the tail at a time, not
	// one by one, keeps the runs long. What is not marked costs readers a look
	// into the tail's tables for every coin.
	leave := len(w.marks) - w.opts.Reorg
	if leave > 0 && (leave >= w.opts.Reorg || w.v.unmarked || w.crowded()) {
		return w.commit(leave, true)
	}
	return w.commit(0, false)
}

// crowded says whether so much is known of older rows and not marked there that
// it should be.
func (w *Writer) crowded() bool {
	return (w.v.spends.used+w.v.links.used)*tableSlot > w.opts.Memory/8
}

// full says whether enough has been gathered to be written out: of the blocks
// that may leave the tail, for those that stay are written again every time.
func (w *Writer) full() bool {
	leave := len(w.marks) - w.opts.Reorg
	if leave <= 0 {
		return false
	}
	var size uint64
	for c := range columns {
		first := w.v.cols[c].n
		if w.pending != nil {
			first = w.pending.end[c]
		}
		size += (w.marks[leave-1][c] - first) * columnWidths[c]
	}
	return size > uint64(w.opts.Memory)
}
