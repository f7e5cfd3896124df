package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/backup"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/store"
	"goshawk/workbench"
)

// demoNotice stands at the head of every page of the demo's server.
const demoNotice = "Demo: a made-up world, people who do not exist, and no passwords"

// demoPerson is somebody of the demo. The key is what a case's story calls them.
type demoPerson struct {
	key, name, email string
	role             identity.Role
	does             string // for who chooses whom to be
}

// demoAgency is an agency of the demo with its people.
type demoAgency struct {
	name   string
	kind   identity.AgencyKind
	people []demoPerson
}

// demoAgencies lists who is there. Their e-mail addresses are of names that nobody can own (RFC 2606).
func demoAgencies() []demoAgency {
	return []demoAgency{
		{"Eastfold Police", identity.Police, []demoPerson{
			{"admin", "Ada Keeper", "ada.keeper@police.example", identity.Administrator, "keeps people, ledgers and settings; sees no case"},
			{"lead", "Ines Berg", "ines.berg@police.example", identity.Investigator, "leads the case: everything, and who is in it"},
			{"worker", "Jonas Lund", "jonas.lund@police.example", identity.Investigator, "works on the case"},
			{"viewer", "Mara Holt", "mara.holt@police.example", identity.Reader, "reads the case, and changes nothing"},
			{"chief", "Tomas Vale", "tomas.vale@police.example", identity.Supervisor, "sees every case of the agency"},
		}},
		{"Northgate", identity.Exchange, []demoPerson{
			{"exchange", "Rhea Colm", "rhea.colm@northgate.example", identity.Investigator, "answers for an exchange; sees no case of the police"},
		}},
		{"Larkfield School of Investigation", identity.Training, []demoPerson{
			{"trainer", "Piet Orme", "piet.orme@larkfield.example", identity.Investigator, "teaches; sees no case of the police"},
		}},
	}
}

// demoClock tells the time in the demo's case: it began some days ago, and a little passes with each thing that is done.
type demoClock struct{ at time.Time }

func (c *demoClock) now() time.Time {
	c.at = c.at.Add(7 * time.Second)
	return c.at
}

// wait lets time pass.
func (c *demoClock) wait(d time.Duration) { c.at = c.at.Add(d) }

// demoOffice is a server's parts while the demo's case is made, as 'goshawk serve' puts them together.
type demoOffice struct {
	clock  *demoClock
	store  *store.Store
	book   *casebook.Book
	bench  *workbench.Bench
	people map[string]*identity.Subject
	ledger goshawk.ID
}

// furnish makes the data folder of a server, with people and a half-worked case, out of a world and a ledger that are
// there. All of it is done through the functions by which people do it, so that its history and its log are whole.
func (d *demo) furnish(ctx context.Context, folder string, today time.Time) (err error) {
	data := filepath.Join(folder, demoData)
	if err := demoLabels(ctx, data, filepath.Join(folder, demoWorld, "public")); err != nil {
		return err
	}
	db, err := store.Open(ctx, filepath.Join(data, databaseName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	files, err := store.OpenFiles(filepath.Join(data, backup.Exhibits))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	id, err := serverID(data)
	if err != nil {
		return err
	}
	// Three working days ago, in the morning.
	o := &demoOffice{clock: &demoClock{today.UTC().Truncate(24 * time.Hour).Add(-3*24*time.Hour + 8*time.Hour + 40*time.Minute)}, store: db, people: map[string]*identity.Subject{}}
	o.book = &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: func() time.Time { return o.clock.at }}
	o.bench = &workbench.Bench{Data: data, Store: db, Book: o.book, Now: func() time.Time { return o.clock.at }, Log: slog.New(slog.DiscardHandler), Server: id}
	defer func() { err = errors.Join(err, o.bench.Close()) }()
	if err := o.invite(ctx); err != nil {
		return err
	}
	if err := o.prepare(ctx, filepath.Join(folder, demoWorld, "public", "prices.csv")); err != nil {
		return err
	}
	return o.work(ctx, d, os.DirFS(filepath.Join(folder, demoWorld, "public", demoCrime)))
}

// demoLabels brings a world's labels into the store of a data folder.
func demoLabels(ctx context.Context, data, public string) error {
	fsys, err := disk.Make(data)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the data folder: %w", err)
	}
	added, err := worldSources(ctx, os.DirFS(public))
	if err != nil {
		return err
	}
	sources, _, err := label.Merge(nil, added)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := label.Write(&buf, sources); err != nil {
		return err
	}
	return disk.WriteFile(fsys, workbench.LabelStore, buf.Bytes())
}

// invite adds the agencies and their people. None of them has a way to sign in: 'goshawk demo' lets them in, and no other
// server does.
func (o *demoOffice) invite(ctx context.Context) error {
	now := o.clock.now()
	return o.store.Do(ctx, &audit.Entry{At: now, Action: string(identity.ManagePeople), Via: string(identity.ViaConsole), What: "made the people of the demo"}, func(tx *store.Tx) error {
		for _, a := range demoAgencies() {
			agency := identity.Agency{ID: casebook.NewID(), Name: a.name, Kind: a.kind, Created: now}
			if err := tx.AddAgency(&agency); err != nil {
				return err
			}
			for _, p := range a.people {
				person := identity.Person{ID: casebook.NewID(), Agency: agency.ID, Name: p.name, Email: p.email, Role: p.role, Created: now}
				if err := tx.AddPerson(&person); err != nil {
					return err
				}
				o.people[p.key] = &identity.Subject{Person: person, Kind: a.kind, Via: identity.ViaConsole}
			}
		}
		return nil
	})
}

// prepare does what an administrator does before the first case: the ledger is found where it lies, rates are imported.
func (o *demoOffice) prepare(ctx context.Context, prices string) error {
	list, err := o.bench.List(ctx, o.people["admin"])
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return goshawk.Errorf(goshawk.Corrupt, "the demo's server finds %d ledgers, not its own one", len(list))
	}
	o.ledger = list[0].ID
	f, err := os.Open(prices)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "the world's prices cannot be read: %w", err)
	}
	defer f.Close() // read only
	_, err = o.bench.ImportRates(ctx, o.people["admin"], filepath.Base(prices), list[0].Network, f)
	return err
}
