package report

import (
	"io"

	"goshawk"
)

// Address is what a ledger, the labels and the clusters say of one address.
type Address struct {
	Basis
	Address       string
	Kind          goshawk.Kind
	Transactions  uint64
	Received      goshawk.Units
	Spent         goshawk.Units
	Outputs       uint64 // outputs it received
	Spends        uint64 // outputs it spent
	Unresolved    uint64 // spends whose value is unknown, not in Spent
	Before        bool   // it may have spent coins from before the ledger's first block, which are not in Received
	First, Last   *Moment
	Found         []goshawk.Label // by confidence, newest first
	ClusterSize   uint64          // addresses in its cluster; 0 where clusters were not asked
	ClusterRule   string          // the heuristics that made the cluster: co-spend/1
	ClusterLabels []goshawk.Label // labels that reach it through its cluster only: inference
	History       []AddressEntry
	More          bool // the history goes on
}

// AddressEntry is what one transaction did to an address.
type AddressEntry struct {
	Moment
	Received   goshawk.Units
	Spent      goshawk.Units
	Unresolved uint64 // spends whose value is unknown, not in Spent
}

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
	e.key("balance").units(balance(&a.Received, &a.Spent, a.Unresolved, a.Before))
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

// AddressText writes what is known of an address for a person to read.
func AddressText(w io.Writer, a *Address, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Address "+line(a.Address, 400)))
	p.line()
	p.field("Form", a.Kind.String())
	p.field("Received", money(a.Asset, &a.Received)+" in "+goshawk.Count(a.Outputs, "output", "outputs")+since(a.Ledger))
	p.field("Spent", spent(a.Asset, &a.Spent, a.Unresolved, money)+" in "+goshawk.Count(a.Spends, "output", "outputs")+unknownOf(a.Unresolved))
	p.balance(a.Basis, balance(&a.Received, &a.Spent, a.Unresolved, a.Before))
	p.field("Used in", goshawk.Count(a.Transactions, "transaction", "transactions"))
	p.moment("First", a.First)
	p.moment("Last", a.Last)
	if len(a.Found) == 0 {
		p.field("Label", "none")
	}
	p.labelList("Label", a.Found)
	if a.ClusterSize > 0 {
		p.field("Cluster", goshawk.Count(a.ClusterSize, "address", "addresses")+" by "+line(a.ClusterRule, longRule)+" (inference)")
		p.labelList("by cluster", a.ClusterLabels)
	}
	p.basis(a.Basis)
	p.notes(cautions(a.Warnings))
	if len(a.History) > 0 {
		p.heading("Transactions")
		var in, out []string
		for i := range a.History {
			h := &a.History[i]
			in = append(in, gain(a.Asset, &h.Received))
			out = append(out, spent(a.Asset, &h.Spent, h.Unresolved, loss))
		}
		inWidth, outWidth := widest(in), widest(out)
		for i := range in {
			h := &a.History[i]
			p.line("  ", pad(when(h.Time), 23), "  ", padLeft(in[i], inWidth), "  ", padLeft(out[i], outWidth), "  ", h.Tx.String())
		}
		if a.More {
			p.line("  and more: raise the limit to see them")
		}
	}
	return p.b.Flush()
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
// is unknown, or coins may have been spent that the ledger did not see come in.
func balance(received, spent *goshawk.Units, unresolved uint64, before bool) *goshawk.Units {
	var left goshawk.Units
	if _, under := left.SubOverflow(received, spent); under || before || unresolved > 0 {
		return nil
	}
	return &left
}

func (p *page) balance(b Basis, left *goshawk.Units) {
	s := money(b.Asset, left)
	if left != nil {
		s += since(b.Ledger)
	}
	p.field("Balance", s)
}

func gain(a goshawk.Asset, u *goshawk.Units) string { return signed("+", a, u) }
func loss(a goshawk.Asset, u *goshawk.Units) string { return signed("-", a, u) }

// signed writes an amount with its sign; nothing for nothing.
func signed(sign string, a goshawk.Asset, u *goshawk.Units) string {
	switch {
	case u == nil:
		return decimal(a, u)
	case u.IsZero():
		return ""
	}
	return sign + decimal(a, u)
}

// spent writes a sum of spends as money or loss does. Where the values of some
// are unknown it is a lower bound, or all unknown.
func spent(a goshawk.Asset, known *goshawk.Units, unresolved uint64, write func(goshawk.Asset, *goshawk.Units) string) string {
	switch {
	case unresolved == 0:
		return write(a, known)
	case known.IsZero():
		return write(a, nil)
	}
	return "at least " + write(a, known)
}

// unknownOf says how many spends a sum is missing.
func unknownOf(unresolved uint64) string {
	if unresolved == 0 {
		return ""
	}
	return ", " + goshawk.Count(unresolved, "output", "outputs") + " of unknown value"
}
