package score

import (
	"math"
	"math/rand/v2"
	"slices"
)

// EnoughSeeds is the number of seeds below which an interval is marked as insufficient.
const EnoughSeeds = 20

// Summary is a figure over several seeds: one value for each world that was
// measured. The interval covers chance between seeds and nothing else; what the
// assumptions do is for Extremes to show.
type Summary struct {
	Seeds     int     // values that count
	Undefined int     // NaN: worlds in which there was nothing to measure
	Mean      float64 // of the values, each world counting the same; NaN if there is none
	Low, High float64 // 95 % interval of the mean; NaN below two values
	Least     float64
	Most      float64
}

// Enough says whether there are as many seeds as an interval needs.
func (s Summary) Enough() bool { return s.Seeds >= EnoughSeeds }

// Summarise takes one value for each seed. Its interval is the bootstrap's
// percentile interval (B. Efron, R. Tibshirani, An Introduction to the Bootstrap,
// 1993, chapter 13) from 10,000 resamples of a fixed generator, and not Student's:
// shares crowd near 0 or 1, and this interval stays between them. With few seeds
// it is somewhat too narrow, as every bootstrap's.
func Summarise(values []float64) Summary {
	defined := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	n := len(defined)
	s := Summary{Seeds: n, Undefined: len(values) - n, Mean: undefined(), Low: undefined(), High: undefined(), Least: undefined(), Most: undefined()}
	if n == 0 {
		return s
	}
	slices.Sort(defined) // so that the order of seeds does not matter
	s.Mean, s.Least, s.Most = mean(defined), defined[0], defined[n-1]
	if n < 2 {
		return s
	}
	const resamples = 10_000
	rng := rand.New(rand.NewPCG(0x676f7368, 0x61776b)) // fixed: the same values give the same interval
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range n {
			sum += defined[rng.IntN(n)]
		}
		means[i] = min(max(sum/float64(n), s.Least), s.Most)
	}
	slices.Sort(means)
	s.Low, s.High = means[resamples*25/1000], means[resamples*975/1000-1]
	return s
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return min(max(sum/float64(len(values)), slices.Min(values)), slices.Max(values))
}

// Case is a figure under one setting of the assumptions that a sweep varies.
type Case struct {
	Setting string // such as "CoinJoins × 3"
	Summary Summary
}

// Extremes returns the cases with the least and with the greatest mean, the
// first of equals. One of them is the worst case: the least of a precision, the
// greatest of a share wrongly attributed. ok is false where no case has a mean.
func Extremes(cases []Case) (least, greatest Case, ok bool) {
	for _, c := range cases {
		switch {
		case math.IsNaN(c.Summary.Mean):
			continue
		case !ok:
			least, greatest, ok = c, c, true
			continue
		}
		if c.Summary.Mean < least.Summary.Mean {
			least = c
		}
		if c.Summary.Mean > greatest.Summary.Mean {
			greatest = c
		}
	}
	return least, greatest, ok
}
