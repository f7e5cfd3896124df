package identity

import (
	"encoding/json"
	"time"

	"goshawk"
)

// Passkey is a WebAuthn credential of a person.
type Passkey struct {
	ID       string          `json:"id"` // of the credential, hexadecimal
	Person   goshawk.ID      `json:"person"`
	Name     string          `json:"name"` // what its owner calls it
	Record   json.RawMessage `json:"-"`    // its public key, counter and flags
	Created  time.Time       `json:"created"`
	Used     time.Time       `json:"used,omitzero"`
	Doubtful bool            `json:"doubtful"` // its counter went back, so that there may be a copy: it signs nobody in
}

// MostPasskeys is how many passkeys one person may have.
const MostPasskeys = 20

// Invitation is a link that lets somebody set up their first way in, or all anew. It is good
// until they have, and for InvitationLength at most.
type Invitation struct {
	Hash    string // SHA-256 of the link's secret, hexadecimal
	Person  goshawk.ID
	Created time.Time
	Ends    time.Time
}

// InvitationLength is how long an invitation is good.
const InvitationLength = 72 * time.Hour

// NewInvitation invites a person, and returns the secret of the link.
func NewInvitation(p goshawk.ID, now time.Time) (i Invitation, secret string) {
	secret, hash := NewSecret()
	return Invitation{Hash: hash, Person: p, Created: now, Ends: now.Add(InvitationLength)}, secret
}

// Live says whether an invitation is still good at a time.
func (i *Invitation) Live(now time.Time) bool { return now.Before(i.Ends) }

// Ways is what somebody can sign in with.
type Ways struct {
	Passkeys int       `json:"passkeys"`
	Password bool      `json:"password"`
	OIDC     bool      `json:"oidc"`             // they did once
	Recovery int       `json:"recovery"`         // codes that are left
	Invited  time.Time `json:"invited,omitzero"` // until when an invitation is good
	Seen     time.Time `json:"seen,omitzero"`    // in any session that has not ended
}

// Any says whether there is any lasting one.
func (w *Ways) Any() bool { return w.Passkeys > 0 || w.Password || w.OIDC }

// Attempts counts how often somebody failed to sign in by something that can be guessed.
type Attempts struct {
	Failed int       // in a row
	Last   time.Time // the last one of them
	Until  time.Time // nobody may try before
}

// How attempts are held up: some are free; then each doubles the wait, up to a most. What
// failed longer ago than forgotten does not count.
const (
	freeAttempts = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	forgotten    = 24 * time.Hour
)

// Locked says whether nobody may try now. A time that is further away than any wait was set by a clock
// that was wrong.
func (a Attempts) Locked(now time.Time) bool {
	return now.Before(a.Until) && a.Until.Sub(now) <= longestWait
}

// Fail returns the attempts after one more failed.
func (a Attempts) Fail(now time.Time) Attempts {
	if now.Sub(a.Last) > forgotten {
		a = Attempts{}
	}
	a.Failed, a.Last, a.Until = a.Failed+1, now, time.Time{}
	if a.Failed >= freeAttempts {
		a.Until = now.Add(min(longestWait, firstWait<<min(a.Failed-freeAttempts, 10)))
	}
	return a
}
