package main

import (
	"context"
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
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/workbench"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/evaluate"
	"goshawk/world/score"
)

// evaluatedLevel is the level of the crimes in the worlds of an evaluation.
const evaluatedLevel = "standard"

// runEvaluate makes worlds, ingests each as any chain is ingested, and prints
// what the engine's heuristics and methods score on them.
func runEvaluate(ctx context.Context, t *terminal, c *command) error {
	seeds := c.Int("seeds", score.EnoughSeeds, "measure in `N` worlds of each era; intervals need 20")
	first := c.Uint64("first-seed", evaluate.FirstSeed, "`NUMBER` of the first world; the others follow. Whoever tunes something takes one below the default, which is kept for measuring")
	txs := c.Int("txs", 20_000, "about `N` transactions in each world")
	eras := &list{}
	c.Var(eras, "era", "`YEAR` whose wallets and services the worlds have; may repeat (default: all, 2015,2019,2022)")
	format := c.format("text", "json", "md")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *seeds < 1 || *seeds > 10_000 {
		return badUsage("--seeds cannot be %d: it must be a number from 1 to 10,000", *seeds)
	}
	chosen, err := chosenEras(eras.values)
	if err != nil {
		return err
	}
	var crimes []string
	for _, kind := range crime.List() {
		crimes = append(crimes, kind.Name)
	}
	run := &evaluation{txs: *txs, crimes: crimes, bar: newBar(c)}
	for _, era := range chosen {
		if err := (&world.Spec{Era: era, Txs: *txs}).Check(); err != nil {
			return err
		}
		run.total += len(evaluate.Jobs(era, *first, *seeds))
	}
	answer := &score.Evaluation{Version: "goshawk " + goshawk.Version, Worlds: fmt.Sprintf("worlds of version %d with crimes of level %s: %s", world.Version, evaluatedLevel, strings.Join(crimes, ", ")),
		Seeds: *seeds, FirstSeed: *first, Swept: evaluate.Swept(*seeds), Transactions: *txs}
	for _, era := range chosen {
		settled, err := run.all(ctx, evaluate.Jobs(era, *first, *seeds))
		if err != nil {
			run.bar.clear()
			return err
		}
		results, err := evaluate.Results(ctx, era, settled)
		if err != nil {
			run.bar.clear()
			return err
		}
		answer.Results = append(answer.Results, results...)
	}
	run.bar.clear()
	answer.Sentences, answer.Notes = evaluate.Sentences(answer.Version, answer.Results), evaluate.Notes()
	switch *format {
	case "json":
		return score.EvaluationJSON(t.out, answer)
	case "md":
		return score.EvaluationMarkdown(t.out, answer)
	default:
		return score.EvaluationText(t.out, answer)
	}
}

func chosenEras(names []string) ([]world.Era, error) {
	if len(names) == 0 {
		return world.Eras(), nil
	}
	var chosen []world.Era
	for _, name := range names {
		year, err := strconv.Atoi(name)
		if err != nil || !slices.Contains(world.Eras(), world.Era(year)) {
			return nil, badUsage("there is no era %q", name).WithHint("choose 2015, 2019 or 2022")
		}
		if !slices.Contains(chosen, world.Era(year)) {
			chosen = append(chosen, world.Era(year))
		}
	}
	slices.Sort(chosen)
	return chosen, nil
}

// evaluation is a run over many worlds.
type evaluation struct {
	txs    int
	crimes []string
	bar    *bar

	mu          sync.Mutex
	done, total int
}

// all measures in the worlds of some jobs, as many at once as there are
// processors. A world's files are gone when it was measured; the first error
// ends all.
func (e *evaluation) all(ctx context.Context, jobs []evaluate.Job) (settled []evaluate.Settled, err error) {
	folder, err := os.MkdirTemp("", "goshawk-evaluate-")
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot make a folder for the worlds: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	settled = make([]evaluate.Settled, len(jobs))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	places := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		workers.Go(func() {
			for i := range places {
				card, err := e.one(ctx, jobs[i], filepath.Join(folder, strconv.Itoa(i)))
				if err != nil {
					stop(err)
				}
				settled[i] = evaluate.Settled{Job: jobs[i], Card: card}
			}
		})
	}
	for i := range jobs {
		if ctx.Err() != nil {
			break
		}
		places <- i
	}
	close(places)
	workers.Wait()
	if ctx.Err() != nil {
		if err := context.Cause(ctx); goshawk.CodeOf(err) != "" {
			return nil, err
		}
		return nil, goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
	}
	return settled, nil
}

// one makes a world, ingests it and measures in it.
func (e *evaluation) one(ctx context.Context, job evaluate.Job, folder string) (card *evaluate.Card, err error) {
	defer func() {
		err = errors.Join(err, os.RemoveAll(folder))
		e.mu.Lock()
		defer e.mu.Unlock()
		e.done++
		e.bar.update(float64(e.done)/float64(e.total), goshawk.Count(e.done, "world", "worlds")+" of "+strconv.Itoa(e.total))
	}()
	scenarios, err := crime.New(e.crimes, evaluatedLevel)
	if err != nil {
		return nil, err
	}
	for i := range scenarios {
		scenarios[i] = asFarAsItCame{scenarios[i]}
	}
	dir := filepath.Join(folder, "world")
	spec := world.Spec{Seed: job.Seed, Era: job.Era, Level: evaluatedLevel, Txs: e.txs, Scenarios: scenarios, Assumptions: &job.Setting.Assumptions}
	m, err := world.Build(ctx, spec, passing(dir), nil)
	if err != nil {
		return nil, err
	}
	r, err := ingestWorld(ctx, dir, filepath.Join(folder, "ledger"), m.Network)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	truth, err := evaluate.ReadTruth(ctx, os.DirFS(dir), r)
	if err != nil {
		return nil, err
	}
	crimes, err := evaluate.ReadCrimes(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	founded, err := score.FirstAt(ctx, r, m.Founded+1)
	if err != nil {
		return nil, err
	}
	return evaluate.Measure(ctx, evaluate.World{Ledger: r, Founded: founded, Truth: truth, Crimes: crimes, Naive: job.Setting.Name == ""})
}

// asFarAsItCame is a crime whose story may break off before its end, as some do in
// a small world. It is measured as it is: to take another seed would be to choose.
type asFarAsItCame struct{ world.Scenario }

// End implements world.Scenario.
func (s asFarAsItCame) End(e *world.Economy, create world.Create) error {
	err := s.Scenario.End(e, create)
	if goshawk.CodeOf(err) == goshawk.Invalid {
		return nil
	}
	return err
}

// ingestWorld ingests a world's blocks into a ledger in a new folder.
func ingestWorld(ctx context.Context, dir, folder, network string) (*ledger.Reader, error) {
	params, err := bitcoin.Lookup(network)
	if err != nil {
		return nil, err
	}
	fsys, err := disk.Make(folder)
	if err != nil {
		return nil, err
	}
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: params.Name, Codec: params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()})
	if err != nil {
		return nil, err
	}
	_, err = ingest.FromFiles(ctx, w, ingest.OS(), []string{filepath.Join(dir, "blocks")}, ingest.Options{Params: params})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return ledger.Open(fsys, params)
}

// passing is the folder of a world that nobody keeps: nothing is forced to disk.
type passing string

// Create implements world.Folder.
func (d passing) Create(name string) (world.File, error) {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}
