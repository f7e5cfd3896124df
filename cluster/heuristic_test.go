package cluster

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

func mustParse(t testing.TB, text string) *Expression {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Each payment has its change in a place that some heuristics see.
const payments = `
tx fund: mint 50 -> a 10, b/p2pkh 10, c 10, d 10, e 10
tx fund2: mint 50 -> f 10, g 10, h 10, i 10, j 10
tx old: mint 50 -> shop 1, sold/p2pkh 1, other 48
block
tx reuse:   fund:0 -> shop 3, a 6.9999 fee .0001
tx kind:    fund:1 -> shop 3.00012345, x1/p2pkh 6.99977655 fee .0001
tx round:   fund:2 -> shop 3, shop 6.99987655 fee .00012345
tx fresh:   fund:3 -> shop 3.00012345, x2 6.99977655 fee .0001
tx optimal: fund:4, fund2:0 -> sold 12.00012345, other 7.99977655 fee .0001
tx all:     fund2:1, fund2:2 -> sold 12, x3 7.99987655 fee .00012345
tx none:    fund2:3 -> x4 4.00012345, x5 5.99977655 fee .0001
tx data:    fund2:4 -> data "hello", x6 9.9999 fee .0001
tx merge:   reuse:0, kind:0 -> x7
tx twice:   reuse:1 -> x8 1, x8 2, shop 3.9 fee .0999
`

func TestHeuristicsPointToChange(t *testing.T) {
	h := ledgertest.MustChain(payments)
	k := read(t, h)
	for _, test := range []struct {
		tx, rule string
		want     int
	}{
		{"reuse", "address-reuse", 1}, {"kind", "address-reuse", -1},
		{"kind", "script-type", 1}, {"fresh", "script-type", -1},
		{"round", "!round-value", 1}, {"fresh", "!round-value", -1}, {"reuse", "round-value", 0},
		{"fresh", "fresh-address", 1}, {"none", "fresh-address", -1}, {"round", "fresh-address", -1},
		{"optimal", "optimal", 1}, {"fresh", "optimal", -1},
		{"all", OneTimeChange, 1}, {"fresh", OneTimeChange, 1}, {"none", OneTimeChange, -1},
		{"reuse", "address-reuse & !round-value | (script-type & optimal)", -1}, // shop is of that type and smaller too
		{"kind", "address-reuse & !round-value | (script-type & optimal)", 1},
		{"twice", "fresh-address", -1},
		{"data", "fresh-address", -1},   // one spendable output is a payment, not change
		{"merge", "fresh-address", -1},  // so is a consolidation's
		{"old", "fresh-address", -1},    // a coinbase has no owner
		{"reuse", "!address-reuse", 0},  // not: the other one
		{"round", "!!round-value", 0},   // twice not
		{"data", "!address-reuse", -1},  // not never marks data
		{"reuse", "!!address-reuse", 1}, //
	} {
		f := NewFinder(k.ledger, mustParse(t, test.rule))
		got, err := f.change(t.Context(), k.tx(t, test.tx))
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s: %s points to output %d, want %d", test.tx, test.rule, got, test.want)
		}
	}
}

// TestEachChange: several combinations looked for together are told what each is
// told alone.
func TestEachChange(t *testing.T) {
	for _, chain := range []string{payments, manners} {
		k := read(t, ledgertest.MustChain(chain))
		var rules []*Expression
		for _, text := range []string{"script-type", "fresh-address", "locktime", "bip69", "peel", "!address-reuse | client", OneTimeChange} {
			rules = append(rules, mustParse(t, text))
		}
		together := NewFinder(k.ledger, rules...)
		scan(t, k, together, func(batch *goshawk.Transactions) {
			each, err := together.EachChange(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			for i, rule := range rules {
				alone, err := NewFinder(k.ledger, rule).Changes(t.Context(), batch)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(alone, each[i]) {
					t.Errorf("%s: %v alone, %v among others", rule.Rule(), alone, each[i])
				}
			}
		})
	}
}

func scan(t *testing.T, k *known, f *Finder, each func(*goshawk.Transactions)) {
	t.Helper()
	head, err := k.ledger.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := goshawk.Scan(t.Context(), k.ledger, 0, goshawk.TxID(head.Transactions), f.Want(), func(batch *goshawk.Transactions) error {
		each(batch)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Wallets leave their manner in what they spend next.
const manners = `
tx fund: mint 50 -> a 10, b 10, c 10, d 10, e 10
block
tx lock locktime=99: fund:0 -> p1 4, q1 5.9 fee .1
tx lockp:  lock:0 -> z1 1, z2 3
tx lockq locktime=100: lock:1 -> z3 1, z4 4.9
tx peel:   fund:1 -> p2 4, q2 5.9 fee .1
tx peelp:  peel:0, fund:2 -> z5
tx peelq:  peel:1 -> z6 1, z7 4.9
tx client version=2 sequence=4294967293: fund:3 -> p3 4, q3 5.9 fee .1
tx clientp version=1 sequence=4294967293: client:0 -> z8 4
tx clientq version=2 sequence=4294967293: client:1 -> z9 5.9
tx bip:    fund:4 -> p4 4, q4 5.9 fee .1
tx bipp:   bip:0 -> y1 3, y2 1
tx bipq:   bip:1 -> y3 1, y4 4.9
`

func TestFingerprintsContinue(t *testing.T) {
	h := ledgertest.MustChain(manners)
	k := read(t, h)
	for _, test := range []struct {
		tx, rule string
		want     int
	}{
		{"lock", "locktime", 1}, {"peel", "peel", 1}, {"client", "client", 1}, {"bip", "bip69", 1},
		{"peel", "locktime", -1}, {"lockp", "peel", -1}, {"lock", "peel", -1}, {"bipq", "bip69", -1}, {"bipq", "locktime", -1},
	} {
		f := NewFinder(k.ledger, mustParse(t, test.rule))
		got, err := f.change(t.Context(), k.tx(t, test.tx))
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s: %s points to output %d, want %d", test.tx, test.rule, got, test.want)
		}
	}
}

// TestFreshUnlessSpentFrom: an address that the transaction itself spends from was
// used before, though the ledger sees it for the first time.
func TestFreshUnlessSpentFrom(t *testing.T) {
	k := read(t, ledgertest.MustChain(`
		partial
		tx unknown: unresolved alice, unresolved bob -> alice 5, carol 3
		tx before:  before dave 9 -> erin 5, dave 3`))
	for tx, want := range map[string]int{"unknown": 1, "before": 0} {
		got, err := NewFinder(k.ledger, mustParse(t, "fresh-address")).change(t.Context(), k.tx(t, tx))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: the fresh address is that of output %d, want %d", tx, got, want)
		}
	}
}

func TestHints(t *testing.T) {
	h := ledgertest.MustChain(payments)
	k := read(t, h)
	hints, err := Hints(t.Context(), k.ledger, k.tx(t, "all"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, hint := range hints {
		if hint.Output != 1 || hint.Saw == "" {
			t.Errorf("hint %+v", hint)
		}
		got = append(got, hint.Heuristic+" "+hint.Confidence)
	}
	want := "fresh-address/1 weak, !round-value/1 moderate, optimal/1 weak, " +
		"change(fresh-address/1 & script-type/1 & !round-value/1 & optimal/1) moderate"
	if strings.Join(got, ", ") != want {
		t.Errorf("hints\n%s, want\n%s", strings.Join(got, ", "), want)
	}
	hints, err = Hints(t.Context(), k.ledger, k.tx(t, "all"), func(*goshawk.Transactions, int) bool { return true })
	if len(hints) != 0 || err != nil {
		t.Errorf("a CoinJoin has hints %v, %v", hints, err)
	}
}

// Every heuristic must say the same of a transaction alone, asking the ledger,
// as in a scan from the first one; and merging must equal flooding with it.
func TestComputeWithChangeMatchesFlooding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		rule := drawExpression(r, 3)
		finder := NewFinder(k.ledger, rule)
		changes := make([]int, len(k.all.Rows))
		for i := range changes {
			var err error
			if changes[i], err = finder.change(t.Context(), goshawk.TxID(i)); err != nil {
				r.Fatal(err)
			}
		}
		roots := k.naive(some, func(row int) []goshawk.AddressID {
			if changes[row] < 0 {
				return nil
			}
			return []goshawk.AddressID{k.all.Out(row)[changes[row]].Address}
		})
		c, err := Compute(t.Context(), k.ledger, Options{Exclude: some, Change: rule, Evidence: true})
		if err != nil {
			r.Fatal(err)
		}
		for a := range roots {
			if c.Root(goshawk.AddressID(a)) != roots[a] {
				r.Fatalf("%s: root of %d is %d, want %d", rule, a, c.Root(goshawk.AddressID(a)), roots[a])
			}
		}
		a := goshawk.AddressID(rapid.IntRange(0, len(roots)-1).Draw(r, "a"))
		for b := range roots {
			if b := goshawk.AddressID(b); b != a && roots[a] == roots[b] {
				chain, err := c.Why(t.Context(), k.ledger, a, b)
				if err != nil {
					r.Fatal(err)
				}
				k.checkChain(t, r, chain, a, b, some, changes)
			}
		}
	})
}

func TestWhyNeedsEvidence(t *testing.T) {
	k := read(t, ledgertest.MustChain(story))
	c, err := Compute(t.Context(), k.ledger, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Why(t.Context(), k.ledger, 0, 1); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("without evidence: %v", err)
	}
}

func drawExpression(r *rapid.T, depth int) *Expression {
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 3).Draw(r, "kind")
	}
	switch kind {
	case 1:
		return Not(drawExpression(r, depth-1))
	case 2:
		return And(drawExpression(r, depth-1), drawExpression(r, depth-1))
	case 3:
		return Or(drawExpression(r, depth-1), drawExpression(r, depth-1))
	}
	h := &heuristics[rapid.IntRange(0, len(heuristics)-1).Draw(r, "heuristic")]
	e, err := Named(h.Name)
	if err != nil {
		r.Fatal(err)
	}
	return e
}

// same compares two expressions as trees.
func same(a, b *Expression) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.op == b.op && a.heuristic == b.heuristic && same(a.left, b.left) && same(a.right, b.right)
}

func TestExpressionTextReadsBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := drawExpression(r, 5)
		for _, text := range []string{e.String(), strings.TrimSuffix(strings.TrimPrefix(e.Rule(), "change("), ")")} {
			back, err := Parse(text)
			if len(text) > 1000 {
				return
			}
			if err != nil {
				r.Fatal(err)
			}
			if !same(e, back) {
				r.Fatalf("%q reads back as %q", text, back)
			}
		}
	})
}

func TestExpressionPrecedence(t *testing.T) {
	for text, want := range map[string]string{
		"address-reuse & !round-value | (script-type & optimal)": "address-reuse & !round-value | script-type & optimal",
		"optimal&(peel|client)":                                  "optimal & (peel | client)",
		"!(optimal | peel)":                                      "!(optimal | peel)",
		"((optimal))":                                            "optimal",
		" fresh-address/1\t":                                     "fresh-address",
		"optimal & (peel & client)":                              "optimal & (peel & client)",
		"optimal & peel & client | locktime":                     "optimal & peel & client | locktime",
	} {
		if got := mustParse(t, text).String(); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestExpressionErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                        "unexpected end",
		"optimal &":               "unexpected end at character 10",
		"optimal optimal":         "unexpected 'o'",
		"(optimal":                "unexpected end",
		"optimal)":                "unexpected ')'",
		"& optimal":               "unexpected '&' at character 1",
		"magic":                   `no change heuristic "magic"`,
		"optimal/2":               `no change heuristic "optimal/2"`,
		strings.Repeat("!", 2000): "more than 1000 characters",
	} {
		_, err := Parse(text)
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), says) || goshawk.HintOf(err) == "" {
			t.Errorf("%q: %v, want %q and a hint", text, err, says)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("address-reuse & !round-value | (script-type & optimal)")
	f.Add("!!((peel|client)&bip69/1)")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(e.String())
		if err != nil || !same(e, back) {
			t.Errorf("%q is written %q, which reads back as %v, %v", text, e, back, err)
		}
	})
}
