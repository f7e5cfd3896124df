package casebook

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMerge3(t *testing.T) {
	for _, c := range []struct {
		name, base, mine, theirs string
		want                     string // "-": refused
	}{
		{"nobody", "a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n"},
		{"one side", "a\nb\n", "a\nB\n", "a\nb\n", "a\nB\n"},
		{"other lines", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},
		{"the same change", "a\nb\n", "a\nB\n", "a\nB\n", "a\nB\n"},
		{"the same line", "a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "-"},
		{"both at the end", "a\n", "a\nmine\n", "a\ntheirs\n", "-"},
		{"begun by both", "", "mine", "theirs", "-"},
		{"one takes away, one adds elsewhere", "a\nb\nc\nd\n", "b\nc\nd\n", "a\nb\nc\nd\ne\n", "b\nc\nd\ne\n"},
		{"one takes away what the other changes", "a\nb\nc\n", "a\nc\n", "a\nB\nc\n", "-"},
		{"no newline at the end", "a\nb", "A\nb", "a\nb", "A\nb"},
	} {
		got, ok := merge3(lines(c.base), lines(c.mine), lines(c.theirs))
		if want := c.want; ok != (want != "-") || ok && strings.Join(got, "") != want {
			t.Errorf("%s: %q, %v", c.name, strings.Join(got, ""), ok)
		}
	}
}

// TestMerge3Laws: a merge with a side that changed nothing is the other side, the
// sides may be exchanged, and where it succeeds every line that only one side
// added is there.
func TestMerge3Laws(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) []string {
		return rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "d\n", "e\n"}), 0, 8).Draw(t, "lines")
	})
	rapid.Check(t, func(t *rapid.T) {
		base, a, b := text.Draw(t, "base"), text.Draw(t, "a"), text.Draw(t, "b")
		if got, ok := merge3(base, a, base); !ok || !slices.Equal(got, a) {
			t.Fatalf("%q with %q unchanged: %q, %v", a, base, got, ok)
		}
		one, okOne := merge3(base, a, b)
		two, okTwo := merge3(base, b, a)
		if okOne != okTwo || okOne && !slices.Equal(one, two) {
			t.Fatalf("%q, %q from %q: %q %v, and %q %v", a, b, base, one, okOne, two, okTwo)
		}
		if !okOne {
			return
		}
		count := func(list []string, line string) (n int) {
			for _, l := range list {
				if l == line {
					n++
				}
			}
			return n
		}
		for _, line := range []string{"a\n", "b\n", "c\n", "d\n", "e\n"} {
			n, grownA, grownB := count(base, line), count(a, line), count(b, line)
			if least := min(n, grownA, grownB); count(one, line) < least {
				t.Fatalf("%q, %q from %q lost %q: %q", a, b, base, line, one)
			}
		}
	})
}

func FuzzMergeText(f *testing.F) {
	f.Add(`"a\nb"`, `"A\nb"`, `"a\nB"`)
	f.Add(`null`, `"x"`, `""`)
	f.Add(`1`, `{}`, `[`)
	f.Fuzz(func(t *testing.T, base, mine, now string) {
		merged, ok := mergeText(json.RawMessage(base), json.RawMessage(mine), json.RawMessage(now))
		if ok && !json.Valid(merged) {
			t.Errorf("%q, %q, %q: %q", base, mine, now, merged)
		}
	})
}
