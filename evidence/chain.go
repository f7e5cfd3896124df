package evidence

import (
	"encoding/hex"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// The lines of a package's files about a chain.
type (
	// Network is what a reader of raw transactions needs to know of their network.
	Network struct {
		Network         string        `json:"network"`
		Ticker          string        `json:"ticker"`
		Decimals        uint8         `json:"decimals"`
		PubKeyHash      byte          `json:"pubkey_hash"`
		ScriptHash      byte          `json:"script_hash"`
		HRP             string        `json:"hrp"`
		EasiestBits     uint32        `json:"easiest_bits"`
		GenesisCoinbase string        `json:"genesis_coinbase"` // "": not known
		Overwritten     []Overwritten `json:"overwritten"`      // of those in the package
	}

	// Overwritten is a coinbase that a later one of the same ID has overwritten (BIP 30).
	Overwritten struct {
		TxID   string `json:"txid"`
		Height int32  `json:"height"`
	}

	// BlockLine is one block.
	BlockLine struct {
		Hash   goshawk.Hash `json:"hash"`
		Height *int32       `json:"height"` // null where it is not known
		Header string       `json:"header"` // 80 bytes, hexadecimal
	}

	// TxLine is one transaction, with its way to its block's merkle root.
	TxLine struct {
		TxID     goshawk.Hash   `json:"txid"`
		Block    goshawk.Hash   `json:"block"`
		Position uint32         `json:"position"`
		Branch   []goshawk.Hash `json:"branch"`
		Raw      string         `json:"raw"`
	}

	// CoinLine is a coin that a transaction spends and that is older than the ledger, or not in
	// it: what the ledger says of it, which no bytes in the package prove.
	CoinLine struct {
		Spender goshawk.Hash `json:"spender"`
		Tx      goshawk.Hash `json:"tx"`
		Out     uint32       `json:"out"`
		Value   *string      `json:"value"`   // null where nobody can say
		Address *string      `json:"address"` // null where it is not known
		Height  *int32       `json:"height"`
	}

	// Rules are what a trace takes on trust beside the chain: who is at which address, and which
	// of the transactions that it came to look like CoinJoins.
	Rules struct {
		Ledger       goshawk.ID    `json:"ledger"`
		Confidence   int           `json:"stop_confidence"`
		ServicesBy   string        `json:"services_by"` // address or cluster
		CoinJoinRule string        `json:"coinjoin_rule"`
		Services     []ServiceLine `json:"services"`
		CoinJoins    []string      `json:"coinjoins"`
	}

	// ServiceLine is an address of a service. Addresses of one service have one number.
	ServiceLine struct {
		Address    string `json:"address"`
		Service    int    `json:"service"`
		Label      string `json:"label"`
		Category   string `json:"category,omitempty"`
		Confidence int    `json:"confidence"`
		Source     string `json:"source"`
		SourceHash string `json:"source_hash"`
		Match      string `json:"match,omitempty"` // how the label reaches the address, where that is an inference
	}

	// Missing is a transaction that a trace came to and whose bytes are not in the package.
	Missing struct {
		Ledger goshawk.ID   `json:"ledger"`
		TxID   goshawk.Hash `json:"txid"`
		Block  goshawk.Hash `json:"block"`
		Why    string       `json:"why"`
	}
)

// network describes a network, without what depends on the transactions.
func network(p *bitcoin.Params) (*Network, error) {
	n := &Network{Network: p.Name, Ticker: p.Ticker, Decimals: p.Decimals, PubKeyHash: p.PubKeyHash, ScriptHash: p.ScriptHash, HRP: p.HRP,
		EasiestBits: p.EasiestBits, Overwritten: []Overwritten{}}
	if len(p.GenesisBlock) > 0 {
		b, err := bitcoin.SplitBlock(p.GenesisBlock)
		if err != nil {
			return nil, err
		}
		n.GenesisCoinbase = b.Txs[0].ID.String()
	}
	return n, nil
}

// overwritten says whether the first transaction of a block lost its coins to a later one.
func overwritten(p *bitcoin.Params, height int32, position uint32) bool {
	for _, pair := range p.Overwritten {
		if pair[0] == height && position == 0 {
			return true
		}
	}
	return false
}

// scriptPrefix stands before the script of an output without an address, in hexadecimal.
const scriptPrefix = "script:"

// written is an address as files of a package name it: one form that any program can make of a script.
func written(a *goshawk.Address) string {
	switch a.Kind {
	case goshawk.NonStandard, goshawk.Multisig, goshawk.NullData:
		return scriptPrefix + hex.EncodeToString(a.Payload)
	}
	return a.Text
}

func known(height int32) *int32 {
	if height < 0 {
		return nil
	}
	return &height
}

func decimal(n uint64) *string {
	u := goshawk.U(n)
	s := u.Dec()
	return &s
}
