package esplora

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"goshawk"
)

const (
	firstBackoff = 500 * time.Millisecond
	mostBackoff  = 30 * time.Second
	// A server that asks for a longer pause than this gets no further request:
	// the caller is told, and may come back.
	mostPause = 10 * time.Minute
	// Of an error answer only so much is read, to be quoted.
	mostErrorText = 4 << 10
)

// query is one GET. check sees the body before it is kept as an exhibit, and
// says whether it has the form that the path promises.
type query struct {
	path  string
	limit int64
	check func(body []byte) error
}

// answer is what a query got. missing says that the source knows nothing by
// that name (404).
type answer struct {
	url     string
	body    []byte
	missing bool
}

// client asks one host, politely: no more than so many requests at once and a
// second, pausing when told to. It asks nothing that the exhibits answer.
type client struct {
	base     string // without a trailing slash and without a password
	host     string
	login    *url.Userinfo
	http     *http.Client
	kept     *exhibits
	parallel int
	retries  int
	timeout  time.Duration
	interval time.Duration
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	announce func(host string)
	progress func(Progress)

	mu        sync.Mutex
	announced bool
	next      time.Time // when the next request may leave
	pauses    uint64    // that the server asked for
	jitter    *rand.Rand
	counts    Progress
}

// fetchAll gets the answers to qs, in their order. Equal paths are asked once.
func (c *client) fetchAll(ctx context.Context, qs []query) ([]answer, error) {
	out := make([]answer, len(qs))
	errs := make([]error, len(qs))
	first := make(map[string]int, len(qs))
	var todo []int
	for i, q := range qs {
		if _, ok := first[q.path]; !ok {
			first[q.path] = i
			todo = append(todo, i)
		}
	}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	work := make(chan int)
	var workers sync.WaitGroup
	for range min(c.parallel, len(todo)) {
		workers.Go(func() {
			for i := range work {
				if out[i], errs[i] = c.get(inner, qs[i]); errs[i] != nil {
					stop()
				}
			}
		})
	}
	for _, i := range todo {
		work <- i // workers drain the channel quickly once inner is cancelled
	}
	close(work)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, interrupted(err)
	}
	// The first error that is not an echo of another's stop.
	for _, err := range errs {
		if err != nil && goshawk.CodeOf(err) != goshawk.Interrupted {
			return nil, err
		}
	}
	for i, q := range qs {
		out[i] = out[first[q.path]]
	}
	return out, nil
}

func (c *client) get(ctx context.Context, q query) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, interrupted(err)
	}
	a := answer{url: c.base + q.path}
	status, body, ok, err := c.kept.get(a.url)
	if err != nil {
		return answer{}, err
	}
	if ok {
		if status == http.StatusOK {
			if err := q.check(body); err != nil {
				return answer{}, garbled(a.url, err)
			}
		}
		c.count(func(p *Progress) { p.Kept++ })
		a.body, a.missing = body, status == http.StatusNotFound
		return a, nil
	}
	return c.ask(ctx, q)
}

// ask sends the query, again and again while that may help, and keeps the answer.
func (c *client) ask(ctx context.Context, q query) (answer, error) {
	a := answer{url: c.base + q.path}
	for attempt := 0; ; attempt++ {
		if err := c.pace(ctx); err != nil {
			return answer{}, err
		}
		body, status, pause, err := c.once(ctx, q)
		if ctx.Err() != nil {
			return answer{}, interrupted(ctx.Err())
		}
		switch {
		case err == nil && status == http.StatusOK:
			if err := q.check(body); err != nil {
				return answer{}, garbled(a.url, err)
			}
			a.body = body
			return a, c.kept.put(a.url, status, body)
		case err == nil && status == http.StatusNotFound:
			a.missing = true
			return a, c.kept.put(a.url, status, body)
		case errors.Is(err, errFlood):
			return answer{}, garbled(a.url, err)
		case isCertificate(err):
			return answer{}, goshawk.Errorf(goshawk.Unavailable, "%s cannot prove that it is %s: %w", a.url, c.host, err).
				WithHint("nothing was sent to it; is somebody in between, or the clock wrong?")
		case err == nil && !worthRetrying(status):
			return answer{}, refused(a.url, status, body)
		}
		if err == nil {
			err = fmt.Errorf("it answers %d %s", status, http.StatusText(status))
		}
		if pause > mostPause {
			return answer{}, goshawk.Errorf(goshawk.Unavailable, "%s asks to wait %v before the next request", c.host, pause).
				WithHint("come back then, or ask another server; the answers so far are kept and not asked again")
		}
		if attempt >= c.retries {
			return answer{}, goshawk.Errorf(goshawk.Unavailable, "%s did not answer in %s: %w", a.url, goshawk.Count(attempt+1, "attempt", "attempts"), err).
				WithHint("%s The answers so far are kept and not asked again.", wayOut(err))
		}
		c.count(func(p *Progress) { p.Retries++ })
		if err := c.backOff(ctx, attempt, pause); err != nil {
			return answer{}, err
		}
	}
}

// once sends one request. pause is how long the server asks to be left alone.
func (c *client) once(ctx context.Context, q query) (body []byte, status int, pause time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+q.path, nil)
	if err != nil {
		return nil, 0, 0, err
	}
	req.Header.Set("User-Agent", "goshawk")
	if c.login != nil {
		password, _ := c.login.Password() // an empty password is as good as none
		req.SetBasicAuth(c.login.Username(), password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, 0, c.plain(err)
	}
	defer resp.Body.Close() // the body was read or is not wanted
	limit := q.limit
	if resp.StatusCode != http.StatusOK {
		limit = mostErrorText
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	c.count(func(p *Progress) { p.Requests++; p.Bytes += uint64(len(body)) })
	if resp.StatusCode != http.StatusOK {
		pause = retryAfter(resp.Header.Get("Retry-After"), c.now())
		return body[:min(len(body), mostErrorText)], resp.StatusCode, pause, nil
	}
	if err != nil {
		return nil, 0, 0, c.plain(err)
	}
	if int64(len(body)) > limit {
		return nil, 0, 0, errFlood
	}
	return body, resp.StatusCode, 0, nil
}

// errFlood is an answer longer than its path can have: garbage, and no reason to ask again.
var errFlood = errors.New("it is longer than any such answer can be")

// wayOut says what to do about a host that cannot be spoken with: it depends on
// how far the connection came.
func wayOut(err error) string {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "Is the host's name right, and is there a way to the network?"
	}
	if at, ok := errors.AsType[*net.OpError](err); ok {
		switch at.Op {
		case "proxyconnect":
			return "Is the SOCKS5 proxy running, and is its port right?"
		case "socks connect":
			return "The proxy answers, but does not reach the host: is its name right?"
		case "dial":
			return "Is the explorer running, and are its host and port right?"
		}
	}
	return "Try again later or with a lower rate."
}

// plain takes the URL, which the caller names, out of a transport's error, and
// says what a deadline means.
func (c *client) plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v: %w", c.timeout, err)
	}
	return err
}

// pace waits for this request's turn, and before the very first says who is
// asked. A turn that was given before the server asked for a pause is given anew.
func (c *client) pace(ctx context.Context) error {
	for {
		c.mu.Lock()
		if !c.announced {
			c.announced = true
			if c.announce != nil {
				c.announce(c.host)
			}
		}
		now, pauses := c.now(), c.pauses
		turn := c.next
		if turn.Before(now) {
			turn = now
		}
		c.next = turn.Add(c.interval)
		c.mu.Unlock()
		if wait := turn.Sub(now); wait > 0 {
			if err := c.sleep(ctx, wait); err != nil {
				return interrupted(err)
			}
		}
		c.mu.Lock()
		valid := c.pauses == pauses
		c.mu.Unlock()
		if valid {
			return nil
		}
	}
}

// backOff waits before attempt+1: the pause the server asked for, which holds
// for all requests, or else an exponential backoff with jitter, for this one.
func (c *client) backOff(ctx context.Context, attempt int, pause time.Duration) error {
	c.mu.Lock()
	wait := min(firstBackoff<<min(attempt, 20), mostBackoff)
	wait = wait/2 + time.Duration(c.jitter.Int64N(int64(wait/2)))
	if pause > 0 {
		wait = 0 // the next turn is after the pause
		c.pauses++
		if until := c.now().Add(pause); until.After(c.next) {
			c.next = until
		}
	}
	c.mu.Unlock()
	if wait == 0 {
		return nil
	}
	if err := c.sleep(ctx, wait); err != nil {
		return interrupted(err)
	}
	return nil
}

func (c *client) count(change func(*Progress)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.counts)
	if c.progress != nil {
		c.progress(c.counts)
	}
}

// worthRetrying tells a server in trouble from a request that it will never answer.
func worthRetrying(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// isCertificate reports a server whose TLS certificate does not hold: asking
// again would not change that.
func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// retryAfter reads the header of that name (RFC 9110, 10.2.3): seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

func refused(url string, status int, body []byte) error {
	if status >= 300 && status < 400 {
		return goshawk.Errorf(goshawk.Unavailable, "%s redirects elsewhere (%d), which is not followed: another host would learn what is asked", url, status).
			WithHint("give the API's own address, such as https://HOST/api")
	}
	text := printable(body)
	err := goshawk.Errorf(goshawk.Unavailable, "%s is refused: %d %s", url, status, http.StatusText(status))
	if text != "" {
		err = goshawk.Errorf(goshawk.Unavailable, "%w: %s", err, text)
	}
	return err.WithHint("is this the address of an Esplora API, such as https://HOST/api?")
}

func garbled(url string, cause error) error {
	return goshawk.Errorf(goshawk.Corrupt, "the answer of %s is wrong: %w", url, cause).
		WithHint("the server is faulty, lying, or no Esplora API; ask another one")
}

func interrupted(cause error) error {
	return goshawk.Errorf(goshawk.Interrupted, "the questions to the explorer were interrupted: %w", cause).
		WithHint("the answers so far are kept and not asked again")
}

// printable quotes foreign text for an error message.
func printable(body []byte) string {
	const most = 120
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(body[:min(len(body), most)]), " "))
	return strings.TrimSpace(text)
}

// newTransport returns a transport that goes to the host itself or through the
// proxy given, and nowhere else: the environment's proxies are not used,
// because the caller announced none.
func newTransport(proxy *url.URL, parallel int) *http.Transport {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    15 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    parallel,
		MaxConnsPerHost:        parallel,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	if proxy != nil {
		// net/http hands a SOCKS5 proxy the host's name, never an address that
		// it looked up itself: the local resolver learns nothing.
		t.Proxy = http.ProxyURL(proxy)
	}
	return t
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parseProxy reads socks5://[user:password@]host:port.
func parseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	hint := "write socks5://HOST:PORT, such as socks5://127.0.0.1:9050 for Tor"
	u, err := url.Parse(text)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the proxy is not a URL: %w", errors.Unwrap(err)).WithHint("%s", hint)
	}
	if u.Scheme != "socks5" && u.Scheme != "socks5h" || u.Port() == "" || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "%q is not a SOCKS5 proxy", u.Redacted()).WithHint("%s", hint)
	}
	return u, nil
}
