package report

import (
	"fmt"
	"slices"
	"strings"

	"goshawk"
)

// rgb is the colour of an end's kind on paper, as in the drawings' light colours.
func rgb(k goshawk.EndKind) (r, g, b int) {
	switch safeKind(k) {
	case goshawk.EndService:
		return 0x0b, 0x5c, 0xad
	case goshawk.EndUnspent:
		return 0x1a, 0x7f, 0x37
	case goshawk.EndCoinJoin:
		return 0x7a, 0x3f, 0xd0
	case goshawk.EndBurnt:
		return 0x7a, 0x4a, 0x12
	case goshawk.EndUnresolved:
		return 0x8a, 0x5a, 0x00
	case goshawk.EndOrigin:
		return 0x0b, 0x6e, 0x7a
	case goshawk.EndStart:
		return 0x1c, 0x21, 0x28
	case goshawk.EndFee:
		return 0xa8, 0x4a, 0x00
	}
	return 0x57, 0x60, 0x6a
}

// strokes is the pattern of a kind's curves, in a drawing's pixels; nil: unbroken.
func strokes(k goshawk.EndKind) []float64 {
	switch safeKind(k) {
	case goshawk.EndCoinJoin:
		return []float64{9, 4}
	case goshawk.EndUnresolved:
		return []float64{2, 3}
	case goshawk.EndLimit:
		return []float64{12, 3, 2, 3}
	case goshawk.EndBurnt:
		return []float64{5, 5}
	}
	return nil
}

// broken sets the strokes of lines to come, and the gaps between them, in millimetres; nil: unbroken.
func (p *paper) broken(pattern []float64) {
	var s strings.Builder
	for _, v := range pattern {
		fmt.Fprintf(&s, "%.2f ", v*p.pdf.GetConversionRatio())
	}
	p.pdf.RawWriteStr("[" + strings.TrimSpace(s.String()) + "] 0 d")
}

// canvas maps a window of a drawing to a place on the page.
type canvas struct {
	p      *paper
	scale  float64 // millimetres of a pixel
	dx, dy float64
}

func (c *canvas) x(v int) float64 { return c.dx + float64(float64(v)*c.scale) }
func (c *canvas) y(v int) float64 { return c.dy + float64(float64(v)*c.scale) }

func (c *canvas) pen(r, g, b int, width float64, pattern []float64) {
	c.p.pdf.SetDrawColor(r, g, b)
	c.p.pdf.SetLineWidth(width * c.scale)
	var scaled []float64
	for _, v := range pattern {
		scaled = append(scaled, v*c.scale)
	}
	c.p.broken(scaled)
}

// text writes one line, smaller where it would be wider than its room; room 0: as it is.
func (c *canvas) text(s string, f typeface, x, y, room int) {
	if s == "" {
		return
	}
	p := c.p
	s = p.ready(clean(s), f)
	f.size = f.size * c.scale / 0.3528 // pixels to points
	p.set(f)
	if wide := p.pdf.GetStringWidth(s); room > 0 && wide > float64(room)*c.scale {
		f.size *= float64(room) * c.scale / wide
		p.set(f)
	}
	p.put(c.x(x), c.y(y), s)
}

// flow draws a trace, in rows where it is wider than the page.
func (p *paper) flow(t *goshawk.Trace) {
	pic := newPicture(t, mostNodes)
	via, inner, _ := pic.arrange()
	if len(pic.nodes) == 0 {
		return
	}
	p.ink(0x57, 0x60, 0x6a)
	for _, s := range drawingSubtitle(t) {
		p.lines(s, typeface{"sans", "", 8}, 4, 0)
	}
	p.ink(0x1c, 0x21, 0x28)
	rows := pic.rows(inner/columnWidth+1, via, 0)
	for i := range rows {
		w := &rows[i]
		scale := min(textWide/float64(w.width), 0.2, (pageBottom-pageTop-8)/float64(w.height))
		high := float64(w.height) * scale
		p.room(high + 6)
		if len(rows) > 1 {
			p.ink(0x57, 0x60, 0x6a)
			p.lines(w.words, typeface{"sans", "", 7.5}, 4, 0)
			p.ink(0x1c, 0x21, 0x28)
		}
		x0 := w.x - marginX
		c := &canvas{p, scale, pageSide - float64(x0)*scale, p.y - float64(w.y)*scale}
		p.pdf.ClipRect(pageSide, p.y, textWide, high, false)
		c.curves(pic, via, x0, x0+w.width, w.y, w.y+w.height)
		for k := range pic.nodes {
			if n := &pic.nodes[k]; n.x+boxWidth > x0 && n.x-boxWidth < x0+w.width && n.y+60 > w.y && n.y-60 < w.y+w.height {
				c.box(n)
			}
		}
		p.pdf.ClipEnd()
		p.forget()
		p.y += high + 2
		p.clean = false
	}
	items := legendOf(t, pic)
	p.room(6 + 5*float64(len(items)))
	for _, item := range items {
		p.legend(item)
	}
	p.y += 3
}

func (p *paper) legend(item legendItem) {
	p.room(5)
	c := &canvas{p, 0.26, pageSide + 3, p.y + 2.3}
	switch item.rest {
	case "":
		c.mark(item.kind, 0, 0)
	case "inf":
		r, g, b := rgb(goshawk.EndService)
		c.pen(r, g, b, 1.4, []float64{5, 3})
		p.pdf.Rect(c.x(-9), c.y(-6), 18*c.scale, 12*c.scale, "D")
	case "tx":
		c.pen(0x8c, 0x95, 0x9f, 1, nil)
		p.pdf.Rect(c.x(-6), c.y(-7), 16*c.scale, 10*c.scale, "D")
		p.pdf.Rect(c.x(-9), c.y(-4), 16*c.scale, 10*c.scale, "D")
	default:
		c.pen(0x57, 0x60, 0x6a, 1, []float64{2, 3})
		p.pdf.Rect(c.x(-9), c.y(-6), 18*c.scale, 12*c.scale, "D")
	}
	p.broken(nil)
	p.lines(item.text, typeface{"sans", "", 8}, 4.6, 8)
}

// curves draws what flows, where any of it is in the window.
func (c *canvas) curves(p *picture, via [][][2]int, left, right, top, bottom int) {
	least, most := p.extremes()
	order := make([]int, len(p.edges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.edges[b].amount.Cmp(&p.edges[a].amount) })
	leave, arrive := p.ports()
	pdf := c.p.pdf
	for _, i := range order {
		x, y, legs, tip := p.course(i, via[i], leave, arrive)
		x1, x2, y1, y2 := x, x, y, y
		for _, l := range legs {
			x1, x2, y1, y2 = min(x1, l.x), max(x2, l.x), min(y1, l.y), max(y2, l.y)
		}
		if x2 < left-boxWidth || x1 > right+boxWidth || y2 < top-60 || y1 > bottom+60 {
			continue
		}
		e := &p.edges[i]
		width := float64(width16(log16(&e.amount), least, most)) / 10
		to := &p.nodes[e.to]
		switch {
		case p.nodes[e.from].shape == shapeRest || to.shape == shapeRest:
			c.pen(0x8c, 0x95, 0x9f, width, []float64{3, 4})
		case to.shape == shapeEnd:
			r, g, b := rgb(to.kind)
			c.pen(r, g, b, width, strokes(to.kind))
		default:
			c.pen(0x8c, 0x95, 0x9f, width, nil)
		}
		pdf.MoveTo(c.x(x), c.y(y))
		for _, l := range legs {
			if l.flat {
				pdf.LineTo(c.x(l.x), c.y(l.y))
			} else {
				pdf.CurveBezierCubicTo(c.x(l.x1), c.y(l.y1), c.x(l.x2), c.y(l.y2), c.x(l.x), c.y(l.y))
			}
		}
		pdf.DrawPath("D")
		c.p.broken(nil)
		pdf.SetFillColor(0x8c, 0x95, 0x9f)
		c.shape("F", [2]int{tip[0], tip[1]}, [2]int{tip[0] - 7, tip[1] - 4}, [2]int{tip[0] - 7, tip[1] + 4})
	}
}

// shape draws a closed path.
func (c *canvas) shape(style string, points ...[2]int) {
	pdf := c.p.pdf
	for i, at := range points {
		if i == 0 {
			pdf.MoveTo(c.x(at[0]), c.y(at[1]))
		} else {
			pdf.LineTo(c.x(at[0]), c.y(at[1]))
		}
	}
	pdf.ClosePath()
	pdf.DrawPath(style)
}

// rounded draws a rectangle with round corners.
func (c *canvas) rounded(x, y, w, h, r int, style string) {
	pdf := c.p.pdf
	k := r - r*55/100 // from the corner to where the arc's control point lies
	pdf.MoveTo(c.x(x+r), c.y(y))
	side := func(x1, y1, ax, ay, bx, by, x2, y2 int) {
		pdf.LineTo(c.x(x1), c.y(y1))
		pdf.CurveBezierCubicTo(c.x(ax), c.y(ay), c.x(bx), c.y(by), c.x(x2), c.y(y2))
	}
	side(x+w-r, y, x+w-k, y, x+w, y+k, x+w, y+r)
	side(x+w, y+h-r, x+w, y+h-k, x+w-k, y+h, x+w-r, y+h)
	side(x+r, y+h, x+k, y+h, x, y+h-k, x, y+h-r)
	side(x, y+r, x, y+k, x+k, y, x+r, y)
	pdf.ClosePath()
	pdf.DrawPath(style)
}

// box draws a node, as box.write does.
func (c *canvas) box(n *box) {
	w, h := n.width(), boxHeight(n.shape)
	x, y := n.x-w/2, n.y-h/2
	pdf, p := c.p.pdf, c.p
	rounded := func(x, y, r int, style string) { c.rounded(x, y, w, h, r, style) }
	amount, mono, soft := typeface{"sans", "B", 10.5}, typeface{"mono", "", 9.5}, typeface{"sans", "", 9.5}
	switch n.shape {
	case shapeStart:
		pdf.SetFillColor(0x1c, 0x21, 0x28)
		rounded(x, y, 3, "F")
		p.ink(0xff, 0xff, 0xff)
		c.text(n.top, amount, x+12, y+17, w-24)
		c.text(n.bottom, mono, x+12, y+31, w-24)
	case shapeTx, shapeChain:
		c.pen(0x8c, 0x95, 0x9f, 1, nil)
		pdf.SetFillColor(0xf6, 0xf8, 0xfa)
		top := mono
		if n.shape == shapeChain {
			rounded(x+4, y-4, 18, "FD")
			top = amount
		}
		rounded(x, y, 18, "FD")
		p.ink(0x1c, 0x21, 0x28)
		c.text(n.top, top, x+14, y+16, w-24)
		p.ink(0x57, 0x60, 0x6a)
		c.text(n.bottom, soft, x+14, y+29, w-24)
	case shapeEnd:
		r, g, b := rgb(n.kind)
		var pattern []float64
		if n.inference {
			pattern = []float64{5, 3}
		}
		c.pen(r, g, b, 1.4, pattern)
		pdf.SetFillColor(0xff, 0xff, 0xff)
		rounded(x, y, 3, "FD")
		c.mark(n.kind, x+16, y+h/2)
		bottom := mono
		if n.kind == goshawk.EndService {
			bottom = soft
		}
		p.ink(0x1c, 0x21, 0x28)
		c.text(n.top, amount, x+32, y+17, w-40)
		c.text(n.bottom, bottom, x+32, y+31, w-40)
	case shapeRest:
		c.pen(0x57, 0x60, 0x6a, 1, []float64{2, 3})
		pdf.SetFillColor(0xff, 0xff, 0xff)
		rounded(x, y, 3, "FD")
		p.ink(0x57, 0x60, 0x6a)
		c.text(n.top, soft, x+12, y+17, w-24)
		p.ink(0x1c, 0x21, 0x28)
		c.text(n.bottom, amount, x+12, y+31, w-24)
	}
	p.ink(0x1c, 0x21, 0x28)
}

// mark draws an end kind's sign: the same forms as mark in svg.go.
func (c *canvas) mark(k goshawk.EndKind, x, y int) {
	pdf := c.p.pdf
	r, g, b := rgb(k)
	pdf.SetFillColor(r, g, b)
	c.pen(r, g, b, 2, nil)
	at := func(points ...[2]int) [][2]int {
		for i := range points {
			points[i] = [2]int{points[i][0] + x, points[i][1] + y}
		}
		return points
	}
	block := func(bx, by, w, h int) {
		c.shape("F", at([2]int{bx, by}, [2]int{bx + w, by}, [2]int{bx + w, by + h}, [2]int{bx, by + h})...)
	}
	round := func(cx int, radius float64, style string) {
		pdf.Circle(c.x(x+cx), c.y(y), radius*c.scale, style)
	}
	switch k {
	case goshawk.EndService:
		c.shape("F", at([2]int{-8, -3}, [2]int{0, -8}, [2]int{8, -3})...)
		block(-7, -1, 3, 6)
		block(-1, -1, 3, 6)
		block(4, -1, 3, 6)
		block(-8, 6, 16, 2)
	case goshawk.EndUnspent:
		round(0, 6.5, "F")
	case goshawk.EndCoinJoin:
		round(-3, 5, "D")
		round(3, 5, "D")
	case goshawk.EndBurnt:
		pdf.Line(c.x(x-6), c.y(y-6), c.x(x+6), c.y(y+6))
		pdf.Line(c.x(x+6), c.y(y-6), c.x(x-6), c.y(y+6))
	case goshawk.EndUnresolved:
		c.p.ink(r, g, b)
		c.text("?", typeface{"sans", "B", 16}, x-5, y+6, 0)
		c.p.ink(0x1c, 0x21, 0x28)
	case goshawk.EndOrigin:
		c.shape("F", at([2]int{0, -8}, [2]int{2, -3}, [2]int{8, -2}, [2]int{4, 1}, [2]int{5, 7}, [2]int{0, 4}, [2]int{-5, 7}, [2]int{-4, 1}, [2]int{-8, -2}, [2]int{-2, -3})...)
	case goshawk.EndStart:
		c.shape("F", at([2]int{-5, -7}, [2]int{7, 0}, [2]int{-5, 7})...)
	case goshawk.EndFee:
		round(0, 5, "D")
	default:
		block(-5, -7, 3, 14)
		block(2, -7, 3, 14)
	}
}

// forget sets again what the end of a clipping took back, and the writer does not know of.
func (p *paper) forget() {
	p.set(typeface{"mono", "", 1})
	p.set(typeface{"sans", "", bodySize})
	p.pdf.SetFillColor(0xff, 0xff, 0xff)
	p.ink(0x1c, 0x21, 0x28)
	p.broken(nil)
}

// graphScale is how large a graph is drawn: millimetres of a pixel.
func graphScale(s *spotted) float64 { return min(textWide/float64(s.width), 150/float64(s.height)) }

// graph draws the investigation's graph as its authors laid it out.
func (p *paper) graph(g *CasePicture) {
	s := g.spots()
	scale := graphScale(s)
	high := float64(s.height) * scale
	p.room(high + 4)
	c := &canvas{p, scale, pageSide + (textWide-float64(s.width)*scale)/2, p.y}
	pdf := p.pdf
	for i := range s.edges {
		e := &s.edges[i]
		var pattern []float64
		if e.inferred {
			pattern = []float64{5, 3}
		}
		c.pen(0x57, 0x60, 0x6a, 1, pattern)
		pdf.Line(c.x(e.x1), c.y(e.y1), c.x(e.x2), c.y(e.y2))
		p.broken(nil)
		pdf.SetFillColor(0x57, 0x60, 0x6a)
		head := e.head()
		c.shape("F", head[:]...)
	}
	for i := range s.nodes {
		n := &s.nodes[i]
		var pattern []float64
		if n.inferred {
			pattern = []float64{5, 3}
		}
		c.pen(0x57, 0x60, 0x6a, 1.2, pattern)
		pdf.SetFillColor(0xf6, 0xf8, 0xfa)
		const r = nodeRadius
		switch n.what {
		case "transaction":
			c.shape("FD", [2]int{n.x - r, n.y - r}, [2]int{n.x + r, n.y - r}, [2]int{n.x + r, n.y + r}, [2]int{n.x - r, n.y + r})
		case "coin":
			c.shape("FD", [2]int{n.x, n.y - r - 2}, [2]int{n.x + r + 2, n.y}, [2]int{n.x, n.y + r + 2}, [2]int{n.x - r - 2, n.y})
		case "service":
			c.shape("FD", [2]int{n.x, n.y - r - 2}, [2]int{n.x + r, n.y - 4}, [2]int{n.x + r, n.y + r}, [2]int{n.x - r, n.y + r}, [2]int{n.x - r, n.y - 4})
		case "cluster":
			pdf.Circle(c.x(n.x), c.y(n.y), (r+3)*scale, "FD")
			pdf.Circle(c.x(n.x), c.y(n.y), r*scale, "FD")
		default:
			pdf.Circle(c.x(n.x), c.y(n.y), r*scale, "FD")
		}
		p.broken(nil)
		c.middle(number(n.number), typeface{"sans", "B", 10}, n.x, n.y+4)
		p.ink(0x57, 0x60, 0x6a)
		c.middle(n.caption, typeface{"sans", "", 10}, n.x, n.y+r+14)
		p.ink(0x1c, 0x21, 0x28)
	}
	p.y += high + 3
	p.clean = false
}

// middle writes one line around a place.
func (c *canvas) middle(s string, f typeface, x, y int) {
	s = c.p.ready(clean(s), f)
	f.size = f.size * c.scale / 0.3528
	c.p.set(f)
	c.p.put(c.x(x)-c.p.pdf.GetStringWidth(s)/2, c.y(y), s)
}
