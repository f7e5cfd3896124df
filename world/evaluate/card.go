package evaluate

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/pattern"
	"goshawk/world/score"
)

// Tasks, as rows name them.
const (
	TaskPairsSpent = "clusters of addresses that spent, pairs"
	TaskCubedSpent = "clusters of addresses that spent, B-cubed"
	TaskPairsAll   = "clusters of all addresses, pairs"
	TaskCubedAll   = "clusters of all addresses, B-cubed"
	TaskChange     = "change output"
	TaskCoinJoin   = "CoinJoins"
	TaskPeel       = "peel chains, hops"
	TaskDeposit    = "deposit addresses"
	TaskTracing    = "tracing"
	TaskNaive      = "planted crimes told apart by a naive classifier"
)

// tasks lists them in the order in which people read them.
var tasks = [...]string{TaskPairsSpent, TaskCubedSpent, TaskPairsAll, TaskCubedAll, TaskChange, TaskCoinJoin, TaskPeel, TaskDeposit, TaskTracing}

// Row is what one method of one task scored in one world. NaN is not known: a
// detector that never speaks has no precision.
type Row struct {
	Task, Method      string
	Precision, Recall float64
	Others            []Value // all rows of a task have the same ones
}

// Value is a further figure of a row; the fields are score.Figure's.
type Value struct {
	Name          string
	Share, Rising bool
	Value         float64
}

// Card is what the engine scored in one world.
type Card struct {
	Rows []Row
	// Sample is what a naive classifier sees of the world's crimes and of some of
	// the rest; nil without planted crimes.
	Sample *score.Sample
}

// World is one world to measure in.
type World struct {
	Ledger  goshawk.Ledger // of the world's whole chain, with dense ids
	Founded goshawk.TxID   // the first transaction after the founding: those before are no economy's
	Truth   *Truth
	Crimes  []Crime
	// Naive asks for Card.Sample, which the sweep does not need.
	Naive bool
}

// Measure runs all heuristics and methods over a world. It reads the ledger some
// fifty times and holds about 60 bytes for each address, and 350 for each
// transaction where a sample is asked for.
func Measure(ctx context.Context, w World) (*Card, error) {
	head, err := w.Ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	m := &measurer{World: w, end: goshawk.TxID(head.Transactions), card: &Card{}}
	for _, measure := range []func(context.Context) error{m.clusters, m.changes, m.coinJoins, m.peels, m.deposits, m.traces, m.sample} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.card.Rows, func(a, b Row) int { return slices.Index(tasks[:], a.Task) - slices.Index(tasks[:], b.Task) })
	return m.card, nil
}

// measurer measures in one world.
type measurer struct {
	World
	end      goshawk.TxID
	grouping *cluster.Clusters // co-spend alone, CoinJoins left out
	card     *Card
}

func (m *measurer) add(task, method string, precision, recall float64, others ...Value) {
	m.card.Rows = append(m.card.Rows, Row{Task: task, Method: method, Precision: precision, Recall: recall, Others: others})
}

// detected adds a row of a detector.
func (m *measurer) detected(task, method string, d score.Detection) {
	m.add(task, method, d.Precision().Value(), d.Recall().Value(), Value{Name: "found", Value: float64(d.True + d.False)})
}

// isCoinJoin is the exclusion that the engine uses everywhere.
func isCoinJoin(batch *goshawk.Transactions, row int) bool {
	_, ok := pattern.CoinJoin(batch, row)
	return ok
}

// sampled bounds what is kept of a world for the naive classifier.
const sampled = 5_000

// sample keeps what a naive classifier sees, if there is anything for it to find.
func (m *measurer) sample(ctx context.Context) error {
	if !m.Naive {
		return nil
	}
	crimes := 0
	sample, err := score.Features(ctx, m.Ledger, m.Founded, m.end, func(id goshawk.TxID) bool {
		if m.Truth.txs[id].crime {
			crimes++
		}
		return m.Truth.txs[id].crime
	})
	if err == nil && crimes > 0 {
		m.card.Sample = sample.Thin(sampled)
	}
	return err
}
