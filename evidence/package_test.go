package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/audit"
	"goshawk/report"
	"goshawk/trace"
)

var seed = bytes.Repeat([]byte{7}, ed25519.SeedSize)

// sample is a package about a random chain, with a trace, a comparison, one that was cut short, and
// exhibits of which one is left out.
func sample(t testing.TB, change func(*Package)) []byte {
	t.Helper()
	ctx := context.Background()
	h := rapid.Custom(func(t *rapid.T) *history {
		h := grow(t)
		for len(h.coins) < 30 || h.model.Partial || h.model.Start > 0 {
			h = grow(t)
		}
		return h
	}).Example(3)
	ledger := h.model.Ledger()
	head, err := ledger.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{ID: "main", Ledger: ledger, Params: h.params}
	p := &Package{Case: CaseLine{ID: "case1", Title: "Ransom <&>", Reference: "1 Js 5/26", Agency: "Police of Sample"}, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Sign: ed25519.NewKeyFromSeed(seed), NoProof: "it is a test",
		Labels: []goshawk.LabelSource{{Source: "x.csv", Hash: strings.Repeat("0", 64)}}}
	for n, methods := range [][]trace.Method{{trace.FIFO}, {trace.Haircut, trace.LIFO, trace.TIHO}} {
		q := trace.Question{Starts: h.coins[:3], Services: some{3}, StopConfidence: 50, ServicesBy: "address", Labels: p.Labels}
		traces, rules, err := c.Again(ctx, &Asked{Question: q, Methods: methods, At: head.Point()})
		if err != nil {
			t.Fatal(err)
		}
		var answer bytes.Buffer
		if len(methods) == 1 {
			err = report.TraceJSON(&answer, traces[0])
		} else {
			var all *goshawk.Comparison
			if all, err = trace.Compare(ctx, ledger, q, methods); err == nil {
				err = report.ComparisonJSON(&answer, all)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		r := Run{RunLine: RunLine{Number: n + 1, ID: goshawk.ID(fmt.Sprint("r", n+1)), Title: "a trace", State: "done", Ledger: "main"}, Question: json.RawMessage(`{"x":1}`), Answer: answer.Bytes(), Traces: traces, Rules: rules}
		for _, m := range methods {
			r.RunLine.Traces = append(r.RunLine.Traces, string(m))
		}
		p.Runs = append(p.Runs, r)
	}
	p.Runs = append(p.Runs, Run{RunLine: RunLine{Number: 3, ID: "r3", State: "cancelled", Why: "it was cancelled"}, Question: json.RawMessage(`{}`)})
	p.Chains = []Source{{c, h}}
	text := []byte("a statement")
	p.Exhibit = []Exhibit{
		{ID: "x1", Number: "E-1", Name: "../con .txt", Media: "text/plain", Custody: []CustodyLine{{At: "2026-03-01T09:00:00Z", From: "Jan Brandt", To: "shelf 4", Reason: "for safe keeping"}}, SHA256: hex.EncodeToString(sumOf(text)), Bytes: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }},
		{ID: "x2", Number: "E-2", Name: "large.bin", SHA256: strings.Repeat("f", 64), Left: "it is too large"},
	}
	for i := range p.Runs {
		if text := p.Runs[i].Answer; text != nil {
			p.Exhibit = append(p.Exhibit, Exhibit{Number: fmt.Sprint("E-", len(p.Exhibit)+1), Name: "trace.json", SHA256: hex.EncodeToString(sumOf(text)), Bytes: int64(len(text)),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
		}
	}
	p.Report = reportOf(t, p)
	if change != nil {
		change(p)
	}
	var out bytes.Buffer
	if _, err := Write(ctx, &out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reportOf is a report of a package's runs and exhibits, in its three forms.
func reportOf(t testing.TB, p *Package) (r Report) {
	t.Helper()
	c := report.Case{Version: goshawk.Version, ID: string(p.Case.ID), At: p.At, Title: p.Case.Title, Reference: p.Case.Reference, Agency: p.Case.Agency, Author: "Jan Brandt", Question: "Where?",
		Findings: []report.CaseFinding{{Number: 1, Title: "It is there", Runs: []string{"R-1"}}}, Heuristics: []report.CaseHeuristic{{Name: "co-spend/1", Where: "the graph"}},
		Picture: &report.CasePicture{Title: "The way", Nodes: []report.CaseNode{{ID: "a:1", What: "address", Text: "x", X: 1.0 / 3, Y: 2}, {ID: "a:2", What: "address", Text: "y"}}, Edges: []report.CaseEdge{{From: "a:1", To: "a:2", What: "pay", Value: "7"}}}}
	for _, x := range p.Exhibit {
		one := report.CaseExhibit{Number: x.Number, Name: x.Name, Media: x.Media, SHA256: x.SHA256, Bytes: x.Bytes}
		for _, step := range x.Custody {
			one.Transfers = append(one.Transfers, report.CaseTransfer(step))
		}
		c.Exhibits = append(c.Exhibits, one)
	}
	for i := range p.Runs {
		c.Runs = append(c.Runs, caseRunOf(t, &p.Runs[i]))
	}
	for _, l := range p.Labels {
		c.Labels = append(c.Labels, report.CaseSource{Name: l.Source, Hash: l.Hash, Date: l.Date})
	}
	c.Ranges = report.Ranges(c.Runs)
	c.Money = &report.CaseMoney{Currency: "USD", Rates: c.RateDays(), Files: []report.CaseRateFile{{Name: "rates.csv", Hash: strings.Repeat("a", 64)}}}
	for i := range c.Money.Rates {
		c.Money.Rates[i].Rate, c.Money.Rates[i].Source = fmt.Sprintf("%d.5", 100_000_000+i), strings.Repeat("a", 64)
	}
	if err := c.SetWorth(); err != nil {
		t.Fatal(err)
	}
	for to, write := range map[*[]byte]func(io.Writer, report.Case) error{&r.HTML: report.WriteCaseHTML, &r.PDF: report.WriteCasePDF, &r.JSON: report.WriteCaseJSON} {
		var text bytes.Buffer
		if err := write(&text, c); err != nil {
			t.Fatal(err)
		}
		*to = text.Bytes()
	}
	return r
}

// caseRunOf is what a report says of a run, with all of its ends.
func caseRunOf(t testing.TB, r *Run) report.CaseRun {
	t.Helper()
	out := report.CaseRun{Number: fmt.Sprint("R-", r.Number), ID: string(r.ID), Title: r.Title, State: r.State, Used: r.Used}
	if r.Answer == nil {
		return out
	}
	traces, err := report.ReadTraces(bytes.NewReader(r.Answer))
	if err != nil {
		t.Fatal(err)
	}
	first := traces[0]
	out.SHA256, out.Drawn, out.Traces = hex.EncodeToString(sumOf(r.Answer)), true, traces
	out.Network, out.Ticker, out.Decimals, out.Height, out.Block = first.Network, first.Asset.Ticker, int(first.Asset.Decimals), first.Ledger.Height, first.Ledger.Hash.String()
	out.Version, out.Direction = first.Version, first.Direction
	for i := range first.Labels {
		out.Labels = append(out.Labels, first.Labels[i].Hash)
	}
	var sum goshawk.Units
	for i := range first.Start {
		sum.Add(&sum, &first.Start[i].Amount)
	}
	out.Amount = sum.Dec()
	at := map[string]int{}
	for m, one := range traces {
		out.Methods = append(out.Methods, one.Method)
		out.Steps += one.Steps
		for i := range one.Ends {
			e := &one.Ends[i]
			key := fmt.Sprint(e.Kind, e.Tx, dec(e.Amount) == nil, e.Out == nil)
			if e.Out != nil {
				key = fmt.Sprint(e.Kind, e.Tx, *e.Out)
			}
			n, known := at[key]
			if !known {
				n = len(out.Ends)
				at[key] = n
				out.Ends = append(out.Ends, report.CaseEnd{Kind: string(e.Kind), Tx: e.Tx.String(), Out: e.Out, Address: orNone(e.Address), Note: e.Note, Inference: e.Sweep != nil, Amounts: make([]*string, len(traces)), Time: momentOf(e.Time)})
			}
			out.Ends[n].Amounts[m] = dec(e.Amount)
			if l := e.Label; l != nil {
				out.Ends[n].Label, out.Ends[n].Sure, out.Ends[n].Source = l.Text, report.Confidence(l.Confidence), l.Source
			}
		}
	}
	for _, kind := range goshawk.EndKinds() {
		sum := report.CaseSum{Kind: string(kind)}
		reached := false
		for _, one := range traces {
			var amount *string
			count := 0
			for _, k := range one.Totals {
				if k.Kind == kind {
					amount, count, reached = dec(&k.Amount), k.Count, true
				}
			}
			sum.Amounts, sum.Counts = append(sum.Amounts, amount), append(sum.Counts, count)
		}
		if reached {
			out.Totals = append(out.Totals, sum)
		}
	}
	return out
}

func momentOf(seconds int64) *time.Time {
	at := time.Unix(seconds, 0).UTC()
	return &at
}

func sumOf(text []byte) []byte {
	h := algorithms()[0].make()
	h.Write(text)
	return h.Sum(nil)
}

// look verifies a package in a zip file's bytes.
func look(t testing.TB, text []byte, signer ed25519.PublicKey) *Verification {
	t.Helper()
	v, err := VerifyZip(context.Background(), bytes.NewReader(text), int64(len(text)), signer)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func words(v *Verification) string {
	var b strings.Builder
	for _, c := range v.Checks {
		fmt.Fprintf(&b, "%s, %s: %s\n", c.State, c.Of, c.Text)
	}
	return b.String()
}

// unpack returns the files of a zip file, in order.
func unpack(t testing.TB, text []byte) (names []string, content map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	content = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if content[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
	}
	return names, content
}

func pack(t testing.TB, names []string, content map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(content[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPackage: a package verifies as a file and as a folder, by our own code and by what the README
// names: sha256sum, ssh-keygen and the tracer. The same case gives the same bytes.
func TestPackage(t *testing.T) {
	text := sample(t, nil)
	if !bytes.Equal(text, sample(t, nil)) {
		t.Error("two packages of one case differ")
	}
	key := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	v := look(t, text, key)
	if v.Faults > 0 || v.Signer != Fingerprint(key) {
		t.Fatalf("%s", words(v))
	}
	for _, want := range []string{"verified, trace: run 1, fifo:", "verified, trace: run 2, tiho:", "verified, trace: run 2: the answer that was fixed", "verified, trace: run 1: the answer that was fixed",
		"not verified, trace: run 3", "not verified, exhibits: E-2", "verified, exhibits: 3 exhibits", "verified, report: R-1:", "verified, report: R-2:", "verified, report: report.html and report.pdf say", "verified, report: report.json tells of every trace", "verified, signature: that is the key", "not verified, log:"} {
		if !strings.Contains(words(v), want) {
			t.Errorf("%q is not among\n%s", want, words(v))
		}
	}
	if v := look(t, text, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)); v.Faults != 1 {
		t.Errorf("another key was asked for: %s", words(v))
	}

	dir := t.TempDir()
	names, content := unpack(t, text)
	root := filepath.Join(dir, strings.Split(names[0], "/")[0])
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := VerifyPath(t.Context(), root, key); err != nil || v.Faults > 0 {
		t.Fatalf("as a folder: %v\n%s", err, words(v))
	}
	out, err := tracer(t, filepath.Join(root, "data"))
	if err == nil || !strings.Contains(out, "4 traces recomputed. 1 differ or could not be recomputed.") || strings.Contains(out, "DIFFERS") {
		t.Errorf("the tracer: %v\n%s", err, out)
	}
	for _, cmd := range [][]string{
		{"sha256sum", "--strict", "-c", "manifest-sha256.txt", "tagmanifest-sha256.txt"}, {"sha512sum", "--strict", "-c", "manifest-sha512.txt", "tagmanifest-sha512.txt"},
		{"sh", "-c", "ssh-keygen -Y verify -f allowed_signers -I Police_of_Sample -n goshawk-package -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt"},
	} {
		c := exec.CommandContext(t.Context(), cmd[0], cmd[1:]...)
		c.Dir = root
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", cmd, err, out)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "data", "link")); err != nil {
		t.Fatal(err)
	}
	if v, err := VerifyPath(t.Context(), root, nil); err != nil || v.Faults == 0 {
		t.Errorf("a link in a folder: %v", err)
	}
}

// TestEdited: a byte that was changed in any file is found; so is a file that was added or taken out.
func TestEdited(t *testing.T) {
	names, content := unpack(t, sample(t, nil))
	for _, name := range names {
		for _, at := range []int{0, len(content[name]) / 2, len(content[name]) - 1} {
			was := content[name]
			content[name] = slices.Clone(was)
			if len(was) == 0 {
				content[name] = []byte{'x'}
			} else {
				content[name][at] ^= 1
			}
			if v := look(t, pack(t, names, content), nil); v.Faults == 0 {
				t.Errorf("%s, byte %d: not found", name, at)
			}
			content[name] = was
		}
	}
	for i, name := range names {
		if v := look(t, pack(t, slices.Delete(slices.Clone(names), i, i+1), content), nil); v.Faults == 0 && !strings.HasSuffix(name, signatureName) {
			t.Errorf("without %s: not found", name)
		}
	}
	root, _, _ := strings.Cut(names[0], "/")
	signature := root + "/tagmanifest-sha256.txt.sig"
	was := content[signature]
	content[signature] = bytes.Replace(was, []byte("\n-----END"), []byte("\n\n-----END"), 1)
	if v := look(t, pack(t, names, content), nil); v.Faults == 0 || bytes.Equal(was, content[signature]) {
		t.Error("a line that was added to the signature is not found")
	}
	content[signature] = was
	content[root+"/data/more.txt"] = []byte("more")
	if v := look(t, pack(t, append(slices.Clone(names), root+"/data/more.txt"), content), nil); v.Faults == 0 {
		t.Error("a file that was added is not found")
	}
}

// TestMissing: what the source of blocks lacks is named, by the package and by whoever verifies it.
func TestMissing(t *testing.T) {
	text := sample(t, func(p *Package) { p.Chains[0].Blocks = nil })
	v := look(t, text, nil)
	if !strings.Contains(words(v), "no source of raw blocks is known") {
		t.Errorf("%s", words(v))
	}
	if strings.Contains(words(v), "every number is the same") {
		t.Error("numbers were verified without transactions")
	}
	if v.Faults > 0 {
		t.Errorf("what the package says of itself is held against it: %s", words(v))
	}
}

// trail is an audit trail of one entry.
type trail struct{ one audit.Entry }

func (t trail) Entries(_ context.Context, from int64, _ int) ([]audit.Entry, error) {
	if from > t.one.Seq {
		return nil, nil
	}
	return []audit.Entry{t.one}, nil
}

// TestLogProof: exhibits that the log has recorded are said to be.
func TestLogProof(t *testing.T) {
	dir := t.TempDir()
	log, err := audit.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	e := audit.Entry{Seq: 1, At: time.Unix(1_700_000_000, 0), Case: "case1", Action: "change", What: "fixed an exhibit <x>",
		Detail: json.RawMessage(`{"sha256":"` + hex.EncodeToString(sumOf([]byte("a statement"))) + `"}`)}
	if err := log.CatchUp(t.Context(), trail{e}); err != nil {
		t.Error(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	proof, err := audit.Prove(t.Context(), dir, []audit.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	v := look(t, sample(t, func(p *Package) { p.Proof = proof }), nil)
	if v.Faults > 0 || !strings.Contains(words(v), "1 exhibit: the log has recorded") {
		t.Errorf("%s", words(v))
	}
	bad := *proof
	bad.Proven = slices.Clone(proof.Proven)
	bad.Proven[0].Salt = strings.Repeat("1", 64)
	if v := look(t, sample(t, func(p *Package) { p.Proof = &bad }), nil); v.Faults == 0 {
		t.Error("a proof that does not hold is not found")
	}
}

// TestHostile: what is no package, and what would harm who unpacks it, is a fault.
func TestHostile(t *testing.T) {
	entry := func(name string, mode fs.FileMode, text []byte) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	two := func(a, b string) []byte { return pack(t, []string{a, b}, map[string][]byte{}) }
	for name, text := range map[string][]byte{
		"nothing": nil, "text": []byte("no zip"), "upwards": entry("p/../../x", 0o644, nil), "absolute": entry("/etc/x", 0o644, nil), "backslash": entry(`p/a\..\b`, 0o644, nil),
		"drive": entry("p/c:x", 0o644, nil), "device": entry("p/data/nul.txt", 0o644, nil), "link": entry("p/data/x", fs.ModeSymlink|0o777, []byte("/etc/passwd")),
		"pipe": entry("p/data/x", fs.ModeNamedPipe|0o777, nil), "twice": two("p/data/x", "p/data/x"), "by case": two("p/data/x", "p/data/X"), "two roots": two("p/data/x", "q/data/x"),
		"control": entry("p/a\x1b[2J", 0o644, nil), "hidden": entry("p/.x", 0o644, nil), "bomb": entry("p/data/x", 0o644, make([]byte, mostSlack+(64<<20))),
	} {
		if v := look(t, text, nil); v.Faults == 0 {
			t.Errorf("%s: no fault", name)
		}
	}
}

// FuzzVerify: no bytes harm who verifies them.
func FuzzVerify(f *testing.F) {
	f.Add(sample(f, nil))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if v := look(t, text, nil); v.Faults == 0 && v.Case.ID != "case1" {
			t.Errorf("no fault: %s", words(v))
		}
	})
}

// FuzzChain: nor do any bytes in the files of a chain.
func FuzzChain(f *testing.F) {
	_, content := unpack(f, sample(f, nil))
	file := func(name string) []byte {
		b, ok := content["package-case1/data/"+name]
		if !ok {
			f.Fatalf("the package has no %s to begin with", name)
		}
		return b
	}
	f.Add(file("chain/main/network.json"), file("chain/main/blocks.jsonl"), file("chain/main/transactions.jsonl"), file("chain/main/coins.jsonl"), file("runs/1/rules.json"), file("runs/1/traces/fifo.json"))
	f.Fuzz(func(t *testing.T, network, blocks, transactions, coins, rules, answer []byte) {
		r, err := newReplay(t.Context(), func(name string) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(map[string][]byte{"network.json": network, "blocks.jsonl": blocks, "transactions.jsonl": transactions, "coins.jsonl": coins}[name])), nil
		})
		if err != nil {
			return
		}
		var l Rules
		if json.Unmarshal(rules, &l) == nil {
			_, _ = r.recompute(t.Context(), "fifo", &l, answer)
		}
	})
}

// TestTooMany: a trace that comes to more than a package holds is refused, and those before it stay whole.
func TestTooMany(t *testing.T) {
	ctx := t.Context()
	h := rapid.Custom(func(t *rapid.T) *history {
		h := grow(t)
		for len(h.coins) < 30 || h.model.Partial || h.model.Start > 0 {
			h = grow(t)
		}
		return h
	}).Example(3)
	ledger := h.model.Ledger()
	head, err := ledger.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(c *Collector, starts ...goshawk.Outpoint) error {
		_, _, err := c.Again(ctx, &Asked{Question: trace.Question{Starts: starts, StopConfidence: 50, ServicesBy: "address"}, Methods: []trace.Method{trace.Poison}, At: head.Point()})
		return err
	}
	c := &Collector{ID: "main", Ledger: ledger, Params: h.params}
	if err := ask(c, h.coins[len(h.coins)-1]); err != nil {
		t.Fatal(err)
	}
	c.most = len(c.all) + 1
	if err := ask(c, h.coins...); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Fatalf("too many: %v", err)
	}
	if missing, err := c.Write(ctx, &folder{path: t.TempDir()}, h, nil); err != nil || len(missing) > 0 {
		t.Error(missing, err)
	}
	if len(c.all) >= c.most {
		t.Error("what was refused is in it")
	}
}

// TestMissingAreGrouped: of many transactions that are missing for one reason there is one line, with their number and the first.
func TestMissingAreGrouped(t *testing.T) {
	hash := func(n byte) goshawk.Hash { return goshawk.Hash{n} }
	v := &Verification{}
	v.missing([]Missing{{Ledger: "a", TxID: hash(1), Why: "no blocks"}, {Ledger: "b", TxID: hash(2), Why: "no blocks"}, {Ledger: "a", TxID: hash(3), Why: "no blocks"}, {Ledger: "a", TxID: hash(4), Why: "cut off"}})
	var said []string
	for _, c := range v.Checks {
		if c.State != Open {
			t.Errorf("%v", c)
		}
		said = append(said, c.Text)
	}
	if len(said) != 3 || !strings.HasPrefix(said[0], "2 transactions of the ledger a are not in the package, the first of them "+hash(1).String()) ||
		!strings.HasPrefix(said[1], "transaction "+hash(2).String()) || !strings.HasSuffix(said[2], "cut off") {
		t.Errorf("%q", said)
	}
}
