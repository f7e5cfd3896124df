package letter

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"goshawk"
)

// WriteCSV writes the identifiers as CSV (RFC 4180), of which no cell is a formula to a spreadsheet.
func (x *Identifiers) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	// Rows' errors are kept by the writer, and told at the end.
	_ = c.Write([]string{"number", "network", "address", "transaction", "output", "value", "value_smallest_units", "followed", "followed_smallest_units", "method", "time_utc", "block", "why", "currency", "rate_day_utc", "rate", "value_in_currency", "followed_in_currency"})
	for i := range x.Rows {
		r := &x.Rows[i]
		row := []string{strconv.Itoa(i + 1), x.Network, r.Address, r.Tx, "", x.Amount(r.Value), r.Value, x.Amount(r.Amount), r.Amount, "", "", "", r.Why, "", "", "", x.ValueOf(r, r.Value), x.ValueOf(r, r.Amount)}
		if r.Out != nil {
			row[4] = strconv.FormatUint(uint64(*r.Out), 10)
		}
		if r.Amount != "" {
			row[9] = x.Method
		}
		if r.Time != nil {
			row[10], row[11] = r.Time.UTC().Format(time.RFC3339), strconv.Itoa(int(r.Height))
		}
		if day, price := x.price(r); day != "" {
			row[13], row[14], row[15] = x.Prices.Currency, day, cmp.Or(price, "missing")
		}
		for j := range row {
			row[j] = Cell(row[j])
		}
		_ = c.Write(row) // as above
	}
	c.Flush()
	return c.Error()
}

// Cell makes a text safe for a spreadsheet: a leading = + - @, also in full width, would make it a formula, and
// an apostrophe, which says that a text follows, goes before it. Controls fall away.
func Cell(s string) string {
	s = strings.TrimLeft(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s), " \n\u00a0")
	for _, lead := range [...]string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, lead) {
			return "'" + s
		}
	}
	return s
}

// Plain writes Markdown as plain text: paragraphs, headings and lists, without the marks.
func Plain(markdown string) (string, error) {
	if Unruly(markdown) {
		return markdown, nil
	}
	source := []byte(markdown)
	doc := Markdown().Parser().Parse(text.NewReader(source))
	p := plain{source: source}
	if err := ast.Walk(doc, p.node); err != nil {
		return "", goshawk.Errorf(goshawk.Invalid, "the text is no Markdown: %w", err)
	}
	lines := strings.Split(p.b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n", nil
}

// plain walks a document.
type plain struct {
	source []byte
	b      bytes.Buffer
	depth  int // of lists
}

func (p *plain) node(n ast.Node, in bool) (ast.WalkStatus, error) {
	switch n := n.(type) {
	case *ast.Heading:
		if !in {
			p.b.WriteByte('\n')
			if n.Level == 1 {
				p.b.WriteString(strings.Repeat("=", 40) + "\n")
			}
			p.b.WriteByte('\n')
		}
	case *ast.Paragraph:
		if !in {
			p.b.WriteString("\n\n")
		}
	case *ast.TextBlock:
		if !in {
			p.b.WriteByte('\n')
		}
	case *ast.List:
		if in {
			p.depth++
		} else if p.depth--; p.depth == 0 {
			p.b.WriteByte('\n')
		}
	case *ast.ListItem:
		if in {
			p.b.WriteString(strings.Repeat("   ", max(p.depth-1, 0)) + cmp.Or(ordinal(n), "-") + " ")
		}
	case *ast.ThematicBreak:
		if in {
			p.b.WriteString(strings.Repeat("-", 40) + "\n\n")
		}
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		if in {
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				p.b.Write(line.Value(p.source))
			}
			p.b.WriteByte('\n')
		}
	case *ast.Text:
		if in {
			p.b.Write(unescaped(n.Segment.Value(p.source), n.Parent().Kind() == ast.KindCodeSpan))
			if n.SoftLineBreak() || n.HardLineBreak() {
				p.b.WriteByte('\n')
			}
		}
	case *ast.String:
		if in {
			p.b.Write(n.Value)
		}
	case *ast.AutoLink:
		if in {
			p.b.Write(n.URL(p.source))
		}
	case *ast.Link:
		if !in {
			p.b.WriteString(" <" + string(n.Destination) + ">")
		}
	}
	return ast.WalkContinue, nil
}

// unescaped takes the backslashes away that stand before punctuation (CommonMark 2.4).
func unescaped(s []byte, code bool) []byte {
	if code {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] < 0x80 && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0 {
			i++
		}
		out = append(out, s[i])
	}
	return out
}
