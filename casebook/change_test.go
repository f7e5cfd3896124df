package casebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

// board is the simplest possible case: what its fields hold.
type board struct {
	fields map[Field]Value
	seq    int64
}

func (b *board) now(f Field) (Value, error) { return b.fields[f], nil }

func (b *board) begun(k Kind, id goshawk.ID) (bool, error) {
	for f := range b.fields {
		if f.Kind == k && f.ID == id {
			return true, nil
		}
	}
	return false, nil
}

// change checks, merges and applies edits, as Book does.
func (b *board) change(edits []Edit) (*Change, error) {
	edits = slices.Clone(edits)
	if _, err := CheckEdits(edits, b.begun); err != nil {
		return nil, err
	}
	merged, err := Merge(edits, b.now)
	if err != nil {
		return nil, err
	}
	b.seq++
	for _, e := range merged {
		b.fields[e.Field] = Value{e.After, b.seq}
	}
	return &Change{Seq: b.seq, Edits: merged}, nil
}

// holds is what the fields hold, without those that are not set.
func (b *board) holds() map[Field]string {
	out := map[Field]string{}
	for f, v := range b.fields {
		if text := plain(v.JSON); text != nil {
			out[f] = string(text)
		}
	}
	return out
}

func TestCheckEdits(t *testing.T) {
	b := &board{fields: map[Field]Value{}}
	note := func(name string, v any) Edit { return Set(KindNote, "n1", name, v) }
	exhibit := []Edit{}
	for name, v := range map[string]any{"number": "E-1", "name": "chat.txt", "media": "text/plain", "sha256": strings.Repeat("0a", 32), "bytes": 12,
		"source": "seized telephone", "obtained": "2026-11-01T12:00:00Z", "custodian": "Ines"} {
		exhibit = append(exhibit, Set(KindExhibit, "e1", name, v))
	}
	for _, edits := range [][]Edit{{note("title", "one"), note("text", "two\nlines")}, exhibit} {
		if _, err := b.change(edits); err != nil {
			t.Fatal(err)
		}
	}
	field := func(k Kind, id goshawk.ID, name string) Field { return Field{k, id, name} }
	for _, c := range []struct {
		why   string
		edits []Edit
	}{
		{"from 1 to", nil},
		{"no such kind", []Edit{Set("bribe", "b1", "title", "x")}},
		{"no such field", []Edit{note("colour", "red")}},
		{"set twice", []Edit{note("title", "a"), note("title", "b")}},
		{"record's ID", []Edit{Set(KindNote, "../x", "title", "a")}},
		{"record's ID", []Edit{Set(KindNote, "", "title", "a")}},
		{`with the ID "case"`, []Edit{Set(KindCase, "other", "title", "a")}},
		{"one line", []Edit{note("title", "a\nb")}},
		{"at most 200", []Edit{note("title", strings.Repeat("x", 201))}},
		{"must be a text", []Edit{note("title", 7)}},
		{"no JSON", []Edit{{field(KindNote, "n1", "title"), nil, json.RawMessage(`"a`)}}},
		{"no JSON", []Edit{{field(KindNote, "n1", "title"), json.RawMessage(`{`), nil}}},
		{`needs the field "title"`, []Edit{Set(KindTask, "t1", "text", "x")}},
		{"stays as it was", []Edit{{field(KindExhibit, "e1", "sha256"), nil, json.RawMessage(`"` + strings.Repeat("0b", 32) + `"`)}}},
		{"cannot be empty", []Edit{{field(KindExhibit, "e1", "sha256"), nil, nil}}},
		{"no such field", []Edit{Set(KindExhibit, "e1", Deleted, true)}},
		{"64 lower-case", []Edit{Set(KindExhibit, "e2", "sha256", strings.Repeat("0A", 32))}},
		{"a time in UTC", []Edit{Set(KindEvent, "v1", "at", "2026-11-01T12:00:00+01:00")}},
		{"a day", []Edit{Set(KindTask, "t1", "due", "2026-02-30")}},
		{"no such field", []Edit{Set(KindGraph, "g1", "node/", map[string]int{})}},
		{"must be an object", []Edit{Set(KindGraph, "g1", "node/a:b", 7)}},
		{"one of open", []Edit{Set(KindCase, "case", "status", "won")}},
		{"cannot be empty", []Edit{Set(KindTask, "t1", "title", "")}},
		{"cannot be empty", []Edit{Set(KindCase, "case", "title", " \u00a0\u3000")}},
		{"currency's code", []Edit{Set(KindCase, "case", "currency", "Dollar!")}},
	} {
		before := maps.Clone(b.fields)
		_, err := b.change(c.edits)
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), c.why) {
			t.Errorf("want %q: %v", c.why, err)
		}
		if !maps.EqualFunc(before, b.fields, func(x, y Value) bool { return string(x.JSON) == string(y.JSON) }) {
			t.Errorf("%s: refused, and yet it changed something", c.why)
		}
	}
	if lead, err := CheckEdits([]Edit{Set(KindMember, "p1", "part", "lead")}, b.begun); err != nil || !lead {
		t.Errorf("members are the lead's: %v, %v", lead, err)
	}
	if lead, err := CheckEdits([]Edit{Set(KindMember, "p1", "part", "lead"), Set(KindMember, "p1", Deleted, true)}, b.begun); err != nil || !lead {
		t.Errorf("so is sending one away: %v, %v", lead, err)
	}
}

// TestMergeChange: whoever saves what nobody else has touched is heard; where two wrote the same,
// nothing of the later change is stored, and it is all in the error.
func TestMergeChange(t *testing.T) {
	b := &board{fields: map[Field]Value{}}
	if _, err := b.change([]Edit{Set(KindTask, "t1", "title", "ring the bank"), Set(KindTask, "t1", "text", "one\ntwo\nthree")}); err != nil {
		t.Fatal(err)
	}
	title := Field{KindTask, "t1", "title"}
	edit := func(f Field, before, after string) Edit {
		return Edit{f, json.RawMessage(before), json.RawMessage(after)}
	}
	if _, err := b.change([]Edit{edit(title, `"ring the bank"`, `"write to the bank"`)}); err != nil {
		t.Fatal(err)
	}
	_, err := b.change([]Edit{edit(title, `"ring the bank"`, `"visit the bank"`), Set(KindTask, "t1", "done", true)})
	clash, ok := errors.AsType[*ClashError](err)
	if !ok || len(clash.Clashes) != 1 || string(clash.Clashes[0].Theirs) != `"write to the bank"` || string(clash.Clashes[0].Yours) != `"visit the bank"` || clash.Clashes[0].Seq != 2 {
		t.Fatalf("%v, %+v", err, clash)
	}
	if v, _ := b.now(Field{KindTask, "t1", "done"}); v.JSON != nil {
		t.Error("a part of a refused change was stored")
	}
	if _, err := b.change([]Edit{Set(KindTask, "t1", "title", "forget the bank")}); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("who has not seen that a field is set does not set it: %v", err)
	}
	c, err := b.change([]Edit{edit(title, `"ring the bank"`, ` "write to the bank"`)})
	if err != nil || len(c.Edits) != 0 {
		t.Errorf("what is so already: %v, %v", c, err)
	}
	c, err = b.change([]Edit{edit(Field{KindTask, "t1", "text"}, `"one\ntwo\nthree"`, `"one\ntwo\nfour"`), edit(Field{KindTask, "t1", "due"}, `null`, `"2026-12-01"`)})
	if err != nil || len(c.Edits) != 2 {
		t.Errorf("%v, %v", c, err)
	}
}

// TestUndo: a change taken back leaves what was there before it; what it began is
// deleted, and taking that back brings it again.
func TestUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &board{fields: map[Field]Value{}}
		names := []string{"title", "text", "done", "due"}
		value := func(name string) any {
			switch name {
			case "done":
				return rapid.Bool().Draw(t, "done")
			case "due":
				return fmt.Sprintf("2026-12-%02d", rapid.IntRange(1, 28).Draw(t, "due"))
			}
			if name == "title" {
				return rapid.StringMatching(`[a-c]{1,3}`).Draw(t, name)
			}
			return rapid.StringMatching(`[a-c]{0,3}`).Draw(t, name)
		}
		var last *Change
		var before map[Field]string
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			var edits []Edit
			seen := map[Field]bool{}
			for range rapid.IntRange(1, 4).Draw(t, "edits") {
				f := Field{KindTask, goshawk.ID(rapid.SampledFrom([]string{"t1", "t2"}).Draw(t, "task")), rapid.SampledFrom(names).Draw(t, "field")}
				if there, _ := b.begun(f.Kind, f.ID); !there && !seen[Field{f.Kind, f.ID, "title"}] {
					f.Name = "title"
				}
				if seen[f] {
					continue
				}
				seen[f] = true
				e := Set(f.Kind, f.ID, f.Name, value(f.Name))
				v, _ := b.now(f)
				e.Before = v.JSON
				edits = append(edits, e)
			}
			was := b.holds()
			c, err := b.change(edits)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Edits) > 0 {
				last, before = c, was
			}
		}
		if last == nil {
			return
		}
		after := b.holds()
		undo, err := last.Undo()
		if err != nil {
			t.Fatal(err)
		}
		taken, err := b.change(undo)
		if err != nil {
			t.Fatal(err)
		}
		now := b.holds()
		for _, id := range []goshawk.ID{"t1", "t2"} {
			if now[Field{KindTask, id, Deleted}] == "true" {
				if before[Field{KindTask, id, "title"}] != "" {
					t.Fatalf("%s was there before, and is deleted", id)
				}
				maps.DeleteFunc(now, func(f Field, _ string) bool { return f.ID == id })
			}
		}
		if !maps.Equal(now, before) {
			t.Fatalf("%v\nis not %v", now, before)
		}
		again, err := taken.Undo()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.change(again); err != nil {
			t.Fatal(err)
		}
		if now := b.holds(); !maps.Equal(now, after) {
			t.Fatalf("taken back twice: %v\nis not %v", now, after)
		}
	})
}

// TestKeep: what is evidence cannot be taken back.
func TestKeep(t *testing.T) {
	c := &Change{Edits: []Edit{Set(KindCustody, "c1", "exhibit", "e1"), Set(KindCustody, "c1", "to", "Ines")}}
	if _, err := c.Undo(); goshawk.CodeOf(err) != goshawk.Denied {
		t.Error(err)
	}
}

// TestSame holds that a value is itself however it is written: by the program that
// sets it, by the one that stores it, by a browser that reads and sends it back.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"text":"a<b>&c"}`, `{"text":"a\u003cb\u003e\u0026c"}`, true},
		{`{"x":1,"y":2}`, `{"y":2,"x":1}`, true},
		{`"\u2028"`, "\"\u2028\"", true},
		{`null`, ``, true},
		{`{"x":1}`, `{"x":2}`, false},
		{`12345678901234567890`, `12345678901234567891`, false},
		{`"1"`, `1`, false},
		{`{}`, ``, false},
		{`[1,2]`, `[2,1]`, false},
	} {
		if same(json.RawMessage(c.a), json.RawMessage(c.b)) != c.same {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.same)
		}
	}
}
