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
	Line    int             `json:"line"`   // counted from 1
	Column  int             `json:"column"` // byte of the line, counted from 1
	Address string          `json:"address"`
	Labels  []goshawk.Label `json:"labels"`
}

const (
	minToken = 14
	maxToken = maxAddress
)

// ScanText calls each for every address in a text, in order: each run of
// letters and digits that parse accepts, or that has labels though it is another
// network's. It reads the text as it comes and keeps none of it; binary
// files are read like texts.
func ScanText(ctx context.Context, r io.Reader, set *Set, parse ParseAddress, each func(Mention) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
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
			if len(labels) == 0 {
				if _, _, err := parse(address); err != nil {
					continue
				}
			}
			return each(Mention{Line: line, Column: start + from, Address: address, Labels: labels})
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
			return goshawk.Errorf(goshawk.Unavailable, "the text cannot be read: %w", err).WithHint("check that the file can be read")
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
