package pattern

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

const (
	in2014 = 1400000000
	in2019 = 1560000000
	in2021 = 1630000000
	in2023 = 1690000000
	in2025 = 1750000000
)

// transaction makes a batch of one transaction; every coin is at an address of its own.
func transaction(time int64, ins, outs []uint64) *goshawk.Transactions {
	b := &goshawk.Transactions{Rows: []goshawk.Transaction{{Time: time, InputEnd: uint32(len(ins)), OutputEnd: uint32(len(outs))}}}
	for i, v := range ins {
		b.Inputs = append(b.Inputs, goshawk.Input{Value: v, Address: goshawk.AddressID(i), Kind: goshawk.WitnessPubKeyHash})
	}
	for i, v := range outs {
		b.Outputs = append(b.Outputs, goshawk.Output{Value: v, Address: goshawk.AddressID(1000 + i), Spender: goshawk.NoTx, Kind: goshawk.WitnessPubKeyHash})
	}
	return b
}

// repeat lists a value n times; then lists others.
func repeat(n int, v uint64, then ...uint64) []uint64 {
	return append(slices.Repeat([]uint64{v}, n), then...)
}

// around lists n different amounts above a value.
func around(n int, v uint64) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = v + uint64(i*i)*1013 + 17
	}
	return out
}

func descending(lists ...[]uint64) []uint64 {
	all := slices.Concat(lists...)
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

// denominations lists n standard amounts of Wasabi 2.
func denominations(n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = wasabi2Amounts[i%40]
	}
	return out
}

func TestCoinJoinRules(t *testing.T) {
	change := func(b *goshawk.Transactions, f func(*goshawk.Transactions)) *goshawk.Transactions { f(b); return b }
	wasabi2 := func(time int64, ins, standard, others int) *goshawk.Transactions {
		return transaction(time, descending(around(ins, 3_000_000)), descending(denominations(standard), around(others, 7_777_000)))
	}
	pool := transaction(in2021, repeat(3, 1_000_000, 1_005_000, 1_005_300), repeat(5, 1_000_000))
	for _, test := range []struct {
		name string
		tx   *goshawk.Transactions
		rule string
	}{
		{"Wasabi 2", wasabi2(in2023, 60, 90, 10), RuleWasabi2},
		{"Wasabi 2, too few standard amounts", wasabi2(in2023, 60, 80, 20), ""},
		{"Wasabi 2, too few inputs for its time", wasabi2(in2023, 49, 90, 10), ""},
		{"Wasabi 2, later and smaller", wasabi2(in2025, 20, 31, 10), RuleWasabi2},
		{"Wasabi 2 before its release", wasabi2(in2021, 60, 90, 10), ""},
		{"Wasabi 2, outputs out of order", change(wasabi2(in2023, 60, 90, 10), func(b *goshawk.Transactions) { b.Outputs[3], b.Outputs[40] = b.Outputs[40], b.Outputs[3] }), ""},
		{"Wasabi 2, unusual outputs out of order", change(wasabi2(in2023, 60, 90, 10), func(b *goshawk.Transactions) {
			i := slices.IndexFunc(b.Outputs, func(o goshawk.Output) bool { return o.Value == 7_777_017 })
			b.Outputs[i-1], b.Outputs[i] = b.Outputs[i], b.Outputs[i-1]
		}), ""},
		{"Wasabi 2, inputs out of order", change(wasabi2(in2023, 60, 90, 10), func(b *goshawk.Transactions) { b.Inputs[3], b.Inputs[40] = b.Inputs[40], b.Inputs[3] }), ""},
		{"Wasabi 2 of one owner", change(wasabi2(in2023, 60, 90, 10), sameInputs), ""},
		{"Wasabi 2, amounts unknown", change(wasabi2(in2023, 60, 90, 10), forgetInputs), RuleWasabi2},

		{"Whirlpool", pool, RuleWhirlpool},
		{"Whirlpool surge", transaction(in2023, repeat(6, 5_000_000, 5_010_000, 5_010_300), repeat(8, 5_000_000)), RuleWhirlpool},
		{"Whirlpool of an unknown pool", transaction(in2021, repeat(3, 1_100_000, 1_105_000, 1_105_300), repeat(5, 1_100_000)), RuleEqualOutput},
		{"Whirlpool before its start", transaction(in2014, repeat(3, 1_000_000, 1_005_000, 1_005_300), repeat(5, 1_000_000)), RuleEqualOutput},
		{"Whirlpool, all new", transaction(in2021, repeat(5, 1_005_000), repeat(5, 1_000_000)), RuleEqualOutput},
		{"Whirlpool, a coin too large", transaction(in2021, repeat(3, 1_000_000, 1_005_000, 3_000_000), repeat(5, 1_000_000)), ""},
		{"Whirlpool, amounts unknown", change(transaction(in2021, repeat(5, 0), repeat(5, 1_000_000)), forgetInputs), RuleWhirlpool},
		{"one owner splits five coins", change(transaction(in2021, repeat(3, 1_000_000, 1_005_000, 1_005_300), repeat(5, 1_000_000)), sameInputs), ""},
		{"Whirlpool paying one address twice", change(transaction(in2021, repeat(3, 1_000_000, 1_005_000, 1_005_300), repeat(5, 1_000_000)), func(b *goshawk.Transactions) { b.Outputs[0].Address = b.Outputs[1].Address }), ""},

		{"Wasabi 1.0", transaction(in2019, around(30, 12_000_000), slices.Concat(repeat(25, 10_012_345), around(20, 2_000_000))), RuleWasabi10},
		{"Wasabi 1.1", transaction(in2019, around(30, 62_000_000), slices.Concat(repeat(20, 10_012_345), repeat(6, 20_024_690), repeat(3, 40_049_380), around(15, 2_000_000))), RuleWasabi11},
		{"Wasabi 1 before its release", transaction(in2014, around(30, 11_000_000), slices.Concat(repeat(25, 10_012_345), around(20, 2_000_000))), RuleEqualOutput},
		{"Wasabi 1, other amount", transaction(in2019, around(30, 32_000_000), slices.Concat(repeat(25, 30_012_345), around(20, 2_000_000))), RuleEqualOutput},

		{"JoinMarket", transaction(in2021, around(5, 9_000_000), slices.Concat(repeat(4, 5_000_001), around(4, 4_000_000))), RuleJoinMarket},
		{"JoinMarket, taker sweeps", transaction(in2021, around(5, 9_000_000), slices.Concat(repeat(4, 5_000_001), around(3, 4_000_000))), RuleJoinMarket},
		{"JoinMarket with two alike changes", transaction(in2021, around(5, 9_000_000), slices.Concat(repeat(4, 5_000_001), repeat(2, 4_000_000), around(2, 4_000_000))), ""},
		{"JoinMarket of three with a whale", transaction(in2021, []uint64{900, 900, 90_000_000_000}, slices.Concat(repeat(3, 5_000_001), around(3, 4_000_000))), ""},
		{"JoinMarket with too few payers", transaction(in2021, around(3, 9_000_000), slices.Concat(repeat(4, 5_000_001), around(4, 4_000_000))), ""},
		{"three payees and 61 coins", transaction(in2021, around(61, 400_000), slices.Concat(repeat(3, 5_000_001), around(2, 4_000_000))), ""},

		{"equal outputs", transaction(in2014, around(12, 11_000_000), slices.Concat(repeat(10, 10_000_000), around(8, 1_500_000))), RuleEqualOutput},
		{"one owner pays 20 and keeps one change", transaction(in2014, around(100, 12_000_000), slices.Concat(repeat(20, 50_000_000), around(1, 1_500_000))), ""},
		{"payout to many, equal, from one coin", transaction(in2021, around(3, 900_000_000), repeat(200, 1_000_000)), ""},
		{"airdrop", transaction(in2021, around(40, 12_000), slices.Concat(repeat(40, 546), around(30, 5_000))), ""},
		{"batch payout", transaction(in2021, around(3, 900_000_000), around(40, 1_000_000)), ""},
		{"with data", change(transaction(in2021, around(5, 9_000_000), slices.Concat(repeat(4, 5_000_001), around(3, 4_000_000), []uint64{0})), func(b *goshawk.Transactions) {
			b.Outputs[7].Kind, b.Outputs[7].Spender = goshawk.NullData, goshawk.Burnt
		}), ""},
		{"payment", transaction(in2021, around(2, 9_000_000), around(2, 4_000_000)), ""},
		{"consolidation", transaction(in2021, around(50, 9_000_000), around(1, 4_000_000)), ""},
		{"nothing", transaction(in2021, nil, nil), ""},
	} {
		for range 2 {
			rule, ok := CoinJoin(test.tx, 0)
			if rule != test.rule || ok != (test.rule != "") {
				t.Errorf("%s: rule %q, want %q", test.name, rule, test.rule)
			}
			forgetKinds(test.tx) // and the same without script types
		}
	}
}

func TestTx0(t *testing.T) {
	// Data, three coins for the pool of 0.01, the coordinator's fee, change.
	outs := []uint64{0, 1_005_000, 1_005_000, 1_005_000, 50_000, 7_000_000}
	for _, test := range []struct {
		name   string
		time   int64
		change func(*goshawk.Transactions)
		want   bool
	}{
		{"tx0", in2021, func(*goshawk.Transactions) {}, true},
		{"before its time", in2014, func(*goshawk.Transactions) {}, false},
		{"no data", in2021, func(b *goshawk.Transactions) { b.Outputs[0].Value = 700 }, false},
		{"data twice", in2021, func(b *goshawk.Transactions) { b.Outputs[5].Value = 0 }, false},
		{"no fee", in2021, func(b *goshawk.Transactions) { b.Outputs[4].Value = 24_999 }, false},
		{"two fees", in2021, func(b *goshawk.Transactions) { b.Outputs[5].Value = 60_000 }, false},
		{"different coins", in2021, func(b *goshawk.Transactions) { b.Outputs[2].Value++; b.Outputs[3].Value += 2 }, false},
		{"another script", in2021, func(b *goshawk.Transactions) { b.Outputs[5].Kind = goshawk.Taproot }, false},
		{"a coinbase", in2021, func(b *goshawk.Transactions) { b.Rows[0].Coinbase = true }, false},
	} {
		tx := transaction(test.time, []uint64{11_000_000}, outs)
		test.change(tx)
		if got := tx0(tx, 0) != nil; got != test.want {
			t.Errorf("%s: a tx0: %v, want %v", test.name, got, test.want)
		}
	}
}

func forgetKinds(b *goshawk.Transactions) {
	for i := range b.Inputs {
		b.Inputs[i].Kind = 0
	}
	for i := range b.Outputs {
		b.Outputs[i].Kind = 0
	}
}

func forgetInputs(b *goshawk.Transactions) {
	for i := range b.Inputs {
		b.Inputs[i].Value, b.Inputs[i].Link = 0, goshawk.Unresolved
	}
}

func sameInputs(b *goshawk.Transactions) {
	for i := range b.Inputs {
		b.Inputs[i].Address = 1
	}
}

// Facts published of Wasabi 2: the first amounts of its list, and the largest.
func TestWasabi2Amounts(t *testing.T) {
	first := []uint64{5000, 6561, 8192, 10000, 13122, 16384, 19683, 20000, 32768, 39366, 50000, 59049, 65536, 100000, 118098, 131072, 177147, 200000, 262144, 354294, 500000, 524288, 531441}
	if !slices.Equal(wasabi2Amounts[:len(first)], first) {
		t.Errorf("amounts %v, want %v", wasabi2Amounts[:len(first)], first)
	}
	if last := wasabi2Amounts[len(wasabi2Amounts)-1]; last != 137438953472 || len(wasabi2Amounts) != 79 {
		t.Errorf("%d amounts up to %d", len(wasabi2Amounts), last)
	}
}

func TestModeFindsWhatMoreThanAQuarterHas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64Range(1, 6), 1, 60).Draw(r, "values")
		counts := map[uint64]int{}
		most := 0
		for _, v := range values {
			counts[v]++
			most = max(most, counts[v])
		}
		value, n := mode(transaction(0, nil, values).Outputs)
		if n != counts[value] {
			r.Fatalf("%d is counted %d times, not %d", value, n, counts[value])
		}
		if 4*most > len(values) && n != most {
			r.Fatalf("%d of %d are equal, found %d", most, len(values), n)
		}
	})
}

func TestDistinct(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 5, few, few + 1, 300, tableSize / 2, tableSize/2 + 1, 5000}).Draw(r, "coins")
		span := rapid.Uint64Range(1, 6000).Draw(r, "addresses")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		b := transaction(0, make([]uint64, n), make([]uint64, n))
		ins, outs := map[goshawk.AddressID]bool{}, map[goshawk.AddressID]bool{}
		for i := range n {
			b.Inputs[i].Address = goshawk.AddressID(rng.Uint64N(span) * 4096)
			b.Outputs[i].Address = goshawk.AddressID(rng.Uint64N(span))
			if rng.IntN(5) == 0 {
				b.Inputs[i].Address = goshawk.NoAddress
			} else {
				ins[b.Inputs[i].Address] = true
			}
			outs[b.Outputs[i].Address] = true
		}
		if got := distinctInputs(b.Inputs); got != len(ins) {
			r.Fatalf("%d input addresses, want %d", got, len(ins))
		}
		if got := distinctOutputs(b.Outputs); got != len(outs) {
			r.Fatalf("%d output addresses, want %d", got, len(outs))
		}
	})
}

// The order of coins means nothing to any rule but Wasabi 2's.
func TestCoinJoinIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.SampledFrom([]uint64{1_000_000, 10_000_000, 5_000_001, 100_000}).Draw(r, "value")
		equal := rapid.IntRange(2, 15).Draw(r, "equal")
		others := rapid.IntRange(0, 15).Draw(r, "others")
		tx := transaction(in2021, around(rapid.IntRange(1, 20).Draw(r, "inputs"), value), slices.Concat(repeat(equal, value), around(others, value/2)))
		rule, _ := CoinJoin(tx, 0)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		rng.Shuffle(len(tx.Inputs), func(i, j int) { tx.Inputs[i], tx.Inputs[j] = tx.Inputs[j], tx.Inputs[i] })
		rng.Shuffle(len(tx.Outputs), func(i, j int) { tx.Outputs[i], tx.Outputs[j] = tx.Outputs[j], tx.Outputs[i] })
		if again, _ := CoinJoin(tx, 0); again != rule {
			r.Fatalf("rule %q, shuffled %q", rule, again)
		}
	})
}

func TestCoinJoinDoesNotAllocate(t *testing.T) {
	for name, tx := range map[string]*goshawk.Transactions{
		"payment": transaction(in2021, around(2, 9_000_000), around(2, 4_000_000)),
		"round":   transaction(in2023, descending(around(400, 3_000_000)), descending(denominations(500), around(20, 7_777_000))),
		"payout":  transaction(in2021, around(100, 9_000_000), around(350, 4_000_000)),
		"large":   transaction(in2014, around(2000, 12_000_000), slices.Concat(repeat(1100, 10_000_000), around(800, 1_500_000))),
	} {
		if n := testing.AllocsPerRun(50, func() { CoinJoin(tx, 0) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkCoinJoin(b *testing.B) {
	for _, run := range []struct {
		name string
		tx   *goshawk.Transactions
	}{
		{"payment", transaction(in2021, around(2, 9_000_000), around(2, 4_000_000))},
		{"3in3out", transaction(in2021, around(3, 9_000_000), around(3, 4_000_000))},
		{"6in6out", transaction(in2021, around(6, 9_000_000), around(6, 4_000_000))},
		{"payout", transaction(in2021, around(3, 9_000_000), around(200, 4_000_000))},
		{"whirlpool", transaction(in2021, repeat(3, 1_000_000, 1_005_000, 1_005_300), repeat(5, 1_000_000))},
		{"wasabi2", transaction(in2023, descending(around(200, 3_000_000)), descending(denominations(250), around(20, 7_777_000)))},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				CoinJoin(run.tx, 0)
			}
		})
	}
}
