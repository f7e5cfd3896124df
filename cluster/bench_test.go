package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"goshawk"
)

// rows is a ledger of flat arrays that does the least a scan can cost: it
// copies. It answers what Compute asks, and nothing else.
type rows struct {
	goshawk.Ledger
	all  goshawk.Transactions
	head goshawk.Head
}

func (l *rows) Head(context.Context) (goshawk.Head, error) { return l.head, nil }

func (l *rows) Transactions(_ context.Context, ids []goshawk.TxID, _ goshawk.Want, into *goshawk.Transactions) error {
	into.Reset()
	for _, id := range ids {
		r := l.all.Rows[id]
		ins, outs := l.all.In(int(id)), l.all.Out(int(id))
		r.FirstInput, r.FirstOutput = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Inputs, into.Outputs = append(into.Inputs, ins...), append(into.Outputs, outs...)
		r.InputEnd, r.OutputEnd = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Rows = append(into.Rows, r)
	}
	return nil
}

// economy makes transactions of one to three inputs and two or three outputs,
// three outputs in ten to a known address, spending anything.
func economy(count int) *rows {
	rng := rand.New(rand.NewPCG(1, 2))
	l := &rows{}
	var unspent []goshawk.Output
	addresses := goshawk.AddressID(0)
	for id := range goshawk.TxID(count) {
		r := goshawk.Transaction{ID: id, FirstInput: uint32(len(l.all.Inputs)), FirstOutput: uint32(len(l.all.Outputs))}
		for range min(len(unspent)/100, 1+rng.IntN(3)) {
			i := rng.IntN(len(unspent))
			o := unspent[i]
			l.all.Outputs[o.ID].Spender = id
			l.all.Inputs = append(l.all.Inputs, goshawk.Input{Spent: o.ID, Value: o.Value, Address: o.Address, Kind: o.Kind})
			unspent[i] = unspent[len(unspent)-1]
			unspent = unspent[:len(unspent)-1]
		}
		for range 2 + rng.IntN(2) {
			o := goshawk.Output{ID: goshawk.OutputID(len(l.all.Outputs)), Value: rng.Uint64N(1e10), Address: addresses, Spender: goshawk.NoTx, Kind: goshawk.WitnessPubKeyHash}
			if addresses > 0 && rng.IntN(10) < 3 {
				o.Address = goshawk.AddressID(rng.Uint64N(uint64(addresses)))
			} else {
				addresses++
			}
			l.all.Outputs = append(l.all.Outputs, o)
			unspent = append(unspent, o)
		}
		r.InputEnd, r.OutputEnd = uint32(len(l.all.Inputs)), uint32(len(l.all.Outputs))
		l.all.Rows = append(l.all.Rows, r)
	}
	l.head = goshawk.Head{Transactions: uint64(count), Addresses: uint64(addresses), Outputs: uint64(len(l.all.Outputs))}
	return l
}

func BenchmarkCompute(b *testing.B) {
	const count = 1_000_000
	l := economy(count)
	optimal, err := Parse("optimal & !round-value")
	if err != nil {
		b.Fatal(err)
	}
	careful, err := Parse(OneTimeChange)
	if err != nil {
		b.Fatal(err)
	}
	peels, err := Parse("peel")
	if err != nil {
		b.Fatal(err)
	}
	for _, run := range []struct {
		name    string
		options Options
	}{
		{"co-spend", Options{}},
		{"evidence", Options{Evidence: true}},
		{"own-rows-only", Options{Change: optimal}},
		{"one-time-change", Options{Change: careful}},
		{"spenders", Options{Change: peels}},
	} {
		b.Run(run.name, func(b *testing.B) {
			for range b.N {
				if _, err := Compute(b.Context(), l, run.options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/tx")
		})
	}
	b.Run("scan", func(b *testing.B) {
		for range b.N {
			err := goshawk.Scan(b.Context(), l, 0, count, 0, func(*goshawk.Transactions) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/tx")
	})
}

func BenchmarkCoSpend(b *testing.B) {
	for _, count := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			l := economy(count)
			var addresses []goshawk.AddressID
			for range b.N {
				f := newFlat(int(l.head.Addresses), true).proof
				for row := range l.all.Rows {
					addresses = addresses[:0]
					for _, in := range l.all.In(row) {
						addresses = append(addresses, in.Address)
					}
					CoSpend(f, goshawk.TxID(row), addresses)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/tx")
		})
	}
}
