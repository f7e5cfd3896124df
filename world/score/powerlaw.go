package score

import (
	"context"
	"math"
	"slices"

	"goshawk"
)

// leastTail is the number of values that a tail must hold to be fitted: Clauset
// et al. find the estimate trustworthy from about 50.
const leastTail = 50

// PowerLaw is a discrete power law fitted to the tail of some counts: the number
// of values x ≥ Least falls as x^-Exponent.
type PowerLaw struct {
	Exponent float64 // 0 where no tail holds 50 values of at least two sizes
	Error    float64 // its standard error, (Exponent-1)/√Tail
	Least    uint64  // xmin, where the tail begins
	Most     uint64  // the largest value of all
	Tail     uint64  // values in the tail
	Values   uint64  // values in all
	Distance float64 // the Kolmogorov-Smirnov distance of tail and law
}

// Known says whether there was a tail to fit.
func (p PowerLaw) Known() bool { return p.Exponent > 0 }

// sizeCount says how many values are of one size.
type sizeCount struct{ size, count uint64 }

// FitPowerLaw fits a discrete power law by maximum likelihood (the exact
// likelihood with the Hurwitz zeta function, not its approximation), its tail
// beginning where the Kolmogorov-Smirnov distance is least: A. Clauset, C. R.
// Shalizi, M. E. J. Newman, Power-law distributions in empirical data, SIAM
// Review 51 (2009), sections 3.1 and 3.3. Zeros are left out. It sorts values.
func FitPowerLaw(ctx context.Context, values []uint64) (PowerLaw, error) {
	slices.Sort(values)
	var sizes []sizeCount
	for _, v := range values {
		if v == 0 {
			continue
		}
		if len(sizes) == 0 || sizes[len(sizes)-1].size != v {
			sizes = append(sizes, sizeCount{size: v})
		}
		sizes[len(sizes)-1].count++
	}
	var best PowerLaw
	tails := make([]tail, len(sizes)+1)
	for i := len(sizes) - 1; i >= 0; i-- {
		s, rest := sizes[i], tails[i+1]
		tails[i] = tail{sizes: sizes[i:], n: rest.n + s.count, logs: rest.logs + float64(float64(s.count)*logOf(s.size))}
	}
	for i := range sizes {
		t := &tails[i]
		if t.n < leastTail || len(t.sizes) < 2 {
			break
		}
		if ctx.Err() != nil {
			return PowerLaw{}, interrupted(ctx)
		}
		exponent := t.exponent()
		if distance := t.distance(exponent); !best.Known() || distance < best.Distance {
			best = PowerLaw{Exponent: exponent, Error: (exponent - 1) / math.Sqrt(float64(t.n)), Least: t.sizes[0].size, Tail: t.n, Distance: distance}
		}
	}
	if len(sizes) > 0 {
		best.Values, best.Most = tails[0].n, sizes[len(sizes)-1].size
	}
	return best, nil
}

// tail is all values from one size up.
type tail struct {
	sizes []sizeCount
	n     uint64
	logs  float64 // the sum of the values' natural logarithms
}

// exponent maximises the likelihood, which has one maximum, by golden section.
func (t *tail) exponent() float64 {
	const golden = 0.618033988749894848204586834366
	cost := func(a float64) float64 {
		return float64(float64(t.n)*ln(hurwitz(a, t.sizes[0].size))) + float64(a*t.logs)
	}
	low, high := 1.001, 12.0
	a, b := high-float64(golden*(high-low)), low+float64(golden*(high-low))
	costA, costB := cost(a), cost(b)
	for high-low > 1e-5 {
		if costA < costB {
			high, b, costB = b, a, costA
			a = high - float64(golden*(high-low))
			costA = cost(a)
		} else {
			low, a, costA = a, b, costB
			b = low + float64(golden*(high-low))
			costB = cost(b)
		}
	}
	return (low + high) / 2
}

// distance returns the largest difference of the two distributions. The law
// rises between the sizes that occur and the values do not, so that both ends of
// each gap are looked at.
func (t *tail) distance(exponent float64) float64 {
	all := hurwitz(exponent, t.sizes[0].size)
	most, below := 0.0, uint64(0)
	for _, s := range t.sizes {
		law := 1 - hurwitz(exponent, s.size)/all // P(x < size)
		most = max(most, math.Abs(law-float64(below)/float64(t.n)))
		below += s.count
		law = 1 - hurwitz(exponent, s.size+1)/all
		most = max(most, math.Abs(law-float64(below)/float64(t.n)))
	}
	return most
}

func logOf(v uint64) float64 { return ln2 * (float64(log2(v)) / whole) }

// hurwitz returns the zeta function Σ (q+k)^-s over k ≥ 0, for s > 1, by the
// formula of Euler and Maclaurin after eight terms.
func hurwitz(s float64, q uint64) float64 {
	power := func(x uint64) float64 { return exp(-float64(s * logOf(x))) }
	sum := 0.0
	n := q
	for ; n < q+8; n++ {
		sum += power(n)
	}
	x, p := float64(n), power(n)
	sum += float64(p*x)/(s-1) + p/2
	sum += float64(p*s) / x / 12
	return sum - float64(p*s*(s+1)*(s+2))/x/x/x/720
}

// ClusterSizes counts, for each cluster, those of its addresses that are in
// only (nil: all), for FitPowerLaw. Addresses are numbered from 0 to count-1.
func ClusterSizes(ctx context.Context, root Root, count uint64, only *Addresses) ([]uint64, error) {
	sizes := make([]uint64, count)
	for a := range goshawk.AddressID(count) {
		if err := every(ctx, int(a)); err != nil {
			return nil, err
		}
		if !only.Has(a) {
			continue
		}
		r := root(a)
		if uint64(r) >= count {
			return nil, strayRoot(a, r)
		}
		sizes[r]++
	}
	return slices.DeleteFunc(sizes, func(n uint64) bool { return n == 0 }), nil
}
