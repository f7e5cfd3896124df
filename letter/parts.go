package letter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"goshawk"
)

// PartKind is what a part of a text is.
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

// Part is a piece of a text, one below the other: what any writer of paper needs, without markup.
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

// Markdown reads Markdown in which HTML is text like any other: nothing that somebody wrote vanishes, and nothing of it is
// markup.
func Markdown(with ...goldmark.Extender) goldmark.Markdown {
	blocks := slices.DeleteFunc(parser.DefaultBlockParsers(), func(v util.PrioritizedValue) bool { return v.Value == parser.NewHTMLBlockParser() })
	inline := slices.DeleteFunc(parser.DefaultInlineParsers(), func(v util.PrioritizedValue) bool { return v.Value == parser.NewRawHTMLParser() })
	return goldmark.New(goldmark.WithParser(parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(inline...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))), goldmark.WithExtensions(with...))
}

const (
	mostLinks  = 5_000 // in a text that is read as Markdown
	mostNested = 100   // lists and quotations in each other
)

// Unruly says whether reading a text as Markdown would take a time out of all proportion to its length: goldmark looks for the
// end of every link, and at every list for the one around it. Nobody writes so; such a text is to be shown as it stands.
func Unruly(markdown string) bool {
	if strings.Count(markdown, "](") > mostLinks {
		return true
	}
	for line := range strings.Lines(markdown) {
		n, more := 0, true
		for ; more; n++ {
			line, more = within(line)
		}
		if n > mostNested && strings.Trim(line, "-+*_ \t\r\n") != "" { // a line across is no list
			return true
		}
	}
	return false
}

// within is what a quotation or a list's item that begins a line holds.
func within(line string) (string, bool) {
	line = strings.TrimLeft(line, " \t")
	if rest, ok := strings.CutPrefix(line, ">"); ok {
		return rest, true
	}
	marks, rest := "-+*", strings.TrimLeft(line, "0123456789")
	if rest != line {
		marks = ".)"
	}
	if len(rest) > 1 && strings.IndexByte(marks, rest[0]) >= 0 && (rest[1] == ' ' || rest[1] == '\t') {
		return rest[1:], true
	}
	return line, false
}

// Parts takes Markdown apart. A text that is Unruly is one part.
func Parts(markdown string) ([]Part, error) {
	if Unruly(markdown) {
		return []Part{{Kind: PartCode, Spans: []Span{{Text: markdown, Code: true}}}}, nil
	}
	w := parts{source: []byte(markdown)}
	doc := Markdown(extension.Table).Parser().Parse(text.NewReader(w.source))
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
