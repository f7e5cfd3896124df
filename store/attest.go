package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk/audit"
)

// attestedTable is one whose rows the trail repeats as hashes, so that one that was written behind the program's back is
// noticed. A case's tables are none: its changes are in the trail whole.
type attestedTable struct {
	name    string
	key     string // an expression: rows of one key are attested together
	columns string // those that are never written without an entry
	label   string // an expression, which is shown with a fault
	what    string // in words
}

// attestedTables are the tables of that kind: who people are and how they sign in, whom the server tells, which ledgers it
// opens, what coins were worth, and what letters are made from. What is left out says when something was used last, or
// is no more than a queue.
func attestedTables() []attestedTable {
	return []attestedTable{
		{"agencies", "id", "id, name, kind, country, created", "name", "agency"},
		{"people", "id", "id, agency, name, email, role, disabled, created", "name", "account"},
		{"passkeys", "id", "id, person, name, record, created, used, doubtful", "person", "passkey"},
		{"passwords", "person", "person, hash, secret, step, changed", "person", "password of"},
		{"subjects", "person", "issuer, subject, person", "person", "account at an identity provider of"},
		{"recovery", "person", "person, hash", "person", "recovery codes of"},
		{"invitations", "person", "hash, person, created, ends", "person", "invitation of"},
		{"sessions", "hash", "hash, person, via, source, agent, created, ends, proved", "person", "session"},
		{"tokens", "id", "id, hash, person, name, scopes, created, ends", "person", "token"},
		{"hooks", "id", "id, agency, name, url, secret, created, person", "name", "webhook"},
		{"ledgers", "id", "id, path, added, person", "id", "ledger"},
		{"agency_papers", "agency || '/' || kind || '/' || id", "agency, kind, id, version, body, made, person", "agency", "paper of letters"},
		{"rates", "asset || '/' || currency", "asset, currency, day, price, source", "asset", "rates of"},
		{"rate_sources", "sha256", "sha256, name, asset, imported, person, rates", "name", "file of rates"},
	}
}

// attest notes that a row of a table is written or removed in this transaction: its entry will say what became of it.
func (t *Tx) attest(table, key string) {
	r := audit.Row{Table: table, Key: key}
	if !slices.Contains(t.attests, r) {
		t.attests = append(t.attests, r)
	}
}

// attestWhere does so for the rows that a condition finds now, before they are removed.
func (t *Tx) attestWhere(table, condition string, args ...any) error {
	at := slices.IndexFunc(attestedTables(), func(a attestedTable) bool { return a.name == table })
	if at < 0 {
		return nil // what is left out
	}
	return t.each(func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		t.attest(table, key)
		return err
	}, `SELECT `+attestedTables()[at].key+` FROM `+table+` WHERE `+condition, args...)
}

// attested completes an entry with what its transaction has left of the rows that it wrote.
func (t *Tx) attested(e *audit.Entry) error {
	for _, r := range t.attests {
		at := slices.IndexFunc(attestedTables(), func(a attestedTable) bool { return a.name == r.Table })
		now, err := t.attestedRows(attestedTables()[at], r.Key)
		if err != nil {
			return err
		}
		if row, there := now[r.Key]; there {
			r.Sum = row.sum(e.Salt)
		}
		e.Attests = append(e.Attests, r)
	}
	t.attests = nil
	return nil
}

// attestedRow is what a table has of one key.
type attestedRow struct {
	label string
	lines [][]byte
}

// sum is the commitment to it. The salt is its entry's: nobody who has the entry alone can try what the row may say.
func (r *attestedRow) sum(salt [32]byte) string {
	slices.SortFunc(r.lines, bytes.Compare) // databases sort in different ways
	h := sha256.New()
	h.Write(salt[:])
	for _, line := range r.lines {
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// attestedRows reads a table by key: one, or, for "", all.
func (t *Tx) attestedRows(a attestedTable, key string) (map[string]*attestedRow, error) {
	all := map[string]*attestedRow{}
	values := make([]any, strings.Count(a.columns, ",")+1)
	to := make([]any, 2, 2+len(values))
	for i := range values {
		to = append(to, &values[i])
	}
	err := t.each(func(scan func(...any) error) error {
		var of, label string
		to[0], to[1] = &of, &label
		if err := scan(to...); err != nil {
			return err
		}
		for i, v := range values {
			if b, is := v.([]byte); is {
				values[i] = string(b)
			}
		}
		line, err := json.Marshal(values)
		if err != nil {
			return err
		}
		if all[of] == nil {
			all[of] = &attestedRow{label: label}
		}
		all[of].lines = append(all[of].lines, append(line, '\n'))
		return nil
	}, fmt.Sprintf(`SELECT %s, %s, %s FROM %s WHERE ?1 = '' OR %s = ?1`, a.key, a.label, a.columns, a.name, a.key), key)
	return all, err
}

// errTakenUp breaks off the transaction of a server that comes second.
var errTakenUp = errors.New("taken up already")

// takeUp has the trail attest what was there before it attested anything: once, when a database is brought up to date
// that an older program wrote.
func (s *Store) takeUp(ctx context.Context) error {
	done := func(t *Tx) (is bool, err error) {
		var n int
		err = t.row(`SELECT attested FROM audit_head`).Scan(&n)
		return n != 0, err
	}
	err := s.View(ctx, func(t *Tx) error {
		if is, err := done(t); err != nil || is {
			return errors.Join(err, errTakenUp)
		}
		return nil
	})
	if err == nil {
		e := &audit.Entry{At: time.Now(), Action: audit.TakeUp, Via: "console", What: "took up what was there when the trail began to attest accounts"}
		err = s.Do(ctx, e, func(t *Tx) error {
			if is, err := done(t); err != nil || is {
				return errors.Join(err, errTakenUp)
			}
			for _, a := range attestedTables() {
				if err := t.attestWhere(a.name, `1 = 1`); err != nil {
					return err
				}
			}
			return t.exec(`UPDATE audit_head SET attested = 1`)
		})
	}
	if errors.Is(err, errTakenUp) {
		err = nil
	}
	return err
}

// replayAttested holds the attested tables against what the trail said of each row last.
func (t *Tx) replayAttested(found func(entry int64, what string)) error {
	type said struct {
		entry int64
		sum   string
		salt  [32]byte
	}
	last := map[string]map[string]said{} // by table and key: those that are there
	begun := false
	err := t.each(func(scan func(...any) error) error {
		var seq int64
		var action, attests, salt string
		if err := scan(&seq, &action, &attests, &salt); err != nil {
			return err
		}
		var rows []audit.Row
		s := said{entry: seq}
		n, err := hex.Decode(s.salt[:], []byte(salt))
		if edited := err != nil || n != len(s.salt) || json.Unmarshal([]byte(attests), &rows) != nil; edited {
			return nil // it is not what the log says it was, which the log's verification names
		}
		if action == audit.TakeUp && begun {
			found(seq, "accounts were taken up a second time: whatever was written by hand before is attested by it")
		}
		begun = true
		for _, r := range rows {
			if last[r.Table] == nil {
				last[r.Table] = map[string]said{}
			}
			if s.sum = r.Sum; s.sum == "" {
				delete(last[r.Table], r.Key)
			} else {
				last[r.Table][r.Key] = s
			}
		}
		return nil
	}, `SELECT seq, action, attests, salt FROM audit WHERE attests <> '' ORDER BY seq`)
	if err != nil {
		return err
	}
	for _, a := range attestedTables() {
		now, err := t.attestedRows(a, "")
		if err != nil {
			return err
		}
		for key, row := range now {
			name := a.what + " " + key
			if row.label != key {
				name += " (" + row.label + ")"
			}
			switch s, known := last[a.name][key]; {
			case !known:
				found(0, fmt.Sprintf("the %s is in the table %s, and no entry says who wrote it", name, a.name))
			case row.sum(s.salt) != s.sum:
				found(s.entry, fmt.Sprintf("the %s is not what this entry, the last one about it, left", name))
			}
			delete(last[a.name], key)
		}
		for key, s := range last[a.name] {
			found(s.entry, fmt.Sprintf("the %s %s is gone, and no entry says who removed it", a.what, key))
		}
	}
	return nil
}
