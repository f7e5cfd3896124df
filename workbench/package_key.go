package workbench

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"goshawk"
	"goshawk/evidence"
)

// The agency's key for packages, in a data folder: OpenSSH's forms, so that it can be made and kept with
// OpenSSH's own tools.
const (
	keyFolder = "keys"
	keyName   = "package"
)

// packageKey reads the key that signs packages, and makes it where there is none.
func (b *Bench) packageKey() (ed25519.PrivateKey, error) {
	path := filepath.Join(b.Data, keyFolder, keyName)
	b.mu.Lock()
	defer b.mu.Unlock()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newPackageKey(path)
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the key that signs packages cannot be read: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(text)
	if key, ok := raw.(*ed25519.PrivateKey); err == nil && ok {
		return *key, nil
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "the key that signs packages, keys/%s in the data folder, is none of Ed25519 without a passphrase", keyName).
		WithHint("make one with ssh-keygen -t ed25519, or bring it back from a backup")
}

func newPackageKey(path string) (ed25519.PrivateKey, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "goshawk package")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	// The public part first: a folder with the private key has both.
	if err == nil {
		err = os.WriteFile(path+".pub", []byte(evidence.PublicLine(public)+" goshawk package\n"), 0o644)
	}
	if err == nil {
		err = writeOnce(path, pem.EncodeToMemory(block))
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the key that signs packages cannot be written: %w", err)
	}
	return key, nil
}

// writeOnce writes a secret file whole or not at all.
func writeOnce(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), keyName+".*.partial") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
