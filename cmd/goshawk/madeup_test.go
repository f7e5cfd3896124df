package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"goshawk/chain/bitcoin"
	"goshawk/internal/chaingen"
)

// writeMadeUp writes a small chain with a theft in it into a new folder's blocks/,
// and beside it labels.csv, which names its exchange.
func writeMadeUp(folder string) (err error) {
	if err := os.MkdirAll(filepath.Join(folder, "blocks"), 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, "blocks", "blk00000.dat"))
	if err != nil {
		return err
	}
	story, err := chaingen.WriteStory(f, 1)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		return err
	}
	labels := "address,label,category,confidence,source\n" + params.FormatAddress(story.Exchange.Kind, story.Exchange.Key) +
		",Example Exchange,exchange,ownership,the exchange's own statement\n"
	return os.WriteFile(filepath.Join(folder, "labels.csv"), []byte(labels), 0o644)
}

// ingestMadeUp is the command line that brings it into the folder's ledger/.
func ingestMadeUp(folder string) []string {
	return []string{"ingest", "--quiet", "--ledger", filepath.Join(folder, "ledger"), "--network", "regtest", filepath.Join(folder, "blocks")}
}

// madeUp makes a folder with blocks/, labels.csv and ledger/, and tells the story.
func madeUp(t *testing.T) (folder string, story chaingen.Story) {
	t.Helper()
	emptyHome(t)
	folder = filepath.Join(t.TempDir(), "case")
	if err := writeMadeUp(folder); err != nil {
		t.Fatal(err)
	}
	must(t, ingestMadeUp(folder)...)
	story, err := chaingen.WriteStory(io.Discard, 1)
	if err != nil {
		t.Fatal(err)
	}
	return folder, story
}

// madeUpCase does the same for a transcript: madeup DIR.
func madeUpCase(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: madeup DIR")
	}
	folder := ts.MkAbs(args[0])
	ts.Check(writeMadeUp(folder))
	ts.Check(ts.Exec("goshawk", ingestMadeUp(folder)...))
}
