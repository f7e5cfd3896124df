package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"goshawk"
	"goshawk/internal/disk"
)

// poolWork is where a pool is made: a folder beside the place where it shall be,
// which one process at a time has. What became of each seed is noted there, so
// that a pool that was interrupted or killed goes on.
type poolWork struct {
	folder string
	lock   io.Closer
	notes  *os.File
	seed   uint64      // of the pool
	tried  []candidate // by an earlier run that was asked for the same, in the order of their seeds
}

// openPoolWork opens the folder for a pool at out. Notes of a pool that was asked
// for otherwise, as asked says, are given up; otherwise its seed is the one that
// they keep.
func openPoolWork(out string, asked []byte, seed uint64) (w *poolWork, err error) {
	out = filepath.Clean(out)
	w = &poolWork{seed: seed, folder: filepath.Join(filepath.Dir(out), "."+filepath.Base(out)+unfinished)}
	home, err := disk.Make(w.folder)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err).WithHint("write elsewhere: --out DIR")
	}
	if w.lock, err = home.Lock("lock"); err != nil {
		if errors.Is(err, disk.ErrLocked) {
			return nil, goshawk.Errorf(goshawk.Conflict, "%s is being made by another process", out).WithHint("wait for it, or write elsewhere: --out DIR")
		}
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot use %s: %w", w.folder, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.lock.Close())
		}
	}()
	name := filepath.Join(w.folder, "tried")
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read %s: %w", name, err)
	}
	kept := w.resume(text, asked)
	if err := os.WriteFile(name, kept, 0o600); err != nil {
		return nil, unwritten(name, err)
	}
	if err := w.clear(); err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot use %s: %w", w.folder, err)
	}
	if w.notes, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return nil, unwritten(name, err)
	}
	return w, nil
}

// resume reads the notes of an earlier run and returns those that hold: what was
// asked, the seed, and a line for each world that was tried.
func (w *poolWork) resume(text, asked []byte) []byte {
	kept := append(bytes.Clone(asked), '\n')
	rest, same := bytes.CutPrefix(text, kept)
	line, rest, whole := bytes.Cut(rest, []byte{'\n'})
	seed, err := strconv.ParseUint(string(line), 10, 64)
	if same = same && whole && err == nil; same {
		w.seed = seed
	}
	kept = append(strconv.AppendUint(kept, w.seed, 10), '\n')
	if !same {
		return kept
	}
	for line := range bytes.Lines(rest) {
		var c candidate
		if line[len(line)-1] != '\n' || json.Unmarshal(line, &c) != nil {
			break // the end of it was not written
		}
		w.tried, kept = append(w.tried, c), append(kept, line...)
	}
	return kept
}

// note keeps what became of the next seed.
func (w *poolWork) note(c *candidate) error {
	line, err := json.Marshal(c)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "seed %d cannot be noted: %w", c.Seed, err)
	}
	if _, err := w.notes.Write(append(line, '\n')); err != nil {
		return unwritten(w.notes.Name(), err)
	}
	return nil
}

// pool is where the pool itself is written.
func (w *poolWork) pool() string { return filepath.Join(w.folder, "pool") }

// candidates is where worlds are made to be solved.
func (w *poolWork) candidates() string { return filepath.Join(w.folder, "candidates") }

// clear removes what an earlier run left of worlds.
func (w *poolWork) clear() error {
	return errors.Join(os.RemoveAll(w.pool()), os.RemoveAll(w.candidates()))
}

// close ends the work. The folder stays if there are notes to go on from.
func (w *poolWork) close(goOn bool) error {
	err := errors.Join(w.notes.Close(), w.clear(), w.lock.Close())
	if !goOn {
		err = errors.Join(err, os.RemoveAll(w.folder))
	}
	return err
}
