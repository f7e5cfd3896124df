package goshawk_test

import (
	"math"
	"testing"

	"goshawk"
)

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 inputs", 1: "1 input", 2: "2 inputs", 999: "999 inputs", 1000: "1,000 inputs", 1234567: "1,234,567 inputs",
		math.MaxUint64: "18,446,744,073,709,551,615 inputs",
	} {
		if got := goshawk.Count(n, "input", "inputs"); got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
	for in, want := range map[string]string{"1000.50000000": "1,000.50000000", "999.1234": "999.1234", "0.00012345": "0.00012345", "1000": "1,000"} {
		if got := goshawk.Group(in); got != want {
			t.Errorf("%s: %s, not %s", in, got, want)
		}
	}
}
