package score

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"goshawk"
)

// MostSeparable is the AUC above which a classifier tells planted crimes by the
// generator's fingerprints and not by what an investigator would see.
const MostSeparable = 0.9

// AUC returns the area under the receiver operating characteristic: the share of
// pairs of a crime and another in which the crime scores higher, ties counting
// half (the statistic of Mann and Whitney, 1947). Part and Whole count halves.
// It is not known where either is missing.
func AUC(scores []float64, crime []bool) Share {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var area Share
	var crimes, others uint64
	for len(order) > 0 {
		var tied [2]uint64 // others, crimes
		n := 0
		for n < len(order) && scores[order[n]] == scores[order[0]] {
			if crime[order[n]] {
				tied[1]++
			} else {
				tied[0]++
			}
			n++
		}
		area.Part += tied[1] * (2*others + tied[0])
		others += tied[0]
		crimes += tied[1]
		order = order[n:]
	}
	area.Whole = 2 * crimes * others
	return area
}

// The classifiers' settings. They are ordinary ones and were chosen before any
// world was measured.
const (
	mostCuts  = 31    // so that a feature has at most 32 values
	mostRows  = 20000 // learnt from
	perCrime  = 4     // others for each crime
	rounds    = 300   // of gradient descent
	trees     = 100
	deepest   = 10
	leastLeaf = 5
	triedCuts = 10 // features tried at each node, about the root of their number
)

// Classifier is what a naive observer with labelled worlds would train: a
// logistic regression and a random forest (L. Breiman, Random Forests, 2001;
// each tree sees as many crimes as others: C. Chen, A. Liaw, L. Breiman, Using
// Random Forest to Learn Imbalanced Data, 2004). Both see each feature as its
// quantile among what they learnt from, so that scale does not matter.
type Classifier struct {
	cuts    [width][]float32
	weights [width + 1]float64 // of the logistic regression; the last is its constant
	forest  []tree
}

// Separability is how well a classifier tells the crimes of worlds that it has not seen.
type Separability struct {
	Crimes, Others   uint64
	Logistic, Forest Share // AUC
}

// Most is the greater AUC of the two, NaN where there was nothing to tell apart.
func (s Separability) Most() float64 { return max(s.Logistic.Value(), s.Forest.Value()) }

// Learn trains both on samples. It returns Invalid if these hold no crime or
// nothing else.
func Learn(ctx context.Context, samples []*Sample, seed uint64) (*Classifier, error) {
	var rows [2][][]float32 // others, crimes
	for _, s := range samples {
		for i, crime := range s.Crime {
			at := 0
			if crime {
				at = 1
			}
			rows[at] = append(rows[at], s.row(i))
		}
	}
	if len(rows[0]) == 0 || len(rows[1]) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "%d crimes and %d others are nothing to learn from", len(rows[1]), len(rows[0])).
			WithHint("train on worlds with planted crimes")
	}
	rng := rand.New(rand.NewPCG(seed, 0x636c6173736966))
	limits := [2]int{min(perCrime*len(rows[1]), mostRows*perCrime/(perCrime+1)), mostRows / (perCrime + 1)}
	for at, limit := range limits {
		list := rows[at]
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		rows[at] = list[:min(limit, len(list))]
	}
	c := &Classifier{}
	c.cut(slices.Concat(rows[0], rows[1]))
	var seen [2][]binned
	for at := range rows {
		for _, row := range rows[at] {
			seen[at] = append(seen[at], c.bin(row))
		}
	}
	if err := c.regress(ctx, seen); err != nil {
		return nil, err
	}
	draw := min(len(seen[0]), len(seen[1]))
	for range trees {
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		var drawn [2][]*binned
		for at := range seen {
			for range draw {
				drawn[at] = append(drawn[at], &seen[at][rng.IntN(len(seen[at]))])
			}
		}
		var t tree
		t.grow(rng, drawn, 0)
		c.forest = append(c.forest, t)
	}
	return c, nil
}

// Judge measures how well the classifier tells the crimes of all samples together.
func (c *Classifier) Judge(ctx context.Context, samples []*Sample) (Separability, error) {
	var s Separability
	var logistic, forest []float64
	var crime []bool
	for _, sample := range samples {
		for i, so := range sample.Crime {
			if err := every(ctx, i); err != nil {
				return Separability{}, err
			}
			row := c.bin(sample.row(i))
			logistic = append(logistic, c.odds(&row))
			votes := 0.0
			for _, t := range c.forest {
				votes += t.vote(&row)
			}
			forest = append(forest, votes)
			if so {
				s.Crimes++
			} else {
				s.Others++
			}
		}
		crime = append(crime, sample.Crime...)
	}
	s.Logistic, s.Forest = AUC(logistic, crime), AUC(forest, crime)
	return s, nil
}

// binned holds one transaction's features as the number of cuts below each.
type binned [width]uint8

// cut takes each feature's cuts at even quantiles of rows.
func (c *Classifier) cut(rows [][]float32) {
	column := make([]float32, len(rows))
	for k := range c.cuts {
		for i, row := range rows {
			column[i] = row[k]
		}
		slices.Sort(column)
		for q := 1; q <= mostCuts; q++ {
			c.cuts[k] = append(c.cuts[k], column[q*(len(column)-1)/(mostCuts+1)])
		}
		c.cuts[k] = slices.Compact(c.cuts[k])
	}
}

func (c *Classifier) bin(row []float32) (b binned) {
	for k, v := range row {
		n, _ := slices.BinarySearch(c.cuts[k], v)
		b[k] = uint8(n)
	}
	return b
}

// regress maximises the likelihood of the logistic regression, with a little
// weight decay, by gradient descent with momentum.
func (c *Classifier) regress(ctx context.Context, seen [2][]binned) error {
	const step, momentum, decay = 0.05, 0.9, 1e-4
	n := float64(len(seen[0]) + len(seen[1]))
	var speed, slope [width + 1]float64
	for range rounds {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		slope = [width + 1]float64{}
		for at, rows := range seen {
			for i := range rows {
				miss := float64(at) - 1/(1+exp(-min(max(c.odds(&rows[i]), -30), 30)))
				for k, bin := range rows[i] {
					slope[k] += float64(miss * c.level(k, bin))
				}
				slope[width] += miss
			}
		}
		for k := range slope {
			speed[k] = float64(momentum*speed[k]) + float64(step*(slope[k]/n-float64(decay*c.weights[k])))
			c.weights[k] += speed[k]
		}
	}
	return nil
}

// level turns a feature's bin into a number between -1 and 1.
func (c *Classifier) level(k int, bin uint8) float64 {
	return 2*float64(bin)/float64(len(c.cuts[k])) - 1
}

func (c *Classifier) odds(row *binned) float64 {
	sum := c.weights[width]
	for k, bin := range row {
		sum += float64(c.weights[k] * c.level(k, bin))
	}
	return sum
}

// tree is a decision tree. Node 0 is its root.
type tree []node

type node struct {
	feature, most uint8 // go left if the feature's bin is at most this
	left, right   int   // 0 in a leaf
	crimes        float64
}

func (t tree) vote(row *binned) float64 {
	at := 0
	for t[at].left != 0 {
		if n := &t[at]; row[n.feature] <= n.most {
			at = n.left
		} else {
			at = n.right
		}
	}
	return t[at].crimes
}

// grow adds the node of rows (others, crimes) and all below it, and returns its number.
func (t *tree) grow(rng *rand.Rand, rows [2][]*binned, depth int) int {
	at, others, crimes := len(*t), len(rows[0]), len(rows[1])
	*t = append(*t, node{crimes: float64(crimes) / float64(others+crimes)})
	if depth == deepest || others == 0 || crimes == 0 {
		return at
	}
	feature, most, ok := split(rng, rows)
	if !ok {
		return at
	}
	var parts [2][2][]*binned // left and right, others and crimes
	for class := range rows {
		for _, row := range rows[class] {
			side := 0
			if row[feature] > most {
				side = 1
			}
			parts[side][class] = append(parts[side][class], row)
		}
	}
	left := t.grow(rng, parts[0], depth+1)
	right := t.grow(rng, parts[1], depth+1)
	n := &(*t)[at]
	n.feature, n.most, n.left, n.right = feature, most, left, right
	return at
}

// split finds, among some features, the cut that leaves the purest parts (Gini).
func split(rng *rand.Rand, rows [2][]*binned) (feature, most uint8, ok bool) {
	others, crimes := len(rows[0]), len(rows[1])
	best := purity(others, crimes)
	for range triedCuts {
		k := rng.IntN(width)
		var counts [mostCuts + 1][2]int
		for class := range rows {
			for _, row := range rows[class] {
				counts[row[k]][class]++
			}
		}
		var left [2]int
		for bin := range mostCuts {
			left[0] += counts[bin][0]
			left[1] += counts[bin][1]
			right := [2]int{others - left[0], crimes - left[1]}
			if left[0]+left[1] < leastLeaf || right[0]+right[1] < leastLeaf {
				continue
			}
			if p := purity(left[0], left[1]) + purity(right[0], right[1]); p > best {
				best, feature, most, ok = p, uint8(k), uint8(bin), true
			}
		}
	}
	return feature, most, ok
}

// purity is a node's number of rows times 1 minus its Gini impurity.
func purity(others, crimes int) float64 {
	return float64(others*others+crimes*crimes) / float64(max(1, others+crimes))
}
