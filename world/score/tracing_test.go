package score

import (
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

func side(address string) Side {
	switch address[0] {
	case 'c':
		return Criminal
	case 'i':
		return Innocent
	default:
		return Nobody
	}
}

// A thief deposits 5 of 10 at an exchange, where an innocent's 10 are mixed in
// before by a shared payment, and keeps the rest.
func TestTraceByHand(t *testing.T) {
	h := ledgertest.MustChain(`
		tx theft: mint 10 -> crook
		tx other: mint 10 -> ina
		block
		tx mixed: theft:0, other:0 -> crook2 9.9, ivan 9.9 fee .2
		tx cash:  mixed:0 -> iexchange 5, crook3 4.8 fee .1
	`)
	answer, err := trace.Run(t.Context(), h.Ledger(), trace.Question{Method: trace.Haircut, Starts: []goshawk.Outpoint{h.Outpoint("theft:0")}})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for _, name := range []string{"crook", "crook2", "crook3", "iexchange", "ivan", "ina"} {
		byName[h.Address(name)] = name
	}
	at := func(coin string, amount uint64) TrueEnd {
		o := h.Outpoint(coin)
		return TrueEnd{Tx: o.Tx, Out: o.Index, Amount: amount}
	}
	s, err := Trace(answer, CrimeTruth{
		Ends: []TrueEnd{at("cash:0", 5e8), {Address: h.Address("crook3"), Amount: 4.8e8, Held: true}, {Tx: h.Tx("cash"), Fee: true, Amount: .1e8}, {Tx: h.Tx("mixed"), Fee: true, Amount: .1e8}},
		Side: func(a string) Side { return side(byName[a]) },
	})
	if err != nil {
		t.Fatal(err)
	}
	// Haircut gives each of mixed's outputs 4.95, and of the thief's 25/99, 24/99 and so on.
	want := Tracing{Criminal: 10e8, Claimed: 10e8, Right: 2.5e8 + 2.4e8 + .05e8 + .1e8, Wrong: 4.95e8, Touched: 1, Held: 2.4e8}
	if *s != want {
		t.Errorf("%+v\nwant\n%+v", *s, want)
	}
	if s.Found() != (Share{5.05e8, 10e8}) || s.Misattributed() != (Share{4.95e8, 10e8}) {
		t.Errorf("found %v, misattributed %v", s.Found(), s.Misattributed())
	}
}

func ptr[T any](v T) *T { return &v }

// Whatever a trace claims, the five parts make it up and no share leaves [0, 1].
func TestTraceConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"c1", "c2", "i1", "i2", "i3", "nobody"})
		amounts := rapid.Uint64Range(0, 1e9)
		txs := rapid.Map(rapid.Uint8Range(1, 3), func(n uint8) goshawk.Hash { return goshawk.Hash{n} })
		answer, truth := &goshawk.Trace{}, CrimeTruth{Side: side}
		innocents := map[string]bool{}
		for range rapid.IntRange(0, 8).Draw(t, "ends") {
			e := goshawk.End{Tx: txs.Draw(t, "tx"), Amount: ptr(goshawk.U(amounts.Draw(t, "claimed")))}
			if rapid.Bool().Draw(t, "coin") {
				e.Out, e.Address = ptr(rapid.Uint32Range(0, 2).Draw(t, "out")), ptr(names.Draw(t, "address"))
				innocents[*e.Address] = side(*e.Address) == Innocent
			}
			answer.Ends = append(answer.Ends, e)
		}
		for range rapid.IntRange(0, 8).Draw(t, "true ends") {
			e := TrueEnd{Amount: amounts.Draw(t, "true")}
			switch rapid.IntRange(0, 2).Draw(t, "named by") {
			case 0:
				e.Tx, e.Out = txs.Draw(t, "true tx"), rapid.Uint32Range(0, 2).Draw(t, "true out")
			case 1:
				e.Tx, e.Fee = txs.Draw(t, "true fee"), true
			default:
				e.Address = names.Draw(t, "true address")
			}
			truth.Ends = append(truth.Ends, e)
		}
		s, err := Trace(answer, truth)
		if err != nil {
			t.Fatal(err)
		}
		if s.Right+s.Own+s.Wrong+s.Fees+s.Lost != s.Claimed {
			t.Fatalf("the parts are not the whole: %+v", s)
		}
		for _, share := range []Share{s.Found(), s.Precision(), s.Misattributed()} {
			if share.Part > share.Whole {
				t.Fatalf("%+v: a share of %v", s, share)
			}
		}
		if s.Touched > uint64(len(innocents)) {
			t.Fatalf("%d innocents touched of %v", s.Touched, innocents)
		}
		// A trace that says the truth is all right.
		perfect := &goshawk.Trace{}
		for i := range truth.Ends {
			e := &truth.Ends[i]
			end := goshawk.End{Tx: e.Tx, Amount: ptr(goshawk.U(e.Amount))}
			if !e.Fee {
				end.Out, end.Address = ptr(e.Out), ptr("nobody")
				if e.Address != "" {
					end.Out, end.Address = ptr(uint32(9)), ptr(e.Address)
				}
			}
			perfect.Ends = append(perfect.Ends, end)
		}
		s, err = Trace(perfect, truth)
		if err != nil {
			t.Fatal(err)
		}
		if s.Right != s.Criminal || s.Right != s.Claimed || s.Touched != 0 {
			t.Fatalf("the truth itself scores %+v", s)
		}
	})
}

func TestTraceTouched(t *testing.T) {
	answer := &goshawk.Trace{
		Start:    []goshawk.TraceStart{{Address: "i-victim"}},
		FlowsCut: 1,
		Flows: []goshawk.Flow{
			{Tx: goshawk.Hash{1}, Address: "i-victim"}, {Tx: goshawk.Hash{2}, Address: "i1"}, {Tx: goshawk.Hash{3}, Address: "i1"},
			{Tx: goshawk.Hash{4}, Address: "i-deposit"}, {Tx: goshawk.Hash{5}, Address: "i-deposit"}, {Tx: goshawk.Hash{6}, Address: "c1"},
		},
		Ends: []goshawk.End{{Tx: goshawk.Hash{7}, Out: ptr(uint32(0)), Address: ptr("i2")}},
	}
	s, err := Trace(answer, CrimeTruth{Side: side, Ends: []TrueEnd{{Tx: goshawk.Hash{4}, Amount: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if *s != (Tracing{Criminal: 1, Touched: 2, AtLeast: true}) {
		t.Errorf("%+v", *s)
	}
}

func TestTraceRefuses(t *testing.T) {
	much := goshawk.U(1 << 63)
	ends := []goshawk.End{{Amount: &much}, {Amount: &much}}
	if _, err := Trace(&goshawk.Trace{Ends: ends}, CrimeTruth{Side: side}); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("more than 64 bits: %v", err)
	}
	if _, err := Trace(&goshawk.Trace{}, CrimeTruth{Side: side, Ends: []TrueEnd{{Amount: 1}}}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("an end that is nowhere: %v", err)
	}
}
