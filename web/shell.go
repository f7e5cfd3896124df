package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// view is what a page's frame shows around the page.
type view struct {
	*words
	q     *request
	title string
	at    *casebook.Summary // the case that the page is about, or nil
	here  string            // path of the part of the house, or of the case, that it belongs to
	trail []crumb           // from the start page to above this one
	wide  bool              // the page takes all of the window
	mark  string            // the marking of a page that shows something of a case, and is about none
}

// crumb is a step of the way to a page.
type crumb struct{ title, href string }

// way is an entry of a menu. One whose page the server does not have is not shown.
type way struct {
	path   string // of a case's: below the case
	key    string // of its name in the catalogue
	icon   string // in icons.svg
	action identity.Action
}

// ways lists the parts of the house.
func ways() []way {
	return []way{
		{"/cases", "nav.cases", "case", identity.ListCases},
		{"/profiles", "nav.profiles", "letter", identity.ReadProfiles},
		{"/ledgers", "nav.ledgers", "ledger", identity.ReadLedger},
		{"/people", "nav.people", "people", identity.ManagePeople},
		{"/agencies", "nav.agencies", "agency", identity.ManagePeople},
		{"/audit", "nav.audit", "history", identity.ReadAudit},
		{"/settings", "nav.settings", "settings", identity.ManageServer},
	}
}

// caseWays lists the parts of a case.
func caseWays() []way {
	return []way{
		{"", "nav.overview", "case", identity.ReadCase},
		{"/subjects", "nav.subjects", "address", identity.ReadCase},
		{"/graphs", "nav.graphs", "graph", identity.ReadCase},
		{"/runs", "nav.runs", "trace", identity.ReadCase},
		{"/timeline", "nav.timeline", "time", identity.ReadCase},
		{"/notes", "nav.notes", "note", identity.ReadCase},
		{"/tasks", "nav.tasks", "task", identity.ReadCase},
		{"/exhibits", "nav.exhibits", "exhibit", identity.ReadCase},
		{"/letters", "nav.letters", "letter", identity.ReadCase},
		{"/answers", "nav.answers", "answer", identity.ReadCase},
		{"/watches", "nav.watches", "watch", identity.ReadCase},
		{"/findings", "nav.findings", "flag", identity.ReadCase},
		{"/report", "nav.report", "report", identity.ReadCase},
		{"/members", "nav.members", "people", identity.ReadCase},
		{"/history", "nav.history", "history", identity.ReadHistory},
		{"/settings", "nav.case_settings", "settings", identity.ReadCase},
	}
}

// page begins a page of a title.
func (q *request) page(title string) *view {
	return &view{words: q.words(), q: q, title: title, here: "/" + first(strings.TrimPrefix(q.URL.Path, "/"))}
}

// casePage begins a page of a case. here is the part of the case, as in caseWays.
func (q *request) casePage(c *casebook.Summary, here, title string, trail ...crumb) *view {
	v := q.page(title)
	v.at, v.here = c, here
	v.trail = append([]crumb{{v.t("nav.cases"), "/cases"}, {caseTitle(v, c), casePath(c.ID)}}, trail...)
	return v
}

// words are those of the language that the browser asks for.
func (q *request) words() *words {
	return q.s.texts.words(q.Header.Get("Accept-Language"))
}

func first(path string) string {
	name, _, _ := strings.Cut(path, "/")
	return name
}

// marked is the marking that stands at the head and foot of the page; "" where there is none.
func (v *view) marked() string {
	if v.at != nil {
		return v.at.Marking
	}
	return v.mark
}

// casePath is where a case is.
func casePath(id goshawk.ID) string { return "/cases/" + string(id) }

// caseTitle is what a case is called on pages.
func caseTitle(v *view, c *casebook.Summary) string {
	if c.Title == "" {
		return v.t("case.untitled")
	}
	return c.Title
}

// show answers with a page.
func (q *request) show(v *view, body templ.Component) error { return q.showAs(http.StatusOK, v, body) }

// showAs answers with a page and a status. A page that cannot be written is no half page.
func (q *request) showAs(status int, v *view, body templ.Component) error {
	var b bytes.Buffer
	if err := shell(v, body).Render(context.WithoutCancel(q.Context()), &b); err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "a page cannot be written: %w", err)
	}
	return q.send(status, &b)
}

// showPart answers with a part of a page, for htmx.
func (q *request) showPart(body templ.Component) error {
	var b bytes.Buffer
	if err := body.Render(context.WithoutCancel(q.Context()), &b); err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "a part of a page cannot be written: %w", err)
	}
	return q.send(http.StatusOK, &b)
}

func (q *request) send(status int, b *bytes.Buffer) error {
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(status)
	if _, err := q.w.Write(b.Bytes()); err != nil {
		return nil //nolint:nilerr // the browser is gone
	}
	return nil
}

// partly says whether htmx asks for a part of a page.
func (q *request) partly() bool { return q.Header.Get("HX-Request") == "true" }

// done sends the browser to a page of this server, which says what was done: a message "done.…".
// With the number of a change of a case it offers to take that back.
func (q *request) done(to, key string, undo int64) error {
	at, err := url.Parse(to)
	if err != nil || at.IsAbs() || at.Host != "" || !strings.HasPrefix(at.Path, "/") || strings.HasPrefix(at.Path, "//") || strings.Contains(at.Path, `\`) {
		return goshawk.Errorf(goshawk.Invalid, "the page to return to is none of this server's").WithHint("send the form from its own page")
	}
	values := at.Query()
	values.Del("undo")
	values.Set("done", key)
	if undo > 0 {
		values.Set("undo", strconv.FormatInt(undo, 10))
	}
	at.RawQuery = values.Encode()
	http.Redirect(q.w, q.Request, at.String(), http.StatusSeeOther)
	return nil
}

// said is the message that done left for this page; "" where there is none.
func (v *view) said() string {
	key := "done." + v.q.URL.Query().Get("done")
	if key == "done." || !v.has(key) {
		return ""
	}
	return v.t(key)
}

// undo is the change that the message offers to take back; 0 where there is none.
func (v *view) undo() int64 {
	n, err := strconv.ParseInt(v.q.URL.Query().Get("undo"), 10, 64)
	if err != nil || v.at == nil || n < 1 {
		return 0
	}
	return n
}

// self is the page's own address, without what done added.
func (v *view) self() string {
	values := v.q.URL.Query()
	values.Del("done")
	values.Del("undo")
	at := url.URL{Path: v.q.URL.Path, RawQuery: values.Encode()}
	return at.String()
}

// asset is where a browser finds a file.
func (v *view) asset(name string) string { return v.q.s.files.url(name) }

// built says whether the program was built with a file.
func (v *view) built(name string) bool { return v.q.s.files.has(name) }

// menu returns the parts of the house that somebody may go to.
func (v *view) menu() []way {
	return slices.DeleteFunc(ways(), func(w way) bool {
		return !v.q.s.pages["GET "+w.path] || identity.May(v.q.subject, w.action, nil) != nil
	})
}

// caseMenu returns the parts of the case.
func (v *view) caseMenu() []way {
	return slices.DeleteFunc(caseWays(), func(w way) bool { return !v.q.s.pages["GET /cases/{case}"+w.path] })
}

// may says whether who asks may do something in the case of the page. Pages show no button that
// the server would refuse; the server decides again.
func (v *view) may(a identity.Action) bool {
	if !a.OfCase() {
		return identity.May(v.q.subject, a, nil) == nil
	}
	return v.at != nil && identity.May(v.q.subject, a, &identity.Standing{Agency: v.at.Agency, Part: v.at.Part, Closed: v.at.Status == "closed"}) == nil
}

func (v *view) mayChange() bool { return v.may(identity.ChangeCase) }

func (v *view) mayManage() bool { return v.may(identity.ManageCase) }

// when writes a time for people, and moment for machines.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// today is the day at which the page is made.
func (v *view) today() string { return v.q.s.Now().UTC().Format(time.DateOnly) }

// initials are the first letters of a person's first and last name.
func initials(name string) string {
	parts := strings.Fields(name)
	if len(parts) == 0 {
		return "?"
	}
	out := string([]rune(parts[0])[:1])
	if len(parts) > 1 {
		out += string([]rune(parts[len(parts)-1])[:1])
	}
	return strings.ToUpper(out)
}

// shortID shows an address or a hash with its beginning and its end. There is nothing between the
// two, so that all of it is copied, and without a gap.
func shortID(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		const end = 8
		whole := templ.EscapeString(text)
		inside := whole
		if len(text) > 3*end {
			inside = `<span class="a">` + templ.EscapeString(text[:len(text)-end]) + `</span><span class="b">` + templ.EscapeString(text[len(text)-end:]) + `</span>`
		}
		_, err := io.WriteString(w, `<bdi dir="ltr" class="id" title="`+whole+`">`+inside+`</bdi>`)
		return err
	})
}
