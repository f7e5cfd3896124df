package disk

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

type mapping struct {
	data   []byte
	handle windows.Handle
}

func (m *mapping) Bytes() []byte { return m.data }

func (m *mapping) Close() error {
	if m.data == nil {
		return nil
	}
	address := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
	m.data = nil
	return errors.Join(windows.UnmapViewOfFile(address), windows.CloseHandle(m.handle))
}

func mapFile(f *os.File, size int64) (*mapping, error) {
	if err := longEnough(f, size); err != nil {
		return nil, err
	}
	handle, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, uint32(size>>32), uint32(size), nil)
	if err != nil {
		return nil, os.NewSyscallError("CreateFileMapping", err)
	}
	address, err := windows.MapViewOfFile(handle, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("MapViewOfFile", err), windows.CloseHandle(handle))
	}
	// The address comes from the operating system, not from Go's heap.
	data := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address))), size)
	return &mapping{data, handle}, nil
}

// Sync implements FS. Windows makes directory entries durable with the files.
func (d *Dir) Sync() error { return nil }
