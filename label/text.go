package label

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"goshawk"
)

// Mention is an address in a text, with its labels; most have none.
type Mention struct {
	Line    int // counted from 1
	Column  int // byte of the line, or 16-bit unit of UTF-16, counted from 1
	Address string
	Labels  []goshawk.Label
	// Wrong says why what looks like an address can be none; nil if it can.
	Wrong error
}

const (
	minToken = 14
	maxToken = maxAddress
)

// ScanText calls each for every address in a text, in order: each run of
// letters and digits that has labels, or that check knows for an address or for
// one that was mistyped. It reads the text as it comes and keeps none of it. The
// text is in UTF-8, in any encoding that holds ASCII, or in UTF-16; what is no
// text is an Unsupported error, as early as that shows.
func ScanText(ctx context.Context, r io.Reader, set *Set, check CheckAddress, each func(Mention) error) error {
	in, err := plainText(r)
	if err != nil {
		return err
	}
	var token [maxToken]byte
	length, start, line, column := 0, 0, 1, 0
	flush := func() error {
		n := length
		length = 0
		if n < minToken || n > maxToken {
			return nil
		}
		text := string(token[:n])
		for _, from := range []int{0, behindColon(text)} {
			address := strings.TrimRight(text[from:], ":")
			if len(address) < minToken {
				continue
			}
			labels := set.Lookup(address)
			known, wrong := check(address, "")
			if known || len(labels) > 0 {
				return each(Mention{Line: line, Column: start + from, Address: address, Labels: labels, Wrong: wrong})
			}
		}
		return nil
	}
	for n := 0; ; n++ {
		if n&0xffff == 0 {
			if err := interrupted(ctx); err != nil {
				return err
			}
		}
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return unreadable(err)
		}
		if c == 0 {
			return noText("binary data")
		}
		column++
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':' && length > 0 {
			if length == 0 {
				start = column
			}
			if length < maxToken {
				token[length] = c
			}
			length++ // beyond maxToken it only says that the run is no address
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if c == '\n' {
			line, column = line+1, 0
		}
	}
}

// behindColon returns where the part of a run starts that stands behind its last
// inner colon: "bitcoin:1A…" is a link, "Wallet:1A…" a form, and some networks'
// addresses have a colon of their own.
func behindColon(text string) int {
	return strings.LastIndexByte(strings.TrimRight(text, ":"), ':') + 1
}

func unreadable(err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "the text cannot be read: %w", err).WithHint("check that the file can be read")
}

func noText(what string) error {
	return goshawk.Errorf(goshawk.Unsupported, "it is %s, and no text", what).WithHint("export it as text or CSV, and screen that")
}

// documents are known by how they begin. Their text is compressed or cut into
// pieces, so that reading them as text would find nothing.
var documents = [...]struct{ begin, what string }{
	{"%PDF-", "a PDF document"},
	{"PK\x03\x04", "an office document (docx, xlsx, odt) or a zip archive"},
	{"\xd0\xcf\x11\xe0", "an office document (doc, xls, msg)"},
	{"\x1f\x8b", "a gzip archive"},
}

// plainText returns a reader of a text's bytes, each of them ASCII or above 0x7f.
func plainText(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	for _, d := range documents {
		if strings.HasPrefix(string(head), d.begin) {
			return nil, noText(d.what)
		}
	}
	var zeros [2]int // at even offsets, and at odd ones
	odd := 0         // bytes that texts do not have
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		} else if c < ' ' && (c < '\b' || c > '\r') && c != '\x1a' && c != '\x1b' {
			odd++
		}
	}
	// In UTF-16 every second byte of what is written in Latin letters is zero.
	most, few := len(head)*2/5, len(head)/20
	switch bigEndian := zeros[0] > most && zeros[1] <= few; {
	case strings.HasPrefix(string(head), "\xfe\xff"), bigEndian:
		return bufio.NewReader(&utf16Reader{in: in, high: 0}), nil
	case strings.HasPrefix(string(head), "\xff\xfe"), zeros[1] > most && zeros[0] <= few:
		return bufio.NewReader(&utf16Reader{in: in, high: 1}), nil
	case odd > len(head)/32:
		return nil, noText("binary data")
	}
	return in, nil
}

// utf16Reader reads UTF-16 as one byte for each unit: ASCII as it is, all else as
// a byte that no address has.
type utf16Reader struct {
	in   *bufio.Reader
	high int // which byte of a unit is the high one
}

func (u *utf16Reader) Read(b []byte) (int, error) {
	for n := range b {
		unit, err := u.in.Peek(2)
		if len(unit) < 2 {
			if len(unit) == 1 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // half a unit
			}
			return n, err
		}
		b[n] = unit[1-u.high]
		if unit[u.high] != 0 || b[n] > 0x7f {
			b[n] = 0xff
		}
		if _, err := u.in.Discard(2); err != nil {
			return n, err
		}
	}
	return len(b), nil
}
