package ingest

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"sync/atomic"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// FromNode brings a node's chain to a ledger through its JSON-RPC. Blocks are
// fetched and decoded ahead, a bounded number at a time, and checked as those of
// files are. The node decides which branch wins: where the ledger's end is not
// on the node's chain, the ledger goes back to their common ancestor; where the
// node is merely behind, nothing is done.
//
// With Options.Follow it goes on until the context is cancelled, also through
// the node's absences, which it tells as warnings.
func FromNode(ctx context.Context, to Appender, node *Node, opts Options) (Summary, error) {
	if opts.Partial {
		return Summary{Height: -1}, goshawk.Errorf(goshawk.Unsupported, "a node gives its whole chain, not single blocks").
			WithHint("leave out --partial; to begin late use --from-height N")
	}
	r, err := newRun(to, opts)
	if err != nil {
		return Summary{Height: -1}, err
	}
	s := &nodeSource{run: r, node: node}
	s.ahead.Store(4)
	if err := s.checkNetwork(ctx); err != nil {
		return r.finish(err)
	}
	for moved, absent := 0, false; ; {
		err := s.sync(ctx)
		switch {
		case err == nil:
			moved, absent = 0, false
		case errors.Is(err, errMoved):
			// The node changed branches meanwhile: at once again, but not for ever.
			if moved++; moved < 10 {
				continue
			}
			if !opts.Follow {
				return r.finish(err)
			}
		case opts.Follow && goshawk.CodeOf(err) == goshawk.Unavailable && !s.broken:
			if !absent {
				r.warn("", 0, "%v; trying again", err)
			}
			absent = true
		default:
			return r.finish(err)
		}
		if !opts.Follow {
			return r.finish(nil)
		}
		if err := r.commit(); err != nil {
			return r.finish(err)
		}
		r.progress(CaughtUp)
		if err := wait(ctx, r.opts.Poll); err != nil {
			return r.finish(err)
		}
	}
}

// errMoved says that the node's chain changed while it was being read.
var errMoved = goshawk.Errorf(goshawk.Unavailable, "the node changes its chain faster than it can be read").WithHint("run the command again to go on")

// nodeSource reads a node's chain.
type nodeSource struct {
	run   *run
	node  *Node
	ahead atomic.Int32 // blocks to ask for at once
	// broken says that the ledger failed, not the node.
	broken bool
}

// chainInfo is the part of getblockchaininfo that is used.
type chainInfo struct {
	Blocks      int32        `json:"blocks"`
	Best        goshawk.Hash `json:"bestblockhash"`
	Pruned      bool         `json:"pruned"`
	PruneHeight int32        `json:"pruneheight"`
}

func (s *nodeSource) checkNetwork(ctx context.Context) error {
	p := s.run.opts.Params
	var genesis goshawk.Hash
	if err := s.node.get(ctx, &genesis, "getblockhash", 0); err != nil {
		return err
	}
	if genesis == p.Genesis {
		return nil
	}
	err := goshawk.Errorf(goshawk.Invalid, "the node's chain begins with block %s, so it is not %s", genesis, p.Name)
	for _, other := range bitcoin.Networks() {
		if other.Genesis == genesis {
			return err.WithHint("it is a node of %s: use --network %s", other.Name, other.Name)
		}
	}
	return err.WithHint("choose another node or --network")
}

// sync brings the ledger to the node's best block.
func (s *nodeSource) sync(ctx context.Context) error {
	r := s.run
	if r.blocks > 0 {
		var best goshawk.Hash
		if err := s.node.get(ctx, &best, "getbestblockhash"); err != nil {
			return err
		}
		if best == r.tip {
			return nil
		}
	}
	var info chainInfo
	if err := s.node.get(ctx, &info, "getblockchaininfo"); err != nil {
		return err
	}
	if info.Blocks < 0 || info.Blocks == math.MaxInt32 {
		return goshawk.Errorf(goshawk.Corrupt, "the node says that its height is %d", info.Blocks)
	}
	from := r.opts.FromHeight
	if r.blocks > 0 {
		common, err := s.common(ctx, info.Blocks)
		if err != nil {
			return err
		}
		if common == info.Blocks {
			return nil // the node is behind
		}
		if common < r.height {
			if err := s.rollback(common); err != nil {
				return err
			}
		}
		from = common + 1
	} else if info.Blocks < from {
		if r.opts.Follow {
			return nil
		}
		return goshawk.Errorf(goshawk.Invalid, "the node's chain ends at height %d, below the start height %d", info.Blocks, from).
			WithHint("choose a lower --from-height, or let the node catch up")
	}
	if info.Pruned && info.PruneHeight > from {
		return goshawk.Errorf(goshawk.Unsupported, "the node has thrown away the blocks below height %d, and height %d is needed", info.PruneHeight, from).
			WithHint("use a node that is not pruned, or start a new ledger with --from-height %d", info.PruneHeight)
	}
	return s.fetch(ctx, from, info.Blocks)
}

func (s *nodeSource) rollback(height int32) error {
	err := s.run.rollback(height)
	s.broken = err != nil
	return err
}

// common returns the height of the last block that the ledger and the node's
// chain of a height share.
func (s *nodeSource) common(ctx context.Context, top int32) (int32, error) {
	r := s.run
	start, _, err := r.to.Header(0)
	if err != nil {
		return 0, err
	}
	for high, step := min(top, r.height), int32(1); high >= start; high, step = high-step, min(2*step, 128) {
		low := max(start, high-step+1)
		hashes, err := s.hashes(ctx, low, high)
		if err != nil {
			return 0, err
		}
		for h := high; h >= low; h-- {
			_, raw, err := r.to.Header(int(h - start))
			if err != nil {
				return 0, err
			}
			header, err := bitcoin.DecodeHeader(raw)
			if err != nil {
				return 0, err
			}
			if header.Hash == hashes[h-low] {
				return h, nil
			}
		}
	}
	return 0, goshawk.Errorf(goshawk.Conflict, "the node's chain shares no block with the ledger").
		WithHint("use the node that the ledger was built from, or ingest into a new folder")
}

// hashes asks for the hashes of the node's blocks from low to high.
func (s *nodeSource) hashes(ctx context.Context, low, high int32) ([]goshawk.Hash, error) {
	calls := make([]*call, 0, high-low+1)
	for h := low; h <= high; h++ {
		calls = append(calls, &call{method: "getblockhash", params: []any{h}})
	}
	if err := s.node.do(ctx, calls...); err != nil {
		return nil, err
	}
	hashes := make([]goshawk.Hash, len(calls))
	for i, c := range calls {
		if c.err != nil && (c.err.Code == rpcOutOfRange || c.err.Code == rpcMisc) {
			return nil, errMoved // its chain has become shorter
		}
		if err := c.read(&hashes[i]); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// fetch appends the node's blocks from one height to another.
func (s *nodeSource) fetch(ctx context.Context, from, to int32) error {
	r := s.run
	r.done.TotalBlocks = r.done.Blocks + int64(to-from) + 1
	workers := make([]func(context.Context, *batch), max(r.opts.decoders(), fetchers))
	for i := range workers {
		w := &nodeReader{source: s, decoder: bitcoin.NewDecoder(r.opts.Params)}
		workers[i] = w.work
	}
	return pipeline(ctx, workers, func(b *batch) {
		for n := s.ahead.Load(); n > 0 && from <= to; n, from = n-1, from+1 {
			b.todo = append(b.todo, from)
		}
	}, func(b *batch) error {
		for i := range b.count {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			if r.blocks > 0 && b.blocks[i].Parent != r.tip {
				return errMoved
			}
			if err := r.append(&b.blocks[i], b.sizes[i]); err != nil {
				s.broken = true
				if code := goshawk.CodeOf(err); code == goshawk.Corrupt {
					err = goshawk.Errorf(code, "the node at %s: %w", s.node.endpoint, err)
				}
				return err
			}
		}
		r.progress(Blocks)
		return b.err
	})
}

// nodeReader fetches and decodes blocks for one goroutine.
type nodeReader struct {
	source  *nodeSource
	decoder *bitcoin.Decoder
	raw     []byte
	scratch bitcoin.Scratch
}

const (
	// fetchers is how many requests are at least under way at a time: while the
	// node works on one, another is decoded.
	fetchers = 3
	// Answers of such sizes are worth more blocks at once, or fewer.
	smallAnswer = 1 << 19
	largeAnswer = 4 << 20
)

// work fetches a batch. The heights in todo are consecutive.
func (w *nodeReader) work(ctx context.Context, b *batch) {
	hashes, err := w.source.hashes(ctx, b.todo[0], b.todo[len(b.todo)-1])
	if err != nil {
		b.err = err
		return
	}
	// Verbosity 3 tells of the coins that a block spends; 0 is its bare bytes.
	verbosity := 0
	if w.source.run.late {
		verbosity = 3
	}
	calls := make([]*call, len(hashes))
	for i, h := range hashes {
		calls[i] = &call{method: "getblock", params: []any{h, verbosity}}
	}
	err = w.source.node.do(ctx, calls...)
	if errors.Is(err, errTooLarge) && len(calls) > 1 {
		w.source.ahead.Store(1)
		for _, c := range calls {
			if err = w.source.node.do(ctx, c); err != nil {
				break
			}
		}
	}
	if err != nil {
		b.err = err
		return
	}
	size := 0
	for i, c := range calls {
		size += len(c.result)
		if b.err = w.decode(c, hashes[i], b.todo[i], b); b.err != nil {
			return
		}
	}
	switch {
	case size < smallAnswer && len(calls) == int(w.source.ahead.Load()):
		w.source.ahead.Store(min(int32(2*len(calls)), batchBlocks))
	case size > largeAnswer && len(calls) > 1:
		w.source.ahead.Store(int32(len(calls) / 2))
	}
}

// decode takes one block from an answer.
func (w *nodeReader) decode(c *call, hash goshawk.Hash, height int32, b *batch) error {
	if c.err != nil {
		if c.err.Code == rpcNotFound {
			return errMoved
		}
		return c.refusal()
	}
	into := b.take()
	var verbose *verboseBlock
	var err error
	if w.source.run.late {
		if verbose, err = readVerbose(c.result); err == nil {
			w.raw, err = verbose.appendRaw(w.raw[:0])
		}
	} else {
		w.raw, err = unhex(w.raw[:0], c.result)
	}
	if err == nil {
		err = w.decoder.Block(w.raw, into)
	}
	if err == nil && into.Hash != hash {
		err = goshawk.Errorf(goshawk.Corrupt, "another block, %s, came in its place", into.Hash)
	}
	if err == nil && verbose != nil {
		into.Height = height
		if err = verbose.setCoins(into, w.source.run.opts.Params, &w.scratch); err == nil {
			err = checkCoins(into, w.source.run.opts.Params.MaxMoney)
		}
	}
	if err != nil {
		code := goshawk.CodeOf(err)
		if code == "" {
			code = goshawk.Corrupt
		}
		return goshawk.Errorf(code, "the answer of the node at %s for block %s at height %d cannot be used: %w", w.source.node.endpoint, hash, height, err)
	}
	into.Height = height
	b.took(len(w.raw))
	return nil
}

// unhex reads a JSON string of hexadecimal digits.
func unhex(dst, quoted []byte) ([]byte, error) {
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return dst, goshawk.Errorf(goshawk.Corrupt, "it is not a string of hexadecimal digits")
	}
	dst, err := hex.AppendDecode(dst, quoted[1:len(quoted)-1])
	if err != nil {
		return dst, goshawk.Errorf(goshawk.Corrupt, "it is not a string of hexadecimal digits: %w", err)
	}
	return dst, nil
}
