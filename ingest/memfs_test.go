package ingest_test

import (
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"goshawk/ingest"
)

// memory is a file system for tests: files by slash-separated names, with
// faults to inject. It can be written while ingest reads it.
type memory struct {
	mutex   sync.Mutex
	files   map[string][]byte
	changes int64
	changed map[string]int64
	short   bool                                         // every read gives one byte less than asked, or one
	fail    func(name string, offset int64, n int) error // of a read
}

func newMemory(files map[string][]byte) *memory {
	m := &memory{files: map[string][]byte{}, changed: map[string]int64{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		m.write(name, files[name])
	}
	return m
}

func (m *memory) write(name string, data []byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.changes++
	m.files[name], m.changed[name] = data, m.changes
}

func (m *memory) read(name string) ([]byte, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	b, ok := m.files[name]
	return b, ok
}

func (m *memory) Open(name string) (ingest.File, error) {
	if _, ok := m.read(name); !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memoryFile{m, name}, nil
}

func (m *memory) Stat(name string) (fs.FileInfo, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if b, ok := m.files[name]; ok {
		return entry{name: path.Base(name), size: int64(len(b)), changed: m.changed[name]}, nil
	}
	for f := range m.files {
		if strings.HasPrefix(f, name+"/") {
			return entry{name: path.Base(name), dir: true}, nil
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var entries []fs.DirEntry
	for _, f := range slices.Sorted(maps.Keys(m.files)) {
		if path.Dir(f) == name {
			entries = append(entries, entry{name: path.Base(f)})
		}
	}
	if entries == nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return entries, nil
}

type memoryFile struct {
	m    *memory
	name string
}

func (f *memoryFile) Close() error { return nil }

func (f *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	b, _ := f.m.read(f.name)
	if f.m.fail != nil {
		if err := f.m.fail(f.name, offset, len(p)); err != nil {
			return 0, err
		}
	}
	if offset >= int64(len(b)) {
		return 0, io.EOF
	}
	if f.m.short && len(p) > 1 {
		p = p[:max(1, len(p)/2)]
		return copy(p, b[offset:]), nil
	}
	n := copy(p, b[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

type entry struct {
	name    string
	size    int64
	changed int64
	dir     bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) ModTime() time.Time         { return time.Unix(0, e.changed) }
func (e entry) IsDir() bool                { return e.dir }
func (e entry) Sys() any                   { return nil }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
