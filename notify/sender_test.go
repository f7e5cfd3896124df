package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/emersion/go-smtp"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// room is a server's outbox, with a case whose watch tells its lead and a webhook.
type room struct {
	*Sender
	t   *testing.T
	c   goshawk.ID
	who *identity.Subject
	b   *casebook.Book
	now time.Time
	log bytes.Buffer
	n   int
}

const hookURLPath = "/in"

func newRoom(t *testing.T, p *post, l *listener) *room {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "goshawk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &room{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return r.now }
	r.Sender = &Sender{Store: db, Words: english(t), Hooks: &Caller{}, URL: "https://cases.police.example", Now: clock, Log: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if p != nil {
		r.Mail = p.mailer(StartTLS)
	}
	r.b = &casebook.Book{Store: store.Casebook{Store: db}, Now: clock}
	ines := identity.Person{ID: "ines", Agency: "east", Name: "Ines Quint", Email: "ines@police.example", Role: identity.Investigator, Created: r.now}
	ben := identity.Person{ID: "ben", Agency: "east", Name: "Ben", Email: "ben@police.example", Role: identity.Investigator, Created: r.now}
	r.who = &identity.Subject{Person: ines, Kind: identity.Police, Via: identity.ViaPasskey}
	r.do(func(tx *store.Tx) error {
		err := errors.Join(tx.AddAgency(&identity.Agency{ID: "east", Name: "Eastmark Police", Kind: identity.Police, Created: r.now}), tx.AddPerson(&ines), tx.AddPerson(&ben))
		if l != nil {
			secret, bad := NewHookSecret()
			err = errors.Join(err, bad, tx.AddHook(&store.Hook{ID: "h1", Agency: "east", Name: "Duty room", URL: l.URL + hookURLPath, Secret: secret, Created: r.now, Person: "ines"}))
			r.Hooks = l.caller(t)
		}
		return err
	})
	if r.c, err = r.b.Open(t.Context(), r.who, "The title stays inside", "2026/17"); err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindWatch, "w1", name, v) }
	r.change(set("what", "address"), set("text", "x"), set("ledger", "main"), set("title", "This stays inside, too"), set("mail/ines", true), set("webhook", true))
	return r
}

func (r *room) do(f func(*store.Tx) error) {
	r.t.Helper()
	if err := r.Store.Do(r.t.Context(), &audit.Entry{At: r.now, Action: "console", What: "a test"}, f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) change(edits ...casebook.Edit) {
	r.t.Helper()
	if _, err := r.b.Change(r.t.Context(), r.who, r.c, "a test", edits); err != nil {
		r.t.Fatal(err)
	}
}

// alert is one that a watch wrote.
func (r *room) alert() {
	r.t.Helper()
	r.n++
	id := goshawk.ID(fmt.Sprint("a", r.n))
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindAlert, id, name, v) }
	_, err := r.b.Record(r.t.Context(), &identity.Subject{Via: identity.ViaConsole}, r.c, "what is watched has moved", []casebook.Edit{set("watch", "w1"), set("at", "2026-11-23T09:00:00Z"), set("state", "confirmed"),
		set("movement", map[string]any{"network": "bitcoin", "tx": fmt.Sprint("tx", r.n), "what": "received", "address": "1Suspect", "received": "150000000", "ticker": "BTC", "decimals": 8}),
		set("block", map[string]any{"height": 840000, "hash": "b", "time": "2026-11-23T08:59:00Z"})})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) once() {
	r.t.Helper()
	if err := r.Once(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// states are what became of the messages: how many of a way are in a state.
func (r *room) states(want map[string]int) {
	r.t.Helper()
	got := map[string]int{}
	err := r.Store.View(r.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Messages(1000, store.MessageWaiting, store.MessageTold, store.MessageRefused, store.MessageWithheld)
		for _, m := range list {
			got[string(m.Way)+" "+m.State]++
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("messages: %v, not %v", got, want)
	}
}

// TestSender tells a person and a program what moved, no more than that, and notes that it did.
func TestSender(t *testing.T) {
	p, l := openPost(t, StartTLS), listen(t)
	r := newRoom(t, p, l)
	r.alert()
	r.once()
	r.once()
	mails := p.mails(t)
	if len(mails) != 1 || len(l.got) != 1 {
		t.Fatalf("%d mails, %d calls\n%s", len(mails), len(l.got), r.log.String())
	}
	body, err := io.ReadAll(mails[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("=\r\n", "", "\r\n", "\n", "=3D", "=").Replace(string(body))
	for _, want := range []string{"the case 2026/17", "CONFIRMED, bitcoin: received 1.50000000 BTC", "1Suspect", "tx1", "840,000", "https://cases.police.example/cases/" + string(r.c) + "/watches"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if got := mails[0].Header.Get("Subject"); got != "Movement in the case 2026/17" {
		t.Error(got)
	}
	var call struct {
		Type, ID string
		Data     casebook.NoticeBody
	}
	if err := json.Unmarshal([]byte(l.bodies[0]), &call); err != nil || call.Type != "alert.confirmed" || call.ID != l.got[0].Header.Get("webhook-id") || call.Data.Reference != "2026/17" || call.Data.Case != r.c {
		t.Errorf("it says %s: %v", l.bodies[0], err)
	}
	for _, said := range []string{text, l.bodies[0], mails[0].Header.Get("Subject")} {
		for _, secret := range []string{"stays inside", "Quint", "Eastmark"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q left the server:\n%s", secret, said)
			}
		}
	}
	if log := r.log.String(); strings.Contains(log, "ines") || strings.Contains(log, postPassword) || strings.Contains(log, "whsec_") {
		t.Errorf("the log says too much:\n%s", log)
	}
	r.states(map[string]int{"mail told": 1, "webhook told": 1})
	err = r.Store.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(1, 100, r.c)
		var what []string
		for _, e := range list {
			what = append(what, e.What)
		}
		if all := strings.Join(what, "\n"); !strings.Contains(all, "told ines by mail what moved: 1 movement") || !strings.Contains(all, "told the webhook h1 what moved") {
			t.Errorf("the trail says\n%s", all)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSenderTogether: many movements are one mail.
func TestSenderTogether(t *testing.T) {
	p := openPost(t, StartTLS)
	r := newRoom(t, p, nil)
	for range 70 {
		r.alert()
	}
	r.once()
	mails := p.mails(t)
	if len(mails) != 1 || mails[0].Header.Get("Subject") != "70 movements in the case 2026/17" {
		t.Fatalf("%d mails: %v", len(mails), mails)
	}
	body, err := io.ReadAll(mails[0].Body)
	if err != nil || !strings.Contains(string(body), "And 20 more.") || strings.Count(string(body), "CONFIRMED") != mostListed {
		t.Errorf("%v\n%s", err, body)
	}
	r.states(map[string]int{"mail told": 70})
}

// TestSenderAgain: what is not taken is sent again, later and later, under the same name, until it is given up.
func TestSenderAgain(t *testing.T) {
	p, l := openPost(t, StartTLS), listen(t)
	r := newRoom(t, p, l)
	l.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	p.refuse["ines@police.example"] = &smtp.SMTPError{Code: 451, Message: "later"}
	r.alert()
	r.once()
	r.states(map[string]int{"mail waiting": 1, "webhook waiting": 1})
	calls := len(l.got)
	r.now = r.now.Add(firstPause - time.Second)
	r.once()
	if len(l.got) != calls {
		t.Errorf("called again too early")
	}
	tries := 0
	for end := r.now.Add(givenUp + longestWait + time.Hour); r.now.Before(end); r.now = r.now.Add(10 * time.Minute) {
		before := len(l.got)
		r.once()
		tries += len(l.got) - before
	}
	if tries < 10 || tries > 40 {
		t.Errorf("it was tried %d times", tries)
	}
	for i := range l.got {
		if l.got[i].Header.Get("webhook-id") != l.got[0].Header.Get("webhook-id") || l.bodies[i] != l.bodies[0] {
			t.Errorf("call %d is another message", i)
		}
	}
	r.states(map[string]int{"mail refused": 1, "webhook refused": 1})
	// An administrator mends what was wrong, and has it tried again.
	l.answer = func(http.ResponseWriter, *http.Request) {}
	delete(p.refuse, "ines@police.example")
	r.do(func(tx *store.Tx) error { return tx.TryAgain(r.now) })
	r.once()
	r.states(map[string]int{"mail told": 1, "webhook told": 1})
	if n := len(p.mails(t)); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// TestSenderKilled: where a server is killed while it sends, the message is sent again by whoever comes next.
func TestSenderKilled(t *testing.T) {
	p, l := openPost(t, StartTLS), listen(t)
	r := newRoom(t, p, l)
	r.alert()
	// As by a server that claimed, perhaps sent, and noted nothing.
	if list, err := r.Store.Claim(t.Context(), r.now, r.now.Add(claimedFor), mostClaimed); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	r.once()
	if len(l.got) != 0 {
		t.Error("what another server sends is sent too")
	}
	r.now = r.now.Add(claimedFor)
	r.once()
	r.states(map[string]int{"mail told": 1, "webhook told": 1})
}

// TestSenderWithheld: who is no member any more, or a webhook that was removed, is told nothing.
func TestSenderWithheld(t *testing.T) {
	p, l := openPost(t, StartTLS), listen(t)
	r := newRoom(t, p, l)
	lead := casebook.Set(casebook.KindMember, "ben", "part", "lead")
	r.change(lead)
	r.alert()
	gone := casebook.Set(casebook.KindMember, "ines", casebook.Deleted, true)
	r.change(gone)
	r.do(func(tx *store.Tx) error { return tx.RemoveHook("h1") })
	r.once()
	r.states(map[string]int{"mail withheld": 1, "webhook withheld": 1})
	if len(p.mails(t)) != 0 || len(l.got) != 0 {
		t.Error("they were told")
	}
	r.alert()
	r.states(map[string]int{"mail withheld": 1, "webhook withheld": 1})
}

// TestSenderWithoutMail: without a mail server, mail waits for one.
func TestSenderWithoutMail(t *testing.T) {
	r := newRoom(t, nil, nil)
	r.alert()
	r.once()
	r.states(map[string]int{"mail waiting": 1})
	if err := r.TryMail(t.Context(), "x@y.example"); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Error(err)
	}
	p := openPost(t, StartTLS)
	r.Mail = p.mailer(StartTLS)
	r.now = r.now.Add(time.Hour)
	r.once()
	r.states(map[string]int{"mail told": 1})
}

// TestTold: hostile words of a case's reference stay one line, and broken facts are no panic.
func TestTold(t *testing.T) {
	m := store.Message{Notice: casebook.Notice{Body: casebook.NoticeBody{Case: "c1", Reference: strings.Repeat("ä", 200), State: "confirmed", Movement: json.RawMessage(`[]`)}}}
	subject, text := letter(english(t), "https://x.example", []store.Message{m, m})
	if n := len([]rune(subject)); n > 120 || !strings.HasPrefix(subject, "2 movements") {
		t.Errorf("%d: %s", n, subject)
	}
	if !strings.Contains(text, "the page says what") {
		t.Error(text)
	}
	m.Body.Reference = ""
	if subject, _ := letter(english(t), "https://x.example", []store.Message{m}); subject != "Movement in one of your cases" {
		t.Error(subject)
	}
}

// pageWords are the catalogue's own messages, as a server has them.
type pageWords struct{ *i18n.Localizer }

func english(t *testing.T) Words {
	t.Helper()
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	if _, err := b.LoadMessageFile("../web/messages/notify.en.toml"); err != nil {
		t.Fatal(err)
	}
	return pageWords{i18n.NewLocalizer(b, "en")}
}

func (w pageWords) T(key string, pairs ...any) string {
	return w.MustLocalize(&i18n.LocalizeConfig{MessageID: key, TemplateData: named(pairs)})
}

func (w pageWords) N(key string, count int, pairs ...any) string {
	return w.MustLocalize(&i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: named(append(pairs, "Count", count))})
}

func named(pairs []any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}
