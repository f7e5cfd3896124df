package export_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/cluster"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/ledger/export"
)

// forest takes an embedded ledger's clusters for export.
type forest struct{ *ledger.Reader }

func (f forest) Root(a goshawk.AddressID) goshawk.AddressID { return cluster.Root(f.Reader, a) }

// embedded fills a ledger from framed blocks and opens it.
func embedded(tb testing.TB, network string, blocks io.Reader) *ledger.Reader {
	tb.Helper()
	folder, err := disk.Make(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	params, err := bitcoin.Lookup(network)
	if err != nil {
		tb.Fatal(err)
	}
	var addresses []goshawk.AddressID
	join := func(f ledger.Forest, batch *goshawk.Transactions, row int) {
		addresses = addresses[:0]
		for _, in := range batch.In(row) {
			addresses = append(addresses, in.Address)
		}
		cluster.CoSpend(f, batch.Rows[row].ID, addresses)
	}
	w, err := ledger.OpenWriter(folder, ledger.Options{Network: network, Codec: params, Join: join, Rule: cluster.CoSpendRule})
	if err != nil {
		tb.Fatal(err)
	}
	eachBlock(tb, params, blocks, func(b *goshawk.Block) {
		if err := w.Append(b); err != nil {
			tb.Fatal(err)
		}
	})
	if err := errors.Join(w.Commit(), w.Close()); err != nil {
		tb.Fatal(err)
	}
	r, err := ledger.Open(folder, params)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() }) // it was only read
	return r
}

// eachBlock decodes framed blocks that stand in chain order.
func eachBlock(tb testing.TB, params *bitcoin.Params, blocks io.Reader, each func(*goshawk.Block)) {
	tb.Helper()
	in, decoder := bufio.NewReader(blocks), bitcoin.NewDecoder(params)
	var frame [8]byte
	var b goshawk.Block
	for height := int32(0); ; height++ {
		if _, err := io.ReadFull(in, frame[:]); err == io.EOF {
			return
		} else if err != nil {
			tb.Fatal(err)
		}
		raw := make([]byte, binary.LittleEndian.Uint32(frame[4:]))
		if _, err := io.ReadFull(in, raw); err != nil {
			tb.Fatal(err)
		}
		if err := decoder.Block(raw, &b); err != nil {
			tb.Fatal(err)
		}
		b.Height = height
		each(&b)
	}
}

// BenchmarkWrite exports a generated chain with its clusters to files.
func BenchmarkWrite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "chain")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	options := chaingen.Options{Seed: 1}
	if testing.Short() {
		options.Transactions, options.Blocks = 50_000, 300
	}
	if _, err := chaingen.Write(f, options); err != nil {
		b.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		b.Fatal(err)
	}
	l := embedded(b, "regtest", f)
	head, err := l.Head(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	out := b.TempDir()
	for b.Loop() {
		create := func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(out, name)) }
		if err := export.Write(context.Background(), l, forest{l}, create, nil); err != nil {
			b.Fatal(err)
		}
	}
	bytes := int64(0)
	for _, name := range export.Files() {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil {
			b.Fatal(err)
		}
		b.Log(name, info.Size())
		bytes += info.Size()
	}
	b.ReportMetric(float64(bytes)/float64(head.Transactions), "B/tx")
	b.ReportMetric(float64(head.Transactions)*float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}
