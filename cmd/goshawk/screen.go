package main

import (
	"context"
	"errors"
	"iter"
	"os"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/label"
	"goshawk/report"
)

func runScreen(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags().labelFlags()
	format := c.format("text", "json", "csv")
	network := c.String("network", "bitcoin", "`NAME` of the network of the addresses in FILE")
	if err := c.parse(0, -1); err != nil {
		return err
	}
	if len(c.args) > 0 {
		c.giveWay("ledger", s.ledger)
	}
	if (*s.ledger == "") == (len(c.args) == 0) {
		return badUsage("say what to screen: --ledger DIR, or files with addresses in their text")
	}
	set, closeLabels, err := s.labelSet()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	if len(set.Sources()) == 0 {
		return badUsage("there are no labels to screen against: --labels PATH, or 'goshawk label import'")
	}
	hits := c.screenFiles(ctx, set, *network)
	asset := goshawk.Asset{}
	if *s.ledger != "" {
		ch, err := s.open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ch.close()) }()
		asset = ch.head.Asset
		hits = c.screenLedger(ctx, ch, set)
	}
	switch *format {
	case "json":
		return report.ScreenJSON(t.out, hits)
	case "csv":
		return report.ScreenCSV(t.out, hits)
	}
	return report.ScreenText(t.out, asset, hits, report.Style{Color: c.color()})
}

// errStop ends a screening whose reader has had enough.
var errStop = errors.New("stop")

// screenLedger yields every input and output at a labelled address.
func (c *command) screenLedger(ctx context.Context, ch *chain, set *label.Set) iter.Seq2[report.Hit, error] {
	return func(yield func(report.Hit, error) bool) {
		m, err := label.Screen(ctx, ch, set, ch.params.ParseAddress, func(h *label.Hit) error {
			l := goshawk.Label{Address: h.Address, Text: h.Label, Source: h.Source, SourceHash: h.SourceHash, Confidence: h.Confidence, Abuse: h.Abuse, Match: h.Match}
			if h.Category != "" {
				l.Concepts = []string{h.Category}
			}
			tx := h.Tx
			if !yield(report.Hit{Tx: &tx, Side: h.Side, Index: h.Index, Address: h.Address, Amount: h.Amount, Height: h.Height, Time: h.Time, Label: l}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(report.Hit{}, err)
		}
		if m.Unscanned > 0 {
			c.say("%d lower-cased addresses could not be compared, as this ledger cannot list its own.", m.Unscanned)
		}
	}
}

// screenFiles yields every labelled address in the text of files.
func (c *command) screenFiles(ctx context.Context, set *label.Set, network string) iter.Seq2[report.Hit, error] {
	return func(yield func(report.Hit, error) bool) {
		params, err := bitcoin.Lookup(network)
		if err != nil {
			yield(report.Hit{}, asUsage(err))
			return
		}
		for _, path := range c.args {
			err := func() error {
				f := os.Stdin
				if path != "-" {
					var err error
					if f, err = os.Open(path); err != nil {
						return goshawk.Errorf(goshawk.NotFound, "cannot read what is to be screened: %w", err)
					}
					defer f.Close() // read only
				}
				return label.ScanText(ctx, f, set, params.ParseAddress, func(m label.Mention) error {
					for _, l := range m.Labels {
						if !yield(report.Hit{Index: uint32(m.Line), Address: m.Address, Height: -1, Label: l}, nil) {
							return errStop
						}
					}
					return nil
				})
			}()
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				yield(report.Hit{}, err)
				return
			}
		}
	}
}
