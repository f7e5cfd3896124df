package pattern

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

var oneOfMany = regexp.MustCompile(`\b1 (inputs|outputs|coins|addresses|transactions|peels|days)\b`)

// find lists the findings of a query, as "rule confidence tx: role text, …",
// transactions by their names in the script.
func find(t *testing.T, h *ledgertest.History, l goshawk.Ledger, query Query) []string {
	t.Helper()
	var got []string
	err := Find(t.Context(), l, query, func(f goshawk.Finding) error {
		if f.Kind != query.Kind || !strings.HasPrefix(f.Statement, "consistent with ") || len(f.Saw) == 0 {
			t.Errorf("finding %+v", f)
		}
		for _, saw := range f.Saw {
			if oneOfMany.MatchString(saw) {
				t.Errorf("bad grammar: %s", saw)
			}
		}
		var parts []string
		for _, p := range f.Parts {
			text := p.Role
			if p.Out != nil {
				text += fmt.Sprintf(" %s:%d", h.Name(*p.Tx), *p.Out)
			} else if p.Tx != nil {
				t.Errorf("part %+v names a transaction and no output", p)
			}
			parts = append(parts, text)
		}
		got = append(got, f.Rule+" "+f.Confidence+" "+h.Name(f.Tx)+": "+strings.Join(parts, ", "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: found\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// services labels words of a script.
type services map[goshawk.AddressID]string

func (s services) Service(a goshawk.AddressID) (string, bool) {
	name, ok := s[a]
	return name, ok
}

func label(t *testing.T, h *ledgertest.History, l goshawk.Ledger, name string, words ...string) services {
	t.Helper()
	out := services{}
	for _, word := range words {
		out[address(t, h, l, word)] = name
	}
	return out
}

func address(t *testing.T, h *ledgertest.History, l goshawk.Ledger, word string) goshawk.AddressID {
	t.Helper()
	found, err := l.Find(t.Context(), goshawk.Names{Addresses: []string{h.Address(word)}})
	if err != nil || found.Addresses[0] == goshawk.NoAddress {
		t.Fatalf("%s: %v", word, err)
	}
	return found.Addresses[0]
}

func outpoint(h *ledgertest.History, text string) *goshawk.Outpoint {
	o := h.Outpoint(text)
	return &o
}

const peels = `
tx loot: mint 50 -> thief 50
block
tx p1: loot:0 -> a 1, t1 49
tx p2: p1:1 -> b 1, t2 48
tx p3: p2:1 -> t3 46, c 2
tx p4: p3:0 -> data "x", d 1, t4 45
block
tx p5: p4:2 -> e 1, t5 44
tx p6: p5:1 -> f 1, t6 43
tx out: p6:1, p1:0 -> exchange 44
tx short: mint 50 -> s 20, r 30
tx s1: short:0 -> x 1, y 19
`

func TestPeelChains(t *testing.T) {
	h := ledgertest.MustChain(peels)
	l := h.Ledger()
	whole := "peel-chain/1 weak p1: start loot:0, peel p1:0, peel p2:0, peel p3:1, peel p4:1, peel p5:0, peel p6:0, rest p6:1"
	expect(t, "the whole ledger", find(t, h, l, Query{Kind: KindPeelChain}), whole)
	expect(t, "from the loot", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "loot:0")}), whole)
	expect(t, "from the middle", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "p4:2")}),
		"peel-chain/1 weak p5: start p4:2, peel p5:0, peel p6:0, rest p6:1")
	expect(t, "from the rest", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "p6:1")}))
	expect(t, "two hops at most", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "loot:0"), MostHops: 2}),
		"peel-chain/1 weak p1: start loot:0, peel p1:0, peel p2:0, rest p2:1")
	expect(t, "to a service", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "loot:0"), Services: label(t, h, l, "Exchange", "t3")}),
		"peel-chain/1 weak p1: start loot:0, peel p1:0, peel p2:0, peel p3:1, rest p3:0")

	// A heuristic that points elsewhere is followed: here to the first output, and nowhere in p2.
	first := func(_ context.Context, batch *goshawk.Transactions) ([]int, error) {
		out := make([]int, len(batch.Rows))
		for row := range out {
			if batch.Rows[row].FirstInput < batch.Rows[row].InputEnd && batch.Out(row)[0].Value == 1e8 && batch.Out(row)[1].Value == 48e8 {
				out[row] = -1
			}
		}
		return out, nil
	}
	expect(t, "by another heuristic", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "p1:1"), Change: first}))
	expect(t, "by another heuristic, p3", find(t, h, l, Query{Kind: KindPeelChain, From: outpoint(h, "p2:1"), Change: first}),
		"peel-chain/1 weak p3: start p2:1, peel p3:1, rest p3:0") // data cannot go on
}

func TestPeelChainSaysWhatItSaw(t *testing.T) {
	h := ledgertest.MustChain(peels)
	err := Find(t.Context(), h.Ledger(), Query{Kind: KindPeelChain}, func(f goshawk.Finding) error {
		want := []string{
			"a coin of 50.00000000 COIN goes on through 6 transactions with one input and two outputs",
			"7.00000000 COIN went off in 6 peels, the largest 2.00000000 COIN",
			"43.00000000 COIN are left: the rest was spent by a transaction with 2 inputs and 1 output",
			"over 1 day by block time",
		}
		if !slices.Equal(f.Saw, want) {
			t.Errorf("saw\n%s", strings.Join(f.Saw, "\n"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// many writes count things joined by commas; # is their number.
func many(count int, thing string) string {
	parts := make([]string, count)
	for i := range parts {
		parts[i] = strings.ReplaceAll(thing, "#", fmt.Sprint(i))
	}
	return strings.Join(parts, ", ")
}

var shapes = `
tx fund: mint 50 -> ` + many(12, "in# 4") + `, rest 2
block
tx gather:  ` + many(10, "fund:#") + ` -> vault 39.99, data "x" fee .01
tx payout:  fund:10, fund:11 -> ` + many(12, "customer# .5") + `, hot 1.9 fee .1
tx stone:   gather:0, payout:0 -> m1 2, m2 2, s1 36, s2 .4 fee .09
`

func TestTransactionPatterns(t *testing.T) {
	h := ledgertest.MustChain(shapes)
	l := h.Ledger()
	gather := "consolidation/1 strong gather: gathered gather:0"
	expect(t, "consolidations", find(t, h, l, Query{Kind: KindConsolidation}), gather)
	expect(t, "from a coin before", find(t, h, l, Query{Kind: KindConsolidation, From: outpoint(h, "fund:3")}), gather)
	expect(t, "from the coin after", find(t, h, l, Query{Kind: KindConsolidation, From: outpoint(h, "gather:0")}), gather)
	expect(t, "from another coin", find(t, h, l, Query{Kind: KindConsolidation, From: outpoint(h, "payout:12")}))

	paid := ": " + many(13, "payout payout:#")
	expect(t, "payouts", find(t, h, l, Query{Kind: KindBatchPayout}), "batch-payout/1 moderate payout"+paid)
	expect(t, "labelled payouts", find(t, h, l, Query{Kind: KindBatchPayout, Services: label(t, h, l, "Exchange", "in11")}), "batch-payout/1 strong payout"+paid)
	expect(t, "stonewalls", find(t, h, l, Query{Kind: KindStonewall}), "stonewall/1 weak stone: equal stone:0, equal stone:1")
	expect(t, "outside the range", find(t, h, l, Query{Kind: KindStonewall, End: 2}))
}

var mixing = `
tx fund: mint 50 -> ` + many(5, "in# 4") + `, ` + many(4, "pre# .01") + `, rest 29.96
block time=2021-06-01
tx tx0:  fund:0 -> data "x", ` + many(3, "premix# .01001") + `, coordinator .0005, back 3.96937 fee .0001
tx mix:  tx0:1, fund:5, fund:6, fund:7, fund:8 -> ` + many(5, "mix# .01") + `
`

func TestWhirlpoolTx0(t *testing.T) {
	h := ledgertest.MustChain(mixing)
	l := h.Ledger()
	expect(t, "CoinJoins", find(t, h, l, Query{Kind: KindCoinJoin}),
		"whirlpool-tx0/1 strong tx0: "+"premix tx0:1, premix tx0:2, premix tx0:3",
		"whirlpool/1 strong mix: "+many(5, "mixed mix:#"))
	expect(t, "at most one", find(t, h, l, Query{Kind: KindCoinJoin, Limit: 1}),
		"whirlpool-tx0/1 strong tx0: "+"premix tx0:1, premix tx0:2, premix tx0:3")
}

var equal = `
tx fund: mint 50 -> ` + many(6, "in# 8") + `, rest 2
block
tx mix: ` + many(6, "fund:#") + ` -> ` + many(6, "out# 5") + `, ` + many(5, "change# 2.#") + `, last
`

func TestLabelledServicesPayOutAndMixNothing(t *testing.T) {
	h := ledgertest.MustChain(equal)
	l := h.Ledger()
	got := find(t, h, l, Query{Kind: KindCoinJoin})
	if len(got) != 1 || !strings.HasPrefix(got[0], "joinmarket/1 moderate mix: mixed mix:0") {
		t.Errorf("without labels: %v", got)
	}
	exchange := label(t, h, l, "Exchange", "in2")
	expect(t, "with labels", find(t, h, l, Query{Kind: KindCoinJoin, Services: exchange}))
	if got := find(t, h, l, Query{Kind: KindBatchPayout, Services: exchange}); len(got) != 1 || !strings.HasPrefix(got[0], "batch-payout/1 strong mix:") {
		t.Errorf("the payout: %v", got)
	}
}

var depositing = `
tx fund: mint 50 -> ` + many(24, "payer# 2") + `, rest 2
block
tx d:    fund:0, fund:1 -> dep1 1, dep1 2, dep2 1
tx more: fund:2 -> dep2 1, dep3 1
tx d4:   fund:24 -> dep4 2
block
tx s1:   d:0 -> hot 1
tx s2:   d:1, d:2 -> hot 3
tx s3:   more:1 -> hot .5, elsewhere .5
tx s4:   d4:0 -> lonely 2
`

func TestDepositAddresses(t *testing.T) {
	script := depositing
	for i := 3; i < 24; i++ {
		script += fmt.Sprintf("tx fill%d: fund:%d -> hot 1, other%d 1\n", i, i, i)
	}
	h := ledgertest.MustChain(script)
	l := h.Ledger()
	one := "deposit-address/2 weak d: deposit, sweep s1:0, sweep s2:0"
	two := "deposit-address/2 weak d: deposit, sweep s2:0" // with a coin left
	expect(t, "collected by an address", find(t, h, l, Query{Kind: KindDepositAddress}), one, two)
	expect(t, "from a coin", find(t, h, l, Query{Kind: KindDepositAddress, From: outpoint(h, "d:0")}), one)
	expect(t, "from a coin spent otherwise", find(t, h, l, Query{Kind: KindDepositAddress, From: outpoint(h, "more:1")}))

	labels := label(t, h, l, "Exchange", "hot", "elsewhere")
	expect(t, "collected by a service", find(t, h, l, Query{Kind: KindDepositAddress, Services: labels}),
		strings.Replace(one, "weak", "strong", 1), strings.Replace(two, "weak", "moderate", 1),
		"deposit-address/2 strong more: deposit, sweep s3:0, sweep s3:1")

	// One cluster of everything: nobody pays anybody else.
	together := func(goshawk.AddressID) goshawk.AddressID { return 0 }
	expect(t, "within one cluster", find(t, h, l, Query{Kind: KindDepositAddress, Owner: together}))
	hot, elsewhere := address(t, h, l, "hot"), address(t, h, l, "elsewhere")
	cluster := func(a goshawk.AddressID) goshawk.AddressID {
		if a == elsewhere {
			return hot
		}
		return a
	}
	got := find(t, h, l, Query{Kind: KindDepositAddress, Owner: cluster, Limit: 1})
	expect(t, "collected by a cluster", got, one)
}

// A shop brings what it is paid on many addresses to its account at an exchange,
// and the exchange sweeps that on: the shop's addresses are not the exchange's
// deposit addresses. Where the collector pays others too it is taken for a service.
func TestACustomerIsNoCollector(t *testing.T) {
	script := "tx fund: mint 50 -> " + many(24, "shop# 2") + ", rest 2\nblock\n"
	for i := range 24 {
		script += fmt.Sprintf("tx bring%d: fund:%d -> account 2\n", i, i)
	}
	for name, c := range map[string]struct {
		ends  string
		found int
	}{
		"swept":         {"tx sweep: " + many(24, "bring#:0") + " -> hot 48\n", 0},
		"not yet swept": {"", 24},
		"pays others":   {"tx pay: bring0:0, bring1:0 -> somebody 1, change 3\n", 24},
	} {
		h := ledgertest.MustChain(script + c.ends)
		if got := find(t, h, h.Ledger(), Query{Kind: KindDepositAddress}); len(got) != c.found {
			t.Errorf("%s: %d findings, not %d: %v", name, len(got), c.found, got)
		}
	}
}

// What many addresses of one cluster collect counts together.
func TestAClusterCollects(t *testing.T) {
	script := "tx fund: mint 50 -> " + many(24, "payer# 2") + ", rest 2\nblock\n"
	for i := range 24 {
		script += fmt.Sprintf("tx sweep%d: fund:%d -> hot%d 2\n", i, i, i)
	}
	h := ledgertest.MustChain(script + "tx pay: " + many(24, "sweep#:0") + " -> somebody 40, change 8\n")
	l := h.Ledger()
	var hot []goshawk.AddressID
	for i := range 24 {
		hot = append(hot, address(t, h, l, fmt.Sprintf("hot%d", i)))
	}
	q := Query{Kind: KindDepositAddress, Owner: func(a goshawk.AddressID) goshawk.AddressID {
		if slices.Contains(hot, a) {
			return hot[0]
		}
		return a
	}}
	expect(t, "without the cluster's addresses", find(t, h, l, q))
	q.Members = func(_ context.Context, a goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
		if slices.Contains(hot, a) {
			return hot[:limit], true, nil
		}
		return []goshawk.AddressID{a}, false, nil
	}
	if got := find(t, h, l, q); len(got) != 24 || !strings.HasPrefix(got[0], "deposit-address/2 weak fund: deposit") {
		t.Errorf("%d findings: %v", len(got), got)
	}
}

func TestAddressReuse(t *testing.T) {
	h := ledgertest.MustChain(`
tx fund: mint 50 -> a 10, a 10, b 10, c 20
block
tx pay: fund:0 -> b 5, data "x", d 5
tx pay2: fund:2 -> data "x", e
`)
	l := h.Ledger()
	got := find(t, h, l, Query{Kind: KindAddressReuse})
	want := []string{"reused-address/1 strong fund: reused", "reused-address/1 strong fund: reused"}
	if len(got) > 2 { // the miner's address, where the script's own blocks reuse it
		got = got[len(got)-2:]
	}
	expect(t, "reused", got, want...)
	expect(t, "from a coin", find(t, h, l, Query{Kind: KindAddressReuse, From: outpoint(h, "fund:1")}), want[0])
	expect(t, "from a coin used once", find(t, h, l, Query{Kind: KindAddressReuse, From: outpoint(h, "fund:3")}))
}

func TestFindRefuses(t *testing.T) {
	h := ledgertest.MustChain(peels)
	l := h.Ledger()
	nothing := func(goshawk.Finding) error { return nil }
	for name, test := range map[string]struct {
		query Query
		code  goshawk.Code
	}{
		"an unknown pattern":     {Query{Kind: "magic"}, goshawk.Invalid},
		"an unknown transaction": {Query{Kind: KindPeelChain, From: &goshawk.Outpoint{Tx: goshawk.Hash{1}}}, goshawk.NotFound},
		"an unknown output":      {Query{Kind: KindPeelChain, From: &goshawk.Outpoint{Tx: h.Tx("loot"), Index: 1}}, goshawk.Invalid},
	} {
		err := Find(t.Context(), l, test.query, nothing)
		if goshawk.CodeOf(err) != test.code || goshawk.HintOf(err) == "" {
			t.Errorf("%s: %v, want %s and a hint", name, err, test.code)
		}
	}
	own := errors.New("own")
	if err := Find(t.Context(), l, Query{Kind: KindPeelChain}, func(goshawk.Finding) error { return own }); !errors.Is(err, own) {
		t.Errorf("the callback's error comes back as %v", err)
	}
}

func TestFindIsCancelled(t *testing.T) {
	h := ledgertest.MustChain(peels)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, kind := range Kinds() {
		if err := Find(ctx, h.Ledger(), Query{Kind: kind}, func(goshawk.Finding) error { return nil }); goshawk.CodeOf(err) != goshawk.Interrupted {
			t.Errorf("%s, cancelled: %v", kind, err)
		}
	}
}

// Random histories: every search ends, from everywhere, and says the same twice.
func TestFindOnRandomHistories(t *testing.T) {
	for seed := range uint64(20) {
		h := ledgertest.Random(seed, ledgertest.Shape{Blocks: 20, Partial: seed%2 == 1})
		l := h.Ledger()
		head, err := l.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all goshawk.Transactions
		if err := l.Transactions(t.Context(), []goshawk.TxID{goshawk.TxID(head.Transactions / 2), goshawk.TxID(head.Transactions - 1)}, goshawk.WantHashes, &all); err != nil {
			t.Fatal(err)
		}
		for _, kind := range Kinds() {
			for _, from := range []*goshawk.Outpoint{nil, {Tx: all.Rows[0].Hash}, {Tx: all.Rows[1].Hash}} {
				query := Query{Kind: kind, From: from}
				if first, again := find(t, h, l, query), find(t, h, l, query); !slices.Equal(first, again) {
					t.Errorf("seed %d, %s: %v, then %v", seed, kind, first, again)
				}
			}
		}
	}
}

// TestOneInput: a payout from one coin is told in good grammar, to which find
// holds every finding.
func TestOneInput(t *testing.T) {
	h := ledgertest.MustChain(`
		tx fund: mint 50 -> payer 50
		tx payout: fund:0 -> ` + many(40, "paid# 1") + `, rest 10`)
	if got := find(t, h, h.Ledger(), Query{Kind: KindBatchPayout}); len(got) != 1 {
		t.Errorf("the payouts: %v", got)
	}
}
