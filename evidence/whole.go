package evidence

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
)

// The records of a zip file (APPNOTE 4.3), and how long they are without their names and fields.
const (
	localMark, localSize     = "PK\x03\x04", 30
	centralMark, centralSize = "PK\x01\x02", 46
	afterMark                = "PK\x07\x08"
	endSize, endSize64       = 22, 22 + 20 + 56
)

// whole finds what a zip file holds beside the files that its directory lists: bytes before, between and behind them,
// a file that is named otherwise where it lies, another directory. Programs differ in which of two they believe, and
// somebody else's must not unpack what was not verified here.
func whole(r io.ReaderAt, size int64, entries []*zip.File) error {
	type placed struct {
		*zip.File
		data int64
	}
	var list []placed
	for _, e := range entries {
		data, err := e.DataOffset()
		if err != nil {
			return corrupt("%q cannot be found in it: %w", e.Name, err)
		}
		list = append(list, placed{e, data})
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Compare(a.data, b.data) })
	at := int64(0)
	var head [centralSize]byte
	for _, e := range list {
		if _, err := r.ReadAt(head[:localSize], at); err != nil || string(head[:4]) != localMark {
			return corrupt("before %q there is something that its directory does not list", e.Name)
		}
		name := make([]byte, binary.LittleEndian.Uint16(head[26:]))
		if _, err := r.ReadAt(name, at+localSize); err != nil || string(name) != e.Name || binary.LittleEndian.Uint16(head[8:]) != e.Method ||
			at+localSize+int64(len(name))+int64(binary.LittleEndian.Uint16(head[28:])) != e.data {
			return corrupt("%q is something else where it lies", e.Name)
		}
		at = e.data + int64(e.CompressedSize64)
		if e.Flags&8 == 0 {
			continue
		}
		length, err := descriptor(r, at)
		if err != nil {
			return err
		}
		at += length
	}
	for range list {
		if _, err := r.ReadAt(head[:], at); err != nil || string(head[:4]) != centralMark {
			return corrupt("behind its files there is something that its directory does not list")
		}
		at += centralSize
		for _, field := range []int{28, 30, 32} {
			at += int64(binary.LittleEndian.Uint16(head[field:]))
		}
	}
	if rest := size - at; rest != endSize && rest != endSize64 {
		return corrupt("behind its directory there is something else")
	}
	return nil
}

// descriptor is how long the sizes are that stand behind a file's bytes: with a mark or without, of 32 bits or of 64. The
// record behind them says which.
func descriptor(r io.ReaderAt, at int64) (int64, error) {
	var text [28]byte
	if n, err := r.ReadAt(text[:], at); n < 16 {
		return 0, corrupt("it ends within a file: %w", err)
	}
	lengths := []int64{12, 20}
	if string(text[:4]) == afterMark {
		lengths = []int64{16, 24, 12, 20}
	}
	for _, n := range lengths {
		if next := text[n : n+4]; bytes.Equal(next, []byte(localMark)) || bytes.Equal(next, []byte(centralMark)) {
			return n, nil
		}
	}
	return 0, corrupt("behind a file there is something that its directory does not list")
}
