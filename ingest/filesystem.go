package ingest

import (
	"crypto/subtle"
	"errors"
	"io"
	"io/fs"
	"os"

	"goshawk"
)

// FileSystem is what ingest needs of a file system: reading only. Names are
// paths as the caller's system writes them.
type FileSystem interface {
	Open(name string) (File, error)
	Stat(name string) (fs.FileInfo, error)
	// ReadDir lists a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
}

// File is a file open for reading.
type File interface {
	io.ReaderAt
	io.Closer
}

// OS returns the operating system's files.
func OS() FileSystem { return osFiles{} }

type osFiles struct{}

func (osFiles) Open(name string) (File, error)             { return os.Open(name) }
func (osFiles) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (osFiles) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// mask is the key that a node XORs over its block and undo files, repeated so
// that whole stretches are undone at once. An empty mask changes nothing.
type mask []byte

const keySize = 8

// newMask repeats a key; an all-zero key is none.
func newMask(key [keySize]byte) mask {
	if key == [keySize]byte{} {
		return nil
	}
	m := make(mask, 4096+keySize)
	for i := range m {
		m[i] = key[i%keySize]
	}
	return m
}

// undo removes the key from bytes that begin at a file offset.
func (m mask) undo(b []byte, offset int64) {
	if len(m) == 0 {
		return
	}
	turn := m[offset%keySize:]
	turn = turn[:len(turn)/keySize*keySize]
	for len(b) > 0 {
		n := subtle.XORBytes(b, b, turn)
		b = b[n:]
	}
}

// readMask reads a folder's xor.dat; a folder without one has no key.
func readMask(files FileSystem, name string) (mask, error) {
	info, err := files.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(name, err)
	}
	if info.Size() != keySize {
		return nil, goshawk.Errorf(goshawk.Corrupt, "%s holds %d bytes instead of %d", name, info.Size(), keySize).
			WithHint("copy xor.dat again from the node's blocks folder: without it the block files cannot be read")
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close() // only read
	var key [keySize]byte
	if err := readFull(f, key[:], 0); err != nil {
		return nil, unreadable(name, err)
	}
	return newMask(key), nil
}

// readFull fills b from an offset. Unlike a ReaderAt alone it goes on after a
// read that came short without an error.
func readFull(r io.ReaderAt, b []byte, offset int64) error {
	for idle := 0; len(b) > 0; {
		n, err := r.ReadAt(b, offset)
		b, offset = b[n:], offset+int64(n)
		if len(b) == 0 {
			return nil
		}
		if err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle == 10 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// unreadable says that a file could not be read.
func unreadable(name string, err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "cannot read %s: %w", name, err).WithHint("check that the path is right and that you may read it; what was ingested so far is kept")
}
