package web

import (
	"encoding/json"
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
		var err error
		if hits, err = q.find(said, mostHits+1); err != nil {
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

// searchedFor is the detail of an entry about a search.
type searchedFor struct {
	Words    string `json:"words,omitempty"`
	Withheld bool   `json:"withheld,omitempty"` // not in the trail: from who may not see the words
}

// searchedCases is what such an entry says.
const searchedCases = "searched the cases"

// find looks through everything that one may read. What for is noted.
func (q *request) find(words string, most int) (hits []store.Hit, err error) {
	p := &q.subject.Person
	e := q.note(identity.ListCases, searchedCases)
	if e.Detail, err = json.Marshal(searchedFor{Words: words}); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the words cannot be read: %w", err)
	}
	err = q.s.Store.Do(q.Context(), e, func(tx *store.Tx) (err error) {
		hits, err = tx.Search(p.ID, p.Agency, p.Role == identity.Supervisor, words, most)
		return err
	})
	return hits, err
}

// withhold takes the words of searches out of entries, where who asks may not see them.
func (q *request) withhold(list []audit.Entry) error {
	instead, err := json.Marshal(searchedFor{Withheld: true})
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "an entry cannot be written: %w", err)
	}
	for i := range list {
		if e := &list[i]; e.What == searchedCases && !identity.MaySeeWords(q.subject, e.Person, e.Agency) {
			e.Detail = instead
		}
	}
	return nil
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
