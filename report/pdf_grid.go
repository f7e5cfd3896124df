package report

// grid writes rows of cells. A row that does not fit goes on on the next page, below the
// heads of the columns.
type grid struct {
	p      *paper
	wide   []float64 // of the columns, with the gap behind them
	number []bool
	heads  []docCell // nil: none
	size   float64
	high   float64 // of a line
}

type gridLine struct {
	text string
	face typeface
}

func (g *grid) lines(c docCell, wide float64) (list []gridLine) {
	for _, one := range c {
		face := typeface{"sans", "", g.size}
		if one.bold {
			face.style = "B"
		}
		if one.code {
			face = typeface{"mono", "", g.size * codeShrink}
		}
		for _, l := range g.p.wrap(one.text, face, wide) {
			list = append(list, gridLine{l, face})
		}
	}
	return list
}

func (g *grid) head() {
	if g.heads == nil {
		return
	}
	g.p.ink(0x57, 0x60, 0x6a)
	g.cells(g.split(g.heads), 0, 1<<20)
	g.p.ink(0x1c, 0x21, 0x28)
	g.rule(0x1c, 0x21, 0x28)
}

func (g *grid) split(row []docCell) (all [][]gridLine) {
	for k, c := range row {
		all = append(all, g.lines(c, g.wide[k]-2*tableGap))
	}
	return all
}

// row writes a row. faint: its first column is a name, and no line is drawn below it.
func (g *grid) row(row []docCell, faint bool) {
	p := g.p
	all := g.split(row)
	most := 0
	for _, lines := range all {
		most = max(most, len(lines))
	}
	high := float64(most)*g.high + tableGap
	if p.y+high > pageBottom && high < (pageBottom-pageTop)/2 {
		g.next()
	}
	for from := 0; from < most; {
		fit := int((pageBottom - p.y - tableGap) / g.high)
		if fit < 1 {
			g.next()
			continue
		}
		g.cells(all, from, fit)
		from += fit
	}
	if !faint {
		g.rule(0xd0, 0xd7, 0xde)
	}
}

func (g *grid) next() {
	g.p.page()
	g.head()
}

// cells writes some lines of each cell.
func (g *grid) cells(all [][]gridLine, from, most int) {
	p := g.p
	x, rows := pageSide, 0
	for k, lines := range all {
		lines = lines[min(from, len(lines)):]
		lines = lines[:min(most, len(lines))]
		rows = max(rows, len(lines))
		wide := g.wide[k] - 2*tableGap
		left := x
		if k > 0 {
			left += tableGap
		}
		for i, l := range lines {
			p.set(l.face)
			at := p.from(l.text, left, wide)
			if g.number[k] {
				at = left + wide - p.pdf.GetStringWidth(l.text)
			}
			p.put(at, p.y+tableGap/2+float64(float64(i)*g.high)+g.high*0.76, l.text)
		}
		x += g.wide[k]
	}
	p.y += float64(float64(rows)*g.high) + tableGap
	p.clean = false
}

func (g *grid) rule(r, gr, b int) {
	g.p.pdf.SetDrawColor(r, gr, b)
	g.p.pdf.SetLineWidth(0.15)
	g.p.pdf.Line(pageSide, g.p.y, pageWide-pageSide, g.p.y)
}
