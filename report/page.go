package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"goshawk"
)

// page writes text for a person on a terminal.
type page struct {
	b     *bufio.Writer
	style Style
}

const (
	textWidth     = 100
	textEnds      = 10 // largest ends listed
	textParties   = 12
	textDeposits  = 6 // addresses of one party
	textPayments  = 8 // of one address
	textStarts    = 8
	textTreeLines = 60
	textCoins     = 60 // inputs or outputs of a transaction
	textLabels    = 12
	longRule      = 2000 // characters: a combination of heuristics is not cut, it would not be one
)

func newPage(w io.Writer, s Style) *page { return &page{b: bufio.NewWriter(w), style: s} }

// Style is how text for a person looks.
type Style struct {
	Color bool // with ANSI colours: for terminals
}

// ANSI colours by meaning; never the only way to tell things apart.
const (
	bold   = "1"
	faint  = "2"
	yellow = "33"
)

func kindColour(k goshawk.EndKind) string {
	switch k {
	case goshawk.EndService:
		return "34"
	case goshawk.EndUnspent:
		return "32"
	case goshawk.EndCoinJoin, goshawk.EndUnresolved:
		return "35"
	default:
		return "0"
	}
}

func (p *page) paint(code, s string) string {
	if !p.style.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *page) heading(s string) {
	p.b.WriteString("\n" + p.paint(bold, strings.ToUpper(s)) + "\n")
}

func (p *page) line(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
	p.b.WriteByte('\n')
}

// prose writes text folded at the page's width, each line behind the indent.
func (p *page) prose(indent, s string) {
	p.hang(indent, indent, s)
}

// hang writes folded text whose first line begins differently. Words longer
// than a line, such as hashes, are never cut.
func (p *page) hang(first, indent, s string) {
	at := first
	used := utf8.RuneCountInString(first)
	empty := true
	for _, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		if !empty && used+1+n > textWidth {
			p.line(strings.TrimRight(at, " "))
			at, used, empty = indent, utf8.RuneCountInString(indent), true
		}
		if !empty {
			at += " "
			used++
		}
		at += word
		used += n
		empty = false
	}
	p.line(strings.TrimRight(at, " "))
}

// field writes a name and its folded value.
func (p *page) field(name, value string) {
	const column = 11
	p.hang("  "+p.paint(faint, pad(name, column)), strings.Repeat(" ", column+2), value)
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

func padLeft(s string, n int) string {
	return strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) + s
}

// widest returns the width of the widest text.
func widest(list []string) int {
	n := 0
	for _, s := range list {
		n = max(n, utf8.RuneCountInString(s))
	}
	return n
}

func (p *page) notes(notes []string) {
	if len(notes) > 0 {
		p.heading("Take note")
	}
	for _, n := range notes {
		p.hang("  "+p.paint(yellow, "! "), "    ", n)
	}
}

func (p *page) cut(n int, one, many string) {
	if n -= textCoins; n > 0 {
		p.line("  and ", goshawk.Count(n, "more "+one, "more "+many), ", listed in the JSON form")
	}
}
