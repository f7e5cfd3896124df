package web

import (
	"net/netip"
	"sync"
	"time"

	"goshawk/identity"
)

// limiter holds up who tries too often. It keeps what it knows in memory, of so many at most:
// who fails by a known account is counted by the store too, where a restart does not help.
type limiter struct {
	mu      sync.Mutex
	places  map[string]*bucket           // by way and network
	unknown map[string]identity.Attempts // by the hash of an account that there is not
	entries bucket                       // of the audit trail
	missed  int64                        // failures without an entry, since the last one
	firsts  bucket                       // tries of the first administrator's code
}

// bucket is how often something may still be done; it fills up again with time.
type bucket struct {
	left float64
	at   time.Time
}

// rate is how often something may be done: so many at once, and one more after each pause.
type rate struct {
	most  float64
	pause time.Duration
}

func placeRate() rate { return rate{20, 15 * time.Second} } // failures from one network
func entryRate() rate { return rate{60, time.Minute} }      // entries about failures: fewer than 1,500 a day
func firstRate() rate { return rate{10, 30 * time.Second} } // tries of the first administrator's code

const mostPlaces = 10_000

func newLimiter() *limiter {
	return &limiter{places: map[string]*bucket{}, unknown: map[string]identity.Attempts{}}
}

// take takes one; false where there is none.
func (b *bucket) take(r rate, now time.Time) bool {
	b.fill(r, now)
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *bucket) fill(r rate, now time.Time) {
	if b.at.IsZero() {
		b.left = r.most
	} else if d := now.Sub(b.at); d > 0 {
		b.left = min(r.most, b.left+d.Seconds()/r.pause.Seconds())
	}
	b.at = now
}

// network is what counts as one place: an address, or, of IPv6, what one household is given.
func network(from string) string {
	at, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	if at = at.Unmap(); at.Is6() {
		if p, err := at.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}

// enter says whether somebody at a place may try a way in, and takes one try from them; back gives it
// back to who succeeds. Each way has tries of its own: who guesses passwords keeps nobody beside them from
// their passkey.
func (l *limiter) enter(via identity.Via, from string, now time.Time) (back func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := string(via) + " " + network(from)
	b := l.places[key]
	if b == nil {
		if len(l.places) >= mostPlaces {
			l.forget(now)
		}
		b = &bucket{}
		l.places[key] = b
	}
	if !b.take(placeRate(), now) {
		return nil, false
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		b.left = min(placeRate().most, b.left+1)
	}, true
}

// forget removes the places that may do everything again; or all, where there are none such.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.places {
		if b.fill(placeRate(), now); b.left >= placeRate().most {
			delete(l.places, key)
		}
	}
	if len(l.places) >= mostPlaces {
		clear(l.places)
	}
}

// stranger returns, and with fail counts, how often somebody tried an account that there is
// not: it is held up as any other.
func (l *limiter) stranger(account string, fail bool, now time.Time) identity.Attempts {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := identity.HashSecret(account)
	a := l.unknown[key]
	if fail {
		if len(l.unknown) >= mostPlaces {
			clear(l.unknown)
		}
		a = a.Fail(now)
		l.unknown[key] = a
	}
	return a
}

// entry says whether a failure gets an entry of the audit trail, and how many before it got none.
func (l *limiter) entry(now time.Time) (missed int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.entries.take(entryRate(), now) {
		l.missed++
		return 0, false
	}
	missed, l.missed = l.missed, 0
	return missed, true
}

// first says whether the first administrator's code may be tried.
func (l *limiter) first(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.firsts.take(firstRate(), now)
}
