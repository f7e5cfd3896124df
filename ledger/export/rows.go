package export

import "goshawk"

// The rows of the tables. Field order is column order; docs/format/parquet.md
// says what each column means.
//
// All numbers are signed: with unsigned columns a difference of two amounts
// wraps (NumPy) or is an error (SQL) where it should be negative.
//
// A column that can be null is a pointer, to the cell of the same name in its
// own row: rows are reused, and nothing is allocated for a value.

type blockRow struct {
	BlockID          int64  `parquet:"block_id"`
	Hash             []byte `parquet:"hash,string"`
	Parent           []byte `parquet:"parent,string"`
	Height           *int32 `parquet:"height"`
	Time             int64  `parquet:"time,timestamp(millisecond:utc)"`
	FirstTxID        int64  `parquet:"first_tx_id"`
	TransactionCount int64  `parquet:"transaction_count"`
	Header           []byte `parquet:"header"`

	hash, parent digits
	height       int32
}

type transactionRow struct {
	TxID        int64  `parquet:"tx_id"`
	Txid        []byte `parquet:"txid,string"`
	BlockID     int64  `parquet:"block_id"`
	Height      *int32 `parquet:"height"`
	Time        int64  `parquet:"time,timestamp(millisecond:utc)"`
	Position    int64  `parquet:"position"`
	Version     int32  `parquet:"version"`
	Locktime    int64  `parquet:"locktime"`
	Weight      int64  `parquet:"weight"`
	Coinbase    bool   `parquet:"coinbase"`
	InputCount  int64  `parquet:"input_count"`
	OutputCount int64  `parquet:"output_count"`
	InputValue  *int64 `parquet:"input_value"`
	OutputValue *int64 `parquet:"output_value"`
	Fee         *int64 `parquet:"fee"`

	txid                         digits
	height                       int32
	inputValue, outputValue, fee int64
}

type inputRow struct {
	TxID          int64   `parquet:"tx_id"`
	Vin           int64   `parquet:"vin"`
	Height        *int32  `parquet:"height"`
	Time          int64   `parquet:"time,timestamp(millisecond:utc)"`
	PrevTxid      []byte  `parquet:"prev_txid,string"`
	PrevVout      int64   `parquet:"prev_vout"`
	Link          string  `parquet:"link,dict"`
	OutputID      *int64  `parquet:"output_id"`
	Value         *int64  `parquet:"value"`
	AddressID     *int64  `parquet:"address_id"`
	Kind          *string `parquet:"kind,dict"`
	CreatedHeight *int32  `parquet:"created_height"`
	Sequence      int64   `parquet:"sequence"`

	prevTxid                   digits
	height, createdHeight      int32
	outputID, value, addressID int64
	kind                       string
}

type outputRow struct {
	OutputID    int64  `parquet:"output_id"`
	TxID        int64  `parquet:"tx_id"`
	Vout        int64  `parquet:"vout"`
	Height      *int32 `parquet:"height"`
	Time        int64  `parquet:"time,timestamp(millisecond:utc)"`
	Value       int64  `parquet:"value"`
	AddressID   int64  `parquet:"address_id"`
	Kind        string `parquet:"kind,dict"`
	ByKey       bool   `parquet:"by_key"`
	Burnt       bool   `parquet:"burnt"`
	SpenderTxID *int64 `parquet:"spender_tx_id"`

	height      int32
	spenderTxID int64
}

type spendRow struct {
	OutputID    int64 `parquet:"output_id"`
	TxID        int64 `parquet:"tx_id"`
	Vout        int64 `parquet:"vout"`
	SpenderTxID int64 `parquet:"spender_tx_id"`
	SpenderVin  int64 `parquet:"spender_vin"`
	Value       int64 `parquet:"value"`
	AddressID   int64 `parquet:"address_id"`
}

type addressRow struct {
	AddressID int64  `parquet:"address_id"`
	Address   string `parquet:"address"`
	Kind      string `parquet:"kind,dict"`
}

type clusterRow struct {
	AddressID int64 `parquet:"address_id"`
	ClusterID int64 `parquet:"cluster_id"`
}

// digits holds a hash as text.
type digits [2 * len(goshawk.Hash{})]byte

const hexDigits = "0123456789abcdef"

// write fills d and returns it.
func (d *digits) write(h *goshawk.Hash) []byte {
	for i, b := range h {
		d[2*i], d[2*i+1] = hexDigits[b>>4], hexDigits[b&15]
	}
	return d[:]
}

// known sets a cell that can be null: to the value if is, else to null.
func known[V any](column **V, cell *V, value V, is bool) {
	if *column = nil; is {
		*cell = value
		*column = cell
	}
}

func linkName(l goshawk.Link) string {
	switch l {
	case goshawk.Linked:
		return "linked"
	case goshawk.Before:
		return "before"
	default:
		return "unresolved"
	}
}
