package score

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"goshawk"
	"goshawk/internal/realblock"
	"goshawk/ledger/ledgertest"
)

const economy = `
	block 1
	tx wage:    mint 50 -> alice 50
	tx pool:    mint 50 -> pool/p2pkh 50
	block 10
	tx lunch:   wage:0 -> bob/p2sh 1.5, alice 48.4999 fee .0001           # change to itself, by type, round
	tx both:    pool:0 -> carol/p2pkh 20.12345, dave/p2pkh fee .0002      # two of its type, none round
	tx payout:  both:1 -> a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j/p2tr fee .0003
	block 13
	tx note:    lunch:1 -> data "hello", erin 48.4 fee .0999              # one of its type; round, as data is worth nothing
	tx merge:   payout:0, both:0 -> frank 5, fay/p2tr fee .0001           # no one type
	tx sweep:   payout:1, payout:2 -> gina/p2sh .5, hans/p2pk fee .0001   # none of its type
`

func TestShapesByHand(t *testing.T) {
	l := ledgertest.MustChain(economy).Ledger()
	s := shapeOf(t, l, nil)
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"transactions, inputs, outputs", [...]uint64{s.Transactions, s.Inputs, s.Outputs}, [...]uint64{6, 8, 20}},
		{"one input", s.OneInput, Share{4, 6}},
		{"two outputs", s.TwoOutputs, Share{5, 6}},
		{"1→2", s.OneToTwo, Share{3, 6}},
		{"1→1", s.OneToOne, Share{0, 6}},
		{"≥ 10 outputs", s.ManyOutputs, Share{1, 6}},
		{"their outputs", s.InMany, Share{10, 20}},
		{"P2PKH", s.PubKeyHash, Share{2, 20}},
		{"P2SH", s.ScriptHash, Share{2, 20}},
		{"P2WPKH", s.WitnessPubKeyHash, Share{12, 20}},
		{"own address", s.OwnAddress, Share{1, 6}},
		{"own type", s.OwnType, Share{2, 5}},
		{"round", s.RoundValue, Share{4, 5}},
		{"values", s.Values, uint64(19)},
		// Ages: wage 9 and pool 8; both 0; lunch 3; payout and both 3, 3; payout 3, 3.
		{"ages", [...]int32{int32(s.Ages), s.AgeP25, s.AgeMedian, s.AgeP75}, [...]int32{8, 3, 3, 3}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, not %v", c.what, c.got, c.want)
		}
	}
}

func TestShapesOfAStretch(t *testing.T) {
	l := ledgertest.MustChain(economy).Ledger()
	first, err := FirstAt(t.Context(), l, 13)
	if err != nil {
		t.Fatal(err)
	}
	head, _ := l.Head(t.Context())
	s, err := Shapes(t.Context(), l, first, goshawk.TxID(head.Transactions), func(a goshawk.AddressID) goshawk.AddressID { return a })
	if err != nil {
		t.Fatal(err)
	}
	if s.Transactions != 3 || s.Ages != 5 || s.SpentNames != 5 || s.LargestCluster != 1 {
		t.Errorf("%+v", s)
	}
	if _, err := FirstAt(t.Context(), l, 99); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("a block that is not there: %v", err)
	}
	if _, err := Shapes(t.Context(), l, 5, 5, nil); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("no transactions: %v", err)
	}
	stray := func(goshawk.AddressID) goshawk.AddressID { return 1 << 40 }
	if _, err := Shapes(t.Context(), l, first, goshawk.TxID(head.Transactions), stray); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a root that is no address: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Shapes(ctx, l, 0, 5, nil); err == nil {
		t.Error("cancelled, and no error")
	}
}

// What a ledger of single blocks does not know is left out of the shares that need it.
func TestShapesOfUnknownCoins(t *testing.T) {
	s := shapeOf(t, ledgertest.MustChain(`
		partial
		block 7
		tx coins: mint 50 -> miner
		tx blind: unresolved -> bob 1, carol 1
		tx half:  unresolved dave, unresolved -> dave 1, carol/p2sh 1
		tx known: unresolved erin, before erin 2 3 -> erin 1, frank/p2sh 1
		tx after: known:0 -> gina
	`).Ledger(), func(a goshawk.AddressID) goshawk.AddressID { return a })
	if s.Transactions != 4 || s.OneInput != (Share{2, 4}) || s.OwnAddress != (Share{1, 2}) || s.OwnType != (Share{1, 1}) || s.SpentNames != 2 ||
		s.Ages != 2 || s.AgeP25 != 0 || s.AgeP75 != 4 {
		t.Errorf("%+v", s)
	}
}

// Percentiles are by nearest rank: of 1 to 8 blocks the second, fourth and sixth.
func TestAgePercentiles(t *testing.T) {
	var script strings.Builder
	for height := 1; height <= 8; height++ {
		fmt.Fprintf(&script, "tx c%d: mint 50 -> alice\n", height)
	}
	script.WriteString("block\n")
	for height := 1; height <= 8; height++ {
		fmt.Fprintf(&script, "tx s%d: c%d:0 -> bob\n", height, height)
	}
	s := shapeOf(t, ledgertest.MustChain(script.String()).Ledger(), nil)
	if s.AgeP25 != 2 || s.AgeMedian != 4 || s.AgeP75 != 6 {
		t.Errorf("%d, %d, %d", s.AgeP25, s.AgeMedian, s.AgeP75)
	}
}

// Block 702861 of September 2021, as measured before by other code from the same bytes.
func TestShapesOfRealBlock(t *testing.T) {
	s := shapeOf(t, realblock.Ledger(t, "702861", false), nil)
	if s.Transactions != 2499 {
		t.Errorf("%d transactions", s.Transactions)
	}
	for _, c := range []struct {
		what   string
		got    float64
		want   float64
		digits float64 // the precision of what was measured before
	}{
		{"one input", 100 * s.OneInput.Value(), 75.8, 0.05},
		{"two outputs", 100 * s.TwoOutputs.Value(), 79.2, 0.05},
		{"1→2", 100 * s.OneToTwo.Value(), 62.0, 0.05},
		{"1→1", 100 * s.OneToOne.Value(), 10.2, 0.05},
		{"≥ 10 outputs", 100 * s.ManyOutputs.Value(), 1.4, 0.05},
		{"their outputs", 100 * s.InMany.Value(), 22.2, 0.05},
		{"P2PKH", 100 * s.PubKeyHash.Value(), 28, 0.5},
		{"P2SH", 100 * s.ScriptHash.Value(), 30, 0.5},
		{"P2WPKH", 100 * s.WitnessPubKeyHash.Value(), 40, 0.5},
		{"log10 of value, mean", s.ValueMean, -2.38, 0.005},
		{"log10 of value, deviation", s.ValueDeviation, 1.09, 0.005},
		{"mean inputs", float64(s.Inputs) / float64(s.Transactions), 2.61, 0.005},
		{"mean outputs", float64(s.Outputs) / float64(s.Transactions), 2.41, 0.005},
	} {
		if math.Abs(c.got-c.want) > c.digits {
			t.Errorf("%s: %.3f, not %v", c.what, c.got, c.want)
		}
	}
}

// Block 367891 of July 2015, with all coins that it spends: a flood of
// transactions with 50 inputs each. Ages need those coins.
func TestShapesOfRealBlockWithSpentCoins(t *testing.T) {
	s := shapeOf(t, realblock.Ledger(t, "367891", true), func(a goshawk.AddressID) goshawk.AddressID { return a })
	if s.Ages != s.Inputs || s.AgeMedian != 2919 || s.OwnAddress != (Share{21, 419}) || s.OwnType != (Share{14, 400}) || s.LargestCluster != 1 {
		t.Errorf("%+v", s)
	}
}

// shapeOf measures a whole ledger.
func shapeOf(t testing.TB, l goshawk.Ledger, root Root) *Shape {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Shapes(t.Context(), l, 0, goshawk.TxID(head.Transactions), root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
