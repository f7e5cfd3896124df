package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"goshawk"
	"goshawk/backup"
	"goshawk/store"
)

// mostKeys is the most bytes of a file with keys to encrypt for, or to decrypt with.
const mostKeys = 1 << 20

func runBackup(ctx context.Context, _ *terminal, c *command) (err error) {
	data := c.dataFlags()
	out := c.String("out", "", "`FILE` for the backup, which may not be there yet")
	database := c.String("database", "", "`URL` of a PostgreSQL database (default: SQLite in the data folder)")
	recipient := c.String("recipient", "", "`KEYS` to encrypt for: age1..., several with commas between them")
	with := c.Bool("with-keys", false, "not encrypted, and the private keys of the log and of packages in it nevertheless: keep the file as you keep keys")
	without := c.Bool("without-keys", false, "without the private keys of the log and of packages: a server goes on with the backup only where they are brought back, too")
	c.alternatives("with-keys", "without-keys")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *out == "" {
		return badUsage("say where the backup goes: --out FILE")
	}
	var to []age.Recipient
	if *recipient != "" {
		if to, err = age.ParseRecipients(strings.NewReader(strings.ReplaceAll(*recipient, ",", "\n"))); err != nil {
			return badUsage("the --recipient is no key of age: %v", err).WithHint("'age-keygen' makes one; what begins with age1 goes here, the rest stays with you")
		}
	}
	if len(to) == 0 && !*with && !*without {
		return badUsage("the private keys that sign the log and packages of evidence would be in the backup for everybody to read").WithHint("encrypt it with --recipient age1..., or say --with-keys or --without-keys")
	}
	folder, err := data.dataFolder()
	if err != nil {
		return err
	}
	where := *database
	if where == "" {
		where = filepath.Join(folder, databaseName)
	}
	db, err := store.Look(ctx, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := os.Lstat(*out); err == nil {
		return goshawk.Errorf(goshawk.Conflict, "there is a file %s already", *out).WithHint("name another: no backup is written over")
	}
	m, err := writeBackup(ctx, *out, backup.Source{Folder: folder, Store: db, Keys: !*without, Now: time.Now()}, to)
	if err != nil {
		return err
	}
	c.say("Written: %s, %s.", *out, goshawk.Count(len(m.Parts), "part", "parts"))
	switch {
	case *without:
		c.say("The private keys are not in it: keep %s and the folder %s elsewhere.", filepath.Join(folder, auditFolder, "secret.key"), filepath.Join(folder, backup.Keys))
		c.say("It is not encrypted: whoever reads it reads every case, and the secrets of people's authenticators.")
	case len(to) == 0:
		c.say("It is not encrypted, and holds private keys: whoever reads it can write another log and sign packages of evidence in the agency's name,")
		c.say("and reads every case and the secrets of people's authenticators. Keep it as you keep keys.")
	default:
		c.say("It is encrypted, and holds the private keys of the log and of packages of evidence.")
	}
	for _, sum := range m.Damaged {
		fmt.Fprintf(c.t.out, "FAULT the exhibit %s is damaged, and not in the backup: bring it back from an older one\n", sum)
		err = errFault
	}
	return err
}

// writeBackup writes it beside its place first: whatever ends the program, no half of one has its name.
func writeBackup(ctx context.Context, out string, from backup.Source, to []age.Recipient) (m *backup.Manifest, err error) {
	f, err := os.CreateTemp(filepath.Dir(out), filepath.Base(out)+".*.partial")
	if err != nil {
		return nil, unwritten(out, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	m, err = backup.Write(ctx, f, from, to...)
	if err == nil {
		if err = f.Sync(); err != nil {
			err = unwritten(out, err)
		}
	}
	if bad := f.Close(); bad != nil && err == nil {
		err = unwritten(out, bad)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return nil, unwritten(out, err)
	}
	return m, nil
}

func runRestore(ctx context.Context, _ *terminal, c *command) (err error) {
	data := c.dataFlags()
	database := c.String("database", "", "`URL` of an empty PostgreSQL database (default: SQLite in the data folder)")
	identity := c.String("identity", "", "`FILE` with the key of age that the backup was encrypted for")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	var with []age.Identity
	if *identity != "" {
		text, err := readBounded(*identity, mostKeys)
		if err != nil {
			return err
		}
		if with, err = age.ParseIdentities(bytes.NewReader(text)); err != nil {
			return goshawk.Errorf(goshawk.Invalid, "%s holds no key of age", *identity).WithHint("it is the file that 'age-keygen' wrote")
		}
	}
	folder, err := data.dataFolder()
	if err != nil {
		return err
	}
	f, err := os.Open(c.args[0])
	if err != nil {
		return goshawk.Errorf(goshawk.NotFound, "cannot read %s: %w", c.args[0], err)
	}
	defer f.Close()
	done, err := backup.Restore(ctx, f, folder, *database, with...)
	if err != nil {
		return err
	}
	for _, x := range done.Faults {
		fmt.Fprintf(c.t.out, "FAULT entry %d: %s\n", x.Entry, x.What)
		err = errFault
	}
	for _, sum := range done.Manifest.Damaged {
		fmt.Fprintf(c.t.out, "FAULT the exhibit %s was damaged when the backup was made, and is not in it\n", sum)
		err = errFault
	}
	fmt.Fprintf(c.t.out, "Restored to %s: all that was acknowledged before %s, with %s of the audit trail.\n", folder, done.Manifest.Made.Format(time.RFC3339), goshawk.Count(int(done.Entries), "entry", "entries"))
	if !done.Manifest.Keys {
		c.say("The private keys were not in the backup: bring %s and the folder %s back before a server is started.", filepath.Join(folder, auditFolder, "secret.key"), filepath.Join(folder, backup.Keys))
	}
	return err
}
