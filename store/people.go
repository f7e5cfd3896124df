package store

import (
	"strings"

	"goshawk"
	"goshawk/identity"
)

// AddAgency adds an agency. Where there is one of its name, it is a Conflict error.
func (t *Tx) AddAgency(a *identity.Agency) error {
	var n int
	if err := t.row(`SELECT COUNT(*) FROM agencies WHERE name = ?1`, a.Name).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return goshawk.Errorf(goshawk.Conflict, "there is an agency %q already", a.Name).WithHint("choose another name")
	}
	t.attest("agencies", string(a.ID))
	return t.exec(`INSERT INTO agencies (id, name, kind, country, created) VALUES (?1, ?2, ?3, ?4, ?5)`, a.ID, a.Name, a.Kind, a.Country, a.Created.UnixMicro())
}

// Agencies lists them by name.
func (t *Tx) Agencies() ([]identity.Agency, error) {
	var list []identity.Agency
	err := t.each(func(scan func(...any) error) error {
		var a identity.Agency
		var at int64
		if err := scan(&a.ID, &a.Name, &a.Kind, &a.Country, &at); err != nil {
			return err
		}
		a.Created = micro(at)
		list = append(list, a)
		return nil
	}, `SELECT id, name, kind, country, created FROM agencies ORDER BY name`)
	return list, err
}

// AddPerson adds a person. Where somebody has the e-mail address, it is a Conflict error.
func (t *Tx) AddPerson(p *identity.Person) error {
	var n int
	if err := t.row(`SELECT COUNT(*) FROM people WHERE email = ?1`, strings.ToLower(p.Email)).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return goshawk.Errorf(goshawk.Conflict, "somebody has the e-mail address %q already", p.Email).WithHint("one person, one account")
	}
	t.attest("people", string(p.ID))
	return t.exec(`INSERT INTO people (id, agency, name, email, role, disabled, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		p.ID, p.Agency, p.Name, strings.ToLower(p.Email), p.Role, flag(p.Disabled), p.Created.UnixMicro())
}

// SetPerson changes a person's name, role and whether they are disabled. Where nobody would be left
// to manage people, it is a Conflict error.
func (t *Tx) SetPerson(p *identity.Person) error {
	before, err := t.Administrators()
	if err != nil {
		return err
	}
	t.attest("people", string(p.ID))
	if err := t.exec(`UPDATE people SET name = ?2, role = ?3, disabled = ?4 WHERE id = ?1`, p.ID, p.Name, p.Role, flag(p.Disabled)); err != nil {
		return err
	}
	after, err := t.Administrators()
	if err == nil && before > 0 && after == 0 {
		err = goshawk.Errorf(goshawk.Conflict, "this is the last administrator").WithHint("make somebody else an administrator first")
	}
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const personColumns = `SELECT p.id, p.agency, p.name, p.email, p.role, p.disabled, p.created, a.kind FROM people p JOIN agencies a ON a.id = p.agency `

func scanPerson(scan func(...any) error) (p identity.Person, kind identity.AgencyKind, err error) {
	var at int64
	var disabled int
	err = scan(&p.ID, &p.Agency, &p.Name, &p.Email, &p.Role, &disabled, &at, &kind)
	p.Disabled, p.Created = disabled != 0, micro(at)
	return p, kind, err
}

// Person returns somebody with the kind of their agency; a NotFound error where there is nobody.
func (t *Tx) Person(id goshawk.ID) (identity.Person, identity.AgencyKind, error) {
	return t.person(`WHERE p.id = ?1`, string(id))
}

// PersonByEmail returns who signs in with an e-mail address.
func (t *Tx) PersonByEmail(email string) (identity.Person, identity.AgencyKind, error) {
	return t.person(`WHERE p.email = ?1`, strings.ToLower(email))
}

func (t *Tx) person(where, arg string) (p identity.Person, kind identity.AgencyKind, err error) {
	found := false
	err = t.each(func(scan func(...any) error) (err error) {
		found = true
		p, kind, err = scanPerson(scan)
		return err
	}, personColumns+where, arg)
	if err == nil && !found {
		err = goshawk.Errorf(goshawk.NotFound, "there is no such person")
	}
	return p, kind, err
}

// People lists those of an agency, or, without one, all, by name.
func (t *Tx) People(agency goshawk.ID) ([]identity.Person, error) {
	var list []identity.Person
	err := t.each(func(scan func(...any) error) error {
		p, _, err := scanPerson(scan)
		list = append(list, p)
		return err
	}, personColumns+`WHERE ?1 = '' OR p.agency = ?1 ORDER BY p.name, p.id`, agency)
	return list, err
}
