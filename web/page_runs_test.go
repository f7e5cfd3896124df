package web

import (
	"net/url"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
)

// TestBenchPages goes through the pages of ledgers, traces and watches as a browser without scripts does.
func TestBenchPages(t *testing.T) {
	s := newStage(t)
	address := s.chain(50)
	c, b := s.newCase(), s.as("investigator")
	at := casePath(c)
	shows := func(path string, words ...string) {
		t.Helper()
		a := b.do("GET", path, nil)
		a.is(t, 200, nil)
		for _, w := range words {
			if !strings.Contains(string(a.body), w) {
				t.Errorf("%s does not say %q", path, w)
			}
		}
	}
	send := func(path string, form url.Values) string {
		t.Helper()
		a := b.do("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		a.is(t, 303, nil)
		to, _, _ := strings.Cut(a.Header.Get("Location"), "?")
		return to
	}
	shows("/ledgers", "main", "regtest", "200") // blocks 0 to 199 or so
	shows(at+"/runs", "No traces yet", "haircut")
	page := send(at+"/runs", url.Values{"ledger": {"main"}, "method": {"fifo", "haircut"}, "starts": {address}, "direction": {"forward"}})
	run := page[strings.LastIndex(page, "/")+1:]
	if rec := s.ended(c, goshawk.ID(run)); rec.Text("state") != "done" {
		t.Fatalf("%s: %s", rec.Text("state"), rec["summary"].JSON)
	}
	split := send(at+"/runs", url.Values{"ledger": {"main"}, "method": {"fifo"}, "starts": {address}, "sure": {"30"}, "split": {"yes"}})
	if rec := s.ended(c, goshawk.ID(split[strings.LastIndex(split, "/")+1:])); rec.Text("state") != "done" || !strings.Contains(string(rec["question"].JSON), `"stop_confidence":30`) || !strings.Contains(string(rec["question"].JSON), `"by_start":true`) {
		t.Errorf("what was asked: %s, %s", rec.Text("state"), rec["question"].JSON)
	}
	b.do("POST", at+"/runs", url.Values{"ledger": {"main"}, "method": {"fifo"}, "starts": {address}, "sure": {"101"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded").is(t, 400, nil)
	shows(page, "Done", "fifo", "E-1", "tBTC", "Unspent", address)
	shows(at+"/runs", run)
	again := send(page+"/again", nil)
	if rec := s.ended(c, goshawk.ID(again[strings.LastIndex(again, "/")+1:])); again == page || rec.Text("state") != "done" {
		t.Errorf("run again: %s, %s", again, rec.Text("state"))
	}
	send(at+"/watches", url.Values{"ledger": {"main"}, "text": {address}, "title": {"the collector"}})
	send(at+"/watches", url.Values{"ledger": {"main"}, "run": {run}})
	shows(at+"/watches", address, "the collector", "Ends of a trace", "Nothing has moved")
	b.do("POST", at+"/watches", url.Values{"ledger": {"main"}, "text": {"nonsense"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded").is(t, 400, nil)
	whole, err := s.web.Book.Read(t.Context(), s.subject("investigator"), c, "looked", casebook.KindWatch)
	if err != nil || len(whole.Records[casebook.KindWatch]) != 2 {
		t.Fatalf("%d watches, %v", len(whole.Records[casebook.KindWatch]), err)
	}
	for id := range whole.Records[casebook.KindWatch] {
		send(at+"/watches/"+string(id)+"/end", nil)
	}
	shows(at+"/watches", "Nothing is watched")
}
