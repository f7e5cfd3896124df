package ingest

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// FromFiles brings the blocks of files to a ledger: of a node's blocks folder, of
// single block files (blk00000.dat), and of raw blocks without a frame. Blocks
// may lie in any order and more than once. The chain with the most work is
// taken, the first seen of equals, beginning at the ledger's own blocks where it
// holds some.
//
// It first reads every header, then the blocks in chain order. A block that is
// damaged in one place is taken from another where it lies whole. What it had
// to pass over is a warning; an error comes where blocks are missing that may be
// the chain's, and after everything before them is appended.
//
// Of a partial ledger, the order of paths does not matter.
func FromFiles(ctx context.Context, to Appender, disk FileSystem, paths []string, opts Options) (Summary, error) {
	r, err := newRun(to, opts)
	if err != nil {
		return Summary{Height: -1}, err
	}
	d := newFolder(r, disk, paths)
	err = d.follow(ctx)
	d.sumKnown()
	return r.finish(err)
}

// follow reads the files, and goes on with what is new in them where that is asked.
func (d *folder) follow(ctx context.Context) error {
	if err := d.seed(ctx); err != nil {
		return err
	}
	for {
		if err := d.refresh(ctx); err != nil {
			return err
		}
		step := d.extend
		if d.run.opts.Partial {
			step = d.extendPartial
		}
		if err := step(ctx); err != nil {
			return err
		}
		if !d.run.opts.Follow {
			return d.conclude(ctx)
		}
		if err := d.run.commit(); err != nil {
			return err
		}
		d.run.progress(CaughtUp)
		if err := wait(ctx, d.run.opts.Poll); err != nil {
			return err
		}
	}
}

// sumKnown says between which heights the blocks lie that were known already.
func (d *folder) sumKnown() {
	s := &d.run.summary
	for i := range d.tree.nodes {
		n := &d.tree.nodes[i]
		if !n.again {
			continue
		}
		height := int32(-1)
		if d.run.opts.Partial { // in the tree a fragment's heights count from its root
			height = d.height(int32(i))
		} else if n.root != none {
			height = n.height
		}
		if height >= 0 && (s.KnownFrom < 0 || height < s.KnownFrom) {
			s.KnownFrom = height
		}
		s.KnownTo = max(s.KnownTo, height)
	}
}

// seed puts the ledger's own headers into the tree, so that files can go on
// from them and are known where they repeat them.
func (d *folder) seed(ctx context.Context) error {
	for i := range d.run.blocks {
		if i%4096 == 0 && ctx.Err() != nil {
			return interrupted(ctx)
		}
		height, raw, err := d.run.to.Header(i)
		if err != nil {
			return err
		}
		h, err := bitcoin.DecodeHeader(raw)
		if err != nil {
			return err
		}
		n, _ := d.tree.add(h.Hash, h.Parent, h.Bits, place{file: noFile})
		if i == 0 {
			d.before = h.Parent
		}
		if d.run.opts.Partial {
			d.inLedger[n] = true
			if height >= 0 {
				d.heights[n] = height
			}
		} else if i == 0 {
			d.tree.anchor(n, h.Parent, height)
		}
		d.held = append(d.held, n)
	}
	d.tree.byHashes, d.tree.seeded = d.run.opts.Partial, int32(len(d.tree.nodes))
	return nil
}

// extend brings the ledger to the end of the best chain.
func (d *folder) extend(ctx context.Context) error {
	root, err := d.root(ctx)
	if err != nil || root == none {
		return err
	}
	if err := d.overtaken(); err != nil {
		return err
	}
	chain, fork := d.branch(d.tree.best[root])
	if len(chain) == 0 {
		return nil
	}
	d.run.done.TotalBlocks = d.run.done.Blocks + int64(len(chain))
	d.run.done.Bytes, d.run.done.TotalBytes = 0, 0
	for _, n := range chain {
		d.run.done.TotalBytes += int64(d.tree.nodes[n].place.size)
	}
	if fork < len(d.held) {
		// Only a branch that can be read may take the place of the ledger's own.
		if err := d.read(ctx, chain[:min(len(chain), checkedBranch)], func(b *batch) error { return b.err }); err != nil {
			return d.tail(err)
		}
		height := d.run.height - int32(len(d.held)-fork)
		if err := d.run.rollback(height); err != nil {
			return err
		}
		d.held = d.held[:fork]
	}
	err = d.read(ctx, chain, func(b *batch) error {
		_, err := d.append(ctx, b)
		return err
	})
	return d.tail(err)
}

// append hands a batch to the ledger and returns those of its blocks that the
// ledger took. Where it refuses one, the error says where that block lies.
func (d *folder) append(ctx context.Context, b *batch) (taken []int32, err error) {
	before := d.run.blocks
	err = d.run.appendBatch(ctx, b)
	taken = b.todo[:d.run.blocks-before]
	d.held = append(d.held, taken...)
	if code := goshawk.CodeOf(err); len(taken) < b.count && (code == goshawk.Corrupt || code == goshawk.Conflict) {
		at := d.tree.nodes[b.todo[len(taken)]].place
		err = goshawk.Errorf(code, "%s: byte %d: %w", filepath.Base(d.files[at.file].name), at.offset, err)
	}
	return taken, err
}

// checkedBranch is the length to which a winning branch is read before the
// ledger's own blocks make room for it: more than any reorganisation.
const checkedBranch = 1000

// root returns the node that the ledger's chain begins with, or none where a
// follower has to wait for it.
func (d *folder) root(ctx context.Context) (int32, error) {
	if len(d.held) > 0 {
		return d.tree.nodes[d.held[0]].root, nil
	}
	from := d.run.opts.FromHeight
	if genesis, ok := d.tree.byHash[d.run.opts.Params.Genesis]; ok && d.tree.nodes[genesis].root == genesis {
		if highest := d.tree.nodes[d.tree.best[genesis]].height; highest < from {
			return d.tooShort(highest)
		}
		return genesis, nil
	}
	if len(d.tree.nodes) == 0 {
		if d.run.opts.Follow {
			return none, nil
		}
		if other := d.foreign(); other != "" {
			return none, goshawk.Errorf(goshawk.Invalid, "these files hold blocks of %s, not of %s", other, d.run.opts.Params.Name).WithHint("use --network %s", other)
		}
		return none, goshawk.Errorf(goshawk.NotFound, "there is no block of %s in these files", d.run.opts.Params.Name).
			WithHint("name a node's blocks folder, its blk*.dat files, or raw block files")
	}
	if from == 0 {
		return none, goshawk.Errorf(goshawk.NotFound, "these files do not hold the first block of %s, %s", d.run.opts.Params.Name, d.run.opts.Params.Genesis).
			WithHint("name the whole blocks folder; or start late with --from-height N; or take single blocks as they are with --partial")
	}
	return d.lateRoot(ctx, from)
}

func (d *folder) tooShort(highest int32) (int32, error) {
	if d.run.opts.Follow {
		return none, nil
	}
	return none, goshawk.Errorf(goshawk.Invalid, "the chain in these files ends at height %d, below the start height %d", highest, d.run.opts.FromHeight).
		WithHint("choose a lower --from-height, or let the node catch up")
}

// lateRoot finds a chain without genesis that reaches a height, going by the
// heights that its first blocks state.
func (d *folder) lateRoot(ctx context.Context, from int32) (int32, error) {
	best, lowest := none, int32(-1)
	reader := d.newReader()
	defer reader.close()
	var block goshawk.Block
	for _, h := range d.tree.heads() {
		if ctx.Err() != nil {
			return none, interrupted(ctx)
		}
		err := reader.decode(h.node, &block)
		switch {
		case goshawk.CodeOf(err) == goshawk.Corrupt:
			continue // another one may do; if none does, the chain is said to be too short
		case err != nil:
			return none, err
		case block.Height > 0:
			d.tree.anchor(h.node, h.parent, block.Height)
		}
	}
	for i := range d.tree.nodes {
		top, ok := d.tree.best[int32(i)]
		if !ok || d.tree.nodes[top].height < from {
			continue
		}
		if start := d.tree.nodes[i].height; start > from {
			if lowest < 0 || start < lowest {
				lowest = start
			}
		} else if best == none || d.tree.nodes[top].work.compare(d.tree.nodes[d.tree.best[best]].work) > 0 {
			best = int32(i)
		}
	}
	if best == none && lowest >= 0 {
		return none, goshawk.Errorf(goshawk.Invalid, "the chain in these files begins at height %d, after the start height %d", lowest, from).
			WithHint("use --from-height %d", lowest)
	}
	if best == none {
		return d.tooShort(-1)
	}
	return best, nil
}

// branch returns the nodes from the ledger's chain to a node, in chain order,
// and how many of the ledger's blocks lie below them.
func (d *folder) branch(top int32) (chain []int32, fork int) {
	start := d.run.opts.FromHeight
	if len(d.held) > 0 {
		start = d.tree.nodes[d.held[0]].height
	}
	for n := top; n != none && d.tree.nodes[n].height >= start; n = d.tree.nodes[n].parent {
		if below := int(d.tree.nodes[n].height - start); below < len(d.held) && d.held[below] == n {
			fork = below + 1
			break
		}
		chain = append(chain, n)
	}
	slices.Reverse(chain)
	return chain, fork
}

// read decodes blocks ahead and hands them on batch by batch, in order.
func (d *folder) read(ctx context.Context, chain []int32, each func(*batch) error) error {
	readers := make([]*reader, d.run.opts.decoders())
	workers := make([]func(context.Context, *batch), len(readers))
	for i := range readers {
		readers[i] = d.newReader()
		defer readers[i].close()
		workers[i] = readers[i].work
	}
	return pipeline(ctx, workers, func(b *batch) {
		for size := 0; len(chain) > 0 && len(b.todo) < batchBlocks; chain = chain[1:] {
			size += int(d.tree.nodes[chain[0]].place.size)
			if len(b.todo) > 0 && size > batchBytes {
				break
			}
			b.todo = append(b.todo, chain[0])
		}
	}, each)
}

// tail turns the damage of a block that the node may still be writing into a
// warning: the newest of all, where it is the last in its file.
func (d *folder) tail(err error) error {
	damage, ok := errors.AsType[*damage](err)
	if !ok || !damage.later {
		return err
	}
	if d.told != damage.node {
		d.told = damage.node
		d.run.warn(damage.file, damage.offset, "the chain ends before a block that the node has not finished: %v", damage.err)
	}
	return nil
}

// conclude counts what was left out, and reports blocks that may belong to the
// chain and do not connect to it: damage cut them off, or blocks are missing.
func (d *folder) conclude(ctx context.Context) error {
	if d.run.opts.Partial {
		return nil
	}
	first, err := d.leftOut(ctx)
	if err != nil || d.run.summary.Unconnected == 0 {
		return err
	}
	n := &d.tree.nodes[first.node]
	what := goshawk.Count(d.run.summary.Unconnected, "block does not connect to the chain:", "blocks do not connect to the chain, the first of them")
	file := filepath.Base(d.files[n.place.file].name)
	if d.lost.File != "" {
		return goshawk.Errorf(goshawk.Corrupt, "%s %s in %s at byte %d, because bytes are damaged: %s at byte %d", what, n.hash, file, n.place.offset, d.lost.File, d.lost.Offset).
			WithHint("%s", damageHint)
	}
	return goshawk.Errorf(goshawk.NotFound, "%s %s in %s at byte %d: its parent %s is missing; the ledger ends with block %s at height %d", what, n.hash, file, n.place.offset, first.parent, d.run.tip, d.run.height).
		WithHint("what connects is in the ledger; name the files that hold the blocks between, or the whole blocks folder, to go on; if its node is still downloading, wait until it is done")
}

const damageHint = "everything before is in the ledger; copy that file from the node again, or take the blocks from the node with --rpc, and run the command again to go on"

// leftOut counts the blocks in the files that are on losing branches, and those
// that may belong to the chain and whose parent is nowhere, of which it returns
// the first. Not counted are blocks below the start of a late ledger.
func (d *folder) leftOut(ctx context.Context) (first head, err error) {
	chosen := make([]bool, len(d.tree.nodes))
	if len(d.held) > 0 {
		root := d.tree.nodes[d.held[0]].root
		for n := d.tree.best[root]; n != none; n = d.tree.nodes[n].parent {
			chosen[n] = true
		}
		for _, n := range d.held { // a held block is no stale one, even where a better branch is still damaged
			chosen[n] = true
		}
		for i := range d.tree.nodes {
			if n := &d.tree.nodes[i]; n.root == root && n.place.file != noFile && !chosen[i] {
				d.run.summary.Stale++
			}
		}
	}
	reader := d.newReader()
	defer reader.close()
	var block goshawk.Block
	for _, h := range d.tree.heads() {
		if ctx.Err() != nil {
			return first, interrupted(ctx)
		}
		blocks, length, leadsToLedger := d.hanging(h.node)
		if leadsToLedger {
			continue
		}
		err := reader.decode(h.node, &block)
		if err != nil && goshawk.CodeOf(err) != goshawk.Corrupt {
			return first, err
		}
		// A block that does not state its height is from before all had to.
		bottom := block.Height
		if bottom < 0 {
			bottom = d.run.opts.Params.StatesHeight - 1
		}
		switch top := bottom + length - 1; {
		case err != nil || top > d.run.height:
			if d.run.summary.Unconnected == 0 {
				first = h
			}
			d.run.summary.Unconnected += blocks
		case len(d.held) > 0 && top >= d.tree.nodes[d.held[0]].height:
			d.run.summary.Stale += blocks // by its own words no higher than the ledger
		}
	}
	return first, nil
}

// hanging counts the blocks that hang on a block whose parent was not met, itself
// included, and the length of their longest chain; and says whether the ledger's
// first block is the child of one of them.
func (d *folder) hanging(top int32) (blocks int64, length int32, leadsToLedger bool) {
	type link struct{ node, length int32 }
	for stack := []link{{top, 1}}; len(stack) > 0; {
		l := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		hash := d.tree.nodes[l.node].hash
		blocks, length = blocks+1, max(length, l.length)
		leadsToLedger = leadsToLedger || len(d.held) > 0 && hash == d.before
		for _, child := range d.tree.waiting[hash] {
			stack = append(stack, link{child, l.length + 1})
		}
	}
	return blocks, length, leadsToLedger
}
