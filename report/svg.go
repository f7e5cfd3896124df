package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"goshawk"
)

// TraceSVG draws a trace: money flows from left to right, a column for each
// step, curves as wide as the logarithm of what they carry, ends told apart by
// colour, mark and words. Of large traces it draws what carries most and says
// what it leaves out.
func TraceSVG(w io.Writer, t *goshawk.Trace) error {
	b := bufio.NewWriter(w)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	drawing(b, t, true)
	return b.Flush()
}

const (
	marginX     = 24
	headRoom    = 80 // with two lines below the title
	subtitleRow = 15
	legendRow   = 22
)

// drawingStyle holds every colour twice, for light and dark. Texts keep a
// contrast of at least 4.5 to 1 (WCAG AA), marks 3 to 1.
const drawingStyle = `
.gd{--paper:#fff;--ink:#1c2128;--soft:#57606a;--line:#8c959f;--fill:#f6f8fa;
--service:#0b5cad;--unspent:#1a7f37;--coinjoin:#7a3fd0;--burnt:#7a4a12;--unresolved:#8a5a00;--origin:#0b6e7a;--start:#1c2128;--limit:#57606a;--fee:#a84a00;--rest:#57606a}
@media (prefers-color-scheme:dark){.gd{--paper:#14181d;--ink:#e6edf3;--soft:#a5b0bc;--line:#6e7a87;--fill:#1f252c;
--service:#79b8ff;--unspent:#5fd17f;--coinjoin:#c8a4ff;--burnt:#dfa96b;--unresolved:#e3b341;--origin:#56cfd6;--start:#e6edf3;--limit:#a5b0bc;--fee:#ffa366;--rest:#a5b0bc}}
@media print{.gd{--paper:#fff;--ink:#1c2128;--soft:#57606a;--line:#8c959f;--fill:#f6f8fa;
--service:#0b5cad;--unspent:#1a7f37;--coinjoin:#7a3fd0;--burnt:#7a4a12;--unresolved:#8a5a00;--origin:#0b6e7a;--start:#1c2128;--limit:#57606a;--fee:#a84a00;--rest:#57606a}}
.gd text{font-family:"Inter","Segoe UI","Helvetica Neue",Arial,"DejaVu Sans",sans-serif;font-size:11px;fill:var(--ink)}
.gd .hd{font-size:15px;font-weight:600}.gd .sub{fill:var(--soft);font-size:11px}
.gd .amt{font-weight:600;font-variant-numeric:tabular-nums}.gd .mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:10.5px}
.gd .bg{fill:var(--paper)}.gd .tx{fill:var(--fill);stroke:var(--line)}.gd .box{fill:var(--paper);stroke-width:1.4}
.gd .st{fill:var(--ink);stroke:var(--ink)}.gd .st+text,.gd .st+text+text{fill:var(--paper)}
.gd .rs{fill:var(--paper);stroke:var(--rest);stroke-dasharray:2 3}
.gd .e{fill:none;stroke:var(--line);stroke-opacity:.75;stroke-linecap:butt}.gd .ar{fill:var(--line)}
.gd .inf{stroke-dasharray:5 3}
.gd .k-service{stroke:var(--service);color:var(--service)}.gd .k-unspent{stroke:var(--unspent);color:var(--unspent)}.gd .k-coinjoin{stroke:var(--coinjoin);color:var(--coinjoin)}
.gd .k-burnt{stroke:var(--burnt);color:var(--burnt)}.gd .k-unresolved{stroke:var(--unresolved);color:var(--unresolved)}.gd .k-origin{stroke:var(--origin);color:var(--origin)}
.gd .k-start{stroke:var(--start);color:var(--start)}.gd .k-limit{stroke:var(--limit);color:var(--limit)}.gd .k-fee{stroke:var(--fee);color:var(--fee)}
.gd .d-coinjoin{stroke-dasharray:9 4}.gd .d-unresolved{stroke-dasharray:2 3}.gd .d-limit{stroke-dasharray:12 3 2 3}.gd .d-burnt{stroke-dasharray:5 5}.gd .d-rest{stroke-dasharray:3 4}
.gd .m{fill:currentColor;stroke:none}.gd .mo{fill:none;stroke:currentColor;stroke-width:2}
`

// drawing writes the svg element, and returns the windows to print it through
// where it is too wide for paper. Alone it brings its own background, and has no
// page to be printed on.
func drawing(b *bufio.Writer, t *goshawk.Trace, alone bool) (printed []window) {
	p := newPicture(t, mostNodes)
	via, inner, height := p.arrange()
	legend := legendOf(t, p)
	width := max(inner+2*marginX, 640)
	perRow := max(1, (min(width, 1000)-2*marginX)/290) // what is seen without scrolling
	legendHeight := (len(legend) + perRow - 1) / perRow * legendRow
	subtitle := drawingSubtitle(t)
	if alone { // a page says them itself
		for _, note := range cautions(t.Warnings) {
			subtitle = append(subtitle, fold("Note: "+note, width/7)...)
		}
	}
	head := headRoom + subtitleRow*(len(subtitle)-2)
	total := head + height + 34 + legendHeight + 12
	y := head + height + 34 // of the legend
	if !alone {
		printed = p.windows(inner/columnWidth+1, via, head, window{part: partLegend, x: 0, y: y - legendRow, width: marginX + perRow*290, height: legendHeight + legendRow})
	}
	part := func(name string) string { // what tells a part from others that the windows show
		if len(printed) == 0 {
			return ""
		}
		return ` id="` + name + `" class="gd"`
	}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" class="gd" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n",
		width, total, width, total, xmlText(drawingTitle(t)+": "+strings.Join(legendWords(legend), "; ")))
	if len(t.Warnings) > 0 {
		b.WriteString("<desc>" + xmlText(strings.Join(t.Warnings, "\n")) + "</desc>\n")
	}
	b.WriteString("<style>" + drawingStyle + "</style>\n")
	if alone {
		fmt.Fprintf(b, `<rect class="bg" width="%d" height="%d"/>`+"\n", width, total)
	}
	fmt.Fprintf(b, "<g%s>\n", part(partHead))
	fmt.Fprintf(b, `<text class="hd" x="%d" y="26">%s</text>`+"\n", marginX, xmlText(drawingTitle(t)))
	for i, s := range subtitle {
		fmt.Fprintf(b, `<text class="sub" x="%d" y="%d">%s</text>`+"\n", marginX, 44+subtitleRow*i, xmlText(s))
	}
	fmt.Fprintf(b, "</g>\n"+`<g%s transform="translate(%d %d)">`+"\n", part(partFlow), marginX, head)
	p.writeCurves(b, via)
	for i := range p.nodes {
		p.nodes[i].write(b)
	}
	fmt.Fprintf(b, "</g>\n<g%s>\n", part(partLegend))
	for i, item := range legend {
		item.write(b, marginX+(i%perRow)*290, y+(i/perRow)*legendRow)
	}
	b.WriteString("</g>\n</svg>\n")
	return printed
}

func drawingTitle(t *goshawk.Trace) string {
	if t.Direction == "backward" {
		return "Where the money came from, by " + line(t.Method, 40)
	}
	return "Where the money went, by " + line(t.Method, 40)
}

func drawingSubtitle(t *goshawk.Trace) []string {
	lines := []string{
		line(t.Network, 40) + extent(t.Ledger) + " (" + shortHash(t.Ledger.Hash) + "), Goshawk " + line(t.Version, 20),
		"Money flows from left to right; a wider curve carries more (logarithmic).",
	}
	if t.Method == "poison" {
		lines[1] += " Amounts are values touched."
	}
	if t.Truncated {
		lines[0] += ", stopped early"
	}
	return lines
}

// fold breaks text at spaces into lines of about so many characters.
func fold(s string, most int) (lines []string) {
	at := ""
	for _, word := range strings.Fields(s) {
		if at != "" && utf8.RuneCountInString(at)+1+utf8.RuneCountInString(word) > most {
			lines, at = append(lines, at), ""
		}
		at = strings.TrimSpace(at + " " + word)
	}
	return append(lines, at)
}

// writeCurves draws the flows, the wide ones first so that thin ones stay visible.
func (p *picture) writeCurves(b *bufio.Writer, via [][][2]int) {
	least, most := p.extremes()
	order := make([]int, len(p.edges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, c int) int { return p.edges[c].amount.Cmp(&p.edges[a].amount) })
	leave, arrive := p.ports()
	for _, i := range order {
		e := &p.edges[i]
		x, y, legs, tip := p.course(i, via[i], leave, arrive)
		var d strings.Builder
		fmt.Fprintf(&d, "M%d %d", x, y)
		for _, l := range legs {
			if l.flat {
				fmt.Fprintf(&d, "H%d", l.x)
			} else {
				fmt.Fprintf(&d, "C%d %d %d %d %d %d", l.x1, l.y1, l.x2, l.y2, l.x, l.y)
			}
		}
		fmt.Fprintf(b, `<path class="%s" stroke-width="%s" d="%s"><title>%s</title></path>`+"\n", e.class(p), tenths(width16(log16(&e.amount), least, most)), d.String(), xmlText(e.title))
		fmt.Fprintf(b, `<path class="ar" d="M%d %dl-7 -4v8z"/>`+"\n", tip[0], tip[1])
	}
}

// extremes are the least and the most that a curve carries, as log16 has them.
func (p *picture) extremes() (least, most int) {
	least = -1
	for i := range p.edges {
		if v := log16(&p.edges[i].amount); v > 0 {
			if least < 0 || v < least {
				least = v
			}
			most = max(most, v)
		}
	}
	return least, most
}

// leg is a part of a curve: a cubic Bézier to x and y, or a level line.
type leg struct {
	x1, y1, x2, y2, x, y int
	flat                 bool
}

// course is the way of a curve, in the direction of the money: where it begins, its parts,
// and the tip of its arrow.
func (p *picture) course(i int, points [][2]int, leave, arrive []int) (x0, y0 int, legs []leg, tip [2]int) {
	e := &p.edges[i]
	from, to, start, stop := e.from, e.to, leave[i], arrive[i]
	if p.backward {
		from, to, start, stop = to, from, stop, start
		points = slices.Clone(points)
		slices.Reverse(points)
	}
	a, z := &p.nodes[from], &p.nodes[to]
	x, y := a.x+a.width()/2, a.y+start
	x0, y0 = x, y
	bend := func(x2, y2 int) {
		half := (x2 - x) / 2
		if half < 24 && half > -24 {
			half = 24
		}
		legs = append(legs, leg{x1: x + half, y1: y, x2: x2 - half, y2: y2, x: x2, y: y2})
		x, y = x2, y2
	}
	for _, pt := range points {
		bend(pt[0]-boxWidth/2, pt[1])
		legs = append(legs, leg{x: pt[0] + boxWidth/2, y: pt[1], flat: true})
		x = pt[0] + boxWidth/2
	}
	bend(z.x-z.width()/2-6, z.y+stop)
	return x0, y0, legs, [2]int{z.x - z.width()/2, z.y + stop}
}

func (e *curve) class(p *picture) string {
	switch other := &p.nodes[e.to]; {
	case p.nodes[e.from].shape == shapeRest:
		return "e d-rest"
	case other.shape == shapeEnd:
		return "e k-" + string(safeKind(other.kind)) + " d-" + string(safeKind(other.kind))
	case other.shape == shapeRest:
		return "e d-rest"
	default:
		return "e"
	}
}

// safeKind keeps foreign text out of class names.
func safeKind(k goshawk.EndKind) goshawk.EndKind {
	if wordsOf(k, "").meaning == "" {
		return goshawk.EndLimit
	}
	return k
}

// ports spreads the curves at each box's two sides, in the order of their other ends.
func (p *picture) ports() (leave, arrive []int) {
	leave, arrive = make([]int, len(p.edges)), make([]int, len(p.edges))
	out, in := make([][]int, len(p.nodes)), make([][]int, len(p.nodes))
	for i := range p.edges {
		out[p.edges[i].from] = append(out[p.edges[i].from], i)
		in[p.edges[i].to] = append(in[p.edges[i].to], i)
	}
	spread := func(list []int, other func(*curve) int, height int, into []int) {
		slices.SortStableFunc(list, func(a, b int) int {
			return p.nodes[other(&p.edges[a])].y - p.nodes[other(&p.edges[b])].y
		})
		room := height - 12
		step := min(7*2, 2*room/max(1, len(list)))
		for k, e := range list {
			into[e] = (2*k - (len(list) - 1)) * step / 4
		}
	}
	for i := range p.nodes {
		h := boxHeight(p.nodes[i].shape)
		spread(out[i], func(e *curve) int { return e.to }, h, leave)
		spread(in[i], func(e *curve) int { return e.from }, h, arrive)
	}
	return leave, arrive
}

// log16 is sixteen times the binary logarithm, in integers; 0 for nothing.
func log16(u *goshawk.Units) int {
	n := u.BitLen()
	if n == 0 {
		return 0
	}
	var top goshawk.Units
	if n > 5 {
		top.Rsh(u, uint(n-5))
	} else {
		top.Lsh(u, uint(5-n))
	}
	return n*16 + int(top.Uint64()) - 16
}

// width16 is a curve's width in tenths of a pixel.
func width16(v, least, most int) int {
	if v == 0 || most <= least {
		if v == 0 {
			return 12
		}
		return 40
	}
	return 14 + (v-least)*66/(most-least)
}

func tenths(n int) string { return strconv.Itoa(n/10) + "." + strconv.Itoa(n%10) }

func (n *box) width() int {
	switch n.shape {
	case shapeTx, shapeChain:
		return txWidth
	default:
		return boxWidth
	}
}

func (n *box) write(b *bufio.Writer) {
	w, h := n.width(), boxHeight(n.shape)
	x, y := n.x-w/2, n.y-h/2
	b.WriteString("<g>")
	fmt.Fprintf(b, "<title>%s</title>", xmlText(n.title))
	switch n.shape {
	case shapeStart:
		fmt.Fprintf(b, `<rect class="st" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, x, y, w, h)
		n.text(b, "amt", n.top, x+12, y+17, w-24)
		n.text(b, "mono", n.bottom, x+12, y+31, w-24)
	case shapeTx:
		fmt.Fprintf(b, `<rect class="tx" x="%d" y="%d" width="%d" height="%d" rx="18"/>`, x, y, w, h)
		n.text(b, "mono", n.top, x+14, y+16, w-24)
		n.text(b, "sub", n.bottom, x+14, y+29, w-24)
	case shapeChain:
		fmt.Fprintf(b, `<rect class="tx" x="%d" y="%d" width="%d" height="%d" rx="18"/>`, x+4, y-4, w, h)
		fmt.Fprintf(b, `<rect class="tx" x="%d" y="%d" width="%d" height="%d" rx="18"/>`, x, y, w, h)
		n.text(b, "amt", n.top, x+14, y+16, w-24)
		n.text(b, "sub", n.bottom, x+14, y+29, w-24)
	case shapeEnd:
		class := "box k-" + string(safeKind(n.kind))
		if n.inference {
			class += " inf"
		}
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, class, x, y, w, h)
		mark(b, n.kind, x+16, y+h/2)
		n.text(b, "amt", n.top, x+32, y+17, w-40)
		class = "mono"
		if n.kind == goshawk.EndService {
			class = "lbl"
		}
		n.text(b, class, n.bottom, x+32, y+31, w-40)
	case shapeRest:
		fmt.Fprintf(b, `<rect class="rs" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, x, y, w, h)
		n.text(b, "sub", n.top, x+12, y+17, w-24)
		n.text(b, "amt", n.bottom, x+12, y+31, w-24)
	}
	b.WriteString("</g>\n")
}

// text writes one line, squeezed where it would leave its box.
func (n *box) text(b *bufio.Writer, class, s string, x, y, room int) {
	if s == "" {
		return
	}
	squeeze := ""
	if utf8.RuneCountInString(s)*68/10 > room {
		squeeze = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, room)
	}
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d"%s>%s</text>`, class, x, y, squeeze, xmlText(s))
}

// mark draws an end kind's sign, told apart by its form alone.
func mark(b *bufio.Writer, k goshawk.EndKind, x, y int) {
	fmt.Fprintf(b, `<g class="k-%s" transform="translate(%d %d)">`, safeKind(k), x, y)
	switch k {
	case goshawk.EndService:
		b.WriteString(`<path class="m" d="M-8 -3L0 -8L8 -3zM-7 -1h3v6h-3zM-1.5 -1h3v6h-3zM4 -1h3v6h-3zM-8 6h16v2h-16z"/>`)
	case goshawk.EndUnspent:
		b.WriteString(`<circle class="m" r="6.5"/>`)
	case goshawk.EndCoinJoin:
		b.WriteString(`<circle class="mo" cx="-3" r="5"/><circle class="mo" cx="3" r="5"/>`)
	case goshawk.EndBurnt:
		b.WriteString(`<path class="mo" d="M-6 -6L6 6M6 -6L-6 6"/>`)
	case goshawk.EndUnresolved:
		b.WriteString(`<path class="mo" d="M-4 -3a4 4 0 1 1 5.5 3.6q-1.5 .7 -1.5 2.4"/><circle class="m" cy="6.5" r="1.5"/>`)
	case goshawk.EndOrigin:
		b.WriteString(`<path class="m" d="M0 -8L2.2 -2.6L8 -2.4L3.5 1.2L5 7L0 3.7L-5 7L-3.5 1.2L-8 -2.4L-2.2 -2.6z"/>`)
	case goshawk.EndStart:
		b.WriteString(`<path class="m" d="M-5 -7L7 0L-5 7z"/>`)
	case goshawk.EndFee:
		b.WriteString(`<circle class="mo" r="5"/>`)
	default:
		b.WriteString(`<path class="m" d="M-5 -7h3v14h-3zM2 -7h3v14h-3z"/>`)
	}
	b.WriteString("</g>")
}

// xmlText makes foreign text safe inside an element or a quoted attribute.
// Line breaks stay: tooltips use them.
func xmlText(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = xmlEscaper.Replace(clean(lines[i]))
	}
	return strings.Join(lines, "&#10;")
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
