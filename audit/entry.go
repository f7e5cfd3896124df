package audit

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"goshawk"
)

// Entry is one thing that somebody did: one row of the audit trail, written in the
// same transaction as what it records. Entries are numbered from 1, without gaps.
type Entry struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"` // to the microsecond, UTC
	Person goshawk.ID      `json:"person,omitempty"`
	Name   string          `json:"name,omitempty"` // as the person was called then
	Agency goshawk.ID      `json:"agency,omitempty"`
	Via    string          `json:"via,omitempty"`  // how they had signed in
	From   string          `json:"from,omitempty"` // network address
	Action string          `json:"action"`         // of identity.Actions, or "console", SignIn or TakeUp
	What   string          `json:"what"`           // in words: "read the case", "signed in"
	Case   goshawk.ID      `json:"case,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"` // what was changed, as it was stored
	// Attests is what it left of rows that no case holds: accounts, agencies, ways to sign in.
	Attests []Row `json:"attests,omitempty" hidden:"true"`
	// Salt keeps a guesser from trying what an entry says against the log.
	Salt [32]byte `json:"-"`
}

// Row is what became of the rows of one key in a table.
type Row struct {
	Table string `json:"table"`
	Key   string `json:"key"`
	// Sum is SHA-256 over the entry's salt and the rows, in hexadecimal; "": there is none any more.
	Sum string `json:"sum"`
}

// Actions of entries that are none of identity.Actions.
const (
	SignIn = "sign-in" // signing in and out, done or failed
	TakeUp = "take-up" // what was there before entries attested rows
)

// Leaf is the commitment to an entry: SHA-256 over its salt and its JSON. It is
// what the log holds of it.
func (e *Entry) Leaf() ([sha256.Size]byte, error) {
	text, err := e.text()
	return commit(e.Salt[:], text), err
}

// text is an entry's JSON, the same at any time.
func (e *Entry) text() ([]byte, error) {
	c := *e
	c.At = c.At.UTC().Truncate(time.Microsecond)
	text, err := json.Marshal(&c)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the audit entry %d cannot be written: %w", e.Seq, err)
	}
	return text, nil
}

func commit(salt, text []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(text)
	return [sha256.Size]byte(h.Sum(nil))
}
