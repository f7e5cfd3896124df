// Package pattern says what a transaction or a path looks like: a CoinJoin, a
// peel chain, a consolidation, a batch payout, a deposit address and its
// sweeps, a reused address.
//
// Every rule has a name, a version and stated thresholds, and a page in
// docs/method. A finding lists what was seen and says what that is consistent
// with; this package never says what a transaction is, never names its owner
// and never merges addresses. It reads through the Ledger contract and what the
// caller hands it, and nothing else.
package pattern

import "goshawk"

// Kinds of pattern, as Query.Kind and Finding.Kind name them.
const (
	KindCoinJoin       = "coinjoin"
	KindStonewall      = "stonewall"
	KindPeelChain      = "peel_chain"
	KindConsolidation  = "consolidation"
	KindBatchPayout    = "batch_payout"
	KindDepositAddress = "deposit_address"
	KindAddressReuse   = "address_reuse"
)

// Kinds lists the patterns that Find knows.
func Kinds() []string {
	return []string{KindCoinJoin, KindStonewall, KindPeelChain, KindConsolidation, KindBatchPayout, KindDepositAddress, KindAddressReuse}
}

// Confidence in words, as findings carry it.
const (
	strong   = "strong"
	moderate = "moderate"
	weak     = "weak"
)

// Services tells which service a label says controls an address. The name is
// the service's own, the same for all of its addresses.
type Services interface {
	Service(a goshawk.AddressID) (name string, ok bool)
}

// spendable says whether an output can ever be spent. Outputs worth nothing
// count as data, as they carry nothing.
func spendable(o *goshawk.Output) bool {
	return o.Spender != goshawk.Burnt && o.Kind != goshawk.NullData && o.Value > 0
}
