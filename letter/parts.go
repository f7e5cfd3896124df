package letter

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"goshawk"
)

// PartKind is what a part of a letter is.
type PartKind uint8

// The kinds of parts.
const (
	PartText  PartKind = iota // a paragraph
	PartHead                  // a heading, of a Level from 1
	PartItem                  // the first paragraph of a list's item, behind its Mark
	PartRule                  // a line across
	PartCode                  // lines as they stand
	PartTable                 // Rows, of which the first are the columns' names
)

// Part is a piece of a letter, one below the other: what any writer of paper needs, without markup.
type Part struct {
	Kind  PartKind
	Level int    // of a heading
	Depth int    // in how many lists and quotations it stands
	Mark  string // of an item: "–", "12."
	Spans []Span
	Rows  [][]string
}

// Span is text of one kind. A line that the author broke ends with a newline.
type Span struct {
	Text   string
	Code   bool // a name of the chain: read letter by letter
	Strong bool
}

// Text is what a part says.
func (p *Part) Text() string {
	var b strings.Builder
	for _, s := range p.Spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Parts takes a letter's Markdown apart. HTML in it falls away.
func Parts(markdown string) ([]Part, error) {
	w := parts{source: []byte(markdown)}
	doc := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(w.source))
	if err := ast.Walk(doc, w.node); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the text is no Markdown: %w", err)
	}
	return w.list, nil
}

// parts walks a document.
type parts struct {
	source []byte
	list   []Part
	depth  int
	strong int
	cell   *strings.Builder // of the table that is read; nil outside of one
}

func (w *parts) node(n ast.Node, in bool) (ast.WalkStatus, error) {
	step := 1
	if !in {
		step = -1
	}
	switch n := n.(type) {
	case *ast.Heading:
		if in {
			w.begin(Part{Kind: PartHead, Level: n.Level})
		}
	case *ast.Paragraph, *ast.TextBlock:
		if in {
			w.begin(w.paragraph(n))
		}
	case *ast.List, *ast.Blockquote:
		w.depth += step
	case *ast.Emphasis:
		if n.Level > 1 {
			w.strong += step
		}
	case *ast.ThematicBreak:
		if in {
			w.begin(Part{Kind: PartRule})
		}
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		if in {
			w.begin(Part{Kind: PartCode})
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				w.say(string(line.Value(w.source)), true)
			}
		}
	case *extast.Table:
		if in {
			w.begin(Part{Kind: PartTable})
		}
	case *extast.TableHeader, *extast.TableRow:
		if in {
			table := &w.list[len(w.list)-1]
			table.Rows = append(table.Rows, nil)
		}
	case *extast.TableCell:
		if in {
			w.cell = &strings.Builder{}
		} else {
			row := &w.list[len(w.list)-1].Rows
			(*row)[len(*row)-1] = append((*row)[len(*row)-1], w.cell.String())
			w.cell = nil
		}
	case *ast.Text:
		if in {
			code := n.Parent().Kind() == ast.KindCodeSpan
			s := string(unescaped(n.Segment.Value(w.source), code))
			if n.HardLineBreak() {
				s += "\n"
			} else if n.SoftLineBreak() {
				s += " "
			}
			w.say(s, code)
		}
	case *ast.String:
		if in {
			w.say(string(n.Value), false)
		}
	case *ast.AutoLink:
		if in {
			w.say(string(n.URL(w.source)), false)
		}
	case *ast.Link:
		if to := string(n.Destination); !in && (len(w.list) == 0 || !strings.HasSuffix(w.list[len(w.list)-1].Text(), to)) {
			w.say(" <"+to+">", false)
		}
	case *ast.HTMLBlock, *ast.RawHTML:
		return ast.WalkSkipChildren, nil
	}
	return ast.WalkContinue, nil
}

func (w *parts) begin(p Part) {
	p.Depth = w.depth
	w.list = append(w.list, p)
}

// say adds text to the part that was begun last.
func (w *parts) say(s string, code bool) {
	if w.cell != nil {
		w.cell.WriteString(s)
		return
	}
	if len(w.list) == 0 {
		w.begin(Part{})
	}
	p := &w.list[len(w.list)-1]
	p.Spans = append(p.Spans, Span{Text: s, Code: code, Strong: w.strong > 0})
}

// paragraph is one, or the first of a list's item.
func (w *parts) paragraph(n ast.Node) Part {
	item, ok := n.Parent().(*ast.ListItem)
	if !ok || item.FirstChild() != n {
		return Part{}
	}
	return Part{Kind: PartItem, Mark: cmp.Or(ordinal(item), "–")}
}

// ordinal is an item's number in its list, "12."; "" where the list has none.
func ordinal(item ast.Node) string {
	l, ok := item.Parent().(*ast.List)
	if !ok || !l.IsOrdered() {
		return ""
	}
	at := l.Start
	for s := item.PreviousSibling(); s != nil; s = s.PreviousSibling() {
		at++
	}
	return strconv.Itoa(at) + "."
}
