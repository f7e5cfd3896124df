package goshawk

import (
	"context"
	"fmt"
	"time"
)

// Ledger answers what a trace, a cluster or a screen asks of one chain. Every
// method takes a batch, so that a remote store costs one round trip a step and
// an embedded one a loop.
//
// A Ledger value is a snapshot: its answers never change, whatever is appended
// or reorganised meanwhile. All methods may be called at the same time from
// many goroutines and honour their context. Unknown ids are a programming
// error and come back as NotFound.
type Ledger interface {
	// Head says which chain this is and where it ends.
	Head(ctx context.Context) (Head, error)

	// Find turns the names people use into ids. Names it does not know come
	// back as NoTx, NoBlock and NoAddress; names that cannot be names on this
	// network (a wrong checksum, another network's address) are an Invalid error.
	Find(ctx context.Context, names Names) (Found, error)

	// Blocks describes blocks.
	Blocks(ctx context.Context, ids []BlockID) ([]BlockInfo, error)

	// Transactions replaces the content of into by the transactions named, in
	// the order named.
	Transactions(ctx context.Context, ids []TxID, want Want, into *Transactions) error

	// Outputs describes single outputs; their Spender is never Later.
	Outputs(ctx context.Context, ids []OutputID) ([]Coin, error)

	// Addresses describes addresses. Totals are filled if want has WantTotals.
	Addresses(ctx context.Context, ids []AddressID, want Want) ([]Address, error)

	// History returns one page of an address's transactions.
	History(ctx context.Context, query HistoryQuery) (HistoryPage, error)
}

// Head is a ledger's identity and extent.
type Head struct {
	Network string
	Asset   Asset  // of every value in Inputs and Outputs
	Start   int32  // height of the first block
	Height  int32  // height of the last block; -1 if empty or not known
	Hash    Hash   // of the last block
	Time    int64  // header time of the last block, seconds since 1970
	Claim   string // whose claim the answers are, for remote sources; empty where the bytes were checked
	Partial bool   // single blocks without their parents: inputs may be unresolved

	// Counts; 0 where a remote source cannot say. Ids run from 0 to count-1 where they are not 0.
	Blocks, Transactions, Inputs, Outputs, Addresses uint64
}

// Point is the stamp of answers about this ledger.
func (h *Head) Point() TracePoint {
	return TracePoint{Height: h.Height, Hash: h.Hash, Start: h.Start, Partial: h.Partial}
}

// Warnings says in words what no answer about a ledger that lacks part of its
// chain can know; none for a whole one.
func (h *Head) Warnings() []string {
	switch {
	case h.Partial:
		return []string{"the ledger holds single blocks: what is unspent, an amount received, a balance, a history, a first use or a cluster is so in these blocks only"}
	case h.Start > 0:
		return []string{fmt.Sprintf("the ledger begins at height %d: amounts received, balances, histories, first uses and clusters are what it has seen since then", h.Start)}
	}
	return nil
}

// Names asks Ledger.Find for ids.
type Names struct {
	Transactions []Hash
	Heights      []int32
	Addresses    []string
	// Since and Until, unless zero, ask which transactions lie in blocks whose
	// header times are within [Since, Until].
	Since, Until time.Time
}

// Found holds the answers to Names, slice by slice in the order asked.
type Found struct {
	Transactions []TxID
	// Overwritten names, for the transaction hashes that the chain used twice
	// (BIP 30), the earlier transactions; nil if there is none.
	Overwritten map[Hash][]TxID
	Blocks      []BlockID
	Addresses   []AddressID
	// Every transaction in the asked time range lies in [First, End). Header
	// times are not in order, so some in that range may lie outside the times.
	First, End TxID
}

// BlockInfo describes a block.
type BlockInfo struct {
	ID      BlockID
	Hash    Hash
	Parent  Hash
	Height  int32 // -1 where it is not known
	Time    int64 // header time, seconds since 1970
	FirstTx TxID
	TxCount uint32
	Header  []byte // the header's own bytes
}

// Want names the parts of an answer that cost extra.
type Want uint8

const (
	WantHashes    Want = 1 << iota // Transaction.Hash
	WantOutpoints                  // Transactions.Outpoints
	WantSequences                  // Transactions.Sequences
	WantKinds                      // Input.Kind, Output.Kind
	WantTotals                     // Address totals
)

// Transactions is a batch of transactions as flat arrays, to be reused from
// call to call.
type Transactions struct {
	Asset     Asset // of every Value
	Rows      []Transaction
	Inputs    []Input
	Outputs   []Output
	Transfers []Transfer // account-based chains
	Outpoints []Outpoint // one for each input, if wanted
	Sequences []uint32   // one for each input, if wanted
}

// Transaction is one row of a batch.
type Transaction struct {
	ID       TxID
	Block    BlockID
	Hash     Hash
	Time     int64 // header time of its block, seconds since 1970
	Height   int32 // -1 where it is not known
	Position uint32
	Version  int32
	LockTime uint32
	Weight   uint32
	Coinbase bool // it has no inputs: it makes new coins

	FirstInput, InputEnd       uint32 // in Transactions.Inputs
	FirstOutput, OutputEnd     uint32 // in Transactions.Outputs
	FirstTransfer, TransferEnd uint32 // in Transactions.Transfers
}

// Input is a coin that a transaction spends.
type Input struct {
	Spent   OutputID // NoOutput unless Link is Linked
	Value   uint64   // 0 if Link is Unresolved
	Address AddressID
	Height  int32 // where the coin was created, if Link is Before and it is known; else -1
	Link    Link
	Kind    Kind
}

// Link says how much a ledger knows of the coin that an input spends.
type Link uint8

const (
	Linked     Link = iota // its transaction is in the ledger
	Deferred               // value and address are known; ask Find for the transaction (remote sources)
	Before                 // created before the ledger starts: value and address are known, and mostly its height
	Unresolved             // unknown; Address is set where the spending script shows it, else NoAddress
)

// Output is a coin that a transaction creates.
type Output struct {
	ID      OutputID
	Value   uint64
	Address AddressID
	Spender TxID // NoTx while unspent; Burnt; Later
	Kind    Kind
	ByKey   bool // P2PK: paid to the key itself
}

// Transfer is a movement between two accounts.
type Transfer struct {
	From, To AddressID
	Amount   Amount
}

// Coin is an output with its place in the chain.
type Coin struct {
	Output
	Tx     TxID
	Index  uint32
	Height int32 // -1 where it is not known
}

// Address describes an address: a locking script that one or more outputs pay.
type Address struct {
	ID      AddressID
	Text    string // as the network writes it; a description such as "nulldata:6a…" for scripts without an address
	Kind    Kind
	Payload []byte // key or script hash; the script for kinds without one

	// Totals, if wanted.
	Transactions uint64
	Received     Amount
	Spent        Amount
	Outputs      uint64 // outputs it received
	Spends       uint64 // outputs it spent
	Unresolved   uint64 // spends whose value is unknown, not in Spent
	First, Last  TxID
}

// HistoryQuery asks for one page of an address's transactions.
type HistoryQuery struct {
	Address AddressID
	Oldest  bool // oldest first; else newest first
	// From and To bound the page to transactions with From <= id < To; To 0
	// means no bound. To go on, set To (newest first) or From (oldest first) to
	// the page's Next.
	From, To TxID
	Limit    int // at most so many entries; 0 means 100
}

// HistoryPage is one page of an address's transactions.
type HistoryPage struct {
	Entries []HistoryEntry
	Next    TxID // where the next page starts
	More    bool // whether there is one
}

// HistoryEntry is what one transaction did to an address.
type HistoryEntry struct {
	Tx         TxID
	Received   Amount
	Spent      Amount
	Unresolved uint64 // spends whose value is unknown, not in Spent
}

// Reset empties the batch and keeps its memory.
func (t *Transactions) Reset() {
	*t = Transactions{Rows: t.Rows[:0], Inputs: t.Inputs[:0], Outputs: t.Outputs[:0], Transfers: t.Transfers[:0],
		Outpoints: t.Outpoints[:0], Sequences: t.Sequences[:0]}
}

// In returns the inputs of row i.
func (t *Transactions) In(i int) []Input {
	r := &t.Rows[i]
	return t.Inputs[r.FirstInput:r.InputEnd]
}

// Out returns the outputs of row i.
func (t *Transactions) Out(i int) []Output {
	r := &t.Rows[i]
	return t.Outputs[r.FirstOutput:r.OutputEnd]
}

// Scan reads the transactions from first up to but not including end of a
// ledger with dense ids, batch by batch, in order.
func Scan(ctx context.Context, l Ledger, first, end TxID, want Want, each func(*Transactions) error) error {
	const size = 1024 // rows and their coins stay in a core's second-level cache
	var batch Transactions
	ids := make([]TxID, 0, size)
	for first < end {
		ids = ids[:0]
		for len(ids) < size && first < end {
			ids = append(ids, first)
			first++
		}
		if err := l.Transactions(ctx, ids, want, &batch); err != nil {
			return err
		}
		if err := each(&batch); err != nil {
			return err
		}
	}
	return nil
}
