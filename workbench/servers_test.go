package workbench

import (
	"log/slog"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// another is a second server on a desk's database, with a clock of its own.
func (d *desk) another(id goshawk.ID, now *time.Time) *Bench {
	clock := func() time.Time { return *now }
	b := &Bench{Data: d.t.TempDir(), Store: d.Store, Book: &casebook.Book{Store: store.Casebook{Store: d.Store}, Now: clock}, Now: clock, Log: slog.New(slog.DiscardHandler), Server: id}
	return b
}

// state is what a trace's record says.
func (d *desk) state(run goshawk.ID) string {
	d.t.Helper()
	whole, err := d.Book.Read(d.t.Context(), d.officer, d.c, "looked", casebook.KindRun)
	if err != nil {
		d.t.Fatal(err)
	}
	return whole.Records[casebook.KindRun][run].Text("state")
}

// runsAt begins a trace's record as a server does.
func (d *desk) runsAt(b *Bench, run goshawk.ID) {
	d.t.Helper()
	if err := b.runsHere(d.t.Context(), d.c, run); err != nil {
		d.t.Fatal(err)
	}
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, run, name, v) }
	if _, err := d.Book.Act(d.t.Context(), d.officer, d.c, "began a trace", []casebook.Edit{set("question", RunQuestion{Ledger: "main"}), set("state", "running")}); err != nil {
		d.t.Fatal(err)
	}
}

// TestServers: a server ends the traces of those that are gone, and of nobody else.
func TestServers(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	now := d.Now()
	one, two := d.another("one", &now), d.another("two", &now)
	expect := func(what string, want map[goshawk.ID]string) {
		t.Helper()
		for run, state := range want {
			if got := d.state(run); got != state {
				t.Errorf("%s: %s is %s, not %s", what, run, got, state)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(one.beat(ctx))
	must(two.beat(ctx))
	if !one.ours() || two.ours() {
		t.Error("not one of them looks at what is watched")
	}
	d.runsAt(one, "r1")
	d.runsAt(two, "r2")
	must(two.runs.admitted("r2"))
	must(two.Recover(ctx))
	expect("both live", map[goshawk.ID]string{"r1": "running", "r2": "running"})
	now = now.Add(heldDead - time.Second)
	must(two.beat(ctx))
	must(two.Recover(ctx))
	expect("one is late", map[goshawk.ID]string{"r1": "running", "r2": "running"})
	now = now.Add(2 * time.Second)
	must(two.Recover(ctx))
	expect("one is gone", map[goshawk.ID]string{"r1": "failed", "r2": "running"})
	must(two.beat(ctx))
	if !two.ours() {
		t.Error("nobody looks at what is watched")
	}
	// Two is killed and starts again, under its name: what it ran, it runs no more.
	d.runsAt(one, "r3")
	must(one.beat(ctx))
	again := d.another("two", &now)
	must(again.Recover(ctx))
	expect("two started again", map[goshawk.ID]string{"r2": "failed", "r3": "running"})
	must(again.beat(ctx))
	if !again.ours() || one.ours() {
		t.Error("who looks at what is watched has changed")
	}
	must(again.Close())
	must(one.beat(ctx))
	if !one.ours() {
		t.Error("nobody looks at what is watched after a quiet end")
	}
	whole, err := d.Book.Read(ctx, d.officer, d.c, "looked", casebook.KindRun)
	must(err)
	if s := string(whole.Records[casebook.KindRun]["r1"]["summary"].JSON); s == "" {
		t.Error("nothing says why it failed")
	}
}

// admitted takes a trace among those that run here.
func (r *runs) admitted(id goshawk.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = map[goshawk.ID]*running{id: {cancel: func(error) {}}}
	return nil
}
