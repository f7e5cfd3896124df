package report

import "goshawk"

// Basis is what an answer rests on. Every answer about a ledger carries it, so
// that the same question can be asked again of the same facts.
type Basis struct {
	Version string // of the program
	Network string
	Asset   goshawk.Asset
	Ledger  goshawk.TracePoint
	Claim   string // whose claim the answer rests on, for remote sources; empty where the bytes were checked
	Labels  []goshawk.LabelSource
}

// Moment is a transaction's place in time.
type Moment struct {
	Tx     goshawk.Hash
	Height int32 // -1 where it is not known
	Time   int64 // header time of its block, seconds since 1970
}

// Address is what a ledger, the labels and the clusters say of one address.
type Address struct {
	Basis
	Address       string
	Kind          goshawk.Kind
	Transactions  uint64
	Received      goshawk.Units
	Spent         goshawk.Units
	Outputs       uint64 // outputs it received
	Spends        uint64 // outputs it spent
	Unresolved    uint64 // spends whose value is unknown, not in Spent
	First, Last   *Moment
	Found         []goshawk.Label // by confidence, newest first
	ClusterSize   uint64          // addresses in its cluster; 0 where clusters were not asked
	ClusterRule   string          // the heuristics that made the cluster: co-spend/1
	ClusterLabels []goshawk.Label // labels that reach it through its cluster only: inference
	History       []AddressEntry
	More          bool // the history goes on
}

// AddressEntry is what one transaction did to an address.
type AddressEntry struct {
	Moment
	Received   goshawk.Units
	Spent      goshawk.Units
	Unresolved uint64 // spends whose value is unknown, not in Spent
}

// Transaction is what a ledger says of one transaction.
type Transaction struct {
	Basis
	Moment
	Block    goshawk.Hash
	Position uint32 // in its block
	Version  int32  // its own; Basis.Version is the program's
	LockTime uint32
	Weight   uint32
	Coinbase bool
	Inputs   []TransactionInput
	Outputs  []TransactionOutput
	Output   *uint32        // the one that was asked for; nil for all of them
	Fee      *goshawk.Units // nil where an input is unresolved, or for a coinbase
	Findings []goshawk.Finding
}

// TransactionInput is a coin that a transaction spends.
type TransactionInput struct {
	Prev     goshawk.Outpoint
	Address  string         // empty where it is not known
	Kind     *goshawk.Kind  // nil where it is not known
	Amount   *goshawk.Units // nil where it is not known
	Height   int32          // where the coin was created; -1 where it is not known
	Sequence uint32
	Labels   []goshawk.Label
}

// TransactionOutput is a coin that a transaction creates.
type TransactionOutput struct {
	Address string
	Kind    goshawk.Kind
	ByKey   bool // P2PK: paid to the key itself, shown under its hash
	Amount  goshawk.Units
	Burnt   bool
	Spender *goshawk.Hash // nil while unspent
	Hint    string        // why it may be change, with confidence in words; empty where nothing says so
	Labels  []goshawk.Label
}

// Block is what a ledger says of one block.
type Block struct {
	Basis
	Hash         goshawk.Hash
	Parent       goshawk.Hash
	Height       int32
	Time         int64
	Transactions uint64
	Outputs      uint64
	Paid         goshawk.Units  // sum of all outputs
	Txs          []goshawk.Hash // the first of them, in order
}

// Cluster sums up who controls what, by the evidence of the heuristics named.
type Cluster struct {
	Basis
	Address    string // the one asked for
	Rule       string // co-spend/1 and whatever was merged in
	Size       uint64 // addresses
	Received   goshawk.Units
	Spent      goshawk.Units
	Unresolved uint64 // spends whose value is unknown, not in Spent
	First      *Moment
	Last       *Moment
	Labels     []goshawk.Label // of any of its addresses
	Addresses  []string        // the first of them, in the ledger's order
	Hints      []goshawk.Merge // what change heuristics would add, if asked; not merged
	Excluded   []goshawk.Merge // evidence that the caller threw out
}

// Why is the chain of evidence that joins two addresses, or its absence.
type Why struct {
	Basis
	From, To string
	Joined   bool
	Chain    []goshawk.Merge // from From to To, link by link
	Excluded []goshawk.Merge
}

// Findings lists patterns.
type Findings struct {
	Basis
	Kind     string // the pattern asked for
	Findings []goshawk.Finding
	// Truncated says that there are more than were asked for.
	Truncated bool
}

// Hit is one place where a labelled address appears: in a ledger, or in a list or text that was screened.
type Hit struct {
	Tx      *goshawk.Hash // nil for a hit in a list or text
	Side    string        // in or out; empty for a hit in a list or text
	File    string        // name of the list or text, without its folder; empty for a hit in a ledger
	Index   uint32        // of the input or output; line number, from 1, for a list or text
	Address string        // as the ledger, list or text writes it
	Amount  *goshawk.Units
	Height  int32 // -1 where it is not known, and for a list or text
	Time    int64
	Label   goshawk.Label
}

// Screened counts what a screening looked at. Whoever yields the hits counts.
type Screened struct {
	Addresses  uint64 // looked up
	Impossible uint64 // texts that look like addresses and can be none
}

// Style is how text for a person looks.
type Style struct {
	Color bool // with ANSI colours: for terminals
}
