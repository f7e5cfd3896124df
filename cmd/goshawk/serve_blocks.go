package main

import (
	"context"
	"os"
	"strings"

	"goshawk"
	"goshawk/evidence"
	"goshawk/ingest"
	"goshawk/workbench"
)

// blockFlags are the flags of 'goshawk serve' about where the raw blocks of ledgers are.
type blockFlags struct {
	from   *list
	cookie *string
}

func (c *command) blockFlags() *blockFlags {
	f := &blockFlags{from: &list{strict: true}}
	c.Var(f.from, "blocks", "`LEDGER=DIR` with the ledger's block files, or LEDGER=http://HOST:PORT of a node's JSON-RPC: raw transactions for packages of evidence come from there; several with commas between them")
	f.cookie = c.String("blocks-cookie", "", "`FILE` with the node's cookie, for a URL of --blocks that holds no name and password")
	return f
}

// sources are where raw blocks come from, by ledger.
func (f *blockFlags) sources(ctx context.Context, b *workbench.Bench) (map[goshawk.ID]evidence.Blocks, error) {
	all := map[goshawk.ID]evidence.Blocks{}
	for _, text := range f.from.values {
		name, at, ok := strings.Cut(text, "=")
		id := goshawk.ID(name)
		if !ok || !id.Valid() || at == "" {
			return nil, badUsage("--blocks names a ledger and where its blocks are").WithHint("write LEDGER=DIR or LEDGER=http://HOST:PORT, with the ledger's name on the page Ledgers")
		}
		if all[id] != nil {
			return nil, badUsage("--blocks names the ledger %s twice", name)
		}
		if strings.HasPrefix(at, "http://") || strings.HasPrefix(at, "https://") {
			o := ingest.NodeOptions{URL: at}
			if !strings.Contains(at, "@") {
				o.CookieFile = *f.cookie
			}
			n, err := ingest.NewNode(o)
			if err != nil {
				return nil, err
			}
			all[id] = n
			continue
		}
		if info, err := os.Stat(at); err != nil || !info.IsDir() {
			return nil, badUsage("--blocks: there is no folder %s", at).WithHint("a node keeps its block files in the folder blocks of its data folder")
		}
		held, err := b.Use(ctx, id)
		if err != nil {
			return nil, err
		}
		all[id] = ingest.NewRawFolder(ingest.OS(), at, held.Params)
		held.Release()
	}
	return all, nil
}
