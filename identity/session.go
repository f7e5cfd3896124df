package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"goshawk"
)

// Session is somebody's stay, from signing in to signing out. A browser holds its
// secret; the store holds the secret's hash, which signs nobody in.
type Session struct {
	Hash    string     `json:"-"` // SHA-256 of the secret, hexadecimal
	Person  goshawk.ID `json:"person"`
	Via     Via        `json:"via"`
	From    string     `json:"from"`  // network address
	Agent   string     `json:"agent"` // what the browser calls itself
	Created time.Time  `json:"created"`
	Seen    time.Time  `json:"seen"` // to the minute
	Ends    time.Time  `json:"ends"`
	// Proved is when they proved who they are: zero where their agency's identity
	// provider did not say.
	Proved time.Time `json:"proved,omitzero"`
}

// How long a session lasts: at most, and without use; one that is there to set up a
// way in; and how long after signing in one may do what is grave.
const (
	SessionLength = 12 * time.Hour
	SessionIdle   = 2 * time.Hour
	LimitedLength = 30 * time.Minute
	FreshLength   = 15 * time.Minute
)

// NewSession begins somebody's stay, and returns it with its secret.
func NewSession(p *Person, via Via, from, agent string, now, proved time.Time) (s Session, secret string) {
	secret, hash := NewSecret()
	length := SessionLength
	if via.limited() {
		length = LimitedLength
	}
	if len(agent) > 200 {
		agent = strings.ToValidUTF8(agent[:200], "")
	}
	return Session{Hash: hash, Person: p.ID, Via: via, From: from, Agent: agent, Created: now, Seen: now, Ends: now.Add(length), Proved: proved}, secret
}

// Fresh says whether who stays proved who they are a short while ago.
func (s *Session) Fresh(now time.Time) bool {
	age := now.Sub(s.Proved)
	return !s.Proved.IsZero() && age > -time.Minute && age < FreshLength // a clock may be set back, but not far
}

// NewSecret returns a secret that cannot be guessed, of 130 random bits, and its hash.
func NewSecret() (secret, hash string) {
	secret = rand.Text()
	return secret, HashSecret(secret)
}

// HashSecret is what is kept of a secret.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Live says whether a session is still good at a time.
func (s *Session) Live(now time.Time) bool {
	return now.Before(s.Ends) && now.Before(s.Seen.Add(SessionIdle))
}
