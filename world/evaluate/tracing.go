package evaluate

import (
	"container/heap"
	"context"
	"encoding/json"
	"io/fs"
	"math"

	"goshawk"
	"goshawk/trace"
	"goshawk/world/score"
)

// Crime is a crime as its truth tells it: where its value began, and who they
// were who moved it.
type Crime struct {
	Name   string             // of the case
	Starts []goshawk.Outpoint // what was paid to them, or taken
	People []score.Owner      // who were part of it
}

// ReadCrimes reads the answer keys of a world's crimes, truth/CASE/case.json.
func ReadCrimes(folder fs.FS) ([]Crime, error) {
	names, err := fs.Glob(folder, "truth/*/case.json") // in the order of their names
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the truth cannot be read: %w", err)
	}
	var list []Crime
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		var key struct {
			Case   string
			People []struct{ Actor score.Owner }
			Starts []struct {
				Tx  goshawk.Hash
				Out uint32
			}
		}
		if err := json.Unmarshal(text, &key); err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "%s is damaged: %w", name, err).WithHint("'goshawk world verify' says what was changed")
		}
		c := Crime{Name: key.Case}
		for _, p := range key.People {
			c.People = append(c.People, p.Actor)
		}
		for _, s := range key.Starts {
			c.Starts = append(c.Starts, goshawk.Outpoint{Tx: s.Tx, Index: s.Out})
		}
		list = append(list, c)
	}
	return list, nil
}

// traces follows the income of every crime by every method, with the services
// known by their open addresses, and judges where it ends. Each crime counts the
// same, however large. A crime whose income never came is left out.
func (m *measurer) traces(ctx context.Context) error {
	ways := make([]*way, len(m.Crimes))
	for i := range m.Crimes {
		var err error
		if ways[i], err = m.walk(ctx, &m.Crimes[i]); err != nil {
			return err
		}
	}
	for _, method := range trace.Methods() {
		var precision, found, held, wrong, touched mean
		for i := range m.Crimes {
			if len(m.Crimes[i].Starts) == 0 {
				continue
			}
			s, err := m.trace(ctx, method, &m.Crimes[i], ways[i])
			if err != nil {
				return err
			}
			precision.add(s.Precision().Value())
			found.add(min(score.Share{Part: s.Right, Whole: ways[i].income}.Value(), 1))
			held.add(min(score.Share{Part: s.Held, Whole: ways[i].income}.Value(), 1))
			wrong.add(s.Misattributed().Value())
			touched.add(float64(s.Touched))
		}
		m.add(TaskTracing, string(method), precision.value(), found.value(),
			Value{Name: "of_recall_still_held", Share: true, Value: held.value()},
			Value{Name: "wrongly_attributed", Share: true, Rising: true, Value: wrong.value()},
			Value{Name: "innocents_touched", Rising: true, Value: touched.value()},
			Value{Name: "crimes", Value: float64(touched.n)})
	}
	return nil
}

// way is where a crime's value went in truth, as far as it can be followed from
// payment to payment: to the coins that left the criminals' hands (a deposit at a
// service, a purchase), that went into a CoinJoin, or that they still hold, and
// into fees. Where such coins were paid together with others of the criminals',
// as after a withdrawal, nobody can say which of the two went where: the whole
// amount counts as an end at which the value can be. So the ends can sum to more
// than the income, which is what there is to find.
type way struct {
	income   uint64
	ends     []score.TrueEnd
	services map[score.Owner]bool // at which the criminals paid in
}

// walk follows a crime's coins through the transactions of those who were part of it.
func (m *measurer) walk(ctx context.Context, crime *Crime) (*way, error) {
	guilty := m.guilty(crime)
	w := &way{services: map[score.Owner]bool{}}
	var hashes []goshawk.Hash
	for _, s := range crime.Starts {
		hashes = append(hashes, s.Tx)
	}
	found, err := m.Ledger.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return nil, err
	}
	coins := map[goshawk.OutputID]bool{} // that hold the crime's value
	next := &queue{}
	var batch goshawk.Transactions
	rest := func(tx goshawk.Hash, index uint32, o *goshawk.Output) {
		if coins[o.ID] = true; o.Spender < goshawk.Later {
			heap.Push(next, o.Spender)
		} else {
			w.ends = append(w.ends, score.TrueEnd{Tx: tx, Out: index, Amount: o.Value, Held: true})
		}
	}
	for i, s := range crime.Starts {
		id := found.Transactions[i]
		if id == goshawk.NoTx {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the case %s begins with a transaction that the chain does not have", crime.Name)
		}
		if err := m.Ledger.Transactions(ctx, []goshawk.TxID{id}, 0, &batch); err != nil {
			return nil, err
		}
		if uint64(s.Index) >= uint64(len(batch.Outputs)) {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the case %s begins with an output that %s does not have", crime.Name, s.Tx)
		}
		if o := &batch.Outputs[s.Index]; !coins[o.ID] {
			w.income += o.Value
			rest(s.Tx, s.Index, o)
		}
	}
	last := goshawk.NoTx
	for next.Len() > 0 {
		id, _ := heap.Pop(next).(goshawk.TxID)
		if id == last {
			continue
		}
		last = id
		if err := m.Ledger.Transactions(ctx, []goshawk.TxID{id}, goshawk.WantHashes|goshawk.WantOutpoints, &batch); err != nil {
			return nil, err
		}
		tx := batch.Rows[0].Hash
		if m.Truth.txs[id].what.coinJoin() {
			for i := range batch.Inputs {
				if coins[batch.Inputs[i].Spent] {
					at := batch.Outpoints[i]
					w.ends = append(w.ends, score.TrueEnd{Tx: at.Tx, Out: at.Index, Amount: batch.Inputs[i].Value})
				}
			}
			continue
		}
		var fee uint64
		for i := range batch.Inputs {
			fee += batch.Inputs[i].Value
		}
		for i := range batch.Outputs {
			o := &batch.Outputs[i]
			fee -= o.Value
			owner := m.Truth.Owners[o.Address]
			switch {
			case guilty[owner]:
				rest(tx, uint32(i), o)
			case o.Value > 0:
				w.ends = append(w.ends, score.TrueEnd{Tx: tx, Out: uint32(i), Amount: o.Value})
				if pools(m.Truth.roles[owner]) {
					w.services[owner] = true
				}
			}
		}
		w.ends = append(w.ends, score.TrueEnd{Tx: tx, Fee: true, Amount: fee})
	}
	return w, nil
}

// queue holds the transactions to look at, the oldest first, so that each is met
// when all that flows into it is known.
type queue []goshawk.TxID

// Len implements heap.Interface.
func (q queue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q queue) Less(i, j int) bool { return q[i] < q[j] }

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	if id, ok := x.(goshawk.TxID); ok {
		*q = append(*q, id)
	}
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	id := (*q)[last]
	*q = (*q)[:last]
	return id
}

func (m *measurer) guilty(crime *Crime) map[score.Owner]bool {
	guilty := map[score.Owner]bool{}
	for _, p := range crime.People {
		guilty[p] = true
	}
	return guilty
}

// trace follows a crime's income by one method and judges the answer. A trace
// that comes to a service where the criminals did pay in, but at one of its own
// wallets instead of their deposit, found nothing that an officer can act on, and
// accuses nobody: it counts as the criminals' own.
func (m *measurer) trace(ctx context.Context, method trace.Method, crime *Crime, truth *way) (*score.Tracing, error) {
	answer, err := trace.Run(ctx, m.Ledger, trace.Question{Method: method, Starts: crime.Starts, Services: known{m.Truth}, CoinJoin: isCoinJoin,
		Flows: math.MaxInt}) // all coins walked, to count whom it touches
	if err != nil {
		return nil, err
	}
	guilty := m.guilty(crime)
	var failed error
	s, err := score.Trace(answer, score.CrimeTruth{Ends: truth.ends, Side: func(address string) score.Side {
		at, err := m.Ledger.Find(ctx, goshawk.Names{Addresses: []string{address}})
		if err != nil {
			failed = err
			return score.Nobody
		}
		a := at.Addresses[0]
		if a == goshawk.NoAddress || m.Truth.Owners[a] == score.NoOwner {
			return score.Nobody
		}
		if owner := m.Truth.Owners[a]; guilty[owner] || truth.services[owner] && m.Truth.Open.Has(a) {
			return score.Criminal
		}
		return score.Innocent
	}})
	if failed != nil {
		return nil, failed
	}
	return s, err
}

// Party implements trace.Services: services are numbered as actors are.
func (k known) Party(a goshawk.AddressID) trace.Party {
	if !k.t.Open.Has(a) {
		return trace.Unlabelled
	}
	return trace.Party(k.t.Owners[a])
}

// Label implements trace.Services.
func (k known) Label(a goshawk.AddressID) *goshawk.Label {
	name, ok := k.Service(a)
	if !ok {
		return nil
	}
	return &goshawk.Label{Text: name, Confidence: 100}
}

// mean adds up what is known.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	if !math.IsNaN(v) {
		m.sum += v
		m.n++
	}
}

func (m *mean) value() float64 {
	if m.n == 0 {
		return math.NaN()
	}
	return m.sum / float64(m.n)
}
