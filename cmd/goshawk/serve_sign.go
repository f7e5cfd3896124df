package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"goshawk"
	"goshawk/web"
)

// signFlags are the flags of 'goshawk serve' about signing in.
type signFlags struct {
	url                          *string
	issuer, client, secret, name *string
}

func (c *command) signFlags() *signFlags {
	return &signFlags{
		url:    c.String("url", "", "`URL` at which browsers find the server, https://...; passkeys are for its name (default: http://localhost and the port)"),
		issuer: c.String("oidc-issuer", "", "`URL` of an identity provider (OpenID Connect) that people may sign in by"),
		client: c.String("oidc-client", "", "`ID` of this server at the identity provider"),
		secret: c.String("oidc-secret", "", "`SECRET` of this server at the identity provider; better set as GOSHAWK_OIDC_SECRET"),
		name:   c.String("oidc-name", "", "what the identity provider is called on the page of signing in"),
	}
}

// apply tells a server of them.
func (f *signFlags) apply(s *web.Server) error {
	if *f.url != "" {
		at, err := webURL(*f.url)
		if err != nil {
			return err
		}
		s.URL = at
		s.TLS = s.TLS || at.Scheme == "https"
	}
	switch {
	case *f.issuer == "" && (*f.client != "" || *f.secret != "" || *f.name != ""):
		return badUsage("--oidc-client, --oidc-secret and --oidc-name are about an identity provider").WithHint("name it with --oidc-issuer URL")
	case *f.issuer == "":
		return nil
	case *f.client == "":
		return badUsage("the identity provider knows this server by an ID").WithHint("name it with --oidc-client ID")
	}
	at, err := url.Parse(*f.issuer)
	if err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && (at.Scheme != "http" || !loopback(at.Hostname())) {
		return badUsage("--oidc-issuer cannot be %q", *f.issuer).WithHint("write https://HOST/...; http only on this machine")
	}
	s.OIDC = &web.OIDC{Issuer: *f.issuer, Client: *f.client, Secret: *f.secret, Name: *f.name}
	return nil
}

// webURL reads the URL of a server.
func webURL(text string) (*url.URL, error) {
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil || at.Path != "" && at.Path != "/" || at.RawQuery != "" || at.Fragment != "" {
		return nil, badUsage("--url cannot be %q", text).WithHint("write https://HOST or https://HOST:PORT: the server answers at the root")
	}
	return at, nil
}

// loopback says whether a host is this machine.
func loopback(host string) bool {
	at := net.ParseIP(host)
	return host == "localhost" || at != nil && at.IsLoopback()
}

// welcome prints what whoever reads the console needs to let the first people in.
func (c *command) welcome(ctx context.Context, s *web.Server, base string) error {
	code, err := s.FirstCode(ctx)
	if err != nil {
		return err
	}
	if code != "" {
		fmt.Fprintf(c.t.err, "There is no administrator yet. Open %s/first and give this code, which is good once:\n\n  %s\n\n", base, code)
		return nil
	}
	path, _, err := s.Waiting(ctx) // whose it is stays unsaid: a service's console is the machine's journal
	if err != nil || path == "" {
		return err
	}
	fmt.Fprintf(c.t.err, "No administrator has a way in yet. This link lets one of them set it up:\n\n  %s\n\n", base+path)
	return nil
}

// errNobody says that there is no such account.
func errNobody(email string) error {
	return goshawk.Errorf(goshawk.NotFound, "nobody has the e-mail address %q", email).WithHint("the page of people lists them; or look into the right data folder with --data DIR")
}
