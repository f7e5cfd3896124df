package notify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// post is a mail server, and what it took.
type post struct {
	mu     sync.Mutex
	taken  []string
	refuse map[string]error // by recipient
	weak   bool             // it takes names and passwords in the clear
	at     *net.TCPAddr
	roots  *x509.CertPool
}

const (
	postUser     = "goshawk"
	postPassword = "a mail password that nobody may see"
)

// certificate is one for this machine, and who vouches for it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool
}

// openPost starts a mail server that speaks as security says.
func openPost(t *testing.T, security string, change ...func(*post, *smtp.Server)) *post {
	t.Helper()
	p := &post{refuse: map[string]error{}}
	cert, roots := certificate(t)
	p.roots = roots
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &sitting{post: p, conn: c}, nil }))
	server.Domain, server.ErrorLog = "post.example", quiet{}
	if security == StartTLS {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	for _, f := range change {
		f(p, server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.at = l.Addr().(*net.TCPAddr)
	if security == TLS {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// sitting is one connection to a mail server.
type sitting struct {
	*post
	conn   *smtp.Conn
	signed bool
	to     string
}

func (s *sitting) AuthMechanisms() []string {
	if _, safe := s.conn.TLSConnectionState(); !safe && !s.weak {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *sitting) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != postUser || password != postPassword {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}), nil
}

func (s *sitting) Reset()        { s.to = "" }
func (s *sitting) Logout() error { return nil }

func (s *sitting) Mail(string, *smtp.MailOptions) error {
	if !s.signed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *sitting) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
	return s.refuse[to]
}

func (s *sitting) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, "to "+s.to+"\n"+string(text))
	return err
}

// mails are what a mail server took so far.
func (p *post) mails(t *testing.T) []*netmail.Message {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*netmail.Message
	for _, text := range p.taken {
		_, text, _ = strings.Cut(text, "\n")
		m, err := netmail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func (p *post) mailer(security string) *Mailer {
	return &Mailer{Host: "127.0.0.1", Port: p.at.Port, Security: security, User: postUser, Password: postPassword, From: "Goshawk <goshawk@police.example>", Roots: p.roots}
}

func aLetter() *Letter {
	return &Letter{ID: "m1", To: "ines@police.example", Subject: "Bewegung · تحرك", Text: "Grüße\n", Made: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
}

// TestMail sends by each way of speaking to a mail server.
func TestMail(t *testing.T) {
	for _, security := range []string{StartTLS, TLS} {
		t.Run(security, func(t *testing.T) {
			p := openPost(t, security)
			m := p.mailer(security)
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
			if err := m.Send(t.Context(), aLetter()); err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			list := p.mails(t)
			if len(list) != 1 {
				t.Fatalf("%d mails", len(list))
			}
			h := list[0].Header
			if h.Get("Message-Id") != "<m1@police.example>" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("To") != "<ines@police.example>" || !strings.Contains(h.Get("Date"), "23 Nov 2026 09:00:00") {
				t.Errorf("its head: %v", h)
			}
			for name, change := range map[string]func(*Mailer){
				"a wrong password":            func(m *Mailer) { m.Password = "x" },
				"a certificate of a stranger": func(m *Mailer) { m.Roots = x509.NewCertPool() },
				"nobody there":                func(m *Mailer) { m.Port = 1 },
			} {
				bad := p.mailer(security)
				change(bad)
				err := bad.Send(t.Context(), aLetter())
				if err == nil || final(err) {
					t.Errorf("%s: %v", name, err)
				}
				t.Logf("%s: %v", name, err)
			}
		})
	}
	if t.Failed() {
		return
	}
	plain := openPost(t, Plain, func(p *post, s *smtp.Server) { p.weak, s.AllowInsecureAuth = true, true })
	if err := plain.mailer(StartTLS).Send(t.Context(), aLetter()); err == nil || len(plain.mails(t)) != 0 {
		t.Errorf("a server that offers no TLS is not spoken to without it: %v", err)
	}
}

// TestMailRefused: what a server refuses for good is told from what it may take later, and names nobody.
func TestMailRefused(t *testing.T) {
	p := openPost(t, StartTLS)
	for code, last := range map[int]bool{550: true, 451: false} {
		p.refuse["ines@police.example"] = &smtp.SMTPError{Code: code, Message: "no ines@police.example here"}
		err := p.mailer(StartTLS).Send(t.Context(), aLetter())
		if err == nil || final(err) != last {
			t.Errorf("%d: %v, final: %v", code, err, final(err))
		}
		if err != nil && strings.Contains(err.Error(), "ines") {
			t.Errorf("it names somebody: %v", err)
		}
	}
}

// TestMailSettings: what cannot be right is refused before anything is sent.
func TestMailSettings(t *testing.T) {
	for name, m := range map[string]Mailer{
		"no sender":                 {Host: "post.example", Security: TLS},
		"two lines of a sender":     {Host: "post.example", Security: TLS, From: "a@b.example\r\nBcc: c@d.example"},
		"an unknown way":            {Host: "post.example", Security: "ssl", From: "a@b.example"},
		"a password in the clear":   {Host: "post.example", Security: Plain, From: "a@b.example", User: "u", Password: "p"},
		"a name without a password": {Host: "post.example", Security: TLS, From: "a@b.example", User: "u"},
	} {
		if err := m.Check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestSecret: however it is printed, a password says nothing.
func TestSecret(t *testing.T) {
	m := &Mailer{User: postUser, Password: postPassword}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "mailer", m, "password", m.Password)
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "mailer", *m, "password", m.Password)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, form, m)
		fmt.Fprintf(&log, form, m.Password)
	}
	if strings.Contains(log.String(), "nobody may see") {
		t.Errorf("it is shown:\n%s", log.String())
	}
}
