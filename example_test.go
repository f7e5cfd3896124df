package goshawk_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/report"
	"goshawk/trace"
)

// A trace, from a block's bytes to the report. A miner's 50 coins are stolen and
// split: 30 go to one address and 19.999 to another, and 0.001 is the fee.
func Example() {
	ctx, params := context.Background(), ok(bitcoin.Lookup("regtest"))
	folder := ok(os.MkdirTemp("", "goshawk-example-"))
	defer os.RemoveAll(folder)

	// Bytes: three blocks as a node keeps them.
	pay := func(value uint64, to byte) bitcoin.TxOutput {
		return bitcoin.TxOutput{Value: value, Script: bitcoin.Script(goshawk.WitnessPubKeyHash, bytes.Repeat([]byte{to}, 20))}
	}
	mined := bitcoin.Coinbase(1, nil, pay(50e8, 'm'))
	theft := &bitcoin.Tx{Version: 2, Inputs: []bitcoin.TxInput{{Prev: goshawk.Outpoint{Tx: mined.ID()}}},
		Outputs: []bitcoin.TxOutput{pay(30e8, 'a'), pay(19.999e8, 'b')}}
	file := params.AppendFramed(nil, params.GenesisBlock)
	file, tip := mine(params, file, params.Genesis, mined)
	file, _ = mine(params, file, tip, bitcoin.Coinbase(2, nil, pay(50.001e8, 'n')), theft)
	blocks := filepath.Join(folder, "blk00000.dat")
	must(os.WriteFile(blocks, file, 0o600))

	// Ledger: ingest checks the blocks, links every coin to its spender and writes columns.
	home := ok(disk.Make(filepath.Join(folder, "ledger")))
	w := ok(ledger.OpenWriter(home, ledger.Options{Network: params.Name, Codec: params}))
	ok(ingest.FromFiles(ctx, w, ingest.OS(), []string{blocks}, ingest.Options{Params: params}))
	must(w.Close())
	chain := ok(ledger.Open(home, params))
	defer chain.Close()

	// Trace, and report.
	answer := ok(trace.Run(ctx, chain, trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{{Tx: mined.ID()}}}))
	var text bytes.Buffer
	must(report.TraceText(&text, answer, report.Style{}))
	_, found, _ := bytes.Cut(text.Bytes(), []byte("WHERE IT IS\n"))
	found, _, _ = bytes.Cut(found, []byte("\n\n"))
	fmt.Printf("%s\n", bytes.TrimSpace(found))
	// Output:
	// ● Unspent  49.99900000 tBTC   99.9 %        2 ends  at rest up to the ledger's last block
	//   ○ Fees      0.00100000 tBTC   <0.1 %        1 end   paid to the miners of the blocks
	//   The ends sum to the starts to the last unit: 50.00000000 tBTC.
}

// mine adds a block with a proof of work to a block file.
func mine(params *bitcoin.Params, file []byte, parent goshawk.Hash, txs ...*bitcoin.Tx) ([]byte, goshawk.Hash) {
	var ids []goshawk.Hash
	for _, tx := range txs {
		ids = append(ids, tx.ID())
	}
	h := bitcoin.Header{Version: 4, Parent: parent, MerkleRoot: bitcoin.MerkleRoot(ids), Time: 1_300_000_000, Bits: 0x207fffff}
	for {
		raw := bitcoin.AppendBlock(nil, &h, txs)
		mined := ok(bitcoin.DecodeHeader(raw))
		if params.CheckWork(&mined) == nil {
			return params.AppendFramed(file, raw), mined.Hash
		}
		h.Nonce++
	}
}

func ok[T any](v T, err error) T {
	must(err)
	return v
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
