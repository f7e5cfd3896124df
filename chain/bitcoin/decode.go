package bitcoin

import (
	"encoding/binary"
	"math"
	"slices"

	"goshawk"
)

// Decoder turns raw blocks into goshawk.Block values. It keeps its memory from
// block to block, so that decoding allocates nothing once it is warm. One
// Decoder serves one goroutine.
type Decoder struct {
	// DeriveKeys makes it fill the key of an input where the spending script
	// shows it (SpendingKey), for blocks whose parents are not at hand.
	DeriveKeys bool

	params   *Params
	scan     txScan
	scratch  Scratch
	stripped []byte
	ids      []byte // of the block's transactions, in wire order
	witness  [][]byte
}

// NewDecoder returns a decoder for blocks of a network.
func NewDecoder(p *Params) *Decoder { return &Decoder{params: p} }

// Block decodes one raw block, without framing, into a block whose memory it
// reuses. Neither keeps hold of raw.
//
// It checks everything that the bytes themselves prove: that they are one whole
// block and nothing more, that every count and length is written in the fewest
// bytes, the proof of work against the header's own target, the merkle root
// (also that no other list of transactions has the same one), that the first
// transaction alone is a coinbase, and that amounts are within the network's
// money. It does not check scripts, signatures, subsidies, or that a coin exists.
//
// Height is 0 for the genesis block, else what the coinbase states (BIP 34)
// where that is binding on the network, else -1. The genesis block's outputs are
// marked burnt: nobody can spend them.
//
// An error is Corrupt and names the byte where the block is wrong; into is then empty.
func (d *Decoder) Block(raw []byte, into *goshawk.Block) error {
	into.Reset()
	if err := d.block(raw, into); err != nil {
		into.Reset()
		return err
	}
	return nil
}

func (d *Decoder) block(raw []byte, into *goshawk.Block) error {
	if len(raw) > d.params.MaxBlockSize {
		return goshawk.Errorf(goshawk.Corrupt, "a block of %d bytes is larger than the %d that %s allows", len(raw), d.params.MaxBlockSize, d.params.Name)
	}
	header, err := DecodeHeader(raw)
	if err != nil {
		return err
	}
	if err := d.params.CheckWork(&header); err != nil {
		return err
	}
	into.Hash, into.Parent, into.Time = header.Hash, header.Parent, header.Time
	into.Header = append(into.Header, raw[:HeaderSize]...)

	count, pos, err := compact(raw, HeaderSize)
	if err != nil {
		return err
	}
	if count == 0 {
		return damaged(HeaderSize, "the block has no transactions")
	}
	d.ids = d.ids[:0]
	for i := range count {
		if err := d.scan.read(raw, pos); err != nil {
			return err
		}
		if err := d.transaction(raw, i == 0, &header, into); err != nil {
			return err
		}
		pos = d.scan.end
	}
	if pos != len(raw) {
		return damaged(pos, "%d bytes follow the block", len(raw)-pos)
	}

	root, memory, repeated := merkleRoot(d.ids)
	d.ids = memory
	if root != header.MerkleRoot {
		return goshawk.Errorf(goshawk.Corrupt, "the transactions of block %s have the merkle root %s, but its header states %s", header.Hash, root, header.MerkleRoot)
	}
	if repeated {
		return goshawk.Errorf(goshawk.Corrupt, "block %s lists transactions twice in a way that its merkle root does not show", header.Hash)
	}
	if header.Hash == d.params.Genesis {
		into.Height = 0
		for i := range into.Outs {
			into.Outs[i].Burnt = true
		}
	}
	return nil
}

// transaction appends the transaction that d.scan has read.
func (d *Decoder) transaction(raw []byte, first bool, header *Header, into *goshawk.Block) error {
	s := &d.scan
	var id [32]byte
	id, d.stripped = s.id(raw, d.stripped)
	d.ids = append(d.ids, id[:]...)

	if len(s.outs) == 0 {
		return damaged(s.bodyEnd, "a transaction has no outputs")
	}
	coinbase := len(s.ins) == 1 && noPrevAt(raw, s.ins[0].outpoint)
	switch {
	case first && !coinbase:
		return damaged(s.start, "the block's first transaction is not a coinbase")
	case coinbase && !first:
		return damaged(s.start, "a transaction after the first is a coinbase")
	case coinbase:
		into.Height = d.statedHeight(header, raw[s.ins[0].scriptStart:s.ins[0].scriptEnd])
	default:
		if err := d.inputs(raw, header, into); err != nil {
			return err
		}
	}
	if err := d.outputs(raw, into); err != nil {
		return err
	}
	into.Txs = append(into.Txs, goshawk.BlockTx{
		Hash:      reversed(&id),
		InputEnd:  uint32(len(into.Ins)),
		OutputEnd: uint32(len(into.Outs)),
		Version:   s.version,
		LockTime:  s.lockTime,
		Weight:    s.weight(),
		Coinbase:  coinbase,
	})
	return nil
}

func (d *Decoder) inputs(raw []byte, header *Header, into *goshawk.Block) error {
	s := &d.scan
	into.Ins = slices.Grow(into.Ins, len(s.ins))
	for i := range s.ins {
		in := &s.ins[i]
		if noPrevAt(raw, in.outpoint) {
			return damaged(int(in.outpoint), "an input spends nothing, which only a coinbase may")
		}
		into.Ins = append(into.Ins, goshawk.BlockInput{Prev: outpointAt(raw, in.outpoint), Sequence: in.sequence, Height: -1})
		if !d.DeriveKeys {
			continue
		}
		d.witness = appendWitness(d.witness[:0], raw[in.witnessStart:in.witnessEnd])
		kind, key, ok := SpendingKey(raw[in.scriptStart:in.scriptEnd], d.witness, header.Time, &d.scratch)
		if !ok {
			continue
		}
		known := &into.Ins[len(into.Ins)-1]
		known.Known, known.Kind = goshawk.KeyKnown, kind
		known.KeyStart = uint32(len(into.Keys))
		into.Keys = append(into.Keys, key...)
		known.KeyEnd = uint32(len(into.Keys))
	}
	return nil
}

func (d *Decoder) outputs(raw []byte, into *goshawk.Block) error {
	s := &d.scan
	into.Outs = slices.Grow(into.Outs, len(s.outs))
	var sum uint64
	for i := range s.outs {
		out := &s.outs[i]
		if out.value > d.params.MaxMoney {
			return damaged(int(out.scriptStart), "an output is worth %d, more than all coins of %s", out.value, d.params.Name)
		}
		if sum += out.value; sum > d.params.MaxMoney {
			return damaged(int(out.scriptStart), "a transaction's outputs are worth more than all coins of %s", d.params.Name)
		}
		kind, key, byKey, burnt := Classify(raw[out.scriptStart:out.scriptEnd], &d.scratch)
		start := uint32(len(into.Keys))
		into.Keys = append(into.Keys, key...)
		into.Outs = append(into.Outs, goshawk.BlockOutput{
			Value: out.value, KeyStart: start, KeyEnd: uint32(len(into.Keys)), Kind: kind, ByKey: byKey, Burnt: burnt,
		})
	}
	return nil
}

// noPrevAt tells whether the outpoint at pos is the one of a coinbase.
func noPrevAt(raw []byte, pos uint32) bool {
	return binary.LittleEndian.Uint32(raw[pos+32:]) == math.MaxUint32 && [32]byte(raw[pos:]) == [32]byte{}
}

// statedHeight returns the height that a coinbase script states, or -1 where it
// states none in the one form that BIP 34 allows, or where none was binding.
func (d *Decoder) statedHeight(header *Header, script []byte) int32 {
	if header.Version < 2 || len(script) == 0 {
		return -1
	}
	op, data, _, ok := nextOp(script)
	var height int64
	switch {
	case ok && op >= op1 && op <= op16:
		height = int64(op - op1 + 1)
	case ok && op >= 1 && op <= 5:
		for i, b := range data {
			height |= int64(b) << (8 * i)
		}
		last := data[len(data)-1]
		negative := last&0x80 != 0
		longer := last == 0 && (len(data) == 1 || data[len(data)-2]&0x80 == 0)
		if negative || longer || height <= 16 {
			return -1
		}
	default:
		return -1
	}
	if height < int64(d.params.StatesHeight) || height > math.MaxInt32 {
		return -1
	}
	return int32(height)
}

// SetCoin writes what a source tells of the coin that an input of a block
// spends: its value and locking script, and the height where it was created, -1
// if that is not known. It returns false where nobody can ever spend such a coin.
func SetCoin(block *goshawk.Block, input int, value uint64, script []byte, height int32, scratch *Scratch) (spendable bool) {
	kind, key, _, burnt := Classify(script, scratch)
	in := &block.Ins[input]
	in.Known, in.Kind, in.Height, in.Value = goshawk.CoinKnown, kind, height, value
	in.KeyStart = uint32(len(block.Keys))
	block.Keys = append(block.Keys, key...)
	in.KeyEnd = uint32(len(block.Keys))
	return !burnt
}
