package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"goshawk/backup"
)

// selfSigned writes a certificate with a number for this machine, and returns a client that
// believes it and what the files are called.
func selfSigned(t *testing.T, folder string, number int64) (client *http.Client, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(number), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}, cert, key
}

// TestBackup: a server that serves over TLS is backed up, and the copy is all there.
func TestBackup(t *testing.T) {
	program := filepath.Join(t.TempDir(), "goshawk")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	folder, elsewhere := t.TempDir(), t.TempDir()
	d := furnishDesk(t, filepath.Join(folder, databaseName))
	client, cert, key := selfSigned(t, elsewhere, 1)
	s := startServer(t, program, folder, "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.url, "https://") {
		t.Errorf("it is at %s", s.url)
	}
	write := func(note string) {
		t.Helper()
		if done, err := d.write(t.Context(), client, s.url, note); err != nil || !done {
			t.Fatalf("%v, %v\n%s", done, err, s.said.String())
		}
	}
	write("n1")
	mine, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(elsewhere, "key.txt")
	if err := os.WriteFile(identity, []byte("# mine\n"+mine.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sealed, open, bare := filepath.Join(elsewhere, "sealed"), filepath.Join(elsewhere, "open"), filepath.Join(elsewhere, "bare")
	must(t, "backup", "--data", folder, "--out", sealed, "--recipient", mine.Recipient().String())
	write("n2")
	must(t, "backup", "--data", folder, "--out", open, "--with-keys")
	must(t, "backup", "--data", folder, "--out", bare, "--without-keys")
	for what, args := range map[string][]string{
		"nobody said what becomes of the key": {"backup", "--data", folder, "--out", filepath.Join(elsewhere, "x")},
		"no key of age":                       {"backup", "--data", folder, "--out", filepath.Join(elsewhere, "x"), "--recipient", "me"},
		"it is there already":                 {"backup", "--data", folder, "--out", open, "--with-keys"},
		"no database":                         {"backup", "--data", elsewhere, "--out", filepath.Join(elsewhere, "x"), "--with-keys"},
		"restored over a server's data":       {"restore", "--data", folder, open},
		"without the key":                     {"restore", "--data", filepath.Join(elsewhere, "nothing"), sealed},
		"no backup":                           {"restore", "--data", filepath.Join(elsewhere, "nothing"), cert},
	} {
		if a := ask(t.Context(), args...); a.code == exitDone {
			t.Errorf("%s: done", what)
		}
	}
	if there, err := filepath.Glob(filepath.Join(elsewhere, "*partial*")); err != nil || len(there) > 0 {
		t.Errorf("left behind: %v, %v", there, err)
	}
	s.end(t)
	for _, c := range []struct {
		file  string
		notes map[string]bool
		flags []string
	}{
		{sealed, map[string]bool{"n1": true}, []string{"--identity", identity}},
		{open, map[string]bool{"n1": true, "n2": true}, nil},
		{bare, map[string]bool{"n1": true, "n2": true}, nil},
	} {
		to := filepath.Join(t.TempDir(), "restored")
		must(t, append(append([]string{"restore", "--data", to}, c.flags...), c.file)...)
		d.holds(t, to, c.notes, len(c.notes))
		must(t, "audit", "verify", "--data", to)
		_, err := os.Stat(filepath.Join(to, auditFolder, "secret.key"))
		if has := err == nil; has != (c.file != bare) {
			t.Errorf("%s: with the key: %v", filepath.Base(c.file), has)
		}
		if c.file != open {
			continue
		}
		s := startServer(t, program, to)
		if done, err := d.write(t.Context(), http.DefaultClient, s.url, "n3"); err != nil || !done {
			t.Errorf("the restored server: %v, %v", done, err)
		}
		http.DefaultClient.CloseIdleConnections()
		s.end(t)
		c.notes["n3"] = true
		if pending := d.holds(t, to, c.notes, 3); pending != 0 {
			t.Errorf("%d entries are not in the log", pending)
		}
	}
	// What is not whole is not served.
	half := t.TempDir()
	if err := os.Mkdir(filepath.Join(half, backup.Unfinished), 0o700); err != nil {
		t.Fatal(err)
	}
	if a := ask(t.Context(), "serve", "--data", half, "--listen", "127.0.0.1:0"); a.code == exitDone || !strings.Contains(a.err, "not whole") {
		t.Errorf("%d: %s", a.code, a.err)
	}
}

// TestCertificate: a renewed certificate is taken, one that is half written is not.
func TestCertificate(t *testing.T) {
	folder := t.TempDir()
	_, cert, key := selfSigned(t, folder, 1)
	c, err := certificateFrom(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.now = func() time.Time { now = now.Add(time.Minute); return now }
	number := func() int64 {
		t.Helper()
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		x, err := x509.ParseCertificate(got.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return x.SerialNumber.Int64()
	}
	written := func(of ...string) {
		t.Helper()
		for _, name := range of {
			if err := os.Chtimes(name, now, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := number(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	old, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	selfSigned(t, folder, 2)
	fresh, err := os.ReadFile(key)
	if err != nil || bytes.Equal(old, fresh) {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, old, 0o600); err != nil { // the key is not there yet
		t.Fatal(err)
	}
	written(cert, key)
	if n := number(); n != 1 {
		t.Errorf("half renewed: certificate %d", n)
	}
	if err := os.WriteFile(key, fresh, 0o600); err != nil {
		t.Fatal(err)
	}
	written(cert, key)
	if n := number(); n != 2 {
		t.Errorf("renewed: certificate %d", n)
	}
	for _, names := range [][2]string{{cert, ""}, {"", key}, {key, cert}, {cert, filepath.Join(folder, "nowhere")}} {
		if _, err := certificateFrom(names[0], names[1]); err == nil {
			t.Errorf("%v was taken", names)
		}
	}
}
