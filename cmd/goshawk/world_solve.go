package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/label"
	"goshawk/workbench"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/solve"
)

// solvedWorld is what the solver makes of a world.
type solvedWorld struct {
	Seed   *uint64      `json:"seed"` // nil where the truth is withheld
	Era    world.Era    `json:"era"`
	Level  *string      `json:"level"` // likewise
	Cases  []solvedCase `json:"cases"`
	Effort solve.Effort `json:"effort"`
	// Solved says whether every case is; nil where the truth is withheld.
	Solved *bool `json:"solved"`

	asset goshawk.Asset
}

type solvedCase struct {
	*solve.Solution
	Grade *solve.Grade `json:"grade"` // nil where the truth is withheld
}

// solve works a world's cases, if what it reads is as it was written.
func (f *worldFlags) solve(ctx context.Context, dir string) (err error) {
	folder := os.DirFS(dir)
	bar := newBar(f.c)
	v, err := world.Verify(ctx, folder, func(done, total int64) { bar.update(float64(done)/float64(max(total, 1)), "comparing files") })
	bar.clear()
	if err != nil {
		return err
	}
	if len(v.Faults) > 0 {
		return goshawk.Errorf(goshawk.Corrupt, "the world is not as it was written: %s", v.Faults[0]).WithHint("'goshawk world verify %s' names all that was changed; make the world again from its seed", dir)
	}
	temporary, err := os.MkdirTemp("", "goshawk-world-")
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make a folder for the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	answer, err := solveWorld(ctx, dir, v.Manifest, filepath.Join(temporary, "ledger"))
	if err != nil {
		return err
	}
	if *f.format == "json" {
		err = f.c.json(answer)
	} else {
		err = f.solved(answer)
	}
	if err == nil && answer.Solved != nil && !*answer.Solved {
		return errFault
	}
	return err
}

// solveWorld ingests a world's blocks into a ledger in a new folder and works its
// cases. The solver is handed the papers and the chain; only its answers are held
// against the truth.
func solveWorld(ctx context.Context, dir string, m *world.Manifest, scratch string) (answer *solvedWorld, err error) {
	params, err := bitcoin.Lookup(m.Network)
	if err != nil {
		return nil, err
	}
	public := os.DirFS(filepath.Join(dir, "public"))
	cases, err := solve.Cases(public)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no crime in this world").WithHint("plant one: goshawk world new --scenario NAME …")
	}
	set, err := worldLabels(ctx, public)
	if err != nil {
		return nil, err
	}
	r, err := ingestWorld(ctx, dir, scratch, m.Network)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	check, err := addressCheck(params.Name)
	if err != nil {
		return nil, err
	}
	answer = &solvedWorld{Era: m.Era, Cases: []solvedCase{}, asset: head.Asset}
	if m.Origin != nil {
		answer.Seed, answer.Level = &m.Origin.Spec.Seed, &m.Origin.Spec.Level
	}
	known, err := workbench.NewServices(ctx, &workbench.Chain{Ledger: r, Local: r, Params: params, Known: head}, set, 50, true)
	if err != nil {
		return nil, err
	}
	all := true
	for _, name := range cases {
		s, err := solve.Solve(ctx, solve.Case{Name: name, Public: public, Chain: r, Services: known, Check: check})
		if err != nil {
			return nil, err
		}
		answer.Effort = answer.Effort.Add(s.Effort)
		key, err := answerKey(dir, name)
		if err != nil {
			return nil, err
		}
		solved := solvedCase{Solution: s}
		if key != nil {
			g := solve.Judge(s, key)
			solved.Grade = &g
			all = all && g.Solved
			answer.Solved = &all
		}
		answer.Cases = append(answer.Cases, solved)
	}
	return answer, nil
}

// worldLabels reads what the world's vendors say.
func worldLabels(ctx context.Context, public fs.FS) (*label.Set, error) {
	sources, err := worldSources(ctx, public)
	if err != nil {
		return nil, err
	}
	return label.NewSet(nil, sources)
}

// worldSources reads a world's label files.
func worldSources(ctx context.Context, public fs.FS) ([]*label.Source, error) {
	names, err := fs.Glob(public, "labels/*") // in the order of their names
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the labels cannot be read: %w", err)
	}
	var sources []*label.Source
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", err)
		}
		text, err := fs.ReadFile(public, name)
		if err != nil {
			return nil, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		source, err := label.Parse(filepath.Base(name), text, bitcoin.AddressCheck())
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// answerKey reads a case's answer key; nil where it is withheld.
func answerKey(dir, name string) (*crime.Answer, error) {
	text, err := os.ReadFile(filepath.Join(dir, "truth", name, "case.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // withheld, as the contract says
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the answer key of the case %s cannot be read: %w", name, err)
	}
	key := new(crime.Answer)
	if err := json.Unmarshal(text, key); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the answer key of the case %s is damaged: %w", name, err).WithHint("'goshawk world verify' says what was changed")
	}
	return key, nil
}

// solved writes the answer for people.
func (f *worldFlags) solved(a *solvedWorld) error {
	var b strings.Builder
	for _, s := range a.Cases {
		fmt.Fprintf(&b, "%s\n  %s came to %s. %s through mixing, %s at rest.\n", strings.ToUpper(s.Case), a.asset.Format(goshawk.U(s.Income)),
			goshawk.Count(s.Addresses, "address", "addresses"), a.asset.Format(goshawk.U(s.Mixed)), a.asset.Format(goshawk.U(s.Resting)))
		if n := len(s.Orders); n > 0 {
			fmt.Fprintf(&b, "  %s the price and the time of what the papers list\n", goshawk.Count(n, "payment has", "payments have"))
		}
		for i := range s.Orders {
			if o := &s.Orders[i]; o.From != "" {
				fmt.Fprintf(&b, "  ask %s who withdrew %s to %s in %s, output %d\n", o.From, a.asset.Format(goshawk.U(o.Value)), o.Service, o.Tx, o.Out)
			}
		}
		for _, q := range byHolder(s.Requests) {
			fmt.Fprintf(&b, "  ask %s about %s: %s in %s\n", q.service, q.address, a.asset.Format(goshawk.U(q.value)), goshawk.Count(q.count, "deposit", "deposits"))
		}
		if len(s.Requests) == 0 {
			b.WriteString("  nobody to ask\n")
		}
		fmt.Fprintf(&b, "  effort: %s walked, %s\n", goshawk.Count(s.Effort.Steps, "transaction", "transactions"), goshawk.Count(s.Effort.Queries, "query", "queries"))
		if g := s.Grade; g != nil {
			verdict := "not solved"
			if g.Solved {
				verdict = "solved"
			}
			fmt.Fprintf(&b, "  %s: %s of the %s in the criminals' own accounts found; of %s asked about, %s was theirs\n", verdict, a.asset.Decimal(goshawk.U(g.Found)),
				a.asset.Format(goshawk.U(g.Decisive)), a.asset.Decimal(goshawk.U(g.Requested)), a.asset.Format(goshawk.U(g.Theirs)))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "Effort of all: %s walked, %s.\n", goshawk.Count(a.Effort.Steps, "transaction", "transactions"), goshawk.Count(a.Effort.Queries, "query", "queries"))
	if a.Solved == nil {
		b.WriteString("The truth is withheld: nobody can say here whether that is right.\n")
	}
	_, err := fmt.Fprint(f.c.t.out, b.String())
	return err
}

// asked is what one address of a service is asked about.
type asked struct {
	service, address string
	value            uint64
	count            int
}

// byHolder sums requests up by the address that was paid, in the order in which
// the addresses first come.
func byHolder(requests []solve.Request) []asked {
	var list []asked
	for i := range requests {
		r := &requests[i]
		at := slices.IndexFunc(list, func(a asked) bool { return a.service == r.Service && a.address == r.Address })
		if at < 0 {
			at = len(list)
			list = append(list, asked{service: r.Service, address: r.Address})
		}
		list[at].value += r.Value
		list[at].count++
	}
	return list
}
