package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/pattern"
	"goshawk/report"
)

func runPattern(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags().labelFlags()
	kind := c.String("kind", "", "`KIND` of pattern: "+strings.Join(pattern.Kinds(), ", "))
	from := c.String("from", "", "look at the coin `TXID:VOUT` only")
	limit := c.limit("limit", 1000, "list at most `N` findings")
	change := c.String("change", cluster.OneTimeChange, "tell a peel chain's change by `RULES`, a combination of change heuristics")
	var since, until moment
	c.Var(&since, "since", "look at blocks of `TIME` and later")
	c.Var(&until, "until", "look at blocks of `TIME` and earlier")
	format := c.format("text", "json", "csv")
	c.alternatives("from", "since")
	c.alternatives("from", "until")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if !slices.Contains(pattern.Kinds(), *kind) {
		return badUsage("--kind cannot be %q: it must be one of %s", *kind, strings.Join(pattern.Kinds(), ", "))
	}
	if *kind != pattern.KindPeelChain {
		if err := c.refuse("is about --kind "+pattern.KindPeelChain+", and this is "+*kind, "change"); err != nil {
			return err
		}
	}
	if *from != "" {
		if err := c.refuse("is about all of a ledger, and --from looks at one coin", "since", "until"); err != nil {
			return err
		}
	}
	if err := c.inOrder("since", &since, "until", &until); err != nil {
		return err
	}
	q := pattern.Query{Kind: *kind, Limit: *limit + 1} // one more tells whether there are more
	if *from != "" {
		o, err := goshawk.ParseOutpoint(*from)
		if err != nil {
			return err
		}
		q.From = &o
	}
	rule, err := cluster.Parse(*change)
	if err != nil {
		return err
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
	finder := cluster.NewFinder(ch, rule)
	q.Change, q.ChangeWant = finder.Changes, finder.Want()
	clusters := cluster.Of(ch, ch.Local)
	q.Owner, q.Members = clusters.Root, clusters.Members
	if q.Services, err = newNames(ctx, ch, set); err != nil {
		return err
	}
	if !since.IsZero() || !until.IsZero() {
		window, err := ch.Find(ctx, goshawk.Names{Since: since.Time, Until: until.last()})
		if err != nil {
			return err
		}
		if window.End == 0 {
			return ch.Elsewhere(ctx, goshawk.Errorf(goshawk.NotFound, "the ledger holds no blocks of this time"))
		}
		q.First, q.End = window.First, window.End
	}
	answer := &report.Findings{Basis: ch.basis(set), Kind: *kind}
	if *kind == pattern.KindPeelChain && len(answer.Warnings) > 0 && rule.FirstUses() {
		answer.Warnings = append(answer.Warnings, "the rule by which change is told, "+rule.Rule()+", asks which addresses were never used before, and this ledger cannot tell: "+
			"chains may be missing, end too soon or follow a wrong output; --change can name a rule that needs no first use")
	}
	err = pattern.Find(ctx, ch, q, func(f goshawk.Finding) error {
		answer.Findings = append(answer.Findings, f)
		return nil
	})
	if err != nil {
		return ch.Elsewhere(ctx, err)
	}
	if len(answer.Findings) > *limit {
		answer.Findings, answer.Truncated = answer.Findings[:*limit], true
	}
	if *format == "csv" {
		if answer.Truncated {
			c.say("There are more: raise --limit to see them.")
		}
		if len(answer.Findings) == 0 {
			c.say("None found.")
			c.sayBasis(&answer.Basis)
		}
		return report.FindingsCSV(t.out, answer)
	}
	return print(c, *format == "json", answer, report.FindingsJSON, report.FindingsText)
}

// names tells patterns the names of labelled services.
type names map[goshawk.AddressID]string

func newNames(ctx context.Context, ch *chain, set *label.Set) (names, error) {
	matches, err := label.Match(ctx, ch, set, ch.Params.ParseAddress)
	if err != nil {
		return nil, err
	}
	n := names{}
	for _, m := range matches.Addresses {
		if l, ok := label.Service(m.Labels, 50); ok {
			n[m.ID] = l.Party()
		}
	}
	return n, nil
}

// Service implements pattern.Services.
func (n names) Service(a goshawk.AddressID) (string, bool) {
	name, ok := n[a]
	return name, ok
}
