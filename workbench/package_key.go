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

// packageKey reads the key that signs packages, and makes it where there never was one: where its public part is there
// alone, as after a backup without private keys was restored, another key would make packages that nobody can ascribe.
func (b *Bench) packageKey() (ed25519.PrivateKey, error) {
	path := filepath.Join(b.Data, keyFolder, keyName)
	b.mu.Lock()
	defer b.mu.Unlock()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path + ".pub"); err == nil {
			return nil, goshawk.Errorf(goshawk.NotFound, "the key that signs packages, keys/%s in the data folder, is gone, and its public part is there", keyName).
				WithHint("bring it back from a backup; or, if another key is to sign from now on, move keys/%s.pub elsewhere", keyName)
		}
		return newPackageKey(path)
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the key that signs packages cannot be read: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(text)
	if key, ok := raw.(*ed25519.PrivateKey); err == nil && ok {
		return *key, writePublic(path, *key)
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "the key that signs packages, keys/%s in the data folder, is none of Ed25519 without a passphrase", keyName).
		WithHint("make one with ssh-keygen -t ed25519, or bring it back from a backup")
}

func newPackageKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "goshawk package")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = writeOnce(path, pem.EncodeToMemory(block), 0o600)
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the key that signs packages cannot be written: %w", err)
	}
	return key, writePublic(path, key)
}

// writePublic writes a key's public part beside it, where there is none.
func writePublic(path string, key ed25519.PrivateKey) error {
	if _, err := os.Lstat(path + ".pub"); err == nil {
		return nil
	}
	public, is := key.Public().(ed25519.PublicKey)
	if !is {
		return goshawk.Errorf(goshawk.Invalid, "the key that signs packages has no public part")
	}
	if err := writeOnce(path+".pub", []byte(evidence.PublicLine(public)+" goshawk package\n"), 0o644); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "the public part of the key that signs packages cannot be written: %w", err)
	}
	return nil
}

// writeOnce writes a file of a key whole or not at all.
func writeOnce(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), keyName+".*.partial") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
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
