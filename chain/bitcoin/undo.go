package bitcoin

import (
	"crypto/sha256"
	"math"
	"math/bits"

	"github.com/btcsuite/btcd/btcec/v2"

	"goshawk"
)

// UndoChecksum returns the 32 bytes that follow a block's undo record in
// Bitcoin Core's rev*.dat: SHA-256 twice over the hash of the block's parent and
// the record. It tells which block a record belongs to, but for siblings.
func UndoChecksum(parent goshawk.Hash, record []byte) [32]byte {
	h := sha256.New()
	wire := reversed((*[32]byte)(&parent))
	h.Write(wire[:])
	h.Write(record)
	return sha256.Sum256(h.Sum(nil))
}

// DecodeUndo reads the undo record of a block as Bitcoin Core keeps it in
// rev*.dat (CBlockUndo, without framing and checksum) and fills in the coin that
// each of the block's inputs spends: value, key, kind, and the height where it
// was created, -1 where a record from before Core 0.15 leaves it out. A record
// whose coins cannot pay for the block, or that nobody can spend, is none. After
// an error, which is Corrupt and names the byte, nothing is known of any input.
func DecodeUndo(record []byte, block *goshawk.Block) error {
	keys := len(block.Keys)
	if err := decodeUndo(record, block); err != nil {
		block.Keys = block.Keys[:keys]
		for i := range block.Ins {
			in := &block.Ins[i]
			*in = goshawk.BlockInput{Prev: in.Prev, Sequence: in.Sequence, Height: -1}
		}
		return err
	}
	return nil
}

func decodeUndo(record []byte, block *goshawk.Block) error {
	if len(record) > math.MaxUint32 {
		return damaged(0, "the undo record is larger than any block's")
	}
	count, pos, err := compact(record, 0)
	if err != nil {
		return err
	}
	if count+1 != uint64(len(block.Txs)) {
		return damaged(0, "the undo record is for a block of %d transactions, not of %d", count+1, len(block.Txs))
	}
	var scratch Scratch
	input := 0
	for i := 1; i < len(block.Txs); i++ {
		inputs := uint64(len(block.TxInputs(i)))
		at := pos
		if count, pos, err = compact(record, pos); err != nil {
			return err
		}
		if count != inputs {
			return damaged(at, "the undo record is for a transaction of %d inputs, but number %d of the block has %d", count, i, inputs)
		}
		for range inputs {
			if pos, err = undoCoin(record, pos, block, input, &scratch); err != nil {
				return err
			}
			input++
		}
		if !covers(block, i) {
			return damaged(at, "the coins of the undo record are worth less than the outputs of transaction %s", block.Txs[i].Hash)
		}
	}
	if pos != len(record) {
		return damaged(pos, "%d bytes follow the undo record", len(record)-pos)
	}
	return nil
}

// covers tells whether the coins that a transaction spends pay for its outputs.
func covers(block *goshawk.Block, tx int) bool {
	var in, out, carry uint64
	for _, coin := range block.TxInputs(tx) {
		if in, carry = bits.Add64(in, coin.Value, 0); carry != 0 {
			return false
		}
	}
	for _, coin := range block.TxOutputs(tx) {
		out += coin.Value // within the network's money, the decoder saw to that
	}
	return in >= out
}

// undoCoin reads one coin: twice its height plus whether it is a coinbase's, an
// unused number if the height is there, the value, and the script, both compressed.
func undoCoin(record []byte, pos int, block *goshawk.Block, input int, scratch *Scratch) (next int, err error) {
	start := pos
	code, pos, err := varint(record, pos)
	if err != nil {
		return 0, err
	}
	height := int32(-1)
	if code >= 2 {
		if code/2 > math.MaxInt32 {
			return 0, damaged(start, "the height %d cannot be", code/2)
		}
		height = int32(code / 2)
		if _, pos, err = varint(record, pos); err != nil {
			return 0, err
		}
	}
	at := pos
	packed, pos, err := varint(record, pos)
	if err != nil {
		return 0, err
	}
	value, ok := unpackAmount(packed)
	if !ok {
		return 0, damaged(at, "the packed amount %d cannot be", packed)
	}
	at = pos
	size, pos, err := varint(record, pos)
	if err != nil {
		return 0, err
	}

	in := &block.Ins[input]
	in.Known, in.Height, in.Value, in.Kind = goshawk.CoinKnown, height, value, goshawk.PubKeyHash
	in.KeyStart = uint32(len(block.Keys))
	length := uint64(32)
	switch {
	case size < 2:
		length = 20
	case size >= specialScripts:
		length = size - specialScripts
	}
	if length > uint64(len(record)-pos) {
		return 0, cutShort(len(record), "a script")
	}
	body := record[pos : pos+int(length)]
	key := body
	switch size {
	case 0: // P2PKH
	case 1:
		in.Kind = goshawk.ScriptHash
	case 2, 3: // P2PK, compressed
		var pub [33]byte
		pub[0] = byte(size)
		copy(pub[1:], body)
		key = scratch.hash160(pub[:])
	case 4, 5: // P2PK, uncompressed, of which only x and the parity of y are kept
		var pub [33]byte
		pub[0] = byte(size - 2)
		copy(pub[1:], body)
		point, err := btcec.ParsePubKey(pub[:])
		if err != nil {
			return 0, damaged(at, "a public key is not on the curve: %v", err)
		}
		key = scratch.hash160(point.SerializeUncompressed())
	default:
		var burnt bool
		if in.Kind, key, _, burnt = Classify(body, scratch); burnt {
			return 0, damaged(at, "nobody can spend a coin of this script")
		}
	}
	block.Keys = append(block.Keys, key...)
	in.KeyEnd = uint32(len(block.Keys))
	return pos + int(length), nil
}

// specialScripts is how many script sizes stand for a standard form instead.
const specialScripts = 6

// varint reads Core's variable-length integer: base 128, highest first, with
// one added at each step so that every number has exactly one form.
func varint(b []byte, pos int) (n uint64, next int, err error) {
	start := pos
	for {
		if pos >= len(b) {
			return 0, 0, cutShort(len(b), "a number")
		}
		c := b[pos]
		pos++
		if n > math.MaxUint64>>7 {
			return 0, 0, damaged(start, "a number is too large")
		}
		n = n<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return n, pos, nil
		}
		if n == math.MaxUint64 {
			return 0, 0, damaged(start, "a number is too large")
		}
		n++
	}
}

// unpackAmount undoes Core's amount compression, which stores the trailing
// decimal zeros as an exponent. It is not ok if the amount exceeds 64 bits.
func unpackAmount(packed uint64) (amount uint64, ok bool) {
	if packed == 0 {
		return 0, true
	}
	packed--
	exponent := packed % 10
	packed /= 10
	if exponent < 9 {
		digit := packed%9 + 1
		packed /= 9
		high, low := bits.Mul64(packed, 10)
		if high != 0 || low > math.MaxUint64-digit {
			return 0, false
		}
		amount = low + digit
	} else {
		amount = packed + 1
	}
	for range exponent {
		high, low := bits.Mul64(amount, 10)
		if high != 0 {
			return 0, false
		}
		amount = low
	}
	return amount, true
}
