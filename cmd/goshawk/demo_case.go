package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
	networks "goshawk/chain"
	"goshawk/identity"
	"goshawk/trace"
	"goshawk/workbench"
)

// The demo's case as far as it is worked: the papers are in, the ransom was traced twice and laid on a picture. The letters are
// still to be written: that is for who looks at the demo.

// demoWallet is the public side of a wallet that the demo's police seized. It is an example of BIP 32's own kind: nothing is on it.
const demoWallet = "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/<0;1>/*)"

// demoBook writes one case of the demo's office.
type demoBook struct {
	*demoOffice
	id goshawk.ID
}

// do makes one change, after some time.
func (b *demoBook) do(ctx context.Context, who, what string, edits ...casebook.Edit) error {
	b.clock.wait(4 * time.Minute)
	_, err := b.book.Change(ctx, b.people[who], b.id, what, edits)
	return err
}

// record is the edits that begin a record: names and values by turns.
func (b *demoBook) record(k casebook.Kind, id goshawk.ID, pairs ...any) []casebook.Edit {
	var edits []casebook.Edit
	for i := 0; i+1 < len(pairs); i += 2 {
		edits = append(edits, casebook.Set(k, id, pairs[i].(string), pairs[i+1])) //nolint:forcetypeassert // written in this file
	}
	return edits
}

// add begins a record.
func (b *demoBook) add(ctx context.Context, who, what string, k casebook.Kind, pairs ...any) error {
	return b.do(ctx, who, what, b.record(k, casebook.NewID(), pairs...)...)
}

// day is a date so many days from the case's today.
func (b *demoBook) day(n int) string { return b.clock.at.AddDate(0, 0, n).Format(time.DateOnly) }

// steps does one thing after the other.
func steps(list ...func() error) error {
	for _, step := range list {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// work works the case until about its middle.
func (o *demoOffice) work(ctx context.Context, d *demo, papers fs.FS) error {
	b := &demoBook{demoOffice: o}
	var err error
	o.clock.now()
	if b.id, err = o.book.Open(ctx, o.people["lead"], "NightLocker: the ransom of Eastfold City Council", "EP "+o.clock.at.Format("2006")+"/0117"); err != nil {
		return err
	}
	return steps(
		func() error { return b.begin(ctx) },
		func() error { return b.papers(ctx, papers) },
		func() error { return b.subjects(ctx, d, papers) },
		func() error { return b.traces(ctx, d) },
		func() error { return b.desk(ctx, d) },
	)
}

// begin says what the case is about, and who works on it.
func (b *demoBook) begin(ctx context.Context) error {
	member := func(key string, part identity.Part) casebook.Edit {
		return casebook.Set(casebook.KindMember, b.people[key].Person.ID, "part", string(part))
	}
	set := func(name, v string) casebook.Edit { return casebook.Set(casebook.KindCase, "case", name, v) }
	return steps(
		func() error {
			return b.do(ctx, "lead", "chose members", member("worker", identity.Worker), member("viewer", identity.Viewer))
		},
		func() error {
			return b.do(ctx, "lead", "set the case up", set("marking", "RESTRICTED · DEMO"), set("retain", b.clock.at.AddDate(5, 0, 0).Format(time.DateOnly)),
				set("ledger", string(b.ledger)), set("currency", "USD"))
		},
		func() error {
			return b.do(ctx, "lead", "asked the question", set("question", "Eastfold City Council paid a ransom to the people behind the program NightLocker. Where is the money now, which services can say who has it, and can any of it be frozen?\n"))
		},
	)
}

// papers fixes what the case came with.
func (b *demoBook) papers(ctx context.Context, papers fs.FS) error {
	for _, p := range []struct{ file, who, source, comment string }{
		{"brief.md", "lead", "Eastfold City Council, head of information technology, by hand on a memory stick", "The report to the police, as it was handed in."},
		{"victim-reports.md", "worker", "National report desk, collected reports of private victims", "Eleven private computers besides the council's."},
		{"ransom-note.txt", "worker", "Image of the council's file server, /srv/README-NIGHTLOCKER.txt", ""},
	} {
		b.clock.wait(9 * time.Minute)
		f, err := papers.Open(p.file)
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "the case's papers cannot be read: %w", err)
		}
		fixed, err := b.book.AddExhibit(ctx, b.people[p.who], b.id, casebook.Exhibit{Name: p.file, Source: p.source, Comment: p.comment}, f)
		if err := cmp.Or(err, f.Close()); err != nil {
			return err
		}
		if p.file == "ransom-note.txt" {
			err = b.add(ctx, "worker", "noted a transfer of custody", casebook.KindCustody, "exhibit", string(fixed.ID), "at", b.clock.at.UTC().Format(time.RFC3339),
				"from", b.people["worker"].Person.Name, "to", "Evidence room, shelf 14", "reason", "The image that it is from is kept there, sealed.")
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// subjects takes the addresses and the payment of interest out of the papers, as the page for pasted text does.
func (b *demoBook) subjects(ctx context.Context, d *demo, papers fs.FS) error {
	text, err := fs.ReadFile(papers, "victim-reports.md")
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "the case's papers cannot be read: %w", err)
	}
	know := networks.Recogniser()
	found, _ := casebook.Find(text, func(word string) (casebook.Known, bool) {
		w, ok := know(word)
		return casebook.Known(w), ok
	})
	network := d.answer.Network
	paid := d.answer.Start[0].Address
	var edits []casebook.Edit
	for _, f := range found {
		title, comment := "", ""
		switch {
		case f.Text == d.paid.Tx.String():
			title = "The council's payment"
		case f.What != "address":
			continue // the private payments are small: they can be added when they matter
		case f.Text == paid:
			title, comment = "Ransom address of the council", "Made for the council alone: nobody else paid to it.\n"
		default:
			title = "Ransom address of private victims"
		}
		r := b.record(casebook.KindSubject, casebook.NewID(), "network", network, "what", f.What, "text", f.Text, "title", title, "source", "E-2 victim-reports.md")
		if comment != "" {
			r = append(r, casebook.Set(casebook.KindSubject, r[0].ID, "comment", comment))
		}
		if f.Text == paid {
			r = append(r, casebook.Set(casebook.KindSubject, r[0].ID, "colour", "red"))
		}
		edits = append(edits, r...)
	}
	if len(edits) == 0 {
		return goshawk.Errorf(goshawk.NotFound, "the case's papers name no address")
	}
	if err := b.do(ctx, "worker", "added addresses", edits...); err != nil {
		return err
	}
	return b.add(ctx, "worker", "added a wallet", casebook.KindWallet, "network", network, "key", demoWallet, "title", "Wallet on the telephone seized in Harbour Street",
		"comment", "Read out by the laboratory. Not used in this ledger so far.\n", "gap", 20)
}

// traces follows the ransom: by one method, which the case uses, and by two side by side; and lays the second on a picture.
func (b *demoBook) traces(ctx context.Context, d *demo) error {
	start := []string{d.paid.String()}
	used, err := b.run(ctx, "lead", workbench.RunQuestion{Ledger: b.ledger, Method: string(demoMethod), Starts: start, Title: "The ransom, first in first out"})
	if err != nil {
		return err
	}
	if err := b.do(ctx, "lead", "chose a trace for the report", casebook.Set(casebook.KindRun, used, "used", true)); err != nil {
		return err
	}
	both, err := b.run(ctx, "worker", workbench.RunQuestion{Ledger: b.ledger, Methods: []string{string(demoMethod), string(trace.Haircut)}, Starts: start, Title: "The ransom by two methods"})
	if err != nil {
		return err
	}
	if err := b.picture(ctx, both, d.answer.Start[0].Address); err != nil {
		return err
	}
	b.clock.wait(20 * time.Minute)
	return b.add(ctx, "worker", "watched the ends of a trace", casebook.KindWatch, "what", "ends", "text", string(used), "ledger", string(b.ledger), "title", "What is left of the ransom")
}

// run has a trace made, and waits for its answer.
func (b *demoBook) run(ctx context.Context, who string, q workbench.RunQuestion) (goshawk.ID, error) {
	b.clock.wait(6 * time.Minute)
	id, err := b.bench.Run(ctx, b.people[who], b.id, q)
	if err != nil {
		return "", err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for b.bench.Running() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
		}
	}
	c, err := b.book.Read(ctx, b.people[who], b.id, "looked at a trace", casebook.KindRun)
	if err != nil {
		return "", err
	}
	if state := c.Records[casebook.KindRun][id].Text("state"); state != "done" {
		return "", goshawk.Errorf(goshawk.Corrupt, "the demo's trace is %s", state)
	}
	return id, nil
}

// picture lays a trace's ways to its largest ends on a graph, in columns from the payment on.
func (b *demoBook) picture(ctx context.Context, run goshawk.ID, paid string) error {
	const ends = 8
	found, err := b.bench.Laid(ctx, b.people["worker"], b.id, run, ends)
	if err != nil {
		return err
	}
	graph := casebook.NewID()
	edits := b.record(casebook.KindGraph, graph, "title", "The way of the ransom", "view", map[string]any{"layout": "layered", "level": workbench.LevelTransaction})
	places := columns(found)
	for i := range found.Nodes {
		n := &found.Nodes[i]
		value, err := fields(n)
		if err != nil {
			return err
		}
		delete(value, "id")
		value["x"], value["y"] = places[n.ID][0], places[n.ID][1]
		if n.Text == paid {
			value["title"], value["colour"], value["pinned"] = "Ransom address of the council", "red", true
		}
		edits = append(edits, casebook.Set(casebook.KindGraph, graph, "node/"+n.ID, value))
	}
	for i := range found.Edges {
		e := &found.Edges[i]
		value, err := fields(e)
		if err != nil {
			return err
		}
		delete(value, "id")
		edits = append(edits, casebook.Set(casebook.KindGraph, graph, "edge/"+e.ID, value))
	}
	if err := b.do(ctx, "worker", "laid a trace on a picture", edits...); err != nil {
		return err
	}
	return b.do(ctx, "lead", "chose the report's picture", casebook.Set(casebook.KindReport, "case", "graph", string(graph)))
}

// fields is a value as the object that JSON writes of it.
func fields(v any) (m map[string]any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// columns places nodes: each a column after all that lead to it, in a column by where they come from. A way of a
// dozen columns is drawn closer than the page's own layout does, to be read whole.
func columns(found *workbench.Found) map[string][2]int {
	const width, height, rounds = 170, 240, 4
	column := map[string]int{}
	for range len(found.Nodes) { // longest way; a circle ends with the rounds
		changed := false
		for _, e := range found.Edges {
			if next := column[e.From] + 1; column[e.To] < next && next < len(found.Nodes) {
				column[e.To], changed = next, true
			}
		}
		if !changed {
			break
		}
	}
	rows := map[int][]string{}
	for i := range found.Nodes {
		id := found.Nodes[i].ID
		rows[column[id]] = append(rows[column[id]], id)
	}
	y := map[string]float64{}
	for c := range rows {
		for i, id := range rows[c] {
			y[id] = float64(i) - float64(len(rows[c])-1)/2
		}
	}
	near := map[string][]string{}
	for _, e := range found.Edges {
		near[e.From], near[e.To] = append(near[e.From], e.To), append(near[e.To], e.From)
	}
	order := func(c int) {
		middle := map[string]float64{}
		for _, id := range rows[c] {
			for _, other := range near[id] {
				middle[id] += y[other] / float64(len(near[id]))
			}
		}
		slices.SortStableFunc(rows[c], func(a, b string) int { return cmp.Compare(middle[a], middle[b]) })
		for i, id := range rows[c] {
			y[id] = float64(i) - float64(len(rows[c])-1)/2
		}
	}
	for range rounds {
		for c := range len(rows) {
			order(c)
		}
		for c := len(rows) - 1; c >= 0; c-- {
			order(c)
		}
	}
	places := map[string][2]int{}
	for id, c := range column {
		places[id] = [2]int{c * width, int(y[id] * height)}
	}
	for c, ids := range rows {
		for _, id := range ids {
			places[id] = [2]int{c * width, int(y[id] * height)}
		}
	}
	return places
}

// desk is what lies on the desk beside it: notes, tasks, what happened when.
func (b *demoBook) desk(ctx context.Context, d *demo) error {
	exchange := d.exchange()
	if exchange == nil {
		return goshawk.Errorf(goshawk.NotFound, "none of the demo's ransom came to an exchange")
	}
	sum := d.money(&exchange.amount)
	deposit := exchange.deposits[0]
	day, err := d.paidAt()
	if err != nil {
		return err
	}
	event := func(at time.Time, title, subject string) func() error {
		return func() error {
			return b.add(ctx, "worker", "added an event", casebook.KindEvent, "at", at.Format(time.RFC3339), "title", title, "subject", subject)
		}
	}
	task := func(who, title, text, assignee string, due int, done bool) func() error {
		return func() error {
			return b.add(ctx, who, "added a task", casebook.KindTask, "title", title, "text", text, "assignee", string(b.people[assignee].Person.ID), "due", b.day(due), "done", done)
		}
	}
	last := deposit.payments[0]
	return steps(
		event(day.Add(-31*time.Hour).Truncate(time.Hour), "The council's file server is locked", ""),
		event(day.Truncate(time.Minute), "The council pays the ransom", d.paid.Tx.String()),
		event(time.Unix(last.Time, 0).UTC().Truncate(time.Minute), "The largest payment reaches "+exchange.name, last.Tx.String()),
		task("lead", "Take the council's statement", "Who decided to pay, from which account, and what the negotiator was told.\n", "worker", -1, true),
		task("lead", "Write to "+exchange.name, "Ask who holds the accounts that were credited, and to keep and freeze what is left. The identifiers are in the trace.\n", "lead", 4, false),
		task("worker", "Compare the methods for the smaller services", "First in first out and haircut disagree on them. Say in the report by how much.\n", "worker", 7, false),
		task("lead", "Ask the laboratory for the wallet's transactions", "", "worker", 9, false),
		func() error {
			return b.add(ctx, "worker", "began a note", casebook.KindNote, "title", "What the trace says so far", "text",
				"## First in, first out\n\n"+sum+" of the ransom came to "+exchange.name+", at "+goshawk.Count(len(exchange.deposits), "address", "addresses")+". The largest sum, "+d.money(&deposit.amount)+", is at `"+deposit.address+"`.\n\n"+
					"That this address belongs to the exchange is an **inference**: no label names it, but it was emptied into the exchange. The letter has to ask about both.\n\n"+
					"## Still open\n\n- Haircut spreads small parts over many more services. No method is the legal one: the report gives the range.\n- What is not spent yet is watched.\n")
		},
		func() error {
			return b.add(ctx, "lead", "began a note", casebook.KindNote, "title", "Telephone call with the council", "text",
				"Their negotiator says that the address was shown for the council alone, and that the page vanished an hour after the payment was confirmed.\n\nAsk for the negotiator's chat, with times.\n")
		},
		func() error {
			return b.do(ctx, "lead", "wrote the summary", casebook.Set(casebook.KindCase, "case", "summary",
				"The ransom of "+d.money(&d.answer.Start[0].Amount)+" was traced by two methods. By first in, first out "+sum+" of it came to "+exchange.name+", which can say who was credited. Letters are to be written next.\n"))
		},
	)
}

// namedTime is how a brief names a time.
var namedTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`)

// paidAt is when the ransom was paid, as the brief says.
func (d *demo) paidAt() (time.Time, error) {
	at, err := time.Parse("2006-01-02 15:04 MST", namedTime.FindString(d.story))
	if err != nil {
		return at, goshawk.Errorf(goshawk.NotFound, "the brief does not say when was paid: %w", err)
	}
	return at, nil
}
