package report

import "fmt"

// A page is printed no wider than its paper, on which a wide drawing would be
// too small to read. There it is folded into rows, like a text into lines: each
// is a window onto the one drawing, as high as what it shows. The last column of
// a row is the first of the next, so that each way is found again.

const (
	rowColumns = 4    // of a printed row: what is legible on A4 and Letter, upright
	rowHeight  = 1000 // of a window: less than a page
	rowOverlap = 56   // a box, and the room beside it
	rowMargin  = 30   // half of the room between two columns
)

// Parts of a drawing, by the names that its windows call them.
const (
	partHead   = "drawing-head"
	partFlow   = "drawing-flow"
	partLegend = "drawing-legend"
)

// window shows a rectangle of a part of a drawing, in the drawing's own units.
type window struct {
	part                string
	words               string // above it
	x, y, width, height int
}

// windows are what a drawing of that many columns is printed through, one below
// the other, with what stands above it and its legend; none where it fits as it is.
func (p *picture) windows(columns int, via [][][2]int, head int, legend window) []window {
	if columns <= rowColumns {
		return nil
	}
	all := []window{{part: partHead, width: rowColumns * columnWidth, height: head - 12}}
	return append(append(all, p.rows(columns, via, head)...), legend)
}

// rows are the windows onto the flow alone.
func (p *picture) rows(columns int, via [][][2]int, head int) (all []window) {
	const width = rowColumns * columnWidth
	count := max(1, (columns-1+rowColumns-2)/(rowColumns-1))
	first := 0
	for row := range count {
		last := (columns - 1) * (row + 1) / count
		top, bottom := p.heights(first, last, via)
		words := fmt.Sprintf("Row %d of %d", row+1, count)
		if row > 0 {
			words += fmt.Sprintf(": it begins with the last column of row %d", row)
		}
		parts := (max(bottom-top-rowOverlap, 1) + rowHeight - rowOverlap - 1) / (rowHeight - rowOverlap)
		height := (bottom - top + (parts-1)*rowOverlap + parts - 1) / parts
		for part := range parts {
			w := window{part: partFlow, words: words, x: marginX + first*columnWidth - rowMargin, y: head + top + part*(height-rowOverlap), width: width, height: height}
			if parts > 1 {
				w.words += fmt.Sprintf(", part %d of %d from above", part+1, parts)
			}
			all = append(all, w)
		}
		first = last
	}
	return all
}

// heights says between which heights everything lies that is drawn in some
// columns, with what is seen of the curves that lead out of them.
func (p *picture) heights(first, last int, via [][][2]int) (top, bottom int) {
	const beside = 28 // half a box, or the place of a curve at a box, with some air
	none := true
	see := func(y int) {
		if none || y-beside < top {
			top = y - beside
		}
		if none || y+beside > bottom {
			bottom = y + beside
		}
		none = false
	}
	column := func(x int) int { return x / columnWidth }
	within := func(x int) bool { return column(x) >= first && column(x) <= last }
	for i := range p.nodes {
		if within(p.nodes[i].x) {
			see(p.nodes[i].y)
		}
	}
	for i := range p.edges {
		from, to := &p.nodes[p.edges[i].from], &p.nodes[p.edges[i].to]
		x, y := from.x, from.y
		for _, next := range append(via[i][:len(via[i]):len(via[i])], [2]int{to.x, to.y}) {
			if within(next[0]) {
				see(next[1])
			}
			if within(x) != within(next[0]) { // it is cut about half way
				see((3*y + next[1]) / 4)
				see((y + 3*next[1]) / 4)
			}
			x, y = next[0], next[1]
		}
	}
	return top, bottom
}

// svg is the window as an element of the page that holds the drawing.
func (w *window) svg() string {
	return fmt.Sprintf(`<svg viewBox="%d %d %d %d"><use href="#%s"/></svg>`, w.x, w.y, w.width, w.height, w.part)
}
