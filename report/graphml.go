package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"goshawk"
)

// graphmlKeys declares every attribute, as GraphML asks: name, what it is of, type.
var graphmlKeys = [...]struct{ id, of, name, kind string }{
	{"g_network", "graph", "network", "string"},
	{"g_method", "graph", "method", "string"},
	{"g_direction", "graph", "direction", "string"},
	{"g_height", "graph", "ledger_height", "int"},
	{"g_hash", "graph", "ledger_hash", "string"},
	{"g_start", "graph", "ledger_start", "int"},
	{"g_partial", "graph", "ledger_partial", "boolean"},
	{"g_version", "graph", "goshawk_version", "string"},
	{"n_type", "node", "type", "string"},
	{"n_label", "node", "label", "string"},
	{"n_kind", "node", "end_kind", "string"},
	{"n_tx", "node", "tx", "string"},
	{"n_out", "node", "out", "long"},
	{"n_address", "node", "address", "string"},
	{"n_height", "node", "height", "int"},
	{"n_time", "node", "time", "string"},
	{"n_party", "node", "party", "string"},
	{"n_confidence", "node", "confidence", "int"},
	{"n_source", "node", "source", "string"},
	{"n_sweep", "node", "sweep", "string"},
	{"n_candidates", "node", "candidates", "int"},
	{"n_note", "node", "note", "string"},
	{"e_outpoint", "edge", "outpoint", "string"},
	{"e_address", "edge", "address", "string"},
	{"e_amount", "edge", "amount", "string"},
	{"e_weight", "edge", "weight", "double"},
	{"e_hops", "edge", "hops", "int"},
}

// TraceGraphML writes a trace as a graph in GraphML (graphml.graphdrawing.org)
// for Gephi, yEd and others. Nodes are the starts, the transactions and the
// ends; edges are coins and fees, in the direction in which money flowed. An
// edge's amount is exact, in the smallest unit, as text; its weight is the same
// with the asset's decimal point, for layouts, and may be rounded.
func TraceGraphML(w io.Writer, t *goshawk.Trace) error {
	x := &graphml{b: bufio.NewWriter(w), t: t}
	x.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
`)
	for _, k := range graphmlKeys {
		fmt.Fprintf(x.b, `<key id="%s" for="%s" attr.name="%s" attr.type="%s"/>`+"\n", k.id, k.of, k.name, k.kind)
	}
	x.b.WriteString(`<graph id="trace" edgedefault="directed">` + "\n")
	if len(t.Warnings) > 0 {
		fmt.Fprintf(x.b, "<desc>%s</desc>\n", xmlText(strings.Join(t.Warnings, "\n")))
	}
	x.data("g_network", t.Network)
	x.data("g_method", t.Method)
	x.data("g_direction", t.Direction)
	x.data("g_height", strconv.Itoa(int(t.Ledger.Height)))
	x.data("g_hash", t.Ledger.Hash.String())
	x.data("g_start", strconv.Itoa(int(t.Ledger.Start)))
	x.data("g_partial", strconv.FormatBool(t.Ledger.Partial))
	x.data("g_version", t.Version)
	x.graph(newGraph(t))
	x.b.WriteString("</graph>\n</graphml>\n")
	return x.b.Flush()
}

type graphml struct {
	b     *bufio.Writer
	t     *goshawk.Trace
	edges int
}

// data writes one attribute; an empty one is left out.
func (x *graphml) data(key, value string) {
	if value != "" {
		fmt.Fprintf(x.b, `<data key="%s">%s</data>`, key, xmlText(value))
	}
}

func (x *graphml) graph(g *graph) {
	x.b.WriteByte('\n')
	for i := range g.txs {
		n := &g.txs[i]
		fmt.Fprintf(x.b, `<node id="t%d">`, i)
		x.data("n_type", "transaction")
		x.data("n_label", shortHash(n.hash))
		x.data("n_tx", n.hash.String())
		x.data("n_height", cellHeight(n.height))
		x.data("n_time", cellTime(n.time))
		x.b.WriteString("</node>\n")
	}
	for i := range g.coins {
		c := &g.coins[i]
		from, to := "t"+strconv.Itoa(c.from), "t"+strconv.Itoa(c.to)
		if c.from < 0 {
			from = "s" + strconv.Itoa(i)
			x.coin(from, "start", "", c)
		}
		if c.to < 0 {
			kind := goshawk.EndKind("unlisted") // what follows was cut from the trace's flows
			if c.end != nil {
				kind = c.end.Kind
			}
			to = "e" + strconv.Itoa(i)
			x.coin(to, "end", kind, c)
		}
		x.edge(from, to, c.amount, c.hops, outpoint(c.tx, c.out), c.address)
	}
	for i := range g.txs {
		n := &g.txs[i]
		if n.fee == nil {
			continue
		}
		id := "f" + strconv.Itoa(i)
		fmt.Fprintf(x.b, `<node id="%s">`, id)
		x.data("n_type", "end")
		x.data("n_label", "fee")
		x.data("n_kind", string(goshawk.EndFee))
		x.data("n_tx", n.hash.String())
		x.b.WriteString("</node>\n")
		x.edge("t"+strconv.Itoa(i), id, n.fee, 0, "", "")
	}
}

func (x *graphml) coin(id, kind string, end goshawk.EndKind, c *coin) {
	fmt.Fprintf(x.b, `<node id="%s">`, id)
	x.data("n_type", kind)
	text := c.address
	if c.end != nil && c.end.Label != nil {
		text = c.end.Label.Text
	}
	if text == "" {
		text = outpoint(c.tx, c.out)
	}
	x.data("n_label", text)
	x.data("n_kind", string(end))
	x.data("n_tx", c.tx.String())
	x.data("n_out", strconv.FormatUint(uint64(c.out), 10))
	x.data("n_address", c.address)
	x.data("n_height", cellHeight(c.height))
	x.data("n_time", cellTime(c.time))
	if c.end != nil && c.end.Label != nil && kind == "end" {
		x.data("n_party", c.end.Label.Party())
		x.data("n_confidence", strconv.Itoa(c.end.Label.Confidence))
		x.data("n_source", c.end.Label.Source)
		x.data("n_sweep", cellHash(c.end.Sweep))
	}
	if c.end != nil && kind == "end" {
		x.data("n_candidates", cellCandidates(c.end))
		x.data("n_note", c.end.Note)
	}
	x.b.WriteString("</node>\n")
}

func (x *graphml) edge(from, to string, amount *goshawk.Units, hops int, outpoint, address string) {
	if x.t.Direction == "backward" {
		from, to = to, from
	}
	fmt.Fprintf(x.b, `<edge id="c%d" source="%s" target="%s">`, x.edges, from, to)
	x.edges++
	x.data("e_outpoint", outpoint)
	x.data("e_address", address)
	if amount != nil {
		x.data("e_amount", amount.Dec())
		x.data("e_weight", x.t.Asset.Decimal(*amount))
	}
	x.data("e_hops", strconv.Itoa(hops))
	x.b.WriteString("</edge>\n")
}
