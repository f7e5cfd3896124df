package workbench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// leaveTime is how long a server that ends takes at most to say so.
const leaveTime = 5 * time.Second

// jobs owns the goroutines of a bench: none is begun after it ends, and all are waited for.
type jobs struct {
	mu     sync.Mutex
	ended  bool
	ctx    context.Context //nolint:containedctx // of the bench, from its beginning to its end
	cancel context.CancelFunc
	all    sync.WaitGroup
}

// start begins a goroutine, whose context ends with the bench; false where that has ended.
func (j *jobs) start(f func(context.Context)) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended {
		return false
	}
	if j.cancel == nil {
		j.ctx, j.cancel = context.WithCancel(context.Background())
	}
	j.all.Add(1)
	go func() {
		defer j.all.Done()
		f(j.ctx)
	}()
	return true
}

// end ends all, and waits for them.
func (j *jobs) end() {
	j.mu.Lock()
	j.ended = true
	if j.cancel != nil {
		j.cancel()
	}
	j.mu.Unlock()
	j.all.Wait()
}

// Close ends what the bench does and closes its ledgers. What still reads one keeps it open until it
// lets go.
func (b *Bench) Close() error {
	b.jobs.end()
	var err error
	if b.Server != "" {
		end, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		err = b.Store.Leave(end, b.Server) // so that another goes on at once with what is watched
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, o := range b.open {
		o.now.old = true
		if o.now.users == 0 {
			err = errors.Join(err, o.now.close())
		}
		delete(b.open, id)
	}
	if b.labels != nil {
		outdate(b, b.labels.now)
		b.labels = nil
	}
	return err
}
