package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"goshawk"
	"goshawk/world"
	"goshawk/world/solve"
)

// poolName is the name of a pool's list, the last of its files that is written.
const poolName = "pool.json"

// tolerance is how far a world's effort may lie from the median, in percent of it.
const tolerance = 10

// fewest is how many worlds must have been solved before a median is one.
const fewest = 9

// pooled is pool.json: worlds of equal difficulty, and what became of all seeds.
type pooled struct {
	Version      int         `json:"version"` // of what world.Build makes of a seed
	Era          world.Era   `json:"era"`
	Level        string      `json:"level"`
	Scenarios    []string    `json:"scenarios"`
	Transactions int         `json:"txs"`
	Seed         uint64      `json:"seed"` // from which those of its worlds follow
	Tolerance    int         `json:"tolerance_percent"`
	Median       uint64      `json:"median"` // of the effort of all solved candidates
	Tried        int         `json:"tried"`  // seeds
	Worlds       []candidate `json:"worlds"`
	Rejected     []candidate `json:"rejected"`
}

// candidate is a seed that was tried.
type candidate struct {
	Folder string        `json:"folder,omitempty"` // of a world that is kept: a number that says nothing of it
	Seed   uint64        `json:"seed"`
	Effort *solve.Effort `json:"effort"` // nil if it was not played
	Sum    uint64        `json:"sum"`    // of steps and queries
	Seal   string        `json:"seal,omitempty"`
	Reason string        `json:"reason,omitempty"` // not_played, unsolved, effort, surplus
	Note   string        `json:"note,omitempty"`   // the reason in words
}

// Reasons for which a seed is rejected.
const (
	notPlayed = "not_played" // the crime did not come to its end in this world
	unsolved  = "unsolved"
	unlike    = "effort"  // too far from the median
	surplus   = "surplus" // as good as those that are kept
)

// seed is that of a pool's n-th world, which nobody can tell from another's.
func (p *pooled) seed(n int) uint64 {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64([]byte("goshawk pool "), p.Seed), uint64(n)))
	return binary.LittleEndian.Uint64(sum[:])
}

// pool makes worlds one after the other until so many are of equal difficulty.
// A candidate's files are gone when it was solved; those that are kept are made
// again, which gives the same bytes.
func (f *worldFlags) pool(ctx context.Context) (err error) {
	if *f.count < 1 || *f.count > 10_000 {
		return badUsage("--count cannot be %d: it must be a number from 1 to 10,000", *f.count)
	}
	if len(f.scenarios.values) == 0 {
		f.scenarios.values = []string{"ransomware"}
	}
	progress := newBar(f.c)
	defer progress.clear()
	p := &pooled{Version: world.Version, Level: *f.level, Scenarios: f.scenarios.values, Transactions: f.size(), Tolerance: tolerance}
	if err := f.free(); err != nil {
		return err
	}
	seed, err := f.drawn()
	if err != nil {
		return err
	}
	spec, err := f.spec(seed)
	if err != nil {
		return err
	}
	f.warn(&spec)
	p.Era = spec.Era
	if f.seeded() { // a seed that is drawn is not asked for: the notes keep it
		p.Seed = seed
	}
	asked, err := json.Marshal(struct {
		Program string
		Pool    *pooled
		Drawn   bool
	}{goshawk.Version, p, !f.seeded()})
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the pool cannot be described: %w", err)
	}
	w, err := openPoolWork(*f.out, asked, seed)
	if err != nil {
		return err
	}
	p.Seed = w.seed
	err = f.fill(ctx, w, p, progress)
	goOn := goshawk.CodeOf(err) == goshawk.Interrupted && len(w.tried) > 0
	if goOn {
		err = goshawk.Errorf(goshawk.Interrupted, "interrupted after %s: %w", goshawk.Count(len(w.tried), "world", "worlds"), err).WithHint("the same command goes on from there")
	}
	err = errors.Join(err, w.close(goOn))
	progress.clear()
	if err != nil {
		return err
	}
	if *f.format == "json" {
		return f.c.json(p)
	}
	_, err = fmt.Fprint(f.c.t.out, p.text(filepath.Clean(*f.out)))
	return err
}

// fill makes the pool beside the place where it shall be, and moves it there when
// it is whole.
func (f *worldFlags) fill(ctx context.Context, w *poolWork, p *pooled, progress *bar) error {
	if err := f.choose(ctx, w, p, progress); err != nil {
		return err
	}
	if err := f.keep(ctx, w.pool(), p, progress); err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "%s cannot be written: %w", poolName, err)
	}
	file, err := worldFolder(w.pool()).Create(poolName)
	if err != nil {
		return unwritten(poolName, err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err != nil {
		return unwritten(poolName, err)
	}
	if err := f.free(); err != nil { // somebody may have made it meanwhile
		return err
	}
	if err := os.Rename(w.pool(), filepath.Clean(*f.out)); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot finish the folder: %w", err)
	}
	return nil
}

func (p *pooled) text(out string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A pool in %s: %s of the level %s, each within %d %% of the median effort, %s steps and queries.\n", out,
		goshawk.Count(len(p.Worlds), "world", "worlds"), p.Level, p.Tolerance, goshawk.Group(strconv.FormatUint(p.Median, 10)))
	fmt.Fprintf(&b, "%s tried", goshawk.Count(p.Tried, "seed", "seeds"))
	for _, r := range []struct{ reason, words string }{{notPlayed, "not played to the end"}, {unsolved, "not solved"}, {unlike, "too easy or too hard"}, {surplus, "not needed"}} {
		n := 0
		for i := range p.Rejected {
			if p.Rejected[i].Reason == r.reason {
				n++
			}
		}
		if n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, r.words)
		}
	}
	fmt.Fprintf(&b, ".\nThe seeds are in %s: hand it to nobody who is to solve them, and of each world only blocks/, public/ and %s.\n", filepath.Join(out, poolName), world.ManifestName)
	return b.String()
}

// choose tries one seed after the other until enough worlds are alike. What is
// chosen follows from the seeds alone, not from which of them is done first.
func (f *worldFlags) choose(ctx context.Context, w *poolWork, p *pooled, progress *bar) error {
	most := 25 * (*f.count + 1) // a level of which so few are alike is none
	alike, enough := 0, false
	judge := func() {
		alike, enough = p.divide(w.tried, *f.count)
		progress.update(-1, fmt.Sprintf("%s tried, %d of %d alike", goshawk.Count(len(w.tried), "world", "worlds"), alike, *f.count))
	}
	// One by one, as they were tried: what is chosen is the same as without the interruption.
	before := w.tried
	for n := 0; n < min(len(before), most) && !enough; n++ {
		w.tried = before[:n+1]
		judge()
	}
	if first := len(w.tried); !enough && first < most {
		var failed error
		err := sideBySide(ctx, most-first, func(ctx context.Context, i int) (candidate, error) {
			return f.try(ctx, p.seed(first+i), filepath.Join(w.candidates(), strconv.Itoa(i)))
		}, func(c candidate) bool {
			if failed = w.note(&c); failed != nil {
				return false
			}
			w.tried = append(w.tried, c)
			judge()
			return !enough
		})
		if err = errors.Join(err, failed, w.clear()); err != nil {
			return err
		}
	}
	if !enough {
		hint := "ask for fewer, or for worlds with more transactions"
		if n := slices.IndexFunc(w.tried, func(c candidate) bool { return c.Reason != "" && c.Reason != unlike }); n >= 0 {
			hint = fmt.Sprintf("seed %d: %s", w.tried[n].Seed, w.tried[n].Note)
		}
		return goshawk.Errorf(goshawk.NotFound, "of %d worlds only %d are of equal difficulty", len(w.tried), alike).WithHint("%s", hint)
	}
	return nil
}

// divide keeps the first of the candidates that are alike, and says how many are
// and whether they are enough. The median is of all solved candidates, those that
// are rejected for their effort among them.
func (p *pooled) divide(tried []candidate, count int) (alike int, enough bool) {
	var sums []uint64
	for i := range tried {
		if tried[i].Reason == "" {
			sums = append(sums, tried[i].Sum)
		}
	}
	p.Tried, p.Worlds, p.Rejected, p.Median = len(tried), []candidate{}, []candidate{}, 0
	if len(sums) == 0 {
		return 0, false
	}
	slices.Sort(sums)
	p.Median = (sums[(len(sums)-1)/2] + sums[len(sums)/2]) / 2
	for _, c := range tried {
		off := max(c.Sum, p.Median) - min(c.Sum, p.Median)
		switch {
		case c.Reason != "":
			p.Rejected = append(p.Rejected, c)
		case off*100 > p.Median*tolerance:
			c.Reason, c.Note = unlike, fmt.Sprintf("an effort of %d is more than %d %% from the median", c.Sum, tolerance)
			p.Rejected = append(p.Rejected, c)
		default:
			if alike++; alike <= count {
				c.Folder = fmt.Sprintf("%0*d", max(2, len(strconv.Itoa(count))), alike)
				p.Worlds = append(p.Worlds, c)
				continue
			}
			c.Reason, c.Note = surplus, "enough worlds come before it"
			p.Rejected = append(p.Rejected, c)
		}
	}
	return alike, alike >= count && len(sums) >= fewest
}

// try makes a world, solves it and forgets its files.
func (f *worldFlags) try(ctx context.Context, seed uint64, folder string) (c candidate, err error) {
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	c.Seed = seed
	spec, err := f.spec(seed)
	if err != nil {
		return c, err
	}
	dir := filepath.Join(folder, "world")
	m, err := world.Build(ctx, spec, passing(dir), nil)
	if goshawk.CodeOf(err) == goshawk.Invalid { // nothing is wrong with the spec
		c.Reason, c.Note = notPlayed, err.Error()
		return c, nil
	}
	if err != nil {
		return c, err
	}
	answer, err := solveWorld(ctx, dir, m, filepath.Join(folder, "ledger"))
	if err != nil {
		return c, err
	}
	c.Effort, c.Sum, c.Seal = &answer.Effort, answer.Effort.Sum(), m.Seal
	var failed []string
	for i := range answer.Cases {
		if g := answer.Cases[i].Grade; g == nil || !g.Solved {
			failed = append(failed, answer.Cases[i].Case)
		}
	}
	if len(failed) > 0 {
		c.Reason, c.Note = unsolved, "not solved: "+strings.Join(failed, ", ")
	}
	return c, nil
}

// keep makes the chosen worlds again, to stay.
func (f *worldFlags) keep(ctx context.Context, folder string, p *pooled, progress *bar) error {
	done := 0
	return sideBySide(ctx, len(p.Worlds), func(ctx context.Context, i int) (struct{}, error) {
		c := &p.Worlds[i]
		spec, err := f.spec(c.Seed)
		if err != nil {
			return struct{}{}, err
		}
		m, err := world.Build(ctx, spec, worldFolder(filepath.Join(folder, c.Folder)), nil)
		if err == nil && m.Seal != c.Seal {
			err = goshawk.Errorf(goshawk.Corrupt, "seed %d gave another world the second time", c.Seed).WithHint("that is a fault of this program or of this machine's memory")
		}
		return struct{}{}, err
	}, func(struct{}) bool {
		done++
		progress.update(float64(done)/float64(len(p.Worlds)), goshawk.Count(done, "world", "worlds")+" written")
		return true
	})
}

// sideBySide does n things, as many at once as there are processors, and hands over
// what they give in their order, until take has enough. The first error ends all.
// It returns when nothing is under way any more.
func sideBySide[T any](ctx context.Context, n int, do func(ctx context.Context, i int) (T, error), take func(T) (more bool)) error {
	type result struct {
		i     int
		value T
		err   error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	places, results := make(chan int), make(chan result)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i := range places {
				v, err := do(ctx, i)
				results <- result{i, v, err}
			}
		})
	}
	var early []result // not their turn yet
	var failed error
	next, given, running := 0, 0, 0
	open := true
	for open && given < n || running > 0 {
		var place chan int
		if open && given < n && ctx.Err() == nil {
			place = places
		} else if running == 0 {
			break
		}
		select {
		case place <- given:
			given++
			running++
		case r := <-results:
			running--
			if r.err != nil && open {
				failed, open = r.err, false
				stop()
			}
			early = append(early, r)
			slices.SortFunc(early, func(a, b result) int { return cmp.Compare(a.i, b.i) })
			for open && len(early) > 0 && early[0].i == next {
				next++
				if !take(early[0].value) {
					open = false
					stop()
				}
				early = early[1:]
			}
		}
	}
	close(places)
	workers.Wait()
	if failed == nil && open && next < n {
		return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
	}
	return failed
}
