package esplora

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"goshawk"
)

// Most bytes that an answer can have, with room to spare: a block holds 4 MB,
// and JSON writes scripts twice, in hexadecimal and as opcodes.
const (
	limitWord    = 4 << 10  // a height, a hash, a header
	limitSmall   = 64 << 10 // a proof, an address's totals
	limitRaw     = 4 << 20
	limitTxids   = 4 << 20
	limitSpends  = 64 << 20
	limitHistory = 128 << 20
)

const (
	maxDepth     = 32 // of a merkle branch
	maxTxPerPage = 1000
)

// proof places a transaction in a block, as its source claims it.
type proof struct {
	height   int32
	position uint32
	branch   []goshawk.Hash // from the leaf's neighbour up
}

// spend is what a source claims of one output. Only a confirmed spend is one.
type spend struct {
	spent  bool
	tx     goshawk.Hash
	input  uint32
	height int32
}

// listed is a transaction in an address's history as its source claims it.
type listed struct {
	tx      goshawk.Hash
	height  int32
	scripts []string // of the coins it spends, hexadecimal; "" where not said
}

// stats are an address's totals as its source claims them.
type stats struct {
	transactions, outputs, spends uint64
	received, spent               uint64
}

func parseHeight(body []byte) (int32, error) {
	n, err := strconv.ParseUint(string(bytes.TrimSpace(body)), 10, 64)
	if err != nil || n >= maxHeights {
		return 0, fmt.Errorf("%q is not a height", printable(body))
	}
	return int32(n), nil
}

func parseHash(body []byte) (goshawk.Hash, error) {
	return goshawk.ParseHash(string(bytes.TrimSpace(body[:min(len(body), limitWord)])))
}

func parseProof(body []byte) (proof, error) {
	var v struct {
		Height   *uint64        `json:"block_height"`
		Branch   []goshawk.Hash `json:"merkle"`
		Position *uint64        `json:"pos"`
	}
	if err := decode(body, &v); err != nil {
		return proof{}, err
	}
	switch {
	case v.Height == nil || *v.Height >= maxHeights:
		return proof{}, fmt.Errorf("the proof's block height is missing or impossible")
	case len(v.Branch) > maxDepth:
		return proof{}, fmt.Errorf("the proof's branch has %d hashes", len(v.Branch))
	case v.Position == nil || *v.Position >= maxPositions || *v.Position>>len(v.Branch) != 0:
		return proof{}, fmt.Errorf("the proof's position is missing or outside of its branch")
	}
	return proof{height: int32(*v.Height), position: uint32(*v.Position), branch: v.Branch}, nil
}

// parseSpends reads the claims about a transaction of so many outputs.
func parseSpends(body []byte, outputs int) ([]spend, error) {
	var vs []struct {
		Spent  *bool         `json:"spent"`
		Tx     *goshawk.Hash `json:"txid"`
		Input  *uint32       `json:"vin"`
		Status status        `json:"status"`
	}
	if err := decode(body, &vs); err != nil {
		return nil, err
	}
	if len(vs) != outputs {
		return nil, fmt.Errorf("it tells of %d outputs, the transaction has %d", len(vs), outputs)
	}
	spends := make([]spend, len(vs))
	for i, v := range vs {
		if v.Spent == nil {
			return nil, fmt.Errorf("it does not say whether output %d is spent", i)
		}
		if !*v.Spent || !v.Status.Confirmed {
			continue
		}
		height, err := v.Status.height()
		if err != nil {
			return nil, fmt.Errorf("output %d: %w", i, err)
		}
		if v.Tx == nil || v.Input == nil {
			return nil, fmt.Errorf("it does not say what spends output %d", i)
		}
		spends[i] = spend{spent: true, tx: *v.Tx, input: *v.Input, height: height}
	}
	return spends, nil
}

// parseHistory reads one page of an address's transactions, newest first.
func parseHistory(body []byte) ([]listed, error) {
	var vs []struct {
		Tx     *goshawk.Hash `json:"txid"`
		Status status        `json:"status"`
		Vin    []struct {
			Prevout *struct {
				Script string `json:"scriptpubkey"`
			} `json:"prevout"`
		} `json:"vin"`
	}
	if err := decode(body, &vs); err != nil {
		return nil, err
	}
	if len(vs) > maxTxPerPage {
		return nil, fmt.Errorf("a page of %d transactions", len(vs))
	}
	page := make([]listed, 0, len(vs))
	for i, v := range vs {
		if v.Tx == nil {
			return nil, fmt.Errorf("transaction %d has no id", i)
		}
		if !v.Status.Confirmed {
			return nil, fmt.Errorf("transaction %v is not confirmed, only confirmed ones were asked for", v.Tx)
		}
		height, err := v.Status.height()
		if err != nil {
			return nil, fmt.Errorf("transaction %v: %w", v.Tx, err)
		}
		l := listed{tx: *v.Tx, height: height, scripts: make([]string, len(v.Vin))}
		for n, in := range v.Vin {
			if in.Prevout != nil {
				l.scripts[n] = in.Prevout.Script
			}
		}
		page = append(page, l)
	}
	return page, nil
}

func parseStats(body []byte) (stats, error) {
	var v struct {
		Chain *struct {
			Outputs      *uint64 `json:"funded_txo_count"`
			Received     *uint64 `json:"funded_txo_sum"`
			Spends       *uint64 `json:"spent_txo_count"`
			Spent        *uint64 `json:"spent_txo_sum"`
			Transactions *uint64 `json:"tx_count"`
		} `json:"chain_stats"`
	}
	if err := decode(body, &v); err != nil {
		return stats{}, err
	}
	c := v.Chain
	if c == nil || c.Outputs == nil || c.Received == nil || c.Spends == nil || c.Spent == nil || c.Transactions == nil {
		return stats{}, fmt.Errorf("the address's totals are missing")
	}
	return stats{transactions: *c.Transactions, outputs: *c.Outputs, spends: *c.Spends, received: *c.Received, spent: *c.Spent}, nil
}

func parseTxids(body []byte) ([]goshawk.Hash, error) {
	var v []goshawk.Hash
	if err := decode(body, &v); err != nil {
		return nil, err
	}
	if len(v) == 0 || len(v) >= maxPositions {
		return nil, fmt.Errorf("a block of %d transactions", len(v))
	}
	return v, nil
}

// status says whether and where a transaction is in the chain.
type status struct {
	Confirmed bool    `json:"confirmed"`
	Height    *uint64 `json:"block_height"`
}

func (s status) height() (int32, error) {
	if s.Height == nil || *s.Height >= maxHeights {
		return 0, fmt.Errorf("its block's height is missing or impossible")
	}
	return int32(*s.Height), nil
}

// decode reads JSON into v and quotes the beginning of what is none.
func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w; it begins %q", err, printable(body))
	}
	return nil
}
