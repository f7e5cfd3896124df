package ledgertest

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"goshawk"
)

// History is a chain to fill ledgers with, and the names of what is in it.
type History struct {
	Codec   Codec
	Partial bool  // for a ledger of single blocks
	Start   int32 // height of the first block
	Blocks  []*goshawk.Block

	txs       map[string]goshawk.Hash // by the name in a script
	names     map[goshawk.Hash]string
	addresses map[string]string // by the word in a script
}

// Model fills a model with the history.
func (h *History) Model() (*Model, error) {
	m := New(h.Codec)
	m.Partial, m.Start = h.Partial, h.Start
	for _, b := range h.Blocks {
		if err := m.Append(b); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Ledger returns a ledger that holds the history. It panics if the history is
// none that a ledger accepts.
func (h *History) Ledger() goshawk.Ledger {
	m, err := h.Model()
	if err != nil {
		panic("ledgertest: " + err.Error())
	}
	return m.Snapshot()
}

// Tx returns the hash of the transaction that a script calls by this name. It
// panics if there is none.
func (h *History) Tx(name string) goshawk.Hash {
	hash, known := h.txs[name]
	if !known {
		panic("ledgertest: the history has no transaction " + strconv.Quote(name))
	}
	return hash
}

// Outpoint returns the outpoint that a script writes as NAME:INDEX. It panics if
// there is no such transaction.
func (h *History) Outpoint(text string) goshawk.Outpoint {
	name, digits, _ := strings.Cut(text, ":")
	index, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		panic("ledgertest: " + strconv.Quote(text) + " is not an outpoint")
	}
	return goshawk.Outpoint{Tx: h.Tx(name), Index: uint32(index)}
}

// Address returns the text of the address that a script calls by this word. It
// panics if the script does not have it.
func (h *History) Address(word string) string {
	text, known := h.addresses[word]
	if !known {
		panic("ledgertest: the history has no address " + strconv.Quote(word))
	}
	return text
}

// Name returns what a script calls a transaction, or its hash.
func (h *History) Name(hash goshawk.Hash) string {
	if name, known := h.names[hash]; known {
		return name
	}
	return hash.String()
}

// builder puts blocks together.
type builder struct {
	h    *History
	next int32 // height of the block after the current one
	time uint32
}

const (
	firstTime = 1_600_000_000
	blockTime = 600
)

// block begins a block. Its hash is that of its height and its parent.
func (b *builder) block(height int32, time uint32) *goshawk.Block {
	block := &goshawk.Block{Height: height, Time: time}
	if n := len(b.h.Blocks); n > 0 && !b.h.Partial {
		block.Parent = b.h.Blocks[n-1].Hash
	}
	block.Header = binary.BigEndian.AppendUint32([]byte("block "), uint32(len(b.h.Blocks)))
	block.Header = append(block.Header, block.Parent[:]...)
	block.Header = binary.BigEndian.AppendUint32(block.Header, time)
	block.Hash = sha256.Sum256(block.Header)
	b.h.Blocks = append(b.h.Blocks, block)
	b.time, b.next = time+blockTime, height+1
	return block
}

// current returns the block being filled.
func (b *builder) current() *goshawk.Block { return b.h.Blocks[len(b.h.Blocks)-1] }

// key appends a key to a block's arena.
func key(block *goshawk.Block, key []byte) (start, end uint32) {
	start = uint32(len(block.Keys))
	block.Keys = append(block.Keys, key...)
	return start, uint32(len(block.Keys))
}

// lock is a locking script: what an output pays to.
type lock struct {
	kind  goshawk.Kind
	key   []byte
	byKey bool
}

// output appends an output to a block.
func output(block *goshawk.Block, to lock, value uint64) {
	out := goshawk.BlockOutput{Value: value, Kind: to.kind, ByKey: to.byKey, Burnt: to.kind == goshawk.NullData}
	out.KeyStart, out.KeyEnd = key(block, to.key)
	block.Outs = append(block.Outs, out)
}

// endTx appends the transaction of the inputs and outputs added since the last.
func endTx(block *goshawk.Block, tx goshawk.BlockTx) {
	inputs, outputs := len(block.Ins), len(block.Outs)
	if n := len(block.Txs); n > 0 {
		inputs -= int(block.Txs[n-1].InputEnd)
		outputs -= int(block.Txs[n-1].OutputEnd)
	}
	if tx.Weight == 0 {
		tx.Weight = uint32(42 + 272*inputs + 124*outputs) // as P2WPKH has it
	}
	tx.InputEnd, tx.OutputEnd = uint32(len(block.Ins)), uint32(len(block.Outs))
	block.Txs = append(block.Txs, tx)
}

// lockNamed makes the locking script that a word stands for. The payloads have
// the lengths and forms that a real chain's have.
func lockNamed(name, form string) (lock, bool) {
	long := sha256.Sum256([]byte("address " + name))
	short := long[:20]
	switch form {
	case "", "p2wpkh":
		return lock{kind: goshawk.WitnessPubKeyHash, key: short}, true
	case "p2pkh":
		return lock{kind: goshawk.PubKeyHash, key: short}, true
	case "p2pk":
		return lock{kind: goshawk.PubKeyHash, key: short, byKey: true}, true
	case "p2sh":
		return lock{kind: goshawk.ScriptHash, key: short}, true
	case "p2wsh":
		return lock{kind: goshawk.WitnessScriptHash, key: long[:]}, true
	case "p2tr":
		return lock{kind: goshawk.Taproot, key: long[:]}, true
	case "multisig": // OP_1 <33-byte key> OP_1 OP_CHECKMULTISIG
		return lock{kind: goshawk.Multisig, key: wrap("\x51\x21\x02", long[:], "\x51\xae")}, true
	case "nonstandard": // OP_NOP <32 bytes> OP_DROP
		return lock{kind: goshawk.NonStandard, key: wrap("\x61\x20", long[:], "\x75")}, true
	case "witness_unknown": // OP_2 <32 bytes>
		return lock{kind: goshawk.WitnessUnknown, key: wrap("\x52\x20", long[:], "")}, true
	default:
		return lock{}, false
	}
}

// data is an OP_RETURN script that pushes text.
func data(text string) lock {
	push := string(rune(len(text)))
	if len(text) > 75 {
		push = "\x4c" + string([]byte{byte(len(text))})
	}
	return lock{kind: goshawk.NullData, key: wrap("\x6a"+push, []byte(text), "")}
}

func wrap(before string, middle []byte, after string) []byte {
	return append(append([]byte(before), middle...), after...)
}
