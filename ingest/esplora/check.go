package esplora

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// parseHeader reads a header in hexadecimal, which must hash to its name and
// meet the target that it states.
func (s *Source) parseHeader(body []byte, want goshawk.Hash) (*header, error) {
	raw, err := hex.DecodeString(string(bytes.TrimSpace(body)))
	if err != nil || len(raw) != bitcoin.HeaderSize {
		return nil, fmt.Errorf("%q is not a block header in hexadecimal", printable(body))
	}
	h, err := bitcoin.DecodeHeader(raw)
	if err != nil {
		return nil, err
	}
	if h.Hash != want {
		return nil, fmt.Errorf("it hashes to %v", h.Hash)
	}
	if err := s.params.CheckWork(&h); err != nil {
		return nil, err
	}
	return &header{hash: h.Hash, parent: h.Parent, root: h.MerkleRoot, time: int64(h.Time), raw: raw}, nil
}

// checkRaw says whether raw is the transaction of that id.
func (s *Source) checkRaw(raw []byte, want goshawk.Hash) error {
	tx, err := bitcoin.DecodeTx(raw)
	if err != nil {
		return err
	}
	if id := tx.ID(); id != want {
		return fmt.Errorf("its bytes hash to %v", id)
	}
	if len(tx.Outputs) == 0 || len(tx.Outputs) > maxIndexes {
		return fmt.Errorf("it has %d outputs", len(tx.Outputs))
	}
	for i := range tx.Outputs {
		if tx.Outputs[i].Value > s.params.MaxMoney {
			return fmt.Errorf("output %d is worth more than all the money there is", i)
		}
	}
	return nil
}

// decode turns checked bytes into a transaction whose place is not known yet.
func (s *Source) decode(raw []byte, want goshawk.Hash) (*transaction, error) {
	if err := s.checkRaw(raw, want); err != nil {
		return nil, err
	}
	tx, err := bitcoin.DecodeTx(raw)
	if err != nil {
		return nil, err
	}
	t := &transaction{hash: want, id: goshawk.NoTx, version: tx.Version, lockTime: tx.LockTime, coinbase: tx.Coinbase(),
		weight: uint32(tx.Weight()), nodeLike: len(tx.AppendStripped(nil)) == nodeSize}
	if !t.coinbase {
		for _, in := range tx.Inputs {
			t.ins = append(t.ins, input{prev: in.Prev, sequence: in.Sequence})
		}
	}
	for i, out := range tx.Outputs {
		kind, key, byKey, burnt := bitcoin.Classify(out.Script, nil)
		o := goshawk.Output{ID: goshawk.OutputID(i), Value: out.Value, Address: s.intern(kind, key), Spender: goshawk.Later, Kind: kind, ByKey: byKey}
		if burnt {
			o.Spender = goshawk.Burnt
		}
		t.outs = append(t.outs, o)
	}
	return t, nil
}

// nodeSize is the length of two hashes side by side, which an inner node of a
// merkle tree is the hash of.
const nodeSize = 64

// prove checks a merkle branch. A transaction of 64 bytes can stand for an
// inner node and the other way round, so neither is taken for the other:
// https://bitslog.com/2018/06/09/leaf-node-weakness-in-bitcoin-merkle-tree-design/
func prove(tx *transaction, p *proof, root goshawk.Hash) error {
	if tx.nodeLike {
		return errors.New("a transaction of 64 bytes cannot be told from an inner node of the tree")
	}
	node := tx.hash
	for i, sibling := range p.branch {
		left, right := node, sibling
		if p.position>>i&1 == 1 {
			left, right = sibling, node
		}
		pair := make([]byte, 0, nodeSize)
		for _, h := range [2]goshawk.Hash{left, right} {
			slices.Reverse(h[:])
			pair = append(pair, h[:]...)
		}
		if _, err := bitcoin.DecodeTx(pair); err == nil {
			return fmt.Errorf("step %d of the branch is itself a transaction", i)
		}
		var err error
		if node, err = bitcoin.VerifyMerkle(p.branch[:i+1], p.position&(1<<(i+1)-1), tx.hash); err != nil {
			return err
		}
	}
	if node != root {
		return fmt.Errorf("it leads to %v", node)
	}
	return nil
}

// countTransactions counts the ids of a block's transactions, which must make up its merkle root.
func countTransactions(body []byte, root goshawk.Hash) (uint32, error) {
	ids, err := parseTxids(body)
	if err != nil {
		return 0, err
	}
	if got := bitcoin.MerkleRoot(ids); got != root {
		return 0, fmt.Errorf("the ids make up the merkle root %v, the header has %v", got, root)
	}
	// A list with its tail repeated makes up the same root (CVE-2012-2459).
	seen := make(map[goshawk.Hash]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return 0, fmt.Errorf("it names transaction %v twice", id)
		}
		seen[id] = true
	}
	return uint32(len(ids)), nil
}
