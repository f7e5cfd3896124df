package score

import (
	"context"
	"math"
	"slices"

	"goshawk"
)

// Root returns a fixed member of an address's cluster that stands for all of it,
// such as the Root of a cluster.Grouping.
type Root func(goshawk.AddressID) goshawk.AddressID

// Owner numbers those who control addresses in truth, in any order.
type Owner uint32

// NoOwner stands for addresses that nobody owns, such as outputs of data. They
// are left out.
const NoOwner Owner = math.MaxUint32

// Addresses is a set of addresses, one bit for each that the ledger numbers. A
// nil set stands for all of them.
type Addresses struct{ words []uint64 }

// NewAddresses returns an empty set for ids below count.
func NewAddresses(count uint64) *Addresses { return &Addresses{make([]uint64, (count+63)/64)} }

// Add puts an address into the set.
func (s *Addresses) Add(a goshawk.AddressID) { s.words[a/64] |= 1 << (a % 64) }

// Has says whether an address is in the set.
func (s *Addresses) Has(a goshawk.AddressID) bool {
	return s == nil || s.words[a/64]>>(a%64)&1 != 0
}

// Spent returns the addresses from which the transactions from first up to but
// not including end spent a coin. Only of those can co-spending say anything.
func Spent(ctx context.Context, l goshawk.Ledger, first, end goshawk.TxID) (*Addresses, error) {
	head, err := dense(ctx, l)
	if err != nil {
		return nil, err
	}
	spent := NewAddresses(head.Addresses)
	return spent, goshawk.Scan(ctx, l, first, end, 0, func(batch *goshawk.Transactions) error {
		for i := range batch.Inputs {
			if a := batch.Inputs[i].Address; a != goshawk.NoAddress {
				spent.Add(a)
			}
		}
		return nil
	})
}

// Clustering compares clusters with the owners of their addresses.
type Clustering struct {
	Addresses, Clusters, Owners uint64 // compared

	// PairPrecision is, of all pairs of addresses that share a cluster, those
	// that share an owner: 1 minus it is the share of pairs wrongly joined.
	// PairRecall is, of all pairs that share an owner, those that share a cluster.
	PairPrecision, PairRecall Share

	// B-cubed precision is the mean over addresses of the share of their cluster
	// that has their owner; recall the mean of the share of their owner's
	// addresses that are in their cluster (A. Bagga, B. Baldwin, Algorithms for
	// scoring coreference chains, 1998; E. Amigó et al., Information Retrieval 12,
	// 2009). Pairs count a cluster by the square of its size, B-cubed by its
	// size: one collapsed cluster ruins the first and dents the second.
	BCubedPrecision, BCubedRecall float64

	Largest Largest
	Joined  Largest // of the clusters that join several owners; zero if none does
}

// Largest describes the largest cluster; of several, the one with the smallest root.
type Largest struct {
	Root      goshawk.AddressID
	Addresses uint64
	Owners    uint64 // whose addresses it joins: more than 1 is a wrong join
	Main      Share  // addresses of the owner who has most of it
}

// PairF1 is the harmonic mean of pairwise precision and recall.
func (c Clustering) PairF1() float64 {
	return harmonic(c.PairPrecision.Value(), c.PairRecall.Value())
}

// BCubedF1 is the harmonic mean of B-cubed precision and recall.
func (c Clustering) BCubedF1() float64 { return harmonic(c.BCubedPrecision, c.BCubedRecall) }

func harmonic(a, b float64) float64 {
	if a+b == 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}

// Clusters compares a partition with the truth: owners holds one for each
// address that the ledger numbers. Only addresses in only (nil: all) that have an
// owner are compared; pass Spent's set to judge by the addresses that spent, as
// the literature mostly does, and nil to judge by all, where every address that
// never spent is a cluster of its own. Nothing is sampled. It takes
// O(n log n) time for n addresses, and 12 bytes for each.
func Clusters(ctx context.Context, root Root, owners []Owner, only *Addresses) (*Clustering, error) {
	n := uint64(len(owners))
	if n > math.MaxUint32 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "%d addresses are more than can be compared at once", n)
	}
	c := &Clustering{}
	owned := make(map[Owner]uint64) // how many addresses each owner has
	end := make([]uint32, n+1)      // at first where each root's members begin; once they are filled in, where they end
	compared := func(a uint64) bool { return owners[a] != NoOwner && only.Has(goshawk.AddressID(a)) }
	roots := make([]uint32, n)
	for a := range n {
		if err := every(ctx, int(a)); err != nil {
			return nil, err
		}
		if !compared(a) {
			continue
		}
		r := root(goshawk.AddressID(a))
		if uint64(r) >= n {
			return nil, strayRoot(goshawk.AddressID(a), r)
		}
		roots[a] = uint32(r)
		end[r+1]++
		owned[owners[a]]++
		c.Addresses++
	}
	for r := range n {
		end[r+1] += end[r]
	}
	members := make([]Owner, c.Addresses)
	for a := range n {
		if compared(a) {
			members[end[roots[a]]] = owners[a]
			end[roots[a]]++ // now where the next member of this root goes
		}
	}
	var precision, recall float64
	from := uint32(0)
	for r := range n {
		if err := every(ctx, int(r)); err != nil {
			return nil, err
		}
		if end[r] > from {
			recall += c.cluster(goshawk.AddressID(r), members[from:end[r]], owned, &precision)
			from = end[r]
		}
	}
	for _, size := range owned { // sums of integers: their order does not matter
		c.Owners++
		c.PairRecall.Whole += pairs(size)
	}
	c.PairRecall.Part = c.PairPrecision.Part
	c.BCubedPrecision, c.BCubedRecall = precision/float64(c.Addresses), recall/float64(c.Addresses)
	return c, nil
}

// cluster adds a cluster, given the owner of each of its members. It adds up
// B-cubed precision, and returns what the cluster adds to recall.
func (c *Clustering) cluster(root goshawk.AddressID, members []Owner, owned map[Owner]uint64, precision *float64) (recall float64) {
	slices.Sort(members)
	size := uint64(len(members))
	largest := Largest{Root: root, Addresses: size, Main: Share{Whole: size}}
	squares := 0.0
	for len(members) > 0 {
		k := 1
		for k < len(members) && members[k] == members[0] {
			k++
		}
		same := uint64(k)
		c.PairPrecision.Part += pairs(same)
		square := float64(same) * float64(same)
		squares += float64(square)
		recall += square / float64(owned[members[0]])
		largest.Owners++
		largest.Main.Part = max(largest.Main.Part, same)
		members = members[k:]
	}
	*precision += squares / float64(size)
	c.Clusters++
	c.PairPrecision.Whole += pairs(size)
	if size > c.Largest.Addresses {
		c.Largest = largest
	}
	if largest.Owners > 1 && size > c.Joined.Addresses {
		c.Joined = largest
	}
	return recall
}

func pairs(n uint64) uint64 { return n * (n - 1) / 2 }

func strayRoot(a, root goshawk.AddressID) error {
	return goshawk.Errorf(goshawk.Invalid, "the cluster of address %d is named after address %d, which the ledger does not have", a, root)
}
