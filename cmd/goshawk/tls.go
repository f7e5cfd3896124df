package main

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"goshawk"
)

// certificate is a server's, from files that somebody renews while it runs.
type certificate struct {
	cert, key string
	now       func() time.Time

	mu     sync.Mutex
	held   *tls.Certificate
	of     [2]time.Time // when the files were written
	looked time.Time
}

// certificateFrom reads it; both files, or neither, are named.
func certificateFrom(cert, key string) (*certificate, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, badUsage("--tls-cert and --tls-key go together")
	}
	c := &certificate{cert: cert, key: key, now: time.Now}
	if err := c.read(); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the certificate cannot be used: %w", err).WithHint("--tls-cert names a file with the certificate and those that lead to its root, --tls-key one with its key, both PEM")
	}
	return c, nil
}

func (c *certificate) read() error {
	var of [2]time.Time
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		of[i] = info.ModTime()
	}
	if c.held != nil && of == c.of {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.held, c.of = &pair, of
	}
	return err
}

// get implements tls.Config.GetCertificate. A new certificate is taken within seconds; where it is
// half written, or the two files do not belong together yet, the old one serves on.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) > 5*time.Second {
		c.looked = now
		if err := c.read(); err != nil {
			return c.held, nil
		}
	}
	return c.held, nil
}
