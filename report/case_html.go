package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"goshawk"
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
	Items          []string
	Facts          []caseFact
	Columns        []caseColumn
	Rows           [][]caseCell
	SVG            template.HTML
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
			if n := len(out.Blocks) - 1; b.kind == blockItem && n >= 0 && out.Blocks[n].Kind == "list" {
				out.Blocks[n].Items = append(out.Blocks[n].Items, b.text)
				continue
			}
			out.Blocks = append(out.Blocks, b.html())
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
		out.Kind, out.Items = "list", []string{b.text}
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
