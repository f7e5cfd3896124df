package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest/esplora"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/workbench"
)

// source holds the flags that say what a question is asked of.
type source struct {
	c        *command
	ledger   *string
	source   *string
	network  *string
	exhibits *string
	proxy    *string
	rate     *float64
	refresh  *bool
	labels   list
	data     *string
}

// ledgerFlags adds the flags of a verb that reads a ledger of its own.
func (c *command) ledgerFlags() *source {
	s := c.dataFlags()
	s.ledger = c.String("ledger", "", "`DIR` of the ledger")
	return s
}

// dataFlags adds the flags of a verb that needs Goshawk's own data only.
func (c *command) dataFlags() *source {
	s := &source{c: c, labels: list{whole: true}}
	s.data = c.String("data", "", "`DIR` of Goshawk's own data (default: goshawk in the user's data folder)")
	return s
}

// remoteFlags adds the flags of a verb that can also ask an explorer.
func (c *command) remoteFlags() *source {
	s := c.ledgerFlags()
	c.alternatives("ledger", "source")
	s.source = c.String("source", "", "in place of a ledger, esplora:`URL` of an Esplora API; that host then learns what is asked")
	s.network = c.String("network", "bitcoin", "`NAME` of the explorer's network; a ledger knows its own")
	s.exhibits = c.String("exhibits", "", "`DIR` that keeps the explorer's answers (default: exhibits in the data folder)")
	s.proxy = c.String("proxy", "", "`URL` of a SOCKS5 proxy to the explorer: socks5://HOST:PORT")
	s.rate = c.Float64("rate", 5, "ask the explorer at most `N` times a second")
	s.refresh = c.Bool("refresh", false, "look at the explorer's tip of today instead of the one kept")
	return s
}

// labelFlags adds the flags of a verb that knows labels.
func (s *source) labelFlags() *source {
	s.c.Var(&s.labels, "labels", "`PATH` of a file or folder of labels for this run; may repeat")
	return s
}

// target says which file an answer is written to, and refuses early what would
// fail late. A link stays one: the file that it names is written.
func target(path string) (string, error) {
	if path == "" || path == "-" {
		return path, nil
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		named, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", goshawk.Errorf(goshawk.NotFound, "cannot write %s: it is a link to a file that is not there: %w", path, err).
				WithHint("remove the link, or name the file itself")
		}
		path = named
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "", badUsage("cannot write %s: it is a folder", path).WithHint("name a file in it")
	}
	if _, err := disk.Open(filepath.Dir(path)); err != nil {
		return "", goshawk.Errorf(goshawk.NotFound, "cannot write %s: %w", path, err).WithHint("make the folder first")
	}
	return path, nil
}

// chain is what a question is asked of.
type chain struct {
	*workbench.Chain
	close func() error
}

// open opens the ledger or the explorer that the flags name. Each check sees the
// chain's network, and whether it is a ledger, before any explorer is asked
// anything: what can be refused without its answers is refused there.
func (s *source) open(ctx context.Context, checks ...func(*chain) error) (*chain, error) {
	switch {
	case s.source != nil && *s.source != "" && *s.ledger != "":
		return nil, badUsage("--ledger and --source exclude each other")
	case s.source != nil && *s.source != "":
		return s.explorer(ctx, checks)
	case *s.ledger == "":
		if s.source != nil {
			return nil, badUsage("say what to ask: --ledger DIR, or --source esplora:URL")
		}
		return nil, badUsage("say which ledger: --ledger DIR")
	}
	if err := s.c.refuse("is about an explorer (--source), and --ledger names a ledger", "exhibits", "proxy", "rate", "refresh"); err != nil {
		return nil, err
	}
	opened, err := workbench.Open(ctx, *s.ledger, func(params *bitcoin.Params) error {
		if s.network != nil && s.c.given["network"] && *s.network != params.Name {
			return badUsage("--network %s and --ledger contradict each other: the ledger is of %s", *s.network, params.Name).
				WithHint("leave --network out: a ledger knows its own")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := &chain{Chain: opened, close: opened.Local.Close}
	for _, check := range checks {
		if err := check(c); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (s *source) explorer(ctx context.Context, checks []func(*chain) error) (*chain, error) {
	url, ok := strings.CutPrefix(*s.source, "esplora:")
	if !ok {
		return nil, badUsage("--source cannot be %q: it must begin with esplora:", *s.source).WithHint("write esplora: and the API's address, such as esplora:https://HOST/api")
	}
	if *s.rate < 0.001 || *s.rate > 1e6 || *s.rate != *s.rate {
		return nil, badUsage("--rate cannot be %v: it must be from 0.001 to a million", *s.rate)
	}
	params, err := bitcoin.Lookup(*s.network)
	if err != nil {
		return nil, err
	}
	c := &chain{Chain: &workbench.Chain{Params: params}}
	for _, check := range checks {
		if err := check(c); err != nil {
			return nil, err
		}
	}
	folder := *s.exhibits
	if folder == "" {
		data, err := s.dataFolder()
		if err != nil {
			return nil, err
		}
		folder = filepath.Join(data, "exhibits")
	}
	progress := newBar(s.c)
	src, err := esplora.Open(ctx, url, esplora.Options{
		Network: params, Exhibits: folder, Now: time.Now, Proxy: *s.proxy, Rate: *s.rate, Refresh: *s.refresh,
		Announce: func(host string) {
			progress.clear()
			s.c.say("Asking %s: whoever runs it will learn the addresses and transactions of this question.", host)
		},
		Progress: func(p esplora.Progress) {
			progress.update(-1, fmt.Sprintf("%s asked for, %d kept from before, %.1f MB", goshawk.Count(p.Requests, "answer", "answers"), p.Kept, float64(p.Bytes)/1e6))
		},
	})
	if err != nil {
		return nil, err
	}
	c.Ledger, c.close = src, func() error { progress.clear(); return src.Close() }
	if c.Known, err = src.Head(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// dataFolder is where Goshawk keeps its own data.
func (s *source) dataFolder() (string, error) {
	if *s.data != "" {
		return *s.data, nil
	}
	if home, ok := s.c.t.env("XDG_DATA_HOME"); ok && home != "" {
		return filepath.Join(home, "goshawk"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", goshawk.Errorf(goshawk.Unavailable, "there is no home folder: %w", err).WithHint("say where Goshawk may keep its data: --data DIR")
	}
	return filepath.Join(home, ".local", "share", "goshawk"), nil
}

// storedLabels opens the label store; without one it returns nil.
func (s *source) storedLabels() (*label.Store, func() error, error) {
	folder, err := s.dataFolder()
	if err != nil {
		return nil, func() error { return nil }, err
	}
	return workbench.StoredLabels(folder)
}

// labelSet is what this run knows of addresses.
func (s *source) labelSet() (*label.Set, func() error, error) {
	nothing := func() error { return nil }
	files, err := s.readLabels(s.labels.values)
	if err != nil {
		return nil, nothing, err
	}
	store, closeStore, err := s.storedLabels()
	if err != nil {
		return nil, nothing, err
	}
	set, err := label.NewSet(store, files)
	if err != nil {
		return nil, nothing, errors.Join(err, closeStore())
	}
	return set, closeStore, nil
}

// readLabels reads files of labels, and all of a folder.
func (s *source) readLabels(paths []string) ([]*label.Source, error) {
	var sources []*label.Source
	check := bitcoin.AddressCheck()
	progress := newBar(s.c)
	defer progress.clear()
	read := func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return goshawk.Errorf(goshawk.NotFound, "cannot read the labels: %w", err)
		}
		defer f.Close() // read only
		src, err := label.Read(filepath.Base(path), f, check)
		if err != nil {
			return err
		}
		for _, line := range src.Report() {
			s.c.say("%s", line)
		}
		sources = append(sources, src)
		progress.update(-1, "reading labels: "+filepath.Base(path))
		return nil
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, goshawk.Errorf(goshawk.NotFound, "cannot read the labels: %w", err).WithHint("name a file or folder of TagPacks, a sanctions list or CSV")
		}
		if !info.IsDir() {
			if err := read(path); err != nil {
				return nil, err
			}
			continue
		}
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !label.Known(p) {
				return err
			}
			if err := read(p); goshawk.CodeOf(err) == goshawk.Invalid || goshawk.CodeOf(err) == goshawk.Unsupported {
				s.c.say("%s is passed over: %v", d.Name(), err)
			} else if err != nil {
				return err
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// output runs write on the file that --out names, or on standard output. A file
// appears whole or not at all.
func (c *command) output(path string, write func(io.Writer) error) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	through := err == nil && !info.Mode().IsRegular()
	if c.t.letGo != nil {
		c.t.letGo() // nothing is left half done but this answer
	}
	switch {
	case path == "" || path == "-":
		return write(c.t.out)
	case through:
		return writeThrough(path, write)
	}
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		return err
	}
	folder, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return unwritten(path, err)
	}
	if c.t.hold != nil {
		c.t.hold() // no half of a file stays beside it
	}
	if err := disk.WriteFile(folder, filepath.Base(path), buf.Bytes()); err != nil {
		return unwritten(path, err)
	}
	c.say("Written: %s", path)
	return nil
}

// outputSoFar is output for an answer that may have been interrupted, as err says,
// which it passes on.
func (c *command) outputSoFar(path string, err error, write func(io.Writer) error) error {
	if goshawk.CodeOf(err) == goshawk.Interrupted {
		c.say("Interrupted: what was found so far is being written. Ctrl-C ends that too.")
	}
	return errors.Join(c.output(path, write), err)
}

func unwritten(path string, err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "cannot write %s: %w", path, err).WithHint("is there room, and may you write there? Else write elsewhere")
}

// writeThrough writes to a device or a pipe, which cannot be replaced.
func writeThrough(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return unwritten(path, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return unwritten(path, err)
	}
	return nil
}

// color says whether this terminal shows colours.
func (c *command) color() bool {
	if _, no := c.t.env("NO_COLOR"); no {
		return false
	}
	out, ok := c.t.out.(*answers)
	if !ok {
		return false
	}
	f, ok := out.to.(*os.File)
	return ok && isTerminal(f)
}
