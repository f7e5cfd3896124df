package ingest

import (
	"context"
	"encoding/hex"

	"goshawk"
)

// mostRaw is how many transactions are asked for in one request.
const mostRaw = 100

// Waiting lists the transactions that the node knows and that are in no block yet.
func (n *Node) Waiting(ctx context.Context) ([]goshawk.Hash, error) {
	var ids []goshawk.Hash
	err := n.get(ctx, &ids, "getrawmempool")
	return ids, err
}

// Raw returns the bytes of transactions that wait, in the order asked; nil for those that the node does not give: they
// have left meanwhile. What a node says of others that are in blocks is not asked for.
func (n *Node) Raw(ctx context.Context, ids []goshawk.Hash) ([][]byte, error) {
	out := make([][]byte, 0, len(ids))
	for len(ids) > 0 {
		part := ids[:min(len(ids), mostRaw)]
		ids = ids[len(part):]
		calls := make([]*call, len(part))
		for i, id := range part {
			calls[i] = &call{method: "getrawtransaction", params: []any{id}}
		}
		if err := n.do(ctx, calls...); err != nil {
			return nil, err
		}
		for _, c := range calls {
			var text string
			if c.err != nil && c.err.Code != rpcMethodNotFound {
				out = append(out, nil)
				continue
			}
			if err := c.read(&text); err != nil {
				return nil, err
			}
			raw, err := hex.DecodeString(text)
			if err != nil {
				return nil, goshawk.Errorf(goshawk.Corrupt, "the node's transaction is not hexadecimal: %w", err)
			}
			out = append(out, raw)
		}
	}
	return out, nil
}

// Best is the hash of the node's last block.
func (n *Node) Best(ctx context.Context) (h goshawk.Hash, err error) {
	err = n.get(ctx, &h, "getbestblockhash")
	return h, err
}
