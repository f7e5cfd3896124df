package workbench

import (
	"context"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/identity"
	"goshawk/ledger"
)

// Checked is what a check of a ledger's bytes found.
type Checked struct {
	At      time.Time `json:"at"`
	Running bool      `json:"running,omitempty"`
	Part    float64   `json:"part,omitempty" doc:"of a check that runs, from 0 to 1"`
	Faults  []string  `json:"faults,omitempty"`
	Failed  string    `json:"failed,omitempty" doc:"why it could not be checked"`
}

// checking is a check that runs or ran; under the bench's lock.
type checking struct{ Checked }

func (b *Bench) lastCheck(id goshawk.ID) *Checked {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.checked[id]
	if c == nil {
		return nil
	}
	copied := c.Checked
	return &copied
}

// Check begins to verify all of a ledger's bytes; List says what was found. One check of a ledger
// runs at a time.
func (b *Bench) Check(ctx context.Context, s *identity.Subject, id goshawk.ID) error {
	if err := identity.May(s, identity.ManageServer, nil); err != nil {
		return err
	}
	places, err := b.places(ctx)
	if err != nil {
		return err
	}
	place, ok := places[id]
	if !ok {
		return goshawk.Errorf(goshawk.NotFound, "the server has no ledger %q", id)
	}
	d, name, err := Folder(place.Path)
	if err != nil {
		return err
	}
	params, err := bitcoin.Lookup(name)
	if err != nil {
		return err
	}
	c := &checking{Checked{At: b.Now(), Running: true}}
	b.mu.Lock()
	if was := b.checked[id]; was != nil && was.Running {
		b.mu.Unlock()
		return goshawk.Errorf(goshawk.Busy, "the ledger is being checked").WithHint("wait until that ends")
	}
	if b.checked == nil {
		b.checked = map[goshawk.ID]*checking{}
	}
	b.checked[id] = c
	b.mu.Unlock()
	started := b.jobs.start(func(ctx context.Context) {
		r, err := ledger.Check(ctx, d, params, func(part float64) {
			b.mu.Lock()
			defer b.mu.Unlock()
			c.Part = part
		})
		b.mu.Lock()
		defer b.mu.Unlock()
		c.Running, c.Part = false, 0
		if err != nil {
			c.Failed = err.Error()
			return
		}
		for i, f := range r.Faults {
			if i == 20 {
				c.Faults = append(c.Faults, "…")
				break
			}
			c.Faults = append(c.Faults, f.String())
		}
	})
	if !started {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.checked, id)
		return errEnding()
	}
	return nil
}

func errEnding() error {
	return goshawk.Errorf(goshawk.Unavailable, "the server ends").WithHint("ask again when it runs")
}
