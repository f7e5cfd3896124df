package score

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestNumbersAgreeWithFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64Min(1).Draw(t, "v")
		if got, want := float64(log2(v))/whole, math.Log2(float64(v)); math.Abs(got-want) > 1e-9 {
			t.Errorf("log2 of %d: %v, not %v", v, got, want)
		}
		x := rapid.Float64Range(-600, 600).Draw(t, "x")
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-12*want {
			t.Errorf("exp of %v: %v, not %v", x, got, want)
		}
		f := rapid.Float64Range(1e-12, 1e12).Draw(t, "f")
		if got, want := ln(f), math.Log(f); math.Abs(got-want) > 1e-8 {
			t.Errorf("ln of %v: %v, not %v", f, got, want)
		}
	})
}

func TestMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64Range(1, 21e14), 1, 50).Draw(t, "values")
		var m moments
		sum, squares := 0.0, 0.0
		for _, v := range values {
			m.add(v)
			sum += math.Log10(float64(v))
		}
		want := sum / float64(len(values))
		for _, v := range values {
			squares += math.Pow(math.Log10(float64(v))-want, 2)
		}
		deviation := math.Sqrt(squares / float64(len(values)))
		mean, got := m.decimal()
		if math.Abs(mean-want) > 1e-5 || math.Abs(got-deviation) > 1e-2 || deviation > 0.1 && math.Abs(got-deviation) > 1e-4 {
			t.Errorf("%v: mean %v and deviation %v, not %v and %v", values, mean, got, want, deviation)
		}
	})
}

// Squares of many logarithms exceed 64 bits.
func TestMomentsOfMany(t *testing.T) {
	var m moments
	for range 10_000 {
		m.add(1 << 50)
		m.add(1 << 48)
	}
	if mean, deviation := m.decimal(); math.Abs(mean-49*math.Log10(2)) > 1e-9 || math.Abs(deviation-math.Log10(2)) > 1e-9 {
		t.Errorf("mean %v, deviation %v", mean, deviation)
	}
}
