package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/chaingen"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/ledger"
	"goshawk/report"
	"goshawk/trace"
)

// runDemo makes a small chain with a theft in it, reads it as any chain is read,
// and follows the stolen coins.
func runDemo(ctx context.Context, t *terminal, c *command) (err error) {
	dir := c.String("dir", "", "keep chain, ledger, labels and report in `DIR` (default: a temporary folder, removed at the end)")
	seed := c.Uint64("seed", 1, "`NUMBER` of the chain: the same number makes the same chain")
	method := c.String("method", string(trace.Haircut), "`NAME` of the method: "+methodNames())
	if err := c.parse(0, 0); err != nil {
		return err
	}
	m, err := trace.ParseMethod(*method)
	if err != nil {
		return err
	}
	folder := *dir
	if folder == "" {
		if folder, err = os.MkdirTemp("", "goshawk-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	} else if entries, rerr := os.ReadDir(folder); rerr == nil && len(entries) > 0 {
		return goshawk.Errorf(goshawk.Conflict, "%s is not empty", folder).WithHint("name a new folder; nothing is overwritten")
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		return err
	}
	blocks := filepath.Join(folder, "blocks")
	if err := os.MkdirAll(blocks, 0o755); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the folder: %w", err)
	}
	f, err := os.Create(filepath.Join(blocks, "blk00000.dat"))
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot write the chain: %w", err)
	}
	story, err := chaingen.WriteDemo(f, *seed)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fsys, err := disk.Make(filepath.Join(folder, "ledger"))
	if err != nil {
		return err
	}
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: params.Name, Codec: params, Join: joiner(), Rule: clusterRule()})
	if err != nil {
		return err
	}
	summary, err := ingest.FromFiles(ctx, w, ingest.OS(), []string{blocks}, ingest.Options{Params: params})
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	r, err := ledger.Open(fsys, params)
	if err != nil {
		return err
	}
	ch := &chain{Ledger: r, params: params, local: r, close: r.Close}
	defer func() { err = errors.Join(err, ch.close()) }()
	if ch.head, err = r.Head(ctx); err != nil {
		return err
	}
	exchange := params.FormatAddress(story.Exchange.Kind, story.Exchange.Key)
	labels := "address,label,category,confidence,source\n" + exchange + ",Example Exchange,exchange,ownership,the exchange's own statement\n"
	if err := os.WriteFile(filepath.Join(folder, "labels.csv"), []byte(labels), 0o644); err != nil {
		return err
	}
	source, err := label.Parse("labels.csv", []byte(labels), nil)
	if err != nil {
		return err
	}
	set, err := label.NewSet(nil, []*label.Source{source})
	if err != nil {
		return err
	}
	services, err := newServices(ctx, ch, set, 50, false)
	if err != nil {
		return err
	}
	answer, err := trace.Run(ctx, ch, trace.Question{Method: m, Starts: []goshawk.Outpoint{story.Theft}, Services: services, CoinJoin: isCoinJoin,
		StopConfidence: 50, ServicesBy: "address", CoinJoinRule: coinJoinRule(), Labels: set.Sources()})
	if err != nil {
		return err
	}
	c.say("A made-up chain: %d blocks, %d transactions, ingested with every index. Coins were stolen in it, and this is where they went:\n", summary.Blocks, summary.Transactions)
	if err := report.TraceText(t.out, answer, report.Style{Color: c.color()}); err != nil {
		return err
	}
	if *dir == "" {
		return nil
	}
	var page bytes.Buffer
	if err := report.TraceHTML(&page, answer); err != nil {
		return err
	}
	path := filepath.Join(folder, "report.html")
	if err := c.output(path, func(w io.Writer) error { _, err := w.Write(page.Bytes()); return err }); err != nil {
		return err
	}
	peeled, err := ch.spentBy(ctx, story.Peel)
	if err != nil {
		return err
	}
	c.say("%s", strings.Join([]string{"Go on with it:",
		fmt.Sprintf("  goshawk trace --ledger %s --labels %s --from %v --compare", filepath.Join(folder, "ledger"), filepath.Join(folder, "labels.csv"), story.Theft),
		fmt.Sprintf("  goshawk pattern --ledger %s --kind peel_chain --change peel --from %v", filepath.Join(folder, "ledger"), peeled),
		fmt.Sprintf("  goshawk show --ledger %s %s", filepath.Join(folder, "ledger"), exchange)}, "\n"))
	return nil
}

// spentBy names the first coin that a transaction spends.
func (ch *chain) spentBy(ctx context.Context, tx goshawk.Hash) (goshawk.Outpoint, error) {
	found, err := ch.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{tx}})
	if err != nil {
		return goshawk.Outpoint{}, err
	}
	var batch goshawk.Transactions
	if err := ch.Transactions(ctx, found.Transactions, goshawk.WantOutpoints, &batch); err != nil {
		return goshawk.Outpoint{}, err
	}
	return batch.Outpoints[0], nil
}
