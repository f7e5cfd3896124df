package cluster

import (
	"cmp"
	"context"
	"slices"

	"goshawk"
)

// Options say what counts as evidence.
type Options struct {
	// Exclude keeps CoinJoins out; nil takes every transaction's inputs as one owner's.
	Exclude Exclude
	// Change, unless nil, also merges the one output that this combination of
	// heuristics points to as change with the inputs.
	Change *Expression
	// Without lists transactions that are to be no evidence: the false merges.
	Without []goshawk.TxID
	// Evidence keeps the proof of every merge, so that Why can be asked, at 16
	// more bytes for each address.
	Evidence bool
}

// Clusters are all clusters of a ledger at one moment, computed from scratch.
// They are read-only and may be used from many goroutines.
type Clusters struct {
	roots   []uint32 // of each address: the smallest id of its cluster
	sizes   []uint32 // by root
	count   int
	largest []Size
	proof   *proof // nil unless Options.Evidence
	options Options
}

// Size is a cluster, named by its smallest address id, and its number of addresses.
type Size struct {
	Root goshawk.AddressID
	Size int
}

// keptLargest is how many clusters Largest can list.
const keptLargest = 100

// mostAddresses bounds a computation in memory, where ids are held in 32 bits to
// halve what a core's cache must hold: three times the addresses of the largest
// chain, 34 GB.
const mostAddresses = 1<<32 - 2

// Compute puts every address of a ledger with dense ids into its cluster. It
// holds 8 bytes of memory for each address (28 with evidence).
func Compute(ctx context.Context, l goshawk.Ledger, options Options) (*Clusters, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Addresses == 0 && head.Height >= 0 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this ledger cannot be read from end to end").
			WithHint("ingest the chain into a ledger of your own to compute all of its clusters")
	}
	if head.Addresses > mostAddresses {
		return nil, goshawk.Errorf(goshawk.Unsupported, "the ledger has %d addresses, more than can be clustered in memory", head.Addresses).
			WithHint("use the clusters that the ledger keeps itself")
	}
	f := newFlat(int(head.Addresses), options.Evidence)
	without := slices.Clone(options.Without)
	slices.Sort(without)
	want := goshawk.Want(0) // what a CoinJoin is does not depend on script types
	var finder *Finder
	if options.Change != nil {
		finder = NewFinder(l, options.Change)
		finder.seen = make([]uint64, (head.Addresses+63)/64)
		want |= finder.Want()
	}
	err = goshawk.Scan(ctx, l, 0, goshawk.TxID(head.Transactions), want, func(batch *goshawk.Transactions) error {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		var changes []int
		if finder != nil {
			if changes, err = finder.Changes(ctx, batch); err != nil {
				return err
			}
		}
		f.touch(batch.Inputs)
		for row := range batch.Rows {
			r := &batch.Rows[row]
			many := r.InputEnd-r.FirstInput > 1
			change := -1
			if changes != nil {
				change = changes[row]
			}
			if !many && change < 0 {
				continue
			}
			for len(without) > 0 && without[0] < r.ID {
				without = without[1:]
			}
			if len(without) > 0 && without[0] == r.ID || options.Exclude != nil && options.Exclude(batch, row) {
				continue
			}
			root, ok := f.merge(batch.In(row), r.ID)
			if ok && change >= 0 {
				f.join(root, f.find(uint32(batch.Out(row)[change].Address)), r.ID)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f.clusters(options), nil
}

// flat is a union-find over dense ids with path halving (Tarjan and van
// Leeuwen 1984) and, if asked, the links as they were made.
type flat struct {
	up      []uint32
	joins   int
	proof   *proof
	touched uint32 // keeps touch from being optimised away
}

// proof is a Forest in memory: the links of a computation, never compressed.
type proof struct {
	parent []goshawk.AddressID
	tx     []goshawk.TxID // NoTx for roots
}

func (p *proof) Parent(a goshawk.AddressID) (goshawk.AddressID, goshawk.TxID, bool) {
	return p.parent[a], p.tx[a], p.tx[a] != goshawk.NoTx
}

func (p *proof) Link(child, parent goshawk.AddressID, tx goshawk.TxID) {
	p.parent[child], p.tx[child] = parent, tx
}

func newFlat(addresses int, evidence bool) *flat {
	f := &flat{up: make([]uint32, addresses)}
	for i := range f.up {
		f.up[i] = uint32(i)
	}
	if evidence {
		f.proof = &proof{parent: make([]goshawk.AddressID, addresses), tx: make([]goshawk.TxID, addresses)}
		for i := range f.proof.tx {
			f.proof.tx[i] = goshawk.NoTx
		}
	}
	return f
}

func (f *flat) find(a uint32) uint32 {
	up := f.up
	for {
		parent := up[a]
		if parent == a {
			return a
		}
		grand := up[parent]
		if grand == parent {
			return parent
		}
		up[a] = grand
		a = grand
	}
}

// touch reads what find will follow for a batch of inputs. The reads do not wait
// for each other as those of find must, so their cache misses overlap; this
// halves the time of a computation.
func (f *flat) touch(ins []goshawk.Input) {
	sum := uint32(0)
	for i := range ins {
		if a := ins[i].Address; a < goshawk.AddressID(len(f.up)) {
			sum += f.up[f.up[a]]
		}
	}
	f.touched = sum
}

// merge joins the addresses of inputs and returns their root; ok is false if
// none of them is known.
func (f *flat) merge(ins []goshawk.Input, tx goshawk.TxID) (root uint32, ok bool) {
	last := goshawk.NoAddress
	for i := range ins {
		a := ins[i].Address
		switch {
		case a == last || a == goshawk.NoAddress:
		case !ok:
			root, ok = f.find(uint32(a)), true
		default:
			root = f.join(root, f.find(uint32(a)), tx)
		}
		last = a
	}
	return root, ok
}

// join links two roots and returns the one that stays. With evidence the links
// are also kept as made, so the linking must bound their depth; without, the
// older address stays, as it is its cluster's name in the end.
func (f *flat) join(a, b uint32, tx goshawk.TxID) uint32 {
	if a == b {
		return a
	}
	child, parent := max(a, b), min(a, b)
	if f.proof != nil {
		under, over := order(goshawk.AddressID(a), goshawk.AddressID(b))
		f.proof.Link(under, over, tx)
		child, parent = uint32(under), uint32(over)
	}
	f.up[child] = parent
	f.joins++
	return parent
}

// clusters names every cluster by its smallest address and counts.
func (f *flat) clusters(options Options) *Clusters {
	c := &Clusters{roots: f.up, sizes: make([]uint32, len(f.up)), count: len(f.up) - f.joins, proof: f.proof, options: options}
	if f.proof != nil {
		f.nameBySmallest()
	} else {
		for i := range f.up {
			// A parent is always smaller, so it already names its root.
			f.up[i] = f.up[f.up[i]]
		}
	}
	for _, r := range c.roots {
		c.sizes[r]++
	}
	least := uint32(2)
	for i, n := range c.sizes {
		if n < least {
			continue
		}
		c.largest = append(c.largest, Size{goshawk.AddressID(i), int(n)})
		if len(c.largest) == 2*keptLargest {
			c.trim()
			least = uint32(c.largest[keptLargest-1].Size) + 1
		}
	}
	c.trim()
	return c
}

// nameBySmallest replaces roots chosen by priority by the smallest address of
// their clusters.
func (f *flat) nameBySmallest() {
	for i := range f.up {
		f.up[i] = f.find(uint32(i))
	}
	named := make([]uint32, len(f.up)) // by root: the first address met, plus one
	for i := range f.up {
		if r := f.up[i]; named[r] == 0 {
			named[r] = uint32(i) + 1
		}
	}
	for i := range f.up {
		f.up[i] = named[f.up[i]] - 1
	}
}

func (c *Clusters) trim() {
	slices.SortFunc(c.largest, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Root, b.Root))
	})
	c.largest = c.largest[:min(keptLargest, len(c.largest))]
}

// Root returns the smallest address id of a's cluster.
func (c *Clusters) Root(a goshawk.AddressID) goshawk.AddressID { return goshawk.AddressID(c.roots[a]) }

// Size returns the number of addresses in a's cluster.
func (c *Clusters) Size(a goshawk.AddressID) int { return int(c.sizes[c.roots[a]]) }

// Count returns the number of clusters, single addresses included.
func (c *Clusters) Count() int { return c.count }

// Largest lists the largest clusters of two addresses or more, at most n and at
// most 100, larger ones first, equal ones by age.
func (c *Clusters) Largest(n int) []Size { return slices.Clone(c.largest[:min(n, len(c.largest))]) }

// Members implements Grouping, by one pass over all addresses.
func (c *Clusters) Members(ctx context.Context, a goshawk.AddressID, limit int) ([]goshawk.AddressID, bool, error) {
	root := c.roots[a]
	var members []goshawk.AddressID
	for i := int(root); i < len(c.roots); i++ {
		if i%(1<<20) == 0 && ctx.Err() != nil {
			return nil, false, interrupted(ctx)
		}
		if c.roots[i] != root {
			continue
		}
		members = append(members, goshawk.AddressID(i))
		if len(members) == int(c.sizes[root]) || limit > 0 && len(members) > limit {
			break
		}
	}
	return cut(members, a, limit)
}

// Why proves that two addresses are in one cluster, as the function Why does,
// change outputs included. The ledger must be the one that was computed from,
// and Options.Evidence must have been set.
func (c *Clusters) Why(ctx context.Context, l goshawk.Ledger, a, b goshawk.AddressID) ([]goshawk.Merge, error) {
	if c.proof == nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "these clusters were computed without their evidence").
			WithHint("compute them again with evidence")
	}
	if c.options.Change == nil {
		return explain(ctx, l, c.proof, a, b, inputsOf)
	}
	finder := NewFinder(l, c.options.Change)
	rule := c.options.Change.Rule()
	return explain(ctx, l, c.proof, a, b, func(ctx context.Context, batch *goshawk.Transactions, row int) ([]goshawk.AddressID, []string, error) {
		addresses, _, err := inputsOf(ctx, batch, row)
		if err != nil {
			return nil, nil, err
		}
		output, err := finder.change(ctx, batch.Rows[row].ID)
		if err != nil {
			return nil, nil, err
		}
		rules := make([]string, len(addresses), len(addresses)+1)
		if output >= 0 {
			addresses, rules = append(addresses, batch.Out(row)[output].Address), append(rules, rule)
		}
		return addresses, rules, nil
	})
}
