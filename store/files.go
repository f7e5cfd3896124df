package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"goshawk"
)

// Files keeps exhibits' bytes in a folder, each in a file named by its hash, which is never
// written again: new bytes are written under another name, put on the disk, and renamed.
type Files struct{ root *os.Root }

// incoming is the folder of what is being written.
const incoming = "incoming"

// OpenFiles opens the folder, which it makes. What a program that was killed left half written
// in it is removed.
func OpenFiles(folder string) (*Files, error) {
	failed := func(err error) error {
		return goshawk.Errorf(goshawk.Unavailable, "the folder of exhibits cannot be opened: %w", err).WithHint("is it there, and may this program write to it?")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, failed(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, failed(err)
	}
	err = root.RemoveAll(incoming)
	if err == nil {
		err = root.Mkdir(incoming, 0o700)
	}
	if err != nil {
		return nil, failed(errors.Join(err, root.Close()))
	}
	return &Files{root}, nil
}

// Close ends all use of the folder.
func (f *Files) Close() error { return f.root.Close() }

// Put implements casebook.Files.
func (f *Files) Put(ctx context.Context, r io.Reader, limit int64) (string, int64, error) {
	temporary := path.Join(incoming, rand.Text())
	w, err := f.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, unwritten(err)
	}
	sum, size, err := f.write(ctx, w, r, limit)
	if err == nil {
		err = f.keep(temporary, sum)
	}
	if err != nil {
		if bad := f.root.Remove(temporary); bad != nil && !errors.Is(bad, fs.ErrNotExist) {
			err = errors.Join(err, bad)
		}
		return "", 0, err
	}
	return sum, size, nil
}

// write copies r into w, puts it on the disk and closes it.
func (f *Files) write(ctx context.Context, w *os.File, r io.Reader, limit int64) (sum string, size int64, err error) {
	defer func() {
		if bad := w.Close(); bad != nil && err == nil {
			err = unwritten(bad)
		}
	}()
	h := sha256.New()
	buf := make([]byte, 128<<10)
	for {
		if err := ctx.Err(); err != nil {
			return "", 0, goshawk.Errorf(goshawk.Interrupted, "the file was broken off: %w", err)
		}
		n, err := r.Read(buf)
		if size += int64(n); size > limit {
			return "", 0, goshawk.Errorf(goshawk.Invalid, "the file is larger than %s, the most that one exhibit may have", goshawk.Count(int(limit), "byte", "bytes")).
				WithHint("split it, or keep it elsewhere and fix a note with its hash; nothing was stored")
		}
		h.Write(buf[:n])
		if _, bad := w.Write(buf[:n]); bad != nil {
			return "", 0, unwritten(bad)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if goshawk.CodeOf(err) != "" {
				return "", 0, err
			}
			return "", 0, goshawk.Errorf(goshawk.Invalid, "the file did not come whole: %w", err).WithHint("send it again; nothing was stored")
		}
	}
	if err := w.Sync(); err != nil {
		return "", 0, unwritten(err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// keep gives a file its name. Bytes that are there already are written again: they may have been damaged.
func (f *Files) keep(temporary, sum string) error {
	to := fileOf(sum)
	if err := f.root.Mkdir(path.Dir(to), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return unwritten(err)
	}
	if err := f.root.Rename(temporary, to); err != nil {
		return unwritten(err)
	}
	for _, folder := range []string{path.Dir(to), "."} {
		d, err := f.root.Open(folder)
		if err != nil {
			return unwritten(err)
		}
		err = syncFolder(d)
		if bad := d.Close(); err == nil {
			err = bad
		}
		if err != nil {
			return unwritten(err)
		}
	}
	return nil
}

// syncFolder puts a folder's names on the disk, where the system can.
func syncFolder(d *os.File) error {
	err := d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrInvalid) {
		return nil // Windows puts names on the disk by itself
	}
	return err
}

func unwritten(err error) error {
	return goshawk.Errorf(goshawk.Unavailable, "the file cannot be written: %w", err).WithHint("is there room on the disk?")
}

func fileOf(sum string) string { return path.Join(sum[:2], sum) }

// Open implements casebook.Files.
func (f *Files) Open(sum string) (io.ReadCloser, error) {
	want, err := hex.DecodeString(sum)
	if err != nil || len(want) != sha256.Size || strings.ToLower(sum) != sum {
		return nil, goshawk.Errorf(goshawk.Invalid, "no file has this hash")
	}
	file, err := f.root.Open(fileOf(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the bytes of an exhibit are gone: %w", err).WithHint("restore the exhibits' folder from a backup")
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "an exhibit cannot be read: %w", err)
	}
	return &verified{file: file, sum: sha256.New(), want: [sha256.Size]byte(want)}, nil
}

// verified reads a file and holds its last bytes back until all of them are known to be right.
type verified struct {
	file *os.File
	sum  hash.Hash
	want [sha256.Size]byte
	held []byte // read and hashed, not handed out
	next []byte // read after it
	err  error  // after held
	buf  [2][64 << 10]byte
	turn int
}

// Read implements io.Reader.
func (v *verified) Read(p []byte) (int, error) {
	for len(v.held) == 0 {
		if v.err != nil {
			return 0, v.err
		}
		v.fill()
	}
	n := copy(p, v.held)
	v.held = v.held[n:]
	return n, nil
}

// fill reads on until something may be handed out, or the end is known.
func (v *verified) fill() {
	for v.err == nil {
		buf := v.buf[v.turn][:]
		v.turn = 1 - v.turn
		n, err := io.ReadFull(v.file, buf)
		v.sum.Write(buf[:n])
		last := v.next
		v.next = buf[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			if [sha256.Size]byte(v.sum.Sum(nil)) != v.want {
				v.err = goshawk.Errorf(goshawk.Corrupt, "the bytes of an exhibit are not what they were").WithHint("restore the exhibits' folder from a backup")
				v.held = nil
				return
			}
			v.err = io.EOF
			v.held = append(append([]byte{}, last...), v.next...)
			return
		}
		if err != nil {
			v.err = goshawk.Errorf(goshawk.Unavailable, "an exhibit cannot be read: %w", err)
			return
		}
		if len(last) > 0 {
			v.held = last
			return
		}
	}
}

// Close implements io.Closer.
func (v *verified) Close() error { return v.file.Close() }
