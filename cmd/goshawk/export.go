package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"goshawk"
	"goshawk/cluster"
	"goshawk/ledger/export"
)

// unfinished marks the files of an export that has not ended.
const unfinished = ".partial"

func runExport(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags()
	out := c.String("out", "", "`DIR` for the files; nothing in it is overwritten")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *out == "" {
		return badUsage("say where to write: --out DIR")
	}
	ch, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err)
	}
	for _, name := range export.Files() {
		if _, err := os.Stat(filepath.Join(*out, name)); err == nil {
			return goshawk.Errorf(goshawk.Conflict, "%s is in %s already", name, *out).WithHint("export into an empty folder")
		}
	}
	progress := newBar(c)
	err = export.Write(ctx, ch, grouped{ch}, func(name string) (io.WriteCloser, error) {
		return os.Create(filepath.Join(*out, name+unfinished))
	}, func(done, total uint64) {
		progress.update(float64(done)/float64(max(total, 1)), goshawk.Count(done, "transaction", "transactions"))
	})
	progress.clear()
	if err != nil {
		for _, name := range export.Files() {
			err = errors.Join(err, ignoreMissing(os.Remove(filepath.Join(*out, name+unfinished))))
		}
		return err
	}
	for _, name := range export.Files() {
		if err := os.Rename(filepath.Join(*out, name+unfinished), filepath.Join(*out, name)); err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "cannot finish the export: %w", err)
		}
	}
	c.say("%s of %s to height %d written: %s in %s", goshawk.Count(ch.Known.Transactions, "transaction", "transactions"),
		ch.Known.Network, ch.Known.Height, goshawk.Count(len(export.Files()), "file", "files"), *out)
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// grouped tells an export each address's cluster.
type grouped struct{ ch *chain }

func (g grouped) Root(a goshawk.AddressID) goshawk.AddressID { return cluster.Root(g.ch.Local, a) }
func (g grouped) Rule() string                               { return g.ch.Local.Rule() }
