package report

import (
	"fmt"
	"strconv"
	"strings"

	"goshawk"
)

func (d *document) graph(c *Case) {
	p := c.Picture
	if p == nil {
		return
	}
	s := d.begin("graph", "The investigation's graph")
	s.say(line(p.Title, 200) + ". Solid lines are facts of the chain, broken lines are inference, and what a trace's method followed; who stands behind an address is a source's claim. The tables list what is drawn.")
	s.add(block{kind: blockPicture, picture: p})
	var rows [][]docCell
	for i := range p.Nodes[:min(len(p.Nodes), mostDrawn)] {
		n := &p.Nodes[i]
		name := docCell{{text: line(n.Text, 400), code: true}}
		if n.Title != "" {
			name = append(name, piece{text: line(n.Title, 200), bold: true})
		}
		if n.Note != "" {
			name = append(name, piece{text: line(n.Note, caseLine)})
		}
		e := CaseEnd{Label: n.Label, Sure: n.Sure, Source: n.Source}
		who := claimed(&e, "")
		if n.Because != "" {
			who = append(who, piece{text: line(n.Because, caseLine)})
		}
		kind := "fact"
		if n.Inferred || n.What == "cluster" {
			kind = "inference"
		}
		rows = append(rows, []docCell{words(strconv.Itoa(i + 1)), words(line(n.What, 40)), name, who, words(kind)})
	}
	s.add(block{kind: blockTable, text: "Nodes of the graph, by the numbers of the drawing", columns: []column{{name: "No.", weight: 7}, {name: "What", weight: 14}, {name: "Name", weight: 46}, {name: "Who is said to be there", weight: 22}, {name: "Ground", weight: 11}}, rows: rows})
	if n := len(p.Nodes) - mostDrawn; n > 0 {
		s.say(fmt.Sprintf("And %s, listed in the JSON form.", goshawk.Count(n, "more node", "more nodes")))
	}
	s.edges(p)
}

// edges lists the lines of a graph, by the numbers of its nodes.
func (s *section) edges(p *CasePicture) {
	at := map[string]int{}
	for i := range p.Nodes[:min(len(p.Nodes), mostDrawn)] {
		at[p.Nodes[i].ID] = i + 1
	}
	var rows [][]docCell
	left := 0
	for i := range p.Edges {
		e := &p.Edges[i]
		if at[e.From] == 0 || at[e.To] == 0 || len(rows) == mostLines {
			left++
			continue
		}
		what := docCell{{text: edgeWords(e)}}
		if e.Note != "" {
			what = append(what, piece{text: line(e.Note, caseLine)})
		}
		kind := "fact"
		if e.inference() {
			kind = "inference"
		}
		amount := "–"
		if e.Value != "" {
			amount = strings.TrimSpace(amountWords(&e.Value, e.Decimals, line(e.Value, 80)) + " " + line(e.Ticker, 12))
		}
		rows = append(rows, []docCell{words(number(at[e.From]) + " to " + number(at[e.To])), what, words(amount), words(kind)})
	}
	if len(rows) > 0 {
		s.add(block{kind: blockTable, text: "Lines of the graph, by the numbers of its nodes", columns: []column{{name: "From, to", weight: 14}, {name: "What", weight: 49}, {name: "Amount", weight: 24, number: true}, {name: "Ground", weight: 13}}, rows: rows})
	}
	if left > 0 {
		s.say(fmt.Sprintf("And %s, listed in the JSON form.", goshawk.Count(left, "more line", "more lines")))
	}
}

// edgeWords says what a line of the graph stands for.
func edgeWords(e *CaseEdge) string {
	switch e.What {
	case "spend":
		return "is spent by"
	case "receive":
		return "pays"
	case "pay":
		return "paid, in sum"
	case "trace":
		return "followed by the method " + line(e.Method, 40)
	case "member":
		return "is held to belong to"
	case "manual":
		return "drawn by hand"
	}
	return line(e.What, 40)
}
