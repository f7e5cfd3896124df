package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"goshawk/chain/bitcoin"
)

// countdown is a context that is cancelled when it is looked at once too often:
// an interruption at a moment that can be repeated.
type countdown struct {
	context.Context
	left   atomic.Int64
	cancel context.CancelFunc
}

func countdownFrom(t *testing.T, n int64) *countdown {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := &countdown{Context: ctx, cancel: cancel}
	c.left.Store(n)
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// TestInterruptedTrace interrupts a trace at every moment at which it looks up.
// It says what it has, or that it had not begun; left alone it gives the whole
// answer.
func TestInterruptedTrace(t *testing.T) {
	folder, story := madeUp(t)
	args := []string{"trace", "--ledger", filepath.Join(folder, "ledger"), "--labels", filepath.Join(folder, "labels.csv"),
		"--from", story.Theft.String(), "--method", "haircut", "--format", "json"}
	whole := must(t, args...)
	unfinished, farthest := 0, 0
	for n := int64(0); ; n++ {
		a := ask(countdownFrom(t, n), args...)
		if a.code == exitDone {
			if a.out != whole {
				t.Errorf("uninterrupted it says\n%s", a.out)
			}
			break
		}
		if a.code != 130 || !strings.Contains(a.err, "goshawk trace: interrupted") {
			t.Fatalf("interrupted after %d looks: exit code %d\n%s", n, a.code, a.err)
		}
		if a.out != "" {
			if !strings.HasPrefix(a.err, "Interrupted: what was found so far is being written. Ctrl-C ends that too.\n") {
				t.Errorf("interrupted after %d looks it says %q", n, a.err)
			}
			steps, ahead := checkTruncated(t, a.out)
			if farthest = max(farthest, steps); ahead != "" {
				unfinished++
			}
		}
	}
	if unfinished < 3 || farthest == 0 {
		t.Errorf("%d unfinished answers, the farthest after %d steps: this tests too little", unfinished, farthest)
	}
}

// TestInterruptedComparison: of several methods, those that were done are shown.
func TestInterruptedComparison(t *testing.T) {
	folder, story := madeUp(t)
	seen := map[int]bool{}
	for n := int64(0); ; n++ {
		a := ask(countdownFrom(t, n), "trace", "--ledger", filepath.Join(folder, "ledger"), "--from", story.Theft.String(), "--compare=haircut,tiho", "--format", "json")
		if a.code == exitDone {
			break
		}
		if a.code != 130 {
			t.Fatalf("interrupted after %d looks: exit code %d\n%s", n, a.code, a.err)
		}
		if a.out == "" {
			continue
		}
		got := fromJSON[struct {
			Methods   []string
			NotRun    []string `json:"not_run"`
			Truncated bool
			Traces    []struct{ Method string }
		}](t, a.out)
		all := strings.Join(append(got.Methods, got.NotRun...), ",")
		if !got.Truncated || all != "haircut,tiho" || len(got.Traces) != len(got.Methods) {
			t.Errorf("interrupted after %d looks it says %+v", n, got)
		}
		seen[len(got.Methods)] = true
	}
	if !seen[1] || !seen[2] {
		t.Errorf("interrupted during %v methods only: this tests too little", seen)
	}
}

// TestInterruptedWriting: nobody reads on, and an answer is larger than what a pipe
// holds. An interruption ends that too.
func TestInterruptedWriting(t *testing.T) {
	folder, story := madeUp(t)
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"trace", "--ledger", filepath.Join(folder, "ledger"), "--address", params.FormatAddress(story.Exchange.Kind, story.Exchange.Key), "--compare", "--format", "json"}
	if whole := must(t, args...); len(whole) < 1<<17 {
		t.Fatalf("%d bytes may fit into a pipe", len(whole))
	}
	cmd := exec.CommandContext(t.Context(), "goshawk", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) { // what is left is never read
		t.Errorf("it ends as if all were written: %v", err)
	}
}

// TestInterruptedIngest interrupts an ingest again and again. Each run goes on
// where the last one stopped, and the ledger becomes what it would have been.
func TestInterruptedIngest(t *testing.T) {
	folder, _ := madeUp(t)
	check := func(dir string) string { return must(t, "check", "--ledger", dir, "--format", "json") }
	want := check(filepath.Join(folder, "ledger"))
	dir := filepath.Join(folder, "again")
	interruptions := 0
	for n := int64(1); ; n *= 2 {
		a := ask(countdownFrom(t, n), "ingest", "--quiet", "--ledger", dir, "--network", "regtest", filepath.Join(folder, "blocks"))
		if a.code == exitDone {
			break
		}
		interruptions++
		if a.code != 130 || !strings.Contains(a.err, "→ run the same command again to go on") {
			t.Fatalf("interrupted after %d looks: exit code %d\n%s", n, a.code, a.err)
		}
	}
	if got := check(dir); interruptions == 0 || got != want {
		t.Errorf("after %d interruptions it is\n%s\nnot\n%s", interruptions, got, want)
	}
	// To be interrupted is how following ends, but not how it begins.
	a := ask(countdownFrom(t, 4), "ingest", "--ledger", filepath.Join(folder, "third"), "--network", "regtest", "--follow", filepath.Join(folder, "blocks"))
	if a.code != 130 || !strings.Contains(a.err, "→ run the same command again to go on") {
		t.Errorf("interrupted before it had caught up: exit code %d\n%s", a.code, a.err)
	}
}
