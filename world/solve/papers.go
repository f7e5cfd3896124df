package solve

import (
	"bytes"
	"context"
	"io/fs"
	"regexp"
	"slices"

	"goshawk"
	"goshawk/label"
)

// facts are what a case's papers name.
type facts struct {
	addresses []string
	txs       []goshawk.Hash
	listings  []listing
	trials    []trial
	text      string // all of them
}

// labels is the folder of public/ that is no case.
const labels = "labels"

// Cases lists the cases of a world's public folder, in the order of their names.
func Cases(public fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(public, ".")
	if err != nil {
		return nil, goshawk.Errorf(goshawk.NotFound, "the world has no papers: %w", err).WithHint("name the folder that 'goshawk world new' made")
	}
	var cases []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != labels {
			cases = append(cases, e.Name())
		}
	}
	return cases, nil
}

var txid = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// read finds the addresses and transactions in the text of a case's papers, each once.
func read(ctx context.Context, papers fs.FS, check label.CheckAddress) (facts, error) {
	var f facts
	set, err := label.NewSet(nil, nil)
	if err != nil {
		return f, err
	}
	names, err := fs.Glob(papers, "*") // in the order of their names
	if err != nil {
		return f, goshawk.Errorf(goshawk.Unavailable, "the papers cannot be read: %w", err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(papers, name)
		if err != nil {
			return f, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
		}
		err = label.ScanText(ctx, bytes.NewReader(text), set, check, func(m label.Mention) error {
			if m.Wrong == nil && !slices.Contains(f.addresses, m.Address) {
				f.addresses = append(f.addresses, m.Address)
			}
			return nil
		})
		if err != nil {
			return f, err
		}
		f.text += string(text)
		texts[name] = string(text)
		for _, word := range txid.FindAllString(string(text), -1) {
			h, err := goshawk.ParseHash(word)
			if err != nil {
				return f, err
			}
			if !slices.Contains(f.txs, h) {
				f.txs = append(f.txs, h)
			}
		}
	}
	for _, name := range names {
		f.listings = append(f.listings, readListings(name, texts)...)
		f.trials = append(f.trials, readTrials(texts[name])...)
	}
	return f, nil
}
