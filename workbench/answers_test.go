package workbench_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/account"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/internal/worldstage"
	"goshawk/letter"
	"goshawk/store"
	"goshawk/workbench"
)

// room is a bench with a world, and an officer with a case.
type room struct {
	*workbench.Bench
	t       *testing.T
	w       *worldstage.World
	officer *identity.Subject
	c       goshawk.ID
}

func newRoom(t *testing.T, seed uint64) *room {
	t.Helper()
	data := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(data, "goshawk.db"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.OpenFiles(filepath.Join(data, "exhibits"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	r := &room{t: t, Bench: &workbench.Bench{Data: data, Store: db, Book: &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: now}, Now: now, Log: slog.New(slog.DiscardHandler)}}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), files.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	r.officer = &identity.Subject{Via: identity.ViaPasskey, Kind: identity.Police, Person: identity.Person{ID: "officer", Agency: "police", Name: "Officer", Email: "officer@police.example", Role: identity.Investigator, Created: now()}}
	err = db.Do(t.Context(), &audit.Entry{At: now(), Action: "console", What: "set the room"}, func(tx *store.Tx) error {
		return errors.Join(tx.AddAgency(&identity.Agency{ID: "police", Name: "Police", Kind: identity.Police, Created: now()}), tx.AddPerson(&r.officer.Person))
	})
	if err == nil {
		r.c, err = r.Book.Open(t.Context(), r.officer, "Harbour ransom", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	r.w = worldstage.Make(t, data, seed, "ransomware")
	return r
}

// run traces, and waits for the end.
func (r *room) run(id goshawk.ID) *workbench.RunSummary {
	r.t.Helper()
	woken, end := r.Store.Listen(r.c)
	defer end()
	for {
		c, err := r.Book.Read(r.t.Context(), r.officer, r.c, "waited", casebook.KindRun)
		if err != nil {
			r.t.Fatal(err)
		}
		if rec := c.Records[casebook.KindRun][id]; rec.Text("state") != "running" {
			s := &workbench.RunSummary{}
			if err := json.Unmarshal(rec["summary"].JSON, s); err != nil || rec.Text("state") != "done" {
				r.t.Fatalf("the trace is %s: %s, %v", rec.Text("state"), s.Error, err)
			}
			return s
		}
		select {
		case <-woken:
		case <-time.After(time.Minute):
			r.t.Fatal("the trace does not end")
		}
	}
}

// imports takes a file of a service as its answer.
func (r *room) imports(service, file string, text []byte, list letter.List, say func(*letter.Mapping)) goshawk.ID {
	r.t.Helper()
	x, err := r.Book.AddExhibit(r.t.Context(), r.officer, r.c, casebook.Exhibit{Name: file, Source: service}, strings.NewReader(string(text)))
	if err != nil {
		r.t.Fatal(err)
	}
	table, _, err := r.AnswerFile(r.t.Context(), r.officer, r.c, x.ID, "")
	if err != nil {
		r.t.Fatal(err)
	}
	if got := table.ProposeList(); got != list {
		r.t.Errorf("%s looks like %q", file, got)
	}
	p := table.Propose(list, 8, "")
	if say != nil {
		say(&p.Mapping)
	}
	id, err := r.Answer(r.t.Context(), r.officer, r.c, workbench.NewAnswer{Exhibit: x.ID, Service: service, Ledger: "world", Mapping: p.Mapping})
	if err != nil {
		r.t.Fatalf("%s: %v (%s); open: %q", file, err, goshawk.HintOf(err), p.Open)
	}
	return id
}

// launderer is an account that a criminal puts money through, as the truth has it.
type launderer struct {
	service, folder, account string
	deposits                 []string // coins
	withdrawals              []string
}

func (r *room) launderer() *launderer {
	r.t.Helper()
	var l *launderer
	for _, w := range r.w.Table("truth/withdrawals.csv") {
		if w["stage"] != "layering" {
			continue
		}
		if l == nil {
			l = &launderer{service: w["service"], account: w["account"], folder: "services/" + strings.ToLower(strings.ReplaceAll(w["service"], " ", "-")) + "/"}
		}
		if w["service"] == l.service && w["account"] == l.account && w["tx"] != "" {
			l.withdrawals = append(l.withdrawals, w["tx"]+":"+w["output"])
		}
	}
	if l == nil {
		r.t.Fatal("nobody puts money through an account in this world")
	}
	for _, d := range r.w.Table(l.folder + "deposits.csv") {
		if d["account"] == l.account {
			l.deposits = append(l.deposits, d["tx"]+":"+d["output"])
		}
	}
	return l
}

// TestAcrossAWorld: a trace stops at an exchange. What the exchange's files say of the account that it ended in
// imports, matches the chain wherever the chain has it, and takes the trace to the coins that the truth says the
// criminal got out.
func TestAcrossAWorld(t *testing.T) {
	r := newRoom(t, 7)
	l := r.launderer()
	held, err := r.Use(t.Context(), "world")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	// The coins before the deposits, as an officer has them who follows the money.
	var before []string
	for _, coin := range l.deposits {
		tx, _, _ := strings.Cut(coin, ":")
		hash, err := goshawk.ParseHash(tx)
		if err != nil {
			t.Fatal(err)
		}
		found, err := held.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{hash}})
		var batch goshawk.Transactions
		if err == nil {
			err = held.Transactions(t.Context(), found.Transactions, goshawk.WantOutpoints, &batch)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range batch.Outpoints {
			before = append(before, o.String())
		}
	}
	id, err := r.Run(t.Context(), r.officer, r.c, workbench.RunQuestion{Ledger: "world", Methods: []string{"fifo", "haircut"}, Starts: before})
	if err != nil {
		t.Fatal(err)
	}
	sum := r.run(id)
	// One letter names what reached the exchange, with amounts, times and the reason.
	ids, err := held.FromRun(t.Context(), &workbench.RunQuestion{}, sum, l.service)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, coin := range l.deposits {
		i := slices.IndexFunc(ids.Rows, func(x letter.Identifier) bool { return x.Coin() == coin })
		if i < 0 {
			continue // vendors err, on purpose: one names somebody else there
		}
		named++
		// The address has no label of its own, and the letter says so.
		if x := ids.Rows[i]; x.Address == "" || x.Value == "" || x.Amount == "" || x.Time == nil || x.Height == 0 || !x.Inferred || !strings.Contains(x.Why, l.service) || !strings.Contains(x.Why, "no label of its own") {
			t.Errorf("%+v", x)
		}
	}
	if named == 0 {
		t.Fatalf("the letter names none of %q: %+v", l.deposits, ids.Rows)
	}
	for _, file := range []struct {
		name string
		list letter.List
		say  func(*letter.Mapping)
	}{{"deposits.csv", letter.Deposits, nil}, {"withdrawals.csv", letter.Withdrawals, nil}, {"balances.csv", letter.Statement, func(m *letter.Mapping) { m.Unit = letter.UnitSmallest }}} {
		text := r.w.File(l.folder + file.name)
		answer, err := r.OpenAnswer(t.Context(), r.officer, r.c, r.imports(l.service, file.name, text, file.list, file.say))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n") - 1; len(answer.Rows) != lines || answer.Summary.Rows != lines {
			t.Errorf("%s: %d rows of %d", file.name, len(answer.Rows), lines)
		}
		for _, row := range answer.Rows {
			want := workbench.MatchCoin
			switch {
			case file.list == letter.Statement:
				want = workbench.MatchOffChain
			case row.Tx == "":
				want = workbench.MatchUnpaid
			}
			if row.State != want {
				t.Errorf("%s, line %d is %s: %s", file.name, row.Line, row.State, row.Note)
			}
		}
	}
	ask := workbench.AcrossQuestion{Service: l.service, Account: l.account, Run: id, Method: "fifo"}
	x, err := r.Across(t.Context(), r.officer, r.c, ask)
	if err != nil {
		t.Fatal(err)
	}
	if x.Basis != "statement" || len(x.Faults) > 0 || x.Followed == 0 || len(x.Results) != len(account.Methods()) || !slices.ContainsFunc(x.Others, func(a workbench.AcrossAccount) bool { return a.Account == l.account }) {
		t.Fatalf("%+v", x)
	}
	for i := range x.Results {
		if m := &x.Results[i]; m.Error != "" || m.Out+m.Elsewhere+m.Left != x.Followed {
			t.Errorf("%s: %d, %d and %d are not %d; %s", m.Method, m.Out, m.Elsewhere, m.Left, x.Followed, m.Error)
		}
	}
	for _, by := range account.Methods() {
		on, exhibit, err := r.Continue(t.Context(), r.officer, r.c, workbench.ContinueQuestion{AcrossQuestion: ask, By: string(by)})
		if err != nil {
			t.Fatalf("%s: %v", by, err)
		}
		r.run(on)
		c, err := r.Book.Read(t.Context(), r.officer, r.c, "looked", casebook.KindRun, casebook.KindExhibit)
		if err != nil {
			t.Fatal(err)
		}
		var q workbench.RunQuestion
		if err := json.Unmarshal(c.Records[casebook.KindRun][on]["question"].JSON, &q); err != nil {
			t.Fatal(err)
		}
		slices.Sort(q.Starts)
		slices.Sort(l.withdrawals)
		if !slices.Equal(q.Starts, l.withdrawals) || c.Records[casebook.KindExhibit][exhibit] == nil {
			t.Errorf("%s goes on from %q, where the truth says %q", by, q.Starts, l.withdrawals)
		}
	}
}

// TestMatchWithout: rows that name no transaction, or a wrong one, are what they are.
func TestMatchWithout(t *testing.T) {
	r := newRoom(t, 7)
	l := r.launderer()
	held, err := r.Use(t.Context(), "world")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	var d map[string]string
	for _, row := range r.w.Table(l.folder + "deposits.csv") {
		if row["account"] == l.account {
			d = row
		}
	}
	head := "time,account,satoshis,address,tx,output,deposit\n"
	file := head
	for _, s := range []string{ // each with what it must come to
		"TIME,ACC,AMOUNT,ADDRESS,TX,OUT,matched", "TIME,ACC,AMOUNT,ADDRESS,TX,,matched", "TIME,ACC,AMOUNT,,TX,,matched", "TIME,ACC,AMOUNT,ADDRESS,,,likely", "TIME,ACC,1,ADDRESS,,,unmatched",
		"TIME,ACC,1,ADDRESS,TX,OUT,differs", "TIME,ACC,1,,TX,,differs", "TIME,ACC,AMOUNT,elsewhere,TX,OUT,differs", "TIME,ACC,AMOUNT,ADDRESS,TX,9999,differs", "TIME,ACC,AMOUNT,,,,unmatched", "TIME,ACC,AMOUNT,nonsense,,,unmatched",
		"TIME,ACC,AMOUNT,ADDRESS," + strings.Repeat("ab", 32) + ",0,absent", "2020-01-01T00:00:00Z,ACC,AMOUNT,ADDRESS,,,unmatched"} {
		file += strings.NewReplacer("TIME", d["time"], "ACC", d["account"], "AMOUNT", d["satoshis"], "ADDRESS", d["address"], "TX", d["tx"], "OUT", d["output"]).Replace(s) + "\n"
	}
	a, err := r.OpenAnswer(t.Context(), r.officer, r.c, r.imports(l.service, "deposits.csv", []byte(file), letter.Deposits, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range a.Rows {
		if string(row.State) != row.Reference {
			t.Errorf("line %d is %s, not %s: %s", row.Line, row.State, row.Reference, row.Note)
		}
	}
	if n := a.Summary.States[workbench.MatchCoin]; n != 3 {
		t.Errorf("%d rows match", n)
	}
	// A file with a fault is refused whole, unless somebody says that such rows are left out.
	x, err := r.Book.AddExhibit(t.Context(), r.officer, r.c, casebook.Exhibit{Name: "b.csv", Source: "x"}, strings.NewReader(head+fmt.Sprintf("never,1,5,,,,\n%s,1,5,,,,\n", d["time"])))
	if err != nil {
		t.Fatal(err)
	}
	n := workbench.NewAnswer{Exhibit: x.ID, Service: "x", Ledger: "world", Mapping: a.Mapping}
	if _, err := r.Answer(t.Context(), r.officer, r.c, n); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
	n.Without = true
	if _, err := r.Answer(t.Context(), r.officer, r.c, n); err != nil {
		t.Error(err)
	}
}

// TestNotSent: that a withdrawal was not sent is said only where its list says when others were; such a one takes nothing out of
// an account that is put together from lists.
func TestNotSent(t *testing.T) {
	r := newRoom(t, 7)
	l := r.launderer()
	var d, w map[string]string
	for _, row := range r.w.Table(l.folder + "deposits.csv") {
		if row["account"] == l.account {
			d = row
		}
	}
	for _, row := range r.w.Table(l.folder + "withdrawals.csv") {
		if row["account"] == l.account && row["tx"] != "" {
			w = row
		}
	}
	if d == nil || w == nil {
		t.Fatal("the account has no deposit, or no withdrawal")
	}
	fill := func(rows string) []byte {
		return []byte(strings.NewReplacer("TIME", w["requested"], "SENT", w["paid"], "AMOUNT", w["satoshis"], "ADDRESS", w["address"], "TX", w["tx"], "OUT", w["output"]).Replace(rows))
	}
	for name, c := range map[string]struct {
		rows    string
		want    []workbench.MatchState
		debits  uint64
		refused bool
	}{
		"Told":  {"withdrawal,requested,paid,account,satoshis,fee,address,tx,output\nW1,TIME,SENT,A,AMOUNT,0,ADDRESS,TX,OUT\nW2,TIME,,A,7,0,ADDRESS,,\nW3,TIME,,A,7,0,,,\n", []workbench.MatchState{workbench.MatchCoin, workbench.MatchUnpaid, workbench.MatchUnpaid}, 0, true},
		"Quiet": {"withdrawal,requested,account,satoshis,fee,address,tx,output\nW1,TIME,A,AMOUNT,0,ADDRESS,TX,OUT\nW2,TIME,A,7,0,ADDRESS,,\nW3,TIME,A,7,0,,,\n", []workbench.MatchState{workbench.MatchCoin, workbench.MatchNone, workbench.MatchNone}, 14, false},
	} {
		a, err := r.OpenAnswer(t.Context(), r.officer, r.c, r.imports(name, "withdrawals.csv", fill(c.rows), letter.Withdrawals, nil))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range a.Rows {
			if row.State != c.want[i] {
				t.Errorf("%s: %s is %s, not %s: %s", name, row.Reference, row.State, c.want[i], row.Note)
			}
		}
		x, err := r.Across(t.Context(), r.officer, r.c, workbench.AcrossQuestion{Service: name, Account: "A", Opening: "100000000000"})
		if err != nil {
			t.Fatal(err)
		}
		var out uint64
		for _, line := range x.Lines {
			out += line.Debit
		}
		said := strings.Contains(strings.Join(x.Faults, "\n"), "asked for and not sent")
		if paid := a.Rows[0].Amount; out != paid+c.debits || said != c.refused {
			t.Errorf("%s: %d go out, and not %d; %q", name, out, paid+c.debits, x.Faults)
		}
	}
}
