package workbench

import (
	"os"
	"path/filepath"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/ledger"
)

// whale opens a ledger with one address that so many transactions pay to or spend from.
func whale(tb testing.TB, transactions int) (*Held, string) {
	tb.Helper()
	folder := filepath.Join(tb.TempDir(), "ledger")
	address := chain(tb, folder, transactions, 3)
	return opening(tb, folder), address
}

// chain makes a ledger in a folder, or goes on with it, and returns the address of its whale.
func chain(tb testing.TB, folder string, transactions int, seed uint64) string {
	tb.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	file, err := os.Create(filepath.Join(dir, "blk00000.dat"))
	if err != nil {
		tb.Fatal(err)
	}
	summary, err := chaingen.Write(file, chaingen.Options{Seed: seed, Whale: transactions, Transactions: transactions*2 + 600, Blocks: 400})
	if err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	d, err := disk.Make(folder)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := ledger.OpenWriter(d, ledger.Options{Network: params.Name, Codec: params, Join: Joiner(), Rule: ClusterRule()})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := ingest.FromFiles(tb.Context(), w, ingest.OS(), []string{file.Name()}, ingest.Options{Params: params}); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return params.FormatAddress(goshawk.WitnessPubKeyHash, summary.WhaleKey[:])
}

// opening opens a ledger without labels.
func opening(tb testing.TB, folder string) *Held {
	tb.Helper()
	ch, err := Open(tb.Context(), folder, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := ch.Local.Close(); err != nil {
			tb.Error(err)
		}
	})
	set, err := label.NewSet(nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Held{Chain: ch, ID: "test", Labels: set}
}

// BenchmarkExpand asks for the largest of what is around an address with half a million transactions.
func BenchmarkExpand(b *testing.B) {
	held, address := whale(b, 500_000)
	for _, level := range []string{LevelTransaction, LevelAggregated} {
		for _, direction := range []string{"in", "out"} {
			b.Run(level+"/"+direction, func(b *testing.B) {
				for b.Loop() {
					f, err := held.Expand(b.Context(), ExpandQuestion{Node: "a:" + address, Direction: direction, Level: level})
					if err != nil || len(f.Nodes) == 0 || !f.Sampled {
						b.Fatal(err, len(f.Nodes))
					}
				}
			})
		}
	}
}
