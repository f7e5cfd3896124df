package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// Message is a notice in the outbox, and what became of it.
type Message struct {
	casebook.Notice
	State string // one of the states below
	Due   time.Time
	Tries int
	Fault string // why the last try failed: no address, no name
	Ended time.Time
}

// What becomes of a message.
const (
	MessageWaiting  = "waiting"
	MessageTold     = "told"
	MessageRefused  = "refused"  // given up
	MessageWithheld = "withheld" // who was to be told may not be any more
)

// Queue implements casebook.Tx.
func (t *Tx) Queue(n *casebook.Notice) error {
	body, err := json.Marshal(n.Body)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO outbox (id, case_id, way, recipient, body, state, made, due, tries, fault, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 0, '', 0)
		ON CONFLICT (id) DO NOTHING`, n.ID, n.Case, n.Way, n.To, string(body), MessageWaiting, n.Made.UnixMicro())
}

// Claim hands out messages that are due, the oldest first, and makes them due again at a later time: until then nobody
// else is handed them, and where who sends them is killed, they come again. Each counts as tried.
func (s *Store) Claim(ctx context.Context, now, until time.Time, most int) (list []Message, err error) {
	err = s.in(ctx, s.writer, "write to", func(t *Tx) error {
		turn := " FOR UPDATE SKIP LOCKED"
		if s.sqlite {
			turn = "" // one writes at a time
		}
		var err error
		list, err = t.messages(fmt.Sprintf(`UPDATE outbox SET due = ?3, tries = tries + 1
			WHERE id IN (SELECT id FROM outbox WHERE state = ?1 AND due <= ?2 ORDER BY due, id LIMIT %d%s) RETURNING `, most, turn),
			"", MessageWaiting, now.UnixMicro(), until.UnixMicro())
		return err
	})
	slices.SortFunc(list, func(a, b Message) int {
		if c := a.Made.Compare(b.Made); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return list, err
}

// messages reads what a query that ends in columns, or in their place, answers with.
func (t *Tx) messages(before, after string, args ...any) (list []Message, err error) {
	err = t.each(func(scan func(...any) error) error {
		var m Message
		var body string
		var made, due, ended int64
		if err := scan(&m.ID, &m.Case, &m.Way, &m.To, &body, &m.State, &made, &due, &m.Tries, &m.Fault, &ended); err != nil {
			return err
		}
		m.Made, m.Due, m.Ended = micro(made), micro(due), stamped(ended)
		list = append(list, m)
		return json.Unmarshal([]byte(body), &list[len(list)-1].Body)
	}, before+`id, case_id, way, recipient, body, state, made, due, tries, fault, ended`+after, args...)
	return list, err
}

// EndMessage notes what became of a message for good.
func (t *Tx) EndMessage(id goshawk.ID, state, fault string, at time.Time) error {
	return t.exec(`UPDATE outbox SET state = ?2, fault = ?3, ended = ?4 WHERE id = ?1 AND state = ?5`, id, state, fault, at.UnixMicro(), MessageWaiting)
}

// PutOff notes why a message could not be sent, and when it is tried again.
func (t *Tx) PutOff(id goshawk.ID, fault string, due time.Time) error {
	return t.exec(`UPDATE outbox SET fault = ?2, due = ?3 WHERE id = ?1 AND state = ?4`, id, fault, due.UnixMicro(), MessageWaiting)
}

// Messages lists the messages of some states, the newest first, at most so many.
func (t *Tx) Messages(most int, states ...string) ([]Message, error) {
	marks := make([]string, len(states))
	args := make([]any, len(states))
	for i, s := range states {
		marks[i], args[i] = fmt.Sprintf("?%d", i+1), s
	}
	return t.messages(`SELECT `, fmt.Sprintf(` FROM outbox WHERE state IN (%s) ORDER BY made DESC, id LIMIT %d`, strings.Join(marks, ", "), most), args...)
}

// CountMessages counts messages by state.
func (t *Tx) CountMessages() (map[string]int, error) {
	counts := map[string]int{}
	err := t.each(func(scan func(...any) error) error {
		var state string
		var n int
		err := scan(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, COUNT(*) FROM outbox GROUP BY state`)
	return counts, err
}

// TryAgain makes the messages that were given up, and those that wait for another try, due at a time.
func (t *Tx) TryAgain(at time.Time) error {
	return t.exec(`UPDATE outbox SET state = ?1, due = ?2, made = CASE WHEN state = ?3 THEN ?2 ELSE made END, ended = 0
		WHERE state = ?3 OR state = ?1 AND fault <> ''`, MessageWaiting, at.UnixMicro(), MessageRefused)
}

// ForgetMessages removes those that ended before a time.
func (t *Tx) ForgetMessages(before time.Time) error {
	return t.exec(`DELETE FROM outbox WHERE state <> ?1 AND ended < ?2`, MessageWaiting, before.UnixMicro())
}

// Hook is a program of an agency that is told what moved.
type Hook struct {
	ID      goshawk.ID
	Agency  goshawk.ID
	Name    string
	URL     string
	Secret  string // signs what it is sent; shown to nobody after it was made
	Created time.Time
	Person  goshawk.ID // who added it
}

// AddHook adds a webhook.
func (t *Tx) AddHook(h *Hook) error {
	t.attest("hooks", string(h.ID))
	return t.exec(`INSERT INTO hooks (id, agency, name, url, secret, created, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		h.ID, h.Agency, h.Name, h.URL, h.Secret, h.Created.UnixMicro(), h.Person)
}

// RemoveHook removes one. What waits for it is withheld when its turn comes.
func (t *Tx) RemoveHook(id goshawk.ID) error {
	var name string
	t.attest("hooks", string(id))
	found, err := t.one(`DELETE FROM hooks WHERE id = ?1 RETURNING name`, []any{id}, &name)
	return orMissing(found, err, "there is no such webhook")
}

// AllHooks lists the webhooks of all agencies, by name.
func (t *Tx) AllHooks() ([]Hook, error) {
	var list []Hook
	err := t.each(func(scan func(...any) error) error {
		var h Hook
		var at int64
		if err := scan(&h.ID, &h.Agency, &h.Name, &h.URL, &h.Secret, &at, &h.Person); err != nil {
			return err
		}
		h.Created = micro(at)
		list = append(list, h)
		return nil
	}, `SELECT id, agency, name, url, secret, created, person FROM hooks ORDER BY name, id`)
	return list, err
}

// Hooks implements casebook.Tx.
func (t *Tx) Hooks(agency goshawk.ID) ([]goshawk.ID, error) {
	list, err := t.AllHooks()
	ids := []goshawk.ID{}
	for i := range list {
		if list[i].Agency == agency {
			ids = append(ids, list[i].ID)
		}
	}
	return ids, err
}
