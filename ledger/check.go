package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"goshawk"
	"goshawk/internal/disk"
)

// Report is what Check found.
type Report struct {
	Generation uint64
	Head       goshawk.Head
	// Digest is a SHA-256 over everything that the ledger holds, whatever the
	// files' layout: two ledgers of one chain have the same digest, however
	// they were built.
	Digest [sha256.Size]byte
	// Pending says that a writer was interrupted; the next one completes it.
	Pending bool
	Faults  []Fault
	Omitted int // further faults
	// Remarks are what does not belong and changes no answer: bytes that an
	// interrupted writer left behind, files that are none of the ledger's.
	Remarks []string
}

// Fault is one thing that is wrong.
type Fault struct {
	File   string // in the ledger's folder
	Offset uint64
	What   string
}

func (f Fault) String() string { return fmt.Sprintf("%s, byte %d: %s", f.File, f.Offset, f.What) }

// Check verifies every checksum of a ledger and then everything that can be
// derived: that spent links, histories, indexes and clusters' links are those
// that the rows imply. It also finds what no chain can hold: a transaction that
// pays more than its inputs, and a coin from outside the ledger that is spent
// twice. Progress is told the part done, from 0 to 1. A damaged manifest is an
// error; everything else is a fault in the report.
func Check(ctx context.Context, fsys disk.FS, codec Codec, progress func(part float64)) (_ *Report, err error) {
	defer guard(&err)()
	r, err := open(fsys, codec)
	if err != nil {
		return nil, err
	}
	defer r.Close() // read-only: nothing is lost
	c := &checker{ctx: ctx, r: r, v: &r.v, report: &Report{Generation: r.Generation()}, progress: progress}
	if c.report.Head, err = r.Head(ctx); err != nil {
		return nil, err
	}
	if err := c.sizes(); err != nil {
		return nil, err
	}
	if err := c.checksums(); err != nil {
		return nil, err
	}
	if len(c.report.Faults) == 0 { // damaged rows may point anywhere
		if err := c.content(); err != nil {
			return nil, err
		}
		c.digest()
	}
	return c.report, done(ctx)
}

type checker struct {
	ctx      context.Context
	r        *Reader
	v        *view
	report   *Report
	progress func(float64)
}

func (c *checker) fault(file string, offset uint64, what string, args ...any) {
	const most = 100
	if len(c.report.Faults) == most {
		c.report.Omitted++
		return
	}
	c.report.Faults = append(c.report.Faults, Fault{file, offset, fmt.Sprintf(what, args...)})
}

func (c *checker) tell(part float64) {
	if c.progress != nil {
		c.progress(part)
	}
}

// sizes looks for files and bytes that the manifest does not name.
func (c *checker) sizes() error {
	s := c.r.store
	fail := func(name string, err error) error {
		return goshawk.Errorf(goshawk.Unavailable, "cannot look at the ledger's file %s: %w", name, err)
	}
	remark := func(what string, args ...any) {
		c.report.Remarks = append(c.report.Remarks, fmt.Sprintf(what, args...))
	}
	for col := range columns {
		size, err := s.fsys.Size(columnFile(col))
		if err != nil {
			return fail(columnFile(col), err)
		}
		if more := size - int64(len(s.maps[col].Bytes())); more > 0 {
			remark("%s: %d bytes behind the committed ones, of a commit that is under way or was interrupted", columnFile(col), more)
		}
	}
	for _, f := range s.man.files() {
		size, err := s.fsys.Size(f.Name)
		if err != nil {
			return fail(f.Name, err)
		}
		if size > f.Size {
			c.fault(f.Name, uint64(f.Size), "%d bytes were added to the file", size-f.Size)
		}
	}
	names, err := s.fsys.List()
	if err != nil {
		return fail("folder", err)
	}
	named := s.man.names()
	for _, name := range names {
		switch {
		case named[name]:
		case ours(name):
			remark("%s: of another commit, which is under way or was interrupted", name)
		default:
			remark("%s: not a file of the ledger", name)
		}
	}
	return nil
}

// checksums verifies the bytes of every file.
func (c *checker) checksums() error {
	s := c.r.store
	// An interrupted commit may have set some cells in place. They are on its
	// list: such a page is good if it matches with them set or with them unset.
	marked, err := c.marked()
	if err != nil {
		return err
	}
	for col := range columns {
		if err := done(c.ctx); err != nil {
			return err
		}
		c.tell(0.4 * float64(col) / float64(columns))
		data := s.maps[col].Bytes()
		size := uint64(len(data))
		sums, err := s.fsys.ReadFile(checksumFile(col))
		if err != nil || uint64(len(sums)) < size/pageSize*4 {
			c.fault(checksumFile(col), uint64(len(sums)), "the column's checksums are missing")
			continue
		}
		for i := uint64(0); i*pageSize < size; i++ {
			page := data[i*pageSize : min((i+1)*pageSize, size)]
			want := s.man.Columns[col].Last
			if uint64(len(page)) == pageSize {
				want = binary.LittleEndian.Uint32(sums[i*4:])
			}
			if checksum(page) != want && !marked[col].matches(i, page, want) {
				c.fault(columnFile(col), i*pageSize, "the page's checksum does not match")
			}
		}
	}
	for i, f := range s.open {
		c.tell(0.4 + 0.1*float64(i)/float64(len(s.open)))
		f.verify(func(offset uint64) { c.fault(f.name, offset, "the page's checksum does not match") })
	}
	return nil
}

func (c *checker) marked() (*[columns]markedCells, error) {
	data, err := c.r.store.fsys.ReadFile(marksName(c.report.Generation + 1))
	if disk.Missing(err) {
		return new([columns]markedCells), nil
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the list of marks: %w", err)
	}
	m, err := parseMarks(data)
	if err != nil {
		return nil, err
	}
	c.report.Pending = true
	return m.pages(), nil
}

// content compares what is stored with what the rows imply.
func (c *checker) content() error {
	v := c.v
	txs, blocks := v.txs(), v.cols[colBlock].count()
	var next uint64
	for b := range blocks {
		row := v.block(b)
		if row.firstTx != next || v.blockEnd(b) <= row.firstTx {
			c.fault(columnFile(colBlock), b*columnWidths[colBlock], "block %v does not start where the one before it ends", row.hash)
			return nil
		}
		next = v.blockEnd(b)
		if b > 0 && !c.r.store.man.Partial && row.parent != v.block(b-1).hash {
			c.fault(columnFile(colBlock), b*columnWidths[colBlock], "block %v does not follow the one before it", row.hash)
		}
	}
	outputs, inputs, addresses := v.cols[colOutput].count(), v.cols[colInput].count(), v.cols[colAddress].count()
	spent := make([]uint64, (outputs+63)/64) // outputs that an input was seen to spend
	var posted uint64
	touched := make(map[uint64]bool)
	for tx := range txs {
		if tx&0xffff == 0 {
			if err := done(c.ctx); err != nil {
				return err
			}
			c.tell(0.5 + 0.3*float64(tx)/float64(txs))
		}
		t := v.tx(tx)
		at := tx * columnWidths[colTx]
		if t.inputEnd < t.firstInput || t.outputEnd < t.firstOutput || t.inputEnd > inputs || t.outputEnd > outputs {
			c.fault(columnFile(colTx), at, "transaction %d has an impossible number of coins", tx)
			return nil
		}
		if id, ok := c.r.findTx((*goshawk.Hash)(v.cols[colHash].at(tx)), tx+1); !ok || id != tx {
			c.fault(columnFile(colHash), tx*32, "the index does not find transaction %v", goshawk.Hash(v.cols[colHash].at(tx)))
		}
		clear(touched)
		var in, out goshawk.Units
		known := t.flags&flagCoinbase == 0
		for i := t.firstInput; i < t.inputEnd; i++ {
			row := v.cols[colInput].at(i)
			value := goshawk.U(binary.LittleEndian.Uint64(row[5:]))
			in.Add(&in, &value)
			if a := get40(row[13:]); a != none40 {
				touched[a] = true
			}
			o := get40(row)
			if o&outsideBit != 0 {
				if o&^outsideBit >= v.cols[colOutside].count() {
					c.fault(columnFile(colInput), i*18, "input %d spends a coin that is nowhere", i)
					return nil
				}
				known = known && v.cols[colOutside].at(o &^ outsideBit)[40]&flagKnown != 0
				continue
			}
			if o >= outputs || o >= t.firstOutput {
				c.fault(columnFile(colInput), i*18, "input %d spends an output that does not exist before it", i)
				continue
			}
			spent[o/64] |= 1 << (o % 64)
			coin := v.cols[colOutput].at(o)
			if s := v.spender(o, coin); s != goshawk.TxID(tx) {
				c.fault(columnFile(colOutput), o*18, "output %d is spent by transaction %d, and says otherwise", o, tx)
			}
			if binary.LittleEndian.Uint64(row[5:]) != binary.LittleEndian.Uint64(coin) || get40(row[13:]) != get40(coin[8:])&^byKeyBit {
				c.fault(columnFile(colInput), i*18, "input %d has another value or address than the coin it spends", i)
			}
		}
		for o := t.firstOutput; o < t.outputEnd; o++ {
			row := v.cols[colOutput].at(o)
			value := goshawk.U(binary.LittleEndian.Uint64(row))
			out.Add(&out, &value)
			a := get40(row[8:]) &^ byKeyBit
			touched[a] = true
			if a >= addresses {
				c.fault(columnFile(colOutput), o*18, "output %d pays an address that does not exist", o)
				return nil
			}
		}
		posted += uint64(len(touched))
		if known && in.Lt(&out) {
			c.fault(columnFile(colTx), at, "transaction %v pays %s units, and its inputs hold %s", goshawk.Hash(v.cols[colHash].at(tx)), out.Dec(), in.Dec())
		}
	}
	if err := c.outside(outsidePiece); err != nil {
		return err
	}
	for o := range outputs {
		s := v.spender(o, v.cols[colOutput].at(o))
		if s < goshawk.TxID(txs) != (spent[o/64]>>(o%64)&1 == 1) {
			c.fault(columnFile(colOutput), o*18, "output %d says that it is spent by transaction %d, which does not spend it", o, s)
		}
	}
	return c.addresses(posted)
}

// addresses checks the index of addresses, their histories and their links.
// Every entry of a history is a transaction that touches the address, in order,
// and there are as many entries as there are such pairs: so none is missing.
func (c *checker) addresses(posted uint64) error {
	v := c.v
	n := v.cols[colAddress].count()
	var entries, children uint64
	for a := range n {
		if a&0xffff == 0 {
			if err := done(c.ctx); err != nil {
				return err
			}
			c.tell(0.8 + 0.2*float64(a)/float64(n))
		}
		kind, key := v.address(a)
		if id, ok := c.r.findAddress(kind, key); !ok || id != a {
			c.fault(columnFile(colAddress), a*21, "the index does not find address %d", a)
		}
		last := uint64(0)
		for i, p := range c.r.history(goshawk.AddressID(a)) {
			var total sums
			for j := p.from; j < p.to; j++ {
				x := p.r.at(j)
				if x>>2 >= v.txs() || (i > 0 || j > p.from) && x>>2 <= last {
					c.fault(p.r.file.name, 0, "the history of address %d is not in order", a)
					return nil
				}
				last = x >> 2
				s := v.did(a, last)
				if (s.outputs > 0) != (x&didReceive != 0) || (s.spends > 0) != (x&didSpend != 0) {
					c.fault(p.r.file.name, 0, "the history of address %d is wrong about transaction %d", a, last)
				}
				total.add(s)
			}
			if p.to-p.from >= longList {
				if s, ok := p.r.sums(a); !ok || s != total {
					c.fault(p.r.file.name, 0, "the totals of address %d are wrong", a)
				}
			}
			entries += p.to - p.from
		}
		parent, tx, ok := v.link(a)
		if ok {
			if parent >= n || tx >= v.txs() {
				c.fault(columnFile(colLink), a*10, "address %d is linked to nothing", a)
			}
			children++
		}
		for _, child := range c.r.Children(goshawk.AddressID(a)) {
			if p, _, ok := c.r.Parent(child); !ok || uint64(p) != a {
				c.fault(columnFile(colLink), uint64(child)*10, "address %d is listed under address %d and not linked to it", child, a)
			}
			children--
		}
	}
	if entries != posted {
		c.fault("history", 0, "the histories have %d entries where the transactions have %d", entries, posted)
	}
	if children != 0 {
		c.fault("children", 0, "%d links are not listed under their parents", children)
	}
	c.tell(1)
	return nil
}

// digest hashes the rows, with fields that are written late as they are now.
func (c *checker) digest() {
	h := sha256.New()
	m := c.r.store.man
	fmt.Fprintf(h, "goshawk ledger %d\n%s %d %t %s\n", m.Format, m.Network, m.Start, m.Partial, m.Rule)
	for col := range columns {
		rows := &c.v.cols[col]
		fmt.Fprintf(h, "%s %d\n", columnNames[col], rows.count())
		switch col {
		case colOutput:
			late(h, rows, func(i uint64, row []byte) {
				s := c.v.fate(i, row)
				switch s {
				case goshawk.NoTx:
					put40(row[13:], none40)
				case goshawk.Burnt:
					put40(row[13:], burnt40)
				default:
					put40(row[13:], uint64(s))
				}
			})
		case colLink:
			late(h, rows, func(i uint64, row []byte) {
				parent, tx, ok := c.v.link(i)
				if !ok {
					parent, tx = none40, none40
				}
				put40(row[0:], parent)
				put40(row[5:], tx)
			})
		default:
			h.Write(rows.base.data)
			h.Write(rows.tail)
		}
	}
	h.Sum(c.report.Digest[:0])
}

// late hashes rows after a change to a copy of each.
func late(h hash.Hash, r *rows, change func(i uint64, row []byte)) {
	const batch = 4096
	buf := make([]byte, 0, batch*r.width)
	for i := range r.count() {
		n := len(buf)
		buf = append(buf, r.at(i)...)
		change(i, buf[n:])
		if len(buf) == cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
}
