package node

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// File is a block file: blocks behind one another, each after the network's
// magic and its own length. Its content must not change while it is used.
type File struct {
	Name string // for errors
	Size int64
	io.ReaderAt
}

// Files are the blocks of a chain's block files, found once and read when they
// are asked for. They implement Blocks and may be used from many goroutines.
type Files struct {
	files  []File
	blocks []located
	hashes map[goshawk.Hash]int32
}

// located says where a block lies.
type located struct {
	hash   goshawk.Hash
	offset int64
	size   uint32
	time   uint32
	file   int32
}

// frame is what stands before each block.
const frame = 8

// OpenFiles finds the blocks of a whole chain, which must lie in the files in the
// order of their heights with nothing between them, as the writer of a world
// leaves them. A real node's files are not like that: ingest reads those. What
// is wrong is a Corrupt error that names file and byte. The blocks' transactions
// are not looked at.
func OpenFiles(ctx context.Context, params *bitcoin.Params, files []File) (*Files, error) {
	f := &Files{files: files, hashes: map[goshawk.Hash]int32{}}
	tip := goshawk.Hash{}
	for n := range files {
		file := &files[n]
		for at := int64(0); at < file.Size; {
			if err := ctx.Err(); err != nil {
				return nil, goshawk.Errorf(goshawk.Interrupted, "the block files were not read: %w", err)
			}
			var start [frame + bitcoin.HeaderSize]byte
			if err := file.read(start[:], at); err != nil {
				return nil, err
			}
			size := binary.LittleEndian.Uint32(start[4:])
			switch {
			case [4]byte(start[:4]) != params.Magic:
				return nil, file.fault(at, "no block of %s begins here", params.Name)
			case size < bitcoin.HeaderSize || int64(size) > file.Size-at-frame:
				return nil, file.fault(at, "a block of %d bytes cannot be here", size)
			}
			header, err := bitcoin.DecodeHeader(start[frame:])
			if err != nil {
				return nil, file.fault(at, "%w", err)
			}
			if header.Parent != tip {
				return nil, file.fault(at, "block %v does not follow block %v, which lies before it", header.Hash, tip)
			}
			if len(f.blocks) == 0 && header.Hash != params.Genesis {
				return nil, file.fault(at, "the chain begins with block %v, which is not the first of %s", header.Hash, params.Name)
			}
			tip = header.Hash
			f.hashes[tip] = int32(len(f.blocks))
			f.blocks = append(f.blocks, located{hash: tip, offset: at + frame, size: size, time: header.Time, file: int32(n)})
			at += frame + int64(size)
		}
	}
	if len(f.blocks) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "there are no blocks")
	}
	return f, nil
}

func (f *File) read(into []byte, at int64) error {
	n, err := f.ReadAt(into, at)
	switch {
	case n == len(into): // at a file's end the reader may say so too
		return nil
	case errors.Is(err, io.EOF):
		return f.fault(at, "it ends in the middle of a block")
	}
	return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", f.Name, err)
}

func (f *File) fault(at int64, format string, args ...any) error {
	return goshawk.Errorf(goshawk.Corrupt, "%s: byte %d: %w", f.Name, at, goshawk.Errorf(goshawk.Corrupt, format, args...))
}

// Height is the height of the last block.
func (f *Files) Height() int32 { return int32(len(f.blocks)) - 1 }

// At returns the hash of the block at a height from 0 to Height, and the time
// that its header states, in seconds since 1970.
func (f *Files) At(height int32) (goshawk.Hash, int64) {
	b := &f.blocks[height]
	return b.hash, int64(b.time)
}

// Block implements Blocks.
func (f *Files) Block(_ context.Context, hash goshawk.Hash) ([]byte, error) {
	height, ok := f.hashes[hash]
	if !ok {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no block %v", hash)
	}
	b := &f.blocks[height]
	raw := make([]byte, b.size)
	return raw, f.files[b.file].read(raw, b.offset)
}
