package world

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"

	"goshawk"
)

// Consensus values of regtest, from Bitcoin Core's kernel/chainparams.cpp.
const (
	easiestBits   = 0x207fffff // about every second hash is a proof of work
	maturity      = 100        // blocks until a coinbase may be spent
	halving       = 150        // blocks between two halvings of the subsidy
	firstSubsidy  = 50_0000_0000
	blockVersion  = 0x20000000
	blockOverhead = 4*80 + 2000 // weight of a header and a coinbase, generously

	maxBlockWeight = 3_900_000 // the rule's 4,000,000, less some room
	maxBlockSigops = 78_000    // the rule's 80,000, likewise
	maxTxWeight    = 390_000   // nodes relay up to 400,000
)

// subsidy is what a coinbase may make at a height, beyond its block's fees.
func subsidy(height int32) uint64 {
	return firstSubsidy >> min(uint(height)/halving, 63)
}

// digest is a hash in the order in which the chain serialises it.
type digest = [32]byte

// placed is what the writer knows of an unspent coin.
type placed struct {
	tx      digest
	address Address
	value   uint64
	index   uint32
	height  int32
	within  uint32 // its transaction's place in that block
	keys    []byte // public keys, where they are costly to compute again
}

// chain turns plans into blocks.
type chain struct {
	magic   [4]byte
	coins   []placed // by slot
	tip     digest
	workers []*assembler
	txids   []digest
	wtxids  []digest
	made    []made
	levels  []uint32
	order   []uint32
	merkle  []digest
	block   []byte
}

// made is a transaction's place in its assembler's buffer.
type made struct {
	by         *assembler
	start, end int
}

func newChain(magic [4]byte, genesis goshawk.Hash, seed uint64, sign bool, workers int) *chain {
	c := &chain{magic: magic, tip: reversed(digest(genesis))}
	for range workers {
		c.workers = append(c.workers, &assembler{chain: c, keys: newKeyring(seed, sign)})
	}
	return c
}

// write appends the block of a plan to w, framed as a block file holds it, and
// returns the block's length. Afterwards c.txids holds its transactions' ids.
func (c *chain) write(p *plan, w io.Writer) (int, error) {
	n := len(p.txs)
	c.txids, c.wtxids = slices.Grow(c.txids[:0], n)[:n], slices.Grow(c.wtxids[:0], n)[:n]
	c.made = slices.Grow(c.made[:0], n)[:n]
	for _, a := range c.workers {
		a.raw = a.raw[:0]
	}
	c.enter(p)
	if len(c.workers) == 1 {
		for i := 1; i < n; i++ {
			if err := c.workers[0].assemble(p, i); err != nil {
				return 0, err
			}
		}
	} else if err := c.share(p); err != nil {
		return 0, err
	}
	c.workers[0].coinbase(p)

	b := append(c.block[:0], c.magic[:]...)
	b = append(b, 0, 0, 0, 0) // the length, when it is known
	b = binary.LittleEndian.AppendUint32(b, blockVersion)
	b = append(b, c.tip[:]...)
	root := c.root(c.txids)
	b = append(b, root[:]...)
	b = binary.LittleEndian.AppendUint32(b, p.time)
	b = binary.LittleEndian.AppendUint32(b, easiestBits)
	b = binary.LittleEndian.AppendUint32(b, 0)
	header := b[8:88]
	for nonce := uint32(0); ; nonce++ {
		binary.LittleEndian.PutUint32(header[76:], nonce)
		c.tip = doubleHash(header)
		if c.tip[31] < 0x7f { // the target begins with 7f: a little stricter than needed
			break
		}
	}
	b = appendCount(b, uint64(n))
	for i := range c.made {
		m := &c.made[i]
		b = append(b, m.by.raw[m.start:m.end]...)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	c.block = b
	if _, err := w.Write(b); err != nil {
		return 0, err
	}
	return len(b) - 8, nil
}

// enter gives the coins that a block makes their places, save their
// transactions' ids, and finds out in which order transactions must be made:
// after those of the same block whose coins they spend.
func (c *chain) enter(p *plan) {
	for i := range p.txs {
		_, outs := p.tx(i)
		for n := range outs {
			o := &outs[n]
			if o.coin == noSlot {
				continue
			}
			for int(o.coin) >= len(c.coins) {
				c.coins = append(c.coins, placed{height: -1})
			}
			c.coins[o.coin] = placed{address: o.address, value: o.value, index: uint32(n), height: p.height, within: uint32(i)}
		}
	}
	if len(c.workers) == 1 {
		return
	}
	c.levels = append(c.levels[:0], make([]uint32, len(p.txs))...)
	c.order = c.order[:0]
	for i := 1; i < len(p.txs); i++ {
		c.order = append(c.order, uint32(i))
		ins, _ := p.tx(i)
		for _, in := range ins {
			if coin := &c.coins[in]; coin.height == p.height {
				c.levels[i] = max(c.levels[i], c.levels[coin.within]+1)
			}
		}
	}
	slices.SortStableFunc(c.order, func(a, b uint32) int { return cmp.Compare(c.levels[a], c.levels[b]) })
}

// share makes a block's transactions on all workers, level by level. Who makes
// which does not show in the bytes.
func (c *chain) share(p *plan) error {
	for from := 0; from < len(c.order); {
		to := from
		for to < len(c.order) && c.levels[c.order[to]] == c.levels[c.order[from]] {
			to++
		}
		level := c.order[from:to]
		results := make(chan error, len(c.workers))
		for w, a := range c.workers {
			go func() {
				var err error
				for k := w; k < len(level) && err == nil; k += len(c.workers) {
					err = a.assemble(p, int(level[k]))
				}
				results <- err
			}()
		}
		var failed error
		for range c.workers {
			if err := <-results; err != nil {
				failed = err
			}
		}
		if failed != nil {
			return failed
		}
		from = to
	}
	return nil
}

// assembler makes transactions one at a time. Its buffers hold those of one block.
type assembler struct {
	chain    *chain
	keys     *keyring
	raw      []byte
	ins      []byte
	outs     []byte
	witness  []byte
	stripped []byte
	noise    []byte
	salt     uint64 // of the transaction being made: no two have a dummy signature in common
}

// assemble makes transaction i of a plan.
func (a *assembler) assemble(p *plan, i int) error {
	t := &p.txs[i]
	ins, outs := p.tx(i)
	a.salt = uint64(p.height)<<16 ^ uint64(i)
	if t.sorted {
		slices.SortFunc(ins, func(x, y slot) int {
			cx, cy := &a.chain.coins[x], &a.chain.coins[y]
			left, right := reversed(cx.tx), reversed(cy.tx)
			return cmp.Or(bytes.Compare(left[:], right[:]), cmp.Compare(cx.index, cy.index))
		})
	}
	a.outs = a.outs[:0]
	for n := range outs {
		a.output(&outs[n])
	}
	var sign *signer
	if a.keys.sign {
		sign = a.newSigner(t, ins)
	}
	a.ins, a.witness = a.ins[:0], a.witness[:0]
	witnessed := false
	for n, in := range ins {
		coin := &a.chain.coins[in]
		if a.keys.sign {
			a.keys.hold(coin.address, coin.keys)
		}
		a.ins = append(a.ins, coin.tx[:]...)
		a.ins = binary.LittleEndian.AppendUint32(a.ins, coin.index)
		script, stack, err := a.unlock(coin.address, n, sign)
		if err != nil {
			return err
		}
		a.ins = append(appendCount(a.ins, uint64(len(script))), script...)
		a.ins = binary.LittleEndian.AppendUint32(a.ins, t.sequence)
		a.witness = appendCount(a.witness, uint64(len(stack)))
		for _, item := range stack {
			a.witness = append(appendCount(a.witness, uint64(len(item))), item...)
		}
		witnessed = witnessed || len(stack) > 0
	}
	a.finish(i, t, len(ins), len(outs), witnessed)
	for n := range outs {
		if outs[n].coin != noSlot {
			a.chain.coins[outs[n].coin].tx = a.chain.txids[i]
		}
	}
	return nil
}

// output appends an output.
func (a *assembler) output(o *planOut) {
	script := a.keys.lock(o.address)
	a.outs = binary.LittleEndian.AppendUint64(a.outs, o.value)
	a.outs = append(appendCount(a.outs, uint64(len(script))), script...)
	if a.keys.sign && o.coin != noSlot {
		a.chain.coins[o.coin].keys = append([]byte(nil), a.keys.keys...)
	}
}

// finish serialises what ins, outs and witness hold.
func (a *assembler) finish(i int, t *planTx, ins, outs int, witnessed bool) {
	b := binary.LittleEndian.AppendUint32(a.stripped[:0], t.version)
	b = append(appendCount(b, uint64(ins)), a.ins...)
	b = append(appendCount(b, uint64(outs)), a.outs...)
	b = binary.LittleEndian.AppendUint32(b, t.lockTime)
	a.stripped = b
	txid := doubleHash(b)
	wtxid := txid
	start := len(a.raw)
	if witnessed {
		a.raw = append(a.raw, b[:4]...)
		a.raw = append(a.raw, 0, 1) // BIP 144: marker and flag
		a.raw = append(a.raw, b[4:len(b)-4]...)
		a.raw = append(a.raw, a.witness...)
		a.raw = append(a.raw, b[len(b)-4:]...)
		wtxid = doubleHash(a.raw[start:])
	} else {
		a.raw = append(a.raw, b...)
	}
	a.chain.txids[i], a.chain.wtxids[i] = txid, wtxid
	a.chain.made[i] = made{a, start, len(a.raw)}
}

// coinbase makes the first transaction, which commits to all others.
func (a *assembler) coinbase(p *plan) {
	t := &p.txs[0]
	_, outs := p.tx(0)
	height := appendHeight(nil, p.height)
	a.ins = append(a.ins[:0], make([]byte, 32)...)
	a.ins = binary.LittleEndian.AppendUint32(a.ins, 0xffffffff)
	a.ins = append(appendCount(a.ins, uint64(len(height))), height...)
	a.ins = binary.LittleEndian.AppendUint32(a.ins, 0xffffffff)
	a.outs, a.witness = a.outs[:0], a.witness[:0]
	for n := range outs {
		a.output(&outs[n])
	}
	count, witnessed := len(outs), false
	for i := 1; i < len(p.txs); i++ {
		witnessed = witnessed || a.chain.txids[i] != a.chain.wtxids[i]
	}
	if witnessed {
		a.chain.wtxids[0] = digest{}
		root := a.chain.root(a.chain.wtxids)
		commitment := doubleHash(append(root[:], make([]byte, 32)...))
		a.outs = binary.LittleEndian.AppendUint64(a.outs, 0)
		a.outs = append(append(a.outs, 38), "\x6a\x24\xaa\x21\xa9\xed"...) // BIP 141
		a.outs = append(a.outs, commitment[:]...)
		count++
		a.witness = append(append(a.witness, 1, 32), make([]byte, 32)...) // the reserved value
	}
	a.finish(0, t, 1, count, witnessed)
	for n := range outs {
		a.chain.coins[outs[n].coin].tx = a.chain.txids[0]
	}
}

// root hashes leaves to their merkle root.
func (c *chain) root(leaves []digest) digest {
	var pair [64]byte
	level := append(c.merkle[:0], leaves...)
	c.merkle = level
	for len(level) > 1 {
		half := (len(level) + 1) / 2
		for i := range half {
			right := min(2*i+1, len(level)-1)
			copy(pair[:32], level[2*i][:])
			copy(pair[32:], level[right][:])
			level[i] = doubleHash(pair[:])
		}
		level = level[:half]
	}
	return level[0]
}

func doubleHash(b []byte) digest {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// reversed turns a digest into the order in which people write it, or back.
func reversed(d digest) digest {
	slices.Reverse(d[:])
	return d
}

// appendCount appends Bitcoin's variable-length integer.
func appendCount(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	default:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
}

// appendHeight pushes a height as BIP 34 wants it, and one more byte, since a
// coinbase's script has at least two.
func appendHeight(b []byte, height int32) []byte {
	if height <= 16 {
		return append(b, 0x50+byte(height), 0)
	}
	n := bits.Len32(uint32(height))/8 + 1 // room for the sign bit
	b = append(b, byte(n))
	for i := range n {
		b = append(b, byte(height>>(8*i)))
	}
	return append(b, 0)
}
