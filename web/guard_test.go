package web

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// counted counts what is read of it.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// TestWhoOnlyAsksSendsNothing: what comes with a request that asks for a page is not read, and so neither kept in
// memory nor written to the disk, whatever it says that it is.
func TestWhoOnlyAsksSendsNothing(t *testing.T) {
	s := newStage(t)
	h := s.web.Handler()
	for _, path := range []string{"/sign-in", "/first", "/sign-in/oidc", "/account", "/api/v1/self"} {
		body := &counted{Reader: io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\n\r\n"), io.LimitReader(zeros{}, 64<<20))}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		r.Header.Set("Cookie", "goshawk="+s.session("investigator", identity.ViaPasskey))
		h.ServeHTTP(httptest.NewRecorder(), r)
		if body.n > 0 {
			t.Errorf("%s: %d bytes were read", path, body.n)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSecretsAreNotKeptToBeRepeated: the secret of a token is in one answer, and in no table.
func TestSecretsAreNotKeptToBeRepeated(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	var made struct{ Secret string }
	ask := map[string]any{"name": "a program", "scopes": []string{"read"}}
	ines.do("POST", "/api/v1/tokens", ask, onceHeader, "k1").is(t, 201, &made)
	err := s.db.View(t.Context(), func(tx *store.Tx) error {
		kept, err := tx.Answered(s.who["investigator"].ID, "k1", s.now.Add(-time.Hour))
		if err == nil && (kept == nil || made.Secret == "" || bytes.Contains(kept.Body, []byte(made.Secret))) {
			t.Errorf("kept: %+v", kept)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	again := ines.do("POST", "/api/v1/tokens", ask, onceHeader, "k1")
	again.is(t, 409, nil)
	if bytes.Contains(again.body, []byte(made.Secret)) || len(s.about("made a token: a program")) != 1 {
		t.Errorf("again: %s", again.body)
	}
}

// TestForWhomAProxyAsks: the last that is said is the proxy's own, in however many lines; what browsers say before
// it is not believed.
func TestForWhomAProxyAsks(t *testing.T) {
	s := &Server{Proxy: netip.MustParsePrefix("127.0.0.0/8")}
	for want, lines := range map[string][]string{
		"192.0.2.7":    {"192.0.2.7"},
		"192.0.2.8":    {"198.51.100.1, 192.0.2.8"},
		"192.0.2.9":    {"198.51.100.1", "192.0.2.9"},
		"192.0.2.10":   {"198.51.100.1, 198.51.100.2", "198.51.100.3,192.0.2.10"},
		"127.0.0.1":    {"192.0.2.7", "unknown"},
		"2001:db8::17": {"2001:db8::17"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = "127.0.0.1:9", lines
		if got := (&request{Request: r, s: s}).from(); got != want {
			t.Errorf("%q: %s", lines, got)
		}
	}
}

// TestOneWaySpentIsNotAll: who guesses passwords from a place where others are keeps them from no other way in.
func TestOneWaySpentIsNotAll(t *testing.T) {
	l := newLimiter()
	now := time.Unix(1_800_000_000, 0)
	for {
		if _, ok := l.enter(identity.ViaPassword, "192.0.2.1", now); !ok {
			break
		}
	}
	for _, via := range []identity.Via{identity.ViaPasskey, identity.ViaOIDC, identity.ViaRecovery, identity.ViaInvitation} {
		if _, ok := l.enter(via, "192.0.2.1", now); !ok {
			t.Errorf("%s is held up too", via)
		}
	}
}

// TestAnInvitationEndsForAllWhoOpenedIt: of two who opened one, the one who sets up a way in later, and was let in
// before, sets up none.
func TestAnInvitationEndsForAllWhoOpenedIt(t *testing.T) {
	s := newStage(t)
	p := s.who["investigator"]
	enter := func() *request {
		session, _ := identity.NewSession(p, identity.ViaInvitation, "", "", s.now, s.now)
		s.write(func(tx *store.Tx) error { return tx.AddSession(&session) })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/account/passkeys", nil)
		r.Header.Set("Accept", "application/json")
		return &request{Request: r, w: httptest.NewRecorder(), s: s.web, session: &session, subject: &identity.Subject{Person: *p, Via: identity.ViaInvitation}}
	}
	one, other := enter(), enter()
	add := func(q *request, id string) error {
		k := &identity.Passkey{ID: id, Person: p.ID, Name: id, Record: []byte("{}"), Created: s.now}
		return q.wayAdded(identity.ViaPasskey, "set up", "passkey_set", func(tx *store.Tx) error { return tx.AddPasskey(k) })
	}
	if err := add(one, "aa"); err != nil {
		t.Fatal(err)
	}
	if err := add(other, "bb"); goshawk.CodeOf(err) != goshawk.Stranger {
		t.Errorf("the other one has a way in, too: %v", err)
	}
}

// TestSmallFormsAreSmall: what is no field of a form of one's is not read without end, nor written to the disk, from
// whoever is signed in.
func TestSmallFormsAreSmall(t *testing.T) {
	s := newStage(t)
	h := s.web.Handler()
	cookie := "goshawk=" + s.session("reader", identity.ViaPasskey)
	for _, path := range []string{"/cases/none/graphs", "/sign-in", "/people", "/account/password", "/cases/none/members"} {
		body := &counted{Reader: io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"title\"; filename=\"x\"\r\n\r\n"), io.LimitReader(zeros{}, 64<<20))}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		r.Header.Set("Cookie", cookie)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if body.n > 2<<20 {
			t.Errorf("%s: %d bytes were read", path, body.n)
		}
	}
}
