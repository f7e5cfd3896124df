// Package goshawk names the words that every part of Goshawk shares: hashes,
// ids, amounts, blocks, the Ledger contract, labels, traces and errors.
//
// It holds no behaviour beyond their text forms and arithmetic, and imports the
// standard library and a 256-bit integer only. It never reads a file, a clock
// or a network, and knows no chain by name.
package goshawk
