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

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFault       = 3 // a check or verification found fault
	exitInterrupted = 130
)

// terminal is where a command speaks: answers to out, the rest to err.
type terminal struct {
	out, err io.Writer
	env      func(string) (string, bool)
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
		{"show", "TXID | ADDRESS | HEIGHT", "show a transaction, an address or a block", runShow},
		{"cluster", "ADDRESS", "show which addresses the evidence puts under one owner", runCluster},
		{"why", "ADDRESS ADDRESS", "show the evidence that two addresses have one owner", runWhy},
		{"screen", "[FILE...]", "find labelled addresses in a ledger, a list or a text", runScreen},
		{"pattern", "--kind KIND", "find CoinJoins, peel chains and other patterns", runPattern},
		{"label", "import PATH... | list | show ADDRESS", "keep labels: who is said to control an address", runLabel},
		{"check", "", "verify a ledger, byte by byte", runCheck},
		{"export", "--out DIR", "write a ledger as Parquet files", runExport},
		{"demo", "", "trace a theft through a small made-up chain", runDemo},
		{"version", "", "print the program's version", runVersion},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t := &terminal{out: os.Stdout, err: os.Stderr, env: os.LookupEnv}
	code := run(ctx, t, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, t *terminal, args []string) int {
	if len(args) == 0 {
		usage(t.err)
		return exitUsage
	}
	name := args[0]
	if name == "help" || name == "--help" || name == "-h" {
		usage(t.out)
		return exitDone
	}
	if name == "--version" {
		name = "version"
	}
	for _, v := range verbs() {
		if v.name != name {
			continue
		}
		c := newCommand(t, v)
		c.args = args[1:]
		err := v.run(ctx, t, c)
		return fail(ctx, t, c, err)
	}
	fmt.Fprintf(t.err, "goshawk: there is no command %q\n  → 'goshawk help' lists them\n", name)
	return exitUsage
}

// errUsage marks errors of the command line itself.
var errUsage = errors.New("usage")

// errFault says that a check found fault; it has been reported already.
var errFault = errors.New("fault found")

type usageError struct{ error }

func (e usageError) Is(target error) bool { return target == errUsage }
func (e usageError) Unwrap() error        { return e.error }

// badUsage is an error of the command line.
func badUsage(format string, args ...any) error {
	return usageError{goshawk.Errorf(goshawk.Invalid, format, args...)}
}

// asUsage marks the error of an argument that could not be read.
func asUsage(err error) error {
	if err == nil || goshawk.CodeOf(err) != goshawk.Invalid {
		return err
	}
	return usageError{err}
}

// fail prints what went wrong and returns the exit code.
func fail(ctx context.Context, t *terminal, c *command, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errFault):
		return exitFault
	case goshawk.CodeOf(err) == goshawk.Interrupted || ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(t.err, "goshawk %s: interrupted\n", c.name)
		if hint := goshawk.HintOf(err); hint != "" {
			fmt.Fprintf(t.err, "  → %s\n", hint)
		}
		return exitInterrupted
	}
	fmt.Fprintf(t.err, "goshawk %s: %s\n", c.name, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	hint := goshawk.HintOf(err)
	if hint == "" && errors.Is(err, errUsage) {
		hint = fmt.Sprintf("'goshawk %s --help' lists the flags", c.name)
	}
	if hint != "" {
		fmt.Fprintf(t.err, "  → %s\n", hint)
	}
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	if errors.Is(err, errDamaged) {
		return exitFault
	}
	return exitFailed
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
