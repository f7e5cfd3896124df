package cluster

import (
	"slices"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

func TestMatchWallet(t *testing.T) {
	h := ledgertest.MustChain(story)
	k := read(t, h)
	clusters, err := Compute(t.Context(), k.ledger, Options{}) // the mix counts: a false merge
	if err != nil {
		t.Fatal(err)
	}
	unknown := ledgertest.Text{}.FormatAddress(goshawk.Taproot, []byte("never paid"))
	wallet := []string{h.Address("b2"), h.Address("a2"), h.Address("a3"), unknown, h.Address("b1"), h.Address("a2")}
	match, err := MatchWallet(t.Context(), k.ledger, clusters, wallet, 10)
	if err != nil {
		t.Fatal(err)
	}
	if match.Derived != 6 || !slices.Equal(match.InLedger, []string{h.Address("b2"), h.Address("a2"), h.Address("a3"), h.Address("b1")}) {
		t.Errorf("%d derived, in the ledger %v", match.Derived, match.InLedger)
	}
	if len(match.Clusters) != 3 || match.NotListed != 0 {
		t.Fatalf("clusters %+v", match.Clusters)
	}
	first := match.Clusters[0]
	if !slices.Equal(first.Wallet, []string{h.Address("a2"), h.Address("a3")}) ||
		!slices.Equal(first.Foreign, []string{h.Address("a1"), h.Address("a4"), h.Address("d1"), h.Address("d2")}) || first.More {
		t.Errorf("the first cluster is %+v", first)
	}
	if mixed := match.Clusters[2]; !slices.Equal(mixed.Wallet, []string{h.Address("b1")}) || !slices.Equal(mixed.Foreign, []string{h.Address("c1")}) {
		t.Errorf("the mixed cluster is %+v", mixed)
	}

	short, err := MatchWallet(t.Context(), k.ledger, clusters, wallet, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(short.Clusters) != 1 || short.NotListed != 2 || len(short.Clusters[0].Foreign) != 1 || !short.Clusters[0].More {
		t.Errorf("at most one of each: %+v", short)
	}
}
