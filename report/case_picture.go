package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// How many nodes of a graph a report draws and lists, and how many lines it lists; its JSON has all.
const (
	mostDrawn = 400
	mostLines = 1_000
)

// inference says whether a line stands for something else than a fact of the chain. No line of a trace is one: the
// method decides.
func (e *CaseEdge) inference() bool {
	return e.Inferred || e.What == "manual" || e.What == "member" || e.What == "trace"
}

// spotted is a graph brought into a frame: whole numbers, so that every machine draws the same.
type spotted struct {
	width, height int
	nodes         []spottedNode
	edges         []spottedEdge
	left          int // nodes that are not drawn
}

type spottedNode struct {
	x, y     int
	what     string
	number   int
	caption  string
	inferred bool
}

type spottedEdge struct {
	x1, y1, x2, y2 int // from the rim of one node to the rim of the other
	inferred       bool
}

const (
	pictureWidth = 900
	pictureEdge  = 60 // around the nodes
	nodeRadius   = 11
)

// spots lays a graph out as its authors did, in a frame.
func (p *CasePicture) spots() *spotted {
	nodes := p.Nodes[:min(len(p.Nodes), mostDrawn)]
	s := &spotted{width: pictureWidth, height: 2 * pictureEdge, left: len(p.Nodes) - len(nodes)}
	least, most := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i := range nodes {
		for k, v := range [2]float64{nodes[i].X, nodes[i].Y} {
			least[k], most[k] = min(least[k], sane(v)), max(most[k], sane(v))
		}
	}
	wide, high := most[0]-least[0], most[1]-least[1]
	scale := 0.0
	if len(nodes) > 1 && max(wide, high) > 0 {
		scale = (pictureWidth - 2*pictureEdge) / max(wide, high, 1e-9)
		if wide > 0 {
			scale = min((pictureWidth-2*pictureEdge)/wide, (1000-2*pictureEdge)/max(high, 1e-9))
		}
		s.height += int(math.Round(high * scale))
	}
	at := map[string]int{}
	margin := (pictureWidth - int(math.Round(wide*scale))) / 2
	for i := range nodes {
		n := &nodes[i]
		x, y := pictureWidth/2, s.height/2
		if scale > 0 {
			x = margin + int(math.Round((sane(n.X)-least[0])*scale))
			y = pictureEdge + int(math.Round((sane(n.Y)-least[1])*scale))
		}
		caption := n.Title
		if caption == "" {
			caption = n.Label
			if n.Because != "" {
				caption = line(caption, 18) + ", inferred"
			}
		}
		if caption == "" {
			caption = middle(n.Text, 6, 4)
		}
		at[n.ID] = i
		s.nodes = append(s.nodes, spottedNode{x, y, n.What, i + 1, line(caption, 28), n.Inferred || n.What == "cluster"})
	}
	for i := range p.Edges {
		e := &p.Edges[i]
		a, known := at[e.From]
		b, also := at[e.To]
		if !known || !also || a == b {
			continue
		}
		from, to := &s.nodes[a], &s.nodes[b]
		dx, dy := float64(to.x-from.x), float64(to.y-from.y)
		long := math.Hypot(dx, dy)
		if long < 2*nodeRadius+2 {
			continue
		}
		rim := func(n float64) (int, int) { return int(math.Round(dx / long * n)), int(math.Round(dy / long * n)) }
		rx, ry := rim(nodeRadius + 2)
		s.edges = append(s.edges, spottedEdge{from.x + rx, from.y + ry, to.x - rx, to.y - ry, e.inference()})
	}
	return s
}

// sane is a coordinate that can be computed with.
func sane(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return min(max(v, -1e9), 1e9)
}

// head is the arrow's head at the end of an edge: its three corners.
func (e *spottedEdge) head() [3][2]int {
	dx, dy := float64(e.x2-e.x1), float64(e.y2-e.y1)
	long := max(math.Hypot(dx, dy), 1)
	corner := func(back, side float64) [2]int {
		// The conversions keep machines that multiply and add in one step from doing so.
		return [2]int{e.x2 - int(math.Round(float64(dx/long*back)-float64(dy/long*side))), e.y2 - int(math.Round(float64(dy/long*back)+float64(dx/long*side)))}
	}
	return [3][2]int{{e.x2, e.y2}, corner(8, 4), corner(8, -4)}
}

// svg draws the graph: what a node is tells its form, not its colour.
func (p *CasePicture) svg() string {
	s := p.spots()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="gd cg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n<style>%s</style>\n", s.width, s.height, s.width, s.height,
		xmlText(fmt.Sprintf("Graph of %d nodes and %d edges; the table below it lists them", len(s.nodes), len(s.edges))), drawingStyle)
	fmt.Fprintf(&b, `<rect class="bg" width="%d" height="%d"/>`+"\n", s.width, s.height)
	for i := range s.edges {
		e := &s.edges[i]
		class := "e"
		if e.inferred {
			class = "e inf"
		}
		fmt.Fprintf(&b, `<path class="%s" d="M%d %dL%d %d"/>`, class, e.x1, e.y1, e.x2, e.y2)
		h := e.head()
		fmt.Fprintf(&b, `<path class="ar" d="M%d %dL%d %dL%d %dz"/>`+"\n", h[0][0], h[0][1], h[1][0], h[1][1], h[2][0], h[2][1])
	}
	for i := range s.nodes {
		n := &s.nodes[i]
		class := "tx"
		if n.inferred {
			class = "tx inf"
		}
		r := nodeRadius
		switch n.what {
		case "transaction":
			fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, n.x-r, n.y-r, 2*r, 2*r)
		case "coin":
			fmt.Fprintf(&b, `<path class="%s" d="M%d %dL%d %dL%d %dL%d %dz"/>`, class, n.x, n.y-r-2, n.x+r+2, n.y, n.x, n.y+r+2, n.x-r-2, n.y)
		case "cluster":
			fmt.Fprintf(&b, `<circle class="%s" cx="%d" cy="%d" r="%d"/><circle class="%s" cx="%d" cy="%d" r="%d"/>`, class, n.x, n.y, r+3, class, n.x, n.y, r)
		case "service":
			fmt.Fprintf(&b, `<path class="%s" d="M%d %dL%d %dL%d %dL%d %dL%d %dz"/>`, class, n.x, n.y-r-2, n.x+r, n.y-4, n.x+r, n.y+r, n.x-r, n.y+r, n.x-r, n.y-4)
		default:
			fmt.Fprintf(&b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`, class, n.x, n.y, r)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text><text class="sub" x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", n.x, n.y+4, strconv.Itoa(n.number), n.x, n.y+r+14, xmlText(n.caption))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
