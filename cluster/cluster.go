// Package cluster says which addresses the evidence puts under one party's
// control: those spent together in a transaction that is not a CoinJoin, and,
// only where asked, the change outputs that named heuristics point to.
//
// Every merge keeps the transaction that caused it, so that a cluster can be
// proved step by step and computed again without a piece of evidence that
// turned out to be false. Clusters are inference, addresses are fact: this
// package never labels anybody, never decides what a CoinJoin is (its caller
// hands it that rule) and reads through the Ledger contract and nothing else.
package cluster

import (
	"context"

	"goshawk"
)

// CoSpendRule names the multi-input heuristic and its version, as merges carry it.
const CoSpendRule = "co-spend/1"

// Exclude says whether a transaction's inputs are not evidence of one owner: a
// CoinJoin. It must not keep the batch.
type Exclude func(batch *goshawk.Transactions, row int) bool

// Forest is a union-find in which every address's link is written once, when it
// stops being a root, and never changed: no path compression. So each link
// keeps the transaction that joined two clusters, links above a link are never
// older than it, and undoing the newest links undoes the newest blocks.
type Forest interface {
	Links
	// Link puts root child under root parent. It is called once for each child,
	// with tx in ascending order.
	Link(child, parent goshawk.AddressID, tx goshawk.TxID)
}

// Links is what a Forest tells those who only read it.
type Links interface {
	// Parent returns the address that a is linked under and the transaction
	// that joined the two; ok is false if a is a root.
	Parent(a goshawk.AddressID) (parent goshawk.AddressID, tx goshawk.TxID, ok bool)
}

// Lister is a Links that can also say which addresses are linked directly
// under one, in any order.
type Lister interface {
	Children(parent goshawk.AddressID) []goshawk.AddressID
}

// CoSpend records that a transaction spent coins of these addresses together.
// NoAddress and repeated addresses are skipped. Transactions must come in
// ascending order; CoinJoins must not come at all. It does not allocate.
//
// Two roots are joined by their fixed pseudo-random priorities, which bounds the
// expected depth of the forest by O(log n) without rewriting a link (Goel,
// Khanna, Larkin, Tarjan: Disjoint Set Union with Randomized Linking, SODA 2014).
func CoSpend(f Forest, tx goshawk.TxID, addresses []goshawk.AddressID) {
	root, last := goshawk.NoAddress, goshawk.NoAddress
	for _, a := range addresses {
		if a == last || a == goshawk.NoAddress {
			continue
		}
		last = a
		r := Root(f, a)
		switch {
		case root == goshawk.NoAddress:
			root = r
		case r != root:
			child, parent := order(root, r)
			f.Link(child, parent, tx)
			root = parent
		}
	}
}

// Root returns the root of a's cluster: the same address for all of its members
// as long as nothing is linked.
func Root(f Links, a goshawk.AddressID) goshawk.AddressID {
	for {
		parent, _, ok := f.Parent(a)
		if !ok {
			return a
		}
		a = parent
	}
}

// Connected says whether two addresses are in one cluster.
func Connected(f Links, a, b goshawk.AddressID) bool { return Root(f, a) == Root(f, b) }

// rootBefore returns the root of a's cluster as it was before a transaction.
func rootBefore(f Links, a goshawk.AddressID, tx goshawk.TxID) goshawk.AddressID {
	for {
		parent, at, ok := f.Parent(a)
		if !ok || at >= tx {
			return a
		}
		a = parent
	}
}

// order says which of two roots goes under the other.
func order(a, b goshawk.AddressID) (child, parent goshawk.AddressID) {
	if priority(a) < priority(b) {
		return a, b
	}
	return b, a
}

// priority is a fixed hash of the id (the finaliser of SplitMix64, Steele, Lea
// and Flood 2014): random enough that nobody meets a deep tree by chance, fixed
// so that the same chain gives the same forest. It is a bijection: no two ids
// have one priority.
func priority(a goshawk.AddressID) uint64 {
	x := uint64(a) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Grouping is any way of putting addresses into clusters.
type Grouping interface {
	// Root returns a fixed member of a's cluster that stands for all of it.
	Root(a goshawk.AddressID) goshawk.AddressID
	// Members lists a's cluster in ascending order, at most limit of it (0: all);
	// more says that there are others.
	Members(ctx context.Context, a goshawk.AddressID, limit int) (members []goshawk.AddressID, more bool, err error)
}

var _ Grouping = (*Clusters)(nil)
