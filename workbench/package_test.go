package workbench_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/evidence"
	"goshawk/ingest"
	"goshawk/store"
	"goshawk/workbench"
)

// packaged waits until a package is made, or is not.
func (r *room) packaged(id goshawk.ID) *workbench.PackageJob {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		j, err := r.Package(r.t.Context(), r.officer, r.c, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if j.State != "running" {
			return j
		}
	}
	r.t.Fatal("the package is never made")
	return nil
}

// withBlocks gives the bench the raw blocks of its world.
func (r *room) withBlocks() {
	r.t.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		r.t.Fatal(err)
	}
	r.Raw = map[goshawk.ID]evidence.Blocks{"world": ingest.NewRawFolder(ingest.OS(), filepath.Join(r.w.Dir, "blocks"), params)}
}

// TestPackage: from a case to a package whose every number an engine and a plain tracer find again, from
// the raw transactions alone, on the world's own chain.
func TestPackage(t *testing.T) {
	r := newRoom(t, 5)
	r.withBlocks()
	l := r.launderer()
	all := []string{"poison", "haircut", "fifo", "lifo", "fifo-age", "tiho"}
	hops := 4
	for _, q := range []workbench.RunQuestion{
		{Methods: all, Starts: l.deposits, MaxHops: &hops}, {Method: "haircut", Starts: l.withdrawals, ByStart: true, MaxHops: &hops},
		{Methods: all[:5], Starts: l.deposits, Direction: "backward", MaxHops: &hops}, {Method: "fifo", Starts: l.withdrawals[:1], Direction: "backward", ThroughCoinJoin: true, MaxHops: &hops},
		{Method: "lifo", Starts: l.withdrawals, ByCluster: true, MinAmount: "5000", MaxHops: &hops},
	} {
		q.Ledger = "world"
		id, err := r.Run(t.Context(), r.officer, r.c, q)
		if err != nil {
			t.Fatal(err)
		}
		r.run(id)
	}
	if _, err := r.Book.AddExhibit(t.Context(), r.officer, r.c, casebook.Exhibit{Name: "statement.txt", Source: "the victim"}, strings.NewReader("They took it.")); err != nil {
		t.Fatal(err)
	}
	log, err := audit.OpenLog(t.Context(), filepath.Join(r.Data, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	if err := log.CatchUp(t.Context(), store.Trail{Store: r.Store}); err != nil {
		t.Error(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	id, err := r.MakePackage(t.Context(), r.officer, r.c)
	if err != nil {
		t.Fatal(err)
	}
	j := r.packaged(id)
	if j.State != "done" || len(j.Missing) > 0 || len(j.Left) > 0 {
		t.Fatalf("%+v", j)
	}
	in, about, err := r.Book.OpenExhibit(t.Context(), r.officer, r.c, j.Exhibit)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || about.Text("media") != "application/zip" {
		t.Fatal(err, about.Text("media"))
	}
	public, err := os.ReadFile(filepath.Join(r.Data, "keys", "package.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := evidence.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	r.verified(text, key)
	dir := t.TempDir()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	tracers, err := filepath.Glob(filepath.Join(dir, "*", "data", "tracer.py"))
	if err != nil || len(tracers) != 1 {
		t.Fatal(tracers, err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("a package is checked with python3, which is not there: ", err)
	}
	out, err := exec.CommandContext(t.Context(), python, "-I", "-B", tracers[0]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "14 traces recomputed. Every number agrees.") {
		t.Errorf("the tracer: %v\n%s", err, out)
	}

	// Another package leaves the first one out, and says so.
	if id, err = r.MakePackage(t.Context(), r.officer, r.c); err != nil {
		t.Fatal(err)
	}
	if again := r.packaged(id); again.State != "failed" && again.Signer != j.Signer {
		t.Errorf("%+v", again)
	}
}

func (r *room) verified(text []byte, key ed25519.PublicKey) {
	r.t.Helper()
	v, err := evidence.VerifyZip(r.t.Context(), bytes.NewReader(text), int64(len(text)), key)
	if err != nil {
		r.t.Fatal(err)
	}
	var said strings.Builder
	traces := 0
	for _, c := range v.Checks {
		said.WriteString(string(c.State) + ", " + c.Of + ": " + c.Text + "\n")
		if c.State == evidence.Verified && strings.Contains(c.Text, "every number is the same") {
			traces++
		}
	}
	if v.Faults > 0 || traces != 14 {
		r.t.Errorf("%d traces, faults:\n%s", traces, said.String())
	}
	for _, want := range []string{"6 exhibits: the log has recorded", "run 1: the answer that was fixed says the same", "R-1: report.json says what was recomputed", "R-5: report.json says", "written again from it they are the same", "that is the key that was asked for"} {
		if !strings.Contains(said.String(), want) {
			r.t.Errorf("%q is not said:\n%s", want, said.String())
		}
	}
}

// slow are blocks that wait until they are called off.
type slow struct{ asked chan struct{} }

func (s slow) Block(ctx context.Context, _ goshawk.Hash) ([]byte, error) {
	s.asked <- struct{}{}
	<-ctx.Done()
	return nil, goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
}

// TestCancelPackage: a package that is called off leaves nothing; one without raw blocks names what it lacks.
func TestCancelPackage(t *testing.T) {
	r := newRoom(t, 5)
	l := r.launderer()
	hops := 1
	run, err := r.Run(t.Context(), r.officer, r.c, workbench.RunQuestion{Ledger: "world", Method: "fifo", Starts: l.withdrawals[:1], MaxHops: &hops})
	if err != nil {
		t.Fatal(err)
	}
	r.run(run)
	waits := slow{make(chan struct{})}
	r.Raw = map[goshawk.ID]evidence.Blocks{"world": waits}
	id, err := r.MakePackage(t.Context(), r.officer, r.c)
	if err != nil {
		t.Fatal(err)
	}
	<-waits.asked
	if same, err := r.MakePackage(t.Context(), r.officer, r.c); err != nil || same != id {
		t.Errorf("asked for twice: %s, %v", same, err)
	}
	if err := r.CancelPackage(t.Context(), r.officer, r.c, id); err != nil {
		t.Fatal(err)
	}
	if j := r.packaged(id); j.State != "cancelled" || j.Exhibit != "" {
		t.Errorf("%+v", j)
	}
	left, err := filepath.Glob(filepath.Join(r.Data, "*.partial"))
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
	r.Raw = nil
	if id, err = r.MakePackage(t.Context(), r.officer, r.c); err != nil {
		t.Fatal(err)
	}
	if j := r.packaged(id); j.State != "done" || len(j.Missing) == 0 || j.Missing[0].Why == "" {
		t.Errorf("%+v", j)
	}
	stranger := *r.officer
	stranger.Person.ID, stranger.Person.Agency = "nobody", "elsewhere"
	if _, err := r.MakePackage(t.Context(), &stranger, r.c); err == nil {
		t.Error("a stranger makes a package")
	}
}

// TestDamagedExhibit: whoever makes a package is told which exhibit is damaged, and can leave it out; a trace whose
// answer it is stands in the package as one that cannot be recomputed.
func TestDamagedExhibit(t *testing.T) {
	r := newRoom(t, 5)
	r.withBlocks()
	l := r.launderer()
	hops := 1
	run, err := r.Run(t.Context(), r.officer, r.c, workbench.RunQuestion{Ledger: "world", Method: "fifo", Starts: l.withdrawals[:1], MaxHops: &hops})
	if err != nil {
		t.Fatal(err)
	}
	r.run(run)
	whole, err := r.Book.Read(t.Context(), r.officer, r.c, "test", casebook.KindExhibit)
	if err != nil {
		t.Fatal(err)
	}
	var exhibit goshawk.ID
	for id, rec := range whole.Records[casebook.KindExhibit] {
		exhibit = id
		hash := rec.Text("sha256")
		path := filepath.Join(r.Data, "exhibits", hash[:2], hash)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id, err := r.MakePackage(t.Context(), r.officer, r.c)
	if err != nil {
		t.Fatal(err)
	}
	if j := r.packaged(id); j.State != "failed" || !strings.Contains(j.Error, "E-1 is damaged") || !strings.Contains(j.Hint, "backup") {
		t.Errorf("%+v", j)
	}
	if id, err = r.MakePackage(t.Context(), r.officer, r.c, exhibit); err != nil {
		t.Fatal(err)
	}
	j := r.packaged(id)
	if j.State != "done" || len(j.Left) != 1 || !strings.Contains(j.Left[0], "R-1: the exhibit") {
		t.Fatalf("%+v", j)
	}
	in, _, err := r.Book.OpenExhibit(t.Context(), r.officer, r.c, j.Exhibit)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		t.Fatal(err)
	}
	v, err := evidence.VerifyZip(t.Context(), bytes.NewReader(text), int64(len(text)), nil)
	if err != nil || v.Faults > 0 {
		t.Errorf("%v: %+v", err, v)
	}
}

// TestLeftTrace: a package is whole where a trace cannot be made again, as its ledger is gone: what its report says of the trace's
// labels stands in the package.
func TestLeftTrace(t *testing.T) {
	r := newRoom(t, 5)
	r.withBlocks()
	hops := 1
	run, err := r.Run(t.Context(), r.officer, r.c, workbench.RunQuestion{Ledger: "world", Method: "fifo", Starts: r.launderer().withdrawals[:1], MaxHops: &hops})
	if err != nil {
		t.Fatal(err)
	}
	r.run(run)
	again := &workbench.Bench{Data: r.Data, Store: r.Store, Book: r.Book, Now: r.Now, Log: r.Log, Raw: r.Raw}
	at := filepath.Join(r.Data, "ledgers", "world")
	if err := errors.Join(r.Close(), os.RemoveAll(at)); err != nil {
		t.Fatal(err)
	}
	r.Bench = again // a server that begins anew
	id, err := r.MakePackage(t.Context(), r.officer, r.c)
	if err != nil {
		t.Fatal(err)
	}
	j := r.packaged(id)
	if j.State != "done" || len(j.Left) != 1 || !strings.Contains(j.Left[0], "no longer there") {
		t.Fatalf("%+v", j)
	}
	in, _, err := r.Book.OpenExhibit(t.Context(), r.officer, r.c, j.Exhibit)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		t.Fatal(err)
	}
	v, err := evidence.VerifyZip(t.Context(), bytes.NewReader(text), int64(len(text)), nil)
	if err != nil || v.Faults > 0 {
		t.Errorf("%v: %+v", err, v)
	}
}
