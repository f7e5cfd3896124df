// Command goshawk traces funds exactly: it ingests a chain into a ledger of its
// own, follows value through it by named methods, and says what it saw.
//
// It never moves anyone's coins, and sends nothing anywhere unless told to ask
// an explorer or a node, whose name it prints first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"goshawk"
)

// Exit codes; docs/command-line.md explains them.
const (
	exitDone        = 0
	exitFailed      = 1 // the question is good, and something else is wrong
	exitUsage       = 2 // the question itself has to change
	exitFault       = 3 // a check or verification found fault
	exitInterrupted = 130
)

// terminal is where a command speaks: answers to out, the rest to err.
type terminal struct {
	out, err io.Writer
	env      func(string) (string, bool)
	environ  []string // all of the environment, as NAME=VALUE
	letGo    func()   // from here on an interruption ends the program at once
	hold     func()   // from here on it does nothing
}

// verb is one command of the program.
type verb struct {
	name    string
	args    string // what follows the flags
	summary string
	run     func(ctx context.Context, t *terminal, c *command) error
}

func verbs() []verb {
	return []verb{
		{"ingest", "PATH... | --rpc URL", "read a chain into a ledger", runIngest},
		{"trace", "--from TXID:VOUT | --address ADDR", "follow value to where it rests, or came from", runTrace},
		{"path", "--from ADDR --to ADDR", "find how value got from one party to another", runPath},
		{"show", "TXID[:VOUT] | ADDRESS | HEIGHT | BLOCKHASH", "show a transaction, an address or a block", runShow},
		{"cluster", "ADDRESS", "show which addresses the evidence puts under one owner", runCluster},
		{"why", "ADDRESS ADDRESS", "show the evidence that two addresses have one owner", runWhy},
		{"screen", "[FILE...]", "find labelled addresses in a ledger, a list or a text", runScreen},
		{"pattern", "--kind KIND", "find CoinJoins, peel chains and other patterns", runPattern},
		{"label", "import PATH... | list | show ADDRESS", "keep labels: who is said to control an address", runLabel},
		{"check", "", "verify a ledger, byte by byte", runCheck},
		{"export", "--out DIR", "write a ledger as Parquet files", runExport},
		{"serve", "", "open the workbench: cases, graphs, letters and reports in a browser", runServe},
		{"admin", "reset EMAIL", "let somebody in again who lost every way in to the workbench", runAdmin},
		{"audit", "verify | rotate | prove NUMBER... | check FILE", "prove that nothing of what was done was changed or removed since", runAudit},
		{"verify", "PACKAGE", "verify a package of evidence: hashes, signature, transactions, every number", runVerify},
		{"backup", "--out FILE", "write all that a server keeps into one file, while it serves", runBackup},
		{"restore", "FILE", "make a data folder of a backup", runRestore},
		{"world", "new | list | verify DIR | solve DIR | serve DIR | pool", "make a chain whose whole truth is known", runWorld},
		{"evaluate", "", "measure heuristics and methods in worlds whose truth is known", runEvaluate},
		{"demo", "", "trace a ransom through a made-up world", runDemo},
		{"version", "", "print the program's version", runVersion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t := &terminal{out: os.Stdout, err: os.Stderr, env: os.LookupEnv, environ: os.Environ(),
		letGo: func() { signal.Reset(os.Interrupt, syscall.SIGTERM) }, hold: func() { signal.Ignore(os.Interrupt, syscall.SIGTERM) }}
	code := run(ctx, t, os.Args[1:])
	stop()
	os.Exit(code)
}

// answers is standard output. It remembers that a write failed, which those who
// print line by line do not look at.
type answers struct {
	to  io.Writer
	err error
}

func (a *answers) Write(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.to.Write(p)
	if err != nil {
		a.err = goshawk.Errorf(goshawk.Unavailable, "cannot write the answer: %w", err).WithHint("what came through is not the whole answer")
	}
	return n, a.err
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, t *terminal, args []string) int {
	if len(args) == 0 {
		usage(t.err)
		return exitUsage
	}
	out := &answers{to: t.out}
	t = &terminal{out: out, err: t.err, env: t.env, environ: t.environ, letGo: t.letGo, hold: t.hold}
	name, err := start(ctx, t, args)
	code := exitCode(ctx, err)
	switch {
	case code == exitInterrupted:
		complain(t, name, "interrupted", goshawk.HintOf(err))
	case code != exitDone && !errors.Is(err, errFault) && !errors.Is(err, out.err):
		hint := goshawk.HintOf(err)
		if hint == "" && goshawk.CodeOf(err) == goshawk.Invalid {
			hint = fmt.Sprintf("'goshawk %s --help' lists the flags", name)
		}
		complain(t, name, err.Error(), hint)
	}
	if out.err != nil {
		complain(t, name, out.err.Error(), goshawk.HintOf(out.err))
		if code == exitDone {
			code = exitFailed
		}
	}
	return code
}

// start runs the command that is named, and returns its name.
func start(ctx context.Context, t *terminal, args []string) (string, error) {
	name, args := args[0], args[1:]
	switch name {
	case "help", "--help", "-h":
		if len(args) == 0 || strings.HasPrefix(args[0], "-") {
			usage(t.out)
			return "", nil
		}
		name, args = args[0], []string{"--help"}
	case "--version":
		name = "version"
	}
	var names []string
	for _, v := range verbs() {
		if v.name == name {
			c := newCommand(t, v)
			c.args = args
			return name, v.run(ctx, t, c)
		}
		names = append(names, v.name)
	}
	err := badUsage("there is no command %q", name)
	if near := nearest(name, names); near != "" {
		return "", err.WithHint("did you mean %s? 'goshawk help' lists them", near)
	}
	return "", err.WithHint("'goshawk help' lists them")
}

// errFault says that a check found fault; it has been reported already.
var errFault = errors.New("fault found")

// badUsage is an error of the command line.
func badUsage(format string, args ...any) *goshawk.Error {
	return goshawk.Errorf(goshawk.Invalid, format, args...)
}

// exitCode says how the program ends. It looks at the kind of an error only, so
// that one kind gives one code whatever the command.
func exitCode(ctx context.Context, err error) int {
	code := goshawk.CodeOf(err)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errFault) || errors.Is(err, errDamaged):
		return exitFault
	case code == goshawk.Interrupted || ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case code == goshawk.Invalid || code == goshawk.Unsupported:
		return exitUsage
	}
	return exitFailed
}

// complain prints what went wrong and what to do about it.
func complain(t *terminal, name, what, hint string) {
	fmt.Fprintf(t.err, "%s: %s\n", strings.TrimSpace("goshawk "+name), strings.ReplaceAll(what, "\n", "\n  "))
	if hint != "" {
		fmt.Fprintf(t.err, "  → %s\n", hint)
	}
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Goshawk follows the money: exact traces through a chain, with the proof.\n\nUsage: goshawk COMMAND [flags] ARGUMENTS, in any order\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-8s  %s\n", v.name, v.summary)
	}
	fmt.Fprint(w, "\n'goshawk COMMAND --help' lists a command's flags. A first look: 'goshawk demo'.\n")
}

func runVersion(_ context.Context, t *terminal, c *command) error {
	format := c.format("text", "json")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *format == "json" {
		_, err := fmt.Fprintf(t.out, "{\"version\":%q}\n", goshawk.Version)
		return err
	}
	_, err := fmt.Fprintf(t.out, "goshawk %s\n", goshawk.Version)
	return err
}
