package crime

import "goshawk/world"

// grown is what a sum of a real case, in cents of 2019, is in this world, in cents
// of its time. Few people hold all of a world's coins, and pay larger sums with them
// than people did: where the middle output of a real block of 2019 was worth $61
// (block 574200), that of a world of 2015, 2019 or 2022 is worth about $13, $530
// and $8,000. A crime whose sums did not grow alike would be told by them alone.
func (c *Case) grown(cents uint64) uint64 {
	switch c.e.Era() {
	case world.Era2015:
		return cents / 8
	case world.Era2019:
		return cents * 8
	default:
		return cents * 100
	}
}

// scaled is such a sum in satoshis.
func (c *Case) scaled(cents uint64) uint64 { return c.e.Satoshis(c.grown(cents)) }

// around is a scaled sum of so many cents, or some: what people pay spreads over
// orders of magnitude. The deviation is in binary ones, as world.Rand counts them.
func (c *Case) around(cents uint64, deviation int64) uint64 {
	return max(c.typed(c.scaled(c.rng.LogNormal(cents, deviation))), 40*world.Dust)
}
