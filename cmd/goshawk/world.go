package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/cluster"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/records"
	"goshawk/world/score"
)

// worldFlags are the flags of 'goshawk world'.
type worldFlags struct {
	c         *command
	seed      *uint64
	era       *string
	level     *string
	scenarios list
	count     *int
	txs       *int
	sign      *bool
	out       *string
	format    *string
	fast      *bool
	serve     *serveFlags
}

func runWorld(ctx context.Context, _ *terminal, c *command) error {
	f := &worldFlags{c: c}
	f.seed = c.Uint64("seed", 1, "new: `NUMBER` of the world: the same number makes the same world; pool: the first to try")
	f.era = c.String("era", "2022", "new, pool: `YEAR` whose wallets and services it has: 2015, 2019, 2022")
	f.level = c.String("level", "standard", "new, pool: how hard its crimes are to follow: basic, standard, advanced")
	f.txs = c.Int("txs", 50_000, "new, pool: about `N` transactions")
	f.sign = c.Bool("sign", false, "new, pool: with real keys and signatures, which a node accepts; takes longer")
	f.count = c.Int("count", 40, "pool: keep `N` worlds of equal difficulty")
	f.out = c.String("out", "", "new, pool: `DIR` for what is made; it must not exist")
	f.fast = c.Bool("bytes", false, "verify: compare the files with world.json only, without measuring the chain")
	c.Var(&f.scenarios, "scenario", "new, pool: `NAME` of a crime to plant; may repeat ('goshawk world list' names them; a pool's is ransomware if not said)")
	f.format = c.format("text", "json")
	f.serve = newServeFlags(c)
	if err := c.parse(0, 2); err != nil {
		return err
	}
	if len(c.args) == 0 {
		return badUsage("say what to do: new, list, verify, solve, serve or pool")
	}
	action, args := c.args[0], c.args[1:]
	switch {
	case action == "verify" && len(args) != 1:
		return badUsage("say which world to verify: goshawk world verify DIR")
	case action == "verify":
		return f.verify(ctx, args[0])
	case action == "solve" && len(args) != 1:
		return badUsage("say which world to solve: goshawk world solve DIR")
	case action == "solve":
		return f.solve(ctx, args[0])
	case action == "serve" && len(args) != 1:
		return badUsage("say which world to serve: goshawk world serve DIR")
	case action == "serve":
		return f.serve.serve(ctx, args[0], *f.format == "json")
	case len(args) > 0:
		return badUsage("%q is one argument too many", args[0])
	case action == "new":
		return f.make(ctx)
	case action == "pool":
		return f.pool(ctx)
	case action == "list":
		return f.list()
	}
	return badUsage("%q is nothing to do with a world", action).WithHint("choose one of new, list, verify, solve, serve, pool")
}

// worldFolder is a world's folder on disk while it is being written.
type worldFolder string

// Create implements world.Folder.
func (d worldFolder) Create(name string) (world.File, error) {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return syncedFile{f}, nil
}

// syncedFile is on disk when it is closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error { return errors.Join(f.Sync(), f.File.Close()) }

// spec is the world that the flags ask for, with a seed. Each is for one world.
func (f *worldFlags) spec(seed uint64) (world.Spec, error) {
	era, err := strconv.Atoi(*f.era)
	if err != nil {
		return world.Spec{}, badUsage("there is no era %q", *f.era).WithHint("choose 2015, 2019 or 2022")
	}
	scenarios, err := crime.New(f.scenarios.values, *f.level)
	if err != nil {
		return world.Spec{}, err
	}
	spec := world.Spec{Seed: seed, Era: world.Era(era), Level: *f.level, Txs: *f.txs, Sign: *f.sign, Scenarios: scenarios, Observer: records.New()}
	return spec, spec.Check()
}

// make writes a world.
func (f *worldFlags) make(ctx context.Context) error {
	spec, err := f.spec(*f.seed)
	if err != nil {
		return err
	}
	var m *world.Manifest
	err = f.beside(func(folder string) (err error) {
		progress := newBar(f.c)
		defer progress.clear()
		m, err = world.Build(ctx, spec, worldFolder(folder), func(done, total int) {
			progress.update(float64(done)/float64(total), goshawk.Count(done, "transaction", "transactions"))
		})
		return err
	})
	if err != nil {
		return err
	}
	if *f.format == "json" {
		return f.c.json(m.Figures)
	}
	_, err = fmt.Fprintf(f.c.t.out, "A world of %d in %s: %s in %s, and who owns each of %s addresses.\n", spec.Era, filepath.Clean(*f.out),
		goshawk.Count(m.Figures.Transactions, "transaction", "transactions"), goshawk.Count(m.Figures.Blocks, "block", "blocks"),
		goshawk.Group(strconv.FormatUint(m.Figures.Addresses, 10)))
	return err
}

// beside has a folder filled beside the place that --out names, which must be free,
// and moves it there when it is whole.
func (f *worldFlags) beside(fill func(folder string) error) error {
	if err := f.free(); err != nil {
		return err
	}
	return beside(*f.out, fill)
}

// free says whether --out names a place where nothing is.
func (f *worldFlags) free() error {
	if *f.out == "" {
		return badUsage("say where to write: --out DIR")
	}
	if _, err := os.Lstat(*f.out); err == nil {
		return goshawk.Errorf(goshawk.Conflict, "%s exists already", *f.out).WithHint("name a new folder; nothing is overwritten")
	}
	return nil
}

// beside has a folder filled beside the place where it shall be, and moves it there
// when it is whole. What is not finished is removed.
func beside(out string, fill func(folder string) error) (err error) {
	out = filepath.Clean(out)
	temporary, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+unfinished+"-")
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err).WithHint("write elsewhere: --out DIR")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := fill(temporary); err != nil {
		return err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot finish the folder: %w", err)
	}
	if err := os.Rename(temporary, out); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot finish the folder: %w", err)
	}
	return nil
}

// list names the crimes that can be planted, and the eras.
func (f *worldFlags) list() error {
	kinds := crime.List()
	if *f.format == "json" {
		return f.c.json(struct {
			Scenarios []crime.Kind `json:"scenarios"`
			Eras      []world.Era  `json:"eras"`
		}{kinds, world.Eras()})
	}
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "%-16s %s\n%-16s after %s\n", k.Name, k.Title, "", strings.Join(k.Models, "; "))
	}
	_, err := fmt.Fprint(f.c.t.out, b.String())
	return err
}

// verify compares a world with its manifest, and its chain with real blocks.
func (f *worldFlags) verify(ctx context.Context, dir string) error {
	progress := newBar(f.c)
	m, faults, err := world.Verify(ctx, os.DirFS(dir), func(done, total int64) {
		progress.update(float64(done)/float64(max(total, 1)), "comparing files")
	})
	progress.clear()
	if err != nil {
		return err
	}
	for _, fault := range faults {
		fmt.Fprintf(f.c.t.err, "goshawk world: %s\n", fault)
	}
	if len(faults) > 0 {
		return errFault
	}
	f.c.say("%s are as they were written.", goshawk.Count(len(m.Files)+1, "file", "files"))
	if *f.fast {
		return nil
	}
	comparison, err := measureWorld(ctx, dir, m)
	if err != nil {
		return err
	}
	if *f.format == "json" {
		err = score.ComparisonJSON(f.c.t.out, comparison)
	} else {
		err = score.ComparisonText(f.c.t.out, comparison)
	}
	if err == nil && !comparison.Pass() {
		return errFault
	}
	return err
}

// measureWorld ingests a world's blocks into a ledger that it forgets, and
// compares the shapes of its transactions with those of real blocks.
func measureWorld(ctx context.Context, dir string, m *world.Manifest) (c *score.Comparison, err error) {
	temporary, err := os.MkdirTemp("", "goshawk-world-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	r, err := ingestWorld(ctx, dir, filepath.Join(temporary, "ledger"), m.Network)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	first, err := score.FirstAt(ctx, r, m.Founded+1)
	if err != nil {
		return nil, err
	}
	shape, err := score.Shapes(ctx, r, first, goshawk.TxID(head.Transactions), func(a goshawk.AddressID) goshawk.AddressID { return cluster.Root(r, a) })
	if err != nil {
		return nil, err
	}
	return score.Compare(shape, strings.TrimSpace(strconv.Itoa(int(m.Spec.Era))))
}
