package report

import (
	"slices"
	"strings"
	"time"
)

// The sentences of docs/accuracy.md that a report may say, word for word: a test compares
// them. Each is of one heuristic in one era, and an era is the year that its worlds copy.
const (
	scoreHead = "These figures are measured on synthetic chains made by this program's authors, under their assumptions. They are not the probability that a finding in a real case is wrong."
	// NoRate is what is said of a heuristic for a time, or a network, that nothing was measured for.
	NoRate = "no rate measured"
)

type scored struct {
	year int
	rule string
	text string
}

const withChange = "co-spend/1 with change(fresh-address/1 & script-type/1 & !round-value/1 & optimal/1)"

var scoreTable = [...]scored{
	{2015, "co-spend/1", "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2015), co-spend/1 wrongly joined 0.2 % of pairs, 0.0 to 1.0 % over varied assumptions; this is not the probability that a finding here is wrong."},
	{2015, withChange, "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2015), co-spend/1 with change(fresh-address/1 & script-type/1 & !round-value/1 & optimal/1) wrongly joined 92.3 % of pairs, 91.8 to 93.9 % over varied assumptions; this is not the probability that a finding here is wrong."},
	{2019, "co-spend/1", "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2019), co-spend/1 wrongly joined 0.3 % of pairs, 0.0 to 1.3 % over varied assumptions; this is not the probability that a finding here is wrong."},
	{2019, withChange, "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2019), co-spend/1 with change(fresh-address/1 & script-type/1 & !round-value/1 & optimal/1) wrongly joined 86.7 % of pairs, 85.2 to 88.9 % over varied assumptions; this is not the probability that a finding here is wrong."},
	{2022, "co-spend/1", "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2022), co-spend/1 wrongly joined 0.1 % of pairs, 0.0 to 2.1 % over varied assumptions; this is not the probability that a finding here is wrong."},
	{2022, withChange, "On 20 synthetic chains made by this program's authors (goshawk 0.1.0, 2022), co-spend/1 with change(fresh-address/1 & script-type/1 & !round-value/1 & optimal/1) wrongly joined 83.9 % of pairs, 83.9 to 88.0 % over varied assumptions; this is not the probability that a finding here is wrong."},
}

// ScoreWords is what a report says of how a heuristic scored.
type ScoreWords struct {
	Heuristic string   `json:"heuristic"`
	Where     string   `json:"where"`
	Period    string   `json:"period"` // of the transactions that it was used on
	Words     []string `json:"words"`  // sentences of docs/accuracy.md, or NoRate with the reason
}

// Scores says how the case's heuristics scored: one entry for each, never for a finding.
// A heuristic used on transactions outside the eras that were measured has no rate for
// them, and that is said.
func Scores(c *Case) []ScoreWords {
	out := []ScoreWords{}
	for i := range c.Heuristics {
		h := &c.Heuristics[i]
		out = append(out, ScoreWords{h.Name, h.Where, period(h.First, h.Last), h.score()})
	}
	return out
}

func (h *CaseHeuristic) score() []string {
	known := slices.ContainsFunc(scoreTable[:], func(s scored) bool { return s.rule == h.Name })
	switch {
	case !known:
		return []string{NoRate + ": docs/accuracy.md has no sentence on " + line(h.Name, 200) + " that a report may say."}
	case !h.Measured:
		return []string{NoRate + ": the worlds that were measured copy another network."}
	case h.First.IsZero() || h.Last.IsZero():
		return []string{NoRate + ": the times of the transactions are not known."}
	}
	var words, outside []string
	for year := h.First.UTC().Year(); year <= h.Last.UTC().Year(); year++ {
		at := slices.IndexFunc(scoreTable[:], func(s scored) bool { return s.rule == h.Name && s.year == year })
		if at >= 0 {
			words = append(words, scoreTable[at].text)
		} else {
			outside = append(outside, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006"))
		}
	}
	if len(outside) > 0 {
		words = append(words, NoRate+" for transactions of "+joinWords(outside)+": the eras that were measured are 2015, 2019 and 2022.")
	}
	return words
}

func period(first, last time.Time) string {
	switch {
	case first.IsZero() || last.IsZero():
		return "not known"
	case first.UTC().Format(time.DateOnly) == last.UTC().Format(time.DateOnly):
		return first.UTC().Format(time.DateOnly)
	}
	return first.UTC().Format(time.DateOnly) + " to " + last.UTC().Format(time.DateOnly)
}

// joinWords joins a list as sentences do.
func joinWords(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
