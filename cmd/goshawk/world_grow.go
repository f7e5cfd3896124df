package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/node"
	"goshawk/workbench"
)

// sleep waits for a while or for the context's end.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
	case <-t.C:
		return nil
	}
}

// clock lets a world's time pass.
type clock struct {
	speed float64 // seconds of the world in one; 0: it stands still
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
}

const (
	// shortestSleep lets blocks that come fast be committed together, and
	// longestSleep keeps slow ones within what a duration can hold.
	shortestSleep = 100 * time.Millisecond
	longestSleep  = time.Hour
)

// run grows a chain from a height, at whose block's time it begins, to its last
// block. Times of headers need not ascend: a block comes when its own time and
// those of all before it have come.
func (k clock) run(ctx context.Context, chain *growing, height int32, each func(height int32, present time.Time)) error {
	if k.speed == 0 {
		return nil
	}
	last := chain.blocks.Height()
	_, begin := chain.blocks.At(height)
	start := k.now()
	for height < last {
		present := float64(begin) + k.now().Sub(start).Seconds()*k.speed
		due, wait := height, 0.0
		for due < last {
			_, t := chain.blocks.At(due + 1)
			if wait = (float64(t) - present) / k.speed; wait > 0 {
				break
			}
			due++
		}
		if due > height {
			if err := chain.grow(ctx, due, nil); err != nil {
				return err
			}
			height = due
		}
		next, err := chain.arrive(ctx, present)
		if err != nil {
			return err
		}
		wait = min(wait, (next-present)/k.speed)
		each(height, time.Unix(int64(min(present, math.MaxUint32)), 0))
		if height == last {
			break
		}
		d := longestSleep
		if wait < longestSleep.Seconds() {
			d = max(time.Duration(wait*float64(time.Second)), shortestSleep)
		}
		if err := k.sleep(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// growing is a ledger that grows behind a server, block by block of a world.
type growing struct {
	blocks  *node.Files
	params  *bitcoin.Params
	decoder *bitcoin.Decoder
	block   goshawk.Block
	disk    disk.FS
	ledger  *ledger.Writer
	height  int32 // of the ledger's last block, -1 if it is empty
	server  *node.Server
	log     *slog.Logger

	coming     []node.Waiting // the transactions of the block after comingFrom, by when they are seen
	comingFrom int32          // a height; -1: none is known
	seen       int            // of coming: shown as waiting

	snapshots sync.WaitGroup // that are not closed yet
}

// openGrowing opens the ledger of a world's chain, or makes it.
func openGrowing(folder string, blocks *node.Files, params *bitcoin.Params, login node.Login, log *slog.Logger) (*growing, error) {
	g := &growing{blocks: blocks, params: params, decoder: bitcoin.NewDecoder(params), server: node.NewServer(blocks, params, login, log), log: log, comingFrom: -1}
	var err error
	if g.disk, err = disk.Make(folder); err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot make the ledger's folder: %w", err)
	}
	if g.ledger, err = ledger.OpenWriter(g.disk, ledger.Options{Network: params.Name, Codec: params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()}); err != nil {
		return nil, err
	}
	if err := g.resume(folder); err != nil {
		return nil, errors.Join(err, g.ledger.Close())
	}
	return g, nil
}

// resume learns where the ledger ends, and that it is the world's.
func (g *growing) resume(folder string) error {
	g.height = -1
	n := g.ledger.Blocks()
	if n == 0 {
		return nil
	}
	height, raw, err := g.ledger.Header(n - 1)
	if err != nil {
		return err
	}
	header, err := bitcoin.DecodeHeader(raw)
	if err != nil {
		return err
	}
	if height == int32(n-1) && height <= g.blocks.Height() {
		if hash, _ := g.blocks.At(height); hash == header.Hash {
			g.height = height
			return nil
		}
	}
	return goshawk.Errorf(goshawk.Conflict, "the ledger in %s is not of this world", folder).WithHint("name a new folder for another world's ledger")
}

// grow appends the world's blocks up to a height, makes them durable, and shows
// them. Progress may be nil. What was appended when it is interrupted is durable too.
func (g *growing) grow(ctx context.Context, to int32, progress func(height int32)) error {
	before := g.height
	for g.height < to && ctx.Err() == nil {
		hash, _ := g.blocks.At(g.height + 1)
		raw, err := g.blocks.Block(ctx, hash)
		if err == nil {
			err = g.decoder.Block(raw, &g.block)
		}
		if err == nil {
			g.block.Height = g.height + 1
			err = g.ledger.Append(&g.block)
		}
		if err != nil {
			return goshawk.Errorf(goshawk.CodeOf(err), "block %v at height %d: %w", hash, g.height+1, err).WithHint("'goshawk world verify' says whether the world was changed")
		}
		g.height++
		if progress != nil {
			progress(g.height)
		}
	}
	if g.height > before {
		if err := g.ledger.Commit(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", err)
	}
	return g.show()
}

// arrive shows the transactions of the next block that are seen by a moment of the world, each in no block yet: between
// the times of two blocks those of the second come one after the other, in its order, so that none comes before what it
// spends. It returns when the next one comes; +Inf: none does before the block.
func (g *growing) arrive(ctx context.Context, present float64) (next float64, err error) {
	if g.height < 0 || g.height == g.blocks.Height() {
		return math.Inf(1), nil
	}
	if g.comingFrom != g.height {
		if err := g.await(ctx); err != nil {
			return 0, err
		}
	}
	before := g.seen
	for g.seen < len(g.coming) && seconds(g.coming[g.seen].Since) <= present {
		g.seen++
	}
	if g.seen > before {
		g.server.Wait(g.coming[:g.seen:g.seen])
	}
	if g.seen == len(g.coming) {
		return math.Inf(1), nil
	}
	return seconds(g.coming[g.seen].Since), nil
}

// seconds is a time in seconds since 1970.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// await reads the next block's transactions, and gives each its time.
func (g *growing) await(ctx context.Context) error {
	_, from := g.blocks.At(g.height)
	hash, until := g.blocks.At(g.height + 1)
	raw, err := g.blocks.Block(ctx, hash)
	if err != nil {
		return err
	}
	split, err := bitcoin.SplitBlock(raw)
	if err != nil {
		return err
	}
	g.coming, g.comingFrom, g.seen = nil, g.height, 0
	span := time.Duration(max(until-from, 0)) * time.Second
	for i, tx := range split.Txs[1:] { // the coinbase waits nowhere
		at := time.Unix(from, 0).Add(span / time.Duration(len(split.Txs)) * time.Duration(i+1))
		g.coming = append(g.coming, node.Waiting{ID: tx.ID, Raw: raw[tx.Start:tx.End], Since: at})
	}
	return nil
}

// show makes the last commit what is served.
func (g *growing) show() error {
	r, err := ledger.Open(g.disk, g.params)
	if err != nil {
		return err
	}
	g.snapshots.Add(1)
	g.server.Show(r, func() {
		defer g.snapshots.Done()
		if err := r.Close(); err != nil {
			g.log.Error("a snapshot of the ledger was not closed", "error", err)
		}
	})
	return nil
}

// hide shows nothing any more, and waits for the answers under way.
func (g *growing) hide() {
	g.server.Show(nil, nil)
	g.snapshots.Wait()
}

// close ends the answers and closes the ledger.
func (g *growing) close() error {
	g.hide()
	return g.ledger.Close()
}
