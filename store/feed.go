package store

import (
	"slices"
	"sync"

	"goshawk"
)

// feed wakes who waits for changes of a case. What was changed they read themselves: a
// feed that is late or missed, as it is between several servers on one database, loses nothing.
type feed struct {
	mu      sync.Mutex
	waiting map[goshawk.ID][]chan struct{}
}

// Listen returns a channel on which something comes after changes of a case were
// committed through this store: at least once after the last of them, however many
// there were. Who listens says when it ends.
func (s *Store) Listen(c goshawk.ID) (woken <-chan struct{}, end func()) {
	ch := make(chan struct{}, 1)
	f := &s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting == nil {
		f.waiting = map[goshawk.ID][]chan struct{}{}
	}
	f.waiting[c] = append(f.waiting[c], ch)
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		rest := slices.DeleteFunc(f.waiting[c], func(o chan struct{}) bool { return o == ch })
		if len(rest) == 0 {
			delete(f.waiting, c)
			return
		}
		f.waiting[c] = rest
	}
}

// tell wakes who waits for cases. It never waits itself.
func (f *feed) tell(cases []goshawk.ID) {
	if len(cases) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range cases {
		for _, ch := range f.waiting[c] {
			select {
			case ch <- struct{}{}:
			default: // it has not looked yet since the last time
			}
		}
	}
}
