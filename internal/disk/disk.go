// Package disk is the file layer under everything that Goshawk writes: the
// handful of operations that a crash-safe store needs, so that tests can make
// each of them fail. It never interprets what it stores.
package disk

import (
	"errors"
	"io"
	"io/fs"
	"slices"
)

// FS is a folder of flat files.
type FS interface {
	// Create makes a new file, or empties the old one of that name, for writing.
	Create(name string) (File, error)
	// Edit opens a file for reading and writing in place, and makes it if it is absent.
	Edit(name string) (File, error)
	// ReadFile returns a file's content; the error of a missing one is fs.ErrNotExist.
	ReadFile(name string) ([]byte, error)
	// Map maps the first size bytes of a file into memory, read-only. The file
	// must be at least that long. A map of nothing is valid and empty.
	Map(name string, size int64) (Mapping, error)
	// Size returns a file's length in bytes.
	Size(name string) (int64, error)
	// Rename moves a file over another atomically.
	Rename(old, new string) error
	// Remove deletes a file; a missing one is no error.
	Remove(name string) error
	// List returns the names of all files.
	List() ([]string, error)
	// Sync makes creations, renames and removals durable.
	Sync() error
	// Lock takes the folder's writer lock, which the operating system drops
	// when the process ends; ErrLocked if another process has it.
	Lock(name string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.WriterAt
	io.ReaderAt
	io.Closer
	Sync() error
}

// Mapping is a file's bytes in memory.
type Mapping interface {
	// Bytes are valid until Close; writing to them crashes the program.
	Bytes() []byte
	Close() error
}

// Memory is a File that lies in memory.
type Memory []byte

// WriteAt implements io.WriterAt.
func (m *Memory) WriteAt(b []byte, offset int64) (int, error) {
	if end := int(offset) + len(b); end > len(*m) {
		*m = slices.Grow(*m, end-len(*m))[:end]
	}
	return copy((*m)[offset:], b), nil
}

// ReadAt implements io.ReaderAt.
func (m *Memory) ReadAt(b []byte, offset int64) (int, error) {
	if offset > int64(len(*m)) {
		return 0, io.EOF
	}
	n := copy(b, (*m)[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Sync implements File.
func (m *Memory) Sync() error { return nil }

// Close implements io.Closer.
func (m *Memory) Close() error { return nil }

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("another process holds the lock")

// WriteFile replaces a file atomically and durably: whatever happens, the name
// holds either the old bytes or all of the new ones.
func WriteFile(fsys FS, name string, data []byte) error {
	temporary := name + ".new"
	f, err := fsys.Create(temporary)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fsys.Rename(temporary, name); err != nil {
		return err
	}
	return fsys.Sync()
}

// Missing says whether err means that a file is not there.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
