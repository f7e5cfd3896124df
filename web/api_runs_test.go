package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/identity"
	"goshawk/ingest"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/workbench"
)

// chain puts a generated chain with a busy address into the stage's data folder, as the ledger "main".
func (s *stage) chain(payments int) (whale string) {
	s.t.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join(s.t.TempDir(), "blk00000.dat")
	file, err := os.Create(name)
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := chaingen.Write(file, chaingen.Options{Seed: 8, Transactions: payments*2 + 300, Blocks: 200, Whale: payments})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		s.t.Fatal(err)
	}
	folder := filepath.Join(filepath.Dir(s.file), workbench.LedgerFolder, "main")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		s.t.Fatal(err)
	}
	d, err := disk.Open(folder)
	if err != nil {
		s.t.Fatal(err)
	}
	w, err := ledger.OpenWriter(d, ledger.Options{Network: params.Name, Codec: params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := ingest.FromFiles(s.t.Context(), w, ingest.OS(), []string{name}, ingest.Options{Params: params}); err != nil {
		s.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	return params.FormatAddress(goshawk.WitnessPubKeyHash, made.WhaleKey[:])
}

// TestRunOverTheAPI goes from an address to a trace's answer, as a program does.
func TestRunOverTheAPI(t *testing.T) {
	s := newStage(t)
	address := s.chain(50)
	c, b := s.newCase(), s.as("investigator")
	at := apiRoot + "/cases/" + string(c)
	var ledgers struct{ Ledgers []workbench.Status }
	b.do("GET", apiRoot+"/ledgers", nil).is(t, 200, &ledgers)
	if len(ledgers.Ledgers) != 1 || ledgers.Ledgers[0].ID != "main" || ledgers.Ledgers[0].Tip == nil || ledgers.Ledgers[0].Path != "" {
		t.Fatalf("%+v", ledgers)
	}
	var found workbench.Found
	b.do("POST", at+"/expand", map[string]any{"ledger": "main", "node": "a:" + address, "direction": "in", "level": "transaction", "most": 5}).is(t, 200, &found)
	if len(found.Edges) != 5 || found.More == 0 || found.Cursor == "" || found.Sampled {
		t.Fatalf("%d edges, %d more, sampled %t", len(found.Edges), found.More, found.Sampled)
	}
	seen := map[string]bool{}
	for {
		for _, e := range found.Edges {
			if seen[e.ID] {
				t.Fatalf("an edge came twice: %+v", e)
			}
			seen[e.ID] = true
		}
		if found.Cursor == "" {
			break
		}
		cursor := found.Cursor
		found = workbench.Found{}
		b.do("POST", at+"/expand", map[string]any{"ledger": "main", "node": "a:" + address, "direction": "in", "level": "transaction", "most": 5, "cursor": cursor}).is(t, 200, &found)
	}
	if found.More != 0 {
		t.Errorf("the last page says that there are %d more", found.More)
	}
	var begun struct{ ID goshawk.ID }
	b.do("POST", at+"/runs", map[string]any{"question": map[string]any{"ledger": "main", "methods": []string{"fifo", "haircut"}, "starts": []string{address}}}).is(t, 202, &begun)
	rec := s.ended(c, begun.ID)
	if rec.Text("state") != "done" || rec.Text("exhibit") == "" {
		t.Fatalf("%s: %s", rec.Text("state"), rec["summary"].JSON)
	}
	var picture workbench.Found
	b.do("GET", at+"/runs/"+string(begun.ID)+"/picture", nil).is(t, 200, &picture)
	methods := map[string]int{}
	for _, e := range picture.Edges {
		methods[e.Method]++
	}
	if methods["fifo"] == 0 || methods["haircut"] == 0 || len(methods) != 2 {
		t.Errorf("the picture's edges are of %v", methods)
	}
	var less workbench.Found
	b.do("GET", at+"/runs/"+string(begun.ID)+"/picture?ends=2", nil).is(t, 200, &less)
	if len(less.Edges) == 0 || len(less.Edges) >= len(picture.Edges) || less.More == 0 || !strings.Contains(less.Scope, "its 2 largest ends") {
		t.Errorf("the ways to two ends have %d of %d edges, %d left out: %s", len(less.Edges), len(picture.Edges), less.More, less.Scope)
	}
	b.do("POST", at+"/runs/"+string(begun.ID)+"/cancel", nil).is(t, 409, nil)
	s.as("reader").do("POST", at+"/expand", map[string]any{"ledger": "main", "node": "a:" + address, "direction": "in", "level": "transaction"}).is(t, 404, nil)
}

// ended waits until a run of a case has an end.
func (s *stage) ended(c, run goshawk.ID) casebook.Record {
	s.t.Helper()
	woken, end := s.db.Listen(c)
	defer end()
	for {
		whole, err := s.web.Book.Read(s.t.Context(), s.subject("investigator"), c, "waited", casebook.KindRun)
		if err != nil {
			s.t.Fatal(err)
		}
		if rec := whole.Records[casebook.KindRun][run]; rec.Text("state") != "running" {
			return rec
		}
		select {
		case <-woken:
		case <-time.After(30 * time.Second):
			s.t.Fatal("the run does not end")
		}
	}
}

// TestLostRuns: what ran when a server was killed is marked as failed at the next start, and says why.
func TestLostRuns(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, "r1", name, v) }
	_, err := s.web.Book.Act(t.Context(), s.subject("investigator"), c, "began a trace", []casebook.Edit{set("question", map[string]string{"ledger": "x"}), set("state", "running")})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing left to do
		if err := s.web.Bench.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	rec := s.ended(c, "r1")
	if rec.Text("state") != "failed" || len(rec["summary"].JSON) == 0 {
		t.Errorf("%s: %s", rec.Text("state"), rec["summary"].JSON)
	}
	list, err := s.web.Book.Changes(t.Context(), s.subject("investigator"), c, 0, 100)
	if err != nil || len(list) != 3 || list[2].Person != "" {
		t.Errorf("%d changes, %v", len(list), err)
	}
}

// TestLedgersAreAdministrators: who adds one is checked, and a wrong path is told.
func TestLedgersAreAdministrators(t *testing.T) {
	s := newStage(t)
	s.chain(20)
	elsewhere := t.TempDir()
	if err := os.Rename(filepath.Join(filepath.Dir(s.file), workbench.LedgerFolder, "main"), filepath.Join(elsewhere, "moved")); err != nil {
		t.Fatal(err)
	}
	admin := s.as(string(identity.Administrator))
	s.as("investigator").do("POST", apiRoot+"/ledgers", map[string]string{"id": "moved", "path": elsewhere + "/moved"}).is(t, 403, nil)
	admin.do("POST", apiRoot+"/ledgers", map[string]string{"id": "moved", "path": "moved"}).is(t, 400, nil)
	admin.do("POST", apiRoot+"/ledgers", map[string]string{"id": "moved", "path": elsewhere}).is(t, 404, nil)
	admin.do("POST", apiRoot+"/ledgers", map[string]string{"id": "moved", "path": elsewhere + "/moved"}).is(t, 204, nil)
	admin.do("POST", apiRoot+"/ledgers", map[string]string{"id": "moved", "path": elsewhere + "/moved"}).is(t, 409, nil)
	var ledgers struct{ Ledgers []workbench.Status }
	admin.do("GET", apiRoot+"/ledgers", nil).is(t, 200, &ledgers)
	if len(ledgers.Ledgers) != 1 || !ledgers.Ledgers[0].Added || ledgers.Ledgers[0].Fault != "" {
		t.Errorf("%+v", ledgers)
	}
	admin.do("DELETE", apiRoot+"/ledgers/moved", nil).is(t, 204, nil)
	admin.do("GET", apiRoot+"/ledgers", nil).is(t, 200, &ledgers)
	if len(ledgers.Ledgers) != 0 {
		t.Errorf("%+v", ledgers)
	}
}
