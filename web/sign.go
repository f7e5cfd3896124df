package web

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
)

// signRoutes are the ways in and out.
func signRoutes() []route {
	return []route{
		{"GET /first", "", (*request).firstPage},
		{"POST /first", "", (*request).first},
		{"GET /sign-in", "", (*request).signInPage},
		{"POST /sign-in", "", (*request).byPassword},
		{"POST /sign-in/recovery", "", (*request).byRecovery},
		{"POST /sign-in/passkey/begin", "", (*request).beginPasskey},
		{"POST /sign-in/passkey", "", (*request).byPasskey},
		{"GET /sign-in/oidc", "", (*request).beginOIDC},
		{"GET /sign-in/oidc/back", "", (*request).byOIDC},
		{"POST /sign-out", "", (*request).signOut},
		{"GET /invite/{secret}", "", (*request).invitePage},
		{"POST /invite/{secret}", "", (*request).invited},
	}
}

// signing is what signing in keeps in memory.
type signing struct {
	seal   *sealer
	limit  *limiter
	cost   identity.Cost
	decoy  string         // a hash of no password
	opened atomic.Bool    // there is an administrator
	first  firstCode      // of the first one
	turns  [64]chan token // one account is tried once at a time
	tries  chan token     // passwords that are tried at once: each takes much memory
	oidc   provider
}

// token is a place in a queue.
type token = struct{}

// signs returns what signing in keeps.
func (s *Server) signs() *signing {
	s.signOnce.Do(func() {
		g := &signing{seal: newSealer(), limit: newLimiter(), cost: s.Cost, tries: make(chan token, 2)}
		if g.cost == (identity.Cost{}) {
			g.cost = identity.StandardCost()
		}
		g.decoy = identity.Decoy(g.cost)
		for i := range g.turns {
			g.turns[i] = make(chan token, 1)
		}
		s.signing = g
	})
	return s.signing
}

// signState is a Server's part in signing in.
type signState struct {
	signOnce sync.Once
	signing  *signing
}

// queue waits for a place, and returns what gives it back.
func queue(ctx context.Context, places chan token) (leave func(), err error) {
	select {
	case places <- token{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, goshawk.Errorf(goshawk.Interrupted, "the browser did not wait: %w", ctx.Err())
	}
}

// turn waits until nobody else tries an account.
func (g *signing) turn(ctx context.Context, account string) (leave func(), err error) {
	h := fnv.New32a()
	h.Write([]byte(account))
	return queue(ctx, g.turns[h.Sum32()%uint32(len(g.turns))])
}

// home is where somebody begins.
func home(q *request) string {
	switch {
	case !q.subject.Known():
		return "/sign-in"
	case q.subject.Via == identity.ViaRecovery, q.subject.Via == identity.ViaInvitation, !q.s.pages["GET /cases"]:
		return "/account"
	}
	return "/cases"
}

// local is a page of this server that somebody wanted to go to; "" where it is none.
func local(to string) string {
	at, err := url.Parse(to)
	if err != nil || at.IsAbs() || at.Host != "" || at.Opaque != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\r\n") ||
		strings.HasPrefix(at.Path, "//") || strings.HasPrefix(at.Path, "/sign-") {
		return ""
	}
	return at.String()
}

// smallForm reads a form without files.
func (q *request) smallForm() error {
	q.Body = http.MaxBytesReader(q.w, q.Body, 64<<10)
	if err := q.ParseForm(); err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the form cannot be read: %w", err)
	}
	return nil
}

// FormValue is http.Request's, of a small form: that one would take files of any size, from whoever sends them, and
// put them on the disk. Who wants files reads them first.
func (q *request) FormValue(name string) string {
	if q.Form == nil {
		if err := q.smallForm(); err != nil {
			return ""
		}
	}
	return q.Request.FormValue(name)
}

// PostFormValue is http.Request's, as FormValue.
func (q *request) PostFormValue(name string) string {
	if q.PostForm == nil {
		if err := q.smallForm(); err != nil {
			return ""
		}
	}
	return q.Request.PostFormValue(name)
}

// field is what a form says, without spaces around it.
func (q *request) field(name string) string { return strings.TrimSpace(q.PostFormValue(name)) }

// forProgram says whether who asks wants JSON.
func (q *request) forProgram() bool {
	return strings.Contains(q.Header.Get("Accept"), "application/json")
}

// reply answers a script with JSON.
func (q *request) reply(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "an answer cannot be written: %w", err)
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.Write(text) //nolint:errcheck // the browser is gone
	return nil
}

// origin is how browsers come here.
func (q *request) origin() string {
	if q.s.URL != nil {
		return q.s.URL.Scheme + "://" + q.s.URL.Host
	}
	if q.s.TLS {
		return "https://" + q.Host
	}
	return "http://" + q.Host
}

// errUnopened says that nobody can sign in yet.
var errUnopened = errors.New("this server has no administrator yet")

// open says whether there is an administrator. Until there is, nothing is answered but what makes
// the first one.
func (q *request) open(pattern string) error {
	g := q.s.signs()
	switch pattern {
	case "GET /first", "POST /first", "GET /healthz", "GET /assets/{name...}", "GET /openapi.json", "GET /metrics":
		return nil
	}
	if g.opened.Load() {
		return nil
	}
	n, err := q.s.administrators(q.Context())
	if err != nil {
		return err
	}
	if n == 0 {
		return goshawk.Errorf(goshawk.Stranger, "%w", errUnopened).WithHint("open the page /first, with the code that the server printed when it started")
	}
	g.opened.Store(true)
	return nil
}

func (s *Server) administrators(ctx context.Context) (n int, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		n, err = tx.Administrators()
		return err
	})
	return n, err
}

// signEntry begins an entry about signing in, by or about somebody.
func (q *request) signEntry(p *identity.Person, via identity.Via, what string) *audit.Entry {
	return &audit.Entry{At: q.s.Now(), Action: audit.SignIn, What: what, Person: p.ID, Name: p.Name, Agency: p.Agency, Via: string(via), From: q.from()}
}

// errGone says that somebody may not sign in any more.
var errGone = errors.New("no such account")

// admit begins a session of somebody, if before, which is done with it, does not fail. The session
// that their browser had ends, and its secret is of no use to who may know it.
func (q *request) admit(p *identity.Person, via identity.Via, proved time.Time, what string, before func(*store.Tx) error) error {
	now := q.s.Now()
	session, secret := identity.NewSession(p, via, q.from(), q.UserAgent(), now, proved)
	err := q.s.Store.Do(q.Context(), q.signEntry(p, via, what), func(tx *store.Tx) error {
		if err := before(tx); err != nil {
			return err
		}
		is, kind, err := tx.Person(p.ID)
		if err != nil {
			return err
		}
		if is.Disabled {
			return goshawk.Errorf(goshawk.Stranger, "%w", errGone)
		}
		if q.session != nil {
			if err := tx.EndSession(q.session.Hash); err != nil {
				return err
			}
		}
		if err := tx.ForgetSessions(now); err != nil {
			return err
		}
		q.subject = &identity.Subject{Person: is, Kind: kind, Via: via, Fresh: session.Fresh(now), From: q.from()}
		return tx.AddSession(&session)
	})
	if err != nil {
		return err
	}
	q.session = &session
	q.setCookie(q.s.cookie(), secret, "/", 0)
	return nil
}

// setCookie sets a cookie that no script reads and no other site sends; length 0: as long as the
// browser runs, below 0: removed.
func (q *request) setCookie(name, value, path string, length time.Duration) {
	http.SetCookie(q.w, &http.Cookie{Name: name, Value: value, Path: path, MaxAge: int(length / time.Second), HttpOnly: true, Secure: q.s.TLS, SameSite: http.SameSiteLaxMode})
}

// refused notes that somebody failed to sign in; p is nil where there is no such account.
// There are so many entries about it at most, whoever tries how often.
func (q *request) refused(p *identity.Person, via identity.Via, a *identity.Attempts) error {
	ctx := context.WithoutCancel(q.Context()) // who does not wait for the answer is counted too
	missed, ok := q.s.signs().limit.entry(q.s.Now())
	if !ok {
		if p == nil || a == nil {
			return nil
		}
		return q.s.Store.Failed(ctx, p.ID, via, *a)
	}
	detail := struct {
		About     goshawk.ID `json:"about,omitempty"`     // the account
		Unwritten int64      `json:"unwritten,omitempty"` // failures before it that have no entry
	}{Unwritten: missed}
	e := q.signEntry(&identity.Person{}, via, "failed to sign in")
	if p != nil {
		detail.About, e.Agency = p.ID, p.Agency
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	e.Detail = text
	return q.s.Store.Do(ctx, e, func(tx *store.Tx) error {
		if p == nil || a == nil {
			return nil
		}
		return tx.SetAttempts(p.ID, via, *a)
	})
}

// busy says that somebody tries too often.
func (q *request) busy(until time.Time) error {
	wait := max(until.Sub(q.s.Now()), 15*time.Second)
	q.w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	return goshawk.Errorf(goshawk.Busy, "that was tried too often").WithHint("wait %s, and try again", roundly(wait))
}

// roundly writes how long to wait.
func roundly(d time.Duration) string {
	if d <= 90*time.Second {
		return goshawk.Count(int((d+time.Second-1)/time.Second), "second", "seconds")
	}
	return goshawk.Count(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
}

// signInPage shows the ways in.
func (q *request) signInPage() error { return q.showSignIn(nil) }

// showSignIn shows them, with what went wrong.
func (q *request) showSignIn(failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	v := q.page("")
	v.title = v.t("sign.title")
	f := &signForm{email: q.field("email"), next: local(q.FormValue("next")), again: q.subject.Known() && q.FormValue("next") != "", passkeys: q.relyingParty() != nil}
	if f.again && f.email == "" {
		f.email = q.subject.Person.Email
	}
	if o := q.s.OIDC; o != nil {
		f.oidc, f.oidcHref = o.name(v), "/sign-in/oidc?next="+escaped(f.next)
	}
	code := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		code, f.problem = p.Status, &p
	}
	f.recovery = strings.HasSuffix(q.URL.Path, "/recovery")
	return q.showAs(code, v, signInPage(v, f))
}

// signForm is what the page of signing in shows.
type signForm struct {
	email, next string
	again       bool // who asks is signed in, and proves it anew
	passkeys    bool
	oidc        string // name of the provider
	oidcHref    string
	recovery    bool
	problem     *problem
}

// signedInto sends who has signed in to where they wanted to go.
func (q *request) signedInto(next string) error {
	to := local(next)
	if to == "" || q.subject.Via == identity.ViaRecovery {
		to = home(q)
	}
	if q.forProgram() {
		return q.reply(map[string]string{"to": to})
	}
	http.Redirect(q.w, q.Request, to, http.StatusSeeOther)
	return nil
}

// signOut ends the session.
func (q *request) signOut() error {
	if q.session != nil {
		err := q.s.Store.Do(q.Context(), q.signEntry(&q.subject.Person, q.subject.Via, "signed out"), func(tx *store.Tx) error { return tx.EndSession(q.session.Hash) })
		if err != nil {
			return err
		}
	}
	q.setCookie(q.s.cookie(), "", "/", -time.Second)
	q.w.Header().Set("Clear-Site-Data", `"storage"`)
	return q.done("/sign-in", "signed_out", 0)
}
