package trace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

// someStarts picks coins worth something.
func someStarts(t *testing.T, rng *rand.Rand, l goshawk.Ledger, n int) []goshawk.Outpoint {
	txs, _ := readAll(t, l)
	last := map[goshawk.Hash]*refTx{}
	for _, x := range txs {
		last[x.row.Hash] = x // of two transactions of one hash, the name means the later
	}
	var starts []goshawk.Outpoint
	for range 50 * n {
		x := last[txs[rng.IntN(len(txs))].row.Hash]
		if j := rng.IntN(len(x.outs)); x.outs[j].value > 0 && len(starts) < n {
			starts = append(starts, goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)})
		}
	}
	return starts
}

// each runs a check on random histories of every shape, with coins of real size.
func each(t *testing.T, count uint64, check func(t *testing.T, rng *rand.Rand, l goshawk.Ledger)) {
	for seed := range count {
		shape := ledgertest.Shape{Blocks: 20, Payments: 12}
		switch seed % 4 {
		case 2:
			shape.Start = 100
		case 3:
			shape.Partial = true
		}
		rng := rand.New(rand.NewPCG(seed, 9))
		check(t, rng, ledgertest.Random(seed, shape).Ledger())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func endSum(a *goshawk.Trace) (sum goshawk.Units) {
	for i := range a.Ends {
		if x := a.Ends[i].Amount; x != nil {
			sum.Add(&sum, x)
		}
	}
	return sum
}

// Whatever happens on the way, the ends sum to the starts, no end holds more
// than its coin, the totals are the ends', and the shares are their end's.
func TestConservation(t *testing.T) {
	each(t, 300, func(t *testing.T, rng *rand.Rand, l goshawk.Ledger) {
		txs, _ := readAll(t, l)
		type coin struct {
			at     goshawk.Outpoint
			height int32
		}
		value := map[coin]int64{}
		for _, x := range txs {
			for j, o := range x.outs {
				value[coin{goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)}, x.row.Height}] = o.value
			}
		}
		for _, m := range trace.Methods() {
			for _, backward := range []bool{false, true} {
				if m == trace.TIHO && backward {
					continue
				}
				q := trace.Question{Method: m, Backward: backward, ByStart: true, Starts: someStarts(t, rng, l, 1+rng.IntN(4)), Services: parties{every: 40}}
				a := ask(t, l, q)
				var starts, totals goshawk.Units
				for _, s := range a.Start {
					starts.Add(&starts, &s.Amount)
				}
				count := 0
				for _, k := range a.Totals {
					totals.Add(&totals, &k.Amount)
					count += k.Count
				}
				ends := endSum(a)
				if ends != totals || count != len(a.Ends) {
					t.Errorf("%s: totals of %s in %d ends, ends of %s in %d", m, totals.Dec(), count, ends.Dec(), len(a.Ends))
				}
				seen := map[string]bool{}
				for i, e := range inWords(a) { // heights tell transactions of one hash apart
					if key := fmt.Sprint(e.kind, e.at, a.Ends[i].Height); seen[key] {
						t.Errorf("%s: two ends %s", m, key)
					} else {
						seen[key] = true
					}
				}
				if m == trace.Poison {
					continue
				}
				if ends != starts {
					t.Errorf("%s, backward %v: starts of %s end as %s", m, backward, starts.Dec(), ends.Dec())
				}
				for _, e := range a.Ends {
					var parts goshawk.Units
					for _, s := range e.ByStart {
						parts.Add(&parts, &s.Amount)
					}
					if parts != *e.Amount {
						t.Errorf("%s: an end of %s is split into %s", m, e.Amount.Dec(), parts.Dec())
					}
					if e.Out == nil {
						continue
					}
					if v, known := value[coin{goshawk.Outpoint{Tx: e.Tx, Index: *e.Out}, e.Height}]; known && e.Amount.Gt(ptr(goshawk.U(uint64(v)))) {
						t.Errorf("%s: claims %s of a coin of %d", m, e.Amount.Dec(), v)
					}
				}
			}
		}
	})
}

// Poison reaches whatever any other method reaches.
func TestPoisonReachesAll(t *testing.T) {
	each(t, 200, func(t *testing.T, rng *rand.Rand, l goshawk.Ledger) {
		starts := someStarts(t, rng, l, 2)
		for _, backward := range []bool{false, true} {
			q := trace.Question{Method: trace.Poison, Backward: backward, Starts: starts, Flows: 100_000}
			touched := map[goshawk.Outpoint]bool{}
			for _, f := range ask(t, l, q).Flows {
				touched[goshawk.Outpoint{Tx: f.Tx, Index: f.Out}] = true
			}
			for _, m := range trace.Methods()[1:] {
				if q.Method = m; m == trace.TIHO && backward {
					continue
				}
				for _, f := range ask(t, l, q).Flows {
					if !touched[goshawk.Outpoint{Tx: f.Tx, Index: f.Out}] {
						t.Errorf("%s reaches %s:%d and poison does not", m, f.Tx, f.Out)
					}
				}
			}
		}
	})
}

// Followed backward, every unit of fifo and lifo comes back to where it was
// followed from: from a coin where some of a start came to rest, a backward trace finds
// that start with as many units.
func TestBackwardOfForward(t *testing.T) {
	checked := 0
	each(t, 200, func(t *testing.T, rng *rand.Rand, l goshawk.Ledger) {
		for _, start := range someStarts(t, rng, l, 3) {
			for _, m := range []trace.Method{trace.FIFO, trace.LIFO, trace.FIFOAge} {
				a := ask(t, l, trace.Question{Method: m, Starts: []goshawk.Outpoint{start}})
				for _, e := range a.Ends {
					if e.Kind != goshawk.EndUnspent || (goshawk.Outpoint{Tx: e.Tx, Index: *e.Out}) == start || checked > 20_000 {
						continue
					}
					back := ask(t, l, trace.Question{Method: m, Backward: true, ByStart: true, Starts: []goshawk.Outpoint{{Tx: e.Tx, Index: *e.Out}, start}})
					var came goshawk.Units
					for _, b := range back.Ends {
						if b.Kind == goshawk.EndStart && b.Tx == start.Tx && *b.Out == start.Index {
							came = *b.Amount
						}
					}
					if came != *e.Amount {
						t.Errorf("%s: %s forward, %s backward", m, e.Amount.Dec(), came.Dec())
					}
					checked++
				}
			}
		}
	})
	if checked < 500 {
		t.Errorf("only %d coins were compared", checked)
	}
}

// asBytes is an answer as it is compared to the byte.
func asBytes(t *testing.T, a *goshawk.Trace) string {
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The order and repetition of starts mean nothing, and a remote source of the
// same chain gives the same answer.
func TestWhatMeansNothing(t *testing.T) {
	each(t, 200, func(t *testing.T, rng *rand.Rand, l goshawk.Ledger) {
		starts := someStarts(t, rng, l, 5)
		for _, m := range trace.Methods() {
			q := trace.Question{Method: m, ByStart: true, Starts: starts, Backward: m != trace.TIHO && rng.IntN(2) == 0, Services: parties{every: 9}}
			want := ask(t, l, q)
			q.Starts = append(slices.Clone(starts), starts[rng.IntN(len(starts))])
			rng.Shuffle(len(q.Starts), func(i, j int) { q.Starts[i], q.Starts[j] = q.Starts[j], q.Starts[i] })
			if got := ask(t, l, q); asBytes(t, got) != asBytes(t, want) {
				t.Errorf("%s: other order of starts, other answer", m)
			}
			got := ask(t, &remote{Ledger: l}, q)
			if got.Claim == "" {
				t.Error("the remote source's claim is not stated")
			}
			got.Claim, got.Ledger = want.Claim, want.Ledger
			if asBytes(t, got) != asBytes(t, want) {
				t.Errorf("%s: the remote source's answer differs:\n%s\n%s", m, asBytes(t, got), asBytes(t, want))
			}
		}
	})
}

// Transactions that have nothing to do with the traced coins change nothing.
func TestUnrelatedTransactions(t *testing.T) {
	const story = `
		tx theft: mint 50 -> thief 50
		tx split: theft:0 -> x 30, y 19 fee 1
		%s
		tx on:    split:0 -> z 30
		%s
		tx end:   split:1, on:0 -> w 49`
	plain := ledgertest.MustChain(replaceAll(story, "", ""))
	busy := ledgertest.MustChain(replaceAll(story, `
		tx u1: mint 50 -> p 20, q 30
		tx u2: u1:0, u1:1 -> r 50
		block`, `
		tx u3: u2:0 -> x 25, z 25`))
	for _, m := range trace.Methods() {
		a := told(plain, ask(t, plain.Ledger(), trace.Question{Method: m, Starts: []goshawk.Outpoint{plain.Outpoint("theft:0")}}))
		b := told(busy, ask(t, busy.Ledger(), trace.Question{Method: m, Starts: []goshawk.Outpoint{busy.Outpoint("theft:0")}}))
		if a != b {
			t.Errorf("%s: alone\n%s\namong others\n%s", m, a, b)
		}
	}
}

func replaceAll(story string, parts ...string) string {
	for _, p := range parts {
		before, after, _ := strings.Cut(story, "%s")
		story = before + p + after
	}
	return story
}

// An interrupted trace stops at the next question to the ledger, says so, and
// still accounts for every unit.
func TestInterrupted(t *testing.T) {
	l := newFlat(30_000, 200)
	start := l.coinbase(10)
	full, err := trace.Follow(t.Context(), l, trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{start}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range trace.Methods() {
		for _, after := range []int{1, 2, 3, 20, 50} {
			l.calls = 0
			ctx, cancel := context.WithCancel(t.Context())
			late := 0
			l.onCall = func(call int) {
				if call == after {
					cancel()
				} else if call > after && ctx.Err() != nil {
					late++
				}
			}
			a, err := trace.Follow(ctx, l, trace.Question{Method: m, Starts: []goshawk.Outpoint{start}})
			l.onCall = nil
			if goshawk.CodeOf(err) != goshawk.Interrupted || !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, call %d: %v", m, after, err)
			}
			if late > 0 {
				t.Errorf("%s: %d calls after the interruption", m, late)
			}
			if after <= 2 {
				if a != nil {
					t.Errorf("%s: an answer before there was a start", m)
				}
				continue
			}
			if !a.Truncated() || a.Steps() >= full.Steps() {
				t.Errorf("%s: truncated %v after %d steps of %d", m, a.Truncated(), a.Steps(), full.Steps())
			}
			words, _ := a.Trace(ctx)
			if !words.Truncated || len(words.Ends) == 0 {
				t.Errorf("%s: the answer is not marked truncated, or empty", m)
			}
			limit := false
			for _, e := range words.Ends {
				limit = limit || e.Kind == goshawk.EndLimit && e.Note != ""
				if e.Out != nil && (e.Address == nil || *e.Address == "") {
					t.Fatalf("%s: end without an address: %+v", m, e)
				}
			}
			if sum := endSum(words); !limit || m != trace.Poison && sum != goshawk.U(50_0000_0000) {
				t.Errorf("%s: ends sum to %s, limit ends %v", m, sum.Dec(), limit)
			}
		}
	}
}

// While an answer is written down, an interruption cuts the list, not the totals.
func TestInterruptedInWords(t *testing.T) {
	l := newFlat(60_000, 200)
	r, err := trace.Follow(t.Context(), l, trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{l.coinbase(10)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.calls = 0
	l.onCall = func(call int) {
		if call == 5 {
			cancel()
		}
	}
	a, err := r.Trace(ctx)
	if goshawk.CodeOf(err) != goshawk.Interrupted || a == nil || !a.Truncated || len(a.Warnings) != 1 {
		t.Fatalf("%v, %d warnings", err, len(a.Warnings))
	}
	count := 0
	for _, k := range a.Totals {
		count += k.Count
	}
	if len(a.Ends) >= count || len(a.Ends) == 0 {
		t.Errorf("%d of %d ends listed", len(a.Ends), count)
	}
}

// Damaged ledgers are an error, never a panic and never an endless walk.
func TestDamagedLedgers(t *testing.T) {
	for name, damage := range map[string]func(*flat){
		"a spender before its coin":   func(l *flat) { l.outs[l.rows[10].FirstOutput].Spender = 3 },
		"a spender that does not fit": func(l *flat) { l.outs[l.rows[10].FirstOutput].Spender += 40 },
		"a spender beyond the ledger": func(l *flat) { l.outs[l.rows[10].FirstOutput].Spender = 1 << 40 },
		"more paid than spent":        func(l *flat) { l.outs[l.rows[l.outs[l.rows[10].FirstOutput].Spender].FirstOutput].Value = 1 << 62 },
		"values that exceed 64 bits": func(l *flat) {
			r := l.rows[l.outs[l.rows[10].FirstOutput].Spender]
			for j := r.FirstOutput; j < r.OutputEnd; j++ {
				l.outs[j].Value = 1 << 63
			}
		},
		"an input worth less than its coin": func(l *flat) {
			r := l.rows[l.outs[l.rows[10].FirstOutput].Spender]
			for i := r.FirstInput; i < r.InputEnd; i++ {
				l.ins[i].Value /= 2
			}
		},
	} {
		l := newFlat(3000, 150)
		damage(l)
		for _, m := range trace.Methods() {
			if _, err := trace.Run(t.Context(), l, trace.Question{Method: m, Starts: []goshawk.Outpoint{l.coinbase(10)}}); goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%s: %s says %v", name, m, err)
			}
		}
	}
}

// A transaction that gathers very many traced coins finds each of them.
func TestConsolidation(t *testing.T) {
	const n = 300
	text := "tx theft: mint 50 -> thief 50\ntx spread: theft:0 -> x 0.1"
	gather := "tx gather: spread:0"
	for i := 1; i < n; i++ {
		text += ", x 0.1"
		gather = fmt.Sprintf("tx gather: spread:%d, %s", i, gather[len("tx gather: "):])
	}
	h := ledgertest.MustChain(text + " fee 20\n" + gather + " -> y 29 fee 1")
	for _, m := range trace.Methods() {
		a := told(h, ask(t, h.Ledger(), trace.Question{Method: m, Starts: []goshawk.Outpoint{h.Outpoint("theft:0")}}))
		if want := "fee spread 20 hops 1\nunspent gather:0 29 hops 2\nfee gather 1 hops 2"; a != want {
			t.Errorf("%s: got\n%s\nwant\n%s", m, a, want)
		}
	}
}

// A remote ledger is asked for many transactions at a time.
func TestRemoteBatches(t *testing.T) {
	var script string
	script = "tx theft: mint 50 -> thief 50\ntx split: theft:0 -> "
	for i := range 100 {
		if i > 0 {
			script += ", "
		}
		script += "x 0.5"
	}
	script += "\n"
	for i := range 100 {
		script += replaceAll("tx a%s: split:%s -> y 0.5\n", fmt.Sprint(i), fmt.Sprint(i))
	}
	for i := range 100 {
		script += replaceAll("tx b%s: a%s:0 -> z 0.5\n", fmt.Sprint(i), fmt.Sprint(i))
	}
	h := ledgertest.MustChain(script)
	for _, m := range []trace.Method{trace.Poison, trace.Haircut} {
		r := &remote{Ledger: h.Ledger()}
		result, err := trace.Follow(t.Context(), r, trace.Question{Method: m, Starts: []goshawk.Outpoint{h.Outpoint("theft:0")}})
		if err != nil || result.Steps() != 201 {
			t.Fatal(result.Steps(), err)
		}
		if r.calls > 12 {
			t.Errorf("%s: %d calls for 201 transactions in three steps", m, r.calls)
		}
	}
}
