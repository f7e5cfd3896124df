package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/disk"
	"goshawk/internal/fixture"
	"goshawk/ledger"
	"goshawk/node"
	"goshawk/trace"
)

// coin9 is the coin of block 9, and merge496 the transaction of block 496 that
// spends the last of it.
const (
	coin9    = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0"
	merge496 = "a3b0e9e7cddbbe78270fa4182a7675ff00b92872d8df7d14265a2b1e379a9d33"
)

// rawBlocks are the blocks of block files by their hashes.
type rawBlocks map[goshawk.Hash][]byte

func (b rawBlocks) Block(_ context.Context, hash goshawk.Hash) ([]byte, error) {
	if raw, ok := b[hash]; ok {
		return raw, nil
	}
	return nil, goshawk.Errorf(goshawk.NotFound, "there is no block %v", hash)
}

// firstBlocks ingests the first 600 blocks and returns the ledger's folder and
// a handler that answers over them as an explorer does.
func firstBlocks(t *testing.T) (string, http.Handler) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	must(t, "ingest", "--quiet", "--ledger", dir, "--network", "bitcoin", fixture.Path(t, "bitcoin", "first600"))
	params, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	blocks := rawBlocks{}
	for _, name := range []string{"blk00000.dat", "blk00001.dat"} {
		rest := fixture.Bytes(t, "bitcoin", "first600", name)
		for bytes.HasPrefix(rest, params.Magic[:]) {
			size := binary.LittleEndian.Uint32(rest[4:])
			raw := rest[8 : 8+size]
			header, err := bitcoin.DecodeHeader(raw)
			if err != nil {
				t.Fatal(err)
			}
			blocks[header.Hash], rest = raw, rest[8+size:]
		}
	}
	if len(blocks) != 600 {
		t.Fatalf("%d blocks", len(blocks))
	}
	fsys, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ledger.Open(fsys, params)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, node.Esplora(r, blocks, params, nil)
}

// TestExplorer: the same trace over an explorer, through real HTTP, ends where it
// ends over a ledger. Asked again, the kept answers suffice.
func TestExplorer(t *testing.T) {
	emptyHome(t)
	dir, handler := firstBlocks(t)
	server := httptest.NewServer(handler)
	defer server.Close()
	exhibits := t.TempDir()
	remote := []string{"--source", "esplora:" + server.URL, "--exhibits", exhibits, "--rate", "100000", "--format", "json"}
	local := []string{"--ledger", dir, "--format", "json"}
	questions := [][]string{
		{"show", "828ef3b079f9c23829c56fe86e85b4a69d9e06e5b54ea597eef5fb3ffef509fe"},
		{"path", "--from", coin9, "--to", "1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs"},
	}
	for _, m := range trace.Methods() {
		questions = append(questions, []string{"trace", "--from", coin9, "--method", string(m)})
		if m != trace.TIHO { // it has no backward
			questions = append(questions, []string{"trace", "--backward", "--from", merge496 + ":0", "--method", string(m)})
		}
	}
	first := map[int]string{}
	for i, q := range questions {
		a := ask(t.Context(), append(q, remote...)...)
		if a.code != exitDone {
			t.Fatalf("goshawk %q: %s", q, a.err)
		}
		if i == 0 && !strings.Contains(a.err, "Asking "+strings.TrimPrefix(server.URL, "http://")+": whoever runs it will learn") {
			t.Errorf("it did not say first who learns what is asked: %q", a.err)
		}
		first[i] = a.out
		got, want := fromJSON[map[string]any](t, a.out), fromJSON[map[string]any](t, must(t, append(q, local...)...))
		claim, _ := got["claim"].(string)
		if !strings.Contains(claim, "127.0.0.1") {
			t.Errorf("goshawk %q does not say whose claim it is: %q", q, claim)
		}
		for _, answer := range []map[string]any{got, want} {
			delete(answer, "claim")
			delete(answer, "warnings")
		}
		if q[0] == "show" { // an explorer gives no hints on change
			for _, answer := range []map[string]any{got, want} {
				outputs, _ := answer["outputs"].([]any)
				for _, o := range outputs {
					o.(map[string]any)["change_hint"] = nil
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("goshawk %q gives\n%v\nover an explorer, and over a ledger\n%v", q, got, want)
		}
	}
	server.Close()
	for i, q := range questions {
		a := ask(t.Context(), append(q, remote...)...)
		if a.code != exitDone || a.out != first[i] {
			t.Errorf("goshawk %q, asked again: exit code %d, %s", q, a.code, a.err)
		}
		if strings.Contains(a.err, "Asking") {
			t.Errorf("goshawk %q asked somebody again", q)
		}
	}
}

// TestControlC: an explorer stops answering in the middle of a trace, and the
// investigator loses patience. What was found until then is printed.
func TestControlC(t *testing.T) {
	emptyHome(t)
	_, handler := firstBlocks(t)
	reached, done := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, merge496) {
			handler.ServeHTTP(w, r)
			return
		}
		reached <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}))
	defer server.Close()
	defer close(done)
	cmd := exec.CommandContext(t.Context(), "goshawk", "trace", "--from", coin9, "--method", "haircut", "--format", "json",
		"--source", "esplora:"+server.URL, "--exhibits", t.TempDir(), "--rate", "100000")
	var out, remarks bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &remarks
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v, not exit code 130", err)
	}
	if !strings.Contains(remarks.String(), "goshawk trace: interrupted\n  → ") {
		t.Errorf("it says %q", remarks.String())
	}
	if steps, ahead := checkTruncated(t, out.String()); steps == 0 || ahead == "" {
		t.Errorf("%d steps, %q not walked", steps, ahead)
	}
}

// checkTruncated checks that an interrupted trace says so and lost nothing on its
// way. It returns how many transactions it walked and what it did not.
func checkTruncated(t *testing.T, text string) (steps int, ahead string) {
	t.Helper()
	got := fromJSON[struct {
		Truncated bool
		Steps     int
		Start     []struct{ Amount string }
		Totals    map[string]string
	}](t, text)
	sum := new(big.Int)
	for _, amount := range got.Totals {
		sum.Add(sum, units(t, amount))
	}
	start := new(big.Int)
	for _, s := range got.Start {
		start.Add(start, units(t, s.Amount))
	}
	if !got.Truncated || start.Sign() == 0 || sum.Cmp(start) != 0 {
		t.Errorf("%v of %v after %d steps, truncated %v: %v", sum, start, got.Steps, got.Truncated, got.Totals)
	}
	return got.Steps, got.Totals["limit"]
}

func units(t *testing.T, text string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return n
}
