// Package label reads what sources say about who controls an address, keeps it
// in a store, and holds a ledger or a text against it.
//
// It reads GraphSense TagPacks and ActorPacks, sanctions lists, plain address
// lists and CSV (Read), keeps them in one file that opens without decoding
// (Write, Open, Merge), puts the store and the files of one run together (Set),
// says which labels name a service that pools its customers' money (Pooling,
// Service), and finds labelled addresses in a ledger (Match, Screen) or in a
// text (ScanText).
//
// Labels are claims. The package never decides between two of them: it keeps
// all, ordered by confidence. It never spreads a label from one address to
// another; a label reaches a cluster only where its source says so
// (goshawk.Label.Cluster), and only its reader can act on that. It opens no
// file, asks no clock and no network.
package label
