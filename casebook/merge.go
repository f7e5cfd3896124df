package casebook

import (
	"encoding/json"
	"strings"
)

// mergeText brings two people's changes of one text together, line by line: mine,
// which began from base, and what stands there now. It is false where both
// changed the same lines.
func mergeText(base, mine, now json.RawMessage) (json.RawMessage, bool) {
	var texts [3]string
	for i, v := range []json.RawMessage{base, mine, now} {
		if len(plain(v)) == 0 {
			continue
		}
		if json.Unmarshal(v, &texts[i]) != nil {
			return nil, false
		}
	}
	merged, ok := merge3(lines(texts[0]), lines(texts[1]), lines(texts[2]))
	if !ok {
		return nil, false
	}
	out, err := json.Marshal(strings.Join(merged, ""))
	return out, err == nil
}

func lines(s string) []string { return strings.SplitAfter(s, "\n") }

// mostLines is up to how many lines texts are compared: the table of their
// longest common sequence has the product of both.
const mostLines = 4_000

// merge3 merges two descendants of a list of lines (Khanna, Kunal and Pierce, "A
// formal investigation of diff3", 2007): a stretch that one side changed is taken
// from that side; a stretch that both changed must be changed alike.
func merge3(base, a, b []string) ([]string, bool) {
	if len(base) > mostLines || len(a) > mostLines || len(b) > mostLines {
		return nil, false
	}
	inA, inB := match(base, a), match(base, b)
	var out []string
	i, x, y := 0, 0, 0
	for i < len(base) || x < len(a) || y < len(b) {
		// A stretch ends where base, a and b agree on a line.
		j := i
		for j < len(base) && (inA[j] < 0 || inB[j] < 0) {
			j++
		}
		toA, toB := len(a), len(b)
		if j < len(base) {
			toA, toB = inA[j], inB[j]
		}
		changedA, changedB := !equal(base[i:j], a[x:toA]), !equal(base[i:j], b[y:toB])
		switch {
		case !changedA:
			out = append(out, b[y:toB]...)
		case !changedB || equal(a[x:toA], b[y:toB]):
			out = append(out, a[x:toA]...)
		default:
			return nil, false
		}
		if j == len(base) {
			break
		}
		out = append(out, base[j])
		i, x, y = j+1, toA+1, toB+1
	}
	return out, true
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// match says for each line of base where it stands in the other list, by a longest
// common sequence; -1 where it is gone.
func match(base, other []string) []int {
	at := make([]int, len(base))
	for i := range at {
		at[i] = -1
	}
	// Equal beginnings and ends need no table.
	from := 0
	for from < len(base) && from < len(other) && base[from] == other[from] {
		at[from] = from
		from++
	}
	endA, endB := len(base), len(other)
	for endA > from && endB > from && base[endA-1] == other[endB-1] {
		endA--
		endB--
		at[endA] = endB
	}
	n, m := endA-from, endB-from
	long := make([]uint16, (n+1)*(m+1))
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if base[from+i] == other[from+j] {
				long[i*(m+1)+j] = long[(i+1)*(m+1)+j+1] + 1
			} else {
				long[i*(m+1)+j] = max(long[(i+1)*(m+1)+j], long[i*(m+1)+j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case base[from+i] == other[from+j]:
			at[from+i] = from + j
			i++
			j++
		case long[(i+1)*(m+1)+j] >= long[i*(m+1)+j+1]:
			i++
		default:
			j++
		}
	}
	return at
}
