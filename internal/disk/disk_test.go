package disk

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Make(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Whatever step of a replacement fails, the name holds the old bytes or the new.
func TestWriteFileIsWhole(t *testing.T) {
	d := open(t)
	old, young := bytes.Repeat([]byte("old"), 1000), bytes.Repeat([]byte("young"), 1000)
	counting := NewFaulty(d, -1, nil)
	if err := WriteFile(counting, "file", old); err != nil {
		t.Fatal(err)
	}
	for n := range counting.Count {
		if err := WriteFile(d, "file", old); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(NewFaulty(d, n, nil), "file", young); !errors.Is(err, ErrInjected) {
			t.Errorf("operation %d failed, and the error is %v", n, err)
		}
		got, err := d.ReadFile("file")
		if err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, young) {
			t.Errorf("after operation %d failed the file holds %d bytes, %v", n, len(got), err)
		}
	}
}

func TestMap(t *testing.T) {
	d := open(t)
	if err := WriteFile(d, "file", []byte("committed, and more")); err != nil {
		t.Fatal(err)
	}
	m, err := d.Map("file", 9)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Bytes()); got != "committed" {
		t.Errorf("the map holds %q", got)
	}
	f, err := d.Edit("file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("C"), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(m.Bytes()); got != "Committed" {
		t.Errorf("after a write in place the map holds %q", got)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if m, err := d.Map("file", 1000); m != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a map beyond the file's end gives %v, %v", m, err)
	}
	if _, err := d.Map("absent", 1); !Missing(err) {
		t.Errorf("a map of no file gives %v", err)
	}
	empty, err := d.Map("absent", 0)
	if err != nil || len(empty.Bytes()) != 0 {
		t.Errorf("an empty map gives %v", err)
	}
}

func TestLock(t *testing.T) {
	d := open(t)
	first, err := d.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock("lock"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock gives %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := d.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
