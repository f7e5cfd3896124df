package report

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-pdf/fpdf"
)

// WriteCasePDF writes a case's report as PDF: A4, its text selectable, its fonts embedded,
// the marking and the page's number on every page, drawings as vectors. Letters that the
// fonts (DejaVu) lack are printed as their codes.
func WriteCasePDF(w io.Writer, c Case) error {
	p := newPaper(newDocument(&c))
	p.write()
	p.number()
	return p.pdf.Output(w)
}

// Millimetres and points of a page.
const (
	pageWide   = 210.0
	pageHigh   = 297.0
	pageSide   = 20.0
	pageTop    = 24.0
	pageBottom = 274.0
	textWide   = pageWide - 2*pageSide

	bodySize   = 10.0
	bodyLine   = 5.0
	tableSize  = 8.0
	tableLine  = 3.9
	tableGap   = 1.6 // beside and above what is in a cell
	codeShrink = 0.88
)

type typeface struct {
	family, style string
	size          float64
}

// paper writes a document on pages.
type paper struct {
	pdf   *fpdf.Fpdf
	d     *document
	begun []int     // the page on which each section begins
	spots []float64 // of the contents: how far down the first page each section stands
	links []int
	y     float64
	sans  letters
	bold  letters
	mono  letters
	clean bool // nothing was written on the page yet
	marks int  // of a letter: how deep its next bookmark may be
}

func newPaper(d *document) *paper {
	pdf := fpdf.New("P", "mm", "A4", "")
	p := &paper{pdf: pdf, d: d, sans: newLetters(dejavusans.TTF), bold: newLetters(dejavusansbold.TTF), mono: newLetters(dejavusansmono.TTF)}
	// Copies: where it cuts a font down, the writer writes into its bytes.
	pdf.AddUTF8FontFromBytes("sans", "", bytes.Clone(dejavusans.TTF))
	pdf.AddUTF8FontFromBytes("sans", "B", bytes.Clone(dejavusansbold.TTF))
	pdf.AddUTF8FontFromBytes("mono", "", bytes.Clone(dejavusansmono.TTF))
	at := d.at
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at.UTC())
	pdf.SetModificationDate(at.UTC())
	pdf.SetTitle(d.title, true)
	pdf.SetAuthor(d.author, true)
	pdf.SetSubject(d.subject, true)
	pdf.SetCreator("Goshawk "+line(d.version, 40), true)
	pdf.SetProducer("Goshawk "+line(d.version, 40), true)
	pdf.SetLang(d.language)
	pdf.SetMargins(pageSide, pageTop, pageSide)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	return p
}

func (p *paper) write() {
	p.page()
	p.cover()
	p.page()
	for i := range p.d.sections {
		s := &p.d.sections[i]
		if s.own && !p.clean {
			p.page()
		}
		p.section(s)
		if s.own && i+1 < len(p.d.sections) {
			p.page()
		}
	}
}

// page begins a page, with the marking at its head and foot.
func (p *paper) page() {
	p.pdf.AddPage()
	p.y, p.clean = pageTop, true
	p.ink(0x1c, 0x21, 0x28)
	if m := p.d.marking; m != "" {
		p.set(typeface{"sans", "B", 9})
		p.centred(m, 13)
		p.centred(m, 290)
	}
	p.set(typeface{"sans", "", 7.5})
	p.ink(0x57, 0x60, 0x6a)
	p.put(pageSide, 283, p.fit(p.d.foot, 110))
	p.pdf.SetDrawColor(0xd0, 0xd7, 0xde)
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(pageSide, 279, pageWide-pageSide, 279)
	p.ink(0x1c, 0x21, 0x28)
}

// number writes what is known once all pages are there: which one each is, of how many, and on which the sections begin.
func (p *paper) number() {
	total := p.pdf.PageNo()
	for n := 1; n <= total; n++ {
		p.pdf.SetPage(n)
		p.set(typeface{"sans", "", 7.5})
		p.ink(0x57, 0x60, 0x6a)
		number := "Page " + strconv.Itoa(n) + " of " + strconv.Itoa(total)
		if p.d.letter { // in whatever language it is
			number = strconv.Itoa(n) + " / " + strconv.Itoa(total)
		}
		p.put(pageWide-pageSide-p.pdf.GetStringWidth(number), 283, number)
	}
	defer p.pdf.SetPage(total) // what comes after the page that is set is not written
	p.pdf.SetPage(1)
	p.set(typeface{"sans", "", bodySize})
	p.ink(0x1c, 0x21, 0x28)
	p.pdf.SetDrawColor(0xb0, 0xb7, 0xbe)
	p.pdf.SetLineWidth(0.2)
	p.broken([]float64{0.3, 1.2})
	for i, y := range p.spots {
		number := strconv.Itoa(p.begun[i])
		right := pageWide - pageSide - p.pdf.GetStringWidth(number)
		p.put(right, y, number)
		p.pdf.Line(pageSide+p.pdf.GetStringWidth(p.d.sections[i].title)+2, y, right-2, y)
	}
	p.broken(nil)
}

// cover is the first page: what the report is, and what is in it.
func (p *paper) cover() {
	p.y = 48
	p.set(typeface{"sans", "", 11})
	p.ink(0x57, 0x60, 0x6a)
	p.lines(p.d.subject, typeface{"sans", "", 11}, 6, 0)
	p.ink(0x1c, 0x21, 0x28)
	p.y += 2
	p.lines(p.d.title, typeface{"sans", "B", 22}, 10, 0)
	p.y += 2
	p.lines(p.d.author, typeface{"sans", "", 11}, 6, 0)
	p.y += 10
	p.lines("Contents", typeface{"sans", "B", 11}, 6, 0)
	p.y += 1
	p.set(typeface{"sans", "", bodySize})
	for i := range p.d.sections {
		p.links = append(p.links, p.pdf.AddLink())
		p.spots = append(p.spots, p.y+4.2)
		p.put(pageSide, p.y+4.2, p.d.sections[i].title)
		p.pdf.Link(pageSide, p.y, textWide, 6, p.links[i])
		p.y += 6
	}
}

func (p *paper) section(s *section) {
	p.room(s.least())
	if !p.clean {
		p.y += 7
		p.pdf.SetDrawColor(0x1c, 0x21, 0x28)
		p.pdf.SetLineWidth(0.3)
		p.pdf.Line(pageSide, p.y-2, pageWide-pageSide, p.y-2)
	}
	p.begun = append(p.begun, p.pdf.PageNo())
	p.set(typeface{"sans", "B", 14})
	p.pdf.Bookmark(s.title, 0, p.y)
	if n := len(p.begun) - 1; n < len(p.links) {
		p.pdf.SetLink(p.links[n], p.y, p.pdf.PageNo())
	}
	p.lines(s.title, typeface{"sans", "B", 14}, 7, 0)
	p.y += 1.5
	for i := range s.blocks {
		p.block(&s.blocks[i])
	}
}

// least is how much room the beginning of a section needs: its heading never stands alone.
func (s *section) least() float64 {
	need := 30.0
	for i := range s.blocks[:min(len(s.blocks), 3)] {
		switch b := &s.blocks[i]; b.kind {
		case blockTable:
			return need + 26
		case blockPicture:
			g := b.picture.spots()
			return need + float64(g.height)*graphScale(g) + 8
		case blockTrace:
			return need + 40
		case blockHead, blockText, blockProse:
			need += 8
		default:
			return need
		}
	}
	return need
}

func (p *paper) block(b *block) {
	switch b.kind {
	case blockText:
		p.lines(b.text, typeface{"sans", "", bodySize}, bodyLine, 0)
		p.y += 1.6
	case blockItem:
		p.room(bodyLine)
		p.set(typeface{"sans", "", bodySize})
		p.put(pageSide+1, p.y+3.7, "–")
		p.lines(b.text, typeface{"sans", "", bodySize}, bodyLine, 6)
		p.y += 0.8
	case blockProse:
		p.part(&b.prose)
	case blockHead:
		p.room(22)
		if !p.clean {
			p.y += 3
		}
		if b.id != "" {
			p.set(typeface{"sans", "B", 10.5})
			p.pdf.Bookmark(b.text, 1, p.y)
		}
		p.lines(b.text, typeface{"sans", "B", 10.5}, 5.4, 0)
		p.y += 0.8
	case blockNote:
		p.note(b.text)
	case blockCode:
		p.code(b.text)
	case blockFacts:
		p.facts(b.facts)
	case blockTable:
		p.table(b)
	case blockTrace:
		p.flow(b.trace)
	case blockPicture:
		p.graph(b.picture)
	case blockSign:
		p.room(24)
		p.y += 18
		p.pdf.SetDrawColor(0x1c, 0x21, 0x28)
		p.pdf.SetLineWidth(0.25)
		p.pdf.Line(pageSide, p.y, pageSide+85, p.y)
		p.y++
		p.lines(b.text, typeface{"sans", "", 8}, 4, 0)
	}
}

// room begins a page where less than so much is left of this one.
func (p *paper) room(high float64) {
	if p.y+high > pageBottom && !p.clean {
		p.page()
	}
}

func (p *paper) ink(r, g, b int) { p.pdf.SetTextColor(r, g, b) }

func (p *paper) set(f typeface) { p.pdf.SetFont(f.family, f.style, f.size) }

// put draws one line of text, in the order of the eye. The font is set.
func (p *paper) put(x, y float64, s string) { p.pdf.Text(x, y, seen(s)) }

func (p *paper) centred(s string, y float64) {
	s = p.fit(s, textWide)
	p.put((pageWide-p.pdf.GetStringWidth(s))/2, y, s)
}

// ready makes a text drawable by a face.
func (p *paper) ready(s string, f typeface) string {
	have := p.sans
	switch {
	case f.family == "mono":
		have = p.mono
	case f.style == "B":
		have = p.bold
	}
	return have.drawable(arabic(s))
}

// fit shortens a text to a width in the font that is set.
func (p *paper) fit(s string, wide float64) string {
	s = p.bold.drawable(p.sans.drawable(arabic(s)))
	if p.pdf.GetStringWidth(s) <= wide {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && p.pdf.GetStringWidth(string(r)+"…") > wide {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// wrap breaks a text into lines of a width. What has no space in it and is too wide is
// broken where the line is full: no character of an address or a hash is lost.
func (p *paper) wrap(s string, f typeface, wide float64) (list []string) {
	p.set(f)
	for part := range strings.SplitSeq(p.ready(s, f), "\n") {
		var now strings.Builder
		used, space := 0.0, p.pdf.GetStringWidth(" ")
		for word := range strings.SplitSeq(part, " ") {
			long := p.pdf.GetStringWidth(word)
			if used > 0 && used+space+long > wide {
				list = append(list, now.String())
				now.Reset()
				used = 0
			}
			if now.Len() > 0 {
				now.WriteByte(' ')
				used += space
			}
			for long > wide {
				at, n := 0.0, 0
				for n < len(word) {
					r, size := utf8.DecodeRuneInString(word[n:])
					one := p.pdf.GetStringWidth(string(r))
					if n > 0 && at+one > wide {
						break
					}
					at += one
					n += size
				}
				if n == len(word) {
					break
				}
				list = append(list, word[:n])
				word = word[n:]
				long = p.pdf.GetStringWidth(word)
			}
			now.WriteString(word)
			used += long
		}
		list = append(list, now.String())
	}
	return list
}

// lines writes a text over the width of the page.
func (p *paper) lines(s string, f typeface, high, indent float64) {
	if s == "" {
		return
	}
	for _, l := range p.wrap(s, f, textWide-indent) {
		p.room(high)
		p.set(f)
		p.put(p.from(l, pageSide+indent, textWide-indent), p.y+high*0.74, l)
		p.y += high
		p.clean = false
	}
}

// from is where a line begins: at the left, or, where it is written from right to left, so
// that it ends at the right.
func (p *paper) from(l string, left, wide float64) float64 {
	if rightward(l) {
		return left
	}
	return left + wide - p.pdf.GetStringWidth(l)
}

func (p *paper) note(text string) {
	face := typeface{"sans", "", 9.5}
	list := p.wrap(text, face, textWide-10)
	p.y += 1
	for i := 0; i < len(list); {
		p.room(8)
		n := min(len(list)-i, max(1, int((pageBottom-p.y-3)/4.8)))
		high := float64(n)*4.8 + 3
		p.pdf.SetFillColor(0xff, 0xf8, 0xe6)
		p.pdf.Rect(pageSide, p.y, textWide, high, "F")
		p.pdf.SetFillColor(0xbf, 0x87, 0)
		p.pdf.Rect(pageSide, p.y, 1, high, "F")
		p.set(face)
		for k, l := range list[i : i+n] {
			p.put(p.from(l, pageSide+5, textWide-10), p.y+5+float64(k)*4.8, l)
		}
		p.y += high
		p.clean = false
		if i += n; i < len(list) {
			p.page()
		}
	}
	p.y += 2
}

func (p *paper) code(text string) {
	face := typeface{"mono", "", 8}
	list := p.wrap(text, face, textWide-6)
	for i, l := range list {
		p.room(6)
		p.pdf.SetFillColor(0xf6, 0xf8, 0xfa)
		p.pdf.Rect(pageSide, p.y, textWide, 4.3, "F")
		p.set(face)
		p.put(pageSide+3, p.y+3.1, l)
		p.y += 4.2
		p.clean = false
		if i == len(list)-1 {
			p.y += 2
		}
	}
}

func (p *paper) facts(list []docFact) {
	t := &grid{p: p, wide: []float64{38, textWide - 38}, number: []bool{false, false}, size: 9, high: 4.5}
	for _, f := range list {
		t.row([]docCell{{{text: f.name, bold: false}}, f.is}, true)
	}
	p.y += 2
}

func (p *paper) table(b *block) {
	t := &grid{p: p, size: tableSize, high: tableLine}
	whole := 0
	for _, c := range b.columns {
		whole += c.weight
	}
	for _, c := range b.columns {
		t.wide = append(t.wide, textWide*float64(c.weight)/float64(whole))
		t.number = append(t.number, c.number)
		t.heads = append(t.heads, docCell{{text: c.name, bold: true}})
	}
	p.room(26)
	p.ink(0x57, 0x60, 0x6a)
	p.lines(b.text, typeface{"sans", "", 8.5}, 4.6, 0)
	p.ink(0x1c, 0x21, 0x28)
	t.head()
	for _, r := range b.rows {
		t.row(r, false)
	}
	p.y += 3
}

// rightward says whether a line is read from left to right.
func rightward(s string) bool {
	for _, r := range s {
		switch {
		case leftward(r):
			return false
		case unicode.IsLetter(r):
			return true
		}
	}
	return true
}
