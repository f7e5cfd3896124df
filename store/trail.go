package store

import (
	"context"
	"fmt"

	"goshawk"
	"goshawk/audit"
)

// Trail returns entries of the audit trail before a number, the newest first, at most
// so many: those of a case; or, without one, those that are about no case, of an agency's
// people or, without an agency, of all.
func (t *Tx) Trail(of, agency goshawk.ID, before int64, most int) ([]audit.Entry, error) {
	var list []audit.Entry
	err := t.each(func(scan func(...any) error) error {
		var e audit.Entry
		var at int64
		var detail string
		if err := scan(&e.Seq, &at, &e.Person, &e.Name, &e.Agency, &e.Via, &e.From, &e.Action, &e.What, &e.Case, &detail); err != nil {
			return err
		}
		e.At = micro(at)
		if detail != "" {
			e.Detail = []byte(detail)
		}
		list = append(list, e)
		return nil
	}, fmt.Sprintf(`SELECT seq, at, person, name, agency, via, source, action, what, case_id, detail FROM audit
		WHERE case_id = ?1 AND seq < ?2 AND (?3 = '' OR agency = ?3) ORDER BY seq DESC LIMIT %d`, most), of, before, agency)
	return list, err
}

// Head is the number of the last entry of the audit trail.
func (s *Store) Head(ctx context.Context) (n int64, err error) {
	err = s.View(ctx, func(t *Tx) error { return t.row(`SELECT seq FROM audit_head`).Scan(&n) })
	return n, err
}
