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
