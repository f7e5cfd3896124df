package score

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

func TestAUCAsDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "n")
		scores := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 5), func(i int) float64 { return float64(i) }), n, n).Draw(t, "scores")
		crime := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "crime")
		var want Share
		for i := range n {
			for j := range n {
				if crime[i] && !crime[j] {
					want.Whole += 2
					want.Part += 2*count(scores[i] > scores[j]) + count(scores[i] == scores[j])
				}
			}
		}
		if got := AUC(scores, crime); got != want {
			t.Fatalf("%v, not %v", got, want)
		}
	})
}

// sample makes n transactions of noise. The first feature of a crime lies higher
// by shift. With band, their second is always close to 0, which no weighted sum shows.
func sample(rng *rand.Rand, n int, shift float64, band bool) *Sample {
	s := &Sample{}
	for i := range n {
		crime := rng.IntN(20) == 0
		row := make([]float32, width)
		for k := range row {
			row[k] = float32(rng.NormFloat64())
		}
		if crime {
			row[0] += float32(shift)
		}
		if crime && band {
			row[1] /= 20
		}
		s.Txs, s.Crime, s.values = append(s.Txs, goshawk.TxID(i)), append(s.Crime, crime), append(s.values, row...)
	}
	return s
}

func judge(t *testing.T, train, test *Sample) Separability {
	t.Helper()
	c, err := Learn(t.Context(), []*Sample{train}, 7)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Judge(t.Context(), []*Sample{test})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestClassifierLearns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	if s := judge(t, sample(rng, 6000, 6, false), sample(rng, 3000, 6, false)); s.Logistic.Value() < 0.98 || s.Forest.Value() < 0.98 || s.Crimes+s.Others != 3000 {
		t.Errorf("six deviations apart: %v and %v", s.Logistic.Value(), s.Forest.Value())
	}
	if s := judge(t, sample(rng, 10000, 0, true), sample(rng, 3000, 0, true)); s.Forest.Value() < 0.9 || s.Logistic.Value() > 0.6 {
		t.Errorf("the middle of a feature tells: %v and %v", s.Logistic.Value(), s.Forest.Value())
	}
	train, test := sample(rng, 6000, 6, true), sample(rng, 6000, 6, true)
	rng.Shuffle(len(train.Crime), func(i, j int) { train.Crime[i], train.Crime[j] = train.Crime[j], train.Crime[i] })
	rng.Shuffle(len(test.Crime), func(i, j int) { test.Crime[i], test.Crime[j] = test.Crime[j], test.Crime[i] })
	if s := judge(t, train, test); s.Logistic.Value() < 0.43 || s.Most() > 0.57 {
		t.Errorf("shuffled labels: %v and %v", s.Logistic.Value(), s.Forest.Value())
	}
}

// One seed gives one classifier.
func TestClassifierIsDeterministic(t *testing.T) {
	data := func() *Sample { return sample(rand.New(rand.NewPCG(3, 4)), 2000, 1, true) }
	a, b := judge(t, data(), data()), judge(t, data(), data())
	if a != b {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestLearnRefuses(t *testing.T) {
	if _, err := Learn(t.Context(), []*Sample{{Txs: []goshawk.TxID{0}, Crime: []bool{false}, values: make([]float32, width)}}, 1); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("no crimes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Learn(ctx, []*Sample{sample(rand.New(rand.NewPCG(1, 2)), 100, 1, false)}, 1); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("cancelled: %v", err)
	}
}

// A generator whose criminals use another wallet than its citizens is found out, by name.
func TestFingerprintIsFound(t *testing.T) {
	world := func(seed uint64) *Sample {
		rng := rand.New(rand.NewPCG(seed, 1))
		var script strings.Builder
		var names []string
		for i := range 600 {
			if i%20 == 0 {
				fmt.Fprintf(&script, "tx coins%d: mint 50 -> %s\n", i, strings.Repeat("m 1, ", 20)+"m")
			}
			version := 2
			if rng.IntN(15) == 0 {
				version = 1
				names = append(names, fmt.Sprintf("t%d", i))
			}
			fmt.Fprintf(&script, "tx t%d version=%d locktime=%d: coins%d:%d -> x%d .%d, y%d\n", i, version, rng.IntN(2), i/20*20, i%20, i, 1+rng.IntN(9), i)
		}
		h := ledgertest.MustChain(script.String())
		l := h.Ledger()
		head, _ := l.Head(t.Context())
		hashes := make([]goshawk.Hash, len(names))
		for i, name := range names {
			hashes[i] = h.Tx(name)
		}
		found, _ := l.Find(t.Context(), goshawk.Names{Transactions: hashes})
		s, err := Features(t.Context(), l, 0, goshawk.TxID(head.Transactions), func(id goshawk.TxID) bool { return slices.Contains(found.Transactions, id) })
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Txs) != 600 {
			t.Fatalf("%d transactions", len(s.Txs))
		}
		return s
	}
	train, test := world(1), world(2)
	if s := judge(t, train, test); s.Forest.Value() < MostSeparable || s.Logistic.Value() < MostSeparable {
		t.Errorf("%v and %v", s.Logistic.Value(), s.Forest.Value())
	}
	told, err := MostTelling(t.Context(), []*Sample{test})
	if err != nil {
		t.Fatal(err)
	}
	if told[0].Feature != "version" || told[0].AUC.Part != 0 {
		t.Errorf("most telling is %+v", told[0])
	}
}

// A thin sample keeps every crime and each its features, and bounds the rest.
func TestThin(t *testing.T) {
	whole := sample(rand.New(rand.NewPCG(5, 6)), 1000, 1, false)
	for _, others := range []int{1, 90, 5000} {
		thin := whole.Thin(others)
		crimes, rest, at := 0, 0, 0
		for i, crime := range thin.Crime {
			if crime {
				crimes++
			} else {
				rest++
			}
			for whole.Txs[at] != thin.Txs[i] {
				if whole.Crime[at] {
					t.Fatalf("the crime %d is not kept", whole.Txs[at])
				}
				at++
			}
			if !slices.Equal(thin.row(i), whole.row(at)) {
				t.Fatalf("the features of %d changed", thin.Txs[i])
			}
			at++
		}
		all := 0
		for _, crime := range whole.Crime {
			if crime {
				all++
			}
		}
		if crimes != all || rest > others || rest == 0 || others == 5000 && rest != len(whole.Txs)-all {
			t.Errorf("%d others: %d crimes of %d and %d others are kept", others, crimes, all, rest)
		}
	}
}

func TestFeaturesByHand(t *testing.T) {
	h := ledgertest.MustChain(`
		tx mined: mint 50 -> m/p2pkh
		block
		block
		block
		tx split weight=4000 sequence=0xfffffffd: mined:0 -> m/p2pkh 10, a 10, b/p2sh 10, data "x", c 19.999 fee .001
		tx join version=1 locktime=5 weight=4000: split:1, split:4 -> d .5
	`)
	l := h.Ledger()
	head, _ := l.Head(t.Context())
	s, err := Features(t.Context(), l, 0, goshawk.TxID(head.Transactions), func(goshawk.TxID) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Txs) != 2 {
		t.Fatalf("%d transactions", len(s.Txs))
	}
	of := func(row int) map[string]float32 {
		m := map[string]float32{}
		for k, name := range FeatureNames() {
			m[name] = s.row(row)[k]
		}
		return m
	}
	split, join := of(0), of(1)
	for name, want := range map[string]float32{
		"inputs": 1, "outputs": lg(5), "value": lg(49.999e8), "largest output": lg(19.999e8), "smallest output": 0, "fee": lg(1e5), "fee rate": lg(1e5 * 4096 / 4000),
		"weight": lg(4000), "inputs P2PKH": 1, "outputs P2PKH": 0.2, "outputs P2SH": 0.2, "outputs P2WPKH": 0.4, "outputs of data": 0.2, "version": 2, "lock time": 0,
		"sequence": 2, "mean age of coins": lg(3), "least age of coins": lg(3), "own address among outputs": 1, "outputs of the first input's type": 0.2,
		"round outputs": 0.8, "equal outputs": lg(3), "input addresses": 1, "earlier use of input addresses": lg(1), "earlier use of output addresses": lg(1),
		"outputs still unspent": 0.4, "coinbase": 0, "before: coinbase": 1, "before: outputs": 1, "after: version": 1, "after: inputs": lg(2),
	} {
		if got := split[name]; got != want {
			t.Errorf("split, %s: %v, not %v", name, got, want)
		}
	}
	for name, want := range map[string]float32{
		"lock time": 1, "sequence": 0, "mean age of coins": 0, "before: fee": lg(1e5), "after: fee": 0, "outputs still unspent": 1, "equal outputs": 1, "input addresses": lg(2),
	} {
		if got := join[name]; got != want {
			t.Errorf("join, %s: %v, not %v", name, got, want)
		}
	}
}
