package pattern

import (
	"context"
	"fmt"

	"goshawk"
)

// RuleDepositAddress sees addresses whose every spend goes to one party that
// collects from many: how services gather what customers paid in (the deposit
// addresses of Victor, FC 2020, for accounts; for coins, the sweeps that
// Meiklejohn et al., IMC 2013, describe).
const RuleDepositAddress = "deposit-address/2"

const (
	collectorOutputs = 20      // an unlabelled collector received at least so many coins [own]
	collectorLooked  = 20      // of its addresses that are looked at for whom it pays [own]
	mostHistory      = 10_000  // transactions of one address that are looked at
	mostSweeps       = 100     // listed in a finding
	depositWindow    = 1 << 26 // addresses whose state is held at once: 512 MB
)

// parties tells who is behind addresses.
type parties struct {
	*search
	first map[string]goshawk.AddressID // of each labelled service, the first address met
}

// of returns what stands for the party behind an address: a labelled service's
// first address met, else its cluster, else the address itself.
func (p *parties) of(a goshawk.AddressID) (party goshawk.AddressID, service string) {
	if p.Services != nil {
		if name, ok := p.Services.Service(a); ok {
			if _, known := p.first[name]; !known {
				p.first[name] = a
			}
			return p.first[name], name
		}
	}
	if p.Owner != nil {
		return p.Owner(a), ""
	}
	return a, ""
}

// paid returns the one party that all outputs of a transaction pay; ok is false
// if there are several or none.
func (p *parties) paid(outs []goshawk.Output) (party goshawk.AddressID, service string, ok bool) {
	for i := range outs {
		if !spendable(&outs[i]) {
			continue
		}
		to, name := p.of(outs[i].Address)
		if ok && to != party {
			return 0, "", false
		}
		party, service, ok = to, name, true
	}
	return party, service, ok
}

// Of an address's spends so far: none seen, or to several parties; else the party.
const (
	unseen = goshawk.NoAddress
	mixed  = goshawk.NoAddress - 1
)

// deposits reads the whole chain once for every window of addresses, remembers
// which one party each address's spends went to, and then looks at those with one.
func (s *search) deposits(ctx context.Context) error {
	for low := goshawk.AddressID(0); low < goshawk.AddressID(s.head.Addresses); low += depositWindow {
		window := min(depositWindow, goshawk.AddressID(s.head.Addresses)-low)
		to := make([]goshawk.AddressID, window)
		for i := range to {
			to[i] = unseen
		}
		p := &parties{s, map[string]goshawk.AddressID{}}
		err := goshawk.Scan(ctx, s.ledger, 0, goshawk.TxID(s.head.Transactions), goshawk.WantKinds, func(batch *goshawk.Transactions) error {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			for row := range batch.Rows {
				ins := batch.In(row)
				if len(ins) == 0 {
					continue
				}
				party, _, ok := p.paid(batch.Out(row))
				for i := range ins {
					// Below low it wraps to a large number: one comparison for both ends.
					at := ins[i].Address - low
					if at >= window || to[at] == mixed {
						continue
					}
					if !ok || to[at] != unseen && to[at] != party {
						to[at] = mixed
					} else {
						to[at] = party
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, party := range to {
			if party == unseen || party == mixed || party == low+goshawk.AddressID(i) {
				continue
			}
			if err := s.depositAt(ctx, low+goshawk.AddressID(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// depositAt looks at one address.
func (s *search) depositAt(ctx context.Context, a goshawk.AddressID) error {
	described, err := s.ledger.Addresses(ctx, []goshawk.AddressID{a}, goshawk.WantTotals)
	if err != nil {
		return err
	}
	about := &described[0]
	if about.Spends == 0 || about.Transactions > mostHistory {
		return nil
	}
	p := &parties{s, map[string]goshawk.AddressID{}}
	own, _ := p.of(a)
	party, service, to := goshawk.NoAddress, "", goshawk.NoAddress
	sweeps := 0
	var parts []part
	same, err := s.eachSpend(ctx, a, func(batch *goshawk.Transactions, row int) bool {
		outs := batch.Out(row)
		paid, name, ok := p.paid(outs)
		if !ok || paid == own || party != goshawk.NoAddress && paid != party {
			return false
		}
		party, service = paid, name
		sweeps++
		for i := range outs {
			if spendable(&outs[i]) && len(parts) < mostSweeps {
				to = outs[i].Address
				parts = append(parts, part{"sweep", batch.Rows[row].ID, i, to, outs[i].Value, true})
			}
		}
		return true
	})
	if err != nil || !same || to == goshawk.NoAddress {
		return err
	}
	collector, err := s.ledger.Addresses(ctx, []goshawk.AddressID{to}, goshawk.WantTotals)
	if err != nil {
		return err
	}
	d := newDraft(KindDepositAddress, RuleDepositAddress, weak, "consistent with a customer's deposit address of the party that collects its coins", about.First)
	switch {
	case service != "":
		d.Confidence, d.Statement = strong, "consistent with a customer's deposit address at "+service
		d.Saw = append(d.Saw, "the addresses paid are labelled "+service)
	default:
		collects, err := s.collects(ctx, p, party, to)
		if err != nil || !collects {
			return err
		}
	}
	if left := about.Outputs - min(about.Outputs, about.Spends); left > 0 {
		d.Confidence = weaker(d.Confidence)
		d.Saw = append(d.Saw, goshawk.Count(int(left), "coin is", "coins are")+" not spent yet")
	}
	d.Saw = append(d.Saw,
		fmt.Sprintf("%s received in all, and every spend (%s) paid nobody else", about.Received, goshawk.Count(sweeps, "transaction", "transactions")),
		fmt.Sprintf("%s received %s from all payers", collector[0].Text, goshawk.Count(int(collector[0].Outputs), "coin", "coins")))
	d.parts = append([]part{{"deposit", goshawk.NoTx, -1, a, 0, false}}, parts...)
	return s.report(ctx, []*draft{d})
}

// collects says whether an unlabelled party gathers coins as a service does: its
// addresses received enough of them, and it is not itself a customer, who brings
// all that it receives to one other party (a shop does so that is paid on many
// addresses and sells at one exchange).
func (s *search) collects(ctx context.Context, p *parties, party, to goshawk.AddressID) (bool, error) {
	if known, ok := s.collectors[party]; ok {
		return known, nil
	}
	members, more := []goshawk.AddressID{to}, false
	if s.Members != nil {
		all, cut, err := s.Members(ctx, to, collectorLooked)
		if err != nil {
			return false, err
		}
		for _, a := range all {
			if a != to {
				members = append(members, a)
			}
		}
		more = cut
	}
	described, err := s.ledger.Addresses(ctx, members, goshawk.WantTotals)
	if err != nil {
		return false, err
	}
	coins, spends := uint64(0), uint64(0)
	for i := range described {
		coins += described[i].Outputs
		spends += described[i].Spends
	}
	ok := more || coins >= collectorOutputs
	if ok && spends > 0 {
		if ok, err = s.paysOthers(ctx, p, party, members); err != nil {
			return false, err
		}
	}
	if s.collectors == nil {
		s.collectors = map[goshawk.AddressID]bool{}
	}
	s.collectors[party] = ok
	return ok, nil
}

// paysOthers says whether any of a party's addresses took part in a transaction
// that pays two addresses of others or more, such as a customer and one's own
// change: sweeps and deposits of all that came in pay one.
func (s *search) paysOthers(ctx context.Context, p *parties, party goshawk.AddressID, members []goshawk.AddressID) (bool, error) {
	for _, a := range members {
		sweeps, err := s.eachSpend(ctx, a, func(batch *goshawk.Transactions, row int) bool {
			outs := batch.Out(row)
			others := 0
			for i := range outs {
				if !spendable(&outs[i]) {
					continue
				}
				if to, _ := p.of(outs[i].Address); to != party {
					others++
				}
			}
			return others < 2
		})
		if err != nil || !sweeps {
			return !sweeps, err
		}
	}
	return false, nil
}

// weaker is the next word down.
func weaker(confidence string) string {
	if confidence == strong {
		return moderate
	}
	return weak
}

// eachSpend hands over every transaction that spends coins of an address, oldest
// first, until the callback says no; all says that it never did.
func (s *search) eachSpend(ctx context.Context, a goshawk.AddressID, each func(batch *goshawk.Transactions, row int) bool) (all bool, err error) {
	query := goshawk.HistoryQuery{Address: a, Oldest: true, Limit: 1000}
	var batch goshawk.Transactions
	for {
		if ctx.Err() != nil {
			return false, interrupted(ctx)
		}
		page, err := s.ledger.History(ctx, query)
		if err != nil {
			return false, err
		}
		ids := make([]goshawk.TxID, len(page.Entries))
		for i := range page.Entries {
			ids[i] = page.Entries[i].Tx
		}
		if err := s.ledger.Transactions(ctx, ids, goshawk.WantKinds, &batch); err != nil {
			return false, err
		}
		for row := range batch.Rows {
			ins := batch.In(row)
			for i := range ins {
				if ins[i].Address == a {
					if !each(&batch, row) {
						return false, nil
					}
					break
				}
			}
		}
		if !page.More {
			return true, nil
		}
		query.From = page.Next
	}
}
