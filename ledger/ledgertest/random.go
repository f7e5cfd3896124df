package ledgertest

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"

	"goshawk"
)

// Shape bounds a random history. The zero value is a whole chain of 12 blocks
// with up to 6 payments each among about 20 addresses.
type Shape struct {
	Blocks    int  // 0 means 12
	Payments  int  // at most so many in a block; 0 means 6
	Addresses int  // 0 means 20
	Partial   bool // single blocks, unresolved inputs, unknown heights
	Start     int32
}

// Random makes a history that ledgers accept. It holds reused addresses of every
// kind, several inputs and outputs of one address, equal outputs, outputs worth
// nothing, OP_RETURN, coins spent in their own block, block times out of order,
// and coinbases of the same hash (BIP 30). The same arguments give the same
// history.
func Random(seed uint64, shape Shape) *History {
	if shape.Blocks == 0 {
		shape.Blocks = 12
	}
	if shape.Payments == 0 {
		shape.Payments = 6
	}
	if shape.Addresses == 0 {
		shape.Addresses = 20
	}
	g := &random{
		shape:   shape,
		rng:     rand.New(rand.NewPCG(seed, 0x6c6564676572)),
		builder: builder{time: firstTime, next: shape.Start, h: &History{Codec: Text{}, Partial: shape.Partial, Start: shape.Start}},
	}
	for range shape.Blocks {
		g.fill()
	}
	return g.h
}

// random is the state of Random.
type random struct {
	builder
	shape     Shape
	rng       *rand.Rand
	pool      []randomCoin // what can be spent
	coinbases []goshawk.Hash
	count     int // transactions so far
}

type randomCoin struct {
	at    goshawk.Outpoint
	value uint64
}

// chance is true n times of 100.
func (g *random) chance(n int) bool { return g.rng.IntN(100) < n }

// fill adds one block.
func (g *random) fill() {
	height, at := g.next, g.time
	if g.h.Partial {
		height = int32(g.rng.IntN(3)) - 1 + 10*int32(len(g.h.Blocks)) // gaps, but no height twice
		if g.chance(30) {
			height = -1
		}
	}
	if g.chance(20) {
		at -= uint32(g.rng.IntN(3 * blockTime))
	}
	block := g.block(height, at)
	g.coinbase(block)
	for range g.rng.IntN(g.shape.Payments + 1) {
		g.payment(block)
	}
}

func (g *random) coinbase(block *goshawk.Block) {
	tx := goshawk.BlockTx{Hash: g.hash(), Version: 1, Coinbase: true}
	if len(g.coinbases) > 0 && g.chance(8) {
		tx.Hash = g.coinbases[g.rng.IntN(len(g.coinbases))]
		g.pool = slices.DeleteFunc(g.pool, func(c randomCoin) bool { return c.at.Tx == tx.Hash })
	}
	g.coinbases = append(g.coinbases, tx.Hash)
	first := len(g.h.Blocks) == 1 && !g.h.Partial && g.h.Start == 0
	g.outputs(block, tx.Hash, 50_0000_0000, 1+g.rng.IntN(2))
	if first { // the genesis block's coinbase is nobody's
		for i := range block.Outs {
			block.Outs[i].Burnt = true
		}
		g.pool = nil
	}
	endTx(block, tx)
}

func (g *random) payment(block *goshawk.Block) {
	tx := goshawk.BlockTx{Hash: g.hash(), Version: int32(g.rng.IntN(4)) - 1, LockTime: uint32(g.rng.IntN(3)) * 0x7fffffff}
	tx.Weight = uint32(g.rng.IntN(4_000_000))
	before := len(block.Ins)
	total := uint64(0)
	for range 1 + g.rng.IntN(4) {
		in := goshawk.BlockInput{Sequence: 0xffffffff - uint32(g.rng.IntN(3)), Height: -1}
		switch {
		case (g.h.Partial || g.h.Start > 0) && g.chance(25):
			g.foreign(block, &in)
			total += in.Value
		case len(g.pool) > 0:
			i := g.rng.IntN(len(g.pool))
			if g.chance(30) {
				i = len(g.pool) - 1 // mostly of this block
			}
			in.Prev = g.pool[i].at
			total += g.pool[i].value
			g.pool = slices.Delete(g.pool, i, i+1)
		default:
			continue
		}
		block.Ins = append(block.Ins, in)
	}
	if len(block.Ins) == before {
		return // nothing to spend
	}
	g.outputs(block, tx.Hash, total, 1+g.rng.IntN(5))
	endTx(block, tx)
}

// foreign makes an input of a coin from outside the history.
func (g *random) foreign(block *goshawk.Block, in *goshawk.BlockInput) {
	in.Prev = goshawk.Outpoint{Tx: g.hash(), Index: uint32(g.rng.IntN(3))}
	in.Known = goshawk.CoinKnown
	if g.h.Partial {
		in.Known = goshawk.Knowledge(g.rng.IntN(3))
	}
	if in.Known == goshawk.NothingKnown {
		return
	}
	from := g.lock()
	in.Kind = from.kind
	in.KeyStart, in.KeyEnd = key(block, from.key)
	if in.Known == goshawk.CoinKnown {
		in.Value = g.rng.Uint64N(10_0000_0000)
		if g.h.Start > 0 && g.chance(80) {
			in.Height = g.rng.Int32N(g.h.Start)
		}
	}
}

// outputs adds outputs worth no more than total.
func (g *random) outputs(block *goshawk.Block, hash goshawk.Hash, total uint64, count int) {
	start := len(block.Outs)
	equal := g.chance(15)
	to := g.lock()
	for i := range count {
		value := g.rng.Uint64N(total + 1)
		switch {
		case equal:
			value = total / uint64(count-i)
		case g.chance(10):
			value = 0
		}
		total -= value
		if !g.chance(25) { // else the same address again
			to = g.lock()
		}
		if g.chance(5) {
			to = data(fmt.Sprintf("note %d", g.rng.IntN(4)))
		}
		output(block, to, value)
		out := &block.Outs[len(block.Outs)-1]
		if g.chance(1) { // a script over 10,000 bytes
			out.KeyStart, out.KeyEnd = key(block, make([]byte, 10_001))
			out.Kind, out.ByKey, out.Burnt = goshawk.NonStandard, false, true
		}
	}
	for i, out := range block.Outs[start:] {
		if !out.Burnt {
			g.pool = append(g.pool, randomCoin{goshawk.Outpoint{Tx: hash, Index: uint32(i)}, out.Value})
		}
	}
}

// lock picks an address: some often, some rarely.
func (g *random) lock() lock {
	n := g.rng.IntN(g.shape.Addresses)
	n = g.rng.IntN(n + 1)
	if n == 1 {
		return lock{kind: goshawk.NonStandard} // the empty script
	}
	forms := []string{"", "p2pkh", "p2sh", "p2wsh", "p2tr", "multisig", "nonstandard", "witness_unknown"}
	form := forms[n%len(forms)]
	if form == "p2pkh" && g.chance(50) {
		form = "p2pk"
	}
	to, _ := lockNamed(fmt.Sprint(n), form) // all forms are known
	return to
}

func (g *random) hash() goshawk.Hash {
	g.count++
	return sha256.Sum256(fmt.Appendf(nil, "random %d", g.count))
}
