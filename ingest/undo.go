package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
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
}

type undoRecord struct {
	offset int64
	size   uint32
	count  uint64 // transactions, without the coinbase
}

// fill gives a block's inputs the coins that they spend, from the undo file
// beside one of the block's places.
func (u *undoIndex) fill(r *reader, node *node, copies []place, block *goshawk.Block) error {
	err := u.fillFrom(r, node.place, block)
	for _, at := range copies {
		if err == nil || goshawk.CodeOf(err) == goshawk.Unavailable {
			break
		}
		if u.fillFrom(r, at, block) == nil {
			return nil
		}
	}
	return err
}

func (u *undoIndex) fillFrom(r *reader, at place, block *goshawk.Block) error {
	f := &r.folder.files[at.file]
	missing := goshawk.Errorf(goshawk.Unsupported, "the undo data that tells which coins it spends is not in %s", filepath.Base(f.undo)).
		WithHint("let the node finish validating its blocks and copy rev*.dat beside blk*.dat; or take the blocks from the node with --rpc")
	if f.undo == "" {
		return missing
	}
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
			if ok {
				u.mutex.Lock()
				u.files[f.undo].cursor = k + 1
				u.mutex.Unlock()
				return nil
			}
		}
	}
	return missing
}

// try says whether a record is the block's, and takes the coins from it.
func (u *undoIndex) try(r *reader, f *blockFile, record undoRecord, block *goshawk.Block) (bool, error) {
	raw, err := r.bytes(f.undo, f.mask, record.offset, int(record.size)+checksumSize)
	if err != nil {
		return false, err
	}
	data, sum := raw[:record.size], raw[record.size:]
	if want := bitcoin.UndoChecksum(block.Parent, data); !bytes.Equal(sum, want[:]) {
		return false, nil
	}
	// The checksum holds for a sibling's record too; its coins then do not fit.
	return bitcoin.DecodeUndo(data, block) == nil && paid(block, r.folder.run.opts.Params.MaxMoney), nil
}

// paid says whether every transaction's coins are worth at least its outputs,
// and no more than all coins that there can be.
func paid(block *goshawk.Block, maxMoney uint64) bool {
	for i := range block.Txs {
		if block.Txs[i].Coinbase {
			continue
		}
		var in, out uint64
		for _, c := range block.TxInputs(i) {
			if c.Value > maxMoney-in {
				return false
			}
			in += c.Value
		}
		for _, o := range block.TxOutputs(i) {
			out += o.Value // the decoder holds their sum below maxMoney
		}
		if in < out {
			return false
		}
	}
	return true
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
		known = &undoFile{}
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
		if at, err = nextMagic(s, at+1); err != nil {
			return err
		}
	}
	return nil
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
