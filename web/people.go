package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// peopleRoutes are the pages of who manages people.
func peopleRoutes() []route {
	return []route{
		{"GET /people", identity.ListPeople, (*request).peoplePage},
		{"POST /people", identity.ManagePeople, (*request).newPerson},
		{"GET /people/{person}", identity.ListPeople, (*request).personPage},
		{"POST /people/{person}", identity.ManagePeople, (*request).changePerson},
		{"POST /people/{person}/disable", identity.ManagePeople, (*request).disablePerson},
		{"POST /people/{person}/enable", identity.ManagePeople, (*request).enablePerson},
		{"POST /people/{person}/sign-out", identity.ManagePeople, (*request).signPersonOut},
		{"POST /people/{person}/invite", identity.ManagePeople, (*request).invitePerson},
		{"GET /agencies", identity.ListPeople, (*request).agenciesPage},
		{"POST /agencies", identity.ManagePeople, (*request).newAgency},
	}
}

// roster is what the page of all people shows.
type roster struct {
	people    []identity.Person
	agencies  []identity.Agency
	names     map[goshawk.ID]string // of agencies
	ways      map[goshawk.ID]*identity.Ways
	of        goshawk.ID // the agency that is shown; "": all
	mayManage bool
	entered   identity.Person
	problem   *problem
}

func (q *request) mayManagePeople() bool {
	return identity.May(q.subject, identity.ManagePeople, nil) == nil
}

func (q *request) peoplePage() error { return q.showPeople(nil) }

func (q *request) showPeople(failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	r := &roster{names: map[goshawk.ID]string{}, of: goshawk.ID(q.URL.Query().Get("agency")), mayManage: q.mayManagePeople()}
	if failed != nil {
		r.entered = q.enteredPerson()
		p := q.s.problemOf(failed)
		r.problem = &p
	} else {
		r.entered = identity.Person{Agency: q.subject.Person.Agency, Role: identity.Investigator}
	}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if r.people, err = tx.People(r.of); err != nil {
			return err
		}
		if r.agencies, err = tx.Agencies(); err != nil {
			return err
		}
		r.ways, err = tx.Ways("")
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range r.agencies {
		r.names[a.ID] = a.Name
	}
	v := q.page("")
	v.title = v.t("people.title")
	code := http.StatusOK
	if r.problem != nil {
		code = r.problem.Status
	}
	return q.showAs(code, v, peoplePage(v, r))
}

func (q *request) enteredPerson() identity.Person {
	return q.newAccount(goshawk.ID(q.field("agency")), q.field("name"), q.field("email"), identity.Role(q.field("role")))
}

func (q *request) newAccount(agency goshawk.ID, name, email string, role identity.Role) identity.Person {
	return identity.Person{ID: casebook.NewID(), Agency: agency, Name: name, Email: strings.ToLower(email), Role: role, Created: q.s.Now()}
}

// newPerson adds somebody, and shows the link that invites them, this once.
func (q *request) newPerson() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	p := q.enteredPerson()
	secret, err := q.addPerson(&p)
	if err != nil {
		return q.showPeople(err)
	}
	return q.showInvitation(&p, secret)
}

// addPerson adds somebody, and returns the secret that invites them.
func (q *request) addPerson(p *identity.Person) (secret string, err error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	i, secret := identity.NewInvitation(p.ID, q.s.Now())
	settled := identity.SettledOf(p)
	return secret, q.aboutPerson(p, "added a person and invited them", &settled, func(tx *store.Tx) error {
		list, err := tx.Agencies()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(a identity.Agency) bool { return a.ID == p.Agency }) {
			return goshawk.Errorf(goshawk.Invalid, "there is no such agency").WithHint("choose one of the list")
		}
		if err := tx.AddPerson(p); err != nil {
			return err
		}
		return tx.Invite(&i)
	})
}

// aboutPerson does something about somebody, with its entry.
func (q *request) aboutPerson(p *identity.Person, what string, after *identity.Settled, f func(*store.Tx) error) error {
	e := q.note(identity.ManagePeople, what)
	detail, err := json.Marshal(struct {
		About goshawk.ID        `json:"about"`
		After *identity.Settled `json:"after,omitempty"`
	}{p.ID, after})
	if err != nil {
		return err
	}
	e.Detail = detail
	return q.s.Store.Do(q.Context(), e, f)
}

// showInvitation shows the link of an invitation. Only its hash is kept: it is not shown again.
func (q *request) showInvitation(p *identity.Person, secret string) error {
	v := q.page("")
	v.title = v.t("people.invited")
	v.trail = []crumb{{v.t("nav.people"), "/people"}, {p.Name, "/people/" + string(p.ID)}}
	return q.show(v, invitationPage(v, p, q.invitationLink(secret)))
}

// invitationLink is where an invitation leads.
func (q *request) invitationLink(secret string) string { return q.origin() + "/invite/" + secret }

// dossier is what the page of somebody shows.
type dossier struct {
	person    identity.Person
	agency    string
	ways      *identity.Ways
	sessions  []identity.Session
	passkeys  []identity.Passkey
	mayManage bool
	self      bool
	problem   *problem
}

func (q *request) personPage() error { return q.showPerson(nil) }

func (q *request) showPerson(failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	d := &dossier{mayManage: q.mayManagePeople()}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if d.person, _, err = tx.Person(goshawk.ID(q.PathValue("person"))); err != nil {
			return err
		}
		id := d.person.ID
		ways, err := tx.Ways(id)
		if err != nil {
			return err
		}
		d.ways = ways[id]
		if d.passkeys, err = tx.Passkeys(id); err != nil {
			return err
		}
		if d.sessions, err = tx.Sessions(id, q.s.Now()); err != nil {
			return err
		}
		list, err := tx.Agencies()
		for _, a := range list {
			if a.ID == d.person.Agency {
				d.agency = a.Name
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	d.self = d.person.ID == q.subject.Person.ID
	v := q.page(d.person.Name)
	v.trail = []crumb{{v.t("nav.people"), "/people"}}
	code := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		code, d.problem = p.Status, &p
	}
	return q.showAs(code, v, personPage(v, d))
}

// settling is something that is done about somebody.
type settling struct {
	what   string // for the entry
	key    string // of what the page says then
	change func(*identity.Person)
	more   func(*store.Tx, *identity.Person) error
}

// settle does it, and returns them as they are then.
func (q *request) settle(id goshawk.ID, s settling) (p identity.Person, err error) {
	e := q.note(identity.ManagePeople, s.what)
	err = q.s.Store.Do(q.Context(), e, func(tx *store.Tx) error {
		if p, _, err = tx.Person(id); err != nil {
			return err
		}
		before := identity.SettledOf(&p)
		if s.change != nil {
			s.change(&p)
		}
		detail := struct {
			About  goshawk.ID        `json:"about"`
			Before *identity.Settled `json:"before,omitempty"`
			After  *identity.Settled `json:"after,omitempty"`
		}{About: id}
		if after := identity.SettledOf(&p); after != before {
			if err := p.Check(); err != nil {
				return err
			}
			if err := tx.SetPerson(&p); err != nil {
				return err
			}
			detail.Before, detail.After = &before, &after
		}
		if e.Detail, err = json.Marshal(detail); err != nil || s.more == nil {
			return err
		}
		return s.more(tx, &p)
	})
	return p, err
}

// onPerson does so for the page of somebody.
func (q *request) onPerson(s settling) error {
	id := goshawk.ID(q.PathValue("person"))
	if _, err := q.settle(id, s); err != nil {
		return q.showPerson(err)
	}
	return q.done("/people/"+string(id), s.key, 0)
}

func renaming(name string, role identity.Role) settling {
	return settling{what: "changed a person's name or role", key: "person_changed", change: func(p *identity.Person) { p.Name, p.Role = name, role }}
}

// disabling keeps somebody out: from this moment on, in every session and with every token.
func disabling() settling {
	return settling{"disabled a person, and ended their sessions and tokens", "person_disabled", func(p *identity.Person) { p.Disabled = true }, func(tx *store.Tx, p *identity.Person) error {
		if err := tx.EndSessions(p.ID, ""); err != nil {
			return err
		}
		if err := tx.EndTokens(p.ID); err != nil {
			return err
		}
		return tx.Uninvite(p.ID)
	}}
}

func enabling() settling {
	return settling{what: "enabled a person", key: "person_enabled", change: func(p *identity.Person) { p.Disabled = false }}
}

func signingOut() settling {
	return settling{what: "ended a person's sessions", key: "person_signed_out", more: func(tx *store.Tx, p *identity.Person) error { return tx.EndSessions(p.ID, "") }}
}

func (q *request) changePerson() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	return q.onPerson(renaming(q.field("name"), identity.Role(q.field("role"))))
}

func (q *request) disablePerson() error { return q.onPerson(disabling()) }
func (q *request) enablePerson() error  { return q.onPerson(enabling()) }
func (q *request) signPersonOut() error { return q.onPerson(signingOut()) }

// invitePerson takes somebody's ways in from them, and shows a link that lets them set up others.
func (q *request) invitePerson() error {
	p, secret, err := q.reset(goshawk.ID(q.PathValue("person")))
	if err != nil {
		return q.showPerson(err)
	}
	return q.showInvitation(&p, secret)
}

// reset takes somebody's ways in from them, and returns the secret that invites them to set up others.
func (q *request) reset(id goshawk.ID) (p identity.Person, secret string, err error) {
	i, secret := identity.NewInvitation(id, q.s.Now())
	err = q.aboutPerson(&identity.Person{ID: id}, "reset a person's ways in and invited them", nil, func(tx *store.Tx) (err error) {
		if p, _, err = tx.Person(id); err != nil {
			return err
		}
		if p.Disabled {
			return goshawk.Errorf(goshawk.Conflict, "the account is disabled").WithHint("enable it first")
		}
		if id == q.subject.Person.ID {
			return goshawk.Errorf(goshawk.Conflict, "this is your own account").WithHint("change your ways in on its page")
		}
		if err := tx.ForgetWays(id); err != nil {
			return err
		}
		return tx.Invite(&i)
	})
	return p, secret, err
}

// register is what the page of agencies shows.
type register struct {
	agencies  []identity.Agency
	people    map[goshawk.ID]int
	mayManage bool
	entered   identity.Agency
	problem   *problem
}

func (q *request) agenciesPage() error { return q.showAgencies(nil) }

func (q *request) showAgencies(failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	r := &register{people: map[goshawk.ID]int{}, mayManage: q.mayManagePeople(), entered: identity.Agency{Kind: identity.Police}}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if r.agencies, err = tx.Agencies(); err != nil {
			return err
		}
		list, err := tx.People("")
		for i := range list {
			r.people[list[i].Agency]++
		}
		return err
	})
	if err != nil {
		return err
	}
	v := q.page("")
	v.title = v.t("agencies.title")
	code := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		code, r.problem, r.entered = p.Status, &p, q.enteredAgency()
	}
	return q.showAs(code, v, agenciesPage(v, r))
}

func (q *request) enteredAgency() identity.Agency {
	return identity.Agency{ID: casebook.NewID(), Name: q.field("name"), Kind: identity.AgencyKind(q.field("kind")), Country: strings.ToUpper(q.field("country")), Created: q.s.Now()}
}

func (q *request) newAgency() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	a := q.enteredAgency()
	if err := q.addAgency(&a); err != nil {
		return q.showAgencies(err)
	}
	return q.done("/agencies", "agency_added", 0)
}

func (q *request) addAgency(a *identity.Agency) error {
	if err := a.Check(); err != nil {
		return err
	}
	return q.s.Store.Do(q.Context(), q.note(identity.ManagePeople, "added the agency "+a.Name), func(tx *store.Tx) error { return tx.AddAgency(a) })
}
