package workbench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/evidence"
	"goshawk/identity"
	"goshawk/report"
	"goshawk/store"
)

// PackageJob is a package of evidence that is being made, or was.
type PackageJob struct {
	ID      goshawk.ID         `json:"id"`
	State   string             `json:"state" enum:"running,done,failed,cancelled"`
	Done    int                `json:"done"`
	Total   int                `json:"total" doc:"0: nobody knows"`
	Text    string             `json:"text" doc:"what is being done"`
	Exhibit goshawk.ID         `json:"exhibit,omitempty" doc:"the package, once it is done"`
	SHA256  string             `json:"sha256,omitempty"`
	Signer  string             `json:"signer,omitempty" doc:"fingerprint of the agency's key"`
	Missing []evidence.Missing `json:"missing,omitempty" doc:"transactions that are not in it, and why"`
	Left    []string           `json:"left_out,omitempty" doc:"traces that cannot be recomputed from it, and why"`
	Error   string             `json:"error,omitempty"`
	Hint    string             `json:"hint,omitempty"`

	of goshawk.ID // the case
}

const (
	packageSource  = "package of evidence, made by Goshawk"
	mostPackages   = 100       // jobs that are remembered
	mostInPackage  = 256 << 20 // bytes of one exhibit
	mostTraceText  = 64 << 20
	mostEntries    = 1_000_000
	logPatience    = 20 * time.Second
	auditFolder    = "audit"
	mostNamed      = 50 // missing transactions that a job names
	packagePattern = "package-*.partial"
)

// MakePackage begins to make a package of evidence of a case: its report, exhibits, traces and their raw
// transactions, signed. It becomes an exhibit of the case. Package says how far it is. The bytes of the exhibits named in
// without are left out, which the package says. Where one is being made, whoever asks for it again waits for that one.
func (b *Bench) MakePackage(ctx context.Context, s *identity.Subject, c goshawk.ID, without ...goshawk.ID) (goshawk.ID, error) {
	if err := b.Book.MayChange(ctx, s, c); err != nil {
		return "", err
	}
	if b.Book.Files == nil {
		return "", goshawk.Errorf(goshawk.Unsupported, "this server keeps no exhibits")
	}
	if len(without) > 0 {
		whole, err := b.Book.Read(ctx, s, c, "looked which exhibits there are", casebook.KindExhibit)
		if err != nil {
			return "", err
		}
		for _, x := range without {
			if whole.Records[casebook.KindExhibit][x] == nil {
				return "", goshawk.Errorf(goshawk.Invalid, "the case has no exhibit %q to leave out", x)
			}
		}
	}
	if id := b.making(c); id != "" && len(without) == 0 {
		return id, nil
	}
	id := casebook.NewID()
	work, cancel := context.WithCancelCause(context.Background()) //nolint:contextcheck // it goes on when who asked has left
	r := &running{of: c, person: s.Person.ID, cancel: cancel}
	if err := b.admit(id, r); err != nil {
		cancel(nil)
		return "", err
	}
	b.notePackage(PackageJob{ID: id, State: "running", Text: "the report", of: c})
	subject := *s
	started := b.jobs.start(func(bench context.Context) {
		defer b.leave(id)
		defer context.AfterFunc(bench, func() { r.cancel(nil) })()
		work, end := context.WithTimeout(work, mostRunTime)
		defer end()
		b.makePackage(work, &subject, c, id, without)
	})
	if !started {
		b.leave(id)
		return "", errEnding()
	}
	return id, nil
}

// making is the package of a case that is being made; "" where none is.
func (b *Bench) making(c goshawk.ID) goshawk.ID {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	for i := range b.runs.packages {
		if j := &b.runs.packages[i]; j.of == c && j.State == "running" {
			return j.ID
		}
	}
	return ""
}

// CancelPackage ends the making of a package; nothing of it is kept.
func (b *Bench) CancelPackage(ctx context.Context, s *identity.Subject, c, id goshawk.ID) error {
	return b.CancelRun(ctx, s, c, id)
}

// Package says how a package stands. A server that was started again does not know of those before;
// packages that were made are exhibits.
func (b *Bench) Package(ctx context.Context, s *identity.Subject, c, id goshawk.ID) (*PackageJob, error) {
	if _, err := b.Book.Read(ctx, s, c, "looked how a package stands", casebook.KindCase); err != nil {
		return nil, err
	}
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	for i := range b.runs.packages {
		if j := b.runs.packages[i]; j.ID == id && j.of == c {
			return &j, nil
		}
	}
	return nil, goshawk.Errorf(goshawk.Conflict, "no package %s was begun since the server was started", id).WithHint("those that were made are among the exhibits")
}

// notePackage keeps how a package stands, and tells who listens.
func (b *Bench) notePackage(j PackageJob) {
	b.runs.mu.Lock()
	at := slices.IndexFunc(b.runs.packages, func(o PackageJob) bool { return o.ID == j.ID })
	if at >= 0 {
		b.runs.packages[at] = j
	} else {
		if len(b.runs.packages) >= mostPackages {
			b.runs.packages = slices.Delete(b.runs.packages, 0, 1)
		}
		b.runs.packages = append(b.runs.packages, j)
	}
	b.runs.mu.Unlock()
	b.tell(j.of, Progress{Run: j.ID, Done: int64(j.Done), Total: int64(j.Total), Text: j.Text})
}

func (b *Bench) makePackage(ctx context.Context, s *identity.Subject, c, id goshawk.ID, without []goshawk.ID) {
	m := &maker{b: b, s: s, c: c, without: without, job: PackageJob{ID: id, State: "running", of: c}}
	err := m.make(ctx)
	m.release()
	m.job.State, m.job.Text = "done", "done"
	if err != nil {
		m.job.State = "failed"
		m.job.Error, m.job.Hint = "it failed", goshawk.HintOf(err)
		switch code := goshawk.CodeOf(err); {
		case errors.Is(context.Cause(ctx), errCancelled):
			m.job.State, m.job.Error = "cancelled", "it was cancelled"
		case ctx.Err() != nil:
			m.job.Error, m.job.Hint = "the server ended, or it took too long", "make it again"
		case code != "" && code != goshawk.Corrupt && code != goshawk.Unavailable:
			m.job.Error = err.Error()
		}
		m.job.Text = m.job.State
		b.Log.Error("a package was not made", "error", err)
	}
	b.notePackage(m.job)
}

// maker makes one package.
type maker struct {
	b       *Bench
	s       *identity.Subject
	c       goshawk.ID
	job     PackageJob
	held    map[goshawk.ID]*Held
	without []goshawk.ID // exhibits
	from    map[goshawk.ID]*evidence.Collector
}

func (m *maker) release() {
	for _, h := range m.held {
		h.Release()
	}
}

func (m *maker) at(done, total int, what string) {
	m.job.Done, m.job.Total, m.job.Text = done, total, what
	m.b.notePackage(m.job)
}

func (m *maker) make(ctx context.Context) error {
	whole, err := m.b.Book.Read(ctx, m.s, m.c, "read the case for its package")
	if err != nil {
		return err
	}
	said, err := m.b.reportOf(ctx, m.s, whole)
	if err != nil {
		return err
	}
	p := &evidence.Package{At: said.At, Case: evidence.CaseLine{ID: m.c, Title: said.Title, Reference: said.Reference, Marking: said.Marking, Agency: said.Agency}}
	for _, f := range []struct {
		to    *[]byte
		write func(io.Writer, report.Case) error
	}{{&p.Report.HTML, report.WriteCaseHTML}, {&p.Report.PDF, report.WriteCasePDF}, {&p.Report.JSON, report.WriteCaseJSON}} {
		var text bytes.Buffer
		if err := f.write(&text, *said); err != nil {
			return err
		}
		*f.to = text.Bytes()
	}
	if err := m.traces(ctx, whole, p); err != nil {
		return err
	}
	for _, id := range sortedKeys(m.from) {
		p.Chains = append(p.Chains, evidence.Source{Collector: m.from[id], Blocks: m.b.Raw[id]})
	}
	m.exhibits(ctx, whole, p)
	if p.Sign, err = m.b.packageKey(); err != nil {
		return err
	}
	m.job.Signer = evidence.Fingerprint(p.Sign.Public().(ed25519.PublicKey)) //nolint:forcetypeassert // of an Ed25519 key
	if err := m.prove(ctx, p); err != nil {
		return err
	}
	p.Progress = m.at
	return m.write(ctx, p)
}

// traces makes every trace again that was not cut short.
func (m *maker) traces(ctx context.Context, whole *casebook.Case, p *evidence.Package) error {
	used, seen := usedRuns(whole), map[string]bool{}
	runs := ReportRuns(whole)
	for i, id := range runs {
		m.at(i, len(runs), "traces")
		rec := whole.Records[casebook.KindRun][id]
		r := evidence.Run{Question: rec["question"].JSON, RunLine: evidence.RunLine{Number: i + 1, ID: id, Title: rec.Text("title"), State: rec.Text("state"), Used: used[id]}}
		why, err := m.trace(ctx, rec, &r)
		if err != nil {
			return err
		}
		if why != "" {
			r.Why, r.Traces, r.RunLine.Traces = why, nil, nil
			m.job.Left = append(m.job.Left, fmt.Sprintf("%s: %s", runNumber(i), why))
		}
		said := r.Traces
		if why != "" && r.Answer != nil { // the report says which labels it was made with all the same
			said, err = report.ReadTraces(bytes.NewReader(r.Answer))
			if err != nil {
				said = nil // then the report has none of it either
			}
		}
		for _, t := range said {
			for _, l := range t.Labels {
				if key := l.Source + l.Hash; !seen[key] {
					seen[key] = true
					p.Labels = append(p.Labels, l)
				}
			}
		}
		p.Runs = append(p.Runs, r)
	}
	return nil
}

// trace makes one trace again, over the ledger as it was then; why says why that cannot be.
func (m *maker) trace(ctx context.Context, rec casebook.Record, r *evidence.Run) (why string, err error) {
	var q RunQuestion
	if json.Unmarshal(r.Question, &q) != nil {
		return "its question cannot be read", nil //nolint:nilerr // it is named in the package
	}
	exhibit := goshawk.ID(rec.Text("exhibit"))
	if exhibit == "" {
		return "it gave no answer: " + rec.Text("state"), nil
	}
	if r.Answer, err = m.answer(ctx, exhibit); err != nil {
		r.Answer = nil
		return left(err)
	}
	asked, err := evidence.Question(r.Answer)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // it is named in the package
	}
	held := m.held[q.Ledger]
	if held == nil {
		if held, err = m.b.Use(ctx, q.Ledger); err != nil {
			return "its ledger is no longer there", nil //nolint:nilerr // it is named in the package
		}
		if m.held == nil {
			m.held, m.from = map[goshawk.ID]*Held{}, map[goshawk.ID]*evidence.Collector{}
		}
		m.held[q.Ledger] = held
	}
	t := &asked.Question
	services, err := NewServices(ctx, held.Chain, held.Labels, t.StopConfidence, t.ServicesBy == "cluster")
	if err != nil {
		return "", err
	}
	t.Services, t.CoinJoin, t.Labels = services, IsCoinJoin, held.Labels.Sources()
	if t.CoinJoinRule != CoinJoinRule() {
		return "it was made with another rule for CoinJoins; run it again", nil
	}
	from := m.from[q.Ledger]
	if from == nil {
		from = &evidence.Collector{ID: q.Ledger, Ledger: held.Ledger, Params: held.Params}
	}
	r.Ledger = q.Ledger
	answers, rules, err := from.Again(ctx, asked)
	if err != nil {
		return left(err)
	}
	for _, a := range answers {
		LabelEnds(held.Labels, a)
		r.RunLine.Traces = append(r.RunLine.Traces, a.Method)
	}
	differ, err := evidence.Agree(r.Answer, answers)
	if err != nil {
		return "", err
	}
	if len(differ) > 0 {
		return "it does not come out the same any more, as labels or the program have changed since; run it again", nil
	}
	m.from[q.Ledger] = from
	r.Traces, r.Rules = answers, rules
	return "", nil
}

// left says why a trace is left out of a package; what has nothing to do with the trace is an error. A trace cannot
// be deleted: one that does not fit may not stand in the way of the others.
func left(err error) (why string, _ error) {
	switch goshawk.CodeOf(err) {
	case goshawk.Conflict, goshawk.NotFound, goshawk.Unsupported, goshawk.Invalid:
		if hint := goshawk.HintOf(err); hint != "" {
			return err.Error() + "; " + hint, nil
		}
		return err.Error(), nil
	}
	return "", err
}

func (m *maker) answer(ctx context.Context, exhibit goshawk.ID) ([]byte, error) {
	in, about, err := m.b.Book.OpenExhibit(ctx, m.s, m.c, exhibit)
	if err != nil {
		return nil, damaged(err, "that has its answer")
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, mostTraceText+1))
	if err == nil && len(text) > mostTraceText {
		err = goshawk.Errorf(goshawk.Invalid, "a trace's answer has more than %d bytes", mostTraceText).WithHint("bound the trace: nobody can look through so much")
	}
	return text, damaged(err, about.Text("number"))
}

// damaged says which exhibit it is that is not as it was fixed.
func damaged(err error, number string) error {
	if goshawk.CodeOf(err) != goshawk.Corrupt {
		return err
	}
	return goshawk.Errorf(goshawk.Conflict, "the exhibit %s is damaged: it is not what was fixed", number).WithHint("bring it back from a backup, or leave it out of the package")
}

// verifiedExhibit is an exhibit's bytes, which end with an error that names it where they are not what was fixed.
type verifiedExhibit struct {
	io.ReadCloser
	number string
}

func (v verifiedExhibit) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	return n, damaged(err, v.number)
}

// exhibits lists the case's exhibits, all but earlier packages with their bytes.
func (m *maker) exhibits(ctx context.Context, whole *casebook.Case, p *evidence.Package) {
	list, ids := caseExhibits(whole), begun(whole.Records[casebook.KindExhibit])
	for i, e := range list {
		x := evidence.Exhibit{ID: ids[i], Number: e.Number, Name: e.Name, Media: e.Media, SHA256: e.SHA256, Bytes: e.Bytes, Source: e.Source, Obtained: e.Obtained,
			Custodian: e.Custodian, Comment: e.Comment}
		for _, t := range e.Transfers {
			x.Custody = append(x.Custody, evidence.CustodyLine{At: t.At, From: t.From, To: t.To, Reason: t.Reason})
		}
		switch {
		case e.Source == packageSource:
			x.Left = "it is an earlier package of this case"
		case slices.Contains(m.without, x.ID):
			x.Left = "whoever made the package left it out"
		case e.Bytes > mostInPackage:
			x.Left = fmt.Sprintf("it has more than %d bytes: hand it over beside the package", mostInPackage)
		default:
			x.Open = func() (io.ReadCloser, error) {
				in, _, err := m.b.Book.OpenExhibit(ctx, m.s, m.c, x.ID)
				return verifiedExhibit{in, x.Number}, damaged(err, x.Number)
			}
		}
		p.Exhibit = append(p.Exhibit, x)
	}
}

// prove proves that the log has the entries by which exhibits were fixed. It waits until it does.
func (m *maker) prove(ctx context.Context, p *evidence.Package) error {
	dir := filepath.Join(m.b.Data, auditFolder)
	if _, err := os.Stat(dir); err != nil {
		p.NoProof = "the server keeps no log"
		return nil //nolint:nilerr // it is said in the package
	}
	var entries []audit.Entry
	err := m.b.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Entries(1, mostEntries, m.c)
		for i := range all {
			if slices.ContainsFunc(p.Exhibit, func(x evidence.Exhibit) bool { return bytes.Contains(all[i].Detail, []byte(`"`+x.SHA256+`"`)) }) {
				entries = append(entries, all[i])
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		p.NoProof = "no exhibit was fixed"
		return nil
	}
	m.at(0, 0, "the log's proof")
	for end := time.Now().Add(logPatience); ; {
		p.Proof, err = audit.Prove(ctx, dir, entries)
		if err == nil {
			return nil
		}
		if goshawk.CodeOf(err) != goshawk.NotFound && goshawk.CodeOf(err) != goshawk.Unavailable || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// write writes the package and fixes it as an exhibit.
func (m *maker) write(ctx context.Context, p *evidence.Package) (err error) {
	f, err := os.CreateTemp(m.b.Data, packagePattern)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "there is no room for the package: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	contents, err := evidence.Write(ctx, f, p)
	if err != nil {
		return err
	}
	m.job.Missing = contents.Missing[:min(len(contents.Missing), mostNamed)]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	comment := fmt.Sprintf("Signed with the key %s. 'goshawk verify' checks it.", m.job.Signer)
	if n := len(contents.Missing); n > 0 {
		comment += fmt.Sprintf(" %s in it: %s.", goshawk.Count(n, "transaction is not", "transactions are not"), contents.Missing[0].Why)
	}
	fixed, err := m.b.Book.AddExhibit(ctx, m.s, m.c, casebook.Exhibit{Name: "package-" + strings.ToLower(string(m.c)) + ".zip", Media: "application/zip", Source: packageSource, Comment: comment}, f)
	if err != nil {
		return err
	}
	m.job.Exhibit, m.job.SHA256 = fixed.ID, fixed.SHA256
	return nil
}

func sortedKeys(from map[goshawk.ID]*evidence.Collector) []goshawk.ID {
	ids := make([]goshawk.ID, 0, len(from))
	for id := range from {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
