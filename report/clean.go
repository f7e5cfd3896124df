package report

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"goshawk"
)

// hostile says whether a character could act on a terminal or mislead about the
// order or presence of text: controls, the bidirectional overrides, and
// characters without width.
func hostile(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL and C1: terminal escapes begin with one of these
		return true
	case r == 0x00ad, r == 0x061c, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r == 0xfeff, r >= 0xfff9 && r <= 0xfffb, r >= 0xfff0 && r <= 0xfff8, r == 0xfffe, r == 0xffff:
		return true
	case r >= 0xe0000 && r <= 0xe0fff: // tags and variation selectors
		return true
	}
	return unicode.In(r, unicode.Co, unicode.Cs)
}

// clean makes foreign text harmless: hostile characters become U+FFFD, white
// space becomes single spaces, and bytes that are not UTF-8 become U+FFFD.
func clean(s string) string {
	ok := true
	space := true // so that leading space counts as out of place
	for i := 0; i < len(s) && ok; i++ {
		c := s[i]
		ok = c > 0x20 && c < 0x7f || c == ' ' && !space
		space = c == ' '
	}
	if ok && !space {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	pending := false
	for _, r := range s {
		if unicode.IsSpace(r) && r != 0x85 {
			pending = b.Len() > 0
			continue
		}
		if pending {
			b.WriteByte(' ')
			pending = false
		}
		if hostile(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// line cleans foreign text and cuts it to at most n characters.
func line(s string, n int) string {
	if len(s) > 8*n { // cut before cleaning: labels may be of any length
		s = s[:8*n]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		s += "…"
	}
	s = clean(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

// middle shortens a hash or an address to its first and last characters, as
// people compare them. Only for drawings and trees: what must be copied is
// never cut.
func middle(s string, head, tail int) string {
	s = line(s, 512)
	if utf8.RuneCountInString(s) <= head+tail+1 {
		return s
	}
	r := []rune(s)
	return string(r[:head]) + "…" + string(r[len(r)-tail:])
}

// shortHash shortens a hash for trees and drawings.
func shortHash(h goshawk.Hash) string {
	s := h.String()
	return s[:8] + "…" + s[len(s)-6:]
}

// number writes n with thousands grouped.
func number[T int | int32 | int64 | uint32 | uint64](n T) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return goshawk.Group(strconv.FormatUint(uint64(n), 10))
}

// decimal writes units with the asset's point and thousands grouped, without ticker.
func decimal(a goshawk.Asset, u *goshawk.Units) string {
	if u == nil {
		return "unknown"
	}
	return goshawk.Group(a.Decimal(*u))
}

// money writes units with point, grouping and ticker.
func money(a goshawk.Asset, u *goshawk.Units) string {
	if u == nil {
		return "an unknown amount"
	}
	return decimal(a, u) + " " + line(a.Ticker, 12)
}

// when writes a block's time for people; "time unknown" for 0.
func when(unix int64) string {
	if unix <= 0 {
		return "time unknown"
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// moment writes a block's time and height for people.
func moment(height int32, unix int64) string {
	s := when(unix)
	if height >= 0 {
		s += ", block " + number(height)
	}
	return s
}

// day writes the date of a block's time; empty for 0.
func day(unix int64) string {
	if unix <= 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02")
}

// share writes part/whole in per cent with one decimal; empty where it has no meaning.
func share(part, whole *goshawk.Units) string {
	if part == nil || whole.IsZero() || part.Gt(whole) {
		return ""
	}
	var permille goshawk.Units
	thousand := goshawk.U(1000)
	if _, over := permille.MulDivOverflow(part, &thousand, whole); over {
		return ""
	}
	n := permille.Uint64()
	if n == 0 && !part.IsZero() {
		return "<0.1 %"
	}
	return strconv.FormatUint(n/10, 10) + "." + strconv.FormatUint(n%10, 10) + " %"
}

// outpoint writes a coin's name.
func outpoint(tx goshawk.Hash, out uint32) string {
	return goshawk.Outpoint{Tx: tx, Index: out}.String()
}
