package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"goshawk"
)

// How a mail server is spoken to.
const (
	StartTLS = "starttls" // plainly at first, then TLS, or not at all
	TLS      = "tls"      // from the first byte on
	Plain    = "none"     // only without a password, or on this machine
)

// mailPatience is how long a mail server may take for one step.
const mailPatience = 10 * time.Second

// Mailer sends mail through a server, by SMTP.
type Mailer struct {
	Host     string
	Port     int
	Security string
	User     string // "": without signing in
	Password Secret
	From     string
	Roots    *x509.CertPool // who vouches for the server; nil: the system's
}

// Letter is one mail.
type Letter struct {
	ID       goshawk.ID // the same again for the same mail
	To       string
	Subject  string
	Text     string
	Made     time.Time
	Messages []goshawk.ID // that it is made of
}

// Check says what is wrong with how a mailer is set up: an Invalid error.
func (m *Mailer) Check() error {
	bad := func(hint, format string, args ...any) error {
		return goshawk.Errorf(goshawk.Invalid, format, args...).WithHint("%s", hint)
	}
	if _, err := netmail.ParseAddress(m.From); err != nil {
		return bad("write an address, as goshawk@police.example", "mail cannot come from %q", m.From)
	}
	switch m.Security {
	case StartTLS, TLS:
	case Plain:
		if m.Password != "" && !onThisMachine(m.Host) {
			return bad("use starttls or tls", "a password would be sent to the mail server for everybody on the way to read")
		}
	default:
		return bad("choose starttls, tls or none", "mail cannot be sent by %q", m.Security)
	}
	if (m.User == "") != (m.Password == "") {
		return bad("give both, or neither", "to sign in at the mail server takes a name and a password")
	}
	return nil
}

func onThisMachine(host string) bool {
	at := net.ParseIP(host)
	return host == "localhost" || at != nil && at.IsLoopback()
}

// Send brings a mail to the server. Its errors say what is wrong without naming anybody.
func (m *Mailer) Send(ctx context.Context, l *Letter) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.From(m.From); err != nil {
		return faultf(true, "mail has no valid sender")
	}
	if err := msg.To(l.To); err != nil {
		return faultf(true, "the person's mail address is none")
	}
	msg.Subject(l.Subject)
	msg.SetDateWithValue(l.Made)
	_, domain, _ := strings.Cut(m.address(), "@")
	msg.SetMessageIDWithValue(string(l.ID) + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	ids := make([]string, len(l.Messages))
	for i, id := range l.Messages {
		ids[i] = string(id)
	}
	msg.SetGenHeader("X-Goshawk-Messages", strings.Join(ids, " "))
	msg.SetBodyString(mail.TypeTextPlain, l.Text)

	options := []mail.Option{mail.WithPort(m.Port), mail.WithTimeout(mailPatience), mail.WithTLSConfig(&tls.Config{ServerName: m.Host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12})}
	switch m.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(string(m.Password)))
	}
	client, err := mail.NewClient(m.Host, options...)
	if err != nil {
		return faultf(true, "the mail server's settings are wrong")
	}
	to, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return mailFault(err)
	}
	defer context.AfterFunc(ctx, func() { to.Close() })()
	err = client.SendWithSMTPClient(to, msg)
	if bad := client.CloseWithSMTPClient(to); err == nil && bad != nil {
		to.Close() // it took the mail: that it says no good-bye is nothing to send it again for
	}
	return mailFault(err)
}

// address is the sender's, without a name.
func (m *Mailer) address() string {
	a, err := netmail.ParseAddress(m.From)
	if err != nil {
		return m.From
	}
	return a.Address
}

// mailFault words what a mail server did, without what it said: that may name people.
func mailFault(err error) error {
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*mail.SendError](err); ok && bad.ErrorCode() > 0 {
		return faultf(!bad.IsTemp() && bad.ErrorCode() >= 500, "the mail server refuses the mail (%d)", bad.ErrorCode())
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &fault{words: "the mail server's certificate is not one to be trusted", err: bad}
	}
	if bad, ok := errors.AsType[net.Error](err); ok {
		words := "the mail server cannot be reached"
		if bad.Timeout() {
			words = "the mail server does not answer"
		}
		return &fault{words: words, err: err}
	}
	text := err.Error()
	for _, known := range []struct{ part, words string }{
		{"STARTTLS", "the mail server offers no TLS"},
		{"AUTH", "the mail server refuses the name and password"},
		{"auth", "the mail server refuses the name and password"},
		{"535", "the mail server refuses the name and password"},
	} {
		if strings.Contains(text, known.part) {
			return &fault{words: known.words, err: err}
		}
	}
	return &fault{words: "the mail server broke off", err: err}
}
