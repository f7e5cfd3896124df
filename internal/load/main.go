// Command load measures the server as people use it: some dozens of them click
// through its pages, and now and then change something. It starts the program that it is
// given on a folder of its own, and prints how long answers took.
//
// It proves nothing about answers being right, and no test runs it: figures are for
// documents, and depend on the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	program := flag.String("program", "", "`FILE` of goshawk")
	users := flag.Int("users", 50, "how many people click")
	length := flag.Duration("for", 30*time.Second, "for how long")
	think := flag.Duration("think", time.Second, "how long each looks at a page, on average")
	seed := flag.Uint64("seed", 1, "of the choices they make")
	flag.Parse()
	if *program == "" || flag.NArg() > 0 {
		flag.Usage()
		return fmt.Errorf("name the program with --program FILE")
	}
	folder, err := os.MkdirTemp("", "goshawk-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	people, err := furnish(ctx, filepath.Join(folder, "goshawk.db"), *users)
	if err != nil {
		return err
	}
	at, end, err := start(ctx, *program, folder)
	if err != nil {
		return err
	}
	f := click(ctx, at, people, *length, *think, *seed)
	if err := end(); err != nil {
		return err
	}
	f.print(*users, *length, *think)
	return ctx.Err()
}
