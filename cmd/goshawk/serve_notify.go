package main

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/notify"
	"goshawk/web"
)

// notifyFlags are the flags of 'goshawk serve' about who is told what moved.
type notifyFlags struct {
	server, security, user, password, from *string
	hosts                                  *list
}

func (c *command) notifyFlags() *notifyFlags {
	f := &notifyFlags{
		server:   c.String("mail-server", "", "`HOST[:PORT]` that mail about what moved is sent through, by SMTP (default: no mail is sent)"),
		security: c.String("mail-security", notify.StartTLS, "`WAY` in which it is spoken to: starttls, tls (from the first byte on), none"),
		user:     c.String("mail-user", "", "`NAME` to sign in with at the mail server"),
		password: c.String("mail-password", "", "`PASSWORD` to sign in with at the mail server; better set as GOSHAWK_MAIL_PASSWORD"),
		from:     c.String("mail-from", "", "`ADDRESS` that mail comes from, as goshawk@police.example"),
		hosts:    &list{strict: true},
	}
	c.Var(f.hosts, "webhook-hosts", "`HOSTS` in one's own network that webhooks may call, also without TLS: HOST or HOST:PORT, several with commas between them")
	return f
}

// sender makes what brings messages out, for a server that people find at a URL.
func (f *notifyFlags) sender(s *web.Server, at string) (*notify.Sender, error) {
	said, err := web.MailWords()
	if err != nil {
		return nil, err
	}
	n := &notify.Sender{Store: s.Store, Words: said, Hooks: &notify.Caller{Allowed: f.hosts.values}, URL: at, Now: s.Now, Log: s.Log}
	for _, host := range f.hosts.values {
		if strings.ContainsAny(host, "/@?#*") {
			return nil, badUsage("--webhook-hosts cannot hold %q", host).WithHint("write HOST or HOST:PORT, without https:// and without a path")
		}
	}
	if *f.server == "" {
		for name, value := range map[string]string{"mail-user": *f.user, "mail-password": *f.password, "mail-from": *f.from} {
			if value != "" {
				return nil, badUsage("--%s is about a mail server", name).WithHint("name it with --mail-server HOST[:PORT]")
			}
		}
		return n, nil
	}
	host, port, err := net.SplitHostPort(*f.server)
	if err != nil {
		host = strings.Trim(*f.server, "[]")
		switch *f.security {
		case notify.TLS:
			port = "465"
		case notify.Plain:
			port = "25"
		default:
			port = "587"
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || host == "" || strings.ContainsAny(host, "/@") {
		return nil, badUsage("--mail-server cannot be %q", *f.server).WithHint("write HOST or HOST:PORT")
	}
	if *f.from == "" {
		return nil, badUsage("mail has to come from somebody").WithHint("say from whom with --mail-from ADDRESS")
	}
	n.Mail = &notify.Mailer{Host: host, Port: int(number), Security: *f.security, User: *f.user, Password: notify.Secret(*f.password), From: *f.from}
	if err := n.Mail.Check(); err != nil {
		return nil, badUsage("the mail server's settings cannot be: %v", err).WithHint("%s", goshawk.HintOf(err))
	}
	return n, nil
}

// beginSending sends what is in the outbox until end is called.
func beginSending(ctx context.Context, n *notify.Sender) (end func()) {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(sending)
	}()
	return func() {
		stop()
		<-done
	}
}

// outside is where people find a server that answers at an address: by the name that was set, or else by that.
func outside(set *url.URL, at string) string {
	if set != nil {
		return set.Scheme + "://" + set.Host
	}
	return at
}
