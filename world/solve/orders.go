package solve

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/cluster"
)

// What was ordered somewhere at a price that everybody can see, and appeared when
// it was paid, leads to who paid: the sum in coins at that day's price and the time
// are known (Portnoff, Huang, Doerfler, Afroz and McCoy: Backpage and Bitcoin, KDD 2017).

// listing is a row of a paper that says when something that was paid for appeared,
// and what it cost.
type listing struct {
	appeared time.Time
	least    uint64 // cents of US dollars
	most     uint64 // where the paper names whole dollars, a dollar less a cent more
}

// Rules for payments that are known by their price and time.
const (
	// appears is how long before its appearance a thing can have been paid at most:
	// a block or two, and the time that a site takes.
	appears = time.Hour
	// quoted is how far a payment may lie from the day's price, one part in so many:
	// invoices are rounded.
	quoted = 1_000
	// alike is how many listings a wallet must have paid for to be taken for the
	// criminals', where several wallets paid the price of one at its time.
	alike = 2
	// digits is how many a reference has at least.
	digits = 5
)

// Order is a payment with the price and the time of something that the papers list.
type Order struct {
	Tx       goshawk.Hash `json:"tx"`
	Out      uint32       `json:"out"`
	Value    uint64       `json:"value,string"`
	Time     time.Time    `json:"time"`     // of its block, UTC
	Appeared time.Time    `json:"appeared"` // what it paid for, UTC
	Service  string       `json:"service"`  // whom it was paid to
	// From is the service that it was paid from, for a customer; empty: a wallet
	// that is taken for the criminals' paid it.
	From string `json:"from"`
}

// readListings takes a table's rows that are the case's: which have a reference
// that another of its papers names. A text that is no such table has none.
func readListings(name string, papers map[string]string) []listing {
	r := csv.NewReader(strings.NewReader(papers[name]))
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil // it is no table
	}
	at, dollars := slices.Index(rows[0], "appeared"), slices.Index(rows[0], "us_dollars")
	if at < 0 || dollars < 0 {
		return nil
	}
	var list []listing
	for _, row := range rows[1:] {
		ours := false
		for i, cell := range row {
			// A time or a price is no reference, though the papers name prices too.
			ours = ours || i != at && i != dollars && named(cell, name, papers)
		}
		when, err := time.Parse("2006-01-02 15:04 MST", row[at])
		if !ours || err != nil {
			continue
		}
		if least, most, ok := parseDollars(row[dollars]); ok {
			list = append(list, listing{when.UTC(), least, most})
		}
	}
	return list
}

// named says whether another paper holds a cell that is a reference.
func named(cell, in string, papers map[string]string) bool {
	n := 0
	for _, r := range cell {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	if n < digits {
		return false
	}
	for name, text := range papers {
		if name != in && strings.Contains(text, cell) {
			return true
		}
	}
	return false
}

// parseDollars reads an amount with or without cents.
func parseDollars(text string) (least, most uint64, ok bool) {
	whole, part, exact := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 40)
	if err != nil {
		return 0, 0, false
	}
	if !exact {
		return 100 * n, 100*n + 99, true
	}
	cents, err := strconv.ParseUint(part, 10, 8)
	if err != nil || len(part) != 2 {
		return 0, 0, false
	}
	return 100*n + cents, 100*n + cents, true
}

// prices are what a coin cost, in cents, by day.
type prices map[string]uint64

// readPrices reads a world's daily prices; none if there is no such paper.
func readPrices(public fs.FS) (prices, error) {
	text, err := fs.ReadFile(public, "prices.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the daily prices cannot be read: %w", err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = 3 // date, currency, price
	rows, err := r.ReadAll()
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the daily prices cannot be read: %w", err)
	}
	p := prices{}
	for _, row := range rows[min(1, len(rows)):] {
		cents, _, ok := parseDollars(row[2])
		if !ok {
			return nil, goshawk.Errorf(goshawk.Invalid, "the daily prices name %q on %s, which is no amount of dollars", row[2], row[0])
		}
		p[row[0]] = cents
	}
	return p, nil
}

// fits says whether a value is the price of a listing on the day of a time, or
// when the payment can have been asked for.
func (p prices) fits(l *listing, value uint64, at time.Time, unit uint64) bool {
	for _, day := range []time.Time{at, at.Add(-appears)} {
		cents := p[day.Format(time.DateOnly)]
		if cents == 0 {
			continue
		}
		least, most := l.least*unit/cents, (l.most+1)*unit/cents
		if value >= least-least/quoted && value <= most+most/quoted {
			return true
		}
	}
	return false
}

// match is a payment that has the price and the time of a listing.
type match struct {
	Order
	listing int
	payer   goshawk.AddressID
	payee   goshawk.AddressID
	change  goshawk.AddressID // NoAddress where none shows
}

// orders looks for the payments with which listings were paid, and takes the
// wallets that made them for the criminals': the only one that paid the price of a
// listing at its time, or one that did so for several.
func (s *solver) orders(ctx context.Context, f *facts) ([]Order, error) {
	if len(f.listings) == 0 || len(s.prices) == 0 {
		return []Order{}, nil
	}
	var found []match
	for i := range f.listings {
		matches, err := s.payments(ctx, f, i)
		if err != nil {
			return nil, err
		}
		found = append(found, firstOnly(matches)...)
	}
	// Wallets are clusters, and those that change leads to.
	wallets := map[goshawk.AddressID]goshawk.AddressID{}
	wallet := func(a goshawk.AddressID) goshawk.AddressID {
		a = s.parties.groups.Root(a)
		for {
			b, ok := wallets[a]
			if !ok {
				return a
			}
			a = b
		}
	}
	for i := range found {
		m := &found[i]
		if m.From != "" || m.change == goshawk.NoAddress {
			continue
		}
		if a, b := wallet(m.payer), wallet(m.change); a != b {
			wallets[max(a, b)] = min(a, b)
		}
	}
	payers := make([][]goshawk.AddressID, len(f.listings)) // the wallets, by listing
	paid := map[goshawk.AddressID]int{}                    // listings, by wallet
	for i := range found {
		m := &found[i]
		if w := wallet(m.payer); m.From == "" && !slices.Contains(payers[m.listing], w) {
			payers[m.listing] = append(payers[m.listing], w)
			paid[w]++
		}
	}
	orders := []Order{}
	for i := range found {
		m := &found[i]
		if m.From == "" {
			if len(payers[m.listing]) > 1 && paid[wallet(m.payer)] < alike {
				continue
			}
			if err := s.suspectAll(ctx, m.payer); err != nil {
				return nil, err
			}
		} else if len(payers[m.listing]) > 0 {
			continue // a wallet paid for it, not a service's customer
		}
		orders = append(orders, m.Order)
	}
	return orders, nil
}

// firstOnly leaves out the payments of those whom another of the payments went to:
// who was paid moves the coin on within the hour, for hardly less.
func firstOnly(matches []match) []match {
	var first []match
	for _, m := range matches {
		if !slices.ContainsFunc(matches, func(before match) bool { return before.payee == m.payer }) {
			first = append(first, m)
		}
	}
	return first
}

// payments lists what was paid to a service that the papers name, at the price of
// a listing and not long before it appeared.
func (s *solver) payments(ctx context.Context, f *facts, n int) ([]match, error) {
	l := &f.listings[n]
	s.effort.Queries++
	since := l.appeared.Add(-appears)
	span, err := s.Chain.Find(ctx, goshawk.Names{Since: since, Until: l.appeared})
	if err != nil {
		return nil, err
	}
	change, err := cluster.Parse(ownChange)
	if err != nil {
		return nil, err
	}
	finder := cluster.NewFinder(s.Chain, change)
	var found []match
	err = goshawk.Scan(ctx, s.Chain, span.First, span.End, goshawk.WantHashes|finder.Want(), func(batch *goshawk.Transactions) error {
		var changes []int
		for row := range batch.Rows {
			at := time.Unix(batch.Rows[row].Time, 0).UTC()
			if at.Before(since) || at.After(l.appeared) || len(batch.In(row)) == 0 || coinJoin(batch, row) {
				continue
			}
			for i, o := range batch.Out(row) {
				if !s.prices.fits(l, o.Value, at, s.unit) {
					continue
				}
				s.effort.Steps++
				payer := batch.In(row)[0].Address
				if err := s.parties.Prepare(ctx, []goshawk.AddressID{payer, o.Address}); err != nil {
					return err
				}
				to, err := s.paidTo(ctx, &o)
				if err != nil {
					return err
				}
				if to == "" || !strings.Contains(f.text, to) {
					continue
				}
				if changes == nil {
					if changes, err = finder.Changes(ctx, batch); err != nil {
						return err
					}
				}
				m := match{listing: n, payer: payer, payee: o.Address, change: goshawk.NoAddress, Order: Order{Tx: batch.Rows[row].Hash, Out: uint32(i), Value: o.Value, Time: at, Appeared: l.appeared, Service: to}}
				if m.From, err = s.paidBy(ctx, batch, row, i); err != nil {
					return err
				}
				if c := changes[row]; m.From == "" && c >= 0 {
					m.change = batch.Out(row)[c].Address
				}
				found = append(found, m)
			}
		}
		return nil
	})
	return found, err
}

// paidBy names the service that made a payment: its coins are the service's, or
// what it did not pay goes to a service. Empty: neither, so that a wallet paid.
func (s *solver) paidBy(ctx context.Context, batch *goshawk.Transactions, row, out int) (string, error) {
	addresses := []goshawk.AddressID{batch.In(row)[0].Address}
	for i, o := range batch.Out(row) {
		if i != out {
			addresses = append(addresses, o.Address)
		}
	}
	if err := s.parties.Prepare(ctx, addresses); err != nil {
		return "", err
	}
	for _, a := range addresses {
		if l := s.parties.Label(a); s.parties.Party(a) >= 0 && l != nil {
			return l.Text, nil
		}
	}
	return "", nil
}

// paidTo names the service that an output pays: its address is the service's, or
// the transaction that spends it pays nobody but the service. Empty: neither.
func (s *solver) paidTo(ctx context.Context, o *goshawk.Output) (string, error) {
	if l := s.parties.Label(o.Address); s.parties.Party(o.Address) >= 0 && l != nil {
		return l.Text, nil
	}
	spender := o.Spender
	if spender == goshawk.Later {
		coins, err := s.Chain.Outputs(ctx, []goshawk.OutputID{o.ID})
		if err != nil {
			return "", err
		}
		spender = coins[0].Spender
	}
	if spender == goshawk.NoTx || spender == goshawk.Burnt {
		return "", nil
	}
	s.effort.Steps++
	var next goshawk.Transactions
	if err := s.Chain.Transactions(ctx, []goshawk.TxID{spender}, goshawk.WantKinds, &next); err != nil {
		return "", err
	}
	service := ""
	for i, out := range next.Out(0) {
		if err := s.parties.Prepare(ctx, []goshawk.AddressID{out.Address}); err != nil {
			return "", err
		}
		l := s.parties.Label(out.Address)
		if s.parties.Party(out.Address) < 0 || l == nil || i > 0 && l.Text != service {
			return "", nil
		}
		service = l.Text
	}
	return service, nil
}
