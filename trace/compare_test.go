package trace_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

func TestCompare(t *testing.T) {
	h := ledgertest.MustChain(mixedPot)
	q := trace.Question{Starts: []goshawk.Outpoint{h.Outpoint("theft:0")}}
	c, err := trace.Compare(t.Context(), h.Ledger(), q, trace.Methods())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range c.Ends {
		line := fmt.Sprintf("%s %s", e.Kind, h.Name(e.Tx))
		if e.Out != nil {
			line += fmt.Sprintf(":%d", *e.Out)
		}
		for _, a := range e.Amounts {
			if a == nil {
				line += " -"
			} else {
				line += " " + strings.TrimSuffix(c.Traces[0].Asset.Decimal(*a), ".00000000")
			}
		}
		got = append(got, fmt.Sprintf("%s, %s to %s", line, e.Least.Dec(), e.Most.Dec()))
	}
	want := []string{ //  poison haircut fifo lifo fifo-age tiho
		"unspent pot:0 30 15 - 30 30 -, 0 to 3000000000",
		"unspent pot:1 60 30 40 20 20 50, 2000000000 to 5000000000",
		"fee pot 10 5 10 - - -, 0 to 1000000000",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, m := range trace.Methods() {
		q.Method = m
		if asBytes(t, c.Traces[i]) != asBytes(t, ask(t, h.Ledger(), q)) {
			t.Errorf("%s answers differently in a comparison", m)
		}
	}
	q.Backward = true
	if _, err := trace.Compare(t.Context(), h.Ledger(), q, trace.Methods()); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("tiho backward: %v", err)
	}
	if _, err := trace.Compare(t.Context(), h.Ledger(), q, nil); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("no methods: %v", err)
	}
}

// Where an input is unresolved only poison goes on, or backward even there: of what
// it alone reaches nothing is claimed, and an amount that it cannot say is told from
// one that it does not reach.
func TestCompareUnresolved(t *testing.T) {
	h := ledgertest.MustChain(`
		partial
		tx theft: mint 50 -> thief 50
		tx pay: theft:0, unresolved -> x 30, y 30
	`)
	for _, x := range []struct {
		from     string
		backward bool
		want     []string // haircut, poison, fifo
	}{
		{"theft:0", false, []string{
			"unresolved [5000000000 nil 5000000000] [] 5000000000 5000000000",
			"unspent [nil 3000000000 nil] [] nil nil",
			"unspent [nil 3000000000 nil] [] nil nil",
			"fee [nil nil nil] [false true false] nil nil"}},
		{"pay:0", true, []string{
			"unresolved [nil nil nil] [false true false] nil nil",
			"origin [nil 5000000000 nil] [] nil nil",
			"unresolved [3000000000 nil 3000000000] [] 3000000000 3000000000"}},
	} {
		c, err := trace.Compare(t.Context(), h.Ledger(), trace.Question{Starts: []goshawk.Outpoint{h.Outpoint(x.from)}, Backward: x.backward},
			[]trace.Method{trace.Haircut, trace.Poison, trace.FIFO})
		if err != nil {
			t.Fatal(err)
		}
		dec := func(u *goshawk.Units) string {
			if u == nil {
				return "nil"
			}
			return u.Dec()
		}
		var got []string
		for _, e := range c.Ends {
			var amounts []string
			for _, a := range e.Amounts {
				amounts = append(amounts, dec(a))
			}
			got = append(got, fmt.Sprint(e.Kind, " ", amounts, " ", e.Unknown, " ", dec(e.Least), " ", dec(e.Most)))
		}
		slices.Sort(got)
		slices.Sort(x.want)
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", x.from, strings.Join(got, "\n"), strings.Join(x.want, "\n"))
		}
	}
}

// An interrupted comparison lists the first ends of each method only, those that
// were done included, and claims nothing about ends beyond.
func TestInterruptedComparison(t *testing.T) {
	l := newFlat(60_000, 200)
	q := trace.Question{Starts: []goshawk.Outpoint{l.coinbase(10)}}
	q.Method = trace.Haircut
	whole, err := trace.Run(t.Context(), l, q)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	second := l.calls + 5 // the second method is under way
	l.calls = 0
	l.onCall = func(call int) {
		if call == second {
			cancel()
		}
	}
	c, err := trace.Compare(ctx, l, q, []trace.Method{trace.Haircut, trace.FIFO, trace.LIFO})
	if goshawk.CodeOf(err) != goshawk.Interrupted || len(c.Traces) != 2 || len(c.NotRun) != 1 {
		t.Fatalf("%v, %d traces", err, len(c.Traces))
	}
	const most = 10_000
	first := c.Traces[0]
	if len(whole.Ends) < 2*most || len(first.Ends) != most || !first.Truncated || len(first.Warnings) != 1 {
		t.Errorf("%d of %d ends listed, truncated %v: %q", len(first.Ends), len(whole.Ends), first.Truncated, first.Warnings)
	}
	if !slices.Equal(first.Totals, whole.Totals) {
		t.Errorf("totals %+v, not %+v", first.Totals, whole.Totals)
	}
	name := func(kind goshawk.EndKind, tx goshawk.Hash, out *uint32) string {
		if out == nil {
			return fmt.Sprint(kind, tx)
		}
		return fmt.Sprint(kind, tx, *out)
	}
	found := map[string]bool{}
	for _, e := range whole.Ends {
		found[name(e.Kind, e.Tx, e.Out)] = true
	}
	for _, e := range c.Ends {
		if e.Amounts[0] == nil && found[name(e.Kind, e.Tx, e.Out)] {
			t.Fatalf("an end that is not listed any more is said not to be there: %+v", e)
		}
	}
	if len(c.Ends) < most || len(c.Ends) > 2*most {
		t.Errorf("%d ends are set side by side", len(c.Ends))
	}
}

// looks is a context that is cancelled when it is looked at the last-th time.
type looks struct {
	context.Context
	last, n int
	cancel  context.CancelFunc
}

func (l *looks) Err() error {
	if l.n++; l.n == l.last {
		l.cancel()
	}
	return l.Context.Err()
}

// A comparison that is interrupted when all methods have answered lists the first
// ends of each; one that had little left to do does it.
func TestInterruptedAlignment(t *testing.T) {
	l := newFlat(60_000, 200)
	q := trace.Question{Starts: []goshawk.Outpoint{l.coinbase(10)}}
	methods := []trace.Method{trace.Haircut, trace.FIFO}
	all := &looks{Context: t.Context()}
	whole, err := trace.Compare(all, l, q, methods)
	if err != nil {
		t.Fatal(err)
	}
	const most, step = 10_000, 1024
	if len(whole.Ends) < 2*most {
		t.Fatalf("%d ends: this tests too little", len(whole.Ends))
	}
	for _, back := range []int{0, len(whole.Ends)/step - 1} {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := trace.Compare(&looks{Context: ctx, last: all.n - back, cancel: cancel}, l, q, methods)
		if goshawk.CodeOf(err) != goshawk.Interrupted || len(c.Traces) != 2 || len(c.NotRun) != 0 {
			t.Fatalf("%v, %d traces, not run %q", err, len(c.Traces), c.NotRun)
		}
		for i, answer := range c.Traces {
			if n := len(whole.Traces[i].Ends); len(answer.Ends) != min(n, most) || answer.Truncated != (n > most) {
				t.Errorf("%s lists %d of %d ends, truncated %v", answer.Method, len(answer.Ends), n, answer.Truncated)
			}
		}
		if len(c.Ends) < most || len(c.Ends) > 2*most {
			t.Errorf("%d ends are set side by side", len(c.Ends))
		}
		for i := range c.Ends {
			got, want := &c.Ends[i], &whole.Ends[i]
			if got.Tx != want.Tx || !got.Least.Eq(want.Least) || !got.Most.Eq(want.Most) {
				t.Fatalf("end %d is %+v, not %+v", i, got, want)
			}
		}
	}
	l = newFlat(6_000, 200)
	all = &looks{Context: t.Context()}
	if whole, err = trace.Compare(all, l, q, methods); err != nil || len(whole.Ends) < step || len(whole.Ends) > most {
		t.Fatalf("%v, %d ends", err, len(whole.Ends))
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := trace.Compare(&looks{Context: ctx, last: all.n, cancel: cancel}, l, q, methods)
	if err != nil || len(c.Ends) != len(whole.Ends) || c.Traces[0].Truncated {
		t.Errorf("%v, %d ends", err, len(c.Ends))
	}
}

func TestCoins(t *testing.T) {
	script := `
		tx a: mint 50 -> thief 20, thief 10, friend 20
		block time=2024-05-01
		tx b: a:2 -> thief 5, data "x", friend 15
		block time=2024-05-02
		tx c: a:0 -> shop 20
		tx d: b:2 -> thief 15
	`
	h := ledgertest.MustChain(script)
	for _, l := range []goshawk.Ledger{h.Ledger(), &remote{Ledger: h.Ledger()}} {
		if _, ok := l.(*remote); ok {
			continue // its History is the whole ledger's own
		}
		for _, c := range []struct{ since, until, want string }{
			{"", "", "a:0 a:1 b:0 d:0"},
			{"2024-05-01", "", "b:0 d:0"},
			{"", "2024-05-01", "a:0 a:1 b:0"},
			{"2024-05-01", "2024-05-01", "b:0"},
			{"2025-01-01", "", ""},
		} {
			since, until := day(t, c.since), day(t, c.until)
			coins, err := trace.Coins(t.Context(), l, h.Address("thief"), since, until)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range coins {
				got = append(got, fmt.Sprintf("%s:%d", h.Name(o.Tx), o.Index))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("from %q to %q: %q, want %q", c.since, c.until, got, c.want)
			}
		}
	}
	if _, err := trace.Coins(t.Context(), h.Ledger(), "p2wpkh:00", time.Time{}, time.Time{}); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("an address that was never used: %v", err)
	}
	if _, err := trace.Coins(t.Context(), h.Ledger(), "nonsense", time.Time{}, time.Time{}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("no address: %v", err)
	}
}

func day(t *testing.T, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
