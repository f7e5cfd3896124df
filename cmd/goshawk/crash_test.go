package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"goshawk/chain/bitcoin"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/ledger"
)

// TestCrash kills an ingest with SIGKILL at random moments. Whatever it left
// passes the check, and the next ingest completes it to the same ledger as one
// that nobody disturbed. GOSHAWK_KILLS says how often; GOSHAWK_SEED repeats a run.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("kills are for whole runs")
	}
	kills := 10
	if s := os.Getenv("GOSHAWK_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("GOSHAWK_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("GOSHAWK_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))

	dir := t.TempDir()
	program := filepath.Join(dir, "goshawk")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	chain := filepath.Join(dir, "blk00000.dat")
	f, err := os.Create(chain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = chaingen.Write(f, chaingen.Options{Seed: 9, Transactions: 30_000, Blocks: 500})
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	ingest := func(folder string) *exec.Cmd {
		return exec.Command(program, "ingest", "--ledger", folder, "--network", "regtest", "--memory", "1", "--quiet", chain)
	}
	finish := func(folder string) {
		t.Helper()
		if out, err := ingest(folder).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	whole := filepath.Join(dir, "whole")
	start := time.Now()
	finish(whole)
	took := time.Since(start)
	want := verify(t, whole, false)

	landed, within := 0, 0
	for landed < kills {
		folder := filepath.Join(dir, fmt.Sprintf("killed-%d", landed))
		for range 1 + rng.IntN(4) { // several in a row: a kill may also meet the repair of the one before
			cmd := ingest(folder)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rng.Int64N(int64(took))))
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				continue // it had ended
			} else if cmd.ProcessState.Exited() {
				t.Fatalf("%v\n%s", err, out.String())
			}
			landed++
			if verify(t, folder, true); pending(folder) {
				within++
			}
		}
		finish(folder)
		if got := verify(t, folder, false); got != want {
			t.Fatalf("%s: the ledger is another one", folder)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d of them between the marks of a commit and its end", landed, within)
}

// pending says whether a kill left a commit's list of marks.
func pending(folder string) bool {
	names, err := filepath.Glob(filepath.Join(folder, "marks-*"))
	return err == nil && len(names) > 0
}

// verify checks a ledger and returns its digest. A killed one may not have been
// made yet.
func verify(t *testing.T, folder string, killed bool) [32]byte {
	t.Helper()
	fsys, err := disk.Open(folder)
	if err != nil {
		if killed && os.IsNotExist(err) {
			return [32]byte{}
		}
		t.Fatal(err)
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fsys.ReadFile("manifest"); killed && disk.Missing(err) {
		return [32]byte{}
	}
	r, err := ledger.Check(t.Context(), fsys, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range r.Faults {
		t.Errorf("%s: %s", folder, fault)
	}
	if r.Pending && !killed {
		t.Errorf("%s: an interrupted commit was not put right", folder)
	}
	return r.Digest
}
