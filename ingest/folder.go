package ingest

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// blockFile is a file of framed blocks, or one block alone.
type blockFile struct {
	name    string
	undo    string // the undo file that belongs to it; empty where there is none
	mask    mask
	lone    bool  // one block without a frame
	size    int64 // when it was last scanned
	changed int64 // its modification time then, in nanoseconds
	next    int64 // where scanning goes on when it has changed
	told    int64 // where the last warning was given; earlier ones are not repeated
}

// folder is the set of files that were named, and what their headers told.
type folder struct {
	run    *run
	disk   FileSystem
	paths  []string
	files  []blockFile
	named  map[string]int32 // files by name
	masks  map[string]mask  // by folder
	tree   *tree
	memory []byte // for scanning
	// lost is the first frame whose block cannot be had; its file is empty if there is none.
	lost Warning

	held     []int32          // the ledger's blocks, in order
	before   goshawk.Hash     // the parent of its first block
	heights  map[int32]int32  // of blocks of a partial ledger, where known
	times    map[int32]uint32 // of new blocks for a partial ledger
	inLedger map[int32]bool   // which blocks a partial ledger holds
	undo     undoIndex
	told     int32 // the block whose damage was told as a warning
}

func newFolder(r *run, disk FileSystem, paths []string) *folder {
	return &folder{run: r, disk: disk, paths: paths, named: map[string]int32{}, masks: map[string]mask{}, tree: newTree(),
		heights: map[int32]int32{}, times: map[int32]uint32{}, inLedger: map[int32]bool{}, told: none}
}

// refresh finds files that are new and reads the headers that were not read yet.
func (d *folder) refresh(ctx context.Context) error {
	for _, path := range d.paths {
		if err := d.list(path); err != nil {
			return err
		}
	}
	type work struct {
		file int
		info fs.FileInfo
	}
	var todo []work
	d.run.done.TotalBytes, d.run.done.Bytes = 0, 0
	for i := range d.files {
		f := &d.files[i]
		info, err := d.disk.Stat(f.name)
		if err != nil {
			return unreadable(f.name, err)
		}
		if info.Size() != f.size || info.ModTime().UnixNano() != f.changed {
			todo = append(todo, work{i, info})
			d.run.done.TotalBytes += max(0, info.Size()-f.next)
		}
	}
	for _, w := range todo {
		f := &d.files[w.file]
		from := f.next
		if err := d.scan(ctx, int32(w.file), w.info.Size()); err != nil {
			return err
		}
		f.size, f.changed = w.info.Size(), w.info.ModTime().UnixNano()
		d.run.done.Bytes += max(0, f.size-from)
		d.run.progress(Headers)
	}
	return nil
}

// list adds the files that a path stands for: a file, or a folder's block files.
func (d *folder) list(path string) error {
	info, err := d.disk.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return goshawk.Errorf(goshawk.NotFound, "there is no file or folder %s", path).WithHint("name a node's blocks folder, its blk*.dat files, or raw block files")
	}
	if err != nil {
		return unreadable(path, err)
	}
	if !info.IsDir() {
		return d.include(path)
	}
	for _, dir := range []string{path, filepath.Join(path, "blocks")} {
		entries, err := d.disk.ReadDir(dir)
		if dir != path && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return unreadable(dir, err)
		}
		var names []string
		for _, e := range entries {
			if !e.IsDir() && (isBlockFile(e.Name()) || strings.HasSuffix(e.Name(), ".blk")) {
				names = append(names, e.Name())
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.SortFunc(names, func(a, b string) int { // blk100000.dat comes after blk99999.dat
			return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		})
		for _, name := range names {
			if err := d.include(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		return nil
	}
	return goshawk.Errorf(goshawk.NotFound, "the folder %s holds no block files", path).
		WithHint("a node keeps them in the folder blocks of its data folder, as blk00000.dat and so on")
}

// isBlockFile says whether a name is that of a node's block file.
func isBlockFile(name string) bool {
	digits, ok := strings.CutPrefix(name, "blk")
	if !ok {
		return false
	}
	digits, ok = strings.CutSuffix(digits, ".dat")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// include adds one file, once.
func (d *folder) include(name string) error {
	name = filepath.Clean(name)
	if _, ok := d.named[name]; ok {
		return nil
	}
	f := blockFile{name: name, told: -1, size: -1}
	dir, base := filepath.Split(name)
	if isBlockFile(base) {
		key, ok := d.masks[dir]
		if !ok {
			var err error
			if key, err = readMask(d.disk, dir+"xor.dat"); err != nil {
				return err
			}
			d.masks[dir] = key
		}
		f.mask, f.undo = key, dir+"rev"+strings.TrimPrefix(base, "blk")
	}
	d.named[name] = int32(len(d.files))
	d.files = append(d.files, f)
	return nil
}

// scan reads the headers of one file from where the last scan ended.
func (d *folder) scan(ctx context.Context, index int32, size int64) error {
	f := &d.files[index]
	if size < f.next {
		return goshawk.Errorf(goshawk.Unavailable, "%s has shrunk from %d to %d bytes", f.name, f.next, size).
			WithHint("was it replaced while it was read? Run the same command again")
	}
	file, err := d.disk.Open(f.name)
	if err != nil {
		return unreadable(f.name, err)
	}
	defer file.Close() // only read
	s := scanner{params: d.run.opts.Params, file: file, mask: f.mask, size: size, memory: d.memory}
	s.found = func(h *bitcoin.Header, offset int64, size uint32, again bool) {
		d.found(h, place{index, size, offset}, again)
	}
	s.warn = func(offset int64, format string, args ...any) {
		if offset > f.told {
			f.told = offset
			d.run.warn(f.name, offset, format, args...)
		}
	}
	s.lost = func(offset int64) {
		if d.lost.File == "" {
			d.lost = Warning{File: filepath.Base(f.name), Offset: offset}
		}
	}
	if f.next == 0 && !isBlockFile(filepath.Base(f.name)) {
		if f.lone, err = d.lone(&s, f.name); err != nil {
			return err
		}
	}
	if f.lone {
		f.next = size
		return d.foundLone(&s, index)
	}
	f.next, err = s.scan(ctx, f.next)
	d.memory = s.memory
	if err != nil && goshawk.CodeOf(err) == "" {
		return unreadable(f.name, err)
	}
	return err
}

// lone says whether a file is one block without a frame: it begins with a
// header that has its proof of work.
func (d *folder) lone(s *scanner, name string) (bool, error) {
	probe, err := s.look(0, bitcoin.HeaderSize, stepAhead)
	if err != nil {
		return false, unreadable(name, err)
	}
	if len(probe) < bitcoin.HeaderSize || string(probe[:magicSize]) == string(d.run.opts.Params.Magic[:]) {
		return false, nil
	}
	h, err := bitcoin.DecodeHeader(probe)
	return err == nil && d.run.opts.Params.CheckWork(&h) == nil, nil
}

func (d *folder) foundLone(s *scanner, index int32) error {
	if s.size > int64(d.run.opts.Params.MaxBlockSize) {
		return goshawk.Errorf(goshawk.Invalid, "%s begins like a block, but is longer than any (%d bytes)", d.files[index].name, s.size).
			WithHint("a raw block file holds one block and nothing else")
	}
	probe, err := s.look(0, bitcoin.HeaderSize, stepAhead)
	if err != nil {
		return unreadable(d.files[index].name, err)
	}
	h, err := bitcoin.DecodeHeader(probe)
	if err != nil {
		return err
	}
	d.found(&h, place{file: index, size: uint32(s.size)}, false)
	return nil
}

// found puts a header into the tree.
func (d *folder) found(h *bitcoin.Header, at place, again bool) {
	i, isNew := d.tree.add(h.Hash, h.Parent, h.Bits, at)
	if isNew {
		if h.Hash == d.run.opts.Params.Genesis && !d.run.opts.Partial {
			d.tree.anchor(i, h.Parent, 0)
		}
	} else if !again {
		d.run.summary.Known++
		d.tree.nodes[i].again = true
	}
	if isNew && d.run.opts.Partial {
		d.times[i] = h.Time
	}
}

// foreign says which other network's block files these seem to be, or "".
func (d *folder) foreign() string {
	for i := range d.files {
		f := &d.files[i]
		file, err := d.disk.Open(f.name)
		if err != nil {
			continue // a guess for a hint; reading has reported what matters
		}
		var b [magicSize]byte
		err = readFull(file, b[:], 0)
		file.Close() // only read
		if err != nil {
			continue
		}
		f.mask.undo(b[:], 0)
		for _, p := range bitcoin.Networks() {
			if b == p.Magic && p.Magic != d.run.opts.Params.Magic {
				return p.Name
			}
		}
	}
	return ""
}
