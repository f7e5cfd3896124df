package pattern

import (
	"context"
	"errors"

	"goshawk"
)

// Query says which pattern to look for, and where.
type Query struct {
	Kind string // one of Kinds

	// From looks at one coin: for transaction patterns at the transaction that
	// created it and the one that spent it, for a peel chain forward from it, for
	// address patterns at its address. Nil looks through the whole ledger, which
	// must have dense ids.
	From *goshawk.Outpoint
	// First and End bound a whole search to transactions with First <= id < End;
	// End 0 means the tip. Address patterns are not bounded.
	First, End goshawk.TxID
	// Limit ends the search after so many findings; 0 means no limit.
	Limit int
	// MostHops bounds a followed chain; 0 means 10,000.
	MostHops int

	// Services names labelled services; nil: no labels.
	Services Services
	// Owner maps addresses to what stands for their cluster; nil: every address
	// stands for itself.
	Owner func(goshawk.AddressID) goshawk.AddressID
	// Members lists the addresses of an address's cluster, itself among them, at
	// most limit of them; more says that there are others. Nil: it stands alone.
	Members func(ctx context.Context, a goshawk.AddressID, limit int) (members []goshawk.AddressID, more bool, err error)
	// Change tells which output of each transaction of a batch is its change, -1
	// where that cannot be said; ChangeWant is what it needs in the batch. Nil
	// takes the larger output of a peel for what goes on.
	Change     Change
	ChangeWant goshawk.Want
}

// Change points to the change output of each transaction of a batch, counted
// from 0; -1 where there is none to point to.
type Change func(ctx context.Context, batch *goshawk.Transactions) ([]int, error)

// errEnough ends a search whose limit is reached.
var errEnough = errors.New("enough found")

// Find hands over every finding of a pattern, in chain order, until each returns
// an error, the limit is reached or the context is done.
func Find(ctx context.Context, l goshawk.Ledger, query Query, each func(goshawk.Finding) error) error {
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	s := &search{Query: query, ledger: l, head: head, each: each}
	if s.MostHops == 0 {
		s.MostHops = 10_000
	}
	err = s.run(ctx)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// search is the state of one Find.
type search struct {
	Query
	ledger goshawk.Ledger
	head   goshawk.Head
	each   func(goshawk.Finding) error
	found  int
	// collectors remembers which unlabelled parties collect coins as services do.
	collectors map[goshawk.AddressID]bool
}

func (s *search) run(ctx context.Context) error {
	coin := goshawk.Coin{}
	if s.From != nil {
		var err error
		if coin, err = s.coin(ctx, *s.From); err != nil {
			return err
		}
	} else if s.head.Transactions == 0 && s.head.Height >= 0 {
		return goshawk.Errorf(goshawk.Unsupported, "this ledger cannot be searched from end to end").
			WithHint("name a coin to start from, or ingest the chain into a ledger of your own")
	}
	switch s.Kind {
	case KindCoinJoin, KindStonewall, KindConsolidation, KindBatchPayout:
		if s.From != nil {
			return s.atCoin(ctx, coin)
		}
		return s.scan(ctx)
	case KindPeelChain:
		if s.From != nil {
			return s.peelsFrom(ctx, coin)
		}
		return s.peels(ctx)
	case KindDepositAddress:
		if s.From != nil {
			return s.depositAt(ctx, coin.Address)
		}
		return s.deposits(ctx)
	case KindAddressReuse:
		if s.From != nil {
			return s.reuseAt(ctx, []goshawk.AddressID{coin.Address})
		}
		return s.reuse(ctx)
	}
	return goshawk.Errorf(goshawk.Invalid, "there is no pattern %q", s.Kind).
		WithHint("use one of %v", Kinds())
}

// coin looks an outpoint up.
func (s *search) coin(ctx context.Context, at goshawk.Outpoint) (goshawk.Coin, error) {
	found, err := s.ledger.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{at.Tx}})
	if err != nil {
		return goshawk.Coin{}, err
	}
	if found.Transactions[0] == goshawk.NoTx {
		return goshawk.Coin{}, goshawk.Errorf(goshawk.NotFound, "the ledger has no transaction %s", at.Tx).
			WithHint("check the transaction id, and that the ledger reaches its block")
	}
	var batch goshawk.Transactions
	if err := s.ledger.Transactions(ctx, found.Transactions, 0, &batch); err != nil {
		return goshawk.Coin{}, err
	}
	if int64(at.Index) >= int64(len(batch.Outputs)) {
		return goshawk.Coin{}, goshawk.Errorf(goshawk.Invalid, "transaction %s has no output %d", at.Tx, at.Index).
			WithHint("it has %d, counted from 0", len(batch.Outputs))
	}
	coins, err := s.ledger.Outputs(ctx, []goshawk.OutputID{batch.Outputs[at.Index].ID})
	if err != nil {
		return goshawk.Coin{}, err
	}
	return coins[0], nil
}

// end is the id after the last transaction of a whole search.
func (s *search) end() goshawk.TxID {
	if last := goshawk.TxID(s.head.Transactions); s.End == 0 || s.End > last {
		return last
	}
	return s.End
}

// scan looks at every transaction by itself.
func (s *search) scan(ctx context.Context) error {
	return goshawk.Scan(ctx, s.ledger, s.First, s.end(), goshawk.WantKinds, func(batch *goshawk.Transactions) error {
		return s.transactions(ctx, batch)
	})
}

// atCoin looks at the two transactions that a coin lies between.
func (s *search) atCoin(ctx context.Context, coin goshawk.Coin) error {
	ids := []goshawk.TxID{coin.Tx}
	if coin.Spender < goshawk.Later {
		ids = append(ids, coin.Spender)
	}
	var batch goshawk.Transactions
	if err := s.ledger.Transactions(ctx, ids, goshawk.WantKinds, &batch); err != nil {
		return err
	}
	return s.transactions(ctx, &batch)
}

// transactions reports the findings of a batch.
func (s *search) transactions(ctx context.Context, batch *goshawk.Transactions) error {
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	var drafts []*draft
	for row := range batch.Rows {
		if d := s.look(batch, row); d != nil {
			drafts = append(drafts, d)
		}
	}
	for _, d := range drafts {
		if d.Rule == RuleTx0 {
			if err := s.confirmTx0(ctx, d); err != nil {
				return err
			}
		}
	}
	return s.report(ctx, drafts)
}

// look applies the rules of the asked kind to one transaction.
func (s *search) look(batch *goshawk.Transactions, row int) *draft {
	switch s.Kind {
	case KindCoinJoin:
		if d := s.coinJoin(batch, row); d != nil {
			return d
		}
		return tx0(batch, row)
	case KindStonewall:
		return stonewall(batch, row)
	case KindConsolidation:
		return consolidation(batch, row)
	}
	return s.batchPayout(batch, row)
}

// draft is a finding with ids in place of names.
type draft struct {
	goshawk.Finding
	tx    goshawk.TxID
	parts []part
}

// part is a coin or an address of a draft. tx is NoTx for an address alone.
type part struct {
	role    string
	tx      goshawk.TxID
	out     int // -1: the transaction itself
	address goshawk.AddressID
	value   uint64
	valued  bool
}

func newDraft(kind, rule, confidence, statement string, tx goshawk.TxID) *draft {
	return &draft{Finding: goshawk.Finding{Kind: kind, Rule: rule, Confidence: confidence, Statement: statement}, tx: tx}
}

// output adds an output as a part.
func (d *draft) output(role string, tx goshawk.TxID, index int, o *goshawk.Output) {
	d.parts = append(d.parts, part{role, tx, index, o.Address, o.Value, true})
}

// report names what drafts are made of and hands them over.
func (s *search) report(ctx context.Context, drafts []*draft) error {
	if s.Limit > 0 && len(drafts) > s.Limit-s.found {
		drafts = drafts[:s.Limit-s.found]
	}
	for _, d := range drafts {
		if err := s.name(ctx, d); err != nil {
			return err
		}
		if err := s.each(d.Finding); err != nil {
			return err
		}
		s.found++
	}
	if s.Limit > 0 && s.found >= s.Limit {
		return errEnough
	}
	return nil
}

// name fills in hashes, heights and addresses.
func (s *search) name(ctx context.Context, d *draft) error {
	ids, addresses := []goshawk.TxID{d.tx}, []goshawk.AddressID{}
	for i := range d.parts {
		if d.parts[i].tx != goshawk.NoTx {
			ids = append(ids, d.parts[i].tx)
		}
		if d.parts[i].address != goshawk.NoAddress {
			addresses = append(addresses, d.parts[i].address)
		}
	}
	hashes, err := s.hashes(ctx, ids)
	if err != nil {
		return err
	}
	described, err := s.ledger.Addresses(ctx, addresses, 0)
	if err != nil {
		return err
	}
	first := hashes[d.tx]
	d.Tx, d.Height = first.hash, first.height
	for i := range d.parts {
		p := &d.parts[i]
		e := goshawk.Evidence{Role: p.role}
		if p.tx != goshawk.NoTx {
			hash := hashes[p.tx].hash
			e.Tx = &hash
		}
		if p.out >= 0 {
			out := uint32(p.out)
			e.Out = &out
		}
		if p.address != goshawk.NoAddress {
			e.Address, described = described[0].Text, described[1:]
		}
		if p.valued {
			amount := goshawk.U(p.value)
			e.Amount = &amount
		}
		d.Parts = append(d.Parts, e)
	}
	return nil
}

// place is where a transaction is.
type place struct {
	hash   goshawk.Hash
	height int32
}

// hashes looks the transactions' hashes up, each once.
func (s *search) hashes(ctx context.Context, ids []goshawk.TxID) (map[goshawk.TxID]place, error) {
	const atOnce = 1024
	out := make(map[goshawk.TxID]place, len(ids))
	var batch goshawk.Transactions
	for len(ids) > 0 {
		chunk := make([]goshawk.TxID, 0, min(atOnce, len(ids)))
		for len(ids) > 0 && len(chunk) < atOnce {
			if _, known := out[ids[0]]; !known {
				out[ids[0]] = place{}
				chunk = append(chunk, ids[0])
			}
			ids = ids[1:]
		}
		if err := s.ledger.Transactions(ctx, chunk, goshawk.WantHashes, &batch); err != nil {
			return nil, err
		}
		for i := range batch.Rows {
			out[chunk[i]] = place{batch.Rows[i].Hash, batch.Rows[i].Height}
		}
	}
	return out, nil
}

// amount writes an amount with its asset.
func (s *search) amount(v uint64) string { return s.head.Asset.Format(goshawk.U(v)) }

func interrupted(ctx context.Context) error {
	return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
}
