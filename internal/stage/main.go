// Command stage makes a data folder with people in it who are signed in, and a case that
// they work on, for tests that drive a browser against the real server; or, with --there,
// signs in the people whom a data folder has, and passers-by with them. It prints who they
// are as JSON. It has no part in the program that people use: nobody is signed in there
// without having signed in.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// member is somebody who is signed in.
type member struct {
	ID     goshawk.ID `json:"id"`
	Name   string     `json:"name"`
	Cookie string     `json:"cookie"` // the value of the session's cookie
}

// set is what was made.
type set struct {
	Case   goshawk.ID        `json:"case,omitzero"`
	People map[string]member `json:"people"` // lead, worker, viewer, stranger; by their e-mail addresses' names, if they were there
}

func main() {
	data := flag.String("data", "", "`DIR` to make the database in; it is made where it is missing")
	there := flag.Bool("there", false, "the database is there: sign in everybody in it, an investigator and a reader who are in no case")
	flag.Parse()
	if *data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	work := furnish
	if *there {
		work = enter
	}
	made, err := work(context.Background(), *data)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(made)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stage:", err)
		os.Exit(1)
	}
}

func furnish(ctx context.Context, data string) (made *set, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, filepath.Join(data, "goshawk.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Now()
	made = &set{People: map[string]member{}}
	subjects := map[string]*identity.Subject{}
	cast := []struct {
		part, name string
		role       identity.Role
	}{
		{"administrator", "Ada Keeper", identity.Administrator}, {"lead", "Ines Berg", identity.Investigator}, {"worker", "Jonas Lund", identity.Investigator},
		{"viewer", "Mara Holt", identity.Reader}, {"stranger", "Olav Strand", identity.Investigator},
	}
	err = db.Do(ctx, &audit.Entry{At: now, Action: "console", What: "set the stage"}, func(tx *store.Tx) error {
		agency := identity.Agency{ID: casebook.NewID(), Name: "Eastmark Police", Kind: identity.Police, Created: now}
		if err := tx.AddAgency(&agency); err != nil {
			return err
		}
		for _, c := range cast {
			p := identity.Person{ID: casebook.NewID(), Agency: agency.ID, Name: c.name, Email: c.part + "@police.example", Role: c.role, Created: now}
			if err := tx.AddPerson(&p); err != nil {
				return err
			}
			subjects[c.part] = &identity.Subject{Person: p, Kind: agency.Kind, Via: identity.ViaPasskey}
			in, err := signIn(tx, &p, now)
			if err != nil {
				return err
			}
			made.People[c.part] = in
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	book := &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}
	if made.Case, err = book.Open(ctx, subjects["lead"], "Harbour ransom", "2026/17"); err != nil {
		return nil, err
	}
	_, err = book.Change(ctx, subjects["lead"], made.Case, "chose members", []casebook.Edit{
		casebook.Set(casebook.KindMember, subjects["worker"].Person.ID, "part", string(identity.Worker)),
		casebook.Set(casebook.KindMember, subjects["viewer"].Person.ID, "part", string(identity.Viewer)),
		casebook.Set(casebook.KindCase, "case", "marking", "RESTRICTED"),
	})
	return made, err
}

// enter signs in everybody whom a database has, as having just proved who they are. Beside them come, in the first
// agency, an investigator and a reader who are members of no case.
func enter(ctx context.Context, data string) (made *set, err error) {
	db, err := store.Open(ctx, filepath.Join(data, "goshawk.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Now()
	made = &set{People: map[string]member{}}
	return made, db.Do(ctx, &audit.Entry{At: now, Action: "console", What: "signed everybody in"}, func(tx *store.Tx) error {
		agencies, err := tx.Agencies()
		if err != nil {
			return err
		}
		if len(agencies) == 0 {
			return goshawk.Errorf(goshawk.NotFound, "%s has no people", data)
		}
		for _, passing := range []identity.Person{{Name: "Olav Strand", Role: identity.Investigator}, {Name: "Nele Brandt", Role: identity.Reader}} {
			passing.ID, passing.Agency, passing.Created = casebook.NewID(), agencies[0].ID, now
			passing.Email = "passing." + string(passing.Role) + "@police.example"
			if err := tx.AddPerson(&passing); err != nil {
				return err
			}
		}
		people, err := tx.People("")
		if err != nil {
			return err
		}
		for i := range people {
			p := &people[i]
			name, _, _ := strings.Cut(p.Email, "@")
			if made.People[name], err = signIn(tx, p, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// signIn begins a session of somebody who has just proved who they are.
func signIn(tx *store.Tx, p *identity.Person, now time.Time) (member, error) {
	secret, hash := identity.NewSecret()
	return member{p.ID, p.Name, secret}, tx.AddSession(&identity.Session{Hash: hash, Person: p.ID, Via: identity.ViaPasskey, Created: now, Seen: now, Proved: now, Ends: now.Add(identity.SessionLength)})
}
