package label

import (
	"context"
	"slices"

	"goshawk"
)

// ParseAddress tells whether a text is an address of the caller's network, with
// a right checksum where the network has one.
type ParseAddress func(text string) (kind goshawk.Kind, key []byte, err error)

// Labelled is an address of a ledger that has labels.
type Labelled struct {
	ID      goshawk.AddressID
	Address string // as the ledger writes it
	Labels  []goshawk.Label
}

// Matches are a ledger's labelled addresses.
type Matches struct {
	Addresses []Labelled // by ID
	// Unscanned counts the lower-cased addresses that could not be compared,
	// because the ledger cannot list its addresses.
	Unscanned int
}

const batch = 4096 // names or ids for one call to a ledger

// Match finds the labelled addresses of a ledger. Labels of other networks'
// addresses match nothing. If a source lower-cased its addresses, every address
// of the ledger is compared (about a microsecond each), where the ledger counts
// its addresses; else the labels' addresses are looked up.
func Match(ctx context.Context, l goshawk.Ledger, set *Set, parse ParseAddress) (Matches, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return Matches{}, err
	}
	if set.NeedsScan() && head.Addresses > 0 {
		return scanAddresses(ctx, l, set, head.Addresses)
	}
	var m Matches
	for range set.Lowered() {
		m.Unscanned++
	}
	seen := map[goshawk.AddressID]bool{}
	names := make([]string, 0, batch)
	ask := func() error {
		if len(names) == 0 {
			return nil
		}
		found, err := l.Find(ctx, goshawk.Names{Addresses: names})
		if err != nil {
			return err
		}
		names = names[:0]
		var ids []goshawk.AddressID
		for _, id := range found.Addresses {
			if id != goshawk.NoAddress && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		addresses, err := l.Addresses(ctx, ids, 0)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			m.add(set, a.ID, a.Text)
		}
		return nil
	}
	asked := 0
	for name := range set.Exact() {
		if asked++; asked%batch == 0 {
			if err := interrupted(ctx); err != nil {
				return Matches{}, err
			}
		}
		if _, _, err := parse(name); err != nil {
			continue // another network's
		}
		if names = append(names, name); len(names) == batch {
			if err := ask(); err != nil {
				return Matches{}, err
			}
		}
	}
	if err := ask(); err != nil {
		return Matches{}, err
	}
	slices.SortFunc(m.Addresses, func(a, b Labelled) int { return compare(a.ID, b.ID) })
	return m, nil
}

// interrupted returns an Interrupted error once the context is done.
func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return goshawk.Errorf(goshawk.Interrupted, "the screening was interrupted: %w", context.Cause(ctx))
}

func (m *Matches) add(set *Set, id goshawk.AddressID, text string) {
	if labels := set.Lookup(text); len(labels) > 0 {
		m.Addresses = append(m.Addresses, Labelled{ID: id, Address: text, Labels: labels})
	}
}

func compare[T ~uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// scanAddresses compares each of a ledger's addresses.
func scanAddresses(ctx context.Context, l goshawk.Ledger, set *Set, count uint64) (Matches, error) {
	var m Matches
	ids := make([]goshawk.AddressID, 0, batch)
	for next := uint64(0); next < count; {
		if err := interrupted(ctx); err != nil {
			return Matches{}, err
		}
		ids = ids[:0]
		for ; len(ids) < batch && next < count; next++ {
			ids = append(ids, goshawk.AddressID(next))
		}
		addresses, err := l.Addresses(ctx, ids, 0)
		if err != nil {
			return Matches{}, err
		}
		for i := range addresses {
			if set.Has(addresses[i].Text) {
				m.add(set, addresses[i].ID, addresses[i].Text)
			}
		}
	}
	return m, nil
}

// Hit is one coin that a labelled address received (out) or spent (in), with
// one of its labels. An address with several labels gives several hits for one
// coin, one for each text and source.
type Hit struct {
	Tx         goshawk.Hash   `json:"tx"`
	Side       string         `json:"side"`  // in or out
	Index      uint32         `json:"index"` // of the input or output in its transaction
	Address    string         `json:"address"`
	Amount     *goshawk.Units `json:"amount"` // nil where the spent coin is unresolved
	Label      string         `json:"label"`
	Source     string         `json:"source"`
	SourceHash string         `json:"source_hash"`
	Confidence int            `json:"confidence"`
	Category   string         `json:"category,omitempty"` // the label's first concept
	Abuse      string         `json:"abuse,omitempty"`
	Match      string         `json:"match,omitempty"` // "lower-cased", see goshawk.Label
	Height     int32          `json:"height"`          // -1 where it is not known
	Time       int64          `json:"time"`            // header time of its block, seconds since 1970
}

// Screen calls each for every coin that a labelled address received or spent,
// in chain order: by transaction, inputs before outputs, each by index, and an
// address's labels best first. It returns the matched addresses. An error of each
// ends it.
func Screen(ctx context.Context, l goshawk.Ledger, set *Set, parse ParseAddress, each func(*Hit) error) (Matches, error) {
	matches, err := Match(ctx, l, set, parse)
	if err != nil || len(matches.Addresses) == 0 {
		return matches, err
	}
	s := screen{at: make(map[goshawk.AddressID]*Labelled, len(matches.Addresses)), each: each}
	for i := range matches.Addresses {
		a := &matches.Addresses[i]
		a.Labels = distinctLabels(a.Labels)
		s.at[a.ID] = a
	}
	ids, err := histories(ctx, l, matches.Addresses)
	if err != nil {
		return matches, err
	}
	var txs goshawk.Transactions
	for len(ids) > 0 {
		n := min(len(ids), batch)
		if err := l.Transactions(ctx, ids[:n], goshawk.WantHashes, &txs); err != nil {
			return matches, err
		}
		if err := s.transactions(&txs); err != nil {
			return matches, err
		}
		ids = ids[n:]
	}
	return matches, nil
}

// distinctLabels keeps the best of the labels that say the same from the same
// source, as a list does that names an address under several currencies.
func distinctLabels(labels []goshawk.Label) []goshawk.Label {
	kept := labels[:0]
	for _, l := range labels {
		if !slices.ContainsFunc(kept, func(k goshawk.Label) bool { return k.Text == l.Text && k.SourceHash == l.SourceHash }) {
			kept = append(kept, l)
		}
	}
	return kept
}

// histories returns the transactions of all addresses, each once, in chain order.
func histories(ctx context.Context, l goshawk.Ledger, addresses []Labelled) ([]goshawk.TxID, error) {
	var ids []goshawk.TxID
	for i := range addresses {
		query := goshawk.HistoryQuery{Address: addresses[i].ID, Oldest: true, Limit: batch}
		for {
			page, err := l.History(ctx, query)
			if err != nil {
				return nil, err
			}
			for _, e := range page.Entries {
				ids = append(ids, e.Tx)
			}
			if !page.More {
				break
			}
			query.From = page.Next
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// screen turns transactions into hits.
type screen struct {
	at   map[goshawk.AddressID]*Labelled
	each func(*Hit) error
}

func (s *screen) transactions(txs *goshawk.Transactions) error {
	for i := range txs.Rows {
		row := &txs.Rows[i]
		for j := range txs.In(i) {
			in := &txs.Inputs[row.FirstInput:][j]
			a := s.at[in.Address]
			if a == nil {
				continue
			}
			h := Hit{Tx: row.Hash, Side: "in", Index: uint32(j), Height: row.Height, Time: row.Time}
			if in.Link != goshawk.Unresolved {
				amount := goshawk.U(in.Value)
				h.Amount = &amount
			}
			if err := s.hits(h, a); err != nil {
				return err
			}
		}
		for j := range txs.Out(i) {
			out := &txs.Outputs[row.FirstOutput:][j]
			a := s.at[out.Address]
			if a == nil {
				continue
			}
			amount := goshawk.U(out.Value)
			if err := s.hits(Hit{Tx: row.Hash, Side: "out", Index: uint32(j), Height: row.Height, Time: row.Time, Amount: &amount}, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// hits calls each once for each label of the address.
func (s *screen) hits(coin Hit, a *Labelled) error {
	for i := range a.Labels {
		l := &a.Labels[i]
		h := coin
		h.Address, h.Label, h.Source, h.SourceHash = a.Address, l.Text, l.Source, l.SourceHash
		h.Confidence, h.Abuse, h.Match = l.Confidence, l.Abuse, l.Match
		if len(l.Concepts) > 0 {
			h.Category = l.Concepts[0]
		}
		if err := s.each(&h); err != nil {
			return err
		}
	}
	return nil
}
