package evaluate_test

import (
	"strconv"
	"testing"

	"goshawk"
	"goshawk/cluster"
	"goshawk/world"
	"goshawk/world/crime"
	"goshawk/world/evaluate"
	"goshawk/world/score"
)

// peopled is a world of a size with every crime there is.
func peopled(t testing.TB, seed uint64, era world.Era, txs int) made {
	t.Helper()
	var names []string
	for _, k := range crime.List() {
		names = append(names, k.Name)
	}
	scenarios, err := crime.New(names, "standard")
	if err != nil {
		t.Fatal(err)
	}
	return build(t, world.Spec{Seed: seed, Era: era, Level: "standard", Txs: txs, Scenarios: scenarios})
}

// TestRealShapes: with every crime in it, a world of each era has the shapes of
// that era's real blocks.
func TestRealShapes(t *testing.T) {
	for _, era := range world.Eras() {
		m := peopled(t, 41, era, 50_000)
		head, err := m.ledger.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shape, err := score.Shapes(t.Context(), m.ledger, m.founded, goshawk.TxID(head.Transactions), func(a goshawk.AddressID) goshawk.AddressID { return cluster.Root(m.ledger, a) })
		if err != nil {
			t.Fatal(err)
		}
		c, err := score.Compare(shape, strconv.Itoa(int(era)))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Rows) < 18 {
			t.Errorf("%d: only %d figures are compared", era, len(c.Rows))
		}
		for i := range c.Rows {
			if r := &c.Rows[i]; !r.Pass() {
				t.Errorf("%d: %+v", era, *r)
			}
		}
	}
}

// TestNoFingerprint: who has seen two worlds with their truth does not tell the
// crimes of two others by what transactions look like.
func TestNoFingerprint(t *testing.T) {
	for _, era := range world.Eras() {
		var samples []*score.Sample
		for seed := range uint64(4) {
			m := peopled(t, 51+seed, era, 20_000)
			truth, err := evaluate.ReadTruth(t.Context(), m, m.ledger)
			if err != nil {
				t.Fatal(err)
			}
			card, err := evaluate.Measure(t.Context(), evaluate.World{Ledger: m.ledger, Founded: m.founded, Truth: truth, Naive: true})
			if err != nil {
				t.Fatal(err)
			}
			samples = append(samples, card.Sample)
		}
		c, err := score.Learn(t.Context(), samples[:2], 0)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Judge(t.Context(), samples[2:])
		if err != nil {
			t.Fatal(err)
		}
		if s.Crimes < 1_000 || !(s.Most() <= score.MostSeparable) {
			t.Errorf("%d: of %d crimes the AUC is %.3f and %.3f", era, s.Crimes, s.Logistic.Value(), s.Forest.Value())
		}
		t.Logf("%d: %.3f %.3f", era, s.Logistic.Value(), s.Forest.Value())
	}
}
