package main

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk/audit"
	"goshawk/backup"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// TestAuditVerify: whoever writes into a server's database or its exhibits behind its back is found by 'goshawk audit
// verify', which names what they wrote.
func TestAuditVerify(t *testing.T) {
	ctx := t.Context()
	folder := t.TempDir()
	where := filepath.Join(folder, databaseName)
	d := furnishDesk(t, where)
	db, err := store.Open(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.OpenFiles(filepath.Join(folder, backup.Exhibits))
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.OpenLog(ctx, filepath.Join(folder, auditFolder))
	if err != nil {
		t.Fatal(err)
	}
	b := &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: time.Now}
	ines := &identity.Subject{Person: identity.Person{ID: d.person, Agency: "a", Name: "Ines", Role: identity.Investigator}, Kind: identity.Police, Via: identity.ViaPasskey}
	x, err := b.AddExhibit(ctx, ines, d.room, casebook.Exhibit{Name: "phone.txt", Source: "a phone"}, strings.NewReader("what it said"))
	if err = errors.Join(err, log.CatchUp(ctx, store.Trail{Store: db}), log.Close(), files.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if said := must(t, "audit", "verify", "--data", folder); !strings.Contains(said, "The bytes of 1 exhibit were held against") || !strings.Contains(said, "Nothing was changed") {
		t.Error(said)
	}
	byHand, err := sql.Open("sqlite", where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := byHand.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct{ do, undo, want string }{
		{`INSERT INTO people VALUES ('mallory', 'a', 'Mallory', 'm@police.example', 'administrator', 0, 0)`, `DELETE FROM people WHERE id = 'mallory'`, "the account mallory (Mallory) is in the table people, and no entry says who wrote it"},
		{`UPDATE people SET role = 'administrator' WHERE name = 'Ines'`, `UPDATE people SET role = 'investigator' WHERE name = 'Ines'`, "(Ines) is not what this entry"},
		{`UPDATE agencies SET name = 'Westmark Police'`, `UPDATE agencies SET name = 'Eastmark Police'`, "the agency a (Westmark Police) is not what this entry"},
		{`INSERT INTO members SELECT id, 'mallory', 'lead' FROM cases`, `DELETE FROM members WHERE person = 'mallory'`, `lets in mallory as "lead"`},
		{`UPDATE tokens SET scopes = 'read write admin'`, `UPDATE tokens SET scopes = 'read write'`, "is not what this entry"},
	} {
		if _, err := byHand.ExecContext(ctx, c.do); err != nil {
			t.Fatal(c.do, err)
		}
		if a := ask(ctx, "audit", "verify", "--data", folder); a.code != exitFault || !strings.Contains(a.out, c.want) {
			t.Errorf("%s: %d\n%s%s", c.do, a.code, a.out, a.err)
		}
		if _, err := byHand.ExecContext(ctx, c.undo); err != nil {
			t.Fatal(c.undo, err)
		}
		must(t, "audit", "verify", "--data", folder)
	}
	file := filepath.Join(folder, backup.Exhibits, x.SHA256[:2], x.SHA256)
	if err := os.WriteFile(file, []byte("what it SAID"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := ask(ctx, "audit", "verify", "--data", folder); a.code != exitFault || !strings.Contains(a.out, "case "+string(d.room)+", the exhibit E-1 (phone.txt): its bytes were changed") {
		t.Errorf("other bytes: %d\n%s%s", a.code, a.out, a.err)
	}
	if said := must(t, "audit", "verify", "--data", folder, "--skip-bytes"); !strings.Contains(said, "were not read") {
		t.Error(said)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"--skip-bytes"}} {
		if a := ask(ctx, append([]string{"audit", "verify", "--data", folder}, more...)...); a.code != exitFault || !strings.Contains(a.out, "the exhibit E-1 (phone.txt): its bytes are gone") {
			t.Errorf("no bytes: %d\n%s%s", a.code, a.out, a.err)
		}
	}
}
