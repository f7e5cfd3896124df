package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"goshawk"
	"goshawk/world"
	"goshawk/world/solve"
)

// TestDivide: what is kept of some candidates, and why the others are not.
func TestDivide(t *testing.T) {
	c := func(seed, sum uint64) candidate {
		return candidate{Seed: seed, Sum: sum, Effort: &solve.Effort{Steps: sum}}
	}
	failed := candidate{Seed: 3, Sum: 100, Reason: unsolved}
	tried := []candidate{c(1, 100), c(2, 111), failed, c(4, 90), c(5, 89), c(6, 110), c(7, 100), c(8, 80), c(9, 130), c(10, 100)}
	p := &pooled{}
	alike, enough := p.divide(tried, 3)
	if alike != 5 || !enough || p.Median != 100 || p.Tried != 10 {
		t.Errorf("%d alike, %v, %+v", alike, enough, p)
	}
	seeds := func(list []candidate) (s []uint64) {
		for _, c := range list {
			s = append(s, c.Seed)
		}
		return s
	}
	if got := seeds(p.Worlds); !slices.Equal(got, []uint64{1, 4, 6}) { // and 7 and 10 are too many
		t.Errorf("kept are %v", got)
	}
	if got := seeds(p.Rejected); !slices.Equal(got, []uint64{2, 3, 5, 7, 8, 9, 10}) {
		t.Errorf("rejected are %v", got)
	}
	for _, r := range p.Rejected {
		want := unlike
		switch r.Seed {
		case 3:
			want = unsolved
		case 7, 10:
			want = surplus
		}
		if r.Reason != want {
			t.Errorf("seed %d is rejected as %q, not %q", r.Seed, r.Reason, want)
		}
	}
	if tried[1].Reason != "" {
		t.Error("a candidate is judged for good: the next median may be another")
	}
	if _, enough := p.divide(tried, 6); enough {
		t.Error("five are enough for six")
	}
	if _, enough := p.divide(tried[:9], 1); enough {
		t.Error("eight that were solved are enough for a median")
	}
	if alike, enough := p.divide([]candidate{failed}, 1); alike != 0 || enough {
		t.Error("what is not solved is kept")
	}
}

func TestSideBySide(t *testing.T) {
	var got []int
	err := sideBySide(t.Context(), 50, func(_ context.Context, i int) (int, error) {
		for range (i * 7) % 5 {
			runtime.Gosched()
		}
		return i, nil
	}, func(v int) bool { got = append(got, v); return len(got) < 20 })
	if err != nil || len(got) != 20 || !slices.IsSorted(got) || got[19] != 19 {
		t.Error(got, err)
	}

	broken := errors.New("broken")
	var begun atomic.Int32
	err = sideBySide(t.Context(), 1000, func(_ context.Context, i int) (int, error) {
		if begun.Add(1); i == 5 {
			return 0, broken
		}
		return i, nil
	}, func(int) bool { return true })
	if !errors.Is(err, broken) || begun.Load() > 500 {
		t.Error(err, begun.Load())
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = sideBySide(ctx, 1000, func(ctx context.Context, i int) (int, error) {
		if i == 3 {
			cancel()
		}
		return i, nil
	}, func(int) bool { return true })
	if goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Error(err)
	}
}

// TestPoolInterrupted: of a pool that is not finished nothing is left.
func TestPoolInterrupted(t *testing.T) {
	emptyHome(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := ask(ctx, "world", "pool", "--level", "basic", "--txs", "6000", "--count", "1", "--out", filepath.Join(dir, "pool"))
	if a.code != exitInterrupted {
		t.Errorf("exit code %d\n%s", a.code, a.err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// TestPoolGoesOn: a pool that was interrupted or killed goes on from the seeds that
// were tried, and becomes the same pool.
func TestPoolGoesOn(t *testing.T) {
	emptyHome(t)
	dir := t.TempDir()
	work, tried := filepath.Join(dir, ".pool"+unfinished), filepath.Join(dir, ".pool"+unfinished, "tried")
	run := func(ctx context.Context, out, count string) answer {
		return ask(ctx, "world", "pool", "--level", "basic", "--txs", "3000", "--count", count, "--seed", "1", "--out", filepath.Join(dir, out))
	}
	list := func(out string) string {
		text, err := os.ReadFile(filepath.Join(dir, out, poolName))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if a := run(t.Context(), "whole", "2"); a.code != exitDone {
		t.Fatal(a.err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	watch.Go(func() {
		for ctx.Err() == nil {
			if text, err := os.ReadFile(tried); err == nil && bytes.Count(text, []byte("\n")) > 3 {
				cancel()
			}
			runtime.Gosched()
		}
	})
	a := run(ctx, "pool", "2")
	cancel()
	watch.Wait()
	if a.code != exitInterrupted || !strings.Contains(a.err, "the same command goes on from there") {
		t.Fatal(a.code, a.err)
	}
	entries, err := os.ReadDir(work)
	if err != nil || len(entries) != 2 { // the lock, and what was tried
		t.Fatal(entries, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "pool")); err == nil {
		t.Fatal("there is a pool")
	}
	noted, err := os.ReadFile(tried)
	if err != nil {
		t.Fatal(err)
	}

	// A kill leaves worlds that are not whole, and half a line.
	if err := errors.Join(os.MkdirAll(filepath.Join(work, "pool", "999"), 0o700), os.MkdirAll(filepath.Join(work, "candidates", "7"), 0o700),
		os.WriteFile(tried, append(slices.Clone(noted), `{"seed":`...), 0o600)); err != nil {
		t.Fatal(err)
	}
	if a := run(t.Context(), "pool", "2"); a.code != exitDone {
		t.Fatal(a.err)
	}
	if list("pool") != list("whole") {
		t.Errorf("the pool is another one:\n%s\n%s", list("pool"), list("whole"))
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "pool")); err != nil || len(entries) != 3 {
		t.Error(entries, err)
	}
	if _, err := os.Lstat(work); err == nil {
		t.Error("the work is still there")
	}

	// What was tried is not tried again; a pool that is asked for otherwise begins anew.
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "pool")), os.Mkdir(work, 0o700),
		os.WriteFile(tried, bytes.Replace(noted, []byte(`"sum":`), []byte(`"sum":7000`), 1), 0o600)); err != nil {
		t.Fatal(err)
	}
	if a := run(t.Context(), "pool", "1"); a.code != exitDone || !strings.Contains(list("pool"), `"sum": 7000`) {
		t.Error(a.err, list("pool"))
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "pool")), os.Mkdir(work, 0o700), os.WriteFile(tried, append([]byte("x"), noted...), 0o600)); err != nil {
		t.Fatal(err)
	}
	if a := run(t.Context(), "pool", "2"); a.code != exitDone || list("pool") != list("whole") {
		t.Error(a.err, list("pool"))
	}
}

// TestPoolAlone: a pool is made by one process at a time.
func TestPoolAlone(t *testing.T) {
	emptyHome(t)
	out := filepath.Join(t.TempDir(), "pool")
	w, err := openPoolWork(out, []byte("{}"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t.Context(), "world", "pool", "--level", "basic", "--txs", "3000", "--count", "1", "--out", out); a.code != exitFailed || !strings.Contains(a.err, "is being made by another process") {
		t.Error(a.code, a.err)
	}
	if err := w.close(false); err != nil {
		t.Error(err)
	}
}

// TestPoolHoldsWorlds: what a pool keeps are whole worlds, and its list says of
// each what the solver says of it.
func TestPoolHoldsWorlds(t *testing.T) {
	emptyHome(t)
	dir := filepath.Join(t.TempDir(), "pool")
	p := fromJSON[pooled](t, must(t, "world", "pool", "--level", "basic", "--txs", "3000", "--count", "2", "--seed", "20", "--format", "json", "--out", dir))
	if len(p.Worlds) != 2 || p.Tried != len(p.Rejected)+2 {
		t.Fatalf("%+v", p)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Error(entries, err)
	}
	for i, c := range p.Worlds {
		folder := filepath.Join(dir, c.Folder)
		v, err := world.Verify(t.Context(), os.DirFS(folder), nil)
		if err != nil || len(v.Faults) > 0 || v.Manifest.Seal != c.Seal || v.Manifest.Origin.Spec.Seed != c.Seed || c.Folder != "0"+strconv.Itoa(i+1) {
			t.Fatal(c.Folder, err, v)
		}
		s := fromJSON[solvedWorld](t, must(t, "world", "solve", "--format", "json", folder))
		if s.Effort != *c.Effort || s.Solved == nil || !*s.Solved || s.Effort.Sum() != c.Sum {
			t.Errorf("seed %d: %+v, and in the pool %+v", c.Seed, s.Effort, c)
		}
	}
}

// TestDrawnSeeds: without --seed no two worlds or pools have one seed, and a pool
// that goes on keeps the one that it drew.
func TestDrawnSeeds(t *testing.T) {
	emptyHome(t)
	dir := t.TempDir()
	var made [2]madeWorld
	for i := range made {
		made[i] = fromJSON[madeWorld](t, must(t, "world", "new", "--txs", "2000", "--format", "json", "--quiet", "--out", filepath.Join(dir, strconv.Itoa(i))))
	}
	if made[0].Seed == made[1].Seed || made[0].Tip == made[1].Tip {
		t.Errorf("both have the seed %d", made[0].Seed)
	}

	out := filepath.Join(dir, "pool")
	var seeds []uint64
	for _, asked := range []string{"same", "same", "other"} {
		w, err := openPoolWork(out, []byte(asked), uint64(len(seeds)+40))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.note(&candidate{Seed: 5}), w.close(true)); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, w.seed)
	}
	if !slices.Equal(seeds, []uint64{40, 40, 42}) {
		t.Error("the pools' seeds are", seeds)
	}
	p := pooled{Seed: 40}
	if a, b := p.seed(0), p.seed(1); a < 1<<32 || b < 1<<32 || a-b < 1<<32 || b-a < 1<<32 {
		t.Error("seeds of one pool can be told from each other:", a, b)
	}
}

// TestSweep: what a killed run left beside a place is removed, and nothing else.
func TestSweep(t *testing.T) {
	emptyHome(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "w")
	held, lock, err := heldFolder(out)
	if err != nil {
		t.Fatal(err)
	}
	left, lost, err := heldFolder(out)
	if err != nil {
		t.Fatal(err)
	}
	notes, empty := filepath.Join(dir, ".w.partial-notes"), filepath.Join(dir, ".w.partial-77")
	if err := errors.Join(lost.Close(), os.WriteFile(filepath.Join(left, "big"), nil, 0o600), os.Mkdir(notes, 0o700), os.Mkdir(empty, 0o700)); err != nil {
		t.Fatal(err)
	}
	must(t, "world", "new", "--txs", "2000", "--quiet", "--out", out)
	for path, want := range map[string]bool{held: true, left: false, notes: true, empty: false, out: true} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Error(entries, err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

// TestBesideTaken: of two runs with the same place the slower one says that it is taken, and leaves what is there.
func TestBesideTaken(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "world")
	kept := filepath.Join(out, "kept")
	err := beside(out, func(string) error { return os.MkdirAll(kept, 0o755) })
	if goshawk.CodeOf(err) != goshawk.Conflict || !strings.Contains(err.Error(), "exists already") {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if _, bad := os.Stat(kept); err != nil || bad != nil || len(left) != 1 {
		t.Error(left, err, bad)
	}
}
