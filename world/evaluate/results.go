package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"goshawk"
	"goshawk/cluster"
	"goshawk/world"
	"goshawk/world/score"
)

// Settled is a job with what was scored in its world.
type Settled struct {
	Job
	Card *Card
}

// Results brings the cards of an era's jobs together: for every task and method
// the mean over the seeds, with its interval, and the same under every other
// setting. The jobs may come in any order; the answer is the same. All worlds
// must have been made with the same crimes.
func Results(ctx context.Context, era world.Era, settled []Settled) ([]score.Result, error) {
	settled = slices.Clone(settled)
	slices.SortFunc(settled, func(a, b Settled) int { return cmp.Compare(a.Seed, b.Seed) })
	cards := map[string][]*Card{} // by setting
	for _, s := range settled {
		cards[s.Setting.Name] = append(cards[s.Setting.Name], s.Card)
	}
	own := cards[""]
	if len(own) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "no world of %d was measured under its own assumptions", era)
	}
	var results []score.Result
	for i := range own[0].Rows {
		row := &own[0].Rows[i]
		figure := func(name string, share, rising bool, of func(*Row) float64) score.Figure {
			values := func(cards []*Card) []float64 {
				var list []float64
				for _, c := range cards {
					list = append(list, of(&c.Rows[i]))
				}
				return list
			}
			f := score.Figure{Name: name, Share: share, Rising: rising, Summary: score.Summarise(values(own))}
			for _, setting := range Settings(era) {
				if !share && !rising {
					break // of a mere count no case is the worst
				}
				if c := cards[setting.Name]; setting.Name != "" && len(c) > 0 {
					f.Sweep = append(f.Sweep, score.Case{Setting: setting.Name, Summary: score.Summarise(values(c))})
				}
			}
			return f
		}
		r := score.Result{Era: strconv.Itoa(int(era)), Task: row.Task, Method: row.Method,
			Precision: figure("precision", true, false, func(r *Row) float64 { return r.Precision }),
			Recall:    figure("recall", true, false, func(r *Row) float64 { return r.Recall })}
		for k := range row.Others {
			v := &row.Others[k]
			r.Others = append(r.Others, figure(v.Name, v.Share, v.Rising, func(r *Row) float64 { return r.Others[k].Value }))
		}
		r.Real, r.Literature = elsewhere(row.Task, row.Method)
		results = append(results, r)
	}
	naive, err := separability(ctx, era, own)
	return append(results, naive...), err
}

// separability trains the naive classifier on one half of the worlds, judges it
// in the other, and the other way round, so that each is judged once, by what
// was learnt elsewhere. Two worlds are needed.
func separability(ctx context.Context, era world.Era, cards []*Card) ([]score.Result, error) {
	var halves [2][]*score.Sample
	for i, c := range cards {
		if c.Sample != nil {
			halves[i%2] = append(halves[i%2], c.Sample)
		}
	}
	if len(halves[0]) == 0 || len(halves[1]) == 0 {
		return nil, nil
	}
	var judged [2][]score.Separability
	var errs [2]error
	var both sync.WaitGroup
	for at := range halves {
		both.Go(func() { judged[at], errs[at] = judge(ctx, halves[1-at], halves[at], uint64(at)) })
	}
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	var logistic, forest []float64
	for _, s := range slices.Concat(judged[0], judged[1]) {
		logistic, forest = append(logistic, s.Logistic.Value()), append(forest, s.Forest.Value())
	}
	var results []score.Result
	for _, m := range []struct {
		method string
		values []float64
	}{{"logistic regression on local features", logistic}, {"random forest on local features", forest}} {
		none := score.Summarise(nil)
		results = append(results, score.Result{Era: strconv.Itoa(int(era)), Task: TaskNaive, Method: m.method,
			Precision: score.Figure{Summary: none}, Recall: score.Figure{Summary: none},
			Others: []score.Figure{{Name: "auc", Share: true, Rising: true, Summary: score.Summarise(m.values)}}})
	}
	return results, nil
}

// judge trains the classifier on some samples and judges it on each of others.
func judge(ctx context.Context, known, unknown []*score.Sample, seed uint64) ([]score.Separability, error) {
	classifier, err := score.Learn(ctx, known, seed)
	if err != nil {
		return nil, err
	}
	var list []score.Separability
	for _, sample := range unknown {
		s, err := classifier.Judge(ctx, []*score.Sample{sample})
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// Sentences are those that a report may use of wrongly joined pairs, one for each
// era: of co-spending, and of the combination of change heuristics added to it.
func Sentences(version string, results []score.Result) []string {
	var list []string
	for i := range results {
		r := &results[i]
		if r.Task != TaskPairsSpent || r.Method != cluster.CoSpendRule && r.Method != withOneTimeChange() {
			continue
		}
		wrong := r.Precision.Summary
		wrong.Mean, wrong.Low, wrong.High = 1-wrong.Mean, 1-wrong.High, 1-wrong.Low
		var sweep []score.Case
		for _, c := range r.Precision.Sweep {
			c.Summary.Mean = 1 - c.Summary.Mean
			sweep = append(sweep, c)
		}
		list = append(list, score.Sentence(version, r.Era, r.Method, wrong, sweep))
	}
	return list
}

func withOneTimeChange() string {
	change, err := cluster.Parse(cluster.OneTimeChange)
	if err != nil {
		return "" // a constant of the engine, which its own tests parse
	}
	return fmt.Sprintf("%s with %s", cluster.CoSpendRule, change.Rule())
}
