package report

import "goshawk"

// Basis is what an answer rests on. Every answer about a ledger carries it, so
// that the same question can be asked again of the same facts.
type Basis struct {
	Version string // of the program
	Network string // empty where no chain was asked
	Asset   goshawk.Asset
	Ledger  goshawk.TracePoint
	Claim   string // whose claim the answer rests on, for remote sources; empty where the bytes were checked
	Labels  []goshawk.LabelSource
	// Warnings are sentences on what the answer cannot know.
	Warnings []string
}

// Moment is a transaction's place in time.
type Moment struct {
	Tx     goshawk.Hash
	Height int32 // -1 where it is not known
	Time   int64 // header time of its block, seconds since 1970
}

func traceBasis(t *goshawk.Trace) Basis {
	return Basis{Version: t.Version, Network: t.Network, Asset: t.Asset, Ledger: t.Ledger, Claim: t.Claim, Labels: t.Labels, Warnings: t.Warnings}
}

func pathsBasis(p *goshawk.Paths) Basis {
	return Basis{Version: p.Version, Network: p.Network, Asset: p.Asset, Ledger: p.Ledger, Claim: p.Claim, Labels: p.Labels, Warnings: p.Warnings}
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
	e.key("start").int(int64(b.Ledger.Start))
	e.key("partial").bool(b.Ledger.Partial)
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
	e.key("warnings").strings(b.Warnings)
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

// Chain says which blocks of which chain an answer rests on; empty where none was asked.
func (b *Basis) Chain() string {
	if b.Network == "" {
		return ""
	}
	return line(b.Network, 40) + extent(b.Ledger) + ", " + b.Ledger.Hash.String()
}

// basis writes what every answer about a ledger rests on.
func (p *page) basis(b Basis) {
	if chain := b.Chain(); chain != "" {
		p.field("Chain", chain)
	}
	if b.Claim != "" {
		p.field("Claim", "not checked against a chain of one's own: this is what "+line(b.Claim, 120)+" says")
	}
	const shown = 6
	for i := range b.Labels[:min(len(b.Labels), shown)] {
		l := &b.Labels[i]
		name := ""
		if i == 0 {
			name = "Labels"
		}
		s := line(l.Source, 80)
		if l.Date != "" {
			s += " of " + line(l.Date, 20)
		}
		p.field(name, s+", SHA-256 "+line(l.Hash, 64))
	}
	if n := len(b.Labels) - shown; n > 0 {
		p.field("", "and "+goshawk.Count(n, "more label file", "more label files"))
	}
}

// extent says which blocks a ledger holds, to go behind the network's name.
func extent(l goshawk.TracePoint) string {
	from := ""
	switch {
	case l.Partial:
		from = ", single blocks"
	case l.Start > 0:
		from = " from block " + number(l.Start)
	}
	return from + " up to block " + number(l.Height)
}

// since says of a sum over what blocks it goes, where these are not all.
func since(l goshawk.TracePoint) string {
	switch {
	case l.Partial:
		return ", in these blocks"
	case l.Start > 0:
		return ", since block " + number(l.Start)
	}
	return ""
}

// cautions are an answer's warnings, as a reader must know them before its figures.
func cautions(warnings []string) (notes []string) {
	for _, w := range warnings {
		notes = append(notes, sentence(line(w, 600)))
	}
	return notes
}

func (p *page) moment(name string, m *Moment) {
	if m != nil {
		p.field(name, moment(m.Height, m.Time)+", "+m.Tx.String())
	}
}
