package goshawk

import (
	"strconv"
	"strings"
)

// Outpoint names an output by its transaction's hash and its position there.
type Outpoint struct {
	Tx    Hash
	Index uint32
}

// String returns txid:vout.
func (o Outpoint) String() string {
	return o.Tx.String() + ":" + strconv.FormatUint(uint64(o.Index), 10)
}

// ParseOutpoint reads txid:vout.
func ParseOutpoint(s string) (Outpoint, error) {
	tx, index, ok := strings.Cut(s, ":")
	if !ok {
		return Outpoint{}, Errorf(Invalid, "%q is not an outpoint", clip(s)).WithHint("write TXID:VOUT, the transaction's id and the output's number, counted from 0")
	}
	h, err := ParseHash(tx)
	if err != nil {
		return Outpoint{}, err
	}
	n, err := strconv.ParseUint(index, 10, 32)
	if err != nil || strings.HasPrefix(index, "+") {
		return Outpoint{}, Errorf(Invalid, "%q is not an output number", clip(index)).WithHint("write TXID:VOUT, the transaction's id and the output's number, counted from 0")
	}
	return Outpoint{Tx: h, Index: uint32(n)}, nil
}
