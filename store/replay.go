package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
)

// Trail is the store as package audit sees it.
type Trail struct{ *Store }

// Entries implements audit.Trail.
func (t Trail) Entries(ctx context.Context, from int64, most int) (list []audit.Entry, err error) {
	err = t.View(ctx, func(tx *Tx) error {
		list, err = tx.Entries(from, most, "")
		return err
	})
	return list, err
}

// Replay holds what the tables say of each case against the audit trail, which
// repeats every change: found hears of whatever is not the same. The trail itself is
// audit.Verify's.
func (s *Store) Replay(ctx context.Context, found func(entry int64, of goshawk.ID, what string)) error {
	return s.View(ctx, func(t *Tx) error {
		var cases []goshawk.ID
		err := t.each(func(scan func(...any) error) error {
			var id goshawk.ID
			err := scan(&id)
			cases = append(cases, id)
			return err
		}, `SELECT id FROM cases UNION SELECT case_id FROM audit WHERE case_id <> '' AND detail <> '' ORDER BY 1`)
		if err != nil {
			return err
		}
		for _, id := range cases {
			if err := t.replay(id, found); err != nil {
				return err
			}
		}
		return t.replayRest(found)
	})
}

// replay does so for one case.
func (t *Tx) replay(id goshawk.ID, found func(int64, goshawk.ID, string)) error {
	bad := func(entry int64, format string, args ...any) { found(entry, id, fmt.Sprintf(format, args...)) }
	want := map[casebook.Field]casebook.Value{}
	made := map[int64]int64{}     // the entry that made each change
	var first, latest audit.Entry // of its changes
	seq := int64(0)
	for from := int64(1); ; {
		entries, err := t.Entries(from, 500, id)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			break
		}
		for i := range entries {
			from = entries[i].Seq + 1
			var c casebook.Change
			if json.Unmarshal(entries[i].Detail, &c) != nil || len(c.Edits) == 0 {
				continue
			}
			if c.Seq != seq+1 {
				bad(entries[i].Seq, "the case's change %d follows its change %d", c.Seq, seq)
			}
			if seq = c.Seq; seq == 1 {
				first = entries[i]
			}
			latest, made[seq] = entries[i], entries[i].Seq
			for _, e := range c.Edits {
				want[e.Field] = casebook.Value{JSON: e.After, Seq: c.Seq}
			}
			rows, err := t.Changes(id, c.Seq-1, 1)
			if err != nil {
				return err
			}
			if len(rows) == 0 || rows[0].Seq != c.Seq {
				bad(entries[i].Seq, "the case's change %d is gone", c.Seq)
				continue
			}
			// As the trail writes it: its number there is not in it.
			row := rows[0]
			if row.Entry != entries[i].Seq {
				bad(entries[i].Seq, "the case's change %d names the entry %d", c.Seq, row.Entry)
			}
			row.Entry = 0
			text, err := json.Marshal(&row)
			if err != nil {
				return err
			}
			if !bytes.Equal(text, entries[i].Detail) {
				bad(entries[i].Seq, "the case's change %d is not what was recorded", c.Seq)
			}
		}
	}
	var n, last int64
	if err := t.row(`SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM changes WHERE case_id = ?1`, id).Scan(&n, &last); err != nil {
		return err
	}
	if n > seq || last > seq {
		bad(0, "the case has %d changes up to number %d, and the trail says %d", n, last, seq)
	}
	has, err := t.Case(id)
	if goshawk.CodeOf(err) == goshawk.NotFound {
		bad(0, "the case is gone")
		return nil
	}
	if err != nil {
		return err
	}
	if has.Seq != seq {
		bad(0, "the case says that its last change is %d, and the trail says %d", has.Seq, seq)
	}
	if first.Seq > 0 {
		if has.Agency != first.Agency {
			bad(first.Seq, "the case is another agency's than when it was opened")
		}
		if !has.Opened.Equal(first.At) {
			bad(first.Seq, "the case says that it was opened %s", has.Opened.Format(time.RFC3339Nano))
		}
		if !has.Touched.Equal(latest.At) {
			bad(latest.Seq, "the case says that it was changed last %s", has.Touched.Format(time.RFC3339Nano))
		}
	}
	for kind, records := range has.Records {
		for record, fields := range records {
			for name, v := range fields {
				f := casebook.Field{Kind: kind, ID: record, Name: name}
				if w, ok := want[f]; !ok || !bytes.Equal(w.JSON, v.JSON) || w.Seq != v.Seq {
					bad(made[w.Seq], "the field %q of the %s %s is not what its last change made it", name, kind, record)
				}
				delete(want, f)
			}
		}
	}
	for f, w := range want {
		if len(w.JSON) > 0 && string(w.JSON) != "null" {
			bad(made[w.Seq], "the field %q of the %s %s is gone", f.Name, f.Kind, f.ID)
		}
	}
	return t.repeated(has, bad)
}

// repeated holds what repeats a case's fields against them.
func (t *Tx) repeated(c *casebook.Case, bad func(int64, string, ...any)) error {
	text := func(name string) (s string) {
		if v := c.Records[casebook.KindCase]["case"][name].JSON; len(v) > 0 {
			json.Unmarshal(v, &s) //nolint:errcheck // what is no text was found already
		}
		return s
	}
	if c.Title != text("title") || c.Reference != text("reference") || c.Status != text("status") || c.Marking != text("marking") || c.Retain != text("retain") {
		bad(0, "the case's line in lists is not what its fields say")
	}
	want := map[goshawk.ID]string{}
	for person, r := range c.Records[casebook.KindMember] {
		if string(r[casebook.Deleted].JSON) != "true" {
			var part string
			json.Unmarshal(r["part"].JSON, &part) //nolint:errcheck // as above
			want[person] = part
		}
	}
	err := t.each(func(scan func(...any) error) error {
		var person goshawk.ID
		var part string
		if err := scan(&person, &part); err != nil {
			return err
		}
		if want[person] != part {
			bad(0, "the case lets in %s as %q, and its fields do not", person, part)
		}
		delete(want, person)
		return nil
	}, `SELECT person, part FROM members WHERE case_id = ?1`, c.ID)
	for person := range want {
		bad(0, "the case does not let in %s, who is its member", person)
	}
	if err != nil {
		return err
	}
	return t.found(c, bad)
}

// found holds what the search finds against the fields that it repeats.
func (t *Tx) found(c *casebook.Case, bad func(int64, string, ...any)) error {
	type record struct {
		kind casebook.Kind
		id   goshawk.ID
	}
	want := map[record]string{}
	for kind, records := range c.Records {
		for id, fields := range records {
			var body []string
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				if f, ok := casebook.Lookup(kind, name); ok && f.Find {
					if s := words(string(fields[name].JSON)); s != "" {
						body = append(body, s)
					}
				}
			}
			if len(body) > 0 && !fields.Gone() {
				want[record{kind, id}] = strings.Join(body, "\n")
			}
		}
	}
	err := t.each(func(scan func(...any) error) error {
		var r record
		var body string
		if err := scan(&r.kind, &r.id, &body); err != nil {
			return err
		}
		if want[r] != body {
			bad(0, "what the search finds of the %s %s is not what its fields say", r.kind, r.id)
		}
		delete(want, r)
		return nil
	}, `SELECT kind, id, body FROM texts WHERE case_id = ?1`, c.ID)
	for r := range want {
		bad(0, "what the search finds of the %s %s is gone", r.kind, r.id)
	}
	return err
}

// replayRest holds what is about no case against the trail: the number of the last entry, and the rows that entries attest.
func (t *Tx) replayRest(found func(entry int64, of goshawk.ID, what string)) error {
	var head, last int64
	if err := t.row(`SELECT h.seq, COALESCE((SELECT MAX(a.seq) FROM audit a), 0) FROM audit_head h`).Scan(&head, &last); err != nil {
		return err
	}
	if head != last {
		found(0, "", fmt.Sprintf("the number of the last entry is said to be %d, and is %d", head, last))
	}
	return t.replayAttested(func(entry int64, what string) { found(entry, "", what) })
}
