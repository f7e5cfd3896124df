// Package chaingen writes regtest chains as Bitcoin Core's block files hold
// them, for the benchmark and for tests: real framing, headers, proofs of work,
// merkle roots, coinbase heights and witness commitments.
//
// It stays beside package world, whose chains ingest no faster, because worlds
// change with what is known of real blocks and spend mostly young coins: this
// shape stays, so that figures of years compare, spends coins of any age, the
// worst locality there is, can give one address half a million transactions, and
// gives tests a chain in milliseconds.
//
// The same options give the same bytes. What a full node checks beyond that
// holds too (inputs exist and are unspent, coinbases mature, no value appears
// from nowhere), save the signatures, which are noise of the right length.
//
// It never reads a chain, and what it writes stands for nothing that happened:
// for chains with people and crimes in them see worlds. The program itself never
// uses it.
package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/bits"
	"math/rand/v2"

	"golang.org/x/crypto/ripemd160" //nolint:staticcheck // Bitcoin's addresses are defined by it

	"goshawk"
)

// Options describe a chain for benchmarks. Zero fields mean the shape that the
// performance targets are stated for: 974,533 transactions in 2,001 blocks.
type Options struct {
	Seed         uint64
	Transactions int // in all, with the coinbases and the genesis block's
	Blocks       int // in all, with the genesis block; at least 102 to hold any payment
	// Whale is the number of transactions that pay to or spend from one
	// address; 0 for none. At most the payments in the chain; transactions that
	// happen to spend its coins may lift it a little.
	Whale int
}

// Summary tells what Write wrote.
type Summary struct {
	Blocks       int
	Transactions uint64
	Inputs       uint64 // without the coinbases'
	Outputs      uint64
	Addresses    uint64 // with the genesis block's; without scripts that are no address
	Bytes        int64
	Tip          goshawk.Hash

	WhaleKey          [20]byte // key hash of the whale's P2WPKH address
	WhaleTransactions uint64
}

// The shape that Options' zero values mean.
const (
	shapeTransactions = 974_533
	shapeBlocks       = 2_001

	reusePercent = 21  // of outputs, to an address already used: 1.6 M addresses to 2.03 M outputs
	thirdOutput  = 9   // percent of payments with three outputs instead of two
	oneInput     = 40  // percent of payments
	twoInputs    = 35  // percent; the rest has three
	dust         = 546 // satoshi: no output is worth less while its inputs allow
	leastFee     = 150
	feeSpread    = 2_000
	noiseWords   = 9 // random words that a signature takes
)

// coin is an output that can be spent.
type coin struct {
	tx      digest
	index   uint32
	address uint32 // its number: keys are made from it
	value   uint64
}

// generator is the state of Write.
type generator struct {
	*chain
	rng     *rand.PCG
	keys    uint64 // makes keys differ between seeds
	next    uint32 // number of the next new address; 0 is the whale's
	pool    []coin // all that can be spent
	young   []coin // one immature coinbase per block
	script  [22]byte
	key     [33]byte
	wanted  int // transactions that the whale still wants
	left    int // payments still to come
	touched uint64
}

// Write writes a chain of the shape that opts describes. Its payments are P2WPKH
// with one to three inputs and two or three outputs; they spend any unspent coin
// of the chain with the same chance, so that a reader's locality is the worst.
// It needs about 50 bytes of memory per unspent coin.
func Write(w io.Writer, opts Options) (Summary, error) {
	if opts.Transactions == 0 {
		opts.Transactions = shapeTransactions
	}
	if opts.Blocks == 0 {
		opts.Blocks = shapeBlocks
	}
	payments := opts.Transactions - opts.Blocks
	paying := opts.Blocks - 1 - maturity // blocks with payments in them
	switch {
	case opts.Blocks < 1 || payments < 0:
		return Summary{}, goshawk.Errorf(goshawk.Invalid, "%d transactions cannot fill %d blocks", opts.Transactions, opts.Blocks).
			WithHint("each block has a coinbase transaction")
	case payments > 0 && paying < 1:
		return Summary{}, goshawk.Errorf(goshawk.Invalid, "a chain of %d blocks cannot hold payments", opts.Blocks).
			WithHint("a coinbase can be spent %d blocks later: ask for %d blocks or more", maturity, maturity+2)
	case opts.Whale < 0 || opts.Whale > payments:
		return Summary{}, goshawk.Errorf(goshawk.Invalid, "a whale cannot be in %d of %d payments", opts.Whale, payments)
	}
	c, err := newChain(w)
	if err != nil {
		return Summary{}, err
	}
	rng := rand.NewPCG(opts.Seed, 0x676f736861776b)
	g := &generator{chain: c, rng: rng, keys: rng.Uint64(), next: 1, wanted: opts.Whale, left: payments}
	for height := 1; height < opts.Blocks; height++ {
		if n := height - maturity; n > 0 {
			g.pool = append(g.pool, g.young[n-1])
			from, to := (n-1)*payments/paying, n*payments/paying
			for range to - from {
				g.pay()
			}
		}
		address := g.fresh()
		g.setKey(address)
		tx, value, err := c.seal(g.script[:])
		if err != nil {
			return Summary{}, err
		}
		g.young = append(g.young, coin{tx: tx, address: address, value: value})
	}
	s := Summary{
		Blocks: opts.Blocks, Transactions: c.totalTxs, Inputs: c.totalInputs, Outputs: c.totalOutputs,
		Addresses: uint64(g.next), // numbers run from 1; the genesis block's address makes up for it
		Bytes:     c.written, Tip: hash(c.tip),
	}
	if opts.Whale > 0 {
		g.setKey(0)
		copy(s.WhaleKey[:], g.script[2:])
		s.WhaleTransactions = g.touched
		s.Addresses++
	}
	return s, nil
}

// below returns a number in [0, n).
func (g *generator) below(n uint64) uint64 {
	high, _ := bits.Mul64(g.rng.Uint64(), n)
	return high
}

func (g *generator) percent(p uint64) bool { return g.below(100) < p }

func (g *generator) fresh() uint32 {
	g.next++
	return g.next - 1
}

// pay adds one payment to the block.
func (g *generator) pay() {
	total, whale := g.spend()
	fee := leastFee + g.below(feeSpread)
	if total < fee+dust {
		fee = 0
	}
	outputs := uint64(2)
	if g.percent(thirdOutput) {
		outputs = 3
	}
	for outputs > 1 && total-fee < outputs*dust {
		outputs--
	}
	// Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S) over the payments to come.
	paysWhale := !whale && g.wanted > 0 && g.below(uint64(g.left)) < uint64(g.wanted)
	if whale || paysWhale {
		g.touched++
		if g.wanted > 0 {
			g.wanted--
		}
	}
	g.left--

	first := len(g.pool)
	rest := total - fee
	for i := range outputs {
		value := rest
		if more := outputs - 1 - i; more > 0 {
			value = dust
			if spare := rest - (more+1)*dust; spare > 0 {
				value += g.below(spare)
			}
		}
		rest -= value
		var address uint32
		switch {
		case paysWhale && i == 0:
			address = 0
		case g.next > 1 && g.percent(reusePercent):
			address = 1 + uint32(g.below(uint64(g.next-1)))
		default:
			address = g.fresh()
		}
		g.setKey(address)
		g.output(value, g.script[:])
		g.pool = append(g.pool, coin{index: uint32(i), address: address, value: value})
	}
	locktime := uint32(0)
	if g.percent(20) {
		locktime = uint32(g.height)
	}
	tx := g.finish(locktime, fee)
	for i := first; i < len(g.pool); i++ {
		g.pool[i].tx = tx
	}
}

// spend takes coins out of the pool as the inputs of a payment, and says what
// they are worth and whether one of them was the whale's.
func (g *generator) spend() (total uint64, whale bool) {
	wish := 1
	switch n := g.below(100); {
	case n >= oneInput+twoInputs:
		wish = 3
	case n >= oneInput:
		wish = 2
	}
	sequence := uint32(sequenceFinal)
	if g.percent(40) {
		sequence = sequenceFeeBump
	}
	for n := 0; len(g.pool) > 0 && (n < wish || n < 8 && total < leastFee+feeSpread+2*dust); n++ {
		i := g.below(uint64(len(g.pool)))
		c := g.pool[i]
		g.pool[i] = g.pool[len(g.pool)-1]
		g.pool = g.pool[:len(g.pool)-1]
		g.input(&c.tx, c.index, nil, sequence)
		g.sign(c.address)
		total += c.value
		whale = whale || c.address == 0
	}
	return total, whale
}

// sign appends a witness for an address: noise where the signature's numbers
// stand, in DER's frame, and the key that the address is the hash of.
func (g *generator) sign(address uint32) {
	var noise [8 * noiseWords]byte
	for i := 0; i < len(noise); i += 8 {
		binary.LittleEndian.PutUint64(noise[i:], g.rng.Uint64())
	}
	r, s := noise[:32], noise[32:64]
	long := noise[64]&1 != 0 // half of all r have their top bit set and need a zero before them
	r[0] &= 0x7f
	r[0] |= 1
	s[0] = s[0]&0x3f | 1
	b := g.witness
	if long {
		r[0] |= 0x80
		b = append(b, 2, 72, 0x30, 0x45, 0x02, 0x21, 0x00)
	} else {
		b = append(b, 2, 71, 0x30, 0x44, 0x02, 0x20)
	}
	b = append(b, r...)
	b = append(b, 0x02, 0x20)
	b = append(b, s...)
	b = append(b, 0x01, 33)
	g.publicKey(address)
	g.witness = append(b, g.key[:]...)
}

// publicKey makes an address's key. It has the form of a compressed key; whether
// it lies on the curve nobody asks.
func (g *generator) publicKey(address uint32) {
	state := g.keys + uint64(address)*0x9e3779b97f4a7c15
	g.key[0] = 2 + byte(address&1)
	for i := 1; i < len(g.key); i += 8 {
		binary.LittleEndian.PutUint64(g.key[i:], splitmix(&state))
	}
}

// setKey makes g.script the P2WPKH script of an address.
func (g *generator) setKey(address uint32) {
	g.publicKey(address)
	key := hash160(g.key[:])
	g.script[1] = 20
	copy(g.script[2:], key[:])
}

// hash160 is RIPEMD-160 of SHA-256: the hash in addresses.
func hash160(b []byte) (h [20]byte) {
	inner := sha256.Sum256(b)
	outer := ripemd160.New()
	outer.Write(inner[:])
	outer.Sum(h[:0])
	return h
}

// splitmix is the SplitMix64 generator (Steele, Lea and Flood, OOPSLA 2014).
func splitmix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
