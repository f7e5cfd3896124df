package casebook

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"goshawk"
	"goshawk/identity"
)

// Files keeps the bytes of exhibits, by their hash.
type Files interface {
	// Put keeps what r reads, and returns its SHA-256, lower-case hexadecimal, and its
	// length. Whatever has more than limit bytes is refused, an Invalid error; what was
	// kept of it is gone. When Put returns without an error the bytes outlast a crash.
	Put(ctx context.Context, r io.Reader, limit int64) (sha256 string, size int64, err error)
	// Open returns bytes that were kept. A reader verifies them: where they are not what
	// they were, its last bytes never come, but a Corrupt error instead.
	Open(sha256 string) (io.ReadCloser, error)
}

// Exhibit is what is said of bytes when they are fixed as an exhibit.
type Exhibit struct {
	Name      string    // the file's; whatever names a folder is cut off
	Media     string    // what kind of file it is, where the program itself made it; "": it is looked at
	Source    string    // where the bytes come from
	Obtained  time.Time // zero: now
	Custodian string    // who keeps it; "": who brings it in
	Comment   string
}

// Fixed is an exhibit as it was stored.
type Fixed struct {
	ID     goshawk.ID `json:"id"`
	Number string     `json:"number"` // in its case: E-1, E-2, …
	Name   string     `json:"name"`
	Media  string     `json:"media"`
	SHA256 string     `json:"sha256"`
	Bytes  int64      `json:"bytes"`
	Change *Change    `json:"-"`
}

// MostExhibit is the most bytes of one exhibit, where a Book says nothing else.
const MostExhibit = 1 << 30

// errMay breaks off a transaction in which nothing but a permission was asked for.
var errMay = errors.New("allowed")

// AddExhibit fixes bytes as an exhibit of a case, as the next number of the case. Who may not
// change the case is refused before a byte is read.
func (b *Book) AddExhibit(ctx context.Context, s *identity.Subject, id goshawk.ID, x Exhibit, r io.Reader) (*Fixed, error) {
	if b.Files == nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this server keeps no exhibits")
	}
	if err := b.MayChange(ctx, s, id); err != nil {
		return nil, err
	}
	limit := b.MostExhibit
	if limit <= 0 {
		limit = MostExhibit
	}
	in := bufio.NewReaderSize(r, 64<<10)
	begin, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, goshawk.Errorf(goshawk.Invalid, "the file did not come whole: %w", err).WithHint("send it again; nothing was stored")
	}
	out := &Fixed{ID: NewID(), Name: FileName(x.Name), Media: x.Media}
	if out.Media == "" {
		out.Media = http.DetectContentType(begin)
	}
	if out.SHA256, out.Bytes, err = b.Files.Put(ctx, in, limit); err != nil {
		return nil, err
	}
	if x.Obtained.IsZero() {
		x.Obtained = b.Now()
	}
	if x.Custodian == "" {
		x.Custodian = s.Person.Name
	}
	e := b.entry(s, identity.ChangeCase, id, "fixed an exhibit")
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		c, err := tx.Case(id, KindExhibit)
		if err != nil {
			return err
		}
		last := 0
		for _, rec := range c.Records[KindExhibit] {
			number, err := strconv.Atoi(strings.TrimPrefix(rec.Text("number"), "E-"))
			if err == nil {
				last = max(last, number)
			}
		}
		out.Number = fmt.Sprintf("E-%d", last+1)
		set := func(name string, v any) Edit { return Set(KindExhibit, out.ID, name, v) }
		edits := []Edit{set("number", out.Number), set("name", out.Name), set("media", out.Media), set("sha256", out.SHA256), set("bytes", out.Bytes),
			set("source", x.Source), set("obtained", x.Obtained.UTC().Format(time.RFC3339)), set("custodian", x.Custodian)}
		if x.Comment != "" {
			edits = append(edits, set("comment", x.Comment))
		}
		if err := b.mayChange(tx, s, id, edits); err != nil {
			return err
		}
		out.Change, err = b.apply(tx, e, id, edits, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// OpenExhibit returns an exhibit's bytes and what is known of it. That it was read is noted.
func (b *Book) OpenExhibit(ctx context.Context, s *identity.Subject, id, exhibit goshawk.ID) (io.ReadCloser, Record, error) {
	if b.Files == nil {
		return nil, nil, goshawk.Errorf(goshawk.Unsupported, "this server keeps no exhibits")
	}
	c, err := b.Read(ctx, s, id, "opened an exhibit: "+string(exhibit), KindExhibit)
	if err != nil {
		return nil, nil, err
	}
	rec := c.Records[KindExhibit][exhibit]
	if rec == nil {
		return nil, nil, goshawk.Errorf(goshawk.NotFound, "the case has no such exhibit")
	}
	bytes, err := b.Files.Open(rec.Text("sha256"))
	return bytes, rec, err
}

// MayChange says whether a subject may change a case, before anything costly is done for it. It
// writes no entry.
func (b *Book) MayChange(ctx context.Context, s *identity.Subject, id goshawk.ID) error {
	return b.may(ctx, s, identity.ChangeCase, id)
}

// MayManage says whether a subject may choose who sees a case, before they are told anything of anybody. It
// writes no entry.
func (b *Book) MayManage(ctx context.Context, s *identity.Subject, id goshawk.ID) error {
	return b.may(ctx, s, identity.ManageCase, id)
}

func (b *Book) may(ctx context.Context, s *identity.Subject, a identity.Action, id goshawk.ID) error {
	err := b.Store.Do(ctx, b.entry(s, a, id, "asked what may be done"), func(tx Tx) error {
		at, err := b.standing(tx, s, id)
		if err == nil {
			err = identity.May(s, a, at)
		}
		if err == nil {
			err = errMay
		}
		return err
	})
	if errors.Is(err, errMay) {
		return nil
	}
	return err
}

// FileName is what a file is called, without folders, control characters, or anything that turns
// the direction of writing round; at most 200 characters. It is shown, never a path.
func FileName(s string) string {
	s = path.Base(strings.ReplaceAll(s, `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar || r == '/' {
			return -1
		}
		return r
	}, s)
	s = strings.Trim(strings.TrimSpace(s), ".")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:100]) + "…" + string(r[len(r)-99:])
	}
	if s == "" {
		return "unnamed"
	}
	return s
}
