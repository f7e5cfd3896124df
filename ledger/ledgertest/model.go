package ledgertest

import (
	"bytes"
	"slices"

	"goshawk"
)

// Model is the simplest ledger there is: what every other implementation is
// compared with. It keeps maps and slices in memory, computes totals and
// histories by looking at every transaction, and is slow.
//
// A Model is for one goroutine; what Snapshot returns is for many.
type Model struct {
	// Partial accepts blocks without their parents and inputs that nobody can
	// resolve. Start is the height of the first block; above 0, inputs may
	// spend coins from before it if the block tells their value and key. Set
	// both before the first Append.
	Partial bool
	Start   int32

	codec  Codec
	blocks []*goshawk.Block // copies of all appended
	view   *view            // their content
	shared bool             // view was handed out, and must not change
}

// New returns an empty model of a whole chain.
func New(codec Codec) *Model {
	return &Model{codec: codec, shared: true}
}

// Append adds a copy of a block. It refuses, as Conflict, blocks that do not
// follow the last one (unless Partial) and transactions that spend a coin twice,
// a coin that nobody can spend, or a coin that does not exist before them, or that
// pay more than all their inputs hold. A refused block leaves no trace.
func (m *Model) Append(b *goshawk.Block) error {
	if m.shared {
		m.replay()
	}
	if err := m.view.append(b); err != nil {
		m.replay()
		return err
	}
	m.blocks = append(m.blocks, clone(b))
	return nil
}

// Rollback removes all blocks above a height. It is not for partial ledgers,
// whose blocks are in no order.
func (m *Model) Rollback(height int32) {
	keep := max(0, int(height-m.Start)+1)
	m.blocks = slices.Clone(m.blocks[:min(keep, len(m.blocks))])
	m.replay()
}

// Snapshot returns the ledger as it is now.
func (m *Model) Snapshot() goshawk.Ledger {
	if m.view == nil {
		m.replay()
	}
	m.shared = true
	return m.view
}

// replay builds the view from the blocks.
func (m *Model) replay() {
	m.view = newView(m.codec, m.Start, m.Partial)
	m.shared = false
	for _, b := range m.blocks {
		if err := m.view.append(b); err != nil {
			panic("ledgertest: a block that was accepted is refused now: " + err.Error())
		}
	}
}

func clone(b *goshawk.Block) *goshawk.Block {
	c := *b
	c.Header = bytes.Clone(b.Header)
	c.Txs = slices.Clone(b.Txs)
	c.Ins = slices.Clone(b.Ins)
	c.Outs = slices.Clone(b.Outs)
	c.Keys = bytes.Clone(b.Keys)
	return &c
}

// view is the content of a model.
type view struct {
	codec   Codec
	start   int32
	partial bool

	blocks    []goshawk.BlockInfo
	txs       []tx
	coins     []goshawk.Coin // by OutputID
	addresses []goshawk.Address

	addressOf map[script]goshawk.AddressID
	txsOf     map[goshawk.Hash][]goshawk.TxID // the last is the one that the name means now
	blockAt   map[int32]goshawk.BlockID
	blockOf   map[goshawk.Hash]goshawk.BlockID
}

type tx struct {
	goshawk.Transaction
	inputs    []goshawk.Input
	outpoints []goshawk.Outpoint
	sequences []uint32
	outputs   []goshawk.OutputID
}

// script identifies an address.
type script struct {
	kind goshawk.Kind
	key  string
}

func newView(codec Codec, start int32, partial bool) *view {
	return &view{
		codec: codec, start: start, partial: partial,
		addressOf: map[script]goshawk.AddressID{},
		txsOf:     map[goshawk.Hash][]goshawk.TxID{},
		blockAt:   map[int32]goshawk.BlockID{},
		blockOf:   map[goshawk.Hash]goshawk.BlockID{},
	}
}

// append adds a block. After an error the view is unusable.
func (v *view) append(b *goshawk.Block) error {
	height := b.Height
	if _, known := v.blockOf[b.Hash]; known {
		return goshawk.Errorf(goshawk.Conflict, "block %v is already in the ledger", b.Hash)
	}
	if !v.partial {
		height = v.start + int32(len(v.blocks))
		if b.Height >= 0 && b.Height != height {
			return goshawk.Errorf(goshawk.Conflict, "block %v is of height %d, and %d comes next", b.Hash, b.Height, height)
		}
		if n := len(v.blocks); n > 0 && v.blocks[n-1].Hash != b.Parent {
			return goshawk.Errorf(goshawk.Conflict, "block %v follows %v, which is not the last block", b.Hash, b.Parent)
		}
	}
	id := goshawk.BlockID(len(v.blocks))
	v.blocks = append(v.blocks, goshawk.BlockInfo{
		ID: id, Hash: b.Hash, Parent: b.Parent, Height: height, Time: int64(b.Time),
		FirstTx: goshawk.TxID(len(v.txs)), TxCount: uint32(len(b.Txs)), Header: bytes.Clone(b.Header),
	})
	v.blockOf[b.Hash] = id
	if height >= 0 {
		v.blockAt[height] = id
	}
	for i := range b.Txs {
		if err := v.appendTx(b, i); err != nil {
			return err
		}
	}
	return nil
}

func (v *view) appendTx(b *goshawk.Block, i int) error {
	from, block := b.Txs[i], v.blocks[len(v.blocks)-1]
	t := tx{Transaction: goshawk.Transaction{
		ID: goshawk.TxID(len(v.txs)), Block: block.ID, Hash: from.Hash, Time: block.Time, Height: block.Height, Position: uint32(i),
		Version: from.Version, LockTime: from.LockTime, Weight: from.Weight, Coinbase: from.Coinbase,
	}}
	known := !from.Coinbase
	var in, paid goshawk.Units
	for _, spent := range b.TxInputs(i) {
		input, err := v.resolve(b, spent)
		if err != nil {
			return goshawk.Errorf(goshawk.Conflict, "transaction %v: %w", from.Hash, err)
		}
		if input.Link == goshawk.Linked {
			v.coins[input.Spent].Spender = t.ID
		}
		t.inputs = append(t.inputs, input)
		t.outpoints = append(t.outpoints, spent.Prev)
		t.sequences = append(t.sequences, spent.Sequence)
		known = known && input.Link != goshawk.Unresolved
		value := goshawk.U(input.Value)
		in.Add(&in, &value)
	}
	for _, out := range b.TxOutputs(i) {
		value := goshawk.U(out.Value)
		paid.Add(&paid, &value)
	}
	if known && in.Lt(&paid) {
		return goshawk.Errorf(goshawk.Conflict, "transaction %v pays more than its inputs hold", from.Hash)
	}
	for _, earlier := range v.txsOf[from.Hash] { // BIP 30: its unspent coins are lost
		for _, id := range v.txs[earlier].outputs {
			if v.coins[id].Spender == goshawk.NoTx {
				v.coins[id].Spender = goshawk.Burnt
			}
		}
	}
	for n, out := range b.TxOutputs(i) {
		coin := goshawk.Coin{Tx: t.ID, Index: uint32(n), Height: block.Height, Output: goshawk.Output{
			ID: goshawk.OutputID(len(v.coins)), Value: out.Value, Kind: out.Kind, ByKey: out.ByKey, Spender: goshawk.NoTx,
			Address: v.address(out.Kind, b.Keys[out.KeyStart:out.KeyEnd]),
		}}
		if out.Burnt {
			coin.Spender = goshawk.Burnt
		}
		v.coins = append(v.coins, coin)
		t.outputs = append(t.outputs, coin.ID)
	}
	v.txs = append(v.txs, t)
	v.txsOf[from.Hash] = append(v.txsOf[from.Hash], t.ID)
	return nil
}

// resolve says what is known of the coin that an input spends.
func (v *view) resolve(b *goshawk.Block, in goshawk.BlockInput) (goshawk.Input, error) {
	if coin := v.coin(in.Prev); coin != nil {
		switch coin.Spender {
		case goshawk.NoTx:
			if in.Known == goshawk.CoinKnown && (in.Value != coin.Value || v.address(in.Kind, b.Keys[in.KeyStart:in.KeyEnd]) != coin.Address) {
				return goshawk.Input{}, goshawk.Errorf(goshawk.Conflict, "%v is not worth %d, or another address held it", in.Prev, in.Value)
			}
			return goshawk.Input{Link: goshawk.Linked, Spent: coin.ID, Value: coin.Value, Address: coin.Address, Kind: coin.Kind, Height: -1}, nil
		case goshawk.Burnt:
			return goshawk.Input{}, goshawk.Errorf(goshawk.Conflict, "nobody can spend %v", in.Prev)
		default:
			return goshawk.Input{}, goshawk.Errorf(goshawk.Conflict, "%v is already spent", in.Prev)
		}
	}
	key := b.Keys[in.KeyStart:in.KeyEnd]
	switch {
	case in.Known == goshawk.CoinKnown && in.Height >= v.start && !v.partial:
		return goshawk.Input{}, goshawk.Errorf(goshawk.Conflict, "%v does not exist, and is said to be of height %d", in.Prev, in.Height)
	case in.Known == goshawk.CoinKnown && (v.partial || v.start > 0):
		return goshawk.Input{Link: goshawk.Before, Spent: goshawk.NoOutput, Value: in.Value, Address: v.address(in.Kind, key), Kind: in.Kind, Height: in.Height}, nil
	case in.Known == goshawk.KeyKnown && v.partial:
		return goshawk.Input{Link: goshawk.Unresolved, Spent: goshawk.NoOutput, Address: v.address(in.Kind, key), Kind: in.Kind, Height: -1}, nil
	case v.partial:
		return goshawk.Input{Link: goshawk.Unresolved, Spent: goshawk.NoOutput, Address: goshawk.NoAddress, Height: -1}, nil
	default:
		return goshawk.Input{}, goshawk.Errorf(goshawk.Conflict, "%v does not exist", in.Prev)
	}
}

// coin returns the output that an outpoint names now, or nil.
func (v *view) coin(o goshawk.Outpoint) *goshawk.Coin {
	txs := v.txsOf[o.Tx]
	if len(txs) == 0 {
		return nil
	}
	outputs := v.txs[txs[len(txs)-1]].outputs
	if int(o.Index) >= len(outputs) {
		return nil
	}
	return &v.coins[outputs[o.Index]]
}

// address returns the id of a script, new or not.
func (v *view) address(kind goshawk.Kind, key []byte) goshawk.AddressID {
	s := script{kind, string(key)}
	id, known := v.addressOf[s]
	if !known {
		id = goshawk.AddressID(len(v.addresses))
		v.addressOf[s] = id
		v.addresses = append(v.addresses, goshawk.Address{ID: id, Kind: kind, Payload: bytes.Clone(key), Text: v.codec.FormatAddress(kind, key)})
	}
	return id
}
