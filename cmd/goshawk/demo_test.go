package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemoNeedsNoTruth: what the demo says before its last line follows from the
// papers, the labels and the chain: the engine gives the same report to whoever asks
// it with no more than these.
func TestDemoNeedsNoTruth(t *testing.T) {
	emptyHome(t)
	folder := filepath.Join(t.TempDir(), "demo")
	text := must(t, "demo", "--quiet", "--out", folder)
	for _, secret := range []string{"truth", "services", "world.json"} {
		if err := os.RemoveAll(filepath.Join(folder, "world", secret)); err != nil {
			t.Fatal(err)
		}
	}
	brief, err := os.ReadFile(filepath.Join(folder, "world", "public", "ransomware", "brief.md"))
	if err != nil {
		t.Fatal(err)
	}
	paid := namedPayment.FindSubmatch(brief)
	ledger := filepath.Join(folder, "again")
	must(t, "ingest", "--quiet", "--ledger", ledger, "--network", "regtest", filepath.Join(folder, "world", "blocks"))
	page := must(t, "trace", "--quiet", "--ledger", ledger, "--labels", filepath.Join(folder, "world", "public", "labels"),
		"--from", string(paid[1])+":"+string(paid[2]), "--method", "fifo", "--format", "html")
	written, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if page != string(written) {
		t.Error("the report is not what the engine answers from public/ and blocks/")
	}
	step, _, _ := strings.Cut(text, "\nThe world's own truth says: ")
	_, step, _ = strings.Cut(step, "\nTHE NEXT STEP\n")
	named := 0
	for _, word := range strings.FieldsFunc(step, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
		if len(word) > 25 {
			named++
			if !strings.Contains(page, word) {
				t.Errorf("%s is asked for, and not in the report", word)
			}
		}
	}
	if named < 2 {
		t.Errorf("the next step names %d addresses and transactions: %s", named, step)
	}
}

// TestInterruptedDemo: nothing is left of a demo that was interrupted, and what an
// earlier one left stays.
func TestInterruptedDemo(t *testing.T) {
	emptyHome(t)
	parent := t.TempDir()
	folder := filepath.Join(parent, "demo")
	must(t, "demo", "--quiet", "--out", folder)
	interrupted := 0
	for n := int64(1); ; n *= 4 {
		a := ask(countdownFrom(t, n), "demo", "--quiet", "--out", folder)
		if a.code == exitDone {
			break
		}
		interrupted++
		if a.code != exitInterrupted || a.out != "" {
			t.Errorf("interrupted after %d looks: exit code %d, %q, %q", n, a.code, a.out, a.err)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
			t.Errorf("interrupted after %d looks it leaves %v, %v", n, left, err)
		}
		if old, err := isDemo(folder); err != nil || !old {
			t.Errorf("interrupted after %d looks the earlier demo is gone: %v", n, err)
		}
	}
	if interrupted < 3 {
		t.Errorf("interrupted %d times only: this tests too little", interrupted)
	}
}
