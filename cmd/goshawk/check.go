package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ledger"
	"goshawk/workbench"
)

func runCheck(ctx context.Context, t *terminal, c *command) error {
	dir := c.String("ledger", "", "`DIR` of the ledger")
	format := c.format("text", "json")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	if *dir == "" {
		return badUsage("say which ledger: --ledger DIR")
	}
	fsys, name, err := workbench.Folder(*dir)
	if err != nil {
		return checkFailed(err)
	}
	params, err := bitcoin.Lookup(name)
	if err != nil {
		return err
	}
	progress := newBar(c)
	r, err := ledger.Check(ctx, fsys, params, func(part float64) { progress.update(part, "checking") })
	progress.clear()
	if err != nil {
		return checkFailed(err)
	}
	if *format == "json" {
		faults := []string{}
		for _, f := range r.Faults {
			faults = append(faults, f.String())
		}
		type tip struct {
			Height  int32        `json:"height"`
			Hash    goshawk.Hash `json:"hash"`
			Start   int32        `json:"start"`
			Partial bool         `json:"partial"`
		}
		if err := c.json(struct {
			Version      string   `json:"version"`
			Network      string   `json:"network"`
			Ledger       tip      `json:"ledger"`
			Blocks       uint64   `json:"blocks"`
			Transactions uint64   `json:"transactions"`
			Addresses    uint64   `json:"addresses"`
			Digest       string   `json:"digest"`
			Pending      bool     `json:"interrupted_commit"`
			Faults       []string `json:"faults"`
			Omitted      int      `json:"faults_omitted"`
			Remarks      []string `json:"remarks"`
		}{goshawk.Version, r.Head.Network, tip(r.Head.Point()), r.Head.Blocks, r.Head.Transactions,
			r.Head.Addresses, digestText(r), r.Pending, faults, r.Omitted, append([]string{}, r.Remarks...)}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(t.out, "Network       %s\n", r.Head.Network)
		fmt.Fprintf(t.out, "Tip           height %d, %v\n", r.Head.Height, r.Head.Hash)
		fmt.Fprintf(t.out, "Holds         %s, %s, %s\n", goshawk.Count(r.Head.Blocks, "block", "blocks"),
			goshawk.Count(r.Head.Transactions, "transaction", "transactions"), goshawk.Count(r.Head.Addresses, "address", "addresses"))
		if len(r.Faults) == 0 {
			fmt.Fprintf(t.out, "Digest        %s\n", digestText(r))
		}
		if r.Pending {
			fmt.Fprintf(t.out, "Interrupted   a commit was interrupted; the next ingest puts it right\n")
		}
		for _, f := range r.Faults {
			fmt.Fprintf(t.out, "Fault         %s\n", f)
		}
		if r.Omitted > 0 {
			fmt.Fprintf(t.out, "              and %d more\n", r.Omitted)
		}
		for _, remark := range r.Remarks {
			fmt.Fprintf(t.out, "Remark        %s\n", remark)
		}
		if len(r.Faults) == 0 {
			fmt.Fprintf(t.out, "No fault found: every checksum, index, history and link was verified.\n")
		}
	}
	if len(r.Faults) > 0 {
		c.say("The ledger is damaged. It can be built again from the chain: ingest into a new folder.")
		return errFault
	}
	return nil
}

func digestText(r *ledger.Report) string {
	if len(r.Faults) > 0 {
		return ""
	}
	return hex.EncodeToString(r.Digest[:])
}

// damaged is an error of a check whose finding is that nothing can be read.
type damaged struct{ error }

func (d damaged) Unwrap() error        { return d.error }
func (d damaged) Is(target error) bool { return target == errDamaged }

var errDamaged = fmt.Errorf("damaged")

func checkFailed(err error) error {
	if goshawk.CodeOf(err) == goshawk.Corrupt {
		return damaged{err}
	}
	return err
}
