package cluster

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

// Alice's coins meet step by step; a mix joins nobody.
const story = `
tx a: mint 50 -> a1 20, a2 10, a3 10, a4 10
tx b: mint 50 -> b1 20, b2 30
tx c: mint 50 -> c1 20, c2 30
block
tx one: a:0, a:1 -> a1 29.9 fee .1
tx two: a:2, a:3 -> a4 19.9 fee .1
block
tx mix: b:0, c:0 -> m1 20, m2 20
tx three: one:0, two:0 -> a5 49.8
tx d: mint 50 -> d1 10, d2 10, a1 10, a2 10, d2 10
tx early: d:0, d:1 -> z 19.9 fee .1
tx four: d:2, d:3, d:4 -> z 30
`

func isMix(batch *goshawk.Transactions, row int) bool {
	outs := batch.Out(row)
	return len(outs) == 2 && outs[0].Value == outs[1].Value
}

func TestWhyTellsTheStory(t *testing.T) {
	h := ledgertest.MustChain(story)
	k := read(t, h)
	f := newMemory(t)
	k.forest(f, isMix)
	chain, err := Why(t.Context(), k.ledger, f, k.address(t, "a2"), k.address(t, "a3"))
	if err != nil {
		t.Fatal(err)
	}
	want := []goshawk.Merge{
		{A: h.Address("a2"), B: h.Address("a1"), Tx: h.Tx("one"), Height: 4, Heuristic: "co-spend/1"},
		{A: h.Address("a1"), B: h.Address("a4"), Tx: h.Tx("three"), Height: 5, Heuristic: "co-spend/1"},
		{A: h.Address("a4"), B: h.Address("a3"), Tx: h.Tx("two"), Height: 4, Heuristic: "co-spend/1"},
	}
	if !slices.Equal(chain, want) {
		t.Errorf("the chain of evidence is\n%v, want\n%v", chain, want)
	}

	// A later payment with both as inputs is not needed where older evidence joins
	// them, and the newest merge is shown at the very addresses asked for.
	chain, err = Why(t.Context(), k.ledger, f, k.address(t, "d2"), k.address(t, "a2"))
	if err != nil {
		t.Fatal(err)
	}
	want = []goshawk.Merge{{A: h.Address("d2"), B: h.Address("a2"), Tx: h.Tx("four"), Height: 6, Heuristic: "co-spend/1"}}
	if !slices.Equal(chain, want) {
		t.Errorf("the chain of evidence is\n%v, want\n%v", chain, want)
	}

	if chain, err = Why(t.Context(), k.ledger, f, k.address(t, "a2"), k.address(t, "d2")); err != nil || len(chain) != 1 {
		t.Errorf("the other way round: %v, %v", chain, err)
	}

	_, err = Why(t.Context(), k.ledger, f, k.address(t, "b1"), k.address(t, "c1"))
	if goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("the mix joined b1 and c1: %v", err)
	}
	if chain, err := Why(t.Context(), k.ledger, f, k.address(t, "b1"), k.address(t, "b1")); len(chain) != 0 || err != nil {
		t.Errorf("an address and itself need %v, %v", chain, err)
	}
}

// some excludes about a fifth of all transactions, the same ones every time.
func some(batch *goshawk.Transactions, row int) bool {
	return priority(goshawk.AddressID(batch.Rows[row].ID))%5 == 0
}

func drawKnown(t *rapid.T, tb testing.TB) *known {
	shape := ledgertest.Shape{
		Blocks:    rapid.IntRange(1, 30).Draw(t, "blocks"),
		Payments:  rapid.IntRange(1, 8).Draw(t, "payments"),
		Addresses: rapid.IntRange(2, 120).Draw(t, "addresses"),
		Partial:   rapid.Bool().Draw(t, "partial"),
	}
	return read(tb, ledgertest.Random(rapid.Uint64().Draw(t, "seed"), shape))
}

func TestCoSpendMatchesFlooding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		f := newMemory(t)
		k.forest(f, some)
		roots := k.naive(some, nil)
		for a := range roots {
			for b := range a {
				if (roots[a] == roots[b]) != Connected(f, goshawk.AddressID(a), goshawk.AddressID(b)) {
					r.Fatalf("addresses %d and %d: flooding and the forest disagree", a, b)
				}
			}
		}
	})
}

func TestComputeMatchesFlooding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		var without []goshawk.TxID
		for range rapid.IntRange(0, 3).Draw(r, "without") {
			without = append(without, goshawk.TxID(rapid.IntRange(0, len(k.all.Rows)-1).Draw(r, "tx")))
		}
		roots := k.naive(some, nil, without...)
		sizes := members(roots)
		for _, evidence := range []bool{false, true} {
			c, err := Compute(t.Context(), k.ledger, Options{Exclude: some, Without: without, Evidence: evidence})
			if err != nil {
				r.Fatal(err)
			}
			for a := range roots {
				if c.Root(goshawk.AddressID(a)) != roots[a] {
					r.Fatalf("evidence %v: clusters\n%v, want\n%v", evidence, c.roots, roots)
				}
			}
			if c.Count() != len(sizes) {
				r.Fatalf("%d clusters, want %d", c.Count(), len(sizes))
			}
			for a := range roots {
				if c.Size(goshawk.AddressID(a)) != len(sizes[roots[a]]) {
					r.Fatalf("cluster of %d has %d members, want %d", a, c.Size(goshawk.AddressID(a)), len(sizes[roots[a]]))
				}
			}
			for i, s := range c.Largest(5) {
				if s.Size != len(sizes[s.Root]) || i > 0 && c.Largest(5)[i-1].Size < s.Size {
					r.Fatalf("largest clusters %v", c.Largest(5))
				}
			}
		}
	})
}

// checkChain checks that every step is a transaction that names both addresses,
// that steps join, and that no address comes twice.
func (k *known) checkChain(t testing.TB, r *rapid.T, chain []goshawk.Merge, a, b goshawk.AddressID, exclude Exclude, changes []int) {
	ends := k.texts(t, []goshawk.AddressID{a, b})
	if chain[0].A != ends[0] || chain[len(chain)-1].B != ends[1] {
		r.Fatalf("the chain runs from %s to %s, asked %v", chain[0].A, chain[len(chain)-1].B, ends)
	}
	met := map[string]bool{ends[0]: true}
	for i, m := range chain {
		if i > 0 && chain[i-1].B != m.A {
			r.Fatalf("step %d begins at %s, the one before ended at %s", i, m.A, chain[i-1].B)
		}
		if met[m.B] {
			r.Fatalf("%s comes twice", m.B)
		}
		met[m.B] = true
		row := slices.IndexFunc(k.all.Rows, func(tx goshawk.Transaction) bool { return tx.Hash == m.Tx && k.names(t, tx, m, changes) })
		if row < 0 {
			r.Fatalf("transaction %s does not spend coins of both %s and %s", m.Tx, m.A, m.B)
		}
		if exclude(&k.all, row) {
			r.Fatalf("transaction %s is excluded, yet evidence", m.Tx)
		}
	}
}

// names says whether a transaction merges both addresses of a step: it spends
// coins of them, or one of them holds its change.
func (k *known) names(t testing.TB, tx goshawk.Transaction, m goshawk.Merge, changes []int) bool {
	var ids []goshawk.AddressID
	for _, in := range k.all.In(int(tx.ID)) {
		if in.Address != goshawk.NoAddress {
			ids = append(ids, in.Address)
		}
	}
	if changes != nil && changes[tx.ID] >= 0 && m.Heuristic != CoSpendRule {
		ids = append(ids, k.all.Out(int(tx.ID))[changes[tx.ID]].Address)
	}
	texts := k.texts(t, ids)
	return slices.Contains(texts, m.A) && slices.Contains(texts, m.B)
}

func TestWhyProvesEveryMerge(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		f := newMemory(t)
		k.forest(f, some)
		roots := k.naive(some, nil)
		a := goshawk.AddressID(rapid.IntRange(0, len(roots)-1).Draw(r, "a"))
		for b := range roots {
			b := goshawk.AddressID(b)
			chain, err := Why(t.Context(), k.ledger, f, a, b)
			switch {
			case a == b:
				if len(chain) != 0 || err != nil {
					r.Fatalf("an address and itself: %v, %v", chain, err)
				}
			case roots[a] != roots[b]:
				if goshawk.CodeOf(err) != goshawk.NotFound {
					r.Fatalf("addresses of two clusters: %v, %v", chain, err)
				}
			case err != nil:
				r.Fatal(err)
			default:
				k.checkChain(t, r, chain, a, b, some, nil)
			}
		}
	})
}

func TestWhyRefusesForeignClusters(t *testing.T) {
	k := read(t, ledgertest.MustChain(story))
	f := newMemory(t)
	f.Link(k.address(t, "a1"), k.address(t, "b1"), k.tx(t, "one")) // a merge that "one" does not show
	_, err := Why(t.Context(), k.ledger, f, k.address(t, "a1"), k.address(t, "b1"))
	if goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("a forest of another ledger gives %v", err)
	}
}

func TestMembers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		f := newMemory(t)
		k.forest(f, some)
		roots := k.naive(some, nil)
		all := members(roots)
		computed, err := Compute(t.Context(), k.ledger, Options{Exclude: some})
		if err != nil {
			r.Fatal(err)
		}
		a := goshawk.AddressID(rapid.IntRange(0, len(roots)-1).Draw(r, "a"))
		limit := rapid.IntRange(0, 4).Draw(r, "limit")
		want := all[roots[a]]
		for name, g := range map[string]Grouping{"listed": Of(k.ledger, listing{f}), "walked": Of(k.ledger, f), "computed": computed} {
			got, more, err := g.Members(t.Context(), a, limit)
			if err != nil {
				r.Fatal(err)
			}
			if limit == 0 && (!slices.Equal(got, want) || more) {
				r.Fatalf("%s: members %v (more: %v), want %v", name, got, more, want)
			}
			if limit > 0 && (len(got) != min(limit, len(want)) || more != (len(want) > limit) || !slices.Contains(got, a) || !slices.IsSorted(got)) {
				r.Fatalf("%s: %d of %v: %v, more %v", name, limit, want, got, more)
			}
			for _, b := range got {
				if roots[b] != roots[a] || g.Root(b) != g.Root(a) {
					r.Fatalf("%s: %d is no member", name, b)
				}
			}
		}
	})
}

func TestSplitIsComputeForOneCluster(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := drawKnown(r, t)
		var change *Expression
		if rapid.Bool().Draw(r, "change") {
			change = mustParse(t, "script-type & !address-reuse")
		}
		whole, err := Compute(t.Context(), k.ledger, Options{Exclude: some, Change: change})
		if err != nil {
			r.Fatal(err)
		}
		a := goshawk.AddressID(rapid.IntRange(0, int(k.head.Addresses)-1).Draw(r, "a"))
		cluster, _, err := whole.Members(t.Context(), a, 0)
		if err != nil {
			r.Fatal(err)
		}
		options := Options{Exclude: some, Change: change, Without: []goshawk.TxID{goshawk.TxID(rapid.IntRange(0, len(k.all.Rows)-1).Draw(r, "without"))}}
		fresh, err := Compute(t.Context(), k.ledger, options)
		if err != nil {
			r.Fatal(err)
		}
		parts, err := Split(t.Context(), k.ledger, cluster, options)
		if err != nil {
			r.Fatal(err)
		}
		count := 0
		for _, part := range parts {
			count += len(part)
			want, _, err := fresh.Members(t.Context(), part[0], 0)
			if err != nil {
				r.Fatal(err)
			}
			if !slices.Equal(part, want) {
				r.Fatalf("part %v, computed from scratch %v", part, want)
			}
		}
		if count != len(cluster) {
			r.Fatalf("%d addresses in the parts, %d in the cluster", count, len(cluster))
		}
	})
}

func TestForestStaysShallow(t *testing.T) {
	// The worst order for linking by age: every merge puts a newer address first.
	const n = 1 << 14
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"chain", "random"} {
		f := newMemory(t)
		for i := range goshawk.AddressID(n - 1) {
			a, b := n-1-i, n-2-i
			if name == "random" {
				a, b = goshawk.AddressID(rng.IntN(n)), goshawk.AddressID(rng.IntN(n))
			}
			CoSpend(f, goshawk.TxID(i), []goshawk.AddressID{a, b})
		}
		deepest := 0
		for a := range goshawk.AddressID(n) {
			depth := 0
			for at, ok := a, true; ok; depth++ {
				at, _, ok = f.Parent(at)
			}
			deepest = max(deepest, depth)
		}
		if limit := 4 * bits.Len(n); deepest > limit {
			t.Errorf("%s: depth %d, more than %d", name, deepest, limit)
		}
	}
}

func TestCoSpendSkipsWhatItDoesNotKnow(t *testing.T) {
	f := newMemory(t)
	CoSpend(f, 1, []goshawk.AddressID{goshawk.NoAddress, 3, goshawk.NoAddress, 3, 3})
	CoSpend(f, 2, nil)
	if len(f.parent) != 0 {
		t.Errorf("links %v from one known address", f.parent)
	}
	CoSpend(f, 3, []goshawk.AddressID{goshawk.NoAddress, 3, goshawk.NoAddress, 4})
	if !Connected(f, 3, 4) {
		t.Error("3 and 4 were spent together")
	}
}

func TestCoSpendDoesNotAllocate(t *testing.T) {
	f := newFlat(1000, true)
	addresses := []goshawk.AddressID{5, 7, 7, 9, 11}
	if n := testing.AllocsPerRun(100, func() { CoSpend(f.proof, 1, addresses) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCancelled(t *testing.T) {
	k := read(t, ledgertest.MustChain(story))
	f := newMemory(t)
	k.forest(f, isMix)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	a, b := k.address(t, "a2"), k.address(t, "a3")
	for name, run := range map[string]func() error{
		"compute": func() error { _, err := Compute(ctx, k.ledger, Options{}); return err },
		"why":     func() error { _, err := Why(ctx, k.ledger, f, a, b); return err },
		"members": func() error { _, _, err := Of(k.ledger, f).Members(ctx, a, 0); return err },
		"split":   func() error { _, err := Split(ctx, k.ledger, []goshawk.AddressID{a, b}, Options{}); return err },
	} {
		if err := run(); goshawk.CodeOf(err) != goshawk.Interrupted {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}
