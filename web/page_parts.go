package web

import "strconv"

// perPart is how many things a page lists at once: with tens of thousands of rows no browser answers any more.
const perPart = 250

// part is what a page shows of a long list.
type part struct{ from, to, of int }

// part is the part of a list that a request asks for: the one that at is in, else the one that ?from= names.
func (q *request) part(of, at int) part {
	if at < 0 {
		at, _ = strconv.Atoi(q.URL.Query().Get("from")) // of what is no number the first part
	}
	at = max(0, min(at, of-1))
	at -= at % perPart
	return part{at, min(at+perPart, of), of}
}

// cut is the part of a list that begins at an index of all that is shown in parts.
func cut[T any](p part, list []T, begins int) []T {
	from, to := p.from-begins, p.to-begins
	return list[max(0, min(from, len(list))):max(0, min(to, len(list)))]
}
