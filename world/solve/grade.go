package solve

import (
	"goshawk"
	"goshawk/world/crime"
)

// Grade holds a solution against a case's answer key. Amounts are smallest units.
//
// Decisive are the key's ends in the criminals' own accounts to which every step
// on the chain is open: a request there names somebody. One is found if the
// solution asks about that very coin, or about the transaction that made it, at the
// service that holds it. What lies behind a mixing service, a CoinJoin or an
// account's other payments is not asked of anybody.
type Grade struct {
	Decisive  uint64 `json:"decisive,string"`  // value of the decisive ends
	Found     uint64 `json:"found,string"`     // of those that were found
	Requested uint64 `json:"requested,string"` // value of all coins asked about
	Theirs    uint64 `json:"theirs,string"`    // of those that the criminals did pay, to whomever
	Solved    bool   `json:"solved"`
}

// Threshold is what solves a case of a level, in percent.
type Threshold struct {
	Found  uint64 // of the decisive value, at least
	Theirs uint64 // of the value asked about that the criminals paid, at least
}

// Required returns the threshold of a level; that of standard for an unknown one.
func Required(level string) Threshold {
	switch level {
	case "basic":
		return Threshold{Found: 60, Theirs: 60}
	case "advanced":
		return Threshold{Found: 40, Theirs: 60}
	default:
		return Threshold{Found: 50, Theirs: 60}
	}
}

// Judge grades a solution of the key's case.
func Judge(s *Solution, key *crime.Answer) Grade {
	var g Grade
	at := map[goshawk.Outpoint]int{}
	by := map[goshawk.Hash][]int{} // ends that a transaction made
	for i := range key.Ends {
		e := &key.Ends[i]
		if decisive(e) {
			g.Decisive += e.Satoshis
		}
		at[goshawk.Outpoint{Tx: e.Tx, Index: e.Out}] = i
		by[e.Tx] = append(by[e.Tx], i)
	}
	found := make([]bool, len(key.Ends))
	for i := range s.Requests {
		r := &s.Requests[i]
		g.Requested += r.Value
		var paid []int
		if n, ok := at[goshawk.Outpoint{Tx: r.Tx, Index: r.Out}]; ok {
			paid = []int{n}
		} else if r.Sweep != nil {
			paid = by[*r.Sweep]
		}
		if len(paid) > 0 {
			g.Theirs += r.Value
		}
		for _, n := range paid {
			if e := &key.Ends[n]; decisive(e) && e.Service == r.Service && !found[n] {
				found[n] = true
				g.Found += e.Satoshis
			}
		}
	}
	need := Required(key.Level)
	g.Solved = g.Decisive > 0 && g.Found*100 >= g.Decisive*need.Found && g.Theirs*100 >= g.Requested*need.Theirs
	return g
}

// decisive says whether an end is in an account of the criminals, with nothing
// closed between it and their income.
func decisive(e *crime.End) bool { return e.Own && len(e.Behind) == 0 }
