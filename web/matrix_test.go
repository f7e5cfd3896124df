package web

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

var update = flag.Bool("update", false, "write docs/routes.md anew")

// sample is a request that makes use of a route; matrix_rows_test.go has one for each.
type sample struct {
	// path with what the pattern leaves open filled in, but for {case} and {exhibit}; nil: the
	// pattern's, with fill.
	path func(*cast, *actor) string
	// body: a text, or a value to send as JSON; nil: none.
	body any
	// as is somebody to make the request for the actor; nil: the actor.
	as func(*cast, *actor) *browser
	// form says that the body is a form's, not JSON.
	form bool
	// fill is for the pattern's names.
	fill map[string]string
	// ends says that it ends the caller's other sessions: everybody signs in again.
	ends bool
	// fails is a status that who may do it is answered with, where the sample cannot succeed here.
	fails int
}

// actor is somebody in the matrix.
type actor struct {
	name    string // as a column or footnote calls them
	browser *browser
	subject *identity.Subject // nil: nobody
	part    identity.Part
	shared  bool          // a snapshot of each case is shared with them
	back    func() string // begins another session and returns its secret; nil: they have none that ends
}

// cast is the stage with everybody on it.
type cast struct {
	*stage
	open, closed goshawk.ID                // cases with the same members
	exhibit      map[goshawk.ID]goshawk.ID // of each case
	share        map[goshawk.ID]goshawk.ID // of each case, with the guest; it stays
	ending       map[goshawk.ID]goshawk.ID // another one, to be ended
	actors       []*actor
}

// newCast puts everybody on the stage: each role with each part; each way of signing in; and
// those whom nobody knows.
func newCast(t *testing.T) *cast {
	c := &cast{stage: newStage(t), exhibit: map[goshawk.ID]goshawk.ID{}, share: map[goshawk.ID]goshawk.ID{}, ending: map[goshawk.ID]goshawk.ID{}}
	c.who["lead"] = c.who["investigator"]
	c.open, c.closed = c.newCase(), c.newCase()
	agency := c.who["investigator"].Agency
	people := map[string]identity.Part{}
	for _, role := range identity.Roles() {
		for _, part := range []identity.Part{"", identity.Viewer, identity.Worker, identity.Lead} {
			name := string(role) + " as " + cmp.Or(string(part), "no member")
			p := &identity.Person{ID: casebook.NewID(), Agency: agency, Name: name, Email: strings.ReplaceAll(name, " ", ".") + "@police.example", Role: role, Created: c.now}
			c.who[name] = p
			c.write(func(tx *store.Tx) error { return tx.AddPerson(p) })
			people[name] = part
		}
	}
	guest := identity.Person{ID: casebook.NewID(), Agency: c.who["outsider"].Agency, Name: "guest", Email: "guest@police.example", Role: identity.Reader, Created: c.now}
	c.who["guest"] = &guest
	c.write(func(tx *store.Tx) error { return tx.AddPerson(&guest) })
	for _, id := range []goshawk.ID{c.open, c.closed} {
		var edits []casebook.Edit
		for _, name := range slices.Sorted(maps.Keys(people)) {
			if people[name] != "" {
				edits = append(edits, casebook.Set(casebook.KindMember, c.who[name].ID, "part", string(people[name])))
			}
		}
		edits = append(edits, casebook.Set(casebook.KindNote, "n1", "title", "A note"), casebook.Set(casebook.KindNote, "n1", "text", "Words"))
		var seen []casebook.Edit // by the server
		for _, more := range furnish {
			if k := more[0].Kind; k == casebook.KindRun || k == casebook.KindAlert {
				seen = append(seen, more...)
				continue
			}
			edits = append(edits, more...)
		}
		if _, err := c.web.Book.Act(t.Context(), c.subject("lead"), id, "chose members", edits); err != nil {
			t.Fatal(err)
		}
		c.setNote(id, "a change to undo")
		x, err := c.web.Book.AddExhibit(t.Context(), c.subject("lead"), id, casebook.Exhibit{Name: "a.txt", Source: "a test"}, strings.NewReader("an exhibit"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.web.Book.Record(t.Context(), nil, id, "what a server saw", seen); err != nil {
			t.Fatal(err)
		}
		c.exhibit[id] = x.ID
		for _, to := range []map[goshawk.ID]goshawk.ID{c.share, c.ending} {
			if to[id], err = c.web.Book.Share(t.Context(), c.subject("lead"), id, "p1", guest.ID, c.now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	status := casebook.Field{Kind: casebook.KindCase, ID: "case", Name: "status"}
	if _, err := c.web.Book.Change(t.Context(), c.subject("lead"), c.closed, "closed the case", []casebook.Edit{{Field: status, Before: []byte(`"open"`), After: []byte(`"closed"`)}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		c.actors = append(c.actors, &actor{name, c.as(name), c.subject(name), people[name], false, func() string { return c.session(name, identity.ViaPasskey) }})
	}
	// Other ways in, of those who may do most.
	for _, name := range []string{"investigator as lead", "administrator as lead"} {
		for _, via := range []identity.Via{identity.ViaOIDC, identity.ViaPassword, identity.ViaRecovery, identity.ViaInvitation} {
			s := c.subject(name)
			s.Via = via
			c.actors = append(c.actors, &actor{name + " by " + string(via), &browser{c.stage, http.Header{"Cookie": {"goshawk=" + c.session(name, via)}}}, s, people[name], false, func() string { return c.session(name, via) }})
		}
		for _, scope := range identity.Scopes() {
			s := c.subject(name)
			s.Via, s.Scopes = identity.ViaToken, []identity.Scope{scope}
			b, _ := c.token(name, scope)
			c.actors = append(c.actors, &actor{name + " by token " + string(scope), b, s, people[name], false, nil})
		}
	}
	for _, name := range []string{"investigator as lead", "administrator as lead"} {
		s := c.subject(name)
		s.Fresh = false
		stale := func() string {
			secret, hash := identity.NewSecret()
			c.write(func(tx *store.Tx) error {
				return tx.AddSession(&identity.Session{Hash: hash, Person: s.Person.ID, Via: identity.ViaPasskey, Created: c.now, Seen: c.now, Ends: c.now.Add(time.Hour), Proved: c.now.Add(-identity.FreshLength)})
			})
			return secret
		}
		c.actors = append(c.actors, &actor{name + ", signed in a while ago", &browser{c.stage, http.Header{"Cookie": {"goshawk=" + stale()}}}, s, people[name], false, stale})
	}
	outsider := c.subject("outsider")
	c.actors = append(c.actors, &actor{"outsider", c.as("outsider"), outsider, "", false, func() string { return c.session("outsider", identity.ViaPasskey) }},
		&actor{"guest", c.as("guest"), c.subject("guest"), "", true, func() string { return c.session("guest", identity.ViaPasskey) }}, &actor{"stranger", c.as(""), nil, "", false, nil},
		&actor{"stranger with a false token", &browser{c.stage, http.Header{"Authorization": {"Bearer goshawk_NO"}}}, nil, "", false, nil},
		&actor{"stranger with a false cookie", &browser{c.stage, http.Header{"Cookie": {"goshawk=NO"}}}, nil, "", false, nil})
	// Somebody who was known: disabled, and signed out by time.
	gone := identity.Person{ID: casebook.NewID(), Agency: agency, Name: "gone", Email: "gone@police.example", Role: identity.Administrator, Created: c.now}
	c.who["gone"] = &gone
	c.write(func(tx *store.Tx) error { return tx.AddPerson(&gone) })
	cookie, token := c.as("gone"), (*browser)(nil)
	token, _ = c.token("gone", identity.ScopeAdmin)
	gone.Disabled = true
	c.write(func(tx *store.Tx) error { return tx.SetPerson(&gone) })
	secret, hash := identity.NewSecret()
	c.write(func(tx *store.Tx) error {
		begun := c.now.Add(-identity.SessionIdle)
		return tx.AddSession(&identity.Session{Hash: hash, Person: c.who["lead"].ID, Via: identity.ViaPasskey, Created: begun, Seen: begun, Ends: c.now.Add(time.Hour)})
	})
	c.actors = append(c.actors, &actor{"disabled", cookie, nil, "", false, nil}, &actor{"disabled, by token", token, nil, "", false, nil},
		&actor{"lead, signed out by time", &browser{c.stage, http.Header{"Cookie": {"goshawk=" + secret}}}, nil, "", false, nil})
	return c
}

// verdict is what the rules say of an actor and an action: the status of a refusal, or 0.
func (c *cast) verdict(a *actor, action identity.Action, closed bool) int {
	if action == "" {
		return 0
	}
	var at *identity.Standing
	if action.OfCase() && a.subject != nil {
		at = &identity.Standing{Agency: c.who["lead"].Agency, Part: a.part, Closed: closed, Shared: a.shared}
	}
	if err := identity.May(a.subject, action, at); err != nil {
		return status(err)
	}
	return 0
}

// TestMatrix asks for everything as everybody, over HTTP. What it finds is held against the rules,
// and the table of it against docs/routes.md; answers of the API are held against its description.
func TestMatrix(t *testing.T) {
	c := newCast(t)
	routes, err := c.web.all()
	if err != nil {
		t.Fatal(err)
	}
	doc := newDescribed(t, c.web)
	samples := maps.Clone(rows)
	maps.Copy(samples, signRows())
	table := &routeTable{}
	known := map[string]bool{}
	for _, r := range routes {
		known[r.pattern] = true
		s, ok := samples[r.pattern]
		if !ok {
			t.Errorf("nobody has asked for %q: give it a row in matrix_rows_test.go", r.pattern)
			continue
		}
		table.begin(&r)
		done := false
		for _, a := range c.actors {
			for _, id := range []goshawk.ID{c.open, c.closed} {
				if id == c.closed && !r.action.OfCase() {
					continue
				}
				want := c.verdict(a, r.action, id == c.closed)
				got, ok := c.ask(&r, &s, a, id, doc)
				if got != want {
					t.Errorf("%s as %s, case closed: %v: %d, where the rules say %d", r.pattern, a.name, id == c.closed, got, want)
				}
				done = done || ok
				if s.ends {
					c.comeBack()
				}
				table.add(a, id == c.closed, got)
			}
		}
		if !done && s.fails == 0 {
			t.Errorf("%s: nobody was answered well", r.pattern)
		}
	}
	for pattern := range samples {
		if !known[pattern] {
			t.Errorf("matrix_rows_test.go has a row for %q, which is no route", pattern)
		}
	}
	table.compare(t)
}

// comeBack has everybody sign in again, so that what one row ends is not missing in the next.
func (c *cast) comeBack() {
	for _, a := range c.actors {
		if a.back != nil {
			a.browser.header.Set("Cookie", "goshawk="+a.back())
		}
	}
}

// ask makes a route's request as somebody, and returns the status of a refusal, or 0; ok says
// whether it succeeded.
func (c *cast) ask(r *route, s *sample, a *actor, id goshawk.ID, doc *described) (refused int, ok bool) {
	method, path, _ := strings.Cut(r.pattern, " ")
	if s.path != nil {
		path = s.path(c, a)
	} else {
		for name, value := range s.fill {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
	}
	path = strings.NewReplacer("{case}", string(id), "{exhibit}", string(c.exhibit[id]), "{share}", string(c.share[id]), "{ending}", string(c.ending[id]), "{$}", "").Replace(path)
	headers := []string{"Accept", "application/json"}
	if s.form {
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	}
	body := s.body
	if f, isFunc := body.(func() any); isFunc {
		body = f()
	}
	var res answer
	if strings.HasSuffix(r.pattern, "/events") {
		res = c.glance(a.browser, path)
	} else if s.as != nil {
		res = s.as(c, a).do(method, path, body, headers...)
	} else {
		res = a.browser.do(method, path, body, headers...)
	}
	c.t.Helper()
	doc.check(c.t, r, &res)
	switch code := res.StatusCode; {
	case code == s.fails:
		return 0, true
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound:
		return code, false
	case code == http.StatusSeeOther && strings.HasPrefix(res.Header.Get("Location"), "/sign-in?next="):
		return http.StatusUnauthorized, false
	case code >= 400:
		c.t.Errorf("%s as %s: %s:\n%.500s", r.pattern, a.name, res.Status, res.body)
	}
	return 0, true
}

// glance looks at the head of an answer that does not end, or at all of one that does.
func (c *cast) glance(b *browser, path string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.http.URL+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = b.header.Clone()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return answer{res, nil}
	}
	text := make([]byte, 1<<16)
	n, _ := res.Body.Read(text) // its end comes with what is left
	return answer{res, text[:n]}
}

// described is the API's description, to hold answers against.
type described struct {
	doc    *huma.OpenAPI
	called map[string]bool // operations that succeeded
}

func newDescribed(t *testing.T, s *Server) *described {
	t.Helper()
	_, doc := s.api()
	return &described{doc, map[string]bool{}}
}

// operation returns what is described of a route; nil for pages.
func (d *described) operation(r *route) *huma.Operation {
	method, path, _ := strings.Cut(r.pattern, " ")
	p := d.doc.Paths[path]
	if p == nil {
		return nil
	}
	switch method {
	case http.MethodGet:
		return p.Get
	case http.MethodPost:
		return p.Post
	case http.MethodPut:
		return p.Put
	case http.MethodDelete:
		return p.Delete
	case http.MethodPatch:
		return p.Patch
	}
	return nil
}

// check holds an answer against its description.
func (d *described) check(t *testing.T, r *route, a *answer) {
	t.Helper()
	op := d.operation(r)
	if op == nil {
		if strings.Contains(r.pattern, " "+apiRoot) {
			t.Errorf("%s is not described", r.pattern)
		}
		return
	}
	if op.Extensions["x-goshawk-action"] != string(r.action) {
		t.Errorf("%s does %q, and is described to do %q", r.pattern, r.action, op.Extensions["x-goshawk-action"])
	}
	said := op.Responses[strconv.Itoa(a.StatusCode)]
	if said == nil {
		if a.StatusCode < 400 {
			t.Errorf("%s answers %d, which is not described", r.pattern, a.StatusCode)
			return
		}
		said = op.Responses["default"]
	}
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	content := said.Content[media]
	if content == nil {
		if len(said.Content) > 0 || len(a.body) > 0 {
			t.Errorf("%s answers with %q, which is not described", r.pattern, media)
		}
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Errorf("%s: %v:\n%.500s", r.pattern, err, a.body)
		return
	}
	var res huma.ValidateResult
	huma.Validate(d.doc.Components.Schemas, content.Schema, huma.NewPathBuffer([]byte("answer"), 0), huma.ModeReadFromServer, v, &res)
	for _, e := range res.Errors {
		t.Errorf("%s is not as described: %v:\n%.500s", r.pattern, e, a.body)
	}
}

// routeTable is what was found, as docs/routes.md shows it.
type routeTable struct {
	rows  []*tableRow
	index *tableRow
}

type tableRow struct {
	pattern string
	action  identity.Action
	found   map[string]int // by actor; of a case that is open
	closed  map[string]int
}

func (w *routeTable) begin(r *route) {
	w.index = &tableRow{r.pattern, r.action, map[string]int{}, map[string]int{}}
	w.rows = append(w.rows, w.index)
}

func (w *routeTable) add(a *actor, closed bool, refused int) {
	if closed {
		w.index.closed[a.name] = refused
		return
	}
	w.index.found[a.name] = refused
}

// columns of the table: those whose answers differ most.
func columns() [][2]string {
	list := [][2]string{{"stranger", "stranger"}}
	for _, role := range identity.Roles() {
		list = append(list, [2]string{string(role), string(role) + " as no member"})
	}
	for _, part := range []identity.Part{identity.Viewer, identity.Worker, identity.Lead} {
		list = append(list, [2]string{string(part), "investigator as " + string(part)})
	}
	return append(list, [2]string{"reader as worker", "reader as worker"}, [2]string{"outsider", "outsider"}, [2]string{"guest", "guest"},
		[2]string{"lead by recovery code", "investigator as lead by recovery"}, [2]string{"lead by read token", "investigator as lead by token read"},
		[2]string{"lead by write token", "investigator as lead by token write"}, [2]string{"lead by admin token", "investigator as lead by token admin"},
		[2]string{"administrator by admin token", "administrator as lead by token admin"},
		[2]string{"administrator, signed in a while ago", "administrator as lead, signed in a while ago"})
}

const routesFile = "../docs/routes.md"

// compare holds the table against the document.
func (w *routeTable) compare(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Who reaches which route

Made by a test that asks for every route as everybody, over HTTP (` + "`go test ./web -run TestMatrix -update`" + ` writes it anew). The rules behind
it are in ` + "[permissions.md](permissions.md)" + `.

"yes": it is done. "yes, open": in a case that is not closed. 401: sign in first (a browser is sent there). 403: may not. 404: as if there were no such
case. The columns from *viewer* to *lead* are investigators with that part in the case; roles before them are no members of it; an *outsider* is
an investigator of another agency; a *guest* is a reader of that agency, with whom a snapshot of the case is shared. ` + "`/metrics`" + ` is open on the server's own machine, where the test runs; from elsewhere it takes an administrator.

| route | action |`)
	for _, col := range columns() {
		b.WriteString(" " + col[0] + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(columns())) + "\n")
	slices.SortFunc(w.rows, func(x, y *tableRow) int {
		mx, px, _ := strings.Cut(x.pattern, " ")
		my, py, _ := strings.Cut(y.pattern, " ")
		return cmp.Or(cmp.Compare(px, py), cmp.Compare(mx, my))
	})
	for _, r := range w.rows {
		fmt.Fprintf(&b, "| `%s` | %s |", r.pattern, cmp.Or(string(r.action), "(open to all)"))
		for _, col := range columns() {
			said, shut := r.found[col[1]], r.closed[col[1]]
			text := "yes"
			if said != 0 {
				text = strconv.Itoa(said)
			} else if shut != 0 {
				text = "yes, open"
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(routesFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(routesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not as found: look at what changed, and write it anew with -update", routesFile)
	}
}
