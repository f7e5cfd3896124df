package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"goshawk"
	"goshawk/internal/disk"
)

// pageSize is how many bytes one checksum covers: as much as a write in place
// touches at least, since each touched page is read and checksummed whole.
const pageSize = 4 << 10

// The polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// An immutable file is a body followed by its footer: the checksum of each page
// of the body, the body's length, and a checksum of the footer up to there.
const footerTail = 12

// pages is the body of a mapped file, with what verifies its pages. Each is
// verified before it is read for the first time: a flipped bit would else be an
// answer.
type pages struct {
	name string
	body []byte
	sums []byte // four bytes a page
	last uint32 // of the page that they leave out, if it is not full
	seen []atomic.Uint32

	// changed, for files with fields that are written in place, says whether a
	// page that does not have its checksum is one that a writer has changed since,
	// and sound.
	changed func(page uint64) bool
}

func newPages(name string, body, sums []byte) *pages {
	return &pages{name: name, body: body, sums: sums, seen: make([]atomic.Uint32, pageCount(uint64(len(body)))/32+1)}
}

// need verifies the pages that hold [from, to), unless they were. A damaged one is a panic that guard makes an error of.
func (p *pages) need(from, to uint64) {
	for i := from / pageSize; i*pageSize < to; i++ {
		if p.seen[i/32].Load()>>(i%32)&1 == 0 {
			p.verify(i)
		}
	}
}

// inherit takes over which full pages of a shorter map of the same file were verified.
func (p *pages) inherit(old *pages) {
	if p == nil || old == nil {
		return
	}
	for i := range len(old.body) / pageSize / 32 {
		p.seen[i].Store(old.seen[i].Load())
	}
}

func (p *pages) verify(i uint64) {
	if !p.good(i) && (p.changed == nil || !p.changed(i)) {
		panic(damage{damagedPage(p.name, i)})
	}
	p.seen[i/32].Or(1 << (i % 32))
}

// good says whether a page has its checksum.
func (p *pages) good(i uint64) bool { return checksum(p.page(i)) == p.sum(i) }

func (p *pages) page(i uint64) []byte {
	return p.body[i*pageSize : min((i+1)*pageSize, uint64(len(p.body)))]
}

// sum returns the checksum that a page should have.
func (p *pages) sum(i uint64) uint32 {
	if (i+1)*4 <= uint64(len(p.sums)) {
		return binary.LittleEndian.Uint32(p.sums[i*4:])
	}
	return p.last
}

func damagedPage(name string, i uint64) *goshawk.Error {
	return damaged(name, fmt.Sprintf("at byte %d, the page's checksum does not match", i*pageSize))
}

// damage is what a panic over a damaged page carries to guard.
type damage struct{ err *goshawk.Error }

func damaged(name, what string) *goshawk.Error {
	return goshawk.Errorf(goshawk.Corrupt, "the ledger's file %s is damaged: %s", name, what).
		WithHint("run 'goshawk check' to see what else is, then build the ledger again from the chain")
}

// region is a part of a file, or of memory: bytes that are verified before they
// are read.
type region struct {
	data  []byte
	at    uint64 // in the file
	pages *pages // nil for memory
}

// get returns bytes [from, to).
func (r *region) get(from, to uint64) []byte {
	if r.pages != nil {
		r.pages.need(r.at+from, r.at+to)
	}
	return r.data[from:to]
}

// verify verifies all of a region.
func (r *region) verify() { r.get(0, r.size()) }

func (r *region) size() uint64 { return uint64(len(r.data)) }

// part returns bytes [from, to) of a region as one.
func (r *region) part(from, to uint64) region {
	return region{data: r.data[from:to], at: r.at + from, pages: r.pages}
}

// mapped is an immutable file in memory.
type mapped struct {
	name string
	m    disk.Mapping
	all  []byte
	body region
}

func (f *mapped) damaged(what string) error { return damaged(f.name, what) }

func openMapped(fsys disk.FS, name string, size int64) (*mapped, error) {
	m, err := fsys.Map(name, size)
	if err != nil {
		if disk.Missing(err) {
			return nil, err
		}
		return nil, mapError(name, err)
	}
	f := &mapped{name: name, m: m, all: m.Bytes()}
	n := uint64(len(f.all))
	if n < footerTail {
		return nil, errors.Join(f.damaged("it is too short"), m.Close())
	}
	body := binary.LittleEndian.Uint64(f.all[n-footerTail:])
	if body > n || n != body+pageCount(body)*4+footerTail {
		return nil, errors.Join(f.damaged("its footer does not fit its length"), m.Close())
	}
	f.body = region{data: f.all[:body], pages: newPages(name, f.all[:body], f.all[body:n-footerTail])}
	return f, nil
}

func (f *mapped) close() error { return f.m.Close() }

// verify checks every page and returns the offsets of those that do not match.
func (f *mapped) verify(bad func(offset uint64)) {
	footer := f.all[f.body.size():]
	if checksum(footer[:len(footer)-4]) != binary.LittleEndian.Uint32(footer[len(footer)-4:]) {
		bad(f.body.size())
		return
	}
	for i := range pageCount(f.body.size()) {
		if !f.body.pages.good(i) {
			bad(i * pageSize)
		}
	}
}

// intact verifies every page.
func (f *mapped) intact() error {
	var bad []uint64
	f.verify(func(offset uint64) { bad = append(bad, offset) })
	if len(bad) > 0 {
		return damagedPage(f.name, bad[0]/pageSize)
	}
	return nil
}

func pageCount(size uint64) uint64 { return (size + pageSize - 1) / pageSize }

// fileWriter writes an immutable file in sections that may come in any order.
type fileWriter struct {
	fsys disk.FS
	name string
	f    disk.File
	err  error
	size uint64
}

func createFile(fsys disk.FS, name string) (*fileWriter, error) {
	f, err := fsys.Create(name)
	if err != nil {
		return nil, writeError(name, err)
	}
	return &fileWriter{fsys: fsys, name: name, f: f}, nil
}

func writeError(name string, err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "cannot write the ledger's file %s: %w", name, err).
		WithHint("free some space or check the disk, then run the same command again: an ingest resumes; temporary ledgers lie in TMPDIR")
}

// section writes bytes from an offset on, through a buffer of its own.
type section struct {
	w   *fileWriter
	buf []byte
	at  uint64
}

func (w *fileWriter) section(offset uint64) *section {
	return &section{w: w, at: offset}
}

// sectionBuffer is how much a section gathers for a write.
const sectionBuffer = 256 << 10

// room makes sure that n more bytes, a few, fit the buffer.
func (s *section) room(n int) {
	if cap(s.buf)-len(s.buf) >= n {
		return
	}
	if cap(s.buf) < sectionBuffer { // most sections are small
		grown := make([]byte, len(s.buf), min(max(4*cap(s.buf), 512), sectionBuffer))
		copy(grown, s.buf)
		s.buf = grown
		return
	}
	s.flush()
}

func (s *section) write(b []byte) {
	if len(b) >= sectionBuffer {
		s.flush()
		s.put(b)
		return
	}
	for len(b) > 0 {
		s.room(1)
		n := min(len(b), cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, b[:n]...)
		b = b[n:]
	}
}

func (s *section) put8(v byte) {
	s.room(1)
	s.buf = append(s.buf, v)
}

func (s *section) put64(v uint64) {
	s.room(8)
	s.buf = binary.LittleEndian.AppendUint64(s.buf, v)
}

func (s *section) put40(v uint64) {
	s.room(5)
	n := len(s.buf)
	s.buf = s.buf[:n+5]
	put40(s.buf[n:], v)
}

func (s *section) flush() {
	s.put(s.buf)
	s.buf = s.buf[:0]
}

func (s *section) put(b []byte) {
	if s.w.err == nil && len(b) > 0 {
		if _, err := s.w.f.WriteAt(b, int64(s.at)); err != nil {
			s.w.err = writeError(s.w.name, err)
		}
	}
	s.at += uint64(len(b))
}

// finish adds the footer to a body of the given size and makes the file
// durable. It closes the file in any case.
func (w *fileWriter) finish(body uint64) (err error) {
	defer func() {
		if cerr := w.f.Close(); err == nil && cerr != nil {
			err = writeError(w.name, cerr)
		}
	}()
	if w.err != nil {
		return w.err
	}
	footer := make([]byte, 0, pageCount(body)*4+footerTail)
	buf := make([]byte, min(64*pageSize, pageCount(body)*pageSize))
	for at := uint64(0); at < body; at += uint64(len(buf)) {
		b := buf[:min(uint64(len(buf)), body-at)]
		if _, err := w.f.ReadAt(b, int64(at)); err != nil {
			return writeError(w.name, err)
		}
		for len(b) > 0 {
			p := b[:min(pageSize, len(b))]
			footer = binary.LittleEndian.AppendUint32(footer, checksum(p))
			b = b[len(p):]
		}
	}
	footer = binary.LittleEndian.AppendUint64(footer, body)
	footer = binary.LittleEndian.AppendUint32(footer, checksum(footer))
	if _, err := w.f.WriteAt(footer, int64(body)); err != nil {
		return writeError(w.name, err)
	}
	if err := w.f.Sync(); err != nil {
		return writeError(w.name, err)
	}
	w.size = body + uint64(len(footer))
	return nil
}
