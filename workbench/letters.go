package workbench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/letter"
	"goshawk/trace"
)

// FromRun lists what a letter to a service names of a trace's ends: those that carry its name.
func (h *Held) FromRun(ctx context.Context, q *RunQuestion, s *RunSummary, service string) (*letter.Identifiers, error) {
	out := h.identifiers()
	claims := slices.DeleteFunc(append([]string{s.Method}, s.Methods...), func(m string) bool { return m == "" || m == string(trace.Poison) })
	if out.Method = strings.Join(claims, ", "); len(claims) > 1 {
		out.Method = "the most of " + out.Method
	}
	for i := range s.Ends {
		e := &s.Ends[i]
		if e.Kind != string(goshawk.EndService) || e.Label == nil || e.Label.Label != service {
			continue
		}
		id := letter.Identifier{Tx: e.Tx, Out: e.Out}
		if e.Address != nil {
			id.Address = *e.Address
		}
		id.Inferred, id.Why = h.why(e, q.ByCluster)
		switch { // poison claims no amount
		case len(claims) == 0:
		case e.Amount != nil:
			id.Amount = *e.Amount
		case e.Most != nil:
			id.Amount = *e.Most
		}
		if out.Rows = append(out.Rows, id); len(out.Rows) == letter.MostIdentifiers {
			break
		}
	}
	if len(out.Rows) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "the trace has no end at %q", service).WithHint("choose one of its ends")
	}
	if q.Direction == "backward" { // such an end is where value came from
		for i := range out.Rows {
			out.Rows[i].Why += "; the trace is backward: what we follow came from here"
		}
	}
	out.Cut = s.EndsCut
	return out, h.describe(ctx, out.Rows)
}

// mostOfAddress is how many coins of an address a letter names.
const mostOfAddress = 500

// FromAddress lists what a letter names of an address: itself, and the coins that it received in a time, the latest
// first; zero times do not bound it.
func (h *Held) FromAddress(ctx context.Context, address string, since, until time.Time) (*letter.Identifiers, error) {
	coins, err := trace.Coins(ctx, h, address, since, until)
	if err != nil {
		return nil, h.Elsewhere(ctx, err)
	}
	out := h.identifiers()
	reason := "named in this investigation; no label says whose it is"
	if h.Labels.Has(address) {
		l := labelWords(&h.Labels.Lookup(address)[0])
		reason = fmt.Sprintf("labelled “%s” (%s; source: %s)", l.Text, l.Words, l.Source)
	}
	out.Cut = max(0, len(coins)-mostOfAddress)
	for i := len(coins) - 1; i >= 0 && len(out.Rows) < mostOfAddress; i-- {
		index := coins[i].Index
		out.Rows = append(out.Rows, letter.Identifier{Address: address, Tx: coins[i].Tx.String(), Out: &index, Why: reason})
	}
	if len(coins) == 0 {
		out.Rows = append(out.Rows, letter.Identifier{Address: address, Why: reason})
	}
	return out, h.describe(ctx, out.Rows)
}

func (h *Held) identifiers() *letter.Identifiers {
	a := h.Known.Asset
	return &letter.Identifiers{Network: h.Known.Network, Ticker: a.Ticker, Decimals: int(a.Decimals), Ledger: h.ID, Rows: []letter.Identifier{}}
}

// why says in words why an end is thought to be a service's, and whether that is an inference.
func (h *Held) why(e *RunEnd, byCluster bool) (inferred bool, words string) {
	says := fmt.Sprintf("“%s” (%s; source: %s)", e.Label.Label, e.Label.Words, e.Label.Source)
	own := e.Address != nil && slices.ContainsFunc(h.Labels.Lookup(*e.Address), func(l goshawk.Label) bool { return l.Text == e.Label.Label })
	switch {
	case e.Sweep != "":
		return true, "no label of its own: an inference, because transaction " + e.Sweep + " spent the coin and paid only addresses labelled " + says + ", as a service does that collects a customer's deposit"
	case own || !byCluster:
		return false, "labelled " + says
	}
	return true, "no such label of its own: an inference, because coins were spent together that put the address into one cluster with addresses labelled " + says
}

// describe fills in what the chain says of coins: what each is worth, and when it was made.
func (h *Held) describe(ctx context.Context, rows []letter.Identifier) error {
	var hashes []string
	for i := range rows {
		hashes = append(hashes, rows[i].Tx)
	}
	known, err := h.paid(ctx, hashes)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		t := known[r.Tx]
		if t == nil || r.Out == nil || int(*r.Out) >= len(t.outs) {
			continue
		}
		o := &t.outs[*r.Out]
		r.Value, r.Time, r.Height = fmt.Sprint(o.value), moment(t.time), t.height
		if r.Address == "" {
			r.Address = o.address
		}
	}
	return nil
}

// paidTx is a transaction as an answer is compared with it.
type paidTx struct {
	time   int64
	height int32
	outs   []paidOut
}

type paidOut struct {
	value   uint64
	address string
}

// paid looks transactions up by their hashes; those that the ledger does not have are left out.
func (h *Held) paid(ctx context.Context, hashes []string) (map[string]*paidTx, error) {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	all := map[string]*paidTx{}
	const many = 500
	for len(hashes) > 0 {
		part := hashes[:min(many, len(hashes))]
		hashes = hashes[len(part):]
		var names goshawk.Names
		for _, text := range part {
			if hash, err := goshawk.ParseHash(text); err == nil {
				names.Transactions = append(names.Transactions, hash)
			}
		}
		found, err := h.Find(ctx, names)
		if err != nil {
			return nil, err
		}
		ids := slices.DeleteFunc(found.Transactions, func(id goshawk.TxID) bool { return id == goshawk.NoTx })
		var batch goshawk.Transactions
		if err := h.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
			return nil, err
		}
		var addresses []goshawk.AddressID
		for i := range batch.Outputs {
			if a := batch.Outputs[i].Address; a != goshawk.NoAddress {
				addresses = append(addresses, a)
			}
		}
		slices.Sort(addresses)
		addresses = slices.Compact(addresses)
		infos, err := h.Addresses(ctx, addresses, 0)
		if err != nil {
			return nil, err
		}
		text := make(map[goshawk.AddressID]string, len(infos))
		for i, a := range addresses {
			text[a] = infos[i].Text
		}
		for i := range batch.Rows {
			t := &paidTx{time: batch.Rows[i].Time, height: batch.Rows[i].Height}
			for _, o := range batch.Out(i) {
				t.outs = append(t.outs, paidOut{o.Value, text[o.Address]})
			}
			all[batch.Rows[i].Hash.String()] = t
		}
	}
	return all, nil
}
