// Package evidence makes and verifies packages of evidence: what a case found, with
// everything that somebody else needs to check it on another machine, without a network
// and without trusting who made it. docs/format/package.md describes the bytes.
//
// A package holds the report, the exhibits, each trace's question and answer, the raw
// transactions that the traces came to with their merkle paths and block headers, the
// sources of labels, the proof that the case's trail is in the log, and a tracer in
// plain Python. It is a BagIt bag (RFC 8493), signed with the agency's key.
//
// What is not proven is named, never left out silently: a missing transaction, a trace
// that was cut short, a coin that is unspent because a ledger says so. The package
// reads no ledger's files, no database and no network itself; its caller hands it
// ledgers, raw blocks and readers. The same case gives the same bytes.
package evidence
