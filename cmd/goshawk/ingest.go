package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/workbench"
)

func runIngest(ctx context.Context, t *terminal, c *command) (err error) {
	dir := c.String("ledger", "", "`DIR` of the ledger; made if it is not there")
	network := c.String("network", "", "`NAME` of the network: "+networkNames()+" (an existing ledger knows its own)")
	from := c.Int("from-height", 0, "start a new ledger at height `N`; needs the node's rev*.dat files, or --rpc")
	partial := c.Bool("partial", false, "take single blocks without their parents; inputs may stay unresolved")
	follow := c.Bool("follow", false, "go on with new blocks until interrupted (Ctrl-C), which then is no failure")
	rpc := c.String("rpc", "", "`URL` of a node's JSON-RPC, in place of files: http://USER:PASSWORD@HOST:PORT")
	user := c.String("rpc-user", "", "`NAME` for the node's JSON-RPC")
	password := c.String("rpc-password", "", "`PASSWORD` for it; better set as GOSHAWK_RPC_PASSWORD")
	cookie := c.String("rpc-cookie", "", "`FILE` with the node's cookie, in place of name and password")
	memory := c.Int("memory", 64, "`MB` of rows to gather before they are written out; the process takes about nine times as much")
	c.alternatives("rpc", anArgument)
	c.alternatives("rpc", "partial")
	c.alternatives("from-height", "partial")
	c.alternatives("rpc-cookie", "rpc-user")
	if err := c.parse(0, -1); err != nil {
		return err
	}
	switch {
	case *dir == "":
		return badUsage("say where the ledger is to be: --ledger DIR")
	case *rpc == "" && len(c.args) == 0:
		return badUsage("say what to read: block files or a node's blocks folder, or --rpc URL")
	case *rpc != "" && len(c.args) > 0:
		return badUsage("--rpc and files exclude each other")
	case *rpc != "" && *partial:
		return badUsage("--partial is for single block files; a node has the parents of its blocks")
	case *from < 0 || *from > 1<<30:
		return badUsage("--from-height cannot be %d", *from)
	case *from > 0 && *partial:
		return badUsage("--from-height and --partial exclude each other")
	case *memory < 1 || *memory > 1<<20:
		return badUsage("--memory cannot be %d: it must be from 1 to a million", *memory)
	}
	var node *ingest.Node
	if *rpc == "" {
		err = c.refuse("is about a node (--rpc), and files are named", "rpc-user", "rpc-password", "rpc-cookie")
	} else {
		node, err = ingest.NewNode(ingest.NodeOptions{URL: *rpc, User: *user, Password: *password, CookieFile: *cookie})
	}
	if err != nil {
		return err
	}
	if *network != "" {
		if _, err := bitcoin.Lookup(*network); err != nil {
			return err
		}
	}
	fsys, err := disk.Make(*dir)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the ledger's folder: %w", err)
	}
	known, err := ledger.Network(fsys)
	if err != nil && goshawk.CodeOf(err) != goshawk.NotFound {
		return err
	}
	switch {
	case *network == "" && known == "" && beingMade(fsys):
		return goshawk.Errorf(goshawk.Locked, "another program is writing the first blocks of this ledger").
			WithHint("wait until it ends; reading is possible as soon as they are written")
	case *network == "" && known == "":
		return badUsage("say which chain this is: --network NAME, one of %s", networkNames())
	case *network == "":
		*network = known
	case known != "" && *network != known && c.given["network"]:
		return badUsage("--network %s and --ledger contradict each other: the ledger is of %s", *network, known).
			WithHint("use another folder for another ledger")
	case known != "":
		*network = known
	}
	params, err := bitcoin.Lookup(*network)
	if err != nil {
		return err
	}
	// Large arrays come and go, and hold no pointers: collecting them early
	// costs little, and halves the memory that waits to be collected.
	debug.SetGCPercent(50)
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: params.Name, Codec: params, Start: int32(*from), Partial: *partial,
		Join: workbench.Joiner(), Rule: workbench.ClusterRule(), Memory: *memory << 20})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()

	progress := newBar(c)
	following := false
	opts := ingest.Options{Params: params, FromHeight: int32(*from), Partial: *partial, Follow: *follow,
		Progress: func(p ingest.Progress) {
			following = following || p.Stage == ingest.CaughtUp
			showIngest(progress, p)
		},
		Warn: func(w ingest.Warning) {
			progress.clear()
			c.say("warning: %s", w)
		}}
	var s ingest.Summary
	if node != nil {
		s, err = ingest.FromNode(ctx, w, node, opts)
	} else {
		s, err = ingest.FromFiles(ctx, w, ingest.OS(), c.args, opts)
	}
	progress.clear()
	if following && goshawk.CodeOf(err) == goshawk.Interrupted {
		err = nil // how following ends: all that was read is committed
	}
	if err == nil || s.Blocks > 0 {
		kept, ok := w.Committed()
		c.say("%s", ingested(s, kept, ok))
	}
	return err
}

// beingMade says whether somebody else writes to a ledger of which nothing is
// committed yet: not even its network can be read.
func beingMade(fsys *disk.Dir) bool {
	if _, err := fsys.Size(workbench.LedgerLock); err != nil {
		return false
	}
	lock, err := fsys.Lock(workbench.LedgerLock)
	if err == nil {
		err = lock.Close()
	}
	return errors.Is(err, disk.ErrLocked)
}

// knownAlready says which blocks were met again.
func knownAlready(s ingest.Summary) string {
	words := goshawk.Count(s.Known, "block", "blocks") + " known already"
	switch {
	case s.KnownFrom < 0:
		return words
	case s.KnownFrom == s.KnownTo:
		return fmt.Sprintf("%s (height %d)", words, s.KnownFrom)
	}
	return fmt.Sprintf("%s (heights %d to %d)", words, s.KnownFrom, s.KnownTo)
}

func networkNames() string {
	var names []string
	for _, p := range bitcoin.Networks() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

func showIngest(b *bar, p ingest.Progress) {
	part := -1.0
	if p.TotalBytes > 0 {
		part = float64(p.Bytes) / float64(p.TotalBytes)
	} else if p.TotalBlocks > 0 {
		part = float64(p.Blocks) / float64(p.TotalBlocks)
	}
	b.enter(string(p.Stage), part, p.Transactions)
	switch p.Stage {
	case ingest.Headers:
		b.update(part, "reading headers, "+goshawk.Count(p.TotalBlocks, "block", "blocks"))
	case ingest.CaughtUp:
		b.update(-1, fmt.Sprintf("waiting for blocks after height %d", p.Height))
	default:
		b.update(part, fmt.Sprintf("height %d, %s, %.0f a second", p.Height, goshawk.Count(p.Transactions, "transaction", "transactions"), b.rate(p.Transactions)))
	}
}

// ingested says what an ingest did, and up to which height it is kept: after a
// failed write that is less.
func ingested(s ingest.Summary, kept int32, ok bool) string {
	var b strings.Builder
	switch {
	case s.Blocks == 0:
		b.WriteString("Nothing new.")
	case !ok:
		return fmt.Sprintf("%s could be read, and none could be written.", goshawk.Count(s.Blocks, "block", "blocks"))
	case kept < s.Height:
		return fmt.Sprintf("%s could be read, and not all could be written: the ledger ends at height %d.", goshawk.Count(s.Blocks, "block", "blocks"), kept)
	default:
		fmt.Fprintf(&b, "%s with %s added.", goshawk.Count(s.Blocks, "block", "blocks"), goshawk.Count(s.Transactions, "transaction", "transactions"))
	}
	if s.Known > 0 {
		fmt.Fprintf(&b, " %s.", knownAlready(s))
	}
	for _, part := range []struct {
		n    int64
		what string
	}{
		{s.Stale, "on branches with less work, left out"},
		{s.Unconnected, "that do not connect, left out"}, {s.Reorganised, "taken back because their branch lost"},
	} {
		if part.n > 0 {
			fmt.Fprintf(&b, " %d %s.", part.n, part.what)
		}
	}
	if s.Height >= 0 {
		fmt.Fprintf(&b, " The ledger ends at height %d.", s.Height)
	}
	return b.String()
}
