package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/notify"
	"goshawk/store"
	"goshawk/workbench"
)

// stage is a real server on a real database, with people.
type stage struct {
	t      *testing.T
	db     *store.Store
	web    *Server
	http   *httptest.Server
	file   string // of the database
	folder string // of the exhibits
	now    time.Time
	// who is by "investigator", "investigator2", …: every role twice, in one agency; and
	// "outsider", an investigator of another.
	who map[string]*identity.Person
}

func newStage(t *testing.T) *stage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "goshawk.db")
	db, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, db: db, file: file, folder: filepath.Join(filepath.Dir(file), "exhibits"), now: time.Now().UTC().Truncate(time.Second), who: map[string]*identity.Person{}}
	logged := &testLog{t: t}
	t.Cleanup(logged.check) // last, when nobody writes any more
	now := func() time.Time { return s.now }
	files, err := store.OpenFiles(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	s.web = &Server{Store: db, Book: &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: now}, Now: now, Log: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	s.web.Bench = &workbench.Bench{Data: filepath.Dir(file), Store: db, Book: s.web.Book, Now: now, Log: s.web.Log, Progress: func(c goshawk.ID, p workbench.Progress) {
		s.web.Events.Progress(c, Progress{Run: p.Run, Done: p.Done, Total: p.Total, Text: p.Text})
	}}
	said, err := MailWords()
	if err != nil {
		t.Fatal(err)
	}
	s.web.Notify = &notify.Sender{Store: db, Words: said, Hooks: &notify.Caller{}, URL: "http://localhost", Now: now, Log: s.web.Log}
	s.http = httptest.NewServer(s.web.Handler())
	t.Cleanup(func() {
		s.web.Events.Close()
		s.http.Close()
		if err := errors.Join(s.web.Bench.Close(), files.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	s.write(func(tx *store.Tx) error {
		east := identity.Agency{ID: casebook.NewID(), Name: "Eastmark Police", Kind: identity.Police, Created: s.now}
		west := identity.Agency{ID: casebook.NewID(), Name: "Westmark Police", Kind: identity.Police, Created: s.now}
		for _, a := range []*identity.Agency{&east, &west} {
			if err := tx.AddAgency(a); err != nil {
				return err
			}
		}
		add := func(name string, role identity.Role, agency goshawk.ID) error {
			p := &identity.Person{ID: casebook.NewID(), Agency: agency, Name: name, Email: name + "@police.example", Role: role, Created: s.now}
			s.who[name] = p
			return tx.AddPerson(p)
		}
		for _, role := range identity.Roles() {
			for _, name := range []string{string(role), string(role) + "2"} {
				if err := add(name, role, east.ID); err != nil {
					return err
				}
			}
		}
		return add("outsider", identity.Investigator, west.ID)
	})
	return s
}

// testLog shows what the server logs where the test fails, and keeps all of it, for whatever a test does: who asked, from where,
// and what is written in cases stands in no line.
type testLog struct {
	t     *testing.T
	mu    sync.Mutex
	lines []string
}

func (l *testLog) Write(p []byte) (int, error) {
	line := string(bytes.TrimSpace(p))
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	if !strings.Contains(line, "level=DEBUG") {
		l.t.Logf("server: %s", line)
	}
	return len(p), nil
}

// check holds the log against what no log may say. The names of the stage's people are those of roles: their
// addresses are looked for, and what tests write in cases.
func (l *testLog) check() {
	l.mu.Lock() // a stream that the test left may still be ending
	defer l.mu.Unlock()
	for _, line := range l.lines {
		said := strings.ReplaceAll(line, "http://127.0.0.1", "") // another server, as an identity provider
		for _, private := range []string{"@police.example", "127.0.0.1", "onerror=alert", firstAddress} {
			if strings.Contains(said, private) {
				l.t.Errorf("the log says %q: %s", private, line)
			}
		}
	}
}

// write does something to the database that nobody asked for.
func (s *stage) write(f func(*store.Tx) error) {
	s.t.Helper()
	if err := s.db.Do(s.t.Context(), &audit.Entry{At: s.now, Action: "console", What: "set the stage"}, f); err != nil {
		s.t.Fatal(err)
	}
}

// subject is somebody as the casebook knows them.
func (s *stage) subject(name string) *identity.Subject {
	return &identity.Subject{Person: *s.who[name], Kind: identity.Police, Via: identity.ViaPasskey, Fresh: true}
}

// session signs somebody in, and returns the secret.
func (s *stage) session(name string, via identity.Via) string {
	s.t.Helper()
	secret, hash := identity.NewSecret()
	s.write(func(tx *store.Tx) error {
		return tx.AddSession(&identity.Session{Hash: hash, Person: s.who[name].ID, Via: via, Created: s.now, Seen: s.now, Proved: s.now, Ends: s.now.Add(identity.SessionLength)})
	})
	return secret
}

// as returns somebody's browser; nobody's for "".
func (s *stage) as(name string) *browser {
	s.t.Helper()
	b := &browser{s: s, header: http.Header{}}
	if name != "" {
		b.header.Set("Cookie", "goshawk="+s.session(name, identity.ViaPasskey))
	}
	return b
}

// newCase opens a case, led by "investigator".
func (s *stage) newCase() goshawk.ID {
	s.t.Helper()
	id, err := s.web.Book.Open(s.t.Context(), s.subject("investigator"), "Harbour ransom", "2026/17")
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// browser makes requests with the same headers.
type browser struct {
	s      *stage
	header http.Header
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// do makes a request; a body that is no text is sent as JSON.
func (b *browser) do(method, path string, body any, headers ...string) answer {
	b.s.t.Helper()
	var in io.Reader
	media := ""
	switch v := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(v)
		media = "application/json"
	default:
		text, err := json.Marshal(v)
		if err != nil {
			b.s.t.Fatal(err)
		}
		in = bytes.NewReader(text)
		media = "application/json"
	}
	r, err := http.NewRequestWithContext(b.s.t.Context(), method, b.s.http.URL+path, in)
	if err != nil {
		b.s.t.Fatal(err)
	}
	for k, v := range b.header {
		r.Header[k] = v
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return answer{res, text}
}

// is checks a status and reads the answer's JSON into to, if it is not nil.
func (a answer) is(t *testing.T, status int, to any) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %s, not %d:\n%s", a.Request.Method, a.Request.URL.Path, a.Status, status, a.body)
	}
	if to != nil {
		if err := json.Unmarshal(a.body, to); err != nil {
			t.Fatalf("%s: %v:\n%s", a.Request.URL.Path, err, a.body)
		}
	}
}

// wholly says whether an answer comes whole, with status 200.
func (b *browser) wholly(path string) (whole bool) {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, b.s.http.URL+path, nil)
	if err != nil {
		b.s.t.Fatal(err)
	}
	r.Header = b.header.Clone()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}
