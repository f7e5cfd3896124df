package report

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
)

// Text on paper: a page description draws glyphs from left to right, so that whatever is
// written from right to left is put in the order of the eye here, and Arabic letters take
// the forms that they have beside each other. What the fonts cannot draw is written as its
// code, so that nothing is lost silently.

// letters says which characters a TrueType font has, by its cmap.
type letters []span

type span struct{ first, last rune }

// newLetters reads a font's cmap of format 4, which has all that a page of this report
// can draw: characters beyond the Basic Multilingual Plane it cannot. A font without one
// has no letters.
func newLetters(font []byte) letters {
	u16 := func(at int) int {
		if at < 0 || at+2 > len(font) {
			return 0
		}
		return int(binary.BigEndian.Uint16(font[at:]))
	}
	u32 := func(at int) int { return u16(at)<<16 | u16(at+2) }
	cmap := 0
	for i := range u16(4) {
		if at := 12 + 16*i; at+16 <= len(font) && string(font[at:at+4]) == "cmap" {
			cmap = u32(at + 8)
		}
	}
	var have letters
	for i := range u16(cmap + 2) {
		sub := cmap + u32(cmap+4+8*i+4)
		if cmap == 0 || u16(sub) != 4 {
			continue
		}
		n := u16(sub+6) / 2
		for k := range n {
			last, first := u16(sub+14+2*k), u16(sub+16+2*n+2*k)
			if last != 0xffff && first <= last {
				have = append(have, span{rune(first), rune(last)})
			}
		}
		return have
	}
	return have
}

func (l letters) has(r rune) bool {
	for _, s := range l {
		if r >= s.first && r <= s.last {
			return true
		}
	}
	return false
}

// drawable writes what the font has not as its code: [U+1F600].
func (l letters) drawable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == ' ' || r == '\n' || l.has(r):
			b.WriteRune(r)
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// joins says how an Arabic letter is drawn: its form alone; the forms at the end, at the
// beginning and in the middle of a word follow it in that order. A letter with two forms
// does not join what comes after it. (Unicode, Arabic Presentation Forms-B.)
func joins(r rune) (form rune, forms int) {
	switch {
	case r == 0x0621:
		return 0xfe80, 1
	case r >= 0x0622 && r <= 0x0625:
		return [...]rune{0xfe81, 0xfe83, 0xfe85, 0xfe87}[r-0x0622], 2
	case r == 0x0626:
		return 0xfe89, 4
	case r == 0x0627:
		return 0xfe8d, 2
	case r == 0x0628:
		return 0xfe8f, 4
	case r == 0x0629:
		return 0xfe93, 2
	case r >= 0x062a && r <= 0x062e:
		return 0xfe95 + 4*(r-0x062a), 4
	case r >= 0x062f && r <= 0x0632:
		return 0xfea9 + 2*(r-0x062f), 2
	case r >= 0x0633 && r <= 0x063a:
		return 0xfeb1 + 4*(r-0x0633), 4
	case r >= 0x0641 && r <= 0x0647:
		return 0xfed1 + 4*(r-0x0641), 4
	case r == 0x0648, r == 0x0649:
		return 0xfeed + 2*(r-0x0648), 2
	case r == 0x064a:
		return 0xfef1, 4
	case r == 0x067e: // the letters that Persian and Urdu add
		return 0xfb56, 4
	case r == 0x0686:
		return 0xfb7a, 4
	case r == 0x0698:
		return 0xfb8a, 2
	case r == 0x06a9:
		return 0xfb8e, 4
	case r == 0x06af:
		return 0xfb92, 4
	case r == 0x06cc:
		return 0xfbfc, 4
	}
	return 0, 0
}

// arabic draws Arabic letters in the forms that they have beside each other.
func arabic(s string) string {
	in := []rune(s)
	mark := func(r rune) bool { return r >= 0x064b && r <= 0x065f || r == 0x0670 } // drawn above or below, and joins nothing
	near := func(at, step int) rune {
		for at += step; at >= 0 && at < len(in); at += step {
			if !mark(in[at]) {
				return in[at]
			}
		}
		return 0
	}
	const stretch = 0x0640 // joins both sides, and has one form
	var out []rune
	for i := 0; i < len(in); i++ {
		form, forms := joins(in[i])
		if forms == 0 {
			out = append(out, in[i])
			continue
		}
		_, before := joins(near(i, -1))
		_, after := joins(near(i, 1))
		left := forms > 1 && (before == 4 || near(i, -1) == stretch)
		right := forms == 4 && (after > 1 || near(i, 1) == stretch)
		if in[i] == 0x0644 && i+1 < len(in) { // lam and alef are one letter
			if k := strings.IndexRune("\u0622\u0623\u0625\u0627", in[i+1]); k >= 0 {
				both := 0xfef5 + rune(k) // each of the four has two bytes here, and two forms there
				if left {
					both++
				}
				out = append(out, both)
				i++
				continue
			}
		}
		switch {
		case left && right:
			form += 3
		case right:
			form += 2
		case left:
			form++
		}
		out = append(out, form)
	}
	return string(out)
}

func leftward(r rune) bool {
	return r >= 0x0590 && r <= 0x08ff && !arabicDigit(r) || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc
}

func arabicDigit(r rune) bool { return r >= 0x0660 && r <= 0x0669 || r >= 0x06f0 && r <= 0x06f9 }

// seen puts one line in the order in which the eye meets it, from left to right: the
// Unicode Bidirectional Algorithm (UAX 9) without explicit marks, which clean takes out.
func seen(s string) string {
	in := []rune(s)
	base, turned := 0, false
	for _, r := range in {
		if leftward(r) {
			turned = true
		}
	}
	if !turned {
		return s
	}
	for _, r := range in {
		if leftward(r) {
			base = 1
			break
		}
		if unicode.IsLetter(r) {
			break
		}
	}
	level := make([]int, len(in)) // -1: neutral, takes its neighbours'
	strongest := base
	for i, r := range in {
		switch {
		case leftward(r) || unicode.Is(unicode.Mn, r) && strongest == 1:
			level[i], strongest = 1, 1
		case unicode.IsLetter(r):
			level[i], strongest = 2*base, 0
		case unicode.IsDigit(r):
			level[i] = 2 * max(base, strongest)
		default:
			level[i] = -1
		}
	}
	for i := 0; i < len(in); i++ {
		if level[i] >= 0 {
			continue
		}
		end := i
		for end < len(in) && level[end] < 0 {
			end++
		}
		before, after := base, base
		if i > 0 {
			before = level[i-1]
		}
		if end < len(in) {
			after = level[end]
		}
		fill := base
		number := end-i == 1 && i > 0 && end < len(in) && unicode.IsDigit(in[i-1]) && unicode.IsDigit(in[end])
		switch {
		case number, before == after && before != 2: // a point in a number belongs to it
			fill = before
		case before%2 == after%2 && base == 0, before >= 1 && after >= 1 && base == 0:
			fill = min(before, after)
			if before != after {
				fill = 1
			}
		}
		for ; i < end; i++ {
			level[i] = fill
		}
		i--
	}
	highest := 0
	for _, l := range level {
		highest = max(highest, l)
	}
	for at := highest; at >= 1; at-- {
		for i := 0; i < len(in); i++ {
			if level[i] < at {
				continue
			}
			end := i
			for end < len(in) && level[end] >= at {
				end++
			}
			for a, b := i, end-1; a < b; a, b = a+1, b-1 {
				in[a], in[b] = in[b], in[a]
				level[a], level[b] = level[b], level[a]
			}
			i = end
		}
	}
	for i, r := range in { // brackets turn round with their text
		if level[i]%2 == 1 {
			in[i] = mirrored(r)
		}
	}
	return string(in)
}

func mirrored(r rune) rune {
	const pairs = "()[]{}<>«»"
	list := []rune(pairs)
	for i, p := range list {
		if p == r {
			return list[i^1]
		}
	}
	return r
}
