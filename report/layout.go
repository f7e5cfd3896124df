package report

import (
	"cmp"
	"slices"
)

// The layout follows Sugiyama, Tagawa and Toda, "Methods for Visual
// Understanding of Hierarchical System Structures" (1981): layers by longest
// path, order inside a layer by barycentre sweeps, then positions that pull
// each box towards its neighbours. All arithmetic is in integers, so that every
// machine draws the same picture.

const (
	columnWidth = 220 // from one layer's boxes to the next's
	boxWidth    = 160
	txWidth     = 122
	rowGap      = 10
	grain       = 16 // positions are in sixteenths of a pixel until the end
	orderSweeps = 16
	placeSweeps = 24
)

// spot is a place in a layer: a box, or a point that a long curve passes through.
type spot struct {
	box      int // -1 for a point on a curve
	layer    int
	height   int
	y        int
	in, out  []int // spots in the layers before and after
	position int   // in its layer
}

type layout struct {
	p      *picture
	spots  []spot
	layers [][]int
	via    [][]int // by curve: the spots it passes from its first box to its last
}

func boxHeight(s shape) int {
	switch s {
	case shapeTx, shapeChain:
		return 36
	default:
		return 40
	}
}

// arrange gives every box its layer, order and place, and returns for each
// curve the points it passes between its boxes. The picture's size follows.
func (p *picture) arrange() (via [][][2]int, width, height int) {
	l := &layout{p: p}
	l.assignLayers()
	l.addSpots()
	l.orderLayers()
	l.place()
	last := len(l.layers) - 1
	column := func(layer int) int {
		if p.backward { // money always flows from left to right
			layer = last - layer
		}
		return layer * columnWidth
	}
	for i := range l.spots {
		s := &l.spots[i]
		height = max(height, s.y+s.height/2)
		if s.box >= 0 {
			b := &p.nodes[s.box]
			b.x, b.y, b.order = column(s.layer)+boxWidth/2, s.y, s.position
		}
	}
	via = make([][][2]int, len(p.edges))
	for i, spots := range l.via {
		for _, s := range spots[1 : len(spots)-1] {
			via[i] = append(via[i], [2]int{column(l.spots[s].layer) + boxWidth/2, l.spots[s].y})
		}
	}
	return via, last*columnWidth + boxWidth, height
}

// assignLayers puts each box one layer beyond the last of those it follows.
// Chains know no circles; should an answer hold one, its boxes follow in order.
func (l *layout) assignLayers() {
	p := l.p
	waiting := make([]int, len(p.nodes))
	out := make([][]int, len(p.nodes))
	for i := range p.edges {
		e := &p.edges[i]
		waiting[e.to]++
		out[e.from] = append(out[e.from], e.to)
	}
	placed := make([]bool, len(p.nodes))
	var ready []int
	for i := range p.nodes {
		if waiting[i] == 0 {
			ready = append(ready, i)
		}
	}
	for done := 0; done < len(p.nodes); {
		if len(ready) == 0 {
			ready = append(ready, slices.Index(placed, false))
		}
		i := ready[0]
		ready = ready[1:]
		if placed[i] {
			continue
		}
		placed[i] = true
		done++
		for _, to := range out[i] {
			if placed[to] {
				continue
			}
			p.nodes[to].layer = max(p.nodes[to].layer, p.nodes[i].layer+1)
			if waiting[to]--; waiting[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for i := range p.nodes { // a source belongs just before what follows it
		if (p.nodes[i].shape == shapeStart || p.nodes[i].shape == shapeRest) && len(out[i]) > 0 {
			least := p.nodes[out[i][0]].layer
			for _, to := range out[i] {
				least = min(least, p.nodes[to].layer)
			}
			p.nodes[i].layer = max(0, least-1)
		}
	}
	first := 0
	for i := range p.nodes {
		if i == 0 || p.nodes[i].layer < first {
			first = p.nodes[i].layer
		}
	}
	for i := range p.nodes {
		p.nodes[i].layer -= first
	}
}

func (l *layout) addSpots() {
	p := l.p
	for i := range p.nodes {
		l.spots = append(l.spots, spot{box: i, layer: p.nodes[i].layer, height: boxHeight(p.nodes[i].shape)})
	}
	l.via = make([][]int, len(p.edges))
	for i := range p.edges {
		e := &p.edges[i]
		way := []int{e.from}
		for layer := p.nodes[e.from].layer + 1; layer < p.nodes[e.to].layer; layer++ {
			l.spots = append(l.spots, spot{box: -1, layer: layer, height: 8})
			way = append(way, len(l.spots)-1)
		}
		way = append(way, e.to)
		l.via[i] = way
		if p.nodes[e.to].layer <= p.nodes[e.from].layer {
			continue // part of a circle
		}
		for k := 1; k < len(way); k++ {
			l.spots[way[k-1]].out = append(l.spots[way[k-1]].out, way[k])
			l.spots[way[k]].in = append(l.spots[way[k]].in, way[k-1])
		}
	}
}

// orderLayers starts from a walk through the picture and improves by
// barycentre sweeps, keeping the order with the fewest crossings.
func (l *layout) orderLayers() {
	most := 0
	for i := range l.spots {
		most = max(most, l.spots[i].layer)
	}
	l.layers = make([][]int, most+1)
	seen := make([]bool, len(l.spots))
	var walk func(s int)
	walk = func(s int) {
		if seen[s] {
			return
		}
		seen[s] = true
		l.layers[l.spots[s].layer] = append(l.layers[l.spots[s].layer], s)
		for _, to := range l.spots[s].out {
			walk(to)
		}
	}
	for s := range l.spots {
		if len(l.spots[s].in) == 0 {
			walk(s)
		}
	}
	for s := range l.spots {
		walk(s)
	}
	l.number()
	best, fewest := l.copyLayers(), l.crossings()
	for sweep := 0; sweep < orderSweeps && fewest > 0; sweep++ {
		if sweep%2 == 0 {
			for i := 1; i < len(l.layers); i++ {
				l.sortLayer(i, func(s *spot) []int { return s.in })
			}
		} else {
			for i := len(l.layers) - 2; i >= 0; i-- {
				l.sortLayer(i, func(s *spot) []int { return s.out })
			}
		}
		if n := l.crossings(); n < fewest {
			best, fewest = l.copyLayers(), n
		}
	}
	l.layers = best
	l.number()
}

func (l *layout) number() {
	for _, layer := range l.layers {
		for i, s := range layer {
			l.spots[s].position = i
		}
	}
}

func (l *layout) copyLayers() [][]int {
	c := make([][]int, len(l.layers))
	for i := range l.layers {
		c[i] = slices.Clone(l.layers[i])
	}
	return c
}

func (l *layout) sortLayer(i int, neighbours func(*spot) []int) {
	key := make(map[int]int, len(l.layers[i]))
	for _, s := range l.layers[i] {
		near := neighbours(&l.spots[s])
		if len(near) == 0 {
			key[s] = l.spots[s].position * 1000
			continue
		}
		sum := 0
		for _, n := range near {
			sum += l.spots[n].position
		}
		key[s] = sum * 1000 / len(near)
	}
	slices.SortStableFunc(l.layers[i], func(a, b int) int { return cmp.Compare(key[a], key[b]) })
	for k, s := range l.layers[i] {
		l.spots[s].position = k
	}
}

// crossings counts the pairs of curves that cross between neighbouring layers.
func (l *layout) crossings() int {
	n := 0
	for _, layer := range l.layers {
		var ends []int // positions of the other ends, in the order of this layer
		for _, s := range layer {
			first := len(ends)
			for _, to := range l.spots[s].out {
				ends = append(ends, l.spots[to].position)
			}
			slices.Sort(ends[first:])
		}
		for i := range ends {
			for _, other := range ends[i+1:] {
				if other < ends[i] {
					n++
				}
			}
		}
	}
	return n
}

// place finds heights: layer by layer, each spot as near to the middle of its
// neighbours as the order and the room between boxes allow.
func (l *layout) place() {
	for _, layer := range l.layers {
		y := 0
		for _, s := range layer {
			h := (l.spots[s].height + rowGap) * grain
			l.spots[s].y = y + h/2
			y += h
		}
	}
	for sweep := range placeSweeps {
		if sweep%2 == 0 {
			for i := 1; i < len(l.layers); i++ {
				l.settle(i, func(s *spot) []int { return s.in })
			}
		} else {
			for i := len(l.layers) - 2; i >= 0; i-- {
				l.settle(i, func(s *spot) []int { return s.out })
			}
		}
	}
	top := 0
	for i := range l.spots {
		s := &l.spots[i]
		if edge := s.y - s.height*grain/2; i == 0 || edge < top {
			top = edge
		}
	}
	for i := range l.spots {
		l.spots[i].y = (l.spots[i].y - top) / grain
	}
}

// settle moves one layer: least squares under the order, by pooling neighbours
// that would overlap (isotonic regression).
func (l *layout) settle(i int, neighbours func(*spot) []int) {
	type pool struct{ sum, weight, count int }
	layer := l.layers[i]
	offset := make([]int, len(layer))
	var pools []pool
	for k, s := range layer {
		if k > 0 {
			before := &l.spots[layer[k-1]]
			offset[k] = offset[k-1] + ((before.height+l.spots[s].height)/2+rowGap)*grain
		}
		want, weight := l.spots[s].y, 1
		if near := neighbours(&l.spots[s]); len(near) > 0 {
			sum, parts := 0, 0
			for _, n := range near {
				part := l.weight(n)
				sum += l.spots[n].y * part
				parts += part
			}
			want, weight = sum/parts, l.weight(s)
		}
		pools = append(pools, pool{sum: (want - offset[k]) * weight, weight: weight, count: 1})
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if floorDiv(a.sum, a.weight) <= floorDiv(b.sum, b.weight) {
				break
			}
			pools = append(pools[:len(pools)-2], pool{a.sum + b.sum, a.weight + b.weight, a.count + b.count})
		}
	}
	k := 0
	for _, p := range pools {
		at := floorDiv(p.sum, p.weight)
		for range p.count {
			l.spots[layer[k]].y = at + offset[k]
			k++
		}
	}
}

// weight says how much a spot wants its place: long curves like to be straight,
// and so do the ways that go on; what ends makes room for them.
func (l *layout) weight(s int) int {
	switch {
	case l.spots[s].box < 0:
		return 16
	case len(l.spots[s].in) > 0 && len(l.spots[s].out) > 0:
		return 12
	default:
		return 2
	}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
