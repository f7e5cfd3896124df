package web

import (
	"net/http"
	"testing"
	"time"

	"goshawk/identity"
	"goshawk/store"
)

// token makes a token of somebody's, and returns a program that sends it.
func (s *stage) token(name string, scopes ...identity.Scope) (*browser, identity.Token) {
	s.t.Helper()
	k, secret, err := s.web.MakeToken(s.t.Context(), s.subject(name), "a test", scopes, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, http.Header{"Authorization": {"Bearer " + secret}}}, k
}

func TestTokens(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	var made struct {
		identity.Token
		Secret string
	}
	ines.do("POST", "/api/v1/tokens", map[string]any{"name": "nightly export", "scopes": []string{"read"}}).is(t, 201, &made)
	if made.Secret == "" || made.Ends.Sub(made.Created) != 90*24*time.Hour {
		t.Errorf("made: %+v", made)
	}
	program := &browser{s, http.Header{"Authorization": {"bearer " + made.Secret}}}
	var self struct {
		Person identity.Person
		Via    identity.Via
		Scopes []identity.Scope
	}
	program.do("GET", "/api/v1/self", nil).is(t, 200, &self)
	if self.Person.ID != s.who["investigator"].ID || self.Via != identity.ViaToken || len(self.Scopes) != 1 {
		t.Errorf("self: %+v", self)
	}
	var p problem
	program.do("POST", "/api/v1/cases", map[string]string{"title": "x"}).is(t, 403, &p)
	if p.Code != "denied" {
		t.Errorf("%+v", p)
	}
	var list struct{ Tokens []identity.Token }
	a := ines.do("GET", "/api/v1/tokens", nil)
	a.is(t, 200, &list)
	if len(list.Tokens) != 1 || !list.Tokens[0].Used.Equal(s.now) || list.Tokens[0].From == "" {
		t.Errorf("list: %s", a.body)
	}
	// Whatever a token is for, it makes none; nor does a recovery code.
	admin, _ := s.token("administrator", identity.ScopeAdmin)
	admin.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, 403, nil)
	recovered := &browser{s, http.Header{"Cookie": {"goshawk=" + s.session("investigator", identity.ViaRecovery)}}}
	recovered.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, 403, nil)
	for _, bad := range []string{`{"name":"x","scopes":[]}`, `{"name":"x","scopes":["all"]}`, `{"name":"","scopes":["read"]}`, `{"name":"x","scopes":["read"],"days":400}`} {
		ines.do("POST", "/api/v1/tokens", bad).is(t, 422, nil)
	}
	ines.do("POST", "/api/v1/tokens", `{"name":"a\nb","scopes":["read"]}`).is(t, 400, nil)

	// Another's is not there; one's own ends.
	s.as("investigator2").do("DELETE", "/api/v1/tokens/"+string(made.ID), nil).is(t, 404, nil)
	program.do("GET", "/api/v1/self", nil).is(t, 200, nil)
	ines.do("DELETE", "/api/v1/tokens/"+string(made.ID), nil).is(t, 204, nil)
	program.do("GET", "/api/v1/self", nil).is(t, 401, nil)

	// It ends by itself, and with its person; who sends a bad one is not whom a cookie names.
	program, _ = s.token("investigator", identity.ScopeRead)
	both := &browser{s, http.Header{"Authorization": {"Bearer goshawk_NO"}, "Cookie": ines.header["Cookie"]}}
	both.do("GET", "/api/v1/self", nil).is(t, 401, nil)
	s.now = s.now.Add(time.Hour)
	program.do("GET", "/api/v1/self", nil).is(t, 401, nil)
	program, _ = s.token("investigator", identity.ScopeRead)
	gone := *s.who["investigator"]
	gone.Disabled = true
	s.write(func(tx *store.Tx) error { return tx.SetPerson(&gone) })
	program.do("GET", "/api/v1/self", nil).is(t, 401, nil)
}

func TestTokensAreBounded(t *testing.T) {
	s := newStage(t)
	for range identity.MostTokens {
		s.token("reader", identity.ScopeRead)
	}
	s.as("reader").do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, http.StatusTooManyRequests, nil)
}
