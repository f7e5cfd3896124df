package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPrintedRows: what is printed of a wide drawing shows all of it. Each box
// lies in one of the windows as a whole, each curve's points in some, no window
// is higher than a page or wider than the paper, and each row begins with the
// column that the one before ends with.
func TestPrintedRows(t *testing.T) {
	folded := 0
	rapid.Check(t, func(t *rapid.T) {
		tr := random(drawEconomy(t))
		p := newPicture(tr, mostNodes)
		via, inner, _ := p.arrange()
		const head = 80
		legend := window{part: partLegend, width: 1, height: 1}
		windows := p.windows(inner/columnWidth+1, via, head, legend)
		if inner/columnWidth+1 <= rowColumns {
			if windows != nil {
				t.Fatalf("%d columns are folded", inner/columnWidth+1)
			}
			return
		}
		folded++
		if windows[0].part != partHead || windows[len(windows)-1] != legend {
			t.Fatalf("%+v", windows)
		}
		flow := windows[1 : len(windows)-1]
		sees := func(x, y, width, height int) bool {
			x, y = x+marginX, y+head
			for _, w := range flow {
				if w.x <= x-width/2 && x+width/2 <= w.x+w.width && w.y <= y-height/2 && y+height/2 <= w.y+w.height {
					return true
				}
			}
			return false
		}
		for i := range p.nodes {
			if n := &p.nodes[i]; !sees(n.x, n.y, n.width(), boxHeight(n.shape)) {
				t.Fatalf("box %d at %d, %d is in none of %+v", i, n.x, n.y, flow)
			}
		}
		for i := range via {
			for _, point := range via[i] {
				if !sees(point[0], point[1], boxWidth, 0) {
					t.Fatalf("curve %d at %d is in none of %+v", i, point, flow)
				}
			}
		}
		for i, w := range flow {
			if w.part != partFlow || w.width != rowColumns*columnWidth || w.height < 1 || w.height > rowHeight {
				t.Fatalf("%+v", w)
			}
			if i > 0 && w.x != flow[i-1].x && w.x > flow[i-1].x+(rowColumns-1)*columnWidth {
				t.Fatalf("%+v begins after the last column of %+v", w, flow[i-1])
			}
		}
	})
	if folded < 10 {
		t.Errorf("only %d drawings were folded", folded)
	}
}

// TestPrintedParts: a page's windows show parts of the one drawing that it holds;
// a page whose drawing fits on paper has neither.
func TestPrintedParts(t *testing.T) {
	use := regexp.MustCompile(`<svg viewBox="[-\d ]+"><use href="#([a-z-]+)"/></svg>`)
	for name, tr := range samples() {
		var page, alone bytes.Buffer
		if err := TraceHTML(&page, tr); err != nil {
			t.Fatal(err)
		}
		if err := TraceSVG(&alone, tr); err != nil {
			t.Fatal(err)
		}
		size := regexp.MustCompile(`class="gd" width="(\d+)"`).FindStringSubmatch(page.String())
		width, err := strconv.Atoi(size[1])
		if err != nil {
			t.Fatal(err)
		}
		uses := use.FindAllStringSubmatch(page.String(), -1)
		if wide := width > 1000; wide != (len(uses) > 2) || wide != strings.Contains(page.String(), "folded into rows") {
			t.Errorf("%s: %d wide, shown in %d parts", name, width, len(uses))
		}
		for _, u := range uses {
			if n := strings.Count(page.String(), fmt.Sprintf(`<g id="%s" class="gd"`, u[1])); n != 1 {
				t.Errorf("%s: %d parts are called %s", name, n, u[1])
			}
		}
		if strings.Contains(alone.String(), " id=") {
			t.Errorf("%s: a drawing that stands alone names its parts", name)
		}
	}
}

// TestHeights: a curve that swings out further than all boxes is printed too, and
// so is what is seen of one that leaves the columns.
func TestHeights(t *testing.T) {
	at := func(column int) int { return column*columnWidth + boxWidth/2 }
	p := &picture{nodes: []box{{x: at(0), y: 100}, {x: at(2), y: 100}, {x: at(3), y: 500}}, edges: []curve{{from: 0, to: 1}, {from: 1, to: 2}}}
	via := [][][2]int{{{at(1), -200}}, nil}
	for _, test := range []struct{ first, last, top, bottom int }{
		{0, 2, -200, 400}, {1, 1, -200, 25}, {0, 0, -125, 100}, {3, 3, 200, 500},
	} {
		top, bottom := p.heights(test.first, test.last, via)
		if air := 28; top != test.top-air || bottom != test.bottom+air {
			t.Errorf("columns %d to %d: %d to %d, not %d to %d", test.first, test.last, top+air, bottom-air, test.top, test.bottom)
		}
	}
}
