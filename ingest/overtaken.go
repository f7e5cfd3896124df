package ingest

import (
	"path/filepath"

	"goshawk"
)

// overtaken refuses to go on with a late ledger that a better chain in the files
// leaves below its first block: the ledger cannot go back there. What is found
// above the first block is a reorganisation like any other, and so is all where
// this run began the ledger.
func (d *folder) overtaken() error {
	if len(d.held) == 0 || d.tree.seeded == 0 || d.tree.nodes[d.held[0]].height <= 0 {
		return nil
	}
	first := d.held[0]
	start, own := d.tree.nodes[first].height, d.tree.nodes[d.tree.best[first]].work
	if genesis, ok := d.tree.byHash[d.run.opts.Params.Genesis]; ok {
		top := d.tree.best[genesis]
		t, before := &d.tree.nodes[top], d.tree.below(top, start)
		// The chain from genesis may hold the block before the ledger's first. If
		// not, the two are compared from the height of the ledger's first block on.
		if known, ok := d.tree.byHash[d.before]; ok && d.tree.nodes[known].root == genesis {
			before = known
		}
		if t.height >= start && t.work.compare(own.plus(d.tree.nodes[before].work)) > 0 {
			return d.sharesNothing(top, t.height)
		}
	}
	for _, h := range d.tree.heads() {
		if top, height, ok := d.heaviest(h.node, own, start); ok {
			return d.sharesNothing(top, height)
		}
	}
	return nil
}

// below returns the last block under a height on the way to a block.
func (t *tree) below(top, height int32) int32 {
	for t.nodes[top].height >= height {
		top = t.nodes[top].parent
	}
	return top
}

// heaviest finds, among the blocks that hang on one whose parent was not met and
// that lead to the ledger's first block, the end of a chain of more work than the
// ledger's own, which from its first block on has the work given.
func (d *folder) heaviest(top int32, own work, start int32) (best, height int32, better bool) {
	type link struct {
		node, length int32
		work         work
	}
	var most link
	before := link{node: none}
	for stack := []link{{top, 1, d.tree.nodes[top].work}}; len(stack) > 0; {
		l := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		hash := d.tree.nodes[l.node].hash
		if hash == d.before {
			before = l
		}
		if c := l.work.compare(most.work); c > 0 || c == 0 && l.node < most.node {
			most = l
		}
		for _, child := range d.tree.waiting[hash] {
			stack = append(stack, link{child, l.length + 1, l.work.plus(d.tree.nodes[child].work)})
		}
	}
	if before.node == none || most.work.compare(own.plus(before.work)) <= 0 {
		return none, 0, false
	}
	return most.node, start - 1 + most.length - before.length, true
}

func (d *folder) sharesNothing(top, height int32) error {
	n := &d.tree.nodes[top]
	file := filepath.Base(d.files[n.place.file].name)
	return goshawk.Errorf(goshawk.Conflict, "the best chain in these files, which ends with block %s at height %d (%s: byte %d), shares no block with the ledger, which begins at height %d", n.hash, height, file, n.place.offset, d.tree.nodes[d.held[0]].height).
		WithHint("if the files are of the chain that the ledger was built from, a reorganisation has replaced it from below its start: ingest them into a new folder with --from-height")
}
