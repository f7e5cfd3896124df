package ingest

import (
	"context"
	"fmt"
	"path/filepath"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// damage says that a block of the chosen chain cannot be read.
type damage struct {
	node   int32
	file   string
	offset int64
	later  bool // it may become whole: the node is still at it
	err    error
}

// Error names the file and the byte.
func (d *damage) Error() string {
	return goshawk.Errorf(goshawk.Corrupt, "%s: byte %d: %v", filepath.Base(d.file), d.offset, d.err).Message
}

// Unwrap returns the error with its code.
func (d *damage) Unwrap() error { return d.err }

// reader decodes blocks from the folder's files. One reader serves one goroutine;
// readers only read the folder.
type reader struct {
	folder  *folder
	decoder *bitcoin.Decoder
	open    [openFiles]openFile // the files read last
	turn    int                 // the next of them to close
	raw     []byte
}

// openFiles is how many files a reader keeps open: blocks that a node fetched
// out of order lie in neighbouring ones.
const openFiles = 8

type openFile struct {
	name string
	File
}

func (d *folder) newReader() *reader {
	r := &reader{folder: d, decoder: bitcoin.NewDecoder(d.run.opts.Params)}
	r.decoder.DeriveKeys = d.run.opts.Partial
	return r
}

func (r *reader) close() {
	for i := range r.open {
		if r.open[i].File != nil {
			r.open[i].Close() // only read
		}
	}
}

// file opens a file, or finds it open.
func (r *reader) file(name string) (File, error) {
	for i := range r.open {
		if r.open[i].File != nil && r.open[i].name == name {
			return r.open[i].File, nil
		}
	}
	f, err := r.folder.disk.Open(name)
	if err != nil {
		return nil, err
	}
	slot := &r.open[r.turn]
	r.turn = (r.turn + 1) % len(r.open)
	if slot.File != nil {
		slot.Close() // only read
	}
	*slot = openFile{name, f}
	return f, nil
}

// bytes reads a stretch of a file without its key, valid until the next call.
func (r *reader) bytes(name string, key mask, offset int64, size int) ([]byte, error) {
	f, err := r.file(name)
	if err != nil {
		return nil, err
	}
	if cap(r.raw) < size {
		r.raw = make([]byte, size+size/4)
	}
	b := r.raw[:size]
	if err := readFull(f, b, offset); err != nil {
		return nil, err
	}
	key.undo(b, offset)
	return b, nil
}

// work decodes a batch.
func (r *reader) work(ctx context.Context, b *batch) {
	for _, n := range b.todo {
		if ctx.Err() != nil {
			b.err = interrupted(ctx)
			return
		}
		if b.err = r.load(ctx, n, b.take()); b.err != nil {
			return
		}
		b.took(int(r.folder.tree.nodes[n].place.size))
	}
}

// load decodes a block of the chosen chain, with its height there and, for a
// late ledger, the coins that it spends.
func (r *reader) load(ctx context.Context, n int32, into *goshawk.Block) error {
	node := &r.folder.tree.nodes[n]
	if err := r.decode(n, into); err != nil {
		return r.fault(n, err)
	}
	if r.folder.run.opts.Partial {
		into.Height = r.folder.height(n)
		return nil
	}
	into.Height = node.height
	if r.folder.run.late && len(into.Ins) > 0 {
		if err := r.folder.undo.fill(ctx, r, n, into); err != nil {
			return r.fault(n, err)
		}
	}
	return nil
}

// decode decodes a block from the first of its places where it is whole.
func (r *reader) decode(n int32, into *goshawk.Block) error {
	node := &r.folder.tree.nodes[n]
	first := r.decodeAt(node, node.place, into)
	if first == nil {
		return nil
	}
	for _, at := range r.folder.tree.copies[n] {
		if r.decodeAt(node, at, into) == nil {
			return nil
		}
	}
	return first
}

func (r *reader) decodeAt(node *node, at place, into *goshawk.Block) error {
	f := &r.folder.files[at.file]
	offset := at.offset
	if !f.lone {
		offset += frameSize
	}
	raw, err := r.bytes(f.name, f.mask, offset, int(at.size))
	if err != nil {
		return unreadable(f.name, err)
	}
	if err := r.decoder.Block(raw, into); err != nil {
		return err
	}
	if into.Hash != node.hash {
		return goshawk.Errorf(goshawk.Corrupt, "another block lies where block %s was", node.hash)
	}
	return nil
}

// fault says where a block that cannot be used lies.
func (r *reader) fault(n int32, err error) error {
	node := &r.folder.tree.nodes[n]
	if code := goshawk.CodeOf(err); code == goshawk.Unavailable || code == goshawk.Interrupted {
		return err
	}
	f := &r.folder.files[node.place.file]
	newest := node.root != none && r.folder.tree.best[node.root] == n
	atEnd := !f.lone && node.place.offset+frameSize+int64(node.place.size) == f.next
	// The node writes a block's undo data only after it has connected the block.
	unconnected := r.folder.run.opts.Follow && goshawk.CodeOf(err) == goshawk.Unsupported
	d := &damage{node: n, file: f.name, offset: node.place.offset, later: newest && atEnd || unconnected}
	hint := goshawk.HintOf(err)
	if hint == "" {
		hint = damageHint
	}
	name, height := fmt.Sprintf("block %s", node.hash), node.height
	if r.folder.run.opts.Partial {
		height = r.folder.height(n) // the tree counts from the first block of each piece of chain
	}
	if height >= 0 {
		name += fmt.Sprintf(" at height %d", height)
	}
	d.err = goshawk.Errorf(goshawk.CodeOf(err), "%s: %w", name, err).WithHint("%s", hint)
	return d
}
