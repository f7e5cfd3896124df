package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"goshawk"
)

// sealer hands what was begun to the browser that is to finish it: a challenge, an
// authenticator's secret. Nobody can read or change it there, it is of no use for anything else,
// and it ends. So who begins a great many keeps this server from nothing. It is good until the server
// is started again.
type sealer struct {
	aead cipher.AEAD

	mu    sync.Mutex
	spent map[string]time.Time // what was finished, until when it would have been good
}

// How long what was begun can be finished, and how much of it there is at most.
const (
	sealLength = 10 * time.Minute
	mostSealed = 16 << 10
)

func newSealer() *sealer {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // never: the key has a length that AES has
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // never: the block has the length that GCM has
	}
	return &sealer{aead: aead, spent: map[string]time.Time{}}
}

// sealed is what is inside.
type sealed struct {
	ID    string          `json:"id"`
	Until time.Time       `json:"until"`
	Value json.RawMessage `json:"value"`
}

// seal seals a value for a purpose.
func (s *sealer) seal(purpose string, v any, now time.Time) (string, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(sealed{rand.Text(), now.Add(sealLength), value})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, text, []byte(purpose))), nil
}

// open reads into v what was sealed for a purpose, and returns the means to spend it: once, when
// it is finished. What cannot be finished any more is an Invalid error.
func (s *sealer) open(purpose, text string, v any, now time.Time) (spend func() error, err error) {
	bad := goshawk.Errorf(goshawk.Invalid, "this was begun too long ago, or elsewhere").WithHint("begin again")
	if len(text) > mostSealed {
		return nil, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, bad
	}
	plain, err := s.aead.Open(nil, nil, raw, []byte(purpose))
	if err != nil {
		return nil, bad
	}
	var in sealed
	if err := json.Unmarshal(plain, &in); err != nil || !now.Before(in.Until) {
		return nil, bad
	}
	if err := json.Unmarshal(in.Value, v); err != nil {
		return nil, bad
	}
	return func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for id, until := range s.spent {
			if !now.Before(until) {
				delete(s.spent, id)
			}
		}
		if _, twice := s.spent[in.ID]; twice {
			return bad
		}
		s.spent[in.ID] = in.Until
		return nil
	}, nil
}
