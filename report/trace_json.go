package report

import (
	"io"

	"goshawk"
)

// TraceJSON writes a trace in the shape of docs/json.md.
func TraceJSON(w io.Writer, t *goshawk.Trace) error {
	e := newEncoder(w)
	e.trace(t)
	return e.finish()
}

func (e *encoder) trace(t *goshawk.Trace) {
	e.lines()
	e.basis(traceBasis(t))
	e.key("method").string(t.Method)
	e.key("direction").string(t.Direction)
	e.parameters(&t.Parameters)
	e.starts(t.Start)
	e.totals(t.Totals)
	e.key("steps").uint(t.Steps)
	e.key("truncated").bool(t.Truncated)
	e.key("ends").list()
	for i := range t.Ends {
		e.traceEnd(&t.Ends[i])
	}
	e.end()
	e.key("flows").list()
	for i := range t.Flows {
		e.flow(&t.Flows[i])
	}
	e.end()
	e.key("flows_omitted").uint(t.FlowsCut)
	e.end()
}

func (e *encoder) parameters(p *goshawk.TraceParameters) {
	e.key("parameters").object()
	e.key("stop_confidence").int(int64(p.StopConfidence))
	optional(e.key("max_hops"), p.MaxHops, func(n int) { e.int(int64(n)) })
	e.key("min_amount").units(p.MinAmount)
	e.key("until").text(p.Until)
	e.key("through_coinjoin").bool(p.ThroughCoinJoin)
	e.key("services").text(p.Services)
	e.key("coinjoin_rule").text(p.CoinJoinRule)
	e.end()
}

func (e *encoder) starts(starts []goshawk.TraceStart) {
	e.key("start").list()
	for i := range starts {
		s := &starts[i]
		e.object()
		e.key("tx").hash(s.Tx)
		e.key("out").index(s.Out)
		e.key("address").text(s.Address)
		e.key("amount").units(&s.Amount)
		e.end()
	}
	e.end()
}

// totals writes sums and counts by end kind, in the order in which answers show kinds.
func (e *encoder) totals(totals []goshawk.TraceTotal) {
	e.key("totals").object()
	for _, t := range totals {
		e.key(string(t.Kind)).units(knownPart(&t))
	}
	e.end()
	e.key("counts").object()
	for _, t := range totals {
		e.key(string(t.Kind)).int(int64(t.Count))
	}
	e.end()
	e.key("unknown").object()
	for _, t := range totals {
		if t.Unknown > 0 {
			e.key(string(t.Kind)).int(int64(t.Unknown))
		}
	}
	e.end()
}

// knownPart is what is known of a sum; nil where that is nothing.
func knownPart(t *goshawk.TraceTotal) *goshawk.Units {
	if t.Unknown > 0 && t.Amount.IsZero() {
		return nil
	}
	return &t.Amount
}

// place writes what names an end: transaction, output and address.
func (e *encoder) place(tx goshawk.Hash, out *uint32, address *string) {
	e.key("tx").hash(tx)
	optional(e.key("out"), out, e.index)
	optional(e.key("address"), address, e.string)
}

func (e *encoder) traceEnd(end *goshawk.End) {
	e.object()
	e.key("kind").string(string(end.Kind))
	e.place(end.Tx, end.Out, end.Address)
	e.key("amount").units(end.Amount)
	e.key("hops").int(int64(end.Hops))
	e.labelled(end.Label)
	e.key("height").height(end.Height)
	e.key("time").time(end.Time)
	if end.Sweep != nil {
		e.key("sweep").hash(*end.Sweep)
	}
	if end.Spender != nil {
		e.key("spender").hash(*end.Spender)
	}
	if end.Candidates > 0 {
		e.key("candidates").int(int64(end.Candidates))
	}
	if end.Note != "" {
		e.key("note").string(end.Note)
	}
	if len(end.ByStart) > 0 {
		e.key("by_start").tuple()
		for i := range end.ByStart {
			e.object()
			e.key("start").int(int64(end.ByStart[i].Start))
			e.key("amount").units(&end.ByStart[i].Amount)
			e.end()
		}
		e.end()
	}
	e.end()
}

func (e *encoder) flow(f *goshawk.Flow) {
	e.object()
	e.key("tx").hash(f.Tx)
	e.key("out").index(f.Out)
	e.key("address").text(f.Address)
	e.key("amount").units(&f.Amount)
	e.key("value").units(&f.Value)
	e.key("hops").int(int64(f.Hops))
	e.key("height").height(f.Height)
	e.key("time").time(f.Time)
	optional(e.key("spender"), f.Spender, e.hash)
	e.end()
}
