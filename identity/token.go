package identity

import (
	"crypto/rand"
	"time"

	"goshawk"
)

// Token lets a program act for a person, within scopes. Who holds its secret holds
// the token; the store holds the secret's hash.
type Token struct {
	ID      goshawk.ID `json:"id"`
	Hash    string     `json:"-"` // SHA-256 of the secret, hexadecimal
	Person  goshawk.ID `json:"person"`
	Name    string     `json:"name"` // what it is for
	Scopes  []Scope    `json:"scopes" nullable:"false" enum:"read,write,admin"`
	Created time.Time  `json:"created"`
	Ends    time.Time  `json:"ends"`
	Used    time.Time  `json:"used,omitzero"`  // last, to the minute
	From    string     `json:"from,omitempty"` // network address it was last used from
}

// Limits of tokens.
const (
	MostTokens  = 50 // of one person
	TokenLength = 366 * 24 * time.Hour
)

// tokenPrefix lets people and scanners see what a secret is that turns up somewhere.
const tokenPrefix = "goshawk_"

// NewTokenSecret returns a token's secret, of 130 random bits, and its hash.
func NewTokenSecret() (secret, hash string) {
	secret = tokenPrefix + rand.Text()
	return secret, HashSecret(secret)
}

// Live says whether a token is still good at a time.
func (t *Token) Live(now time.Time) bool { return now.Before(t.Ends) }
