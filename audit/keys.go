package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"goshawk"
)

// Key is one of the keys that a log's checkpoints were signed with, in turn.
type Key struct {
	Verifier string `json:"verifier"` // vkey of C2SP signed-note: public
	From     uint64 `json:"from"`     // size of the log when it began to sign
	// Handover is the checkpoint with which it took over, signed by it and by the key
	// before it; empty for the first.
	Handover string `json:"handover,omitempty"`
}

// keysName is the public list of keys, oldest first; secretName holds the one that signs.
const (
	keysName   = "keys.json"
	secretName = "secret.key"
	nextName   = "next.key" // a secret key that is about to take over
	logName    = "log"
)

// readKeys reads the list of keys of a folder.
func readKeys(dir string) ([]Key, error) {
	text, err := os.ReadFile(filepath.Join(dir, keysName))
	if err != nil {
		return nil, err
	}
	var keys []Key
	if err := json.Unmarshal(text, &keys); err != nil || len(keys) == 0 {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the list of the log's keys, %s, is damaged", filepath.Join(dir, keysName)).WithHint("bring it back from a backup")
	}
	return keys, nil
}

// signer reads the key that signs, and makes the first one where there is none.
func signer(dir string) (note.Signer, error) {
	if err := takeOver(dir); err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(filepath.Join(dir, secretName))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, keysName)); err == nil || exists(dir) {
			return nil, goshawk.Errorf(goshawk.NotFound, "the log's secret key, %s, is gone", filepath.Join(dir, secretName)).WithHint("bring it back from a backup: without it nothing can be added to the log")
		}
		name := "goshawk-" + strings.ToLower(rand.Text()[:12])
		skey, vkey, err := note.GenerateKey(rand.Reader, name)
		if err != nil {
			return nil, err
		}
		// The list last: a folder with it has the secret.
		if err := replace(dir, secretName, []byte(skey), 0o600); err != nil {
			return nil, err
		}
		if err := writeKeys(dir, []Key{{Verifier: vkey}}); err != nil {
			return nil, err
		}
		return note.NewSigner(skey)
	}
	if err != nil {
		return nil, err
	}
	s, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the log's secret key is damaged: %w", err).WithHint("bring it back from a backup")
	}
	if _, err := os.Stat(filepath.Join(dir, keysName)); errors.Is(err, fs.ErrNotExist) {
		if exists(dir) { // which this key has signed: it is not thrown away
			return nil, goshawk.Errorf(goshawk.NotFound, "the list of the log's keys, %s, is gone", filepath.Join(dir, keysName)).WithHint("bring it back from a backup: without it nobody can verify the log")
		}
		// A kill between the two files.
		if err := os.Remove(filepath.Join(dir, secretName)); err != nil {
			return nil, err
		}
		return signer(dir)
	}
	return s, nil
}

// takeOver ends a rotation that a kill has interrupted: the list of keys decides.
func takeOver(dir string) error {
	next := filepath.Join(dir, nextName)
	secret, err := os.ReadFile(next)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	keys, err := readKeys(dir)
	if err != nil {
		return err
	}
	s, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return os.Remove(next) // half written
	}
	v, err := note.NewVerifier(keys[len(keys)-1].Verifier)
	if err != nil {
		return err
	}
	if s.KeyHash() != v.KeyHash() {
		return os.Remove(next) // it never signed alone
	}
	return os.Rename(next, filepath.Join(dir, secretName))
}

// Rotate has a new key sign the log from now on. The entry that says so must be in
// the trail: the checkpoint that is the first to cover it is signed by both keys.
// No server may be running.
func Rotate(ctx context.Context, dir string, trail Trail) (*Key, error) {
	old, err := signer(dir)
	if err != nil {
		return nil, err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, old.Name())
	if err != nil {
		return nil, err
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	if err := replace(dir, nextName, []byte(skey), 0o600); err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot write the new key: %w", err)
	}
	l, err := open(ctx, dir, old, s)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(l.CatchUp(ctx, trail), l.Close()); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, logName, "checkpoint"))
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	cp, _, _, err := log.ParseCheckpoint(text, old.Name(), v)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Conflict, "the log has no entry that says that its key changes: %w", err)
	}
	keys, err := readKeys(dir)
	if err != nil {
		return nil, err
	}
	k := Key{Verifier: vkey, From: cp.Size, Handover: string(text)}
	if err := writeKeys(dir, append(keys, k)); err != nil {
		return nil, err
	}
	return &k, takeOver(dir)
}

func writeKeys(dir string, keys []Key) error {
	text, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return err
	}
	return replace(dir, keysName, append(text, '\n'), 0o644)
}

// replace writes a file so that a kill leaves the old one or the new one.
func replace(dir, name string, text []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, name+".*.partial")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // there is none where it was renamed
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// verifiers are the keys of a list, with the name that they all have.
func verifiers(keys []Key) ([]note.Verifier, error) {
	var list []note.Verifier
	for i, k := range keys {
		v, err := note.NewVerifier(k.Verifier)
		if err != nil || i > 0 && v.Name() != list[0].Name() {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the log's key %d is none", i+1).WithHint("bring %s back from a backup", keysName)
		}
		list = append(list, v)
	}
	return list, nil
}
