package workbench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/store"
)

// How transactions are looked at that are in no block yet.
const (
	poolEvery = 3 * time.Second
	poolBatch = 200     // transactions read and looked up at a time
	poolRound = 5_000   // read in one look: a full pool of a large chain is taken in over some minutes
	mostPool  = 400_000 // held; the rest is looked at when it is in a block
)

// States of an alert before its transaction is in a block.
const (
	AlertUnconfirmed = "unconfirmed"
	AlertDropped     = "dropped" // the node has it no more, and no block has it: replaced, or forgotten
)

// Pool is a node whose transactions that are in no block yet are looked at.
type Pool interface {
	// Waiting lists them.
	Waiting(ctx context.Context) ([]goshawk.Hash, error)
	// Raw returns their bytes, in the order asked; nil for those that are gone.
	Raw(ctx context.Context, ids []goshawk.Hash) ([][]byte, error)
	// Best is the hash of the node's last block.
	Best(ctx context.Context) (goshawk.Hash, error)
}

// poolTx is a transaction that waits, as far as a watch asks.
type poolTx struct {
	ins  []poolCoin
	outs []poolCoin
}

// poolCoin is what a transaction that waits spends or makes.
type poolCoin struct {
	of      goshawk.Outpoint // that is spent
	address string           // "": not known
	value   uint64
	known   bool
}

// pool is what is held of a node's transactions.
type pool struct {
	from Pool
	txs  map[goshawk.Hash]*poolTx
	tip  goshawk.Hash // of the ledger when inputs were last looked up
	away bool         // the node did not answer the last time
}

// WatchPools looks, until the bench ends, at what waits at the nodes of ledgers, for what is watched there.
func (b *Bench) WatchPools(nodes map[goshawk.ID]Pool) error {
	if len(nodes) == 0 {
		return nil
	}
	pools := map[goshawk.ID]*pool{}
	for id, n := range nodes {
		pools[id] = &pool{from: n, txs: map[goshawk.Hash]*poolTx{}}
	}
	if !b.jobs.start(func(ctx context.Context) {
		tick := time.NewTicker(poolEvery)
		defer tick.Stop()
		for {
			for _, id := range slices.Sorted(maps.Keys(pools)) {
				p := pools[id]
				if !b.ours() {
					continue
				}
				err := b.lookAtPool(ctx, id, p, b.Use)
				if err != nil && ctx.Err() == nil && !p.away {
					b.Log.Warn("what waits at a ledger's node could not be looked at; trying again", "ledger", id, "error", err)
				}
				p.away = err != nil
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}) {
		return errEnding()
	}
	return nil
}

// lookAtPool looks once at what waits at a ledger's node.
func (b *Bench) lookAtPool(ctx context.Context, id goshawk.ID, p *pool, use func(context.Context, goshawk.ID) (*Held, error)) error {
	ids, err := p.from.Waiting(ctx)
	if err != nil {
		return err
	}
	// After the list: what left it for a block is in one up to this.
	best, err := p.from.Best(ctx)
	if err != nil {
		return err
	}
	h, err := use(ctx, id)
	if err != nil {
		return err
	}
	defer h.Release()
	here := make(map[goshawk.Hash]bool, len(ids))
	for _, tx := range ids {
		here[tx] = true
	}
	maps.DeleteFunc(p.txs, func(tx goshawk.Hash, _ *poolTx) bool { return !here[tx] })
	if err := p.read(ctx, h, ids); err != nil {
		return err
	}
	var cases []goshawk.ID
	err = b.Store.View(ctx, func(tx *store.Tx) (err error) {
		cases, err = tx.CasesWith(casebook.KindWatch)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range cases {
		if err := b.waitingFor(ctx, c, h, p, here, best); err != nil {
			return err
		}
	}
	return nil
}

// read takes in what is new, and looks up what could not be looked up when the ledger was shorter.
func (p *pool) read(ctx context.Context, h *Held, ids []goshawk.Hash) error {
	var fresh []goshawk.Hash
	for _, id := range ids {
		if p.txs[id] == nil && len(fresh) < poolRound && len(p.txs)+len(fresh) < mostPool {
			fresh = append(fresh, id)
		}
	}
	var look []*poolTx
	if h.Known.Hash != p.tip {
		for _, tx := range p.txs {
			if slices.ContainsFunc(tx.ins, func(c poolCoin) bool { return !c.known }) {
				look = append(look, tx)
			}
		}
		p.tip = h.Known.Hash
	}
	for part := range slices.Chunk(fresh, poolBatch) {
		raws, err := p.from.Raw(ctx, part)
		if err != nil {
			return err
		}
		for i, raw := range raws {
			if raw == nil {
				continue
			}
			tx, err := bitcoin.DecodeTx(raw)
			if err != nil || tx.ID() != part[i] {
				return goshawk.Errorf(goshawk.Corrupt, "the node's transaction %s is not what it says", part[i])
			}
			w := h.waits(tx)
			p.txs[part[i]] = w
			look = append(look, w)
		}
	}
	for part := range slices.Chunk(look, poolBatch) {
		if err := p.lookUp(ctx, h, part); err != nil {
			return err
		}
	}
	return nil
}

// waits is a transaction as it is held.
func (h *Held) waits(tx *bitcoin.Tx) *poolTx {
	w := &poolTx{}
	for i := range tx.Inputs {
		w.ins = append(w.ins, poolCoin{of: tx.Inputs[i].Prev})
	}
	var scratch bitcoin.Scratch
	for i := range tx.Outputs {
		kind, key, _, _ := bitcoin.Classify(tx.Outputs[i].Script, &scratch)
		w.outs = append(w.outs, poolCoin{address: h.Params.FormatAddress(kind, key), value: tx.Outputs[i].Value, known: true})
	}
	return w
}

// lookUp finds whose coins transactions spend: in the ledger, or made by others that wait.
func (p *pool) lookUp(ctx context.Context, h *Held, txs []*poolTx) error {
	var names []goshawk.Hash
	var ins []*poolCoin
	for _, tx := range txs {
		for i := range tx.ins {
			in := &tx.ins[i]
			if in.known {
				continue
			}
			if from := p.txs[in.of.Tx]; from != nil {
				if int64(in.of.Index) < int64(len(from.outs)) {
					made := from.outs[in.of.Index]
					in.address, in.value, in.known = made.address, made.value, true
				}
				continue
			}
			names, ins = append(names, in.of.Tx), append(ins, in)
		}
	}
	f, err := h.Find(ctx, goshawk.Names{Transactions: names})
	if err != nil || len(names) == 0 {
		return err
	}
	var ids []goshawk.TxID
	var found []*poolCoin
	for i, id := range f.Transactions {
		if id != goshawk.NoTx {
			ids, found = append(ids, id), append(found, ins[i])
		}
	}
	var batch goshawk.Transactions
	if err := h.Transactions(ctx, ids, 0, &batch); err != nil {
		return err
	}
	var of []goshawk.AddressID
	var made []*poolCoin
	for i, in := range found {
		outs := batch.Out(i)
		if int64(in.of.Index) >= int64(len(outs)) {
			continue
		}
		out := &outs[in.of.Index]
		in.value, in.known = out.Value, true
		if out.Address != goshawk.NoAddress {
			of, made = append(of, out.Address), append(made, in)
		}
	}
	addresses, err := h.Addresses(ctx, of, 0)
	if err != nil {
		return err
	}
	for i := range addresses {
		made[i].address = addresses[i].Text
	}
	return nil
}

// waitingFor brings what waits, and is watched by a case, into it; and says what became of what waited.
func (b *Bench) waitingFor(ctx context.Context, c goshawk.ID, h *Held, p *pool, here map[goshawk.Hash]bool, best goshawk.Hash) error {
	var whole *casebook.Case
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		whole, err = tx.Case(c, casebook.KindWatch, casebook.KindAlert, casebook.KindRun)
		return err
	})
	if err != nil || whole.Status == "closed" {
		return err
	}
	watches, alerts := whole.Records[casebook.KindWatch], whole.Records[casebook.KindAlert]
	var edits []casebook.Edit
	for _, id := range slices.Sorted(maps.Keys(watches)) {
		rec := watches[id]
		if rec.Gone() || goshawk.ID(rec.Text("ledger")) != h.ID {
			continue
		}
		for _, s := range h.waitingSightings(c, id, rec, whole.Records[casebook.KindRun], p) {
			was := alerts[s.id]
			if was != nil && was.Text("state") != AlertDropped && was.Text("state") != AlertTakenBack {
				continue
			}
			if _, err := h.txID(ctx, s.move.Tx); err == nil {
				continue // it is in a block meanwhile
			} else if goshawk.CodeOf(err) != goshawk.NotFound {
				return err
			}
			edits = append(edits, s.edits(was, b.Now())...)
		}
	}
	dropped, err := h.dropped(ctx, alerts, here, best)
	if err != nil {
		return err
	}
	return b.write(ctx, c, append(edits, dropped...))
}

// dropped marks the alerts whose transactions wait no more, and are in no block: known only where the ledger has all
// that the node has.
func (h *Held) dropped(ctx context.Context, alerts map[goshawk.ID]casebook.Record, here map[goshawk.Hash]bool, best goshawk.Hash) ([]casebook.Edit, error) {
	if h.Known.Hash != best {
		return nil, nil
	}
	var edits []casebook.Edit
	for _, id := range slices.Sorted(maps.Keys(alerts)) {
		rec := alerts[id]
		if rec.Text("state") != AlertUnconfirmed {
			continue
		}
		var move Movement
		if err := json.Unmarshal(rec["movement"].JSON, &move); err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "an alert's movement cannot be read: %w", err)
		}
		hash, err := goshawk.ParseHash(move.Tx)
		if err != nil || move.Ledger != h.ID || here[hash] {
			continue
		}
		if _, err := h.txID(ctx, move.Tx); err == nil {
			continue // the watch confirms it
		} else if goshawk.CodeOf(err) != goshawk.NotFound {
			return nil, err
		}
		e := casebook.Set(casebook.KindAlert, id, "state", AlertDropped)
		e.Before = rec["state"].JSON
		edits = append(edits, e)
	}
	return edits, nil
}

// waitingSightings are what waits of what a watch watches, by transaction.
func (h *Held) waitingSightings(c, watch goshawk.ID, rec casebook.Record, runs map[goshawk.ID]casebook.Record, p *pool) []sighting {
	var list []sighting
	begin := func(tx goshawk.Hash) sighting {
		return sighting{watch: watch, state: AlertUnconfirmed, move: Movement{Ledger: h.ID, Network: h.Known.Network, Tx: tx.String(), Ticker: h.Known.Asset.Ticker, Decimals: int(h.Known.Asset.Decimals)}}
	}
	if rec.Text("what") == "address" {
		text := rec.Text("text")
		for hash, tx := range p.txs {
			got, gotSome := sumOf(tx.outs, text)
			gave, gaveSome := sumOf(tx.ins, text)
			if !gotSome && !gaveSome {
				continue
			}
			s := begin(hash)
			s.id, s.move.Address, s.move.What = alertID(c, watch, s.move.Tx, ""), text, "received"
			if gotSome {
				s.move.Received = got.Dec()
			}
			if gaveSome {
				s.move.Spent, s.move.What = gave.Dec(), "spent"
				if gotSome {
					s.move.What = "both"
				}
			}
			list = append(list, s)
		}
	} else {
		coins := map[goshawk.Outpoint]bool{}
		for _, text := range coinsOf(rec, runs) {
			if o, err := goshawk.ParseOutpoint(text); err == nil {
				coins[o] = true
			}
		}
		for hash, tx := range p.txs {
			for i := range tx.ins {
				in := &tx.ins[i]
				if !coins[in.of] {
					continue
				}
				s, worth := begin(hash), goshawk.U(in.value)
				s.move.Coin, s.move.What = in.of.String(), "spent"
				if in.known {
					s.move.Spent = worth.Dec()
				}
				s.id = alertID(c, watch, s.move.Tx, s.move.Coin)
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, func(a, b sighting) int { return compareIDs(a.id, b.id) })
	return list
}

// sumOf sums the coins of an address.
func sumOf(coins []poolCoin, address string) (sum goshawk.Units, some bool) {
	for i := range coins {
		if coins[i].known && coins[i].address == address {
			worth := goshawk.U(coins[i].value)
			sum.Add(&sum, &worth)
			some = true
		}
	}
	return sum, some
}

// coinsOf are the coins that a watch watches.
func coinsOf(rec casebook.Record, runs map[goshawk.ID]casebook.Record) []string {
	if rec.Text("what") == "coin" {
		return []string{rec.Text("text")}
	}
	var summary RunSummary
	if run := runs[goshawk.ID(rec.Text("text"))]; run == nil || json.Unmarshal(run["summary"].JSON, &summary) != nil {
		return nil
	}
	var coins []string
	for _, e := range summary.Ends {
		if e.Kind == string(goshawk.EndUnspent) && e.Out != nil {
			coins = append(coins, fmt.Sprintf("%s:%d", e.Tx, *e.Out))
		}
	}
	return coins
}

func compareIDs(a, b goshawk.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
