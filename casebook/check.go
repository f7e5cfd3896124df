package casebook

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"goshawk"
)

// Check looks at a field's value: nil, or what is wrong with it.
type Check func(json.RawMessage) error

func textOf(v json.RawMessage) (string, error) {
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return "", fmt.Errorf("it must be a text")
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("it holds bytes that are no text")
	}
	return s, nil
}

// errUnseen refuses what looks like something else.
var errUnseen = errors.New("it holds characters that are not seen, or turn the direction of writing round: type it anew, instead of copying it")

// Line takes one line of text of at most n characters, all of which are seen: what names something is not to look like
// another name.
func Line(n int) Check {
	return func(v json.RawMessage) error {
		s, err := textOf(v)
		switch {
		case err != nil:
			return err
		case utf8.RuneCountInString(s) > n:
			return fmt.Errorf("it must have at most %s", goshawk.Count(n, "character", "characters"))
		case strings.ContainsAny(s, "\r\n\u2028\u2029"):
			return fmt.Errorf("it must be one line")
		case strings.ContainsFunc(s, goshawk.Unseen):
			return errUnseen
		}
		return nil
	}
}

// Text takes a text of at most n characters.
func Text(n int) Check {
	return func(v json.RawMessage) error {
		s, err := textOf(v)
		if err == nil && utf8.RuneCountInString(s) > n {
			err = fmt.Errorf("it must have at most %s", goshawk.Count(n, "character", "characters"))
		}
		return err
	}
}

// OneOf takes one of a few words.
func OneOf(words ...string) Check {
	return func(v json.RawMessage) error {
		if s, err := textOf(v); err != nil || !slices.Contains(words, s) {
			return fmt.Errorf("it must be one of %s", strings.Join(words, ", "))
		}
		return nil
	}
}

// Hex takes n lower-case hexadecimal digits.
func Hex(n int) Check {
	return func(v json.RawMessage) error {
		s, err := textOf(v)
		if _, bad := hex.DecodeString(s); err != nil || bad != nil || len(s) != n || strings.ToLower(s) != s {
			return fmt.Errorf("it must be %d lower-case hexadecimal digits", n)
		}
		return nil
	}
}

// IDText takes an ID.
func IDText(v json.RawMessage) error {
	if s, err := textOf(v); err != nil || !goshawk.ID(s).Valid() {
		return fmt.Errorf("it must be the ID of a record or a person")
	}
	return nil
}

// Currency takes the code of a currency, as files of rates have it, or nothing.
func Currency(v json.RawMessage) error {
	if s, err := textOf(v); err != nil || s != "" && !currencyCode.MatchString(s) {
		return fmt.Errorf("it must be a currency's code, such as EUR")
	}
	return nil
}

var currencyCode = regexp.MustCompile(`^[A-Za-z]{3,5}$`)

// Date takes a day, as in 2026-11-30, of a year that a case can be about.
func Date(v json.RawMessage) error {
	s, err := textOf(v)
	day, bad := time.Parse(time.DateOnly, s)
	if err != nil || bad != nil {
		return fmt.Errorf("it must be a day, such as 2026-11-30")
	}
	if day.Year() < firstYear || day.Year() > lastYear {
		return fmt.Errorf("it must be a day of the years %d to %d", firstYear, lastYear)
	}
	return nil
}

// firstYear and lastYear are those of days that people choose: a slip of the finger is none of them.
const firstYear, lastYear = 1970, 2199

// Time takes a time in RFC 3339, UTC.
func Time(v json.RawMessage) error {
	s, err := textOf(v)
	if _, bad := time.Parse(time.RFC3339, s); err != nil || bad != nil || !strings.HasSuffix(s, "Z") {
		return fmt.Errorf("it must be a time in UTC, such as 2026-11-30T12:00:00Z")
	}
	return nil
}

// Flag takes true or false.
func Flag(v json.RawMessage) error {
	if s := string(v); s != "true" && s != "false" {
		return fmt.Errorf("it must be true or false")
	}
	return nil
}

// Count takes a whole number from 0 on.
func Count(v json.RawMessage) error {
	var n int64
	if err := json.Unmarshal(v, &n); err != nil || n < 0 {
		return fmt.Errorf("it must be a whole number, 0 or more")
	}
	return nil
}

// mostDepth is how far values may be inside of each other: what is deeper many programs do not read, and with it none of the case.
const mostDepth = 64

// deep says whether values are further inside of each other than that.
func deep(v json.RawMessage) bool {
	depth, text := 0, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case !text && (c == '{' || c == '['):
			if depth++; depth > mostDepth {
				return true
			}
		case !text && (c == '}' || c == ']'):
			depth--
		}
	}
	return false
}

// Object takes a JSON object of at most n bytes.
func Object(n int) Check {
	return func(v json.RawMessage) error {
		switch {
		case len(v) > n:
			return fmt.Errorf("it must have at most %s", goshawk.Count(n, "byte", "bytes"))
		case len(v) == 0 || v[0] != '{':
			return fmt.Errorf("it must be an object")
		case deep(v):
			return fmt.Errorf("it must have at most %d values inside of each other", mostDepth)
		}
		return nil
	}
}

// Seen takes what Object takes, whose names and texts are as Line's; but a note in it is text, that quotes what it is about.
func Seen(n int) Check {
	object := Object(n)
	return func(v json.RawMessage) error {
		if err := object(v); err != nil {
			return err
		}
		var all map[string]any
		if err := json.Unmarshal(v, &all); err != nil {
			return fmt.Errorf("it must be an object")
		}
		if hides(all) {
			return errUnseen
		}
		return nil
	}
}

// hides says whether a value of JSON holds characters that nobody sees, notes aside.
func hides(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsFunc(v, goshawk.Unseen)
	case []any:
		return slices.ContainsFunc(v, hides)
	case map[string]any:
		for name, inside := range v {
			if _, text := inside.(string); text && name == "note" {
				continue
			}
			if hides(name) || hides(inside) {
				return true
			}
		}
	}
	return false
}

// List takes a list of at most n texts of one line.
func List(n int) Check {
	return func(v json.RawMessage) error {
		var list []string
		if err := json.Unmarshal(v, &list); err != nil || len(list) > n {
			return fmt.Errorf("it must be a list of at most %s", goshawk.Count(n, "text", "texts"))
		}
		line := Line(2_000)
		for _, s := range list {
			text, err := json.Marshal(s)
			if err == nil {
				err = line(text)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// compact writes a value as every other JSON that holds it does: without space, and
// with the characters escaped that mean something in HTML.
func compact(v json.RawMessage) (json.RawMessage, error) {
	if len(plain(v)) == 0 {
		return nil, nil
	}
	out, err := json.Marshal(v) // as it is written wherever it is part of something
	if err == nil && !utf8.Valid(out) {
		err = fmt.Errorf("it holds bytes that are no text") // in an object: not every database would keep them
	}
	if string(out) == "null" {
		out = nil
	}
	return out, err
}

// blank says whether a value is a text of which nothing is seen: a page could show no link to what is called so.
func blank(v json.RawMessage) bool {
	s, err := textOf(v)
	return err == nil && strings.TrimSpace(s) == ""
}

// CheckEdits looks at the edits of a change, and brings their values into one
// form. begun says whether a record is there already. lead says that one of them
// is for who leads the case. Every fault is an Invalid error that names the field.
func CheckEdits(edits []Edit, begun func(Kind, goshawk.ID) (bool, error)) (lead bool, err error) {
	bad := func(e *Edit, why any) error {
		return goshawk.Errorf(goshawk.Invalid, "the field %q of %s cannot be set: %v", e.Name, e.Kind.one(), why).WithHint("nothing of the change was stored: mend it and send it again")
	}
	if len(edits) == 0 || len(edits) > MostEdits {
		return false, goshawk.Errorf(goshawk.Invalid, "a change has from 1 to %s, not %d", goshawk.Count(MostEdits, "edit", "edits"), len(edits)).WithHint("split it")
	}
	rules := map[Kind]KindRule{}
	for _, k := range kinds {
		rules[k.Kind] = k
	}
	type record struct {
		kind Kind
		id   goshawk.ID
	}
	seen := map[Field]bool{}
	began := map[record]bool{} // records that are begun here: false until looked at
	for i := range edits {
		e := &edits[i]
		kind, ok := rules[e.Kind]
		if !ok {
			return false, bad(e, "there is no such kind of record")
		}
		f, ok := kind.Field(e.Name)
		switch {
		case !ok:
			return false, bad(e, "there is no such field")
		case !e.ID.Valid():
			return false, bad(e, "the record's ID is none: it has from 1 to 128 letters, digits and -_.:")
		case kind.Single && e.ID != "case":
			return false, bad(e, `there is one of its kind, with the ID "case"`)
		case seen[e.Field]:
			return false, bad(e, "it is set twice")
		}
		seen[e.Field] = true
		if e.Before, err = compact(e.Before); err != nil {
			return false, bad(e, "what it was before is no JSON")
		}
		if e.After, err = compact(e.After); err != nil {
			return false, bad(e, "its value is no JSON")
		}
		lead = lead || f.Lead
		r := record{e.Kind, e.ID}
		if _, known := began[r]; !known {
			there, err := begun(e.Kind, e.ID)
			if err != nil {
				return false, err
			}
			began[r] = !there
		}
		switch {
		case e.After == nil && (f.Need || f.Once && !began[r]), f.Need && blank(e.After):
			return false, bad(e, "it cannot be empty")
		case f.Once && !began[r]:
			return false, bad(e, "it stays as it was when the record was begun")
		case e.After != nil:
			if err := f.Check(e.After); err != nil {
				return false, bad(e, err)
			}
		}
	}
	for r, new := range began {
		kind := rules[r.kind]
		for _, f := range kind.Fields {
			if new && f.Need && !seen[Field{r.kind, r.id, f.Name}] {
				return false, goshawk.Errorf(goshawk.Invalid, "a new %s needs the field %q", kind.Name, f.Name).WithHint("nothing of the change was stored: add it and send it again")
			}
		}
	}
	return lead, nil
}
