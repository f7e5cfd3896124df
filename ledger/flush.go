package ledger

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"goshawk/internal/disk"
)

// A commit writes, in this order: the rows of the blocks that leave the tail,
// after the committed end of each column; new index segments and runs; the new
// tail; the list of marks (spent links and address links in older rows); the
// marks themselves, in place; and the manifest. Only the last counts. Before
// it, readers and a restarted writer use the old manifest: rows beyond its
// lengths are not there, files that it does not name are deleted, and the
// marks in place are taken back by their list.

// cell is a five- or ten-byte field of an old row that is written once.
type cell struct {
	row   uint64
	value [2]uint64
}

func marksName(generation uint64) string { return fmt.Sprintf("marks-%d", generation) }

// commit writes out the first flush blocks of the tail and makes the rest
// durable. With marks, what they did to older rows is set there; else it stays
// in the tail's tables, for in a chain whose spends go far back a few marks
// touch as many pages as many do. After an error the writer accepts nothing more.
func (w *Writer) commit(flush int, marks bool) (err error) {
	defer func() {
		if err != nil {
			w.err = err
		}
	}()
	defer guard(&err)()
	man := *w.store.man
	man.Generation++
	man.Overwritten = slices.Clone(w.v.overwritten)
	if flush > 0 {
		if err := w.flush(&man, w.marks[flush-1], marks); err != nil {
			return err
		}
		w.marks = w.marks[:copy(w.marks, w.marks[flush:])]
	}
	man.Unmarked = w.v.unmarked
	name := fmt.Sprintf("tail-%d", man.Generation)
	if man.Tail, err = w.writeImage(w.fsys, name); err != nil {
		return err
	}
	if err := w.fsys.Sync(); err != nil {
		return writeError("folder", err)
	}
	if err := w.writeManifest(&man); err != nil {
		return err
	}
	w.dirty = false
	if flush > 0 {
		s, err := openStore(w.fsys, &man, false)
		if err != nil {
			return err
		}
		if err := w.store.close(); err != nil {
			return errors.Join(err, s.close())
		}
		w.store = s
		cols := s.base()
		for c := range columns {
			cols[c].tail = w.v.cols[c].tail
		}
		w.v.cols = cols
	}
	w.store.man = &man
	return w.sweepFiles(&man)
}

// flush writes the tail up to a mark to the columns and leaves the rest in the
// tail.
func (w *Writer) flush(man *manifest, m mark, marks bool) error {
	v := &w.v
	endTx := m[colTx]

	// What later blocks did to the rows that leave belongs to the tail.
	for tx := endTx; tx < v.txs(); tx++ {
		t := v.tx(tx)
		for i := t.firstInput; i < t.inputEnd; i++ {
			if o := get40(v.cols[colInput].at(i)); o&outsideBit == 0 && o >= v.cols[colOutput].n && o < m[colOutput] {
				put40(v.cols[colOutput].at(o)[13:], none40)
			}
		}
	}
	for a := v.cols[colLink].n; a < m[colLink]; a++ {
		if row := v.cols[colLink].at(a); get40(row[5:]) != none40 && get40(row[5:]) >= endTx {
			put40(row[0:], none40)
			put40(row[5:], none40)
		}
	}
	var spends, links []cell
	if marks {
		v.spends.each(func(output, tx uint64) {
			if tx < endTx {
				spends = append(spends, cell{output, [2]uint64{tx}})
			}
		})
		v.links.each(func(address, parent uint64) {
			if tx, _ := v.links.get(address | linkTx); address&linkTx == 0 && tx < endTx {
				links = append(links, cell{address, [2]uint64{parent, tx}})
			}
		})
	}
	linked := 0
	for ; linked < len(w.children); linked++ {
		// Cleared above, or newer: it stays.
		if _, tx, ok := v.link(w.children[linked].value); !ok || tx >= endTx {
			break
		}
	}
	byRow := func(a, b cell) int { return cmp.Compare(a.row, b.row) }
	slices.SortFunc(spends, byRow)
	slices.SortFunc(links, byRow)
	posted := sort.Search(len(w.postings), func(i int) bool { return w.postings[i].value>>2 >= endTx })

	g := man.Generation
	err := together(
		func() error { return w.appendRows(m) },
		func() (err error) {
			man.TxIndex, err = w.addSegment(man.TxIndex, fmt.Sprintf("txid-%d", g), w.txEntries(v.baseTxs(), endTx), w.store.txIndex)
			return err
		},
		func() (err error) {
			man.AddrIndex, err = w.addSegment(man.AddrIndex, fmt.Sprintf("address-%d", g), w.addressEntries(v.cols[colAddress].n, m[colAddress]), w.store.addr)
			return err
		},
		func() (err error) {
			sorted := append(w.sorted[:0], w.postings[:posted]...)
			w.sorted = sorted
			if cap(w.scratch) < len(sorted) {
				w.scratch = make([]posting, len(sorted))
			}
			man.History, err = w.addRun(man.History, fmt.Sprintf("history-%d", g), sortPostings(sorted, w.scratch), 2, w.v.addUp, w.store.history)
			return err
		},
		func() (err error) {
			man.Children, err = w.addRun(man.Children, fmt.Sprintf("children-%d", g), sortPostings(slices.Clone(w.children[:linked]), nil), 0, nil, w.store.children)
			return err
		},
	)
	if err != nil {
		return err
	}
	if err := w.writeMarks(g, spends, links); err != nil {
		return err
	}
	if err := w.setCells(colOutput, 13, 1, spends); err != nil {
		return err
	}
	if err := w.setCells(colLink, 0, 2, links); err != nil {
		return err
	}
	for c := range columns {
		if man.Columns[c], err = w.sum(c, man.Columns[c].Rows, m[c], spends, links); err != nil {
			return err
		}
	}

	// The rest is the new tail.
	for c := range columns {
		col := &v.cols[c]
		col.tail = col.tail[:copy(col.tail, col.tail[(m[c]-col.n)*col.width:])]
	}
	if marks {
		v.spends.clear()
		v.links.clear()
	}
	return w.restBase(m)
}

// restBase makes the view's base end at a mark whose rows are written but not
// mapped yet, and derives the tail again.
func (w *Writer) restBase(m mark) error {
	s := w.store
	for c := range columns {
		mapping, err := w.fsys.Map(columnFile(c), int64(m[c]*columnWidths[c]))
		if err != nil {
			return mapError(columnFile(c), err)
		}
		if err := s.maps[c].Close(); err != nil {
			return errors.Join(err, mapping.Close())
		}
		s.maps[c] = mapping
		w.v.cols[c].base, w.v.cols[c].n = mapping.Bytes(), m[c]
	}
	return w.rebuild()
}

// together runs tasks at the same time and joins their errors.
func together(tasks ...func() error) error {
	errs := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i, task := range tasks {
		wg.Go(func() {
			defer guard(&errs[i])()
			errs[i] = task()
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// appendRows writes the tail's rows up to a mark behind the columns' committed ends.
func (w *Writer) appendRows(m mark) error {
	for c := range columns {
		col := &w.v.cols[c]
		size := (m[c] - col.n) * col.width
		if size == 0 {
			continue
		}
		if err := w.edit(columnFile(c), func(f disk.File) error {
			_, err := f.WriteAt(col.tail[:size], int64(col.n*col.width))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// edit opens a file in place, changes it and makes the change durable.
func (w *Writer) edit(name string, change func(disk.File) error) error {
	f, err := w.fsys.Edit(name)
	if err != nil {
		return writeError(name, err)
	}
	err = change(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return writeError(name, err)
	}
	return nil
}

func (w *Writer) txEntries(from, to uint64) []prefixed {
	entries := make([]prefixed, 0, to-from)
	for id := from; id < to; id++ {
		entries = append(entries, prefixed{binary.BigEndian.Uint64(w.v.cols[colHash].at(id)) >> (64 - prefixBits), id})
	}
	return entries
}

func (w *Writer) addressEntries(from, to uint64) []prefixed {
	entries := make([]prefixed, 0, to-from)
	for id := from; id < to; id++ {
		kind, key := w.v.address(id)
		entries = append(entries, prefixed{secretHash(w.store.man.Secret, kind, key) >> (64 - prefixBits), id})
	}
	return entries
}

// mergeRatio bounds how many parts an index has: a part is merged with the one
// before it unless that one is this many times larger.
const mergeRatio = 3

// addSegment writes entries as a new segment and merges it with older ones of
// its size. The old files stay until the manifest that does not name them is
// committed.
func (w *Writer) addSegment(refs []fileRef, name string, entries []prefixed, old []*segment) ([]fileRef, error) {
	if len(entries) == 0 {
		return refs, nil
	}
	refs = slices.Clone(refs)
	sorted := sortPrefixed(entries)
	fw, err := createFile(w.fsys, name)
	if err != nil {
		return nil, err
	}
	i := 0
	if err := writeSegment(fw, uint64(len(sorted)), func() prefixed { i++; return sorted[i-1] }); err != nil {
		return nil, err
	}
	last := fileRef{Name: name, Size: int64(fw.size), Entries: uint64(len(sorted))}
	for len(refs) > 0 && refs[len(refs)-1].Entries <= mergeRatio*last.Entries {
		prior := refs[len(refs)-1]
		f, err := openMapped(w.fsys, last.Name, last.Size)
		if err != nil {
			return nil, err
		}
		seg, err := openSegment(f)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		merged := fmt.Sprintf("%s-%d", name, len(refs))
		fw, err := createFile(w.fsys, merged)
		if err == nil {
			err = mergeSegments(fw, old[len(refs)-1], seg)
		}
		if err = errors.Join(err, f.close()); err != nil {
			return nil, err
		}
		last = fileRef{Name: merged, Size: int64(fw.size), Entries: prior.Entries + last.Entries}
		refs = refs[:len(refs)-1]
	}
	return append(refs, last), nil
}

// addRun is addSegment for runs.
func (w *Writer) addRun(refs []fileRef, name string, sorted []posting, flags uint, add addUp, old []*run) ([]fileRef, error) {
	if len(sorted) == 0 {
		return refs, nil
	}
	refs = slices.Clone(refs)
	fw, err := createFile(w.fsys, name)
	if err != nil {
		return nil, err
	}
	if err := fw.finish(writeRun(fw, 0, sorted, flags, add)); err != nil {
		return nil, err
	}
	last := fileRef{Name: name, Size: int64(fw.size), Entries: uint64(len(sorted))}
	for len(refs) > 0 && refs[len(refs)-1].Entries <= mergeRatio*last.Entries {
		prior := refs[len(refs)-1]
		f, err := openMapped(w.fsys, last.Name, last.Size)
		if err != nil {
			return nil, err
		}
		r, err := openRun(f)
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		merged := fmt.Sprintf("%s-%d", name, len(refs))
		fw, err := createFile(w.fsys, merged)
		if err == nil {
			err = mergeRuns(fw, old[len(refs)-1], r, add)
		}
		if err = errors.Join(err, f.close()); err != nil {
			return nil, err
		}
		last = fileRef{Name: merged, Size: int64(fw.size), Entries: prior.Entries + last.Entries}
		refs = refs[:len(refs)-1]
	}
	return append(refs, last), nil
}

// writeMarks writes the list of cells that are about to be set in place, with
// what they are set to.
func (w *Writer) writeMarks(generation uint64, spends, links []cell) error {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(spends)))
	data = binary.LittleEndian.AppendUint64(data, uint64(len(links)))
	for _, c := range slices.Concat(spends, links) {
		for _, v := range []uint64{c.row, c.value[0], c.value[1]} {
			data = binary.LittleEndian.AppendUint64(data, v)
		}
	}
	data = binary.LittleEndian.AppendUint32(data, checksum(data))
	return w.replace(marksName(generation), data)
}

func (w *Writer) replace(name string, data []byte) error {
	if err := disk.WriteFile(w.fsys, name, data); err != nil {
		return writeError(name, err)
	}
	return nil
}

// setCells writes fields of committed rows in place, page by page: cells are in
// order of their rows, each of n five-byte values at an offset of its row.
func (w *Writer) setCells(c column, offset uint64, n int, cells []cell) error {
	if len(cells) == 0 {
		return nil
	}
	width := columnWidths[c]
	base := w.store.maps[c].Bytes()
	return w.edit(columnFile(c), func(f disk.File) error {
		const most = 1 << 20
		buf := make([]byte, 0, most+2*pageSize)
		from := uint64(0) // of buf in the file
		flush := func() error {
			if len(buf) == 0 {
				return nil
			}
			_, err := f.WriteAt(buf, int64(from))
			buf = buf[:0]
			return err
		}
		for _, cell := range cells {
			at := cell.row*width + offset
			first, end := at/pageSize*pageSize, min((at+5*uint64(n)-1)/pageSize*pageSize+pageSize, uint64(len(base)))
			if held := from + uint64(len(buf)); len(buf) == 0 || first > held || len(buf) > most && first >= held {
				if err := flush(); err != nil {
					return err
				}
				from = first
			}
			if held := from + uint64(len(buf)); end > held {
				buf = append(buf, base[held:end]...)
			}
			for i := range n {
				put40(buf[at-from+5*uint64(i):], cell.value[i])
			}
		}
		return flush()
	})
}

// sum brings a column's checksums up to date after rows were appended behind
// oldRows and cells set before it, and returns its committed span.
func (w *Writer) sum(c column, oldRows, newRows uint64, spends, links []cell) (span, error) {
	width := columnWidths[c]
	size := newRows * width
	m, err := w.fsys.Map(columnFile(c), int64(size))
	if err != nil {
		return span{}, mapError(columnFile(c), err)
	}
	data := m.Bytes()
	full := size / pageSize
	page := func(i uint64) uint32 { return checksum(data[i*pageSize : min((i+1)*pageSize, size)]) }
	err = w.edit(checksumFile(c), func(f disk.File) error {
		var cells []cell
		offset, length := uint64(0), uint64(0)
		switch c {
		case colOutput:
			cells, offset, length = spends, 13, 5
		case colLink:
			cells, offset, length = links, 0, 10
		}
		first := oldRows * width / pageSize // the first page that was not full
		var touched []uint64
		for _, cell := range cells {
			at := cell.row*width + offset
			for i := at / pageSize; i <= (at+length-1)/pageSize && i < first; i++ {
				if n := len(touched); n == 0 || touched[n-1] < i {
					touched = append(touched, i)
				}
			}
		}
		for i := first; i < full; i++ {
			touched = append(touched, i)
		}
		for len(touched) > 0 { // neighbours in one write
			n := 1
			for n < len(touched) && touched[n] == touched[0]+uint64(n) {
				n++
			}
			sums := make([]byte, 0, 4*n)
			for _, i := range touched[:n] {
				sums = binary.LittleEndian.AppendUint32(sums, page(i))
			}
			if _, err := f.WriteAt(sums, int64(touched[0]*4)); err != nil {
				return err
			}
			touched = touched[n:]
		}
		return nil
	})
	s := span{Rows: newRows}
	if size%pageSize != 0 {
		s.Last = page(full)
	}
	return s, errors.Join(err, m.Close())
}

// recover puts right what an interrupted commit left.
func (w *Writer) recover(man *manifest) error {
	name := marksName(man.Generation + 1)
	data, err := w.fsys.ReadFile(name)
	if disk.Missing(err) {
		return w.sweepFiles(man)
	}
	if err != nil {
		return writeError(name, err)
	}
	spends, links, err := parseMarks(data)
	if err != nil {
		return err
	}
	w.store, err = openStore(w.fsys, man, false)
	if err != nil {
		return err
	}
	for i := range spends {
		spends[i].value[0] = none40
	}
	for i := range links {
		links[i].value = [2]uint64{none40, none40}
	}
	err = errors.Join(w.setCells(colOutput, 13, 1, spends), w.setCells(colLink, 0, 2, links))
	for _, c := range []column{colOutput, colLink} {
		if err == nil {
			var s span
			if s, err = w.sum(c, man.Columns[c].Rows, man.Columns[c].Rows, spends, links); err == nil && s != man.Columns[c] {
				err = mapError(columnFile(c), errors.New("the last page's checksum does not match"))
			}
		}
	}
	err = errors.Join(err, w.store.close())
	w.store = nil
	if err != nil {
		return err
	}
	return w.sweepFiles(man)
}

func parseMarks(data []byte) (spends, links []cell, err error) {
	const head, each, tail = 16, 24, 4
	n := len(data)
	if n < head+tail || checksum(data[:n-tail]) != binary.LittleEndian.Uint32(data[n-tail:]) {
		return nil, nil, mapError("marks", errors.New("the list of marks is damaged"))
	}
	split, more := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
	if uint64(n) != head+tail+(split+more)*each {
		return nil, nil, mapError("marks", errors.New("the list of marks is not whole"))
	}
	for i, at := uint64(0), head; at < n-tail; i, at = i+1, at+each {
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(data[at+8*k:]) }
		c := cell{word(0), [2]uint64{word(1), word(2)}}
		if i < split {
			spends = append(spends, c)
		} else {
			links = append(links, c)
		}
	}
	return spends, links, nil
}

// sweepFiles deletes the files that the committed generation does not name. On
// systems that keep mapped files from being deleted the next writer tries again.
func (w *Writer) sweepFiles(man *manifest) error {
	names, err := w.fsys.List()
	if err != nil {
		return writeError("folder", err)
	}
	keep := map[string]bool{manifestName: true, "lock": true}
	for c := range columns {
		keep[columnFile(c)], keep[checksumFile(c)] = true, true
	}
	for _, f := range man.files() {
		keep[f.Name] = true
	}
	for _, name := range names {
		if !keep[name] && ours(name) {
			_ = w.fsys.Remove(name) // a reader may still hold it
		}
	}
	return nil
}
