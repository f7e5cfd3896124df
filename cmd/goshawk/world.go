package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/records"
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
	f.seed = c.Uint64("seed", 0, "new: `NUMBER` of the world: the same number makes the same world; pool: what its worlds' seeds follow from (default: one that nobody can guess)")
	f.era = c.String("era", "2022", "new, pool: `YEAR` whose wallets and services it has: 2015, 2019, 2022")
	f.level = c.String("level", "standard", "new, pool: how hard its crimes are to follow: basic, standard, advanced")
	f.txs = c.Int("txs", 0, "new, pool: about `N` transactions (default: 50,000, and 15,000 more for each crime after the first)")
	f.sign = c.Bool("sign", false, "new, pool: with real keys and signatures, which a node accepts; takes longer")
	f.count = c.Int("count", 40, "pool: keep `N` worlds of equal difficulty")
	f.out = c.String("out", "", "new, pool: `DIR` for what is made; it must not exist")
	f.fast = c.Bool("bytes", false, "verify: compare the files with world.json only, without measuring the chain")
	f.scenarios.strict = true
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
	if err := f.meant(action); err != nil {
		return err
	}
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
	}
	return f.list()
}

// worldFlagsOf are the flags that an action has beside those of all.
func worldFlagsOf(action string) ([]string, bool) {
	making := []string{"seed", "era", "level", "txs", "sign", "out", "scenario"}
	of, ok := map[string][]string{
		"new": making, "pool": append(making, "count"), "verify": {"bytes"}, "solve": nil, "list": nil,
		"serve": {"listen", "speed", "from-height", "ledger", "rpc-user", "rpc-password", "rpc-cookie"},
	}[action]
	return append(of, "format", "quiet", "config"), ok
}

// meant refuses flags that the command line gave and the action does not have, and
// brings the crimes into an order: they are a set.
func (f *worldFlags) meant(action string) error {
	have, ok := worldFlagsOf(action)
	if !ok {
		return badUsage("%q is nothing to do with a world", action).WithHint("choose one of new, list, verify, solve, serve, pool")
	}
	for _, name := range slices.Sorted(maps.Keys(f.c.given)) {
		if !slices.Contains(have, name) {
			return badUsage("'world %s' has no --%s", action, name)
		}
	}
	slices.Sort(f.scenarios.values)
	return nil
}

// size is how many transactions were asked for, or else as many as hide the crimes.
func (f *worldFlags) size() int {
	if f.c.given["txs"] || f.c.settled["txs"] {
		return *f.txs
	}
	return crime.Size(len(f.scenarios.values))
}

// drawn is the seed that was asked for, or else one that nobody can guess: whoever
// knows it makes the whole truth.
func (f *worldFlags) drawn() (uint64, error) {
	if f.seeded() {
		return *f.seed, nil
	}
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, goshawk.Errorf(goshawk.Unavailable, "no seed could be drawn: %w", err).WithHint("say one: --seed NUMBER")
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// seeded says whether a seed was asked for.
func (f *worldFlags) seeded() bool { return f.c.given["seed"] || f.c.settled["seed"] }

// steady is from how many transactions on the shapes of an era's worlds are near
// enough to those of real blocks for 'world verify'. Smaller ones have too few.
func steady(era world.Era) int {
	switch era {
	case world.Era2015:
		return 50_000
	case world.Era2019:
		return 12_000
	}
	return 20_000
}

// warn says that a world will not pass, before it is made.
func (f *worldFlags) warn(spec *world.Spec) {
	if n := steady(spec.Era); spec.Txs < n {
		f.c.say("'world verify' may find the shapes of this world's transactions unlike those of real blocks: those of %d are held from %s transactions on.",
			spec.Era, goshawk.Group(strconv.Itoa(n)))
	}
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
	spec := world.Spec{Seed: seed, Era: world.Era(era), Level: *f.level, Txs: f.size(), Sign: *f.sign, Scenarios: scenarios, Observer: records.New()}
	return spec, spec.Check()
}

// madeWorld says what was made. Whoever is not to know the truth is not to see it.
type madeWorld struct {
	Seed uint64 `json:"seed"`
	world.Figures
	Addresses uint64 `json:"addresses"` // whose owners the truth names
	Actors    uint64 `json:"actors"`
}

// make writes a world.
func (f *worldFlags) make(ctx context.Context) error {
	seed, err := f.drawn()
	if err != nil {
		return err
	}
	spec, err := f.spec(seed)
	if err != nil {
		return err
	}
	if err := f.free(); err != nil {
		return err
	}
	f.warn(&spec)
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
		return f.c.json(madeWorld{seed, m.Figures, m.Origin.Addresses, m.Origin.Actors})
	}
	_, err = fmt.Fprintf(f.c.t.out, "A world of %d in %s: %s in %s, and who owns each of %s addresses.\nIts seed is %d; truth/ keeps it.\n", spec.Era, filepath.Clean(*f.out),
		goshawk.Count(m.Figures.Transactions, "transaction", "transactions"), goshawk.Count(m.Figures.Blocks, "block", "blocks"),
		goshawk.Group(strconv.FormatUint(m.Origin.Addresses, 10)), seed)
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
	return vacant(*f.out)
}

// vacant says whether nothing is at a place.
func vacant(out string) error {
	if _, err := os.Lstat(out); err == nil {
		return goshawk.Errorf(goshawk.Conflict, "%s exists already", out).WithHint("name a new folder; nothing is overwritten")
	}
	return nil
}

// beside has a folder filled beside the place where it shall be, and moves it there
// when it is whole. What is not finished is removed, also what a killed process
// left of the same name.
func beside(out string, fill func(folder string) error) (err error) {
	out = filepath.Clean(out)
	if err := sweep(out); err != nil {
		return err
	}
	work, lock, err := heldFolder(out)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err).WithHint("write elsewhere: --out DIR")
	}
	defer func() { err = errors.Join(err, lock.Close(), os.RemoveAll(work)) }()
	whole := filepath.Join(work, "whole")
	if err := os.Mkdir(whole, 0o755); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err).WithHint("write elsewhere: --out DIR")
	}
	if err := fill(whole); err != nil {
		return err
	}
	if err := os.Rename(whole, out); err != nil {
		if taken := vacant(out); taken != nil {
			return taken // another run was faster
		}
		return goshawk.Errorf(goshawk.Unavailable, "cannot finish the folder: %w", err)
	}
	return nil
}

// workLock is the file by which a process holds the folder in which it works.
const workLock = "lock"

// heldFolder makes a folder beside a place and holds it as long as the process lives.
func heldFolder(out string) (string, io.Closer, error) {
	for tries := 0; ; tries++ {
		work, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+unfinished+"-")
		if err != nil {
			return "", nil, err
		}
		lock, err := hold(work)
		if err == nil || tries == 9 {
			return work, lock, err
		}
		// Another process swept it before it was held.
	}
}

func hold(folder string) (io.Closer, error) {
	home, err := disk.Open(folder)
	if err != nil {
		return nil, err
	}
	return home.Lock(workLock)
}

// sweep removes the folders that killed processes left beside a place. It knows
// them by their names and by what is in them: nothing, or a lock that nobody holds.
func sweep(out string) error {
	entries, err := os.ReadDir(filepath.Dir(out))
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err).WithHint("write elsewhere: --out DIR")
	}
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), "."+filepath.Base(out)+unfinished+"-")
		if _, err := strconv.ParseUint(number, 10, 64); !ours || err != nil || !e.IsDir() {
			continue
		}
		folder := filepath.Join(filepath.Dir(out), e.Name())
		if _, err := os.Lstat(filepath.Join(folder, workLock)); err != nil {
			_ = os.Remove(folder) // fails where anything is in it, which then is not ours
			continue
		}
		lock, err := hold(folder)
		if err != nil {
			continue // somebody works in it
		}
		if err := errors.Join(lock.Close(), os.RemoveAll(folder)); err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "cannot remove %s, which a killed run left: %w", folder, err)
		}
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
