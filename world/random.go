package world

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Rand is one agent's own stream of chance, so that an agent more or less
// disturbs nobody else's. All of it is integer arithmetic: floating point
// differs between machines in its last bits.
type Rand struct{ pcg rand.PCG }

// newRand returns the stream of a role's member. It is seeded through SHA-256:
// whoever reads a stream's state out of what a world shows comes to no other
// stream from there, and not to the world's seed.
func newRand(seed uint64, role string, number uint64) Rand {
	state := subSeed(seed, role, number)
	var r Rand
	r.pcg.Seed(binary.LittleEndian.Uint64(state[:]), binary.LittleEndian.Uint64(state[8:]))
	return r
}

// subSeed is what belongs to a role's member alone, and does not lead back.
func subSeed(seed uint64, role string, number uint64) [sha256.Size]byte {
	var b [80]byte // no role is so long that it needs another
	text := binary.LittleEndian.AppendUint64(b[:0], seed)
	text = binary.LittleEndian.AppendUint64(text, number)
	return sha256.Sum256(append(text, role...))
}

// splitmix is the SplitMix64 generator (Steele, Lea and Flood, OOPSLA 2014).
func splitmix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 returns 64 random bits.
func (r *Rand) Uint64() uint64 { return r.pcg.Uint64() }

// Below returns a number in [0, n), and 0 if n is 0.
func (r *Rand) Below(n uint64) uint64 {
	high, _ := bits.Mul64(r.pcg.Uint64(), n)
	return high
}

// Pick returns an index into something of n elements; n must not be 0.
func (r *Rand) Pick(n int) int { return int(r.Below(uint64(n))) }

// Between returns a number in [low, high].
func (r *Rand) Between(low, high uint64) uint64 { return low + r.Below(high-low+1) }

// Chance is true parts times of ten thousand.
func (r *Rand) Chance(parts int) bool { return int(r.Below(10_000)) < parts }

// one is 1 in the fixed-point form that chance computes with: 16 binary digits
// after the point.
const one = 1 << 16

// normal returns a standard normal number in units of 1/65536: the sum of
// twelve uniform ones less six, whose tails end at six.
func (r *Rand) normal() int64 {
	var sum uint64
	for range 3 {
		v := r.pcg.Uint64()
		sum += v&0xffff + v>>16&0xffff + v>>32&0xffff + v>>48
	}
	return int64(sum) - 6*one
}

// LogNormal returns a number whose base-2 logarithm is normal around that of
// median, with the deviation given in units of 1/65536; never less than 1.
func (r *Rand) LogNormal(median uint64, deviation int64) uint64 {
	return max(scale(median, r.normal()*deviation>>16), 1)
}

// exponential returns a number of mean mean.
func (r *Rand) exponential(mean uint64) uint64 {
	// -ln(u) = -log2(u) · ln 2, and ln 2 = 45426/65536.
	high, low := bits.Mul64(uint64(-log2(r.pcg.Uint64()|1))*45426, mean)
	return high<<32 | low>>32
}

// pareto returns a number of at least least whose chance to exceed x falls as
// x to the power of -tail/100; never more than least·2^16.
func (r *Rand) pareto(least uint64, tail int64) uint64 {
	return scale(least, min(-log2(r.pcg.Uint64()|1)*100/tail, 16*one))
}

// log2 returns the base-2 logarithm of v/2^64 in units of 1/65536, by repeated
// squaring. It is at most 0; v must not be 0.
func log2(v uint64) int64 {
	zeros := bits.LeadingZeros64(v)
	x := v << zeros // in [1/2, 1) of 2^64, taken as [1, 2)
	fraction := int64(0)
	for bit := int64(one / 2); bit > 0; bit /= 2 {
		high, low := bits.Mul64(x, x)
		if high>>63 != 0 { // the square is 2 or more
			fraction |= bit
			x = high
		} else {
			x = high<<1 | low>>63
		}
	}
	return fraction - int64(zeros+1)*one
}

// roots are 2 to the powers of 1/2, 1/4, 1/8, … in units of 1/2^62.
var roots = [16]uint64{
	0x5a827999fcef3242, 0x4c1bf828c6dc54b7, 0x45cae0f1f545eb73, 0x42d561b3e6243d8a, 0x4166c34c5615d0eb, 0x40b268f9de0183b9,
	0x4058f6a7ecccd5b6, 0x402c6be96af2fb58, 0x4016321b687027a8, 0x400b18178ba33b14, 0x40058bce410147e8, 0x4002c5d7bff71dae,
	0x400162e807ee7e5b, 0x4000b1730df6a524, 0x400058b9497b8151, 0x40002c5c955dd701,
}

// scale returns v·2^x, x in units of 1/65536, at most 2^62.
func scale(v uint64, x int64) uint64 {
	whole, fraction := x>>16, x&0xffff
	f := uint64(1) << 62
	for i := range roots {
		if fraction&(0x8000>>i) != 0 {
			high, low := bits.Mul64(f, roots[i])
			f = high<<2 | low>>62
		}
	}
	high, low := bits.Mul64(v, f) // in units of 1/2^62
	shift := 62 - whole
	switch {
	case shift >= 128:
		return 0
	case shift >= 64:
		return high >> (shift - 64)
	case shift >= 1 && high>>(shift-1) == 0:
		return high<<(64-shift) | low>>shift
	}
	return 1 << 62
}

// table draws indices with given weights.
type table struct{ sums []uint64 }

func newTable(weights []uint64) table {
	var t table
	var sum uint64
	for _, w := range weights {
		sum += w
		t.sums = append(t.sums, sum)
	}
	return t
}

// draw returns an index; the table must have a weight that is not 0.
func (t *table) draw(r *Rand) int {
	x := r.Below(t.sums[len(t.sums)-1])
	low, high := 0, len(t.sums)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if t.sums[mid] <= x {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
