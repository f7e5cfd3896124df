package web

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/report"
	"goshawk/workbench"
)

// TestWorthOnPages: a trace's ends are told in the case's currency, each on its day; a day without a rate has no value.
func TestWorthOnPages(t *testing.T) {
	s := newStage(t)
	address := s.chain(50)
	c, b := s.newCase(), s.as("investigator")
	at := casePath(c)
	sent := b.do("POST", at+"/runs", url.Values{"ledger": {"main"}, "method": {"fifo", "haircut"}, "starts": {address}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	sent.is(t, 303, nil)
	page, _, _ := strings.Cut(sent.Header.Get("Location"), "?")
	rec := s.ended(c, goshawk.ID(page[strings.LastIndex(page, "/")+1:]))
	var sum workbench.RunSummary
	if err := json.Unmarshal(rec["summary"].JSON, &sum); err != nil {
		t.Fatal(err)
	}
	days := map[string]bool{}
	for _, e := range sum.Ends {
		if e.Time == nil {
			t.Fatalf("a comparison does not say when %s was", e.Tx)
		}
		days[e.Time.Format(time.DateOnly)] = true
	}
	if len(days) < 2 {
		t.Fatalf("all ends are of one day: %v", days)
	}
	shows := func(yes bool, words string) {
		t.Helper()
		if got := b.do("GET", page, nil); strings.Contains(string(got.body), words) != yes {
			t.Errorf("the page says %q: %v", words, !yes)
		}
	}
	shows(false, " rate of ") // nobody said in what to tell values
	first := &sum.Ends[0]
	day := first.Time.Format(time.DateOnly)
	for d := range days {
		if d != day {
			s.as("administrator").do("POST", apiRoot+"/rates?name=prices.csv&asset=regtest", "date,currency,price\n"+d+",USD,30000\n", "Content-Type", "text/csv").is(t, 201, nil)
			break
		}
	}
	shows(true, "no USD rate of "+day)
	s.as("administrator").do("POST", apiRoot+"/rates?name=more.csv&asset=regtest", "date,currency,price\n"+day+",USD,29001.72\n", "Content-Type", "text/csv").is(t, 201, nil)
	shows(false, "no USD rate of "+day)
	var units goshawk.Units
	if err := units.SetFromDecimal(*first.Amounts[0]); err != nil {
		t.Fatal(err)
	}
	_, value, err := goshawk.Worth(sum.Decimals, goshawk.AtPrice{Units: units, Price: "29001.72"})
	if err != nil {
		t.Fatal(err)
	}
	shows(true, goshawk.Group(value)+" USD")
	// So says the report, and by which file; and a letter, which goes on saying what it said when it was begun.
	api := apiRoot + "/cases/" + string(c)
	var said report.Case
	if err := json.Unmarshal(b.do("GET", api+"/report.json", nil).body, &said); err != nil {
		t.Fatal(err)
	}
	if m := said.Money; m == nil || m.Currency != "USD" || len(m.Files) != 2 || m.Files[0].Name != "prices.csv" && m.Files[0].Name != "more.csv" {
		t.Errorf("the report's rates: %+v", m)
	} else if w := said.Runs[0].Ends[0].Worth; len(w) != 2 || w[0] == nil || *w[0] != value {
		t.Errorf("the report's values: %v", w)
	}
	which := last(b.posted(at+"/letters", url.Values{"address": {address}, "ledger": {"main"}, "service": {"Kestrel"}}))
	file := api + "/letters/" + string(which) + "/file?form=text"
	begun := b.do("GET", file, nil).body
	of := regexp.MustCompile(`(?:no USD rate of|USD at the rate of) ([0-9]{4}-[0-9]{2}-[0-9]{2})`).FindSubmatch(begun)
	if of == nil {
		t.Fatalf("the letter tells of no value: %s", begun)
	}
	s.as("administrator").do("POST", apiRoot+"/rates?name=late.csv&asset=regtest", "date,currency,price\n"+string(of[1])+",USD,1\n", "Content-Type", "text/csv").is(t, 201, nil)
	if now := b.do("GET", file, nil).body; !bytes.Equal(now, begun) {
		t.Errorf("a letter says something else than when it was begun: %s", now)
	}
	s.as("administrator").do("POST", apiRoot+"/rates?name=more.csv&asset=regtest", "date,currency,price\n"+day+",USD,29001.72\n", "Content-Type", "text/csv").is(t, 201, nil)
	// A movement of what is watched: by its block's day, or, while it is in none, by the day on which it was seen.
	move := workbench.Movement{Ledger: "main", Network: sum.Network, Tx: first.Tx, What: "received", Received: units.Dec(), Ticker: sum.Ticker, Decimals: sum.Decimals}
	record := func(id goshawk.ID, more ...casebook.Edit) {
		t.Helper()
		if _, err := s.web.Book.Record(t.Context(), nil, c, "saw a movement", append([]casebook.Edit{casebook.Set(casebook.KindAlert, id, "watch", "w1"), casebook.Set(casebook.KindAlert, id, "movement", move)}, more...)); err != nil {
			t.Fatal(err)
		}
	}
	record("a1", casebook.Set(casebook.KindAlert, "a1", "state", "confirmed"), casebook.Set(casebook.KindAlert, "a1", "at", "2026-11-23T09:00:00Z"),
		casebook.Set(casebook.KindAlert, "a1", "block", workbench.BlockOf{Height: first.Height, Time: *first.Time}))
	record("a2", casebook.Set(casebook.KindAlert, "a2", "state", "unconfirmed"), casebook.Set(casebook.KindAlert, "a2", "at", "2019-07-01T09:00:00Z"))
	run := page
	page = at + "/watches"
	shows(true, goshawk.Group(value)+" USD")
	shows(true, "no USD rate of 2019-07-01")
	page = run
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "chose a currency", []casebook.Edit{casebook.Set(casebook.KindCase, "case", "currency", "EUR")}); err != nil {
		t.Fatal(err)
	}
	shows(true, "no EUR rate of "+day)
	shows(false, " USD")
}

// TestSweepIsInferred: that an address is a service's because the service emptied it is told apart from a label that says so.
func TestSweepIsInferred(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	sweep, to := strings.Repeat("ab", 32), "an address"
	label := &workbench.RunLabel{Label: "Northgate", Confidence: 50, Words: "moderate"}
	end := workbench.RunEnd{Kind: string(goshawk.EndService), Tx: strings.Repeat("cd", 32), Address: &to, Label: label}
	swept := end
	swept.Sweep = sweep
	for id, e := range map[goshawk.ID]workbench.RunEnd{"r1": end, "r2": swept} {
		if _, err := s.web.Book.Record(t.Context(), nil, c, "traced", []casebook.Edit{casebook.Set(casebook.KindRun, id, "question", workbench.RunQuestion{Ledger: "main", Method: "fifo"}),
			casebook.Set(casebook.KindRun, id, "state", "done"), casebook.Set(casebook.KindRun, id, "summary", workbench.RunSummary{Method: "fifo", Ends: []workbench.RunEnd{e}})}); err != nil {
			t.Fatal(err)
		}
		a := s.as("investigator").do("GET", casePath(c)+"/runs/"+string(id), nil)
		a.is(t, 200, nil)
		if inferred := strings.Contains(string(a.body), "no label of its own") && strings.Contains(string(a.body), sweep); inferred != (e.Sweep != "") {
			t.Errorf("%s: inferred: %v", id, inferred)
		}
	}
}
