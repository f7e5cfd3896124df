package backup

import (
	"archive/tar"
	"bufio"
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
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/store"
)

// Unfinished is the folder, within the one that a backup is restored to, of what is not
// complete yet. A server does not start where there is one.
const Unfinished = "restoring"

// Limits of what is read.
const (
	mostParts    = 2_000_000
	mostManifest = 512 << 20
	mostLine     = 256 << 20 // of a row
	mostFile     = 1 << 20   // of keys and the log
)

// exhibitName, databaseName, keyName and auditName are what the parts of a backup may be called:
// nothing else is ever written.
var (
	exhibitName  = regexp.MustCompile(`^[0-9a-f]{2}/[0-9a-f]{64}$`)
	keyName      = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.-]{0,99}$`)
	databaseName = regexp.MustCompile(`^database/[0-9]{6,9}\.jsonl$`)
	auditName    = regexp.MustCompile(`^audit/(keys\.json|secret\.key|next\.key|log/(checkpoint|\.state/(version|treeState)|tile/(entries|[0-9]{1,2})(/x[0-9]{3}){0,6}/[0-9]{3}(\.p/[0-9]{1,3})?))$`)
)

// Restored is what became of a backup.
type Restored struct {
	Manifest Manifest
	Entries  int64         // of the audit trail
	Faults   []audit.Fault // what the trail and the log do not agree on: it was so before
}

// Restore makes a data folder of a backup: an empty folder, or none yet. database is a URL of an
// empty PostgreSQL database, or empty: SQLite in the folder. Everything is verified before
// any of it has the name that a server knows; what failed leaves nothing in the folder, but may leave
// rows in a PostgreSQL database. identities are for an encrypted one.
func Restore(ctx context.Context, r io.Reader, folder, database string, identities ...age.Identity) (done *Restored, err error) {
	defer func() {
		if err != nil && goshawk.CodeOf(err) == "" {
			err = goshawk.Errorf(goshawk.Unavailable, "the backup cannot be restored: %w", err).WithHint("is there room on the disk?")
		}
	}()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	there, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		return nil, goshawk.Errorf(goshawk.Conflict, "there is something in %s already", folder).WithHint("name an empty folder: nothing is ever written over")
	}
	at := filepath.Join(folder, Unfinished)
	if err := os.Mkdir(at, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(at))
		}
	}()
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := opened(r, identities)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	b := &reader{ctx: ctx, all: z, tar: tar.NewReader(z), root: root, had: map[string]bool{}}
	where := database
	if where == "" {
		where = filepath.Join(at, Database)
	}
	if err := b.files(); err != nil {
		return nil, err
	}
	db, err := store.Paste(ctx, where, b.line)
	if err != nil {
		return nil, err
	}
	done = &Restored{}
	err = b.rest()
	if err == nil {
		done.Manifest = b.manifest
		done.Entries, err = db.Head(ctx)
	}
	if err == nil {
		done.Faults, err = verify(ctx, at, db, b.manifest.Damaged)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return done, settle(folder)
}

// verify holds the trail against its log, accounts and cases, and looks for the bytes of exhibits, but those that are
// known to be damaged: those that are there were held against their hashes as they came.
func verify(ctx context.Context, at string, db *store.Store, damaged []string) ([]audit.Fault, error) {
	v := &audit.Verification{}
	dir := filepath.Join(at, Audit)
	_, err := os.Stat(dir)
	if err == nil {
		v, err = audit.Verify(ctx, dir, store.Trail{Store: db}, nil)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil // no server was ever started
	}
	if err == nil {
		err = db.Replay(ctx, func(entry int64, of goshawk.ID, what string) { v.Fault(entry, of, what) })
	}
	if err != nil {
		return nil, err
	}
	list, err := db.Exhibits(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(x store.FixedExhibit) bool { return slices.Contains(damaged, x.SHA256) })
	err = store.CheckExhibits(ctx, filepath.Join(at, Exhibits), list, false, func(x *store.FixedExhibit, what string) { v.Fault(0, x.Case, what) }, nil)
	return v.Faults, err
}

// settle gives everything its name, the database last.
func settle(folder string) error {
	at := filepath.Join(folder, Unfinished)
	for _, name := range []string{Exhibits, Audit, Keys, Database} {
		err := os.Rename(filepath.Join(at, name), filepath.Join(folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(at)
}

// opened decrypts what is encrypted.
func opened(r io.Reader, identities []age.Identity) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(21)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(start) != "age-encryption.org/v1" {
		return in, nil
	}
	if len(identities) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "the backup is encrypted").WithHint("name the file with the key: --identity FILE")
	}
	out, err := age.Decrypt(in, identities...)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the backup cannot be decrypted: %w", err).WithHint("it was encrypted for somebody else's key, or is damaged")
	}
	return out, nil
}

type reader struct {
	ctx      context.Context
	all      io.Reader
	tar      *tar.Reader
	root     *os.Root
	had      map[string]bool
	parts    []Part
	manifest Manifest

	head *tar.Header // of the next part; nil: none was read
	rows *bufio.Reader
	sum  *summed // of the part that rows reads
	n    int     // parts of the database
}

// damaged is what a backup is that is not what was written.
func damaged(format string, args ...any) error {
	return goshawk.Errorf(goshawk.Corrupt, "the backup is damaged, or is none: %w", fmt.Errorf(format, args...)).WithHint("use another copy of it")
}

// peek returns the header of the next part.
func (b *reader) peek() (*tar.Header, error) {
	if b.head != nil {
		return b.head, nil
	}
	if err := b.ctx.Err(); err != nil {
		return nil, goshawk.Errorf(goshawk.Interrupted, "the restore was broken off: %w", err)
	}
	h, err := b.tar.Next()
	switch {
	case err != nil:
		return nil, damaged("%w", err)
	case h.Typeflag != tar.TypeReg || h.Size < 0:
		return nil, damaged("%q is no file", h.Name)
	case b.had[h.Name]:
		return nil, damaged("%q comes twice", h.Name)
	case len(b.had) >= mostParts:
		return nil, damaged("it has too many parts")
	}
	b.had[h.Name] = true
	b.head = h
	return h, nil
}

// summed reads one part, and hashes it.
type summed struct {
	r io.Reader
	n int64
	h interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if _, bad := s.h.Write(p[:n]); bad != nil {
		return n, bad
	}
	return n, err
}

// take begins to read the part that was peeked at.
func (b *reader) take(most int64) (*summed, error) {
	h := b.head
	b.head = nil
	if h.Size > most {
		return nil, damaged("%q is too large", h.Name)
	}
	return &summed{r: b.tar, h: sha256.New()}, nil
}

// taken ends it.
func (b *reader) taken(name string, s *summed) string {
	sum := hex.EncodeToString(s.h.Sum(nil))
	b.parts = append(b.parts, Part{name, s.n, sum})
	return sum
}

// files writes the parts that are files, up to one that is not.
func (b *reader) files() error {
	for {
		h, err := b.peek()
		if err != nil {
			return err
		}
		name, most := h.Name, int64(mostFile)
		exhibit, is := strings.CutPrefix(name, Exhibits+"/")
		key, isKey := strings.CutPrefix(name, Keys+"/")
		switch {
		case is && exhibitName.MatchString(exhibit):
			most = casebook.MostExhibit
		case isKey && keyName.MatchString(key):
		case !auditName.MatchString(name):
			return nil
		}
		s, err := b.take(most)
		if err != nil {
			return err
		}
		if err := b.write(name, s); err != nil {
			return err
		}
		if sum := b.taken(name, s); most == casebook.MostExhibit && sum != path.Base(name) {
			return damaged("the exhibit %s has other bytes", path.Base(name))
		}
	}
}

func (b *reader) write(name string, r io.Reader) (err error) {
	if err := b.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if strings.HasSuffix(name, keysFile) || strings.HasPrefix(name, Keys+"/") && strings.HasSuffix(name, publicKey) {
		mode = 0o644
	}
	f, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, r); err != nil {
		if _, disk := errors.AsType[*fs.PathError](err); disk {
			return err
		}
		return damaged("%w", err)
	}
	return f.Sync()
}

// line returns the next line of the database.
func (b *reader) line() ([]byte, error) {
	for b.rows == nil {
		h, err := b.peek()
		if err != nil {
			return nil, err
		}
		if b.n++; !databaseName.MatchString(h.Name) || h.Name != fmt.Sprintf("%s/%06d.jsonl", databasePart, b.n) {
			return nil, damaged("%q is where the database's part %d should be", h.Name, b.n)
		}
		if b.sum, err = b.take(mostLine + chunk); err != nil {
			return nil, err
		}
		b.rows = bufio.NewReaderSize(b.sum, 64<<10)
		b.sum.r = io.LimitReader(b.tar, h.Size)
	}
	line, err := b.rows.ReadBytes('\n') // bounded by the part
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, damaged("%w", err)
	}
	if _, end := b.rows.Peek(1); end != nil {
		b.taken(fmt.Sprintf("%s/%06d.jsonl", databasePart, b.n), b.sum)
		b.rows = nil
	}
	return bytes.TrimSuffix(line, []byte("\n")), nil
}

// rest reads what comes after the database, and holds all of it against the manifest.
func (b *reader) rest() error {
	if b.rows != nil {
		return damaged("the database has more rows than it says")
	}
	if err := b.files(); err != nil {
		return err
	}
	h, err := b.peek()
	if err != nil {
		return err
	}
	if h.Name != manifestPart {
		return damaged("%q is no part of a backup", h.Name)
	}
	s, err := b.take(mostManifest)
	if err != nil {
		return err
	}
	if err := json.NewDecoder(s).Decode(&b.manifest); err != nil {
		return damaged("%w", err)
	}
	if b.manifest.Form != Form {
		return goshawk.Errorf(goshawk.Unsupported, "the backup is of the form %q, and this program knows %s", b.manifest.Form, Form).WithHint("use the program that wrote it")
	}
	if len(b.parts) != len(b.manifest.Parts) {
		return damaged("it has %d parts, and its manifest %d", len(b.parts), len(b.manifest.Parts))
	}
	for i, p := range b.parts {
		if p != b.manifest.Parts[i] {
			return damaged("%q is not what its manifest says", p.Name)
		}
	}
	if _, err := b.tar.Next(); !errors.Is(err, io.EOF) {
		return damaged("it goes on after its manifest")
	}
	// Up to the end: only there what encrypted it says that nothing was cut off.
	if n, err := io.ReadFull(b.all, make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return damaged("it does not end where it should: %w", err)
	}
	return nil
}
