package main

import (
	"context"
	"errors"
	"strings"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/report"
	"goshawk/trace"
)

func runPath(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.remoteFlags().labelFlags()
	from := c.String("from", "", "`PARTY` that value came from: an address, cluster:ADDRESS, label:NAME or TXID:VOUT")
	to := c.String("to", "", "`PARTY` that it reached: an address, cluster:ADDRESS or label:NAME")
	hops := c.limit("max-hops", noLimit, "look at paths of at most `N` transactions")
	read := c.limit("max-transactions", 100_000, "read at most `N` transactions")
	confidence := c.Int("stop-confidence", 50, "a service's label counts from confidence `N` on, 0 to 100")
	through := c.Bool("through-coinjoin", false, "go on through CoinJoins; what lies beyond is never a finding")
	format := c.format("text", "json")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *from == "" || *to == "" {
		return badUsage("say from whom to whom: --from ADDR --to ADDR")
	}
	if *hops == 0 || *read == 0 {
		return badUsage("--max-hops and --max-transactions cannot be 0: a path has at least one transaction")
	}
	if *confidence < 0 || *confidence > 100 {
		return badUsage("--stop-confidence cannot be %d: it must be from 0 to 100", *confidence)
	}
	q := trace.PathQuery{MaxTransactions: *read, CoinJoin: isCoinJoin, ThroughCoinJoin: *through}
	if *hops != noLimit {
		q.MaxHops = *hops
	}
	if o, oerr := goshawk.ParseOutpoint(*from); oerr == nil {
		q.Coins = []goshawk.Outpoint{o}
	}
	var set *label.Set
	closeLabels := func() error { return nil }
	defer func() { err = errors.Join(err, closeLabels()) }()
	ch, err := s.open(ctx, func(ch *chain) (err error) {
		if q.Coins == nil {
			err = ch.checkParty(*from)
		}
		if err = errors.Join(err, ch.checkParty(*to)); err != nil {
			return err
		}
		set, closeLabels, err = s.labelSet()
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	q.Labels = set.Sources()
	if q.Coins == nil {
		if q.From, err = ch.party(ctx, set, *from); err != nil {
			return err
		}
	}
	if q.To, err = ch.party(ctx, set, *to); err != nil {
		return err
	}
	if q.Services, err = newServices(ctx, ch, set, *confidence, false); err != nil {
		return err
	}
	progress := newBar(c)
	q.Progress = func(p trace.Progress) {
		progress.update(-1, goshawk.Count(p.Steps, "transaction", "transactions")+" read")
	}
	found, err := trace.Path(ctx, ch, q)
	progress.clear()
	if found == nil {
		return ch.elsewhere(ctx, err)
	}
	found.From, found.To = *from, *to
	return errors.Join(print(c, *format == "json", found, report.PathsJSON, report.PathsText), err)
}

// checkParty refuses a name that nobody can have.
func (ch *chain) checkParty(name string) error {
	if strings.HasPrefix(name, "label:") {
		return nil
	}
	of, ok := strings.CutPrefix(name, "cluster:")
	if ok && ch.local == nil {
		return noClusters("name an address, or ingest the chain into a ledger")
	}
	_, _, err := ch.params.ParseAddress(of)
	return err
}

// party lists the addresses that a name stands for.
func (ch *chain) party(ctx context.Context, set *label.Set, name string) ([]string, error) {
	if of, ok := strings.CutPrefix(name, "cluster:"); ok {
		id, err := ch.addressID(ctx, of)
		if err != nil {
			return nil, err
		}
		members, _, err := cluster.Of(ch, ch.local).Members(ctx, id, 0)
		if err != nil {
			return nil, err
		}
		return ch.texts(ctx, members)
	}
	of, ok := strings.CutPrefix(name, "label:")
	if !ok {
		_, err := ch.addressID(ctx, name)
		return []string{name}, err
	}
	matches, err := label.Match(ctx, ch, set, ch.params.ParseAddress)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, m := range matches.Addresses {
		for _, l := range m.Labels {
			if strings.EqualFold(l.Text, of) || strings.EqualFold(l.Actor, of) {
				addresses = append(addresses, m.Address)
				break
			}
		}
	}
	if len(addresses) == 0 {
		return nil, ch.elsewhere(ctx, goshawk.Errorf(goshawk.NotFound, "no address of this ledger is labelled %q", of).WithHint("'goshawk screen' lists the labels that are met"))
	}
	return addresses, nil
}

func (ch *chain) texts(ctx context.Context, ids []goshawk.AddressID) ([]string, error) {
	infos, err := ch.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, a := range infos {
		all = append(all, a.Text)
	}
	return all, nil
}
