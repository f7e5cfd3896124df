package cluster

import (
	"bytes"

	"goshawk"
)

// Heuristic describes a named observation on the outputs of a transaction. Each
// marks the outputs that have its property; combined, and where exactly one
// output is left, they point to the change. Each has a page in docs/method.
type Heuristic struct {
	Name       string
	Version    int
	Property   string // what is true of the outputs it marks
	Confidence string // in words, where it alone leaves one output: strong, moderate, weak
	payment    bool   // the property speaks for a payment, so that its opposite hints at change
	needs      need
	mark       func(*sight) uint64
}

// need names what a heuristic looks at beyond the transaction itself.
type need uint8

const (
	needFresh need = 1 << iota
	needSpenders
	needKinds
	needSequences
	needOutpoints
)

// mostOutputs is how many outputs a transaction may have to be judged: change is
// sought in payments, not in payouts.
const mostOutputs = 64

// roundUnit is the amount whose multiples people choose and change seldom hits:
// a thousandth of a coin with eight decimals.
const roundUnit = 100_000

// sight is what heuristics see of one transaction.
type sight struct {
	batch     *goshawk.Transactions
	row       int
	tx        *goshawk.Transaction
	ins       []goshawk.Input
	outs      []goshawk.Output
	spendable uint64
	fresh     uint64                // outputs to addresses never seen before
	next      *goshawk.Transactions // the spenders
	spender   []int                 // of each output, its row in next; -1 if unspent
}

var heuristics = [...]Heuristic{
	{"address-reuse", 1, "it pays an address that the transaction also spends from", "strong", false, 0, addressReuse},
	{"fresh-address", 1, "its address appears for the first time", "weak", false, needFresh, func(s *sight) uint64 { return s.fresh }},
	{"script-type", 1, "it has the script type that all inputs have", "weak", false, needKinds, scriptType},
	{"round-value", 1, "its value is a multiple of 100,000 units", "moderate", true, 0, roundValue},
	{"optimal", 1, "it is smaller than the smallest input", "weak", false, 0, optimal},
	{"locktime", 1, "its spender sets a lock time if and only if this transaction does", "weak", false, needSpenders, locktime},
	{"bip69", 1, "its spender is in BIP 69 order if and only if this transaction is", "weak", false, needSpenders | needOutpoints, bip69},
	{"client", 1, "its spender has this transaction's version and signals replacement alike", "weak", false, needSpenders | needSequences, client},
	{"peel", 1, "it goes on along a chain of transactions with one input and two outputs", "weak", false, needSpenders, peel},
}

// Heuristics lists all heuristics, in the order in which hints are shown.
func Heuristics() []Heuristic { return append([]Heuristic(nil), heuristics[:]...) }

// Alone is the expression by which a heuristic alone points to change: its name,
// or !name where its property speaks for a payment.
func (h *Heuristic) Alone() *Expression {
	for i := range heuristics {
		if heuristics[i].Name == h.Name && h.payment {
			return Not(&Expression{op: 'h', heuristic: i})
		} else if heuristics[i].Name == h.Name {
			return &Expression{op: 'h', heuristic: i}
		}
	}
	return nil // none of Heuristics
}

// addressReuse marks what GraphSense calls direct change.
func addressReuse(s *sight) (set uint64) {
	for i := range s.outs {
		for j := range s.ins {
			if s.ins[j].Address == s.outs[i].Address {
				set |= 1 << i
				break
			}
		}
	}
	return set
}

func scriptType(s *sight) (set uint64) {
	kind := s.ins[0].Kind
	for i := range s.ins {
		if s.ins[i].Kind != kind || s.ins[i].Address == goshawk.NoAddress {
			return 0
		}
	}
	for i := range s.outs {
		if s.outs[i].Kind == kind {
			set |= 1 << i
		}
	}
	return set
}

func roundValue(s *sight) (set uint64) {
	for i := range s.outs {
		if v := s.outs[i].Value; v > 0 && v%roundUnit == 0 {
			set |= 1 << i
		}
	}
	return set
}

// optimal: had the change been larger than an input, the wallet would not have
// needed that input.
func optimal(s *sight) (set uint64) {
	least := ^uint64(0)
	for i := range s.ins {
		if s.ins[i].Link == goshawk.Unresolved {
			return 0
		}
		least = min(least, s.ins[i].Value)
	}
	for i := range s.outs {
		if s.outs[i].Value < least {
			set |= 1 << i
		}
	}
	return set
}

// continued marks the spent outputs whose spender passes a test.
func (s *sight) continued(test func(row int) bool) (set uint64) {
	for i, row := range s.spender {
		if row >= 0 && test(row) {
			set |= 1 << i
		}
	}
	return set
}

func locktime(s *sight) uint64 {
	return s.continued(func(row int) bool { return (s.next.Rows[row].LockTime != 0) == (s.tx.LockTime != 0) })
}

func client(s *sight) uint64 {
	ours := replaceable(s.batch, s.row)
	return s.continued(func(row int) bool {
		return s.next.Rows[row].Version == s.tx.Version && replaceable(s.next, row) == ours
	})
}

// replaceable says whether a transaction signals replacement by BIP 125.
func replaceable(batch *goshawk.Transactions, row int) bool {
	r := &batch.Rows[row]
	for _, sequence := range batch.Sequences[r.FirstInput:r.InputEnd] {
		if sequence < 0xfffffffe {
			return true
		}
	}
	return false
}

func bip69(s *sight) uint64 {
	ours := sorted(s.batch, s.row)
	return s.continued(func(row int) bool {
		return len(s.next.In(row))+len(s.next.Out(row)) > 2 && sorted(s.next, row) == ours
	})
}

// sorted says whether inputs and outputs are in the order of BIP 69. Outputs of
// one value are ordered by their scripts, which a ledger does not tell: they
// pass in any order.
func sorted(batch *goshawk.Transactions, row int) bool {
	r := &batch.Rows[row]
	points := batch.Outpoints[r.FirstInput:r.InputEnd]
	for i := 1; i < len(points); i++ {
		switch bytes.Compare(points[i-1].Tx[:], points[i].Tx[:]) {
		case 1:
			return false
		case 0:
			if points[i-1].Index > points[i].Index {
				return false
			}
		}
	}
	outs := batch.Out(row)
	for i := 1; i < len(outs); i++ {
		if outs[i-1].Value > outs[i].Value {
			return false
		}
	}
	return true
}

func peel(s *sight) uint64 {
	if len(s.ins) != 1 || len(s.outs) != 2 {
		return 0
	}
	return s.continued(func(row int) bool { return len(s.next.In(row)) == 1 && len(s.next.Out(row)) == 2 })
}

// spendable says whether an output can be anybody's change.
func spendable(o *goshawk.Output) bool {
	return o.Spender != goshawk.Burnt && o.Kind != goshawk.NullData && o.Value > 0
}
