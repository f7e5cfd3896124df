package crime

import "fmt"

// lapse is the time between two moments of the chain in words, for texts that say
// how long something took: rounded down to one unit, and a minute at least.
func lapse(from, to uint32) string {
	n, unit := uint32(0), "minute"
	if to > from {
		n = (to - from) / 60
	}
	switch {
	case n >= 2*24*60:
		n, unit = n/(24*60), "day"
	case n >= 2*60:
		n, unit = n/60, "hour"
	}
	if n = max(n, 1); n > 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
