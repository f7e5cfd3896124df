// Command stage makes a data folder with people in it who are signed in, and a case that
// they work on, for tests that drive a browser against the real server. It prints who they
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
	Case   goshawk.ID        `json:"case"`
	People map[string]member `json:"people"` // lead, worker, viewer, stranger
}

func main() {
	data := flag.String("data", "", "`DIR` to make the database in; it is made where it is missing")
	flag.Parse()
	if *data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	made, err := furnish(context.Background(), *data)
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
			secret, hash := identity.NewSecret()
			if err := tx.AddSession(&identity.Session{Hash: hash, Person: p.ID, Via: identity.ViaPasskey, Created: now, Seen: now, Ends: now.Add(identity.SessionLength)}); err != nil {
				return err
			}
			subjects[c.part] = &identity.Subject{Person: p, Kind: agency.Kind, Via: identity.ViaPasskey}
			made.People[c.part] = member{p.ID, p.Name, secret}
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
