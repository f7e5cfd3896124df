package evaluate

import (
	"goshawk/world"
	"goshawk/world/score"
)

// FirstSeed is the seed of the first world of an evaluation; the others follow
// one by one. No test, no tuning and no example of this program uses a seed from
// here on: whoever calibrates a world or chooses a threshold keeps below it.
const FirstSeed = 2_000_000_000

// Setting is what a sweep assumes instead of an era's own assumptions.
type Setting struct {
	Name        string // such as "more CoinJoins"; empty for the era's own
	Assumptions world.Assumptions
	Milder      bool // what makes clustering hard is absent
}

// Settings lists what an era's worlds are measured under: its own assumptions
// first, then with one of them absent and much stronger in turn, then with all
// of them stronger at once.
func Settings(era world.Era) []Setting {
	own := world.DefaultAssumptions(era)
	list := []Setting{{Assumptions: own}}
	all := own
	for _, v := range []struct {
		name  string
		of    func(*world.Assumptions) *int
		times int // of the era's own …
		least int // … but parts of ten thousand at least
	}{
		{"CoinJoins", func(a *world.Assumptions) *int { return &a.CoinJoins }, 5, 200},
		{"address reuse", func(a *world.Assumptions) *int { return &a.Reuse }, 2, 2_000},
		{"PayJoins", func(a *world.Assumptions) *int { return &a.PayJoins }, 10, 500},
		{"shared custody", func(a *world.Assumptions) *int { return &a.SharedCustody }, 5, 500},
		{"wallets that change hands", func(a *world.Assumptions) *int { return &a.ChangeHands }, 10, 500},
	} {
		none, more := own, own
		*v.of(&none) = 0
		*v.of(&more) = max(*v.of(&own)*v.times, v.least)
		*v.of(&all) = *v.of(&more)
		if own != none {
			list = append(list, Setting{"no " + v.name, none, true})
		}
		list = append(list, Setting{"more " + v.name, more, false})
	}
	return append(list, Setting{"more of all five", all, false})
}

// Job is one world to make and to measure in.
type Job struct {
	Era     world.Era
	Setting Setting
	Seed    uint64
}

// Jobs lists the worlds of an era's evaluation, those of the sweep last, with
// seeds from first on: FirstSeed, but in tests, which must not use those. The
// sweep takes the first of the seeds, as many as Swept says. An evaluation with
// too few seeds for an interval is a quick look: it leaves the milder settings out.
func Jobs(era world.Era, first uint64, seeds int) []Job {
	var list []Job
	for k, setting := range Settings(era) {
		if setting.Milder && seeds < score.EnoughSeeds {
			continue
		}
		n := seeds
		if k > 0 {
			n = Swept(seeds)
		}
		for i := range n {
			list = append(list, Job{era, setting, first + uint64(i)})
		}
	}
	return list
}

// Swept is how many of the seeds a sweep takes: a quarter, and one at least.
func Swept(seeds int) int { return max(1, seeds/4) }
