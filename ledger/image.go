package ledger

import (
	"encoding/binary"

	"goshawk/internal/disk"
)

// An image is the tail on disk: the newest blocks' rows with everything that
// finds them, in one immutable file that the next generation replaces whole.
type image struct { // of which every page is verified when it is opened
	file     *mapped
	cols     [columns][]byte
	marks    []byte // rows of each column at the end of each block
	tx, addr memIndex
	spends   table
	links    table
	history  *run
	children *run
}

// The sections of an image after the columns, in file order.
const (
	secMarks = int(columns) + iota
	secTxIndex
	secAddrIndex
	secSpends
	secLinks
	secHistory
	secChildren
	sections
)

const (
	imageMagic  = "gostl\x00\x00\x01"
	imageHeader = 8 + sections*24
	markSize    = int(columns) * 8
)

func parseImage(f *mapped) (*image, error) {
	data := f.body.data
	if len(data) < imageHeader || string(data[:8]) != imageMagic {
		return nil, f.damaged("it is not a ledger's tail")
	}
	var part [sections][]byte
	var used [sections]uint64
	for i := range part {
		at := binary.LittleEndian.Uint64(data[8+i*24:])
		size := binary.LittleEndian.Uint64(data[16+i*24:])
		used[i] = binary.LittleEndian.Uint64(data[24+i*24:])
		if at > uint64(len(data)) || size > uint64(len(data))-at {
			return nil, f.damaged("a section lies outside of it")
		}
		part[i] = data[at : at+size]
	}
	m := &image{file: f, marks: part[secMarks]}
	for c := range columns {
		if uint64(len(part[c]))%columnWidths[c] != 0 {
			return nil, f.damaged("column " + columnNames[c] + " is not whole")
		}
		m.cols[c] = part[c]
	}
	for _, i := range []int{secTxIndex, secAddrIndex, secSpends, secLinks} {
		slots := uint64(len(part[i])) / tableSlot
		if uint64(len(part[i]))%tableSlot != 0 || slots&(slots-1) != 0 || used[i] > 0 && used[i] >= slots {
			return nil, f.damaged("a table in it has an impossible size")
		}
	}
	m.tx = memIndex{part[secTxIndex], int(used[secTxIndex])}
	m.addr = memIndex{part[secAddrIndex], int(used[secAddrIndex])}
	m.spends = table{part[secSpends], int(used[secSpends])}
	m.links = table{part[secLinks], int(used[secLinks])}
	if len(m.marks)%markSize != 0 {
		return nil, f.damaged("its block marks are not whole")
	}
	var err error
	if m.history, err = parseRun(f, region{data: part[secHistory]}); err != nil {
		return nil, err
	}
	m.children, err = parseRun(f, region{data: part[secChildren]})
	return m, err
}

// tail is what an image is written from. Its tables have room for more than
// they hold.
type tail struct {
	v          view
	marks      []mark
	txs, addrs memIndex
	children   []posting
}

func (t *tail) write(fsys disk.FS, name string, scratch *sortMemory) (*fileRef, error) {
	fw, err := createFile(fsys, name)
	if err != nil {
		return nil, err
	}
	header := make([]byte, imageHeader)
	copy(header, imageMagic)
	at := uint64(imageHeader)
	place := func(i int, size uint64, used int) {
		binary.LittleEndian.PutUint64(header[8+i*24:], at)
		binary.LittleEndian.PutUint64(header[16+i*24:], size)
		binary.LittleEndian.PutUint64(header[24+i*24:], uint64(used))
		at += size
	}
	put := func(i int, data []byte, used int) {
		s := fw.section(at)
		s.write(data)
		s.flush()
		place(i, uint64(len(data)), used)
	}
	for c := range columns {
		put(int(c), t.v.cols[c].tail, 0)
	}
	marks := make([]byte, 0, len(t.marks)*markSize)
	for i := range t.marks {
		for _, n := range t.marks[i] {
			marks = binary.LittleEndian.AppendUint64(marks, n)
		}
	}
	put(secMarks, marks, 0)
	txs, addrs := t.txs.tight(), t.addrs.tight()
	put(secTxIndex, txs.slots, txs.used)
	put(secAddrIndex, addrs.slots, addrs.used)
	spends, links := t.v.spends.tight(), t.v.links.tight()
	put(secSpends, spends.slots, spends.used)
	put(secLinks, links.slots, links.used)
	place(secHistory, writeRun(fw, at, scratch.histories(&t.v, t.v.baseTxs(), t.v.txs()), 2, t.v.addUp), 0)
	place(secChildren, writeRun(fw, at, scratch.sort(t.children), 0, nil), 0)
	front := fw.section(0)
	front.write(header)
	front.flush()
	if err := fw.finish(at); err != nil {
		return nil, err
	}
	return &fileRef{Name: name, Size: int64(fw.size)}, nil
}
