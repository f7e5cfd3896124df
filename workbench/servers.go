package workbench

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// How servers on one database know of each other.
const (
	beatEvery  = 5 * time.Second
	heldDead   = time.Minute // a server that was not heard of so long has ended, whatever ended it
	lookAtDead = 30 * time.Second
	watchLease = "watch" // what only one of them does
)

// turn is whether it is this server's to look at what is watched.
type turn struct{ mine atomic.Bool }

// Keep lets other servers on the database know, until the bench ends, that this one runs and what; and ends the
// traces of those that are gone. It is called once, after Recover.
func (b *Bench) Keep(ctx context.Context) error {
	if b.Server == "" {
		return nil // there is no other
	}
	if err := b.beat(ctx); err != nil {
		return err
	}
	if !b.jobs.start(func(ctx context.Context) {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		var looked time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				err := b.beat(ctx)
				if err == nil && now.Sub(looked) >= lookAtDead {
					looked = now
					err = b.Recover(ctx)
				}
				if err != nil && ctx.Err() == nil {
					b.Log.Error("other servers could not be told that this one runs", "error", err)
				}
			}
		}
	}) {
		return errEnding()
	}
	return nil
}

// beat notes that this server runs, and whether it is its turn.
func (b *Bench) beat(ctx context.Context) error {
	now := b.Now()
	err := b.Store.Beat(ctx, b.Server, now)
	if err == nil {
		var mine bool
		mine, err = b.Store.Lease(ctx, watchLease, b.Server, now, now.Add(heldDead))
		b.turn.mine.Store(mine && err == nil)
	}
	return err
}

// ours says whether this server is to look at what is watched.
func (b *Bench) ours() bool { return b.Server == "" || b.turn.mine.Load() }

// Recover marks the traces that no server runs any more as failed, with a word why: they can be run again. Those are
// the ones that this server ran before it was ended, and those of servers that were not heard of for a minute.
func (b *Bench) Recover(ctx context.Context) error {
	var open []store.RecordOf
	var at map[store.RecordOf]goshawk.ID
	var beats map[goshawk.ID]time.Time
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		if open, err = tx.RecordsWith(casebook.KindRun, "state", `"running"`); err == nil {
			at, beats, err = tx.RunsAt()
		}
		return err
	})
	if err != nil {
		return err
	}
	console := &identity.Subject{Via: identity.ViaConsole}
	now := b.Now()
	for _, r := range open {
		server := at[r]
		if b.runs.has(r.ID) || server != "" && server != b.Server && now.Sub(beats[server]) < heldDead {
			continue
		}
		set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, r.ID, name, v) }
		to := set("state", "failed")
		to.Before = json.RawMessage(`"running"`)
		edits := []casebook.Edit{to, set("summary", &RunSummary{Error: endedWords, Hint: "run it again"})}
		_, err := b.Book.Record(ctx, console, r.Case, "a trace was broken off with the server", edits)
		if _, ended := errors.AsType[*casebook.ClashError](err); err != nil && !ended { // it ended by itself meanwhile
			return err
		}
		if err := b.ran(ctx, r.Case, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// ran notes that no server runs a trace.
func (b *Bench) ran(ctx context.Context, c, run goshawk.ID) error {
	return b.Store.Note(ctx, func(tx *store.Tx) error { return tx.EndRunning(c, run) })
}

// runsHere notes, before it begins, that this server runs a trace.
func (b *Bench) runsHere(ctx context.Context, c, run goshawk.ID) error {
	return b.Store.Note(ctx, func(tx *store.Tx) error { return tx.SetRunning(c, run, b.Server) })
}

// has says whether a trace runs here.
func (r *runs) has(id goshawk.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[id] != nil
}
