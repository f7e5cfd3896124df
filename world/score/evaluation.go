package score

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Evaluation is what the engine scores on worlds.
type Evaluation struct {
	Version      string // of the program
	Worlds       string // of what made the worlds, and its version
	Seeds        int    // asked for, for each era
	FirstSeed    uint64 // the others follow
	Swept        int    // seeds of each case of the sweep
	Transactions int    // of each world, about
	Sentences    []string
	Notes        []string // what follows from earlier figures, and what to bear in mind; on pages only
	Results      []Result
}

// Result is what one method of one task scores in one era.
type Result struct {
	Era    string
	Task   string // such as "clusters, pairs"
	Method string // name and version: co-spend/1
	// Precision and Recall are shares between 0 and 1. For a trace they are
	// Tracing.Precision and Tracing.Found.
	Precision, Recall Figure
	Others            []Figure
	// Real and Literature say what is known of the method on real ground truth
	// and from publications, with its source; empty where nothing is.
	Real, Literature string
}

// Figure is one measured figure over seeds, and over varied assumptions.
type Figure struct {
	Name    string // in JSON, in words of lower case with underscores; not used of Precision and Recall
	Share   bool   // between 0 and 1, shown in per cent; else a count
	Rising  bool   // less is better, so that the greatest case is the worst
	Summary Summary
	Sweep   []Case // the same figure with one assumption varied in each
}

// Worst returns the worst of the cases swept.
func (f *Figure) Worst() (Case, bool) {
	least, greatest, ok := Extremes(f.Sweep)
	if f.Rising {
		return greatest, ok
	}
	return least, ok
}

// figures lists a result's figures by name.
func (r *Result) figures() []Figure {
	precision, recall := r.Precision, r.Recall
	precision.Name, precision.Share = "precision", true
	recall.Name, recall.Share = "recall", true
	return append([]Figure{precision, recall}, r.Others...)
}

// Caution is what every page of figures from worlds says.
const Caution = "These figures are measured on synthetic chains made by this program's authors, under their assumptions. " +
	"They are not the probability that a finding in a real case is wrong."

// span says which worlds were measured.
func (e *Evaluation) span() string {
	return fmt.Sprintf("%d worlds of each era, of about %d transactions, with the seeds %d to %d; under each other setting the first %d of them",
		e.Seeds, e.Transactions, e.FirstSeed, e.FirstSeed+uint64(max(e.Seeds, 1)-1), e.Swept)
}

// Insufficient marks figures of fewer seeds than an interval needs.
const Insufficient = "Insufficient: intervals need at least 20 seeds."

// Sentence is the one sentence that a report may use of a method's wrongly
// joined pairs: wrong is 1 - pairwise precision over seeds, sweep the same under
// varied assumptions.
func Sentence(version, era, method string, wrong Summary, sweep []Case) string {
	varied := ""
	if least, greatest, ok := Extremes(sweep); ok {
		// The usual assumptions are among them, over more seeds than the others.
		varied = fmt.Sprintf(", %s to %s %% over varied assumptions", percent(min(least.Summary.Mean, wrong.Mean)), percent(max(greatest.Summary.Mean, wrong.Mean)))
	}
	return fmt.Sprintf("On %d synthetic chains made by this program's authors (%s, %s), %s wrongly joined %s %% of pairs%s; "+
		"this is not the probability that a finding here is wrong.", wrong.Seeds, version, era, method, percent(wrong.Mean), varied)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64)
}

// text writes a figure's value for people.
func (f *Figure) text(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case f.Share:
		return percent(v) + " %"
	default:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
}

// words writes a figure with its interval and its worst case.
func (f *Figure) words() string {
	s := f.text(f.Summary.Mean)
	if !math.IsNaN(f.Summary.Low) {
		s += " (" + f.text(f.Summary.Low) + " to " + f.text(f.Summary.High) + ")"
	}
	if worst, ok := f.Worst(); ok {
		s += ", worst " + f.text(worst.Summary.Mean) + " with " + worst.Setting
	}
	return s
}

// title names a figure for people.
func (f *Figure) title() string { return strings.ReplaceAll(f.Name, "_", " ") }

// EvaluationText writes an evaluation for a person to read.
func EvaluationText(w io.Writer, e *Evaluation) error {
	p := bufio.NewWriter(w)
	fmt.Fprintf(p, "Scores on worlds: %s, %s\n%s.\n%s\n", e.Version, e.Worlds, capital(e.span()), Caution)
	if e.Seeds < EnoughSeeds {
		fmt.Fprintln(p, Insufficient)
	}
	for _, s := range e.Sentences {
		fmt.Fprintf(p, "\n%s\n", s)
	}
	for i := range e.Results {
		r := &e.Results[i]
		if i == 0 || r.heading() != e.Results[i-1].heading() {
			fmt.Fprintf(p, "\n%s\n", r.heading())
		}
		fmt.Fprintf(p, "  %s\n", r.Method)
		for _, f := range r.figures() {
			fmt.Fprintf(p, "    %s  %s\n", pad(f.title(), 18), f.words())
		}
	}
	return p.Flush()
}

func (r *Result) heading() string { return r.Era + ": " + r.Task }

// EvaluationMarkdown writes an evaluation as a page: tables, one for each era and
// task. All results of a table have the figures of its first.
func EvaluationMarkdown(w io.Writer, e *Evaluation) error {
	p := bufio.NewWriter(w)
	fmt.Fprintf(p, "# Scores on worlds\n\n%s\n\n", Caution)
	fmt.Fprintf(p, "Measured by %s on %s: %s. No world was left out. "+
		"In brackets stands the 95 %% bootstrap interval of the mean over seeds, which covers chance between seeds and nothing else; "+
		"behind it the worst mean where one of the assumptions is varied. Figures on real ground truth and from publications stand in columns of their own: "+
		"they are about other data, mostly about other versions of a method, and are not to be mixed with those from worlds.\n",
		e.Version, e.Worlds, e.span())
	if e.Seeds < EnoughSeeds {
		fmt.Fprintf(p, "\n**%s**\n", Insufficient)
	}
	if len(e.Sentences) > 0 {
		fmt.Fprint(p, "\nA report may say:\n")
	}
	for _, s := range e.Sentences {
		fmt.Fprintf(p, "\n> %s\n", s)
	}
	if len(e.Notes) > 0 {
		fmt.Fprintln(p)
	}
	for _, s := range e.Notes {
		fmt.Fprintf(p, "- %s\n", s)
	}
	for i := range e.Results {
		r := &e.Results[i]
		figures := r.figures()
		if i == 0 || r.heading() != e.Results[i-1].heading() {
			fmt.Fprintf(p, "\n## %s\n\n| method |", r.heading())
			for k := range figures {
				fmt.Fprintf(p, " %s |", cell(figures[k].title()))
			}
			fmt.Fprintf(p, " real ground truth | literature |\n|---|%s\n", strings.Repeat("---|", len(figures)+2))
		}
		fmt.Fprintf(p, "| %s |", cell(r.Method))
		for k := range figures {
			fmt.Fprintf(p, " %s |", cell(figures[k].words()))
		}
		fmt.Fprintf(p, " %s | %s |\n", cell(orNone(r.Real)), cell(orNone(r.Literature)))
	}
	return p.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// cell keeps a text inside its cell: change expressions hold bars.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// EvaluationJSON writes an evaluation: version, worlds, seeds, sufficient,
// first_seed, swept, transactions, caution, sentences, and rows with era, task,
// method, seeds, for each figure its mean under its own name (precision, recall,
// …), and _low, _high, _worst and _worst_at beside it, and what is known of
// elsewhere. What is not known is null.
func EvaluationJSON(w io.Writer, e *Evaluation) error {
	p := bufio.NewWriter(w)
	fmt.Fprintf(p, "{\n  \"version\": %s,\n  \"worlds\": %s,\n  \"seeds\": %d,\n  \"sufficient\": %t,\n  \"first_seed\": %d,\n  \"swept\": %d,\n  \"transactions\": %d,\n  \"caution\": %s,\n  \"sentences\": [",
		quote(e.Version), quote(e.Worlds), e.Seeds, e.Seeds >= EnoughSeeds, e.FirstSeed, e.Swept, e.Transactions, quote(Caution))
	for i, s := range e.Sentences {
		fmt.Fprintf(p, "%s\n    %s", comma(i), quote(s))
	}
	if len(e.Sentences) > 0 {
		fmt.Fprint(p, "\n  ")
	}
	fmt.Fprint(p, "],\n  \"rows\": [")
	for i := range e.Results {
		r := &e.Results[i]
		fmt.Fprintf(p, "%s\n    {\"era\": %s, \"task\": %s, \"method\": %s, \"seeds\": %d", comma(i), quote(r.Era), quote(r.Task), quote(r.Method), r.Precision.Summary.Seeds+r.Precision.Summary.Undefined)
		for _, f := range r.figures() {
			at, value := "null", undefined()
			if worst, ok := f.Worst(); ok {
				at, value = quote(worst.Setting), worst.Summary.Mean
			}
			fmt.Fprintf(p, ", %q: %s, %q: %s, %q: %s, %q: %s, %q: %s", f.Name, decimal(f.Summary.Mean), f.Name+"_low", decimal(f.Summary.Low),
				f.Name+"_high", decimal(f.Summary.High), f.Name+"_worst", decimal(value), f.Name+"_worst_at", at)
		}
		fmt.Fprintf(p, ", \"real_ground_truth\": %s, \"literature\": %s}", orNull(r.Real), orNull(r.Literature))
	}
	fmt.Fprint(p, "\n  ]\n}\n")
	return p.Flush()
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return quote(s)
}

// quote writes a string in JSON.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return `""`
	}
	return string(text)
}
