// Package worldstage puts a made-up world where a server of a test finds it: its chain as a
// ledger, its public labels as the label store. Nothing imports it but tests.
package worldstage

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/ledger"
	"goshawk/workbench"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/records"
)

// World is a world in a folder, and in a data folder as the ledger "world".
type World struct {
	tb  testing.TB
	Dir string
}

// Make makes a small world with one crime; the same seed gives the same world.
func Make(tb testing.TB, data string, seed uint64, scenario string) *World {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	w := &World{tb, filepath.Join(tb.TempDir(), "world")}
	scenarios, err := crime.New([]string{scenario}, "standard")
	must(err)
	_, err = world.Build(tb.Context(), world.Spec{Seed: seed, Era: world.Era2022, Level: "standard", Txs: 3000, Scenarios: scenarios, Observer: records.New()}, folder(w.Dir), nil)
	must(err)
	params, err := bitcoin.Lookup("regtest")
	must(err)
	d, err := disk.Make(filepath.Join(data, workbench.LedgerFolder, "world"))
	must(err)
	l, err := ledger.OpenWriter(d, ledger.Options{Network: params.Name, Codec: params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()})
	must(err)
	_, err = ingest.FromFiles(tb.Context(), l, ingest.OS(), []string{filepath.Join(w.Dir, "blocks")}, ingest.Options{Params: params})
	must(err)
	must(l.Close())
	files, err := filepath.Glob(filepath.Join(w.Dir, "public", "labels", "*.yaml"))
	must(err)
	var sources []*label.Source
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(err)
		s, err := label.Parse(filepath.Base(name), text, bitcoin.AddressCheck())
		must(err)
		sources = append(sources, s)
	}
	var buf bytes.Buffer
	must(label.Write(&buf, sources))
	must(os.WriteFile(filepath.Join(data, workbench.LabelStore), buf.Bytes(), 0o600))
	return w
}

// folder is where a world is written.
type folder string

// Create implements world.Folder.
func (f folder) Create(name string) (world.File, error) {
	path := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// File is what a file of the world holds.
func (w *World) File(name string) []byte {
	w.tb.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, filepath.FromSlash(name)))
	if err != nil {
		w.tb.Fatal(err)
	}
	return text
}

// Table is a CSV file of the world, each row by its columns' names.
func (w *World) Table(name string) []map[string]string {
	w.tb.Helper()
	rows, err := csv.NewReader(bytes.NewReader(w.File(name))).ReadAll()
	if err != nil || len(rows) < 2 {
		w.tb.Fatalf("%s: %s rows, %v", name, strconv.Itoa(len(rows)), err)
	}
	var list []map[string]string
	for _, r := range rows[1:] {
		one := map[string]string{}
		for i, c := range r {
			one[rows[0][i]] = c
		}
		list = append(list, one)
	}
	return list
}
