// Package bitcoin turns the bytes of Bitcoin and of chains like it into blocks,
// and back: networks, addresses, scripts, raw blocks and transactions, merkle
// proofs, a node's undo records, and the public side of wallets.
//
// A network is a value of [Params]; nothing in the code asks for one by name.
// The package checks what the bytes themselves prove: framing, transaction ids,
// the merkle root, the proof of work. It does not run scripts, check signatures
// or subsidies, or decide between branches: a node did that. It never reads a
// file, a clock or a network, and never handles a private key.
package bitcoin
