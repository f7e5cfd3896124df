package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/label"
	"goshawk/report"
)

func runScreen(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.ledgerFlags().labelFlags()
	format := c.format("text", "json", "csv")
	s.network = c.String("network", "", "remark on addresses in FILE that are not of the network `NAME` (default: of any)")
	c.alternatives("ledger", anArgument)
	if err := c.parse(0, -1); err != nil {
		return err
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
	looked := &report.Screened{}
	hits := c.screenFiles(ctx, set, *s.network, looked)
	basis := report.Basis{Labels: set.Sources()}
	if *s.ledger != "" {
		ch, err := s.open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ch.close()) }()
		basis = ch.basis(set)
		looked.Addresses = ch.Known.Addresses
		hits = c.screenLedger(ctx, ch, set)
	}
	switch *format {
	case "json":
		err = report.ScreenJSON(t.out, hits)
	case "csv":
		err = report.ScreenCSV(t.out, basis, hits)
	default:
		return report.ScreenText(t.out, basis, hits, looked, report.Style{Color: c.color()})
	}
	if err == nil {
		c.say("%s looked up.", goshawk.Count(looked.Addresses, "address was", "addresses were"))
		c.sayBasis(&basis)
	}
	return err
}

// errStop ends a screening whose reader has had enough.
var errStop = errors.New("stop")

// screenLedger yields every input and output at a labelled address.
func (c *command) screenLedger(ctx context.Context, ch *chain, set *label.Set) iter.Seq2[report.Hit, error] {
	return func(yield func(report.Hit, error) bool) {
		m, err := label.Screen(ctx, ch, set, ch.Params.ParseAddress, func(h *label.Hit) error {
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

// screenFiles yields every labelled address in the text of files, and counts
// what it looked up. That there is nothing to look up is an error: it must not
// be taken for a clean answer.
func (c *command) screenFiles(ctx context.Context, set *label.Set, network string, looked *report.Screened) iter.Seq2[report.Hit, error] {
	return func(yield func(report.Hit, error) bool) {
		check, err := addressCheck(network)
		if err != nil {
			yield(report.Hit{}, err)
			return
		}
		for i, name := range fileNames(c.args) {
			before := *looked
			err := c.screenFile(ctx, c.args[i], set, check, func(m label.Mention) error {
				if m.Wrong != nil {
					c.say("%s, line %d: %v", name, m.Line, m.Wrong)
					looked.Impossible++
				} else {
					looked.Addresses++
				}
				for _, l := range m.Labels {
					if !yield(report.Hit{File: name, Index: uint32(m.Line), Address: m.Address, Height: -1, Label: l}, nil) {
						return errStop
					}
				}
				return nil
			})
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				yield(report.Hit{}, err)
				return
			}
			if len(c.args) > 1 && *looked == before {
				c.say("%s: no address was found in it.", name)
			}
		}
		if looked.Addresses == 0 {
			yield(report.Hit{}, nothingLookedUp(c.args, looked.Impossible))
		}
	}
}

func nothingLookedUp(args []string, impossible uint64) error {
	where := "these files"
	if len(args) == 1 {
		where = args[0]
	}
	if impossible > 0 {
		return goshawk.Errorf(goshawk.NotFound, "no address was found in %s, but for %s", where, goshawk.Count(impossible, "that is none", "that are none")).
			WithHint("look at the remarks: a letter may be mistyped")
	}
	return goshawk.Errorf(goshawk.NotFound, "no address was found in %s", where).WithHint("is the text a picture, or are its addresses broken over lines? Then export it in another way")
}

// screenFile calls each for every address in the text of a file.
func (c *command) screenFile(ctx context.Context, path string, set *label.Set, check label.CheckAddress, each func(label.Mention) error) error {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return goshawk.Errorf(goshawk.NotFound, "cannot read what is to be screened: %w", err).WithHint("name a file of text, or - for standard input")
		}
		defer f.Close() // read only
	}
	err := label.ScanText(ctx, f, set, check, each)
	if err != nil && !errors.Is(err, errStop) {
		return goshawk.Errorf(goshawk.CodeOf(err), "%s cannot be screened: %w", path, err)
	}
	return err
}

// addressCheck tells addresses of any network, or of one, from other texts.
func addressCheck(network string) (label.CheckAddress, error) {
	check := bitcoin.AddressCheck()
	if network == "" {
		return check, nil
	}
	params, err := bitcoin.Lookup(network)
	if err != nil {
		return nil, err
	}
	return func(text, ticker string) (known bool, err error) {
		if known, err = check(text, ticker); known && err == nil {
			_, _, err = params.ParseAddress(text)
		}
		return known, err
	}, nil
}

// fileNames are the names by which answers call files: without their folders,
// and with the argument's number where two have the same name.
func fileNames(paths []string) []string {
	times := map[string]int{}
	for _, path := range paths {
		times[filepath.Base(path)]++
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		if names[i] = filepath.Base(path); path == "-" {
			names[i] = "standard input"
		} else if times[names[i]] > 1 {
			names[i] = fmt.Sprintf("%s (argument %d)", names[i], i+1)
		}
	}
	return names
}
