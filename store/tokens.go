package store

import (
	"context"
	"strings"
	"time"

	"goshawk"
	"goshawk/identity"
)

// AddToken adds a token. Where its person has as many as may be, it is a Busy error.
func (t *Tx) AddToken(k *identity.Token) error {
	var n int
	if err := t.row(`SELECT COUNT(*) FROM tokens WHERE person = ?1`, k.Person).Scan(&n); err != nil {
		return err
	}
	if n >= identity.MostTokens {
		return goshawk.Errorf(goshawk.Busy, "you have %d tokens already", n).WithHint("end those that are not used")
	}
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	t.attest("tokens", string(k.ID))
	return t.exec(`INSERT INTO tokens (id, hash, person, name, scopes, created, ends, used, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, '')`,
		k.ID, k.Hash, k.Person, k.Name, strings.Join(scopes, " "), k.Created.UnixMicro(), k.Ends.UnixMicro())
}

func (t *Tx) tokens(where string, args ...any) (list []identity.Token, err error) {
	err = t.each(func(scan func(...any) error) error {
		var k identity.Token
		var scopes string
		var created, ends, used int64
		if err := scan(&k.ID, &k.Hash, &k.Person, &k.Name, &scopes, &created, &ends, &used, &k.From); err != nil {
			return err
		}
		for s := range strings.FieldsSeq(scopes) {
			k.Scopes = append(k.Scopes, identity.Scope(s))
		}
		k.Created, k.Ends = micro(created), micro(ends)
		if used != 0 {
			k.Used = micro(used)
		}
		list = append(list, k)
		return nil
	}, `SELECT id, hash, person, name, scopes, created, ends, used, source FROM tokens WHERE `+where+` ORDER BY created DESC, id`, args...)
	return list, err
}

// Token returns the token with a hash; nil where there is none.
func (t *Tx) Token(hash string) (*identity.Token, error) {
	list, err := t.tokens(`hash = ?1`, hash)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Tokens lists a person's, the newest first.
func (t *Tx) Tokens(person goshawk.ID) ([]identity.Token, error) {
	return t.tokens(`person = ?1`, person)
}

// EndToken ends a token of a person; a NotFound error where they have no such.
func (t *Tx) EndToken(person, id goshawk.ID) error {
	var hash string
	t.attest("tokens", string(id))
	found, err := t.one(`DELETE FROM tokens WHERE person = ?1 AND id = ?2 RETURNING hash`, []any{person, id}, &hash)
	if err == nil && !found {
		err = goshawk.Errorf(goshawk.NotFound, "you have no such token")
	}
	return err
}

// EndTokens ends all of a person's.
func (t *Tx) EndTokens(person goshawk.ID) error {
	if err := t.attestWhere("tokens", `person = ?1`, person); err != nil {
		return err
	}
	return t.exec(`DELETE FROM tokens WHERE person = ?1`, person)
}

// TokenUsed notes that a token is in use, and from where. It stands for nothing that anybody
// did, and so has no entry.
func (s *Store) TokenUsed(ctx context.Context, hash, from string, at time.Time) error {
	return s.in(ctx, s.writer, "write to", func(t *Tx) error {
		return t.exec(`UPDATE tokens SET used = ?2, source = ?3 WHERE hash = ?1`, hash, at.UnixMicro(), from)
	})
}
