package workbench

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/label"
)

// LabelStore is the name of the label store in a data folder.
const LabelStore = "labels.store"

// StoredLabels opens the label store of a data folder; without one it returns nil. The store must
// not be used after the function that it returns.
func StoredLabels(folder string) (*label.Store, func() error, error) {
	nothing := func() error { return nil }
	info, err := os.Stat(filepath.Join(folder, LabelStore))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nothing, nil
	}
	if err != nil {
		return nil, nothing, goshawk.Errorf(goshawk.Unavailable, "the label store cannot be read: %w", err)
	}
	d, err := disk.Open(folder)
	if err != nil {
		return nil, nothing, err
	}
	m, err := d.Map(LabelStore, info.Size())
	if err != nil {
		return nil, nothing, err
	}
	store, err := label.Open(m.Bytes())
	if err != nil {
		return nil, nothing, errors.Join(err, m.Close())
	}
	return store, m.Close, nil
}
