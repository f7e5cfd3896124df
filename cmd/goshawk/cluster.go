package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/report"
	"goshawk/workbench"
)

func sortLabels(labels []goshawk.Label) {
	slices.SortStableFunc(labels, func(a, b goshawk.Label) int {
		switch {
		case a.Less(&b):
			return -1
		case b.Less(&a):
			return 1
		}
		return 0
	})
}

// clusterFlags are the flags that change what counts as evidence.
type clusterFlags struct {
	without list
	merge   *string
}

func (c *command) clusterFlags() *clusterFlags {
	f := &clusterFlags{}
	c.Var(&f.without, "without", "compute again without the evidence of transaction `TXID`; may repeat")
	f.merge = c.String("merge-change", "", "also merge the change that `RULES` point to, such as 'script-type & !round-value'")
	return f
}

func (f *clusterFlags) options(ctx context.Context, ch *chain) (cluster.Options, error) {
	o := cluster.Options{Exclude: workbench.IsCoinJoin, Evidence: true}
	if *f.merge != "" {
		e, err := cluster.Parse(*f.merge)
		if err != nil {
			return o, err
		}
		o.Change = e
	}
	var hashes []goshawk.Hash
	for _, text := range f.without.values {
		h, err := goshawk.ParseHash(text)
		if err != nil {
			return o, err
		}
		hashes = append(hashes, h)
	}
	found, err := ch.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return o, err
	}
	for i, id := range found.Transactions {
		if id == goshawk.NoTx {
			return o, ch.NotHere(ctx, hashes[i])
		}
		o.Without = append(o.Without, id)
	}
	return o, nil
}

// excluded words the evidence that was left out.
func (ch *chain) excluded(ctx context.Context, o cluster.Options) ([]goshawk.Merge, error) {
	moments, err := ch.moments(ctx, o.Without)
	if err != nil {
		return nil, err
	}
	var all []goshawk.Merge
	for _, id := range o.Without {
		all = append(all, goshawk.Merge{Tx: moments[id].Tx, Height: moments[id].Height, Heuristic: cluster.CoSpendRule})
	}
	return all, nil
}

func runCluster(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags().labelFlags()
	f := c.clusterFlags()
	format := c.format("text", "json")
	limit := c.limit("limit", 100, "list at most `N` addresses")
	wallet := c.String("wallet", "", "compare with the addresses of a known wallet: an `XPUB` or output descriptor")
	c.StringVar(wallet, "xpub", "", "--wallet by another name, for an `XPUB`")
	c.StringVar(wallet, "descriptor", "", "--wallet by another name, for a `DESCRIPTOR`")
	gap := c.Int("count", 100, "derive `N` addresses of each branch of the wallet")
	c.alternatives("wallet", "xpub", "descriptor", anArgument)
	if err := c.parse(0, 1); err != nil {
		return err
	}
	if *gap < 1 || *gap > 1_000_000 {
		return badUsage("--count cannot be %d: it must be from 1 to a million", *gap)
	}
	if err := c.oneOf("wallet", "xpub", "descriptor"); err != nil {
		return err
	}
	if *wallet == "" {
		if err := c.refuse("goes with --wallet", "count"); err != nil {
			return err
		}
		if len(c.args) == 0 {
			return c.missing()
		}
	} else if len(c.args) > 0 {
		return badUsage("--wallet and ADDRESS exclude each other: a wallet's addresses are looked up, or those of %s's cluster", c.args[0])
	}
	ch, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	set, closeLabels, err := s.labelSet()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	o, err := f.options(ctx, ch)
	if err != nil {
		return err
	}
	rule := ch.Local.Rule()
	grouping := cluster.Of(ch, ch.Local)
	if o.Change != nil {
		progress := newBar(c)
		progress.update(-1, "computing all clusters")
		all, err := cluster.Compute(ctx, ch, o)
		progress.clear()
		if err != nil {
			return err
		}
		grouping, rule = all, rule+" + "+o.Change.Rule()
	}
	if *wallet != "" {
		return compareWallet(ctx, c, ch, grouping, *wallet, *gap, *limit, *format == "json")
	}
	id, err := ch.AddressID(ctx, c.args[0])
	if err != nil {
		return err
	}
	members, more, err := grouping.Members(ctx, id, 0)
	if err != nil {
		return err
	}
	if more {
		return goshawk.Errorf(goshawk.Unsupported, "the cluster is too large to list")
	}
	if len(o.Without) > 0 && o.Change == nil {
		parts, err := cluster.Split(ctx, ch, members, o)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if slices.Contains(p, id) {
				members = p
			}
		}
	}
	answer := &report.Cluster{Basis: ch.basis(set), Address: c.args[0], Rule: rule, Size: uint64(len(members))}
	if answer.Excluded, err = ch.excluded(ctx, o); err != nil {
		return err
	}
	if err := ch.sumCluster(ctx, answer, members, set.Lookup, *limit); err != nil {
		return err
	}
	return print(c, *format == "json", answer, report.ClusterJSON, report.ClusterText)
}

// sumCluster adds up what a cluster's addresses received and spent.
func (ch *chain) sumCluster(ctx context.Context, answer *report.Cluster, members []goshawk.AddressID, lookup func(string) []goshawk.Label, limit int) error {
	first, last := goshawk.NoTx, goshawk.NoTx
	const batch = 4096
	for rest := members; len(rest) > 0; {
		n := min(batch, len(rest))
		infos, err := ch.Addresses(ctx, rest[:n], goshawk.WantTotals)
		if err != nil {
			return err
		}
		rest = rest[n:]
		if !answer.Before {
			if answer.Before, err = ch.spendsBefore(ctx, infos); err != nil {
				return err
			}
		}
		for i := range infos {
			a := &infos[i]
			answer.Received.Add(&answer.Received, &a.Received.Units)
			answer.Spent.Add(&answer.Spent, &a.Spent.Units)
			answer.Unresolved += a.Unresolved
			if a.First != goshawk.NoTx && (first == goshawk.NoTx || a.First < first) {
				first = a.First
			}
			if a.Last != goshawk.NoTx && (last == goshawk.NoTx || a.Last > last) {
				last = a.Last
			}
			if len(answer.Addresses) < limit {
				answer.Addresses = append(answer.Addresses, a.Text)
			}
			answer.Labels = append(answer.Labels, lookup(a.Text)...)
		}
	}
	sortLabels(answer.Labels)
	if first == goshawk.NoTx {
		return nil
	}
	moments, err := ch.moments(ctx, []goshawk.TxID{first, last})
	if err != nil {
		return err
	}
	answer.First, answer.Last = moments[first], moments[last]
	return nil
}

// compareWallet shows how a known wallet's addresses lie in the clusters.
func compareWallet(ctx context.Context, c *command, ch *chain, grouping cluster.Grouping, wallet string, count, limit int, asJSON bool) error {
	w, err := ch.Params.ParseWallet(wallet)
	if err != nil {
		return err
	}
	var addresses []string
	for branch := range w.Branches() {
		derived, err := w.Derive(branch, 0, uint32(count))
		if err != nil {
			return err
		}
		for _, d := range derived {
			addresses = append(addresses, ch.Params.FormatAddress(d.Kind, d.Key))
		}
	}
	m, err := cluster.MatchWallet(ctx, ch, grouping, addresses, limit)
	if err != nil {
		return err
	}
	if asJSON {
		return c.json(m)
	}
	fmt.Fprintf(c.t.out, "Of %s derived from the wallet %d are in the ledger, in %s.\n",
		goshawk.Count(m.Derived, "address", "addresses"), len(m.InLedger), goshawk.Count(len(m.Clusters)+m.NotListed, "cluster", "clusters"))
	for i, cl := range m.Clusters {
		fmt.Fprintf(c.t.out, "\nCluster %d: %s\n", i+1, goshawk.Count(len(cl.Wallet), "address of the wallet", "addresses of the wallet"))
		for _, a := range cl.Wallet {
			fmt.Fprintf(c.t.out, "  wallet     %s\n", a)
		}
		for _, a := range cl.Foreign {
			fmt.Fprintf(c.t.out, "  not derived  %s\n", a)
		}
		if cl.More {
			fmt.Fprintf(c.t.out, "  and more that were not derived\n")
		}
	}
	if len(m.Clusters) > 0 {
		fmt.Fprintf(c.t.out, "\nAn address that was not derived is the wallet's own beyond the derived range, or a false merge: 'goshawk why' shows its evidence.\n")
	}
	return nil
}

func runWhy(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags()
	f := c.clusterFlags()
	format := c.format("text", "json")
	if err := c.parse(2, 2); err != nil {
		return err
	}
	if c.args[0] == c.args[1] {
		return badUsage("both are the same address: nothing has to join it to itself").WithHint("name two addresses; 'goshawk cluster' lists those that are joined to one")
	}
	ch, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	a, err := ch.AddressID(ctx, c.args[0])
	if err != nil {
		return err
	}
	b, err := ch.AddressID(ctx, c.args[1])
	if err != nil {
		return err
	}
	o, err := f.options(ctx, ch)
	if err != nil {
		return err
	}
	answer := &report.Why{Basis: ch.basis(nil), From: c.args[0], To: c.args[1]}
	if answer.Excluded, err = ch.excluded(ctx, o); err != nil {
		return err
	}
	if o.Change == nil && len(o.Without) == 0 {
		if answer.Joined = cluster.Connected(ch.Local, a, b); answer.Joined {
			answer.Chain, err = cluster.Why(ctx, ch, ch.Local, a, b)
		}
	} else {
		var all *cluster.Clusters
		if all, err = cluster.Compute(ctx, ch, o); err != nil {
			return err
		}
		if answer.Joined = all.Root(a) == all.Root(b); answer.Joined {
			answer.Chain, err = all.Why(ctx, ch, a, b)
		}
	}
	if err != nil {
		return err
	}
	return print(c, *format == "json", answer, report.WhyJSON, report.WhyText)
}
