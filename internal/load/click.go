package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// visit is one answer.
type visit struct {
	what string
	took time.Duration
	size int
	bad  bool
}

// figures is what was measured.
type figures struct {
	mu     sync.Mutex
	visits []visit
	said   map[string]int // of answers that were none
}

// linkTo finds where a page leads. What ends a session, and bytes to download, nobody clicks here.
var linkTo = regexp.MustCompile(`href="(/[^"#]*)`)

// click lets everybody click for a time.
func click(ctx context.Context, at string, people []person, length, think time.Duration, seed uint64) *figures {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	f := &figures{said: map[string]int{}}
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Go(func() {
			u := &user{at: at, p: p, f: f, dice: rand.New(rand.NewPCG(seed, uint64(i))), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}}
			defer u.http.CloseIdleConnections()
			u.live(ctx, think)
		})
	}
	wg.Wait()
	return f
}

// user is one who clicks.
type user struct {
	at   string
	p    person
	f    *figures
	dice *rand.Rand
	http *http.Client
	n    int // notes that they began
}

func (u *user) live(ctx context.Context, think time.Duration) {
	start := []string{"/cases", "/cases/" + string(u.p.lead), "/api/v1/cases", "/api/v1/cases/" + string(u.p.lead) + "?kind=note", "/api/v1/search?q=ransom"}
	links := start
	for {
		wait := time.Duration(u.dice.ExpFloat64() * float64(think))
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(wait, 5*think)):
		}
		switch n := u.dice.IntN(10); {
		case n == 0:
			u.change(ctx)
		case n == 1 || len(links) == 0:
			links = u.look(ctx, start[u.dice.IntN(len(start))])
		default:
			links = u.look(ctx, links[u.dice.IntN(len(links))])
		}
	}
}

// look fetches a page, and returns where it leads.
func (u *user) look(ctx context.Context, path string) (links []string) {
	text := u.ask(ctx, http.MethodGet, path, nil)
	for _, m := range linkTo.FindAllSubmatch(text, -1) {
		to := strings.ReplaceAll(string(m[1]), "&amp;", "&")
		if !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, "/assets/") && !strings.Contains(to, "sign-out") && !strings.Contains(to, "/bytes") {
			links = append(links, to)
		}
	}
	return links
}

// change begins a note in a case of one's own.
func (u *user) change(ctx context.Context) {
	u.n++
	body := fmt.Sprintf(`{"what":"wrote a note","edits":[{"kind":"note","id":"load-%d","field":"title","before":null,"after":"A thought"}]}`, u.n)
	u.ask(ctx, http.MethodPost, "/api/v1/cases/"+string(u.p.lead)+"/changes", []byte(body))
}

func (u *user) ask(ctx context.Context, method, path string, body []byte) []byte {
	r, err := http.NewRequestWithContext(ctx, method, u.at+path, bytes.NewReader(body))
	if err != nil {
		u.f.add(visit{what: path, bad: true}, err.Error())
		return nil
	}
	r.AddCookie(&http.Cookie{Name: "goshawk", Value: u.p.secret})
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	begun := time.Now()
	res, err := u.http.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			u.f.add(visit{what: path, bad: true}, err.Error())
		}
		return nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil // the time is over
	}
	v := visit{what: method + " " + shape(res.Request.URL.Path), took: time.Since(begun), size: len(text), bad: res.StatusCode >= 400}
	u.f.add(v, fmt.Sprint(v.what, ": ", res.Status))
	return text
}

// ids are the parts of paths that differ from case to case.
var ids = regexp.MustCompile(`/(cases|graphs|notes|tasks|exhibits|runs|letters|answers|watches|subjects|people|agencies|profiles|ledgers|wallets|findings)/[^/]+`)

// shape is a path without what differs from case to case.
func shape(path string) string { return ids.ReplaceAllString(path, "/$1/…") }

func (f *figures) add(v visit, said string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.visits = append(f.visits, v)
	if v.bad {
		f.said[said]++
	}
}

// print writes a table in Markdown.
func (f *figures) print(users int, length, think time.Duration) {
	fmt.Printf("%d people, %s, each looking at a page for %s on average: %d answers, as the browser's side of the loopback saw them.\n\n", users, length, think, len(f.visits))
	fmt.Println("| what | answers | median | p95 | p99 | slowest | bytes, on average |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	by := map[string][]visit{}
	var kinds []string
	for _, v := range f.visits {
		if by[v.what] == nil {
			kinds = append(kinds, v.what)
		}
		by[v.what] = append(by[v.what], v)
	}
	slices.Sort(kinds)
	line := func(name string, list []visit) {
		if len(list) == 0 {
			return
		}
		took := make([]time.Duration, len(list))
		size := 0
		for i, v := range list {
			took[i] = v.took
			size += v.size
		}
		slices.Sort(took)
		at := func(p float64) string {
			return fmt.Sprintf("%.1f ms", float64(took[int(float64(len(took)-1)*p)].Microseconds())/1000)
		}
		fmt.Printf("| %s | %d | %s | %s | %s | %s | %d |\n", name, len(list), at(.5), at(.95), at(.99), at(1), size/len(list))
	}
	for _, k := range kinds {
		line("`"+k+"`", by[k])
	}
	line("**all**", f.visits)
	if len(f.said) > 0 {
		fmt.Println("\nAnswers that were none:")
		for what, n := range f.said {
			fmt.Printf("- %s (%d)\n", what, n)
		}
	}
}
