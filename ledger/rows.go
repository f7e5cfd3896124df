package ledger

import (
	"bytes"
	"encoding/binary"

	"goshawk"
)

// The columns of a ledger. A row's number is its id.
type column int

const (
	colBlock    column = iota // BlockID
	colHash                   // TxID
	colTx                     // TxID
	colInput                  // inputs in chain order
	colSequence               // the same
	colOutput                 // OutputID
	colAddress                // AddressID
	colLink                   // AddressID
	colOutside                // coins spent here and created elsewhere
	colBlob                   // bytes
	columns
)

var columnNames = [columns]string{"block", "hash", "tx", "input", "sequence", "output", "address", "link", "outside", "blob"}

// Bytes a row. Ids take five bytes: 2^40 of each are room for a thousand
// Bitcoins; an id that would not fit is refused, never wrapped.
var columnWidths = [columns]uint64{86, 32, 23, 18, 4, 18, 21, 10, 41, 1}

const (
	none40  = 1<<40 - 1 // NoTx and NoAddress on disk; all bits set, see view.spender
	burnt40 = none40 - 1

	// An address id's top bit on disk marks an output that pays the key itself.
	byKeyBit = 1 << 39
	maxID    = 1<<38 - 1 // TxIDs share 40 bits with two flags, address ids with one
	// An input whose coin is not in the ledger refers to colOutside with this bit set.
	outsideBit = 1 << 39

	flagCoinbase = 1 // colTx

	flagKnown = 1 // colOutside: value and address are known

	// colAddress: the key does not fit the row and lies in colBlob.
	kindBlob  = 0x80
	inlineKey = 20
)

func get40(b []byte) uint64 {
	_ = b[4]
	return uint64(binary.LittleEndian.Uint32(b)) | uint64(b[4])<<32
}

func put40(b []byte, v uint64) {
	_ = b[4]
	binary.LittleEndian.PutUint32(b, uint32(v))
	b[4] = byte(v >> 32)
}

// rows is one column: what has been appended to its file, mapped, and the
// newest rows, in memory or in a mapped tail.
type rows struct {
	base  region
	tail  []byte
	width uint64
	n     uint64 // rows in base
}

func (r *rows) count() uint64 { return r.n + uint64(len(r.tail))/r.width }

// has says whether row i exists, without count's division.
func (r *rows) has(i uint64) bool { return i < r.n || (i-r.n)*r.width < uint64(len(r.tail)) }

// at returns row i, which must exist.
func (r *rows) at(i uint64) []byte {
	if i < r.n {
		return r.base.get(i*r.width, (i+1)*r.width)
	}
	i -= r.n
	return r.tail[i*r.width : (i+1)*r.width : len(r.tail)] // not into what was taken back
}

// extend appends an empty row to the tail and returns it.
func (r *rows) extend() []byte {
	n := len(r.tail)
	w := int(r.width)
	if cap(r.tail)-n < w {
		grown := make([]byte, n, max(2*cap(r.tail), 64*w))
		copy(grown, r.tail)
		r.tail = grown
	}
	r.tail = r.tail[:n+w]
	row := r.tail[n : n+w]
	clear(row)
	return row
}

// view reads the columns, whoever holds them: a reader's maps or a writer's
// memory.
type view struct {
	cols [columns]rows
	// What the tail's transactions did to base rows: outputs they spent, and
	// addresses they linked to another (by the row in tailLinks).
	spends table
	links  table
	// The tables also hold what is known of base rows since before the base
	// ended, and not marked there. While a writer marks them they are looked at
	// first: such a mark may be half written.
	unmarked bool
	// Coins of transactions that a later one of the same hash overwrote: output
	// ranges, in order.
	overwritten []overwrite
}

// overwrite is a transaction whose unspent outputs a later transaction of the
// same hash replaced (BIP 30).
type overwrite struct {
	Tx    uint64 `json:"tx"`
	By    uint64 `json:"by"`
	First uint64 `json:"first"` // outputs
	End   uint64 `json:"end"`
}

func (v *view) baseTxs() uint64 { return v.cols[colTx].n }
func (v *view) txs() uint64     { return v.cols[colTx].count() }

// txRow is a decoded row of colTx with the ends of its coins.
type txRow struct {
	firstInput, inputEnd   uint64
	firstOutput, outputEnd uint64
	version                int32
	lockTime, weight       uint32
	flags                  byte
}

func putTx(row []byte, t *txRow) {
	put40(row[0:], t.firstInput)
	put40(row[5:], t.firstOutput)
	binary.LittleEndian.PutUint32(row[10:], uint32(t.version))
	binary.LittleEndian.PutUint32(row[14:], t.lockTime)
	binary.LittleEndian.PutUint32(row[18:], t.weight)
	row[22] = t.flags
}

func (v *view) tx(id uint64) (t txRow) {
	v.load(id, &t)
	return t
}

func (v *view) load(id uint64, t *txRow) {
	c := &v.cols[colTx]
	var row []byte
	if id+1 < c.n {
		row = c.base.get(id*23, id*23+46) // with the next
		t.inputEnd, t.outputEnd = get40(row[23:]), get40(row[28:])
	} else {
		row = c.at(id)
		if c.has(id + 1) {
			next := c.at(id + 1)
			t.inputEnd, t.outputEnd = get40(next[0:]), get40(next[5:])
		} else {
			t.inputEnd, t.outputEnd = v.cols[colInput].count(), v.cols[colOutput].count()
		}
	}
	_ = row[22]
	t.firstInput, t.firstOutput = get40(row[0:]), get40(row[5:])
	t.version = int32(binary.LittleEndian.Uint32(row[10:]))
	t.lockTime = binary.LittleEndian.Uint32(row[14:])
	t.weight = binary.LittleEndian.Uint32(row[18:])
	t.flags = row[22]
}

// txOf returns the transaction that created an output.
func (v *view) txOf(output uint64) uint64 {
	return v.search(v.txs(), output, colTx, 5)
}

// blockOf returns the block that holds a transaction.
func (v *view) blockOf(tx uint64) uint64 {
	return v.search(v.cols[colBlock].count(), tx, colBlock, 72)
}

// search returns the last of n rows whose five-byte field, which never falls
// from row to row, is at most want.
func (v *view) search(n, want uint64, c column, field int) uint64 {
	lo, hi := uint64(0), n // the answer is in [lo, hi)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if get40(v.cols[c].at(mid)[field:]) <= want {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// spender returns who spent an output: a transaction, NoTx or Burnt.
//
// A base row's spender is written in place, once, while readers may look. They
// trust it only if it is older than their own base: anything else, and any
// half-written value (unset bytes are all ones, so that such a value is never
// smaller than the true one), is newer than their snapshot, and what their own
// tail says holds.
func (v *view) spender(output uint64, row []byte) goshawk.TxID {
	s := get40(row[13:])
	if output < v.cols[colOutput].n && (v.unmarked || s >= v.baseTxs()) && s != burnt40 {
		if t, ok := v.spends.get(output); ok {
			s = t
		} else if s >= v.baseTxs() {
			s = none40
		}
	}
	switch s {
	case none40:
		return goshawk.NoTx
	case burnt40:
		return goshawk.Burnt
	}
	return goshawk.TxID(s)
}

// fate is spender for readers, who also see what a later transaction of the
// same hash overwrote.
func (v *view) fate(output uint64, row []byte) goshawk.TxID {
	s := v.spender(output, row)
	if s == goshawk.NoTx && len(v.overwritten) > 0 {
		for i := range v.overwritten {
			if o := &v.overwritten[i]; output >= o.First && output < o.End {
				return goshawk.Burnt
			}
		}
	}
	return s
}

// link returns the address that evidence in tx joined an address to, if any.
// The rule for base rows is spender's.
func (v *view) link(address uint64) (parent, tx uint64, ok bool) {
	row := v.cols[colLink].at(address)
	parent, tx = get40(row[0:]), get40(row[5:])
	if address < v.cols[colLink].n && (v.unmarked || tx >= v.baseTxs()) {
		if p, found := v.links.get(address); found {
			t, _ := v.links.get(address | linkTx)
			return p, t, true
		}
		if tx >= v.baseTxs() {
			return 0, 0, false
		}
	}
	return parent, tx, tx != none40
}

// linkTx marks the key under which the links table keeps the transaction.
const linkTx = 1 << 62

// address returns an address's kind and key. The key is valid as long as the view.
func (v *view) address(id uint64) (goshawk.Kind, []byte) {
	row := v.cols[colAddress].at(id)
	if row[0]&kindBlob == 0 {
		return goshawk.Kind(row[0]), row[1 : 1+inlineKey]
	}
	kind := goshawk.Kind(row[0] &^ kindBlob)
	return kind, v.blob(get40(row[1:]), uint64(binary.LittleEndian.Uint32(row[6:])))
}

// isAddress says whether an address has this kind and key.
func (v *view) isAddress(id uint64, kind goshawk.Kind, key []byte) bool {
	row := v.cols[colAddress].at(id)
	if len(key) != inlineKey {
		if row[0] != byte(kind)|kindBlob || uint64(binary.LittleEndian.Uint32(row[6:])) != uint64(len(key)) {
			return false
		}
		return bytes.Equal(v.blob(get40(row[1:]), uint64(len(key))), key)
	}
	return row[0] == byte(kind) &&
		binary.LittleEndian.Uint64(row[1:]) == binary.LittleEndian.Uint64(key) &&
		binary.LittleEndian.Uint64(row[9:]) == binary.LittleEndian.Uint64(key[8:]) &&
		binary.LittleEndian.Uint32(row[17:]) == binary.LittleEndian.Uint32(key[16:])
}

// isHash says whether a transaction has this hash.
func (v *view) isHash(tx uint64, hash *goshawk.Hash) bool {
	return *(*goshawk.Hash)(v.cols[colHash].at(tx)) == *hash
}

// blob returns size bytes of colBlob; what was appended together lies together.
func (v *view) blob(offset, size uint64) []byte {
	c := &v.cols[colBlob]
	if offset < c.n {
		return c.base.get(offset, offset+size)
	}
	offset -= c.n
	return c.tail[offset : offset+size : len(c.tail)]
}

// blockRow is a decoded row of colBlock.
type blockRow struct {
	hash, parent        goshawk.Hash
	height              int32
	time                uint32
	firstTx             uint64
	headerAt, headerLen uint64
}

func putBlock(row []byte, b *blockRow) {
	copy(row[0:], b.hash[:])
	copy(row[32:], b.parent[:])
	binary.LittleEndian.PutUint32(row[64:], uint32(b.height))
	binary.LittleEndian.PutUint32(row[68:], b.time)
	put40(row[72:], b.firstTx)
	put40(row[77:], b.headerAt)
	binary.LittleEndian.PutUint32(row[82:], uint32(b.headerLen))
}

func (v *view) block(id uint64) blockRow {
	row := v.cols[colBlock].at(id)
	return blockRow{
		hash:      goshawk.Hash(row[0:32]),
		parent:    goshawk.Hash(row[32:64]),
		height:    int32(binary.LittleEndian.Uint32(row[64:])),
		time:      binary.LittleEndian.Uint32(row[68:]),
		firstTx:   get40(row[72:]),
		headerAt:  get40(row[77:]),
		headerLen: uint64(binary.LittleEndian.Uint32(row[82:])),
	}
}

// blockEnd returns the end of a block's transactions.
func (v *view) blockEnd(id uint64) uint64 {
	if id+1 < v.cols[colBlock].count() {
		return get40(v.cols[colBlock].at(id + 1)[72:])
	}
	return v.txs()
}
