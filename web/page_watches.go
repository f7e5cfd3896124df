package web

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/workbench"
)

// alert is a movement as pages show it.
type alert struct {
	record
	move  workbench.Movement
	block workbench.BlockOf
	watch record
	worth string // of what moved, on its day
}

// units is how much moved.
func (a *alert) units() string {
	if a.move.Spent == "" {
		return a.move.Received
	}
	return a.move.Spent
}

// asset is the coin that moved.
func (a *alert) asset() goshawk.Asset {
	return goshawk.Asset{Network: a.move.Network, Ticker: a.move.Ticker, Decimals: uint8(min(max(a.move.Decimals, 0), 77))}
}

// what moved, and how much, for people.
func (a *alert) amount() string {
	var n goshawk.Units
	if n.SetFromDecimal(a.units()) != nil {
		return a.units()
	}
	asset := a.asset()
	return goshawk.Group(asset.Decimal(n)) + " " + asset.Ticker
}

// time is when it moved: when its block was, or, as long as it is in none, when it was first seen.
func (a *alert) time() time.Time {
	if known(a.block.Time) {
		return a.block.Time
	}
	return a.seenAt()
}

// valueAlerts says of movements what they were worth. Each coin has its rates.
func (q *request) valueAlerts(v *view, c *casebook.Case, alerts []alert) error {
	times := map[goshawk.Asset][]time.Time{}
	for i := range alerts {
		times[alerts[i].asset()] = append(times[alerts[i].asset()], alerts[i].time())
	}
	for asset, list := range times {
		p, err := q.pricesOf(c, asset, list)
		if err != nil {
			return err
		}
		for i := range alerts {
			if alerts[i].asset() == asset {
				alerts[i].worth = p.worth(v, alerts[i].units(), alerts[i].time())
			}
		}
	}
	return nil
}

// what is said of the movement: a word of the catalogue.
func (a *alert) what() string {
	if slices.Contains([]string{"received", "spent", "both"}, a.move.What) {
		return a.move.What
	}
	return "spent"
}

// seenAt is when it was first seen, which stands for its block's time as long as it is in none.
func (a *alert) seenAt() time.Time {
	at, err := time.Parse(time.RFC3339, a.Text("at"))
	if err != nil {
		return time.Time{}
	}
	return at
}

func (a *alert) look() string {
	if a.Text("state") == workbench.AlertConfirmed {
		return "good"
	}
	return "warn"
}

// stateKey is an alert's state as the catalogue calls it.
func (a *alert) stateKey() string {
	return strings.ReplaceAll(a.Text("state"), " ", "_")
}

// watchesPage shows what is watched and what moved.
func (q *request) watchesPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the watches", casebook.KindCase, casebook.KindWatch, casebook.KindAlert, casebook.KindRun, casebook.KindMember)
	if err != nil {
		return err
	}
	var alerts []alert
	for _, r := range slices.Backward(records(c, casebook.KindAlert)) {
		a := alert{record: r, watch: record{c.Records[casebook.KindWatch][goshawk.ID(r.Text("watch"))], casebook.KindWatch, goshawk.ID(r.Text("watch"))}}
		if json.Unmarshal(r.Record["movement"].JSON, &a.move) != nil {
			a.move = workbench.Movement{}
		}
		if v := r.Record["block"].JSON; len(v) > 0 && json.Unmarshal(v, &a.block) != nil {
			a.block = workbench.BlockOf{}
		}
		if alerts = append(alerts, a); len(alerts) == 500 {
			break
		}
	}
	people, err := q.tellable(c)
	if err != nil {
		return err
	}
	hooks, err := q.hooksOf(c)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/watches", "")
	if err := q.valueAlerts(v, c, alerts); err != nil {
		return err
	}
	v.title = v.t("nav.watches")
	return q.show(v, watchesPage(v, records(c, casebook.KindWatch), alerts, records(c, casebook.KindRun), q.ledgers(), own(c).Text("ledger"), people, hooks))
}

func (q *request) addWatchForm() error {
	if err := q.form(); err != nil {
		return err
	}
	c, id := goshawk.ID(q.PathValue("case")), casebook.NewID()
	f := q.PostForm
	text := strings.TrimSpace(f.Get("text"))
	what := "address"
	if run := f.Get("run"); text == "" && run != "" {
		what, text = "ends", run
	} else if _, err := goshawk.ParseOutpoint(text); err == nil {
		what = "coin"
	}
	if text == "" {
		return goshawk.Errorf(goshawk.Invalid, "nothing was named to be watched").WithHint("write an address or TXID:N, or choose a trace")
	}
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindWatch, id, name, v) }
	edits := []casebook.Edit{set("what", what), set("text", text), set("ledger", f.Get("ledger"))}
	if title := strings.TrimSpace(f.Get("title")); title != "" {
		edits = append(edits, set("title", title))
	}
	if f.Get("tell") == "true" {
		edits = append(edits, set("mail/"+string(q.subject.Person.ID), true))
	}
	if what == "address" {
		if err := q.onLedger(goshawk.ID(f.Get("ledger")), text); err != nil {
			return err
		}
	}
	done, err := q.s.Book.Change(q.Context(), q.subject, c, "watched "+what, edits)
	if err != nil {
		return err
	}
	return q.done(casePath(c)+"/watches", "watch_added", done.Seq)
}

// onLedger refuses what is no address of a ledger's network. One that was never used may be.
func (q *request) onLedger(id goshawk.ID, address string) error {
	b, err := q.bench()
	if err != nil {
		return err
	}
	held, err := b.Use(q.Context(), id)
	if err != nil {
		return err
	}
	defer held.Release()
	return held.CheckParty(address)
}

func (q *request) endWatchForm() error {
	c := goshawk.ID(q.PathValue("case"))
	done, err := q.s.Book.Change(q.Context(), q.subject, c, "ended a watch", []casebook.Edit{casebook.Set(casebook.KindWatch, goshawk.ID(q.PathValue("watch")), casebook.Deleted, true)})
	if err != nil {
		return err
	}
	var seq int64
	if done != nil {
		seq = done.Seq
	}
	return q.done(casePath(c)+"/watches", "watch_ended", seq)
}

func (q *request) seenAlertForm() error {
	c := goshawk.ID(q.PathValue("case"))
	if _, err := q.s.Book.Change(q.Context(), q.subject, c, "looked at a movement", []casebook.Edit{casebook.Set(casebook.KindAlert, goshawk.ID(q.PathValue("alert")), "seen", true)}); err != nil {
		return err
	}
	return q.done(casePath(c)+"/watches", "alert_seen", 0)
}

// known says whether a time is one.
func known(t time.Time) bool { return !t.IsZero() }
