package solve

import (
	"goshawk"
	"goshawk/world/crime"
)

// Grade holds a solution against a case's answer key. Amounts are smallest units.
//
// Decisive are the key's ends in the criminals' own accounts to which every step
// on the chain is open: a request there names somebody. One is found if the
// solution asks about that very coin, or about the payment that made it, at the
// service that holds it.
type Grade struct {
	Decisive  uint64 `json:"decisive,string"`  // value of the decisive ends
	Found     uint64 `json:"found,string"`     // of those that were found
	Requested uint64 `json:"requested,string"` // value of all coins asked about
	Theirs    uint64 `json:"theirs,string"`    // of those that the criminals did pay
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
	type end struct {
		service  string
		decisive bool
	}
	ends := map[goshawk.Outpoint]end{}
	swept := map[goshawk.Hash]end{} // by transaction: the last decisive one
	var g Grade
	for i := range key.Ends {
		e := &key.Ends[i]
		x := end{e.Service, e.Own && len(e.Behind) == 0}
		if x.decisive {
			g.Decisive += e.Satoshis
		}
		ends[goshawk.Outpoint{Tx: e.Tx, Index: e.Out}] = x
		if _, has := swept[e.Tx]; !has || x.decisive {
			swept[e.Tx] = x
		}
	}
	for i := range s.Requests {
		r := &s.Requests[i]
		g.Requested += r.Value
		e, theirs := ends[goshawk.Outpoint{Tx: r.Tx, Index: r.Out}]
		if !theirs && r.Sweep != nil {
			e, theirs = swept[*r.Sweep]
		}
		if !theirs {
			continue
		}
		g.Theirs += r.Value
		if e.decisive && e.service == r.Service {
			g.Found += r.Value
		}
	}
	need := Required(key.Level)
	g.Solved = g.Found*100 >= g.Decisive*need.Found && g.Theirs*100 >= g.Requested*need.Theirs && g.Decisive > 0
	return g
}
