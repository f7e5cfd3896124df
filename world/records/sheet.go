package records

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/world"
)

// sheet is a CSV file (RFC 4180, lines end with a newline alone).
type sheet struct {
	world.File
	row []byte

	waits bool   // rows are written when the sheet is closed, in the order of their ids
	place uint64 // the number in the row's id
	rows  []waiting
}

// waiting is a row that is not written yet.
type waiting struct {
	place uint64
	row   []byte
}

func newSheet(create world.Create, name, header string) (*sheet, error) {
	f, err := create(name)
	if err != nil {
		return nil, err
	}
	s := &sheet{File: f}
	_, err = f.Write([]byte(header + "\n"))
	return s, err
}

func (s *sheet) text(t string) *sheet {
	if strings.ContainsAny(t, ",\"\r\n") {
		t = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
	}
	s.row = append(append(s.row, t...), ',')
	return s
}

func (s *sheet) number(n uint64) *sheet {
	s.row = append(strconv.AppendUint(s.row, n, 10), ',')
	return s
}

// id writes a letter and a number.
func (s *sheet) id(letter byte, n uint64) *sheet {
	s.place = n
	s.row = append(s.row, letter)
	return s.number(n)
}

// change writes satoshis with their sign.
func (s *sheet) change(sign byte, n uint64) *sheet {
	s.row = append(s.row, sign)
	return s.number(n)
}

// money writes cents as dollars.
func (s *sheet) money(cents uint64) *sheet {
	s.row = append(append(strconv.AppendUint(s.row, cents/100, 10), '.', '0'+byte(cents/10%10), '0'+byte(cents%10)), ',')
	return s
}

// time writes a time in RFC 3339, nothing of 0.
func (s *sheet) time(t uint32) *sheet {
	if t > 0 {
		s.row = time.Unix(int64(t), 0).UTC().AppendFormat(s.row, time.RFC3339)
	}
	s.row = append(s.row, ',')
	return s
}

// timestamp is the same as a text.
func timestamp(t uint32) string {
	if t == 0 {
		return ""
	}
	return time.Unix(int64(t), 0).UTC().Format(time.RFC3339)
}

func (s *sheet) hash(h goshawk.Hash) *sheet {
	s.row = append(hex.AppendEncode(s.row, h[:]), ',')
	return s
}

func (s *sheet) end() error {
	s.row[len(s.row)-1] = '\n'
	if s.waits {
		s.rows = append(s.rows, waiting{s.place, s.row})
		s.row = nil
		return nil
	}
	_, err := s.Write(s.row)
	s.row = s.row[:0]
	return err
}

// Close writes the rows that wait and ends the file.
func (s *sheet) Close() error {
	slices.SortStableFunc(s.rows, func(a, b waiting) int { return cmp.Compare(a.place, b.place) })
	for _, r := range s.rows {
		if _, err := s.Write(r.row); err != nil {
			return errors.Join(err, s.File.Close())
		}
	}
	return s.File.Close()
}

// day writes the day of a time, seconds since 1970 or before it.
func day(t int64) string { return time.Unix(t, 0).UTC().Format(time.DateOnly) }

// slug is a name as files and ids have it: lower case, words joined by a sign.
func slug(name, join string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, join)
}

func hexadecimal(n uint64) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return hex.EncodeToString(b[:])
}
