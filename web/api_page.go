package web

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"

	"goshawk"
)

// PageInput asks for one page of a list.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"300" doc:"next of the page before"`
	Most   int    `query:"most" minimum:"1" maximum:"500" default:"100"`
}

// mark is where something stands in its list: lists are ordered by marks. It says what came last on
// a page, so that what is added or moved meanwhile makes nothing come twice or be left out behind it.
type mark struct {
	By int64  `json:"b"`
	ID string `json:"i"`
}

func (m mark) compare(o mark) int {
	return cmp.Or(cmp.Compare(m.By, o.By), cmp.Compare(m.ID, o.ID))
}

// page returns the page of a list that follows a cursor, and the cursor of the next;
// "" after the last. The list is in the order of its marks.
func page[T any](list []T, in *PageInput, at func(*T) mark) ([]T, string, error) {
	from := 0
	if in.Cursor != "" {
		last, err := openCursor(in.Cursor)
		if err != nil {
			return nil, "", err
		}
		from, _ = slices.BinarySearchFunc(list, last, func(t T, m mark) int {
			if at(&t).compare(m) <= 0 {
				return -1
			}
			return 1
		})
	}
	list = list[from:]
	if len(list) <= in.Most {
		return append([]T{}, list...), "", nil
	}
	return slices.Clone(list[:in.Most]), cursorOf(at(&list[in.Most-1])), nil
}

// pageAfter is page for a list in any order that stays: the cursor names what came last. Where that
// is gone it is an Invalid error. No two of the list have one mark.
func pageAfter[T any](list []T, in *PageInput, at func(*T) mark) ([]T, string, error) {
	if in.Cursor != "" {
		last, err := openCursor(in.Cursor)
		if err != nil {
			return nil, "", err
		}
		i := slices.IndexFunc(list, func(t T) bool { return at(&t) == last })
		if i < 0 {
			return nil, "", goshawk.Errorf(goshawk.Invalid, "what the cursor stands at is gone").WithHint("begin without one")
		}
		list = list[i+1:]
	}
	if len(list) <= in.Most {
		return append([]T{}, list...), "", nil
	}
	return slices.Clone(list[:in.Most]), cursorOf(at(&list[in.Most-1])), nil
}

// cursorOf writes a mark as a cursor. It holds nothing that whoever gets it may not know.
func cursorOf(m mark) string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // a number and a text
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// openCursor reads a cursor; what is none is an Invalid error.
func openCursor(s string) (m mark, err error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.ID != "" && !goshawk.ID(m.ID).Valid() || cursorOf(m) != s {
		return mark{}, goshawk.Errorf(goshawk.Invalid, "the cursor is none that was given here").WithHint("begin without one")
	}
	return m, nil
}
