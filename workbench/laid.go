package workbench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// mostAnswer is the longest answer of a trace that is read again.
const mostAnswer = 256 << 20

// mostLaid is how many coins of a trace's flow a picture is given.
const mostLaid = 2_000

// Laid is a run's answer as a picture: the coins that the traced value passed through, read from the
// run's exhibit. Of a comparison, every method's, each with its own edges. With ends, only the ways to
// so many of the largest ends; 0: all.
func (b *Bench) Laid(ctx context.Context, s *identity.Subject, c, run goshawk.ID, ends int) (*Found, error) {
	whole, err := b.Book.Read(ctx, s, c, "laid a trace on a picture: "+string(run), casebook.KindRun)
	if err != nil {
		return nil, err
	}
	rec := whole.Records[casebook.KindRun][run]
	if rec == nil {
		return nil, goshawk.Errorf(goshawk.NotFound, "the case has no such trace")
	}
	exhibit := goshawk.ID(rec.Text("exhibit"))
	if exhibit == "" {
		return nil, goshawk.Errorf(goshawk.Conflict, "the trace has no answer").WithHint("wait until it ends, or run it again")
	}
	var q RunQuestion
	if err := json.Unmarshal(rec["question"].JSON, &q); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the trace's question cannot be read: %w", err)
	}
	in, _, err := b.Book.OpenExhibit(ctx, s, c, exhibit)
	if err != nil {
		return nil, err
	}
	defer in.Close() // read only
	// All of it is read: the last bytes come only where they are what was fixed.
	text, err := io.ReadAll(io.LimitReader(in, mostAnswer))
	if err != nil {
		return nil, err
	}
	held, err := b.Use(ctx, q.Ledger)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	return held.laid(ctx, text, run, ends, q.ByCluster)
}

// answered is what is read of an answer's JSON: a trace's, or a comparison's.
type answered struct {
	Method  string     `json:"method"`
	Back    string     `json:"direction"`
	Ends    []laidEnd  `json:"ends"`
	Flows   []laidFlow `json:"flows"`
	Omitted uint64     `json:"flows_omitted"`
	Traces  []answered `json:"traces"`
}

type laidFlow struct {
	Tx      goshawk.Hash  `json:"tx"`
	Out     uint32        `json:"out"`
	Address string        `json:"address"`
	Amount  string        `json:"amount"`
	Spender *goshawk.Hash `json:"spender"`
}

func (h *Held) laid(ctx context.Context, text []byte, run goshawk.ID, ends int, byCluster bool) (*Found, error) {
	var a answered
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the trace's answer cannot be read: %w", err)
	}
	traces := a.Traces
	if len(traces) == 0 {
		traces = []answered{a}
	}
	var left uint64
	if ends > 0 {
		left = ways(traces, ends)
	}
	d := newDrawing(h)
	sums := map[string]*goshawk.Units{}
	count := map[string]uint64{}
	var more uint64
	for _, t := range traces {
		scope := "what was traced by " + t.Method
		edge := func(from, to, amount string) {
			id := EdgeID(from, to, EdgeTrace, t.Method)
			sum := sums[id]
			if sum == nil {
				sum = &goshawk.Units{}
				sums[id] = sum
			}
			var n goshawk.Units
			if n.SetFromDecimal(amount) == nil {
				sum.Add(sum, &n)
			}
			count[id]++
			d.edge(Edge{ID: id, From: from, To: to, What: EdgeTrace, Value: sum.Dec(), Count: count[id], Method: t.Method, Scope: scope, Run: run}, nil, nil)
		}
		flows := t.Flows
		more += t.Omitted
		if n := len(flows) - mostLaid; n > 0 {
			more += uint64(n)
			flows = flows[:mostLaid]
		}
		for _, f := range flows {
			tx := d.put(Node{ID: "t:" + f.Tx.String(), What: NodeTransaction, Text: f.Tx.String()})
			node := "a:" + f.Address
			if f.Address != "" && goshawk.ID(node).Valid() && len(node)+len("node/") <= goshawkID {
				d.put(Node{ID: node, What: NodeAddress, Text: f.Address})
			} else {
				node = d.put(Node{ID: "u:" + goshawk.Outpoint{Tx: f.Tx, Index: f.Out}.String(), What: NodeCoin, Text: goshawk.Outpoint{Tx: f.Tx, Index: f.Out}.String()})
			}
			edge(tx, node, f.Amount)
			if f.Spender != nil {
				edge(node, d.put(Node{ID: "t:" + f.Spender.String(), What: NodeTransaction, Text: f.Spender.String()}), f.Amount)
			}
		}
	}
	if err := d.when(ctx); err != nil {
		return nil, err
	}
	if err := d.whereIDs(ctx); err != nil {
		return nil, err
	}
	if err := d.describe(ctx); err != nil {
		return nil, err
	}
	for _, t := range traces {
		d.infer(t.Ends, byCluster)
	}
	scope := "the flow of a trace, as its exhibit has it"
	if left > 0 {
		scope = fmt.Sprintf("of the flow of a trace the ways to its %s, each the one by which most came; %s not drawn", goshawk.Count(ends, "largest end", "largest ends"), goshawk.Count(left, "coin", "coins"))
		more += left
	} else if more > 0 {
		scope += fmt.Sprintf("; %s not drawn", goshawk.Count(more, "coin", "coins"))
	}
	return &Found{Nodes: d.nodes, Edges: d.edges, More: more, Scope: scope}, nil
}

// infer names addresses without a label by what a trace inferred of its ends there.
func (d *drawing) infer(ends []laidEnd, byCluster bool) {
	for _, e := range ends {
		if e.Label == nil || e.Address == nil {
			continue
		}
		i, drawn := d.node["a:"+*e.Address]
		if !drawn || d.nodes[i].Label != nil {
			continue
		}
		end := RunEnd{Address: e.Address, Label: runLabel(e.Label)}
		if e.Sweep != nil {
			end.Sweep = e.Sweep.String()
		}
		if inferred, words := d.h.why(&end, byCluster); inferred {
			n := &d.nodes[i]
			n.Inferred, n.Label = true, labelWords(e.Label)
			n.Label.Because = words
		}
	}
}

// when gives the drawing's transactions their times, and its edges the times of theirs.
func (d *drawing) when(ctx context.Context) error {
	var at []int
	var hashes []goshawk.Hash
	for i := range d.nodes {
		if d.nodes[i].What != NodeTransaction {
			continue
		}
		hash, err := goshawk.ParseHash(d.nodes[i].Text)
		if err != nil {
			return err
		}
		at, hashes = append(at, i), append(hashes, hash)
	}
	f, err := d.h.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return err
	}
	var ids []goshawk.TxID
	var of []int
	for i, id := range f.Transactions {
		if id != goshawk.NoTx { // a ledger that was replaced may lack it
			ids, of = append(ids, id), append(of, at[i])
		}
	}
	var batch goshawk.Transactions
	if err := d.h.Transactions(ctx, ids, 0, &batch); err != nil {
		return err
	}
	for i, n := range of {
		d.nodes[n].Time = moment(batch.Rows[i].Time)
		if height := batch.Rows[i].Height; height >= 0 {
			d.nodes[n].Height = &height
		}
	}
	for i := range d.edges {
		e := &d.edges[i]
		for _, end := range []string{e.From, e.To} {
			if t := d.nodes[d.node[end]].Time; t != nil {
				e.First, e.Last = t, t
			}
		}
	}
	return nil
}
