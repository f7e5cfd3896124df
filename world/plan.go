package world

import "goshawk"

// slot is a coin's place in the economy's and the writer's tables. A place is
// used again for another coin in a block after the one that spent it.
type slot uint32

const noSlot = ^slot(0)

// plan is one block as the economy decided it. The writer turns it into bytes,
// and into rows of truth, while the economy decides the next one.
type plan struct {
	height  int32
	time    uint32
	txs     []planTx // the coinbase first
	ins     []slot
	outs    []planOut
	actors  []*Actor
	wallets []walletRow
	owners  []owner
	books   []Entry
	shared  []sharedReceipt
	moves   []witnessed
	said    []Statement
	cents   uint64 // the coin's price on that day

	weight int // so far, and the cost of signature operations
	sigops int
}

// planTx is one transaction; its inputs and outputs run from the previous one's
// ends to its own.
type planTx struct {
	inEnd, outEnd uint32
	version       uint32
	lockTime      uint32
	sequence      uint32
	sorted        bool // BIP 69: inputs in the order of their outpoints
	kind          Kind
	actor         *Actor
	part          Part
	receipt       *Receipt
}

type planOut struct {
	value   uint64
	address Address
	coin    slot // noSlot of data
}

// walletRow is a wallet from a height on: when it is opened, and when it changes hands.
type walletRow struct {
	id       uint32
	actor    *Actor
	partner  *Actor
	software *Software
}

// owner is a new address with who holds it.
type owner struct {
	address Address
	wallet  uint32
	actor   *Actor
	purpose Purpose
	account uint32 // at a service, whose customer pays in there; 0: nobody's
}

// Part places a transaction in a crime; the zero value is no crime.
type Part struct {
	Case  string // the scenario's name for it
	Stage string // income, layering, cash-out, …
}

// Receipt tells where a transaction went, once its block is written: an
// economy's scenarios read receipts in End.
type Receipt struct {
	Tx     goshawk.Hash
	Height int32
	Time   uint32
	// Outputs are the numbers of the outputs of the payments that were asked
	// for, in the order in which they were.
	Outputs []uint32
	// Change is the number of the change output; -1 without one.
	Change int32
}

// sharedReceipt tells one of those whom a batch paid where their output is.
type sharedReceipt struct {
	receipt  *Receipt
	position int
	output   uint32
}

func (p *plan) reset(height int32, time uint32) {
	*p = plan{height: height, time: time, txs: append(p.txs[:0], planTx{}), ins: p.ins[:0], outs: p.outs[:0],
		actors: p.actors[:0], wallets: p.wallets[:0], owners: p.owners[:0], books: p.books[:0],
		shared: p.shared[:0], said: p.said[:0], moves: p.moves[:0], weight: blockOverhead}
}

// tx returns the inputs and outputs of a transaction.
func (p *plan) tx(i int) (ins []slot, outs []planOut) {
	var in, out uint32
	if i > 0 {
		in, out = p.txs[i-1].inEnd, p.txs[i-1].outEnd
	}
	return p.ins[in:p.txs[i].inEnd], p.outs[out:p.txs[i].outEnd]
}
