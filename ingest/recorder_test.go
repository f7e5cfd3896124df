package ingest_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// recorder is the least ledger that ingest can write: it holds deep copies of
// what it was given and checks the promises that Append makes.
type recorder struct {
	t         testing.TB
	partial   bool
	blocks    []goshawk.Block
	committed int // blocks that a restart would find
	commits   int
	keep      int // blocks that Rollback can remove; 0 means all
	appendErr error
	onAppend  func(*goshawk.Block)
}

func (r *recorder) Blocks() int { return len(r.blocks) }

func (r *recorder) Header(i int) (int32, []byte, error) {
	return r.blocks[i].Height, r.blocks[i].Header, nil
}

func (r *recorder) Append(b *goshawk.Block) error {
	if r.appendErr != nil {
		return r.appendErr
	}
	if n := len(r.blocks); n > 0 && !r.partial {
		if last := &r.blocks[n-1]; b.Parent != last.Hash || b.Height != last.Height+1 {
			r.t.Errorf("block %s at height %d appended after %s at height %d", b.Hash, b.Height, last.Hash, last.Height)
		}
	}
	c := *b
	c.Header, c.Txs, c.Ins, c.Outs, c.Keys = bytes.Clone(b.Header), slices.Clone(b.Txs), slices.Clone(b.Ins), slices.Clone(b.Outs), bytes.Clone(b.Keys)
	r.blocks = append(r.blocks, c)
	if r.onAppend != nil {
		r.onAppend(b)
	}
	return nil
}

func (r *recorder) Rollback(height int32) error {
	n := len(r.blocks)
	for n > 0 && r.blocks[n-1].Height > height {
		n--
	}
	if r.keep > 0 && len(r.blocks)-n > r.keep {
		return goshawk.Errorf(goshawk.Conflict, "only %d blocks can be removed", r.keep)
	}
	r.blocks = r.blocks[:n]
	return nil
}

func (r *recorder) Commit() error {
	r.committed = len(r.blocks)
	r.commits++
	return nil
}

// restart forgets what was not committed, as a killed process does.
func (r *recorder) restart() { r.blocks = r.blocks[:r.committed] }

func (r *recorder) hashes() []goshawk.Hash {
	var hashes []goshawk.Hash
	for i := range r.blocks {
		hashes = append(hashes, r.blocks[i].Hash)
	}
	return hashes
}

// resolve counts the inputs whose coins were created in an earlier or the same
// block, and those whose were not.
func (r *recorder) resolve() (resolved, missing int) {
	seen := map[goshawk.Outpoint]bool{}
	for b := range r.blocks {
		block := &r.blocks[b]
		for i := range block.Txs {
			for _, in := range block.TxInputs(i) {
				if seen[in.Prev] {
					resolved++
				} else {
					missing++
				}
			}
			for k := range block.TxOutputs(i) {
				seen[goshawk.Outpoint{Tx: block.Txs[i].Hash, Index: uint32(k)}] = true
			}
		}
	}
	return resolved, missing
}

func params(t testing.TB, network string) *bitcoin.Params {
	t.Helper()
	p, err := bitcoin.Lookup(network)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// framed splits a file of framed blocks that holds nothing else.
func framed(t testing.TB, file []byte) [][]byte {
	t.Helper()
	var blocks [][]byte
	for len(file) > 0 {
		size := binary.LittleEndian.Uint32(file[4:])
		blocks = append(blocks, file[8:8+size])
		file = file[8+size:]
	}
	return blocks
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func text(s any) string { return fmt.Sprintf("%+v", s) }
