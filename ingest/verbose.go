package ingest

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// verboseBlock is the part of getblock's verbosity 3 that is used: enough to
// write the block's bytes again, which then prove themselves, and the coins that
// it spends, which are the node's word.
type verboseBlock struct {
	Version    int32        `json:"version"`
	Parent     goshawk.Hash `json:"previousblockhash"`
	MerkleRoot goshawk.Hash `json:"merkleroot"`
	Time       uint32       `json:"time"`
	Bits       string       `json:"bits"`
	Nonce      uint32       `json:"nonce"`
	Txs        []struct {
		Hex    string `json:"hex"`
		Inputs []struct {
			Coinbase *string `json:"coinbase"`
			Coin     *struct {
				Height *int32      `json:"height"`
				Value  json.Number `json:"value"`
				Script struct {
					Hex *string `json:"hex"`
				} `json:"scriptPubKey"`
			} `json:"prevout"`
		} `json:"vin"`
	} `json:"tx"`
}

func readVerbose(answer []byte) (*verboseBlock, error) {
	var v verboseBlock
	if err := json.Unmarshal(answer, &v); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "it is not a block: %w", err)
	}
	return &v, nil
}

// appendRaw writes the block's own bytes.
func (v *verboseBlock) appendRaw(dst []byte) ([]byte, error) {
	bits, err := hex.DecodeString(v.Bits)
	if err != nil || len(bits) != 4 {
		return dst, goshawk.Errorf(goshawk.Corrupt, "its bits are %q", clip(v.Bits))
	}
	header := bitcoin.Header{
		Version: v.Version, Parent: v.Parent, MerkleRoot: v.MerkleRoot, Time: v.Time, Nonce: v.Nonce,
		Bits: uint32(bits[0])<<24 | uint32(bits[1])<<16 | uint32(bits[2])<<8 | uint32(bits[3]),
	}
	dst = appendCount(header.Append(dst), len(v.Txs))
	for i := range v.Txs {
		if dst, err = hex.AppendDecode(dst, []byte(v.Txs[i].Hex)); err != nil {
			return dst, goshawk.Errorf(goshawk.Corrupt, "transaction %d is not hexadecimal: %w", i, err)
		}
	}
	return dst, nil
}

// appendCount writes a count as the chain does, in the fewest bytes.
func appendCount(dst []byte, n int) []byte {
	switch {
	case n < 0xfd:
		return append(dst, byte(n))
	case n <= math.MaxUint16:
		return binary.LittleEndian.AppendUint16(append(dst, 0xfd), uint16(n))
	default:
		return binary.LittleEndian.AppendUint32(append(dst, 0xfe), uint32(n)) // an answer holds far fewer than 2^32
	}
}

// setCoins gives the block's inputs the coins that they spend.
func (v *verboseBlock) setCoins(block *goshawk.Block, p *bitcoin.Params, scratch *bitcoin.Scratch) error {
	if len(block.Txs) != len(v.Txs) {
		return goshawk.Errorf(goshawk.Corrupt, "it lists %d transactions of %d", len(v.Txs), len(block.Txs))
	}
	input := 0
	var script []byte
	for i := range v.Txs {
		if block.Txs[i].Coinbase {
			continue
		}
		ins := v.Txs[i].Inputs
		if len(ins) != len(block.TxInputs(i)) {
			return goshawk.Errorf(goshawk.Corrupt, "transaction %d lists %d inputs of %d", i, len(ins), len(block.TxInputs(i)))
		}
		for k := range ins {
			coin := ins[k].Coin
			if coin == nil {
				return goshawk.Errorf(goshawk.Unsupported, "it does not say which coin input %d of transaction %d spends", k, i).
					WithHint("a ledger that begins late needs Bitcoin Core 23 or later, with its undo data; or its block folder")
			}
			value, err := parseUnits(string(coin.Value), p.Decimals)
			switch {
			case err != nil:
			case value > p.MaxMoney:
				err = goshawk.Errorf(goshawk.Corrupt, "%s is more than all coins", coin.Value)
			case coin.Script.Hex == nil:
				err = goshawk.Errorf(goshawk.Corrupt, "it has no script")
			default:
				script, err = hex.AppendDecode(script[:0], []byte(*coin.Script.Hex))
			}
			height := int32(-1)
			if coin.Height != nil && *coin.Height >= 0 {
				height = *coin.Height
			}
			if err == nil && !bitcoin.SetCoin(block, input, value, script, height, scratch) {
				err = goshawk.Errorf(goshawk.Corrupt, "nobody can spend a coin of its script")
			}
			if err != nil {
				return goshawk.Errorf(goshawk.Corrupt, "the coin of input %d of transaction %d makes no sense: %w", k, i, err)
			}
			input++
		}
	}
	return nil
}

// checkCoins refuses what a source told of the coins that a block spends where
// it contradicts the block: coins worth less than what they pay for, or more than
// all coins that there can be, or created above the block.
func checkCoins(block *goshawk.Block, maxMoney uint64) error {
	for i := range block.Txs {
		t := &block.Txs[i]
		if t.Coinbase {
			continue
		}
		var in, out uint64
		for k, c := range block.TxInputs(i) {
			if c.Value > maxMoney-in {
				return goshawk.Errorf(goshawk.Corrupt, "the coins of transaction %s are said to be worth more than all coins", t.Hash)
			}
			if c.Height > block.Height {
				return goshawk.Errorf(goshawk.Corrupt, "the coin of input %d of transaction %s is said to be of height %d, above its spender", k, t.Hash, c.Height)
			}
			in += c.Value
		}
		for _, o := range block.TxOutputs(i) {
			out += o.Value // the decoder holds their sum below maxMoney
		}
		if in < out {
			return goshawk.Errorf(goshawk.Corrupt, "transaction %s pays %d units, and its coins are said to be worth %d", t.Hash, out, in)
		}
	}
	return nil
}

// parseUnits reads a JSON number of coins as a number of their smallest unit,
// exactly: 1.5, 0.00000001 and 1e-08 at eight decimals are 150000000, 1 and 1.
func parseUnits(s string, decimals uint8) (uint64, error) {
	bad := func() (uint64, error) {
		return 0, goshawk.Errorf(goshawk.Corrupt, "%q is not an amount of at most %d decimals", clip(s), decimals)
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	shift := int(decimals)
	if scientific {
		sign := 1
		if rest, ok := strings.CutPrefix(exponent, "-"); ok {
			sign, exponent = -1, rest
		} else {
			exponent = strings.TrimPrefix(exponent, "+")
		}
		if exponent == "" || len(exponent) > 3 {
			return bad()
		}
		n := 0
		for _, c := range exponent {
			if c < '0' || c > '9' {
				return bad()
			}
			n = 10*n + int(c-'0')
		}
		shift += sign * n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	shift -= len(fraction)
	if digits == "" {
		return bad()
	}
	for ; shift < 0; shift++ { // digits beyond the smallest unit have to be zero
		if digits == "" {
			return 0, nil
		}
		if digits[len(digits)-1] != '0' {
			return bad()
		}
		digits = digits[:len(digits)-1]
	}
	var n uint64
	for i := 0; i < len(digits)+shift; i++ {
		digit := uint64(0)
		if i < len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return bad()
			}
			digit = uint64(digits[i] - '0')
		}
		if n > (math.MaxUint64-digit)/10 {
			return bad()
		}
		n = 10*n + digit
	}
	return n, nil
}
