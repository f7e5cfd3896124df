package cluster

import (
	"slices"
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

// memory is the simplest Forest, with what is needed to check its contract.
type memory struct {
	t      testing.TB
	parent map[goshawk.AddressID]goshawk.AddressID
	tx     map[goshawk.AddressID]goshawk.TxID
}

func newMemory(t testing.TB) *memory {
	return &memory{t, map[goshawk.AddressID]goshawk.AddressID{}, map[goshawk.AddressID]goshawk.TxID{}}
}

func (m *memory) Parent(a goshawk.AddressID) (goshawk.AddressID, goshawk.TxID, bool) {
	p, ok := m.parent[a]
	return p, m.tx[a], ok
}

func (m *memory) Link(child, parent goshawk.AddressID, tx goshawk.TxID) {
	if _, linked := m.parent[child]; linked {
		m.t.Errorf("address %d is linked a second time", child)
	}
	if _, linked := m.parent[parent]; linked {
		m.t.Errorf("address %d is linked under %d, which is no root", child, parent)
	}
	m.parent[child], m.tx[child] = parent, tx
}

// listing is a memory that can also list children.
type listing struct{ *memory }

func (m listing) Children(parent goshawk.AddressID) []goshawk.AddressID {
	var out []goshawk.AddressID
	for c, p := range m.parent {
		if p == parent {
			out = append(out, c)
		}
	}
	return out
}

// known is a ledger in full: every transaction, and naive clusters.
type known struct {
	ledger  goshawk.Ledger
	history *ledgertest.History
	head    goshawk.Head
	all     goshawk.Transactions
}

func read(t testing.TB, h *ledgertest.History) *known {
	t.Helper()
	k := &known{ledger: h.Ledger(), history: h}
	var err error
	if k.head, err = k.ledger.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids := make([]goshawk.TxID, k.head.Transactions)
	for i := range ids {
		ids[i] = goshawk.TxID(i)
	}
	want := goshawk.WantHashes | goshawk.WantKinds | goshawk.WantOutpoints | goshawk.WantSequences
	if err := k.ledger.Transactions(t.Context(), ids, want, &k.all); err != nil {
		t.Fatal(err)
	}
	return k
}

// forest fills a forest as an ingest would.
func (k *known) forest(f Forest, exclude Exclude, without ...goshawk.TxID) {
	for row := range k.all.Rows {
		if exclude != nil && exclude(&k.all, row) || slices.Contains(without, goshawk.TxID(row)) {
			continue
		}
		var addresses []goshawk.AddressID
		for _, in := range k.all.In(row) {
			addresses = append(addresses, in.Address)
		}
		CoSpend(f, goshawk.TxID(row), addresses)
	}
}

// naive computes clusters by flooding: the smallest member of each address's cluster.
// extra gives further addresses to merge with a transaction's inputs.
func (k *known) naive(exclude Exclude, extra func(row int) []goshawk.AddressID, without ...goshawk.TxID) []goshawk.AddressID {
	neighbours := make([][]goshawk.AddressID, k.head.Addresses)
	for row := range k.all.Rows {
		if exclude != nil && exclude(&k.all, row) || slices.Contains(without, goshawk.TxID(row)) {
			continue
		}
		var group []goshawk.AddressID
		for _, in := range k.all.In(row) {
			if in.Address != goshawk.NoAddress {
				group = append(group, in.Address)
			}
		}
		if extra != nil && len(group) > 0 {
			group = append(group, extra(row)...)
		}
		for _, a := range group {
			neighbours[a] = append(neighbours[a], group...)
		}
	}
	roots := make([]goshawk.AddressID, k.head.Addresses)
	for i := range roots {
		roots[i] = goshawk.NoAddress
	}
	for i := range roots {
		if roots[i] != goshawk.NoAddress {
			continue
		}
		queue := []goshawk.AddressID{goshawk.AddressID(i)}
		roots[i] = goshawk.AddressID(i)
		for len(queue) > 0 {
			for _, b := range neighbours[queue[0]] {
				if roots[b] == goshawk.NoAddress {
					roots[b] = goshawk.AddressID(i)
					queue = append(queue, b)
				}
			}
			queue = queue[1:]
		}
	}
	return roots
}

// members lists naive clusters by root.
func members(roots []goshawk.AddressID) map[goshawk.AddressID][]goshawk.AddressID {
	out := map[goshawk.AddressID][]goshawk.AddressID{}
	for a, r := range roots {
		out[r] = append(out[r], goshawk.AddressID(a))
	}
	return out
}

func (k *known) address(t testing.TB, word string) goshawk.AddressID {
	t.Helper()
	found, err := k.ledger.Find(t.Context(), goshawk.Names{Addresses: []string{k.history.Address(word)}})
	if err != nil {
		t.Fatal(err)
	}
	if found.Addresses[0] == goshawk.NoAddress {
		t.Fatalf("%s is not in the ledger", word)
	}
	return found.Addresses[0]
}

func (k *known) tx(t testing.TB, name string) goshawk.TxID {
	t.Helper()
	found, err := k.ledger.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{k.history.Tx(name)}})
	if err != nil {
		t.Fatal(err)
	}
	return found.Transactions[0]
}

// words turns addresses back into a script's words.
func (k *known) texts(t testing.TB, ids []goshawk.AddressID) []string {
	t.Helper()
	described, err := k.ledger.Addresses(t.Context(), ids, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(described))
	for i := range described {
		out[i] = described[i].Text
	}
	return out
}
