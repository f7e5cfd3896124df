package trace_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

// way writes the path that is best at something as names of coins, the number of
// its transactions, and what its smallest coin is worth.
func way(h *ledgertest.History, a *goshawk.Paths, best string) string {
	for _, p := range a.Paths {
		if p.By != best {
			continue
		}
		var coins []string
		for _, c := range p.Steps {
			coins = append(coins, fmt.Sprintf("%s:%d", h.Name(c.Tx), c.Out))
		}
		return fmt.Sprintf("%s (%d, %d)", strings.Join(coins, " "), len(p.Steps)-1, p.Amount.Uint64()/1_0000_0000)
	}
	return "none"
}

func TestPath(t *testing.T) {
	script := `
		tx theft: mint 50 -> thief 50
		tx split: theft:0 -> a 3, b 40, thief 7
		tx quick: split:0 -> shop 3
		tx slow1: split:1 -> c 40
		tx slow2: slow1:0 -> d 38, kraken 2
		tx slow3: slow2:0 -> shop 37, d 1
		tx over:  slow2:1 -> shop 2
		tx other: mint 50 -> nobody 50
		tx fork:  other:0 -> e 20, f 30
		tx near:  fork:0 -> bar 20
		tx far1:  fork:1 -> g 20, g2 10
		tx far2:  far1:0 -> bar 20
	`
	h := ledgertest.MustChain(script)
	l := h.Ledger()
	services := label(t, h, "Kraken = kraken")
	for _, c := range []struct {
		name              string
		q                 trace.PathQuery
		shortest, largest string
		complete          bool
	}{
		{"two ways", trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("shop")}},
			"theft:0 split:0 quick:0 (2, 3)", "theft:0 split:1 slow1:0 slow2:0 slow3:0 (4, 37)", true},
		{"from a coin", trace.PathQuery{Coins: []goshawk.Outpoint{h.Outpoint("slow1:0")}, To: []string{h.Address("shop")}},
			"slow1:0 slow2:0 slow3:0 (2, 37)", "slow1:0 slow2:0 slow3:0 (2, 37)", true},
		{"within two transactions", trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("shop")}, MaxHops: 2},
			"theft:0 split:0 quick:0 (2, 3)", "theft:0 split:0 quick:0 (2, 3)", true},
		{"several ends", trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("d"), h.Address("shop")}},
			"theft:0 split:0 quick:0 (2, 3)", "theft:0 split:1 slow1:0 slow2:0 (3, 38)", true},
		{"not against time", trace.PathQuery{From: []string{h.Address("shop")}, To: []string{h.Address("thief")}}, "none", "none", true},
		{"not at all", trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("nobody")}}, "none", "none", true},
		{"of two ways as wide, the one of fewer transactions", trace.PathQuery{From: []string{h.Address("nobody")}, To: []string{h.Address("bar")}},
			"other:0 fork:0 near:0 (2, 20)", "other:0 fork:0 near:0 (2, 20)", true},
		{"to a service, but not through it", trace.PathQuery{From: []string{h.Address("c")}, To: []string{h.Address("kraken")}, Services: services},
			"slow1:0 slow2:1 (1, 2)", "slow1:0 slow2:1 (1, 2)", true},
		{"the search stops", trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("shop")}, MaxTransactions: 2},
			"theft:0 split:0 quick:0 (2, 3)", "theft:0 split:0 quick:0 (2, 3)", false},
	} {
		for _, ledger := range []goshawk.Ledger{l, newRemoteWithHistory(l)} {
			a, err := trace.Path(t.Context(), ledger, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if shortest, largest := way(h, a, "shortest"), way(h, a, "largest"); shortest != c.shortest || largest != c.largest || a.Truncated == c.complete {
				t.Errorf("%s: shortest %s, largest %s, truncated %v\nwant %s, %s, %v", c.name, shortest, largest, a.Truncated, c.shortest, c.largest, !c.complete)
			}
			if a.Truncated && len(a.Warnings) == 0 {
				t.Errorf("%s: an incomplete search does not say so", c.name)
			}
		}
	}
	if _, err := trace.Path(t.Context(), l, trace.PathQuery{From: []string{h.Address("thief")}}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("without an end: %v", err)
	}
	if _, err := trace.Path(t.Context(), l, trace.PathQuery{From: []string{"p2wpkh:00"}, To: []string{h.Address("shop")}}); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("from an unused address: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := trace.Path(ctx, &blind{l}, trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("shop")}}); goshawk.CodeOf(err) != goshawk.Interrupted || a == nil || !a.Truncated {
		t.Errorf("interrupted: %v, %v", a, err)
	}
}

// blind answers whatever its context says.
type blind struct{ goshawk.Ledger }

func (b *blind) Head(ctx context.Context) (goshawk.Head, error) {
	return b.Ledger.Head(context.WithoutCancel(ctx))
}

func (b *blind) Find(ctx context.Context, n goshawk.Names) (goshawk.Found, error) {
	return b.Ledger.Find(context.WithoutCancel(ctx), n)
}

// remoteWithHistory is a remote source that also has histories.
type remoteWithHistory struct{ remote }

func newRemoteWithHistory(l goshawk.Ledger) *remoteWithHistory {
	return &remoteWithHistory{remote{Ledger: l}}
}

func (r *remoteWithHistory) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	if q.From > 0 {
		q.From = (q.From - 3) / 7919
	}
	page, err := r.Ledger.History(ctx, q)
	for i := range page.Entries {
		page.Entries[i].Tx = widen(page.Entries[i].Tx)
	}
	page.Next = widen(page.Next)
	return page, err
}

// Against all paths there are, on random histories.
func TestPathAsTheReference(t *testing.T) {
	found := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 5))
		l := tiny(rng).Ledger()
		txs, _ := readAll(t, l)
		byID := map[goshawk.TxID]*refTx{}
		var addresses []goshawk.AddressID
		for _, x := range txs {
			byID[x.row.ID] = x
			for _, o := range x.outs {
				if !slices.Contains(addresses, o.address) {
					addresses = append(addresses, o.address)
				}
			}
		}
		from, to := addresses[rng.IntN(len(addresses))], addresses[rng.IntN(len(addresses))]
		hops := 1 + rng.IntN(6)

		fewest, widest := 0, int64(0)
		var visit func(x *refTx, depth int, width int64)
		visit = func(x *refTx, depth int, width int64) {
			for _, o := range x.outs {
				if w := min(width, o.value); w > 0 {
					if o.address == to {
						if fewest == 0 || depth < fewest {
							fewest = depth
						}
						widest = max(widest, w)
					}
					if next := byID[o.spender]; next != nil && depth < hops {
						visit(next, depth+1, w)
					}
				}
			}
		}
		for _, x := range txs {
			for _, in := range x.ins {
				if in.address == from && in.link != goshawk.Unresolved && in.value > 0 {
					visit(x, 1, in.value)
				}
			}
		}
		list, err := l.Addresses(t.Context(), []goshawk.AddressID{from, to}, 0)
		if err != nil {
			t.Fatal(err)
		}
		a, err := trace.Path(t.Context(), l, trace.PathQuery{From: []string{list[0].Text}, To: []string{list[1].Text}, MaxHops: hops})
		if err != nil {
			t.Fatal(err)
		}
		gotFewest, gotWidest := 0, int64(0)
		if len(a.Paths) > 0 {
			found++
			gotFewest, gotWidest = len(a.Paths[0].Steps)-1, int64(a.Paths[1].Amount.Uint64())
		}
		for _, r := range a.Paths {
			least := r.Steps[len(r.Steps)-1].Amount
			for i, c := range r.Steps {
				if c.Amount.Lt(least) {
					least = c.Amount
				}
				if i > 0 && (r.Steps[i-1].Spender == nil || *r.Steps[i-1].Spender != c.Tx) {
					t.Errorf("seed %d: coin %d is not created by the spender of the one before", seed, i)
				}
			}
			if !least.Eq(&r.Amount) || r.Steps[0].Address != list[0].Text || r.Steps[len(r.Steps)-1].Address != list[1].Text {
				t.Errorf("seed %d: %+v", seed, r)
			}
		}
		if gotFewest != fewest || gotWidest != widest {
			t.Errorf("seed %d: %d transactions, width %d; want %d, %d", seed, gotFewest, gotWidest, fewest, widest)
		}
	}
	if found < 50 {
		t.Errorf("only %d of the random histories had a path", found)
	}
}

// TestPathFromUnknownCoins: an address's coin of unknown value can have gone on
// like any other, and whatever the next coin can hold.
func TestPathFromUnknownCoins(t *testing.T) {
	h := ledgertest.MustChain(`
		partial
		tx known:   before thief 9 -> a 9
		tx unknown: unresolved, before thief 1, unresolved thief -> b 40, c 2
		tx on:      unknown:0 -> shop 30, d 10
	`)
	a, err := trace.Path(t.Context(), h.Ledger(), trace.PathQuery{From: []string{h.Address("thief")}, To: []string{h.Address("shop")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Paths) != 2 {
		t.Fatalf("the paths are %+v", a.Paths)
	}
	for _, p := range a.Paths {
		if first := p.Steps[0]; len(p.Steps) != 3 || p.Amount.Uint64() != 30_0000_0000 || first.Amount != nil || first.Address != h.Address("thief") || first.Height != -1 {
			t.Errorf("the %s path is %+v", p.By, p)
		}
	}
}
