package ingest

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// place says where a block's bytes lie.
type place struct {
	file   int32 // index into the source's files; noFile where the ledger holds the block
	size   uint32
	offset int64
}

const (
	noFile = int32(-1)
	none   = int32(-1) // no node
)

// node is a header in the tree of all that were met.
type node struct {
	hash   goshawk.Hash
	parent int32 // node, or none
	height int32 // valid if root is not none
	root   int32 // first node of its chain; none while its parent is missing
	work   work  // its own while its parent is missing, then that of its chain from the root
	place  place
	again  bool // it was met in files when it was in the tree already
}

// tree holds every header met and knows which chain has the most work. Headers
// come in any order: one whose parent is not attached to a root waits for it.
type tree struct {
	nodes   []node
	byHash  map[goshawk.Hash]int32
	waiting map[goshawk.Hash][]int32 // nodes that are not attached, by their parent
	best    map[int32]int32          // by root: the node with the most work; among equals the first seen
	copies  map[int32][]place        // further places of a block's bytes

	// byHashes says that of chains with as much work the one with the least hash
	// at its end is the best, so that the order of files does not matter; but
	// those of the first seeded nodes stay.
	byHashes bool
	seeded   int32
}

func newTree() *tree {
	return &tree{
		byHash:  make(map[goshawk.Hash]int32),
		waiting: make(map[goshawk.Hash][]int32),
		best:    make(map[int32]int32),
		copies:  make(map[int32][]place),
	}
}

// add puts a header into the tree. One that was met before comes back as not
// new, and its place is kept as a further one.
func (t *tree) add(hash, parent goshawk.Hash, compact uint32, at place) (index int32, isNew bool) {
	if i, ok := t.byHash[hash]; ok {
		if n := &t.nodes[i]; n.place.file == noFile {
			n.place = at
		} else if len(t.copies[i]) < keptCopies {
			t.copies[i] = append(t.copies[i], at)
		}
		return i, false
	}
	i := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{hash: hash, parent: none, root: none, height: -1, work: workOf(compact), place: at})
	t.byHash[hash] = i
	if p, ok := t.byHash[parent]; ok && t.nodes[p].root != none {
		t.attach(i, p)
	} else {
		t.waiting[parent] = append(t.waiting[parent], i)
	}
	return i, true
}

// keptCopies bounds the places kept of one block.
const keptCopies = 4

// anchor makes a waiting node the root of a chain at a known height.
func (t *tree) anchor(i int32, parent goshawk.Hash, height int32) {
	if t.nodes[i].root != none {
		return
	}
	waiting := t.waiting[parent]
	if k := slices.Index(waiting, i); k >= 0 {
		t.waiting[parent] = slices.Delete(waiting, k, k+1)
	}
	if len(t.waiting[parent]) == 0 {
		delete(t.waiting, parent)
	}
	t.nodes[i].height = height
	t.attach(i, none)
}

// attach gives a node, and all that wait on it, its chain's root, height and
// work. Without a parent it is a root itself.
func (t *tree) attach(i, parent int32) {
	type link struct{ node, parent int32 }
	for stack := []link{{i, parent}}; len(stack) > 0; {
		l := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := &t.nodes[l.node]
		if n.parent = l.parent; l.parent == none {
			n.root = l.node
		} else {
			p := &t.nodes[l.parent]
			n.root, n.height, n.work = p.root, p.height+1, n.work.plus(p.work)
		}
		if best, ok := t.best[n.root]; !ok {
			t.best[n.root] = l.node
		} else if c := n.work.compare(t.nodes[best].work); c > 0 || c == 0 && t.before(l.node, best) {
			t.best[n.root] = l.node
		}
		for _, child := range t.waiting[n.hash] {
			stack = append(stack, link{child, l.node})
		}
		delete(t.waiting, n.hash)
	}
}

// hasSibling says whether another header follows the same one, as far as the
// tree can tell.
func (t *tree) hasSibling(i int32) bool {
	parent := t.nodes[i].parent
	if parent == none {
		return true // the first of a chain without its beginning
	}
	return slices.ContainsFunc(t.nodes, func(n node) bool { return n.parent == parent && n.hash != t.nodes[i].hash })
}

// before says which of two nodes with as much work is the better one: the first
// seen, unless the tree goes by hashes.
func (t *tree) before(a, b int32) bool {
	if !t.byHashes || a < t.seeded || b < t.seeded {
		return a < b
	}
	return bytes.Compare(t.nodes[a].hash[:], t.nodes[b].hash[:]) < 0
}

// head is a node that waits for a parent which was not met.
type head struct {
	node   int32
	parent goshawk.Hash
}

// heads lists the nodes whose parents were not met, the first seen first.
func (t *tree) heads() []head {
	var heads []head
	for parent, nodes := range t.waiting {
		if _, ok := t.byHash[parent]; ok {
			continue
		}
		for _, n := range nodes {
			heads = append(heads, head{n, parent})
		}
	}
	slices.SortFunc(heads, func(a, b head) int { return cmp.Compare(a.node, b.node) })
	return heads
}

// work is a number of expected hashes, in 128 bits, which all the hashing of
// ten thousand years would not fill; sums saturate.
type work struct{ high, low uint64 }

func (w work) plus(v work) work {
	low, carry := bits.Add64(w.low, v.low, 0)
	high, carry := bits.Add64(w.high, v.high, carry)
	if carry != 0 {
		return work{math.MaxUint64, math.MaxUint64}
	}
	return work{high, low}
}

func (w work) compare(v work) int {
	if c := cmp.Compare(w.high, v.high); c != 0 {
		return c
	}
	return cmp.Compare(w.low, v.low)
}

// workOf returns the work that a header's compact target stands for.
func workOf(compact uint32) work {
	w := bitcoin.Work(compact)
	if w[2]|w[3] != 0 {
		return work{math.MaxUint64, math.MaxUint64}
	}
	return work{w[1], w[0]}
}
