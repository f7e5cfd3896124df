package ingest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Framing of undo files: the magic, the record's size, the record, its checksum.
// Records lie in the order in which the node connected the blocks, which is not
// the order of the block file beside it.
const checksumSize = 32

// undoIndex knows where the records of each undo file lie. All readers share it.
type undoIndex struct {
	mutex sync.Mutex
	files map[string]*undoFile
}

type undoFile struct {
	records []undoRecord
	next    int64 // where indexing goes on when the file has grown
	cursor  int   // after the record found last: the next block's is mostly there
	stray   int64 // the first byte between records that belongs to none and is not zero; -1 if there is none
}

type undoRecord struct {
	offset int64
	size   uint32
	count  uint64 // transactions, without the coinbase
}

// fill gives a block's inputs the coins that they spend, from the undo file
// beside one of the block's places.
func (u *undoIndex) fill(ctx context.Context, r *reader, n int32, block *goshawk.Block) error {
	node := &r.folder.tree.nodes[n]
	err := u.fillFrom(ctx, r, n, node.place, block)
	for _, at := range r.folder.tree.copies[n] {
		if err == nil || goshawk.CodeOf(err) == goshawk.Unavailable || ctx.Err() != nil {
			break
		}
		if u.fillFrom(ctx, r, n, at, block) == nil {
			return nil
		}
	}
	return err
}

func (u *undoIndex) fillFrom(ctx context.Context, r *reader, n int32, at place, block *goshawk.Block) error {
	f := &r.folder.files[at.file]
	missing := goshawk.Errorf(goshawk.Unsupported, "the undo data that tells which coins it spends is not in %s", filepath.Base(f.undo)).
		WithHint("let the node finish validating its blocks and copy rev*.dat beside blk*.dat; or take the blocks from the node with --rpc")
	if f.undo == "" {
		return missing
	}
	var unfit error
	for again := range 2 {
		records, cursor, grew, err := u.records(r, f, again == 1)
		if errors.Is(err, fs.ErrNotExist) {
			return missing
		}
		if err != nil {
			return unreadable(f.undo, err)
		}
		if again == 1 && !grew {
			break
		}
		for i := range records {
			k := (cursor + i) % len(records)
			if records[k].count+1 != uint64(len(block.Txs)) {
				continue
			}
			ok, err := u.try(r, f, records[k], block)
			if err != nil {
				return unreadable(f.undo, err)
			}
			if !ok {
				continue
			}
			// The checksum holds for a sibling's record too; its coins then do not fit.
			if unfit = bitcoin.DecodeUndo(r.undoData(records[k]), block); unfit == nil {
				unfit = checkCoins(block, r.folder.run.opts.Params.MaxMoney)
			}
			if unfit == nil {
				u.mutex.Lock()
				u.files[f.undo].cursor = k + 1
				u.mutex.Unlock()
				return nil
			}
			unfit = damagedUndo(f, records[k].offset, unfit)
		}
	}
	if unfit != nil && !r.folder.tree.hasSibling(n) {
		return unfit
	}
	found, err := u.damage(ctx, r, at.file, len(block.Txs))
	if err != nil {
		return err
	}
	if found >= 0 {
		return damagedUndo(f, found, errors.New("the checksum of the undo data there is that of no block beside it"))
	}
	return missing
}

// damagedUndo says where the undo data lies that cannot be what the node wrote.
func damagedUndo(f *blockFile, offset int64, err error) error {
	name := filepath.Base(f.undo)
	return goshawk.Errorf(goshawk.Corrupt, "the data that tells which coins it spends is damaged: %s: byte %d: %w", name, offset, err).
		WithHint("everything before is in the ledger; copy %s from the node again, or take the blocks from the node with --rpc, and run the command again to go on", name)
}

// try says whether a record's checksum makes it the block's, and leaves the record in the reader's memory.
func (u *undoIndex) try(r *reader, f *blockFile, record undoRecord, block *goshawk.Block) (bool, error) {
	raw, err := r.bytes(f.undo, f.mask, record.offset, int(record.size)+checksumSize)
	if err != nil {
		return false, err
	}
	want := bitcoin.UndoChecksum(block.Parent, raw[:record.size])
	return bytes.Equal(raw[record.size:], want[:]), nil
}

// undoData returns the record that try read last.
func (r *reader) undoData(record undoRecord) []byte { return r.raw[:record.size] }

// comparedUndo bounds the bytes that damage hashes: a second's work or so.
const comparedUndo = 1 << 30

// damage looks for the first place in an undo file that holds no block's record
// though something was written there, and returns its offset; -1 where there is
// none, or none is found with reasonable effort. It is asked where a block of so
// many transactions finds no record of its own: what is damaged is most likely that.
//
// A follower reads what a node is still writing: there only a record of as many
// transactions counts, and not the last.
func (u *undoIndex) damage(ctx context.Context, r *reader, file int32, txs int) (int64, error) {
	f := &r.folder.files[file]
	u.mutex.Lock()
	known := u.files[f.undo]
	records, stray := known.records, known.stray
	u.mutex.Unlock()
	parents, err := r.parents(file)
	if err != nil {
		return -1, err
	}
	next, hashed := 0, int64(0)
	for k, record := range records {
		if ctx.Err() != nil {
			return -1, interrupted(ctx)
		}
		raw, err := r.bytes(f.undo, f.mask, record.offset, int(record.size)+checksumSize)
		if err != nil {
			return -1, unreadable(f.undo, err)
		}
		fits := false
		for i := range parents { // in most files records lie in the order of the chain
			if hashed += int64(len(raw)); hashed > comparedUndo {
				return -1, nil
			}
			if i&0xff == 0xff && ctx.Err() != nil {
				return -1, interrupted(ctx)
			}
			p := (next + i) % len(parents)
			if sum := bitcoin.UndoChecksum(parents[p], raw[:record.size]); bytes.Equal(raw[record.size:], sum[:]) {
				fits, next = true, p+1
				break
			}
		}
		own := record.count+1 == uint64(txs)
		if !fits && (!r.folder.run.opts.Follow || own && k < len(records)-1) {
			return record.offset, nil
		}
	}
	if r.folder.run.opts.Follow {
		return -1, nil
	}
	return stray, nil
}

// parents returns the hashes of the blocks that a file's blocks follow, by height.
func (r *reader) parents(file int32) ([]goshawk.Hash, error) {
	type block struct {
		height int32
		offset int64
	}
	var blocks []block
	tree := r.folder.tree
	for i := range tree.nodes {
		if n := &tree.nodes[i]; n.place.file == file {
			blocks = append(blocks, block{n.height, n.place.offset})
		}
		for _, at := range tree.copies[int32(i)] {
			if at.file == file {
				blocks = append(blocks, block{tree.nodes[i].height, at.offset})
			}
		}
	}
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Or(cmp.Compare(a.height, b.height), cmp.Compare(a.offset, b.offset)) })
	f := &r.folder.files[file]
	parents := make([]goshawk.Hash, 0, len(blocks))
	for _, b := range blocks {
		raw, err := r.bytes(f.name, f.mask, b.offset+frameSize, bitcoin.HeaderSize)
		if err != nil {
			return nil, unreadable(f.name, err)
		}
		h, err := bitcoin.DecodeHeader(raw)
		if err != nil {
			return nil, err
		}
		parents = append(parents, h.Parent)
	}
	return parents, nil
}

// records indexes an undo file, and again what it has grown by.
func (u *undoIndex) records(r *reader, f *blockFile, again bool) (records []undoRecord, cursor int, grew bool, err error) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	known, ok := u.files[f.undo]
	if ok && !again {
		return known.records, known.cursor, false, nil
	}
	info, err := r.folder.disk.Stat(f.undo)
	if err != nil {
		return nil, 0, false, err
	}
	if !ok {
		known = &undoFile{stray: -1}
	}
	file, err := r.file(f.undo)
	if err != nil {
		return nil, 0, false, err
	}
	before := len(known.records)
	s := scanner{params: r.folder.run.opts.Params, file: file, mask: f.mask, size: info.Size()}
	if err := known.index(&s); err != nil {
		return nil, 0, false, err
	}
	if u.files == nil {
		u.files = make(map[string]*undoFile)
	}
	u.files[f.undo] = known
	return known.records, known.cursor, len(known.records) > before, nil
}

// index walks the framing from where the last walk ended. Damage costs at most
// the records that it hits: every record that is used proves itself by its checksum.
func (u *undoFile) index(s *scanner) error {
	const probe = frameSize + 9 // a count takes at most nine bytes
	magic := s.params.Magic[:]
	for at := u.next; at < s.size; {
		b, err := s.look(at, probe, stepAhead)
		if err != nil {
			return err
		}
		if len(b) > frameSize && bytes.HasPrefix(b, magic) {
			size := binary.LittleEndian.Uint32(b[magicSize:])
			end := at + frameSize + int64(size) + checksumSize
			// A spent coin's script may be long, but the block that created it held it.
			if size > 0 && int64(size) <= undoLimit(s.params) && end <= s.size {
				u.records = append(u.records, undoRecord{at + frameSize, size, leastCount(b[frameSize:])})
				at, u.next = end, end
				continue
			}
		}
		from := at
		if at, err = nextMagic(s, at+1); err != nil {
			return err
		}
		if u.stray < 0 && at < s.size { // bytes up to the file's end may be still to come
			u.stray, err = firstNonZero(s, from, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstNonZero returns where the first byte that is not zero lies, or -1.
func firstNonZero(s *scanner, from, to int64) (int64, error) {
	for from < to {
		chunk, err := s.look(from, searchAhead, searchAhead)
		if err != nil || len(chunk) == 0 {
			return -1, err
		}
		chunk = chunk[:min(int64(len(chunk)), to-from)]
		if rest := bytes.TrimLeft(chunk, "\x00"); len(rest) > 0 {
			return from + int64(len(chunk)-len(rest)), nil
		}
		from += int64(len(chunk))
	}
	return -1, nil
}

// undoLimit bounds an undo record: each input, of at least 41 bytes, may spend a
// script of 10,000 bytes, but a record of more than a few blocks' size is none.
func undoLimit(p *bitcoin.Params) int64 { return 32 * int64(p.MaxBlockSize) }

// nextMagic returns where the network's magic stands next, or the file's size.
func nextMagic(s *scanner, at int64) (int64, error) {
	for at < s.size {
		chunk, err := s.look(at, searchAhead, searchAhead)
		if err != nil {
			return at, err
		}
		if k := bytes.Index(chunk, s.params.Magic[:]); k >= 0 {
			return at + int64(k), nil
		}
		if at+int64(len(chunk)) == s.size {
			break
		}
		at += int64(len(chunk) - magicSize + 1)
	}
	return s.size, nil
}

// leastCount reads a compact count; of a cut one it returns what is there.
func leastCount(b []byte) uint64 {
	var wide [9]byte
	copy(wide[:], b)
	switch wide[0] {
	case 0xfd:
		return uint64(binary.LittleEndian.Uint16(wide[1:]))
	case 0xfe:
		return uint64(binary.LittleEndian.Uint32(wide[1:]))
	case 0xff:
		return binary.LittleEndian.Uint64(wide[1:])
	}
	return uint64(wide[0])
}
