package cluster

import (
	"strconv"
	"strings"

	"goshawk"
)

// OneTimeChange is a careful combination: a fresh address of the inputs' script
// type, holding an amount that is not round and smaller than every input. These
// are the four conditions of GraphSense's one-time-change heuristic.
const OneTimeChange = "fresh-address & script-type & !round-value & optimal"

// Expression combines heuristics. It marks outputs, as a heuristic does, and
// points to a change output where it leaves exactly one of two or more.
type Expression struct {
	op          byte // 'h', '!', '&', '|'
	heuristic   int  // in heuristics
	left, right *Expression
}

// And marks what both mark.
func And(a, b *Expression) *Expression { return &Expression{op: '&', left: a, right: b} }

// Or marks what either marks.
func Or(a, b *Expression) *Expression { return &Expression{op: '|', left: a, right: b} }

// Not marks the spendable outputs that a does not mark.
func Not(a *Expression) *Expression { return &Expression{op: '!', left: a} }

// Named returns a heuristic by its name, or name/version.
func Named(name string) (*Expression, error) {
	bare, version, versioned := strings.Cut(name, "/")
	for i, h := range heuristics {
		if h.Name == bare && (!versioned || version == strconv.Itoa(h.Version)) {
			return &Expression{op: 'h', heuristic: i}, nil
		}
	}
	names := make([]string, len(heuristics))
	for i := range heuristics {
		names[i] = heuristics[i].Name
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "there is no change heuristic %q", name).
		WithHint("use one of %s", strings.Join(names, ", "))
}

// Parse reads heuristics' names combined with ! (not), & (and), | (or) and
// parentheses; ! binds strongest, | weakest.
func Parse(text string) (*Expression, error) {
	const longest = 1000 // characters: bounds the recursion too
	if len(text) > longest {
		return nil, goshawk.Errorf(goshawk.Invalid, "the combination of heuristics has more than %d characters", longest).
			WithHint("shorten it")
	}
	p := parser{text: text}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek() != 0 {
		return nil, p.unexpected()
	}
	return e, nil
}

type parser struct {
	text string
	at   int
}

// peek skips blanks and returns the next character, 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) unexpected() error {
	what := "end"
	if p.at < len(p.text) {
		what = strconv.QuoteRune(rune(p.text[p.at]))
	}
	return goshawk.Errorf(goshawk.Invalid, "unexpected %s at character %d of %q", what, p.at+1, p.text).
		WithHint("combine heuristics like %q", OneTimeChange)
}

func (p *parser) or() (*Expression, error)  { return p.chain('|', Or, p.and) }
func (p *parser) and() (*Expression, error) { return p.chain('&', And, p.not) }

func (p *parser) chain(op byte, join func(a, b *Expression) *Expression, part func() (*Expression, error)) (*Expression, error) {
	e, err := part()
	for err == nil && p.peek() == op {
		p.at++
		var next *Expression
		if next, err = part(); err == nil {
			e = join(e, next)
		}
	}
	return e, err
}

func (p *parser) not() (*Expression, error) {
	switch p.peek() {
	case '!':
		p.at++
		e, err := p.not()
		if err != nil {
			return nil, err
		}
		return Not(e), nil
	case '(':
		p.at++
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, p.unexpected()
		}
		p.at++
		return e, nil
	}
	start := p.at
	for p.at < len(p.text) && isName(p.text[p.at]) {
		p.at++
	}
	if p.at == start {
		return nil, p.unexpected()
	}
	return Named(p.text[start:p.at])
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '/'
}

// String writes the expression so that Parse reads it back.
func (e *Expression) String() string { return e.text(0, false) }

// Rule names the expression as merges carry it, every heuristic with its version.
func (e *Expression) Rule() string { return "change(" + e.text(0, true) + ")" }

// text writes with the parentheses that a surrounding operator of some strength needs.
func (e *Expression) text(around int, versions bool) string {
	switch e.op {
	case 'h':
		if versions {
			return heuristics[e.heuristic].Name + "/" + strconv.Itoa(heuristics[e.heuristic].Version)
		}
		return heuristics[e.heuristic].Name
	case '!':
		return "!" + e.left.text(3, versions)
	}
	strength, sign := 1, " | "
	if e.op == '&' {
		strength, sign = 2, " & "
	}
	// The parser joins to the left, so a right side of the same strength keeps its parentheses.
	s := e.left.text(strength, versions) + sign + e.right.text(strength+1, versions)
	if strength < around {
		return "(" + s + ")"
	}
	return s
}

// FirstUses says whether it rests on which addresses were never used before, which
// a ledger that lacks part of its chain cannot tell.
func (e *Expression) FirstUses() bool { return e.needs()&needFresh != 0 }

func (e *Expression) needs() need {
	if e.op == 'h' {
		return heuristics[e.heuristic].needs
	}
	n := e.left.needs()
	if e.right != nil {
		n |= e.right.needs()
	}
	return n
}

// marked returns the spendable outputs that the expression marks, a bit for each.
func (e *Expression) marked(s *sight) uint64 {
	switch e.op {
	case '!':
		return s.spendable &^ e.left.marked(s)
	case '&':
		left := e.left.marked(s)
		if left == 0 {
			return 0
		}
		return left & e.right.marked(s)
	case '|':
		return e.left.marked(s) | e.right.marked(s)
	}
	return heuristics[e.heuristic].mark(s) & s.spendable
}
