package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/notify"
	"goshawk/store"
	"goshawk/workbench"
)

// Server answers browsers and programs.
type Server struct {
	Store *store.Store
	Book  *casebook.Book
	Now   func() time.Time
	Log   *slog.Logger // no personal data: no names, addresses, paths with IDs of cases
	// TLS says that browsers come by https, here or at a proxy.
	TLS bool
	// URL is how browsers come here; nil: as localhost, or however they do. Passkeys are for its name.
	URL *url.URL
	// OIDC is an identity provider; nil: there is none.
	OIDC *OIDC
	// Cost is what it takes to try a password; zero: the standard.
	Cost identity.Cost
	// Proxy is who may say, in X-Forwarded-For, for whom it asks; invalid: nobody.
	Proxy netip.Prefix
	// Events brings what happens in cases to those who look at them.
	Events Events
	// Gauges are figures of other parts of the server, for /metrics.
	Gauges []Gauge
	// Bench is what is done with ledgers; nil: there are none.
	Bench *workbench.Bench
	// Notify tells people and programs what moved; nil: nobody is told.
	Notify *notify.Sender

	metrics *metrics
	signState

	// Notice stands at the head of every page; "": nothing does.
	Notice string

	// Patience is how long a form may take to come, and a piece of an answer to be taken; 0: a minute.
	Patience time.Duration

	files  assets          // what browsers load; known from Handler on
	texts  *catalogue      // what pages say
	pages  map[string]bool // the patterns of the routes there are
	marker *marker         // of Markdown
}

// request is one request and who makes it.
type request struct {
	*http.Request
	w       http.ResponseWriter
	s       *Server
	subject *identity.Subject // nil: nobody is signed in
	session *identity.Session
}

// route is one way into the server. Its table is complete: what is not in it
// answers 404, and a test asks each as every role and as a stranger.
type route struct {
	pattern string          // of http.ServeMux, with a method
	action  identity.Action // what it does; "": open to everybody
	handle  func(*request) error
}

// Handler is everything the server answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	files, err := loadAssets(assetFolders()...)
	if err != nil {
		s.Log.Error("the pages' scripts and styles cannot be read", "error", err)
	}
	s.files = files
	s.metrics = newMetrics(s)
	routes, err := s.all()
	if err != nil {
		s.Log.Error("the API's description cannot be written", "error", err)
	}
	if s.texts, err = loadCatalogue(messageFiles); err != nil {
		s.Log.Error("the pages' texts cannot be read", "error", err)
	}
	s.pages, s.marker = map[string]bool{}, newMarker()
	for _, r := range routes {
		s.pages[r.pattern] = true
		mux.Handle(r.pattern, s.serve(r))
	}
	mux.Handle("/", s.serve(route{handle: func(*request) error {
		return goshawk.Errorf(goshawk.NotFound, "there is nothing here").WithHint("look for it from the start page")
	}}))
	cross := http.NewCrossOriginProtection()
	return s.guard(cross.Handler(mux))
}

// policy lets a page load what this server sends, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard is around everything: headers, and a request that panics.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if s.TLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		begun := time.Now()
		n := &noticed{ResponseWriter: w, patience: s.patience(), control: http.NewResponseController(w)}
		n.begin(r)
		w = n
		defer n.end()
		defer func() { // also of what is broken off
			took := time.Since(begun)
			s.metrics.observe(r.Pattern, n.status, took)
			s.Log.Debug("answered", "pattern", r.Pattern, "status", n.status, "took", took)
		}()
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p) // net/http's own way to break off an answer
				}
				s.Log.Error("a request panicked", "pattern", r.Pattern, "panic", p)
				http.Error(w, "something went wrong here", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// serve answers one route.
func (s *Server) serve(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			r.Body = http.NoBody // who only asks sends nothing that is read, least of all files
		}
		q := &request{Request: r, w: w, s: s}
		err := q.open(route.pattern)
		if err == nil {
			err = q.signedIn()
		}
		if route.action == "" && goshawk.CodeOf(err) == goshawk.Stranger && !errors.Is(err, errUnopened) {
			err = nil // what is open to everybody is so to who sends a bad token, too
		}
		if err == nil && route.action != "" && !route.action.OfCase() {
			err = identity.May(q.subject, route.action, nil)
		}
		if err == nil && route.action.OfCase() && !q.subject.Known() {
			err = identity.May(nil, route.action, nil)
		}
		if err == nil {
			err = route.handle(q)
		}
		if err != nil {
			q.fail(err)
		}
	})
}

// cookie is the name of the session's cookie. The prefix has browsers keep it to
// this host, and to https.
func (s *Server) cookie() string {
	if s.TLS {
		return "__Host-goshawk"
	}
	return "goshawk"
}

// signedIn finds out who asks.
func (q *request) signedIn() error {
	if secret, ok := q.bearer(); ok {
		return q.byToken(secret)
	}
	secret := ""
	for _, c := range q.CookiesNamed(q.s.cookie()) {
		secret = c.Value
	}
	if secret == "" {
		return nil // a stranger
	}
	now := q.s.Now()
	hash := identity.HashSecret(secret)
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		session, err := tx.Session(hash)
		if err != nil || session == nil || !session.Live(now) {
			return err
		}
		p, kind, err := tx.Person(session.Person)
		if err != nil || p.Disabled {
			return err
		}
		q.session, q.subject = session, &identity.Subject{Person: p, Kind: kind, Via: session.Via, Fresh: session.Fresh(now), From: q.from()}
		return nil
	})
	if err == nil && q.session != nil && now.Sub(q.session.Seen) > time.Minute {
		err = q.s.Store.Seen(context.WithoutCancel(q.Context()), hash, now)
	}
	return err
}

// from is the network address that a request comes from.
func (q *request) from() string {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		host = q.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !q.s.Proxy.IsValid() || !q.s.Proxy.Contains(at) {
		return host
	}
	// Some proxies add to the line that came, some a line of their own.
	said := strings.Split(strings.Join(q.Header.Values("X-Forwarded-For"), ","), ",")
	if last, err := netip.ParseAddr(strings.TrimSpace(said[len(said)-1])); err == nil {
		return last.String()
	}
	return host
}
