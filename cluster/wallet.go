package cluster

import (
	"context"
	"slices"

	"goshawk"
)

// WalletMatch compares the addresses of a known wallet with clusters: how much
// of it they find, and whether they mix it with anybody else.
type WalletMatch struct {
	Derived   int             `json:"derived"`   // addresses given
	InLedger  []string        `json:"in_ledger"` // of these, in the order given
	Clusters  []WalletCluster `json:"clusters"`  // that hold any of them, most first
	NotListed int             `json:"clusters_not_listed,omitempty"`
}

// WalletCluster is a cluster that holds addresses of the wallet.
type WalletCluster struct {
	Root    goshawk.AddressID `json:"-"`
	Wallet  []string          `json:"wallet"`  // the wallet's addresses in it
	Foreign []string          `json:"foreign"` // addresses in it that were not derived from the wallet
	// More says that the cluster has foreign addresses beyond those listed.
	More bool `json:"more,omitempty"`
}

// MatchWallet looks a wallet's addresses up and compares them with a grouping. A
// wallet in one cluster without foreign addresses is what a perfect clustering
// would show; several clusters are what it missed; foreign addresses are either
// the wallet's own beyond the derived range, or a false merge. At most most
// clusters are listed, and at most most foreign addresses in each.
func MatchWallet(ctx context.Context, l goshawk.Ledger, clusters Grouping, addresses []string, most int) (*WalletMatch, error) {
	found, err := l.Find(ctx, goshawk.Names{Addresses: addresses})
	if err != nil {
		return nil, err
	}
	match := &WalletMatch{Derived: len(addresses), InLedger: []string{}, Clusters: []WalletCluster{}}
	ours := map[goshawk.AddressID]bool{}
	place := map[goshawk.AddressID]int{}
	for i, id := range found.Addresses {
		if id == goshawk.NoAddress || ours[id] {
			continue
		}
		ours[id] = true
		match.InLedger = append(match.InLedger, addresses[i])
		root := clusters.Root(id)
		at, ok := place[root]
		if !ok {
			at = len(match.Clusters)
			place[root] = at
			match.Clusters = append(match.Clusters, WalletCluster{Root: root, Foreign: []string{}})
		}
		match.Clusters[at].Wallet = append(match.Clusters[at].Wallet, addresses[i])
	}
	slices.SortStableFunc(match.Clusters, func(a, b WalletCluster) int { return len(b.Wallet) - len(a.Wallet) })
	if len(match.Clusters) > most {
		match.NotListed = len(match.Clusters) - most
		match.Clusters = match.Clusters[:most]
	}
	for i := range match.Clusters {
		c := &match.Clusters[i]
		members, more, err := clusters.Members(ctx, c.Root, most+len(c.Wallet))
		if err != nil {
			return nil, err
		}
		members = slices.DeleteFunc(members, func(a goshawk.AddressID) bool { return ours[a] })
		c.More = more || len(members) > most
		described, err := l.Addresses(ctx, members[:min(most, len(members))], 0)
		if err != nil {
			return nil, err
		}
		for j := range described {
			c.Foreign = append(c.Foreign, described[j].Text)
		}
	}
	return match, nil
}
