package ledger

import (
	"context"

	"goshawk/internal/disk"
)

// Committed returns how many bytes of a file belong to the committed
// generation, or -1 if all of them do.
func Committed(fsys disk.FS, name string) (int64, error) {
	man, err := readManifest(fsys)
	if err != nil || man == nil {
		return 0, err
	}
	for c := range columns {
		size := man.Columns[c].Rows * columnWidths[c]
		switch name {
		case columnFile(c):
			return int64(size), nil
		case checksumFile(c):
			return int64(size / pageSize * 4), nil
		}
	}
	return -1, nil
}

// Unmarked says whether the committed generation keeps marks in its tail.
func Unmarked(fsys disk.FS) (bool, error) {
	man, err := readManifest(fsys)
	if err != nil {
		return false, err
	}
	return man.Unmarked, nil
}

// EditOutside changes the rows of coins from outside that a writer gathers, as no
// block that Append takes could.
func EditOutside(w *Writer, edit func(row []byte)) {
	for tail := w.v.cols[colOutside].tail; len(tail) > 0; tail = tail[41:] {
		edit(tail[:41])
	}
}

// CheckOutside is the part of Check that compares coins from outside, piece by piece.
func CheckOutside(ctx context.Context, r *Reader, piece uint64) ([]Fault, error) {
	c := &checker{ctx: ctx, r: r, v: &r.v, report: &Report{}}
	err := c.outside(piece)
	return c.report.Faults, err
}
