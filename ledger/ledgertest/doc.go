// Package ledgertest holds what tests of ledgers, and of everything that reads
// one, have in common: a model, the contract suite, and histories to fill both.
// Only tests import it; it never touches a disk, a network or a clock.
//
// [Model] is the simplest possible ledger. [TestLedger] compares any ledger with
// it, and [Differences] says where the two disagree. [Random] makes histories of
// every kind from a seed. [MustChain] reads a history written in an
// investigator's words:
//
//	# Lines are a block, a transaction, or nothing.
//	tx theft: mint 50 -> alice 50
//	block
//	tx split: theft:0 -> bob 30, carol 19.99 fee .01
//	tx note:  split:1 -> data "thank you", dave
//
//	h := ledgertest.MustChain(script)
//	l := h.Ledger()              // a goshawk.Ledger
//	start := h.Outpoint("theft:0")
//	text := h.Address("bob")
//
// # Blocks
//
// A whole chain has block 0, its coinbase burnt, without being told. The line
//
//	block [HEIGHT] [time=TIME]
//
// begins the next block, or the one of a height, after empty ones in between.
// TIME is seconds since 1970, a date (2024-05-01) or date and time
// (2024-05-01T10:00:00Z); without it the block is ten minutes younger than its
// parent. Every block begins with a coinbase: one that the script does not write
// pays 50 to miner, and is called coinbase@HEIGHT.
//
// A script may begin with one of
//
//	start HEIGHT    a ledger that starts late
//	partial         a ledger of single blocks: only heights that are written are known
//
// # Transactions
//
//	tx NAME [version=N] [locktime=N] [sequence=N] [weight=N]: INPUT, … -> OUTPUT, … [fee AMOUNT]
//	tx NAME same as OTHER: …       with OTHER's hash (BIP 30)
//
// The transaction's hash is that of its name. An INPUT is one of
//
//	mint [AMOUNT]                  a coinbase; where it is not first in its block it begins the next
//	NAME:INDEX                     the output of an earlier transaction
//	before ADDRESS AMOUNT [HEIGHT] a coin of which a ledger that starts late was told
//	unresolved [ADDRESS]           a coin unknown to a partial ledger, save perhaps its address
//
// An OUTPUT is one of
//
//	ADDRESS [AMOUNT]               one output of each transaction may go without its amount: it takes the rest
//	data "TEXT" [AMOUNT]           an OP_RETURN output, worth nothing unless said
//
// An AMOUNT is a number of coins (.5), or of the smallest unit: 5000sat. What
// inputs hold beyond the outputs is the fee; where a fee is written the three
// must agree. A coinbase without an amount mints what its outputs need.
//
// An ADDRESS is any word, which stands for a key made from it, and perhaps the
// form of its script: alice is P2WPKH; alice/p2pkh, alice/p2sh, alice/p2wsh,
// alice/p2tr, alice/multisig and alice/nonstandard are others, and alice/p2pk is
// paid to the key itself: the address of alice/p2pkh.
package ledgertest
