package report

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"goshawk"
)

var coinAsset = goshawk.Asset{Network: "bitcoin", Ticker: "BTC", Decimals: 8}

// name makes a hash from a seed, so that samples need no chain.
func name(parts ...uint64) goshawk.Hash {
	var b []byte
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint64(b, p)
	}
	return sha256.Sum256(b)
}

func ptr[T any](v T) *T { return &v }

const hex64 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

var exchange = goshawk.Label{
	Text: "Example Exchange", Actor: "example_exchange", Concepts: []string{"exchange"}, Confidence: 70, Basis: "service_api",
	Reference: "https://example.com/wallets", Modified: "2024-05-01", Source: "exchanges.yaml", SourceHash: hex64,
}

// blank is a trace without flows and ends.
func blank(method, direction string) *goshawk.Trace {
	return &goshawk.Trace{
		Version: "0.1.0", Network: "bitcoin", Asset: coinAsset,
		Ledger: goshawk.TracePoint{Height: 599, Hash: name(599)},
		Method: method, Direction: direction,
		Parameters: goshawk.TraceParameters{StopConfidence: 50, Services: "address", CoinJoinRule: "equal-outputs/1"},
		Labels:     []goshawk.LabelSource{{Source: "exchanges.yaml", Hash: hex64, Date: "2024-05-01", Labels: 3}},
	}
}

// small is the sample of docs/json.md: one start, one payment, a deposit, change and a fee.
func small() *goshawk.Trace {
	t := blank("haircut", "forward")
	start, pay, sweep := name(1), name(2), name(3)
	t.Start = []goshawk.TraceStart{{Tx: start, Out: 0, Address: "1Start1111111111111111111111111111", Amount: goshawk.U(50_0000_0000)}}
	t.Flows = []goshawk.Flow{
		{Tx: start, Out: 0, Address: "1Start1111111111111111111111111111", Amount: goshawk.U(50_0000_0000), Value: goshawk.U(50_0000_0000), Hops: 0, Height: 9, Time: 1231473279, Spender: &pay},
		{Tx: pay, Out: 0, Address: "1Deposit111111111111111111111111111", Amount: goshawk.U(40_0000_0000), Value: goshawk.U(40_0000_0000), Hops: 1, Height: 170, Time: 1231731025},
		{Tx: pay, Out: 1, Address: "1Change1111111111111111111111111111", Amount: goshawk.U(9_9999_0000), Value: goshawk.U(9_9999_0000), Hops: 1, Height: 170, Time: 1231731025},
	}
	t.Ends = []goshawk.End{
		{Kind: goshawk.EndService, Tx: pay, Out: ptr(uint32(0)), Address: ptr("1Deposit111111111111111111111111111"), Amount: ptr(goshawk.U(40_0000_0000)), Hops: 1, Label: &exchange, Height: 170, Time: 1231731025, Sweep: &sweep},
		{Kind: goshawk.EndUnspent, Tx: pay, Out: ptr(uint32(1)), Address: ptr("1Change1111111111111111111111111111"), Amount: ptr(goshawk.U(9_9999_0000)), Hops: 1, Height: 170, Time: 1231731025},
		{Kind: goshawk.EndFee, Tx: pay, Amount: ptr(goshawk.U(10000)), Hops: 1, Height: 170, Time: 1231731025},
	}
	t.Steps = 1
	sum(t)
	return t
}

// sum fills a trace's totals from its ends.
func sum(t *goshawk.Trace) {
	t.Totals = nil
	for _, kind := range goshawk.EndKinds() {
		total := goshawk.TraceTotal{Kind: kind}
		for i := range t.Ends {
			if t.Ends[i].Kind == kind {
				total.Count++
				if t.Ends[i].Amount == nil {
					total.Unknown++
				}
				plus(&total.Amount, t.Ends[i].Amount)
			}
		}
		if total.Count > 0 {
			t.Totals = append(t.Totals, total)
		}
	}
}

// address makes a text of an address's length.
func address(seed uint64) string {
	const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	h := name(seed, 77)
	b := []byte("bc1q")
	for _, c := range h {
		b = append(b, letters[c&31])
	}
	return string(b[:36]) + string(letters[h[0]>>3]) + string(letters[h[1]>>3])
}

// economy describes a random trace.
type economy struct {
	seed       uint64
	starts     int
	steps      int  // transactions
	mostOuts   int  // of a transaction
	peel       bool // each transaction pays one small amount aside and goes on
	ends       int  // one output in so many ends
	labels     []goshawk.Label
	backward   bool
	allUnspent bool
}

// random makes a trace that conserves value, over a made-up chain.
func random(q economy) *goshawk.Trace {
	rng := rand.New(rand.NewPCG(q.seed, 1))
	t := blank("haircut", "forward")
	if q.backward {
		t.Direction = "backward"
	}
	var open []int // flows without spender
	at := func(step int) (int32, int64) { return int32(100 + step), 1231731025 + int64(step)*3600 }
	for i := range q.starts {
		h := name(q.seed, 1, uint64(i))
		amount := goshawk.U(uint64(1_0000_0000 + rng.Int64N(500_0000_0000)))
		t.Start = append(t.Start, goshawk.TraceStart{Tx: h, Out: uint32(i % 3), Address: address(q.seed*1000 + uint64(i)), Amount: amount})
		height, time := at(0)
		t.Flows = append(t.Flows, goshawk.Flow{Tx: h, Out: uint32(i % 3), Address: address(q.seed*1000 + uint64(i)), Amount: amount, Value: amount, Height: height, Time: time})
		open = append(open, i)
	}
	finish := func(i int) {
		f := &t.Flows[i]
		e := goshawk.End{Kind: goshawk.EndUnspent, Tx: f.Tx, Out: ptr(f.Out), Address: ptr(f.Address), Amount: ptr(f.Amount), Hops: f.Hops, Height: f.Height, Time: f.Time}
		if !q.allUnspent {
			switch n := rng.IntN(12); {
			case n < 4 && len(q.labels) > 0:
				e.Kind = goshawk.EndService
				e.Label = &q.labels[rng.IntN(len(q.labels))]
				if n == 0 {
					e.Sweep = ptr(name(q.seed, 9, uint64(i)))
				}
			case n == 4:
				e.Kind = goshawk.EndCoinJoin
				e.Candidates = 40 + rng.IntN(60)
			case n == 5:
				e.Kind = goshawk.EndLimit
				e.Note = "at hop 6, the limit"
			case n == 6:
				e.Kind = goshawk.EndBurnt
			case n == 7:
				e.Kind = goshawk.EndUnresolved
			case n == 8 && q.backward:
				e.Kind = goshawk.EndOrigin
			}
		}
		t.Ends = append(t.Ends, e)
	}
	for step := 1; step <= q.steps && len(open) > 0; step++ {
		take := 1
		if !q.peel && rng.IntN(3) == 0 {
			take = min(len(open), 1+rng.IntN(3))
		}
		inputs := open[:take]
		open = open[take:]
		h := name(q.seed, 2, uint64(step))
		var in uint64
		hops := 1 << 30
		for _, i := range inputs {
			f := &t.Flows[i]
			f.Spender = &h
			in += f.Amount.Uint64()
			hops = min(hops, f.Hops+1)
		}
		height, time := at(step)
		fee := min(in, uint64(rng.IntN(20000)))
		left := in - fee
		if fee > 0 && !q.backward {
			t.Ends = append(t.Ends, goshawk.End{Kind: goshawk.EndFee, Tx: h, Amount: ptr(goshawk.U(fee)), Hops: hops, Height: height, Time: time})
		}
		outs := 1 + rng.IntN(q.mostOuts)
		if q.peel {
			outs = 2
		}
		for o := range outs {
			amount := left
			if o < outs-1 {
				amount = uint64(rng.Int64N(int64(left/2 + 1)))
				if q.peel {
					amount = left / 50
				}
			}
			left -= amount
			if amount == 0 {
				continue
			}
			t.Flows = append(t.Flows, goshawk.Flow{Tx: h, Out: uint32(o), Address: address(q.seed*100000 + uint64(step*100+o)), Amount: goshawk.U(amount), Value: goshawk.U(amount), Hops: hops, Height: height, Time: time})
			i := len(t.Flows) - 1
			if q.peel && o == 0 || !q.peel && rng.IntN(q.ends) == 0 {
				finish(i)
			} else {
				open = append(open, i)
			}
		}
		t.Steps++
	}
	for _, i := range open {
		finish(i)
	}
	if q.backward {
		mirror(t)
	}
	sum(t)
	return t
}

// mirror turns a forward trace's flows into those of a backward one: each coin
// is created by what would have spent it.
func mirror(t *goshawk.Trace) {
	place := make(map[[2]any]goshawk.Hash)
	for i := range t.Flows {
		f := &t.Flows[i]
		old := f.Tx
		made := name(uint64(i), 31337)
		if f.Spender != nil {
			made = *f.Spender
		}
		place[[2]any{old, f.Out}] = made
		f.Tx, f.Spender = made, &old
		if i < len(t.Start) {
			t.Start[i].Tx, f.Spender = made, nil
		}
	}
	for i := range t.Ends {
		if e := &t.Ends[i]; e.Out != nil {
			e.Tx = place[[2]any{e.Tx, *e.Out}]
		}
	}
	// Several coins may now share an outpoint's number: number them by their order.
	outs := make(map[goshawk.Hash]uint32)
	at := make(map[[2]any][]uint32)
	for i := range t.Flows {
		f := &t.Flows[i]
		n := outs[f.Tx]
		outs[f.Tx]++
		at[[2]any{f.Tx, f.Address}] = append(at[[2]any{f.Tx, f.Address}], n)
		f.Out = n
		if i < len(t.Start) {
			t.Start[i].Out = n
		}
	}
	for i := range t.Ends {
		if e := &t.Ends[i]; e.Out != nil && e.Address != nil {
			if n := at[[2]any{e.Tx, *e.Address}]; len(n) > 0 {
				e.Out = &n[0]
			}
		}
	}
}

var someLabels = []goshawk.Label{
	exchange,
	{Text: "Trésor & Söhne Custody Verwahrstelle für digitale Vermögenswerte GmbH, Frankfurt am Main (hot wallet 3)", Actor: "tresor", Concepts: []string{"hosted_wallet"}, Confidence: 50, Basis: "forensic", Source: "custodians.yaml", SourceHash: hex64},
	{Text: "ChipMixer", Concepts: []string{"mixing_service"}, Confidence: 90, Basis: "manual_transaction", Source: "mixers.yaml", SourceHash: hex64},
}

// samples are the traces that the tests render in every form.
func samples() map[string]*goshawk.Trace {
	empty := blank("fifo", "forward")
	empty.Start = []goshawk.TraceStart{{Tx: name(8), Out: 1, Address: address(8), Amount: goshawk.U(1_5000_0000)}}
	empty.Truncated = true
	empty.Warnings = []string{"the trace was interrupted before its first step"}
	return map[string]*goshawk.Trace{
		"small":    small(),
		"empty":    empty,
		"forty":    random(economy{seed: 4, starts: 1, steps: 14, mostOuts: 4, ends: 3, labels: someLabels}),
		"hundreds": random(economy{seed: 5, starts: 3, steps: 900, mostOuts: 7, ends: 3, labels: someLabels}),
		"peel":     random(economy{seed: 6, starts: 1, steps: 120, peel: true, mostOuts: 2, ends: 2, labels: someLabels}),
		"backward": random(economy{seed: 7, starts: 2, steps: 12, mostOuts: 3, ends: 3, labels: someLabels, backward: true}),
		"thefts":   random(economy{seed: 8, starts: 200, steps: 60, mostOuts: 3, ends: 2, labels: someLabels}),
		"three00":  random(economy{seed: 9, starts: 2, steps: 75, mostOuts: 5, ends: 2, labels: someLabels}),
		"line":     random(economy{seed: 10, starts: 1, steps: 9, mostOuts: 1, ends: 1000}),
	}
}
