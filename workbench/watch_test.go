package workbench

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/identity"
	"goshawk/ledger/ledgertest"
	"goshawk/store"
)

// desk is a bench with a case, whose lead is officer.
type desk struct {
	*Bench
	t       *testing.T
	c       goshawk.ID
	officer *identity.Subject
	script  string // of the chain that is looked at
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "goshawk.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	d := &desk{t: t, Bench: &Bench{Data: t.TempDir(), Store: db, Book: &casebook.Book{Store: store.Casebook{Store: db}, Now: clock}, Now: clock, Log: slog.New(slog.DiscardHandler)}}
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	d.officer = &identity.Subject{Via: identity.ViaPasskey, Kind: identity.Police}
	err = db.Do(t.Context(), &audit.Entry{At: now, Action: "console", What: "set the desk"}, func(tx *store.Tx) error {
		a := identity.Agency{ID: "police", Name: "Police", Kind: identity.Police, Created: now}
		d.officer.Person = identity.Person{ID: "officer", Agency: a.ID, Name: "Officer", Email: "officer@police.example", Role: identity.Investigator, Created: now}
		return errors.Join(tx.AddAgency(&a), tx.AddPerson(&d.officer.Person))
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.c, err = d.Book.Open(t.Context(), d.officer, "Harbour ransom", ""); err != nil {
		t.Fatal(err)
	}
	return d
}

// use is a ledger of the desk's script.
func (d *desk) use(context.Context, goshawk.ID) (*Held, error) {
	h := over(d.t, ledgertest.MustChain(d.script).Ledger(), "")
	h.ID = "main"
	var err error
	h.Params, err = bitcoin.Lookup("regtest")
	return h, err
}

func (d *desk) watch(id goshawk.ID, what, text string) {
	d.t.Helper()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindWatch, id, name, v) }
	_, err := d.Book.Change(d.t.Context(), d.officer, d.c, "watched", []casebook.Edit{set("what", what), set("text", text), set("ledger", "main")})
	if err != nil {
		d.t.Fatal(err)
	}
}

// look looks, and returns the alerts: the transactions' names with their states.
func (d *desk) look(script string) map[string]string {
	d.t.Helper()
	d.script = script
	if err := d.lookAt(d.t.Context(), d.c, d.use); err != nil {
		d.t.Fatal(err)
	}
	return d.alerts(script)
}

// TestBlindOnce: a ledger that cannot be read is told in the log when it begins, and not each time that it is looked for.
func TestBlindOnce(t *testing.T) {
	d := newDesk(t)
	d.watch("w1", "address", "x")
	var log strings.Builder
	d.Log = slog.New(slog.NewTextHandler(&log, nil))
	d.script = watchedBefore
	gone := func(why string) func(context.Context, goshawk.ID) (*Held, error) {
		return func(context.Context, goshawk.ID) (*Held, error) { return nil, errors.New(why) }
	}
	for _, use := range []func(context.Context, goshawk.ID) (*Held, error){gone("its folder is gone"), gone("its folder is gone"), gone("it is damaged"), d.use, gone("it is damaged"), gone("it is damaged")} {
		if err := d.lookAt(t.Context(), d.c, use); err != nil {
			t.Fatal(err)
		}
	}
	if said := strings.Count(log.String(), "cannot be read"); said != 3 {
		t.Errorf("it is told %d times:\n%s", said, log.String())
	}
}

// alerts are a case's: the transactions' names, or hashes where the script has none, with their states.
func (d *desk) alerts(script string) map[string]string {
	d.t.Helper()
	whole, err := d.Book.Read(d.t.Context(), d.officer, d.c, "looked", casebook.KindAlert)
	if err != nil {
		d.t.Fatal(err)
	}
	found := map[string]string{}
	h := ledgertest.MustChain(script)
	for _, rec := range whole.Records[casebook.KindAlert] {
		var m Movement
		if err := json.Unmarshal(rec["movement"].JSON, &m); err != nil {
			d.t.Fatal(err)
		}
		hash, err := goshawk.ParseHash(m.Tx)
		if err != nil {
			d.t.Fatal(err)
		}
		key := rec.Text("watch") + " " + h.Name(hash)
		if _, twice := found[key]; twice {
			d.t.Errorf("%s is told twice", key)
		}
		found[key] = rec.Text("state") + " " + m.What
	}
	return found
}

func (d *desk) expect(what string, got, want map[string]string) {
	d.t.Helper()
	if len(got) != len(want) {
		d.t.Errorf("%s: %v, not %v", what, got, want)
		return
	}
	for k, v := range want {
		if got[k] != v {
			d.t.Errorf("%s: %v, not %v", what, got, want)
			return
		}
	}
}

const (
	watchedBefore = "block time=2024-05-01\ntx pay: mint 50 -> victim 50\nblock time=2024-05-02\ntx theft: pay:0 -> thief 30, victim 19 fee 1\n"
	movedOn       = "block time=2024-05-03\ntx moved: theft:0 -> hop 29 fee 1\n"
	movedElse     = "block time=2024-05-03T10:00:00Z\ntx other: theft:1 -> victim 18 fee 1\n"
	emptyBlock    = "block time=2024-05-04\ntx filler: mint 50 -> nobody 50\n"
)

// TestWatch follows what is watched over new blocks and reorganisations.
func TestWatch(t *testing.T) {
	d := newDesk(t)
	h := ledgertest.MustChain(watchedBefore)
	d.watch("w1", "address", h.Address("thief"))
	d.watch("w2", "coin", h.Outpoint("theft:0").String())
	d.expect("what moved before it was watched is no alert", d.look(watchedBefore), nil)
	d.expect("a block without it", d.look(watchedBefore+emptyBlock), nil)
	moved := map[string]string{"w1 moved": "confirmed spent", "w2 moved": "confirmed spent"}
	d.expect("it moves", d.look(watchedBefore+emptyBlock+movedOn), moved)
	d.expect("looked again", d.look(watchedBefore+emptyBlock+movedOn), moved)
	// As after a server that was killed between the alerts and the note how far it had looked.
	if err := d.Store.Note(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.SetWatched(d.c, "w1", &store.Watched{Height: 2, Block: blockHash(t, watchedBefore, 2)}), tx.SetWatched(d.c, "w2", &store.Watched{Height: 2, Block: blockHash(t, watchedBefore, 2)}))
	}); err != nil {
		t.Fatal(err)
	}
	d.expect("looked again after a kill", d.look(watchedBefore+emptyBlock+movedOn), moved)
	// The names of what is not in a script are hashes.
	h = ledgertest.MustChain(watchedBefore + emptyBlock + movedOn)
	hash := h.Tx("moved").String()
	d.expect("a reorganisation takes it back", d.look(watchedBefore+movedElse), map[string]string{"w1 " + hash: "taken back spent", "w2 " + hash: "taken back spent"})
	d.expect("and another confirms it", d.look(watchedBefore+movedOn+emptyBlock), moved)
	list, err := d.Book.Changes(t.Context(), d.officer, d.c, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(list); n != 1+2+3 { // opened, two watches; moved, taken back, confirmed
		t.Errorf("the case has %d changes", n)
	}
	for _, ch := range list[3:] {
		if ch.Person != "" {
			t.Errorf("change %d is somebody's: %s", ch.Seq, ch.Person)
		}
	}
}

func blockHash(t *testing.T, script string, height int32) string {
	t.Helper()
	hash, err := over(t, ledgertest.MustChain(script).Ledger(), "").blockAt(t.Context(), height)
	if err != nil || hash == "" {
		t.Fatal(hash, err)
	}
	return hash
}

// TestWatchEnds watches the coins at which a trace ended.
func TestWatchEnds(t *testing.T) {
	d := newDesk(t)
	h := ledgertest.MustChain(watchedBefore)
	out := uint32(0)
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, "r1", name, v) }
	_, err := d.Book.Record(t.Context(), d.officer, d.c, "traced", []casebook.Edit{set("question", RunQuestion{Ledger: "main"}), set("state", "done"),
		set("summary", RunSummary{Ends: []RunEnd{{Kind: "unspent", Tx: h.Tx("theft").String(), Out: &out}, {Kind: "fee", Tx: h.Tx("theft").String()}}})})
	if err != nil {
		t.Fatal(err)
	}
	d.watch("w1", "ends", "r1")
	d.watch("w2", "ends", "nothing")
	d.expect("at rest", d.look(watchedBefore), nil)
	d.expect("it moves", d.look(watchedBefore+movedOn), map[string]string{"w1 moved": "confirmed spent"})
}

// TestClosedCaseWatchesNothing: nor does a watch that was deleted.
func TestClosedCaseWatchesNothing(t *testing.T) {
	d := newDesk(t)
	h := ledgertest.MustChain(watchedBefore)
	d.watch("w1", "address", h.Address("thief"))
	d.expect("at rest", d.look(watchedBefore), nil)
	status := casebook.Set(casebook.KindCase, "case", "status", "closed")
	status.Before = json.RawMessage(`"open"`)
	if _, err := d.Book.Change(t.Context(), d.officer, d.c, "closed", []casebook.Edit{status}); err != nil {
		t.Fatal(err)
	}
	d.expect("it moves", d.look(watchedBefore+movedOn), nil)
	status.Before, status.After = status.After, status.Before
	if _, err := d.Book.Change(t.Context(), d.officer, d.c, "opened", []casebook.Edit{status}); err != nil {
		t.Fatal(err)
	}
	d.expect("opened again, it hears what it missed", d.look(watchedBefore+movedOn), map[string]string{"w1 moved": "confirmed spent"})
	if _, err := d.Book.Change(t.Context(), d.officer, d.c, "deleted", []casebook.Edit{casebook.Set(casebook.KindWatch, "w1", casebook.Deleted, true)}); err != nil {
		t.Fatal(err)
	}
	more := "block time=2024-05-05\ntx back: moved:0 -> thief 28 fee 1\n"
	d.expect("deleted", d.look(watchedBefore+movedOn+more), map[string]string{"w1 moved": "confirmed spent"})
}
