package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
)

// Standing implements casebook.Tx. Who is disabled stands to no case, also in a request that they began before.
func (t *Tx) Standing(c, person goshawk.ID) (*identity.Standing, error) {
	var at identity.Standing
	var status string
	found, err := t.one(`SELECT c.agency, c.status, COALESCE(m.part, '') FROM cases c LEFT JOIN members m ON m.case_id = c.id AND m.person = ?2
		WHERE c.id = ?1 AND NOT EXISTS (SELECT 1 FROM people p WHERE p.id = ?2 AND p.disabled <> 0)`,
		[]any{c, person}, &at.Agency, &status, &at.Part)
	if err != nil || !found {
		return nil, err
	}
	at.Closed = status == "closed"
	return &at, nil
}

// Begin implements casebook.Tx.
func (t *Tx) Begin(c, agency goshawk.ID, at time.Time) error {
	return t.exec(`INSERT INTO cases (id, agency, seq, opened, touched, title, reference, status, marking) VALUES (?1, ?2, 0, ?3, ?3, '', '', '', '')`, c, agency, at.UnixMicro())
}

// Seq implements casebook.Tx.
func (t *Tx) Seq(c goshawk.ID) (seq int64, err error) {
	found, err := t.one(`SELECT seq FROM cases WHERE id = ?1`, []any{c}, &seq)
	if err == nil && !found {
		err = goshawk.Errorf(goshawk.NotFound, "there is no such case")
	}
	return seq, err
}

// Field implements casebook.Tx.
func (t *Tx) Field(c goshawk.ID, f casebook.Field) (v casebook.Value, err error) {
	var text string
	found, err := t.one(`SELECT value, seq FROM fields WHERE case_id = ?1 AND kind = ?2 AND id = ?3 AND name = ?4`, []any{c, f.Kind, f.ID, f.Name}, &text, &v.Seq)
	if found && text != "" {
		v.JSON = json.RawMessage(text)
	}
	return v, err
}

// Begun implements casebook.Tx.
func (t *Tx) Begun(c goshawk.ID, k casebook.Kind, id goshawk.ID) (bool, error) {
	var n int
	return t.one(`SELECT 1 FROM fields WHERE case_id = ?1 AND kind = ?2 AND id = ?3 LIMIT 1`, []any{c, k, id}, &n)
}

// Apply implements casebook.Tx.
func (t *Tx) Apply(c goshawk.ID, change *casebook.Change) error {
	edits, err := json.Marshal(change.Edits)
	if err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO changes (case_id, seq, entry, at, person, undoes, edits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		c, change.Seq, change.Entry, change.At.UnixMicro(), change.Person, change.Undoes, string(edits)); err != nil {
		return err
	}
	stmt, err := t.tx.PrepareContext(t.ctx, t.text(`INSERT INTO fields (case_id, kind, id, name, value, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (case_id, kind, id, name) DO UPDATE SET value = excluded.value, seq = excluded.seq`))
	if err != nil {
		return err
	}
	defer stmt.Close()
	type record struct {
		kind casebook.Kind
		id   goshawk.ID
	}
	var touched []record
	for _, e := range change.Edits {
		// A field that is not set any more keeps its row: the change that emptied it is known.
		if _, err := stmt.ExecContext(t.ctx, c, e.Kind, e.ID, e.Name, string(e.After), change.Seq); err != nil {
			return err
		}
		f, _ := casebook.Lookup(e.Kind, e.Name)
		if r := (record{e.Kind, e.ID}); (f.Find || f.Name == casebook.Deleted || e.Kind == casebook.KindMember || e.Kind == casebook.KindCase) && !slices.Contains(touched, r) {
			touched = append(touched, r)
		}
	}
	t.changed = append(t.changed, c)
	if err := t.exec(`UPDATE cases SET seq = ?2, touched = ?3 WHERE id = ?1`, c, change.Seq, change.At.UnixMicro()); err != nil {
		return err
	}
	for _, r := range touched {
		if err := t.repeat(c, r.kind, r.id); err != nil {
			return err
		}
	}
	return nil
}

// repeat brings what repeats a record's fields up to date: the words that the
// search finds, the case's line in lists, the members.
func (t *Tx) repeat(c goshawk.ID, k casebook.Kind, id goshawk.ID) error {
	text := map[string]string{} // of fields that hold one
	var body []string
	deleted := false
	err := t.each(func(scan func(...any) error) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		if name == casebook.Deleted {
			deleted = value == "true"
		}
		s := words(value)
		text[name] = s
		if f, ok := casebook.Lookup(k, name); ok && f.Find && s != "" {
			body = append(body, s)
		}
		return nil
	}, `SELECT name, value FROM fields WHERE case_id = ?1 AND kind = ?2 AND id = ?3 ORDER BY name`, c, k, id)
	if err != nil {
		return err
	}
	switch k {
	case casebook.KindCase:
		err = t.exec(`UPDATE cases SET title = ?2, reference = ?3, status = ?4, marking = ?5, retain = ?6 WHERE id = ?1`, c, text["title"], text["reference"], text["status"], text["marking"], text["retain"])
	case casebook.KindMember:
		if err = t.exec(`DELETE FROM members WHERE case_id = ?1 AND person = ?2`, c, id); err == nil && !deleted {
			if _, _, bad := t.Person(id); goshawk.CodeOf(bad) == goshawk.NotFound {
				return goshawk.Errorf(goshawk.Invalid, "there is no such person as %s", id).WithHint("choose one of the list")
			} else if bad != nil {
				return bad
			}
			err = t.exec(`INSERT INTO members (case_id, person, part) VALUES (?1, ?2, ?3)`, c, id, text["part"])
		}
	}
	if err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM texts WHERE case_id = ?1 AND kind = ?2 AND id = ?3`, c, k, id); err != nil || deleted || len(body) == 0 {
		return err
	}
	return t.exec(`INSERT INTO texts (number, case_id, kind, id, body) VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM texts), ?1, ?2, ?3, ?4)`,
		c, k, id, strings.Join(body, "\n"))
}

// words is what a field says: a text, or a value as it is written.
func words(value string) (s string) {
	if json.Unmarshal([]byte(value), &s) != nil {
		return value
	}
	return s
}

const caseColumns = `SELECT c.id, c.agency, c.title, c.reference, c.status, c.marking, c.retain, c.seq, c.opened, c.touched, COALESCE(m.part, '')
	FROM cases c LEFT JOIN members m ON m.case_id = c.id AND m.person = ?1 `

func scanCase(scan func(...any) error) (s casebook.Summary, err error) {
	var opened, touched int64
	err = scan(&s.ID, &s.Agency, &s.Title, &s.Reference, &s.Status, &s.Marking, &s.Retain, &s.Seq, &opened, &touched, &s.Part)
	s.Opened, s.Touched = micro(opened), micro(touched)
	return s, err
}

// Case implements casebook.Tx. Deleted records are in it.
func (t *Tx) Case(c goshawk.ID, kinds ...casebook.Kind) (*casebook.Case, error) {
	out := &casebook.Case{Records: map[casebook.Kind]map[goshawk.ID]casebook.Record{}}
	found := false
	err := t.each(func(scan func(...any) error) (err error) {
		found = true
		out.Summary, err = scanCase(scan)
		return err
	}, caseColumns+`WHERE c.id = ?2`, "", c)
	if err == nil && !found {
		err = goshawk.Errorf(goshawk.NotFound, "there is no such case")
	}
	if err != nil {
		return nil, err
	}
	args := []any{c}
	where := ""
	if len(kinds) > 0 {
		var marks []string
		for _, k := range kinds {
			args = append(args, k)
			marks = append(marks, fmt.Sprintf("?%d", len(args)))
		}
		where = " AND kind IN (" + strings.Join(marks, ", ") + ")"
	}
	err = t.each(func(scan func(...any) error) error {
		var f casebook.Field
		var text string
		var v casebook.Value
		if err := scan(&f.Kind, &f.ID, &f.Name, &text, &v.Seq); err != nil {
			return err
		}
		if text == "" {
			return nil
		}
		v.JSON = json.RawMessage(text)
		records := out.Records[f.Kind]
		if records == nil {
			records = map[goshawk.ID]casebook.Record{}
			out.Records[f.Kind] = records
		}
		if records[f.ID] == nil {
			records[f.ID] = casebook.Record{}
		}
		records[f.ID][f.Name] = v
		return nil
	}, `SELECT kind, id, name, value, seq FROM fields WHERE case_id = ?1`+where, args...)
	return out, err
}

// Changes implements casebook.Tx.
func (t *Tx) Changes(c goshawk.ID, after int64, most int) ([]casebook.Change, error) {
	var list []casebook.Change
	err := t.each(func(scan func(...any) error) error {
		var ch casebook.Change
		var at int64
		var edits string
		if err := scan(&ch.Seq, &ch.Entry, &at, &ch.Person, &ch.Undoes, &edits); err != nil {
			return err
		}
		ch.At = micro(at)
		list = append(list, ch)
		return json.Unmarshal([]byte(edits), &list[len(list)-1].Edits)
	}, fmt.Sprintf(`SELECT seq, entry, at, person, undoes, edits FROM changes WHERE case_id = ?1 AND seq > ?2 ORDER BY seq LIMIT %d`, most), c, after)
	return list, err
}

// Cases implements casebook.Tx.
func (t *Tx) Cases(person, agency goshawk.ID, whole bool) ([]casebook.Summary, error) {
	var list []casebook.Summary
	err := t.each(func(scan func(...any) error) error {
		s, err := scanCase(scan)
		list = append(list, s)
		return err
	}, caseColumns+`WHERE m.part IS NOT NULL OR (?3 = 1 AND c.agency = ?2) ORDER BY c.touched DESC, c.id`, person, agency, flag(whole))
	return list, err
}

// SharedWith implements casebook.Tx.
func (t *Tx) SharedWith(person goshawk.ID) (list []casebook.ShareRef, err error) {
	value, err := json.Marshal(person)
	if err != nil {
		return nil, err
	}
	// The kind and the field are written out: the index is of these alone.
	err = t.each(func(scan func(...any) error) error {
		var r casebook.ShareRef
		err := scan(&r.Case, &r.ID)
		list = append(list, r)
		return err
	}, `SELECT case_id, id FROM fields WHERE kind = 'share' AND name = 'person' AND value = ?1 ORDER BY case_id, id`, string(value))
	return list, err
}

// Leads implements casebook.Tx.
func (t *Tx) Leads(c goshawk.ID) (n int, err error) {
	err = t.row(`SELECT COUNT(*) FROM members WHERE case_id = ?1 AND part = 'lead'`, c).Scan(&n)
	return n, err
}

// Fields implements casebook.Tx.
func (t *Tx) Fields(c goshawk.ID) (n int, err error) {
	err = t.row(`SELECT COUNT(*) FROM fields WHERE case_id = ?1 AND value <> ''`, c).Scan(&n)
	return n, err
}

// Hit is a record in which the search found something.
type Hit struct {
	Case  goshawk.ID    `json:"case"`
	Title string        `json:"title"` // of the case
	Kind  casebook.Kind `json:"kind"`
	ID    goshawk.ID    `json:"id"`
	Body  string        `json:"body"`
}

// Search finds records in the cases that a person is a member of, or, for whole, in all of the
// agency's, whose texts hold all the words; the last one may be a beginning.
func (t *Tx) Search(person, agency goshawk.ID, whole bool, words string, most int) ([]Hit, error) {
	list := strings.FieldsFunc(words, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`"'()*:^&|!<>\`, r) })
	if len(list) == 0 {
		return nil, nil
	}
	match, query := `x.words @@ to_tsquery('simple', ?4)`, strings.Join(list, " & ")+":*"
	from := `texts x`
	if t.s.sqlite {
		match, query = `words MATCH ?4`, `"`+strings.Join(list, `" "`)+`"*`
		from = `words JOIN texts x ON x.number = words.rowid`
	}
	var hits []Hit
	err := t.each(func(scan func(...any) error) error {
		var h Hit
		if err := scan(&h.Case, &h.Title, &h.Kind, &h.ID, &h.Body); err != nil {
			return err
		}
		hits = append(hits, h)
		return nil
	}, fmt.Sprintf(`SELECT x.case_id, c.title, x.kind, x.id, x.body FROM %s JOIN cases c ON c.id = x.case_id LEFT JOIN members m ON m.case_id = c.id AND m.person = ?1
		WHERE %s AND (m.part IS NOT NULL OR (?3 = 1 AND c.agency = ?2)) ORDER BY c.touched DESC, x.kind, x.id LIMIT %d`, from, match, most), person, agency, flag(whole), query)
	return hits, err
}

// Casebook is the store as package casebook sees it.
type Casebook struct{ *Store }

// Do implements casebook.Store.
func (b Casebook) Do(ctx context.Context, e *audit.Entry, f func(casebook.Tx) error) error {
	return b.Store.Do(ctx, e, func(t *Tx) error { return f(t) })
}
