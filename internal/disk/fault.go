package disk

import (
	"errors"
	"io"
	"sync"
)

// ErrInjected is the error of an operation that a Faulty made fail.
var ErrInjected = errors.New("injected fault")

// Faulty wraps an FS and makes the operation with a chosen number fail, and
// every one after it, as a dying disk does. A failing write first writes half
// of its bytes. It is for tests.
type Faulty struct {
	FS
	mu    sync.Mutex
	left  int
	Err   error // what a failing operation returns; ErrInjected if nil
	Count int   // operations seen
}

// NewFaulty returns an FS whose operation number n (from 0) and all later ones
// fail; n < 0 never fails and only counts.
func NewFaulty(fsys FS, n int, err error) *Faulty {
	if err == nil {
		err = ErrInjected
	}
	return &Faulty{FS: fsys, left: n, Err: err}
}

func (f *Faulty) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Count++
	if f.left < 0 {
		return nil
	}
	if f.left == 0 {
		return f.Err
	}
	f.left--
	return nil
}

// Create implements FS.
func (f *Faulty) Create(name string) (File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.FS.Create(name)
	return f.wrap(file), err
}

// Edit implements FS.
func (f *Faulty) Edit(name string) (File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.FS.Edit(name)
	return f.wrap(file), err
}

func (f *Faulty) wrap(file File) File {
	if file == nil {
		return nil
	}
	return &faultyFile{file, f}
}

// Rename implements FS.
func (f *Faulty) Rename(old, new string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Rename(old, new)
}

// Remove implements FS.
func (f *Faulty) Remove(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// Sync implements FS.
func (f *Faulty) Sync() error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Sync()
}

// Lock implements FS.
func (f *Faulty) Lock(name string) (io.Closer, error) { return f.FS.Lock(name) }

type faultyFile struct {
	File
	f *Faulty
}

func (w *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := w.f.step(); err != nil {
		n, werr := w.File.WriteAt(p[:len(p)/2], off)
		return n, errors.Join(err, werr)
	}
	return w.File.WriteAt(p, off)
}

func (w *faultyFile) Sync() error {
	if err := w.f.step(); err != nil {
		return err
	}
	return w.File.Sync()
}
