package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"goshawk"
	"goshawk/cluster"
	"goshawk/world"
	"goshawk/world/score"
)

// verifiedWorld says how a world's files are, and how like real blocks its chain is.
type verifiedWorld struct {
	Era      string      `json:"era"`
	Pass     bool        `json:"pass"`
	Compared int         `json:"compared"` // files that were looked for
	Faults   []string    `json:"faults"`   // what differs, in a sentence each
	Withheld []string    `json:"withheld"`
	Unlisted bool        `json:"unlisted"` // services/ is there, and nothing lists its files
	Rows     []score.Row `json:"rows"`     // nil where the chain was not measured
}

// verify compares a world with its manifest, and its chain with real blocks.
func (f *worldFlags) verify(ctx context.Context, dir string) error {
	progress := newBar(f.c)
	v, err := world.Verify(ctx, os.DirFS(dir), func(done, total int64) {
		progress.update(float64(done)/float64(max(total, 1)), "comparing files")
	})
	progress.clear()
	if err != nil {
		return err
	}
	for _, fault := range v.Faults {
		fmt.Fprintf(f.c.t.err, "goshawk world: %s\n", fault)
	}
	sound := len(v.Faults) == 0
	if sound {
		f.sayVerified(v)
	}
	comparison := &score.Comparison{Era: strconv.Itoa(int(v.Manifest.Era))}
	measured := sound && !*f.fast
	if measured {
		if comparison, err = measureWorld(ctx, dir, v.Manifest); err != nil {
			return err
		}
	}
	pass := sound && comparison.Pass()
	switch {
	case *f.format == "json":
		err = f.c.json(verifiedWorld{comparison.Era, pass, v.Compared, append([]string{}, v.Faults...), append([]string{}, v.Withheld...), v.Unlisted, comparison.Rows})
	case measured:
		err = score.ComparisonText(f.c.t.out, comparison)
	}
	if err == nil && !pass {
		return errFault
	}
	return err
}

// sayVerified says what was compared of a world without fault.
func (f *worldFlags) sayVerified(v *world.Verified) {
	f.c.say("%s as written.", goshawk.Count(v.Compared, "file is", "files are"))
	for _, part := range v.Withheld {
		f.c.say("%s/ is withheld.", part)
	}
	if v.Unlisted {
		f.c.say("services/ was not compared: truth/ lists its files.")
	}
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
	return score.Compare(shape, strconv.Itoa(int(m.Era)))
}
