package web

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// firstCode is the code of the first administrator: whoever reads the server's console.
type firstCode struct {
	mu   sync.Mutex
	hash string // "": there is none
}

// FirstCode returns a new code with which the first administrator is made, once, at the page /first; ""
// where there is an administrator. It is kept in memory only: who starts the server again gets another.
func (s *Server) FirstCode(ctx context.Context) (string, error) {
	n, err := s.administrators(ctx)
	if err != nil || n > 0 {
		return "", err
	}
	code := identity.NewCode()
	f := &s.signs().first
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hash = identity.HashCode(code)
	return code, nil
}

// Waiting returns a new invitation's path for an administrator, where there are some and none
// has a way in: who made the first one, and closed the browser too early; "" elsewhere.
func (s *Server) Waiting(ctx context.Context) (path string, p identity.Person, err error) {
	if s.OIDC != nil {
		return "", p, nil
	}
	found := false
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		people, err := tx.People("")
		if err != nil {
			return err
		}
		ways, err := tx.Ways("")
		if err != nil {
			return err
		}
		for i := range people {
			if people[i].Role != identity.Administrator || people[i].Disabled {
				continue
			}
			if w := ways[people[i].ID]; w != nil && w.Any() {
				found = false
				return nil
			}
			if !found {
				p, found = people[i], true
			}
		}
		return nil
	})
	if err != nil || !found {
		return "", p, err
	}
	i, secret := identity.NewInvitation(p.ID, s.Now())
	e := &audit.Entry{At: s.Now(), Action: "console", Via: string(identity.ViaConsole), What: "printed an invitation for " + p.Name + ", because no administrator has a way in"}
	return "/invite/" + secret, p, s.Store.Do(ctx, e, func(tx *store.Tx) error { return tx.Invite(&i) })
}

// firstPage asks for the code, and who is to be the first administrator.
func (q *request) firstPage() error { return q.showFirst(nil) }

// firstForm is what the page shows.
type firstForm struct {
	agency  identity.Agency
	person  identity.Person
	code    string
	problem *problem
}

func (q *request) showFirst(failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	n, err := q.s.administrators(q.Context())
	if err != nil {
		return err
	}
	if n > 0 && failed == nil {
		http.Redirect(q.w, q.Request, "/", http.StatusSeeOther)
		return nil
	}
	v := q.page("")
	v.title = v.t("first.title")
	f := &firstForm{code: q.FormValue("code")}
	f.agency, f.person = q.firstAgency(), q.firstPerson()
	status := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		status, f.problem = p.Status, &p
	}
	return q.showAs(status, v, firstPage(v, f))
}

func (q *request) firstAgency() identity.Agency {
	return identity.Agency{ID: casebook.NewID(), Name: q.field("agency"), Kind: identity.AgencyKind(q.field("kind")), Country: strings.ToUpper(q.field("country")), Created: q.s.Now()}
}

func (q *request) firstPerson() identity.Person {
	return identity.Person{ID: casebook.NewID(), Name: q.field("name"), Email: strings.ToLower(q.field("email")), Role: identity.Administrator, Created: q.s.Now()}
}

// first makes the agency and its first administrator, and lets them set up a way in.
func (q *request) first() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	agency, person := q.firstAgency(), q.firstPerson()
	person.Agency = agency.ID
	err := agency.Check()
	if err == nil {
		err = person.Check()
	}
	if err == nil {
		err = q.s.signs().first.take(q, func() error {
			return q.admit(&person, identity.ViaInvitation, q.s.Now(), "made the agency "+agency.Name+" and its first administrator, with the code from the console", func(tx *store.Tx) error {
				if n, err := tx.Administrators(); err != nil {
					return err
				} else if n > 0 {
					return goshawk.Errorf(goshawk.Conflict, "there is an administrator already").WithHint("ask them for an invitation")
				}
				if err := tx.AddAgency(&agency); err != nil {
					return err
				}
				return tx.AddPerson(&person)
			})
		})
	}
	if err != nil {
		return q.showFirst(err)
	}
	http.Redirect(q.w, q.Request, "/account", http.StatusSeeOther)
	return nil
}

// take does something if the code is right, and uses the code up with it.
func (f *firstCode) take(q *request, do func() error) error {
	if !q.s.signs().limit.first(q.s.Now()) {
		return q.busy(q.s.Now())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hash == "" || subtle.ConstantTimeCompare([]byte(identity.HashCode(q.PostFormValue("code"))), []byte(f.hash)) != 1 {
		return goshawk.Errorf(goshawk.Stranger, "the code is not the one that the server printed").WithHint("look at its console; it prints another when it is started again")
	}
	if err := do(); err != nil {
		return err
	}
	f.hash = ""
	return nil
}
