package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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
}

// How long a session lasts: at most, and without use.
const (
	SessionLength = 12 * time.Hour
	SessionIdle   = 2 * time.Hour
)

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
