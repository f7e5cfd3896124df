package report

import (
	"io"
	"slices"

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
	e.key("warnings").strings(t.Warnings)
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

func traceBasis(t *goshawk.Trace) Basis {
	return Basis{Version: t.Version, Network: t.Network, Asset: t.Asset, Ledger: t.Ledger, Claim: t.Claim, Labels: t.Labels}
}

// basis writes what every answer about a ledger begins with.
func (e *encoder) basis(b Basis) {
	e.key("version").string(b.Version)
	e.key("network").string(b.Network)
	e.key("asset").object()
	e.key("ticker").string(b.Asset.Ticker)
	e.key("decimals").uint(uint64(b.Asset.Decimals))
	if b.Asset.Token != "" {
		e.key("token").string(b.Asset.Token)
	}
	e.end()
	e.key("ledger").object()
	e.key("height").int(int64(b.Ledger.Height))
	e.key("hash").hash(b.Ledger.Hash)
	e.end()
	if b.Claim != "" {
		e.key("claim").string(b.Claim)
	}
	e.key("labels").list()
	for _, l := range b.Labels {
		e.object()
		e.key("source").string(l.Source)
		e.key("hash").string(l.Hash)
		e.key("date").text(l.Date)
		e.end()
	}
	e.end()
}

func (e *encoder) parameters(p *goshawk.TraceParameters) {
	e.key("parameters").object()
	e.key("stop_confidence").int(int64(p.StopConfidence))
	if e.key("max_hops"); p.MaxHops != nil {
		e.int(int64(*p.MaxHops))
	} else {
		e.null()
	}
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
		e.key("out").uint(uint64(s.Out))
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
		e.key(string(t.Kind)).units(&t.Amount)
	}
	e.end()
	e.key("counts").object()
	for _, t := range totals {
		e.key(string(t.Kind)).int(int64(t.Count))
	}
	e.end()
}

// place writes what names an end: transaction, output and address.
func (e *encoder) place(tx goshawk.Hash, out *uint32, address *string) {
	e.key("tx").hash(tx)
	if e.key("out"); out != nil {
		e.uint(uint64(*out))
	} else {
		e.null()
	}
	if e.key("address"); address != nil {
		e.string(*address)
	} else {
		e.null()
	}
}

// labelled writes a label twice: its text, which most readers want, and all that its source says.
func (e *encoder) labelled(l *goshawk.Label) {
	if l == nil {
		e.key("label").null()
		e.key("label_detail").null()
		return
	}
	e.key("label").string(l.Text)
	e.key("label_detail")
	e.label(l)
}

func (e *encoder) label(l *goshawk.Label) {
	e.object()
	e.key("label").string(l.Text)
	e.key("actor").text(l.Actor)
	e.key("concepts").strings(l.Concepts)
	e.key("abuse").text(l.Abuse)
	e.key("confidence").int(int64(l.Confidence))
	e.key("confidence_words").string(Confidence(l.Confidence))
	e.key("basis").text(l.Basis)
	e.key("cluster_definer").bool(l.Cluster)
	e.key("reference").text(l.Reference)
	e.key("context").text(l.Context)
	e.key("lastmod").text(l.Modified)
	e.key("match").text(l.Match)
	e.key("source").string(l.Source)
	e.key("source_hash").string(l.SourceHash)
	e.end()
}

func (e *encoder) labels(name string, labels []goshawk.Label) {
	e.key(name).tuple()
	for i := range labels {
		e.label(&labels[i])
	}
	e.end()
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
	e.key("out").uint(uint64(f.Out))
	e.key("address").text(f.Address)
	e.key("amount").units(&f.Amount)
	e.key("value").units(&f.Value)
	e.key("hops").int(int64(f.Hops))
	e.key("height").height(f.Height)
	e.key("time").time(f.Time)
	e.optionalHash("spender", f.Spender)
	e.end()
}

func (e *encoder) optionalHash(name string, h *goshawk.Hash) {
	if e.key(name); h != nil {
		e.hash(*h)
	} else {
		e.null()
	}
}

// ComparisonJSON writes one question's answers by several methods in the shape of docs/json.md.
func ComparisonJSON(w io.Writer, c *goshawk.Comparison) error {
	e := newEncoder(w)
	e.lines()
	if len(c.Traces) > 0 {
		first := c.Traces[0]
		e.basis(traceBasis(first))
		e.key("direction").string(first.Direction)
		e.parameters(&first.Parameters)
		e.starts(first.Start)
	}
	e.key("methods").tuple()
	for _, t := range c.Traces {
		e.string(t.Method)
	}
	e.end()
	e.key("not_run").strings(c.NotRun)
	e.key("totals").lines()
	for _, t := range c.Traces {
		e.key(t.Method).object()
		for _, total := range t.Totals {
			e.key(string(total.Kind)).units(&total.Amount)
		}
		e.end()
	}
	e.end()
	truncated := func(t *goshawk.Trace) bool { return t.Truncated }
	e.key("truncated").bool(len(c.NotRun) > 0 || slices.ContainsFunc(c.Traces, truncated))
	e.key("ends").list()
	for i := range c.Ends {
		end := &c.Ends[i]
		e.object()
		e.key("kind").string(string(end.Kind))
		e.place(end.Tx, end.Out, end.Address)
		e.key("amounts").object()
		for k, t := range c.Traces {
			e.key(t.Method)
			e.units(amountBy(end, k))
		}
		e.end()
		e.key("least").units(&end.Least)
		e.key("most").units(&end.Most)
		e.key("agree").bool(agree(c, end))
		e.labelled(end.Label)
		e.end()
	}
	e.end()
	e.key("traces").list()
	for _, t := range c.Traces {
		e.trace(t)
	}
	e.end()
	e.end()
	return e.finish()
}

// amountBy returns an end's amount under the k-th method; nil where the method does not reach it.
func amountBy(end *goshawk.ComparisonEnd, k int) *goshawk.Units {
	if k < len(end.Amounts) {
		return end.Amounts[k]
	}
	return nil
}

// agree says whether the methods that claim amounts agree on an end: poison
// claims none, so it has no say.
func agree(c *goshawk.Comparison, end *goshawk.ComparisonEnd) bool {
	var first *goshawk.Units
	seen := false
	for k, t := range c.Traces {
		if t.Method == "poison" {
			continue
		}
		a := amountBy(end, k)
		if !seen {
			first, seen = a, true
			continue
		}
		if (a == nil) != (first == nil) || a != nil && !a.Eq(first) {
			return false
		}
	}
	return true
}
