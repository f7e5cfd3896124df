package world

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The fixed-point functions are held to floating point, which knows the answer
// to more digits than they need.

func TestScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64Range(1, 1<<52).Draw(t, "v")
		x := rapid.Int64Range(-40*one, 9*one).Draw(t, "x")
		want := float64(v) * math.Exp2(float64(x)/one)
		if got := float64(scale(v, x)); math.Abs(got-want) > 1+want*1e-9 {
			t.Fatalf("scale(%d, %d) is %.0f, not %.2f", v, x, got, want)
		}
	})
	for x, want := range map[int64]uint64{0: 12_345, one: 24_690, -one: 6_172, -200 * one: 0, 63 * one: 1 << 62} {
		if got := scale(12_345, x); got != want {
			t.Errorf("scale(12345, %d/65536) is %d, not %d", x, got, want)
		}
	}
}

func TestLog2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "v")
		want := (math.Log2(float64(v)) - 64) * one
		if got := float64(log2(v)); math.Abs(got-want) > 1.1 {
			t.Fatalf("log2(%d/2^64) is %.0f/65536, not %.2f", v, got, want)
		}
	})
}

func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		if got, want := root(n), new(big.Int).Sqrt(new(big.Int).SetUint64(n)).Uint64(); got != want {
			t.Fatalf("the root of %d is %d, not %d", n, got, want)
		}
	})
}

// TestDistributions draws many numbers and looks at what is known of them.
func TestDistributions(t *testing.T) {
	r := newRand(1, "test", 0)
	const n = 200_000
	var sum, squares, waited float64
	above, beyond, heads := 0, 0, 0
	for range n {
		z := float64(r.normal()) / one
		sum, squares = sum+z, squares+z*z
		waited += float64(r.exponential(600))
		if r.LogNormal(1_000, one) > 1_000 {
			above++
		}
		if r.pareto(100, 150) >= 400 { // (400/100)^-1.5 = 1/8
			beyond++
		}
		if r.Chance(2_500) {
			heads++
		}
	}
	for what, c := range map[string]struct{ got, want, within float64 }{
		"mean of the normal":      {sum / n, 0, 0.01},
		"variance of the normal":  {squares / n, 1, 0.02},
		"mean of the exponential": {waited / n, 600, 6},
		"above the median":        {float64(above) / n, 0.5, 0.005},
		"tail of the power law":   {float64(beyond) / n, 0.125, 0.004},
		"a chance of a quarter":   {float64(heads) / n, 0.25, 0.004},
	} {
		if math.Abs(c.got-c.want) > c.within {
			t.Errorf("%s: %.4f, not %.4f", what, c.got, c.want)
		}
	}
}

// TestStreamsAreApart: a role's members, and seeds, have streams of their own.
func TestStreamsAreApart(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(8) {
		for _, role := range []string{"citizen", "merchant", "wallet"} {
			for number := range uint64(200) {
				r := newRand(seed, role, number)
				first := r.Uint64()
				if before, ok := seen[first]; ok {
					t.Fatalf("%d %s %d begins as %s does", seed, role, number, before)
				}
				seen[first] = role
			}
		}
	}
}

func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Uint64Range(0, 5), 1, 9).Draw(t, "weights")
		weights[rapid.IntRange(0, len(weights)-1).Draw(t, "one")]++
		table := newTable(weights)
		r := newRand(rapid.Uint64().Draw(t, "seed"), "table", 0)
		for range 50 {
			if i := table.draw(&r); weights[i] == 0 {
				t.Fatalf("drew %d of %v", i, weights)
			}
		}
	})
}
