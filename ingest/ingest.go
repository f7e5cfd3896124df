package ingest

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Appender is what a ledger's writer offers to ingest. Its methods are called
// from one goroutine at a time.
type Appender interface {
	// Blocks returns how many blocks the ledger holds.
	Blocks() int

	// Header returns the height (-1 where it is not known) and the header's own
	// bytes of block i, counted from 0 in the order in which they were appended.
	// The bytes are valid until the next call of any method.
	Header(i int) (height int32, header []byte, err error)

	// Append adds a block after the last one. Unless the ledger is partial, its
	// Parent is the last block's Hash and its Height one more than that block's;
	// the first block may have any height. The caller reuses the block after
	// Append returns. Append may make durable what it holds as often as it sees
	// fit.
	Append(b *goshawk.Block) error

	// Rollback removes every block above a height; a height below the first
	// block's empties the ledger. A Conflict error says that the ledger cannot
	// go back so far, and then nothing was removed.
	Rollback(height int32) error

	// Commit makes everything appended or removed so far durable: a later ingest
	// resumes from here. It is called before ingest returns, also after an error
	// (its own and Append's included), and whenever a follower has caught up;
	// not where nothing changed.
	Commit() error
}

// Options says how to ingest. Params is needed, all else may be zero.
type Options struct {
	Params *bitcoin.Params

	// FromHeight starts an empty ledger at this height instead of genesis. The
	// coins that its blocks spend are then taken from the node's own record of
	// them: undo files, or the verbose form of its blocks. A ledger that began
	// late needs no FromHeight to go on.
	FromHeight int32

	// Partial accepts blocks without their parents. Blocks whose height nobody
	// knows have height -1. It must be the ledger's own mode, run after run.
	Partial bool

	// Follow goes on until the context is cancelled, asking for new blocks
	// every Poll (2 seconds if zero).
	Follow bool
	Poll   time.Duration

	// Decoders is the number of goroutines that read and decode ahead; 0 means
	// one less than the processors, at least 1 and at most 4.
	Decoders int

	// Progress, unless nil, is called after every few blocks.
	Progress func(Progress)

	// Warn, unless nil, is called with each warning that Summary keeps, as it is found.
	Warn func(Warning)
}

// Progress says how far an ingest has come.
type Progress struct {
	Stage        Stage
	Blocks       int64 // done in this run
	Transactions int64
	Bytes        int64
	TotalBlocks  int64 // to do in this run, as far as known; may grow
	TotalBytes   int64 // 0 where the source cannot say
	Height       int32 // of the last block; -1 where it is not known
}

// Stage names what an ingest is doing.
type Stage string

const (
	Headers  Stage = "headers"  // reading headers; Bytes counts file bytes passed over
	Blocks   Stage = "blocks"   // appending blocks
	CaughtUp Stage = "caughtup" // a follower is waiting for new blocks
)

// Summary says what an ingest did. It is filled as far as it came when an error
// is returned beside it.
type Summary struct {
	Blocks       int64     // appended
	Transactions int64     // appended
	Known        int64     // met, and already held or met before
	KnownFrom    int32     // the least height of these; -1 where none is known
	KnownTo      int32     // the greatest
	Stale        int64     // left out because their branch has less work
	Unconnected  int64     // left out because their parent is nowhere, though they may be the chain's
	Reorganised  int64     // removed from the ledger because their branch lost
	Height       int32     // of the ledger's last block; -1 where it is empty or not known
	Warnings     []Warning // the first 1,000
	MoreWarnings int64     // how many there were beyond
}

// Warning tells of something that was passed over.
type Warning struct {
	File    string // base name; empty where no file is concerned
	Offset  int64  // byte in that file
	Message string
}

// String names the file and the byte before the message.
func (w Warning) String() string {
	if w.File == "" {
		return w.Message
	}
	return fmt.Sprintf("%s: byte %d: %s", w.File, w.Offset, w.Message)
}

const (
	// keptWarnings bounds Summary.Warnings.
	keptWarnings = 1000
	defaultPoll  = 2 * time.Second
)

// run is the state that every source shares.
type run struct {
	to      Appender
	opts    Options
	summary Summary
	done    Progress
	tip     goshawk.Hash // of the ledger's last block
	height  int32
	blocks  int  // held by the ledger
	late    bool // it does not begin at genesis
	dirty   bool // something was appended or removed since the last commit
}

func newRun(to Appender, opts Options) (*run, error) {
	if opts.Params == nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "no network was named").WithHint("name one with --network")
	}
	if opts.Partial && opts.FromHeight > 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "a start height and partial blocks exclude each other").
			WithHint("use --from-height for a chain without its beginning, --partial for single blocks")
	}
	if opts.FromHeight < 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "%d is not a start height", opts.FromHeight).WithHint("heights count from 0")
	}
	if opts.Poll <= 0 {
		opts.Poll = defaultPoll
	}
	r := &run{to: to, opts: opts, height: -1, late: opts.FromHeight > 0}
	r.summary.Height, r.summary.KnownFrom, r.summary.KnownTo = -1, -1, -1
	if err := r.readTip(); err != nil {
		return nil, err
	}
	for _, pair := range opts.Params.Overwritten {
		if r.blocks == 0 && pair[0] < opts.FromHeight && opts.FromHeight <= pair[1] {
			r.warn("", 0, "the coinbase of block %d has the transaction id of that of block %d, and overwrote it; a ledger that starts between them holds the later one only, and cannot tell that there were two", pair[1], pair[0])
		}
	}
	return r, nil
}

// readTip learns where the ledger ends.
func (r *run) readTip() error {
	r.blocks, r.height, r.tip = r.to.Blocks(), -1, goshawk.Hash{}
	if r.blocks == 0 {
		return nil
	}
	height, header, err := r.to.Header(r.blocks - 1)
	if err != nil {
		return err
	}
	h, err := bitcoin.DecodeHeader(header)
	if err != nil {
		return err
	}
	r.height, r.tip, r.summary.Height = height, h.Hash, height
	if !r.opts.Partial {
		first, _, err := r.to.Header(0)
		if err != nil {
			return err
		}
		r.late = first > 0
	}
	return nil
}

func (r *run) warn(file string, offset int64, format string, args ...any) {
	w := Warning{File: filepath.Base(file), Offset: offset, Message: fmt.Sprintf(format, args...)}
	if file == "" {
		w.File = ""
	}
	if len(r.summary.Warnings) == keptWarnings {
		r.summary.MoreWarnings++
		return
	}
	r.summary.Warnings = append(r.summary.Warnings, w)
	if r.opts.Warn != nil {
		r.opts.Warn(w)
	}
}

func (r *run) progress(stage Stage) {
	if r.opts.Progress != nil {
		r.done.Stage = stage
		r.opts.Progress(r.done)
	}
}

// append hands a block to the ledger after checking that it follows the last.
func (r *run) append(b *goshawk.Block, size int) error {
	if !r.opts.Partial && r.blocks > 0 && (b.Parent != r.tip || b.Height != r.height+1) {
		return goshawk.Errorf(goshawk.Conflict, "block %s at height %d does not follow block %s at height %d", b.Hash, b.Height, r.tip, r.height)
	}
	r.dirty = true
	if err := r.to.Append(b); err != nil {
		return err
	}
	r.tip, r.height = b.Hash, b.Height
	r.blocks++
	r.summary.Blocks++
	r.summary.Transactions += int64(len(b.Txs))
	r.summary.Height = b.Height
	r.done.Blocks++
	r.done.Transactions += int64(len(b.Txs))
	r.done.Bytes += int64(size)
	r.done.Height = b.Height
	return nil
}

// rollback removes the ledger's blocks above a height.
func (r *run) rollback(height int32) error {
	before := r.blocks
	if err := r.to.Rollback(height); err != nil {
		return goshawk.Errorf(goshawk.CodeOf(err), "the best chain leaves the ledger's own at height %d, %d blocks below its end: %w", height, r.height-height, err).
			WithHint("%s", rollbackHint(err))
	}
	r.dirty = true
	if err := r.readTip(); err != nil {
		return err
	}
	r.summary.Reorganised += int64(before - r.blocks)
	r.done.Height = r.height
	return nil
}

func rollbackHint(err error) string {
	if hint := goshawk.HintOf(err); hint != "" {
		return hint
	}
	return "check that the source is the chain that this ledger was built from; if it is, ingest it into a new folder"
}

// commit makes durable what was appended.
func (r *run) commit() error {
	if !r.dirty {
		return nil
	}
	r.dirty = false
	return r.to.Commit()
}

// finish commits what was appended, whatever ended the run.
func (r *run) finish(err error) (Summary, error) {
	if e := r.commit(); e != nil && err == nil {
		err = e
	}
	return r.summary, err
}

// interrupted turns a context's end into an error that says how to go on.
func interrupted(ctx context.Context) error {
	return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx)).WithHint("run the same command again to go on")
}

// wait sleeps until the next poll or the context's end.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return interrupted(ctx)
	case <-t.C:
		return nil
	}
}
