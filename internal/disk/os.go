package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Dir is a folder of the operating system.
type Dir struct{ path string }

// Open returns the folder at path, which must exist.
func Open(path string) (*Dir, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file, not a folder", path)
	}
	return &Dir{path: path}, nil
}

// Make returns the folder at path and creates it, and its parents, if needed.
func Make(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	return Open(path)
}

func (d *Dir) join(name string) string { return filepath.Join(d.path, name) }

// Create implements FS.
func (d *Dir) Create(name string) (File, error) {
	return os.OpenFile(d.join(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
}

// Edit implements FS.
func (d *Dir) Edit(name string) (File, error) {
	return os.OpenFile(d.join(name), os.O_RDWR|os.O_CREATE, 0o644)
}

// ReadFile implements FS.
func (d *Dir) ReadFile(name string) ([]byte, error) { return os.ReadFile(d.join(name)) }

// Size implements FS.
func (d *Dir) Size(name string) (int64, error) {
	info, err := os.Stat(d.join(name))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Rename implements FS.
func (d *Dir) Rename(old, new string) error { return os.Rename(d.join(old), d.join(new)) }

// Remove implements FS.
func (d *Dir) Remove(name string) error {
	if err := os.Remove(d.join(name)); err != nil && !Missing(err) {
		return err
	}
	return nil
}

// List implements FS.
func (d *Dir) List() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Lock implements FS.
func (d *Dir) Lock(name string) (io.Closer, error) {
	lock := flock.New(d.join(name))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrLocked
	}
	return lock, nil
}

// Map implements FS.
func (d *Dir) Map(name string, size int64) (Mapping, error) {
	if size == 0 {
		return &mapping{}, nil
	}
	f, err := os.Open(d.join(name))
	if err != nil {
		return nil, err
	}
	m, err := mapFile(f, size)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return m, nil
}

// longEnough refuses to map past a file's end, where touching a byte would
// kill the process.
func longEnough(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("%s holds %d bytes where %d were committed: %w", filepath.Base(f.Name()), info.Size(), size, io.ErrUnexpectedEOF)
	}
	return nil
}
