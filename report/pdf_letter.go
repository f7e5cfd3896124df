package report

import (
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"goshawk/letter"
)

// Letter is a letter as it goes on paper. All texts are foreign.
type Letter struct {
	Version   string // of the program that wrote it
	Title     string // whom it goes to
	Reference string
	Author    string
	Marking   string
	Language  string // BCP 47; empty: not known
	At        time.Time
	Parts     []letter.Part
}

// WriteLetterPDF writes a letter as PDF, on the paper of reports: A4, its text selectable, its
// fonts embedded, the marking and the page's number on every page. The same letter is the same
// bytes.
func WriteLetterPDF(w io.Writer, l Letter) error {
	d := &document{title: line(l.Title, 200), foot: line(l.Title+", "+l.Reference, 200), marking: line(l.Marking, 200), author: line(l.Author, 200), subject: line(l.Reference, 200),
		version: l.Version, language: languageTag(l.Language), letter: true, at: l.At}
	if l.Reference == "" {
		d.foot = d.title
	}
	p := newPaper(d)
	p.page()
	for i := range l.Parts {
		if i > 0 && l.Parts[i-1].Kind == letter.PartItem && l.Parts[i].Kind == letter.PartText {
			p.y += 1.6 // a list ends
		}
		p.part(&l.Parts[i])
	}
	p.number()
	return p.pdf.Output(w)
}

// languageTag is a language as a PDF may name it: ASCII letters, digits and hyphens; "und" is
// BCP 47 for one that nobody named.
func languageTag(s string) string {
	if s == "" || len(s) > 35 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) {
		return "und"
	}
	return s
}

const (
	partIndent = 7.0
	deepest    = 8 // lists in lists are set in no further than this
)

// part writes one part of a text.
func (p *paper) part(b *letter.Part) {
	indent := partIndent * float64(min(b.Depth, deepest))
	switch b.Kind {
	case letter.PartHead:
		size := 14.0
		if b.Level > 1 {
			size = 11
		}
		p.room(22)
		if !p.clean {
			p.y += 3
		}
		p.set(typeface{"sans", "B", size})
		title := clean(b.Text())
		if title != "" {
			// A bookmark hangs below one that is there: never deeper than that.
			level := min(max(b.Level, 1)-1, p.marks)
			p.pdf.Bookmark(title, level, p.y)
			p.marks = min(level+1, 1)
		}
		p.lines(title, typeface{"sans", "B", size}, size*0.53, 0)
		p.y += 1
	case letter.PartItem:
		p.room(bodyLine)
		p.set(typeface{"sans", "", bodySize})
		p.put(pageSide+indent-p.pdf.GetStringWidth(b.Mark)-1.8, p.y+bodyLine*0.74, b.Mark)
		p.spans(b.Spans, indent)
		p.y += 0.6
	case letter.PartRule:
		p.room(6)
		p.pdf.SetDrawColor(0x57, 0x60, 0x6a)
		p.pdf.SetLineWidth(0.2)
		p.pdf.Line(pageSide, p.y+2, pageWide-pageSide, p.y+2)
		p.y += 5
	case letter.PartCode:
		for l := range strings.Lines(b.Text()) {
			p.code(clean(l))
			p.y -= 2
		}
		p.y += 3
	case letter.PartTable:
		p.rows(b.Rows)
	case letter.PartText:
		p.spans(b.Spans, indent)
		p.y += 1.8
	}
}

// rows writes a table whose columns are as wide as each other.
func (p *paper) rows(rows [][]string) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return
	}
	g := &grid{p: p, size: 9, high: 4.5}
	for _, c := range rows[0][:min(len(rows[0]), 12)] {
		g.wide = append(g.wide, textWide/float64(min(len(rows[0]), 12)))
		g.number = append(g.number, false)
		g.heads = append(g.heads, strong(clean(c)))
	}
	p.room(16)
	g.head()
	for _, r := range rows[1:] {
		var cells []docCell
		for k := range g.wide {
			text := ""
			if k < len(r) {
				text = clean(r[k])
			}
			cells = append(cells, words(text))
		}
		g.row(cells, false)
	}
	p.y += 3
}

// spans writes a paragraph of pieces of different faces. One that is read from right to left
// keeps to one face, for its lines are put in the order of the eye as wholes.
func (p *paper) spans(list []letter.Span, indent float64) {
	whole := letter.Part{Spans: list}
	for _, l := range strings.Split(whole.Text(), "\n") {
		if strings.ContainsFunc(l, leftward) {
			for _, l := range strings.Split(whole.Text(), "\n") {
				p.lines(clean(l), typeface{"sans", "", bodySize}, bodyLine, indent)
			}
			return
		}
	}
	r := &rich{p: p, indent: indent}
	for _, s := range list {
		face := typeface{"sans", "", bodySize}
		if s.Strong {
			face.style = "B"
		}
		if s.Code {
			face = typeface{"mono", "", bodySize * codeShrink}
		}
		for k, l := range strings.Split(s.Text, "\n") {
			if k > 0 {
				r.flush()
			}
			r.text(l, face)
		}
	}
	r.flush()
}

// rich is a line that is being filled with pieces of several faces.
type rich struct {
	p      *paper
	indent float64
	line   []richPiece
	used   float64
	space  bool // white space came before what is next
}

type richPiece struct {
	text string
	face typeface
	x    float64
}

// text adds words to the line, and begins others where it is full. A word that is wider than a
// line is broken where the line is full: no character of an address or a hash is lost.
func (r *rich) text(s string, face typeface) {
	p := r.p
	room := textWide - r.indent
	for n, word := range strings.Split(strings.Map(spaced, s), " ") {
		if n > 0 {
			r.space = true
		}
		if word == "" {
			continue
		}
		p.set(face)
		word = p.ready(clean(word), face)
		gap := 0.0
		if r.space && len(r.line) > 0 {
			gap = p.pdf.GetStringWidth(" ")
		}
		long := p.pdf.GetStringWidth(word)
		if r.used > 0 && r.used+gap+long > room && (r.space || long > room) {
			r.flush()
			gap = 0
		}
		for {
			head, rest := word, ""
			if p.set(face); r.used+gap+p.pdf.GetStringWidth(word) > room {
				head, rest = p.cut(word, room-r.used-gap)
			}
			if head != "" {
				if gap > 0 {
					head = " " + head
				}
				r.line = append(r.line, richPiece{head, face, r.used})
				r.used += p.pdf.GetStringWidth(head)
			}
			r.space, gap = false, 0
			if rest == "" {
				break
			}
			r.flush()
			word = rest
		}
	}
}

// spaced makes white space of every kind a space.
func spaced(r rune) rune {
	if r == '\t' || r == '\r' || r == '\v' || r == '\f' {
		return ' '
	}
	return r
}

// cut breaks a word where a width is full; of a whole line at least one character stays before it.
func (p *paper) cut(word string, wide float64) (head, rest string) {
	at, n := 0.0, 0
	for n < len(word) {
		r, size := utf8.DecodeRuneInString(word[n:])
		one := p.pdf.GetStringWidth(string(r))
		if at+one > wide && (n > 0 || wide < textWide/2) {
			break
		}
		at += one
		n += size
	}
	return word[:n], word[n:]
}

// flush puts the line on the page.
func (r *rich) flush() {
	p := r.p
	r.space = false
	if len(r.line) == 0 {
		return
	}
	p.room(bodyLine)
	for _, one := range r.line {
		p.set(one.face)
		p.put(pageSide+r.indent+one.x, p.y+bodyLine*0.74, one.text)
	}
	p.y += bodyLine
	p.clean = false
	r.line, r.used = nil, 0
}
