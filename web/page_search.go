package web

import (
	"strings"
	"unicode"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// found is what the search found in one case.
type found struct {
	id    goshawk.ID
	title string
	hits  []hit
}

// hit is a record that the search found.
type hit struct {
	kind, href string
	parts      []piece // of the text around the first word
}

// piece is a piece of a text; marked where a word stands that was looked for.
type piece struct {
	text   string
	marked bool
}

// mostHits is how many hits one page shows.
const mostHits = 100

// searchPage looks through everything that one may read.
func (q *request) searchPage() error {
	v := q.page("")
	v.title = v.t("search.title")
	said := strings.TrimSpace(q.URL.Query().Get("q"))
	if r := []rune(said); len(r) > 200 {
		said = string(r[:200])
	}
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, said)
	var hits []store.Hit
	if said != "" {
		p := q.subject.Person
		e := &audit.Entry{At: q.s.Now(), Action: string(identity.ListCases), What: "searched the cases", Person: p.ID, Name: p.Name, Agency: p.Agency, Via: string(q.subject.Via), From: q.subject.From}
		err := q.s.Store.Do(q.Context(), e, func(tx *store.Tx) (err error) {
			hits, err = tx.Search(p.ID, p.Agency, p.Role == identity.Supervisor, said, mostHits+1)
			return err
		})
		if err != nil {
			return err
		}
	}
	more := len(hits) > mostHits
	var list []found
	for _, h := range hits[:min(len(hits), mostHits)] {
		if len(list) == 0 || list[len(list)-1].id != h.Case {
			list = append(list, found{id: h.Case, title: h.Title})
		}
		one := &list[len(list)-1]
		at := casePath(h.Case)
		if h.Kind != casebook.KindCase {
			at = v.recordIn(h.Case, h.Kind, h.ID)
		}
		one.hits = append(one.hits, hit{v.kindName(h.Kind), at, snippet(h.Body, said)})
	}
	return q.show(v, searchPage(v, said, list, more))
}

// snippet is the part of a text around the first of the words, with all of them marked.
func snippet(body, words string) []piece {
	const before, long = 60, 220
	text := []rune(strings.Join(strings.Fields(body), " "))
	lower := []rune(strings.Map(unicode.ToLower, string(text))) // letter by letter: as long as the text
	var list [][]rune
	for _, w := range strings.FieldsFunc(strings.Map(unicode.ToLower, words), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		list = append(list, []rune(w))
	}
	at := func(i int) int { // how long the word is that begins here
		longest := 0
		for _, w := range list {
			if len(w) > longest && i+len(w) <= len(lower) && string(lower[i:i+len(w)]) == string(w) {
				longest = len(w)
			}
		}
		return longest
	}
	if len(lower) != len(text) {
		return []piece{{shortened(string(text)), false}}
	}
	from := 0
	for i := range text {
		if at(i) > 0 {
			from = max(0, i-before)
			break
		}
	}
	to := min(len(text), from+long)
	var out []piece
	if from > 0 {
		out = append(out, piece{"…", false})
	}
	plain := from
	for i := from; i < to; {
		n := at(i)
		if n == 0 {
			i++
			continue
		}
		n = min(n, to-i)
		if i > plain {
			out = append(out, piece{string(text[plain:i]), false})
		}
		out = append(out, piece{string(text[i : i+n]), true})
		i += n
		plain = i
	}
	if plain < to {
		out = append(out, piece{string(text[plain:to]), false})
	}
	if to < len(text) {
		out = append(out, piece{"…", false})
	}
	return out
}
