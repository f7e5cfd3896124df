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
	roots   []goshawk.AddressID // of each address: the smallest id of its cluster
	sizes   []uint32            // by root
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

// Compute puts every address of a ledger with dense ids into its cluster. It
// holds 12 bytes of memory for each address (28 with evidence).
func Compute(ctx context.Context, l goshawk.Ledger, options Options) (*Clusters, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Addresses == 0 && head.Height >= 0 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this ledger cannot be read from end to end").
			WithHint("ingest the chain into a ledger of your own to compute all of its clusters")
	}
	f := newFlat(int(head.Addresses), options.Evidence)
	without := slices.Clone(options.Without)
	slices.Sort(without)
	want := goshawk.WantKinds
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
			root := f.merge(batch.In(row), r.ID)
			if change >= 0 && root != goshawk.NoAddress {
				f.join(root, f.find(batch.Out(row)[change].Address), r.ID)
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
	up    []goshawk.AddressID
	proof *proof
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
	f := &flat{up: make([]goshawk.AddressID, addresses)}
	for i := range f.up {
		f.up[i] = goshawk.AddressID(i)
	}
	if evidence {
		f.proof = &proof{parent: make([]goshawk.AddressID, addresses), tx: make([]goshawk.TxID, addresses)}
		for i := range f.proof.tx {
			f.proof.tx[i] = goshawk.NoTx
		}
	}
	return f
}

func (f *flat) find(a goshawk.AddressID) goshawk.AddressID {
	up := f.up
	for {
		parent := up[a]
		if parent == a {
			return a
		}
		grand := up[parent]
		up[a] = grand
		a = grand
	}
}

// merge joins the addresses of inputs and returns their root, NoAddress if none
// of them is known.
func (f *flat) merge(ins []goshawk.Input, tx goshawk.TxID) goshawk.AddressID {
	root, last := goshawk.NoAddress, goshawk.NoAddress
	for i := range ins {
		a := ins[i].Address
		if a == last || a == goshawk.NoAddress {
			continue
		}
		last = a
		if root == goshawk.NoAddress {
			root = f.find(a)
			continue
		}
		root = f.join(root, f.find(a), tx)
	}
	return root
}

// join links two roots and returns the one that stays. With evidence the links
// are also kept as made, so the linking must bound their depth; without, the
// older address stays, as it is its cluster's name in the end.
func (f *flat) join(a, b goshawk.AddressID, tx goshawk.TxID) goshawk.AddressID {
	if a == b {
		return a
	}
	child, parent := max(a, b), min(a, b)
	if f.proof != nil {
		child, parent = order(a, b)
		f.proof.Link(child, parent, tx)
	}
	f.up[child] = parent
	return parent
}

// clusters names every cluster by its smallest address and counts.
func (f *flat) clusters(options Options) *Clusters {
	c := &Clusters{roots: f.up, sizes: make([]uint32, len(f.up)), proof: f.proof, options: options}
	if f.proof != nil {
		// Roots were chosen by priority: the first address met names its cluster.
		named := make([]goshawk.AddressID, len(f.up))
		for i := range named {
			named[i] = goshawk.NoAddress
		}
		for i := range f.up {
			r := f.find(goshawk.AddressID(i))
			if named[r] == goshawk.NoAddress {
				named[r] = goshawk.AddressID(i)
			}
		}
		for i := range f.up {
			f.up[i] = f.find(goshawk.AddressID(i))
		}
		for i := range f.up {
			f.up[i] = named[f.up[i]]
		}
	} else {
		for i := range f.up {
			// A parent is always smaller, so it already names its root.
			f.up[i] = f.up[f.up[i]]
		}
	}
	for _, r := range c.roots {
		if c.sizes[r] == 0 {
			c.count++
		}
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

func (c *Clusters) trim() {
	slices.SortFunc(c.largest, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Root, b.Root))
	})
	c.largest = c.largest[:min(keptLargest, len(c.largest))]
}

// Root returns the smallest address id of a's cluster.
func (c *Clusters) Root(a goshawk.AddressID) goshawk.AddressID { return c.roots[a] }

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
