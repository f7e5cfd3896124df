package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"goshawk"
	"goshawk/casebook"
)

// FixedExhibit is what a case says of bytes that were fixed.
type FixedExhibit struct {
	Case   goshawk.ID
	ID     goshawk.ID
	Number string
	Name   string
	SHA256 string
	Bytes  int64
}

// Exhibits lists those of all cases.
func (s *Store) Exhibits(ctx context.Context) (list []FixedExhibit, err error) {
	err = s.View(ctx, func(t *Tx) error {
		return t.each(func(scan func(...any) error) error {
			var c, id goshawk.ID
			var name, value string
			if err := scan(&c, &id, &name, &value); err != nil {
				return err
			}
			if n := len(list); n == 0 || list[n-1].Case != c || list[n-1].ID != id {
				list = append(list, FixedExhibit{Case: c, ID: id})
			}
			x := &list[len(list)-1]
			to := map[string]any{"number": &x.Number, "name": &x.Name, "sha256": &x.SHA256, "bytes": &x.Bytes}[name]
			if to != nil && json.Unmarshal([]byte(value), to) != nil {
				x.SHA256 = "" // somebody has edited the database: Replay names the field
			}
			return nil
		}, `SELECT case_id, id, name, value FROM fields WHERE kind = ?1 ORDER BY case_id, id, name`, casebook.KindExhibit)
	})
	return list, err
}

// CheckExhibits looks in the folder of exhibits for the bytes of each: that they are there with their length and, with
// read, that they have the hash that was recorded. found hears of each exhibit whose bytes are gone or other ones; tell, which
// may be nil, of how many bytes were looked at, and of how many.
func CheckExhibits(ctx context.Context, folder string, list []FixedExhibit, read bool, found func(x *FixedExhibit, what string), tell func(done, of int64)) error {
	var all, done int64
	for i := range list {
		all += list[i].Bytes
	}
	root, err := os.OpenRoot(folder)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return goshawk.Errorf(goshawk.Unavailable, "the folder of exhibits cannot be opened: %w", err)
	}
	if root != nil {
		defer root.Close()
	}
	looked := map[string]string{} // by hash: several exhibits may have the same bytes
	for i := range list {
		x := &list[i]
		what, known := looked[x.SHA256]
		switch {
		case known:
		case gone:
			what = "its bytes are gone"
		case !hexHash(x.SHA256):
			what = "nothing says which bytes it had"
		default:
			if what, err = lookAt(ctx, root, x, read); err != nil {
				return err
			}
		}
		looked[x.SHA256] = what
		if what != "" {
			found(x, fmt.Sprintf("the exhibit %s (%s): %s", x.Number, x.Name, what))
		}
		if done += x.Bytes; tell != nil {
			tell(done, all)
		}
	}
	return nil
}

// hexHash says whether a text can be the name of a file of exhibits.
func hexHash(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == sha256.Size && hex.EncodeToString(sum) == s
}

// lookAt says what is wrong with an exhibit's bytes; "": nothing.
func lookAt(ctx context.Context, root *os.Root, x *FixedExhibit, read bool) (string, error) {
	f, err := root.Open(fileOf(x.SHA256))
	if errors.Is(err, fs.ErrNotExist) {
		return "its bytes are gone", nil
	}
	if err != nil {
		return "its bytes cannot be read", nil
	}
	defer f.Close()
	h := sha256.New()
	var size int64
	if !read {
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return "its bytes cannot be read", nil
		}
		size = info.Size()
	} else {
		n, err := io.Copy(h, &until{ctx, f})
		if ctx.Err() != nil {
			return "", goshawk.Errorf(goshawk.Interrupted, "interrupted")
		}
		if err != nil {
			return fmt.Sprintf("its bytes cannot be read from the %dth on", n+1), nil
		}
		size = n
	}
	if sum := hex.EncodeToString(h.Sum(nil)); read && sum != x.SHA256 {
		return "its bytes were changed: their SHA-256 is " + sum + ", and " + x.SHA256 + " was recorded", nil
	}
	if size != x.Bytes {
		return fmt.Sprintf("it has %s, and %d were recorded", goshawk.Count(int(size), "byte", "bytes"), x.Bytes), nil
	}
	return "", nil
}

// until reads until a context ends.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
