package solve

import (
	"context"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/pattern"
	"goshawk/trace"
)

// Chain is a chain with its clusters: co-spent addresses, CoinJoins left out.
type Chain interface {
	goshawk.Ledger
	cluster.Links
}

// Case is what an investigator has.
type Case struct {
	Name   string
	Public fs.FS // public/: the papers of cases, and what they share
	Chain  Chain
	// Services are the services that the world's public labels name, with labels
	// that define a cluster reaching all of it.
	Services trace.Services
	Check    label.CheckAddress // of the chain's network
}

// The rules by which the solver works.
const (
	// crowd is how many addresses a cluster has that is taken for a service which
	// nobody has named: nothing is followed through it. No wallet of one person in
	// real cases that were published spent so many addresses together.
	crowd = 400
	// smallest is the part of the income, one in so many, below which a coin is
	// not worth a request and is not followed.
	smallest = 1_000
	// least is the part of a deposit, one in so many, that must come from the case.
	least = 2
	// theirs is the part of all that came to one address that must come from the
	// case for the whole to be asked about, one in so many; regular is what is
	// enough where at least twice a deposit was all the case's: nobody pays into a
	// stranger's account again and again.
	theirs, regular = 4, 12
	// farthest is how many payments away it stops: peel chains are long.
	farthest = 120
)

// ownChange is by what a payment's change shows: a fresh address of the inputs'
// script type and no round sum, unless an output pays an address that was spent
// from, which then is the change.
const ownChange = "address-reuse | fresh-address & script-type & !round-value"

// Effort is the work that a case took.
type Effort struct {
	Steps   uint64 `json:"steps"`   // transactions walked: read in a history, by the trace, or for having a price
	Queries uint64 `json:"queries"` // names looked up, histories and clusters opened, traces asked, payments of a price and parts of sums looked for, ends decided on
}

// Sum is both together: what worlds are compared by.
func (e Effort) Sum() uint64 { return e.Steps + e.Queries }

// Add returns the work of both.
func (e Effort) Add(f Effort) Effort { return Effort{e.Steps + f.Steps, e.Queries + f.Queries} }

// Request is a coin that the solver would ask a service about.
type Request struct {
	Service string       `json:"service"` // as the label says
	Address string       `json:"address"` // where it was paid
	Tx      goshawk.Hash `json:"tx"`
	Out     uint32       `json:"out"`
	Traced  uint64       `json:"traced,string"` // smallest units of it that came from the case
	Value   uint64       `json:"value,string"`  // of the whole coin
	Time    time.Time    `json:"time"`          // of its block, UTC
	// Sweep is the transaction that brought the coin on to the service, where its
	// address has no label: either it is a customer's deposit address, or Sweep is
	// the deposit. The service is asked about both.
	Sweep *goshawk.Hash `json:"sweep"`
}

// Solution is what the solver says of a case.
type Solution struct {
	Case      string    `json:"case"`
	Addresses int       `json:"addresses"` // taken for the criminals': named, or in one cluster with such
	Income    uint64    `json:"income,string"`
	Orders    []Order   `json:"orders"`   // in the papers' order of what they paid for
	Requests  []Request `json:"requests"` // in chain order; then what else came to the same addresses
	Mixed     uint64    `json:"mixed,string"`
	Resting   uint64    `json:"resting,string"` // unspent
	Effort    Effort    `json:"effort"`
}

// Solve works a case. Papers that name nothing which the chain knows are NotFound.
func Solve(ctx context.Context, c Case) (*Solution, error) {
	s := &solver{Case: c, suspect: map[goshawk.AddressID]bool{}, subjects: map[trace.Party]bool{}, read: map[goshawk.TxID]bool{}}
	papers, err := fs.Sub(c.Public, c.Name)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "%q is no case: %w", c.Name, err).WithHint("Cases lists them")
	}
	f, err := read(ctx, papers, c.Check)
	if err != nil {
		return nil, err
	}
	if s.prices, err = readPrices(c.Public); err != nil {
		return nil, err
	}
	head, err := c.Chain.Head(ctx)
	if err != nil {
		return nil, err
	}
	s.unit = 1
	for range head.Asset.Decimals {
		s.unit *= 10
	}
	s.parties = &parties{solver: s, groups: cluster.Of(s.Chain, s.Chain), seen: map[goshawk.AddressID]*party{}}
	if err := s.open(ctx, f); err != nil {
		return nil, err
	}
	if err := s.tried(ctx, f.trials); err != nil {
		return nil, err
	}
	orders, err := s.orders(ctx, &f)
	if err != nil {
		return nil, err
	}
	starts, income, err := s.income(ctx)
	if err != nil {
		return nil, err
	}
	if len(starts) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "the papers of the case %s name nothing that was paid on this chain", c.Name).
			WithHint("are the papers and the blocks of one world?")
	}
	answer, err := s.follow(ctx, starts, income)
	if err != nil {
		return nil, err
	}
	solution := &Solution{Case: c.Name, Addresses: len(s.suspect), Income: income, Orders: orders, Requests: []Request{}}
	s.decide(answer, solution)
	if err := s.customers(ctx, solution); err != nil {
		return nil, err
	}
	solution.Effort = s.effort
	return solution, nil
}

// solver is the state of one Solve.
type solver struct {
	Case
	order   []goshawk.AddressID // of the suspects, as they were found
	suspect map[goshawk.AddressID]bool
	effort  Effort
	// subjects are services that the case is about: a trace does not stop there.
	subjects map[trace.Party]bool
	parties  *parties
	prices   prices
	unit     uint64 // smallest units of a coin
	part     uint64 // of each payment that the papers show to be passed on, in thousandths; 0: they do not
	walked   int    // of the suspects in order, those whose histories are read
	read     map[goshawk.TxID]bool
	moves    []payment // what these histories hold
}

// service is whose an address is by its own labels.
func (s *solver) service(a goshawk.AddressID) trace.Party {
	n := s.Services.Party(a)
	if s.subjects[n] {
		return trace.NoService
	}
	return n
}

// open looks up what the papers name and opens its clusters. A named transaction
// adds nothing by itself: it may pay anybody.
func (s *solver) open(ctx context.Context, f facts) error {
	s.effort.Queries += uint64(len(f.addresses) + len(f.txs))
	found, err := s.Chain.Find(ctx, goshawk.Names{Addresses: f.addresses})
	if err != nil {
		return err
	}
	for _, a := range found.Addresses {
		if a == goshawk.NoAddress {
			continue
		}
		if err := s.prepare(ctx, []goshawk.AddressID{a}); err != nil {
			return err
		}
		if n := s.Services.Party(a); n >= 0 && strings.Contains(f.text, s.Services.Label(a).Text) {
			s.subjects[n] = true // a service that the case is about, by address and name
		}
		if err := s.suspectAll(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// suspectAll takes an address and its cluster for the criminals', unless it is a service's.
func (s *solver) suspectAll(ctx context.Context, a goshawk.AddressID) error {
	if a == goshawk.NoAddress || s.suspect[a] {
		return nil
	}
	groups := cluster.Of(s.Chain, s.Chain)
	s.effort.Queries++
	members, more, err := groups.Members(ctx, a, crowd)
	if err != nil {
		return err
	}
	if more {
		return nil // more than a person's
	}
	if err := s.prepare(ctx, members); err != nil {
		return err
	}
	if slices.ContainsFunc(members, func(m goshawk.AddressID) bool { return s.service(m) >= 0 }) {
		return nil // a service's, as one that somebody speaks of
	}
	for _, m := range members {
		if !s.suspect[m] {
			s.suspect[m] = true
			s.order = append(s.order, m)
		}
	}
	return nil
}

// customers adds to the requests what else came to the same addresses: one address
// is one customer's, who is asked about as a whole, if at least a part of what it
// received is the case's.
func (s *solver) customers(ctx context.Context, solution *Solution) error {
	traced := map[string]uint64{}
	pure := map[string]int{} // deposits that are all the case's, or nearly
	has := map[goshawk.Outpoint]bool{}
	var names []string
	service := map[string]string{}
	for i := range solution.Requests {
		r := &solution.Requests[i]
		if traced[r.Address] == 0 {
			names = append(names, r.Address)
			service[r.Address] = r.Service
		}
		traced[r.Address] += r.Traced
		if r.Sweep == nil && r.Traced >= r.Value/10*9 {
			pure[r.Address]++
		}
		has[goshawk.Outpoint{Tx: r.Tx, Index: r.Out}] = true
	}
	found, err := s.Chain.Find(ctx, goshawk.Names{Addresses: names})
	if err != nil {
		return err
	}
	for i, a := range found.Addresses {
		s.effort.Queries++
		page, err := s.Chain.History(ctx, goshawk.HistoryQuery{Address: a, Oldest: true, Limit: crowd})
		if err != nil {
			return err
		}
		var ids []goshawk.TxID
		var received uint64
		for n := range page.Entries {
			if r := page.Entries[n].Received.Units.Uint64(); r > 0 {
				received += r
				ids = append(ids, page.Entries[n].Tx)
			}
		}
		part := uint64(theirs)
		if pure[names[i]] > 1 {
			part = regular
		}
		if page.More || traced[names[i]] < received/part {
			continue // a wallet of the service itself, or somebody else's for the most part
		}
		s.effort.Steps += uint64(len(ids))
		var batch goshawk.Transactions
		if err := s.Chain.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
			return err
		}
		for row := range batch.Rows {
			for n, o := range batch.Out(row) {
				at := goshawk.Outpoint{Tx: batch.Rows[row].Hash, Index: uint32(n)}
				if o.Address == a && o.Value > 0 && !has[at] {
					solution.Requests = append(solution.Requests, Request{Service: service[names[i]], Address: names[i], Tx: at.Tx, Out: at.Index, Value: o.Value, Time: time.Unix(batch.Rows[row].Time, 0).UTC()})
				}
			}
		}
	}
	return nil
}

// prepare tells services of addresses beforehand, where they want to know.
func (s *solver) prepare(ctx context.Context, addresses []goshawk.AddressID) error {
	if p, ok := s.Services.(trace.Preparer); ok {
		return p.Prepare(ctx, addresses)
	}
	return nil
}

// walk reads the histories of the suspects that it has not read yet. Where they
// paid and a change output shows, its address is a suspect's too.
func (s *solver) walk(ctx context.Context) error {
	change, err := cluster.Parse(ownChange)
	if err != nil {
		return err
	}
	finder := cluster.NewFinder(s.Chain, change)
	for ; s.walked < len(s.order); s.walked++ { // grows as change is found
		query := goshawk.HistoryQuery{Address: s.order[s.walked], Oldest: true, Limit: crowd}
		for {
			s.effort.Queries++
			page, err := s.Chain.History(ctx, query)
			if err != nil {
				return err
			}
			var ids []goshawk.TxID
			for i := range page.Entries {
				if id := page.Entries[i].Tx; !s.read[id] {
					s.read[id] = true
					ids = append(ids, id)
				}
			}
			s.effort.Steps += uint64(len(ids))
			var batch goshawk.Transactions
			if err := s.Chain.Transactions(ctx, ids, goshawk.WantHashes|finder.Want(), &batch); err != nil {
				return err
			}
			changes, err := finder.Changes(ctx, &batch)
			if err != nil {
				return err
			}
			for row := range batch.Rows {
				outs := batch.Out(row)
				p := payment{id: batch.Rows[row].ID, tx: batch.Rows[row].Hash, time: batch.Rows[row].Time}
				for i := range batch.In(row) {
					p.from = append(p.from, batch.In(row)[i].Address)
					p.ins = append(p.ins, batch.In(row)[i].Value)
				}
				p.outs = append(p.outs, outs...)
				s.moves = append(s.moves, p)
				if s.spends(&batch, row) {
					if c := changes[row]; c >= 0 && !coinJoin(&batch, row) {
						if err := s.take(ctx, []goshawk.AddressID{outs[c].Address}); err != nil {
							return err
						}
					}
				}
			}
			if !page.More {
				break
			}
			query.From = page.Next
		}
	}
	return nil
}

// income lists what the suspects were paid by others, with its sum.
func (s *solver) income(ctx context.Context) (starts []goshawk.Outpoint, sum uint64, err error) {
	var x *sums
	for {
		if err := s.walk(ctx); err != nil {
			return nil, 0, err
		}
		var coins []coin
		starts, sum = nil, 0
		for i := range s.moves {
			p := &s.moves[i]
			if slices.ContainsFunc(p.from, func(a goshawk.AddressID) bool { return s.suspect[a] }) {
				continue // they paid it themselves
			}
			for n, o := range p.outs {
				if s.suspect[o.Address] && o.Value > 0 {
					starts = append(starts, goshawk.Outpoint{Tx: p.tx, Index: uint32(n)})
					coins = append(coins, coin{o.Value, p.id, p.time})
					sum += o.Value
				}
			}
		}
		if x == nil {
			if x, err = s.sums(ctx, coins); err != nil {
				return nil, 0, err
			}
		}
		if err := s.shares(ctx, x, coins); err != nil {
			return nil, 0, err
		}
		if s.walked == len(s.order) {
			return starts, sum, nil
		}
	}
}

// payment is a transaction that a suspect had part in.
type payment struct {
	id   goshawk.TxID
	tx   goshawk.Hash
	time int64 // of its block
	from []goshawk.AddressID
	ins  []uint64 // values of what it spends
	outs []goshawk.Output
}

// spends says whether a transaction spends a suspect's coin.
func (s *solver) spends(batch *goshawk.Transactions, row int) bool {
	return slices.ContainsFunc(batch.In(row), func(in goshawk.Input) bool { return s.suspect[in.Address] })
}

// follow traces the income, jointly, in proportion to value: where criminals'
// coins are paid together with others', nobody can say which went where.
func (s *solver) follow(ctx context.Context, starts []goshawk.Outpoint, income uint64) (*goshawk.Trace, error) {
	s.effort.Queries++
	floor, hops := goshawk.U(max(income/smallest, 1)), farthest
	answer, err := trace.Run(ctx, s.Chain, trace.Question{Method: trace.Haircut, Starts: starts, MaxHops: &hops, MinAmount: &floor,
		Services: s.parties, CoinJoin: coinJoin, Flows: math.MaxInt})
	if err != nil {
		return nil, err
	}
	s.effort.Steps += answer.Steps
	return answer, nil
}

func coinJoin(batch *goshawk.Transactions, row int) bool {
	_, ok := pattern.CoinJoin(batch, row)
	return ok
}

// decide says of each end whether it is worth a request: at a service that has a
// name and keeps accounts, and enough of it from the case.
func (s *solver) decide(answer *goshawk.Trace, solution *Solution) {
	values := map[goshawk.Outpoint]uint64{}
	for i := range answer.Flows {
		f := &answer.Flows[i]
		values[goshawk.Outpoint{Tx: f.Tx, Index: f.Out}] = f.Value.Uint64()
	}
	for i := range answer.Ends {
		e := &answer.Ends[i]
		if e.Kind == goshawk.EndFee || e.Amount == nil {
			continue
		}
		traced := e.Amount.Uint64()
		switch e.Kind {
		case goshawk.EndCoinJoin:
			solution.Mixed += traced
		case goshawk.EndUnspent:
			solution.Resting += traced
		default:
		}
		if e.Kind != goshawk.EndService || e.Label == nil || e.Label.Text == unnamed || e.Out == nil || e.Address == nil {
			continue
		}
		s.effort.Queries++
		if slices.Contains(e.Label.Concepts, "mixing_service") {
			solution.Mixed += traced // it keeps no accounts
			continue
		}
		value := values[goshawk.Outpoint{Tx: e.Tx, Index: *e.Out}]
		if traced < value/least {
			continue
		}
		solution.Requests = append(solution.Requests, Request{Service: e.Label.Text, Address: *e.Address, Tx: e.Tx, Out: *e.Out, Traced: traced, Value: value, Time: time.Unix(e.Time, 0).UTC(), Sweep: e.Sweep})
	}
}
