package trace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

// labelled is a set of labelled addresses, by the words of a script.
type labelled struct {
	h     *ledgertest.History
	l     goshawk.Ledger
	names map[goshawk.AddressID]string
	party map[goshawk.AddressID]trace.Party
	asked int
}

// label reads "exchange = kraken1 kraken2; gang = -mallory": a service's
// addresses, and with a dash those labelled as no service.
func label(t *testing.T, h *ledgertest.History, text string) *labelled {
	s := &labelled{h: h, l: h.Ledger(), names: map[goshawk.AddressID]string{}, party: map[goshawk.AddressID]trace.Party{}}
	for n, line := range strings.Split(text, ";") {
		name, words, _ := strings.Cut(line, "=")
		for _, word := range strings.Fields(words) {
			bare, other := strings.CutPrefix(word, "-")
			f, err := s.l.Find(t.Context(), goshawk.Names{Addresses: []string{h.Address(bare)}})
			if err != nil {
				t.Fatal(err)
			}
			s.names[f.Addresses[0]], s.party[f.Addresses[0]] = strings.TrimSpace(name), trace.Party(n)
			if other {
				s.party[f.Addresses[0]] = trace.NoService
			}
		}
	}
	return s
}

func (s *labelled) Party(a goshawk.AddressID) trace.Party {
	s.asked++
	if p, ok := s.party[a]; ok {
		return p
	}
	return trace.Unlabelled
}

func (s *labelled) Label(a goshawk.AddressID) *goshawk.Label {
	return &goshawk.Label{Text: s.names[a], Source: "list"}
}

// told writes ends as an investigator would: kind, coin, amount, hops.
func told(h *ledgertest.History, a *goshawk.Trace) string {
	var lines []string
	for _, e := range a.Ends {
		amount := "?"
		if e.Amount != nil {
			amount = strings.TrimSuffix(strings.TrimRight(a.Asset.Decimal(*e.Amount), "0"), ".")
		}
		at := h.Name(e.Tx)
		if len(at) == 64 {
			at = "outside"
		}
		if e.Out != nil {
			at = fmt.Sprintf("%s:%d", at, *e.Out)
		}
		line := fmt.Sprintf("%s %s %s hops %d", e.Kind, at, amount, e.Hops)
		if e.Label != nil {
			line += " at " + e.Label.Text
		}
		if e.Sweep != nil {
			line += " swept by " + h.Name(*e.Sweep)
		}
		if e.Candidates > 0 {
			line += fmt.Sprintf(" candidates %d", e.Candidates)
		}
		if e.Note != "" {
			line += " (" + e.Note + ")"
		}
		for _, s := range e.ByStart {
			line += fmt.Sprintf(" [%d: %s]", s.Start, strings.TrimSuffix(strings.TrimRight(a.Asset.Decimal(s.Amount), "0"), "."))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// lines trims a written block of lines.
func lines(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

const mixedPot = `
	tx theft: mint 50 -> thief 50
	tx clean: mint 50 -> alice 50
	tx pot:   clean:0, theft:0 -> bob 30, carol 60 fee 10
`

const cashOut = `
	tx theft:   mint 50 -> thief 50
	tx split:   theft:0 -> deposit 20, kraken 10, thief2 20
	tx sweep:   split:0 -> kraken 19.99, kraken2 .005 fee .005
	tx payment: split:2 -> shop 20
`

func TestWorkedExamples(t *testing.T) {
	one, two := 1, 2
	least := goshawk.U(15_0000_0000)
	isMix := func(h *ledgertest.History) func(*goshawk.Transactions, int) bool {
		return func(b *goshawk.Transactions, r int) bool { return b.Rows[r].Weight == 777 }
	}
	const mix = `
		tx theft: mint 50 -> thief 50
		tx other: mint 50 -> alice 50
		tx move:  theft:0 -> thief2 50
		tx join weight=777: other:0, move:0 -> a 40, b 40, c 20
		tx after: join:1 -> shop 40
	`
	const late = `
		start 100
		tx now: mint 50 -> thief 50
		tx pay: now:0, before old 10 90, before older 10 80 -> x 15, y 55
	`
	for _, c := range []struct {
		name   string
		script string
		from   string
		q      trace.Question
		labels string
		mix    bool
		want   string
	}{
		{"poison touches everything that a stolen coin is spent with", mixedPot, "theft:0", trace.Question{Method: trace.Poison}, "", false, `
			unspent pot:0 30 hops 1
			unspent pot:1 60 hops 1
			fee pot 10 hops 1`},
		{"haircut takes the same part of every output and of the fee", mixedPot, "theft:0", trace.Question{Method: trace.Haircut}, "", false, `
			unspent pot:0 15 hops 1
			unspent pot:1 30 hops 1
			fee pot 5 hops 1`},
		{"fifo: the clean coin went in first, so it pays bob and half of carol", mixedPot, "theft:0", trace.Question{Method: trace.FIFO}, "", false, `
			unspent pot:1 40 hops 1
			fee pot 10 hops 1`},
		{"lifo: the stolen coin went in last, so it pays bob first; the fee is the oldest money", mixedPot, "theft:0", trace.Question{Method: trace.LIFO}, "", false, `
			unspent pot:0 30 hops 1
			unspent pot:1 20 hops 1`},
		{"fifo-age: the stolen coin is older, whatever the wallet's order", mixedPot, "theft:0", trace.Question{Method: trace.FIFOAge}, "", false, `
			unspent pot:0 30 hops 1
			unspent pot:1 20 hops 1`},
		{"tiho: the largest output is filled first", mixedPot, "theft:0", trace.Question{Method: trace.TIHO}, "", false, `
			unspent pot:1 50 hops 1`},
		{"haircut's odd units go to the largest remainders, ties to the earlier output", `
			tx theft: mint 10sat -> thief 5sat, friend 5sat
			tx pay:   theft:0, theft:1 -> a 3sat, b 3sat, c 3sat fee 1sat`,
			"theft:0", trace.Question{Method: trace.Haircut}, "", false, `
			unspent pay:0 0.00000002 hops 1
			unspent pay:1 0.00000002 hops 1
			unspent pay:2 0.00000001 hops 1`},
		{"two starts, one of them on the other's way: nothing is claimed twice", `
			tx theft: mint 50 -> thief 50
			tx move:  theft:0 -> thief2 30, friend 20
			tx spend: move:0 -> shop 30`,
			"move:0 theft:0", trace.Question{Method: trace.FIFO, ByStart: true}, "", false, `
			start move:0 30 hops 1 [0: 30]
			unspent move:1 20 hops 1 [0: 20]
			unspent spend:0 30 hops 1 [1: 30]`},
		{"haircut splits what two starts paid in by what each paid in", mixedPot, "theft:0 clean:0", trace.Question{Method: trace.Haircut, ByStart: true}, "", false, `
			unspent pot:0 30 hops 1 [0: 15] [1: 15]
			unspent pot:1 60 hops 1 [0: 30] [1: 30]
			fee pot 10 hops 1 [0: 5] [1: 5]`},
		{"a trace stops at an exchange, and at its customer's deposit address", cashOut, "theft:0", trace.Question{Method: trace.FIFO},
			"Kraken = kraken kraken2", false, `
			service split:0 20 hops 1 at Kraken swept by sweep
			service split:1 10 hops 1 at Kraken
			unspent payment:0 20 hops 2`},
		{"who pays two services is no customer's deposit address", cashOut, "theft:0", trace.Question{Method: trace.FIFO},
			"Kraken = kraken; Mixer = kraken2", false, `
			service split:1 10 hops 1 at Kraken
			service sweep:0 19.99 hops 2 at Kraken
			service sweep:1 0.005 hops 2 at Mixer
			fee sweep 0.005 hops 2
			unspent payment:0 20 hops 2`},
		{"an address labelled as somebody's own is no customer's deposit address", cashOut, "theft:0", trace.Question{Method: trace.FIFO},
			"Kraken = kraken kraken2; gang = -deposit", false, `
			service split:1 10 hops 1 at Kraken
			service sweep:0 19.99 hops 2 at Kraken
			service sweep:1 0.005 hops 2 at Kraken
			fee sweep 0.005 hops 2
			unspent payment:0 20 hops 2`},
		{"no stop applies to a start's own coin", cashOut, "split:0", trace.Question{Method: trace.FIFO},
			"Kraken = kraken kraken2 deposit", false, `
			service sweep:0 19.99 hops 1 at Kraken
			service sweep:1 0.005 hops 1 at Kraken
			fee sweep 0.005 hops 1`},
		{"a limit of hops: what rests before it is unspent, what moves on ends", cashOut, "theft:0", trace.Question{Method: trace.FIFO, MaxHops: &one}, "", false, `
			limit split:0 20 hops 1 (at the limit of hops)
			unspent split:1 10 hops 1
			limit split:2 20 hops 1 (at the limit of hops)`},
		{"a sweep within a limit's last hop is still seen", cashOut, "theft:0", trace.Question{Method: trace.FIFO, MaxHops: &one}, "Kraken = kraken kraken2", false, `
			service split:0 20 hops 1 at Kraken swept by sweep
			service split:1 10 hops 1 at Kraken
			limit split:2 20 hops 1 (at the limit of hops)`},
		{"a least amount", mixedPot + "tx on: pot:0 -> dora 30\n tx go: pot:1 -> ella 60", "theft:0", trace.Question{Method: trace.Haircut, MinAmount: &least, MaxHops: &two}, "", false, `
			fee pot 5 hops 1
			unspent on:0 15 hops 2
			unspent go:0 30 hops 2`},
		{"a coin below the least amount ends where it is spent", cashOut, "theft:0", trace.Question{Method: trace.FIFO, MinAmount: ptr(goshawk.U(20_0000_0001))}, "", false, `
			limit split:0 20 hops 1 (below the least amount)
			unspent split:1 10 hops 1
			limit split:2 20 hops 1 (below the least amount)`},
		{"later spends are not walked", `
			tx theft: mint 50 -> thief 50
			block time=2024-05-01
			tx a: theft:0 -> x 50
			block time=2024-05-02
			tx b: a:0 -> y 50`,
			"theft:0", trace.Question{Method: trace.FIFO, Until: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}, "", false, `
			limit a:0 50 hops 1 (spent after the time limit)`},
		{"money sent to nobody", `
			tx theft: mint 50 -> thief 50
			tx burn: theft:0 -> data "bye" 1, x 49`,
			"theft:0", trace.Question{Method: trace.FIFO}, "", false, `
			burnt burn:0 1 hops 1
			unspent burn:1 49 hops 1`},
		{"a CoinJoin stops a trace, and says how many coins could be its continuation", mix, "theft:0", trace.Question{Method: trace.Haircut}, "", true, `
			coinjoin move:0 50 hops 1 candidates 3`},
		{"through a CoinJoin every end states the candidates", mix, "theft:0", trace.Question{Method: trace.Haircut, ThroughCoinJoin: true}, "", true, `
			unspent join:0 20 hops 2 candidates 3
			unspent join:2 10 hops 2 candidates 3
			unspent after:0 20 hops 3 candidates 3`},
		{"through two CoinJoins the larger number of candidates counts", strings.Replace(mix, "tx after: join:1 -> shop 40", "tx again weight=777: join:0, join:1 -> p 40, q 40", 1),
			"theft:0", trace.Question{Method: trace.FIFO, ThroughCoinJoin: true}, "", true, `
			unspent join:2 20 hops 2 candidates 3
			unspent again:1 30 hops 3 candidates 3`},
		{"backward, a coin made by a CoinJoin ends there", mix, "after:0", trace.Question{Method: trace.FIFO, Backward: true}, "", true, `
			coinjoin join:1 40 hops 1 candidates 2`},
		{"where an input is unknown, only poison goes on", `
			partial
			block 10
			tx theft: mint 50 -> thief 50
			block 11
			tx pay: theft:0, unresolved -> x 30, y 30`,
			"theft:0", trace.Question{Method: trace.FIFO}, "", false, `
			unresolved theft:0 50 hops 0 (the transaction that spends it has an input that the ledger cannot resolve)`},
		{"poison goes on, and cannot say the fee", `
			partial
			block 10
			tx theft: mint 50 -> thief 50
			block 11
			tx pay: theft:0, unresolved -> x 30, y 30`,
			"theft:0", trace.Question{Method: trace.Poison}, "", false, `
			unspent pay:0 30 hops 1
			unspent pay:1 30 hops 1
			fee pay ? hops 1`},
		{"fifo-age puts coins from before the ledger's start first, by height", late, "now:0", trace.Question{Method: trace.FIFOAge}, "", false, `
			unspent pay:1 50 hops 1`},
		{"fifo-age cannot order two old coins of one height", strings.Replace(late, "10 80", "10 90", 1), "now:0", trace.Question{Method: trace.FIFOAge}, "", false, `
			unresolved now:0 50 hops 0 (the order of age of the coins spent with it is not known)`},
		{"fifo-age needs every age", strings.Replace(late, "10 80", "10", 1), "now:0", trace.Question{Method: trace.FIFOAge}, "", false, `
			unresolved now:0 50 hops 0 (the order of age of the coins spent with it is not known)`},
		{"backward by haircut: the claim falls on the inputs by value, the fee's units on nobody", mixedPot, "pot:1", trace.Question{Method: trace.Haircut, Backward: true}, "", false, `
			origin theft:0 30 hops 1
			origin clean:0 30 hops 1`},
		{"backward by fifo: carol was paid 20 clean and 40 stolen", mixedPot, "pot:1", trace.Question{Method: trace.FIFO, Backward: true}, "", false, `
			origin theft:0 40 hops 1
			origin clean:0 20 hops 1`},
		{"backward by lifo", mixedPot, "pot:1", trace.Question{Method: trace.LIFO, Backward: true}, "", false, `
			origin theft:0 20 hops 1
			origin clean:0 40 hops 1`},
		{"backward by poison: both coins, wholly", mixedPot, "pot:1", trace.Question{Method: trace.Poison, Backward: true}, "", false, `
			origin theft:0 50 hops 1
			origin clean:0 50 hops 1`},
		{"backward beyond the ledger's start", late, "pay:1", trace.Question{Method: trace.FIFO, Backward: true}, "", false, `
			unresolved outside:2 10 hops 1 (created before the ledger's first block)
			unresolved outside:1 10 hops 1 (created before the ledger's first block)
			origin now:0 35 hops 1`},
		{"poison backward names inputs that nobody knows", `
			partial
			block 10
			tx theft: mint 50 -> thief 50
			block 11
			tx pay: theft:0, unresolved -> x 30, y 30`,
			"pay:0", trace.Question{Method: trace.Poison, Backward: true}, "", false, `
			unresolved outside:1 ? hops 1 (the ledger cannot resolve this input)
			origin theft:0 50 hops 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := ledgertest.MustChain(c.script)
			for _, start := range strings.Fields(c.from) {
				c.q.Starts = append(c.q.Starts, h.Outpoint(start))
			}
			if c.labels != "" {
				c.q.Services = label(t, h, c.labels)
			}
			if c.mix {
				c.q.CoinJoin = isMix(h)
			}
			for name, l := range map[string]goshawk.Ledger{"embedded": h.Ledger(), "remote": &remote{Ledger: h.Ledger()}} {
				if got := told(h, ask(t, l, c.q)); got != lines(c.want) {
					t.Errorf("%s ledger, got\n%s\nwant\n%s", name, got, lines(c.want))
				}
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestRefusals(t *testing.T) {
	h := ledgertest.MustChain(`
		tx theft: mint 50 -> thief 50, data "x"
	`)
	start := []goshawk.Outpoint{h.Outpoint("theft:0")}
	for name, c := range map[string]struct {
		q    trace.Question
		code goshawk.Code
		says string
	}{
		"no method":         {trace.Question{Starts: start}, goshawk.Invalid, "method"},
		"no start":          {trace.Question{Method: trace.FIFO}, goshawk.Invalid, "start"},
		"tiho backward":     {trace.Question{Method: trace.TIHO, Backward: true, Starts: start}, goshawk.Unsupported, "tiho"},
		"negative hops":     {trace.Question{Method: trace.FIFO, Starts: start, MaxHops: ptr(-1)}, goshawk.Invalid, "hops"},
		"unknown tx":        {trace.Question{Method: trace.FIFO, Starts: []goshawk.Outpoint{{Tx: goshawk.Hash{1}}}}, goshawk.NotFound, "no transaction"},
		"unknown output":    {trace.Question{Method: trace.FIFO, Starts: []goshawk.Outpoint{h.Outpoint("theft:2")}}, goshawk.Invalid, "no output 2"},
		"worthless output":  {trace.Question{Method: trace.FIFO, Starts: []goshawk.Outpoint{h.Outpoint("theft:1")}}, goshawk.Invalid, "worth nothing"},
		"misspelled method": {trace.Question{Method: "hair-cut", Starts: start}, goshawk.Invalid, "hair-cut"},
	} {
		a, err := trace.Run(t.Context(), h.Ledger(), c.q)
		if a != nil || goshawk.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %s about %q", name, err, c.code, c.says)
		}
		if goshawk.HintOf(err) == "" {
			t.Errorf("%s: the error does not say what to do", name)
		}
	}
}

func TestAnswerNamesItsQuestion(t *testing.T) {
	h := ledgertest.MustChain(cashOut)
	least := goshawk.U(1)
	q := trace.Question{Method: trace.LIFO, Starts: []goshawk.Outpoint{h.Outpoint("theft:0")}, MaxHops: ptr(9), MinAmount: &least,
		Until: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), StopConfidence: 50, ServicesBy: "cluster", CoinJoinRule: "mix/1",
		Labels: []goshawk.LabelSource{{Source: "list", Hash: "00"}}}
	a := ask(t, h.Ledger(), q)
	want := goshawk.TraceParameters{StopConfidence: 50, MaxHops: ptr(9), MinAmount: &least, Until: "2030-01-01T00:00:00Z", Services: "cluster", CoinJoinRule: "mix/1"}
	got := a.Parameters
	if *got.MaxHops != *want.MaxHops || *got.MinAmount != *want.MinAmount {
		t.Errorf("limits %v %v", *got.MaxHops, *got.MinAmount)
	}
	got.MaxHops, got.MinAmount, want.MaxHops, want.MinAmount = nil, nil, nil, nil
	if got != want {
		t.Errorf("parameters %+v, want %+v", got, want)
	}
	if a.Version != goshawk.Version || a.Network != "test" || a.Method != "lifo" || a.Direction != "forward" || a.Truncated || len(a.Labels) != 1 {
		t.Errorf("answer %+v", a)
	}
	if len(a.Start) != 1 || a.Start[0].Address != h.Address("thief") || a.Start[0].Amount != goshawk.U(50_0000_0000) {
		t.Errorf("start %+v", a.Start)
	}
	var flows []string
	for _, f := range a.Flows {
		next := "rests"
		if f.Spender != nil {
			next = "to " + h.Name(*f.Spender)
		}
		flows = append(flows, fmt.Sprintf("%s:%d %s", h.Name(f.Tx), f.Out, next))
	}
	wantFlows := []string{"theft:0 to split", "split:1 rests", "split:0 to sweep", "sweep:0 rests", "sweep:1 rests", "split:2 to payment", "payment:0 rests"}
	if !slices.Equal(flows, wantFlows) {
		t.Errorf("flows %q, want %q", flows, wantFlows)
	}
	q.Flows = 3
	if a := ask(t, h.Ledger(), q); len(a.Flows) != 3 || a.FlowsCut != 4 {
		t.Errorf("%d flows, %d omitted; want 3 and 4", len(a.Flows), a.FlowsCut)
	}
}
