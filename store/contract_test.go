package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/internal/pgtest"
)

// databases are the kinds that a store has, each with how to make an empty one and say where it is.
func databases(t *testing.T) map[string]func(*testing.T) string {
	var server *pgtest.Server
	n := 0
	return map[string]func(*testing.T) string{
		"SQLite": func(t *testing.T) string { return filepath.Join(t.TempDir(), "goshawk.db") },
		"PostgreSQL": func(in *testing.T) string {
			if server == nil {
				server = pgtest.Start(t)
			}
			n++
			return server.Database(in, fmt.Sprint("test", n))
		},
	}
}

func openAt(t *testing.T, where string) *Store {
	t.Helper()
	s, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestContract holds every kind of database to the same.
func TestContract(t *testing.T) {
	contracts := []struct {
		name string
		f    func(*testing.T, *Store)
	}{
		{"agencies and people", contractPeople},
		{"sessions", contractSessions},
		{"tokens", contractTokens},
		{"credentials", contractCredentials},
		{"requests that are repeated", contractOnce},
		{"outbox", contractOutbox},
		{"several who send", contractClaims},
		{"several servers", contractServers},
		{"papers of agencies", contractPapers},
		{"cases", contractCases},
		{"search", contractSearch},
		{"trail", contractTrail},
		{"all or nothing", contractAllOrNothing},
		{"two writers", contractWriters},
		{"who listens is woken", contractFeed},
		{"played again", contractReplay},
		{"attested", contractAttested},
		{"texts come back as they were", contractTexts},
		{"values come back as they were", contractRaw},
		{"cancelled", contractCancelled},
		{"closed", contractClosed},
	}
	for kind, where := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			for _, c := range contracts {
				t.Run(c.name, func(t *testing.T) { c.f(t, openAt(t, where(t))) })
			}
		})
	}
}

// at is when the contracts' things happen.
func at(seconds int64) time.Time { return time.Unix(1_790_000_000+seconds, 0).UTC() }

func do(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Do(t.Context(), &audit.Entry{At: at(0), Action: "console", What: "a test"}, f); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// refused tries something that is answered with a code and leaves everything as it was.
func refused(t *testing.T, s *Store, code goshawk.Code, f func(*Tx) error) {
	t.Helper()
	before, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Do(t.Context(), &audit.Entry{At: at(0), Action: "console", What: "refused"}, f); goshawk.CodeOf(err) != code {
		t.Errorf("not %s: %v", code, err)
	}
	if after, err := s.Head(t.Context()); err != nil || after != before {
		t.Errorf("the trail went from %d to %d: %v", before, after, err)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	a, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s:\n  %s\nnot\n  %s", what, a, b)
	}
}

func contractPeople(t *testing.T, s *Store) {
	west := identity.Agency{ID: "west", Name: "Westmark Police", Kind: identity.Police, Country: "NL", Created: at(1)}
	east := identity.Agency{ID: "east", Name: "Eastmark Exchange", Kind: identity.Exchange, Created: at(2)}
	ada := identity.Person{ID: "ada", Agency: "west", Name: "Ada", Email: "Ada@West.example", Role: identity.Administrator, Created: at(3)}
	ben := identity.Person{ID: "ben", Agency: "east", Name: "Ben", Email: "ben@east.example", Role: identity.Investigator, Created: at(4)}
	do(t, s, func(tx *Tx) error {
		return errors.Join(tx.AddAgency(&west), tx.AddAgency(&east), tx.AddPerson(&ben), tx.AddPerson(&ada))
	})
	ada.Email = "ada@west.example"
	view(t, s, func(tx *Tx) error {
		agencies, err := tx.Agencies()
		same(t, "agencies", agencies, []identity.Agency{east, west})
		all, err2 := tx.People("")
		same(t, "people", all, []identity.Person{ada, ben})
		some, err3 := tx.People("east")
		same(t, "people of the east", some, []identity.Person{ben})
		p, kind, err4 := tx.Person("ben")
		if same(t, "Ben", p, ben); kind != identity.Exchange {
			t.Errorf("Ben is of a %s", kind)
		}
		p, _, err5 := tx.PersonByEmail("ADA@west.example")
		same(t, "Ada", p, ada)
		for _, find := range []func() (identity.Person, identity.AgencyKind, error){
			func() (identity.Person, identity.AgencyKind, error) { return tx.Person("nobody") },
			func() (identity.Person, identity.AgencyKind, error) { return tx.PersonByEmail("' OR 1=1 --") },
			func() (identity.Person, identity.AgencyKind, error) { return tx.PersonByEmail("a\x00\xff") },
		} {
			if _, _, err := find(); goshawk.CodeOf(err) != goshawk.NotFound {
				t.Errorf("nobody: %v", err)
			}
		}
		return errors.Join(err, err2, err3, err4, err5)
	})
	refused(t, s, goshawk.Conflict, func(tx *Tx) error { return tx.AddAgency(&identity.Agency{ID: "x", Name: west.Name}) })
	refused(t, s, goshawk.Conflict, func(tx *Tx) error {
		return tx.AddPerson(&identity.Person{ID: "x", Agency: "west", Email: "BEN@east.example"})
	})
	// An agency that is not there: the database itself refuses.
	refused(t, s, goshawk.Unavailable, func(tx *Tx) error {
		return tx.AddPerson(&identity.Person{ID: "x", Agency: "nowhere", Email: "x@x.example"})
	})
	demoted := ada
	demoted.Role = identity.Reader
	refused(t, s, goshawk.Conflict, func(tx *Tx) error { return tx.SetPerson(&demoted) })
	disabled := ada
	disabled.Disabled = true
	refused(t, s, goshawk.Conflict, func(tx *Tx) error { return tx.SetPerson(&disabled) })
	ben.Role, ben.Name = identity.Administrator, "Benedict"
	do(t, s, func(tx *Tx) error { return errors.Join(tx.SetPerson(&ben), tx.SetPerson(&disabled)) })
	view(t, s, func(tx *Tx) error {
		all, err := tx.People("")
		same(t, "people", all, []identity.Person{disabled, ben})
		return err
	})
}

func contractSessions(t *testing.T, s *Store) {
	who := people(t, s)[identity.Reader].Person.ID
	first := identity.Session{Hash: "h1", Person: who, Via: identity.ViaPasskey, From: "192.0.2.1", Agent: "Browser/1", Created: at(0), Seen: at(0), Ends: at(0).Add(identity.SessionLength)}
	second := first
	second.Hash, second.Created, second.Seen = "h2", at(60), at(60)
	// A browser may call itself anything.
	odd := first
	odd.Hash, odd.Agent = "h0", "a\x00b\xff"
	do(t, s, func(tx *Tx) error {
		return errors.Join(tx.AddSession(&first), tx.AddSession(&second), tx.AddSession(&odd), tx.EndSession("h0"))
	})
	if err := s.Seen(t.Context(), "h1", at(120)); err != nil {
		t.Fatal(err)
	}
	first.Seen = at(120)
	list := func(want ...identity.Session) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			got, err := tx.Sessions(who, at(200))
			same(t, "sessions", append([]identity.Session{}, got...), append([]identity.Session{}, want...))
			return err
		})
	}
	list(second, first)
	view(t, s, func(tx *Tx) error {
		got, err := tx.Session("h1")
		none, err2 := tx.Session("h3")
		if same(t, "session", got, &first); none != nil || got.Hash != "h1" {
			t.Errorf("%+v, %+v", got, none)
		}
		return errors.Join(err, err2)
	})
	do(t, s, func(tx *Tx) error { return tx.EndSessions(who, "h2") })
	list(second)
	do(t, s, func(tx *Tx) error { return tx.EndSession("h2") })
	list()
}

func contractTokens(t *testing.T, s *Store) {
	who := people(t, s)
	reader, lead := who[identity.Reader].Person.ID, who[identity.Investigator].Person.ID
	k := identity.Token{ID: "k1", Hash: "h1", Person: reader, Name: "the nightly copy", Scopes: []identity.Scope{"read", "write"}, Created: at(0), Ends: at(100)}
	newer := k
	newer.ID, newer.Hash, newer.Created = "k2", "h2", at(1)
	do(t, s, func(tx *Tx) error { return errors.Join(tx.AddToken(&k), tx.AddToken(&newer)) })
	if err := s.TokenUsed(t.Context(), "h1", "192.0.2.7", at(50)); err != nil {
		t.Fatal(err)
	}
	k.Used, k.From = at(50), "192.0.2.7"
	view(t, s, func(tx *Tx) error {
		got, err := tx.Token("h1")
		same(t, "token", got, &k)
		none, err2 := tx.Token("h3")
		list, err3 := tx.Tokens(reader)
		if same(t, "tokens", list, []identity.Token{newer, k}); none != nil {
			t.Errorf("found %+v", none)
		}
		return errors.Join(err, err2, err3)
	})
	refused(t, s, goshawk.NotFound, func(tx *Tx) error { return tx.EndToken(lead, "k1") })
	do(t, s, func(tx *Tx) error { return tx.EndToken(reader, "k1") })
	do(t, s, func(tx *Tx) error { return tx.EndTokens(reader) })
	do(t, s, func(tx *Tx) error {
		var err error
		for i := range identity.MostTokens {
			n := k
			n.ID, n.Hash = goshawk.ID(fmt.Sprint("n", i)), fmt.Sprint("n", i)
			err = errors.Join(err, tx.AddToken(&n))
		}
		return err
	})
	refused(t, s, goshawk.Busy, func(tx *Tx) error { return tx.AddToken(&k) })
}

func contractOnce(t *testing.T, s *Store) {
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	once := func() *Once {
		return &Once{Person: who.Person.ID, Key: "key-1", Request: func() string { return "sum" }}
	}
	o := once()
	id, err := b.Open(WithOnce(t.Context(), o), who, "First", "")
	if err != nil || !o.Done {
		t.Fatalf("%v, %v", o.Done, err)
	}
	if _, err := b.Open(WithOnce(t.Context(), once()), who, "Second", ""); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("done twice: %v", err)
	}
	if err := s.Answered(t.Context(), o, http.StatusCreated, http.Header{"Location": {"/cases/" + string(id)}}, []byte(`{"id":"ü"}`)); err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx *Tx) error {
		a, err := tx.Answered(who.Person.ID, "key-1", at(-1))
		if err != nil {
			return err
		}
		if a.Request != "sum" || a.Status != http.StatusCreated || a.Header.Get("Location") != "/cases/"+string(id) || string(a.Body) != `{"id":"ü"}` {
			t.Errorf("%+v", a)
		}
		late, err := tx.Answered(who.Person.ID, "key-1", at(1))
		other, err2 := tx.Answered("somebody", "key-1", at(-1))
		if late != nil || other != nil {
			t.Errorf("answered %+v, %+v", late, other)
		}
		list, err3 := tx.Cases(who.Person.ID, "", false)
		if len(list) != 1 {
			t.Errorf("%d cases", len(list))
		}
		return errors.Join(err, err2, err3)
	})
	// A day later the key is good again.
	b.Now = func() time.Time { return at(0).Add(OnceLength + time.Second) }
	if _, err := b.Open(WithOnce(t.Context(), once()), who, "Third", ""); err != nil {
		t.Error(err)
	}
}

func contractCases(t *testing.T, s *Store) {
	who := people(t, s)
	lead, reader := who[identity.Investigator].Person, who[identity.Reader].Person
	now := at(0)
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return now }}
	id, err := b.Open(t.Context(), who[identity.Investigator], "Harbour ransom", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	now = at(10)
	if _, err := b.Open(t.Context(), who[identity.Investigator], "Other", ""); err != nil {
		t.Fatal(err)
	}
	now = at(20)
	change := func(edits ...casebook.Edit) {
		t.Helper()
		if _, err := b.Change(t.Context(), who[identity.Investigator], id, "changed it", edits); err != nil {
			t.Fatal(err)
		}
	}
	change(casebook.Set(casebook.KindNote, "n1", "title", "One"), casebook.Set(casebook.KindTask, "t1", "title", "Ring"))
	change(casebook.Set(casebook.KindMember, reader.ID, "part", "viewer"), casebook.Set(casebook.KindCase, "case", "retain", "2031-11-30"))
	view(t, s, func(tx *Tx) error {
		c, err := tx.Case(id)
		if err != nil {
			return err
		}
		want := casebook.Summary{ID: id, Agency: lead.Agency, Title: "Harbour ransom", Reference: "2026/17", Status: "open", Retain: "2031-11-30", Seq: 3, Opened: at(0), Touched: at(20)}
		same(t, "summary", c.Summary, want)
		if len(c.Records[casebook.KindNote]) != 1 || len(c.Records[casebook.KindMember]) != 2 || c.Records[casebook.KindTask]["t1"]["title"].Seq != 2 {
			t.Errorf("%+v", c.Records)
		}
		some, err := tx.Case(id, casebook.KindNote, casebook.KindMember)
		if err != nil || len(some.Records) != 2 {
			t.Errorf("%+v, %v", some, err)
		}
		if _, err := tx.Case("nowhere"); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("no case: %v", err)
		}
		if _, err := tx.Seq("nowhere"); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("no case: %v", err)
		}
		list, err := tx.Changes(id, 0, 2)
		if err != nil || len(list) != 2 || list[0].Seq != 1 || list[1].Seq != 2 || len(list[1].Edits) != 2 || list[1].Person != lead.ID || !list[1].At.Equal(at(20)) {
			t.Errorf("%+v, %v", list, err)
		}
		last, err := tx.Changes(id, 2, 10)
		if err != nil || len(last) != 1 || last[0].Entry <= list[1].Entry {
			t.Errorf("%+v, %v", last, err)
		}
		seq, err := tx.Seq(id)
		leads, err2 := tx.Leads(id)
		v, err3 := tx.Field(id, casebook.Field{Kind: casebook.KindNote, ID: "n1", Name: "title"})
		unset, err4 := tx.Field(id, casebook.Field{Kind: casebook.KindNote, ID: "n1", Name: "text"})
		has, err5 := tx.Begun(id, casebook.KindNote, "n1")
		hasNot, err6 := tx.Begun(id, casebook.KindNote, "n2")
		if seq != 3 || leads != 1 || string(v.JSON) != `"One"` || v.Seq != 2 || unset.JSON != nil || !has || hasNot {
			t.Errorf("%d, %d, %v, %v, %v, %v", seq, leads, v, unset, has, hasNot)
		}
		stands, err7 := tx.Standing(id, reader.ID)
		same(t, "standing", stands, &identity.Standing{Agency: lead.Agency, Part: identity.Viewer})
		stranger, err8 := tx.Standing(id, "somebody")
		same(t, "standing", stranger, &identity.Standing{Agency: lead.Agency})
		none, err9 := tx.Standing("nowhere", reader.ID)
		if none != nil {
			t.Errorf("%+v", none)
		}
		return errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9)
	})
	titles := func(person, agency goshawk.ID, whole bool) (out []string) {
		view(t, s, func(tx *Tx) error {
			list, err := tx.Cases(person, agency, whole)
			for _, c := range list {
				out = append(out, c.Title+" "+string(c.Part))
			}
			return err
		})
		return out
	}
	same(t, "the lead's", titles(lead.ID, lead.Agency, false), []string{"Harbour ransom lead", "Other lead"})
	same(t, "the reader's", titles(reader.ID, lead.Agency, false), []string{"Harbour ransom viewer"})
	same(t, "the agency's", titles("supervisor", lead.Agency, true), []string{"Harbour ransom ", "Other "})
	same(t, "another agency's", titles("supervisor", "elsewhere", true), nil)
	if _, err := b.Undo(t.Context(), who[identity.Investigator], id, 3); err != nil {
		t.Fatal(err)
	}
	same(t, "the reader's, who was taken out", titles(reader.ID, lead.Agency, false), nil)
	change(casebook.Edit{Field: casebook.Field{Kind: casebook.KindCase, ID: "case", Name: "status"}, Before: json.RawMessage(`"open"`), After: json.RawMessage(`"closed"`)})
	view(t, s, func(tx *Tx) error {
		stands, err := tx.Standing(id, lead.ID)
		if !stands.Closed {
			t.Error("the case is not closed")
		}
		return err
	})
}

func contractSearch(t *testing.T, s *Store) {
	who := people(t, s)
	lead := who[identity.Investigator].Person
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who[identity.Investigator], "Harbour ransom", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	text := "Paid to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq on Friday, مدفوع, деньги"
	c, err := b.Change(t.Context(), who[identity.Investigator], id, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, "n1", "text", text)})
	if err != nil {
		t.Fatal(err)
	}
	hits := func(person goshawk.ID, whole bool, words string) (n int) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			list, err := tx.Search(person, lead.Agency, whole, words, 10)
			n = len(list)
			if n == 1 && (list[0].Case != id || list[0].Title != "Harbour ransom") {
				t.Errorf("%+v", list)
			}
			return err
		})
		return n
	}
	for _, words := range []string{"friday", "FRI", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qar0s", "paid fri", "مدفوع", "Деньги", "harbour", "ransom 2026"} {
		if hits(lead.ID, false, words) != 1 {
			t.Errorf("%q is not found", words)
		}
		if hits("supervisor", true, words) != 1 {
			t.Errorf("a supervisor does not find %q", words)
		}
		if n := hits("stranger", false, words); n != 0 {
			t.Errorf("a stranger finds %q", words)
		}
	}
	for _, words := range []string{"", "  ", "iday", "saturday", "fri paid x"} {
		if hits(lead.ID, false, words) != 0 {
			t.Errorf("%q is found", words)
		}
	}
	// Whatever is typed, an answer comes.
	for _, words := range []string{`"`, `'`, `a'b`, `*`, `a AND`, `NOT`, `NEAR(a b)`, `a:*`, `<->`, `!`, `a | b`, `&`, `-`, `--`, `\`, `a\b`, "a\x00b", "\xff\xfe", `$1`, `?1`, `%`, `,`, `.`, `…`, `@`, `{}`, `col:x`, `^a`, strings.Repeat("a ", 500), strings.Repeat("x", 5_000)} {
		hits(lead.ID, false, words)
	}
	if _, err := b.Undo(t.Context(), who[identity.Investigator], id, c.Seq); err != nil {
		t.Fatal(err)
	}
	if hits(lead.ID, false, "friday") != 0 {
		t.Error("what was taken back is found")
	}
}

func contractTrail(t *testing.T, s *Store) {
	who := people(t, s)
	lead := who[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0).Add(1234567 * time.Nanosecond) }}
	id, err := b.Open(t.Context(), lead, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	e := audit.Entry{At: at(1), Person: lead.Person.ID, Name: "I", Agency: lead.Person.Agency, Via: "passkey", From: "192.0.2.1", Action: "read_case", What: "read <it>", Case: id, Detail: json.RawMessage(`{"a":"<ü>"}`)}
	if err := s.Do(t.Context(), &e, func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	head, err := s.Head(t.Context())
	if err != nil || head != e.Seq || e.Seq != 3 {
		t.Errorf("%d, %d, %v", head, e.Seq, err)
	}
	view(t, s, func(tx *Tx) error {
		all, err := tx.Entries(1, 10, "")
		ofCase, err2 := tx.Entries(1, 10, id)
		some, err3 := tx.Entries(2, 1, "")
		if len(all) != 3 || len(ofCase) != 2 || len(some) != 1 || some[0].Seq != 2 {
			t.Errorf("%d, %d, %v", len(all), len(ofCase), some)
		}
		// What is committed to is what comes back.
		want, err4 := e.Leaf()
		got, err5 := all[2].Leaf()
		if want != got || e.Salt == [32]byte{} || !all[1].At.Equal(at(0).Add(1234*time.Microsecond)) {
			t.Errorf("%+v is not %+v", all[2], e)
		}
		newest, err6 := tx.Trail(id, "", 1_000, 1)
		if len(newest) != 1 || newest[0].Seq != 3 || newest[0].Salt != [32]byte{} {
			t.Errorf("%+v", newest)
		}
		before, err7 := tx.Trail(id, "", 3, 10)
		noCase, err8 := tx.Trail("", "", 1_000, 10)
		elsewhere, err9 := tx.Trail(id, "elsewhere", 1_000, 10)
		if len(before) != 1 || before[0].Seq != 2 || len(noCase) != 1 || noCase[0].Seq != 1 || len(elsewhere) != 0 {
			t.Errorf("%v, %v, %v", before, noCase, elsewhere)
		}
		return errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9)
	})
	list, err := Trail{s}.Entries(t.Context(), 3, 10)
	if err != nil || len(list) != 1 || list[0].Seq != 3 {
		t.Errorf("%v, %v", list, err)
	}
}

// contractAllOrNothing: where anything fails, nothing was done, and its number is given again.
func contractAllOrNothing(t *testing.T, s *Store) {
	own := errors.New("changed my mind")
	agency := &identity.Agency{ID: "a", Name: "A", Kind: identity.Police}
	err := s.Do(t.Context(), &audit.Entry{At: at(0), Action: "console"}, func(tx *Tx) error { return errors.Join(tx.AddAgency(agency), own) })
	if !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
	refused(t, s, goshawk.Unavailable, func(tx *Tx) error {
		return errors.Join(tx.AddAgency(agency), tx.exec("INSERT INTO nowhere VALUES (1)"))
	})
	view(t, s, func(tx *Tx) error {
		list, err := tx.Agencies()
		if len(list) != 0 {
			t.Errorf("%v", list)
		}
		return err
	})
	// Who only reads writes nothing.
	if s.sqlite {
		if err := s.View(t.Context(), func(tx *Tx) error { return tx.AddAgency(agency) }); err == nil {
			t.Error("written while reading")
		}
	}
	e := &audit.Entry{At: at(0), Action: "console"}
	if err := s.Do(t.Context(), e, func(tx *Tx) error { return tx.AddAgency(agency) }); err != nil || e.Seq != 1 {
		t.Errorf("%d, %v", e.Seq, err)
	}
}

// contractWriters: many write at once; entries have no gaps, no change is lost, and who
// follows the trail meanwhile never sees an entry before one with a smaller number.
func contractWriters(t *testing.T, s *Store) {
	const writers, each = 6, 15
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var followed []int64
	var follower, wg sync.WaitGroup
	follow := func() error {
		from := int64(1)
		if len(followed) > 0 {
			from = followed[len(followed)-1] + 1
		}
		list, err := Trail{s}.Entries(t.Context(), from, 1_000)
		for _, e := range list {
			followed = append(followed, e.Seq)
		}
		return err
	}
	follower.Go(func() {
		for ctx.Err() == nil {
			if err := follow(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				edit := casebook.Set(casebook.KindNote, goshawk.ID(fmt.Sprintf("n-%d-%d", w, i)), "title", "x")
				if _, err := b.Change(t.Context(), who, id, "wrote", []casebook.Edit{edit}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	follower.Wait()
	if err := follow(); err != nil {
		t.Fatal(err)
	}
	for i, seq := range followed {
		if seq != int64(i)+1 {
			t.Fatalf("entry %d followed entry %d: %v", seq, i, followed)
		}
	}
	if want := 2 + writers*each; len(followed) != want {
		t.Errorf("%d entries, not %d", len(followed), want)
	}
	view(t, s, func(tx *Tx) error {
		c, err := tx.Case(id)
		if len(c.Records[casebook.KindNote]) != writers*each || c.Seq != 1+writers*each {
			t.Errorf("%d notes, change %d", len(c.Records[casebook.KindNote]), c.Seq)
		}
		return err
	})
}

func contractFeed(t *testing.T, s *Store) {
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	woken, end := s.Listen(id)
	other, endOther := s.Listen("other")
	defer endOther()
	write := func(n string) {
		t.Helper()
		if _, err := b.Change(t.Context(), who, id, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, goshawk.ID(n), "title", "x")}); err != nil {
			t.Fatal(err)
		}
	}
	write("a")
	write("b")
	<-woken
	select {
	case <-woken:
		t.Error("woken twice without having looked")
	case <-other:
		t.Error("woken for another case")
	default:
	}
	end()
	write("c")
	select {
	case <-woken:
		t.Error("woken after the end")
	default:
	}
}

func contractReplay(t *testing.T, s *Store) {
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	replay := func() []string {
		t.Helper()
		faults = nil
		if err := s.Replay(t.Context(), func(_ int64, _ goshawk.ID, what string) { faults = append(faults, what) }); err != nil {
			t.Fatal(err)
		}
		return faults
	}
	if got := replay(); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if _, err := s.writer.ExecContext(t.Context(), `UPDATE fields SET value = '"Another"' WHERE name = 'title'`); err != nil {
		t.Fatal(err)
	}
	if got := replay(); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, `"title"`) }) {
		t.Errorf("case %s: %q", id, got)
	}
}

// contractTexts: what people write comes back to the byte.
func contractTexts(t *testing.T, s *Store) {
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	for _, text := range []string{"", " ", "'; DROP TABLE cases; --", `\0 \u0000 \x00`, "\t\r\n\v", "مرحبا بالعالم", "𝔊𝔬𝔰𝔥𝔞𝔴𝔨", "a\u0301 á", "\u202egnp.exe", "$1 ?1 %s", strings.Repeat("0123456789", 5_000)} {
		id, err := b.Open(t.Context(), who, "Harbour ransom", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Change(t.Context(), who, id, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, "n", "text", text)}); err != nil {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		c, err := b.Read(t.Context(), who, id, "read the case")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Records[casebook.KindNote]["n"].Text("text"); got != text {
			t.Errorf("%.40q came back as %.40q", text, got)
		}
	}
}

// contractRaw: JSON is text, too, inside of values that only browsers understand.
func contractRaw(t *testing.T, s *Store) {
	who := people(t, s)[identity.Investigator]
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	id, err := b.Open(t.Context(), who, "Harbour ransom", "")
	if err != nil {
		t.Fatal(err)
	}
	node := func(after string) error {
		edit := casebook.Edit{Field: casebook.Field{Kind: casebook.KindGraph, ID: "g", Name: "node/a:x"}, After: json.RawMessage(after)}
		_, err := b.Change(t.Context(), who, id, "drew", []casebook.Edit{casebook.Set(casebook.KindGraph, "g", "title", "Flow"), edit})
		return err
	}
	if err := node("{\"what\":\"address\",\"text\":\"\xff\",\"x\":0,\"y\":0}"); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("bytes that are no text: %v", err)
	}
	if err := node(`{"what":"address","text":"x","x":0,"y":0,"note":"\u0000 \ud800 <b>"}`); err != nil {
		t.Error(err)
	}
	err = s.Replay(t.Context(), func(_ int64, _ goshawk.ID, what string) { t.Error(what) })
	if err != nil {
		t.Error(err)
	}
}

func contractCancelled(t *testing.T, s *Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Do(ctx, &audit.Entry{At: at(0), Action: "console"}, func(tx *Tx) error {
		cancel()
		return tx.AddAgency(&identity.Agency{ID: "a", Name: "A"})
	})
	if goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("%v", err)
	}
	if err := s.View(ctx, func(tx *Tx) error { _, err := tx.Agencies(); return err }); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("%v", err)
	}
	// And goes on with who is not.
	do(t, s, func(tx *Tx) error { return tx.AddAgency(&identity.Agency{ID: "a", Name: "A"}) })
}

func contractClosed(t *testing.T, s *Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); goshawk.CodeOf(err) != goshawk.Unavailable {
		t.Errorf("%v", err)
	}
	if _, err := s.Head(t.Context()); goshawk.CodeOf(err) != goshawk.Unavailable {
		t.Errorf("%v", err)
	}
}
