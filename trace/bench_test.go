package trace_test

import (
	"context"
	"testing"

	"goshawk"
	"goshawk/trace"
)

func follow(b *testing.B, q trace.Question) {
	l := bigChain()
	b.ReportAllocs()
	b.ResetTimer()
	var steps uint64
	for b.Loop() {
		r, err := trace.Follow(context.Background(), l, q)
		if err != nil {
			b.Fatal(err)
		}
		steps = r.Steps()
	}
	b.ReportMetric(float64(steps), "tx")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(steps), "ns/tx")
}

func upTo(l *flat, height int32) (starts []goshawk.Outpoint) {
	for h := int32(1); h <= height; h++ {
		starts = append(starts, l.coinbase(h))
	}
	return starts
}

func BenchmarkHaircut(b *testing.B) {
	follow(b, trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{bigChain().coinbase(10)}})
}

func BenchmarkPoison(b *testing.B) {
	follow(b, trace.Question{Method: trace.Poison, Starts: []goshawk.Outpoint{bigChain().coinbase(10)}})
}

func BenchmarkFIFO(b *testing.B) {
	follow(b, trace.Question{Method: trace.FIFO, Starts: upTo(bigChain(), 500)})
}

func BenchmarkFIFOByStart(b *testing.B) {
	follow(b, trace.Question{Method: trace.FIFO, Starts: upTo(bigChain(), 500), ByStart: true})
}

func BenchmarkBackwardHaircut(b *testing.B) {
	l := bigChain()
	last := len(l.rows) - 1
	follow(b, trace.Question{Method: trace.Haircut, Backward: true, Starts: []goshawk.Outpoint{{Tx: l.hash(goshawk.TxID(last)), Index: 0}}})
}

func BenchmarkAnswer(b *testing.B) {
	l := bigChain()
	for b.Loop() {
		if _, err := trace.Run(context.Background(), l, trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{l.coinbase(10)}}); err != nil {
			b.Fatal(err)
		}
	}
}
