package notify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"goshawk"
)

const (
	hookPatience = 15 * time.Second // for one call, from beginning to end
	mostAnswer   = 16 << 10         // bytes of an answer that are waited for, and thrown away
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// Caller calls webhooks. They are signed as Standard Webhooks 1.0 says (standardwebhooks.com): HMAC-SHA256 over
// the message's ID, the time and the body.
type Caller struct {
	// Allowed are hosts, or HOST:PORT, that may be in a private network, and be spoken to without TLS.
	Allowed []string
	// Roots is who vouches for hosts; nil: the system's.
	Roots *x509.CertPool
}

// NewHookSecret makes a key for a webhook, in the form in which libraries for Standard Webhooks take it.
func NewHookSecret() (string, error) {
	key := make([]byte, secretBytes)
	if _, err := rand.Read(key); err != nil {
		return "", err
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(key), nil
}

// sign is the value of webhook-signature.
func sign(secret Secret, id goshawk.ID, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(secret), secretPrefix))
	if err != nil || len(key) < 24 {
		return "", faultf(true, "the webhook has no key: make it anew")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Check says what is wrong with a webhook's URL: an Invalid error.
func (c *Caller) Check(text string) error {
	at, err := url.Parse(text)
	switch {
	case err != nil || at.Host == "" || at.Hostname() == "" || at.Opaque != "" || len(text) > 2000 || strings.ContainsFunc(text, goshawk.Unseen):
		return goshawk.Errorf(goshawk.Invalid, "this is no address of a webhook").WithHint("write https://HOST/PATH")
	case at.User != nil || at.Fragment != "":
		return goshawk.Errorf(goshawk.Invalid, "a webhook's address holds no password and no #").WithHint("who is called knows by the signature that it is this server")
	case at.Scheme != "https" && (at.Scheme != "http" || !c.allows(at.Hostname(), at.Port())):
		return goshawk.Errorf(goshawk.Invalid, "a webhook is called by https").WithHint("for a host in your own network, the server's operator allows it with --webhook-hosts")
	}
	if ip, err := netip.ParseAddr(strings.Trim(at.Hostname(), "[]")); err == nil && !Public(ip) && !c.allows(at.Hostname(), at.Port()) {
		return goshawk.Errorf(goshawk.Invalid, "this address is in a private network").WithHint("the server's operator allows it with --webhook-hosts")
	}
	return nil
}

// allows says whether a host was expressly allowed.
func (c *Caller) allows(host, port string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(c.Allowed, func(a string) bool {
		a = strings.ToLower(a)
		return a == host || a == net.JoinHostPort(host, port)
	})
}

// Send calls a webhook. It has taken the message where it answers with a status from 200 to 299.
func (c *Caller) Send(ctx context.Context, to string, secret Secret, id goshawk.ID, at time.Time, body []byte) error {
	if err := c.Check(to); err != nil {
		return &fault{words: "the webhook's address is not allowed (any more)", final: true, err: err}
	}
	signature, err := sign(secret, id, at, body)
	if err != nil {
		return err
	}
	ctx, end := context.WithTimeout(ctx, hookPatience)
	defer end()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(string(body)))
	if err != nil {
		return &fault{words: "the webhook's address is none", final: true, err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Goshawk")
	r.Header.Set("webhook-id", string(id))
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	res, err := c.client().Do(r)
	if err != nil {
		return hookFault(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, mostAnswer)); err != nil {
		return hookFault(err)
	}
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return faultf(false, "the webhook wants to be called elsewhere (%d), which is not done", res.StatusCode)
	}
	return faultf(res.StatusCode == http.StatusGone, "the webhook answers %d", res.StatusCode)
}

// client makes the calls: without a proxy, which would resolve names by itself, without redirects, and to no
// address that is not public. The address is looked at when it is dialled: what a name meant before does not count.
func (c *Caller) client() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, TLSHandshakeTimeout: hookPatience, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots},
			DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
				d := &net.Dialer{Control: publicOnly}
				if host, port, err := net.SplitHostPort(to); err == nil && c.allows(host, port) {
					d.Control = nil
				}
				return d.DialContext(ctx, network, to)
			},
		},
	}
}

// errPrivate says that a name means an address that is not public.
var errPrivate = errors.New("not a public address")

// publicOnly refuses to dial what is not public.
func publicOnly(_, to string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(to)
	if err != nil || !Public(at.Addr()) {
		return errPrivate
	}
	return nil
}

// reserved are the ranges that are no single host's of the Internet, or lead to such in another form (IANA's
// registries of special-purpose addresses, RFC 6890).
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
	}
}

// Public says whether an address is one of the Internet.
func Public(at netip.Addr) bool {
	if at.Zone() != "" {
		return false
	}
	at = at.Unmap()
	return at.IsGlobalUnicast() && !at.IsPrivate() && !at.IsLoopback() && !at.IsLinkLocalUnicast() &&
		!slices.ContainsFunc(reserved(), func(p netip.Prefix) bool { return p.Contains(at) })
}

// hookFault words why a webhook could not be called.
func hookFault(err error) error {
	if errors.Is(err, errPrivate) {
		return &fault{words: "the webhook's name means an address in a private network, which is not called", err: err}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &fault{words: "the webhook's certificate is not one to be trusted", err: err}
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return &fault{words: "the webhook's host cannot be found", err: err}
	}
	if bad, ok := errors.AsType[net.Error](err); ok && bad.Timeout() {
		return &fault{words: "the webhook does not answer in time", err: err}
	}
	return &fault{words: "the webhook cannot be reached", err: err}
}
