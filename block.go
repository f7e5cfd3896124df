package goshawk

// Block is a decoded block: what a chain's decoder fills and a ledger appends.
// It is a set of flat arrays, so that decoding block after block into the same
// value allocates nothing. Slices are valid until the next decode.
type Block struct {
	Hash   Hash
	Parent Hash
	Height int32  // -1 where it is not known
	Time   uint32 // header time, seconds since 1970
	Header []byte // the header's own bytes, for proofs of inclusion

	Txs  []BlockTx
	Ins  []BlockInput  // of all transactions, in order
	Outs []BlockOutput // of all transactions, in order
	Keys []byte        // arena: the keys that Ins and Outs point into
}

// BlockTx is one transaction of a Block. Its inputs run from the previous
// transaction's InputEnd to its own, its outputs likewise.
type BlockTx struct {
	Hash      Hash
	InputEnd  uint32
	OutputEnd uint32
	Version   int32
	LockTime  uint32
	Weight    uint32
	Coinbase  bool // its one input is not in Ins
}

// BlockInput is one input: the outpoint it spends, and what else is known of
// that coin when its own transaction is not in the ledger.
type BlockInput struct {
	Prev     Outpoint
	Sequence uint32
	Known    Knowledge
	Kind     Kind   // of the key; valid unless Known is NothingKnown
	Height   int32  // where the coin was created; -1 where it is not known
	Value    uint64 // valid if Known is CoinKnown
	KeyStart uint32 // key in Block.Keys; valid unless Known is NothingKnown
	KeyEnd   uint32
}

// Knowledge says what a source told of the coin that an input spends, beyond
// its outpoint.
type Knowledge uint8

const (
	NothingKnown Knowledge = iota
	KeyKnown               // the address, derived from the spending script
	CoinKnown              // address, value and perhaps height, from spent-output data
)

// BlockOutput is one output. Its key, the payload of its address (a key's or
// script's hash, or the script itself for kinds without one), lies in
// Block.Keys[KeyStart:KeyEnd].
type BlockOutput struct {
	Value    uint64
	KeyStart uint32
	KeyEnd   uint32
	Kind     Kind
	ByKey    bool // P2PK: paid to the key itself, shown under its hash
	Burnt    bool // nobody can ever spend it
}

// Reset empties the block and keeps its memory.
func (b *Block) Reset() {
	*b = Block{Header: b.Header[:0], Height: -1, Txs: b.Txs[:0], Ins: b.Ins[:0], Outs: b.Outs[:0], Keys: b.Keys[:0]}
}

// TxInputs returns the inputs of transaction i.
func (b *Block) TxInputs(i int) []BlockInput {
	return b.Ins[b.inputStart(i):b.Txs[i].InputEnd]
}

// TxOutputs returns the outputs of transaction i.
func (b *Block) TxOutputs(i int) []BlockOutput {
	var start uint32
	if i > 0 {
		start = b.Txs[i-1].OutputEnd
	}
	return b.Outs[start:b.Txs[i].OutputEnd]
}

func (b *Block) inputStart(i int) uint32 {
	if i == 0 {
		return 0
	}
	return b.Txs[i-1].InputEnd
}
