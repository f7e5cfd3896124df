package solve

import (
	"cmp"
	"slices"
	"testing"

	"goshawk"
)

// TestPassedOn: which coins are parts of which.
func TestPassedOn(t *testing.T) {
	x := &sums{part: 940, coins: []coin{
		{10_000_007, 1, 1}, {9_400_007, 4, 4}, // a payment, and what is left of it without 6 %
		{20_000_000, 2, 2}, {20_000_000, 3, 3}, {18_800_000, 5, 5}, // one of two alike
		{30_000_001, 7, 7}, {28_200_001, 6, 6}, // paid out before it came
		{50_000_003, 8, 8}, {47_000_003, 9, 9}, {47_000_009, 10, 10}, // two can be it
		{90_000_001, 13, 13}, {84_600_001, 14, 14 + kept}, // too late
		{70_000_011, 11, 11}, {65_800_040, 12, 12}, // not to the unit
	}}
	slices.SortFunc(x.coins, func(a, b coin) int { return cmp.Compare(a.value, b.value) })
	for _, c := range x.coins {
		want := goshawk.NoTx
		if c.tx == 1 {
			want = 4
		}
		got, ok := x.later(c)
		if ok != (want != goshawk.NoTx) || ok && got.tx != want {
			t.Errorf("of %v is passed on %v, %t", c, got, ok)
		}
		back, ok := x.earlier(c)
		if ok != (c.tx == 4) || ok && back.tx != 1 {
			t.Errorf("%v is a part of %v, %t", c, back, ok)
		}
	}
	for _, value := range []uint64{100_001, 123_456_789, 2_100_000_000_000_000} {
		for _, part := range []uint64{500, 800, 940, 999} {
			least, most := passed(value, part)
			if exact := value / 1000 * part; least < exact || least > exact+part+1 || most != least+rounding {
				t.Errorf("%d thousandths of %d are %d to %d", part, value, least, most)
			}
			y := sums{part: part, coins: []coin{{value: value}}}
			if len(y.whole(least)) != 1 || len(y.whole(most)) != 1 {
				t.Errorf("%d and %d are no part of %d", least, most, value)
			}
		}
	}
}
