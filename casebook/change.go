package casebook

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"goshawk"
)

// Kind is what a record is: Kinds lists them with their fields.
type Kind string

// Field names one value of a record, and where it is in its case.
type Field struct {
	Kind Kind       `json:"kind"`
	ID   goshawk.ID `json:"id"`    // of the record; of the case's own fields: "case"
	Name string     `json:"field"` // of a graph's nodes and edges: "node/…", "edge/…"
}

// Edit sets one field. A value is JSON; nil (null) is a field that is not set.
type Edit struct {
	Field
	Before json.RawMessage `json:"before"` // what its author saw
	After  json.RawMessage `json:"after"`
}

// Change is what somebody did to a case at one time: all of it, or nothing.
type Change struct {
	Seq    int64      `json:"seq"`             // of the case, from 1
	Entry  int64      `json:"entry,omitempty"` // of the audit trail, which says the same
	At     time.Time  `json:"at"`
	Person goshawk.ID `json:"person"`
	Undoes int64      `json:"undoes,omitempty"` // the change that this one takes back
	Edits  []Edit     `json:"edits"`
}

// Value is what a field holds, and the change that set it.
type Value struct {
	JSON json.RawMessage `json:"value"`
	Seq  int64           `json:"seq"`
}

// Limits of one change.
const (
	MostEdits  = 50_000  // a large picture laid out anew
	MostBytes  = 8 << 20 // of a change, as JSON
	MostFields = 200_000 // of a case
)

// Clash is a field that somebody else has changed meanwhile.
type Clash struct {
	Field
	Yours  json.RawMessage `json:"yours"`
	Theirs json.RawMessage `json:"theirs"`
	Seq    int64           `json:"seq"` // of the change that set it
}

// ClashError says that a change was refused because of what others changed
// meanwhile. Nothing of it was stored; all of it is in here.
type ClashError struct{ Clashes []Clash }

// Error implements error.
func (e *ClashError) Error() string {
	return goshawk.Count(len(e.Clashes), "field was", "fields were") + " changed by somebody else meanwhile"
}

// Unwrap gives the error its code.
func (e *ClashError) Unwrap() error {
	return goshawk.Errorf(goshawk.Conflict, "%s", e.Error()).WithHint("look at both, and save again what you want to stand")
}

// Merge returns what a change does to a case whose fields are as now says: its
// edits, each with what the field really holds before. A field that nobody else
// has changed takes what the change says; one that holds it already is left out;
// a text in which others changed other lines is merged. Where that cannot be, all
// of it is refused with a ClashError.
func Merge(edits []Edit, now func(Field) (Value, error)) ([]Edit, error) {
	var out []Edit
	var clash ClashError
	for _, e := range edits {
		v, err := now(e.Field)
		if err != nil {
			return nil, err
		}
		switch {
		case same(v.JSON, e.After):
			continue
		case same(v.JSON, e.Before):
			out = append(out, Edit{e.Field, v.JSON, e.After})
			continue
		}
		if f, ok := Lookup(e.Kind, e.Name); ok && f.Text {
			if merged, ok := mergeText(e.Before, e.After, v.JSON); ok {
				if !same(v.JSON, merged) {
					out = append(out, Edit{e.Field, v.JSON, merged})
				}
				continue
			}
		}
		clash.Clashes = append(clash.Clashes, Clash{e.Field, e.After, v.JSON, v.Seq})
	}
	if len(clash.Clashes) > 0 {
		return nil, &clash
	}
	return out, nil
}

// Undo returns the edits that take a change back. What others have changed since
// clashes, as in any change. A record that the change began is deleted; if it is
// one that is kept, the change cannot be undone, a Denied error.
func (c *Change) Undo() ([]Edit, error) {
	type record struct {
		kind Kind
		id   goshawk.ID
	}
	var out []Edit
	deleted := map[record]bool{}
	for _, e := range c.Edits { // first, so that what came with a record goes with it
		f, _ := Lookup(e.Kind, e.Name)
		r := record{e.Kind, e.ID}
		if len(plain(e.Before)) != 0 || !f.Need || deleted[r] {
			continue
		}
		if _, can := Lookup(e.Kind, Deleted); !can {
			return nil, goshawk.Errorf(goshawk.Denied, "this cannot be undone: %s is kept", e.Kind.one()).WithHint("it is evidence, or the trail of it; say in a note why it should not count")
		}
		deleted[r] = true
		out = append(out, Edit{Field{e.Kind, e.ID, Deleted}, nil, json.RawMessage("true")})
	}
	for _, e := range slices.Backward(c.Edits) {
		if !deleted[record{e.Kind, e.ID}] {
			out = append(out, Edit{e.Field, e.After, e.Before})
		}
	}
	return out, nil
}

// same says whether two values are the same JSON, however it is written: what one
// program escapes another does not, and each has its own order of an object's members.
func same(a, b json.RawMessage) bool {
	a, b = plain(a), plain(b)
	return bytes.Equal(a, b) || len(a) > 0 && len(b) > 0 && bytes.Equal(canonical(a), canonical(b))
}

// canonical writes a value in the one form that all its writings have in common;
// what is no JSON stays as it is.
func canonical(v json.RawMessage) []byte {
	d := json.NewDecoder(bytes.NewReader(v))
	d.UseNumber()
	var any any
	if d.Decode(&any) != nil {
		return v
	}
	text, err := json.Marshal(any)
	if err != nil {
		return v
	}
	return text
}

// plain is a value without null's two forms.
func plain(v json.RawMessage) []byte {
	if len(v) == 0 || string(v) == "null" {
		return nil
	}
	return v
}
