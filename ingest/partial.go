package ingest

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"goshawk"
)

// fragment is a set of blocks that are linked to each other, of which only the
// best chain counts.
type fragment struct {
	root   int32
	chain  []int32 // its new blocks, in chain order
	height int32   // of the root; -1 where no block of the fragment has a known height
}

// extendPartial appends the blocks of a partial ledger that are new, ordered by
// height, header time and hash. Blocks without a height come before those with
// one: from a certain age on every block states its height. They keep the order
// of their links.
func (d *folder) extendPartial(ctx context.Context) error {
	for _, h := range d.tree.heads() {
		// Heights in the tree count from the fragment's root; the real ones follow.
		d.tree.anchor(h.node, h.parent, 0)
	}
	fragments, err := d.fragments(ctx)
	if err != nil {
		return err
	}
	var todo []int32
	slices.SortFunc(fragments, func(a, b fragment) int { return d.compare(a.root, b.root) })
	for _, f := range fragments {
		if f.height < 0 {
			todo = append(todo, f.chain...)
			continue
		}
		for _, n := range f.chain {
			d.heights[n] = f.height + d.tree.nodes[n].height
		}
	}
	unknown := len(todo)
	for _, f := range fragments {
		if f.height >= 0 {
			todo = append(todo, f.chain...)
		}
	}
	slices.SortStableFunc(todo[unknown:], func(a, b int32) int {
		return cmp.Or(cmp.Compare(d.height(a), d.height(b)), d.compare(a, b))
	})
	todo = d.byTime(todo[:unknown], todo[unknown:])
	if len(todo) == 0 {
		if len(d.tree.nodes) == 0 && !d.run.opts.Follow {
			_, err := d.root(ctx)
			return err
		}
		return nil
	}
	d.run.done.TotalBlocks = d.run.done.Blocks + int64(len(todo))
	return d.tail(d.read(ctx, todo, func(b *batch) error {
		taken, err := d.append(ctx, b)
		for _, n := range taken {
			d.inLedger[n] = true
		}
		return err
	}))
}

// byTime puts blocks of unknown height where their header times say: a block
// that spends another's coins should come after it.
func (d *folder) byTime(unknown, known []int32) []int32 {
	merged := make([]int32, 0, len(unknown)+len(known))
	for len(unknown) > 0 && len(known) > 0 {
		from := &known
		if d.times[unknown[0]] <= d.times[known[0]] {
			from = &unknown
		}
		merged = append(merged, (*from)[0])
		*from = (*from)[1:]
	}
	return append(append(merged, unknown...), known...)
}

// compare orders new blocks by header time and hash.
func (d *folder) compare(a, b int32) int {
	return cmp.Or(cmp.Compare(d.times[a], d.times[b]), bytes.Compare(d.tree.nodes[a].hash[:], d.tree.nodes[b].hash[:]))
}

// height returns the height of a partial ledger's block, -1 where it is not known.
func (d *folder) height(n int32) int32 {
	if h, ok := d.heights[n]; ok {
		return h
	}
	return -1
}

// fragments sorts the blocks into their best chains and learns their heights:
// from the ledger, from genesis, or from the first block that states its own.
func (d *folder) fragments(ctx context.Context) ([]fragment, error) {
	reader := d.newReader()
	defer reader.close()
	var block goshawk.Block
	var fragments []fragment
	stale := int64(len(d.tree.nodes) - len(d.inLedger))
	for i := range d.tree.nodes {
		top, ok := d.tree.best[int32(i)]
		if !ok {
			continue
		}
		f := fragment{root: int32(i), height: -1}
		chain := make([]int32, 0, d.tree.nodes[top].height+1)
		for n := top; n != none; n = d.tree.nodes[n].parent {
			chain = append(chain, n)
		}
		slices.Reverse(chain)
		for _, n := range chain {
			if !d.inLedger[n] {
				f.chain = append(f.chain, n)
			}
			if h := d.height(n); h >= 0 {
				f.height = h - d.tree.nodes[n].height
			} else if d.tree.nodes[n].hash == d.run.opts.Params.Genesis {
				f.height = 0
			}
		}
		for k := 0; k < len(f.chain) && f.height < 0; k++ {
			if ctx.Err() != nil {
				return nil, interrupted(ctx)
			}
			n := f.chain[k]
			if err := reader.decode(n, &block); err != nil {
				return nil, reader.fault(n, err)
			}
			if block.Height >= 0 {
				f.height = block.Height - d.tree.nodes[n].height
			}
		}
		if len(f.chain) > 0 {
			fragments = append(fragments, f)
			stale -= int64(len(f.chain))
		}
	}
	d.run.summary.Stale = stale
	return fragments, nil
}
