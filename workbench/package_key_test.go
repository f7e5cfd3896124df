package workbench

import (
	"os"
	"path/filepath"
	"testing"

	"goshawk"
)

// TestPackageKey: a server signs with the key that its data folder has, makes one where there never was any, and none where
// one was taken away.
func TestPackageKey(t *testing.T) {
	b := &Bench{Data: t.TempDir()}
	first, err := b.packageKey()
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(b.Data, keyFolder, keyName)
	public, err := os.ReadFile(at + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{at: 0o600, at + ".pub": 0o644} {
		if info, err := os.Stat(name); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	// A kill between the two files: the second is made from the first.
	if err := os.Remove(at + ".pub"); err != nil {
		t.Fatal(err)
	}
	if again, err := b.packageKey(); err != nil || !again.Equal(first) {
		t.Errorf("another key: %v", err)
	}
	if is, err := os.ReadFile(at + ".pub"); err != nil || string(is) != string(public) {
		t.Errorf("%s: %v", is, err)
	}
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if _, err := b.packageKey(); goshawk.CodeOf(err) != goshawk.NotFound || goshawk.HintOf(err) == "" {
		t.Errorf("a key that was taken away: %v", err)
	}
}
