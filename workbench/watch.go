package workbench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// How watches look.
const (
	watchEvery  = 2 * time.Second // for ledgers that have grown, and watches that are new
	alertsAtOne = 200             // in one change of a case
	reorgDepth  = 1_000           // blocks from the end in which an alert's block may be replaced
)

// States of an alert.
const (
	AlertConfirmed = "confirmed"
	AlertTakenBack = "taken back" // a reorganisation took its block, and the transaction is in no other
)

// Movement is what a watch saw: the value of an alert's field.
type Movement struct {
	Ledger   goshawk.ID `json:"ledger"`
	Network  string     `json:"network"`
	Tx       string     `json:"tx"`
	What     string     `json:"what"` // received, spent, both
	Address  string     `json:"address,omitempty"`
	Coin     string     `json:"coin,omitempty"`
	Received string     `json:"received,omitempty"` // smallest units
	Spent    string     `json:"spent,omitempty"`
	Ticker   string     `json:"ticker"`
	Decimals int        `json:"decimals"`
}

// BlockOf says in which block a movement is.
type BlockOf struct {
	Height int32     `json:"height"`
	Hash   string    `json:"hash"`
	Time   time.Time `json:"time"`
}

// sighting is a movement with the alert that it becomes.
type sighting struct {
	id    goshawk.ID
	watch goshawk.ID
	move  Movement
	block BlockOf
	state string // "": in a block
}

// Watch looks, until the bench ends, at what is watched whenever its ledger grew, and writes what moved into
// the cases. Of several servers on one database, one does so at a time.
func (b *Bench) Watch() error {
	if !b.jobs.start(func(ctx context.Context) {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			if !b.ours() {
				b.Log.Debug("another server looks at what is watched")
			} else if err := b.Look(ctx); err != nil && ctx.Err() == nil {
				b.Log.Error("what is watched could not be looked at", "error", err)
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

// Look looks once at all that is watched. Every movement becomes one alert, however often this is done and
// wherever it was broken off: an alert's ID is made of what moved.
func (b *Bench) Look(ctx context.Context) error {
	var cases []goshawk.ID
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		cases, err = tx.CasesWith(casebook.KindWatch)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range cases {
		if err := b.lookAt(ctx, c, b.Use); err != nil {
			if ctx.Err() != nil {
				return err
			}
			b.Log.Error("a case's watches could not look", "error", err)
		}
	}
	return nil
}

// lookAt looks at what one case watches. A closed case watches nothing.
func (b *Bench) lookAt(ctx context.Context, c goshawk.ID, use func(context.Context, goshawk.ID) (*Held, error)) error {
	var whole *casebook.Case
	marks := map[goshawk.ID]*store.Watched{}
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		if whole, err = tx.Case(c, casebook.KindWatch); err != nil || whole.Status == "closed" {
			return err
		}
		for id := range whole.Records[casebook.KindWatch] {
			if marks[id], err = tx.Watched(c, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || whole.Status == "closed" {
		return err
	}
	byLedger := map[goshawk.ID][]goshawk.ID{}
	for id, rec := range whole.Records[casebook.KindWatch] {
		if !rec.Gone() {
			l := goshawk.ID(rec.Text("ledger"))
			byLedger[l] = append(byLedger[l], id)
		}
	}
	for l, ids := range byLedger {
		slices.Sort(ids)
		held, err := use(ctx, l)
		if err != nil {
			if was, told := b.unread.Swap(l, err.Error()); !told || was != err.Error() { // it is looked for every two seconds
				b.Log.Warn("a watched ledger cannot be read", "ledger", l, "error", err)
			}
			continue
		}
		b.unread.Delete(l)
		err = b.lookIn(ctx, c, held, ids, whole.Records[casebook.KindWatch], marks)
		held.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// lookIn looks at one ledger for the watches of a case.
func (b *Bench) lookIn(ctx context.Context, c goshawk.ID, h *Held, ids []goshawk.ID, watches map[goshawk.ID]casebook.Record, marks map[goshawk.ID]*store.Watched) error {
	tip := h.Known.Hash.String()
	ids = slices.DeleteFunc(ids, func(id goshawk.ID) bool { return marks[id] != nil && marks[id].Block == tip })
	if len(ids) == 0 || h.Known.Blocks == 0 || h.Known.Height < 0 {
		return nil // nothing is new; or single blocks, of which none comes after another
	}
	alerts, runs, err := b.known(ctx, c)
	if err != nil {
		return err
	}
	var edits []casebook.Edit
	begun := map[goshawk.ID]int32{}
	for _, id := range ids {
		from, reorganised, err := h.since(ctx, marks[id], watches[id].Number("since"))
		if err != nil {
			return err
		}
		begun[id] = from
		if reorganised {
			back, err := h.takenBack(ctx, id, alerts)
			if err != nil {
				return err
			}
			edits = append(edits, back...)
		}
		seen, err := h.sightings(ctx, c, id, watches[id], runs, from)
		if err != nil {
			if code := goshawk.CodeOf(err); code != goshawk.NotFound && code != goshawk.Invalid {
				return err
			}
			continue // what is watched was never on this chain: it may come
		}
		for i := range seen {
			edits = append(edits, seen[i].edits(alerts[seen[i].id], b.Now())...)
		}
	}
	if err := b.write(ctx, c, edits); err != nil {
		return err
	}
	return b.Store.Note(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.SetWatched(c, id, &store.Watched{Since: begun[id], Height: h.Known.Height, Block: tip}); err != nil {
				return err
			}
		}
		return nil
	})
}

// known are the alerts and runs of a case.
func (b *Bench) known(ctx context.Context, c goshawk.ID) (alerts, runs map[goshawk.ID]casebook.Record, err error) {
	err = b.Store.View(ctx, func(tx *store.Tx) error {
		whole, err := tx.Case(c, casebook.KindAlert, casebook.KindRun)
		if err == nil {
			alerts, runs = whole.Records[casebook.KindAlert], whole.Records[casebook.KindRun]
		}
		return err
	})
	return alerts, runs, err
}

// write brings alerts into a case, an alert's fields together.
func (b *Bench) write(ctx context.Context, c goshawk.ID, edits []casebook.Edit) error {
	server := &identity.Subject{Via: identity.ViaConsole}
	for len(edits) > 0 {
		n := min(len(edits), alertsAtOne)
		for n < len(edits) && edits[n].ID == edits[n-1].ID {
			n++
		}
		if _, err := b.Book.Record(ctx, server, c, "what is watched has moved", edits[:n]); err != nil {
			return err
		}
		edits = edits[n:]
	}
	return nil
}

// since is the first height to look at: after what was looked at, or, where that block is not on the chain any
// more, deep enough below it; for a new watch what it asks for, or the block to come.
func (h *Held) since(ctx context.Context, m *store.Watched, asked int64) (from int32, reorganised bool, err error) {
	if m == nil {
		if asked > 0 && asked <= int64(h.Known.Height) {
			return int32(asked), false, nil
		}
		return h.Known.Height + 1, false, nil
	}
	hash, err := h.blockAt(ctx, m.Height)
	if err != nil {
		return 0, false, err
	}
	if hash == m.Block {
		return m.Height + 1, false, nil
	}
	return max(m.Since, h.Known.Start, m.Height-reorgDepth), true, nil
}

// blockAt is the hash of the block at a height; "" where there is none.
func (h *Held) blockAt(ctx context.Context, height int32) (string, error) {
	f, err := h.Find(ctx, goshawk.Names{Heights: []int32{height}})
	if err != nil || f.Blocks[0] == goshawk.NoBlock {
		return "", err
	}
	infos, err := h.Blocks(ctx, f.Blocks)
	if err != nil {
		return "", err
	}
	return infos[0].Hash.String(), nil
}

// takenBack marks the alerts of a watch whose blocks are not on the chain any more. Those whose transactions are in
// another block now are found again, and confirmed there.
func (h *Held) takenBack(ctx context.Context, watch goshawk.ID, alerts map[goshawk.ID]casebook.Record) ([]casebook.Edit, error) {
	var edits []casebook.Edit
	for id, rec := range alerts {
		if goshawk.ID(rec.Text("watch")) != watch || rec.Text("state") != AlertConfirmed {
			continue
		}
		var at BlockOf
		if err := json.Unmarshal(rec["block"].JSON, &at); err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "an alert's block cannot be read: %w", err)
		}
		now, err := h.blockAt(ctx, at.Height)
		if err != nil {
			return nil, err
		}
		if now == at.Hash {
			continue
		}
		var move Movement
		if err := json.Unmarshal(rec["movement"].JSON, &move); err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "an alert's movement cannot be read: %w", err)
		}
		if _, err := h.txID(ctx, move.Tx); err == nil {
			continue // in another block: it is seen again
		} else if goshawk.CodeOf(err) != goshawk.NotFound {
			return nil, err
		}
		e := casebook.Set(casebook.KindAlert, id, "state", AlertTakenBack)
		e.Before = rec["state"].JSON
		edits = append(edits, e)
	}
	slices.SortFunc(edits, func(a, b casebook.Edit) int { return compareIDs(a.ID, b.ID) })
	return edits, nil
}

// edits are what a sighting changes of its alert: all of a new one, the block of one that is known.
func (s *sighting) edits(rec casebook.Record, now time.Time) []casebook.Edit {
	set := func(name string, v any) casebook.Edit {
		e := casebook.Set(casebook.KindAlert, s.id, name, v)
		if f, has := rec[name]; has {
			e.Before = f.JSON
		}
		return e
	}
	whole := []casebook.Edit{set("watch", s.watch), set("movement", s.move), set("at", now.UTC().Format(time.RFC3339))}
	switch {
	case s.state != "" && rec == nil:
		return append(whole, set("state", s.state))
	case s.state != "":
		return []casebook.Edit{set("state", s.state)}
	case rec == nil:
		return append(whole, set("state", AlertConfirmed), set("block", s.block))
	}
	var was BlockOf
	if rec.Text("state") == AlertConfirmed && json.Unmarshal(rec["block"].JSON, &was) == nil && was.Hash == s.block.Hash {
		return nil
	}
	return []casebook.Edit{set("state", AlertConfirmed), set("block", s.block)}
}

// alertID names the alert of a movement.
func alertID(c, watch goshawk.ID, tx, coin string) goshawk.ID {
	sum := sha256.Sum256(fmt.Appendf(nil, "alert\n%s\n%s\n%s\n%s", c, watch, tx, coin))
	return goshawk.ID(hex.EncodeToString(sum[:16]))
}

// sightings are what moved of what a watch watches, in blocks from a height on.
func (h *Held) sightings(ctx context.Context, c, watch goshawk.ID, rec casebook.Record, runs map[goshawk.ID]casebook.Record, from int32) ([]sighting, error) {
	if from > h.Known.Height {
		return nil, nil
	}
	f, err := h.Find(ctx, goshawk.Names{Heights: []int32{from}})
	if err != nil || f.Blocks[0] == goshawk.NoBlock {
		return nil, err
	}
	blocks, err := h.Blocks(ctx, f.Blocks)
	if err != nil {
		return nil, err
	}
	first := blocks[0].FirstTx
	if rec.Text("what") == "address" {
		return h.atAddress(ctx, c, watch, rec.Text("text"), first)
	}
	return h.ofCoins(ctx, c, watch, coinsOf(rec, runs), first)
}

func (h *Held) atAddress(ctx context.Context, c, watch goshawk.ID, text string, first goshawk.TxID) ([]sighting, error) {
	id, err := h.AddressID(ctx, text)
	if err != nil {
		return nil, err
	}
	var list []sighting
	q := goshawk.HistoryQuery{Address: id, Oldest: true, From: first, Limit: 1000}
	for {
		page, err := h.History(ctx, q)
		if err != nil {
			return nil, err
		}
		ids := make([]goshawk.TxID, len(page.Entries))
		for i := range page.Entries {
			ids[i] = page.Entries[i].Tx
		}
		seen, err := h.blocksOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i := range page.Entries {
			e, s := &page.Entries[i], seen[i]
			s.watch, s.move.Address = watch, text
			s.id = alertID(c, watch, s.move.Tx, "")
			s.move.What = "received"
			if !e.Received.Units.IsZero() {
				s.move.Received = e.Received.Units.Dec()
			}
			if !e.Spent.Units.IsZero() || e.Unresolved > 0 {
				s.move.Spent, s.move.What = e.Spent.Units.Dec(), "spent"
				if s.move.Received != "" {
					s.move.What = "both"
				}
			}
			list = append(list, s)
		}
		if !page.More {
			return list, nil
		}
		q.From = page.Next
	}
}

// ofCoins are the spends, from a transaction on, of coins that are watched.
func (h *Held) ofCoins(ctx context.Context, c, watch goshawk.ID, coins []string, first goshawk.TxID) ([]sighting, error) {
	var list []sighting
	var batch goshawk.Transactions
	for _, text := range coins {
		o, err := goshawk.ParseOutpoint(text)
		if err != nil {
			return nil, err
		}
		id, err := h.txID(ctx, o.Tx.String())
		if goshawk.CodeOf(err) == goshawk.NotFound {
			continue // taken back with its block
		}
		if err != nil {
			return nil, err
		}
		if err := h.Transactions(ctx, []goshawk.TxID{id}, 0, &batch); err != nil {
			return nil, err
		}
		outs := batch.Out(0)
		if int(o.Index) >= len(outs) {
			return nil, goshawk.Errorf(goshawk.NotFound, "the transaction has no output %d", o.Index)
		}
		out := outs[o.Index]
		if out.Spender == goshawk.NoTx || out.Spender == goshawk.Burnt || out.Spender == goshawk.Later || out.Spender < first {
			continue
		}
		seen, err := h.blocksOf(ctx, []goshawk.TxID{out.Spender})
		if err != nil {
			return nil, err
		}
		s, worth := seen[0], goshawk.U(out.Value)
		s.watch, s.move.Coin, s.move.What, s.move.Spent = watch, o.String(), "spent", worth.Dec()
		s.id = alertID(c, watch, s.move.Tx, s.move.Coin)
		list = append(list, s)
	}
	return list, nil
}

// blocksOf begins sightings of transactions: which they are, and in which blocks.
func (h *Held) blocksOf(ctx context.Context, ids []goshawk.TxID) ([]sighting, error) {
	var batch goshawk.Transactions
	if err := h.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	blocks := make([]goshawk.BlockID, len(ids))
	for i := range ids {
		blocks[i] = batch.Rows[i].Block
	}
	infos, err := h.Blocks(ctx, blocks)
	if err != nil {
		return nil, err
	}
	list := make([]sighting, len(ids))
	for i := range ids {
		r := &batch.Rows[i]
		list[i].move = Movement{Ledger: h.ID, Network: h.Known.Network, Tx: r.Hash.String(), Ticker: h.Known.Asset.Ticker, Decimals: int(h.Known.Asset.Decimals)}
		list[i].block = BlockOf{infos[i].Height, infos[i].Hash.String(), time.Unix(infos[i].Time, 0).UTC()}
	}
	return list, nil
}
