// Package ledger is the embedded chain store: an indexed chain in a folder of
// memory-mapped columns that answers what a trace asks with no decoding and
// about one cache miss a step (the bytes are described in docs/format/ledger.md).
//
// A ledger has one writer at a time and any number of readers, in this process
// or others. A Reader is a snapshot: it sees the generation that it opened and
// nothing newer. The chain is the write-ahead log: a writer that is killed
// loses what it had not committed and resumes from there.
//
// The package never validates scripts or subsidies, never guesses a coin that
// it was not given, and never shrinks a file that a reader may have mapped.
package ledger
