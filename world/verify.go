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
	"strings"

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

// Verified is what a comparison of a world with its manifest found.
type Verified struct {
	Manifest *Manifest // with its Origin, where that is there and as it was written
	Compared int       // files that were looked for
	// Faults say in a sentence each what differs: a file that is missing, longer,
	// shorter, edited, no regular file, or not the world's, hidden ones too.
	Faults []string
	// Withheld are those of Withholdable that are not there. That is no fault.
	Withheld []string
	// Unlisted says that services/ is there and cannot be compared: what lists its
	// files is withheld.
	Unlisted bool
}

// Verify compares every file of a world with its manifest. What is withheld as a
// whole is not missing. Progress may be nil.
func Verify(ctx context.Context, world fs.FS, progress func(done, total int64)) (*Verified, error) {
	m, err := ReadManifest(world)
	if err != nil {
		return nil, err
	}
	v := &Verified{Manifest: m, Compared: 1}
	for _, part := range Withholdable() {
		if _, err := fs.Stat(world, part); errors.Is(err, fs.ErrNotExist) {
			v.Withheld = append(v.Withheld, part)
		}
	}
	list := slices.Clone(m.Files)
	if v.withheld(OriginName) {
		v.Unlisted = !slices.Contains(v.Withheld, "services")
	} else if m.Origin, err = readOrigin(world, m); err != nil {
		return nil, err
	} else if m.Origin != nil {
		list = append(list, m.Origin.Files...)
	}
	list = slices.DeleteFunc(list, func(f Listed) bool { return v.withheld(f.Name) })
	var total, done int64
	for _, f := range list {
		total += f.Size
	}
	for _, f := range list {
		fault, err := compare(ctx, world, f, func(n int64) {
			if progress != nil {
				progress(done+n, total)
			}
		})
		if err != nil {
			return nil, err
		}
		if fault != "" {
			v.Faults = append(v.Faults, fault)
		}
		v.Compared++
		done += f.Size
	}
	return v, v.strangers(world, list)
}

// withheld says whether a file is in a folder that is not there.
func (v *Verified) withheld(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return slices.Contains(v.Withheld, folder)
}

// strangers finds what is there beside the files of a list, or in place of them.
func (v *Verified) strangers(world fs.FS, list []Listed) error {
	return fs.WalkDir(world, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		if entry.IsDir() {
			return nil
		}
		known := name == ManifestName || slices.ContainsFunc(list, func(f Listed) bool { return f.Name == name }) ||
			v.Manifest.Origin == nil && withholdable(name) // nothing here lists it
		switch {
		case !entry.Type().IsRegular():
			v.Faults = append(v.Faults, name+" is a link or something else that is no file: what it holds can change unseen")
		case !known:
			v.Faults = append(v.Faults, name+" does not belong to the world")
		}
		return nil
	})
}

// readOrigin reads what a world was made of; nil if it is not as it was written,
// which its comparison finds.
func readOrigin(world fs.FS, m *Manifest) (*Origin, error) {
	at := slices.IndexFunc(m.Files, func(f Listed) bool { return f.Name == OriginName })
	if at < 0 {
		return nil, goshawk.Errorf(goshawk.Corrupt, "%s does not list %s", ManifestName, OriginName)
	}
	text, err := fs.ReadFile(world, OriginName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = nil
	case err != nil:
		return nil, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", OriginName, err)
	}
	if fmt.Sprintf("%x", sum(text)) != m.Files[at].SHA256 {
		return nil, nil //nolint:nilnil // as the contract says
	}
	o := new(Origin)
	if err := json.Unmarshal(text, o); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "%s is damaged: %w", OriginName, err)
	}
	return o, nil
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
