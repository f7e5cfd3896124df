package main

import (
	"context"
	"errors"

	"goshawk"
	"goshawk/label"
	"goshawk/report"
	"goshawk/trace"
	"goshawk/workbench"
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
	q := trace.PathQuery{MaxTransactions: *read, CoinJoin: workbench.IsCoinJoin, ThroughCoinJoin: *through}
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
			err = ch.CheckParty(*from)
		}
		if err = errors.Join(err, ch.CheckParty(*to)); err != nil {
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
		if q.From, err = ch.Party(ctx, set, *from); err != nil {
			return err
		}
	}
	if q.To, err = ch.Party(ctx, set, *to); err != nil {
		return err
	}
	if q.Services, err = workbench.NewServices(ctx, ch.Chain, set, *confidence, false); err != nil {
		return err
	}
	progress := newBar(c)
	q.Progress = func(p trace.Progress) {
		progress.update(-1, goshawk.Count(p.Steps, "transaction", "transactions")+" read")
	}
	found, err := trace.Path(ctx, ch, q)
	progress.clear()
	if found == nil {
		return ch.Elsewhere(ctx, err)
	}
	found.From, found.To = *from, *to
	return errors.Join(print(c, *format == "json", found, report.PathsJSON, report.PathsText), err)
}
