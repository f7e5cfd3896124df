package main

import (
	"context"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
	"goshawk/web"
)

// The demo's server lets anybody on this machine be anybody of the demo's people. That is no part of package web: the server
// that people use has no such door, on the demo's data folder neither. See docs/decisions/2026-11-23-the-demo-server.md.

// checkLoopback refuses to serve the demo to other machines.
func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return badUsage("--listen cannot be %q: %v", listen, err).WithHint("write HOST:PORT, as 127.0.0.1:8080")
	}
	if !loopback(host) {
		return badUsage("the demo needs no password, and is served to this machine only: not at %s", listen).WithHint("--listen 127.0.0.1:8080, or another port")
	}
	return nil
}

// serveDemo serves what a demo left in a folder until it is interrupted.
func serveDemo(ctx context.Context, t *terminal, folder, listen string) error {
	// Settings are for the servers that people use: none of them may reach this one, or send mail from it.
	own := &terminal{out: t.out, err: t.err, env: func(string) (string, bool) { return "", false }, letGo: t.letGo, hold: t.hold}
	for _, v := range verbs() {
		if v.name != "serve" {
			continue
		}
		c := newCommand(own, v)
		c.args = demoArgs(folder, listen)
		return serveBench(ctx, c, func(s *web.Server, next http.Handler) http.Handler {
			s.Notice = demoNotice
			c.say("\nOpen it, and choose whom to be: no password is asked for. It is answered to this machine only.\n\n%s\nCtrl+C ends it.", whoIsWho())
			return demoDoor(s, next)
		})
	}
	return goshawk.Errorf(goshawk.Unsupported, "this program serves nothing")
}

// demoArgs are the flags of a demo's server. Its world's blocks are there: a package of evidence has all that its numbers
// follow from. Where commas in the folder's name would part one flag into several it goes without.
func demoArgs(folder, listen string) []string {
	args := []string{"--data", filepath.Join(folder, demoData), "--listen", listen, "--log", "none", "--config", ""}
	if blocks := filepath.Join(folder, demoWorld, "blocks"); !strings.Contains(blocks, ",") {
		args = append(args, "--blocks", demoLedgerName+"="+blocks)
	}
	return args
}

// whoIsWho lists the demo's people.
func whoIsWho() string {
	text := ""
	for _, a := range demoAgencies() {
		for _, p := range a.people {
			text += fmt.Sprintf("  %-12s %-14s %-32s %s\n", p.name, p.role, a.name, p.does)
		}
	}
	return text
}

// demoPath is the page on which one chooses whom to be.
const demoPath = "/demo"

// demoDoor puts that page in front of a server, in the place of signing in.
func demoDoor(s *web.Server, next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+demoPath, func(w http.ResponseWriter, _ *http.Request) { choosePerson(w) })
	mux.HandleFunc("POST "+demoPath, func(w http.ResponseWriter, r *http.Request) {
		if err := becomePerson(w, r, s); err != nil {
			s.Log.Error("nobody was let in", "error", err)
			http.Error(w, "that is nobody of this demo", http.StatusBadRequest)
		}
	})
	mux.Handle("GET /sign-in", http.RedirectHandler(demoPath, http.StatusSeeOther))
	mux.Handle("/", next)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Another site may have its name lead here, and its pages would then be of the same origin.
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !loopback(host) {
			http.Error(w, "the demo answers this machine only, as localhost", http.StatusMisdirectedRequest)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// becomePerson begins a session of the person that a form names, and says in the audit trail how.
func becomePerson(w http.ResponseWriter, r *http.Request, s *web.Server) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	now := s.Now()
	email, known := r.FormValue("email"), false
	for _, a := range demoAgencies() {
		for _, p := range a.people {
			known = known || p.email == email
		}
	}
	if !known {
		return goshawk.Errorf(goshawk.NotFound, "nobody of the demo has this e-mail address")
	}
	var secret string
	e := &audit.Entry{At: now, Action: string(identity.ReadSelf), Via: string(identity.ViaConsole), What: "chose in the demo to be " + email}
	err := s.Store.Do(r.Context(), e, func(tx *store.Tx) error {
		p, _, err := tx.PersonByEmail(email)
		if err != nil {
			return err
		}
		e.Person, e.Name, e.Agency = p.ID, p.Name, p.Agency
		var session identity.Session
		session, secret = identity.NewSession(&p, identity.ViaConsole, "127.0.0.1", r.UserAgent(), now, now)
		return tx.AddSession(&session)
	})
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: "goshawk", Value: secret, Path: "/", MaxAge: int(identity.SessionLength / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/cases", http.StatusSeeOther)
	return nil
}

// choosePerson answers with the page that lists the demo's people.
func choosePerson(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	type person struct{ Name, Email, Role, Does string }
	type agency struct {
		Name   string
		People []person
	}
	page := struct {
		Notice   string
		Agencies []agency
	}{Notice: demoNotice}
	for _, a := range demoAgencies() {
		one := agency{Name: a.name}
		for _, p := range a.people {
			one.People = append(one.People, person{p.name, p.email, string(p.role), p.does})
		}
		page.Agencies = append(page.Agencies, one)
	}
	_ = demoPage().Execute(w, page) // a browser that is gone is told nothing
}

func demoPage() *template.Template {
	return template.Must(template.New("demo").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Whom do you want to be? · Goshawk</title>
<link rel="icon" type="image/svg+xml" href="/assets/mark.svg">
<link rel="stylesheet" href="/assets/fonts.css">
<link rel="stylesheet" href="/assets/site.css">
</head>
<body>
<header class="band"><p class="notice">{{.Notice}}</p></header>
<div class="frame"><main id="main">
<h1>Whom do you want to be?</h1>
<p>Choose somebody; what each may see and do differs. Nothing here is secret, and this page is only in the demo: elsewhere people sign in with a passkey, or with a password and a code.</p>
{{range .Agencies}}<section class="card">
<h2>{{.Name}}</h2>
<ul class="cast">
{{range .People}}<li><form method="post" action="/demo"><input type="hidden" name="email" value="{{.Email}}"><button type="submit">{{.Name}}</button></form> <span><strong>{{.Role}}</strong><br>{{.Does}}</span></li>
{{end}}</ul>
</section>
{{end}}</main></div>
</body>
</html>
`))
}
