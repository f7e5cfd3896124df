package ingest

import (
	"context"
	"runtime"
	"sync"

	"goshawk"
)

// A batch holds consecutive blocks, so that small ones do not each cost a
// change of goroutines.
const (
	batchBlocks = 32
	batchBytes  = 256 << 10
	// maxDecoders bounds the goroutines that decode ahead: more than a ledger
	// can take blocks from.
	maxDecoders = 4
)

// batch is a run of blocks on their way to the ledger. Its memory is reused.
type batch struct {
	todo   []int32 // what to fetch: nodes or heights
	blocks []goshawk.Block
	sizes  []int // bytes of each
	count  int   // blocks that are decoded
	err    error // why there are not as many as todo
	done   chan struct{}
}

// take returns the next block to decode into.
func (b *batch) take() *goshawk.Block {
	if b.count == len(b.blocks) {
		b.blocks = append(b.blocks, goshawk.Block{})
		b.sizes = append(b.sizes, 0)
	}
	return &b.blocks[b.count]
}

// took counts the block that take handed out.
func (b *batch) took(size int) {
	b.sizes[b.count] = size
	b.count++
}

// pipeline lets workers fetch and decode ahead of the one goroutine, the
// caller's, that calls each for batch after batch in order. fill puts the next
// things to fetch into a batch's empty todo; it leaves it empty at the end. It
// is called by the caller's goroutine. pipeline returns when all its goroutines have ended.
func pipeline(ctx context.Context, workers []func(context.Context, *batch), fill func(*batch), each func(*batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	ring := make([]batch, len(workers)+2)
	todo := make(chan *batch, len(ring))
	defer group.Wait()
	defer close(todo)
	defer cancel()
	for _, work := range workers {
		group.Go(func() {
			for b := range todo {
				if ctx.Err() == nil {
					work(ctx, b)
				}
				b.done <- struct{}{}
			}
		})
	}
	for i := range ring {
		ring[i].done = make(chan struct{}, 1)
	}
	for first, pending := 0, 0; ; first, pending = first+1, pending-1 {
		for pending < len(ring) {
			b := &ring[(first+pending)%len(ring)]
			b.todo, b.count, b.err = b.todo[:0], 0, nil
			fill(b)
			if len(b.todo) == 0 {
				break
			}
			todo <- b // has room for the whole ring
			pending++
		}
		if pending == 0 {
			return nil
		}
		b := &ring[first%len(ring)]
		select {
		case <-b.done:
		case <-ctx.Done():
			return interrupted(ctx)
		}
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err := each(b); err != nil {
			return err
		}
	}
}

// decoders says how many goroutines decode ahead.
func (o *Options) decoders() int {
	if o.Decoders > 0 {
		return o.Decoders
	}
	return min(max(runtime.GOMAXPROCS(0)-1, 1), maxDecoders)
}

// appendBatch hands a batch's blocks to the ledger, then reports what kept the
// batch from being whole.
func (r *run) appendBatch(ctx context.Context, b *batch) error {
	for i := range b.count {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err := r.append(&b.blocks[i], b.sizes[i]); err != nil {
			return err
		}
	}
	r.progress(Blocks)
	return b.err
}
