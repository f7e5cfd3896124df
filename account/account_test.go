package account

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"goshawk"
)

var day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func in(n int, units, tainted uint64) Line {
	return Line{ID: fmt.Sprint("in ", n), At: day.AddDate(0, 0, n), Credit: units, Tainted: tainted}
}

func out(n int, units uint64) Line {
	return Line{ID: fmt.Sprint("out ", n), At: day.AddDate(0, 0, n), Debit: units}
}

// TestFollow: the textbook account. 100 own units, 60 stolen ones come in, 90 go out,
// 50 own ones come in, 70 go out.
func TestFollow(t *testing.T) {
	lines := []Line{in(1, 60, 60), out(2, 90), in(3, 50, 0), out(4, 70)}
	for m, want := range map[Method]Result{
		FIFO: {Outs: []Out{{Line: 3, Units: 60, Parts: []Part{{0, 60}}}}, Parts: []Part{}},
		LIFO: {Outs: []Out{{Line: 1, Units: 60, Parts: []Part{{0, 60}}}}, Parts: []Part{}},
		// 50 are left at the end: ten of the sixty had to go.
		LowestBalance: {Outs: []Out{{Line: 3, Units: 10, Parts: []Part{{0, 10}}}}, Left: 50, Parts: []Part{{0, 50}}},
		// 90 of 160: of 60 units 33; 27 are left of 120 then; of those 70 take 27·70÷120 rounded down.
		ProRata: {Outs: []Out{{Line: 1, Units: 33, Parts: []Part{{0, 33}}}, {Line: 3, Units: 15, Parts: []Part{{0, 15}}}}, Left: 12, Parts: []Part{{0, 12}}},
	} {
		got, err := Follow(100, lines, m)
		if err != nil {
			t.Fatal(err)
		}
		want.Method = m
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v\nnot %+v", m, *got, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for why, lines := range map[string][]Line{
		"more than the account holds": {in(1, 5, 0), out(2, 16)},
		"more of it is followed":      {in(1, 5, 6)},
		"credit or a debit":           {{Credit: 1, Debit: 1}},
		"or a debit, of":              {{}},
		"earlier":                     {in(2, 5, 0), in(1, 5, 0)},
		"larger than any":             {in(1, math.MaxUint64, 0)},
	} {
		if _, err := Follow(10, lines, FIFO); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := Follow(0, nil, "best"); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Error(err)
	}
}

// TestLaws: what comes in tainted goes out or stays, of every credit, to the unit; no debit takes
// more than it pays; all of an account that is wholly tainted is; the lowest balance keeps the
// most of all methods, and never more than the lowest balance since.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.OneOf(rapid.Uint64Range(1, 20), rapid.Uint64Range(1, 1<<58))
		opening := rapid.OneOf(rapid.Just(uint64(0)), unit).Draw(t, "opening")
		whole := opening == 0 && rapid.Bool().Draw(t, "whole")
		var lines []Line
		balance, lowest := opening, opening
		tainted := map[int]uint64{}
		var sum uint64
		for n := range rapid.IntRange(0, 12).Draw(t, "lines") {
			if balance > 0 && rapid.Bool().Draw(t, "debit") {
				v := rapid.Uint64Range(1, balance).Draw(t, "units")
				balance -= v
				lines = append(lines, out(n, v))
			} else {
				v := unit.Draw(t, "units")
				x := rapid.Uint64Range(0, v).Draw(t, "tainted")
				if whole {
					x = v
				}
				balance += v
				tainted[len(lines)] = x
				sum += x
				lines = append(lines, in(n, v, x))
			}
			lowest = min(lowest, balance)
		}
		left := map[Method]uint64{}
		for _, m := range Methods() {
			r, err := Follow(opening, lines, m)
			if err != nil {
				t.Fatal(err)
			}
			of := map[int]uint64{}
			total := r.Left
			var parts uint64
			for _, p := range r.Parts {
				of[p.Line] += p.Units
				parts += p.Units
			}
			if parts != r.Left || r.Left > balance {
				t.Fatalf("%s: %d is left of %d, in parts of %d", m, r.Left, balance, parts)
			}
			for _, o := range r.Outs {
				var parts uint64
				for _, p := range o.Parts {
					if p.Line >= o.Line {
						t.Fatalf("%s: line %d takes of line %d", m, o.Line, p.Line)
					}
					of[p.Line] += p.Units
					parts += p.Units
				}
				if parts != o.Units || o.Units > lines[o.Line].Debit || whole && o.Units != lines[o.Line].Debit {
					t.Fatalf("%s: line %d takes %d, in parts of %d", m, o.Line, o.Units, parts)
				}
				total += o.Units
			}
			if total != sum {
				t.Fatalf("%s: %d came in, %d are there", m, sum, total)
			}
			for line, want := range tainted {
				if of[line] != want {
					t.Fatalf("%s: of line %d's %d there are %d", m, line, want, of[line])
				}
			}
			left[m] = r.Left
		}
		for m, n := range left {
			if n > left[LowestBalance] {
				t.Fatalf("%s keeps %d, the lowest balance %d", m, n, left[LowestBalance])
			}
		}
	})
}

// TestOneCredit: of one tainted credit the claim is the lowest balance since it came, at most.
func TestOneCredit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64Range(1, 1_000).Draw(t, "tainted")
		opening := rapid.Uint64Range(0, 1_000).Draw(t, "opening")
		lines := []Line{in(0, v, v)}
		balance := opening + v
		lowest := balance
		for n := range rapid.IntRange(0, 8).Draw(t, "lines") {
			if balance > 0 && rapid.Bool().Draw(t, "debit") {
				x := rapid.Uint64Range(1, balance).Draw(t, "units")
				balance -= x
				lines = append(lines, out(n+1, x))
			} else {
				x := rapid.Uint64Range(1, 1_000).Draw(t, "units")
				balance += x
				lines = append(lines, in(n+1, x, 0))
			}
			lowest = min(lowest, balance)
		}
		r, err := Follow(opening, lines, LowestBalance)
		if err != nil {
			t.Fatal(err)
		}
		if want := min(v, lowest); r.Left != want {
			t.Fatalf("%d are left, and the lowest balance is %d of %d", r.Left, lowest, v)
		}
	})
}

// TestManyLines: a list made to keep the server busy is refused, or done at once.
func TestManyLines(t *testing.T) {
	const n = 100_000
	lines := []Line{in(0, 10, 7)}
	for range n {
		lines = append(lines, in(1, 2, 0))
	}
	for range n {
		lines = append(lines, out(2, 1))
	}
	for _, m := range []Method{FIFO, LIFO, LowestBalance} {
		if r, err := Follow(0, lines, m); err != nil || r.Left+sum(r.Outs) != 7 {
			t.Errorf("%s: %v, %v", m, r, err)
		}
	}
	if _, err := Follow(0, lines, ProRata); goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" {
		t.Errorf("pro-rata: %v", err)
	}
}

func sum(outs []Out) (n uint64) {
	for _, o := range outs {
		n += o.Units
	}
	return n
}
