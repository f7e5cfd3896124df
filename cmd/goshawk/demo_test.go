package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/evidence"
	"goshawk/identity"
	"goshawk/store"
	"goshawk/web"
	"goshawk/workbench"
)

// TestDemoNeedsNoTruth: what the demo says before its last line follows from the
// papers, the labels and the chain: the engine gives the same report to whoever asks
// it with no more than these.
func TestDemoNeedsNoTruth(t *testing.T) {
	emptyHome(t)
	folder := filepath.Join(t.TempDir(), "demo")
	text := must(t, "demo", "--quiet", "--out", folder)
	for _, secret := range []string{"truth", "services", "world.json"} {
		if err := os.RemoveAll(filepath.Join(folder, "world", secret)); err != nil {
			t.Fatal(err)
		}
	}
	brief, err := os.ReadFile(filepath.Join(folder, "world", "public", "ransomware", "brief.md"))
	if err != nil {
		t.Fatal(err)
	}
	paid := namedPayment.FindSubmatch(brief)
	ledger := filepath.Join(folder, "again")
	must(t, "ingest", "--quiet", "--ledger", ledger, "--network", "regtest", filepath.Join(folder, "world", "blocks"))
	page := must(t, "trace", "--quiet", "--ledger", ledger, "--labels", filepath.Join(folder, "world", "public", "labels"),
		"--from", string(paid[1])+":"+string(paid[2]), "--method", "fifo", "--format", "html")
	written, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if page != string(written) {
		t.Error("the report is not what the engine answers from public/ and blocks/")
	}
	step, _, _ := strings.Cut(text, "\nThe world's own truth says: ")
	_, step, _ = strings.Cut(step, "\nTHE NEXT STEP\n")
	named := 0
	for _, word := range strings.FieldsFunc(step, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
		if len(word) > 25 {
			named++
			if !strings.Contains(page, word) {
				t.Errorf("%s is asked for, and not in the report", word)
			}
		}
	}
	if named < 2 {
		t.Errorf("the next step names %d addresses and transactions: %s", named, step)
	}
}

// TestInterruptedDemo: nothing is left of a demo that was interrupted, and what an
// earlier one left stays.
func TestInterruptedDemo(t *testing.T) {
	emptyHome(t)
	parent := t.TempDir()
	folder := filepath.Join(parent, "demo")
	must(t, "demo", "--quiet", "--out", folder)
	interrupted := 0
	for n := int64(1); ; n *= 4 {
		a := ask(countdownFrom(t, n), "demo", "--quiet", "--out", folder)
		if a.code == exitDone {
			break
		}
		interrupted++
		if a.code != exitInterrupted || a.out != "" {
			t.Errorf("interrupted after %d looks: exit code %d, %q, %q", n, a.code, a.out, a.err)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
			t.Errorf("interrupted after %d looks it leaves %v, %v", n, left, err)
		}
		if old, err := isDemo(folder); err != nil || !old {
			t.Errorf("interrupted after %d looks the earlier demo is gone: %v", n, err)
		}
	}
	if interrupted < 3 {
		t.Errorf("interrupted %d times only: this tests too little", interrupted)
	}
}

// demoCase reads the demo's case as its lead.
func demoCase(t *testing.T, folder string) *casebook.Case {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(folder, demoData, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	book := &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}
	s := &identity.Subject{Kind: identity.Police, Via: identity.ViaConsole}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		s.Person, s.Kind, err = tx.PersonByEmail("ines.berg@police.example")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := book.List(t.Context(), s)
	if err != nil || len(list) != 1 {
		t.Fatalf("the lead has %d cases: %v", len(list), err)
	}
	c, err := book.Read(t.Context(), s, list[0].ID, "read")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is what a case says, without what differs from one making to the next: IDs and days.
func told(c *casebook.Case) []string {
	var lines []string
	for kind, records := range c.Records {
		for _, r := range records {
			line := string(kind)
			for _, name := range []string{"title", "text", "question", "name", "sha256", "state", "what", "network", "key", "part"} {
				if kind == casebook.KindExhibit && name == "name" && strings.HasPrefix(r.Text(name), "trace-") || kind == casebook.KindRun && name == "question" || kind == casebook.KindWatch && name == "text" {
					continue // they name ledger or trace by its ID
				}
				line += "\x00" + string(r[name].JSON)
			}
			if kind == casebook.KindGraph {
				nodes := 0
				for name, v := range r {
					if strings.HasPrefix(name, "node/") {
						nodes++
						lines = append(lines, name+string(v.JSON))
					}
				}
				line += "\x00" + strconv.Itoa(nodes)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// TestDemoCase: the demo's server has people and a half-worked case of every kind that people make before the letters, the same
// each time, and its history has no hole.
func TestDemoCase(t *testing.T) {
	emptyHome(t)
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	must(t, "demo", "--quiet", "--out", one)
	must(t, "demo", "--quiet", "--out", two)
	c := demoCase(t, one)
	for kind, least := range map[casebook.Kind]int{casebook.KindMember: 3, casebook.KindNote: 2, casebook.KindTask: 4, casebook.KindEvent: 3, casebook.KindSubject: 4,
		casebook.KindWallet: 1, casebook.KindExhibit: 5, casebook.KindCustody: 1, casebook.KindGraph: 1, casebook.KindRun: 2, casebook.KindWatch: 1} {
		if n := len(c.Records[kind]); n < least {
			t.Errorf("the case has %d records of the kind %s, not %d", n, kind, least)
		}
	}
	if a, b := told(c), told(demoCase(t, two)); !slices.Equal(a, b) {
		t.Errorf("the same seed makes another case: %d and %d lines", len(a), len(b))
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("first:\n%q\n%q", a[i], b[i])
			}
		}
	}
}

// TestDemoDoor: whoever is on this machine is who they choose to be; another machine's name, another site's form and
// somebody who is not of the demo are refused, and the server that people use has no such door.
func TestDemoDoor(t *testing.T) {
	emptyHome(t)
	folder := filepath.Join(t.TempDir(), "demo")
	must(t, "demo", "--quiet", "--out", folder)
	db, err := store.Open(t.Context(), filepath.Join(folder, demoData, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &web.Server{Store: db, Book: &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	plain := s.Handler()
	door := demoDoor(s, plain)
	type answer struct {
		StatusCode int
		Header     http.Header
		Cookies    []*http.Cookie
	}
	call := func(h http.Handler, method, path, body string, change func(*http.Request)) answer {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:8080"+path, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if change != nil {
			change(r)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		res := w.Result()
		defer res.Body.Close()
		return answer{res.StatusCode, res.Header, res.Cookies()}
	}
	const lead = "email=ines.berg%40police.example"
	if r := call(door, "GET", "/demo", "", nil); r.StatusCode != http.StatusOK {
		t.Errorf("the page of the demo's people answers %d", r.StatusCode)
	}
	if r := call(door, "GET", "/sign-in", "", nil); r.Header.Get("Location") != demoPath {
		t.Errorf("signing in leads to %q", r.Header.Get("Location"))
	}
	in := call(door, "POST", "/demo", lead, nil)
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies) != 1 {
		t.Fatalf("nobody was let in: %d", in.StatusCode)
	}
	as := func(r *http.Request) { r.AddCookie(in.Cookies[0]) }
	if r := call(door, "GET", "/cases", "", as); r.StatusCode != http.StatusOK {
		t.Errorf("the cases answer %d", r.StatusCode)
	}
	for name, r := range map[string]answer{
		"another host":     call(door, "POST", "/demo", lead, func(r *http.Request) { r.Host = "police.example" }),
		"another site":     call(door, "POST", "/demo", lead, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
		"a stranger":       call(door, "POST", "/demo", "email=nobody%40police.example", nil),
		"the usual server": call(plain, "POST", "/demo", lead, nil),
	} {
		if r.StatusCode < 400 || len(r.Cookies) > 0 {
			t.Errorf("%s: %d, and %d cookies", name, r.StatusCode, len(r.Cookies))
		}
	}
	if a := ask(t.Context(), "demo", "--serve", "--listen", "0.0.0.0:0", "--out", filepath.Join(t.TempDir(), "x")); a.code != exitUsage {
		t.Errorf("the demo would be served to other machines: %d, %s", a.code, a.err)
	}
}

// TestDemoPackage: the package that the demo's server makes has every transaction that its numbers follow from, and
// whoever gets it computes them again.
func TestDemoPackage(t *testing.T) {
	emptyHome(t)
	folder := filepath.Join(t.TempDir(), "demo")
	must(t, "demo", "--quiet", "--out", folder)
	of := demoCase(t, folder).ID
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := serveDemo(ctx, &terminal{out: in, err: io.Discard, env: func(string) (string, bool) { return "", false }}, folder, "127.0.0.1:0")
		ended <- errors.Join(err, in.Close())
	}()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // until the server has said everything
	defer func() {
		stop()
		if err := <-ended; err != nil && goshawk.CodeOf(err) != goshawk.Interrupted {
			t.Error(err)
		}
	}()
	url := strings.TrimSpace(line)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	ask := func(method, path, kind, body string) []byte {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode >= 300 {
			t.Fatalf("%s %s: %s, %v\n%s", method, path, res.Status, err, text)
		}
		return text
	}
	ask("POST", demoPath, "application/x-www-form-urlencoded", "email=ines.berg%40police.example")
	home := "/api/v1/cases/" + string(of)
	begun := fromJSON[workbench.PackageJob](t, string(ask("POST", home+"/packages", "application/json", "{}")))
	job := begun
	for end := time.Now().Add(time.Minute); job.Exhibit == ""; time.Sleep(20 * time.Millisecond) {
		if job = fromJSON[workbench.PackageJob](t, string(ask("GET", home+"/packages/"+string(begun.ID), "", ""))); time.Now().After(end) {
			t.Fatalf("no package comes of it: %+v", job)
		}
	}
	path := filepath.Join(t.TempDir(), "package.zip")
	if err := os.WriteFile(path, ask("GET", home+"/exhibits/"+string(job.Exhibit)+"/bytes", "", ""), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := evidence.VerifyPath(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	traces := 0
	for _, c := range v.Checks {
		if c.Of == "trace" && c.State == evidence.Verified {
			traces++
		}
	}
	if len(job.Missing) > 0 || v.Faults > 0 || traces == 0 {
		t.Errorf("%d transactions are missing, %d faults, %d lines of traces verified: %+v", len(job.Missing), v.Faults, traces, v.Checks)
	}
}
