package evidence

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"goshawk"
)

// Limits of what is opened. A package beyond them is refused before a byte of it is unpacked.
const (
	mostFiles = 100_000
	mostRatio = 200       // unpacked to packed, beyond mostSlack
	mostSlack = 256 << 20 // bytes that any package may have unpacked
)

// files are the files of a package, by their names below its root. Nothing is unpacked to disk.
type files struct {
	size map[string]int64
	read func(name string) (io.ReadCloser, error)
}

// names are the files' names, in order.
func (f *files) names() []string { return slices.Sorted(maps.Keys(f.size)) }

// open opens a file; its reader ends with a Corrupt error where there is more than was said.
func (f *files) open(name string) (io.ReadCloser, error) {
	size, ok := f.size[name]
	if !ok {
		return nil, corrupt("%s is missing", name)
	}
	r, err := f.read(name)
	if err != nil {
		return nil, corrupt("%s cannot be read: %w", name, err)
	}
	return &bounded{r, size}, nil
}

type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, corrupt("it has more bytes than it says")
	}
	if errors.Is(err, io.EOF) && b.left > 0 {
		return n, corrupt("it ends too early")
	}
	return n, err
}

// add takes a file in, if its name is one that a package has.
func (f *files) add(name string, size int64) error {
	switch _, twice := f.size[name]; {
	case !plainName(name):
		return corrupt("a file %q cannot be in a package", name)
	case twice:
		return corrupt("there are two files %q", name)
	case len(f.size) >= mostFiles:
		return corrupt("there are more than %d files", mostFiles)
	case size < 0 || size > mostPackage:
		return corrupt("%s has %d bytes", name, size)
	}
	f.size[name] = size
	return nil
}

// openZip looks into a zip file of a size. Names that lead out of it, that are there twice or
// differ by case only, links, bombs, and bytes that belong to none of its files are Corrupt errors.
func openZip(r io.ReaderAt, size int64) (*files, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, corrupt("it is no zip file: %w", err)
	}
	f := &files{size: map[string]int64{}}
	entries, folded := map[string]*zip.File{}, map[string]bool{}
	root := ""
	var total uint64
	for i, e := range z.File {
		top, name, found := strings.Cut(e.Name, "/")
		if !found || !plainName(top) || i > 0 && top != root {
			return nil, corrupt("a file %q: a package has one folder, and everything in it", e.Name)
		}
		root = top
		if e.Mode().IsDir() && (strings.HasSuffix(e.Name, "/") && e.UncompressedSize64 == 0) {
			if name != "" && !plainName(strings.TrimSuffix(name, "/")) {
				return nil, corrupt("a folder %q cannot be in a package", e.Name)
			}
			continue
		}
		if !e.Mode().IsRegular() {
			return nil, corrupt("%q is no file", e.Name)
		}
		if total += e.UncompressedSize64; e.UncompressedSize64 > mostPackage || total > mostPackage || total > mostSlack+mostRatio*uint64(size) {
			return nil, corrupt("unpacked it would have %d bytes or more, of %d packed", total, size)
		}
		lower := strings.ToLower(name)
		if folded[lower] {
			return nil, corrupt("there are two files %q", name)
		}
		folded[lower] = true
		if err := f.add(name, int64(e.UncompressedSize64)); err != nil {
			return nil, err
		}
		entries[name] = e
	}
	if err := whole(r, size, z.File); err != nil {
		return nil, err
	}
	f.read = func(name string) (io.ReadCloser, error) { return entries[name].Open() }
	return f, nil
}

// openFolder looks into a folder that a package was unpacked to. Links and whatever else is no
// file are Corrupt errors; nothing outside of the folder is read.
func openFolder(path string) (*files, func() error, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, nil, goshawk.Errorf(goshawk.NotFound, "%s cannot be opened: %w", path, err)
	}
	f := &files{size: map[string]int64{}, read: func(name string) (io.ReadCloser, error) { return root.Open(name) }}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			return corrupt("%q is no file", name)
		}
		info, err := d.Info()
		if err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		return f.add(name, info.Size())
	})
	if err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	return f, root.Close, nil
}
