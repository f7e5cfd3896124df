package web

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// hostile is a text that does harm wherever it is not written as a text.
const hostile = `"'><script src=//evil.example></script><img src=x onerror=alert(1)><a href="javascript:alert(1)">=HYPERLINK("http://evil.example")</a>]]>{{7*7}}`

// fill begins a record of each kind with harm in every field that takes it.
func (s *stage) fill(id goshawk.ID) {
	s.t.Helper()
	harm := casebook.Set("", "", "", hostile).After
	for _, k := range casebook.Kinds() {
		if k.Kind == casebook.KindMember || k.Kind == casebook.KindExhibit || k.Kind == casebook.KindReport {
			continue
		}
		r := goshawk.ID("h1")
		if k.Single {
			r = "case"
		}
		var edits []casebook.Edit
		for _, f := range k.Fields {
			if strings.HasSuffix(f.Name, "/") {
				continue
			}
			for _, try := range []any{hostile, "2026-11-30T12:00:00Z", "2026-11-30", strings.Repeat("0", 64), "x1", 7, []string{hostile}, map[string]string{"x": hostile, hostile: "x"}, "transaction", "done", "draft", "address", "confirmed", true} {
				e := casebook.Set(k.Kind, r, f.Name, try)
				if f.Check(e.After) != nil {
					continue
				}
				if k.Kind == casebook.KindCase {
					v, err := s.value(id, e.Field)
					if err != nil {
						s.t.Fatal(err)
					}
					e.Before = v
				}
				edits = append(edits, e)
				break
			}
		}
		if !slices.ContainsFunc(edits, func(e casebook.Edit) bool { return bytes.Equal(e.After, harm) }) && k.Kind != casebook.KindSnapshot && k.Kind != casebook.KindAlert {
			s.t.Errorf("a %s takes no harm", k.Kind)
		}
		write := s.web.Book.Act
		if k.Kind == casebook.KindRun || k.Kind == casebook.KindAlert {
			write = s.web.Book.Record // what the server writes repeats what others say, too
		}
		if _, err := write(s.t.Context(), s.subject("investigator"), id, "did harm", edits); err != nil {
			s.t.Fatalf("%s: %v", k.Kind, err)
		}
	}
}

func (s *stage) value(id goshawk.ID, f casebook.Field) ([]byte, error) {
	var v casebook.Value
	err := s.db.View(s.t.Context(), func(tx *store.Tx) (err error) {
		v, err = tx.Field(id, f)
		return err
	})
	return v.JSON, err
}

// Whatever texts say, every page is clean: it holds no script, handler, style or address but
// its own.
func TestPagesAreClean(t *testing.T) {
	s := newStage(t)
	id := s.newCase()
	s.fill(id)
	x, err := s.web.Book.AddExhibit(t.Context(), s.subject("investigator"), id, casebook.Exhibit{Name: hostile, Source: hostile, Custodian: hostile, Comment: hostile}, strings.NewReader(hostile))
	if err != nil {
		t.Fatal(err)
	}
	p := *s.who["investigator"]
	p.Name = hostile
	s.write(func(tx *store.Tx) error { return tx.SetPerson(&p) })
	fill := map[string]string{"{case}": string(id), "{exhibit}": string(x.ID), "{note}": "h1", "{subject}": "h1", "{graph}": "h1", "{letter}": "h1", "{run}": "h1", "{$}": ""}
	ines := s.as("investigator")
	pages := []string{"/search?q=" + escaped(hostile), "/search?q=hyperlink", "/cases?with=" + escaped(hostile), "/cases/" + escaped(hostile), "/nowhere/" + escaped(hostile), casePath(id) + "/notes/h1?view=read",
		casePath(id) + "/history?show=all", casePath(id) + "?done=" + escaped(hostile) + "&undo=1", "/cases?done=saved&undo=" + escaped(hostile)}
	all, err := s.web.all()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		method, at, _ := strings.Cut(r.pattern, " ")
		if method != "GET" || strings.HasPrefix(at, "/api/") || strings.HasSuffix(at, "/events") || strings.HasPrefix(at, "/assets") {
			continue
		}
		for name, value := range fill {
			at = strings.ReplaceAll(at, name, value)
		}
		pages = append(pages, at)
	}
	seen := 0
	for _, at := range pages {
		res := ines.do("GET", at, nil, "Accept", "text/html")
		if res.StatusCode >= 500 {
			t.Errorf("%s: %s", at, res.Status)
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			seen++
			clean(t, at, res.body, res.Header.Get("Content-Security-Policy"))
		}
		if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: the policy is %q", at, got)
		}
	}
	if seen < 15 {
		t.Errorf("only %d pages were looked at", seen)
	}
	has(t, ines.page(casePath(id)+"/notes/h1"), "&lt;script src=//evil.example&gt;")
	// What a form sends back on the page of a clash, and on the one of what was found.
	res := ines.post(casePath(id)+"/records/note/h1", "f.text", "mine "+hostile, "b.text", `"never"`, "f.title", hostile+"x", "b.title", `"never"`)
	if res.StatusCode != http.StatusConflict {
		t.Errorf("no clash: %s", res.Status)
	}
	clean(t, "clash", res.body, "")
	res = ines.post(casePath(id)+"/find", "text", hostile+" "+firstAddress+" "+hostile, "source", hostile)
	if res.StatusCode != 200 {
		t.Errorf("find: %s", res.Status)
	}
	clean(t, "find", res.body, "")
}

// clean reads a page as browsers do. A style is clean if the policy names it by its hash.
func clean(t *testing.T, name string, page []byte, policy string) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		src := ""
		// The picture of a secret, made by the page itself.
		if n.Data == "img" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
			return a.Key == "src" && strings.HasPrefix(a.Val, "data:image/png;base64,")
		}) {
			continue
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
				t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
			case a.Key == "href", a.Key == "src", a.Key == "action", a.Key == "formaction":
				src = value
				outside := strings.Contains(strings.SplitN(value, "?", 2)[0], ":") || strings.HasPrefix(value, "//")
				if outside && (n.Data != "a" || !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "mailto:")) && !strings.HasPrefix(value, "/") {
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("%s: the id %q is there twice", name, a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			}
		}
		switch n.Data {
		case "script", "link":
			if n.Data == "script" && (!strings.HasPrefix(src, "/assets/") || n.FirstChild != nil) {
				t.Errorf("%s: a script of %q", name, src)
			}
		case "style":
			sum := sha256.Sum256([]byte(n.FirstChild.Data))
			if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
				t.Errorf("%s: a style that the policy %q does not name", name, policy)
			}
		case "iframe", "object", "embed", "base", "img":
			t.Errorf("%s: <%s>", name, n.Data)
		}
	}
}

// Forms and files that are too large are refused with words, and the server lives.
func TestTooMuch(t *testing.T) {
	s := newStage(t)
	s.web.Book.MostExhibit = 100_000
	id := s.newCase()
	at := casePath(id)
	ines := s.as("investigator")
	before := files(t, s.folder)
	if res := ines.upload(at, "x", [2]string{"big", strings.Repeat("x", 100_001)}); res.StatusCode != 400 || !bytes.Contains(res.body, []byte("100,000 bytes")) {
		t.Errorf("a file that is too large: %s\n%s", res.Status, res.body)
	}
	if after := files(t, s.folder); after != before {
		t.Errorf("%d files became %d", before, after)
	}
	for name, send := range map[string]func() answer{
		"a long title":       func() answer { return ines.post("/cases", "title", strings.Repeat("x", 201)) },
		"a form":             func() answer { return ines.post(at+"/records/note/new", "f.text", strings.Repeat("x", mostForm)) },
		"a note":             func() answer { return ines.post(at+"/records/note/new", "f.text", strings.Repeat("x", 200_001)) },
		"a text":             func() answer { return ines.post(at+"/find", "text", strings.Repeat("x", mostPasted)) },
		"a line in a title":  func() answer { return ines.post(at+"/records/note/new", "f.title", "a\nb") },
		"no text":            func() answer { return ines.post(at+"/records/note/new", "f.text", "\xff\xfe") },
		"a record's ID":      func() answer { return ines.post(at+"/records/note/..%2f..%2fx", "f.title", "x") },
		"another kind":       func() answer { return ines.post(at+"/records/run/new", "f.title", "x") },
		"fields without end": func() answer { return ines.post(at+"/records/note/new", many(20_000)...) },
		"a change's number":  func() answer { return ines.post(at+"/undo", "seq", "-1") },
		"a later change":     func() answer { return ines.post(at+"/undo", "seq", "999999999999") },
		"percent signs": func() answer {
			return ines.do("POST", at+"/undo", "seq=%zz", "Content-Type", "application/x-www-form-urlencoded")
		},
		"no form": func() answer { return ines.do("POST", at+"/exhibits", "x", "Content-Type", "multipart/form-data") },
		"half a one": func() answer {
			return ines.do("POST", at+"/exhibits", "--b\r\nContent-Disp", "Content-Type", "multipart/form-data; boundary=b")
		},
	} {
		if res := send(); res.StatusCode != 400 && res.StatusCode != 404 {
			t.Errorf("%s: %s\n%.500s", name, res.Status, res.body)
		}
	}
	ines.page(at)
}

func many(n int) (pairs []string) {
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("f.x%d", i), "y")
	}
	return pairs
}

func files(t *testing.T, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// endlessBody says that it has two gigabytes, and counts what is taken of them.
type endlessBody struct{ taken atomic.Int64 }

func (b *endlessBody) Read(p []byte) (int, error) {
	taken := b.taken.Add(int64(len(p)))
	if taken > 2<<30 {
		return 0, io.EOF
	}
	clear(p)
	return len(p), nil
}

// Two gigabytes are refused after as much as one exhibit may have, and take no memory.
func TestTwoGigabytes(t *testing.T) {
	s := newStage(t)
	s.web.Book.MostExhibit = 1 << 20
	id := s.newCase()
	body := &endlessBody{}
	head := "--b\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.http.URL+casePath(id)+"/exhibits", io.MultiReader(strings.NewReader(head), body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("Cookie", "goshawk="+s.session("investigator", identity.ViaPasskey))
	res, err := http.DefaultClient.Do(r)
	if err == nil { // else the server has hung up on what still came
		defer res.Body.Close()
		if res.StatusCode != 400 {
			t.Errorf("%s", res.Status)
		}
	}
	if taken := body.taken.Load(); taken > 512<<20 { // the client may still be reading it
		t.Errorf("%d bytes were taken", taken)
	}
	if n := files(t, filepath.Join(s.folder, "incoming")); n != 0 {
		t.Errorf("%d files are left half written", n)
	}
	s.as("investigator").page(casePath(id))
}

// Who sends a form a byte now and then is let go of.
func TestSlowForm(t *testing.T) {
	s := newStage(t)
	s.web.Patience = 50 * time.Millisecond
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /cases HTTP/1.1\r\nHost: x\r\nCookie: goshawk=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntitle=", s.session("investigator", identity.ViaPasskey)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		text, err := io.ReadAll(res.Body)
		t.Errorf("%s, %s, %v", res.Status, text, err)
	}
}
