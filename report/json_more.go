package report

import (
	"io"
	"iter"

	"goshawk"
)

// AddressJSON writes an address in the shape of docs/json.md.
func AddressJSON(w io.Writer, a *Address) error {
	e := newEncoder(w)
	e.lines()
	e.basis(a.Basis)
	e.key("address").string(a.Address)
	e.key("kind").string(a.Kind.String())
	e.key("transactions").uint(a.Transactions)
	e.key("received").units(&a.Received)
	e.spent(&a.Spent, a.Unresolved)
	e.key("balance").units(balance(&a.Received, &a.Spent, a.Unresolved))
	e.key("outputs").uint(a.Outputs)
	e.key("spends").uint(a.Spends)
	e.moment("first", a.First)
	e.moment("last", a.Last)
	e.labels("address_labels", a.Found)
	if e.key("cluster"); a.ClusterSize == 0 {
		e.null()
	} else {
		e.object()
		e.key("rule").string(a.ClusterRule)
		e.key("addresses").uint(a.ClusterSize)
		e.labels("labels", a.ClusterLabels)
		e.end()
	}
	e.key("history").list()
	for i := range a.History {
		h := &a.History[i]
		e.object()
		e.when(&h.Moment)
		e.key("received").units(&h.Received)
		e.spent(&h.Spent, h.Unresolved)
		e.end()
	}
	e.end()
	e.key("more").bool(a.More)
	e.end()
	return e.finish()
}

// spent writes what is known of a sum of spends, and how many are missing from it.
func (e *encoder) spent(known *goshawk.Units, unresolved uint64) {
	if unresolved > 0 && known.IsZero() {
		known = nil
	}
	e.key("spent").units(known)
	e.key("unresolved").uint(unresolved)
}

// balance returns received - spent, or nil where nobody can say: a spend's value
// is unknown, or more was spent than the ledger saw come in.
func balance(received, spent *goshawk.Units, unresolved uint64) *goshawk.Units {
	var left goshawk.Units
	if _, under := left.SubOverflow(received, spent); under || unresolved > 0 {
		return nil
	}
	return &left
}

func (e *encoder) when(m *Moment) {
	e.key("tx").hash(m.Tx)
	e.key("height").height(m.Height)
	e.key("time").time(m.Time)
}

func (e *encoder) moment(name string, m *Moment) {
	if e.key(name); m == nil {
		e.null()
		return
	}
	e.object()
	e.when(m)
	e.end()
}

// TransactionJSON writes a transaction in the shape of docs/json.md.
func TransactionJSON(w io.Writer, t *Transaction) error {
	e := newEncoder(w)
	e.lines()
	e.basis(t.Basis)
	e.key("tx").hash(t.Tx)
	e.key("block").hash(t.Block)
	e.key("height").height(t.Height)
	e.key("time").time(t.Time)
	e.key("position").uint(uint64(t.Position))
	e.key("tx_version").int(int64(t.Version))
	e.key("lock_time").uint(uint64(t.LockTime))
	e.key("weight").uint(uint64(t.Weight))
	e.key("coinbase").bool(t.Coinbase)
	e.key("fee").units(t.Fee)
	if e.key("output"); t.Output != nil {
		e.uint(uint64(*t.Output))
	} else {
		e.null()
	}
	e.key("inputs").list()
	for i := range t.Inputs {
		in := &t.Inputs[i]
		e.object()
		e.key("prev_tx").hash(in.Prev.Tx)
		e.key("prev_out").uint(uint64(in.Prev.Index))
		e.key("address").text(in.Address)
		if e.key("kind"); in.Kind != nil {
			e.string(in.Kind.String())
		} else {
			e.null()
		}
		e.key("amount").units(in.Amount)
		e.key("height").height(in.Height)
		e.key("sequence").uint(uint64(in.Sequence))
		e.labels("labels", in.Labels)
		e.end()
	}
	e.end()
	e.key("outputs").list()
	for i := range t.Outputs {
		out := &t.Outputs[i]
		e.object()
		e.key("address").string(out.Address)
		e.key("kind").string(out.Kind.String())
		e.key("by_key").bool(out.ByKey)
		e.key("amount").units(&out.Amount)
		e.key("burnt").bool(out.Burnt)
		e.optionalHash("spender", out.Spender)
		e.key("change_hint").text(out.Hint)
		e.labels("labels", out.Labels)
		e.end()
	}
	e.end()
	e.findings("findings", t.Findings)
	e.end()
	return e.finish()
}

// BlockJSON writes a block in the shape of docs/json.md.
func BlockJSON(w io.Writer, b *Block) error {
	e := newEncoder(w)
	e.lines()
	e.basis(b.Basis)
	e.key("hash").hash(b.Hash)
	e.key("parent").hash(b.Parent)
	e.key("height").height(b.Height)
	e.key("time").time(b.Time)
	e.key("transactions").uint(b.Transactions)
	e.key("outputs").uint(b.Outputs)
	e.key("paid").units(&b.Paid)
	e.key("txs").list()
	for _, h := range b.Txs {
		e.hash(h)
	}
	e.end()
	e.key("more").bool(uint64(len(b.Txs)) < b.Transactions)
	e.end()
	return e.finish()
}

func (e *encoder) merges(name string, merges []goshawk.Merge) {
	e.key(name).list()
	for i := range merges {
		m := &merges[i]
		e.object()
		e.key("a").text(m.A)
		e.key("b").text(m.B)
		e.key("tx").hash(m.Tx)
		e.key("height").height(m.Height)
		e.key("heuristic").string(m.Heuristic)
		e.end()
	}
	e.end()
}

// ClusterJSON writes a cluster in the shape of docs/json.md.
func ClusterJSON(w io.Writer, c *Cluster) error {
	e := newEncoder(w)
	e.lines()
	e.basis(c.Basis)
	e.key("address").string(c.Address)
	e.key("rule").string(c.Rule)
	e.key("size").uint(c.Size)
	e.key("received").units(&c.Received)
	e.spent(&c.Spent, c.Unresolved)
	e.key("balance").units(balance(&c.Received, &c.Spent, c.Unresolved))
	e.moment("first", c.First)
	e.moment("last", c.Last)
	e.labels("cluster_labels", c.Labels)
	e.key("addresses").list()
	for _, a := range c.Addresses {
		e.string(a)
	}
	e.end()
	e.key("more").bool(uint64(len(c.Addresses)) < c.Size)
	e.merges("hints", c.Hints)
	e.merges("excluded", c.Excluded)
	e.end()
	return e.finish()
}

// WhyJSON writes the evidence between two addresses in the shape of docs/json.md.
func WhyJSON(w io.Writer, y *Why) error {
	e := newEncoder(w)
	e.lines()
	e.basis(y.Basis)
	e.key("from").string(y.From)
	e.key("to").string(y.To)
	e.key("joined").bool(y.Joined)
	e.merges("chain", y.Chain)
	e.merges("excluded", y.Excluded)
	e.end()
	return e.finish()
}

func pathsBasis(p *goshawk.Paths) Basis {
	return Basis{Version: p.Version, Network: p.Network, Asset: p.Asset, Ledger: p.Ledger, Claim: p.Claim, Labels: p.Labels}
}

// PathsJSON writes paths in the shape of docs/json.md.
func PathsJSON(w io.Writer, p *goshawk.Paths) error {
	e := newEncoder(w)
	e.lines()
	e.basis(pathsBasis(p))
	e.key("from").string(p.From)
	e.key("to").string(p.To)
	if e.key("max_hops"); p.MaxHops > 0 {
		e.int(int64(p.MaxHops))
	} else {
		e.null()
	}
	e.key("truncated").bool(p.Truncated)
	e.key("paths").list()
	for i := range p.Paths {
		path := &p.Paths[i]
		e.lines()
		e.key("by").string(path.By)
		e.key("amount").units(&path.Amount)
		e.key("steps").list()
		for k := range path.Steps {
			s := &path.Steps[k]
			e.object()
			e.key("tx").hash(s.Tx)
			e.key("out").uint(uint64(s.Out))
			e.key("address").text(s.Address)
			e.key("amount").units(s.Amount)
			e.key("height").height(s.Height)
			e.key("time").time(s.Time)
			e.optionalHash("spender", s.Spender)
			e.end()
		}
		e.end()
		e.end()
	}
	e.end()
	e.end()
	return e.finish()
}

// FindingsJSON writes findings in the shape of docs/json.md.
func FindingsJSON(w io.Writer, f *Findings) error {
	e := newEncoder(w)
	e.lines()
	e.basis(f.Basis)
	e.key("kind").text(f.Kind)
	e.findings("findings", f.Findings)
	e.key("truncated").bool(f.Truncated)
	e.end()
	return e.finish()
}

func (e *encoder) findings(name string, findings []goshawk.Finding) {
	e.key(name).list()
	for i := range findings {
		f := &findings[i]
		e.object()
		e.key("kind").string(f.Kind)
		e.key("rule").string(f.Rule)
		e.key("statement").string(f.Statement)
		e.key("confidence").string(f.Confidence)
		e.key("saw").strings(f.Saw)
		e.key("tx").hash(f.Tx)
		e.key("height").height(f.Height)
		e.key("parts").tuple()
		for k := range f.Parts {
			p := &f.Parts[k]
			e.object()
			e.key("role").string(p.Role)
			e.optionalHash("tx", p.Tx)
			if e.key("out"); p.Out != nil {
				e.uint(uint64(*p.Out))
			} else {
				e.null()
			}
			e.key("address").text(p.Address)
			e.key("amount").units(p.Amount)
			e.end()
		}
		e.end()
		e.end()
	}
	e.end()
}

// ScreenJSON writes hits as they come, as a list in the shape of docs/json.md.
// It stops at the first error, which it returns; what was written by then is no
// complete JSON, so that nobody takes half a screening for a whole one.
func ScreenJSON(w io.Writer, hits iter.Seq2[Hit, error]) error {
	e := newEncoder(w)
	e.list()
	for h, err := range hits {
		if err != nil {
			e.flush()
			return err
		}
		e.object()
		e.optionalHash("tx", h.Tx)
		e.key("side").text(h.Side)
		e.key("index").uint(uint64(h.Index))
		e.key("address").string(h.Address)
		e.key("amount").units(h.Amount)
		e.key("label").string(h.Label.Text)
		e.key("source").string(h.Label.Source)
		e.key("source_hash").string(h.Label.SourceHash)
		e.key("confidence").int(int64(h.Label.Confidence))
		e.key("actor").text(h.Label.Actor)
		e.key("concepts").strings(h.Label.Concepts)
		e.key("match").text(h.Label.Match)
		e.key("height").height(h.Height)
		e.key("time").time(h.Time)
		e.key("file").text(h.File)
		e.end()
		if e.err != nil {
			return e.err
		}
	}
	e.end()
	return e.finish()
}
