package store

import (
	"context"
	"time"

	"goshawk"
	"goshawk/identity"
)

// AddPasskey adds a passkey. Where its person has as many as may be, it is a Busy error;
// where the credential is somebody's already, a Conflict error.
func (t *Tx) AddPasskey(k *identity.Passkey) error {
	var n, taken int
	if err := t.row(`SELECT COUNT(*) FROM passkeys WHERE person = ?1`, k.Person).Scan(&n); err != nil {
		return err
	}
	if n >= identity.MostPasskeys {
		return goshawk.Errorf(goshawk.Busy, "you have %d passkeys already", n).WithHint("remove those that you do not use")
	}
	if err := t.row(`SELECT COUNT(*) FROM passkeys WHERE id = ?1`, k.ID).Scan(&taken); err != nil {
		return err
	}
	if taken > 0 {
		return goshawk.Errorf(goshawk.Conflict, "the passkey is set up already")
	}
	t.attest("passkeys", k.ID)
	return t.exec(`INSERT INTO passkeys (id, person, name, record, created, used, doubtful) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		k.ID, k.Person, k.Name, string(k.Record), k.Created.UnixMicro(), stamp(k.Used), flag(k.Doubtful))
}

// stamp writes a time that may not be.
func stamp(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// stamped reads one.
func stamped(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return micro(n)
}

// Passkeys lists a person's, the oldest first.
func (t *Tx) Passkeys(person goshawk.ID) (list []identity.Passkey, err error) {
	err = t.each(func(scan func(...any) error) error {
		k := identity.Passkey{Person: person}
		var record string
		var created, used int64
		var doubtful int
		if err := scan(&k.ID, &k.Name, &record, &created, &used, &doubtful); err != nil {
			return err
		}
		k.Record, k.Created, k.Used, k.Doubtful = []byte(record), micro(created), stamped(used), doubtful != 0
		list = append(list, k)
		return nil
	}, `SELECT id, name, record, created, used, doubtful FROM passkeys WHERE person = ?1 ORDER BY created, id`, person)
	return list, err
}

// SetPasskey keeps what changes of a passkey when it is used. Where it is gone it is a NotFound error.
func (t *Tx) SetPasskey(k *identity.Passkey) error {
	var id string
	t.attest("passkeys", k.ID)
	found, err := t.one(`UPDATE passkeys SET record = ?3, used = ?4, doubtful = ?5 WHERE id = ?1 AND person = ?2 RETURNING id`,
		[]any{k.ID, k.Person, string(k.Record), stamp(k.Used), flag(k.Doubtful)}, &id)
	return orMissing(found, err, "there is no such passkey")
}

// orMissing makes a NotFound error of what was not found.
func orMissing(found bool, err error, what string) error {
	if err == nil && !found {
		err = goshawk.Errorf(goshawk.NotFound, "%s", what)
	}
	return err
}

// RemovePasskey removes a person's passkey, and returns when it was set up.
func (t *Tx) RemovePasskey(person goshawk.ID, id string) (created time.Time, err error) {
	var at int64
	t.attest("passkeys", id)
	found, err := t.one(`DELETE FROM passkeys WHERE person = ?1 AND id = ?2 RETURNING created`, []any{person, id}, &at)
	return micro(at), orMissing(found, err, "you have no such passkey")
}

// Password returns a person's; nil where they have none.
func (t *Tx) Password(person goshawk.ID) (*identity.Password, error) {
	p := &identity.Password{Person: person}
	var changed int64
	found, err := t.one(`SELECT hash, secret, step, changed FROM passwords WHERE person = ?1`, []any{person}, &p.Hash, &p.Secret, &p.Step, &changed)
	if !found {
		return nil, err
	}
	p.Changed = micro(changed)
	return p, nil
}

// SetPassword gives a person a password, in place of any other.
func (t *Tx) SetPassword(p *identity.Password) error {
	t.attest("passwords", string(p.Person))
	return t.exec(`INSERT INTO passwords (person, hash, secret, step, changed) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, secret = excluded.secret, step = excluded.step, changed = excluded.changed`,
		p.Person, p.Hash, p.Secret, p.Step, p.Changed.UnixMicro())
}

// TakeStep notes that the code of a time step was used; false where it, or a later one, was before.
func (t *Tx) TakeStep(person goshawk.ID, step int64) (bool, error) {
	var id string
	t.attest("passwords", string(person))
	return t.one(`UPDATE passwords SET step = ?2 WHERE person = ?1 AND step < ?2 RETURNING person`, []any{person, step}, &id)
}

// RemovePassword removes a person's.
func (t *Tx) RemovePassword(person goshawk.ID) error {
	t.attest("passwords", string(person))
	return t.exec(`DELETE FROM passwords WHERE person = ?1`, person)
}

// SetRecovery gives a person recovery codes, in place of any they have.
func (t *Tx) SetRecovery(person goshawk.ID, hashes []string) error {
	t.attest("recovery", string(person))
	if err := t.exec(`DELETE FROM recovery WHERE person = ?1`, person); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := t.exec(`INSERT INTO recovery (person, hash) VALUES (?1, ?2)`, person, h); err != nil {
			return err
		}
	}
	return nil
}

// TakeRecovery uses one of a person's recovery codes up; false where they have no such.
func (t *Tx) TakeRecovery(person goshawk.ID, hash string) (bool, error) {
	var id string
	t.attest("recovery", string(person))
	return t.one(`DELETE FROM recovery WHERE person = ?1 AND hash = ?2 RETURNING person`, []any{person, hash}, &id)
}

// Subject returns whom a provider means; "" where it is nobody yet.
func (t *Tx) Subject(issuer, subject string) (person goshawk.ID, err error) {
	_, err = t.one(`SELECT person FROM subjects WHERE issuer = ?1 AND subject = ?2`, []any{issuer, subject}, &person)
	return person, err
}

// SetSubject notes whom a provider means. Where it means somebody else by the person, it is a
// Conflict error.
func (t *Tx) SetSubject(issuer, subject string, person goshawk.ID) error {
	var n int
	if err := t.row(`SELECT COUNT(*) FROM subjects WHERE issuer = ?1 AND person = ?2 AND subject <> ?3`, issuer, person, subject).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return goshawk.Errorf(goshawk.Conflict, "the person is known under another subject of the provider").WithHint("an administrator can reset their ways in")
	}
	t.attest("subjects", string(person))
	return t.exec(`INSERT INTO subjects (issuer, subject, person) VALUES (?1, ?2, ?3) ON CONFLICT (issuer, subject) DO NOTHING`, issuer, subject, person)
}

// Invite keeps an invitation, in place of any other of its person.
func (t *Tx) Invite(i *identity.Invitation) error {
	t.attest("invitations", string(i.Person))
	return t.exec(`INSERT INTO invitations (hash, person, created, ends) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, created = excluded.created, ends = excluded.ends`,
		i.Hash, i.Person, i.Created.UnixMicro(), i.Ends.UnixMicro())
}

// Invitation returns the one with a hash; nil where there is none.
func (t *Tx) Invitation(hash string) (*identity.Invitation, error) {
	i := &identity.Invitation{Hash: hash}
	var created, ends int64
	found, err := t.one(`SELECT person, created, ends FROM invitations WHERE hash = ?1`, []any{hash}, &i.Person, &created, &ends)
	if !found {
		return nil, err
	}
	i.Created, i.Ends = micro(created), micro(ends)
	return i, nil
}

// Uninvite ends a person's invitation.
func (t *Tx) Uninvite(person goshawk.ID) error {
	t.attest("invitations", string(person))
	return t.exec(`DELETE FROM invitations WHERE person = ?1`, person)
}

// Attempts returns how often somebody failed by a way.
func (t *Tx) Attempts(person goshawk.ID, via identity.Via) (identity.Attempts, error) {
	var a identity.Attempts
	var last, until int64
	_, err := t.one(`SELECT failed, last, until FROM attempts WHERE person = ?1 AND via = ?2`, []any{person, via}, &a.Failed, &last, &until)
	a.Last, a.Until = stamped(last), stamped(until)
	return a, err
}

// SetAttempts keeps it; none are forgotten.
func (t *Tx) SetAttempts(person goshawk.ID, via identity.Via, a identity.Attempts) error {
	if a.Failed == 0 {
		return t.exec(`DELETE FROM attempts WHERE person = ?1 AND via = ?2`, person, via)
	}
	return t.exec(`INSERT INTO attempts (person, via, failed, last, until) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (person, via) DO UPDATE SET failed = excluded.failed, last = excluded.last, until = excluded.until`,
		person, via, a.Failed, stamp(a.Last), stamp(a.Until))
}

// Failed keeps how often somebody failed. It is for attempts that have no entry of their
// own, because there were too many: an entry tells their number.
func (s *Store) Failed(ctx context.Context, person goshawk.ID, via identity.Via, a identity.Attempts) error {
	return s.in(ctx, s.writer, "write to", func(t *Tx) error { return t.SetAttempts(person, via, a) })
}

// ForgetWays takes every way in from somebody, ends their sessions and tokens, and forgets how
// often they failed.
func (t *Tx) ForgetWays(person goshawk.ID) error {
	for _, table := range []string{"passkeys", "passwords", "subjects", "recovery", "invitations", "attempts", "sessions", "tokens"} {
		if err := t.attestWhere(table, `person = ?1`, person); err != nil {
			return err
		}
		if err := t.exec(`DELETE FROM `+table+` WHERE person = ?1`, person); err != nil {
			return err
		}
	}
	return nil
}

// Ways returns what people can sign in with: those of one, or, for "", everybody's.
func (t *Tx) Ways(person goshawk.ID) (map[goshawk.ID]*identity.Ways, error) {
	all := map[goshawk.ID]*identity.Ways{}
	for _, c := range []struct {
		query string
		note  func(*identity.Ways, int64)
	}{
		{`SELECT person, COUNT(*) FROM passkeys WHERE doubtful = 0 AND `, func(w *identity.Ways, n int64) { w.Passkeys = int(n) }},
		{`SELECT person, COUNT(*) FROM passwords WHERE `, func(w *identity.Ways, _ int64) { w.Password = true }},
		{`SELECT person, COUNT(*) FROM subjects WHERE `, func(w *identity.Ways, _ int64) { w.OIDC = true }},
		{`SELECT person, COUNT(*) FROM recovery WHERE `, func(w *identity.Ways, n int64) { w.Recovery = int(n) }},
		{`SELECT person, MAX(ends) FROM invitations WHERE `, func(w *identity.Ways, n int64) { w.Invited = micro(n) }},
		{`SELECT person, MAX(seen) FROM sessions WHERE `, func(w *identity.Ways, n int64) { w.Seen = micro(n) }},
	} {
		err := t.each(func(scan func(...any) error) error {
			var id goshawk.ID
			var n int64
			if err := scan(&id, &n); err != nil {
				return err
			}
			if all[id] == nil {
				all[id] = &identity.Ways{}
			}
			c.note(all[id], n)
			return nil
		}, c.query+`(?1 = '' OR person = ?1) GROUP BY person`, person)
		if err != nil {
			return nil, err
		}
	}
	if person != "" && all[person] == nil {
		all[person] = &identity.Ways{}
	}
	return all, nil
}

// Administrators counts those who may sign in.
func (t *Tx) Administrators() (n int, err error) {
	err = t.row(`SELECT COUNT(*) FROM people WHERE role = ?1 AND disabled = 0`, identity.Administrator).Scan(&n)
	return n, err
}
