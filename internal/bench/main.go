// Command bench measures the engine on a generated chain and prints the table
// of docs/performance.md. It is not part of the program and keeps its files in
// a folder of its own.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/cluster"
	"goshawk/ingest"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/ledger"
	"goshawk/pattern"
	"goshawk/trace"
)

func main() {
	dir := flag.String("dir", filepath.Join(os.TempDir(), "goshawk-bench"), "folder for chains and ledgers; they are used again")
	tags := flag.String("tags", os.Getenv("GOSHAWK_FIXTURES"), "folder of fixtures, for the label store (default ../shared/data)")
	big := flag.Bool("big", true, "also measure at four times the size")
	one := flag.String("ingest", "", "ingest one chain `FILE` into --dir and report as JSON (used by bench itself)")
	flag.Parse()
	if *one != "" {
		check(json.NewEncoder(os.Stdout).Encode(ingestOne(*one, *dir)))
		return
	}
	if *tags == "" {
		*tags = filepath.Join("..", "shared", "data")
	}
	b := &bench{dir: *dir, tags: *tags}
	check(os.MkdirAll(b.dir, 0o755))
	b.run(*big)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct{ dir, tags string }

// ingested is what one ingest took.
type ingested struct {
	Transactions int64
	Seconds      float64
	PeakAnon     int64 // bytes
	Disk         int64 // bytes
}

func (b *bench) run(big bool) {
	params, err := bitcoin.Lookup("regtest")
	check(err)
	fmt.Printf("Machine: %s, %d cores, %s %s/%s, commit %s\n\n", processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, commit())
	chain, large := b.chain("1m", chaingen.Options{Seed: 1}), ""
	if big {
		large = b.chain("4m", chaingen.Options{Seed: 4, Transactions: 4 * 974_533, Blocks: 4 * 2_001})
	}
	// The two sizes take turns, so that their ratio does not tell how busy a
	// shared machine was at two different times.
	var best, four ingested
	for range 5 {
		best = b.ingest(chain, "1m", best)
		if big {
			four = b.ingest(large, "4m", four)
		}
	}
	fmt.Println("| work | measured | must | aim |\n|---|---|---|---|")
	row := func(work, measured, must, aim string) {
		fmt.Printf("| %s | %s | %s | %s |\n", work, measured, must, aim)
	}
	perTx := best.Seconds / float64(best.Transactions)
	row("ingest with every index and clusters, transactions/s", fmt.Sprintf("%.0f", 1/perTx), "150,000", "300,000")
	row("on disk, bytes per transaction", fmt.Sprintf("%.0f", float64(best.Disk)/float64(best.Transactions)), "350", "250")
	row("peak anonymous memory during that ingest", fmt.Sprintf("%.0f MB", float64(best.PeakAnon)/1e6), "1 GB", "-")

	fsys, err := disk.Open(filepath.Join(b.dir, "ledger-1m"))
	check(err)
	l, err := ledger.Open(fsys, params)
	check(err)
	ctx := context.Background()
	head, err := l.Head(ctx)
	check(err)

	q := trace.Question{Method: trace.Haircut, Starts: coinbases(l, 10, 10), Flows: -1, CoinJoin: coinJoin}
	var ends int
	took := fastest(5, func() {
		r, err := trace.Follow(ctx, l, q)
		check(err)
		ends = r.Len()
	})
	row(fmt.Sprintf("haircut from the coinbase of block 10 to the tip (%d ends)", ends), took.String(), "0.4 s", "0.2 s")
	q = trace.Question{Method: trace.FIFO, Starts: coinbases(l, 1, 500), Flows: -1, CoinJoin: coinJoin}
	took = fastest(5, func() {
		r, err := trace.Follow(ctx, l, q)
		check(err)
		ends = r.Len()
	})
	row(fmt.Sprintf("FIFO from every coinbase of blocks 1 to 500, exact intervals (%d ends)", ends), took.String(), "1 s", "0.3 s")
	took = fastest(5, func() {
		_, err := cluster.Compute(ctx, l, cluster.Options{Exclude: func(batch *goshawk.Transactions, row int) bool { return coinJoin(batch, row) }})
		check(err)
	})
	row("cluster everything by co-spending", took.String(), "0.3 s", "0.1 s")
	took = fastest(9, func() {
		var most uint64
		check(goshawk.Scan(ctx, l, 0, goshawk.TxID(head.Transactions), 0, func(batch *goshawk.Transactions) error {
			for i := range batch.Rows {
				if batch.Rows[i].Coinbase {
					continue
				}
				var fee uint64
				for j := range batch.In(i) {
					fee += batch.In(i)[j].Value
				}
				for j := range batch.Out(i) {
					fee -= batch.Out(i)[j].Value
				}
				most = max(most, fee)
			}
			return nil
		}))
	})
	row("a full scan (highest fee), one thread, through the contract", took.String(), "35 ms", "20 ms")
	took = fastest(9, func() {
		if _, _, err := l.HighestFee(); err != nil {
			panic(err)
		}
	})
	row("the same over the columns", took.String(), "35 ms", "20 ms")
	rng := rand.New(rand.NewPCG(1, 1))
	ids := make([]goshawk.AddressID, 20_000)
	for i := range ids {
		ids[i] = goshawk.AddressID(rng.Uint64N(head.Addresses))
	}
	took = fastest(5, func() {
		for i := range ids {
			_, err := l.Addresses(ctx, ids[i:i+1], goshawk.WantTotals)
			check(err)
		}
	})
	row("summary of a random address, warm", (took / time.Duration(len(ids))).String(), "20 µs", "5 µs")
	check(l.Close())

	whale := b.chain("whale", chaingen.Options{Seed: 2, Whale: 500_000})
	b.ingest(whale, "whale", ingested{})
	b.whale(row, params)

	took = fastest(9, func() {
		r, err := ledger.Open(fsys, params)
		check(err)
		check(r.Close())
	})
	row("open the ledger", took.String(), "100 ms", "10 ms")
	b.labels(row)
	if big {
		ratio := four.Seconds / float64(four.Transactions) / perTx
		row(fmt.Sprintf("cost per transaction at 4 M against 1 M (%.0f/s, peak %.0f MB, %.0f bytes)", float64(four.Transactions)/four.Seconds, float64(four.PeakAnon)/1e6, float64(four.Disk)/float64(four.Transactions)),
			fmt.Sprintf("%.2f ×", ratio), "1.3 ×", "1.1 ×")
	}
}

func coinJoin(batch *goshawk.Transactions, row int) bool {
	_, ok := pattern.CoinJoin(batch, row)
	return ok
}

// fastest runs work several times and returns the shortest time.
func fastest(times int, work func()) time.Duration {
	best := time.Duration(1 << 62)
	for range times {
		runtime.GC()
		start := time.Now()
		work()
		best = min(best, time.Since(start))
	}
	return best.Round(best / 1000)
}

// coinbases lists the first outputs of the coinbases of blocks.
func coinbases(l *ledger.Reader, from, to int32) []goshawk.Outpoint {
	ctx := context.Background()
	var heights []int32
	for h := from; h <= to; h++ {
		heights = append(heights, h)
	}
	found, err := l.Find(ctx, goshawk.Names{Heights: heights})
	check(err)
	infos, err := l.Blocks(ctx, found.Blocks)
	check(err)
	var ids []goshawk.TxID
	for _, info := range infos {
		ids = append(ids, info.FirstTx)
	}
	var batch goshawk.Transactions
	check(l.Transactions(ctx, ids, goshawk.WantHashes, &batch))
	var coins []goshawk.Outpoint
	for i := range batch.Rows {
		coins = append(coins, goshawk.Outpoint{Tx: batch.Rows[i].Hash})
	}
	return coins
}

// chain generates a chain unless it is there.
func (b *bench) chain(name string, o chaingen.Options) string {
	path := filepath.Join(b.dir, name+".dat")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	f, err := os.Create(path + ".new")
	check(err)
	s, err := chaingen.Write(f, o)
	check(errors.Join(err, f.Close()))
	check(os.WriteFile(path+".whale", s.WhaleKey[:], 0o644))
	check(os.Rename(path+".new", path))
	return path
}

// ingest runs an ingest in a process of its own and returns the faster of it and best.
func (b *bench) ingest(chain, name string, best ingested) ingested {
	folder := filepath.Join(b.dir, "ledger-"+name)
	check(os.RemoveAll(folder))
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "--ingest", chain, "--dir", folder)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(err)
	var one ingested
	check(json.Unmarshal(out, &one))
	if best.Seconds == 0 || one.Seconds < best.Seconds {
		return one
	}
	return best
}

func ingestOne(chain, folder string) ingested {
	params, err := bitcoin.Lookup("regtest")
	check(err)
	fsys, err := disk.Make(folder)
	check(err)
	debug.SetGCPercent(50) // as the ingest command does
	stop, peak := make(chan struct{}), make(chan int64)
	go watch(stop, peak)
	start := time.Now()
	var addresses []goshawk.AddressID
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: params.Name, Codec: params, Rule: "bench/1",
		Join: func(f ledger.Forest, batch *goshawk.Transactions, row int) {
			if coinJoin(batch, row) {
				return
			}
			addresses = addresses[:0]
			for i := range batch.In(row) {
				addresses = append(addresses, batch.In(row)[i].Address)
			}
			cluster.CoSpend(f, batch.Rows[row].ID, addresses)
		}})
	check(err)
	s, err := ingest.FromFiles(context.Background(), w, ingest.OS(), []string{chain}, ingest.Options{Params: params})
	check(errors.Join(err, w.Close()))
	seconds := time.Since(start).Seconds()
	close(stop)
	one := ingested{Transactions: s.Transactions, Seconds: seconds, PeakAnon: <-peak}
	check(filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			one.Disk += info.Size()
		}
		return err
	}))
	return one
}

// watch samples the process's anonymous memory (Linux) and sends its peak.
func watch(stop chan struct{}, peak chan int64) {
	var most int64
	for {
		data, err := os.ReadFile("/proc/self/status")
		if err == nil {
			for line := range strings.Lines(string(data)) {
				var kb int64
				if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &kb); err == nil {
					most = max(most, kb<<10)
				}
			}
		}
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *bench) whale(row func(work, measured, must, aim string), params *bitcoin.Params) {
	fsys, err := disk.Open(filepath.Join(b.dir, "ledger-whale"))
	check(err)
	l, err := ledger.Open(fsys, params)
	check(err)
	key, err := os.ReadFile(filepath.Join(b.dir, "whale.dat.whale"))
	check(err)
	ctx := context.Background()
	found, err := l.Find(ctx, goshawk.Names{Addresses: []string{params.FormatAddress(goshawk.WitnessPubKeyHash, key)}})
	check(err)
	var n uint64
	took := fastest(9, func() {
		a, err := l.Addresses(ctx, found.Addresses, goshawk.WantTotals)
		check(err)
		n = a[0].Transactions
		_, err = l.History(ctx, goshawk.HistoryQuery{Address: found.Addresses[0], Limit: 50})
		check(err)
	})
	row(fmt.Sprintf("first page (50) of an address with %d transactions, and its totals", n), took.String(), "5 ms", "1 ms")
	check(l.Close())
}

func (b *bench) labels(row func(work, measured, must, aim string)) {
	var sources []*label.Source
	start := time.Now()
	err := filepath.WalkDir(filepath.Join(b.tags, "tags", "graphsense-tagpacks"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !label.Known(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := label.Parse(d.Name(), data, bitcoin.AddressCheck())
		if err == nil {
			sources = append(sources, s)
		}
		return nil
	})
	if err != nil {
		row("open the label store with all TagPacks", "no fixtures", "100 ms", "10 ms")
		return
	}
	read := time.Since(start)
	path := filepath.Join(b.dir, "labels.store")
	f, err := os.Create(path)
	check(err)
	check(errors.Join(label.Write(f, sources), f.Close()))
	fsys, err := disk.Open(b.dir)
	check(err)
	info, err := os.Stat(path)
	check(err)
	took := fastest(9, func() {
		m, err := fsys.Map("labels.store", info.Size())
		check(err)
		_, err = label.Open(m.Bytes())
		check(errors.Join(err, m.Close()))
	})
	row(fmt.Sprintf("open the label store with all TagPacks (%d files, read in %v)", len(sources), read.Round(10*time.Millisecond)), took.String(), "100 ms", "10 ms")
}

func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return "unknown processor"
}

func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
