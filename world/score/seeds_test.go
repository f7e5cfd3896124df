package score

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDetection(t *testing.T) {
	var d, e Detection
	for _, c := range []struct{ found, so bool }{{true, true}, {true, true}, {true, false}, {false, true}, {false, true}, {false, true}, {false, false}} {
		d.Count(c.found, c.so)
	}
	e.Add(d)
	if e != (Detection{2, 1, 3, 1}) || e.Precision() != (Share{2, 3}) || e.Recall() != (Share{2, 5}) || e.F1() != (Share{4, 8}) {
		t.Errorf("%+v", e)
	}
	if v := (Detection{Missed: 1}).Precision(); v.Known() || !math.IsNaN(v.Value()) {
		t.Errorf("a detector that never speaks has precision %v", v)
	}
}

func TestSummariseByHand(t *testing.T) {
	// Of one 0 and three 1s the resamples' means are binomial: 4 × a quarter of zeros.
	s := Summarise([]float64{1, 0, math.NaN(), 1, 1})
	if s.Seeds != 4 || s.Undefined != 1 || s.Mean != 0.75 || s.Least != 0 || s.Most != 1 || s.Enough() {
		t.Errorf("%+v", s)
	}
	if s.Low != 0.25 || s.High != 1 { // P(mean ≤ 0) = 0.4 %, P(mean ≤ 0.25) = 5 %
		t.Errorf("interval %v to %v", s.Low, s.High)
	}
	if s := Summarise([]float64{0.5}); s.Mean != 0.5 || !math.IsNaN(s.Low) {
		t.Errorf("one seed: %+v", s)
	}
	if s := Summarise(nil); s.Seeds != 0 || !math.IsNaN(s.Mean) {
		t.Errorf("no seed: %+v", s)
	}
}

func TestSummariseHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1), 2, 30).Draw(t, "values")
		s := Summarise(values)
		if !(0 <= s.Least && s.Least <= s.Low && s.Low <= s.High && s.High <= s.Most && s.Most <= 1 && s.Least <= s.Mean && s.Mean <= s.Most) {
			t.Fatalf("%+v", s)
		}
		if again := Summarise(rapid.Permutation(values).Draw(t, "order")); again != s {
			t.Fatalf("%+v in another order is %+v", s, again)
		}
	})
}

// Over many draws of 20 seeds, the interval holds the true mean about as often as it says.
func TestIntervalCovers(t *testing.T) {
	const draws = 300
	covered := 0
	x := uint64(1)
	for range draws {
		values := make([]float64, 20)
		for i := range values {
			x = x*6364136223846793005 + 1442695040888963407
			values[i] = float64(x>>11) / (1 << 53)
		}
		if s := Summarise(values); s.Low <= 0.5 && 0.5 <= s.High {
			covered++
		}
	}
	if share := float64(covered) / draws; share < 0.88 || share > 0.98 {
		t.Errorf("a 95 %% interval covers %.1f %%", 100*share)
	}
}

func TestExtremes(t *testing.T) {
	c := func(setting string, mean float64) Case { return Case{setting, Summary{Mean: mean}} }
	least, greatest, ok := Extremes([]Case{c("none", math.NaN()), c("a", 0.5), c("b", 0.2), c("c", 0.9), c("d", 0.2)})
	if !ok || least.Setting != "b" || greatest.Setting != "c" {
		t.Errorf("%v, %v, %v", least, greatest, ok)
	}
	if _, _, ok := Extremes([]Case{c("none", math.NaN())}); ok {
		t.Error("extremes of nothing")
	}
}
