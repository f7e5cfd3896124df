package label

import (
	"sort"
	"strings"

	"goshawk"
)

// level returns a confidence level's number by its id in the TagPack confidence
// taxonomy (graphsense-lib, tagpack confidence levels).
func level(id string) (int, bool) {
	switch id {
	case "override", "ownership", "ledger_immanent":
		return 100, true
	case "manual_transaction":
		return 90, true
	case "service_api", "forensic_investigation":
		return 70, true
	case authorityData:
		return authorityLevel, true
	case "trusted_provider", "service_data", "forensic":
		return 50, true
	case "untrusted_transaction":
		return 40, true
	case "web_crawl":
		return 20, true
	case "heuristic":
		return 10, true
	case "unknown":
		return unknownLevel, true
	default:
		return 0, false
	}
}

const (
	authorityData  = "authority_data"
	authorityLevel = 60
	unknownLevel   = 5
	// userLevel is what labels of a CSV or list without a word on confidence
	// get: as a trusted provider's, since its user hands them over himself.
	userLevel = 50
)

// concept brings a concept's name into the form of the taxonomy's ids.
func concept(text string) string {
	text = strings.ToLower(clean(text, maxText))
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, text)
}

// pooling says whether a concept means a service that pools its customers'
// money, so that what leaves it cannot be matched with what came in. The names
// are the TagPack concepts' ids, INTERPOL's where they differ, and the words
// that people write into CSV files. A miner is a user and pools nothing; an
// issuer's ico_wallet holds the issuer's own money; coinjoin is a behaviour,
// which traces have a rule of their own for.
func pooling(concept string) bool {
	switch concept {
	case "exchange", "centralized_exchange",
		"wallet_service", "hosted_wallet", "escrow_wallet", "escrow", "custody", "defi_custody",
		"mixing_service", "mixer", "tumbler",
		"gambling",
		"market", "marketplace", "dark_market", "darknet_market",
		"payment_processor",
		"mining_service", "mining_pool",
		"lending", "defi_lending",
		"bridge", "defi_bridge",
		"dex", "defi_dex", "decentralized_exchange", "decentralised_exchange", "dex_pair", "defi_dex_pair":
		return true
	default:
		return false
	}
}

// Pooling reports whether the label names a service that pools its customers'
// money: exchange, hosted wallet, mixing service, gambling, market, payment
// processor, mining pool, lending, bridge, decentralised exchange.
func Pooling(l *goshawk.Label) bool {
	for _, c := range l.Concepts {
		if pooling(c) {
			return true
		}
	}
	return false
}

// Service returns the best of one address's labels that names a pooling service
// with at least the asked confidence, and whether there is one.
func Service(labels []goshawk.Label, minConfidence int) (*goshawk.Label, bool) {
	var best *goshawk.Label
	for i := range labels {
		l := &labels[i]
		if l.Confidence >= minConfidence && Pooling(l) && (best == nil || l.Less(best)) {
			best = l
		}
	}
	return best, best != nil
}

// order sorts labels of one address for people, the same way whatever order
// they came in.
func order(labels []goshawk.Label) {
	sort.SliceStable(labels, func(i, j int) bool { return less(&labels[i], &labels[j]) })
}

// less extends goshawk.Label.Less by the file's hash, for two versions of a file
// may say the same, and puts a match to the letter before a lower-cased one.
func less(a, b *goshawk.Label) bool {
	switch {
	case a.Less(b):
		return true
	case b.Less(a):
		return false
	case a.SourceHash != b.SourceHash:
		return a.SourceHash < b.SourceHash
	default:
		return a.Match < b.Match
	}
}
