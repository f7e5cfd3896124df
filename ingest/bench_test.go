package ingest_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"goshawk"
	"goshawk/ingest"
	"goshawk/internal/chaingen"
)

// nowhere is a ledger that forgets every block but the count.
type nowhere struct{ blocks int }

func (n *nowhere) Blocks() int                       { return 0 }
func (n *nowhere) Header(int) (int32, []byte, error) { return 0, nil, nil }
func (n *nowhere) Append(*goshawk.Block) error       { n.blocks++; return nil }
func (n *nowhere) Rollback(int32) error              { return nil }
func (n *nowhere) Commit() error                     { return nil }

// benchmarkChain writes a chain into a folder of block files, once a run.
func benchmarkChain(b *testing.B, opts chaingen.Options) (dir string, summary chaingen.Summary) {
	b.Helper()
	dir = b.TempDir()
	f, err := os.Create(filepath.Join(dir, "blk00000.dat"))
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if summary, err = chaingen.Write(w, opts); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, summary
}

// BenchmarkFiles reads a chain of the shape that the performance targets are
// stated for, a fifth of its length, into a ledger that costs nothing.
func BenchmarkFiles(b *testing.B) {
	dir, summary := benchmarkChain(b, chaingen.Options{Transactions: 200_000, Blocks: 501})
	opts := ingest.Options{Params: params(b, "regtest")}
	b.SetBytes(summary.Bytes)
	b.ReportAllocs()
	for b.Loop() {
		to := &nowhere{}
		if _, err := ingest.FromFiles(b.Context(), to, ingest.OS(), []string{dir}, opts); err != nil {
			b.Fatal(err)
		}
		if to.blocks != summary.Blocks {
			b.Fatalf("%d blocks", to.blocks)
		}
	}
	b.ReportMetric(float64(summary.Transactions)*float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkHeaders is the first pass alone, over small blocks: they are all
// known to the ledger that the second run finds.
func BenchmarkHeaders(b *testing.B) {
	c := newChain(b).grow(2_000, "a")
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), bytes.Repeat(c.file(0, 2001), 50), 0o600); err != nil {
		b.Fatal(err)
	}
	to := &recorder{t: b}
	opts := ingest.Options{Params: c.params}
	if _, err := ingest.FromFiles(b.Context(), to, ingest.OS(), []string{dir}, opts); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		summary, err := ingest.FromFiles(b.Context(), to, ingest.OS(), []string{dir}, opts)
		if err != nil || summary.Known != 50*2001 {
			b.Fatal(summary, err)
		}
	}
	b.ReportMetric(50*2001*float64(b.N)/b.Elapsed().Seconds(), "headers/s")
}
