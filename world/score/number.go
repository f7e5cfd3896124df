package score

import (
	"math"
	"math/bits"
)

const (
	ln2     = 0.693147180559945309417232121458
	log10of = 0.301029995663981195213738894724 // the decimal logarithm of 2
	whole   = 1 << 32                          // log2 counts in 2⁻³²
)

func undefined() float64 { return math.NaN() }

// log2 returns the binary logarithm of v ≥ 1 in units of 2⁻³², rounded down: one
// bit for each squaring of the mantissa, in integers.
func log2(v uint64) uint64 {
	n := bits.Len64(v) - 1
	x := v << (63 - n) // the mantissa, in [1, 2), with 63 bits after the point
	sum := uint64(n) << 32
	for bit := uint64(1) << 31; bit > 0; bit >>= 1 {
		high, low := bits.Mul64(x, x)
		if high>>63 != 0 {
			sum |= bit
			x = high
		} else {
			x = high<<1 | low>>63
		}
	}
	return sum
}

// ln returns the natural logarithm of x > 0, to about 10⁻¹⁰.
func ln(x float64) float64 {
	fraction, exponent := math.Frexp(x) // x = fraction × 2^exponent, exactly
	mantissa := uint64(math.Ldexp(fraction, 53))
	return ln2 * (float64(log2(mantissa))/whole + float64(exponent-53))
}

// exp returns e to the x, for |x| < 700, to about 10⁻¹³.
func exp(x float64) float64 {
	k := math.RoundToEven(x / ln2)
	r := x - float64(k*ln2)
	sum := 1.0 // Taylor's series by Horner's rule, for |r| ≤ 0.35
	for n := 14; n >= 1; n-- {
		sum = 1 + float64(sum*r)/float64(n)
	}
	return math.Ldexp(sum, int(k))
}

// moments sums logarithms exactly, so that their order does not matter.
type moments struct {
	n, sum          uint64
	highSum, lowSum uint64 // of squares, 128 bits
}

// add adds the binary logarithm of v ≥ 1, in units of 2⁻²⁰.
func (m *moments) add(v uint64) {
	x := log2(v) >> 12
	m.n++
	m.sum += x
	var carry uint64
	m.lowSum, carry = bits.Add64(m.lowSum, x*x, 0) // x < 2²⁶
	m.highSum += carry
}

// decimal returns mean and standard deviation of the decimal logarithms.
func (m *moments) decimal() (mean, deviation float64) {
	const unit = 1 << 20
	n := float64(m.n)
	mean = float64(m.sum) / n / unit
	squares := (float64(float64(m.highSum)*(1<<63)*2) + float64(m.lowSum)) / n / unit / unit
	variance := max(0, squares-float64(mean*mean))
	return float64(mean * log10of), float64(math.Sqrt(variance) * log10of)
}
