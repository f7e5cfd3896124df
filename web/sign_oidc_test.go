package web

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// idp is an identity provider as OpenID Connect Core 1.0 and RFC 7636 have it: it knows one client,
// and signs what it says with RSA.
type idp struct {
	t    *testing.T
	http *httptest.Server
	key  *rsa.PrivateKey
	now  func() time.Time

	mu    sync.Mutex
	codes map[string]url.Values // what was asked for, by the code that it was answered with
	// forge changes what the next token says, or the token.
	claims func(map[string]any)
	token  func(string) string
	header map[string]any
	down   bool
	seen   int // codes that were exchanged
}

func newIDP(t *testing.T, now func() time.Time) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, key: key, now: now, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.http.URL, "authorization_endpoint": p.http.URL + "/authorize", "token_endpoint": p.http.URL + "/token", "jwks_uri": p.http.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		asked := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		id, secret, _ := r.BasicAuth() // written as forms are: RFC 6749, section 2.3.1
		if asked == nil || id != "goshawk" || secret != "between+us" || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) ||
			r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") || r.PostFormValue("grant_type") != "authorization_code" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
			return
		}
		p.seen++
		said := map[string]any{"iss": p.http.URL, "aud": "goshawk", "sub": "subject-1", "iat": p.now().Unix(), "exp": p.now().Add(5 * time.Minute).Unix(), "nonce": asked.Get("nonce"),
			"email": "investigator@police.example", "email_verified": true}
		if asked.Get("max_age") == "0" && asked.Get("prompt") == "login" {
			said["auth_time"] = p.now().Unix()
		}
		if p.claims != nil {
			p.claims(said)
		}
		header := map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}
		maps.Copy(header, p.header)
		text := p.sign(header, said)
		if p.token != nil {
			text = p.token(text)
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": text})
	})
	p.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.http.Close)
	return p
}

// sign writes a token as RFC 7515 has it.
func (p *idp) sign(header, claims map[string]any) string {
	text := p.part(header) + "." + p.part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (p *idp) part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		p.t.Error(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// consent is somebody who signs in at the provider: it answers with the address that their browser goes back to.
func (p *idp) consent(to string) string {
	p.t.Helper()
	at, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.http.URL+"/authorize?") {
		p.t.Fatalf("sent to %q", to)
	}
	asked := at.Query()
	if asked.Get("client_id") != "goshawk" || asked.Get("response_type") != "code" || asked.Get("nonce") == "" || len(asked.Get("state")) < 20 || !strings.Contains(asked.Get("scope"), "openid") {
		p.t.Fatalf("asked %q", to)
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = asked
	p.mu.Unlock()
	return asked.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {asked.Get("state")}}.Encode()
}

// away begins to sign in at the provider, and returns where that is and what the browser keeps.
func (b *browser) away(next string) (to, cookie string) {
	b.s.t.Helper()
	a := b.do("GET", "/sign-in/oidc?next="+url.QueryEscape(next), nil)
	a.is(b.s.t, 303, nil)
	for _, c := range a.Cookies() {
		if name, path := b.s.web.cookieOIDC(); c.Name == name {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != path || c.Secure != b.s.web.TLS {
				b.s.t.Errorf("the cookie: %v", c)
			}
			cookie = c.Name + "=" + c.Value
		}
	}
	return a.Header.Get("Location"), cookie
}

// home comes back from the provider.
func (b *browser) home(back, cookie string) answer {
	b.s.t.Helper()
	with := []string{"Accept", "application/json"}
	if had := b.header.Get("Cookie"); had != "" {
		cookie = had + "; " + cookie
	}
	return b.do("GET", strings.TrimPrefix(back, b.s.http.URL), nil, append(with, "Cookie", cookie)...)
}

// oidcStage is a stage with a provider.
func oidcStage(t *testing.T) (*stage, *idp) {
	t.Helper()
	s := newStage(t)
	p := newIDP(t, func() time.Time { return s.now })
	s.web.OIDC = &OIDC{Issuer: p.http.URL, Client: "goshawk", Secret: "between us"}
	return s, p
}

func TestOIDC(t *testing.T) {
	s, p := oidcStage(t)
	to, cookie := s.as("").away("/account")
	back := p.consent(to)
	a := s.as("").home(back, cookie)
	var said struct{ To string }
	a.is(t, 200, &said)
	if said.To != "/account" {
		t.Errorf("sent to %q", said.To)
	}
	b := &browser{s, http.Header{"Cookie": {"goshawk=" + secretOf(a)}}}
	var self struct {
		Via    identity.Via
		Person identity.Person
	}
	b.do("GET", "/api/v1/self", nil).is(t, 200, &self)
	if self.Via != identity.ViaOIDC || self.Person.ID != s.who["investigator"].ID {
		t.Errorf("%+v", self)
	}
	// Nobody knows when they signed in there: what is grave takes another time.
	b.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, 403, nil)
	to, cookie = b.away("/account")
	again := b.home(p.consent(to), cookie)
	again.is(t, 200, nil)
	b = &browser{s, http.Header{"Cookie": {"goshawk=" + secretOf(again)}}}
	b.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, 201, nil)
	// Whoever saw the address that the browser came back to gets nowhere with it.
	seen := p.seen
	s.as("").home(back, cookie).is(t, 400, nil)
	s.as("").do("GET", strings.TrimPrefix(back, s.http.URL), nil, "Accept", "application/json").is(t, 400, nil)
	if p.seen != seen {
		t.Error("a code was sent that this browser did not bring")
	}
	// Who is known stays known when their address changes, and nobody else by the address.
	p.claims = func(c map[string]any) { c["email"] = "supervisor@police.example" }
	to, cookie = s.as("").away("")
	moved := s.as("").home(p.consent(to), cookie)
	moved.is(t, 200, nil)
	(&browser{s, http.Header{"Cookie": {"goshawk=" + secretOf(moved)}}}).do("GET", "/api/v1/self", nil).is(t, 200, &self)
	if self.Person.ID != s.who["investigator"].ID {
		t.Errorf("signed in as %s", self.Person.Name)
	}
	if len(s.about("signed in")) != 3 {
		t.Errorf("%d entries", len(s.about("signed in")))
	}
}

// TestOIDCRefuses: whatever is wrong with what comes from the provider lets nobody in.
// TestOIDCOverTLS: by https the cookie of who is at the provider is this host's own, whatever another host of its domain sets.
func TestOIDCOverTLS(t *testing.T) {
	s, p := oidcStage(t)
	s.web.TLS = true
	to, cookie := s.as("").away("/account")
	if !strings.HasPrefix(cookie, "__Host-goshawk-oidc=") {
		t.Fatalf("the cookie %q", cookie)
	}
	back := strings.Replace(p.consent(to), "https://", "http://", 1)
	_, value, _ := strings.Cut(cookie, "=")
	s.as("").home(back, "goshawk-oidc="+value).is(t, 400, nil) // as another host could have set it
	a := s.as("").home(back, cookie)
	a.is(t, 200, nil)
	for _, c := range a.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %v", c)
		}
	}
}

func TestOIDCRefuses(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(*idp) {
		return func(p *idp) { p.claims = func(c map[string]any) { c[name] = v } }
	}
	for what, wrong := range map[string]func(*idp){
		"another's audience": set("aud", "another"), "another issuer": set("iss", "https://evil.example"), "another nonce": set("nonce", "AAAA"), "no nonce": set("nonce", ""),
		"an address that is not verified": set("email_verified", false), "an address that is not said to be verified": func(p *idp) { p.claims = func(c map[string]any) { delete(c, "email_verified") } },
		"verified, as a number": set("email_verified", 1), "nobody's address": set("email", "nobody@police.example"), "no address": set("email", ""),
		"a disabled account": set("email", "reader@police.example"), "somebody who is known as another subject": set("email", "supervisor@police.example"),
		"too old": func(p *idp) { p.claims = func(c map[string]any) { c["exp"] = p.now().Add(-time.Second).Unix() } },
		"unsigned": func(p *idp) {
			p.header = map[string]any{"alg": "none"}
			p.token = func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }
		},
		"a changed": func(p *idp) {
			p.token = func(s string) string {
				parts := strings.Split(s, ".")
				return parts[0] + "." + parts[1] + "x." + parts[2]
			}
		},
		"another's key": func(p *idp) { p.key = other },
		"signed by the public key as a shared secret": func(p *idp) { p.header = map[string]any{"alg": "HS256"} },
		"another algorithm": func(p *idp) {
			p.header = map[string]any{"alg": "ES256"}
			p.token = func(s string) string {
				sum := sha256.Sum256([]byte(s[:strings.LastIndexByte(s, '.')]))
				r, n, err := ecdsa.Sign(rand.Reader, curve, sum[:])
				if err != nil {
					t.Error(err)
				}
				return s[:strings.LastIndexByte(s, '.')+1] + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), n.FillBytes(make([]byte, 32))...))
			}
		},
		"no token": func(p *idp) { p.token = func(string) string { return "" } },
	} {
		t.Run(what, func(t *testing.T) {
			s, p := oidcStage(t)
			gone := *s.who["reader"]
			gone.Disabled = true
			s.write(func(tx *store.Tx) error {
				if err := tx.SetPerson(&gone); err != nil {
					return err
				}
				return tx.SetSubject(p.http.URL, "subject-0", s.who["supervisor"].ID)
			})
			wrong(p)
			to, cookie := s.as("").away("/cases")
			a := s.as("").home(p.consent(to), cookie)
			a.is(t, 401, nil)
			if p.seen != 1 {
				t.Error("the provider was not asked")
			}
			if secretOf(a) != "" || len(s.about("signed in")) != 0 {
				t.Error("somebody is in")
			}
			if list := s.about("failed to sign in"); len(list) != 1 || list[0].Via != "oidc" {
				t.Errorf("%+v", list)
			}
		})
	}
}

// TestOIDCGoesWrong: what is begun elsewhere, twice or too late, and a provider that does not answer.
func TestOIDCGoesWrong(t *testing.T) {
	s, p := oidcStage(t)
	nobody := s.as("")
	to, cookie := nobody.away("/cases")
	back := p.consent(to)
	_, others := nobody.away("/cases")
	nobody.home(back, others).is(t, 400, nil) // another's browser: who sends somebody the address signs them in as oneself
	nobody.home(strings.Replace(back, "state=", "state=x", 1), cookie).is(t, 400, nil)
	nobody.home(back+"&iss=https%3A%2F%2Fevil.example", cookie).is(t, 401, nil)
	nobody.home(back, cookie).is(t, 400, nil) // spent by the one before
	to, cookie = nobody.away("/cases")
	back = p.consent(to)
	s.now = s.now.Add(sealLength)
	nobody.home(back, cookie).is(t, 400, nil)
	to, cookie = nobody.away("/cases")
	p.consent(to)
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	refusal := backOIDC + "?" + url.Values{"error": {"access_denied"}, "error_description": {"<script>"}, "state": {at.Query().Get("state")}}.Encode()
	if a := nobody.home(refusal, cookie); a.StatusCode != 401 || strings.Contains(string(a.body), "script") {
		t.Errorf("%s: %s", a.Status, a.body)
	}
	to, cookie = nobody.away("/cases")
	back = p.consent(to)
	p.down = true
	nobody.home(back, cookie).is(t, 503, nil)
	p.down = false
	if to, _ := nobody.away("https://evil.example/"); strings.Contains(to, "evil") {
		t.Errorf("sent to %q", to)
	}
	// A server whose provider is down when it starts finds it when it is up.
	p.down = true
	s.web.signs().oidc.known = nil
	nobody.do("GET", "/sign-in/oidc", nil, "Accept", "application/json").is(t, 503, nil)
	nobody.do("GET", "/sign-in", nil).is(t, 200, nil)
	p.down = false
	nobody.away("/cases")
	if goshawk.CodeOf(noEntry("x")) != goshawk.Stranger {
		t.Error("a refusal is no 401")
	}
}
