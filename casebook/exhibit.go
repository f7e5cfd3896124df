package casebook

import (
	"bufio"
	"bytes"
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

	said Exhibit
}

// MostExhibit is the most bytes of one exhibit, where a Book says nothing else.
const MostExhibit = 1 << 30

// errMay breaks off a transaction in which nothing but a permission was asked for.
var errMay = errors.New("allowed")

// AddExhibit fixes bytes as an exhibit of a case, as the next number of the case. Who may not
// change the case is refused before a byte is read.
func (b *Book) AddExhibit(ctx context.Context, s *identity.Subject, id goshawk.ID, x Exhibit, r io.Reader) (*Fixed, error) {
	if err := b.MayChange(ctx, s, id); err != nil {
		return nil, err
	}
	out, err := b.put(ctx, s, x, r)
	if err != nil {
		return nil, err
	}
	e := b.entry(s, identity.ChangeCase, id, "fixed an exhibit")
	err = b.Store.Do(ctx, e, func(tx Tx) error {
		edits, err := fixing(tx, id, []*Fixed{out})
		if err != nil {
			return err
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

// Made is what was made of a record, to be fixed in one change with what the record then says of it.
type Made struct {
	Kind  Kind
	ID    goshawk.ID
	Read  int64 // the case's last change when the record was read of which this was made
	Seen  int64 // the last change that who asks knows of; 0: they do not say
	Files []MadeFile
}

// MadeFile is one exhibit of what was made.
type MadeFile struct {
	Exhibit
	Bytes []byte
}

// FixMade fixes what was made of a record as exhibits, and changes the record by the edits that then are due, all in one
// change. Where somebody wrote in the record after it was read, or somebody else after who asks has seen it, nothing is
// fixed, a Conflict error: what stands there would not be what was read.
func (b *Book) FixMade(ctx context.Context, s *identity.Subject, id goshawk.ID, what string, m *Made, then func([]*Fixed) []Edit) error {
	if err := b.MayChange(ctx, s, id); err != nil {
		return err
	}
	list := make([]*Fixed, len(m.Files))
	for i := range m.Files {
		var err error
		if list[i], err = b.put(ctx, s, m.Files[i].Exhibit, bytes.NewReader(m.Files[i].Bytes)); err != nil {
			return err
		}
	}
	e := b.entry(s, identity.ChangeCase, id, what)
	return b.Store.Do(ctx, e, func(tx Tx) error {
		if _, err := tx.Seq(id); err != nil { // nobody else changes the case from here on
			return err
		}
		if err := m.asRead(tx, s, id); err != nil {
			return err
		}
		edits, err := fixing(tx, id, list)
		if err != nil {
			return err
		}
		edits = append(edits, then(list)...)
		if err := b.mayChange(tx, s, id, edits); err != nil {
			return err
		}
		_, err = b.apply(tx, e, id, edits, 0)
		return err
	})
}

// asRead says whether the record is still what was read.
func (m *Made) asRead(tx Tx, s *identity.Subject, id goshawk.ID) error {
	c, err := tx.Case(id, m.Kind)
	if err != nil {
		return err
	}
	r := c.Records[m.Kind][m.ID]
	if r == nil || r.Gone() {
		return goshawk.Errorf(goshawk.NotFound, "it was deleted meanwhile").WithHint("nothing was fixed")
	}
	for _, v := range r {
		changed := v.Seq > m.Read
		if !changed && m.Seen > 0 && v.Seq > m.Seen {
			list, err := tx.Changes(id, v.Seq-1, 1)
			if err != nil {
				return err
			}
			changed = len(list) == 0 || list[0].Person != s.Person.ID
		}
		if changed {
			return goshawk.Errorf(goshawk.Conflict, "somebody wrote in it meanwhile, and what would be fixed is not what was read").WithHint("nothing was fixed: load the page again, and read it once more")
		}
	}
	return nil
}

// clockSlack is how far the clock of who says when something was may be ahead of the server's.
const clockSlack = 5 * time.Minute

// past refuses a time at which something of an exhibit cannot have been: what is said of exhibits is never changed, and a slip of
// the finger would stand in the chain of custody for good.
func past(what string, at, now time.Time) error {
	if at.Year() >= firstYear && !at.After(now.Add(clockSlack)) {
		return nil
	}
	return goshawk.Errorf(goshawk.Invalid, "nothing can have been %s on %s", what, at.UTC().Format(time.RFC3339)).WithHint("it is %s now: write a time that is over, in UTC", now.UTC().Format(time.RFC3339))
}

// put keeps an exhibit's bytes. Nothing of the case names them yet.
func (b *Book) put(ctx context.Context, s *identity.Subject, x Exhibit, r io.Reader) (*Fixed, error) {
	if b.Files == nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this server keeps no exhibits")
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
	if x.Obtained.IsZero() {
		x.Obtained = b.Now()
	}
	if err := past("obtained", x.Obtained, b.Now()); err != nil {
		return nil, err
	}
	if x.Custodian == "" {
		x.Custodian = s.Person.Name
	}
	out := &Fixed{ID: NewID(), Name: FileName(x.Name), Media: x.Media, said: x}
	if out.Media == "" {
		out.Media = http.DetectContentType(begin)
	}
	out.SHA256, out.Bytes, err = b.Files.Put(ctx, in, limit)
	return out, err
}

// fixing lists the edits that make exhibits of what was put, as the case's next numbers.
func fixing(tx Tx, id goshawk.ID, list []*Fixed) ([]Edit, error) {
	c, err := tx.Case(id, KindExhibit)
	if err != nil {
		return nil, err
	}
	last := 0
	for _, rec := range c.Records[KindExhibit] {
		number, err := strconv.Atoi(strings.TrimPrefix(rec.Text("number"), "E-"))
		if err == nil {
			last = max(last, number)
		}
	}
	var edits []Edit
	for _, f := range list {
		last++
		f.Number = fmt.Sprintf("E-%d", last)
		set := func(name string, v any) { edits = append(edits, Set(KindExhibit, f.ID, name, v)) }
		set("number", f.Number)
		set("name", f.Name)
		set("media", f.Media)
		set("sha256", f.SHA256)
		set("bytes", f.Bytes)
		set("source", f.said.Source)
		set("obtained", f.said.Obtained.UTC().Format(time.RFC3339))
		set("custodian", f.said.Custodian)
		if f.said.Comment != "" {
			set("comment", f.said.Comment)
		}
	}
	return edits, nil
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
	f, err := b.Files.Open(rec.Text("sha256"))
	return f, rec, err
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
