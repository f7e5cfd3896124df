package score

import (
	"math"
	"slices"

	"goshawk"
)

// target is what a measure has to be in one era.
type target struct {
	wanted, low, high float64
	set               bool // else it is measured only
}

func around(wanted, within float64) target {
	return target{wanted, max(0, wanted-within), wanted + within, true}
}

func aThirdToThrice(wanted float64) target { return target{wanted, wanted / 3, wanted * 3, true} }

func between(low, high float64) target { return target{undefined(), low, high, true} }

// measure is one figure of a shape, and what real blocks show of it.
type measure struct {
	name    string // in JSON
	text    string // for people
	percent bool
	digits  int // after the point
	value   func(*Shape) float64
	targets [3]target // by era, in the order of eras
}

// eras are the years that real blocks were measured for: 361582 of June 2015,
// 574200 of May 2019, and 702861 of September 2021 with 739990 of June 2022.
// Single blocks are noisy, hence the wide tolerances. For 2019 own addresses,
// script types and round values are interpolated, as its block's spent outputs
// were not at hand.
var eras = [3]string{"2015", "2019", "2022"}

// measures are all figures in the order in which they are shown.
var measures = [...]measure{
	share("one_input", "one input", func(s *Shape) Share { return s.OneInput }, 8, 52, 83, 77),
	share("two_outputs", "two outputs", func(s *Shape) Share { return s.TwoOutputs }, 8, 78, 74, 70),
	share("one_to_two", "one input, two outputs", func(s *Shape) Share { return s.OneToTwo }, 8, 45, 63, 57),
	share("one_to_one", "one input, one output", func(s *Shape) Share { return s.OneToOne }, 8, 5, 6, 14),
	share("many_outputs", "ten outputs or more: transactions", func(s *Shape) Share { return s.ManyOutputs }, 1.5, 0.4, 1.8, 2.2),
	share("in_many_outputs", "ten outputs or more: outputs", func(s *Shape) Share { return s.InMany }, 10, 2, 13, 29),
	share("p2pkh", "outputs that are P2PKH", func(s *Shape) Share { return s.PubKeyHash }, 6, 96, 50, 23),
	share("p2sh", "outputs that are P2SH", func(s *Shape) Share { return s.ScriptHash }, 6, 4, 32, 37),
	share("p2wpkh", "outputs that are P2WPKH", func(s *Shape) Share { return s.WitnessPubKeyHash }, 6, 0, 5, 38),
	share("own_address", "an input's address among the outputs", func(s *Shape) Share { return s.OwnAddress }, 7, 31, 25, 18),
	share("own_type_once", "of two outputs one has the inputs' script type", func(s *Shape) Share { return s.OwnType }, 12, 7, 40, 70),
	share("round_value_once", "of two outputs one is round to 0.001", func(s *Shape) Share { return s.RoundValue }, 6, 23, 12, 5),
	// The mean has no target: worlds are scaled to the coins that their chain can have.
	{"log_value_mean", "log10 of value in coins, mean", false, 2, func(s *Shape) float64 { return known(s.Values, s.ValueMean) }, [3]target{}},
	{"log_value_deviation", "log10 of value in coins, deviation", false, 2, func(s *Shape) float64 { return known(s.Values, s.ValueDeviation) },
		[3]target{around(1.4, 0.25), around(1.45, 0.25), around(1.15, 0.25)}},
	{"age_p25", "age of spent coins in blocks, p25", false, 0, func(s *Shape) float64 { return known(s.Ages, float64(s.AgeP25)) },
		[3]target{aThirdToThrice(7), {}, aThirdToThrice(1)}},
	{"age_p50", "age of spent coins in blocks, p50", false, 0, func(s *Shape) float64 { return known(s.Ages, float64(s.AgeMedian)) },
		[3]target{aThirdToThrice(298), {}, aThirdToThrice(28)}},
	{"age_p75", "age of spent coins in blocks, p75", false, 0, func(s *Shape) float64 { return known(s.Ages, float64(s.AgeP75)) },
		[3]target{aThirdToThrice(2616), {}, aThirdToThrice(187)}},
	{"cluster_exponent", "cluster sizes, power-law exponent", false, 2, func(s *Shape) float64 {
		if !s.Clusters.Known() {
			return undefined()
		}
		return s.Clusters.Exponent
	}, [3]target{between(1.8, 2.5), between(1.8, 2.5), between(1.8, 2.5)}},
}

// share is a measure in per cent, wanted within so many points.
func share(name, text string, of func(*Shape) Share, within float64, wanted ...float64) measure {
	m := measure{name: name, text: text, percent: true, digits: 1, value: func(s *Shape) float64 { return 100 * of(s).Value() }}
	for i, w := range wanted {
		t := around(w, within)
		t.high = min(100, t.high)
		m.targets[i] = t
	}
	return m
}

func known(count uint64, value float64) float64 {
	if count == 0 {
		return undefined()
	}
	return value
}

// Eras lists the eras that Compare knows.
func Eras() []string { return slices.Clone(eras[:]) }

// Comparison holds a shape's figures beside those of real blocks of an era.
type Comparison struct {
	Era  string
	Rows []Row
}

// Row is one figure of a comparison. Shares are in per cent.
type Row struct {
	Name      string
	Text      string
	Percent   bool
	Measured  float64 // NaN where there was nothing to measure
	Target    bool    // whether Low and High say what it has to be
	Wanted    float64 // what real blocks show; NaN where only a range is known
	Low, High float64 // both count as within
	digits    int
}

// Pass says whether the figure is within its range, or has none. A figure that
// has a range and could not be measured does not pass.
func (r *Row) Pass() bool { return !r.Target || r.Measured >= r.Low && r.Measured <= r.High }

// Pass says whether all figures pass.
func (c *Comparison) Pass() bool {
	return !slices.ContainsFunc(c.Rows, func(r Row) bool { return !r.Pass() })
}

// Compare sets a shape beside real blocks of an era: 2015, 2019 or 2022.
func Compare(s *Shape, era string) (*Comparison, error) {
	at := slices.Index(eras[:], era)
	if at < 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "there are no real blocks to compare with for the era %q", era).
			WithHint("the eras are 2015, 2019 and 2022")
	}
	c := &Comparison{Era: era}
	for i := range measures {
		m := measures[i]
		r := Row{Name: m.name, Text: m.text, Percent: m.percent, Measured: m.value(s), Wanted: math.NaN(), digits: m.digits}
		if t := m.targets[at]; t.set {
			r.Target, r.Wanted, r.Low, r.High = true, t.wanted, t.low, t.high
		}
		c.Rows = append(c.Rows, r)
	}
	return c, nil
}
