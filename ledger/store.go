package ledger

import (
	"errors"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"goshawk"

	"goshawk/internal/disk"
)

// store is one generation's files, mapped: what readers and the writer share.
type store struct {
	fsys disk.FS
	man  *manifest

	maps     [columns]disk.Mapping
	sums     [columns]disk.Mapping
	txIndex  []*segment
	addr     []*segment
	history  []*run
	children []*run
	tail     *image // nil for the writer, and where there is none
	// The two indexes' segments as they are looked at, newest first.
	txs, addrs index
	open       []*mapped

	marking   sync.Mutex
	marked    *[columns]markedCells // that the commit of markedFor sets
	markedFor uint64
}

// openStore maps a generation's files, with its tail if asked.
func openStore(fsys disk.FS, man *manifest, withTail bool) (_ *store, err error) {
	s := &store{fsys: fsys, man: man}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	for c := range columns {
		if s.maps[c], err = fsys.Map(columnFile(c), int64(man.Columns[c].Rows*columnWidths[c])); err != nil {
			return nil, mapError(columnFile(c), err)
		}
		if s.sums[c], err = fsys.Map(checksumFile(c), int64(man.Columns[c].Rows*columnWidths[c]/pageSize*4)); err != nil {
			return nil, mapError(checksumFile(c), err)
		}
	}
	for _, ref := range man.TxIndex {
		seg, err := s.segment(ref)
		if err != nil {
			return nil, err
		}
		s.txIndex = append(s.txIndex, seg)
	}
	for _, ref := range man.AddrIndex {
		seg, err := s.segment(ref)
		if err != nil {
			return nil, err
		}
		s.addr = append(s.addr, seg)
	}
	for _, ref := range man.History {
		r, err := s.run(ref)
		if err != nil {
			return nil, err
		}
		s.history = append(s.history, r)
	}
	for _, ref := range man.Children {
		r, err := s.run(ref)
		if err != nil {
			return nil, err
		}
		s.children = append(s.children, r)
	}
	if withTail && man.Tail != nil {
		f, err := s.file(*man.Tail)
		if err != nil {
			return nil, err
		}
		if s.tail, err = parseImage(f); err != nil {
			return nil, err
		}
	}
	for _, seg := range slices.Backward(s.txIndex) {
		s.txs = append(s.txs, seg)
	}
	for _, seg := range slices.Backward(s.addr) {
		s.addrs = append(s.addrs, seg)
	}
	return s, nil
}

func (s *store) file(ref fileRef) (*mapped, error) {
	f, err := openMapped(s.fsys, ref.Name, ref.Size)
	if err != nil {
		return nil, err
	}
	s.open = append(s.open, f)
	return f, nil
}

func (s *store) segment(ref fileRef) (*segment, error) {
	f, err := s.file(ref)
	if err != nil {
		return nil, err
	}
	return openSegment(f)
}

func (s *store) run(ref fileRef) (*run, error) {
	f, err := s.file(ref)
	if err != nil {
		return nil, err
	}
	return openRun(f)
}

// base returns the columns without a tail.
func (s *store) base() [columns]rows {
	var cols [columns]rows
	for c := range columns {
		p := newPages(columnFile(c), s.maps[c].Bytes(), s.sums[c].Bytes())
		p.last = s.man.Columns[c].Last
		if c == colOutput || c == colLink {
			p.changed = func(page uint64) bool { return s.changed(c, page) }
		}
		cols[c] = rows{base: region{data: p.body, pages: p}, width: columnWidths[c], n: s.man.Columns[c].Rows}
	}
	return cols
}

// changed says whether a page of a column is sound as the file is now, whatever
// generation that is: a writer may have set fields in place since this one, or
// be about to. It writes their list first, then the fields, then the checksums,
// and deletes the list after the next manifest.
func (s *store) changed(c column, page uint64) bool {
	for range 100 { // a writer that commits so often leaves nobody a look
		man, cells, err := s.now()
		if err != nil {
			return false
		}
		sound, err := s.soundNow(man, cells, c, page)
		if err != nil {
			return false
		}
		after, pending, err := s.now()
		if err != nil {
			return false
		}
		if sound || after.Generation == man.Generation && (pending == nil) == (cells == nil) {
			return sound
		}
	}
	return false
}

// now returns the manifest as it is, and the marks that the next commit is about
// to set, or was when it was interrupted.
func (s *store) now() (*manifest, *[columns]markedCells, error) {
	man, err := readManifest(s.fsys)
	if err != nil {
		return nil, nil, err
	}
	if man == nil {
		return nil, nil, noLedger()
	}
	names, err := s.fsys.List()
	name := marksName(man.Generation + 1)
	if err != nil || !slices.Contains(names, name) {
		return man, nil, err
	}
	s.marking.Lock()
	defer s.marking.Unlock()
	if s.marked == nil || s.markedFor != man.Generation+1 {
		data, err := s.fsys.ReadFile(name)
		if disk.Missing(err) {
			return man, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		m, err := parseMarks(data)
		if err != nil {
			return nil, nil, err
		}
		s.marked, s.markedFor = m.pages(), man.Generation+1
	}
	return man, s.marked, nil
}

// soundNow verifies a page by a manifest and the marks that may be set.
func (s *store) soundNow(man *manifest, cells *[columns]markedCells, c column, page uint64) (_ bool, err error) {
	size := man.Columns[c].Rows * columnWidths[c]
	col, err := s.fsys.Map(columnFile(c), int64(size))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, col.Close()) }()
	sums, err := s.fsys.Map(checksumFile(c), int64(size/pageSize*4))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, sums.Close()) }()
	p := newPages(columnFile(c), col.Bytes(), sums.Bytes())
	p.last = man.Columns[c].Last
	return p.good(page) || cells != nil && cells[c].matches(page, p.page(page), p.sum(page)), nil
}

func (s *store) close() error {
	var errs []error
	for _, m := range slices.Concat(s.maps[:], s.sums[:]) {
		if m != nil {
			errs = append(errs, m.Close())
		}
	}
	for _, f := range s.open {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

func mapError(name string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return goshawk.Errorf(goshawk.Unavailable, "the ledger's file %s cannot be read: %w", name, err).WithHint("ask for permission to read the ledger's folder")
	}
	return goshawk.Errorf(goshawk.Corrupt, "the ledger's file %s is damaged: %w", name, err).
		WithHint("run 'goshawk check' to see what else is, then build the ledger again from the chain")
}

// gone is the error of a file that the manifest names and the folder lacks.
func gone(err error) error {
	return goshawk.Errorf(goshawk.Corrupt, "a file of the ledger is missing: %w", err).
		WithHint("restore it from a copy, or build the ledger again from the chain")
}

// ours says whether a file's name is one that a ledger gives.
func ours(name string) bool {
	for _, prefix := range []string{"txid-", "address-", "history-", "children-", "tail-", "marks-", "manifest.new"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// guard turns what damaged bytes or a failing disk do to code that trusts its
// maps into an error: a page whose checksum does not match, one that cannot be
// read, or, behind a writer's back, a number that points nowhere.
func guard(err *error) func() { return watch(err, nil) }

// watch is guard, and keeps the first damage: what was read before it is known
// of is no answer either.
func watch(err *error, seen *atomic.Pointer[goshawk.Error]) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		var found *goshawk.Error
		switch cause := recover().(type) {
		case nil:
		case damage:
			found = cause.err
		case runtime.Error:
			found = goshawk.Errorf(goshawk.Corrupt, "the ledger's files are damaged: %w", cause).
				WithHint("'goshawk check' says where; then build the ledger again from the chain")
		default:
			panic(cause)
		}
		if seen != nil {
			if found != nil {
				seen.CompareAndSwap(nil, found)
			}
			found = seen.Load()
		}
		if found != nil {
			*err = found
		}
	}
}
