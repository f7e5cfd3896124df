package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/disk"
	"goshawk/report"
	"goshawk/trace"
	"goshawk/workbench"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/records"
)

// The demo's world. Its seed was chosen for a clear story: most of the ransom came
// to exchanges, and the mixing service that took a part of it has a label.
// Another version of worlds may need another: a test says so when the truth disagrees.
const (
	demoSeed  = 13
	demoEra   = 2022
	demoLevel = "basic"
	demoCrime = "ransomware"
	demoTxs   = 50_000
)

// The demo follows by FIFO, and says why.
const (
	demoMethod = trace.FIFO
	demoReason = `  By fifo (first in, first out): it says of every unit which one it was, and so leaves few accounts to
  write to; haircut spreads a little of the ransom over hundreds of strangers. No method is the legal one.`
)

// What a demo's folder holds. demoMade begins the text that marks it as one.
const (
	demoWorld  = "world"
	demoData   = "data" // of a server, with the ledger in it
	demoReport = "report.html"
	demoAnswer = "answer.txt"
	demoMade   = "'goshawk demo' made this folder, and replaces it when it is run again."
)

// demoLedgerName is what a demo's ledger is called in its server.
const demoLedgerName = "made-up-world"

// demoLedger is where a demo's ledger is: where its server finds it.
func demoLedger(folder string) string {
	return filepath.Join(folder, demoData, workbench.LedgerFolder, demoLedgerName)
}

// runDemo makes a world, and works its case as an officer would: from the papers
// to the exchange that can answer. The truth is looked at last, and only to say
// whether the answer is right.
func runDemo(ctx context.Context, t *terminal, c *command) error {
	out := c.String("out", "goshawk-demo", "`DIR` for world, ledger, report and a server's data; what an earlier demo left there is replaced")
	serve := c.Bool("serve", false, "then serve the case in a browser, to this machine only, until interrupted; nobody needs a password")
	listen := c.String("listen", "127.0.0.1:8080", "`HOST:PORT` of this machine to serve at; port 0 takes a free one")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if err := checkLoopback(*listen); err != nil {
		return err
	}
	if *out == "" {
		return badUsage("say where to write: --out DIR")
	}
	old, err := isDemo(*out)
	if err != nil {
		return err
	}
	var d *demo
	var text string
	err = beside(*out, func(folder string) (err error) {
		if d, err = playDemo(ctx, c, folder); err != nil {
			return err
		}
		text = d.text()
		if err := d.write(folder, text); err != nil {
			return err
		}
		if err := d.furnish(ctx, folder, time.Now()); err != nil {
			return err
		}
		if old {
			return os.RemoveAll(*out)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(t.out, text); err != nil {
		return err
	}
	ledger := demoLedger(*out)
	c.say("\nThe report: %s\nGo on with it:\n  goshawk trace --ledger %s --labels %s --from %v --compare\n  goshawk show --ledger %s %s\n  goshawk world solve %s",
		filepath.Join(*out, demoReport), ledger, filepath.Join(*out, demoWorld, "public", "labels"), d.paid, ledger, d.answer.Start[0].Address, filepath.Join(*out, demoWorld))
	if !*serve {
		c.say("Work on it in a browser, as people who need no password: goshawk demo --serve")
		return nil
	}
	c.say("")
	return serveDemo(ctx, t, *out, *listen)
}

// isDemo says whether a folder is there that a demo made. Anything else that is
// there is refused, and so is such a folder with something added.
func isDemo(folder string) (bool, error) {
	if _, err := os.Lstat(folder); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	entries, err := os.ReadDir(folder)
	text, rerr := os.ReadFile(filepath.Join(folder, demoAnswer))
	foreign := slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return !slices.Contains([]string{demoWorld, demoData, demoReport, demoAnswer}, e.Name())
	})
	if err != nil || rerr != nil || foreign || !bytes.HasPrefix(text, []byte(demoMade)) {
		return false, goshawk.Errorf(goshawk.Conflict, "%s is there, and not just as a demo left it", folder).
			WithHint("name a new folder (--out DIR); nothing is overwritten that a demo did not make")
	}
	return true, unserved(filepath.Join(folder, demoData))
}

// unserved refuses to replace a data folder that a server runs on.
func unserved(data string) error {
	dir, err := disk.Open(data)
	if err != nil {
		return nil //nolint:nilerr // there is none
	}
	lock, err := dir.Lock(serveLock)
	if errors.Is(err, disk.ErrLocked) {
		return goshawk.Errorf(goshawk.Locked, "a server runs on %s", data).WithHint("end it first, or name a new folder (--out DIR)")
	} else if err != nil {
		return err
	}
	return lock.Close()
}

// demo is what was asked in a world, and what came out.
type demo struct {
	figures world.Figures
	story   string           // what the brief says of the payment
	paid    goshawk.Outpoint // the ransom
	answer  *goshawk.Trace   //
	holders []*holder        // services that it came to, the largest sum first
	key     *crime.Answer    // the truth
}

// holder is a service that a part of the ransom came to.
type holder struct {
	name     string
	concepts []string // of its labels
	amount   goshawk.Units
	payments int
	deposits []*deposit // the largest sum first
}

// deposit is what came to one address of a service.
type deposit struct {
	address  string
	amount   goshawk.Units
	payments []*goshawk.End // the largest first
	sweeps   []goshawk.Hash // that emptied an address without a label into the service
}

// playDemo makes the world and answers.
func playDemo(ctx context.Context, c *command, folder string) (d *demo, err error) {
	bar := newBar(c)
	defer bar.clear()
	scenarios, err := crime.New([]string{demoCrime}, demoLevel)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(folder, demoWorld)
	spec := world.Spec{Seed: demoSeed, Era: demoEra, Level: demoLevel, Txs: demoTxs, Scenarios: scenarios, Observer: records.New()}
	m, err := world.Build(ctx, spec, passing(dir), func(done, total int) {
		bar.update(float64(done)/float64(total), "making a world: "+goshawk.Count(done, "transaction", "transactions"))
	})
	if err != nil {
		return nil, err
	}
	bar.update(-1, "reading its blocks into a ledger")
	r, err := ingestWorld(ctx, dir, demoLedger(folder), m.Network)
	if err != nil {
		return nil, err
	}
	ch := &chain{Chain: &workbench.Chain{Ledger: r, Local: r}, close: r.Close}
	defer func() { err = errors.Join(err, ch.close()) }()
	if ch.Params, err = bitcoin.Lookup(m.Network); err != nil {
		return nil, err
	}
	if ch.Known, err = r.Head(ctx); err != nil {
		return nil, err
	}
	bar.update(-1, "following the ransom")
	d = &demo{figures: m.Figures}
	if err := d.follow(ctx, ch, filepath.Join(dir, "public")); err != nil {
		return nil, err
	}
	d.key, err = answerKey(dir, demoCrime)
	return d, err
}

// namedPayment is how a brief names a payment.
var namedPayment = regexp.MustCompile("transaction `([0-9a-f]{64})`, output ([0-9]+)")

// follow reads the brief and the labels, and traces what the victim paid. It is
// handed public/ and the chain, and nothing else.
func (d *demo) follow(ctx context.Context, ch *chain, public string) error {
	brief, err := os.ReadFile(filepath.Join(public, demoCrime, "brief.md"))
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "the brief cannot be read: %w", err)
	}
	named := namedPayment.FindSubmatch(brief)
	if named == nil {
		return goshawk.Errorf(goshawk.NotFound, "the brief names no payment")
	}
	for _, paragraph := range strings.Split(string(brief), "\n\n") {
		if strings.Contains(paragraph, string(named[0])) {
			d.story = strings.ReplaceAll(paragraph, "`", "")
		}
	}
	if d.paid, err = goshawk.ParseOutpoint(string(named[1]) + ":" + string(named[2])); err != nil {
		return err
	}
	set, err := worldLabels(ctx, os.DirFS(public))
	if err != nil {
		return err
	}
	const confidence = 50
	services, err := workbench.NewServices(ctx, ch.Chain, set, confidence, false)
	if err != nil {
		return err
	}
	d.answer, err = trace.Run(ctx, ch, trace.Question{Method: demoMethod, Starts: []goshawk.Outpoint{d.paid}, Services: services, StopConfidence: confidence,
		ServicesBy: "address", CoinJoin: workbench.IsCoinJoin, CoinJoinRule: workbench.CoinJoinRule(), Labels: set.Sources(), Flows: 2000})
	if err != nil {
		return err
	}
	workbench.LabelEnds(set, d.answer)
	d.holders = holders(d.answer)
	return nil
}

// holders gathers a trace's ends at services.
func holders(t *goshawk.Trace) []*holder {
	var list []*holder
	of := map[string]*holder{}
	at := map[string]*deposit{}
	for i := range t.Ends {
		e := &t.Ends[i]
		if e.Kind != goshawk.EndService || e.Label == nil || e.Address == nil || e.Out == nil || e.Amount == nil {
			continue
		}
		h := of[e.Label.Party()]
		if h == nil {
			h = &holder{name: e.Label.Text}
			of[e.Label.Party()] = h
			list = append(list, h)
		}
		d := at[*e.Address]
		if d == nil {
			d = &deposit{address: *e.Address}
			at[*e.Address] = d
			h.deposits = append(h.deposits, d)
		}
		h.concepts = append(h.concepts, e.Label.Concepts...)
		h.payments++
		h.amount.Add(&h.amount, e.Amount)
		d.payments = append(d.payments, e)
		d.amount.Add(&d.amount, e.Amount)
		if e.Sweep != nil && !slices.Contains(d.sweeps, *e.Sweep) {
			d.sweeps = append(d.sweeps, *e.Sweep)
		}
	}
	for _, h := range list {
		slices.SortStableFunc(h.deposits, func(a, b *deposit) int { return b.amount.Cmp(&a.amount) })
		for _, d := range h.deposits {
			slices.SortStableFunc(d.payments, func(a, b *goshawk.End) int { return b.Amount.Cmp(a.Amount) })
		}
	}
	slices.SortStableFunc(list, func(a, b *holder) int { return cmp.Or(b.amount.Cmp(&a.amount), cmp.Compare(a.name, b.name)) })
	return list
}

// exchange is the one that got most; nil where none got anything.
func (d *demo) exchange() *holder {
	for _, h := range d.holders {
		if slices.Contains(h.concepts, "exchange") {
			return h
		}
	}
	return nil
}

// text is the answer for people.
func (d *demo) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A made-up world of %d: %s in %s, ingested with every index. Its papers describe a crime.\n", demoEra,
		goshawk.Count(d.figures.Transactions, "transaction", "transactions"), goshawk.Count(d.figures.Blocks, "block", "blocks"))
	fmt.Fprintf(&b, "\nTHE CASE, from public/%s/brief.md\n  %s\n", demoCrime, folded(d.story))
	fmt.Fprintf(&b, "\nWHERE THE RANSOM IS\n%s\n", demoReason)
	d.places(&b)
	d.nextStep(&b)
	fmt.Fprintf(&b, "\nThe world's own truth says: %s\n", d.verdict())
	return b.String()
}

// folded breaks a paragraph into lines that a terminal holds.
func folded(paragraph string) string {
	const width = 96
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(paragraph) {
		if column > 0 && column+1+len(word) > width {
			b.WriteString("\n  ")
			column = 0
		}
		if column > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// places lists where the ransom is, the largest sum first, fees last.
func (d *demo) places(b *strings.Builder) {
	row := func(name string, amount *goshawk.Units, count int, what string) {
		fmt.Fprintf(b, "    %-20s %s  %s\n", name, d.money(amount), goshawk.Count(count, what, what+"s"))
	}
	for _, h := range d.holders {
		name := h.name
		if slices.Contains(h.concepts, "mixing_service") {
			name += " (mixer)"
		}
		row(name, &h.amount, h.payments, "payment")
	}
	for i := range d.answer.Totals {
		total := &d.answer.Totals[i]
		if total.Kind != goshawk.EndService && total.Count > 0 {
			row(restingWords(total.Kind), &total.Amount, total.Count, "end")
		}
	}
}

// restingWords says where value is that came to no service.
func restingWords(kind goshawk.EndKind) string {
	switch kind {
	case goshawk.EndUnspent:
		return "not spent yet"
	case goshawk.EndCoinJoin:
		return "in CoinJoins"
	case goshawk.EndFee:
		return "fees"
	default:
		return string(kind)
	}
}

func (d *demo) money(u *goshawk.Units) string { return d.answer.Asset.Format(*u) }

// nextStep says whom to write to, and what to ask for.
func (d *demo) nextStep(b *strings.Builder) {
	b.WriteString("\nTHE NEXT STEP\n")
	h := d.exchange()
	if h == nil {
		b.WriteString("  No exchange got any of it: there is nobody to write to yet.\n")
		return
	}
	const addresses, payments = 2, 3 // that are shown
	fmt.Fprintf(b, "  Write to %s. Ask who has the accounts that were credited, to preserve the records, and to freeze\n  what is left of %s.\n", h.name, d.money(&h.amount))
	others := h.payments
	for _, x := range h.deposits[:min(len(h.deposits), addresses)] {
		fmt.Fprintf(b, "\n    deposit address %s, %s\n", x.address, d.money(&x.amount))
		if len(x.sweeps) > 0 {
			fmt.Fprintf(b, "      An inference: no label names it. Transaction %v\n      emptied it into %s: that, or what came here, is the deposit. Ask about both.\n", x.sweeps[0], h.name)
		}
		for _, e := range x.payments[:min(len(x.payments), payments)] {
			others--
			fmt.Fprintf(b, "      %s on %s, block %s\n        transaction %v, output %d\n", d.money(e.Amount),
				time.Unix(e.Time, 0).UTC().Format("2006-01-02 15:04:05 UTC"), goshawk.Group(strconv.Itoa(int(e.Height))), e.Tx, *e.Out)
		}
	}
	if others > 0 {
		fmt.Fprintf(b, "\n    The report lists %s more there, and what to ask the other services.\n", goshawk.Count(others, "payment", "payments"))
	}
}

// verdict holds the answer against the truth.
func (d *demo) verdict() string {
	h := d.exchange()
	if h == nil || d.key == nil {
		return "nothing, since no exchange was named."
	}
	var own, others goshawk.Units
	var names []string
	for _, x := range h.deposits {
		for _, e := range x.payments {
			end := d.credited(e, h.name)
			if end == nil {
				others.Add(&others, e.Amount)
				continue
			}
			own.Add(&own, e.Amount)
			if !slices.Contains(names, end.Holder) {
				names = append(names, end.Holder)
			}
		}
	}
	switch {
	case own.IsZero():
		return "wrong. None of it went to an account of the criminals at " + h.name + "."
	case others.IsZero():
		return fmt.Sprintf("right. All of it went to the criminals' own account at %s, in the name of %s.", h.name, strings.Join(names, " and "))
	}
	right := "right"
	if others.Gt(&own) {
		right = "right for the smaller part"
	}
	return fmt.Sprintf("%s. Of the %s at %s, %s\nwent to the criminals' own account, in the name of %s. The rest had been paid to other people before, who deposited it.",
		right, d.money(&h.amount), h.name, d.money(&own), strings.Join(names, " and "))
}

// credited finds the end of the answer key that a payment led to, if it is in an
// account of the criminals.
func (d *demo) credited(e *goshawk.End, service string) *crime.End {
	i := slices.IndexFunc(d.key.Ends, func(k crime.End) bool {
		paid := k.Tx == e.Tx && k.Out == *e.Out || e.Sweep != nil && k.Tx == *e.Sweep
		return paid && k.Own && k.Service == service
	})
	if i < 0 {
		return nil
	}
	return &d.key.Ends[i]
}

// write puts report and answer into the demo's folder.
func (d *demo) write(folder, text string) error {
	var page bytes.Buffer
	if err := report.TraceHTML(&page, d.answer); err != nil {
		return err
	}
	for name, data := range map[string][]byte{demoReport: page.Bytes(), demoAnswer: []byte(demoMade + "\n\n" + text)} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return unwritten(name, err)
		}
	}
	return nil
}
