package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// OIDC is an agency's identity provider (OpenID Connect Core 1.0). It says who somebody is;
// that they have an account here, and what they may do, is said here.
type OIDC struct {
	Issuer string // its URL
	Client string // ID of this server there
	Secret string // of this server there; may be empty
	Name   string // on the button; empty: the issuer's host
}

func (o *OIDC) name(v *view) string {
	if o.Name != "" {
		return o.Name
	}
	if at, err := url.Parse(o.Issuer); err == nil && at.Host != "" {
		return at.Host
	}
	return v.t("sign.oidc_name")
}

// provider is what the identity provider says of itself, as soon as it was asked.
type provider struct {
	mu    sync.Mutex
	known *oidc.Provider
}

// patienceOIDC is how long the identity provider may take to answer.
const patienceOIDC = 10 * time.Second

// askingOIDC is how it is asked: not without end, and not for more than it needs to say.
func askingOIDC() *http.Client {
	return &http.Client{Timeout: patienceOIDC, Transport: brief{http.DefaultTransport}}
}

// brief ends answers that are longer than any that belongs here.
type brief struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b brief) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, 1<<20), res.Body}
	}
	return res, err
}

func (p *provider) get(ctx context.Context, o *OIDC) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	// What it says is kept, and its keys are fetched by the same client, when this request is gone.
	known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), askingOIDC()), o.Issuer)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the identity provider does not answer: %w", err).WithHint("try again, or use another way in")
	}
	p.known = known
	return known, nil
}

// What the browser keeps while it is at the identity provider.
type away struct {
	State, Nonce, Verifier, Next string
}

const (
	sealOIDC = "sign in at the identity provider"
	backOIDC = "/sign-in/oidc/back"
)

// cookieOIDC is the name and the path of the cookie of who is there. By https it has the prefix with which browsers keep it to this
// host, whatever another one of the same domain sets; the prefix demands the path.
func (s *Server) cookieOIDC() (name, path string) {
	if s.TLS {
		return "__Host-goshawk-oidc", "/"
	}
	return "goshawk-oidc", backOIDC
}

// oauth is how this server asks the provider.
func (q *request) oauth(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	o := q.s.OIDC
	if o == nil {
		return nil, nil, goshawk.Errorf(goshawk.NotFound, "this server knows no identity provider").WithHint("use another way in")
	}
	p, err := q.s.signs().oidc.get(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	return p, &oauth2.Config{ClientID: o.Client, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: q.origin() + backOIDC, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}, nil
}

// beginOIDC sends the browser to the identity provider.
func (q *request) beginOIDC() error {
	_, config, err := q.oauth(q.Context())
	if err != nil {
		return q.showSignIn(err)
	}
	a := away{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Next: local(q.FormValue("next"))}
	text, err := q.s.signs().seal.seal(sealOIDC, a, q.s.Now())
	if err != nil {
		return err
	}
	name, path := q.s.cookieOIDC()
	q.setCookie(name, text, path, sealLength)
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)}
	if q.subject.Known() {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	http.Redirect(q.w, q.Request, config.AuthCodeURL(a.State, options...), http.StatusSeeOther)
	return nil
}

// errProvider says that what came from the identity provider lets nobody in.
var errProvider = errors.New("the identity provider's answer lets nobody in")

func noEntry(why string) error {
	return goshawk.Errorf(goshawk.Stranger, "%w: %s", errProvider, why).WithHint("ask an administrator, or use another way in")
}

// byOIDC takes the identity provider's answer, and signs in whom it means.
func (q *request) byOIDC() error {
	g := q.s.signs()
	back, ok := g.limit.enter(identity.ViaOIDC, q.from(), q.s.Now())
	if !ok {
		return q.showSignIn(q.busy(q.s.Now()))
	}
	next, p, err := q.returned()
	switch {
	case err == nil:
		back()
		return q.signedInto(next)
	case errors.Is(err, errProvider), errors.Is(err, errGone):
		if bad := q.refused(p, identity.ViaOIDC, nil); bad != nil {
			return bad
		}
	default:
		back()
	}
	return q.showSignIn(err)
}

// claims is what the provider says of somebody.
type claims struct {
	Email    string    `json:"email"`
	Verified saidTrue  `json:"email_verified"`
	AuthTime *numerals `json:"auth_time"`
}

// saidTrue is true, which some providers write as a text.
type saidTrue bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *saidTrue) UnmarshalJSON(text []byte) error {
	*t = string(text) == "true" || string(text) == `"true"`
	return nil
}

// numerals is a time as JSON Web Tokens have it.
type numerals time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (n *numerals) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	*n = numerals(time.Unix(int64(seconds), 0))
	return nil
}

// returned checks what the browser brings back, and begins the session.
func (q *request) returned() (next string, p *identity.Person, err error) {
	g := q.s.signs()
	name, path := q.s.cookieOIDC()
	cookie, err := q.Cookie(name)
	if err != nil {
		return "", nil, goshawk.Errorf(goshawk.Invalid, "this was begun too long ago, or elsewhere").WithHint("begin again")
	}
	q.setCookie(name, "", path, -time.Second)
	var a away
	spend, err := g.seal.open(sealOIDC, cookie.Value, &a, q.s.Now())
	if err != nil {
		return "", nil, err
	}
	if subtle.ConstantTimeCompare([]byte(a.State), []byte(q.FormValue("state"))) != 1 {
		return "", nil, goshawk.Errorf(goshawk.Invalid, "this was begun elsewhere").WithHint("begin again")
	}
	if err := spend(); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(q.Context(), askingOIDC()), patienceOIDC)
	defer cancel()
	provider, config, err := q.oauth(ctx)
	if err != nil {
		return "", nil, err
	}
	if iss := q.FormValue("iss"); iss != "" && iss != q.s.OIDC.Issuer { // RFC 9207
		return "", nil, noEntry("it comes from another one")
	}
	if q.FormValue("error") != "" {
		return "", nil, noEntry("it says no")
	}
	tokens, err := config.Exchange(ctx, q.FormValue("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		if e, refused := errors.AsType[*oauth2.RetrieveError](err); refused && e.Response.StatusCode < 500 {
			return "", nil, noEntry("it does not know the code")
		}
		return "", nil, goshawk.Errorf(goshawk.Unavailable, "the identity provider does not answer: %w", err).WithHint("try again, or use another way in")
	}
	raw, _ := tokens.Extra("id_token").(string)
	verifier := provider.VerifierContext(ctx, &oidc.Config{ClientID: q.s.OIDC.Client, Now: q.s.Now})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		q.s.Log.Warn("the identity provider's token was refused", "error", err)
		return "", nil, noEntry("its token is not good")
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return "", nil, noEntry("its token is for another sign-in")
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return "", nil, noEntry("its token cannot be read")
	}
	p, bind, err := q.meant(id.Issuer, id.Subject, &c)
	if err != nil {
		return "", p, err
	}
	var proved time.Time
	if c.AuthTime != nil {
		if proved = time.Time(*c.AuthTime).UTC(); proved.After(q.s.Now()) {
			proved = q.s.Now()
		}
	}
	return a.Next, p, q.admit(p, identity.ViaOIDC, proved, "signed in", bind)
}

// meant finds whom the provider means: who was meant before, or else who has the e-mail address that it
// has verified.
func (q *request) meant(issuer, subject string, c *claims) (p *identity.Person, bind func(*store.Tx) error, err error) {
	err = q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		id, err := tx.Subject(issuer, subject)
		if err != nil {
			return err
		}
		if id != "" {
			found, _, err := tx.Person(id)
			p = &found
			return err
		}
		if !bool(c.Verified) || c.Email == "" {
			return noEntry("it has not verified the e-mail address")
		}
		found, _, err := tx.PersonByEmail(strings.TrimSpace(c.Email))
		if goshawk.CodeOf(err) == goshawk.NotFound {
			return noEntry("nobody here has the e-mail address")
		}
		if err != nil {
			return err
		}
		p = &found
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if p.Disabled {
		return p, nil, noEntry("nobody here has the e-mail address")
	}
	return p, func(tx *store.Tx) error {
		err := tx.SetSubject(issuer, subject, p.ID)
		if goshawk.CodeOf(err) == goshawk.Conflict {
			return noEntry("it means somebody else by this person than before")
		}
		return err
	}, nil
}
