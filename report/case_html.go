package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/letter"
)

//go:embed case.html.tmpl
var casePageSource string

//go:embed case.css
var casePageStyle string

var casePageTemplate = template.Must(template.New("case").Parse(casePageSource))

// CasePolicy is the Content-Security-Policy under which a report's page is whole: it needs
// its own two style sheets and nothing else. The page says it of itself, too.
func CasePolicy() string {
	hash := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle+casePageStyle) + " " + hash(drawingStyle) + "; base-uri 'none'; form-action 'none'"
}

// casePage is what the template shows. All texts are clean, and the template escapes them.
type casePage struct {
	Policy, Title, Marking, Foot, Author string
	Style                                template.CSS
	Sections                             []caseSection
}

type caseSection struct {
	ID, Title string
	Own       bool
	Blocks    []caseBlock
}

type caseBlock struct {
	Kind, Text, ID string
	Class          string       // how far a part of a text is set in
	First          int          // number of a list's first item; 0: they have none
	Items          [][]caseSpan // of a list; a paragraph is one
	Facts          []caseFact
	Columns        []caseColumn
	Rows           [][]caseCell
	SVG            template.HTML
}

// continues says whether a list's item follows on the list before it.
func (b *caseBlock) continues(last *caseBlock) bool {
	follows := b.First == 0 && last.First == 0 || b.First > 0 && last.First > 0 && b.First == last.First+len(last.Items)
	return b.Kind == "list" && last.Kind == "list" && b.Class == last.Class && follows
}

// caseSpan is text of one kind; broken: a line ends before it.
type caseSpan struct {
	Text               string
	Code, Bold, Broken bool
}

type caseFact struct {
	Name string
	Is   []casePiece
}

type caseColumn struct {
	Name   string
	Number bool
}

type caseCell struct {
	Name   string
	Number bool
	Is     []casePiece
}

type casePiece struct {
	Text       string
	Code, Bold bool
}

// WriteCaseHTML writes a case's report as one page that needs nothing else: no script, no
// font, no network; its policy forbids all of them.
func WriteCaseHTML(w io.Writer, c Case) error {
	d := newDocument(&c)
	p := casePage{Policy: CasePolicy(), Title: d.title, Marking: d.marking, Foot: d.foot, Author: d.author, Style: template.CSS(pageStyle + casePageStyle)}
	for i := range d.sections {
		s := &d.sections[i]
		out := caseSection{ID: s.id, Title: s.title, Own: s.own}
		for k := range s.blocks {
			b := &s.blocks[k]
			next := b.html()
			if n := len(out.Blocks) - 1; n >= 0 && next.continues(&out.Blocks[n]) {
				out.Blocks[n].Items = append(out.Blocks[n].Items, next.Items...)
				continue
			}
			out.Blocks = append(out.Blocks, next)
		}
		p.Sections = append(p.Sections, out)
	}
	b := bufio.NewWriter(w)
	if err := casePageTemplate.Execute(b, p); err != nil {
		return err
	}
	return b.Flush()
}

func (b *block) html() caseBlock {
	out := caseBlock{Text: b.text, ID: b.id}
	switch b.kind {
	case blockText:
		out.Kind = "text"
	case blockHead:
		out.Kind = "head"
	case blockItem:
		out.Kind, out.Items = "list", [][]caseSpan{{{Text: b.text}}}
	case blockProse:
		out.prose(&b.prose)
	case blockNote:
		out.Kind = "note"
	case blockCode:
		out.Kind = "code"
	case blockSign:
		out.Kind = "sign"
	case blockFacts:
		out.Kind = "facts"
		for _, f := range b.facts {
			out.Facts = append(out.Facts, caseFact{f.name, pieces(f.is)})
		}
	case blockTable:
		out.Kind = "table"
		for _, c := range b.columns {
			out.Columns = append(out.Columns, caseColumn{c.name, c.number})
		}
		for _, r := range b.rows {
			var row []caseCell
			for k, c := range r {
				row = append(row, caseCell{b.columns[k].name, b.columns[k].number, pieces(c)})
			}
			out.Rows = append(out.Rows, row)
		}
	case blockTrace:
		out.Kind, out.Text = "drawing", drawingTitle(b.trace)
		out.SVG = drawnAlone(b.trace)
	case blockPicture:
		out.Kind, out.Text = "drawing", "The investigation's graph: "+line(b.picture.Title, 200)
		out.SVG = template.HTML(b.picture.svg())
	}
	return out
}

// prose is a part of a text. White space at the ends of its spans is kept as one space: clean takes it away.
func (b *caseBlock) prose(p *letter.Part) {
	if p.Depth > 0 {
		b.Class = "in" + strconv.Itoa(min(p.Depth, deepest))
	}
	switch p.Kind {
	case letter.PartRule:
		b.Kind = "rule"
	case letter.PartCode:
		var lines []string
		for l := range strings.Lines(p.Text()) {
			lines = append(lines, clean(l))
		}
		b.Kind, b.Text = "code", strings.Join(lines, "\n")
	case letter.PartTable:
		b.Kind, b.Text = "table", "A table of the author"
		if len(p.Rows) == 0 {
			return
		}
		for _, c := range p.Rows[0] {
			b.Columns = append(b.Columns, caseColumn{clean(c), false})
		}
		for _, r := range p.Rows[1:] {
			var row []caseCell
			for k, c := range b.Columns {
				row = append(row, caseCell{c.Name, false, pieces(words(clean(at(r, k))))})
			}
			b.Rows = append(b.Rows, row)
		}
	case letter.PartItem:
		b.Kind, b.Items = "list", [][]caseSpan{spansOf(p.Spans)}
		b.First, _ = strconv.Atoi(strings.TrimSuffix(p.Mark, ".")) // a dash is none
	case letter.PartHead, letter.PartText:
		b.Kind, b.Items = "prose", [][]caseSpan{spansOf(p.Spans)}
	}
}

func spansOf(list []letter.Span) (out []caseSpan) {
	for _, s := range list {
		for k, l := range strings.Split(s.Text, "\n") {
			text := clean(l)
			if l != "" && strings.HasPrefix(strings.Map(spaced, l), " ") {
				text = " " + text
			}
			if l != "" && text != " " && strings.HasSuffix(strings.Map(spaced, l), " ") {
				text += " "
			}
			out = append(out, caseSpan{text, s.Code, s.Strong, k > 0})
		}
	}
	return out
}

func pieces(c docCell) (list []casePiece) {
	for _, p := range c {
		list = append(list, casePiece{p.text, p.code, p.bold})
	}
	return list
}

// drawnAlone is a trace's drawing. A report may hold several, and the parts through which a
// page prints a wide one have names that only one may have: they are left out.
func drawnAlone(t *goshawk.Trace) template.HTML {
	var svg bytes.Buffer
	b := bufio.NewWriter(&svg)
	drawing(b, t, true)
	_ = b.Flush() // a buffer in memory does not fail
	return template.HTML(svg.String())
}
