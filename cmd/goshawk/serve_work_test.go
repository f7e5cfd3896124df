package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/identity"
	"goshawk/internal/chaingen"
	"goshawk/internal/pgtest"
	"goshawk/notify"
	"goshawk/store"
)

// buildProgram builds the program, as it is run.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "goshawk")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// tell asks the API as who works on the case, and reads what it answers.
func (d desk) tell(t *testing.T, method, at string, body, to any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, at, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.secret)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s, %v\n%s", method, at, res.Status, err, text)
	}
	if to != nil {
		if err := json.Unmarshal(text, to); err != nil {
			t.Fatal(err)
		}
	}
}

// look reads a database, as it is.
func look(t *testing.T, where string, f func(*store.Tx) error) {
	t.Helper()
	db, err := store.Open(t.Context(), where)
	if err == nil {
		err = db.View(t.Context(), f)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// figure reads one of /metrics; "" where there is none.
func (s *child) figure(t *testing.T, name string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return value
		}
	}
	return ""
}

// until waits for a figure.
func (s *child) until(t *testing.T, name, value string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); s.figure(t, name) != value; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is %s, not %s\n%s", name, s.figure(t, name), value, s.said.String())
		}
	}
}

// TestServePostgres: a team's database is served, verified, backed up and restored by the same commands.
func TestServePostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a database")
	}
	program, server := buildProgram(t), pgtest.Start(t)
	first, second := server.Database(t, "first"), server.Database(t, "second")
	folder, copied := t.TempDir(), filepath.Join(t.TempDir(), "copied")
	d := furnishDesk(t, first)
	write := func(s *child, note string) {
		t.Helper()
		if done, err := d.write(t.Context(), http.DefaultClient, s.url, note); err != nil || !done {
			t.Fatalf("%v, %v\n%s", done, err, s.said.String())
		}
	}
	s := startServer(t, program, folder, "--database", first)
	write(s, "n1")
	file := filepath.Join(t.TempDir(), "cases.backup")
	must(t, "backup", "--data", folder, "--database", first, "--out", file, "--with-keys")
	write(s, "n2")
	s.until(t, "goshawk_audit_log_behind", "0")
	s.kill(t)
	s = startServer(t, program, folder, "--database", first)
	write(s, "n3")
	s.end(t)
	d.holdsAt(t, folder, first, map[string]bool{"n1": true, "n2": true, "n3": true}, 3)
	if said := must(t, "audit", "verify", "--data", folder, "--database", first); strings.Contains(said, "FAULT") {
		t.Error(said)
	}
	must(t, "restore", "--data", copied, "--database", second, file)
	d.holdsAt(t, copied, second, map[string]bool{"n1": true}, 1)
	if a := ask(t.Context(), "restore", "--data", filepath.Join(t.TempDir(), "x"), "--database", first, file); a.code == exitDone {
		t.Error("a backup was restored over a database with rows in it")
	}
	s = startServer(t, program, copied, "--database", second)
	write(s, "n4")
	s.end(t)
	if pending := d.holdsAt(t, copied, second, map[string]bool{"n1": true, "n4": true}, 2); pending != 0 {
		t.Errorf("%d entries are not in the log", pending)
	}
	// Somebody edits the trail in the database, and it is named.
	db, err := sql.Open("pgx", second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE audit SET what = 'looked away' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if a := ask(t.Context(), "audit", "verify", "--data", copied, "--database", second); a.code != exitFault || !strings.Contains(a.out, "entry 2") {
		t.Errorf("an edited entry: %d\n%s%s", a.code, a.out, a.err)
	}
}

// slowTrace makes a ledger, and a question about it that takes a while.
func slowTrace(t *testing.T, folder string) map[string]any {
	t.Helper()
	blocks := t.TempDir()
	f, err := os.Create(filepath.Join(blocks, "blk00000.dat"))
	if err != nil {
		t.Fatal(err)
	}
	story, err := chaingen.Write(f, chaingen.Options{Seed: 3, Transactions: 60_000, Blocks: 500, Whale: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	must(t, "ingest", "--ledger", filepath.Join(folder, "ledgers", "main"), "--network", "regtest", "--quiet", blocks)
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"question": map[string]any{"ledger": "main", "methods": []string{"haircut", "fifo", "lifo", "fifo-age", "tiho", "poison"}, "starts": []string{params.FormatAddress(goshawk.WitnessPubKeyHash, story.WhaleKey[:])}}}
}

// TestServeKilledAtWork: a server is killed while it traces and while it calls a webhook. The trace is failed when it is
// back, with a word why, and can be run again; the message is sent again, under its name.
func TestServeKilledAtWork(t *testing.T) {
	if testing.Short() {
		t.Skip("kills are for whole runs")
	}
	program, folder := buildProgram(t), t.TempDir()
	where := filepath.Join(folder, databaseName)
	d := furnishDesk(t, where)
	question := slowTrace(t, folder)
	if err := os.MkdirAll(filepath.Join(folder, "ledgers"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Who is called takes the message, and never says so the first time.
	var calls atomic.Int32
	called, names := make(chan struct{}), make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		names <- r.Header.Get("webhook-id")
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		if calls.Add(1) == 1 {
			close(called)
			<-r.Context().Done()
		}
	}))
	t.Cleanup(hook.Close)
	at, err := url.Parse(hook.URL)
	if err != nil {
		t.Fatal(err)
	}
	d.alert(t, where, hook.URL)
	s := startServer(t, program, folder, "--webhook-hosts", at.Host)
	var begun struct{ ID goshawk.ID }
	runs := s.url + "/api/v1/cases/" + string(d.room) + "/runs"
	d.tell(t, http.MethodPost, runs, question, &begun)
	<-called
	if n := s.figure(t, "goshawk_traces_running"); n != "1" {
		t.Errorf("%s traces run: the test's is too short, or nothing counts them", n)
	}
	s.kill(t)
	state := func(run goshawk.ID) (state, why string) {
		t.Helper()
		look(t, where, func(tx *store.Tx) error {
			c, err := tx.Case(d.room, casebook.KindRun)
			if err != nil {
				return err
			}
			rec := c.Records[casebook.KindRun][run]
			var sum struct{ Error string }
			if v := rec["summary"].JSON; len(v) > 0 {
				err = json.Unmarshal(v, &sum)
			}
			state, why = rec.Text("state"), sum.Error
			return err
		})
		return state, why
	}
	if got, _ := state(begun.ID); got != "running" {
		t.Fatalf("the trace is %s when the server is killed", got)
	}
	// The killed server's claim runs out after minutes: as after that.
	db, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Note(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Messages(10, store.MessageWaiting)
		if err != nil || len(list) != 1 || list[0].Tries != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return tx.PutOff(list[0].ID, "", time.Now())
	})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s = startServer(t, program, folder, "--webhook-hosts", at.Host)
	s.until(t, "goshawk_messages_waiting", "0")
	if one, two := <-names, <-names; one != two || one == "" {
		t.Errorf("it was told %q, and then %q", one, two)
	}
	if n := s.figure(t, "goshawk_traces_running"); n != "0" {
		t.Errorf("%s traces run after the kill", n)
	}
	s.end(t)
	if got, why := state(begun.ID); got != "failed" || !strings.Contains(why, "the server ended") {
		t.Errorf("the trace is %s: %q", got, why)
	}
	look(t, where, func(tx *store.Tx) error {
		counts, err := tx.CountMessages()
		if counts[store.MessageTold] != 1 || len(counts) != 1 {
			t.Errorf("messages: %v", counts)
		}
		return err
	})
	d.holds(t, folder, nil, -1)
}

// alert has a watch of the case that tells a webhook, and something that moved.
func (d desk) alert(t *testing.T, where, hook string) {
	t.Helper()
	db, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	key, err := notify.NewHookSecret()
	if err != nil {
		t.Fatal(err)
	}
	err = db.Do(t.Context(), &audit.Entry{At: time.Now(), Action: "console", What: "added a webhook"}, func(tx *store.Tx) error {
		return tx.AddHook(&store.Hook{ID: "h1", Agency: "a", Name: "Duty room", URL: hook, Secret: key, Created: time.Now(), Person: d.person})
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}
	lead := &identity.Subject{Person: identity.Person{ID: d.person, Agency: "a", Role: identity.Investigator}, Kind: identity.Police, Via: identity.ViaPasskey}
	set := func(k casebook.Kind, id goshawk.ID, name string, v any) casebook.Edit {
		return casebook.Set(k, id, name, v)
	}
	if _, err := b.Change(t.Context(), lead, d.room, "watched", []casebook.Edit{set(casebook.KindWatch, "w1", "what", "address"), set(casebook.KindWatch, "w1", "text", "x"), set(casebook.KindWatch, "w1", "ledger", "none"),
		set(casebook.KindWatch, "w1", "webhook", true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Record(t.Context(), &identity.Subject{Via: identity.ViaConsole}, d.room, "what is watched has moved", []casebook.Edit{set(casebook.KindAlert, "a1", "watch", "w1"),
		set(casebook.KindAlert, "a1", "movement", map[string]string{"tx": "t1"}), set(casebook.KindAlert, "a1", "at", "2026-11-23T09:00:00Z"), set(casebook.KindAlert, "a1", "state", "confirmed")}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestServeSlowloris: many who begin a request and never end it keep nobody out, and are let go of.
func TestServeSlowloris(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits as long as a server waits for a request's head")
	}
	program, folder := buildProgram(t), t.TempDir()
	furnishDesk(t, filepath.Join(folder, databaseName))
	s := startServer(t, program, folder)
	at := strings.TrimPrefix(s.url, "http://")
	var slow []net.Conn
	for range 300 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	res, err := http.Get(s.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("meanwhile: %s, %v", res.Status, err)
	}
	for _, conn := range slow {
		if _, err := io.Copy(io.Discard, conn); err != nil { // until the server closes it
			t.Fatal(err)
		}
	}
	s.end(t)
}
