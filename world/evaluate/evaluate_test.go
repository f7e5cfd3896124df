package evaluate_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/cluster"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/pattern"
	"goshawk/trace"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/evaluate"
	"goshawk/world/score"
)

// folder is a world in memory.
type folder struct{ fstest.MapFS }

type file struct {
	bytes.Buffer
	of   folder
	name string
}

func (f folder) Create(name string) (world.File, error) { return &file{of: f, name: name}, nil }

func (f *file) Close() error {
	f.of.MapFS[f.name] = &fstest.MapFile{Data: f.Bytes()}
	return nil
}

// made is a world, and a ledger of its chain.
type made struct {
	folder
	ledger  *ledger.Reader
	founded goshawk.TxID
}

func build(t testing.TB, spec world.Spec) made {
	t.Helper()
	w := folder{fstest.MapFS{}}
	m, err := world.Build(t.Context(), spec, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, f := range w.MapFS {
		if filepath.Dir(name) != "blocks" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	params, err := bitcoin.Lookup(m.Network)
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := disk.Make(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	var addresses []goshawk.AddressID
	l, err := ledger.OpenWriter(fsys, ledger.Options{Network: params.Name, Codec: params, Rule: cluster.CoSpendRule,
		Join: func(f ledger.Forest, batch *goshawk.Transactions, row int) {
			if _, mixed := pattern.CoinJoin(batch, row); mixed {
				return
			}
			addresses = addresses[:0]
			for i := range batch.In(row) {
				addresses = append(addresses, batch.In(row)[i].Address)
			}
			cluster.CoSpend(f, batch.Rows[row].ID, addresses)
		}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ingest.FromFiles(t.Context(), l, ingest.OS(), []string{dir}, ingest.Options{Params: params})
	if err = errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := ledger.Open(fsys, params)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	founded, err := score.FirstAt(t.Context(), r, m.Founded+1)
	if err != nil {
		t.Fatal(err)
	}
	return made{w, r, founded}
}

// measure measures in a world whose truth is what a folder says.
func measure(t testing.TB, m made, truth fs.FS) *evaluate.Card {
	t.Helper()
	said, err := evaluate.ReadTruth(t.Context(), truth, m.ledger)
	if err != nil {
		t.Fatal(err)
	}
	crimes, err := evaluate.ReadCrimes(truth)
	if err != nil {
		t.Fatal(err)
	}
	card, err := evaluate.Measure(t.Context(), evaluate.World{Ledger: m.ledger, Founded: m.founded, Truth: said, Crimes: crimes, Naive: true})
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func row(t testing.TB, c *evaluate.Card, task, method string) *evaluate.Row {
	t.Helper()
	for i := range c.Rows {
		if c.Rows[i].Task == task && c.Rows[i].Method == method {
			return &c.Rows[i]
		}
	}
	t.Fatalf("no row of %s, %s", task, method)
	return nil
}

// spec is a world small enough for a test, with a crime and with what makes
// clustering hard.
func spec(t testing.TB, seed uint64, era world.Era) world.Spec {
	t.Helper()
	scenarios, err := crime.New([]string{"ransomware"}, "basic")
	if err != nil {
		t.Fatal(err)
	}
	a := world.DefaultAssumptions(era)
	a.CoinJoins, a.PayJoins, a.ChangeHands = 200, 500, 500
	return world.Spec{Seed: seed, Era: era, Txs: 8_000, Scenarios: scenarios, Assumptions: &a}
}

// TestMeasure: every heuristic and method has its row, shares are shares, and
// what is certain by construction holds.
func TestMeasure(t *testing.T) {
	m := build(t, spec(t, 5, world.Era2022))
	card := measure(t, m, m.MapFS)
	for _, r := range card.Rows {
		for _, v := range []float64{r.Precision, r.Recall} {
			if v < 0 || v > 1 {
				t.Errorf("%s, %s: %v is no share", r.Task, r.Method, v)
			}
		}
		for _, v := range r.Others {
			if v.Value < 0 || v.Share && v.Value > 1 {
				t.Errorf("%s, %s: %s is %v", r.Task, r.Method, v.Name, v.Value)
			}
		}
	}
	for _, h := range cluster.Heuristics() {
		row(t, card, evaluate.TaskChange, h.Alone().Rule())
		row(t, card, evaluate.TaskPairsSpent, cluster.CoSpendRule+" with "+h.Alone().Rule())
	}
	for _, method := range trace.Methods() {
		row(t, card, evaluate.TaskTracing, string(method))
	}
	for _, rule := range []string{"all rules", pattern.RuleWhirlpool, pattern.RuleJoinMarket, pattern.RuleWasabi2, pattern.RuleTx0, pattern.RuleStonewall} {
		row(t, card, evaluate.TaskCoinJoin, rule)
	}
	row(t, card, evaluate.TaskPeel, pattern.RulePeelChain)
	row(t, card, evaluate.TaskDeposit, pattern.RuleDepositAddress)

	if r := row(t, card, evaluate.TaskChange, "change(address-reuse/1)"); r.Precision < 0.99 || r.Recall == 0 {
		t.Errorf("an address that pays itself is another's: %+v", r)
	}
	if r := row(t, card, evaluate.TaskCoinJoin, pattern.RuleWhirlpool); r.Precision != 1 || r.Recall < 0.5 {
		t.Errorf("the pool's mixes are not told: %+v", r)
	}
	clean, all := row(t, card, evaluate.TaskPairsSpent, cluster.CoSpendRule), row(t, card, evaluate.TaskPairsSpent, cluster.CoSpendRule+", CoinJoins not left out")
	if clean.Precision <= all.Precision || clean.Precision == 1 {
		t.Errorf("pairs are joined rightly at %v without CoinJoins, and %v with them, PayJoins and sold wallets in both", clean.Precision, all.Precision)
	}
	if r := row(t, card, evaluate.TaskTracing, "fifo"); r.Recall == 0 || math.IsNaN(r.Precision) {
		t.Errorf("nothing of the crime was found: %+v", r)
	}
	if card.Sample == nil {
		t.Error("nothing is kept for the naive classifier")
	}
}

// TestWrongTruth: each part of the truth counts. Where it is replaced by a wrong
// one the scores that rest on it fall.
func TestWrongTruth(t *testing.T) {
	m := build(t, spec(t, 6, world.Era2019))
	right := measure(t, m, m.MapFS)
	for _, wrong := range []struct {
		name, file  string
		edit        func(row int, field []string)
		task, rules string
	}{
		{"owners", "truth/addresses.csv", func(i int, f []string) { f[3] = strconv.Itoa(i) }, evaluate.TaskPairsSpent, cluster.CoSpendRule},
		{"owners", "truth/addresses.csv", func(i int, f []string) { f[3] = strconv.Itoa(i) }, evaluate.TaskChange, "change(script-type/1)"},
		{"purposes", "truth/addresses.csv", func(_ int, f []string) { f[4] = "change" }, evaluate.TaskDeposit, pattern.RuleDepositAddress + ", services labelled"},
		{"kinds", "truth/transactions.csv", func(_ int, f []string) { f[3] = strings.ReplaceAll(f[3], "coinjoin", "payment") }, evaluate.TaskCoinJoin, "all rules"},
	} {
		changed := fstest.MapFS{}
		for name, f := range m.MapFS {
			changed[name] = f
		}
		lines := strings.Split(strings.TrimSpace(string(m.MapFS[wrong.file].Data)), "\n")
		for i := 1; i < len(lines); i++ {
			fields := strings.Split(lines[i], ",")
			wrong.edit(i, fields)
			lines[i] = strings.Join(fields, ",")
		}
		changed[wrong.file] = &fstest.MapFile{Data: []byte(strings.Join(lines, "\n") + "\n")}
		card := measure(t, m, changed)
		before, after := row(t, right, wrong.task, wrong.rules), row(t, card, wrong.task, wrong.rules)
		if !(after.Precision < before.Precision) {
			t.Errorf("with wrong %s %s, %s has a precision of %v, and %v with right ones", wrong.name, wrong.task, wrong.rules, after.Precision, before.Precision)
		}
	}
}

// TestTruthOfAnotherChain: a truth and a ledger of two worlds are refused, and so
// is a truth with a part missing.
func TestTruthOfAnotherChain(t *testing.T) {
	one, other := build(t, world.Spec{Seed: 7, Era: world.Era2015, Txs: 4_000}), build(t, world.Spec{Seed: 8, Era: world.Era2015, Txs: 4_000})
	if _, err := evaluate.ReadTruth(t.Context(), other.MapFS, one.ledger); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("another world's truth: %v", err)
	}
	for _, name := range []string{"truth/actors.csv", "truth/transactions.csv", "truth/addresses.csv"} {
		whole := one.MapFS[name]
		delete(one.MapFS, name)
		if _, err := evaluate.ReadTruth(t.Context(), one.MapFS, one.ledger); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("without %s: %v", name, err)
		}
		lines := bytes.SplitAfter(whole.Data, []byte("\n"))
		for _, damage := range [][]byte{nil, []byte("a,b\n1,2\n"), bytes.Join(append(lines[:1:1], []byte("x,y\n")), nil)} {
			one.MapFS[name] = &fstest.MapFile{Data: damage}
			if _, err := evaluate.ReadTruth(t.Context(), one.MapFS, one.ledger); goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%s damaged: %v", name, err)
			}
		}
		one.MapFS[name] = whole
	}
	one.MapFS["truth/x/case.json"] = &fstest.MapFile{Data: []byte("{")}
	if _, err := evaluate.ReadCrimes(one.MapFS); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("a damaged answer key: %v", err)
	}
}

// TestResults: two worlds give one result for each row, whatever their order, and
// the sweep's cases stand beside it.
func TestResults(t *testing.T) {
	settings := evaluate.Settings(world.Era2022)
	var settled []evaluate.Settled
	for i := range uint64(2) {
		m := build(t, spec(t, 20+i, world.Era2022))
		card := measure(t, m, m.MapFS)
		settled = append(settled, evaluate.Settled{Job: evaluate.Job{Era: world.Era2022, Seed: i}, Card: card})
		settled = append(settled, evaluate.Settled{Job: evaluate.Job{Era: world.Era2022, Seed: i, Setting: settings[1]}, Card: card})
	}
	results, err := evaluate.Results(t.Context(), world.Era2022, settled)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(settled[0].Card.Rows) + 2; len(results) != want {
		t.Errorf("%d results, not %d", len(results), want)
	}
	settled[0], settled[3] = settled[3], settled[0]
	again, err := evaluate.Results(t.Context(), world.Era2022, settled)
	if err != nil {
		t.Fatal(err)
	}
	for i := range results {
		a, b := &results[i], &again[i]
		if a.Method != b.Method || !same(a.Precision.Summary.Mean, b.Precision.Summary.Mean) || !same(a.Precision.Summary.Low, b.Precision.Summary.Low) {
			t.Errorf("%s, %s depends on the order of seeds", a.Task, a.Method)
		}
		if a.Task == evaluate.TaskNaive {
			if auc := a.Others[0].Summary; auc.Seeds != 2 || auc.Mean < 0 || auc.Mean > 1 {
				t.Errorf("%s: %+v", a.Method, auc)
			}
		} else if len(a.Precision.Sweep) != 1 || a.Precision.Sweep[0].Setting != settings[1].Name || !same(a.Precision.Sweep[0].Summary.Mean, a.Precision.Summary.Mean) {
			t.Errorf("%s, %s: %+v", a.Task, a.Method, a.Precision.Sweep)
		}
	}
	if s := evaluate.Sentences("v", results); len(s) != 2 || !strings.Contains(s[0], "On 2 synthetic chains made by this program's authors (v, 2022), co-spend/1 wrongly joined ") {
		t.Errorf("%q", s)
	}
	if _, err := evaluate.Results(t.Context(), world.Era2022, settled[1:2]); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a sweep without what it varies: %v", err)
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestJobs: an evaluation takes seeds in a row, the sweep a
// quarter of them.
func TestJobs(t *testing.T) {
	for seeds, swept := range map[int]int{1: 1, 2: 1, 20: 5} {
		count := map[string]int{}
		for _, j := range evaluate.Jobs(world.Era2019, 100, seeds) {
			if j.Seed != 100+uint64(count[j.Setting.Name]) {
				t.Errorf("the seed %d comes after %d others", j.Seed, count[j.Setting.Name])
			}
			count[j.Setting.Name]++
		}
		for _, s := range evaluate.Settings(world.Era2019) {
			want := swept
			switch {
			case s.Name == "":
				want = seeds
			case s.Milder && seeds < score.EnoughSeeds:
				want = 0
			}
			if count[s.Name] != want {
				t.Errorf("%d worlds with %q of %d seeds", count[s.Name], s.Name, seeds)
			}
		}
	}
}
