// Package export writes a ledger as Parquet files, so that everything in it can
// be read with DuckDB, pandas, ClickHouse and whatever else reads Parquet. The
// tables and their columns are described in docs/format/parquet.md.
//
// The same ledger gives the same bytes. Memory is bounded by the row groups
// being written and does not grow with the ledger. The package never touches a
// disk, a clock or a network (its caller creates the files), never follows or
// judges a coin, and leaves nothing out silently: what a ledger does not know
// is null.
package export

import (
	"context"
	"io"
	"strconv"

	"goshawk"
)

// Clusters says which addresses one party controls, and by which evidence.
type Clusters interface {
	// Root returns a fixed member of a's cluster that stands for all of it.
	Root(a goshawk.AddressID) goshawk.AddressID
	// Rule names the heuristics that made the clusters.
	Rule() string
}

// Names of the files.
const (
	blocksFile       = "blocks.parquet"
	transactionsFile = "transactions.parquet"
	inputsFile       = "inputs.parquet"
	outputsFile      = "outputs.parquet"
	spendsFile       = "spends.parquet"
	addressesFile    = "addresses.parquet"
	clustersFile     = "clusters.parquet"
)

// Files lists the names that Write may create, so that a caller can look for
// older files first.
func Files() []string {
	return []string{blocksFile, transactionsFile, inputsFile, outputsFile, spendsFile, addressesFile, clustersFile}
}

// Write writes all of a ledger that numbers densely; one that cannot be read
// from end to end (a remote source) is refused as Unsupported. Without clusters
// (nil) there is no clusters file.
//
// It calls create with names out of Files, each once, and closes every file
// that it was given, also after an error. Single files may be whole before the
// others are, so create must make them under temporary names, to be renamed
// when Write has returned nil and removed when it has not: then nothing that
// looks finished is ever wrong.
//
// progress, unless nil, is told of rows read out of all rows to read, from the
// goroutine that called Write.
func Write(ctx context.Context, l goshawk.Ledger, clusters Clusters, create func(name string) (io.WriteCloser, error), progress func(done, total uint64)) error {
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	if err := readable(head); err != nil {
		return err
	}
	codec, err := newCodec()
	if err != nil {
		return err
	}
	x := &exporter{ctx: ctx, l: l, head: head, create: create, progress: progress, metadata: metadata(head, clusters), codec: codec}
	x.total = head.Blocks + head.Transactions + head.Addresses
	if clusters != nil {
		x.total += head.Addresses
	}
	defer x.abandon()
	if err := x.writeBlocks(); err != nil {
		return err
	}
	if err := x.writeTransactions(); err != nil {
		return err
	}
	if err := x.writeAddresses(); err != nil {
		return err
	}
	if clusters == nil {
		return nil
	}
	return x.writeClusters(clusters)
}

// readable refuses ledgers that cannot be read from end to end.
func readable(h goshawk.Head) error {
	counts := [...]uint64{h.Blocks, h.Transactions, h.Outputs, h.Addresses}
	empty := h.Height < 0 && h.Hash == goshawk.Hash{}
	for _, n := range counts {
		empty = empty && n == 0
	}
	for _, n := range counts {
		if n == 0 && !empty {
			return remote()
		}
	}
	if h.Claim != "" {
		return remote()
	}
	return nil
}

func remote() error {
	return goshawk.Errorf(goshawk.Unsupported, "this ledger cannot be read from end to end").
		WithHint("ingest the chain into a ledger of your own and export that")
}

// metadata is what every file says of itself.
func metadata(h goshawk.Head, clusters Clusters) [][2]string {
	m := [][2]string{
		{"goshawk.version", goshawk.Version},
		{"goshawk.network", h.Network},
		{"goshawk.asset.ticker", h.Asset.Ticker},
		{"goshawk.asset.decimals", strconv.Itoa(int(h.Asset.Decimals))},
		{"goshawk.ledger.hash", h.Hash.String()},
		{"goshawk.ledger.start", strconv.Itoa(int(h.Start))},
		{"goshawk.ledger.partial", strconv.FormatBool(h.Partial)},
	}
	if h.Height >= 0 {
		m = append(m, [2]string{"goshawk.ledger.height", strconv.Itoa(int(h.Height))})
	}
	if h.Asset.Token != "" {
		m = append(m, [2]string{"goshawk.asset.token", h.Asset.Token})
	}
	if clusters != nil {
		m = append(m, [2]string{"goshawk.clusters.rule", clusters.Rule()})
	}
	return m
}

// exporter is the state of one Write.
type exporter struct {
	ctx         context.Context
	l           goshawk.Ledger
	head        goshawk.Head
	create      func(name string) (io.WriteCloser, error)
	metadata    [][2]string
	codec       *codec
	open        []interface{ abandon() }
	progress    func(done, total uint64)
	done, total uint64
}

func (x *exporter) abandon() {
	for _, t := range x.open {
		t.abandon()
	}
}

// step says that n more rows are done and whether to go on.
func (x *exporter) step(n int) error {
	x.done += uint64(n)
	if x.progress != nil {
		x.progress(x.done, x.total)
	}
	return x.interrupted()
}

func (x *exporter) interrupted() error {
	if err := x.ctx.Err(); err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "the export was interrupted: %w", err)
	}
	return nil
}

// batchRows rows are asked of the ledger at a time: few, because the text of a
// script without an address may have megabytes.
const batchRows = 128

// batched calls each for the ids from 0 to count-1, batch by batch.
func batched[ID ~uint64](x *exporter, count uint64, each func([]ID) error) error {
	ids := make([]ID, 0, batchRows)
	for next := ID(0); uint64(next) < count; {
		for ids = ids[:0]; len(ids) < cap(ids) && uint64(next) < count; next++ {
			ids = append(ids, next)
		}
		if err := each(ids); err != nil {
			return err
		}
		if err := x.step(len(ids)); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) writeBlocks() error {
	t, err := newTable[blockRow](x, blocksFile)
	if err != nil {
		return err
	}
	err = batched(x, x.head.Blocks, func(ids []goshawk.BlockID) error {
		blocks, err := x.l.Blocks(x.ctx, ids)
		if err != nil {
			return err
		}
		for i := range blocks {
			b, r := &blocks[i], t.row()
			r.BlockID, r.FirstTxID, r.TransactionCount = int64(b.ID), int64(b.FirstTx), int64(b.TxCount)
			r.Hash, r.Parent, r.Header = r.hash.write(&b.Hash), r.parent.write(&b.Parent), b.Header
			r.Time = milliseconds(b.Time)
			known(&r.Height, &r.height, b.Height, b.Height >= 0)
			if err := t.add(len(b.Header)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.finish()
}

func (x *exporter) writeAddresses() error {
	t, err := newTable[addressRow](x, addressesFile, "address")
	if err != nil {
		return err
	}
	err = batched(x, x.head.Addresses, func(ids []goshawk.AddressID) error {
		addresses, err := x.l.Addresses(x.ctx, ids, 0)
		if err != nil {
			return err
		}
		for i := range addresses {
			a, r := &addresses[i], t.row()
			r.AddressID, r.Address, r.Kind = int64(a.ID), a.Text, a.Kind.String()
			if err := t.add(len(a.Text)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.finish()
}

func (x *exporter) writeClusters(clusters Clusters) error {
	t, err := newTable[clusterRow](x, clustersFile)
	if err != nil {
		return err
	}
	err = batched(x, x.head.Addresses, func(ids []goshawk.AddressID) error {
		for _, a := range ids {
			r := t.row()
			r.AddressID, r.ClusterID = int64(a), int64(clusters.Root(a))
			if err := t.add(0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.finish()
}

// milliseconds turns a header time, which has 32 bits, into a timestamp.
func milliseconds(seconds int64) int64 { return seconds * 1000 }
