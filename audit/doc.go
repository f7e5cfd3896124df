// Package audit keeps what was done provable: entries that say who did what, the
// commitments to them, and a transparency log of those commitments that shows
// whether an entry was later changed or removed.
//
// The log holds salted hashes only: who has the log and not the entries learns how
// many there were and when, and nothing else.
package audit
