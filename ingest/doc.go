// Package ingest brings blocks to a ledger: from a node's block files, from
// single raw blocks and from a node's JSON-RPC. It puts them into chain order,
// keeps stale forks out, follows reorganisations, resumes where the ledger ends,
// and says with file and byte where bytes were damaged.
//
// It reads files through FileSystem, so that tests can make reading fail, and
// holds a bounded number of blocks in memory whatever a file or node claims. It
// never writes a file, never keeps state of its own (the ledger's end is the
// only state, so a killed ingest resumes), and never judges scripts or
// subsidies: the node that wrote the blocks did.
package ingest
