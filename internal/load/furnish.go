package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// person is somebody who is signed in.
type person struct {
	secret string     // of their session
	lead   goshawk.ID // a case that they lead
}

// furnish makes a database with people who are signed in, each with a case of their own,
// and one large case that all of them work on.
func furnish(ctx context.Context, file string, users int) (people []person, err error) {
	db, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Now()
	agency := identity.Agency{ID: casebook.NewID(), Name: "Eastmark Police", Kind: identity.Police, Created: now}
	book := &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}
	subjects := make([]*identity.Subject, users)
	err = db.Do(ctx, &audit.Entry{At: now, Action: "console", What: "set up"}, func(tx *store.Tx) error {
		if err := tx.AddAgency(&agency); err != nil {
			return err
		}
		admin := identity.Person{ID: casebook.NewID(), Agency: agency.ID, Name: "Administrator", Email: "admin@police.example", Role: identity.Administrator, Created: now}
		if err := tx.AddPerson(&admin); err != nil {
			return err
		}
		for i := range users {
			p := identity.Person{ID: casebook.NewID(), Agency: agency.ID, Name: fmt.Sprint("Officer ", i+1), Email: fmt.Sprintf("officer%d@police.example", i+1), Role: identity.Investigator, Created: now}
			if err := tx.AddPerson(&p); err != nil {
				return err
			}
			secret, hash := identity.NewSecret()
			if err := tx.AddSession(&identity.Session{Hash: hash, Person: p.ID, Via: identity.ViaPasskey, Created: now, Seen: now, Ends: now.Add(identity.SessionLength)}); err != nil {
				return err
			}
			subjects[i] = &identity.Subject{Person: p, Kind: agency.Kind, Via: identity.ViaPasskey}
			people = append(people, person{secret: secret})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shared, err := book.Open(ctx, subjects[0], "Harbour ransom", "2026/1")
	if err != nil {
		return nil, err
	}
	var members []casebook.Edit
	for _, s := range subjects[1:] {
		members = append(members, casebook.Set(casebook.KindMember, s.Person.ID, "part", string(identity.Worker)))
	}
	if len(members) > 0 {
		if _, err := book.Change(ctx, subjects[0], shared, "chose members", members); err != nil {
			return nil, err
		}
	}
	if _, err := book.Change(ctx, subjects[0], shared, "began", records(1_000)); err != nil {
		return nil, err
	}
	for i, s := range subjects {
		if people[i].lead, err = book.Open(ctx, s, fmt.Sprint("Case ", i+1), fmt.Sprint("2026/", i+2)); err != nil {
			return nil, err
		}
		if _, err := book.Change(ctx, s, people[i].lead, "began", records(50)); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// records are those of a case that is being worked on, with a picture of so many nodes.
func records(nodes int) []casebook.Edit {
	edits := []casebook.Edit{casebook.Set(casebook.KindGraph, "g1", "title", "Where the money went"),
		casebook.Set(casebook.KindCase, "case", "summary", strings.Repeat("A ransom was paid to an address of a stranger. ", 20))}
	for i := range nodes {
		id := fmt.Sprintf("node/a:bc1qexample%04d", i)
		edits = append(edits, casebook.Set(casebook.KindGraph, "g1", id, map[string]any{"what": "address", "network": "regtest", "text": id[7:], "x": i % 40 * 30, "y": i / 40 * 30}))
	}
	for i := range 30 {
		id := goshawk.ID(fmt.Sprint("r", i))
		edits = append(edits,
			casebook.Set(casebook.KindNote, id, "title", fmt.Sprint("Note ", i)), casebook.Set(casebook.KindNote, id, "text", strings.Repeat("What was seen, and **where**.\n\n", 30)),
			casebook.Set(casebook.KindTask, id, "title", fmt.Sprint("Ask exchange ", i)),
			casebook.Set(casebook.KindEvent, id, "title", "A payment"), casebook.Set(casebook.KindEvent, id, "at", fmt.Sprintf("2026-10-%02dT08:00:00Z", i%30+1)),
			casebook.Set(casebook.KindSubject, id, "network", "regtest"), casebook.Set(casebook.KindSubject, id, "what", "address"), casebook.Set(casebook.KindSubject, id, "text", fmt.Sprintf("bc1qexample%04d", i)))
	}
	return edits
}

// start starts the program on a folder, and returns where it answers; end ends it.
func start(ctx context.Context, program, folder string) (at string, end func() error, err error) {
	c := exec.CommandContext(ctx, program, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--log", "none")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	end = func() error {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		err := c.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 {
			return nil // it was interrupted
		}
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http") {
			at = lines.Text()
			break
		}
	}
	if at == "" {
		return "", nil, errors.Join(fmt.Errorf("%s did not say where it answers", program), end())
	}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/healthz", nil)
		if err != nil {
			return "", nil, err
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return at, end, nil
			}
		}
		if ctx.Err() != nil {
			return "", nil, ctx.Err()
		}
		time.Sleep(10 * time.Millisecond)
	}
}
