package workbench

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/report"
)

// TestCaseReport: the report has every trace that was made, what the findings rest on, and the same
// bytes as long as the case stays as it is. A damaged answer is said to be so.
func TestCaseReport(t *testing.T) {
	d := newDesk(t)
	address := d.withChain(20)
	first, err := d.Run(t.Context(), d.officer, d.c, RunQuestion{Ledger: "main", Methods: []string{"fifo", "lifo"}, Starts: []string{address}, Title: "the ransom"})
	if err != nil {
		t.Fatal(err)
	}
	rec, _ := d.ended(first)
	second, err := d.Run(t.Context(), d.officer, d.c, RunQuestion{Ledger: "main", Method: "haircut", Starts: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	d.ended(second)
	set := casebook.Set
	d.change(set(casebook.KindReport, "case", "author", "Jan Brandt"), set(casebook.KindReport, "case", "graph", "g"), set(casebook.KindCase, "case", "question", "Where?"),
		set(casebook.KindGraph, "g", "title", "The way"), set(casebook.KindGraph, "g", "node/a:x", map[string]any{"what": "address", "text": "x", "x": 1, "y": 2, "cluster": "c:y"}),
		set(casebook.KindFinding, "late", "title", "Second"), set(casebook.KindFinding, "late", "order", 2),
		set(casebook.KindFinding, "early", "title", "First"), set(casebook.KindFinding, "early", "order", 1), set(casebook.KindFinding, "early", "runs", []string{string(first)}), set(casebook.KindFinding, "early", "exhibits", []string{rec.Text("exhibit")}))
	c, err := d.CaseReport(t.Context(), d.officer, d.c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Author != "Jan Brandt" || c.Question != "Where?" || c.Agency == "" || c.Picture == nil || len(c.Picture.Nodes) != 1 {
		t.Errorf("%+v", c)
	}
	if len(c.Findings) != 2 || c.Findings[0].Title != "First" || strings.Join(c.Findings[0].Runs, "") != "R-1" || strings.Join(c.Findings[0].Exhibits, "") != "E-1" {
		t.Errorf("findings: %+v", c.Findings)
	}
	if len(c.Runs) != 2 || !c.Runs[0].Used || c.Runs[1].Used || len(c.Runs[0].Traces) != 2 || len(c.Runs[1].Traces) != 1 || c.Runs[0].Ticker == "" {
		t.Errorf("traces: %+v", c.Runs)
	}
	// The second trace asked the same by another method: it counts in the ranges.
	if len(c.Ranges) == 0 || strings.Join(c.Ranges[0].Methods, " ") != "fifo lifo haircut" || c.Ranges[0].Most == nil {
		t.Errorf("ranges: %+v", c.Ranges)
	}
	if len(c.Heuristics) != 1 || c.Heuristics[0].Name != "co-spend/1" || c.Heuristics[0].Measured {
		t.Errorf("heuristics: %+v", c.Heuristics)
	}
	if got := strings.Join(c.Missing(), " "); got != "marking qualification summary finding-basis alternatives limitations" {
		t.Errorf("missing: %s", got)
	}
	again, err := d.CaseReport(t.Context(), d.officer, d.c)
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	for _, err := range []error{report.WriteCasePDF(&a, *c), report.WriteCasePDF(&b, *again)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the report of an unchanged case has other bytes")
	}
	damaged := 0
	err = filepath.WalkDir(filepath.Join(d.Data, "exhibits"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, c.Runs[0].SHA256) {
			return err
		}
		damaged++
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text[len(text)/2] ^= 1
		return os.WriteFile(path, text, 0o600)
	})
	if err != nil || damaged != 1 {
		t.Fatalf("damaged %d files: %v", damaged, err)
	}
	if c, err = d.CaseReport(t.Context(), d.officer, d.c); err != nil {
		t.Fatal(err)
	}
	if len(c.Runs[0].Traces) != 0 || !strings.Contains(strings.Join(c.Runs[0].Warnings, ""), "cannot be read as it was fixed") {
		t.Errorf("a damaged answer is shown: %+v", c.Runs[0].Warnings)
	}
}

// change changes the desk's case.
func (d *desk) change(edits ...casebook.Edit) {
	d.t.Helper()
	if _, err := d.Book.Change(d.t.Context(), d.officer, d.c, "prepared the report", edits); err != nil {
		d.t.Fatal(err)
	}
}

// TestHeuristicsOnce: an end that several methods reach is counted once, and one of a trace that is too large to be
// read is counted from the record.
func TestHeuristicsOnce(t *testing.T) {
	sweep, out := goshawk.Hash{1}, uint32(3)
	trace := func() *goshawk.Trace {
		return &goshawk.Trace{Ends: []goshawk.End{{Kind: goshawk.EndService, Tx: goshawk.Hash{2}, Out: &out, Sweep: &sweep}, {Kind: goshawk.EndUnspent, Tx: goshawk.Hash{2}}}}
	}
	c := &casebook.Case{Records: map[casebook.Kind]map[goshawk.ID]casebook.Record{}}
	said := &report.Case{Runs: []report.CaseRun{{Number: "R-1", Used: true, Traces: []*goshawk.Trace{trace(), trace()}},
		{Number: "R-2", Used: true, Ends: []report.CaseEnd{{Kind: "service", Inference: true}}, Version: goshawk.Version}}}
	list := caseHeuristics(c, said, nil)
	if len(list) != 2 || !strings.Contains(list[0].Where, "R-1: 1 end ") || !strings.Contains(list[1].Where, "R-2: 1 end ") {
		t.Errorf("%+v", list)
	}
}

// TestClusterTimes: clusters are made of all transactions of a ledger, and scored by its times, whatever is drawn of it; of a
// ledger that is not here nobody knows.
func TestClusterTimes(t *testing.T) {
	d := newDesk(t)
	d.withChain(20)
	held, err := d.Use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	head, err := held.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := held.Blocks(t.Context(), []goshawk.BlockID{0})
	if err != nil {
		t.Fatal(err)
	}
	drawn := time.Unix(head.Time, 0).UTC().AddDate(-3, 0, 0)
	node := map[string]any{"what": NodeCluster, "network": head.Network, "text": "x", "time": drawn, "x": 0, "y": 0}
	d.change(casebook.Set(casebook.KindGraph, "g", "title", "Flows"), casebook.Set(casebook.KindGraph, "g", "node/n1", node),
		casebook.Set(casebook.KindReport, "case", "graph", "g"), casebook.Set(casebook.KindCase, "case", "ledger", "main"))
	of := func() *report.CaseHeuristic {
		t.Helper()
		c, err := d.CaseReport(t.Context(), d.officer, d.c)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Heuristics) != 1 {
			t.Fatalf("%+v", c.Heuristics)
		}
		return &c.Heuristics[0]
	}
	if h := of(); h.First.Unix() != blocks[0].Time || h.Last.Unix() != head.Time {
		t.Errorf("%+v: not the ledger's times, %d to %d", h, blocks[0].Time, head.Time)
	}
	e := casebook.Set(casebook.KindCase, "case", "ledger", "gone")
	e.Before = []byte(`"main"`)
	d.change(e)
	if h := of(); !h.First.IsZero() || !h.Last.IsZero() {
		t.Errorf("%+v: of a ledger that is not here", h)
	}
}
