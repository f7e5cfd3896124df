package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"goshawk"
)

// Findings lists patterns.
type Findings struct {
	Basis
	Kind     string // the pattern asked for
	Findings []goshawk.Finding
	// Truncated says that there are more than were asked for.
	Truncated bool
}

// FindingsJSON writes findings in the shape of docs/json.md.
func FindingsJSON(w io.Writer, f *Findings) error {
	e := newEncoder(w)
	e.lines()
	e.basis(f.Basis)
	e.key("kind").text(f.Kind)
	e.findings("findings", f.Findings)
	e.key("truncated").bool(f.Truncated)
	e.end()
	return e.finish()
}

// FindingsText writes findings for a person to read.
func FindingsText(w io.Writer, f *Findings, s Style) error {
	p := newPage(w, s)
	title := "Patterns"
	if f.Kind != "" {
		title += ": " + line(f.Kind, 60)
	}
	p.line(p.paint(bold, title))
	p.line()
	p.basis(f.Basis)
	p.notes(cautions(f.Warnings))
	if len(f.Findings) == 0 {
		p.line()
		where := ""
		if f.Ledger.Partial || f.Ledger.Start > 0 {
			where = " in the blocks of this ledger"
		}
		p.line("None found", where, ".")
	}
	p.findings(f.Asset, f.Findings)
	if f.Truncated {
		p.line("  and more: raise the limit to see them")
	}
	return p.b.Flush()
}

func (e *encoder) findings(name string, findings []goshawk.Finding) {
	e.key(name).list()
	for i := range findings {
		f := &findings[i]
		e.object()
		e.key("kind").string(f.Kind)
		e.key("rule").string(f.Rule)
		e.key("statement").string(f.Statement)
		e.key("confidence").string(f.Confidence)
		e.key("saw").strings(f.Saw)
		e.key("tx").hash(f.Tx)
		e.key("height").height(f.Height)
		e.key("parts").tuple()
		for k := range f.Parts {
			p := &f.Parts[k]
			e.object()
			e.key("role").string(p.Role)
			optional(e.key("tx"), p.Tx, e.hash)
			optional(e.key("out"), p.Out, e.index)
			e.key("address").text(p.Address)
			e.key("amount").units(p.Amount)
			e.end()
		}
		e.end()
		e.end()
	}
	e.end()
}

func (p *page) findings(a goshawk.Asset, findings []goshawk.Finding) {
	if len(findings) > 0 {
		p.heading("Findings")
	}
	for i := range findings {
		f := &findings[i]
		at := ""
		if f.Height >= 0 {
			at = ", block " + number(f.Height)
		}
		p.hang("  ", "    ", p.paint(bold, sentence(line(f.Statement, 300)))+" Confidence: "+line(f.Confidence, 30)+" (rule "+line(f.Rule, 60)+").")
		p.line("    ", f.Tx.String(), at)
		for _, saw := range f.Saw[:min(len(f.Saw), 12)] {
			p.hang("    - ", "      ", line(saw, 300))
		}
		for k := range f.Parts[:min(len(f.Parts), textCoins)] {
			part := &f.Parts[k]
			role := "      " + pad(line(part.Role, 20), 8) + "  "
			if part.Tx != nil {
				coin := part.Tx.String()
				if part.Out != nil {
					coin = outpoint(*part.Tx, *part.Out)
				}
				if part.Amount != nil {
					coin += "  " + money(a, part.Amount)
				}
				p.line(role, coin)
				role = pad("", utf8.RuneCountInString(role))
			}
			if part.Address != "" {
				p.line(role, line(part.Address, 400))
			}
		}
		if n := len(f.Parts) - textCoins; n > 0 {
			p.line("      and ", goshawk.Count(n, "more", "more"), ", listed in the JSON form")
		}
	}
}

// sentence makes a clause a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if s = capital(s); !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// capital begins a text with a capital letter.
func capital(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
