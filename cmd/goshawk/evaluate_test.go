package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goshawk/world/evaluate"
	"goshawk/world/score"
)

// TestEvaluate makes a few small worlds and measures in them, end to end.
func TestEvaluate(t *testing.T) {
	emptyHome(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	text := must(t, "evaluate", "--seeds", "2", "--first-seed", "100", "--era", "2015", "--txs", "4000", "--format", "json")
	got := fromJSON[struct {
		Sufficient *bool
		Seeds      int
		FirstSeed  uint64 `json:"first_seed"`
		Caution    string
		Sentences  []string
		Rows       []struct {
			Era, Task, Method string
			Seeds             int
			Precision, Recall json.RawMessage
		}
	}](t, text)
	if got.Sufficient == nil || *got.Sufficient || got.Seeds != 2 || got.FirstSeed != 100 || got.Caution != score.Caution || len(got.Sentences) != 2 {
		t.Errorf("%+v", got)
	}
	tasks := map[string]int{}
	for _, r := range got.Rows {
		tasks[r.Task]++
		if r.Era != "2015" || r.Precision == nil || r.Recall == nil || r.Method == "" {
			t.Errorf("%+v", r)
		}
	}
	for _, task := range []string{evaluate.TaskPairsSpent, evaluate.TaskCubedSpent, evaluate.TaskPairsAll, evaluate.TaskCubedAll, evaluate.TaskChange,
		evaluate.TaskCoinJoin, evaluate.TaskPeel, evaluate.TaskDeposit, evaluate.TaskTracing, evaluate.TaskNaive} {
		if tasks[task] < 2 {
			t.Errorf("%d rows of %s", tasks[task], task)
		}
	}
	left, err := filepath.Glob(filepath.Join(temporary, "goshawk-evaluate-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v are left behind, %v", left, err)
	}
}

// TestEvaluateRefuses: wrong questions are refused before a world is made, and an
// interruption leaves nothing behind.
func TestEvaluateRefuses(t *testing.T) {
	emptyHome(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, args := range [][]string{{"--seeds", "0"}, {"--seeds", "10001"}, {"--era", "2017"}, {"--era", "now"}, {"--txs", "1"}, {"--format", "csv"}, {"7"}} {
		if a := ask(t.Context(), append([]string{"evaluate"}, args...)...); a.code != exitUsage || a.out != "" {
			t.Errorf("%q: exit code %d\n%s", args, a.code, a.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := ask(ctx, "evaluate", "--first-seed", "100", "--seeds", "1"); a.code != exitInterrupted || a.out != "" || !strings.Contains(a.err, "interrupted") {
		t.Errorf("exit code %d\n%s", a.code, a.err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v are left behind, %v", left, err)
	}
}
