package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/workbench"
)

// ledgerOf holds a ledger of a network: the one that a case prefers, if it is one. Without any it is
// nil, and no error. It is to be released.
func (q *request) ledgerOf(network, preferred string) (*workbench.Held, error) {
	if q.s.Bench == nil {
		return nil, nil
	}
	list, err := q.s.Bench.List(q.Context(), q.subject)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(l workbench.Status) bool { return l.Network != network || l.Fault != "" })
	if len(list) == 0 {
		return nil, nil
	}
	best := list[0].ID
	for _, l := range list {
		if string(l.ID) == preferred {
			best = l.ID
		}
	}
	return q.s.Bench.Use(q.Context(), best)
}

// ledgers are those that can be asked; none, where they cannot be listed: pages are there without.
func (q *request) ledgers() []workbench.Status {
	if q.s.Bench == nil {
		return nil
	}
	list, err := q.s.Bench.List(q.Context(), q.subject)
	if err != nil {
		q.s.Log.Warn("the ledgers cannot be listed", "error", err)
		return nil
	}
	return list
}

// networks are those of the ledgers here.
func (q *request) networks() []string {
	var names []string
	for _, l := range q.ledgers() {
		if l.Network != "" && !slices.Contains(names, l.Network) {
			names = append(names, l.Network)
		}
	}
	return names
}

// times adds when transactions were; those that no ledger knows are left out.
func (q *request) times(network, preferred string, list []string, into map[string]time.Time) error {
	held, err := q.ledgerOf(network, preferred)
	if err != nil || held == nil {
		return err
	}
	defer held.Release()
	return transactionTimes(q.Context(), held, list, into)
}

func transactionTimes(ctx context.Context, held *workbench.Held, list []string, into map[string]time.Time) error {
	var names goshawk.Names
	for _, text := range list {
		h, err := goshawk.ParseHash(text)
		if err != nil {
			return err
		}
		names.Transactions = append(names.Transactions, h)
	}
	found, err := held.Find(ctx, names)
	if err != nil {
		return err
	}
	var ids []goshawk.TxID
	var of []string
	for i, id := range found.Transactions {
		if id != goshawk.NoTx {
			ids, of = append(ids, id), append(of, list[i])
		}
	}
	at, err := timesOf(ctx, held, ids)
	for i := range at {
		into[of[i]] = at[i]
	}
	return err
}

// timesOf are the times of transactions: the header's of their blocks.
func timesOf(ctx context.Context, held *workbench.Held, ids []goshawk.TxID) ([]time.Time, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var batch goshawk.Transactions
	if err := held.Transactions(ctx, ids, 0, &batch); err != nil {
		return nil, err
	}
	out := make([]time.Time, len(batch.Rows))
	for i := range batch.Rows {
		out[i] = time.Unix(batch.Rows[i].Time, 0).UTC()
	}
	return out, nil
}

// used says in how many transactions addresses occur.
func used(ctx context.Context, held *workbench.Held, list []string) (map[string]int64, error) {
	out := map[string]int64{}
	found, err := held.Find(ctx, goshawk.Names{Addresses: list})
	if err != nil {
		return nil, err
	}
	var ids []goshawk.AddressID
	var of []string
	for i, id := range found.Addresses {
		if id != goshawk.NoAddress {
			ids, of = append(ids, id), append(of, list[i])
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := held.Addresses(ctx, ids, goshawk.WantTotals)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		out[of[i]] = int64(rows[i].Transactions) //nolint:gosec // no chain has as many
	}
	return out, nil
}

// ledgerFacts are what a ledger knows of an address, a transaction or a coin.
type ledgerFacts struct {
	ledger          string
	known, address  bool
	transactions    uint64
	received, spent string
	first, last     time.Time
	warnings        []string
}

// facts asks a ledger; nil where there is none.
func (q *request) facts(r record, preferred string) (*ledgerFacts, error) {
	held, err := q.ledgerOf(r.Text("network"), preferred)
	if err != nil || held == nil {
		return nil, err
	}
	defer held.Release()
	f := &ledgerFacts{ledger: string(held.ID), address: r.Text("what") == "address", warnings: held.Known.Warnings()}
	if !f.address {
		txid, _, _ := strings.Cut(r.Text("text"), ":")
		at := map[string]time.Time{}
		if err := transactionTimes(q.Context(), held, []string{txid}, at); err != nil {
			return nil, err
		}
		f.first, f.known = at[txid]
		return f, nil
	}
	found, err := held.Find(q.Context(), goshawk.Names{Addresses: []string{r.Text("text")}})
	if err != nil || found.Addresses[0] == goshawk.NoAddress {
		return f, err
	}
	rows, err := held.Addresses(q.Context(), found.Addresses, goshawk.WantTotals)
	if err != nil {
		return nil, err
	}
	a := rows[0]
	f.known, f.transactions = true, a.Transactions
	f.received, f.spent = a.Received.String(), a.Spent.String()
	at, err := timesOf(q.Context(), held, []goshawk.TxID{a.First, a.Last})
	if err == nil && len(at) == 2 {
		f.first, f.last = at[0], at[1]
	}
	return f, err
}
