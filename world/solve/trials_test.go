package solve

import (
	"strings"
	"testing"

	"goshawk"
)

// TestReadTrials: both ends of a test order.
func TestReadTrials(t *testing.T) {
	a, b := strings.Repeat("a1", 32), strings.Repeat("b2", 32)
	head := "order,transaction,output,passed_on_transaction,passed_on_output\n"
	paid, err := goshawk.ParseHash(a)
	if err != nil {
		t.Fatal(err)
	}
	passed, err := goshawk.ParseHash(b)
	if err != nil {
		t.Fatal(err)
	}
	want := trial{goshawk.Outpoint{Tx: paid, Index: 7}, goshawk.Outpoint{Tx: passed, Index: 1}}
	got := readTrials(head + "3," + a + ",7," + b + ",1\n4," + a + ",x," + b + ",1\n5," + a + ",7,never,0\n")
	if len(got) != 1 || got[0] != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	for _, text := range []string{"", "# A brief\n", "transaction,output\n" + a + ",7\n", head} {
		if got := readTrials(text); len(got) > 0 {
			t.Errorf("%q lists %+v", text, got)
		}
	}
}

// TestAgreed: the part is what all orders show, and no other.
func TestAgreed(t *testing.T) {
	for _, c := range []struct {
		sums [][2]uint64
		want uint64
	}{
		{nil, 0},
		{[][2]uint64{{6_062_585, 5_698_835}}, 940},
		{[][2]uint64{{6_062_585, 5_698_835}, {7_000_000, 6_580_000}}, 940},
		{[][2]uint64{{6_062_585, 5_698_835}, {7_000_000, 6_510_000}}, 0}, // they differ
		{[][2]uint64{{5_000, 4_703}}, 0},                                 // too small to tell
	} {
		if got := agreed(c.sums); got != c.want {
			t.Errorf("%v were passed on in %d thousandths, not %d", c.sums, got, c.want)
		}
	}
}
