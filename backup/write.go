package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"github.com/transparency-dev/tessera/api/layout"

	"goshawk"
	"goshawk/store"
)

// Where a data folder keeps things.
const (
	Exhibits = "exhibits"
	Audit    = "audit"
	Database = "goshawk.db"
	Keys     = "keys" // with which packages of evidence are signed
)

// What a backup's parts are called.
const (
	databasePart = "database"
	manifestPart = "manifest.json"
	keysFile     = "keys.json"
	secretFile   = "secret.key"
	nextFile     = "next.key"
	logFolder    = "log"
)

// Form is what a manifest says that it is of.
const Form = "goshawk-backup/1"

// Manifest is the last part of a backup: what there is in it.
type Manifest struct {
	Form    string    `json:"form"`
	Program string    `json:"program"` // version that wrote it
	Made    time.Time `json:"made"`    // when it was begun: everything that was acknowledged before is in it
	Keys    bool      `json:"keys"`    // with the private keys of the log and of packages
	Parts   []Part    `json:"parts"`
	// Damaged are exhibits whose bytes were not what they had been: they are not in it.
	Damaged []string `json:"damaged,omitempty"`
}

// Part is one file of a backup.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Source is what a backup is made of.
type Source struct {
	Folder string // of data
	Store  *store.Store
	Keys   bool // with the private keys of the log and of packages
	Now    time.Time
}

// chunk is how many bytes of the database a part has, or one row more.
const chunk = 4 << 20

// Write writes a backup, encrypted for recipients where there are any. The server may go on. Exhibits
// that are damaged are named in the manifest, and are no error.
func Write(ctx context.Context, w io.Writer, s Source, to ...age.Recipient) (m *Manifest, err error) {
	out := io.WriteCloser(nopCloser{w})
	if len(to) > 0 {
		if out, err = age.Encrypt(w, to...); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "the backup cannot be encrypted: %w", err)
		}
	}
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	b := &writer{ctx: ctx, tar: tar.NewWriter(z), s: s, m: &Manifest{Form: Form, Program: goshawk.Version, Made: s.Now.UTC().Truncate(time.Second), Keys: s.Keys}}
	// The log first: what it has, the database has then, too. The exhibits last: what
	// the database names is there then.
	for _, part := range []func() error{b.log, b.keys, b.database, b.exhibits, b.manifest, b.tar.Close, z.Close, out.Close} {
		if err := part(); err != nil {
			if goshawk.CodeOf(err) == "" {
				err = goshawk.Errorf(goshawk.Unavailable, "the backup cannot be written: %w", err).WithHint("is there room on the disk?")
			}
			return nil, err
		}
	}
	return b.m, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

type writer struct {
	ctx context.Context
	tar *tar.Writer
	s   Source
	m   *Manifest
}

// put writes a part.
func (b *writer) put(name string, text []byte) error {
	return b.stream(name, int64(len(text)), bytes.NewReader(text))
}

func (b *writer) stream(name string, size int64, r io.Reader) error {
	if err := b.ctx.Err(); err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "the backup was broken off: %w", err)
	}
	if err := b.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: b.m.Made, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(b.tar, h), io.LimitReader(r, size)); err != nil {
		return err
	}
	if name != manifestPart {
		b.m.Parts = append(b.m.Parts, Part{name, size, hex.EncodeToString(h.Sum(nil))})
	}
	return nil
}

func (b *writer) manifest() error {
	text, err := json.MarshalIndent(b.m, "", "  ")
	if err != nil {
		return err
	}
	return b.put(manifestPart, append(text, '\n'))
}

// database writes the rows, some megabytes a part.
func (b *writer) database() error {
	var buf bytes.Buffer
	n := 0
	flush := func() error {
		n++
		err := b.put(fmt.Sprintf("%s/%06d.jsonl", databasePart, n), buf.Bytes())
		buf.Reset()
		return err
	}
	err := b.s.Store.Copy(b.ctx, func(line []byte) error {
		buf.Write(line)
		if buf.Len() < chunk {
			return nil
		}
		return flush()
	})
	if err == nil && buf.Len() > 0 {
		err = flush()
	}
	return err
}

// log writes the audit trail's log: what its checkpoint covers, and what was in its tree when
// that was read, which may be a little more.
func (b *writer) log() error {
	dir := filepath.Join(b.s.Folder, Audit)
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) }
	names := []string{keysFile}
	if b.s.Keys {
		names = append(names, secretFile, nextFile)
	}
	names = append(names, logFolder+"/.state/version", logFolder+"/"+layout.CheckpointPath, logFolder+"/.state/treeState")
	var checkpoint, state []byte
	for _, name := range names {
		text, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			if name == keysFile {
				return nil // no server was ever started on the folder
			}
			continue
		}
		if err == nil {
			err = b.put(path.Join(Audit, name), text)
		}
		if err != nil {
			return err
		}
		checkpoint, state = state, text // the last two
	}
	sizes, err := treeSizes(checkpoint, state)
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "the audit log cannot be read: %w", err).WithHint("'goshawk audit verify' says what of it is damaged")
	}
	had := map[string]bool{}
	for _, size := range sizes {
		for t := range tilesOf(size) {
			name := path.Join(logFolder, t.name)
			if had[name] {
				continue
			}
			had[name] = true
			text, err := read(name)
			if errors.Is(err, fs.ErrNotExist) && t.whole != "" {
				// It has grown since, and its beginning is what it was.
				if text, err = read(path.Join(logFolder, t.whole)); err == nil {
					if len(text) < t.bytes {
						err = io.ErrUnexpectedEOF
					} else {
						text = text[:t.bytes]
					}
				}
			}
			if err == nil {
				err = b.put(path.Join(Audit, name), text)
			}
			if err != nil {
				return goshawk.Errorf(goshawk.Unavailable, "the audit log cannot be read: %w", err).WithHint("'goshawk audit verify' says what of it is damaged")
			}
		}
	}
	return nil
}

// publicKey is how the names of keys that are no secret end.
const publicKey = ".pub"

// keys writes the keys of packages. Their public parts are in every backup: so a server on one without the private key
// knows that there was one, and makes no other in its place.
func (b *writer) keys() error {
	root, err := os.OpenRoot(filepath.Join(b.s.Folder, Keys))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // none was made yet
	}
	if err != nil {
		return err
	}
	defer root.Close()
	list, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, d := range list {
		name := d.Name()
		if !d.Type().IsRegular() || !keyName.MatchString(name) || strings.HasSuffix(name, ".partial") || !b.s.Keys && !strings.HasSuffix(name, publicKey) {
			continue
		}
		info, err := d.Info()
		if err == nil && info.Size() > mostFile {
			err = goshawk.Errorf(goshawk.Invalid, "%s is too large for a key", path.Join(Keys, name)).WithHint("keep in that folder nothing but keys")
		}
		if err != nil {
			return err
		}
		text, err := root.ReadFile(name)
		if err == nil {
			err = b.put(path.Join(Keys, name), text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// treeSizes are how many leaves a checkpoint covers, and how many the tree has.
func treeSizes(checkpoint, state []byte) ([]uint64, error) {
	if len(state) == 0 {
		return nil, nil // it was not begun
	}
	var tree struct{ Size uint64 }
	if err := json.Unmarshal(state, &tree); err != nil {
		return nil, err
	}
	var origin string
	var size uint64
	if _, err := fmt.Fscanf(bytes.NewReader(checkpoint), "%s\n%d\n", &origin, &size); err != nil {
		return nil, err
	}
	return []uint64{size, tree.Size}, nil
}

// tile is a file of the log.
type tile struct {
	name  string
	whole string // for one that is not full: what it is called when it is
	bytes int    // that one has
}

// What a leaf and a node of the tree take in files: a commitment with its length, and a hash.
const leafBytes, nodeBytes = 2 + sha256.Size, sha256.Size

// tilesOf yields the files of a tree of a size.
func tilesOf(size uint64) func(func(tile) bool) {
	return func(yield func(tile) bool) {
		add := func(name func(n uint64, p uint8) string, nodes uint64, each int) bool {
			for n := range (nodes + 255) / 256 {
				t := tile{name: name(n, 0)}
				if part := nodes - n*256; part < 256 {
					t = tile{name(n, uint8(part)), t.name, int(part) * each}
				}
				if !yield(t) {
					return false
				}
			}
			return true
		}
		if !add(layout.EntriesPath, size, leafBytes) {
			return
		}
		for level, nodes := uint64(0), size; nodes > 0; level, nodes = level+1, nodes/256 {
			if !add(func(n uint64, p uint8) string { return layout.TilePath(level, n, p) }, nodes, nodeBytes) {
				return
			}
		}
	}
}

// exhibits writes the bytes of exhibits.
func (b *writer) exhibits() error {
	root, err := os.OpenRoot(filepath.Join(b.s.Folder, Exhibits))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !exhibitName.MatchString(name) {
			return err // what is being written is none yet
		}
		return b.exhibit(root, name)
	})
}

func (b *writer) exhibit(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != path.Base(name) {
		b.m.Damaged = append(b.m.Damaged, path.Base(name))
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return b.stream(path.Join(Exhibits, name), info.Size(), f)
}
