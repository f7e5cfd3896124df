package ledgertest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"goshawk"
)

// defaultPage is the number of history entries where the query asks for none.
const defaultPage = 100

// Head implements goshawk.Ledger.
func (v *view) Head(ctx context.Context) (goshawk.Head, error) {
	if err := interrupted(ctx); err != nil {
		return goshawk.Head{}, err
	}
	h := goshawk.Head{
		Network: v.codec.Asset().Network, Asset: v.codec.Asset(), Start: v.start, Height: -1, Partial: v.partial,
		Blocks: uint64(len(v.blocks)), Transactions: uint64(len(v.txs)), Outputs: uint64(len(v.coins)), Addresses: uint64(len(v.addresses)),
	}
	for _, t := range v.txs {
		h.Inputs += uint64(len(t.inputs))
	}
	if n := len(v.blocks); n > 0 {
		h.Height, h.Hash, h.Time = v.blocks[n-1].Height, v.blocks[n-1].Hash, v.blocks[n-1].Time
	}
	return h, nil
}

// Find implements goshawk.Ledger.
func (v *view) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	if err := interrupted(ctx); err != nil {
		return goshawk.Found{}, err
	}
	var f goshawk.Found
	for _, hash := range names.Transactions {
		id := goshawk.NoTx
		if ids := v.txsOf[hash]; len(ids) > 0 {
			id = ids[len(ids)-1]
			if len(ids) > 1 {
				if f.Overwritten == nil {
					f.Overwritten = map[goshawk.Hash][]goshawk.TxID{}
				}
				f.Overwritten[hash] = slices.Clone(ids[:len(ids)-1])
			}
		}
		f.Transactions = append(f.Transactions, id)
	}
	for _, height := range names.Heights {
		id, known := v.blockAt[height]
		if !known {
			id = goshawk.NoBlock
		}
		f.Blocks = append(f.Blocks, id)
	}
	for _, text := range names.Addresses {
		kind, key, err := v.codec.ParseAddress(text)
		if err != nil {
			return goshawk.Found{}, err
		}
		id, known := v.addressOf[script{kind, string(key)}]
		if !known {
			id = goshawk.NoAddress
		}
		f.Addresses = append(f.Addresses, id)
	}
	if !names.Since.IsZero() || !names.Until.IsZero() {
		f.First, f.End = v.between(names.Since, names.Until)
	}
	return f, nil
}

// between returns the least range that holds all transactions of a time range.
func (v *view) between(since, until time.Time) (first, end goshawk.TxID) {
	first = goshawk.NoTx
	for _, t := range v.txs {
		at := time.Unix(t.Time, 0)
		if at.Before(since) || !until.IsZero() && at.After(until) {
			continue
		}
		first, end = min(first, t.ID), t.ID+1
	}
	return min(first, end), end
}

// Blocks implements goshawk.Ledger.
func (v *view) Blocks(ctx context.Context, ids []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	var infos []goshawk.BlockInfo
	for _, id := range ids {
		if id >= goshawk.BlockID(len(v.blocks)) {
			return nil, goshawk.Errorf(goshawk.NotFound, "there is no block %d", id)
		}
		info := v.blocks[id]
		info.Header = bytes.Clone(info.Header)
		infos = append(infos, info)
	}
	return infos, nil
}

// Transactions implements goshawk.Ledger.
func (v *view) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	if err := interrupted(ctx); err != nil {
		return err
	}
	into.Reset()
	into.Asset = v.codec.Asset()
	for _, id := range ids {
		if id >= goshawk.TxID(len(v.txs)) {
			return goshawk.Errorf(goshawk.NotFound, "there is no transaction %d", id)
		}
		t := v.txs[id]
		row := t.Transaction
		if want&goshawk.WantHashes == 0 {
			row.Hash = goshawk.Hash{}
		}
		row.FirstInput, row.FirstOutput = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		for _, in := range t.inputs {
			if want&goshawk.WantKinds == 0 {
				in.Kind = 0
			}
			into.Inputs = append(into.Inputs, in)
		}
		for _, id := range t.outputs {
			out := v.coins[id].Output
			if want&goshawk.WantKinds == 0 {
				out.Kind = 0
			}
			into.Outputs = append(into.Outputs, out)
		}
		if want&goshawk.WantOutpoints != 0 {
			into.Outpoints = append(into.Outpoints, t.outpoints...)
		}
		if want&goshawk.WantSequences != 0 {
			into.Sequences = append(into.Sequences, t.sequences...)
		}
		row.InputEnd, row.OutputEnd = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Rows = append(into.Rows, row)
	}
	return nil
}

// Outputs implements goshawk.Ledger.
func (v *view) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	var coins []goshawk.Coin
	for _, id := range ids {
		if id >= goshawk.OutputID(len(v.coins)) {
			return nil, goshawk.Errorf(goshawk.NotFound, "there is no output %d", id)
		}
		coins = append(coins, v.coins[id])
	}
	return coins, nil
}

// Addresses implements goshawk.Ledger.
func (v *view) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) ([]goshawk.Address, error) {
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	var addresses []goshawk.Address
	for _, id := range ids {
		if id >= goshawk.AddressID(len(v.addresses)) {
			return nil, goshawk.Errorf(goshawk.NotFound, "there is no address %d", id)
		}
		a := v.addresses[id]
		a.Payload = bytes.Clone(a.Payload)
		if want&goshawk.WantTotals != 0 {
			v.total(&a)
		}
		addresses = append(addresses, a)
	}
	return addresses, nil
}

// total fills an address's totals.
func (v *view) total(a *goshawk.Address) {
	a.Received.Asset, a.Spent.Asset = v.codec.Asset(), v.codec.Asset()
	for i := range v.txs {
		e, received, spent := v.entry(&v.txs[i], a.ID)
		if received+spent == 0 {
			continue
		}
		if a.Transactions == 0 {
			a.First = e.Tx
		}
		a.Last = e.Tx
		a.Transactions++
		a.Outputs += received
		a.Spends += spent
		a.Unresolved += e.Unresolved
		a.Received.Units.Add(&a.Received.Units, &e.Received.Units)
		a.Spent.Units.Add(&a.Spent.Units, &e.Spent.Units)
	}
}

// entry says what a transaction did to an address, and how many outputs it
// received and spent there.
func (v *view) entry(t *tx, address goshawk.AddressID) (e goshawk.HistoryEntry, received, spent uint64) {
	e.Tx = t.ID
	e.Received.Asset, e.Spent.Asset = v.codec.Asset(), v.codec.Asset()
	for _, id := range t.outputs {
		if out := v.coins[id]; out.Address == address {
			received++
			value := goshawk.U(out.Value)
			e.Received.Units.Add(&e.Received.Units, &value)
		}
	}
	for _, in := range t.inputs {
		if in.Address == address {
			spent++
			if in.Link == goshawk.Unresolved {
				e.Unresolved++
				continue
			}
			value := goshawk.U(in.Value)
			e.Spent.Units.Add(&e.Spent.Units, &value)
		}
	}
	return e, received, spent
}

// History implements goshawk.Ledger.
func (v *view) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	if err := interrupted(ctx); err != nil {
		return goshawk.HistoryPage{}, err
	}
	if q.Address >= goshawk.AddressID(len(v.addresses)) {
		return goshawk.HistoryPage{}, goshawk.Errorf(goshawk.NotFound, "there is no address %d", q.Address)
	}
	var all []goshawk.HistoryEntry
	for i := range v.txs {
		e, received, spent := v.entry(&v.txs[i], q.Address)
		if received+spent > 0 && e.Tx >= q.From && (q.To == 0 || e.Tx < q.To) {
			all = append(all, e)
		}
	}
	return page(all, q), nil
}

// page cuts a page from an address's transactions, which are oldest first.
func page(all []goshawk.HistoryEntry, q goshawk.HistoryQuery) goshawk.HistoryPage {
	limit := q.Limit
	if limit == 0 {
		limit = defaultPage
	}
	if !q.Oldest {
		slices.Reverse(all)
	}
	if len(all) <= limit {
		return goshawk.HistoryPage{Entries: all}
	}
	last := all[limit-1].Tx
	p := goshawk.HistoryPage{Entries: all[:limit], Next: last, More: true}
	if q.Oldest {
		p.Next++
	}
	return p
}

func interrupted(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", err)
	}
	return nil
}
