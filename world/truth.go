package world

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strconv"

	"goshawk"
)

// File is a file being written.
type File = io.WriteCloser

// Folder is where a world is written. Names have forward slashes; the folder
// makes what lies before them.
type Folder interface {
	Create(name string) (File, error)
}

// Listed is a file as world.json lists it.
type Listed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// hashed counts and hashes what is written to a file.
type hashed struct {
	*bufio.Writer
	file File
	hash hash.Hash
	size int64
	name string
	done func(Listed)

	closed bool
}

// files makes files and remembers them.
type files struct {
	folder Folder
	open   []*hashed
	list   []Listed
}

func (f *files) create(name string) (*hashed, error) {
	file, err := f.folder.Create(name)
	if err != nil {
		return nil, failed(name, err)
	}
	h := &hashed{file: file, hash: sha256.New(), name: name, done: func(l Listed) { f.list = append(f.list, l) }}
	h.Writer = bufio.NewWriterSize(tee{h}, 1<<18)
	f.open = append(slices.DeleteFunc(f.open, func(h *hashed) bool { return h.closed }), h)
	return h, nil
}

// abandon closes what is still open of a world that will not be finished.
func (f *files) abandon() {
	for _, h := range f.open {
		if !h.closed {
			h.closed = true
			_ = h.file.Close() // the file is to be removed
		}
	}
}

// tee is the way from a hashed file's buffer to its file.
type tee struct{ h *hashed }

func (t tee) Write(p []byte) (int, error) {
	n, err := t.h.file.Write(p)
	t.h.hash.Write(p[:n])
	t.h.size += int64(n)
	if err != nil {
		return n, failed(t.h.name, err)
	}
	return n, nil
}

// Close ends the file and lists it.
func (h *hashed) Close() error {
	h.closed = true
	err := h.Flush()
	if closed := h.file.Close(); err == nil && closed != nil {
		err = failed(h.name, closed)
	}
	if err == nil {
		h.done(Listed{h.name, h.size, hex.EncodeToString(h.hash.Sum(nil))})
	}
	return err
}

func failed(name string, err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "%s could not be written: %w", name, err).WithHint("is the disk full, or the folder read-only? nothing unfinished is left behind")
}

// sheet is a CSV file. None of its fields needs quotes: names of people and firms
// are this package's own.
type sheet struct {
	*hashed
	row []byte
}

func (f *files) sheet(name, header string) (*sheet, error) {
	h, err := f.create(name)
	if err != nil {
		return nil, err
	}
	_, err = h.WriteString(header + "\n")
	return &sheet{hashed: h}, err
}

func (c *sheet) text(s string) *sheet {
	c.row = append(append(c.row, s...), ',')
	return c
}

func (c *sheet) number(n uint64) *sheet {
	c.row = append(strconv.AppendUint(c.row, n, 10), ',')
	return c
}

func (c *sheet) hex(h digest) *sheet {
	c.row = append(hex.AppendEncode(c.row, h[:]), ',')
	return c
}

func (c *sheet) end() error {
	c.row[len(c.row)-1] = '\n'
	_, err := c.Write(c.row)
	c.row = c.row[:0]
	return err
}
