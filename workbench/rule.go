package workbench

import (
	"strings"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/ledger"
	"goshawk/pattern"
)

// CoinJoinRule names what keeps CoinJoins out of clusters and stops traces.
func CoinJoinRule() string { return strings.Join(pattern.CoinJoinRules(), " ") }

// IsCoinJoin says whether a transaction is consistent with a CoinJoin, by that rule.
func IsCoinJoin(batch *goshawk.Transactions, row int) bool {
	_, ok := pattern.CoinJoin(batch, row)
	return ok
}

// ClusterRule names what links a ledger's addresses.
func ClusterRule() string {
	return cluster.CoSpendRule + " without CoinJoins (" + strings.Join(pattern.CoinJoinRules(), ", ") + ")"
}

// Joiner links the addresses of transactions that are no CoinJoins.
func Joiner() func(f ledger.Forest, batch *goshawk.Transactions, row int) {
	var addresses []goshawk.AddressID
	return func(f ledger.Forest, batch *goshawk.Transactions, row int) {
		if IsCoinJoin(batch, row) {
			return
		}
		addresses = addresses[:0]
		for i := range batch.In(row) {
			addresses = append(addresses, batch.In(row)[i].Address)
		}
		cluster.CoSpend(f, batch.Rows[row].ID, addresses)
	}
}

// LabelEnds shows who is said to be at ends that are no service's: a suspect's
// address is worth more than a nameless one.
func LabelEnds(set *label.Set, answer *goshawk.Trace) {
	for i := range answer.Ends {
		e := &answer.Ends[i]
		e.Label = LabelOf(set, e.Label, e.Address)
	}
}

// LabelOf is the label that an end has, else the best one of its address; nil where there is none.
func LabelOf(set *label.Set, has *goshawk.Label, address *string) *goshawk.Label {
	if has != nil || address == nil || !set.Has(*address) {
		return has
	}
	return &set.Lookup(*address)[0]
}
