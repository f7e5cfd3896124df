package score

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

func rooted(roots []int) Root {
	return func(a goshawk.AddressID) goshawk.AddressID { return goshawk.AddressID(roots[a]) }
}

// Three owners: 0 has four addresses, 1 has two, 2 has one; address 7 is nobody's.
// One cluster joins three of owner 0 with one of owner 1.
func TestClustersByHand(t *testing.T) {
	owners := []Owner{0, 0, 0, 0, 1, 1, 2, NoOwner}
	roots := []int{0, 0, 0, 3, 0, 5, 6, 0}
	c, err := Clusters(t.Context(), rooted(roots), owners, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Clustering{
		Addresses: 7, Clusters: 4, Owners: 3,
		PairPrecision: Share{3, 6}, PairRecall: Share{3, 7},
		BCubedPrecision: ((9.0+1)/4 + 1 + 1 + 1) / 7,
		BCubedRecall:    (9.0/4 + 1.0/4 + 1.0/2 + 1.0/2 + 1) / 7,
		Largest:         Largest{Root: 0, Addresses: 4, Owners: 2, Main: Share{3, 4}},
		Joined:          Largest{Root: 0, Addresses: 4, Owners: 2, Main: Share{3, 4}},
	}
	if *c != want {
		t.Errorf("%+v\nwant\n%+v", *c, want)
	}
	if got, want := c.PairF1(), 6.0/13; math.Abs(got-want) > 1e-15 {
		t.Errorf("F1 %v, not %v", got, want)
	}
	only := NewAddresses(8)
	only.Add(0)
	only.Add(3)
	c, err = Clusters(t.Context(), rooted(roots), owners, only)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addresses != 2 || c.PairPrecision != (Share{0, 0}) || c.PairRecall != (Share{0, 1}) || c.BCubedPrecision != 1 || c.BCubedRecall != 0.5 {
		t.Errorf("of addresses 0 and 3: %+v", *c)
	}
}

// The measures are computed as they are defined: pair by pair, address by address.
func TestClustersAsDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		index := rapid.IntRange(0, n-1)
		groups := rapid.SliceOfN(index, n, n).Draw(t, "clusters")
		truth := rapid.SliceOfN(rapid.IntRange(-1, 6), n, n).Draw(t, "owners")
		owners := make([]Owner, n)
		only := NewAddresses(uint64(n))
		in := make([]bool, n)
		for i := range owners {
			owners[i] = Owner(truth[i] * 1000)
			if truth[i] < 0 {
				owners[i] = NoOwner
			}
			if rapid.Bool().Draw(t, "in") {
				only.Add(goshawk.AddressID(i))
				in[i] = truth[i] >= 0
			}
		}
		var joined, same, both, counted uint64
		var precision, recall float64
		for i := range n {
			if !in[i] {
				continue
			}
			counted++
			var cluster, owner, right float64
			for j := range n {
				if !in[j] {
					continue
				}
				c, o := groups[i] == groups[j], truth[i] == truth[j]
				cluster += float64(count(c))
				owner += float64(count(o))
				right += float64(count(c && o))
				if j > i {
					joined += count(c)
					same += count(o)
					both += count(c && o)
				}
			}
			precision += right / cluster
			recall += right / owner
		}
		got, err := Clusters(t.Context(), rooted(groups), owners, only)
		if err != nil {
			t.Fatal(err)
		}
		if got.Addresses != counted || got.PairPrecision != (Share{both, joined}) || got.PairRecall != (Share{both, same}) {
			t.Fatalf("%+v: %d of %d and %d of %d pairs of %d addresses", got, both, joined, both, same, counted)
		}
		if counted > 0 && (math.Abs(got.BCubedPrecision-precision/float64(counted)) > 1e-12 || math.Abs(got.BCubedRecall-recall/float64(counted)) > 1e-12) {
			t.Fatalf("%+v: B-cubed %v and %v", got, precision/float64(counted), recall/float64(counted))
		}
	})
}

func count(b bool) uint64 { return uint64(indicator(b)) }

func TestSpent(t *testing.T) {
	h := ledgertest.MustChain(`
		tx a: mint 50 -> alice
		tx b: a:0 -> bob
		tx c: b:0 -> carol
	`)
	l := h.Ledger()
	head, _ := l.Head(t.Context())
	found, _ := l.Find(t.Context(), goshawk.Names{Addresses: []string{h.Address("alice"), h.Address("bob"), h.Address("carol")}})
	spent, err := Spent(t.Context(), l, 0, goshawk.TxID(head.Transactions)-1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false} {
		if spent.Has(found.Addresses[i]) != want {
			t.Errorf("address %d: %v", i, !want)
		}
	}
}

func TestClustersRefuse(t *testing.T) {
	stray := func(goshawk.AddressID) goshawk.AddressID { return 9 }
	if _, err := Clusters(t.Context(), stray, []Owner{0, 0}, nil); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a root that is no address: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Clusters(ctx, rooted([]int{0, 0}), []Owner{0, 0}, nil); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("cancelled: %v", err)
	}
	none, err := Clusters(t.Context(), stray, nil, nil)
	if err != nil || none.PairPrecision.Known() || !math.IsNaN(none.BCubedPrecision) {
		t.Errorf("of nothing: %+v, %v", none, err)
	}
}
