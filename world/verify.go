package world

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"goshawk"
)

// ReadManifest reads a world's manifest and checks its seal.
func ReadManifest(world fs.FS) (*Manifest, error) {
	text, err := fs.ReadFile(world, ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no world here: %w", err).WithHint("name the folder that 'goshawk world new' made; one that was interrupted has no %s", ManifestName)
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", ManifestName, err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "%s is damaged: %w", ManifestName, err)
	}
	seal := m.Seal
	again, err := m.encode()
	if err != nil {
		return nil, err
	}
	if m.Seal != seal || !bytes.Equal(again, text) {
		return nil, goshawk.Errorf(goshawk.Corrupt, "%s was changed after it was written", ManifestName)
	}
	return &m, nil
}

// Verify compares every file of a world with its manifest and says what differs,
// one sentence each: a file that is missing, longer, shorter, edited, or not the
// world's. Files whose names begin with a dot are not looked at. Progress may be nil.
func Verify(ctx context.Context, world fs.FS, progress func(done, total int64)) (*Manifest, []string, error) {
	m, err := ReadManifest(world)
	if err != nil {
		return nil, nil, err
	}
	var total, done int64
	for _, f := range m.Files {
		total += f.Size
	}
	var faults []string
	for _, f := range m.Files {
		fault, err := compare(ctx, world, f, func(n int64) {
			if progress != nil {
				progress(done+n, total)
			}
		})
		if err != nil {
			return m, faults, err
		}
		if fault != "" {
			faults = append(faults, fault)
		}
		done += f.Size
	}
	err = fs.WalkDir(world, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		if entry.IsDir() || entry.Name()[0] == '.' || name == ManifestName {
			return nil
		}
		if !slices.ContainsFunc(m.Files, func(f Listed) bool { return f.Name == name }) {
			faults = append(faults, name+" does not belong to the world")
		}
		return nil
	})
	return m, faults, err
}

// compare reads one file and says in what it differs, if in anything.
func compare(ctx context.Context, world fs.FS, want Listed, progress func(int64)) (string, error) {
	file, err := world.Open(want.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return want.Name + " is missing", nil
	}
	if err != nil {
		return "", goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", want.Name, err)
	}
	defer file.Close()
	h := sha256.New()
	buffer := make([]byte, 1<<20)
	size := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return "", goshawk.Errorf(goshawk.Interrupted, "the world was not verified: %w", err)
		}
		n, err := file.Read(buffer)
		h.Write(buffer[:n])
		size += int64(n)
		progress(size)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", want.Name, err)
		}
	}
	switch {
	case size != want.Size:
		return fmt.Sprintf("%s has %d bytes, not the %d that were written", want.Name, size, want.Size), nil
	case fmt.Sprintf("%x", h.Sum(nil)) != want.SHA256:
		return want.Name + " was edited: it hashes to something else than when it was written", nil
	}
	return "", nil
}
