package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"goshawk"
	"goshawk/internal/disk"
)

// A commit writes, in this order: the rows of the blocks that leave the tail,
// after the committed end of each column; new index segments and runs; the list
// of marks (spent links and address links in older rows); the marks themselves,
// in place; the new tail; and the manifest. Only the last counts. Before it,
// readers and a restarted writer use the old manifest: rows beyond its lengths
// are not there, files that it does not name are deleted, and the marks in
// place are taken back by their list.

// flush moves the oldest blocks of the tail to the files. It holds what it
// writes as it was when it began, so that blocks can be appended meanwhile.
type flush struct {
	store  *store // what was committed before
	man    manifest
	blocks int  // that leave
	end    mark // of the last of them
	v      view // up to there
	// What the blocks that leave did to older rows is set in place, or stays in
	// the tail's tables.
	marked   bool
	marks    marks
	tail     tail
	children []posting
	sorting  *sortMemory

	done chan struct{} // closed when err and next are known; nil if nothing is appended meanwhile
	err  error
	next *store // what was written
}

// begin prepares the flush of the first blocks of the tail. With marks, what
// they did to older rows is set there; else it stays in the tail's tables, for
// in a chain whose spends go far back a few marks touch as many pages as many do.
func (w *Writer) begin(blocks int, marks bool) *flush {
	v := &w.v
	f := &flush{store: w.store, man: *w.store.man, blocks: blocks, end: w.marks[blocks-1], marked: marks, sorting: &w.sorting}
	endTx := f.end[colTx]
	f.man.Generation++
	f.man.Unmarked = false
	for c := range columns {
		col := v.cols[c]
		col.tail = col.tail[:(f.end[c]-col.n)*col.width]
		if c == colOutput || c == colLink { // their rows change as blocks are appended
			w.copies[c] = append(w.copies[c][:0], col.tail...)
			col.tail = w.copies[c]
		}
		if c == colOutput || c == colLink {
			// This is what sets their fields: it has nobody to wait for.
			p := *col.base.pages
			p.changed = nil
			col.base.pages = &p
		}
		f.v.cols[c] = col
		f.tail.v.cols[c] = rows{width: col.width, n: f.end[c]}
	}

	// What later blocks did to the rows that leave belongs to the tail.
	v.eachSpend(endTx, v.txs(), func(o, _ uint64) {
		if o >= v.cols[colOutput].n && o < f.end[colOutput] {
			put40(f.v.cols[colOutput].at(o)[13:], none40)
		}
	})
	linked := w.linkedBefore(endTx)
	for _, p := range w.children[linked:] {
		if a := p.value; a >= v.cols[colLink].n && a < f.end[colLink] {
			row := f.v.cols[colLink].at(a)
			put40(row[0:], none40)
			put40(row[5:], none40)
		}
	}
	if marks {
		v.eachMark(0, endTx, func(output, tx uint64) {
			f.marks.spends = append(f.marks.spends, spenderCell(output, tx))
		}, func(address, parent, tx uint64) {
			a, b := linkCells(address, parent, tx)
			f.marks.links = append(f.marks.links, a, b)
		})
	} else {
		v.copyMarks(0, endTx, &f.tail.v)
		f.man.Unmarked = f.tail.v.spends.used+f.tail.v.links.used > 0
	}
	f.man.Overwritten = slices.DeleteFunc(slices.Clone(v.overwritten), func(o overwrite) bool { return o.By >= endTx })
	f.children = w.children[:linked]
	return f
}

// linkedBefore returns how many of the links in the tail transactions before one showed.
func (w *Writer) linkedBefore(tx uint64) int {
	return sort.Search(len(w.children), func(i int) bool {
		_, t, _ := w.v.link(w.children[i].value)
		return t >= tx
	})
}

// eachSpend calls f for every output of this ledger that transactions spend.
func (v *view) eachSpend(first, end uint64, f func(output, tx uint64)) {
	for tx := first; tx < end; tx++ {
		t := v.tx(tx)
		for ins := v.cols[colInput].span(t.firstInput, t.inputEnd); len(ins) > 0; ins = ins[18:] {
			if o := get40(ins); o&outsideBit == 0 {
				f(o, tx)
			}
		}
	}
}

// write writes everything but the tail and the manifest.
func (f *flush) write() (err error) {
	defer guard(&err)()
	v, s, man, g := &f.v, f.store, &f.man, f.man.Generation
	// A new checksum must not make damage good: what it covers is verified first.
	old := s.base()
	for c := range columns {
		p := old[c].base.pages
		if size := uint64(len(p.body)); size%pageSize != 0 && !p.good(size/pageSize) {
			return damagedPage(p.name, size/pageSize)
		}
	}
	err = f.run(
		func() error { return f.appendRows() },
		func() (err error) {
			hashes := &v.cols[colHash]
			part := newSegment(hashes.n, f.end[colHash], func(id uint64) uint64 { return binary.BigEndian.Uint64(hashes.at(id)) })
			man.TxIndex, err = addPart(s.fsys, man.TxIndex, s.txIndex, fmt.Sprintf("txid-%d", g), part, part.n(), mergeSegments)
			return err
		},
		func() (err error) {
			part := newSegment(v.cols[colAddress].n, f.end[colAddress], func(id uint64) uint64 {
				kind, key := v.address(id)
				return secretHash(man.Secret, kind, key)
			})
			man.AddrIndex, err = addPart(s.fsys, man.AddrIndex, s.addr, fmt.Sprintf("address-%d", g), part, part.n(), mergeSegments)
			return err
		},
		func() (err error) {
			part, err := newRun(f.sorting.histories(v, v.baseTxs(), v.txs()), 2, v.addUp)
			if err != nil {
				return err
			}
			merge := func(w *fileWriter, runs ...*run) error { return mergeRuns(w, v.addUp, runs) }
			man.History, err = addPart(s.fsys, man.History, s.history, fmt.Sprintf("history-%d", g), part, part.values, merge)
			return err
		},
		func() (err error) {
			var m sortMemory
			part, err := newRun(m.sort(f.children), 0, nil)
			if err != nil {
				return err
			}
			merge := func(w *fileWriter, runs ...*run) error { return mergeRuns(w, nil, runs) }
			man.Children, err = addPart(s.fsys, man.Children, s.children, fmt.Sprintf("children-%d", g), part, part.values, merge)
			return err
		},
	)
	if err != nil {
		return err
	}
	if f.marked {
		f.marks.spends, f.marks.links = sortCells(f.marks.spends), sortCells(f.marks.links)
		if err := f.marks.write(s.fsys, g); err != nil {
			return err
		}
		if err := f.marks.set(s, func(c column, page uint64) bool { return old[c].base.pages.good(page) }); err != nil {
			return err
		}
	}
	for c := range columns {
		if man.Columns[c], err = s.sum(c, man.Columns[c].Rows, f.end[c], f.marks.of(c)); err != nil {
			return err
		}
	}
	f.marks = marks{} // much memory, no longer needed
	return nil
}

// commit writes the tail and the manifest.
func commit(fsys disk.FS, man *manifest, t *tail, sorting *sortMemory) (err error) {
	defer guard(&err)()
	if man.Tail, err = t.write(fsys, fmt.Sprintf("tail-%d", man.Generation), sorting); err != nil {
		return err
	}
	if err := fsys.Sync(); err != nil {
		return writeError("folder", err)
	}
	return writeManifest(fsys, man)
}

// relieve begins to write out what has gathered, while more is appended.
func (w *Writer) relieve() error {
	if err := w.settle(); err != nil {
		return err
	}
	blocks := len(w.marks) - w.opts.Reorg
	if w.marks[blocks-1][colBlock] < w.committed {
		// Blocks of the committed tail would stay behind: it must be written anew.
		return w.commit(blocks, w.crowded())
	}
	f := w.begin(blocks, w.crowded())
	w.txs, w.frozenTxs = w.frozenTxs, w.txs
	w.addrs, w.frozenAddrs = w.frozenAddrs, w.addrs
	w.number(f.end)
	f.done = make(chan struct{})
	w.pending = f
	go func() {
		defer close(f.done)
		if f.err = f.write(); f.err == nil {
			f.err = commit(f.store.fsys, &f.man, &f.tail, f.sorting)
		}
		if f.err == nil {
			f.next, f.err = f.open()
		}
	}()
	return nil
}

// settle waits for the flush under way, if there is one, and lets the base end
// where it does. After an error the writer accepts nothing more.
func (w *Writer) settle() (err error) {
	defer func() {
		if err != nil {
			w.err = err
		}
	}()
	defer guard(&err)()
	f, err := w.wait()
	if f == nil || err != nil {
		return err
	}
	if err := w.install(f); err != nil {
		return err
	}
	return w.sweepFiles(&f.man)
}

func (w *Writer) wait() (*flush, error) {
	f := w.pending
	if f == nil {
		return nil, nil
	}
	<-f.done
	w.pending = nil
	if f.err != nil {
		return nil, f.err
	}
	w.committed = f.end[colBlock]
	return f, nil
}

// install makes the base end where a flush does: what the rest of the tail did
// to the rows that left goes to the tables.
func (w *Writer) install(f *flush) error {
	v, endTx := &w.v, f.end[colTx]
	if f.marked {
		v.keepMarks(endTx, math.MaxUint64)
	}
	v.unmarked = f.man.Unmarked
	v.eachSpend(endTx, v.txs(), func(o, tx uint64) {
		if o >= v.cols[colOutput].n && o < f.end[colOutput] {
			v.spends.put(o, tx)
		}
	})
	for _, p := range w.children[len(f.children):] {
		if a := p.value; a >= v.cols[colLink].n && a < f.end[colLink] {
			parent, tx, _ := v.link(a)
			v.putLink(a, parent, tx)
		}
	}
	w.children = w.children[:copy(w.children, w.children[len(f.children):])]
	return w.rebase(f)
}

// rebase maps what a flush wrote and drops it from the tail's rows.
func (w *Writer) rebase(f *flush) error {
	s := f.next
	if s == nil {
		var err error
		if s, err = f.open(); err != nil {
			return err
		}
	}
	cols := w.writable(s)
	for c := range columns {
		old := w.v.cols[c]
		cols[c].base.pages.inherit(old.base.pages)
		cols[c].tail = old.tail[:copy(old.tail, old.tail[(f.end[c]-old.n)*old.width:])]
	}
	w.v.cols = cols
	w.marks = w.marks[:copy(w.marks, w.marks[f.blocks:])]
	err := w.store.close()
	w.use(s)
	return err
}

// open maps what was written, and what was verified of it before stays so.
func (f *flush) open() (_ *store, err error) {
	defer guard(&err)()
	s, err := openStore(f.store.fsys, &f.man, false)
	if err != nil {
		return nil, err
	}
	old := map[string]*mapped{}
	for _, m := range f.store.open {
		old[m.name] = m
	}
	for _, m := range s.open {
		if was := old[m.name]; was != nil {
			m.body.pages.inherit(was.body.pages)
		}
	}
	return s, nil
}

// use makes a store the one that look-ups go to, beside the tail.
func (w *Writer) use(s *store) {
	w.store = s
	w.frozenTxs.clear()
	w.frozenAddrs.clear()
	w.txIndex = append(index{&w.txs, &w.frozenTxs}, s.txs...)
	w.addrIndex = append(index{&w.addrs, &w.frozenAddrs}, s.addrs...)
}

// commit writes out the first blocks of the tail and makes the rest durable.
// After an error the writer accepts nothing more.
func (w *Writer) commit(blocks int, marks bool) (err error) {
	defer func() {
		if err != nil {
			w.err = err
		}
	}()
	defer guard(&err)()
	man := *w.store.man
	man.Generation++
	if blocks > 0 {
		f := w.begin(blocks, marks)
		if err := f.write(); err != nil {
			return err
		}
		if err := w.install(f); err != nil {
			return err
		}
		w.txs.clear()
		w.addrs.clear()
		w.number(f.end)
		man = f.man
	}
	man.Overwritten = slices.Clone(w.v.overwritten)
	man.Unmarked = w.v.unmarked
	t := tail{v: w.v, marks: w.marks, txs: w.txs, addrs: w.addrs, children: w.children}
	if err := commit(w.fsys, &man, &t, &w.sorting); err != nil {
		return err
	}
	w.dirty = false
	w.committed = w.v.cols[colBlock].count()
	w.store.man = &man
	return w.sweepFiles(&man)
}

// run runs tasks: one after the other beside a writer that appends, whom they
// would slow down, else at the same time.
func (f *flush) run(tasks ...func() error) error {
	errs := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i, task := range tasks {
		wg.Go(func() {
			defer guard(&errs[i])()
			errs[i] = task()
		})
		if f.done != nil {
			wg.Wait()
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// appendRows writes the rows behind the columns' committed ends.
func (f *flush) appendRows() error {
	for c := range columns {
		col := &f.v.cols[c]
		if len(col.tail) == 0 {
			continue
		}
		if err := edit(f.store.fsys, columnFile(c), func(file disk.File) error {
			_, err := file.WriteAt(col.tail, int64(col.n*col.width))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// edit opens a file in place, changes it and makes the change durable.
func edit(fsys disk.FS, name string, change func(disk.File) error) error {
	f, err := fsys.Edit(name)
	if err != nil {
		return writeError(name, err)
	}
	err = change(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil && goshawk.CodeOf(err) != goshawk.Corrupt {
		return writeError(name, err)
	}
	return err
}

// mergeRatio bounds how many parts an index has: what is new is written together
// with the parts before it, back to one that is this many times larger.
const mergeRatio = 3

// addPart writes a new part of an index or of posting lists, merged with those
// older ones that are not much larger. The old files stay until the manifest
// that does not name them is committed.
func addPart[T any](fsys disk.FS, refs []fileRef, old []T, name string, part T, entries uint64, merge func(*fileWriter, ...T) error) ([]fileRef, error) {
	if entries == 0 {
		return refs, nil
	}
	i := len(refs)
	for ; i > 0 && refs[i-1].Entries <= mergeRatio*entries; i-- {
		entries += refs[i-1].Entries
	}
	w, err := createFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if err := merge(w, append(slices.Clone(old[i:]), part)...); err != nil {
		return nil, err
	}
	return append(slices.Clone(refs[:i]), fileRef{Name: name, Size: int64(w.size), Entries: entries}), nil
}

// sweepFiles deletes the files that the committed generation does not name. On
// systems that keep mapped files from being deleted the next writer tries again.
func (w *Writer) sweepFiles(man *manifest) error {
	names, err := w.fsys.List()
	if err != nil {
		return writeError("folder", err)
	}
	named := man.names()
	for _, name := range names {
		if !named[name] && ours(name) {
			_ = w.fsys.Remove(name) // a reader may still hold it
		}
	}
	return nil
}
