package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
)

// cheap lets a stage's passwords be tried quickly.
func cheap() identity.Cost { return identity.Cost{Memory: 64, Passes: 1, Threads: 1} }

const (
	goodPassword = "a blue door in Novi Sad"
	someSecret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// withPassword gives somebody a password and an authenticator.
func (s *stage) withPassword(name string) {
	s.t.Helper()
	s.web.Cost = cheap()
	s.write(func(tx *store.Tx) error {
		return tx.SetPassword(&identity.Password{Person: s.who[name].ID, Hash: identity.HashPassword(goodPassword, cheap()), Secret: someSecret, Changed: s.now})
	})
}

// shown is what the authenticator shows at a time.
func shown(t *testing.T, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(someSecret, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// form sends a form, as a page does.
func (b *browser) form(path string, values map[string]string, headers ...string) answer {
	b.s.t.Helper()
	v := url.Values{}
	for name, value := range values {
		v.Set(name, value)
	}
	return b.do(http.MethodPost, path, v.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

// enter tries to sign in with a password and a code.
func (b *browser) enter(email, password, code string, headers ...string) answer {
	b.s.t.Helper()
	return b.form("/sign-in", map[string]string{"email": email, "password": password, "code": code}, append([]string{"Accept", "application/json"}, headers...)...)
}

// secretOf is the session's secret in an answer; "" where it sets none.
func secretOf(a answer) string {
	for _, c := range a.Cookies() {
		if c.Name == "goshawk" && c.MaxAge >= 0 {
			return c.Value
		}
	}
	return ""
}

// trail is every entry, the oldest first.
func (s *stage) trail() []audit.Entry {
	s.t.Helper()
	var list []audit.Entry
	err := s.db.View(s.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Entries(1, 100_000, "")
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// about returns the entries that say something.
func (s *stage) about(what string) (list []audit.Entry) {
	for _, e := range s.trail() {
		if e.What == what {
			list = append(list, e)
		}
	}
	return list
}

func TestPasswordSignIn(t *testing.T) {
	s := newStage(t)
	s.withPassword("investigator")
	email := s.who["investigator"].Email
	old := s.session("investigator", identity.ViaPasskey)
	before := &browser{s, http.Header{"Cookie": {"goshawk=" + old}}}
	in := before.enter(strings.ToUpper(email), goodPassword, shown(t, s.now))
	in.is(t, 200, nil)
	secret := secretOf(in)
	cookie := in.Header.Get("Set-Cookie")
	if secret == "" || secret == old || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "Path=/") {
		t.Errorf("the cookie: %s", cookie)
	}
	var self struct {
		Via    identity.Via
		Person identity.Person
	}
	(&browser{s, http.Header{"Cookie": {"goshawk=" + secret}}}).do("GET", "/api/v1/self", nil).is(t, 200, &self)
	if self.Via != identity.ViaPassword || self.Person.Email != email {
		t.Errorf("%+v", self)
	}
	before.do("GET", "/api/v1/self", nil).is(t, 401, nil) // the session from before has ended
	if list := s.about("signed in"); len(list) != 1 || list[0].Via != "password" || list[0].Name != "investigator" || list[0].Action != audit.SignIn || list[0].From == "" {
		t.Errorf("%+v", list)
	}
	// A code works once, and so does every one before it.
	nobody := s.as("")
	nobody.enter(email, goodPassword, shown(t, s.now)).is(t, 401, nil)
	nobody.enter(email, goodPassword, shown(t, s.now.Add(-30*time.Second))).is(t, 401, nil)
	nobody.enter(email, goodPassword, shown(t, s.now.Add(30*time.Second))).is(t, 200, nil)
	// A cookie that somebody was made to have is not what they get.
	planted := &browser{s, http.Header{"Cookie": {"goshawk=PLANTEDPLANTEDPLANTED"}}}
	s.now = s.now.Add(2 * time.Minute)
	if got := secretOf(planted.enter(email, goodPassword, shown(t, s.now))); got == "" || strings.Contains(got, "PLANTED") {
		t.Errorf("the session is %q", got)
	}
	// Signing out ends the session, not only the cookie.
	b := &browser{s, http.Header{"Cookie": {"goshawk=" + secret}}}
	if to := b.form("/sign-out", nil).Header.Get("Location"); to != "/sign-in?done=signed_out" {
		t.Errorf("sent to %s", to)
	}
	b.do("GET", "/api/v1/self", nil).is(t, 401, nil)
	// Who is disabled is as nobody.
	s.now = s.now.Add(2 * time.Minute)
	p := *s.who["investigator"]
	p.Disabled = true
	s.write(func(tx *store.Tx) error { return tx.SetPerson(&p) })
	nobody.enter(email, goodPassword, shown(t, s.now)).is(t, 401, nil)
}

// TestSameAnswer: who tries accounts learns nothing of which there are: not from what is answered, not
// from being held up, and hardly from the work.
func TestSameAnswer(t *testing.T) {
	s := newStage(t)
	s.withPassword("investigator")
	disabled := *s.who["reader"]
	disabled.Disabled = true
	s.write(func(tx *store.Tx) error { return tx.SetPerson(&disabled) })
	s.web.Proxy = netip.MustParsePrefix("127.0.0.0/8")
	accounts := map[string]string{"known": s.who["investigator"].Email, "without a password": s.who["supervisor"].Email, "disabled": disabled.Email, "unknown": "nobody@police.example"}
	place := 0
	for _, path := range []string{"/sign-in", "/sign-in/recovery"} {
		said := map[string][]string{}
		for who, email := range accounts {
			for range 7 {
				place++
				a := s.as("").form(path, map[string]string{"email": email, "password": "not the one, but long", "code": "000000"}, "Accept", "application/json", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", place%200))
				said[who] = append(said[who], fmt.Sprint(a.StatusCode, a.Header.Get("Retry-After"), string(a.body)))
			}
		}
		want := said["known"]
		if !strings.HasPrefix(want[4], "401") || !strings.HasPrefix(want[5], "429") {
			t.Errorf("%s: %q", path, want)
		}
		for who, got := range said {
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s:\n%q\nand of a known account:\n%q", path, who, got, want)
			}
		}
	}
	for _, e := range s.about("failed to sign in") {
		if e.Person != "" || e.Name != "" || strings.Contains(string(e.Detail), "@") || strings.Contains(string(e.Detail), "not the one") {
			t.Errorf("an entry tells what was typed, or who it was that is not known: %+v", e)
		}
	}
}

// TestLockOut: who guesses is held up, by the right password too; a restart is no new try, other
// accounts and other ways are not touched, and time heals.
func TestLockOut(t *testing.T) {
	s := newStage(t)
	s.withPassword("investigator")
	s.withPassword("supervisor")
	email := s.who["investigator"].Email
	for range 5 {
		s.as("").enter(email, "wrong, and long enough", "000000").is(t, 401, nil)
	}
	s.as("").enter(email, goodPassword, shown(t, s.now)).is(t, 429, nil)
	again := &Server{Store: s.db, Book: s.web.Book, Now: s.web.Now, Log: s.web.Log, Cost: cheap()}
	restarted := httptest.NewServer(again.Handler())
	defer restarted.Close()
	there := *s
	there.http = restarted
	there.as("").enter(email, goodPassword, shown(t, s.now)).is(t, 429, nil)
	there.as("").enter(s.who["supervisor"].Email, goodPassword, shown(t, s.now)).is(t, 200, nil)
	codes, hashes := identity.NewRecoveryCodes()
	s.write(func(tx *store.Tx) error { return tx.SetRecovery(s.who["investigator"].ID, hashes) })
	there.as("").form("/sign-in/recovery", map[string]string{"email": email, "code": codes[0]}, "Accept", "application/json").is(t, 200, nil)
	s.now = s.now.Add(31 * time.Second)
	there.as("").enter(email, goodPassword, shown(t, s.now)).is(t, 200, nil)
	// What succeeded is not held against the next one.
	s.now = s.now.Add(time.Minute)
	there.as("").enter(email, "wrong, and long enough", "000000").is(t, 401, nil)
	there.as("").enter(email, goodPassword, shown(t, s.now)).is(t, 200, nil)
}

// TestGuessingAtOnce: many tries at once are no more tries than one after another.
func TestGuessingAtOnce(t *testing.T) {
	s := newStage(t)
	s.withPassword("investigator")
	s.web.Proxy = netip.MustParsePrefix("127.0.0.0/8")
	answers := make([]int, 40)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = s.as("").enter(s.who["investigator"].Email, "wrong, and long enough", "000000", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i)).StatusCode
		})
	}
	all.Wait()
	tried := 0
	for _, a := range answers {
		if a == 401 {
			tried++
		} else if a != 429 {
			t.Errorf("answered %d", a)
		}
	}
	if tried != 5 {
		t.Errorf("%d tries", tried)
	}
}

// TestFlood: failures from one place are held up, those from everywhere do not fill the disk, and none
// of them goes without a trace.
func TestFlood(t *testing.T) {
	s := newStage(t)
	s.web.Cost = cheap()
	s.web.Proxy = netip.MustParsePrefix("127.0.0.0/8")
	one := 0
	for i := range 30 {
		if s.as("").enter(fmt.Sprintf("a%d@police.example", i), "wrong, and long enough", "000000", "X-Forwarded-For", "2001:db8::"+fmt.Sprint(i)).StatusCode == 401 {
			one++
		}
	}
	if one != int(placeRate().most) {
		t.Errorf("%d tries from one household", one)
	}
	for i := range 150 {
		s.as("").enter(fmt.Sprintf("b%d@police.example", i), "wrong, and long enough", "000000", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i)).is(t, 401, nil)
	}
	s.now = s.now.Add(2 * entryRate().pause)
	s.as("").enter("last@police.example", "wrong, and long enough", "000000").is(t, 401, nil)
	list := s.about("failed to sign in")
	var unwritten int64
	for _, e := range list {
		var d struct{ Unwritten int64 }
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			t.Fatal(err)
		}
		unwritten += d.Unwritten
	}
	if len(list) != int(entryRate().most)+1 || len(list)+int(unwritten) != one+150+1 {
		t.Errorf("%d entries, %d that were not written", len(list), unwritten)
	}
}

// TestCrossSite: no other site's page changes anything: every route that is not for reading refuses
// what a browser sends for one.
func TestCrossSite(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	routes, err := s.web.all()
	if err != nil {
		t.Fatal(err)
	}
	b := s.as("administrator")
	entries := len(s.trail())
	tried := 0
	for _, r := range routes {
		method, path, _ := strings.Cut(r.pattern, " ")
		if method == http.MethodGet {
			continue
		}
		path = strings.NewReplacer("{case}", string(id), "{$}", "").Replace(path)
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			b.do(method, path, "x=1", append(headers, "Content-Type", "application/x-www-form-urlencoded")...).is(t, 403, nil)
			tried++
		}
	}
	if tried < 100 || len(s.trail()) != entries {
		t.Errorf("%d requests, %d entries written", tried, len(s.trail())-entries)
	}
	// What a page of this server sends goes through.
	b.form("/agencies", map[string]string{"name": "Westmark Exchange", "kind": "exchange"}, "Sec-Fetch-Site", "same-origin", "Origin", s.http.URL).is(t, 303, nil)
}

func TestLocal(t *testing.T) {
	for to, want := range map[string]string{"/cases": "/cases", "/cases/x?y=1#z": "/cases/x?y=1#z", "": "", "cases": "", "//evil.example": "", "/\\evil.example": "", "https://evil.example/": "", "javascript:alert(1)": "",
		"/\t/evil.example": "", "/sign-out": "", "/sign-in?next=/x": "", "/%2f/evil.example": "", "///evil.example": "", "/ok/..//evil.example": "/ok/..//evil.example"} {
		if got := local(to); got != want {
			t.Errorf("%q: %q, not %q", to, got, want)
		}
	}
}

// unopened is a server without an administrator.
func unopened(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.write(func(tx *store.Tx) error {
		for _, p := range s.who {
			if p.Role != identity.Administrator {
				continue
			}
			gone := *p
			gone.Role = identity.Reader
			if err := tx.SetPerson(&gone); err != nil && goshawk.CodeOf(err) != goshawk.Conflict {
				return err
			}
		}
		return nil
	})
	return s
}

// TestFirst: until there is an administrator everything is closed but the page that makes one, which
// takes the code, once.
func TestFirst(t *testing.T) {
	s := unopened(t)
	routes, err := s.web.all()
	if err != nil {
		t.Fatal(err)
	}
	open := []string{"GET /first", "POST /first", "GET /healthz", "GET /assets/{name...}", "GET /openapi.json", "GET /metrics"}
	for _, r := range routes {
		if slices.Contains(open, r.pattern) {
			continue
		}
		method, path, _ := strings.Cut(r.pattern, " ")
		for who, b := range map[string]*browser{"nobody": s.as(""), "a reader": s.as("reader")} {
			entries := len(s.trail())
			b.do(method, path, nil, "Accept", "application/json").is(t, 401, nil)
			if strings.HasPrefix(path, "/api/") {
				b.do(method, path, nil).is(t, 401, nil)
			} else if a := b.do(method, path, nil); method == "GET" && (a.StatusCode != 303 || a.Header.Get("Location") != "/first") {
				t.Errorf("%s as %s: %s to %q", r.pattern, who, a.Status, a.Header.Get("Location"))
			}
			if len(s.trail()) != entries {
				t.Errorf("%s as %s did something", r.pattern, who)
			}
		}
	}
	s.as("").do("GET", "/nothing", nil, "Accept", "application/json").is(t, 401, nil)
	s.as("").do("GET", "/healthz", nil).is(t, 200, nil)
	code, err := s.web.FirstCode(t.Context())
	if err != nil || code == "" {
		t.Fatal(code, err)
	}
	send := func(change map[string]string) answer {
		values := map[string]string{"code": code, "agency": "Northmark Police", "kind": "police", "country": "nl", "name": "Ada Okafor", "email": "Ada@police.example"}
		maps.Copy(values, change)
		return s.as("").form("/first", values, "Accept", "application/json")
	}
	send(map[string]string{"email": "none"}).is(t, 400, nil) // a mistake does not use it up
	send(map[string]string{"code": "AAAA-AAAA-AAAA-AAAA"}).is(t, 401, nil)
	done := make([]answer, 8)
	var all sync.WaitGroup
	for i := range done {
		all.Go(func() {
			done[i] = send(map[string]string{"email": fmt.Sprintf("ada%d@police.example", i), "agency": fmt.Sprintf("Northmark %d", i)})
		})
	}
	all.Wait()
	made := 0
	for _, a := range done {
		if a.StatusCode == 303 {
			made++
			secret := secretOf(a)
			b := &browser{s, http.Header{"Cookie": {"goshawk=" + secret}}}
			b.do("GET", "/account", nil).is(t, 200, nil)
			b.do("GET", "/api/v1/cases", nil).is(t, 403, nil)
		}
	}
	if made != 1 {
		t.Errorf("%d first administrators", made)
	}
	if again, err := s.web.FirstCode(t.Context()); again != "" || err != nil {
		t.Errorf("another code: %q, %v", again, err)
	}
	// Who closed the browser too early is let in by the next start.
	path, p, err := s.web.Waiting(t.Context())
	if err != nil || !strings.HasPrefix(path, "/invite/") || !strings.HasPrefix(p.Email, "ada") {
		t.Errorf("%q, %+v, %v", path, p, err)
	}
	s.as("").do("GET", path, nil).is(t, 200, nil)
}

// TestFirstCodeIsNotGuessed: tries are few, wherever they come from.
func TestFirstCodeIsNotGuessed(t *testing.T) {
	s := unopened(t)
	s.web.Proxy = netip.MustParsePrefix("127.0.0.0/8")
	if _, err := s.web.FirstCode(t.Context()); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i := range 40 {
		a := s.as("").form("/first", map[string]string{"code": "AAAA-AAAA-AAAA-AAAA", "agency": "N", "kind": "police", "name": "A", "email": "a@police.example"}, "Accept", "application/json", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		if a.StatusCode == 401 {
			tried++
		}
	}
	if tried != int(firstRate().most) {
		t.Errorf("%d tries", tried)
	}
}

func TestInvitation(t *testing.T) {
	s := newStage(t)
	s.web.Cost = cheap()
	admin := s.as("administrator")
	invite := func() string {
		a := admin.form("/people/"+string(s.who["reader"].ID)+"/invite", nil)
		a.is(t, 200, nil)
		_, rest, ok := strings.Cut(string(a.body), s.http.URL+"/invite/")
		if !ok {
			t.Fatalf("no link:\n%s", a.body)
		}
		return "/invite/" + rest[:26]
	}
	was := s.as("reader")
	first := invite()
	was.do("GET", "/api/v1/self", nil).is(t, 401, nil) // their sessions ended
	link := invite()
	s.as("").do("GET", first, nil).is(t, 404, nil) // the newer one counts
	s.as("").do("GET", link, nil).is(t, 200, nil)  // looking uses nothing up
	secret := secretOf(s.as("").form(link, nil))
	thief := secretOf(s.as("").form(link, nil))
	b := &browser{s, http.Header{"Cookie": {"goshawk=" + secret}}}
	b.do("GET", "/api/v1/cases", nil).is(t, 403, nil)
	b.form("/account/recovery", nil).is(t, 403, nil)
	if to := b.do("GET", "/cases", nil).Header.Get("Location"); to != "/account" {
		t.Errorf("sent to %q", to)
	}
	up := b.setUpPassword(goodPassword)
	up.is(t, 303, nil)
	if to := up.Header.Get("Location"); to != "/account/recovery?done=password_set" {
		t.Errorf("sent to %q", to)
	}
	b.do("GET", "/api/v1/self", nil).is(t, 401, nil) // the limited session is over
	(&browser{s, http.Header{"Cookie": {"goshawk=" + thief}}}).do("GET", "/api/v1/self", nil).is(t, 401, nil)
	in := &browser{s, http.Header{"Cookie": {"goshawk=" + secretOf(up)}}}
	in.do("GET", "/api/v1/cases", nil).is(t, 200, nil)
	s.as("").form(link, nil).is(t, 404, nil)
	// It ends by itself, and with the account.
	link = invite()
	s.now = s.now.Add(identity.InvitationLength)
	s.as("").form(link, nil).is(t, 404, nil)
	s.as("").form("/invite/x", nil).is(t, 404, nil)
	admin = s.as("administrator")
	link = invite()
	admin.form("/people/"+string(s.who["reader"].ID)+"/disable", nil).is(t, 303, nil)
	s.as("").form(link, nil).is(t, 404, nil)
	admin.form("/people/"+string(s.who["reader"].ID)+"/invite", nil, "Accept", "application/json").is(t, 409, nil)
	for what, n := range map[string]int{"reset a person's ways in and invited them": 4, "opened an invitation": 2, "set up a password and an authenticator, and signed in": 1, "disabled a person, and ended their sessions and tokens": 1} {
		if got := len(s.about(what)); got != n {
			t.Errorf("%q: %d entries, not %d", what, got, n)
		}
	}
}

// setUpPassword sets up a password as the page has it.
func (b *browser) setUpPassword(password string) answer {
	b.s.t.Helper()
	page := b.do("GET", "/account/password", nil)
	page.is(b.s.t, 200, nil)
	value := func(after, until string) string {
		_, rest, ok := strings.Cut(string(page.body), after)
		if !ok {
			b.s.t.Fatalf("no %q:\n%s", after, page.body)
		}
		v, _, _ := strings.Cut(rest, until)
		return v
	}
	secret := strings.ReplaceAll(value(`class="secret">`, "<"), " ", "")
	code, err := totp.GenerateCode(secret, b.s.now)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.form("/account/password", map[string]string{"seal": value(`name="seal" value="`, `"`), "password": password, "again": password, "code": code})
}

// TestFreshness: what is grave takes a sign-in a short while ago, on pages and over the API.
func TestFreshness(t *testing.T) {
	s := newStage(t)
	b := s.as("administrator")
	b.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"admin"}}).is(t, 201, nil)
	s.now = s.now.Add(identity.FreshLength)
	b.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}).is(t, 403, nil)
	people := len(s.trail())
	a := b.form("/people", map[string]string{"name": "Eve", "email": "eve@police.example", "role": "administrator", "agency": string(s.who["reader"].Agency)}, "Referer", s.http.URL+"/people?agency=x")
	if a.StatusCode != 303 || a.Header.Get("Location") != "/sign-in?next=%2Fpeople%3Fagency%3Dx" {
		t.Errorf("%s to %q", a.Status, a.Header.Get("Location"))
	}
	if got := b.do("GET", "/people", nil); got.StatusCode != 200 || strings.Contains(string(got.body), "Add and make an invitation") || !strings.Contains(string(got.body), "Sign in again") {
		t.Errorf("the page: %s", got.Status)
	}
	if len(s.trail()) != people {
		t.Error("something was done")
	}
	b.form("/account/sessions/end", nil).is(t, 303, nil) // to leave is never too late
	b.do("GET", "/api/v1/cases", nil).is(t, 200, nil)
}

// TestOwnAccount: sessions, the last way in, tokens.
func TestOwnAccount(t *testing.T) {
	s := newStage(t)
	s.withPassword("investigator")
	one, two, other := s.session("investigator", identity.ViaPasskey), s.session("investigator", identity.ViaPasskey), s.session("supervisor", identity.ViaPasskey)
	b := &browser{s, http.Header{"Cookie": {"goshawk=" + one}}}
	at := func(secret string) *browser { return &browser{s, http.Header{"Cookie": {"goshawk=" + secret}}} }
	page := string(b.do("GET", "/account", nil).body)
	if strings.Contains(page, two) || !strings.Contains(page, identity.HashSecret(two)) {
		t.Error("the page shows a session's secret, or not the session")
	}
	b.form("/account/sessions/"+identity.HashSecret(other)+"/end", nil).is(t, 404, nil)
	at(other).do("GET", "/api/v1/self", nil).is(t, 200, nil)
	b.form("/account/sessions/"+identity.HashSecret(two)+"/end", nil).is(t, 303, nil)
	at(two).do("GET", "/api/v1/self", nil).is(t, 401, nil)
	b.form("/account/password/remove", nil).is(t, 409, nil)
	b.form("/account/passkeys/none/remove", nil).is(t, 404, nil)
	// Somebody else's authenticator cannot be slipped in.
	theirs := at(other).do("GET", "/account/password", nil)
	_, rest, _ := strings.Cut(string(theirs.body), `name="seal" value="`)
	seal, _, _ := strings.Cut(rest, `"`)
	b.form("/account/password", map[string]string{"seal": seal, "password": goodPassword, "again": goodPassword, "code": "000000"}).is(t, 400, nil)
	codes := b.form("/account/recovery", nil)
	codes.is(t, 200, nil)
	if n := strings.Count(string(codes.body), `<li><bdi`); n != identity.RecoveryCodes {
		t.Errorf("%d codes", n)
	}
}

// TestAWayThatIsTakenAwaySignsOut: who came by a way in that is removed or changed is signed out, and the page and the trail
// say so; whoever removed it stays.
func TestAWayThatIsTakenAwaySignsOut(t *testing.T) {
	for path, what := range map[string]string{"/account/passkeys/k1/remove": "removed a passkey", "/account/password/remove": "removed the password"} {
		s := newStage(t)
		s.withPassword("investigator")
		s.write(func(tx *store.Tx) error {
			for _, id := range []string{"k1", "k2"} {
				if err := tx.AddPasskey(&identity.Passkey{ID: id, Person: s.who["investigator"].ID, Name: id, Record: json.RawMessage(`{}`), Created: s.now}); err != nil {
					return err
				}
			}
			return nil
		})
		one, two, other := s.session("investigator", identity.ViaPasskey), s.session("investigator", identity.ViaPassword), s.session("supervisor", identity.ViaPasskey)
		at := func(secret string) *browser { return &browser{s, http.Header{"Cookie": {"goshawk=" + secret}}} }
		a := at(one).form(path, nil)
		a.is(t, 303, nil)
		if page := string(at(one).do("GET", a.Header.Get("Location"), nil).body); !strings.Contains(page, "all your other sessions are ended") {
			t.Errorf("%s: the page does not say so", what)
		}
		for who, want := range map[string]int{one: 200, two: 401, other: 200} {
			at(who).do("GET", "/api/v1/self", nil).is(t, want, nil)
		}
		if list := s.about(what + ", and ended all other sessions"); len(list) != 1 {
			t.Errorf("%s: %d entries", what, len(list))
		}
	}
}

// TestTokensOfAWayThatIsTakenAway: tokens that were made since a way in was set up do not outlive it unseen: they are named, and
// end with it or are kept, as was chosen. Older ones stay.
func TestTokensOfAWayThatIsTakenAway(t *testing.T) {
	for path, api := range map[string]string{"/account/passkeys/k1/remove": "/self/passkeys/k1", "/account/password/remove": "/self/password"} {
		for _, choice := range []string{"end", "keep"} {
			s := newStage(t)
			s.withPassword("investigator")
			me := s.who["investigator"].ID
			begun := s.now
			s.now = s.now.Add(-30 * time.Minute)
			_, old := s.token("investigator", identity.ScopeRead)
			s.now = begun
			s.write(func(tx *store.Tx) error {
				p, err := tx.Password(me)
				if err != nil {
					return err
				}
				p.Changed = s.now
				if err := tx.SetPassword(p); err != nil {
					return err
				}
				for _, id := range []string{"k1", "k2"} {
					if err := tx.AddPasskey(&identity.Passkey{ID: id, Person: me, Name: id, Record: json.RawMessage(`{}`), Created: s.now}); err != nil {
						return err
					}
				}
				return nil
			})
			program, young := s.token("investigator", identity.ScopeRead)
			b := s.as("investigator")
			page := string(b.do("GET", "/account", nil).body)
			if n := strings.Count(page, `<select id="tokens-`); n != 3 || !strings.Contains(page, "End them too") {
				t.Errorf("%s: %d questions", path, n)
			}
			a := b.form(path, nil, "Accept", "application/json")
			a.is(t, 409, nil)
			if !strings.Contains(string(a.body), young.Name) {
				t.Errorf("%s", a.body)
			}
			b.form(path, map[string]string{"tokens": "some"}, "Accept", "application/json").is(t, 400, nil)
			program.do("GET", "/api/v1/self", nil).is(t, 200, nil)
			if choice == "end" {
				a := b.form(path, map[string]string{"tokens": choice})
				a.is(t, 303, nil)
				if page := string(b.do("GET", a.Header.Get("Location"), nil).body); !strings.Contains(page, "the tokens made since it was set up, are ended") {
					t.Errorf("%s: the page does not say so", path)
				}
				program.do("GET", "/api/v1/self", nil).is(t, 401, nil)
			} else {
				b.do("DELETE", "/api/v1"+api, nil).is(t, 409, nil)
				b.do("DELETE", "/api/v1"+api+"?tokens=keep", nil).is(t, 204, nil)
				program.do("GET", "/api/v1/self", nil).is(t, 200, nil)
			}
			var left struct{ Tokens []identity.Token }
			b.do("GET", "/api/v1/tokens", nil).is(t, 200, &left)
			if !slices.ContainsFunc(left.Tokens, func(k identity.Token) bool { return k.ID == old.ID }) {
				t.Errorf("%s, %s: the older token ended", path, choice)
			}
			if path == "/account/password/remove" {
				continue
			}
			b.form("/account/tokens/end", nil).is(t, 303, nil)
			if b.do("GET", "/api/v1/tokens", nil).is(t, 200, &left); len(left.Tokens) != 0 {
				t.Errorf("%d tokens are left", len(left.Tokens))
			}
		}
	}
}

// TestLastAdministrator stays, whoever tries to end them and however.
func TestLastAdministrator(t *testing.T) {
	s := newStage(t)
	b := s.as("administrator")
	path := func(name string) string { return "/people/" + string(s.who[name].ID) }
	b.form(path("administrator2")+"/disable", nil).is(t, 303, nil)
	b.form(path("administrator")+"/disable", nil, "Accept", "application/json").is(t, 409, nil)
	b.form(path("administrator"), map[string]string{"name": "administrator", "role": "reader"}, "Accept", "application/json").is(t, 409, nil)
	b.form(path("administrator")+"/invite", nil, "Accept", "application/json").is(t, 409, nil)
	b.form(path("administrator"), map[string]string{"name": "Ada", "role": "administrator"}).is(t, 303, nil)
	list := s.about("changed a person's name or role")
	if len(list) != 1 || !strings.Contains(string(list[0].Detail), `"before":{"name":"administrator",`) || !strings.Contains(string(list[0].Detail), `"after":{"name":"Ada"`) {
		t.Errorf("%+v", list)
	}
	b.form(path("administrator2"), map[string]string{"name": "administrator2", "role": "king"}, "Accept", "application/json").is(t, 400, nil)
}

func TestSeal(t *testing.T) {
	s := newSealer()
	now := time.Unix(1_800_000_000, 0)
	text, err := s.seal("one thing", map[string]string{"secret": "FORTYTWO"}, now)
	if err != nil || strings.Contains(text, "FORTYTWO") {
		t.Fatal(text, err)
	}
	var v map[string]string
	for what, err := range map[string]error{
		"another purpose": second(s.open("another thing", text, &v, now)), "too late": second(s.open("one thing", text, &v, now.Add(sealLength))), "changed": second(s.open("one thing", text[:len(text)-2]+"AA", &v, now)),
		"none": second(s.open("one thing", "", &v, now)), "too long": second(s.open("one thing", strings.Repeat("A", mostSealed+1), &v, now)), "another server": second(newSealer().open("one thing", text, &v, now)),
	} {
		if goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	spend, err := s.open("one thing", text, &v, now.Add(sealLength-1))
	if err != nil || v["secret"] != "FORTYTWO" {
		t.Fatal(v, err)
	}
	again, err := s.open("one thing", text, &v, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := spend(); err != nil {
		t.Error(err)
	}
	if goshawk.CodeOf(again()) != goshawk.Invalid {
		t.Error("spent twice")
	}
	other, err := s.seal("one thing", v, now.Add(sealLength))
	if err != nil {
		t.Fatal(err)
	}
	if spend, err = s.open("one thing", other, &v, now.Add(sealLength)); err != nil || spend() != nil || len(s.spent) != 1 {
		t.Errorf("%d are remembered, %v", len(s.spent), err)
	}
}

func second[A any](_ A, err error) error { return err }

// TestLimiterIsBounded: strangers do not fill the memory.
func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter()
	now := time.Unix(1_800_000_000, 0)
	for i := range 3 * mostPlaces {
		l.enter(identity.ViaPassword, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), now)
		l.stranger(fmt.Sprint(i), true, now)
	}
	if len(l.places) > mostPlaces || len(l.unknown) > mostPlaces {
		t.Errorf("%d places, %d accounts", len(l.places), len(l.unknown))
	}
	for from, want := range map[string]string{"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "@": "@"} {
		if got := network(from); got != want {
			t.Errorf("%s: %s", from, got)
		}
	}
}

// TestRelyingParty: passkeys are for the name in the URL, or for localhost, and for nothing that
// whoever asks makes up.
func TestRelyingParty(t *testing.T) {
	at, err := url.Parse("https://goshawk.police.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url  *url.URL
		host string
		want string
	}{
		{nil, "localhost:8080", "localhost"}, {nil, "127.0.0.1:8080", ""}, {nil, "[::1]:8080", ""}, {nil, "evil.example", ""}, {nil, "localhost.evil.example", ""},
		{at, "goshawk.police.example", "goshawk.police.example"}, {at, "evil.example", ""}, {at, "localhost:8080", "localhost"}, {at, "goshawk.police.example:8443", ""},
		{&url.URL{Scheme: "https", Host: "192.0.2.1"}, "192.0.2.1", ""},
		{&url.URL{Scheme: "https", Host: "goshawk.police.example:8443"}, "goshawk.police.example", "goshawk.police.example"},
		{&url.URL{Scheme: "https", Host: "goshawk.police.example:8443"}, "goshawk.police.example:444", ""},
	} {
		s := &Server{URL: c.url}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Host = c.host
		got := ""
		if w := (&request{Request: r, s: s}).relyingParty(); w != nil {
			got = w.Config.RPID
		}
		if got != c.want {
			t.Errorf("%v, %s: %q, not %q", c.url, c.host, got, c.want)
		}
	}
}

// TestPatience: who does not wait for a place in the queue takes none.
func TestPatience(t *testing.T) {
	places := make(chan token, 1)
	leave, err := queue(t.Context(), places)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := queue(gone, places); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Error(err)
	}
	leave()
	if _, err := queue(t.Context(), places); err != nil {
		t.Error(err)
	}
}
