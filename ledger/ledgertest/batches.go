package ledgertest

import (
	"context"
	"fmt"
	"slices"

	"goshawk"
)

const everything = goshawk.WantHashes | goshawk.WantOutpoints | goshawk.WantSequences | goshawk.WantKinds

// transactions compares Transactions under every Want. The first batch also
// tells the ids of outputs and of blocks without height.
func (d *differ) transactions() {
	ids := d.txs.back
	var batch goshawk.Transactions
	if d.failed(d.got.Transactions(d.ctx, ids, everything, &batch), "Transactions") {
		return
	}
	d.learn(&batch)
	d.batch(ids, everything, &batch)

	shuffled := make([]goshawk.TxID, 0, 2*len(ids)) // newest first, some twice
	for i := range ids {
		id := ids[len(ids)-1-i]
		shuffled = append(shuffled, id)
		if i%3 == 0 {
			shuffled = append(shuffled, id, ids[0])
		}
	}
	for want := range everything | goshawk.WantTotals + 1 {
		// The batch still holds the last answer, which must not show.
		if d.failed(d.got.Transactions(d.ctx, shuffled, want, &batch), "Transactions, want %05b", want) {
			return
		}
		d.batch(shuffled, want, &batch)
	}
	for _, id := range ids { // one by one
		if d.failed(d.got.Transactions(d.ctx, []goshawk.TxID{id}, everything, &batch), "Transactions: %s", d.tx(d.txs.of(id))) {
			return
		}
		d.batch([]goshawk.TxID{id}, everything, &batch)
	}
	if d.failed(d.got.Transactions(d.ctx, nil, everything, &batch), "Transactions of none") {
		return
	}
	same(d, len(batch.Rows)+len(batch.Inputs)+len(batch.Outputs)+len(batch.Outpoints)+len(batch.Sequences), 0, "Transactions of none: rows")
}

// learn takes the ids of outputs and blocks from a batch of all transactions.
func (d *differ) learn(batch *goshawk.Transactions) {
	last := goshawk.OutputID(0)
	for i := range min(len(batch.Rows), len(d.want.txs)) {
		if !sane(batch, i) {
			return // batch says what is wrong
		}
		row, want := &batch.Rows[i], &d.want.txs[i]
		if known, ok := d.blocks.to[row.Block]; ok && known != want.Block {
			d.add("Transactions: %s: two blocks have one id", d.tx(want.ID))
		}
		d.blocks.add(row.Block, want.Block)
		outs := batch.Out(i)
		for n := range min(len(outs), len(want.outputs)) {
			if outs[n].ID < last {
				d.add("Transactions: %s:%d: output ids do not ascend with the chain", d.tx(want.ID), n)
			}
			last = outs[n].ID + 1
			d.coins.add(outs[n].ID, want.outputs[n])
		}
	}
}

// sane tells whether a row's bounds lie in its batch.
func sane(batch *goshawk.Transactions, i int) bool {
	r := &batch.Rows[i]
	return r.FirstInput <= r.InputEnd && int(r.InputEnd) <= len(batch.Inputs) &&
		r.FirstOutput <= r.OutputEnd && int(r.OutputEnd) <= len(batch.Outputs) &&
		r.FirstTransfer <= r.TransferEnd && int(r.TransferEnd) <= len(batch.Transfers)
}

// batch compares one answer of Transactions.
func (d *differ) batch(ids []goshawk.TxID, want goshawk.Want, batch *goshawk.Transactions) {
	if len(batch.Rows) != len(ids) {
		d.add("Transactions: %d rows, not %d", len(batch.Rows), len(ids))
		return
	}
	same(d, batch.Asset, d.want.codec.Asset(), "Transactions: asset")
	if want&goshawk.WantOutpoints != 0 {
		same(d, len(batch.Outpoints), len(batch.Inputs), "Transactions: outpoints for inputs")
	}
	if want&goshawk.WantSequences != 0 {
		same(d, len(batch.Sequences), len(batch.Inputs), "Transactions: sequences for inputs")
	}
	for i, id := range ids {
		if len(d.found) >= mostDifferences {
			return
		}
		if !sane(batch, i) {
			d.add("Transactions: %s: its bounds lie outside the batch", d.tx(d.txs.of(id)))
			return
		}
		d.row(id, want, batch, i)
	}
}

func (d *differ) row(id goshawk.TxID, want goshawk.Want, batch *goshawk.Transactions, i int) {
	got, model := &batch.Rows[i], &d.want.txs[d.txs.of(id)]
	what := "Transactions: " + d.tx(model.ID)
	same(d, got.ID, id, "%s: id", what)
	same(d, d.blocks.of(got.Block), model.Block, "%s: block", what)
	if want&goshawk.WantHashes != 0 {
		same(d, got.Hash, model.Hash, "%s: hash", what)
	}
	same(d, got.Time, model.Time, "%s: time", what)
	same(d, got.Height, model.Height, "%s: height", what)
	same(d, got.Position, model.Position, "%s: position", what)
	same(d, got.Version, model.Version, "%s: version", what)
	same(d, got.LockTime, model.LockTime, "%s: locktime", what)
	same(d, got.Weight, model.Weight, "%s: weight", what)
	same(d, got.Coinbase, model.Coinbase, "%s: coinbase", what)
	same(d, got.TransferEnd-got.FirstTransfer, 0, "%s: transfers", what)

	ins, outs := batch.In(i), batch.Out(i)
	same(d, len(ins), len(model.inputs), "%s: inputs", what)
	same(d, len(outs), len(model.outputs), "%s: outputs", what)
	if len(ins) != len(model.inputs) || len(outs) != len(model.outputs) {
		return
	}
	for n := range ins {
		d.input(fmt.Sprintf("%s, input %d", what, n), ins[n], model.inputs[n], want)
		at := int(got.FirstInput) + n
		if want&goshawk.WantOutpoints != 0 && at < len(batch.Outpoints) {
			same(d, batch.Outpoints[at], model.outpoints[n], "%s, input %d: outpoint", what, n)
		}
		if want&goshawk.WantSequences != 0 && at < len(batch.Sequences) {
			same(d, batch.Sequences[at], model.sequences[n], "%s, input %d: sequence", what, n)
		}
	}
	for n := range outs {
		out := d.want.coins[model.outputs[n]].Output
		what := fmt.Sprintf("%s, output %d", what, n)
		sameID(d, d.coins.of(outs[n].ID), out.ID, d.coin, "%s: id", what)
		if want&goshawk.WantKinds != 0 {
			same(d, outs[n].Kind, out.Kind, "%s: kind", what)
		}
		d.output(what, outs[n], out, true)
	}
}

func (d *differ) input(what string, got, want goshawk.Input, asked goshawk.Want) {
	if got.Link == goshawk.Deferred && want.Link == goshawk.Linked {
		want.Link, want.Spent = goshawk.Deferred, goshawk.NoOutput
	}
	same(d, got.Link, want.Link, "%s: link", what)
	sameID(d, d.coins.of(got.Spent), want.Spent, d.coin, "%s: coin spent", what)
	same(d, got.Value, want.Value, "%s: value", what)
	sameID(d, d.people.of(got.Address), want.Address, d.person, "%s: address", what)
	same(d, got.Height, want.Height, "%s: height of the coin", what)
	if asked&goshawk.WantKinds != 0 {
		same(d, got.Kind, want.Kind, "%s: kind", what)
	}
}

// histories compares every address's history: both directions, several page
// sizes, with and without bounds.
func (d *differ) histories() {
	for want, got := range d.people.back {
		page, err := d.want.History(context.Background(), goshawk.HistoryQuery{Address: goshawk.AddressID(want), Oldest: true, Limit: len(d.want.txs) + 1})
		if d.failed(err, "History: the model") {
			return
		}
		all := page.Entries
		n := len(all)
		if n == 0 {
			continue
		}
		for _, bounds := range [][2]int{{0, n}, {n / 3, n}, {0, n - n/3}, {n / 3, n - n/3}, {n / 2, n / 2}} {
			for _, limit := range []int{0, 1, 3, n, n + 1} {
				if limit == 1 && n > 50 && bounds[0] == 0 { // many pages teach nothing new
					continue
				}
				for _, oldest := range []bool{false, true} {
					d.history(got, all, bounds, oldest, limit)
				}
			}
		}
		if len(d.found) >= mostDifferences {
			return
		}
	}
}

// history reads all pages of all[bounds[0]:bounds[1]].
func (d *differ) history(address goshawk.AddressID, all []goshawk.HistoryEntry, bounds [2]int, oldest bool, limit int) {
	direction := "newest"
	if oldest {
		direction = "oldest"
	}
	what := fmt.Sprintf("History: %s, entries %d to %d of %d by %d, %s first", d.person(d.people.of(address)), bounds[0], bounds[1], len(all), limit, direction)
	q := goshawk.HistoryQuery{Address: address, Oldest: oldest, Limit: limit}
	if bounds[0] > 0 {
		q.From = d.txs.back[all[bounds[0]].Tx]
	}
	if bounds[1] < len(all) {
		if q.To = d.txs.back[all[bounds[1]].Tx]; q.To == 0 {
			return // there is no way to ask for what lies before the first transaction
		}
	}
	wants := slices.Clone(all[bounds[0]:bounds[1]])
	if !oldest {
		slices.Reverse(wants)
	}
	most := limit
	if most == 0 {
		most = defaultPage
	}
	for {
		got, err := d.got.History(d.ctx, q)
		if d.failed(err, "%s", what) {
			return
		}
		size := min(most, len(wants))
		if len(got.Entries) != size || got.More != (size < len(wants)) {
			d.add("%s: a page of %d, more %v; not of %d, more %v", what, len(got.Entries), got.More, size, size < len(wants))
			return
		}
		for i, e := range got.Entries {
			sameID(d, d.txs.of(e.Tx), wants[i].Tx, d.tx, "%s: transaction", what)
			same(d, e.Received, wants[i].Received, "%s: received in %s", what, d.tx(wants[i].Tx))
			same(d, e.Spent, wants[i].Spent, "%s: spent in %s", what, d.tx(wants[i].Tx))
			same(d, e.Unresolved, wants[i].Unresolved, "%s: unresolved spends in %s", what, d.tx(wants[i].Tx))
		}
		if len(d.found) >= mostDifferences || !got.More {
			return
		}
		wants = wants[size:]
		if oldest {
			q.From = got.Next
		} else {
			q.To = got.Next
		}
	}
}
