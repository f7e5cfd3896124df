package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
)

// runAdmin is for who lost every way in: whoever may run commands on the server's machine, and read
// its data, may let them in again. It works while the server runs.
func runAdmin(ctx context.Context, _ *terminal, c *command) (err error) {
	data := c.dataFlags()
	database := c.String("database", "", "`URL` of a PostgreSQL database, postgres://...; better set as GOSHAWK_DATABASE (default: SQLite in the data folder)")
	base := c.String("url", "http://localhost:8080", "`URL` at which browsers find the server")
	if err := c.parse(2, 2); err != nil {
		return err
	}
	if c.args[0] != "reset" {
		return badUsage("there is no 'goshawk admin %s'", c.args[0]).WithHint("goshawk admin reset EMAIL")
	}
	at, err := webURL(*base)
	if err != nil {
		return err
	}
	where := *database
	if where == "" {
		folder, err := data.dataFolder()
		if err != nil {
			return err
		}
		where = filepath.Join(folder, databaseName)
	}
	// Look first: it makes no database where there is none.
	seen, err := store.Look(ctx, where)
	if err != nil {
		return err
	}
	if err := seen.Close(); err != nil {
		return err
	}
	db, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	secret, p, err := resetWays(ctx, db, strings.ToLower(c.args[1]), time.Now())
	if err != nil {
		return err
	}
	c.say("The ways in of %s are gone, and their sessions are ended. Good until used, and for %d hours:", p.Name, int(identity.InvitationLength.Hours()))
	_, err = fmt.Fprintf(c.t.out, "%s://%s/invite/%s\n", at.Scheme, at.Host, secret)
	return err
}

// resetWays takes every way in from somebody, and invites them anew.
func resetWays(ctx context.Context, db *store.Store, email string, now time.Time) (secret string, p identity.Person, err error) {
	e := &audit.Entry{At: now, Action: "console", Via: string(identity.ViaConsole), What: "reset a person's ways in and invited them"}
	err = db.Do(ctx, e, func(tx *store.Tx) error {
		if p, _, err = tx.PersonByEmail(email); goshawk.CodeOf(err) == goshawk.NotFound {
			return errNobody(email)
		} else if err != nil {
			return err
		}
		if p.Disabled {
			return goshawk.Errorf(goshawk.Conflict, "the account of %s is disabled", p.Name).WithHint("another administrator can enable it; the last one cannot be disabled")
		}
		i, s := identity.NewInvitation(p.ID, now)
		secret = s
		if e.Detail, err = json.Marshal(map[string]goshawk.ID{"about": p.ID}); err != nil {
			return err
		}
		if err := tx.ForgetWays(p.ID); err != nil {
			return err
		}
		return tx.Invite(&i)
	})
	return secret, p, err
}
