package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/backup"
	"goshawk/internal/disk"
	"goshawk/store"
)

// auditFlags are the flags of 'goshawk audit'.
type auditFlags struct {
	c        *command
	data     *source
	database *string
	kept     *string
	of       *string
	out      *string
	format   *string
	unread   *bool
}

// auditFolder is where a data folder keeps the log and its keys.
const auditFolder = "audit"

func runAudit(ctx context.Context, _ *terminal, c *command) error {
	f := &auditFlags{c: c, data: c.dataFlags()}
	f.database = c.String("database", "", "`URL` of a PostgreSQL database (default: SQLite in the data folder)")
	f.kept = c.String("checkpoint", "", "verify: `FILE` with a checkpoint that was kept: nothing before it may have changed since")
	f.unread = c.Bool("skip-bytes", false, "verify: do not read the exhibits' bytes, only look whether they are there with their length")
	f.of = c.String("case", "", "prove: `ID` of the case whose entries are proven; without it, say numbers of entries")
	f.out = c.String("out", "", "prove: `FILE` for the proof (default: standard output)")
	f.format = c.format("text", "json")
	if err := c.parse(1, 1_000); err != nil {
		return err
	}
	switch action := c.args[0]; action {
	case "verify":
		return f.verify(ctx)
	case "rotate":
		return f.rotate(ctx)
	case "prove":
		return f.prove(ctx, c.args[1:])
	case "check":
		return f.check(c.args[1:])
	default:
		return badUsage("%q is nothing to do with the audit trail", action).WithHint("choose one of verify, rotate, prove, check")
	}
}

// open opens the database to read it, and returns the log's folder.
func (f *auditFlags) open(ctx context.Context, how func(context.Context, string) (*store.Store, error)) (*store.Store, string, error) {
	folder, err := f.data.dataFolder()
	if err != nil {
		return nil, "", err
	}
	where := *f.database
	if where == "" {
		where = filepath.Join(folder, databaseName)
	}
	db, err := how(ctx, where)
	return db, filepath.Join(folder, auditFolder), err
}

// verify says whether anything that was recorded is not as it was.
func (f *auditFlags) verify(ctx context.Context) (err error) {
	db, dir, err := f.open(ctx, store.Look)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var kept []byte
	if *f.kept != "" {
		if kept, err = readBounded(*f.kept, 1<<20); err != nil {
			return err
		}
	}
	v, err := audit.Verify(ctx, dir, store.Trail{Store: db}, kept)
	if err != nil {
		return err
	}
	err = db.Replay(ctx, func(entry int64, of goshawk.ID, what string) { v.Fault(entry, of, what) })
	if err != nil {
		return err
	}
	if err := f.exhibits(ctx, db, filepath.Join(filepath.Dir(dir), backup.Exhibits), v); err != nil {
		return err
	}
	if *f.format == "json" {
		err = f.c.json(v)
	} else {
		f.say(v)
	}
	if err == nil && len(v.Faults) > 0 {
		err = errFault
	}
	return err
}

// exhibits holds the bytes of exhibits against what cases say of them.
func (f *auditFlags) exhibits(ctx context.Context, db *store.Store, folder string, v *audit.Verification) error {
	list, err := db.Exhibits(ctx)
	if err != nil {
		return err
	}
	v.Exhibits, v.BytesRead = len(list), !*f.unread
	progress := newBar(f.c)
	defer progress.clear()
	return store.CheckExhibits(ctx, folder, list, !*f.unread, func(x *store.FixedExhibit, what string) { v.Fault(0, x.Case, what) },
		func(done, of int64) {
			progress.update(float64(done)/float64(max(of, 1)), fmt.Sprintf("exhibits: %d of %d MB", done>>20, of>>20))
		})
}

// say writes what was found, for people.
func (f *auditFlags) say(v *audit.Verification) {
	w := f.c.t.out
	fmt.Fprintf(w, "The log %s has %s, signed with its key %d.\n", v.Origin, goshawk.Count(int(v.Size), "entry", "entries"), len(v.Keys))
	fmt.Fprintf(w, "%s of the audit trail were compared with it; %d were written too lately to be in it.\n", goshawk.Count(int(v.Entries), "entry", "entries"), v.Pending)
	how := "were held against the hashes that were recorded"
	if !v.BytesRead {
		how = "were not read: only whether they are there with their length was looked at"
	}
	fmt.Fprintf(w, "The bytes of %s %s.\n", goshawk.Count(v.Exhibits, "exhibit", "exhibits"), how)
	for _, x := range v.Faults {
		at := ""
		if x.Entry > 0 {
			at = "entry " + strconv.FormatInt(x.Entry, 10) + ": "
		}
		if x.Case != "" {
			at = "case " + string(x.Case) + ", " + at
		}
		fmt.Fprintf(w, "  FAULT %s%s\n", at, x.What)
	}
	for _, x := range v.Notes {
		at := ""
		if x.Entry > 0 {
			at = "entry " + strconv.FormatInt(x.Entry, 10) + ": "
		}
		fmt.Fprintf(w, "  NOTE  %s%s\n", at, x.What)
	}
	if v.More > 0 {
		fmt.Fprintf(w, "  and %s more\n", goshawk.Count(v.More, "fault", "faults"))
	}
	if len(v.Faults) == 0 {
		fmt.Fprintf(w, "Nothing was changed, added or removed: trail, accounts, cases, exhibits and log agree.\n")
	}
	fmt.Fprintf(w, "\nKeep this checkpoint outside of the server; --checkpoint compares a later log with it.\n\n%s", v.Checkpoint)
}

// rotate has a new key sign the log.
func (f *auditFlags) rotate(ctx context.Context) (err error) {
	folder, err := f.data.dataFolder()
	if err != nil {
		return err
	}
	at, err := disk.Open(folder)
	if err != nil {
		return goshawk.Errorf(goshawk.NotFound, "there is no data folder %s", folder).WithHint("name it with --data DIR")
	}
	lock, err := at.Lock(serveLock)
	if errors.Is(err, disk.ErrLocked) {
		return goshawk.Errorf(goshawk.Locked, "a server runs on %s", folder).WithHint("end it first: the key is changed while nobody signs with it")
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	db, dir, err := f.open(ctx, store.Open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	e := &audit.Entry{At: time.Now(), Action: "console", Via: "console", What: "changed the key that signs the log"}
	if err := db.Do(ctx, e, func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	k, err := audit.Rotate(ctx, dir, store.Trail{Store: db})
	if err != nil {
		return err
	}
	if *f.format == "json" {
		return f.c.json(k)
	}
	fmt.Fprintf(f.c.t.out, "From entry %d on the log is signed with a new key. Its public part:\n  %s\n", k.From+1, k.Verifier)
	return nil
}

// prove writes the proof that entries are in the log.
func (f *auditFlags) prove(ctx context.Context, numbers []string) (err error) {
	if (*f.of == "") == (len(numbers) == 0) {
		return badUsage("say which entries to prove: --case ID, or their numbers")
	}
	db, dir, err := f.open(ctx, store.Look)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var list []audit.Entry
	err = db.View(ctx, func(tx *store.Tx) error {
		if *f.of != "" {
			list, err = tx.Entries(1, 1_000_000, goshawk.ID(*f.of))
			return err
		}
		for _, text := range numbers {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return badUsage("%q is no number of an entry", text)
			}
			one, err := tx.Entries(n, 1, "")
			if err != nil {
				return err
			}
			if len(one) == 0 || one[0].Seq != n {
				return goshawk.Errorf(goshawk.NotFound, "there is no entry %d", n)
			}
			list = append(list, one[0])
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return goshawk.Errorf(goshawk.NotFound, "there is no entry about a case %s", *f.of)
	}
	p, err := audit.Prove(ctx, dir, list)
	if err != nil {
		return err
	}
	return f.c.output(*f.out, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(true) // the entries are the very bytes that were committed to
		return e.Encode(p)
	})
}

// check follows a proof that prove wrote, without the server's data.
func (f *auditFlags) check(args []string) error {
	if len(args) != 1 {
		return badUsage("name the file with the proof")
	}
	text, err := readBounded(args[0], 1<<30)
	if err != nil {
		return err
	}
	var p audit.Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return goshawk.Errorf(goshawk.Invalid, "%s is no proof: %w", args[0], err).WithHint("'goshawk audit prove' writes one")
	}
	if err := p.Check(); err != nil {
		fmt.Fprintf(f.c.t.out, "FAULT %v\n", err)
		return errFault
	}
	fmt.Fprintf(f.c.t.out, "%s of the log are as they were recorded. Its first key:\n  %s\nAsk the agency whether it is theirs.\n", goshawk.Count(len(p.Proven), "entry", "entries"), p.Keys[0].Verifier)
	return nil
}

// readBounded reads a file of at most so many bytes.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.NotFound, "cannot read %s: %w", path, err).WithHint("is it there, and may you read it?")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = goshawk.Errorf(goshawk.Invalid, "%s is too large", path)
	}
	return text, err
}
