package store

import (
	"encoding/json"
	"fmt"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
)

// Happened is an entry of the audit trail about a case, and the change that it records, if it is
// one. Of a change that is larger than a page shows there is the number alone.
type Happened struct {
	audit.Entry
	Change *casebook.Change
}

// mostDetail is how large a change is that History still reads.
const mostDetail = 200_000

// History returns what was done to a case and with it before an entry, or, for 0, at last; the
// newest first, at most so many. With changes, only what changed it.
func (t *Tx) History(c goshawk.ID, before int64, most int, changes bool) ([]Happened, error) {
	from, order := `audit a WHERE a.case_id = ?1`, `a.seq`
	number := `0`
	if changes {
		from, order = `changes c JOIN audit a ON a.seq = c.entry WHERE c.case_id = ?1`, `c.seq`
		number = `c.seq`
	}
	var list []Happened
	err := t.each(func(scan func(...any) error) error {
		var h Happened
		var at, seq int64
		var detail string
		if err := scan(&h.Seq, &at, &h.Person, &h.Name, &h.Agency, &h.Via, &h.From, &h.Action, &h.What, &detail, &seq); err != nil {
			return err
		}
		h.At, h.Case = micro(at), c
		var change casebook.Change
		if detail != "" && json.Unmarshal([]byte(detail), &change) == nil && change.Seq > 0 && len(change.Edits) > 0 {
			h.Change = &change
		} else if seq > 0 {
			h.Change = &casebook.Change{Seq: seq, At: h.At, Person: h.Person}
		}
		if h.Change != nil {
			h.Change.Entry = h.Seq
		}
		list = append(list, h)
		return nil
	}, fmt.Sprintf(`SELECT a.seq, a.at, a.person, a.name, a.agency, a.via, a.source, a.action, a.what, CASE WHEN LENGTH(a.detail) <= %d THEN a.detail ELSE '' END, %s
		FROM %s AND (?2 = 0 OR a.seq < ?2) ORDER BY %s DESC LIMIT %d`, mostDetail, number, from, order, most), c, before)
	return list, err
}
