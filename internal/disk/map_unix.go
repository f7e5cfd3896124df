//go:build unix

package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

type mapping struct{ data []byte }

func (m *mapping) Bytes() []byte { return m.data }

func (m *mapping) Close() error {
	if m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return unix.Munmap(data)
}

func mapFile(f *os.File, size int64) (*mapping, error) {
	if err := longEnough(f, size); err != nil {
		return nil, err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &mapping{data}, nil
}

// Sync implements FS.
func (d *Dir) Sync() error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer f.Close() // a directory opened for reading has nothing to lose
	return f.Sync()
}
