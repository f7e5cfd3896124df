package score

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"goshawk"
)

func TestHurwitz(t *testing.T) {
	for _, c := range []struct {
		s    float64
		q    uint64
		want float64
	}{
		{2, 1, math.Pi * math.Pi / 6},
		{4, 1, math.Pow(math.Pi, 4) / 90},
		{3, 1, 1.2020569031595942}, // Apéry's constant
		{2, 3, math.Pi*math.Pi/6 - 1.25},
		{1.001, 1, 1000.5772884760117},
	} {
		if got := hurwitz(c.s, c.q); math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("ζ(%v, %d) = %v, not %v", c.s, c.q, got, c.want)
		}
	}
}

// drawn draws from a power law by walking its distribution.
func drawn(rng *rand.Rand, exponent float64, least uint64, n int) []uint64 {
	all := hurwitz(exponent, least)
	values := make([]uint64, n)
	for i := range values {
		u := rng.Float64() * all
		x := least
		for p := math.Pow(float64(x), -exponent); u > p && x < 1e6; p = math.Pow(float64(x), -exponent) {
			u -= p
			x++
		}
		values[i] = x
	}
	return values
}

func TestPowerLawIsRecovered(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, exponent := range []float64{1.8, 2.2, 3} {
		got, err := FitPowerLaw(t.Context(), drawn(rng, exponent, 1, 20000))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Exponent-exponent) > 3*got.Error || got.Error > 0.1 || got.Values != 20000 {
			t.Errorf("of %v it finds %+v", exponent, got)
		}
	}
	// A tail from 7 above a body that follows no such law.
	values := drawn(rng, 2.4, 7, 8000)
	for range 12000 {
		values = append(values, 1+rng.Uint64N(8))
	}
	got, err := FitPowerLaw(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	if got.Least < 7 || got.Least > 12 || math.Abs(got.Exponent-2.4) > 0.1 {
		t.Errorf("of a tail of 2.4 from 7 it finds %+v", got)
	}
}

func TestPowerLawNeedsATail(t *testing.T) {
	for name, values := range map[string][]uint64{
		"none": nil, "zeros": {0, 0}, "one size": slices.Repeat([]uint64{3}, 100), "few": {1, 1, 2, 3, 9},
	} {
		got, err := FitPowerLaw(t.Context(), values)
		if err != nil || got.Known() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FitPowerLaw(ctx, drawn(rand.New(rand.NewPCG(1, 2)), 2, 1, 1000)); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("cancelled: %v", err)
	}
}
