package workbench

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// withChain gives a desk a ledger with a busy address, and a place for exhibits.
func (d *desk) withChain(payments int) (address string) {
	d.t.Helper()
	if err := os.Mkdir(filepath.Join(d.Data, LedgerFolder), 0o700); err != nil {
		d.t.Fatal(err)
	}
	files, err := store.OpenFiles(filepath.Join(d.Data, "exhibits"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		d.jobs.end()
		if err := files.Close(); err != nil {
			d.t.Error(err)
		}
	})
	d.Book.Files = files
	return chain(d.t, filepath.Join(d.Data, LedgerFolder, "main"), payments, 5)
}

// ended waits until a run has an end.
func (d *desk) ended(run goshawk.ID) (casebook.Record, RunSummary) {
	d.t.Helper()
	woken, end := d.Store.Listen(d.c)
	defer end()
	for {
		whole, err := d.Book.Read(d.t.Context(), d.officer, d.c, "waited", casebook.KindRun)
		if err != nil {
			d.t.Fatal(err)
		}
		if rec := whole.Records[casebook.KindRun][run]; rec.Text("state") != "running" {
			var s RunSummary
			if err := json.Unmarshal(rec["summary"].JSON, &s); err != nil {
				d.t.Fatal(err)
			}
			return rec, s
		}
		select {
		case <-woken:
		case <-time.After(time.Minute):
			d.t.Fatal("the run does not end")
		}
	}
}

// TestCancelRun: what a trace found until it was cancelled is kept; who has two that run begins no third.
func TestCancelRun(t *testing.T) {
	d := newDesk(t)
	address := d.withChain(20_000)
	walking, on := make(chan goshawk.ID, 10), make(chan struct{})
	d.Progress = func(_ goshawk.ID, p Progress) {
		if p.Text == "cancelled" || p.Text == "done" {
			return
		}
		walking <- p.Run
		<-on // the trace stands still here
	}
	q := RunQuestion{Ledger: "main", Methods: []string{"poison", "fifo"}, Starts: []string{address}}
	first, err := d.Run(t.Context(), d.officer, d.c, q)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-walking; got != first {
		t.Fatalf("the run %s walks", got)
	}
	second, err := d.Run(t.Context(), d.officer, d.c, q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Run(t.Context(), d.officer, d.c, q); goshawk.CodeOf(err) != goshawk.Busy {
		t.Errorf("a third one: %v", err)
	}
	for _, id := range []goshawk.ID{first, second} {
		if err := d.CancelRun(t.Context(), d.officer, d.c, id); err != nil {
			t.Fatal(err)
		}
	}
	close(on)
	for _, id := range []goshawk.ID{first, second} {
		rec, s := d.ended(id)
		if rec.Text("state") != "cancelled" || s.Error == "" {
			t.Errorf("%s: %+v", rec.Text("state"), s.Error)
		}
		if id == first && (rec.Text("exhibit") == "" || !s.Truncated || s.Steps == 0) {
			t.Errorf("of the first %s is kept, truncated %t, %d steps", rec.Text("exhibit"), s.Truncated, s.Steps)
		}
	}
	for d.Running() > 0 { // the last of it leaves after its record is written
		time.Sleep(time.Millisecond)
	}
	if err := d.CancelRun(t.Context(), d.officer, d.c, first); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
}

// TestServerEnds: a trace that runs when the server ends is marked, and says why; nothing hangs.
func TestServerEnds(t *testing.T) {
	d := newDesk(t)
	address := d.withChain(20_000)
	walking, on := make(chan struct{}, 100), make(chan struct{})
	d.Progress = func(goshawk.ID, Progress) {
		walking <- struct{}{}
		<-on
	}
	id, err := d.Run(t.Context(), d.officer, d.c, RunQuestion{Ledger: "main", Method: "poison", Starts: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	<-walking
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.jobs.end()
	}()
	<-d.jobs.ctx.Done()
	close(on)
	<-done
	if rec, s := d.ended(id); rec.Text("state") != "failed" || s.Error != endedWords || s.Hint == "" {
		t.Errorf("%s: %+v", rec.Text("state"), s)
	}
	if _, err := d.Run(t.Context(), d.officer, d.c, RunQuestion{Ledger: "main", Method: "poison", Starts: []string{address}}); goshawk.CodeOf(err) != goshawk.Unavailable {
		t.Errorf("a run of a server that ended: %v", err)
	}
}

// TestRunIsAnExhibit: the record's summary is of the exhibit, which has the trace as 'goshawk trace' writes it.
func TestRunIsAnExhibit(t *testing.T) {
	d := newDesk(t)
	address := d.withChain(50)
	id, err := d.Run(t.Context(), d.officer, d.c, RunQuestion{Ledger: "main", Method: "haircut", Starts: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	rec, s := d.ended(id)
	if rec.Text("state") != "done" || s.Method != "haircut" || len(s.Ends) == 0 {
		t.Fatalf("%s: %+v", rec.Text("state"), s)
	}
	in, about, err := d.Book.OpenExhibit(t.Context(), d.officer, d.c, goshawk.ID(rec.Text("exhibit")))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Method string
		Totals map[string]any
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Method != "haircut" || about.Text("sha256") != s.SHA256 {
		t.Errorf("%s, %s, %s", answer.Method, about.Text("sha256"), s.SHA256)
	}
	var sum, want goshawk.Units
	for kind, total := range s.Totals {
		if answer.Totals[kind] != total.Amount {
			t.Errorf("%s: %s in the record, %v in the exhibit", kind, total.Amount, answer.Totals[kind])
		}
		var n goshawk.Units
		if err := n.SetFromDecimal(total.Amount); err != nil {
			t.Fatal(err)
		}
		sum.Add(&sum, &n)
	}
	if err := want.SetFromDecimal(s.Amount); err != nil || sum != want {
		t.Errorf("the ends sum to %s, the starts to %s", sum.Dec(), s.Amount)
	}
}

// TestLedgerGrows: what is held stays as it was, and who asks next sees what was written meanwhile.
func TestLedgerGrows(t *testing.T) {
	d := newDesk(t)
	folder := filepath.Join(d.Data, LedgerFolder, "main")
	d.withChain(10)
	old, err := d.Use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	height := old.Known.Height
	chain(t, folder+"-other", 1500, 6)
	if err := os.Rename(folder, folder+"-old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder+"-other", folder); err != nil {
		t.Fatal(err)
	}
	d.open["main"].looked = time.Time{} // as after a while
	fresh, err := d.Use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Known.Transactions == old.Known.Transactions {
		t.Error("nothing new is seen")
	}
	if head, err := old.Head(t.Context()); err != nil || head.Height != height {
		t.Errorf("what was held is gone: %v, %v", head.Height, err)
	}
	old.Release()
	fresh.Release()
	if _, err := d.Use(t.Context(), "none"); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a ledger that is not there: %v", err)
	}
}
