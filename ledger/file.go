package ledger

import (
	"encoding/binary"
	"hash/crc32"

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

// mapped is an immutable file in memory.
type mapped struct {
	name string
	m    disk.Mapping
	all  []byte
	body []byte
}

func (f *mapped) damaged(what string) error {
	return goshawk.Errorf(goshawk.Corrupt, "the ledger's file %s is damaged: %s", f.name, what).
		WithHint("run 'goshawk check' to see what else is, then build the ledger again from the chain")
}

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
		return nil, f.damaged("it is too short")
	}
	body := binary.LittleEndian.Uint64(f.all[n-footerTail:])
	if body > n || n != body+pages(body)*4+footerTail {
		return nil, f.damaged("its footer does not fit its length")
	}
	f.body = f.all[:body]
	return f, nil
}

func (f *mapped) close() error { return f.m.Close() }

// verify checks every page and returns the offsets of those that do not match.
func (f *mapped) verify(bad func(offset uint64)) {
	footer := f.all[len(f.body):]
	if checksum(footer[:len(footer)-4]) != binary.LittleEndian.Uint32(footer[len(footer)-4:]) {
		bad(uint64(len(f.body)))
		return
	}
	for i := uint64(0); i < pages(uint64(len(f.body))); i++ {
		page := f.body[i*pageSize : min((i+1)*pageSize, uint64(len(f.body)))]
		if checksum(page) != binary.LittleEndian.Uint32(footer[i*4:]) {
			bad(i * pageSize)
		}
	}
}

func pages(size uint64) uint64 { return (size + pageSize - 1) / pageSize }

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
		WithHint("free some space or check the disk, then run the same command again: it resumes")
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
	footer := make([]byte, 0, pages(body)*4+footerTail)
	buf := make([]byte, min(64*pageSize, pages(body)*pageSize))
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
