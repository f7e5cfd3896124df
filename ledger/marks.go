package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"goshawk/internal/disk"
)

// Two columns have fields that are not known when their rows are written: who
// spends an output, and which address an address is linked under, by which
// transaction. They are set once, in place, when it is known.

// cell is such a field: five bytes of a column's file.
type cell struct{ at, value uint64 }

// marks are cells to set, in order.
type marks struct{ spends, links []cell }

func spenderCell(output, tx uint64) cell { return cell{output*columnWidths[colOutput] + 13, tx} }

func linkCells(address, parent, tx uint64) (cell, cell) {
	at := address * columnWidths[colLink]
	return cell{at, parent}, cell{at + 5, tx}
}

// of returns the cells of a column.
func (m *marks) of(c column) []cell {
	switch c {
	case colOutput:
		return m.spends
	case colLink:
		return m.links
	}
	return nil
}

func marksName(generation uint64) string { return fmt.Sprintf("marks-%d", generation) }

func sortCells(cells []cell) []cell {
	return sortByKey(cells, make([]cell, len(cells)), func(c *cell) uint64 { return c.at })
}

// write writes the list of cells that are about to be set.
func (m *marks) write(fsys disk.FS, generation uint64) error {
	data := make([]byte, 0, marksHead+(len(m.spends)+len(m.links))*markEach+marksTail)
	data = binary.LittleEndian.AppendUint64(data, uint64(len(m.spends)))
	data = binary.LittleEndian.AppendUint64(data, uint64(len(m.links)))
	for _, cells := range [][]cell{m.spends, m.links} {
		for _, c := range cells {
			data = binary.LittleEndian.AppendUint64(data, c.at)
			data = binary.LittleEndian.AppendUint64(data, c.value)
		}
	}
	data = binary.LittleEndian.AppendUint32(data, checksum(data))
	name := marksName(generation)
	if err := disk.WriteFile(fsys, name, data); err != nil {
		return writeError(name, err)
	}
	return nil
}

const marksHead, markEach, marksTail = 16, 16, 4

// set writes the cells, page by page: a write in place costs a page anyway. A
// page that sound does not vouch for is left as it is, and a Corrupt error.
func (m *marks) set(s *store, sound func(c column, page uint64) bool) error {
	return errors.Join(s.set(colOutput, m.spends, sound), s.set(colLink, m.links, sound))
}

func (s *store) set(c column, cells []cell, sound func(c column, page uint64) bool) error {
	if len(cells) == 0 {
		return nil
	}
	base := s.maps[c].Bytes()
	return edit(s.fsys, columnFile(c), func(f disk.File) error {
		const most = 1 << 20
		buf := make([]byte, 0, most+2*pageSize)
		from := uint64(0) // of buf in the file
		flush := func() error {
			if len(buf) == 0 {
				return nil
			}
			_, err := f.WriteAt(buf, int64(from))
			buf = buf[:0]
			return err
		}
		for _, cell := range cells {
			first, end := cell.at/pageSize*pageSize, min((cell.at+4)/pageSize*pageSize+pageSize, uint64(len(base)))
			if held := from + uint64(len(buf)); len(buf) == 0 || first > held || len(buf) > most && first >= held {
				if err := flush(); err != nil {
					return err
				}
				from = first
			}
			if held := from + uint64(len(buf)); end > held {
				for i := held / pageSize; i*pageSize < end; i++ {
					if !sound(c, i) {
						return damagedPage(columnFile(c), i)
					}
				}
				buf = append(buf, base[held:end]...)
			}
			put40(buf[cell.at-from:], cell.value)
		}
		return flush()
	})
}

// sum brings a column's checksums up to date after rows were appended behind
// oldRows and cells set before it, and returns its committed span.
func (s *store) sum(c column, oldRows, newRows uint64, cells []cell) (span, error) {
	width := columnWidths[c]
	size := newRows * width
	m, err := s.fsys.Map(columnFile(c), int64(size))
	if err != nil {
		return span{}, mapError(columnFile(c), err)
	}
	data := m.Bytes()
	full := size / pageSize
	page := func(i uint64) uint32 { return checksum(data[i*pageSize : min((i+1)*pageSize, size)]) }
	err = edit(s.fsys, checksumFile(c), func(f disk.File) error {
		first := oldRows * width / pageSize // the first page that was not full
		var touched []uint64
		for _, cell := range cells {
			for i := cell.at / pageSize; i <= (cell.at+4)/pageSize && i < first; i++ {
				if n := len(touched); n == 0 || touched[n-1] < i {
					touched = append(touched, i)
				}
			}
		}
		for i := first; i < full; i++ {
			touched = append(touched, i)
		}
		for len(touched) > 0 { // neighbours in one write
			n := 1
			for n < len(touched) && touched[n] == touched[0]+uint64(n) {
				n++
			}
			sums := make([]byte, 0, 4*n)
			for _, i := range touched[:n] {
				sums = binary.LittleEndian.AppendUint32(sums, page(i))
			}
			if _, err := f.WriteAt(sums, int64(touched[0]*4)); err != nil {
				return err
			}
			touched = touched[n:]
		}
		return nil
	})
	committed := span{Rows: newRows}
	if size%pageSize != 0 {
		committed.Last = page(full)
	}
	return committed, errors.Join(err, m.Close())
}

// recover puts right what an interrupted commit left.
func (w *Writer) recover(man *manifest) error {
	name := marksName(man.Generation + 1)
	data, err := w.fsys.ReadFile(name)
	if disk.Missing(err) {
		return w.sweepFiles(man)
	}
	if err != nil {
		return writeError(name, err)
	}
	m, err := parseMarks(data)
	if err != nil {
		return err
	}
	s, err := openStore(w.fsys, man, false)
	if err != nil {
		return err
	}
	marked, cols := m.pages(), s.base()
	unset := &marks{slices.Clone(m.spends), slices.Clone(m.links)}
	for _, cells := range [][]cell{unset.spends, unset.links} {
		for i := range cells {
			cells[i].value = none40
		}
	}
	err = unset.set(s, func(c column, page uint64) bool {
		p := cols[c].base.pages
		return p.good(page) || marked[c].matches(page, p.page(page), p.sum(page))
	})
	for _, c := range []column{colOutput, colLink} {
		if err == nil {
			var committed span
			if committed, err = s.sum(c, man.Columns[c].Rows, man.Columns[c].Rows, m.of(c)); err == nil && committed != man.Columns[c] {
				err = mapError(columnFile(c), errors.New("the last page's checksum does not match"))
			}
		}
	}
	if err = errors.Join(err, s.close()); err != nil {
		return err
	}
	return w.sweepFiles(man)
}

func parseMarks(data []byte) (*marks, error) {
	n := len(data)
	if n < marksHead+marksTail || checksum(data[:n-marksTail]) != binary.LittleEndian.Uint32(data[n-marksTail:]) {
		return nil, mapError("marks", errors.New("the list of marks is damaged"))
	}
	spends, links := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
	body := data[marksHead : n-marksTail]
	if most := uint64(len(body)); spends > most || links > most || (spends+links)*markEach != most {
		return nil, mapError("marks", errors.New("the list of marks is not whole"))
	}
	var m marks
	for ; len(body) > 0; body = body[markEach:] {
		c := cell{binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:])}
		if uint64(len(m.spends)) < spends {
			m.spends = append(m.spends, c)
		} else {
			m.links = append(m.links, c)
		}
	}
	return &m, nil
}

// pages returns the cells by the pages that they touch.
func (m *marks) pages() *[columns]markedCells {
	all := new([columns]markedCells)
	for _, c := range []column{colOutput, colLink} {
		all[c] = make(markedCells)
		for _, x := range m.of(c) {
			for p := x.at / pageSize; p <= (x.at+4)/pageSize; p++ {
				all[c][p] = append(all[c][p], x)
			}
		}
	}
	return all
}

// markedCells are the cells of a column that an interrupted commit, or the
// interrupted repair of one, may have set or unset.
type markedCells map[uint64][]cell // by page

// matches says whether a page has the wanted checksum with its cells unset, or
// with them set.
func (m markedCells) matches(page uint64, data []byte, want uint32) bool {
	if len(m[page]) == 0 {
		return false
	}
	unset, set := slices.Clone(data), slices.Clone(data)
	for _, c := range m[page] {
		var value [5]byte
		put40(value[:], c.value)
		for i, b := range value {
			if at := c.at + uint64(i); at/pageSize == page && at%pageSize < uint64(len(data)) {
				unset[at%pageSize], set[at%pageSize] = 0xff, b
			}
		}
	}
	return checksum(unset) == want || checksum(set) == want
}
